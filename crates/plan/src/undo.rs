//! Taking operations back: their inverses, latest first, each compared with today's world. What somebody changed since
//! is left alone and named; what cannot come back is named too.

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    booking::Booking,
    clearance::GatedLine,
    desired::Because,
    door::DoorRights,
    id::{IdentityId, ReservationId},
    place::Catalogue,
    plan::{AccountPatch, Difference, Effect, Inverse, Operation, Outcome, Step},
};

use crate::{Removal, doors, lines::Line, seating::Seating};

/// One operation that was accepted.
#[derive(Debug, Clone)]
pub struct Done<'a> {
    pub operation: &'a Operation,
    pub outcome: &'a Outcome,
    pub inverse: Option<&'a Inverse>,
    pub at: Timestamp,
}

/// What today looks like.
pub struct Today<'a> {
    pub identity: &'a IdentityId,
    pub account: Option<&'a Account>,
    /// What the badge system acknowledged last, and for whom.
    pub doors: (&'a DoorRights, Option<&'a str>),
    /// Live future bookings of the account; `None`: not read.
    pub bookings: Option<&'a [Booking]>,
    pub catalogue: &'a Catalogue,
    pub seating: &'a Seating,
    pub removal: &'a Removal,
    pub now: Timestamp,
    /// Who takes it back, and why, in words.
    pub because: &'a str,
}

/// Something that an undo leaves as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Left {
    /// What it is, and why where that is not plain.
    pub what: String,
    /// Keys of the lines that would have taken it back; none: there is no such line.
    pub lines: Vec<String>,
}

impl Left {
    fn at<'a>(what: impl Into<String>, lines: impl IntoIterator<Item = Line<'a>>) -> Self {
        Self { what: what.into(), lines: lines.into_iter().map(|line| line.key()).collect() }
    }
}

/// What would be done to take operations back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Undo {
    pub steps: Vec<Step>,
    /// Cannot come back.
    pub lost: Vec<Left>,
    /// Changed by somebody since: left alone.
    pub moved: Vec<Left>,
    /// Is so already.
    pub already: Vec<String>,
    /// Lines that must stay away, so that the policy does not bring them at once.
    pub keep_away: Vec<GatedLine>,
}

/// Plans the inverse of `done` (in the order it was done) against today.
pub fn plan_undo(done: &[Done<'_>], today: &Today<'_>) -> Undo {
    let mut undo = Undo::default();
    let mut account = today.account.cloned();
    let mut doors = today.doors.0.clone();
    for one in done.iter().rev() {
        let Some(inverse) = one.inverse else {
            let what = format!(
                "{} of {}: what was there before is not on record",
                one.operation.name(),
                one.at.strftime("%Y-%m-%d %H:%M UTC")
            );
            undo.lost.push(Left::at(what, []));
            continue;
        };
        undo.lost.extend(inverse.lost.iter().map(|what| Left::at(what.as_str(), [])));
        undo.keep_away.extend(inverse.lines.iter().cloned());
        match (one.operation, inverse.ops.first()) {
            (
                Operation::SetDoors { holder, rights: wrote, .. },
                Some(Operation::SetDoors { rights: had, .. }),
            ) => take_back_doors(holder, wrote, had, &mut doors, today, &mut undo),
            _ => take_back(one, inverse, &mut account, today, &mut undo),
        }
    }
    // Nothing is booked for an inactive account.
    undo.steps.sort_by_key(|step| matches!(step.op, Operation::Book { .. } | Operation::HandOver { .. }));
    undo.keep_away.sort();
    undo.keep_away.dedup_by(|a, b| a.key == b.key);
    undo.lost.sort();
    undo.lost.dedup();
    undo
}

fn take_back(
    one: &Done<'_>,
    inverse: &Inverse,
    account: &mut Option<Account>,
    today: &Today<'_>,
    undo: &mut Undo,
) {
    let away = |key: &str, what: &str| GatedLine { key: key.into(), what: what.into() };
    match (one.operation, inverse.ops.first()) {
        (Operation::Create { .. } | Operation::Reactivate, _) => {
            // A live account would be switched on again under another name of the same wish.
            undo.keep_away.push(away("create", "+ account"));
            undo.keep_away.push(away("reactivate", "+ account"));
            if let Some(account) = account.as_mut().filter(|account| account.is_live()) {
                if let Operation::Create { patch: AccountPatch { seat: Some(Some(room)), .. } } =
                    one.operation
                {
                    // Nobody sits where an account is switched off.
                    let seat = |room| AccountPatch { seat: Some(room), ..AccountPatch::default() };
                    let (mut patch, mut told) = (AccountPatch::default(), Vec::new());
                    back(&seat(Some(*room)), &seat(None), account, &mut patch, &mut told, today, undo);
                    if !patch.is_empty() {
                        push(undo, today, Operation::Update { patch }, told, true);
                    }
                }
                let told = difference(Effect::Remove, "account", Some("active".into()), None, today);
                push(undo, today, Operation::Deactivate, vec![told], true);
            } else {
                undo.already.push("the account is inactive".into());
            }
        }
        (Operation::Deactivate, _) => {
            if account.as_ref().is_some_and(Account::is_live) {
                undo.already.push("the account is active".into());
                return;
            }
            let told =
                difference(Effect::Add, "account", Some("inactive".into()), Some("active".into()), today);
            push(undo, today, Operation::Reactivate, vec![told], false);
            if let Some(account) = account {
                account.active = Some(true);
            }
        }
        (Operation::SetRoles { roles: wrote }, Some(Operation::SetRoles { roles: had })) => {
            let centers: BTreeSet<_> = wrote.keys().chain(had.keys()).copied().collect();
            let line = |center| Line::Role(center, wrote.get(&center).copied(), had.get(&center).copied());
            let Some(now) = account.as_mut().and_then(|account| account.roles.as_mut()) else {
                let turned = centers.into_iter().filter(|center| wrote.get(center) != had.get(center));
                let what = "roles: they cannot be read today, so they are left alone";
                undo.moved.push(Left::at(what, turned.map(line)));
                return;
            };
            let mut told = Vec::new();
            let mut list = now.clone();
            for center in centers {
                let (to, from) = (had.get(&center).copied(), wrote.get(&center).copied());
                if to == from {
                    continue;
                }
                let what = format!("role in {}", today.catalogue.center_name(center));
                match now.get(&center).copied() {
                    current if current == to => undo.already.push(what),
                    current if current == from => {
                        match to {
                            Some(role) => list.insert(center, role),
                            None => list.remove(&center),
                        };
                        let word =
                            |role: Option<lanyard_model::account::Role>| role.map(|r| r.as_str().into());
                        let effect = if to > from { Effect::Add } else { Effect::Remove };
                        told.push(difference(effect, &what, word(from), word(to), today));
                    }
                    _ => undo.moved.push(Left::at(what, [line(center)])),
                }
            }
            if !told.is_empty() {
                now.clone_from(&list);
                let takes = told.iter().any(|d| d.effect == Effect::Remove);
                push(undo, today, Operation::SetRoles { roles: list }, told, takes);
            }
        }
        (Operation::Update { patch: wrote }, Some(Operation::Update { patch: had })) => {
            let Some(account) = account else { return };
            let mut patch = AccountPatch::default();
            let mut told = Vec::new();
            back(wrote, had, account, &mut patch, &mut told, today, undo);
            if !patch.is_empty() {
                let takes = told.iter().any(|d| d.effect == Effect::Remove);
                push(undo, today, Operation::Update { patch }, told, takes);
            }
        }
        (
            Operation::CancelBooking { booking },
            Some(Operation::Book { key, title, room, center, start, end }),
        ) => {
            if *start <= today.now {
                undo.lost.push(Left::at(format!("booking {booking}: its time is past"), [Line::Book(key)]));
                return;
            }
            let same =
                |known: &Booking| known.room == Some(*room) && known.start == *start && !known.cancelled;
            if today.bookings.is_some_and(|all| all.iter().any(same)) {
                undo.already.push(format!("{} is booked", today.catalogue.room_path(*room)));
                return;
            }
            let what =
                format!("{} on {}", today.catalogue.room_path(*room), start.strftime("%Y-%m-%d %H:%M UTC"));
            let told = difference(Effect::Add, "booking", None, Some(what), today);
            let op = Operation::Book {
                key: key.clone(),
                title: title.clone(),
                room: *room,
                center: *center,
                start: *start,
                end: *end,
            };
            push(undo, today, op, vec![told], false);
        }
        (Operation::HandOver { .. }, Some(Operation::HandOver { booking, from, to, start })) => {
            if *start <= today.now {
                undo.lost
                    .push(Left::at(format!("booking {booking}: its time is past"), [Line::HandOver(*to)]));
                return;
            }
            if today.bookings.is_some_and(|all| all.iter().any(|b| b.id == *booking && !b.cancelled)) {
                undo.already.push(format!("booking {booking} is theirs"));
                return;
            }
            let what = format!("booking {booking} on {}", start.strftime("%Y-%m-%d %H:%M UTC"));
            let back = Some(format!("account {to}"));
            let told = difference(Effect::Move, "booking", Some(what), back, today);
            let op = Operation::HandOver { booking: *booking, from: *from, to: *to, start: *start };
            push(undo, today, op, vec![told], false);
        }
        (Operation::Book { title, end, .. }, _) => match one.outcome {
            _ if *end <= today.now => {
                undo.lost.push(Left::at(format!("{title}: its time is past"), [Line::Cancel]));
            }
            Outcome::Done { made: Some(number), .. }
                if today.bookings.is_some_and(|all| all.iter().all(|b| b.cancelled || b.id.0 != *number)) =>
            {
                undo.already.push(format!("{title} is not booked any more"));
            }
            Outcome::Done { made: Some(number), .. } => {
                let told = difference(Effect::Remove, "booking", Some(title.clone()), None, today);
                let op = Operation::CancelBooking { booking: ReservationId(*number) };
                push(undo, today, op, vec![told], true);
            }
            _ => {
                let what = format!("{title}: its number is not known, cancel it in iOffice");
                undo.lost.push(Left::at(what, [Line::Cancel]));
            }
        },
        _ => {}
    }
}

/// Areas that still stand as told go back to what was told before.
fn take_back_doors(
    holder: &str,
    wrote: &DoorRights,
    had: &DoorRights,
    now: &mut DoorRights,
    today: &Today<'_>,
    undo: &mut Undo,
) {
    let areas: BTreeSet<&String> = wrote.keys().chain(had.keys()).collect();
    if today.doors.1.is_some_and(|known| known != holder) {
        let turned = areas.into_iter().filter(|area| wrote.get(*area) != had.get(*area));
        let lines = turned.map(|area| Line::Door(area, wrote.get(area).copied(), had.get(area).copied()));
        let what = format!("doors: they are no longer {holder} to the badge system");
        undo.moved.push(Left::at(what, lines));
        return;
    }
    let before = now.clone();
    let mut told = Vec::new();
    for area in areas {
        let (to, from) = (had.get(area).copied(), wrote.get(area).copied());
        if to == from {
            continue;
        }
        let what = doors::named(area);
        match now.get(area).copied() {
            current if current == to => undo.already.push(what),
            current if current == from => {
                match to {
                    Some(span) => now.insert(area.clone(), span),
                    None => now.remove(area),
                };
                let takes = to.is_none_or(|to| from.is_some_and(|from| to.is_less_than(&from)));
                let effect = if takes { Effect::Remove } else { Effect::Add };
                let word = |span: Option<lanyard_model::door::DoorSpan>| span.map(|span| span.to_string());
                told.push(difference(effect, &what, word(from), word(to), today));
            }
            _ => undo.moved.push(Left::at(what, [Line::Door(area, from, to)])),
        }
    }
    if !told.is_empty() {
        let takes = told.iter().any(|difference| difference.effect == Effect::Remove);
        let op = Operation::SetDoors { holder: holder.to_owned(), rights: now.clone(), had: before };
        push(undo, today, op, told, takes);
    }
}

/// The parts of a record update that still stand as written go back to what was there.
fn back(
    wrote: &AccountPatch,
    had: &AccountPatch,
    account: &mut Account,
    patch: &mut AccountPatch,
    told: &mut Vec<Difference>,
    today: &Today<'_>,
    undo: &mut Undo,
) {
    for (name, value) in &wrote.fields {
        let to = had.fields.get(name).cloned().flatten();
        let now = account.fields.get(name).cloned();
        if now == to {
            undo.already.push(name.to_string());
        } else if now != *value {
            undo.moved.push(Left::at(name.as_str(), [Line::Field(name, to.as_deref())]));
        } else if to.is_none() && ["firstName", "lastName", "email", "userName"].contains(&name.as_str()) {
            let what = format!("{name}: iOffice requires a value");
            undo.lost.push(Left::at(what, [Line::Field(name, None)]));
        } else {
            told.push(difference(Effect::Change, name.as_str(), now, to.clone(), today));
            match &to {
                Some(to) => account.fields.insert(*name, to.clone()),
                None => account.fields.remove(name),
            };
            patch.fields.insert(*name, to);
        }
    }
    if let (Some(value), Some(to)) = (wrote.user_type, had.user_type) {
        let now = account.user_type.as_ref().map(|(id, _)| *id);
        let name = |id| today.catalogue.user_types.get(&id).map_or_else(|| id.to_string(), |n| n.to_string());
        if now == Some(value) && to != value {
            told.push(difference(Effect::Change, "user type", Some(name(value)), Some(name(to)), today));
            account.user_type = Some((to, name(to).as_str().into()));
            patch.user_type = Some(to);
        } else if now != Some(to) {
            undo.moved.push(Left::at("user type", [Line::UserType(to.0)]));
        }
    }
    if let (Some(value), Some(to)) = (wrote.cost_center, had.cost_center) {
        if account.cost_center == value && to != value {
            let name = |item| today.catalogue.item_name(item);
            told.push(difference(Effect::Change, "cost center", value.map(name), to.map(name), today));
            account.cost_center = to;
            patch.cost_center = Some(to);
        } else if account.cost_center != to {
            undo.moved.push(Left::at("cost center", [Line::CostCenter(to)]));
        }
    }
    if let (Some(value), Some(to)) = (&wrote.items, &had.items) {
        match &mut account.items {
            None => {
                let taken = value.difference(to).map(|item| Line::Item(*item, false));
                let given = to.difference(value).map(|item| Line::Item(*item, true));
                undo.moved.push(Left::at("category items: they cannot be read today", taken.chain(given)));
            }
            Some(now) => {
                let mut list = now.clone();
                for item in value.difference(to).filter(|item| now.contains(item)) {
                    list.remove(item);
                    let name = today.catalogue.item_name(*item);
                    told.push(difference(Effect::Remove, "category item", Some(name), None, today));
                }
                for item in to.difference(value).filter(|item| !now.contains(item)) {
                    list.insert(*item);
                    let name = today.catalogue.item_name(*item);
                    told.push(difference(Effect::Add, "category item", None, Some(name), today));
                }
                if list != *now {
                    now.clone_from(&list);
                    patch.items = Some(list);
                }
            }
        }
    }
    if let (Some(value), Some(to)) = (wrote.seat, had.seat) {
        let now = account.seat.map(|seat| seat.room);
        let path = |room| today.catalogue.room_path(room);
        let line = Line::Seat(value, to);
        if now == to {
            undo.already.push("seat".into());
        } else if now != value {
            undo.moved.push(Left::at("seat", [line]));
        } else if let Some(room) = to.filter(|room| !today.seating.is_free_for(*room, today.identity)) {
            undo.lost.push(Left::at(format!("seat {}: it is taken, or gone", path(room)), [line]));
        } else {
            let effect = if to.is_some() { Effect::Move } else { Effect::Remove };
            told.push(difference(effect, "seat", now.map(path), to.map(path), today));
            account.seat = to.map(|room| lanyard_model::account::Seat { room, floor: None });
            patch.seat = Some(to);
        }
    }
    if let (Some(value), Some(to)) = (wrote.section, had.section) {
        let name = |section| today.catalogue.section_name(section);
        if account.section == value && to != value {
            let effect = if to.is_some() { Effect::Move } else { Effect::Remove };
            told.push(difference(effect, "section", value.map(name), to.map(name), today));
            account.section = to;
            patch.section = Some(to);
            if let Some(class) = &had.seat_class {
                patch.seat_class = Some(class.clone());
                account.seat_class = Some(class.clone());
            }
        } else if account.section != to {
            undo.moved.push(Left::at("section", [Line::Section(value, to)]));
        }
    } else if let (Some(value), Some(to)) = (&wrote.seat_class, &had.seat_class) {
        if account.seat_class.as_ref() == Some(value) && to != value {
            let word = |class: &str| Some(class.to_owned());
            told.push(difference(Effect::Change, "seat classification", word(value), word(to), today));
            account.seat_class = Some(to.clone());
            patch.seat_class = Some(to.clone());
        } else if account.seat_class.as_ref() != Some(to) {
            undo.moved.push(Left::at("seat classification", [Line::SeatClass(to)]));
        }
    }
}

fn push(undo: &mut Undo, today: &Today<'_>, op: Operation, differences: Vec<Difference>, destructive: bool) {
    let gate = match destructive {
        true => today.removal.gate_for_leaver(today.now),
        false => lanyard_model::plan::Gate::Open,
    };
    undo.steps.push(Step { op, differences, destructive, gate });
}

fn difference(
    effect: Effect,
    what: &str,
    from: Option<String>,
    to: Option<String>,
    today: &Today<'_>,
) -> Difference {
    let because = Because { rule: crate::clearing::UNDO.into(), row: None, text: today.because.to_owned() };
    Difference { effect, what: what.to_owned(), from, to, because: vec![because] }
}
