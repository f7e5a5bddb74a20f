//! Lenient looks into a JSON value: Okta's own samples put null or a number where text is promised (contract §18).

use jiff::Timestamp;
use serde_json::{Map, Value};

/// Text under `key`; numbers and booleans count as text, null, empty and anything else do not.
pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(s) if s.is_empty() => None,
        Value::String(s) => Some(s.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Bool(b) => Some(b.to_string()),
        _ => None,
    }
}

/// Text at the end of a path of keys.
pub(crate) fn text_at(value: &Value, path: &[&str]) -> Option<String> {
    let (last, parents) = path.split_last()?;
    let mut at = value;
    for key in parents {
        at = at.get(key)?;
    }
    text(at, last)
}

/// A time stamp under `key`; an unreadable one counts as absent.
pub(crate) fn time(value: &Value, key: &str) -> Option<Timestamp> {
    text(value, key)?.parse().ok()
}

/// The members of an object under `key`, in the order sent; empty if it is none.
pub(crate) fn object(value: &Value, key: &str) -> Map<String, Value> {
    value.get(key).and_then(Value::as_object).cloned().unwrap_or_default()
}

/// The elements of an array under `key`; an object standing alone counts as one element.
pub(crate) fn array<'a>(value: &'a Value, key: &str) -> Vec<&'a Value> {
    match value.get(key) {
        Some(Value::Array(items)) => items.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    }
}
