//! The stop button, and verbs of a command line that finds the folder open.

use std::sync::Arc;

use axum::{Extension, Json, extract::State};
use serde_json::{Value, json};

use super::Answer;
use crate::{WebState, access::Caller, problem::Problem};

/// `POST /api/v1/stop`
pub async fn stop(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    state.engine.set_stopped(true, &caller.name).await?;
    let flight: Vec<_> = state
        .engine
        .store()
        .open_intents(None)
        .await?
        .into_iter()
        .map(|open| json!({ "id": open.intent.id, "identity": open.intent.identity, "operation": open.intent.operation.name() }))
        .collect();
    Ok(Json(json!({ "state": "stopped", "in_flight": flight })))
}

/// `POST /api/v1/resume`
pub async fn resume(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    state.engine.set_stopped(false, &caller.name).await?;
    Ok(Json(json!({ "state": "running" })))
}

/// `POST /api/v1/verbs`
pub async fn verb(State(state): State<Arc<WebState>>, Json(verb): Json<Value>) -> Answer {
    let runner = state.verbs.as_ref().ok_or_else(|| Problem::not_found("this server runs no verbs"))?;
    Ok(Json(runner.run(verb).await))
}
