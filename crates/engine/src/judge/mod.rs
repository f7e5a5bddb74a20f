//! The same decision for everybody, on lists instead of single reads. Pure but for what it is handed: no store, no
//! call. A survey judges by the policy in force, a what-if by another one.

mod alone;
mod keys;
mod owners;
mod roll;
mod site;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    account::{Account, AccountKind},
    clearance::{Clearance, ClearanceKind},
    desired::{Applied, Desired, Ending, Lifecycle, SeatWish},
    id::{AccountId, AccountKey, GroupId, IdentityId, SiteId, TenantId},
    identity::Identity,
    place::Catalogue,
    plan::Plan,
    signal::Lane,
};
use lanyard_plan::{
    Observation, Removal, Seen, Setting,
    clearing::{self, Asked, Gating},
    drift::{self, Drifted, plan_leaving},
    failing::Failing,
    seating::Seating,
};
use lanyard_policy::{Facts, ManagerKey, reaction::Situation};

use crate::{
    delegations::StandIns,
    engine::{Active, doubt_of_missing, manager_key},
    look::Leaving,
    packed::KeyIndex,
    reviews::{WithheldRights, withhold},
    survey::{Admin, Decided, Finding, Left, Overdue, Reverted, SiteSurvey, TenantSurvey, Whose},
};

pub(crate) use alone::Before;
pub(crate) use keys::{Keys, KeysTaken};
use owners::Owners;
pub(crate) use roll::{Linked, Roll, Ties, Who};
pub(crate) use site::Memory;
use site::SiteMemory;

/// What is said of one person while everybody is judged.
#[expect(clippy::large_enum_variant, reason = "handed on at once, and never kept")]
pub(crate) enum Sight<'s> {
    /// Before any site is looked at.
    Standing { first: &'s Desired },
    /// In one site.
    Planned {
        identity: &'s Identity,
        desired: &'s Desired,
        plan: Cow<'s, Plan>,
        account: Option<&'s Account>,
        catalogue: &'s Catalogue,
        seating: &'s Seating,
        linked: bool,
        /// Rules that ask somebody about a line of theirs, and have not asked yet.
        asks: &'s BTreeSet<String>,
        /// Bookings that we made for them and remember, by key.
        bookings: &'s BTreeMap<String, i64>,
    },
}

/// Places of a site as they are while people are given desks one after another.
pub(crate) type Desks = BTreeMap<SiteId, (Arc<Catalogue>, Seating)>;

/// What was asked about people's lines and still counts, by site and person; oldest first.
pub(crate) type OnRecord = HashMap<SiteId, HashMap<IdentityId, Vec<Clearance>>>;

/// What the gates of everybody's lines depend on.
#[derive(Clone, Copy)]
struct Gates<'a> {
    known: &'a OnRecord,
    /// Rules of what-ifs that were taken back.
    lapsed: &'a BTreeSet<String>,
}

/// Judges people one after another.
pub(crate) struct Judge<'a> {
    rules: Rules<'a>,
    everybody: Everybody<'a>,
    memory: BTreeMap<SiteId, SiteMemory<'a>>,
    pub(crate) desks: Desks,
    /// Accounts that nobody is linked with, while people are looked through for whoever has their keys.
    owners: Owners,
    pub(crate) decided: Decided,
}

/// People named where only their number matters.
const NAMED_MAX: usize = 10;

/// Until then looks are at work on somebody who has just left.
pub(crate) const OVERDUE_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// Rows whose keys are taken in at a time.
pub(crate) const INDEXED: u32 = 5_000;

impl<'a> Judge<'a> {
    /// Knows nobody by key yet: see [`Judge::prepare`].
    #[expect(clippy::too_many_arguments, reason = "everything that everybody is judged by")]
    pub(crate) fn new(
        active: &'a Active,
        missing: &'a BTreeSet<GroupId>,
        withheld: &'a WithheldRights,
        tenants: &'a [TenantSurvey],
        sites: &'a [SiteSurvey],
        roll: Roll,
        mut remembered: BTreeMap<SiteId, Memory>,
        desks: Desks,
        now: Timestamp,
    ) -> Self {
        let memory = sites
            .iter()
            .map(|site| {
                let known = remembered.remove(&site.site).unwrap_or_default();
                (site.site.clone(), SiteMemory::new(site, known))
            })
            .collect();
        let limits = BTreeMap::new();
        Self {
            rules: Rules {
                active,
                missing,
                withheld,
                now,
                gates: None,
                reasons: false,
                nameless: false,
                limits,
                stand_ins: None,
            },
            everybody: Everybody::new(active, tenants, roll),
            memory,
            desks,
            owners: Owners::default(),
            decided: Decided::default(),
        }
    }

    /// Takes in a part of the keys. Nobody may be judged before it answers that all are known.
    pub(crate) fn prepare(&mut self) -> bool {
        let active = self.rules.active;
        self.everybody.index(INDEXED) && self.memory.values_mut().all(|known| known.index(active, INDEXED))
    }

    /// Knows everybody by keys that were taken in before, under the policy `by`.
    pub(crate) fn know(&mut self, keys: &Keys, by: &Active) {
        self.everybody.know(keys);
        let active = self.rules.active;
        for (site, known) in &mut self.memory {
            match keys.accounts.get(site) {
                Some(keys) if active.policy.finds_by_the_same_keys(&by.policy) => known.know(keys),
                _ => _ = known.index(active, u32::MAX),
            }
        }
    }

    /// Shows what is asked first as asked, or as answered where somebody said a word.
    pub(crate) fn with_gates(mut self, known: &'a OnRecord, lapsed: &'a BTreeSet<String>) -> Self {
        self.rules.gates = Some(Gates { known, lapsed });
        self
    }

    /// Knows who takes a leaver's bookings over, where that is whoever stands in for them. Otherwise it is asked when their
    /// calendar is read.
    pub(crate) fn with_stand_ins(mut self, stand_ins: &'a StandIns) -> Self {
        self.rules.stand_ins = Some(stand_ins);
        self
    }

    /// Shows removals as blocked where a limit has no room.
    pub(crate) fn with_limits(mut self, limits: BTreeMap<SiteId, String>) -> Self {
        self.rules.limits = limits;
        self
    }

    /// Gives plans no names: nobody asks for them.
    pub(crate) fn without_names(mut self) -> Self {
        self.rules.nameless = true;
        self
    }

    /// Tells everybody's reasons, which takes its time.
    pub(crate) fn with_reasons(mut self) -> Self {
        self.rules.reasons = true;
        self
    }

    /// What is wrong with accounts themselves, in sites whose list is proven complete: those of people that belong to
    /// nobody (`orphans`: everybody's list is proven complete too), and those that share a key. Whoever has the keys of those
    /// of nobody is then looked for by [`Judge::find_owners`].
    pub(crate) fn note_accounts(&mut self, orphans: bool) {
        for known in self.memory.values().filter(|known| known.site.certificate.holds()) {
            self.decided.duplicates.extend(known.duplicates(self.rules.active));
            if let Some((catalogue, _)) = self.desks.get(&known.site.site) {
                for room in catalogue.rooms.values() {
                    let left = room.occupants.iter().filter(|id| known.site.accounts.find(**id).is_none());
                    self.decided.left_seats.extend(left.map(|id| (known.key_of(*id), room.name.to_string())));
                }
            }
            let of_people =
                known.site.accounts.iter().filter(|a| a.kind == AccountKind::Person && a.is_live());
            for account in of_people {
                let mut holders = known.holders(account.id()).peekable();
                if let Some(first) = holders.peek().copied() {
                    if holders.all(|who| self.everybody.is_unlisted(who, orphans)) {
                        let of = self.everybody.id(first);
                        // No reaction and no look touches a site administrator: they are told of apart.
                        match account.site_admin {
                            Some(true) => {
                                self.decided.admins.push(Admin { account, whose: Whose::Unlisted(of) });
                            }
                            _ => self.decided.unlisted.push((of, account.key)),
                        }
                    }
                } else if orphans && !known.is_claimed(account.id()) {
                    self.owners.want(account, self.rules.active);
                }
            }
        }
    }

    /// Looks among so many more people for whoever has the keys of accounts that nobody is linked with. Whether all were.
    pub(crate) fn find_owners(&mut self, most: u32) -> bool {
        let Self { rules: Rules { active, .. }, everybody, memory, owners, decided, .. } = self;
        let has = |who: Who, site: &SiteId| memory.get(site).is_some_and(|m| m.account_of(who).is_some());
        let all = owners.look_among(active, everybody, most, &has);
        if all {
            owners.settle(decided);
        }
        all
    }

    /// Judges one person in every site that concerns them.
    /// `applied` answers what is known to be applied for them in a site.
    pub(crate) fn judge(
        &mut self,
        who: Who,
        identity: &Identity,
        applied: &mut dyn FnMut(&SiteId) -> Applied,
        see: &mut dyn FnMut(Sight<'_>),
    ) {
        let Self { rules, everybody, memory, desks, decided, .. } = self;
        let (active, now) = (rules.active, rules.now);
        decided.people += 1;
        let first = active.bound.evaluate_mute(identity, &Facts::unlinked(since(identity)), now);
        see(Sight::Standing { first: &first });
        if let Some(at) = first.review_at {
            decided.reviews.push((identity.id.clone(), at));
        }
        let over = crate::look::over_everywhere(identity, None, &first);
        // Whoever has left loses everything wherever they have it, though nobody could say where they would belong.
        if let Lifecycle::Aside { why } = &first.lifecycle
            && over.is_none()
        {
            decided.aside.push((identity.id.clone(), identity.display_name(), why.clone()));
            decided.unchanged += 1;
            // Their account is theirs all the same: it is no orphan.
            for known in memory.values_mut() {
                let found = known.find(active, who, identity, everybody);
                decided.count(identity, found.is_theirs());
            }
            return;
        }
        let mut sites: BTreeSet<SiteId> = memory
            .iter()
            .filter(|(_, known)| known.account_of(who).is_some())
            .map(|(site, _)| site.clone())
            .collect();
        sites.extend(first.site.clone());
        let mut quiet = true;
        for site in sites {
            let (Some(known), Some((catalogue, seating))) = (memory.get_mut(&site), desks.get_mut(&site))
            else {
                continue;
            };
            let found = known.find(active, who, identity, everybody);
            decided.count(identity, found.is_theirs());
            let untouched = matches!(first.lifecycle, Lifecycle::OutOfScope | Lifecycle::NotYet { .. });
            if untouched && found.tie.is_none() {
                continue;
            }
            if let Some(why) = found.disputed {
                decided.disputed.push((identity.id.clone(), site.clone(), identity.display_name(), why));
                continue;
            }
            let asleep = found.tie.and_then(|tie| known.asleep.remove(&tie.account));
            let account = found.account.or(asleep);
            let account = account.as_ref();
            if let Some(admin) = account.filter(|a| a.site_admin == Some(true)) {
                decided.ungoverned.push((identity.id.clone(), admin.key.clone()));
                continue;
            }
            let applied = applied(&site);
            let leaving = match over {
                Some(how) => Some(Leaving::Over(how)),
                None => first.site.as_ref().filter(|home| **home != site).map(|_| Leaving::Moved(None)),
            };
            let manager_account =
                everybody.manager_of(active, identity).and_then(|manager| known.account_of(manager));
            let delegate_account =
                rules.stand_ins_of(identity).find_map(|other| known.account_of(everybody.find(other)?));
            let person = identity.display_name();
            let link_key = found.tie.map(|tie| known.key_of(tie.account));
            let case = Case {
                identity,
                person: &person,
                site: &site,
                catalogue,
                seating,
                account,
                link: link_key.as_ref(),
                linked: found.tie.is_some_and(|tie| !tie.ended),
                applied: &applied,
                manager_account,
                delegate_account,
                leaving,
            };
            let wanted = rules.wanted(&case, if rules.reasons { Reasons::Words } else { Reasons::Untold });
            if known.governed_by_other(active, who, identity, &wanted.desired, account, everybody, now) {
                continue;
            }
            let Verdict { desired, plan, left, asks, leaves, .. } = rules.verdict(&case, wanted);
            let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
            // Before their own desk is promised: it is not there yet.
            let changed = match (account, &leaves) {
                (Some(account), None) => drift::drifted(&desired, account, &applied, catalogue, seating),
                _ => Vec::new(),
            };
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
                plan: Cow::Borrowed(&plan),
                account,
                catalogue,
                seating,
                linked: found.tie.is_some(),
                asks: &asks,
                bookings: &applied.bookings,
            });
            if let Some(account) = account.filter(|account| ended && account.is_live())
                && found.tie.is_some_and(|tie| tie.ended)
            {
                decided.undead.push((identity.id.clone(), person.clone(), account.clone()));
            }
            if let Some(account) = account.filter(|account| account.is_live())
                && let Some((why, since)) = overdue(&desired, now)
            {
                let of = (site.clone(), identity.id.tenant.clone(), why);
                let (count, named) = decided.overdue.entry(of).or_default();
                *count += 1;
                if named.len() < NAMED_MAX {
                    let waits = plan.steps.iter().find_map(|step| step.gate.why());
                    let waits = waits.map_or_else(String::new, |what| format!(", waits: {what}"));
                    let day = since.strftime("%Y-%m-%d");
                    named.push(format!("{person} (account {}): since {day}{waits}", account.id()));
                }
            }
            if let Some(account) = account
                && let Some(roles) = roles_beyond(account, &desired, &applied, catalogue)
            {
                let of = (site.clone(), identity.id.tenant.clone());
                let (count, named) = decided.beyond.entry(of).or_default();
                *count += 1;
                if named.len() < NAMED_MAX {
                    named.push(format!("{person} (account {}): {roles}", account.id()));
                }
            }
            decided.reverted.extend(changed.into_iter().map(|one| Reverted {
                identity: identity.id.clone(),
                person: person.clone(),
                site: site.clone(),
                // Several items of one person are several values.
                what: if one.what == drift::ITEM { format!("{} {}", one.what, one.wanted) } else { one.what },
                wanted: one.wanted,
                shown: one.shown,
                by: account.and_then(|account| account.updated_by),
            }));
            let mut news = applied.clone();
            crate::look::note_applied(&mut news, &desired, account, seating);
            drift::keep(&mut news, &left);
            if !left.is_empty() {
                decided.left.push(Left {
                    identity: identity.id.clone(),
                    person: person.clone(),
                    site: site.clone(),
                    values: left,
                });
            }
            // What a list cannot tell is looked at: a leaver's bookings, a warning that was never sent, an account that cannot be
            // created and of which nobody was told, or not that it is there by now.
            let unproven = matches!(desired.lifecycle, Lifecycle::Ended { .. })
                && found.tie.is_some_and(|tie| !tie.ended);
            let finding = Finding {
                new_link: found.new_link,
                // What is ours stays so until a look has seen that nothing of it is left: it is what the end rests on.
                applied: (news != applied && !unproven).then_some(news),
                desired,
                plan,
            };
            let untold = finding.plan.notices.iter().any(|notice| !notice.after_verified);
            let lacking = crate::look::lacking(&finding.plan) != applied.told_lacking;
            if !finding.plan.is_quiet() || unproven || untold || lacking {
                quiet = false;
                decided.differing.push(finding);
            } else if finding.new_link.is_some() || finding.applied.is_some() {
                decided.adopted.push(finding);
            }
        }
        decided.unchanged += usize::from(quiet);
    }
}

/// What everybody is judged by.
struct Rules<'a> {
    active: &'a Active,
    /// Groups that policy names and no directory has.
    missing: &'a BTreeSet<GroupId>,
    /// What access reviews removed.
    withheld: &'a WithheldRights,
    now: Timestamp,
    /// What is asked first is shown as asked.
    gates: Option<Gates<'a>>,
    /// Everybody's rules are told, not only those of people who differ.
    reasons: bool,
    /// Plans are compared and dropped.
    nameless: bool,
    /// Sites in which no further removal has room, and why.
    limits: BTreeMap<SiteId, String>,
    /// Who stands in for whom, where that is to be known.
    stand_ins: Option<&'a StandIns>,
}

/// One person in one site, as the lists show them.
struct Case<'c> {
    identity: &'c Identity,
    person: &'c str,
    site: &'c SiteId,
    catalogue: &'c Catalogue,
    seating: &'c Seating,
    account: Option<&'c Account>,
    link: Option<&'c AccountKey>,
    linked: bool,
    applied: &'c Applied,
    manager_account: Option<AccountId>,
    delegate_account: Option<AccountId>,
    /// They leave the site, whatever flows say.
    leaving: Option<Leaving>,
}

/// What somebody should have in a site.
struct Wanted {
    desired: Desired,
    /// Without reasons so far, or without their words.
    mute: bool,
}

/// How reasons are told at first. They are told in words of whoever differs, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reasons {
    /// Nobody asks for them.
    Untold,
    /// Which rules decide is asked of everybody.
    Rules,
    Words,
}

/// The same, and the way there.
struct Verdict {
    desired: Desired,
    plan: Plan,
    /// What somebody changed by hand and policy leaves so.
    left: Vec<Drifted>,
    /// Rules that ask about one of the lines, and have not asked yet.
    asks: BTreeSet<String>,
    /// A desk is wanted meanwhile, in place of a seat that waits for somebody's word.
    desk_meanwhile: bool,
    /// Why hand edits are left, where they are.
    leaves: Option<String>,
}

impl<'a> Rules<'a> {
    fn facts<'c>(&self, case: &Case<'c>) -> Facts<'c> {
        Facts {
            account: case.account,
            applied: Some(case.applied),
            gone: None,
            since: since(case.identity),
            manager_account: case.manager_account,
            delegate_account: case.delegate_account,
            linked: case.linked,
            over: false,
        }
    }

    /// People who stand in for somebody.
    fn stand_ins_of(&self, identity: &Identity) -> impl Iterator<Item = &'a IdentityId> {
        self.stand_ins.and_then(|all| all.get(&identity.id)).into_iter().flatten()
    }

    fn wanted(&self, case: &Case<'_>, reasons: Reasons) -> Wanted {
        let Case { identity, site, .. } = *case;
        let (bound, facts, now) = (&self.active.bound, self.facts(case), self.now);
        let mute = case.leaving.is_none() && reasons != Reasons::Words;
        let desired = match &case.leaving {
            Some(leaving) => leaving.decide(
                self.active,
                identity,
                &facts,
                site,
                identity.status_changed.unwrap_or(now),
                now,
            ),
            None if reasons == Reasons::Untold => {
                withhold(self.withheld, bound.evaluate_mute(identity, &facts, now), site)
            }
            None if mute => withhold(self.withheld, bound.evaluate_naming(identity, &facts, now), site),
            None => withhold(self.withheld, bound.evaluate(identity, &facts, now), site),
        };
        Wanted { desired, mute }
    }

    fn verdict(&self, case: &Case<'_>, wanted: Wanted) -> Verdict {
        let Case { identity, person, site, catalogue, seating, account, applied, .. } = *case;
        let (active, now, facts) = (self.active, self.now, self.facts(case));
        let Wanted { mut desired, mute } = wanted;
        let reactions = active.policy.reactions(site);
        let leaves = reactions.waits(Situation::Linked);
        let removal = Removal {
            protected: active.policy.protects(identity, Some(site)).map(|because| because.text),
            doubt: crate::look::doubt_of(identity, &desired)
                .or_else(|| doubt_of_missing(self.missing, active, &desired)),
            reaction: crate::look::reaction_to_end(&desired, identity, reactions),
            limit: self.limits.get(site).cloned(),
            settle_until: None,
        };
        let observation = Observation {
            account: account.map_or(Seen::Absent, Seen::Present),
            link: case.link,
            bookings: None,
            applied,
        };
        let setting = Setting {
            site,
            catalogue,
            seating,
            removal: &removal,
            policy: active.policy.seal(),
            now,
            lane: match desired.lifecycle {
                Lifecycle::Ended { .. } => Lane::Leaver,
                _ => Lane::Bulk,
            },
            attempt: 0,
            person,
            nameless: self.nameless,
        };
        let (mut plan, mut left) = plan_leaving(&desired, &observation, &setting, leaves.as_deref());
        if mute && !(plan.is_quiet() && plan.todos.is_empty() && plan.notices.is_empty()) {
            // Most people are in step, and nobody asks why; of the others the reasons are told.
            desired = withhold(self.withheld, active.bound.evaluate(identity, &facts, now), site);
            (plan, left) = plan_leaving(&desired, &observation, &setting, leaves.as_deref());
        }
        let (mut asks, mut desk_meanwhile) = (BTreeSet::new(), false);
        let on_record = self.gates.and_then(|gates| gates.known.get(site)?.get(&identity.id));
        if let Some(gates) = self.gates
            && !plan.is_quiet()
            && (on_record.is_some() || !active.policy.demands().is_empty())
        {
            let base = withhold(self.withheld, active.bound.evaluate_unasked(identity, &facts, now), site);
            let asked = Asked::new(&desired, &base, active.policy.demands());
            let gating = Gating {
                asked: &asked,
                demands: active.policy.demands(),
                known: on_record.map_or(&[], Vec::as_slice),
                before: account,
                catalogue,
                now,
                begins: now,
                manager: None,
                capped: false,
                sealed: None,
                lapsed: gates.lapsed,
                window: None,
            };
            desk_meanwhile = asked.base().is_some_and(wants_desk);
            let plan_of = |wish: &Desired| plan_leaving(wish, &observation, &setting, leaves.as_deref()).0;
            let gated = clearing::meanwhile(clearing::gate(plan, &gating), &desired, &gating, &plan_of);
            let new = gated.new.into_iter().filter(|one| one.kind == ClearanceKind::Approval);
            asks.extend(new.map(|one| one.rule));
            plan = gated.plan;
        }
        if !applied.failed.is_empty() || desired.stopped.is_some() {
            let on = |rule: &str, part| active.policy.on_failure(rule, part).cloned();
            let failing = Failing { on: &on, failed: &applied.failed, before: account, catalogue };
            plan = failing.hold(plan, desired.stopped.as_deref(), now);
        }
        Verdict { desired, plan, left, asks, desk_meanwhile, leaves }
    }
}

/// Whether any of several desks would do.
fn wants_desk(desired: &Desired) -> bool {
    matches!(&desired.seat, Some(want) if matches!(want.value, SeatWish::Desk { .. }))
}

/// A list says what is now; since when is the mirror's to know, and a look's to respect.
pub(crate) fn since(identity: &Identity) -> Timestamp {
    identity.last_updated.unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Since when somebody should be gone, if that is longer than timers and looks need to see to it.
fn overdue(desired: &Desired, now: Timestamp) -> Option<(Overdue, Timestamp)> {
    let Lifecycle::Ended { since: Some(since), how } = desired.lifecycle else { return None };
    let why = match how {
        Ending::Expired => Overdue::PastDate,
        Ending::Deactivated | Ending::Deleted | Ending::LeftScope => Overdue::Gone,
    };
    (now.duration_since(since) > OVERDUE_AFTER).then_some((why, since))
}

/// Roles of somebody governed that no rule gives, that we did not give, and that no rule takes away.
fn roles_beyond(
    account: &Account,
    desired: &Desired,
    applied: &Applied,
    catalogue: &Catalogue,
) -> Option<String> {
    if !matches!(desired.lifecycle, Lifecycle::Active) {
        return None;
    }
    let beyond = account.roles.iter().flatten().filter(|(center, _)| {
        !desired.roles.contains_key(center)
            && !applied.roles.contains_key(center)
            && !desired.owned.centers.contains(center)
    });
    let named: Vec<_> = beyond
        .map(|(id, role)| {
            let center = catalogue.centers.get(id).map_or_else(|| id.to_string(), |c| c.name.to_string());
            format!("{} in {center}", role.as_str())
        })
        .collect();
    (!named.is_empty()).then(|| named.join(", "))
}

/// Everybody by number, and by the keys that name a manager.
struct Everybody<'a> {
    active: &'a Active,
    tenants: &'a [TenantSurvey],
    roll: Roll,
    by_key: Vec<Arc<KeyIndex>>,
    /// Tenant and row up to which keys are known.
    indexed: (usize, u32),
}

impl<'a> Everybody<'a> {
    fn new(active: &'a Active, tenants: &'a [TenantSurvey], roll: Roll) -> Self {
        let by_key = tenants.iter().map(|_| Arc::default()).collect();
        Self { active, tenants, roll, by_key, indexed: (0, 0) }
    }

    /// Takes in the keys of at most so many more people. Whether all are known now.
    fn index(&mut self, most: u32) -> bool {
        let (place, from) = self.indexed;
        let Some(tenant) = self.tenants.get(place) else { return true };
        let people = &tenant.identities;
        let end = from.saturating_add(most).min(people.len() as u32);
        let index = Arc::make_mut(&mut self.by_key[place]);
        for row in from..end {
            index.add(row, &self.active.manager_keys(&people.get(row)));
        }
        self.indexed = (place, end);
        if end == people.len() as u32 {
            index.complete();
            self.indexed = (place + 1, 0);
        }
        self.indexed.0 == self.tenants.len()
    }

    fn id(&self, who: Who) -> IdentityId {
        self.roll.id(self.tenants, who)
    }

    fn identity(&self, who: Who) -> Option<Identity> {
        self.roll.identity(self.tenants, who)
    }

    /// Somebody in a list.
    fn find(&self, id: &IdentityId) -> Option<Who> {
        self.roll.find(self.tenants, id)
    }

    fn know(&mut self, keys: &Keys) {
        self.by_key.clone_from(&keys.people);
        self.indexed = (self.tenants.len(), 0);
    }

    /// Who the profile says the manager is.
    fn manager_of(&self, active: &Active, identity: &Identity) -> Option<Who> {
        let reference = active.bound.manager_reference(identity)?;
        self.manager(&identity.id.tenant, &reference.keys)
    }

    /// Whether a complete list of their tenant lacks them. `all`: every tenant's list is complete.
    fn is_unlisted(&self, who: Who, all: bool) -> bool {
        if self.roll.is_listed(who) {
            return false;
        }
        let of = self.id(who).tenant;
        all || self.tenants.iter().any(|known| known.tenant == of && known.certificate.holds())
    }

    fn manager(&self, tenant: &TenantId, keys: &[ManagerKey]) -> Option<Who> {
        let place = self.tenants.iter().position(|known| known.tenant == *tenant)?;
        let people = &self.tenants[place].identities;
        let start = self.roll.start(place);
        keys.iter().find_map(|key| match manager_key(key) {
            Err(id) => people.find(id).map(|row| start + row),
            Ok((kind, value)) => {
                let has = |row: &u32| {
                    let keys = self.active.manager_keys(&people.get(*row));
                    keys.iter().any(|(k, v)| k == kind && v == value)
                };
                let mut found = self.by_key[place].candidates(kind, value).filter(has);
                match (found.next(), found.next()) {
                    (Some(one), None) => Some(start + one),
                    _ => None,
                }
            }
        })
    }
}
