//! Which rows may hold a key. A hash finds candidates, and the caller compares the key itself: no two keys are ever
//! taken for one.

use std::hash::{BuildHasher as _, RandomState};

use super::Renewed;

/// Candidates by key, 12 bytes each.
#[derive(Debug, Default, Clone)]
pub(crate) struct KeyIndex {
    hasher: RandomState,
    /// Hash (both halves) and row; sorted once it is complete.
    entries: Vec<[u32; 3]>,
}

impl KeyIndex {
    fn hash(&self, kind: &str, value: &str) -> [u32; 2] {
        let hash = self.hasher.hash_one((kind, value));
        [(hash >> 32) as u32, hash as u32]
    }

    pub(crate) fn add(&mut self, row: u32, keys: &[(String, String)]) {
        for (kind, value) in keys {
            let [high, low] = self.hash(kind, value);
            self.entries.push([high, low, row]);
        }
    }

    /// Gives rows their new numbers; those that went are forgotten.
    pub(crate) fn renumber(&mut self, renewed: &Renewed) {
        self.entries.retain_mut(|entry| match renewed.place(entry[2]) {
            Some(row) => {
                entry[2] = row;
                true
            }
            None => false,
        });
    }

    /// Ends adding.
    pub(crate) fn complete(&mut self) {
        self.entries.sort_unstable();
        self.entries.dedup();
        self.entries.shrink_to_fit();
    }

    /// Rows that may hold the key, in their order.
    pub(crate) fn candidates(&self, kind: &str, value: &str) -> impl Iterator<Item = u32> {
        let [high, low] = self.hash(kind, value);
        let from = self.entries.partition_point(|entry| *entry < [high, low, 0]);
        let same = move |entry: &&[u32; 3]| entry[0] == high && entry[1] == low;
        self.entries[from..].iter().take_while(same).map(|entry| entry[2])
    }
}

impl KeyIndex {
    /// Groups of rows that seem to share a key.
    pub(crate) fn repeated(&self) -> impl Iterator<Item = Vec<u32>> {
        self.entries
            .chunk_by(|a, b| a[..2] == b[..2])
            .filter(|same| same.len() > 1)
            .map(|same| same.iter().map(|entry| entry[2]).collect())
    }
}
