//! The ways in for people: a one-time owner link, and the identity provider (OIDC, code flow with PKCE).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    journal::line,
    ports::{Severity, StoreFailure},
};
use lanyard_model::id::{IdentityId, TenantId};
use serde::{Deserialize, Serialize};

use super::{
    caller::Caller,
    cookie, guard,
    role::{Grant, Permit, Reach, Role},
    seal::Seal,
    secret::{digest, fresh_token},
    session::{self, Who},
};
use crate::{WebState, console, problem::Problem};

/// The browser's memory of a sign-in under way.
const UNDER_WAY: &str = "lanyard-sign-in";
const UNDER_WAY_MAX: SignedDuration = SignedDuration::from_mins(10);
const LINKS_MAX: usize = 100;
/// The name of whoever came in by an owner link.
pub(crate) const OWNER: &str = "owner";

/// What we ask the identity provider for, fresh each time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ask {
    pub state: String,
    pub nonce: String,
    /// The PKCE secret.
    pub verifier: String,
}

impl Ask {
    fn fresh() -> Self {
        Self { state: fresh_token(), nonce: fresh_token(), verifier: fresh_token() }
    }

    /// The PKCE challenge, method `S256`.
    pub fn challenge(&self) -> String {
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, self.verifier.as_bytes());
        URL_SAFE_NO_PAD.encode(hash)
    }
}

/// Whom the identity provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Stable within the provider.
    pub subject: String,
    pub name: String,
    pub groups: Vec<String>,
}

/// Why nobody was vouched for.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum ProviderFailure {
    #[error("the identity provider cannot be reached: {0}")]
    Unreachable(String),
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// An answer that fails a check. Worth an alarm: a misconfiguration, or an attack.
    #[error("the identity provider's answer is not to be believed: {0}")]
    NotBelieved(String),
}

/// Signs people in: somebody else's protocol, behind two questions.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// The address to send the browser to.
    async fn begin(&self, ask: &Ask) -> Result<String, ProviderFailure>;

    /// Whom `code` stands for, every check made.
    async fn finish(&self, code: &str, ask: &Ask) -> Result<Person, ProviderFailure>;

    /// Shown on the button.
    fn label(&self) -> String;
}

/// Members of this group have this role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleRule {
    pub group: String,
    pub grant: Grant,
}

/// Sign-in as configured. The default has no identity provider: owner links are the only way in.
#[derive(Default)]
pub struct SignIn {
    seal: Seal,
    /// Digests of unused owner links, each with its end.
    links: Mutex<HashMap<String, Timestamp>>,
    provider: Option<Provider>,
    /// Whoever does nothing for so long is signed out; `None`: two hours.
    idle_max: Option<SignedDuration>,
}

struct Provider {
    port: Arc<dyn IdentityProvider>,
    /// The tenant whose people sign in: their end there ends their sessions here.
    tenant: TenantId,
    rules: Vec<RoleRule>,
}

impl SignIn {
    pub fn with_provider(port: Arc<dyn IdentityProvider>, tenant: TenantId, rules: Vec<RoleRule>) -> Self {
        Self { provider: Some(Provider { port, tenant, rules }), ..Self::default() }
    }

    /// Signs out whoever does nothing for so long.
    #[must_use]
    pub fn with_idle_max(self, idle_max: SignedDuration) -> Self {
        Self { idle_max: Some(idle_max), ..self }
    }

    pub(crate) fn idle_max(&self) -> SignedDuration {
        self.idle_max.unwrap_or(session::IDLE_MAX)
    }

    pub fn has_provider(&self) -> bool {
        self.provider.is_some()
    }

    pub(crate) fn label(&self) -> Option<String> {
        self.provider.as_ref().map(|provider| provider.port.label())
    }

    pub(crate) fn rules(&self) -> &[RoleRule] {
        self.provider.as_ref().map_or(&[], |provider| &provider.rules)
    }

    /// The token of a fresh owner link: it signs one person in as owner, once, within `life`.
    pub fn owner_link(&self, now: Timestamp, life: SignedDuration) -> String {
        let token = fresh_token();
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.retain(|_, end| *end > now);
        if links.len() >= LINKS_MAX {
            links.clear();
        }
        links.insert(digest(&token), now + life);
        token
    }

    fn use_link(&self, now: Timestamp, token: &str) -> bool {
        let mut links = self.links.lock().unwrap_or_else(PoisonError::into_inner);
        links.remove(&digest(token)).is_some_and(|end| end > now)
    }
}

/// The sealed cookie's content.
#[derive(Serialize, Deserialize)]
struct UnderWay {
    ask: Ask,
    to: String,
    until: Timestamp,
}

#[derive(Deserialize)]
pub(crate) struct OwnerLink {
    token: Option<String>,
}

/// `GET /sign-in`: with a token the one-time owner link, without one the console's page.
pub(crate) async fn sign_in(
    State(state): State<Arc<WebState>>,
    Query(link): Query<OwnerLink>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Some(token) = link.token else { return Ok(console::page()) };
    let plain = reached_safely(&headers)?;
    if !state.sign_in.use_link(state.engine.clock().now(), &token) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "owner_link",
            "this owner link is not valid, has expired, or was used before",
        )
        .fix("run `lanyard sign-in` on the server: it prints a new one"));
    }
    let who = Who {
        name: OWNER.into(),
        subject: "owner-link".into(),
        identity: None,
        grants: vec![Grant::everywhere(Role::Owner)],
    };
    admit(&state, who, plain, "/", "by the one-time owner link").await
}

#[derive(Deserialize)]
pub(crate) struct Begin {
    /// Where to go afterwards.
    to: Option<String>,
}

/// `GET /sign-in/provider`: sends the browser to the identity provider.
pub(crate) async fn begin(
    State(state): State<Arc<WebState>>,
    Query(begin): Query<Begin>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let plain = reached_safely(&headers)?;
    let provider = state.sign_in.provider.as_ref().ok_or_else(|| {
        Problem::not_found("sign-in with an identity provider is not set up")
            .fix("add [sign_in] to lanyard.toml")
    })?;
    let ask = Ask::fresh();
    let url = match provider.port.begin(&ask).await {
        Ok(url) => url,
        Err(failure) => return Ok(turned_away(&failure)),
    };
    let under_way = UnderWay {
        ask,
        to: safe_path(begin.to.as_deref()),
        until: state.engine.clock().now() + UNDER_WAY_MAX,
    };
    let sealed = state.sign_in.seal.close(&under_way).unwrap_or_default();
    let mut response = Redirect::to(&url).into_response();
    // Lax: it must come back on the provider's redirect to us.
    cookie::set(
        response.headers_mut(),
        plain,
        UNDER_WAY,
        &sealed,
        "Lax",
        UNDER_WAY_MAX.as_secs().unsigned_abs(),
    );
    no_store(&mut response);
    Ok(response)
}

#[derive(Deserialize)]
pub(crate) struct Back {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// `GET /sign-in/callback`: the browser comes back from the identity provider.
pub(crate) async fn callback(
    State(state): State<Arc<WebState>>,
    Query(back): Query<Back>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let plain = reached_safely(&headers)?;
    let provider = state
        .sign_in
        .provider
        .as_ref()
        .ok_or_else(|| Problem::not_found("sign-in with an identity provider is not set up"))?;
    let now = state.engine.clock().now();
    let under_way: Option<UnderWay> =
        cookie::read(&headers, UNDER_WAY).and_then(|sealed| state.sign_in.seal.open(&sealed));
    // A code that this browser did not ask for is somebody else's.
    let Some(under_way) = under_way
        .filter(|begun| begun.until > now && back.state.as_deref() == Some(begun.ask.state.as_str()))
    else {
        return Ok(to_page("stale"));
    };
    if let Some(error) = back.error {
        tracing::info!(%error, detail = back.error_description.unwrap_or_default(), "sign-in refused by the provider");
        return Ok(to_page(if error == "access_denied" { "denied" } else { "refused" }));
    }
    let person = match provider.port.finish(back.code.as_deref().unwrap_or_default(), &under_way.ask).await {
        Ok(person) => person,
        Err(failure) => return Ok(turned_away(&failure)),
    };
    let grants: Vec<Grant> = provider
        .rules
        .iter()
        .filter(|rule| person.groups.contains(&rule.group))
        .map(|rule| rule.grant.clone())
        .collect();
    if grants.is_empty() {
        note(
            &state,
            &Reach::Only([provider.tenant.clone()].into()),
            Severity::Warning,
            &person.name,
            "sign-in refused: none of the person's groups gives a role",
        )
        .await?;
        return Ok(to_page("no_role"));
    }
    let who = Who {
        name: person.name,
        subject: format!("okta:{}/{}", provider.tenant, person.subject),
        identity: Some(IdentityId::new(provider.tenant.clone(), person.subject.as_str())),
        grants,
    };
    let mut response = admit(&state, who, plain, &under_way.to, "with the identity provider").await?;
    cookie::set(response.headers_mut(), plain, UNDER_WAY, "", "Lax", 0);
    Ok(response)
}

/// Opens the session, puts it on record, sends the browser on.
async fn admit(state: &WebState, who: Who, plain: bool, to: &str, how: &str) -> Result<Response, Problem> {
    let mut roles: Vec<&str> = who.grants.iter().map(|grant| grant.role.as_str()).collect();
    roles.sort_unstable();
    roles.dedup();
    let title = format!("signed in {how} as {}", roles.join(", "));
    note(state, &Reach::of(&who.grants, Permit::SignedIn), Severity::Info, &who.name, &title).await?;
    let token = session::open(&state.engine, who, state.sign_in.idle_max()).await?;
    let mut response = Redirect::to(to).into_response();
    let age = session::AGE_MAX.as_secs().unsigned_abs();
    cookie::set(response.headers_mut(), plain, session::COOKIE, &token, "Strict", age);
    no_store(&mut response);
    Ok(response)
}

/// `POST /api/v1/session/end`
pub(crate) async fn sign_out(
    State(state): State<Arc<WebState>>,
    axum::Extension(caller): axum::Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(name) = &caller.session {
        session::end(&state.engine, name).await?;
        note(
            &state,
            &Reach::of(&caller.grants, Permit::SignedIn),
            Severity::Info,
            &caller.name,
            "signed out",
        )
        .await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    cookie::set(response.headers_mut(), cookie::is_loopback(&headers), session::COOKIE, "", "Strict", 0);
    Ok(response)
}

/// Lines in the journals of the tenants that it concerns.
pub(crate) async fn note(
    state: &WebState,
    reach: &Reach,
    severity: Severity,
    person: &str,
    title: &str,
) -> Result<(), StoreFailure> {
    let at = state.engine.clock().now();
    let lines = state
        .engine
        .directories()
        .keys()
        .filter(|tenant| reach.holds(tenant))
        .map(|tenant| line(tenant, at, "access", title).person(person).severity(severity).write());
    state.engine.store().write(lines.collect()).await.map(|_| ())
}

/// Whether cookies go without `Secure`; refuses what would send them over a network in the clear.
fn reached_safely(headers: &HeaderMap) -> Result<bool, Problem> {
    if cookie::is_loopback(headers) {
        return Ok(true);
    }
    let forwarded = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    if forwarded.is_some_and(|proto| proto.eq_ignore_ascii_case("https")) {
        return Ok(false);
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "plain_http",
        "signing in over plain http is possible from the server's own machine only",
    )
    .fix("put a proxy with TLS before the server; it must send X-Forwarded-Proto: https"))
}

/// A path of ours, never another host.
fn safe_path(to: Option<&str>) -> String {
    let plain = |path: &&str| {
        path.starts_with('/')
            && !path.starts_with("//")
            && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
    };
    to.filter(plain).unwrap_or("/").to_owned()
}

fn turned_away(failure: &ProviderFailure) -> Response {
    tracing::warn!(%failure, "sign-in failed");
    to_page(match failure {
        ProviderFailure::Unreachable(_) => "unreachable",
        ProviderFailure::Refused(_) => "refused",
        ProviderFailure::NotBelieved(_) => "not_believed",
    })
}

/// The console's sign-in page, which says what happened.
fn to_page(problem: &str) -> Response {
    let mut response = Redirect::to(&format!("/sign-in?problem={problem}")).into_response();
    no_store(&mut response);
    response
}

fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
}

/// `GET /api/v1/sign-in`: what the sign-in page offers. Public.
pub(crate) async fn ways(
    State(state): State<Arc<WebState>>,
    headers: HeaderMap,
) -> Result<axum::Json<serde_json::Value>, Problem> {
    let signed_in = guard::caller(&state, &headers).await?.is_some();
    Ok(axum::Json(serde_json::json!({ "provider": state.sign_in.label(), "signed_in": signed_in })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_gone_to() {
        for (to, gone) in [
            ("/all/people?q=a", "/all/people?q=a"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("https://evil.example", "/"),
            ("/a\nb", "/"),
        ] {
            assert_eq!(safe_path(Some(to)), gone);
        }
        assert_eq!(safe_path(None), "/");
    }

    #[test]
    fn an_owner_link_works_once_and_not_late() {
        let sign_in = SignIn::default();
        let now: Timestamp = "2026-11-02T09:00:00Z".parse().unwrap();
        let life = SignedDuration::from_hours(1);
        let link = sign_in.owner_link(now, life);
        assert!(!sign_in.use_link(now, "other"));
        assert!(sign_in.use_link(now, &link));
        assert!(!sign_in.use_link(now, &link), "once");
        let late = sign_in.owner_link(now, life);
        assert!(!sign_in.use_link(now + life, &late));
    }
}
