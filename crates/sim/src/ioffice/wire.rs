//! What travels: query parameters, JSON bodies, answers and refusals. No meaning of any noun.

use bytes::Bytes;
use http::{Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::table::Id;

pub(crate) type Fields = Map<String, Value>;

/// An error answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Refusal {
    fn new(status: u16, code: &'static str, text: impl Into<String>) -> Self {
        Self { status, code, text: text.into() }
    }
    /// A missing or invalid value, a broken reference, a refused rule, a clash (A-08: clashes are 400, never 409).
    pub(crate) fn invalid(text: impl Into<String>) -> Self {
        Self::new(400, "invalid_request", text)
    }
    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("{what} was not found"))
    }
    pub(crate) fn unauthorized(text: &str) -> Self {
        Self::new(401, "unauthorized", text)
    }
    pub(crate) fn denied(text: impl Into<String>) -> Self {
        Self::new(403, "access_denied", text)
    }
    /// An access token past its life: refresh once and replay [L].
    pub(crate) fn expired() -> Self {
        Self::new(403, "token_expired", "the access token has expired")
    }
    pub(crate) fn bad_method() -> Self {
        Self::new(405, "method_not_allowed", "this resource does not know that verb")
    }
    pub(crate) fn bad_type() -> Self {
        Self::new(415, "unsupported_media_type", "send application/json")
    }
    pub(crate) fn throttled() -> Self {
        Self::new(429, "too_many_requests", "too many requests")
    }
    pub(crate) fn server(text: &str) -> Self {
        Self::new(500, "server_error", text)
    }

    /// The error body of the core resources, or of the visitor service.
    pub(crate) fn response(&self, visitor_service: bool) -> Response<Bytes> {
        let body = if visitor_service {
            json!({"status": "error", "message": self.text})
        } else {
            json!({"status": self.status, "error": self.code, "errorDescription": self.text, "localized": false})
        };
        json_response(self.status, &body)
    }
}

/// A successful answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Json(u16, Value),
    /// A status and no body.
    Empty(u16),
    /// A web page or a redirect of the sign-in flow.
    Page(Response<Bytes>),
}

pub(crate) type Outcome = Result<Answer, Refusal>;

impl Answer {
    pub(crate) fn ok(body: Value) -> Outcome {
        Ok(Self::Json(200, body))
    }
    pub(crate) fn created(body: Value) -> Outcome {
        Ok(Self::Json(201, body))
    }
    pub(crate) fn removed() -> Outcome {
        Ok(Self::Json(200, json!({"response": "Successfully removed"})))
    }
    /// The envelope of the visitor service.
    pub(crate) fn visitor(body: Value) -> Outcome {
        Ok(Self::Json(200, json!({"status": "ok", "response": body})))
    }
    pub(crate) fn response(self) -> Response<Bytes> {
        match self {
            Self::Json(status, body) => json_response(status, &body),
            Self::Empty(status) => plain(status, "", Bytes::new()),
            Self::Page(response) => response,
        }
    }
}

pub(crate) fn json_response(status: u16, body: &Value) -> Response<Bytes> {
    plain(status, "application/json;charset=UTF-8", Bytes::from(body.to_string()))
}

pub(crate) fn plain(status: u16, content_type: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let (false, Ok(value)) = (content_type.is_empty(), content_type.parse()) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}

/// Decoded query parameters; the first of a repeated name wins.
#[derive(Debug, Default, Clone)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        Self(url::form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_str())
    }
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }
    /// A parameter that is present and not empty.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(str::trim).filter(|value| !value.is_empty())
    }
    pub(crate) fn int(&self, name: &str) -> Result<Option<i64>, Refusal> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| Refusal::invalid(format!("parameter {name} must be a whole number")))
            })
            .transpose()
    }
    pub(crate) fn id(&self, name: &str) -> Result<Option<Id>, Refusal> {
        // An id that no record can have is a filter that matches nothing, not an error.
        Ok(self.int(name)?.map(|number| Id::try_from(number).unwrap_or(0)))
    }
    pub(crate) fn float(&self, name: &str) -> Result<Option<f64>, Refusal> {
        self.text(name)
            .map(|text| {
                text.parse().map_err(|_| Refusal::invalid(format!("parameter {name} must be a number")))
            })
            .transpose()
    }
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        match self.text(name) {
            None => Ok(None),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(Refusal::invalid(format!("parameter {name} must be true or false"))),
        }
    }
}

/// What a body says about one property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Sent<T> {
    /// Not mentioned, or `{}`.
    Absent,
    /// Explicit `null`.
    Null,
    Value(T),
}

/// Reads a reference: `{"id": n}`; `{}` is no value.
pub(crate) fn sent_ref(body: &Fields, name: &str) -> Result<Sent<Id>, Refusal> {
    match body.get(name) {
        None => Ok(Sent::Absent),
        Some(Value::Null) => Ok(Sent::Null),
        Some(Value::Object(object)) if object.is_empty() => Ok(Sent::Absent),
        Some(value) => ref_id(value).map(Sent::Value).ok_or_else(|| not_a_ref(name)),
    }
}

fn not_a_ref(name: &str) -> Refusal {
    Refusal::invalid(format!("{name} must be an object with an id"))
}

/// The id inside `{"id": n}`.
pub(crate) fn ref_id(value: &Value) -> Option<Id> {
    value.get("id").and_then(as_id)
}

pub(crate) fn as_id(value: &Value) -> Option<Id> {
    value.as_u64().and_then(|number| Id::try_from(number).ok())
}

/// Reads a list of references.
pub(crate) fn sent_refs(body: &Fields, name: &str) -> Result<Sent<Vec<Id>>, Refusal> {
    match body.get(name) {
        None => Ok(Sent::Absent),
        Some(Value::Null) => Ok(Sent::Null),
        Some(Value::Array(items)) => {
            let mut ids = Vec::with_capacity(items.len());
            for item in items {
                let id = ref_id(item).ok_or_else(|| not_a_ref(name))?;
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
            Ok(Sent::Value(ids))
        }
        Some(_) => Err(Refusal::invalid(format!("{name} must be a list"))),
    }
}

/// Reads a text; numbers are taken as their digits.
pub(crate) fn sent_text(body: &Fields, name: &str) -> Result<Sent<String>, Refusal> {
    match body.get(name) {
        None => Ok(Sent::Absent),
        Some(Value::Null) => Ok(Sent::Null),
        Some(Value::String(text)) => Ok(Sent::Value(text.clone())),
        Some(Value::Number(number)) => Ok(Sent::Value(number.to_string())),
        Some(_) => Err(Refusal::invalid(format!("{name} must be a text"))),
    }
}

pub(crate) fn sent_bool(body: &Fields, name: &str) -> Result<Sent<bool>, Refusal> {
    match body.get(name) {
        None => Ok(Sent::Absent),
        Some(Value::Null) => Ok(Sent::Null),
        Some(Value::Bool(flag)) => Ok(Sent::Value(*flag)),
        Some(Value::String(text)) if text == "true" || text == "false" => Ok(Sent::Value(text == "true")),
        Some(_) => Err(Refusal::invalid(format!("{name} must be true or false"))),
    }
}

/// Epoch milliseconds of a year that calendars know, so that arithmetic on them cannot overflow.
pub(crate) fn millis(value: &Value) -> Option<i64> {
    let millis = match value {
        Value::Number(number) => number.as_i64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    jiff::Timestamp::from_millisecond(millis).is_ok().then_some(millis)
}

/// Reads epoch milliseconds, as a number or as its digits.
pub(crate) fn sent_millis(body: &Fields, name: &str) -> Result<Sent<i64>, Refusal> {
    let wrong = || Refusal::invalid(format!("{name} must be milliseconds since 1970"));
    match body.get(name) {
        None => Ok(Sent::Absent),
        Some(Value::Null) => Ok(Sent::Null),
        Some(value) => millis(value).map(Sent::Value).ok_or_else(wrong),
    }
}
