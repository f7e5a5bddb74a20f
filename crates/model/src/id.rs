//! Names of things. Text ids are cheap to clone; numeric ids are the target's own numbers.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, de};

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            pub fn new(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self::new(text)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                input.deserialize_any(Number).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

/// Reads a number, or its digits: as the key of a map inside a tagged enum, a number arrives as text.
struct Number;

impl de::Visitor<'_> for Number {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<i64, E> {
        Ok(value)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<i64, E> {
        i64::try_from(value).map_err(|_| E::invalid_value(de::Unexpected::Unsigned(value), &self))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<i64, E> {
        text.parse().map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
    }
}

text_id!(
    /// An Okta org, by the slug it has in the settings: lower-case letters, digits and hyphens.
    TenantId
);
text_id!(
    /// An iOffice instance, by the slug it has in the settings.
    SiteId
);
text_id!(
    /// Okta's id of a group. Policies bind to it; names are for people.
    GroupId
);
text_id!(
    /// `pln_` and the first 16 hex digits of the plan's seal.
    PlanId
);

number_id!(
    /// iOffice's number of a user, unique within its site.
    AccountId
);
number_id!(BuildingId);
number_id!(FloorId);
number_id!(
    /// A room or space; a desk is one too.
    RoomId
);
number_id!(CenterId);
number_id!(NeighborhoodId);
number_id!(SectionId);
number_id!(CategoryId);
number_id!(
    /// A category item (for category 1: a cost center).
    ItemId
);
number_id!(UserTypeId);
number_id!(ReservationId);

/// A person as one tenant knows them: Okta's user id within its tenant. Never an e-mail or a login.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct IdentityId {
    pub tenant: TenantId,
    pub user: Arc<str>,
}

impl IdentityId {
    pub fn new(tenant: TenantId, user: impl Into<Arc<str>>) -> Self {
        Self { tenant, user: user.into() }
    }
}

impl fmt::Display for IdentityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.user)
    }
}

/// An account in one site.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    pub site: SiteId,
    pub id: AccountId,
}

impl fmt::Display for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.site, self.id)
    }
}

/// Whether `text` can be a tenant's or a site's slug: 1 to 40 of a-z, 0-9 and `-`, not starting or ending in `-`.
pub fn is_slug(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}
