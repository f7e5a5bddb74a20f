//! What must hold at the end, when nothing has gone wrong for hours.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::Finding;
use lanyard_sim::{
    host::Vendor,
    scenario::{
        Day,
        audit::{Difference, WrongfulRemoval, audit_on_reads},
    },
};
use serde_json::Value;

use super::{
    Evidence, Site, Verdict, gates, is_poisoned, is_protected, may_be_believed_gone, moment, number,
    number_of,
    people::{Identity, People},
    rows,
};
use crate::{network::SentWrite, script::NOTE_FIELD};

/// What a look that runs beside another one has just read is not known to that one.
const BESIDE: SignedDuration = SignedDuration::from_secs(10);
/// From a decision to its last write, where the person was not read by id in between.
const READ_BEFORE: SignedDuration = SignedDuration::from_secs(60);

pub(super) fn judge(evidence: &Evidence<'_>, people: &People, sites: &[Site], verdict: &mut Verdict) {
    writes(evidence, verdict);
    let now = evidence.now;
    verdict.check("L1", evidence.problems.is_empty(), now, || {
        format!("passes failed: {}", evidence.problems.join("; "))
    });
    // Whom Okta never answers for is given up at some time, and what was sent for them before is never read back.
    let poisoned = |user: &str| {
        let about = evidence.script.poisoned.as_ref().and_then(|(_, rule)| rule.path.as_deref());
        about.is_some_and(|path| path.ends_with(user))
    };
    let open: Vec<&str> = evidence
        .open_intents
        .iter()
        .filter(|(user, _)| !poisoned(user))
        .map(|(_, words)| words.as_str())
        .collect();
    verdict.check("L4", open.is_empty(), now, || format!("intents have no outcome: {}", open.join("; ")));
    let is_poisoned =
        |finding: &&Finding| finding.identity.as_ref().is_some_and(|identity| poisoned(&identity.user));
    let dead: Vec<_> =
        evidence.findings.iter().filter(|finding| finding.kind == "dead" && !is_poisoned(finding)).collect();
    // A host who left is nobody to receive a visitor: that waits for a person, and says so.
    let dead: Vec<_> =
        dead.into_iter().filter(|finding| !finding.detail.contains("refused announce")).collect();
    verdict.check("L4", dead.is_empty(), now, || {
        dead.iter()
            .map(|finding| format!("{}: {}", finding.title, finding.detail))
            .collect::<Vec<_>>()
            .join("; ")
    });
    for index in 0..evidence.company.sites.len() {
        let state = &evidence.record(Vendor::Ioffice, index).state;
        doubled(state, now, verdict);
        let mut last: BTreeMap<u64, &str> = BTreeMap::new();
        for note in evidence.script.notes.iter().filter(|note| note.site == index) {
            last.insert(note.account, &note.text);
        }
        for user in rows(&state["users"]) {
            let Some(wanted) = user["id"].as_u64().and_then(|id| last.get(&id)) else { continue };
            verdict.check("S16", user[NOTE_FIELD] == **wanted, now, || {
                format!("the note {wanted:?} on account {} became {}", user["id"], user[NOTE_FIELD])
            });
        }
    }
    converged(evidence, people, sites, verdict);
    verdict.check("L2", evidence.idle_writes.is_empty(), now, || {
        let writes: Vec<String> = evidence.idle_writes.iter().map(told).collect();
        format!("an idle pass wrote: {}", writes.join("; "))
    });
}

fn told(write: &SentWrite) -> String {
    let intents: Vec<String> =
        write.intents.iter().map(|(at, name)| format!("{name} of {}", at.strftime("%H:%M:%S%.3f"))).collect();
    format!("{} {} {} ({})", write.desk, write.method, write.path, intents.join(", "))
}

/// S8 and S17: each accepted write has its durable intent, and none is made while stopped or observing.
fn writes(evidence: &Evidence<'_>, verdict: &mut Verdict) {
    for write in evidence.sent {
        let at = write.sent_at;
        verdict.check("S17", !evidence.plan.observe_only, at, || {
            format!("a write while observing only: {}", told(write))
        });
        verdict.check("S8", !write.accepted || !write.intents.is_empty(), at, || {
            format!("an accepted write without an intent: {}", told(write))
        });
        if let Some(since) = write.stopped_since {
            // Intents bear the moments of the process's clock, which may have been ahead then.
            let since = since + evidence.machine.most_ahead();
            let before = write.intents.iter().any(|(at, _)| *at <= since);
            verdict.check("S17", before, at, || format!("a write while stopped: {}", told(write)));
        }
    }
}

/// S11: one booking for a first day, one announcement of an arrival.
fn doubled(state: &Value, now: Timestamp, verdict: &mut Verdict) {
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
    for (what, count) in counts {
        verdict.check("S11", count == 1, now, || format!("{what} {count} times"));
    }
}

/// L1, by the stand-ins' own auditor of the demonstration policy.
fn converged(evidence: &Evidence<'_>, people: &People, sites: &[Site], verdict: &mut Verdict) {
    let (plan, now) = (evidence.plan, evidence.now);
    let day = Day { start: evidence.start, steps: Vec::new(), doors: None };
    // A write rests on what was read last, or a moment before.
    let grounds = |user: &str, at: Timestamp| {
        let read = people.all.get(user).and_then(|identity| identity.last_read(at));
        read.unwrap_or(at).min(at - READ_BEFORE)
    };
    let report = audit_on_reads(evidence.company, &day, evidence.records.to_vec(), now, &grounds);
    verdict.check("S1", report.duplicate_list.is_empty(), now, || {
        let told = report.duplicate_list.iter().map(|doubled| {
            format!("{} live accounts {:?} for {}", doubled.accounts.len(), doubled.accounts, doubled.key)
        });
        told.collect::<Vec<_>>().join("; ")
    });
    let touched = &report.touched;
    verdict.check("S16", touched.is_empty(), now, || {
        let told = touched
            .iter()
            .map(|touched| format!("account {:?}, {}: {}", touched.account, touched.whose, touched.what));
        told.collect::<Vec<_>>().join("; ")
    });
    // What rests on a deleted group cannot be judged, and an observer changes nothing.
    if plan.observe_only || evidence.script.group_deleted {
        return;
    }
    let shared = &evidence.script.shared_address;
    let is_clear = |who: &str| !shared.iter().any(|number| who.ends_with(&format!("({number})")));
    if !plan.guards.edited {
        // A seat for a seat is a move, and nothing is lost by it.
        let misread = |wrong: &WrongfulRemoval| {
            let (number, at) = (number_of(&wrong.who).unwrap_or_default(), wrong.at.parse().unwrap_or(now));
            let theirs = || people.all.values().filter(|identity| identity.has_number(&number));
            // Whoever was hired again under a new id is not known by it before a look has read it and ended: until then the
            // old one is over, and decides.
            // The old one's end rests on their last read, and a slow site may take long after it.
            let ended = theirs().filter(|identity| identity.is_over(at));
            let ground = ended.filter_map(|identity| identity.last_read(at)).max().unwrap_or(at);
            let ground = ground.max(at - READ_BEFORE);
            let unknown =
                |identity: &Identity| !identity.is_over(at) && identity.last_read(ground - BESIDE).is_none();
            let is_new =
                theirs().any(unknown) && theirs().all(|identity| unknown(identity) || identity.is_over(at));
            let was_misread = theirs()
                .any(|identity| identity.last_read(at).is_some_and(|last| identity.was_misread(last, at)));
            // A place that was theirs by hand is a rule's once a rule asks for it, also for a while in which their groups
            // were told wrongly; it goes with that rule's reason.
            let is_place = wrong.standing == "active"
                && ["the section", "the seat"].iter().any(|place| wrong.what.starts_with(place));
            let was_once = is_place && theirs().any(|identity| identity.was_misread(evidence.start, at));
            let of_lists = ["the category item", "the section", "the role"];
            let was_believed = of_lists.iter().any(|thing| wrong.what.starts_with(thing))
                && may_be_believed_gone(evidence, at);
            is_new || was_misread || was_once || was_believed || is_moved(evidence, wrong, at)
        };
        let judged = |wrong: &&WrongfulRemoval| {
            !wrong.what.contains("was changed for") && is_clear(&wrong.who) && !misread(wrong)
        };
        let wrong: Vec<_> = report.wrongful_removal_list.iter().filter(judged).collect();
        verdict.check("S3", wrong.is_empty(), now, || {
            let told = wrong
                .iter()
                .map(|wrong| format!("{} ({}): {} at {}", wrong.who, wrong.standing, wrong.what, wrong.at));
            told.collect::<Vec<_>>().join("; ")
        });
    }
    // A second account after the first one ended is as good as the first one again.
    let has_one = |difference: &Difference| {
        let too_early = difference.expected == "none before it is time";
        difference.what == "account" && !too_early && live_accounts(evidence, &difference.who) == 1
    };
    let open: Vec<_> = report
        .differences
        .iter()
        .filter(|difference| is_clear(&difference.who) && !has_one(difference))
        .filter(|difference| {
            !is_substitute(evidence, difference) && !is_guarded(evidence, people, sites, difference)
        })
        .collect();
    for difference in &open {
        verdict.check("L1", false, now, || {
            format!(
                "{}: {} should be {:?} and is {:?}",
                difference.who, difference.what, difference.expected, difference.found
            )
        });
    }
    // Everybody else is as promised.
    let people: usize = evidence.company.people.len();
    *verdict.checks.entry("L1").or_default() += people.saturating_sub(open.len()) as u64;
    if evidence.script.poisoned.is_some() {
        verdict.check("L3", open.is_empty(), now, || {
            "beside one person who cannot be read, others did not come into step".into()
        });
    }
}

/// Whether a section was left for a desk that had been given before it: a move in two steps, by which nothing is lost.
fn is_moved(evidence: &Evidence<'_>, wrong: &WrongfulRemoval, at: Timestamp) -> bool {
    let whose = number_of(&wrong.who);
    let sites = evidence.records.iter().filter(|record| record.desk.vendor == Vendor::Ioffice);
    wrong.what.starts_with("the section")
        && sites.flat_map(|record| rows(&record.journal)).any(|entry| {
            let after = &entry["after"];
            entry["kind"] == "user"
                && moment(&entry["at"]) == at
                && number(&after["employeeId"]) == whose
                && !after["room"].is_null()
        })
}

/// What rightly does not come into step, each for its own reason: what is left on an account that somebody else closed; what is to be taken waits for
/// room under a limit that is truly reached, or is a protected person's; what was asked for is not granted; whom Okta
/// does not answer for stays as they were.
fn is_guarded(evidence: &Evidence<'_>, people: &People, sites: &[Site], difference: &Difference) -> bool {
    if is_poisoned(evidence, &difference.who) {
        return true;
    }
    let place = evidence.company.sites.iter().position(|site| *site.name == *difference.site);
    let Some(place) = place else { return false };
    if is_closed(evidence, &sites[place], difference)
        || was_never_seen(evidence, people, place, difference)
        || ended_before_leave(evidence, people, &sites[place], difference)
    {
        return true;
    }
    if difference.what == "visit" && is_visit_unsure(evidence, difference) {
        return true;
    }
    if takes(difference) {
        return is_protected(evidence, &difference.who) || sites[place].caps.is_reached(evidence.now);
    }
    // A protected person keeps the place, too, that another would change for a new one.
    let moves = ["seat", "section", "seat classification"].contains(&difference.what.as_str());
    if moves && !difference.found.is_empty() && is_protected(evidence, &difference.who) {
        return true;
    }
    let Some(center) = difference.what.strip_prefix("role in center ") else { return false };
    let number = number_of(&difference.who).unwrap_or_default();
    let users: BTreeSet<&str> =
        people.with_number(place, &number, evidence.now).map(|identity| identity.id.as_str()).collect();
    let line = format!("role+:{center}:{}", difference.expected);
    evidence.plan.guards.approval
        && gates::is_asked(evidence, place, people, &users, &line, &sites[place].spent)
}

/// Whether what is left of somebody is theirs: they left the app's group, or were deleted, before any look at them had come to its
/// end, so that nothing of it is Lanyard's.
fn was_never_seen(evidence: &Evidence<'_>, people: &People, place: usize, difference: &Difference) -> bool {
    if difference.what != "everything" {
        return false;
    }
    let number = number_of(&difference.who).unwrap_or_default();
    let mut theirs = people.with_number(place, &number, evidence.now).peekable();
    let is_it = |identity: &Identity| {
        let left = identity.deleted_at().or_else(|| identity.left_the_group_at(evidence.now));
        left.is_some_and(|left| identity.was_unknown(evidence, left))
    };
    theirs.peek().is_some() && theirs.all(is_it)
}

/// Whether all that is left of somebody is on accounts that another hand switched off, which take no edit any more. Bookings
/// can be cancelled all the same. An account that another hand switched off during a leave waits for the return, too.
fn is_closed(evidence: &Evidence<'_>, site: &Site, difference: &Difference) -> bool {
    let whose = number_of(&difference.who);
    let state = &evidence.record(Vendor::Ioffice, site.index).state;
    let mut theirs = rows(&state["users"]).iter().filter(|user| number(&user["employeeId"]) == whose);
    let gone = difference.what == "everything" && !difference.found.contains("bookings ahead");
    let away = difference.what == "account" && difference.expected == "kept during the leave";
    (gone || away) && theirs.all(|user| user["id"].as_u64().is_some_and(|id| site.closed.contains(&id)))
}

/// Whether an account that should be kept during a leave had ended already, when somebody was out of the app's group: who comes
/// back to the group on leave is given nothing before they come back to work.
fn ended_before_leave(
    evidence: &Evidence<'_>,
    people: &People,
    site: &Site,
    difference: &Difference,
) -> bool {
    if difference.what != "account" || difference.expected != "kept during the leave" {
        return false;
    }
    let number = number_of(&difference.who).unwrap_or_default();
    let state = &evidence.record(Vendor::Ioffice, site.index).state;
    let theirs = rows(&state["users"])
        .iter()
        .filter(|user| super::number(&user["employeeId"]).as_ref() == Some(&number));
    let ended = theirs.filter_map(|user| site.ended.get(&user["id"].as_u64()?)).max();
    let is_out = |identity: &Identity, at: Timestamp| identity.left_the_group_at(at).is_some();
    ended.is_some_and(|at| {
        people.with_number(site.index, &number, evidence.now).any(|identity| {
            is_out(identity, *at) && identity.is_away_throughout(evidence.faults_ended, evidence.now)
        })
    })
}

/// Whether a visit may have been announced without an answer: it cannot be looked up, is never repeated, and a person was told
/// to look.
fn is_visit_unsure(evidence: &Evidence<'_>, difference: &Difference) -> bool {
    let mut told = evidence.findings.iter().filter(|finding| finding.key.contains("visit-unknown"));
    difference.found.ends_with("announced 0 times")
        && told.any(|finding| {
            let name = difference.who.rsplit_once(" (").map_or(difference.who.as_str(), |(name, _)| name);
            finding.title.contains(name)
        })
}

/// Whether something is to be taken away.
fn takes(difference: &Difference) -> bool {
    let all = ["everything", "permissions"].contains(&difference.what.as_str());
    all || difference.expected.is_empty() && !difference.found.is_empty()
}

/// A numbered user name, where an inactive account holds the one that is wanted: the API cannot free it.
fn is_substitute(evidence: &Evidence<'_>, difference: &Difference) -> bool {
    if difference.what != "userName" {
        return false;
    }
    let is_held = evidence
        .records
        .iter()
        .filter(|record| record.desk.vendor == Vendor::Ioffice)
        .flat_map(|record| rows(&record.state["users"]))
        .any(|user| user["active"] == false && user["userName"] == *difference.expected);
    let (Some((local, _)), Some((found, _))) =
        (difference.expected.split_once('@'), difference.found.split_once('@'))
    else {
        return false;
    };
    let number = found.strip_prefix(local).and_then(|rest| rest.strip_prefix('.'));
    is_held && number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Live accounts with the employee number of `Name (number)`.
fn live_accounts(evidence: &Evidence<'_>, who: &str) -> usize {
    let wanted = number_of(who);
    let sites = evidence.records.iter().filter(|record| record.desk.vendor == Vendor::Ioffice);
    let users = sites.flat_map(|record| rows(&record.state["users"]));
    users.filter(|user| user["active"] != false && number(&user["employeeId"]) == wanted).count()
}
