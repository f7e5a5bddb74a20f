//! What the calls made compare to: the fewest that the looks, the changes and the certified lists needed.

use lanyard_engine::{Engine, ports::CallCount};
use serde::Serialize;

/// Calls of one run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Calls {
    /// Answered calls, without polls of the change feed, sign-in and hook registration.
    pub used: u64,
    /// Two Okta reads per look and one iOffice read where a site was concerned, each write and one read-back per
    /// person changed, and the pages of each list.
    pub minimum: u64,
    /// Refused or cut by faults.
    pub faulted: u64,
    /// Polls of the change feed.
    pub polls: u64,
    /// Sign-in, hook registration, probes.
    pub set_up: u64,
    /// Pages of lists and scans, and the catalogue.
    pub pages: u64,
}

fn sum(rows: &[CallCount], of: impl Fn(&CallCount) -> u64, which: impl Fn(&str) -> bool) -> u64 {
    rows.iter().filter(|row| which(&row.endpoint)).map(of).sum()
}

fn is_poll(endpoint: &str) -> bool {
    endpoint.contains("/logs")
}

fn is_set_up(endpoint: &str) -> bool {
    ["oauth2", "eventHooks", "well-known", "users/me", "schemas", "types/user"]
        .iter()
        .any(|part| endpoint.contains(part))
}

/// A list or a scan, or part of the catalogue: neither a single record nor a search for one.
fn is_list(endpoint: &str) -> bool {
    endpoint.starts_with("GET")
        && (!endpoint.contains('{') || endpoint.contains("/groups/{") && endpoint.ends_with("/users"))
        && !is_poll(endpoint)
        && !is_set_up(endpoint)
        && !endpoint.contains("search")
}

/// Counts the calls of an engine since its start. `searches` are looks for people without a link.
pub fn count(engine: &Engine) -> Calls {
    let okta: Vec<CallCount> = engine.directories().values().flat_map(|d| d.calls()).collect();
    let ioffice: Vec<CallCount> = engine.sites().values().flat_map(|s| s.port().calls()).collect();
    let all: Vec<CallCount> = okta.iter().chain(&ioffice).cloned().collect();
    let totals = engine.latency.totals();
    let answered = |row: &CallCount| row.answered;
    let pages = sum(&all, answered, is_list).saturating_sub(totals.searches);
    let polls = sum(&all, answered, is_poll);
    let set_up = sum(&all, answered, is_set_up);
    Calls {
        used: sum(&all, answered, |endpoint| !is_poll(endpoint) && !is_set_up(endpoint)),
        minimum: totals.looks * 2 + totals.account_looks + totals.writes + totals.changes + pages,
        faulted: sum(&all, |row| row.throttled + row.faulted, |_| true),
        polls,
        set_up,
        pages,
    }
}
