//! People, accounts, and what accounts held: population, joiners, returns, access list, changes by hand.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_engine::{
    delegations::folded,
    ports::{Holding, Progress},
};
use lanyard_evidence::{cell::Cell, ocsf, pack::Pack, tables};
use lanyard_model::{
    account::{AccountKind, Role},
    id::{IdentityId, SiteId},
    identity::{AttributeValue, Identity, Status},
};
use lanyard_policy::Policy;
use serde_json::Value;

use super::{Scope, first::baselines, plans::Plans, requests::Requests};
use crate::exit::Unusable;

/// A person as last read.
pub struct Person {
    pub name: String,
    pub created: Option<Timestamp>,
    pub activated: Option<Timestamp>,
}

/// An account as last read.
pub struct KnownAccount {
    pub user_name: String,
    pub kind: AccountKind,
    pub live: bool,
}

/// Who and what there is.
pub struct Known {
    /// By `tenant/user`.
    people: HashMap<String, Person>,
    pub people_live: i64,
    /// People by status: when the period began, when it ended, and as last read.
    pub by_status: [BTreeMap<String, i64>; 3],
    /// Kinds of employment that changed in the period.
    pub conversions: Vec<Conversion>,
    converted: HashMap<String, i64>,
    pub accounts: HashMap<SiteId, HashMap<i64, KnownAccount>>,
    /// Leavers verified gone in the period, per site.
    pub verified_leavers: HashMap<SiteId, i64>,
    /// Whom entries of the policy's protections fit, as they were shown when the period ended: who, and the entry's place.
    pub protected: Vec<(String, usize)>,
    /// Of the addresses asked for, those of the tenant's people, as addresses are compared.
    pub addresses: BTreeSet<String>,
    /// Names of places by site, kind and number.
    names: HashMap<SiteId, Value>,
    /// By person, if samples take turns by an attribute: what they have of it.
    attributes: BTreeMap<String, String>,
    /// Why there is none: nobody has one of that name.
    no_attribute: Option<String>,
}

impl Known {
    /// `policy`: what was in force when the period ended; `addresses`: of whom it is asked whether they are the tenant's.
    pub fn read(
        scope: &Scope<'_>,
        policy: Option<&Policy>,
        addresses: &BTreeSet<String>,
        progress: &dyn Progress,
    ) -> anyhow::Result<Self> {
        let mut known = Self {
            people: HashMap::new(),
            people_live: 0,
            by_status: Default::default(),
            conversions: Vec::new(),
            converted: HashMap::new(),
            accounts: HashMap::new(),
            verified_leavers: HashMap::new(),
            protected: Vec::new(),
            addresses: BTreeSet::new(),
            names: HashMap::new(),
            attributes: BTreeMap::new(),
            no_attribute: None,
        };
        let mut attributes = BTreeSet::new();
        let mut protected = Vec::new();
        let mut at_end = |identity: &Identity| {
            let entries = policy.map(|policy| policy.protected_by(identity)).unwrap_or_default();
            protected.extend(entries.into_iter().map(|entry| (identity.id.to_string(), entry)));
        };
        let mut past = Past::read(scope, &mut known.by_status, &mut at_end)?;
        let mut done = 0;
        scope.archive.identities(&scope.ask.tenant, |mirrored| {
            done += 1;
            if done % 4096 == 0 {
                progress.report("reading people", done, None);
            }
            let identity = mirrored.identity;
            known.people_live += i64::from(mirrored.gone_at.is_none());
            for (counts, moment) in
                known.by_status.iter_mut().zip([scope.ask.from, scope.ask.to, Timestamp::MAX])
            {
                if mirrored.since <= moment {
                    let gone = mirrored.gone_at.is_some_and(|at| at <= moment);
                    let status = if gone { "deleted".to_owned() } else { identity.status.to_string() };
                    *counts.entry(status).or_default() += 1;
                }
            }
            if mirrored.since <= scope.ask.to {
                at_end(&identity);
            }
            if !addresses.is_empty() {
                let own = ["email", "login"].into_iter().filter_map(|name| identity.profile.text(name));
                known.addresses.extend(own.map(folded).filter(|own| addresses.contains(own)));
            }
            past.now(&identity, mirrored.since);
            if let Some(name) = &scope.ask.sample_by {
                let value = identity.profile.get(name).map(shown_attribute).unwrap_or_default();
                known.attributes.insert(identity.id.to_string(), value);
                attributes.extend(identity.profile.iter().map(|(name, _)| Arc::clone(name)));
            }
            let activated = identity.activated.filter(|_| identity.status != Status::Staged);
            let person = Person { name: identity.display_name(), created: identity.created, activated };
            known.people.insert(identity.id.to_string(), person);
            Ok(())
        })?;
        protected.sort_by(|(a, one), (b, other)| (one, a).cmp(&(other, b)));
        known.protected = protected;
        if let Some(name) = scope.ask.sample_by.as_ref().filter(|name| !attributes.contains(name.as_str())) {
            let all: Vec<&str> = attributes.iter().map(|name| &**name).collect();
            known.no_attribute = Some(format!(
                "nobody in {} has an attribute {name} to sample by\nhint: there are {}",
                scope.ask.tenant,
                all.join(", ")
            ));
        }
        known.conversions = past.conversions(scope);
        for conversion in &known.conversions {
            *known.converted.entry(conversion.person.clone()).or_default() += 1;
        }
        for (site, _) in &scope.sites {
            let mut accounts = HashMap::new();
            scope.archive.accounts(site, |account, gone_at| {
                let live = gone_at.is_none() && account.is_live();
                let user_name = account.field("userName").unwrap_or_default().to_owned();
                accounts.insert(account.key.id.0, KnownAccount { user_name, kind: account.kind, live });
                Ok(())
            })?;
            known.accounts.insert(site.clone(), accounts);
            let names = scope.archive.meta(&format!("names:{site}"))?.unwrap_or_default();
            known.names.insert(site.clone(), serde_json::from_str(&names).unwrap_or_default());
        }
        for leaver in scope.archive.leavers(scope.ask.from, scope.ask.to)? {
            if leaver.identity.tenant == scope.ask.tenant
                && leaver.verified_at.is_some_and(|at| scope.in_period(at))
            {
                *known.verified_leavers.entry(leaver.site).or_default() += 1;
            }
        }
        Ok(known)
    }

    /// What everybody has of the attribute that samples take turns by.
    ///
    /// # Errors
    /// Nobody has one of that name.
    pub fn attributes(&self) -> Result<BTreeMap<String, String>, Unusable> {
        match &self.no_attribute {
            Some(why) => Err(Unusable(why.clone())),
            None => Ok(self.attributes.clone()),
        }
    }

    /// What a person has of that attribute; `None`: samples do not take turns.
    pub fn attribute(&self, person: &str) -> Option<&str> {
        let asked = !self.attributes.is_empty();
        asked.then(|| self.attributes.get(person).map_or("", String::as_str))
    }

    /// Display name of `tenant/user`; empty if not known.
    pub fn name(&self, person: &str) -> String {
        self.people.get(person).map(|person| person.name.clone()).unwrap_or_default()
    }

    pub fn person(&self, person: &str) -> Option<&Person> {
        self.people.get(person)
    }

    /// What something is called in a site, if its names are known.
    pub fn named(&self, site: &SiteId, kind: &str, key: &str, value: &str) -> Option<String> {
        let what = tables::what(self.names.get(site)?, kind, key, value);
        (!what.is_empty()).then_some(what)
    }

    /// What a holding is, in words.
    pub fn what(&self, site: &SiteId, holding: &Holding) -> String {
        let none = Value::Null;
        let names = self.names.get(site).unwrap_or(&none);
        tables::what(names, &holding.kind, &holding.key, &holding.value)
    }
}

/// An attribute's value in words.
fn shown_attribute(value: &AttributeValue) -> String {
    match value {
        AttributeValue::Text(text) => text.trim().to_owned(),
        AttributeValue::Bool(yes) => yes.to_string(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::List(all) => all.join(", "),
    }
}

/// Okta's attribute for the kind of employment.
pub const EMPLOYMENT: &str = "userType";

/// Somebody's kind of employment changed.
pub struct Conversion {
    pub person: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// The read that first showed it.
    pub seen_at: Timestamp,
}

/// Kinds of employment of whoever was shown otherwise at some time of the period.
#[derive(Default)]
struct Past(HashMap<String, Vec<(Timestamp, Option<String>)>>);

impl Past {
    /// Also counts, by status, whoever was shown otherwise when the period began, and when it ended; of the latter `at_end` is
    /// told.
    fn read(
        scope: &Scope<'_>,
        by_status: &mut [BTreeMap<String, i64>; 3],
        at_end: &mut dyn FnMut(&Identity),
    ) -> anyhow::Result<Self> {
        let (from, to) = (scope.ask.from, scope.ask.to);
        let mut past = Self::default();
        scope.archive.past_people(&scope.ask.tenant, (from, to), |identity, begun, ended| {
            past.note(&identity, begun);
            if begun <= to && ended > to {
                at_end(&identity);
            }
            for (counts, moment) in by_status.iter_mut().zip([from, to]) {
                if begun <= moment && ended > moment {
                    *counts.entry(identity.status.to_string()).or_default() += 1;
                }
            }
            Ok(())
        })?;
        Ok(past)
    }

    fn note(&mut self, identity: &Identity, since: Timestamp) {
        let kind = identity.profile.text(EMPLOYMENT).map(str::to_owned);
        self.0.entry(identity.id.to_string()).or_default().push((since, kind));
    }

    /// What is shown now, of whoever was shown otherwise.
    fn now(&mut self, identity: &Identity, since: Timestamp) {
        if let Some(all) = self.0.get_mut(&identity.id.to_string()) {
            all.push((since, identity.profile.text(EMPLOYMENT).map(str::to_owned)));
        }
    }

    fn conversions(self, scope: &Scope<'_>) -> Vec<Conversion> {
        let mut found = Vec::new();
        for (person, mut all) in self.0 {
            all.sort();
            for pair in all.windows(2) {
                let ((_, before), (seen_at, after)) = (&pair[0], &pair[1]);
                if before != after && scope.in_period(*seen_at) {
                    let (before, after) = (before.clone(), after.clone());
                    found.push(Conversion { person: person.clone(), before, after, seen_at: *seen_at });
                }
            }
        }
        found.sort_by(|a, b| (a.seen_at, &a.person).cmp(&(b.seen_at, &b.person)));
        found
    }
}

/// What the intervals add up to.
#[derive(Default)]
pub struct Membership {
    /// By site: the end of the first complete comparison of the tenant's people there.
    pub baselines: HashMap<SiteId, Timestamp>,
    pub sites: HashMap<SiteId, SiteCounts>,
    pub limits: Vec<String>,
}

#[derive(Clone, Default)]
pub struct SiteCounts {
    pub closing: i64,
    pub left: i64,
    /// Live and linked now, whatever the period.
    pub linked_now: i64,
    /// Live, and linked to people of other tenants.
    pub foreign: i64,
    /// Live accounts of anybody when the period began, and when it ended.
    pub live: [i64; 2],
    /// Of these: linked to a person of the tenant when the period began.
    pub opening: i64,
}

impl Membership {
    /// Accounts of other tenants' people in a site.
    pub fn foreign(&self, site: &SiteId) -> i64 {
        self.sites.get(site).map_or(0, |counts| counts.foreign)
    }
}

/// Longest time between an operation of ours and the read that shows what it did.
const READ_AFTER_MAX: i64 = 15 * 60;

/// What a period that began before the first complete comparison does not cover.
fn limits(scope: &Scope<'_>, baselines: &HashMap<SiteId, Timestamp>) -> Vec<String> {
    let inside = |at: &Timestamp| *at > scope.ask.from && *at < scope.ask.to;
    let mut late: BTreeMap<Timestamp, Vec<&str>> = BTreeMap::new();
    for (site, first) in baselines.iter().filter(|(_, first)| inside(first)) {
        late.entry(*first).or_default().push(site.as_str());
    }
    let told = late.into_iter().map(|(first, mut sites)| {
        sites.sort_unstable();
        let of = match sites.len() == scope.sites.len() {
            true => String::new(),
            false => format!(" of {}", sites.join(", ")),
        };
        format!(
            "The first complete comparison{of} ended at {first}, inside the period: the opening population is the one it found, and nothing earlier is covered."
        )
    });
    told.collect()
}

/// Everything held at any time in scope, account by account.
pub fn holdings(
    scope: &Scope<'_>,
    known: &Known,
    plans: &Plans,
    requests: &Requests,
    pack: &mut Pack,
    progress: &dyn Progress,
) -> anyhow::Result<Membership> {
    let mut membership = Membership { baselines: baselines(scope)?, ..Membership::default() };
    membership.limits = limits(scope, &membership.baselines);
    for (site, _) in &scope.sites {
        let first = membership.baselines.get(site).copied();
        let start = first.map_or(scope.ask.from, |first| first.max(scope.ask.from));
        if start >= scope.ask.to {
            // Nothing was known of anybody there in the period.
            continue;
        }
        let mut counts = SiteCounts::default();
        let mut group: Vec<Holding> = Vec::new();
        let mut accounts = 0;
        let total = known.accounts.get(site).map(|all| all.len() as u64);
        let first_use = first == Some(start);
        let look = Look { scope, known, plans, requests, site, first, start, first_use };
        scope.archive.holdings(site, Timestamp::MIN, scope.ask.to, |holding| {
            if group.first().is_some_and(|first| first.account != holding.account) {
                accounts += 1;
                if accounts % 4096 == 0 {
                    progress.report("reading access", accounts, total);
                }
                look.account(&std::mem::take(&mut group), &mut counts, pack);
            }
            group.push(holding);
            Ok(())
        })?;
        if !group.is_empty() {
            look.account(&group, &mut counts, pack);
        }
        membership.sites.insert(site.clone(), counts);
    }
    for leaver in scope.archive.returns(scope.ask.from, scope.ask.to)? {
        let Some(returned) = leaver.returned_at.filter(|at| scope.in_period(*at)) else { continue };
        if leaver.identity.tenant != scope.ask.tenant || !scope.site(&leaver.site) {
            continue;
        }
        let person = leaver.identity.to_string();
        let name = known.name(&person);
        pack.row(
            &tables::RETURNS,
            vec![
                person.into(),
                name.into(),
                leaver.site.as_str().into(),
                leaver.since.into(),
                leaver.verified_at.into(),
                returned.into(),
            ],
        );
    }
    Ok(membership)
}

struct Look<'a> {
    scope: &'a Scope<'a>,
    known: &'a Known,
    plans: &'a Plans,
    requests: &'a Requests,
    site: &'a SiteId,
    /// When the first complete comparison there ended: what it found was there before Lanyard.
    first: Option<Timestamp>,
    /// Where the period's population begins to be known: then, or where the period begins, whichever is later.
    start: Timestamp,
    /// Whether that is the first complete comparison there, and no earlier pack has counted.
    first_use: bool,
}

/// A stretch in which an account was live and a person's.
struct Stretch<'h> {
    person: &'h str,
    from: Timestamp,
    to: Option<Timestamp>,
    /// Since when the account itself is live, whosoever it was thought to be.
    live_since: Timestamp,
}

impl Look<'_> {
    fn account(&self, all: &[Holding], counts: &mut SiteCounts, pack: &mut Pack) {
        let Some(account) = all.first().map(|holding| holding.account.id.0) else { return };
        let tenant = format!("{}/", self.scope.ask.tenant);
        let live: Vec<&Holding> = all.iter().filter(|h| h.kind == "account" && h.value == "live").collect();
        for (count, moment) in counts.live.iter_mut().zip([self.start, self.scope.ask.to]) {
            let at = |h: &&Holding| h.from <= moment && h.to.is_none_or(|to| to > moment);
            *count += i64::from(live.iter().copied().any(|held| at(&held)));
        }
        let mut stretches: Vec<Stretch<'_>> = Vec::new();
        for person in all.iter().filter(|h| h.kind == "person" && h.key.starts_with(&tenant)) {
            for live in &live {
                let from = person.from.max(live.from);
                let to = [person.to, live.to].into_iter().flatten().min();
                if to.is_none_or(|to| from < to) {
                    stretches.push(Stretch { person: &person.key, from, to, live_since: live.from });
                }
            }
        }
        stretches.sort_by(|a, b| (a.person, a.from).cmp(&(b.person, b.from)));
        let mut people: Vec<&str> = stretches.iter().map(|stretch| stretch.person).collect();
        people.dedup();
        for person in people {
            let own: Vec<&Stretch<'_>> = stretches.iter().filter(|s| s.person == person).collect();
            self.population(person, account, &own, counts, pack);
        }
        let owner = stretches.iter().find(|stretch| {
            stretch.from < self.scope.ask.to && stretch.to.is_none_or(|to| to >= self.scope.ask.to)
        });
        // An account of another tenant's person is that tenant's evidence.
        let foreign = all.iter().any(|h| h.kind == "person" && h.to.is_none() && !h.key.starts_with(&tenant));
        counts.foreign += i64::from(foreign && live.iter().any(|live| live.to.is_none()));
        if !foreign {
            self.access(account, owner, all, pack);
            self.changes(account, &stretches, all, pack);
        }
        let somebody = stretches.last().map(|stretch| stretch.person);
        if let Some(somebody) = somebody {
            self.by_hand(account, somebody, all, pack);
        }
    }

    fn population(
        &self,
        person: &str,
        account: i64,
        stretches: &[&Stretch<'_>],
        counts: &mut SiteCounts,
        pack: &mut Pack,
    ) {
        let (start, to) = (self.start, self.scope.ask.to);
        let (mut opening, mut closing, mut joined, mut returned, mut left) =
            (false, false, 0_i64, 0_i64, 0_i64);
        for (number, stretch) in stretches.iter().enumerate() {
            let there_before = stretch.from <= start || number == 0 && self.was_there(person, stretch);
            opening |= there_before && stretch.to.is_none_or(|to| to > start);
            closing |= stretch.from < to && stretch.to.is_none_or(|end| end >= to);
            counts.linked_now += i64::from(stretch.to.is_none());
            if !there_before && stretch.from < to {
                if number == 0 {
                    joined += 1;
                    self.joiner(person, account, stretch, pack);
                } else {
                    returned += 1;
                }
            }
            left += i64::from(stretch.to.is_some_and(|end| end > start && end < to));
        }
        if !opening && !closing && joined + returned + left == 0 {
            return;
        }
        counts.opening += i64::from(opening);
        counts.closing += i64::from(closing);
        counts.left += left;
        pack.row(
            &tables::POPULATION,
            vec![
                person.into(),
                self.known.name(person).into(),
                self.site.as_str().into(),
                account.into(),
                opening.into(),
                closing.into(),
                joined.into(),
                returned.into(),
                left.into(),
                self.known.converted.get(person).copied().unwrap_or(0).into(),
            ],
        );
    }

    /// Whether person and account were both there when the population began to be known, and only the link between them
    /// is younger. Nobody joined then: on first use that is everybody who differs from policy in anything.
    fn was_there(&self, person: &str, stretch: &Stretch<'_>) -> bool {
        let created = self.known.person(person).and_then(|known| known.created);
        self.first_use
            && stretch.live_since <= self.start
            && created.is_some_and(|created| created <= self.start)
            && self.plans.creation(person, self.site, stretch.from).is_none()
    }

    fn joiner(&self, person: &str, account: i64, stretch: &Stretch<'_>, pack: &mut Pack) {
        let known = self.known.person(person);
        let event = known.and_then(|known| {
            [known.activated, known.created].into_iter().flatten().filter(|at| *at <= stretch.from).max()
        });
        let plan = self.plans.creation(person, self.site, stretch.from);
        let sent = plan.and_then(|plan| self.plans.sent(plan));
        let granted = plan.and_then(|plan| self.plans.answered(plan)).unwrap_or(stretch.from);
        let verified = plan.and_then(|plan| plan.verified_at());
        let before = plan.zip(sent).is_some_and(|(plan, sent)| plan.made_at() <= sent);
        let done = verified.unwrap_or(stretch.from);
        // Who was due before anybody could have been seen waited for Lanyard's first day, not for Lanyard.
        let due = event.map(|event| event.max(self.start).min(done));
        let seconds = due.map(|due| done.duration_since(due).as_secs());
        let (agreed, agreed_at) = self.requests.joining(person, self.site, done).unzip();
        pack.row(
            &tables::JOINERS,
            vec![
                person.into(),
                self.known.name(person).into(),
                self.site.as_str().into(),
                account.into(),
                if plan.is_some() { "created" } else { "adopted" }.into(),
                event.into(),
                plan.map(|plan| self.plans.reason(plan)).into(),
                agreed.into(),
                agreed_at.into(),
                plan.map(|plan| plan.made_at()).into(),
                granted.into(),
                verified.into(),
                seconds.into(),
                before.into(),
                plan.map(|plan| plan.name()).into(),
            ],
        );
    }

    fn access(&self, account: i64, owner: Option<&Stretch<'_>>, all: &[Holding], pack: &mut Pack) {
        let to = self.scope.ask.to;
        let held = |h: &&Holding| h.from < to && h.to.is_none_or(|end| end >= to) && h.kind != "person";
        let known = self.known.accounts.get(self.site).and_then(|all| all.get(&account));
        if known.is_some_and(|known| known.kind != AccountKind::Person) {
            return;
        }
        let user_name = known.map_or("", |known| known.user_name.as_str());
        let person = owner.map(|owner| owner.person);
        let name = person.map(|person| self.known.name(person)).unwrap_or_default();
        self.stock(account, person.unwrap_or_default(), &name, all, pack);
        for holding in all.iter().filter(held) {
            let (because, plan) = match person {
                Some(person) => self.source(person, holding),
                None => ("nobody's account".to_owned(), Cell::Null),
            };
            let value = shown_value(holding);
            let what = self.known.what(self.site, holding);
            if holding.kind == "site_admin" || holding.kind == "role" && value != Role::Customer.as_str() {
                let row = vec![
                    "iOffice".into(),
                    self.site.as_str().into(),
                    person.into(),
                    name.as_str().into(),
                    user_name.into(),
                    what.as_str().into(),
                    value.into(),
                    holding.from.into(),
                    because.as_str().into(),
                    Cell::Null,
                    Cell::Null,
                ];
                pack.row(&tables::PRIVILEGED, row);
            }
            pack.row(
                &tables::ACCESS,
                vec![
                    self.site.as_str().into(),
                    person.into(),
                    name.as_str().into(),
                    account.into(),
                    user_name.into(),
                    holding.kind.as_str().into(),
                    what.into(),
                    value.into(),
                    holding.from.into(),
                    because.into(),
                    plan,
                ],
            );
        }
    }

    /// A live account as an event of other people's tools.
    fn stock(&self, account: i64, person: &str, name: &str, all: &[Holding], pack: &mut Pack) {
        let to = self.scope.ask.to;
        let held = |h: &&Holding| h.from < to && h.to.is_none_or(|end| end >= to);
        if !all.iter().filter(held).any(|h| h.kind == "account" && h.value == "live") {
            return;
        }
        let rights = all.iter().filter(held).filter(|h| h.kind != "person" && h.kind != "account");
        let holds = rights.map(|h| (h.kind.as_str(), self.known.what(self.site, h))).collect();
        pack.event(&ocsf::stock(&ocsf::Stock {
            at: to,
            tenant: self.scope.ask.tenant.as_str(),
            person,
            name,
            site: self.site.as_str(),
            account,
            holds,
            program: &self.scope.program,
        }));
    }

    /// What began and ended in the period: the difference between the list at its beginning and the one at its end.
    fn changes(&self, account: i64, stretches: &[Stretch<'_>], all: &[Holding], pack: &mut Pack) {
        let known = self.known.accounts.get(self.site).and_then(|all| all.get(&account));
        if known.is_some_and(|known| known.kind != AccountKind::Person) {
            return;
        }
        let inside = |at: Timestamp| at > self.start && at < self.scope.ask.to;
        for holding in all.iter().filter(|holding| holding.kind != "person") {
            for (at, change) in [(Some(holding.from), "given"), (holding.to, "taken")] {
                let Some(at) = at.filter(|at| inside(*at)) else { continue };
                let covers = |s: &&Stretch<'_>| s.from <= at && s.to.is_none_or(|to| to >= at);
                let person = stretches.iter().find(covers).map(|stretch| stretch.person);
                let ours = self.plans.touched(self.site, account, at, READ_AFTER_MAX);
                let dead = !all.iter().any(|h| {
                    h.kind == "account" && h.value == "live" && h.from < at && h.to.is_none_or(|to| to > at)
                });
                let because = match (change, person) {
                    ("given", Some(person)) if holding.kind != "account" || holding.value == "live" => {
                        self.source(person, holding).0
                    }
                    _ if ours => "by Lanyard".to_owned(),
                    ("taken", _) if dead => "with the account".to_owned(),
                    _ => "by hand in iOffice".to_owned(),
                };
                let name = person.map(|person| self.known.name(person)).unwrap_or_default();
                if matches!(holding.kind.as_str(), "item" | "section" | "cost_center") {
                    pack.event(&ocsf::membership(&ocsf::Membership {
                        given: change == "given",
                        at,
                        tenant: self.scope.ask.tenant.as_str(),
                        person: person.unwrap_or_default(),
                        name: &name,
                        site: self.site.as_str(),
                        account,
                        kind: &holding.kind,
                        what: &self.known.what(self.site, holding),
                        program: &self.scope.program,
                    }));
                }
                let row = vec![
                    self.site.as_str().into(),
                    person.into(),
                    name.into(),
                    account.into(),
                    holding.kind.as_str().into(),
                    self.known.what(self.site, holding).into(),
                    shown_value(holding).into(),
                    change.into(),
                    at.into(),
                    because.into(),
                ];
                pack.row(&tables::ACCESS_CHANGES, row);
            }
        }
    }

    /// Why somebody holds something: the plan of ours that gives just this, and whose operation was accepted shortly before
    /// the read that first showed it. As [`Look::by_hand`] has it: what none touched is not ours.
    fn source(&self, person: &str, holding: &Holding) -> (String, Cell) {
        let account = holding.account.id.0;
        let plans = self.plans.touching(person, self.site, account, holding.from, READ_AFTER_MAX);
        let what = self.known.what(self.site, holding);
        if let Some((plan, reason)) = self.plans.giver(&plans, holding, &what) {
            return (reason, plan.name().into());
        }
        let ended = holding.kind == "account" && holding.value != "live";
        if let Some(plan) = plans.iter().find(|plan| ended && plan.ending.is_some()) {
            return (self.plans.reason(plan), plan.name().into());
        }
        match plans.first() {
            // A name that changed since, or what came along with something else.
            Some(plan) => ("shortly after a plan of ours that does not name it".into(), plan.name().into()),
            None if self.plans.touched(self.site, account, holding.from, READ_AFTER_MAX) => {
                ("shortly after an operation of ours for somebody else".into(), Cell::Null)
            }
            None if self.first.is_some_and(|first| holding.from <= first) => {
                ("before Lanyard: there at the first complete comparison".into(), Cell::Null)
            }
            None => ("by hand in iOffice, or before Lanyard".into(), Cell::Null),
        }
    }

    /// Beginnings and ends in the period without an accepted operation shortly before.
    fn by_hand(&self, account: i64, person: &str, all: &[Holding], pack: &mut Pack) {
        let mut say = |at: Timestamp, change: &str, holding: &Holding| {
            if at <= self.start
                || at >= self.scope.ask.to
                || self.plans.touched(self.site, account, at, READ_AFTER_MAX)
            {
                return;
            }
            pack.row(
                &tables::OVERRIDES,
                vec![
                    person.into(),
                    self.known.name(person).into(),
                    self.site.as_str().into(),
                    account.into(),
                    at.into(),
                    change.into(),
                    holding.kind.as_str().into(),
                    self.known.what(self.site, holding).into(),
                ],
            );
        };
        // A dead account loses its rights by being dead: what the next read finds missing there, nobody took.
        let live = |at: Timestamp| {
            let mut stretches = all.iter().filter(|h| h.kind == "account" && h.value == "live");
            stretches.any(|live| live.from <= at && live.to.is_none_or(|end| end > at))
        };
        for holding in all.iter().filter(|h| h.kind != "person" && h.value != "inactive") {
            let told = |at: Timestamp| holding.kind == "account" || live(at);
            if told(holding.from) {
                say(holding.from, "given", holding);
            }
            if let Some(end) = holding.to.filter(|end| told(*end)) {
                say(end, "taken", holding);
            }
        }
    }
}

/// `tenant/user`, read back.
pub fn identity(person: &str) -> Option<IdentityId> {
    let (tenant, user) = person.split_once('/')?;
    Some(IdentityId::new(tenant.into(), user))
}

/// A holding's value, where it says more than what is held.
fn shown_value(holding: &Holding) -> &str {
    match holding.kind.as_str() {
        "account" | "role" => holding.value.as_str(),
        _ => "",
    }
}
