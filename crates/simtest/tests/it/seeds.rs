//! Histories drawn from seeds, each judged by the auditor.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use lanyard_simtest::{History, Options, run};

/// Seeds in an ordinary run.
const SEEDS: u64 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
}

/// What a run of many seeds amounted to.
#[derive(Debug, Default)]
struct Totals {
    histories: u64,
    lives: u32,
    hours: u64,
    writes: usize,
    faults_by_kind: BTreeMap<String, u64>,
}

impl Totals {
    fn add(&mut self, history: &History) {
        self.histories += 1;
        self.lives += history.lives;
        self.hours += history.simulated.as_secs() / 3600;
        self.writes += history.writes;
        for (kind, hits) in &history.hits {
            *self.faults_by_kind.entry(kind.clone()).or_default() += hits;
        }
    }
}

/// Two at a time, in order of the seeds; `None` for one that panicked.
fn live_all(seeds: &[u64]) -> BTreeMap<u64, Option<History>> {
    let next = AtomicUsize::new(0);
    let lived = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(seed) = seeds.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let history = std::panic::catch_unwind(|| run(*seed, Options::default())).ok();
                    lived.lock().expect("no panic here").insert(*seed, history);
                }
            });
        }
    });
    lived.into_inner().expect("no panic here")
}

#[test]
fn seeds_hold_every_invariant() {
    if let Some(seed) = number("LANYARD_SEED") {
        let history = run(seed, Options { journal: number("LANYARD_JOURNAL").is_some() });
        println!("{}", history.told());
        assert_eq!(history.violations, [], "seed {seed}");
        return;
    }
    let from = number("LANYARD_FROM").unwrap_or(1);
    let seeds: Vec<u64> = (from..from + number("LANYARD_SEEDS").unwrap_or(SEEDS)).collect();
    let mut failed = Vec::new();
    let mut totals = Totals::default();
    for (seed, history) in live_all(&seeds) {
        match history {
            Some(history) => {
                totals.add(&history);
                if !history.violations.is_empty() {
                    println!("{}\n", history.told());
                    failed.push(seed);
                }
            }
            None => {
                println!("seed {seed} panicked");
                failed.push(seed);
            }
        }
    }
    println!("{totals:#?}");
    assert!(failed.is_empty(), "seeds with violations: {failed:?}");
}

#[test]
fn a_seed_decides_everything() {
    for seed in [3, 4] {
        let (once, again) = (run(seed, Options::default()), run(seed, Options::default()));
        assert_eq!(once.events, again.events, "seed {seed}");
        assert_eq!(once.hash, again.hash, "seed {seed}");
    }
}
