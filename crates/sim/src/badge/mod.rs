//! A stand-in badge system: who may enter which area, told by whoever manages access, in one of three ways.
//!
//! It is no vendor's: real ones differ, and a site's integrator maps them. It speaks the three forms that a
//! physical-access feed may take, keeps one table of rights, and says what it did in a journal of its own.
//!
//! | way | call | acknowledged by |
//! |---|---|---|
//! | signed webhook ([Standard Webhooks](https://www.standardwebhooks.com)) | `POST /webhook` | 200 with what was applied |
//! | SCIM 2.0 group push: a group is an area, its members may enter | `/scim/v2/Users`, `/scim/v2/Groups` | SCIM's own answers |
//! | CSV drop: a whole list, which replaces all rights that came by CSV | `PUT /drop/NAME.csv`, or a file in the watched folder | `GET /drop/NAME.ack`, or the file `NAME.ack` |
//!
//! [`webhook`] has the messages, [`csv`] the columns. Everything may arrive twice: a repeated message changes nothing
//! and is acknowledged again. Refusals, slowness and lost acknowledgements are fault rules with `target = "badge"`.

mod command;
mod csv;
mod rights;
mod scim;
mod webhook;

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use self::{rights::Rights, scim::Directory};
use crate::face::{Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply};

pub use self::csv::COLUMNS as CSV_COLUMNS;

/// How the badge system is told apart from others, and whom it believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadgeSettings {
    /// `whsec_` and Base64, as Standard Webhooks writes secrets.
    pub webhook_secret: String,
    /// For SCIM and the drop: `Authorization: Bearer …`.
    pub token: String,
    /// How far a webhook's timestamp may be off, seconds.
    pub tolerance_seconds: i64,
    /// Changes kept for inspection, 0 for all; with a bound, the journal says how many are gone.
    pub journal_max: usize,
}

impl BadgeSettings {
    /// Settings with a secret made of `key`.
    pub fn with_key(key: &[u8], token: &str) -> Self {
        Self {
            webhook_secret: format!("whsec_{}", STANDARD.encode(key)),
            token: token.to_owned(),
            tolerance_seconds: 300,
            journal_max: 0,
        }
    }
}

/// One stand-in badge system.
#[derive(Debug)]
pub struct BadgeFace {
    settings: BadgeSettings,
    rights: Rights,
    directory: Directory,
    /// Webhook ids already applied, with their answers. Bounded: the oldest are forgotten.
    seen: Vec<(String, Value)>,
    acknowledgements: BTreeMap<String, Value>,
    calls: BTreeMap<String, [u64; 2]>,
}

/// An answer under way.
type Outcome = Result<(u16, Value), Refusal>;

/// A refusal: status, and a sentence.
#[derive(Debug)]
struct Refusal(u16, String);

fn refuse<T>(status: u16, why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal(status, why.into()))
}

/// Drops whose acknowledgement is remembered.
const DROPS_MAX: usize = 1_000;

impl BadgeFace {
    pub fn new(settings: BadgeSettings) -> Self {
        Self {
            rights: Rights::keeping(settings.journal_max),
            settings,
            directory: Directory::default(),
            seen: Vec::new(),
            acknowledgements: BTreeMap::new(),
            calls: BTreeMap::new(),
        }
    }

    pub fn settings(&self) -> &BadgeSettings {
        &self.settings
    }

    /// Takes a list as if it had been dropped under this name; the acknowledgement.
    pub fn drop_csv(&mut self, name: &str, text: &[u8], now: Timestamp) -> Value {
        let told = csv::apply(self, name, text, now);
        if self.acknowledgements.len() >= DROPS_MAX {
            self.acknowledgements.pop_first();
        }
        self.acknowledgements.insert(name.to_owned(), told.clone());
        told
    }

    fn answer(&mut self, request: &Request<Bytes>, now: Timestamp) -> (String, bool, Outcome) {
        let method = request.method().as_str();
        let segments: Vec<&str> = request.uri().path().split('/').filter(|part| !part.is_empty()).collect();
        let pattern = match segments.as_slice() {
            ["webhook"] => "/webhook",
            ["drop", _] => "/drop/{name}",
            ["scim", "v2", "Users" | "Groups"] | ["scim", "v2", "Users" | "Groups", _] => "/scim/v2",
            _ => return (format!("{method} (unknown)"), false, refuse(404, "there is no such path")),
        };
        let scim = pattern == "/scim/v2";
        let label = match segments.as_slice() {
            ["scim", "v2", kind] => format!("{method} /scim/v2/{kind}"),
            ["scim", "v2", kind, _] => format!("{method} /scim/v2/{kind}/{{id}}"),
            _ => format!("{method} {pattern}"),
        };
        let outcome = match (method, segments.as_slice()) {
            ("POST", ["webhook"]) => webhook::receive(self, request, now),
            (_, ["webhook"]) => refuse(405, "messages are posted"),
            _ if !self.admits(request) => refuse(401, "send Authorization: Bearer and the token"),
            (_, ["scim", "v2", kind, id @ ..]) => scim::answer(self, request, kind, id.first().copied(), now),
            ("PUT" | "POST", ["drop", name]) => match name.strip_suffix(".csv") {
                Some(bare) => Ok((201, self.drop_csv(bare, request.body(), now))),
                None => refuse(400, "a list is named NAME.csv"),
            },
            ("GET", ["drop", name]) => {
                match name.strip_suffix(".ack").map(|bare| self.acknowledgements.get(bare)) {
                    Some(Some(told)) => Ok((200, told.clone())),
                    _ => refuse(404, "no list of that name was dropped"),
                }
            }
            _ => refuse(405, "this path does not know that verb"),
        };
        (label, scim, outcome)
    }

    fn admits(&self, request: &Request<Bytes>) -> bool {
        let given = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        aws_lc_rs::constant_time::verify_slices_are_equal(given.as_bytes(), self.settings.token.as_bytes())
            .is_ok()
    }
}

fn response(scim: bool, outcome: Outcome) -> Response<Bytes> {
    let (status, body) = match outcome {
        Ok(done) => done,
        Err(Refusal(status, why)) if scim => (status, scim::error(status, &why)),
        Err(Refusal(status, why)) => (status, json!({ "error": why })),
    };
    let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let mut response = Response::new(bytes);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = if scim { "application/scim+json" } else { "application/json" };
    if !body.is_null() {
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    response
}

impl Face for BadgeFace {
    fn handle(&mut self, request: Request<Bytes>, now: Timestamp) -> Handled {
        let (label, scim, outcome) = self.answer(&request, now);
        self.calls.entry(label).or_default()[usize::from(outcome.is_err())] += 1;
        Handled::Reply(Reply::now(response(scim, outcome)))
    }

    /// Nothing happens here by itself: a right begins and ends by comparison with the clock.
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
            Inspect::State => {
                json!({ "rights": self.rights.to_value(), "people": self.directory.people_value(), "areas": self.directory.areas_value() })
            }
            Inspect::Journal => self.rights.journal().to_value(0, usize::MAX),
            Inspect::JournalAfter { seq, limit } => self.rights.journal().to_value(seq, limit),
            Inspect::Calls => {
                let told = |[accepted, refused]: &[u64; 2]| json!({ "accepted": accepted, "refused": refused, "throttled": 0, "faulted": 0 });
                self.calls
                    .iter()
                    .map(|(label, counts)| (label.clone(), told(counts)))
                    .collect::<Map<_, _>>()
                    .into()
            }
        }
    }

    fn command(&mut self, command: &Value, now: Timestamp) -> Result<Value, String> {
        self.obey(command, now)
    }
}
