//! A site in memory: replies by script, requests recorded, and a clock that jumps to whatever is slept for.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use lanyard_engine::clock::Clock;
use lanyard_ioffice::{Credential, IofficeClient, IofficeSettings, SiteUrl};
use lanyard_model::id::SiteId;
use lanyard_wire::{Request, Response, Transport, TransportError};
use secrecy::SecretString;
use serde_json::Value;

pub const START_MS: i64 = 1_767_225_600_000;
pub const PASSWORD: &str = "correct-horse-battery";

/// Sleeping takes no time and moves the clock.
pub struct JumpingClock(AtomicI64);

impl JumpingClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    pub fn elapsed_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst) - START_MS
    }
}

#[async_trait]
impl Clock for JumpingClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.load(Ordering::SeqCst)).expect("a moment of this century")
    }

    async fn sleep_until(&self, until: Timestamp) {
        self.0.fetch_max(until.as_millisecond() + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
    }
}

/// One reply of the site.
#[derive(Clone)]
pub enum Reply {
    Json(u16, Value),
    Text(u16, &'static str),
    WithHeader(u16, &'static str, &'static str),
    NoAnswer,
    NotSent,
}

pub fn ok(body: Value) -> Reply {
    Reply::Json(200, body)
}

/// What the site was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// `PUT /users/7`, without the REST root.
    pub line: String,
    pub query: Vec<(String, String)>,
    pub headers: Vec<(String, String)>,
    pub body: Value,
}

impl Seen {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

type Handler = dyn Fn(&Seen) -> Option<Reply> + Send + Sync;

/// Answers from the queue first, then by the handler, else 404.
#[derive(Default)]
pub struct Site {
    queue: Mutex<VecDeque<Reply>>,
    handlers: Mutex<Vec<Box<Handler>>>,
    seen: Mutex<Vec<Seen>>,
}

impl Site {
    pub fn then(&self, replies: impl IntoIterator<Item = Reply>) {
        self.queue.lock().unwrap().extend(replies);
    }

    pub fn answer(&self, handler: impl Fn(&Seen) -> Option<Reply> + Send + Sync + 'static) {
        self.handlers.lock().unwrap().push(Box::new(handler));
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|s| s.line).collect()
    }
}

#[async_trait]
impl Transport for Site {
    async fn exchange(&self, request: Request, _timeout: Duration) -> Result<Response, TransportError> {
        let url = request.uri().to_string();
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let path = path.trim_start_matches("https://acme.example");
        let path = path.strip_prefix("/external/api/rest/v2").unwrap_or(path);
        let seen = Seen {
            line: format!("{} {path}", request.method()),
            query: url::form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: request
                .headers()
                .iter()
                .map(|(n, v)| (n.to_string(), String::from_utf8_lossy(v.as_bytes()).into_owned()))
                .collect(),
            body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
        };
        self.seen.lock().unwrap().push(seen.clone());
        let queued = self.queue.lock().unwrap().pop_front();
        let reply = queued
            .or_else(|| self.handlers.lock().unwrap().iter().find_map(|handler| handler(&seen)))
            .unwrap_or(Reply::Json(404, serde_json::json!({"status": 404, "error": "not_found"})));
        let host = "acme.example".to_owned();
        let (status, header, body) = match reply {
            Reply::Json(status, body) => (status, None, body.to_string()),
            Reply::Text(status, text) => (status, None, text.to_owned()),
            Reply::WithHeader(status, name, value) => (status, Some((name, value)), String::new()),
            Reply::NoAnswer => return Err(TransportError::NoAnswer { host, reason: "cut".into() }),
            Reply::NotSent => return Err(TransportError::NotSent { host, reason: "refused".into() }),
        };
        let mut response = http::Response::builder().status(status);
        if let Some((name, value)) = header {
            response = response.header(name, value);
        }
        Ok(response.body(Bytes::from(body)).unwrap())
    }
}

pub struct Stage {
    pub site: Arc<Site>,
    pub clock: Arc<JumpingClock>,
    pub client: IofficeClient,
}

pub fn settings() -> IofficeSettings {
    let credential = Credential::HeaderPair {
        username: "lanyard-svc".into(),
        password: SecretString::from(PASSWORD.to_owned()),
    };
    IofficeSettings::new(SiteId::new("acme"), SiteUrl::parse("acme.example").unwrap(), credential)
}

pub fn stage() -> Stage {
    stage_with(settings())
}

pub fn stage_with(settings: IofficeSettings) -> Stage {
    let site = Arc::new(Site::default());
    let clock = Arc::new(JumpingClock(AtomicI64::new(START_MS)));
    let client = IofficeClient::new(settings, site.clone(), clock.clone(), None).unwrap();
    Stage { site, clock, client }
}

/// Serves `rows` of a collection by `startAt` and `limit`, and its count.
pub fn serve_list(site: &Site, path: &'static str, rows: Vec<Value>) {
    site.answer(move |seen| {
        if seen.line == format!("GET {path}/count") {
            return Some(ok(serde_json::json!({"count": rows.len()})));
        }
        if seen.line != format!("GET {path}") {
            return None;
        }
        let number = |name| seen.param(name).and_then(|v| v.parse::<usize>().ok());
        let page: Vec<Value> = rows
            .iter()
            .skip(number("startAt").unwrap_or(0))
            .take(number("limit").unwrap_or(50).min(100))
            .cloned()
            .collect();
        Some(ok(Value::Array(page)))
    });
}
