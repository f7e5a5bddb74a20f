//! Which attributes there are. What is not in these tables is not kept: neither passwords nor certificates nor photos.

/// Core schema of a User.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// Core schema of a Group.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of a User.
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// What a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    User,
    Group,
}

/// What a value looks like.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Text,
    Flag,
    Complex(&'static [Attribute]),
}

/// One attribute.
#[derive(Debug, Clone, Copy)]
pub struct Attribute {
    pub name: &'static str,
    pub shape: Shape,
    /// A list of such values.
    pub many: bool,
    /// A resource without it is refused.
    pub required: bool,
    /// Compared letter by letter; else case is ignored.
    pub exact: bool,
    /// No two resources may have the same.
    pub unique: bool,
}

const fn text(name: &'static str) -> Attribute {
    Attribute { name, shape: Shape::Text, many: false, required: false, exact: false, unique: false }
}

const fn exact(name: &'static str) -> Attribute {
    Attribute { exact: true, ..text(name) }
}

const fn flag(name: &'static str) -> Attribute {
    Attribute { shape: Shape::Flag, ..text(name) }
}

const fn complex(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    Attribute { shape: Shape::Complex(parts), ..text(name) }
}

const fn list(name: &'static str, parts: &'static [Attribute]) -> Attribute {
    Attribute { many: true, ..complex(name, parts) }
}

const fn naming(name: &'static str) -> Attribute {
    Attribute { required: true, unique: true, ..text(name) }
}

const NAME: &[Attribute] = &[
    text("formatted"),
    text("familyName"),
    text("givenName"),
    text("middleName"),
    text("honorificPrefix"),
    text("honorificSuffix"),
];
const ENTRY: &[Attribute] = &[text("value"), text("display"), text("type"), flag("primary")];
const ADDRESS: &[Attribute] = &[
    text("formatted"),
    text("streetAddress"),
    text("locality"),
    text("region"),
    text("postalCode"),
    text("country"),
    text("type"),
    flag("primary"),
];
const MANAGER: &[Attribute] = &[exact("value"), text("displayName")];
const MEMBER: &[Attribute] = &[exact("value"), text("display"), text("type")];

const USER_ATTRIBUTES: &[Attribute] = &[
    naming("userName"),
    complex("name", NAME),
    text("displayName"),
    text("nickName"),
    text("profileUrl"),
    text("title"),
    text("userType"),
    text("preferredLanguage"),
    text("locale"),
    text("timezone"),
    flag("active"),
    list("emails", ENTRY),
    list("phoneNumbers", ENTRY),
    list("addresses", ADDRESS),
    list("entitlements", ENTRY),
    list("roles", ENTRY),
];
const GROUP_ATTRIBUTES: &[Attribute] = &[naming("displayName"), list("members", MEMBER)];
const ENTERPRISE_ATTRIBUTES: &[Attribute] = &[
    text("employeeNumber"),
    text("costCenter"),
    text("organization"),
    text("division"),
    text("department"),
    complex("manager", MANAGER),
];
const EXTERNAL_ID: Attribute = exact("externalId");
static EXTENSION: Attribute = complex(ENTERPRISE, ENTERPRISE_ATTRIBUTES);
static COMMON: [Attribute; 1] = [EXTERNAL_ID];

/// Attributes that the server sets; clients send them back as they read them.
const READ_ONLY: &[&str] = &["schemas", "id", "meta", "groups"];

impl Kind {
    /// Name of the resource type.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Last part of the endpoint.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// URN of the core schema.
    pub fn schema(self) -> &'static str {
        match self {
            Self::User => USER,
            Self::Group => GROUP,
        }
    }

    /// Attributes of the core schema.
    pub fn attributes(self) -> &'static [Attribute] {
        match self {
            Self::User => USER_ATTRIBUTES,
            Self::Group => GROUP_ATTRIBUTES,
        }
    }

    /// The schema extension as one complex attribute under its URN.
    pub fn extension(self) -> Option<&'static Attribute> {
        (self == Self::User).then_some(&EXTENSION)
    }

    /// An attribute that clients may set, by its name in any case.
    pub(crate) fn attribute(self, name: &str) -> Option<&'static Attribute> {
        part(&COMMON, name).or_else(|| part(self.attributes(), name))
    }
}

impl Attribute {
    /// A part of a complex attribute, by its name in any case.
    pub(crate) fn part(&self, name: &str) -> Option<&'static Attribute> {
        match self.shape {
            Shape::Complex(parts) => part(parts, name),
            Shape::Text | Shape::Flag => None,
        }
    }
}

fn part(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes.iter().find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// Whether clients cannot set it.
pub(crate) fn is_read_only(name: &str) -> bool {
    READ_ONLY.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Whether it is a secret that must not be kept, wherever it stands.
pub(crate) fn is_secret(name: &str) -> bool {
    name.eq_ignore_ascii_case("password")
}

/// The rest of `text` after `urn:`, case ignored.
pub(crate) fn after_urn<'t>(text: &'t str, urn: &str) -> Option<&'t str> {
    let head = text.get(..urn.len())?;
    head.eq_ignore_ascii_case(urn).then(|| &text[urn.len()..])
}
