//! What another policy would do to everybody: judged twice from the mirrors, by the policy in force and by the draft,
//! and compared. Nothing is called but the tenants' schemas, nothing is written but the seal.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::id::SiteId;
use lanyard_plan::clearing::WHATIF;
use lanyard_policy::{Policy, PolicyFiles, Problems};
use serde::Serialize;

use crate::{
    Engine,
    engine::Active,
    judge::{OnRecord, Who},
    ports::{PortFailure, Progress, StoreFailure},
};

mod effects;
mod outlook;
mod picture;
mod population;
mod seal;
mod shown;
pub mod waves;

pub use effects::PersonEffect;
use effects::{Reasons, effects};
pub(crate) use outlook::reasons;
use outlook::{Outlook, Side, outlooks};
pub(crate) use picture::Pictures;
use picture::Today;
pub(crate) use population::Population;
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

impl WhatIf {
    /// The same without its people, and without the name that it gets.
    fn head(&self) -> Self {
        Self {
            seal: None,
            draft: self.draft.clone(),
            draft_seal: self.draft_seal.clone(),
            in_force_seal: self.in_force_seal.clone(),
            at: self.at,
            totals: self.totals,
            people: Vec::new(),
            reasons: Vec::new(),
            floors: self.floors.clone(),
            bookings_cancelled_for: self.bookings_cancelled_for,
            bookings_known: self.bookings_known,
            approvals: self.approvals.clone(),
            cost: self.cost.clone(),
            unmatched: self.unmatched.clone(),
            disputed: self.disputed.clone(),
            out_of_scope: self.out_of_scope.clone(),
            aside: self.aside.clone(),
            rules: self.rules.clone(),
            doubts: self.doubts.clone(),
        }
    }
}

impl Engine {
    /// Judges everybody by the draft. With `read_groups`, members of groups that only the draft names are asked for in
    /// Okta; otherwise no call is made, and such a draft is refused. The answer is put into other words by `tell`, on a
    /// thread of its own while the seal is being kept. The pages that show the seal's people are kept after this has
    /// answered; whoever asks for one before waits for it.
    ///
    /// # Errors
    /// See [`WhatIfError`].
    pub async fn whatif_told<T: Send + 'static>(
        self: &Arc<Self>,
        files: &PolicyFiles,
        read_groups: bool,
        progress: &dyn Progress,
        tell: impl FnOnce(&WhatIf) -> T + Send + 'static,
    ) -> Result<T, WhatIfError> {
        let answer = Arc::new(self.judge_everybody(files, read_groups, progress).await?);
        let telling = tokio::task::spawn_blocking({
            let answer = Arc::clone(&answer);
            move || tell(&answer)
        });
        let (told, kept) = tokio::join!(telling, self.keep_seal(files, &answer));
        kept?;
        let (engine, showing) = (Arc::clone(self), Arc::clone(&self.showing).read_owned().await);
        tokio::spawn(async move {
            if let Err(error) = engine.keep_pages(&answer).await {
                let seal = answer.seal.as_deref().unwrap_or_default();
                tracing::warn!(seal, %error, "a what-if was sealed, and its people cannot be shown: ask for it again");
            }
            drop(showing);
            aside(answer);
        });
        told.map_err(|error| WhatIfError::Failed(error.to_string()))
    }

    /// Everything but keeping what is to be kept.
    async fn judge_everybody(
        &self,
        files: &PolicyFiles,
        read_groups: bool,
        progress: &dyn Progress,
    ) -> Result<WhatIf, WhatIfError> {
        let draft = Policy::parse(files).map_err(|problems| WhatIfError::Mistakes(Box::new(problems)))?;
        let in_force = self.active();
        progress.report("reading the mirrors", 0, None);
        let ((draft, problems), picture) = tokio::try_join!(self.linted(draft), self.picture(&in_force))?;
        let draft = Arc::new(draft);
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
        let (population, torn) = if draft.groups.is_subset(&in_force.groups) {
            (Arc::clone(&picture.population), Vec::new())
        } else {
            // Members of other groups are known for this answer alone.
            let mut population = Population::clone(&picture.population);
            let torn = self.add_groups(&mut population, &in_force, &draft, read_groups).await?;
            (Arc::new(population), torn)
        };
        let whole = unread.is_empty() && torn.is_empty() && !problems.has_errors();
        doubts.extend(torn);
        let gone = self.gone_groups().await?;
        doubts.extend(draft.missing.iter().map(|group| match gone.get(group) {
            Some(gone) => format!("group {group} does not exist in Okta: {}", gone.said()),
            None => format!("group {group} does not exist in Okta"),
        }));
        progress.report("decisions", 0, None);
        let (lapsed_now, lapsed_then) = (
            self.lapsed(&population.asked, in_force.policy.seal()).await?,
            self.lapsed(&population.asked, draft.policy.seal()).await?,
        );
        let known = picture.today(&lapsed_now);
        let is_news = known.is_none();
        let judged = {
            let (in_force, draft, population) =
                (Arc::clone(&in_force), Arc::clone(&draft), Arc::clone(&population));
            let lapsed = lapsed_now.clone();
            tokio::task::spawn_blocking(move || {
                let side = |active, lapsed, reasons| Side { active, lapsed, reasons };
                let then = side(&draft, &lapsed_then, true);
                let today = side(&in_force, &lapsed, false);
                let sides = if known.is_some() { vec![then] } else { vec![then, today] };
                let mut judged = outlooks(&sides, &population).into_iter();
                let then = judged.next().unwrap_or_default();
                let today = known.unwrap_or_else(|| Arc::new(judged.next().unwrap_or_default()));
                let effects = effects(&today, &then, &population);
                (today, then, effects)
            })
        };
        let (today, then, effects) = judged.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
        if is_news {
            let kept = Today { lapsed: lapsed_now, outlook: Arc::clone(&today) };
            self.pictures.keep_today(&population, kept);
        }
        let mut answer =
            self.compare_outlooks((&in_force, &draft), (&today, &then), effects, &population, doubts);
        aside((today, then));
        if whole {
            answer.seal = Some(seal::name(files, &answer));
        }
        Ok(answer)
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
        (in_force, draft): (&Active, &Active),
        (today, then): (&Outlook, &Outlook),
        (people, reasons): (Vec<PersonEffect>, Reasons),
        population: &Population,
        mut doubts: Vec<String>,
    ) -> WhatIf {
        let mut totals = Totals {
            people: population.tenants.iter().map(|t| t.identities.len()).sum(),
            ..Totals::default()
        };
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
        let handed_over = then.handed_over.keys().filter(|key| !today.handed_over.contains_key(*key)).count();
        if handed_over > 0 {
            doubts.push(format!(
                "future bookings are not mirrored: whether {handed_over} people have any to hand over is not known"
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
            floors: floors_of(today, then, population),
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
            rules: rule_use(&draft.policy, then),
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

/// To let go of what was noted of everybody takes its time, and nobody has to wait for it.
fn aside<T: Send + 'static>(value: T) {
    tokio::task::spawn_blocking(move || drop(value));
}

fn floors_of(today: &Outlook, then: &Outlook, population: &Population) -> Vec<FloorEffect> {
    let mut floors = Vec::new();
    let all = then
        .floors
        .iter()
        .flat_map(|(site, floors)| floors.iter().map(move |(floor, counts)| (site, floor, counts)));
    for (site, floor, (people, short)) in all {
        let Some((catalogue, seating)) = population.desks.get(site) else { continue };
        let (sitting, seats) = seating.load(*floor);
        let (people_today, short_today) =
            today.floors.get(site).and_then(|floors| floors.get(floor)).copied().unwrap_or_default();
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
