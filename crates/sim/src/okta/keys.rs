//! Key pairs for service apps and for the org's own ID tokens, and checks of what others signed.

use aws_lc_rs::{
    digest,
    encoding::{AsDer, Pkcs8V1Der},
    rand::SystemRandom,
    rsa,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P521_SHA512_FIXED, EcdsaKeyPair, UnparsedPublicKey},
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header,
    jwk::{Jwk, ThumbprintHash},
};
use serde_json::{Map, Value};

/// What kind of key to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    Rsa2048,
    P256,
}

/// A key pair: the private half as PKCS#8 PEM, the public half as a JWK with `kid`.
#[derive(Clone)]
pub struct KeyPair {
    pub kid: String,
    pub private_pem: String,
    pub public_jwk: Value,
}

impl std::fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyPair").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl KeyPair {
    /// Makes a fresh pair. Not from a seed: keys are real secrets even here.
    ///
    /// # Errors
    /// A sentence when the crypto library fails.
    pub fn generate(kind: KeyKind) -> Result<Self, String> {
        let failed = |_| "key generation failed".to_owned();
        let (der, algorithm) = match kind {
            KeyKind::Rsa2048 => {
                let pair = rsa::KeyPair::generate(rsa::KeySize::Rsa2048).map_err(failed)?;
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
                (der.as_ref().to_vec(), Algorithm::RS256)
            }
            KeyKind::P256 => {
                let der =
                    EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
                (der.map_err(failed)?.as_ref().to_vec(), Algorithm::ES256)
            }
        };
        let mut private_pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
        for line in STANDARD.encode(&der).as_bytes().chunks(64) {
            private_pem.push_str(std::str::from_utf8(line).unwrap_or_default());
            private_pem.push('\n');
        }
        private_pem.push_str("-----END PRIVATE KEY-----\n");
        let key = encoding_key(&private_pem, algorithm)?;
        let jwk = Jwk::from_encoding_key(&key, algorithm).map_err(|e| e.to_string())?;
        let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(|e| e.to_string())?;
        let mut public_jwk = serde_json::to_value(&jwk).map_err(|e| e.to_string())?;
        public_jwk["kid"] = Value::from(kid.as_str());
        public_jwk["use"] = Value::from("sig");
        public_jwk["alg"] = Value::from(if kind == KeyKind::P256 { "ES256" } else { "RS256" });
        Ok(Self { kid, private_pem, public_jwk })
    }

    /// Signs claims as a JWT under this key.
    ///
    /// # Errors
    /// A sentence when the key or the claims are not usable.
    pub fn sign(&self, claims: &Value) -> Result<String, String> {
        let algorithm = if self.public_jwk["kty"] == "EC" { Algorithm::ES256 } else { Algorithm::RS256 };
        let mut header = Header::new(algorithm);
        header.typ = None;
        header.kid = Some(self.kid.clone());
        let key = encoding_key(&self.private_pem, algorithm)?;
        jsonwebtoken::encode(&header, claims, &key).map_err(|e| e.to_string())
    }
}

fn encoding_key(pem: &str, algorithm: Algorithm) -> Result<EncodingKey, String> {
    let key = match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem.as_bytes()),
        _ => EncodingKey::from_rsa_pem(pem.as_bytes()),
    };
    key.map_err(|e| e.to_string())
}

/// A JWT taken apart, its signature not yet checked.
pub struct Unverified<'a> {
    pub header: Map<String, Value>,
    pub claims: Map<String, Value>,
    message: &'a str,
    signature: &'a str,
}

impl<'a> Unverified<'a> {
    pub fn parse(token: &'a str) -> Option<Self> {
        let (message, signature) = token.rsplit_once('.')?;
        let (header, claims) = message.split_once('.')?;
        let object = |part: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        Some(Self { header: object(header)?, claims: object(claims)?, message, signature })
    }

    pub fn text(&self, claim: &str) -> Option<&str> {
        self.claims.get(claim)?.as_str()
    }

    /// Seconds since the epoch.
    pub fn time(&self, claim: &str) -> Option<i64> {
        let value = self.claims.get(claim)?;
        value.as_i64().or_else(|| value.as_f64().map(|at| at as i64))
    }

    /// Whether one of the vendor's algorithms made the signature with `jwk`.
    pub fn signed_by(&self, jwk: &Value) -> bool {
        let algorithm = match self.header.get("alg").and_then(Value::as_str) {
            Some("RS256") => Algorithm::RS256,
            Some("RS384") => Algorithm::RS384,
            Some("RS512") => Algorithm::RS512,
            Some("ES256") => Algorithm::ES256,
            Some("ES384") => Algorithm::ES384,
            Some("ES512") => return self.signed_with_p521(jwk),
            _ => return false,
        };
        let Some(jwk) = parsed(jwk) else { return false };
        let Ok(key) = DecodingKey::from_jwk(&jwk) else { return false };
        jsonwebtoken::crypto::verify(self.signature, self.message.as_bytes(), &key, algorithm)
            .unwrap_or(false)
    }
}

impl Unverified<'_> {
    /// ES512, which the JWT library does not know.
    fn signed_with_p521(&self, jwk: &Value) -> bool {
        let part = |name: &str| URL_SAFE_NO_PAD.decode(jwk.get(name)?.as_str()?).ok();
        let (Some(x), Some(y), Ok(signature)) =
            (part("x"), part("y"), URL_SAFE_NO_PAD.decode(self.signature))
        else {
            return false;
        };
        let point = [&[4], x.as_slice(), y.as_slice()].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P521_SHA512_FIXED, point);
        jwk.get("crv").and_then(Value::as_str) == Some("P-521")
            && key.verify(self.message.as_bytes(), &signature).is_ok()
    }
}

/// Reads a JWK for what it is as a key; members that merely describe it are left aside.
fn parsed(jwk: &Value) -> Option<Jwk> {
    let mut bare = Map::new();
    for name in ["kty", "n", "e", "crv", "x", "y"] {
        if let Some(value) = jwk.get(name) {
            bare.insert(name.to_owned(), value.clone());
        }
    }
    serde_json::from_value(Value::Object(bare)).ok()
}

/// RFC 7638 thumbprint.
pub fn thumbprint(jwk: &Value) -> Option<String> {
    parsed(jwk)?.thumbprint(ThumbprintHash::SHA256).ok()
}

pub fn sha256_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, bytes))
}

/// The left half of the digest, for `at_hash`.
pub fn half_sha256_base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(&digest::digest(&digest::SHA256, bytes).as_ref()[..16])
}

pub fn same_secret(left: &str, right: &str) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(left.as_bytes(), right.as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn es512_is_checked_too() {
        use aws_lc_rs::signature::{ECDSA_P521_SHA512_FIXED_SIGNING, KeyPair as _};
        let pair = |_| {
            let der =
                EcdsaKeyPair::generate_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, &SystemRandom::new()).unwrap();
            EcdsaKeyPair::from_pkcs8(&ECDSA_P521_SHA512_FIXED_SIGNING, der.as_ref()).unwrap()
        };
        let (own, other) = (pair(0), pair(1));
        let jwk = |pair: &EcdsaKeyPair| {
            let point = pair.public_key().as_ref();
            let part = |half: &[u8]| URL_SAFE_NO_PAD.encode(half);
            serde_json::json!({ "kty": "EC", "crv": "P-521", "x": part(&point[1..67]), "y": part(&point[67..]) })
        };
        let message = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"ES512"}"#),
            URL_SAFE_NO_PAD.encode(r#"{"sub":"0oa1"}"#)
        );
        let signature = own.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        let token = format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature));
        let read = Unverified::parse(&token).unwrap();
        assert!(read.signed_by(&jwk(&own)) && !read.signed_by(&jwk(&other)));
        assert!(thumbprint(&jwk(&own)).is_some());
    }

    #[test]
    fn a_pair_signs_what_its_public_half_verifies() {
        for kind in [KeyKind::P256, KeyKind::Rsa2048] {
            let (pair, other) = (KeyPair::generate(kind).unwrap(), KeyPair::generate(kind).unwrap());
            let token = pair.sign(&serde_json::json!({ "sub": "0oa1", "exp": 5 })).unwrap();
            let read = Unverified::parse(&token).unwrap();
            assert_eq!((read.text("sub"), read.time("exp")), (Some("0oa1"), Some(5)));
            assert!(read.signed_by(&pair.public_jwk), "{kind:?}");
            assert!(!read.signed_by(&other.public_jwk), "{kind:?}");
            assert_eq!(thumbprint(&pair.public_jwk).as_deref(), Some(pair.kid.as_str()));
        }
    }
}
