//! What was done is taken back, and stays away until somebody releases it.

use std::time::Duration;

use lanyard_engine::{approvals::Say, ports::Store, undo::UndoScope};
use lanyard_model::{account::Role, clearance::ClearanceKind, id::CenterId};

use crate::bench::{World, person};

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test]
async fn a_leaver_taken_back_has_everything_again_until_the_undo_is_released() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let account = world.hq.change(|s| *s.accounts.keys().next().unwrap());
    world.hq.book(7, account, 48);
    world.hq.change(|s| {
        let roles = s.accounts.get_mut(&account).unwrap().roles.as_mut().unwrap();
        roles.insert(CenterId(53), Role::Manager);
    });
    let before = world.shown();
    let left_at = world.now();
    world.leave(&id).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    let scope = UndoScope::Person(id.clone(), left_at);
    let writes = world.hq.attempts();
    let shown = world.engine.preview_undo(&scope, "test").await.unwrap();
    assert_eq!(world.hq.attempts(), writes, "shown, not done");
    assert!(shown[0].lost.iter().any(|text| text.contains("another number")), "{:?}", shown[0].lost);
    let done = world.engine.apply_undo(&scope, "Olu", "a mistake in Okta").await.unwrap();
    assert_eq!(done[0].open.as_deref(), Some(&[][..]), "{done:#?}");
    assert_eq!(world.shown(), before);
    // The policy still says that she left: it leaves her alone all the same, also after a restart.
    world.signal(&id, false).await;
    world.reborn().await;
    world.quiet_for(DAY).await;
    assert_eq!(world.shown(), before);
    let again = world.engine.preview_undo(&scope, "test").await.unwrap();
    assert_eq!(again[0].plan.steps, [], "a second undo has nothing to do");
    let kept: Vec<_> = world.engine.requests(9).await.unwrap();
    let undone: Vec<_> =
        kept.iter().filter(|c| c.kind == ClearanceKind::Undone).map(|c| c.id.clone()).collect();
    assert_eq!(undone.len(), 1);
    let owner = lanyard_engine::approvals::Principal {
        name: "Olu".into(),
        roles: vec!["owner".into()],
        ..Default::default()
    };
    world.engine.decide_requests(&undone, Say::Approve, &owner, "she did leave").await.unwrap();
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
}

#[tokio::test]
async fn what_somebody_changed_since_is_left_alone_and_a_protected_person_loses_nothing() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    let began = world.now();
    world.say(ana).await;
    world.quiet().await;
    world.hq.change(|s| {
        let account = s.accounts.values_mut().next().unwrap();
        account.seat =
            Some(lanyard_model::account::Seat { room: lanyard_model::id::RoomId(13), floor: None });
    });
    let plans = world.store.plans(Some(&id), 9).await.unwrap();
    let first = plans.last().unwrap().id.clone();
    let shown = world.engine.preview_undo(&UndoScope::Plan(first.clone()), "test").await.unwrap();
    let steps: Vec<_> = shown[0].plan.steps.iter().map(|step| step.op.name()).collect();
    assert_eq!(steps, ["set_roles", "deactivate"]);
    let one = world.engine.preview_undo(&UndoScope::Step(first, 2), "test").await.unwrap();
    let steps: Vec<_> = one[0].plan.steps.iter().map(|step| step.op.name()).collect();
    assert_eq!(steps, ["set_roles"]);
    world.alter(&id, |p| crate::bench::set(p, "legalHold", "yes")).await;
    world.quiet().await;
    let before = world.shown();
    world.engine.apply_undo(&UndoScope::Between(began, world.now()), "Olu", "").await.unwrap();
    assert_eq!(world.shown(), before, "on legal hold nothing is taken, by an undo neither");
}
