//! The stop button, and verbs of a command line that finds the folder open.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use lanyard_engine::{
    journal::line,
    put_away::{PutAwayError, Terms},
};
use serde_json::{Value, json};

use super::Answer;
use crate::{
    WebState,
    access::{Caller, Permit},
    problem::{Body, Problem},
};

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

/// `POST /api/v1/messages/again`: whoever mended a route has what was given up tried again.
pub async fn send_given_up(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
) -> Answer {
    let again = state.engine.send_given_up().await?;
    let at = state.engine.clock().now();
    let title = format!("messages that were given up are tried again: {again}");
    let told =
        |tenant| line(tenant, at, "control", title.as_str()).detail(format!("by {}", caller.name)).write();
    if again > 0 {
        state.engine.write(state.engine.directories().keys().map(told).collect()).await?;
    }
    Ok(Json(json!({ "again": again })))
}

/// What is put away, why, who answers for it, and up to when.
#[derive(serde::Deserialize)]
pub struct PutAway {
    key: String,
    reason: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    until: Option<Timestamp>,
}

/// `POST /api/v1/findings/close`
pub async fn put_away(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(what): Body<PutAway>,
) -> Answer {
    let reached = state.engine.store().finding(&what.key).await?.is_none_or(|finding| {
        let tenant = finding.tenant.as_ref().or(finding.identity.as_ref().map(|id| &id.tenant));
        caller.may_at(Permit::Operate, tenant, finding.site.as_ref())
    });
    if !reached {
        // As if it were not there: whoever may not act on it need not know of it.
        return Err(PutAwayError::Unknown(what.key).into());
    }
    let PutAway { key, reason, owner, until } = what;
    let finding = state.engine.put_away(&key, &caller.name, Terms { reason, owner, until }).await?;
    Ok(Json(json!({ "closed": finding.key, "title": finding.title })))
}

impl From<PutAwayError> for Problem {
    fn from(error: PutAwayError) -> Self {
        let title = error.to_string();
        match error {
            PutAwayError::Unknown(_) => {
                Self::new(StatusCode::NOT_FOUND, "no_finding", title).fix("reload: it may be over already")
            }
            PutAwayError::EndsByItself { fix, .. } => {
                let problem = Self::new(StatusCode::CONFLICT, "ends_by_itself", title);
                match fix {
                    Some(fix) => problem.fix(fix),
                    None => problem,
                }
            }
            PutAwayError::NoReason => {
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", title);
                problem.at("reason").fix("say why in a few words")
            }
            PutAwayError::Over(_) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, "over", title)
                .at("until")
                .fix("name a moment to come, or none"),
            PutAwayError::NotShownAgain { .. } => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "not_shown_again", title)
                    .at("until")
                    .fix("put it away without a day once it is done, or leave it open until then")
            }
            PutAwayError::Store(failure) => failure.into(),
        }
    }
}

/// `POST /api/v1/verbs`. What was begun is carried out, whether or not whoever asked waits for the answer: half a sweep is of no
/// use to anybody.
pub async fn verb(State(state): State<Arc<WebState>>, Body(verb): Body<Value>) -> Answer {
    let runner = state.verbs.clone().ok_or_else(|| Problem::not_found("this server runs no verbs"))?;
    let said = tokio::spawn(async move { runner.run(verb).await }).await;
    let said = said.map_err(|error| {
        tracing::error!(%error, "a verb broke off");
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "broken",
            "the verb broke off; the server's log says more",
        )
    })?;
    Ok(Json(said))
}
