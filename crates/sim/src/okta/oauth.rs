//! The org authorization server's token endpoint, and what goes with it: introspection, revocation, quotas shown.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{
    auth::{AccessToken, Role, ServiceApp},
    errors::{ApiError, ApiResult},
    event::{self, Cause, Party},
    keys::Unverified,
    request::{Answer, Call, fields},
    state::{Org, UserKey},
};

const ASSERTION_LIFE_MAX_SECONDS: i64 = 3600;
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// Form fields of a token request.
pub struct Form(Vec<(String, String)>);

impl Form {
    pub fn of(call: &Call<'_>) -> ApiResult<Self> {
        let kind = call.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if !kind.starts_with("application/x-www-form-urlencoded") {
            let text = "The request must be of type application/x-www-form-urlencoded.";
            return Err(ApiError::oauth(400, "invalid_request", text));
        }
        Ok(Self(fields(&String::from_utf8_lossy(call.body))))
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|v| !v.is_empty())
    }
}

fn bad_client(description: &str) -> ApiError {
    ApiError::oauth(401, "invalid_client", description)
}

fn no_token() -> ApiError {
    ApiError::oauth(400, "invalid_request", "The `token` parameter is required.")
}

pub fn bad_type() -> ApiError {
    ApiError::oauth(400, "invalid_request", "The `client_assertion_type` is invalid.")
}

/// The user and password of HTTP Basic, still encoded.
pub fn basic<'a>(call: &'a Call<'_>) -> Option<&'a str> {
    let (scheme, pair) = call.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("basic").then(|| pair.trim())
}

/// Refuses a request that shows more than one credential of its client.
pub fn one_credential(call: &Call<'_>, form: &Form) -> ApiResult<()> {
    let shown =
        [basic(call).is_some(), form.get("client_secret").is_some(), form.get("client_assertion").is_some()];
    if shown.into_iter().filter(|shown| *shown).count() < 2 {
        return Ok(());
    }
    let text = "Can't supply multiple client credentials. Use one of the following: credentials in the \
                Authorization header, credentials in the post body, or a `client_assertion` in the post body.";
    Err(ApiError::oauth(400, "invalid_request", text))
}

impl Org {
    /// Registers a service app with its public keys. `client_id` empty: one is made. Returns the client id.
    pub fn add_service_app(&mut self, mut app: ServiceApp) -> String {
        if app.client_id.is_empty() {
            app.client_id = self.fresh_id("0oa").to_string();
        }
        let id = app.client_id.clone();
        self.access.service_apps.push(app);
        id
    }

    /// `POST /oauth2/v1/token`
    pub fn token(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let form = Form::of(call)?;
        match form.get("grant_type") {
            Some("client_credentials") => self.service_token(call, &form),
            Some("authorization_code") => self.code_token(call, &form),
            Some("refresh_token") => {
                Err(ApiError::oauth(400, "invalid_grant", "The refresh token is invalid or expired."))
            }
            Some(_) => Err(ApiError::oauth(
                400,
                "unsupported_grant_type",
                "The grant type in the request isn't supported.",
            )),
            None => Err(ApiError::oauth(400, "invalid_request", "The 'grant_type' parameter is required.")),
        }
    }

    fn service_token(&mut self, call: &Call<'_>, form: &Form) -> ApiResult<Answer> {
        one_credential(call, form)?;
        let secret = basic(call).is_some() || form.get("client_secret").is_some();
        let client_id = match (form.get("client_assertion"), secret) {
            (Some(assertion), _) => {
                if form.get("client_assertion_type") != Some(ASSERTION_TYPE) {
                    return Err(bad_type());
                }
                self.check_assertion(call, assertion)?
            }
            (None, true) => {
                return Err(bad_client(
                    "Client Credentials requests to the Org Authorization Server must use the \
                                       private_key_jwt token_endpoint_auth_method.",
                ));
            }
            (None, false) => return Err(bad_client("No client credentials found")),
        };
        if form.get("client_id").is_some_and(|given| given != client_id) {
            return Err(bad_client("The client_id does not match the client assertion."));
        }
        let app = self
            .access
            .service_app(&client_id)
            .ok_or_else(|| bad_client("Invalid value for 'client_id'."))?;
        let (required, granted, label) = (app.dpop_required, app.scopes.clone(), app.label.clone());
        let jkt = self.check_token_proof(call, required)?;

        let wanted: Vec<String> =
            form.get("scope").unwrap_or_default().split_whitespace().map(str::to_owned).collect();
        if wanted.is_empty() {
            return Err(ApiError::oauth(400, "invalid_scope", "No scopes were requested."));
        }
        let scopes: Vec<String> = wanted.iter().filter(|scope| granted.contains(scope)).cloned().collect();
        let short = scopes.len() < wanted.len() && self.settings.ungranted_scope_refused;
        if scopes.is_empty() || short {
            let text = "One or more scopes are not configured for the authorization server resource.";
            return Err(ApiError::oauth(400, "invalid_scope", text));
        }
        let target = Party {
            id: client_id.clone(),
            kind: "PublicClientApp",
            alternate_id: client_id.clone(),
            display_name: label,
        };
        let mut answer = self.issue(call, &client_id, None, scopes.clone(), jkt);
        answer["scope"] = Value::from(scopes.join(" "));
        let cause = Cause::system(call.request_id.to_owned());
        self.emit(&event::TOKEN_GRANT, &cause, vec![target], Vec::new());
        Ok(Answer::value(&answer).header("pragma", "no-cache"))
    }

    /// Checks a client's signed assertion and uses up its `jti`.
    ///
    /// # Errors
    /// 401 `invalid_client` saying which check failed.
    pub fn check_assertion(&mut self, call: &Call<'_>, assertion: &str) -> ApiResult<String> {
        let jwt =
            Unverified::parse(assertion).ok_or_else(|| bad_client("The client_assertion is malformed."))?;
        let issuer = jwt.text("iss").filter(|_| jwt.text("iss") == jwt.text("sub"));
        let client_id = issuer
            .ok_or_else(|| {
                bad_client("The 'iss' and 'sub' of the client_assertion must both be the client id.")
            })?
            .to_owned();
        let keys: Vec<Value> = match self.access.service_app(&client_id) {
            Some(app) if app.active => app.keys.clone(),
            Some(_) => return Err(bad_client("The client is not active.")),
            None => self
                .sign_ins
                .keys_of(&client_id)
                .ok_or_else(|| bad_client("Invalid value for 'client_id' parameter."))?,
        };
        let kid = jwt.header.get("kid").and_then(Value::as_str);
        let fits = |key: &&Value| kid.is_none_or(|kid| key.get("kid").and_then(Value::as_str) == Some(kid));
        if !keys.iter().filter(fits).any(|key| jwt.signed_by(key)) {
            return Err(bad_client("The client_assertion signature is invalid."));
        }
        let endpoint = format!("{}{}", call.base, call.path);
        let token_endpoint = format!("{}/oauth2/v1/token", call.base);
        let meant = |aud: &Value| aud.as_str().is_some_and(|aud| aud == endpoint || aud == token_endpoint);
        let aimed = match jwt.claims.get("aud") {
            Some(Value::Array(list)) => list.iter().any(meant),
            Some(aud) => meant(aud),
            None => false,
        };
        if !aimed {
            return Err(bad_client(&format!(
                "The audience claim for client_assertion must be the endpoint invoked ({endpoint})."
            )));
        }
        let tolerance = self.settings.clock_tolerance_seconds as i64;
        let now = call.now.seconds();
        let exp = jwt.time("exp").ok_or_else(|| bad_client("The client_assertion must have an 'exp'."))?;
        if exp < now - tolerance {
            return Err(bad_client("The client_assertion token is expired."));
        }
        if exp > now + ASSERTION_LIFE_MAX_SECONDS + tolerance {
            return Err(bad_client("The client_assertion token has an expiration too far into the future."));
        }
        if jwt.time("iat").is_some_and(|iat| iat > now + tolerance) {
            return Err(bad_client("The client_assertion was issued in the future."));
        }
        if let Some(jti) = jwt.text("jti") {
            let until = super::moment::Moment((exp + tolerance + 1) * 1000);
            if !self.access.use_once(format!("assertion {client_id} {jti}"), until, call.now) {
                return Err(bad_client("The client_assertion token has already been used."));
            }
        }
        Ok(client_id)
    }

    /// Issues an access token. Opaque by contract; it merely looks like a JWT, and only this org knows it.
    pub fn issue(
        &mut self,
        call: &Call<'_>,
        client_id: &str,
        user: Option<UserKey>,
        scopes: Vec<String>,
        jkt: Option<String>,
    ) -> Value {
        let life = self.settings.token_life_seconds as i64;
        let mut claims = json!({
            "ver": 1, "jti": format!("AT.{}", self.dice.text(43)), "iss": &*call.base, "aud": &*call.base,
            "iat": call.now.seconds(), "exp": call.now.seconds() + life, "cid": client_id, "scp": scopes,
            "sub": match user.and_then(|key| self.user_at(key)) {
                Some(user) => user.login().to_owned(),
                None => client_id.to_owned(),
            },
        });
        if let Some(jkt) = &jkt {
            claims["cnf"] = json!({ "jkt": jkt });
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = json!({ "kid": self.dice.text(43), "typ": "JWT", "alg": "RS256" });
        let signature = self.dice.text(342);
        let token = format!("{}.{}.{signature}", encode(&header), encode(&claims));
        let expires = call.now.plus_ms(life * 1000);
        if self.access.access_tokens.len() > 20_000 {
            let now = call.now;
            self.access.access_tokens.retain(|_, token| token.expires > now);
        }
        let scopes: Arc<[String]> = scopes.into();
        let kind = if jkt.is_some() { "DPoP" } else { "Bearer" };
        let principal = format!("client:{client_id}").into();
        let held = AccessToken { client_id: client_id.to_owned(), principal, user, scopes, expires, jkt };
        self.access.access_tokens.insert(token.clone(), held);
        json!({ "token_type": kind, "expires_in": life, "access_token": token })
    }

    /// `POST /oauth2/v1/introspect`
    pub fn introspect(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let form = Form::of(call)?;
        self.client_of(call, &form)?;
        let token = form.get("token").ok_or_else(no_token)?;
        let known = self.access.access_tokens.get(token).filter(|known| known.expires > call.now);
        Ok(Answer::value(&match known {
            None => json!({ "active": false }),
            Some(known) => json!({
                "active": true, "client_id": known.client_id, "scope": known.scopes.join(" "),
                "exp": known.expires.seconds(), "iss": &*call.base, "aud": &*call.base,
                "token_type": if known.jkt.is_some() { "DPoP" } else { "Bearer" },
            }),
        }))
    }

    /// `POST /oauth2/v1/revoke`
    pub fn revoke(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let form = Form::of(call)?;
        let client = self.client_of(call, &form)?;
        // Somebody else's token stays, and the answer does not tell.
        let token = form.get("token").ok_or_else(no_token)?;
        if self.access.access_tokens.get(token).is_some_and(|token| token.client_id == client) {
            self.access.access_tokens.remove(token);
        }
        Ok(Answer::empty(http::StatusCode::OK))
    }

    /// Takes scopes from an app; with `live`, from its tokens too.
    pub fn withdraw_scope(&mut self, client_id: &str, scope: &str, live: bool) -> bool {
        let Some(app) = self.access.service_app_mut(client_id) else { return false };
        app.scopes.retain(|held| held != scope);
        if live {
            for token in self.access.access_tokens.values_mut().filter(|token| token.client_id == client_id) {
                token.scopes = token.scopes.iter().filter(|held| *held != scope).cloned().collect();
            }
        }
        true
    }

    /// Changes what an app's or API token's admin role covers.
    pub fn set_role(&mut self, principal: &str, role: &Role) -> bool {
        let mut hit = false;
        if let Some(app) = self.access.service_app_mut(principal) {
            app.role = role.clone();
            hit = true;
        }
        for token in self.access.api_tokens.values_mut() {
            if token.name == principal || token.id.as_str() == principal {
                token.role = role.clone();
                hit = true;
            }
        }
        hit
    }
}
