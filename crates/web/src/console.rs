//! The console's files: hashed names cached for ever, the page itself never, with a fresh nonce each time.

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use crate::{access::fresh_token, problem::Problem};

/// Everything that no other route answers.
pub(crate) async fn file(uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if path.starts_with("api/") || path.starts_with("hooks/") || path.starts_with("scim/") {
        return Problem::not_found(format!("there is nothing at {}", uri.path())).into_response();
    }
    if let Some(asset) = lanyard_console_assets::asset(path) {
        let mut response = Response::builder()
            .header(header::CONTENT_TYPE, asset.content_type)
            .header(header::ETAG, asset.etag);
        if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == asset.etag.as_bytes()) {
            response = response.status(StatusCode::NOT_MODIFIED);
            return response.body(Body::empty()).unwrap_or_default();
        }
        let caching = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        response =
            response.header(header::CACHE_CONTROL, caching).header(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
        let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or_default();
        if let Some(brotli) = asset.brotli.filter(|_| accepts.contains("br")) {
            return response
                .header(header::CONTENT_ENCODING, "br")
                .header(header::VARY, "accept-encoding")
                .body(Body::from(brotli))
                .unwrap_or_default();
        }
        return response.body(Body::from(asset.bytes)).unwrap_or_default();
    }
    if path.starts_with("assets/") {
        return Problem::not_found(format!("there is nothing at {}", uri.path())).into_response();
    }
    page()
}

/// The console's page, with a fresh nonce.
pub(crate) fn page() -> Response {
    let nonce = fresh_token();
    let policy = lanyard_console_assets::content_security_policy(&nonce);
    Response::builder()
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .header(header::CACHE_CONTROL, "no-store")
        .header(header::CONTENT_SECURITY_POLICY, policy)
        .header(header::X_CONTENT_TYPE_OPTIONS, "nosniff")
        .header(header::REFERRER_POLICY, "no-referrer")
        .header(header::X_FRAME_OPTIONS, "DENY")
        .header("cross-origin-opener-policy", "same-origin")
        .header("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()")
        .body(Body::from(lanyard_console_assets::index_html(&nonce)))
        .unwrap_or_default()
}
