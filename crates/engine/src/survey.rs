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
    desired::{Applied, Desired, Lifecycle},
    id::{AccountId, AccountKey, GroupId, IdentityId, SiteId, TenantId},
    identity::{Group, Groups, Identity},
    link::{How, Link, Situation},
    place::Catalogue,
    plan::Plan,
    signal::Lane,
};
use lanyard_plan::{
    Observation, Removal, Seen, Setting,
    correlate::{Holder, KeyMatch, correlate},
    plan_identity,
    seating::Seating,
};
use lanyard_policy::{Facts, ManagerKey};

use crate::{
    Engine,
    engine::{Active, manager_key},
    look::{Leaving, contradiction},
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
            memory.insert(site.site.clone(), SiteMemory::new(active, site, links, applied, asleep));
        }
        let now = self.clock.now();
        let mut desks = BTreeMap::new();
        for site in sites {
            let state = &self.sites()[&site.site];
            let seating = state.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
            desks.insert(site.site.clone(), (state.catalogue(), seating));
        }
        let directory = Everybody::new(active, tenants);
        let mut decided = Decided::default();
        let total: usize = tenants.iter().map(|t| t.identities.len()).sum();
        for tenant in tenants {
            for identity in &tenant.identities {
                if decided.people.is_multiple_of(5000) {
                    progress.report("decisions", decided.people as u64, Some(total as u64));
                    tokio::task::yield_now().await;
                }
                decided.people += 1;
                self.decide_one(active, identity, &directory, &mut memory, &mut desks, now, &mut decided);
            }
        }
        let whole = tenants.iter().all(|t| t.certificate.holds());
        for site in sites.iter().filter(|site| whole && site.certificate.holds()) {
            let known = &memory[&site.site];
            decided.orphans.extend(
                site.accounts
                    .iter()
                    .filter(|a| a.kind == AccountKind::Person && a.is_live() && a.site_admin != Some(true))
                    .filter(|a| !known.holders.contains_key(&a.id()) && !known.disputed.contains(&a.id()))
                    .cloned(),
            );
        }
        decided
            .differing
            .sort_by(|a, b| (a.plan.lane, &a.plan.identity).cmp(&(b.plan.lane, &b.plan.identity)));
        Ok(decided)
    }

    /// Linked accounts that a complete list does not show: inactive, as far as anybody can tell. As remembered.
    async fn unlisted_accounts(
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

    #[expect(clippy::too_many_arguments, reason = "one call site; the shared state of a whole survey")]
    fn decide_one(
        &self,
        active: &Active,
        identity: &Identity,
        everybody: &Everybody<'_>,
        memory: &mut BTreeMap<SiteId, SiteMemory<'_>>,
        desks: &mut BTreeMap<SiteId, (Arc<Catalogue>, Seating)>,
        now: Timestamp,
        decided: &mut Decided,
    ) {
        // A list says what is now; since when is the mirror's to know, and a look's to respect.
        let since = identity.last_updated.unwrap_or(Timestamp::UNIX_EPOCH);
        let facts =
            Facts { account: None, applied: None, gone: None, since, manager_account: None, linked: false };
        let first = active.bound.evaluate_mute(identity, &facts, now);
        if let Some(at) = first.review_at {
            decided.reviews.push((identity.id.clone(), at));
        }
        if let Lifecycle::Aside { why } = &first.lifecycle {
            decided.aside.push((identity.id.clone(), identity.display_name(), why.clone()));
            decided.unchanged += 1;
            // Their account is theirs all the same: it is no orphan.
            for known in memory.values_mut() {
                let _ = known.find(active, identity, everybody);
            }
            return;
        }
        let mut sites: BTreeSet<SiteId> = memory
            .iter()
            .filter(|(_, known)| known.links.get(&identity.id).is_some_and(|link| link.ended_at.is_none()))
            .map(|(site, _)| site.clone())
            .collect();
        sites.extend(first.site.clone());
        let mut quiet = true;
        for site in sites {
            let (Some(known), Some((catalogue, seating))) = (memory.get_mut(&site), desks.get_mut(&site))
            else {
                continue;
            };
            let found = known.find(active, identity, everybody);
            let untouched = matches!(first.lifecycle, Lifecycle::OutOfScope | Lifecycle::NotYet { .. });
            if untouched && found.link.is_none() {
                continue;
            }
            if let Some(why) = found.disputed {
                decided.disputed.push((identity.id.clone(), site.clone(), identity.display_name(), why));
                continue;
            }
            let asleep = found.link.as_ref().and_then(|link| known.asleep.remove(&link.account.id));
            let account = found.account.or(asleep.as_ref());
            if account.is_some_and(|a| a.site_admin == Some(true)) {
                decided
                    .ungoverned
                    .push((identity.id.clone(), account.map(|a| a.key.clone()).expect("just seen")));
                continue;
            }
            let applied = known.applied.get(&identity.id).cloned().unwrap_or_default();
            let leaving = match crate::look::over_everywhere(identity, None, &first) {
                Some(how) => Some(Leaving::Over(how)),
                None => first.site.as_ref().filter(|home| **home != site).map(|_| Leaving::Moved(None)),
            };
            let manager_account = active
                .bound
                .manager_reference(identity)
                .and_then(|reference| everybody.manager(&identity.id.tenant, &reference.keys))
                .and_then(|manager| known.account_of(&manager));
            let facts = Facts {
                account,
                applied: Some(&applied),
                gone: None,
                since,
                manager_account,
                linked: found.link.as_ref().is_some_and(|link| link.ended_at.is_none()),
            };
            let mute = leaving.is_none();
            let mut desired = match leaving {
                Some(leaving) => {
                    leaving.desired(&identity.id, &site, identity.status_changed.unwrap_or(now), now)
                }
                None => self.withhold(active.bound.evaluate_mute(identity, &facts, now), &site),
            };
            if known.governed_by_other(active, identity, &desired, account, everybody, &site, now) {
                continue;
            }
            let removal = Removal {
                protected: active.policy.protects(identity).map(|because| because.text),
                doubt: crate::look::doubt_of(identity, &desired)
                    .or_else(|| self.missing_groups_doubt(&desired)),
                limit: None,
                settle_until: None,
            };
            let person = identity.display_name();
            let link_key = found.link.as_ref().map(|link| link.account.clone());
            let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
            let observation = Observation {
                account: account.map_or(Seen::Absent, Seen::Present),
                link: link_key.as_ref(),
                bookings: None,
                applied: &applied,
            };
            let setting = Setting {
                site: &site,
                catalogue,
                seating,
                removal: &removal,
                policy: active.policy.seal(),
                now,
                lane: if ended { Lane::Leaver } else { Lane::Bulk },
                attempt: 0,
                person: &person,
            };
            let mut plan = plan_identity(&desired, &observation, &setting);
            if mute && !(plan.is_quiet() && plan.todos.is_empty() && plan.notices.is_empty()) {
                // Most people are in step, and nobody asks why; of the others the reasons are told.
                desired = active.bound.evaluate(identity, &facts, now);
                plan = plan_identity(&desired, &observation, &setting);
            }
            for step in &plan.steps {
                use lanyard_model::plan::Operation::{Create, Update};
                if let Create { patch } | Update { patch } = &step.op
                    && let Some(Some(room)) = patch.seat
                {
                    seating.promise(&identity.id, room);
                }
            }
            let mut news = applied.clone();
            crate::look::note_applied(&mut news, &desired, account, seating);
            let finding = Finding {
                new_link: found.new_link,
                applied: (news != applied).then_some(news),
                desired,
                plan,
            };
            // What a list cannot tell is looked at: a leaver's bookings, a warning that was never sent.
            let unproven = matches!(finding.desired.lifecycle, Lifecycle::Ended { .. })
                && found.link.as_ref().is_some_and(|link| link.ended_at.is_none());
            let untold = finding.plan.notices.iter().any(|notice| !notice.after_verified);
            if !finding.plan.is_quiet() || unproven || untold {
                quiet = false;
                decided.differing.push(finding);
            } else if finding.new_link.is_some() || finding.applied.is_some() {
                decided.adopted.push(finding);
            }
        }
        decided.unchanged += usize::from(quiet);
    }
}

/// Everybody by every key, for managers and shared accounts.
struct Everybody<'a> {
    by_id: HashMap<&'a IdentityId, &'a Identity>,
    by_key: HashMap<(TenantId, String, String), Vec<IdentityId>>,
}

impl<'a> Everybody<'a> {
    fn new(active: &Active, tenants: &'a [TenantSurvey]) -> Self {
        let mut everybody = Self { by_id: HashMap::new(), by_key: HashMap::new() };
        for identity in tenants.iter().flat_map(|tenant| &tenant.identities) {
            everybody.by_id.insert(&identity.id, identity);
            for (kind, value) in active.identity_keys(identity) {
                everybody
                    .by_key
                    .entry((identity.id.tenant.clone(), kind, value))
                    .or_default()
                    .push(identity.id.clone());
            }
        }
        everybody
    }

    fn manager(&self, tenant: &TenantId, keys: &[ManagerKey]) -> Option<IdentityId> {
        keys.iter().find_map(|key| match manager_key(key) {
            Err(id) => Some(IdentityId::new(tenant.clone(), id)).filter(|id| self.by_id.contains_key(id)),
            Ok((kind, value)) => {
                match self.by_key.get(&(tenant.clone(), kind.to_owned(), value.to_owned())).map(Vec::as_slice)
                {
                    Some([one]) => Some(one.clone()),
                    _ => None,
                }
            }
        })
    }
}

/// What is known of one site while everybody is decided.
struct SiteMemory<'a> {
    site: &'a SiteSurvey,
    by_id: HashMap<AccountId, &'a Account>,
    by_key: HashMap<(String, String), Vec<&'a Account>>,
    links: HashMap<IdentityId, Link>,
    applied: HashMap<IdentityId, Applied>,
    /// Whom each account belongs to, links of this survey included.
    holders: HashMap<AccountId, Vec<IdentityId>>,
    /// Accounts that are somebody's, it is not clear whose.
    disputed: BTreeSet<AccountId>,
    /// Linked accounts that the list no longer shows.
    asleep: HashMap<AccountId, Account>,
}

struct Found<'a> {
    account: Option<&'a Account>,
    link: Option<Link>,
    new_link: Option<Link>,
    disputed: Option<String>,
}

impl<'a> SiteMemory<'a> {
    fn new(
        active: &Active,
        site: &'a SiteSurvey,
        links: Vec<Link>,
        applied: HashMap<IdentityId, Applied>,
        asleep: HashMap<AccountId, Account>,
    ) -> Self {
        let mut by_key: HashMap<(String, String), Vec<&Account>> = HashMap::new();
        for account in site.accounts.iter().filter(|a| a.kind == AccountKind::Person && a.is_live()) {
            for key in active.policy.account_keys(account) {
                by_key.entry(key).or_default().push(account);
            }
        }
        let mut holders: HashMap<AccountId, Vec<IdentityId>> = HashMap::new();
        for link in links.iter().filter(|link| link.ended_at.is_none()) {
            holders.entry(link.account.id).or_default().push(link.identity.clone());
        }
        Self {
            by_id: site.accounts.iter().map(|account| (account.id(), account)).collect(),
            site,
            by_key,
            links: links.into_iter().map(|link| (link.identity.clone(), link)).collect(),
            applied,
            holders,
            disputed: BTreeSet::new(),
            asleep,
        }
    }

    fn account_of(&self, identity: &IdentityId) -> Option<AccountId> {
        self.links.get(identity).filter(|link| link.ended_at.is_none()).map(|link| link.account.id)
    }

    fn find(&mut self, active: &Active, identity: &Identity, everybody: &Everybody<'_>) -> Found<'a> {
        if let Some(link) = self.links.get(&identity.id) {
            let account = self.by_id.get(&link.account.id).copied();
            return Found { account, link: Some(link.clone()), new_link: None, disputed: None };
        }
        let policy = &active.policy;
        let terms = policy.search_terms(identity);
        let mut matches = Vec::new();
        for term in &terms {
            let accounts =
                self.by_key.get(&(term.kind.clone(), term.folded.clone())).cloned().unwrap_or_default();
            let stop = !accounts.is_empty();
            matches.push(KeyMatch { name: term.kind.clone(), accounts });
            if stop {
                break;
            }
        }
        let person = policy.person_key(identity);
        let holder = |key: &AccountKey| {
            let other = self.holders.get(&key.id)?.iter().find(|id| **id != identity.id)?.clone();
            let over = everybody
                .by_id
                .get(&other)
                .is_none_or(|o| o.status == lanyard_model::identity::Status::Deprovisioned);
            let same = person.is_some()
                && everybody.by_id.get(&other).is_some_and(|o| policy.person_key(o) == person);
            Some(if same && (other.tenant != identity.id.tenant || over) {
                Holder::SamePerson(other)
            } else {
                Holder::Other(other)
            })
        };
        let answer = correlate(None, &matches, holder, |account, rank| {
            contradiction(&terms, &policy.account_keys(account), rank)
        });
        match answer.situation {
            Situation::Linked(key) => {
                let link = Link {
                    identity: identity.id.clone(),
                    account: key.clone(),
                    how: answer.how.unwrap_or(How::Key("key".into())),
                    since: self.site.certificate.evidence.ended_at,
                    ended_at: None,
                };
                self.holders.entry(key.id).or_default().push(identity.id.clone());
                self.links.insert(identity.id.clone(), link.clone());
                Found {
                    account: self.by_id.get(&key.id).copied(),
                    link: Some(link.clone()),
                    new_link: Some(link),
                    disputed: None,
                }
            }
            Situation::Disputed { why, candidates } => {
                self.disputed.extend(candidates.iter().map(|key| key.id));
                Found { account: None, link: None, new_link: None, disputed: Some(why) }
            }
            _ => Found { account: None, link: None, new_link: None, disputed: None },
        }
    }

    /// Whether another living identity of the same person governs the account.
    #[expect(clippy::too_many_arguments, reason = "one call site; the shared state of a whole survey")]
    fn governed_by_other(
        &self,
        active: &Active,
        identity: &Identity,
        desired: &Desired,
        account: Option<&Account>,
        everybody: &Everybody<'_>,
        site: &SiteId,
        now: Timestamp,
    ) -> bool {
        let Some(others) = account.and_then(|account| self.holders.get(&account.id())) else { return false };
        let alive = crate::look::is_alive(desired);
        others.iter().filter(|other| **other != identity.id).any(|other| {
            everybody.by_id.get(other).is_some_and(|o| crate::look::wants_site(active, o, site, now))
                && (!alive || active.policy.governs_before(&other.tenant, &identity.id.tenant, site).is_lt())
        })
    }
}
