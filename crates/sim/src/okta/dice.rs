//! The org's only source of chance, and the ids made from it. The seed given at construction decides every draw.

use std::{fmt, ops::RangeInclusive};

/// A small generator (SplitMix64): fast, and the same on every platform and release.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number below `bound` (0 if `bound` is 0).
    pub fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.draw() % bound }
    }

    pub fn within(&mut self, range: &RangeInclusive<u64>) -> u64 {
        let (low, high) = (*range.start(), *range.end());
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last as u64 + 1) as usize;
            items.swap(last, other);
        }
    }

    /// `length` letters and digits.
    pub fn text(&mut self, length: usize) -> String {
        (0..length).map(|_| char::from(ALPHABET[self.below(62) as usize])).collect()
    }

    /// A random UUID in the usual form.
    pub fn uuid(&mut self) -> String {
        let (high, low) = (self.draw(), self.draw());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff
        )
    }

    /// A fresh id with a three-character prefix (`00u`, `00g`, …) in an org whose ids end in `suffix`.
    pub fn oid(&mut self, prefix: &str, suffix: [u8; 3]) -> Oid {
        let mut id = [b'0'; 20];
        id[..3].copy_from_slice(&prefix.as_bytes()[..3]);
        let mut bits = 0u64;
        for (place, byte) in id[3..17].iter_mut().enumerate() {
            // One draw yields seven characters with little bias, and ids need none to be unguessable.
            if place % 7 == 0 {
                bits = self.draw();
            }
            *byte = ALPHABET[(bits % 62) as usize];
            bits /= 62;
        }
        id[17..].copy_from_slice(&suffix);
        Oid(id)
    }
}

const ALPHABET: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// An id as this org makes them: 20 ASCII characters, case-sensitive, the first three naming the kind.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid([u8; 20]);

impl Oid {
    /// `None` for anything that cannot be an id of this org.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; 20] = text.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_alphanumeric).then_some(Self(bytes))
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
