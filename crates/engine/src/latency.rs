//! How long looks took, from the first signal to the verified state, and how many there were.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
    time::Duration,
};

use lanyard_model::id::{SiteId, TenantId};

/// Keeps the last looks that changed something, and totals.
#[derive(Default)]
pub struct Latency {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    recent: VecDeque<Duration>,
    /// Of changes that were read back, by where they were made.
    environments: BTreeMap<(TenantId, SiteId), VecDeque<Duration>>,
    totals: Totals,
}

/// How long changes of one environment took, from the first signal to the read that showed them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lag {
    /// So many changes, the newest.
    pub changes: usize,
    pub p50: Duration,
    pub p95: Duration,
}

/// Counted since start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    /// Looks finished.
    pub looks: u64,
    /// Of those: looks that came to an end, and that something asked for which no read had shown before. The others were broken
    /// off and merely tried again, or had nothing to do that the look or list before them had not seen.
    pub needed: u64,
    /// Looks that found nothing to do.
    pub quiet: u64,
    /// Operations that the target accepted.
    pub writes: u64,
    /// Changes that a badge system acknowledged. No operation of a site's.
    pub doors: u64,
    /// Operations that failed in any way.
    pub failed: u64,
    /// Looks whose plan was read back with nothing open.
    pub verified: u64,
    /// Sites in which needed looks had to read an account.
    pub account_looks: u64,
    /// Looks in which a site, or its badge system, accepted something: each asks for a read-back, though it may be another look that reads.
    pub changes: u64,
}

impl Totals {
    /// What came since another count of the same engine.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        // A count may have been set to nothing in between.
        let more = |now: u64, before: u64| now.saturating_sub(before);
        Self {
            looks: more(self.looks, before.looks),
            needed: more(self.needed, before.needed),
            quiet: more(self.quiet, before.quiet),
            writes: more(self.writes, before.writes),
            doors: more(self.doors, before.doors),
            failed: more(self.failed, before.failed),
            verified: more(self.verified, before.verified),
            account_looks: more(self.account_looks, before.account_looks),
            changes: more(self.changes, before.changes),
        }
    }
}

const KEPT: usize = 100_000;
/// Of one environment.
const KEPT_EACH: usize = 1_000;

impl Latency {
    pub(crate) fn note(&self, took: Duration, change: impl FnOnce(&mut Totals)) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if inner.recent.len() == KEPT {
            inner.recent.pop_front();
        }
        inner.recent.push_back(took);
        change(&mut inner.totals);
    }

    /// A look that changed something and read it back: it counts in each site that it was about.
    pub(crate) fn note_change(&self, tenant: &TenantId, sites: &[SiteId], took: Duration) {
        let mut inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for site in sites {
            let recent = inner.environments.entry((tenant.clone(), site.clone())).or_default();
            if recent.len() == KEPT_EACH {
                recent.pop_front();
            }
            recent.push_back(took);
        }
    }

    /// Of the newest changes of a tenant in a site; `None`: there was none since the start.
    pub fn lag(&self, tenant: &TenantId, site: &SiteId) -> Option<Lag> {
        let inner = self.inner.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let recent = inner.environments.get(&(tenant.clone(), site.clone()))?;
        let mut all: Vec<_> = recent.iter().copied().collect();
        drop(inner);
        all.sort_unstable();
        let at = |q: f64| all[((all.len() - 1) as f64 * q).round() as usize];
        (!all.is_empty()).then(|| Lag { changes: all.len(), p50: at(0.5), p95: at(0.95) })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_piece_of_work_did_is_told_apart_from_all_before_it() {
        let latency = Latency::default();
        latency.count(|totals| totals.writes += 5);
        let before = latency.totals();
        latency.count(|totals| (totals.writes, totals.failed) = (totals.writes + 2, totals.failed + 1));
        assert_eq!(latency.totals().since(before), Totals { writes: 2, failed: 1, ..Totals::default() });
    }

    #[test]
    fn each_environment_has_its_own_lag() {
        let latency = Latency::default();
        let (tenant, here, there) = (TenantId::new("northgate"), SiteId::new("hq"), SiteId::new("pier"));
        for seconds in 1..=100 {
            latency.note_change(&tenant, std::slice::from_ref(&here), Duration::from_secs(seconds));
        }
        latency.note_change(&tenant, std::slice::from_ref(&there), Duration::from_secs(7));
        let (p50, p95) = (Duration::from_secs(51), Duration::from_secs(95));
        assert_eq!(latency.lag(&tenant, &here), Some(Lag { changes: 100, p50, p95 }));
        assert_eq!(latency.lag(&tenant, &there).map(|lag| lag.p95), Some(Duration::from_secs(7)));
        assert_eq!(latency.lag(&TenantId::new("other"), &here), None);
    }
}
