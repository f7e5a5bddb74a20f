//! Samples that anybody draws again: who is in them follows from the seed and the population alone.
//!
//! Each id is ranked by `SHA-256(seed, line feed, id)`; the lowest ranks are the sample. Neither the order of the list
//! nor the machine matters, and adding people to the population does not reshuffle those who were drawn before.
//!
//! By an attribute, its values take turns: first the lowest rank of each value, then the second of each, until the sample
//! has its size.

use std::collections::BTreeMap;

use lanyard_tlog::merkle::{Hash, sha256};

/// The `count` ids that the seed draws, in the order of their ranks.
pub fn draw<'a>(seed: &str, ids: impl IntoIterator<Item = &'a str>, count: usize) -> Vec<&'a str> {
    let mut ranked = ranked(seed, ids);
    ranked.truncate(count);
    ranked.into_iter().map(|(_, id)| id).collect()
}

/// The same, but values take turns; in the order of the turns, and of their ranks within each.
pub fn draw_in_turns<'a>(
    seed: &str,
    ids: impl IntoIterator<Item = &'a str>,
    value: impl Fn(&str) -> &'a str,
    count: usize,
) -> Vec<&'a str> {
    let mut turns: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ordered: Vec<(usize, &str)> = Vec::new();
    for (_, id) in ranked(seed, ids) {
        let turn = turns.entry(value(id)).or_default();
        ordered.push((*turn, id));
        *turn += 1;
    }
    // Stable: within a turn the order of the ranks stays.
    ordered.sort_by_key(|(turn, _)| *turn);
    ordered.truncate(count);
    ordered.into_iter().map(|(_, id)| id).collect()
}

fn ranked<'a>(seed: &str, ids: impl IntoIterator<Item = &'a str>) -> Vec<(Hash, &'a str)> {
    let mut ranked: Vec<(Hash, &str)> =
        ids.into_iter().map(|id| (sha256(&[seed.as_bytes(), b"\n", id.as_bytes()]), id)).collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked
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

    #[test]
    fn values_take_turns_however_few_have_them() {
        let ids: Vec<String> = (0..500).map(|n| format!("acme/00u{n}")).collect();
        let value = |id: &str| match id {
            "acme/00u7" => "Legal",
            "acme/00u8" | "acme/00u9" => "Finance",
            _ => "Sales",
        };
        let drawn = draw_in_turns("2026", ids.iter().map(String::as_str), value, 25);
        let count = |wanted: &str| drawn.iter().filter(|id| value(id) == wanted).count();
        assert_eq!((drawn.len(), count("Legal"), count("Finance"), count("Sales")), (25, 1, 2, 22));
        let mut first: Vec<&str> = drawn[..3].iter().map(|id| value(id)).collect();
        first.sort_unstable();
        assert_eq!(first, ["Finance", "Legal", "Sales"], "each once before any of them twice");
        let one = |_: &str| "";
        let alike = draw_in_turns("2026", ids.iter().map(String::as_str), one, 25);
        assert_eq!(alike, draw("2026", ids.iter().map(String::as_str), 25), "one value is no attribute");
        let small = draw_in_turns("2026", ids.iter().map(String::as_str), value, 2);
        assert_eq!(small, drawn[..2], "a smaller sample is the beginning of a larger one");
    }
}
