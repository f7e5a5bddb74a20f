//! Reservations and visits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, CenterId, ReservationId, RoomId};

/// A reservation as the target lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    pub id: ReservationId,
    /// The person it is for.
    pub host: AccountId,
    pub room: Option<RoomId>,
    pub center: Option<CenterId>,
    pub start: Timestamp,
    pub end: Timestamp,
    pub cancelled: bool,
    /// False for rows that a calendar created: calendar synchronisation may bring them back.
    pub made_here: bool,
}

/// A visitor registration that we made. The API offers no way to list, end or read it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    pub registration: i64,
    pub visitor: Option<i64>,
    pub host: AccountId,
    pub center: CenterId,
    pub arrival: Timestamp,
}
