//! The signed statement by which a service app asks for a token (contract §3.1).

use std::fmt;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

/// How long an assertion lives, in seconds. Okta allows an hour and tolerates about five minutes of clock error.
const LIFE_SECONDS: i64 = 300;

/// A private key that cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the private key cannot be used: {0}; hint: give an unencrypted PKCS#8 PEM, RSA of 2048 bits or more, or EC P-256 or P-384"
)]
pub struct KeyProblem(String);

/// A service app's signing key with the algorithm that its kind asks for.
#[derive(Clone)]
pub struct ClientKey {
    key: EncodingKey,
    algorithm: Algorithm,
    kid: String,
}

impl ClientKey {
    /// Reads the key and signs once with it, so that an unusable one is found at start.
    ///
    /// # Errors
    /// [`KeyProblem`]; its text never holds key material.
    pub fn from_pem(kid: &str, pem: &SecretString) -> Result<Self, KeyProblem> {
        let bytes = pem.expose_secret().as_bytes();
        let candidates = [
            (EncodingKey::from_rsa_pem(bytes), Algorithm::RS256),
            (EncodingKey::from_ec_pem(bytes), Algorithm::ES256),
            (EncodingKey::from_ec_pem(bytes), Algorithm::ES384),
        ];
        let mut reason = "it is no RSA or EC key in PEM".to_owned();
        for (key, algorithm) in candidates {
            let Ok(key) = key else { continue };
            match jsonwebtoken::crypto::sign(b"trial", &key, algorithm) {
                Ok(_) => return Ok(Self { key, algorithm, kid: kid.to_owned() }),
                Err(_) => reason = "its size or curve is not supported".to_owned(),
            }
        }
        Err(KeyProblem(reason))
    }

    /// An assertion for exactly `token_url`, usable once: `jti` must be new each time, also for a retry.
    ///
    /// `now` is the server's time in seconds since 1970. `iat` is left out: it is optional and one in the future is refused.
    pub(crate) fn assertion(
        &self,
        client_id: &str,
        token_url: &str,
        now: i64,
        jti: &str,
    ) -> Result<SecretString, KeyProblem> {
        let mut header = Header::new(self.algorithm);
        header.kid = Some(self.kid.clone()).filter(|kid| !kid.is_empty());
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": token_url, "exp": now + LIFE_SECONDS, "jti": jti,
        });
        let text =
            jsonwebtoken::encode(&header, &claims, &self.key).map_err(|e| KeyProblem(e.to_string()))?;
        Ok(text.into())
    }
}

impl fmt::Debug for ClientKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClientKey({:?}, kid {})", self.algorithm, self.kid)
    }
}
