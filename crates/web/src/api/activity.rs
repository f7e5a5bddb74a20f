//! What happened, newest first.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
};
use lanyard_engine::ports::{ActivityFilter, Kept};
use lanyard_model::id::{IdentityId, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::WebState;

const LIMIT_MAX: usize = 500;

#[derive(Debug, Default, Deserialize)]
pub struct ActivityQuery {
    /// Lines older than this sequence number (`next` of the page before).
    after: Option<i64>,
    limit: Option<usize>,
    tenant: Option<String>,
    identity: Option<String>,
    /// Signals and looks without a change, too.
    all: Option<bool>,
}

/// Lines that only say "seen" or "looked".
fn is_quiet(kept: &Kept) -> bool {
    matches!(kept.entry.kind.as_str(), "signal" | "decision")
}

/// `GET /api/v1/activity`
pub async fn list(State(state): State<Arc<WebState>>, Query(query): Query<ActivityQuery>) -> Answer {
    let limit = query.limit.unwrap_or(100).clamp(1, LIMIT_MAX);
    let tenant = query.tenant.filter(|t| t != "all").map(|t| TenantId::new(t.as_str()));
    let identity = query.identity.and_then(|text| {
        let (tenant, user) = text.split_once('/')?;
        Some(IdentityId::new(TenantId::new(tenant), user))
    });
    let mut items = Vec::new();
    let mut before = query.after;
    let mut next = None;
    // Quiet lines are passed over, within a bound.
    for _ in 0..20 {
        let page = state
            .engine
            .store()
            .activity(&ActivityFilter {
                tenant: tenant.clone(),
                identity: identity.clone(),
                before,
                after: None,
                limit,
            })
            .await?;
        let full = page.len() == limit;
        for kept in page {
            before = Some(kept.seq);
            if query.all == Some(true) || !is_quiet(&kept) {
                items.push(line(&kept));
                if items.len() == limit {
                    break;
                }
            }
        }
        next = before.filter(|_| full || items.len() == limit);
        if !full || items.len() >= limit {
            break;
        }
    }
    Ok(Json(json!({ "items": items, "next": next.map(|seq| seq.to_string()) })))
}

/// One line as the console shows it.
pub(crate) fn line(kept: &Kept) -> Value {
    let entry = &kept.entry;
    json!({
        "seq": kept.seq,
        "at": entry.at,
        "tenant": entry.tenant,
        "site": entry.site,
        "identity": entry.identity.as_ref().map(|id| json!({ "tenant": id.tenant, "id": id.user })),
        "person": entry.person,
        "kind": entry.kind,
        "title": entry.title,
        "detail": entry.detail,
        "severity": entry.severity,
        "data": entry.data,
    })
}

/// `GET /api/v1/journal`: the tree heads, and whether the journal fits them.
pub async fn journal(State(state): State<Arc<WebState>>) -> Answer {
    let store = state.engine.store();
    Ok(Json(json!({ "trees": store.tree_heads().await?, "damage": store.verify_journal().await? })))
}
