//! Physical access: who may enter which area, from when to when. iOffice grants none; a site's badge system does.

use std::{collections::BTreeMap, fmt};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// From when to when. `None`: without that end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(default)]
pub struct DoorSpan {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Not any more from this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl DoorSpan {
    /// The span that holds whenever one of both does, gaps between them included.
    #[must_use]
    pub fn joined(self, other: Self) -> Self {
        let from = self.from.zip(other.from).map(|(a, b)| a.min(b));
        let until = self.until.zip(other.until).map(|(a, b)| a.max(b));
        Self { from, until }
    }

    /// The span that holds when both do.
    #[must_use]
    pub fn both(self, other: &Self) -> Self {
        let until = match (self.until, other.until) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
        Self { from: self.from.max(other.from), until }
    }

    pub fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }

    /// Whether some moment of `other` is none of this.
    pub fn is_less_than(&self, other: &Self) -> bool {
        let later = |mine: Option<Timestamp>, theirs: Option<Timestamp>| match (mine, theirs) {
            (Some(mine), Some(theirs)) => mine > theirs,
            (mine, theirs) => mine.is_some() && theirs.is_none(),
        };
        let sooner = match (self.until, other.until) {
            (Some(mine), Some(theirs)) => mine < theirs,
            (mine, theirs) => mine.is_some() && theirs.is_none(),
        };
        later(self.from, other.from) || sooner
    }
}

impl fmt::Display for DoorSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC");
        match (self.from, self.until) {
            (None, None) => f.write_str("always"),
            (Some(from), None) => write!(f, "from {}", at(from)),
            (None, Some(until)) => write!(f, "until {}", at(until)),
            (Some(from), Some(until)) => write!(f, "from {} until {}", at(from), at(until)),
        }
    }
}

/// What somebody may enter: the badge system's names of areas.
pub type DoorRights = BTreeMap<String, DoorSpan>;

#[cfg(test)]
mod tests {
    use super::DoorSpan;

    #[test]
    fn spans_join_and_compare() {
        let at = |second| jiff::Timestamp::from_second(second).ok();
        let span = |from, until| DoorSpan { from, until };
        let (always, days) = (span(None, None), span(at(10), at(20)));
        assert_eq!(days.joined(span(at(5), at(15))), span(at(5), at(20)));
        assert_eq!(days.joined(always), always);
        assert!(days.is_less_than(&always) && !always.is_less_than(&days));
        assert!(days.is_less_than(&span(at(10), at(21))) && !days.is_less_than(&span(at(11), at(19))));
        assert!(days.holds(at(10).unwrap()) && !days.holds(at(20).unwrap()) && !days.holds(at(9).unwrap()));
    }
}
