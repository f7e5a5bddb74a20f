//! S5: what must be asked about is given only after somebody else agreed, in time, once for each time. And S3 for people
//! who are protected: nothing is ever taken from them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use lanyard_model::clearance::ClearanceKind;
use serde_json::Value;

use super::{Evidence, Verdict, caps, number, people::People, rows, sites::Replay};
use crate::guards::EXPIRES;

/// What a step of the simulation may take.
const STEP: SignedDuration = SignedDuration::from_secs(120);
/// A look that began under the old policy is over by then; what the machine stood still comes on top.
const LAST_LOOK: SignedDuration = SignedDuration::from_mins(5);
/// The machine stands still no longer than this at a time.
const STILL_MAX: SignedDuration = SignedDuration::from_mins(35);
/// What was agreed to is given by then, once everything works.
const SOON: SignedDuration = SignedDuration::from_mins(15);

/// What was agreed to and then given: the place of the yes, and the line.
pub(super) type Spent = BTreeSet<(usize, String)>;

pub(super) fn judge(
    evidence: &Evidence<'_>,
    site: usize,
    people: &People,
    replay: &Replay<'_>,
    verdict: &mut Verdict,
) -> Spent {
    protected(evidence, replay, verdict);
    let back = returned(site, people, replay);
    published(evidence, site, replay, &back, verdict);
    if !evidence.plan.guards.approval {
        return Spent::new();
    }
    if site == 0 {
        let (tried, wrong) = evidence.ballots.refused();
        *verdict.checks.entry("S5").or_default() += tried;
        for (at, words) in wrong {
            verdict.check("S5", false, at, || words);
        }
    }
    approved(evidence, site, people, replay, &back, verdict)
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

/// Roles that came back after a leave as they were: by place of the write, the centers. Only what somebody had without
/// us, and what our own write took while they were away.
fn returned(site: usize, people: &People, replay: &Replay<'_>) -> BTreeSet<(usize, u64)> {
    let mut theirs: BTreeSet<(u64, u64)> = BTreeSet::new();
    let mut aside: BTreeMap<(u64, u64), &Value> = BTreeMap::new();
    let mut seen: BTreeSet<u64> = BTreeSet::new();
    let mut back = BTreeSet::new();
    for (place, change) in replay.changes.iter().enumerate() {
        let (before, after) = (roles(change.before), roles(change.after));
        let gone = before.keys().filter(|center| !after.contains_key(center));
        let new = after.keys().filter(|center| !before.contains_key(center));
        let key = |center: &u64| (change.account, *center);
        if seen.insert(change.account) {
            theirs.extend(before.keys().map(key));
        }
        if !change.by_service {
            theirs.extend(new.map(key));
            continue;
        }
        let number = number(&change.before["employeeId"]).unwrap_or_default();
        let is_away = people.with_number(site, &number, change.at).any(|identity| {
            let read = identity.last_read(change.at).unwrap_or(change.at);
            identity.is_away_sometime(read, change.at)
        });
        for center in gone.filter(|center| is_away && theirs.contains(&key(center))) {
            aside.insert(key(center), before[center]);
        }
        for center in new {
            if aside.remove(&key(center)).is_some_and(|role| role == after[center]) {
                back.insert((place, *center));
            }
        }
    }
    back
}

/// S12: a policy that was replaced gives nothing any more, whatever died meanwhile.
fn published(
    evidence: &Evidence<'_>,
    site: usize,
    replay: &Replay<'_>,
    back: &BTreeSet<(usize, u64)>,
    verdict: &mut Verdict,
) {
    let centers = centers_of(evidence, site, "reservation");
    for (place, (since, _)) in evidence.published.iter().enumerate().filter(|(_, (_, edited))| *edited) {
        let until = evidence.published.get(place + 1).map_or(evidence.now, |(until, _)| *until);
        for (number, change) in replay.changes.iter().enumerate() {
            let still = evidence.machine.stood_still(*since, change.at);
            if !change.by_service || change.at < *since + LAST_LOOK + still || change.at >= until {
                continue;
            }
            let (before, after) = (roles(change.before), roles(change.after));
            let given: Vec<u64> = after
                .keys()
                .filter(|center| centers.contains(center) && !before.contains_key(center))
                .filter(|center| !back.contains(&(number, **center)))
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

fn centers_of(evidence: &Evidence<'_>, site: usize, module: &str) -> BTreeSet<u64> {
    let centers = evidence.company.sites[site].centers.iter();
    centers.filter(|center| center.module == module).map(|center| u64::from(center.id)).collect()
}

/// Each time the visitor role was given there is a yes of its own: about this person, in this site, for this very line,
/// in time by the process's clock.
fn approved(
    evidence: &Evidence<'_>,
    site: usize,
    people: &People,
    replay: &Replay<'_>,
    back: &BTreeSet<(usize, u64)>,
    verdict: &mut Verdict,
) -> Spent {
    let centers = centers_of(evidence, site, "visitor");
    let name = &*evidence.company.sites[site].subdomain;
    let machine = &evidence.machine;
    let yes = evidence.ballots.yes();
    let mut spent = Spent::new();
    for (number, change) in replay.changes.iter().enumerate().filter(|(_, change)| change.by_service) {
        let (before, after) = (operators(change.before), operators(change.after));
        for center in after.keys().filter(|center| centers.contains(center) && !before.contains_key(center)) {
            if back.contains(&(number, *center)) {
                continue;
            }
            let whose = super::number(&change.after["employeeId"]).unwrap_or_default();
            let users: BTreeSet<&str> =
                people.with_number(site, &whose, change.at).map(|identity| identity.id.as_str()).collect();
            let role = after[center].as_str().unwrap_or_default();
            let key = format!("role+:{center}:{role}");
            // The clock may jump, and the machine stand still, between the last look at the request and the write.
            let still = machine.stood_still(change.at - STILL_MAX, change.at);
            let shown = machine.clock(change.at).min(machine.clock(change.at - STEP)) - still;
            let fits = |place: &usize| {
                let yes = &yes[*place];
                yes.kind == ClearanceKind::Approval
                    && users.contains(yes.user.as_str())
                    && yes.site.as_str() == name
                    && yes.lines.contains(&key)
                    && yes.at <= change.at
                    // What was asked about by a clock that was wrong is good for as much longer (docs/reliability.md).
                    && shown <= machine.clock(yes.at) + EXPIRES + STEP + machine.most_off()
                    && yes.until.is_none_or(|until| shown <= until + STEP)
                    && !spent.contains(&(*place, key.clone()))
            };
            // A yes that was heard is what it rests on, if there is one.
            let found = (0..yes.len()).filter(fits).min_by_key(|place| yes[*place].unheard);
            verdict.check("S5", found.is_some(), change.at, || {
                format!(
                    "account {} was given the role in center {center}, and nobody had agreed",
                    change.account
                )
            });
            spent.extend(found.map(|place| (place, key)));
        }
    }
    spent
}

/// Whether a role is missing rightly because it is asked about: a vote on this very line was awaited, and no yes was
/// still good when everything worked again.
pub(super) fn is_asked(
    evidence: &Evidence<'_>,
    site: usize,
    people: &People,
    users: &BTreeSet<&str>,
    line: &str,
    spent: &Spent,
) -> bool {
    let name = &*evidence.company.sites[site].subdomain;
    let asked = evidence.ballots.asked();
    let is_it = |user: &str, site: &str| users.contains(user) && site == name;
    let awaited = asked.iter().any(|(user, site, key)| is_it(user, site.as_str()) && key == line);
    // Whoever was to be looked at again by a clock that ran ahead is looked at as much later once it is right.
    let shown = evidence.machine.clock(evidence.faults_ended) + SOON + evidence.machine.most_ahead();
    // A yes ends with its reason, also where a list of groups that came back short only seemed to take the reason away: what
    // is decided is judged on what was read. The next time it is asked about anew.
    let was_lost = |user: &str, since| {
        people.all.get(user).is_some_and(|identity| {
            identity.was_misread(since, evidence.now) || identity.moved(since, evidence.faults_ended)
        })
    };
    let good = evidence.ballots.yes().iter().enumerate().any(|(place, yes)| {
        yes.kind == ClearanceKind::Approval
            && !yes.unheard
            && is_it(&yes.user, yes.site.as_str())
            && yes.lines.iter().any(|key| key == line)
            && yes.until.is_some_and(|until| until > shown)
            && !was_lost(&yes.user, yes.at)
            && !spent.contains(&(place, line.to_owned()))
    });
    awaited && !good
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
