//! A company as large as one likes, one person at a time from a seed: a policy as big ones have it, the places it names,
//! and people who are all different. Nothing of it comes from the stand-ins.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountKind, FieldName, Role, Seat},
    desired::{Applied, Desired, SeatWish},
    id::{
        AccountId, AccountKey, BuildingId, CategoryId, CenterId, FloorId, GroupId, IdentityId, ItemId,
        NeighborhoodId, RoomId, SectionId, SiteId, TenantId, UserTypeId,
    },
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    place::{Building, Catalogue, Center, Floor, Item, Room, Section},
};
use lanyard_policy::PolicyFiles;

pub const GROUPS: usize = 200;
const BUILDINGS: usize = 40;
const FLOORS: usize = 5;
const DESKS: usize = 40;
const DEPARTMENTS: usize = 60;
const TITLES: usize = 50;
const TENANT: &str = "northgate";
const SITE: &str = "hq";

/// Splits a seed into numbers (SplitMix64).
pub struct Dice(u64);

impl Dice {
    pub fn of(person: u64) -> Self {
        Self(person.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, in_thousand: usize) -> bool {
        self.below(1000) < in_thousand
    }
}

fn group(at: usize) -> String {
    format!("00gbench{at:012}")
}

fn office(building: usize) -> String {
    format!("B{building:03}")
}

/// The places of the site.
pub fn catalogue() -> Catalogue {
    let mut all = Catalogue::empty(SiteId::new(SITE), Timestamp::UNIX_EPOCH);
    for building in 0..BUILDINGS {
        let id = BuildingId(building as i64 + 1);
        let centers: Vec<_> = (0..3).map(|module| CenterId((building * 3 + module) as i64 + 1)).collect();
        for (center, module) in centers.iter().zip(["reservation", "visitor", "space"]) {
            let name = format!("{module} {building}").into();
            let made = Center { id: *center, name, module: module.into(), buildings: vec![id] };
            all.centers.insert(*center, made);
        }
        let name = format!("Building {building}").into();
        all.buildings.insert(id, Building { id, name, code: office(building).into(), centers });
        for level in 0..FLOORS {
            let floor = FloorId((building * FLOORS + level) as i64 + 1);
            all.floors
                .insert(floor, Floor { id: floor, name: format!("Level {level}").into(), building: id });
            let section = SectionId(floor.0);
            all.sections.insert(
                section,
                Section {
                    id: section,
                    name: format!("Zone {level}").into(),
                    neighborhood: NeighborhoodId(id.0),
                    neighborhood_name: format!("Neighborhood {building}").into(),
                    floor,
                },
            );
            for desk in 0..DESKS {
                let room = RoomId(floor.0 * 1000 + desk as i64);
                all.rooms.insert(
                    room,
                    Room {
                        id: room,
                        name: format!("{level}-{desk:03}").into(),
                        floor,
                        kind: "Workstation".into(),
                        occupiable: true,
                        active: true,
                        reservable: false,
                        // Desks are shared without end here: who is turned away for lack of one is no question of this bench.
                        capacity: u32::MAX,
                        occupants: Vec::new(),
                    },
                );
            }
        }
    }
    let mut item = |category: (i64, &str), at: usize| {
        let id = ItemId(category.0 * 1000 + at as i64);
        let name = format!("{} {at}", category.1);
        all.items.insert(
            id,
            Item {
                id,
                name: name.as_str().into(),
                code: format!("C{}-{at}", category.0).into(),
                category: CategoryId(category.0),
                category_name: category.1.into(),
                parent: None,
            },
        );
    };
    (0..DEPARTMENTS).for_each(|at| item((1, "Department"), at));
    (0..40).for_each(|at| item((12, "Access"), at));
    all.user_types = [(UserTypeId(1), "Employee".into()), (UserTypeId(2), "Contractors".into())].into();
    all
}

/// The policy: 200 groups in use, 60 flows, 5,000 rows in five tables, CEL for one flow that is reached by the members of one
/// group, fewer than one in a hundred.
pub fn policy() -> PolicyFiles {
    let mut toml = String::from(HEAD);
    toml.push_str("\n[groups]\n");
    for at in 0..GROUPS {
        let _ = writeln!(toml, "\"G{at}\" = \"{}\"", group(at));
    }
    let mut flow = |id: String, conditions: &str, rest: &str| {
        let _ = write!(
            toml,
            "\n[[flow]]\nid = \"{id}\"\nsentence = \"Rule {id}.\"\nif = [{conditions}]\n{rest}\n"
        );
    };
    // Places: one of four fits everybody.
    flow(
        "desk".into(),
        "{ attribute = \"workMode\", is = \"office\" }",
        "priority = 100\nlook_up = \"places\"\nthen = [{ place = \"desk\" }]",
    );
    flow(
        "zone".into(),
        "{ attribute = \"workMode\", is = \"hybrid\" }",
        "priority = 100\nlook_up = \"places\"\nthen = [{ place = \"section\" }]",
    );
    flow(
        "remote".into(),
        "{ attribute = \"workMode\", is = \"remote\" }",
        "priority = 100\nlook_up = \"places\"\nthen = [{ place = \"remote\" }]",
    );
    flow("cost".into(), "", "look_up = \"costs\"\nthen = [{ cost_center = \"from table\" }]");
    // What whole groups may do in their building.
    for at in 0..12 {
        let (a, b) = (at * 2, at * 2 + 1);
        let role = ["customer", "operator", "manager"][at % 3];
        let module = ["reservation", "visitor"][at % 2];
        flow(
            format!("role-{at}"),
            &format!(
                "{{ group = [\"G{a}\", \"G{b}\"] }}, {{ not = {{ attribute = \"userType\", is = \"Contractor\" }} }}"
            ),
            &format!("then = [{{ role = \"{role}\", module = \"{module}\" }}]"),
        );
    }
    // Roles and items by table.
    for at in 0..10 {
        flow(
            format!("rights-{at}"),
            &format!("{{ attribute = \"division\", in = [\"Division {at}\", \"Division {}\"] }}", at + 10),
            "look_up = \"rights\"\nthen = [{ roles = \"from table\" }, { item = \"from table\" }]",
        );
    }
    for at in 0..10 {
        flow(
            format!("projects-{at}"),
            &format!("{{ group = \"G{}\" }}", 100 + at),
            "look_up = \"projects\"\nthen = [{ item = \"from table\" }]",
        );
    }
    // Items by group, attribute and date.
    for at in 0..16 {
        flow(
            format!("item-{at}"),
            &format!(
                "{{ group = [\"G{}\", \"G{}\", \"G{}\"] }}, {{ attribute = \"grade\", in = [\"{}\", \"{}\"] }}, {{ attribute = \"startDate\", before = \"today\" }}",
                30 + at * 3,
                31 + at * 3,
                32 + at * 3,
                at % 9 + 1,
                (at + 4) % 9 + 1
            ),
            &format!("then = [{{ item = \"Access / Access {at}\" }}]"),
        );
    }
    for at in 0..4 {
        flow(
            format!("temporary-{at}"),
            &format!(
                "{{ group = \"G{}\" }}, {{ attribute = \"costCode\", starts_with = \"CC{at}\" }}",
                80 + at
            ),
            &format!("until = \"accessUntil\"\nthen = [{{ item = \"Access / Access {}\" }}]", 20 + at),
        );
    }
    for at in 0..3 {
        flow(
            format!("never-{at}"),
            &format!(
                "{{ attribute = \"userType\", is = \"Contractor\" }}, {{ attribute = \"division\", is = \"Division {at}\" }}"
            ),
            &format!("never = [{{ item = \"Access / Access {at}\" }}]"),
        );
    }
    let special = "{ group = \"G199\" }, { cel = \"user.profile.title.startsWith('Title 1') && groups.exists(g, g.name == 'G199')\" }";
    flow("special".into(), special, "then = [{ item = \"Access / Access 30\" }]");
    PolicyFiles { toml: ("policy.toml".into(), toml), tables: tables() }
}

fn tables() -> BTreeMap<String, String> {
    let mut places =
        String::from("attribute:officeLocation,attribute:department,building,floor,kind,section\n");
    for building in 0..BUILDINGS {
        for department in 0..DEPARTMENTS {
            let level = department % FLOORS;
            let _ = writeln!(
                places,
                "{},Department {department},Building {building},Level {level},Workstation,Neighborhood {building} / Zone {level}",
                office(building)
            );
        }
    }
    let mut costs = String::from("attribute:division,attribute:department,cost_center\n");
    for division in 0..20 {
        for department in 0..DEPARTMENTS {
            let _ = writeln!(costs, "Division {division},Department {department},Department {department}");
        }
    }
    let mut rights = String::from("attribute:officeLocation,attribute:title,customer,item\n");
    for building in 0..BUILDINGS {
        for title in 0..20 {
            let _ = writeln!(
                rights,
                "{},Title {title},reservation {building},Access / Access {}",
                office(building),
                title % 20
            );
        }
    }
    let mut projects = String::from("group,attribute:grade,item\n");
    for group in 0..100 {
        for grade in 1..=5 {
            let _ = writeln!(projects, "G{},{grade},Access / Access {}", 100 + group, group % 40);
        }
    }
    let mut badges = String::from("attribute:division,item\n");
    for at in 0..100 {
        let _ = writeln!(badges, "Division {at},Access / Access {}", at % 40);
    }
    [("places", places), ("costs", costs), ("rights", rights), ("projects", projects), ("badges", badges)]
        .map(|(name, text)| (name.to_owned(), text))
        .into()
}

const HEAD: &str = r#"format = 1
name = "Bench"

[[route]]
tenant = "northgate"
site = "hq"

[correlation]
person = "employee number"
keys = [
  { kind = "employee number", attribute = "employeeNumber", field = "employeeId", compare = "number" },
  { kind = "e-mail", attribute = "email", field = "email", compare = "email without tag" },
]

[scope]
if = [{ attribute = "company", is = "Northgate" }, { attribute = "userType", in = ["Employee", "Contractor"] }]

[lifecycle]
zone = "UTC"
zone_attribute = "timezone"
dates = ["YYYY-MM-DD", "MM/DD/YYYY", "date-time"]
settle_seconds = 90

[lifecycle.start]
attribute = "startDate"
prepare_days = 7

[lifecycle.end]
attribute = "contractEndDate"
if = [{ attribute = "userType", is = "Contractor" }]
warn_days = 14

[[lifecycle.ended]]
id = "terminated"
if = [{ attribute = "employeeStatus", is = "Terminated" }]

[[lifecycle.leave]]
id = "marked"
if = [{ attribute = "employeeStatus", in = ["Leave", "Parental leave"] }]

[profile]
firstName = "firstName"
lastName = "lastName"
knownAs = ["nickName", "firstName"]
email = { from = "email", as = "lower case" }
userName = { from = "login", as = "lower case" }
employeeId = "employeeNumber"
jobTitle = "title"
department = "department"
company = "company"
phone = { from = "mobilePhone", as = "phone" }
custom01 = { join = ["division", "department"], with = " / " }
custom02 = { from = "contractEndDate", as = "date-ms", if = [{ attribute = "userType", is = "Contractor" }] }
custom03 = { from = "startDate", as = "date" }
custom04 = "costCode"
custom05 = { from = "city", as = "upper case" }

[[user_type]]
is = "Contractors"
if = [{ attribute = "userType", is = "Contractor" }]

[[user_type]]
is = "Employee"

[guardrails]
protected = [{ group = "G198" }]
"#;

/// Person number `n`, as Okta would tell of them.
pub fn identity(n: u64, now: Timestamp, names: &SharedNames) -> Identity {
    let mut dice = Dice::of(n);
    let contractor = dice.chance(120);
    let (building, department, division) = (dice.below(BUILDINGS), dice.below(DEPARTMENTS), dice.below(20));
    let first = format!("{}{}", FIRST[dice.below(FIRST.len())], dice.below(90));
    let last = format!("{}{}", LAST[dice.below(LAST.len())], n % 997);
    let mail = format!("{first}.{last}.{n}@Northgate.example");
    let number = n % 10_000_000;
    let phone = match dice.below(3) {
        0 => format!("+44 (0) 20 7946 {:04}", number % 10_000),
        1 => format!("+4420794{:05}", number % 100_000),
        _ => format!("0044 20 7946 {:04}", number % 10_000),
    };
    let mut list: Vec<(&'static str, String)> = vec![
        ("city", format!("City {}", building % 12)),
        ("company", "Northgate".into()),
        ("costCode", format!("CC{}-{}", dice.below(9), number % 1000)),
        ("department", format!("Department {department}")),
        ("displayName", format!("{first} {last}")),
        ("division", format!("Division {division}")),
        ("email", mail.clone()),
        ("employeeNumber", format!("{n:08}")),
        ("firstName", first),
        ("grade", (dice.below(9) + 1).to_string()),
        ("lastName", last),
        ("login", mail),
        ("mobilePhone", phone),
        ("officeLocation", office(building)),
        (
            "startDate",
            format!("20{:02}-{:02}-{:02}", 10 + dice.below(16), 1 + dice.below(12), 1 + dice.below(28)),
        ),
        (
            "timezone",
            ["Europe/London", "America/New_York", "Asia/Tokyo", "Europe/Berlin"][dice.below(4)].into(),
        ),
        ("title", format!("Title {}", dice.below(TITLES))),
        ("userType", if contractor { "Contractor" } else { "Employee" }.into()),
        ("workMode", ["office", "hybrid", "remote"][dice.below(3)].into()),
    ];
    if contractor {
        list.push((
            "contractEndDate",
            format!("20{}-0{}-{:02}", 27 + dice.below(5), 1 + dice.below(9), 1 + dice.below(28)),
        ));
    }
    if dice.chance(30) {
        list.push(("accessUntil", "2031-05-01".into()));
    }
    if dice.chance(15) {
        list.push(("employeeStatus", "Leave".into()));
    }
    let profile = list.into_iter().map(|(name, value)| {
        let value = AttributeValue::Text(value.into());
        (names.attribute(name), value)
    });
    // Twenty groups, of which policy knows fifteen; one in 125 is in the one whose members CEL is asked about, however many
    // people there are.
    let mut groups: Vec<GroupId> = (0..15).map(|_| names.groups[dice.below(GROUPS - 2)].clone()).collect();
    groups.extend((0..5).map(|at| GroupId::new(format!("00gother{:02}{:010}", at, dice.below(5000)))));
    if n % 125 == 77 {
        groups.push(names.groups[199].clone());
    }
    let long_ago = now - jiff::SignedDuration::from_hours(24 * 30);
    Identity {
        id: IdentityId::new(names.tenant.clone(), format!("00u{n:017}")),
        status: if dice.chance(8) { Status::Deprovisioned } else { Status::Active },
        transitioning: false,
        profile: profile.collect::<Profile>(),
        groups: Groups::new(groups, true),
        created: Some(long_ago),
        activated: Some(long_ago),
        status_changed: Some(long_ago),
        last_updated: Some(long_ago),
        type_id: None,
        read_at: now,
    }
}

/// Names that each thread keeps for itself, as each page of a mirror has its own.
pub struct SharedNames {
    pub tenant: TenantId,
    pub site: SiteId,
    groups: Vec<GroupId>,
    attributes: BTreeMap<&'static str, Arc<str>>,
}

impl SharedNames {
    pub fn new() -> Self {
        let attributes = [
            "accessUntil",
            "city",
            "company",
            "contractEndDate",
            "costCode",
            "department",
            "displayName",
            "division",
            "email",
            "employeeNumber",
            "employeeStatus",
            "firstName",
            "grade",
            "lastName",
            "login",
            "mobilePhone",
            "officeLocation",
            "startDate",
            "timezone",
            "title",
            "userType",
            "workMode",
        ];
        Self {
            tenant: TenantId::new(TENANT),
            site: SiteId::new(SITE),
            groups: (0..GROUPS).map(|at| GroupId::new(group(at))).collect(),
            attributes: attributes.map(|name| (name, Arc::from(name))).into(),
        }
    }

    fn attribute(&self, name: &str) -> Arc<str> {
        self.attributes.get(name).cloned().unwrap_or_else(|| name.into())
    }
}

const FIRST: [&str; 12] =
    ["Ana", "Bo", "Chidi", "Dana", "Elif", "Farid", "Grete", "Hana", "Ivo", "Jun", "Kofi", "Lea"];
const LAST: [&str; 12] = [
    "Abel", "Brandt", "Castro", "Dube", "Eriksen", "Fofana", "Garcia", "Haas", "Ito", "Jansen", "Kaya",
    "Lund",
];

/// The account of somebody who is in step, and what is remembered of them; one in fifty has lost something since.
pub fn account(n: u64, wants: &Desired, names: &SharedNames, now: Timestamp) -> (Account, Applied) {
    let mut dice = Dice::of(n ^ 0xacc0);
    let fields: BTreeMap<FieldName, String> =
        wants.fields.iter().map(|(name, want)| (*name, want.value.trim().to_owned())).collect();
    let mut roles: BTreeMap<CenterId, Role> =
        wants.roles.iter().map(|(at, want)| (*at, want.value)).collect();
    let items: BTreeSet<ItemId> = wants.items.keys().copied().collect();
    let wish = wants.seat.as_ref().map(|want| &want.value);
    let (seat, section, class) = match wish {
        Some(SeatWish::Desk { floors, .. }) => {
            let floor = floors.first().copied();
            let room = floor.map(|floor| RoomId(floor.0 * 1000 + dice.below(DESKS) as i64));
            (room.map(|room| Seat { room, floor }), None, Some("assigned"))
        }
        Some(SeatWish::Section { section }) => (None, Some(*section), Some("hybrid")),
        Some(SeatWish::Remote) => (None, None, Some("remote")),
        None => (None, None, None),
    };
    let applied = Applied {
        fields: fields.clone(),
        seat: seat.map(|seat| seat.room),
        section,
        cost_center: wants.cost_center.as_ref().map(|want| want.value),
        roles: roles.clone(),
        items: items.clone(),
        ..Applied::default()
    };
    if dice.chance(20) {
        roles.pop_first();
    }
    let user_type = wants.user_type.as_ref().map(|want| (want.value, Arc::from("Employee")));
    let account = Account {
        key: AccountKey { site: names.site.clone(), id: AccountId(n as i64 + 10) },
        kind: AccountKind::Person,
        active: Some(true),
        fields,
        user_type,
        seat,
        section,
        seat_class: class.map(Arc::from),
        cost_center: applied.cost_center,
        items: Some(items),
        roles: Some(roles),
        site_admin: Some(false),
        updated_at: None,
        updated_by: None,
        read_at: now,
    };
    (account, applied)
}
