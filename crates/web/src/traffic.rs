//! Calls to each org and site by the minute, for as long as this process runs: what was throttled and what failed shows
//! when, not only how often.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{PoisonError, RwLock},
};

use jiff::Timestamp;
use lanyard_engine::{Engine, ports::CallCount};
use serde::Serialize;

/// An hour.
const MINUTES: usize = 60;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Calls {
    pub answered: u64,
    pub throttled: u64,
    pub faulted: u64,
}

impl Calls {
    pub fn of(counts: &[CallCount]) -> Self {
        counts.iter().fold(Self::default(), |sum, count| Self {
            answered: sum.answered + count.answered,
            throttled: sum.throttled + count.throttled,
            faulted: sum.faulted + count.faulted,
        })
    }

    fn since(self, before: Self) -> Self {
        Self {
            answered: self.answered.saturating_sub(before.answered),
            throttled: self.throttled.saturating_sub(before.throttled),
            faulted: self.faulted.saturating_sub(before.faulted),
        }
    }
}

/// One minute that saw a call, by its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Minute {
    pub at: Timestamp,
    #[serde(flatten)]
    pub calls: Calls,
}

#[derive(Default)]
struct Series {
    last: Calls,
    minutes: VecDeque<Minute>,
}

impl Series {
    fn note(&mut self, now: Timestamp, calls: Calls) {
        let new = calls.since(self.last);
        self.last = calls;
        if new == Calls::default() {
            return;
        }
        let second = now.as_second();
        let at = Timestamp::from_second(second - second.rem_euclid(60)).unwrap_or(now);
        match self.minutes.back_mut() {
            Some(minute) if minute.at >= at => {
                minute.calls = Calls {
                    answered: minute.calls.answered + new.answered,
                    throttled: minute.calls.throttled + new.throttled,
                    faulted: minute.calls.faulted + new.faulted,
                };
            }
            _ => self.minutes.push_back(Minute { at, calls: new }),
        }
        while self.minutes.len() > MINUTES {
            self.minutes.pop_front();
        }
    }
}

/// By `tenant:ID` and `site:ID`.
#[derive(Default)]
pub(crate) struct Traffic(RwLock<BTreeMap<String, Series>>);

impl Traffic {
    /// Takes down what was called until now.
    pub fn note(&self, engine: &Engine) {
        let now = engine.clock().now();
        let mut series = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for (id, directory) in engine.directories() {
            series.entry(format!("tenant:{id}")).or_default().note(now, Calls::of(&directory.calls()));
        }
        for (id, site) in engine.sites() {
            series.entry(format!("site:{id}")).or_default().note(now, Calls::of(&site.port().calls()));
        }
    }

    /// The last hour of one side, oldest first; minutes without a call are not in it.
    pub fn of(&self, name: &str, now: Timestamp) -> Vec<Minute> {
        let series = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let hour = now.as_second() - 3_600;
        let minutes = series.get(name).into_iter().flat_map(|series| &series.minutes);
        minutes.filter(|minute| minute.at.as_second() > hour).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::{Calls, Series};

    #[test]
    fn calls_are_counted_in_the_minute_in_which_they_were_seen() {
        let at = |second| Timestamp::from_second(second).unwrap_or_default();
        let calls = |answered, throttled| Calls { answered, throttled, faulted: 0 };
        let mut series = Series::default();
        for (second, seen) in [
            (61, calls(4, 0)),
            (95, calls(6, 1)),
            (119, calls(6, 1)),
            (121, calls(9, 1)),
            (3_000, calls(9, 1)),
        ] {
            series.note(at(second), seen);
        }
        let told: Vec<_> =
            series.minutes.iter().map(|minute| (minute.at.as_second(), minute.calls)).collect();
        assert_eq!(told, [(60, calls(6, 1)), (120, calls(3, 0))]);
    }
}
