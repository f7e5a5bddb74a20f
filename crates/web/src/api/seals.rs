//! What-ifs as they were sealed: all of them, one with its reach, its people page by page.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use lanyard_engine::whatif::ShownFilter;
use serde::Deserialize;
use serde_json::json;

use super::{Answer, change::refusal};
use crate::{WebState, page::Paging};

/// People on a page at most.
const PEOPLE_MAX: usize = 200;

/// `GET /api/v1/whatif`
pub async fn list(State(state): State<Arc<WebState>>, Query(paging): Query<Paging>) -> Answer {
    let seals = state.engine.seals().await?;
    let page = paging
        .cut(seals, 50, true, |one| (one.started_at.unwrap_or(one.at).max(one.at), one.seal.clone()))?;
    Ok(Json(json!({ "items": page.items, "next": page.next, "total": page.total })))
}

/// `GET /api/v1/whatif/{seal}/plan`
pub async fn show(State(state): State<Arc<WebState>>, Path(seal): Path<String>) -> Answer {
    let (head, shown, report, roll_out) = state.engine.seal_shown(&seal).await.map_err(refusal)?;
    let progress = state.engine.seal_progress(&seal).await.map_err(refusal)?;
    Ok(Json(json!({
        "head": head,
        "progress": progress,
        "shown": shown,
        "report": report,
        "roll_out": roll_out,
        "second_person": state.engine.active().policy.guardrails().second_person,
    })))
}

#[derive(Debug, Default, Deserialize)]
pub struct PeopleQuery {
    cursor: Option<usize>,
    limit: Option<usize>,
    kind: Option<String>,
    search: Option<String>,
}

/// `GET /api/v1/whatif/{seal}/people`
pub async fn people(
    State(state): State<Arc<WebState>>,
    Path(seal): Path<String>,
    Query(query): Query<PeopleQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(50).clamp(1, PEOPLE_MAX);
    let filter = ShownFilter { kind: query.kind, search: query.search.unwrap_or_default() };
    let after = query.cursor.unwrap_or(0);
    let page = state.engine.sealed_people(&seal, &filter, after, limit).await.map_err(refusal)?;
    Ok(Json(json!({ "items": page.items, "next": page.next.map(|at| at.to_string()) })))
}
