//! Who wrote what, as the journal keeps it, and how often each call was made. Auditors read these; no API call can.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::table::Id;

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

impl Origin {
    /// One accepted write of this origin, as the journal keeps it.
    pub(crate) fn row(&self, kind: &str, id: &Value, before: &Value, after: &Value, seq: u64) -> String {
        let quoted = |text: &str| Value::from(text).to_string();
        let at = jiff::Timestamp::from_millisecond(self.at).map(|at| at.to_string()).unwrap_or_default();
        let (name, method, path) = (quoted(&self.caller_name), quoted(&self.method), quoted(&self.path));
        format!(
            "{{\"seq\":{seq},\"at\":\"{at}\",\"caller\":{{\"id\":{},\"name\":{name}}},\"method\":{method},\"path\":{path},\
             \"kind\":\"{kind}\",\"id\":{id},\"before\":{before},\"after\":{after}}}",
            self.caller
        )
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
