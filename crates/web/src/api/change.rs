//! What a change would do, done exactly as shown, and taken back.

use std::{collections::BTreeSet, sync::Arc};

use axum::{
    Extension, Json,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use jiff::Timestamp;
use lanyard_engine::{
    ports::Silent,
    undo::{UndoFor, UndoScope},
    whatif::{
        LeftOut, SealRefused, WhatIf, WhatIfError,
        waves::{self, Waves},
    },
};
use lanyard_model::id::{IdentityId, PlanId, SiteId, TenantId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, people::plan_lines, policy::Content};
use crate::{
    WebState,
    access::Caller,
    problem::{Body, Problem},
};

/// A draft to be judged: what is sent, which may never have been kept, or the name of a kept one.
#[derive(Deserialize)]
pub struct Judged {
    #[serde(flatten)]
    content: Content,
    draft: Option<String>,
    #[serde(default)]
    read_groups: bool,
}

/// `POST /api/v1/whatif`
pub async fn whatif(
    State(state): State<Arc<WebState>>,
    Body(asked): Body<Judged>,
) -> Result<Response, Problem> {
    let files = match (&asked.draft, asked.content.is_empty()) {
        (Some(id), true) => {
            let kept = state.engine.policy_draft(id).await?;
            kept.ok_or_else(|| Problem::not_found(format!("there is no draft {id}")))?.source
        }
        (None, true) => {
            let title = "what is to be judged?";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "no_draft", title)
                .fix("send source, document, or draft"));
        }
        (_, false) => asked.content.on_published(&state).await?,
    };
    // Written as it stands, while it is being kept: there may be a line for everybody.
    let tell = |answer: &WhatIf| serde_json::to_vec(answer);
    let told = state.engine.whatif_told(&files, asked.read_groups, &Silent, tell).await.map_err(unsaid)?;
    let told = told.map_err(|error| unsaid(WhatIfError::Failed(error.to_string())))?;
    Ok(([(header::CONTENT_TYPE, "application/json")], told).into_response())
}

/// Why nothing can be said of a draft.
pub(super) fn unsaid(error: WhatIfError) -> Problem {
    let (status, code, fix) = match &error {
        WhatIfError::Mistakes(_) => {
            (StatusCode::UNPROCESSABLE_ENTITY, "mistakes", "lint the draft and correct it".to_owned())
        }
        WhatIfError::NeverSwept(_) => (StatusCode::CONFLICT, "never_swept", "sweep first".to_owned()),
        WhatIfError::GroupsUnread { .. } => (
            StatusCode::CONFLICT,
            "groups_unread",
            "ask again with read_groups: Okta is asked for them".to_owned(),
        ),
        WhatIfError::Port(_) => (StatusCode::BAD_GATEWAY, "upstream", "run doctor".to_owned()),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "store", "nothing was changed; try again".to_owned()),
    };
    Problem::new(status, code, error.to_string()).fix(fix)
}

pub(super) fn refusal(refused: SealRefused) -> Problem {
    let (status, code) = match &refused {
        SealRefused::Unknown(_) => (StatusCode::NOT_FOUND, "not_found"),
        SealRefused::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store"),
        _ => (StatusCode::CONFLICT, "refused"),
    };
    let fix = match &refused {
        SealRefused::WavesLeft { .. } => {
            "let it go on, or publish the earlier policy first; nothing was changed"
        }
        _ => "nothing was changed; ask what-if again",
    };
    Problem::new(status, code, refused.to_string()).fix(fix)
}

/// What a seal shall not do.
#[derive(Debug, Default, Deserialize)]
pub struct ApplyAsked {
    #[serde(default)]
    leave_out: Vec<OneLeftOut>,
    /// Not for everybody at once: shares (`5%`) or sites (`south`, `hq+south`).
    #[serde(default)]
    waves: Vec<String>,
    /// Between two waves; an hour, if nothing is said.
    pause_minutes: Option<u32>,
    /// Begin although findings are open that halt a roll-out.
    #[serde(default)]
    accept_open: bool,
}

#[derive(Debug, Deserialize)]
struct OneLeftOut {
    tenant: String,
    id: String,
    site: String,
    /// Names of changes; nothing named: all that it would do for this person in this site.
    #[serde(default)]
    lines: BTreeSet<String>,
}

/// `POST /api/v1/whatif/{seal}/apply`: puts the sealed policy in force and looks at everybody it names. What is left out
/// waits for somebody.
pub async fn apply(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(seal): Path<String>,
    body: Bytes,
) -> Answer {
    // Nothing sent: nobody is left out.
    let asked: ApplyAsked = match body.is_empty() {
        true => ApplyAsked::default(),
        false => {
            serde_json::from_slice(&body).map_err(|error| Problem::field("leave_out", error.to_string()))?
        }
    };
    let waves = match asked.waves.as_slice() {
        [] => None,
        words => {
            let sites = state.engine.sites().keys().cloned().collect();
            let waves = waves::parse(words, &sites).map_err(|error| Problem::field("waves", error))?;
            let pause = asked.pause_minutes.unwrap_or(60);
            if !(1..=43_200).contains(&pause) {
                return Err(Problem::field("pause_minutes", "1 to 43200, which is 30 days"));
            }
            let pause = std::time::Duration::from_secs(u64::from(pause) * 60);
            let open = state.engine.in_the_way(&seal).await.map_err(refusal)?;
            if !open.is_empty() && !asked.accept_open {
                let title = format!("findings are open that halt a roll-out: {}", waves::named(&open));
                return Err(Problem::new(StatusCode::CONFLICT, "roll_out_halts", title)
                    .fix("see to them first, or begin all the same with accept_open; nothing was changed"));
            }
            Some(Waves::new(waves, pause, state.engine.clock().now()).accepting(&open))
        }
    };
    let out: LeftOut = asked
        .leave_out
        .into_iter()
        .map(|one| {
            let who = IdentityId::new(TenantId::new(one.tenant.as_str()), one.id.as_str());
            ((who, SiteId::new(one.site.as_str())), one.lines)
        })
        .collect();
    let seal = match out.is_empty() {
        true => seal,
        false => state.engine.leave_out(&seal, &out).await.map_err(refusal)?,
    };
    state.engine.start_seal_in_waves(&seal, &caller.name, waves).await.map_err(refusal)?;
    Ok(Json(json!({ "seal": seal, "state": "applying" })))
}

/// `GET /api/v1/whatif/{seal}`: how far it is applied.
pub async fn progress(State(state): State<Arc<WebState>>, Path(seal): Path<String>) -> Answer {
    Ok(Json(json!(state.engine.seal_progress(&seal).await.map_err(refusal)?)))
}

/// `POST /api/v1/whatif/{seal}/finish`: what became of each line. Meant for when everybody was looked at.
pub async fn finish(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(seal): Path<String>,
) -> Answer {
    let left = state.engine.seal_progress(&seal).await.map_err(refusal)?.to_look;
    if left > 0 {
        let title = format!("{left} people are still to be looked at: what became of them is not known yet");
        return Err(Problem::new(StatusCode::CONFLICT, "still_looking", title)
            .fix("wait until to_look of the progress is 0; it goes on by itself"));
    }
    let report = state.engine.finish_seal(&seal, &caller.name).await.map_err(refusal)?;
    Ok(Json(json!(report)))
}

/// What is to be taken back: a plan (one operation of it), an applied what-if, a person since a moment, or a stretch of
/// time.
#[derive(Debug, Deserialize)]
pub struct UndoAsked {
    plan: Option<String>,
    step: Option<usize>,
    /// A what-if that was applied.
    seal: Option<String>,
    identity: Option<Named>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// False: only shown.
    #[serde(default)]
    apply: bool,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Named {
    tenant: String,
    id: String,
}

/// `POST /api/v1/undo`
pub async fn undo(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(asked): Body<UndoAsked>,
) -> Answer {
    let scope = match (&asked.plan, &asked.seal, &asked.identity, asked.since) {
        (Some(plan), ..) => match asked.step {
            Some(step) => UndoScope::Step(PlanId::new(plan.as_str()), step),
            None => UndoScope::Plan(PlanId::new(plan.as_str())),
        },
        (None, Some(seal), ..) => UndoScope::Seal(seal.clone()),
        (None, None, Some(who), since) => UndoScope::Person(
            IdentityId::new(TenantId::new(who.tenant.as_str()), who.id.as_str()),
            since.unwrap_or(Timestamp::UNIX_EPOCH),
        ),
        (None, None, None, Some(since)) => {
            UndoScope::Between(since, asked.until.unwrap_or_else(|| state.engine.clock().now()))
        }
        (None, None, None, None) => {
            let title = "what is to be taken back?";
            return Err(Problem::new(StatusCode::BAD_REQUEST, "no_scope", title)
                .fix("name a plan, a seal, an identity, or since"));
        }
    };
    let people = if asked.apply {
        state.engine.apply_undo(&scope, &caller.name, &asked.reason).await?
    } else {
        state.engine.preview_undo(&scope, "undo").await?
    };
    let people: Vec<Value> = people.iter().map(taken_back).collect();
    Ok(Json(json!({ "people": people, "applied": asked.apply })))
}

/// With its steps as every other plan is shown.
fn taken_back(undo: &UndoFor) -> Value {
    let mut value = json!(undo);
    value["steps"] = json!(plan_lines(&undo.plan));
    value
}
