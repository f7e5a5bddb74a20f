//! Who may enter what, from when to when, and how that came about.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::journal::Journal;

/// How a right was told. The same holder and area may be told in more than one way; each way owns its own rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    Webhook,
    Scim,
    Csv,
    /// By hand, at the badge system's own console.
    Hand,
}

impl Way {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Scim => "scim",
            Self::Csv => "csv",
            Self::Hand => "hand",
        }
    }
}

/// From when to when. `None`: without that end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) from: Option<Timestamp>,
    /// Not any more from this moment on.
    pub(super) until: Option<Timestamp>,
}

impl Span {
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

#[derive(Debug, Default)]
pub(super) struct Rights {
    held: BTreeMap<(String, String, Way), Span>,
    /// Changes kept for inspection, 0 for all.
    kept_max: usize,
    journal: Journal,
}

impl Rights {
    pub(super) fn keeping(kept_max: usize) -> Self {
        Self { kept_max, ..Self::default() }
    }

    /// Sets (or with `None` takes) one right; whether anything changed.
    pub(super) fn set(
        &mut self,
        way: Way,
        by: &str,
        holder: &str,
        area: &str,
        span: Option<Span>,
        now: Timestamp,
    ) -> bool {
        let key = (holder.to_owned(), area.to_owned(), way);
        let before = match span {
            Some(span) => self.held.insert(key, span),
            None => self.held.remove(&key),
        };
        if before == span {
            return false;
        }
        let told = |span: Option<Span>| span.map(|span| json!({ "from": span.from, "until": span.until }));
        self.journal.record(self.kept_max, |seq| {
            json!({
                "seq": seq, "at": now, "way": way.as_str(), "by": by, "holder": holder, "area": area,
                "before": told(before), "after": told(span),
            })
        });
        true
    }

    /// Areas that a holder has by one way.
    pub(super) fn areas_of(&self, holder: &str, way: Way) -> Vec<String> {
        let own = self.held.keys().filter(|(who, _, how)| who == holder && *how == way);
        own.map(|(_, area, _)| area.clone()).collect()
    }

    /// Every `(holder, area)` of one way.
    pub(super) fn all(&self, way: Way) -> Vec<(String, String)> {
        let own = self.held.keys().filter(|(_, _, how)| *how == way);
        own.map(|(holder, area, _)| (holder.clone(), area.clone())).collect()
    }

    /// Whether the door opens.
    pub(super) fn opens(&self, holder: &str, area: &str, now: Timestamp) -> bool {
        let mut fitting = self.held.iter().filter(|((who, what, _), _)| who == holder && what == area);
        fitting.any(|(_, span)| span.holds(now))
    }

    pub(super) fn to_value(&self) -> Value {
        let row = |((holder, area, way), span): (&(String, String, Way), &Span)| json!({ "holder": holder, "area": area, "way": way.as_str(), "from": span.from, "until": span.until });
        self.held.iter().map(row).collect()
    }

    pub(super) fn journal(&self) -> &Journal {
        &self.journal
    }
}
