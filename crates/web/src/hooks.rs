//! Event hook verification and delivery (contract okta.md §10). A delivery is answered 204 only once it is durable;
//! a passing fault of ours is 503, never 4xx, because Okta does not retry those.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use lanyard_engine::ingest::{ReceiveError, Received};
use lanyard_model::id::TenantId;
use serde_json::json;

use crate::{WebState, access::secret::same_secret, problem::Problem};

/// Deliveries of any number of events; Okta names no bound, the contract assumes 5 MB is ample.
const BODY_BYTES_MAX: usize = 5 << 20;
/// Okta waits three seconds in all: however late the body came, the answer is there before.
const BODY_WITHIN: Duration = Duration::from_millis(2000);
const ANSWER_WITHIN: Duration = Duration::from_millis(2700);

/// `GET /hooks/okta/{tenant}`: proves the address is ours. Demands the secret, so that strangers cannot confirm it.
pub(crate) async fn verify(
    State(state): State<Arc<WebState>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let tenant = admit(&state, &tenant, &headers).await?;
    let challenge = headers.get("x-okta-verification-challenge").and_then(|value| value.to_str().ok());
    let Some(challenge) = challenge else {
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "no_challenge",
            "the verification challenge header is missing",
        ));
    };
    tracing::info!(%tenant, "event hook verified");
    Ok(Json(json!({ "verification": challenge })).into_response())
}

/// `POST /hooks/okta/{tenant}`
pub(crate) async fn deliver(
    State(state): State<Arc<WebState>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let end = tokio::time::Instant::now() + ANSWER_WITHIN;
    let tenant = admit(&state, &tenant, &headers).await?;
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/json") {
        return Err(refuse(&state, &tenant, StatusCode::UNSUPPORTED_MEDIA_TYPE, "type").await);
    }
    let declared =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > BODY_BYTES_MAX) {
        return Err(refuse(&state, &tenant, StatusCode::PAYLOAD_TOO_LARGE, "size").await);
    }
    let body = match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(refuse(&state, &tenant, StatusCode::PAYLOAD_TOO_LARGE, "size").await),
        Err(_) => return Err(refuse(&state, &tenant, StatusCode::REQUEST_TIMEOUT, "slow").await),
    };
    match tokio::time::timeout_at(end, state.engine.receive(&tenant, &body)).await {
        Ok(Ok(Received::Stored { .. } | Received::Preview | Received::Quarantined { .. })) => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Ok(Err(ReceiveError::Unreadable(problem))) => {
            tracing::warn!(%tenant, %problem, "a hook delivery could not be read");
            Err(refuse(&state, &tenant, StatusCode::BAD_REQUEST, "unreadable").await)
        }
        Ok(Err(ReceiveError::NoTenant(_))) => Err(Problem::not_found("no such hook")),
        Ok(Err(ReceiveError::Store(failure))) => {
            tracing::error!(%tenant, %failure, "a hook delivery could not be stored");
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store", "not stored; please deliver again"))
        }
        Err(_) => {
            tracing::error!(%tenant, "a hook delivery could not be stored in time");
            Err(Problem::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "store",
                "not stored in time; please deliver again",
            ))
        }
    }
}

/// The tenant of the path, if the secret is its own.
async fn admit(state: &WebState, tenant: &str, headers: &HeaderMap) -> Result<TenantId, Problem> {
    let tenant = TenantId::new(tenant);
    let Some(secret) = state.remembered.hook_secret(&state.settings, &tenant) else {
        return Err(Problem::not_found("no such hook"));
    };
    let given = headers.get(header::AUTHORIZATION).map(header::HeaderValue::as_bytes).unwrap_or_default();
    if same_secret(given, &secret) {
        return Ok(tenant);
    }
    Err(refuse(state, &tenant, StatusCode::UNAUTHORIZED, "secret").await)
}

async fn refuse(state: &WebState, tenant: &TenantId, status: StatusCode, why: &'static str) -> Problem {
    state.engine.count_refused_delivery(tenant, why).await;
    let title = match why {
        "secret" => "the secret is wrong",
        "type" => "the content type must be application/json",
        "size" => "the delivery is too large",
        "slow" => "the delivery did not arrive in time",
        _ => "the delivery cannot be read",
    };
    Problem::new(status, why, title)
}
