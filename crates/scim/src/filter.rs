//! Filters: equalities on what resources are found by, combined with `and`. Everything else is refused by name.

use serde_json::Value;

use crate::{Kind, Refusal, Resource, comparison, schema};

/// What a resource can be found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    Id,
    ExternalId,
    UserName,
    DisplayName,
    Email,
}

impl Field {
    fn of(kind: Kind, name: &str) -> Option<Self> {
        let bare = schema::after_urn(name, kind.schema()).and_then(|rest| rest.strip_prefix(':'));
        match (kind, bare.unwrap_or(name).to_ascii_lowercase().as_str()) {
            (_, "id") => Some(Self::Id),
            (_, "externalid") => Some(Self::ExternalId),
            (_, "displayname") => Some(Self::DisplayName),
            (Kind::User, "username") => Some(Self::UserName),
            (Kind::User, "emails.value" | "emails") => Some(Self::Email),
            _ => None,
        }
    }

    /// Stable, for keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::ExternalId => "externalId",
            Self::UserName => "userName",
            Self::DisplayName => "displayName",
            Self::Email => "emails.value",
        }
    }

    /// The form in which values are compared: ids letter by letter, names without regard to case.
    pub fn fold(self, value: &str) -> String {
        match self {
            Self::Id | Self::ExternalId => value.to_owned(),
            Self::UserName | Self::DisplayName | Self::Email => value.to_lowercase(),
        }
    }
}

/// A filter: all of its parts must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    parts: Vec<(Field, String)>,
}

impl Filter {
    /// Reads a filter over resources of this kind.
    ///
    /// # Errors
    /// [`Refusal::InvalidFilter`] for everything but `attribute eq "text"`, combined with `and`, where the attribute is
    /// userName, externalId, id, displayName or emails.value (Groups: externalId, id, displayName).
    pub fn parse(kind: Kind, text: &str) -> Result<Self, Refusal> {
        let mut parts = Vec::new();
        for comparison in comparison::read(text).map_err(Refusal::InvalidFilter)? {
            let Some(field) = Field::of(kind, comparison.name) else {
                let name = comparison.name;
                return Err(Refusal::InvalidFilter(format!("{}s are not found by {name}", kind.name())));
            };
            let Value::String(value) = &comparison.value else {
                return Err(Refusal::InvalidFilter(format!("{} is compared with a text", field.name())));
            };
            parts.push((field, field.fold(value)));
        }
        Ok(Self { parts })
    }

    /// The part that narrows most, folded: who looks resources up begins with it.
    pub fn narrowest(&self) -> Option<(Field, &str)> {
        self.parts.iter().min_by_key(|(field, _)| *field).map(|(field, value)| (*field, value.as_str()))
    }

    pub fn matches(&self, id: &str, resource: &Resource) -> bool {
        self.parts.iter().all(|(field, value)| match field {
            Field::Id => value == id,
            _ => resource.keys().iter().any(|key| key.field == *field && key.value == *value),
        })
    }
}
