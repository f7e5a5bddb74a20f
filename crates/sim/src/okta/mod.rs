//! The Okta stand-in: one [`OktaFace`] per org, a state machine from request values to reply values.
//!
//! It keeps no socket, clock or thread, and draws chance from a seed. Facts follow `docs/contracts/okta.md`; where
//! that page names an assumption (`O-nn`), [`OktaSettings`] has the switch.
//!
//! - [`settings`]: what may vary; [`state`]: what an org holds; [`route`]: paths to operations
//! - [`users`], [`lifecycle`], [`groups`], [`rules`], [`apps`], [`schema`]: the nouns and their endpoints
//! - [`event`], [`log`], [`hooks`]: what is told, to whom, and when
//! - [`auth`], [`limits`], [`dpop`], [`oidc`]: who may call, how often, and sign-in
//! - [`request`], [`errors`], [`paging`], [`search`], [`json`], [`moment`], [`dice`], [`profile`]: the wire's grammar

pub mod apps;
pub mod auth;
pub mod dice;
mod dpop;
mod errors;
pub mod event;
mod groups;
mod hooks;
mod json;
mod lifecycle;
mod limits;
mod log;
mod moment;
mod oidc;
mod paging;
pub mod profile;
mod request;
mod route;
mod rules;
mod schema;
mod search;
pub mod settings;
mod state;
mod users;

use bytes::Bytes;
use http::{Method, Request, Response};
use jiff::Timestamp;
use serde_json::Value;

use self::{
    auth::{Principal, Role},
    errors::{ApiError, ApiResult},
    event::{self as events, Cause, Party},
    limits::{Standing, Verdict, bucket_of},
    moment::Moment,
    request::{Answer, Call},
    state::Org,
};
use crate::face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply};

pub use self::settings::OktaSettings;

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

    /// Lets `Authorization: SSWS {secret}` in, with an admin's full reach.
    pub fn add_api_token(&mut self, secret: &str, name: &str) {
        self.org.add_api_token(secret, name, None, Role::Super);
    }
}

/// What came of a request, before the headers that every answer has.
enum Outcome {
    Done(ApiResult<Answer>),
}

impl OktaFace {
    fn answer(&mut self, request: &Request<Bytes>, now: Moment) -> (Outcome, Option<Standing>, String, i64) {
        let org = &mut self.org;
        let request_id = org.dice.text(22);
        let takes_ms = org.draw(|s| s.answer_time);
        let raw_path = request.uri().path();
        let decoded: Vec<_> =
            raw_path.split('/').filter(|part| !part.is_empty()).map(request::decode_segment).collect();
        let segments: Vec<&str> = decoded.iter().map(|part| part.as_ref()).collect();
        let base = request::base_of(request, org.settings.scheme.as_deref(), &org.settings.host);
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
            request_id: request_id.clone(),
            who: Principal::nobody(),
            cause: Cause::system(String::new()),
        };
        let Some(pattern) = route::pattern(&segments) else {
            return (Outcome::Done(Err(ApiError::of("E0000008"))), None, request_id, takes_ms);
        };
        let label = format!("{} {pattern}", request.method());
        let api = segments.first() == Some(&"api");
        let allowed = if api { org.authenticate(&mut call) } else { Ok(()) };
        let bucket = bucket_of(request.method(), &segments, &org.settings.quotas);
        let verdict =
            org.limits.admit(bucket, &call.who.name, &org.settings.quotas, now, takes_ms, &mut org.dice);
        let standing = Some(verdict.standing());
        org.log_limits(&call, bucket, verdict);
        let outcome = match (verdict, allowed) {
            (Verdict::Quota { .. } | Verdict::Concurrency { .. }, _) => {
                org.calls.entry(label).or_default().throttled += 1;
                return (Outcome::Done(Err(ApiError::of("E0000047"))), standing, request_id, takes_ms);
            }
            (Verdict::Pass { .. }, Err(refusal)) => Outcome::Done(Err(refusal)),
            (Verdict::Pass { .. }, Ok(())) => match segments.as_slice() {
                ["api", "v1", rest @ ..] => Outcome::Done(org.dispatch(&call, rest)),
                [".well-known", "okta-organization"] if *call.method == Method::GET => {
                    Outcome::Done(Ok(org.organization(&call)))
                }
                _ => Outcome::Done(Err(ApiError::of("E0000022"))),
            },
        };
        let count = org.calls.entry(label).or_default();
        match &outcome {
            Outcome::Done(Err(_)) => count.refused += 1,
            _ => count.accepted += 1,
        }
        (outcome, standing, request_id, takes_ms)
    }

    /// Adds what every answer has.
    fn seal(
        &mut self,
        result: ApiResult<Answer>,
        standing: Option<Standing>,
        request_id: String,
        now: Moment,
        takes_ms: i64,
    ) -> Reply {
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
        answer.headers.push(("x-okta-request-id", request_id));
        answer.headers.push(("date", now.plus_ms(skew).http_date()));
        answer.headers.push(("cache-control", "no-cache, no-store".to_owned()));
        let standing = standing.unwrap_or(Standing { limit: 0, remaining: 0, reset: now.seconds() + 60 });
        if standing.limit > 0 || answer.status == http::StatusCode::TOO_MANY_REQUESTS {
            let times = if self.org.settings.doubled_headers { 2 } else { 1 };
            for _ in 0..times {
                answer.headers.push(("x-rate-limit-limit", standing.limit.to_string()));
                answer.headers.push(("x-rate-limit-remaining", standing.remaining.to_string()));
                answer.headers.push(("x-rate-limit-reset", (standing.reset + skew / 1000).to_string()));
            }
        }
        let delay = std::time::Duration::from_millis(takes_ms.max(0) as u64);
        Reply { response: answer.into_response(), delay, ending: Ending::Whole }
    }
}

impl Org {
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
    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled {
        let now = Moment::of(now);
        self.org.run_until(now);
        let (outcome, standing, request_id, takes_ms) = self.answer(&request, now);
        self.org.run_until(now);
        match outcome {
            Outcome::Done(result) => Handled::Reply(self.seal(result, standing, request_id, now, takes_ms)),
        }
    }

    fn advance(&mut self, now: Timestamp) -> Vec<Outgoing> {
        self.org.run_until(Moment::of(now));
        std::mem::take(&mut self.org.hooks.outbox)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.org.next_due().map(Moment::timestamp)
    }

    fn outgoing_done(&mut self, _token: u64, _outcome: OutgoingOutcome, _now: Timestamp) -> Option<Handled> {
        None
    }

    fn inspect(&self, _what: Inspect) -> Value {
        Value::Null
    }

    fn command(&mut self, _command: &Value, _now: Timestamp) -> Result<Value, String> {
        Err("unknown command".to_owned())
    }
}

#[allow(dead_code)]
type Wire = Response<Bytes>;
