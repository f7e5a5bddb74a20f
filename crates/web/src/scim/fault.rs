//! Refusals as SCIM error bodies.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use lanyard_engine::ports::StoreFailure;
use lanyard_scim::{Refusal, body};

use super::CONTENT_TYPE;

/// Whole seconds, as Okta wants them.
const RETRY_AFTER_SECONDS: &str = "5";

/// Why a request was not done.
#[derive(Debug)]
pub(super) struct Fault {
    status: StatusCode,
    scim_type: Option<&'static str>,
    detail: String,
}

impl Fault {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, scim_type: None, detail: detail.into() }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    /// A passing fault of ours: nothing happened, or it may be repeated.
    pub(super) fn later(detail: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("{detail}; please try again"))
    }

    pub(super) fn ours() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "an error of this server")
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        let status = match refusal {
            Refusal::Uniqueness(_) => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, scim_type: Some(refusal.scim_type()), detail: refusal.to_string() }
    }
}

impl From<StoreFailure> for Fault {
    fn from(failure: StoreFailure) -> Self {
        match failure {
            StoreFailure::KeyTaken { kind, .. } => Refusal::Uniqueness(kind).into(),
            failure => {
                tracing::error!(%failure, "a SCIM request met the store's refusal");
                Self::later("the store cannot be used now")
            }
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let body = body::error(self.status.as_u16(), self.scim_type, &self.detail).to_string();
        let mut response = (self.status, [(header::CONTENT_TYPE, CONTENT_TYPE)], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_SECONDS));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let schemes = HeaderValue::from_static("Bearer realm=\"scim\", Basic realm=\"scim\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, schemes);
        }
        response
    }
}
