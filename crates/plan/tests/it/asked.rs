//! What is asked before it is given, where several rules give it: the one that gives all of it asks.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    account::Role,
    clearance::{ApprovalDemand, Approver, Clearance, ClearanceState, Demand, door_given, role_given},
    desired::{Because, BookingWish, Desired, Lifecycle, SeatWish, Want},
    door::DoorSpan,
    id::{CenterId, FloorId},
    plan::{Gate, Operation, Plan},
};
use lanyard_plan::clearing::{Asked, Gating, gate, meanwhile};

use crate::world::{Known, account, at, catalogue, desired, employee, now};

const CENTER: CenterId = CenterId(51);

fn asks(by: &str) -> Demand {
    let approval = ApprovalDemand {
        by: vec![Approver::Role(by.into())],
        quorum: 1,
        expires_seconds: 86_400,
        escalate_seconds: None,
        escalate_to: vec![],
    };
    Demand { approval: Some(approval), ..Demand::default() }
}

fn by<T>(value: T, rules: &[&str]) -> Want<T> {
    let because = |rule: &&str| Because { rule: (*rule).into(), row: None, text: String::new() };
    Want { value, because: rules.iter().map(because).collect() }
}

fn desk(floor: i64) -> SeatWish {
    SeatWish::Desk { floors: vec![FloorId(floor)], kinds: vec![], rooms: vec![], near: None }
}

fn lesser(line: String, rules: &[&str]) -> (String, BTreeSet<String>) {
    (line, rules.iter().map(|rule| (*rule).to_owned()).collect())
}

/// The plan of a look, with what was asked in it.
fn looked(
    known: &Known,
    full: &Desired,
    base: &Desired,
    demands: &[(&str, &str)],
    on_record: &[Clearance],
) -> (Plan, Vec<Clearance>) {
    let demands: BTreeMap<String, Demand> =
        demands.iter().map(|(rule, by)| ((*rule).to_owned(), asks(by))).collect();
    let gating = Gating {
        asked: &Asked::new(full, base, &demands),
        demands: &demands,
        known: on_record,
        before: known.account.as_ref(),
        catalogue: &catalogue(),
        now: now(),
        begins: now(),
        manager: None,
        capped: false,
        sealed: None,
        lapsed: &BTreeSet::new(),
        window: None,
    };
    let gated = meanwhile(gate(known.plan(full), &gating), full, &gating, &|wish| known.plan(wish));
    (gated.plan, gated.new)
}

/// Each request as `rule: whom`, and how many steps go at once.
fn asked(full: &Desired, base: &Desired, demands: &[(&str, &str)]) -> (Vec<String>, usize) {
    let (plan, new) = looked(&Known::of(account()), full, base, demands, &[]);
    let whom =
        |demand: &ApprovalDemand| demand.by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut requests: Vec<_> = new
        .iter()
        .map(|one| format!("{}: {}", one.rule, one.demand.as_ref().map_or_else(String::new, whom)))
        .collect();
    requests.sort();
    (requests, plan.steps.iter().filter(|step| step.gate == Gate::Open).count())
}

#[test]
fn a_strong_role_is_asked_of_the_rule_that_gives_it() {
    let mut full = desired(Lifecycle::Active);
    full.roles.insert(CENTER, by(Role::Administrator, &["customers", "administrators"]));
    full.lesser.extend([lesser(role_given(CENTER, Role::Administrator), &["customers"])]);
    let base = desired(Lifecycle::Active);
    let demands = [("customers", "viewer"), ("administrators", "owner")];
    assert_eq!(
        asked(&full, &base, &demands),
        (vec!["administrators: a person with the role owner".to_owned()], 0)
    );
    // Where the strong one asks nothing, nobody is asked.
    let mut free = base.clone();
    free.roles.insert(CENTER, by(Role::Administrator, &["administrators"]));
    assert_eq!(asked(&full, &free, &demands[..1]), (vec![], 1));
}

#[test]
fn entry_for_longer_than_is_given_freely_is_asked_about() {
    let june = DoorSpan { from: None, until: Some(at("2026-06-30T22:00:00Z")) };
    let line = door_given("HQ");
    let with = |span: DoorSpan, rules: &[&str]| {
        let mut desired = desired(Lifecycle::Active);
        desired.door_holder = Some("40417".into());
        desired.doors.insert("HQ".into(), by(span, rules));
        desired
    };
    let mut full = with(DoorSpan::default(), &["free", "for-ever"]);
    full.lesser.extend([lesser(line.clone(), &["free"])]);
    let base = with(june, &["free"]);
    let owner = |rule: &str| format!("{rule}: a person with the role owner");
    assert_eq!(
        asked(&full, &base, &[("for-ever", "owner")]),
        (vec![owner("for-ever")], 1),
        "until June freely"
    );
    // Two that only together give all of it are both asked.
    full.lesser.extend([lesser(line, &["free", "early", "late"])]);
    full.doors.insert("HQ".into(), by(DoorSpan::default(), &["free", "early", "late"]));
    let demands = [("early", "owner"), ("late", "owner")];
    assert_eq!(asked(&full, &base, &demands), (vec![owner("early")], 1), "one after the other");
    assert_eq!(asked(&base, &base, &demands), (vec![], 1), "what is free is free");
}

#[test]
fn a_booking_in_another_rules_words_is_asked_of_that_rule() {
    let wish = |title: &str| BookingWish {
        key: "day-one:2026-05-11".into(),
        title: title.into(),
        floors: vec![FloorId(2)],
        kinds: vec![],
        start: at("2026-05-11T08:00:00Z"),
        end: at("2026-05-11T16:00:00Z"),
    };
    let mut full = desired(Lifecycle::Active);
    full.bookings.push(by(wish("Boardroom"), &["everybody", "board"]));
    full.lesser.extend([lesser("booking+:day-one:2026-05-11".into(), &["everybody"])]);
    let mut base = desired(Lifecycle::Active);
    base.bookings.push(by(wish("First day"), &["everybody"]));
    let told = asked(&full, &base, &[("board", "owner")]);
    assert_eq!(told, (vec!["board: a person with the role owner".to_owned()], 0));
    assert_eq!(asked(&base, &base, &[("board", "owner")]), (vec![], 1));
}

#[test]
fn what_is_free_goes_while_more_of_it_waits() {
    let mut base = employee();
    base.roles = [(CENTER, by(Role::Customer, &["booking"]))].into();
    let mut full = base.clone();
    full.roles = [(CENTER, by(Role::Manager, &["booking", "managers"]))].into();
    full.seat = Some(by(desk(3), &["executives"]));
    full.lesser.extend([lesser(role_given(CENTER, Role::Manager), &["booking"])]);
    let demands = [("managers", "owner"), ("executives", "owner")];
    let joins = Known::default();
    let (plan, new) = looked(&joins, &full, &base, &demands, &[]);
    assert_eq!(new.len(), 2);
    let there = joins.after(&plan);
    let account = there.account.as_ref().unwrap();
    assert_eq!(account.roles, Some([(CENTER, Role::Customer)].into()));
    assert_eq!(account.seat.map(|seat| seat.room.0), Some(11), "a desk of everybody's");
    // And it stays so, whatever becomes of the request.
    for state in [ClearanceState::Waiting, ClearanceState::Declined, ClearanceState::Expired] {
        let known: Vec<_> = new.iter().cloned().map(|one| Clearance { state, ..one }).collect();
        let (plan, more) = looked(&there, &full, &base, &demands, &known);
        assert!(more.is_empty(), "{state:?}");
        assert_eq!(plan.open_steps().count(), 0, "{state:?}: {:?}", plan.steps);
        let (plan, _) = looked(&joins, &full, &base, &demands, &known);
        assert_eq!(joins.after(&plan).account.unwrap().roles, account.roles, "{state:?}");
    }
    let granted: Vec<_> =
        new.iter().cloned().map(|one| Clearance { state: ClearanceState::Granted, ..one }).collect();
    let (plan, _) = looked(&there, &full, &base, &demands, &granted);
    let after = there.after(&plan).account.unwrap();
    assert_eq!(after.roles, Some([(CENTER, Role::Manager)].into()));
    assert_eq!(after.seat.map(|seat| seat.room.0), Some(21));
}

#[test]
fn what_is_free_goes_in_one_list_with_the_rest() {
    let other = CenterId(52);
    let mut base = desired(Lifecycle::Active);
    base.roles = [(CENTER, by(Role::Customer, &["booking"])), (other, by(Role::Operator, &["desk"]))].into();
    let mut full = base.clone();
    full.roles.insert(CENTER, by(Role::Manager, &["managers"]));
    let mut known = Known::of(account());
    let (plan, _) = looked(&known, &full, &base, &[("managers", "owner")], &[]);
    let open: Vec<_> = plan.open_steps().map(|(_, step)| step.op.clone()).collect();
    let both = [(CENTER, Role::Customer), (other, Role::Operator)].into();
    assert_eq!(open, [Operation::SetRoles { roles: both }]);
    // Nothing is taken for it: whoever has more already keeps it.
    known.account.as_mut().unwrap().roles =
        Some([(CENTER, Role::Administrator), (other, Role::Operator)].into());
    let (plan, new) = looked(&known, &full, &base, &[("managers", "owner")], &[]);
    assert_eq!((plan.open_steps().count(), new.len()), (0, 0));
    // And nothing goes to an account that waits itself.
    let joins = Known::default();
    let mut wish = employee();
    wish.roles = full.roles.clone();
    let (plan, _) =
        looked(&joins, &wish, &base, &[("managers", "owner"), ("lifecycle.new_account", "owner")], &[]);
    assert_eq!(plan.open_steps().count(), 0);
}
