//! Routes and the server itself.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, sync::watch};
use tower_http::catch_panic::CatchPanicLayer;

use lanyard_engine::ports::Write;

use crate::{
    WebState,
    access::{
        Permit,
        guard::{Needs, guard},
        sign_in,
    },
    api, console, decide, hooks, routes, scim,
};

/// A delivery must be durable within less than three seconds.
const READY_WITHIN: Duration = Duration::from_millis(2000);
/// Whoever has not sent the head of a request by then is cut off; so is who keeps a connection without using it.
const HEAD_WITHIN: Duration = Duration::from_secs(10);

const TRAFFIC_EVERY: Duration = Duration::from_secs(20);

/// Everything that is served.
pub fn router(state: Arc<WebState>) -> Router {
    let needs = Needs { permit: Permit::Metrics, everywhere: true };
    let metrics = get(api::health::metrics)
        .route_layer(middleware::from_fn_with_state((Arc::clone(&state), needs), guard));
    Router::new()
        .nest("/api/v1", routes::router(&state))
        .route("/hooks/okta/{tenant}", get(hooks::verify).post(hooks::deliver))
        .nest("/scim/v2/{tenant}", scim::router(&state))
        .route("/sign-in", get(sign_in::sign_in))
        .route("/sign-in/provider", get(sign_in::begin))
        .route("/sign-in/callback", get(sign_in::callback))
        .merge(decide::router())
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", metrics)
        .fallback(console::file)
        .layer(CatchPanicLayer::new())
        .with_state(state)
}

/// Ready means that a delivery would be taken: the store writes, durably, within the time that Okta gives.
/// Nor is it ready before the engine has begun, or when a part of it has ended.
async fn ready(State(state): State<Arc<WebState>>) -> Response {
    if let Some(why) = state.engine.unbegun() {
        let why = format!("not ready: the engine has not begun: {why}\n");
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    }
    let dead = state.engine.dead_loops();
    if !dead.is_empty() {
        let why = format!("not ready: ended without being asked to: {}\n", dead.join(", "));
        return (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    }
    let write = state.engine.store().write(vec![Write::Meta { key: "ready".into(), value: "yes".into() }]);
    let why = match tokio::time::timeout(READY_WITHIN, write).await {
        Ok(Ok(_)) => return "ready\n".into_response(),
        Ok(Err(failure)) => failure.to_string(),
        Err(_) => "the store does not write in time".to_owned(),
    };
    (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response()
}

/// Takes down calls now and then, whether or not anybody looks.
async fn watch_traffic(state: Arc<WebState>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        state.remembered.traffic.note(&state.engine);
        tokio::select! {
            () = tokio::time::sleep(TRAFFIC_EVERY) => {}
            changed = stop.changed() => if changed.is_err() { return },
        }
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
    tokio::spawn(watch_traffic(Arc::clone(&state), stop.clone()));
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
