//! Who held what at a moment: a person, or a site page by page.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::Timestamp;
use lanyard_model::id::{AccountId, IdentityId, SiteId, TenantId};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, people::visible};
use crate::{WebState, access::Caller, problem::Problem};

/// Rows on a page at most.
const ROWS_MAX: usize = 5_000;

#[derive(Deserialize)]
pub struct Moment {
    as_of: Option<String>,
    /// The last account of the page before.
    #[serde(alias = "after")]
    cursor: Option<i64>,
    limit: Option<usize>,
}

impl Moment {
    fn at(&self, state: &WebState) -> Result<Timestamp, Problem> {
        match &self.as_of {
            None => Ok(state.engine.clock().now()),
            Some(text) => text.parse().map_err(|_| {
                Problem::new(StatusCode::BAD_REQUEST, "as_of", format!("{text} is no instant"))
                    .fix("write it like 2026-11-28T09:00:00Z")
            }),
        }
    }
}

/// `GET /api/v1/people/{tenant}/{id}/access?as_of=…`: in the sites that the caller sees; of whom none of them knows,
/// nothing is told.
pub async fn person(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((tenant, id)): Path<(String, String)>,
    Query(moment): Query<Moment>,
) -> Answer {
    let at = moment.at(&state)?;
    let who = IdentityId::new(TenantId::new(tenant), id);
    let store = state.engine.store();
    let links = visible(&caller, store.links_of(&who).await?);
    if !caller.sees(Some(&who.tenant), None) && links.is_empty() {
        return Err(Problem::not_found(format!("{who} is not known")));
    }
    let mut held = store.held_by(&who, at).await?;
    held.retain(|one| caller.sees(Some(&who.tenant), Some(&one.account.site)));
    Ok(Json(json!({ "person": who, "as_of": at, "held": held })))
}

/// `GET /api/v1/sites/{site}/access?as_of=…&cursor=…&limit=…`: whole accounts, by number.
pub async fn site(
    State(state): State<Arc<WebState>>,
    Path(site): Path<String>,
    Query(moment): Query<Moment>,
) -> Answer {
    let at = moment.at(&state)?;
    let site = SiteId::new(site);
    let known = state
        .engine
        .sites()
        .get(&site)
        .ok_or_else(|| Problem::not_found(format!("there is no site {site}")))?;
    let limit = moment.limit.unwrap_or(1_000).clamp(1, ROWS_MAX);
    let after = AccountId(moment.cursor.unwrap_or(i64::MIN));
    let held = state.engine.store().held_in(&site, at, after, limit).await?;
    // A page without rows is the end.
    let next = held.last().map(|held| held.account.id);
    Ok(Json(
        json!({ "site": site, "as_of": at, "held": held, "next": next, "names": known.catalogue().names() }),
    ))
}
