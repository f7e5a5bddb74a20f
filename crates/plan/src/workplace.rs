//! Seats, sections, day-one bookings and visits.

use std::sync::Arc;

use lanyard_model::{
    account::Account,
    desired::{Applied, Because, Desired, PlaceNote, SeatWish, Want},
    id::{CenterId, FloorId, RoomId, SectionId},
    plan::{AccountPatch, Difference, Effect, Gate, Operation, Plan, Step},
};

use crate::{Observation, Setting, identity::added};

/// Puts the wanted seat into the patch. A seat that already satisfies the wish stays, whoever gave it. Without a
/// free desk the declared field notes the default place, and a sentence says so.
pub(crate) fn plan_seat(
    patch: &mut AccountPatch,
    differences: &mut Vec<Difference>,
    plan: &mut Plan,
    desired: &Desired,
    account: Option<&Account>,
    setting: &Setting<'_>,
) {
    let seat = account.and_then(|a| a.seat);
    let section = account.and_then(|a| a.section);
    if desired.left_alone.seat && (seat.is_some() || section.is_some()) {
        return;
    }
    match &desired.seat {
        None => note_place(patch, differences, desired.place_note.as_ref(), account),
        Some(Want { value: SeatWish::Desk { floors, kinds, rooms, near }, because }) => {
            if seat.is_some_and(|seat| setting.seating.fits(seat.room, floors, kinds, rooms)) {
                return;
            }
            match setting.seating.choose(&desired.identity, floors, kinds, rooms, near.as_ref()) {
                Some(room) if seat.is_some() && setting.removal.forbids() => {
                    // Another desk would take this one away.
                    plan.notes.push(format!(
                        "keeps the desk held now, although {} would do better: nothing may be taken away",
                        setting.catalogue.room_path(room)
                    ));
                }
                Some(room) => {
                    patch.seat = Some(Some(room));
                    differences.push(moved_seat(seat.map(|s| s.room), room, because, setting));
                    if account.and_then(|a| a.seat_class.as_deref()) == Some("remote") {
                        // Whoever worked away until now does not any more.
                        patch.seat_class = Some(Arc::from("assigned"));
                        differences.push(added("seat classification", "assigned", because));
                    }
                }
                None => {
                    let place = setting.seating.place_in_line(&desired.identity, floors, rooms);
                    let list = floor_list(floors, setting);
                    plan.notes.push(format!("no free desk on {list}: number {place} on the waiting list"));
                    plan.todos.push(lanyard_model::desired::ToDo {
                        key: "desk".into(),
                        what: format!("find a desk for {}", setting.person),
                        how: format!(
                            "free or add a desk on {list}: it goes to whoever waits longest ({} is number {place})",
                            setting.person
                        ),
                    });
                    note_place(patch, differences, desired.place_note.as_ref(), account);
                }
            }
        }
        Some(Want { value: SeatWish::Section { section: wanted }, because }) => {
            if section == Some(*wanted) {
                return;
            }
            if section.is_some() && setting.removal.forbids() {
                plan.notes.push("keeps the section held now: nothing may be taken away".into());
                return;
            }
            patch.section = Some(Some(*wanted));
            patch.seat_class = Some(Arc::from("hybrid"));
            differences.push(moved_section(section, *wanted, because, setting));
        }
        Some(Want { value: SeatWish::Remote, because }) => {
            if account.and_then(|a| a.seat_class.as_deref()) != Some("remote") {
                patch.seat_class = Some(Arc::from("remote"));
                differences.push(added("seat classification", "remote", because));
            }
        }
    }
}

/// A seat that we gave and no rule wants any more is taken back, behind the removal gate; a seat set by hand stays.
pub(crate) fn plan_seat_loss(
    plan: &mut Plan,
    desired: &Desired,
    account: &Account,
    applied: &Applied,
    setting: &Setting<'_>,
) {
    if desired.left_alone.seat {
        return;
    }
    let mut patch = AccountPatch::default();
    let mut differences = Vec::new();
    let wants_desk = matches!(&desired.seat, Some(Want { value: SeatWish::Desk { .. }, .. }));
    let wants_section = matches!(&desired.seat, Some(Want { value: SeatWish::Section { .. }, .. }));
    if let Some(seat) = account.seat
        && !wants_desk
        && applied.seat == Some(seat.room)
    {
        patch.seat = Some(None);
        differences.push(lost("seat", setting.catalogue.room_path(seat.room)));
    }
    if let Some(section) = account.section
        && !wants_section
        && applied.section == Some(section)
    {
        patch.section = Some(None);
        if account.seat_class.as_deref() == Some("hybrid") {
            // `hybrid` demands a section.
            patch.seat_class = Some(Arc::from(if wants_desk { "assigned" } else { "remote" }));
        }
        differences.push(lost("section", setting.catalogue.section_name(section)));
    }
    if !patch.is_empty() {
        plan.steps.push(Step {
            op: Operation::Update { patch },
            differences,
            destructive: true,
            gate: setting.removal.gate(setting.now),
        });
    }
}

/// Books each wished desk once per key.
pub(crate) fn plan_bookings(
    plan: &mut Plan,
    desired: &Desired,
    account: Option<&Account>,
    seen: &Observation<'_>,
    setting: &Setting<'_>,
) {
    for want in &desired.bookings {
        let wish = &want.value;
        if seen.applied.bookings.contains_key(&wish.key) || wish.end <= setting.now {
            continue;
        }
        let desks = setting.seating.bookable(&wish.floors, &wish.kinds);
        let own = account.and_then(|a| a.seat).map(|seat| seat.room).filter(|room| desks.contains(room));
        let spread = desired
            .identity
            .user
            .bytes()
            .fold(0_usize, |sum, b| sum.wrapping_mul(31).wrapping_add(b as usize))
            // The next one, when that was taken: never the same again.
            .wrapping_add(setting.attempt as usize);
        let room = own
            .filter(|_| setting.attempt == 0)
            .or_else(|| (!desks.is_empty()).then(|| desks[spread % desks.len()]));
        let center = room
            .and_then(|room| setting.catalogue.rooms.get(&room))
            .and_then(|room| setting.catalogue.building_of_floor(room.floor))
            .and_then(|building| {
                let serving = setting.catalogue.centers_serving(building.id, "reservation");
                // One of them where they may book, or are about to: the others refuse.
                let may = |center: &&CenterId| {
                    desired.roles.contains_key(center)
                        || account
                            .and_then(|a| a.roles.as_ref())
                            .is_some_and(|held| held.contains_key(center))
                };
                serving.iter().find(may).or_else(|| serving.first()).copied()
            });
        let (Some(room), Some(center)) = (room, center) else {
            plan.notes.push(format!(
                "{}: no reservable desk with a reservation center on {}",
                wish.title,
                floor_list(&wish.floors, setting)
            ));
            continue;
        };
        plan.steps.push(Step {
            op: Operation::Book {
                key: wish.key.clone(),
                title: wish.title.clone(),
                room,
                center,
                start: wish.start,
                end: wish.end,
            },
            differences: vec![added(
                "booking",
                &format!("{} on {}", setting.catalogue.room_path(room), wish.start.strftime("%Y-%m-%d")),
                &want.because,
            )],
            destructive: false,
            gate: Gate::Open,
        });
    }
}

/// Announces each wished visit once per key.
pub(crate) fn plan_visits(plan: &mut Plan, desired: &Desired, applied: &Applied) {
    for want in desired.visits.iter().filter(|want| !applied.visits.contains_key(&want.value.key)) {
        plan.steps.push(Step {
            op: Operation::Announce { visit: want.value.clone() },
            differences: vec![added(
                "visit",
                &format!("arrival {}, host {}", want.value.arrival.strftime("%Y-%m-%d"), want.value.host),
                &want.because,
            )],
            destructive: false,
            gate: Gate::Open,
        });
    }
}

fn note_place(
    patch: &mut AccountPatch,
    differences: &mut Vec<Difference>,
    note: Option<&Want<PlaceNote>>,
    account: Option<&Account>,
) {
    let Some(Want { value: PlaceNote { field, text }, because }) = note else { return };
    let have = account.and_then(|a| a.fields.get(field));
    if have != Some(text) {
        patch.fields.insert(*field, Some(text.clone()));
        differences.push(Difference {
            effect: Effect::Change,
            what: format!("{field} (default place)"),
            from: have.cloned(),
            to: Some(text.clone()),
            because: because.clone(),
        });
    }
}

fn moved_seat(from: Option<RoomId>, to: RoomId, because: &[Because], setting: &Setting<'_>) -> Difference {
    Difference {
        effect: if from.is_some() { Effect::Move } else { Effect::Add },
        what: "seat".into(),
        from: from.map(|room| setting.catalogue.room_path(room)),
        to: Some(setting.catalogue.room_path(to)),
        because: because.to_vec(),
    }
}

fn moved_section(
    from: Option<SectionId>,
    to: SectionId,
    because: &[Because],
    setting: &Setting<'_>,
) -> Difference {
    Difference {
        effect: if from.is_some() { Effect::Move } else { Effect::Add },
        what: "section".into(),
        from: from.map(|section| setting.catalogue.section_name(section)),
        to: Some(setting.catalogue.section_name(to)),
        because: because.to_vec(),
    }
}

pub(crate) fn lost(what: &str, from: String) -> Difference {
    Difference {
        effect: Effect::Remove,
        what: what.into(),
        from: Some(from),
        to: None,
        because: vec![Because { rule: "policy".into(), row: None, text: "no rule gives it any more".into() }],
    }
}

fn floor_list(floors: &[FloorId], setting: &Setting<'_>) -> String {
    match floors {
        [] => "any wished floor".into(),
        floors => floors.iter().map(|f| setting.catalogue.floor_path(*f)).collect::<Vec<_>>().join(", "),
    }
}
