//! One call from value to verdict: signing in, budget, sending, classifying, and repeating where that is safe.
//!
//! The only retry layer of the client. Reads are repeated on 429, 5xx and silence; writes only where the site
//! certainly did nothing (not sent, 429). Nothing here knows what a record is.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;
use lanyard_engine::clock::Clock;
use lanyard_model::signal::Lane;
use lanyard_wire::{Transport, TransportError};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{
    budget::{Ask, Budget, Denied, lock},
    counters::{CallCounters, CallOutcome},
    fields::Fields,
    oauth::{RefreshTokenKeeper, RenewalTurn, Tokens, refresh_headers},
    outcome::{ReadError, Refusal, WriteOutcome},
    settings::{Credential, IofficeSettings},
};

/// One request of the REST root, before it is signed.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub method: Method,
    /// Method and path pattern, for the counters.
    pub endpoint: &'static str,
    pub segments: Vec<String>,
    pub query: Vec<(&'static str, String)>,
    pub body: Option<Value>,
    pub lane: Lane,
    pub list: bool,
    /// A POST that only reads.
    pub reading: bool,
}

impl Call {
    fn new(method: Method, endpoint: &'static str, segments: &[&str], lane: Lane) -> Self {
        let segments = segments.iter().map(|s| (*s).to_owned()).collect();
        Self { method, endpoint, segments, query: Vec::new(), body: None, lane, list: false, reading: false }
    }

    pub fn get(endpoint: &'static str, segments: &[&str], lane: Lane) -> Self {
        Self::new(Method::GET, endpoint, segments, lane)
    }

    pub fn post(endpoint: &'static str, segments: &[&str], body: Value, lane: Lane) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, endpoint, segments, lane) }
    }

    pub fn put(endpoint: &'static str, segments: &[&str], body: Value, lane: Lane) -> Self {
        Self { body: Some(body), ..Self::new(Method::PUT, endpoint, segments, lane) }
    }

    /// An action or removal without input: an empty body (§1.3).
    pub fn bare(method: Method, endpoint: &'static str, segments: &[&str], lane: Lane) -> Self {
        Self::new(method, endpoint, segments, lane)
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub fn listing(mut self) -> Self {
        self.list = true;
        self
    }

    pub fn reading(mut self) -> Self {
        self.reading = true;
        self
    }

    fn is_write(&self) -> bool {
        self.method != Method::GET && !self.reading
    }
}

/// How one exchange ended.
#[derive(Debug)]
enum Verdict {
    Ok(Value),
    NotFound(Refusal),
    Refused(Refusal),
    Unauthorized(String),
    Forbidden(String),
    Throttled(Timestamp),
    ServerError(Refusal),
    Malformed(String),
    NoAnswer(String),
    NotSent(String),
    /// Not even tried: the gate is closed.
    Stopped,
    /// Not even tried: the budget opens too late.
    TooLate(Timestamp),
}

impl Verdict {
    fn counted_as(&self) -> Option<CallOutcome> {
        Some(match self {
            Self::Ok(_) => CallOutcome::Ok,
            Self::NotFound(_) => CallOutcome::NotFound,
            Self::Refused(_) => CallOutcome::Refused,
            Self::Unauthorized(_) => CallOutcome::Unauthorized,
            Self::Forbidden(_) => CallOutcome::Forbidden,
            Self::Throttled(_) => CallOutcome::Throttled,
            Self::ServerError(_) => CallOutcome::ServerError,
            Self::Malformed(_) => CallOutcome::Malformed,
            Self::NoAnswer(_) => CallOutcome::NoAnswer,
            Self::NotSent(_) => CallOutcome::NotSent,
            Self::Stopped | Self::TooLate(_) => return None,
        })
    }
}

/// What all clones of one site's client share to make calls.
pub(crate) struct Session {
    pub settings: IofficeSettings,
    pub clock: Arc<dyn Clock>,
    pub budget: Arc<Budget>,
    pub counters: CallCounters,
    transport: Arc<dyn Transport>,
    keeper: Option<Arc<dyn RefreshTokenKeeper>>,
    /// `None` with a header pair. The async lock makes one refresh at a time.
    tokens: Option<tokio::sync::Mutex<Tokens>>,
    /// Texts that must never leave in an error.
    secrets: Mutex<Vec<SecretString>>,
    refused: Mutex<Refused>,
}

/// How the site has taken our credential lately. Asking on and on with a wrong one locks accounts (§1.5: stop).
#[derive(Debug, Default)]
struct Refused {
    in_a_row: u32,
    /// Nothing is sent before this moment.
    until: Option<Timestamp>,
    reason: String,
}

/// Refusals in a row after which no further call is sent for a while; a single one may be a passing fault.
const REFUSALS_MAX: u32 = 3;
const REFUSED_PAUSE: Duration = Duration::from_secs(30);
const REFUSED_PAUSE_MAX: Duration = Duration::from_secs(300);

impl Session {
    pub fn new(
        settings: IofficeSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        keeper: Option<Arc<dyn RefreshTokenKeeper>>,
    ) -> Self {
        let budget = Budget::new(clock.clone(), settings.pace, settings.jitter_seed);
        let (tokens, secrets) = match &settings.credential {
            Credential::HeaderPair { password, .. } => (None, vec![password.clone()]),
            Credential::OAuth(oauth) => {
                let mut secrets = vec![oauth.refresh_token.clone()];
                secrets.extend(oauth.client_secret.clone());
                (Some(tokio::sync::Mutex::new(Tokens::new(oauth))), secrets)
            }
        };
        let counters = CallCounters::default();
        Self {
            settings,
            clock,
            budget,
            counters,
            transport,
            keeper,
            tokens,
            secrets: Mutex::new(secrets),
            refused: Mutex::default(),
        }
    }

    /// Reads, repeating within bounds.
    pub async fn read(&self, call: &Call) -> Result<Value, ReadError> {
        let mut failed = 0;
        loop {
            let verdict = self.once(call).await;
            failed += 1;
            let last = failed >= self.settings.attempts_max;
            match verdict {
                Verdict::Ok(value) => return Ok(value),
                Verdict::NotFound(_) => return Err(ReadError::NotFound),
                Verdict::Refused(refusal) => return Err(ReadError::Refused(refusal)),
                Verdict::Unauthorized(reason) => return Err(ReadError::Unauthorized { reason }),
                Verdict::Forbidden(reason) => return Err(ReadError::Forbidden { reason }),
                // No JSON at all: something between us and the site answered, which says nothing about the record.
                Verdict::Malformed(reason) => return Err(ReadError::Unavailable { reason }),
                Verdict::Stopped => return Err(ReadError::Stopped),
                Verdict::TooLate(retry_at) => return Err(ReadError::Throttled { retry_at }),
                // The budget itself holds the next attempt back.
                Verdict::Throttled(retry_at) if last => return Err(ReadError::Throttled { retry_at }),
                Verdict::Throttled(_) => {}
                Verdict::ServerError(refusal) if last => {
                    return Err(ReadError::Unavailable { reason: refusal.to_string() });
                }
                Verdict::NoAnswer(reason) | Verdict::NotSent(reason) if last => {
                    return Err(ReadError::Unavailable { reason });
                }
                Verdict::ServerError(_) | Verdict::NoAnswer(_) | Verdict::NotSent(_) => {
                    self.clock.sleep(self.budget.pause_before_attempt(failed)).await;
                }
            }
        }
    }

    /// Writes once; repeats only what certainly did not happen.
    pub async fn write(&self, call: &Call) -> WriteOutcome<Value> {
        let mut failed = 0;
        loop {
            let verdict = self.once(call).await;
            failed += 1;
            let last = failed >= self.settings.attempts_max;
            match verdict {
                Verdict::Ok(value) => return WriteOutcome::Done(value),
                Verdict::NotFound(refusal) | Verdict::Refused(refusal) => {
                    return WriteOutcome::Refused(refusal);
                }
                Verdict::Unauthorized(reason) => return WriteOutcome::Unauthorized { reason },
                Verdict::Forbidden(reason) => return WriteOutcome::Forbidden { reason },
                Verdict::Throttled(retry_at) if last => return WriteOutcome::Throttled { retry_at },
                Verdict::Throttled(_) => {}
                Verdict::TooLate(retry_at) => return WriteOutcome::Throttled { retry_at },
                // A 5xx may come after the commit: time-outs inside the site, proxies in front of it.
                Verdict::ServerError(refusal) => {
                    return WriteOutcome::Unknown { reason: refusal.to_string() };
                }
                Verdict::Malformed(reason) | Verdict::NoAnswer(reason) => {
                    return WriteOutcome::Unknown { reason };
                }
                Verdict::Stopped => {
                    return WriteOutcome::NotSent { reason: "calls to the site are stopped".into() };
                }
                Verdict::NotSent(reason) if last => return WriteOutcome::NotSent { reason },
                Verdict::NotSent(_) => self.clock.sleep(self.budget.pause_before_attempt(failed)).await,
            }
        }
    }

    /// One exchange; with OAuth, one more after a 403 that may only mean an expired token (§1.5).
    async fn once(&self, call: &Call) -> Verdict {
        if let Some(reason) = self.barred() {
            return Verdict::Unauthorized(reason);
        }
        let verdict = self.signed(call).await;
        self.note_credential(&verdict);
        verdict
    }

    /// Why nothing is sent at present, after refusals in a row.
    fn barred(&self) -> Option<String> {
        let mut refused = lock(&self.refused);
        let now = self.clock.now();
        let until = refused.until.filter(|until| *until > now)?;
        // No pause is longer: what seems so was reckoned by a clock that was ahead.
        let until = until.min(now.checked_add(REFUSED_PAUSE_MAX).unwrap_or(until));
        refused.until = Some(until);
        Some(format!(
            "{} ({} times in a row; nothing is sent before {until:.0})",
            refused.reason, refused.in_a_row
        ))
    }

    fn note_credential(&self, verdict: &Verdict) {
        let mut refused = lock(&self.refused);
        match verdict {
            Verdict::Unauthorized(reason) => {
                refused.in_a_row = refused.in_a_row.saturating_add(1);
                refused.reason.clone_from(reason);
                if refused.in_a_row >= REFUSALS_MAX {
                    let doublings = (refused.in_a_row - REFUSALS_MAX).min(8);
                    let pause = (REFUSED_PAUSE * (1 << doublings)).min(REFUSED_PAUSE_MAX);
                    refused.until = self.clock.now().checked_add(pause).ok();
                }
            }
            Verdict::Ok(_) | Verdict::NotFound(_) | Verdict::Refused(_) | Verdict::Forbidden(_) => {
                *refused = Refused::default();
            }
            // Says nothing about the credential.
            _ => {}
        }
    }

    async fn signed(&self, call: &Call) -> Verdict {
        let (signature, token) = match self.signature(call.lane, None).await {
            Ok(signed) => signed,
            Err(verdict) => return verdict,
        };
        let verdict = self.send(call, &signature).await;
        let (Verdict::Forbidden(_), Some(used)) = (&verdict, token) else { return verdict };
        match self.signature(call.lane, Some(used)).await {
            Ok((signature, _)) => self.send(call, &signature).await,
            Err(verdict) => verdict,
        }
    }

    async fn send(&self, call: &Call, signature: &Signature) -> Verdict {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        if segments.iter().any(|s| s.is_empty() || *s == "." || *s == "..") {
            return Verdict::NotSent(format!("a name in the path of {} is empty or a dot", call.endpoint));
        }
        let url = self.settings.url.resource(&segments, &call.query);
        let body = match &call.body {
            Some(value) => Bytes::from(value.to_string()),
            None => Bytes::new(),
        };
        let request = http::Request::builder()
            .method(call.method.clone())
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .body(body);
        let mut request = match request {
            Ok(request) => request,
            Err(e) => {
                return Verdict::NotSent(format!("{} cannot be written as a request: {e}", call.endpoint));
            }
        };
        if request.body().is_empty() && call.method != http::Method::GET {
            // Otherwise nothing says that there is no body, and some gateways want to know (411).
            request.headers_mut().insert(header::CONTENT_LENGTH, http::HeaderValue::from_static("0"));
        }
        for (name, value) in signature {
            request.headers_mut().insert(*name, value.clone());
        }
        let ask = Ask { lane: call.lane, list: call.list, write: call.is_write() };
        let verdict = self.exchange(request, ask).await;
        if let Some(outcome) = verdict.counted_as() {
            self.counters.record(call.endpoint, outcome);
            tracing::debug!(site = %self.settings.site, endpoint = call.endpoint, ?outcome, "ioffice call");
        }
        verdict
    }

    async fn exchange(&self, request: lanyard_wire::Request, ask: Ask) -> Verdict {
        let turn = match self.budget.turn(ask, self.settings.wait_max).await {
            Ok(turn) => turn,
            Err(Denied::Stopped) => return Verdict::Stopped,
            Err(Denied::TooLate { at }) => return Verdict::TooLate(at),
        };
        let result = {
            let _busy = self.clock.busy();
            self.transport.exchange(request, self.settings.timeout).await
        };
        let verdict = match result {
            Ok(response) => self.judge(&response),
            Err(TransportError::NoAnswer { reason, .. }) => Verdict::NoAnswer(self.scrub(&reason)),
            Err(e) => Verdict::NotSent(self.scrub(&e.to_string())),
        };
        drop(turn);
        verdict
    }

    /// Status first, then a non-empty `error` or an error envelope even on 2xx (§1.5).
    fn judge(&self, response: &lanyard_wire::Response) -> Verdict {
        let status = response.status();
        let parsed = if response.body().iter().all(u8::is_ascii_whitespace) {
            Some(Value::Null)
        } else {
            serde_json::from_slice::<Value>(response.body()).ok()
        };
        if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
            self.budget.welcomed();
        }
        let refusal = self.refusal(status.as_u16(), parsed.as_ref());
        match status.as_u16() {
            200..=299 => {}
            401 => return Verdict::Unauthorized(refusal.to_string()),
            403 => return Verdict::Forbidden(refusal.to_string()),
            404 => return Verdict::NotFound(refusal),
            429 => return Verdict::Throttled(self.budget.throttled(self.retry_after(response))),
            500..=599 => return Verdict::ServerError(refusal),
            _ => return Verdict::Refused(refusal),
        }
        let Some(value) = parsed else {
            return Verdict::Malformed(format!("{status} with a body that is not JSON"));
        };
        match refusal_inside(&value) {
            None => Verdict::Ok(value),
            Some(_) if refusal.status >= 500 => Verdict::ServerError(refusal),
            Some(_) if refusal.status == 404 => Verdict::NotFound(refusal),
            Some(_) => Verdict::Refused(refusal),
        }
    }

    fn refusal(&self, status: u16, body: Option<&Value>) -> Refusal {
        let fields = body.map_or(Fields::of(&Value::Null), Fields::of);
        let inner = fields.number("status").and_then(|n| u16::try_from(n).ok());
        let status =
            if (200..300).contains(&status) { inner.filter(|s| *s >= 400).unwrap_or(400) } else { status };
        let code = fields.text("error").unwrap_or_else(|| default_code(status).to_owned());
        let text = fields.text("errorDescription").or(fields.text("message")).unwrap_or_else(|| {
            if (300..400).contains(&status) {
                "the site sent us elsewhere; is this the site's own address?".into()
            } else {
                "the site gave no reason".to_owned()
            }
        });
        Refusal { status, code: self.scrub(&code), text: self.scrub(&text) }
    }

    fn retry_after(&self, response: &lanyard_wire::Response) -> Option<Duration> {
        let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds.min(3600)));
        }
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let wait = Duration::try_from(at.duration_since(self.clock.now())).ok()?;
        Some(wait.min(Duration::from_secs(3600)))
    }

    /// Shortens, and blots out secrets that the site may echo.
    fn scrub(&self, text: &str) -> String {
        let mut clean: String =
            text.chars().take(4000).map(|c| if c.is_control() { ' ' } else { c }).collect();
        for secret in lock(&self.secrets).iter() {
            let secret = secret.expose_secret();
            if secret.len() >= 4 && clean.contains(secret) {
                clean = clean.replace(secret, "[secret]");
            }
        }
        if let Some((cut, _)) = clean.char_indices().nth(300) {
            clean.truncate(cut);
        }
        clean
    }

    /// Headers that sign a request, and with OAuth the token in them. `stale` is a token that was just refused.
    async fn signature(
        &self,
        lane: Lane,
        stale: Option<SecretString>,
    ) -> Result<(Signature, Option<SecretString>), Verdict> {
        let unusable = |what: &str| Verdict::Unauthorized(format!("the {what} cannot be sent as a header"));
        match (&self.settings.credential, &self.tokens) {
            (Credential::HeaderPair { username, password }, _) => {
                let name = HeaderValue::from_str(username).map_err(|_| unusable("user name"))?;
                let word = HeaderValue::from_bytes(password.expose_secret().as_bytes())
                    .map_err(|_| unusable("password"))?;
                Ok((vec![("x-auth-username", name), ("x-auth-password", sensitive(word))], None))
            }
            (Credential::OAuth(oauth), Some(tokens)) => {
                let mut tokens = tokens.lock().await;
                let refused = stale.as_ref().map(ExposeSecret::expose_secret);
                let known = tokens.fresh(self.clock.now()).filter(|t| Some(t.expose_secret()) != refused);
                let token = match known {
                    Some(token) => token,
                    None => {
                        let _turn = self.turn(&mut tokens).await;
                        let headers = refresh_headers(oauth, &tokens.refresh);
                        let answer = self.refresh(headers, lane).await?;
                        self.accept_tokens(&mut tokens, &answer).await?
                    }
                };
                let value =
                    HeaderValue::from_str(token.expose_secret()).map_err(|_| unusable("access token"))?;
                Ok((vec![("x-access-token", sensitive(value))], Some(token)))
            }
            (Credential::OAuth(_), None) => Err(Verdict::Unauthorized("no token".into())),
        }
    }

    /// The turn to renew: from now on `tokens` holds the refresh token that was handed out last, maybe to another process.
    async fn turn(&self, tokens: &mut Tokens) -> Option<Box<dyn Send + Sync>> {
        match self.keeper.as_ref()?.turn().await {
            Ok(RenewalTurn { token, held }) => {
                if token.expose_secret() != tokens.refresh.expose_secret() {
                    self.hide([token.clone()]);
                    tokens.refresh = token;
                }
                Some(held)
            }
            Err(why) => {
                tokens.not_kept = Some(why);
                None
            }
        }
    }

    async fn refresh(&self, headers: Vec<(&'static str, String)>, lane: Lane) -> Result<Value, Verdict> {
        let endpoint = "POST /external/api/oauth2/token";
        let mut request = http::Request::new(Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self
            .settings
            .url
            .oauth("token")
            .as_str()
            .parse()
            .map_err(|e| Verdict::NotSent(format!("{endpoint} cannot be written as a request: {e}")))?;
        request.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in headers {
            let value = HeaderValue::from_str(&value)
                .map_err(|_| Verdict::Unauthorized(format!("{name} cannot be sent as a header")))?;
            request.headers_mut().insert(name, sensitive(value));
        }
        // Signing in changes nothing that people see, so observe-only lets it through.
        let verdict = self.exchange(request, Ask { lane, list: false, write: false }).await;
        if let Some(outcome) = verdict.counted_as() {
            self.counters.record(endpoint, outcome);
        }
        match verdict {
            Verdict::Ok(value) => Ok(value),
            Verdict::NotFound(r) | Verdict::Refused(r) => {
                Err(Verdict::Unauthorized(format!("the refresh token was refused ({r}); sign in again")))
            }
            Verdict::Forbidden(r) => {
                Err(Verdict::Unauthorized(format!("the refresh token was refused ({r}); sign in again")))
            }
            // The call itself did not leave, whatever became of the token.
            Verdict::ServerError(r) => Err(Verdict::NotSent(format!("no access token: {r}"))),
            Verdict::Malformed(r) | Verdict::NoAnswer(r) => {
                Err(Verdict::NotSent(format!("no access token: {r}")))
            }
            other => Err(other),
        }
    }

    async fn accept_tokens(&self, tokens: &mut Tokens, answer: &Value) -> Result<SecretString, Verdict> {
        let fields = Fields::of(answer);
        let Some(access) = fields.text("access_token").map(SecretString::from) else {
            return Err(Verdict::NotSent("the token answer holds no access_token".into()));
        };
        let seconds = fields.number("expires_in").unwrap_or(300).clamp(60, 86_400);
        let ends = self.clock.now() + jiff::SignedDuration::from_secs(seconds);
        tokens.access = Some((access.clone(), ends));
        let mut secrets = vec![access.clone()];
        if let Some(rotated) = fields.text("refresh_token").map(SecretString::from) {
            tokens.not_kept = match &self.keeper {
                Some(keeper) => keeper.keep(&rotated).await.err(),
                None => Some("nothing keeps rotated refresh tokens".into()),
            };
            secrets.push(rotated.clone());
            tokens.refresh = rotated;
        }
        self.hide(secrets);
        Ok(access)
    }

    /// From now on these texts leave in no error.
    fn hide(&self, secrets: impl IntoIterator<Item = SecretString>) {
        let mut known = lock(&self.secrets);
        // The first entries come from the settings; tokens of long ago need no blotting out.
        if known.len() > 16 {
            known.drain(2..8);
        }
        known.extend(secrets);
    }

    /// Why a rotated refresh token would be lost at a restart, if it would.
    pub async fn token_not_kept(&self) -> Option<String> {
        self.tokens.as_ref()?.lock().await.not_kept.clone()
    }
}

/// The contract's code for a status, where the body has none.
fn default_code(status: u16) -> &'static str {
    match status {
        300..=399 => "redirect",
        401 => "unauthorized",
        403 => "access_denied",
        404 => "not_found",
        429 => "too_many_requests",
        500..=599 => "server_error",
        _ => "invalid_request",
    }
}

type Signature = Vec<(&'static str, HeaderValue)>;

fn sensitive(mut value: HeaderValue) -> HeaderValue {
    value.set_sensitive(true);
    value
}

/// An error told in a 2xx: a non-empty `error`, or the visitor service's envelope.
fn refusal_inside(value: &Value) -> Option<()> {
    let fields = Fields::of(value);
    let told = fields.get("error").is_some_and(|e| !matches!(e, Value::Bool(false)))
        || fields.text("status").is_some_and(|s| s.eq_ignore_ascii_case("error"));
    told.then_some(())
}
