//! The Merkle tree of RFC 6962 (section 2.1) over SHA-256, kept as a compact range.

use aws_lc_rs::digest::{Context, SHA256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// A tree of which only the complete subtrees are kept, largest first: enough to append and to know the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    subtrees: Vec<Hash>,
}

impl CompactRange {
    /// Reads what [`Self::to_bytes`] wrote. `None` if the number of hashes does not belong to `size`.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        (rest.is_empty() && hashes.len() == size.count_ones() as usize)
            .then(|| Self { size, subtrees: hashes.to_vec() })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.subtrees.concat()
    }

    /// Number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash; amortised one node hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut merges = self.size.trailing_ones();
        while merges > 0 {
            if let Some(left) = self.subtrees.pop() {
                hash = node_hash(&left, &hash);
            }
            merges -= 1;
        }
        self.subtrees.push(hash);
        self.size += 1;
    }

    /// The root of the whole tree. Without leaves: the hash of nothing.
    pub fn root(&self) -> Hash {
        let mut right_to_left = self.subtrees.iter().rev();
        match right_to_left.next() {
            None => sha256(&[]),
            Some(last) => right_to_left.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

/// Hash of a leaf with this content.
pub fn leaf_hash(content: &[u8]) -> Hash {
    sha256(&[&[0], content])
}

/// Hash of an inner node.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    sha256(&[&[1], left, right])
}

/// SHA-256 of the parts, one after another.
pub fn sha256(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(char::from(DIGITS[usize::from(byte >> 4)]));
        out.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    out
}

/// Reads what [`hex`] wrote, and nothing else.
pub fn unhex(text: &str) -> Option<Hash> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let bytes = text.as_bytes();
    let mut hash = [0; 32];
    if bytes.len() != 64 {
        return None;
    }
    for (at, pair) in bytes.chunks_exact(2).enumerate() {
        hash[at] = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, word for word: MTH over the largest power of two smaller than n.
    fn by_definition(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => sha256(&[]),
            [leaf] => *leaf,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node_hash(&by_definition(&leaves[..k]), &by_definition(&leaves[k..]))
            }
        }
    }

    #[test]
    fn the_compact_range_agrees_with_the_definition_at_every_size() {
        let mut range = CompactRange::default();
        let mut leaves = Vec::new();
        for n in 0_u32..70 {
            assert_eq!(range.root(), by_definition(&leaves), "at {n} leaves");
            assert_eq!(CompactRange::from_bytes(range.size(), &range.to_bytes()), Some(range.clone()));
            let leaf = leaf_hash(&n.to_be_bytes());
            leaves.push(leaf);
            range.append(leaf);
        }
    }

    #[test]
    fn known_roots_of_certificate_transparency() {
        let mut range = CompactRange::default();
        assert_eq!(hex(&range.root()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        range.append(leaf_hash(b""));
        assert_eq!(hex(&range.root()), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        range.append(leaf_hash(&[0]));
        assert_eq!(hex(&range.root()), "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125");
    }
}
