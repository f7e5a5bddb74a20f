//! How far sites and tenants have drifted apart, and what is being rolled out.

use std::sync::Arc;

use axum::{Extension, Json, extract::State, http::StatusCode};
use lanyard_engine::{
    apart::{Difference, Share},
    whatif::SealRefused,
};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, change::refusal};
use crate::{
    WebState,
    access::Caller,
    problem::{Body, Problem},
};

/// `GET /api/v1/drift`
pub async fn show(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let all = state.engine.apart_as_known().await?;
    let roll_out = roll_out(&state).await?;
    let whole = caller.sees_everything();
    let sees =
        |place: &lanyard_engine::apart::Whereabouts| caller.sees(Some(&place.tenant), Some(&place.site));
    let seen = |shares: &[Share]| -> Vec<Share> {
        shares.iter().filter(|share| sees(&share.place)).cloned().collect()
    };
    let differences: Vec<Difference> = all
        .differences
        .iter()
        .map(|one| {
            let lack = seen(&one.lack);
            let people = if whole { one.people } else { lack.iter().map(|share| share.people).sum() };
            Difference { people, have: seen(&one.have), lack, ..one.clone() }
        })
        .filter(|one| !one.have.is_empty() && !one.lack.is_empty())
        .collect();
    let in_force: Vec<_> = all.in_force.iter().filter(|one| sees(&one.place)).collect();
    Ok(Json(json!({
        "at": all.at,
        // Totals say something of everybody: whoever sees a part gets none.
        "people": whole.then_some(all.people),
        "kinds": whole.then_some(all.kinds),
        "not_compared": whole.then_some(all.not_compared),
        "found": if whole { all.found } else { differences.len() },
        "differences": differences,
        "in_force": in_force,
        "roll_out": roll_out.filter(|_| whole),
    })))
}

async fn roll_out(state: &WebState) -> Result<Option<lanyard_engine::whatif::waves::RollOut>, Problem> {
    match state.engine.roll_out().await {
        Ok(known) => Ok(known),
        Err(SealRefused::Store(failure)) => Err(failure.into()),
        Err(_) => Ok(None),
    }
}

/// `POST /api/v1/rollout/resume`: a halted roll-out goes on.
pub async fn resume(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    state.engine.resume_roll_out(&caller.name).await.map_err(refusal)?;
    Ok(Json(json!({ "roll_out": roll_out(&state).await? })))
}

/// `POST /api/v1/rollout/end`: ends it where it stands.
pub async fn end(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let seal = state.engine.rollout().ok_or_else(|| Problem::not_found("nothing is rolled out"))?;
    let report = state.engine.finish_seal(&seal, &caller.name).await.map_err(refusal)?;
    Ok(Json(json!(report)))
}

/// A template that is being written.
#[derive(Debug, Deserialize)]
pub struct PreviewAsked {
    rule: Option<String>,
    template: Option<String>,
}

/// `POST /api/v1/alerts/preview`: what each alert rule would say now, or one of them with another template. Nothing is sent
/// or kept.
pub async fn preview(State(state): State<Arc<WebState>>, Body(asked): Body<PreviewAsked>) -> Answer {
    let runner = state.verbs.as_ref().ok_or_else(|| Problem::not_found("this server runs no verbs"))?;
    if asked.template.is_some() && asked.rule.is_none() {
        return Err(Problem::field("rule", "which rule is the template of?"));
    }
    let said = runner.run(json!({ "verb": "alerts", "rule": asked.rule, "template": asked.template })).await;
    match said["json"]["error"].as_str() {
        Some(error) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "template", error)
            .fix("correct it; nothing was sent or kept")),
        None => Ok(Json(said["json"].clone())),
    }
}
