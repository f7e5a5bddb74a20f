//! Salts of personal text in the journal.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use crate::merkle::sha256;

/// Where salts come from.
pub(crate) enum Salts {
    /// Unpredictable: without the salt nobody can confirm a guess of an erased name.
    Random(SystemRandom),
    /// Predictable, so that a simulated history repeats byte for byte.
    Counted(u64),
}

impl Salts {
    pub(crate) fn random() -> Self {
        Self::Random(SystemRandom::new())
    }

    pub(crate) fn next(&mut self) -> [u8; 16] {
        let mut salt = [0; 16];
        match self {
            Self::Random(random) => {
                // The system's generator does not fail once it has started; a panic here fails only this batch.
                random.fill(&mut salt).expect("the system gives random bytes");
            }
            Self::Counted(count) => {
                *count += 1;
                salt.copy_from_slice(&sha256(&[&count.to_be_bytes()])[..16]);
            }
        }
        salt
    }
}
