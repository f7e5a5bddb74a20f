//! The System Log (contract §9): events read leniently, the feed that never ends, and bounded queries.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::{FeedCursor, Silent};
use lanyard_model::signal::Lane;
use serde_json::Value;
use tracing::warn;
use url::Url;

use crate::attention::feed_filter;
use crate::client::{Call, OktaClient, Route, lock};
use crate::json;
use crate::listing::{PAGE_ROWS_MIN, Pages, Walked, relimit};
use crate::paging::{next_link, without_parameter};
use crate::problem::Problem;

const LOGS: Route = Route { endpoint: "GET /logs", bucket: "logs" };

/// Okta keeps the log for 90 days; asking much further back is an error.
const RETENTION: SignedDuration = SignedDuration::from_hours(90 * 24);

/// Somebody or something that an event names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    pub id: String,
    /// `User`, `UserGroup`, `AppUser`, `AppInstance`, …; targets are told apart by it, never by position (trap 7).
    pub kind: String,
    /// Login or other second name.
    pub alternate_id: Option<String>,
    pub display_name: Option<String>,
}

/// One event, as much of it as is of use. Only `uuid` and `event_type` are sure to be there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogEvent {
    pub uuid: String,
    pub event_type: String,
    pub published: Option<Timestamp>,
    /// As sent; compare without regard to case.
    pub outcome: Option<String>,
    pub outcome_reason: Option<String>,
    pub message: Option<String>,
    pub actor: Option<Target>,
    pub targets: Vec<Target>,
    /// Names of changed attributes, where the event lists them.
    pub changed: Vec<String>,
    /// The API token that caused the event.
    pub api_token: Option<String>,
    /// `WEB` for a request, `JOB` for background work.
    pub transaction: Option<String>,
}

impl LogEvent {
    /// Reads one event; `None` without `uuid` or type, which previews may lack.
    pub fn read(value: &Value) -> Option<Self> {
        let changed =
            json::text_at(value, &["debugContext", "debugData", "changedAttributes"]).unwrap_or_default();
        Some(Self {
            uuid: json::text(value, "uuid")?,
            event_type: json::text(value, "eventType")?,
            published: json::time(value, "published"),
            outcome: json::text_at(value, &["outcome", "result"]),
            outcome_reason: json::text_at(value, &["outcome", "reason"]),
            message: json::text(value, "displayMessage"),
            actor: value.get("actor").and_then(target),
            targets: json::array(value, "target").into_iter().filter_map(target).collect(),
            changed: changed.split(',').map(str::trim).filter(|s| !s.is_empty()).map(str::to_owned).collect(),
            api_token: json::text_at(value, &["transaction", "detail", "requestApiTokenId"]),
            transaction: json::text_at(value, &["transaction", "type"]),
        })
    }

    /// Whether it says that something happened. An absent outcome does not deny it: events are hints, and a look costs
    /// little.
    pub fn succeeded(&self) -> bool {
        self.outcome.as_deref().is_none_or(|o| o.eq_ignore_ascii_case("success"))
    }

    /// Ids of the targets of one type.
    pub fn target_ids<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a str> {
        self.targets.iter().filter(move |t| t.kind.eq_ignore_ascii_case(kind)).map(|t| t.id.as_str())
    }
}

fn target(value: &Value) -> Option<Target> {
    Some(Target {
        id: json::text(value, "id")?,
        kind: json::text(value, "type").unwrap_or_default(),
        alternate_id: json::text(value, "alternateId"),
        display_name: json::text(value, "displayName"),
    })
}

/// One page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    pub events: Vec<LogEvent>,
    /// Rows on the page, unreadable ones included; 0 means "wait, then ask again with the same cursor".
    pub rows: usize,
    pub next: FeedCursor,
}

impl OktaClient {
    /// The next page of the polled log, oldest first by persistence.
    ///
    /// The address of the next page is kept as Okta gave it; only its `limit` is halved, down to 50, after a 500. The feed
    /// uses the leavers' reserve: without it nobody's leaving is seen.
    ///
    /// # Errors
    /// [`LogProblem::CursorDead`] when the cursor is refused; begin again with an overlap.
    pub async fn log_page(&self, cursor: &FeedCursor) -> Result<LogPage, LogProblem> {
        let core = &*self.core;
        let (mut url, is_start) = match cursor {
            FeedCursor::Since(since) => (self.feed_start(*since), true),
            FeedCursor::At(text) => {
                let url = match core.own_link(text).await {
                    // Kept while the org had another address. Nothing is sent there, and nothing more is told from there.
                    Err(problem @ Problem::ForeignHost { .. }) => {
                        return Err(LogProblem::CursorDead(problem.to_string()));
                    }
                    own => own?,
                };
                if !url.path().ends_with("/api/v1/logs") {
                    return Err(LogProblem::CursorDead("it is no address of the log".to_owned()));
                }
                (url, false)
            }
        };
        let full = core.limits().log_page_events;
        let mut limit = lock(&core.memory).log_page_events.unwrap_or(full);
        if limit < full {
            url = relimit(&url, limit);
        }
        let mut unfiltered = false;
        let answer = loop {
            let mut call = Call::read(LOGS, url.clone(), Lane::Leaver, "the system log");
            if limit > PAGE_ROWS_MIN {
                call.unavailable_max = 1;
            }
            match core.call(&call).await {
                Ok(answer) => break answer,
                Err(Problem::Unavailable { status: 500, .. }) if limit > PAGE_ROWS_MIN => {
                    limit = (limit / 2).max(PAGE_ROWS_MIN);
                    warn!(tenant = %core.tenant(), limit, "the log answered 500; asking for fewer events");
                    lock(&core.memory).log_page_events = Some(limit);
                    url = relimit(&url, limit);
                }
                // How long a filter may be is not published (O-13). Without one, everything comes and is sifted here.
                Err(problem @ Problem::Refused { status: 400, .. }) if is_start && !unfiltered => {
                    warn!(tenant = %core.tenant(), %problem, "the log takes no filter; reading all of it");
                    unfiltered = true;
                    url = without_parameter(&url, "filter");
                }
                Err(Problem::Refused { status: 400, code, summary, .. }) if !is_start => {
                    return Err(LogProblem::CursorDead(format!("{code} {summary}")));
                }
                Err(Problem::NotFound { code, .. }) if !is_start => return Err(LogProblem::CursorDead(code)),
                Err(problem) => return Err(LogProblem::Failed(problem)),
            }
        };
        let rows = answer.rows("the system log")?;
        if rows.is_empty() && limit < full {
            // Caught up, so whatever was too heavy lies behind us.
            lock(&core.memory).log_page_events = None;
        }
        let next = match next_link(&answer.headers) {
            Some(next) => FeedCursor::At(core.own_link(&next).await.map(|_| next)?),
            // A polled log always has a next page. Without one, staying here is right only if nothing was on the page.
            None if rows.is_empty() => cursor.clone(),
            None => return Err(LogProblem::CursorDead("the page names no next one".to_owned())),
        };
        Ok(LogPage { events: rows.iter().filter_map(LogEvent::read).collect(), rows: rows.len(), next })
    }

    fn feed_start(&self, since: Timestamp) -> Url {
        let core = &*self.core;
        let oldest = core.clock().now().checked_sub(RETENTION).unwrap_or(Timestamp::MIN);
        let since = format_time(since.max(oldest));
        let limit = core.limits().log_page_events.to_string();
        let query = [
            ("since", since.as_str()),
            ("sortOrder", "ASCENDING"),
            ("limit", &limit),
            ("filter", feed_filter()),
        ];
        core.address(&["api", "v1", "logs"], &query)
    }

    /// All events of our kinds published in a closed window, for comparison with what feed and hook brought (§9.3
    /// step 7). Late events may be missing; nothing may be concluded from absence.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn log_between(&self, since: Timestamp, until: Timestamp) -> Result<Vec<LogEvent>, Problem> {
        let core = &*self.core;
        let limit = core.limits().log_page_events.to_string();
        let (since, until) = (format_time(since), format_time(until));
        let query = [
            ("since", since.as_str()),
            ("until", &until),
            ("sortOrder", "ASCENDING"),
            ("limit", &limit),
            ("filter", feed_filter()),
        ];
        let pages = Pages {
            route: LOGS,
            first: core.address(&["api", "v1", "logs"], &query),
            limit: Some(core.limits().log_page_events),
            lane: Lane::Bulk,
            what: "events",
            keep: None,
            ends_when_empty: true,
            links: false,
            progress: &Silent,
        };
        let walked: Walked<LogEvent> = core.walk(pages, |row, _| LogEvent::read(row)).await?;
        let mut seen = BTreeSet::new();
        Ok(walked.rows.into_iter().filter(|e| seen.insert(e.uuid.clone())).collect())
    }
}

/// Why a page of the feed could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogProblem {
    /// The place in the log is lost: begin again, an hour before the last success.
    #[error("the log position is no longer accepted: {0}")]
    CursorDead(String),
    #[error(transparent)]
    Failed(Problem),
}

impl From<Problem> for LogProblem {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

/// `2026-05-04T09:12:33.000Z`.
pub(crate) fn format_time(at: Timestamp) -> String {
    format!("{at:.3}")
}
