//! Signed cuts: how far the texts of a log were let go of, in the form of a checkpoint.
//!
//! The note names a tree of its own (`<origin>/let-go`), so that no checkpoint can be taken for one. Whoever empties one line
//! more than was signed for, or moves the mark, does not have the note.

use jiff::Timestamp;

use crate::{
    checkpoint::{Checkpoint, verify_checkpoint},
    merkle::Hash,
    note::{CheckpointKey, NoteProblem},
};

/// Why a cut is not one that was signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CutProblem {
    #[error("the texts of {0} lines are gone, and nobody signed that they were let go of")]
    Unsigned(u64),
    #[error("the note over what was let go of does not hold: {0}")]
    Note(NoteProblem),
    #[error("the texts of {gone} lines are gone, and the note is over {signed} lines of {tree}")]
    Other { gone: u64, signed: u64, tree: String },
    #[error("the {0} lines whose texts were let go of are not those that the note was signed over")]
    Rewritten(u64),
}

fn origin(tree: &str) -> String {
    format!("{tree}/let-go")
}

/// The note over the first `size` lines of the tree named `tree`, when their texts are let go of.
pub fn sign_cut(tree: &str, size: u64, root: Hash, at: Timestamp, key: &CheckpointKey) -> String {
    Checkpoint { origin: origin(tree), size, root, at: Some(at) }.sign(key)
}

/// Whether exactly the first `size` lines, of this root, were signed for.
///
/// # Errors
/// [`CutProblem`], one case for each way in which they were not.
pub fn verify_cut(
    note: Option<&str>,
    tree: &str,
    size: u64,
    root: &Hash,
    verifier: &str,
) -> Result<(), CutProblem> {
    let signed = cut_root(note, tree, size, verifier)?;
    if signed == *root { Ok(()) } else { Err(CutProblem::Rewritten(size)) }
}

/// The root over the first `size` lines as it was signed when their texts were let go of.
///
/// # Errors
/// [`CutProblem`]: it was not.
pub fn cut_root(note: Option<&str>, tree: &str, size: u64, verifier: &str) -> Result<Hash, CutProblem> {
    let note = note.ok_or(CutProblem::Unsigned(size))?;
    let signed = verify_checkpoint(note, verifier).map_err(CutProblem::Note)?;
    if signed.origin != origin(tree) || signed.size != size {
        return Err(CutProblem::Other { gone: size, signed: signed.size, tree: signed.origin });
    }
    Ok(signed.root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_accepted_only_where_it_was_signed() {
        let key = CheckpointKey::create("journal.example").unwrap();
        let (verifier, at) = (key.verifier(), "2026-11-28T10:00:00Z".parse().unwrap());
        let note = sign_cut("journal/hl", 3, [9; 32], at, &key);
        let check = |note: Option<&str>, size, root| verify_cut(note, "journal/hl", size, &root, &verifier);
        assert_eq!(check(Some(&note), 3, [9; 32]), Ok(()));
        assert_eq!(check(None, 3, [9; 32]), Err(CutProblem::Unsigned(3)));
        let tree = || "journal/hl/let-go".to_owned();
        assert_eq!(
            check(Some(&note), 4, [9; 32]),
            Err(CutProblem::Other { gone: 4, signed: 3, tree: tree() })
        );
        assert_eq!(check(Some(&note), 3, [8; 32]), Err(CutProblem::Rewritten(3)));
        let moved = note.replacen("\n3\n", "\n4\n", 1);
        let forged = CutProblem::Note(NoteProblem::Forged("journal.example".into()));
        assert_eq!(check(Some(&moved), 4, [9; 32]), Err(forged));
        // A checkpoint over the same lines is no permission to empty them.
        let head = Checkpoint { origin: "journal/hl".into(), size: 3, root: [9; 32], at: None }.sign(&key);
        assert!(matches!(check(Some(&head), 3, [9; 32]), Err(CutProblem::Other { .. })));
    }
}
