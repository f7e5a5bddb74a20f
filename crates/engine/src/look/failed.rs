//! Steps that failed, and what their rule says becomes of that (`if_it_fails`).

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    desired::{Applied, Desired, ToDo},
    failure::FailedStep,
    place::Catalogue,
    plan::{Operation, Outcome, Plan, Step},
};
use lanyard_plan::{
    clearing::Gated,
    failing::{Failing, Owner},
};

use super::{
    Applying, Scene,
    apply::{BOOKINGS_REFUSED_MAX, mark_barred},
};
use crate::{
    Engine,
    journal::line,
    ports::{Severity, Write},
};

impl Engine {
    /// Remembers a failure for the rule that says what becomes of it. `None`: no rule says anything, or it is none.
    /// `Some(true)`: next step; `Some(false)`: decide again first.
    #[expect(clippy::too_many_arguments, reason = "one call site; everything a failure may touch")]
    pub(super) fn failed(
        &self,
        scene: &Scene<'_>,
        step: &Step,
        before: Option<&Account>,
        outcome: &Outcome,
        applied: &mut Applied,
        applying: &mut Applying,
        pending: &mut Vec<Write>,
        at: Timestamp,
    ) -> Option<bool> {
        let policy = &scene.active.policy;
        if !policy.has_failure_rules() || step.op == Operation::Reactivate {
            return None;
        }
        let (why, fix, for_good) = match outcome {
            // Another desk may be free.
            Outcome::Refused { .. }
                if matches!(step.op, Operation::Book { .. })
                    && applying.bookings_refused + 1 < BOOKINGS_REFUSED_MAX =>
            {
                return None;
            }
            Outcome::Refused { code, text, fix } => (format!("{code} {text}"), fix.clone(), false),
            Outcome::Impossible { capability, todo: ToDo { how, .. } } => {
                (format!("the API of this site cannot ({capability})"), how.clone(), true)
            }
            _ => return None,
        };
        let catalogue = scene.site.catalogue();
        let on = |rule: &str, part| policy.on_failure(rule, part).cloned();
        let failing = Failing { on: &on, failed: &applied.failed, before, catalogue: &catalogue };
        let mut owners = failing.owners(step);
        if owners.values().all(|(owner, _)| owner.is_none()) {
            return None;
        }
        if owners.len() > 1 {
            applying.apart = true;
            return Some(false);
        }
        let (owner, lines) = owners.pop_first()?.1;
        let Owner { key, rule, part, branch } = owner?;
        let told: Vec<String> = lines.iter().map(|line| line.what.clone()).collect();
        let entry = applied.failed.entry(key).or_insert_with(|| FailedStep {
            rule,
            part,
            what: String::new(),
            lines: Default::default(),
            why: String::new(),
            fix: String::new(),
            tries: 0,
            first: at,
            last: at,
            given_up: false,
            print: branch.print.clone(),
        });
        if entry.print != branch.print {
            (entry.tries, entry.first, entry.given_up) = (0, at, false);
            entry.lines.clear();
            entry.print.clone_from(&branch.print);
        }
        entry.what = told.join("; ");
        entry.lines.extend(lines.into_iter().map(|line| line.key));
        (entry.why, entry.fix) = (why, fix);
        entry.tries += 1;
        entry.last = at;
        entry.given_up |= for_good || entry.tries > branch.retries;
        let title = match entry.given_up {
            true => format!("failed for good: {}", entry.what),
            false => format!("failed, and is tried again: {}", entry.what),
        };
        let said = line(&scene.person.identity.id.tenant, at, "failure", title)
            .about(&scene.person.identity.id, &scene.person.identity.display_name())
            .site(scene.site.id())
            .severity(Severity::Warning)
            .detail(entry.why.clone())
            .data(serde_json::json!({ "rule": entry.rule, "part": entry.part, "tries": entry.tries, "given_up": entry.given_up }))
            .write();
        pending.push(said);
        pending.push(self.applied_write(scene, applied));
        // Whatever the rule gives instead is decided at once; what is tried again waits, and the others go on.
        Some(false)
    }

    /// What no longer bears on anything is forgotten, also what has come about after all: the next failure of its kind is the
    /// first.
    pub(super) fn forget_failures(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        plan: &Plan,
        before: Option<&Account>,
        applied: &mut Applied,
    ) {
        if applied.failed.is_empty() {
            return;
        }
        let policy = &scene.active.policy;
        let catalogue = scene.site.catalogue();
        let on = |rule: &str, part| policy.on_failure(rule, part).cloned();
        let failing = Failing { on: &on, failed: &applied.failed, before, catalogue: &catalogue };
        let open: BTreeSet<String> =
            plan.steps.iter().flat_map(|step| failing.owners(step).into_keys().flatten()).collect();
        // What is given instead stands for what is no longer planned.
        let replaced = |step: &FailedStep| {
            step.given_up && policy.on_failure(&step.rule, step.part).is_some_and(|branch| branch.instead)
        };
        applied
            .failed
            .retain(|key, step| desired.failures.contains(key) && (open.contains(key) || replaced(step)));
    }

    /// Gates for what failed before.
    #[expect(clippy::too_many_arguments, reason = "one call site; all of them facts of the same look")]
    pub(super) fn set_failures(
        &self,
        scene: &Scene<'_>,
        gated: &mut Gated,
        desired: &Desired,
        before: Option<&Account>,
        catalogue: &Catalogue,
        applied: &Applied,
        applying: &Applying,
        now: Timestamp,
    ) {
        if applied.failed.is_empty() && desired.stopped.is_none() && !applying.apart {
            return;
        }
        let on = |rule: &str, part| scene.active.policy.on_failure(rule, part).cloned();
        let failing = Failing { on: &on, failed: &applied.failed, before, catalogue };
        let mut plan = failing.hold(gated.plan.clone(), desired.stopped.as_deref(), now);
        if applying.apart {
            plan = failing.apart(plan, &|step| applying.is_barred(step).is_some());
            mark_barred(&mut plan, applying);
        }
        gated.new.iter_mut().for_each(|clearance| clearance.plan = plan.id.clone());
        gated.plan = plan;
    }
}
