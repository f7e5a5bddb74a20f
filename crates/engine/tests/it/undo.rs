//! What was done is taken back, and stays away until somebody releases it.

use std::time::Duration;

use lanyard_engine::{
    approvals::{Principal, Say},
    ports::{ActivityFilter, Intent, Store, Write},
    undo::{UndoScope, UndoStanding, UndoState},
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
    let waits = " (removals wait for their window: it goes on by itself from 2026-05-05 09:00 UTC on)";
    assert!(!open.is_empty() && open.iter().all(|line| line.ends_with(waits)), "{open:?}");
    world.quiet().await;
    assert_eq!((world.shown(), world.hq.attempts()), (before, writes));
    assert_eq!(standing(&world, &scope).await.until, Some(at("2026-05-05T09:00:00Z")));
    world.quiet_for(2 * DAY).await;
    let done = standing(&world, &scope).await;
    assert_eq!((done.state, done.refused), (UndoState::Done, vec![]));
    assert!(done.ended_at.is_some_and(|ended| ended < at("2026-05-05T09:01:00Z")), "{:?}", done.ended_at);
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
        open.iter().all(|line| line.ends_with(": it goes on by itself once that is decided)"))
            && !open.is_empty(),
        "{open:?}"
    );
    world.quiet().await;
    assert_eq!(world.shown(), before);
    let asked = of_kind(&world, ClearanceKind::Approval).await;
    assert_eq!(asked.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["undo"]);
    let keys: Vec<_> = asked[0].lines.iter().map(|line| line.key.as_str()).collect();
    assert_eq!(keys, ["deactivate", "role-:51:CUSTOMER", "seat-:11"]);
    let waits = standing(&world, &scope).await;
    assert_eq!((waits.state, &waits.requests), (UndoState::Waiting, &vec![asked[0].id.clone()]));
    // What it will keep away is among what can be decided, though nothing is taken back yet.
    world.signal(&asked[0].identity, false).await;
    world.quiet().await;
    let kept = of_kind(&world, ClearanceKind::Undone).await;
    assert_eq!(kept.len(), 1, "{kept:#?}");
    approve(&world, &asked).await;
    // The process ends between the word and the deed.
    world.reborn().await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n", "nobody asked for it again");
    let after: Vec<_> = of_kind(&world, ClearanceKind::Undone).await.into_iter().map(|one| one.id).collect();
    assert_eq!(after, [kept[0].id.clone()], "it is kept away by the same record");
    assert_eq!(of_kind(&world, ClearanceKind::Approval).await, []);
    let done = standing(&world, &scope).await;
    assert_eq!((done.state, done.refused, done.waits), (UndoState::Done, vec![], vec![]));
    assert_eq!(
        undo_lines(&world).await,
        [
            "what was to be taken back goes on: 3 lines as before",
            "2 operations to take back: 3 of 3 steps wait"
        ]
    );
}

#[tokio::test]
async fn an_undo_that_was_agreed_to_refuses_line_by_line_what_the_world_has_moved() {
    let (mut world, scope) =
        joined("[guardrails]\nremovals_but_first = { approval = [\"role:approver\"] }\n").await;
    world.engine.apply_undo(&scope, "Olu", "not hers").await.unwrap();
    world.quiet().await;
    let asked = of_kind(&world, ClearanceKind::Approval).await;
    world.hq.change(|state| {
        let account = state.accounts.values_mut().next().unwrap();
        account.roles.as_mut().unwrap().insert(CenterId(51), Role::Manager);
    });
    approve(&world, &asked).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive MANAGER in 51\n");
    let ended = standing(&world, &scope).await;
    let refused: Vec<_> = ended.refused.iter().map(|one| (one.line.as_str(), one.why.as_str())).collect();
    let moved = "the world has moved: somebody changed it since, and it is left alone";
    assert_eq!((ended.state, refused), (UndoState::Refused, vec![("role-:51:CUSTOMER", moved)]));
    assert_eq!(undo_lines(&world).await[0], "what was to be taken back goes on: 1 line refused");
    assert_eq!(of_kind(&world, ClearanceKind::Approval).await, [], "nothing is asked any more");
}

#[tokio::test]
async fn an_undo_that_somebody_declines_takes_nothing_back() {
    let (mut world, scope) =
        joined("[guardrails]\nremovals_but_first = { approval = [\"role:approver\"] }\n").await;
    let before = world.shown();
    world.engine.apply_undo(&scope, "Olu", "not hers").await.unwrap();
    let asked = of_kind(&world, ClearanceKind::Approval).await;
    let ids: Vec<_> = asked.iter().map(|one| one.id.clone()).collect();
    world.engine.decide_requests(&ids, Say::Decline, &fay(), "she stays").await.unwrap();
    world.quiet().await;
    assert_eq!(world.shown(), before);
    let ended = standing(&world, &scope).await;
    assert_eq!((ended.state, ended.refused.len()), (UndoState::Refused, 3));
    assert!(ended.refused[0].why.starts_with("declined: declined by Fay: she stays"), "{ended:?}");
    assert_eq!(
        of_kind(&world, ClearanceKind::Undone).await,
        [],
        "nothing is kept away that was not taken back"
    );
    let all = world.store.clearances_of(&asked[0].identity, None).await.unwrap();
    let record = all.iter().find(|one| one.kind == ClearanceKind::Undone).unwrap();
    let why = record.ended.as_ref().map(|(_, why)| why.as_str()).unwrap_or_default();
    assert!(record.over && why.starts_with("nothing of it was taken back: declined"), "{record:?}");
    // Whoever takes the role away later does so against the policy, which brings it again.
    world.hq.change(|state| state.accounts.values_mut().next().unwrap().roles = Some(Default::default()));
    world.signal(&asked[0].identity, false).await;
    world.quiet().await;
    assert_eq!(world.shown(), before);
}

#[tokio::test]
async fn a_return_that_an_undo_asks_about_goes_on_once_it_is_agreed_to() {
    let mut world = World::new().await;
    let ask = "[lifecycle.new_account]\nbut_first = { approval = [\"role:approver\"] }\n\n[lifecycle.start]";
    world.edits = vec![("[lifecycle.start]", ask)];
    world.reborn().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let asked = of_kind(&world, ClearanceKind::Approval).await;
    approve(&world, &asked).await;
    world.quiet().await;
    let (before, left_at) = (world.shown(), world.now());
    assert_eq!(before, "ana@acme.example seat 11 CUSTOMER in 51\n");
    world.leave(&id).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    let scope = UndoScope::Person(id, left_at);
    world.engine.apply_undo(&scope, "Olu", "a mistake in Okta").await.unwrap();
    // Looks go by, for which she left.
    world.quiet().await;
    let asked = of_kind(&world, ClearanceKind::Approval).await;
    assert_eq!(asked.iter().map(|one| one.rule.as_str()).collect::<Vec<_>>(), ["lifecycle.new_account"]);
    approve(&world, &asked).await;
    world.quiet().await;
    assert_eq!(world.shown(), before);
    assert_eq!(standing(&world, &scope).await.state, UndoState::Done);
}

fn fay() -> Principal {
    Principal { name: "Fay".into(), roles: vec!["approver".into()], ..Principal::default() }
}

async fn approve(world: &World, asked: &[Clearance]) {
    let ids: Vec<_> = asked.iter().map(|one| one.id.clone()).collect();
    assert!(!ids.is_empty());
    world.engine.decide_requests(&ids, Say::Approve, &fay(), "").await.unwrap();
}

async fn standing(world: &World, scope: &UndoScope) -> UndoStanding {
    let shown = world.engine.preview_undo(scope, "test").await.unwrap();
    shown[0].standing.clone().unwrap()
}

/// What the journal says of undos, newest first.
async fn undo_lines(world: &World) -> Vec<String> {
    let filter = ActivityFilter { limit: 100, ..ActivityFilter::default() };
    let kept = world.store.activity(&filter).await.unwrap().into_iter();
    kept.filter(|one| one.entry.kind == "undo").map(|one| one.entry.title).collect()
}
