//! Evidence packs: made, looked at, saved, checked; and checkpoints of the journal.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{StatusCode, header},
    response::Response,
};
use bytes::BytesMut;
use futures_util::{Stream, stream};
use lanyard_engine::{journal::line, late::AnswerProblem};
use lanyard_model::id::{IdentityId, SiteId, TenantId};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;

use super::Answer;
use crate::{
    WebState,
    access::Caller,
    desks::{DeskRefusal, EvidenceDesk, PackWish},
    problem::{Body as Sent, Problem},
};

impl From<DeskRefusal> for Problem {
    fn from(refusal: DeskRefusal) -> Self {
        match refusal {
            DeskRefusal::NotFound(what) => Self::not_found(what),
            DeskRefusal::Field { path, message } => Self::field(path, message),
            DeskRefusal::Conflict { title, fix } => {
                Self::new(StatusCode::CONFLICT, "not_now", title).fix(fix)
            }
            DeskRefusal::Upstream { title, fix } => {
                let problem = Self::new(StatusCode::BAD_GATEWAY, "upstream", title);
                problem.fix(fix.unwrap_or_else(|| "nothing was kept; correct it and try again".into()))
            }
            DeskRefusal::Failed(title) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "failed", title)
                .fix("nothing was changed; look at the server's log"),
        }
    }
}

fn desk(state: &WebState) -> Result<&Arc<dyn EvidenceDesk>, Problem> {
    state.desks.evidence.as_ref().ok_or_else(|| Problem::not_found("this server makes no evidence packs"))
}

/// A line in the tenant's journal: who made or took evidence is evidence itself.
async fn note(
    state: &WebState,
    tenant: &TenantId,
    by: &str,
    title: String,
    data: Value,
) -> Result<(), Problem> {
    let told = line(tenant, state.engine.clock().now(), "evidence", title).person(by);
    let told = told.detail(format!("by {by}")).data(data).write();
    state.engine.store().write(vec![told]).await?;
    Ok(())
}

/// Who answers for a late leaver.
#[derive(serde::Deserialize)]
pub struct LateAnswer {
    /// `tenant/user`.
    person: String,
    site: SiteId,
    owner: String,
    compensation: String,
}

/// `POST /api/v1/evidence/late`
pub async fn answer_for_late(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Sent(what): Sent<LateAnswer>,
) -> Answer {
    let (tenant, user) = what
        .person
        .split_once('/')
        .ok_or_else(|| Problem::field("person", format!("{} is not TENANT/ID", what.person)))?;
    let LateAnswer { site, owner, compensation, .. } = &what;
    let empty = [("owner", owner), ("compensation", compensation)].into_iter();
    let empty: Vec<_> = empty.filter(|(_, text)| text.trim().is_empty()).map(|(path, _)| path).collect();
    let answer = lanyard_engine::late::Answer {
        identity: IdentityId::new(TenantId::new(tenant), user),
        site: site.clone(),
        owner: owner.clone(),
        compensation: compensation.clone(),
    };
    let leaver = state.engine.answer_for_late(&answer, &caller.name).await.map_err(|why| {
        let incomplete = matches!(why, AnswerProblem::Incomplete);
        let paths = empty.into_iter().filter(|_| incomplete);
        paths.fold(Problem::from(why), Problem::at)
    })?;
    Ok(Json(json!({ "person": what.person, "site": site, "since": leaver.since, "owner": owner.trim() })))
}

impl From<AnswerProblem> for Problem {
    fn from(problem: AnswerProblem) -> Self {
        let title = problem.to_string();
        match problem {
            AnswerProblem::NoLeaver { .. } => Self::not_found(title),
            AnswerProblem::InTime { .. } => {
                Self::new(StatusCode::CONFLICT, "in_time", title).fix("reload: only late leavers are listed")
            }
            AnswerProblem::Incomplete => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "incomplete", title).fix("fill in both")
            }
            AnswerProblem::Store(failure) => failure.into(),
        }
    }
}

/// `GET /api/v1/evidence`
pub async fn show(State(state): State<Arc<WebState>>) -> Answer {
    Ok(Json(desk(&state)?.show().await?))
}

/// `POST /api/v1/evidence/packs`
pub async fn begin(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Sent(wish): Sent<PackWish>,
) -> Answer {
    let desk = desk(&state)?;
    if !state.engine.directories().contains_key(&wish.tenant) {
        return Err(Problem::field("tenant", format!("there is no tenant {}", wish.tenant)));
    }
    let (tenant, from, to) = (wish.tenant.clone(), wish.from, wish.to);
    let pack = desk.begin(wish, &caller.name).await?;
    let data = json!({ "pack": pack["id"], "from": from, "to": to });
    note(&state, &tenant, &caller.name, format!("evidence pack asked for, from {from}"), data).await?;
    Ok(Json(pack))
}

/// `GET /api/v1/evidence/packs/{id}`
pub async fn pack(State(state): State<Arc<WebState>>, Path(id): Path<String>) -> Answer {
    let found = desk(&state)?.pack(&id);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no pack {id}")))
}

/// `GET /api/v1/evidence/packs/{id}/file`: the archive, and a line in the journal.
pub async fn file(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let found = desk(&state)?.file(&id);
    let found = found.ok_or_else(|| Problem::not_found(format!("there is no finished pack {id}")))?;
    let unread = |error: std::io::Error| {
        Problem::new(StatusCode::NOT_FOUND, "not_found", format!("the pack's file cannot be read: {error}"))
            .fix("make the pack again: equal period and seed give equal samples")
    };
    let archive = tokio::fs::File::open(&found.path).await.map_err(unread)?;
    let bytes = archive.metadata().await.map_err(unread)?.len();
    note(&state, &found.tenant, &caller.name, format!("evidence pack {id} saved"), json!({ "pack": id }))
        .await?;
    Response::builder()
        .header(header::CONTENT_TYPE, "application/zip")
        .header(header::CONTENT_LENGTH, bytes)
        .header(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", found.name))
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .body(Body::from_stream(pieces(archive)))
        .map_err(|error| DeskRefusal::Failed(error.to_string()).into())
}

/// Bytes of a file that are in memory at one time.
const PIECE: usize = 64 << 10;

/// The file, piece by piece as they are taken: an archive may be larger than memory should be.
fn pieces(file: tokio::fs::File) -> impl Stream<Item = std::io::Result<Bytes>> {
    stream::try_unfold(file, |mut file| async move {
        let mut piece = BytesMut::with_capacity(PIECE);
        let read = file.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (piece.freeze(), file)))
    })
}

/// `POST /api/v1/evidence/packs/{id}/verify`
pub async fn verify(State(state): State<Arc<WebState>>, Path(id): Path<String>) -> Answer {
    Ok(Json(desk(&state)?.verify(&id).await?))
}

/// `POST /api/v1/evidence/checkpoints`
pub async fn checkpoint(State(state): State<Arc<WebState>>) -> Answer {
    let signed = desk(&state)?.checkpoint().await?;
    Ok(Json(json!({ "signed": signed })))
}
