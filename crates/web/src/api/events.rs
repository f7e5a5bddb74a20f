//! The live stream: one SSE connection; events invalidate what the console shows.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::Stream;
use lanyard_engine::ports::ActivityFilter;
use tokio::sync::watch;

use super::{activity::line, overview::overview};
use crate::{WebState, access::Caller};

/// At most this often, however much happens.
const PAUSE: Duration = Duration::from_millis(500);
const LINES_MAX: usize = 50;

struct Watcher {
    state: Arc<WebState>,
    news: watch::Receiver<u64>,
    caller: Caller,
    seen: i64,
    queue: std::collections::VecDeque<Event>,
}

/// `GET /api/v1/events`
pub async fn stream(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let newest =
        state.engine.store().activity(&ActivityFilter { limit: 1, ..ActivityFilter::default() }).await;
    let seen = newest.ok().and_then(|lines| lines.first().map(|kept| kept.seq)).unwrap_or(0);
    let news = state.engine.news();
    let watcher = Watcher { state, news, caller, seen, queue: std::collections::VecDeque::new() };
    let events = futures_util::stream::unfold(watcher, |mut watcher| async move {
        loop {
            if let Some(event) = watcher.queue.pop_front() {
                return Some((Ok(event), watcher));
            }
            if watcher.news.changed().await.is_err() {
                return None;
            }
            tokio::time::sleep(PAUSE).await;
            watcher.news.borrow_and_update();
            watcher.fill().await;
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

impl Watcher {
    async fn fill(&mut self) {
        let filter = ActivityFilter { after: Some(self.seen), limit: LINES_MAX, ..ActivityFilter::default() };
        for kept in self.state.engine.store().activity(&filter).await.unwrap_or_default() {
            self.seen = self.seen.max(kept.seq);
            if !self.caller.sees(Some(&kept.entry.tenant), kept.entry.site.as_ref()) {
                continue;
            }
            self.queue.extend(Event::default().event("activity").json_data(line(&kept)).ok());
        }
        if let Ok(view) = overview(&self.state, &self.caller).await {
            self.queue.extend(Event::default().event("overview").json_data(view).ok());
        }
    }
}
