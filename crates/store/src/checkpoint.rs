//! Signed checkpoints of a journal tree, in the form of C2SP `tlog-checkpoint` and `signed-note` (Ed25519).
//!
//! ```text
//! <origin>
//! <number of lines>
//! <base64 of the root>
//!
//! — <key name> <base64 of key hash and signature>
//! ```
//!
//! Who keeps checkpoints outside the store can show later that the journal was only added to: see
//! [`SqliteStore::check_against`](crate::SqliteStore::check_against).

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::merkle::{Hash, hex, sha256};

/// The signature type of a plain Ed25519 key in a signed note.
const ED25519_TYPE: u8 = 1;

/// Why a key or a checkpoint is not accepted.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum CheckpointProblem {
    /// The name is empty, or has white space or a plus sign in it.
    #[error("`{0}` cannot name a checkpoint key")]
    KeyName(String),
    #[error("not a checkpoint key: {0}")]
    Key(&'static str),
    #[error("not a checkpoint: {0}")]
    Form(&'static str),
    /// No line of the note was signed by this key.
    #[error("the checkpoint carries no signature of {0}")]
    Unsigned(String),
    #[error("the signature of {0} does not fit the checkpoint")]
    Forged(String),
}

/// The key that signs checkpoints. Its text form is the secret: it prints nothing of it.
pub struct CheckpointKey {
    name: String,
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CheckpointKey({})", self.name)
    }
}

impl CheckpointKey {
    /// Makes a new key.
    ///
    /// # Errors
    /// [`CheckpointProblem::KeyName`], or [`CheckpointProblem::Key`] if the system gives no randomness.
    pub fn create(name: &str) -> Result<Self, CheckpointProblem> {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed)
            .map_err(|_| CheckpointProblem::Key("the system gives no randomness"))?;
        Self::from_seed(name, seed)
    }

    fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, CheckpointProblem> {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return Err(CheckpointProblem::KeyName(name.to_owned()));
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| CheckpointProblem::Key("its bytes are not an Ed25519 seed"))?;
        Ok(Self { name: name.to_owned(), seed, pair })
    }

    /// Reads what [`Self::to_secret_text`] wrote.
    pub fn from_secret_text(text: &str) -> Result<Self, CheckpointProblem> {
        let rest = text
            .trim()
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(CheckpointProblem::Key("it does not begin with PRIVATE+KEY+"))?;
        let (name, id, bytes) = split_key(rest)?;
        let key = Self::from_seed(name, bytes)?;
        match key.id() == id {
            true => Ok(key),
            false => Err(CheckpointProblem::Key("its hash does not fit")),
        }
    }

    /// The form of signed notes for a signer's key: `PRIVATE+KEY+<name>+<hash>+<base64>`. Keep it secret.
    pub fn to_secret_text(&self) -> String {
        format!("PRIVATE+KEY+{}", join_key(&self.name, self.id(), &self.seed))
    }

    /// What to give to those who verify: `<name>+<hash>+<base64>`.
    pub fn verifier(&self) -> String {
        join_key(&self.name, self.id(), self.public())
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// The signed note over a tree head.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let body = checkpoint.body();
        let signature = self.pair.sign(body.as_bytes());
        let signed = BASE64.encode([self.id().as_slice(), signature.as_ref()].concat());
        format!("{body}\n— {} {signed}\n", self.name)
    }

    fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    fn id(&self) -> [u8; 4] {
        key_id(&self.name, self.public())
    }
}

/// A tree head with the name of its tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Names the tree, unique in the world (`lanyard.harborlight.example/harborlight`). One line.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
}

impl Checkpoint {
    fn body(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, BASE64.encode(self.root))
    }
}

/// Reads a signed checkpoint and verifies it with a verifier's key (see [`CheckpointKey::verifier`]). Signatures by
/// other keys are passed over.
pub fn verify_checkpoint(note: &str, verifier: &str) -> Result<Checkpoint, CheckpointProblem> {
    let (name, id, public) = split_key::<32>(verifier.trim())?;
    if key_id(name, &public) != id {
        return Err(CheckpointProblem::Key("its hash does not fit"));
    }
    let (body, signatures) = note
        .rsplit_once("\n\n")
        .ok_or(CheckpointProblem::Form("it has no empty line before its signatures"))?;
    let body = format!("{body}\n");
    let ours = signatures.lines().find_map(|line| {
        let (signer, signed) = line.strip_prefix("— ")?.split_once(' ')?;
        let signed = BASE64.decode(signed).ok()?;
        let (by, signature) = signed.split_at_checked(4)?;
        (signer == name && by == id).then(|| signature.to_vec())
    });
    let signature = ours.ok_or_else(|| CheckpointProblem::Unsigned(name.to_owned()))?;
    UnparsedPublicKey::new(&ED25519, &public)
        .verify(body.as_bytes(), &signature)
        .map_err(|_| CheckpointProblem::Forged(name.to_owned()))?;
    parse_body(&body)
}

fn parse_body(body: &str) -> Result<Checkpoint, CheckpointProblem> {
    let mut lines = body.lines();
    let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
        return Err(CheckpointProblem::Form("it has fewer than three lines"));
    };
    let bytes = BASE64.decode(root).ok().and_then(|bytes| Hash::try_from(bytes).ok());
    let number = size.parse().ok().filter(|n: &u64| n.to_string() == size);
    Ok(Checkpoint {
        origin: Some(origin)
            .filter(|o| !o.is_empty())
            .ok_or(CheckpointProblem::Form("its origin is empty"))?
            .to_owned(),
        size: number.ok_or(CheckpointProblem::Form("its second line is not a number of lines"))?,
        root: bytes.ok_or(CheckpointProblem::Form("its third line is not a hash"))?,
    })
}

/// The first four bytes of `SHA-256(name ‖ newline ‖ type ‖ public key)`.
fn key_id(name: &str, public: &[u8]) -> [u8; 4] {
    let hash = sha256(&[name.as_bytes(), b"\n", &[ED25519_TYPE], public]);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn join_key(name: &str, id: [u8; 4], bytes: &[u8]) -> String {
    format!("{name}+{}+{}", hex(&id), BASE64.encode([&[ED25519_TYPE], bytes].concat()))
}

fn split_key<const N: usize>(text: &str) -> Result<(&str, [u8; 4], [u8; N]), CheckpointProblem> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(CheckpointProblem::Key("it does not have the form name+hash+base64"));
    };
    let id = match id.len() {
        8 => u32::from_str_radix(id, 16).ok(),
        _ => None,
    };
    let id = id.ok_or(CheckpointProblem::Key("its hash is not 8 hex digits"))?.to_be_bytes();
    let bytes = BASE64.decode(bytes).map_err(|_| CheckpointProblem::Key("it is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519_TYPE, key)) => {
            let key = key.try_into().map_err(|_| CheckpointProblem::Key("it is not 32 bytes long"))?;
            Ok((name, id, key))
        }
        _ => Err(CheckpointProblem::Key("it is not an Ed25519 key")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public example of the signed-note format (Go, golang.org/x/mod/sumdb/note).
    #[test]
    fn reads_the_keys_and_notes_of_others() {
        let key = CheckpointKey::from_secret_text(
            "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
        )
        .unwrap();
        assert_eq!(key.verifier(), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    }

    #[test]
    fn a_checkpoint_is_accepted_only_as_signed() {
        let key = CheckpointKey::from_seed("journal.example", [7; 32]).unwrap();
        let checkpoint = Checkpoint { origin: "journal.example/hl".into(), size: 3, root: [9; 32] };
        let note = key.sign(&checkpoint);
        assert!(note.starts_with("journal.example/hl\n3\nCQkJ"), "{note}");
        assert_eq!(verify_checkpoint(&note, &key.verifier()), Ok(checkpoint));

        let grown = note.replacen("\n3\n", "\n4\n", 1);
        assert_eq!(
            verify_checkpoint(&grown, &key.verifier()),
            Err(CheckpointProblem::Forged("journal.example".into()))
        );
        let other = CheckpointKey::from_seed("journal.example", [8; 32]).unwrap();
        assert_eq!(
            verify_checkpoint(&note, &other.verifier()),
            Err(CheckpointProblem::Unsigned("journal.example".into()))
        );
        let again = CheckpointKey::from_secret_text(&key.to_secret_text()).unwrap();
        assert_eq!(again.verifier(), key.verifier());
        assert_eq!(format!("{key:?}"), "CheckpointKey(journal.example)");
    }
}
