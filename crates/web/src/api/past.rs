//! Who held what at a moment: a person, or a site page by page.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::Timestamp;
use lanyard_engine::ports::{Holding, Order};
use lanyard_model::{
    id::{AccountId, CenterId, IdentityId, ItemId, RoomId, SectionId, SiteId, TenantId, UserTypeId},
    place::Catalogue,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, people::visible};
use crate::{WebState, access::Caller, problem::Problem};

/// Rows on a page at most.
const ROWS_MAX: usize = 5_000;
/// People of whom a search shows the accounts.
const PEOPLE_MAX: usize = 50;

#[derive(Deserialize)]
pub struct Moment {
    as_of: Option<String>,
    /// The last account of the page before.
    #[serde(alias = "after")]
    cursor: Option<i64>,
    limit: Option<usize>,
    /// Only accounts of people with this name, login or address.
    search: Option<String>,
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
    let mut sites: BTreeSet<SiteId> = held.iter().map(|one| one.account.site.clone()).collect();
    sites.extend(links.into_iter().map(|link| link.account.site));
    let mut since = BTreeMap::new();
    let mut rows = Vec::new();
    for site in sites {
        since.insert(site.clone(), state.remembered.first_read(store.as_ref(), &site).await?);
        let here: Vec<Holding> = held.iter().filter(|one| one.account.site == site).cloned().collect();
        rows.extend(told(&state, &site, &here));
    }
    Ok(Json(json!({ "person": who, "as_of": at, "held": rows, "known_since": since })))
}

/// `GET /api/v1/sites/{site}/access?as_of=…&search=…&cursor=…&limit=…`: whole accounts, by number; or those of the people
/// whom a search finds, all on one page.
pub async fn site(
    State(state): State<Arc<WebState>>,
    Path(site): Path<String>,
    Query(moment): Query<Moment>,
) -> Answer {
    let at = moment.at(&state)?;
    let site = SiteId::new(site);
    if !state.engine.sites().contains_key(&site) {
        return Err(Problem::not_found(format!("there is no site {site}")));
    }
    let store = state.engine.store();
    let search = moment.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let (held, next, cut) = match search {
        None => {
            let limit = moment.limit.unwrap_or(1_000).clamp(1, ROWS_MAX);
            let after = AccountId(moment.cursor.unwrap_or(i64::MIN));
            let held = store.held_in(&site, at, after, limit).await?;
            let last = held.last().map(|held| held.account.id);
            let more = match last {
                Some(last) => !store.held_in(&site, at, last, 1).await?.is_empty(),
                None => false,
            };
            let next = last.filter(|_| more);
            (held, next, false)
        }
        Some(text) => {
            let (found, more, _) = store.search_people(None, text, Order::Rising, None, PEOPLE_MAX).await?;
            let mut held = Vec::new();
            for one in found {
                let who = one.identity.id;
                let mut theirs = store.held_by(&who, at).await?;
                theirs.retain(|row| row.account.site == site);
                // Whose an account is does not come with what it holds.
                if let Some(first) = theirs.first() {
                    held.push(Holding {
                        kind: "person".into(),
                        key: who.to_string(),
                        value: String::new(),
                        ..first.clone()
                    });
                }
                held.extend(theirs);
            }
            held.sort_by(|a, b| (a.account.id, &a.kind, &a.key).cmp(&(b.account.id, &b.kind, &b.key)));
            (held, None, more.is_some())
        }
    };
    let mut people = BTreeMap::new();
    for row in held.iter().filter(|row| row.kind == "person") {
        if let Some((tenant, user)) = row.key.split_once('/') {
            let known = store.identity(&IdentityId::new(TenantId::new(tenant), user)).await?;
            people.insert(row.key.clone(), known.map(|known| known.identity.display_name()));
        }
    }
    let ids: Vec<AccountId> =
        held.iter().map(|row| row.account.id).collect::<BTreeSet<_>>().into_iter().collect();
    let accounts: BTreeMap<String, Option<String>> = store
        .accounts_of(&site, &ids)
        .await?
        .into_iter()
        .map(|account| (account.key.id.to_string(), account.field("userName").map(str::to_owned)))
        .collect();
    Ok(Json(json!({
        "site": site,
        "as_of": at,
        "known_since": state.remembered.first_read(store.as_ref(), &site).await?,
        "held": told(&state, &site, &held),
        "people": people,
        "accounts": accounts,
        "next": next,
        "cut": cut,
    })))
}

/// Rows with what they are about by its name of today.
fn told(state: &WebState, site: &SiteId, held: &[Holding]) -> Vec<Value> {
    let catalogue = state.engine.sites().get(site).map(|site| site.catalogue());
    held.iter()
        .map(|row| {
            let mut value = json!(row);
            value["what"] = json!(what(catalogue.as_deref(), row));
            value
        })
        .collect()
}

/// What is held, by its name; by its number where the site has no such thing any more.
fn what(catalogue: Option<&Catalogue>, row: &Holding) -> String {
    let number = |text: &str| text.parse::<i64>().ok();
    let named = |id: &str, name: &dyn Fn(&Catalogue, i64) -> String| match (catalogue, number(id)) {
        (Some(catalogue), Some(id)) => name(catalogue, id),
        _ => format!("{} {id}", row.kind.replace('_', " ")),
    };
    match row.kind.as_str() {
        "role" => named(&row.key, &|all, id| all.center_name(CenterId(id))),
        "item" => named(&row.key, &|all, id| all.item_name(ItemId(id))),
        "cost_center" => named(&row.value, &|all, id| all.item_name(ItemId(id))),
        "seat" => named(&row.value, &|all, id| all.room_path(RoomId(id))),
        "section" => named(&row.value, &|all, id| all.section_name(SectionId(id))),
        "user_type" => named(&row.value, &|all, id| {
            all.user_types.get(&UserTypeId(id)).map_or_else(|| format!("user type {id}"), ToString::to_string)
        }),
        "site_admin" => "site administrator".into(),
        "account" => row.value.clone(),
        _ => row.key.clone(),
    }
}
