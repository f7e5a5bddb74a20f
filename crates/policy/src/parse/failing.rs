//! Reads `if_it_fails`: what becomes of a step that the site refuses or cannot do. It stands at a flow, for all of its
//! outcomes; at one outcome, for that one; and at lifecycle rules.

use std::collections::BTreeMap;

use lanyard_model::failure::{FailureToDo, OnFailure, Part};
use sha2::{Digest as _, Sha256};

use super::{first::span, lifecycle::channels};
use crate::{
    document::{Document, Outcome},
    guardrail::Channel,
    reader::Section,
};

const KEY: &str = "if_it_fails";
const EVERY_SECONDS: u64 = 600;

/// The branches of one flow, outcome by outcome.
pub(super) struct Branches<'a> {
    read: &'a dyn Fn(&Section<'_>) -> Option<Outcome>,
    channels: &'a BTreeMap<String, Channel>,
    found: BTreeMap<Part, OnFailure>,
    instead: Vec<Outcome>,
}

impl<'a> Branches<'a> {
    pub fn new(
        read: &'a dyn Fn(&Section<'_>) -> Option<Outcome>,
        channels: &'a BTreeMap<String, Channel>,
    ) -> Self {
        Self { read, channels, found: BTreeMap::new(), instead: Vec::new() }
    }

    /// Reads an outcome with its own branch.
    pub fn outcome(&mut self, section: &Section<'_>) -> Option<Outcome> {
        let outcome = (self.read)(section);
        let branch = self.branch(section);
        let outcome = outcome?;
        let Some((branch, mut instead)) = branch else { return Some(outcome) };
        let Some(part) = outcome.kind.part() else {
            let fix = "take if_it_fails away: nothing is sent for a to-do";
            section.error("a to-do cannot fail", Some(fix.into()));
            return Some(outcome);
        };
        instead.iter_mut().for_each(|other| other.instead_of = vec![part]);
        self.instead.extend(instead);
        if self.found.get(&part).is_some_and(|known| *known != branch) {
            let fix = "write it once at the flow, or make two flows of it";
            section.error(format!("two outcomes that give a {part} fail differently"), Some(fix.into()));
        }
        self.found.insert(part, branch);
        Some(outcome)
    }

    /// What the flow gives, with what it gives instead, and what becomes of failures. The flow's own branch is for whatever
    /// has none.
    pub fn finish(
        mut self,
        flow: &Section<'_>,
        mut gives: Vec<Outcome>,
    ) -> (Vec<Outcome>, BTreeMap<Part, OnFailure>) {
        if let Some((branch, mut instead)) = self.branch(flow) {
            let mut parts: Vec<Part> = gives.iter().filter_map(|outcome| outcome.kind.part()).collect();
            parts.retain(|part| !self.found.contains_key(part));
            parts.sort_unstable();
            parts.dedup();
            if parts.is_empty() {
                let fix = "take it away, or give something";
                flow.error("nothing that this flow gives could fail this way", Some(fix.into()));
            }
            instead.iter_mut().for_each(|other| other.instead_of.clone_from(&parts));
            self.instead.extend(instead);
            self.found.extend(parts.into_iter().map(|part| (part, branch.clone())));
        }
        for (part, branch) in &mut self.found {
            let own = gives.iter().filter(|outcome| outcome.kind.part() == Some(*part));
            branch.print = print(own);
        }
        // What is given instead, and fails in its turn, becomes a to-do.
        for part in self.instead.iter().filter_map(|outcome| outcome.kind.part()) {
            self.found.entry(part).or_insert_with(|| OnFailure {
                every_seconds: EVERY_SECONDS,
                print: "instead".into(),
                ..OnFailure::default()
            });
        }
        gives.append(&mut self.instead);
        (gives, self.found)
    }

    fn branch(&self, section: &Section<'_>) -> Option<(OnFailure, Vec<Outcome>)> {
        let branch = section.section(KEY)?;
        let mut on = common(&branch, self.channels);
        on.stop = branch.boolean("stop").unwrap_or(false);
        let parts = branch.sections("instead");
        for part in parts.iter().filter(|part| part.get(KEY).is_some()) {
            let fix = "take if_it_fails away here: what fails in its turn becomes a to-do";
            part.error("what is given instead has no other way of its own", Some(fix.into()));
        }
        let instead: Vec<Outcome> = parts.iter().filter_map(|part| (self.read)(part)).collect();
        on.instead = !instead.is_empty();
        finish(&branch, &on, &["retry", "instead", "todo", "alert", "stop"]);
        Some((on, instead))
    }
}

/// The branch of a lifecycle rule, for whatever it takes.
pub(super) fn of_rule(rule: &str, section: &Section<'_>, document: &mut Document) {
    let Some(branch) = section.section(KEY) else { return };
    let mut on = common(&branch, &document.channels);
    // What somebody loses is tried until it is gone: there is neither an instead nor a stop.
    finish(&branch, &on, &["retry", "todo", "alert"]);
    rule.clone_into(&mut on.print);
    document.failures.insert(rule.to_owned(), Part::ALL.map(|part| (part, on.clone())).into());
}

fn common(branch: &Section<'_>, known: &BTreeMap<String, Channel>) -> OnFailure {
    let retries = branch.integer("retry", 1..101).map_or(0, |count| count as u32);
    let every = branch.text("every");
    if let Some(text) = every.as_ref().filter(|_| retries == 0) {
        let fix = "add retry = 3, or take every away";
        branch.report.error(&text.span, "nothing is tried again", Some(fix.into()));
    }
    let todo = branch.string("todo");
    let how = branch.text("how");
    if let (None, Some(text)) = (&todo, &how) {
        branch.report.error(&text.span, "how what is done?", Some("add todo = \"…\"".into()));
    }
    OnFailure {
        retries,
        every_seconds: every.and_then(|text| span(&text, branch)).unwrap_or(EVERY_SECONDS).max(1),
        todo: todo.map(|what| FailureToDo { what, how: how.map(|text| text.value).unwrap_or_default() }),
        alert: channels(branch, "alert", known),
        ..OnFailure::default()
    }
}

fn finish(branch: &Section<'_>, on: &OnFailure, keys: &[&'static str]) {
    branch.finish();
    let says = on.retries > 0 || on.instead || on.todo.is_some() || !on.alert.is_empty() || on.stop;
    if !says && keys.iter().copied().all(|key| branch.get(key).is_none()) {
        let fix = format!("add one of {}", keys.join(", "));
        branch.error("this says nothing", Some(fix));
    }
}

/// A short name of what a part of a flow gives, equal as long as it gives the same.
fn print<'a>(outcomes: impl Iterator<Item = &'a Outcome>) -> String {
    let mut hash = Sha256::new();
    outcomes.for_each(|outcome| hash.update(format!("{:?};", outcome.kind)));
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
