//! The policy as read: every section as a value, names not yet resolved to a site's ids.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{
    civil::{Date, Time, Weekday},
    tz::TimeZone,
};
use lanyard_model::{
    account::{FieldName, Role},
    desired::Loses,
    failure::{OnFailure, Part},
    id::{AccountId, SiteId, TenantId},
};

use crate::{
    condition::{Condition, GroupTest},
    date::DateFormat,
    expression::Cel,
    flow_index::FlowIndex,
    names::{Attribute, Names},
    phone::Country,
    problem::Spot,
    table::Table,
};

/// Where a channel says how it is reached; empty spots stand for what it does not name.
#[derive(Debug, Default)]
pub(crate) struct ChannelSpots {
    pub email: Spot,
    pub slack_secret: Spot,
}

#[derive(Debug, Default)]
pub(crate) struct Document {
    pub name: String,
    pub tenants: BTreeMap<TenantId, TenantSettings>,
    pub sites: BTreeMap<SiteId, SiteSettings>,
    pub groups: BTreeMap<String, Named>,
    pub routes: Vec<Route>,
    pub correlation: Correlation,
    pub scope: Scope,
    pub lifecycle: Rules,
    pub profile: Vec<FieldRule>,
    /// Places in `profile` in the order of the fields' names.
    pub profile_order: Vec<usize>,
    pub user_types: Vec<UserTypeRule>,
    pub manager: Option<ManagerRule>,
    pub phone: PhoneRule,
    /// Holds who people are to the badge system.
    pub door_holder: Option<Attribute>,
    pub flows: Vec<Flow>,
    /// Every place that names a profile attribute.
    pub mentions: Vec<(String, Spot)>,
    /// Groups that a rule or a row names by their id alone.
    pub inline_groups: Vec<(GroupTest, Spot)>,
    /// How attributes are used, to be held against the tenants' schemas.
    pub compared: Vec<crate::typing::Compared>,
    /// Every expression, to be held against the tenants' schemas.
    pub expressions: Vec<crate::expression::Written>,
    pub parameters: crate::parameter::Parameters,
    pub tables: BTreeMap<String, Arc<Table>>,
    pub guardrails: crate::guardrail::Guardrails,
    pub reactions: crate::reaction::AllReactions,
    pub protected: Vec<Condition>,
    pub protections: Vec<crate::protection::Protected>,
    /// What rules ask first (`but_first`), by rule.
    pub demands: BTreeMap<String, lanyard_model::clearance::Demand>,
    /// What rules say about steps that fail (`if_it_fails`), by rule.
    pub failures: BTreeMap<String, BTreeMap<Part, OnFailure>>,
    /// When removals other than a leaver's may go.
    pub window: Option<Window>,
    pub schedule: Vec<crate::guardrail::Schedule>,
    pub channels: BTreeMap<String, crate::guardrail::Channel>,
    /// Where each of them names the secret of Slack, and addresses.
    pub channel_spots: BTreeMap<String, ChannelSpots>,
    /// The policy's own tests, and those that were handed in beside it.
    pub tests: Vec<crate::testing::Case>,
    /// Texts of the files that hold the latter.
    pub test_files: BTreeMap<String, String>,
    /// Where tenants and sites are named, to be held against the routes.
    pub named: Vec<NamedPlace>,
    /// What can be read and does nothing, for the linter.
    pub idle: Vec<Idle>,
    /// Flows by what they ask first.
    pub flow_index: FlowIndex,
    /// Numbers of all of the above's attributes, groups and compared values.
    pub names: Names,
}

impl Document {
    /// Tenants that the policy speaks of.
    pub fn tenants_named(&self) -> BTreeSet<TenantId> {
        let groups = self.groups.values().flat_map(|named| &named.test.ids);
        let routes = self.routes.iter().filter_map(|route| route.tenant.as_ref());
        let all = routes.chain(self.tenants.keys()).chain(groups.filter_map(|(tenant, _)| tenant.as_ref()));
        all.cloned().collect()
    }
}

/// A place of the policy that names a tenant or a site.
#[derive(Clone, Debug)]
pub(crate) struct NamedPlace {
    pub what: Whose,
    pub name: String,
    pub spot: Spot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    Tenant,
    Site,
}

/// Something that can be read and has no effect. No mistake of reading: what was published with it can still be read.
#[derive(Clone, Debug)]
pub(crate) struct Idle {
    pub spot: Spot,
    pub message: String,
    pub fix: String,
}

/// A daily stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub from: Time,
    pub to: Time,
    /// Empty: every day.
    pub days: Vec<Weekday>,
    pub zone: TimeZone,
}

/// A group's entry in `[groups]`.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub test: GroupTest,
    pub spot: Spot,
}

/// What differs from tenant to tenant.
#[derive(Clone, Debug, Default)]
pub(crate) struct TenantSettings {
    pub zone: Option<TimeZone>,
    pub dates: Option<Vec<DateFormat>>,
    pub start_attribute: Option<Attribute>,
    pub end_attribute: Option<Attribute>,
    /// Where phone numbers without a country code are at home.
    pub country: Option<Country>,
}

/// `[phone]`.
#[derive(Clone, Debug, Default)]
pub(crate) struct PhoneRule {
    pub country: Option<Country>,
    /// Holds the person's own country.
    pub attribute: Option<Attribute>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SiteSettings {
    pub default_host: Option<AccountId>,
    /// The badge system knows who may enter, and not from when to when: it is told at each turn.
    pub doors_without_times: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub tenant: Option<TenantId>,
    pub site: SiteId,
    pub conditions: Vec<Condition>,
    pub spot: Spot,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Correlation {
    pub keys: Vec<Key>,
    /// Index of the key that joins identities of several tenants into one person.
    pub person: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub kind: String,
    pub attribute: String,
    pub field: FieldName,
    pub fold: Fold,
}

/// How two spellings of a key are found equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Number,
    Email,
    EmailWithoutTag,
    Text,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Scope {
    pub conditions: Vec<Condition>,
    pub on_leaving: OnLeaving,
    /// Groups do not count for people deactivated in Okta: status outranks membership.
    pub leavers_keep_scope: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum OnLeaving {
    /// Ends what we gave.
    #[default]
    End,
    Ignore,
}

/// Lifecycle rules.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub zone: TimeZone,
    pub zone_attribute: Option<Attribute>,
    pub dates: Vec<DateFormat>,
    pub settle_seconds: i64,
    pub start: Option<StartRule>,
    pub end: Option<EndRule>,
    pub ended: Vec<Mark>,
    pub leave: Vec<LeaveRule>,
    /// What becomes of a leaver's bookings: the first that fits. Others are cancelled.
    pub bookings: Vec<BookingRule>,
    /// Told when somebody's end has been carried out.
    pub tell: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) struct BookingRule {
    /// Folded; empty: any.
    pub kinds: Vec<String>,
    /// `None`: cancelled.
    pub keep: Option<Keep>,
    pub hand_over: Option<HandOver>,
}

/// Which bookings of a leaver stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Those that begin within so many days of the end.
    Days(i64),
    /// Those that begin on this day at the latest.
    Until(Date),
}

/// Whose a leaver's bookings become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandOver {
    Manager,
    /// Whoever stands in for the person; the manager, where nobody does.
    Delegate,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            zone: TimeZone::UTC,
            zone_attribute: None,
            dates: Vec::new(),
            settle_seconds: 90,
            start: None,
            end: None,
            ended: Vec::new(),
            leave: Vec::new(),
            bookings: Vec::new(),
            tell: Vec::new(),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct StartRule {
    pub attribute: Attribute,
    pub prepare_days: i64,
    /// STAGED without a start date: true waits for activation, false sets the person aside.
    pub wait_without_date: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct EndRule {
    pub attribute: Attribute,
    pub conditions: Vec<Condition>,
    /// The end date itself is still a day of work.
    pub inclusive: bool,
    pub warn_days: i64,
    pub tell: Vec<String>,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) struct Mark {
    pub id: String,
    pub conditions: Vec<Condition>,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) struct LeaveRule {
    pub id: String,
    pub conditions: Vec<Condition>,
    pub loses: Loses,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) struct FieldRule {
    pub field: FieldName,
    pub from: Source,
    pub change: Vec<Change>,
    pub conditions: Vec<Condition>,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) enum Source {
    /// The first of these attributes that has a value.
    First(Vec<Attribute>),
    Join(Vec<Attribute>, String),
    Constant(String),
    /// What an expression gives.
    Cel(Cel),
    /// The `value` of the person's row in this table.
    Table {
        name: String,
        table: Option<Arc<Table>>,
    },
}

/// A transform of a profile value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Lower,
    Upper,
    /// E.164, where the country is known.
    Phone,
    /// Lower case, the domain as DNS has it.
    Email,
    EmailWithoutTag,
    Digits,
    /// As keys are compared: letters and digits, leading zeros dropped.
    WithoutZeros,
    /// In another notation.
    Date(DateFormat),
    /// Epoch milliseconds of the day's midnight UTC, as iOffice keeps dates in custom fields.
    DateMs,
    /// `2026-09-30`.
    IsoDate,
}

#[derive(Clone, Debug)]
pub(crate) struct UserTypeRule {
    pub name: String,
    pub conditions: Vec<Condition>,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) struct ManagerRule {
    pub attribute: String,
    pub order: Vec<ManagerKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ManagerKind {
    OktaId,
    EmployeeNumber,
    Email,
    Login,
}

/// One readable rule.
#[derive(Clone, Debug)]
pub(crate) struct Flow {
    pub id: String,
    pub template: Option<&'static str>,
    pub sentence: String,
    pub priority: i64,
    pub conditions: Vec<Condition>,
    pub look_up: Option<String>,
    /// What `look_up` names, once everything has its number.
    pub table: Option<Arc<Table>>,
    pub gives: Vec<Outcome>,
    pub never: Vec<Outcome>,
    /// Attribute whose day is the last on which the flow gives anything.
    pub until: Option<Attribute>,
    /// Entries of `[notify]` that are told of what it gave.
    pub tell: Vec<String>,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub kind: Kind,
    /// It counts only where one of these parts of the flow has failed for good, and instead of it.
    pub instead_of: Vec<Part>,
    pub spot: Spot,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Place {
        seat: SeatKind,
        place: PlaceNames,
        otherwise: Option<(FieldName, String)>,
        /// Whoever has a seat or section keeps it.
        only_without: bool,
        /// Next to people whose accounts have the same value in this field.
        near: Option<FieldName>,
    },
    Role {
        role: Role,
        centers: Centers,
        owns_all: bool,
    },
    /// Roles named in the table row.
    TableRoles,
    Item {
        name: String,
        owns_all: bool,
    },
    TableItems,
    CostCenter(CostCenter),
    Booking {
        title: String,
        kinds: Vec<String>,
        from: Time,
        to: Time,
    },
    Visit {
        visitor_type: Option<String>,
        notes: String,
        at: Time,
    },
    ToDo {
        key: String,
        what: String,
        how: String,
    },
    /// Entry to areas, by the badge system's names.
    Door(Vec<DoorArea>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DoorArea {
    Named(String),
    /// The building of the person's seat.
    Building,
    /// `Building / Floor` of the person's seat.
    Floor,
    /// The row's `door` column says.
    Table,
}

impl Kind {
    /// What its steps are about; a to-do has none.
    pub fn part(&self) -> Option<Part> {
        match self {
            Self::Place { .. } => Some(Part::Place),
            Self::Role { .. } | Self::TableRoles => Some(Part::Role),
            Self::Item { .. } | Self::TableItems => Some(Part::Item),
            Self::CostCenter(_) => Some(Part::CostCenter),
            Self::Booking { .. } => Some(Part::Booking),
            Self::Visit { .. } => Some(Part::Visit),
            Self::Door(_) => Some(Part::Door),
            Self::ToDo { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeatKind {
    Desk,
    Section,
    Remote,
    /// The row's `seat` column says.
    Table,
}

/// A place by the names people use. Empty parts come from the table row, if there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlaceNames {
    pub building: Option<String>,
    pub floors: Vec<String>,
    pub kinds: Vec<String>,
    pub section: Option<String>,
    pub rooms: Vec<String>,
}

#[derive(Clone, Debug)]
pub(crate) enum Centers {
    Named(Vec<String>),
    /// Centers of the module that serve the seat's building.
    Serving(String),
    /// Every center of the module in the site.
    Everywhere(String),
}

#[derive(Clone, Debug)]
pub(crate) enum CostCenter {
    Named(String),
    Attribute(Attribute),
    Table,
}
