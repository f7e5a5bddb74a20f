//! S2: leavers are gone within a bound.

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::Kept;
use lanyard_sim::faults::{Rule, Target};
use serde_json::Value;

use super::{
    Evidence, Verdict,
    caps::Caps,
    number,
    people::{Identity, People},
    rows, shortens,
    sites::Replay,
};
use crate::script::MADE_UP;

/// Own calls at the sites' rate, hops, the settling of two-part moves, in a company this small.
const OWN: SignedDuration = SignedDuration::from_secs(300);
/// After an outage: the longest pause between two attempts comes on top.
const RECOVERY: SignedDuration = SignedDuration::from_secs(600);

/// What somebody does with one click, and Okta with one after the other.
const SAME_ACT: SignedDuration = SignedDuration::from_secs(60);

/// By then the first pass over everybody is done, where nothing goes wrong.
const FIRST_PASS: SignedDuration = SignedDuration::from_mins(30);

/// Whoever waited for room under a limit is looked at by the next pass over everybody.
const NEXT_PASS: SignedDuration = SignedDuration::from_hours(25);

pub(super) fn judge(
    evidence: &Evidence<'_>,
    site: usize,
    people: &People,
    replay: &Replay<'_>,
    caps: &Caps,
    verdict: &mut Verdict,
) {
    let plan = evidence.plan;
    if plan.observe_only {
        return;
    }
    // What was to be tried again by a clock that ran ahead is late by as much once the clock is right again.
    let ahead = evidence.machine.most_ahead();
    let poll = SignedDuration::try_from(plan.feed_interval).unwrap_or_default();
    let within = poll + SignedDuration::from_secs(60) + OWN;
    for identity in people.all.values() {
        let ended = identity.ended_since().filter(|since| *since >= evidence.start);
        // What somebody had who left the group before we ever finished a look at them is not ours to take.
        let out = identity.out_for_good_since(evidence.now).filter(|since| {
            plan.is_calm() && !evidence.script.group_deleted && *since >= evidence.start + FIRST_PASS
        });
        let waits = if ended.is_some() { SignedDuration::ZERO } else { replay.waits() };
        let Some(left) = ended.or(out) else { continue };
        let before = identity.at(left - SignedDuration::from_millis(1));
        let Some(number) = number(&before["profile"]["employeeNumber"]) else { continue };
        let others = people
            .with_number(site, &number, Timestamp::MAX)
            .filter(|other| !std::ptr::eq(*other, identity) && other.ended_since().is_none());
        let is_protected = evidence
            .script
            .protected
            .iter()
            .any(|one| super::number(&Value::from(one.as_str())).as_ref() == Some(&number));
        let is_poisoned = super::is_poisoned(evidence, &identity.name);
        if others.count() > 0 || is_protected || is_poisoned || !is_plain(evidence, site, &number) {
            continue;
        }
        // Nobody knows whose account it is that they leave.
        if identity.deleted_at().is_some_and(|at| identity.was_unknown(evidence, at)) {
            continue;
        }
        // While somebody holds the stop button down, nothing is taken from anybody, and no wait begins: nobody is looked at.
        let since = evidence.script.running_from(evidence.start, left);
        let since = evidence.script.running_from(evidence.start, since + waits);
        // Whoever leaves when all is well again leaves as on any good day.
        let is_good_day = plan.is_calm() || since >= evidence.faults_ended + MADE_UP;
        let bound = if is_good_day {
            // What an upstream asked us to wait for is kept by our clock, which may have been ahead.
            since + within + if plan.is_calm() { SignedDuration::ZERO } else { ahead }
        } else {
            since.max(evidence.faults_ended) + within + RECOVERY + ahead
        };
        // Whoever left while hooks were lost, and pages of the log torn, is found by the next pass over everybody, unless their
        // deletion has to be proven by a list that waits for a person to say that it may be so short.
        let bound = match is_told(evidence, identity, left) {
            true => bound,
            false if identity.deleted_at().is_some() && lists_are_doubted(evidence, identity) => continue,
            false => bound + NEXT_PASS,
        };
        // An account that was made without an answer, and that the site's lists did not show, is found by the next pass, too.
        let bound = if was_not_shown(evidence, identity, bound) { bound + NEXT_PASS } else { bound };
        // While the limit is truly reached, they wait until there is room, and then for whoever looks at them again.
        let bound = match caps.room_from(bound) {
            Some(room) if room == bound => bound,
            Some(room) => room + NEXT_PASS,
            None => continue,
        };
        for account in replay.with_number(&number) {
            let late = replay.last_held(account, evidence.now).filter(|held| *held > bound);
            verdict.check("S2", late.is_none(), bound, || {
                format!(
                    "{} left at {} and held account {account} until {}",
                    identity.name,
                    since.strftime("%d %H:%M:%S"),
                    late.unwrap_or_default().strftime("%d %H:%M:%S"),
                )
            });
        }
        let late = doors_held(evidence, site, &number).filter(|held| *held > bound);
        verdict.check("S2", late.is_none(), bound, || {
            format!(
                "{} left at {} and had doors open until {}",
                identity.name,
                since.strftime("%d %H:%M:%S"),
                late.unwrap_or_default().strftime("%d %H:%M:%S"),
            )
        });
    }
}

/// Whether anything was heard that tells of their leaving. A log whose pages were not torn counts as heard, whether or not it was
/// read: to read it is the process's part.
fn is_told(evidence: &Evidence<'_>, identity: &Identity, left: Timestamp) -> bool {
    let tears = |rule: &Rule| rule.target == Target::Okta && super::tears(rule.effect);
    // The events of one act bear moments that differ by little.
    let from = left - SignedDuration::from_secs(1);
    // Nobody could read that they were deactivated who are deleted in the same act.
    let at_once = identity.deleted_at().is_some_and(|at| at <= left + SAME_ACT);
    !evidence.plan.faults.iter().any(tears)
        || evidence
            .heard
            .iter()
            .any(|heard| heard.user == identity.id && heard.published >= from && (heard.deletion || !at_once))
}

/// Whether nobody knew by then which account is theirs, and the site's lists may have been short of it.
fn was_not_shown(evidence: &Evidence<'_>, identity: &Identity, by: Timestamp) -> bool {
    let cuts = |rule: &Rule| rule.target == Target::Ioffice && shortens(rule.effect);
    let about = |line: &&Kept| {
        line.entry.identity.as_ref().is_some_and(|id| *id.user == *identity.id) && line.entry.at <= by
    };
    let links = |line: &Kept| {
        let made = line.entry.kind == "operation" && line.entry.title == "create: done";
        made || line.entry.kind == "link"
    };
    evidence.plan.faults.iter().any(cuts) && !evidence.lines.iter().filter(about).any(links)
}

/// Whether the last list of their org's people is not proven complete.
fn lists_are_doubted(evidence: &Evidence<'_>, identity: &Identity) -> bool {
    let orgs = &evidence.company.orgs;
    let of_theirs = |list: &&Value| {
        let org = orgs.iter().position(|org| list["scope"] == *org.subdomain);
        list["certificate"]["evidence"]["kind"] == "identities" && org.is_some_and(|org| identity.is_of(org))
    };
    let sweeps = evidence.lines.iter().filter(|line| line.entry.kind == "sweep");
    let last = sweeps.rev().find_map(|line| rows(&line.entry.data["lists"]).iter().find(of_theirs));
    last.is_some_and(|list| !rows(&list["certificate"]["doubts"]).is_empty())
}

/// The last moment at which the site's badge system let somebody of this number in anywhere. `None`: it never did.
fn doors_held(evidence: &Evidence<'_>, site: usize, wanted: &str) -> Option<Timestamp> {
    let site = &evidence.company.sites[site].subdomain;
    let (mut last, mut open) = (None, false);
    let theirs = evidence.doors.iter().filter(|told| {
        told.site.as_str() == &**site && number(&Value::from(told.holder.as_str())).as_deref() == Some(wanted)
    });
    for told in theirs {
        if open {
            last = Some(told.at);
        }
        open = !told.rights.is_empty();
    }
    if open { Some(evidence.now) } else { last }
}

/// Nothing about the accounts of this number was doubtful from the start: no twin, no site administrator, no dirt.
fn is_plain(evidence: &Evidence<'_>, site: usize, wanted: &str) -> bool {
    let accounts = evidence.company.sites[site].accounts.iter();
    let theirs: Vec<_> = accounts
        .filter(|account| {
            account.employee_id.as_deref().and_then(|text| number(&Value::from(text))).as_deref()
                == Some(wanted)
        })
        .collect();
    theirs.len() <= 1 && theirs.iter().all(|account| account.dirt.is_clean() && !account.site_admin)
}
