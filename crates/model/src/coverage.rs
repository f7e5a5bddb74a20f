//! How complete a read was. Taking something away needs a certificate (design §5).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReadKind {
    Identities,
    GroupMembers,
    Accounts,
    Bookings,
}

/// The definitions by which rows are made in the target (a user schema, the fields of user types), each time named by a
/// hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schema {
    /// Before the list was read.
    pub before: String,
    /// Afterwards.
    pub after: String,
    /// Fields that were defined then.
    pub fields: u32,
}

/// What a list read observed about itself. Facts only; [`Evidence::certify`] judges them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    pub kind: ReadKind,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub pages: u32,
    pub rows: u64,
    /// The paging came to its own end (closed cursor, short page), not to a bound, an error or a repeat.
    pub reached_end: bool,
    /// The target's own count before and after, where it has one.
    pub count_before: Option<u64>,
    pub count_after: Option<u64>,
    /// A row known to exist was seen (our own account, the built-in group). `None`: none was known.
    pub canary_seen: Option<bool>,
    /// Overlap rows that were missing and made the reader start again from an earlier row.
    pub overlaps_missed: u32,
    /// The change feed had no gap while the list was read. `None`: this target has no feed.
    pub feed_whole: Option<bool>,
    /// Rights were probed and suffice. `None`: not probed.
    pub rights_proven: Option<bool>,
    /// `None`: the target does not tell, or it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
}

/// A judged read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    pub evidence: Evidence,
    /// Empty: the read is proven complete. Otherwise each reason, in plain words.
    pub doubts: Vec<String>,
}

impl Certificate {
    /// Proven complete.
    pub fn holds(&self) -> bool {
        self.doubts.is_empty()
    }
}

impl Evidence {
    /// Judges the evidence. `expected_rows` is the last certified number of rows; a list below
    /// `shrink_percent_max` less than that is in doubt, whatever else it says. One row less is never a doubt: among few
    /// people that is nobody's share.
    pub fn certify(self, expected_rows: Option<u64>, shrink_percent_max: u32) -> Certificate {
        let mut doubts = Vec::new();
        if !self.reached_end {
            doubts.push("the list did not come to its own end".to_owned());
        }
        match (self.count_before, self.count_after) {
            (Some(before), Some(after)) => {
                if self.rows < before.min(after) {
                    doubts.push(format!(
                        "{} rows were read, but the target counted {before} before and {after} after",
                        self.rows
                    ));
                }
            }
            (None, None) => {}
            _ => doubts.push("the target's count could be read only once".to_owned()),
        }
        if self.canary_seen == Some(false) {
            doubts.push("a row known to exist was missing from the list".to_owned());
        }
        if self.feed_whole == Some(false) {
            doubts.push("the change feed had a gap while the list was read".to_owned());
        }
        if self.rights_proven == Some(false) {
            doubts.push("the credential lacks the rights to see everybody".to_owned());
        }
        if self.schema.as_ref().is_some_and(|schema| schema.before != schema.after) {
            doubts.push("the definitions of its fields changed while the list was read".to_owned());
        }
        if let Some(expected) = expected_rows {
            let less = (expected * u64::from(shrink_percent_max) / 100).max(1);
            let floor = expected.saturating_sub(less).max(expected.min(1));
            if self.rows < floor {
                doubts.push(format!(
                    "the list shrank from {expected} to {} rows, more than {shrink_percent_max} % at once",
                    self.rows
                ));
            }
        }
        Certificate { evidence: self, doubts }
    }
}
