//! Plans: recent ones, and one with its operations and outcomes.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
};
use jiff::Timestamp;
use lanyard_model::{id::PlanId, plan::Plan};
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
    let mut before = query.cursor.as_deref().and_then(|cursor| {
        let (at, id) = cursor.split_once('|')?;
        Some((at.parse::<Timestamp>().ok()?, PlanId::new(id)))
    });
    let store = state.engine.store();
    let mut items = Vec::new();
    let mut looked = 0;
    let more = loop {
        let page = store.plans_before(before.as_ref(), limit.max(200)).await?;
        let full = page.len() == limit.max(200);
        looked += page.len();
        for plan in page {
            before = Some((plan.made_at, plan.id.clone()));
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
    let next = before.filter(|_| more).map(|(at, id)| format!("{at}|{id}"));
    Ok(Json(json!({ "items": items, "next": next })))
}

fn head(plan: &Plan) -> Value {
    let summary = plan.summary();
    json!({
        "id": plan.id,
        "at": plan.made_at,
        "tenant": plan.identity.tenant,
        "site": plan.site,
        "identity": { "tenant": plan.identity.tenant, "id": plan.identity.user },
        "person": plan.person,
        "lane": plan.lane,
        "summary": {
            "add": summary.add,
            "change": summary.change,
            "remove": summary.remove,
            "move": summary.r#move,
            "held": summary.held,
        },
    })
}

/// `GET /api/v1/plans/{id}`
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let id = PlanId::new(id.as_str());
    let store = state.engine.store();
    let plan = store
        .plan(&id)
        .await?
        .filter(|plan| caller.sees(Some(&plan.identity.tenant), Some(&plan.site)))
        .ok_or_else(|| Problem::not_found(format!("there is no plan {id}")))?;
    let operations: Vec<_> = store
        .intents(&id)
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
    let mut value = head(&plan);
    value["steps"] = json!(plan_lines(&plan));
    value["notes"] = json!(plan.notes);
    value["operations"] = json!(operations);
    value["ending"] = json!(plan.ending);
    value["policy"] = json!(plan.policy);
    Ok(Json(value))
}
