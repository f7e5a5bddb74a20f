//! What the process remembered, held against what it was told and what it promised: S4, S9, S10, S14, S15, S19.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lanyard_sim::faults::{Rule, Target};

use super::{Evidence, Verdict, moment, on, people::People, rows, shortens};

/// How far behind an index of people may be.
const LAG: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn judge(evidence: &Evidence<'_>, people: &People, verdict: &mut Verdict) {
    let now = evidence.now;
    certified(evidence, people, verdict);
    verdict.check("S9", evidence.damaged_journal.is_none(), now, || {
        evidence.damaged_journal.clone().unwrap_or_default()
    });
    acknowledged(evidence, verdict);
    let (ended, broken) = &evidence.fences;
    *verdict.checks.entry("S15").or_default() += ended.saturating_sub(broken.len() as u64);
    for words in broken {
        verdict.check("S15", false, now, || words.clone());
    }
    for line in evidence.lines {
        let strange = line.entry.identity.as_ref().filter(|id| id.tenant != line.entry.tenant);
        verdict.check("S14", strange.is_none(), line.entry.at, || {
            format!(
                "a line of {} is about {}: {}",
                line.entry.tenant,
                strange.map(ToString::to_string).unwrap_or_default(),
                line.entry.title
            )
        });
    }
    for secret in evidence.watch.secrets().iter().map(String::as_str).chain([crate::network::HOOK_SECRET]) {
        let found = memchr::memmem::find(&evidence.kept, secret.as_bytes()).is_some();
        verdict.check("S19", !found, now, || format!("the store's files hold the secret {secret}"));
    }
}

/// S4: a list of people that counts as proven complete shows at least those who were there all the while. Where Okta's own lists are
/// cut in ways that nobody can see, and where the clock was wrong, nothing is said.
fn certified(evidence: &Evidence<'_>, people: &People, verdict: &mut Verdict) {
    // What is made to strike in the end may strike at any time from then on.
    let cuts = |rule: &&Rule| rule.target == Target::Okta && shortens(rule.effect);
    let rules: Vec<&Rule> = evidence.plan.faults.iter().filter(cuts).collect();
    let busy_until = evidence.start.saturating_add(evidence.plan.busy_for).unwrap_or(evidence.now);
    let is_cut = |from: Timestamp, to: Timestamp| {
        let within = |rule: &&Rule| {
            let (began, ended) = (on(evidence, rule.from), on(evidence, rule.until));
            began.is_none_or(|began| began <= to) && ended.is_none_or(|ended| from < ended)
        };
        let in_the_end = !rules.is_empty() && busy_until <= to && from <= evidence.faults_ended;
        rules.iter().any(within) || in_the_end
    };
    if evidence.machine.most_off() > SignedDuration::ZERO {
        return;
    }
    for line in evidence.lines.iter().filter(|line| line.entry.kind == "sweep") {
        for list in rows(&line.entry.data["lists"]) {
            let certificate = &list["certificate"];
            let read = &certificate["evidence"];
            if read["kind"] != "identities" || !rows(&certificate["doubts"]).is_empty() {
                continue;
            }
            let orgs = &evidence.company.orgs;
            let Some(org) = orgs.iter().position(|org| list["scope"] == *org.subdomain) else { continue };
            // An index may lag behind.
            let (from, to) = (moment(&read["started_at"]) - LAG, moment(&read["ended_at"]));
            if is_cut(from, to) {
                continue;
            }
            let there = people.all.values().filter(|one| one.is_of(org) && one.was_there(from, to)).count();
            let shown = read["rows"].as_u64().unwrap_or_default();
            verdict.check("S4", shown >= there as u64, to, || {
                format!("a list of {shown} people counts as complete, and {there} were there all the while")
            });
        }
    }
}

/// S10: every event of a delivery that was answered as durable is on record, whatever died afterwards.
fn acknowledged(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let known: BTreeSet<&str> = evidence
        .lines
        .iter()
        .filter(|line| line.entry.kind == "signal")
        .flat_map(|line| rows(&line.entry.data["uuids"]))
        .filter_map(|uuid| uuid.as_str())
        .collect();
    for uuid in evidence.watch.all_acknowledged() {
        let holds = known.contains(uuid.as_str());
        verdict.check("S10", holds, evidence.now, || {
            format!("event {uuid} was acknowledged and is not on record")
        });
    }
}
