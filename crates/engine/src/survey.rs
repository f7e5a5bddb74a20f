//! Everybody at once: complete reads of both sides, certificates for them, and the same decision for each person.
//! Writes nothing anywhere.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind},
    coverage::{Certificate, ReadKind},
    desired::{Applied, Desired},
    id::{AccountId, AccountKey, GroupId, IdentityId, SiteId, TenantId},
    identity::{Group, Groups, Identity},
    link::Link,
    plan::Plan,
    signal::Lane,
};

use crate::{
    Engine,
    engine::Active,
    judge::{Desks, Judge},
    ports::{PortFailure, Progress, StoreFailure},
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

/// One tenant, read whole.
#[derive(Debug)]
pub struct TenantSurvey {
    pub tenant: TenantId,
    pub identities: Vec<Identity>,
    pub groups: Vec<Group>,
    pub certificate: Certificate,
    /// Of the member lists of the groups that policy names.
    pub members: Certificate,
}

/// One site, read whole.
#[derive(Debug)]
pub struct SiteSurvey {
    pub site: SiteId,
    pub accounts: Vec<Account>,
    pub certificate: Certificate,
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
    /// People whose plan has steps, by lane and id.
    pub differing: Vec<Finding>,
    /// People with nothing to do, of whom something is worth remembering (link, adoption).
    pub adopted: Vec<Finding>,
    pub unchanged: usize,
    /// People set aside, with the reason.
    pub aside: Vec<(IdentityId, String, String)>,
    pub disputed: Vec<(IdentityId, SiteId, String, String)>,
    /// Live people accounts that belong to nobody.
    pub orphans: Vec<Account>,
    /// Site administrators' accounts that belong to somebody governed.
    pub ungoverned: Vec<(IdentityId, AccountKey)>,
    /// When answers change by themselves.
    pub reviews: Vec<(IdentityId, Timestamp)>,
}

impl Engine {
    /// Reads both sides completely and decides for everybody. `only` narrows the sites that are read and planned.
    ///
    /// # Errors
    /// When a tenant, or every site asked for, cannot be read at all. A list that was read and is in doubt is no error: its
    /// certificate says so; nor is one site of several that does not answer.
    pub async fn survey(
        &self,
        only: Option<&SiteId>,
        progress: &dyn Progress,
    ) -> Result<Survey, SurveyError> {
        if let Some(site) = only
            && !self.sites().contains_key(site)
        {
            return Err(SurveyError::NoSite(site.clone()));
        }
        let started_at = self.clock.now();
        let active = self.active();
        let mut tenants = Vec::new();
        for tenant in self.directories().keys() {
            tenants.push(self.survey_tenant(tenant, &active, progress).await?);
        }
        let named = active.policy.groups();
        let known: BTreeSet<_> = tenants.iter().flat_map(|t| t.groups.iter().map(|g| g.id.clone())).collect();
        let lists_hold = tenants.iter().all(|t| t.members.holds());
        if lists_hold {
            self.set_missing_groups(named.difference(&known).cloned().collect());
        }
        let mut sites = Vec::new();
        let mut unread = Vec::new();
        for id in self.sites().keys().filter(|id| only.is_none_or(|only| only == *id)) {
            match self.survey_site(id, progress).await {
                Ok(site) => sites.push(site),
                // One site that is down does not keep the others from being compared.
                Err(SurveyError::Port(failure)) => {
                    tracing::warn!(site = %id, %failure, "the site could not be read");
                    unread.push((id.clone(), failure));
                }
                Err(error) => return Err(error),
            }
        }
        if sites.is_empty()
            && let Some((_, failure)) = unread.pop()
        {
            return Err(failure.into());
        }
        // The catalogues are new: names that policy could not resolve before may resolve now.
        self.rebind(None);
        let decided = self.decide_everybody(&self.active(), &tenants, &sites, progress).await?;
        Ok(Survey { started_at, tenants, sites, unread, decided })
    }

    async fn survey_tenant(
        &self,
        tenant: &TenantId,
        active: &Active,
        progress: &dyn Progress,
    ) -> Result<TenantSurvey, SurveyError> {
        let directory = &self.directories()[tenant];
        let shrink = active.policy.guardrails().shrink_percent_max;
        let groups = directory.list_groups().await?;
        let listing = directory.list_identities(progress).await?;
        let named = active.policy.groups();
        let here: Vec<_> =
            groups.rows.iter().filter(|g| named.contains(&g.id)).map(|g| g.id.clone()).collect();
        let mut members: HashMap<Arc<str>, Vec<GroupId>> = HashMap::new();
        let mut evidence = groups.evidence.clone();
        evidence.kind = ReadKind::GroupMembers;
        for (at, group) in here.iter().enumerate() {
            progress.report("groups", at as u64, Some(here.len() as u64));
            let list = directory.list_members(group).await?;
            evidence.pages += list.evidence.pages;
            evidence.rows += list.evidence.rows;
            evidence.reached_end &= list.evidence.reached_end;
            evidence.ended_at = list.evidence.ended_at;
            for user in list.rows {
                members.entry(user).or_default().push(group.clone());
            }
        }
        let members_certificate = evidence.certify(None, shrink);
        // What moved while we read is in the feed; a feed that cannot be read is a gap.
        let mut evidence = listing.evidence;
        evidence.feed_whole = Some(self.poll_feed(tenant).await.is_ok());
        evidence.canary_seen = groups.evidence.canary_seen.or(evidence.canary_seen);
        let before = self.store.certified_rows(tenant.as_str(), ReadKind::Identities).await?;
        let certificate = evidence.certify(before, shrink);
        let complete = members_certificate.holds();
        let identities = listing
            .rows
            .into_iter()
            .map(|mut identity| {
                active.trim(&mut identity);
                let mine = members.remove(&identity.id.user).unwrap_or_default();
                identity.groups = Groups::new(mine, complete);
                identity
            })
            .collect();
        Ok(TenantSurvey {
            tenant: tenant.clone(),
            identities,
            groups: groups.rows,
            certificate,
            members: members_certificate,
        })
    }

    async fn survey_site(&self, id: &SiteId, progress: &dyn Progress) -> Result<SiteSurvey, SurveyError> {
        let state = &self.sites()[id];
        state.refresh(progress).await?;
        let mut listing = state.port().list_accounts(progress).await?;
        if self.active().policy.names_items()
            && listing.rows.iter().all(|account| account.items.is_none())
            && let Some(held) = state.port().item_holders(Lane::Bulk).await?
        {
            for account in &mut listing.rows {
                account.items = Some(held.get(&account.id()).cloned().unwrap_or_default());
            }
        }
        let before = self.store.certified_rows(id.as_str(), ReadKind::Accounts).await?;
        let shrink = self.active().policy.guardrails().shrink_percent_max;
        let certificate = listing.evidence.certify(before, shrink);
        {
            let mut seating = state.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            for account in &listing.rows {
                seating.sit(account.id(), account.seat.map(|seat| seat.room));
            }
        }
        let people = listing.rows.iter().filter(|a| a.kind == AccountKind::Person && a.is_live()).count();
        self.note_people(id, people as u64);
        Ok(SiteSurvey { site: id.clone(), accounts: listing.rows, certificate })
    }

    async fn decide_everybody(
        &self,
        active: &Active,
        tenants: &[TenantSurvey],
        sites: &[SiteSurvey],
        progress: &dyn Progress,
    ) -> Result<Decided, SurveyError> {
        let _busy = self.clock.busy();
        let mut memory = BTreeMap::new();
        for site in sites {
            let links = self.store.links(&site.site).await?;
            let applied = self.store.applied_all(&site.site).await?.into_iter().collect();
            let asleep = self.unlisted_accounts(site, &links).await?;
            memory.insert(site.site.clone(), (links, applied, asleep));
        }
        let now = self.clock.now();
        let missing = self.missing_groups();
        let withheld = self.withheld.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let desks = self.desks(sites.iter().map(|site| &site.site));
        let mut judge = Judge::new(active, &missing, &withheld, tenants, sites, memory, desks, now);
        let total: usize = tenants.iter().map(|t| t.identities.len()).sum();
        for tenant in tenants {
            for identity in &tenant.identities {
                if judge.decided.people.is_multiple_of(5000) {
                    progress.report("decisions", judge.decided.people as u64, Some(total as u64));
                    tokio::task::yield_now().await;
                }
                judge.judge(identity, &mut |_| ());
            }
        }
        if tenants.iter().all(|t| t.certificate.holds()) {
            judge.note_orphans(sites);
        }
        let mut decided = judge.decided;
        decided
            .differing
            .sort_by(|a, b| (a.plan.lane, &a.plan.identity).cmp(&(b.plan.lane, &b.plan.identity)));
        Ok(decided)
    }

    /// Linked accounts that a complete list does not show: inactive, as far as anybody can tell. As remembered.
    pub(crate) async fn unlisted_accounts(
        &self,
        site: &SiteSurvey,
        links: &[Link],
    ) -> Result<HashMap<AccountId, Account>, StoreFailure> {
        let mut asleep = HashMap::new();
        if !site.certificate.holds() {
            return Ok(asleep);
        }
        let listed: BTreeSet<AccountId> = site.accounts.iter().map(Account::id).collect();
        for link in links.iter().filter(|l| l.ended_at.is_none() && !listed.contains(&l.account.id)) {
            if let Some(account) = self.store.account(&link.account).await? {
                asleep.insert(
                    account.id(),
                    crate::look::as_inactive(account, site.certificate.evidence.ended_at),
                );
            }
        }
        Ok(asleep)
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
