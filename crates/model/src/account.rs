//! A user in iOffice. Field meanings follow docs/contracts/ioffice.md §2 and §3.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, Visitor},
};

use crate::id::{AccountId, AccountKey, CenterId, FloorId, ItemId, RoomId, SectionId, UserTypeId};

/// A text property of an account that policy may own, by the target's own name (`jobTitle`, `custom07`). There are so few that
/// each is a number: in the order of the names.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldName(u8);

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

/// Of `custom01` and so on.
const CUSTOM: &[&str] = &[
    "custom01", "custom02", "custom03", "custom04", "custom05", "custom06", "custom07", "custom08",
    "custom09", "custom10", "custom11", "custom12", "custom13", "custom14", "custom15", "custom16",
    "custom17", "custom18", "custom19", "custom20", "custom21", "custom22", "custom23", "custom24",
    "custom25", "custom26", "custom27", "custom28", "custom29", "custom30",
];

/// All of them, in order.
static NAMES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut names = [FIELDS, CUSTOM].concat();
    names.sort_unstable();
    names
});

impl FieldName {
    /// `None` when iOffice has no such writable text property.
    pub fn new(name: &str) -> Option<Self> {
        let at = NAMES.binary_search(&name).ok()?;
        u8::try_from(at).ok().map(Self)
    }

    pub fn as_str(self) -> &'static str {
        NAMES[usize::from(self.0)]
    }
}

impl Serialize for FieldName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FieldName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Name;
        impl Visitor<'_> for Name {
            type Value = FieldName;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a writable text property")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<FieldName, E> {
                FieldName::new(name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }
        }
        deserializer.deserialize_str(Name)
    }
}

impl fmt::Display for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for FieldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
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
