//! Plans: recent ones, and one with its operations and outcomes.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use lanyard_engine::ports::Order;
use lanyard_model::{
    id::{IdentityId, PlanId, SiteId},
    plan::{Plan, Summary},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, people::plan_lines};
use crate::{WebState, access::Caller, problem::Problem};

/// Plans that are looked through for one page; what is left is behind `next`.
const LOOKED_THROUGH_MAX: usize = 2_000;

#[derive(Debug, Default, Deserialize)]
pub struct PlansQuery {
    cursor: Option<String>,
    limit: Option<usize>,
    tenant: Option<String>,
    search: Option<String>,
    effect: Option<String>,
    sort: Option<String>,
}

impl PlansQuery {
    fn wants(&self, plan: &Plan) -> bool {
        let tenant = self.tenant.as_deref().filter(|tenant| *tenant != "all");
        if tenant.is_some_and(|tenant| plan.identity.tenant.as_str() != tenant) {
            return false;
        }
        if let Some(wanted) = self.search.as_deref().map(str::to_lowercase)
            && !plan.person.to_lowercase().split_whitespace().any(|word| word.starts_with(&wanted))
            && !plan.person.to_lowercase().starts_with(&wanted)
        {
            return false;
        }
        let summary = plan.summary();
        match self.effect.as_deref() {
            Some("add") => summary.add > 0,
            Some("change") => summary.change > 0,
            Some("move") => summary.r#move > 0,
            Some("remove") => summary.remove > 0,
            Some("held") => summary.held > 0,
            _ => true,
        }
    }
}

/// `GET /api/v1/plans`
pub async fn list(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<PlansQuery>,
) -> Answer {
    let limit = query.limit.unwrap_or(100).clamp(1, 500);
    let order = match query.sort.as_deref() {
        None | Some("newest") => Order::Falling,
        Some("oldest") => Order::Rising,
        Some(_) => return Err(Problem::field("sort", "newest or oldest")),
    };
    let mut last = query.cursor.as_deref().and_then(|cursor| {
        let (at, id) = cursor.split_once('|')?;
        Some((at.parse::<Timestamp>().ok()?, PlanId::new(id)))
    });
    let store = state.engine.store();
    let mut items = Vec::new();
    let mut looked = 0;
    let more = loop {
        let page = store.plans_beyond(last.as_ref(), order, limit.max(200)).await?;
        let full = page.len() == limit.max(200);
        looked += page.len();
        for plan in page {
            last = Some((plan.made_at, plan.id.clone()));
            if caller.sees(Some(&plan.identity.tenant), Some(&plan.site)) && query.wants(&plan) {
                items.push(head(&plan));
                if items.len() == limit {
                    break;
                }
            }
        }
        if items.len() == limit || !full || looked >= LOOKED_THROUGH_MAX {
            break items.len() == limit || full;
        }
    };
    let next = last.filter(|_| more).map(|(at, id)| format!("{at}|{id}"));
    Ok(Json(json!({ "items": items, "next": next })))
}

fn head(plan: &Plan) -> Value {
    let counted = summary(&plan.summary());
    json!({
        "id": plan.id,
        "at": plan.made_at,
        "tenant": plan.identity.tenant,
        "site": plan.site,
        "identity": { "tenant": plan.identity.tenant, "id": plan.identity.user },
        "person": plan.person,
        "lane": plan.lane,
        "summary": counted,
    })
}

fn summary(counts: &Summary) -> Value {
    json!({
        "add": counts.add, "change": counts.change, "remove": counts.remove, "move": counts.r#move,
        "held": counts.held,
    })
}

/// `GET /api/v1/plans/{id}`
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let id = PlanId::new(id.as_str());
    let seen = |plan: &Plan| caller.sees(Some(&plan.identity.tenant), Some(&plan.site));
    let plan = state.engine.store().plan(&id).await?.filter(seen);
    let plan = plan.ok_or_else(|| Problem::not_found(format!("there is no plan {id}")))?;
    Ok(Json(whole(&state, &plan).await?))
}

/// A plan by its id, for whoever may see it.
pub(super) async fn detail(state: &WebState, id: &PlanId) -> Result<Option<Value>, Problem> {
    match state.engine.store().plan(id).await? {
        Some(plan) => Ok(Some(whole(state, &plan).await?)),
        None => Ok(None),
    }
}

async fn whole(state: &WebState, plan: &Plan) -> Result<Value, Problem> {
    let operations: Vec<_> = state
        .engine
        .store()
        .intents(&plan.id)
        .await?
        .into_iter()
        .map(|(intent, outcome)| {
            json!({
                "id": intent.id,
                "step": intent.step,
                "operation": intent.operation,
                "at": intent.at,
                "outcome": outcome,
            })
        })
        .collect();
    let mut value = head(plan);
    value["steps"] = json!(plan_lines(plan));
    value["notes"] = json!(plan.notes);
    value["operations"] = json!(operations);
    value["ending"] = json!(plan.ending);
    value["policy"] = json!(plan.policy);
    Ok(value)
}

/// Plans of the time before `now` that are summed up.
const REACH_SECONDS: i64 = 86_400;

/// `GET /api/v1/plans/reach`: how far the plans of the last day reach: people, by site, and against the limit on removals.
pub async fn reach(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let (engine, store) = (&state.engine, state.engine.store());
    let since = engine.clock().now() - jiff::SignedDuration::from_secs(REACH_SECONDS);
    let mut sites: BTreeMap<SiteId, Reach> = BTreeMap::new();
    let (mut last, mut looked, mut whole) = (None, 0, true);
    loop {
        let page = store.plans_beyond(last.as_ref(), Order::Falling, 200).await?;
        let full = page.len() == 200;
        looked += page.len();
        last = page.last().map(|plan| (plan.made_at, plan.id.clone()));
        let past = page.last().is_none_or(|plan| plan.made_at < since);
        for plan in page.iter().filter(|plan| plan.made_at >= since) {
            if caller.sees(Some(&plan.identity.tenant), Some(&plan.site)) {
                sites.entry(plan.site.clone()).or_default().count(plan);
            }
        }
        if !full || past {
            break;
        }
        if looked >= LOOKED_THROUGH_MAX {
            whole = false;
            break;
        }
    }
    let policy = engine.active();
    let guardrails = policy.policy.guardrails();
    let mut shown = Vec::new();
    for (site, reach) in sites {
        let known = engine.people_in(&site);
        shown.push(json!({
            "site": site,
            "plans": reach.plans,
            "people": reach.people.len(),
            "of": known,
            "losing": reach.losing.len(),
            "floors": reach.floors.len(),
            "summary": summary(&reach.summary),
            "removals_used": engine.removals_used(&site).await?,
            "removals_max": engine.removals_max(&site),
            "window_seconds": guardrails.window_seconds,
        }));
    }
    Ok(Json(json!({ "since": since, "whole": whole, "sites": shown })))
}

/// What the plans of one site sum up to.
#[derive(Default)]
struct Reach {
    plans: usize,
    people: BTreeSet<IdentityId>,
    losing: BTreeSet<IdentityId>,
    /// Named by seats that are given or taken.
    floors: BTreeSet<String>,
    summary: Summary,
}

impl Reach {
    fn count(&mut self, plan: &Plan) {
        let summary = plan.summary();
        self.plans += 1;
        self.summary += summary;
        self.people.insert(plan.identity.clone());
        if summary.remove > 0 {
            self.losing.insert(plan.identity.clone());
        }
        let seats = plan.steps.iter().flat_map(|step| &step.differences).filter(|one| one.what == "seat");
        for place in seats.flat_map(|one| one.from.iter().chain(&one.to)) {
            // `Pier House / Level 2 / 2.014`
            self.floors.extend(place.rsplit_once(" / ").map(|(floor, _)| floor.to_owned()));
        }
    }
}
