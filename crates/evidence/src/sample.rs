//! Samples that anybody draws again: who is in them follows from the seed and the population alone.
//!
//! Each id is ranked by `SHA-256(seed, line feed, id)`; the lowest ranks are the sample. Neither the order of the list
//! nor the machine matters, and adding people to the population does not reshuffle those who were drawn before.

use lanyard_tlog::merkle::{Hash, sha256};

/// The `count` ids that the seed draws, in the order of their ranks.
pub fn draw<'a>(seed: &str, ids: impl IntoIterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let mut ranked: Vec<(Hash, &str)> =
        ids.into_iter().map(|id| (sha256(&[seed.as_bytes(), b"\n", id.as_bytes()]), id)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.truncate(count);
    ranked.into_iter().map(|(_, id)| id).collect()
}

/// How many an auditor draws from a population of this size (common SOC 2 practice: 25, 40, 60; all of a small one).
pub fn usual_size(population: usize) -> usize {
    match population {
        0..=25 => population,
        26..=250 => 25,
        251..=2_000 => 40,
        _ => 60,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_alone_decides() {
        let ids: Vec<String> = (0..500).map(|n| format!("acme/00u{n}")).collect();
        let forward = draw("2026", ids.iter().map(String::as_str), 25);
        let backward = draw("2026", ids.iter().rev().map(String::as_str), 25);
        assert_eq!(forward, backward);
        assert_eq!(forward.len(), 25);
        assert_ne!(forward, draw("2027", ids.iter().map(String::as_str), 25));
        assert_eq!(draw("x", ["b", "a", "b"], 9).len(), 2);
        assert_eq!([0, 25, 26, 251, 5000].map(usual_size), [0, 25, 25, 40, 60]);
    }
}
