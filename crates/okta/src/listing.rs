//! Walks over pages: each link taken as it is, within bounds, and only to hosts of the tenant.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use lanyard_engine::ports::Progress;
use lanyard_model::coverage::{Evidence, ReadKind};
use lanyard_model::signal::Lane;
use serde_json::Value;
use tracing::warn;
use url::Url;

use crate::client::{Call, Core, Route};
use crate::paging::{next_link, with_limit, with_parameter};
use crate::problem::Problem;

/// Rows per page below which a page that times out is not made smaller.
pub(crate) const PAGE_ROWS_MIN: u32 = 50;

/// One listing to walk.
pub(crate) struct Pages<'a> {
    pub route: Route,
    pub first: Url,
    /// Rows per page asked for in `first`, if it names a limit.
    pub limit: Option<u32>,
    pub lane: Lane,
    /// Names the listing, in errors and progress.
    pub what: &'a str,
    /// A parameter that `next` links are known to lose.
    pub keep: Option<(&'static str, &'static str)>,
    /// The vendor's bounded log listing may keep its `next` for ever; an empty page ends it.
    pub ends_when_empty: bool,
    /// Rows are wanted with their `_links` and `_embedded`, which are most of what Okta sends.
    pub links: bool,
    pub progress: &'a dyn Progress,
}

/// What a walk hands over.
pub(crate) enum Step<'a> {
    /// The list begins, or begins anew: what came before does not count.
    Again,
    /// A row, and when its page was answered.
    Row(&'a Value, Timestamp),
}

/// A walk that came to its end.
pub(crate) struct Walked<T> {
    pub rows: Vec<T>,
    pub pages: u32,
    /// Rows that could not be read, so that absence from `rows` proves nothing.
    pub spoiled: u32,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
}

impl<T> Walked<T> {
    /// The facts for a certificate. The chain of cursors ended, or there would be no `Walked`.
    pub(crate) fn evidence(&self, kind: ReadKind) -> Evidence {
        Evidence {
            kind,
            started_at: self.started_at,
            ended_at: self.ended_at,
            pages: self.pages,
            rows: self.rows.len() as u64,
            // A row without a readable id could be anybody, so the list counts as cut.
            reached_end: self.spoiled == 0,
            count_before: None,
            count_after: None,
            canary_seen: None,
            overlaps_missed: 0,
            feed_whole: None,
            rights_proven: None,
            schema: None,
        }
    }

    /// This list and another part of it, read afterwards.
    pub(crate) fn and(mut self, later: Self) -> Self {
        self.rows.extend(later.rows);
        self.pages += later.pages;
        self.spoiled += later.spoiled;
        self.ended_at = later.ended_at;
        self
    }

    /// Keeps the later of two rows with one id: pages are read at different moments, and people move between them.
    pub(crate) fn without_doubles(mut self, id: impl Fn(&T) -> Arc<str>) -> Self {
        let mut places: HashMap<Arc<str>, usize> = HashMap::with_capacity(self.rows.len());
        let mut rows: Vec<T> = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            match places.get(&id(&row)) {
                Some(&at) => rows[at] = row,
                None => {
                    places.insert(id(&row), rows.len());
                    rows.push(row);
                }
            }
        }
        self.rows = rows;
        self
    }
}

impl Core {
    /// Reads all pages. `read` turns one row into a value, with the moment its page was answered; `None` marks a row
    /// that cannot be read.
    pub(crate) async fn walk<T: Send>(
        &self,
        pages: Pages<'_>,
        read: impl Fn(&Value, Timestamp) -> Option<T> + Sync,
    ) -> Result<Walked<T>, Problem> {
        let mut rows = Vec::new();
        let mut each = |step: Step<'_>| match step {
            Step::Again => {
                rows.clear();
                true
            }
            Step::Row(row, at) => {
                let value = read(row, at);
                let readable = value.is_some();
                rows.extend(value);
                readable
            }
        };
        let walked = self.walk_each(pages, &mut each).await?;
        Ok(Walked {
            rows,
            pages: walked.pages,
            spoiled: walked.spoiled,
            started_at: walked.started_at,
            ended_at: walked.ended_at,
        })
    }

    /// Reads all pages and hands each row over as its page arrives; `each` says whether it could be read. Nothing is kept
    /// of the rows but their number.
    ///
    /// A cursor that dies on the way restarts the listing, once (contract O-02). A page that answers 5xx twice is
    /// asked for again with half the rows.
    pub(crate) async fn walk_each(
        &self,
        pages: Pages<'_>,
        each: &mut (dyn FnMut(Step<'_>) -> bool + Send),
    ) -> Result<Walked<()>, Problem> {
        let started_at = self.clock().now();
        let mut restarted = false;
        let mut limit = pages.limit;
        'whole: loop {
            each(Step::Again);
            let mut walked =
                Walked { rows: Vec::new(), pages: 0, spoiled: 0, started_at, ended_at: started_at };
            let mut url = pages.first.clone();
            if let Some(smaller) = limit.filter(|l| Some(*l) != pages.limit) {
                url = relimit(&url, smaller);
            }
            let mut seen = BTreeSet::from([url.to_string()]);
            loop {
                let mut call = Call::read(pages.route, url.clone(), pages.lane, pages.what);
                let can_shrink = limit.is_some_and(|l| l > PAGE_ROWS_MIN);
                if can_shrink {
                    call.unavailable_max = 2;
                }
                let answer = match self.call(&call).await {
                    Ok(answer) => answer,
                    Err(Problem::Unavailable { .. }) if can_shrink => {
                        let smaller = limit.map_or(PAGE_ROWS_MIN, |l| (l / 2).max(PAGE_ROWS_MIN));
                        warn!(tenant = %self.tenant(), what = pages.what, limit = smaller, "a page failed; asking for fewer rows");
                        limit = Some(smaller);
                        url = relimit(&url, smaller);
                        seen.insert(url.to_string());
                        continue;
                    }
                    Err(Problem::Refused { status: 400, .. }) if walked.pages > 0 && !restarted => {
                        restarted = true;
                        continue 'whole;
                    }
                    Err(problem) => return Err(problem),
                };
                let rows =
                    if pages.links { answer.rows(pages.what)? } else { answer.plain_rows(pages.what)? };
                walked.pages += 1;
                let is_empty = rows.is_empty();
                for row in &rows {
                    match each(Step::Row(row, answer.at)) {
                        true => walked.rows.push(()),
                        false => walked.spoiled += 1,
                    }
                }
                pages.progress.report(pages.what, walked.rows.len() as u64, None);
                walked.ended_at = answer.at;
                let next = match next_link(&answer.headers) {
                    Some(next) if !(is_empty && pages.ends_when_empty) => next,
                    _ => {
                        self.note_whole(pages.route, walked.pages);
                        return Ok(walked);
                    }
                };
                let next = match pages.keep {
                    Some((name, value)) => with_parameter(&next, name, value),
                    None => next,
                };
                let endless = || Problem::Endless { what: pages.what.to_owned(), pages: walked.pages };
                if !seen.insert(next.clone()) || walked.pages >= self.limits().pages_max {
                    return Err(endless());
                }
                url = self.own_link(&next).await?;
            }
        }
    }

    /// A link that Okta gave, if it stays inside the tenant. An unknown host makes the client ask once which hosts the
    /// org has; nothing is ever sent to one that is not among them.
    pub(crate) async fn own_link(&self, link: &str) -> Result<Url, Problem> {
        let url = Url::parse(link)
            .or_else(|_| Url::parse(self.org().as_str()).and_then(|base| base.join(link)))
            .map_err(|e| Problem::Malformed { what: "a link".to_owned(), reason: e.to_string() })?;
        let host = authority(&url);
        let foreign = || Problem::ForeignHost { host: host.clone() };
        let is_safe = url.scheme() == "https" || self.org().as_str().starts_with("http://");
        let is_bare = url.username().is_empty() && url.password().is_none();
        if !is_safe || !is_bare || !matches!(url.scheme(), "http" | "https") {
            return Err(foreign());
        }
        if self.has_host(&host) {
            return Ok(url);
        }
        let asked = crate::client::lock(&self.hosts).asked;
        if !asked {
            let _ = self.organization().await;
        }
        if self.has_host(&host) { Ok(url) } else { Err(foreign()) }
    }

    pub(crate) fn has_host(&self, authority: &str) -> bool {
        crate::client::lock(&self.hosts).known.contains(&authority.to_ascii_lowercase())
    }

    /// The address of a path given by its segments, each encoded, with a query.
    pub(crate) fn address(&self, segments: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.org().join("/");
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(segments);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }
}

/// Host and unusual port of an address, lower case.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    url.port().map_or(host.clone(), |port| format!("{host}:{port}"))
}

pub(crate) fn relimit(url: &Url, limit: u32) -> Url {
    with_limit(url.as_str(), limit).and_then(|text| Url::parse(&text).ok()).unwrap_or_else(|| url.clone())
}
