//! Whether somebody else's account has what a line is about.

use std::collections::BTreeSet;

use lanyard_model::{
    account::{Role, Seat},
    clearance::{Clearance, ClearanceKind, ClearanceState, GatedLine},
    id::{AccountId, CenterId, FloorId, IdentityId, ItemId, PlanId, ReservationId, RoomId, SectionId},
    plan::Operation,
};
use lanyard_plan::lines::{self, holds};

use crate::world::{account, now};

#[test]
fn an_account_has_what_a_line_gives_or_takes_also_in_a_stronger_form() {
    let mut known = account();
    known.roles = Some([(CenterId(51), Role::Operator)].into());
    known.items = Some([ItemId(7)].into());
    known.section = Some(SectionId(4));
    known.seat = Some(Seat { room: RoomId(402), floor: None });
    let floor_of = |room: RoomId| (room.0 != 999).then_some(FloorId(room.0 / 100));
    let check =
        |key: &str, expected: Option<bool>| assert_eq!(holds(&known, key, floor_of), expected, "{key}");
    check("role+:51:CUSTOMER", Some(true));
    check("role-:51:OPERATOR", Some(true));
    check("role+:51:ADMINISTRATOR", Some(false));
    check("role+:52:CUSTOMER", Some(false));
    check("item-:7", Some(true));
    check("item+:8", Some(false));
    check("section+:4", Some(true));
    // Another desk on the same floor is company; a room that nobody knows says nothing.
    check("seat+:417", Some(true));
    check("seat+:501", Some(false));
    check("seat+:999", None);
    check("field:jobTitle=Lead", None);
    check("create", None);
    known.roles = None;
    assert_eq!(holds(&known, "role+:51:CUSTOMER", floor_of), None, "not readable is not absent");
}

#[test]
fn a_word_on_bookings_is_for_what_becomes_of_them_and_an_undo_for_whatever_would() {
    let cancel = Operation::CancelBooking { booking: ReservationId(70) };
    let hand = |to: i64| Operation::HandOver {
        booking: ReservationId(70),
        from: AccountId(5),
        to: AccountId(to),
        start: now(),
    };
    let key = |op: &Operation| lines::keys(op, None).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(
        [key(&cancel), key(&hand(7)), key(&hand(8))],
        ["bookings-", "bookings-:to:7", "bookings-:to:8"]
    );
    let bears_on = |kind: ClearanceKind, op: &Operation| {
        let clearance = Clearance {
            id: "clr_1".into(),
            version: 0,
            kind,
            identity: IdentityId::new("acme".into(), "ana"),
            person: "Ana".into(),
            site: "hq".into(),
            rule: "r".into(),
            lines: vec![GatedLine { key: key(&cancel), what: "- booking".into() }],
            plan: PlanId::from("pln_1"),
            state: ClearanceState::Granted,
            asked_at: now(),
            until: None,
            demand: None,
            manager: None,
            votes: vec![],
            ended: None,
            over: false,
            spent: BTreeSet::new(),
        };
        (clearance.concerns(&key(op)), clearance.lets(&key(op), now()))
    };
    assert_eq!(bears_on(ClearanceKind::Approval, &cancel), (true, true));
    assert_eq!(bears_on(ClearanceKind::Approval, &hand(7)), (false, false));
    assert_eq!(bears_on(ClearanceKind::Undone, &cancel), (true, false));
    assert_eq!(bears_on(ClearanceKind::Undone, &hand(7)), (true, false));
}
