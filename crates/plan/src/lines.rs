//! The single changes inside an operation, by name; what undoes it; and operations cut in two along those names.
//!
//! Names are what clearances are about: the same change has the same name in every plan, however it is bundled with
//! others.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    account::{Account, FieldName, Role},
    booking::Booking,
    clearance::{ALL_BOOKINGS, GatedLine, bookings_to, door_given, item_given, role_given},
    door::DoorSpan,
    id::{AccountId, CenterId, ItemId, RoomId, SectionId},
    place::Catalogue,
    plan::{AccountPatch, Difference, Effect, Inverse, Operation, Step},
};

use crate::doors;

/// One change of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line<'a> {
    Create,
    Deactivate,
    Reactivate,
    Field(&'a FieldName, Option<&'a str>),
    UserType(i64),
    CostCenter(Option<ItemId>),
    Item(ItemId, bool),
    Seat(Option<RoomId>, Option<RoomId>),
    Section(Option<SectionId>, Option<SectionId>),
    SeatClass(&'a str),
    Role(CenterId, Option<Role>, Option<Role>),
    /// The roles before are not known: all of them go.
    AllRoles,
    Cancel,
    HandOver(AccountId),
    Book(&'a str),
    Announce(&'a str),
    Door(&'a str, Option<DoorSpan>, Option<DoorSpan>),
}

impl Line<'_> {
    pub(crate) fn key(&self) -> String {
        match self {
            Self::Create => "create".into(),
            Self::Deactivate => "deactivate".into(),
            Self::Reactivate => "reactivate".into(),
            Self::Field(name, Some(value)) => format!("field:{name}={value}"),
            Self::Field(name, None) => format!("field:{name}-"),
            Self::UserType(id) => format!("type:{id}"),
            Self::CostCenter(Some(item)) => format!("cost:{item}"),
            Self::CostCenter(None) => "cost-".into(),
            Self::Item(item, true) => item_given(*item),
            Self::Item(item, false) => format!("item-:{item}"),
            Self::Seat(_, Some(to)) => format!("seat+:{to}"),
            Self::Seat(from, None) => from.map_or_else(|| "seat-".into(), |from| format!("seat-:{from}")),
            Self::Section(_, Some(to)) => format!("section+:{to}"),
            Self::Section(from, None) => {
                from.map_or_else(|| "section-".into(), |from| format!("section-:{from}"))
            }
            Self::SeatClass(class) => format!("class:{class}"),
            Self::Role(center, from, Some(to)) if Some(*to) > *from => role_given(*center, *to),
            Self::Role(center, from, _) => format!("role-:{center}:{}", from.map_or("", Role::as_str)),
            Self::AllRoles => "roles-".into(),
            // Whatever is booked until it is carried out goes with it, the same way, to the same account.
            Self::Cancel => ALL_BOOKINGS.into(),
            Self::HandOver(to) => bookings_to(*to),
            Self::Book(key) => format!("booking+:{key}"),
            Self::Announce(key) => format!("visit+:{key}"),
            // Less time than before is taken away, and not asked for.
            Self::Door(area, Some(from), Some(to)) if to.is_less_than(from) => format!("door-:{area}"),
            Self::Door(area, _, Some(_)) => door_given(area),
            Self::Door(area, _, None) => format!("door-:{area}"),
        }
    }

    /// Whether a difference tells of this change.
    fn is_told_by(&self, difference: &Difference, catalogue: &Catalogue) -> bool {
        let what = difference.what.as_str();
        match self {
            Self::Create | Self::Deactivate | Self::Reactivate => what == "account",
            Self::Field(name, _) => {
                what == name.as_str()
                    || what.strip_suffix(" (default place)").is_some_and(|field| field == name.as_str())
            }
            Self::UserType(_) => what == "user type",
            Self::CostCenter(_) => what == "cost center",
            Self::Item(item, added) => {
                let name = catalogue.item_name(*item);
                let told = if *added { &difference.to } else { &difference.from };
                what == "category item" && told.as_deref() == Some(name.as_str())
            }
            Self::Seat(..) => what == "seat",
            Self::Section(..) => what == "section",
            Self::SeatClass(_) => what == "seat classification",
            Self::Role(center, ..) => {
                what.strip_prefix("role in ").is_some_and(|name| name == catalogue.center_name(*center))
            }
            Self::AllRoles => what == "all roles",
            Self::Cancel | Self::HandOver(_) | Self::Book(_) => what == "booking",
            Self::Announce(_) => what == "visit",
            Self::Door(area, ..) => what == doors::named(area),
        }
    }

    fn said(&self, step: &Step, catalogue: &Catalogue) -> String {
        let told = step.differences.iter().find(|difference| self.is_told_by(difference, catalogue));
        told.map_or_else(|| self.key(), sentence)
    }
}

/// `+ role in Harborlight Reservations: CUSTOMER`.
pub fn sentence(difference: &Difference) -> String {
    let (symbol, what) = (difference.effect.symbol(), &difference.what);
    match (&difference.from, &difference.to) {
        (Some(from), Some(to)) => format!("{symbol} {what}: {from} -> {to}"),
        (None, Some(value)) | (Some(value), None) => format!("{symbol} {what}: {value}"),
        (None, None) => format!("{symbol} {what}"),
    }
}

/// Whether an account has what a line gives or takes: the role (or a stronger one), the item, a seat on the floor, the
/// section. `None`: nothing that one has or has not (a field, a booking), or it could not be read.
pub fn holds(
    account: &Account,
    key: &str,
    floor_of: impl Fn(RoomId) -> Option<lanyard_model::id::FloorId>,
) -> Option<bool> {
    let (verb, rest) = key.split_once(':')?;
    let mut parts = rest.split(':');
    let number: i64 = parts.next()?.parse().ok()?;
    match verb {
        "role+" | "role-" => {
            let role = Role::parse(parts.next()?)?;
            let held = account.roles.as_ref()?.get(&CenterId(number));
            Some(held.is_some_and(|held| *held >= role))
        }
        "item+" | "item-" => Some(account.items.as_ref()?.contains(&ItemId(number))),
        "cost" => Some(account.cost_center == Some(ItemId(number))),
        "section+" | "section-" => Some(account.section == Some(SectionId(number))),
        "seat+" | "seat-" => {
            let floor = floor_of(RoomId(number))?;
            Some(account.seat.as_ref().is_some_and(|seat| floor_of(seat.room) == Some(floor)))
        }
        _ => None,
    }
}

fn of<'a>(op: &'a Operation, before: Option<&'a Account>) -> Vec<Line<'a>> {
    match op {
        Operation::Create { patch } => {
            let mut all = vec![Line::Create];
            of_patch(patch, None, &mut all);
            all
        }
        Operation::Update { patch } => {
            let mut all = Vec::new();
            of_patch(patch, before, &mut all);
            all
        }
        Operation::SetRoles { roles } => {
            let Some(had) = before.map_or(Some(&NO_ROLES), |account| account.roles.as_ref()) else {
                return vec![Line::AllRoles];
            };
            let centers: BTreeSet<_> = had.keys().chain(roles.keys()).copied().collect();
            centers
                .into_iter()
                .map(|center| (center, had.get(&center).copied(), roles.get(&center).copied()))
                .filter(|(_, from, to)| from != to)
                .map(|(center, from, to)| Line::Role(center, from, to))
                .collect()
        }
        Operation::Deactivate => vec![Line::Deactivate],
        Operation::Reactivate => vec![Line::Reactivate],
        Operation::CancelBooking { .. } => vec![Line::Cancel],
        Operation::HandOver { to, .. } => vec![Line::HandOver(*to)],
        Operation::Book { key, .. } => vec![Line::Book(key)],
        Operation::Announce { visit } => vec![Line::Announce(&visit.key)],
        Operation::SetDoors { rights, had, .. } => {
            let areas: BTreeSet<&String> = had.keys().chain(rights.keys()).collect();
            areas
                .into_iter()
                .map(|area| (area, had.get(area).copied(), rights.get(area).copied()))
                .filter(|(_, from, to)| from != to)
                .map(|(area, from, to)| Line::Door(area, from, to))
                .collect()
        }
    }
}

static NO_ROLES: BTreeMap<CenterId, Role> = BTreeMap::new();

fn of_patch<'a>(patch: &'a AccountPatch, before: Option<&'a Account>, all: &mut Vec<Line<'a>>) {
    all.extend(patch.fields.iter().map(|(name, value)| Line::Field(name, value.as_deref())));
    all.extend(patch.user_type.map(|kind| Line::UserType(kind.0)));
    all.extend(patch.cost_center.map(Line::CostCenter));
    if let Some(items) = &patch.items {
        let none = BTreeSet::new();
        let had = before.and_then(|account| account.items.as_ref()).unwrap_or(&none);
        all.extend(items.difference(had).map(|item| Line::Item(*item, true)));
        all.extend(had.difference(items).map(|item| Line::Item(*item, false)));
    }
    if let Some(seat) = patch.seat {
        all.push(Line::Seat(before.and_then(|account| account.seat).map(|seat| seat.room), seat));
    }
    if let Some(section) = patch.section {
        all.push(Line::Section(before.and_then(|account| account.section), section));
    } else if let Some(class) = &patch.seat_class {
        all.push(Line::SeatClass(class));
    }
}

/// The changes inside a step, by key. `before` is the account as the step was planned on it.
pub fn lines(step: &Step, before: Option<&Account>, catalogue: &Catalogue) -> Vec<GatedLine> {
    let mut all: Vec<_> = of(&step.op, before)
        .iter()
        .map(|line| GatedLine { key: line.key(), what: line.said(step, catalogue) })
        .collect();
    all.sort();
    all.dedup_by(|a, b| a.key == b.key);
    all
}

/// The changes inside a step with the rules that want them, in the order of the reasons.
pub fn told(step: &Step, before: Option<&Account>, catalogue: &Catalogue) -> Vec<(GatedLine, Vec<String>)> {
    let all = of(&step.op, before);
    all.iter()
        .map(|line| {
            let differences = step.differences.iter().filter(|one| line.is_told_by(one, catalogue));
            let rules =
                differences.flat_map(|one| &one.because).map(|because| because.rule.clone()).collect();
            (GatedLine { key: line.key(), what: line.said(step, catalogue) }, rules)
        })
        .collect()
}

/// Keys only.
pub fn keys(op: &Operation, before: Option<&Account>) -> BTreeSet<String> {
    of(op, before).iter().map(Line::key).collect()
}

/// What a line is about, whichever way it goes: to give something and to take it back are two lines of one thing.
pub fn thing(key: &str) -> (&str, &str) {
    let (verb, rest) = key.split_once(':').unwrap_or((key, ""));
    let verb = verb.trim_end_matches(['+', '-']);
    match verb {
        "create" | "reactivate" | "deactivate" => ("account", ""),
        // An account has one of them, whichever it is.
        "seat" | "section" | "class" | "cost" | "type" => (verb, ""),
        "field" => (verb, rest.split_once('=').map_or(rest.trim_end_matches('-'), |(name, _)| name)),
        "role" => (verb, rest.split(':').next().unwrap_or(rest)),
        _ => (verb, rest),
    }
}

/// Cuts a step in two: what `apart` names, and the rest. Either may be nothing. What the target takes only as a whole
/// list goes out whole in both, each with its own changes.
pub fn split(
    step: Step,
    before: Option<&Account>,
    catalogue: &Catalogue,
    apart: &dyn Fn(&str) -> bool,
) -> (Option<Step>, Option<Step>) {
    let all = of(&step.op, before);
    let (taken, left): (Vec<_>, Vec<_>) = all.into_iter().partition(|line| apart(&line.key()));
    if taken.is_empty() {
        return (Some(step), None);
    }
    if left.is_empty() || taken.contains(&Line::Create) {
        return (None, Some(step));
    }
    let (rest, cut) = match &step.op {
        Operation::SetRoles { roles } => {
            let had = before.and_then(|account| account.roles.clone()).unwrap_or_default();
            let with = |lines: &[Line<'_>]| {
                let mut list = had.clone();
                for line in lines {
                    let Line::Role(center, _, _) = line else { continue };
                    match roles.get(center) {
                        Some(role) => list.insert(*center, *role),
                        None => list.remove(center),
                    };
                }
                Operation::SetRoles { roles: list }
            };
            (with(&left), with(&taken))
        }
        Operation::SetDoors { holder, rights, had } => {
            let with = |lines: &[Line<'_>]| {
                let mut list = had.clone();
                for line in lines {
                    let Line::Door(area, _, _) = line else { continue };
                    match rights.get(*area) {
                        Some(span) => list.insert((*area).to_owned(), *span),
                        None => list.remove(*area),
                    };
                }
                Operation::SetDoors { holder: holder.clone(), rights: list, had: had.clone() }
            };
            (with(&left), with(&taken))
        }
        Operation::Create { patch } => {
            let rest = part(patch, None, &left);
            (Operation::Create { patch: rest }, Operation::Update { patch: part(patch, None, &taken) })
        }
        Operation::Update { patch } => (
            Operation::Update { patch: part(patch, before, &left) },
            Operation::Update { patch: part(patch, before, &taken) },
        ),
        // One change each: nothing to cut.
        _ => return (None, Some(step)),
    };
    let (told, others): (Vec<_>, Vec<_>) = step
        .differences
        .iter()
        .cloned()
        .partition(|difference| taken.iter().any(|line| line.is_told_by(difference, catalogue)));
    let takes_away = |differences: &[Difference]| {
        step.destructive && differences.iter().any(|difference| difference.effect == Effect::Remove)
    };
    let rest =
        Step { op: rest, destructive: takes_away(&others), differences: others, gate: step.gate.clone() };
    let cut = Step { op: cut, destructive: takes_away(&told), differences: told, gate: step.gate.clone() };
    (Some(rest), Some(cut))
}

/// The parts of a patch that these lines are about.
fn part(patch: &AccountPatch, before: Option<&Account>, lines: &[Line<'_>]) -> AccountPatch {
    let mut part = AccountPatch::default();
    let mut items = before.and_then(|account| account.items.clone()).unwrap_or_default();
    for line in lines {
        match line {
            Line::Field(name, value) => {
                part.fields.insert(**name, value.map(str::to_owned));
            }
            Line::UserType(_) => part.user_type = patch.user_type,
            Line::CostCenter(to) => part.cost_center = Some(*to),
            Line::Item(item, added) => {
                if *added {
                    items.insert(*item);
                } else {
                    items.remove(item);
                }
                part.items = Some(items.clone());
            }
            Line::Seat(_, to) => part.seat = Some(*to),
            Line::Section(_, to) => {
                part.section = Some(*to);
                part.seat_class.clone_from(&patch.seat_class);
            }
            Line::SeatClass(_) => part.seat_class.clone_from(&patch.seat_class),
            _ => {}
        }
    }
    part
}

/// What brings back what was there before an operation. `booking` is the one it cancels, as last read.
pub fn invert(
    step: &Step,
    before: Option<&Account>,
    booking: Option<&Booking>,
    catalogue: &Catalogue,
) -> Inverse {
    let mut inverse = Inverse { lines: lines(step, before, catalogue), ..Inverse::default() };
    match &step.op {
        Operation::Create { .. } => {
            inverse.ops.push(Operation::Deactivate);
            inverse.lost.push("the account's record stays in iOffice, inactive: the API cannot delete it".into());
        }
        Operation::Update { patch } => {
            let Some(before) = before else {
                inverse.lost.push("what the record showed before is not known".into());
                return inverse;
            };
            inverse.ops.push(Operation::Update { patch: back(patch, before, &mut inverse.lost) });
        }
        Operation::SetRoles { .. } => match before.map_or(Some(NO_ROLES.clone()), |a| a.roles.clone()) {
            Some(roles) => inverse.ops.push(Operation::SetRoles { roles }),
            None => inverse.lost.push("the roles before could not be read".into()),
        },
        Operation::Deactivate => inverse.ops.push(Operation::Reactivate),
        Operation::Reactivate => inverse.ops.push(Operation::Deactivate),
        Operation::CancelBooking { booking: id } => {
            let of = booking.and_then(|booking| Some((booking, booking.room?, booking.center?)));
            let Some((booking, room, center)) = of else {
                inverse.lost.push(format!("booking {id}: room or center is not known"));
                return inverse;
            };
            inverse.ops.push(Operation::Book {
                key: format!("undo:{id}"),
                title: "Booking given back".into(),
                room,
                center,
                start: booking.start,
                end: booking.end,
            });
            inverse.lost.push(format!("booking {id} comes back with another number, without guests or title"));
        }
        Operation::HandOver { booking, from, to, start } => inverse.ops.push(Operation::HandOver {
            booking: *booking,
            from: *to,
            to: *from,
            start: *start,
        }),
        Operation::SetDoors { holder, rights, had } => inverse.ops.push(Operation::SetDoors {
            holder: holder.clone(),
            rights: had.clone(),
            had: rights.clone(),
        }),
        // The number of what was made is in the outcome.
        Operation::Book { .. } => {}
        Operation::Announce { visit } => inverse.lost.push(format!(
            "the visit of {} {} was announced: the API cannot withdraw it, check it out in the visitor center",
            visit.first_name, visit.last_name
        )),
    }
    inverse
}

/// The values before of everything the patch touches.
fn back(patch: &AccountPatch, before: &Account, lost: &mut Vec<String>) -> AccountPatch {
    let mut back = AccountPatch {
        fields: patch.fields.keys().map(|name| (*name, before.fields.get(name).cloned())).collect(),
        ..AccountPatch::default()
    };
    if patch.user_type.is_some() {
        match &before.user_type {
            Some((id, _)) => back.user_type = Some(*id),
            None => lost.push("the user type before: there was none, and the API cannot clear it".into()),
        }
    }
    if patch.cost_center.is_some() {
        back.cost_center = Some(before.cost_center);
    }
    if patch.items.is_some() {
        match &before.items {
            Some(items) => back.items = Some(items.clone()),
            None => lost.push("the category items before could not be read".into()),
        }
    }
    if patch.seat.is_some() {
        back.seat = Some(before.seat.map(|seat| seat.room));
    }
    if patch.section.is_some() {
        back.section = Some(before.section);
    }
    if patch.seat_class.is_some() {
        match &before.seat_class {
            Some(class) => back.seat_class = Some(class.clone()),
            None => lost.push("the seat classification before could not be read".into()),
        }
    }
    back
}

#[cfg(test)]
mod tests {
    use super::thing;

    #[test]
    fn to_give_and_to_take_back_are_about_one_thing() {
        for (given, back) in [
            ("role+:51:CUSTOMER", "role-:51:CUSTOMER"),
            ("item+:9", "item-:9"),
            ("door+:Pier House", "door-:Pier House"),
            ("seat+:12", "seat-:12"),
            ("seat+:12", "seat+:7"),
            ("section+:3", "section-"),
            ("cost:4", "cost-"),
            ("field:jobTitle=Advisor", "field:jobTitle=Clerk"),
            ("field:jobTitle=Advisor", "field:jobTitle-"),
            ("create", "deactivate"),
        ] {
            assert_eq!(thing(given), thing(back), "{given} {back}");
        }
        for (one, other) in [
            ("role+:51:CUSTOMER", "role-:52:CUSTOMER"),
            ("role+:9:CUSTOMER", "item-:9"),
            ("field:jobTitle=a", "field:phone-"),
            ("seat+:12", "section+:12"),
        ] {
            assert_ne!(thing(one), thing(other), "{one} {other}");
        }
    }
}
