//! A User or Group: read from what clients send, replaced by PUT, found by its keys, written for clients.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    Kind, Refusal,
    filter::Field,
    schema::{self, Attribute, Shape},
};

/// Longest text value, in bytes.
const TEXT_BYTES_MAX: usize = 8192;

/// Attributes in canonical names and shapes, without `schemas`, `id`, `meta`, and never with a password.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    kind: Kind,
    attributes: Map<String, Value>,
}

/// A value by which a resource is found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub field: Field,
    /// Folded.
    pub value: String,
    /// No other resource may have it.
    pub sole: bool,
}

/// What the server knows of a resource besides its attributes.
#[derive(Debug, Clone, Copy)]
pub struct Meta<'m> {
    pub id: &'m str,
    pub location: &'m str,
    /// RFC 3339.
    pub created: &'m str,
    pub modified: &'m str,
}

impl Resource {
    /// Reads a whole resource as sent with POST or PUT. Names in any case; unknown attributes, read-only ones and
    /// passwords are left out, null means absent.
    ///
    /// # Errors
    /// [`Refusal::InvalidSyntax`] for what is not an object, [`Refusal::InvalidValue`] for a missing name or a value of
    /// the wrong shape.
    pub fn read(kind: Kind, body: &Value) -> Result<Self, Refusal> {
        let Value::Object(given) = body else {
            return Err(Refusal::InvalidSyntax(format!("a {} is a JSON object", kind.name())));
        };
        let mut attributes = Map::new();
        for (name, value) in given {
            let extension = kind.extension().filter(|extension| extension.name.eq_ignore_ascii_case(name));
            let Some(attribute) = extension.or_else(|| kind.attribute(name)) else { continue };
            if let Some(value) = canonical(attribute, value)? {
                attributes.insert(attribute.name.to_owned(), value);
            }
        }
        Self::checked(kind, attributes)
    }

    /// A resource as [`Self::attributes`] gave it.
    pub fn from_kept(kind: Kind, attributes: Map<String, Value>) -> Self {
        Self { kind, attributes }
    }

    /// With everything it must have, and nothing empty.
    pub(crate) fn checked(kind: Kind, mut attributes: Map<String, Value>) -> Result<Self, Refusal> {
        attributes.retain(|_, value| !is_empty(value));
        for attribute in kind.attributes().iter().filter(|attribute| attribute.required) {
            let given = attributes.get(attribute.name).and_then(Value::as_str).map(str::trim);
            if given.is_none_or(str::is_empty) {
                return Err(Refusal::InvalidValue(format!("{} is required", attribute.name)));
            }
        }
        for attribute in kind.attributes().iter().filter(|attribute| attribute.many) {
            if let Some(Value::Array(entries)) = attributes.get_mut(attribute.name) {
                one_primary(entries);
                if attribute.name == "members" {
                    *entries = each_once(std::mem::take(entries));
                }
            }
        }
        attributes.retain(|_, value| !is_empty(value));
        Ok(Self { kind, attributes })
    }

    /// What PUT makes of it: `given`, but `active` and `externalId` stay if they were not sent (some profile pushes
    /// leave them out, and absent is not false).
    #[must_use]
    pub fn replaced_by(&self, mut given: Self) -> Self {
        for name in ["active", "externalId"] {
            if let (None, Some(kept)) = (given.attributes.get(name), self.attributes.get(name)) {
                given.attributes.insert(name.to_owned(), kept.clone());
            }
        }
        given
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// Not said means active.
    pub fn is_active(&self) -> bool {
        self.attributes.get("active") != Some(&Value::Bool(false))
    }

    #[must_use]
    pub fn with_active(mut self, active: bool) -> Self {
        self.attributes.insert("active".to_owned(), Value::Bool(active));
        self
    }

    /// A text attribute of the core schema.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }

    /// Okta's user id, as the client says.
    pub fn external_id(&self) -> Option<&str> {
        self.text("externalId").filter(|id| !id.is_empty())
    }

    /// Ids of a group's members, each once.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        entries(&self.attributes, "members").filter_map(|member| member.get("value").and_then(Value::as_str))
    }

    /// Leaves out members for which `keep` says no; whether there were any.
    pub fn retain_members(&mut self, keep: impl Fn(&str) -> bool) -> bool {
        let Some(Value::Array(members)) = self.attributes.get_mut("members") else { return false };
        let before = members.len();
        members.retain(|member| member.get("value").and_then(Value::as_str).is_some_and(&keep));
        let dropped = members.len() < before;
        if members.is_empty() {
            self.attributes.remove("members");
        }
        dropped
    }

    /// What it is found by, besides its id.
    pub fn keys(&self) -> Vec<Key> {
        let naming = match self.kind {
            Kind::User => Field::UserName,
            Kind::Group => Field::DisplayName,
        };
        let texts = [Field::ExternalId, Field::UserName, Field::DisplayName]
            .into_iter()
            .filter_map(|field| Some((field, self.text(field.name())?)));
        let emails = entries(&self.attributes, "emails")
            .filter_map(|email| Some((Field::Email, email.get("value").and_then(Value::as_str)?)));
        let mut keys: Vec<_> = texts
            .chain(emails)
            .map(|(field, value)| Key { field, value: field.fold(value), sole: field == naming })
            .collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// The whole resource for clients. A group always shows its members, if only as an empty list.
    pub fn render(&self, meta: Meta<'_>) -> Value {
        let extension = self.kind.extension().filter(|e| self.attributes.contains_key(e.name));
        let schemas: Vec<_> = std::iter::once(self.kind.schema()).chain(extension.map(|e| e.name)).collect();
        let mut body = Map::new();
        body.insert("schemas".into(), json!(schemas));
        body.insert("id".into(), meta.id.into());
        body.extend(self.attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
        if self.kind == Kind::Group {
            body.entry("members").or_insert_with(|| json!([]));
        }
        body.insert(
            "meta".into(),
            json!({
                "resourceType": self.kind.name(),
                "created": meta.created,
                "lastModified": meta.modified,
                "location": meta.location,
            }),
        );
        Value::Object(body)
    }
}

fn entries<'a>(attributes: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    attributes.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// A value in the attribute's own shape; `None` for null, empty lists and objects, and what holds nothing known.
pub(crate) fn canonical(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    if !attribute.many {
        return canonical_one(attribute, value);
    }
    let given = match value {
        Value::Array(given) => given.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut list = Vec::with_capacity(given.len());
    for value in given {
        list.extend(canonical_one(attribute, value)?);
    }
    Ok(Some(Value::Array(list)).filter(|list| !is_empty(list)))
}

fn canonical_one(attribute: &Attribute, value: &Value) -> Result<Option<Value>, Refusal> {
    let wrong = |wanted: &str| Err(Refusal::InvalidValue(format!("{} is {wanted}", attribute.name)));
    match (attribute.shape, value) {
        (_, Value::Null) => Ok(None),
        (Shape::Text, Value::String(text)) if text.len() > TEXT_BYTES_MAX => wrong("too long"),
        (Shape::Text, Value::String(text)) => Ok(Some(text.as_str().into())),
        (Shape::Text, Value::Number(number)) => Ok(Some(number.to_string().into())),
        (Shape::Text, _) => wrong("a text"),
        (Shape::Flag, Value::Bool(flag)) => Ok(Some((*flag).into())),
        (Shape::Flag, Value::String(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true.into())),
        (Shape::Flag, Value::String(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false.into())),
        (Shape::Flag, _) => wrong("true or false"),
        (Shape::Complex(_), Value::Object(given)) => {
            let mut kept = Map::new();
            for (name, value) in given {
                let Some(part) = attribute.part(name) else { continue };
                if let Some(value) = canonical(part, value)? {
                    kept.insert(part.name.to_owned(), value);
                }
            }
            Ok(Some(Value::Object(kept)).filter(|kept| !is_empty(kept)))
        }
        // Some clients send only the value of an entry, or of a manager.
        (Shape::Complex(_), Value::String(_) | Value::Number(_)) => match attribute.part("value") {
            Some(part) => Ok(canonical(part, value)?.map(|value| json!({ "value": value }))),
            None => wrong("an object"),
        },
        (Shape::Complex(_), _) => wrong("an object"),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        _ => false,
    }
}

/// At most one entry is the primary one: the first that says so.
fn one_primary(entries: &mut [Value]) {
    let mut seen = false;
    for entry in entries {
        if entry.get("primary") == Some(&Value::Bool(true)) {
            if seen {
                entry["primary"] = Value::Bool(false);
            }
            seen = true;
        }
    }
}

/// Members as a set: each id once, in the order of first mention, with what was said last; entries without id go.
fn each_once(members: Vec<Value>) -> Vec<Value> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut once: Vec<Value> = Vec::with_capacity(members.len());
    for member in members {
        let Some(id) = member.get("value").and_then(Value::as_str).filter(|id| !id.is_empty()) else {
            continue;
        };
        match places.get(id) {
            Some(&place) => once[place] = member,
            None => {
                places.insert(id.to_owned(), once.len());
                once.push(member);
            }
        }
    }
    once
}

/// Whether clients may send it without effect.
pub(crate) fn is_ignored(name: &str) -> bool {
    schema::is_read_only(name) || schema::is_secret(name)
}
