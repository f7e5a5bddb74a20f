//! Who is calling: API tokens, service apps and their access tokens, what they may do and whom they may see.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use http::{Method, header};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event::{self, Cause, CauseDetail, Party},
    moment::Moment,
    request::Call,
    state::{GroupKey, Org, Status, User, UserKey},
};

/// Which users and groups an admin role covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// The whole org.
    Super,
    /// A resource set: these groups and the people in them. `Everyone` is not among them unless named.
    Groups(Vec<Oid>),
    /// A scope without a role: everything is empty.
    None,
}

/// An authenticated caller.
#[derive(Debug, Clone)]
pub struct Principal {
    pub name: Arc<str>,
    /// `None`: an API token, which has no scopes of its own.
    pub scopes: Option<Arc<[String]>>,
    pub reach: Reach,
    pub owner: Option<UserKey>,
}

#[derive(Debug, Clone)]
pub enum Reach {
    All,
    Groups(Arc<[GroupKey]>),
    Nothing,
}

impl Principal {
    pub fn nobody() -> Self {
        static NAME: LazyLock<Arc<str>> = LazyLock::new(|| "anonymous".into());
        Self { name: NAME.clone(), scopes: None, reach: Reach::Nothing, owner: None }
    }

    pub fn console() -> Self {
        Self { name: "console".into(), scopes: None, reach: Reach::All, owner: None }
    }

    pub fn sees_user(&self, user: &User) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Groups(groups) => {
                groups.iter().any(|group| *group == 0 || user.groups.binary_search(group).is_ok())
            }
            Reach::Nothing => false,
        }
    }

    pub fn sees_group(&self, group: GroupKey) -> bool {
        match &self.reach {
            Reach::All => true,
            Reach::Groups(groups) => groups.contains(&group),
            Reach::Nothing => false,
        }
    }
}

/// An SSWS token.
#[derive(Debug, Clone)]
pub struct ApiToken {
    pub id: Oid,
    /// The name under which its calls are counted and journaled: `token:00T…`.
    pub principal: Arc<str>,
    pub name: String,
    pub owner: Option<UserKey>,
    pub role: Role,
    pub last_used: Moment,
    pub revoked: bool,
}

/// A service app that signs its own assertions.
#[derive(Debug, Clone)]
pub struct ServiceApp {
    pub client_id: String,
    pub label: String,
    /// Public keys as JWKs with `kid`.
    pub keys: Vec<serde_json::Value>,
    pub scopes: Vec<String>,
    pub role: Role,
    pub dpop_required: bool,
    pub active: bool,
}

/// An access token issued to a service app or to a person.
#[derive(Debug, Clone)]
pub struct AccessToken {
    pub client_id: String,
    /// `client:0oa…`
    pub principal: Arc<str>,
    pub user: Option<UserKey>,
    pub scopes: Arc<[String]>,
    pub expires: Moment,
    /// Thumbprint of the proof key: the token is worth nothing without it.
    pub jkt: Option<String>,
}

/// Credentials of all kinds, and what must be remembered to refuse their replay.
#[derive(Debug)]
pub struct Access {
    pub api_tokens: HashMap<String, ApiToken>,
    pub service_apps: Vec<ServiceApp>,
    pub access_tokens: HashMap<String, AccessToken>,
    /// Assertion and proof ids already seen, with the time after which they may be forgotten.
    pub seen_jti: HashMap<String, Moment>,
    pub nonce_salt: u64,
}

impl Access {
    pub fn new(nonce_salt: u64) -> Self {
        Self {
            api_tokens: HashMap::new(),
            service_apps: Vec::new(),
            access_tokens: HashMap::new(),
            seen_jti: HashMap::new(),
            nonce_salt,
        }
    }

    pub fn service_app(&self, client_id: &str) -> Option<&ServiceApp> {
        self.service_apps.iter().find(|app| app.client_id == client_id)
    }

    pub fn service_app_mut(&mut self, client_id: &str) -> Option<&mut ServiceApp> {
        self.service_apps.iter_mut().find(|app| app.client_id == client_id)
    }

    /// Remembers a single-use id; `false` if it was used before.
    pub fn use_once(&mut self, jti: String, until: Moment, now: Moment) -> bool {
        if self.seen_jti.len() > 10_000 {
            self.seen_jti.retain(|_, until| *until > now);
        }
        match self.seen_jti.entry(jti) {
            std::collections::hash_map::Entry::Occupied(mut seen) => {
                let dead = *seen.get() <= now;
                if dead {
                    seen.insert(until);
                }
                dead
            }
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(until);
                true
            }
        }
    }
}

const TOKEN_IDLE_MS: i64 = 30 * 86_400_000;

impl Org {
    /// Finds the caller of an API request.
    ///
    /// # Errors
    /// 401 E0000011 for no credential, an unknown, expired or revoked one; 400 for a bad DPoP proof.
    pub fn authenticate(&mut self, call: &mut Call<'_>) -> ApiResult<()> {
        let headers = call.headers;
        let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let header = header.unwrap_or_default().trim();
        if let Some(token) = strip(header, "SSWS") {
            return self.by_api_token(call, token);
        }
        if let Some(token) = strip(header, "DPoP ") {
            return self.by_access_token(call, token, true);
        }
        if let Some(token) = strip(header, "Bearer ") {
            return self.by_access_token(call, token, false);
        }
        Err(ApiError::of("E0000011"))
    }

    fn by_api_token(&mut self, call: &mut Call<'_>, token: &str) -> ApiResult<()> {
        let dead = || ApiError::of("E0000011");
        let known = self.access.api_tokens.get_mut(token).ok_or_else(dead)?;
        let idle = known.last_used != Moment::NEVER && call.now.0 - known.last_used.0 > TOKEN_IDLE_MS;
        let owner = known.owner.and_then(|key| self.users.get(key as usize)?.as_ref());
        // The token dies with the admin who made it.
        let orphaned = known.owner.is_some() && owner.is_none_or(|user| user.status == Status::Deprovisioned);
        if known.revoked || idle || orphaned {
            return Err(dead());
        }
        known.last_used = call.now;
        let (id, owned_by, name) = (known.id, known.owner, known.principal.clone());
        let reach = match &known.role {
            Role::Super => Reach::All,
            role => {
                let role = role.clone();
                self.reach(&role)
            }
        };
        call.who = Principal { name, scopes: None, reach, owner: owned_by };
        if *call.method != Method::GET {
            let nameless = || Party {
                id: id.to_string(),
                kind: "User",
                alternate_id: "admin".to_owned(),
                display_name: self
                    .access
                    .api_tokens
                    .get(token)
                    .map(|token| token.name.clone())
                    .unwrap_or_default(),
            };
            let actor = owned_by.and_then(|key| self.user_at(key)).map_or_else(nameless, User::party);
            self.set_cause(call, actor, Some(id));
        }
        Ok(())
    }

    fn by_access_token(&mut self, call: &mut Call<'_>, token: &str, dpop: bool) -> ApiResult<()> {
        let known = self.access.access_tokens.get(token).filter(|known| known.expires > call.now).cloned();
        let known = known.ok_or_else(|| {
            let scheme = if dpop { "DPoP" } else { "Bearer" };
            ApiError::of("E0000011").header(
                "www-authenticate",
                format!(
                    "{scheme} authorization_uri=\"{0}/oauth2/v1/authorize\", realm=\"{0}\", error=\"invalid_token\", \
                     error_description=\"The access token is invalid or has expired.\"",
                    call.base
                ),
            )
        })?;
        if let Some(jkt) = &known.jkt {
            if !dpop {
                return Err(ApiError::of("E0000011").header(
                    "www-authenticate",
                    "DPoP error=\"invalid_token\", error_description=\"The access token is bound to a DPoP key.\"",
                ));
            }
            self.check_resource_proof(call, token, jkt)?;
        } else if dpop {
            return Err(ApiError::of("E0000011").header(
                "www-authenticate",
                "DPoP error=\"invalid_token\", error_description=\"The access token is not DPoP bound.\"",
            ));
        }
        let (actor, reach) = match known.user {
            Some(key) => {
                let user = self.user_at(key).filter(|user| user.status != Status::Deprovisioned);
                (user.ok_or_else(|| ApiError::of("E0000011"))?.party(), Reach::Nothing)
            }
            None => {
                let app = self.access.service_app(&known.client_id).filter(|app| app.active);
                let app = app.ok_or_else(|| ApiError::of("E0000011"))?;
                let actor = Party {
                    id: app.client_id.clone(),
                    kind: "PublicClientApp",
                    alternate_id: app.client_id.clone(),
                    display_name: app.label.clone(),
                };
                (actor, self.reach(&app.role))
            }
        };
        call.who =
            Principal { name: known.principal.clone(), scopes: Some(known.scopes), reach, owner: known.user };
        self.set_cause(call, actor, None);
        Ok(())
    }

    fn set_cause(&mut self, call: &mut Call<'_>, actor: Party, api_token_id: Option<Oid>) {
        if *call.method == Method::GET {
            return;
        }
        call.cause = Cause(Arc::new(CauseDetail {
            actor,
            transaction: "WEB",
            transaction_id: call.request_id.to_owned(),
            request_uri: Some(call.path.to_owned()),
            user_agent: call.header("user-agent").map(str::to_owned),
            api_token_id,
            caller: call.who.name.to_string(),
            method: call.method.to_string(),
        }));
    }

    fn reach(&self, role: &Role) -> Reach {
        match role {
            Role::Super => Reach::All,
            Role::None => Reach::Nothing,
            Role::Groups(ids) => {
                Reach::Groups(ids.iter().filter_map(|id| self.group_ids.get(id).copied()).collect())
            }
        }
    }

    /// Adds an API token. `secret` is what the client sends after `SSWS `.
    pub fn add_api_token(&mut self, secret: &str, name: &str, owner: Option<UserKey>, role: Role) -> Oid {
        let id = self.fresh_id("00T");
        let token = ApiToken {
            id,
            principal: format!("token:{id}").into(),
            name: name.to_owned(),
            owner,
            role,
            // Thirty days without a call count from the start, once the org has a present.
            last_used: if self.now > Moment(0) { self.now } else { Moment::NEVER },
            revoked: false,
        };
        self.access.api_tokens.insert(secret.to_owned(), token);
        id
    }

    /// Revokes every API token of this name or id, and every access token of this client id.
    pub fn revoke_credential(&mut self, name: &str, cause: &Cause) -> usize {
        let mut revoked = Vec::new();
        for token in self.access.api_tokens.values_mut() {
            if !token.revoked && (token.name == name || token.id.as_str() == name) {
                token.revoked = true;
                revoked.push((token.id, token.name.clone()));
            }
        }
        revoked.sort();
        for (id, name) in &revoked {
            let target = Party {
                id: id.to_string(),
                kind: "Token",
                alternate_id: "unknown".to_owned(),
                display_name: name.clone(),
            };
            self.emit(&event::API_TOKEN_REVOKE, cause, vec![target], Vec::new());
        }
        let before = self.access.access_tokens.len();
        self.access.access_tokens.retain(|_, token| token.client_id != name);
        revoked.len() + before - self.access.access_tokens.len()
    }
}

/// Demands a scope of callers that have scopes; `manage` includes `read`.
///
/// # Errors
/// 403 E0000006 with the `WWW-Authenticate` that names the missing scope.
pub fn demand_scope(call: &Call<'_>, family: &str, manage: bool) -> ApiResult<()> {
    let Some(scopes) = &call.who.scopes else { return Ok(()) };
    let wanted = format!("okta.{family}.{}", if manage { "manage" } else { "read" });
    let managing = format!("okta.{family}.manage");
    if scopes.iter().any(|scope| *scope == wanted || *scope == managing) {
        return Ok(());
    }
    Err(ApiError::of("E0000006").header(
        "www-authenticate",
        format!(
            "Bearer authorization_uri=\"{0}/oauth2/v1/authorize\",realm=\"{0}\",scope=\"{wanted}\",\
             error=\"insufficient_scope\",error_description=\"The access token provided does not contain the \
             required scopes.\",resource=\"{1}\"",
            call.base, call.path
        ),
    ))
}

fn strip<'a>(header: &'a str, scheme: &str) -> Option<&'a str> {
    // The vendor's Python client sends `SSWS{token}` without the blank.
    let start = header.get(..scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then(|| header[scheme.len()..].trim())
}
