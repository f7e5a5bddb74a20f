//! What somebody has booked, and what we booked for them.

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    booking::Booking,
    desired::Applied,
    id::{AccountId, ReservationId, RoomId},
    link::Link,
    plan::{Operation, Step},
    signal::Lane,
};

use super::{Applying, Scene, Stop};
use crate::{Engine, journal::line, ports::Write, site::Bookings};

/// Since when a scan of the calendar must have begun that shows what was done at `at`: one that began in that very moment may
/// have begun before it.
pub(super) fn just_after(at: Timestamp) -> Timestamp {
    at.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(at)
}

impl Engine {
    /// The account's future bookings. A list that is not proven whole may leave out what we booked ourselves, and whoever
    /// comes back would have it booked again: that is asked for by its id.
    pub(super) async fn future_bookings(
        &self,
        scene: &Scene<'_>,
        account: AccountId,
        applied: &Applied,
        since: Option<Timestamp>,
        lane: Lane,
    ) -> Result<Vec<Booking>, Stop> {
        let now = || self.clock.now();
        let since = since.map_or_else(|| self.scanned_since(scene), just_after);
        let Bookings { mut rows, proven } = scene.site.bookings_of(account, since, now, lane).await?;
        if proven {
            return Ok(rows);
        }
        for id in applied.bookings.values().filter(|id| **id != 0).map(|id| ReservationId(*id)) {
            if rows.iter().any(|known| known.id == id) {
                continue;
            }
            let read = scene.site.port().observe_booking(id, lane).await?;
            rows.extend(read.filter(|it| !it.cancelled && it.host == account && it.end > now()));
        }
        Ok(rows)
    }

    /// Since when a scan of the calendar must have begun: one that others share may be older than what an earlier look booked
    /// for this person after attention to them was raised.
    fn scanned_since(&self, scene: &Scene<'_>) -> Timestamp {
        let written = self.echoes.written_at(&scene.person.identity.id, scene.site.id());
        self.trusted_since(scene).max(written.map_or(Timestamp::MIN, just_after))
    }

    /// Whether the account has a space of that kind for these very hours, of which nothing is remembered: an end of theirs
    /// may have left it, and another one would be the second. It is theirs from now on.
    pub(super) async fn is_booked_already(
        &self,
        scene: &Scene<'_>,
        step: &Step,
        link: Option<&Link>,
        applied: &mut Applied,
        applying: &Applying,
        pending: &mut Vec<Write>,
    ) -> Result<bool, Stop> {
        let (Operation::Book { key, room, start, end, .. }, Some(link)) = (&step.op, link) else {
            return Ok(false);
        };
        // Who was only just made has nothing booked, unless it is what was asked for a moment ago.
        if applying.has_made() && !applied.unsure.bookings.contains(key) {
            return Ok(false);
        }
        let catalogue = scene.site.catalogue();
        let kind = |room: RoomId| catalogue.rooms.get(&room).map(|room| &room.kind);
        let (now, lane, since) = (|| self.clock.now(), scene.item.lane, self.scanned_since(scene));
        let booked = scene.site.bookings_of(link.account.id, since, now, lane).await?;
        let is_it = |known: &&Booking| {
            let same_kind = known.room.is_some_and(|held| kind(held) == kind(*room));
            !known.cancelled && known.start == *start && known.end == *end && same_kind
        };
        let Some(found) = booked.rows.iter().find(is_it) else {
            if booked.proven {
                applied.unsure.bookings.remove(key);
            } else if applied.unsure.bookings.contains(key) {
                // The next space would be a second one.
                let pause = self.settings.backoff(scene.item.attempts, &scene.item.identity.user);
                let error = "whether a space was booked without an answer cannot be told yet".to_owned();
                return Err(Stop::Again { at: self.clock.now() + pause, error });
            }
            return Ok(false);
        };
        applied.unsure.bookings.remove(key);
        applied.bookings.insert(key.clone(), found.id.0);
        pending.push(self.applied_write(scene, applied));
        let identity = &scene.person.identity;
        let title = format!("booking {} stands: none is added", found.id);
        let said = line(&identity.id.tenant, self.clock.now(), "decision", title)
            .about(&identity.id, &identity.display_name())
            .site(scene.site.id());
        pending.push(said.write());
        Ok(true)
    }
}
