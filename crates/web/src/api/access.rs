//! The caller, API tokens, owner links, roles, and the API's own document.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::SignedDuration;
use lanyard_engine::{naming::spellings, ports::Severity};
use serde_json::{Value, json};

use super::Answer;
use crate::{
    Mode, WebState,
    access::{
        Caller, Permit, Reach,
        sign_in::note,
        token::{self, NewToken, TokenProblem},
    },
    page::Paging,
    problem::{Body, Problem},
};

/// An owner link that was asked for lives this long.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(15);

/// `GET /api/v1/session`
pub async fn session(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let every = [
        Permit::See,
        Permit::Operate,
        Permit::EditPolicy,
        Permit::Approve,
        Permit::Audit,
        Permit::Own,
        Permit::Metrics,
    ];
    Ok(Json(json!({
        "csrf": caller.csrf,
        "user": caller.name,
        "names": names(&state, &caller).await?,
        "subject": caller.subject,
        "grants": caller.grants,
        "permits": every.into_iter().filter(|permit| caller.may(*permit)).collect::<Vec<_>>(),
        "permits_everywhere": every.into_iter().filter(|permit| caller.may_everywhere(*permit)).collect::<Vec<_>>(),
        "demo": state.settings.mode == Mode::Demo,
        "can_sign_out": caller.session.is_some(),
    })))
}

/// Every name that is surely the caller's: as they signed in, and as Okta knows them.
pub(super) async fn names(state: &WebState, caller: &Caller) -> Result<Vec<String>, Problem> {
    let mut names = vec![caller.name.clone()];
    if let Some(id) = caller.identity()
        && let Some(known) = state.engine.store().identity(&id).await?
    {
        names.extend(spellings(&known).into_iter().filter(|name| *name != caller.name));
    }
    Ok(names)
}

/// `GET /api/v1/tokens`
pub async fn tokens(State(state): State<Arc<WebState>>, Query(paging): Query<Paging>) -> Answer {
    let now = state.engine.clock().now();
    let all = token::list(state.engine.store().as_ref()).await?;
    let page = paging.cut(all, 200, false, |token| (token.created_at, token.id.clone()))?;
    let items: Vec<Value> = page
        .items
        .into_iter()
        .map(|token| {
            let expired = token.expires_at <= now;
            let mut value = json!(token);
            value["expired"] = json!(expired);
            value
        })
        .collect();
    Ok(Json(json!({ "items": items, "next": page.next, "total": page.total })))
}

/// `POST /api/v1/tokens`
pub async fn make_token(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(wish): Body<NewToken>,
) -> Answer {
    let tenants = state.engine.directories();
    for (index, grant) in wish.grants.iter().enumerate() {
        if let Some(unknown) =
            grant.tenants.iter().find(|id| !tenants.is_empty() && !tenants.contains_key(*id))
        {
            return Err(Problem::field(
                format!("grants[{index}].tenants"),
                format!("there is no tenant {unknown}"),
            ));
        }
        if let Some(unknown) = grant.sites.iter().find(|id| !state.engine.sites().contains_key(*id)) {
            return Err(Problem::field(
                format!("grants[{index}].sites"),
                format!("there is no site {unknown}"),
            ));
        }
    }
    let now = state.engine.clock().now();
    let (token, text) = token::make(state.engine.store().as_ref(), now, &caller.name, wish).await?;
    let roles: Vec<&str> = token.grants.iter().map(|grant| grant.role.as_str()).collect();
    let title =
        format!("made the API token {} ({}) until {}", token.name, roles.join(", "), token.expires_at);
    note(&state, &Reach::Everywhere, Severity::Info, &caller.name, &title).await?;
    Ok(Json(json!({ "token": token, "text": text })))
}

/// `DELETE /api/v1/tokens/{id}`
pub async fn revoke_token(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let token = token::revoke(state.engine.store().as_ref(), &id)
        .await?
        .ok_or_else(|| Problem::not_found(format!("there is no token {id}")))?;
    note(
        &state,
        &Reach::Everywhere,
        Severity::Info,
        &caller.name,
        &format!("revoked the API token {}", token.name),
    )
    .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /api/v1/owner-links`
pub async fn owner_link(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let now = state.engine.clock().now();
    let token = state.sign_in.owner_link(now, LINK_LIFE);
    note(&state, &Reach::Everywhere, Severity::Warning, &caller.name, "made a one-time owner link").await?;
    Ok(Json(json!({ "path": format!("/sign-in?token={token}"), "expires_at": now + LINK_LIFE })))
}

/// `GET /api/v1/roles`
pub async fn roles(State(state): State<Arc<WebState>>) -> Answer {
    let rules: Vec<Value> = state
        .sign_in
        .rules()
        .iter()
        .map(|rule| json!({ "group": rule.group, "grant": rule.grant }))
        .collect();
    Ok(Json(json!({ "provider": state.sign_in.label(), "items": rules })))
}

/// `GET /api/v1/openapi.json`
pub async fn openapi() -> Json<Value> {
    Json(crate::openapi::document())
}

impl From<TokenProblem> for Problem {
    fn from(problem: TokenProblem) -> Self {
        match problem {
            TokenProblem::Field { field, message } => Self::field(field, message),
            TokenProblem::Store(failure) => failure.into(),
        }
    }
}
