//! A small company for the tests: one building with three floors in the north, one in the south.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    id::{
        BuildingId, CategoryId, CenterId, FloorId, GroupId, IdentityId, ItemId, NeighborhoodId, RoomId,
        SectionId, SiteId, TenantId, UserTypeId,
    },
    identity::{AttributeValue, Group, GroupKind, Groups, Identity, Profile, Status},
    place::{Building, Catalogue, Center, Floor, Item, Room, Section},
};
use lanyard_policy::{Bound, Policy, PolicyFiles, SiteFacts, StarterFacts, TenantFacts, demo_policy};

pub const ROOMS: &str = "00gROOMBOOKING";
pub const APP: &str = "00gAPPIOFFICE";
pub const VISITORS: &str = "00gVISITORMGR";
pub const EXECUTIVES: &str = "00gEXECFLOOR";

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// Monday morning.
pub fn now() -> Timestamp {
    at("2026-05-04T08:00:00Z")
}

/// `Pier House` with Level 1, Level 2 and Level 9; desks 1-001 … on the first two, executive desks on the last.
pub fn catalogue(site: &str, base: i64, building: &str, code: &str) -> Catalogue {
    let mut c = Catalogue::empty(SiteId::from(site), now());
    let b = BuildingId(base);
    let centers: Vec<_> = ["reservation", "space", "visitor"]
        .iter()
        .enumerate()
        .map(|(n, module)| {
            let id = CenterId(base + n as i64 + 1);
            let name = format!("{building} {module}").as_str().into();
            c.centers.insert(id, Center { id, name, module: (*module).into(), buildings: vec![b] });
            id
        })
        .collect();
    c.buildings.insert(b, Building { id: b, name: building.into(), code: code.into(), centers });
    for level in [1, 2, 9] {
        let floor = FloorId(base + 100 + level);
        c.floors
            .insert(floor, Floor { id: floor, name: format!("Level {level}").as_str().into(), building: b });
        let kinds: &[&str] = if level == 9 { &["Executive"] } else { &["Workstation", "Hot desk"] };
        for (n, kind) in kinds.iter().enumerate() {
            let id = RoomId(base + 1000 + level * 10 + n as i64);
            let name: Arc<str> = format!("{level}-00{}", n + 1).as_str().into();
            let room = Room {
                id,
                name,
                floor,
                kind: (*kind).into(),
                occupiable: true,
                active: true,
                reservable: n == 1,
                capacity: 1,
                occupants: vec![],
            };
            c.rooms.insert(id, room);
        }
        if level < 9 {
            let id = SectionId(base + 200 + level);
            let section = Section {
                id,
                name: format!("Zone {level}").as_str().into(),
                neighborhood: NeighborhoodId(base + 300),
                neighborhood_name: format!("{building} flexible seating").as_str().into(),
                floor,
            };
            c.sections.insert(id, section);
        }
    }
    for (id, name, code, category, category_name) in [
        (411, "Facilities", "CC-210", 1, "Cost center"),
        (416, "Platform Engineering", "CC-310", 1, "Cost center"),
        (520, "Executive floor", "POL-EXEC", 12, "Access policy"),
        (521, "Quiet zone", "POL-QUIET", 12, "Access policy"),
    ] {
        let id = ItemId(id);
        let item = Item {
            id,
            name: name.into(),
            code: code.into(),
            category: CategoryId(category),
            category_name: category_name.into(),
            parent: None,
        };
        c.items.insert(id, item);
    }
    for (id, name) in [(1, "Employee"), (2, "Contractors"), (3, "Visitor")] {
        c.user_types.insert(UserTypeId(id), name.into());
    }
    c
}

pub fn catalogues() -> BTreeMap<SiteId, Catalogue> {
    BTreeMap::from([
        (SiteId::from("hq"), catalogue("hq", 10_000, "Pier House", "PIER")),
        (SiteId::from("south"), catalogue("south", 20_000, "Tannery", "TANN")),
    ])
}

pub fn facts() -> StarterFacts {
    let group = |id: &str, name: &str| Group {
        id: GroupId::from(id),
        name: name.into(),
        kind: GroupKind::Native,
        last_membership_updated: None,
    };
    let tenant = |id: &str, mark: &str| {
        let groups = [
            (APP, "APP-iOffice-Users"),
            (ROOMS, "ROOM-Booking"),
            (VISITORS, "VISITOR-Managers"),
            (EXECUTIVES, "EXEC-Floor"),
        ]
        .map(|(id, name)| group(&format!("{id}{mark}"), name));
        let schema = [
            "login",
            "email",
            "firstName",
            "lastName",
            "employeeNumber",
            "title",
            "department",
            "organization",
            "mobilePhone",
            "userType",
            "startDate",
            "contractEndDate",
        ];
        TenantFacts::gather(TenantId::from(id), groups.to_vec(), schema.map(str::to_owned), [&person(id)])
    };
    StarterFacts {
        tenants: vec![tenant("northgate", "n"), tenant("harborlight", "h")],
        sites: catalogues()
            .into_iter()
            .map(|(id, catalogue)| SiteFacts {
                id,
                catalogue,
                default_host: Some(lanyard_model::id::AccountId(5000)),
                doors: false,
            })
            .collect(),
    }
}

/// Mira, an employee at Pier House since 2024, in no group but the one of the app.
pub fn person(tenant: &str) -> Identity {
    let mut profile = Profile::default();
    for (name, value) in [
        ("login", "mira.okafor@northgate.example"),
        ("email", "Mira.Okafor@northgate.example"),
        ("firstName", "Mira"),
        ("lastName", "Okafor"),
        ("employeeNumber", "40417"),
        ("title", "Engineer"),
        ("department", "Platform Engineering"),
        ("division", "Engineering"),
        ("organization", "Northgate"),
        ("userType", "Employee"),
        ("officeLocation", "PIER"),
        ("workMode", "assigned"),
        ("startDate", "2024-03-01"),
        ("timezone", "Europe/London"),
    ] {
        profile.set(name, AttributeValue::Text(value.into()));
    }
    let mark = &tenant[..1];
    Identity {
        id: IdentityId::new(TenantId::from(tenant), "00u1"),
        status: Status::Active,
        transitioning: false,
        profile,
        groups: Groups::new([GroupId::from(format!("{APP}{mark}").as_str())], true),
        created: Some(at("2024-02-01T09:00:00Z")),
        activated: Some(at("2024-02-20T09:00:00Z")),
        status_changed: Some(at("2026-05-04T07:30:00Z")),
        last_updated: Some(at("2026-05-04T07:30:00Z")),
        type_id: None,
        read_at: now(),
    }
}

pub fn bound(files: &PolicyFiles) -> Bound {
    match Policy::parse(files) {
        Ok(policy) => policy.bind(&catalogues()),
        Err(problems) => panic!("{}", problems.render()),
    }
}

/// The demonstration company's policy without doors.
pub fn demo() -> PolicyFiles {
    demo_policy(&facts())
}

/// The same as it is shipped: the badge system of the first site is told.
pub fn shipped() -> PolicyFiles {
    let mut facts = facts();
    facts.sites[0].doors = true;
    demo_policy(&facts)
}
