//! Access reviews: open, look at, decide, sign off.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use lanyard_engine::{
    naming::Named,
    reviews::{
        By, Opening, ReviewError,
        campaign::{Campaign, Decision, Line, ReviewProblem, hasty, same},
    },
};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, access::names};
use crate::{
    WebState,
    access::{
        Caller, Permit,
        caller::{COMMAND_LINE, DEMO},
        sign_in::OWNER,
        token,
    },
    answers::{tag_of, written_against},
    page::Paging,
    problem::{Body, Problem},
};

/// Lines on a page at most.
const LINES_MAX: usize = 500;

fn refused(error: ReviewError) -> Problem {
    let rule = match error {
        ReviewError::Store(failure) => return failure.into(),
        ReviewError::Rule(rule) => rule,
    };
    let (status, code, fix) = match &rule {
        ReviewProblem::NoCampaign(_) | ReviewProblem::NoLine(_) => {
            (StatusCode::NOT_FOUND, "not_found", "look at the list of reviews")
        }
        ReviewProblem::NotTheirs { .. } | ReviewProblem::NotOwner { .. } | ReviewProblem::OwnAccess(_) => {
            (StatusCode::FORBIDDEN, "not_theirs", "ask the person named")
        }
        ReviewProblem::Closed(_) | ReviewProblem::Open { .. } => {
            (StatusCode::CONFLICT, "review_state", "reload the review")
        }
        _ => {
            (StatusCode::UNPROCESSABLE_ENTITY, "review_rule", "nothing was changed; correct it and try again")
        }
    };
    Problem::new(status, code, rule.to_string()).fix(fix)
}

/// What in an opening a rule is about.
fn about(rule: &ReviewProblem, opening: &Opening) -> Vec<String> {
    let reviewer = |name: &String| opening.reviewers.iter().position(|one| one == name);
    match rule {
        ReviewProblem::Incomplete => {
            let no_title = opening.title.trim().is_empty().then_some("title");
            let no_owner = opening.owner.trim().is_empty().then_some("owner");
            let nobody = opening.reviewers.iter().all(|one| one.trim().is_empty()).then_some("reviewers");
            [no_title, no_owner, nobody].into_iter().flatten().map(str::to_owned).collect()
        }
        ReviewProblem::OwnerReviews(_) => vec!["owner".into()],
        ReviewProblem::ProvisionerReviews(name) => {
            vec![reviewer(name).map_or_else(|| "reviewers".into(), |at| format!("reviewers[{at}]"))]
        }
        ReviewProblem::DueBefore => vec!["due_at".into()],
        _ => Vec::new(),
    }
}

/// A review of another tenant is not there.
async fn allowed(state: &WebState, caller: &Caller, permit: Permit, id: &str) -> Result<(), Problem> {
    let id = id.split_once(':').map_or(id, |(campaign, _)| campaign);
    let all = state.engine.reviews().await?;
    let seen = all.iter().any(|known| known.id == id && caller.may_at(permit, Some(&known.tenant), None));
    if seen { Ok(()) } else { Err(Problem::not_found(format!("there is no review {id}"))) }
}

#[derive(Debug, Default, Deserialize)]
pub struct ReviewsQuery {
    cursor: Option<String>,
    limit: Option<usize>,
    tenant: Option<String>,
    search: Option<String>,
    reviewer: Option<String>,
    /// `true`: only those that are not signed off.
    #[serde(default)]
    open: bool,
}

/// `GET /api/v1/reviews`
pub async fn list(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ReviewsQuery>,
) -> Answer {
    let mut reviews = state.engine.reviews().await?;
    let tenant = query.tenant.as_deref().filter(|tenant| *tenant != "all");
    let wanted = query.search.as_deref().unwrap_or_default().trim().to_lowercase();
    let who = match query.reviewer.as_deref() {
        None => None,
        Some("me") => Some(by(&state, &caller).await?),
        Some(name) => Some(By { name: name.to_owned(), also: Vec::new() }),
    };
    reviews.retain(|known| {
        let named = [&known.title, &known.owner].into_iter().chain(&known.reviewers);
        caller.may_at(Permit::See, Some(&known.tenant), None)
            && tenant.is_none_or(|tenant| known.tenant.as_str() == tenant)
            && !(query.open && known.closed_at.is_some())
            && who.as_ref().is_none_or(|who| known.reviewers.iter().any(|one| who.is(one)))
            && (named.into_iter().any(|text| text.to_lowercase().contains(&wanted))
                || known.sites.iter().any(|site| site.as_str().to_lowercase().contains(&wanted)))
    });
    let paging = Paging { cursor: query.cursor, limit: query.limit };
    let page = paging.cut(reviews, 100, true, |known| (known.opened_at, known.id.clone()))?;
    Ok(Json(json!({ "reviews": page.items, "next": page.next, "total": page.total })))
}

/// The opening with everybody under the name that tells them from everybody else, however they were written.
async fn named_apart(state: &WebState, caller: &Caller, mut opening: Opening) -> Result<Opening, Problem> {
    let tokens = token::list(state.engine.store().as_ref()).await?;
    // As whoever decides is called: a program may be named by its token alone.
    let local = |name: &str| {
        let programs =
            tokens.iter().find(|token| same(&token.name, name) || same(&token.caller_name(), name));
        let here = [caller.name.as_str(), OWNER, DEMO, COMMAND_LINE].into_iter().any(|own| same(own, name));
        programs.map(token::Token::caller_name).or_else(|| here.then(|| name.to_owned()))
    };
    opening.owner = sole(state, &local, "owner", &opening.owner).await?;
    for (at, reviewer) in opening.reviewers.iter_mut().enumerate() {
        *reviewer = sole(state, &local, &format!("reviewers[{at}]"), reviewer).await?;
    }
    for (at, provisioner) in opening.provisioners.iter_mut().enumerate() {
        *provisioner = sole(state, &local, &format!("provisioners[{at}]"), provisioner).await?;
    }
    Ok(opening)
}

async fn sole(
    state: &WebState,
    local: &impl Fn(&str) -> Option<String>,
    path: &str,
    text: &str,
) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    match state.engine.named(text).await? {
        Named::One(known) => Ok(state.engine.name_apart(&known).await?),
        Named::Several(logins) => {
            let message = format!("{} people are called {text}", logins.len());
            Err(Problem::field(path, message).fix(format!("name one by login: {}", logins.join(", "))))
        }
        Named::Nobody { nearest } => {
            if let Some(here) = local(text) {
                return Ok(here);
            }
            let fix = match nearest.is_empty() {
                true => "write a name, login or e-mail address as Okta has it".to_owned(),
                false => format!("did you mean {}?", nearest.join(", or ")),
            };
            Err(Problem::field(path, format!("nobody is called {text}")).fix(fix))
        }
    }
}

/// `POST /api/v1/reviews`
pub async fn open(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Body(opening): Body<Opening>,
) -> Answer {
    if !caller.may_at(Permit::Approve, Some(&opening.tenant), None) {
        return Err(Problem::not_found(format!("there is no tenant {}", opening.tenant)));
    }
    let opening = named_apart(&state, &caller, opening).await?;
    let campaign = state.engine.open_review(opening.clone(), &caller.name).await.map_err(|error| {
        let paths = match &error {
            ReviewError::Rule(rule) => about(rule, &opening),
            ReviewError::Store(_) => Vec::new(),
        };
        paths.into_iter().fold(refused(error), Problem::at)
    })?;
    Ok(Json(json!({ "review": campaign })))
}

#[derive(Deserialize)]
pub struct Page {
    /// The place of the last line of the page before.
    cursor: Option<usize>,
    limit: Option<usize>,
    reviewer: Option<String>,
    /// `true`: only lines without a decision.
    #[serde(default)]
    open: bool,
    search: Option<String>,
}

/// `GET /api/v1/reviews/{id}?reviewer=…&open=true&cursor=…&limit=…`
pub async fn show(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<impl IntoResponse, Problem> {
    allowed(&state, &caller, Permit::See, &id).await?;
    let (campaign, lines) = state.engine.review(&id).await.map_err(refused)?;
    let hasty: Vec<_> = hasty(&lines)
        .into_iter()
        .map(|(reviewer, lines, seconds)| json!({ "reviewer": reviewer, "lines": lines, "seconds": seconds }))
        .collect();
    let count = |wanted| lines.iter().filter(|line| line.decision == wanted).count();
    let counts = json!({
        "undecided": count(None), "keep": count(Some(Decision::Keep)),
        "remove": count(Some(Decision::Remove)), "ask": count(Some(Decision::Ask)),
        "removed": lines.iter().filter(|line| line.removed_at.is_some()).count(),
    });
    let tag = review_tag(&campaign, &lines);
    // A line's place is the same whatever is decided meanwhile.
    let who = by(&state, &caller).await?;
    // Whoever asks for their own lines gets those of all their names.
    let theirs = |line: &Line, reviewer: &String| {
        same(&line.reviewer, reviewer) || (who.is(reviewer) && who.is(&line.reviewer))
    };
    let wanted = page.search.as_deref().unwrap_or_default().trim().to_lowercase();
    let fits: Vec<_> = lines
        .into_iter()
        .enumerate()
        .filter(|(_, line)| page.reviewer.as_ref().is_none_or(|reviewer| theirs(line, reviewer)))
        // Whoever must be asked first keeps the review open as much as what nobody looked at.
        .filter(|(_, line)| !page.open || matches!(line.decision, None | Some(Decision::Ask)))
        .filter(|(_, line)| {
            [&line.name, &line.person, &line.what].iter().any(|text| text.to_lowercase().contains(&wanted))
        })
        .collect();
    let total = fits.len();
    let limit = page.limit.unwrap_or(100).min(LINES_MAX);
    let mut rest = fits.into_iter().filter(|(at, _)| page.cursor.is_none_or(|last| *at > last)).peekable();
    let mut shown = Vec::new();
    let mut last = None;
    for (at, line) in rest.by_ref().take(limit) {
        last = Some(at.to_string());
        shown.push(line);
    }
    let next = last.filter(|_| rest.peek().is_some());
    let body = json!({ "review": campaign, "counts": counts, "hasty": hasty, "lines": shown, "next": next, "total": total });
    Ok(([(header::ETAG, tag)], Json(body)))
}

/// Names the state of the whole review, whichever page is read.
fn review_tag(campaign: &Campaign, lines: &[Line]) -> String {
    tag_of(&serde_json::to_vec(&(campaign, lines)).unwrap_or_default())
}

async fn unchanged(state: &WebState, id: &str, headers: &HeaderMap) -> Result<(), Problem> {
    if !headers.contains_key(header::IF_MATCH) {
        return Ok(());
    }
    let id = id.split_once(':').map_or(id, |(campaign, _)| campaign);
    let (campaign, lines) = state.engine.review(id).await.map_err(refused)?;
    written_against(headers, &review_tag(&campaign, &lines))
}

/// The caller, under all names that are surely theirs.
async fn by(state: &WebState, caller: &Caller) -> Result<By, Problem> {
    Ok(By { name: caller.name.clone(), also: names(state, caller).await? })
}

#[derive(Deserialize)]
pub struct Word {
    decision: Decision,
    reason: String,
}

/// `POST /api/v1/reviews/lines/{line}/decision`: by the signed-in person.
pub async fn decide(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(line): Path<String>,
    headers: HeaderMap,
    Body(word): Body<Word>,
) -> Answer {
    allowed(&state, &caller, Permit::Approve, &line).await?;
    unchanged(&state, &line, &headers).await?;
    let decided = state
        .engine
        .decide_review(&line, by(&state, &caller).await?, word.decision, &word.reason)
        .await
        .map_err(|error| match error {
            ReviewError::Rule(ReviewProblem::NoReason) => refused(error).at("reason"),
            _ => refused(error),
        })?;
    Ok(Json(json!({ "line": decided })))
}

#[derive(Deserialize)]
pub struct SignOff {
    statement: String,
}

/// `POST /api/v1/reviews/{id}/sign`
pub async fn sign(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Body(word): Body<SignOff>,
) -> Answer {
    allowed(&state, &caller, Permit::Approve, &id).await?;
    unchanged(&state, &id, &headers).await?;
    let who = by(&state, &caller).await?;
    let signed = state.engine.sign_review(&id, who, &word.statement).await.map_err(|error| match error {
        ReviewError::Rule(ReviewProblem::NoStatement) => refused(error).at("statement"),
        _ => refused(error),
    })?;
    Ok(Json(json!({ "review": signed })))
}
