//! Lenient looks into a JSON value: Okta's own samples put null or a number where text is promised (contract §18).

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

/// A record, or a list of records, without what begins with an underscore (`_links`, `_embedded`) and without [`UNREAD`]:
/// Okta sends more of it than of anything else, and a value that is never looked at need not be built.
pub(crate) struct Plain(pub(crate) Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

/// Parts of people, groups and log entries that nothing here asks about.
const UNREAD: &[&str] = &[
    "authenticationContext",
    "client",
    "credentials",
    "lastLogin",
    "objectClass",
    "passwordChanged",
    "request",
    "securityContext",
];

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record or a list of records")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut record = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key.starts_with('_') || UNREAD.contains(&key.as_str()) {
                map.next_value::<IgnoredAny>()?;
            } else {
                record.insert(key, map.next_value()?);
            }
        }
        Ok(Value::Object(record))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Plain(row)) = rows.next_element()? {
            all.push(row);
        }
        Ok(Value::Array(all))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_read_without_their_links() {
        let sent = json!([
            { "id": "00u1", "_links": { "self": { "href": "x" } }, "credentials": { "a": [{}] }, "profile": { "_kept": 1, "a": [1, 2.5, null, true] } },
            "a row that is no record",
            -4,
        ]);
        let plain: Plain = serde_json::from_str(&sent.to_string()).unwrap();
        let wanted = json!([
            { "id": "00u1", "profile": { "_kept": 1, "a": [1, 2.5, null, true] } },
            "a row that is no record",
            -4,
        ]);
        assert_eq!(plain.0, wanted);
        assert!(serde_json::from_str::<Plain>("{\"id\":").is_err());
    }
}
