//! Rooms (§7).

use serde_json::{Value, json};

use crate::ioffice::{
    call::Call,
    doc::Doc,
    noun::Noun,
    reservations, rules,
    selector::Want,
    state::State,
    table::Id,
    view::View,
    wire::{Answer, Fields, Outcome, Refusal},
};

use super::buildings;

pub(crate) const FILTERS: &[&str] = &[
    "includeReservable",
    "includeNonReservable",
    "includeOccupiable",
    "includeNonOccupiable",
    "type",
    "buildingId",
    "floorId",
    "room",
    "numberOfPeople",
    "startDate",
    "endDate",
    "includeParking",
    "locationSearch",
    "nearLatitude",
    "nearLongitude",
];

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(FILTERS)?;
    let filter = Filter::parse(call)?;
    let filtered = FILTERS.iter().any(|name| call.query.text(name).is_some());
    let state = &*call.state;
    let floors = match (filter.floor, filter.building) {
        (Some(floor), _) => Some(vec![floor]),
        (None, Some(building)) => Some(state.children(Noun::Floor, building).to_vec()),
        (None, None) => None,
    };
    match floors {
        Some(floors) => {
            let among = floors.iter().flat_map(|&floor| state.children(Noun::Room, floor)).copied().collect();
            call.list_among(Noun::Room, among, |call, id, room| filter.admits(call.state, id, room))
        }
        None => call.list_docs(Noun::Room, filtered, |call, id, room| filter.admits(call.state, id, room)),
    }
}

/// The filters of a list of rooms, read once.
#[derive(Default, PartialEq)]
pub(crate) struct Filter {
    reservable: bool,
    not_reservable: bool,
    occupiable: bool,
    not_occupiable: bool,
    parking: bool,
    types: Option<Vec<Id>>,
    building: Option<Id>,
    floor: Option<Id>,
    text: Option<String>,
    people: Option<i64>,
    window: Option<(i64, i64)>,
    place: Option<String>,
    near: Option<(f64, f64)>,
}

impl Filter {
    pub(crate) fn parse(call: &Call<'_>) -> Result<Self, Refusal> {
        let query = &call.query;
        let types = match query.text("type") {
            None => None,
            Some(list) => {
                let ids: Result<Vec<Id>, _> = list.split(',').map(|id| id.trim().parse()).collect();
                Some(ids.map_err(|_| Refusal::invalid("parameter type must be a list of ids"))?)
            }
        };
        let occupiable = (query.flag("includeOccupiable")?, query.flag("includeNonOccupiable")?);
        if types.is_none() && occupiable != (None, None) {
            return Err(Refusal::invalid("includeOccupiable and includeNonOccupiable require type"));
        }
        Ok(Self {
            reservable: query.flag("includeReservable")?.unwrap_or(true),
            not_reservable: query.flag("includeNonReservable")?.unwrap_or(true),
            occupiable: occupiable.0.unwrap_or(true),
            not_occupiable: occupiable.1.unwrap_or(true),
            parking: query.flag("includeParking")?.unwrap_or(true),
            types,
            building: query.id("buildingId")?,
            floor: query.id("floorId")?,
            text: query.text("room").map(str::to_lowercase),
            people: query.int("numberOfPeople")?,
            window: match (query.int("startDate")?, query.int("endDate")?) {
                (Some(start), Some(end)) => Some((start, end)),
                (None, None) => None,
                _ => return Err(Refusal::invalid("startDate and endDate each require the other")),
            },
            place: query.text("locationSearch").map(str::to_lowercase),
            near: buildings::near(call)?,
        })
    }

    /// Whether no room is left out.
    pub(crate) fn is_open(&self) -> bool {
        let open = Self {
            reservable: true,
            not_reservable: true,
            occupiable: true,
            not_occupiable: true,
            parking: true,
            ..Self::default()
        };
        *self == open
    }

    pub(crate) fn admits(&self, state: &State, id: Id, room: &Doc) -> bool {
        let kind = state.doc(Noun::RoomType, room.reference("type"));
        let reservable = room.flag("reservable") == Some(true);
        let occupiable = kind.and_then(|kind| kind.flag("occupiable")).unwrap_or(false);
        let parking = kind.and_then(|kind| kind.flag("parkingSpace")).unwrap_or(false);
        let floor = room.reference("floor");
        (if reservable { self.reservable } else { self.not_reservable })
            && (if occupiable { self.occupiable } else { self.not_occupiable })
            && (self.parking || !parking)
            && self.types.as_ref().is_none_or(|types| types.contains(&room.reference("type")))
            // A floor wins over a building that does not hold it, without an error.
            && self.floor.is_none_or(|id| floor == id)
            && (self.floor.is_some() || self.building.is_none_or(|id| state.building_of_floor(floor) == id))
            && self.text.as_deref().is_none_or(|text| {
                room_matches(state, room, text) || reservations::said_of_room(state, id, text)
            })
            && self.people.is_none_or(|people| room.number("capacity").unwrap_or(0) >= people)
            && self.window.is_none_or(|(start, end)| !state.reservations.taken(id, start, end, 0))
            && self.located(state, floor)
    }

    fn located(&self, state: &State, floor: Id) -> bool {
        if self.place.is_none() && self.near.is_none() {
            return true;
        }
        state.doc(Noun::Building, state.building_of_floor(floor)).is_some_and(|building| {
            self.place.as_deref().is_none_or(|text| buildings::located(building, text))
                && self.near.is_none_or(|point| buildings::within(building, point))
        })
    }
}

/// Whether name, descriptions or type of a room contain `text` (lower case).
pub(crate) fn room_matches(state: &State, room: &Doc, text: &str) -> bool {
    room.contains(text, &["name", "description", "longDescription"])
        || state
            .doc(Noun::RoomType, room.reference("type"))
            .is_some_and(|kind| kind.contains(text, &["name"]))
}

/// Computed properties of a room.
pub(crate) fn room_field(view: &View<'_>, id: Id, room: &Doc, name: &str, want: Want<'_>) -> Option<Value> {
    let users = &view.state.users;
    match name {
        "users" => {
            let seated = users.in_room(id).iter().filter(|&&user| users.is_active(user));
            Some(seated.map(|&user| view.show(Noun::User, user, want)).collect())
        }
        "occupied" => Some(users.in_room(id).iter().any(|&user| users.is_active(user)).into()),
        "reservableByRules" => {
            let reservable = room.flag("reservable") == Some(true);
            Some((reservable && rules::membership_allows(view.state, view.caller, id)).into())
        }
        "nameWithDescription" => Some(match room.text("description") {
            "" => room.name().into(),
            description => format!("{} - {description}", room.name()).into(),
        }),
        "anonymousReservations" => {
            let rows = reservations::upcoming_in_room(view.state, id, view.now);
            let shown = rows.map(|row| {
                let mut shown = Fields::new();
                for (name, value) in [
                    ("startDate", json!(row.start)),
                    ("endDate", json!(row.end)),
                    ("numberOfPeople", json!(row.people)),
                ] {
                    if want.member(name).is_some() {
                        shown.insert(name.into(), value);
                    }
                }
                if let Some(want) = want.member("user") {
                    shown.insert("user".into(), view.show(Noun::User, row.user, want));
                }
                Value::Object(shown)
            });
            Some(shown.collect())
        }
        _ => None,
    }
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Room)?;
    Answer::ok(call.shown(Noun::Room, id)?)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = call.fields()?;
    let mut room = call.merged(Noun::Room, None, &body)?;
    for (name, value) in [("reservable", json!(false)), ("capacity", json!(1)), ("active", json!(true))] {
        if room.get(name).is_none() {
            room.set(name, value);
        }
    }
    let id = call.insert(Noun::Room, room)?;
    Answer::created(call.shown(Noun::Room, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Room)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    call.update_doc(Noun::Room, id, &body)?;
    Answer::ok(call.shown(Noun::Room, id)?)
}

/// A room that somebody sits in, or that has bookings ahead, stays.
pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Room)?;
    call.need_staff()?;
    let (state, now) = (&*call.state, call.now());
    let seated = state.users.in_room(id).iter().any(|&user| state.users.is_active(user));
    if seated || reservations::upcoming_in_room(state, id, now).next().is_some() {
        return Err(Refusal::invalid("the room is in use"));
    }
    call.remove_doc(Noun::Room, id)
}
