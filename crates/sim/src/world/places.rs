//! Buildings, floors, rooms, centers, neighborhoods, categories: the site before anybody has an account.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    AccountType, Building, Category, CategoryItem, Center, Company, Depth, Floor, Neighborhood,
    ReservationRule, Room, RoomType, Section, Site,
    geography::{self, CONFERENCE, DEPARTMENTS, NAMES},
    intern::Intern,
};

pub(super) const EMPLOYEE: u32 = 1;
pub(super) const CONTRACTORS: u32 = 2;
pub(super) const WORKSTATION: u32 = 21;
pub(super) const CONFERENCE_ROOM: u32 = 22;
pub(super) const EXECUTIVE: u32 = 23;
pub(super) const HOT_DESK: u32 = 24;
const STORAGE: u32 = 25;
/// Item "Executive floor" of the category "Access policy".
pub(super) const EXECUTIVE_ITEM: u32 = 520;
pub(super) const MODULES: [(&str, &str); 5] = [
    ("reservation", "Reservations"),
    ("space", "Space"),
    ("visitor", "Visitors"),
    ("move", "Moves"),
    ("maintenance", "Maintenance"),
];
/// Desks of one kind on one floor.
const DESKS_PER_FLOOR: u32 = 60;

/// The places of every site, sized for the people who belong to them.
pub(super) fn draw(company: &Company, intern: &mut Intern) -> Vec<Site> {
    let settings = &company.settings;
    let per_site = settings.people.div_ceil(u32::from(settings.sites));
    (0..settings.sites)
        .map(|index| {
            let mut heads = vec![0_u32; geography::building_count(per_site) as usize];
            for person in company.people.iter().filter(|person| person.site == index) {
                heads[person.building as usize] += 1;
            }
            Draft::new(index, intern).finish(&heads)
        })
        .collect()
}

/// A building of an export.
pub(super) struct Listed {
    pub code: String,
    pub name: String,
    pub city: String,
    pub country_code: String,
    pub timezone: String,
    /// People who belong to it.
    pub heads: u32,
    /// Its rooms; empty: as many are drawn as its people need.
    pub rooms: Vec<ListedRoom>,
}

/// A room of an export.
pub(super) struct ListedRoom {
    pub floor: String,
    pub name: String,
    /// Lower case, `hot desk`.
    pub kind: String,
    pub capacity: u16,
}

impl Listed {
    pub(super) fn of(code: &str) -> Self {
        Self {
            code: code.to_owned(),
            name: code.to_owned(),
            city: String::new(),
            country_code: "US".to_owned(),
            timezone: "UTC".to_owned(),
            heads: 0,
            rooms: Vec::new(),
        }
    }
}

/// The site of an export: its buildings, and an item of category 1 for each department with its cost center.
pub(super) fn listed(
    buildings: &[Listed],
    departments: &BTreeMap<String, String>,
    intern: &mut Intern,
) -> Site {
    let mut draft = Draft::new(0, intern);
    for (place, building) in buildings.iter().enumerate() {
        draft.listed_building(place as u32, building);
    }
    for (place, (name, cost_center)) in departments.iter().enumerate() {
        if draft.site.items.iter().any(|item| item.depth == 81 && *item.name == **name) {
            continue;
        }
        draft.site.items.push(CategoryItem {
            id: 1000 + place as u32,
            name: name.as_str().into(),
            code: cost_center.as_str().into(),
            depth: 81,
            category: 1,
            parent: None,
        });
    }
    draft.rules();
    draft.site
}

struct Draft<'a> {
    intern: &'a mut Intern,
    site: Site,
}

impl<'a> Draft<'a> {
    fn new(index: u16, intern: &'a mut Intern) -> Self {
        let (name, subdomain) = NAMES[usize::from(index) % NAMES.len()];
        let site = Site {
            index,
            name: name.into(),
            subdomain: subdomain.into(),
            user_types: account_types(),
            buildings: Vec::new(),
            floors: Vec::new(),
            room_types: room_types(),
            rooms: Vec::new(),
            centers: Vec::new(),
            neighborhoods: Vec::new(),
            sections: Vec::new(),
            categories: vec![
                Category { id: 1, name: "Cost center", code: "CC" },
                Category { id: 12, name: "Access policy", code: "ACCESS" },
            ],
            depths: vec![
                Depth { id: 80, name: "Division", code: "DIV", level: 0, category: 1 },
                Depth { id: 81, name: "Department", code: "DEP", level: 1, category: 1 },
                Depth { id: 90, name: "Policy", code: "POL", level: 0, category: 12 },
            ],
            items: items(),
            reservation_rules: Vec::new(),
            accounts: Vec::new(),
            reservations: Vec::new(),
            service_account: 0,
        };
        Self { intern, site }
    }

    fn finish(mut self, heads: &[u32]) -> Site {
        for (place, heads) in heads.iter().enumerate() {
            self.building(place as u32, *heads);
        }
        self.rules();
        self.site
    }

    fn building(&mut self, place: u32, heads: u32) {
        let id = 310 + place;
        let (name, code, street) = geography::building_of(self.site.index, place);
        let city = geography::city_of(self.site.index, place);
        let centers = self.centers(id, &name, place);
        self.site.buildings.push(Building {
            id,
            name: self.intern.text(&name),
            code: self.intern.text(&code),
            street: self.intern.text(street),
            city: self.intern.text(city.name),
            postal_code: self.intern.text(city.postal_code),
            country_code: self.intern.text(city.country_code),
            country: self.intern.text(city.country),
            timezone: self.intern.text(city.timezone),
            centers: centers.clone(),
        });
        let hood = self.neighborhood(place, &name, &code, centers[1]);
        self.rooms(id, hood, heads);
    }

    fn listed_building(&mut self, place: u32, listed: &Listed) {
        let id = 310 + place;
        let centers = self.centers(id, &listed.name, place);
        self.site.buildings.push(Building {
            id,
            name: self.intern.text(&listed.name),
            code: self.intern.text(&listed.code),
            street: self.intern.text(""),
            city: self.intern.text(&listed.city),
            postal_code: self.intern.text(""),
            country_code: self.intern.text(&listed.country_code),
            country: self.intern.text(&listed.country_code),
            timezone: self.intern.text(&listed.timezone),
            centers: centers.clone(),
        });
        let hood = self.neighborhood(place, &listed.name, &listed.code, centers[1]);
        if listed.rooms.is_empty() {
            return self.rooms(id, hood, listed.heads);
        }
        let mut floors: BTreeMap<&str, Vec<&ListedRoom>> = BTreeMap::new();
        for room in &listed.rooms {
            floors.entry(&room.floor).or_default().push(room);
        }
        for (level, (name, rooms)) in floors.into_iter().enumerate() {
            let executive = rooms.iter().any(|room| room.kind == "executive");
            let floor = self.floor(id, name, executive);
            let mut desks = Vec::new();
            for room in rooms {
                let (kind, reservable) = match room.kind.as_str() {
                    "conference" => (CONFERENCE_ROOM, true),
                    "executive" => (EXECUTIVE, true),
                    "hot desk" | "hotdesk" => (HOT_DESK, true),
                    "storage" => (STORAGE, false),
                    _ => (WORKSTATION, false),
                };
                let room = self.room(floor, &room.name, kind, room.capacity, reservable);
                if kind == HOT_DESK {
                    desks.push(room);
                }
            }
            if !desks.is_empty() {
                self.section(hood, floor, level as u32 + 1, desks);
            }
        }
    }

    fn neighborhood(&mut self, place: u32, name: &str, code: &str, center: u32) -> u32 {
        let id = 41 + place;
        self.site.neighborhoods.push(Neighborhood {
            id,
            name: self.intern.text(&format!("{name} flexible seating")),
            code: self.intern.text(&format!("{code}-FLEX")),
            center,
        });
        id
    }

    /// Floors with as many rooms of each kind as `heads` people need.
    fn rooms(&mut self, id: u32, hood: u32, heads: u32) {
        // Own desks for three in four, flexible desks for one in four, and some to spare for newcomers.
        let (own, flexible) = (heads * 3 / 4 + 12, heads / 4 + 8);
        let floors = own.div_ceil(DESKS_PER_FLOOR).max(2);
        for level in 1..=floors {
            let floor = self.floor(id, &format!("Level {level}"), false);
            let mut number = 0;
            for _ in 0..share(own, floors, level) {
                number += 1;
                self.room(floor, &format!("{level}-{number:03}"), WORKSTATION, 1, false);
            }
            let mut desks = Vec::new();
            for _ in 0..share(flexible, floors, level) {
                number += 1;
                desks.push(self.room(floor, &format!("{level}-{number:03}"), HOT_DESK, 1, true));
            }
            for nth in 0..3 {
                let name = CONFERENCE[(level as usize * 3 + nth) % CONFERENCE.len()];
                self.room(floor, name, CONFERENCE_ROOM, [4, 8, 12][nth], true);
            }
            self.room(floor, &format!("{level}-STORE"), STORAGE, 0, false);
            self.section(hood, floor, level, desks);
        }
        let floor = self.floor(id, "Level 9", true);
        for number in 1..=4 + heads / 100 {
            self.room(floor, &format!("9-{number:03}"), EXECUTIVE, 1, true);
        }
        self.room(floor, "Boardroom", EXECUTIVE, 16, true);
        let closed = self.room(floor, "9-OLD", WORKSTATION, 1, false);
        if let Some(room) = self.site.rooms.last_mut().filter(|room| room.id == closed) {
            room.active = false;
        }
    }

    /// One center per module; the first building has a second reservation center, for desks alone.
    fn centers(&mut self, building: u32, name: &str, place: u32) -> Vec<u32> {
        let mut ids = Vec::new();
        let second = (place == 0).then_some(("reservation", "Desk Reservations"));
        for (module, label) in MODULES.into_iter().chain(second) {
            let id = 61 + self.site.centers.len() as u32;
            let name = self.intern.text(&format!("{name} {label}"));
            self.site.centers.push(Center { id, name, module, buildings: vec![building] });
            ids.push(id);
        }
        ids
    }

    fn floor(&mut self, building: u32, name: &str, executive: bool) -> u32 {
        let id = 741 + self.site.floors.len() as u32;
        let name = self.intern.text(name);
        self.site.floors.push(Floor { id, name, building, area: 1180.5, executive });
        id
    }

    fn room(&mut self, floor: u32, name: &str, kind: u32, capacity: u16, reservable: bool) -> u32 {
        let id = 8801 + self.site.rooms.len() as u32;
        let name = self.intern.text(name);
        self.site.rooms.push(Room { id, name, floor, kind, capacity, reservable, active: true });
        id
    }

    fn section(&mut self, neighborhood: u32, floor: u32, level: u32, rooms: Vec<u32>) {
        let id = 231 + self.site.sections.len() as u32;
        let name = self.intern.text(&format!("Zone {level}"));
        self.site.sections.push(Section { id, name, neighborhood, floor, rooms });
    }

    fn rules(&mut self) {
        let bare = |center, kind| ReservationRule {
            center,
            kind,
            value: None,
            room_type: None,
            room: None,
            neighborhood: None,
        };
        let minutes = |text: &str| -> Option<Arc<str>> { Some(text.into()) };
        let executive: Option<Arc<str>> = Some(EXECUTIVE_ITEM.to_string().as_str().into());
        for center in self.site.centers.iter().filter(|center| center.module == "reservation") {
            self.site.reservation_rules.extend([
                ReservationRule { value: minutes("720m"), ..bare(center.id, "MaxDuration") },
                ReservationRule { value: minutes("129600m"), ..bare(center.id, "MaxLeadTime") },
                ReservationRule {
                    value: executive.clone(),
                    room_type: Some(EXECUTIVE),
                    ..bare(center.id, "IncludeCategories")
                },
            ]);
        }
    }
}

/// How many of `total` things fall to `level` of `floors`.
fn share(total: u32, floors: u32, level: u32) -> u32 {
    total / floors + u32::from(level <= total % floors)
}

fn account_types() -> Vec<AccountType> {
    let common = vec![
        ("employeeId", "Employee ID", false),
        ("jobTitle", "Title", false),
        ("department", "Department", false),
        ("phone", "Phone", false),
        ("company", "Company", false),
        ("custom01", "Source", false),
    ];
    let mut outside = common.clone();
    outside[4].2 = true;
    outside.push(("custom02", "Contract end", false));
    vec![
        AccountType { id: EMPLOYEE, name: "Employee", fields: common.clone() },
        AccountType { id: CONTRACTORS, name: "Contractors", fields: outside },
        AccountType { id: 3, name: "Visitor", fields: common },
    ]
}

fn room_types() -> Vec<RoomType> {
    vec![
        RoomType { id: WORKSTATION, name: "Workstation", code: "WS", occupiable: true },
        RoomType { id: CONFERENCE_ROOM, name: "Conference", code: "CONF", occupiable: false },
        RoomType { id: EXECUTIVE, name: "Executive", code: "EXEC", occupiable: true },
        RoomType { id: HOT_DESK, name: "Hot desk", code: "HOT", occupiable: true },
        RoomType { id: STORAGE, name: "Storage", code: "STO", occupiable: false },
    ]
}

/// Divisions and departments under category 1; the policy items under category 12.
fn items() -> Vec<CategoryItem> {
    let mut out: Vec<CategoryItem> = Vec::new();
    for department in &DEPARTMENTS {
        if !out.iter().any(|item| &*item.name == department.division) {
            let id = 400 + out.len() as u32;
            let code = department.division.to_uppercase();
            let name = department.division.into();
            out.push(CategoryItem {
                id,
                name,
                code: code.as_str().into(),
                depth: 80,
                category: 1,
                parent: None,
            });
        }
    }
    for (nth, department) in DEPARTMENTS.iter().enumerate() {
        let parent = out.iter().find(|item| &*item.name == department.division).map(|item| item.id);
        out.push(CategoryItem {
            id: cost_center_item(nth),
            name: department.name.into(),
            code: department.cost_center.into(),
            depth: 81,
            category: 1,
            parent,
        });
    }
    for (id, name, code) in
        [(EXECUTIVE_ITEM, "Executive floor", "POL-EXEC"), (521, "Quiet zone", "POL-QUIET")]
    {
        out.push(CategoryItem {
            id,
            name: name.into(),
            code: code.into(),
            depth: 90,
            category: 12,
            parent: None,
        });
    }
    out
}

/// The item of category 1 for the department at this place of the list.
pub(super) fn cost_center_item(department: usize) -> u32 {
    410 + department as u32
}
