//! Refusals in each vendor's own form.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::rule::{Effect, Rule};
use crate::{
    face::{Ending, Reply},
    host::Vendor,
};

/// The answer of a rule that keeps the request from the face; `None` if the face is to handle it.
///
/// `number` tells refusals apart in `errorId`.
pub(super) fn refusal(
    rule: &Rule,
    request: &Request<Bytes>,
    vendor: Vendor,
    now: Timestamp,
    number: u64,
) -> Option<Reply> {
    let wait = Duration::try_from(rule.by()).unwrap_or_default();
    let status = match rule.effect {
        Effect::Unauthorized | Effect::RevokeCredential => StatusCode::UNAUTHORIZED,
        Effect::Forbidden => StatusCode::FORBIDDEN,
        Effect::Quota | Effect::Concurrency => StatusCode::TOO_MANY_REQUESTS,
        Effect::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        Effect::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Effect::Refuse => return Some(closed(Duration::ZERO)),
        Effect::TimeoutBefore => return Some(closed(wait)),
        _ => return None,
    };
    let mut response = match vendor {
        Vendor::Okta => okta(status, request.uri().path(), number),
        Vendor::Ioffice => ioffice(status, request),
        Vendor::Badge => json_response(status, &json!({ "error": "refused by a fault rule" })),
    };
    if vendor == Vendor::Okta {
        let limit = if rule.effect == Effect::Concurrency { 0 } else { 600 };
        let left = if status == StatusCode::TOO_MANY_REQUESTS { 0 } else { 599 };
        let reset = now.checked_add(rule.by()).unwrap_or(now).as_second() + 1;
        let headers = response.headers_mut();
        headers.insert("x-rate-limit-limit", HeaderValue::from(limit));
        headers.insert("x-rate-limit-remaining", HeaderValue::from(left));
        headers.insert("x-rate-limit-reset", HeaderValue::from(reset));
        if let Ok(id) = HeaderValue::try_from(format!("flt{number:017}")) {
            headers.insert("x-okta-request-id", id);
        }
    }
    Some(Reply::now(response))
}

/// What the SCIM server of an app seems to answer; `None` if it is to answer by itself.
pub(super) fn scim(effect: Effect, by: SignedDuration) -> Option<Response<Bytes>> {
    let (status, words) = match effect {
        Effect::Unauthorized => (StatusCode::UNAUTHORIZED, "Authorization failed"),
        Effect::Forbidden => (StatusCode::FORBIDDEN, "Operation is not permitted"),
        Effect::Quota => (StatusCode::TOO_MANY_REQUESTS, "Too many requests"),
        Effect::ServerError => (StatusCode::INTERNAL_SERVER_ERROR, "An unexpected error occurred"),
        Effect::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "Service unavailable"),
        _ => return None,
    };
    let schema = "urn:ietf:params:scim:api:messages:2.0:Error";
    let body = json!({ "schemas": [schema], "status": status.as_str(), "detail": words });
    let mut response = json_response(status, &body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/scim+json"));
    if effect == Effect::Quota {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(by.as_secs().unsigned_abs()));
    }
    Some(response)
}

fn closed(delay: Duration) -> Reply {
    Reply { response: Response::new(Bytes::new()), delay, ending: Ending::Cut }
}

/// Codes of contracts/okta.md §2.4; where tokens are given out, those of §3.1 in their own form. Throttling has one form.
fn okta(status: StatusCode, path: &str, number: u64) -> Response<Bytes> {
    if path.starts_with("/oauth2/") && status != StatusCode::TOO_MANY_REQUESTS {
        let (error, text) = match status {
            StatusCode::UNAUTHORIZED => ("invalid_client", "The client credentials are not accepted."),
            StatusCode::FORBIDDEN => ("access_denied", "The network zone does not allow this client."),
            StatusCode::SERVICE_UNAVAILABLE => {
                ("temporarily_unavailable", "The service is under maintenance.")
            }
            _ => ("server_error", "Internal Server Error"),
        };
        return json_response(status, &json!({ "error": error, "error_description": text }));
    }
    let (code, summary) = match status {
        StatusCode::UNAUTHORIZED => ("E0000011", "Invalid token provided"),
        StatusCode::FORBIDDEN => ("E0000006", "You do not have permission to perform the requested action"),
        StatusCode::TOO_MANY_REQUESTS => {
            ("E0000047", "API call exceeded rate limit due to too many requests.")
        }
        StatusCode::SERVICE_UNAVAILABLE => {
            ("E0000010", "The system is undergoing maintenance. It is in read-only mode.")
        }
        _ => ("E0000009", "Internal Server Error"),
    };
    let error_id = format!("oae{number:022}");
    json_response(
        status,
        &json!({"errorCode": code, "errorSummary": summary, "errorLink": code, "errorId": error_id, "errorCauses": []}),
    )
}

/// Shapes of contracts/ioffice.md §1.5: that of the core, and that of the visitor service.
fn ioffice(status: StatusCode, request: &Request<Bytes>) -> Response<Bytes> {
    // Who comes with a token is told that it is past its life, and may refresh it (§1.5).
    let with_token = request.headers().contains_key("x-access-token");
    let (code, text) = match status {
        StatusCode::UNAUTHORIZED => ("unauthorized", "Bad credentials"),
        StatusCode::FORBIDDEN if with_token => ("token_expired", "The access token has expired"),
        StatusCode::FORBIDDEN => ("access_denied", "Access is denied"),
        StatusCode::TOO_MANY_REQUESTS => ("too_many_requests", "Too many requests"),
        StatusCode::SERVICE_UNAVAILABLE => ("service_unavailable", "Service unavailable"),
        _ => ("server_error", "An unexpected error occurred"),
    };
    let path = request.uri().path();
    let path = path.strip_prefix(crate::ioffice::API).unwrap_or(path);
    if path.trim_start_matches('/').split('/').next() == Some("visitors") {
        return json_response(status, &json!({ "status": "error", "message": text }));
    }
    json_response(
        status,
        &json!({"status": status.as_u16(), "error": code, "errorDescription": text, "localized": false}),
    )
}

fn json_response(status: StatusCode, body: &serde_json::Value) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
