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

/// What became of a list's rows when some were read again.
#[derive(Debug, Default)]
pub(crate) struct Renewed {
    /// Where each row is now, by where it was ([`GONE`]: it is not); `None`: where it was.
    pub(crate) moved: Option<Vec<u32>>,
    /// Rows that say something else now, or are new.
    pub(crate) rows: Vec<u32>,
}

/// The place of a row that is not there any more.
pub(crate) const GONE: u32 = u32::MAX;

impl Renewed {
    /// Where a row is now.
    pub(crate) fn place(&self, row: u32) -> Option<u32> {
        match &self.moved {
            None => Some(row),
            Some(moved) => Some(moved[row as usize]).filter(|row| *row != GONE),
        }
    }
}

/// Takes rows out of a sorted list and puts others in. `gone` tells of a row, by its number, whether it goes; `new` are rows with
/// the numbers of those that they go before, in their order.
fn splice<R: Copy>(
    rows: &mut Vec<R>,
    gone: impl Fn(usize) -> bool,
    new: impl IntoIterator<Item = (usize, R)>,
) -> Vec<u32> {
    let old = std::mem::take(rows);
    let mut moved = Vec::with_capacity(old.len());
    let mut new = new.into_iter().peekable();
    for (at, row) in old.iter().enumerate() {
        while let Some((_, one)) = new.next_if(|(before, _)| *before <= at) {
            rows.push(one);
        }
        if gone(at) {
            moved.push(GONE);
        } else {
            moved.push(rows.len() as u32);
            rows.push(*row);
        }
    }
    rows.extend(new.map(|(_, one)| one));
    moved
}
