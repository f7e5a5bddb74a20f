//! What was done is taken back, and stays away until somebody releases it.

use std::time::Duration;

use lanyard_engine::{
    approvals::{Principal, Say},
    ports::{Intent, Store, Write},
    undo::UndoScope,
};
use lanyard_model::{
    account::Role,
    clearance::{Clearance, ClearanceKind},
    id::{CenterId, IdentityId, PlanId},
    plan::{Gate, Operation, Outcome},
};

use crate::bench::{World, at, person};

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
    assert_eq!(steps, ["set_roles", "deactivate"], "the seat stays where somebody put it");
    let one = world.engine.preview_undo(&UndoScope::Step(first, 2), "test").await.unwrap();
    let steps: Vec<_> = one[0].plan.steps.iter().map(|step| step.op.name()).collect();
    assert_eq!(steps, ["set_roles"]);
    world.alter(&id, |p| crate::bench::set(p, "legalHold", "yes")).await;
    world.quiet().await;
    let before = world.shown();
    world.engine.apply_undo(&UndoScope::Between(began, world.now()), "Olu", "").await.unwrap();
    assert_eq!(world.shown(), before, "on legal hold nothing is taken, by an undo neither");
}

#[tokio::test]
async fn of_one_person_all_is_found_however_much_was_done_for_others() {
    let mut world = World::new().await;
    let other = |number: usize| Intent {
        id: format!("other.{number}"),
        plan: PlanId::new("pln_other"),
        step: 0,
        identity: IdentityId::new("acme".into(), "ben"),
        site: "hq".into(),
        account: None,
        operation: Operation::Deactivate,
        at: at("2026-05-01T08:00:00Z"),
        charge: None,
        run_charge: None,
        inverse: None,
    };
    let mut batch = Vec::new();
    for number in 0..20_001 {
        let intent = other(number);
        let (id, at) = (intent.id.clone(), intent.at);
        batch.push(Write::Intent(Box::new(intent)));
        batch.push(Write::Outcome { intent: id, outcome: Outcome::Done { account: None, made: None }, at });
    }
    world.store.write(batch).await.unwrap();
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let scope = UndoScope::Person(id, jiff::Timestamp::UNIX_EPOCH);
    let shown = world.engine.preview_undo(&scope, "test").await.unwrap();
    let steps: Vec<_> = shown[0].plan.steps.iter().map(|step| step.op.name()).collect();
    assert_eq!(steps, ["set_roles", "update", "deactivate"], "the role, the seat, and the account");
}

/// Somebody joined under a policy with this in its guardrails; what brought them is to be taken back.
async fn joined(guardrails: &'static str) -> (World, UndoScope) {
    let mut world = World::new().await;
    world.edits = vec![("[guardrails]\n", guardrails)];
    world.reborn().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n");
    let plans = world.store.plans(Some(&id), 9).await.unwrap();
    (world, UndoScope::Plan(plans.last().unwrap().id.clone()))
}

async fn of_kind(world: &World, kind: ClearanceKind) -> Vec<Clearance> {
    let all = world.engine.requests(9).await.unwrap();
    all.into_iter().filter(|one| one.kind == kind).collect()
}

#[tokio::test]
async fn an_undo_takes_nothing_away_outside_the_window_for_removals() {
    // 2026-05-04 is a Monday.
    let (mut world, scope) =
        joined("[guardrails]\nremoval_window = { days = [\"tuesday\"], from = \"09:00\", to = \"17:00\" }\n")
            .await;
    let shown = world.engine.preview_undo(&scope, "test").await.unwrap();
    assert!(shown[0].plan.steps.iter().all(|step| matches!(step.gate, Gate::Held { .. })), "{shown:#?}");
    let (before, writes) = (world.shown(), world.hq.attempts());
    let done = world.engine.apply_undo(&scope, "Olu", "not hers").await.unwrap();
    let open = done[0].open.clone().unwrap();
    let waits = " (removals wait for their window: take it back again from 2026-05-05 09:00 UTC on)";
    assert!(!open.is_empty() && open.iter().all(|line| line.ends_with(waits)), "{open:?}");
    world.quiet().await;
    assert_eq!((world.shown(), world.hq.attempts()), (before, writes));
    world.clock.set(at("2026-05-05T10:00:00Z"));
    let done = world.engine.apply_undo(&scope, "Olu", "not hers").await.unwrap();
    assert_eq!(done[0].open.as_deref(), Some(&[][..]), "{done:#?}");
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(of_kind(&world, ClearanceKind::Undone).await.len(), 1, "kept away by one, not by two");
}

#[tokio::test]
async fn an_undo_asks_what_the_policy_asks_before_anything_is_taken_that_no_rule_gives() {
    let (mut world, scope) =
        joined("[guardrails]\nremovals_but_first = { approval = [\"role:approver\"] }\n").await;
    let before = world.shown();
    let done = world.engine.apply_undo(&scope, "Olu", "not hers").await.unwrap();
    let open = done[0].open.clone().unwrap();
    assert!(
        open.iter().all(|line| line.ends_with(": take it back again once it is decided)"))
            && !open.is_empty(),
        "{open:?}"
    );
    world.quiet().await;
    assert_eq!(world.shown(), before);
    let asked = of_kind(&world, ClearanceKind::Approval).await;
    assert_eq!(asked.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["undo"]);
    let keys: Vec<_> = asked[0].lines.iter().map(|line| line.key.as_str()).collect();
    assert_eq!(keys, ["deactivate", "role-:51:CUSTOMER", "seat-:11"]);
    let fay = Principal { name: "Fay".into(), roles: vec!["approver".into()], ..Principal::default() };
    world.engine.decide_requests(&[asked[0].id.clone()], Say::Approve, &fay, "").await.unwrap();
    world.quiet().await;
    assert_eq!(world.shown(), before, "a yes alone takes nothing back");
    let done = world.engine.apply_undo(&scope, "Olu", "not hers").await.unwrap();
    assert_eq!(done[0].open.as_deref(), Some(&[][..]), "{done:#?}");
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(of_kind(&world, ClearanceKind::Approval).await, []);
}
