//! Judges a history by the stand-ins' own journals. What should be is written down here once more; nothing is
//! imported from plan, policy or engine but the words that findings are told in.
//!
//! - `people`: who somebody was at any moment, and when we last read them
//! - `sites`: each accepted write judged at its moment: S1, S3, S4, S12, S13; `caps`: S7
//! - `gates`: S5, and people who are protected (S3)
//! - `leavers`: S2; `kept`: what the process remembered: S9, S10, S14, S15, S19
//! - `ending`: each write and what must hold when things are quiet: S8, S11, S16, S17, L1, L2, L4
//! - judged as it happens, in [`crate::watch`]: S14, S18, L6

mod caps;
mod ending;
mod gates;
mod kept;
mod leavers;
mod people;
mod sites;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use jiff::Timestamp;
use lanyard_engine::ports::{Finding, Kept};
use lanyard_sim::{
    face::forgotten,
    faults::{Effect, Moment, Rule, Target},
    host::{DeskName, Vendor},
    scenario::audit::Record,
    world::Company,
};
use serde_json::Value;

pub use self::caps::Removals;
use crate::{
    badge::Told,
    guards::Ballots,
    network::{Heard, Read, SentWrite},
    script::{Plan, Script},
    watch::Watch,
    weather::Machine,
};

/// How long a list without a count must stay short until that is believed.
const BELIEVED_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The invariant's name in the design, `S3`.
    pub invariant: &'static str,
    pub at: Timestamp,
    pub words: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.invariant, self.at.strftime("%d %H:%M:%S%.3f"), self.words)
    }
}

/// What was judged, how often, and what did not hold.
#[derive(Debug, Default)]
pub struct Verdict {
    pub violations: Vec<Violation>,
    /// By invariant. One that is never judged is not tested.
    pub checks: BTreeMap<&'static str, u64>,
    /// How each site's limit on removals stands in the end.
    pub removals: BTreeMap<DeskName, Removals>,
    /// Numbers of people who left the app's group, or were deleted, before any look at them had come to its end: what they had is
    /// not ours to take.
    pub strangers: BTreeSet<String>,
    /// Numbers of people who are on leave in the end.
    pub away: BTreeSet<String>,
}

impl Verdict {
    fn check(&mut self, invariant: &'static str, holds: bool, at: Timestamp, words: impl FnOnce() -> String) {
        *self.checks.entry(invariant).or_default() += 1;
        if !holds {
            self.violations.push(Violation { invariant, at, words: words() });
        }
    }
}

/// Everything a judgement rests on.
pub struct Evidence<'a> {
    pub company: &'a Company,
    pub plan: &'a Plan,
    pub script: &'a Script,
    pub records: &'a [Record],
    pub sent: &'a [SentWrite],
    pub reads: &'a [Read],
    /// Reads of somebody's groups that were answered with less than there was, and looked whole.
    pub lies: &'a [Read],
    /// Events about people that reached the process.
    pub heard: &'a [Heard],
    /// Writes that reached a site during the pass that should change nothing.
    pub idle_writes: &'a [SentWrite],
    pub findings: &'a [Finding],
    /// Passes that failed although nothing was wrong any more.
    pub problems: &'a [String],
    pub start: Timestamp,
    pub faults_ended: Timestamp,
    pub now: Timestamp,
    pub damaged_journal: Option<String>,
    /// Whose they are, in Okta, and in words.
    pub open_intents: Vec<(String, String)>,
    /// The process's journal.
    pub lines: &'a [Kept],
    pub watch: &'a Watch,
    /// Claims that ended, and what was wrong with some.
    pub fences: (u64, Vec<String>),
    pub ballots: &'a Ballots,
    /// What badge systems were told, in order.
    pub doors: &'a [Told],
    pub machine: Machine,
    /// From when the edited policy was in force, or the first one again.
    pub published: Vec<(Timestamp, bool)>,
    /// Every byte of the store's files.
    pub kept: Vec<u8>,
}

impl<'a> Evidence<'a> {
    fn record(&self, vendor: Vendor, index: usize) -> &'a Record {
        let found =
            self.records.iter().find(|record| record.desk.vendor == vendor && record.desk.index == index);
        found.expect("a record of each desk")
    }
}

/// Judges everything. Violations are in order of time.
pub fn judge(evidence: &Evidence<'_>) -> Verdict {
    let people = people::People::read(evidence);
    let mut verdict = Verdict::default();
    let mut sites = Vec::new();
    for record in evidence.records.iter().filter(|record| forgotten(&record.journal) > 0) {
        let words = format!("{}: a journal that is not whole proves nothing", record.desk);
        verdict.violations.push(Violation { invariant: "auditor", at: evidence.now, words });
    }
    for index in 0..evidence.company.sites.len() {
        let replay = sites::Replay::of(evidence, index);
        replay.judge(evidence, &people, &mut verdict);
        let caps = caps::Caps::of(evidence, index, &people, &replay);
        caps.judge(evidence, index, &people, &mut verdict);
        let spent = gates::judge(evidence, index, &people, &replay, &mut verdict);
        leavers::judge(evidence, index, &people, &replay, &caps, &mut verdict);
        verdict.removals.insert(DeskName { vendor: Vendor::Ioffice, index }, caps.removals());
        let (closed, ended) = (replay.closed_by_others(), replay.ended_by_us());
        sites.push(Site { index, caps, spent, closed, ended });
    }
    let now = evidence.now;
    for identity in people.all.values() {
        let mut left = identity.deleted_at().into_iter().chain(identity.leaves_of_the_group());
        if left.any(|left| identity.was_unknown(evidence, left)) {
            verdict.strangers.extend(identity.numbers());
        }
        if identity.is_away_throughout(evidence.faults_ended, now) {
            verdict.away.extend(identity.numbers());
        }
    }
    kept::judge(evidence, &people, &mut verdict);
    ending::judge(evidence, &people, &sites, &mut verdict);
    for (invariant, count) in evidence.watch.checks() {
        *verdict.checks.entry(invariant).or_default() += count;
    }
    let seen = evidence.watch.wrongs().into_iter();
    verdict.violations.extend(seen.map(|(invariant, at, words)| Violation { invariant, at, words }));
    verdict.violations.sort_by_key(|violation| violation.at);
    verdict
}

/// What was found of a site and is asked for at the end.
struct Site {
    index: usize,
    caps: caps::Caps,
    spent: gates::Spent,
    /// Accounts that somebody else switched off.
    closed: BTreeSet<u64>,
    /// When we ended an account, the last time.
    ended: BTreeMap<u64, Timestamp>,
}

/// Whether people are named who are protected, by the number at the end of `Name (number)`.
fn is_protected(evidence: &Evidence<'_>, who: &str) -> bool {
    evidence.script.protected.iter().any(|number| who.ends_with(&format!("({number})")))
}

/// Whether a fault leaves something out of a page without a sign of it.
fn tears(effect: Effect) -> bool {
    matches!(effect, Effect::TornPage | Effect::ShiftingPage)
}

/// The same, or shows what was so before.
fn shortens(effect: Effect) -> bool {
    tears(effect) || effect == Effect::StaleList
}

/// When a rule's moment is.
fn on(evidence: &Evidence<'_>, given: Option<Moment>) -> Option<Timestamp> {
    given.map(|moment| moment.on(evidence.start))
}

/// Whether a site's lists may have been short for so long by then that what they leave out is believed to be gone: two reads some
/// ten minutes apart (docs/reliability.md). One fault may have cut the first of them, another one the last.
fn may_be_believed_gone(evidence: &Evidence<'_>, at: Timestamp) -> bool {
    let cuts = |rule: &&Rule| rule.target == Target::Ioffice && shortens(rule.effect);
    let rules: Vec<&Rule> = evidence.plan.faults.iter().filter(cuts).collect();
    let moment = |given| on(evidence, given);
    let began = rules.iter().map(|rule| moment(rule.from).unwrap_or(evidence.start)).min();
    // Beside another one, a fault that never struck in its own time is made to strike when the busy time ends.
    let ended = match rules.as_slice() {
        [one] => moment(one.until).unwrap_or(evidence.faults_ended),
        _ => evidence.faults_ended,
    };
    began.is_some_and(|began| ended.min(at) >= began + BELIEVED_AFTER)
}

/// Whether somebody named so is the person for whom Okta never answers, whatever their name is by now.
fn is_poisoned(evidence: &Evidence<'_>, who: &str) -> bool {
    let whose = |who: &str| number_of(who);
    evidence.script.poisoned.as_ref().is_some_and(|(poisoned, _)| whose(poisoned) == whose(who))
}

/// The employee number of `Name (number)`.
fn number_of(who: &str) -> Option<String> {
    who.rsplit_once('(').and_then(|(_, rest)| number(&Value::from(rest.trim_end_matches(')'))))
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An employee number, spelling aside: letters and digits without leading zeros.
fn number(value: &Value) -> Option<String> {
    bare(value.as_str()?)
}

/// The same of a text.
pub fn bare(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let bare: String = text.chars().filter(|sign| sign.is_alphanumeric()).collect();
    let bare = bare.trim_start_matches('0');
    (!bare.is_empty()).then(|| bare.to_owned())
}
