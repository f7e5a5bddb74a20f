//! What the calls made compare to: the fewest that the looks, the changes and the certified lists needed.

use lanyard_engine::{Engine, latency::Totals, ports::CallCount};
use serde::Serialize;

/// Calls of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Answered calls, without polls of the change feed, sign-in and hook registration.
    pub used: u64,
    /// Two Okta reads per look that was needed and one iOffice read for each site that it was about, each accepted write and
    /// one read-back for each look that wrote or told a door, and the pages of each list that was read whole. A look that was broken off
    /// and tried again was needed once; a list that was broken off and read again, too. A look is not needed that found nothing to
    /// do and was asked for before the person was read last (an event that came while they were being looked at, say).
    pub minimum: u64,
    /// Refused or cut by faults.
    pub faulted: u64,
    /// Polls of the change feed.
    pub polls: u64,
    /// Sign-in, hook registration, probes.
    pub set_up: u64,
    /// Pages of lists, scans and the catalogue that were read whole, and the counts that prove it.
    pub pages: u64,
}

fn sum(rows: &[&CallCount], of: impl Fn(&CallCount) -> u64, which: impl Fn(&str) -> bool) -> u64 {
    rows.iter().filter(|row| which(&row.endpoint)).map(|row| of(row)).sum()
}

fn is_poll(endpoint: &str) -> bool {
    endpoint.contains("/logs")
}

fn is_set_up(endpoint: &str) -> bool {
    ["oauth2", "eventHooks", "well-known", "users/me", "schemas", "types/user"]
        .iter()
        .any(|part| endpoint.contains(part))
}

/// The groups of one person, which are a list, and one of the two reads of a look.
fn is_of_one_person(endpoint: &str) -> bool {
    endpoint.contains("/users/{id}")
}

impl Calls {
    /// What calls to both sides and the engine's looks come to.
    pub fn of(okta: &[CallCount], ioffice: &[CallCount], totals: &Totals) -> Self {
        let all: Vec<&CallCount> = okta.iter().chain(ioffice).collect();
        let answered = |row: &CallCount| row.answered;
        let pages = sum(
            &all,
            |row| row.whole,
            |endpoint| !is_poll(endpoint) && !is_set_up(endpoint) && !is_of_one_person(endpoint),
        );
        Self {
            used: sum(&all, answered, |endpoint| !is_poll(endpoint) && !is_set_up(endpoint)),
            minimum: totals.needed * 2 + totals.account_looks + totals.writes + totals.changes + pages,
            faulted: sum(&all, |row| row.throttled + row.faulted, |_| true),
            polls: sum(&all, answered, is_poll),
            set_up: sum(&all, answered, is_set_up),
            pages,
        }
    }
}

/// Counts the calls of an engine since its start.
pub fn count(engine: &Engine) -> Calls {
    let okta: Vec<CallCount> = engine.directories().values().flat_map(|d| d.calls()).collect();
    let ioffice: Vec<CallCount> = engine.sites().values().flat_map(|s| s.port().calls()).collect();
    Calls::of(&okta, &ioffice, &engine.latency.totals())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(endpoint: &str, answered: u64, throttled: u64, faulted: u64, whole: u64) -> CallCount {
        CallCount { endpoint: endpoint.into(), answered, throttled, faulted, whole }
    }

    #[test]
    fn what_was_tried_again_was_needed_once() {
        // Five looks, two of them broken off by a fault: three people, two of whom were changed, by three writes.
        let totals =
            Totals { looks: 5, needed: 3, account_looks: 3, writes: 3, changes: 2, ..Totals::default() };
        let okta = [
            row("GET /users/{id}", 5, 1, 2, 0),
            row("GET /users/{id}/groups", 4, 0, 1, 4),
            // Two pages of a list that was cut, and the three of the whole one.
            row("GET /users", 5, 0, 1, 3),
            row("GET /groups", 2, 0, 0, 2),
            row("GET /groups/{id}/users", 4, 0, 0, 4),
            row("GET /logs", 40, 0, 0, 40),
            row("POST /oauth2/v1/token", 1, 0, 0, 0),
            row("GET /eventHooks", 2, 0, 0, 2),
        ];
        let ioffice = [
            row("GET /users/{id}", 7, 0, 0, 0),
            row("PUT /users/{id}", 2, 0, 1, 0),
            row("POST /users", 1, 0, 0, 0),
            // Two of them searches for one person.
            row("GET /users", 6, 0, 0, 4),
            row("GET /users/count", 2, 0, 0, 2),
            row("GET /reservations", 2, 0, 0, 2),
            row("GET /users/me", 1, 0, 0, 0),
        ];
        let pages = (3 + 2 + 4) + (4 + 2 + 2);
        assert_eq!(
            Calls::of(&okta, &ioffice, &totals),
            Calls {
                used: (5 + 4 + 5 + 2 + 4) + (7 + 2 + 1 + 6 + 2 + 2),
                minimum: (2 + 1) * 3 + 3 + 2 + pages,
                faulted: (1 + 2 + 1 + 1) + 1,
                polls: 40,
                set_up: 4,
                pages,
            }
        );
    }
}
