//! The Okta stand-in: one [`OktaFace`] per org, a state machine from request values to reply values.
//!
//! It keeps no socket, clock or thread, and draws chance from a seed. Facts follow `docs/contracts/okta.md`; where
//! that page names an assumption (`O-nn`), [`OktaSettings`] has the switch.
//!
//! - [`settings`]: what may vary; [`state`]: what an org holds; [`route`]: paths to operations
//! - [`users`], [`user_list`], [`lifecycle`], [`groups`], [`rules`], [`apps`], [`schema`]: the nouns and their endpoints
//! - [`event`], [`log`], [`hooks`], [`expression`]: what is told, to whom, and when; [`provisioning`]: accounts in a SCIM server
//! - [`auth`], [`limits`], [`dpop`], [`oidc`]: who may call, how often, and sign-in
//! - [`request`], [`errors`], [`paging`], [`search`], [`json`], [`moment`], [`dice`], [`profile`]: the wire's grammar

mod apps;
pub mod auth;
mod command;
pub mod dice;
mod dpop;
mod errors;
pub mod event;
mod expression;
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
mod provisioning;
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

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::Value;

pub(crate) use self::schema::is_address;
use self::{
    auth::Principal,
    errors::{ApiError, ApiResult},
    event::{self as events, Cause, Party},
    hooks::{Finished, Waiting},
    limits::{Standing, Verdict, bucket_of},
    moment::Moment,
    request::{Answer, Call},
    state::{CallCount, Org},
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
        self.org.last_base = None;
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

/// The pattern under which calls of unknown paths are counted.
const UNKNOWN: &str = "(unknown)";

impl OktaFace {
    fn answer(&mut self, request: &Request<Bytes>, now: Moment) -> (Outcome, Waiting) {
        let org = &mut self.org;
        let takes_ms = org.draw(|s| s.answer_time);
        let raw_path = request.uri().path();
        let encoded = raw_path.split('/').filter(|part| !part.is_empty());
        let decoded: Vec<_> = if raw_path.contains('%') {
            encoded.clone().map(request::decode_segment).collect()
        } else {
            Vec::new()
        };
        let segments: Vec<&str> = if decoded.is_empty() {
            encoded.collect()
        } else {
            decoded.iter().map(|part| part.as_ref()).collect()
        };
        let base = org.base_of(request);
        let request_id = org.dice.text(22);
        let mut call = Call {
            method: request.method(),
            headers: request.headers(),
            body: request.body(),
            path: raw_path,
            path_and_query: request.uri().path_and_query().map_or(raw_path, |p| p.as_str()),
            query: request.uri().query().map(request::fields).unwrap_or_default(),
            link_base: org.settings.next_link_base.as_deref().map_or_else(|| base.clone(), Into::into),
            base: base.clone(),
            now,
            request_id: &request_id,
            who: Principal::nobody(),
            cause: org.nobody.clone(),
        };
        let known = route::pattern(&segments);
        let guarded =
            known.is_some() && matches!(segments.as_slice(), ["api", ..] | ["oauth2", "v1", "userinfo"]);
        let allowed = if guarded { org.authenticate(&mut call) } else { Ok(()) };
        // This endpoint refuses in OAuth's form, whatever is wrong with the token.
        let allowed = match (allowed, segments.first()) {
            (Err(refusal), Some(&"oauth2")) if !refusal.oauth => Err(oidc::bad_token()),
            (allowed, _) => allowed,
        };
        let bucket = bucket_of(request.method(), &segments, &org.settings.quotas);
        if let (limits::Bucket::Authorize, Some(app)) = (bucket, call.param("client_id")) {
            call.who.name = org.sign_ins.principal(app).unwrap_or(call.who.name);
        }
        let verdict =
            org.limits.admit(bucket, &call.who.name, &org.settings.quotas, now, takes_ms, &mut org.dice);
        let mut waiting =
            Waiting { standing: Some(verdict.standing()), request_id: String::new(), takes_ms, base };
        org.log_limits(&call, bucket, verdict);
        let throttled = !matches!(verdict, Verdict::Pass { .. });
        let refused = |code| Outcome::Done(Err(ApiError::of(code)));
        let outcome = match (throttled, known, allowed) {
            (true, ..) if segments.first() == Some(&"oauth2") => {
                let mut refusal = ApiError::of("E0000047");
                refusal.summary =
                    "You exceeded the maximum number of requests. Try again in a while.".to_owned();
                Outcome::Done(Err(refusal))
            }
            (true, ..) => refused("E0000047"),
            (false, None, _) => refused("E0000008"),
            (false, _, Err(refusal)) => Outcome::Done(Err(refusal)),
            (false, ..) => match segments.as_slice() {
                ["api", ..] if !call.takes_json() => refused("E0000021"),
                ["api", "v1", "eventHooks", id, "lifecycle", "verify"] if call.method == "POST" => {
                    waiting.request_id.clone_from(&request_id);
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
                [] => refused("E0000008"),
            },
        };
        let failed = matches!(outcome, Outcome::Done(Err(_)));
        org.count(request.method(), known.unwrap_or(UNKNOWN), throttled, failed);
        waiting.request_id = request_id;
        (outcome, waiting)
    }

    /// Adds what every answer has.
    fn seal(&mut self, result: ApiResult<Answer>, waiting: Waiting, now: Moment) -> Reply {
        let org = &mut self.org;
        let skew = org.settings.clock_skew_ms;
        let answer = result.unwrap_or_else(|refusal| {
            let error_id = format!("oae{}", org.dice.text(22));
            Answer {
                status: refusal.status,
                body: refusal.body(&error_id),
                content_type: if refusal.bodiless { "" } else { "application/json" },
                headers: refusal.headers,
            }
        });
        let throttled = answer.status == StatusCode::TOO_MANY_REQUESTS;
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_maybe_shared(Bytes::from(waiting.request_id)) {
            headers.insert(X_OKTA_REQUEST_ID, id);
        }
        headers.insert(header::DATE, org.date_header(now.plus_ms(skew)));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, no-store"));
        let unknown = Standing { limit: 0, remaining: 0, reset: now.seconds() + 60 };
        let standing = waiting.standing.unwrap_or(unknown);
        if standing.limit > 0 || throttled {
            let reset = u64::try_from(standing.reset + skew / 1000).unwrap_or_default();
            for (name, value) in [
                (X_RATE_LIMIT_LIMIT, standing.limit),
                (X_RATE_LIMIT_REMAINING, standing.remaining),
                (X_RATE_LIMIT_RESET, reset),
            ] {
                if org.settings.bogus_headers {
                    headers.append(name.clone(), HeaderValue::from_static("undefined"));
                }
                if org.settings.doubled_headers {
                    headers.append(name.clone(), HeaderValue::from(value));
                }
                headers.append(name, HeaderValue::from(value));
            }
        }
        let delay = std::time::Duration::from_millis(waiting.takes_ms.max(0) as u64);
        Reply { response, delay, ending: Ending::Whole }
    }
}

const X_OKTA_REQUEST_ID: HeaderName = HeaderName::from_static("x-okta-request-id");
const X_RATE_LIMIT_LIMIT: HeaderName = HeaderName::from_static("x-rate-limit-limit");
const X_RATE_LIMIT_REMAINING: HeaderName = HeaderName::from_static("x-rate-limit-remaining");
const X_RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-rate-limit-reset");

impl Org {
    fn count(&mut self, method: &Method, pattern: &'static str, throttled: bool, refused: bool) {
        let by_method = self.calls.entry(pattern).or_default();
        let place = by_method.iter().position(|(known, _)| known == method).unwrap_or_else(|| {
            by_method.push((method.clone(), CallCount::default()));
            by_method.len() - 1
        });
        let count = &mut by_method[place].1;
        match (throttled, refused) {
            (true, _) => count.throttled += 1,
            (false, true) => count.refused += 1,
            (false, false) => count.accepted += 1,
        }
    }

    /// Scheme and host as the caller used them. The same caller mostly says the same, so the last one is kept.
    fn base_of(&mut self, request: &Request<Bytes>) -> Arc<str> {
        let host = request.headers().get(header::HOST).map(HeaderValue::as_bytes).unwrap_or_default();
        let told = request.headers().contains_key("x-forwarded-proto") || request.uri().scheme().is_some();
        if let Some((known, base)) = &self.last_base
            && !told
            && known.as_bytes() == host
        {
            return base.clone();
        }
        let scheme = self.settings.scheme.as_deref();
        let base: Arc<str> = request::base_of(request, scheme, &self.settings.host).into();
        if let (false, Ok(host)) = (told, std::str::from_utf8(host)) {
            self.last_base = Some((host.into(), base.clone()));
        }
        base
    }

    /// `Date` of a moment; made once a second.
    fn date_header(&mut self, at: Moment) -> HeaderValue {
        let second = at.seconds();
        if let Some((known, value)) = &self.last_date
            && *known == second
        {
            return value.clone();
        }
        let value = HeaderValue::try_from(at.http_date()).unwrap_or_else(|_| HeaderValue::from_static(""));
        self.last_date = Some((second, value.clone()));
        value
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
        let cause = Cause::system(call.request_id.to_owned());
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

    fn in_flight(&mut self, others: u32) {
        self.org.limits.others_in_flight = others.into();
    }

    fn needs_length(&self) -> bool {
        self.org.settings.length_required
    }

    fn turned_away(&mut self, status: StatusCode, now: Timestamp) -> Response<Bytes> {
        let now = Moment::of(now);
        self.org.run_until(now);
        let request_id = self.org.dice.text(22);
        let waiting = Waiting { standing: None, request_id, takes_ms: 0, base: "".into() };
        self.seal(Ok(Answer::empty(status)), waiting, now).response
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
            Inspect::Journal => self.org.journal.to_value(0, usize::MAX),
            Inspect::JournalAfter { seq, limit } => self.org.journal.to_value(seq, limit),
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
