//! How long looks took, from the first signal to the verified state, and how many there were.

use std::{collections::VecDeque, sync::Mutex, time::Duration};

/// Keeps the last looks that changed something, and totals.
#[derive(Default)]
pub struct Latency {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    recent: VecDeque<Duration>,
    totals: Totals,
}

/// Counted since start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Looks finished.
    pub looks: u64,
    /// Looks that found nothing to do.
    pub quiet: u64,
    /// Operations that the target accepted.
    pub writes: u64,
    /// Operations that failed in any way.
    pub failed: u64,
    /// Looks whose plan was read back with nothing open.
    pub verified: u64,
    /// Times a look had to read an account.
    pub account_looks: u64,
    /// Looks that changed something upstream, and read it back.
    pub changes: u64,
    /// Fresh account searches beyond the one read per look (correlation of people without a link).
    pub searches: u64,
}

const KEPT: usize = 100_000;

impl Latency {
    pub(crate) fn note(&self, took: Duration, change: impl FnOnce(&mut Totals)) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if inner.recent.len() == KEPT {
            inner.recent.pop_front();
        }
        inner.recent.push_back(took);
        change(&mut inner.totals);
    }

    pub(crate) fn count(&self, change: impl FnOnce(&mut Totals)) {
        change(&mut self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner).totals);
    }

    pub fn totals(&self) -> Totals {
        self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner).totals
    }

    /// The given quantiles (0 to 1) over the kept looks; `None` without any.
    pub fn quantiles(&self, at: &[f64]) -> Option<Vec<Duration>> {
        let mut all: Vec<_> = self
            .inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .recent
            .iter()
            .copied()
            .collect();
        if all.is_empty() {
            return None;
        }
        all.sort_unstable();
        Some(at.iter().map(|q| all[((all.len() - 1) as f64 * q).round() as usize]).collect())
    }

    /// Forgets the kept looks and totals (between two measured stretches).
    pub fn reset(&self) {
        *self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Inner::default();
    }
}
