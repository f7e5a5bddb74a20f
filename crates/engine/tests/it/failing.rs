//! `if_it_fails`: a refused step is tried again, given up, replaced, told of, or stops the rest, as its rule says.

use std::{collections::VecDeque, time::Duration};

use lanyard_engine::ports::Store;
use lanyard_model::{
    id::{IdentityId, RoomId},
    place::Room,
    plan::Gate,
};

use crate::{
    bench::{World, files, person, set},
    fakes::Fault,
};

const THEN: &str = "then = [{ role = \"customer\", module = \"reservation\" }]";

async fn world(branch: &'static str) -> World {
    let mut world = World::new().await;
    world.edits = vec![(THEN, branch)];
    world.reborn().await;
    world
}

fn refuse(world: &World, operation: &'static str, times: usize) {
    world.hq.change(|s| s.faults_of.insert(operation, VecDeque::from(vec![Fault::Refused; times])));
}

async fn findings(world: &World, kind: &str) -> Vec<String> {
    let all = world.store.findings(1000).await.unwrap();
    all.into_iter().filter(|found| found.kind == kind).map(|found| found.title).collect()
}

/// Category items of the one account.
fn items(world: &World) -> usize {
    world.hq.change(|s| s.accounts.values().next().unwrap().items.clone().unwrap_or_default().len())
}

async fn join(world: &mut World) -> IdentityId {
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    id
}

#[tokio::test]
async fn as_many_desks_are_tried_as_may_be_refused() {
    let mut world = World::new().await;
    world.hq.change(|state| {
        let rooms = &mut state.catalogue.as_mut().unwrap().rooms;
        let desk = rooms[&RoomId(15)].clone();
        rooms.extend((16..30).map(|id| (RoomId(id), Room { id: RoomId(id), ..desk.clone() })));
    });
    world.reborn().await;
    // All but the last of the desks that one look tries.
    refuse(&world, "book", 7);
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "startDate", "2026-05-06");
    world.say(ana).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51 1 booked\n");
    assert_eq!(findings(&world, "dead").await, Vec::<String>::new());
    assert_eq!(findings(&world, "todo").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_refused_step_is_tried_again_as_often_as_its_rule_says() {
    let mut world = world(
        "if_it_fails = { retry = 2, every = \"1 hour\", todo = \"give {name} the role\", how = \"by hand\" }\n\
         then = [{ role = \"customer\", module = \"reservation\" }]",
    )
    .await;
    refuse(&world, "set_roles", 2);
    let ana = join(&mut world).await;
    assert_eq!(world.shown(), "ana@acme.example seat 11\n", "the rest goes on");
    assert_eq!(findings(&world, "dead").await, Vec::<String>::new(), "it is not over yet");
    let plan = &world.store.plans(Some(&ana), 1).await.unwrap()[0];
    let gates: Vec<_> = plan.steps.iter().map(|step| &step.gate).collect();
    assert!(matches!(gates[..], [Gate::Held { .. }]), "{gates:?}");
    world.quiet_for(Duration::from_secs(3 * 3600)).await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n", "the third try");
    let applied = world.store.applied(&ana, &"hq".into()).await.unwrap().unwrap();
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
    assert_eq!(findings(&world, "todo").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_fails_for_good_is_a_todo_and_told_once_until_somebody_asks_for_a_look() {
    let mut world = world(
        "if_it_fails = { todo = \"give {name} the role\", alert = [\"it\"] }\n\
         then = [{ role = \"customer\", module = \"reservation\" }]",
    )
    .await;
    refuse(&world, "set_roles", 1);
    let ana = join(&mut world).await;
    assert_eq!(findings(&world, "todo").await, ["give Ana Okafor the role"]);
    let told = |world: &World| {
        let store = std::sync::Arc::clone(&world.store);
        async move {
            let all = store.messages_due(jiff::Timestamp::MAX, 100).await.unwrap();
            all.into_iter().map(|message| message.subject).collect::<Vec<_>>()
        }
    };
    assert_eq!(told(&world).await, ["Ana Okafor: + role in reservation: CUSTOMER failed"]);
    let writes = world.hq.attempts();
    world.signal(&ana, false).await;
    world.quiet_for(Duration::from_secs(7 * 86_400)).await;
    assert_eq!(world.hq.attempts(), writes, "it is not tried again by itself");
    assert_eq!(told(&world).await.len(), 1);
    world.engine.look_again(ana.clone(), "a person").await.unwrap();
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n");
    assert_eq!(findings(&world, "todo").await, Vec::<String>::new());
}

#[tokio::test]
async fn another_outcome_takes_the_place_of_one_that_fails() {
    let mut world = world(
        "if_it_fails = { instead = [{ item = \"Access policy / Executive floor\" }] }\n\
         then = [{ role = \"customer\", module = \"reservation\" }]",
    )
    .await;
    refuse(&world, "set_roles", 1);
    let ana = join(&mut world).await;
    assert_eq!((world.shown().as_str(), items(&world)), ("ana@acme.example seat 11\n", 1));
    world.quiet_for(Duration::from_secs(86_400)).await;
    assert_eq!((world.shown().as_str(), items(&world)), ("ana@acme.example seat 11\n", 1), "it stays so");
    // With the reason goes what was given instead, and the memory of the failure.
    world
        .alter(&ana, |p| p.groups = lanyard_model::identity::Groups::new([crate::bench::APP.into()], true))
        .await;
    world.quiet().await;
    assert_eq!((world.shown().as_str(), items(&world)), ("ana@acme.example seat 11\n", 0));
    let applied = world.store.applied(&ana, &"hq".into()).await.unwrap().unwrap();
    assert!(applied.failed.is_empty(), "{:?}", applied.failed);
}

#[tokio::test]
async fn what_failed_is_explained_and_a_draft_says_what_would_count_instead() {
    let branch = "if_it_fails = { instead = [{ item = \"Access policy / Executive floor\" }], alert = [\"it\"] }\n\
                  then = [{ role = \"customer\", module = \"reservation\" }]";
    let mut world = world(branch).await;
    refuse(&world, "set_roles", 1);
    let ana = join(&mut world).await;
    world.sweep().await;
    world.quiet().await;
    let preview = world.engine.preview(&ana).await.unwrap();
    let said: Vec<_> =
        preview.sites[0].desired.not_given.iter().map(|not| not.because.text.clone()).collect();
    assert!(
        said.iter().any(|text| text.starts_with("+ role in reservation: CUSTOMER failed once, last on ")),
        "{said:?}"
    );
    // The same policy changes nothing: what failed stays failed.
    let same = world.whatif(&files(100, &[(THEN, branch)]), false).await.unwrap();
    assert_eq!(same.totals.affected, 0, "{:?}", same.people);
    // Another branch counts anew: the role is tried again, and what was given instead goes.
    let other = world.whatif(&files(100, &[]), false).await.unwrap();
    let effect = &other.people[0];
    assert_eq!(effect.gains, ["+ role in reservation: CUSTOMER"], "{effect:?}");
    assert_eq!(effect.loses, ["- category item: Executive floor"], "{effect:?}");
}

#[tokio::test]
async fn one_refused_line_does_not_keep_the_others_back() {
    // Desk, profile and item go out as one update, which is refused for the item's sake: everything goes on its own then.
    let mut world = World::new().await;
    world.edits = vec![(
        "then = [{ item = \"Access policy / Executive floor\" }]",
        "then = [{ item = \"Access policy / Executive floor\", if_it_fails = { retry = 1, every = \"1 day\" } }]",
    )];
    world.reborn().await;
    let ana = join(&mut world).await;
    // The update of both is refused, the field alone is taken, the item alone is refused.
    let next = world.hq.attempts();
    world.hq.change(|s| s.faults.extend([(next, Fault::Refused), (next + 2, Fault::Refused)]));
    world
        .alter(&ana, |p| {
            set(p, "department", "Research");
            p.groups = lanyard_model::identity::Groups::new(
                [crate::bench::APP.into(), crate::bench::ROOMS.into(), crate::bench::EXEC.into()],
                true,
            );
        })
        .await;
    world.quiet().await;
    let department = world.hq.change(|s| {
        let account = s.accounts.values().next().unwrap();
        (account.field("department").map(str::to_owned), account.items.clone().unwrap_or_default().len())
    });
    assert_eq!(department, (Some("Research".to_owned()), 0), "the field went, the item waits");
    world.quiet_for(Duration::from_secs(2 * 86_400)).await;
    assert_eq!(items(&world), 1, "the next try");
}

#[tokio::test]
async fn stop_gives_nothing_more_and_still_takes_away() {
    let mut world =
        world("if_it_fails = { stop = true }\nthen = [{ role = \"customer\", module = \"reservation\" }]")
            .await;
    refuse(&world, "set_roles", 1);
    let ana = join(&mut world).await;
    world.alter(&ana, |p| set(p, "department", "Research")).await;
    world.quiet().await;
    let department =
        world.hq.change(|s| s.accounts.values().next().unwrap().field("department").map(str::to_owned));
    assert_eq!(department.as_deref(), Some("Design"), "nothing more is given");
    assert_eq!(findings(&world, "blocked").await.len(), 1);
    world.alter(&ana, |p| p.status = lanyard_model::identity::Status::Deprovisioned).await;
    world.quiet().await;
    assert!(!world.hq.change(|s| s.accounts.values().next().unwrap().is_live()), "leaving goes on");
}
