//! A store whose process dies at a chosen write: before it is durable, or right after.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
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

/// When the process dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Death {
    BeforeWrite(usize),
    AfterWrite(usize),
}

/// Delegates to the real store until death; afterwards nothing ever answers.
pub struct Mortal {
    inner: Arc<SqliteStore>,
    death: Option<Death>,
    written: AtomicUsize,
    /// Reads, by the port's method; and what was written, by batch.
    reads: Mutex<BTreeMap<&'static str, usize>>,
    batches: Mutex<Vec<Vec<String>>>,
    dead: AtomicBool,
    /// The disk is full: every write is refused while this is set.
    pub full: AtomicBool,
    pub died: Notify,
}

impl Mortal {
    pub fn new(inner: Arc<SqliteStore>, death: Option<Death>) -> Self {
        Self {
            inner,
            death,
            written: AtomicUsize::new(0),
            reads: Mutex::default(),
            batches: Mutex::default(),
            dead: AtomicBool::new(false),
            full: AtomicBool::new(false),
            died: Notify::new(),
        }
    }

    fn count_read(&self, name: &'static str) {
        *self.reads.lock().unwrap().entry(name).or_default() += 1;
    }

    /// What was asked and written since the last time: reads by method, and the kinds of writes of each batch.
    pub fn used(&self) -> (BTreeMap<&'static str, usize>, Vec<Vec<String>>) {
        (std::mem::take(&mut self.reads.lock().unwrap()), std::mem::take(&mut self.batches.lock().unwrap()))
    }

    pub fn writes(&self) -> usize {
        self.written.load(Ordering::SeqCst)
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    async fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
        std::future::pending::<()>().await;
    }

    async fn live(&self) {
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Store for Mortal {
    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Wrote>, StoreFailure> {
        self.live().await;
        if self.full.load(Ordering::SeqCst) {
            return Err(StoreFailure::Unavailable("disk full".into()));
        }
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        if self.death == Some(Death::BeforeWrite(number)) {
            self.die().await;
        }
        let kind = |write: &Write| {
            let text = format!("{write:?}");
            text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned()
        };
        self.batches.lock().unwrap().push(batch.iter().map(kind).collect());
        let wrote = self.inner.write(batch).await;
        if self.death == Some(Death::AfterWrite(number)) {
            self.die().await;
        }
        wrote
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        slowest: Lane,
        max: usize,
    ) -> Result<Vec<WorkItem>, StoreFailure> {
        self.live().await;
        self.count_read("claim");
        self.inner.claim(owner, now, lease_until, slowest, max).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreFailure> {
        self.live().await;
        self.count_read("next_due");
        self.inner.next_due().await
    }

    async fn work_counts(
        &self,
        tenant: Option<&TenantId>,
        now: Timestamp,
    ) -> Result<WorkCounts, StoreFailure> {
        self.live().await;
        self.count_read("work_counts");
        self.inner.work_counts(tenant, now).await
    }

    async fn retrying(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Lane, IdentityId)>, StoreFailure> {
        self.live().await;
        self.inner.retrying(from, until, limit).await
    }

    async fn dead_work(&self, limit: usize) -> Result<Vec<(IdentityId, String, String)>, StoreFailure> {
        self.live().await;
        self.count_read("dead_work");
        self.inner.dead_work(limit).await
    }

    async fn dead_page(
        &self,
        tenant: Option<&TenantId>,
        after: Option<&IdentityId>,
        limit: usize,
    ) -> Result<(Vec<(IdentityId, String, String)>, u64), StoreFailure> {
        self.live().await;
        self.inner.dead_page(tenant, after, limit).await
    }

    async fn identity(&self, id: &IdentityId) -> Result<Option<Mirrored>, StoreFailure> {
        self.live().await;
        self.count_read("identity");
        self.inner.identity(id).await
    }

    async fn identities(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Mirrored>, StoreFailure> {
        self.live().await;
        self.count_read("identities");
        self.inner.identities(tenant, after, limit).await
    }

    async fn mirrored(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MirroredIdentity>, StoreFailure> {
        self.live().await;
        self.count_read("mirrored");
        self.inner.mirrored(tenant, after, limit).await
    }

    async fn planned(&self, who: &[IdentityId]) -> Result<Vec<Option<Planned>>, StoreFailure> {
        self.live().await;
        self.count_read("planned");
        self.inner.planned(who).await
    }

    async fn accounts_of(&self, site: &SiteId, ids: &[AccountId]) -> Result<Vec<Account>, StoreFailure> {
        self.live().await;
        self.count_read("accounts_of");
        self.inner.accounts_of(site, ids).await
    }

    async fn mirrored_accounts(
        &self,
        site: &SiteId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<MirroredAccount>, StoreFailure> {
        self.live().await;
        self.count_read("mirrored_accounts");
        self.inner.mirrored_accounts(site, after, limit).await
    }

    async fn link_counts(&self) -> Result<Vec<(TenantId, SiteId, u64)>, StoreFailure> {
        self.live().await;
        self.count_read("link_counts");
        self.inner.link_counts().await
    }

    async fn links_page(
        &self,
        site: &SiteId,
        after: Option<&(AccountId, IdentityId)>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.count_read("links_page");
        self.inner.links_page(site, after, limit).await
    }

    async fn applied_page(
        &self,
        site: &SiteId,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        self.live().await;
        self.count_read("applied_page");
        self.inner.applied_page(site, tenant, after, limit).await
    }

    async fn identities_by_key(&self, kind: &str, value: &str) -> Result<Vec<IdentityId>, StoreFailure> {
        self.live().await;
        self.count_read("identities_by_key");
        self.inner.identities_by_key(kind, value).await
    }

    async fn search_people(
        &self,
        tenant: Option<&TenantId>,
        text: &str,
        order: Order,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Mirrored>, Option<String>, Option<u64>), StoreFailure> {
        self.live().await;
        self.count_read("search_people");
        self.inner.search_people(tenant, text, order, cursor, limit).await
    }

    async fn members(&self, tenant: &TenantId, group: &GroupId) -> Result<Vec<IdentityId>, StoreFailure> {
        self.live().await;
        self.count_read("members");
        self.inner.members(tenant, group).await
    }

    async fn groups(&self, tenant: &TenantId) -> Result<Vec<Group>, StoreFailure> {
        self.live().await;
        self.count_read("groups");
        self.inner.groups(tenant).await
    }

    async fn account(&self, key: &AccountKey) -> Result<Option<Account>, StoreFailure> {
        self.live().await;
        self.count_read("account");
        self.inner.account(key).await
    }

    async fn accounts(&self, site: &SiteId) -> Result<Vec<Account>, StoreFailure> {
        self.live().await;
        self.count_read("accounts");
        self.inner.accounts(site).await
    }

    async fn accounts_by_key(
        &self,
        site: &SiteId,
        kind: &str,
        value: &str,
    ) -> Result<Vec<AccountKey>, StoreFailure> {
        self.live().await;
        self.count_read("accounts_by_key");
        self.inner.accounts_by_key(site, kind, value).await
    }

    async fn known_keys(
        &self,
        site: Option<&SiteId>,
        kind: &str,
        values: &[String],
    ) -> Result<Vec<bool>, StoreFailure> {
        self.live().await;
        self.count_read("known_keys");
        self.inner.known_keys(site, kind, values).await
    }

    async fn link(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Link>, StoreFailure> {
        self.live().await;
        self.count_read("link");
        self.inner.link(identity, site).await
    }

    async fn links_of(&self, identity: &IdentityId) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.count_read("links_of");
        self.inner.links_of(identity).await
    }

    async fn links_to(&self, account: &AccountKey) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.count_read("links_to");
        self.inner.links_to(account).await
    }

    async fn links(&self, site: &SiteId) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.count_read("links");
        self.inner.links(site).await
    }

    async fn held_by(&self, identity: &IdentityId, at: Timestamp) -> Result<Vec<Holding>, StoreFailure> {
        self.live().await;
        self.count_read("held_by");
        self.inner.held_by(identity, at).await
    }

    async fn held_since(&self, site: &SiteId) -> Result<Option<Timestamp>, StoreFailure> {
        self.live().await;
        self.count_read("held_since");
        self.inner.held_since(site).await
    }

    async fn held_in(
        &self,
        site: &SiteId,
        at: Timestamp,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreFailure> {
        self.live().await;
        self.count_read("held_in");
        self.inner.held_in(site, at, after, limit).await
    }

    async fn applied(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Applied>, StoreFailure> {
        self.live().await;
        self.count_read("applied");
        self.inner.applied(identity, site).await
    }

    async fn applied_all(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        self.live().await;
        self.count_read("applied_all");
        self.inner.applied_all(site).await
    }

    async fn applied_to_recall(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        self.live().await;
        self.count_read("applied_to_recall");
        self.inner.applied_to_recall(site).await
    }

    async fn identity_as_of(
        &self,
        id: &IdentityId,
        moment: Timestamp,
    ) -> Result<Option<Mirrored>, StoreFailure> {
        self.live().await;
        self.count_read("identity_as_of");
        self.inner.identity_as_of(id, moment).await
    }

    async fn identities_as_of(
        &self,
        tenant: &TenantId,
        moment: Timestamp,
    ) -> Result<Vec<Mirrored>, StoreFailure> {
        self.live().await;
        self.count_read("identities_as_of");
        self.inner.identities_as_of(tenant, moment).await
    }

    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>, StoreFailure> {
        self.live().await;
        self.count_read("plan");
        self.inner.plan(id).await
    }

    async fn plans(&self, identity: Option<&IdentityId>, limit: usize) -> Result<Vec<Plan>, StoreFailure> {
        self.live().await;
        self.count_read("plans");
        self.inner.plans(identity, limit).await
    }

    async fn newest_plan(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Plan>, StoreFailure> {
        self.live().await;
        self.count_read("newest_plan");
        self.inner.newest_plan(identity, site).await
    }

    async fn plans_beyond(
        &self,
        last: Option<&(Timestamp, PlanId)>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Plan>, StoreFailure> {
        self.live().await;
        self.count_read("plans_beyond");
        self.inner.plans_beyond(last, order, limit).await
    }

    async fn open_intents(&self, identity: Option<&IdentityId>) -> Result<Vec<OpenIntent>, StoreFailure> {
        self.live().await;
        self.count_read("open_intents");
        self.inner.open_intents(identity).await
    }

    async fn intents(&self, plan: &PlanId) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.live().await;
        self.count_read("intents");
        self.inner.intents(plan).await
    }

    async fn identity_states(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<IdentityState>, StoreFailure> {
        self.live().await;
        self.count_read("identity_states");
        self.inner.identity_states(tenant, from, until).await
    }

    async fn clearances_of(
        &self,
        identity: &IdentityId,
        site: Option<&SiteId>,
    ) -> Result<Vec<Clearance>, StoreFailure> {
        self.live().await;
        self.count_read("clearances_of");
        self.inner.clearances_of(identity, site).await
    }

    async fn clearance(&self, id: &str) -> Result<Option<Clearance>, StoreFailure> {
        self.live().await;
        self.count_read("clearance");
        self.inner.clearance(id).await
    }

    async fn clearances_over(&self, limit: usize) -> Result<Vec<Clearance>, StoreFailure> {
        self.live().await;
        self.count_read("clearances_over");
        self.inner.clearances_over(limit).await
    }

    async fn clearances(&self, state: ClearanceState, limit: usize) -> Result<Vec<Clearance>, StoreFailure> {
        self.live().await;
        self.count_read("clearances");
        self.inner.clearances(state, limit).await
    }

    async fn intents_between(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.live().await;
        self.count_read("intents_between");
        self.inner.intents_between(from, until, limit).await
    }

    async fn intents_of(
        &self,
        identity: &IdentityId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.live().await;
        self.count_read("intents_of");
        self.inner.intents_of(identity, since, limit).await
    }

    async fn cap_used(&self, scope: &str, since: Timestamp) -> Result<u64, StoreFailure> {
        self.live().await;
        self.count_read("cap_used");
        self.inner.cap_used(scope, since).await
    }

    async fn feed_cursor(&self, tenant: &TenantId) -> Result<Option<FeedCursor>, StoreFailure> {
        self.live().await;
        self.count_read("feed_cursor");
        self.inner.feed_cursor(tenant).await
    }

    async fn memberships(&self, identity: &IdentityId) -> Result<Memberships, StoreFailure> {
        self.live().await;
        self.count_read("memberships");
        self.inner.memberships(identity).await
    }

    async fn ledger(&self, tenant: &TenantId) -> Result<Ledger, StoreFailure> {
        self.live().await;
        self.count_read("ledger");
        self.inner.ledger(tenant).await
    }

    async fn deletion_seen(&self, identity: &IdentityId) -> Result<bool, StoreFailure> {
        self.live().await;
        self.count_read("deletion_seen");
        self.inner.deletion_seen(identity).await
    }

    async fn findings(&self, limit: usize) -> Result<Vec<Finding>, StoreFailure> {
        self.live().await;
        self.count_read("findings");
        self.inner.findings(limit).await
    }

    async fn finding_counts(&self) -> Result<Vec<(String, Severity, u64)>, StoreFailure> {
        self.live().await;
        self.count_read("finding_counts");
        self.inner.finding_counts().await
    }

    async fn finding(&self, key: &str) -> Result<Option<Finding>, StoreFailure> {
        self.live().await;
        self.count_read("finding");
        self.inner.finding(key).await
    }

    async fn findings_changed(
        &self,
        since: Option<u64>,
        limit: usize,
    ) -> Result<ChangedFindings, StoreFailure> {
        self.live().await;
        self.count_read("findings_changed");
        self.inner.findings_changed(since, limit).await
    }

    async fn visits(&self, site: &SiteId) -> Result<Vec<(IdentityId, Visit)>, StoreFailure> {
        self.live().await;
        self.inner.visits(site).await
    }

    async fn visits_of_host(&self, host: &AccountKey) -> Result<Vec<(IdentityId, Visit)>, StoreFailure> {
        self.live().await;
        self.count_read("visits_of_host");
        self.inner.visits_of_host(host).await
    }

    async fn messages(&self, limit: usize) -> Result<Vec<MessageState>, StoreFailure> {
        self.live().await;
        self.count_read("messages");
        self.inner.messages(limit).await
    }

    async fn messages_open(&self, among: usize) -> Result<u64, StoreFailure> {
        self.live().await;
        self.count_read("messages_open");
        self.inner.messages_open(among).await
    }

    async fn messages_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Message>, StoreFailure> {
        self.live().await;
        self.count_read("messages_due");
        self.inner.messages_due(now, limit).await
    }

    async fn messages_waiting(
        &self,
        route: &str,
        limit: usize,
    ) -> Result<Vec<(Message, Timestamp)>, StoreFailure> {
        self.live().await;
        self.count_read("messages_waiting");
        self.inner.messages_waiting(route, limit).await
    }

    async fn leavers(&self, open_only: bool, limit: usize) -> Result<Vec<Leaver>, StoreFailure> {
        self.live().await;
        self.count_read("leavers");
        self.inner.leavers(open_only, limit).await
    }

    async fn leavers_running(
        &self,
        by: Timestamp,
        after: Option<&Leaver>,
        limit: usize,
    ) -> Result<Vec<Leaver>, StoreFailure> {
        self.live().await;
        self.count_read("leavers_running");
        self.inner.leavers_running(by, after, limit).await
    }

    async fn late_leavers(
        &self,
        since: Timestamp,
        bound: Duration,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Leaver>, StoreFailure> {
        self.live().await;
        self.count_read("late_leavers");
        self.inner.late_leavers(since, bound, now, limit).await
    }

    async fn leaver_clocks(&self, identity: &IdentityId, site: &SiteId) -> Result<Vec<Leaver>, StoreFailure> {
        self.live().await;
        self.count_read("leaver_clocks");
        self.inner.leaver_clocks(identity, site).await
    }

    async fn certificate(&self, scope: &str, kind: ReadKind) -> Result<Option<Certificate>, StoreFailure> {
        self.live().await;
        self.count_read("certificate");
        self.inner.certificate(scope, kind).await
    }

    async fn certified_rows(&self, scope: &str, kind: ReadKind) -> Result<Option<u64>, StoreFailure> {
        self.live().await;
        self.count_read("certified_rows");
        self.inner.certified_rows(scope, kind).await
    }

    async fn sweeps(&self, scope: Option<&str>, limit: usize) -> Result<Vec<SweepRecord>, StoreFailure> {
        self.live().await;
        self.count_read("sweeps");
        self.inner.sweeps(scope, limit).await
    }

    async fn last_sweeps(&self) -> Result<Vec<SweepRecord>, StoreFailure> {
        self.live().await;
        self.count_read("last_sweeps");
        self.inner.last_sweeps().await
    }

    async fn count(&self, name: &str) -> Result<u64, StoreFailure> {
        self.live().await;
        self.count_read("count");
        self.inner.count(name).await
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.live().await;
        self.count_read("meta");
        self.inner.meta(key).await
    }

    async fn metas(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, String)>, StoreFailure> {
        self.live().await;
        self.count_read("metas");
        self.inner.metas(prefix, after, limit).await
    }

    async fn activity(&self, filter: &ActivityFilter) -> Result<Vec<Kept>, StoreFailure> {
        self.live().await;
        self.count_read("activity");
        self.inner.activity(filter).await
    }

    async fn tree_heads(&self) -> Result<Vec<TreeHead>, StoreFailure> {
        self.live().await;
        self.count_read("tree_heads");
        self.inner.tree_heads().await
    }

    async fn verify_journal(&self) -> Result<Option<String>, StoreFailure> {
        self.live().await;
        self.count_read("verify_journal");
        self.inner.verify_journal().await
    }

    async fn operation_rates(
        &self,
        tenant: Option<&TenantId>,
        since: Timestamp,
        bucket: Duration,
    ) -> Result<Vec<(Timestamp, u64, u64)>, StoreFailure> {
        self.live().await;
        self.count_read("operation_rates");
        self.inner.operation_rates(tenant, since, bucket).await
    }

    async fn documents(&self, collection: &str, names: &[String]) -> Result<Vec<Document>, StoreFailure> {
        self.live().await;
        self.count_read("documents");
        self.inner.documents(collection, names).await
    }

    async fn documents_by_key(
        &self,
        collection: &str,
        kind: &str,
        value: &str,
    ) -> Result<Vec<Document>, StoreFailure> {
        self.live().await;
        self.count_read("documents_by_key");
        self.inner.documents_by_key(collection, kind, value).await
    }

    async fn document_page(
        &self,
        collection: &str,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<Document>, u64), StoreFailure> {
        self.live().await;
        self.count_read("document_page");
        self.inner.document_page(collection, skip, limit).await
    }
}
