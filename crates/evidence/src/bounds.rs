//! Published bounds, and how many of the period were within each. FedRAMP's parameters of NIST SP 800-53 Rev 5 where a
//! framework names a number, common practice of SOC 2 where none does.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::cell::Cell;

/// What is held against a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Measure {
    /// Leavers, from the end of their right to the read-back.
    Gone,
    /// Leavers, from the end of their right to our knowing of it.
    Seen,
    /// Movers, from the decision to the read-back.
    Moved,
    /// Leavers, and accounts that were found to be nobody's, until they were closed.
    Unattended,
    /// Sites, by the age of the last signed-off review when the period ends.
    Reviewed(Reviewed),
}

/// Which review a site must have had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reviewed {
    /// Of anything but visits.
    Access,
    /// Of roles and site administrators.
    Privileged,
    /// Of items, seats, sections, cost centers.
    Other,
    Visits,
}

impl Measure {
    fn told(self) -> &'static str {
        match self {
            Self::Gone => "leavers, from the end of their right to the read-back",
            Self::Seen => "leavers, from the end of their right to its being seen",
            Self::Moved => "movers, from the decision to the read-back",
            Self::Unattended => "leavers, and accounts that are nobody's, until closed or put away",
            Self::Reviewed(Reviewed::Access) => "sites whose access list had a signed-off review so lately",
            Self::Reviewed(Reviewed::Privileged) => "sites whose roles and administrators had one so lately",
            Self::Reviewed(Reviewed::Other) => "sites whose other rights had one so lately",
            Self::Reviewed(Reviewed::Visits) => {
                "sites whose announced visits had one so lately, where any had"
            }
        }
    }
}

struct Bound {
    control: &'static str,
    requirement: &'static str,
    measure: Measure,
    seconds: i64,
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

const fn bound(control: &'static str, requirement: &'static str, measure: Measure, seconds: i64) -> Bound {
    Bound { control, requirement, measure, seconds }
}

const ALL: &[Bound] = &[
    bound("NIST 800-53 PS-4(a), FedRAMP High", "system access disabled within 1 hour", Measure::Gone, HOUR),
    bound(
        "NIST 800-53 PS-4(a), FedRAMP Moderate",
        "system access disabled within 4 hours",
        Measure::Gone,
        4 * HOUR,
    ),
    bound("NIST 800-53 AC-2(13)", "high-risk individuals: disabled within 1 hour", Measure::Gone, HOUR),
    bound(
        "NIST 800-53 AC-2(h)(1), FedRAMP",
        "account managers told within 24 hours that an account is no longer required",
        Measure::Seen,
        DAY,
    ),
    bound(
        NOTICE,
        "account managers told of terminations and transfers within 8 hours",
        Measure::Seen,
        8 * HOUR,
    ),
    bound(UNATTENDED, "expired and nobody's accounts disabled within 24 hours", Measure::Unattended, DAY),
    bound(TRANSFER, "transfer actions within 24 hours", Measure::Moved, DAY),
    bound("SOC 2 CC6.3, common practice", "access revoked within 24 hours", Measure::Gone, DAY),
    bound(LIST_HIGH, "access list reviewed every 90 days", Measure::Reviewed(Reviewed::Access), 90 * DAY),
    bound(LIST, "access list reviewed every year", Measure::Reviewed(Reviewed::Access), 366 * DAY),
    bound(
        "NIST 800-53 AC-2(j), FedRAMP High, privileged",
        "privileged accounts reviewed monthly",
        Measure::Reviewed(Reviewed::Privileged),
        31 * DAY,
    ),
    bound(
        "NIST 800-53 AC-2(j), FedRAMP High, others",
        "other accounts reviewed every 6 months",
        Measure::Reviewed(Reviewed::Other),
        184 * DAY,
    ),
    bound(
        PRIVILEGED,
        "privileged accounts reviewed quarterly",
        Measure::Reviewed(Reviewed::Privileged),
        92 * DAY,
    ),
    bound(
        "NIST 800-53 AC-2(j), FedRAMP Moderate, others",
        "other accounts reviewed every year",
        Measure::Reviewed(Reviewed::Other),
        366 * DAY,
    ),
    bound(
        "SOC 2 CC6.3, common practice, privileged",
        "privileged access reviewed quarterly",
        Measure::Reviewed(Reviewed::Privileged),
        92 * DAY,
    ),
    bound(
        "SOC 2 CC6.3, common practice, others",
        "other access reviewed half-yearly",
        Measure::Reviewed(Reviewed::Other),
        184 * DAY,
    ),
    bound(
        "NIST 800-53 PE-8",
        "visitor records reviewed monthly",
        Measure::Reviewed(Reviewed::Visits),
        31 * DAY,
    ),
];

/// How many seconds a bound gives.
pub(crate) fn seconds(control: &str) -> i64 {
    ALL.iter().find(|bound| bound.control == control).map_or(0, |bound| bound.seconds)
}

pub(crate) const NOTICE: &str = "NIST 800-53 AC-2(h), FedRAMP";
pub(crate) const UNATTENDED: &str = "NIST 800-53 AC-2(3), FedRAMP";
pub(crate) const TRANSFER: &str = "NIST 800-53 PS-5, FedRAMP";
const LIST_HIGH: &str = "NIST 800-53 PE-2(c), FedRAMP High";
pub(crate) const LIST: &str = "NIST 800-53 PE-2(c), FedRAMP Moderate";
pub(crate) const PRIVILEGED: &str = "NIST 800-53 AC-2(j), FedRAMP Moderate, privileged";

/// Takes rows one by one.
#[derive(Debug)]
pub(crate) struct Bounds {
    to: Timestamp,
    counts: BTreeMap<&'static str, (u64, u64)>,
    sites: BTreeSet<String>,
    /// When each site's last review of a kind was signed off.
    reviewed: BTreeMap<(Reviewed, String), Timestamp>,
}

impl Bounds {
    pub(crate) fn new(to: Timestamp) -> Self {
        let counts = ALL.iter().map(|bound| (bound.control, (0, 0))).collect();
        Self { to, counts, sites: BTreeSet::new(), reviewed: BTreeMap::new() }
    }

    /// Counts for every bound on these measures. `None`: it did not come to its end; `open`: and has run for so long. What
    /// may still be within a bound is neither within nor beyond.
    fn took(&mut self, measures: &[Measure], seconds: Option<i64>, open: Option<i64>) {
        for bound in ALL.iter().filter(|bound| measures.contains(&bound.measure)) {
            if seconds.is_none() && open.is_some_and(|open| open <= bound.seconds) {
                continue;
            }
            let counts = self.counts.entry(bound.control).or_default();
            match seconds.is_some_and(|seconds| seconds <= bound.seconds) {
                true => counts.0 += 1,
                false => counts.1 += 1,
            }
        }
    }

    pub(crate) fn take<'c>(&mut self, table: &str, cell: &dyn Fn(&str) -> &'c Cell) {
        match table {
            "leavers" => {
                let total = cell("seconds_total").int();
                let gone = total.filter(|_| cell("verified_at").time().is_some());
                let open = total.filter(|_| cell("returned_at").time().is_none());
                self.took(&[Measure::Gone, Measure::Unattended], gone, open);
                self.took(&[Measure::Seen], cell("seconds_to_seen").int(), None);
            }
            "movers" => {
                let open = cell("decided_at").time().map(|at| self.to.duration_since(at).as_secs());
                self.took(&[Measure::Moved], cell("seconds_to_verified").int(), open);
            }
            "exceptions" if cell("kind").text() == "orphan" => {
                let open = cell("since").time().zip(cell("over_at").time());
                self.took(
                    &[Measure::Unattended],
                    open.map(|(since, over)| over.duration_since(since).as_secs()),
                    None,
                );
            }
            "population" => {
                let site = cell("site").text();
                if !self.sites.contains(site) {
                    self.sites.insert(site.to_owned());
                }
            }
            "reviews" => {
                let Some(at) = cell("closed_at").time().filter(|at| *at <= self.to) else { return };
                let kinds: &[Reviewed] = match cell("kind").text() {
                    "visit" => &[Reviewed::Visits],
                    "role" | "site_admin" => &[Reviewed::Access, Reviewed::Privileged],
                    _ => &[Reviewed::Access, Reviewed::Other],
                };
                for kind in kinds {
                    let last = self.reviewed.entry((*kind, cell("site").text().to_owned())).or_insert(at);
                    *last = at.max(*last);
                }
            }
            _ => {}
        }
    }

    /// By bound: within, beyond.
    pub(crate) fn counted(&self) -> BTreeMap<String, (u64, u64)> {
        let mut all: BTreeMap<String, (u64, u64)> =
            self.counts.iter().map(|(control, counts)| ((*control).to_owned(), *counts)).collect();
        for bound in ALL {
            let Measure::Reviewed(kind) = bound.measure else { continue };
            let lately = |site: &&String| {
                let last = self.reviewed.get(&(kind, (*site).clone()));
                last.is_some_and(|at| self.to.duration_since(*at) <= SignedDuration::from_secs(bound.seconds))
            };
            let counted = |site: &&String| {
                kind != Reviewed::Visits || self.reviewed.contains_key(&(kind, (*site).clone()))
            };
            let of: Vec<&String> = self.sites.iter().filter(counted).collect();
            let within = of.iter().filter(|site| lately(site)).count() as u64;
            all.insert(bound.control.to_owned(), (within, of.len() as u64 - within));
        }
        all
    }
}

/// The rows of the table `bounds`.
pub(crate) fn rows(counted: &BTreeMap<String, (u64, u64)>) -> Vec<Vec<Cell>> {
    let row = |bound: &Bound| {
        let (within, beyond) = counted.get(bound.control).copied().unwrap_or_default();
        vec![
            bound.control.into(),
            bound.requirement.into(),
            bound.measure.told().into(),
            bound.seconds.into(),
            within.into(),
            beyond.into(),
        ]
    };
    ALL.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TO: &str = "2026-12-01T00:00:00Z";

    fn ago(days: i64) -> Cell {
        let to: Timestamp = TO.parse().unwrap();
        (to - SignedDuration::from_secs(days * DAY)).into()
    }

    fn take(bounds: &mut Bounds, table: &str, cells: &[(&str, Cell)]) {
        let none = Cell::Null;
        bounds.take(table, &|name| {
            cells.iter().find(|(known, _)| *known == name).map_or(&none, |(_, cell)| cell)
        });
    }

    #[test]
    fn every_bound_has_a_name_of_its_own() {
        let names: BTreeSet<_> = ALL.iter().map(|bound| bound.control).collect();
        assert_eq!(names.len(), ALL.len());
    }

    #[test]
    fn sites_are_within_a_review_bound_by_their_last_signed_off_review() {
        let mut bounds = Bounds::new(TO.parse().unwrap());
        for site in ["pier", "dock", "mill"] {
            take(&mut bounds, "population", &[("site", site.into())]);
        }
        let reviewed = |bounds: &mut Bounds, site: &str, kind: &str, closed| {
            take(bounds, "reviews", &[("site", site.into()), ("kind", kind.into()), ("closed_at", closed)]);
        };
        reviewed(&mut bounds, "pier", "role", ago(200));
        reviewed(&mut bounds, "pier", "role", ago(60));
        reviewed(&mut bounds, "dock", "item", ago(120));
        reviewed(&mut bounds, "mill", "role", Cell::Null);
        reviewed(&mut bounds, "pier", "visit", ago(40));
        let counted = bounds.counted();
        assert_eq!(counted[LIST_HIGH], (1, 2));
        assert_eq!(counted[LIST], (2, 1));
        assert_eq!(counted[PRIVILEGED], (1, 2));
        assert_eq!(counted["NIST 800-53 AC-2(j), FedRAMP High, privileged"], (0, 3));
        assert_eq!(counted["NIST 800-53 AC-2(j), FedRAMP High, others"], (1, 2));
        assert_eq!(counted["NIST 800-53 PE-8"], (0, 1), "sites without announced visits do not count");
    }

    #[test]
    fn open_ones_are_beyond_and_movers_are_held_against_the_movers_bound() {
        let mut bounds = Bounds::new(TO.parse().unwrap());
        let leaver = |total: i64, seen: i64, verified| {
            [
                ("seconds_total", Cell::Int(total)),
                ("seconds_to_seen", Cell::Int(seen)),
                ("verified_at", verified),
            ]
        };
        take(&mut bounds, "leavers", &leaver(60, 5, ago(1)));
        take(&mut bounds, "leavers", &leaver(2 * DAY, 9 * HOUR, Cell::Null));
        take(&mut bounds, "movers", &[("seconds_to_verified", Cell::Int(2 * DAY))]);
        take(&mut bounds, "movers", &[("decided_at", ago(3))]);
        let orphan = |since, over| [("kind", "orphan".into()), ("since", since), ("over_at", over)];
        take(&mut bounds, "exceptions", &orphan(ago(9), Cell::Null));
        take(&mut bounds, "exceptions", &orphan(ago(9), ago(9)));
        let counted = bounds.counted();
        assert_eq!(counted["SOC 2 CC6.3, common practice"], (1, 1));
        assert_eq!(counted[NOTICE], (1, 1));
        assert_eq!(counted[TRANSFER], (0, 2));
        assert_eq!(counted[UNATTENDED], (2, 2));
    }

    #[test]
    fn what_is_open_and_may_still_be_within_is_neither_within_nor_beyond() {
        let mut bounds = Bounds::new(TO.parse().unwrap());
        let open = [("seconds_total", Cell::Int(2 * HOUR)), ("seconds_to_seen", Cell::Int(5))];
        take(&mut bounds, "leavers", &open);
        take(&mut bounds, "movers", &[("decided_at", ago(1))]);
        let counted = bounds.counted();
        assert_eq!(counted["SOC 2 CC6.3, common practice"], (0, 0));
        assert_eq!(counted["NIST 800-53 PS-4(a), FedRAMP High"], (0, 1), "open for longer than its hour");
        assert_eq!((counted[UNATTENDED], counted[TRANSFER]), ((0, 0), (0, 0)));
        assert_eq!(counted[NOTICE], (1, 0));

        // Whoever came back without having been out never will have been.
        let back = [&open[..], &[("returned_at", ago(1))]].concat();
        take(&mut bounds, "leavers", &back);
        assert_eq!(bounds.counted()["SOC 2 CC6.3, common practice"], (0, 1));
    }
}
