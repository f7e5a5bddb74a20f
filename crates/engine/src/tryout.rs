//! A draft tried on people while it is being written: on one, flow by flow; on everybody, as counts. From the mirrors;
//! no call, nothing kept. What it would change in iOffice is [`crate::whatif`]'s to say.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    hash::Hash,
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    desired::{Desired, Lifecycle},
    id::{IdentityId, SiteId},
    identity::Identity,
};
use lanyard_policy::{
    Facts, Policy, PolicyFiles,
    explain::{Line, Part, explain},
    structured,
};
use serde::Serialize;

use crate::{
    Engine,
    cores::on_all_cores,
    engine::Active,
    judge::since,
    ports::Mirrored,
    whatif::{Population, WhatIfError, reasons},
};

/// What one flow does for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Its conditions hold, and something it gives is given.
    Gives,
    /// Its conditions hold, and other rules give everything it would.
    Outranked,
    /// A condition does not hold.
    Fails,
    /// Policy does not give this person anything by flows: not in scope, gone, set aside.
    NotAsked,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlowStep {
    pub flow: String,
    pub sentence: String,
    pub fate: Fate,
    /// What it gives, or the first condition that does not hold.
    pub says: Vec<String>,
}

/// One person under a draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tryout {
    pub identity: IdentityId,
    pub person: String,
    pub site: Option<SiteId>,
    pub flows: Vec<FlowStep>,
    /// The whole decision, reasons included.
    pub lines: Vec<Line>,
    /// Attributes that are not mirrored under the policy in force, and count as empty here.
    pub unread: Vec<String>,
}

/// How many people a flow concerns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FlowReach {
    /// Meet its conditions under the draft.
    pub matched: usize,
    /// Of these: do not under the policy in force.
    pub gain: usize,
    /// Meet them under the policy in force, and not under the draft.
    pub lose: usize,
}

/// How many people each flow concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    /// People whom policy gives anything at all, under the draft.
    pub people: usize,
    pub flows: BTreeMap<String, FlowReach>,
    /// The rows of each mapping table, in their order: for whom each decides. Rows are the same under both policies if
    /// they ask for the same.
    pub tables: BTreeMap<String, Vec<FlowReach>>,
    /// Groups that only the draft names: their members are not mirrored and count as outside.
    pub unread_groups: Vec<String>,
    pub unread: Vec<String>,
}

fn judged(active: &Active, known: &Mirrored, now: jiff::Timestamp) -> Desired {
    active.bound.evaluate(
        &known.identity,
        &Facts { gone: known.gone_at, ..Facts::unlinked(known.since) },
        now,
    )
}

/// Flows reach people who work here, on leave or not.
fn reached(desired: &Desired) -> bool {
    matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. })
}

/// Whether a line of the explanation stands there because of this flow.
fn cites(line: &Line, flow: &str) -> bool {
    line.part != Part::NotGiven
        && line.why.iter().any(|why| {
            why.strip_prefix(flow).is_some_and(|rest| rest.starts_with(':') || rest.starts_with(", row "))
        })
}

fn steps(policy: &Policy, desired: &Desired, lines: &[Line]) -> Vec<FlowStep> {
    let step = |flow: lanyard_policy::FlowLine| {
        let given: Vec<String> =
            lines.iter().filter(|line| cites(line, &flow.id)).map(|line| line.what.clone()).collect();
        let stopped = desired.not_given.iter().find(|not| not.because.rule == flow.id);
        let (fate, says) = match stopped {
            _ if !reached(desired) => (Fate::NotAsked, Vec::new()),
            _ if !given.is_empty() => (Fate::Gives, given),
            Some(not) => (Fate::Fails, vec![not.because.text.clone()]),
            None => (Fate::Outranked, Vec::new()),
        };
        FlowStep { flow: flow.id, sentence: flow.sentence, fate, says }
    };
    policy.flows().into_iter().map(step).collect()
}

/// Flows whose conditions the person meets.
fn matched<'a>(flows: &'a [String], desired: &Desired) -> HashSet<&'a str> {
    if !reached(desired) {
        return HashSet::new();
    }
    let stopped: HashSet<&str> = desired.not_given.iter().map(|not| not.because.rule.as_str()).collect();
    flows.iter().map(String::as_str).filter(|flow| !stopped.contains(flow)).collect()
}

/// A table's rows by what they ask for. Of rows that ask for the same only the first ever decides.
type Asked = BTreeMap<String, Vec<String>>;

fn asked(files: &PolicyFiles) -> Asked {
    let document = structured::to_json(files).unwrap_or_default();
    let words = |value: &serde_json::Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|cell| cell.as_str().map(str::to_owned)).collect()
    };
    let tables = document["tables"].as_object().into_iter().flatten();
    let rows = tables.map(|(name, table)| {
        let columns = words(&table["columns"]);
        let asks = |row: &serde_json::Value| {
            let cells = columns.iter().zip(words(row));
            let asking =
                cells.filter(|(column, cell)| structured::asks_by(column) && !cell.trim().is_empty());
            asking
                .map(|(column, cell)| format!("{column}={}", cell.trim().to_lowercase()))
                .collect::<Vec<_>>()
        };
        let rows = table["rows"].as_array().into_iter().flatten();
        (name.clone(), rows.map(|row| asks(row).join("\n")).collect())
    });
    rows.collect()
}

/// The rows that decide something for the person: table, and what the row asks for.
fn deciding<'a>(rows: &'a Asked, desired: &Desired) -> HashSet<(&'a str, &'a str)> {
    if !reached(desired) {
        return HashSet::new();
    }
    let cited = reasons(desired).filter_map(|because| because.row.as_ref());
    cited
        .filter_map(|(table, number)| {
            let (name, rows) = rows.get_key_value(table)?;
            Some((name.as_str(), rows.get(usize::try_from(*number).ok()?.checked_sub(1)?)?.as_str()))
        })
        .collect()
}

/// The rows of every table, of the policy in force and of the other.
struct Rows {
    today: Asked,
    then: Asked,
}

/// People counted at a time by one thread.
const CHUNK: u32 = 512;

/// What is counted: both policies with their flows, and the rows of their tables.
struct Counting {
    today: (Arc<Active>, Vec<String>),
    then: (Arc<Active>, Vec<String>),
    rows: Rows,
}

/// How many people are concerned, of those who were counted.
#[derive(Default)]
struct Counts<'a> {
    people: usize,
    flows: HashMap<&'a str, FlowReach>,
    rows: HashMap<(&'a str, &'a str), FlowReach>,
}

impl FlowReach {
    fn add(&mut self, more: Self) {
        self.matched += more.matched;
        self.gain += more.gain;
        self.lose += more.lose;
    }
}

/// Counts one more person who meets these under the policy in force, and those under the draft.
fn compare<T: Eq + Hash + Copy>(counts: &mut HashMap<T, FlowReach>, was: &HashSet<T>, is: &HashSet<T>) {
    for one in is {
        let reach = counts.entry(*one).or_default();
        reach.matched += 1;
        reach.gain += usize::from(!was.contains(one));
    }
    for one in was.difference(is) {
        counts.entry(*one).or_default().lose += 1;
    }
}

impl Counting {
    fn new(today: Arc<Active>, then: Arc<Active>) -> Self {
        let flows = |active: &Active| active.policy.flows().into_iter().map(|flow| flow.id).collect();
        let rows = Rows { today: asked(today.policy.files()), then: asked(then.policy.files()) };
        Self { today: (Arc::clone(&today), flows(&today)), then: (Arc::clone(&then), flows(&then)), rows }
    }

    fn count<'a>(&'a self, counts: &mut Counts<'a>, identity: &Identity, now: Timestamp) {
        let judged =
            |active: &Active| active.bound.evaluate(identity, &Facts::unlinked(since(identity)), now);
        let (before, after) = (judged(&self.today.0), judged(&self.then.0));
        counts.people += usize::from(reached(&after));
        let (was, is) = (deciding(&self.rows.today, &before), deciding(&self.rows.then, &after));
        compare(&mut counts.rows, &was, &is);
        compare(&mut counts.flows, &matched(&self.today.1, &before), &matched(&self.then.1, &after));
    }

    /// Counts everybody, on all cores.
    fn everybody(&self, population: &Population) -> Counts<'_> {
        let parts = on_all_cores(population.roll.listed(), CHUNK, Counts::default, |counts, some| {
            for who in some {
                if let Some(identity) = population.roll.identity(&population.tenants, who) {
                    self.count(counts, &identity, population.now);
                }
            }
        });
        let mut all = Counts::default();
        for part in parts {
            all.people += part.people;
            part.flows.into_iter().for_each(|(flow, reach)| all.flows.entry(flow).or_default().add(reach));
            part.rows.into_iter().for_each(|(row, reach)| all.rows.entry(row).or_default().add(reach));
        }
        all
    }

    /// In the words of the two policies. Flows and rows that concern nobody are told all the same.
    fn told(&self, counts: &Counts<'_>) -> Reach {
        let flow =
            |flow: &String| (flow.clone(), counts.flows.get(flow.as_str()).copied().unwrap_or_default());
        let table = |(table, rows): (&String, &Vec<String>)| {
            let mut seen = HashSet::new();
            let reach = rows.iter().map(|row| {
                let known = counts.rows.get(&(table.as_str(), row.as_str()));
                known.copied().filter(|_| seen.insert(row)).unwrap_or_default()
            });
            (table.clone(), reach.collect())
        };
        Reach {
            people: counts.people,
            flows: self.today.1.iter().chain(&self.then.1).map(flow).collect(),
            tables: self.rows.then.iter().map(table).collect(),
            ..Reach::default()
        }
    }
}

impl Engine {
    /// What a draft decides for one person, flow by flow.
    ///
    /// # Errors
    /// A draft with mistakes; somebody who is not mirrored (`None`); a store that cannot be read.
    pub async fn try_policy(
        &self,
        files: &PolicyFiles,
        who: &IdentityId,
    ) -> Result<Option<Tryout>, WhatIfError> {
        let draft = self.draft(files).await?;
        let Some(known) = self.store().identity(who).await? else { return Ok(None) };
        let desired = judged(&draft, &known, self.clock().now());
        // Somebody of no site has nothing that a site could name.
        let site =
            desired.site.as_ref().and_then(|site| self.sites().get(site)).or(self.sites().values().next());
        let lines = site.map(|site| explain(&desired, &site.catalogue()).lines).unwrap_or_default();
        Ok(Some(Tryout {
            identity: who.clone(),
            person: known.identity.display_name(),
            site: desired.site.clone(),
            flows: steps(&draft.policy, &desired, &lines),
            lines,
            unread: self.active().lacks(&draft),
        }))
    }

    /// How many people each flow of a draft concerns, and how many of them it does not concern now.
    ///
    /// # Errors
    /// A draft with mistakes; a store that cannot be read.
    pub async fn policy_reach(&self, files: &PolicyFiles) -> Result<Reach, WhatIfError> {
        let then = Arc::new(self.draft(files).await?);
        let today = self.active();
        let population = match self.picture(&today).await {
            Ok(picture) => Some(picture.population),
            // Nobody is known yet: the flows are told all the same.
            Err(WhatIfError::NeverSwept(_)) => None,
            Err(failed) => return Err(failed),
        };
        let counting = Counting::new(Arc::clone(&today), Arc::clone(&then));
        let mut unread_groups = BTreeSet::new();
        for tenant in population.iter().flat_map(|everybody| &everybody.tenants) {
            let new = |id| then.groups.contains(id) && !today.groups.contains(id);
            let new = tenant.groups.iter().filter(|group| new(&group.id));
            unread_groups.extend(new.map(|group| group.name.to_string()));
        }
        let counted = tokio::task::spawn_blocking(move || {
            let counts = population.map(|everybody| counting.everybody(&everybody));
            counting.told(&counts.unwrap_or_default())
        });
        let mut reach = counted.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
        reach.unread_groups = unread_groups.into_iter().collect();
        reach.unread = today.lacks(&then);
        Ok(reach)
    }
}
