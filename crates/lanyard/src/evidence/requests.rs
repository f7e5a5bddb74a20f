//! What was asked before something was done, and who decided: requests, holds, limits reached, undos.

use std::collections::HashMap;

use jiff::Timestamp;
use lanyard_evidence::{cell::Cell, pack::Pack, tables};
use lanyard_model::{
    clearance::{Clearance, ClearanceKind, ClearanceState, Vote},
    id::SiteId,
};
use serde_json::{Value, json};

use super::{Scope, people::Known};

/// The line under which an account is made.
const CREATE: &str = "create";

/// Everything that was asked in scope before the period ended, by person.
pub struct Requests {
    of: HashMap<String, Vec<Clearance>>,
}

impl Requests {
    pub fn read(scope: &Scope<'_>) -> anyhow::Result<Self> {
        let mut of: HashMap<String, Vec<Clearance>> = HashMap::new();
        for clearance in scope.archive.clearances(&scope.ask.tenant, scope.ask.to)? {
            if scope.site(&clearance.site) {
                of.entry(clearance.identity.to_string()).or_default().push(clearance);
            }
        }
        Ok(Self { of })
    }

    fn all(&self, person: &str) -> &[Clearance] {
        self.of.get(person).map(Vec::as_slice).unwrap_or_default()
    }

    /// Who agreed that an account is made, and when; `None`: nobody was asked.
    pub fn joining(&self, person: &str, site: &SiteId, before: Timestamp) -> Option<(String, Timestamp)> {
        let asked = self.all(person).iter().rev().find(|clearance| {
            clearance.site == *site
                && clearance.kind == ClearanceKind::Approval
                && clearance.state == ClearanceState::Granted
                && clearance.names(CREATE)
                && clearance.asked_at <= before
        })?;
        let yes: Vec<&Vote> = asked.votes.iter().filter(|vote| vote.yes).collect();
        let names: Vec<String> = yes.iter().map(|vote| named(vote)).collect();
        Some((names.join("; "), yes.iter().map(|vote| vote.at).max()?))
    }

    /// Rows of what touches the period: one for each vote, and one for what nobody voted on.
    pub fn rows(&self, scope: &Scope<'_>, known: &Known, pack: &mut Pack) {
        let ask = scope.ask;
        let mut all: Vec<&Clearance> = self
            .of
            .values()
            .flatten()
            .filter(|clearance| clearance.state.is_open() || clearance.changed_at() >= ask.from)
            .collect();
        all.sort_by_key(|clearance| (clearance.asked_at, clearance.id.as_str()));
        for clearance in all {
            let votes: Vec<&Vote> = clearance.votes.iter().filter(|vote| vote.at < ask.to).collect();
            let name = known.name(&clearance.identity.to_string());
            if votes.is_empty() {
                pack.row(&tables::APPROVALS, row(clearance, &name, None, ask.to));
            }
            for vote in votes {
                pack.row(&tables::APPROVALS, row(clearance, &name, Some(vote), ask.to));
            }
        }
    }

    /// Everything that was asked, in the order in which it was.
    pub fn everything(&self) -> Vec<&Clearance> {
        let mut all: Vec<&Clearance> = self.of.values().flatten().collect();
        all.sort_by_key(|clearance| (clearance.asked_at, clearance.id.as_str()));
        all
    }

    /// As a dossier tells it.
    pub fn told(&self, person: &str) -> Vec<Value> {
        self.all(person).iter().map(|clearance| json!(clearance)).collect()
    }
}

/// A vote's owner, in whose place, and in which capacity.
fn named(vote: &Vote) -> String {
    let place = vote.instead_of.as_ref().map(|who| format!(" in the place of {who}")).unwrap_or_default();
    let capacity = if vote.capacity.is_empty() { String::new() } else { format!(" ({})", vote.capacity) };
    format!("{}{place}{capacity}", vote.by)
}

/// How it stood when the period ended: what became of it from then on is not that period's evidence. Votes that were given
/// by then count as they do when they are given.
pub fn state_at(clearance: &Clearance, to: Timestamp) -> ClearanceState {
    let later = clearance.ended.as_ref().is_some_and(|(at, _)| *at >= to);
    if !later {
        return clearance.state;
    }
    if clearance.kind == ClearanceKind::Undone {
        return ClearanceState::Waiting;
    }
    let votes = clearance.votes.iter().filter(|vote| vote.at < to).cloned().collect();
    let then = Clearance { votes, ..clearance.clone() };
    let needed = then.demand.as_ref().map_or(1, |demand| demand.quorum as usize);
    match then.votes.iter().any(|vote| !vote.yes) {
        // Declined, it was asked anew afterwards.
        true => ClearanceState::Declined,
        false if then.ayes() >= needed => ClearanceState::Granted,
        false => ClearanceState::Waiting,
    }
}

fn row(clearance: &Clearance, name: &str, vote: Option<&Vote>, to: Timestamp) -> Vec<Cell> {
    let who = clearance.identity.to_string();
    let what: Vec<&str> = clearance.lines.iter().map(|line| line.what.as_str()).collect();
    let ended = clearance.ended.as_ref().filter(|(at, _)| *at < to);
    vec![
        clearance.id.as_str().into(),
        clearance.kind.as_str().into(),
        who.as_str().into(),
        name.into(),
        clearance.site.as_str().into(),
        what.join("; ").into(),
        clearance.rule.as_str().into(),
        clearance.asked_at.into(),
        clearance.until.into(),
        state_at(clearance, to).as_str().into(),
        vote.map(|vote| vote.by.as_str()).into(),
        vote.and_then(|vote| vote.instead_of.as_deref()).into(),
        vote.map(|vote| vote.capacity.as_str()).into(),
        vote.map(|vote| if vote.yes { "yes" } else { "no" }).into(),
        vote.map(|vote| vote.reason.as_str()).into(),
        vote.map(|vote| vote.at).into(),
        vote.map(|vote| vote.at.duration_since(clearance.asked_at).as_secs()).into(),
        vote.map(|vote| !vote.whose.contains(&who)).into(),
        ended.map(|(at, _)| *at).into(),
        ended.map(|(_, why)| why.as_str()).into(),
        clearance.plan.as_str().into(),
    ]
}
