//! A user in iOffice. Field meanings follow docs/contracts/ioffice.md §2 and §3.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountId, AccountKey, CenterId, FloorId, ItemId, RoomId, SectionId, UserTypeId};

/// A text property of an account that policy may own, by the target's own name (`jobTitle`, `custom07`).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FieldName(Arc<str>);

/// Writable text properties besides `custom01` to `custom30`.
pub const FIELDS: &[&str] = &[
    "address",
    "alternateDelivery",
    "assistantName",
    "city",
    "comments",
    "company",
    "department",
    "email",
    "employeeId",
    "extension",
    "fax",
    "firstName",
    "jobTitle",
    "knownAs",
    "lastName",
    "middleName",
    "mobile",
    "phone",
    "postalCode",
    "state",
    "userName",
];

impl FieldName {
    /// `None` when iOffice has no such writable text property.
    pub fn new(name: &str) -> Option<Self> {
        let custom = name.strip_prefix("custom").is_some_and(|digits| {
            digits.len() == 2 && digits.parse::<u8>().is_ok_and(|n| (1..=30).contains(&n))
        });
        (custom || FIELDS.contains(&name)).then(|| Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A role in a center, weakest first. Site administrators stand above all and are never governed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Role {
    Customer,
    Manager,
    /// No policy gives it: the API's documents name it as a filter only. Somebody who has it keeps it, or loses it, like any.
    Technician,
    Operator,
    Administrator,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Manager => "MANAGER",
            Self::Technician => "TECHNICIAN",
            Self::Operator => "OPERATOR",
            Self::Administrator => "ADMINISTRATOR",
        }
    }

    /// Reads either letter case.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Customer, Self::Manager, Self::Technician, Self::Operator, Self::Administrator]
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text))
    }
}

/// What kind of account a row is. Only people are governed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountKind {
    Person,
    /// The account this engine signs in with.
    Own,
    /// The vendor's own account (id 1).
    Vendor,
    /// A kiosk (`$@…@$`).
    Device,
}

/// An account as read at one moment. `None` in an `Option<collection>` means "not readable", never "empty".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Account {
    pub key: AccountKey,
    pub kind: AccountKind,
    /// `None`: the target does not show it, and the account appears in the list of live ones.
    pub active: Option<bool>,
    /// Non-empty text properties, `userName` and `email` among them.
    pub fields: BTreeMap<FieldName, String>,
    pub user_type: Option<(UserTypeId, Arc<str>)>,
    pub seat: Option<Seat>,
    pub section: Option<SectionId>,
    /// `assigned`, `hybrid`, `remote`, where readable.
    pub seat_class: Option<Arc<str>>,
    pub cost_center: Option<ItemId>,
    pub items: Option<BTreeSet<ItemId>>,
    /// At most one role per center.
    pub roles: Option<BTreeMap<CenterId, Role>>,
    pub site_admin: Option<bool>,
    pub updated_at: Option<Timestamp>,
    pub updated_by: Option<AccountId>,
    pub read_at: Timestamp,
}

/// An assigned space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub room: RoomId,
    pub floor: Option<FloorId>,
}

impl Account {
    pub fn field(&self, name: &str) -> Option<&str> {
        FieldName::new(name).and_then(|name| self.fields.get(&name)).map(String::as_str)
    }

    pub fn id(&self) -> AccountId {
        self.key.id
    }

    /// Not shown as inactive.
    pub fn is_live(&self) -> bool {
        self.active != Some(false)
    }

    /// A name for people.
    pub fn display_name(&self) -> String {
        let first = self.field("knownAs").or(self.field("firstName")).unwrap_or_default();
        let last = self.field("lastName").unwrap_or_default();
        match format!("{first} {last}").trim() {
            "" => self.field("userName").map_or_else(|| self.key.to_string(), str::to_owned),
            name => name.to_owned(),
        }
    }
}

/// What a read of one account by id said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum AccountRead {
    Present(Box<Account>),
    /// 404 by id. Inactive accounts may read so (contract A-13).
    NotFound {
        at: Timestamp,
    },
}
