//! Buildings and countries (§5).

use serde_json::{Value, json};

use crate::ioffice::{
    call::Call,
    doc::Doc,
    noun::Noun,
    state::State,
    table::Id,
    wire::{Answer, Fields, Outcome, Refusal},
};

const FILTERS: &[&str] = &[
    "includeReservable",
    "includeNonReservable",
    "locationSearch",
    "nearLatitude",
    "nearLongitude",
    "module",
];
const NEAR_MILES: f64 = 50.0;

pub(crate) fn list(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(FILTERS)?;
    let module = call.query.text("module").map(str::to_owned);
    let place = call.query.text("locationSearch").map(str::to_lowercase);
    let near = near(call)?;
    let reservable = call.query.flag("includeReservable")?.unwrap_or(true);
    let others = call.query.flag("includeNonReservable")?.unwrap_or(true);
    let filtered = module.is_some() || place.is_some() || near.is_some() || !reservable || !others;
    call.list_docs(Noun::Building, filtered, |call, id, building| {
        module.as_deref().is_none_or(|module| serves_module(call.state, id, module))
            && place.as_deref().is_none_or(|text| located(building, text))
            && near.is_none_or(|point| within(building, point))
            && (reservable && others || has_reservable(call.state, id) == reservable && reservable != others)
    })
}

/// The point of `nearLatitude` and `nearLongitude`, which need each other.
pub(crate) fn near(call: &Call<'_>) -> Result<Option<(f64, f64)>, Refusal> {
    match (call.query.float("nearLatitude")?, call.query.float("nearLongitude")?) {
        (Some(latitude), Some(longitude)) => Ok(Some((latitude, longitude))),
        (None, None) => Ok(None),
        _ => Err(Refusal::invalid("nearLatitude and nearLongitude each require the other")),
    }
}

/// Whether a building lies within the documented radius. A building without coordinates lies nowhere.
pub(crate) fn within(building: &Doc, (latitude, longitude): (f64, f64)) -> bool {
    let coordinate =
        |name: &str| building.get("location").and_then(|place| place.get(name)).and_then(Value::as_f64);
    let (Some(lat), Some(lon)) = (coordinate("latitude"), coordinate("longitude")) else { return false };
    let (a, b) = (lat.to_radians(), latitude.to_radians());
    let (da, dl) = ((a - b) / 2.0, (lon - longitude).to_radians() / 2.0);
    let chord = da.sin().powi(2) + a.cos() * b.cos() * dl.sin().powi(2);
    7_918.0 * chord.sqrt().min(1.0).asin() <= NEAR_MILES
}

/// Whether the address or name of a building contains `text` (lower case).
pub(crate) fn located(building: &Doc, text: &str) -> bool {
    let address = building.get("address").map(Value::to_string).unwrap_or_default().to_lowercase();
    address.contains(text) || building.contains(text, &["name", "code"])
}

fn serves_module(state: &State, building: Id, module: &str) -> bool {
    let centers = state.docs(Noun::Center).iter();
    centers.into_iter().any(|(_, center)| {
        center.text("module") == module && center.references("buildings").any(|id| id == building)
    })
}

fn has_reservable(state: &State, building: Id) -> bool {
    let floors = state.children(Noun::Floor, building).iter();
    floors
        .flat_map(|&floor| state.children(Noun::Room, floor))
        .any(|&room| state.doc(Noun::Room, room).is_some_and(|room| room.flag("reservable") == Some(true)))
}

pub(crate) fn get(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Building)?;
    Answer::ok(call.shown(Noun::Building, id)?)
}

pub(crate) fn create(call: &mut Call<'_>) -> Outcome {
    call.need_staff()?;
    let body = with_address(call.fields()?, None)?;
    let id = call.create_doc(Noun::Building, &body)?;
    Answer::created(call.shown(Noun::Building, id)?)
}

pub(crate) fn update(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Building)?;
    call.need_staff()?;
    let body = call.fields_for(id)?;
    let old = call.state.doc(Noun::Building, id).and_then(|building| building.get("address"));
    let body = with_address(body, old)?;
    call.update_doc(Noun::Building, id, &body)?;
    Answer::ok(call.shown(Noun::Building, id)?)
}

/// The samples send `city` and `state` beside `address`; both places are accepted, and the address is a merge.
fn with_address(mut body: Fields, old: Option<&Value>) -> Result<Fields, Refusal> {
    let (city, state) = (body.remove("city"), body.remove("state"));
    let sent = match body.get("address") {
        Some(Value::Object(address)) => Some(address.clone()),
        None | Some(Value::Null) => None,
        Some(_) => return Err(Refusal::invalid("address must be an object")),
    };
    if city.is_none() && state.is_none() && sent.is_none() {
        return Ok(body);
    }
    let mut address = old.and_then(Value::as_object).cloned().unwrap_or_default();
    address.extend(sent.into_iter().flatten());
    address.extend(city.map(|city| ("city".to_owned(), city)));
    address.extend(state.map(|state| ("state".to_owned(), state)));
    address.retain(|_, part| !part.is_null()); // What is cleared is absent.
    body.insert("address".into(), Value::Object(address));
    Ok(body)
}

/// A building with floors stays.
pub(crate) fn remove(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Building)?;
    call.need_staff()?;
    if !call.state.children(Noun::Floor, id).is_empty() {
        return Err(Refusal::invalid("the building still has floors"));
    }
    call.remove_doc(Noun::Building, id)
}

pub(crate) fn countries(call: &mut Call<'_>) -> Outcome {
    call.check_parameters(&[])?;
    call.list_docs(Noun::Country, false, |_, _, _| true)
}

pub(crate) fn country(call: &mut Call<'_>) -> Outcome {
    let id = call.existing(Noun::Country)?;
    Answer::ok(call.shown(Noun::Country, id)?)
}

/// Edits of countries are answered 500 [D].
pub(crate) fn country_edit(_: &mut Call<'_>) -> Outcome {
    Err(Refusal::server("countries cannot be edited"))
}

/// An address as buildings carry it.
pub(crate) fn address(street: &str, city: &str, postal_code: &str, country: &Value) -> Value {
    json!({"street": street, "city": city, "postalCode": postal_code, "country": country})
}
