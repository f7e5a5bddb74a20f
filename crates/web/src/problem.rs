//! Refusals in the form of RFC 9457.

use axum::{
    Json,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use lanyard_engine::ports::StoreFailure;
use serde_json::json;

/// A refusal: what happened, and the way out.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    /// Short and stable, for programs.
    pub code: &'static str,
    pub title: String,
    pub fix: Option<String>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self { status, code, title: title.into(), fix: None }
    }

    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", what)
    }
}

impl From<StoreFailure> for Problem {
    fn from(failure: StoreFailure) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store", failure.to_string())
            .fix("nothing was changed; try again, and look at free disk space if it stays so")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = json!({
            "type": format!("about:blank#{}", self.code),
            "code": self.code,
            "status": self.status.as_u16(),
            "title": self.title,
            "fix": self.fix,
        });
        let mut response = (self.status, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        response
    }
}
