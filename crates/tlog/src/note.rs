//! Signed notes (C2SP `signed-note`, Ed25519): a text, an empty line, and lines of signatures.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::merkle::{hex, sha256};

/// The signature type of a plain Ed25519 key in a signed note.
const ED25519_TYPE: u8 = 1;

/// Why a key or a note is not accepted.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum NoteProblem {
    /// The name is empty, or has white space or a plus sign in it.
    #[error("`{0}` cannot name a checkpoint key")]
    KeyName(String),
    #[error("not a checkpoint key: {0}")]
    Key(&'static str),
    #[error("not a signed note: {0}")]
    Form(&'static str),
    /// No line of the note was signed by this key.
    #[error("it carries no signature of {0}")]
    Unsigned(String),
    #[error("the signature of {0} does not fit the text")]
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
    /// [`NoteProblem::KeyName`], or [`NoteProblem::Key`] if the system gives no randomness.
    pub fn create(name: &str) -> Result<Self, NoteProblem> {
        let mut seed = [0; 32];
        aws_lc_rs::rand::fill(&mut seed).map_err(|_| NoteProblem::Key("the system gives no randomness"))?;
        Self::from_seed(name, seed)
    }

    fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, NoteProblem> {
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c == '+') {
            return Err(NoteProblem::KeyName(name.to_owned()));
        }
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed)
            .map_err(|_| NoteProblem::Key("its bytes are not an Ed25519 seed"))?;
        Ok(Self { name: name.to_owned(), seed, pair })
    }

    /// Reads what [`Self::to_secret_text`] wrote.
    pub fn from_secret_text(text: &str) -> Result<Self, NoteProblem> {
        let rest = text
            .trim()
            .strip_prefix("PRIVATE+KEY+")
            .ok_or(NoteProblem::Key("it does not begin with PRIVATE+KEY+"))?;
        let (name, id, bytes) = split_key(rest)?;
        let key = Self::from_seed(name, bytes)?;
        match key.id() == id {
            true => Ok(key),
            false => Err(NoteProblem::Key("its hash does not fit")),
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

    /// The signed note over `body`, which ends with a line feed and has no empty line at its end.
    pub fn sign_note(&self, body: &str) -> String {
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

/// Reads a signed note and verifies it with a verifier's key (see [`CheckpointKey::verifier`]): the signed text.
/// Signatures by other keys are passed over.
///
/// # Errors
/// [`NoteProblem`], one case for each way in which a note does not hold.
pub fn verify_note<'n>(note: &'n str, verifier: &str) -> Result<&'n str, NoteProblem> {
    let (name, id, public) = split_key::<32>(verifier.trim())?;
    if key_id(name, &public) != id {
        return Err(NoteProblem::Key("its hash does not fit"));
    }
    let end = note.rfind("\n\n").ok_or(NoteProblem::Form("it has no empty line before its signatures"))?;
    let (body, signatures) = (&note[..=end], &note[end + 2..]);
    let ours = signatures.lines().find_map(|line| {
        let (signer, signed) = line.strip_prefix("— ")?.split_once(' ')?;
        let signed = BASE64.decode(signed).ok()?;
        let (by, signature) = signed.split_at_checked(4)?;
        (signer == name && by == id).then(|| signature.to_vec())
    });
    let signature = ours.ok_or_else(|| NoteProblem::Unsigned(name.to_owned()))?;
    UnparsedPublicKey::new(&ED25519, &public)
        .verify(body.as_bytes(), &signature)
        .map_err(|_| NoteProblem::Forged(name.to_owned()))?;
    Ok(body)
}

/// Like [`verify_note`], of a note that nobody may add a byte to: one signature, this key's, and nothing after it.
///
/// # Errors
/// [`NoteProblem`]; [`NoteProblem::Form`] where anything stands beside the signature.
pub fn verify_sole_note<'n>(note: &'n str, verifier: &str) -> Result<&'n str, NoteProblem> {
    let body = verify_note(note, verifier)?;
    // The signature itself has one form only: base64 is read strictly.
    let after = note.get(body.len() + 1..).unwrap_or_default();
    match after.find('\n') == after.len().checked_sub(1) && !after.contains('\r') {
        true => Ok(body),
        false => Err(NoteProblem::Form("something was added beside its signature")),
    }
}

/// What people compare: SHA-256 of the public key, in groups of four hex digits.
///
/// # Errors
/// [`NoteProblem::Key`] if this is no verifier's key.
pub fn fingerprint(verifier: &str) -> Result<String, NoteProblem> {
    let (_, _, public) = split_key::<32>(verifier.trim())?;
    let hash = hex(&sha256(&[&public]));
    let groups: Vec<&str> = (0..16).map(|at| &hash[at * 4..at * 4 + 4]).collect();
    Ok(groups.join(" "))
}

/// The first four bytes of `SHA-256(name ‖ newline ‖ type ‖ public key)`.
fn key_id(name: &str, public: &[u8]) -> [u8; 4] {
    let hash = sha256(&[name.as_bytes(), b"\n", &[ED25519_TYPE], public]);
    [hash[0], hash[1], hash[2], hash[3]]
}

fn join_key(name: &str, id: [u8; 4], bytes: &[u8]) -> String {
    format!("{name}+{}+{}", hex(&id), BASE64.encode([&[ED25519_TYPE], bytes].concat()))
}

fn split_key<const N: usize>(text: &str) -> Result<(&str, [u8; 4], [u8; N]), NoteProblem> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(bytes)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteProblem::Key("it does not have the form name+hash+base64"));
    };
    let id = match id.len() {
        8 => u32::from_str_radix(id, 16).ok(),
        _ => None,
    };
    let id = id.ok_or(NoteProblem::Key("its hash is not 8 hex digits"))?.to_be_bytes();
    let bytes = BASE64.decode(bytes).map_err(|_| NoteProblem::Key("it is not base64"))?;
    match bytes.split_first() {
        Some((&ED25519_TYPE, key)) => {
            let key = key.try_into().map_err(|_| NoteProblem::Key("it is not 32 bytes long"))?;
            Ok((name, id, key))
        }
        _ => Err(NoteProblem::Key("it is not an Ed25519 key")),
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
        assert!(fingerprint(&key.verifier()).unwrap().len() == 79);
    }

    #[test]
    fn a_note_is_accepted_only_as_signed() {
        let key = CheckpointKey::from_seed("journal.example", [7; 32]).unwrap();
        let note = key.sign_note("hello\n\nthere\n");
        assert_eq!(verify_note(&note, &key.verifier()), Ok("hello\n\nthere\n"));
        let changed = note.replacen("hello", "hallo", 1);
        assert_eq!(
            verify_note(&changed, &key.verifier()),
            Err(NoteProblem::Forged("journal.example".into()))
        );
        let other = CheckpointKey::from_seed("journal.example", [8; 32]).unwrap();
        assert_eq!(
            verify_note(&note, &other.verifier()),
            Err(NoteProblem::Unsigned("journal.example".into()))
        );
        let beside = NoteProblem::Form("something was added beside its signature");
        let second = other.sign_note("hello\n\nthere\n");
        let second = second.rsplit_once("\n\n").map(|(_, signed)| signed.to_owned()).unwrap();
        assert_eq!(verify_sole_note(&note, &key.verifier()), Ok("hello\n\nthere\n"));
        for added in [second.as_str(), "\r\n", "hidden\n"] {
            let longer = format!("{note}{added}");
            assert_eq!(verify_sole_note(&longer, &key.verifier()), Err(beside.clone()), "{added:?}");
        }
        let windows = note.strip_suffix('\n').unwrap().to_owned() + "\r\n";
        for shorter in [note.strip_suffix('\n').unwrap(), &windows] {
            assert_eq!(verify_sole_note(shorter, &key.verifier()), Err(beside.clone()), "{shorter:?}");
        }
        let again = CheckpointKey::from_secret_text(&key.to_secret_text()).unwrap();
        assert_eq!(again.verifier(), key.verifier());
        assert_eq!(format!("{key:?}"), "CheckpointKey(journal.example)");
    }
}
