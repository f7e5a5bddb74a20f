//! When everybody is compared: by the policy's schedules, when another policy is in force, when somebody joins, and when
//! what could not be read answers again.
//!
//! A schedule's moment that comes while another sweep is being made is seen to as soon as that one ends; one that passed
//! while nothing ran is made up at the start.

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    time::Duration,
};

use futures_util::FutureExt as _;
use jiff::{Timestamp, tz::TimeZone};
use lanyard_model::{
    id::{SiteId, TenantId},
    signal::Lane,
};
use lanyard_policy::Schedule;
use sha2::{Digest as _, Sha256};

use crate::{
    Engine,
    outages::Upstream,
    ports::{Finding, Severity, Silent, StoreFailure, SweepRecord, Write},
    survey::SurveyError,
    sweep::{COMPARED_BY, SweepScope, left_unfinished},
};

/// Between two sweeps where the policy has no schedule that ever comes.
const DAILY: Duration = Duration::from_secs(86_400);
/// Longest pause between two sweeps of what answers and still cannot be read.
const VAIN_MAX: Duration = Duration::from_secs(3600);
/// A log that was read so lately shows that its tenant answers.
const ANSWERED_LATELY: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

/// Before the name of a schedule in the key of its finding.
const SCHEDULE: &str = "schedule:";
/// Before a tenant's or site's name in the key of the finding that it could not be read.
const UNREAD: &str = "unread:";

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

    fn put_off(&mut self, now: Timestamp, first: Duration, longest: Duration) {
        self.in_vain = self.in_vain.saturating_add(1);
        self.next = Some(now + first.saturating_mul(1 << self.in_vain.min(12)).min(longest));
    }
}

/// Whether a sweep of `scope` compares everything that one of `part` does.
fn within(part: &SweepScope, scope: &SweepScope) -> bool {
    (scope.site.is_none() || scope.site == part.site)
        && (scope.tenant.is_none() || scope.tenant == part.tenant)
}

/// How a site stands: over all tenants' people, of whom those of another may have been compared at another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteCompared {
    pub site: SiteId,
    /// When the oldest of the last comparisons began, and ended; `None`: some people were never compared there.
    pub last: Option<(Timestamp, Timestamp)>,
    /// Every list of them was proven complete.
    pub certified: bool,
}

impl Engine {
    /// Sweeps for ever: at once what is owed from before, then by the policy's schedules. What could not be read is compared
    /// when it answers again.
    pub async fn sweep_by_schedule(&self) {
        self.note_dead_schedules().await;
        // Moments of schedules up to this one are seen to.
        let mut seen = self.clock.now();
        let mut behind = self.unread_before().await;
        for (scope, why) in self.sweeps_owed(seen).await {
            self.sweep_once(&scope, why, &mut behind).await;
        }
        loop {
            let planned = self.next_sweep(seen).unwrap_or(seen + DAILY);
            let next = behind.next.map_or(planned, |again| again.min(planned));
            let news = tokio::select! {
                biased;
                () = self.policy_changed.notified() => Some("another policy was published"),
                () = self.to_sweep.notified() => Some("an org or a site joined"),
                () = self.clock.sleep_until(next) => None,
            };
            let now = self.clock.now();
            if let Some(why) = news {
                seen = now;
                self.note_dead_schedules().await;
                self.sweep_once(&SweepScope::default(), why, &mut behind).await;
            } else if planned <= now {
                let due = self.scopes_due(seen, now);
                seen = now;
                for scope in due {
                    self.sweep_once(&scope, "by schedule", &mut behind).await;
                }
            } else {
                for scope in self.readable_again(&mut behind).await {
                    self.sweep_once(&scope, "it could not be read before", &mut behind).await;
                }
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
        let (sites, tenants) = (self.sites(), self.directories());
        let one_of = |site: Option<&SiteId>, tenant: Option<&TenantId>| SweepScope {
            site: site.cloned(),
            tenant: tenant.cloned(),
        };
        let mut scopes = vec![SweepScope::default()];
        scopes.extend(sites.keys().map(|site| one_of(Some(site), None)));
        for tenant in tenants.keys() {
            scopes.push(one_of(None, Some(tenant)));
            scopes.extend(sites.keys().map(|site| one_of(Some(site), Some(tenant))));
        }
        let known = self.store.last_sweeps().await?;
        let known: BTreeMap<String, SweepRecord> =
            known.into_iter().map(|record| (record.scope.clone(), record)).collect();
        let of = |scope: SweepScope| Some((scope.clone(), known.get(&scope.to_string())?.clone()));
        Ok(scopes.into_iter().filter_map(of).collect())
    }

    /// How each site stands, from the last sweeps of all scopes.
    pub fn sites_compared(&self, last: &BTreeMap<SweepScope, SweepRecord>) -> Vec<SiteCompared> {
        let sites = self.sites().keys();
        sites
            .map(|site| {
                let scope = SweepScope { site: Some(site.clone()), tenant: None };
                let records = self.last_within(last, &scope);
                let certified = records.iter().flatten().all(|record| record.certified);
                let all: Option<Vec<_>> = records.into_iter().collect();
                let oldest = all.and_then(|all| all.into_iter().min_by_key(|record| record.end()));
                SiteCompared {
                    site: site.clone(),
                    certified,
                    last: oldest.map(|record| (record.started_at, record.end())),
                }
            })
            .collect()
    }

    /// The last sweep of each pair of tenant and site in `scope`.
    fn last_within<'l>(
        &self,
        last: &'l BTreeMap<SweepScope, SweepRecord>,
        scope: &SweepScope,
    ) -> Vec<Option<&'l SweepRecord>> {
        let mut all = Vec::new();
        let asked_for = |site: &&SiteId| scope.site.as_ref().is_none_or(|only| only == *site);
        let tenants = self.directories().keys();
        for tenant in tenants.filter(|tenant| scope.tenant.as_ref().is_none_or(|only| only == *tenant)) {
            for site in self.sites().keys().filter(asked_for) {
                let pair = SweepScope { site: Some(site.clone()), tenant: Some(tenant.clone()) };
                let covering = last.iter().filter(|(known, _)| within(&pair, known));
                all.push(covering.map(|(_, record)| record).max_by_key(|record| record.started_at));
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
        let all: Option<Vec<_>> = pairs.into_iter().collect();
        all?.into_iter().map(|record| record.started_at).min()
    }

    /// What an earlier process could not read, and told of.
    async fn unread_before(&self) -> Behind {
        let open = self.store.findings(100_000).await.unwrap_or_default();
        let unread = open.into_iter().filter(|finding| finding.key.starts_with(UNREAD));
        let scopes = unread.map(|finding| SweepScope { site: finding.site, tenant: finding.tenant });
        let scopes: BTreeSet<_> = scopes
            .filter(|scope| *scope != SweepScope::default())
            .filter(|scope| self.knows(scope.site.as_ref(), scope.tenant.as_ref()))
            .collect();
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
                tenant: None,
                site: None,
                identity: None,
                title: format!("the schedule {} never comes", schedule.id),
                detail,
                fix: Some("correct the schedule in the policy".into()),
                since: now,
            })
            .await;
        }
        // Those that come, and those that the policy has no more.
        let over = Write::FindingsOverExcept { prefix: SCHEDULE.into(), keep: dead, at: now };
        let _ = self.write(vec![over]).await;
    }

    /// One sweep. `behind` keeps what could not be read.
    async fn sweep_once(&self, scope: &SweepScope, why: &str, behind: &mut Behind) {
        let swept = self.sweep_within(scope, why, &Silent).await;
        let (now, first) = (self.clock.now(), self.settings.retry_first);
        let error = match swept {
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
                    return;
                }
                format!("not compared yet, because they could not be read: {}", behind.named())
            }
            Err(error) => {
                let ours = matches!(error, SurveyError::Store(_));
                behind.failed(scope, now, first, if ours { self.settings.retry_max } else { VAIN_MAX });
                error.to_string()
            }
        };
        tracing::warn!(error, "the sweep could not be made whole");
        self.raise(Finding {
            key: "sweep".into(),
            kind: "sweep".into(),
            severity: Severity::Error,
            tenant: None,
            site: None,
            identity: None,
            title: "the full comparison could not be made".into(),
            detail: format!("{error}. Events are still followed. It is tried again by itself."),
            fix: Some("run doctor".into()),
            since: now,
        })
        .await;
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
    fn next_sweep(&self, after: Timestamp) -> Option<Timestamp> {
        self.usable_schedules(after).iter().filter_map(|schedule| occurrence(schedule, after)).min()
    }

    /// What the schedules ask for whose moment is later than `after` and not later than `until`: everything, if one of them
    /// asks for that.
    fn scopes_due(&self, after: Timestamp, until: Timestamp) -> Vec<SweepScope> {
        let usable = self.usable_schedules(after);
        let due = usable.iter().filter(|one| occurrence(one, after).is_some_and(|at| at <= until));
        let scopes: BTreeSet<SweepScope> = due.map(scope_of).collect();
        // No schedule at all: once a day everything.
        if usable.is_empty() || scopes.contains(&SweepScope::default()) {
            return vec![SweepScope::default()];
        }
        scopes.into_iter().collect()
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
        assert_eq!(second.duration_since(first), jiff::SignedDuration::from_hours(24));
        assert!(first >= at("2026-05-04T02:00:00Z") && first < at("2026-05-04T03:30:00Z"), "{first}");
        let elsewhere = occurrence(&of("south"), at("2026-05-04T00:00:00Z")).expect("a moment");
        assert_ne!(first, elsewhere, "not all sites at once");
        // Asked between the moment itself and its spread: it is still to come.
        assert_eq!(occurrence(&of("hq"), at("2026-05-04T02:00:00Z")), Some(first));
    }
}
