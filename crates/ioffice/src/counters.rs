//! How many calls were made, by endpoint pattern and how they ended.

use std::{collections::BTreeMap, sync::Mutex};

use lanyard_engine::ports::CallCount;

use crate::budget::lock;

/// How one exchange ended, as the wire saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    Ok,
    NotFound,
    Refused,
    Unauthorized,
    Forbidden,
    Throttled,
    ServerError,
    /// A 2xx whose body was not what the contract says.
    Malformed,
    NoAnswer,
    NotSent,
}

#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    answered: u64,
    throttled: u64,
    faulted: u64,
    whole: u64,
}

/// Counts since the client was made. Shared by all its clones.
#[derive(Debug, Default)]
pub(crate) struct CallCounters(Mutex<BTreeMap<&'static str, Tally>>);

impl CallCounters {
    pub fn record(&self, endpoint: &'static str, outcome: CallOutcome) {
        let mut tallies = lock(&self.0);
        let tally = tallies.entry(endpoint).or_default();
        match outcome {
            CallOutcome::Ok | CallOutcome::NotFound | CallOutcome::Refused => tally.answered += 1,
            CallOutcome::Throttled => tally.throttled += 1,
            CallOutcome::Unauthorized
            | CallOutcome::Forbidden
            | CallOutcome::ServerError
            | CallOutcome::Malformed
            | CallOutcome::NoAnswer
            | CallOutcome::NotSent => tally.faulted += 1,
        }
    }

    /// A list was read whole, in so many of the calls counted.
    pub fn record_whole(&self, endpoint: &'static str, calls: u32) {
        lock(&self.0).entry(endpoint).or_default().whole += u64::from(calls);
    }

    /// All counts, ordered by endpoint.
    pub fn snapshot(&self) -> Vec<CallCount> {
        lock(&self.0)
            .iter()
            .map(|(&endpoint, tally)| CallCount {
                endpoint: endpoint.to_owned(),
                answered: tally.answered,
                throttled: tally.throttled,
                faulted: tally.faulted,
                whole: tally.whole,
            })
            .collect()
    }
}
