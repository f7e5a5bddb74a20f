//! Roles in centers and category items: what is wanted is added, what policy gave or owns and no longer wants is
//! taken away, everything else is left alone.

use std::collections::{BTreeMap, BTreeSet};

use lanyard_model::{
    account::{Account, Role},
    desired::{Applied, Because, Desired},
    id::{CenterId, ItemId},
    plan::{AccountPatch, Difference, Effect, Operation, Plan, Step},
};

use crate::{Setting, identity::added};

/// Adds the steps for roles. Both lists go out whole (the API replaces), so additions that may go now and removals
/// that must wait become two steps.
pub(crate) fn plan_roles(
    plan: &mut Plan,
    desired: &Desired,
    observed: Option<&BTreeMap<CenterId, Role>>,
    applied: &Applied,
    setting: &Setting<'_>,
) {
    let Some(observed) = observed else {
        if !desired.roles.is_empty() {
            plan.notes.push("the account's roles could not be read: they are left alone".into());
        }
        return;
    };
    if applied.set_aside.is_empty() && in_step(desired, observed, applied) {
        return;
    }
    let mut with_additions = observed.clone();
    let mut additions = Vec::new();
    let mut after_removals = observed.clone();
    let mut removals = Vec::new();
    for (center, want) in &desired.roles {
        let what = format!("role in {}", setting.catalogue.center_name(*center));
        match observed.get(center).copied() {
            Some(have) if have == want.value || have > want.value && desired.left_alone.role(*center) => {}
            Some(have) if have > want.value => {
                // A stronger role is lowered only where policy gave it, or owns the center outright.
                if applied.roles.get(center) == Some(&have) || desired.owned.centers.contains(center) {
                    after_removals.insert(*center, want.value);
                    removals.push(Difference {
                        effect: Effect::Remove,
                        what,
                        from: Some(have.as_str().into()),
                        to: Some(want.value.as_str().into()),
                        because: want.because.clone(),
                    });
                } else {
                    plan.notes.push(format!(
                        "{what}: {} was given by hand and is more than the wanted {}; left alone",
                        have.as_str(),
                        want.value.as_str()
                    ));
                }
            }
            have => {
                with_additions.insert(*center, want.value);
                after_removals.insert(*center, want.value);
                additions.push(Difference {
                    effect: if have.is_some() { Effect::Change } else { Effect::Add },
                    what,
                    from: have.map(|role| role.as_str().into()),
                    to: Some(want.value.as_str().into()),
                    because: want.because.clone(),
                });
            }
        }
    }
    for (center, role) in &applied.set_aside {
        if !observed.contains_key(center) && !desired.roles.contains_key(center) {
            with_additions.insert(*center, *role);
            after_removals.insert(*center, *role);
            additions.push(added(
                &format!("role in {}", setting.catalogue.center_name(*center)),
                role.as_str(),
                &[Because {
                    rule: "lifecycle.return".into(),
                    row: None,
                    text: "it was set aside during their leave".into(),
                }],
            ));
        }
    }
    for (center, have) in observed {
        let stays = applied.set_aside.contains_key(center) || desired.left_alone.role(*center);
        if desired.roles.contains_key(center) || stays {
            continue;
        }
        let what = format!("role in {}", setting.catalogue.center_name(*center));
        if applied.roles.contains_key(center) || desired.owned.centers.contains(center) {
            after_removals.remove(center);
            removals.push(Difference {
                effect: Effect::Remove,
                what,
                from: Some(have.as_str().into()),
                to: None,
                because: no_rule(),
            });
        }
    }
    let gate = setting.removal.gate(setting.now);
    if !additions.is_empty() && (removals.is_empty() || gate != lanyard_model::plan::Gate::Open) {
        plan.steps.push(Step {
            op: Operation::SetRoles { roles: with_additions },
            differences: std::mem::take(&mut additions),
            destructive: false,
            gate: lanyard_model::plan::Gate::Open,
        });
    }
    if !removals.is_empty() {
        additions.extend(removals);
        plan.steps.push(Step {
            op: Operation::SetRoles { roles: after_removals },
            differences: additions,
            destructive: true,
            gate,
        });
    }
}

/// Everything wanted is there, and nothing else is ours: most people, most of the time.
fn in_step(desired: &Desired, observed: &BTreeMap<CenterId, Role>, applied: &Applied) -> bool {
    desired.roles.iter().all(|(center, want)| observed.get(center) == Some(&want.value))
        && observed.keys().all(|center| {
            desired.roles.contains_key(center)
                || desired.left_alone.role(*center)
                || !(applied.roles.contains_key(center) || desired.owned.centers.contains(center))
        })
}

/// Adds wanted items to the patch. Answers the list that remains after removals, and the removals.
pub(crate) fn plan_items(
    patch: &mut AccountPatch,
    differences: &mut Vec<Difference>,
    plan: &mut Plan,
    desired: &Desired,
    account: &Account,
    applied: &Applied,
    setting: &Setting<'_>,
) -> (BTreeSet<ItemId>, Vec<Difference>) {
    let Some(observed) = &account.items else {
        if !desired.items.is_empty() || !applied.items.is_empty() {
            plan.notes.push("the account's category items could not be read: they are left alone".into());
        }
        return (BTreeSet::new(), Vec::new());
    };
    let ours = |item: &ItemId| {
        (applied.items.contains(item) || desired.owned.items.contains(item))
            && !desired.left_alone.item(*item)
    };
    if desired.items.keys().all(|item| observed.contains(item))
        && observed.iter().all(|item| desired.items.contains_key(item) || !ours(item))
    {
        return (BTreeSet::new(), Vec::new());
    }
    let mut with_additions = observed.clone();
    for (item, want) in desired.items.iter().filter(|(item, _)| !observed.contains(item)) {
        with_additions.insert(*item);
        differences.push(added("category item", &setting.catalogue.item_name(*item), &want.because));
    }
    let surplus: BTreeSet<_> = observed
        .iter()
        .filter(|item| !desired.items.contains_key(item))
        .filter(|item| ours(item))
        .copied()
        .collect();
    let removals = surplus
        .iter()
        .map(|item| Difference {
            effect: Effect::Remove,
            what: "category item".into(),
            from: Some(setting.catalogue.item_name(*item)),
            to: None,
            because: no_rule(),
        })
        .collect();
    let kept = with_additions.difference(&surplus).copied().collect();
    if with_additions != *observed {
        patch.items = Some(with_additions);
    }
    (kept, removals)
}

fn no_rule() -> Vec<Because> {
    vec![Because { rule: "policy".into(), row: None, text: "no rule gives it any more".into() }]
}
