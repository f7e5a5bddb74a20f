//! What one Okta org holds at the start: users, groups, rules, the app, the profile's custom attributes.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{dirt::DirtSet, id::OktaId};

/// One Okta org.
#[derive(Debug, Clone, Serialize)]
pub struct Org {
    /// Place in [`Company::orgs`](super::Company::orgs).
    pub index: u16,
    /// The immutable org id (`00o…`).
    pub id: OktaId,
    /// Display name, `Northgate`.
    pub name: Arc<str>,
    /// The part before `.okta.com`, `northgate`.
    pub subdomain: Arc<str>,
    /// E-mail and login domain, `northgate.example`.
    pub domain: Arc<str>,
    /// How this org writes dates in custom attributes.
    pub date_notation: DateNotation,
    /// The default user type and the one for contractors (which alone has `contractEndDate`).
    pub user_types: Vec<UserType>,
    pub custom_attributes: Vec<CustomAttribute>,
    pub users: Vec<OktaUser>,
    pub groups: Vec<Group>,
    pub rules: Vec<GroupRule>,
    /// The app "iOffice Workplace", assigned through the group `APP-iOffice-Users`.
    pub app: App,
}

/// How an org writes a calendar day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum DateNotation {
    /// `2026-09-30`
    Iso,
    /// `09/30/2026`
    MonthDayYear,
    /// `30.09.2026`
    DayMonthYear,
    /// `2026-09-30T00:00:00.000Z`
    Instant,
}

impl DateNotation {
    pub fn write(self, day: jiff::civil::Date) -> String {
        let (y, m, d) = (day.year(), day.month(), day.day());
        match self {
            Self::Iso => format!("{y:04}-{m:02}-{d:02}"),
            Self::MonthDayYear => format!("{m:02}/{d:02}/{y:04}"),
            Self::DayMonthYear => format!("{d:02}.{m:02}.{y:04}"),
            Self::Instant => format!("{y:04}-{m:02}-{d:02}T00:00:00.000Z"),
        }
    }
}

/// A user type (`oty…`) with its own schema (`osc…`).
#[derive(Debug, Clone, Serialize)]
pub struct UserType {
    pub id: OktaId,
    pub schema_id: OktaId,
    pub name: &'static str,
    pub display_name: &'static str,
    pub default: bool,
}

/// A custom profile attribute; all are strings.
#[derive(Debug, Clone, Serialize)]
pub struct CustomAttribute {
    pub name: &'static str,
    pub title: &'static str,
    /// Only in the schema of the contractor type when true.
    pub contractors_only: bool,
}

/// Okta's user status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    Staged,
    Provisioned,
    Active,
    PasswordExpired,
    Recovery,
    LockedOut,
    Suspended,
    Deprovisioned,
}

impl UserStatus {
    /// As on the wire, `PASSWORD_EXPIRED`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::Recovery => "RECOVERY",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
        }
    }
}

/// One Okta user. Strings that many users share are shared.
#[derive(Debug, Clone, Serialize)]
pub struct OktaUser {
    pub id: OktaId,
    /// Place of the natural person in [`Company::people`](super::Company::people).
    pub person: u32,
    pub status: UserStatus,
    /// Place in [`Org::user_types`].
    pub user_type: u8,
    pub created: Timestamp,
    pub activated: Option<Timestamp>,
    pub status_changed: Option<Timestamp>,
    pub last_login: Option<Timestamp>,
    pub last_updated: Timestamp,
    pub password_changed: Option<Timestamp>,
    pub login: Arc<str>,
    pub email: Arc<str>,
    pub first_name: Arc<str>,
    pub last_name: Arc<str>,
    pub nick_name: Option<Arc<str>>,
    pub employee_number: Arc<str>,
    pub department: Arc<str>,
    pub cost_center: Arc<str>,
    pub division: Arc<str>,
    pub organization: Arc<str>,
    pub title: Arc<str>,
    /// The manager's employee number, or e-mail where somebody typed that instead.
    pub manager_id: Option<Arc<str>>,
    /// The label `userType`: `Employee`, `Contractor`, `Intern`.
    pub label: Arc<str>,
    pub city: Arc<str>,
    pub country_code: Arc<str>,
    pub locale: Arc<str>,
    pub timezone: Arc<str>,
    pub mobile_phone: Option<Box<str>>,
    /// Custom `officeLocation`: a building code, `PIER`.
    pub office_location: Arc<str>,
    /// Custom `startDate`, in the org's notation.
    pub start_date: Option<Box<str>>,
    /// Custom `contractEndDate`: in the org's notation, if somebody typed it well.
    pub contract_end_date: Option<Box<str>>,
    /// Custom `employeeStatus`: `Active`, `Leave`, `Terminated`, `Pre-hire`.
    pub employee_status: Option<Arc<str>>,
    /// Custom `workMode`: `assigned`, `hybrid`, `remote`.
    pub work_mode: Arc<str>,
    pub dirt: DirtSet,
}

impl OktaUser {
    /// The `profile` object under Okta's names. Absent values are left out.
    pub fn profile(&self) -> Map<String, Value> {
        let mut out = Map::new();
        let mut put = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                out.insert(name.to_owned(), Value::from(value));
            }
        };
        put("login", Some(&self.login));
        put("email", Some(&self.email));
        put("firstName", Some(&self.first_name));
        put("lastName", Some(&self.last_name));
        put("displayName", Some(&self.display_name()));
        put("nickName", self.nick_name.as_deref());
        put("employeeNumber", Some(&self.employee_number));
        put("department", Some(&self.department));
        put("costCenter", Some(&self.cost_center));
        put("division", Some(&self.division));
        put("organization", Some(&self.organization));
        put("title", Some(&self.title));
        put("managerId", self.manager_id.as_deref());
        put("userType", Some(&self.label));
        put("city", Some(&self.city));
        put("countryCode", Some(&self.country_code));
        put("locale", Some(&self.locale));
        put("timezone", Some(&self.timezone));
        put("mobilePhone", self.mobile_phone.as_deref());
        put("officeLocation", Some(&self.office_location));
        put("startDate", self.start_date.as_deref());
        put("contractEndDate", self.contract_end_date.as_deref());
        put("employeeStatus", self.employee_status.as_deref());
        put("workMode", Some(&self.work_mode));
        out
    }

    pub fn display_name(&self) -> String {
        format!("{} {}", self.nick_name.as_ref().unwrap_or(&self.first_name), self.last_name)
    }
}

/// One Okta group.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    pub id: OktaId,
    pub source: GroupSource,
    pub name: Arc<str>,
    pub description: Arc<str>,
    pub created: Timestamp,
    pub last_updated: Timestamp,
    pub last_membership_updated: Timestamp,
    /// Places in [`Org::users`], ascending. Empty for `Everyone`, whose members are simply all users.
    pub members: Vec<u32>,
}

/// Where a group comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum GroupSource {
    /// `OKTA_GROUP`
    Okta,
    /// `BUILT_IN`: `Everyone`, and nothing else in generated worlds.
    BuiltIn,
    /// `APP_GROUP` imported from Active Directory: membership is read-only.
    Directory(DirectoryGroup),
}

/// What an imported Active Directory group shows in its profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DirectoryGroup {
    pub sam_account_name: Arc<str>,
    pub dn: Arc<str>,
    pub windows_domain_qualified_name: Arc<str>,
    pub external_id: Arc<str>,
}

/// A group rule, ACTIVE at the start, with the memberships it implies already in place.
#[derive(Debug, Clone, Serialize)]
pub struct GroupRule {
    pub id: OktaId,
    pub name: Arc<str>,
    /// `user.department=="Facilities"`; only this shape appears in generated worlds.
    pub expression: Arc<str>,
    /// The profile attribute compared, `department`.
    pub attribute: &'static str,
    /// The value it must have.
    pub value: Arc<str>,
    /// Place in [`Org::groups`].
    pub group: u32,
    pub created: Timestamp,
}

/// The application in Okta that stands for iOffice.
#[derive(Debug, Clone, Serialize)]
pub struct App {
    pub id: OktaId,
    pub name: &'static str,
    pub label: &'static str,
    /// Place in [`Org::groups`]: everybody in it is assigned.
    pub group: u32,
    pub created: Timestamp,
}
