//! Who may ask. A one-time owner link makes a session cookie; the command line has a token of its own; in a demo
//! everybody on this machine is the owner.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::{Mode, WebState, problem::Problem};
use std::sync::Arc;

const COOKIE: &str = "lanyard";
const IDLE_MAX: Duration = Duration::from_secs(2 * 3600);
const AGE_MAX: Duration = Duration::from_secs(8 * 3600);
const SESSIONS_MAX: usize = 1000;

/// Open sessions, in memory: a restart signs everybody out.
#[derive(Default)]
pub struct Sessions {
    open: Mutex<HashMap<String, Open>>,
    owner_link_used: Mutex<bool>,
}

#[derive(Clone)]
struct Open {
    csrf: String,
    begun: Instant,
    seen: Instant,
}

/// Somebody who may ask.
#[derive(Debug, Clone)]
pub struct Caller {
    pub name: String,
    pub role: &'static str,
    pub csrf: String,
    /// By token, without cookie: no CSRF proof is needed.
    pub by_token: bool,
}

/// A fresh random text of 256 bits.
pub fn fresh_token() -> String {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Compares without telling how far they agree.
pub(crate) fn same_secret(given: &[u8], wanted: &SecretString) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(given, wanted.expose_secret().as_bytes()).is_ok()
}

fn digest(token: &str) -> String {
    URL_SAFE_NO_PAD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()))
}

impl Sessions {
    fn open(&self) -> (String, String) {
        let (token, csrf) = (fresh_token(), fresh_token());
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, session| session.seen.elapsed() < IDLE_MAX && session.begun.elapsed() < AGE_MAX);
        if open.len() >= SESSIONS_MAX {
            open.clear();
        }
        let now = Instant::now();
        open.insert(digest(&token), Open { csrf: csrf.clone(), begun: now, seen: now });
        (token, csrf)
    }

    fn find(&self, token: &str) -> Option<Open> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let session = open.get_mut(&digest(token))?;
        if session.seen.elapsed() >= IDLE_MAX || session.begun.elapsed() >= AGE_MAX {
            return None;
        }
        session.seen = Instant::now();
        Some(session.clone())
    }
}

fn cookie(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .find_map(|pair| {
            pair.trim().split_once('=').filter(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
        })
}

fn caller(state: &WebState, headers: &HeaderMap) -> Option<Caller> {
    if let Some(token) =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()?.strip_prefix("Bearer "))
        && same_secret(token.as_bytes(), &state.settings.local_token)
    {
        return Some(Caller {
            name: "command line".into(),
            role: "owner",
            csrf: String::new(),
            by_token: true,
        });
    }
    if let Some(open) = cookie(headers).and_then(|token| state.sessions.find(&token)) {
        return Some(Caller { name: "owner".into(), role: "owner", csrf: open.csrf, by_token: false });
    }
    None
}

/// Lets in who may ask; hands the caller to the handler.
pub(crate) async fn guard(State(state): State<Arc<WebState>>, mut request: Request, next: Next) -> Response {
    let found = caller(&state, request.headers());
    let reads = matches!(*request.method(), axum::http::Method::GET | axum::http::Method::HEAD);
    let Some(caller) = found.or_else(|| guest(&state)) else {
        return Problem::new(StatusCode::UNAUTHORIZED, "sign_in", "you are not signed in")
            .fix("open the owner link that the server printed when it started")
            .into_response();
    };
    if !reads && !caller.by_token {
        let given = request.headers().get("x-lanyard-csrf").and_then(|v| v.to_str().ok()).unwrap_or_default();
        if caller.csrf.is_empty() || given != caller.csrf {
            return Problem::new(
                StatusCode::FORBIDDEN,
                "csrf",
                "the request does not prove that it comes from the console",
            )
            .fix("reload the page and try again")
            .into_response();
        }
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// In a demo everybody is let in; the proof against other sites' pages is still asked for.
fn guest(state: &WebState) -> Option<Caller> {
    (state.settings.mode == Mode::Demo).then(|| Caller {
        name: "demo".into(),
        role: "owner",
        csrf: digest(state.settings.local_token.expose_secret()),
        by_token: false,
    })
}

/// `GET /api/v1/session`
pub(crate) async fn show(
    State(state): State<Arc<WebState>>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let caller = caller(&state, &headers).or_else(|| guest(&state)).ok_or_else(|| {
        Problem::new(StatusCode::UNAUTHORIZED, "sign_in", "you are not signed in")
            .fix("open the owner link that the server printed when it started")
    })?;
    Ok(Json(json!({
        "csrf": caller.csrf,
        "user": caller.name,
        "role": caller.role,
        "demo": state.settings.mode == Mode::Demo,
    }))
    .into_response())
}

#[derive(Deserialize)]
pub(crate) struct OwnerLink {
    token: String,
}

/// `GET /sign-in?token=…`: the one-time owner link.
pub(crate) async fn sign_in(
    State(state): State<Arc<WebState>>,
    Query(link): Query<OwnerLink>,
) -> Result<Response, Problem> {
    let right = state.settings.owner_token.as_ref().is_some_and(|t| same_secret(link.token.as_bytes(), t));
    let mut used = state.sessions.owner_link_used.lock().unwrap_or_else(PoisonError::into_inner);
    if !right || *used {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "owner_link",
            "this owner link is not valid, or was used before",
        )
        .fix("restart the server: it prints a new one"));
    }
    *used = true;
    drop(used);
    let (token, _) = state.sessions.open();
    let mut response = Redirect::to("/").into_response();
    let text = format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={}", AGE_MAX.as_secs());
    if let Ok(value) = header::HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
    Ok(response)
}
