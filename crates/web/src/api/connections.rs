//! Connecting another org or site: tried, sampled, kept under observation, compared, let loose.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::StatusCode,
};
use lanyard_engine::{adoption::PairRefused, ports::Silent};
use lanyard_model::id::SiteId;
use serde::Deserialize;
use serde_json::json;

use super::Answer;
use crate::{
    WebState,
    access::{Caller, Reach, sign_in},
    desks::{ConnectionDesk, NewConnection},
    problem::{Body, Problem},
};

/// Pairs at least this sure need no look.
const SURE_PERCENT: u8 = 90;
/// Rows of each list at most.
const SHOWN_MAX: usize = 50;

fn desk(state: &WebState) -> Result<&Arc<dyn ConnectionDesk>, Problem> {
    state.desks.connections.as_ref().ok_or_else(|| Problem::not_found("this server takes no new connections"))
}

/// `POST /api/v1/connections/probe`
pub async fn probe(State(state): State<Arc<WebState>>, Body(new): Body<NewConnection>) -> Answer {
    Ok(Json(desk(&state)?.probe(new).await?))
}

/// `POST /api/v1/connections/sample`
pub async fn sample(State(state): State<Arc<WebState>>, Body(new): Body<NewConnection>) -> Answer {
    Ok(Json(desk(&state)?.sample(new).await?))
}

/// `POST /api/v1/connections`
pub async fn keep(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(new): Body<NewConnection>,
) -> Answer {
    let title = format!("connection {} added to the settings by {}", new.id(), caller.name);
    let kept = desk(&state)?.keep(new).await?;
    let severity = lanyard_engine::ports::Severity::Info;
    state.remembered.take_in(&kept);
    sign_in::note(&state, &Reach::Everywhere, severity, &caller.name, &title).await?;
    Ok(Json(json!({ "id": kept.id, "live": true })))
}

fn refused(error: PairRefused) -> Problem {
    match error {
        PairRefused::Store(failure) => failure.into(),
        PairRefused::NoSite(_) => Problem::not_found(error.to_string()),
        PairRefused::NoReason => Problem::field("reason", error.to_string()),
        _ => Problem::new(StatusCode::CONFLICT, "refused", error.to_string()),
    }
}

/// `GET /api/v1/sites/{site}/match`: reads both sides afresh; who is whose, and what the first writes would do.
pub async fn matched(State(state): State<Arc<WebState>>, Path(site): Path<String>) -> Answer {
    let site = SiteId::new(site);
    if !state.engine.sites().contains_key(&site) {
        return Err(Problem::not_found(format!("there is no site {site}")));
    }
    let report = state.engine.match_report(&site, &Silent).await.map_err(|error| {
        Problem::new(StatusCode::BAD_GATEWAY, "upstream", error.to_string())
            .fix("look at Health, then try again")
    })?;
    // Sure pairs are a number; what a person must read is shown, least sure first.
    let unsure = report.matched.iter().filter(|pair| pair.confidence < SURE_PERCENT);
    let active = state.engine.active();
    Ok(Json(json!({
        "site": report.site,
        "writes": report.signed_off,
        "observe_only": state.engine.settings().observe_only,
        "people": report.people,
        "accounts": report.accounts,
        "matched": report.matched.len(),
        "unsure": unsure.clone().count(),
        "unsure_pairs": unsure.take(SHOWN_MAX).collect::<Vec<_>>(),
        "disputed": report.disputed.len(),
        "disputes": report.disputed.iter().take(SHOWN_MAX).collect::<Vec<_>>(),
        "unlinked": report.unlinked.len(),
        "unlinked_people": report.unlinked.iter().take(SHOWN_MAX).collect::<Vec<_>>(),
        "orphans": report.orphans.len(),
        "orphan_accounts": report.orphans.iter().take(SHOWN_MAX).collect::<Vec<_>>(),
        "first_writes": report.first_writes,
        "doubts": report.doubts,
        "limits": active.policy.guardrails(),
    })))
}

/// Why a site is written to from now on.
#[derive(Deserialize)]
pub struct SignOff {
    reason: String,
}

/// `POST /api/v1/sites/{site}/sign-off`
pub async fn sign_off(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(site): Path<String>,
    Body(why): Body<SignOff>,
) -> Answer {
    let site = SiteId::new(site);
    state.engine.sign_off(&site, &caller.name, &why.reason).await.map_err(refused)?;
    Ok(Json(json!({ "site": site, "writes": state.engine.may_write(&site) })))
}
