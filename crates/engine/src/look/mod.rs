//! One look at one identity: read afresh, decide, plan, apply, read back, remember.
//!
//! A look is safe to repeat from the start at any point: what it does is decided from fresh reads, each operation
//! has a durable intent before it is sent, and the last thing it does is to end its claim.

mod account;
mod apply;
mod booked;
mod clear;
mod decide;
mod desk;
mod doors;
mod echo;
mod failed;
mod goes_on;
mod limits;
pub(crate) mod person;
mod proposal;
mod remember;
mod unanswered;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    desired::{Because, Desired, Ending, Lifecycle},
    id::{IdentityId, SiteId},
    identity::{Identity, Status},
    link::Link,
    plan::Plan,
    signal::Source,
};
use lanyard_policy::Facts;
use tracing::Instrument as _;

use crate::{
    Engine,
    engine::Active,
    journal::line,
    keyed_lock::Held,
    outages::Upstream,
    ports::{Finding, Finish, PortFailure, Severity, StoreFailure, WorkItem, Write},
    site::SiteState,
};

pub(crate) use account::{AccountView, Claim, as_inactive, claim_on, contradiction, is_alive};
pub(crate) use apply::Applying;
pub(crate) use clear::key_set;
pub(crate) use echo::Echoes;
pub(crate) use limits::removals_scope;
pub(crate) use person::{GroupsMissed, Person, Present, is_same};
pub(crate) use proposal::{doubt_of, reaction_to_end};
pub(crate) use remember::{lacking, note_applied};

/// Passes of one look: observe, apply, read back. One more for each desk that was refused.
const PASSES_MAX: u32 = 6;

/// The same where a refused operation was cut up, and goes on rule by rule.
const PASSES_APART_MAX: u32 = 16;

/// The soonest next look that a look may ask for.
const REVIEW_MIN: std::time::Duration = std::time::Duration::from_secs(1);

/// Why a look ended early. Nothing is half-remembered: each case says when to look again.
#[derive(Debug)]
pub(crate) enum Stop {
    Port(PortFailure),
    Store(StoreFailure),
    /// Something about this record needs a person.
    Dead {
        error: String,
        fix: String,
    },
    /// Ours to try again.
    Again {
        at: Timestamp,
        error: String,
    },
}

impl From<PortFailure> for Stop {
    fn from(failure: PortFailure) -> Self {
        Self::Port(failure)
    }
}

impl From<StoreFailure> for Stop {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(failure)
    }
}

/// What a look leaves to be written with the end of its claim.
#[derive(Default)]
pub(crate) struct Tail {
    pub(crate) writes: Vec<Write>,
    /// When a wait is over, by the clock that shows less.
    pub(crate) review: Option<(Timestamp, String)>,
    /// When something is tried or read again, which hurts at no time.
    pub(crate) recheck: Option<(Timestamp, String)>,
    /// Something was changed upstream by this look.
    pub(crate) changed: bool,
    /// A site accepted something of it.
    pub(crate) accepted: bool,
    /// When the person had been read last, before this look.
    pub(crate) known_at: Option<Timestamp>,
    /// Sites whose account of the person it had to read.
    pub(crate) accounts: u64,
    /// Something is still open: look again then.
    pub(crate) again: Option<(Timestamp, String)>,
    /// Sites that were read, and written to if need be, without trouble.
    pub(crate) sites: Vec<SiteId>,
    /// The upstream that stopped this look.
    pub(crate) down: Option<Upstream>,
    /// How far our clock is ahead of the moment that the look decides by.
    pub(crate) lag: SignedDuration,
    /// Locks on what this look learnt and has not made durable yet.
    pub(crate) held: Vec<Held>,
}

impl Tail {
    /// Whether whatever asked for this look was heard before the person was read last, and nothing was left to do: that read
    /// showed it. Tries after one that was broken off are not told apart from it, and count as one.
    fn is_answered_before(&self, item: &WorkItem) -> bool {
        item.attempts == 0 && !self.changed && self.known_at.is_some_and(|known| item.raised_at < known)
    }

    /// The next look is no later than when this wait is over.
    pub(crate) fn review_by(&mut self, at: Option<Timestamp>, why: &str) {
        if let Some(at) = at {
            sooner(&mut self.review, at, why);
        }
    }

    /// The next look is no later than that by our own clock, however wrong it is: nothing rests on the time that has passed.
    pub(crate) fn recheck_by(&mut self, at: Timestamp, why: &str) {
        sooner(&mut self.recheck, at, why);
    }

    /// When the next look is due, if anything asks for one.
    fn next_look(&mut self, now: Timestamp) -> Option<(Timestamp, String)> {
        let lag = self.lag;
        let wait = self.review.take().map(|(at, why)| (at.saturating_add(lag).unwrap_or(at), why));
        let next = wait.into_iter().chain(self.recheck.take()).min_by_key(|(at, _)| *at);
        // A review is never now: the same answer would come at once.
        next.map(|(at, why)| (at.max(now + REVIEW_MIN), why))
    }
}

fn sooner(known: &mut Option<(Timestamp, String)>, at: Timestamp, why: &str) {
    if known.as_ref().is_none_or(|(known, _)| at < *known) {
        *known = Some((at, why.to_owned()));
    }
}

/// One site's part of a look.
pub(crate) struct Scene<'a> {
    pub(crate) active: &'a Active,
    pub(crate) person: &'a Person,
    pub(crate) site: &'a SiteState,
    pub(crate) item: &'a WorkItem,
}

impl Engine {
    /// Takes the look and ends the claim, whatever happens.
    pub(crate) async fn look(&self, mut item: WorkItem) {
        // A review that was moved forward still carries its first date.
        item.raised_at = item.raised_at.min(self.clock.now());
        let mut tail = Tail::default();
        let span = tracing::debug_span!(
            "look",
            tenant = %item.identity.tenant,
            lane = ?item.lane,
            source = ?item.source,
            attempts = item.attempts,
            changed = tracing::field::Empty,
        );
        let undone = self.go_on_with_undos(&item, &mut tail).instrument(span.clone()).await;
        let outcome = self.try_look(&item, &mut tail).instrument(span.clone()).await.and(undone);
        span.record("changed", tail.changed);
        let now = self.clock.now();
        let finish = match outcome {
            Ok(()) => match tail.again.take() {
                Some((at, error)) => Finish::Retry { at, error },
                None => Finish::Done { review_at: tail.next_look(now) },
            },
            Err(stop) => self.finish_stopped(&item, stop, now, &mut tail),
        };
        match &finish {
            Finish::Retry { .. } => {
                if let Some(upstream) = &tail.down {
                    self.outages.note(upstream, &item);
                }
            }
            _ => self.outages.came_through(&item.identity, &tail.sites),
        }
        let quiet = !tail.changed;
        let verified = matches!(finish, Finish::Done { .. });
        let ended = !matches!(finish, Finish::Retry { .. });
        let needed = ended && !tail.is_answered_before(&item);
        let (accepted, accounts) = (tail.accepted, tail.accounts);
        if ended {
            self.strikes.lock().unwrap_or_else(std::sync::PoisonError::into_inner).remove(&item.identity);
            // A retry still wants the desk it chose; nobody else may be given it meanwhile.
            for site in self.sites().values() {
                site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner).settle(&item.identity);
            }
        }
        tail.writes.extend(self.troubles_over(&item.identity.tenant, &tail.sites, now));
        let mut batch = std::mem::take(&mut tail.writes);
        let read = batch.iter().find(|write| matches!(write, Write::Identity { .. })).cloned();
        batch.push(Write::Finish { item: Box::new(item.clone()), how: finish });
        let recorded = self.write(batch).await;
        if let Err(failure) = &recorded {
            // The claim runs out by itself and the look is repeated; nothing is lost.
            tracing::error!(identity = %item.identity, %failure, "the end of a look could not be recorded");
        }
        self.keep_unrecorded(&item.identity, read.filter(|_| recorded.is_err()));
        // Only now may others act on the same account or keys: what this look linked is on record.
        let sites = std::mem::take(&mut tail.sites);
        drop(tail);
        let took = now.duration_since(item.raised_at).try_into().unwrap_or_default();
        if verified && !quiet {
            self.latency.note_change(&item.identity.tenant, &sites, took);
        }
        self.latency.note(took, |totals| {
            totals.looks += 1;
            totals.quiet += u64::from(quiet);
            totals.needed += u64::from(needed);
            totals.account_looks += if needed { accounts } else { 0 };
            totals.changes += u64::from(accepted);
            totals.verified += u64::from(verified && !quiet);
        });
    }

    fn finish_stopped(&self, item: &WorkItem, stop: Stop, now: Timestamp, tail: &mut Tail) -> Finish {
        let spread = &item.identity.user;
        let retry =
            |error: String| Finish::Retry { at: now + self.settings.backoff(item.attempts, spread), error };
        match stop {
            Stop::Again { at, error } => Finish::Retry { at, error },
            Stop::Store(failure) => retry(failure.to_string()),
            Stop::Port(PortFailure::Throttled { until, upstream }) => {
                Finish::Retry { at: until.max(now), error: format!("{upstream} asked us to wait") }
            }
            Stop::Port(failure @ PortFailure::Unavailable { .. }) => retry(failure.to_string()),
            Stop::Port(PortFailure::Denied { upstream, reason, fix }) => {
                tail.writes.push(Write::Finding(Box::new(Finding {
                    key: format!("credential:{upstream}"),
                    kind: "credential".into(),
                    severity: Severity::Error,
                    tenant: None,
                    site: None,
                    identity: None,
                    title: format!("{upstream} refuses our credential"),
                    detail: reason.clone(),
                    fix: Some(fix),
                    count: None,
                    since: now,
                })));
                self.note_trouble(format!("credential:{upstream}"));
                let pause = self.settings.backoff(item.attempts, spread);
                Finish::Retry { at: now + pause.max(std::time::Duration::from_secs(60)), error: reason }
            }
            Stop::Port(failure) if !self.strike(&item.identity) => retry(failure.to_string()),
            Stop::Port(failure) => {
                self.dead(item, failure.to_string(), "look at the upstream's answer".into(), now, tail)
            }
            Stop::Dead { error, fix } => self.dead(item, error, fix, now, tail),
        }
    }

    /// Counts a failure that is ours or the record's, whatever outages came before it. Whether it was one too many. A
    /// restart begins anew, so that it takes more of them then, never fewer.
    pub(super) fn strike(&self, who: &IdentityId) -> bool {
        let mut strikes = self.strikes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let count = strikes.entry(who.clone()).or_default();
        *count += 1;
        *count >= self.settings.attempts_max
    }

    fn dead(&self, item: &WorkItem, error: String, fix: String, now: Timestamp, tail: &mut Tail) -> Finish {
        tail.writes.push(Write::Finding(Box::new(Finding {
            key: format!("dead:{}", item.identity),
            kind: "dead".into(),
            severity: Severity::Error,
            tenant: Some(item.identity.tenant.clone()),
            site: None,
            identity: Some(item.identity.clone()),
            title: format!("{} cannot be brought into step", item.identity),
            detail: error.clone(),
            fix: Some(fix.clone()),
            count: None,
            since: now,
        })));
        Finish::Dead { error, fix }
    }

    async fn try_look(&self, item: &WorkItem, tail: &mut Tail) -> Result<(), Stop> {
        let active = self.active();
        let read = self.observe_person(item, &active, tail).await;
        if is_outage(&read) {
            tail.down = Some(Upstream::Tenant(item.identity.tenant.clone()));
        }
        let Some(person) = read? else { return Ok(()) };
        let id = &person.identity.id;
        let now = self.clock.now();
        let links = self.store.links_of(id).await?;
        let facts = Facts {
            account: None,
            applied: None,
            gone: person.gone,
            since: person.since,
            manager_account: None,
            delegate_account: None,
            linked: links.iter().any(|link| link.ended_at.is_none()),
            over: false,
        };
        let first = active.bound.evaluate(&person.identity, &facts, person.present.earliest);
        self.note_standing(&first, &person, now, tail);
        tail.review_by(first.review_at, "a date of theirs arrives");
        let over = over_everywhere(&person.identity, person.gone, &first);
        // One site in trouble does not keep the others waiting.
        let mut stopped = None;
        let mut looked_at = BTreeSet::new();
        // What ended is looked at again where nothing routes a leaver any more, and where a sweep found something left.
        let left_over = over.is_some() || item.source == Source::Sweep;
        let leaving = |moved: bool| match &over {
            Some(how) => Some(Leaving::Over(*how)),
            None if moved && !matches!(first.lifecycle, Lifecycle::Aside { .. }) => {
                Some(Leaving::Moved(first.settle_until))
            }
            None => None,
        };
        for link in links.iter().filter(|link| link.ended_at.is_none() || left_over) {
            if link.ended_at.is_some() && self.is_somebody_elses(link).await? {
                continue;
            }
            let moved = first.site.as_ref().is_some_and(|site| *site != link.account.site);
            let since = match &first.lifecycle {
                Lifecycle::Ended { since, .. } => since.or(Some(person.since)),
                _ => over.as_ref().map(|_| person.identity.status_changed.unwrap_or(person.since)),
            };
            if let Some(since) = since.filter(|_| link.ended_at.is_none()) {
                // The clock starts before anything is asked of the site: an outage there must not hide a leaver.
                tail.writes.push(Write::LeaverSeen {
                    identity: id.clone(),
                    site: link.account.site.clone(),
                    since,
                    seen_at: item.raised_at,
                });
            }
            let leaving = leaving(moved);
            if leaving.is_some() {
                looked_at.insert(link.account.site.clone());
                let done = self
                    .look_in_site(item, &active, &person, &links, &link.account.site, leaving, tail)
                    .await;
                if is_outage(&done) {
                    tail.down.get_or_insert_with(|| Upstream::Site(link.account.site.clone()));
                }
                keep_first(&mut stopped, done)?;
            }
        }
        let untouched = matches!(
            first.lifecycle,
            Lifecycle::OutOfScope | Lifecycle::NotYet { .. } | Lifecycle::Aside { .. }
        );
        if let Some(site) = first
            .site
            .as_ref()
            .filter(|site| !untouched || links.iter().any(|link| link.account.site == **site))
        {
            looked_at.insert(site.clone());
            let done = self.look_in_site(item, &active, &person, &links, site, None, tail).await;
            if is_outage(&done) {
                tail.down.get_or_insert_with(|| Upstream::Site(site.clone()));
            }
            keep_first(&mut stopped, done)?;
        }
        // What was sent and never answered is settled, also where nothing is wanted of them any more: an account may have been
        // made that nobody would know of.
        for site in self.unsettled_sites(id, &links, &looked_at).await? {
            looked_at.insert(site.clone());
            let leaving = leaving(first.site.as_ref() != Some(&site));
            let done = self.look_in_site(item, &active, &person, &links, &site, leaving, tail).await;
            if is_outage(&done) {
                tail.down.get_or_insert(Upstream::Site(site));
            }
            keep_first(&mut stopped, done)?;
        }
        if !matches!(first.lifecycle, Lifecycle::Aside { .. }) {
            self.leave_lines(id, &looked_at, tail).await?;
        }
        if let Some(stop) = stopped {
            return Err(stop);
        }
        tail.writes.push(Write::FindingOver { key: format!("dead:{id}"), at: now });
        self.read_groups_again(&person, tail);
        Ok(())
    }

    /// Sites in which something that was sent for them has no outcome, beside those that were looked at.
    async fn unsettled_sites(
        &self,
        id: &IdentityId,
        links: &[Link],
        looked_at: &BTreeSet<SiteId>,
    ) -> Result<BTreeSet<SiteId>, StoreFailure> {
        let open = self.store.open_intents(Some(id)).await?.into_iter().map(|open| open.intent.site);
        let mut sites: BTreeSet<SiteId> = open.filter(|site| self.sites().contains_key(site)).collect();
        if looked_at.is_empty() && links.is_empty() {
            for site in self.sites().keys() {
                if self.store.applied(id, site).await?.is_some_and(|applied| applied.unsure.made) {
                    sites.insert(site.clone());
                }
            }
        }
        sites.retain(|site| !looked_at.contains(site));
        Ok(sites)
    }

    /// Whether the account of a link that ended is another identity's now.
    async fn is_somebody_elses(&self, link: &Link) -> Result<bool, StoreFailure> {
        let all = self.store.links_to(&link.account).await?;
        Ok(all.iter().any(|other| other.identity != link.identity && other.ended_at.is_none()))
    }

    fn note_standing(&self, desired: &Desired, person: &Person, now: Timestamp, tail: &mut Tail) {
        let id = &person.identity.id;
        let key = format!("aside:{id}");
        match &desired.lifecycle {
            Lifecycle::Aside { why } => tail.writes.push(Write::Finding(Box::new(Finding {
                key,
                kind: "aside".into(),
                severity: Severity::Warning,
                tenant: Some(id.tenant.clone()),
                site: desired.site.clone(),
                identity: Some(id.clone()),
                title: format!("{} is set aside", person.identity.display_name()),
                detail: why.clone(),
                fix: Some(
                    "correct the data in Okta, or the policy; nothing was changed for this person".into(),
                ),
                count: None,
                since: now,
            }))),
            _ => tail.writes.push(Write::FindingOver { key, at: now }),
        }
    }

    /// The whole loop for one person in one site. `leaving`: they belong to it no longer.
    #[expect(clippy::too_many_arguments, reason = "one call site, all of them facts of the same look")]
    async fn look_in_site(
        &self,
        item: &WorkItem,
        active: &Active,
        person: &Person,
        links: &[Link],
        site: &SiteId,
        leaving: Option<Leaving>,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let Some(site) = self.sites().get(site) else {
            return Err(Stop::Dead {
                error: format!("policy routes them to site {site}, which the settings do not have"),
                fix: "add the site to the settings, or correct the routing".into(),
            });
        };
        // Also a look that began before the site was read, and was kept waiting, decides by nothing that it knew of the site then.
        if !active.has_read(site.id()) {
            site.read_first().await?;
            // One of several looks that come together.
            if !self.active().has_read(site.id()) {
                self.rebind(None);
            }
            return Err(Stop::Again {
                at: self.clock.now(),
                error: format!("{} was only just read for the first time", site.id()),
            });
        }
        let id = &person.identity.id;
        let scene = Scene { active, person, site, item };
        let mut link = links.iter().find(|link| &link.account.site == site.id()).cloned();
        if !tail.held.is_empty() {
            // One site at a time: what the last one taught is made durable before its locks are let go.
            self.write(tail.writes.clone()).await?;
            tail.writes.clear();
            tail.held.clear();
        }
        let names = lock_names(active, &person.identity, link.as_ref());
        tail.held.push(site.lock(names).await);
        let mut applied = self.store.applied(id, site.id()).await?.unwrap_or_default();
        let refused_before = !applied.failed.is_empty() || !applied.not_handed_over.is_empty();
        if item.source == Source::Person && item.attempts == 0 && refused_before {
            // Whoever asks for a look asks for another try as well.
            applied.failed.clear();
            applied.not_handed_over.clear();
            tail.writes.push(self.applied_write(&scene, &applied));
        }
        self.resolve_open_intents(&scene, &mut applied, tail).await?;
        tail.accounts += 1;
        let mut applying = self.applying(active, site, person).await?;
        let mut decided = None;
        let mut governed_on = None;
        let mut read_at = person.identity.read_at;
        for pass in 0..PASSES_APART_MAX {
            let passes = match applying.apart {
                true => PASSES_APART_MAX,
                false => (PASSES_MAX + applying.bookings_refused).min(PASSES_APART_MAX),
            };
            let last = pass + 1 >= passes;
            let ours = applying.sent_any;
            let mut view = self.observe_in_site(&scene, link.as_ref(), &applied, ours, tail).await?;
            if let Some(found) = &view.link {
                link = Some(found.clone());
            }
            if let Some(why) = &view.disputed {
                self.note_dispute(&scene, why, tail);
                let again = self.clock.now() + std::time::Duration::from_secs(3600);
                tail.recheck_by(again, "it may be clear by then whose account it is");
                return Ok(());
            }
            tail.writes.push(Write::FindingOver {
                key: format!("disputed:{id}:{}", site.id()),
                at: self.clock.now(),
            });
            self.settle(&scene, &view, &mut applied, tail).await?;
            self.note_seat(&scene, &view, tail);
            let mut desired = self.decide_once(&scene, &view, &applied, leaving, &mut decided).await?;
            // After a write of ours only a read from after it counts.
            let since = if applying.sent_any { self.clock.now() } else { self.trusted_since(&scene) };
            self.complete_items(&scene, &mut view, &desired, &applied, since).await?;
            // Who governs the account rests on the link and the decision; passes change neither as a rule.
            let ground = (link.clone(), std::mem::discriminant(&desired.lifecycle));
            if governed_on.as_ref() != Some(&ground) {
                if let Some(governor) = self.governor(&scene, &desired, link.as_ref()).await? {
                    self.stop_waiting(&scene, &mut applied, tail);
                    self.hand_doors_over(&scene, &desired, &mut applied, &mut applying, &governor, tail)
                        .await?;
                    self.note_governed(&scene, &desired, link.as_ref(), &mut applied, &governor, tail)
                        .await?;
                    return Ok(());
                }
                governed_on = Some(ground);
            }
            self.keep_substitute_name(&mut desired, &view, &applied);
            applying.asked = self.asked(&scene, &view, &applied, leaving, &desired, decided.as_ref()).await?;
            let gated =
                self.propose(&scene, &desired, &view, link.as_ref(), &applied, &applying, false).await?;
            let plan = &gated.plan;
            self.note_leaver(&scene, plan, &mut link, tail);
            applying.note_effects(plan);
            let open = plan.open_steps().count();
            if open == 0 || !self.may_write(site.id()) {
                if self.may_write(site.id()) {
                    self.record_clearances(&desired, &gated, &applying, &scene).await?;
                }
                self.remember(&scene, &desired, &view, link.as_ref(), &mut applied, plan, &applying, tail)
                    .await?;
                self.note_doors(&scene, plan, tail);
                tail.sites.push(site.id().clone());
                if let Some(why) = applying.doors_wait.take() {
                    // The rest was done and is remembered.
                    let pause = self.settings.backoff(item.attempts, &item.identity.user);
                    let error = format!("the badge system of {} has not acknowledged: {why}", site.id());
                    return Err(Stop::Again { at: self.clock.now() + pause, error });
                }
                return match applying.refused.take() {
                    // The rest was done and is remembered; what was refused waits for a person.
                    Some((error, fix)) => Err(Stop::Dead { error, fix }),
                    None => Ok(()),
                };
            }
            let now = self.clock.now();
            if !applying.sent_any
                && let Some(until) = self.echoes.holds_until(plan, now)
            {
                let pause = self.settings.backoff(item.attempts, &item.identity.user);
                return Err(Stop::Again {
                    at: until.min(now + pause),
                    error: format!("{} does not show our last write yet: it is read again first", site.id()),
                });
            }
            if last && applying.answers_lost && !applying.repeats(plan) {
                // Nothing that was accepted is missing: that is an outage, and says nothing against this record.
                let reason = "answers to writes are lost".to_owned();
                let upstream = site.id().to_string();
                return Err(Stop::Port(PortFailure::Unavailable { upstream, reason }));
            }
            if last || applying.repeats(plan) {
                return Err(self.not_effective(&scene, plan, tail));
            }
            self.still_as_read(&scene, plan.ending.is_some(), &mut read_at).await?;
            self.groups_still_there(&scene, plan).await?;
            if let (Lifecycle::Paused { loses }, Some(account)) = (&desired.lifecycle, &view.account)
                && loses.roles
                && let Some(roles) = &account.roles
                && !roles.is_empty()
            {
                // What the policy itself does not give comes back as it was when the leave ends.
                let given: Vec<_> = roles
                    .iter()
                    .filter(|(center, _)| !applied.roles.contains_key(center))
                    .map(|(c, r)| (*c, *r))
                    .collect();
                applied.set_aside.extend(given);
                tail.writes.push(self.applied_write(&scene, &applied));
            }
            let before = view.account.as_ref();
            let done = self.apply(&scene, plan, before, &mut link, &mut applied, &mut applying, tail).await;
            if applying.sent_any {
                self.echoes.note(id, site.id(), applying.accepted().clone(), self.clock.now());
            }
            done?;
            tail.changed |= applying.sent_any;
        }
        Ok(())
    }

    fn not_effective(&self, scene: &Scene<'_>, plan: &Plan, tail: &mut Tail) -> Stop {
        let open: Vec<String> = plan
            .open_steps()
            .flat_map(|(_, step)| step.differences.iter())
            .map(|d| format!("{} {}", d.effect.symbol(), d.what))
            .collect();
        let now = self.clock.now();
        tail.writes.push(Write::Verified { plan: plan.id.clone(), at: now, open: open.clone() });
        tail.writes.push(
            line(
                &scene.person.identity.id.tenant,
                now,
                "verified",
                "the site accepted a change that does not show",
            )
            .about(&scene.person.identity.id, &plan.person)
            .site(scene.site.id())
            .severity(Severity::Error)
            .detail(open.join("; "))
            .write(),
        );
        let error =
            format!("accepted by {} but not effective when read back: {}", scene.site.id(), open.join("; "));
        if !self.strike(&scene.item.identity) {
            Stop::Again {
                at: now + self.settings.backoff(scene.item.attempts, &scene.item.identity.user),
                error,
            }
        } else {
            Stop::Dead {
                error,
                fix: "look at the account in iOffice: another writer, a rule there, or a missing right"
                    .into(),
            }
        }
    }
}

/// Why somebody has nothing more to do with a site where they have an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Leaving {
    /// They are routed to another site; their data may still be arriving until then.
    Moved(Option<Timestamp>),
    /// Gone, and routing no longer knows where they belonged.
    Over(Ending),
}

impl Leaving {
    /// What is wanted of them there. `since`: since when it is so, as far as their data does not tell otherwise.
    pub(crate) fn decide(
        self,
        active: &Active,
        identity: &Identity,
        facts: &Facts<'_>,
        site: &SiteId,
        since: Timestamp,
        now: Timestamp,
    ) -> Desired {
        let leaver = match self {
            Self::Over(_) => active.bound.evaluate_leaver(identity, facts, site, now),
            Self::Moved(_) => None,
        };
        let Some(mut desired) = leaver else { return self.desired(&identity.id, site, since, now) };
        if let Lifecycle::Ended { since: from @ None, .. } = &mut desired.lifecycle {
            *from = Some(since);
        }
        desired
    }

    fn desired(self, id: &IdentityId, site: &SiteId, since: Timestamp, now: Timestamp) -> Desired {
        let (how, text) = match self {
            Self::Moved(_) => {
                (Ending::LeftScope, format!("they belong to another site now, no longer to {site}"))
            }
            Self::Over(Ending::Deleted) => (Ending::Deleted, "deleted in Okta".to_owned()),
            Self::Over(how) => (how, "status is DEPROVISIONED".to_owned()),
        };
        let mut desired = Desired::nothing(id.clone(), Lifecycle::Ended { since: Some(since), how });
        desired.site = Some(site.clone());
        desired.because = vec![Because { rule: "routing".into(), row: None, text }];
        if let Self::Moved(Some(until)) = self
            && until > now
        {
            desired.settle_until = Some(until);
            desired.review_by(until);
        }
        desired
    }
}

/// Whether somebody left whom no route concerns any more (routes may rest on groups and attributes that go first).
/// Status outranks membership: what they still have is taken back where it is.
pub(crate) fn over_everywhere(
    identity: &Identity,
    gone: Option<Timestamp>,
    first: &Desired,
) -> Option<Ending> {
    if first.site.is_some() {
        return None;
    }
    match gone {
        Some(_) => Some(Ending::Deleted),
        None => (identity.status == Status::Deprovisioned).then_some(Ending::Deactivated),
    }
}

/// Whether something ended for want of a useful answer, which may come by itself.
fn is_outage<T>(done: &Result<T, Stop>) -> bool {
    matches!(done, Err(Stop::Port(PortFailure::Unavailable { .. } | PortFailure::Denied { .. })))
}

/// Keeps the first reason to stop. A store that fails stops everything.
fn keep_first(stopped: &mut Option<Stop>, done: Result<(), Stop>) -> Result<(), Stop> {
    match done {
        Err(stop @ Stop::Store(_)) => return Err(stop),
        Err(stop) => {
            stopped.get_or_insert(stop);
        }
        Ok(()) => {}
    }
    Ok(())
}

/// Names held while this person is worked on in a site: their account, or every key that could find one; and, so that what
/// one identity of theirs leaves to another is not written over by a look at that one, what joins them.
fn lock_names(active: &Active, identity: &Identity, link: Option<&Link>) -> BTreeSet<String> {
    let person = active.policy.person_key(identity).map(|key| format!("person {key}"));
    let own = [format!("identity {}", identity.id)].into_iter().chain(person);
    match link {
        Some(link) => own.chain([format!("account {}", link.account.id)]).collect(),
        None => {
            let keys = active.policy.identity_keys(identity);
            own.chain(keys.into_iter().map(|(kind, value)| format!("{kind} {value}"))).collect()
        }
    }
}
