//! Steps that failed, in plans made later: what waits for its next try, what is not tried again, and operations cut along
//! the rules that say what becomes of a failure (`if_it_fails`), so that a refusal is known to be about one of them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    account::Account,
    clearance::GatedLine,
    failure::{FailedStep, OnFailure, Part, failure_key},
    place::Catalogue,
    plan::{Block, Gate, Plan, Step},
};

use crate::{clearing::NEW_ACCOUNT, lines, seal};

/// What was taken and would not go is tried again after this long, for as long as it is wanted.
const REMOVAL_PAUSE: SignedDuration = SignedDuration::from_hours(6);

/// What the policy says of failures, and what failed.
#[derive(Clone, Copy)]
pub struct Failing<'a> {
    pub on: &'a dyn Fn(&str, Part) -> Option<OnFailure>,
    pub failed: &'a BTreeMap<String, FailedStep>,
    pub before: Option<&'a Account>,
    pub catalogue: &'a Catalogue,
}

/// The rule that says what becomes of some lines of a step if they fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Under which a failure is remembered.
    pub key: String,
    pub rule: String,
    pub part: Part,
    pub branch: OnFailure,
}

/// The part of what rules give that a line is about.
pub fn part_of(line: &str) -> Part {
    match line.split([':', '+', '-']).next().unwrap_or_default() {
        "seat" | "section" | "class" => Part::Place,
        "role" | "roles" => Part::Role,
        "item" => Part::Item,
        "cost" => Part::CostCenter,
        "booking" | "bookings" => Part::Booking,
        "visit" => Part::Visit,
        "door" => Part::Door,
        _ => Part::Account,
    }
}

impl Failing<'_> {
    fn owner(&self, line: &GatedLine, rules: &[String]) -> Option<Owner> {
        let part = part_of(&line.key);
        rules.iter().find_map(|rule| {
            let branch = (self.on)(rule, part)?;
            let first = failure_key(rule, part, false);
            // Whatever the rule still gives after that, it gives instead.
            let replaced = self.failed.get(&first).is_some_and(|step| {
                step.given_up && branch.instead && step.print == branch.print && !step.is_about(&line.key)
            });
            let key = if replaced { failure_key(rule, part, true) } else { first };
            Some(Owner { key, rule: rule.clone(), part, branch })
        })
    }

    /// The lines of a step by who says what becomes of them; under no key, those of which nothing is said.
    pub fn owners(&self, step: &Step) -> BTreeMap<Option<String>, (Option<Owner>, Vec<GatedLine>)> {
        let mut owners: BTreeMap<Option<String>, (Option<Owner>, Vec<GatedLine>)> = BTreeMap::new();
        for (line, mut rules) in lines::told(step, self.before, self.catalogue) {
            if line.key == "create" || line.key == "reactivate" {
                rules.push(NEW_ACCOUNT.to_owned());
            }
            let owner = self.owner(&line, &rules);
            let entry = owners.entry(owner.as_ref().map(|owner| owner.key.clone())).or_default();
            entry.0 = owner;
            entry.1.push(line);
        }
        owners
    }

    /// Holds what failed and waits for its next try, and blocks what is not tried again. With `stopped`, nothing more is given.
    pub fn hold(&self, mut plan: Plan, stopped: Option<&str>, now: Timestamp) -> Plan {
        if self.failed.is_empty() && stopped.is_none() {
            return plan;
        }
        let mut held = Vec::new();
        for step in std::mem::take(&mut plan.steps) {
            let mut left = Some(step);
            while let Some(step) = left.take() {
                let waits = match &step.gate {
                    Gate::Open => self.first_wait(&step, now),
                    _ => None,
                };
                let Some((keys, gate)) = waits else {
                    held.push(step);
                    continue;
                };
                let same = |key: &str| keys.contains(key);
                let (free, mut apart) = lines::split(step, self.before, self.catalogue, &same);
                if let Some(apart) = &mut apart {
                    apart.gate = gate;
                }
                held.extend(apart);
                left = free;
            }
        }
        if let Some(why) = stopped {
            for step in held.iter_mut().filter(|step| step.gate == Gate::Open && !step.destructive) {
                step.gate = Gate::blocked(Block::Failed, why);
            }
        }
        plan.steps = held;
        let next = plan.steps.iter().filter_map(|step| match &step.gate {
            Gate::Held { until, .. } => Some(*until),
            _ => None,
        });
        if let Some(at) = next.min() {
            plan.review_at = Some(plan.review_at.map_or(at, |known| known.min(at)));
        }
        seal::seal_again(plan)
    }

    fn first_wait(&self, step: &Step, now: Timestamp) -> Option<(BTreeSet<String>, Gate)> {
        self.owners(step).into_values().find_map(|(owner, lines)| {
            let owner = owner?;
            let failed = self.failed.get(&owner.key).filter(|failed| failed.print == owner.branch.print)?;
            let about = |line: &GatedLine| owner.part == Part::Place || failed.is_about(&line.key);
            let keys: BTreeSet<String> = lines.into_iter().filter(about).map(|line| line.key).collect();
            if keys.is_empty() {
                return None;
            }
            let pause = owner.branch.pause();
            let pause = match (failed.given_up, step.destructive) {
                (false, _) => pause,
                (true, true) => pause.max(REMOVAL_PAUSE),
                (true, false) => {
                    let why =
                        format!("failed {} times, and is not tried again: {}", failed.tries, failed.why);
                    return Some((keys, Gate::blocked(Block::Failed, why)));
                }
            };
            let until = failed.last.checked_add(pause).unwrap_or(Timestamp::MAX);
            let why = format!("failed, and is tried again: {}", failed.why);
            (until > now).then_some((keys, Gate::Held { until, why }))
        })
    }

    /// Cuts every open step along its owners. Of each, one part stays open, the first that `barred` does not name; the others
    /// follow once it has been read back, because lists are written whole.
    pub fn apart(&self, mut plan: Plan, barred: &dyn Fn(&Step) -> bool) -> Plan {
        let mut cut = Vec::new();
        for step in std::mem::take(&mut plan.steps) {
            if step.gate != Gate::Open {
                cut.push(step);
                continue;
            }
            let mut open = false;
            let mut left = Some(step);
            while let Some(step) = left.take() {
                let owners = self.owners(&step);
                let (mut part, rest) = match owners.into_values().next() {
                    Some((_, lines)) => {
                        let named: BTreeSet<String> = lines.into_iter().map(|line| line.key).collect();
                        let (rest, part) =
                            lines::split(step, self.before, self.catalogue, &|key| named.contains(key));
                        match part {
                            Some(part) => (part, rest),
                            None => {
                                cut.extend(rest);
                                continue;
                            }
                        }
                    }
                    None => (step, None),
                };
                match (open, barred(&part)) {
                    (false, false) => open = true,
                    (false, true) => {}
                    (true, _) => {
                        part.gate = Gate::blocked(Block::Follows, "follows as soon as the rest is read back");
                    }
                }
                cut.push(part);
                left = rest;
            }
        }
        plan.steps = cut;
        seal::seal_again(plan)
    }
}
