//! Sign-in of people to a web app: discovery, keys, authorize, code for tokens, userinfo, logout.

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    errors::{ApiError, ApiResult},
    event::{Cause, CauseDetail},
    keys::{self, KeyKind, KeyPair, Unverified},
    moment::Moment,
    oauth::{ASSERTION_TYPE, Form, bad_type, basic, one_credential},
    profile::{EMAIL, FIRST_NAME, LAST_NAME},
    request::{Answer, Call, encode, fields},
    state::{Org, Status, UserKey},
};

const CODE_LIFE_MS: i64 = 60_000;
const PAGE_MAX: usize = 50;

/// A web app that people sign in to.
#[derive(Debug, Clone, Default)]
pub struct OidcApp {
    pub client_id: String,
    pub label: String,
    /// `None`: the app authenticates by private_key_jwt, or is public (PKCE alone) if it has no keys either.
    pub secret: Option<String>,
    pub keys: Vec<Value>,
    pub redirect_uris: Vec<String>,
    pub post_logout_uris: Vec<String>,
    /// Groups whose name starts so go into the ID token's `groups`; `None`: no groups claim.
    pub groups_prefix: Option<String>,
}

#[derive(Debug)]
struct Code {
    client_id: String,
    redirect_uri: String,
    user: UserKey,
    nonce: Option<String>,
    challenge: Option<String>,
    scopes: Vec<String>,
    issued: Moment,
}

#[derive(Debug, Default)]
pub struct SignIns {
    pub apps: Vec<OidcApp>,
    codes: HashMap<String, Code>,
    signing: Option<KeyPair>,
    /// Public keys that sign no more, but that earlier ID tokens were signed with.
    retired: Vec<Value>,
}

impl SignIns {
    pub fn forget(&mut self, user: UserKey) {
        self.codes.retain(|_, code| code.user != user);
    }

    pub fn keys_of(&self, client_id: &str) -> Option<Vec<Value>> {
        self.app(client_id).map(|app| app.keys.clone())
    }

    fn app(&self, client_id: &str) -> Option<&OidcApp> {
        self.apps.iter().find(|app| app.client_id == client_id)
    }

    /// The org's signing key, made when first needed: it is the one slow thing here.
    fn signing(&mut self) -> ApiResult<&KeyPair> {
        if self.signing.is_none() {
            self.signing = Some(KeyPair::generate(KeyKind::Rsa2048).map_err(|_| ApiError::of("E0000009"))?);
        }
        self.signing.as_ref().ok_or_else(|| ApiError::of("E0000009"))
    }

    pub fn set_signing(&mut self, pair: KeyPair) {
        self.signing = Some(pair);
    }

    /// The name under which sign-ins to an app are counted; `None` for apps that are not known.
    pub fn principal(&self, client_id: &str) -> Option<std::sync::Arc<str>> {
        self.app(client_id).map(|app| format!("client:{}", app.client_id).into())
    }

    /// By command: a new key, as the vendor makes one every quarter.
    pub fn rotate(&mut self) {
        const RETIRED_MAX: usize = 2;
        if let Some(old) = self.signing.take() {
            self.retired.insert(0, old.public_jwk);
            self.retired.truncate(RETIRED_MAX);
        }
    }
}

/// The userinfo endpoint's refusal.
pub fn bad_token() -> ApiError {
    ApiError::challenge(401, "invalid_token", "The access token is invalid")
}

fn quiet(answer: Answer) -> Answer {
    answer.header("referrer-policy", "no-referrer")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

impl Org {
    /// Requests under `/oauth2/v1` and the discovery document; none needs an API credential.
    pub fn sign_in_dispatch(&mut self, call: &Call<'_>, name: &str) -> ApiResult<Answer> {
        match (call.method.as_str(), name) {
            ("GET", "openid-configuration") => match call.param("client_id") {
                Some(id) if self.sign_ins.app(id).is_none() && self.access.service_app(id).is_none() => {
                    let mut refusal = ApiError::of("E0000001");
                    refusal.code = "invalid_client";
                    refusal.summary = "Invalid value for `client_id` parameter".to_owned();
                    Err(refusal)
                }
                _ => Ok(self.discovery(call)),
            },
            ("GET", "keys") => {
                let current = self.sign_ins.signing()?.public_jwk.clone();
                let keys: Vec<Value> =
                    [current].into_iter().chain(self.sign_ins.retired.iter().cloned()).collect();
                Ok(Answer::value(&json!({ "keys": keys }))
                    .header("cache-control", "max-age=3600, must-revalidate"))
            }
            // What is in the address, codes too, is for nobody's referrer.
            ("GET", "authorize") => Ok(quiet(self.authorize(call, &call.query)?)),
            ("POST", "authorize") => {
                Ok(quiet(self.authorize(call, &fields(&String::from_utf8_lossy(call.body)))?))
            }
            ("POST", "token") => self.token(call),
            ("OPTIONS", "token") => Ok(Answer::no_content()
                .header("access-control-allow-origin", call.header("origin").unwrap_or(&call.base))
                .header("access-control-allow-methods", "POST")
                .header("access-control-max-age", "3600")
                .header("vary", "Origin")),
            ("POST", "introspect") => self.introspect(call),
            ("POST", "revoke") => self.revoke(call),
            ("GET" | "POST", "userinfo") => self.userinfo(call),
            ("GET", "logout") => self.logout(call, &call.query),
            ("POST", "logout") => self.logout(call, &fields(&String::from_utf8_lossy(call.body))),
            _ => Err(ApiError::of("E0000022")),
        }
    }

    fn discovery(&self, call: &Call<'_>) -> Answer {
        let base = &call.base;
        let at = |name: &str| format!("{base}/oauth2/v1/{name}");
        let methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
        Answer::value(&json!({
            "issuer": &**base,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "userinfo_endpoint": at("userinfo"),
            "jwks_uri": at("keys"),
            "introspection_endpoint": at("introspect"),
            "revocation_endpoint": at("revoke"),
            "end_session_endpoint": at("logout"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile", "groups"],
            "token_endpoint_auth_methods_supported": methods,
            "introspection_endpoint_auth_methods_supported": methods,
            "revocation_endpoint_auth_methods_supported": methods,
            "claims_supported": ["iss", "ver", "sub", "aud", "iat", "exp", "jti", "auth_time", "amr", "idp", "nonce",
                "name", "email", "email_verified", "preferred_username", "given_name", "family_name", "zoneinfo", "locale"],
            "code_challenge_methods_supported": ["S256"],
            "dpop_signing_alg_values_supported": ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
        }))
        .header("cache-control", "max-age=86400, must-revalidate")
    }

    /// Signs in at once with `login_hint`; else shows a page that lists people.
    fn authorize(&mut self, call: &Call<'_>, given: &[(String, String)]) -> ApiResult<Answer> {
        let get = |name: &str| {
            given
                .iter()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
                .filter(|v| !v.is_empty())
        };
        let client_id = get("client_id").unwrap_or_default();
        let app = self.sign_ins.app(client_id).cloned();
        let app = app.ok_or_else(|| {
            ApiError::oauth(400, "invalid_client", "Invalid value for 'client_id' parameter.")
        })?;
        let redirect = get("redirect_uri").filter(|uri| app.redirect_uris.iter().any(|known| known == uri));
        let redirect = redirect.ok_or_else(|| {
            ApiError::oauth(
                400,
                "invalid_request",
                "The 'redirect_uri' parameter must be a Login redirect URI in the client app settings.",
            )
        })?;
        let join = if redirect.contains('?') { '&' } else { '?' };
        let back = |error: &str, text: &str| {
            let state = get("state").map(|state| format!("&state={}", encode(state))).unwrap_or_default();
            let url = format!("{redirect}{join}error={error}&error_description={}{state}", encode(text));
            Ok(Answer::redirect(url))
        };
        if get("response_type") != Some("code") {
            return back(
                "unsupported_response_type",
                "The response type is not supported by the authorization server.",
            );
        }
        if get("response_mode").is_some_and(|mode| mode != "query") {
            return back("unsupported_response_mode", "The response mode is not supported: use query.");
        }
        let Some(state) = get("state") else {
            return back("invalid_request", "The authentication request has an invalid 'state' parameter.");
        };
        // Refresh tokens are left out: who asks for one is granted the rest.
        let asked = get("scope").unwrap_or_default().split_whitespace();
        let scopes: Vec<String> =
            asked.filter(|scope| *scope != "offline_access").map(str::to_owned).collect();
        if !scopes.iter().any(|scope| scope == "openid") {
            return back("invalid_scope", "The authentication request has no 'openid' scope.");
        }
        if let Some(bad) =
            scopes.iter().find(|s| !["openid", "email", "profile", "groups"].contains(&s.as_str()))
        {
            return back("invalid_scope", &format!("One or more scopes are not configured: {bad}"));
        }
        match (get("code_challenge"), get("code_challenge_method")) {
            (None, None) if app.secret.is_some() || !app.keys.is_empty() => {}
            // A hash in base64url, 43 characters, is what S256 makes.
            (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
            _ => return back("invalid_request", "PKCE code challenge with method S256 is required."),
        }
        let Some(hint) = get("login_hint") else {
            if get("prompt") == Some("none") {
                return back(
                    "login_required",
                    "The client specified not to prompt, but the user is not logged in.",
                );
            }
            return Ok(self.sign_in_page(given, &app, get("who")));
        };
        let user = self.find_user(hint).and_then(|key| Some((key, self.user_at(key)?.status)));
        let Some((key, Status::Active)) = user else {
            return back("access_denied", "User is not assigned to the client application.");
        };
        if scopes.iter().any(|scope| scope == "groups")
            && self.claimed_groups(&app, key).len() > self.settings.groups_claim_max
        {
            return back("access_denied", "The groups claim exceeds the maximum number of groups.");
        }
        let code = self.dice.text(43);
        let issued = call.now;
        self.sign_ins.codes.retain(|_, code| issued.0 - code.issued.0 <= CODE_LIFE_MS);
        self.sign_ins.codes.insert(
            code.clone(),
            Code {
                client_id: client_id.to_owned(),
                redirect_uri: redirect.to_owned(),
                user: key,
                nonce: get("nonce").map(str::to_owned),
                challenge: get("code_challenge").map(str::to_owned),
                scopes,
                issued,
            },
        );
        let cause = self.sign_in_cause(call, key);
        self.signed_in(key, &cause);
        Ok(Answer::redirect(format!("{redirect}{join}code={code}&state={}", encode(state))))
    }

    fn sign_in_cause(&self, call: &Call<'_>, key: UserKey) -> Cause {
        let system = Cause::system(call.request_id.to_owned());
        let Some(user) = self.user_at(key) else { return system };
        Cause(std::sync::Arc::new(CauseDetail {
            actor: user.party(),
            transaction: "WEB",
            transaction_id: call.request_id.to_owned(),
            request_uri: Some(call.path.to_owned()),
            user_agent: call.header("user-agent").map(str::to_owned),
            api_token_id: None,
            caller: format!("user:{}", user.id),
            method: call.method.to_string(),
        }))
    }

    fn sign_in_page(&self, given: &[(String, String)], app: &OidcApp, who: Option<&str>) -> Answer {
        let wanted = who.unwrap_or_default().to_lowercase();
        let kept: Vec<&(String, String)> = given.iter().filter(|(name, _)| name != "who").collect();
        let query: String =
            kept.iter().map(|(name, value)| format!("{}={}&", encode(name), encode(value))).collect();
        let hidden: String = kept
            .iter()
            .map(|(name, value)| {
                format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escaped(name), escaped(value))
            })
            .collect();
        let people = self.users.iter().flatten().filter(|user| {
            user.status == Status::Active
                && (wanted.is_empty()
                    || user.login().to_lowercase().contains(&wanted)
                    || user.display_name().to_lowercase().contains(&wanted))
        });
        let rows: String = people
            .take(PAGE_MAX)
            .map(|user| {
                let link = format!("/oauth2/v1/authorize?{query}login_hint={}", encode(user.login()));
                let (name, login) = (escaped(&user.display_name()), escaped(user.login()));
                format!("<li><a href=\"{}\">{name}</a> <small>{login}</small></li>\n", escaped(&link))
            })
            .collect();
        Answer::html(format!(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Sign in</title>\
             <meta name=\"viewport\" content=\"width=device-width\"></head>\n<body><h1>Sign in to {}</h1>\n\
             <p>Stand-in for the identity provider: choose who you are.</p>\n\
             <form method=\"get\" action=\"/oauth2/v1/authorize\">{hidden}<label>Name or login \
             <input name=\"who\" value=\"{}\"></label> <button>Search</button></form>\n<ul>\n{rows}</ul></body></html>\n",
            escaped(&app.label),
            escaped(who.unwrap_or_default()),
        ))
    }

    fn claimed_groups(&self, app: &OidcApp, key: UserKey) -> Vec<String> {
        let Some(prefix) = &app.groups_prefix else { return Vec::new() };
        let keys = self.effective_groups(key);
        let names =
            keys.iter().filter_map(|key| self.group_at(*key)).map(|group| group.head.name.to_string());
        names.filter(|name| name.starts_with(prefix.as_str())).collect()
    }

    /// The code grant at the token endpoint.
    pub fn code_token(&mut self, call: &Call<'_>, form: &Form) -> ApiResult<Answer> {
        let client_id = self.client_of(call, form)?;
        let bad = |text: &str| ApiError::oauth(400, "invalid_grant", text);
        // The proof first: who is asked for a nonce comes back with the same code.
        let jkt = self.check_token_proof(call, false)?;
        // Single use, whatever comes of it.
        let code = self.sign_ins.codes.remove(form.get("code").unwrap_or_default());
        let code = code.ok_or_else(|| bad("The authorization code is invalid or has expired."))?;
        if code.client_id != client_id || call.now.0 - code.issued.0 > CODE_LIFE_MS {
            return Err(bad("The authorization code is invalid or has expired."));
        }
        if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
            return Err(bad(
                "The 'redirect_uri' does not match the redirection URI used in the authorization request.",
            ));
        }
        if let Some(challenge) = &code.challenge {
            let verifier = form.get("code_verifier").unwrap_or_default();
            if keys::sha256_base64url(verifier.as_bytes()) != *challenge {
                return Err(bad("PKCE verification failed."));
            }
        }
        let mut answer = self.issue(call, &client_id, Some(code.user), code.scopes.clone(), jkt);
        answer["scope"] = Value::from(code.scopes.join(" "));
        let access = answer["access_token"].as_str().unwrap_or_default().to_owned();
        let mut claims = self.person_claims(code.user, &code.scopes);
        let now = call.now.seconds();
        claims["ver"] = json!(1);
        claims["iss"] = json!(&*call.base);
        claims["aud"] = json!(client_id);
        claims["iat"] = json!(now);
        claims["exp"] = json!(now + 3600);
        claims["auth_time"] = json!(code.issued.seconds());
        claims["jti"] = json!(format!("ID.{}", self.dice.text(43)));
        claims["amr"] = json!(["pwd"]);
        claims["idp"] = json!(self.id.as_str());
        claims["at_hash"] = json!(keys::half_sha256_base64url(access.as_bytes()));
        if let Some(nonce) = &code.nonce {
            claims["nonce"] = json!(nonce);
        }
        let app = self.sign_ins.app(&client_id).cloned().unwrap_or_default();
        // Only in the ID token, and only with a filter on the app.
        if code.scopes.iter().any(|scope| scope == "groups") && app.groups_prefix.is_some() {
            claims["groups"] = json!(self.claimed_groups(&app, code.user));
        }
        let id_token = self.sign_ins.signing()?.sign(&claims).map_err(|_| ApiError::of("E0000009"))?;
        answer["id_token"] = Value::from(id_token);
        Ok(Answer::value(&answer).header("pragma", "no-cache"))
    }

    /// Which web app calls, by secret, assertion, or name alone for public apps.
    pub fn client_of(&mut self, call: &Call<'_>, form: &Form) -> ApiResult<String> {
        let refused = |text: &str| ApiError::oauth(401, "invalid_client", text);
        one_credential(call, form)?;
        if let Some(assertion) = form.get("client_assertion") {
            if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                return Err(bad_type());
            }
            return self.check_assertion(call, assertion);
        }
        let basic = basic(call).and_then(|text| String::from_utf8(STANDARD.decode(text).ok()?).ok());
        let (id, secret) = match basic.as_deref().and_then(|text| text.split_once(':')) {
            Some((id, secret)) => {
                let plain =
                    |text: &str| fields(&format!("v={text}")).pop().map(|(_, v)| v).unwrap_or_default();
                (plain(id), Some(plain(secret)))
            }
            // Public clients may name themselves in the address.
            None => (
                form.get("client_id").or(call.given("client_id")).unwrap_or_default().to_owned(),
                form.get("client_secret").map(str::to_owned),
            ),
        };
        if id.is_empty() {
            return Err(refused("No client credentials found"));
        }
        let app =
            self.sign_ins.app(&id).ok_or_else(|| refused("Invalid value for 'client_id' parameter."))?;
        let right = match (&app.secret, &secret) {
            (Some(known), Some(given)) => keys::same_secret(known, given),
            (None, None) => app.keys.is_empty(),
            _ => false,
        };
        if right {
            Ok(id)
        } else {
            Err(refused("The client secret supplied for a confidential client is invalid."))
        }
    }

    fn person_claims(&self, key: UserKey, scopes: &[String]) -> Value {
        let Some(user) = self.user_at(key) else { return json!({}) };
        let has = |name: &str| scopes.iter().any(|scope| scope == name);
        let mut claims = json!({ "sub": user.id.as_str() });
        if has("profile") {
            claims["name"] = json!(user.display_name());
            claims["preferred_username"] = json!(user.login());
            claims["given_name"] = json!(user.profile.text(FIRST_NAME));
            claims["family_name"] = json!(user.profile.text(LAST_NAME));
            for (claim, attribute) in [("locale", "locale"), ("zoneinfo", "timezone")] {
                let value = self.names.key(attribute).map(|key| user.profile.text(key)).unwrap_or_default();
                if !value.is_empty() {
                    claims[claim] = json!(value);
                }
            }
            claims["updated_at"] = json!(user.last_updated.seconds());
        }
        if has("email") {
            claims["email"] = json!(user.profile.text(EMAIL));
            claims["email_verified"] = json!(true);
        }
        claims
    }

    fn userinfo(&self, call: &Call<'_>) -> ApiResult<Answer> {
        let key = call.who.owner.ok_or_else(bad_token)?;
        let scopes = call.who.scopes.clone().ok_or_else(bad_token)?;
        if !scopes.iter().any(|scope| scope == "openid") {
            let text = "The access token must provide access to at least one of these scopes - openid";
            return Err(ApiError::challenge(403, "insufficient_scope", text));
        }
        Ok(Answer::value(&self.person_claims(key, &scopes)))
    }

    /// The app that an ID token was issued to: one of this org's, however old.
    fn app_of_token(&mut self, call: &Call<'_>, token: &str) -> ApiResult<Option<OidcApp>> {
        let Some(read) = Unverified::parse(token) else { return Ok(None) };
        let current = self.sign_ins.signing()?.public_jwk.clone();
        let signed = [&current].into_iter().chain(&self.sign_ins.retired).any(|key| read.signed_by(key));
        let own = signed && read.text("iss") == Some(&*call.base);
        Ok(read.text("aud").filter(|_| own).and_then(|client| self.sign_ins.app(client)).cloned())
    }

    fn logout(&mut self, call: &Call<'_>, given: &[(String, String)]) -> ApiResult<Answer> {
        let get = |name: &str| {
            let found = given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
            found.filter(|value| !value.is_empty())
        };
        let Some(hint) = get("id_token_hint") else {
            let text = "The 'id_token_hint' parameter is required.";
            return Err(ApiError::oauth(400, "invalid_request", text));
        };
        let Some(app) = self.app_of_token(call, hint)? else {
            let text = "The 'id_token_hint' parameter is not a valid ID token of this org.";
            return Err(ApiError::oauth(400, "invalid_request", text));
        };
        let Some(uri) = get("post_logout_redirect_uri") else {
            return Ok(Answer::html("<!doctype html><title>Signed out</title><p>Signed out.".to_owned()));
        };
        if !app.post_logout_uris.iter().any(|known| known == uri) {
            let text = "The 'post_logout_redirect_uri' parameter must be a Logout redirect URI in the client app settings.";
            return Err(ApiError::oauth(400, "invalid_request", text));
        }
        let join = if uri.contains('?') { '&' } else { '?' };
        let state = get("state").map(|state| format!("{join}state={}", encode(state))).unwrap_or_default();
        Ok(Answer::redirect(format!("{uri}{state}")))
    }
}
