//! The live stream: one SSE connection; events invalidate what the console shows.

use std::{collections::HashMap, convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Extension,
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures_util::Stream;
use lanyard_engine::ports::{ActivityFilter, Kept};
use tokio::sync::{Mutex, watch};

use super::{activity::line, overview::overview};
use crate::{
    WebState,
    access::{Caller, guard::still_stands},
};

/// At most this often, however much happens.
const PAUSE: Duration = Duration::from_millis(500);
const LINES_MAX: usize = 50;
/// A sign of life, and as often the question whether the listener may still listen.
const ALIVE: Duration = Duration::from_secs(15);

/// Distinct views that are kept; more than these are made anew.
const VIEWS_MAX: usize = 64;

/// What all open consoles are told, made once for all of them: two hundred of them cost little more than one.
#[derive(Default)]
pub struct Fan {
    /// By what the caller may see: made at which count of news.
    views: Mutex<HashMap<String, (u64, Arc<str>)>>,
    lines: Mutex<Option<Lines>>,
}

/// What was read at which count of news, after which line.
struct Lines {
    news: u64,
    after: i64,
    kept: Arc<[Kept]>,
}

impl Fan {
    /// Whoever comes first makes it; the others wait for it.
    async fn view(&self, state: &WebState, caller: &Caller, news: u64) -> Option<Arc<str>> {
        let scope = serde_json::to_string(&caller.grants).ok()?;
        let mut views = self.views.lock().await;
        if let Some((at, view)) = views.get(&scope)
            && *at == news
        {
            return Some(Arc::clone(view));
        }
        let made: Arc<str> = overview(state, caller, None).await.ok()?.to_string().into();
        if views.len() >= VIEWS_MAX {
            views.clear();
        }
        views.insert(scope, (news, Arc::clone(&made)));
        Some(made)
    }

    async fn lines(&self, state: &WebState, seen: i64, news: u64) -> Arc<[Kept]> {
        let mut known = self.lines.lock().await;
        if let Some(lines) = known.as_ref().filter(|lines| (lines.news, lines.after) == (news, seen)) {
            return Arc::clone(&lines.kept);
        }
        let filter = ActivityFilter { after: Some(seen), limit: LINES_MAX, ..ActivityFilter::default() };
        let kept: Arc<[Kept]> = state.engine.store().activity(&filter).await.unwrap_or_default().into();
        *known = Some(Lines { news, after: seen, kept: Arc::clone(&kept) });
        kept
    }
}

struct Watcher {
    state: Arc<WebState>,
    fan: Arc<Fan>,
    news: watch::Receiver<u64>,
    caller: Caller,
    due: tokio::time::Interval,
    seen: i64,
    queue: std::collections::VecDeque<Event>,
}

/// `GET /api/v1/events`
pub async fn stream(
    State(state): State<Arc<WebState>>,
    Extension(caller): Extension<Caller>,
    Extension(fan): Extension<Arc<Fan>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let newest =
        state.engine.store().activity(&ActivityFilter { limit: 1, ..ActivityFilter::default() }).await;
    let seen = newest.ok().and_then(|lines| lines.first().map(|kept| kept.seq)).unwrap_or(0);
    let news = state.engine.news();
    let due = tokio::time::interval(ALIVE);
    let queue = std::collections::VecDeque::new();
    let watcher = Watcher { state, fan, news, caller, due, seen, queue };
    let events = futures_util::stream::unfold(watcher, |mut watcher| async move {
        loop {
            if let Some(event) = watcher.queue.pop_front() {
                return Some((Ok(event), watcher));
            }
            tokio::select! {
                // Also where there is always news.
                biased;
                _ = watcher.due.tick() => match still_stands(&watcher.state, &watcher.caller).await {
                    Ok(false) => return None,
                    // What cannot be read now is asked again.
                    Ok(true) | Err(_) => continue,
                },
                more = watcher.news.changed() => more.ok()?,
            }
            tokio::time::sleep(PAUSE).await;
            let news = *watcher.news.borrow_and_update();
            watcher.fill(news).await;
        }
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(ALIVE))
}

impl Watcher {
    async fn fill(&mut self, news: u64) {
        for kept in &*self.fan.lines(&self.state, self.seen, news).await {
            self.seen = self.seen.max(kept.seq);
            if !self.caller.sees(Some(&kept.entry.tenant), kept.entry.site.as_ref()) {
                continue;
            }
            self.queue.extend(Event::default().event("activity").json_data(line(kept)).ok());
        }
        if let Some(view) = self.fan.view(&self.state, &self.caller, news).await {
            self.queue.push_back(Event::default().event("overview").data(&*view));
        }
    }
}
