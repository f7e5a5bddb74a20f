//! Why a call did not give what was asked, as cases with a way out (contract §2.4).

use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use serde_json::Value;

use crate::budget::ThrottleKind;
use crate::json;

/// The reason a call gave nothing. `Display` says what happened; [`Problem::hint`] says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// 404: no such thing by this id. In the middle of a listing it means "gone since".
    #[error("Okta does not know {what}")]
    NotFound { what: String, code: String },
    /// The request itself was turned down; repeating it changes nothing.
    #[error("Okta refused ({status} {code}): {summary}{}", listed(.causes))]
    Refused { status: u16, code: String, summary: String, causes: Vec<String> },
    /// 401: the credential is not accepted (any more).
    #[error("Okta does not accept the credential ({code}): {summary}")]
    Unauthorized { code: String, summary: String },
    /// 403: signed in, but not allowed.
    #[error("Okta does not allow this ({code}): {summary}{}", scope_text(.missing_scope))]
    Forbidden { code: String, summary: String, missing_scope: Option<String> },
    /// 429 on each of the bounded attempts.
    #[error("Okta throttles this client until about {retry_at}")]
    Throttled { retry_at: Timestamp, kind: ThrottleKind },
    /// 5xx on each of the bounded attempts.
    #[error("Okta is not available ({status} {code}): {summary}")]
    Unavailable { status: u16, code: String, summary: String },
    /// An answer that is not what the contract promises.
    #[error("Okta's answer to {what} cannot be read: {reason}")]
    Malformed { what: String, reason: String },
    /// Sent, and no whole answer came: for a write, look before trying again.
    #[error("no complete answer from Okta: {reason}")]
    NoAnswer { reason: String },
    /// The request never left.
    #[error("Okta could not be reached: {reason}")]
    NotSent { reason: String },
    /// A link named a host outside the tenant. Nothing was sent there.
    #[error("a link names {host}, which does not belong to this org")]
    ForeignHost { host: String },
    /// A listing repeats itself or passes its page bound.
    #[error("the listing of {what} does not end ({pages} pages read)")]
    Endless { what: String, pages: u32 },
    /// No access token: the token endpoint's own error.
    #[error("no access token ({status} {error}): {description}")]
    SignIn { status: u16, error: String, description: String },
}

impl Problem {
    /// What a person can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::NotFound { .. } => "nothing to do if it was deleted; otherwise check that the id is of this org".into(),
            Self::Refused { code, .. } if code == "E0000010" => "the org is in read-only mode; wait".into(),
            Self::Refused { .. } => "see the code in docs/contracts/okta.md §2.4".into(),
            Self::Unauthorized { .. } => {
                "check that the token was not revoked, that its admin is still active and that the network zone allows this host".into()
            }
            Self::Forbidden { missing_scope: Some(scope), .. } => format!("grant {scope} to the service app"),
            Self::Forbidden { .. } => "give the credential an admin role that covers this resource".into(),
            Self::Throttled { kind: ThrottleKind::Quota, .. } => {
                "wait; if it stays, raise the app's share under Rate limits, or run sweeps at another hour".into()
            }
            Self::Throttled { kind: ThrottleKind::Concurrency, .. } => {
                "other clients of the org hold all connections; wait, or lower in_flight_max".into()
            }
            Self::Unavailable { .. } => "wait; see status.okta.com".into(),
            Self::Malformed { .. } => "a proxy may have answered in Okta's place; keep the request id for support".into(),
            Self::NoAnswer { .. } | Self::NotSent { .. } => "check network, proxy and name resolution".into(),
            Self::ForeignHost { host } => {
                format!("nothing was sent; if {host} is a custom domain of this org, use it as the org's address")
            }
            Self::Endless { .. } => "the listing was dropped; report it with the request id".into(),
            Self::SignIn { error, .. } => match error.as_str() {
                "invalid_client" => {
                    "check client id, key id and key against the app's public keys, and this machine's clock".into()
                }
                "invalid_scope" => "grant the app each scope it asks for".into(),
                "invalid_dpop_proof" | "use_dpop_nonce" => "set dpop to auto or always".into(),
                "access_denied" => "the network zone of the app does not allow this host".into(),
                _ => "see docs/contracts/okta.md §3.1".into(),
            },
        }
    }

    /// Whether the same call may work later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable { .. } | Self::NoAnswer { .. } | Self::NotSent { .. }
        )
    }
}

/// The vendor's error body, read leniently: `errorCauses` may be absent or an object, the whole body may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ErrorBody {
    pub code: String,
    pub summary: String,
    pub causes: Vec<String>,
    /// `error` and `error_description` of the OAuth endpoints.
    pub oauth: Option<(String, String)>,
}

impl ErrorBody {
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(value) = serde_json::from_slice::<Value>(body) else { return Self::default() };
        let causes = json::array(&value, "errorCauses")
            .into_iter()
            .filter_map(|c| json::text(c, "errorSummary").or_else(|| c.as_str().map(str::to_owned)))
            .collect();
        let oauth = json::text(&value, "error")
            .map(|e| (e, json::text(&value, "error_description").unwrap_or_default()));
        Self {
            code: json::text(&value, "errorCode").unwrap_or_default(),
            summary: json::text(&value, "errorSummary").unwrap_or_default(),
            causes,
            oauth,
        }
    }
}

/// The case for one unsuccessful answer. `what` names the thing asked for, for a 404; throttling is told apart by
/// the budget, which owns the headers, and arrives here as `throttled`.
pub(crate) fn classify(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    what: &str,
    throttled: impl FnOnce() -> (Timestamp, ThrottleKind),
) -> Problem {
    let error = ErrorBody::read(body);
    let (mut code, mut summary) = (error.code, error.summary);
    if let (true, Some((name, description))) = (code.is_empty(), error.oauth) {
        (code, summary) = (name, description);
    }
    if summary.is_empty() {
        summary = status.canonical_reason().unwrap_or("no explanation").to_owned();
    }
    match status.as_u16() {
        404 => Problem::NotFound { what: what.to_owned(), code },
        401 => Problem::Unauthorized { code, summary },
        // 403 that speaks about the thing, not about our rights.
        403 if is_refusal(&code) => Problem::Refused { status: 403, code, summary, causes: error.causes },
        403 => Problem::Forbidden { code, summary, missing_scope: missing_scope(headers) },
        429 => {
            let (retry_at, kind) = throttled();
            Problem::Throttled { retry_at, kind }
        }
        501 => Problem::Refused { status: 501, code, summary, causes: error.causes },
        status @ 500.. => Problem::Unavailable { status, code, summary },
        status @ 400..=499 => Problem::Refused { status, code, summary, causes: error.causes },
        other => Problem::Malformed { what: what.to_owned(), reason: format!("unexpected status {other}") },
    }
}

/// A server that wants its nonce in the proof: `use_dpop_nonce` in the challenge or in the body.
pub(crate) fn is_nonce_demand(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    matches!(status.as_u16(), 400 | 401) && says(headers, body, "use_dpop_nonce")
}

/// A proof refused as used before. Ours never repeat, so one more try is in order.
pub(crate) fn is_replay(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> bool {
    matches!(status.as_u16(), 400 | 401) && says(headers, body, "invalid_dpop_proof")
}

fn says(headers: &HeaderMap, body: &[u8], error: &str) -> bool {
    let in_header = |v: &http::HeaderValue| v.to_str().is_ok_and(|t| t.contains(error));
    headers.get_all(http::header::WWW_AUTHENTICATE).iter().any(in_header)
        || ErrorBody::read(body).oauth.is_some_and(|(name, _)| name == error)
}

fn is_refusal(code: &str) -> bool {
    const REFUSALS: [&str; 8] =
        ["E0000016", "E0000038", "E0000023", "E0000034", "E0000035", "E0000036", "E0000069", "E0000075"];
    REFUSALS.contains(&code)
}

/// The scope that `WWW-Authenticate: Bearer … scope="…", error="insufficient_scope"` names.
fn missing_scope(headers: &HeaderMap) -> Option<String> {
    headers.get_all(http::header::WWW_AUTHENTICATE).iter().find_map(|value| {
        let text = value.to_str().ok()?;
        text.contains("insufficient_scope").then_some(())?;
        let rest = text.split_once("scope=\"")?.1;
        let scope = rest.split('"').next()?;
        (!scope.is_empty()).then(|| scope.to_owned())
    })
}

fn listed(causes: &[String]) -> String {
    if causes.is_empty() { String::new() } else { format!(" ({})", causes.join("; ")) }
}

fn scope_text(scope: &Option<String>) -> String {
    scope.as_ref().map(|s| format!("; missing scope {s}")).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(status: u16, body: &str) -> Problem {
        let at = Timestamp::UNIX_EPOCH;
        classify(
            StatusCode::from_u16(status).expect("a status"),
            &HeaderMap::new(),
            body.as_bytes(),
            "user 00u1",
            || (at, ThrottleKind::Quota),
        )
    }

    #[test]
    fn errors_become_cases() {
        for (status, body, shown) in [
            (
                404,
                r#"{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: 00u1 (User)"}"#,
                "Okta does not know user 00u1",
            ),
            (
                400,
                r#"{"errorCode":"E0000001","errorSummary":"Api validation failed: login","errorCauses":[{"errorSummary":"login: taken"}]}"#,
                "Okta refused (400 E0000001): Api validation failed: login (login: taken)",
            ),
            (
                400,
                r#"{"errorCode":"E0000001","errorSummary":"x","errorCauses":{"errorSummary":"an object"}}"#,
                "Okta refused (400 E0000001): x (an object)",
            ),
            (
                400,
                r#"{"errorCode":"E0000031","errorSummary":"Invalid search criteria."}"#,
                "Okta refused (400 E0000031): Invalid search criteria.",
            ),
            (
                401,
                r#"{"errorCode":"E0000011","errorSummary":"Invalid token provided"}"#,
                "Okta does not accept the credential (E0000011): Invalid token provided",
            ),
            (
                403,
                r#"{"errorCode":"E0000006","errorSummary":"no permission"}"#,
                "Okta does not allow this (E0000006): no permission",
            ),
            (
                403,
                r#"{"errorCode":"E0000038","errorSummary":"not allowed in this status"}"#,
                "Okta refused (403 E0000038): not allowed in this status",
            ),
            (429, "", "Okta throttles this client until about 1970-01-01T00:00:00Z"),
            (500, "<html>", "Okta is not available (500 ): Internal Server Error"),
            (
                503,
                r#"{"errorCode":"E0000010","errorSummary":"read-only"}"#,
                "Okta is not available (503 E0000010): read-only",
            ),
            (302, "", "Okta's answer to user 00u1 cannot be read: unexpected status 302"),
        ] {
            assert_eq!(case(status, body).to_string(), shown);
            assert!(!case(status, body).hint().is_empty());
        }
    }

    #[test]
    fn a_missing_scope_is_named_with_its_fix() {
        let mut headers = HeaderMap::new();
        headers.insert(
            "www-authenticate",
            r#"Bearer authorization_uri="https://x/oauth2/v1/authorize",realm="https://x",scope="okta.groups.read",error="insufficient_scope",error_description="…",resource="/api/v1/groups""#
                .replace('…', "no")
                .parse()
                .expect("a header"),
        );
        let problem = classify(StatusCode::FORBIDDEN, &headers, b"", "groups", || unreachable!());
        assert_eq!(problem.hint(), "grant okta.groups.read to the service app");
    }
}
