//! One file per sample: the row, the plans, the operations, and the journal lines with their proofs.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lanyard_evidence::{cell::Cell, pack::Pack, tables, verify::DossierLine};
use lanyard_model::plan::Outcome;
use lanyard_store::{
    RawLine,
    merkle::{hex, sha256},
    proof::Prover,
};
use serde_json::{Value, json};

use super::{Scope, people, people::Known, populations, requests::Requests};

/// Journal lines of one dossier at most; the newest of the period.
const LINES_MAX: usize = 120;

/// What led to something of the period may have begun so long before it.
const MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);

/// Dossiers under way.
pub struct Dossiers {
    by_person: BTreeMap<String, Dossier>,
    /// Leaves of wanted lines.
    leaves: HashMap<u64, [u8; 32]>,
    wanted: BTreeSet<u64>,
}

struct Dossier {
    file: String,
    body: Value,
    lines: Vec<DossierLine>,
}

impl Dossiers {
    /// Places in the journal that need proofs.
    pub fn positions(&self) -> Vec<u64> {
        self.wanted.iter().copied().collect()
    }

    /// Shown each line once.
    pub fn see(&mut self, line: &RawLine<'_>) {
        if self.wanted.contains(&line.position) {
            self.leaves.insert(line.position, line.leaf);
        }
    }
}

/// Draws the samples, and gathers what is known of each of them.
pub fn collect(
    scope: &Scope<'_>,
    known: &Known,
    requests: &Requests,
    pack: &mut Pack,
) -> anyhow::Result<Dossiers> {
    let mut all = Dossiers { by_person: BTreeMap::new(), leaves: HashMap::new(), wanted: BTreeSet::new() };
    let mut drawn: Vec<(&str, String)> = Vec::new();
    for population in populations() {
        drawn.extend(pack.sample(population).into_iter().map(|person| (population, person)));
    }
    drawn.extend(scope.ask.named.iter().map(|person| ("named", person.clone())));
    let mut rows = pack.rows_of(&drawn.iter().map(|(_, person)| person.clone()).collect());
    let mut events = events(scope, drawn.iter().map(|(_, person)| person.as_str()))?;
    let mut number = HashMap::<&str, i64>::new();
    for (population, person) in drawn {
        if !all.by_person.contains_key(&person) {
            let mut made = gather(scope, known, rows.remove(&person).unwrap_or_default(), &person)?;
            made.body["events"] = events.remove(&person).unwrap_or_default().into();
            made.body["approvals"] = requests.told(&person).into();
            all.wanted.extend(made.lines.iter().map(|line| line.position));
            all.by_person.insert(person.clone(), made);
        }
        let number = number.entry(population).or_default();
        *number += 1;
        let (file, lines) = all
            .by_person
            .get(&person)
            .map_or((String::new(), 0), |made| (made.file.clone(), made.lines.len()));
        pack.row(
            &tables::SAMPLES,
            vec![
                population.into(),
                (*number).into(),
                person.as_str().into(),
                known.name(&person).into(),
                file.into(),
                Cell::Int(i64::try_from(lines)?),
            ],
        );
    }
    Ok(all)
}

/// Okta's own events about these people, as they were read and kept: with a day before the period, in which a leaver's may lie.
fn events<'p>(
    scope: &Scope<'_>,
    people: impl Iterator<Item = &'p str>,
) -> anyhow::Result<HashMap<String, Vec<Value>>> {
    let mut found: HashMap<String, Vec<Value>> =
        people.map(|person| (person.to_owned(), Vec::new())).collect();
    let from = scope.ask.from.checked_sub(MARGIN)?;
    scope.archive.signals(&scope.ask.tenant, (from, scope.ask.to), |event, seen_at| {
        for user in &event.users {
            if let Some(all) = found.get_mut(&format!("{}/{user}", scope.ask.tenant)) {
                all.push(json!({
                    "uuid": event.uuid,
                    "kind": event.kind,
                    "published": event.published,
                    "seen_at": seen_at,
                    "event": event,
                }));
            }
        }
        Ok(())
    })?;
    Ok(found)
}

fn gather(
    scope: &Scope<'_>,
    known: &Known,
    rows: Vec<(&'static str, Value)>,
    person: &str,
) -> anyhow::Result<Dossier> {
    let who = people::identity(person)
        .ok_or_else(|| crate::exit::Unusable(format!("{person} is not TENANT/ID")))?;
    let ask = scope.ask;
    let (from, to) = (ask.from.checked_sub(MARGIN)?, ask.to);
    let mut plans = Vec::new();
    for kept in scope.archive.plans_of(&who)? {
        if kept.plan.made_at < from || kept.plan.made_at >= to || !scope.site(&kept.plan.site) {
            continue;
        }
        let operations: Vec<Value> = scope
            .archive
            .operations_of(kept.plan.id.as_str())?
            .into_iter()
            .map(|ended| {
                let (outcome, at) = ended.outcome.unzip();
                json!({
                    "intent": ended.intent.id,
                    "name": ended.intent.operation.name(),
                    "operation": ended.intent.operation,
                    "request_sha256": digest(&ended.intent.operation),
                    "sent_at": ended.intent.at,
                    "outcome_name": outcome.as_ref().map(Outcome::name),
                    "outcome": outcome,
                    "answer_sha256": outcome.as_ref().map(digest),
                    "answered_at": at,
                })
            })
            .collect();
        plans.push(json!({
            "plan": kept.plan.id,
            "site": kept.plan.site,
            "policy": kept.plan.policy,
            "decided_at": kept.plan.made_at,
            "verified_at": kept.verified_at,
            "still_open": kept.open,
            "steps": kept.plan.steps,
            "operations": operations,
        }));
    }
    let holdings: Vec<Value> = scope
        .archive
        .history(&who)?
        .into_iter()
        .map(|held| {
            json!({
                "site": held.account.site,
                "account": held.account.id,
                "kind": held.kind,
                "what": known.what(&held.account.site, &held),
                "value": held.value,
                "from": held.from,
                "to": held.to,
            })
        })
        .collect();
    let mut lines = Vec::new();
    for line in scope.archive.lines_of(&who)? {
        let value: Value = serde_json::from_str(&line.text).unwrap_or_default();
        if value["tenant"].as_str() != Some(ask.tenant.as_str()) {
            continue;
        }
        let at = value["at"].as_i64().unwrap_or_default();
        if at < from.as_microsecond() || at >= to.as_microsecond() {
            continue;
        }
        let (salt, personal) = line.person.unzip();
        lines.push(DossierLine {
            position: line.position,
            text: line.text,
            leaf: String::new(),
            salt: salt.map(|salt| hex(&salt)),
            personal,
            path: Vec::new(),
        });
    }
    let skip = lines.len().saturating_sub(LINES_MAX);
    let mut body = json!({
        "person": person,
        "name": known.name(person),
        "rows": rows,
        "plans": plans,
        "held": holdings,
        "lines_left_out": skip,
    });
    if let Some((attribute, value)) = scope.ask.sample_by.as_deref().zip(known.attribute(person)) {
        body["sampled_by"] = json!({ attribute: value });
    }
    let safe: String = person.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    Ok(Dossier { file: format!("dossiers/{safe}.json"), body, lines: lines.split_off(skip) })
}

/// Of what was asked, or answered, as it is on record.
fn digest(value: &impl serde::Serialize) -> String {
    hex(&sha256(&[&serde_json::to_vec(value).unwrap_or_default()]))
}

/// Writes each dossier with the proofs of its lines.
pub fn write(pack: &mut Pack, dossiers: Dossiers, prover: &Prover, size: u64) -> anyhow::Result<()> {
    let Dossiers { by_person, leaves, .. } = dossiers;
    for (_, mut dossier) in by_person {
        for line in &mut dossier.lines {
            let path = prover.inclusion(line.position, size).unwrap_or_default();
            line.path = path.iter().map(|hash| hex(hash)).collect();
            line.leaf = leaves.get(&line.position).map(|leaf| hex(leaf)).unwrap_or_default();
        }
        dossier.body["lines"] = serde_json::to_value(&dossier.lines)?;
        pack.dossier(&dossier.file, &dossier.body);
    }
    Ok(())
}
