//! What a body makes of a reservation, and whether it may stand: roles, conflicts, rules.

use serde_json::{Value, json};

use crate::ioffice::{
    call::Call,
    noun::Noun,
    rules,
    table::Id,
    users::{Role, permissions},
    wire::{Fields, Refusal, Sent, ref_id, sent_bool, sent_millis, sent_ref, sent_text},
};

use super::Reservation;

const GUESTS_MAX: usize = 500;
const KNOWN: &[&str] = &[
    "id",
    "name",
    "notes",
    "startDate",
    "endDate",
    "allDay",
    "user",
    "room",
    "center",
    "numberOfPeople",
    "guests",
];

/// A new reservation from a body.
pub(crate) fn draft(call: &Call<'_>, body: &Fields) -> Result<Reservation, Refusal> {
    for name in ["startDate", "endDate", "allDay", "user", "room", "center"] {
        if body.get(name).is_none_or(Value::is_null) {
            return Err(Refusal::invalid(format!("{name} is required")));
        }
    }
    let mut row = Reservation {
        name: "".into(),
        notes: None,
        start: 0,
        end: 0,
        all_day: false,
        checked_in: false,
        checked_out: false,
        cancelled: false,
        made_in_ioffice: true,
        checked_in_at: 0,
        user: 0,
        room: 0,
        center: 0,
        people: 1,
        guests: None,
        cancellation_reason: None,
        created: call.now(),
        updated: call.now(),
    };
    merge(call, &mut row, body)?;
    Ok(row)
}

/// Merges a body into a reservation. Required values cannot be cleared.
pub(crate) fn merge(call: &Call<'_>, row: &mut Reservation, body: &Fields) -> Result<(), Refusal> {
    if call.settings.published_only
        && let Some(name) = body.keys().find(|name| !KNOWN.contains(&name.as_str()))
    {
        return Err(Refusal::invalid(format!("{name} cannot be set")));
    }
    let required = |name: &str| Refusal::invalid(format!("{name} is required"));
    for (name, slot) in [("startDate", &mut row.start), ("endDate", &mut row.end)] {
        match sent_millis(body, name)? {
            Sent::Value(millis) => *slot = millis,
            Sent::Null => return Err(required(name)),
            Sent::Absent => {}
        }
    }
    if let Sent::Value(flag) = sent_bool(body, "allDay")? {
        row.all_day = flag;
    }
    let references = [
        ("user", Noun::User, &mut row.user),
        ("room", Noun::Room, &mut row.room),
        ("center", Noun::Center, &mut row.center),
    ];
    for (name, noun, slot) in references {
        match sent_ref(body, name)? {
            Sent::Value(id) if call.state.exists(noun, id) => *slot = id,
            Sent::Value(id) => {
                return Err(Refusal::invalid(format!("{name}: there is no {} {id}", noun.word())));
            }
            Sent::Null => return Err(required(name)),
            Sent::Absent => {}
        }
    }
    match sent_text(body, "name")? {
        Sent::Value(text) => row.name = text.into(),
        Sent::Null => row.name = "".into(),
        Sent::Absent => {}
    }
    match sent_text(body, "notes")? {
        Sent::Value(text) => row.notes = Some(text.into()),
        Sent::Null => row.notes = None,
        Sent::Absent => {}
    }
    if let Some(people) = body.get("numberOfPeople").filter(|people| !people.is_null()) {
        let people = people.as_u64().and_then(|people| u32::try_from(people).ok());
        row.people = people.ok_or_else(|| Refusal::invalid("numberOfPeople must be a whole number"))?;
    }
    if let Some(guests) = body.get("guests") {
        row.guests = parse_guests(call, guests)?;
    }
    Ok(())
}

/// each guest is `{id}` of a user, or `{email, name}`.
fn parse_guests(call: &Call<'_>, guests: &Value) -> Result<Option<Box<Value>>, Refusal> {
    let wrong = || Refusal::invalid("guests must be a list of {id} or {email, name}");
    let list = match guests {
        Value::Null => return Ok(None),
        Value::Array(list) if list.len() <= GUESTS_MAX => list,
        _ => return Err(wrong()),
    };
    let mut kept = Vec::with_capacity(list.len());
    for guest in list {
        match (ref_id(guest), guest.get("email").and_then(Value::as_str)) {
            (Some(id), _) if call.state.exists(Noun::User, id) => kept.push(json!({ "id": id })),
            (None, Some(email)) => {
                let mut shown = json!({ "email": email });
                match guest.get("name") {
                    None | Some(Value::Null) => {}
                    Some(Value::String(name)) => shown["name"] = name.as_str().into(),
                    Some(_) => return Err(wrong()),
                }
                kept.push(shown);
            }
            _ => return Err(wrong()),
        }
    }
    Ok(Some(Box::new(Value::Array(kept))))
}

/// Refuses what the product would refuse: times, place, center, roles, conflicts, rules.
pub(crate) fn check(call: &Call<'_>, row: &Reservation, except: Id) -> Result<(), Refusal> {
    let state = &*call.state;
    if row.end < row.start || (row.end == row.start && !row.all_day) {
        return Err(Refusal::invalid("endDate must be after startDate"));
    }
    if state.center_module(row.center) != "reservation" {
        return Err(Refusal::invalid("center must be a reservation center"));
    }
    let room = state.doc(Noun::Room, row.room).ok_or_else(|| Refusal::invalid("there is no such room"))?;
    if room.flag("reservable") != Some(true) || room.flag("active") == Some(false) {
        return Err(Refusal::invalid("the room cannot be reserved"));
    }
    if !state.center_serves(row.center, state.building_of_room(row.room)) {
        return Err(Refusal::invalid("the center does not serve the room's building"));
    }
    let host = state.users.get(row.user).ok_or_else(|| Refusal::invalid("there is no such user"))?;
    if !host.active {
        return Err(Refusal::invalid("the user is inactive"));
    }
    if !host.site_admin && permissions::effective_role(call, host, row.center).is_none() {
        return Err(Refusal::invalid("the user has no role in this center: contact your administrator"));
    }
    if state.reservations.taken(row.room, row.start, row.taken_until(), except) {
        return Err(Refusal::invalid("the room is already reserved at that time"));
    }
    rules::check_booking(state, row, call.now())
}

/// Whether the caller may act on a booking: the host, a site admin, or staff of the center.
pub(crate) fn need_rights(call: &Call<'_>, user: Id, center: Id) -> Result<(), Refusal> {
    let caller = call.caller();
    let staff =
        || call.state.users.get(caller).and_then(|caller| caller.role_in(center)).is_some_and(Role::is_staff);
    if caller == user || call.is_site_admin() || staff() {
        return Ok(());
    }
    Err(Refusal::denied("the caller may not change others' reservations in this center"))
}
