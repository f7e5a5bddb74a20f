//! The one door before everything that is not public.

use std::sync::Arc;

use axum::{
    extract::{RawPathParams, Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use lanyard_engine::ports::StoreFailure;
use lanyard_model::id::TenantId;
use secrecy::ExposeSecret as _;

use super::{
    caller::Caller,
    cookie,
    role::Permit,
    secret::{digest, same_secret},
    session, token,
};
use crate::{Mode, WebState, problem::Problem};

const CSRF: &str = "x-lanyard-csrf";
/// Set by a page that asks by itself, while nobody touches it.
const UNATTENDED: &str = "x-lanyard-unattended";
/// Of a stream nobody can tell whether somebody still sits before it: a browser opens it anew by itself.
const STREAM: &str = "/events";

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Needs {
    pub permit: Permit,
    /// A grant that names tenants or sites is not enough.
    pub everywhere: bool,
}

/// Lets in who may ask; hands the caller to the handler. Where the path names a tenant, the role must hold there.
pub(crate) async fn guard(
    State((state, needs)): State<(Arc<WebState>, Needs)>,
    params: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let by_itself =
        reads && (request.headers().contains_key(UNATTENDED) || request.uri().path().ends_with(STREAM));
    let found = match by_itself {
        true => caller_unattended(&state, request.headers()).await,
        false => caller(&state, request.headers()).await,
    };
    let caller = match found {
        Ok(Some(caller)) => caller,
        Ok(None) => return not_signed_in().into_response(),
        Err(failure) => return Problem::from(failure).into_response(),
    };
    let tenant = params.iter().find(|(name, _)| *name == "tenant").map(|(_, value)| TenantId::new(value));
    if let Err(refused) = admit(&caller, needs, tenant.as_ref()) {
        return refused.into_response();
    }
    if !reads && !caller.by_token && !comes_from_our_page(&caller, request.headers()) {
        return Problem::new(
            StatusCode::FORBIDDEN,
            "csrf",
            "the request does not prove that it comes from the console",
        )
        .fix("reload the page and try again")
        .into_response();
    }
    request.extensions_mut().insert(caller);
    let mut response = next.run(request).await;
    // Answers are about people: no cache between us and the reader keeps them.
    response
        .headers_mut()
        .entry(header::CACHE_CONTROL)
        .or_insert(header::HeaderValue::from_static("no-store"));
    response
}

fn admit(caller: &Caller, needs: Needs, tenant: Option<&TenantId>) -> Result<(), Problem> {
    let permit = needs.permit;
    let held = match tenant {
        _ if needs.everywhere => caller.may_everywhere(permit),
        // A role for one site opens the tenant's pages; the handler leaves out what other sites hold.
        Some(tenant) if permit == Permit::See => caller.sees_tenant(tenant),
        Some(tenant) => caller.may_at(permit, Some(tenant), None),
        None => caller.may(permit),
    };
    if held {
        return Ok(());
    }
    let role = permit.least_role().as_str();
    let place = match tenant {
        Some(tenant) if caller.may(permit) => format!(" in tenant {tenant}"),
        _ if needs.everywhere && caller.may(permit) => " for all tenants and sites".to_owned(),
        _ => String::new(),
    };
    Err(Problem::new(StatusCode::FORBIDDEN, "role", format!("this needs the role {role}{place}"))
        .fix("ask an owner: roles come from your groups in Okta, and a token's roles from whoever made it"))
}

pub(crate) fn not_signed_in() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "sign_in", "you are not signed in")
        .fix("sign in again, or run `lanyard sign-in` on the server for an owner's one-time link")
}

fn comes_from_our_page(caller: &Caller, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let site = text("sec-fetch-site");
    let proof =
        aws_lc_rs::constant_time::verify_slices_are_equal(text(CSRF).as_bytes(), caller.csrf.as_bytes());
    (site.is_empty() || site == "same-origin") && !caller.csrf.is_empty() && proof.is_ok()
}

/// Whether a caller who was let in may still be here: their session has not ended, their token was not revoked.
pub(crate) async fn still_stands(state: &WebState, caller: &Caller) -> Result<bool, StoreFailure> {
    let engine = &state.engine;
    if let Some(name) = &caller.session {
        return session::stands(engine, name, state.sign_in.idle_max()).await;
    }
    let now = engine.clock().now();
    Ok(token::stands(engine.store().as_ref(), now, &caller.subject).await?.unwrap_or(true))
}

/// Who asks: by bearer token, by cookie, or as the guest of a demo.
pub(crate) async fn caller(state: &WebState, headers: &HeaderMap) -> Result<Option<Caller>, StoreFailure> {
    who(state, headers, true).await
}

/// The same, without taking it for use: a page that is left open asks for ever.
async fn caller_unattended(state: &WebState, headers: &HeaderMap) -> Result<Option<Caller>, StoreFailure> {
    who(state, headers, false).await
}

async fn who(state: &WebState, headers: &HeaderMap, in_use: bool) -> Result<Option<Caller>, StoreFailure> {
    let engine = &state.engine;
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    if let Some(bearer) = bearer {
        // Whoever shows a credential is that one or nobody.
        if same_secret(bearer.as_bytes(), &state.settings.local_token) {
            return Ok(Some(Caller::command_line()));
        }
        return token::find(engine.store().as_ref(), engine.clock().now(), bearer).await;
    }
    if let Some(cookie) = cookie::read(headers, session::COOKIE)
        && let Some(caller) = session::find(engine, &cookie, state.sign_in.idle_max(), in_use).await?
    {
        return Ok(Some(caller));
    }
    // A page that rebinds its name to this machine comes with its own host, and is no guest.
    let guest = state.settings.mode == Mode::Demo && state.settings.guests && cookie::is_loopback(headers);
    Ok(guest.then(|| Caller::guest(digest(state.settings.local_token.expose_secret()))))
}
