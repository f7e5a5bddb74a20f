//! Looks for the seed that finds a deliberate bug: the auditor on trial.

use std::{collections::BTreeMap, ops::ControlFlow, time::Instant};

use serde_json::{Value, json};

use crate::{
    drive::{Orders, drive},
    planted,
};

/// What became of one bug.
#[derive(Debug, Clone)]
pub struct Trial {
    pub bug: String,
    /// The seed that found it, and the invariants that it broke. `None`: it lives.
    pub caught: Option<(u64, Vec<String>)>,
    pub seeds_tried: u64,
    /// Seeds in whose histories the code of the bug was passed: a bug that no history reaches says nothing of the auditor.
    pub reached: u64,
    pub seconds: f64,
}

impl Trial {
    pub fn report(&self) -> Value {
        json!({
            "bug": self.bug,
            "caught": self.caught.is_some(),
            "seed": self.caught.as_ref().map(|(seed, _)| seed),
            "invariants": self.caught.as_ref().map(|(_, invariants)| invariants),
            "seeds_tried": self.seeds_tried,
            "seeds_that_reached_it": self.reached,
            "seconds": (self.seconds * 10.0).round() / 10.0,
        })
    }
}

/// Whether seeds hold without any bug, asked once for each.
#[derive(Debug, Default)]
pub struct Plain(BTreeMap<u64, bool>);

impl Plain {
    fn holds(&mut self, seed: u64, orders: &Orders) -> bool {
        *self.0.entry(seed).or_insert_with(|| {
            let without = Orders { from: seed, seeds: 1, bug: None, twice: false, ..orders.clone() };
            drive(&without, &|_| ControlFlow::Continue(())).totals.violations == 0
        })
    }
}

/// Tries seeds until one breaks an invariant with the bug and none without it.
pub fn hunt(bug: &str, orders: &Orders, plain: &mut Plain) -> Trial {
    let begun = Instant::now();
    let mut from = orders.from;
    let end = orders.from + orders.seeds;
    let mut trial = Trial { bug: bug.to_owned(), caught: None, seeds_tried: 0, reached: 0, seconds: 0.0 };
    while trial.caught.is_none() && from < end {
        let with = Orders {
            from,
            seeds: end - from,
            bug: Some(bug.to_owned()),
            stop_at_first: true,
            twice: false,
            keep: usize::MAX,
            ..orders.clone()
        };
        let lived = drive(&with, &|_| ControlFlow::Continue(()));
        trial.reached += lived.reached;
        let Some(seed) = lived.totals.failed.iter().min().copied() else {
            trial.seeds_tried = end - orders.from;
            break;
        };
        let history = lived.failed.iter().find(|history| history.seed == seed);
        let mut invariants: Vec<String> = match history {
            Some(history) => history.violations.iter().map(|found| found.invariant.to_owned()).collect(),
            None => vec!["panicked".to_owned()],
        };
        invariants.sort_unstable();
        invariants.dedup();
        // That a fault did not strike says nothing about the bug.
        invariants.retain(|invariant| invariant != "swarm");
        if !invariants.is_empty() && plain.holds(seed, orders) {
            trial.caught = Some((seed, invariants));
        }
        from = seed + 1;
        trial.seeds_tried = from - orders.from;
    }
    planted::plant(None);
    Trial { seconds: begun.elapsed().as_secs_f64(), ..trial }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Profile;

    /// This build has no bug: nothing is found, and no history reaches it.
    #[test]
    fn a_bug_that_is_nowhere_is_not_found() {
        let orders = Orders { from: 1, seeds: 2, profile: Profile::Brief, ..Orders::default() };
        let trial = hunt("nowhere", &orders, &mut Plain::default());
        assert_eq!((trial.caught, trial.seeds_tried, trial.reached), (None, 2, 0));
    }
}
