//! Whole plans as people read them.

use std::sync::Arc;

use lanyard_model::{
    account::{Role, Seat},
    desired::{
        Because, BookingWish, Desired, Ending, KeptBookings, LeftAlone, Lifecycle, Loses, SeatWish, VisitWish,
    },
    door::DoorSpan,
    id::{AccountId, CenterId, FloorId, ItemId, RoomId},
    plan::Operation,
};
use lanyard_plan::render::render_plan;

use crate::world::{Known, account, at, booking, desired, employee, field, paused, want};

/// Ana with everything an employee has.
fn settled() -> Known {
    let first = Known::default();
    first.after(&first.plan(&employee()))
}

fn check(known: &Known, desired: &Desired, wanted: &str) {
    let text = render_plan(&known.plan(desired));
    assert_eq!(text, wanted, "--- is\n{text}");
}

#[test]
fn a_joiner_gets_account_seat_role_and_a_desk_on_day_one() {
    let mut wish = employee();
    wish.bookings.push(want(BookingWish {
        key: "day-one:2026-05-06".into(),
        title: "First day".into(),
        floors: vec![FloorId(2)],
        kinds: vec![],
        start: at("2026-05-06T09:00:00Z"),
        end: at("2026-05-06T17:00:00Z"),
    }));
    check(
        &Known::default(),
        &wish,
        r#"Ana Okafor  acme/00u1  ->  hq (new)
  + account: ana@x.example
      because lifecycle: for the test
  + email: ana@x.example
      because flow, places row 7: department is "Design"
  + firstName: Ana
      because flow, places row 7: department is "Design"
  + lastName: Okafor
      because flow, places row 7: department is "Design"
  + userName: ana@x.example
      because flow, places row 7: department is "Design"
  + seat: Pier House / Level 2 / 2-011
      because flow, places row 7: department is "Design"
  + role in reservation: CUSTOMER
      because flow, places row 7: department is "Design"
  + booking: Pier House / Level 2 / 2-013 on 2026-05-06
      because flow, places row 7: department is "Design"
"#,
    );
}

#[test]
fn a_desk_is_booked_in_the_center_where_they_may_book() {
    let wished = |role: Option<i64>| {
        let mut wish = employee();
        wish.roles = role.map(|center| (CenterId(center), want(Role::Customer))).into_iter().collect();
        wish.bookings.push(want(BookingWish {
            key: "day-one:2026-05-06".into(),
            title: "First day".into(),
            floors: vec![FloorId(2)],
            kinds: vec![],
            start: at("2026-05-06T09:00:00Z"),
            end: at("2026-05-06T17:00:00Z"),
        }));
        let plan = Known::default().plan(&wish);
        let booked = plan.steps.iter().find_map(|step| match &step.op {
            Operation::Book { center, .. } => Some(center.0),
            _ => None,
        });
        booked.expect("a desk")
    };
    assert_eq!([wished(Some(51)), wished(Some(50)), wished(None)], [51, 50, 50]);
}

#[test]
fn whoever_worked_away_and_gets_a_desk_works_away_no_more() {
    let mut known = settled();
    let account = known.account.as_mut().expect("an account");
    account.seat = None;
    account.seat_class = Some("remote".into());
    check(
        &known,
        &employee(),
        r#"Ana Okafor  acme/00u1  ->  hq/5
  + seat: Pier House / Level 2 / 2-011
      because flow, places row 7: department is "Design"
  + seat classification: assigned
      because flow, places row 7: department is "Design"
"#,
    );
}

#[test]
fn a_mover_gets_the_new_first_and_loses_the_old_when_it_has_settled() {
    let mut known = settled();
    known.applied.roles.insert(CenterId(51), Role::Customer);
    known.removal.settle_until = Some(at("2026-05-04T08:01:30Z"));
    let mut wish = employee();
    wish.roles = [(CenterId(52), want(Role::Operator))].into();
    wish.seat = None;
    known.applied.seat = Some(RoomId(11));
    check(
        &known,
        &wish,
        r#"Ana Okafor  acme/00u1  ->  hq/5
  = seat: Pier House / Level 2 / 2-011
      because policy: no rule gives it any more
      held until 2026-05-04 08:01:30 UTC: their data moved a moment ago and may be half-arrived
  + role in visitor: OPERATOR
      because flow, places row 7: department is "Design"
  = role in reservation: CUSTOMER
      because policy: no rule gives it any more
      held until 2026-05-04 08:01:30 UTC: their data moved a moment ago and may be half-arrived
"#,
    );
}

#[test]
fn a_leaver_loses_roles_seat_account_and_bookings_in_this_order() {
    let mut known = settled();
    known.bookings = vec![booking(70)];
    known.applied.visits.insert("visit:2026-05-06".into(), 3374);
    check(
        &known,
        &desired(Lifecycle::Ended { since: None, how: Ending::Deactivated }),
        "Ana Okafor  acme/00u1  ->  hq/5
  - role in reservation: CUSTOMER
      because lifecycle: for the test
  - seat: Pier House / Level 2 / 2-011
      because lifecycle: for the test
  - account: active
      because lifecycle: for the test
  - booking: Pier House / Level 2 / 2-013, 2026-05-06 09:00 UTC
      because lifecycle: for the test
  * to do by hand: check Ana Okafor out at the visitor desk
      the iOffice API cannot end a visit: check the visitor out, or withdraw the badge, in the visitor center
",
    );
}

#[test]
fn a_leavers_bookings_of_a_kind_may_stay_for_a_while() {
    let mut known = settled();
    let mut later = booking(71);
    (later.start, later.end) = (at("2026-06-20T09:00:00Z"), at("2026-06-20T10:00:00Z"));
    let mut elsewhere = booking(72);
    elsewhere.room = None;
    known.bookings = vec![booking(70), later, elsewhere];
    let mut wish = desired(Lifecycle::Ended { since: None, how: Ending::Deactivated });
    wish.keeps.push(KeptBookings {
        kinds: vec!["workstation".into()],
        until: at("2026-05-18T00:00:00Z"),
        hand_over: true,
        to: None,
        to_delegate: false,
        refused: None,
        because: Because {
            rule: "lifecycle.bookings.1".into(),
            row: None,
            text: "kept for two weeks".into(),
        },
    });
    let plan = known.plan(&wish);
    let cancelled: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match step.op {
            Operation::CancelBooking { booking } => Some(booking.0),
            _ => None,
        })
        .collect();
    assert_eq!(cancelled, [71, 72], "what is later, and what is of no known kind, is cancelled");
    let todos: Vec<_> = plan.todos.iter().map(|todo| (todo.key.as_str(), todo.what.as_str())).collect();
    let what = "hand over Ana Okafor's booking of Pier House / Level 2 / 2-013 on 2026-05-06 09:00 UTC";
    assert_eq!(todos, [("hand-over:70", what)]);
    wish.keeps[0].to = Some(AccountId(7));
    let plan = known.plan(&wish);
    let handed: Vec<_> = plan
        .steps
        .iter()
        .filter_map(|step| match step.op {
            Operation::HandOver { booking, from, to, .. } => {
                Some((booking.0, from.0, to.0, step.destructive))
            }
            _ => None,
        })
        .collect();
    assert_eq!(handed, [(70, 5, 7, true)]);
    assert_eq!(plan.todos, [], "nobody has to do it");
    wish.keeps[0].to = None;
    wish.lifecycle = Lifecycle::Paused { loses: Loses { bookings: true, ..Loses::default() } };
    let on_leave = known.plan(&wish);
    let cancelled = on_leave.steps.iter().filter(|step| step.op.name() == "cancel_booking").count();
    assert_eq!((cancelled, on_leave.todos.len()), (2, 1), "a leave that takes bookings keeps the same ones");
}

#[test]
fn a_leave_takes_the_roles_and_a_return_gives_them_back() {
    let known = settled();
    check(
        &known,
        &paused(),
        "Ana Okafor  acme/00u1  ->  hq/5
  - role in reservation: CUSTOMER
      because lifecycle: for the test
",
    );
    let mut away = known.after(&known.plan(&paused()));
    away.applied.set_aside.insert(CenterId(52), Role::Manager);
    check(
        &away,
        &employee(),
        r#"Ana Okafor  acme/00u1  ->  hq/5
  + role in reservation: CUSTOMER
      because flow, places row 7: department is "Design"
  + role in visitor: MANAGER
      because lifecycle.return: it was set aside during their leave
"#,
    );
}

#[test]
fn somebody_who_returns_after_leaving_is_reactivated_first() {
    let known = settled();
    let gone = known.after(&known.plan(&desired(Lifecycle::Ended { since: None, how: Ending::Deactivated })));
    check(
        &gone,
        &employee(),
        r#"Ana Okafor  acme/00u1  ->  hq/5
  + account: inactive -> active
      because lifecycle: for the test
  + seat: Pier House / Level 2 / 2-011
      because flow, places row 7: department is "Design"
  + role in reservation: CUSTOMER
      because flow, places row 7: department is "Design"
"#,
    );
}

#[test]
fn a_contractor_is_announced_once() {
    let mut wish = employee();
    wish.visits.push(want(VisitWish {
        key: "visit:2026-05-06".into(),
        first_name: "Ana".into(),
        last_name: "Okafor".into(),
        email: None,
        company: None,
        notes: String::new(),
        visitor_type: Some("Contractor".into()),
        host: AccountId(9),
        center: CenterId(52),
        arrival: at("2026-05-06T09:00:00Z"),
    }));
    let known = settled();
    check(
        &known,
        &wish,
        r#"Ana Okafor  acme/00u1  ->  hq/5
  + visit: arrival 2026-05-06, host 9
      because flow, places row 7: department is "Design"
"#,
    );
    check(&known.after(&known.plan(&wish)), &wish, "");
}

#[test]
fn what_stands_between_a_plan_and_its_removals() {
    let gates = |known: &Known, wish: &Desired| -> Vec<String> {
        let plan = known.plan(wish);
        plan.steps.iter().map(|s| format!("{} {:?}", s.op.name(), s.gate)).collect()
    };
    let over = desired(Lifecycle::Ended { since: None, how: Ending::Deactivated });
    let left = desired(Lifecycle::Ended { since: None, how: Ending::LeftScope });
    let later = at("2026-05-04T09:00:00Z");
    for (what, change, wish, gate) in [
        ("protected", 0, &over, "Blocked { kind: Protected, why: \"protected: legal hold\" }"),
        (
            "in doubt",
            1,
            &over,
            "Blocked { kind: Unproven, why: \"no proof that the read was complete: half a list\" }",
        ),
        ("at the limit", 2, &over, "Blocked { kind: Limit, why: \"the limit\" }"),
        ("settling does not keep a leaver", 3, &over, "Open"),
        (
            "settling keeps a scope",
            3,
            &left,
            "Held { until: 2026-05-04T09:00:00Z, why: \"their data moved a moment ago and may be half-arrived\" }",
        ),
    ] {
        let mut known = Known::of(account());
        match change {
            0 => known.removal.protected = Some("legal hold".into()),
            1 => known.removal.doubt = Some("half a list".into()),
            2 => known.removal.limit = Some("the limit".into()),
            _ => known.removal.settle_until = Some(later),
        }
        assert_eq!(gates(&known, wish), [format!("deactivate {gate}")], "{what}");
    }
}

#[test]
fn a_held_desk_is_not_moved_while_nothing_may_be_taken() {
    let mut known = settled();
    known.account.as_mut().unwrap().seat = Some(Seat { room: RoomId(21), floor: None });
    known.removal.protected = Some("legal hold".into());
    let plan = known.plan(&employee());
    assert!(plan.is_quiet(), "{}", render_plan(&plan));
    known.removal.protected = None;
    assert_eq!(known.plan(&employee()).steps.len(), 1);
}

#[test]
fn a_site_administrator_is_never_touched_and_a_leaver_among_them_is_a_to_do() {
    let mut known = settled();
    known.account.as_mut().unwrap().site_admin = Some(true);
    known.account.as_mut().unwrap().fields.insert(field("firstName"), "Other".into());
    assert!(known.plan(&employee()).is_quiet());
    let plan = known.plan(&desired(Lifecycle::Ended { since: None, how: Ending::Deactivated }));
    assert!(plan.is_quiet());
    assert_eq!(plan.ending, Some((Ending::Deactivated, None)));
    assert_eq!(plan.todos.iter().map(|t| t.key.as_str()).collect::<Vec<_>>(), ["site-admin"]);
}

#[test]
fn what_is_left_alone_is_not_taken_but_from_leavers() {
    let mut held = settled();
    let held_account = held.account.as_mut().unwrap();
    held_account.items = Some([ItemId(900), ItemId(901)].into());
    held.applied.seat = held_account.seat.map(|seat| seat.room);
    held.applied.roles = held_account.roles.clone().unwrap();
    held.applied.items = [ItemId(900), ItemId(901)].into();
    held.applied.door_holder = Some("40417".into());
    held.applied.doors = [("HQ".to_owned(), DoorSpan::default())].into();
    let mut wish = employee();
    (wish.seat, wish.roles) = (None, Default::default());
    wish.door_holder = Some("40417".into());
    assert_eq!(held.plan(&wish).steps.iter().filter(|step| step.destructive).count(), 4, "all of it goes");
    wish.left_alone = LeftAlone {
        seat: true,
        doors: true,
        roles_but: Some(Arc::default()),
        items_but: Some(Arc::new([ItemId(901)].into())),
    };
    check(
        &held,
        &wish,
        r#"Ana Okafor  acme/00u1  ->  hq/5
  - category item: Policy 901
      because policy: no rule gives it any more
"#,
    );
    // Another desk would do better by what is left of the wish: it may be worse by what is not.
    wish.seat =
        Some(want(SeatWish::Desk { floors: vec![FloorId(3)], kinds: vec![], rooms: vec![], near: None }));
    wish.items.insert(ItemId(901), want(()));
    assert!(held.plan(&wish).is_quiet());
    let mut gone = crate::world::desired(Lifecycle::Ended { since: None, how: Ending::Deactivated });
    gone.left_alone = wish.left_alone.clone();
    let ends = held.plan(&gone);
    assert!(ends.steps.iter().any(|step| step.op == Operation::Deactivate), "{}", render_plan(&ends));
    assert!(ends.steps.iter().any(|step| matches!(step.op, Operation::SetDoors { .. })));
}

#[test]
fn whoever_lacks_what_an_account_needs_is_for_somebody_to_do() {
    let mut wish = employee();
    wish.fields.remove(&field("email"));
    let plan = Known::default().plan(&wish);
    assert!(plan.is_quiet(), "{:?}", plan.steps);
    let todos: Vec<_> = plan.todos.iter().map(|todo| (todo.key.as_str(), todo.what.as_str())).collect();
    assert_eq!(todos, [("create", "complete Ana Okafor in Okta: there is no account yet")]);
    assert!(
        plan.todos[0].how.starts_with("no account can be created without email: fill in"),
        "{:?}",
        plan.todos
    );
    assert_eq!(settled().plan(&wish).todos, [], "whoever has one keeps it");
}
