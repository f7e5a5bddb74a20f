//! A reading look at a store's folder, also while a server works in it: one unchanging view, row by row.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::Timestamp;
use lanyard_engine::ports::{Finding, Holding, Leaver, Mirrored, StoreFailure, SweepRecord};
use lanyard_model::{
    account::Account,
    clearance::Clearance,
    coverage::Certificate,
    id::{AccountId, AccountKey, IdentityId, SiteId, TenantId},
    identity::{Group, Identity},
    signal::Event,
};
use rusqlite::Connection;

pub use crate::tables::evidence::{Ended, KeptPlan, PersonLine, RawLine};
use crate::{
    group,
    merkle::CompactRange,
    schema,
    sqlite::{self, SqliteTx},
    tables::{evidence, held, identities, journal, links, notes},
    tx::Answer,
};

/// One view of everything that was acknowledged when it was opened. Nothing is written, and nobody has to wait.
pub struct Archive {
    connection: Connection,
}

impl Archive {
    /// Opens the store of `folder`.
    ///
    /// # Errors
    /// [`StoreFailure::Unavailable`] without a store there; [`StoreFailure::Damaged`] if its schema is not ours: a
    /// server of this version must have opened it once.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreFailure> {
        let file = folder.as_ref().join("lanyard.db");
        if !file.exists() {
            return Err(StoreFailure::Unavailable(format!("{} holds no store", folder.as_ref().display())));
        }
        let connection = sqlite::open_reader(&file)?;
        schema::current(&connection)?;
        group::execute(&connection, "BEGIN")?;
        Ok(Self { connection })
    }

    fn tx(&self) -> SqliteTx<'_> {
        SqliteTx(&self.connection)
    }

    pub fn tenants(&self) -> Result<Vec<TenantId>, StoreFailure> {
        evidence::tenants(&self.tx())
    }

    pub fn sites(&self) -> Result<Vec<SiteId>, StoreFailure> {
        evidence::sites(&self.tx())
    }

    pub fn meta(&self, key: &str) -> Result<Option<String>, StoreFailure> {
        notes::meta(&self.tx(), key)
    }

    /// Groups of a tenant, as the last sweep saw them.
    pub fn groups(&self, tenant: &TenantId) -> Result<Vec<Group>, StoreFailure> {
        identities::groups(&self.tx(), tenant)
    }

    /// All mirrored people of a tenant, gone ones too.
    pub fn identities(
        &self,
        tenant: &TenantId,
        mut each: impl FnMut(Mirrored) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::identities(&self.tx(), tenant, &mut each)
    }

    /// All accounts ever mirrored in a site, with when they were found gone.
    pub fn accounts(
        &self,
        site: &SiteId,
        mut each: impl FnMut(Account, Option<Timestamp>) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::accounts(&self.tx(), site, &mut each)
    }

    /// Stretches that touch the period, by account.
    pub fn holdings(
        &self,
        site: &SiteId,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Holding) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        held::between(&self.tx(), site, from, to, &mut each)
    }

    /// Whether the site ever had an account of somebody of the tenant.
    pub fn serves(&self, site: &SiteId, tenant: &TenantId) -> Result<bool, StoreFailure> {
        held::serves(&self.tx(), site, tenant)
    }

    /// When anything was first known of a site's accounts.
    pub fn site_known_since(&self, site: &SiteId) -> Result<Option<Timestamp>, StoreFailure> {
        held::first(&self.tx(), site)
    }

    /// When anything was first known of a tenant's people, as far as it can still be told.
    pub fn tenant_known_since(&self, tenant: &TenantId) -> Result<Option<Timestamp>, StoreFailure> {
        let firsts = [
            evidence::first_of(&self.tx(), tenant)?,
            held::first_of(&self.tx(), tenant)?,
            journal::checkpoints(&self.tx(), tenant)?.into_iter().map(|(at, ..)| at).min(),
        ];
        Ok(firsts.into_iter().flatten().min())
    }

    /// The accounts a person ever had, with the stretches.
    pub fn accounts_of(
        &self,
        who: &IdentityId,
    ) -> Result<Vec<(AccountKey, Timestamp, Option<Timestamp>)>, StoreFailure> {
        held::accounts_of(&self.tx(), who)
    }

    /// Everything that a person's accounts ever held, while they were theirs or not, and their own doors.
    pub fn history(&self, who: &IdentityId) -> Result<Vec<Holding>, StoreFailure> {
        held::history(&self.tx(), who)
    }

    /// What the accounts of a site held at a moment; see the store port.
    pub fn held_in(
        &self,
        site: &SiteId,
        at: Timestamp,
        after: AccountId,
        limit: usize,
    ) -> Result<Vec<Holding>, StoreFailure> {
        held::page(&self.tx(), site, at, after, limit)
    }

    /// Leavers' clocks that ran in the period, those of people who returned among them.
    pub fn leavers(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Leaver>, StoreFailure> {
        links::leavers_between(&self.tx(), from, to)
    }

    /// Clocks of people who returned in the period, also of those who were verified gone long before it.
    pub fn returns(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Leaver>, StoreFailure> {
        links::returns(&self.tx(), from, to)
    }

    /// Plans made in the period.
    pub fn plans(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(KeptPlan) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::plans(&self.tx(), from, to, &mut each)
    }

    pub fn plans_of(&self, who: &IdentityId) -> Result<Vec<KeptPlan>, StoreFailure> {
        evidence::plans_of(&self.tx(), who)
    }

    /// Operations that ended in the period, then those that have not ended.
    pub fn operations(
        &self,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Ended) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::operations(&self.tx(), from, to, &mut each)
    }

    pub fn operations_of(&self, plan: &str) -> Result<Vec<Ended>, StoreFailure> {
        evidence::operations_of(&self.tx(), plan)
    }

    /// Findings first seen before `to`, with when they were over. One that was over and was seen again is there for each time.
    pub fn findings(&self, to: Timestamp) -> Result<Vec<(Finding, Option<Timestamp>)>, StoreFailure> {
        evidence::findings(&self.tx(), to)
    }

    /// Keys of findings that a person put away and that are still so, as far as anybody saw.
    pub fn put_away(&self) -> Result<BTreeSet<String>, StoreFailure> {
        notes::put_away(&self.tx())
    }

    pub fn sweeps(&self, from: Timestamp, to: Timestamp) -> Result<Vec<SweepRecord>, StoreFailure> {
        evidence::sweeps(&self.tx(), from, to)
    }

    /// The last certificate of each list: scope, kind, certificate.
    pub fn certificates(&self) -> Result<Vec<(String, String, Certificate)>, StoreFailure> {
        evidence::certificates(&self.tx())
    }

    /// Everything that was asked in a tenant before `to`, oldest first, without what was used of it.
    pub fn clearances(&self, tenant: &TenantId, to: Timestamp) -> Result<Vec<Clearance>, StoreFailure> {
        evidence::clearances(&self.tx(), tenant, to)
    }

    /// What was shown of people of a tenant within a period and ended since, in no order: what, from when, until when.
    pub fn past_people(
        &self,
        tenant: &TenantId,
        period: (Timestamp, Timestamp),
        mut each: impl FnMut(Identity, Timestamp, Timestamp) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::past_people(&self.tx(), tenant, period, &mut each)
    }

    /// Events of a tenant's directory that were first seen in a period, in the order in which they came.
    pub fn signals(
        &self,
        tenant: &TenantId,
        period: (Timestamp, Timestamp),
        mut each: impl FnMut(Event, Timestamp) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::signals(&self.tx(), tenant, period, &mut each)
    }

    /// A tenant's whole journal, in order.
    pub fn lines(
        &self,
        tenant: &TenantId,
        mut each: impl FnMut(RawLine<'_>) -> Answer<()>,
    ) -> Result<(), StoreFailure> {
        evidence::lines(&self.tx(), tenant, &mut each)
    }

    /// All journal lines about a person, in any tenant's journal.
    pub fn lines_of(&self, who: &IdentityId) -> Result<Vec<PersonLine>, StoreFailure> {
        evidence::lines_of(&self.tx(), who)
    }

    /// Lines of the tenant's journal, and its root, as the head has them.
    pub fn head(&self, tenant: &TenantId) -> Result<(u64, [u8; 32]), StoreFailure> {
        journal::tree_head(&self.tx(), tenant)
    }

    /// The first line whose text is still kept, and the note that was signed over those before it; `None`: nobody signed.
    pub fn cut(&self, tenant: &TenantId) -> Result<(u64, Option<String>), StoreFailure> {
        journal::cut(&self.tx(), tenant.as_str())
    }

    /// How many lines from the first on are older than `before`, and the root over them.
    pub fn older(&self, tenant: &TenantId, before: Timestamp) -> Result<(u64, [u8; 32]), StoreFailure> {
        journal::older(&self.tx(), tenant, before)
    }

    /// Signed checkpoints, oldest first: when, lines, note.
    pub fn checkpoints(&self, tenant: &TenantId) -> Result<Vec<(Timestamp, u64, String)>, StoreFailure> {
        journal::checkpoints(&self.tx(), tenant)
    }

    /// The first line, tenant by tenant, that does not fit what was hashed.
    pub fn verify(&self) -> Result<Option<String>, StoreFailure> {
        journal::verify(&self.tx())
    }

    /// The root that the first `size` lines have now; `None` if there are fewer.
    pub fn root_at(&self, tenant: &TenantId, size: u64) -> Result<Option<[u8; 32]>, StoreFailure> {
        journal::root_at(&self.tx(), tenant, size)
    }

    /// The roots of a tenant's journal at these sizes, in one pass over the leaves that `tree` does not have yet; a new
    /// tree reads all of them. Afterwards `tree` is the whole journal's.
    pub fn roots(
        &self,
        tenant: &TenantId,
        tree: &mut CompactRange,
        sizes: &BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, [u8; 32]>, StoreFailure> {
        journal::roots(&self.tx(), tenant, tree, sizes)
    }

    /// The newest checkpoints of a tenant, newest first, and how many there are in all.
    #[expect(clippy::type_complexity, reason = "rows as they are kept, and their count")]
    pub fn newest_checkpoints(
        &self,
        tenant: &TenantId,
        limit: usize,
    ) -> Result<(Vec<(Timestamp, u64, String)>, u64), StoreFailure> {
        journal::newest_checkpoints(&self.tx(), tenant, limit)
    }

    /// Documents of a collection, oldest first: key and body.
    pub fn documents(&self, collection: &str) -> Result<Vec<(String, serde_json::Value)>, StoreFailure> {
        evidence::documents(&self.tx(), collection)
    }
}
