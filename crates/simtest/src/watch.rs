//! What is judged at the moment it happens, on the way between the process and the world: secrets at the wrong host
//! (S14), calls before a limit allows them (S18), answers to hooks (L6), and events that were acknowledged (S10).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
};

use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use lanyard_wire::{Request, Response};
use serde_json::Value;

/// A wait that a limit asked for is kept to the second.
const GRACE: SignedDuration = SignedDuration::from_secs(1);
/// A client may trust a reset no longer than this.
const RESET_MAX: i64 = 120;

/// Everything noted so far.
#[derive(Default)]
pub struct Watch {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Host → what only that host may be told.
    secrets: BTreeMap<String, String>,
    /// Host and kind of call → not before.
    blocked: BTreeMap<(String, String), Timestamp>,
    acknowledged: BTreeSet<String>,
    checks: BTreeMap<&'static str, u64>,
    wrongs: Vec<(&'static str, Timestamp, String)>,
}

impl Watch {
    pub fn keep_secret(&self, host: &str, secret: &str) {
        self.lock().secrets.insert(host.to_owned(), secret.to_owned());
    }

    /// Everything that must never be told to anybody else.
    pub fn secrets(&self) -> Vec<String> {
        self.lock().secrets.values().cloned().collect()
    }

    pub fn check(&self, invariant: &'static str, holds: bool, at: Timestamp, words: impl FnOnce() -> String) {
        let mut inner = self.lock();
        *inner.checks.entry(invariant).or_default() += 1;
        if !holds {
            let words = words();
            inner.wrongs.push((invariant, at, words));
        }
    }

    /// A request leaves the process. `kind`: the calls that one limit is about.
    pub fn leaving(&self, host: &str, kind: &str, request: &Request, now: Timestamp) {
        let foreign = {
            let inner = self.lock();
            let others = inner.secrets.iter().filter(|(home, _)| *home != host);
            let told = |secret: &String| {
                let in_headers = request.headers().values().any(|value| contains(value.as_bytes(), secret));
                in_headers || contains(request.body(), secret) || request.uri().to_string().contains(secret)
            };
            others.filter(|(_, secret)| told(secret)).map(|(home, _)| home.clone()).next()
        };
        self.check("S14", foreign.is_none(), now, || {
            format!("{host} was told the secret of {}", foreign.unwrap_or_default())
        });
        let key = (host.to_owned(), kind.to_owned());
        let blocked = self.lock().blocked.get(&key).copied();
        if let Some(until) = blocked {
            self.check("S18", now + GRACE >= until, now, || {
                format!("{} at {host} was called before {until}, as it had asked", key.1)
            });
        }
    }

    /// An answer came back to a call of this kind.
    pub fn answered(&self, host: &str, kind: &str, response: &Response, now: Timestamp) {
        if response.status() != http::StatusCode::TOO_MANY_REQUESTS {
            return;
        }
        let wait = okta_wait(response.headers()).or_else(|| number(response.headers(), "retry-after"));
        if let Some(wait) = wait {
            let until = now + SignedDuration::from_secs(wait.clamp(0, RESET_MAX));
            let mut inner = self.lock();
            let known = inner.blocked.entry((host.to_owned(), kind.to_owned())).or_insert(until);
            *known = (*known).max(until);
        }
    }

    /// A new process knows of no limits.
    pub fn forget_limits(&self) {
        self.lock().blocked.clear();
    }

    /// A delivery was answered as durable.
    pub fn acknowledged(&self, body: &[u8]) {
        self.lock().acknowledged.extend(events(body));
    }

    pub fn all_acknowledged(&self) -> BTreeSet<String> {
        self.lock().acknowledged.clone()
    }

    pub fn checks(&self) -> BTreeMap<&'static str, u64> {
        self.lock().checks.clone()
    }

    pub fn wrongs(&self) -> Vec<(&'static str, Timestamp, String)> {
        self.lock().wrongs.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The events of a delivery, by their uuid.
pub fn events(body: &[u8]) -> Vec<String> {
    let Ok(body) = serde_json::from_slice::<Value>(body) else { return Vec::new() };
    let events = body.pointer("/data/events").and_then(Value::as_array);
    let uuids = events.into_iter().flatten().filter_map(|event| event["uuid"].as_str());
    uuids.map(str::to_owned).collect()
}

/// Method and path, ids left out.
pub fn kind(request: &Request) -> String {
    let segments = request.uri().path().split('/').map(|segment| {
        let is_id = !segment.is_empty()
            && (segment.bytes().all(|byte| byte.is_ascii_digit())
                || segment.len() == 20 && segment.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        if is_id { "{id}" } else { segment }
    });
    let method: &Method = request.method();
    format!("{method} {}", segments.collect::<Vec<_>>().join("/"))
}

/// Seconds that the quota kind of Okta's 429 asks for: its reset less its own date.
fn okta_wait(headers: &HeaderMap) -> Option<i64> {
    let limit = number(headers, "x-rate-limit-limit")?;
    let reset = number(headers, "x-rate-limit-reset")?;
    let date = headers.get(http::header::DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp().as_second();
    (limit > 0).then_some(reset - date)
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.split(',').next()?.trim().parse().ok()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    !text.is_empty() && memchr::memmem::find(bytes, text.as_bytes()).is_some()
}
