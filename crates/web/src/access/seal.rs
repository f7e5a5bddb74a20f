//! Values that travel through the browser and come back unread and unchanged: a sign-in under way is kept in a
//! cookie of the browser that began it, so strangers cannot fill our memory, and nobody else can finish it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use serde::{Serialize, de::DeserializeOwned};

/// A key of this process. A restart makes all sealed values void.
pub(crate) struct Seal(Option<LessSafeKey>);

impl Default for Seal {
    fn default() -> Self {
        let mut key = [0u8; 32];
        rand::rng().fill_bytes(&mut key);
        Self(UnboundKey::new(&AES_256_GCM, &key).ok().map(LessSafeKey::new))
    }
}

impl Seal {
    pub(crate) fn close(&self, value: &impl Serialize) -> Option<String> {
        let mut nonce = [0u8; 12];
        rand::rng().fill_bytes(&mut nonce);
        let mut bytes = serde_json::to_vec(value).ok()?;
        let key = self.0.as_ref()?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut bytes).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &bytes].concat()))
    }

    pub(crate) fn open<T: DeserializeOwned>(&self, text: &str) -> Option<T> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(12)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let plain = self.0.as_ref()?.open_in_place(nonce, Aad::empty(), &mut sealed).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_whole_or_not_at_all() {
        let seal = Seal::default();
        let closed = seal.close(&("state", 7)).unwrap();
        assert_eq!(seal.open::<(String, u8)>(&closed), Some(("state".into(), 7)));
        let mut changed = closed.clone().into_bytes();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        assert_eq!(seal.open::<(String, u8)>(std::str::from_utf8(&changed).unwrap()), None);
        assert_eq!(Seal::default().open::<(String, u8)>(&closed), None, "another process's seal");
        assert_eq!(seal.open::<(String, u8)>("short"), None);
    }
}
