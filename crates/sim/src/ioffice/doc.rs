//! Simple records: a list of named JSON values under a schema. References are stored as bare ids.

use serde_json::Value;

use super::{
    noun::{Field, Kind, Noun, Write},
    settings::SilentWrite,
    table::{Id, Row},
    wire::{Fields, Refusal, Sent, as_id, ref_id, sent_bool, sent_ref, sent_refs, sent_text},
};

#[derive(Debug, Clone, Default)]
pub(crate) struct Doc {
    values: Vec<(&'static str, Value)>,
    /// Properties outside the schema, for nouns that keep opaque JSON.
    pub(crate) opaque: Option<Box<Fields>>,
    /// Left out of lists: removed user types, archived moves.
    pub(crate) hidden: bool,
    pub(crate) created: i64,
    pub(crate) updated: i64,
    pub(crate) updated_by: Id,
}

impl Row for Doc {
    fn listed(&self) -> bool {
        !self.hidden
    }
}

impl Doc {
    pub(crate) fn new(created: i64) -> Self {
        Self { created, updated: created, ..Self::default() }
    }

    /// For seeds: the record with one more property.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.set(name, value.into());
        self
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.values.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or("")
    }
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).and_then(Value::as_bool)
    }
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(Value::as_i64)
    }
    /// The id that a reference property holds; 0 when it holds none.
    pub(crate) fn reference(&self, name: &str) -> Id {
        self.get(name).and_then(as_id).unwrap_or(0)
    }
    pub(crate) fn references(&self, name: &str) -> impl Iterator<Item = Id> {
        self.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(as_id)
    }
    pub(crate) fn name(&self) -> &str {
        self.text("name")
    }

    pub(crate) fn set(&mut self, name: &'static str, value: Value) {
        match self.values.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => {
                if self.values.len() == self.values.capacity() {
                    self.values.reserve_exact(if self.values.is_empty() { 6 } else { 2 });
                }
                self.values.push((name, value));
            }
        }
    }

    pub(crate) fn clear(&mut self, name: &str) {
        self.values.retain(|(key, _)| *key != name);
    }

    /// Whether any text property contains `text` (lower case).
    pub(crate) fn contains(&self, text: &str, properties: &[&str]) -> bool {
        properties.iter().any(|name| self.text(name).to_lowercase().contains(text))
    }
}

/// How a body may change a record.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    /// A create: required properties must be there.
    pub(crate) creating: bool,
    pub(crate) null_clears: SilentWrite,
    /// Names outside the published contract are refused.
    pub(crate) published_only: bool,
}

/// Merges `body` into `doc`. References are checked by the caller, who knows what exists; they come back as a list.
pub(crate) fn merge(
    noun: Noun,
    doc: &mut Doc,
    body: &Fields,
    rules: Rules,
) -> Result<Vec<(Noun, Id, &'static str)>, Refusal> {
    let schema = noun.schema();
    let mut references = Vec::new();
    for field in schema.fields {
        if field.write == Write::Never {
            continue;
        }
        match sent(field, body, &mut references)? {
            Sent::Absent => {}
            Sent::Null => match rules.null_clears {
                _ if field.write == Write::Required => {
                    return Err(Refusal::invalid(format!("{} is required", field.name)));
                }
                SilentWrite::Accept => doc.clear(field.name),
                SilentWrite::Ignore => {}
                SilentWrite::Reject400 => {
                    return Err(Refusal::invalid(format!("{} must not be null", field.name)));
                }
            },
            Sent::Value(value) => doc.set(field.name, value),
        }
        let missing =
            doc.get(field.name).is_none_or(|value| value.as_str().is_some_and(|text| text.trim().is_empty()));
        if field.write == Write::Required && missing && (rules.creating || body.contains_key(field.name)) {
            return Err(Refusal::invalid(format!("{} is required", field.name)));
        }
    }
    if schema.open {
        let opaque = doc.opaque.get_or_insert_default();
        for (key, value) in body {
            if schema.field(key).is_some() || matches!(key.as_str(), "id" | "dateCreated" | "dateUpdated") {
                continue;
            }
            match rules.null_clears {
                _ if !value.is_null() => {
                    opaque.insert(key.clone(), value.clone());
                }
                SilentWrite::Accept => {
                    opaque.shift_remove(key);
                }
                SilentWrite::Ignore => {}
                SilentWrite::Reject400 => return Err(Refusal::invalid(format!("{key} must not be null"))),
            }
        }
    } else if rules.published_only
        && let Some(key) = body.keys().find(|key| !noun.knows(key))
    {
        return Err(Refusal::invalid(format!("unknown property {key}")));
    }
    Ok(references)
}

fn sent(
    field: &'static Field,
    body: &Fields,
    references: &mut Vec<(Noun, Id, &'static str)>,
) -> Result<Sent<Value>, Refusal> {
    let name = field.name;
    let wrong = |what: &str| Refusal::invalid(format!("{name} must be {what}"));
    Ok(match field.kind {
        Kind::Text => match sent_text(body, name)? {
            Sent::Value(text) => Sent::Value(Value::from(text)),
            Sent::Absent => Sent::Absent,
            Sent::Null => Sent::Null,
        },
        Kind::Flag => match sent_bool(body, name)? {
            Sent::Value(flag) => Sent::Value(Value::from(flag)),
            Sent::Absent => Sent::Absent,
            Sent::Null => Sent::Null,
        },
        Kind::Number | Kind::Int => match body.get(name) {
            None => Sent::Absent,
            Some(Value::Null) => Sent::Null,
            Some(Value::Number(number)) if field.kind == Kind::Number || number.is_i64() => {
                Sent::Value(Value::Number(number.clone()))
            }
            Some(_) => return Err(wrong("a number")),
        },
        Kind::Ref(noun) => match sent_ref(body, name)? {
            Sent::Value(id) => {
                references.push((noun, id, name));
                Sent::Value(Value::from(id))
            }
            Sent::Absent => Sent::Absent,
            Sent::Null => Sent::Null,
        },
        Kind::Refs(noun) => match sent_refs(body, name)? {
            Sent::Value(ids) => {
                references.extend(ids.iter().map(|&id| (noun, id, name)));
                Sent::Value(Value::from(ids))
            }
            Sent::Absent => Sent::Absent,
            Sent::Null => Sent::Null,
        },
        Kind::Any => match body.get(name) {
            None => Sent::Absent,
            Some(Value::Null) => Sent::Null,
            Some(value) => Sent::Value(value.clone()),
        },
    })
}

/// The `id` of a body that must carry one.
pub(crate) fn body_id(body: &Fields) -> Result<Id, Refusal> {
    ref_id(&Value::Object(Fields::from_iter(body.get("id").map(|id| ("id".to_owned(), id.clone())))))
        .ok_or_else(|| Refusal::invalid("id is required"))
}
