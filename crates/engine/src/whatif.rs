//! What another policy would do to everybody: judged twice from the mirrors, by the policy in force and by the draft,
//! and compared. Nothing is called but the tenants' schemas, nothing is written but the seal.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use futures_util::future::try_join_all;
use jiff::Timestamp;
use lanyard_model::{
    clearance::{ClearanceState, GatedLine},
    desired::{Applied, Because},
    id::{IdentityId, SiteId},
    plan::{Effect, Gate, Plan},
};
use lanyard_plan::{clearing::WHATIF, lines, render::render_because};
use lanyard_policy::{Policy, PolicyFiles, Problems};
use serde::Serialize;

use crate::{
    Engine,
    engine::Active,
    judge::{Desks, Keys, Memory, OnRecord, Roll, Who},
    ports::{PortFailure, Progress, StoreFailure},
    survey::{SiteSurvey, TenantSurvey},
};

mod outlook;
mod picture;
mod seal;
mod shown;
pub mod waves;

pub(crate) use outlook::reasons;
use outlook::{Outlook, Side, outlooks};
use picture::Picture;
pub(crate) use picture::{Pictures, is_about_people};
pub(crate) use seal::SealedLines;
pub use seal::{LeftOut, LineFate, SealProgress, SealRefused, SealReport};
pub use shown::{SealHead, SealState, ShownFilter, ShownPage, ShownPerson};

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
pub enum WhatIfError {
    #[error("the draft has mistakes")]
    Mistakes(Box<Problems>),
    #[error("nothing is mirrored of {0} yet")]
    NeverSwept(String),
    #[error("the draft names groups whose members are not mirrored: {}", groups.join(", "))]
    GroupsUnread { groups: Vec<String> },
    #[error(transparent)]
    Store(#[from] StoreFailure),
    #[error(transparent)]
    Port(#[from] PortFailure),
    #[error("{0}")]
    Failed(String),
}

/// How a doubt begins that is a mistake of the draft.
pub const UNSEALABLE: &str = "cannot be sealed: ";

/// How many people meet each kind of effect. One person may meet several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub people: usize,
    pub affected: usize,
    pub gain: usize,
    pub lose: usize,
    pub r#move: usize,
    pub change: usize,
    pub wait: usize,
}

/// What the draft means to one person in one site, beyond what is open anyway.
#[derive(Debug, Clone, Serialize)]
pub struct PersonEffect {
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    pub gains: Vec<String>,
    pub loses: Vec<String>,
    pub moves: Vec<String>,
    pub changes: Vec<String>,
    /// Held, asked about, or without a free desk.
    pub waits: Vec<String>,
    /// Open under the policy in force, and no longer under the draft.
    pub no_longer: Vec<String>,
    /// Names of the changes that each text of gains, loses, moves and changes tells of: what can be left out of a seal.
    pub lines: BTreeMap<String, BTreeSet<String>>,
    /// Why, by the same texts (those of waits and `no_longer` too): places in [`WhatIf::reasons`].
    pub because: BTreeMap<String, Vec<usize>>,
    #[serde(skip)]
    keys: BTreeSet<String>,
}

/// Reasons, each told once: thousands of people have the same.
#[derive(Default)]
struct Reasons {
    texts: Vec<String>,
    known: HashMap<String, usize>,
}

impl Reasons {
    fn of(&mut self, because: &[Because]) -> Vec<usize> {
        let mut places: Vec<usize> = because.iter().map(|one| self.place(render_because(one))).collect();
        places.dedup();
        places
    }

    fn place(&mut self, text: String) -> usize {
        let next = self.texts.len();
        *self.known.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FloorEffect {
    pub site: SiteId,
    pub floor: String,
    pub seats: usize,
    /// People with a seat there today, and under the draft.
    pub today: usize,
    pub then: usize,
    /// People who want a desk there and find none.
    pub short: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cost {
    pub site: SiteId,
    pub ioffice_calls: usize,
    pub okta_calls: usize,
    /// At the site's own pace; `None`: it has none.
    pub minutes: Option<f64>,
    /// People who lose something, and how many may within the window.
    pub removals: usize,
    pub removals_max: Option<u64>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RuleUse {
    /// Flows whose conditions nobody meets.
    pub dead: Vec<String>,
    /// Flows whose conditions somebody meets, and that give nobody anything now: another rule always wins, or the time for it
    /// is over (a first day that has begun).
    pub shadowed: Vec<String>,
    /// Table rows that decide for nobody.
    pub idle_rows: Vec<(String, u32)>,
}

/// The whole answer.
#[derive(Debug, Clone, Serialize)]
pub struct WhatIf {
    /// Names exactly this answer; `None`: it cannot be sealed, `doubts` say why.
    pub seal: Option<String>,
    pub draft: String,
    pub draft_seal: String,
    pub in_force_seal: String,
    pub at: Timestamp,
    pub totals: Totals,
    pub people: Vec<PersonEffect>,
    /// What the people's `because` names by place: rules, rows of tables, conditions.
    pub reasons: Vec<String>,
    pub floors: Vec<FloorEffect>,
    /// People whose future bookings would be cancelled; how many they have is not mirrored.
    pub bookings_cancelled_for: usize,
    pub bookings_known: usize,
    /// Requests that would be made, by rule.
    pub approvals: BTreeMap<String, usize>,
    pub cost: Vec<Cost>,
    /// Have an account under the policy in force, and none by the draft's keys.
    pub unmatched: Vec<String>,
    pub disputed: Vec<String>,
    /// No longer concerned by any route or scope.
    pub out_of_scope: Vec<String>,
    pub aside: Vec<String>,
    pub rules: RuleUse,
    /// What this answer does not know.
    pub doubts: Vec<String>,
}

/// Everybody, from the mirrors.
struct Population {
    tenants: Vec<TenantSurvey>,
    sites: Vec<SiteSurvey>,
    keys: Keys,
    /// By whose keys accounts are found.
    keys_of: Arc<Active>,
    roll: Roll,
    memory: BTreeMap<SiteId, Memory>,
    applied: HashMap<SiteId, HashMap<IdentityId, Applied>>,
    asked: OnRecord,
    desks: Desks,
    /// What access reviews removed.
    withheld: crate::reviews::WithheldRights,
    now: Timestamp,
}

impl Engine {
    /// Judges everybody by the draft. With `read_groups`, members of groups that only the draft names are asked for in
    /// Okta; otherwise no call is made, and such a draft is refused.
    ///
    /// # Errors
    /// See [`WhatIfError`].
    pub async fn whatif(
        &self,
        files: &PolicyFiles,
        read_groups: bool,
        progress: &dyn Progress,
    ) -> Result<WhatIf, WhatIfError> {
        let (draft, problems) = match self.lint_policy(files).await {
            (Some(draft), problems) => (draft, problems),
            (None, problems) => return Err(WhatIfError::Mistakes(Box::new(problems))),
        };
        let in_force = self.active();
        let draft = Arc::new(self.judged_by(&draft).await?);
        // What publishing would refuse is shown all the same, and never sealed.
        let mut doubts: Vec<String> = problems
            .iter()
            .filter(|problem| problem.severity == lanyard_policy::Severity::Error)
            .map(|mistake| format!("{UNSEALABLE}{mistake}"))
            .collect();
        let unread = in_force.lacks(&draft);
        if !unread.is_empty() {
            doubts.push(format!(
                "attributes that the policy in force does not use are not mirrored and count as empty: {}",
                unread.join(", ")
            ));
        }
        progress.report("reading the mirrors", 0, None);
        let known = self.picture(&in_force, &draft);
        let written = self.pictures.written();
        let (population, torn) = match &known {
            Some(picture) => (Arc::clone(&picture.population), Vec::new()),
            None => {
                let mut population = self.population(&in_force).await?;
                let torn = self.add_groups(&mut population, &in_force, &draft, read_groups).await?;
                (Arc::new(population), torn)
            }
        };
        let whole = unread.is_empty() && torn.is_empty() && !problems.has_errors();
        doubts.extend(torn);
        doubts.extend(draft.missing.iter().map(|group| format!("group {group} does not exist in Okta")));
        progress.report("decisions", 0, None);
        let (lapsed_now, lapsed_then) = (
            self.lapsed(&population.asked, in_force.policy.seal()).await?,
            self.lapsed(&population.asked, draft.policy.seal()).await?,
        );
        let known = known.filter(|one| one.lapsed == lapsed_now);
        let judged = {
            let (in_force, draft, population) =
                (Arc::clone(&in_force), Arc::clone(&draft), Arc::clone(&population));
            let lapsed = lapsed_now.clone();
            let only_then = known.is_some();
            tokio::task::spawn_blocking(move || {
                let side = |active, lapsed, reasons| Side { active, lapsed, reasons };
                let then = side(&draft, &lapsed_then, true);
                let today = side(&in_force, &lapsed, false);
                let sides = if only_then { vec![then] } else { vec![then, today] };
                outlooks(&sides, &population)
            })
        };
        let mut judged = judged.await.map_err(|error| WhatIfError::Failed(error.to_string()))?.into_iter();
        let failed = || WhatIfError::Failed("nobody was judged".into());
        let then = judged.next().ok_or_else(failed)?;
        let today = match (known, judged.next()) {
            (Some(picture), _) => picture.today,
            (None, Some(today)) => Arc::new(today),
            (None, None) => return Err(failed()),
        };
        if draft.groups.is_subset(&in_force.groups) {
            self.pictures.keep(Picture {
                in_force: Arc::clone(&in_force),
                population: Arc::clone(&population),
                lapsed: lapsed_now,
                today: Arc::clone(&today),
                written,
            });
        }
        let mut answer = self.compare_outlooks(&in_force, &draft, &today, then, &population, doubts);
        if whole {
            let seal = self.keep_seal(files, &answer).await?;
            self.keep_shown(&seal, &mut answer).await?;
            answer.seal = Some(seal);
        }
        Ok(answer)
    }

    /// What was made of everybody for an earlier what-if, if nothing has changed. It knows no groups but those in force.
    fn picture(&self, in_force: &Arc<Active>, draft: &Active) -> Option<Picture> {
        let withheld = self.withheld.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        let last = self.pictures.last(in_force, &withheld, self.clock.now());
        last.filter(|_| draft.groups.is_subset(&in_force.groups))
    }

    async fn population(&self, in_force: &Arc<Active>) -> Result<Population, WhatIfError> {
        let now = self.clock.now();
        let tenants = try_join_all(self.directories().keys().map(|id| self.recall_tenant(id)));
        let sites = try_join_all(self.sites().keys().map(|id| self.recall_site(id)));
        let applied = try_join_all(
            self.sites()
                .keys()
                .map(async |id| Ok((id.clone(), self.store.applied_all(id).await?.into_iter().collect()))),
        );
        let (tenants, sites, applied, asked) = tokio::try_join!(tenants, sites, applied, self.on_record())?;
        let never = |tenant: &&TenantSurvey| tenant.identities.is_empty() && tenant.groups.is_empty();
        if let Some(unknown) = tenants.iter().find(never) {
            return Err(WhatIfError::NeverSwept(unknown.tenant.to_string()));
        }
        let applied = applied.into_iter().collect();
        let (roll, memory) = self.recall_ties(&tenants, &sites).await?;
        let mut desks = self.desks(self.sites().keys());
        let fields = self.active().policy.team_fields();
        for site in &sites {
            if let Some((_, seating)) = desks.get_mut(&site.site) {
                for account in site.accounts.iter() {
                    seating.sit(account.id(), account.seat.map(|seat| seat.room));
                    seating.note_teams(&account, &fields);
                }
            }
        }
        let withheld = self.withheld.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        let judged = Arc::clone(in_force);
        let indexed = tokio::task::spawn_blocking(move || {
            let keys = Keys::of(&judged, &tenants, &sites);
            (keys, tenants, sites)
        });
        let (keys, tenants, sites) = indexed.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
        let keys_of = Arc::clone(in_force);
        Ok(Population { tenants, sites, keys, keys_of, roll, memory, applied, asked, desks, withheld, now })
    }

    /// What was asked about people's lines, and still counts.
    async fn on_record(&self) -> Result<OnRecord, StoreFailure> {
        use ClearanceState::{Cancelled, Declined, Expired, Granted, Waiting};
        let mut asked = OnRecord::new();
        for state in [Waiting, Granted, Declined, Expired, Cancelled] {
            let known = self.store.clearances(state, usize::MAX).await?;
            for one in known.into_iter().filter(|one| !one.over) {
                let of_site = asked.entry(one.site.clone()).or_default();
                of_site.entry(one.identity.clone()).or_default().push(one);
            }
        }
        // A later word counts more than an earlier one.
        for list in asked.values_mut().flat_map(HashMap::values_mut) {
            list.sort_by(|a, b| (a.asked_at, &a.id).cmp(&(b.asked_at, &b.id)));
        }
        Ok(asked)
    }

    /// Rules of sealed what-ifs that ask nothing where this policy is in force: it was taken back.
    async fn lapsed(&self, asked: &OnRecord, policy: &str) -> Result<BTreeSet<String>, StoreFailure> {
        let rules: BTreeSet<&String> =
            asked.values().flat_map(HashMap::values).flatten().map(|one| &one.rule).collect();
        let mut lapsed = BTreeSet::new();
        for rule in rules {
            if let Some(seal) = rule.strip_prefix(WHATIF)
                && self.is_taken_back(seal, policy).await?
            {
                lapsed.insert(rule.clone());
            }
        }
        Ok(lapsed)
    }

    /// Adds members of groups that only the draft names. Answers what speaks against their lists.
    async fn add_groups(
        &self,
        population: &mut Population,
        in_force: &Active,
        draft: &Active,
        read: bool,
    ) -> Result<Vec<String>, WhatIfError> {
        let mut doubts = Vec::new();
        let shrink = in_force.policy.guardrails().shrink_percent_max;
        for tenant in &mut population.tenants {
            let new: Vec<_> = tenant
                .groups
                .iter()
                .filter(|group| draft.groups.contains(&group.id) && !in_force.groups.contains(&group.id))
                .map(|group| (group.id.clone(), group.name.to_string()))
                .collect();
            if new.is_empty() {
                continue;
            }
            if !read {
                let groups = new.into_iter().map(|(_, name)| name).collect();
                return Err(WhatIfError::GroupsUnread { groups });
            }
            let directory = &self.directories()[&tenant.tenant];
            for (group, name) in new {
                let mut members = Vec::new();
                let evidence = directory.list_members(&group, &mut members).await?;
                let list = evidence.certify(None, shrink);
                let told = |doubt| format!("the members of {name} could not be read whole: {doubt}");
                doubts.extend(list.doubts.into_iter().map(told));
                members.iter().for_each(|user| tenant.identities.join(user, &group));
            }
            tenant.identities.joined_more();
        }
        Ok(doubts)
    }

    fn compare_outlooks(
        &self,
        in_force: &Active,
        draft: &Active,
        today: &Outlook,
        then: Outlook,
        population: &Population,
        mut doubts: Vec<String>,
    ) -> WhatIf {
        let mut totals = Totals {
            people: population.tenants.iter().map(|t| t.identities.len()).sum(),
            ..Totals::default()
        };
        let mut people = Vec::new();
        let mut reasons = Reasons::default();
        // By name, so that equal answers number their reasons alike.
        let keys: BTreeSet<_> = then.plans.keys().chain(today.plans.keys()).collect();
        for key in keys {
            let before = today.plans.get(key).map(|(plan, _)| plan);
            let effect = match (then.plans.get(key), before) {
                (Some((plan, told)), _) => {
                    let no_desk = then.no_desk.contains(key) && !today.no_desk.contains(key);
                    effect_of(plan, told, before, no_desk, &mut reasons)
                }
                (None, Some(plan)) => {
                    let quiet = Plan { steps: Vec::new(), ..plan.clone() };
                    effect_of(&quiet, &[], before, false, &mut reasons)
                }
                (None, None) => None,
            };
            people.extend(effect);
        }
        totals.affected = people.len();
        for one in &people {
            totals.gain += usize::from(!one.gains.is_empty());
            totals.lose += usize::from(!one.loses.is_empty());
            totals.r#move += usize::from(!one.moves.is_empty());
            totals.change += usize::from(!one.changes.is_empty());
            totals.wait += usize::from(!one.waits.is_empty());
        }
        let cancelled = then.cancelled.iter().filter(|(key, _)| !today.cancelled.contains_key(key));
        let (bookings_cancelled_for, bookings_known) =
            cancelled.fold((0, 0), |(people, known), (_, bookings)| (people + 1, known + bookings));
        if bookings_cancelled_for > 0 {
            doubts.push("future bookings are not mirrored: only those that we made are counted".into());
        }
        let kept = then.kept.iter().filter(|key| !today.kept.contains(key)).count();
        if kept > 0 {
            doubts.push(format!(
                "a rule keeps the next bookings of {kept} people: later ones would be cancelled, and are not counted"
            ));
        }
        let mut approvals: BTreeMap<String, usize> = BTreeMap::new();
        for (key, rules) in &then.asks {
            // What the policy in force asks too is asked without the draft.
            let anyway = today.asks.get(key);
            for rule in rules.iter().filter(|rule| anyway.is_none_or(|asked| !asked.contains(*rule))) {
                *approvals.entry(rule.clone()).or_default() += 1;
            }
        }
        let was_aside: HashSet<_> = today.aside.iter().map(|(id, ..)| id).collect();
        let was_disputed: HashSet<_> = today.disputed.iter().map(|(id, site, ..)| (id, site)).collect();
        // Whoever is set aside or disputed then is told of there, and may well have an account.
        let unclear: HashSet<_> =
            then.aside.iter().map(|(id, ..)| id).chain(then.disputed.iter().map(|(id, ..)| id)).collect();
        let named = |who: &Who| {
            let one = population.roll.identity(&population.tenants, *who)?;
            Some((one.id.clone(), format!("{} ({})", one.display_name(), one.id)))
        };
        let lost = today.matched.iter().filter(|who| !then.matched.contains(who));
        let lost = lost.filter(|who| !then.out_of_scope.contains(who)).filter_map(named);
        let mut unmatched: Vec<_> =
            lost.filter(|(id, _)| !unclear.contains(id)).map(|(_, named)| named).collect();
        let left = then.out_of_scope.difference(&today.out_of_scope);
        let mut out_of_scope: Vec<_> = left.filter_map(named).map(|(_, named)| named).collect();
        unmatched.sort();
        out_of_scope.sort();
        WhatIf {
            seal: None,
            draft: draft.policy.name().to_owned(),
            draft_seal: draft.policy.seal().to_owned(),
            in_force_seal: in_force.policy.seal().to_owned(),
            at: population.now,
            cost: self.cost_of(&people, draft),
            totals,
            people,
            reasons: reasons.texts,
            floors: floors_of(today, &then, population),
            bookings_cancelled_for,
            bookings_known,
            approvals,
            unmatched,
            disputed: then
                .disputed
                .iter()
                .filter(|(id, site, ..)| !was_disputed.contains(&(id, site)))
                .map(|(id, site, name, unclear)| format!("{name} ({id}) in {site}: {}", unclear.why))
                .collect(),
            out_of_scope,
            aside: then
                .aside
                .iter()
                .filter(|(id, ..)| !was_aside.contains(id))
                .map(|(id, name, why)| format!("{name} ({id}): {why}"))
                .collect(),
            rules: rule_use(&draft.policy, &then),
            doubts,
        }
    }

    fn cost_of(&self, people: &[PersonEffect], draft: &Active) -> Vec<Cost> {
        let mut by_site: BTreeMap<&SiteId, (usize, usize, usize)> = BTreeMap::new();
        for one in people {
            let sums = by_site.entry(&one.site).or_default();
            // Two reads, before and after, and one call for each operation: lines of one record travel together.
            let verbs: BTreeSet<&str> = one
                .keys
                .iter()
                .map(|key| match key.split(':').next().unwrap_or_default() {
                    "role+" | "role-" | "roles-" => "roles",
                    "deactivate" => "deactivate",
                    "reactivate" => "reactivate",
                    "create" => "create",
                    other if other.starts_with("booking") || other.starts_with("visit") => key,
                    _ => "record",
                })
                .collect();
            let creates = verbs.contains("create") && verbs.contains("record");
            sums.0 += 2 + verbs.len() - usize::from(creates);
            sums.1 += 2;
            sums.2 += usize::from(!one.loses.is_empty());
        }
        by_site
            .into_iter()
            .map(|(site, (ioffice_calls, okta_calls, removals))| {
                let rate = self.sites().get(site).and_then(|state| state.port().rate_per_second());
                let guardrails = draft.policy.guardrails();
                Cost {
                    site: site.clone(),
                    ioffice_calls,
                    okta_calls,
                    minutes: rate.map(|rate| (ioffice_calls as f64 / rate / 60.0 * 10.0).ceil() / 10.0),
                    removals,
                    removals_max: guardrails.removals_max(self.people_in(site)),
                }
            })
            .collect()
    }
}

/// What the draft adds to what is open anyway.
fn effect_of(
    plan: &Plan,
    told: &[Vec<GatedLine>],
    before: Option<&Plan>,
    no_desk: bool,
    reasons: &mut Reasons,
) -> Option<PersonEffect> {
    let said = |plan: &Plan| -> HashSet<String> {
        plan.steps.iter().flat_map(|step| &step.differences).map(lines::sentence).collect()
    };
    let known = before.map(said).unwrap_or_default();
    let mut effect = PersonEffect {
        identity: plan.identity.clone(),
        person: plan.person.clone(),
        site: plan.site.clone(),
        gains: Vec::new(),
        loses: Vec::new(),
        moves: Vec::new(),
        changes: Vec::new(),
        waits: Vec::new(),
        no_longer: Vec::new(),
        lines: BTreeMap::new(),
        because: BTreeMap::new(),
        keys: BTreeSet::new(),
    };
    let mut any = false;
    for (at, step) in plan.steps.iter().enumerate() {
        for difference in &step.differences {
            let text = lines::sentence(difference);
            if known.contains(&text) {
                continue;
            }
            any = true;
            if let Some(why) = step.gate.why() {
                let text = format!("{text} ({why})");
                effect.because.insert(text.clone(), reasons.of(&difference.because));
                effect.waits.push(text);
                continue;
            }
            effect.because.insert(text.clone(), reasons.of(&difference.because));
            match difference.effect {
                Effect::Add => effect.gains.push(text),
                Effect::Remove => effect.loses.push(text),
                Effect::Move => effect.moves.push(text),
                Effect::Change => effect.changes.push(text),
            }
        }
        if step.gate == Gate::Open {
            for line in told.get(at).into_iter().flatten() {
                effect.keys.insert(line.key.clone());
                if !known.contains(&line.what) {
                    effect.lines.entry(line.what.clone()).or_default().insert(line.key.clone());
                }
            }
        }
    }
    if no_desk {
        any = true;
        effect.waits.push("a free desk".into());
    }
    let now = said(plan);
    for difference in before.into_iter().flat_map(|plan| &plan.steps).flat_map(|step| &step.differences) {
        let text = lines::sentence(difference);
        if !now.contains(&text) && !effect.no_longer.contains(&text) {
            effect.because.insert(text.clone(), reasons.of(&difference.because));
            effect.no_longer.push(text);
        }
    }
    effect.no_longer.sort();
    (any || !effect.no_longer.is_empty()).then_some(effect)
}

fn floors_of(today: &Outlook, then: &Outlook, population: &Population) -> Vec<FloorEffect> {
    let mut floors = Vec::new();
    for ((site, floor), (people, short)) in &then.floors {
        let Some((catalogue, seating)) = population.desks.get(site) else { continue };
        let (sitting, seats) = seating.load(*floor);
        let (people_today, short_today) =
            today.floors.get(&(site.clone(), *floor)).copied().unwrap_or_default();
        // Accounts of nobody sit there too.
        let others = sitting.saturating_sub(people_today.min(sitting));
        let all = people + others;
        if (all > seats || *short > 0) && (*people != people_today || *short != short_today) {
            floors.push(FloorEffect {
                site: site.clone(),
                floor: catalogue.floor_path(*floor),
                seats,
                today: sitting,
                then: all,
                short: *short,
            });
        }
    }
    floors
}

fn rule_use(policy: &Policy, then: &Outlook) -> RuleUse {
    let mut found = RuleUse::default();
    for flow in policy.flows() {
        if !flow.gives {
            if !then.restrict.contains(&flow.id) {
                found.dead.push(flow.id);
            }
            continue;
        }
        if then.used.contains_key(&flow.id) {
            continue;
        }
        let fails = then.failed.get(&flow.id).copied().unwrap_or_default();
        if fails >= then.considered {
            found.dead.push(flow.id);
        } else {
            found.shadowed.push(flow.id);
        }
    }
    for (table, rows) in policy.table_rows() {
        let used = then.rows.get(&table);
        let idle = rows.into_iter().filter(|row| used.is_none_or(|used| !used.contains(row)));
        found.idle_rows.extend(idle.map(|row| (table.clone(), row)));
    }
    found
}
