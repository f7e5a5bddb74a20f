//! The one source of chance: a small seeded generator whose sequence never changes between releases or platforms.
//!
//! Not for secrets. A library generator would do as well, but its sequence is allowed to change with a new version,
//! and "same seed, same world" must survive upgrades.

/// A SplitMix64 sequence.
#[derive(Debug, Clone)]
pub struct Dice {
    state: u64,
}

impl Dice {
    /// A sequence for `seed`; `stream` separates uses so that a new question in one place moves nothing elsewhere.
    pub fn new(seed: u64, stream: &str) -> Self {
        let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
        for byte in stream.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self { state }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }

    /// A number in `0..bound`; 0 when `bound` is 0. The bias is below 2⁻³² for the small bounds used here.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((u64::from((self.bits() >> 32) as u32) * u64::from(bound)) >> 32) as u32
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = u32::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(u32::MAX);
        low + i64::from(self.below(width))
    }

    /// True `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// True with the given probability, 0 to 1.
    pub fn probability(&mut self, p: f64) -> bool {
        ((self.bits() >> 11) as f64) / ((1_u64 << 53) as f64) < p
    }

    /// One of `items`.
    ///
    /// # Panics
    /// If `items` is empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u32) as usize]
    }

    /// An index into `weights`, each as likely as its weight says.
    pub fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (index, weight) in weights.iter().enumerate() {
            if at < *weight {
                return index;
            }
            at -= weight;
        }
        weights.len().saturating_sub(1)
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
