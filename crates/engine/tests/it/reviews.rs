//! Access reviews over what no role is: an assigned desk, and visits that the API cannot end.

use std::time::Duration;

use lanyard_engine::{
    ports::{Store as _, Write},
    put_away::Terms,
    reviews::{
        Opening,
        campaign::{Decision, Line},
    },
};
use lanyard_model::{
    account::Seat,
    booking::Visit,
    id::{AccountId, CenterId, FloorId, IdentityId, NeighborhoodId, RoomId, SectionId},
    place::Section,
};

use crate::bench::{World, person};

async fn employed(world: &mut World) -> (IdentityId, i64) {
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let account = world.hq.change(|s| *s.accounts.keys().next().unwrap());
    (id, account)
}

async fn opened(world: &World, kind: &str) -> Vec<Line> {
    let opening = Opening {
        title: format!("Q4 {kind}"),
        tenant: "acme".into(),
        sites: Vec::new(),
        kinds: vec![kind.into()],
        owner: "olga".into(),
        reviewers: vec!["rita".into()],
        provisioners: Vec::new(),
        due_at: world.now() + Duration::from_secs(86_400),
    };
    let campaign = world.engine.open_review(opening, "olga").await.unwrap();
    world.engine.review(&campaign.id).await.unwrap().1
}

async fn removed(world: &World, line: &Line) -> bool {
    world.engine.watch_reviews().await;
    let (_, lines) = world.engine.review(&line.campaign).await.unwrap();
    lines.iter().any(|known| known.id == line.id && known.removed_at.is_some())
}

#[tokio::test]
async fn a_desk_that_a_review_took_stays_taken_until_the_reviewer_gives_it_back() {
    let mut world = World::new().await;
    let (id, account) = employed(&mut world).await;
    let seat = |world: &World| world.hq.change(|s| s.accounts[&account].seat.map(|seat| seat.room));
    let desk = seat(&world);
    assert!(desk.is_some(), "policy gives a desk");
    let lines = opened(&world, "seat").await;
    let [line] = lines.as_slice() else { panic!("one desk: {lines:?}") };
    world.engine.decide_review(&line.id, "rita", Decision::Remove, "works from home").await.unwrap();
    assert!(!removed(&world, line).await, "nothing has read it as gone yet");
    world.clock.pass(Duration::from_secs(600));
    world.quiet().await;
    assert_eq!(seat(&world), None);
    assert!(removed(&world, line).await);
    let class = world.hq.change(|s| s.accounts[&account].seat_class.clone());
    assert_ne!(class.as_deref(), Some("remote"), "a review says that a desk goes, not how somebody works");
    let writes = world.hq.attempts();
    assert_eq!(world.sweep().await.differing, 0, "a sweep leaves it so");
    world.signal(&id, false).await;
    world.quiet().await;
    assert_eq!(world.hq.attempts(), writes);

    world.clock.pass(Duration::from_secs(60));
    world.engine.decide_review(&line.id, "rita", Decision::Keep, "back in the office").await.unwrap();
    world.quiet().await;
    assert!(seat(&world).is_some(), "policy gives one again");
}

#[tokio::test]
async fn a_section_that_policy_gave_is_taken_like_a_desk() {
    let mut world = World::new().await;
    let section = "then = [{ place = \"section\", building = \"Pier House\", section = \"Zone 1\" }]";
    world.edits = vec![("then = [{ place = \"desk\" }]", section)];
    world.hq.change(|s| {
        let (id, floor) = (SectionId(31), FloorId(2));
        let (neighborhood, neighborhood_name) = (NeighborhoodId(3), "Harbour".into());
        let section = Section { id, name: "Zone 1".into(), neighborhood, neighborhood_name, floor };
        s.catalogue.as_mut().unwrap().sections.insert(id, section);
    });
    world.reborn().await;
    let (_, account) = employed(&mut world).await;
    let shown = |world: &World| world.hq.change(|s| s.accounts[&account].section);
    assert_eq!(shown(&world), Some(SectionId(31)), "policy gives a section");
    let lines = opened(&world, "section").await;
    let [line] = lines.as_slice() else { panic!("one section: {lines:?}") };
    assert!(line.what.contains("Zone 1"), "{}", line.what);
    world.engine.decide_review(&line.id, "rita", Decision::Remove, "moved").await.unwrap();
    assert!(world.findings().await.is_empty(), "nobody has to do it by hand");
    world.clock.pass(Duration::from_secs(600));
    world.quiet().await;
    assert_eq!(shown(&world), None);
    assert!(removed(&world, line).await);
    assert_eq!(world.sweep().await.differing, 0, "a sweep leaves it so");

    // What facilities gave is theirs to take, and said at once.
    world.hq.change(|s| s.accounts.get_mut(&account).unwrap().section = Some(SectionId(31)));
    world.sweep().await;
    world.quiet().await;
    let lines = opened(&world, "section").await;
    let again = lines.first().expect("the section is held again");
    world.engine.decide_review(&again.id, "rita", Decision::Remove, "moved").await.unwrap();
    // The policy's place names a building of hq in the row of south, too.
    assert_eq!(world.findings().await, ["policy_names".to_owned(), format!("review:{}", again.id)]);
}

#[tokio::test]
async fn visits_are_reviewed_and_their_removal_is_a_to_do_that_closes_the_line() {
    let mut world = World::new().await;
    let (_, account) = employed(&mut world).await;
    let now = world.now();
    let visit = |registration, days: i64| Visit {
        registration,
        visitor: None,
        host: AccountId(account),
        center: CenterId(52),
        arrival: now + jiff::SignedDuration::from_hours(24 * days),
    };
    let mut batch = Vec::new();
    for (tenant, name, visit) in
        [("acme", "cat", visit(9, 2)), ("acme", "dan", visit(8, -120)), ("other", "eve", visit(7, 1))]
    {
        let identity = IdentityId::new(tenant.into(), name);
        batch.push(Write::Visit { identity, site: "hq".into(), key: "visit".into(), visit });
    }
    world.store.write(batch).await.unwrap();
    let lines = opened(&world, "visit").await;
    let shown: Vec<_> = lines.iter().map(|line| (line.person.as_str(), line.key.as_str())).collect();
    assert_eq!(shown, [("acme/cat", "9")], "not of four months ago, not another tenant's");
    let line = &lines[0];
    world.engine.decide_review(&line.id, "rita", Decision::Remove, "not expected").await.unwrap();
    let todo = format!("review:{}", line.id);
    assert_eq!(world.findings().await, [todo.as_str()]);
    assert!(!removed(&world, line).await);
    let terms = Terms { reason: "cancelled at the desk".into(), ..Terms::default() };
    world.engine.put_away(&todo, "Ola", terms).await.unwrap();
    assert!(removed(&world, line).await, "who put the to-do away says that it is over");
}

#[tokio::test]
async fn a_desk_that_facilities_gave_is_a_to_do_that_ends_when_they_take_it() {
    let mut world = World::new().await;
    // Three workstations, four people: facilities give the last one a hot desk, which policy would not.
    for (user, first, number) in
        [("ana", "Ana", "0417"), ("ben", "Ben", "0418"), ("cem", "Cem", "0419"), ("dee", "Dee", "0420")]
    {
        world.say(person("acme", user, first, number)).await;
        world.quiet().await;
    }
    let id = IdentityId::new("acme".into(), "dee");
    let (account, other) = (world.hq.change(|s| *s.accounts.keys().next_back().unwrap()), RoomId(14));
    world.hq.change(|s| {
        let account = s.accounts.get_mut(&account).unwrap();
        assert!(account.seat.is_none(), "no workstation is left");
        account.seat = Some(Seat { room: other, floor: None });
    });
    world.signal(&id, false).await;
    world.quiet().await;
    let seat = |world: &World| world.hq.change(|s| s.accounts[&account].seat.as_ref().map(|seat| seat.room));
    assert_eq!(seat(&world), Some(other), "a hand edit survives");
    let lines = opened(&world, "seat").await;
    let line = lines.iter().find(|line| line.person == "acme/dee").expect("Dee's desk");
    world.engine.decide_review(&line.id, "rita", Decision::Remove, "works from home").await.unwrap();
    let todo = format!("review:{}", line.id);
    assert!(world.findings().await.contains(&todo), "said at once, not after a day");
    world.clock.pass(Duration::from_secs(600));
    world.quiet().await;
    assert_eq!(seat(&world), Some(other), "it is not ours to take");
    assert!(!removed(&world, line).await);

    world.hq.change(|s| s.accounts.get_mut(&account).unwrap().seat = None);
    world.signal(&id, false).await;
    world.quiet().await;
    assert!(removed(&world, line).await);
    assert!(!world.findings().await.contains(&todo));
    assert_eq!(seat(&world), None, "policy gives no other desk instead");
}

#[tokio::test]
async fn what_waits_in_a_review_is_known_after_a_restart() {
    let mut world = World::new().await;
    let (_, account) = employed(&mut world).await;
    let lines = opened(&world, "seat").await;
    world.engine.decide_review(&lines[0].id, "rita", Decision::Remove, "works from home").await.unwrap();
    world.restarted().await;
    world.clock.pass(Duration::from_secs(600));
    world.quiet().await;
    assert_eq!(world.hq.change(|s| s.accounts[&account].seat), None);
    assert!(removed(&world, &lines[0]).await);
    // Nobody signs it off: a day later it is overdue, and said once.
    world.clock.pass(Duration::from_secs(86_400));
    for _ in 0..3 {
        world.engine.watch_reviews().await;
    }
    assert_eq!(world.lines("escalation").await, 1);
    assert!(world.findings().await.iter().any(|key| key.starts_with("review-overdue:")));
}
