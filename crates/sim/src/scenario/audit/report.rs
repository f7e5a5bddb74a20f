//! What the auditor says.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Record, person::Person, promise::Differences, site::SiteSide};
use crate::host::Vendor;

/// The findings of one audit.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AuditReport {
    /// No difference, every expectation holds, every record could be read.
    pub converged: bool,
    /// Live accounts beyond one per person and site; those that were doubled when the day began do not count.
    pub duplicates: usize,
    pub duplicate_list: Vec<Doubled>,
    /// People from whom the service account took something without a reason in the policy.
    pub wrongful_removals: usize,
    pub wrongful_removal_list: Vec<WrongfulRemoval>,
    /// For each person whom Okta deactivated during the day and who held something: seconds until the last of it was
    /// gone. A clock that still runs counts as far as it has come.
    pub leaver_seconds: Vec<f64>,
    /// 99 of 100 leavers took no longer; 0 without leavers.
    pub leaver_seconds_p99: f64,
    pub leavers: Vec<Leaver>,
    /// The day's own checks.
    pub expectations: Vec<Expected>,
    /// Where iOffice is not what the policy promises.
    pub differences: Vec<Difference>,
    /// How many people a door is to open to, where the day tells a badge system.
    pub may_enter: usize,
    /// People whose data is such that leaving them alone is right. They do not count against convergence, unless they
    /// were changed: then there is a difference too.
    pub aside: Vec<Aside>,
    /// The service account never wrote to accounts or properties that are none of its business.
    pub untouched_foreign: bool,
    pub touched: Vec<Touched>,
    /// Accepted writes of the service account.
    pub writes: usize,
    pub writes_by_kind: BTreeMap<String, usize>,
    /// Of these, such as repeat the one before on the same record and change nothing.
    pub repeated_writes: usize,
    /// By vendor, `okta` and `ioffice`.
    pub calls: BTreeMap<String, CallCounts>,
    pub calls_by_desk: Vec<DeskCalls>,
    /// Records that could not be read. Without all of them nothing else is judged.
    pub problems: Vec<String>,
}

/// Several live accounts for one key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Doubled {
    pub site: String,
    /// The employee number or e-mail that they share, spelling aside.
    pub key: String,
    pub accounts: Vec<u64>,
    /// How many of them are no wonder: one, or as many as there were when the day began.
    pub allowed: usize,
}

/// Something taken from somebody who should have kept it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WrongfulRemoval {
    pub who: String,
    pub site: String,
    pub account: u64,
    pub at: String,
    pub what: String,
    /// What the person's standing was, in a word.
    pub standing: String,
}

/// Somebody whom Okta deactivated during the day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Leaver {
    pub who: String,
    pub site: String,
    pub seconds: f64,
    /// What is still theirs; empty when all is gone.
    pub left: Vec<String>,
}

/// One expectation of the day, judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Expected {
    pub who: String,
    pub words: String,
    pub ok: bool,
    /// What is instead, or why it does not apply yet; empty otherwise.
    pub why: String,
}

/// One thing that is not as promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub who: String,
    pub site: String,
    pub what: String,
    pub expected: String,
    pub found: String,
}

/// Somebody rightly left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Aside {
    pub who: String,
    pub site: String,
    pub why: String,
    /// Whether the service account wrote to their account nevertheless.
    pub changed: bool,
}

/// A write to something foreign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Touched {
    pub site: String,
    pub account: Option<u64>,
    /// Whose or what it is.
    pub whose: String,
    pub what: String,
}

/// Calls of clients to one vendor's faces.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct CallCounts {
    /// Answered by the face, with success or with a refusal other than for haste.
    pub answered: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Refused by the face's own limits.
    pub throttled: u64,
    /// Refused or cut by faults. A call that was done and whose answer was cut is among the answered too.
    pub faulted: u64,
}

/// Calls to one face.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskCalls {
    /// `okta/0`
    pub desk: String,
    #[serde(flatten)]
    pub counts: CallCounts,
}

impl CallCounts {
    fn add(&mut self, other: Self) {
        self.answered += other.answered;
        self.refused += other.refused;
        self.throttled += other.throttled;
        self.faulted += other.faulted;
    }
}

impl AuditReport {
    pub(super) fn differ(&mut self, person: &Person<'_>, site: &SiteSide<'_>, differences: Differences) {
        self.differences.extend(differences.into_iter().map(|(what, expected, found)| Difference {
            who: person.name.clone(),
            site: site.name.clone(),
            what,
            expected,
            found,
        }));
    }

    pub(super) fn count_calls(&mut self, records: &[Record]) {
        for record in records {
            let mut counts = CallCounts::default();
            for row in record.calls.as_object().into_iter().flatten().map(|(_, row)| row) {
                let count = |name: &str| row[name].as_u64().unwrap_or_default();
                counts.add(CallCounts {
                    answered: count("accepted") + count("refused"),
                    refused: count("refused"),
                    throttled: count("throttled"),
                    faulted: count("faulted"),
                });
            }
            let vendor = match record.desk.vendor {
                Vendor::Okta => "okta",
                Vendor::Ioffice => "ioffice",
                Vendor::Badge => "badge",
            };
            self.calls.entry(vendor.to_owned()).or_default().add(counts);
            self.calls_by_desk.push(DeskCalls { desk: record.desk.to_string(), counts });
        }
    }

    /// Draws the sums from the lists.
    pub(super) fn conclude(&mut self) {
        self.duplicates = self
            .duplicate_list
            .iter()
            .map(|doubled| doubled.accounts.len().saturating_sub(doubled.allowed))
            .sum();
        self.wrongful_removals = self.wrongful_removal_list.len();
        self.untouched_foreign = self.touched.is_empty();
        self.writes = self.writes_by_kind.values().sum();
        self.leaver_seconds = self.leavers.iter().map(|leaver| leaver.seconds).collect();
        self.leaver_seconds_p99 = p99(&self.leaver_seconds);
        self.converged = self.problems.is_empty()
            && self.differences.is_empty()
            && self.expectations.iter().all(|expected| expected.ok);
    }
}

/// The smallest value that at least 99 of 100 do not exceed.
fn p99(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::p99;

    #[test]
    fn the_slowest_of_a_hundred_does_not_count_but_of_fifty_does() {
        let upto = |count: u32| (1..=count).map(f64::from).collect::<Vec<_>>();
        assert_eq!((p99(&upto(100)), p99(&upto(50)), p99(&[])), (99.0, 50.0, 0.0));
    }
}
