//! Requests that wait for somebody: listed, and decided by people who have a say, never about themselves.

use std::collections::{BTreeMap, BTreeSet, btree_map::Entry};

use jiff::Timestamp;
use lanyard_model::{
    clearance::{Clearance, ClearanceKind, ClearanceState, Vote},
    fold,
    id::{GroupId, IdentityId, SiteId, TenantId},
    signal::{Lane, Source},
};
use lanyard_plan::clearing::{self, Voter};
use serde::{Deserialize, Serialize};

use crate::{
    Engine,
    engine::{MANAGER_EMAIL, MANAGER_LOGIN},
    journal::line,
    ports::{Mirrored, StoreFailure, Write},
};

/// A key that joins more identities than this is a placeholder, and joins nobody.
const ONE_PERSON_MAX: usize = 20;

/// Somebody who decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// As the journal shows them.
    pub name: String,
    pub roles: Vec<String>,
    /// Addresses that are surely theirs; they name the identities that are them.
    pub emails: Vec<String>,
    /// Identities that are surely them.
    pub identities: Vec<IdentityId>,
    /// Roles that hold in some tenants or sites only; an empty list means everywhere.
    pub scoped: Vec<ScopedRole>,
}

/// A role, and where it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScopedRole {
    pub role: String,
    pub tenants: Vec<TenantId>,
    pub sites: Vec<SiteId>,
}

impl Principal {
    /// Roles that count for something of this tenant and site.
    fn roles_at(&self, tenant: &TenantId, site: &SiteId) -> Vec<String> {
        let here = self.scoped.iter().filter(|scoped| {
            (scoped.tenants.is_empty() || scoped.tenants.contains(tenant))
                && (scoped.sites.is_empty() || scoped.sites.contains(site))
        });
        self.roles.iter().chain(here.map(|scoped| &scoped.role)).cloned().collect()
    }
}

/// What somebody says about a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Say {
    Approve,
    Decline,
    /// Ask anew after it ran out or was declined.
    Renew,
}

/// Why nothing was decided. Nothing of the call happened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SayRefused {
    #[error("there is no request {0}")]
    Unknown(String),
    #[error("{id} is {state}: it cannot be decided any more")]
    Over { id: String, state: &'static str },
    #[error("{name} has no say in {id}: {why}")]
    NoSay { id: String, name: String, why: String },
    #[error("a reason is needed")]
    NoReason,
    #[error("{0} was changed by somebody else in this moment")]
    Changed(String),
    #[error(transparent)]
    Store(StoreFailure),
}

impl From<StoreFailure> for SayRefused {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::ClearanceChanged(id) => Self::Changed(id),
            other => Self::Store(other),
        }
    }
}

/// Somebody has a say.
struct Allowed {
    /// In whose place, if in somebody's.
    instead_of: Option<String>,
    /// Whose vote it is, and who casts it.
    whose: BTreeSet<String>,
    /// What gives it.
    capacity: String,
}

/// Somebody who decides, with all that tells in what they have a say: read once for a list of requests.
pub struct Deciding {
    by: Principal,
    me: Known,
    /// Those in whose place they may vote now.
    others: Vec<(Principal, Known)>,
    now: Timestamp,
}

impl Deciding {
    /// Whether they may decide on this request as it is now.
    ///
    /// # Errors
    /// Why they may not.
    pub fn may_decide(&self, clearance: &Clearance) -> Result<(), String> {
        clearing::decidable(clearance, self.now).map_err(|state| format!("it is {state}"))?;
        self.say_in(clearance).map(drop)
    }

    fn say_in(&self, clearance: &Clearance) -> Result<Allowed, String> {
        let Self { by, me, others, now } = self;
        let why = match say_of(clearance, by, me, *now) {
            Ok(capacity) => return Ok(Allowed { instead_of: None, whose: me.whose(), capacity }),
            Err(why) => why,
        };
        // Nobody votes about themselves in another's place either, nor does somebody who works here no more.
        if me.may_be(&clearance.identity) || has_left(me) {
            return Err(why);
        }
        for (other, known) in others {
            let whose = known.whose();
            if clearance.votes.iter().any(|vote| vote.yes && !vote.whose.is_disjoint(&whose)) {
                continue;
            }
            if let Ok(capacity) = say_of(clearance, other, known, *now) {
                let whose = whose.into_iter().chain(me.whose()).collect();
                return Ok(Allowed { instead_of: Some(other.name.clone()), whose, capacity });
            }
        }
        Err(why)
    }
}

/// Identities that are somebody, and the groups they are in.
pub(crate) struct Known {
    /// Surely them, in whichever tenant: given, or joined to those by the policy's key of persons.
    pub identities: Vec<IdentityId>,
    /// These, and all that share an address with one of them. Who may write an address into Okta comes to nothing by it:
    /// it only takes a say away.
    alike: BTreeSet<IdentityId>,
    groups: BTreeSet<GroupId>,
    /// Given, and those of their identities.
    pub emails: Vec<String>,
    /// One of the identities is somebody who works here.
    pub employed: bool,
}

impl Known {
    /// Whether it would be a vote about themselves.
    fn may_be(&self, id: &IdentityId) -> bool {
        self.alike.contains(id)
    }

    /// All names that are surely theirs.
    fn whose(&self) -> BTreeSet<String> {
        let mails = self.emails.iter().map(|mail| address(mail));
        self.identities.iter().map(ToString::to_string).chain(mails).collect()
    }
}

impl Engine {
    /// Requests that wait, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn requests(&self, limit: usize) -> Result<Vec<Clearance>, StoreFailure> {
        self.store.clearances(ClearanceState::Waiting, limit).await
    }

    /// One decision on all of these requests, or on none: who said it and why is journaled, for the decision as a whole
    /// and for each person. Answers the requests as they are now.
    ///
    /// # Errors
    /// See [`SayRefused`].
    pub async fn decide_requests(
        &self,
        ids: &[String],
        say: Say,
        by: &Principal,
        reason: &str,
    ) -> Result<Vec<Clearance>, SayRefused> {
        let deciding = self.deciding(by).await?;
        let now = deciding.now;
        let reason = reason.trim();
        let mut after = Vec::new();
        for id in ids.iter().collect::<BTreeSet<_>>() {
            let found = self.store.clearance(id).await?.ok_or_else(|| SayRefused::Unknown(id.clone()))?;
            if reason.is_empty() && (say == Say::Decline || found.kind == ClearanceKind::Cap) {
                return Err(SayRefused::NoReason);
            }
            after.push(decide_request(found, say, &deciding, reason)?);
        }
        let word = match say {
            Say::Approve => "approved",
            Say::Decline => "declined",
            Say::Renew => "to be asked anew",
        };
        let mut batch = Vec::new();
        for clearance in &after {
            let title = format!("{} {word} by {}", clearance.kind.as_str(), by.name);
            batch.push(self.clearance_line(clearance, "approval", title, now));
            batch.push(Write::Clearance(Box::new(clearance.clone())));
            batch.push(Write::Attend {
                who: vec![clearance.identity.clone()],
                source: Source::Person,
                lane: Lane::Normal,
                due: now,
                why: format!("{} was decided", clearance.id),
            });
        }
        let tenants: BTreeSet<&TenantId> = after.iter().map(|c| &c.identity.tenant).collect();
        for tenant in tenants {
            let here: Vec<_> =
                after.iter().filter(|c| &c.identity.tenant == tenant).map(|c| c.id.as_str()).collect();
            batch.push(
                line(
                    tenant,
                    now,
                    "approval",
                    format!("{} decided on {} requests: {word}", by.name, here.len()),
                )
                .detail(reason)
                .data(serde_json::json!({
                    "by": by.name,
                    "say": say,
                    "reason": reason,
                    "requests": here,
                }))
                .write(),
            );
        }
        self.write(batch).await?;
        self.wake.notify_one();
        Ok(after.into_iter().map(|c| Clearance { version: c.version + 1, ..c }).collect())
    }

    /// Somebody, with all that tells in what they have a say now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn deciding(&self, by: &Principal) -> Result<Deciding, StoreFailure> {
        let now = self.clock.now();
        let me = self.known_as(by).await?;
        let mut others = Vec::new();
        for kept in self.given_to(&me, now).await? {
            let other = kept.delegator();
            let known = self.known_as(&other).await?;
            others.push((other, known));
        }
        Ok(Deciding { by: by.clone(), me, others, now })
    }

    /// Identities that are surely somebody.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn identities_of(&self, who: &Principal) -> Result<Vec<IdentityId>, StoreFailure> {
        Ok(self.known_as(who).await?.identities)
    }

    pub(crate) async fn known_as(&self, who: &Principal) -> Result<Known, StoreFailure> {
        let mut with: BTreeMap<String, Vec<IdentityId>> = BTreeMap::new();
        for mail in &who.emails {
            with.insert(address(mail), self.with_address(mail).await?);
        }
        let given = who.identities.iter().chain(with.values().flatten()).cloned().collect();
        let people = self.joined(given).await?;
        let mut alike = BTreeSet::new();
        let mut groups = BTreeSet::new();
        let mut emails = who.emails.clone();
        let mut employed = false;
        for known in people.values().flatten() {
            let text = |name| known.identity.profile.text(name);
            for mail in text("email").into_iter().chain(text("login")) {
                if let Entry::Vacant(unasked) = with.entry(address(mail)) {
                    unasked.insert(self.with_address(mail).await?);
                }
            }
            if known.gone_at.is_some() || !known.identity.status.is_employed() {
                continue;
            }
            employed = true;
            groups.extend(known.identity.groups.ids().iter().cloned());
            emails.extend(text("email").into_iter().chain(text("login")).map(str::to_owned));
        }
        for found in with.into_values() {
            let (few, more) = found.split_at(found.len().min(ONE_PERSON_MAX));
            alike.extend(more.iter().cloned());
            let few = few.iter().filter(|id| !people.contains_key(*id)).cloned().collect();
            alike.extend(self.joined(few).await?.into_keys());
        }
        emails.sort();
        emails.dedup();
        let identities: Vec<_> = people.into_keys().collect();
        alike.extend(identities.iter().cloned());
        Ok(Known { identities, alike, groups, emails, employed })
    }

    /// Identities that have this address, as their own or to sign in with.
    async fn with_address(&self, mail: &str) -> Result<Vec<IdentityId>, StoreFailure> {
        let mut found = self.store.identities_by_key(MANAGER_LOGIN, &fold::text(mail)).await?;
        if let Some(folded) = fold::email(mail) {
            found.extend(self.store.identities_by_key(MANAGER_EMAIL, &folded).await?);
        }
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// These identities, and those of the same people, in whichever tenant, by the policy's key of persons.
    async fn joined(
        &self,
        ids: BTreeSet<IdentityId>,
    ) -> Result<BTreeMap<IdentityId, Option<Mirrored>>, StoreFailure> {
        let active = self.active();
        let mut all = BTreeMap::new();
        let mut keys = BTreeSet::new();
        for id in ids {
            let known = self.store.identity(&id).await?;
            keys.extend(known.as_ref().and_then(|known| active.policy.person_term(&known.identity)));
            all.insert(id, known);
        }
        for (kind, value) in keys {
            let found = self.store.identities_by_key(&kind, &value).await?;
            if found.len() > ONE_PERSON_MAX {
                continue;
            }
            for id in found {
                if let Entry::Vacant(another) = all.entry(id) {
                    let known = self.store.identity(another.key()).await?;
                    another.insert(known);
                }
            }
        }
        Ok(all)
    }
}

/// As addresses are told apart.
fn address(mail: &str) -> String {
    fold::email(mail).unwrap_or_else(|| fold::text(mail))
}

fn decide_request(
    found: Clearance,
    say: Say,
    deciding: &Deciding,
    reason: &str,
) -> Result<Clearance, SayRefused> {
    let id = found.id.clone();
    let (by, now) = (&deciding.by, deciding.now);
    let renewable = say == Say::Renew && !found.over && found.kind == ClearanceKind::Approval;
    if let (Err(state), false) = (clearing::decidable(&found, now), renewable) {
        return Err(SayRefused::Over { id, state });
    }
    let Allowed { instead_of, whose, capacity } = deciding
        .say_in(&found)
        .map_err(|why| SayRefused::NoSay { id: id.clone(), name: by.name.clone(), why })?;
    if say == Say::Renew {
        // The next look finds its lines wanted and nothing on record: it asks anew.
        let words = clearing::said("to be asked anew", &by.name, reason);
        return Ok(Clearance {
            over: true,
            state: ClearanceState::Cancelled,
            ended: Some((now, words)),
            ..found
        });
    }
    let yes = say == Say::Approve;
    let reason = reason.to_owned();
    let vote = Vote { by: by.name.clone(), instead_of, whose, at: now, yes, reason, capacity };
    if yes && found.votes.iter().any(|known| known.yes && known.is_same_persons(&vote)) {
        let why = "that vote is counted already: it takes one of somebody else".to_owned();
        return Err(SayRefused::NoSay { id, name: by.name.clone(), why });
    }
    Ok(clearing::voted(found, vote))
}

/// What gives them a say, or why they have none.
fn say_of(clearance: &Clearance, who: &Principal, known: &Known, now: Timestamp) -> Result<String, String> {
    // A link or a delegation outlives a contract; a sign-in does not, and neither does what it gives.
    if has_left(known) {
        return Err("they do not work here any more, or are on leave".into());
    }
    // One person may have several users: none of them has a say about another.
    if known.may_be(&clearance.identity) {
        return Err(clearing::ABOUT_ONESELF.into());
    }
    let roles = who.roles_at(&clearance.identity.tenant, &clearance.site);
    let voter =
        Voter { identities: &known.identities, emails: &known.emails, roles: &roles, groups: &known.groups };
    clearing::capacity(clearance, &voter, now)
}

/// Somebody who is known, and does not work here now.
fn has_left(known: &Known) -> bool {
    !known.identities.is_empty() && !known.employed
}
