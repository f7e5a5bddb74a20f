//! Accepted writes in order, and how often each call was made. Auditors read these; no API call can.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use super::table::Id;

/// One accepted write. Values are kept as text: a journal of many thousand entries stays small.
#[derive(Debug)]
struct Entry {
    at: i64,
    caller: Id,
    caller_name: Box<str>,
    method: Box<str>,
    path: Box<str>,
    kind: &'static str,
    id: Value,
    before: Box<str>,
    after: Box<str>,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    /// The latest; older ones are gone.
    entries: VecDeque<Entry>,
    /// How many there ever were.
    written: u64,
}

/// Who did something and how it came in.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) at: i64,
    /// 0 for somebody at the product's own pages.
    pub(crate) caller: Id,
    pub(crate) caller_name: String,
    pub(crate) method: String,
    pub(crate) path: String,
}

impl Journal {
    /// How many writes were ever accepted.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    pub(crate) fn record(
        &mut self,
        origin: &Origin,
        kind: &'static str,
        id: Value,
        before: &Value,
        after: &Value,
        kept: usize,
    ) {
        self.written += 1;
        while self.entries.len() >= kept.max(1) {
            self.entries.pop_front();
        }
        self.entries.push_back(Entry {
            at: origin.at,
            caller: origin.caller,
            caller_name: origin.caller_name.as_str().into(),
            method: origin.method.as_str().into(),
            path: origin.path.as_str().into(),
            kind,
            id,
            before: before.to_string().into(),
            after: after.to_string().into(),
        });
    }

    pub(crate) fn to_value(&self) -> Value {
        let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
        let first = self.written - self.entries.len() as u64 + 1;
        self.entries
            .iter()
            .zip(first..)
            .map(|(entry, seq)| {
                let at =
                    jiff::Timestamp::from_millisecond(entry.at).map(|at| at.to_string()).unwrap_or_default();
                json!({
                    "seq": seq, "at": at, "caller": {"id": entry.caller, "name": entry.caller_name},
                    "method": entry.method, "path": entry.path, "kind": entry.kind, "id": entry.id,
                    "before": parse(&entry.before), "after": parse(&entry.after),
                })
            })
            .collect()
    }
}

/// Calls by `METHOD pattern`.
#[derive(Debug, Default)]
pub(crate) struct Calls(BTreeMap<String, Count>);

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    accepted: u64,
    refused: u64,
    throttled: u64,
}

impl Calls {
    pub(crate) fn count(&mut self, method: &str, pattern: &str, status: u16) {
        let key = format!("{method} {pattern}");
        let count = self.0.entry(key).or_default();
        match status {
            200..400 => count.accepted += 1,
            429 => count.throttled += 1,
            _ => count.refused += 1,
        }
    }

    pub(crate) fn to_value(&self) -> Value {
        self.0
            .iter()
            .map(|(key, count)| {
                let counts = json!({
                    "accepted": count.accepted, "refused": count.refused, "throttled": count.throttled, "faulted": 0,
                });
                (key.clone(), counts)
            })
            .collect::<serde_json::Map<_, _>>()
            .into()
    }
}
