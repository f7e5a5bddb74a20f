//! One request, read once: path, parameters, host, headers. Knows nothing of users or groups.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, header};
use serde_json::Value;

use super::{
    auth::Principal,
    errors::{ApiError, ApiResult},
    event::Cause,
    moment::Moment,
};

/// A request under way.
pub struct Call<'a> {
    pub method: &'a Method,
    pub headers: &'a HeaderMap,
    pub body: &'a Bytes,
    /// Path as received, without query.
    pub path: &'a str,
    pub path_and_query: &'a str,
    pub query: Vec<(String, String)>,
    /// Scheme and host that the caller used: `https://northgate.okta.com`.
    pub base: Arc<str>,
    /// Base for `next` links and hrefs: an alias host if the settings say so, else `base`.
    pub link_base: Arc<str>,
    pub now: Moment,
    pub request_id: &'a str,
    pub who: Principal,
    /// Who is to be named in events and the journal. Set by authentication.
    pub cause: Cause,
}

impl Call<'_> {
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that says something: an empty one is as good as none.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.param(name).filter(|text| !text.is_empty())
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A boolean parameter.
    ///
    /// # Errors
    /// 400 E0000001 for anything but `true` and `false`.
    pub fn flag(&self, name: &str, default: bool) -> ApiResult<bool> {
        match self.param(name) {
            None | Some("") => Ok(default),
            Some(text) if text.eq_ignore_ascii_case("true") => Ok(true),
            Some(text) if text.eq_ignore_ascii_case("false") => Ok(false),
            Some(_) => Err(ApiError::invalid(name, "The value must be 'true' or 'false'")),
        }
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// E0000003 when it is not well-formed; E0000019 and E0000020 for a `Content-Type` that is missing or another;
    /// E0000001 for a text with characters of four UTF-8 bytes.
    pub fn json(&self) -> ApiResult<Value> {
        match self.header("content-type") {
            Some(kind) if kind.to_ascii_lowercase().contains("json") => {}
            Some(kind) if !kind.is_empty() => return Err(ApiError::of("E0000020")),
            _ if self.body.is_empty() => {}
            _ => return Err(ApiError::of("E0000019")),
        }
        let value: Value = serde_json::from_slice(self.body).map_err(|_| ApiError::of("E0000003"))?;
        if !value.is_object() {
            return Err(ApiError::of("E0000003"));
        }
        match unsupported(&value, "") {
            Some(name) => Err(ApiError::invalid(name, "Characters of four UTF-8 bytes are not supported")),
            None => Ok(value),
        }
    }

    /// The same, where no body at all is allowed too.
    pub fn json_or_empty(&self) -> ApiResult<Value> {
        if self.body.is_empty() { Ok(Value::Object(serde_json::Map::new())) } else { self.json() }
    }

    /// Whether the caller takes JSON. A missing `Accept` takes anything.
    pub fn takes_json(&self) -> bool {
        let mut ranges =
            self.headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
        let fits = |range: &str| {
            let range = range.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            range.is_empty() || matches!(&*range, "*/*" | "application/*") || range.contains("json")
        };
        ranges.peek().is_none() || ranges.flat_map(|list| list.split(',')).any(fits)
    }

    /// Whether `Content-Type: application/json; okta-response="…"` lists an option; with or without the quotes.
    pub fn omits(&self, what: &str) -> bool {
        let kind = self.header("content-type").unwrap_or_default();
        let Some((_, given)) = kind.split_once("okta-response=") else { return false };
        let options = match given.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next(),
            None => given.split(';').next(),
        };
        options.unwrap_or_default().split(',').any(|option| option.trim() == what)
    }
}

/// The name under which a body holds a character beyond the first plane: none is taken anywhere (§2.1).
pub(super) fn unsupported<'a>(value: &'a Value, name: &'a str) -> Option<&'a str> {
    match value {
        Value::String(text) => text.chars().any(|c| c as u32 > 0xFFFF).then_some(name),
        Value::Array(items) => items.iter().find_map(|item| unsupported(item, name)),
        Value::Object(fields) => fields.iter().find_map(|(name, value)| unsupported(value, name)),
        Value::Null | Value::Bool(_) | Value::Number(_) => None,
    }
}

/// An answer before the headers that every answer has.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub body: String,
    pub content_type: &'static str,
    pub headers: Vec<(&'static str, String)>,
}

impl Answer {
    pub fn json(body: impl Into<String>) -> Self {
        Self {
            status: StatusCode::OK,
            body: body.into(),
            content_type: "application/json",
            headers: Vec::new(),
        }
    }

    pub fn value(body: &Value) -> Self {
        Self::json(body.to_string())
    }

    pub fn empty(status: StatusCode) -> Self {
        Self { status, body: String::new(), content_type: "", headers: Vec::new() }
    }

    pub fn no_content() -> Self {
        Self::empty(StatusCode::NO_CONTENT)
    }

    pub fn html(body: String) -> Self {
        Self { content_type: "text/html; charset=utf-8", ..Self::json(body) }
    }

    pub fn redirect(location: String) -> Self {
        Self::empty(StatusCode::FOUND).header("location", location)
    }

    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn linked(mut self, links: Vec<String>) -> Self {
        self.headers.extend(links.into_iter().map(|link| ("link", link)));
        self
    }

    pub fn into_response(self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from(self.body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.reserve(self.headers.len() + 6);
        if !self.content_type.is_empty() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        for (name, value) in self.headers {
            // A text that is no header value (a location with a line break in it) leaves its header out.
            if let Ok(value) = HeaderValue::from_maybe_shared(Bytes::from(value)) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}

/// Scheme and host as the caller used them.
pub fn base_of(request: &Request<Bytes>, scheme: Option<&str>, fallback_host: &str) -> String {
    let headers = request.headers();
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let host =
        text("host").or_else(|| request.uri().authority().map(|a| a.as_str())).unwrap_or(fallback_host);
    let scheme = scheme.or(text("x-forwarded-proto")).or(request.uri().scheme_str());
    format!("{}://{host}", scheme.unwrap_or_else(|| scheme_of(host)))
}

/// The likely scheme of a host nobody gave one for.
pub fn scheme_of(host: &str) -> &'static str {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "localhost" | "127.0.0.1" | "[::1]") { "http" } else { "https" }
}

/// Query or form fields in order.
pub fn fields(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

pub fn decode_segment(segment: &str) -> Cow<'_, str> {
    if !segment.contains('%') {
        return Cow::Borrowed(segment);
    }
    let bytes = segment.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = segment.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        match pair.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

/// Percent-encodes a query component.
pub fn encode(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
