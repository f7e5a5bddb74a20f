//! Creating and changing users: the sparse merge and its checks.

use crate::ioffice::{
    call::Call,
    noun::{Noun, USER_TEXTS},
    settings::{DuplicateEmail, SeatCheck, SilentWrite},
    table::Id,
    wire::{Fields, Refusal, Sent, sent_bool, sent_ref, sent_refs, sent_text},
};

use super::{Seating, User, lifecycle, text_index};

const REQUIRED: &[&str] = &["firstName", "lastName", "email"];
const TEXT_LENGTH_MAX: usize = 500;
/// Category 1 is the default one; its items are cost centers.
const DEFAULT_CATEGORY: Id = 1;

pub(crate) fn create(call: &mut Call<'_>, body: &Fields) -> Result<Id, Refusal> {
    let mut user = User::new(call.now());
    merge(call, 0, &mut user, body)?;
    for name in REQUIRED {
        if user.text(name).is_empty() {
            return Err(Refusal::invalid(format!("{name} is required")));
        }
    }
    if user.text("userName").is_empty() {
        let name = default_user_name(call, user.text("email"));
        user.set_text("userName", name);
    }
    check_type_required(call, &user)?;
    user.updated_by = call.caller();
    let id = call.state.users.table().next_id();
    call.change(Noun::User, id, |call| {
        call.state.users.put(id, user);
        Ok(id)
    })
}

pub(crate) fn update(call: &mut Call<'_>, id: Id, body: &Fields) -> Result<(), Refusal> {
    let Some(old) = call.state.users.get(id) else { return Err(Refusal::not_found("user")) };
    let mut user = old.clone();
    let active = active_sent(call, body)?;
    // A-26 goes by what the body asks, whether this site listens to it or not.
    let wakes = sent_bool(body, "active")? == Sent::Value(true);
    if !old.active && !wakes && call.settings.inactive_edit_refused {
        return Err(Refusal::invalid("the user is inactive"));
    }
    merge(call, id, &mut user, body)?;
    for name in REQUIRED {
        if user.text(name).is_empty() && body.contains_key(*name) {
            return Err(Refusal::invalid(format!("{name} is required")));
        }
    }
    if user.text("userName").is_empty() && body.contains_key("userName") {
        return Err(Refusal::invalid("userName is required"));
    }
    let was_active = old.active;
    user.active = active.unwrap_or(was_active);
    user.updated = call.now();
    user.updated_by = call.caller();
    let ended = was_active && !user.active;
    call.change(Noun::User, id, |call| {
        call.state.users.put(id, user);
        Ok(())
    })?;
    if ended { lifecycle::cascade(call, id) } else { Ok(()) }
}

/// What the body asks about `active`, as far as this site listens.
fn active_sent(call: &Call<'_>, body: &Fields) -> Result<Option<bool>, Refusal> {
    let Sent::Value(active) = sent_bool(body, "active")? else { return Ok(None) };
    match call.settings.user_active_write {
        SilentWrite::Accept => Ok(Some(active)),
        SilentWrite::Ignore => Ok(None),
        SilentWrite::Reject400 => Err(Refusal::invalid("active cannot be set")),
    }
}

fn merge(call: &Call<'_>, id: Id, user: &mut User, body: &Fields) -> Result<(), Refusal> {
    if call.settings.published_only
        && let Some(name) = body.keys().find(|name| name.as_str() != "id" && !published_write(name))
        && !matches!(name.as_str(), "active" | "seatClassification" | "neighborhoodSection")
    {
        return Err(Refusal::invalid(format!("{name} cannot be set")));
    }
    merge_texts(call, user, body)?;
    let flag = |name, old: bool| match sent_bool(body, name)? {
        Sent::Value(flag) => Ok(flag),
        Sent::Null => Ok::<_, Refusal>(old && !clears(call, name)?),
        Sent::Absent => Ok(old),
    };
    user.floor_warden = flag("floorWarden", user.floor_warden)?;
    user.special_needs = flag("specialNeeds", user.special_needs)?;
    let old_room = user.room;
    user.user_type = reference(call, body, "userType", Noun::UserType, user.user_type)?;
    if user.user_type == 0 {
        return Err(Refusal::invalid("userType is required"));
    }
    user.room = reference(call, body, "room", Noun::Room, user.room)?;
    user.mail_stop = reference(call, body, "mailStop", Noun::MailStop, user.mail_stop)?;
    user.cost_center = reference(call, body, "costCenter", Noun::Item, user.cost_center)?;
    if user.cost_center != 0
        && body.contains_key("costCenter")
        && category_of(call, user.cost_center) != DEFAULT_CATEGORY
    {
        return Err(Refusal::invalid("costCenter must be an item of the default category"));
    }
    merge_cost_centers(call, user, body)?;
    merge_neighborhood(call, user, body)?;
    if user.room != old_room && user.room != 0 {
        check_seat(call, id, user.room)?;
    }
    check_unique(call, id, user, body)
}

fn published_write(name: &str) -> bool {
    USER_TEXTS.contains(&name)
        || matches!(
            name,
            "floorWarden" | "specialNeeds" | "userType" | "room" | "mailStop" | "costCenter" | "costCenters"
        )
}

/// What an explicit `null` does.
fn clears(call: &Call<'_>, name: &str) -> Result<bool, Refusal> {
    match call.settings.null_clears {
        SilentWrite::Accept => Ok(true),
        SilentWrite::Ignore => Ok(false),
        SilentWrite::Reject400 => Err(Refusal::invalid(format!("{name} must not be null"))),
    }
}

fn merge_texts(call: &Call<'_>, user: &mut User, body: &Fields) -> Result<(), Refusal> {
    for name in body.keys() {
        let Some(index) = text_index(name) else { continue };
        match sent_text(body, name)? {
            Sent::Absent => {}
            Sent::Null => {
                if clears(call, name)? {
                    user.set_text_at(index, "");
                }
            }
            Sent::Value(text) if text.chars().count() > TEXT_LENGTH_MAX => {
                return Err(Refusal::invalid(format!("{name} is longer than {TEXT_LENGTH_MAX} characters")));
            }
            Sent::Value(text) => user.set_text_at(index, text.trim()),
        }
    }
    Ok(())
}

fn reference(call: &Call<'_>, body: &Fields, name: &str, noun: Noun, old: Id) -> Result<Id, Refusal> {
    match sent_ref(body, name)? {
        Sent::Absent => Ok(old),
        Sent::Null => Ok(if clears(call, name)? { 0 } else { old }),
        Sent::Value(id) if call.state.exists(noun, id) => Ok(id),
        Sent::Value(id) => Err(Refusal::invalid(format!("{name}: there is no {} {id}", noun.word()))),
    }
}

fn category_of(call: &Call<'_>, item: Id) -> Id {
    call.state.doc(Noun::Item, item).map_or(0, |item| item.reference("category"))
}

/// A sent list replaces the stored one.
fn merge_cost_centers(call: &Call<'_>, user: &mut User, body: &Fields) -> Result<(), Refusal> {
    let items = match sent_refs(body, "costCenters")? {
        Sent::Absent => return Ok(()),
        Sent::Null if clears(call, "costCenters")? => Vec::new(),
        Sent::Null => return Ok(()),
        Sent::Value(items) => items,
    };
    for &item in &items {
        match category_of(call, item) {
            0 => return Err(Refusal::invalid(format!("costCenters: there is no category item {item}"))),
            DEFAULT_CATEGORY => {
                return Err(Refusal::invalid("costCenters must not hold items of the default category"));
            }
            _ => {}
        }
    }
    user.cost_centers = items.into();
    Ok(())
}

/// `seatClassification` and `neighborhoodSection`.
fn merge_neighborhood(call: &Call<'_>, user: &mut User, body: &Fields) -> Result<(), Refusal> {
    if !body.contains_key("seatClassification") && !body.contains_key("neighborhoodSection") {
        return Ok(());
    }
    match call.settings.neighborhood_write {
        SilentWrite::Accept => {}
        SilentWrite::Ignore => return Ok(()),
        SilentWrite::Reject400 => {
            return Err(Refusal::invalid("seatClassification and neighborhoodSection cannot be set"));
        }
    }
    user.section = reference(call, body, "neighborhoodSection", Noun::Section, user.section)?;
    user.seating = match sent_text(body, "seatClassification")? {
        Sent::Absent => user.seating,
        Sent::Null if clears(call, "seatClassification")? => Seating::Unset,
        Sent::Null => user.seating,
        Sent::Value(text) => Seating::parse(&text)
            .ok_or_else(|| Refusal::invalid("seatClassification must be assigned, hybrid or remote"))?,
    };
    if !body.contains_key("seatClassification") {
        return Ok(());
    }
    match user.seating {
        Seating::Hybrid if user.section == 0 => Err(Refusal::invalid("hybrid needs a neighborhoodSection")),
        Seating::Assigned if user.room == 0 => Err(Refusal::invalid("assigned needs a room")),
        _ => Ok(()),
    }
}

/// any existing room will do, or a full one is refused.
fn check_seat(call: &Call<'_>, id: Id, room: Id) -> Result<(), Refusal> {
    if call.settings.seat_check == SeatCheck::Allow {
        return Ok(());
    }
    let seats = call.state.doc(Noun::Room, room).and_then(|room| room.number("capacity")).unwrap_or(1);
    let users = &call.state.users;
    let taken = users.in_room(room).iter().filter(|&&other| other != id && users.is_active(other)).count();
    if i64::try_from(taken).unwrap_or(i64::MAX) >= seats {
        return Err(Refusal::invalid(format!("room {room} is full")));
    }
    Ok(())
}

fn check_unique(call: &Call<'_>, id: Id, user: &User, body: &Fields) -> Result<(), Refusal> {
    let users = &call.state.users;
    let taken = |name: &str| users.by_user_name(name).is_some_and(|owner| owner != id);
    if body.contains_key("userName") && !user.text("userName").is_empty() && taken(user.text("userName")) {
        return Err(Refusal::invalid("userName is already in use"));
    }
    if call.settings.duplicate_email == DuplicateEmail::Reject400
        && body.contains_key("email")
        && !user.text("email").is_empty()
        && users.with_email(user.text("email")).any(|owner| owner != id && users.is_active(owner))
    {
        return Err(Refusal::invalid("email is already in use"));
    }
    Ok(())
}

/// the e-mail's local part, lower case, with a number where that is taken.
fn default_user_name(call: &Call<'_>, email: &str) -> String {
    let base = email.split('@').next().unwrap_or_default().to_lowercase();
    let mut name = base.clone();
    let mut number = 2_u32;
    while name.is_empty() || call.state.users.by_user_name(&name).is_some() {
        name = format!("{base}{number}");
        number += 1;
    }
    name
}

/// a create that omits a property its user type requires.
fn check_type_required(call: &Call<'_>, user: &User) -> Result<(), Refusal> {
    if !call.settings.type_required_checked {
        return Ok(());
    }
    let Some(kind) = call.state.doc(Noun::UserType, user.user_type) else { return Ok(()) };
    let fields = kind.get("fields").and_then(|fields| fields.as_array()).map_or(&[][..], Vec::as_slice);
    for field in fields {
        let required = field.get("required").and_then(serde_json::Value::as_bool).unwrap_or(false);
        let code = field.get("code").and_then(serde_json::Value::as_str).unwrap_or_default();
        if required && text_index(code).is_some() && user.text(code).is_empty() {
            return Err(Refusal::invalid(format!("{code} is required for {}", kind.name())));
        }
    }
    Ok(())
}
