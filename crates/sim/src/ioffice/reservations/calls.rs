//! Calls on reservations (§9.2).

use crate::ioffice::{
    call::Call,
    list::Chosen,
    noun::Noun,
    table::Id,
    users::Role,
    wire::{Answer, Outcome, Refusal},
};

use super::{Reservation, booking};

const FILTERS: &[&str] = &[
    "showOnlyMyReservations",
    "includePastReservations",
    "includeCancelled",
    "includeNonCancelled",
    "startDate",
    "endDate",
    "buildingId",
    "roomId",
];

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(FILTERS)?;
    let query = &call.query;
    let only_mine = query.flag("showOnlyMyReservations")?.unwrap_or(true);
    let past = query.flag("includePastReservations")?.unwrap_or(false);
    let cancelled = query.flag("includeCancelled")?.unwrap_or(false);
    let live = query.flag("includeNonCancelled")?.unwrap_or(true);
    let (start, end) = (query.int("startDate")?, query.int("endDate")?);
    let (building, room) = (query.id("buildingId")?, query.id("roomId")?);
    let everything = past
        && cancelled
        && live
        && [start, end].iter().all(Option::is_none)
        && building.is_none()
        && room.is_none();
    let sees_all = sees_all(call);
    call.list(Noun::Reservation, !(everything && !only_mine && sees_all), |call| {
        let (state, caller, now) = (&*call.state, call.caller(), call.now());
        let mut valid_until = i64::MAX;
        let mut ids = Vec::new();
        let mut consider = |id: Id, row: &Reservation| {
            let admitted = (if row.cancelled { cancelled } else { live })
                // overlap with the window; past is what has ended.
                && (past || row.taken_until() > now)
                && end.is_none_or(|end| row.start < end)
                && start.is_none_or(|start| row.taken_until() > start)
                && room.is_none_or(|room| row.room == room)
                && building.is_none_or(|building| state.building_of_room(row.room) == building)
                && (row.user == caller || (!only_mine && (sees_all || sees_center(call, row.center))));
            if admitted {
                ids.push(id);
                if !past {
                    valid_until = valid_until.min(row.taken_until());
                }
            }
        };
        if only_mine {
            state.reservations.of_user(caller).for_each(|id| {
                if let Some(row) = state.reservations.get(id) {
                    consider(id, row);
                }
            });
        } else {
            state.reservations.table().iter().for_each(|(id, row)| consider(id, row));
        }
        Ok(Chosen { ids, valid_until })
    })
}

///
fn sees_all(call: &Call<'_>) -> bool {
    call.is_site_admin() || !call.settings.bookings_need_staff
}

fn sees_center(call: &Call<'_>, center: Id) -> bool {
    let caller = call.state.users.get(call.caller());
    caller.and_then(|caller| caller.role_in(center)).is_some_and(Role::is_staff)
}

/// The booking in the path, if the caller may see it.
fn visible(call: &Call<'_>) -> Result<(Id, Reservation), Refusal> {
    let id = call.path_id(Noun::Reservation)?;
    let row = call.state.reservations.get(id).ok_or_else(|| Refusal::not_found("reservation"))?;
    if row.user == call.caller() || sees_all(call) || sees_center(call, row.center) {
        return Ok((id, row.clone()));
    }
    Err(Refusal::not_found("reservation"))
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let (id, _) = visible(call)?;
    Answer::ok(call.shown(Noun::Reservation, id)?)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    let body = call.fields()?;
    let row = booking::draft(call, &body)?;
    booking::need_rights(call, row.user, row.center)?;
    booking::check(call, &row, 0)?;
    let id = call.state.reservations.table().next_id();
    put(call, id, row)?;
    Answer::created(call.shown(Noun::Reservation, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    let (id, old) = visible(call)?;
    booking::need_rights(call, old.user, old.center)?;
    let body = call.fields_for(id)?;
    let mut row = old.clone();
    booking::merge(call, &mut row, &body)?;
    if row.cancelled {
        return Err(Refusal::invalid("the reservation is cancelled"));
    }
    booking::check(call, &row, id)?;
    row.updated = call.now();
    put(call, id, row)?;
    Answer::ok(call.shown(Noun::Reservation, id)?)
}

fn put(call: &mut Call<'_>, id: Id, row: Reservation) -> Result<(), Refusal> {
    call.change(Noun::Reservation, id, |call| {
        call.state.reservations.put(id, row);
        Ok(())
    })
}

/// Cancelling twice changes nothing; a past booking cannot be cancelled.
pub(crate) fn cancel(call: &mut Call<'_>) -> Outcome {
    let (id, mut row) = visible(call)?;
    booking::need_rights(call, row.user, row.center)?;
    if !row.cancelled {
        if row.taken_until() <= call.now() {
            return Err(Refusal::invalid("the reservation is in the past"));
        }
        row.cancelled = true;
        row.updated = call.now();
        put(call, id, row)?;
    }
    Answer::ok(call.shown(Noun::Reservation, id)?)
}

pub(crate) fn check_in(call: &mut Call<'_>) -> Outcome {
    let (id, mut row) = visible(call)?;
    booking::need_rights(call, row.user, row.center)?;
    if row.cancelled || row.taken_until() <= call.now() {
        return Err(Refusal::invalid("the reservation cannot be checked in"));
    }
    if !row.checked_in {
        row.checked_in = true;
        row.checked_in_at = call.now();
        row.updated = call.now();
        put(call, id, row)?;
    }
    Answer::ok(call.shown(Noun::Reservation, id)?)
}

pub(crate) fn check_out(call: &mut Call<'_>) -> Outcome {
    let (id, mut row) = visible(call)?;
    booking::need_rights(call, row.user, row.center)?;
    if row.cancelled || !row.checked_in {
        return Err(Refusal::invalid("the reservation is not checked in"));
    }
    if !row.checked_out {
        row.checked_out = true;
        row.updated = call.now();
        put(call, id, row)?;
    }
    Answer::ok(call.shown(Noun::Reservation, id)?)
}

/// Erases the record.
pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let (id, row) = visible(call)?;
    booking::need_rights(call, row.user, row.center)?;
    call.change(Noun::Reservation, id, |call| {
        call.state.reservations.remove(id);
        Ok(())
    })?;
    Answer::removed()
}
