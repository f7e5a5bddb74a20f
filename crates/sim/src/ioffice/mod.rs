//! One iOffice site: users, permissions, places, categories, rules, reservations, visitors and moves, spoken through
//! the REST contract, with a journal of every accepted write.
//!
//! The wire facts and the assumptions (`A-nn`) are those of the iOffice contract; what is silent there is a field of
//! [`IofficeSettings`]. Nothing here reads a clock, opens a socket or starts a thread: time comes with each request.
//!
//! - `wire`, `selector`, `list`, `routes`, `call`: the protocol
//! - `noun`, `doc`, `table`, `state`, `view`: what is held and how it is shown
//! - one file or folder per noun; `seed` and `command` for the first state and for hand edits

mod auth;
mod call;
mod categories;
mod centers;
mod command;
mod doc;
mod journal;
mod list;
mod load;
mod moves;
mod neighborhoods;
mod noun;
mod places;
mod records;
mod reservations;
mod routes;
mod rules;
mod seed;
mod selector;
mod settings;
mod state;
mod table;
mod users;
mod view;
mod visitors;
mod wire;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, header};
use jiff::Timestamp;
use serde_json::Value;

use self::{
    call::Call,
    journal::{Calls, Origin},
    list::ListCache,
    load::Load,
    routes::{Evidence, Found},
    state::State,
    wire::{Outcome, Query, Refusal},
};
use crate::{
    face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply},
    journal::Journal,
};

pub use self::settings::{
    Absent, Cascade, DuplicateEmail, InactiveById, IofficeSettings, OauthClient, OverLimit, PermissionsPut,
    SeatCheck, SilentWrite, Unknown, UnprivilegedList, UserDelete,
};

pub(crate) const API: &str = "/external/api/rest/v2/";
const OAUTH: &str = "/external/api/oauth2/";
const LOGIN: &str = "/login.html";
const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;
/// How often, in requests, expired codes and tokens are forgotten.
const FORGET_EVERY: u64 = 4096;

/// A stand-in for one iOffice site.
#[derive(Debug)]
pub struct IofficeFace {
    settings: IofficeSettings,
    state: State,
    journal: Journal,
    calls: Calls,
    load: Load,
    cache: ListCache,
    requests: u64,
}

impl IofficeFace {
    /// The settings in force.
    pub fn settings(&self) -> &IofficeSettings {
        &self.settings
    }

    /// Replaces the settings. Records stay; the service account keeps its name and password.
    pub fn set_settings(&mut self, settings: IofficeSettings) {
        self.settings = settings;
        self.state.generation += 1;
    }

    fn answer(&mut self, request: &Request<Bytes>, now: i64) -> Response<Bytes> {
        let method = request.method().as_str();
        let path = request.uri().path();
        let admitted = self.load.admit(&self.settings, now);
        self.requests += 1;
        if self.requests.is_multiple_of(FORGET_EVERY) {
            self.state.grants.forget(now);
        }
        let trimmed = path.trim_end_matches('/');
        let (pattern, visitor_service, outcome) = if let Some(rest) = path.strip_prefix(API) {
            let segments = segments(rest);
            let visitor_service = segments.first().is_some_and(|first| first == "visitors");
            let found = routes::find(method, &segments);
            let pattern = match &found {
                Found::Route(route, _) => route.pattern,
                Found::OtherVerb(pattern) => pattern,
                Found::Nothing => "(unknown)",
            };
            let outcome = if admitted { self.api(request, found, now) } else { Err(Refusal::throttled()) };
            (pattern, visitor_service, outcome)
        } else if !admitted {
            ("(sign-in)", false, Err(Refusal::throttled()))
        } else if let Some(action) = trimmed.strip_prefix(OAUTH) {
            (OAUTH, false, self.oauth(request, action, now))
        } else if trimmed == LOGIN {
            (LOGIN, false, self.login(request, now))
        } else {
            ("(unknown)", false, Err(Refusal::not_found("resource")))
        };
        let mut response = match outcome {
            Ok(answer) => answer.response(),
            Err(refusal) => refusal.response(visitor_service),
        };
        if !admitted && self.settings.retry_after {
            let wait = self.load.wait_seconds(&self.settings);
            response.headers_mut().insert(header::RETRY_AFTER, wait.into());
        }
        self.calls.count(method, pattern, response.status().as_u16());
        response
    }

    fn oauth(&mut self, request: &Request<Bytes>, action: &str, now: i64) -> Outcome {
        let headers = request.headers();
        match (request.method().as_str(), action) {
            ("POST", "token") => auth::token(&mut self.state, &self.settings, headers, now),
            ("GET", "tokeninfo") => auth::token_info(&self.state, headers, now),
            ("GET", "revoke") => auth::revoke(&mut self.state, headers),
            (_, "token" | "tokeninfo" | "revoke") => Err(Refusal::bad_method()),
            _ => Err(Refusal::not_found("resource")),
        }
    }

    fn login(&mut self, request: &Request<Bytes>, now: i64) -> Outcome {
        let query = Query::parse(request.uri().query().unwrap_or_default());
        let form = match request.method().as_str() {
            "GET" => None,
            "POST" => Some(&request.body()[..]),
            _ => return Err(Refusal::bad_method()),
        };
        auth::login(&mut self.state, &self.settings, &query, request.headers(), form, now)
    }

    fn api(&mut self, request: &Request<Bytes>, found: Found, now: i64) -> Outcome {
        let caller = auth::caller(&self.state, &self.settings, request.headers(), now)?;
        let (route, args) = match found {
            Found::Route(route, _) if self.settings.published_only && route.evidence == Evidence::Assumed => {
                return Err(Refusal::not_found("resource"));
            }
            Found::Route(route, args) => (route, args),
            Found::OtherVerb(_) => return Err(Refusal::bad_method()),
            Found::Nothing => return Err(Refusal::not_found("resource")),
        };
        let body = body(request)?;
        let mut call = Call {
            origin: Origin {
                at: now,
                caller,
                caller_name: self
                    .state
                    .users
                    .get(caller)
                    .map(|user| user.text("userName").to_owned())
                    .unwrap_or_default(),
                method: request.method().to_string(),
                path: request.uri().path().to_owned(),
            },
            query: Query::parse(request.uri().query().unwrap_or_default()),
            args,
            body,
            count_only: route.is_count(),
            state: &mut self.state,
            settings: &self.settings,
            journal: &mut self.journal,
            cache: &mut self.cache,
        };
        // A write whose reply a bad selector would refuse must not happen.
        if call.query.text("selector").is_some_and(|text| selector::Selector::parse(text).is_err()) {
            return Err(Refusal::invalid("selector is malformed"));
        }
        // Lists check their own filters; here everything that is not a plain list.
        if route.method != "GET" || route.pattern.contains("{}") {
            call.check_parameters(&["page"])?;
        }
        (route.handler)(&mut call)
    }
}

/// Decoded path segments, without the empty ones of trailing slashes.
fn segments(rest: &str) -> Vec<String> {
    rest.split('/').filter(|segment| !segment.is_empty()).map(decode).collect()
}

fn decode(segment: &str) -> String {
    if !segment.contains('%') {
        return segment.to_owned();
    }
    // Form decoding with the plus sign protected: in a path it stands for itself.
    let pair = format!("x={}", segment.replace('+', "%2B").replace('&', "%26").replace('=', "%3D"));
    Query::parse(&pair).get("x").unwrap_or_default().to_owned()
}

fn body(request: &Request<Bytes>) -> Result<Option<Value>, Refusal> {
    let bytes = request.body();
    if bytes.is_empty() || request.method() == http::Method::GET {
        return Ok(None);
    }
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refusal::bad_type());
    }
    if bytes.len() > BODY_BYTES_MAX {
        return Err(Refusal::invalid("the body is too large"));
    }
    serde_json::from_slice(bytes).map(Some).map_err(|_| Refusal::invalid("the body is not JSON"))
}

impl Face for IofficeFace {
    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled {
        let response = self.answer(&request, now.as_millisecond());
        let delay = Duration::from_millis(self.settings.reply_millis);
        Handled::Reply(Reply { response, delay, ending: Ending::Whole })
    }

    fn in_flight(&mut self, others: u32) {
        self.load.tell(others);
    }

    /// Nothing happens here by itself: no webhooks are published, and tokens expire by comparison.
    fn advance(&mut self, _: Timestamp) -> Vec<Outgoing> {
        Vec::new()
    }

    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn outgoing_done(&mut self, _: u64, _: OutgoingOutcome, _: Timestamp) -> Option<Handled> {
        None
    }

    fn inspect(&self, what: Inspect) -> Value {
        match what {
            Inspect::State => command::dump(&self.state, &self.settings),
            Inspect::Journal => self.journal.to_value(0, usize::MAX),
            Inspect::JournalAfter { seq, limit } => self.journal.to_value(seq, limit),
            Inspect::Calls => self.calls.to_value(),
        }
    }

    fn command(&mut self, command: &Value, now: Timestamp) -> Result<Value, String> {
        self.run(command, now.as_millisecond())
    }
}
