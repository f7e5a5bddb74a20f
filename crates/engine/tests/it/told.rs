//! Why, why not, what would change it; now and then.

use lanyard_engine::ports::Store;
use lanyard_model::identity::Groups;
use lanyard_policy::Remedy;

use crate::{
    bench::{APP, ROOMS, World, person},
    fakes::Fault,
};

#[tokio::test]
async fn each_rule_says_why_and_the_smallest_change_that_turns_it_round() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let first = world.now() - std::time::Duration::from_secs(1);
    let told = world.engine.tell(&id, None, Some("role")).await.unwrap();
    assert_eq!(told.ways.len(), 1);
    assert!(told.ways[0].gives && told.ways[0].tried, "{:?}", told.ways);
    let leave = Remedy::Leave { group: ROOMS.into(), name: "ROOMS".into() };
    assert_eq!(told.ways[0].change.as_deref(), Some(&[leave][..]));
    let role = told.made.iter().find(|made| made.line == "role+:51:CUSTOMER").expect("the write is told");
    assert!(role.read_back_at.is_some(), "{role:?}");
    world.alter(&id, |p| p.groups = Groups::new([APP.into()], true)).await;
    world.quiet().await;
    let told = world.engine.tell(&id, None, Some("role:reservation")).await.unwrap();
    assert!(!told.ways[0].gives && told.ways[0].tried);
    assert_eq!(told.ways[0].why, "not a member of ROOMS");
    let join = Remedy::Join { group: ROOMS.into(), name: "ROOMS".into() };
    assert_eq!(told.ways[0].change.as_deref(), Some(&[join][..]));
    // As it was: memory answers, whatever is so now.
    let then = world.engine.tell(&id, Some(first), Some("role")).await.unwrap();
    assert!(then.ways[0].gives, "{:?}", then.ways);
    assert!(then.known.identity.groups.contains(&ROOMS.into()));
    let before = first - std::time::Duration::from_secs(86_400);
    assert!(world.engine.tell(&id, Some(before), None).await.is_err(), "nothing was known then");
    assert_eq!(world.engine.tell(&id, None, Some("item:Gold")).await.unwrap().ways, []);
}

#[tokio::test]
async fn what_a_look_wrote_before_it_was_stopped_is_read_back_by_the_next() {
    for fault in [Fault::Throttled, Fault::NotDone, Fault::LostAfter] {
        for number in 0..4 {
            let mut world = World::new().await;
            let ana = person("acme", "ana", "Ana", "0417");
            let id = ana.id.clone();
            world.hq.change(|s| s.faults.insert(number, fault));
            world.say(ana).await;
            world.quiet().await;
            let told = world.engine.tell(&id, None, None).await.unwrap();
            let unread: Vec<_> = told.made.iter().filter(|made| made.read_back_at.is_none()).collect();
            assert!(!told.made.is_empty() && unread.is_empty(), "{fault:?} of call {number}: {unread:?}");
        }
    }
}

#[tokio::test]
async fn a_past_period_is_decided_by_another_policy() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    let began = world.now();
    world.say(ana).await;
    world.quiet().await;
    world.alter(&id, |p| crate::bench::set(p, "department", "Sales")).await;
    world.quiet().await;
    world.alter(&id, |p| crate::bench::set(p, "department", "Design")).await;
    world.quiet().await;
    let sales = (
        "if = [{ group = \"ROOMS\" }]",
        "if = [{ group = \"ROOMS\" }, { not = { attribute = \"department\", is = \"Sales\" } }]",
    );
    let same = world.engine.replay(&crate::bench::files(100, &[]), began, world.now()).await.unwrap();
    assert_eq!((same.people, same.states, same.partings.len()), (1, 3, 0));
    let other = world.engine.replay(&crate::bench::files(100, &[sales]), began, world.now()).await.unwrap();
    let partings: Vec<_> = other.partings.iter().map(|p| (p.draft.len(), p.in_force.clone())).collect();
    assert_eq!(partings, [(0, vec!["CUSTOMER in reservation".to_owned()]), (0, vec![])]);
}

/// Subjects and texts of messages that wait to be sent.
async fn messages(world: &World) -> Vec<(String, String)> {
    let all = world.store.messages_due(jiff::Timestamp::MAX, 100).await.unwrap();
    all.into_iter().map(|message| (message.subject, message.text)).collect()
}

#[tokio::test]
async fn a_flow_tells_once_what_it_gave_when_a_read_shows_it() {
    let mut world = World::new().await;
    world.edits = vec![(
        "then = [{ role = \"customer\", module = \"reservation\" }]",
        "tell = \"it\"\nthen = [{ role = \"customer\", module = \"reservation\" }]",
    )];
    world.reborn().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let told = messages(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "Ana Okafor: Members of ROOMS may book rooms.", "{told:?}");
    assert!(told[0].1.starts_with("Ana Okafor has now: role in reservation: CUSTOMER."), "{told:?}");
    world.signal(&id, false).await;
    world.quiet_for(std::time::Duration::from_secs(7 * 86_400)).await;
    assert_eq!(messages(&world).await.len(), 1, "once");
}
