//! What people do by hand: in iOffice, and with what they are told.

use std::time::Duration;

use lanyard_engine::{
    ports::{ActivityFilter, Store, Write},
    put_away::{PutAwayError, Terms},
};
use lanyard_model::{
    booking::Visit,
    id::{AccountId, CenterId, ItemId},
    identity::Groups,
};

use crate::{
    bench::{APP, EXEC, ROOMS, World, person},
    fakes::Fault,
    mortal::Death,
};

const HERE: &str = "ana@acme.example seat 11 CUSTOMER in 51\n";

fn reason(text: &str) -> Terms {
    Terms { reason: text.into(), ..Terms::default() }
}

async fn employed(world: &mut World) -> (lanyard_model::id::IdentityId, i64) {
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let account = world.hq.change(|s| *s.accounts.keys().next().unwrap());
    (id, account)
}

fn switch_off(world: &World, account: i64) {
    world.hq.change(|s| {
        let account = s.accounts.get_mut(&account).unwrap();
        (account.active, account.seat, account.roles) = (Some(false), None, Some([].into()));
    });
}

#[tokio::test]
async fn an_account_switched_off_by_hand_is_switched_on_again_and_never_doubled() {
    for hides in [false, true] {
        let mut world = World::new().await;
        let (id, account) = employed(&mut world).await;
        world.hq.change(|s| s.hides_inactive = hides);
        world.clock.pass(Duration::from_secs(60));
        switch_off(&world, account);
        let found = world.sweep().await;
        assert_eq!(found.differing, 1);
        world.quiet().await;
        assert_eq!(world.shown(), HERE, "404 for inactive accounts: {hides}");

        // A site that does not do it through the API: a person must, and nobody gets a second account.
        world.hq.change(|s| s.reactivates_nobody = true);
        switch_off(&world, account);
        world.signal(&id, false).await;
        world.quiet().await;
        assert_eq!(world.shown(), "ana@acme.example inactive\n");
        assert_eq!(world.findings().await, ["dead:acme/ana"]);
        world.clock.pass(Duration::from_secs(86_400));
        world.sweep().await;
        world.quiet().await;
        assert_eq!(world.shown(), "ana@acme.example inactive\n", "nor after a sweep");
        world.hq.change(|s| s.accounts.get_mut(&account).unwrap().active = Some(true));
        world.clock.pass(Duration::from_secs(86_400));
        world.sweep().await;
        world.quiet().await;
        assert_eq!(world.shown(), HERE, "switched on by hand, the rest follows");
        assert_eq!(world.findings().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn an_account_deleted_for_good_is_made_anew() {
    let mut world = World::new().await;
    let (id, account) = employed(&mut world).await;
    world.hq.change(|s| s.accounts.remove(&account));
    world.hq.change(|s| s.reactivates_nobody = true);
    world.signal(&id, false).await;
    world.quiet().await;
    assert_eq!(world.shown(), HERE, "its user name is free, so nothing is left of it");
}

/// An account with Ana's address and this number, that somebody switched off: its list was read before and afterwards.
async fn switched_off_before(number: &str) -> World {
    let world = World::new().await;
    world.hq.seed(7, &[("userName", "a.okafor"), ("email", "ana@acme.example"), ("employeeId", number)]);
    world.sweep().await;
    switch_off(&world, 7);
    world.clock.pass(Duration::from_secs(60));
    world.sweep().await;
    world
}

#[tokio::test]
async fn somebody_hired_wakes_the_account_that_was_switched_off_before() {
    let mut world = switched_off_before("417").await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    assert_eq!(world.shown(), HERE, "one account, woken and renamed");
    assert_eq!(world.hq.change(|s| s.accounts.len()), 1);

    // A mail address alone is no proof: it may have changed hands.
    let mut world = switched_off_before("9000").await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    assert_eq!(world.shown(), format!("a.okafor inactive\n{HERE}"));
}

#[tokio::test]
async fn items_that_accounts_do_not_show_are_asked_for() {
    let mut world = World::new().await;
    let held = |world: &World| world.hq.change(|s| s.holders.values().next().cloned().unwrap_or_default());
    world.hq.change(|s| s.hides_items = true);
    let (id, account) = employed(&mut world).await;
    // One item was given by hand and is none of ours.
    world.hq.change(|s| s.holders.insert(AccountId(account), [ItemId(77)].into()));
    let exec = || Groups::new([APP.into(), ROOMS.into(), EXEC.into()], true);
    world.alter(&id, |p| p.groups = exec()).await;
    world.quiet().await;
    assert_eq!(held(&world), [ItemId(77), ItemId(520)].into());
    let writes = world.hq.attempts();
    assert_eq!(world.sweep().await.differing, 0, "the sweep knows them too");
    world.signal(&id, false).await;
    world.quiet().await;
    assert_eq!(world.hq.attempts(), writes);
    world.alter(&id, |p| p.groups = Groups::new([APP.into(), ROOMS.into()], true)).await;
    world.quiet().await;
    assert_eq!(held(&world), [ItemId(77)].into(), "what was given by hand stays");
}

#[tokio::test]
async fn a_leavers_visits_ring_and_are_put_away_by_hand() {
    let mut world = World::new().await;
    let (id, account) = employed(&mut world).await;
    let site: lanyard_model::id::SiteId = "hq".into();
    let now = world.now();
    let visit = |registration, hours: i64| Visit {
        registration,
        visitor: None,
        host: AccountId(account),
        center: CenterId(52),
        arrival: now + jiff::SignedDuration::from_hours(hours),
    };
    let guest = |name: &str| lanyard_model::id::IdentityId::new("acme".into(), name);
    let mut batch = Vec::new();
    for (name, visit) in [("cat", visit(9, 48)), ("dan", visit(8, -72))] {
        batch.push(Write::Visit { identity: guest(name), site: site.clone(), key: "visit".into(), visit });
    }
    world.store.write(batch).await.unwrap();
    world.leave(&id).await;
    world.quiet().await;
    let todo = "todo:acme/ana:hq:visit-host:acme/cat:9";
    assert_eq!(
        world.findings().await,
        [todo, "visits:acme/ana:hq:left"],
        "a visit of three days ago is over"
    );
    let alarm = world.store.finding("visits:acme/ana:hq:left").await.unwrap().unwrap();
    assert_eq!(alarm.severity, lanyard_engine::ports::Severity::Error);
    assert!(alarm.title.contains("1 announced visit cannot"), "{}", alarm.title);

    assert!(matches!(world.engine.put_away(todo, "Ola", reason("  ")).await, Err(PutAwayError::NoReason)));
    assert!(matches!(
        world.engine.put_away("todo:nothing", "Ola", reason("x")).await,
        Err(PutAwayError::Unknown(_))
    ));
    let past = Terms { until: Some(world.now()), ..reason("x") };
    assert!(matches!(world.engine.put_away(todo, "Ola", past).await, Err(PutAwayError::Over(_))));
    let lines = world.lines("finding").await;
    for key in [todo, "visits:acme/ana:hq:left"] {
        let until = Some(world.now() + jiff::SignedDuration::from_hours(24));
        let terms = Terms { reason: "Ben hosts it now".into(), owner: Some("Ben".into()), until };
        world.engine.put_away(key, "Ola", terms).await.unwrap();
    }
    assert_eq!(world.findings().await, Vec::<String>::new());
    assert_eq!(world.lines("finding").await, lines + 2, "with who and why");
    // Whom they are about stands in what erasure forgets, and nowhere else.
    let filter = ActivityFilter { limit: 2, ..ActivityFilter::default() };
    let mut titles = Vec::new();
    for kept in world.store.activity(&filter).await.unwrap() {
        let entry = kept.entry;
        assert!(entry.person.as_deref().unwrap().contains('\n'), "{:?}", entry.person);
        let hashed = format!("{} {} {}", entry.title, entry.detail, entry.data);
        assert!(!hashed.contains("Okafor"), "{hashed}");
        assert!(entry.detail.starts_with("by Ola, Ben answers for it: Ben hosts it now (until "), "{hashed}");
        assert_eq!((&entry.data["owner"], entry.data["until"].is_string()), (&"Ben".into(), true));
        titles.push(entry.title);
    }
    titles.sort();
    assert_eq!(titles, [format!("put away: todo {todo}"), "put away: visits visits:acme/ana:hq:left".into()]);
    world.signal(&id, false).await;
    world.quiet().await;
    assert_eq!(world.findings().await, Vec::<String>::new(), "looked at again, they stay away");

    // Another visit is news.
    let another = visit(10, 72);
    let write = Write::Visit { identity: guest("eve"), site, key: "visit".into(), visit: another };
    world.store.write(vec![write]).await.unwrap();
    world.signal(&id, false).await;
    world.quiet().await;
    assert_eq!(
        world.findings().await,
        ["todo:acme/ana:hq:visit-host:acme/eve:10", "visits:acme/ana:hq:left"],
        "the first one stays away"
    );
}

#[tokio::test]
async fn what_is_still_wrong_cannot_be_put_away() {
    let mut world = World::new().await;
    let (id, _) = employed(&mut world).await;
    world.hq.change(|s| s.faults_of.entry("update").or_default().push_back(Fault::Refused));
    world.alter(&id, |p| crate::bench::set(p, "department", "Legal")).await;
    world.quiet().await;
    let refused = world.engine.put_away("dead:acme/ana", "Ola", reason("never mind")).await.unwrap_err();
    assert!(matches!(refused, PutAwayError::EndsByItself { .. }), "{refused}");
    assert!(world.findings().await.contains(&"dead:acme/ana".to_owned()));
}

#[tokio::test]
async fn whoever_left_the_app_and_was_switched_off_by_hand_loses_what_they_booked() {
    const HOLDS: (&str, &str) =
        ("on_leaving = \"end\"", "on_leaving = \"end\"\nbut_first = { hold = \"1 hour\" }");
    for (edits, held) in [(vec![], false), (vec![HOLDS], true)] {
        for hides in [false, true] {
            let mut world = World::new().await;
            world.edits = edits.clone();
            world.reborn().await;
            let (id, account) = employed(&mut world).await;
            world.hq.change(|s| s.hides_inactive = hides);
            world.hq.book(901, account, 72);
            world.hq.change(|s| s.accounts.get_mut(&account).unwrap().active = Some(false));
            world.alter(&id, |p| p.groups = Groups::new(["00gOTHERGROUP".into()], true)).await;
            world.quiet().await;
            let words = format!("held: {held}, 404 for inactive accounts: {hides}");
            if held {
                assert!(world.shown().contains("1 booked"), "{words}");
            }
            world.quiet_for(Duration::from_secs(7200)).await;
            assert_eq!(world.shown(), "ana@acme.example inactive seat 11 CUSTOMER in 51\n", "{words}");
            // What shows later on is theirs as well.
            world.hq.book(902, account, 96);
            world.clock.pass(Duration::from_secs(600));
            world.sweep().await;
            world.quiet_for(Duration::from_secs(7200)).await;
            assert_eq!(world.shown(), "ana@acme.example inactive seat 11 CUSTOMER in 51\n", "later, {words}");
        }
    }
}

/// Found by seed 2813 of `dense`: an account that we had woken was nobody's, and stayed.
#[tokio::test]
async fn whoever_was_woken_and_left_before_more_was_done_is_out_again() {
    for fault in [Fault::NotDone, Fault::LostBefore] {
        let mut world = switched_off_before("417").await;
        world.hq.change(|s| {
            for operation in ["update", "set_roles"] {
                s.faults_of.insert(operation, std::iter::repeat_n(fault, 50).collect());
            }
        });
        let ana = person("acme", "ana", "Ana", "0417");
        let id = ana.id.clone();
        world.say(ana).await;
        world.quiet_for(Duration::from_secs(20)).await;
        assert_eq!(world.shown(), "a.okafor\n", "{fault:?}: woken, and nothing else");
        world.alter(&id, |p| p.groups = Groups::new(["00gOTHERGROUP".into()], true)).await;
        world.quiet_for(Duration::from_secs(7200)).await;
        assert_eq!(world.shown(), "a.okafor inactive\n", "{fault:?}");
    }
}

#[tokio::test]
async fn whoever_was_woken_and_left_as_the_process_died_is_out_again() {
    for number in 0..20 {
        for death in [Death::BeforeWrite(number), Death::AfterWrite(number)] {
            let mut world = switched_off_before("417").await;
            world.mortal_reborn(Some(death)).await;
            let ana = person("acme", "ana", "Ana", "0417");
            let id = ana.id.clone();
            world.say(ana).await;
            world.quiet_for(Duration::from_secs(2)).await;
            world.alter(&id, |p| p.groups = Groups::new(["00gOTHERGROUP".into()], true)).await;
            world.quiet_for(Duration::from_secs(7200)).await;
            let shown = world.shown();
            assert!(shown.ends_with(" inactive\n") && shown.lines().count() == 1, "{death:?}: {shown}");
        }
    }
}
