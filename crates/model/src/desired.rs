//! What policy wants for one identity at one moment, and why. Made by `policy`, read by `plan`, shown to people.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, FieldName, Role},
    door::{DoorRights, DoorSpan},
    failure::FailedStep,
    id::{
        AccountId, CenterId, FloorId, IdentityId, ItemId, ReservationId, RoomId, SectionId, SiteId,
        UserTypeId,
    },
    plan::Operation,
};

/// One reason, complete enough to read aloud: which rule, which row, on what grounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Because {
    /// Flow or lifecycle rule, by its id in the policy (`new-user`, `lifecycle.leave`).
    pub rule: String,
    /// Mapping table and 1-based data row, if a table decided (`places`, 7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<(String, u32)>,
    /// The grounds, in words with values (`department is "Facilities"`).
    pub text: String,
}

/// A wanted value with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Want<T> {
    pub value: T,
    pub because: Vec<Because>,
}

/// What the person's standing asks for. Order is by strength: a later one outranks an earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Lifecycle {
    /// Policy does not concern this person and never gave them anything: nothing is touched.
    OutOfScope,
    /// Hired, but it is too early to prepare anything.
    NotYet { prepare_at: Timestamp },
    /// The account is live and holds everything wanted below. Pre-hires inside the preparation window are here too.
    Active,
    /// On leave: only what `loses` names is taken back, for the time being.
    Paused { loses: Loses },
    /// Gone: everything is taken back, the account is deactivated, bookings are cancelled.
    Ended {
        /// When the right ended: the leaver's clock starts here (Okta's status change, or the end date).
        since: Option<Timestamp>,
        how: Ending,
    },
    /// Cannot be decided (unknown status, unreadable date, failed evaluation): nothing is changed, a person is told.
    Aside { why: String },
}

/// Which way somebody left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Deactivated in Okta.
    Deactivated,
    /// Deleted in Okta, with proof.
    Deleted,
    /// The contract's end date passed.
    Expired,
    /// Lost membership of the scope that policy governs.
    LeftScope,
}

/// What a leave takes away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loses {
    pub roles: bool,
    /// Physical access.
    #[serde(default)]
    pub doors: bool,
    pub items: bool,
    pub seat: bool,
    pub bookings: bool,
    pub account: bool,
}

/// People whose accounts have the same value in a field.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Team {
    pub field: FieldName,
    /// Folded.
    pub value: String,
}

/// A wanted workplace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum SeatWish {
    /// An assigned desk: any free space of these kinds on these floors, in this order of floors; or one of `rooms`.
    Desk {
        floors: Vec<FloorId>,
        /// Space type names, folded; empty: any occupiable type.
        kinds: Vec<String>,
        rooms: Vec<RoomId>,
        /// Of several free ones, the one next to people of the same team.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        near: Option<Team>,
    },
    /// A seat in a neighbourhood section (`hybrid`).
    Section { section: SectionId },
    /// No seat on purpose (`remote`): an assigned seat that we gave is taken back.
    Remote,
}

/// Where the default place is noted when no desk or section can be had: iOffice has no field for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceNote {
    pub field: FieldName,
    pub text: String,
}

/// A desk wanted for a stretch of time (day one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BookingWish {
    /// Names the wish across evaluations (`day-one:2026-12-01`): the same key is booked once.
    pub key: String,
    pub title: String,
    pub floors: Vec<FloorId>,
    /// Space type names, folded; empty: any reservable type that is occupiable.
    pub kinds: Vec<String>,
    pub start: Timestamp,
    pub end: Timestamp,
}

/// Bookings of somebody who is gone, or on a leave that takes them, that are not cancelled. The first that fits a booking counts; others are cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptBookings {
    /// Space type names, folded; empty: any.
    pub kinds: Vec<String>,
    /// Those that begin before this moment stay; none of the kind, if it is the beginning of time.
    pub until: Timestamp,
    /// They are handed over: to `to`, or by hand where there is nobody.
    pub hand_over: bool,
    /// Account of the manager, if there is one, or of whoever stands in for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<AccountId>,
    /// It is the account of whoever stands in for them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub to_delegate: bool,
    /// Why the site would not hand one over to them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    pub because: Because,
}

/// A visit to announce. Announced once per key: the API can neither list nor change visits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VisitWish {
    pub key: String,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub company: Option<String>,
    pub notes: String,
    pub visitor_type: Option<String>,
    pub host: AccountId,
    pub center: CenterId,
    pub arrival: Timestamp,
}

/// A message wanted once per key (a contractor's end date draws near; an expiry was carried out).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWish {
    pub key: String,
    /// Names of notification routes in the policy (`it`, `facilities`).
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    /// Send only after the plan of this identity is verified with nothing open.
    pub after_verified: bool,
}

/// Something policy wants and the API cannot do: a person must.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ToDo {
    /// Names it across evaluations, within the identity (`visit-checkout:…`).
    pub key: String,
    pub what: String,
    pub how: String,
}

/// Something a rule could have given and did not, with the first failing condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotGiven {
    pub label: String,
    pub because: Because,
    /// The person does not meet the rule's conditions. Otherwise they do, and something else stands in the way.
    #[serde(skip)]
    pub unmet: bool,
}

/// What stays as it is while a name in a rule that gives it is not known at the site (renamed there, misspelt here): nobody
/// loses anything by that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeftAlone {
    pub seat: bool,
    pub doors: bool,
    /// Roles stay but in these centers, which rules name as they are called now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles_but: Option<Arc<BTreeSet<CenterId>>>,
    /// Category items stay but these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items_but: Option<Arc<BTreeSet<ItemId>>>,
}

impl LeftAlone {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    pub fn role(&self, center: CenterId) -> bool {
        self.roles_but.as_ref().is_some_and(|named| !named.contains(&center))
    }

    pub fn item(&self, item: ItemId) -> bool {
        self.items_but.as_ref().is_some_and(|named| !named.contains(&item))
    }

    /// `seat and roles`.
    pub fn words(&self) -> String {
        let parts = [
            ("seat", self.seat),
            ("roles", self.roles_but.is_some()),
            ("category items", self.items_but.is_some()),
            ("doors", self.doors),
        ];
        parts.iter().filter(|(_, left)| *left).map(|(word, _)| *word).collect::<Vec<_>>().join(" and ")
    }
}

/// The whole answer for one identity. Deterministic: equal inputs, equal value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Desired {
    pub identity: IdentityId,
    /// `None`: no routing rule matched.
    pub site: Option<SiteId>,
    pub lifecycle: Lifecycle,
    /// Why this standing and this site.
    pub because: Vec<Because>,
    pub fields: BTreeMap<FieldName, Want<String>>,
    pub user_type: Option<Want<UserTypeId>>,
    pub cost_center: Option<Want<ItemId>>,
    pub seat: Option<Want<SeatWish>>,
    /// Used when `seat` cannot be satisfied, or is absent.
    pub place_note: Option<Want<PlaceNote>>,
    pub roles: BTreeMap<CenterId, Want<Role>>,
    pub items: BTreeMap<ItemId, Want<()>>,
    /// What policy may take away besides what it gave itself.
    pub owned: Arc<Owned>,
    #[serde(default, skip_serializing_if = "LeftAlone::is_nothing")]
    pub left_alone: LeftAlone,
    pub bookings: Vec<Want<BookingWish>>,
    /// Of somebody who is gone, or on a leave that takes bookings: what stays in the calendar for now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keeps: Vec<KeptBookings>,
    pub visits: Vec<Want<VisitWish>>,
    pub notices: Vec<Want<NoticeWish>>,
    pub todos: Vec<Want<ToDo>>,
    /// Areas that the badge system is to open, by its own names for them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub doors: BTreeMap<String, Want<DoorSpan>>,
    /// Who the person is to the badge system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door_holder: Option<String>,
    /// Rules among the reasons of a line that give less of it than is wanted (a weaker role, a shorter time), by line. Noted
    /// where rules ask something first: whoever is asked must be of a rule that gives all of it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lesser: BTreeMap<String, BTreeSet<String>>,
    /// Failures on record that bear on this answer, by key; the others are forgotten.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub failures: BTreeSet<String>,
    /// A rule says that nothing more is given since a step of its failed: which, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    pub not_given: Vec<NotGiven>,
    /// Parts that could not be decided, in words (a floor that does not exist). The rest stands.
    pub problems: Vec<String>,
    /// Nothing is taken away before this moment: the identity's data just moved and may be half-arrived.
    pub settle_until: Option<Timestamp>,
    /// The next moment at which this answer may change by itself.
    pub review_at: Option<Timestamp>,
}

/// Grants that policy owns outright: held without being wanted, they are taken away whoever gave them. Grants
/// outside these sets are taken away only if we gave or adopted them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    pub centers: BTreeSet<CenterId>,
    pub items: BTreeSet<ItemId>,
}

static OWNS_NOTHING: LazyLock<Arc<Owned>> = LazyLock::new(Arc::default);

impl Desired {
    /// An answer that wants nothing.
    pub fn nothing(identity: IdentityId, lifecycle: Lifecycle) -> Self {
        Self {
            identity,
            site: None,
            lifecycle,
            because: Vec::new(),
            fields: BTreeMap::new(),
            user_type: None,
            cost_center: None,
            seat: None,
            place_note: None,
            roles: BTreeMap::new(),
            items: BTreeMap::new(),
            owned: Arc::clone(&OWNS_NOTHING),
            left_alone: LeftAlone::default(),
            bookings: Vec::new(),
            keeps: Vec::new(),
            visits: Vec::new(),
            notices: Vec::new(),
            todos: Vec::new(),
            doors: BTreeMap::new(),
            door_holder: None,
            lesser: BTreeMap::new(),
            failures: BTreeSet::new(),
            stopped: None,
            not_given: Vec::new(),
            problems: Vec::new(),
            settle_until: None,
            review_at: None,
        }
    }

    /// Moves `review_at` forward to `at` if that is sooner.
    pub fn review_by(&mut self, at: Timestamp) {
        self.review_at = Some(self.review_at.map_or(at, |known| known.min(at)));
    }
}

/// Somebody's place on the waiting list for a desk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeskWait {
    pub since: Timestamp,
    pub floors: Vec<FloorId>,
    pub kinds: Vec<String>,
    pub rooms: Vec<RoomId>,
}

/// What we last brought about and verified for one identity in one site: the third leg of the comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Applied {
    /// We made the account, or woke it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
    pub fields: BTreeMap<FieldName, String>,
    /// The wanted user name was taken when the account was made: (wanted, used instead). Kept while the wish is the
    /// same, so that nobody is renamed back and forth.
    pub user_name_instead: Option<(String, String)>,
    pub seat: Option<RoomId>,
    pub section: Option<SectionId>,
    pub cost_center: Option<ItemId>,
    pub roles: BTreeMap<CenterId, Role>,
    pub items: BTreeSet<ItemId>,
    /// Roles that a leave took away and policy does not itself give: given back as they were on return.
    pub set_aside: BTreeMap<CenterId, Role>,
    /// Booking wishes carried out, by key; the value is the reservation, 0 if its number is not known.
    pub bookings: BTreeMap<String, i64>,
    /// Visit wishes carried out, by key.
    pub visits: BTreeMap<String, i64>,
    /// Notices sent, by key.
    pub notices: BTreeSet<String>,
    /// What was written without an answer: it may have been given.
    #[serde(skip_serializing_if = "Unsure::is_nothing")]
    pub unsure: Unsure,
    /// What the badge system acknowledged for the holder.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub doors: DoorRights,
    /// What the badge system was told beyond that and has not acknowledged: it may let them in there, or not.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub doors_unsure: DoorRights,
    /// Who the person is to the badge system, as it was last told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub door_holder: Option<String>,
    /// No desk that they may have is free: since when they wait, and for which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<DeskWait>,
    /// When their end was first seen, where nobody says when it was: it does not move with later changes of their data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_since: Option<Timestamp>,
    /// Steps that failed and whose rule says what becomes of that, by [`crate::failure::failure_key`].
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub failed: BTreeMap<String, FailedStep>,
    /// Accounts that could not be reactivated when the person returned: they are not taken up again.
    pub given_up: BTreeSet<AccountId>,
    /// Accounts that bookings of the leaver's could not be handed over to, and why: a person does that.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub not_handed_over: BTreeMap<AccountId, String>,
    /// No account can be created for want of something, and a to-do says so: what it says must be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub told_lacking: Option<String>,
}

/// What an account had before a write, as far as that is known.
#[derive(Clone, Copy, Debug, Default)]
pub struct Before<'a> {
    pub roles: Option<&'a BTreeMap<CenterId, Role>>,
    pub items: Option<&'a BTreeSet<ItemId>>,
}

/// What may have been given by writes that nobody answered, until a read shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unsure {
    /// An account may have been made.
    pub made: bool,
    /// Theirs may have been woken.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub woken: bool,
    pub roles: BTreeMap<CenterId, Role>,
    pub items: BTreeSet<ItemId>,
    pub seat: Option<RoomId>,
    pub section: Option<SectionId>,
    pub cost_center: Option<ItemId>,
    /// Booking wishes, by key: a calendar that is not proven whole does not tell.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub bookings: BTreeSet<String>,
}

impl Unsure {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Applied {
    /// Takes note of a write that nobody answered.
    pub fn note_unsure(&mut self, op: &Operation, before: Before<'_>) {
        match op {
            Operation::Book { key, .. } => {
                self.unsure.bookings.insert(key.clone());
            }
            Operation::Reactivate => {
                self.unsure.woken = true;
                return;
            }
            _ => {}
        }
        let mut given = Self { set_aside: self.set_aside.clone(), ..Self::default() };
        given.note_given(op, before);
        self.unsure.made |= given.made;
        self.unsure.roles.extend(given.roles);
        self.unsure.items.extend(given.items);
        self.unsure.seat = given.seat.or(self.unsure.seat);
        self.unsure.section = given.section.or(self.unsure.section);
        self.unsure.cost_center = given.cost_center.or(self.unsure.cost_center);
    }

    /// What a read shows of it was given by us; of the rest nothing came.
    pub fn settle(&mut self, account: &Account) {
        let mut unsure = std::mem::take(&mut self.unsure);
        self.unsure.bookings = std::mem::take(&mut unsure.bookings);
        self.made |= unsure.woken && account.is_live();
        let roles = account.roles.as_ref();
        self.roles.extend(
            unsure
                .roles
                .into_iter()
                .filter(|(center, role)| roles.is_some_and(|roles| roles.get(center) == Some(role))),
        );
        let items = account.items.as_ref();
        self.items
            .extend(unsure.items.into_iter().filter(|item| items.is_some_and(|items| items.contains(item))));
        let room = account.seat.map(|seat| seat.room);
        self.seat = unsure.seat.filter(|seat| room == Some(*seat)).or(self.seat);
        self.section = unsure.section.filter(|section| account.section == Some(*section)).or(self.section);
        self.cost_center =
            unsure.cost_center.filter(|item| account.cost_center == Some(*item)).or(self.cost_center);
    }

    /// Takes for ours what an accepted write gave: a look that never comes to its end would leave it to nobody. What a
    /// leave put aside and is given back stays its owner's.
    pub fn note_given(&mut self, op: &Operation, before: Before<'_>) {
        match op {
            Operation::Create { patch } | Operation::Update { patch } => {
                self.made |= matches!(op, Operation::Create { .. });
                let is_new = |item: &&ItemId| before.items.is_none_or(|had| !had.contains(item));
                self.items.extend(patch.items.iter().flatten().filter(is_new));
                self.seat = patch.seat.unwrap_or(self.seat);
                self.section = patch.section.unwrap_or(self.section);
                self.cost_center = patch.cost_center.unwrap_or(self.cost_center);
            }
            Operation::SetRoles { roles } => {
                for (center, role) in roles {
                    let was_there = before.roles.is_some_and(|had| had.get(center) == Some(role));
                    if !was_there && self.set_aside.get(center) != Some(role) {
                        self.roles.insert(*center, *role);
                    }
                }
            }
            Operation::Reactivate => self.made = true,
            _ => {}
        }
    }

    /// A desk that we booked and that was cancelled again is ours no longer: whoever is back in time for that day is given one
    /// anew. Whether it was ours.
    pub fn forget_booking(&mut self, booking: ReservationId) -> bool {
        let known = self.bookings.len();
        self.bookings.retain(|_, id| *id != booking.0);
        self.bookings.len() < known
    }

    /// Whether anything is there that we brought about. What failed or was refused, when they left, what they wait for and what
    /// they lack is nothing of the kind.
    pub fn is_anything(&self) -> bool {
        let notes_alone = Self {
            failed: self.failed.clone(),
            ended_since: self.ended_since,
            waiting: self.waiting.clone(),
            not_handed_over: self.not_handed_over.clone(),
            told_lacking: self.told_lacking.clone(),
            unsure: self.unsure.clone(),
            ..Self::default()
        };
        *self != notes_alone
    }
}
