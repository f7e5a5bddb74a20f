//! Exceptions that stood when the period ended: who answers for each, why, since when and until when.
//!
//! Nothing says when a withheld right, a delegation, a finding that was put away, or what was granted and is used up by now,
//! ceased to stand: those count that still did when the pack was made.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_engine::{
    delegations::{Delegation, Kept, folded},
    policies::Version,
    ports::{DELEGATIONS, WITHHELD},
    reviews::campaign::Withheld,
    undo::undone_by,
};
use lanyard_evidence::{
    cell::Cell,
    pack::Pack,
    tables::{self, NONE_STATED, PAST_END},
};
use lanyard_model::{
    clearance::{Clearance, ClearanceKind, ClearanceState, Vote},
    id::IdentityId,
};
use lanyard_policy::{Policy, Protection, protections};

use super::{
    Scope,
    configuration::Versions,
    people::Known,
    requests::{Requests, state_at},
    sayings::Sayings,
};

/// One exception as a row of the pack has it.
#[derive(Default)]
pub(super) struct Exception {
    pub kind: &'static str,
    /// Empty: about nobody in particular.
    pub person: String,
    /// Empty: about no site in particular.
    pub site: String,
    pub what: String,
    pub owner: Option<String>,
    pub reason: Option<String>,
    pub made_by: String,
    pub since: Option<Timestamp>,
    pub until: Option<Timestamp>,
    /// What ends it beside its stated end.
    pub ends: &'static str,
    /// It waits for somebody's word.
    pub waiting: bool,
    pub source: String,
}

impl Exception {
    pub(super) fn put(self, scope: &Scope<'_>, known: &Known, pack: &mut Pack) {
        let said = |text: Option<String>| {
            let text = text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            Cell::from(text.unwrap_or_else(|| NONE_STATED.to_owned()))
        };
        let state = match (self.until, self.waiting) {
            (Some(until), _) if until <= scope.ask.to => PAST_END,
            (_, true) => "waiting",
            (_, false) => "in force",
        };
        let ends = match self.until {
            None => format!("{NONE_STATED}; {}", self.ends),
            Some(_) => self.ends.to_owned(),
        };
        let text = |text: &str| Cell::from(Some(text).filter(|text| !text.is_empty()));
        let name = known.name(&self.person);
        pack.row(
            &tables::OPEN_EXCEPTIONS,
            vec![
                self.kind.into(),
                text(&self.person),
                name.into(),
                text(&self.site),
                self.what.into(),
                said(self.owner),
                said(self.reason),
                self.made_by.into(),
                self.since.into(),
                self.until.into(),
                ends.into(),
                state.into(),
                self.source.into(),
            ],
        );
    }
}

/// Addresses of those who delegated their votes, as addresses are compared.
pub(super) fn delegating(scope: &Scope<'_>) -> anyhow::Result<BTreeSet<String>> {
    Ok(delegations(scope)?.iter().map(|kept| folded(&kept.given.from)).collect())
}

/// Delegations that stand when the period ends, and were made before that.
fn delegations(scope: &Scope<'_>) -> anyhow::Result<Vec<Kept>> {
    let mut found = Vec::new();
    for (_, body) in scope.archive.documents(DELEGATIONS)? {
        let kept: Kept = serde_json::from_value(body)?;
        let before = begun(&kept.given).is_none_or(|since| since < scope.ask.to);
        if before && kept.given.until > scope.ask.to {
            found.push(kept);
        }
    }
    Ok(found)
}

/// From when on somebody may vote; earlier versions noted only when that was recorded, or neither.
fn begun(given: &Delegation) -> Option<Timestamp> {
    given.starts.or(given.given_at)
}

/// Everything that stands but findings that were put away: those are told with the others. `policy`: what was in force when the
/// period ended, if it can be read. Answers what could not be told.
pub(super) fn rows(
    scope: &Scope<'_>,
    known: &Known,
    (versions, policy): (&Versions, Option<&Policy>),
    requests: &Requests,
    sayings: &Sayings,
    pack: &mut Pack,
) -> anyhow::Result<Option<String>> {
    let limit = protected(scope, known, (versions, policy), pack);
    let author = versions.at_end(scope).map(|version| version.author.clone());
    for clearance in requests.everything() {
        if let Some(exception) = asked(clearance, author.as_deref(), scope.ask.to) {
            exception.put(scope, known, pack);
        }
    }
    withheld(scope, known, pack)?;
    for kept in delegations(scope)? {
        // Nobody of another tenant is named.
        let of_tenant = |id: &IdentityId| id.tenant == scope.ask.tenant;
        if scope.several && !kept.is_from(of_tenant, |mail| known.addresses.contains(mail)) {
            continue;
        }
        let given = kept.given;
        let exception = Exception {
            kind: "delegation",
            what: format!("{} votes in the place of {}", given.to, given.from),
            since: begun(&given),
            until: Some(given.until),
            made_by: if given.given_by.is_empty() { given.from.clone() } else { given.given_by },
            owner: Some(given.from),
            reason: Some(given.reason).filter(|reason| !reason.is_empty()),
            ends: "its stated end, or somebody withdraws it",
            source: "delegations".into(),
            ..Exception::default()
        };
        exception.put(scope, known, pack);
    }
    if let Some(stop) = sayings.stop() {
        let exception = Exception {
            kind: "stop",
            what: "nothing is written to any site".into(),
            owner: Some(stop.by.clone()),
            made_by: stop.by.clone(),
            since: Some(stop.at),
            ends: "somebody resumes",
            source: format!("journal line {}", stop.position),
            ..Exception::default()
        };
        exception.put(scope, known, pack);
    }
    Ok(limit)
}

/// Whom the policy protects: each entry with the tenant's people whom it fits, and once alone if it fits nobody.
fn protected(
    scope: &Scope<'_>,
    known: &Known,
    (versions, policy): (&Versions, Option<&Policy>),
    pack: &mut Pack,
) -> Option<String> {
    let version = versions.at_end(scope)?;
    if policy.is_none() {
        return Some(format!(
            "Version {} of the policy, in force when the period ended, cannot be read by this program: whom it protects is not listed.",
            version.number
        ));
    }
    let entries = protections(&version.source);
    let since = versions.since(scope, &entries);
    for (place, (entry, since)) in entries.iter().zip(since).enumerate() {
        let fitting = known.protected.iter().filter(|(_, of)| *of == place);
        let mut fits: Vec<String> = fitting.map(|(person, _)| person.clone()).collect();
        if fits.is_empty() && !scope.several {
            // Where there are other tenants, it is about theirs as likely as not.
            fits.push(String::new());
        }
        for person in fits {
            let nobody = if person.is_empty() { " (nobody fits)" } else { "" };
            let id = entry.id.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
            // An entry may name people of several tenants.
            let whom = match scope.several {
                true => "this person; whom else it fits is left out of this pack",
                false => &format!("whoever fits: {}", entry.whom),
            };
            let exception = Exception {
                kind: "protected",
                person,
                what: format!("{id}nothing is taken from {whom}{nobody}"),
                owner: entry.owner.clone(),
                reason: entry.reason.clone(),
                made_by: since.map_or_else(String::new, |version| version.author.clone()),
                since: since.map(|version| version.at),
                until: entry.until.and_then(end_of),
                ends: "a version of the policy without it",
                source: format!("policy version {}", since.map_or(version.number, |version| version.number)),
                ..Exception::default()
            };
            exception.put(scope, known, pack);
        }
    }
    None
}

/// The end of a day, UTC.
fn end_of(day: Date) -> Option<Timestamp> {
    Some(day.tomorrow().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// A request that stood at `to`; `author`: who published the rules.
fn asked(clearance: &Clearance, author: Option<&str>, to: Timestamp) -> Option<Exception> {
    let undone = clearance.kind == ClearanceKind::Undone;
    let later = clearance.ended.as_ref().is_some_and(|(at, _)| *at >= to);
    let state = state_at(clearance, to);
    let (granted, stands) = match later {
        true => (state == ClearanceState::Granted, state != ClearanceState::Declined),
        false => {
            let granted = clearance.ended.is_some() && state == ClearanceState::Granted;
            (granted, !clearance.over && (state.is_open() || clearance.ended.is_none()))
        }
    };
    // A hold that somebody ended early holds nothing.
    let held = clearance.kind != ClearanceKind::Hold || !granted;
    let over = clearance.until.is_some_and(|until| until <= to);
    if over || !stands || !held || clearance.asked_at >= to {
        return None;
    }
    let yes: Vec<&Vote> = clearance.votes.iter().filter(|vote| vote.yes && vote.at < to).collect();
    let all = |of: fn(&Vote) -> &str| {
        let all: Vec<&str> = yes.iter().map(|vote| of(vote)).filter(|text| !text.is_empty()).collect();
        (!all.is_empty()).then(|| all.join("; "))
    };
    let back = clearance.ended.as_ref().filter(|_| undone).and_then(|(_, why)| undone_by(why));
    let by_rule = || Some(format!("{} asks for it", clearance.rule));
    let decides = clearance.demand.as_ref().map(|demand| {
        let by: Vec<String> = demand.by.iter().map(ToString::to_string).collect();
        by.join(" or ")
    });
    let (owner, reason, ends) = match (back, granted) {
        (Some((by, why)), _) => (Some(by.to_owned()), why.map(str::to_owned), "somebody releases it"),
        (None, true) => (
            all(|vote| vote.by.as_str()),
            all(|vote| vote.reason.as_str()),
            "being used, or its reason going away",
        ),
        (None, false) if undone => (None, None, "somebody releases it"),
        (None, false) => (
            decides.or_else(|| author.map(str::to_owned)),
            by_rule(),
            "a decision, its end, or its reason going away",
        ),
    };
    let what: Vec<&str> = clearance.lines.iter().map(|line| line.what.as_str()).collect();
    Some(Exception {
        kind: clearance.kind.as_str(),
        person: clearance.identity.to_string(),
        site: clearance.site.to_string(),
        what: what.join("; "),
        made_by: back.map_or_else(|| format!("rule {}", clearance.rule), |(by, _)| by.to_owned()),
        owner,
        reason,
        since: Some(clearance.asked_at),
        until: clearance.until,
        ends,
        waiting: !granted && !undone,
        source: clearance.id.clone(),
    })
}

/// Rights that reviews took and that policy does not give again.
fn withheld(scope: &Scope<'_>, known: &Known, pack: &mut Pack) -> anyhow::Result<()> {
    let owners: BTreeMap<String, String> = scope
        .archive
        .documents("reviews")?
        .into_iter()
        .map(|(id, body)| (id, body["owner"].as_str().unwrap_or_default().to_owned()))
        .collect();
    for (_, body) in scope.archive.documents(WITHHELD)? {
        let one: Withheld = serde_json::from_value(body)?;
        if one.identity.tenant != scope.ask.tenant || !scope.site(&one.site) || one.since >= scope.ask.to {
            continue;
        }
        let number = one.key.to_string();
        let (key, value) = if one.kind == "door" { (one.name.as_str(), "") } else { (&*number, &*number) };
        let what = match known.named(&one.site, &one.kind, key, value) {
            // It is told by its number.
            Some(what) if what.starts_with(&one.kind) => what,
            Some(what) => format!("{} {what}", one.kind),
            None => format!("{} {number}", one.kind),
        };
        let review = one.line.split_once(':').map_or("", |(review, _)| review);
        let exception = Exception {
            kind: "withheld",
            person: one.identity.to_string(),
            site: one.site.to_string(),
            what,
            owner: owners.get(review).cloned(),
            reason: Some(one.reason.clone()),
            made_by: format!("review {review}"),
            since: Some(one.since),
            ends: "the review line is decided otherwise",
            source: format!("review line {}", one.line),
            ..Exception::default()
        };
        exception.put(scope, known, pack);
    }
    Ok(())
}

impl Versions {
    /// What was in force when the period ended.
    pub(super) fn at_end(&self, scope: &Scope<'_>) -> Option<&Version> {
        self.in_force(scope).last().map(|(version, _)| *version)
    }

    /// Of each entry: the version since which, without a break, it protects the same people under the same name.
    fn since(&self, scope: &Scope<'_>, entries: &[Protection]) -> Vec<Option<&Version>> {
        let mut found: Vec<(Option<&Version>, bool)> = vec![(None, true); entries.len()];
        for version in self.published_before(scope.ask.to).rev() {
            let all = protections(&version.source);
            let has = |entry: &Protection| all.iter().any(|one| one.id == entry.id && one.whom == entry.whom);
            for (entry, (since, unbroken)) in entries.iter().zip(&mut found) {
                *unbroken &= has(entry);
                if *unbroken {
                    *since = Some(version);
                }
            }
            if found.iter().all(|(_, unbroken)| !unbroken) {
                break;
            }
        }
        found.into_iter().map(|(since, _)| since).collect()
    }
}
