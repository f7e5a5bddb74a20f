//! What an undo keeps away from the policy: put on record before anything is sent, kept as long as the undo waits, and given up
//! for what was not taken back after all.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    clearance::{Clearance, ClearanceKind, ClearanceState},
    plan::Gate,
};
use lanyard_plan::{
    clearing::{self, UNDO_PLAN as UNDO},
    lines,
};

use super::{Planned, UndoFor};
use crate::{
    Engine,
    explain::PreviewError,
    ports::{StoreFailure, Write},
};

impl Engine {
    /// Puts on record what the policy must not bring again by itself, unless an undo of before keeps it away still.
    pub(super) async fn keep_away(
        &self,
        undo: &UndoFor,
        known: &[Clearance],
        because: &str,
        now: Timestamp,
    ) -> Result<Option<String>, PreviewError> {
        let away = || known.iter().filter(|known| known.kind == ClearanceKind::Undone && !known.over);
        let mut lines = undo.keep_away.clone();
        lines.retain(|line| !away().any(|known| known.names(&line.key)));
        if lines.is_empty() {
            return Ok(away()
                .next_back()
                .filter(|_| !undo.keep_away.is_empty())
                .map(|known| known.id.clone()));
        }
        let id =
            format!("clr_undo_{}_{}", undo.plan.id.as_str().trim_start_matches(UNDO), now.as_microsecond());
        let clearance = Clearance {
            id: id.clone(),
            version: 0,
            kind: ClearanceKind::Undone,
            identity: undo.identity.clone(),
            person: undo.person.clone(),
            site: undo.site.clone(),
            rule: clearing::UNDO.into(),
            lines,
            plan: undo.plan.id.clone(),
            state: ClearanceState::Waiting,
            asked_at: now,
            until: None,
            demand: None,
            manager: None,
            votes: Vec::new(),
            ended: Some((now, because.to_owned())),
            over: false,
            spent: BTreeSet::new(),
        };
        let batch = vec![
            self.clearance_line(&clearance, "clearance", "kept away until the undo is released", now),
            Write::Clearance(Box::new(clearance)),
        ];
        self.write(batch).await.map_err(PreviewError::Store)?;
        Ok(Some(id))
    }

    /// What was not taken back is not kept away either: it is there, and whoever takes it away some day does not mean what
    /// the undo meant. A record of which nothing is left ends. `left`: lines with the reason why they stay.
    pub(super) async fn keep_no_longer(
        &self,
        record: Option<&str>,
        left: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        let Some(id) = record.filter(|_| !left.is_empty()) else { return Ok(()) };
        let Some(known) = self.store.clearance(id).await?.filter(|known| !known.over) else { return Ok(()) };
        let things: BTreeMap<_, _> =
            left.iter().map(|(line, why)| (lines::thing(line), why.as_str())).collect();
        let mut after = known.clone();
        after.lines.retain(|line| !things.contains_key(&lines::thing(&line.key)));
        if after.lines.len() == known.lines.len() {
            return Ok(());
        }
        let mut batch = Vec::new();
        if after.lines.is_empty() {
            let why = known.lines.iter().find_map(|line| things.get(&lines::thing(&line.key)));
            after.lines.clone_from(&known.lines);
            (after.over, after.state) = (true, ClearanceState::Cancelled);
            after.ended =
                Some((now, format!("nothing of it was taken back: {}", why.copied().unwrap_or_default())));
            let said = "undone ended: nothing of it was taken back";
            batch.push(self.clearance_line(&after, "clearance", said, now));
        }
        batch.push(Write::Clearance(Box::new(after)));
        match self.write(batch).await {
            // Somebody released it in this very moment.
            Ok(_) | Err(StoreFailure::ClearanceChanged(_)) => Ok(()),
            Err(failure) => Err(failure),
        }
    }
}

/// Lines that an undo leaves in place for good, each with the reason: what is blocked, and what cannot come back. What was
/// sent and does not show yet is not among them.
pub(super) fn not_taken_back(planned: &Planned) -> BTreeMap<String, String> {
    let mut left = BTreeMap::new();
    for step in &planned.shown.plan.steps {
        if let Gate::Blocked { why, .. } = &step.gate {
            let keys = lines::keys(&step.op, planned.account.as_ref()).into_iter();
            left.extend(keys.map(|key| (key, why.clone())));
        }
    }
    for one in &planned.lost {
        left.extend(one.lines.iter().map(|key| (key.clone(), one.what.clone())));
    }
    left
}
