//! Who waits for an upstream that did not answer, and bringing them forward when it answers again.
//!
//! Each look that fails backs off by itself, up to minutes. An outage must not cost more than its own length, so
//! whoever waits is noted here, the upstream is asked now and then, and when it answers the waiting looks become due,
//! leavers at once and the rest spread over a while. The note is only in memory: a process that starts notes whoever it
//! finds waiting for another try ([`Engine::recall_waiting`]).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use lanyard_model::{
    id::{IdentityId, SiteId, TenantId},
    signal::{Lane, Source},
};
use tokio::sync::Notify;

use crate::{
    Engine,
    ports::{WorkItem, Write},
};

/// Between two questions whether an upstream answers again.
const ASK_EVERY: Duration = Duration::from_secs(10);
/// Waiting looks brought forward per second, so that a site that just came back is not run over.
const PER_SECOND: usize = 20;
/// Looks noted per upstream at most; whoever is beyond waits out the back-off.
const WAITING_MAX: usize = 100_000;

/// One system on either side.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Upstream {
    Tenant(TenantId),
    Site(SiteId),
}

#[derive(Debug, Default)]
struct Waiting {
    who: BTreeSet<(Lane, IdentityId)>,
    /// How often it answered without a single look having come through since.
    in_vain: u32,
    /// Nobody is brought forward before this moment.
    not_before: Option<Timestamp>,
}

/// What is known of all upstreams.
#[derive(Debug, Default)]
pub(crate) struct Outages {
    waiting: Mutex<BTreeMap<Upstream, Waiting>>,
    /// Rings when somebody waits for a site.
    pub(crate) noted: Notify,
}

impl Outages {
    fn with<T>(&self, change: impl FnOnce(&mut BTreeMap<Upstream, Waiting>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A look ended because `upstream` did not answer.
    pub(crate) fn note(&self, upstream: &Upstream, item: &WorkItem) {
        self.note_waiting(upstream.clone(), item.lane, item.identity.clone());
        self.noted.notify_one();
    }

    fn note_waiting(&self, upstream: Upstream, lane: Lane, who: IdentityId) {
        self.with(|all| {
            let waiting = all.entry(upstream).or_default();
            if waiting.who.len() < WAITING_MAX {
                waiting.who.insert((lane, who));
            }
        });
    }

    /// A look at `who` came through these upstreams: whatever was in the way is over, and they wait no more.
    pub(crate) fn came_through(&self, who: &IdentityId, sites: &[SiteId]) {
        self.with(|all| {
            for (upstream, waiting) in all.iter_mut() {
                for lane in [Lane::Leaver, Lane::Normal, Lane::Bulk] {
                    waiting.who.remove(&(lane, who.clone()));
                }
                let passed = match upstream {
                    Upstream::Tenant(tenant) => *tenant == who.tenant,
                    Upstream::Site(site) => sites.contains(site),
                };
                if passed {
                    (waiting.in_vain, waiting.not_before) = (0, None);
                }
            }
        });
    }

    /// The upstream answered: whoever may go on now. An upstream that answers and still fails every look (a missing
    /// right, say) lets people go less and less often.
    fn answered(&self, upstream: &Upstream, now: Timestamp, longest: Duration) -> Vec<(Lane, IdentityId)> {
        self.with(|all| {
            let Some(waiting) = all.get_mut(upstream) else { return Vec::new() };
            if waiting.who.is_empty() || waiting.not_before.is_some_and(|at| at > now) {
                return Vec::new();
            }
            let pause = (ASK_EVERY * (1 << waiting.in_vain.min(10))).min(longest);
            waiting.in_vain = waiting.in_vain.saturating_add(1);
            waiting.not_before = Some(now + pause);
            std::mem::take(&mut waiting.who).into_iter().collect()
        })
    }

    /// Sites that somebody waits for.
    fn sites_missed(&self) -> Vec<SiteId> {
        self.with(|all| {
            let missed = all.iter().filter(|(_, waiting)| !waiting.who.is_empty());
            missed
                .filter_map(|(upstream, _)| match upstream {
                    Upstream::Site(site) => Some(site.clone()),
                    Upstream::Tenant(_) => None,
                })
                .collect()
        })
    }
}

impl Engine {
    /// Notes that `upstream` answered something, and brings forward whoever waits for it.
    pub(crate) async fn note_answer(&self, upstream: &Upstream) {
        let now = self.clock.now();
        let who = self.outages.answered(upstream, now, self.settings.retry_max);
        if who.is_empty() {
            return;
        }
        tracing::info!(?upstream, people = who.len(), "it answers again; waiting looks are brought forward");
        let mut batch = Vec::new();
        for (second, chunk) in (0u64..).zip(who.chunks(PER_SECOND)) {
            let (leavers, others): (Vec<_>, Vec<_>) =
                chunk.iter().partition(|(lane, _)| *lane == Lane::Leaver);
            for (people, due) in [(leavers, now), (others, now + Duration::from_secs(second))] {
                if !people.is_empty() {
                    // The slowest lane: it raises nobody's, and keeps whatever each had.
                    batch.push(Write::Attend {
                        who: people.into_iter().map(|(_, id)| id.clone()).collect(),
                        source: Source::Timer,
                        lane: Lane::Bulk,
                        due,
                        why: "an upstream that was down answers again".into(),
                    });
                }
            }
        }
        match self.write(batch).await {
            Ok(_) => self.wake.notify_one(),
            Err(failure) => tracing::warn!(%failure, "waiting looks could not be brought forward"),
        }
    }

    /// Notes whoever an earlier process left waiting for another try. What stood in the way is not on record: they go on
    /// when their tenant's log is next read, and whoever then finds a site down waits for the site.
    pub async fn recall_waiting(&self) {
        let now = self.clock.now();
        // No pause is longer: the back-off is spread by a quarter at most.
        let until = now + self.settings.retry_max.mul_f64(1.25);
        match self.store.retrying(now, until, WAITING_MAX).await {
            Ok(waiting) => {
                for (lane, who) in waiting {
                    self.outages.note_waiting(Upstream::Tenant(who.tenant.clone()), lane, who);
                }
            }
            Err(failure) => {
                tracing::warn!(%failure, "who waits for another try could not be read; the pauses alone hold");
            }
        }
    }

    /// Asks sites that somebody waits for whether they answer again. Tenants need no asking: their feed is read all
    /// the time.
    pub(crate) async fn watch_outages(&self) {
        self.recall_waiting().await;
        loop {
            let missed = self.outages.sites_missed();
            if missed.is_empty() {
                self.outages.noted.notified().await;
                self.clock.sleep(Duration::from_secs(2)).await;
                continue;
            }
            self.ask_missed_sites(missed).await;
            self.clock.sleep(ASK_EVERY).await;
        }
    }

    /// Sites that somebody waits for, because they did not answer when they were asked last.
    pub fn sites_waited_for(&self) -> Vec<SiteId> {
        self.outages.sites_missed()
    }

    /// One round of [`Self::watch_outages`].
    async fn ask_missed_sites(&self, missed: Vec<SiteId>) {
        for id in missed {
            let Some(site) = self.sites().get(&id) else { continue };
            match site.port().answers(Lane::Leaver).await {
                Ok(()) => self.note_answer(&Upstream::Site(id)).await,
                Err(failure) => tracing::debug!(site = %id, %failure, "still no useful answer"),
            }
        }
    }

    /// Asks every site that somebody waits for, once. For tests and for whoever steps the engine by hand.
    pub async fn ask_again(&self) {
        self.ask_missed_sites(self.outages.sites_missed()).await;
    }
}
