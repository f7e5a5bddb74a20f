//! How many calls were made, by endpoint and outcome, so that a run can report its cost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

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
pub struct Counters(Arc<Mutex<BTreeMap<(String, CallOutcome), u64>>>);

impl Counters {
    pub(crate) fn add(&self, endpoint: &str, outcome: CallOutcome) {
        let mut counts = self.0.lock().unwrap_or_else(|e| e.into_inner());
        *counts.entry((endpoint.to_owned(), outcome)).or_default() += 1;
    }

    /// All rows, by endpoint and outcome.
    pub fn rows(&self) -> Vec<CounterRow> {
        let counts = self.0.lock().unwrap_or_else(|e| e.into_inner());
        counts
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
