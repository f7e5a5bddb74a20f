//! Signing in: the credential, the cached access token and the DPoP nonce (contract §3).
//!
//! One token at a time, fetched once however many calls wait for it; renewed at 80 % of its life, and once more
//! when a resource answers 401. Every attempt carries a new assertion and a new proof: replays are refused.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use jiff::Timestamp;
use lanyard_model::signal::Lane;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use tracing::{debug, warn};
use url::Url;

use crate::assertion::ClientKey;
use crate::client::{Core, Route};
use crate::dpop::{ProofFor, ProofKey};
use crate::json;
use crate::problem::{ErrorBody, Problem};
use crate::settings::{Credential, DpopMode, ServiceApp};

const TOKEN: Route = Route { endpoint: "POST /oauth2/v1/token", bucket: "oauth2/token" };

/// A credential ready to sign calls.
pub(crate) enum Signer {
    ApiToken(SecretString),
    App(Box<AppSigner>),
}

pub(crate) struct AppSigner {
    app: ServiceApp,
    key: ClientKey,
    token_url: Url,
    /// Held while a token is fetched, so that one fetch serves all who wait.
    fetching: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Arc<Token>>,
    /// The app demands proofs (told, or configured).
    dpop: bool,
    nonce: Option<String>,
}

/// An access token with the key it may be bound to.
pub(crate) struct Token {
    text: SecretString,
    proof_key: Option<Arc<ProofKey>>,
    renew_at: Timestamp,
    expires_at: Timestamp,
    granted: BTreeSet<String>,
}

/// What signing one call needs to be repeated after a refusal.
#[derive(Clone)]
pub(crate) enum Pass {
    ApiToken,
    Token(Arc<Token>),
}

impl Pass {
    /// Whether the pass outlives `now`.
    pub(crate) fn is_good(&self, now: Timestamp) -> bool {
        match self {
            Self::ApiToken => true,
            Self::Token(token) => token.expires_at > now,
        }
    }
}

impl Signer {
    pub(crate) fn new(credential: Credential, token_url: Url) -> Result<Self, crate::assertion::KeyProblem> {
        match credential {
            Credential::ApiToken(token) => Ok(Self::ApiToken(token)),
            Credential::ServiceApp(app) => {
                let key = ClientKey::from_pem(&app.kid, &app.key_pem)?;
                let state = State { dpop: app.dpop == DpopMode::Always, ..State::default() };
                Ok(Self::App(Box::new(AppSigner {
                    app,
                    key,
                    token_url,
                    fetching: tokio::sync::Mutex::new(()),
                    state: Mutex::new(state),
                })))
            }
        }
    }

    /// A pass that is good now: cached, renewed or fetched.
    pub(crate) async fn pass(&self, core: &Core) -> Result<Pass, Problem> {
        match self {
            Self::ApiToken(_) => Ok(Pass::ApiToken),
            Self::App(app) => app.token(core).await.map(Pass::Token),
        }
    }

    /// The headers that sign one attempt.
    pub(crate) fn sign(
        &self,
        pass: &Pass,
        method: &Method,
        url: &Url,
        core: &Core,
    ) -> Result<HeaderMap, Problem> {
        let mut headers = HeaderMap::new();
        match (self, pass) {
            (Self::ApiToken(token), _) => {
                headers.insert(AUTHORIZATION, secret_header(&format!("SSWS {}", token.expose_secret()))?);
            }
            (Self::App(app), Pass::Token(token)) => {
                let text = token.text.expose_secret();
                if let Some(key) = &token.proof_key {
                    let nonce = app.lock().nonce.clone();
                    let proof = key.proof(&ProofFor {
                        method: method.as_str(),
                        url,
                        now: core.server_now().as_second(),
                        jti: &core.new_id(),
                        nonce: nonce.as_deref(),
                        token: Some(text),
                    });
                    headers.insert("dpop", secret_header(&proof.map_err(unsigned)?)?);
                    headers.insert(AUTHORIZATION, secret_header(&format!("DPoP {text}"))?);
                } else {
                    headers.insert(AUTHORIZATION, secret_header(&format!("Bearer {text}"))?);
                }
            }
            (Self::App(_), Pass::ApiToken) => return Err(unsigned("no access token".to_owned())),
        }
        Ok(headers)
    }

    /// Forgets the token behind `pass`. Returns whether another may be had.
    pub(crate) fn forget(&self, pass: &Pass) -> bool {
        let (Self::App(app), Pass::Token(used)) = (self, pass) else { return false };
        let mut state = app.lock();
        if state.token.as_ref().is_some_and(|t| Arc::ptr_eq(t, used)) {
            state.token = None;
        }
        true
    }

    /// Keeps a nonce that a server handed out. Returns whether it differs from the one held.
    pub(crate) fn learn_nonce(&self, headers: &HeaderMap) -> bool {
        matches!(self, Self::App(app) if app.learn_nonce(headers))
    }

    /// Scopes asked for and not granted by the last token; empty for API tokens and before the first one.
    pub(crate) fn scopes_missing(&self) -> BTreeSet<String> {
        let Self::App(app) = self else { return BTreeSet::new() };
        let state = app.lock();
        state.token.as_ref().map(|t| missing_scopes(&app.app.scopes, &t.granted)).unwrap_or_default()
    }

    /// Scopes asked for; `None` with an API token.
    pub(crate) fn scopes_asked(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::ApiToken(_) => None,
            Self::App(app) => Some(&app.app.scopes),
        }
    }

    /// Whether tokens are bound to a proof key at present.
    pub(crate) fn is_bound(&self) -> bool {
        matches!(self, Self::App(app) if app.lock().token.as_ref().is_some_and(|t| t.proof_key.is_some()))
    }
}

impl AppSigner {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|e| e.into_inner())
    }

    fn cached(&self, now: Timestamp) -> Option<Arc<Token>> {
        self.lock().token.clone().filter(|t| t.renew_at > now)
    }

    async fn token(&self, core: &Core) -> Result<Arc<Token>, Problem> {
        if let Some(token) = self.cached(core.clock().now()) {
            return Ok(token);
        }
        let _one_at_a_time = self.fetching.lock().await;
        if let Some(token) = self.cached(core.clock().now()) {
            return Ok(token);
        }
        match self.fetch(core).await {
            Ok(token) => {
                let missing = missing_scopes(&self.app.scopes, &token.granted);
                if !missing.is_empty() {
                    warn!(org = %core.org(), ?missing, "the token lacks scopes that were asked for");
                }
                let token = Arc::new(token);
                self.lock().token = Some(token.clone());
                Ok(token)
            }
            // The old one still has a fifth of its life; a passing fault need not stop work.
            Err(problem) => match self.lock().token.clone() {
                Some(old) if problem.is_passing() && old.expires_at > core.clock().now() => Ok(old),
                _ => Err(problem),
            },
        }
    }

    async fn fetch(&self, core: &Core) -> Result<Token, Problem> {
        let mut proof_key: Option<Arc<ProofKey>> = None;
        let mut corrected_clock = false;
        let mut nonce_dances = 0;
        let mut scopes = self.app.scopes.clone();
        let mut attempt = 1;
        loop {
            if self.lock().dpop && proof_key.is_none() {
                proof_key = Some(Arc::new(ProofKey::generate().map_err(unsigned)?));
            }
            let asked_at = core.server_now();
            let answer = core
                .send_once(TOKEN, Lane::Leaver, || self.request(core, proof_key.as_deref(), &scopes))
                .await;
            let problem = match answer {
                Ok(answer) if answer.status().is_success() => {
                    self.learn_nonce(answer.headers());
                    return self.read(&answer, proof_key, &scopes, core.clock().now());
                }
                Ok(answer) => {
                    let learnt = self.learn_nonce(answer.headers());
                    let error = ErrorBody::read(answer.body());
                    let (name, description) = error.oauth.unwrap_or((error.code, error.summary));
                    match name.as_str() {
                        "use_dpop_nonce" if (learnt || nonce_dances == 0) && nonce_dances < 2 => {
                            nonce_dances += 1;
                            self.demand_proofs();
                            continue;
                        }
                        "invalid_dpop_proof" if proof_key.is_none() && self.app.dpop == DpopMode::Auto => {
                            debug!(org = %core.org(), "the app demands DPoP; switching to it");
                            self.demand_proofs();
                            continue;
                        }
                        // An assertion signed by a wrong clock: the answer's date has set it right meanwhile.
                        "invalid_client" if !corrected_clock && far_apart(asked_at, core.server_now()) => {
                            corrected_clock = true;
                            continue;
                        }
                        // One scope too many refuses the whole request. What is granted is worth having without it.
                        "invalid_scope" if scopes.len() > 1 => {
                            let granted = self.granted(core, proof_key.as_deref(), &scopes).await?;
                            if !granted.is_empty() && granted.len() < scopes.len() {
                                warn!(org = %core.org(), ?granted, "not all scopes are granted; going on with these");
                                scopes = granted;
                                continue;
                            }
                        }
                        _ => {}
                    }
                    match answer.status().as_u16() {
                        429 => {
                            let (retry_at, kind) = core.note_throttle(TOKEN, answer.headers());
                            Problem::Throttled { retry_at, kind }
                        }
                        status @ 500.. => Problem::Unavailable { status, code: name, summary: description },
                        status => return Err(Problem::SignIn { status, error: name, description }),
                    }
                }
                Err(problem) => problem,
            };
            if !problem.is_passing() || attempt >= core.limits().attempts_max {
                return Err(problem);
            }
            core.back_off(attempt).await;
            attempt += 1;
        }
    }

    /// Those of `scopes` that the org grants when each is asked for alone. Asked anew with each renewal, so that a grant
    /// made meanwhile is found within the hour.
    async fn granted(
        &self,
        core: &Core,
        proof_key: Option<&ProofKey>,
        scopes: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, Problem> {
        let mut granted = BTreeSet::new();
        for scope in scopes {
            let one = BTreeSet::from([scope.clone()]);
            let answer = core.send_once(TOKEN, Lane::Leaver, || self.request(core, proof_key, &one)).await?;
            self.learn_nonce(answer.headers());
            match answer.status().as_u16() {
                200..=299 => {
                    granted.insert(scope.clone());
                }
                429 => {
                    let (retry_at, kind) = core.note_throttle(TOKEN, answer.headers());
                    return Err(Problem::Throttled { retry_at, kind });
                }
                status @ 500.. => {
                    let error = ErrorBody::read(answer.body());
                    return Err(Problem::Unavailable { status, code: error.code, summary: error.summary });
                }
                _ => {}
            }
        }
        Ok(granted)
    }

    fn demand_proofs(&self) {
        if self.app.dpop != DpopMode::Never {
            self.lock().dpop = true;
        }
    }

    fn learn_nonce(&self, headers: &HeaderMap) -> bool {
        let Some(nonce) = headers.get("dpop-nonce").and_then(|v| v.to_str().ok()) else { return false };
        let mut state = self.lock();
        let changed = state.nonce.as_deref() != Some(nonce);
        state.nonce = Some(nonce.to_owned());
        changed
    }

    fn request(
        &self,
        core: &Core,
        proof_key: Option<&ProofKey>,
        scopes: &BTreeSet<String>,
    ) -> Result<Request<Bytes>, Problem> {
        let now = core.server_now().as_second();
        let url = &self.token_url;
        let assertion = self
            .key
            .assertion(&self.app.client_id, url.as_str(), now, &core.new_id())
            .map_err(|e| unsigned(e.to_string()))?;
        let scope = scopes.iter().cloned().collect::<Vec<_>>().join(" ");
        let form = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("scope", &scope)
            .append_pair("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
            .append_pair("client_assertion", assertion.expose_secret())
            .finish();
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(url.as_str())
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .map_err(|e| unsigned(e.to_string()))?;
        if let Some(key) = proof_key {
            let nonce = self.lock().nonce.clone();
            let proof = key.proof(&ProofFor {
                method: "POST",
                url,
                now,
                jti: &core.new_id(),
                nonce: nonce.as_deref(),
                token: None,
            });
            request.headers_mut().insert("dpop", secret_header(&proof.map_err(unsigned)?)?);
        }
        Ok(request)
    }

    fn read(
        &self,
        answer: &lanyard_wire::Response,
        proof_key: Option<Arc<ProofKey>>,
        asked: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Token, Problem> {
        let malformed =
            |reason: &str| Problem::Malformed { what: "the token request".into(), reason: reason.into() };
        let body: Value = serde_json::from_slice(answer.body()).map_err(|_| malformed("it is no JSON"))?;
        let text = json::text(&body, "access_token").ok_or_else(|| malformed("it has no access_token"))?;
        let life = json::text(&body, "expires_in")
            .and_then(|s| s.parse::<u64>().ok())
            .unwrap_or(3600)
            .clamp(1, 86_400);
        let bound = json::text(&body, "token_type").is_some_and(|t| t.eq_ignore_ascii_case("dpop"));
        if bound && proof_key.is_none() {
            return Err(malformed("a bound token came although no proof was sent"));
        }
        let granted = match json::text(&body, "scope") {
            Some(scopes) => scopes.split_whitespace().map(str::to_owned).collect(),
            // RFC 6749 §5.1: left out means "as asked".
            None => asked.clone(),
        };
        let in_seconds = |s: u64| now.checked_add(Duration::from_secs(s)).unwrap_or(Timestamp::MAX);
        Ok(Token {
            text: text.into(),
            proof_key: proof_key.filter(|_| bound),
            renew_at: in_seconds(life * 4 / 5),
            expires_at: in_seconds(life),
            granted,
        })
    }
}

/// Scopes asked for that `granted` does not cover; `.manage` includes `.read`.
fn missing_scopes(asked: &BTreeSet<String>, granted: &BTreeSet<String>) -> BTreeSet<String> {
    let covers = |scope: &str| {
        granted.contains(scope)
            || scope.strip_suffix(".read").is_some_and(|stem| granted.contains(&format!("{stem}.manage")))
    };
    asked.iter().filter(|s| !covers(s)).cloned().collect()
}

fn far_apart(a: Timestamp, b: Timestamp) -> bool {
    (a.as_second() - b.as_second()).abs() > 30
}

fn secret_header(text: &str) -> Result<HeaderValue, Problem> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| unsigned("the credential holds characters that no header may carry".to_owned()))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Nothing was sent because the call could not be signed.
fn unsigned(reason: String) -> Problem {
    Problem::SignIn { status: 0, error: "unsigned".into(), description: reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manage_covers_read() {
        let set = |s: &str| s.split(' ').map(str::to_owned).collect::<BTreeSet<_>>();
        for (asked, granted, missing) in [
            ("okta.users.read okta.logs.read", "okta.users.read okta.logs.read", None),
            ("okta.users.read okta.logs.read", "okta.users.manage", Some("okta.logs.read")),
            ("okta.users.manage", "okta.users.read", Some("okta.users.manage")),
        ] {
            assert_eq!(missing_scopes(&set(asked), &set(granted)).into_iter().next().as_deref(), missing);
        }
    }
}
