//! What a rule says about steps of its that fail (`if_it_fails`), and what is remembered of those that did.
//!
//! A step has failed when the target refused it, or cannot do it. No answer, a pause that was asked for and a refused
//! credential are no failures of a step: those are looked up, waited for, and told of by themselves.

use std::{collections::BTreeSet, fmt};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// What becomes of a step that failed: tried again first, then everything else that is named here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OnFailure {
    /// Tries beside the first one.
    pub retries: u32,
    /// Between two tries.
    pub every_seconds: u64,
    /// Other outcomes count in its place.
    pub instead: bool,
    pub todo: Option<FailureToDo>,
    /// Names of notification routes in the policy.
    pub alert: Vec<String>,
    /// Nothing more is given to the person, until somebody asks for a look or the reason is gone. What is taken away goes on.
    pub stop: bool,
    /// Names what the rule gives: a failure of something that it gives no longer is none.
    pub print: String,
}

impl OnFailure {
    /// How long until a step is tried again.
    pub fn pause(&self) -> SignedDuration {
        SignedDuration::from_secs(i64::try_from(self.every_seconds).unwrap_or(i64::MAX))
    }
}

/// What a person is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureToDo {
    pub what: String,
    pub how: String,
}

/// The part of what a rule gives that a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Place,
    Role,
    Item,
    CostCenter,
    Booking,
    Visit,
    Door,
    /// The account itself and its fields; what lifecycle rules take.
    Account,
}

impl Part {
    pub const ALL: [Self; 8] = [
        Self::Place,
        Self::Role,
        Self::Item,
        Self::CostCenter,
        Self::Booking,
        Self::Visit,
        Self::Door,
        Self::Account,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Role => "role",
            Self::Item => "item",
            Self::CostCenter => "cost center",
            Self::Booking => "booking",
            Self::Visit => "visit",
            Self::Door => "door",
            Self::Account => "account",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Ends the key of a failure of what a rule gives instead.
const INSTEAD: &str = ":instead";

/// The key under which a failure is remembered.
pub fn failure_key(rule: &str, part: Part, instead: bool) -> String {
    format!("{rule}:{part}{}", if instead { INSTEAD } else { "" })
}

/// Whether a key is of a failure of what a rule gives instead.
pub fn is_instead(key: &str) -> bool {
    key.ends_with(INSTEAD)
}

/// A step that failed, and how far its rule has come with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedStep {
    pub rule: String,
    pub part: Part,
    /// The change, as plans say it (`+ role in Harborlight Visitors: MANAGER`).
    pub what: String,
    /// Names of the changes, as clearances name them.
    #[serde(default)]
    pub lines: BTreeSet<String>,
    /// What the target said.
    pub why: String,
    /// The way out that the adapter knows.
    #[serde(default)]
    pub fix: String,
    pub tries: u32,
    pub first: Timestamp,
    pub last: Timestamp,
    /// No more tries: the rest of the branch counts.
    pub given_up: bool,
    /// [`OnFailure::print`] at the time.
    pub print: String,
}

/// Stands for every change of the part, where they are not known one by one.
pub const ALL_LINES: &str = "*";

impl FailedStep {
    /// Whether this change failed.
    pub fn is_about(&self, line: &str) -> bool {
        self.lines.contains(line) || self.lines.contains(ALL_LINES)
    }
}
