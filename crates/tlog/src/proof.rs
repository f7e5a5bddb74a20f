//! Inclusion and consistency proofs (RFC 6962 section 2.1, RFC 9162 section 2.1.3 and 2.1.4).
//!
//! A [`Prover`] is told first what will be asked, then sees all leaves once, and keeps only the inner hashes that the
//! answers need: a journal of millions of lines is proven from a stream.

use std::collections::HashMap;

use crate::merkle::{Hash, node_hash, sha256};

/// Makes many proofs about one tree in one pass over its leaves.
#[derive(Debug, Default)]
pub struct Prover {
    /// Complete subtrees by (height, place), as far as they are wanted.
    nodes: HashMap<(u32, u64), Option<Hash>>,
    stack: Vec<Hash>,
    size: u64,
}

impl Prover {
    /// Announces a question to [`Self::inclusion`].
    pub fn want_inclusion(&mut self, index: u64, size: u64) {
        for range in inclusion_ranges(index, size) {
            self.want(range);
        }
    }

    /// Announces a question to [`Self::consistency`].
    pub fn want_consistency(&mut self, old: u64, new: u64) {
        for range in consistency_ranges(old, new) {
            self.want(range);
        }
    }

    /// Announces a question to [`Self::root`].
    pub fn want_root(&mut self, size: u64) {
        self.want((0, size));
    }

    fn want(&mut self, range: (u64, u64)) {
        for node in complete_subtrees(range) {
            self.nodes.entry(node).or_insert(None);
        }
    }

    /// Takes the next leaf's hash.
    pub fn push(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut place = self.size;
        let merges = self.size.trailing_ones();
        self.note(0, place, hash);
        for height in 1..=merges {
            if let Some(left) = self.stack.pop() {
                hash = node_hash(&left, &hash);
            }
            place >>= 1;
            self.note(height, place, hash);
        }
        self.stack.push(hash);
        self.size += 1;
    }

    fn note(&mut self, height: u32, place: u64, hash: Hash) {
        if let Some(slot) = self.nodes.get_mut(&(height, place)) {
            *slot = Some(hash);
        }
    }

    /// Leaves seen.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the first `size` leaves; `None` if it was not announced, or there are fewer leaves.
    pub fn root(&self, size: u64) -> Option<Hash> {
        self.hash((0, size))
    }

    /// The path from a leaf to the root of the first `size` leaves, nearest first.
    pub fn inclusion(&self, index: u64, size: u64) -> Option<Vec<Hash>> {
        (index < size).then_some(())?;
        inclusion_ranges(index, size).into_iter().map(|range| self.hash(range)).collect()
    }

    /// The proof that the first `old` leaves begin the first `new` ones.
    pub fn consistency(&self, old: u64, new: u64) -> Option<Vec<Hash>> {
        (old <= new).then_some(())?;
        consistency_ranges(old, new).into_iter().map(|range| self.hash(range)).collect()
    }

    fn hash(&self, range: (u64, u64)) -> Option<Hash> {
        if range.0 == range.1 {
            return Some(sha256(&[]));
        }
        let mut parts = Vec::new();
        for node in complete_subtrees(range) {
            parts.push((*self.nodes.get(&node)?)?);
        }
        let last = parts.pop()?;
        Some(parts.into_iter().rev().fold(last, |right, left| node_hash(&left, &right)))
    }
}

/// Whether the leaf stands at `index` in the tree of `size` leaves with this root.
pub fn verify_inclusion(leaf: &Hash, index: u64, size: u64, path: &[Hash], root: &Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut at, mut last, mut hash) = (index, size - 1, *leaf);
    for step in path {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            hash = node_hash(step, &hash);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && hash == *root
}

/// Whether the tree of `old` leaves with root `old_root` begins the tree of `new` leaves with root `new_root`.
pub fn verify_consistency(old: u64, old_root: &Hash, new: u64, new_root: &Hash, proof: &[Hash]) -> bool {
    if old > new {
        return false;
    }
    if old == new {
        return proof.is_empty() && old_root == new_root;
    }
    if old == 0 {
        return proof.is_empty();
    }
    let (first, rest) = match old.is_power_of_two() {
        true => (*old_root, proof),
        false => match proof.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        },
    };
    let (mut at, mut last) = (old - 1, new - 1);
    while at & 1 == 1 {
        at >>= 1;
        last >>= 1;
    }
    let (mut older, mut newer) = (first, first);
    for step in rest {
        if last == 0 {
            return false;
        }
        if at & 1 == 1 || at == last {
            older = node_hash(step, &older);
            newer = node_hash(step, &newer);
            while at & 1 == 0 && at != 0 {
                at >>= 1;
                last >>= 1;
            }
        } else {
            newer = node_hash(&newer, step);
        }
        at >>= 1;
        last >>= 1;
    }
    last == 0 && older == *old_root && newer == *new_root
}

/// The largest power of two smaller than `n` (2 or more).
fn split(n: u64) -> u64 {
    1 << (63 - (n - 1).leading_zeros())
}

/// Subtrees beside the path from the root to a leaf, the leaf's neighbour first.
fn inclusion_ranges(index: u64, size: u64) -> Vec<(u64, u64)> {
    let (mut from, mut to, mut ranges) = (0, size, Vec::new());
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
        }
    }
    ranges.reverse();
    ranges
}

fn consistency_ranges(old: u64, new: u64) -> Vec<(u64, u64)> {
    let (mut from, mut to, mut whole, mut ranges) = (0, new, true, Vec::new());
    if old == 0 || old >= new {
        return ranges;
    }
    while old != to {
        let middle = from + split(to - from);
        if old <= middle {
            ranges.push((middle, to));
            to = middle;
        } else {
            ranges.push((from, middle));
            from = middle;
            whole = false;
        }
    }
    if !whole {
        ranges.push((from, to));
    }
    ranges.reverse();
    ranges
}

/// A range of the recursion as complete subtrees (height, place), left to right.
fn complete_subtrees((from, to): (u64, u64)) -> Vec<(u32, u64)> {
    let (mut at, mut nodes) = (from, Vec::new());
    while at < to {
        let height = 63 - (to - at).leading_zeros();
        nodes.push((height, at >> height));
        at += 1 << height;
    }
    nodes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::merkle::{CompactRange, leaf_hash};

    fn leaves(n: u64) -> Vec<Hash> {
        (0..n).map(|i| leaf_hash(&i.to_be_bytes())).collect()
    }

    fn root(leaves: &[Hash]) -> Hash {
        let mut range = CompactRange::default();
        leaves.iter().for_each(|leaf| range.append(*leaf));
        range.root()
    }

    #[test]
    fn every_proof_of_every_small_tree_holds_and_fits_nothing_else() {
        let all = leaves(35);
        for size in 1..=35_u64 {
            let tree = &all[..size as usize];
            let mut prover = Prover::default();
            (0..size).for_each(|index| prover.want_inclusion(index, size));
            (0..=size).for_each(|old| prover.want_consistency(old, size));
            prover.want_root(size);
            tree.iter().for_each(|leaf| prover.push(*leaf));
            let top = prover.root(size).unwrap();
            assert_eq!(top, root(tree));
            for index in 0..size {
                let path = prover.inclusion(index, size).unwrap();
                assert!(verify_inclusion(&tree[index as usize], index, size, &path, &top), "{index}/{size}");
                let other = (index + 1) % size;
                assert!(size == 1 || !verify_inclusion(&tree[other as usize], index, size, &path, &top));
                assert!(!verify_inclusion(&tree[index as usize], index, size + 1, &path, &[1; 32]));
            }
            for old in 0..=size {
                let proof = prover.consistency(old, size).unwrap();
                let before = root(&tree[..old as usize]);
                assert!(verify_consistency(old, &before, size, &top, &proof), "{old}/{size}");
                assert!(old == 0 || !verify_consistency(old, &[7; 32], size, &top, &proof), "{old}/{size}");
                assert!(old == size || old == 0 || !verify_consistency(old, &before, size, &[7; 32], &proof));
            }
        }
    }

    proptest! {
        #[test]
        fn a_changed_step_of_a_path_never_verifies(size in 2_u64..300, pick: u64, step: usize, bit in 0_usize..256) {
            let index = pick % size;
            let all = leaves(size);
            let mut prover = Prover::default();
            prover.want_inclusion(index, size);
            all.iter().for_each(|leaf| prover.push(*leaf));
            let mut path = prover.inclusion(index, size).unwrap();
            let at = step % path.len();
            path[at][bit / 8] ^= 1 << (bit % 8);
            prop_assert!(!verify_inclusion(&all[index as usize], index, size, &path, &root(&all)));
        }
    }
}
