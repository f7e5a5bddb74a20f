//! What rules give without asking does not wait for what others ask about: where somebody may freely have a customer's role,
//! and may have a manager's once a person agreed, they are a customer meanwhile.

use std::collections::BTreeSet;

use lanyard_model::{
    account::Account,
    desired::Desired,
    id::CenterId,
    plan::{Gate, Operation, Plan, Step},
};

use super::{Asked, Gated, Gating, gate};
use crate::{lines, seal};

/// Something of which there is one, or nothing.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    Role(CenterId),
    Door(String),
    CostCenter,
    Place,
}

/// What a line fills. Nothing, if it takes something away.
fn filled(key: &str) -> Option<Slot> {
    let (verb, rest) = key.split_once(':')?;
    match verb {
        "role+" => rest.split(':').next()?.parse().ok().map(|center| Slot::Role(CenterId(center))),
        "door+" => Some(Slot::Door(rest.to_owned())),
        "cost" => Some(Slot::CostCenter),
        "seat+" | "section+" | "class" => Some(Slot::Place),
        _ => None,
    }
}

/// Adds to a gated plan what is free in place of what waits. `again` plans another wish of the same person, on the same
/// ground.
pub fn meanwhile(
    mut gated: Gated,
    full: &Desired,
    gating: &Gating<'_>,
    again: &dyn Fn(&Desired) -> Plan,
) -> Gated {
    let Some(base) = gating.asked.base() else { return gated };
    let waits = |step: &&Step| step.gate != Gate::Open;
    let no_account = |step: &Step| matches!(step.op, Operation::Create { .. } | Operation::Reactivate);
    if gated.plan.steps.iter().filter(waits).any(no_account) {
        return gated;
    }
    let mut wish = full.clone();
    let mut slots = BTreeSet::new();
    let stopped = gated.plan.steps.iter().filter(waits).flat_map(|step| lines::keys(&step.op, gating.before));
    for key in stopped.filter(|key| !gating.asked.about(key).is_empty()) {
        let Some(slot) = filled(&key) else { continue };
        let is_free = match &slot {
            Slot::Role(center) => base.roles.get(center).map(|free| {
                wish.roles.insert(*center, free.clone());
            }),
            Slot::Door(area) => base.doors.get(area).map(|free| {
                wish.doors.insert(area.clone(), free.clone());
            }),
            Slot::CostCenter => base.cost_center.as_ref().map(|free| {
                wish.cost_center = Some(free.clone());
            }),
            Slot::Place => base.seat.as_ref().map(|free| {
                (wish.seat, wish.place_note) = (Some(free.clone()), base.place_note.clone());
            }),
        };
        if is_free.is_some() {
            slots.insert(slot);
        }
    }
    if slots.is_empty() {
        return gated;
    }
    let fills = |key: &str| filled(key).is_some_and(|slot| slots.contains(&slot));
    let mut plan = again(&wish);
    plan.steps = std::mem::take(&mut plan.steps)
        .into_iter()
        .filter_map(|step| lines::split(step, gating.before, gating.catalogue, &fills).1)
        .filter(|step| !step.destructive)
        .collect();
    // What stands on record about these lines (an undo, a sealed what-if) counts; nothing new is asked.
    let asks_nothing = Asked::default();
    let free = gate(plan, &Gating { asked: &asks_nothing, ..*gating });
    gated.wanted.extend(free.wanted);
    gated.plan.cleared.extend(free.plan.cleared);
    for step in free.plan.steps.into_iter().filter(|step| step.gate == Gate::Open) {
        add(&mut gated.plan.steps, step, gating.before);
    }
    gated.plan = seal::seal_again(gated.plan);
    let id = gated.plan.id.clone();
    gated.new.iter_mut().for_each(|clearance| clearance.plan = id.clone());
    gated
}

/// Lists go out whole: two open steps with one would undo each other.
fn add(steps: &mut Vec<Step>, new: Step, before: Option<&Account>) {
    for step in steps.iter_mut().filter(|step| step.gate == Gate::Open) {
        match (&mut step.op, &new.op) {
            (Operation::SetRoles { roles }, Operation::SetRoles { roles: more }) => {
                let had = before.and_then(|account| account.roles.as_ref());
                let is_new = |center: &CenterId| had.and_then(|had| had.get(center)) != more.get(center);
                roles.extend(more.iter().filter(|(center, _)| is_new(center)).map(|(a, b)| (*a, *b)));
            }
            (Operation::SetDoors { rights, .. }, Operation::SetDoors { rights: more, had, .. }) => {
                let is_new = |area: &String| had.get(area) != more.get(area);
                rights.extend(more.iter().filter(|(area, _)| is_new(area)).map(|(a, b)| (a.clone(), *b)));
            }
            _ => continue,
        }
        step.differences.extend(new.differences);
        return;
    }
    // Somebody books where they may.
    let books = |step: &Step| matches!(step.op, Operation::Book { .. } | Operation::Announce { .. });
    let at = steps.iter().position(books).unwrap_or(steps.len());
    steps.insert(at, new);
}
