//! S5: what must be asked about is given only after somebody else agreed, in time, once for each time. And S3 for people
//! who are protected: nothing is ever taken from them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::Value;

use super::{Evidence, Verdict, caps, number, people::People, rows, sites::Replay};
use crate::{guards::EXPIRES, script::Deed};

/// What a step of the simulation may take.
const STEP: SignedDuration = SignedDuration::from_secs(120);
/// A look that began under the old policy is over by then, also if the machine stood still meanwhile.
const LAST_LOOK: SignedDuration = SignedDuration::from_mins(40);

pub(super) fn judge(
    evidence: &Evidence<'_>,
    site: usize,
    people: &People,
    replay: &Replay<'_>,
    verdict: &mut Verdict,
) {
    protected(evidence, replay, verdict);
    published(evidence, site, replay, verdict);
    if !evidence.plan.guards.approval {
        return;
    }
    if site == 0 {
        let (tried, wrong) = evidence.ballots.refused();
        *verdict.checks.entry("S5").or_default() += tried;
        for (at, words) in wrong {
            verdict.check("S5", false, at, || words);
        }
    }
    approved(evidence, site, people, replay, verdict);
}

fn protected(evidence: &Evidence<'_>, replay: &Replay<'_>, verdict: &mut Verdict) {
    let spared: BTreeSet<String> =
        evidence.script.protected.iter().filter_map(|text| number(&Value::from(text.as_str()))).collect();
    for change in replay.changes.iter().filter(|change| change.by_service) {
        let whose = number(&change.before["employeeId"]).filter(|number| spared.contains(number));
        let Some(whose) = whose else { continue };
        let loses = caps::loses(change.before, change.after);
        verdict.check("S3", !loses, change.at, || {
            format!("account {} of {whose}, who is protected, lost something", change.account)
        });
    }
}

/// S12: a policy that was replaced gives nothing any more, whatever died meanwhile.
fn published(evidence: &Evidence<'_>, site: usize, replay: &Replay<'_>, verdict: &mut Verdict) {
    let centers: BTreeSet<u64> = evidence.company.sites[site]
        .centers
        .iter()
        .filter(|center| center.module == "reservation")
        .map(|center| u64::from(center.id))
        .collect();
    for (place, (since, edited)) in evidence.published.iter().enumerate().filter(|(_, (_, edited))| *edited) {
        debug_assert!(edited);
        let until = evidence.published.get(place + 1).map_or(evidence.now, |(until, _)| *until);
        for change in &replay.changes {
            if !change.by_service || change.at < *since + LAST_LOOK || change.at >= until {
                continue;
            }
            let (before, after) = (roles(change.before), roles(change.after));
            // What somebody had without us comes back after a leave as it was; it left in our own write.
            let given: Vec<u64> = after
                .keys()
                .filter(|center| centers.contains(center) && !before.contains_key(center))
                .filter(|center| {
                    let held = |other: &&super::sites::Change<'_>| {
                        other.account == change.account
                            && other.at < change.at
                            && roles(other.before).contains_key(center)
                    };
                    !replay.changes.iter().any(|other| held(&other))
                })
                .copied()
                .collect();
            verdict.check("S12", given.is_empty(), change.at, || {
                format!(
                    "account {} was given {given:?}, which the policy in force gives nobody",
                    change.account
                )
            });
        }
    }
}

/// Each time the visitor role was given there is a yes of its own.
fn approved(
    evidence: &Evidence<'_>,
    site: usize,
    people: &People,
    replay: &Replay<'_>,
    verdict: &mut Verdict,
) {
    let centers: BTreeSet<u64> = evidence.company.sites[site]
        .centers
        .iter()
        .filter(|center| center.module == "visitor")
        .map(|center| u64::from(center.id))
        .collect();
    let skewed = evidence.script.steps.iter().any(|step| matches!(step.deed, Deed::Jump { .. }));
    let yes = evidence.ballots.yes();
    let mut used = vec![false; yes.len()];
    // Roles that somebody had without us come back after a leave as they were.
    let mut by_hand: BTreeSet<(u64, u64)> = BTreeSet::new();
    for change in &replay.changes {
        let (before, after) = (operators(change.before), operators(change.after));
        if !change.by_service {
            by_hand.extend(after.keys().map(|center| (change.account, *center)));
            continue;
        }
        let first = replay.changes.iter().find(|other| other.account == change.account);
        if first.is_some_and(|first| std::ptr::eq(first, change)) {
            by_hand.extend(before.keys().map(|center| (change.account, *center)));
        }
        for center in after.keys().filter(|center| centers.contains(center) && !before.contains_key(center)) {
            if by_hand.contains(&(change.account, *center)) {
                continue;
            }
            let whose = number(&change.after["employeeId"]).unwrap_or_default();
            let users: BTreeSet<&str> =
                people.with_number(site, &whose, change.at).map(|identity| identity.id.as_str()).collect();
            let key = format!("role+:{center}:");
            let fits = |place: &usize| {
                let yes = &yes[*place];
                let in_time = skewed
                    || change.at <= yes.at + EXPIRES + STEP
                        && yes.until.is_none_or(|until| change.at <= until + STEP);
                users.contains(yes.user.as_str())
                    && yes.at <= change.at
                    && in_time
                    && !used[*place]
                    && yes.lines.iter().any(|line| line.starts_with(&key))
            };
            let found = (0..yes.len()).find(fits);
            if let Some(place) = found {
                used[place] = true;
            }
            verdict.check("S5", found.is_some(), change.at, || {
                format!(
                    "account {} was given the role in center {center}, and nobody had agreed",
                    change.account
                )
            });
        }
    }
}

/// Centers in which an account may do more than book.
fn operators(account: &Value) -> BTreeMap<u64, &Value> {
    roles(account).into_iter().filter(|(_, role)| **role != "CUSTOMER").collect()
}

fn roles(account: &Value) -> BTreeMap<u64, &Value> {
    rows(&account["permissions"])
        .iter()
        .filter_map(|entry| Some((entry["center"]["id"].as_u64()?, &entry["role"])))
        .collect()
}
