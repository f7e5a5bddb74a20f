//! What must hold at the end, when nothing has gone wrong for hours.

use std::collections::BTreeMap;

use lanyard_sim::{
    host::Vendor,
    scenario::{
        Day,
        audit::{Difference, WrongfulRemoval, audit_records},
    },
};
use serde_json::Value;

use super::{Evidence, Violation, number, rows};
use crate::{network::SentWrite, script::NOTE_FIELD};

pub(super) fn judge(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    writes(evidence, found);
    let mut say = |invariant, words: String| found.push(Violation { invariant, at: evidence.now, words });
    for problem in evidence.problems {
        say("L1", format!("a pass failed: {problem}"));
    }
    if let Some(damage) = &evidence.damaged_journal {
        say("S9", damage.clone());
    }
    if evidence.open_intents > 0 {
        say("L4", format!("{} intents have no outcome", evidence.open_intents));
    }
    for finding in evidence.findings.iter().filter(|finding| finding.kind == "dead") {
        say("L4", format!("{}: {}", finding.title, finding.detail));
    }
    for index in 0..evidence.company.sites.len() {
        let state = &evidence.record(Vendor::Ioffice, index).state;
        doubled(state, &mut say);
        let mut last: BTreeMap<u64, &str> = BTreeMap::new();
        for note in evidence.script.notes.iter().filter(|note| note.site == index) {
            last.insert(note.account, &note.text);
        }
        for user in rows(&state["users"]) {
            let wanted = user["id"].as_u64().and_then(|id| last.get(&id));
            if let Some(wanted) = wanted.filter(|wanted| user[NOTE_FIELD] != ***wanted) {
                say(
                    "S16",
                    format!("the note {wanted:?} on account {} became {}", user["id"], user[NOTE_FIELD]),
                );
            }
        }
    }
    converged(evidence, &mut say);
    for write in evidence.idle_writes {
        say("L2", format!("an idle pass wrote: {}", told(write)));
    }
}

fn told(write: &SentWrite) -> String {
    let intents: Vec<&str> = write.intents.iter().map(|(_, name)| name.as_str()).collect();
    format!("{} {} {} ({})", write.desk, write.method, write.path, intents.join(", "))
}

/// S8 and S17: each accepted write has its durable intent, and none is made while stopped or observing.
fn writes(evidence: &Evidence<'_>, found: &mut Vec<Violation>) {
    for write in evidence.sent {
        let mut say = |invariant, words: &str| {
            found.push(Violation {
                invariant,
                at: write.sent_at,
                words: format!("{words}: {}", told(write)),
            });
        };
        if evidence.plan.observe_only {
            say("S17", "a write while observing only");
        }
        if write.accepted && write.intents.is_empty() {
            say("S8", "an accepted write without an intent");
        }
        if let Some(since) = write.stopped_since
            && !write.intents.iter().any(|(at, _)| *at <= since)
        {
            say("S17", "a write while stopped");
        }
    }
}

/// S11: one booking for a first day, one announcement of an arrival.
fn doubled(state: &Value, say: &mut impl FnMut(&'static str, String)) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let booked = rows(&state["reservations"])
        .iter()
        .filter(|row| row["cancelled"] != true && row["name"] == "First day");
    for row in booked {
        *counts.entry(format!("first day of account {} booked", row["user"]["id"])).or_default() += 1;
    }
    for visit in rows(&state["registrations"]) {
        let key = format!("visitor {} at {} announced", visit["visitorId"], visit["arrivalDate"]);
        *counts.entry(key).or_default() += 1;
    }
    for (what, count) in counts.into_iter().filter(|(_, count)| *count > 1) {
        say("S11", format!("{what} {count} times"));
    }
}

/// L1, by the stand-ins' own auditor of the demonstration policy.
fn converged(evidence: &Evidence<'_>, say: &mut impl FnMut(&'static str, String)) {
    let plan = evidence.plan;
    let day = Day { start: evidence.start, steps: Vec::new() };
    let report = audit_records(evidence.company, &day, evidence.records.to_vec(), evidence.now);
    for doubled in &report.duplicate_list {
        say(
            "S1",
            format!("{} live accounts {:?} for {}", doubled.accounts.len(), doubled.accounts, doubled.key),
        );
    }
    // Accounts of deleted people are nobody's in Okta's present state.
    let touched = report.touched.iter().filter(|touched| touched.whose != "nobody in Okta");
    for touched in touched {
        say("S16", format!("account {:?}, {}: {}", touched.account, touched.whose, touched.what));
    }
    // Caps and deleted groups hold things back rightly, and an observer changes nothing.
    if plan.observe_only || plan.percent_max < 100 || evidence.script.group_deleted {
        return;
    }
    if plan.is_calm() {
        // Deleted people govern nobody in Okta's present state, and a seat that a rule once owned may go with the rule:
        // the first is judged by S2, the second needs the history of rules.
        let judged = |wrong: &&WrongfulRemoval| {
            wrong.standing != "not governed" && !wrong.what.starts_with("the seat")
        };
        for wrong in report.wrongful_removal_list.iter().filter(judged) {
            say("S3", format!("{} ({}): {} at {}", wrong.who, wrong.standing, wrong.what, wrong.at));
        }
    }
    let shared = &evidence.script.shared_address;
    let is_clear = |who: &str| !shared.iter().any(|number| who.ends_with(&format!("({number})")));
    // A second account after the first one ended is as good as the first one again.
    let has_one = |difference: &&Difference| {
        difference.what == "account" && live_accounts(evidence, &difference.who) == 1
    };
    let open =
        report.differences.iter().filter(|difference| is_clear(&difference.who) && !has_one(difference));
    for difference in open {
        let words = format!(
            "{}: {} should be {:?} and is {:?}",
            difference.who, difference.what, difference.expected, difference.found
        );
        say("L1", words);
    }
}

/// Live accounts with the employee number of `Name (number)`.
fn live_accounts(evidence: &Evidence<'_>, who: &str) -> usize {
    let wanted = who.rsplit_once('(').and_then(|(_, rest)| number(&Value::from(rest.trim_end_matches(')'))));
    let sites = evidence.records.iter().filter(|record| record.desk.vendor == Vendor::Ioffice);
    let users = sites.flat_map(|record| rows(&record.state["users"]));
    users.filter(|user| user["active"] != false && number(&user["employeeId"]) == wanted).count()
}
