//! Quantiles and histograms over whole seconds.

use serde::{Deserialize, Serialize};

/// How long something took, over a population.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spread {
    pub count: u64,
    pub p50: Option<i64>,
    pub p95: Option<i64>,
    pub p99: Option<i64>,
    pub max: Option<i64>,
}

/// Upper ends of the histogram's bars, in seconds; the last bar has none.
pub const BARS: &[i64] = &[5, 15, 60, 300, 900, 3600, 4 * 3600, 86_400];

/// Nearest rank: the smallest value that at least `percent` of all values do not exceed.
pub fn quantile(sorted: &[i64], percent: u64) -> Option<i64> {
    let rank = (sorted.len() as u64 * percent).div_ceil(100).max(1);
    sorted.get(usize::try_from(rank - 1).ok()?).copied()
}

/// Sorts, and measures.
pub fn spread(mut values: Vec<i64>) -> Spread {
    values.sort_unstable();
    Spread {
        count: values.len() as u64,
        p50: quantile(&values, 50),
        p95: quantile(&values, 95),
        p99: quantile(&values, 99),
        max: values.last().copied(),
    }
}

/// Counts per bar: those up to each of [`BARS`], then all longer ones.
pub fn histogram(values: &[i64]) -> Vec<u64> {
    let mut bars = vec![0; BARS.len() + 1];
    for value in values {
        bars[BARS.iter().position(|end| value <= end).unwrap_or(BARS.len())] += 1;
    }
    bars
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_occurred() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(
            spread(hundred.clone()),
            Spread { count: 100, p50: Some(50), p95: Some(95), p99: Some(99), max: Some(100) }
        );
        assert_eq!(
            spread(vec![7]),
            Spread { count: 1, p50: Some(7), p95: Some(7), p99: Some(7), max: Some(7) }
        );
        assert_eq!(spread(Vec::new()), Spread::default());
        assert_eq!(quantile(&[1, 2], 50), Some(1));
        assert_eq!(histogram(&[0, 5, 6, 60, 61, 100_000]), [2, 1, 1, 1, 0, 0, 0, 0, 1]);
    }
}
