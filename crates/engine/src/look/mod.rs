//! One look at one identity: read afresh, decide, plan, apply, read back, remember.
//!
//! A look is safe to repeat from the start at any point: what it does is decided from fresh reads, each operation
//! has a durable intent before it is sent, and the last thing it does is to end its claim.

mod account;
mod apply;
pub(crate) mod person;
mod remember;

use std::collections::BTreeSet;

use jiff::Timestamp;
use lanyard_model::{
    booking::Booking,
    desired::{Applied, Because, Desired, Ending, Lifecycle},
    id::{AccountId, AccountKey, IdentityId, SiteId},
    identity::Identity,
    link::Link,
    plan::Plan,
};
use lanyard_plan::{Observation, Removal, Seen, Setting, plan_identity};
use lanyard_policy::Facts;

use crate::{
    Engine,
    engine::{Active, manager_key},
    journal::line,
    ports::{Finding, Finish, PortFailure, Severity, StoreFailure, WorkItem, Write},
    site::SiteState,
};

pub(crate) use account::{AccountView, contradiction, is_alive};
pub(crate) use apply::Applying;
pub(crate) use person::{Person, is_same};
pub(crate) use remember::note_applied;

/// Passes of one look: observe, apply, read back. More only after unknown outcomes,
/// refused desks or a fallback.
const PASSES_MAX: u32 = 6;

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
    pub(crate) review: Option<(Timestamp, String)>,
    /// Something was changed upstream by this look.
    pub(crate) changed: bool,
    /// Something is still open: look again then.
    pub(crate) again: Option<(Timestamp, String)>,
}

impl Tail {
    pub(crate) fn review_by(&mut self, at: Option<Timestamp>, why: &str) {
        if let Some(at) = at
            && self.review.as_ref().is_none_or(|(known, _)| at < *known)
        {
            self.review = Some((at, why.to_owned()));
        }
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
    pub(crate) async fn look(&self, item: WorkItem) {
        let mut tail = Tail::default();
        let outcome = self.try_look(&item, &mut tail).await;
        let now = self.clock.now();
        let finish = match outcome {
            Ok(()) => match tail.again.take() {
                Some((at, error)) => Finish::Retry { at, error },
                None => Finish::Done { review_at: tail.review.take() },
            },
            Err(stop) => self.finish_stopped(&item, stop, now, &mut tail),
        };
        let quiet = !tail.changed;
        let verified = matches!(finish, Finish::Done { .. });
        let mut batch = std::mem::take(&mut tail.writes);
        batch.push(Write::Finish { item: Box::new(item.clone()), how: finish });
        if let Err(failure) = self.write(batch).await {
            // The claim runs out by itself and the look is repeated; nothing is lost.
            tracing::error!(identity = %item.identity, %failure, "the end of a look could not be recorded");
        }
        let took = now.duration_since(item.raised_at).try_into().unwrap_or_default();
        self.latency.note(took, |totals| {
            totals.looks += 1;
            totals.quiet += u64::from(quiet);
            totals.changes += u64::from(!quiet);
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
                    since: now,
                })));
                Finish::Retry { at: now + std::time::Duration::from_secs(60), error: reason }
            }
            Stop::Port(failure) if item.attempts + 1 < self.settings.attempts_max => {
                retry(failure.to_string())
            }
            Stop::Port(failure) => {
                self.dead(item, failure.to_string(), "look at the upstream's answer".into(), now, tail)
            }
            Stop::Dead { error, fix } => self.dead(item, error, fix, now, tail),
        }
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
            since: now,
        })));
        Finish::Dead { error, fix }
    }

    async fn try_look(&self, item: &WorkItem, tail: &mut Tail) -> Result<(), Stop> {
        let active = self.active();
        let Some(person) = self.observe_person(item, &active, tail).await? else { return Ok(()) };
        let id = &person.identity.id;
        let now = self.clock.now();
        let links = self.store.links_of(id).await?;
        let facts = Facts {
            account: None,
            applied: None,
            gone: person.gone,
            since: person.since,
            manager_account: None,
            linked: links.iter().any(|link| link.ended_at.is_none()),
        };
        let first = active.bound.evaluate(&person.identity, &facts, now);
        self.note_standing(&first, &person, now, tail);
        tail.review_by(first.review_at, "a date of theirs arrives");
        for link in &links {
            let moved = first.site.as_ref().is_some_and(|site| *site != link.account.site);
            if moved && link.ended_at.is_none() && !matches!(first.lifecycle, Lifecycle::Aside { .. }) {
                self.look_in_site(item, &active, &person, &links, &link.account.site, true, tail).await?;
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
            self.look_in_site(item, &active, &person, &links, site, false, tail).await?;
        }
        tail.writes.push(Write::FindingOver { key: format!("dead:{id}"), at: now });
        Ok(())
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
                since: now,
            }))),
            _ => tail.writes.push(Write::FindingOver { key, at: now }),
        }
    }

    /// The whole loop for one person in one site. `leaving`: the person is routed elsewhere now.
    #[expect(clippy::too_many_arguments, reason = "one call site, all of them facts of the same look")]
    async fn look_in_site(
        &self,
        item: &WorkItem,
        active: &Active,
        person: &Person,
        links: &[Link],
        site: &SiteId,
        leaving: bool,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let Some(site) = self.sites().get(site) else {
            return Err(Stop::Dead {
                error: format!("policy routes them to site {site}, which the settings do not have"),
                fix: "add the site to the settings, or correct the routing".into(),
            });
        };
        let id = &person.identity.id;
        let scene = Scene { active, person, site, item };
        let mut link = links.iter().find(|link| &link.account.site == site.id()).cloned();
        let _held = site.lock(lock_names(active, &person.identity, link.as_ref())).await;
        let mut applied = self.store.applied(id, site.id()).await?.unwrap_or_default();
        self.resolve_open_intents(&scene, &mut applied, tail).await?;
        self.latency.count(|totals| totals.account_looks += 1);
        let mut applying = Applying::default();
        for pass in 0..PASSES_MAX {
            let view = self.observe_in_site(&scene, link.as_ref(), tail).await?;
            if let Some(found) = &view.link {
                link = Some(found.clone());
            }
            if let Some(why) = &view.disputed {
                self.note_dispute(&scene, why, tail);
                return Ok(());
            }
            tail.writes.push(Write::FindingOver {
                key: format!("disputed:{id}:{}", site.id()),
                at: self.clock.now(),
            });
            let mut desired = self.decide(&scene, &view, &applied, leaving).await?;
            if let Some(governor) = self.governor(&scene, &desired, link.as_ref()).await? {
                self.note_governed(&scene, &desired, link.as_ref(), &governor, tail);
                return Ok(());
            }
            self.keep_substitute_name(&mut desired, &view, &applied);
            let plan =
                self.propose(&scene, &desired, &view, link.as_ref(), &applied, &applying, false).await?;
            self.note_leaver(&scene, &plan, link.as_ref(), tail);
            applying.note_effects(&plan);
            let open = plan.open_steps().count();
            if open == 0 || self.settings.observe_only {
                self.remember(&scene, &desired, &view, link.as_ref(), &mut applied, &plan, &applying, tail)
                    .await?;
                return Ok(());
            }
            if pass + 1 == PASSES_MAX || applying.repeats(&plan) {
                return Err(self.not_effective(&scene, &plan, tail));
            }
            if let (Lifecycle::Paused { loses }, Some(account)) = (&desired.lifecycle, &view.account)
                && loses.roles
                && let Some(roles) = &account.roles
                && !roles.is_empty()
            {
                // What the policy itself does not give comes back as it was when the leave ends.
                applied.set_aside = roles
                    .iter()
                    .filter(|(center, _)| !applied.roles.contains_key(center))
                    .map(|(c, r)| (*c, *r))
                    .collect();
                tail.writes.push(self.applied_write(&scene, &applied));
            }
            self.apply(&scene, &plan, &mut link, &mut applied, &mut applying, tail).await?;
            tail.changed |= applying.sent_any;
        }
        Ok(())
    }

    /// Reads the account evaluation needs, then evaluates.
    pub(crate) async fn decide(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &Applied,
        leaving: bool,
    ) -> Result<Desired, Stop> {
        let manager_account = self.manager_account(scene).await?;
        let facts = Facts {
            account: view.account.as_ref(),
            applied: Some(applied),
            gone: scene.person.gone,
            since: scene.person.since,
            manager_account,
            linked: view.link.as_ref().is_some_and(|link| link.ended_at.is_none()),
        };
        let now = self.clock.now();
        if leaving {
            let mut desired = Desired::nothing(
                scene.person.identity.id.clone(),
                Lifecycle::Ended { since: Some(scene.person.since), how: Ending::LeftScope },
            );
            desired.site = Some(scene.site.id().clone());
            desired.because = vec![Because {
                rule: "routing".into(),
                row: None,
                text: format!("they belong to another site now, no longer to {}", scene.site.id()),
            }];
            return Ok(desired);
        }
        Ok(scene.active.bound.evaluate(&scene.person.identity, &facts, now))
    }

    async fn manager_account(&self, scene: &Scene<'_>) -> Result<Option<AccountId>, Stop> {
        let Some(reference) = scene.active.bound.manager_reference(&scene.person.identity) else {
            return Ok(None);
        };
        let tenant = &scene.person.identity.id.tenant;
        for key in &reference.keys {
            let found = match manager_key(key) {
                Err(id) => vec![IdentityId::new(tenant.clone(), id)],
                Ok((kind, value)) => self.store.identities_by_key(kind, value).await?,
            };
            let mut here = found.into_iter().filter(|id| &id.tenant == tenant);
            if let (Some(manager), None) = (here.next(), here.next())
                && let Some(link) = self.store.link(&manager, scene.site.id()).await?
                && link.ended_at.is_none()
            {
                return Ok(Some(link.account.id));
            }
        }
        Ok(None)
    }

    /// Compares and seals. Future bookings are read by a scan of the whole calendar, which takes time: unless `whole`
    /// is asked for, a leaver's access is taken back before the scan, and the bookings follow in the next pass.
    #[expect(clippy::too_many_arguments, reason = "two call sites, all of them facts of the same look")]
    pub(crate) async fn propose(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        view: &AccountView,
        link: Option<&Link>,
        applied: &Applied,
        applying: &Applying,
        whole: bool,
    ) -> Result<Plan, Stop> {
        let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let loses_bookings =
            matches!(&desired.lifecycle, Lifecycle::Paused { loses } if loses.bookings || loses.account);
        let account_key =
            view.account.as_ref().map(|account| account.key.clone()).or(link.map(|l| l.account.clone()));
        let compare =
            |bookings| self.compare(scene, desired, view, account_key.as_ref(), applied, applying, bookings);
        let Some(key) = account_key.as_ref().filter(|_| ended || loses_bookings) else {
            return Ok(compare(None));
        };
        if !whole {
            let access = compare(None);
            if access.open_steps().next().is_some() {
                return Ok(access);
            }
        }
        let since = applying.bookings_since.unwrap_or(scene.item.raised_at);
        let lane = apply::lane_of(ended, scene.item.lane);
        let bookings = scene.site.bookings_of(key.id, since, || self.clock.now(), lane).await?;
        Ok(compare(Some(bookings.as_slice())))
    }

    /// The comparison itself. Desks chosen here are promised until the look ends.
    #[expect(clippy::too_many_arguments, reason = "one caller; all of them facts of the same look")]
    fn compare(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        view: &AccountView,
        account_key: Option<&AccountKey>,
        applied: &Applied,
        applying: &Applying,
        bookings: Option<&[Booking]>,
    ) -> Plan {
        let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let catalogue = scene.site.catalogue();
        let now = self.clock.now();
        let removal = Removal {
            protected: scene.active.policy.protects(&scene.person.identity).map(|because| because.text),
            doubt: doubt_of(&scene.person.identity, desired).or_else(|| self.missing_groups_doubt(desired)),
            settle_until: desired.settle_until,
        };
        let mut seating = scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(account) = &view.account {
            seating.sit(account.id(), account.seat.map(|seat| seat.room));
        }
        let person = scene.person.identity.display_name();
        let mut plan = plan_identity(
            desired,
            &Observation {
                account: match &view.account {
                    Some(account) => Seen::Present(account),
                    None => Seen::Absent,
                },
                link: account_key,
                bookings,
                applied,
            },
            &Setting {
                site: scene.site.id(),
                catalogue: &catalogue,
                seating: &seating,
                removal: &removal,
                policy: scene.active.policy.seal(),
                now,
                lane: apply::lane_of(ended, scene.item.lane),
                attempt: applying.bookings_refused,
                person: &person,
            },
        );
        apply::mark_barred(&mut plan, applying);
        for (_, step) in plan.open_steps() {
            use lanyard_model::plan::Operation::{Create, Update};
            if let Create { patch } | Update { patch } = &step.op
                && let Some(Some(room)) = patch.seat
            {
                seating.promise(&desired.identity, room);
            }
        }
        plan
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
        if scene.item.attempts + 1 < self.settings.attempts_max {
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

/// Names held while this person is worked on in a site: their account, or every key that could find one.
fn lock_names(active: &Active, identity: &Identity, link: Option<&Link>) -> BTreeSet<String> {
    match link {
        Some(link) => BTreeSet::from([format!("account {}", link.account.id)]),
        None => active
            .policy
            .identity_keys(identity)
            .into_iter()
            .map(|(kind, value)| format!("{kind} {value}"))
            .chain([format!("identity {}", identity.id)])
            .collect(),
    }
}

/// One person is proven by a fresh read by id; what rests on groups needs the whole list of them.
pub(crate) fn doubt_of(identity: &Identity, desired: &Desired) -> Option<String> {
    match &desired.lifecycle {
        Lifecycle::Ended { how: Ending::LeftScope, .. } | Lifecycle::Active if !identity.groups.complete => {
            Some("not all of their groups could be read".into())
        }
        _ => None,
    }
}
