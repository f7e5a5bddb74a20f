//! Exchanges written to a file as they happen, and served again from it.
//!
//! One JSON object a line: `at`, `face`, `method`, `path` (with query), `request` and `response` (each `headers` as
//! pairs and `body`), `status`, `delay_ms`, `ending`. Credentials are left out of headers and bodies (a played token is
//! the text `(left out)`, which a tape accepts as it accepts any); bodies that are no text are Base64 under
//! `body_base64`.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{DeskName, Vendor};
use crate::face::{Ending, Face, Handled, Inspect, Outgoing, OutgoingOutcome, Reply};

/// Headers whose values never reach a tape.
const SECRET: [&str; 10] = [
    "authorization",
    "dpop",
    "cookie",
    "x-auth-password",
    "x-auth-token",
    "x-access-token",
    "x-token",
    "x-auth-code",
    "x-refresh-token",
    "x-client-secret",
];

/// Fields of bodies, as JSON or as a form, whose values never reach a tape.
const SECRET_FIELDS: [&str; 13] = [
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "client_assertion",
    "client_secret",
    "activationToken",
    "activationUrl",
    "resetPasswordUrl",
    "password",
    "token",
    "code_verifier",
    // A hook's secret and a password's value are both called so; other values in `authScheme` or `password` are not.
    "value",
];
const LEFT_OUT: &str = "(left out)";

/// Path and query of a request; credentials in it are left out as in a body, so that any other is as good.
fn target(request: &Request<Bytes>) -> String {
    let whole = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    match whole.split_once('?') {
        Some((path, query)) => format!("{path}?{}", without_secrets(query)),
        None => whole,
    }
}

/// The body with its credentials left out; untouched, byte for byte, where it has none.
fn without_secrets(text: &str) -> Cow<'_, str> {
    if !SECRET_FIELDS.iter().any(|field| text.contains(field)) {
        return Cow::Borrowed(text);
    }
    if let Ok(mut value) = serde_json::from_str::<Value>(text) {
        return if leave_out(&mut value, false) {
            Cow::Owned(value.to_string())
        } else {
            Cow::Borrowed(text)
        };
    }
    let secret = |name: &str| name != "value" && SECRET_FIELDS.contains(&name);
    let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = url::form_urlencoded::parse(text.as_bytes()).collect();
    if text.contains(['{', '<', '\n']) || !fields.iter().any(|(name, _)| secret(name)) {
        return Cow::Borrowed(text);
    }
    let mut out = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        out.append_pair(name, if secret(name) { LEFT_OUT } else { value });
    }
    Cow::Owned(out.finish())
}

/// Whether anything was left out. `inside`: of an object that holds a secret under `value`.
fn leave_out(value: &mut Value, inside: bool) -> bool {
    match value {
        // Every row is visited, so no `any`: it stops at the first.
        Value::Array(rows) => {
            rows.iter_mut().filter_map(|row| leave_out(row, false).then_some(())).count() > 0
        }
        Value::Object(fields) => fields.iter_mut().fold(false, |any, (name, value)| {
            let secret = if name == "value" { inside } else { SECRET_FIELDS.contains(&name.as_str()) };
            if secret && value.is_string() {
                *value = LEFT_OUT.into();
                return true;
            }
            leave_out(value, name == "password" || name == "authScheme") || any
        }),
        _ => false,
    }
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Exchange {
    at: Timestamp,
    face: String,
    method: String,
    path: String,
    request: Half,
    status: u16,
    response: Half,
    #[serde(default)]
    delay_ms: u64,
    #[serde(default)]
    ending: End,
}

/// Headers and body of one direction.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Half {
    headers: Vec<(String, String)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    body_base64: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End {
    #[default]
    Whole,
    Cut,
    CutMidBody,
}

impl From<Ending> for End {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Whole => Self::Whole,
            Ending::Cut => Self::Cut,
            Ending::CutMidBody => Self::CutMidBody,
        }
    }
}

impl From<End> for Ending {
    fn from(end: End) -> Self {
        match end {
            End::Whole => Self::Whole,
            End::Cut => Self::Cut,
            End::CutMidBody => Self::CutMidBody,
        }
    }
}

impl Half {
    fn of(headers: &HeaderMap, body: &Bytes) -> Self {
        let pairs = headers.iter().map(|(name, value)| {
            let secret = SECRET.contains(&name.as_str());
            let text = if secret { LEFT_OUT.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            (name.to_string(), text.into_owned())
        });
        let text = std::str::from_utf8(body).ok().filter(|text| !text.is_empty());
        let coded = (text.is_none() && !body.is_empty()).then(|| STANDARD.encode(body));
        Self {
            headers: pairs.collect(),
            body: text.map(|text| without_secrets(text).into_owned()),
            body_base64: coded,
        }
    }

    fn bytes(&self) -> Bytes {
        match (&self.body, &self.body_base64) {
            (Some(text), _) => Bytes::copy_from_slice(text.as_bytes()),
            (None, Some(coded)) => STANDARD.decode(coded).unwrap_or_default().into(),
            (None, None) => Bytes::new(),
        }
    }
}

/// What is kept of a request until its reply is known.
#[derive(Debug)]
pub(super) struct Asked {
    at: Timestamp,
    method: String,
    path: String,
    half: Half,
}

/// Writes exchanges to a file, each line flushed, so that a killed process loses none that was answered.
#[derive(Debug, Clone)]
pub(super) struct Recorder(Arc<Mutex<BufWriter<File>>>);

impl Recorder {
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self(Arc::new(Mutex::new(BufWriter::new(File::create(path)?)))))
    }

    pub(super) fn asked(request: &Request<Bytes>, at: Timestamp) -> Asked {
        Asked {
            at,
            method: request.method().to_string(),
            path: target(request),
            half: Half::of(request.headers(), request.body()),
        }
    }

    pub(super) fn answered(&self, face: DeskName, asked: Asked, reply: &Reply) {
        let exchange = Exchange {
            at: asked.at,
            face: face.to_string(),
            method: asked.method,
            path: asked.path,
            request: asked.half,
            status: reply.response.status().as_u16(),
            response: Half::of(reply.response.headers(), reply.response.body()),
            delay_ms: u64::try_from(reply.delay.as_millis()).unwrap_or(u64::MAX),
            ending: reply.ending.into(),
        };
        let written = serde_json::to_vec(&exchange).map_err(io::Error::other).and_then(|mut line| {
            line.push(b'\n');
            let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            file.write_all(&line)?;
            file.flush()
        });
        if let Err(error) = written {
            tracing::error!(%face, %error, "an exchange could not be recorded");
        }
    }
}

/// The lines of a tape. One that is no exchange is an error that names it.
fn exchanges(path: &Path) -> io::Result<impl Iterator<Item = io::Result<Exchange>>> {
    let name = path.display();
    let file = File::open(path).map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))?;
    Ok(BufReader::new(file).lines().enumerate().map(move |(number, line)| {
        let wrong = |error: &dyn Display| {
            let line = number + 1;
            io::Error::other(format!("{name}:{line}: no exchange as --record writes it ({error})"))
        };
        let line = line.map_err(|error| wrong(&error))?;
        serde_json::from_str(&line).map_err(|error| wrong(&error))
    }))
}

/// A face that answers from a tape: the n-th request of a method, path and query gets the n-th recorded answer, the
/// last one again and again. Links to the address that was called then lead to the address that is called now. What
/// was never asked is 404. It takes no command and delivers nothing.
#[derive(Debug)]
pub struct Replay {
    answers: BTreeMap<String, (usize, Vec<Exchange>)>,
    calls: BTreeMap<String, [u64; 2]>,
    scheme: String,
}

impl Replay {
    /// Reads what was recorded at one face.
    ///
    /// # Errors
    /// When the file cannot be read, or a line is no exchange; the text names the line.
    pub fn read(path: &Path, face: DeskName) -> io::Result<Self> {
        let mut answers: BTreeMap<String, (usize, Vec<Exchange>)> = BTreeMap::new();
        let wanted = face.to_string();
        for exchange in exchanges(path)? {
            let exchange = exchange?;
            if exchange.face == wanted {
                let key = format!("{} {}", exchange.method, exchange.path);
                answers.entry(key).or_default().1.push(exchange);
            }
        }
        Ok(Self { answers, calls: BTreeMap::new(), scheme: "http".to_owned() })
    }

    /// The faces on a tape, in order of name.
    ///
    /// # Errors
    /// As [`Replay::read`].
    pub fn faces(path: &Path) -> io::Result<Vec<DeskName>> {
        let mut names = BTreeSet::new();
        for exchange in exchanges(path)? {
            let face = exchange?.face;
            let known = [Vendor::Okta, Vendor::Ioffice, Vendor::Badge].into_iter().find_map(|vendor| {
                let (_, index) = face.rsplit_once('/')?;
                let name = DeskName { vendor, index: index.parse().ok()? };
                (name.to_string() == face).then_some(name)
            });
            names.extend(known);
        }
        Ok(names.into_iter().collect())
    }
}

/// Where links of a tape lead now.
struct Moved {
    /// `http://…` and `https://…` as recorded; empty if it is not known.
    then: Vec<String>,
    now: String,
}

impl Moved {
    fn between(recorded: &Half, scheme: &str, called: Option<&str>) -> Self {
        let host = recorded.headers.iter().find(|(name, _)| name == "host").map(|(_, host)| host);
        let then = match (host, called) {
            (Some(host), Some(_)) => vec![format!("http://{host}"), format!("https://{host}")],
            _ => Vec::new(),
        };
        Self { then, now: format!("{scheme}://{}", called.unwrap_or_default()) }
    }

    fn text(&self, text: &str) -> String {
        self.then.iter().fold(text.to_owned(), |text, then| text.replace(then, &self.now))
    }
}

impl Face for Replay {
    fn served_at(&mut self, scheme: &str, _authority: &str) {
        scheme.clone_into(&mut self.scheme);
    }

    fn handle(&mut self, request: Request<Bytes>, _now: Timestamp) -> Handled {
        let key = format!("{} {}", request.method(), target(&request));
        let Some((turn, recorded)) = self.answers.get_mut(&key) else {
            self.calls.entry(key).or_default()[1] += 1;
            let mut response =
                Response::new(Bytes::from_static(br#"{"error":"this request is not on the tape"}"#));
            *response.status_mut() = StatusCode::NOT_FOUND;
            return Handled::Reply(Reply::now(response));
        };
        let exchange = &recorded[(*turn).min(recorded.len() - 1)];
        *turn += 1;
        self.calls.entry(key).or_default()[0] += 1;
        let called = request.headers().get("host").and_then(|host| host.to_str().ok());
        let moved = Moved::between(&exchange.request, &self.scheme, called);
        let mut response = Response::new(match &exchange.response.body {
            Some(text) => moved.text(text).into(),
            None => exchange.response.bytes(),
        });
        *response.status_mut() =
            StatusCode::from_u16(exchange.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in &exchange.response.headers {
            // Another address may be longer or shorter; the length is that of what is sent.
            if name == "content-length" {
                continue;
            }
            let value = moved.text(value);
            if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&value)) {
                response.headers_mut().append(name, value);
            }
        }
        let delay = Duration::from_millis(exchange.delay_ms);
        Handled::Reply(Reply { response, delay, ending: exchange.ending.into() })
    }

    fn advance(&mut self, _now: Timestamp) -> Vec<Outgoing> {
        Vec::new()
    }

    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    fn outgoing_done(&mut self, _token: u64, _outcome: OutgoingOutcome, _now: Timestamp) -> Option<Handled> {
        None
    }

    fn inspect(&self, what: Inspect) -> Value {
        match what {
            Inspect::State => json!({"recorded": self.answers.keys().collect::<Vec<_>>()}),
            Inspect::Journal | Inspect::JournalAfter { .. } => json!([]),
            Inspect::Calls => {
                let told = |[accepted, refused]: &[u64; 2]| json!({"accepted": accepted, "refused": refused, "throttled": 0, "faulted": 0});
                self.calls.iter().map(|(key, counts)| (key.clone(), told(counts))).collect()
            }
        }
    }

    fn command(&mut self, _command: &Value, _now: Timestamp) -> Result<Value, String> {
        Err("a tape takes no command".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn credentials_in_bodies_are_left_out_and_nothing_else_changes() {
        for (body, expected) in [
            (
                r#"{"token_type":"DPoP","access_token":"eyJh.b.c"}"#,
                r#"{"token_type":"DPoP","access_token":"(left out)"}"#,
            ),
            (
                "grant_type=client_credentials&client_assertion=eyJ",
                "grant_type=client_credentials&client_assertion=%28left+out%29",
            ),
            (
                r#"{"credentials":{"password":{"value":"horse"}}}"#,
                r#"{"credentials":{"password":{"value":"(left out)"}}}"#,
            ),
            (
                r#"{"channel":{"config":{"authScheme":{"key":"Authorization","value":"s3cr3t"}}}}"#,
                r#"{"channel":{"config":{"authScheme":{"key":"Authorization","value":"(left out)"}}}}"#,
            ),
            // A rule's expression has a `value` that is no secret, and its bytes stay as they are.
            (
                r#"{ "expression": {"value": "user.city==\"Leeds\""} }"#,
                r#"{ "expression": {"value": "user.city==\"Leeds\""} }"#,
            ),
            ("no password=here\nbut a text", "no password=here\nbut a text"),
            (r#"{"credentials":{"password":{}}}"#, r#"{"credentials":{"password":{}}}"#),
        ] {
            assert_eq!(without_secrets(body), expected, "{body}");
        }
    }
}
