//! One life of the process. It dies at a chosen call of a port: afterwards nothing that it began ever goes on, which
//! is what a kill at that await looks like from outside.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::ports::*;
use lanyard_model::{
    account::Account,
    booking::Visit,
    clearance::{Clearance, ClearanceState},
    coverage::{Certificate, ReadKind},
    desired::Applied,
    id::{AccountId, AccountKey, GroupId, IdentityId, PlanId, SiteId, TenantId},
    identity::Group,
    link::Link,
    plan::{Outcome, Plan},
    signal::Lane,
};
use lanyard_store::SqliteStore;
use tokio::sync::Notify;

/// One life.
pub struct Life {
    /// `u64::MAX`: it is spared.
    ends_at_call: AtomicU64,
    calls: AtomicU64,
    dead: AtomicBool,
    died: Notify,
    /// The machine stands still: nothing of the process goes on, and nothing of it is lost.
    paused: AtomicBool,
    resumed: Notify,
    /// Batches that this life made durable.
    commits: AtomicU64,
    /// Claims in force, by identity: the fence last given out.
    fences: Arc<Fences>,
    marks: Option<Marks>,
}

/// How far everything outside of the process is, as a number that only grows or stays.
pub type Outside = Box<dyn Fn() -> u64 + Send + Sync>;

/// What each point was passed with. Where two points in a row have the same mark, nothing outside of the process has
/// happened between them, nothing has become durable and no time has passed: a death ends the same at either.
struct Marks {
    outside: Outside,
    passed: Mutex<Vec<u64>>,
}

/// What the store gave out and took back, kept beside it: which claim of an identity is the last one.
#[derive(Default)]
pub struct Fences {
    last: Mutex<BTreeMap<IdentityId, i64>>,
    /// Ends of claims that were accepted although a later claim had been given out.
    broken: Mutex<Vec<String>>,
    ends: AtomicU64,
    ran_away: AtomicBool,
    stopped: Notify,
}

/// More than any life of weeks passes: who passes more goes round in circles.
const POINTS_MAX: u64 = 10_000_000;

impl Fences {
    /// Resolves when a life goes round in circles.
    pub async fn ran_away(&self) {
        while !self.ran_away.load(Ordering::SeqCst) {
            self.stopped.notified().await;
        }
    }

    fn claimed(&self, items: &[WorkItem]) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        for item in items {
            last.insert(item.identity.clone(), item.fence);
        }
    }

    fn ended(&self, item: &WorkItem) {
        self.ends.fetch_add(1, Ordering::SeqCst);
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner).get(&item.identity).copied();
        if last != Some(item.fence) {
            let words =
                format!("the claim {} of {} ended, the last one is {last:?}", item.fence, item.identity);
            self.broken.lock().unwrap_or_else(PoisonError::into_inner).push(words);
        }
    }

    /// Claims that ended, and what was wrong with some of them.
    pub fn told(&self) -> (u64, Vec<String>) {
        let broken = self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.ends.load(Ordering::SeqCst), broken)
    }
}

impl Life {
    /// Dies at the `ends_at_call`th point, or only by [`Life::end`].
    pub fn new(ends_at_call: Option<u64>) -> Arc<Self> {
        Self::beside(ends_at_call, Arc::default(), None)
    }

    /// The same, one of several lives on one store. With `outside`, its points are marked.
    pub fn beside(ends_at_call: Option<u64>, fences: Arc<Fences>, outside: Option<Outside>) -> Arc<Self> {
        let marks = outside.map(|outside| Marks { outside, passed: Mutex::default() });
        Arc::new(Self {
            marks,
            ends_at_call: AtomicU64::new(ends_at_call.unwrap_or(u64::MAX)),
            calls: AtomicU64::new(0),
            dead: AtomicBool::new(false),
            died: Notify::new(),
            paused: AtomicBool::new(false),
            resumed: Notify::new(),
            commits: AtomicU64::new(0),
            fences,
        })
    }

    /// A point at which the process may die: before and after each call of store and network.
    pub async fn point(&self) {
        self.live().await;
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        if let Some(marks) = &self.marks {
            let mark = (marks.outside)().wrapping_add(self.commits());
            marks.passed.lock().unwrap_or_else(PoisonError::into_inner).push(mark);
        }
        if call >= POINTS_MAX {
            self.fences.ran_away.store(true, Ordering::SeqCst);
            self.fences.stopped.notify_one();
            std::future::pending::<()>().await;
        }
        if call >= self.ends_at_call.load(Ordering::SeqCst) {
            self.end();
            std::future::pending::<()>().await;
        }
    }

    /// Goes on only while the process lives.
    pub async fn live(&self) {
        while self.paused.load(Ordering::SeqCst) && !self.is_over() {
            self.resumed.notified().await;
        }
        if self.is_over() {
            std::future::pending::<()>().await;
        }
    }

    /// It dies no more by itself.
    pub fn spare(&self) {
        self.ends_at_call.store(u64::MAX, Ordering::SeqCst);
    }

    pub fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
        self.resumed.notify_waiters();
    }

    /// Stands still, or goes on.
    pub fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::SeqCst);
        self.resumed.notify_waiters();
    }

    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::SeqCst)
    }

    pub fn is_over(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    /// The mark of each point that was passed, by its number.
    pub fn marks(&self) -> Vec<u64> {
        let passed = self.marks.as_ref().map(|marks| &marks.passed);
        passed.map(|passed| passed.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap_or_default()
    }

    /// Resolves when the life is over.
    pub async fn over(&self) {
        while !self.is_over() {
            self.died.notified().await;
        }
    }
}

/// The store as one life sees it.
pub struct LifeStore {
    pub inner: Arc<SqliteStore>,
    pub life: Arc<Life>,
}

macro_rules! mortal_store {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        #[async_trait]
        impl Store for LifeStore {
            async fn write(&self, batch: Vec<Write>) -> Result<Vec<Wrote>, StoreFailure> {
                self.life.point().await;
                let ended: Vec<WorkItem> = batch
                    .iter()
                    .filter_map(|write| match write {
                        Write::Finish { item, .. } => Some((**item).clone()),
                        _ => None,
                    })
                    .collect();
                let answer = self.inner.write(batch).await;
                if answer.is_ok() {
                    self.life.commits.fetch_add(1, Ordering::SeqCst);
                    ended.iter().for_each(|item| self.life.fences.ended(item));
                }
                self.life.point().await;
                answer
            }

            async fn claim(
                &self,
                owner: &str,
                now: Timestamp,
                lease_until: Timestamp,
                slowest: Lane,
                max: usize,
            ) -> Result<Vec<WorkItem>, StoreFailure> {
                self.life.point().await;
                let answer = self.inner.claim(owner, now, lease_until, slowest, max).await;
                if let Ok(items) = &answer
                    && !items.is_empty()
                {
                    self.life.commits.fetch_add(1, Ordering::SeqCst);
                    self.life.fences.claimed(items);
                }
                self.life.point().await;
                answer
            }

            $(async fn $name(&self, $($argument: $kind),*) -> Result<$answer, StoreFailure> {
                self.life.point().await;
                let answer = self.inner.$name($($argument),*).await;
                self.life.point().await;
                answer
            })*
        }
    };
}

mortal_store! {
    fn next_due() -> Option<Timestamp>;
    fn work_counts(tenant: Option<&TenantId>, now: Timestamp) -> WorkCounts;
    fn retrying(from: Timestamp, until: Timestamp, limit: usize) -> Vec<(Lane, IdentityId)>;
    fn dead_work(limit: usize) -> Vec<(IdentityId, String, String)>;
    fn dead_page(tenant: Option<&TenantId>, after: Option<&IdentityId>, limit: usize) -> (Vec<(IdentityId, String, String)>, u64);
    fn identity(id: &IdentityId) -> Option<Mirrored>;
    fn identities(tenant: &TenantId, after: Option<&str>, limit: usize) -> Vec<Mirrored>;
    fn mirrored(tenant: &TenantId, after: Option<&str>, limit: usize) -> Vec<MirroredIdentity>;
    fn planned(who: &[IdentityId]) -> Vec<Option<Planned>>;
    fn identities_by_key(kind: &str, value: &str) -> Vec<IdentityId>;
    fn search_people(tenant: Option<&TenantId>, text: &str, order: Order, cursor: Option<&str>, limit: usize) -> (Vec<Mirrored>, Option<String>, Option<u64>);
    fn members(tenant: &TenantId, group: &GroupId) -> Vec<IdentityId>;
    fn groups(tenant: &TenantId) -> Vec<Group>;
    fn account(key: &AccountKey) -> Option<Account>;
    fn accounts_of(site: &SiteId, ids: &[AccountId]) -> Vec<Account>;
    fn mirrored_accounts(site: &SiteId, after: Option<AccountId>, limit: usize) -> Vec<MirroredAccount>;
    fn accounts(site: &SiteId) -> Vec<Account>;
    fn accounts_by_key(site: &SiteId, kind: &str, value: &str) -> Vec<AccountKey>;
    fn known_keys(site: Option<&SiteId>, kind: &str, values: &[String]) -> Vec<bool>;
    fn link(identity: &IdentityId, site: &SiteId) -> Option<Link>;
    fn links_of(identity: &IdentityId) -> Vec<Link>;
    fn links_to(account: &AccountKey) -> Vec<Link>;
    fn links(site: &SiteId) -> Vec<Link>;
    fn link_counts() -> Vec<(TenantId, SiteId, u64)>;
    fn links_page(site: &SiteId, after: Option<&(AccountId, IdentityId)>, limit: usize) -> Vec<Link>;
    fn held_by(identity: &IdentityId, at: Timestamp) -> Vec<Holding>;
    fn held_in(site: &SiteId, at: Timestamp, after: AccountId, limit: usize) -> Vec<Holding>;
    fn held_since(site: &SiteId) -> Option<Timestamp>;
    fn applied(identity: &IdentityId, site: &SiteId) -> Option<Applied>;
    fn applied_all(site: &SiteId) -> Vec<(IdentityId, Applied)>;
    fn applied_to_recall(site: &SiteId) -> Vec<(IdentityId, Applied)>;
    fn applied_page(site: &SiteId, tenant: &TenantId, after: Option<&str>, limit: usize) -> Vec<(IdentityId, Applied)>;
    fn identity_as_of(id: &IdentityId, moment: Timestamp) -> Option<Mirrored>;
    fn identities_as_of(tenant: &TenantId, moment: Timestamp) -> Vec<Mirrored>;
    fn plan(id: &PlanId) -> Option<Plan>;
    fn plans(identity: Option<&IdentityId>, limit: usize) -> Vec<Plan>;
    fn newest_plan(identity: &IdentityId, site: &SiteId) -> Option<Plan>;
    fn plans_beyond(last: Option<&(Timestamp, PlanId)>, order: Order, limit: usize) -> Vec<Plan>;
    fn open_intents(identity: Option<&IdentityId>) -> Vec<OpenIntent>;
    fn intents(plan: &PlanId) -> Vec<(Intent, Option<Outcome>)>;
    fn identity_states(tenant: &TenantId, from: Timestamp, until: Timestamp) -> Vec<IdentityState>;
    fn clearances_of(identity: &IdentityId, site: Option<&SiteId>) -> Vec<Clearance>;
    fn clearance(id: &str) -> Option<Clearance>;
    fn clearances(state: ClearanceState, limit: usize) -> Vec<Clearance>;
    fn clearances_over(limit: usize) -> Vec<Clearance>;
    fn intents_between(from: Timestamp, until: Timestamp, limit: usize) -> Vec<(Intent, Option<Outcome>)>;
    fn intents_of(identity: &IdentityId, since: Timestamp, limit: usize) -> Vec<(Intent, Option<Outcome>)>;
    fn cap_used(scope: &str, since: Timestamp) -> u64;
    fn feed_cursor(tenant: &TenantId) -> Option<FeedCursor>;
    fn ledger(tenant: &TenantId) -> Ledger;
    fn memberships(identity: &IdentityId) -> Memberships;
    fn deletion_seen(identity: &IdentityId) -> bool;
    fn findings(limit: usize) -> Vec<Finding>;
    fn finding_counts() -> Vec<(String, Severity, u64)>;
    fn findings_changed(since: Option<u64>, limit: usize) -> ChangedFindings;
    fn finding(key: &str) -> Option<Finding>;
    fn visits(site: &SiteId) -> Vec<(IdentityId, Visit)>;
    fn visits_of_host(host: &AccountKey) -> Vec<(IdentityId, Visit)>;
    fn messages(limit: usize) -> Vec<MessageState>;
    fn messages_open(among: usize) -> u64;
    fn messages_due(now: Timestamp, limit: usize) -> Vec<Message>;
    fn messages_waiting(route: &str, limit: usize) -> Vec<(Message, Timestamp)>;
    fn leavers(open_only: bool, limit: usize) -> Vec<Leaver>;
    fn leavers_running(by: Timestamp, after: Option<&Leaver>, limit: usize) -> Vec<Leaver>;
    fn late_leavers(since: Timestamp, bound: Duration, now: Timestamp, limit: usize) -> Vec<Leaver>;
    fn leaver_clocks(identity: &IdentityId, site: &SiteId) -> Vec<Leaver>;
    fn certificate(scope: &str, kind: ReadKind) -> Option<Certificate>;
    fn certified_rows(scope: &str, kind: ReadKind) -> Option<u64>;
    fn sweeps(scope: Option<&str>, limit: usize) -> Vec<SweepRecord>;
    fn last_sweeps() -> Vec<SweepRecord>;
    fn count(name: &str) -> u64;
    fn meta(key: &str) -> Option<String>;
    fn metas(prefix: &str, after: Option<&str>, limit: usize) -> Vec<(String, String)>;
    fn activity(filter: &ActivityFilter) -> Vec<Kept>;
    fn tree_heads() -> Vec<TreeHead>;
    fn verify_journal() -> Option<String>;
    fn documents(kind: &str, keys: &[String]) -> Vec<Document>;
    fn documents_by_key(kind: &str, name: &str, value: &str) -> Vec<Document>;
    fn document_page(kind: &str, offset: usize, limit: usize) -> (Vec<Document>, u64);
    fn operation_rates(tenant: Option<&TenantId>, since: Timestamp, bucket: Duration) -> Vec<(Timestamp, u64, u64)>;
}
