//! Plans: recent ones, and one with its operations and outcomes.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State},
};
use lanyard_model::{id::PlanId, plan::Plan};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, people::plan_lines};
use crate::{WebState, problem::Problem};

#[derive(Debug, Default, Deserialize)]
pub struct PlansQuery {
    limit: Option<usize>,
}

/// `GET /api/v1/plans`
pub async fn list(State(state): State<Arc<WebState>>, Query(query): Query<PlansQuery>) -> Answer {
    let plans = state.engine.store().plans(None, query.limit.unwrap_or(100).clamp(1, 500)).await?;
    Ok(Json(json!({ "items": plans.iter().map(head).collect::<Vec<_>>() })))
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
pub async fn show(State(state): State<Arc<WebState>>, Path(id): Path<String>) -> Answer {
    let id = PlanId::new(id.as_str());
    let store = state.engine.store();
    let plan = store.plan(&id).await?.ok_or_else(|| Problem::not_found(format!("there is no plan {id}")))?;
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
