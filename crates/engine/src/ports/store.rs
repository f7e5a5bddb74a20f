//! The memory: mirrors, links, queue, plans, intents, journal. Writes are values, applied as one durable batch.
//!
//! Guarantees every store gives (checked by one contract suite):
//! - A batch is atomic and durable when `write` returns `Ok`; on `Err` nothing of it happened.
//! - Batches take effect one after another; each read sees every batch that was acknowledged before it began.
//! - The journal only grows, in the transaction of what it tells about.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
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

use super::{FeedCursor, Planned, WorkCounts, WorkItem, records::*};

/// The store port.
#[async_trait]
pub trait Store: Send + Sync {
    /// Applies all writes or none, durably.
    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Wrote>, StoreFailure>;

    /// Claims up to `max` due items whose lane is no slower than `slowest`, leaver lane first, then by due time;
    /// expired leases count as free.
    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        slowest: Lane,
        max: usize,
    ) -> Result<Vec<WorkItem>, StoreFailure>;
    /// The earliest moment at which something not leased becomes due.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreFailure>;
    /// Of a tenant's people, or of everybody.
    async fn work_counts(
        &self,
        tenant: Option<&TenantId>,
        now: Timestamp,
    ) -> Result<WorkCounts, StoreFailure>;
    /// Who failed before and is to be tried again after `from` and by `until`: leavers first, then by due time.
    async fn retrying(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Lane, IdentityId)>, StoreFailure>;
    /// Dead items, with error and fix.
    async fn dead_work(&self, limit: usize) -> Result<Vec<(IdentityId, String, String)>, StoreFailure>;
    /// Dead items of a tenant, or of all, by id after `after`; and how many there are of them altogether.
    async fn dead_page(
        &self,
        tenant: Option<&TenantId>,
        after: Option<&IdentityId>,
        limit: usize,
    ) -> Result<(Vec<(IdentityId, String, String)>, u64), StoreFailure>;

    async fn identity(&self, id: &IdentityId) -> Result<Option<Mirrored>, StoreFailure>;
    /// Mirrored identities of a tenant by id, after `after`.
    async fn identities(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Mirrored>, StoreFailure>;
    /// The same, with their keys; those who are gone among them.
    async fn mirrored(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MirroredIdentity>, StoreFailure>;
    /// The next look at each of these people, in their order. `None`: nothing waits, or it waits for a person.
    async fn planned(&self, who: &[IdentityId]) -> Result<Vec<Option<Planned>>, StoreFailure>;
    /// Identities of any tenant with this key.
    async fn identities_by_key(&self, kind: &str, value: &str) -> Result<Vec<IdentityId>, StoreFailure>;
    /// People by name, e-mail or login (prefix of any word, folded), in the order of their names; a cursor of the last page's
    /// end. Total is of all matches; `None`: more than [`COUNTED_MAX`].
    async fn search_people(
        &self,
        tenant: Option<&TenantId>,
        text: &str,
        order: Order,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Mirrored>, Option<String>, Option<u64>), StoreFailure>;
    async fn members(&self, tenant: &TenantId, group: &GroupId) -> Result<Vec<IdentityId>, StoreFailure>;
    async fn groups(&self, tenant: &TenantId) -> Result<Vec<Group>, StoreFailure>;

    async fn account(&self, key: &AccountKey) -> Result<Option<Account>, StoreFailure>;
    /// Visits that we announced in this site, with whom each is of.
    async fn visits(&self, site: &SiteId) -> Result<Vec<(IdentityId, Visit)>, StoreFailure>;
    /// Visits that we announced with this account as host.
    async fn visits_of_host(&self, host: &AccountKey) -> Result<Vec<(IdentityId, Visit)>, StoreFailure>;
    /// Of these accounts of a site those that are remembered, by id; those that are gone among them.
    async fn accounts_of(&self, site: &SiteId, ids: &[AccountId]) -> Result<Vec<Account>, StoreFailure>;
    /// Mirrored accounts of a site by id, after `after`, with their keys; those that are gone among them.
    async fn mirrored_accounts(
        &self,
        site: &SiteId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<MirroredAccount>, StoreFailure>;
    /// Live mirrored accounts of a site.
    async fn accounts(&self, site: &SiteId) -> Result<Vec<Account>, StoreFailure>;
    /// Accounts of the site with this key. With [`GONE_KIND`] before the kind: accounts that are listed no more.
    async fn accounts_by_key(
        &self,
        site: &SiteId,
        kind: &str,
        value: &str,
    ) -> Result<Vec<AccountKey>, StoreFailure>;

    /// Which of these folded values of a key somebody has: an account of `site`, or without one an identity.
    async fn known_keys(
        &self,
        site: Option<&SiteId>,
        kind: &str,
        values: &[String],
    ) -> Result<Vec<bool>, StoreFailure>;
    async fn link(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Link>, StoreFailure>;
    async fn links_of(&self, identity: &IdentityId) -> Result<Vec<Link>, StoreFailure>;
    async fn links_to(&self, account: &AccountKey) -> Result<Vec<Link>, StoreFailure>;
    async fn links(&self, site: &SiteId) -> Result<Vec<Link>, StoreFailure>;
    /// How many people of each tenant have a link into each site.
    async fn link_counts(&self) -> Result<Vec<(TenantId, SiteId, u64)>, StoreFailure>;
    /// Links of a site by account and identity, after `after`.
    async fn links_page(
        &self,
        site: &SiteId,
        after: Option<&(AccountId, IdentityId)>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreFailure>;
    /// What a person's accounts held at a moment, in all sites.
    async fn held_by(&self, identity: &IdentityId, at: Timestamp) -> Result<Vec<Holding>, StoreFailure>;
    /// What the accounts of a site held at a moment, by account, those after `after`; whole accounts up to `limit` rows.
    async fn held_in(
        &self,
        site: &SiteId,
        at: Timestamp,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreFailure>;
    /// The first read of anything in a site; `None`: no account of it was ever read.
    async fn held_since(&self, site: &SiteId) -> Result<Option<Timestamp>, StoreFailure>;
    async fn applied(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Applied>, StoreFailure>;
    async fn applied_all(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure>;
    /// What is applied for those who wait for a desk or are known to a badge system: what a start must know of. May name a
    /// few others.
    async fn applied_to_recall(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure>;
    /// What is applied for a tenant's people in a site, by user id, after `after`.
    async fn applied_page(
        &self,
        site: &SiteId,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(IdentityId, Applied)>, StoreFailure>;

    /// What the mirror showed of somebody at a past moment, by our observation; `None`: nothing was known of them yet.
    async fn identity_as_of(
        &self,
        id: &IdentityId,
        moment: Timestamp,
    ) -> Result<Option<Mirrored>, StoreFailure>;
    /// The same for everybody of a tenant, by id.
    async fn identities_as_of(
        &self,
        tenant: &TenantId,
        moment: Timestamp,
    ) -> Result<Vec<Mirrored>, StoreFailure>;

    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>, StoreFailure>;
    /// Newest first.
    async fn plans(&self, identity: Option<&IdentityId>, limit: usize) -> Result<Vec<Plan>, StoreFailure>;
    /// The newest of one person in a site.
    async fn newest_plan(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Plan>, StoreFailure>;
    /// Everybody's by time, then by id: older than this one, newest first (falling), or newer than it, oldest first.
    async fn plans_beyond(
        &self,
        last: Option<&(Timestamp, PlanId)>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Plan>, StoreFailure>;
    /// Intents of the identity (or of everybody) that have no outcome.
    async fn open_intents(&self, identity: Option<&IdentityId>) -> Result<Vec<OpenIntent>, StoreFailure>;
    /// Intents with their outcomes for one plan, by step.
    async fn intents(&self, plan: &PlanId) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure>;
    /// Every content of anybody of a tenant that was shown within a time, by the time it began.
    async fn identity_states(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<IdentityState>, StoreFailure>;
    /// Everything ever asked about one person, in one site or in all; oldest first.
    async fn clearances_of(
        &self,
        identity: &IdentityId,
        site: Option<&SiteId>,
    ) -> Result<Vec<Clearance>, StoreFailure>;
    async fn clearance(&self, id: &str) -> Result<Option<Clearance>, StoreFailure>;
    /// Those in one state, oldest first.
    async fn clearances(&self, state: ClearanceState, limit: usize) -> Result<Vec<Clearance>, StoreFailure>;
    /// Those that wait for nobody any more, the last decided or ended first.
    async fn clearances_over(&self, limit: usize) -> Result<Vec<Clearance>, StoreFailure>;
    /// Intents sent within a time, oldest first, with their outcomes.
    async fn intents_between(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure>;
    /// Intents sent for one person since then, oldest first, with their outcomes.
    async fn intents_of(
        &self,
        identity: &IdentityId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure>;
    /// Room used under a cap now.
    async fn cap_used(&self, scope: &str, since: Timestamp) -> Result<u64, StoreFailure>;

    async fn feed_cursor(&self, tenant: &TenantId) -> Result<Option<FeedCursor>, StoreFailure>;
    async fn ledger(&self, tenant: &TenantId) -> Result<Ledger, StoreFailure>;
    /// Who changed the person's memberships.
    async fn memberships(&self, identity: &IdentityId) -> Result<Memberships, StoreFailure>;
    /// Whether an event that says this user was deleted is on record.
    async fn deletion_seen(&self, identity: &IdentityId) -> Result<bool, StoreFailure>;

    /// Open findings, worst first.
    async fn findings(&self, limit: usize) -> Result<Vec<Finding>, StoreFailure>;
    /// How many findings are open, by kind and severity.
    async fn finding_counts(&self) -> Result<Vec<(String, Severity, u64)>, StoreFailure>;
    /// Which findings began, ended or are of another sort since an earlier answer of this process; `None`, or where that is not
    /// known any more: all that are open, worst first, no more than `limit`.
    async fn findings_changed(
        &self,
        since: Option<u64>,
        limit: usize,
    ) -> Result<ChangedFindings, StoreFailure>;
    /// One open finding.
    async fn finding(&self, key: &str) -> Result<Option<Finding>, StoreFailure>;
    /// The outbox, newest first.
    async fn messages(&self, limit: usize) -> Result<Vec<MessageState>, StoreFailure>;
    /// How many of the newest `among` messages were not delivered: they wait, or were given up.
    async fn messages_open(&self, among: usize) -> Result<u64, StoreFailure>;
    /// Messages that are due, the longest due first; of each route no more than `limit`, however many of another wait before it.
    async fn messages_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Message>, StoreFailure>;
    /// Messages of one route that are neither delivered nor given up, due or not, with when each is due: the next due first.
    async fn messages_waiting(
        &self,
        route: &str,
        limit: usize,
    ) -> Result<Vec<(Message, Timestamp)>, StoreFailure>;
    async fn leavers(&self, open_only: bool, limit: usize) -> Result<Vec<Leaver>, StoreFailure>;
    /// Clocks that run, of whoever left and was seen to have left by `by`: the longest running first, those after `after`.
    async fn leavers_running(
        &self,
        by: Timestamp,
        after: Option<&Leaver>,
        limit: usize,
    ) -> Result<Vec<Leaver>, StoreFailure>;
    /// Leavers whose right ended at or after `since` and who were not out within `bound`, or are not yet and it is over at
    /// `now`; also those who came back, if they were out late, or not out when they came back after it. The last first.
    async fn late_leavers(
        &self,
        since: Timestamp,
        bound: Duration,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Leaver>, StoreFailure>;
    /// The clocks of one person in a site, the last first: a running or stopped one, and those that came back.
    async fn leaver_clocks(&self, identity: &IdentityId, site: &SiteId) -> Result<Vec<Leaver>, StoreFailure>;
    async fn certificate(&self, scope: &str, kind: ReadKind) -> Result<Option<Certificate>, StoreFailure>;
    /// The last certificate of that kind that held.
    async fn certified_rows(&self, scope: &str, kind: ReadKind) -> Result<Option<u64>, StoreFailure>;
    async fn sweeps(&self, scope: Option<&str>, limit: usize) -> Result<Vec<SweepRecord>, StoreFailure>;
    /// The last sweep of each scope that ever had one.
    async fn last_sweeps(&self) -> Result<Vec<SweepRecord>, StoreFailure>;
    async fn count(&self, name: &str) -> Result<u64, StoreFailure>;
    async fn meta(&self, key: &str) -> Result<Option<String>, StoreFailure>;
    /// Texts kept under names that begin with `prefix`, by name, after `after`.
    async fn metas(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, String)>, StoreFailure>;

    /// The documents of these names, in the order of `names`; unknown ones are left out.
    async fn documents(&self, collection: &str, names: &[String]) -> Result<Vec<Document>, StoreFailure>;
    /// Documents that hold this key, oldest first.
    async fn documents_by_key(
        &self,
        collection: &str,
        kind: &str,
        value: &str,
    ) -> Result<Vec<Document>, StoreFailure>;
    /// A part of the collection, oldest first, and how many documents it has in all.
    async fn document_page(
        &self,
        collection: &str,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<Document>, u64), StoreFailure>;

    async fn activity(&self, filter: &ActivityFilter) -> Result<Vec<Kept>, StoreFailure>;
    async fn tree_heads(&self) -> Result<Vec<TreeHead>, StoreFailure>;
    /// Recomputes every leaf and root from what is kept: the first line that does not fit, if any.
    async fn verify_journal(&self) -> Result<Option<String>, StoreFailure>;
    /// (applied, failed) operations for a tenant's people, or for everybody, per bucket of `bucket` length since `since`,
    /// oldest first.
    async fn operation_rates(
        &self,
        tenant: Option<&TenantId>,
        since: Timestamp,
        bucket: Duration,
    ) -> Result<Vec<(Timestamp, u64, u64)>, StoreFailure>;
}
