//! Histories drawn from seeds, each judged by the auditor.

use lanyard_simtest::{Options, run};

/// Seeds in an ordinary run.
const SEEDS: u64 = 40;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().expect("a whole number"))
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
    for pair in seeds.chunks(2) {
        let histories: Vec<_> = std::thread::scope(|scope| {
            let lived: Vec<_> = pair.iter().map(|seed| scope.spawn(|| run(*seed, Options::default()))).collect();
            lived.into_iter().map(|life| life.join()).collect()
        });
        for (seed, history) in pair.iter().zip(histories) {
            match history {
                Ok(history) if history.violations.is_empty() => {}
                Ok(history) => {
                    println!("{}\n", history.told());
                    failed.push(*seed);
                }
                Err(_) => {
                    println!("seed {seed} panicked");
                    failed.push(*seed);
                }
            }
        }
    }
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
