//! How far sites and tenants have drifted apart, measured in people: where the same kind of person gets something in one
//! place and nothing in another, and why; and which policy and parameters are in force where. From the mirrors, without a
//! call.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    desired::{Because, Desired, Lifecycle, SeatWish},
    id::{IdentityId, SiteId, TenantId},
    place::Catalogue,
};
use lanyard_policy::{Facts, explain::reason, kind::Kinds, reaction::Reactions};
use serde::Serialize;

use crate::{
    Engine,
    engine::{Active, catalogues},
    pages::Pages,
    ports::{Mirrored, StoreFailure},
    whatif::{SealRefused, waves::RollOut},
};

/// People read, and counted, at a time.
const PAGE: usize = 2_000;
/// Kinds of people that are told apart; who is of a further one is counted and not compared.
const KINDS_MAX: usize = 20_000;
/// Differences that are told, those of most people first.
const TOLD_MAX: usize = 200;

/// How long an answer is good while nothing is known to have changed.
const GOOD_FOR: std::time::Duration = std::time::Duration::from_secs(600);

/// What a comparison rests on: the policy's seal and the last sweep.
pub(crate) type Ground = (String, Option<String>);

/// Where somebody is at home: a site, and the tenant that they come from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Whereabouts {
    pub site: SiteId,
    pub tenant: TenantId,
}

/// One place's side of a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Share {
    #[serde(flatten)]
    pub place: Whereabouts,
    /// People of the kind there.
    pub people: usize,
    /// Of those: who get it.
    pub have: usize,
    /// What exactly, and why; or why not.
    pub because: String,
    /// One of them.
    pub example: IdentityId,
}

/// Something that one kind of person gets in some places and not in others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What the rules know of these people; empty: nothing.
    pub kind: Vec<String>,
    /// `a desk`, `CUSTOMER in reservation`, `Access policy / Executive floor`.
    pub what: String,
    /// People without it, in places where none of their kind has it.
    pub people: usize,
    pub have: Vec<Share>,
    pub lack: Vec<Share>,
}

/// What is in force in one place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InForce {
    #[serde(flatten)]
    pub place: Whereabouts,
    pub people: usize,
    pub policy: String,
    pub seal: String,
    /// Of the publication; `None`: it comes from the folder.
    pub version: Option<i64>,
    pub published_at: Option<Timestamp>,
    pub parameters: BTreeMap<String, String>,
    /// Parameters that are set for the site or the tenant.
    pub own: BTreeSet<String>,
    pub reactions: Reactions,
}

/// The whole answer.
#[derive(Debug, Clone, Serialize)]
pub struct Apart {
    pub at: Timestamp,
    pub people: usize,
    pub kinds: usize,
    /// People of kinds that were not compared.
    pub not_compared: usize,
    /// All differences there are; the first of them are told.
    pub found: usize,
    pub differences: Vec<Difference>,
    pub in_force: Vec<InForce>,
    pub roll_out: Option<RollOut>,
}

/// Who gets something in one place.
#[derive(Debug, Clone)]
struct Tally {
    people: usize,
    example: IdentityId,
    gets: BTreeMap<String, (usize, IdentityId)>,
}

#[derive(Debug, Default)]
struct Counted {
    people: usize,
    not_compared: usize,
    by_kind: BTreeMap<Vec<String>, BTreeMap<Whereabouts, Tally>>,
    by_place: BTreeMap<Whereabouts, usize>,
}

/// What somebody gets, in words that are the same in every site; with what it is exactly, and why.
fn gets<'d>(desired: &'d Desired, catalogue: &Catalogue) -> BTreeMap<String, (String, &'d [Because])> {
    let mut all: BTreeMap<String, (String, &[Because])> = BTreeMap::new();
    if let Some(want) = &desired.seat {
        let (what, exactly) = match &want.value {
            SeatWish::Desk { floors, .. } => {
                let floors: Vec<_> = floors.iter().map(|floor| catalogue.floor_path(*floor)).collect();
                ("a desk", floors.join(", "))
            }
            SeatWish::Section { section } => ("a neighborhood", catalogue.section_name(*section)),
            SeatWish::Remote => ("no seat, on purpose", String::new()),
        };
        all.insert(what.into(), (exactly, want.because.as_slice()));
    }
    for (center, want) in &desired.roles {
        let module = catalogue.centers.get(center).map_or("another module", |center| &*center.module);
        let entry = all.entry(format!("{} in {module}", want.value.as_str()));
        let (exactly, _) = entry.or_insert_with(|| (String::new(), want.because.as_slice()));
        let name = catalogue.center_name(*center);
        let before = if exactly.is_empty() { "" } else { ", " };
        exactly.push_str(before);
        exactly.push_str(&name);
    }
    for (item, want) in &desired.items {
        let name = catalogue.items.get(item).map_or_else(
            || catalogue.item_name(*item),
            |item| format!("{} / {}", item.category_name, item.name),
        );
        all.insert(name, (String::new(), want.because.as_slice()));
    }
    if let Some(want) = &desired.cost_center {
        all.insert("a cost center".into(), (catalogue.item_name(want.value), want.because.as_slice()));
    }
    if let Some(want) = &desired.user_type {
        let name = catalogue.user_types.get(&want.value).map_or("", |name| &**name);
        all.insert(format!("user type {name}"), (String::new(), want.because.as_slice()));
    }
    all
}

fn judged(active: &Active, known: &Mirrored, now: Timestamp) -> Desired {
    let facts = Facts { gone: known.gone_at, ..Facts::unlinked(known.since) };
    active.bound.evaluate(&known.identity, &facts, now)
}

type Catalogues = BTreeMap<SiteId, Arc<Catalogue>>;

fn count(
    counted: &mut Counted,
    active: &Active,
    kinds: &Kinds,
    sites: &Catalogues,
    people: &[Mirrored],
    now: Timestamp,
) {
    for known in people.iter().filter(|known| known.gone_at.is_none()) {
        let desired = judged(active, known, now);
        let Some(site) = desired.site.clone().filter(|_| matches!(desired.lifecycle, Lifecycle::Active))
        else {
            continue;
        };
        let Some(catalogue) = sites.get(&site) else { continue };
        counted.people += 1;
        let id = &known.identity.id;
        let place = Whereabouts { site, tenant: id.tenant.clone() };
        *counted.by_place.entry(place.clone()).or_default() += 1;
        let kind = kinds.of(&known.identity);
        if counted.by_kind.len() >= KINDS_MAX && !counted.by_kind.contains_key(&kind) {
            counted.not_compared += 1;
            continue;
        }
        let there = counted.by_kind.entry(kind).or_default().entry(place);
        let tally = there.or_insert_with(|| Tally { people: 0, example: id.clone(), gets: BTreeMap::new() });
        tally.people += 1;
        for what in gets(&desired, catalogue).into_keys() {
            tally.gets.entry(what).or_insert_with(|| (0, id.clone())).0 += 1;
        }
    }
}

/// A difference before its reasons are known: who is asked for them.
struct Found {
    kind: Vec<String>,
    what: String,
    people: usize,
    have: Vec<(Whereabouts, usize, usize, IdentityId)>,
    lack: Vec<(Whereabouts, usize, IdentityId)>,
}

fn found(counted: &Counted) -> Vec<Found> {
    let mut all = Vec::new();
    for (kind, places) in counted.by_kind.iter().filter(|(_, places)| places.len() > 1) {
        let whats: BTreeSet<&String> = places.values().flat_map(|tally| tally.gets.keys()).collect();
        for what in whats {
            let (mut have, mut lack) = (Vec::new(), Vec::new());
            for (place, tally) in places {
                match tally.gets.get(what) {
                    Some((count, example)) => {
                        have.push((place.clone(), tally.people, *count, example.clone()));
                    }
                    None => lack.push((place.clone(), tally.people, tally.example.clone())),
                }
            }
            if !lack.is_empty() {
                let people = lack.iter().map(|(_, people, _)| people).sum();
                all.push(Found { kind: kind.clone(), what: what.clone(), people, have, lack });
            }
        }
    }
    all.sort_by(|a, b| (b.people, &a.kind, &a.what).cmp(&(a.people, &b.kind, &b.what)));
    all
}

impl Engine {
    /// The last comparison, or a new one when another policy is in force, another sweep has ended, or some minutes have
    /// passed: for those who ask again and again.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn apart_as_known(&self) -> Result<Arc<Apart>, StoreFailure> {
        let sweep = self.store().sweeps(None, 1).await?.into_iter().next().map(|sweep| sweep.id);
        let ground = (self.active().policy.seal().to_owned(), sweep);
        let now = self.clock().now();
        let mut known = self.known_apart.lock().await;
        match &*known {
            Some((on, answer)) if *on == ground && answer.at + GOOD_FOR > now => Ok(Arc::clone(answer)),
            _ => {
                let answer = Arc::new(self.apart().await?);
                *known = Some((ground, Arc::clone(&answer)));
                Ok(answer)
            }
        }
    }

    /// Compares all places under the policy in force.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn apart(&self) -> Result<Apart, StoreFailure> {
        let now = self.clock().now();
        let active = self.active();
        let kinds = Arc::new(active.policy.kinds());
        let sites = Arc::new(catalogues(self.sites()));
        let mut counted = Counted::default();
        for tenant in self.directories().keys() {
            let mut pages = Pages::default();
            loop {
                let page = self.store().identities(tenant, pages.after(), PAGE).await?;
                let Some(last) = page.last() else { break };
                pages.seen(&last.identity.id.user);
                let (active, kinds, sites) = (Arc::clone(&active), Arc::clone(&kinds), Arc::clone(&sites));
                let part = tokio::task::spawn_blocking(move || {
                    count(&mut counted, &active, &kinds, &sites, &page, now);
                    counted
                });
                counted = part.await.map_err(|error| StoreFailure::Unavailable(error.to_string()))?;
            }
        }
        let all = found(&counted);
        let mut differences = Vec::new();
        let count = all.len();
        for one in all.into_iter().take(TOLD_MAX) {
            differences.push(self.reasons(&active, one, now).await?);
        }
        Ok(Apart {
            at: now,
            people: counted.people,
            kinds: counted.by_kind.len(),
            not_compared: counted.not_compared,
            found: count,
            differences,
            in_force: self.in_force_everywhere(&active, &counted.by_place).await?,
            roll_out: match self.roll_out().await {
                Ok(roll_out) => roll_out,
                Err(SealRefused::Store(failure)) => return Err(failure),
                Err(_) => None,
            },
        })
    }

    async fn in_force_everywhere(
        &self,
        active: &Active,
        people: &BTreeMap<Whereabouts, usize>,
    ) -> Result<Vec<InForce>, StoreFailure> {
        let version = crate::policies::in_force(&**self.store()).await?;
        let version = version.filter(|version| version.seal == active.policy.seal());
        let mut places: BTreeMap<Whereabouts, usize> = people.clone();
        // A site in which nobody is at home has its parameters all the same.
        for site in self.sites().keys().filter(|site| !people.keys().any(|place| place.site == **site)) {
            if let Some(tenant) = self.directories().keys().next() {
                places.insert(Whereabouts { site: site.clone(), tenant: tenant.clone() }, 0);
            }
        }
        let one = |(place, people): (Whereabouts, usize)| {
            let (parameters, own) = active.policy.parameters(&place.site, &place.tenant);
            InForce {
                people,
                policy: active.policy.name().to_owned(),
                seal: active.policy.seal().to_owned(),
                version: version.as_ref().map(|version| version.number),
                published_at: version.as_ref().map(|version| version.at),
                parameters,
                own,
                reactions: active.policy.reactions(&place.site).clone(),
                place,
            }
        };
        Ok(places.into_iter().map(one).collect())
    }

    /// Asks one person of each place for the reasons.
    async fn reasons(
        &self,
        active: &Active,
        found: Found,
        now: Timestamp,
    ) -> Result<Difference, StoreFailure> {
        let mut rules: BTreeSet<String> = BTreeSet::new();
        let mut have = Vec::new();
        for (place, people, count, example) in found.have {
            let mut because = String::new();
            if let Some(known) = self.store().identity(&example).await?
                && let Some(site) = self.sites().get(&place.site)
            {
                let desired = judged(active, &known, now);
                let catalogue = site.catalogue();
                if let Some((exactly, reasons)) = gets(&desired, &catalogue).get(&found.what) {
                    rules.extend(reasons.iter().map(|reason| reason.rule.clone()));
                    let why: Vec<_> = reasons.iter().map(reason).collect();
                    because = match exactly.as_str() {
                        "" => why.join("; "),
                        exactly => format!("{exactly}: {}", why.join("; ")),
                    };
                }
            }
            have.push(Share { place, people, have: count, because, example });
        }
        let mut lack = Vec::new();
        for (place, people, example) in found.lack {
            let because = match self.store().identity(&example).await? {
                Some(known) => why_not(&judged(active, &known, now), &rules),
                None => String::new(),
            };
            lack.push(Share { place, people, have: 0, because, example });
        }
        Ok(Difference { kind: found.kind, what: found.what, people: found.people, have, lack })
    }
}

/// Why the rules that give it elsewhere do not give it to this person.
fn why_not(desired: &Desired, rules: &BTreeSet<String>) -> String {
    let mut why: Vec<String> = desired
        .not_given
        .iter()
        .filter(|not| rules.contains(&not.because.rule))
        .map(|not| reason(&not.because))
        .collect();
    why.extend(desired.problems.iter().cloned());
    why.dedup();
    if why.is_empty() { "no rule gives it there".into() } else { why.join("; ") }
}
