//! What waits for somebody, and what somebody says about it.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use jiff::Timestamp;
use lanyard_engine::{
    approvals::{Deciding, Principal, Say, SayRefused, ScopedRole},
    delegations::{DelegateRefused, NewDelegation},
};
use lanyard_model::{clearance::Clearance, id::IdentityId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Answer;
use crate::{
    WebState,
    access::{Caller, Permit},
    page::Paging,
    problem::{Body, Problem},
};

/// Requests that are looked through.
const LIMIT_MAX: usize = 10_000;

#[derive(Debug, Default, Deserialize)]
pub struct ApprovalsQuery {
    cursor: Option<String>,
    limit: Option<usize>,
    tenant: Option<String>,
    search: Option<String>,
    /// `asked` or `due`.
    sort: Option<String>,
    /// `hold`, `approval`, `cap` or `undone`.
    kind: Option<String>,
    /// What was decided or ended, newest first, instead of what waits.
    #[serde(default)]
    done: bool,
}

/// What is said about requests: one decision on all of them, or on none.
#[derive(Debug, Deserialize)]
pub struct Said {
    ids: Vec<String>,
    say: Say,
    #[serde(default)]
    reason: String,
}

/// `GET /api/v1/approvals`
pub async fn list(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ApprovalsQuery>,
) -> Answer {
    let all = match query.done {
        true => state.engine.store().clearances_over(LIMIT_MAX).await?,
        false => state.engine.requests(LIMIT_MAX).await?,
    };
    let theirs = asked_as(&state, &caller).await?;
    let paging = Paging { cursor: query.cursor.clone(), limit: query.limit };
    let text = query.search.clone().unwrap_or_default().to_lowercase();
    let tenant = query.tenant.as_deref().filter(|tenant| *tenant != "all");
    let wanted = |one: &Clearance| {
        query.kind.as_ref().is_none_or(|kind| kind == one.kind.as_str())
            && tenant.is_none_or(|tenant| one.identity.tenant.as_str() == tenant)
            && (text.is_empty() || words_of(one).contains(&text))
            && is_shown(one, &caller, &theirs)
    };
    let wanted: Vec<Clearance> = all.into_iter().filter(wanted).collect();
    let when = |one: &Clearance| match query.sort.as_deref() {
        _ if query.done => decided_at(one),
        // What has no end comes last.
        Some("due") => one.until.unwrap_or(Timestamp::MAX),
        _ => one.asked_at,
    };
    let page = paging.cut(wanted, 200, query.done, |one| (when(one), one.id.clone()))?;
    let deciding = state.engine.deciding(&principal(&caller)).await?;
    let items: Vec<_> = page.items.iter().map(|one| view(one, &deciding)).collect();
    Ok(Json(json!({ "items": items, "next": page.next, "total": page.total })))
}

fn words_of(one: &Clearance) -> String {
    let lines = one.lines.iter().map(|line| line.what.as_str());
    [one.person.as_str(), one.rule.as_str()]
        .into_iter()
        .chain(lines)
        .collect::<Vec<_>>()
        .join("\n")
        .to_lowercase()
}

fn decided_at(one: &Clearance) -> Timestamp {
    let voted = one.votes.iter().map(|vote| vote.at).max();
    one.ended.as_ref().map(|(at, _)| *at).or(voted).unwrap_or(one.asked_at)
}

/// A request that this caller may look at.
async fn shown_to(state: &WebState, caller: &Caller, id: &str) -> Result<Clearance, Problem> {
    let found = state.engine.store().clearance(id).await?;
    let theirs = asked_as(state, caller).await?;
    found
        .filter(|one| is_shown(one, caller, &theirs))
        .ok_or_else(|| Problem::not_found(format!("there is no request {id}")))
}

/// `GET /api/v1/approvals/{id}`
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let found = shown_to(&state, &caller, &id).await?;
    let deciding = state.engine.deciding(&principal(&caller)).await?;
    Ok(Json(view(&found, &deciding)))
}

/// `GET /api/v1/approvals/{id}/context`
pub async fn context(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Answer {
    let found = shown_to(&state, &caller, &id).await?;
    Ok(Json(json!(state.engine.request_context(&found).await?)))
}

/// `POST /api/v1/approvals`: acts as the caller.
pub async fn say(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(said): Body<Said>,
) -> Answer {
    let by = principal(&caller);
    let after = state
        .engine
        .decide_requests(&said.ids, said.say, &by, &said.reason)
        .await
        .map_err(|refused| refusal(&refused))?;
    let deciding = state.engine.deciding(&by).await?;
    Ok(Json(json!({ "items": after.iter().map(|one| view(one, &deciding)).collect::<Vec<_>>() })))
}

/// `GET /api/v1/delegations`: one's own, those to oneself, and for whoever sees everything, all.
pub async fn delegations(State(state): State<Arc<WebState>>, Extension(caller): Extension<Caller>) -> Answer {
    let list = match caller.sees_everything() {
        true => state.engine.delegations().await?,
        false => state.engine.delegations_of(&principal(&caller)).await?,
    };
    Ok(Json(json!({ "items": list })))
}

/// `POST /api/v1/delegations`
pub async fn delegate(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(wish): Body<NewDelegation>,
) -> Answer {
    let by = principal(&caller);
    if !caller.may_everywhere(Permit::Own) && !state.engine.is_whoever_has(&wish.from, &by).await? {
        let title = "one delegates one's own votes, and an owner anybody's";
        return Err(Problem::new(StatusCode::FORBIDDEN, "no_say", title).fix("ask an owner"));
    }
    let given = state.engine.delegate(&wish, &by.name).await.map_err(|why| {
        let problem = undelegated(&why);
        match &why {
            DelegateRefused::NoAddress(mail) | DelegateRefused::Stranger(mail) => {
                problem.at(if *mail.trim() == *wish.from.trim() { "from" } else { "to" })
            }
            DelegateRefused::Oneself(_) => problem.at("to"),
            _ => problem,
        }
    })?;
    Ok(Json(json!(given)))
}

/// `DELETE /api/v1/delegations/{id}`: by either of the two, or an owner.
pub async fn withdraw(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let by = principal(&caller);
    if !caller.may_everywhere(Permit::Own) && !state.engine.is_delegation_of(&id, &by).await? {
        // Of others' delegations nothing is told.
        return Err(undelegated(&DelegateRefused::Unknown(id)));
    }
    state.engine.withdraw_delegation(&id, &by.name).await.map_err(|why| undelegated(&why))?;
    Ok(StatusCode::NO_CONTENT)
}

fn undelegated(refused: &DelegateRefused) -> Problem {
    let title = refused.to_string();
    match refused {
        DelegateRefused::NoAddress(_) | DelegateRefused::Oneself(_) => {
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "delegation", title)
                .fix("give two people's addresses")
        }
        DelegateRefused::Stranger(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "delegation", title)
            .fix("give the address that Okta has of somebody active"),
        DelegateRefused::NoTime { .. } | DelegateRefused::TooLong => {
            Problem::field("until", title).fix("let it end later than it begins, and within a year")
        }
        DelegateRefused::TooMany(_) => {
            Problem::new(StatusCode::CONFLICT, "delegation", title).fix("withdraw one of them first")
        }
        DelegateRefused::Unknown(_) => Problem::not_found(title).fix("look at the list of delegations"),
        DelegateRefused::Store(_) => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "store", title)
            .fix("nothing was changed; try again"),
    }
}

/// Identities as whom the caller is asked: their own, and those in whose place they may vote now.
async fn asked_as(state: &WebState, caller: &Caller) -> Result<Vec<IdentityId>, Problem> {
    let by = principal(caller);
    let mut people = state.engine.stands_in_for(&by).await?;
    people.extend(state.engine.identities_of(&by).await?);
    Ok(people)
}

/// What the caller sees anyway, and what they are asked about as somebody's manager, or in a manager's place.
fn is_shown(one: &Clearance, caller: &Caller, theirs: &[IdentityId]) -> bool {
    caller.sees(Some(&one.identity.tenant), Some(&one.site))
        || one.manager.as_ref().is_some_and(|manager| theirs.contains(manager))
}

/// The caller as somebody who decides: with the roles they have where the request is, and the identity they signed in
/// with.
fn principal(caller: &Caller) -> Principal {
    let scoped = caller
        .grants
        .iter()
        .map(|grant| ScopedRole {
            role: grant.role.as_str().to_owned(),
            tenants: grant.tenants.clone(),
            sites: grant.sites.clone(),
        })
        .collect();
    Principal {
        name: caller.name.clone(),
        scoped,
        identities: caller.identity().into_iter().collect(),
        ..Principal::default()
    }
}

pub(crate) fn refusal(refused: &SayRefused) -> Problem {
    let (status, code, fix) = match refused {
        SayRefused::Unknown(_) => (StatusCode::NOT_FOUND, "not_found", "look at the list of requests"),
        SayRefused::Over { .. } => (StatusCode::CONFLICT, "over", "look at the person's plan as it is now"),
        SayRefused::NoSay { .. } => (StatusCode::FORBIDDEN, "no_say", "ask somebody who may decide"),
        SayRefused::NoReason => (StatusCode::UNPROCESSABLE_ENTITY, "no_reason", "say why"),
        SayRefused::Changed(_) => (StatusCode::CONFLICT, "changed", "look at it again, then decide"),
        SayRefused::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store", "nothing was decided; try again"),
    };
    let problem = Problem::new(status, code, refused.to_string()).fix(fix);
    match refused {
        SayRefused::NoReason => problem.at("reason"),
        _ => problem,
    }
}

fn view(one: &Clearance, deciding: &Deciding) -> Value {
    let why_not = deciding.may_decide(one).err();
    let whom: Vec<_> = one.demand.iter().flat_map(|demand| &demand.by).map(ToString::to_string).collect();
    json!({
        "id": one.id,
        "kind": one.kind,
        "state": one.state,
        "over": one.over,
        "tenant": one.identity.tenant,
        "identity": { "tenant": one.identity.tenant, "id": one.identity.user },
        "person": one.person,
        "site": one.site,
        "rule": one.rule,
        "lines": one.lines,
        "plan": one.plan,
        "asked_at": one.asked_at,
        "until": one.until,
        "whom": whom,
        "quorum": one.demand.as_ref().map(|demand| demand.quorum),
        "votes": one.votes,
        "may_decide": why_not.is_none(),
        "why_not": why_not,
        "ended": one.ended.as_ref().map(|(at, why)| json!({ "at": at, "why": why })),
    })
}
