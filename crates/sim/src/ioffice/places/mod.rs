//! Buildings, floors, rooms and room types.

pub(crate) mod buildings;
pub(crate) mod floors;
pub(crate) mod room_types;
pub(crate) mod rooms;

pub(crate) use rooms::{room_field, room_matches};
