//! Full reconciliation: both sides read, remembered where they differ from the mirrors, and attention raised for
//! whoever differs from what policy wants. Not a second program: the changes themselves are made by the same looks that
//! events cause.
//!
//! Each list is remembered as soon as it is read, and attention is raised while the rest is still being decided. A sweep
//! that was cut short is taken up by the next process: see [`unfinished`].

mod bookings;
mod fought;
mod found;
mod mirror;
mod unfinished;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    desired::Lifecycle,
    id::{IdentityId, SiteId, TenantId},
    signal::{Lane, Source},
};
use tracing::Instrument as _;
use unfinished::Unfinished;

pub(crate) use mirror::{absent_key, unread_key};
pub(crate) use unfinished::{COMPARED_BY, left_unfinished};

use crate::{
    Engine,
    journal::line,
    ports::{Progress, StoreFailure, SweepRecord, Swept, SweptLists, Write},
    reactions::{left_key, left_writes},
    survey::{Decided, LeftOut, Lists, Part, SiteSurvey, SurveyError, Takes, TenantSurvey},
};

/// Writes of one batch: few enough that nobody waits long for the store.
const BATCH: usize = 500;

/// People who were given up and are tried again by one sweep.
const GIVEN_UP_MAX: usize = 1_000;

/// Before a site's name in the key of a scope.
const OF_SITE: &str = "site:";

/// What a sweep found. Differences are being worked off when it answers.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SweepReport {
    pub id: String,
    pub people: usize,
    pub accounts: usize,
    pub certified: bool,
    pub doubts: Vec<String>,
    /// People whose plan was not quiet.
    pub differing: usize,
    /// Of those: people of whom everything that is open waits for a hold, somebody's word, or room under a limit.
    pub waiting: usize,
    pub unchanged: usize,
    pub orphans: usize,
    pub disputed: usize,
    pub aside: usize,
    /// Keys that several live accounts share.
    pub duplicates: usize,
    pub linked: usize,
    /// Sites that could not be read at all.
    pub unread: Vec<SiteId>,
    /// Tenants that could not be read at all: nobody of theirs was compared.
    pub unread_tenants: Vec<TenantId>,
    /// Lists that an interrupted sweep had read and remembered, and that were not read again.
    pub resumed: Vec<String>,
}

/// What a sweep compares: everything, or only one side of it. What is left out is known as it is remembered, so that
/// accounts are told apart; nobody there is decided, and no account is called an orphan without everybody's list.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct SweepScope {
    pub site: Option<SiteId>,
    pub tenant: Option<TenantId>,
}

impl std::fmt::Display for SweepScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.tenant, &self.site) {
            (None, None) => f.write_str("all"),
            (None, Some(site)) => site.fmt(f),
            (Some(tenant), None) => tenant.fmt(f),
            (Some(tenant), Some(site)) => write!(f, "{tenant} in {site}"),
        }
    }
}

impl SweepScope {
    pub fn of_tenant(tenant: &TenantId) -> Self {
        Self { site: None, tenant: Some(tenant.clone()) }
    }

    pub fn of_site(site: &SiteId) -> Self {
        Self { site: Some(site.clone()), tenant: None }
    }

    /// As it is kept and compared: a tenant and a site may have one name, and are two things. People read the plain name.
    pub fn key(&self) -> String {
        match (&self.tenant, &self.site) {
            (None, Some(site)) => format!("{OF_SITE}{site}"),
            _ => self.to_string(),
        }
    }

    /// The key of the finding that it could not be read.
    pub fn unread_key(&self) -> String {
        mirror::unread_key(self)
    }

    /// What [`SweepScope::key`] wrote. Earlier versions kept a site's plain name: such a word is the site's where no tenant
    /// has the name.
    pub fn of_key(key: &str, is_tenant: impl FnOnce(&str) -> bool) -> Self {
        if key == Self::default().key() {
            return Self::default();
        }
        if let Some((tenant, site)) = key.split_once(" in ") {
            return Self { site: Some(site.into()), tenant: Some(tenant.into()) };
        }
        match key.strip_prefix(OF_SITE) {
            Some(site) => Self::of_site(&site.into()),
            None if is_tenant(key) => Self::of_tenant(&key.into()),
            None => Self::of_site(&key.into()),
        }
    }
}

/// What is done with people while everybody is decided.
struct Recorder {
    now: Timestamp,
    differing: usize,
    differing_of: BTreeMap<TenantId, u64>,
    waiting: usize,
    linked: usize,
    /// Keys of findings about what is left as it is.
    left: Vec<String>,
}

#[async_trait::async_trait]
impl Takes for Recorder {
    async fn take(&mut self, engine: &Engine, found: Part) -> Result<(), StoreFailure> {
        let mut batch = Vec::new();
        for finding in found.differing.iter().chain(&found.adopted) {
            let quiet = finding.plan.is_quiet();
            // Whoever differs is linked by their look, which reads the account by id first.
            if let Some(link) = finding.new_link.as_ref().filter(|_| quiet) {
                self.linked += 1;
                batch.push(Write::Link(link.clone()));
            }
            if let Some(applied) = finding.applied.as_ref().filter(|_| quiet) {
                batch.push(Write::Applied {
                    identity: finding.plan.identity.clone(),
                    site: finding.plan.site.clone(),
                    applied: Box::new(applied.clone()),
                });
            }
        }
        let mut leavers = BTreeSet::new();
        let mut others = BTreeSet::new();
        for finding in &found.differing {
            let ended = matches!(finding.desired.lifecycle, Lifecycle::Ended { .. });
            let who = finding.plan.identity.clone();
            *self.differing_of.entry(who.tenant.clone()).or_default() += 1;
            let open = finding.plan.open_steps().next().is_some() || finding.plan.is_quiet();
            self.waiting += usize::from(!open);
            if ended {
                leavers.insert(who)
            } else {
                others.insert(who)
            };
        }
        self.differing += found.differing.len();
        for (lane, who) in [(Lane::Leaver, leavers), (Lane::Bulk, others)] {
            if !who.is_empty() {
                let who = who.into_iter().collect();
                let why = "a sweep found a difference".to_owned();
                batch.push(Write::Attend { who, source: Source::Sweep, lane, due: self.now, why });
            }
        }
        batch.extend(engine.fought_writes(found.reverted, self.now).await?);
        let active = engine.active();
        batch.extend(left_writes(&found.left, |site| active.policy.reactions(site), self.now));
        self.left.extend(found.left.iter().map(|left| left_key(&left.site, &left.identity)));
        batch.extend(engine.reviews_not_planned(found.reviews).await?);
        if batch.is_empty() {
            return Ok(());
        }
        engine.write(batch).await?;
        engine.wake.notify_one();
        Ok(())
    }
}

impl Engine {
    /// Whether a tenant has the name.
    pub(crate) fn is_tenant(&self, name: &str) -> bool {
        self.directories().keys().any(|tenant| tenant.as_str() == name)
    }

    /// What a sweep on record compared.
    pub fn compared_in(&self, sweep: &SweepRecord) -> SweepScope {
        SweepScope::of_key(&sweep.scope, |name| self.is_tenant(name))
    }

    /// Sweeps one site, or all. Answers when everything is recorded and attention is raised.
    ///
    /// # Errors
    /// When no list of a side can be read at all, or the store fails; what was recorded until then stands.
    pub async fn sweep(
        &self,
        only: Option<&SiteId>,
        why: &str,
        progress: &dyn Progress,
    ) -> Result<SweepReport, SurveyError> {
        self.sweep_within(&SweepScope { site: only.cloned(), tenant: None }, why, progress).await
    }

    /// Sweeps a part.
    ///
    /// # Errors
    /// As [`Engine::sweep`].
    pub async fn sweep_within(
        &self,
        scope: &SweepScope,
        why: &str,
        progress: &dyn Progress,
    ) -> Result<SweepReport, SurveyError> {
        let span = tracing::debug_span!("sweep", %scope, why, people = tracing::field::Empty);
        let report = self.sweep_all(scope, why, progress).instrument(span.clone()).await?;
        span.record("people", report.people);
        Ok(report)
    }

    async fn sweep_all(
        &self,
        scope: &SweepScope,
        why: &str,
        progress: &dyn Progress,
    ) -> Result<SweepReport, SurveyError> {
        self.check_site(scope.site.as_ref())?;
        // Its own lists take the memory, and all of it is about to be read anew.
        self.pictures.forget();
        let mut mark = self.take_up(scope).await?;
        let compared: Vec<SiteId> = self
            .sites()
            .keys()
            .filter(|site| scope.site.as_ref().is_none_or(|of| of == *site))
            .cloned()
            .collect();
        self.begin_run(&compared, mark.started_at()).await?;
        let mut doubts = Vec::new();
        let reading = tracing::debug_span!("sweep.read");
        let read = self.read_and_remember(scope, &mut mark, &mut doubts, progress);
        let lists = read.instrument(reading).await?;
        let now = self.clock.now();
        let mut recorder = Recorder {
            now,
            differing: 0,
            differing_of: BTreeMap::new(),
            waiting: 0,
            linked: 0,
            left: Vec::new(),
        };
        let deciding = tracing::debug_span!("sweep.decide");
        let decided = self.decide_everybody(&lists, &mut recorder, progress).instrument(deciding).await?;
        // Waits for the site's budget behind the looks, and must not hold a skipping clock back meanwhile.
        let left_bookings = self.left_bookings(&lists, now).await?;
        let _busy = self.clock.busy();
        // Two parts that are compared one after the other within a moment are two sweeps.
        let part = match *scope == SweepScope::default() {
            true => String::new(),
            false => format!("_{}", scope.key().replace(' ', "-")),
        };
        let id = format!("swp_{}{part}", now.as_millisecond());
        let report = SweepReport {
            id: id.clone(),
            people: decided.people,
            accounts: lists.sites.iter().map(|site| site.accounts.len()).sum(),
            certified: doubts.is_empty(),
            differing: recorder.differing,
            waiting: recorder.waiting,
            unchanged: decided.unchanged,
            orphans: decided.orphans.len(),
            disputed: decided.disputed.len(),
            aside: decided.aside.len(),
            duplicates: decided.duplicates.len(),
            linked: recorder.linked,
            unread: lists.unread.iter().map(|(site, _)| site.clone()).collect(),
            unread_tenants: unread_tenants(&lists),
            resumed: mark.resumed(),
            doubts,
        };
        let of = swept(&lists, &decided, &recorder);
        let not_whole = self.not_whole(scope, &lists).await?;
        let mut batch = self.finding_writes(&lists, &decided, &recorder.left, now).await?;
        batch.extend(left_bookings);
        batch.push(Write::Sweep(Box::new(SweepRecord {
            id,
            scope: scope.key(),
            started_at: mark.started_at(),
            ended_at: Some(self.clock.now()),
            certified: report.certified,
            doubts: report.doubts.clone(),
            people: report.people as u64,
            accounts: report.accounts as u64,
            drift: report.differing as u64,
            findings: (report.orphans + report.disputed + report.aside + report.duplicates) as u64,
            of: of.clone(),
            lists: Some(not_whole),
        })));
        for tenant in lists.tenants.iter().filter(|tenant| tenant.left_out.is_none()) {
            batch.push(
                line(
                    &tenant.tenant,
                    now,
                    "sweep",
                    format!(
                        "{} people and {} accounts compared: {} differ, {} orphaned",
                        report.people, report.accounts, report.differing, report.orphans
                    ),
                )
                .detail(if report.certified {
                    format!("{why}; every list is proven complete")
                } else {
                    format!("{why}; in doubt: {}", report.doubts.join("; "))
                })
                .data(told(&report, tenant, &lists.sites, of.get(&tenant.tenant)))
                .write(),
            );
        }
        batch.extend(self.given_up_again(scope, now).await?);
        batch.push(Unfinished::over());
        if *scope == SweepScope::default() {
            batch.push(mark.compared_by());
        }
        self.write(batch).await?;
        self.wake.notify_one();
        Ok(report)
    }

    /// Which lists were not whole. What was not read stands as it stood.
    async fn not_whole(&self, scope: &SweepScope, lists: &Lists) -> Result<SweptLists, StoreFailure> {
        let mut found = SweptLists::default();
        let mut unread = Vec::new();
        for tenant in &lists.tenants {
            let own = SweepScope::of_tenant(&tenant.tenant);
            if tenant.failure().is_some() {
                unread.push((own.key(), SweepScope { site: scope.site.clone(), ..own }));
            } else if tenant.left_out.is_none() && !(tenant.certificate.holds() && tenant.members.holds()) {
                found.in_doubt.insert(own.key());
            }
        }
        let doubted = lists.sites.iter().filter(|site| !site.certificate.holds());
        found.in_doubt.extend(doubted.map(|site| SweepScope::of_site(&site.site).key()));
        for (site, _) in &lists.unread {
            let own = SweepScope::of_site(site);
            unread.push((own.key(), SweepScope { tenant: scope.tenant.clone(), ..own }));
        }
        if !unread.is_empty() {
            let last = self.last_sweeps().await?;
            found.unread = unread.into_iter().map(|(key, part)| (key, self.stands(&last, &part))).collect();
        }
        Ok(found)
    }

    /// Whoever was given up is looked at again, also where nothing differs: what stood in the way may be over, and only a
    /// look ends the finding and the intents that it left. Whoever differs has attention already.
    async fn given_up_again(
        &self,
        scope: &SweepScope,
        now: Timestamp,
    ) -> Result<Option<Write>, StoreFailure> {
        let dead = self.store.dead_work(GIVEN_UP_MAX).await?.into_iter().map(|(who, ..)| who);
        let who: Vec<IdentityId> =
            dead.filter(|who| scope.tenant.as_ref().is_none_or(|only| *only == who.tenant)).collect();
        Ok((!who.is_empty()).then(|| Write::Attend {
            who,
            source: Source::Sweep,
            lane: Lane::Bulk,
            due: now,
            why: "a sweep tries again what was given up".into(),
        }))
    }

    /// Reads every list and remembers it at once, so that an interruption costs one list and not all of them.
    async fn read_and_remember(
        &self,
        scope: &SweepScope,
        mark: &mut Unfinished,
        doubts: &mut Vec<String>,
        progress: &dyn Progress,
    ) -> Result<Lists, SurveyError> {
        let mut lists = Lists { tenants: Vec::new(), sites: Vec::new(), unread: Vec::new() };
        for tenant in self.directories().keys() {
            if scope.tenant.as_ref().is_some_and(|only| only != tenant) {
                lists.tenants.push(self.pass_over(tenant, LeftOut::NotAsked).await?);
                continue;
            }
            let read = match self.taken_up_tenant(mark, tenant).await? {
                Some(remembered) => remembered,
                None => {
                    let read = self.survey_tenant(tenant, progress).await?;
                    self.record_tenant(&read, mark, progress).await?;
                    read
                }
            };
            let told = read.certificate.doubts.iter().chain(&read.members.doubts);
            doubts.extend(told.map(|doubt| format!("{tenant}: {doubt}")).collect::<BTreeSet<_>>());
            lists.tenants.push(read);
        }
        self.heed_tenants(&lists)?;
        if let Some(write) = self.missing_groups_news().await? {
            self.write(vec![write]).await?;
        }
        for site in self.sites().keys().filter(|id| scope.site.as_ref().is_none_or(|only| only == *id)) {
            let read = match self.taken_up_site(mark, site, progress).await {
                Ok(Some(remembered)) => Ok(remembered),
                Ok(None) => self.survey_site(site, progress).await,
                Err(error) => Err(error),
            };
            if let Ok(read) = &read
                && !mark.holds_site(site)
            {
                self.record_site(read, mark, progress).await?;
            }
            self.heed_site(site, read, &mut lists)?;
        }
        self.heed_sites(&mut lists)?;
        for site in &lists.sites {
            doubts.extend(site.certificate.doubts.iter().map(|doubt| format!("{}: {doubt}", site.site)));
        }
        for (site, failure) in &lists.unread {
            doubts.push(format!("{site}: it could not be read: {failure}"));
        }
        self.remember_catalogues(lists.sites.iter().map(|site| &site.site)).await?;
        Ok(lists)
    }

    /// Attention at the moments at which answers change by themselves, for people who are not looked at by then anyway.
    async fn reviews_not_planned(
        &self,
        reviews: Vec<(IdentityId, Timestamp)>,
    ) -> Result<Vec<Write>, StoreFailure> {
        if reviews.is_empty() {
            return Ok(Vec::new());
        }
        let who: Vec<_> = reviews.iter().map(|(id, _)| id.clone()).collect();
        let planned = self.store.planned(&who).await?;
        let late = reviews
            .into_iter()
            .zip(planned)
            .filter(|((_, at), planned)| planned.is_none_or(|planned| planned.due > *at));
        Ok(late
            .map(|((id, due), _)| Write::Attend {
                who: vec![id],
                source: Source::Timer,
                lane: Lane::Normal,
                due,
                why: "a date of theirs arrives".into(),
            })
            .collect())
    }
}

fn unread_tenants(lists: &Lists) -> Vec<TenantId> {
    let unread = lists.tenants.iter().filter(|tenant| tenant.failure().is_some());
    unread.map(|tenant| tenant.tenant.clone()).collect()
}

/// What of a sweep is about each tenant that was read.
fn swept(lists: &Lists, decided: &Decided, recorder: &Recorder) -> BTreeMap<TenantId, Swept> {
    let read = lists.tenants.iter().filter(|tenant| tenant.left_out.is_none());
    let counted = read.map(|TenantSurvey { tenant, identities, .. }| {
        let disputed = decided.disputed.iter().map(|(id, ..)| id);
        let unclear = disputed.chain(decided.aside.iter().map(|(id, ..)| id));
        let swept = Swept {
            people: identities.len() as u64,
            accounts: decided.accounts.get(tenant).copied().unwrap_or(0),
            drift: recorder.differing_of.get(tenant).copied().unwrap_or(0),
            findings: unclear.filter(|id| id.tenant == *tenant).count() as u64,
        };
        (tenant.clone(), swept)
    });
    counted.collect()
}

/// What the journal says of a sweep: its report, what of it is about the tenant, and how whole each list was that the
/// tenant's people were compared on.
fn told(
    report: &SweepReport,
    tenant: &TenantSurvey,
    sites: &[SiteSurvey],
    swept: Option<&Swept>,
) -> serde_json::Value {
    let own = [&tenant.certificate, &tenant.members].map(|certificate| (tenant.tenant.as_str(), certificate));
    let sites = sites.iter().map(|site| (site.site.as_str(), &site.certificate));
    let lists: Vec<_> = own
        .into_iter()
        .chain(sites)
        .map(|(scope, certificate)| serde_json::json!({ "scope": scope, "certificate": certificate }))
        .collect();
    let mut data = serde_json::to_value(report).unwrap_or_default();
    data["lists"] = lists.into();
    data["of_tenant"] = serde_json::json!(swept);
    data
}
