//! How many calls were made, by endpoint and outcome, so that a run can report its cost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use http::StatusCode;

/// How one exchange ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CallOutcome {
    Ok,
    NotFound,
    Refused,
    Unauthorized,
    Forbidden,
    Throttled,
    Unavailable,
    Malformed,
    /// Sent, but no whole answer came back.
    NoAnswer,
    /// Never left this machine.
    NotSent,
}

impl CallOutcome {
    pub(crate) fn of(status: StatusCode) -> Self {
        match status.as_u16() {
            200..=299 => Self::Ok,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            429 => Self::Throttled,
            400..=499 => Self::Refused,
            500.. => Self::Unavailable,
            _ => Self::Malformed,
        }
    }

    /// Whether a fault, not the work, made this call (design: counted apart).
    pub fn is_fault(self) -> bool {
        !matches!(self, Self::Ok | Self::NotFound)
    }
}

/// One line of the count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterRow {
    pub endpoint: String,
    pub outcome: CallOutcome,
    pub calls: u64,
}

/// Shared counts; cloning shares them. They only grow: a run subtracts what it saw at its start.
#[derive(Debug, Clone, Default)]
pub struct Counters(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    calls: BTreeMap<(String, CallOutcome), u64>,
    /// Pages of lists that came to their end.
    whole: BTreeMap<String, u64>,
}

impl Counters {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }

    pub(crate) fn add(&self, endpoint: &str, outcome: CallOutcome) {
        *self.counts().calls.entry((endpoint.to_owned(), outcome)).or_default() += 1;
    }

    /// A list was read whole, in so many of the calls counted.
    pub(crate) fn add_whole(&self, endpoint: &str, pages: u32) {
        *self.counts().whole.entry(endpoint.to_owned()).or_default() += u64::from(pages);
    }

    /// Calls for lists of an endpoint that were read whole.
    pub fn whole(&self, endpoint: &str) -> u64 {
        self.counts().whole.get(endpoint).copied().unwrap_or(0)
    }

    /// All rows, by endpoint and outcome.
    pub fn rows(&self) -> Vec<CounterRow> {
        self.counts()
            .calls
            .iter()
            .map(|((endpoint, outcome), calls)| CounterRow {
                endpoint: endpoint.clone(),
                outcome: *outcome,
                calls: *calls,
            })
            .collect()
    }

    /// Calls made so far, faults included.
    pub fn total(&self) -> u64 {
        self.rows().iter().map(|r| r.calls).sum()
    }

    /// Calls that a fault refused or cut.
    pub fn faulted(&self) -> u64 {
        self.rows().iter().filter(|r| r.outcome.is_fault()).map(|r| r.calls).sum()
    }
}
