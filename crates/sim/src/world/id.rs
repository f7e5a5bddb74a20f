//! Ids as Okta writes them: a prefix of three characters and 17 more, case-sensitive.

use std::fmt;

use serde::{Serialize, Serializer};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Twenty ASCII characters without an allocation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OktaId([u8; 20]);

impl OktaId {
    /// The id of the `number`-th thing with `prefix` (three ASCII characters) in org `org`. Different inputs give
    /// different ids: `number` is scrambled by a bijection before it is written down.
    pub fn of(prefix: &str, org: u16, number: u64) -> Self {
        let mut out = *b"0000000000000000d008";
        for (slot, byte) in out.iter_mut().zip(prefix.bytes().take(3)) {
            *slot = byte;
        }
        // An odd multiplier and xor-shifts are invertible modulo 2⁶⁴, hence no two numbers collide.
        let mut value = number.wrapping_add(u64::from(org) << 48).wrapping_mul(0xd134_2543_de82_ef95);
        value ^= value >> 32;
        value = value.wrapping_mul(0xaf25_1af3_b0f0_25b5);
        for slot in &mut out[3..16] {
            *slot = ALPHABET[(value % 62) as usize];
            value /= 62;
        }
        out[17] = ALPHABET[usize::from(org) / 62 % 62];
        out[18] = ALPHABET[usize::from(org) % 62];
        Self(out)
    }

    pub fn as_str(&self) -> &str {
        // Only ASCII is ever written above.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for OktaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for OktaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for OktaId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
