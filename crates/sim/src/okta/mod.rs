//! The Okta stand-in: one [`OktaFace`] per org, a state machine from request values to reply values.
//!
//! It keeps no socket, clock or thread, and draws chance from a seed. Facts follow `docs/contracts/okta.md`; where
//! that page names an assumption (`O-nn`), [`OktaSettings`] has the switch.
//!
//! - [`settings`]: what may vary; [`state`]: what an org holds; [`route`]: paths to operations
//! - [`users`], [`user_list`], [`lifecycle`], [`groups`], [`rules`], [`apps`], [`schema`]: the nouns and their endpoints
//! - [`event`], [`log`], [`hooks`]: what is told, to whom, and when
//! - [`auth`], [`limits`], [`dpop`], [`oidc`]: who may call, how often, and sign-in
//! - [`request`], [`errors`], [`paging`], [`search`], [`json`], [`moment`], [`dice`], [`profile`]: the wire's grammar

mod apps;
pub mod auth;
mod command;
pub mod dice;
mod dpop;
mod errors;
pub mod event;
mod groups;
mod hooks;
mod inspect;
mod json;
pub mod keys;
mod lifecycle;
mod limits;
mod log;
mod moment;
mod oauth;
pub mod oidc;
mod paging;
mod preset;
mod principals;
mod profile;
mod request;
mod route;
mod rules;
mod schema;
mod search;
mod seed;
pub mod settings;
mod state;
mod user_list;
mod users;

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use self::{
    auth::Principal,
    errors::{ApiError, ApiResult},
    event::{self as events, Cause, Party},
    hooks::{Finished, Waiting},
    limits::{Standing, Verdict, bucket_of},
    moment::Moment,
    request::{Answer, Call},
    state::Org,
};
pub use self::{
    auth::{Role, ServiceApp},
    dice::Oid,
    keys::{KeyKind, KeyPair},
    oidc::OidcApp,
    settings::{OktaSettings, Quotas, Spread},
};
use crate::{
    face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply},
    world,
};

/// One stand-in Okta org.
#[derive(Debug)]
pub struct OktaFace {
    org: Org,
}

impl OktaFace {
    /// An org without people, with its `Everyone` group and default user type.
    pub fn empty(settings: OktaSettings) -> Self {
        Self { org: Org::new(settings) }
    }

    /// One org of a generated company at `now`. An empty `settings.host` becomes `{subdomain}.okta.com`.
    pub fn from_world(settings: OktaSettings, company: &world::Org, now: Timestamp) -> Self {
        Self { org: Org::from_world(settings, company, now) }
    }

    pub fn settings(&self) -> &OktaSettings {
        &self.org.settings
    }

    /// Scheme and host under which the org is known: where its hooks say they come from.
    pub fn base(&self) -> String {
        self.org.public_base()
    }

    /// The scheme and host under which the org is reached, once the host knows its port.
    pub fn reached_at(&mut self, scheme: &str, host: &str) {
        self.org.settings.scheme = Some(scheme.to_owned());
        self.org.settings.host = host.to_owned();
    }

    /// Lets `Authorization: SSWS {secret}` in. `owner` is a login or id: the token dies with that admin's account.
    pub fn add_api_token(&mut self, secret: &str, name: &str, owner: Option<&str>, role: Role) -> Oid {
        let owner = owner.and_then(|name| self.org.find_user(name));
        self.org.add_api_token(secret, name, owner, role)
    }

    /// Registers a service app (client credentials) with its public keys; an empty `client_id` is filled in.
    /// Returns the client id.
    pub fn add_service_app(&mut self, app: ServiceApp) -> String {
        self.org.add_service_app(app)
    }

    /// Registers a web app for sign-in; an empty `client_id` is filled in. Returns the client id.
    pub fn add_oidc_app(&mut self, mut app: OidcApp) -> String {
        if app.client_id.is_empty() {
            app.client_id = self.org.fresh_id("0oa").to_string();
        }
        let id = app.client_id.clone();
        self.org.sign_ins.apps.push(app);
        id
    }

    /// The key that signs ID tokens; without this call one is made when first needed.
    pub fn set_signing_key(&mut self, pair: KeyPair) {
        self.org.sign_ins.set_signing(pair);
    }

    /// Adds a custom attribute (a JSON schema fragment with `title` and `type`) to a user type by name, or to the
    /// default one.
    pub fn define_attribute(&mut self, user_type: Option<&str>, name: &str, definition: Value) {
        let named = |wanted: &str| self.org.types.iter().position(|kind| kind.name == wanted);
        let place = user_type.and_then(named).unwrap_or(0);
        self.org.define_attribute(place, name, definition);
    }

    /// Adds a user type with the default type's custom attributes; returns its id.
    pub fn add_user_type(&mut self, name: &str, display_name: &str) -> Oid {
        let place = self.org.add_type(name, display_name, display_name);
        self.org.types[place].id
    }

    /// Attributes of the default type that another source masters: API writes to them answer 403 E0000023.
    pub fn master_elsewhere(&mut self, attributes: &[&str]) {
        self.org.user_schemas[0].mastered = attributes.iter().map(|name| (*name).to_owned()).collect();
    }

    /// Adds a group that an import owns; its members change by command only. Returns its id.
    pub fn add_imported_group(&mut self, name: &str) -> Oid {
        let key = self.org.insert_group(name, None, state::GroupType::App);
        self.org.groups[key as usize].as_ref().map_or(self.org.id, |group| group.head.id)
    }

    /// Adds an app people can be assigned to; returns its id.
    pub fn add_app(&mut self, name: &str, label: &str) -> Oid {
        let place = self.org.add_app(name, label, true);
        self.org.apps[place].id
    }

    /// Every visible event of the log: type and target ids, oldest first. For tests.
    pub fn log_summary(&self) -> Vec<String> {
        let line = |event: &event::LogEvent| {
            let targets: Vec<&str> =
                event.targets.iter().map(|target| target.alternate_id.as_str()).collect();
            format!("{} {}", event.kind.name, targets.join(" ")).trim_end().to_owned()
        };
        self.org.log.events().map(line).collect()
    }
}

/// What came of a request, before the headers that every answer has.
enum Outcome {
    Done(ApiResult<Answer>),
    /// The host must make this request first.
    After(Outgoing),
}

impl OktaFace {
    fn answer(&mut self, request: &Request<Bytes>, now: Moment) -> (Outcome, Waiting) {
        let org = &mut self.org;
        let takes_ms = org.draw(|s| s.answer_time);
        let raw_path = request.uri().path();
        let decoded: Vec<_> =
            raw_path.split('/').filter(|part| !part.is_empty()).map(request::decode_segment).collect();
        let segments: Vec<&str> = decoded.iter().map(|part| part.as_ref()).collect();
        let base = request::base_of(request, org.settings.scheme.as_deref(), &org.settings.host);
        let mut waiting =
            Waiting { standing: None, request_id: org.dice.text(22), takes_ms, base: base.clone() };
        let mut call = Call {
            method: request.method(),
            headers: request.headers(),
            body: request.body(),
            path: raw_path.to_owned(),
            path_and_query: request.uri().path_and_query().map_or(raw_path, |p| p.as_str()).to_owned(),
            query: request.uri().query().map(request::fields).unwrap_or_default(),
            link_base: org.settings.next_link_base.clone().unwrap_or_else(|| base.clone()),
            base,
            now,
            request_id: waiting.request_id.clone(),
            who: Principal::nobody(),
            cause: Cause::system(String::new()),
        };
        let Some(pattern) = route::pattern(&segments) else {
            return (Outcome::Done(Err(ApiError::of("E0000008"))), waiting);
        };
        let guarded = matches!(segments.as_slice(), ["api", ..] | ["oauth2", "v1", "userinfo"]);
        let allowed = if guarded { org.authenticate(&mut call) } else { Ok(()) };
        let bucket = bucket_of(request.method(), &segments, &org.settings.quotas);
        let verdict =
            org.limits.admit(bucket, &call.who.name, &org.settings.quotas, now, takes_ms, &mut org.dice);
        waiting.standing = Some(verdict.standing());
        org.log_limits(&call, bucket, verdict);
        let throttled = !matches!(verdict, Verdict::Pass { .. });
        let outcome = match (throttled, allowed) {
            (true, _) => Outcome::Done(Err(ApiError::of("E0000047"))),
            (false, Err(refusal)) => Outcome::Done(Err(refusal)),
            (false, Ok(())) => match segments.as_slice() {
                ["api", "v1", "eventHooks", id, "lifecycle", "verify"] if call.method == "POST" => {
                    let permitted = org.permit(&call, &segments[2..]);
                    match permitted.and_then(|()| org.begin_verification(&call, id, waiting.clone())) {
                        Ok(outgoing) => Outcome::After(outgoing),
                        Err(refusal) => Outcome::Done(Err(refusal)),
                    }
                }
                ["api", "v1", rest @ ..] => Outcome::Done(org.dispatch(&call, rest)),
                [".well-known", "okta-organization"] if call.method == "GET" => {
                    Outcome::Done(Ok(org.organization(&call)))
                }
                [.., name] => Outcome::Done(org.sign_in_dispatch(&call, name)),
                [] => Outcome::Done(Err(ApiError::of("E0000008"))),
            },
        };
        org.count(request.method().as_str(), pattern, throttled, matches!(outcome, Outcome::Done(Err(_))));
        (outcome, waiting)
    }

    /// Adds what every answer has.
    fn seal(&mut self, result: ApiResult<Answer>, waiting: Waiting, now: Moment) -> Reply {
        let skew = self.org.settings.clock_skew_ms;
        let mut answer = result.unwrap_or_else(|refusal| {
            let error_id = format!("oae{}", self.org.dice.text(22));
            Answer {
                status: refusal.status,
                body: refusal.body(&error_id),
                content_type: "application/json",
                headers: refusal.headers,
            }
        });
        answer.headers.push(("x-okta-request-id", waiting.request_id));
        answer.headers.push(("date", now.plus_ms(skew).http_date()));
        if !answer.headers.iter().any(|(name, _)| *name == "cache-control") {
            answer.headers.push(("cache-control", "no-cache, no-store".to_owned()));
        }
        let unknown = Standing { limit: 0, remaining: 0, reset: now.seconds() + 60 };
        let standing = waiting.standing.unwrap_or(unknown);
        if standing.limit > 0 || answer.status == StatusCode::TOO_MANY_REQUESTS {
            let times = if self.org.settings.doubled_headers { 2 } else { 1 };
            for _ in 0..times {
                answer.headers.push(("x-rate-limit-limit", standing.limit.to_string()));
                answer.headers.push(("x-rate-limit-remaining", standing.remaining.to_string()));
                answer.headers.push(("x-rate-limit-reset", (standing.reset + skew / 1000).to_string()));
            }
        }
        let delay = std::time::Duration::from_millis(waiting.takes_ms.max(0) as u64);
        Reply { response: answer.into_response(), delay, ending: Ending::Whole }
    }
}

impl Org {
    fn count(&mut self, method: &str, pattern: &'static str, throttled: bool, refused: bool) {
        // Looked up without building the label: this is on every request's path.
        let known = self.calls.iter_mut().find(|(label, _)| {
            label.strip_prefix(method).is_some_and(|rest| rest.strip_prefix(' ') == Some(pattern))
        });
        let count = match known {
            Some((_, count)) => count,
            None => self.calls.entry(format!("{method} {pattern}")).or_default(),
        };
        match (throttled, refused) {
            (true, _) => count.throttled += 1,
            (false, true) => count.refused += 1,
            (false, false) => count.accepted += 1,
        }
    }

    fn log_limits(&mut self, call: &Call<'_>, bucket: limits::Bucket, verdict: Verdict) {
        let kind = match verdict {
            Verdict::Pass { warn: true, .. } => &events::RATE_WARNING,
            Verdict::Quota { first: true, .. } => &events::RATE_VIOLATION,
            Verdict::Concurrency { first: true, .. } => &events::CONCURRENCY_VIOLATION,
            _ => return,
        };
        let target = Party {
            id: bucket.label().to_owned(),
            kind: "URL Pattern",
            alternate_id: bucket.label().to_owned(),
            display_name: bucket.label().to_owned(),
        };
        let cause = Cause::system(call.request_id.clone());
        self.emit(kind, &cause, vec![target], vec![("principal", call.who.name.to_string())]);
    }
}

impl Face for OktaFace {
    fn served_at(&mut self, scheme: &str, authority: &str) {
        self.reached_at(scheme, authority);
    }

    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled {
        let now = Moment::of(now);
        self.org.run_until(now);
        let (outcome, waiting) = self.answer(&request, now);
        self.org.run_until(now);
        match outcome {
            Outcome::Done(result) => Handled::Reply(self.seal(result, waiting, now)),
            Outcome::After(outgoing) => Handled::After(outgoing),
        }
    }

    fn advance(&mut self, now: Timestamp) -> Vec<Outgoing> {
        self.org.run_until(Moment::of(now));
        std::mem::take(&mut self.org.hooks.outbox)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.org.next_due().map(Moment::timestamp)
    }

    fn outgoing_done(&mut self, token: u64, outcome: OutgoingOutcome, now: Timestamp) -> Option<Handled> {
        let now = Moment::of(now);
        self.org.run_until(now);
        let finished = self.org.outgoing_finished(token, &outcome);
        self.org.run_until(now);
        match finished {
            Finished::Nothing => None,
            Finished::Again(outgoing) => Some(Handled::After(outgoing)),
            Finished::Answer(result, waiting) => Some(Handled::Reply(self.seal(result, waiting, now))),
        }
    }

    fn inspect(&self, what: Inspect) -> Value {
        match what {
            Inspect::State => self.org.inspect_state(),
            Inspect::Journal => self.org.inspect_journal(),
            Inspect::Calls => self.org.inspect_calls(),
        }
    }

    fn command(&mut self, command: &Value, now: Timestamp) -> Result<Value, String> {
        let now = Moment::of(now);
        self.org.run_until(now);
        let done = self.org.command(command);
        self.org.run_until(now);
        done
    }
}
