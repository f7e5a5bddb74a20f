//! Signed checkpoints of a journal tree, in the form of C2SP `tlog-checkpoint` (Ed25519).
//!
//! ```text
//! <origin>
//! <number of lines>
//! <base64 of the root>
//! at <moment, UTC>
//!
//! — <key name> <base64 of key hash and signature>
//! ```
//!
//! The fourth line is an extension line of ours: who holds two checkpoints sees whether the clock went back between
//! them. Who keeps checkpoints outside the store can show later that the journal was only added to.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use jiff::Timestamp;

use crate::merkle::Hash;
pub use crate::note::{CheckpointKey, NoteProblem as CheckpointProblem, fingerprint, verify_note};

/// A tree head with the name of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the tree, unique in the world (`lanyard.harborlight.example/harborlight`). One line.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    /// When it was signed, by the signer's clock; `None` on notes that do not say.
    pub at: Option<Timestamp>,
}

impl Checkpoint {
    fn body(&self) -> String {
        let at = self.at.map(|at| format!("at {at}\n")).unwrap_or_default();
        format!("{}\n{}\n{}\n{at}", self.origin, self.size, BASE64.encode(self.root))
    }

    /// The signed note over this tree head.
    pub fn sign(&self, key: &CheckpointKey) -> String {
        key.sign_note(&self.body())
    }
}

/// Reads a signed checkpoint and verifies it with a verifier's key (see [`CheckpointKey::verifier`]). Signatures by
/// other keys are passed over.
///
/// # Errors
/// [`CheckpointProblem`], one case for each way in which a checkpoint does not hold.
pub fn verify_checkpoint(note: &str, verifier: &str) -> Result<Checkpoint, CheckpointProblem> {
    parse_body(verify_note(note, verifier)?)
}

fn parse_body(body: &str) -> Result<Checkpoint, CheckpointProblem> {
    let mut lines = body.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(CheckpointProblem::Form("it has fewer than three lines"));
    };
    let bytes = BASE64.decode(root).ok().and_then(|bytes| Hash::try_from(bytes).ok());
    let number = size.parse().ok().filter(|n: &u64| n.to_string() == size);
    let at = lines.find_map(|line| line.strip_prefix("at ")).and_then(|at| at.parse().ok());
    Ok(Checkpoint {
        origin: Some(origin)
            .filter(|o| !o.is_empty())
            .ok_or(CheckpointProblem::Form("its origin is empty"))?
            .to_owned(),
        size: number.ok_or(CheckpointProblem::Form("its second line is not a number of lines"))?,
        root: bytes.ok_or(CheckpointProblem::Form("its third line is not a hash"))?,
        at,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checkpoint_is_accepted_only_as_signed() {
        let key = CheckpointKey::create("journal.example").unwrap();
        let at = Some("2026-11-28T10:00:00Z".parse().unwrap());
        let checkpoint = Checkpoint { origin: "journal.example/hl".into(), size: 3, root: [9; 32], at };
        let note = checkpoint.sign(&key);
        assert!(note.starts_with("journal.example/hl\n3\nCQkJ"), "{note}");
        assert_eq!(verify_checkpoint(&note, &key.verifier()), Ok(checkpoint));
        let grown = note.replacen("\n3\n", "\n4\n", 1);
        assert_eq!(
            verify_checkpoint(&grown, &key.verifier()),
            Err(CheckpointProblem::Forged("journal.example".into()))
        );
    }

    #[test]
    fn a_checkpoint_without_a_time_is_one_too() {
        let key = CheckpointKey::create("journal.example").unwrap();
        let plain = Checkpoint { origin: "o".into(), size: 0, root: [1; 32], at: None };
        assert_eq!(verify_checkpoint(&plain.sign(&key), &key.verifier()), Ok(plain));
    }
}
