//! What one iOffice site holds at the start: places, centers, categories, accounts, reservations.
//!
//! Ids are the site's own, unique per kind, ascending in their lists.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::dirt::DirtSet;

/// One iOffice site.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// Place in [`Company::sites`](super::Company::sites).
    pub index: u16,
    /// Display name, `Northgate`.
    pub name: Arc<str>,
    /// The part before `.iofficeconnect.com`, `northgate`.
    pub subdomain: Arc<str>,
    pub user_types: Vec<AccountType>,
    pub buildings: Vec<Building>,
    pub floors: Vec<Floor>,
    pub room_types: Vec<RoomType>,
    pub rooms: Vec<Room>,
    pub centers: Vec<Center>,
    pub neighborhoods: Vec<Neighborhood>,
    pub sections: Vec<Section>,
    pub categories: Vec<Category>,
    pub depths: Vec<Depth>,
    pub items: Vec<CategoryItem>,
    pub reservation_rules: Vec<ReservationRule>,
    pub accounts: Vec<Account>,
    pub reservations: Vec<Reservation>,
    /// Id of the account that API clients sign in with (a site administrator).
    pub service_account: u32,
}

/// A user type: Employee 1, Contractors 2, Visitor 3.
#[derive(Debug, Clone, Serialize)]
pub struct AccountType {
    pub id: u32,
    pub name: &'static str,
    /// `code`, label and whether required, in order.
    pub fields: Vec<(&'static str, &'static str, bool)>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Building {
    pub id: u32,
    pub name: Arc<str>,
    /// What Okta's `officeLocation` says, `PIER`.
    pub code: Arc<str>,
    pub street: Arc<str>,
    pub city: Arc<str>,
    pub postal_code: Arc<str>,
    /// Two letters.
    pub country_code: Arc<str>,
    pub country: Arc<str>,
    pub timezone: Arc<str>,
    /// Ids of the centers that serve it.
    pub centers: Vec<u32>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Floor {
    pub id: u32,
    pub name: Arc<str>,
    pub building: u32,
    /// In square metres.
    pub area: f64,
    /// The floor with the Executive rooms.
    pub executive: bool,
}

/// A kind of room. Ids: 21 Workstation, 22 Conference, 23 Executive, 24 Hot desk, 25 Storage.
#[derive(Debug, Clone, Serialize)]
pub struct RoomType {
    pub id: u32,
    pub name: &'static str,
    pub code: &'static str,
    pub occupiable: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Room {
    pub id: u32,
    /// Repeats across buildings, as drawing numbers do.
    pub name: Arc<str>,
    pub floor: u32,
    /// A [`RoomType`] id.
    pub kind: u32,
    pub capacity: u16,
    pub reservable: bool,
    pub active: bool,
}

/// An instance of one module, serving some buildings.
#[derive(Debug, Clone, Serialize)]
pub struct Center {
    pub id: u32,
    pub name: Arc<str>,
    /// `reservation`, `space`, `visitor`, `move`, `maintenance`.
    pub module: &'static str,
    pub buildings: Vec<u32>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Neighborhood {
    pub id: u32,
    pub name: Arc<str>,
    pub code: Arc<str>,
    /// A center of module `space`.
    pub center: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct Section {
    pub id: u32,
    pub name: Arc<str>,
    pub neighborhood: u32,
    pub floor: u32,
    pub rooms: Vec<u32>,
}

/// A hierarchy of items; id 1 holds the cost centers.
#[derive(Debug, Clone, Serialize)]
pub struct Category {
    pub id: u32,
    pub name: &'static str,
    pub code: &'static str,
}

#[derive(Debug, Clone, Serialize)]
pub struct Depth {
    pub id: u32,
    pub name: &'static str,
    pub code: &'static str,
    pub level: u32,
    pub category: u32,
}

#[derive(Debug, Clone, Serialize)]
pub struct CategoryItem {
    pub id: u32,
    pub name: Arc<str>,
    pub code: Arc<str>,
    pub depth: u32,
    pub category: u32,
    pub parent: Option<u32>,
}

/// One entry of a center's rule list.
#[derive(Debug, Clone, Serialize)]
pub struct ReservationRule {
    pub center: u32,
    /// `MaxDuration`, `OnlyDuringWorkHours`, `IncludeCategories`, …
    pub kind: &'static str,
    pub value: Option<Arc<str>>,
    pub room_type: Option<u32>,
    pub room: Option<u32>,
    pub neighborhood: Option<u32>,
}

/// A role in a center, upper case on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    Customer,
    Manager,
    Operator,
    Administrator,
}

impl Role {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUSTOMER",
            Self::Manager => "MANAGER",
            Self::Operator => "OPERATOR",
            Self::Administrator => "ADMINISTRATOR",
        }
    }
}

/// One iOffice user.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    pub id: u32,
    /// Whose it truly is: a place in [`Company::people`](super::Company::people); `None` for orphans and non-persons.
    pub person: Option<u32>,
    pub first_name: Arc<str>,
    pub last_name: Arc<str>,
    pub known_as: Option<Arc<str>>,
    pub user_name: Arc<str>,
    pub email: Option<Arc<str>>,
    pub employee_id: Option<Arc<str>>,
    pub job_title: Option<Arc<str>>,
    pub department: Option<Arc<str>>,
    pub company: Option<Arc<str>>,
    pub phone: Option<Box<str>>,
    /// An [`AccountType`] id.
    pub user_type: u32,
    /// Item of category 1.
    pub cost_center: Option<u32>,
    /// Items of other categories.
    pub cost_centers: Box<[u32]>,
    pub room: Option<u32>,
    pub section: Option<u32>,
    /// `assigned`, `hybrid`, `remote`.
    pub seat_classification: Option<&'static str>,
    pub site_admin: bool,
    /// At most one role per center, by center id.
    pub permissions: Box<[(u32, Role)]>,
    pub active: bool,
    pub created: Timestamp,
    pub updated: Timestamp,
    pub dirt: DirtSet,
}

#[derive(Debug, Clone, Serialize)]
pub struct Reservation {
    pub id: u32,
    pub user: u32,
    pub room: u32,
    pub center: u32,
    pub name: &'static str,
    pub start: Timestamp,
    pub end: Timestamp,
    pub all_day: bool,
    pub people: u16,
    pub cancelled: bool,
    /// False for rows that a calendar synchronised.
    pub made_in_ioffice: bool,
    pub created: Timestamp,
}
