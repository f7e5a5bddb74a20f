//! What happened, newest first.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Query, State},
};
use lanyard_engine::ports::{ActivityFilter, Kept, Severity};
use lanyard_model::id::{IdentityId, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::{
    WebState,
    access::{Caller, Permit, Reach},
    problem::Problem,
};

const LIMIT_MAX: usize = 500;
/// Lines that a filter may pass over are read in pages of at least this many.
const READ_AT_ONCE: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub struct ActivityQuery {
    /// Lines older than this sequence number (`next` of the page before).
    #[serde(alias = "after")]
    cursor: Option<i64>,
    limit: Option<usize>,
    tenant: Option<String>,
    identity: Option<String>,
    /// Signals and looks without a change, too.
    all: Option<bool>,
    /// Only these kinds, separated by commas.
    kinds: Option<String>,
    /// Only what people and programs did to Lanyard itself.
    people: Option<bool>,
    /// Text in title, detail or name.
    search: Option<String>,
    problems: Option<bool>,
    /// `newest` first, or `oldest`.
    sort: Option<String>,
}

impl ActivityQuery {
    fn wants(&self, kept: &Kept) -> bool {
        let entry = &kept.entry;
        if let Some(kinds) = &self.kinds
            && !kinds.split(',').any(|kind| kind == entry.kind)
        {
            return false;
        }
        if self.people == Some(true)
            && let Some(wanted) = &self.identity
            && entry.identity.as_ref().is_none_or(|who| format!("{}/{}", who.tenant, who.user) != *wanted)
        {
            return false;
        }
        if self.kinds.is_none() && self.all != Some(true) && is_quiet(kept) {
            return false;
        }
        if self.problems == Some(true) && entry.severity == Severity::Info {
            return false;
        }
        self.search.as_deref().is_none_or(|wanted| {
            let text =
                format!("{} {} {}", entry.title, entry.detail, entry.person.as_deref().unwrap_or_default());
            text.to_lowercase().contains(&wanted.to_lowercase())
        })
    }
}

/// Lines that only say "seen" or "looked".
fn is_quiet(kept: &Kept) -> bool {
    matches!(kept.entry.kind.as_str(), "signal" | "decision")
}

/// `GET /api/v1/activity`
pub async fn list(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ActivityQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(100).clamp(1, LIMIT_MAX);
    let tenant = query.tenant.as_deref().filter(|t| *t != "all").map(TenantId::new);
    let identity = query.identity.as_deref().and_then(|text| {
        let (tenant, user) = text.split_once('/')?;
        Some(IdentityId::new(TenantId::new(tenant), user))
    });
    let oldest = match query.sort.as_deref() {
        None | Some("newest") => false,
        Some("oldest") => true,
        Some(_) => return Err(Problem::field("sort", "newest or oldest")),
    };
    let mut items = Vec::new();
    let mut last = query.cursor;
    let mut next = None;
    // Quiet lines are passed over, within a bound.
    for _ in 0..20 {
        let page = state
            .engine
            .store()
            .activity(&ActivityFilter {
                tenant: tenant.clone(),
                identity: identity.clone(),
                before: last.filter(|_| !oldest),
                after: oldest.then(|| last.unwrap_or(0)),
                of_people: query.people == Some(true),
                limit: limit.max(READ_AT_ONCE),
            })
            .await?;
        let full = page.len() == limit.max(READ_AT_ONCE);
        for kept in page {
            last = Some(kept.seq);
            let seen = caller.sees(Some(&kept.entry.tenant), kept.entry.site.as_ref());
            if seen && query.wants(&kept) {
                items.push(line(&kept));
                if items.len() == limit {
                    break;
                }
            }
        }
        next = last.filter(|_| full || items.len() == limit);
        if !full || items.len() >= limit {
            break;
        }
    }
    Ok(Json(json!({ "items": items, "next": next.map(|seq| seq.to_string()) })))
}

/// One line as the console shows it.
pub(crate) fn line(kept: &Kept) -> Value {
    let entry = &kept.entry;
    // What a finding says of somebody stands where their name would: it can be erased there.
    let told =
        entry.person.as_deref().filter(|_| entry.kind == "finding").and_then(|text| text.split_once('\n'));
    let detail = match told {
        Some((title, detail)) => {
            let texts = [title, detail, entry.detail.as_str()];
            texts.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("; ")
        }
        None => entry.detail.clone(),
    };
    json!({
        "seq": kept.seq,
        "at": entry.at,
        "tenant": entry.tenant,
        "site": entry.site,
        "identity": entry.identity.as_ref().map(|id| json!({ "tenant": id.tenant, "id": id.user })),
        "person": entry.person.as_ref().filter(|_| told.is_none()),
        "kind": entry.kind,
        "title": entry.title,
        "detail": detail,
        "severity": entry.severity,
        "data": entry.data,
    })
}

/// `GET /api/v1/journal`: the tree heads, and whether the journal fits them.
pub async fn journal(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let store = state.engine.store();
    let mut trees = store.tree_heads().await?;
    trees.retain(|head| caller.may_at(Permit::Audit, Some(&head.tenant), None));
    Ok(Json(json!({ "trees": trees, "damage": store.verify_journal().await? })))
}

/// Dead letters of one page.
const DEAD_MAX: usize = 500;

#[derive(Debug, Default, Deserialize)]
pub struct DeadQuery {
    cursor: Option<String>,
    limit: Option<usize>,
    tenant: Option<String>,
}

/// `GET /api/v1/dead-letters`: people whose looks ended in an error that repeating does not mend, by tenant and id.
pub async fn dead(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<DeadQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(200).clamp(1, DEAD_MAX);
    let asked = query.tenant.as_deref().filter(|t| *t != "all").map(TenantId::new);
    let after = match query.cursor.as_deref() {
        None => None,
        Some(text) => {
            let (tenant, user) = text.split_once('/').ok_or_else(crate::page::not_ours)?;
            Some(IdentityId::new(TenantId::new(tenant), user))
        }
    };
    // `None`: all tenants in one list.
    let mut scopes: Vec<Option<TenantId>> = match (asked, caller.reach()) {
        (Some(tenant), _) => vec![Some(tenant)],
        (None, _) if caller.sees_everything() => vec![None],
        (None, Reach::Only(tenants)) => tenants.into_iter().map(Some).collect(),
        (None, Reach::Everywhere) => state.engine.directories().keys().cloned().map(Some).collect(),
    };
    scopes.retain(|scope| scope.as_ref().is_none_or(|tenant| caller.sees(Some(tenant), None)));
    let store = state.engine.store();
    let (mut found, mut total) = (Vec::new(), 0);
    for scope in &scopes {
        let passed = scope.as_ref().zip(after.as_ref()).is_some_and(|(tenant, after)| *tenant < after.tenant);
        // One more than fits says whether there is more.
        let room = if passed { 0 } else { limit + 1 - found.len() };
        let (page, of) = store.dead_page(scope.as_ref(), after.as_ref(), room).await?;
        found.extend(page);
        total += of;
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(who, ..)| who.to_string());
    let mut items = Vec::new();
    for (who, error, fix) in found {
        let person = store.identity(&who).await?.map(|known| known.identity.display_name());
        items.push(json!({
            "identity": { "tenant": who.tenant, "id": who.user }, "person": person, "error": error, "fix": fix,
        }));
    }
    Ok(Json(json!({ "items": items, "next": next, "total": total })))
}
