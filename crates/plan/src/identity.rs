//! The three-way comparison of one person in one site: desired, observed, last applied.

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    booking::Booking,
    desired::{Applied, Because, Desired, Lifecycle, ToDo},
    id::{AccountKey, PlanId, SiteId},
    place::Catalogue,
    plan::{AccountPatch, Difference, Effect, Gate, Operation, Plan, Step},
    signal::Lane,
};

use crate::{Removal, doors, ended, grants, seal, seating::Seating, workplace};

/// What was read of the account.
#[derive(Debug, Clone, Copy)]
pub enum Seen<'a> {
    /// Nothing was read: nothing may be planned on it.
    NotRead,
    /// Fresh reads say there is none.
    Absent,
    Present(&'a Account),
}

/// What is known of the person in the site.
#[derive(Debug, Clone, Copy)]
pub struct Observation<'a> {
    pub account: Seen<'a>,
    /// The linked account's key, also when it can no longer be read.
    pub link: Option<&'a AccountKey>,
    /// Live future bookings held by the account; `None`: not read.
    pub bookings: Option<&'a [Booking]>,
    pub applied: &'a Applied,
}

/// Everything else the comparison depends on.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub site: &'a SiteId,
    pub catalogue: &'a Catalogue,
    pub seating: &'a Seating,
    pub removal: &'a Removal,
    /// Seal of the policy.
    pub policy: &'a str,
    pub now: Timestamp,
    pub lane: Lane,
    /// How often a booking was refused for this person: rotates the choice of desk.
    pub attempt: u32,
    pub person: &'a str,
    /// The plan is made to be compared and dropped: it gets no name, which takes its time.
    pub nameless: bool,
}

/// Computes the steps that bring `seen` to `desired`. Deterministic: equal inputs, equal plan.
///
/// Nothing is planned on what was not read. Removals carry the gate that `setting.removal` gives; additions are
/// always open. A grant that policy neither wants, nor gave, nor owns is left alone and named in the notes.
pub fn plan_identity(desired: &Desired, seen: &Observation<'_>, setting: &Setting<'_>) -> Plan {
    let mut plan = Plan {
        id: PlanId::new(""),
        identity: desired.identity.clone(),
        person: setting.person.to_owned(),
        site: setting.site.clone(),
        account: seen.link.cloned(),
        lane: setting.lane,
        steps: Vec::new(),
        todos: Vec::new(),
        notices: Vec::new(),
        notes: desired.problems.clone(),
        ending: None,
        review_at: desired.review_at,
        policy: setting.policy.to_owned(),
        made_at: setting.now,
        cleared: Default::default(),
    };
    if let Seen::Present(account) = seen.account {
        plan.account = Some(account.key.clone());
        if account.site_admin == Some(true) {
            plan.notes.push(format!(
                "account {} is a site administrator's: never governed, only reported",
                account.key
            ));
            if let Lifecycle::Ended { since, how } = &desired.lifecycle
                && account.is_live()
            {
                // The API cannot end it: the clock runs, and a person must. Doors are no part of it.
                plan.ending = Some((*how, *since));
                let gate = setting.removal.gate_for_leaver(setting.now);
                doors::plan_no_doors(&mut plan, desired, seen.applied, &gate);
                plan.todos.push(ToDo {
                    key: "site-admin".into(),
                    what: format!("take {}'s site administrator account out of service", setting.person),
                    how: format!(
                        "in iOffice, take the administrator right off account {} and set Active to No; the API cannot",
                        account.key.id
                    ),
                });
            }
            return named(plan, setting);
        }
    }
    match &desired.lifecycle {
        Lifecycle::OutOfScope | Lifecycle::NotYet { .. } => {}
        Lifecycle::Aside { why } => plan.notes.push(format!("set aside: {why}")),
        Lifecycle::Active => plan_active(&mut plan, desired, seen, setting),
        Lifecycle::Paused { loses } => ended::plan_paused(&mut plan, desired, *loses, seen, setting),
        Lifecycle::Ended { since, how } => {
            ended::plan_ended(&mut plan, desired, (*how, *since), seen, setting)
        }
    }
    if !matches!(
        desired.lifecycle,
        Lifecycle::OutOfScope | Lifecycle::NotYet { .. } | Lifecycle::Aside { .. }
    ) {
        plan.todos.extend(desired.todos.iter().map(|todo| todo.value.clone()));
        plan.notices.extend(
            desired
                .notices
                .iter()
                .filter(|notice| !seen.applied.notices.contains(&notice.value.key))
                .map(|notice| notice.value.clone()),
        );
    }
    if let Some(until) = plan
        .steps
        .iter()
        .filter_map(|step| match &step.gate {
            Gate::Held { until, .. } => Some(*until),
            _ => None,
        })
        .min()
    {
        plan.review_at = Some(plan.review_at.map_or(until, |at| at.min(until)));
    }
    named(plan, setting)
}

fn named(plan: Plan, setting: &Setting<'_>) -> Plan {
    if setting.nameless { plan } else { seal::seal(plan) }
}

fn plan_active(plan: &mut Plan, desired: &Desired, seen: &Observation<'_>, setting: &Setting<'_>) {
    match seen.account {
        Seen::NotRead => plan.notes.push("the account was not read: nothing is planned".into()),
        Seen::Absent => plan_new(plan, desired, seen, setting),
        Seen::Present(account) => {
            if !account.is_live() {
                plan.steps.push(Step {
                    op: Operation::Reactivate,
                    differences: vec![Difference {
                        effect: Effect::Add,
                        what: "account".into(),
                        from: Some("inactive".into()),
                        to: Some("active".into()),
                        because: desired.because.clone(),
                    }],
                    destructive: false,
                    gate: Gate::Open,
                });
            }
            plan_record(plan, desired, account, seen.applied, setting);
            grants::plan_roles(plan, desired, account.roles.as_ref(), seen.applied, setting);
            doors::plan_doors(plan, desired, seen.applied, setting);
            workplace::plan_bookings(plan, desired, Some(account), seen, setting);
            workplace::plan_visits(plan, desired, seen.applied);
        }
    }
}

/// The key of the to-do that an account is wanted and cannot be created yet.
const LACKING: &str = "create";

/// The to-do of a plan that an account is wanted and cannot be created for want of something.
pub fn lacking(plan: &Plan) -> Option<&ToDo> {
    plan.todos.iter().find(|todo| todo.key == LACKING)
}

/// A new account carries everything its create call can carry; roles and bookings follow.
fn plan_new(plan: &mut Plan, desired: &Desired, seen: &Observation<'_>, setting: &Setting<'_>) {
    let mut patch = AccountPatch::default();
    let mut differences = vec![Difference {
        effect: Effect::Add,
        what: "account".into(),
        from: None,
        to: desired
            .fields
            .iter()
            .find(|(name, _)| name.as_str() == "userName")
            .map(|(_, want)| want.value.clone()),
        because: desired.because.clone(),
    }];
    for (name, want) in desired.fields.iter().filter(|(_, want)| !want.value.trim().is_empty()) {
        patch.fields.insert(*name, Some(want.value.trim().to_owned()));
        differences.push(added(name.as_str(), want.value.trim(), &want.because));
    }
    if let Some(want) = &desired.user_type {
        patch.user_type = Some(want.value);
        let name = setting
            .catalogue
            .user_types
            .get(&want.value)
            .map_or_else(|| want.value.to_string(), |n| n.to_string());
        differences.push(added("user type", &name, &want.because));
    }
    if let Some(want) = &desired.cost_center {
        patch.cost_center = Some(Some(want.value));
        differences.push(added("cost center", &setting.catalogue.item_name(want.value), &want.because));
    }
    if !desired.items.is_empty() {
        patch.items = Some(desired.items.keys().copied().collect());
        for (item, want) in &desired.items {
            differences.push(added("category item", &setting.catalogue.item_name(*item), &want.because));
        }
    }
    workplace::plan_seat(&mut patch, &mut differences, plan, desired, None, setting);
    let missing: Vec<_> = ["firstName", "lastName", "email", "userName"]
        .into_iter()
        .filter(|need| !patch.fields.keys().any(|name| name.as_str() == *need))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        plan.notes.push(format!("no account can be created without {missing}"));
        plan.todos.push(ToDo {
            key: LACKING.into(),
            what: format!("complete {} in Okta: there is no account yet", setting.person),
            how: format!(
                "no account can be created without {missing}: fill in the attribute that [profile] of the policy takes it from, \
                 or have the policy take it from another; the account follows by itself"
            ),
        });
        return;
    }
    plan.steps.push(Step {
        op: Operation::Create { patch },
        differences,
        destructive: false,
        gate: Gate::Open,
    });
    grants::plan_roles(plan, desired, Some(&Default::default()), seen.applied, setting);
    doors::plan_doors(plan, desired, seen.applied, setting);
    workplace::plan_bookings(plan, desired, None, seen, setting);
    workplace::plan_visits(plan, desired, seen.applied);
}

/// The differences of the account record itself: one sparse update, plus a gated one for what is taken away.
fn plan_record(
    plan: &mut Plan,
    desired: &Desired,
    account: &Account,
    applied: &Applied,
    setting: &Setting<'_>,
) {
    let mut patch = AccountPatch::default();
    let mut differences = Vec::new();
    // Both are sorted by name: one pass over each.
    let mut held = account.fields.iter().peekable();
    for (name, want) in &desired.fields {
        while held.next_if(|(known, _)| *known < name).is_some() {}
        let have = match held.peek() {
            Some((known, value)) if *known == name => value.as_str(),
            _ => "",
        };
        let value = want.value.trim();
        let same = have == value
            || (name.as_str() == "userName"
                && lanyard_model::fold::text(have) == lanyard_model::fold::text(value));
        if same || (value.is_empty() && !applied.fields.contains_key(name)) {
            continue;
        }
        if value.is_empty() && ["firstName", "lastName", "email", "userName"].contains(&name.as_str()) {
            continue; // The target requires them; an emptied source value is no reason to break the account.
        }
        patch.fields.insert(*name, (!value.is_empty()).then(|| value.to_owned()));
        differences.push(Difference {
            effect: Effect::Change,
            what: name.to_string(),
            from: (!have.is_empty()).then(|| have.to_owned()),
            to: (!value.is_empty()).then(|| value.to_owned()),
            because: want.because.clone(),
        });
    }
    if let Some(want) = &desired.user_type
        && account.user_type.as_ref().map(|(id, _)| *id) != Some(want.value)
    {
        patch.user_type = Some(want.value);
        differences.push(Difference {
            effect: Effect::Change,
            what: "user type".into(),
            from: account.user_type.as_ref().map(|(_, name)| name.to_string()),
            to: setting.catalogue.user_types.get(&want.value).map(|name| name.to_string()),
            because: want.because.clone(),
        });
    }
    if let Some(want) = &desired.cost_center
        && account.cost_center != Some(want.value)
    {
        patch.cost_center = Some(Some(want.value));
        differences.push(Difference {
            effect: Effect::Change,
            what: "cost center".into(),
            from: account.cost_center.map(|item| setting.catalogue.item_name(item)),
            to: Some(setting.catalogue.item_name(want.value)),
            because: want.because.clone(),
        });
    }
    workplace::plan_seat(&mut patch, &mut differences, plan, desired, Some(account), setting);
    let (kept, taken) =
        grants::plan_items(&mut patch, &mut differences, plan, desired, account, applied, setting);
    if !patch.is_empty() {
        plan.steps.push(Step {
            op: Operation::Update { patch },
            differences,
            destructive: false,
            gate: Gate::Open,
        });
    }
    workplace::plan_seat_loss(plan, desired, account, applied, setting);
    if !taken.is_empty() {
        plan.steps.push(Step {
            op: Operation::Update { patch: AccountPatch { items: Some(kept), ..AccountPatch::default() } },
            differences: taken,
            destructive: true,
            gate: setting.removal.gate(setting.now),
        });
    }
}

pub(crate) fn added(what: &str, to: &str, because: &[Because]) -> Difference {
    Difference {
        effect: Effect::Add,
        what: what.into(),
        from: None,
        to: Some(to.into()),
        because: because.to_vec(),
    }
}
