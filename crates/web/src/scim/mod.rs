//! `/scim/v2/{tenant}`: SCIM 2.0 for Okta's provisioning (contract okta.md §13).
//!
//! What is pushed is kept for the client to read back, and is to us a hint like any other: a look at the person, who is
//! then read from Okta by id. Nothing else follows from it. Groups tell of their members in the same way.
//!
//! Okta's SPEC suite wants one complete user (userName, both names, an e-mail, active) behind its first GET: assign one
//! person to the app before running it, or POST one.
//!
//! | module | what |
//! |---|---|
//! | `door` | who is let in; every answer as SCIM, in time |
//! | `fault` | refusals as SCIM error bodies |
//! | `kept` | resources in the store |
//! | `read`, `write` | the requests |

mod door;
mod fault;
mod kept;
mod read;
mod write;

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    http::StatusCode,
    middleware,
    routing::{MethodRouter, get},
};
use lanyard_model::id::TenantId;
use lanyard_scim::Kind;
use tokio::sync::Mutex;
use tower_http::catch_panic::CatchPanicLayer;

use crate::WebState;
use fault::Fault;

/// Content type of every answer.
const CONTENT_TYPE: &str = "application/scim+json";

/// What the SCIM handlers share.
struct Scim {
    web: Arc<WebState>,
    /// One write at a time per tenant: clients send parallel changes of one group, and none may be lost.
    writing: BTreeMap<TenantId, Mutex<()>>,
}

/// The tenant a request came in for.
#[derive(Clone)]
struct Tenant {
    id: TenantId,
    /// Base address of its resources, without a slash at the end.
    base: String,
}

/// Everything below `/scim/v2/{tenant}`.
pub(crate) fn router<S: Clone + Send + Sync + 'static>(web: &Arc<WebState>) -> Router<S> {
    let writing = web.settings.scim.tokens.keys().map(|tenant| (tenant.clone(), Mutex::default())).collect();
    let scim = Arc::new(Scim { web: Arc::clone(web), writing });
    Router::new()
        .route("/Users", collection(Kind::User))
        .route("/Users/{id}", resource(Kind::User))
        .route("/Groups", collection(Kind::Group))
        .route("/Groups/{id}", resource(Kind::Group))
        .route("/ServiceProviderConfig", get(read::config))
        .route("/ResourceTypes", get(read::resource_types))
        .route("/ResourceTypes/{id}", get(read::resource_type))
        .route("/Schemas", get(read::schemas))
        .route("/Schemas/{id}", get(read::schema))
        .fallback(|| async { Fault::not_found("Endpoint") })
        .method_not_allowed_fallback(|| async {
            Fault::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not supported here")
        })
        .layer(CatchPanicLayer::custom(|_| {
            tracing::error!("a SCIM handler panicked");
            axum::response::IntoResponse::into_response(Fault::ours())
        }))
        .layer(middleware::from_fn_with_state(Arc::clone(&scim), door::admit))
        .with_state(scim)
}

fn collection(kind: Kind) -> MethodRouter<Arc<Scim>> {
    get(move |scim, tenant, query| read::list(kind, scim, tenant, query))
        .post(move |scim, tenant, body| write::create(kind, scim, tenant, body))
}

fn resource(kind: Kind) -> MethodRouter<Arc<Scim>> {
    get(move |scim, tenant, path| read::one(kind, scim, tenant, path))
        .put(move |scim, tenant, path, body| write::replace(kind, scim, tenant, path, body))
        .patch(move |scim, tenant, path, body| write::patch(kind, scim, tenant, path, body))
        .delete(move |scim, tenant, path| write::delete(kind, scim, tenant, path))
}
