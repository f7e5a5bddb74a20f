//! Secrets we make, and how they are compared and kept: only their digests reach the store.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};

/// A fresh random text of 256 bits.
pub fn fresh_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Compares without telling how far they agree.
pub(crate) fn same_secret(given: &[u8], wanted: &SecretString) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(given, wanted.expose_secret().as_bytes()).is_ok()
}

/// What is kept of a secret of ours. They have 256 random bits, so a plain digest cannot be searched backwards.
pub(crate) fn digest(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, secret.as_bytes()))
}
