//! User profiles, packed: an attribute number and a value each, repeated texts shared.

use std::{collections::HashMap, collections::HashSet, sync::Arc};

use serde_json::{Map, Value};

use super::json::Json;

/// Number of an attribute name in [`AttributeNames`].
pub type AttributeKey = u16;

/// The base attributes, in the vendor's order; their keys are their places here.
pub const BASE_ATTRIBUTES: [&str; 31] = [
    "login",
    "firstName",
    "lastName",
    "middleName",
    "honorificPrefix",
    "honorificSuffix",
    "email",
    "title",
    "displayName",
    "nickName",
    "profileUrl",
    "secondEmail",
    "mobilePhone",
    "primaryPhone",
    "streetAddress",
    "city",
    "state",
    "zipCode",
    "countryCode",
    "postalAddress",
    "preferredLanguage",
    "locale",
    "timezone",
    "userType",
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "managerId",
    "manager",
];

pub const LOGIN: AttributeKey = 0;
pub const FIRST_NAME: AttributeKey = 1;
pub const LAST_NAME: AttributeKey = 2;
pub const EMAIL: AttributeKey = 6;
pub const DISPLAY_NAME: AttributeKey = 8;
pub const SECOND_EMAIL: AttributeKey = 11;

/// Attribute names of the org, base and custom.
#[derive(Debug)]
pub struct AttributeNames {
    names: Vec<Arc<str>>,
    keys: HashMap<Arc<str>, AttributeKey>,
}

impl AttributeNames {
    pub fn new() -> Self {
        let mut names = Self { names: Vec::new(), keys: HashMap::new() };
        for name in BASE_ATTRIBUTES {
            names.intern(name);
        }
        names
    }

    pub fn intern(&mut self, name: &str) -> AttributeKey {
        if let Some(key) = self.keys.get(name) {
            return *key;
        }
        let key = self.names.len() as AttributeKey;
        let name: Arc<str> = name.into();
        self.names.push(name.clone());
        self.keys.insert(name, key);
        key
    }

    pub fn key(&self, name: &str) -> Option<AttributeKey> {
        self.keys.get(name).copied()
    }

    pub fn name(&self, key: AttributeKey) -> &str {
        self.names.get(usize::from(key)).map_or("", |name| name)
    }
}

/// One attribute value. Absent and null are the same to the vendor; neither is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    Text(Arc<str>),
    Bool(bool),
    Whole(i64),
    Number(f64),
    List(Arc<[Field]>),
}

impl Field {
    pub fn of(value: &Value, texts: &mut Texts) -> Option<Self> {
        Some(match value {
            Value::String(text) => Self::Text(texts.share(text)),
            Value::Bool(value) => Self::Bool(*value),
            Value::Number(number) => match number.as_i64() {
                Some(whole) => Self::Whole(whole),
                None => Self::Number(number.as_f64()?),
            },
            Value::Array(items) => {
                Self::List(items.iter().filter_map(|item| Self::of(item, texts)).collect())
            }
            Value::Null | Value::Object(_) => return None,
        })
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn write(&self, out: &mut Json) {
        match self {
            Self::Text(text) => out.str(text),
            Self::Bool(value) => out.raw(if *value { "true" } else { "false" }),
            Self::Whole(value) => out.raw(&value.to_string()),
            Self::Number(value) => out.raw(&value.to_string()),
            Self::List(items) => {
                out.open('[');
                for item in items.iter() {
                    item.write(out);
                }
                out.close(']');
            }
        }
    }

    /// The same for equal values, and rarely for others.
    pub fn mark(&self) -> u64 {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut hasher = DefaultHasher::new();
        match self {
            Self::Text(text) => text.hash(&mut hasher),
            other => other.to_value().to_string().hash(&mut hasher),
        }
        hasher.finish()
    }

    pub fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(&**text),
            Self::Bool(value) => Value::from(*value),
            Self::Whole(value) => Value::from(*value),
            Self::Number(value) => Value::from(*value),
            Self::List(items) => items.iter().map(Field::to_value).collect(),
        }
    }
}

/// Shares equal texts (departments, cities) between profiles. Bounded: past the bound, texts are simply not shared.
#[derive(Debug, Default)]
pub struct Texts(HashSet<Arc<str>>);

impl Texts {
    const MAX: usize = 50_000;

    pub fn share(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.0.get(text) {
            return known.clone();
        }
        let fresh: Arc<str> = text.into();
        if self.0.len() < Self::MAX {
            self.0.insert(fresh.clone());
        }
        fresh
    }
}

/// A profile, ordered by attribute key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Profile(Vec<(AttributeKey, Field)>);

impl Profile {
    pub fn get(&self, key: AttributeKey) -> Option<&Field> {
        self.0.binary_search_by_key(&key, |entry| entry.0).ok().map(|at| &self.0[at].1)
    }

    pub fn text(&self, key: AttributeKey) -> &str {
        self.get(key).and_then(Field::text).unwrap_or_default()
    }

    /// The text itself, to be held elsewhere too.
    pub fn shared(&self, key: AttributeKey) -> Option<Arc<str>> {
        match self.get(key) {
            Some(Field::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    pub fn set(&mut self, key: AttributeKey, value: Option<Field>) {
        match (self.0.binary_search_by_key(&key, |entry| entry.0), value) {
            (Ok(at), Some(value)) => self.0[at].1 = value,
            (Ok(at), None) => {
                self.0.remove(at);
            }
            (Err(at), Some(value)) => self.0.insert(at, (key, value)),
            (Err(_), None) => {}
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn pack(&mut self) {
        self.0.shrink_to_fit();
    }

    pub fn iter(&self) -> impl Iterator<Item = (AttributeKey, &Field)> {
        self.0.iter().map(|(key, value)| (*key, value))
    }

    /// Keys whose values differ.
    pub fn changed(&self, other: &Profile) -> Vec<AttributeKey> {
        let mut keys: Vec<_> = self.iter().chain(other.iter()).map(|(key, _)| key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| self.get(*key) != other.get(*key));
        keys
    }

    pub fn write(&self, names: &AttributeNames, only: Option<&[String]>, out: &mut Json) {
        out.open('{');
        for (key, value) in self.iter() {
            let name = names.name(key);
            if only.is_none_or(|only| only.iter().any(|wanted| wanted == name)) {
                out.key(name);
                value.write(out);
            }
        }
        out.close('}');
    }

    pub fn to_value(&self, names: &AttributeNames) -> Map<String, Value> {
        self.iter().map(|(key, value)| (names.name(key).to_owned(), value.to_value())).collect()
    }
}
