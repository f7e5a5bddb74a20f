//! Reservations: the record, the table and its indexes (§9).

pub(crate) mod booking;
pub(crate) mod calls;

use std::{collections::HashMap, sync::Arc};

use serde_json::Value;

use super::{
    noun::Noun,
    selector::{Selector, Want},
    state::State,
    table::{Id, Row, Table},
    view::{View, choose},
    wire::Fields,
};

#[derive(Debug, Clone)]
pub(crate) struct Reservation {
    pub(crate) name: Arc<str>,
    pub(crate) notes: Option<Box<str>>,
    /// Milliseconds.
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) all_day: bool,
    pub(crate) checked_in: bool,
    pub(crate) checked_out: bool,
    pub(crate) cancelled: bool,
    /// False for rows that a calendar synchronised.
    pub(crate) made_in_ioffice: bool,
    pub(crate) checked_in_at: i64,
    /// Host: the person reserved for.
    pub(crate) user: Id,
    pub(crate) room: Id,
    pub(crate) center: Id,
    pub(crate) people: u32,
    pub(crate) guests: Option<Box<Value>>,
    pub(crate) cancellation_reason: Option<Box<str>>,
    pub(crate) created: i64,
    pub(crate) updated: i64,
}

impl Row for Reservation {}

const DAY_MILLIS: i64 = 86_400_000;

impl Reservation {
    /// Until when the room is taken: a live client sends `start == end` for a whole day.
    pub(crate) fn taken_until(&self) -> i64 {
        if self.all_day && self.end <= self.start { self.start + DAY_MILLIS } else { self.end }
    }

    fn overlaps(&self, start: i64, end: i64) -> bool {
        self.start < end && self.taken_until() > start
    }
}

/// Reservations with their indexes.
#[derive(Debug, Default)]
pub(crate) struct Reservations {
    table: Table<Reservation>,
    by_user: HashMap<Id, Vec<Id>>,
    by_room: HashMap<Id, Vec<Id>>,
}

impl Reservations {
    pub(crate) fn table(&self) -> &Table<Reservation> {
        &self.table
    }
    pub(crate) fn start_ids_at(&mut self, next: Id) {
        self.table.start_ids_at(next);
    }
    pub(crate) fn get(&self, id: Id) -> Option<&Reservation> {
        self.table.get(id)
    }
    pub(crate) fn of_user(&self, user: Id) -> impl Iterator<Item = Id> {
        self.by_user.get(&user).into_iter().flatten().copied()
    }
    fn in_room(&self, room: Id) -> impl Iterator<Item = (Id, &Reservation)> {
        self.by_room.get(&room).into_iter().flatten().filter_map(|&id| Some((id, self.get(id)?)))
    }

    /// Whether a live booking other than `except` overlaps a time in a room.
    pub(crate) fn taken(&self, room: Id, start: i64, end: i64, except: Id) -> bool {
        self.in_room(room).any(|(id, row)| id != except && !row.cancelled && row.overlaps(start, end))
    }

    pub(crate) fn put(&mut self, id: Id, row: Reservation) {
        self.unlink(id);
        for (index, key) in [(&mut self.by_user, row.user), (&mut self.by_room, row.room)] {
            let list = index.entry(key).or_default();
            let place = list.binary_search(&id).unwrap_or_else(|place| place);
            list.insert(place, id);
        }
        self.table.insert(id, row);
    }

    pub(crate) fn edit(&mut self, id: Id, change: impl FnOnce(&mut Reservation)) {
        if let Some(mut row) = self.get(id).cloned() {
            change(&mut row);
            self.put(id, row);
        }
    }

    pub(crate) fn remove(&mut self, id: Id) {
        self.unlink(id);
        self.table.remove(id);
    }

    fn unlink(&mut self, id: Id) {
        let Some((user, room)) = self.get(id).map(|row| (row.user, row.room)) else { return };
        for (index, key) in [(&mut self.by_user, user), (&mut self.by_room, room)] {
            if let Some(list) = index.get_mut(&key) {
                list.retain(|&other| other != id);
            }
        }
    }
}

/// Live bookings of a room that end after `now`, by id.
pub(crate) fn upcoming_in_room(state: &State, room: Id, now: i64) -> impl Iterator<Item = &Reservation> {
    state
        .reservations
        .in_room(room)
        .map(|(_, row)| row)
        .filter(move |row| !row.cancelled && row.taken_until() > now)
}

impl Reservation {
    /// Whether subject or notes contain `text` (lower case).
    fn says(&self, text: &str) -> bool {
        self.name.to_lowercase().contains(text)
            || self.notes.as_ref().is_some_and(|notes| notes.to_lowercase().contains(text))
    }
}

/// Ids whose subject or notes contain `text` (lower case), ascending.
pub(crate) fn search(state: &State, text: &str) -> Vec<Id> {
    state.reservations.table.iter().filter(|(_, row)| row.says(text)).map(|(id, _)| id).collect()
}

/// Whether a booking of a room that is not cancelled says `text` (lower case).
pub(crate) fn said_of_room(state: &State, room: Id, text: &str) -> bool {
    state.reservations.in_room(room).any(|(_, row)| !row.cancelled && row.says(text))
}

/// Adds the chosen properties of a reservation.
pub(crate) fn fields(view: &View<'_>, row: &Reservation, selector: &Selector, shown: &mut Fields) {
    // Empty texts print where nothing was selected, and stay absent under a selector [D].
    let text = |text: &Option<Box<str>>| {
        let text = text.as_deref().unwrap_or("");
        (view.decorated || !text.is_empty()).then(|| text.into())
    };
    for pick in &selector.0 {
        let value = match pick.name.as_str() {
            "startDate" => Some(row.start.into()),
            "endDate" => Some(row.end.into()),
            "allDay" => Some(row.all_day.into()),
            "numberOfPeople" => Some(row.people.into()),
            "notes" => text(&row.notes),
            "checkedIn" => Some(row.checked_in.into()),
            "checkedOut" => Some(row.checked_out.into()),
            "checkedInDate" => (row.checked_in_at != 0).then(|| row.checked_in_at.into()),
            "cancelled" => Some(row.cancelled.into()),
            "cancellationReason" => text(&row.cancellation_reason),
            "madeInIoffice" => Some(row.made_in_ioffice.into()),
            "guests" => row.guests.as_deref().map(|guests| match pick.want() {
                Want::Stub => guests.clone(),
                want => choose(guests, want),
            }),
            "user" => view.reference(Noun::User, row.user, pick.want()),
            "room" => view.reference(Noun::Room, row.room, pick.want()),
            "center" => view.reference(Noun::Center, row.center, pick.want()),
            "dateCreated" => Some(row.created.into()),
            "dateUpdated" => (row.updated != row.created).then(|| row.updated.into()),
            _ => None,
        };
        if let Some(value) = value {
            shown.insert(pick.name.clone(), value);
        }
    }
}
