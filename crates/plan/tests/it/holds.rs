//! Whether somebody else's account has what a line is about.

use lanyard_model::{
    account::{Role, Seat},
    id::{CenterId, FloorId, ItemId, RoomId, SectionId},
};
use lanyard_plan::lines::holds;

use crate::world::account;

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
