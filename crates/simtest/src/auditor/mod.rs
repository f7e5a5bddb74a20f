//! Judges a history by the stand-ins' own journals. What should be is written down here once more; nothing is
//! imported from plan, policy or engine but the words that findings are told in.
//!
//! - `people`: who somebody was at any moment, and when we last read them
//! - `sites`: each accepted write judged at its moment: S1, S3, S13
//! - `leavers`: S2; `ending`: what must hold when things are quiet: S8, S9, S11, S16, S17, L1, L2, L4

mod ending;
mod leavers;
mod people;
mod sites;

use std::fmt;

use jiff::Timestamp;
use lanyard_engine::ports::Finding;
use lanyard_sim::{host::Vendor, scenario::audit::Record, world::Company};
use serde_json::Value;

use crate::{
    network::{Read, SentWrite},
    script::{Plan, Script},
};

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

/// Everything a judgement rests on.
pub struct Evidence<'a> {
    pub company: &'a Company,
    pub plan: &'a Plan,
    pub script: &'a Script,
    pub records: &'a [Record],
    pub sent: &'a [SentWrite],
    pub reads: &'a [Read],
    /// Writes that reached a site during the pass that should change nothing.
    pub idle_writes: &'a [SentWrite],
    pub findings: &'a [Finding],
    /// Passes that failed although nothing was wrong any more.
    pub problems: &'a [String],
    pub start: Timestamp,
    pub faults_ended: Timestamp,
    pub now: Timestamp,
    pub damaged_journal: Option<String>,
    pub open_intents: usize,
}

impl<'a> Evidence<'a> {
    fn record(&self, vendor: Vendor, index: usize) -> &'a Record {
        let found =
            self.records.iter().find(|record| record.desk.vendor == vendor && record.desk.index == index);
        found.expect("a record of each desk")
    }
}

/// All violations, by time.
pub fn judge(evidence: &Evidence<'_>) -> Vec<Violation> {
    let people = people::People::read(evidence);
    let mut found = Vec::new();
    for index in 0..evidence.company.sites.len() {
        let replay = sites::Replay::of(evidence, index);
        replay.judge(&people, &mut found);
        leavers::judge(evidence, index, &people, &replay, &mut found);
    }
    ending::judge(evidence, &mut found);
    found.sort_by_key(|violation| violation.at);
    found
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An employee number, spelling aside: letters and digits without leading zeros.
fn number(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim().to_lowercase();
    let bare: String = text.chars().filter(|sign| sign.is_alphanumeric()).collect();
    let bare = bare.trim_start_matches('0');
    (!bare.is_empty()).then(|| bare.to_owned())
}
