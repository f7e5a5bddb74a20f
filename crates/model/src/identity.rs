//! A person as Okta knows them. Status meanings follow docs/contracts/okta.md §5.2.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor},
};

use crate::id::{GroupId, IdentityId};

/// Okta's status of a user. Password states belong to employed people.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    Staged,
    Provisioned,
    Active,
    PasswordExpired,
    Recovery,
    LockedOut,
    Suspended,
    Deprovisioned,
    /// A value this version does not know. It changes nothing and is reported.
    Unknown(Arc<str>),
}

impl Status {
    /// Reads Okta's spelling; never fails.
    pub fn parse(text: &str) -> Self {
        match text {
            "STAGED" => Self::Staged,
            "PROVISIONED" => Self::Provisioned,
            "ACTIVE" => Self::Active,
            "PASSWORD_EXPIRED" => Self::PasswordExpired,
            "RECOVERY" => Self::Recovery,
            "LOCKED_OUT" => Self::LockedOut,
            "SUSPENDED" => Self::Suspended,
            "DEPROVISIONED" => Self::Deprovisioned,
            other => Self::Unknown(other.into()),
        }
    }

    /// Okta's spelling.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::Recovery => "RECOVERY",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
            Self::Unknown(text) => text,
        }
    }

    /// Employed and set up: active, or in one of the password states that only concern signing in.
    pub fn is_employed(&self) -> bool {
        matches!(
            self,
            Self::Provisioned | Self::Active | Self::PasswordExpired | Self::Recovery | Self::LockedOut
        )
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One profile value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AttributeValue {
    Text(Arc<str>),
    Bool(bool),
    Number(f64),
    List(Vec<Arc<str>>),
}

/// As a derived `untagged` reads it, without the copy that it makes of each value to try the variants on: every look reads some
/// dozens.
impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Value;
        impl<'de> Visitor<'de> for Value {
            type Value = AttributeValue;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, a number, true or false, or a list of texts")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Text(text.into()))
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Bool(value))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(value as f64))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<AttributeValue, E> {
                Ok(AttributeValue::Number(value as f64))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<AttributeValue, A::Error> {
                let mut all = Vec::new();
                while let Some(item) = items.next_element()? {
                    all.push(item);
                }
                Ok(AttributeValue::List(all))
            }
        }
        deserializer.deserialize_any(Value)
    }
}

impl AttributeValue {
    /// The value as one text: numbers without a trailing `.0`, lists joined by comma.
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Number(value) => value.to_string(),
            Self::List(items) => items.join(","),
        }
    }
}

/// Profile attributes by Okta's name (case matters), sorted by name; null and absent are the same.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(Vec<(Arc<str>, AttributeValue)>);

impl Profile {
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.0.binary_search_by(|(n, _)| (**n).cmp(name)).ok().map(|at| &self.0[at].1)
    }

    /// The text of an attribute; `None` if absent, not a text, or only white space.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.get(name) {
            Some(AttributeValue::Text(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &AttributeValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub fn set(&mut self, name: impl Into<Arc<str>>, value: AttributeValue) {
        let name = name.into();
        match self.0.binary_search_by(|(n, _)| n.cmp(&name)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (name, value)),
        }
    }
}

impl FromIterator<(Arc<str>, AttributeValue)> for Profile {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, AttributeValue)>>(items: I) -> Self {
        let mut list: Vec<_> = items.into_iter().collect();
        list.sort_by(|a, b| a.0.cmp(&b.0));
        list.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(list)
    }
}

/// The groups of one identity, sorted by id, and whether the list is known to be whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    ids: Vec<GroupId>,
    /// All pages were read and the built-in group of everybody was among them, or every policy group's member list
    /// was read to its end. Only then does a missing group mean "not a member".
    pub complete: bool,
}

impl Groups {
    pub fn new(ids: impl IntoIterator<Item = GroupId>, complete: bool) -> Self {
        let mut ids: Vec<_> = ids.into_iter().collect();
        ids.sort();
        ids.dedup();
        Self { ids, complete }
    }

    pub fn contains(&self, id: &GroupId) -> bool {
        self.ids.binary_search(id).is_ok()
    }

    pub fn ids(&self) -> &[GroupId] {
        &self.ids
    }
}

/// An identity as read at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    pub id: IdentityId,
    pub status: Status,
    /// Okta is carrying out an asynchronous status change: what it shows may be about to move.
    pub transitioning: bool,
    pub profile: Profile,
    pub groups: Groups,
    pub created: Option<Timestamp>,
    pub activated: Option<Timestamp>,
    pub status_changed: Option<Timestamp>,
    pub last_updated: Option<Timestamp>,
    /// Okta's id of the user type (`oty…`); not the profile label `userType`.
    pub type_id: Option<Arc<str>>,
    /// When the read was answered, by our clock.
    pub read_at: Timestamp,
}

impl Identity {
    /// A name for people: display name, else first and last name, else login, else the id.
    pub fn display_name(&self) -> String {
        if let Some(name) = self.profile.text("displayName") {
            return name.to_owned();
        }
        let first = self.profile.text("firstName").unwrap_or_default();
        let last = self.profile.text("lastName").unwrap_or_default();
        let name = format!("{first} {last}");
        match name.trim() {
            "" => self.profile.text("login").unwrap_or(&self.id.user).to_owned(),
            name => name.to_owned(),
        }
    }
}

/// What a read of one identity by id said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum IdentityRead {
    Present(Box<Identity>),
    /// 404 by id at `at`. Alone it is no proof that the person is gone (design §5).
    NotFound {
        at: Timestamp,
    },
}

/// A group as the directory lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    pub id: GroupId,
    pub name: Arc<str>,
    pub kind: GroupKind,
    pub last_membership_updated: Option<Timestamp>,
}

/// Where a group's membership comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum GroupKind {
    /// Kept in Okta.
    Native,
    /// Imported from a directory or an app.
    Imported,
    /// Kept by Okta itself (`Everyone`).
    BuiltIn,
    Unknown,
}
