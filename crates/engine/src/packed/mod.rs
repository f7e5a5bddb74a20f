//! Whole lists, packed: one row is a few hundred bytes instead of a few thousand, so that everybody of a large company
//! fits into memory twice over, and one person at a time is unpacked to be decided.

mod accounts;
mod arena;
mod code;
mod keys;
mod names;
mod people;
mod texts;

use std::collections::BTreeSet;

pub use accounts::Accounts;
pub(crate) use keys::KeyIndex;
pub use people::People;

/// Rows of a complete list that were read again.
#[derive(Debug)]
pub(crate) struct Changed<T, K> {
    pub(crate) there: Vec<T>,
    pub(crate) gone: BTreeSet<K>,
}

impl<T, K> Default for Changed<T, K> {
    fn default() -> Self {
        Self { there: Vec::new(), gone: BTreeSet::new() }
    }
}
