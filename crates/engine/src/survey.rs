//! Everybody at once: complete reads of both sides, certificates for them, and the same decision for each person.
//! Writes nothing anywhere.
//!
//! Lists are held packed ([`crate::packed`]), and people are unpacked and decided one after another: what a survey
//! needs in memory grows by some hundred bytes a person, whatever it finds.

mod applied;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use applied::AppliedPages;
use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind},
    coverage::{Certificate, Evidence, ReadKind},
    desired::{Applied, Desired},
    id::{AccountId, AccountKey, IdentityId, SiteId, TenantId},
    identity::{Group, Identity},
    link::Link,
    plan::Plan,
    signal::Lane,
};
use lanyard_plan::drift::Drifted;

use crate::{
    Engine,
    definitions::{self, Fields},
    engine::Active,
    judge::{Desks, INDEXED, Judge, Memory, Roll, Ties},
    packed::{Accounts, People},
    pages::walk,
    ports::{Directory, Mirrored, MirroredAccount, PortFailure, Progress, Sink, StoreFailure},
    reactions::Unclear,
};

/// Why a survey could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    #[error(transparent)]
    Port(#[from] PortFailure),
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error("the settings have no site {0}")]
    NoSite(SiteId),
}

/// One tenant, read whole; or, where it could not be read, as it is remembered.
#[derive(Debug, Clone)]
pub struct TenantSurvey {
    pub tenant: TenantId,
    pub identities: People,
    pub groups: Vec<Group>,
    pub certificate: Certificate,
    /// Of the member lists of the groups that policy names.
    pub members: Certificate,
    /// The definitions of its people's attributes, if they could be read.
    pub fields: Option<Fields>,
    /// Its people are known from the mirror, so that their accounts and managers are told apart; nobody of them is
    /// decided.
    pub left_out: Option<LeftOut>,
}

/// Why a tenant was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOut {
    Failed(PortFailure),
    /// Another tenant was asked for.
    NotAsked,
}

impl TenantSurvey {
    /// Why it could not be read.
    pub fn failure(&self) -> Option<&PortFailure> {
        match &self.left_out {
            Some(LeftOut::Failed(failure)) => Some(failure),
            _ => None,
        }
    }
}

/// One site, read whole.
#[derive(Debug, Clone)]
pub struct SiteSurvey {
    pub site: SiteId,
    pub accounts: Accounts,
    pub certificate: Certificate,
    /// The definitions of its accounts' fields, if they could be read.
    pub fields: Option<Fields>,
}

/// What was decided for one person in one site.
#[derive(Debug)]
pub struct Finding {
    pub plan: Plan,
    pub desired: Desired,
    /// Found by a key in this survey and not remembered yet.
    pub new_link: Option<Link>,
    /// What is known to be applied, when the plan is quiet and this is news.
    pub applied: Option<Applied>,
}

/// A value that we had set and verified, policy still wants, and the site shows no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverted {
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    /// `jobTitle`, `seat`, `role in Reservations`.
    pub what: String,
    pub wanted: String,
    pub shown: String,
    /// Who changed the account last, as the site says.
    pub by: Option<AccountId>,
}

/// Values of somebody's account that another hand changed and policy leaves as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    pub values: Vec<Drifted>,
}

/// Why somebody with a live account should be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Overdue {
    /// The contract's end date passed.
    PastDate,
    /// Deactivated or deleted in Okta, or no longer of those whom policy governs.
    Gone,
}

/// An account that nobody is linked with, and a person in Okta who has one of its keys.
#[derive(Debug, Clone)]
pub struct Astray {
    pub account: Account,
    pub of: IdentityId,
    pub person: String,
    /// The name of the key that both have.
    pub key: String,
    /// The person has another account in the site.
    pub second: bool,
}

/// The live account of a site administrator that nobody in a list is linked with.
#[derive(Debug, Clone)]
pub struct Admin {
    pub account: Account,
    pub whose: Whose,
}

/// What is known of whose it is.
#[derive(Debug, Clone)]
pub enum Whose {
    Nobodys,
    /// They are in no list any more.
    Unlisted(IdentityId),
    /// They have one of its keys.
    Keyed {
        of: IdentityId,
        person: String,
        key: String,
    },
}

/// The whole picture at one moment.
#[derive(Debug)]
pub struct Survey {
    pub started_at: Timestamp,
    pub tenants: Vec<TenantSurvey>,
    pub sites: Vec<SiteSurvey>,
    /// Sites that could not be read at all; nothing is decided in them.
    pub unread: Vec<(SiteId, PortFailure)>,
    pub decided: Decided,
}

/// Decisions for everybody.
#[derive(Debug, Default)]
pub struct Decided {
    pub people: usize,
    /// Accounts read that are linked to people of each tenant.
    pub accounts: BTreeMap<TenantId, u64>,
    /// People whose plan has steps, by lane and id.
    pub differing: Vec<Finding>,
    /// People with nothing to do, of whom something is worth remembering (link, adoption).
    pub adopted: Vec<Finding>,
    pub unchanged: usize,
    /// People set aside, with the reason.
    pub aside: Vec<(IdentityId, String, String)>,
    pub(crate) disputed: Vec<(IdentityId, SiteId, String, Unclear)>,
    /// Live people accounts that belong to nobody.
    pub orphans: Vec<Account>,
    /// Live people accounts that nobody is linked with, and that somebody in Okta has a key of.
    pub astray: Vec<Astray>,
    /// Live accounts of site administrators that nobody in a list is linked with.
    pub admins: Vec<Admin>,
    /// Live people accounts whose person is in no list any more, by links that have not ended.
    pub(crate) unlisted: Vec<(IdentityId, AccountKey)>,
    /// Live people accounts that share a key: its kind, its value, and they.
    pub duplicates: Vec<(String, String, Vec<Account>)>,
    /// Site administrators' accounts that belong to somebody governed.
    pub ungoverned: Vec<(IdentityId, AccountKey)>,
    /// Accounts that were verified gone once and are live again.
    pub undead: Vec<(IdentityId, String, Account)>,
    /// People of each tenant who should be gone for a while and whose accounts are live: how many, and who the first of them are.
    pub overdue: BTreeMap<(SiteId, TenantId, Overdue), (usize, Vec<String>)>,
    /// Spaces whose occupant is an account that a complete list does not show, by the space's name.
    pub left_seats: Vec<(AccountKey, String)>,
    /// How many people of a tenant hold roles in a site that no rule gives, adopts or owns, and who the first of them are.
    pub beyond: BTreeMap<(SiteId, TenantId), (usize, Vec<String>)>,
    /// What somebody else changed back.
    pub reverted: Vec<Reverted>,
    /// The same where policy leaves it so.
    pub left: Vec<Left>,
    /// When answers change by themselves.
    pub reviews: Vec<(IdentityId, Timestamp)>,
}

impl Decided {
    /// Counts an account of somebody's, if it is theirs.
    pub(crate) fn count(&mut self, identity: &Identity, theirs: bool) {
        if theirs {
            *self.accounts.entry(identity.id.tenant.clone()).or_default() += 1;
        }
    }

    /// People of whom nothing says which account is theirs: who, in which site, their name, and why.
    pub fn disputes(&self) -> impl Iterator<Item = (&IdentityId, &SiteId, &str, &str)> {
        self.disputed
            .iter()
            .map(|(id, site, person, unclear)| (id, site, person.as_str(), unclear.why.as_str()))
    }
}

/// What a survey read, before anything is decided.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) tenants: Vec<TenantSurvey>,
    pub(crate) sites: Vec<SiteSurvey>,
    pub(crate) unread: Vec<(SiteId, PortFailure)>,
}

impl Lists {
    /// Every tenant's lists are proven complete: whoever is in none of them is in none at all.
    pub(crate) fn everybody_is_known(&self) -> bool {
        self.tenants.iter().all(|tenant| tenant.certificate.holds())
    }
}

/// People decided between two pauses, in which what was found is taken away.
pub(crate) const CHUNK: usize = 500;

impl Engine {
    /// Reads both sides completely and decides for everybody. `only` narrows the sites that are read and planned.
    ///
    /// # Errors
    /// When every tenant, or every site asked for, cannot be read at all. A list that was read and is in doubt is no
    /// error: its certificate says so; nor is one tenant or one site of several that does not answer.
    pub async fn survey(
        &self,
        only: Option<&SiteId>,
        progress: &dyn Progress,
    ) -> Result<Survey, SurveyError> {
        self.check_site(only)?;
        let started_at = self.clock.now();
        let mut tenants = Vec::new();
        for tenant in self.directories().keys() {
            tenants.push(self.survey_tenant(tenant, progress).await?);
        }
        let mut lists = Lists { tenants, sites: Vec::new(), unread: Vec::new() };
        self.heed_tenants(&lists)?;
        for id in self.sites().keys().filter(|id| only.is_none_or(|only| only == *id)) {
            let read = self.survey_site(id, progress).await;
            self.heed_site(id, read, &mut lists)?;
        }
        self.heed_sites(&mut lists)?;
        let mut all = Whole::default();
        let mut decided = self.decide_everybody(&lists, &mut all, progress).await?;
        (decided.differing, decided.adopted, decided.reviews) = (all.differing, all.adopted, all.reviews);
        decided
            .differing
            .sort_by(|a, b| (a.plan.lane, &a.plan.identity).cmp(&(b.plan.lane, &b.plan.identity)));
        let Lists { tenants, sites, unread } = lists;
        Ok(Survey { started_at, tenants, sites, unread, decided })
    }

    pub(crate) fn check_site(&self, only: Option<&SiteId>) -> Result<(), SurveyError> {
        match only {
            Some(site) if !self.sites().contains_key(site) => Err(SurveyError::NoSite(site.clone())),
            _ => Ok(()),
        }
    }

    /// Takes note of which groups there are, once all tenants were asked.
    pub(crate) fn heed_tenants(&self, lists: &Lists) -> Result<(), SurveyError> {
        if let Some(failure) = lists.tenants.iter().rev().find_map(TenantSurvey::failure)
            && lists.tenants.iter().all(|tenant| tenant.left_out.is_some())
        {
            return Err(failure.clone().into());
        }
        if lists.tenants.iter().all(|tenant| tenant.members.holds()) {
            let known: BTreeSet<_> =
                lists.tenants.iter().flat_map(|t| t.groups.iter().map(|g| g.id.clone())).collect();
            let named = self.active().policy.groups();
            self.set_missing_groups(named.difference(&known).cloned().collect());
        }
        Ok(())
    }

    /// One site that is down does not keep the others from being compared.
    pub(crate) fn heed_site(
        &self,
        id: &SiteId,
        read: Result<SiteSurvey, SurveyError>,
        lists: &mut Lists,
    ) -> Result<(), SurveyError> {
        match read {
            Ok(site) => lists.sites.push(site),
            Err(SurveyError::Port(failure)) => {
                tracing::warn!(site = %id, %failure, "the site could not be read");
                lists.unread.push((id.clone(), failure));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(crate) fn heed_sites(&self, lists: &mut Lists) -> Result<(), SurveyError> {
        if lists.sites.is_empty()
            && let Some((_, failure)) = lists.unread.pop()
        {
            return Err(failure.into());
        }
        // The catalogues are new: names that policy could not resolve before may resolve now.
        self.rebind(None);
        Ok(())
    }

    /// One tenant: read, or, where it does not answer, as it is remembered.
    pub(crate) async fn survey_tenant(
        &self,
        tenant: &TenantId,
        progress: &dyn Progress,
    ) -> Result<TenantSurvey, SurveyError> {
        match self.read_tenant(tenant, progress).await {
            Err(SurveyError::Port(failure)) => {
                tracing::warn!(%tenant, %failure, "the tenant could not be read");
                Ok(self.pass_over(tenant, LeftOut::Failed(failure)).await?)
            }
            read => read,
        }
    }

    /// A tenant that is not read, as it is remembered.
    pub(crate) async fn pass_over(
        &self,
        tenant: &TenantId,
        why: LeftOut,
    ) -> Result<TenantSurvey, StoreFailure> {
        let mut known = self.recall_tenant(tenant, &mut |_, _| ()).await?;
        let doubt = vec![match &why {
            LeftOut::Failed(failure) => format!("it could not be read: {failure}"),
            LeftOut::NotAsked => "it was not to be read".to_owned(),
        }];
        known.certificate.doubts.clone_from(&doubt);
        known.members.doubts = doubt;
        known.left_out = Some(why);
        Ok(known)
    }

    async fn read_tenant(
        &self,
        tenant: &TenantId,
        progress: &dyn Progress,
    ) -> Result<TenantSurvey, SurveyError> {
        /// Keeps of each person what somebody here needs.
        struct Trimmed<'a>(&'a Active, People);
        impl Sink<Identity> for Trimmed<'_> {
            fn take(&mut self, mut row: Identity) {
                self.0.trim(&mut row);
                self.1.take(row);
            }

            fn restart(&mut self) {
                self.1.restart();
            }

            fn revise(&mut self, change: &mut dyn FnMut(&mut Identity)) {
                self.1.revise(change);
            }

            fn count(&mut self) -> u64 {
                self.1.count()
            }
        }

        let active = self.active();
        let directory = &self.directories()[tenant];
        let shrink = active.policy.guardrails().shrink_percent_max;
        let groups = directory.list_groups().await?;
        let mut listing = Trimmed(&active, People::new(tenant.clone()));
        let before = definitions::read(tenant.as_str(), attributes(&**directory).await);
        let mut evidence = directory.list_identities(&mut listing, progress).await?;
        evidence.rows = listing.count();
        let fields = match &before {
            Some(_) => definitions::read(tenant.as_str(), attributes(&**directory).await),
            None => None,
        };
        definitions::note(&mut evidence, before.as_ref(), fields.as_ref());
        let Trimmed(_, mut identities) = listing;
        let mut of_members = groups.evidence.clone();
        of_members.kind = ReadKind::GroupMembers;
        let named = active.policy.groups();
        let here: Vec<_> =
            groups.rows.iter().map(|group| &group.id).filter(|id| named.contains(id)).collect();
        for (at, group) in here.iter().enumerate() {
            progress.report("groups", at as u64, Some(here.len() as u64));
            let mut members = Vec::new();
            let read = directory.list_members(group, &mut members).await?;
            of_members.pages += read.pages;
            of_members.rows += read.rows;
            of_members.reached_end &= read.reached_end;
            of_members.ended_at = read.ended_at;
            members.iter().for_each(|user| identities.join(user, group));
        }
        let members = of_members.certify(None, shrink);
        identities.joined(members.holds());
        // What moved while we read is in the feed; a feed that cannot be read is a gap.
        evidence.feed_whole = Some(self.poll_feed(tenant).await.is_ok());
        // What is known to be there is in both lists; one that lacks it makes doubt, whatever the other one shows.
        let seen = [groups.evidence.canary_seen, evidence.canary_seen];
        evidence.canary_seen = seen.into_iter().flatten().reduce(|one, other| one && other);
        let before = self.store.certified_rows(tenant.as_str(), ReadKind::Identities).await?;
        Ok(TenantSurvey {
            tenant: tenant.clone(),
            identities,
            groups: groups.rows,
            certificate: evidence.certify(before, shrink),
            members,
            fields,
            left_out: None,
        })
    }

    /// One tenant as the mirrors show it. `see` is shown everybody with their row.
    pub(crate) async fn recall_tenant(
        &self,
        tenant: &TenantId,
        see: &mut (dyn FnMut(u32, &Identity) + Send),
    ) -> Result<TenantSurvey, StoreFailure> {
        let mut identities = People::new(tenant.clone());
        let read = |after: Option<Arc<str>>| async move {
            self.store.identities(tenant, after.as_deref(), CHUNK).await
        };
        let end = |last: &Mirrored| Arc::clone(&last.identity.id.user);
        walk(read, end, |page| {
            for known in page.into_iter().filter(|known| known.gone_at.is_none()) {
                // Pages come in the order of the rows.
                see(identities.len() as u32, &known.identity);
                identities.take(known.identity);
            }
        })
        .await?;
        let rows = identities.count();
        let certificate = |kind| self.recalled(kind, rows);
        Ok(TenantSurvey {
            tenant: tenant.clone(),
            groups: self.store.groups(tenant).await?,
            certificate: certificate(ReadKind::Identities),
            members: certificate(ReadKind::GroupMembers),
            identities,
            fields: None,
            left_out: None,
        })
    }

    /// One site as the mirror shows it. `see` is shown each account with its row.
    pub(crate) async fn recall_site(
        &self,
        site: &SiteId,
        see: &mut (dyn FnMut(u32, &Account) + Send),
    ) -> Result<SiteSurvey, StoreFailure> {
        let mut accounts = Accounts::new(site.clone());
        let read = |after| async move { self.store.mirrored_accounts(site, after, CHUNK).await };
        let end = |last: &MirroredAccount| last.account.id();
        walk(read, end, |page| {
            for known in page.into_iter().filter(|known| !known.gone) {
                see(accounts.len() as u32, &known.account);
                accounts.take(known.account);
            }
        })
        .await?;
        let certificate = self.recalled(ReadKind::Accounts, accounts.count());
        Ok(SiteSurvey { site: site.clone(), accounts, certificate, fields: None })
    }

    /// For lists that are taken as they are remembered.
    pub(crate) fn recalled(&self, kind: ReadKind, rows: u64) -> Certificate {
        let now = self.clock.now();
        let evidence = Evidence {
            kind,
            started_at: now,
            ended_at: now,
            pages: 0,
            rows,
            reached_end: true,
            count_before: None,
            count_after: None,
            canary_seen: None,
            overlaps_missed: 0,
            feed_whole: None,
            rights_proven: None,
            schema: None,
        };
        Certificate { evidence, doubts: Vec::new() }
    }

    pub(crate) async fn survey_site(
        &self,
        id: &SiteId,
        progress: &dyn Progress,
    ) -> Result<SiteSurvey, SurveyError> {
        let state = &self.sites()[id];
        state.forget_scans();
        state.refresh(progress).await?;
        let mut accounts = Accounts::new(id.clone());
        let before = definitions::read(id.as_str(), state.port().list_fields().await);
        let mut evidence = state.port().list_accounts(&mut accounts, progress).await?;
        evidence.rows = accounts.count();
        let fields = match &before {
            Some(_) => definitions::read(id.as_str(), state.port().list_fields().await),
            None => None,
        };
        definitions::note(&mut evidence, before.as_ref(), fields.as_ref());
        if self.active().policy.names_items()
            && accounts.iter().all(|account| account.items.is_none())
            && let Some(held) = state.port().item_holders(Lane::Bulk).await?
        {
            accounts.revise(&mut |account| {
                account.items = Some(held.get(&account.id()).cloned().unwrap_or_default());
            });
        }
        let before = self.store.certified_rows(id.as_str(), ReadKind::Accounts).await?;
        let shrink = self.active().policy.guardrails().shrink_percent_max;
        let certificate = evidence.certify(before, shrink);
        self.heed_accounts(id, &accounts, &certificate);
        Ok(SiteSurvey { site: id.clone(), accounts, certificate, fields })
    }

    /// Takes note of who sits where, and of how many people there are: limits rest on that, so only a list that is proven
    /// complete counts them.
    pub(crate) fn heed_accounts(&self, id: &SiteId, accounts: &Accounts, certificate: &Certificate) {
        let Some(state) = self.sites().get(id) else { return };
        let mut people = 0;
        let fields = self.active().policy.team_fields();
        {
            let mut seating = state.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for account in accounts.iter() {
                seating.sit(account.id(), account.seat.map(|seat| seat.room));
                seating.note_teams(&account, &fields);
                people += u64::from(account.kind == AccountKind::Person && account.is_live());
            }
        }
        if certificate.holds() {
            self.note_people(id, people);
        }
    }

    /// Decides for everybody, by tenant and user id. What is found of people is handed to `takes` now and then, and is
    /// not in the answer.
    pub(crate) async fn decide_everybody(
        &self,
        lists: &Lists,
        takes: &mut dyn Takes,
        progress: &dyn Progress,
    ) -> Result<Decided, SurveyError> {
        let _busy = self.clock.busy();
        let Lists { tenants, sites, .. } = lists;
        let (roll, memory) = self.recall_ties(tenants, sites).await?;
        let starts: Vec<_> = (0..tenants.len()).map(|place| roll.start(place)).collect();
        let now = self.clock.now();
        let active = self.active();
        let missing = self.missing_groups();
        let withheld = self.withheld.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let desks = self.desks(sites.iter().map(|site| &site.site));
        let limits = self.limits_reached(sites.iter().map(|site| &site.site)).await?;
        let mut judge = Judge::new(&active, &missing, &withheld, tenants, sites, roll, memory, desks, now)
            .with_limits(limits);
        while !judge.prepare() {
            tokio::task::yield_now().await;
        }
        let total: u64 = tenants.iter().map(|t| t.identities.len() as u64).sum();
        for (place, tenant) in tenants.iter().enumerate().filter(|(_, tenant)| tenant.left_out.is_none()) {
            let mut remembered: BTreeMap<SiteId, AppliedPages> =
                sites.iter().map(|site| (site.site.clone(), AppliedPages::default())).collect();
            let rows = tenant.identities.len() as u32;
            for from in (0..rows).step_by(CHUNK) {
                progress.report("decisions", judge.decided.people as u64, Some(total));
                tokio::task::yield_now().await;
                let until = (from + CHUNK as u32).min(rows);
                let mut known: BTreeMap<SiteId, BTreeMap<u32, Applied>> = BTreeMap::new();
                for (site, pages) in &mut remembered {
                    let of_chunk = pages.take(self, site, tenant, from..until).await?;
                    known.insert(site.clone(), of_chunk);
                }
                for row in from..until {
                    let identity = tenant.identities.get(row);
                    let mut applied = |site: &SiteId| {
                        known.get_mut(site).and_then(|all| all.remove(&row)).unwrap_or_default()
                    };
                    judge.judge(starts[place] + row, &identity, &mut applied, &mut |_| ());
                }
                let decided = &mut judge.decided;
                let found = Part {
                    differing: std::mem::take(&mut decided.differing),
                    adopted: std::mem::take(&mut decided.adopted),
                    reverted: std::mem::take(&mut decided.reverted),
                    left: std::mem::take(&mut decided.left),
                    reviews: std::mem::take(&mut decided.reviews),
                };
                takes.take(self, found).await?;
            }
        }
        judge.note_accounts(lists.everybody_is_known());
        while !judge.find_owners(INDEXED) {
            tokio::task::yield_now().await;
        }
        Ok(judge.decided)
    }

    /// Who is linked with which account, of these sites.
    pub(crate) async fn recall_ties(
        &self,
        tenants: &[TenantSurvey],
        sites: &[SiteSurvey],
    ) -> Result<(Roll, BTreeMap<SiteId, Memory>), StoreFailure> {
        let mut roll = Roll::of(tenants);
        let mut memory = BTreeMap::new();
        for site in sites {
            let mut ties = Ties::default();
            let mut after = None;
            loop {
                let page = self.store.links_page(&site.site, after.as_ref(), CHUNK).await?;
                let Some(last) = page.last() else { break };
                after = Some((last.account.id, last.identity.clone()));
                for link in &page {
                    ties.add(roll.number(tenants, &link.identity), link);
                }
            }
            ties.complete();
            let mut known = Memory { ties, ..Memory::default() };
            if site.certificate.holds() {
                self.recall_unlisted(site, &mut known).await?;
            }
            memory.insert(site.site.clone(), known);
        }
        Ok((roll, memory))
    }

    /// Linked accounts that a complete list does not show: inactive, as far as anybody can tell. As remembered.
    pub(crate) async fn recall_unlisted(
        &self,
        site: &SiteSurvey,
        memory: &mut Memory,
    ) -> Result<(), StoreFailure> {
        let unlisted: Vec<AccountId> =
            memory.ties.accounts().filter(|id| site.accounts.find(*id).is_none()).collect();
        self.recall_asleep(site, &unlisted, memory).await
    }

    /// The same of these accounts.
    pub(crate) async fn recall_asleep(
        &self,
        site: &SiteSurvey,
        unlisted: &[AccountId],
        memory: &mut Memory,
    ) -> Result<(), StoreFailure> {
        for chunk in unlisted.chunks(CHUNK) {
            for account in self.store.accounts_of(&site.site, chunk).await? {
                let asleep = crate::look::as_inactive(account, site.certificate.evidence.ended_at);
                memory.asleep.insert(asleep.id(), asleep);
            }
        }
        Ok(())
    }

    /// Sites in which no further removal has room under the limit now, and what that is called.
    async fn limits_reached<'s>(
        &self,
        sites: impl Iterator<Item = &'s SiteId>,
    ) -> Result<BTreeMap<SiteId, String>, StoreFailure> {
        let mut reached = BTreeMap::new();
        for site in sites {
            let Some(limit) = self.removals_max(site) else { continue };
            if self.removals_used(site).await? >= limit {
                reached.insert(site.clone(), format!("the limit on removals in {site} is reached"));
            }
        }
        Ok(reached)
    }

    /// Catalogues and who sits where, as they are in memory now.
    pub(crate) fn desks<'s>(&self, sites: impl Iterator<Item = &'s SiteId>) -> Desks {
        sites
            .filter_map(|site| Some((site.clone(), self.sites().get(site)?)))
            .map(|(id, state)| {
                let seating = state.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
                (id, (state.catalogue(), seating))
            })
            .collect()
    }
}

/// The attributes of a tenant's people, over all user types.
async fn attributes(directory: &dyn Directory) -> Result<Fields, PortFailure> {
    let all = directory.list_attributes().await?;
    Ok(all.into_iter().map(|(name, kind, _)| (name, kind)).collect())
}

/// What was found of some people.
pub(crate) struct Part {
    pub(crate) differing: Vec<Finding>,
    pub(crate) adopted: Vec<Finding>,
    pub(crate) reverted: Vec<Reverted>,
    pub(crate) left: Vec<Left>,
    pub(crate) reviews: Vec<(IdentityId, Timestamp)>,
}

/// Takes what is found, while the rest is still being decided.
#[async_trait::async_trait]
pub(crate) trait Takes: Send {
    async fn take(&mut self, engine: &Engine, found: Part) -> Result<(), StoreFailure>;
}

/// Keeps everything.
#[derive(Default)]
struct Whole {
    differing: Vec<Finding>,
    adopted: Vec<Finding>,
    reviews: Vec<(IdentityId, Timestamp)>,
}

#[async_trait::async_trait]
impl Takes for Whole {
    async fn take(&mut self, _: &Engine, found: Part) -> Result<(), StoreFailure> {
        self.differing.extend(found.differing);
        self.adopted.extend(found.adopted);
        self.reviews.extend(found.reviews);
        Ok(())
    }
}
