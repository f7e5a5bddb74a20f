//! A leaver's bookings go to the manager, where the policy says so and there is one.

use std::{collections::VecDeque, time::Duration};

use lanyard_engine::{
    approvals::{Principal, Say},
    delegations::NewDelegation,
    ports::Store,
    undo::UndoScope,
};
use lanyard_model::{
    clearance::{ALL_BOOKINGS, Clearance, bookings_to},
    id::{AccountId, IdentityId},
};

use crate::{
    bench::{World, person, set},
    fakes::Fault,
};

const HAND_OVER: (&str, &str) = (
    "[profile]\n",
    "[manager]\nattribute = \"managerId\"\n\n\
     [[lifecycle.bookings]]\nthen = \"keep\"\ndays = 14\nhand_over = true\n\n[profile]\n",
);

/// Mia manages Ana, who has booked a space for the day after tomorrow, and one for next month.
async fn with_manager() -> (World, IdentityId) {
    with_bookings(HAND_OVER, &[("mia", "Mia", "0001")], [2, 30]).await
}

/// Others have accounts; Ana, whom Mia manages, has booked two spaces, so many days ahead.
async fn with_bookings(
    edit: (&'static str, &'static str),
    others: &[(&str, &str, &str)],
    days: [u64; 2],
) -> (World, IdentityId) {
    let mut world = World::new().await;
    world.edits = vec![edit];
    world.reborn().await;
    for (user, first, number) in others {
        world.say(person("acme", user, first, number)).await;
    }
    world.quiet().await;
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "managerId", "mia@acme.example");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let account = account_of(&world, "ana@acme.example");
    for (booking, days) in (7..).zip(days) {
        world.hq.book(booking, account, days * 24);
    }
    (world, id)
}

fn account_of(world: &World, name: &str) -> i64 {
    let named = |name: &str| {
        world.hq.change(|s| {
            let mut all = s.accounts.values();
            all.find(|account| account.field("userName") == Some(name)).map(|account| account.id().0)
        })
    };
    named(name).expect("an account")
}

const HANDED_OVER: &str = "ana@acme.example inactive\nmia@acme.example seat 11 CUSTOMER in 51 1 booked\n";

#[tokio::test]
async fn what_a_leaver_booked_becomes_the_managers_and_comes_back_with_an_undo() {
    let (mut world, ana) = with_manager().await;
    let before = world.shown();
    assert!(before.starts_with("ana@acme.example seat 12 CUSTOMER in 51 2 booked\n"), "{before}");
    let left_at = world.now();
    world.leave(&ana).await;
    world.quiet().await;
    assert_eq!(world.shown(), HANDED_OVER, "the later one is cancelled");
    assert!(world.store.leavers(false, 9).await.unwrap()[0].verified_at.is_some(), "read back");
    assert_eq!(world.findings().await, Vec::<String>::new(), "nobody has anything to do");
    let told = world.engine.tell(&ana, None, None).await.unwrap();
    let text = told.desired.keeps[0].because.text.clone();
    assert_eq!(text, "bookings of any that begin within 14 days of the end go to the manager");
    let plans = world.store.plans(Some(&ana), 9).await.unwrap();
    let mia = account_of(&world, "mia@acme.example");
    let moved = plans.iter().flat_map(|plan| &plan.steps).find(|step| step.op.name() == "hand_over").unwrap();
    let line = lanyard_plan::lines::sentence(&moved.differences[0]);
    assert!(line.starts_with("> booking: Pier House / Level 1 / 1-014, 2026-05-06 08:"), "{line}");
    assert!(line.ends_with(&format!(" -> account {mia}, the manager's")), "{line}");

    let scope = UndoScope::Person(ana.clone(), left_at);
    let done = world.engine.apply_undo(&scope, "Olu", "a mistake in Okta").await.unwrap();
    assert_eq!(done[0].open.as_deref(), Some(&[][..]), "{done:#?}");
    assert_eq!(world.shown(), before);
}

#[tokio::test]
async fn what_a_leaver_booked_goes_to_whoever_stands_in_for_them() {
    const TO_DELEGATE: (&str, &str) = (
        "[profile]\n",
        "[manager]\nattribute = \"managerId\"\n\n\
         [[lifecycle.bookings]]\nthen = \"keep\"\nuntil = \"2026-05-20\"\nhand_over_to = \"delegate\"\n\n[profile]\n",
    );
    for (delegated, taker) in [(true, "dan"), (false, "mia")] {
        let others = [("mia", "Mia", "0001"), ("dan", "Dan", "0002")];
        let (mut world, ana) = with_bookings(TO_DELEGATE, &others, [2, 30]).await;
        if delegated {
            let wish = NewDelegation {
                from: "ana@acme.example".into(),
                to: "dan@acme.example".into(),
                starts: None,
                until: world.now() + Duration::from_secs(60 * 86_400),
                reason: "parental leave".into(),
            };
            world.engine.delegate(&wish, "Ana").await.unwrap();
        }
        world.leave(&ana).await;
        world.quiet().await;
        let shown = world.shown();
        let takes = format!("{taker}@acme.example seat");
        let line = shown.lines().find(|line| line.starts_with(&takes)).unwrap_or_default();
        assert!(line.ends_with(" 1 booked"), "{shown}");
        assert!(shown.starts_with("ana@acme.example inactive\n"), "the later one is cancelled: {shown}");
    }
}

#[tokio::test]
async fn an_answer_that_was_lost_hands_nothing_over_twice() {
    for fault in [Fault::LostAfter, Fault::LostBefore] {
        let (mut world, ana) = with_manager().await;
        world.hq.change(|s| s.faults_of.insert("hand_over", VecDeque::from([fault])));
        world.leave(&ana).await;
        world.quiet().await;
        assert_eq!(world.shown(), HANDED_OVER, "{fault:?}");
        assert_eq!(world.open_intents().await, 0);
    }
}

#[tokio::test]
async fn what_nobody_takes_over_is_for_a_person() {
    let key = "todo:acme/ana:hq:hand-over:7".to_owned();
    for (refused, why) in [(true, "hq refused account"), (false, "their manager has no account here")] {
        let (mut world, ana) = with_manager().await;
        let mia = account_of(&world, "mia@acme.example");
        if refused {
            world.hq.change(|s| s.hosts_refused.insert(AccountId(mia)));
        } else {
            world.alter(&ana, |p| set(p, "managerId", "nobody@acme.example")).await;
            world.quiet().await;
        }
        world.leave(&ana).await;
        world.quiet().await;
        let shown = world.shown();
        assert!(shown.starts_with("ana@acme.example inactive 1 booked\n"), "{shown}");
        assert!(world.store.leavers(false, 9).await.unwrap()[0].verified_at.is_some(), "she is out");
        assert_eq!(world.findings().await, std::slice::from_ref(&key));
        let todo = world.store.finding(&key).await.unwrap().unwrap();
        let how = todo.fix.unwrap();
        assert!(how.starts_with(why) && how.ends_with("set another user, or cancel it"), "{how}");
        // Whoever asks is told what the look decided: nothing more is asked of the site, and why.
        let seen = world.engine.preview(&ana).await.unwrap();
        let plan = seen.sites[0].plan.as_ref().unwrap();
        let planned: Vec<_> = plan.steps.iter().map(|step| step.op.name()).collect();
        let by_hand: Vec<_> = plan.todos.iter().map(|todo| (todo.key.as_str(), todo.how.clone())).collect();
        assert_eq!((planned, by_hand), (vec![], vec![("hand-over:7", how)]));
        let told = world.engine.tell(&ana, None, None).await.unwrap();
        let said = &told.desired.keeps[0].because.text;
        assert!(said.contains("are kept, for somebody to hand over: "), "{said}");
        // Later comparisons ask the site for nothing again, and her clock stands.
        let (clock, attempts) = (world.store.leavers(false, 9).await.unwrap(), world.hq.attempts());
        for _ in 0..2 {
            world.clock.pass(Duration::from_secs(6 * 3600));
            world.sweep().await;
            world.quiet().await;
        }
        assert_eq!(world.hq.attempts(), attempts);
        assert_eq!(world.store.leavers(false, 9).await.unwrap(), clock);
        // When it is over there is nothing left to do.
        world.clock.pass(Duration::from_secs(3 * 86_400));
        world.sweep().await;
        world.signal(&ana, false).await;
        world.quiet().await;
        assert_eq!(world.findings().await, Vec::<String>::new());
    }
}

const DAY: Duration = Duration::from_secs(86_400);
const ASKS: (&str, &str) = (
    "[profile]\n",
    "[manager]\nattribute = \"managerId\"\n\n[lifecycle.deactivated]\n\
     but_first = { approval = [\"role:approver\"], expires = \"5 days\" }\n\n[profile]\n",
);
const ASKS_AND_HANDS_OVER: (&str, &str) = (
    "[profile]\n",
    "[manager]\nattribute = \"managerId\"\n\n[lifecycle.deactivated]\n\
     but_first = { approval = [\"role:approver\"], expires = \"5 days\" }\n\n\
     [[lifecycle.bookings]]\nthen = \"keep\"\ndays = 14\nhand_over = true\n\n[profile]\n",
);

/// Mia and Bob have accounts; Ana, whom Mia manages, has booked two spaces.
async fn with_two_bookings(edit: (&'static str, &'static str)) -> (World, IdentityId) {
    with_bookings(edit, &[("mia", "Mia", "0001"), ("bob", "Bob", "0002")], [10, 12]).await
}

/// The line about bookings that waits, and the request it is in.
async fn asked_about_bookings(world: &World) -> (String, String, Clearance) {
    let waiting = world.engine.requests(99).await.unwrap();
    let about = |one: &Clearance| {
        let line = one.lines.iter().find(|line| line.key.starts_with(ALL_BOOKINGS))?;
        Some((line.key.clone(), line.what.clone(), one.clone()))
    };
    waiting.iter().find_map(about).unwrap_or_else(|| panic!("{waiting:#?}"))
}

async fn agree(world: &World, request: Clearance) {
    let by = Principal { name: "Fay".into(), roles: vec!["approver".into()], ..Principal::default() };
    world.engine.decide_requests(&[request.id], Say::Approve, &by, "").await.unwrap();
}

fn booked_by(world: &World, name: &str) -> usize {
    let account = AccountId(account_of(world, name));
    world.hq.change(|s| s.bookings.values().filter(|one| !one.cancelled && one.host == account).count())
}

#[tokio::test]
async fn a_word_on_cancelling_is_none_on_handing_over_nor_on_another_recipient() {
    let (mut world, ana) = with_two_bookings(ASKS).await;
    world.leave(&ana).await;
    world.quiet().await;
    let (key, what, request) = asked_about_bookings(&world).await;
    assert_eq!((key.as_str(), request.rule.as_str()), (ALL_BOOKINGS, "lifecycle.deactivated"));
    let both: Vec<_> = what.split("; ").collect();
    assert!(both.len() == 2 && both.iter().all(|one| one.starts_with("- booking: Pier House")), "{what}");
    agree(&world, request).await;

    // Before it is carried out, the policy hands bookings over instead.
    world.edits = vec![ASKS_AND_HANDS_OVER];
    world.reborn().await;
    world.signal(&ana, false).await;
    world.quiet().await;
    let (mia, bob) = (account_of(&world, "mia@acme.example"), account_of(&world, "bob@acme.example"));
    assert_eq!(booked_by(&world, "ana@acme.example"), 2, "neither cancelled nor handed over");
    let (key, what, request) = asked_about_bookings(&world).await;
    assert_eq!(key, bookings_to(AccountId(mia)));
    assert!(
        what.starts_with("> booking: ") && what.contains(&format!("account {mia}, the manager's")),
        "{what}"
    );
    agree(&world, request).await;

    // And before that, somebody else becomes the manager.
    world.alter(&ana, |p| set(p, "managerId", "bob@acme.example")).await;
    world.quiet().await;
    let (key, _, request) = asked_about_bookings(&world).await;
    assert_eq!(key, bookings_to(AccountId(bob)));
    assert_eq!(booked_by(&world, "ana@acme.example"), 2);
    agree(&world, request).await;
    world.quiet().await;
    let of = ["ana", "mia", "bob"].map(|name| booked_by(&world, &format!("{name}@acme.example")));
    assert_eq!(of, [0, 0, 2]);
}

#[tokio::test]
async fn what_is_handed_over_waits_for_the_stage_of_bookings() {
    let edit = (
        "[profile]\n",
        "[manager]\nattribute = \"managerId\"\n\n[lifecycle.deactivated]\n\
         but_first = { stages = [{ after = \"7 days\", takes = [\"bookings\"] }] }\n\n\
         [[lifecycle.bookings]]\nthen = \"keep\"\ndays = 14\nhand_over = true\n\n[profile]\n",
    );
    let (mut world, ana) = with_two_bookings(edit).await;
    world.leave(&ana).await;
    world.quiet_for(6 * DAY).await;
    assert_eq!(booked_by(&world, "mia@acme.example"), 0);
    world.quiet_for(2 * DAY).await;
    assert_eq!(booked_by(&world, "mia@acme.example"), 2);
}

#[tokio::test]
async fn a_leave_that_takes_bookings_hands_the_same_ones_over() {
    const LEAVE: (&str, &str) = ("loses = [\"permissions\"]", "loses = [\"permissions\", \"bookings\"]");
    let (mut world, ana) = with_manager().await;
    world.edits.push(LEAVE);
    world.reborn().await;
    world.alter(&ana, |p| p.status = lanyard_model::identity::Status::Suspended).await;
    world.quiet().await;
    let mia = "mia@acme.example seat 11 CUSTOMER in 51 1 booked\n";
    assert_eq!(world.shown(), format!("ana@acme.example seat 12\n{mia}"), "the later one is cancelled");
    let told = world.engine.tell(&ana, None, None).await.unwrap();
    assert_eq!(
        told.desired.keeps[0].because.text,
        "bookings of any that begin within 14 days of the leave's beginning go to the manager"
    );
    // Without bookings among what the leave takes, no rule about them counts.
    let (mut world, ana) = with_manager().await;
    world.alter(&ana, |p| p.status = lanyard_model::identity::Status::Suspended).await;
    world.quiet().await;
    assert_eq!(booked_by(&world, "ana@acme.example"), 2);
    assert_eq!(world.engine.tell(&ana, None, None).await.unwrap().desired.keeps, []);
}
