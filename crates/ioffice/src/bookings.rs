//! Reservations (§9).

use jiff::Timestamp;
use lanyard_engine::ports::{Listing, Progress};
use lanyard_model::{
    booking::Booking,
    coverage::ReadKind,
    id::{AccountId, CenterId, ReservationId, RoomId},
    signal::Lane,
};
use serde_json::{Value, json};

use crate::{client::IofficeClient, fields::Fields, listing::Collection, outcome::ReadError, session::Call};

/// Reads a reservation. `None` without an id, a host or its times: such a row proves nothing about anybody.
pub(crate) fn read_booking(row: &Value) -> Option<Booking> {
    let f = Fields::of(row);
    let start = f.millis("startDate")?;
    Some(Booking {
        id: ReservationId(f.id()?),
        host: AccountId(f.reference("user")?.id),
        room: f.reference("room").map(|r| RoomId(r.id)),
        center: f.reference("center").map(|r| CenterId(r.id)),
        start,
        end: f.millis("endDate")?,
        cancelled: f.flag("cancelled").unwrap_or(false),
        made_here: f.flag("madeInIoffice").unwrap_or(true),
    })
}

/// Body of a new reservation (§9.1).
pub(crate) fn write_booking(
    host: AccountId,
    room: RoomId,
    center: CenterId,
    title: &str,
    start: Timestamp,
    end: Timestamp,
) -> Value {
    json!({
        "name": title, "startDate": start.as_millisecond(), "endDate": end.as_millisecond(), "allDay": false,
        "numberOfPeople": 1, "user": {"id": host.0}, "room": {"id": room.0}, "center": {"id": center.0},
    })
}

impl IofficeClient {
    /// The site's whole calendar from `from` to the horizon: there is no filter by person (§9.4).
    pub(crate) async fn scan_bookings(
        &self,
        from: Timestamp,
        lane: Lane,
        progress: &dyn Progress,
    ) -> Result<Listing<Booking>, ReadError> {
        let me = self.me(lane).await?;
        let until = from.checked_add(self.session().settings.booking_horizon).unwrap_or(Timestamp::MAX);
        let collection = Collection {
            endpoint: "GET /reservations",
            segments: vec!["reservations".into()],
            filters: vec![
                ("showOnlyMyReservations", "false".into()),
                ("includePastReservations", "false".into()),
                ("includeCancelled", "false".into()),
                ("startDate", from.as_millisecond().to_string()),
                ("endDate", until.as_millisecond().to_string()),
            ],
            selector: Some("user,startDate,endDate,cancelled,room,center,madeInIoffice".into()),
            lane,
            count_endpoint: Some("GET /reservations/count"),
        };
        let scan = self.session().scan(&collection, "bookings", progress, read_booking).await?;
        let evidence = scan.evidence(ReadKind::Bookings, None, me.rights_in_bookings);
        let mut rows = scan.rows;
        rows.retain(|booking| !booking.cancelled && booking.end > from);
        Ok(Listing { rows, evidence })
    }

    /// One reservation, cancelled or not.
    pub(crate) async fn read_reservation(&self, id: ReservationId, lane: Lane) -> Result<Booking, ReadError> {
        let call = Call::get("GET /reservations/{id}", &["reservations", &id.to_string()], lane);
        let value = self.session().read(&call).await?;
        read_booking(&value).ok_or_else(|| ReadError::Malformed {
            reason: format!("reservation {id} lacks its host or times"),
        })
    }
}
