//! The store port over [`SqliteStore`]: each call as one read or one change.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::ports::{
    ActivityFilter, ChangedFindings, Document, FeedCursor, Finding, Holding, IdentityState, Intent, Kept,
    Leaver, Ledger, Memberships, Message, MessageState, Mirrored, MirroredAccount, MirroredIdentity,
    OpenIntent, Order, Planned, Severity, Store, StoreFailure, SweepRecord, TreeHead, WorkCounts, WorkItem,
    Write, Wrote,
};
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

use crate::{
    batch,
    store::SqliteStore,
    tables::{
        accounts, clearances, documents, held, identities, journal, links, notes, plans, signals, work,
    },
    tx::Tx,
};

#[async_trait]
impl Store for SqliteStore {
    async fn write(&self, batch: Vec<Write>) -> Result<Vec<Wrote>, StoreFailure> {
        self.change(move |access| batch::apply(access, &batch)).await
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        slowest: Lane,
        max: usize,
    ) -> Result<Vec<WorkItem>, StoreFailure> {
        // Asked for after every look: an empty answer must not cost a turn of the writer.
        if self.due(slowest)?.is_none_or(|due| due > now) {
            return Ok(Vec::new());
        }
        let owner = owner.to_owned();
        self.change(move |access| work::claim(access.tx, &owner, now, lease_until, slowest, max)).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreFailure> {
        self.due(Lane::Bulk)
    }

    async fn work_counts(
        &self,
        tenant: Option<&TenantId>,
        now: Timestamp,
    ) -> Result<WorkCounts, StoreFailure> {
        let tenant = tenant.cloned();
        self.read(move |tx| work::counts(tx, tenant.as_ref(), now)).await
    }

    async fn retrying(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Lane, IdentityId)>, StoreFailure> {
        self.read(move |tx| work::retrying(tx, from, until, limit)).await
    }

    async fn dead_work(&self, limit: usize) -> Result<Vec<(IdentityId, String, String)>, StoreFailure> {
        self.read(move |tx| work::dead(tx, limit)).await
    }

    async fn dead_page(
        &self,
        tenant: Option<&TenantId>,
        after: Option<&IdentityId>,
        limit: usize,
    ) -> Result<(Vec<(IdentityId, String, String)>, u64), StoreFailure> {
        let (tenant, after) = (tenant.cloned(), after.cloned());
        self.read(move |tx| work::dead_page(tx, tenant.as_ref(), after.as_ref(), limit)).await
    }

    async fn identity(&self, id: &IdentityId) -> Result<Option<Mirrored>, StoreFailure> {
        self.glance(|tx| identities::load(tx, id))
    }

    async fn identities(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Mirrored>, StoreFailure> {
        let (tenant, after) = (tenant.clone(), after.unwrap_or_default().to_owned());
        self.read(move |tx| identities::page(tx, &tenant, &after, limit)).await
    }

    async fn mirrored(
        &self,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<MirroredIdentity>, StoreFailure> {
        let (tenant, after) = (tenant.clone(), after.unwrap_or_default().to_owned());
        self.read(move |tx| identities::page_with_keys(tx, &tenant, &after, limit)).await
    }

    async fn planned(&self, who: &[IdentityId]) -> Result<Vec<Option<Planned>>, StoreFailure> {
        let who = who.to_vec();
        self.read(move |tx| who.iter().map(|id| work::planned(tx, id)).collect()).await
    }

    async fn identities_by_key(&self, kind: &str, value: &str) -> Result<Vec<IdentityId>, StoreFailure> {
        self.glance(|tx| identities::by_key(tx, kind, value))
    }

    async fn search_people(
        &self,
        tenant: Option<&TenantId>,
        text: &str,
        order: Order,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Mirrored>, Option<String>, Option<u64>), StoreFailure> {
        let (tenant, text, cursor) = (tenant.cloned(), text.to_owned(), cursor.map(str::to_owned));
        self.read(move |tx| identities::search(tx, tenant.as_ref(), &text, order, cursor.as_deref(), limit))
            .await
    }

    async fn members(&self, tenant: &TenantId, group: &GroupId) -> Result<Vec<IdentityId>, StoreFailure> {
        let (tenant, group) = (tenant.clone(), group.clone());
        self.read(move |tx| identities::members(tx, &tenant, &group)).await
    }

    async fn groups(&self, tenant: &TenantId) -> Result<Vec<Group>, StoreFailure> {
        let tenant = tenant.clone();
        self.read(move |tx| identities::groups(tx, &tenant)).await
    }

    async fn account(&self, key: &AccountKey) -> Result<Option<Account>, StoreFailure> {
        self.glance(|tx| accounts::load(tx, key))
    }

    async fn accounts_of(&self, site: &SiteId, ids: &[AccountId]) -> Result<Vec<Account>, StoreFailure> {
        let keys: Vec<_> = ids.iter().map(|id| AccountKey { site: site.clone(), id: *id }).collect();
        self.read(move |tx| keys.iter().filter_map(|key| accounts::load(tx, key).transpose()).collect()).await
    }

    async fn mirrored_accounts(
        &self,
        site: &SiteId,
        after: Option<AccountId>,
        limit: usize,
    ) -> Result<Vec<MirroredAccount>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| accounts::page(tx, &site, after, limit)).await
    }

    async fn accounts(&self, site: &SiteId) -> Result<Vec<Account>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| accounts::live(tx, &site)).await
    }

    async fn accounts_by_key(
        &self,
        site: &SiteId,
        kind: &str,
        value: &str,
    ) -> Result<Vec<AccountKey>, StoreFailure> {
        self.glance(|tx| accounts::by_key(tx, site, kind, value))
    }

    async fn known_keys(
        &self,
        site: Option<&SiteId>,
        kind: &str,
        values: &[String],
    ) -> Result<Vec<bool>, StoreFailure> {
        let (site, kind, values) = (site.cloned(), kind.to_owned(), values.to_owned());
        self.read(move |tx| {
            let is_known = |value: &String| match &site {
                Some(site) => accounts::has_key(tx, site, &kind, value),
                None => identities::has_key(tx, &kind, value),
            };
            values.iter().map(is_known).collect()
        })
        .await
    }

    async fn link(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Link>, StoreFailure> {
        self.glance(|tx| links::load(tx, identity, site))
    }

    async fn links_of(&self, identity: &IdentityId) -> Result<Vec<Link>, StoreFailure> {
        self.glance(|tx| links::of(tx, identity))
    }

    async fn links_to(&self, account: &AccountKey) -> Result<Vec<Link>, StoreFailure> {
        self.glance(|tx| links::to(tx, account))
    }

    async fn links(&self, site: &SiteId) -> Result<Vec<Link>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| links::of_site(tx, &site)).await
    }

    async fn link_counts(&self) -> Result<Vec<(TenantId, SiteId, u64)>, StoreFailure> {
        self.read(links::counts).await
    }

    async fn links_page(
        &self,
        site: &SiteId,
        after: Option<&(AccountId, IdentityId)>,
        limit: usize,
    ) -> Result<Vec<Link>, StoreFailure> {
        let (site, after) = (site.clone(), after.cloned());
        self.read(move |tx| links::page(tx, &site, after.as_ref(), limit)).await
    }

    async fn held_by(&self, identity: &IdentityId, at: Timestamp) -> Result<Vec<Holding>, StoreFailure> {
        let identity = identity.clone();
        self.read(move |tx| held::of_person(tx, &identity, at)).await
    }

    async fn held_in(
        &self,
        site: &SiteId,
        at: Timestamp,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| held::page(tx, &site, at, after, limit)).await
    }

    async fn held_since(&self, site: &SiteId) -> Result<Option<Timestamp>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| held::first(tx, &site)).await
    }

    async fn applied(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Applied>, StoreFailure> {
        self.glance(|tx| links::load_applied(tx, identity, site))
    }

    async fn applied_all(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| links::all_applied(tx, &site)).await
    }

    async fn applied_to_recall(&self, site: &SiteId) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| links::applied_to_recall(tx, &site)).await
    }

    async fn applied_page(
        &self,
        site: &SiteId,
        tenant: &TenantId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(IdentityId, Applied)>, StoreFailure> {
        let (site, tenant, after) = (site.clone(), tenant.clone(), after.unwrap_or_default().to_owned());
        self.read(move |tx| links::applied_page(tx, &site, &tenant, &after, limit)).await
    }

    async fn identity_as_of(
        &self,
        id: &IdentityId,
        moment: Timestamp,
    ) -> Result<Option<Mirrored>, StoreFailure> {
        self.glance(|tx| identities::as_of(tx, id, moment))
    }

    async fn identities_as_of(
        &self,
        tenant: &TenantId,
        moment: Timestamp,
    ) -> Result<Vec<Mirrored>, StoreFailure> {
        let tenant = tenant.clone();
        self.read(move |tx| identities::all_as_of(tx, &tenant, moment)).await
    }

    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>, StoreFailure> {
        self.glance(|tx| plans::load(tx, id))
    }

    async fn plans(&self, identity: Option<&IdentityId>, limit: usize) -> Result<Vec<Plan>, StoreFailure> {
        let identity = identity.cloned();
        self.read(move |tx| plans::newest(tx, identity.as_ref(), limit)).await
    }

    async fn newest_plan(&self, identity: &IdentityId, site: &SiteId) -> Result<Option<Plan>, StoreFailure> {
        self.glance(|tx| plans::newest_in(tx, identity, site))
    }

    async fn plans_beyond(
        &self,
        last: Option<&(Timestamp, PlanId)>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Plan>, StoreFailure> {
        let last = last.cloned();
        self.read(move |tx| plans::beyond(tx, last.as_ref(), order, limit)).await
    }

    async fn open_intents(&self, identity: Option<&IdentityId>) -> Result<Vec<OpenIntent>, StoreFailure> {
        match identity {
            Some(one) => self.glance(|tx| plans::open(tx, Some(one))),
            None => self.read(|tx| plans::open(tx, None)).await,
        }
    }

    async fn intents(&self, plan: &PlanId) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.glance(|tx| plans::of_plan(tx, plan))
    }

    async fn identity_states(
        &self,
        tenant: &TenantId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<IdentityState>, StoreFailure> {
        let tenant = tenant.clone();
        self.read(move |tx| identities::states(tx, &tenant, from, until)).await
    }

    async fn clearances_of(
        &self,
        identity: &IdentityId,
        site: Option<&SiteId>,
    ) -> Result<Vec<Clearance>, StoreFailure> {
        self.glance(|tx| clearances::of(tx, identity, site))
    }

    async fn clearance(&self, id: &str) -> Result<Option<Clearance>, StoreFailure> {
        self.glance(|tx| clearances::load(tx, id))
    }

    async fn clearances(&self, state: ClearanceState, limit: usize) -> Result<Vec<Clearance>, StoreFailure> {
        self.read(move |tx| clearances::by_state(tx, state, limit)).await
    }

    async fn clearances_over(&self, limit: usize) -> Result<Vec<Clearance>, StoreFailure> {
        self.read(move |tx| clearances::over(tx, limit)).await
    }

    async fn intents_between(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        self.read(move |tx| plans::between(tx, from, until, limit)).await
    }

    async fn intents_of(
        &self,
        identity: &IdentityId,
        since: Timestamp,
        limit: usize,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, StoreFailure> {
        let who = identity.clone();
        self.read(move |tx| plans::of_person(tx, &who, since, limit)).await
    }

    async fn cap_used(&self, scope: &str, since: Timestamp) -> Result<u64, StoreFailure> {
        self.glance(|tx| plans::used(tx, scope, since))
    }

    async fn feed_cursor(&self, tenant: &TenantId) -> Result<Option<FeedCursor>, StoreFailure> {
        self.glance(|tx| signals::cursor(tx, tenant))
    }

    async fn ledger(&self, tenant: &TenantId) -> Result<Ledger, StoreFailure> {
        self.glance(|tx| signals::ledger(tx, tenant))
    }

    async fn memberships(&self, identity: &IdentityId) -> Result<Memberships, StoreFailure> {
        self.glance(|tx| signals::memberships(tx, identity))
    }

    async fn deletion_seen(&self, identity: &IdentityId) -> Result<bool, StoreFailure> {
        self.glance(|tx| signals::deletion_seen(tx, identity))
    }

    async fn findings(&self, limit: usize) -> Result<Vec<Finding>, StoreFailure> {
        self.read(move |tx| notes::findings(tx, limit)).await
    }

    async fn finding_counts(&self) -> Result<Vec<(String, Severity, u64)>, StoreFailure> {
        let counts = match self.open_counts() {
            Some(known) => known,
            None => self.read(notes::finding_counts).await?,
        };
        Ok(counts.into_iter().map(|((kind, severity), count)| (kind, severity, count)).collect())
    }

    async fn findings_changed(
        &self,
        since: Option<u64>,
        limit: usize,
    ) -> Result<ChangedFindings, StoreFailure> {
        // The number first: what changes meanwhile is answered once more.
        let (number, keys) = self.changed_findings(since, limit);
        let whole = keys.is_none();
        let findings = match keys {
            Some(keys) if keys.is_empty() => Vec::new(),
            Some(keys) => {
                let one = |tx: &dyn Tx, key: String| Ok((key.clone(), notes::open_finding(tx, &key)?));
                self.read(move |tx| keys.into_iter().map(|key| one(tx, key)).collect()).await?
            }
            None => {
                let open = self.read(move |tx| notes::findings(tx, limit)).await?;
                open.into_iter().map(|finding| (finding.key.clone(), Some(finding))).collect()
            }
        };
        Ok(ChangedFindings { number, findings, whole })
    }

    async fn finding(&self, key: &str) -> Result<Option<Finding>, StoreFailure> {
        self.glance(|tx| notes::open_finding(tx, key))
    }

    async fn visits(&self, site: &SiteId) -> Result<Vec<(IdentityId, Visit)>, StoreFailure> {
        let site = site.clone();
        self.read(move |tx| links::visits(tx, &site)).await
    }

    async fn visits_of_host(&self, host: &AccountKey) -> Result<Vec<(IdentityId, Visit)>, StoreFailure> {
        let host = host.clone();
        self.read(move |tx| links::visits_of_host(tx, &host)).await
    }

    async fn messages(&self, limit: usize) -> Result<Vec<MessageState>, StoreFailure> {
        self.read(move |tx| notes::messages(tx, limit)).await
    }

    async fn messages_open(&self, among: usize) -> Result<u64, StoreFailure> {
        self.read(move |tx| notes::messages_open(tx, among)).await
    }

    async fn messages_due(&self, now: Timestamp, limit: usize) -> Result<Vec<Message>, StoreFailure> {
        self.read(move |tx| notes::messages_due(tx, now, limit)).await
    }

    async fn messages_waiting(
        &self,
        route: &str,
        limit: usize,
    ) -> Result<Vec<(Message, Timestamp)>, StoreFailure> {
        let route = route.to_owned();
        self.read(move |tx| notes::messages_waiting(tx, &route, limit)).await
    }

    async fn leavers(&self, open_only: bool, limit: usize) -> Result<Vec<Leaver>, StoreFailure> {
        self.read(move |tx| links::leavers(tx, open_only, limit)).await
    }

    async fn leavers_running(
        &self,
        by: Timestamp,
        after: Option<&Leaver>,
        limit: usize,
    ) -> Result<Vec<Leaver>, StoreFailure> {
        let after = after.cloned();
        self.read(move |tx| links::leavers_running(tx, by, after.as_ref(), limit)).await
    }

    async fn late_leavers(
        &self,
        since: Timestamp,
        bound: Duration,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Leaver>, StoreFailure> {
        self.read(move |tx| links::late(tx, since, bound, now, limit)).await
    }

    async fn leaver_clocks(&self, identity: &IdentityId, site: &SiteId) -> Result<Vec<Leaver>, StoreFailure> {
        let (identity, site) = (identity.clone(), site.clone());
        self.read(move |tx| links::clocks(tx, &identity, &site)).await
    }

    async fn certificate(&self, scope: &str, kind: ReadKind) -> Result<Option<Certificate>, StoreFailure> {
        self.glance(|tx| notes::certificate(tx, scope, kind))
    }

    async fn certified_rows(&self, scope: &str, kind: ReadKind) -> Result<Option<u64>, StoreFailure> {
        self.glance(|tx| notes::certified_rows(tx, scope, kind))
    }

    async fn sweeps(&self, scope: Option<&str>, limit: usize) -> Result<Vec<SweepRecord>, StoreFailure> {
        let scope = scope.map(str::to_owned);
        self.read(move |tx| notes::sweeps(tx, scope.as_deref(), limit)).await
    }

    async fn last_sweeps(&self) -> Result<Vec<SweepRecord>, StoreFailure> {
        self.read(notes::last_sweeps).await
    }

    async fn count(&self, name: &str) -> Result<u64, StoreFailure> {
        self.glance(|tx| notes::counted(tx, name))
    }

    async fn meta(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        self.glance(|tx| notes::meta(tx, key))
    }

    async fn metas(
        &self,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, String)>, StoreFailure> {
        let (prefix, after) = (prefix.to_owned(), after.map(str::to_owned));
        self.read(move |tx| notes::metas(tx, &prefix, after.as_deref(), limit)).await
    }

    async fn documents(&self, collection: &str, names: &[String]) -> Result<Vec<Document>, StoreFailure> {
        let (collection, names) = (collection.to_owned(), names.to_owned());
        self.read(move |tx| {
            names.iter().filter_map(|name| documents::load(tx, &collection, name).transpose()).collect()
        })
        .await
    }

    async fn documents_by_key(
        &self,
        collection: &str,
        kind: &str,
        value: &str,
    ) -> Result<Vec<Document>, StoreFailure> {
        let (collection, kind, value) = (collection.to_owned(), kind.to_owned(), value.to_owned());
        self.read(move |tx| documents::by_key(tx, &collection, &kind, &value)).await
    }

    async fn document_page(
        &self,
        collection: &str,
        skip: usize,
        limit: usize,
    ) -> Result<(Vec<Document>, u64), StoreFailure> {
        let collection = collection.to_owned();
        self.read(move |tx| documents::page(tx, &collection, skip, limit)).await
    }

    async fn activity(&self, filter: &ActivityFilter) -> Result<Vec<Kept>, StoreFailure> {
        let filter = filter.clone();
        self.read(move |tx| journal::activity(tx, &filter)).await
    }

    async fn tree_heads(&self) -> Result<Vec<TreeHead>, StoreFailure> {
        self.read(journal::tree_heads).await
    }

    async fn verify_journal(&self) -> Result<Option<String>, StoreFailure> {
        self.read(journal::verify).await
    }

    async fn operation_rates(
        &self,
        tenant: Option<&TenantId>,
        since: Timestamp,
        bucket: Duration,
    ) -> Result<Vec<(Timestamp, u64, u64)>, StoreFailure> {
        let tenant = tenant.cloned();
        self.read(move |tx| plans::rates(tx, tenant.as_ref(), since, bucket)).await
    }
}
