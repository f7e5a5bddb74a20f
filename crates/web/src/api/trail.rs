//! One line of the activity in full: what led to it and what followed, what it changed, what comes next.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Path, State},
};
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::{ActivityFilter, Entry, Kept};
use lanyard_model::{
    id::{IdentityId, PlanId, TenantId},
    plan::Outcome,
};
use serde_json::{Value, json};

use super::{Answer, activity::line, plans};
use crate::{WebState, access::Caller, problem::Problem};

/// Lines of the person that are read on each side of this one.
const AROUND_MAX: usize = 100;
/// Lines without a plan: what is told of the person so close to them belongs to them.
const CLOSE: SignedDuration = SignedDuration::from_mins(5);
/// Findings that are looked through.
const FINDINGS_MAX: usize = 5_000;

/// `GET /api/v1/activity/{tenant}/{seq}`
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path((tenant, seq)): Path<(String, i64)>,
) -> Answer {
    let store = state.engine.store();
    let tenant = TenantId::new(tenant.as_str());
    let newest = ActivityFilter {
        tenant: Some(tenant.clone()),
        before: seq.checked_add(1),
        limit: 1,
        ..ActivityFilter::default()
    };
    let found = store.activity(&newest).await?.into_iter().next();
    let kept = found
        .filter(|kept| kept.seq == seq && caller.sees(Some(&tenant), kept.entry.site.as_ref()))
        .ok_or_else(|| {
        Problem::not_found(format!("there is no line {seq} in the journal of {tenant}"))
    })?;
    let mut around = match &kept.entry.identity {
        Some(who) => around(&state, &kept, who).await?,
        None => vec![kept.clone()],
    };
    around.retain(|one| caller.sees(Some(&one.entry.tenant), one.entry.site.as_ref()));
    let plan = match plan_of(&kept.entry) {
        Some(id) => plans::detail(&state, &PlanId::new(id)).await?,
        None => None,
    };
    let raised = around.iter().find_map(|one| {
        let data = &one.entry.data;
        Some(json!({ "at": data["raised_at"].as_str()?, "source": data["source"].as_str()? }))
    });
    let next = match &kept.entry.identity {
        Some(who) => next_of(&state, &caller, &kept.entry, who).await?,
        None => Vec::new(),
    };
    Ok(Json(json!({
        "line": line(&kept),
        "trail": around.iter().map(line).collect::<Vec<_>>(),
        "raised": raised,
        "plan": plan,
        "next": next,
    })))
}

fn plan_of(entry: &Entry) -> Option<&str> {
    entry.data["plan"].as_str()
}

/// Lines of the same plan, with what is told of the person between them; oldest first.
async fn around(state: &WebState, kept: &Kept, who: &IdentityId) -> Result<Vec<Kept>, Problem> {
    let of = |before, after| ActivityFilter {
        identity: Some(who.clone()),
        before,
        after,
        limit: AROUND_MAX,
        ..ActivityFilter::default()
    };
    let store = state.engine.store();
    let mut all = BTreeMap::new();
    for one in store.activity(&of(kept.seq.checked_add(1), None)).await? {
        all.insert(one.seq, one);
    }
    for one in store.activity(&of(None, Some(kept.seq))).await? {
        all.insert(one.seq, one);
    }
    let own = |one: &&Kept| plan_of(&one.entry).is_some() && plan_of(&one.entry) == plan_of(&kept.entry);
    let same: Vec<i64> = all.values().filter(own).map(|one| one.seq).collect();
    let (from, until) = match (same.first(), same.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => {
            let close = |one: &&Kept| kept.entry.at.duration_since(one.entry.at).abs() <= CLOSE;
            let near: Vec<i64> = all.values().filter(close).map(|one| one.seq).collect();
            (near.first().copied().unwrap_or(kept.seq), near.last().copied().unwrap_or(kept.seq))
        }
    };
    Ok(all.into_values().filter(|one| (from..=until).contains(&one.seq)).collect())
}

fn step(code: &str, text: impl Into<String>, fix: Option<String>, at: Option<Timestamp>) -> Value {
    let text: String = text.into();
    json!({ "code": code, "text": text, "fix": fix, "at": at, "approval": null })
}

/// What comes next, of itself or by somebody, most urgent first.
async fn next_of(
    state: &WebState,
    caller: &Caller,
    entry: &Entry,
    who: &IdentityId,
) -> Result<Vec<Value>, Problem> {
    let store = state.engine.store();
    let now = state.engine.clock().now();
    let mut next = Vec::new();
    let outcome: Option<Outcome> = serde_json::from_value(entry.data["outcome"].clone()).ok();
    match outcome {
        Some(Outcome::Refused { text, fix, .. }) => {
            next.push(step(
                "refused",
                format!("The site refused it and would again: {text}"),
                Some(fix),
                None,
            ));
        }
        Some(Outcome::Denied { reason, fix }) => {
            next.push(step("denied", format!("Our credential was refused: {reason}"), Some(fix), None));
        }
        Some(Outcome::Impossible { todo, .. }) => {
            next.push(step("by_hand", todo.what, Some(todo.how), None));
        }
        Some(Outcome::Unknown { .. }) => {
            next.push(step(
                "looked_up",
                "No answer came: it is looked up before anything is repeated",
                None,
                None,
            ));
        }
        _ => {}
    }
    let about = |finding: &lanyard_engine::ports::Finding| {
        finding.identity.as_ref() == Some(who) && super::overview::sees(caller, finding)
    };
    for finding in store.findings(FINDINGS_MAX).await?.into_iter().filter(about) {
        next.push(step(&finding.kind, finding.title, finding.fix, None));
    }
    for one in store.clearances_of(who, entry.site.as_ref()).await? {
        if one.over || !one.state.is_open() {
            continue;
        }
        let text = match one.kind {
            lanyard_model::clearance::ClearanceKind::Hold => format!("Held by {} until its time", one.rule),
            _ => format!("Waits for a decision asked by {}", one.rule),
        };
        let mut told = step("waits", text, None, one.until);
        told["approval"] = json!(one.id);
        next.push(told);
    }
    if let Some(planned) = store.planned(std::slice::from_ref(who)).await?.pop().flatten() {
        let due = planned.due;
        next.push(match due <= now {
            true => step("due", "The person is looked at now", None, None),
            false => {
                step("later", "The person is looked at again, and what is left is done then", None, Some(due))
            }
        });
    }
    if next.is_empty() && entry.kind == "verified" {
        next.push(step("nothing", "Nothing: a read showed it as wanted", None, None));
    }
    Ok(next)
}
