//! Sign-in of people to our console: OpenID Connect, code flow with PKCE (contract §12).
//!
//! Nothing about a person is taken from anywhere but an ID token whose every check held: signature by a published key,
//! algorithm, issuer, audience, authorised party, expiry, age, nonce. Access tokens are opaque and not looked at.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use lanyard_engine::clock::Clock;
use lanyard_wire::Transport;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

const WITHIN: Duration = Duration::from_secs(10);
/// Discovery changes about never, keys about every quarter.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(24);
/// An unknown key id asks for the keys again, at most this often: anybody can send us an unknown one.
const KEYS_AGAIN: SignedDuration = SignedDuration::from_secs(60);
/// How far the provider's clock may be from ours.
const SKEW: SignedDuration = SignedDuration::from_mins(5);
const SCOPES: &str = "openid profile email groups";

/// How the console is registered with the provider.
#[derive(Debug, Clone)]
pub struct SignInSettings {
    /// Exactly as the provider says it: `https://northgate.okta.com`, or a custom server's.
    pub issuer: String,
    pub client_id: String,
    /// `None`: a public client, PKCE alone.
    pub client_secret: Option<SecretString>,
    /// Our callback, as registered.
    pub redirect_uri: String,
}

/// Whom an ID token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedInPerson {
    /// The Okta user id.
    pub subject: String,
    pub name: String,
    pub groups: Vec<String>,
}

/// Why nobody was signed in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInProblem {
    #[error("{0}")]
    Unreachable(String),
    /// The provider said no; in its words.
    #[error("{0}")]
    Refused(String),
    /// An answer that fails a check.
    #[error("{0}")]
    NotBelieved(String),
}

type Result<T> = std::result::Result<T, SignInProblem>;

#[derive(Debug, Clone, Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
}

#[derive(Default)]
struct Known {
    discovery: Option<(Timestamp, Discovery)>,
    keys: Option<(Timestamp, Arc<JwkSet>)>,
}

/// The relying party.
pub struct SignInClient {
    settings: SignInSettings,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    known: Mutex<Known>,
}

impl SignInClient {
    pub fn new(settings: SignInSettings, transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Self {
        Self { settings, transport, clock, known: Mutex::default() }
    }

    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The address to send the browser to.
    ///
    /// # Errors
    /// When the provider's description cannot be had or contradicts the settings.
    pub async fn authorize_url(&self, state: &str, nonce: &str, challenge: &str) -> Result<String> {
        let discovery = self.discovery().await?;
        let query = form(&[
            ("client_id", &self.settings.client_id),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("scope", SCOPES),
            ("redirect_uri", &self.settings.redirect_uri),
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
        ]);
        let join = if discovery.authorization_endpoint.contains('?') { '&' } else { '?' };
        Ok(format!("{}{join}{query}", discovery.authorization_endpoint))
    }

    /// Exchanges the code and checks the ID token.
    ///
    /// # Errors
    /// See [`SignInProblem`].
    pub async fn finish(&self, code: &str, nonce: &str, verifier: &str) -> Result<SignedInPerson> {
        let discovery = self.discovery().await?;
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.settings.redirect_uri.as_str()),
            ("code_verifier", verifier),
        ];
        let mut request = http::Request::post(&discovery.token_endpoint)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json");
        match &self.settings.client_secret {
            Some(secret) => {
                // RFC 6749 §2.3.1: both halves are form-encoded before they are joined.
                let pair = format!("{}:{}", encode(&self.settings.client_id), encode(secret.expose_secret()));
                request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(pair)));
            }
            None => fields.push(("client_id", &self.settings.client_id)),
        }
        let answer = self.send(request.body(Bytes::from(form(&fields)))).await?;
        let id_token = answer
            .get("id_token")
            .and_then(Value::as_str)
            .ok_or_else(|| SignInProblem::NotBelieved("the answer holds no ID token".into()))?;
        self.person(id_token, nonce).await
    }

    async fn person(&self, id_token: &str, nonce: &str) -> Result<SignedInPerson> {
        let claims = self.verified(id_token).await?;
        self.check(&claims, nonce)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let subject = text("sub").to_owned();
        if subject.is_empty() {
            return Err(SignInProblem::NotBelieved("the ID token names no subject".into()));
        }
        let name = [text("name"), text("preferred_username"), text("email"), &subject]
            .into_iter()
            .find(|name| !name.is_empty())
            .unwrap_or_default()
            .to_owned();
        let groups = claims
            .get("groups")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|group| group.as_str().map(str::to_owned))
            .collect();
        Ok(SignedInPerson { subject, name, groups })
    }

    /// The claims of a token whose signature holds.
    async fn verified(&self, id_token: &str) -> Result<Value> {
        let head = jsonwebtoken::decode_header(id_token)
            .map_err(|e| SignInProblem::NotBelieved(format!("the ID token cannot be read: {e}")))?;
        // The provider's keys are RSA. Anything else (`none`, or a MAC over a public key) is not for us.
        if head.alg != Algorithm::RS256 {
            return Err(SignInProblem::NotBelieved(format!(
                "the ID token is signed with {:?}, not RS256",
                head.alg
            )));
        }
        let kid = head.kid.ok_or_else(|| SignInProblem::NotBelieved("the ID token names no key".into()))?;
        let mut keys = self.keys(false).await?;
        if keys.find(&kid).is_none() {
            keys = self.keys(true).await?;
        }
        let jwk = keys
            .find(&kid)
            .ok_or_else(|| SignInProblem::NotBelieved(format!("the provider publishes no key {kid}")))?;
        let key = DecodingKey::from_jwk(jwk)
            .map_err(|e| SignInProblem::NotBelieved(format!("the key {kid} cannot be used: {e}")))?;
        let mut validation = Validation::new(Algorithm::RS256);
        // The claims are checked below, on our own clock.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        jsonwebtoken::decode::<Value>(id_token, &key, &validation)
            .map(|token| token.claims)
            .map_err(|e| SignInProblem::NotBelieved(format!("the ID token's signature does not hold: {e}")))
    }

    fn check(&self, claims: &Value, nonce: &str) -> Result<()> {
        let refuse = |why: String| Err(SignInProblem::NotBelieved(why));
        let own = self.settings.client_id.as_str();
        let issuer = claims["iss"].as_str().unwrap_or_default();
        if issuer != self.settings.issuer {
            return refuse(format!("the ID token comes from {issuer}, not from {}", self.settings.issuer));
        }
        let audiences: Vec<&str> = match &claims["aud"] {
            Value::String(one) => vec![one.as_str()],
            Value::Array(many) => many.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        if !audiences.contains(&own) {
            return refuse("the ID token is for another application".into());
        }
        let party = claims["azp"].as_str();
        if party.is_some_and(|party| party != own) || (audiences.len() > 1 && party.is_none()) {
            return refuse("the ID token was issued to another application".into());
        }
        let now = self.clock.now();
        let time =
            |name: &str| claims[name].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
        match time("exp") {
            Some(end) if now < end + SKEW => {}
            _ => return refuse("the ID token has expired".into()),
        }
        match time("iat") {
            Some(issued) if issued <= now + SKEW && now.duration_since(issued) <= SKEW + SKEW => {}
            _ => return refuse("the ID token was not issued just now".into()),
        }
        if claims["nonce"].as_str() != Some(nonce) {
            return refuse("the ID token answers another question".into());
        }
        Ok(())
    }

    async fn discovery(&self) -> Result<Discovery> {
        let now = self.clock.now();
        if let Some((at, discovery)) = &self.lock().discovery
            && now.duration_since(*at) < KEPT_FOR
        {
            return Ok(discovery.clone());
        }
        let url = format!("{}/.well-known/openid-configuration", self.settings.issuer.trim_end_matches('/'));
        let answer = self.get(&url).await?;
        let discovery: Discovery = serde_json::from_value(answer)
            .map_err(|e| SignInProblem::NotBelieved(format!("{url} is no description of a provider: {e}")))?;
        // A description of somebody else would send people, and their codes, there.
        if discovery.issuer != self.settings.issuer {
            return Err(SignInProblem::NotBelieved(format!(
                "{url} describes {}, not {}; set the issuer exactly as the provider names itself",
                discovery.issuer, self.settings.issuer
            )));
        }
        self.lock().discovery = Some((now, discovery.clone()));
        Ok(discovery)
    }

    async fn keys(&self, again: bool) -> Result<Arc<JwkSet>> {
        let now = self.clock.now();
        let fresh = if again { KEYS_AGAIN } else { KEPT_FOR };
        if let Some((at, keys)) = &self.lock().keys
            && now.duration_since(*at) < fresh
        {
            return Ok(Arc::clone(keys));
        }
        let url = self.discovery().await?.jwks_uri;
        let keys: JwkSet = serde_json::from_value(self.get(&url).await?)
            .map_err(|e| SignInProblem::NotBelieved(format!("{url} is no set of keys: {e}")))?;
        let keys = Arc::new(keys);
        self.lock().keys = Some((now, Arc::clone(&keys)));
        Ok(keys)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn get(&self, url: &str) -> Result<Value> {
        let request =
            http::Request::builder().method(Method::GET).uri(url).header(header::ACCEPT, "application/json");
        self.send(request.body(Bytes::new())).await
    }

    async fn send(&self, request: http::Result<lanyard_wire::Request>) -> Result<Value> {
        let request = request.map_err(|e| SignInProblem::Unreachable(format!("not an address: {e}")))?;
        let answer = self
            .transport
            .exchange(request, WITHIN)
            .await
            .map_err(|e| SignInProblem::Unreachable(e.to_string()))?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        match answer.status() {
            StatusCode::OK => Ok(body),
            status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
                Err(SignInProblem::Unreachable(format!("it answers {status}")))
            }
            status => Err(SignInProblem::Refused(
                text("error_description").or(text("error")).map_or_else(|| status.to_string(), str::to_owned),
            )),
        }
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// Percent-encoding of everything but unreserved characters.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
