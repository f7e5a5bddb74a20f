//! The same decision for everybody, on lists instead of single reads. Pure but for what it is handed: no store, no
//! call. A survey judges by the policy in force, a what-if by another one.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind},
    desired::{Applied, Desired, Lifecycle},
    id::{AccountId, AccountKey, GroupId, IdentityId, SiteId, TenantId},
    identity::Identity,
    link::{How, Link, Situation},
    place::Catalogue,
    plan::Plan,
    signal::Lane,
};
use lanyard_plan::{
    Observation, Removal, Seen, Setting,
    clearing::{self, Asked, Gating},
    correlate::{Holder, KeyMatch, correlate},
    plan_identity,
    seating::Seating,
};
use lanyard_policy::{Facts, ManagerKey};

use crate::{
    engine::{Active, doubt_of_missing, manager_key},
    look::{Leaving, contradiction},
    reviews::{WithheldRights, withhold},
    survey::{Decided, Finding, SiteSurvey, TenantSurvey},
};

/// What is said of one person while everybody is judged.
pub(crate) enum Sight<'s> {
    /// Before any site is looked at.
    Standing { identity: &'s Identity, first: &'s Desired },
    /// In one site.
    Planned {
        identity: &'s Identity,
        desired: &'s Desired,
        plan: &'s Plan,
        account: Option<&'s Account>,
        catalogue: &'s Catalogue,
        seating: &'s Seating,
        linked: bool,
        /// Bookings that we made for them and remember.
        known_bookings: usize,
    },
}

/// Places of a site as they are while people are given desks one after another.
pub(crate) type Desks = BTreeMap<SiteId, (Arc<Catalogue>, Seating)>;

/// Judges people one after another.
pub(crate) struct Judge<'a> {
    active: &'a Active,
    /// Groups that policy names and no directory has.
    missing: &'a BTreeSet<GroupId>,
    /// What access reviews removed.
    withheld: &'a WithheldRights,
    everybody: Everybody<'a>,
    memory: BTreeMap<SiteId, SiteMemory<'a>>,
    pub(crate) desks: Desks,
    now: Timestamp,
    /// What the policy asks first is shown as asked.
    gates: bool,
    /// Everybody's reasons are told, not only those of people who differ.
    reasons: bool,
    pub(crate) decided: Decided,
}

/// What is remembered of a site's people.
pub(crate) type Memory = (Vec<Link>, HashMap<IdentityId, Applied>, HashMap<AccountId, Account>);

impl<'a> Judge<'a> {
    #[expect(clippy::too_many_arguments, reason = "everything that everybody is judged by")]
    pub(crate) fn new(
        active: &'a Active,
        missing: &'a BTreeSet<GroupId>,
        withheld: &'a WithheldRights,
        tenants: &'a [TenantSurvey],
        sites: &'a [SiteSurvey],
        mut remembered: BTreeMap<SiteId, Memory>,
        desks: Desks,
        now: Timestamp,
    ) -> Self {
        let memory = sites
            .iter()
            .map(|site| {
                let (links, applied, asleep) = remembered.remove(&site.site).unwrap_or_default();
                (site.site.clone(), SiteMemory::new(active, site, links, applied, asleep))
            })
            .collect();
        let everybody = Everybody::new(active, tenants);
        Self {
            active,
            missing,
            withheld,
            everybody,
            memory,
            desks,
            now,
            gates: false,
            reasons: false,
            decided: Decided::default(),
        }
    }

    /// Shows what the policy asks first as asked.
    pub(crate) fn with_gates(mut self) -> Self {
        self.gates = !self.active.policy.demands().is_empty();
        self
    }

    /// Tells everybody's reasons, which takes its time.
    pub(crate) fn with_reasons(mut self) -> Self {
        self.reasons = true;
        self
    }

    /// Live people accounts of a site that belong to nobody, if every list is proven complete.
    pub(crate) fn note_orphans(&mut self, sites: &[SiteSurvey]) {
        for site in sites.iter().filter(|site| site.certificate.holds()) {
            let known = &self.memory[&site.site];
            self.decided.orphans.extend(
                site.accounts
                    .iter()
                    .filter(|a| a.kind == AccountKind::Person && a.is_live() && a.site_admin != Some(true))
                    .filter(|a| !known.holders.contains_key(&a.id()) && !known.disputed.contains(&a.id()))
                    .cloned(),
            );
        }
    }

    /// Judges one person in every site that concerns them.
    pub(crate) fn judge(&mut self, identity: &Identity, see: &mut dyn FnMut(Sight<'_>)) {
        let Self { active, missing, withheld, everybody, memory, desks, now, gates, reasons, decided } = self;
        let (active, missing, now) = (*active, *missing, *now);
        decided.people += 1;
        // A list says what is now; since when is the mirror's to know, and a look's to respect.
        let since = identity.last_updated.unwrap_or(Timestamp::UNIX_EPOCH);
        let facts =
            Facts { account: None, applied: None, gone: None, since, manager_account: None, linked: false };
        let first = active.bound.evaluate_mute(identity, &facts, now);
        see(Sight::Standing { identity, first: &first });
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
            let mute = leaving.is_none() && !*reasons;
            let mut desired = match leaving {
                Some(leaving) => {
                    leaving.desired(&identity.id, &site, identity.status_changed.unwrap_or(now), now)
                }
                None if mute => withhold(withheld, active.bound.evaluate_mute(identity, &facts, now), &site),
                None => withhold(withheld, active.bound.evaluate(identity, &facts, now), &site),
            };
            if known.governed_by_other(active, identity, &desired, account, everybody, &site, now) {
                continue;
            }
            let removal = Removal {
                protected: active.policy.protects(identity).map(|because| because.text),
                doubt: crate::look::doubt_of(identity, &desired)
                    .or_else(|| doubt_of_missing(missing, active, &desired)),
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
                desired = withhold(withheld, active.bound.evaluate(identity, &facts, now), &site);
                plan = plan_identity(&desired, &observation, &setting);
            }
            if *gates && !plan.is_quiet() {
                let base = active.bound.evaluate_unasked(identity, &facts, now);
                let asked = Asked::new(&desired, &base, active.policy.demands());
                plan = clearing::gate(
                    plan,
                    &Gating {
                        asked: &asked,
                        demands: active.policy.demands(),
                        known: &[],
                        before: account,
                        catalogue,
                        now,
                        begins: now,
                        manager: None,
                        capped: false,
                        sealed: None,
                        window: None,
                    },
                )
                .plan;
            }
            for step in &plan.steps {
                use lanyard_model::plan::Operation::{Create, Update};
                if let Create { patch } | Update { patch } = &step.op
                    && let Some(Some(room)) = patch.seat
                {
                    seating.promise(&identity.id, room);
                }
            }
            see(Sight::Planned {
                identity,
                desired: &desired,
                plan: &plan,
                account,
                catalogue,
                seating,
                linked: found.link.is_some(),
                known_bookings: applied.bookings.len(),
            });
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
