//! What was just written and accepted, so that a read which lags behind it does not have it written again.
//!
//! A read by id may be answered by a copy that has not heard of our write yet. Planning on it asks for the very same
//! write, which would be the second identical one. It is not sent before the site had [`ECHO_MAX`] to show the first: until
//! then the look only reads again. After that a write that still does not show is not lagging but undone or ignored, and
//! is sent again. Only in memory: after a restart one write may be repeated, which is safe and visible.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use lanyard_model::{
    id::{IdentityId, SiteId},
    plan::{Operation, Plan},
};

/// How long a read may lag behind a write of ours before the same write is sent again.
pub(super) const ECHO_MAX: Duration = Duration::from_secs(10);

/// People remembered before those of long ago are dropped.
const REMEMBERED_MAX: usize = 4096;

/// The operations that the last look which wrote had accepted, per person and site.
#[derive(Debug, Default)]
pub(crate) struct Echoes(Mutex<HashMap<(IdentityId, SiteId), Written>>);

#[derive(Debug)]
struct Written {
    at: Timestamp,
    operations: BTreeSet<String>,
    /// No look has read since that it shows.
    unread: bool,
}

/// An operation as text: equal texts, equal calls.
pub(super) fn text(op: &Operation) -> String {
    serde_json::to_string(op).unwrap_or_default()
}

impl Echoes {
    /// A look wrote; what an earlier one wrote is no longer the last word.
    pub(super) fn note(&self, who: &IdentityId, site: &SiteId, operations: BTreeSet<String>, at: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED_MAX {
            all.retain(|_, written| written.at + ECHO_MAX > at);
        }
        all.insert((who.clone(), site.clone()), Written { at, operations, unread: true });
    }

    /// When a look last wrote for them there.
    pub(super) fn written_at(&self, who: &IdentityId, site: &SiteId) -> Option<Timestamp> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(all.get(&(who.clone(), site.clone()))?.at)
    }

    /// Whether a look wrote and ended before its read. From now on it is read.
    pub(super) fn take_unread(&self, who: &IdentityId, site: &SiteId) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = all.get_mut(&(who.clone(), site.clone()));
        written.is_some_and(|written| std::mem::take(&mut written.unread))
    }

    /// Until when `plan` waits, because it asks again for what was written a moment ago.
    pub(super) fn holds_until(&self, plan: &Plan, now: Timestamp) -> Option<Timestamp> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let written = all.get(&(plan.identity.clone(), plan.site.clone()))?;
        let until = written.at + ECHO_MAX;
        // The clock is asked before texts are made: nearly always it is long ago.
        let repeats = |op: &Operation| written.operations.contains(&text(op));
        (written.at <= now && now < until && plan.open_steps().any(|(_, step)| repeats(&step.op)))
            .then_some(until)
    }
}
