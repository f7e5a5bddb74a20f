//! When everybody is compared: by the policy's schedules, when another policy is in force, when somebody joins, and when
//! what could not be read answers again.
//!
//! A schedule's moment that comes while another sweep is being made is seen to as soon as that one ends; one that passed
//! while nothing ran is made up at the start. Moments that come during the schedule's own sweep, because it takes longer than
//! the time between them, are passed over: nothing piles up, and others have their turn.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    time::Duration,
};

use futures_util::FutureExt as _;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lanyard_model::{
    id::{SiteId, TenantId},
    signal::Lane,
};
use lanyard_policy::Schedule;
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    outages::Upstream,
    ports::{Finding, Severity, Silent, Stood, StoreFailure, SweepRecord, Write},
    survey::SurveyError,
    sweep::{COMPARED_BY, SweepScope, left_unfinished, unread_key},
};

/// Between two sweeps where the policy has no schedule that ever comes.
const DAILY: Duration = Duration::from_secs(86_400);
/// Longest pause between two sweeps of what answers and still cannot be read.
const VAIN_MAX: Duration = Duration::from_secs(3600);
/// A log that was read so lately shows that its tenant answers.
const ANSWERED_LATELY: SignedDuration = SignedDuration::from_secs(120);

/// Before the name of a schedule in the key of its finding.
const SCHEDULE: &str = "schedule:";
/// Before the name of a schedule in the key of the finding that its sweep takes longer than the time between its moments.
const OUTLASTED: &str = "outlasted:";
/// The key of the finding that the schedules never compare everybody together.
const APART: &str = "schedules:apart";
/// Of what such a sweep took, the part for which it rests, unless its next moment comes before.
const REST: i32 = 10;

/// What sweeps could not read, and when it is asked for again.
#[derive(Debug, Default)]
struct Behind {
    scopes: BTreeSet<SweepScope>,
    next: Option<Timestamp>,
    /// Questions in a row that nobody answered.
    asked: u32,
    /// Sweeps in a row that left something unread.
    in_vain: u32,
}

impl Behind {
    /// Whether something is behind that has no alarm of its own: a tenant that could not be read has.
    fn is_told(&self) -> bool {
        self.scopes.iter().any(|scope| scope.site.is_some() || scope.tenant.is_none())
    }

    fn named(&self) -> String {
        let named: Vec<_> = self.scopes.iter().map(ToString::to_string).collect();
        named.join(", ")
    }

    /// What all that is behind is of, if it is of one.
    fn common<T: PartialEq + Clone>(&self, of: impl Fn(&SweepScope) -> Option<&T>) -> Option<T> {
        let first = of(self.scopes.first()?)?;
        self.scopes.iter().all(|scope| of(scope) == Some(first)).then(|| first.clone())
    }

    /// A sweep of `scope` was made, and these could not be read in it.
    fn made(&mut self, scope: &SweepScope, unread: Vec<SweepScope>, now: Timestamp, first: Duration) {
        self.scopes.retain(|known| !within(known, scope));
        let whole = unread.is_empty();
        self.scopes.extend(unread);
        self.asked = 0;
        if self.scopes.is_empty() {
            *self = Self::default();
        } else if !whole {
            self.put_off(now, first, VAIN_MAX);
        }
    }

    /// A sweep of `scope` could not be made at all.
    fn failed(&mut self, scope: &SweepScope, now: Timestamp, first: Duration, longest: Duration) {
        self.scopes.insert(scope.clone());
        self.put_off(now, first, longest);
    }

    /// What is due sooner stays so: sweeps by schedule put nothing off that waits beside them.
    fn put_off(&mut self, now: Timestamp, first: Duration, longest: Duration) {
        self.in_vain = self.in_vain.saturating_add(1);
        let again = now + first.saturating_mul(1 << self.in_vain.min(12)).min(longest);
        self.next = Some(self.next.map_or(again, |next| next.min(again)));
    }
}

/// Which moments of the schedules are seen to.
struct Moments {
    /// Those up to this one.
    seen: Timestamp,
    /// Schedules whose own sweep outlasted their next moment, and when each may begin again.
    again: BTreeMap<String, Timestamp>,
}

impl Moments {
    fn seen(seen: Timestamp) -> Self {
        Self { seen, again: BTreeMap::new() }
    }

    /// The next one of a schedule.
    fn next(&self, schedule: &Schedule) -> Option<Timestamp> {
        self.again.get(&schedule.id).copied().or_else(|| occurrence(schedule, self.seen))
    }
}

/// What a sweep took, beside the time between two moments of its schedule.
#[derive(Debug, PartialEq, Eq)]
enum Pace {
    Fits,
    /// No news: what was said before stays so.
    Tight,
    /// It takes longer. It may begin again then.
    Outlasted(Timestamp),
}

impl Pace {
    fn of(schedule: &Schedule, began: Timestamp, ended: Timestamp) -> Self {
        let took = ended.duration_since(began);
        let Some(next) = occurrence(schedule, began) else { return Self::Fits };
        let Some(after) = occurrence(schedule, next) else { return Self::Fits };
        let between = after.duration_since(next);
        if next < ended && took > between {
            let rested = ended + took / REST;
            return Self::Outlasted(occurrence(schedule, ended).map_or(rested, |next| next.min(rested)));
        }
        if took <= between / 5 * 4 { Self::Fits } else { Self::Tight }
    }
}

/// That a schedule comes again before its sweep has ended. Its words are the same each time, so that it is told once.
fn outlasted(schedule: &Schedule, now: Timestamp) -> Finding {
    Finding {
        key: format!("{OUTLASTED}{}", schedule.id),
        kind: "sweep".into(),
        severity: Severity::Warning,
        tenant: schedule.tenant.clone(),
        site: schedule.site.clone(),
        identity: None,
        title: format!("the schedule {} comes again before its comparison has ended", schedule.id),
        detail: format!(
            "\"{}\" in {}, comparing {}: moments that come during its own comparison are passed over",
            schedule.cron,
            schedule.zone,
            scope_of(schedule)
        ),
        fix: Some(
            "let it come less often, in the policy: lanyard_sweep_seconds of /metrics says how long the comparison takes".into(),
        ),
        count: None,
        since: now,
    }
}

/// Whether a sweep of `scope` compares everything that one of `part` does.
fn within(part: &SweepScope, scope: &SweepScope) -> bool {
    (scope.site.is_none() || scope.site == part.site)
        && (scope.tenant.is_none() || scope.tenant == part.tenant)
}

/// What is on record of one tenant's people in one site.
struct PairCompared<'l> {
    /// The last sweep that was to compare them.
    made: Option<&'l SweepRecord>,
    /// The last one that did.
    stood: Option<Stood>,
}

/// The comparison of a tenant's people in a site that a sweep of both left behind: its own, or, where it could not read one
/// of them, the one before.
fn stood_in(record: &SweepRecord, tenant: &TenantId, site: &SiteId) -> Option<Stood> {
    let (started_at, ended_at, drift) = (record.started_at, record.end(), record.drift);
    let Some(lists) = &record.lists else {
        return Some(Stood { started_at, ended_at, certified: record.certified, drift });
    };
    let keys = [SweepScope::of_tenant(tenant).key(), SweepScope::of_site(site).key()];
    let unread: Vec<_> = keys.iter().filter_map(|key| lists.unread.get(key)).collect();
    if unread.is_empty() {
        let certified = !keys.iter().any(|key| lists.in_doubt.contains(key));
        return Some(Stood { started_at, ended_at, certified, drift });
    }
    let before: Option<Vec<Stood>> = unread.into_iter().copied().collect();
    before?.into_iter().min_by_key(|stood| stood.ended_at)
}

/// How a site stands: over all tenants' people, of whom those of another may have been compared at another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCompared {
    pub site: SiteId,
    /// When the oldest of the last comparisons began, and ended; `None`: some people were never compared there.
    pub last: Option<(Timestamp, Timestamp)>,
    /// Every list of them was proven complete.
    pub certified: bool,
    /// People whose plan was not quiet, in those comparisons, wherever else they looked.
    pub drift: u64,
}

impl Engine {
    /// Sweeps for ever: at once what is owed from before, then by the policy's schedules. What could not be read is compared
    /// when it answers again.
    pub async fn sweep_by_schedule(&self) {
        self.note_dead_schedules().await;
        let mut moments = Moments::seen(self.clock.now());
        let mut behind = self.unread_before().await;
        for (scope, why) in self.sweeps_owed(moments.seen).await {
            self.sweep_once(&scope, why, &mut behind).await;
        }
        loop {
            let planned = self.next_sweep(&moments).unwrap_or(moments.seen + DAILY);
            let next = behind.next.map_or(planned, |again| again.min(planned));
            let news = tokio::select! {
                biased;
                () = self.policy_changed.notified() => Some("another policy was published"),
                () = self.to_sweep.notified() => Some("an org or a site joined"),
                () = self.clock.sleep_until(next) => None,
            };
            let now = self.clock.now();
            if let Some(why) = news {
                moments = Moments::seen(now);
                self.note_dead_schedules().await;
                self.sweep_once(&SweepScope::default(), why, &mut behind).await;
            } else if planned <= now {
                for (scope, schedules) in self.scopes_due(&mut moments, now) {
                    self.sweep_in_turn(&scope, &schedules, &mut moments, &mut behind).await;
                }
            }
            // Also where schedules come so often that one of them is always due.
            if behind.next.is_some_and(|next| next <= self.clock.now()) {
                behind.next = None;
                for scope in self.readable_again(&mut behind).await {
                    // The one before it may have been of more.
                    if behind.scopes.contains(&scope) {
                        self.sweep_once(&scope, "it could not be read before", &mut behind).await;
                    }
                }
                if !behind.scopes.is_empty() {
                    behind.next.get_or_insert(self.clock.now());
                }
            }
        }
    }

    /// A sweep that these schedules ask for, and whether it takes longer than they leave time for.
    async fn sweep_in_turn(
        &self,
        scope: &SweepScope,
        schedules: &[Schedule],
        moments: &mut Moments,
        behind: &mut Behind,
    ) {
        let began = self.clock.now();
        let made = self.sweep_once(scope, "by schedule", behind).await;
        let ended = self.clock.now();
        for schedule in schedules {
            let finding = outlasted(schedule, ended);
            let known = self.store.finding(&finding.key).await.is_ok_and(|known| known.is_some());
            match Pace::of(schedule, began, ended) {
                Pace::Outlasted(again) => {
                    moments.again.insert(schedule.id.clone(), again);
                    if !known {
                        self.raise(finding).await;
                    }
                }
                Pace::Fits if known && made => self.clear(&finding.key).await,
                Pace::Fits | Pace::Tight => {}
            }
        }
    }

    /// What is due at the start, and why. A sweep is on record only when it came to its end.
    async fn sweeps_owed(&self, now: Timestamp) -> Vec<(SweepScope, &'static str)> {
        // What was put in force before the loops began.
        let news = self.policy_changed.notified().now_or_never().is_some();
        match self.owed(now, news).await {
            Ok(owed) => match owed.iter().find(|(scope, _)| *scope == SweepScope::default()) {
                Some(everything) => vec![everything.clone()],
                None => owed,
            },
            Err(failure) => {
                tracing::warn!(%failure, "what was compared before cannot be read; schedules alone say when to sweep");
                Vec::new()
            }
        }
    }

    async fn owed(
        &self,
        now: Timestamp,
        news: bool,
    ) -> Result<Vec<(SweepScope, &'static str)>, StoreFailure> {
        let everything = SweepScope::default();
        let last = self.last_sweeps().await?;
        if self.compared_since(&last, &everything).is_none() {
            return Ok(vec![(everything, "the first sweep")]);
        }
        // A sweep that a publication asked for may not have come to its end.
        let by = self.store.meta(COMPARED_BY).await?;
        if news || by.is_some_and(|by| by != self.active().policy.seal()) {
            return Ok(vec![(everything, "another policy was published")]);
        }
        let mut owed = Vec::new();
        if let Some(scope) = left_unfinished(&*self.store).await? {
            let known = self.knows(scope.site.as_ref(), scope.tenant.as_ref());
            owed.push((if known { scope } else { everything.clone() }, "one was cut short"));
        }
        let usable = self.usable_schedules(now);
        let missed = |scope: &SweepScope, next: &dyn Fn(Timestamp) -> Option<Timestamp>| {
            self.compared_since(&last, scope).is_none_or(|since| next(since).is_some_and(|due| due <= now))
        };
        if usable.is_empty() && missed(&everything, &|since| Some(since + DAILY)) {
            owed.push((everything, "one was missed"));
        }
        for schedule in &usable {
            let scope = scope_of(schedule);
            if missed(&scope, &|since| occurrence(schedule, since))
                && owed.iter().all(|(known, _)| *known != scope)
            {
                owed.push((scope, "one was missed"));
            }
        }
        Ok(owed)
    }

    /// The last sweep on record of each scope that has one.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn last_sweeps(&self) -> Result<BTreeMap<SweepScope, SweepRecord>, StoreFailure> {
        let mut known = self.store.last_sweeps().await?;
        // Where a scope is kept under an earlier word, too, the later one counts.
        known.sort_by_key(|record| record.started_at);
        let by_scope = known.into_iter().map(|record| (self.compared_in(&record), record));
        Ok(by_scope.filter(|(scope, _)| self.knows(scope.site.as_ref(), scope.tenant.as_ref())).collect())
    }

    /// How each site stands, from the last sweeps of all scopes.
    pub fn sites_compared(&self, last: &BTreeMap<SweepScope, SweepRecord>) -> Vec<SiteCompared> {
        let sites = self.sites().keys();
        sites
            .map(|site| {
                let scope = SweepScope { site: Some(site.clone()), tenant: None };
                let known = self.last_within(last, &scope);
                let stood = known.iter().filter_map(|pair| pair.stood);
                // One comparison of several tenants counts once.
                let drift: BTreeMap<_, _> =
                    stood.map(|one| ((one.started_at, one.ended_at), one.drift)).collect();
                SiteCompared {
                    drift: drift.into_values().sum(),
                    site: site.clone(),
                    certified: known.iter().filter_map(|pair| pair.stood).all(|stood| stood.certified),
                    last: self.stands(last, &scope).map(|stood| (stood.started_at, stood.ended_at)),
                }
            })
            .collect()
    }

    /// The oldest of the last comparisons in `scope`; `None`: something of it was never compared.
    pub(crate) fn stands(
        &self,
        last: &BTreeMap<SweepScope, SweepRecord>,
        scope: &SweepScope,
    ) -> Option<Stood> {
        let all: Option<Vec<_>> = self.last_within(last, scope).into_iter().map(|pair| pair.stood).collect();
        all?.into_iter().min_by_key(|stood| stood.ended_at)
    }

    /// What is on record of each pair of tenant and site in `scope`.
    fn last_within<'l>(
        &self,
        last: &'l BTreeMap<SweepScope, SweepRecord>,
        scope: &SweepScope,
    ) -> Vec<PairCompared<'l>> {
        let mut all = Vec::new();
        let asked_for = |site: &&SiteId| scope.site.as_ref().is_none_or(|only| only == *site);
        let tenants = self.directories().keys();
        for tenant in tenants.filter(|tenant| scope.tenant.as_ref().is_none_or(|only| only == *tenant)) {
            for site in self.sites().keys().filter(asked_for) {
                let pair = SweepScope { site: Some(site.clone()), tenant: Some(tenant.clone()) };
                let covering = last.iter().filter(|(known, _)| within(&pair, known));
                let covering: Vec<_> = covering.map(|(_, record)| record).collect();
                let stood = covering.iter().filter_map(|record| stood_in(record, tenant, site));
                all.push(PairCompared {
                    stood: stood.max_by_key(|stood| stood.started_at),
                    made: covering.into_iter().max_by_key(|record| record.started_at),
                });
            }
        }
        all
    }

    /// Since when everything in `scope` is compared; `None`: something of it never was.
    fn compared_since(
        &self,
        last: &BTreeMap<SweepScope, SweepRecord>,
        scope: &SweepScope,
    ) -> Option<Timestamp> {
        let pairs = self.last_within(last, scope);
        if pairs.is_empty() {
            // Without any tenant or site nobody is compared; that it was tried is all there is.
            return last.get(&SweepScope::default()).map(|record| record.started_at);
        }
        // What could not be read is asked for by itself, and owes nothing else.
        let all: Option<Vec<_>> = pairs.into_iter().map(|pair| pair.made).collect();
        all?.into_iter().map(|record| record.started_at).min()
    }

    /// What an earlier process could not read, and told of.
    async fn unread_before(&self) -> Behind {
        let tenants = self.directories().keys().map(|id| (None, Some(id.clone())));
        let sites = self.sites().keys().map(|id| (Some(id.clone()), None));
        let mut scopes = BTreeSet::new();
        for (site, tenant) in tenants.chain(sites) {
            let scope = SweepScope { site, tenant };
            let earlier = scope.site.as_ref().and_then(|site| self.plain_key("unread", site));
            for key in std::iter::once(unread_key(&scope)).chain(earlier) {
                if let Ok(Some(_)) = self.store.finding(&key).await {
                    scopes.insert(scope.clone());
                }
            }
        }
        let next = (!scopes.is_empty()).then(|| self.clock.now());
        Behind { scopes, next, ..Behind::default() }
    }

    fn knows(&self, site: Option<&SiteId>, tenant: Option<&TenantId>) -> bool {
        site.is_none_or(|site| self.sites().contains_key(site))
            && tenant.is_none_or(|tenant| self.directories().contains_key(tenant))
    }

    /// What is behind and answers again. Whatever does not is asked later; nothing else is read for it meanwhile.
    async fn readable_again(&self, behind: &mut Behind) -> Vec<SweepScope> {
        let mut answers = BTreeMap::new();
        let mut readable = Vec::new();
        for scope in &behind.scopes {
            if self.is_readable(scope, &mut answers).await {
                readable.push(scope.clone());
            }
        }
        if readable.is_empty() {
            behind.asked = behind.asked.saturating_add(1);
            behind.next = Some(self.clock.now() + self.settings.backoff(behind.asked, "sweep"));
        }
        readable
    }

    /// Whether some tenant and some site of the scope answer: a sweep of it is not made for nothing.
    async fn is_readable(&self, scope: &SweepScope, answers: &mut BTreeMap<Upstream, bool>) -> bool {
        let asked_for = |id: &TenantId| scope.tenant.as_ref().is_none_or(|only| only == id);
        let mut some_tenant = false;
        for (id, directory) in self.directories().iter().filter(|(id, _)| asked_for(id)) {
            let lately = self.answered_at(id).map(|at| self.clock.now().duration_since(at));
            some_tenant = if scope.tenant.is_none() && lately.is_some_and(|ago| ago <= ANSWERED_LATELY) {
                true
            } else if let Some(known) = answers.get(&Upstream::Tenant(id.clone())) {
                *known
            } else {
                // What a sweep reads first of a tenant.
                let known = directory.list_groups().await.is_ok();
                answers.insert(Upstream::Tenant(id.clone()), known);
                known
            };
            if some_tenant {
                break;
            }
        }
        if !some_tenant {
            return false;
        }
        let asked_for = |id: &SiteId| scope.site.as_ref().is_none_or(|only| only == id);
        for (id, site) in self.sites().iter().filter(|(id, _)| asked_for(id)) {
            let upstream = Upstream::Site(id.clone());
            let known = match answers.get(&upstream) {
                Some(known) => *known,
                None => site.port().answers(Lane::Bulk).await.is_ok(),
            };
            answers.insert(upstream, known);
            if known {
                return true;
            }
        }
        false
    }

    /// A schedule that no day fits is a mistake that nobody would see otherwise.
    async fn note_dead_schedules(&self) {
        let now = self.clock.now();
        let active = self.active();
        let mut dead = Vec::new();
        for schedule in active.policy.schedules() {
            let unknown = match (&schedule.site, &schedule.tenant) {
                (Some(site), _) if !self.sites().contains_key(site) => Some(format!("site {site}")),
                (_, Some(tenant)) if !self.directories().contains_key(tenant) => {
                    Some(format!("tenant {tenant}"))
                }
                _ => None,
            };
            if unknown.is_none() && occurrence(schedule, now).is_some() {
                continue;
            }
            let detail = match unknown {
                Some(what) => format!("the settings have no {what}"),
                None => format!("\"{}\" in {} fits no day", schedule.cron, schedule.zone),
            };
            let key = format!("{SCHEDULE}{}", schedule.id);
            dead.push(key.clone());
            self.raise(Finding {
                key,
                kind: "sweep".into(),
                severity: Severity::Warning,
                tenant: schedule.tenant.clone(),
                site: schedule.site.clone(),
                identity: None,
                title: format!("the schedule {} never comes", schedule.id),
                detail,
                fix: Some("correct the schedule in the policy".into()),
                count: None,
                since: now,
            })
            .await;
        }
        match self.never_together(now) {
            Some(finding) => self.raise(finding).await,
            None => self.clear(APART).await,
        }
        // Those that come, and those that the policy has no more, or has otherwise.
        let mut short = Vec::new();
        for finding in active.policy.schedules().iter().map(|schedule| outlasted(schedule, now)) {
            let known = self.store.finding(&finding.key).await.ok().flatten();
            if known.is_some_and(|known| known.detail == finding.detail) {
                short.push(finding.key);
            }
        }
        let over = [(SCHEDULE, dead), (OUTLASTED, short)];
        let over =
            over.map(|(prefix, keep)| Write::FindingsOverExcept { prefix: prefix.into(), keep, at: now });
        let _ = self.write(over.into()).await;
    }

    /// That no schedule compares the people of all tenants in one sweep: of no account can it be said then that it is nobody's.
    fn never_together(&self, now: Timestamp) -> Option<Finding> {
        let usable = self.usable_schedules(now);
        if usable.is_empty() || self.directories().len() < 2 {
            return None;
        }
        let together = |site: &SiteId| {
            let of_site = |one: &Schedule| one.site.as_ref().is_none_or(|only| only == site);
            usable.iter().any(|one| one.tenant.is_none() && of_site(one))
        };
        let apart: Vec<&str> =
            self.sites().keys().filter(|site| !together(site)).map(SiteId::as_str).collect();
        (!apart.is_empty()).then(|| Finding {
            key: APART.into(),
            kind: "sweep".into(),
            severity: Severity::Warning,
            tenant: None,
            site: None,
            identity: None,
            title: "no schedule compares the people of all tenants together".into(),
            detail: format!(
                "In {} each comparison is of one tenant. Whether an account belongs to nobody at all is never told there.",
                apart.join(", ")
            ),
            fix: Some("add a schedule without `tenant` to the policy; it may come seldom".into()),
            count: None,
            since: now,
        })
    }

    /// One sweep; whether it came to its end. `behind` keeps what could not be read.
    async fn sweep_once(&self, scope: &SweepScope, why: &str, behind: &mut Behind) -> bool {
        let swept = self.sweep_within(scope, why, &Silent).await;
        let made = swept.is_ok();
        let (now, first) = (self.clock.now(), self.settings.retry_first);
        let (error, count) = match swept {
            Ok(report) => {
                tracing::info!(
                    people = report.people,
                    differing = report.differing,
                    certified = report.certified,
                    "swept"
                );
                let sites =
                    report.unread.into_iter().map(|site| SweepScope { site: Some(site), ..scope.clone() });
                let tenants = report.unread_tenants.into_iter();
                let tenants = tenants.map(|tenant| SweepScope { tenant: Some(tenant), ..scope.clone() });
                behind.made(scope, sites.chain(tenants).collect(), now, first);
                if !behind.is_told() {
                    let _ = self.write(vec![Write::FindingOver { key: "sweep".into(), at: now }]).await;
                    return made;
                }
                let named = behind.named();
                let error = format!("not compared yet, because they could not be read: {named}");
                (error, Some(behind.scopes.len() as u64))
            }
            Err(error) => {
                let ours = matches!(error, SurveyError::Store(_));
                behind.failed(scope, now, first, if ours { self.settings.retry_max } else { VAIN_MAX });
                (error.to_string(), None)
            }
        };
        tracing::warn!(error, "the sweep could not be made whole");
        self.raise(Finding {
            key: "sweep".into(),
            kind: "sweep".into(),
            severity: Severity::Error,
            tenant: behind.common(|scope| scope.tenant.as_ref()),
            site: behind.common(|scope| scope.site.as_ref()),
            identity: None,
            title: "the full comparison could not be made".into(),
            detail: format!("{error}. Events are still followed. It is tried again by itself."),
            fix: Some("run doctor".into()),
            count,
            since: now,
        })
        .await;
        made
    }

    /// Schedules that come, of sites and tenants that there are.
    fn usable_schedules(&self, now: Timestamp) -> Vec<Schedule> {
        let active = self.active();
        let schedules = active.policy.schedules().iter();
        schedules
            .filter(|one| {
                self.knows(one.site.as_ref(), one.tenant.as_ref()) && occurrence(one, now).is_some()
            })
            .cloned()
            .collect()
    }

    /// The next moment of any schedule of the policy.
    fn next_sweep(&self, moments: &Moments) -> Option<Timestamp> {
        self.usable_schedules(moments.seen).iter().filter_map(|schedule| moments.next(schedule)).min()
    }

    /// What the schedules ask for whose moment has come and is not later than `until`, each once, however many of its moments
    /// that are, with the schedules that ask for exactly that: everything, if one of them asks for it. They are seen to.
    fn scopes_due(&self, moments: &mut Moments, until: Timestamp) -> Vec<(SweepScope, Vec<Schedule>)> {
        let usable = self.usable_schedules(moments.seen);
        // No schedule at all: once a day everything.
        let nothing = usable.is_empty();
        let mut due: BTreeMap<SweepScope, Vec<Schedule>> = BTreeMap::new();
        for schedule in usable {
            if moments.next(&schedule).is_some_and(|at| at <= until) {
                moments.again.remove(&schedule.id);
                due.entry(scope_of(&schedule)).or_default().push(schedule);
            }
        }
        moments.seen = until;
        let everything = SweepScope::default();
        match due.remove(&everything) {
            Some(schedules) => vec![(everything, schedules)],
            None if nothing => vec![(everything, Vec::new())],
            None => due.into_iter().collect(),
        }
    }
}

fn scope_of(schedule: &Schedule) -> SweepScope {
    SweepScope { site: schedule.site.clone(), tenant: schedule.tenant.clone() }
}

/// The next moment of one schedule; `None` if it never comes.
fn occurrence(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    let zone = TimeZone::get(&schedule.zone).ok()?;
    let cron = croner::Cron::from_str(&schedule.cron).ok()?;
    let later = spread(schedule);
    let next = cron.find_next_occurrence(&(after - later).to_zoned(zone), false).ok()?;
    Some(next.timestamp() + later)
}

/// How much later than its moment a schedule begins: the same each time, and another for another schedule.
fn spread(schedule: &Schedule) -> Duration {
    let digest = Sha256::digest(format!("{}/{:?}/{:?}", schedule.id, schedule.tenant, schedule.site));
    let number = digest.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let seconds = u64::from(schedule.spread_minutes) * 60;
    Duration::from_secs(if seconds == 0 { 0 } else { number % seconds })
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_follow_their_zone_and_some_never_come() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let schedule = |cron: &str, zone: &str| Schedule {
            id: "s".into(),
            cron: cron.into(),
            zone: zone.into(),
            site: None,
            tenant: None,
            spread_minutes: 0,
        };
        for (cron, zone, after, next) in [
            ("0 2 * * *", "UTC", "2026-05-04T08:00:00Z", Some("2026-05-05T02:00:00Z")),
            ("0 2 * * *", "Europe/Berlin", "2026-05-04T08:00:00Z", Some("2026-05-05T00:00:00Z")),
            ("0 2 * * *", "Asia/Tokyo", "2026-05-04T08:00:00Z", Some("2026-05-04T17:00:00Z")),
            ("0 2 30 2 *", "UTC", "2026-05-04T08:00:00Z", None),
            ("0 2 * * *", "Europe/Nowhere", "2026-05-04T08:00:00Z", None),
        ] {
            assert_eq!(occurrence(&schedule(cron, zone), at(after)), next.map(at), "{cron} {zone}");
        }
    }

    #[test]
    fn a_sweep_that_takes_longer_than_its_schedule_leaves_rests_before_it_begins_again() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let check = |cron: &str, began: &str, took: SignedDuration, expected: Pace| {
            let schedule = Schedule {
                id: "s".into(),
                cron: cron.into(),
                zone: "UTC".into(),
                site: None,
                tenant: None,
                spread_minutes: 0,
            };
            assert_eq!(Pace::of(&schedule, at(began), at(began) + took), expected, "{cron} {took:?}");
        };
        let outlasted = |again: &str| Pace::Outlasted(at(again));
        let (minute, hour) = (SignedDuration::from_mins, SignedDuration::from_hours);
        check("* * * * *", "2026-05-04T08:00:00Z", minute(5), outlasted("2026-05-04T08:05:30Z"));
        check("* * * * *", "2026-05-04T08:00:00Z", minute(60), outlasted("2026-05-04T09:01:00Z"));
        check("0 2 * * *", "2026-05-04T02:00:00Z", hour(25), outlasted("2026-05-05T05:30:00Z"));
        check("*/5 * * * *", "2026-05-04T08:00:00Z", minute(5), Pace::Tight);
        check("*/5 * * * *", "2026-05-04T08:00:00Z", minute(4), Pace::Fits);
        check("0 2 * * *", "2026-05-04T02:00:00Z", hour(3), Pace::Fits);
        // Held up by another: its own takes no longer than there is time.
        check("* * * * *", "2026-05-04T08:00:40Z", SignedDuration::from_secs(40), Pace::Fits);
        // Two moments that are close, once a day: the second is made up at once.
        check("0,5 9 * * *", "2026-05-04T09:00:00Z", minute(10), Pace::Fits);
        check("0 2 30 2 *", "2026-05-04T02:00:00Z", hour(3), Pace::Fits);
    }

    #[test]
    fn a_spread_schedule_begins_later_and_each_time_as_much() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let of = |site: &str| Schedule {
            id: "nightly".into(),
            cron: "0 2 * * *".into(),
            zone: "UTC".into(),
            site: Some(site.into()),
            tenant: None,
            spread_minutes: 90,
        };
        let first = occurrence(&of("hq"), at("2026-05-04T00:00:00Z")).expect("a moment");
        let second = occurrence(&of("hq"), first).expect("a moment");
        assert_eq!(second.duration_since(first), SignedDuration::from_hours(24));
        assert!(first >= at("2026-05-04T02:00:00Z") && first < at("2026-05-04T03:30:00Z"), "{first}");
        let elsewhere = occurrence(&of("south"), at("2026-05-04T00:00:00Z")).expect("a moment");
        assert_ne!(first, elsewhere, "not all sites at once");
        // Asked between the moment itself and its spread: it is still to come.
        assert_eq!(occurrence(&of("hq"), at("2026-05-04T02:00:00Z")), Some(first));
    }
}
