//! Tolerant reading of iOffice's JSON (§1.3).
//!
//! Absent, `null`, `""` and `{}` all mean "no value"; booleans and numbers may arrive as text; ids may be wrapped
//! as `{"id": 7}`. Nothing here fails: a row that lacks its id is dropped and counted by the caller.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// A reference to another record. `name` and `code` are as last seen, for people only.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Reference {
    pub id: i64,
    pub name: Option<String>,
    pub code: Option<String>,
}

/// One JSON object, read by field.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a>(Option<&'a Map<String, Value>>);

impl<'a> Fields<'a> {
    pub fn of(value: &'a Value) -> Self {
        Self(value.as_object())
    }

    pub fn get(self, name: &str) -> Option<&'a Value> {
        self.0?.get(name).filter(|v| !is_no_value(v))
    }

    /// Whether the field came at all, even as "no value".
    pub fn has(self, name: &str) -> bool {
        self.0.is_some_and(|m| m.contains_key(name))
    }

    /// The nested object, empty when there is none.
    pub fn inside(self, name: &str) -> Self {
        Self(self.get(name).and_then(Value::as_object))
    }

    /// Text, trimmed of nothing; numbers and booleans are written out.
    pub fn text(self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(s) => Some(s.clone()),
            Value::Number(n) => Some(n.to_string()),
            Value::Bool(b) => Some(b.to_string()),
            _ => None,
        }
    }

    pub fn flag(self, name: &str) -> Option<bool> {
        self.get(name).and_then(as_flag)
    }

    pub fn number(self, name: &str) -> Option<i64> {
        self.get(name).and_then(as_id)
    }

    /// The record's own id, bare or wrapped.
    pub fn id(self) -> Option<i64> {
        self.number("id")
    }

    /// Milliseconds since the epoch, as number or text.
    pub fn millis(self, name: &str) -> Option<Timestamp> {
        let ms = match self.get(name)? {
            Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64))?,
            Value::String(s) => s.trim().parse().ok()?,
            _ => return None,
        };
        Timestamp::from_millisecond(ms).ok()
    }

    pub fn reference(self, name: &str) -> Option<Reference> {
        self.get(name).and_then(Reference::read)
    }

    /// The list, or `None` when it did not come. `null` and `{}` count as not come; `[]` is an empty list.
    pub fn list(self, name: &str) -> Option<&'a [Value]> {
        self.0?.get(name)?.as_array().map(Vec::as_slice)
    }

    pub fn references(self, name: &str) -> Option<Vec<Reference>> {
        Some(self.list(name)?.iter().filter_map(Reference::read).collect())
    }
}

impl Reference {
    fn read(value: &Value) -> Option<Self> {
        if !value.is_object() {
            return as_id(value).map(|id| Self { id, name: None, code: None });
        }
        let fields = Fields::of(value);
        Some(Self { id: fields.id()?, name: fields.text("name"), code: fields.text("code") })
    }
}

fn is_no_value(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(s) => s.is_empty(),
        Value::Object(m) => m.is_empty(),
        _ => false,
    }
}

pub(crate) fn as_flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::String(s) => match s.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Some(true),
            "false" | "no" | "0" => Some(false),
            _ => None,
        },
        Value::Number(n) => n.as_i64().map(|i| i != 0),
        _ => None,
    }
}

pub(crate) fn as_id(value: &Value) -> Option<i64> {
    match value {
        Value::Number(n) => n.as_i64(),
        Value::String(s) => s.trim().parse().ok(),
        Value::Object(m) => m.get("id").and_then(as_id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn odd_spellings_read_as_what_they_mean() {
        let value = json!({
            "id": {"id": 3438}, "code": "", "location": {}, "metric": "true", "name": 12, "parking": false,
            "arrival": "1464727067663", "floor": {"id": 7, "name": "Level 2"}, "room": {}, "centers": [], "userId": "51"
        });
        let f = Fields::of(&value);
        assert_eq!(f.id(), Some(3438));
        assert_eq!(f.text("code"), None);
        assert!(f.has("code"));
        assert_eq!(f.flag("metric"), Some(true));
        assert_eq!(f.flag("parking"), Some(false));
        assert_eq!(f.flag("absent"), None);
        assert_eq!(f.text("name").as_deref(), Some("12"));
        assert_eq!(f.millis("arrival").unwrap().as_millisecond(), 1_464_727_067_663);
        assert_eq!(f.reference("floor").unwrap().name.as_deref(), Some("Level 2"));
        assert_eq!(f.reference("room"), None);
        assert_eq!(f.references("centers"), Some(vec![]));
        assert_eq!(f.references("users"), None);
        assert_eq!(f.number("userId"), Some(51));
        assert_eq!(Fields::of(&json!(3)).id(), None);
    }
}
