//! The demo's story and its buttons.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;

use super::Answer;
use crate::{
    WebState,
    problem::{Body, Problem},
};

/// `GET /api/v1/demo`
pub async fn show(State(state): State<Arc<WebState>>) -> Answer {
    let demo = state.demo.as_ref().ok_or_else(|| Problem::not_found("this is not a demo"))?;
    Ok(Json(demo.story()))
}

#[derive(Debug, Deserialize)]
pub struct Act {
    kind: String,
}

/// `POST /api/v1/demo/act`
pub async fn act(State(state): State<Arc<WebState>>, Body(act): Body<Act>) -> Answer {
    let demo = state.demo.as_ref().ok_or_else(|| Problem::not_found("this is not a demo"))?;
    demo.act(&act.kind)
        .await
        .map(Json)
        .map_err(|why| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "demo_act", why))
}
