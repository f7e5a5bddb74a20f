//! Looks for the seed that finds a deliberate bug: the auditor on trial.

use std::time::Instant;

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
            "seconds": (self.seconds * 10.0).round() / 10.0,
        })
    }
}

/// Tries seeds until one breaks an invariant with the bug and none without it.
pub fn hunt(bug: &str, orders: &Orders) -> Trial {
    let begun = Instant::now();
    let mut from = orders.from;
    let end = orders.from + orders.seeds;
    let mut caught = None;
    while caught.is_none() && from < end {
        let with = Orders {
            from,
            seeds: end - from,
            bug: Some(bug.to_owned()),
            stop_at_first: true,
            keep: usize::MAX,
            ..orders.clone()
        };
        let lived = drive(&with, &|_, _| {});
        let Some(seed) = lived.totals.failed.iter().min().copied() else { break };
        let without = drive(&Orders { from: seed, seeds: 1, bug: None, ..orders.clone() }, &|_, _| {});
        let history = lived.failed.iter().find(|history| history.seed == seed);
        let mut invariants: Vec<String> = match history {
            Some(history) => history.violations.iter().map(|found| found.invariant.to_owned()).collect(),
            None => vec!["panicked".to_owned()],
        };
        invariants.sort_unstable();
        invariants.dedup();
        // That a fault did not strike says nothing about the bug.
        invariants.retain(|invariant| invariant != "swarm");
        if without.totals.violations == 0 && !invariants.is_empty() {
            caught = Some((seed, invariants));
        }
        from = seed + 1;
    }
    planted::plant(None);
    let seeds_tried = match &caught {
        Some((seed, _)) => seed - orders.from + 1,
        None => orders.seeds,
    };
    Trial { bug: bug.to_owned(), caught, seeds_tried, seconds: begun.elapsed().as_secs_f64() }
}
