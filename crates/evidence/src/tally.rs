//! Figures made from rows alone. The maker of a pack and its verifier count with the same code over the same rows, so
//! a figure that the rows do not bear out cannot stand.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    bounds::{self, Bounds},
    cell::{Cell, Table},
    controls, sample,
    stats::{self, Spread},
    tables,
};

/// Measured stages: population, stage in words, column.
pub const STAGES: &[(&str, &str, &str)] = &[
    ("leavers", "event to verified", "seconds_total"),
    ("leavers", WEEKENDS, "seconds_total"),
    ("leavers", "event to seen", "seconds_to_seen"),
    ("leavers", "seen to decided", "seconds_to_decided"),
    ("leavers", "decided to sent", "seconds_to_sent"),
    ("leavers", "sent to answered", "seconds_to_answered"),
    ("leavers", "answered to verified", "seconds_to_verified"),
    ("joiners", "event or start to verified", "seconds_to_access"),
    ("movers", "decided to verified", "seconds_to_verified"),
    ("approvals", "asked to voted", "seconds_taken"),
];

/// The stage of those alone whose right ended on a weekend: nobody was there to press anything.
const WEEKENDS: &str = "event to verified, rights that ended on a weekend";

/// What the pack says about its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Rows by table.
    pub rows: BTreeMap<String, u64>,
    pub totals: Totals,
    /// By `population: stage`.
    pub stages: BTreeMap<String, Spread>,
    pub leavers_in_time: u64,
    pub leavers_late: u64,
    /// Late leavers for whom nobody answers.
    pub breaches_unanswered: u64,
    /// Verified leavers by seconds to verified: see [`stats::BARS`].
    pub histogram: Vec<u64>,
    /// By bound: (within, beyond).
    pub bounds: BTreeMap<String, (u64, u64)>,
    pub joiners_authorised_before: u64,
    pub joiners_not_authorised_before: u64,
    pub movers_with_rest: u64,
    /// Findings that were open.
    pub exceptions_open: u64,
    pub orphans_open: u64,
    /// Exceptions that stood and for which nobody answers.
    pub exceptions_unowned: u64,
    /// Those without a stated end.
    pub exceptions_endless: u64,
    /// Those whose stated end had passed.
    pub exceptions_past_end: u64,
    /// Late leavers by cause.
    #[serde(default)]
    pub late_by_cause: BTreeMap<String, u64>,
    pub reviews_undecided: u64,
    pub removals_not_confirmed: u64,
    /// Review lines that owner, provisioner or the person themselves decide.
    pub reviews_not_separated: u64,
    /// Votes about oneself.
    pub votes_not_segregated: u64,
    /// Lists of the first and last comparison that are not proven complete.
    pub certificates_in_doubt: u64,
    /// Times in which Okta's log was not read, and what they add up to.
    pub intake_gaps: u64,
    pub intake_gap_seconds: i64,
    /// Times at which the chain of its pages was broken.
    pub intake_breaks: u64,
}

impl Summary {
    /// Late leavers by cause, in words; empty if there are none.
    pub fn late_told(&self) -> String {
        let told = |(cause, count): (&String, &u64)| format!("{count} {}", cause.replace('_', " "));
        self.late_by_cause.iter().map(told).collect::<Vec<_>>().join(", ")
    }

    /// Leavers whose bound was not over when the period ended, and who were not out yet: neither in time nor late.
    pub fn leavers_under_way(&self) -> u64 {
        self.rows("leavers").saturating_sub(self.leavers_in_time + self.leavers_late)
    }

    /// Rows of a table.
    pub fn rows(&self, table: &str) -> u64 {
        self.rows.get(table).copied().unwrap_or(0)
    }
}

/// Opening + joined + returned − left = closing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub opening: i64,
    pub joined: i64,
    pub returned: i64,
    pub left: i64,
    pub closing: i64,
}

impl Totals {
    /// What the equation is off by.
    pub fn off_by(&self) -> i64 {
        self.opening + self.joined + self.returned - self.left - self.closing
    }
}

/// Takes rows one by one.
#[derive(Debug)]
pub struct Tally {
    summary: Summary,
    seconds: BTreeMap<String, Vec<i64>>,
    bounds: Bounds,
    /// Ids of populations that samples are drawn from.
    ids: BTreeMap<&'static str, Vec<String>>,
}

/// Populations that samples are drawn from.
pub const SAMPLED: &[&str] = &["leavers", "joiners", "movers"];

impl Tally {
    /// Over a period that ends at `to`.
    pub fn new(to: Timestamp) -> Self {
        Self {
            summary: Summary::default(),
            seconds: BTreeMap::new(),
            bounds: Bounds::new(to),
            ids: BTreeMap::new(),
        }
    }

    pub fn take(&mut self, table: &'static Table, row: &[Cell]) {
        let cell = |name: &str| table.at(name).and_then(|at| row.get(at)).unwrap_or(&Cell::Null);
        *self.summary.rows.entry(table.name.to_owned()).or_default() += 1;
        for (population, stage, column) in STAGES {
            // Of whoever was not out, the total is no time to anything.
            let ended = *column != "seconds_total" || cell("verified_at").time().is_some();
            if *population == table.name
                && ended
                && (*stage != WEEKENDS || cell("weekend").is_true())
                && let Some(seconds) = cell(column).int()
            {
                self.seconds.entry(format!("{population}: {stage}")).or_default().push(seconds);
            }
        }
        if let Some(name) = SAMPLED.iter().find(|name| **name == table.name) {
            self.ids.entry(name).or_default().push(cell("person").text().to_owned());
        }
        self.bounds.take(table.name, &cell);
        self.count(table.name, &cell);
    }

    fn count<'c>(&mut self, table: &str, cell: &dyn Fn(&str) -> &'c Cell) {
        let summary = &mut self.summary;
        match table {
            "population" => {
                let totals = &mut summary.totals;
                totals.opening += i64::from(cell("live_at_start").is_true());
                totals.closing += i64::from(cell("live_at_end").is_true());
                totals.joined += cell("joined").int().unwrap_or(0);
                totals.returned += cell("returned").int().unwrap_or(0);
                totals.left += cell("left").int().unwrap_or(0);
            }
            "leavers" => {
                let (in_time, late) = (cell("in_time").is_true(), *cell("in_time") == Cell::Bool(false));
                summary.leavers_in_time += u64::from(in_time);
                summary.leavers_late += u64::from(late);
                if late {
                    *summary.late_by_cause.entry(cell("cause").text().to_owned()).or_default() += 1;
                }
            }
            "breaches" => summary.breaches_unanswered += u64::from(cell("owner").text().is_empty()),
            "joiners" => {
                let before = cell("authorised_before").is_true();
                summary.joiners_authorised_before += u64::from(before);
                summary.joiners_not_authorised_before += u64::from(!before);
            }
            "movers" => summary.movers_with_rest += u64::from(!cell("left_open").text().is_empty()),
            "exceptions" if cell("over_at").time().is_none() => {
                summary.exceptions_open += 1;
                summary.orphans_open += u64::from(cell("kind").text() == "orphan");
            }
            "open_exceptions" => {
                summary.exceptions_unowned += u64::from(cell("owner").text() == tables::NONE_STATED);
                summary.exceptions_endless += u64::from(cell("until").time().is_none());
                summary.exceptions_past_end += u64::from(cell("state").text() == tables::PAST_END);
            }
            "reviews" => {
                summary.reviews_undecided += u64::from(cell("decision").text().is_empty());
                let removed = cell("decision").text() == "remove";
                summary.removals_not_confirmed += u64::from(removed && cell("removed_at").time().is_none());
                summary.reviews_not_separated += u64::from(!cell("separated").is_true());
            }
            "approvals" => {
                let voted = cell("voted_at").time().is_some();
                summary.votes_not_segregated += u64::from(voted && !cell("segregated").is_true());
            }
            "certificates" => {
                let compared = cell("moment").text() != "extraction";
                summary.certificates_in_doubt += u64::from(compared && !cell("complete").is_true());
            }
            "intake" => {
                let kind = cell("kind").text();
                summary.intake_breaks += u64::from(kind == "break");
                if kind == "gap" || kind == "break" {
                    summary.intake_gaps += 1;
                    summary.intake_gap_seconds += cell("seconds").int().unwrap_or(0);
                }
            }
            _ => {}
        }
    }

    /// Who a seed draws from a population; `values`: each person's of the attribute whose values take turns.
    pub fn sample(
        &self,
        seed: &str,
        population: &str,
        size: Option<usize>,
        values: Option<&BTreeMap<String, String>>,
    ) -> Vec<String> {
        let ids = self.ids.get(population).map(Vec::as_slice).unwrap_or_default();
        let size = size.unwrap_or_else(|| sample::usual_size(ids.len()));
        let ids = ids.iter().map(String::as_str);
        let drawn = match values {
            None => sample::draw(seed, ids, size),
            Some(values) => {
                let value = |id: &str| values.get(id).map_or("", String::as_str);
                sample::draw_in_turns(seed, ids, value, size)
            }
        };
        drawn.into_iter().map(str::to_owned).collect()
    }

    /// Everybody in the populations that samples are drawn from.
    pub fn sampled_from(&self) -> impl Iterator<Item = &str> {
        self.ids.values().flatten().map(String::as_str)
    }

    /// All figures.
    pub fn summary(&self) -> Summary {
        let mut summary = self.summary.clone();
        for table in tables::ALL {
            summary.rows.entry(table.name.to_owned()).or_default();
        }
        for (population, stage, _) in STAGES {
            let key = format!("{population}: {stage}");
            let values = self.seconds.get(&key).cloned().unwrap_or_default();
            if *stage == "event to verified" {
                summary.histogram = stats::histogram(&values);
            }
            summary.stages.insert(key, stats::spread(values));
        }
        summary.bounds = self.bounds.counted();
        summary
    }

    /// Rows of the tables that only repeat the figures: timeliness, bounds, histogram, controls.
    pub fn derived(&self) -> Vec<(&'static Table, Vec<Cell>)> {
        let summary = self.summary();
        let mut rows: Vec<(&'static Table, Vec<Cell>)> = Vec::new();
        for (population, stage, _) in STAGES {
            let spread = summary.stages.get(&format!("{population}: {stage}")).cloned().unwrap_or_default();
            rows.push((
                &tables::TIMELINESS,
                vec![
                    (*population).into(),
                    (*stage).into(),
                    spread.count.into(),
                    spread.p50.into(),
                    spread.p95.into(),
                    spread.p99.into(),
                    spread.max.into(),
                ],
            ));
        }
        rows.extend(bounds::rows(&summary.bounds).into_iter().map(|row| (&tables::BOUNDS, row)));
        rows.extend(controls::rows(&summary).into_iter().map(|row| (&tables::CONTROLS, row)));
        for (bar, count) in summary.histogram.iter().enumerate() {
            let row = vec!["leavers".into(), stats::BARS.get(bar).copied().into(), (*count).into()];
            rows.push((&tables::HISTOGRAM, row));
        }
        rows
    }
}

/// Tables whose rows [`Tally::derived`] makes.
pub const DERIVED: &[&str] = &["timeliness", "bounds", "histogram", "controls"];

/// Without a row in any of these there is no data.
pub const EMPTY_WITHOUT: &[&str] = &["population", "leavers", "movers", "control_changes", "failed"];

#[cfg(test)]
mod tests {
    use super::*;

    fn leaver(total: i64, verified: bool, in_time: Option<bool>, cause: Option<&str>) -> Vec<Cell> {
        let to: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let cell = |name: &str| match name {
            "person" => "acme/1".into(),
            "seconds_total" => Cell::Int(total),
            "verified_at" => verified.then_some(to).into(),
            "in_time" => in_time.into(),
            "cause" => cause.into(),
            _ => Cell::Null,
        };
        tables::LEAVERS.columns.iter().map(|column| cell(column.name)).collect()
    }

    #[test]
    fn whoever_is_not_out_is_measured_nowhere_and_late_only_when_the_bound_is_over() {
        let mut tally = Tally::new("2026-12-01T00:00:00Z".parse().unwrap());
        let rows = [
            leaver(20, true, Some(true), None),
            leaver(400, true, Some(false), Some("ioffice")),
            leaver(90_000, false, Some(false), Some("open")),
            leaver(7_000, false, Some(false), Some("never_out")),
            leaver(10, false, None, None),
        ];
        for row in &rows {
            tally.take(&tables::LEAVERS, row);
        }
        let summary = tally.summary();
        assert_eq!((summary.leavers_in_time, summary.leavers_late, summary.leavers_under_way()), (1, 3, 1));
        let late = [("ioffice", 1), ("never_out", 1), ("open", 1)].map(|(cause, n)| (cause.to_owned(), n));
        assert_eq!(summary.late_by_cause, BTreeMap::from(late));
        let total = &summary.stages["leavers: event to verified"];
        assert_eq!((total.count, total.p50, total.max), (2, Some(20), Some(400)));
        assert_eq!(summary.histogram.iter().sum::<u64>(), 2);
    }
}
