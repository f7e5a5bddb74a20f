//! Values that we had set, that policy still wants, and that another hand has changed since. Where policy does not have
//! them repaired (`[reactions] linked`), they are left as they are shown.

use lanyard_model::{
    account::{Account, FieldName, Role},
    desired::{Applied, Desired, Lifecycle, SeatWish, Want},
    fold,
    id::{CenterId, ItemId, RoomId, SectionId},
    place::Catalogue,
    plan::Plan,
};

use crate::{Observation, Seen, Setting, plan_identity, seating::Seating};

/// What an item is called: several of one person share it.
pub const ITEM: &str = "category item";

/// One such value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drifted {
    thing: Thing,
    /// `jobTitle`, `seat`, `role in Reservations`.
    pub what: String,
    pub wanted: String,
    pub shown: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Thing {
    Field(FieldName),
    Role(CenterId, Role),
    Item(ItemId),
    CostCenter(ItemId),
    Seat(RoomId),
    Section(SectionId),
}

/// As [`plan_identity`]; with `why`, nothing is planned for what somebody changed, and a note says so. Answers those values.
pub fn plan_leaving(
    desired: &Desired,
    seen: &Observation<'_>,
    setting: &Setting<'_>,
    why: Option<&str>,
) -> (Plan, Vec<Drifted>) {
    let drifted = match (why, seen.account) {
        (Some(_), Seen::Present(account)) => {
            drifted(desired, account, seen.applied, setting.catalogue, setting.seating)
        }
        _ => Vec::new(),
    };
    let (Some(why), false) = (why, drifted.is_empty()) else {
        return (plan_identity(desired, seen, setting), drifted);
    };
    let mut as_shown = desired.clone();
    for one in &drifted {
        leave(&mut as_shown, seen, &one.thing);
        as_shown.problems.push(format!(
            "{} stays \"{}\", although policy wants \"{}\": somebody changed it ({why})",
            one.what, one.shown, one.wanted
        ));
    }
    (plan_identity(&as_shown, seen, setting), drifted)
}

/// What somebody changed of what we had set and policy still wants. Of people who are there, with live accounts.
pub fn drifted(
    desired: &Desired,
    account: &Account,
    applied: &Applied,
    catalogue: &Catalogue,
    seating: &Seating,
) -> Vec<Drifted> {
    if !matches!(desired.lifecycle, Lifecycle::Active) || !account.is_live() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let mut add = |thing, what: String, wanted: String, shown: Option<String>| {
        all.push(Drifted { thing, what, wanted, shown: shown.unwrap_or_else(|| "none".into()) });
    };
    for (name, want) in &desired.fields {
        let (wanted, shown) = (want.value.trim(), account.fields.get(name).map_or("", String::as_str));
        let spelling = name.as_str() == "userName" && fold::text(shown) == fold::text(wanted);
        if applied.fields.get(name).is_some_and(|set| set == wanted) && shown != wanted && !spelling {
            add(Thing::Field(*name), name.to_string(), wanted.into(), Some(shown.into()));
        }
    }
    for (center, want) in &desired.roles {
        let Some(roles) = &account.roles else { break };
        let shown = roles.get(center);
        if applied.roles.get(center) == Some(&want.value) && shown != Some(&want.value) {
            let what = format!("role in {}", catalogue.center_name(*center));
            let shown = shown.map(|role| role.as_str().to_owned());
            add(Thing::Role(*center, want.value), what, want.value.as_str().into(), shown);
        }
    }
    for item in desired.items.keys().filter(|item| applied.items.contains(item)) {
        if account.items.as_ref().is_some_and(|held| !held.contains(item)) {
            add(Thing::Item(*item), ITEM.into(), catalogue.item_name(*item), None);
        }
    }
    if let Some(want) = &desired.cost_center
        && applied.cost_center == Some(want.value)
        && account.cost_center != Some(want.value)
    {
        let shown = account.cost_center.map(|item| catalogue.item_name(item));
        let wanted = catalogue.item_name(want.value);
        add(Thing::CostCenter(want.value), "cost center".into(), wanted, shown);
    }
    let room = account.seat.map(|seat| seat.room);
    match (desired.seat.as_ref().map(|want| &want.value), applied.seat, applied.section) {
        (Some(SeatWish::Desk { floors, kinds, rooms, .. }), Some(given), _)
            if room != Some(given) && !room.is_some_and(|room| seating.fits(room, floors, kinds, rooms)) =>
        {
            let shown = room.map(|room| catalogue.room_path(room));
            add(Thing::Seat(given), "seat".into(), catalogue.room_path(given), shown);
        }
        (Some(SeatWish::Section { section }), _, Some(given))
            if given == *section && account.section != Some(given) =>
        {
            let shown = account.section.map(|section| catalogue.section_name(section));
            add(Thing::Section(given), "section".into(), catalogue.section_name(given), shown);
        }
        _ => {}
    }
    all
}

/// Wants what is shown instead of what was set.
fn leave(desired: &mut Desired, seen: &Observation<'_>, thing: &Thing) {
    let Seen::Present(account) = seen.account else { return };
    match thing {
        Thing::Field(name) => {
            if let Some(want) = desired.fields.get_mut(name) {
                want.value = account.fields.get(name).cloned().unwrap_or_default();
            }
        }
        Thing::Role(center, _) => {
            match (account.roles.as_ref().and_then(|roles| roles.get(center)), desired.roles.get_mut(center))
            {
                (Some(shown), Some(Want { value, .. })) => *value = *shown,
                _ => drop(desired.roles.remove(center)),
            }
        }
        Thing::Item(item) => drop(desired.items.remove(item)),
        Thing::CostCenter(_) => desired.cost_center = None,
        Thing::Seat(_) | Thing::Section(_) => (desired.seat, desired.place_note) = (None, None),
    }
}

/// What is left as it is stays ours: policy may have it repaired another day.
pub fn keep(applied: &mut Applied, drifted: &[Drifted]) {
    for one in drifted {
        match &one.thing {
            Thing::Field(_) | Thing::CostCenter(_) => {}
            Thing::Role(center, role) => drop(applied.roles.insert(*center, *role)),
            Thing::Item(item) => drop(applied.items.insert(*item)),
            Thing::Seat(room) => applied.seat = Some(*room),
            Thing::Section(section) => applied.section = Some(*section),
        }
    }
}
