//! Salts of personal text in the journal.

use aws_lc_rs::rand::{SecureRandom, SystemRandom};

use lanyard_engine::ports::StoreFailure;

use crate::{merkle::sha256, tx::Answer};

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

    pub(crate) fn next(&mut self) -> Answer<[u8; 16]> {
        let mut salt = [0; 16];
        match self {
            Self::Random(random) => {
                random
                    .fill(&mut salt)
                    .map_err(|_| StoreFailure::Unavailable("the system gives no random bytes".into()))?;
            }
            Self::Counted(count) => {
                *count += 1;
                salt.copy_from_slice(&sha256(&[&count.to_be_bytes()])[..16]);
            }
        }
        Ok(salt)
    }
}
