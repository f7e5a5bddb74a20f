//! The client itself: one exchange with budget, signature and bounded retries, and walks over pages.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, Method, Request};
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{clock::Clock, ports::Quota};
use lanyard_model::id::TenantId;
use lanyard_model::signal::Lane;
use lanyard_wire::{Response, Transport, TransportError};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, error::Category};
use tokio::sync::Notify;
use tracing::debug;
use url::Url;

use crate::assertion::KeyProblem;
use crate::attention::Ourselves;
use crate::budget::{Admission, Budget, Moment, ThrottleKind, server_time};
use crate::counters::{CallOutcome, Counters};
use crate::json::Plain;
use crate::problem::{Problem, classify, is_nonce_demand, is_replay};
use crate::settings::{Credential, Limits, OktaSettings, OrgUrl};
use crate::token::Signer;

/// A call's endpoint, as counted and shown, and the quota it draws on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    pub endpoint: &'static str,
    pub bucket: &'static str,
}

/// One call to make.
pub(crate) struct Call<'a> {
    pub route: Route,
    pub method: Method,
    pub url: Url,
    pub body: Option<&'a Value>,
    pub lane: Lane,
    /// Names the thing asked for, in errors.
    pub what: &'a str,
    /// How often a 5xx may be met before giving up; other retries have the common bound.
    pub unavailable_max: u32,
}

impl<'a> Call<'a> {
    pub(crate) fn read(route: Route, url: Url, lane: Lane, what: &'a str) -> Self {
        Self { route, method: Method::GET, url, body: None, lane, what, unavailable_max: u32::MAX }
    }

    pub(crate) fn write(
        route: Route,
        method: Method,
        url: Url,
        body: Option<&'a Value>,
        what: &'a str,
    ) -> Self {
        Self { route, method, url, body, lane: Lane::Normal, what, unavailable_max: u32::MAX }
    }
}

/// A successful answer.
pub(crate) struct Answer {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub at: Timestamp,
}

impl Answer {
    pub(crate) fn json(&self, what: &str) -> Result<Value, Problem> {
        serde_json::from_slice(&self.body).map_err(|e| unreadable(what, &e))
    }

    /// One record without its `_links` and `_embedded`.
    pub(crate) fn plain(&self, what: &str) -> Result<Value, Problem> {
        serde_json::from_slice::<Plain>(&self.body).map(|plain| plain.0).map_err(|e| unreadable(what, &e))
    }

    /// The rows of a list page, each without its `_links` and `_embedded`.
    pub(crate) fn plain_rows(&self, what: &str) -> Result<Vec<Value>, Problem> {
        match self.plain(what)? {
            Value::Array(rows) => Ok(rows),
            _ => Err(Problem::Malformed { what: what.to_owned(), reason: "a list was expected".to_owned() }),
        }
    }

    /// The rows of a list page.
    pub(crate) fn rows(&self, what: &str) -> Result<Vec<Value>, Problem> {
        match self.json(what)? {
            Value::Array(rows) => Ok(rows),
            _ => Err(Problem::Malformed { what: what.to_owned(), reason: "a list was expected".to_owned() }),
        }
    }
}

/// What is no JSON at all says nothing about the record that was asked for: something between us and Okta answered, or
/// the answer was cut. JSON of another shape is the record's own.
fn unreadable(what: &str, error: &serde_json::Error) -> Problem {
    match error.classify() {
        Category::Data => Problem::Malformed { what: what.to_owned(), reason: error.to_string() },
        Category::Io | Category::Syntax | Category::Eof => {
            Problem::NoAnswer { reason: format!("the answer to {what} is no JSON: {error}") }
        }
    }
}

/// The client of one tenant. Cloning shares token, budget and counts.
#[derive(Clone)]
pub struct OktaClient {
    pub(crate) core: Arc<Core>,
}

/// What all calls share.
pub(crate) struct Core {
    tenant: TenantId,
    org: OrgUrl,
    limits: Limits,
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    signer: Signer,
    ourselves: Ourselves,
    budget: Mutex<Budget>,
    queue: Queue,
    counters: Counters,
    dice: Mutex<StdRng>,
    /// Server time minus ours, as the last `Date` header showed it.
    skew: Mutex<SignedDuration>,
    pub(crate) hosts: Mutex<Hosts>,
    pub(crate) memory: Mutex<Memory>,
}

/// Hosts that belong to the tenant.
pub(crate) struct Hosts {
    pub known: BTreeSet<String>,
    /// `/.well-known/okta-organization` was asked.
    pub asked: bool,
}

/// Small things learnt on the way, all re-learnable.
#[derive(Default)]
pub(crate) struct Memory {
    /// A user read by id with 200: must be in every full listing.
    pub canary: Option<String>,
    /// The built-in group of everybody.
    pub everyone: Option<String>,
    /// Names of profile attributes.
    pub names: BTreeSet<Arc<str>>,
    /// Event hooks of ours.
    pub hooks: BTreeSet<String>,
    /// Events per log page at present; halved when the log answers 500.
    pub log_page_events: Option<u32>,
}

impl OktaClient {
    /// What the last answers said of each quota.
    pub(crate) fn told_quotas(&self) -> Vec<Quota> {
        let clock = &self.core.clock;
        let mut quotas = lock(&self.core.budget).quotas(clock.steady());
        for quota in &mut quotas {
            quota.resets_at = quota.resets_at.map(|at| clock.shown(at));
        }
        quotas
    }

    /// A client that has not called anybody yet.
    ///
    /// `seed` feeds waiting times and the ids of assertions and proofs: give it fresh randomness in production,
    /// because a repeated id is refused as a replay; a fixed one makes a simulation repeatable.
    ///
    /// # Errors
    /// [`KeyProblem`] when a service app's key cannot sign.
    pub fn new(
        settings: OktaSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Result<Self, KeyProblem> {
        let OktaSettings { tenant, org, credential, limits, canary_user, api_token_ids } = settings;
        let mut ourselves = Ourselves { tokens: api_token_ids, ..Ourselves::default() };
        if let Credential::ServiceApp(app) = &credential {
            ourselves.actors.insert(app.client_id.clone());
        }
        let signer = Signer::new(credential, org.join("/oauth2/v1/token"))?;
        let hosts = Hosts { known: org.first_hosts(), asked: false };
        let budget = Budget::new(limits.reserve_percent, limits.in_flight_max);
        Ok(Self {
            core: Arc::new(Core {
                tenant,
                org,
                limits,
                transport,
                clock,
                signer,
                ourselves,
                budget: Mutex::new(budget),
                queue: Queue::default(),
                counters: Counters::default(),
                dice: Mutex::new(StdRng::seed_from_u64(seed)),
                skew: Mutex::new(SignedDuration::ZERO),
                hosts: Mutex::new(hosts),
                memory: Mutex::new(Memory { canary: canary_user, ..Memory::default() }),
            }),
        })
    }

    /// The tenant this client serves.
    pub fn tenant_id(&self) -> &TenantId {
        &self.core.tenant
    }

    /// The org's base address.
    pub fn org(&self) -> &OrgUrl {
        &self.core.org
    }

    /// Counts of all calls made by this client and its clones.
    pub fn counters(&self) -> &Counters {
        &self.core.counters
    }

    pub(crate) fn ourselves(&self) -> &Ourselves {
        &self.core.ourselves
    }

    /// Whether `authority` (host, with a port if unusual) belongs to this tenant, as far as known.
    pub fn knows_host(&self, authority: &str) -> bool {
        lock(&self.core.hosts).known.contains(&authority.to_ascii_lowercase())
    }
}

impl std::fmt::Debug for OktaClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OktaClient({}, {})", self.core.tenant, self.core.org)
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|e| e.into_inner())
}

/// Gives a call's place back even if its future is dropped half-way.
struct InFlight<'a> {
    core: &'a Core,
    bucket: &'static str,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        lock(&self.core.budget).abandon(self.bucket);
        self.core.queue.ended();
    }
}

/// Calls that wait for others to end. A place that becomes free wakes one of each lane, not all: with fifty waiting,
/// each answer would otherwise cost fifty futile tries.
#[derive(Default)]
struct Queue {
    /// By lane: one is woken per freed place.
    places: [Notify; 3],
    /// Rung for all who wait for what an answer says about the quota.
    answers: Notify,
}

impl Queue {
    fn place(&self, lane: Lane) -> &Notify {
        let [leaver, normal, bulk] = &self.places;
        match lane {
            Lane::Leaver => leaver,
            Lane::Normal => normal,
            Lane::Bulk => bulk,
        }
    }

    fn ended(&self) {
        self.answers.notify_waiters();
        for place in &self.places {
            place.notify_one();
        }
    }
}

impl Core {
    pub(crate) fn org(&self) -> &OrgUrl {
        &self.org
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    pub(crate) fn signer(&self) -> &Signer {
        &self.signer
    }

    /// A list was read whole, in so many pages.
    pub(crate) fn note_whole(&self, route: Route, pages: u32) {
        self.counters.add_whole(route.endpoint, pages);
    }

    /// The moment by the server's clock, as far as its answers showed it.
    pub(crate) fn server_now(&self) -> Timestamp {
        self.clock.now().checked_add(*lock(&self.skew)).unwrap_or(Timestamp::MAX)
    }

    /// How far the server's clock was ahead of ours at its last answer.
    pub(crate) fn clock_ahead(&self) -> SignedDuration {
        *lock(&self.skew)
    }

    /// 128 random bits in hex: the id of one assertion or proof.
    pub(crate) fn new_id(&self) -> String {
        format!("{:032x}", lock(&self.dice).random::<u128>())
    }

    /// Waits before attempt `attempt + 1`: half a second doubling to 20, the upper half of it by chance.
    pub(crate) async fn back_off(&self, attempt: u32) {
        let full = (500u64 << attempt.saturating_sub(1).min(6)).min(20_000);
        let wait = full / 2 + lock(&self.dice).random_range(0..=full / 2);
        self.clock.sleep(Duration::from_millis(wait)).await;
    }

    /// Records a 429 in the budget; the next attempt will wait it out.
    pub(crate) fn note_throttle(&self, route: Route, headers: &HeaderMap) -> (Timestamp, ThrottleKind) {
        let dice = lock(&self.dice).random::<f64>();
        let (until, kind) = lock(&self.budget).throttled(route.bucket, headers, self.moment(), dice);
        (self.clock.shown(until), kind)
    }

    fn moment(&self) -> Moment {
        Moment { steady: self.clock.steady(), shown: self.clock.now() }
    }

    /// One exchange: waits for its place in the budget, then builds the request (so that its times are fresh), sends it
    /// and counts it. Any status is an answer.
    pub(crate) async fn send_once(
        &self,
        route: Route,
        lane: Lane,
        build: impl FnOnce() -> Result<lanyard_wire::Request, Problem> + Send,
    ) -> Result<Response, Problem> {
        let mut woken = false;
        loop {
            let (place, answered) = (self.queue.place(lane).notified(), self.queue.answers.notified());
            let admission = lock(&self.budget).admit(route.bucket, lane, self.clock.steady());
            if std::mem::take(&mut woken)
                && matches!(admission, Admission::Wait(_) | Admission::WaitForAnswer)
            {
                // The free place is of no use to this call, but may be to the next in line.
                self.queue.place(lane).notify_one();
            }
            match admission {
                Admission::Go => break,
                Admission::Wait(until) => self.clock.sleep_steady(until).await,
                Admission::WaitForAnswer => answered.await,
                Admission::WaitForPlace => {
                    place.await;
                    woken = true;
                }
            }
        }
        let place = InFlight { core: self, bucket: route.bucket };
        let request = build()?;
        let path = request.uri().path().to_owned();
        let answer = {
            let _busy = self.clock.busy();
            self.transport.exchange(request, Duration::from_secs(self.limits.answer_seconds_max)).await
        };
        let now = self.clock.now();
        match answer {
            Ok(answer) => {
                if let Some(there) = server_time(answer.headers()) {
                    *lock(&self.skew) = there.duration_since(now);
                }
                lock(&self.budget).learn(route.bucket, answer.headers(), self.moment());
                drop(place);
                self.counters.add(route.endpoint, CallOutcome::of(answer.status()));
                let request_id = answer.headers().get("x-okta-request-id").and_then(|v| v.to_str().ok());
                debug!(tenant = %self.tenant, endpoint = route.endpoint, path, status = answer.status().as_u16(), request_id, "okta answered");
                Ok(answer)
            }
            Err(error) => {
                debug!(tenant = %self.tenant, endpoint = route.endpoint, path, %error, "okta did not answer");
                let (outcome, problem) = match error {
                    TransportError::NoAnswer { reason, .. } => {
                        (CallOutcome::NoAnswer, Problem::NoAnswer { reason })
                    }
                    TransportError::NotSent { reason, .. } => {
                        (CallOutcome::NotSent, Problem::NotSent { reason })
                    }
                    TransportError::Forbidden { host, .. } => {
                        (CallOutcome::NotSent, Problem::ForeignHost { host })
                    }
                };
                self.counters.add(route.endpoint, outcome);
                Err(problem)
            }
        }
    }

    /// Makes one call: signed anew for each attempt, repeated within bounds where that is safe.
    ///
    /// Reads are repeated after 429, 5xx and lost answers; writes only after 429 and when nothing was sent.
    pub(crate) async fn call(&self, call: &Call<'_>) -> Result<Answer, Problem> {
        let is_read = call.method == Method::GET;
        let mut attempt = 1;
        let mut unavailable = 0;
        let (mut renewed, mut nonces, mut replays) = (false, 0, 0);
        loop {
            let pass = self.signer.pass(self).await?;
            // The place in the budget may come so late that the token runs out meanwhile.
            let mut ran_out = false;
            let answer = self
                .send_once(call.route, call.lane, || {
                    ran_out = !pass.is_good(self.clock.now());
                    if ran_out {
                        return Err(Problem::SignIn {
                            status: 0,
                            error: "expired".to_owned(),
                            description: "the access token ran out while the call waited".to_owned(),
                        });
                    }
                    self.request(call, &pass)
                })
                .await;
            if ran_out && !renewed {
                self.signer.forget(&pass);
                renewed = true;
                continue;
            }
            let problem = match answer {
                Ok(answer) if answer.status().is_success() => {
                    self.signer.learn_nonce(answer.headers());
                    let at = self.clock.now();
                    let (parts, body) = answer.into_parts();
                    return Ok(Answer { headers: parts.headers, body, at });
                }
                Ok(answer) => {
                    let (headers, body) = (answer.headers(), answer.body());
                    let status = answer.status();
                    let learnt = self.signer.learn_nonce(headers);
                    if is_nonce_demand(status, headers, body) && (learnt || nonces == 0) && nonces < 2 {
                        nonces += 1;
                        continue;
                    }
                    if is_replay(status, headers, body) && replays == 0 {
                        replays += 1;
                        continue;
                    }
                    if status.as_u16() == 401 && !renewed && self.signer.forget(&pass) {
                        renewed = true;
                        continue;
                    }
                    classify(status, headers, body, call.what, || self.note_throttle(call.route, headers))
                }
                Err(problem) => problem,
            };
            let again = match &problem {
                Problem::Throttled { .. } | Problem::NotSent { .. } => true,
                Problem::Unavailable { .. } => {
                    unavailable += 1;
                    is_read && unavailable < call.unavailable_max
                }
                Problem::NoAnswer { .. } => is_read,
                _ => false,
            };
            if !again || attempt >= self.limits.attempts_max {
                return Err(problem);
            }
            if !matches!(problem, Problem::Throttled { .. }) {
                self.back_off(attempt).await;
            }
            attempt += 1;
        }
    }

    fn request(&self, call: &Call<'_>, pass: &crate::token::Pass) -> Result<lanyard_wire::Request, Problem> {
        let body = match call.body {
            Some(value) => Bytes::from(value.to_string()),
            None => Bytes::new(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = call.url.as_str().parse().map_err(|e| Problem::Malformed {
            what: call.what.to_owned(),
            reason: format!("no usable address: {e}"),
        })?;
        let signed = self.signer.sign(pass, &call.method, &call.url, self)?;
        let is_empty_write = call.method != Method::GET && call.body.is_none();
        let headers = request.headers_mut();
        *headers = signed;
        headers.insert(ACCEPT, http::HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
        if is_empty_write {
            // Without it Okta answers 411.
            headers.insert(CONTENT_LENGTH, http::HeaderValue::from_static("0"));
        }
        Ok(request)
    }
}
