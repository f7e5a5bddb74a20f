//! One building and one person; and what an account looks like after a plan was carried out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind, FieldName, Role, Seat},
    booking::Booking,
    desired::{Applied, Because, Desired, Lifecycle, Loses, SeatWish, Want},
    id::*,
    place::{Building, Catalogue, Center, Floor, Item, Room},
    plan::{AccountPatch, Gate, Operation, Plan},
    signal::Lane,
};
use lanyard_plan::{Observation, Removal, Seen, Setting, plan_identity, seating::Seating};

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-05-04T08:00:00Z")
}

pub fn field(name: &str) -> FieldName {
    FieldName::new(name).unwrap()
}

pub fn want<T>(value: T) -> Want<T> {
    Want {
        value,
        because: vec![Because {
            rule: "flow".into(),
            row: Some(("places".into(), 7)),
            text: "department is \"Design\"".into(),
        }],
    }
}

/// Desks 11 to 13 on floor 2, a room 21 on floor 3; centers 51 (reservation), 52 (visitor).
pub fn catalogue() -> Catalogue {
    let mut all = Catalogue::empty("hq".into(), now());
    let building = BuildingId(1);
    for (id, module) in [(51, "reservation"), (52, "visitor")] {
        let id = CenterId(id);
        let center = Center { id, name: module.into(), module: module.into(), buildings: vec![building] };
        all.centers.insert(id, center);
    }
    // Another one of the kind, older, and for the same building.
    let spare = CenterId(50);
    let second =
        Center { id: spare, name: "parking".into(), module: "reservation".into(), buildings: vec![building] };
    all.centers.insert(spare, second);
    let named = Building { id: building, name: "Pier House".into(), code: "PIER".into(), centers: vec![] };
    all.buildings.insert(building, named);
    for (floor, rooms) in [(2, vec![11, 12, 13]), (3, vec![21])] {
        let floor = FloorId(floor);
        let name = format!("Level {floor}").as_str().into();
        all.floors.insert(floor, Floor { id: floor, name, building });
        for id in rooms.into_iter().map(RoomId) {
            let room = Room {
                id,
                name: format!("{floor}-0{id}").as_str().into(),
                floor,
                kind: "Workstation".into(),
                occupiable: true,
                active: true,
                reservable: id.0 == 13,
                capacity: 1,
                occupants: vec![],
            };
            all.rooms.insert(id, room);
        }
    }
    for id in [900, 901] {
        let id = ItemId(id);
        let item = Item {
            id,
            name: format!("Policy {id}").as_str().into(),
            code: "P".into(),
            category: CategoryId(12),
            category_name: "Access policy".into(),
            parent: None,
        };
        all.items.insert(id, item);
    }
    all
}

pub fn desired(lifecycle: Lifecycle) -> Desired {
    let identity = IdentityId::new("acme".into(), "00u1");
    let mut desired = Desired::nothing(identity, lifecycle);
    desired.site = Some("hq".into());
    desired.because = vec![Because { rule: "lifecycle".into(), row: None, text: "for the test".into() }];
    desired
}

/// Somebody with a desk on floor 2 who may book rooms.
pub fn employee() -> Desired {
    let mut desired = desired(Lifecycle::Active);
    for (name, value) in [
        ("firstName", "Ana"),
        ("lastName", "Okafor"),
        ("email", "ana@x.example"),
        ("userName", "ana@x.example"),
    ] {
        desired.fields.insert(field(name), want(value.to_owned()));
    }
    desired.seat =
        Some(want(SeatWish::Desk { floors: vec![FloorId(2)], kinds: vec![], rooms: vec![], near: None }));
    desired.roles.insert(CenterId(51), want(Role::Customer));
    desired
}

pub fn paused() -> Desired {
    desired(Lifecycle::Paused { loses: Loses { roles: true, ..Loses::default() } })
}

pub fn account() -> Account {
    Account {
        key: AccountKey { site: "hq".into(), id: AccountId(5) },
        kind: AccountKind::Person,
        active: Some(true),
        fields: BTreeMap::new(),
        user_type: None,
        seat: None,
        section: None,
        seat_class: None,
        cost_center: None,
        items: Some(BTreeSet::new()),
        roles: Some(BTreeMap::new()),
        site_admin: Some(false),
        updated_at: None,
        updated_by: None,
        read_at: now(),
    }
}

pub fn booking(id: i64) -> Booking {
    Booking {
        id: ReservationId(id),
        host: AccountId(5),
        room: Some(RoomId(13)),
        center: Some(CenterId(51)),
        start: at("2026-05-06T09:00:00Z"),
        end: at("2026-05-06T10:00:00Z"),
        cancelled: false,
        made_here: true,
    }
}

/// What is known of the person besides the wish.
#[derive(Debug, Clone, Default)]
pub struct Known {
    pub account: Option<Account>,
    pub bookings: Vec<Booking>,
    pub applied: Applied,
    pub removal: Removal,
}

impl Known {
    pub fn of(account: Account) -> Self {
        Self { account: Some(account), ..Self::default() }
    }

    pub fn plan(&self, desired: &Desired) -> Plan {
        let catalogue = catalogue();
        let mut seating = Seating::new(&catalogue);
        if let Some(account) = &self.account {
            seating.sit(account.id(), account.seat.map(|seat| seat.room));
        }
        let key = self.account.as_ref().map(|account| account.key.clone());
        let seen = Observation {
            account: self.account.as_ref().map_or(Seen::Absent, Seen::Present),
            link: key.as_ref(),
            bookings: Some(&self.bookings),
            applied: &self.applied,
        };
        let setting = Setting {
            site: &"hq".into(),
            catalogue: &catalogue,
            seating: &seating,
            removal: &self.removal,
            policy: "seal",
            now: now(),
            lane: Lane::Normal,
            attempt: 0,
            person: "Ana Okafor",
            nameless: false,
        };
        plan_identity(desired, &seen, &setting)
    }

    /// The same after the open steps were carried out as a site would.
    pub fn after(&self, plan: &Plan) -> Self {
        let mut then = self.clone();
        for step in plan.steps.iter().filter(|step| step.gate == Gate::Open) {
            match &step.op {
                Operation::Create { patch } => {
                    let mut made = account();
                    carry(&mut made, patch);
                    then.account = Some(made);
                }
                Operation::Update { patch } => carry(then.account.as_mut().unwrap(), patch),
                Operation::SetRoles { roles } => {
                    then.account.as_mut().unwrap().roles = Some(roles.clone());
                }
                Operation::Deactivate => then.account.as_mut().unwrap().active = Some(false),
                Operation::Reactivate => then.account.as_mut().unwrap().active = Some(true),
                Operation::CancelBooking { booking } | Operation::HandOver { booking, .. } => {
                    then.bookings.retain(|b| b.id != *booking);
                }
                Operation::Book { key, .. } => {
                    then.applied.bookings.insert(key.clone(), 1);
                }
                Operation::Announce { visit } => {
                    then.applied.visits.insert(visit.key.clone(), 1);
                }
                Operation::SetDoors { holder, rights, .. } => {
                    then.applied.door_holder = (!rights.is_empty()).then(|| holder.clone());
                    then.applied.doors.clone_from(rights);
                }
            }
        }
        then
    }
}

fn carry(account: &mut Account, patch: &AccountPatch) {
    for (name, value) in &patch.fields {
        match value {
            Some(value) => account.fields.insert(*name, value.clone()),
            None => account.fields.remove(name),
        };
    }
    if let Some(kind) = patch.user_type {
        account.user_type = Some((kind, "type".into()));
    }
    if let Some(cost_center) = patch.cost_center {
        account.cost_center = cost_center;
    }
    if let Some(items) = &patch.items {
        account.items = Some(items.clone());
    }
    if let Some(seat) = patch.seat {
        account.seat = seat.map(|room| Seat { room, floor: None });
    }
    if let Some(section) = patch.section {
        account.section = section;
    }
    if let Some(class) = &patch.seat_class {
        account.seat_class = Some(class.clone());
    }
}
