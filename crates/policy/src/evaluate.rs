//! What one person should have, and why: routing, standing, profile, flows.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    desired::{Applied, Because, Desired, Ending, Lifecycle, SeatWish},
    failure::FailedStep,
    id::{AccountId, SiteId},
    identity::{Identity, Status},
};

use crate::{
    bind::Bound,
    condition::{Truth, all},
    correlation::{ManagerRef, manager_reference},
    document::{Document, Flow, HandOver, Kind},
    failing::Failures,
    lifecycle::{grounds, lack, settle_until, standing},
    merge::{self, Scene},
    place::{self, Spot},
    profile,
    subject::{Subject, Telling, without_groups},
    table::Found,
    visit,
};

/// What is known about the person besides the identity.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The account the identity is linked to, as last read.
    pub account: Option<&'a Account>,
    /// What we last brought about.
    pub applied: Option<&'a Applied>,
    /// Proven deleted in Okta since.
    pub gone: Option<Timestamp>,
    /// The identity's content is unchanged since.
    pub since: Timestamp,
    /// The manager's account in the same site.
    pub manager_account: Option<AccountId>,
    /// The account there of whoever stands in for the person by delegation.
    pub delegate_account: Option<AccountId>,
    /// The identity has a link to an account in the site.
    pub linked: bool,
    /// Their access there ends or has ended, and the account is not live: what is left there, or turns up later, is still theirs to
    /// lose. Only a look reads what that could be (bookings): nobody else needs to know.
    pub over: bool,
}

impl Facts<'_> {
    /// A person of whom nothing is known yet.
    pub fn unlinked(since: Timestamp) -> Self {
        Self {
            account: None,
            applied: None,
            gone: None,
            since,
            manager_account: None,
            delegate_account: None,
            linked: false,
            over: false,
        }
    }
}

/// What of the facts a decision rests on. The same identity under the same policy gets the same answer on equal grounds,
/// until its `review_at`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    has_account: bool,
    held: Option<(SeatWish, Option<Spot>)>,
    ours: bool,
    visits: BTreeMap<String, i64>,
    failed: BTreeMap<String, FailedStep>,
    not_handed_over: BTreeMap<AccountId, String>,
    ended_since: Option<Timestamp>,
    gone: Option<Timestamp>,
    since: Timestamp,
    manager_account: Option<AccountId>,
    delegate_account: Option<AccountId>,
    linked: bool,
    over: bool,
}

impl Grounds {
    /// The manager's account among them.
    pub fn manager_account(&self) -> Option<AccountId> {
        self.manager_account
    }

    /// The account of whoever stands in for the person.
    pub fn delegate_account(&self) -> Option<AccountId> {
        self.delegate_account
    }
}

impl Facts<'_> {
    /// Whether anything is there that we brought about.
    pub(crate) fn has_ours(&self) -> bool {
        self.applied.is_some_and(Applied::is_anything)
    }

    /// What a decision would rest on.
    pub fn grounds(&self) -> Grounds {
        Grounds {
            has_account: self.account.is_some(),
            held: self.account.and_then(place::held),
            ours: self.has_ours(),
            visits: self.applied.map(|applied| applied.visits.clone()).unwrap_or_default(),
            failed: self.applied.map(|applied| applied.failed.clone()).unwrap_or_default(),
            not_handed_over: self.applied.map(|applied| applied.not_handed_over.clone()).unwrap_or_default(),
            ended_since: self.applied.and_then(|applied| applied.ended_since),
            gone: self.gone,
            since: self.since,
            manager_account: self.manager_account,
            delegate_account: self.delegate_account,
            linked: self.linked,
            over: self.over,
        }
    }
}

pub(crate) enum Routed<'a> {
    To(&'a SiteId, Option<Because>),
    Nowhere,
    Unclear(String),
}

pub(crate) fn route<'a>(document: &'a Document, subject: &Subject<'_>) -> Routed<'a> {
    for (at, route) in document.routes.iter().enumerate() {
        if route.tenant.as_ref().is_some_and(|tenant| *tenant != subject.identity.id.tenant) {
            continue;
        }
        match all(&route.conditions, subject) {
            Truth::Yes => {
                subject.route.set(Some(at));
                return Routed::To(
                    &route.site,
                    subject.told().then(|| {
                        let text = subject.say(|| {
                            let from = format!("comes from {}", subject.identity.id.tenant);
                            match route.conditions.as_slice() {
                                [] => from,
                                list => format!("{from}, {}", grounds(list, subject)),
                            }
                        });
                        Because { rule: format!("route {}", at + 1), row: None, text }
                    }),
                );
            }
            Truth::No => {}
            Truth::Unknown => return Routed::Unclear(lack(&route.conditions, subject)),
            Truth::Broken(why) => return Routed::Unclear(why),
        }
    }
    Routed::Nowhere
}

impl Bound {
    /// What policy wants for the identity at `now`. Total and deterministic; reads nothing but its arguments and the
    /// time zone database.
    pub fn evaluate(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> Desired {
        self.answer(identity, facts, now, true, true).0
    }

    /// The same without the flows that ask something first: what they alone give waits for their answer.
    pub fn evaluate_unasked(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> Desired {
        self.answer(identity, facts, now, true, false).0
    }

    /// The same without any reason: `because` and `not_given` are empty. Many times quicker, for comparing whole
    /// populations; [`Bound::evaluate`] tells the reasons of whoever turns out to matter.
    pub fn evaluate_mute(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> Desired {
        self.answer(identity, facts, now, false, true).0
    }

    /// The same with reasons that name their rules and rows of tables, and have no text: for asking which rules decide about
    /// whole populations.
    pub fn evaluate_naming(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> Desired {
        self.answer(identity, facts, now, Telling::Rules, true).0
    }

    /// [`Bound::evaluate`], or without `told` [`Bound::evaluate_mute`], and how many expressions (CEL) were evaluated for it.
    pub fn evaluate_counting(
        &self,
        identity: &Identity,
        facts: &Facts<'_>,
        now: Timestamp,
        told: bool,
    ) -> (Desired, u32) {
        self.answer(identity, facts, now, told, true)
    }

    /// What policy wants of somebody deactivated or deleted in a site where they have an account, and to which no route
    /// leads them any more (routes may rest on groups and attributes that go first): as if they belonged there still, so
    /// that what is asked before a leaver loses something, and what becomes of their bookings, holds for them as well.
    /// `None`: their standing there would not be that end.
    pub fn evaluate_leaver(
        &self,
        identity: &Identity,
        facts: &Facts<'_>,
        site: &SiteId,
        now: Timestamp,
    ) -> Option<Desired> {
        self.with_subject(identity, now, true, |subject| {
            let leads = |theirs: bool| {
                self.document.routes.iter().position(|route| {
                    let of = route.tenant.as_ref().filter(|_| theirs);
                    route.site == *site && of.is_none_or(|of| *of == identity.id.tenant)
                })
            };
            subject.route.set(leads(true).or_else(|| leads(false)));
            let mut desired = self.decide(subject, site, facts, now, true);
            if let Some(at) = subject.turns.get() {
                desired.review_by(at);
            }
            let is_end = matches!(
                desired.lifecycle,
                Lifecycle::Ended { how: Ending::Deactivated | Ending::Deleted, .. }
            );
            is_end.then_some(desired)
        })
    }

    fn answer(
        &self,
        identity: &Identity,
        facts: &Facts<'_>,
        now: Timestamp,
        told: impl Into<Telling>,
        asking_flows: bool,
    ) -> (Desired, u32) {
        let told = told.into();
        let (mut desired, expressions) = self.reasoned(identity, facts, now, told, asking_flows);
        if told == Telling::Nothing {
            // A few rare answers need their own reasons on the way.
            desired.because.clear();
            desired.notices.iter_mut().for_each(|notice| notice.because.clear());
            desired.todos.iter_mut().for_each(|todo| todo.because.clear());
        }
        (desired, expressions)
    }

    fn reasoned(
        &self,
        identity: &Identity,
        facts: &Facts<'_>,
        now: Timestamp,
        told: Telling,
        asking_flows: bool,
    ) -> (Desired, u32) {
        self.with_subject(identity, now, told, |subject| {
            let desired = self.routed(subject, facts, now, asking_flows);
            (desired, subject.expressions.get())
        })
    }

    fn routed(
        &self,
        subject: &Subject<'_>,
        facts: &Facts<'_>,
        now: Timestamp,
        asking_flows: bool,
    ) -> Desired {
        let identity = subject.identity;
        match route(&self.document, subject) {
            Routed::To(site, because) => {
                let mut desired = self.decide(subject, site, facts, now, asking_flows);
                if let Some(because) = because {
                    desired.because.insert(0, because);
                }
                if let Some(at) = subject.turns.get() {
                    desired.review_by(at);
                }
                desired
            }
            Routed::Nowhere => {
                let mut desired = Desired::nothing(identity.id.clone(), Lifecycle::OutOfScope);
                let text = format!("no route concerns this person, who comes from {}", identity.id.tenant);
                desired.because.push(Because { rule: "route".into(), row: None, text });
                desired.review_at = subject.turns.get();
                desired
            }
            Routed::Unclear(why) => {
                let mut desired =
                    Desired::nothing(identity.id.clone(), Lifecycle::Aside { why: why.clone() });
                desired.because.push(Because { rule: "route".into(), row: None, text: why });
                desired
            }
        }
    }

    /// Who the profile says the manager is, for the engine to look up.
    pub fn manager_reference(&self, identity: &Identity) -> Option<ManagerRef> {
        manager_reference(&self.document, identity)
    }

    /// Runs `then` with the person as conditions see them.
    pub(crate) fn with_subject<T>(
        &self,
        identity: &Identity,
        now: Timestamp,
        told: impl Into<Telling>,
        then: impl FnOnce(&Subject<'_>) -> T,
    ) -> T {
        let missing = Some(&*self.missing).filter(|missing| !missing.is_empty());
        without_groups(&self.document, missing, identity, now, told, then)
    }

    /// Whether a flow may announce a visit of theirs, whose host would be the manager; or they left, or are on a leave that
    /// takes bookings, or may be, and the manager takes those over. Nothing else asks for the manager's account.
    pub fn may_want_manager(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> bool {
        let hands_over = self.document.lifecycle.bookings.iter().any(|rule| rule.hand_over.is_some());
        if hands_over && self.loses_bookings(identity, facts, now) {
            return true;
        }
        let announces = |flow: &&Flow| flow.gives.iter().any(|what| matches!(what.kind, Kind::Visit { .. }));
        let mut flows = self.document.flows.iter().filter(announces).peekable();
        flows.peek().is_some()
            && self.with_subject(identity, now, false, |subject| {
                let _ = route(&self.document, subject);
                flows.any(|flow| !matches!(all(&flow.conditions, subject), Truth::No))
            })
    }

    /// Whether they left, or are on a leave that takes bookings, or may be, and whoever stands in for them takes those over.
    /// Nothing else asks for that account.
    pub fn may_want_delegate(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> bool {
        let mut rules = self.document.lifecycle.bookings.iter();
        rules.any(|rule| rule.hand_over == Some(HandOver::Delegate))
            && self.loses_bookings(identity, facts, now)
    }

    fn loses_bookings(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp) -> bool {
        self.with_subject(identity, now, false, |subject| {
            // Standing may rest on where somebody belongs.
            let _ = route(&self.document, subject);
            match standing(&self.document, subject, facts, now).lifecycle {
                Lifecycle::Ended { .. } => true,
                Lifecycle::Paused { loses } => loses.bookings,
                _ => false,
            }
        })
    }

    /// How many flows give nothing and only restrict.
    pub fn restrictions(&self) -> usize {
        self.document.flows.iter().filter(|flow| flow.gives.is_empty()).count()
    }

    /// Flows that give nothing and restrict this person, whether or not anybody would give what they deny.
    pub fn restricted_by(&self, identity: &Identity, now: Timestamp) -> Vec<&str> {
        let mut flows = self.document.flows.iter().filter(|flow| flow.gives.is_empty()).peekable();
        if flows.peek().is_none() {
            return Vec::new();
        }
        self.with_subject(identity, now, false, |subject| {
            // Conditions may rest on where somebody belongs.
            let _ = route(&self.document, subject);
            let concerns = |flow: &&Flow| match all(&flow.conditions, subject) {
                Truth::Yes => flow
                    .table
                    .as_ref()
                    .is_none_or(|table| matches!(subject.found(table), Found::Row(_) | Found::Unknown(_))),
                // A restriction that may concern the person holds.
                Truth::Unknown => true,
                Truth::No | Truth::Broken(_) => false,
            };
            flows.filter(concerns).map(|flow| flow.id.as_str()).collect()
        })
    }

    /// The site that routing leads to, whatever the person's standing.
    pub fn site_of(&self, identity: &Identity, now: Timestamp) -> Option<SiteId> {
        self.with_subject(identity, now, false, |subject| match route(&self.document, subject) {
            Routed::To(site, _) => Some(site.clone()),
            _ => None,
        })
    }

    fn decide(
        &self,
        subject: &Subject<'_>,
        site_id: &SiteId,
        facts: &Facts<'_>,
        now: Timestamp,
        asking_flows: bool,
    ) -> Desired {
        let document = &*self.document;
        let identity = subject.identity;
        let standing = standing(document, subject, facts, now);
        let mut desired = Desired::nothing(identity.id.clone(), standing.lifecycle);
        desired.site = Some(site_id.clone());
        desired.because = standing.because;
        desired.notices = standing.notices;
        standing.review.iter().for_each(|at| desired.review_by(*at));
        desired.settle_until = settle_until(document, &desired.lifecycle, identity, facts, now);
        // A removal that waits for it brings the next look itself; where nothing waits, nothing is to be read again.
        if let Some(at) = desired.settle_until.filter(|_| identity.transitioning) {
            desired.review_by(at);
        }
        let Some(site) = self.site(site_id, &identity.id.tenant) else {
            if !matches!(desired.lifecycle, Lifecycle::OutOfScope) {
                desired.problems.push(format!("the places of site {site_id} are not known yet"));
            }
            return desired;
        };
        match desired.lifecycle {
            Lifecycle::Active | Lifecycle::Paused { .. } => {}
            Lifecycle::Ended { since, .. } => {
                desired.owned = Arc::clone(&site.owned);
                let seen = facts.applied.and_then(|applied| applied.ended_since);
                let since = since.or(seen).unwrap_or(facts.since);
                desired.keeps = visit::kept(document, since, "the end", subject.zone, facts);
                visit::add_checkouts(facts, &mut desired);
                let failures = Failures::of(document, facts);
                if !failures.is_empty() {
                    failures.note(&[], &identity.display_name(), subject.told(), now, &mut desired);
                }
                return desired;
            }
            Lifecycle::OutOfScope | Lifecycle::NotYet { .. } | Lifecycle::Aside { .. } => return desired,
        }
        desired.owned = Arc::clone(&site.owned);
        if matches!(desired.lifecycle, Lifecycle::Paused { loses } if loses.bookings) {
            let suspended = identity.status_changed.filter(|_| identity.status == Status::Suspended);
            let since = suspended.unwrap_or(facts.since);
            desired.keeps = visit::kept(document, since, "the leave's beginning", subject.zone, facts);
        }
        profile::add(document, site, subject, &mut desired);
        let scene = Scene {
            document,
            site,
            site_id,
            subject,
            facts,
            now,
            begin: standing.begin,
            end_at: standing.end_at,
            asking_flows,
        };
        if let Err((rule, why)) = merge::add(&scene, &mut desired) {
            // A rule that cannot be decided must not look like one that gives nothing.
            let mut aside = Desired::nothing(identity.id.clone(), Lifecycle::Aside { why: why.clone() });
            aside.site = Some(site_id.clone());
            aside.because = desired.because;
            aside.because.push(Because { rule, row: None, text: why });
            aside.review_at = desired.review_at;
            return aside;
        }
        desired
    }
}
