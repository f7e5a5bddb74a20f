//! How whole lists are handed over: row by row, as their pages arrive.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use lanyard_model::{
    account::Account,
    id::{AccountId, IdentityId},
    identity::Identity,
};

/// Takes the rows of a whole list while its pages arrive, so that nobody holds all of them as they were read.
pub trait Sink<T>: Send {
    /// One row. A later row with the same id takes the place of an earlier one: pages are read at different moments.
    fn take(&mut self, row: T);

    /// The list is read again from its beginning: what was taken so far does not count.
    fn restart(&mut self);

    /// Changes rows that were taken before, where a later row taught what an earlier one meant.
    fn revise(&mut self, change: &mut dyn FnMut(&mut T));

    /// Rows taken, each id once.
    fn count(&mut self) -> u64;
}

/// Keeps the later of two rows with one id, at the place of the first.
fn settle<T, K: Eq + Hash>(rows: &mut Vec<T>, id: impl Fn(&T) -> K) -> u64 {
    let mut places: HashMap<K, usize> = HashMap::with_capacity(rows.len());
    let mut kept: Vec<T> = Vec::with_capacity(rows.len());
    for row in std::mem::take(rows) {
        match places.get(&id(&row)) {
            Some(&at) => kept[at] = row,
            None => {
                places.insert(id(&row), kept.len());
                kept.push(row);
            }
        }
    }
    *rows = kept;
    rows.len() as u64
}

/// All rows as they are, in the order of the list: for lists that are small, and for tests.
macro_rules! sink_of_all {
    ($row:ty, $key:ty, $id:expr) => {
        impl Sink<$row> for Vec<$row> {
            fn take(&mut self, row: $row) {
                self.push(row);
            }

            fn restart(&mut self) {
                self.clear();
            }

            fn revise(&mut self, change: &mut dyn FnMut(&mut $row)) {
                self.iter_mut().for_each(change);
            }

            fn count(&mut self) -> u64 {
                settle::<$row, $key>(self, $id)
            }
        }
    };
}

sink_of_all!(Identity, IdentityId, |row| row.id.clone());
sink_of_all!(Account, AccountId, Account::id);
sink_of_all!(Arc<str>, Arc<str>, Arc::clone);

/// At most so many rows of a list of any length, evenly spread over it.
#[derive(Debug)]
pub struct Sample<T> {
    pub rows: Vec<T>,
    most: usize,
    /// Every so many rows one is kept; doubled whenever there are too many.
    stride: u64,
    taken: u64,
}

impl<T> Sample<T> {
    /// Keeps between half of `most` and `most` rows of a longer list.
    pub fn of(most: usize) -> Self {
        Self { rows: Vec::new(), most: most.max(2), stride: 1, taken: 0 }
    }

    /// Rows handed over, doubles among them.
    pub fn taken(&self) -> u64 {
        self.taken
    }
}

impl<T: Send> Sink<T> for Sample<T> {
    fn take(&mut self, row: T) {
        if self.taken.is_multiple_of(self.stride) {
            if self.rows.len() == self.most {
                let mut at = 0;
                self.rows.retain(|_| {
                    at += 1;
                    at % 2 == 1
                });
                self.stride *= 2;
            }
            if self.taken.is_multiple_of(self.stride) {
                self.rows.push(row);
            }
        }
        self.taken += 1;
    }

    fn restart(&mut self) {
        *self = Self::of(self.most);
    }

    fn revise(&mut self, change: &mut dyn FnMut(&mut T)) {
        self.rows.iter_mut().for_each(change);
    }

    fn count(&mut self) -> u64 {
        self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_whole_list() {
        let mut sample = Sample::of(8);
        (0..100u32).for_each(|row| sample.take(row));
        assert_eq!(sample.rows, [0, 16, 32, 48, 64, 80, 96]);
        assert_eq!(sample.taken(), 100);
    }

    #[test]
    fn the_later_of_two_rows_counts() {
        let mut rows: Vec<Arc<str>> = Vec::new();
        for row in ["a", "b", "a"] {
            rows.take(row.into());
        }
        assert_eq!((rows.count(), rows.join(" ")), (2, "a b".to_owned()));
    }
}
