//! What failures on record mean for a decision (`if_it_fails`): what no longer counts, what is given instead, who is told.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_model::{
    desired::{Because, Desired, Lifecycle, NotGiven, NoticeWish, ToDo, Want},
    failure::{FailedStep, OnFailure, Part, failure_key, is_instead},
};

use crate::{
    document::{Document, Flow, Outcome},
    evaluate::Facts,
};

/// Rules about people's standing, which give nothing that could be replaced.
const LIFECYCLE: &str = "lifecycle.";
const NEW_ACCOUNT: &str = "lifecycle.new_account";

/// The failures of one person in one site.
#[derive(Clone, Copy)]
pub(crate) struct Failures<'a> {
    document: &'a Document,
    failed: Option<&'a BTreeMap<String, FailedStep>>,
}

impl<'a> Failures<'a> {
    pub fn of(document: &'a Document, facts: &Facts<'a>) -> Self {
        let failed = facts.applied.map(|applied| &applied.failed).filter(|failed| !failed.is_empty());
        Self { document, failed }
    }

    pub fn is_empty(&self) -> bool {
        self.failed.is_none()
    }

    /// What the policy says of a failure on record, as long as the rule still gives what failed.
    fn branch(&self, step: &FailedStep) -> Option<&'a OnFailure> {
        let branch = self.document.failures.get(&step.rule)?.get(&step.part)?;
        (branch.print == step.print).then_some(branch)
    }

    /// The failure of a part of a flow, if nothing more is tried.
    fn given_up(&self, flow: &Flow, part: Part, instead: bool) -> Option<(&'a FailedStep, &'a OnFailure)> {
        let step = self.failed?.get(&failure_key(&flow.id, part, instead)).filter(|step| step.given_up)?;
        Some((step, self.branch(step)?))
    }

    /// Whether an outcome counts, after what failed.
    pub fn lets(&self, flow: &Flow, outcome: &Outcome) -> bool {
        match (self.failed, outcome.instead_of.as_slice()) {
            (None, replaces) => return replaces.is_empty(),
            (Some(_), []) => {}
            (Some(_), replaces) => {
                return replaces.iter().any(|part| self.given_up(flow, *part, false).is_some());
            }
        }
        let Some(part) = outcome.kind.part() else { return true };
        // Of what people may have several of, only the lines that failed are left out.
        let single = matches!(part, Part::Place | Part::CostCenter | Part::Booking | Part::Visit);
        !single || self.given_up(flow, part, false).is_none_or(|(_, branch)| !branch.instead)
    }

    /// Whether one role or item of a flow failed for good, and others count in its place.
    pub fn leaves_out(&self, flow: &Flow, outcome: &Outcome, line: impl FnOnce() -> String) -> bool {
        if self.failed.is_none() || !outcome.instead_of.is_empty() {
            return false;
        }
        let Some(part) = outcome.kind.part() else { return false };
        self.given_up(flow, part, false)
            .is_some_and(|(step, branch)| branch.instead && step.is_about(&line()))
    }

    /// Notes what failed of the rules that apply: who is told, what a person must do, and whether anything more is given.
    pub fn note(&self, flows: &[&Flow], name: &str, told: bool, now: Timestamp, desired: &mut Desired) {
        for (key, step) in self.failed.into_iter().flatten() {
            let Some(branch) = self.branch(step) else { continue };
            let flow = flows.iter().find(|flow| flow.id == step.rule);
            let standing = matches!(desired.lifecycle, Lifecycle::Ended { .. } | Lifecycle::Paused { .. });
            let applies = match step.rule.as_str() {
                NEW_ACCOUNT => !standing,
                rule if rule.starts_with(LIFECYCLE) => standing,
                _ => flow.is_some(),
            };
            if !applies {
                continue;
            }
            desired.failures.insert(key.clone());
            if !step.given_up {
                if let Ok(at) = step.last.checked_add(branch.pause())
                    && at > now
                {
                    desired.review_by(at);
                }
                continue;
            }
            let because = Because { rule: step.rule.clone(), row: None, text: said(step) };
            if let (true, Some(flow)) = (told, flow) {
                desired.not_given.push(NotGiven {
                    label: flow.sentence.clone(),
                    because: because.clone(),
                    unmet: false,
                });
            }
            let replaced = is_instead(key);
            let silent = branch.todo.is_none() && branch.alert.is_empty() && !branch.instead && !branch.stop;
            if branch.todo.is_some() || silent || replaced {
                let named = branch.todo.as_ref().filter(|_| !replaced);
                let fill = |text: &str| text.replace("{name}", name);
                let what = named
                    .map_or_else(|| format!("for {name} by hand: {}", step.what), |todo| fill(&todo.what));
                let how = named.map(|todo| fill(&todo.how)).filter(|how| !how.is_empty());
                let how = how.unwrap_or_else(|| step.fix.clone());
                let todo =
                    ToDo { key: format!("failed:{key}"), what, how: format!("{how} ({})", said(step)) };
                desired.todos.push(Want { value: todo, because: vec![because.clone()] });
            }
            if !branch.alert.is_empty() {
                let notice = NoticeWish {
                    key: format!("failed:{key}:{}", step.first.as_second()),
                    to: branch.alert.clone(),
                    subject: format!("{name}: {} failed", step.what),
                    text: format!("{}: {}. {}", step.rule, said(step), step.fix),
                    after_verified: false,
                };
                desired.notices.push(Want { value: notice, because: vec![because] });
            }
            if branch.stop {
                desired.stopped.get_or_insert_with(|| format!("{} says stop: {}", step.rule, said(step)));
            }
        }
    }
}

fn said(step: &FailedStep) -> String {
    let times = if step.tries == 1 { "once".to_owned() } else { format!("{} times", step.tries) };
    format!(
        "{} failed {times}, last on {}: {}",
        step.what,
        step.last.strftime("%Y-%m-%d %H:%M UTC"),
        step.why
    )
}
