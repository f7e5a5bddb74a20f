//! Refusals in the form of RFC 9457.

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use lanyard_engine::ports::StoreFailure;
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::answers::field_of;

/// A refusal: what happened, and the way out.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: StatusCode,
    /// Short and stable, for programs.
    pub code: &'static str,
    pub title: String,
    pub fix: Option<String>,
    /// What is wrong with which fields of the request: path and sentence.
    pub fields: Vec<(String, String)>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &'static str, title: impl Into<String>) -> Self {
        Self { status, code, title: title.into(), fix: None, fields: Vec::new() }
    }

    /// One field of the request is wrong. `path` as in `grants[0].tenants`.
    pub fn field(path: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "field", message.clone());
        problem.fields.push((path.into(), message));
        problem
    }

    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Says it also of this field of the request.
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.fields.push((path.into(), self.title.clone()));
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
            "errors": self.fields.iter().map(|(path, message)| json!({ "path": path, "message": message })).collect::<Vec<_>>(),
        });
        let mut response = (self.status, Json(body)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// A JSON body, refused in our form when it cannot be read.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(value)) => Ok(Self(value)),
            Err(rejection) => {
                let status = match &rejection {
                    JsonRejection::JsonDataError(_) => StatusCode::UNPROCESSABLE_ENTITY,
                    other => other.status(),
                };
                let mut problem = Problem::new(status, "body", rejection.body_text());
                problem.fields.extend(field_of(&problem.title));
                Err(problem.fix("nothing was changed; see docs/reference/openapi.json for the form"))
            }
        }
    }
}
