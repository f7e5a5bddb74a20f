//! The policy as the console edits it: versions, drafts, checks, publication.
//!
//! A policy travels as `{"source": {"rules": …, "tables": {…}}, "document": …}`: the files as texts, and the same as one
//! JSON value. Whoever writes sends one of the two; the other follows.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use lanyard_engine::policies::{Draft, PolicyRefusal, Publication, Version, Wish};
use lanyard_model::id::{IdentityId, TenantId};
use lanyard_policy::{PolicyFiles, diff::diff, format::format, schema, structured};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, change::unsaid};
use crate::{
    WebState,
    access::Caller,
    problem::{Body, Problem},
};

type Shared = State<Arc<WebState>>;

fn refused(refusal: PolicyRefusal) -> Response {
    if let PolicyRefusal::Mistakes(problems) = &refusal {
        let body = json!({
            "type": "about:blank#policy_mistakes", "code": "policy_mistakes", "status": 422,
            "title": format!("the policy has {} mistakes; what is in force stays", problems.errors()),
            "fix": "mend what `problems` names, each with its place",
            "problems": problems.to_json(),
        });
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        return (StatusCode::UNPROCESSABLE_ENTITY, kind, Json(body)).into_response();
    }
    problem(refusal).into_response()
}

fn problem(refusal: PolicyRefusal) -> Problem {
    let text = refusal.to_string();
    match refusal {
        PolicyRefusal::Changed => Problem::new(StatusCode::PRECONDITION_FAILED, "policy_changed", text)
            .fix("nothing was changed; read it again, and put your edit on top of theirs"),
        PolicyRefusal::Overtaken { .. } => Problem::new(StatusCode::CONFLICT, "policy_overtaken", text).fix(
            "nothing was changed; look at what was published since, put the draft on top of it (keep it with based_on), \
             and publish again",
        ),
        PolicyRefusal::Unknown(_) => Problem::not_found(text),
        PolicyRefusal::NoReason => Problem::new(StatusCode::BAD_REQUEST, "policy_reason", text)
            .at("reason")
            .fix("say in one sentence why: auditors read it"),
        PolicyRefusal::Same(_) => {
            Problem::new(StatusCode::CONFLICT, "policy_same", text).fix("there is nothing to publish")
        }
        PolicyRefusal::Mistakes(_) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "policy_mistakes", text),
        PolicyRefusal::Store(failure) => failure.into(),
    }
}

fn head(version: &Version) -> Value {
    json!({
        "version": version.number, "name": version.name, "seal": version.seal, "author": version.author,
        "approved_by": version.approved_by, "reason": version.reason, "at": version.at, "back_to": version.back_to,
        "changes": version.changes,
    })
}

fn draft_head(draft: &Draft) -> Value {
    json!({
        "id": draft.id, "etag": tag_text(draft.tag), "based_on": draft.based_on, "back_to": draft.back_to, "author": draft.author,
        "at": draft.at, "asked": draft.asked.as_ref().map(|ask| json!({ "by": ask.by, "reason": ask.reason, "at": ask.at })),
    })
}

fn with_content(mut value: Value, files: &PolicyFiles) -> Value {
    value["source"] = json!(files);
    value["document"] = json!(structured::to_json(files));
    value
}

fn tag_text(tag: i64) -> String {
    format!("\"{tag}\"")
}

fn tagged(tag: i64, status: StatusCode, body: Value) -> Response {
    (status, [(header::ETAG, tag_text(tag))], Json(body)).into_response()
}

/// The draft version that a request was written against; 0 for one that must be new.
fn tag_of(headers: &HeaderMap) -> Result<i64, Problem> {
    let text = |name| headers.get(name).and_then(|value: &header::HeaderValue| value.to_str().ok());
    if text(header::IF_NONE_MATCH) == Some("*") {
        return Ok(0);
    }
    text(header::IF_MATCH)
        .and_then(|tag| tag.trim_start_matches("W/").trim_matches('"').parse().ok())
        .ok_or_else(|| {
            Problem::new(
                StatusCode::PRECONDITION_REQUIRED,
                "policy_tag",
                "the request does not say which state of the draft it was written against",
            )
            .fix("send If-Match with the ETag that was read, or If-None-Match: * for a new draft")
        })
}

/// What somebody sends: files, or the document on top of `base`.
#[derive(Deserialize)]
pub struct Content {
    source: Option<PolicyFiles>,
    document: Option<Value>,
}

impl Content {
    pub(super) fn is_empty(&self) -> bool {
        self.source.is_none() && self.document.is_none()
    }

    /// What is sent, where a document stands on top of what is in force.
    pub(super) async fn on_published(&self, state: &WebState) -> Result<PolicyFiles, Problem> {
        self.files(&named(state, "published").await?.1)
    }

    fn files(&self, base: &PolicyFiles) -> Result<PolicyFiles, Problem> {
        let bad = |text: String| {
            Problem::new(StatusCode::BAD_REQUEST, "policy_content", text)
                .fix("send {\"source\": {\"rules\": …, \"tables\": {…}}} or {\"document\": {\"rules\": …, \"tables\": …}}")
        };
        match (&self.source, &self.document) {
            (Some(source), None) => Ok(source.clone()),
            (source, Some(document)) => {
                structured::with_json(source.as_ref().unwrap_or(base), document).map_err(bad)
            }
            (None, None) => Err(bad("the request holds no policy".into())),
        }
    }
}

fn draft_id(id: &str) -> Result<(), Problem> {
    let fits = (1..=64).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    fits.then_some(()).ok_or_else(|| {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "policy_draft",
            format!("\"{id}\" cannot be the name of a draft"),
        )
        .at("id")
        .fix("small letters, digits and hyphens, at most 64")
    })
}

/// `GET /api/v1/policy`: what is in force, and the drafts.
pub async fn show(State(state): Shared) -> Answer {
    let engine = &state.engine;
    let drafts = engine.policy_drafts().await?;
    let active = engine.active();
    let in_force = engine.policy_in_force().await?;
    Ok(Json(json!({
        "in_force": in_force.as_ref().map(head),
        "running": { "name": active.policy.name(), "seal": active.policy.seal() },
        "flows": active.policy.flows(),
        "second_person": active.policy.guardrails().second_person,
        "applying": engine.rollout(),
        "drafts": drafts.iter().map(draft_head).collect::<Vec<_>>(),
    })))
}

#[derive(Deserialize)]
pub struct Paging {
    /// The number of the last version of the page before.
    cursor: Option<u64>,
    limit: Option<usize>,
}

/// `GET /api/v1/policy/versions`: newest first.
pub async fn versions(State(state): Shared, Query(paging): Query<Paging>) -> Answer {
    let limit = paging.limit.unwrap_or(50).clamp(1, 500);
    // Numbers have no gaps: what is published meanwhile moves no page.
    let skip = match paging.cursor {
        None => 0,
        Some(last) => {
            let (_, total) = state.engine.policy_versions(0, 0).await?;
            usize::try_from(total.saturating_sub(last.saturating_sub(1))).unwrap_or(usize::MAX)
        }
    };
    let (list, total) = state.engine.policy_versions(skip, limit).await?;
    let next = list.last().filter(|last| last.number > 1).map(|last| last.number.to_string());
    Ok(Json(json!({ "versions": list.iter().map(head).collect::<Vec<_>>(), "next": next, "total": total })))
}

/// Files by what people call them: a version's number, `published`, `draft:ID`.
async fn named(state: &WebState, name: &str) -> Result<(Value, PolicyFiles), Problem> {
    let engine = &state.engine;
    if let Some(id) = name.strip_prefix("draft:") {
        let draft = engine.policy_draft(id).await?;
        let draft = draft.ok_or_else(|| Problem::not_found(format!("there is no draft \"{id}\"")))?;
        return Ok((draft_head(&draft), draft.source));
    }
    let version = match name {
        "published" => match engine.policy_in_force().await? {
            Some(version) => Some(version),
            // Nothing was published on this store yet: what runs is what the process was started with.
            None => {
                let active = engine.active();
                let running =
                    json!({ "version": null, "name": active.policy.name(), "seal": active.policy.seal() });
                return Ok((running, active.policy.files().clone()));
            }
        },
        number => match number.parse() {
            Ok(number) => engine.policy_version(number).await?,
            Err(_) => None,
        },
    };
    let version = version.ok_or_else(|| {
        Problem::not_found(format!("there is no version \"{name}\""))
            .fix("a number, published, or draft:NAME; /api/v1/policy/versions lists them")
    })?;
    Ok((head(&version), version.source))
}

/// `GET /api/v1/policy/versions/{version}`: a number, or `published`.
pub async fn version(State(state): Shared, Path(name): Path<String>) -> Answer {
    let (head, files) = named(&state, &name).await?;
    Ok(Json(with_content(head, &files)))
}

/// `GET /api/v1/policy/drafts/{id}`
pub async fn draft(State(state): Shared, Path(id): Path<String>) -> Result<Response, Problem> {
    let draft = state.engine.policy_draft(&id).await?;
    let draft = draft.ok_or_else(|| Problem::not_found(format!("there is no draft \"{id}\"")))?;
    let (_, problems) = state.engine.lint_policy(&draft.source).await;
    let mut body = with_content(draft_head(&draft), &draft.source);
    body["problems"] = problems.to_json();
    Ok(tagged(draft.tag, StatusCode::OK, body))
}

/// What a draft shall say.
#[derive(Deserialize)]
pub struct Kept {
    #[serde(flatten)]
    content: Content,
    /// It was put on top of this version, the one in force.
    based_on: Option<i64>,
}

/// `PUT /api/v1/policy/drafts/{id}`, with `If-Match` or `If-None-Match: *`. Drafts with mistakes are kept, and told of.
pub async fn keep(
    State(state): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(asked): Body<Kept>,
) -> Result<Response, Problem> {
    draft_id(&id)?;
    let tag = tag_of(&headers)?;
    let engine = &state.engine;
    let before = engine.policy_draft(&id).await?;
    if before.as_ref().map_or(0, |draft| draft.tag) != tag {
        return Err(problem(PolicyRefusal::Changed));
    }
    let base = match before {
        Some(draft) => draft.source,
        None => named(&state, "published").await?.1,
    };
    let files = asked.content.files(&base)?;
    let kept = match asked.based_on {
        Some(version) => engine.put_policy_draft_on(&id, tag, files, &caller.name, version).await,
        None => engine.keep_policy_draft(&id, tag, files, &caller.name).await,
    };
    let kept = kept.map_err(problem)?;
    let (_, problems) = engine.lint_policy(&kept.source).await;
    let mut body = with_content(draft_head(&kept), &kept.source);
    body["problems"] = problems.to_json();
    Ok(tagged(kept.tag, if tag == 0 { StatusCode::CREATED } else { StatusCode::OK }, body))
}

/// `DELETE /api/v1/policy/drafts/{id}`, with `If-Match`.
pub async fn forget(State(state): Shared, Path(id): Path<String>, headers: HeaderMap) -> Answer {
    state.engine.drop_policy_draft(&id, tag_of(&headers)?).await.map_err(problem)?;
    Ok(Json(json!({ "forgotten": id })))
}

#[derive(Deserialize)]
pub struct PublishBody {
    #[serde(default)]
    reason: String,
    /// The version that the author saw in force.
    expected: Option<i64>,
}

fn publication(answer: Result<Publication, PolicyRefusal>) -> Response {
    match answer {
        Ok(Publication::Done(version)) => {
            Json(json!({ "state": "published", "version": head(&version) })).into_response()
        }
        Ok(Publication::Waiting { by }) => {
            (StatusCode::ACCEPTED, Json(json!({ "state": "waits for a second person", "asked_by": by })))
                .into_response()
        }
        Err(refusal) => refused(refusal),
    }
}

/// `POST /api/v1/policy/drafts/{id}/publish`, with `If-Match`.
pub async fn publish(
    State(state): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(wish): Body<PublishBody>,
) -> Result<Response, Problem> {
    let tag = tag_of(&headers)?;
    let wish = Wish { by: &caller.name, reason: &wish.reason, expected: wish.expected };
    Ok(publication(state.engine.publish_policy_draft(&id, tag, wish).await))
}

#[derive(Deserialize)]
pub struct RollBack {
    to: i64,
    #[serde(default)]
    reason: String,
    expected: Option<i64>,
}

/// `POST /api/v1/policy/rollback`: at once, or a draft that waits for a second person.
pub async fn roll_back(
    State(state): Shared,
    Extension(caller): Extension<Caller>,
    Body(wish): Body<RollBack>,
) -> Result<Response, Problem> {
    let asked = Wish { by: &caller.name, reason: &wish.reason, expected: wish.expected };
    Ok(publication(state.engine.roll_back_policy(wish.to, asked).await))
}

/// `POST /api/v1/policy/lint`: all findings of what is sent; nothing is kept.
pub async fn lint(State(state): Shared, Body(content): Body<Content>) -> Answer {
    let files = content.on_published(&state).await?;
    let (policy, problems) = state.engine.lint_policy(&files).await;
    Ok(Json(json!({
        "ok": !problems.has_errors(), "problems": problems.to_json(),
        "seal": policy.as_ref().map(|policy| policy.seal().to_owned()),
        "flows": policy.as_ref().map(|policy| policy.flows()),
        "source": files, "document": structured::to_json(&files),
    })))
}

/// `POST /api/v1/policy/format`: what is sent, in the one spelling.
pub async fn formatted(State(state): Shared, Body(content): Body<Content>) -> Answer {
    let files = format(&content.on_published(&state).await?);
    Ok(Json(json!({ "source": files, "document": structured::to_json(&files) })))
}

#[derive(Deserialize)]
pub struct Sides {
    from: Option<String>,
    to: String,
}

/// `GET /api/v1/policy/diff?from=published&to=draft:ID`: what differs, in sentences.
pub async fn difference(State(state): Shared, Query(sides): Query<Sides>) -> Answer {
    let (from, before) = named(&state, sides.from.as_deref().unwrap_or("published")).await?;
    let (to, after) = named(&state, &sides.to).await?;
    Ok(Json(json!({ "from": from, "to": to, "changes": diff(&before, &after) })))
}

/// `GET /api/v1/policy/schema`: the JSON Schema of `policy.toml`, by which an editor knows every key there is.
pub async fn schema() -> Response {
    ([(header::CONTENT_TYPE, "application/schema+json")], schema::TEXT).into_response()
}

/// `GET /api/v1/policy/vocabulary`: what names an editor can offer: groups, attributes, and each site's places.
pub async fn vocabulary(State(state): Shared) -> Answer {
    let engine = &state.engine;
    let known = engine.known().await;
    let mut groups = Vec::new();
    for tenant in engine.directories().keys() {
        for group in engine.store().groups(tenant).await? {
            groups.push(json!({ "tenant": tenant, "id": group.id, "name": group.name }));
        }
    }
    let sites = engine.sites().iter().map(|(id, site)| {
        let catalogue = site.catalogue();
        let buildings = catalogue.buildings.values().map(|building| {
            let floors = catalogue.floors.values().filter(|floor| floor.building == building.id);
            json!({ "name": building.name, "code": building.code, "floors": floors.map(|floor| &floor.name).collect::<Vec<_>>() })
        });
        let sections = catalogue.sections.values().map(|section| {
            json!({ "neighborhood": section.neighborhood_name, "name": section.name, "floor": catalogue.floor_path(section.floor) })
        });
        let kinds: std::collections::BTreeSet<_> = catalogue.rooms.values().map(|room| &room.kind).collect();
        let items = catalogue.items.values().map(|item| json!({ "category": item.category_name, "name": item.name }));
        let centers = catalogue.centers.values().map(|center| json!({ "module": center.module, "name": center.name }));
        json!({
            "site": id, "buildings": buildings.collect::<Vec<_>>(), "sections": sections.collect::<Vec<_>>(),
            "kinds": kinds, "items": items.collect::<Vec<_>>(), "centers": centers.collect::<Vec<_>>(),
            "user_types": catalogue.user_types.values().collect::<Vec<_>>(),
        })
    });
    Ok(Json(json!({
        "groups": groups, "attributes": known.attributes, "sites": sites.collect::<Vec<_>>(),
        "channels": engine.active().policy.routes().keys().collect::<Vec<_>>(),
        "templates": ["new-user", "deactivation", "group-change", "reconciliation", "contractor-expiry", "profile-update"],
    })))
}

#[derive(Deserialize)]
pub struct Tried {
    #[serde(flatten)]
    content: Content,
    tenant: String,
    id: String,
}

/// `POST /api/v1/policy/try`: what is sent, for one person, flow by flow.
pub async fn tried(State(state): Shared, Body(tried): Body<Tried>) -> Answer {
    let files = tried.content.on_published(&state).await?;
    let who = IdentityId::new(TenantId::new(tried.tenant.as_str()), tried.id.as_str());
    let tryout = state.engine.try_policy(&files, &who).await.map_err(unsaid)?;
    tryout
        .map(|tryout| Json(json!(tryout)))
        .ok_or_else(|| Problem::not_found(format!("nothing is known of {who}")))
}

/// `POST /api/v1/policy/reach`: what is sent, as counts of people by flow.
pub async fn reach(State(state): Shared, Body(content): Body<Content>) -> Answer {
    let files = content.on_published(&state).await?;
    Ok(Json(json!(state.engine.policy_reach(&files).await.map_err(unsaid)?)))
}
