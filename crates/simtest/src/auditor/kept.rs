//! What the process remembered, held against what it was told and what it promised: S9, S10, S14, S15, S19.

use std::collections::BTreeSet;

use super::{Evidence, Verdict, rows};

pub(super) fn judge(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    let now = evidence.now;
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
