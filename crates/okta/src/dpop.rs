//! Proofs of possession for DPoP-bound tokens (contract §3.2).

use std::fmt;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use url::Url;

/// The key pair behind one token; it is never written down and differs from the app's own key.
pub(crate) struct ProofKey {
    key: EncodingKey,
    public: Jwk,
}

/// What one proof speaks about.
pub(crate) struct ProofFor<'a> {
    pub method: &'a str,
    pub url: &'a Url,
    /// Server time, seconds since 1970.
    pub now: i64,
    /// New for each attempt: a repeated one is refused as a replay.
    pub jti: &'a str,
    pub nonce: Option<&'a str>,
    /// The token, at resources; none at the token endpoint.
    pub token: Option<&'a str>,
}

impl ProofKey {
    pub(crate) fn generate() -> Result<Self, String> {
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
            .map_err(|_| "no proof key could be made".to_owned())?;
        let key = EncodingKey::from_ec_der(pkcs8.as_ref());
        let mut public = Jwk::from_encoding_key(&key, Algorithm::ES256).map_err(|e| e.to_string())?;
        public.common = jsonwebtoken::jwk::CommonParameters::default();
        Ok(Self { key, public })
    }

    pub(crate) fn proof(&self, what: &ProofFor<'_>) -> Result<String, String> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = Some(self.public.clone());
        let mut claims =
            json!({ "htm": what.method, "htu": target_uri(what.url), "iat": what.now, "jti": what.jti });
        if let Some(nonce) = what.nonce {
            claims["nonce"] = Value::from(nonce);
        }
        if let Some(token) = what.token {
            let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes());
            claims["ath"] = Value::from(BASE64_URL_SAFE_NO_PAD.encode(hash.as_ref()));
        }
        jsonwebtoken::encode(&header, &claims, &self.key).map_err(|e| e.to_string())
    }
}

impl fmt::Debug for ProofKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ProofKey(…)")
    }
}

/// The `htu` of an address: no query, no fragment, no doubled slash.
fn target_uri(url: &Url) -> String {
    let mut path = String::with_capacity(url.path().len());
    for c in url.path().chars() {
        if !(c == '/' && path.ends_with('/')) {
            path.push(c);
        }
    }
    format!("{}{path}", url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn htu_is_normalised() {
        for (url, htu) in [
            ("https://a.okta.com/api/v1/users?limit=1#x", "https://a.okta.com/api/v1/users"),
            ("https://A.okta.com:443//api//v1/users", "https://a.okta.com/api/v1/users"),
            ("http://127.0.0.1:4010/oauth2/v1/token", "http://127.0.0.1:4010/oauth2/v1/token"),
        ] {
            assert_eq!(target_uri(&Url::parse(url).expect("a url")), htu);
        }
    }
}
