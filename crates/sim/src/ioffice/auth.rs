//! Who is calling: header pair, OAuth token, static token; and the OAuth endpoints themselves (§1.2).

use std::collections::HashMap;

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode, header};
use serde_json::{Value, json};

use super::{
    settings::IofficeSettings,
    state::State,
    table::Id,
    wire::{Answer, Outcome, Query, Refusal, plain},
};

const CODE_LIFE_MILLIS: i64 = 60_000;
const APP_CODE: &str = "ioffice";

/// Codes and tokens given out and still remembered.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    refresh: HashMap<String, Refresh>,
    given: u64,
}

#[derive(Debug)]
struct Code {
    user: Id,
    client: String,
    redirect: String,
    until: i64,
}

#[derive(Debug)]
struct Access {
    user: Id,
    until: i64,
}

#[derive(Debug, Clone)]
struct Refresh {
    user: Id,
    client: String,
}

impl Grants {
    /// A fresh text that no earlier one equals. Not secret: everything here is play.
    fn fresh(&mut self, kind: &str) -> String {
        self.given += 1;
        let mut mixed = self.given.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed ^= mixed >> 31;
        format!("{kind}-{:04}-{mixed:016x}", self.given)
    }

    pub(crate) fn end_of_user(&mut self, user: Id) {
        self.access.retain(|_, token| token.user != user);
        self.refresh.retain(|_, token| token.user != user);
    }

    /// Forgets what is long past, so that a long run keeps a bounded memory. Tokens that expired lately are kept:
    /// they must answer 403, not 401.
    pub(crate) fn forget(&mut self, now: i64) {
        const DAY_MILLIS: i64 = 86_400_000;
        self.codes.retain(|_, code| code.until > now);
        self.access.retain(|_, token| token.until.saturating_add(DAY_MILLIS) > now);
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty())
}

/// The caller of an API request.
pub(crate) fn caller(
    state: &State,
    settings: &IofficeSettings,
    headers: &HeaderMap,
    now: i64,
) -> Result<Id, Refusal> {
    if let Some(token) = text(headers, "x-access-token") {
        return match state.grants.access.get(token) {
            Some(access) if access.until <= now => Err(Refusal::expired()),
            Some(access) if state.users.get(access.user).is_none() => {
                Err(Refusal::unauthorized("the user of the access token is gone"))
            }
            // Tokens of a deactivated user stay good.
            Some(access) => Ok(access.user),
            None => Err(Refusal::unauthorized("unknown access token")),
        };
    }
    if let Some(token) = text(headers, "x-auth-token") {
        return match &settings.auth_token {
            Some(known) if known == token && state.users.is_active(state.service_account) => {
                Ok(state.service_account)
            }
            _ => Err(Refusal::unauthorized("x-auth-token is not accepted")),
        };
    }
    let (Some(name), Some(password)) = (text(headers, "x-auth-username"), text(headers, "x-auth-password"))
    else {
        return Err(Refusal::unauthorized("sign in with x-auth-username and x-auth-password"));
    };
    sign_in(state, name, password)
}

/// A local account that is active: people who come through SSO have no password here.
fn sign_in(state: &State, name: &str, password: &str) -> Result<Id, Refusal> {
    let id = state.users.by_user_name(name);
    let user = id.and_then(|id| state.users.get(id));
    match (id, user) {
        (Some(id), Some(user)) if user.active && user.password.as_deref() == Some(password) => Ok(id),
        _ => Err(Refusal::unauthorized("bad credentials")),
    }
}

/// The sign-in page: a form on GET; on POST of that form, or on GET with the header pair, a redirect with the code
/// in the fragment.
pub(crate) fn login(
    state: &mut State,
    settings: &IofficeSettings,
    query: &Query,
    headers: &HeaderMap,
    form: Option<&[u8]>,
    now: i64,
) -> Outcome {
    for name in ["response_type", "client_id", "redirect_uri", "scope", "state"] {
        if query.text(name).is_none() {
            return Err(Refusal::invalid(format!("parameter {name} is required")));
        }
    }
    if query.get("response_type") != Some("code") {
        return Err(Refusal::invalid("response_type must be code"));
    }
    let client = query.text("client_id").unwrap_or_default();
    known_client(settings, client, None, false)?;
    let form = form.map(|body| Query::parse(&String::from_utf8_lossy(body)));
    let pair = match &form {
        Some(form) => form.text("username").zip(form.text("password")),
        None => text(headers, "x-auth-username").zip(text(headers, "x-auth-password")),
    };
    let Some((name, password)) = pair else {
        return Ok(Answer::Page(page()));
    };
    let user = sign_in(state, name, password)?;
    let redirect = query.text("redirect_uri").unwrap_or_default().to_owned();
    let code = state.grants.fresh("code");
    let location = format!("{redirect}#code={code}&appCode={APP_CODE}");
    let kept = Code { user, client: client.to_owned(), redirect, until: now + CODE_LIFE_MILLIS };
    state.grants.codes.insert(code, kept);
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::FOUND;
    let location = location.parse().map_err(|_| Refusal::invalid("redirect_uri is not a URL"))?;
    response.headers_mut().insert(header::LOCATION, location);
    Ok(Answer::Page(response))
}

fn page() -> Response<Bytes> {
    let html = "<!doctype html><title>Sign in</title><form method=post><label>User name <input name=username></label>\
                <label>Password <input name=password type=password></label><button>Sign in</button></form>";
    plain(200, "text/html;charset=UTF-8", Bytes::from_static(html.as_bytes()))
}

fn known_client(
    settings: &IofficeSettings,
    id: &str,
    secret: Option<&str>,
    demanded: bool,
) -> Result<(), Refusal> {
    let known = settings.oauth_clients.iter().find(|client| client.client_id == id);
    let fits = match (known, secret) {
        (None, secret) => settings.oauth_clients.is_empty() && (secret.is_some() || !demanded),
        (Some(client), Some(secret)) => client.client_secret.as_deref().is_none_or(|known| known == secret),
        (Some(client), None) => !demanded || client.client_secret.is_none(),
    };
    if fits { Ok(()) } else { Err(Refusal::unauthorized("unknown client")) }
}

fn required<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, Refusal> {
    text(headers, name).ok_or_else(|| Refusal::invalid(format!("header {name} is required")))
}

/// `POST /external/api/oauth2/token`: parameters travel as headers.
pub(crate) fn token(state: &mut State, settings: &IofficeSettings, headers: &HeaderMap, now: i64) -> Outcome {
    let client = required(headers, "x-client-id")?.to_owned();
    known_client(settings, &client, text(headers, "x-client-secret"), settings.oauth_secret_required)?;
    let user = match required(headers, "x-grant-type")? {
        "authorization_code" => {
            let code = required(headers, "x-auth-code")?;
            let redirect = required(headers, "x-redirect-uri")?;
            let kept = state.grants.codes.remove(code); // A code works once, whatever becomes of it.
            match kept {
                Some(kept) if kept.client == client && kept.redirect == redirect && kept.until > now => {
                    kept.user
                }
                _ => return Err(Refusal::unauthorized("the code is not valid")),
            }
        }
        "refresh_token" => {
            let token = required(headers, "x-refresh-token")?;
            match state.grants.refresh.get(token).cloned() {
                Some(kept) if kept.client == client && state.users.is_active(kept.user) => {
                    if settings.oauth_refresh_rotates {
                        state.grants.refresh.remove(token);
                    }
                    kept.user
                }
                _ => return Err(Refusal::unauthorized("the refresh token is not valid")),
            }
        }
        _ => return Err(Refusal::invalid("x-grant-type must be authorization_code or refresh_token")),
    };
    let access = state.grants.fresh("access");
    let until = now.saturating_add(settings.oauth_access_seconds.saturating_mul(1000));
    state.grants.access.insert(access.clone(), Access { user, until });
    let kept = text(headers, "x-refresh-token").filter(|token| state.grants.refresh.contains_key(*token));
    let refresh = match kept {
        Some(token) => token.to_owned(),
        None => {
            let token = state.grants.fresh("refresh");
            state.grants.refresh.insert(token.clone(), Refresh { user, client });
            token
        }
    };
    let mut body = json!({
        "token_type": "bearer", "access_token": access, "expires_in": settings.oauth_access_seconds,
        "refresh_token": refresh,
    });
    if let (Some(scope), Some(fields)) = (text(headers, "x-scope"), body.as_object_mut()) {
        fields.insert("scope".into(), scope.into());
    }
    Answer::ok(body)
}

pub(crate) fn token_info(state: &State, headers: &HeaderMap, now: i64) -> Outcome {
    let token = required(headers, "x-token")?;
    match state.grants.access.get(token) {
        Some(access) if access.until > now => {
            let name = state.users.get(access.user).map_or(Value::Null, |user| user.text("userName").into());
            Answer::ok(
                json!({"token_type": "bearer", "expires_in": (access.until - now) / 1000, "userName": name}),
            )
        }
        Some(_) => Err(Refusal::expired()),
        None => Err(Refusal::unauthorized("unknown access token")),
    }
}

/// Ends only the presented token.
pub(crate) fn revoke(state: &mut State, headers: &HeaderMap) -> Outcome {
    let token = required(headers, "x-token")?;
    match state.grants.access.remove(token) {
        Some(_) => Answer::ok(json!({"response": "Successfully removed"})),
        None => Err(Refusal::unauthorized("unknown access token")),
    }
}
