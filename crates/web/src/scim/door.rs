//! Who is let in, and in which form everybody is answered.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use axum::{
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use lanyard_model::id::TenantId;
use secrecy::SecretString;

use super::{CONTENT_TYPE, Scim, Tenant, fault::Fault};
use crate::access::secret::same_secret;

/// Okta waits a minute.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Lets in whoever knows the tenant's token. A tenant without one does not exist here.
pub(super) async fn admit(
    State(scim): State<Arc<Scim>>,
    Path(path): Path<BTreeMap<String, String>>,
    mut request: Request,
    next: Next,
) -> Response {
    let tenant = TenantId::new(path.get("tenant").map(String::as_str).unwrap_or_default());
    let settings = &scim.web.settings.scim;
    let mut answer = match settings.tokens.get(&tenant) {
        None => Fault::not_found("Tenant").into_response(),
        Some(token) if !knows(request.headers(), token) => {
            tracing::warn!(%tenant, "a SCIM request without the right token was refused");
            Fault::new(StatusCode::UNAUTHORIZED, "the token is missing or wrong").into_response()
        }
        Some(_) => {
            let public = settings.public_url.as_deref().unwrap_or_default().trim_end_matches('/');
            let base = format!("{public}/scim/v2/{tenant}");
            request.extensions_mut().insert(Tenant { id: tenant, base });
            match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
                Ok(answer) => answer,
                Err(_) => Fault::later("not done in time").into_response(),
            }
        }
    };
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
    answer
}

/// `Bearer token`, the bare token, or HTTP Basic with the token as password and any user name.
fn knows(headers: &HeaderMap, token: &SecretString) -> bool {
    let Some(given) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let (scheme, rest) = given.split_once(' ').unwrap_or(("", given));
    if scheme.eq_ignore_ascii_case("basic") {
        let pair = STANDARD.decode(rest.trim()).unwrap_or_default();
        let password = pair.iter().position(|byte| *byte == b':').map(|colon| &pair[colon + 1..]);
        return same_secret(password.unwrap_or_default(), token);
    }
    let bare = if scheme.eq_ignore_ascii_case("bearer") { rest.trim() } else { given };
    same_secret(bare.as_bytes(), token)
}
