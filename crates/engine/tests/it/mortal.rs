//! A store whose process dies at a chosen write: before it is durable, or right after.

use std::{
    sync::{
        Arc,
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
    dead: AtomicBool,
    pub died: Notify,
}

impl Mortal {
    pub fn new(inner: Arc<SqliteStore>, death: Option<Death>) -> Self {
        Self { inner, death, written: AtomicUsize::new(0), dead: AtomicBool::new(false), died: Notify::new() }
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
        let number = self.written.fetch_add(1, Ordering::SeqCst);
        if self.death == Some(Death::BeforeWrite(number)) {
            self.die().await;
        }
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
        self.inner.claim(owner, now, lease_until, slowest, max).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreFailure> {
        self.live().await;
        self.inner.next_due().await
    }

    async fn work_counts(&self, now: Timestamp) -> Result<WorkCounts, StoreFailure> {
        self.live().await;
        self.inner.work_counts(now).await
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
        self.inner.dead_work(limit).await
    }

    async fn identity(&self, id: &IdentityId) -> Result<Option<Mirrored>, StoreFailure> {
        self.live().await;
        self.inner.identity(id).await
    }

    async fn identities(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Mirrored>, StoreFailure> {
        self.live().await;
        self.inner.identities(tenant, after, limit).await
    }

    async fn identities_by_key(&self, kind: &str, value: &str) -> Result<Vec<IdentityId>, StoreFailure> {
        self.live().await;
        self.inner.identities_by_key(kind, value).await
    }

    async fn search_people(
        &self,
        tenant: Option<&TenantId>,
        text: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Mirrored>, Option<String>, u64), StoreFailure> {
        self.live().await;
        self.inner.search_people(tenant, text, cursor, limit).await
    }

    async fn members(&self, tenant: &TenantId, group: &GroupId) -> Result<Vec<IdentityId>, StoreFailure> {
        self.live().await;
        self.inner.members(tenant, group).await
    }

    async fn groups(&self, tenant: &TenantId) -> Result<Vec<Group>, StoreFailure> {
        self.live().await;
        self.inner.groups(tenant).await
    }

    async fn account(&self, key: &AccountKey) -> Result<Option<Account>, StoreFailure> {
        self.live().await;
        self.inner.account(key).await
    }

    async fn accounts(&self, site: &SiteId) -> Result<Vec<Account>, StoreFailure> {
        self.live().await;
        self.inner.accounts(site).await
    }

    async fn accounts_by_key(
        &self,
        site: &SiteId,
        kind: &str,
        value: &str,
    ) -> Result<Vec<AccountKey>, StoreFailure> {
        self.live().await;
        self.inner.accounts_by_key(site, kind, value).await
    }

    async fn link(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Link>, StoreFailure> {
        self.live().await;
        self.inner.link(identity, site).await
    }

    async fn links_of(&self, identity: &IdentityId) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.inner.links_of(identity).await
    }

    async fn links_to(&self, account: &AccountKey) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.inner.links_to(account).await
    }

    async fn links(&self, site: &SiteId) -> Result<Vec<Link>, StoreFailure> {
        self.live().await;
        self.inner.links(site).await
    }

    async fn held_by(&self, identity: &IdentityId, at: Timestamp) -> Result<Vec<Holding>, StoreFailure> {
        self.live().await;
        self.inner.held_by(identity, at).await
    }

    async fn held_in(
        &self,
        site: &SiteId,
        at: Timestamp,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreFailure> {
        self.live().await;
        self.inner.held_in(site, at, after, limit).await
    }

    async fn applied(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Applied>, StoreFailure> {
        self.live().await;
        self.inner.applied(identity, site).await
    }

    async fn applied_all(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        self.live().await;
        self.inner.applied_all(site).await
    }

    async fn identity_as_of(
        &self,
        id: &IdentityId,
        moment: Timestamp,
    ) -> Result<Option<Mirrored>, StoreFailure> {
        self.live().await;
        self.inner.identity_as_of(id, moment).await
    }

    async fn identities_as_of(
        &self,
        tenant: &TenantId,
        moment: Timestamp,
    ) -> Result<Vec<Mirrored>, StoreFailure> {
        self.live().await;
        self.inner.identities_as_of(tenant, moment).await
    }

    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>, StoreFailure> {
        self.live().await;
        self.inner.plan(id).await
    }

    async fn plans(&self, identity: Option<&IdentityId>, limit: usize) -> Result<Vec<Plan>, StoreFailure> {
        self.live().await;
        self.inner.plans(identity, limit).await
    }

    async fn plans_before(
        &self,
        before: Option<&(Timestamp, PlanId)>,
        limit: usize,
    ) -> Result<Vec<Plan>, StoreFailure> {
        self.live().await;
        self.inner.plans_before(before, limit).await
    }

    async fn open_intents(&self, identity: Option<&IdentityId>) -> Result<Vec<OpenIntent>, StoreFailure> {
        self.live().await;
        self.inner.open_intents(identity).await
    }

    async fn intents(&self, plan: &PlanId) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.live().await;
        self.inner.intents(plan).await
    }

    async fn identity_states(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<IdentityState>, StoreFailure> {
        self.live().await;
        self.inner.identity_states(tenant, from, until).await
    }

    async fn clearances_of(
        &self,
        identity: &IdentityId,
        site: Option<&SiteId>,
    ) -> Result<Vec<Clearance>, StoreFailure> {
        self.live().await;
        self.inner.clearances_of(identity, site).await
    }

    async fn clearance(&self, id: &str) -> Result<Option<Clearance>, StoreFailure> {
        self.live().await;
        self.inner.clearance(id).await
    }

    async fn clearances(&self, state: ClearanceState, limit: usize) -> Result<Vec<Clearance>, StoreFailure> {
        self.live().await;
        self.inner.clearances(state, limit).await
    }

    async fn intents_between(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.live().await;
        self.inner.intents_between(from, until, limit).await
    }

    async fn cap_used(&self, scope: &str, since: Timestamp) -> Result<u64, StoreFailure> {
        self.live().await;
        self.inner.cap_used(scope, since).await
    }

    async fn feed_cursor(&self, tenant: &TenantId) -> Result<Option<FeedCursor>, StoreFailure> {
        self.live().await;
        self.inner.feed_cursor(tenant).await
    }

    async fn ledger(&self, tenant: &TenantId) -> Result<Ledger, StoreFailure> {
        self.live().await;
        self.inner.ledger(tenant).await
    }

    async fn deletion_seen(&self, identity: &IdentityId) -> Result<bool, StoreFailure> {
        self.live().await;
        self.inner.deletion_seen(identity).await
    }

    async fn findings(&self, limit: usize) -> Result<Vec<Finding>, StoreFailure> {
        self.live().await;
        self.inner.findings(limit).await
    }

    async fn finding(&self, key: &str) -> Result<Option<Finding>, StoreFailure> {
        self.live().await;
        self.inner.finding(key).await
    }

    async fn visits(&self, site: &SiteId) -> Result<Vec<(IdentityId, Visit)>, StoreFailure> {
        self.live().await;
        self.inner.visits(site).await
    }

    async fn visits_of_host(&self, host: &AccountKey) -> Result<Vec<(IdentityId, Visit)>, StoreFailure> {
        self.live().await;
        self.inner.visits_of_host(host).await
    }

    async fn messages(&self, limit: usize) -> Result<Vec<MessageState>, StoreFailure> {
        self.live().await;
        self.inner.messages(limit).await
    }

    async fn messages_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Message>, StoreFailure> {
        self.live().await;
        self.inner.messages_due(now, limit).await
    }

    async fn leavers(&self, open_only: bool, limit: usize) -> Result<Vec<Leaver>, StoreFailure> {
        self.live().await;
        self.inner.leavers(open_only, limit).await
    }

    async fn certificate(&self, scope: &str, kind: ReadKind) -> Result<Option<Certificate>, StoreFailure> {
        self.live().await;
        self.inner.certificate(scope, kind).await
    }

    async fn certified_rows(&self, scope: &str, kind: ReadKind) -> Result<Option<u64>, StoreFailure> {
        self.live().await;
        self.inner.certified_rows(scope, kind).await
    }

    async fn sweeps(&self, scope: Option<&str>, limit: usize) -> Result<Vec<SweepRecord>, StoreFailure> {
        self.live().await;
        self.inner.sweeps(scope, limit).await
    }

    async fn count(&self, name: &str) -> Result<u64, StoreFailure> {
        self.live().await;
        self.inner.count(name).await
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.live().await;
        self.inner.meta(key).await
    }

    async fn activity(&self, filter: &ActivityFilter) -> Result<Vec<Kept>, StoreFailure> {
        self.live().await;
        self.inner.activity(filter).await
    }

    async fn tree_heads(&self) -> Result<Vec<TreeHead>, StoreFailure> {
        self.live().await;
        self.inner.tree_heads().await
    }

    async fn verify_journal(&self) -> Result<Option<String>, StoreFailure> {
        self.live().await;
        self.inner.verify_journal().await
    }

    async fn operation_rates(
        &self,
        since: Timestamp,
        bucket: Duration,
    ) -> Result<Vec<(Timestamp, u64, u64)>, StoreFailure> {
        self.live().await;
        self.inner.operation_rates(since, bucket).await
    }

    async fn documents(&self, collection: &str, names: &[String]) -> Result<Vec<Document>, StoreFailure> {
        self.live().await;
        self.inner.documents(collection, names).await
    }

    async fn documents_by_key(
        &self,
        collection: &str,
        kind: &str,
        value: &str,
    ) -> Result<Vec<Document>, StoreFailure> {
        self.live().await;
        self.inner.documents_by_key(collection, kind, value).await
    }

    async fn document_page(
        &self,
        collection: &str,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<Document>, u64), StoreFailure> {
        self.live().await;
        self.inner.document_page(collection, skip, limit).await
    }
}
