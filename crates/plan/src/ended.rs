//! Taking access back: leavers wholly, people on leave only as far as the rule says. Order matters: an inactive
//! account cannot be edited (contract A-26), so it is emptied first and deactivated then.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    booking::Booking,
    desired::{Desired, Ending, KeptBookings, Loses, ToDo},
    fold,
    plan::{AccountPatch, Difference, Effect, Gate, Operation, Plan, Step},
};

use crate::{Observation, Seen, Setting, doors, identity::added};

/// Everything the API can take back, then the to-dos for what it cannot.
pub(crate) fn plan_ended(
    plan: &mut Plan,
    desired: &Desired,
    ending: (Ending, Option<Timestamp>),
    seen: &Observation<'_>,
    setting: &Setting<'_>,
) {
    let gate = match ending.0 {
        // Groups and attributes arrive one by one: a scope that is left for a moment is not left.
        Ending::LeftScope => setting.removal.gate(setting.now),
        _ => setting.removal.gate_for_leaver(setting.now),
    };
    match seen.account {
        Seen::NotRead => {
            plan.notes.push("the account was not read: nothing is planned".into());
            return;
        }
        Seen::Absent
            if seen.link.is_none()
                && seen.applied.doors.is_empty()
                && seen.applied.doors_unsure.is_empty() =>
        {
            return;
        }
        Seen::Absent => {
            plan.ending = Some(ending);
            doors::plan_no_doors(plan, desired, seen.applied, &gate);
        }
        Seen::Present(account) => {
            plan.ending = Some(ending);
            doors::plan_no_doors(plan, desired, seen.applied, &gate);
            if account.is_live() {
                empty_roles(plan, desired, account, &gate, setting);
                empty_record(plan, desired, account, &gate, setting);
                plan.steps.push(taken(
                    Operation::Deactivate,
                    vec![removed("account", "active".into(), desired)],
                    &gate,
                ));
            } else if account.roles.as_ref().is_some_and(|roles| !roles.is_empty()) || account.seat.is_some()
            {
                plan.notes.push(
                    "the account was already inactive; what it still shows cannot be edited through the API and gives no access"
                        .into(),
                );
            }
        }
    }
    cancel_bookings(plan, desired, seen.bookings, &gate, setting);
    for key in seen.applied.visits.keys() {
        let key = format!("visit-checkout:{key}");
        if desired.todos.iter().any(|todo| todo.value.key == key) {
            continue;
        }
        plan.todos.push(ToDo {
            key,
            what: format!("check {} out at the visitor desk", setting.person),
            how: "the iOffice API cannot end a visit: check the visitor out, or withdraw the badge, in the visitor center".into(),
        });
    }
}

/// Only what the leave rule names. What policy does not itself give is remembered, and given back on return.
pub(crate) fn plan_paused(
    plan: &mut Plan,
    desired: &Desired,
    loses: Loses,
    seen: &Observation<'_>,
    setting: &Setting<'_>,
) {
    let gate = setting.removal.gate_for_leaver(setting.now);
    if loses.doors && !matches!(seen.account, Seen::NotRead) {
        doors::plan_no_doors(plan, desired, seen.applied, &gate);
    }
    let Seen::Present(account) = seen.account else { return };
    if !account.is_live() {
        return;
    }
    if loses.roles {
        empty_roles(plan, desired, account, &gate, setting);
    }
    let mut patch = AccountPatch::default();
    let mut differences = Vec::new();
    if loses.items
        && let Some(items) = &account.items
        && !items.is_empty()
    {
        patch.items = Some(Default::default());
        differences.extend(
            items.iter().map(|item| removed("category item", setting.catalogue.item_name(*item), desired)),
        );
    }
    if loses.seat {
        lose_seat(&mut patch, &mut differences, desired, account, setting);
    }
    if !patch.is_empty() {
        plan.steps.push(taken(Operation::Update { patch }, differences, &gate));
    }
    if loses.account {
        plan.steps.push(taken(
            Operation::Deactivate,
            vec![removed("account", "active".into(), desired)],
            &gate,
        ));
    }
    if loses.bookings {
        cancel_bookings(plan, desired, seen.bookings, &gate, setting);
    }
}

fn empty_roles(plan: &mut Plan, desired: &Desired, account: &Account, gate: &Gate, setting: &Setting<'_>) {
    let differences = match &account.roles {
        Some(roles) if roles.is_empty() => return,
        Some(roles) => roles
            .iter()
            .map(|(center, role)| {
                removed(
                    &format!("role in {}", setting.catalogue.center_name(*center)),
                    role.as_str().into(),
                    desired,
                )
            })
            .collect(),
        // Not readable: the whole-list write is right under every reading.
        None => vec![removed("all roles", "not readable".into(), desired)],
    };
    plan.steps.push(taken(Operation::SetRoles { roles: BTreeMap::new() }, differences, gate));
}

fn empty_record(plan: &mut Plan, desired: &Desired, account: &Account, gate: &Gate, setting: &Setting<'_>) {
    let mut patch = AccountPatch::default();
    let mut differences = Vec::new();
    lose_seat(&mut patch, &mut differences, desired, account, setting);
    if let Some(items) = &account.items
        && !items.is_empty()
    {
        patch.items = Some(Default::default());
        differences.extend(
            items.iter().map(|item| removed("category item", setting.catalogue.item_name(*item), desired)),
        );
    }
    if !patch.is_empty() {
        plan.steps.push(taken(Operation::Update { patch }, differences, gate));
    }
}

fn lose_seat(
    patch: &mut AccountPatch,
    differences: &mut Vec<Difference>,
    desired: &Desired,
    account: &Account,
    setting: &Setting<'_>,
) {
    if let Some(seat) = account.seat {
        patch.seat = Some(None);
        differences.push(removed("seat", setting.catalogue.room_path(seat.room), desired));
    }
    if let Some(section) = account.section {
        patch.section = Some(None);
        if account.seat_class.as_deref() == Some("hybrid") {
            // `hybrid` demands a section.
            patch.seat_class = Some(Arc::from("remote"));
        }
        differences.push(removed("section", setting.catalogue.section_name(section), desired));
    }
}

fn cancel_bookings(
    plan: &mut Plan,
    desired: &Desired,
    bookings: Option<&[Booking]>,
    gate: &Gate,
    setting: &Setting<'_>,
) {
    let Some(bookings) = bookings else {
        plan.notes.push("future bookings were not read yet".into());
        return;
    };
    for booking in bookings.iter().filter(|b| !b.cancelled && b.end > setting.now) {
        let room = booking.room.map_or_else(|| "a room".to_owned(), |room| setting.catalogue.room_path(room));
        let when = booking.start.strftime("%Y-%m-%d %H:%M UTC");
        if let Some(kept) = kept(booking, desired, setting) {
            plan.notes.push(format!("the booking of {room} on {when} is kept: {}", kept.because.text));
            if let Some(to) = kept.to.filter(|to| kept.hand_over && *to != booking.host) {
                let whose = if kept.to_delegate { "of whoever stands in for them" } else { "the manager's" };
                plan.steps.push(taken(
                    Operation::HandOver { booking: booking.id, from: booking.host, to, start: booking.start },
                    vec![Difference {
                        effect: Effect::Move,
                        what: "booking".into(),
                        from: Some(format!("{room}, {when}")),
                        to: Some(format!("account {to}, {whose}")),
                        // And why they lose it at all: what that rule asks first is asked of this, too.
                        because: std::iter::once(&kept.because).chain(&desired.because).cloned().collect(),
                    }],
                    gate,
                ));
            } else if kept.hand_over {
                let why = match &kept.refused {
                    Some(why) => why.as_str(),
                    None => "their manager has no account here",
                };
                plan.todos.push(ToDo {
                    key: format!("hand-over:{}", booking.id),
                    what: format!("hand over {}'s booking of {room} on {when}", setting.person),
                    how: format!("{why}: open the reservation in iOffice and set another user, or cancel it"),
                });
            }
            continue;
        }
        if !booking.made_here {
            plan.notes.push(format!(
                "the booking of {room} on {when} comes from a calendar, which may bring it back: each comparison looks for it"
            ));
        }
        plan.steps.push(taken(
            Operation::CancelBooking { booking: booking.id },
            vec![removed("booking", format!("{room}, {when}"), desired)],
            gate,
        ));
    }
}

/// The rule by which a booking stays that would go, if it does.
fn kept<'a>(booking: &Booking, desired: &'a Desired, setting: &Setting<'_>) -> Option<&'a KeptBookings> {
    let kind =
        booking.room.and_then(|room| setting.catalogue.rooms.get(&room)).map(|room| fold::text(&room.kind));
    // A space that is not known is of no kind: only a rule about all of them concerns it.
    let fits = |rule: &&KeptBookings| {
        rule.kinds.is_empty() || kind.as_ref().is_some_and(|kind| rule.kinds.contains(kind))
    };
    desired.keeps.iter().find(fits).filter(|rule| booking.start < rule.until)
}

fn taken(op: Operation, differences: Vec<Difference>, gate: &Gate) -> Step {
    Step { op, differences, destructive: true, gate: gate.clone() }
}

fn removed(what: &str, from: String, desired: &Desired) -> Difference {
    let mut difference = added(what, "", &desired.because);
    difference.effect = Effect::Remove;
    difference.from = Some(from);
    difference.to = None;
    difference
}
