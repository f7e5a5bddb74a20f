//! A draft tried on people while it is being written: on one, flow by flow; on everybody, as counts. From the mirrors;
//! no call, nothing kept. What it would change in iOffice is [`crate::whatif`]'s to say.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use lanyard_model::{
    desired::{Desired, Lifecycle},
    id::{IdentityId, SiteId},
};
use lanyard_policy::{
    Facts, Policy, PolicyFiles,
    explain::{Line, Part, explain},
    structured,
};
use serde::Serialize;

use crate::{
    Engine,
    engine::Active,
    pages::Pages,
    ports::Mirrored,
    whatif::{WhatIfError, reasons},
};

/// People read, and counted, at a time.
const PAGE: usize = 2_000;

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
fn matched(flows: &[String], desired: &Desired) -> HashSet<usize> {
    if !reached(desired) {
        return HashSet::new();
    }
    let stopped: HashSet<&str> = desired.not_given.iter().map(|not| not.because.rule.as_str()).collect();
    flows.iter().enumerate().filter(|(_, flow)| !stopped.contains(flow.as_str())).map(|(at, _)| at).collect()
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

fn count(
    reach: &mut Reach,
    (today, then): (&Active, &Active),
    rows: &Rows,
    people: &[Mirrored],
    now: jiff::Timestamp,
) {
    let flows = |active: &Active| active.policy.flows().into_iter().map(|flow| flow.id).collect::<Vec<_>>();
    let (flows_today, flows_then) = (flows(today), flows(then));
    let mut by_row: HashMap<(&str, &str), FlowReach> = HashMap::new();
    for flow in flows_today.iter().chain(&flows_then) {
        reach.flows.entry(flow.clone()).or_default();
    }
    for known in people.iter().filter(|known| known.gone_at.is_none()) {
        let (before, after) = (judged(today, known, now), judged(then, known, now));
        reach.people += usize::from(reached(&after));
        let (was, is) = (deciding(&rows.today, &before), deciding(&rows.then, &after));
        for row in &is {
            let counts = by_row.entry(*row).or_default();
            counts.matched += 1;
            counts.gain += usize::from(!was.contains(row));
        }
        for row in was.difference(&is) {
            by_row.entry(*row).or_default().lose += 1;
        }
        let names = |flows: &[String], at: HashSet<usize>| {
            at.into_iter().filter_map(|at| flows.get(at).cloned()).collect::<HashSet<_>>()
        };
        let before = names(&flows_today, matched(&flows_today, &before));
        let after = names(&flows_then, matched(&flows_then, &after));
        for flow in &after {
            let counts = reach.flows.entry(flow.clone()).or_default();
            counts.matched += 1;
            counts.gain += usize::from(!before.contains(flow));
        }
        for flow in before.difference(&after) {
            reach.flows.entry(flow.clone()).or_default().lose += 1;
        }
    }
    for (table, rows) in &rows.then {
        let counts =
            reach.tables.entry(table.clone()).or_insert_with(|| vec![FlowReach::default(); rows.len()]);
        let mut seen = HashSet::new();
        for (counts, row) in counts.iter_mut().zip(rows) {
            if let Some(more) = by_row.get(&(table.as_str(), row.as_str())).filter(|_| seen.insert(row)) {
                counts.matched += more.matched;
                counts.gain += more.gain;
                counts.lose += more.lose;
            }
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
        let now = self.clock().now();
        let rows = Rows { today: asked(today.policy.files()), then: asked(then.policy.files()) };
        let rows = Arc::new(rows);
        let mut reach = Reach::default();
        let mut unread_groups = BTreeSet::new();
        for tenant in self.directories().keys() {
            let mut pages = Pages::default();
            loop {
                let page = self.store().identities(tenant, pages.after(), PAGE).await?;
                let Some(last) = page.last() else { break };
                pages.seen(&last.identity.id.user);
                let (today, then, rows) = (Arc::clone(&today), Arc::clone(&then), Arc::clone(&rows));
                let counted = tokio::task::spawn_blocking(move || {
                    count(&mut reach, (&today, &then), &rows, &page, now);
                    reach
                });
                reach = counted.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
            }
            let groups = self.store().groups(tenant).await?;
            let new = |id| then.groups.contains(id) && !today.groups.contains(id);
            unread_groups
                .extend(groups.iter().filter(|group| new(&group.id)).map(|group| group.name.to_string()));
        }
        // Nobody at all: the flows are told all the same.
        count(&mut reach, (&today, &then), &rows, &[], now);
        reach.unread_groups = unread_groups.into_iter().collect();
        reach.unread = today.lacks(&then);
        Ok(reach)
    }
}
