//! What holds for every answer of the API: a refusal is a problem document, whoever made it, and what can change has a
//! tag that a later request can be held against.

use aws_lc_rs::digest::{SHA256, digest};
use axum::{
    body::{Body, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::problem::Problem;

/// Refusals that others made are short texts.
const TEXT_BYTES_MAX: usize = 64 << 10;
const PROBLEM: &str = "application/problem+json";

/// The tag of a thing: a digest of how it is shown.
pub fn tag_of(shown: &[u8]) -> String {
    let sum = digest(&SHA256, shown);
    let hex: String = sum.as_ref()[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

/// Whether the request was written against this state of the thing. A request that does not say is let through: the
/// engine's own checks hold for it.
///
/// # Errors
/// When it names another state. Nothing was changed.
pub fn written_against(headers: &HeaderMap, tag: &str) -> Result<(), Problem> {
    let Some(named) = headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok()) else {
        return Ok(());
    };
    let same = named.split(',').any(|one| [tag, "*"].contains(&one.trim().trim_start_matches("W/")));
    if same {
        return Ok(());
    }
    let title = "it was changed since it was read";
    Err(Problem::new(StatusCode::PRECONDITION_FAILED, "changed", title)
        .fix("nothing was changed; read it again, and decide on what it says now"))
}

/// Runs around all routes of the API but streams and files.
pub async fn finish(request: Request, next: Next) -> Response {
    let reads = *request.method() == Method::GET;
    let known = request.headers().get(header::IF_NONE_MATCH).cloned();
    let response = next.run(request).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        return as_problem(response).await;
    }
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !reads || status != StatusCode::OK || kind != Some("application/json") {
        return response;
    }
    tagged(response, known.as_ref()).await
}

async fn tagged(response: Response, known: Option<&HeaderValue>) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(bytes) = to_bytes(body, usize::MAX).await else {
        let title = "the answer could not be made whole";
        return Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title).into_response();
    };
    if !parts.headers.contains_key(header::ETAG)
        && let Ok(tag) = HeaderValue::from_str(&tag_of(&bytes))
    {
        parts.headers.insert(header::ETAG, tag);
    }
    if known.is_some() && known == parts.headers.get(header::ETAG) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Refusals of the framework are plain texts; what they say of a field becomes its path.
async fn as_problem(response: Response) -> Response {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_some_and(|kind| kind.starts_with(PROBLEM)) {
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, TEXT_BYTES_MAX).await.unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    let mut problem = of_text(parts.status, &text).into_response();
    for (name, value) in &parts.headers {
        // Such as `Allow`, and the headers that keep a page safe.
        if ![header::CONTENT_TYPE, header::CONTENT_LENGTH].contains(name) {
            problem.headers_mut().insert(name, value.clone());
        }
    }
    problem
}

fn of_text(status: StatusCode, text: &str) -> Problem {
    let (code, title, fix) = match status {
        StatusCode::NOT_FOUND => {
            ("not_found", "there is no such path", "see /api/v1/openapi.json for those there are")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            ("method", "this path does not take this method", "`Allow` names those it takes")
        }
        StatusCode::PAYLOAD_TOO_LARGE => ("size", "the request is too large", "send at most 1 MiB"),
        StatusCode::GATEWAY_TIMEOUT => {
            ("slow", "it did not end in time", "it may still end; look again before you repeat it")
        }
        StatusCode::UNSUPPORTED_MEDIA_TYPE => {
            ("body", "the request is not JSON", "send content-type: application/json")
        }
        status if status.is_server_error() => {
            ("internal", "this went wrong inside", "look at the server's log")
        }
        _ => (
            "request",
            "the request cannot be read",
            "nothing was changed; see /api/v1/openapi.json for the form",
        ),
    };
    let mut problem =
        Problem::new(status, code, if text.is_empty() || status.is_server_error() { title } else { text });
    problem.fields.extend(field_of(text));
    problem.fix(fix)
}

/// `Failed to deserialize query string: limit: invalid digit` names `limit`.
pub fn field_of(text: &str) -> Option<(String, String)> {
    let rest = text.strip_prefix("Failed to deserialize ")?;
    let (_, rest) = rest.split_once(": ")?;
    let (path, message) = rest.split_once(": ")?;
    let plain = !path.is_empty() && path.chars().all(|c| c.is_alphanumeric() || "._[]-".contains(c));
    plain.then(|| (path.to_owned(), message.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::field_of;

    #[test]
    fn a_frameworks_refusal_names_its_field() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(field_of(text).as_ref().map(|(path, _)| path.as_str()), expected, "{text}");
        };
        check("Failed to deserialize query string: limit: invalid digit found in string", Some("limit"));
        check(
            "Failed to deserialize the JSON body into the target type: grants[0].role: unknown variant `x` at line 1",
            Some("grants[0].role"),
        );
        check(
            "Failed to deserialize the JSON body into the target type: missing field `say` at line 1",
            None,
        );
        check("Expected request with `Content-Type: application/json`", None);
    }
}
