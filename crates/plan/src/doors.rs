//! Physical access: what the badge system is told, against what it acknowledged last. It cannot be read, so its own word
//! counts; each list goes out whole, and additions that may go now do not wait for removals that may not.

use lanyard_model::{
    desired::{Applied, Because, Desired},
    door::DoorRights,
    plan::{Difference, Effect, Gate, Operation, Plan, Step},
};

use crate::Setting;

/// How a difference names an area.
pub(crate) fn named(area: &str) -> String {
    format!("door {area}")
}

/// What the policy gives is told, what it no longer gives is taken back.
pub(crate) fn plan_doors(plan: &mut Plan, desired: &Desired, applied: &Applied, setting: &Setting<'_>) {
    if desired.doors.is_empty() && applied.doors.is_empty() && applied.doors_unsure.is_empty() {
        return;
    }
    let gate = setting.removal.gate(setting.now);
    let mut had = applied.doors.clone();
    // Silence is no refusal: what was told is taken back as if it had been taken in.
    let mut unsure = applied.doors_unsure.clone();
    if let (Some(old), Some(new)) = (&applied.door_holder, &desired.door_holder)
        && old != new
        && !(had.is_empty() && unsure.is_empty())
    {
        let why = format!("they are {new} to the badge system now, no longer {old}");
        let because = vec![Because { rule: "doors".into(), row: None, text: why }];
        let all = union(std::mem::take(&mut had), &std::mem::take(&mut unsure));
        let differences = all.iter().map(|(area, span)| removed(area, span.to_string(), &because)).collect();
        let op = Operation::SetDoors { holder: old.clone(), rights: DoorRights::new(), had: all };
        plan.steps.push(Step { op, differences, destructive: true, gate: gate.clone() });
        if gate != Gate::Open {
            // Two badges at once would be one too many.
            return;
        }
    }
    let Some(holder) = desired.door_holder.clone().or_else(|| applied.door_holder.clone()) else { return };
    let (mut with_additions, mut after_removals) = (had.clone(), had.clone());
    let (mut additions, mut removals) = (Vec::new(), Vec::new());
    for (area, want) in &desired.doors {
        let told = |effect, from: Option<String>| Difference {
            effect,
            what: named(area),
            from,
            to: Some(want.value.to_string()),
            because: want.because.clone(),
        };
        match had.get(area) {
            Some(span)
                if *span == want.value && unsure.get(area).is_none_or(|told| *told == want.value)
                    || want.value.is_less_than(span) && desired.left_alone.doors => {}
            Some(span) if want.value.is_less_than(span) => {
                removals.push(told(Effect::Remove, Some(span.to_string())));
                after_removals.insert(area.clone(), want.value);
            }
            span => {
                let effect = if span.is_some() { Effect::Change } else { Effect::Add };
                additions.push(told(effect, span.map(ToString::to_string)));
                with_additions.insert(area.clone(), want.value);
                after_removals.insert(area.clone(), want.value);
            }
        }
    }
    let all = union(had.clone(), &unsure);
    let gone = |area: &String| !desired.doors.contains_key(area) && !desired.left_alone.doors;
    for (area, span) in all.iter().filter(|(area, _)| gone(area)) {
        let text = "no rule gives it any more".to_owned();
        let because = vec![Because { rule: "policy".into(), row: None, text }];
        removals.push(removed(area, span.to_string(), &because));
        after_removals.remove(area);
    }
    if !additions.is_empty() && (removals.is_empty() || gate != Gate::Open) {
        let op = Operation::SetDoors {
            holder: holder.clone(),
            rights: with_additions.clone(),
            had: std::mem::replace(&mut had, with_additions),
        };
        let differences = std::mem::take(&mut additions);
        plan.steps.push(Step { op, differences, destructive: false, gate: Gate::Open });
    }
    if !removals.is_empty() {
        additions.extend(removals);
        let op = Operation::SetDoors { holder, rights: after_removals, had: union(had, &unsure) };
        plan.steps.push(Step { op, differences: additions, destructive: true, gate });
    }
}

/// Everything is taken back at once.
pub(crate) fn plan_no_doors(plan: &mut Plan, desired: &Desired, applied: &Applied, gate: &Gate) {
    let holder = applied.door_holder.clone().or_else(|| desired.door_holder.clone());
    let had = union(applied.doors.clone(), &applied.doors_unsure);
    let Some(holder) = holder.filter(|_| !had.is_empty()) else { return };
    let differences =
        had.iter().map(|(area, span)| removed(area, span.to_string(), &desired.because)).collect();
    let op = Operation::SetDoors { holder, rights: DoorRights::new(), had };
    plan.steps.push(Step { op, differences, destructive: true, gate: gate.clone() });
}

fn union(mut acknowledged: DoorRights, unsure: &DoorRights) -> DoorRights {
    for (area, span) in unsure {
        acknowledged.entry(area.clone()).or_insert(*span);
    }
    acknowledged
}

fn removed(area: &str, from: String, because: &[Because]) -> Difference {
    Difference {
        effect: Effect::Remove,
        what: named(area),
        from: Some(from),
        to: None,
        because: because.to_vec(),
    }
}
