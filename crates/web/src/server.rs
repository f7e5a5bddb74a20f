//! Routes and the server itself.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::watch};
use tower_http::{catch_panic::CatchPanicLayer, limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::{WebState, api, console, hooks, scim, session};

const API_BODY_BYTES_MAX: usize = 1 << 20;
/// Whoever has not sent the head of a request by then is cut off; so is who keeps a connection without using it.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

/// Everything that is served.
pub fn router(state: Arc<WebState>) -> Router {
    let guarded = Router::new()
        .route("/overview", get(api::overview::show))
        .route("/activity", get(api::activity::list))
        .route("/people", get(api::people::list))
        .route("/people/{tenant}/{id}", get(api::people::show))
        .route("/people/{tenant}/{id}/plan", get(api::people::plan))
        .route("/people/{tenant}/{id}/look", post(api::people::look))
        .route("/plans", get(api::plans::list))
        .route("/plans/{id}", get(api::plans::show))
        .route("/findings", get(api::overview::findings))
        .route("/sweeps", get(api::overview::sweeps))
        .route("/journal", get(api::activity::journal))
        .route("/health", get(api::health::show))
        .route("/stop", post(api::control::stop))
        .route("/resume", post(api::control::resume))
        .route("/verbs", post(api::control::verb))
        .route("/policy", get(api::policy::show))
        .route("/policy/versions", get(api::policy::versions))
        .route("/policy/versions/{version}", get(api::policy::version))
        .route(
            "/policy/drafts/{id}",
            get(api::policy::draft).put(api::policy::keep).delete(api::policy::forget),
        )
        .route("/policy/drafts/{id}/publish", post(api::policy::publish))
        .route("/policy/rollback", post(api::policy::roll_back))
        .route("/policy/lint", post(api::policy::lint))
        .route("/policy/format", post(api::policy::formatted))
        .route("/policy/diff", get(api::policy::difference))
        .route("/policy/vocabulary", get(api::policy::vocabulary))
        .route("/demo", get(api::demo::show))
        .route("/demo/act", post(api::demo::act))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_secs(900)))
        .route("/events", get(api::events::stream))
        .layer(RequestBodyLimitLayer::new(API_BODY_BYTES_MAX))
        .layer(middleware::from_fn_with_state(Arc::clone(&state), session::guard))
        .route("/session", get(session::show));
    Router::new()
        .nest("/api/v1", guarded)
        .route("/hooks/okta/{tenant}", get(hooks::verify).post(hooks::deliver))
        .nest("/scim/v2/{tenant}", scim::router(&state))
        .route("/sign-in", get(session::sign_in))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(api::health::metrics))
        .fallback(console::file)
        .layer(CatchPanicLayer::new())
        .with_state(state)
}

/// Ready means: the store answers.
async fn ready(State(state): State<Arc<WebState>>) -> Response {
    match state.engine.store().meta("ready").await {
        Ok(_) => "ready\n".into_response(),
        Err(failure) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {failure}\n")).into_response(),
    }
}

/// Serves until `stop` turns true, then lets requests under way finish.
///
/// # Errors
/// None: what cannot be accepted is tried again.
pub async fn serve(
    mut listener: TcpListener,
    state: Arc<WebState>,
    mut stop: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let app = router(state);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let under_way = GracefulShutdown::new();
    while !*stop.borrow_and_update() {
        let (stream, _) = tokio::select! {
            // Waits out a shortage of file handles by itself.
            accepted = axum::serve::Listener::accept(&mut listener) => accepted,
            changed = stop.changed() => match changed {
                Ok(()) => continue,
                Err(_) => break,
            },
        };
        let _ = stream.set_nodelay(true);
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app.clone()));
        let connection = under_way.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended badly");
            }
        });
    }
    drop(listener);
    under_way.shutdown().await;
    Ok(())
}
