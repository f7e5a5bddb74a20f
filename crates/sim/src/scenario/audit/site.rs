//! What one iOffice site holds, indexed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::key;

pub(super) struct SiteSide<'a> {
    pub index: u16,
    pub name: String,
    pub service: u64,
    pub accounts: BTreeMap<u64, &'a Value>,
    /// By whose they are.
    pub bookings: HashMap<u64, Vec<&'a Value>>,
    pub visits: &'a [Value],
    pub visitors: HashMap<u64, &'a Value>,
    pub journal: &'a [Value],
    pub rooms: HashMap<u64, Room<'a>>,
    /// Floors, by id and name, on which a building has active rooms of a kind.
    floors: HashMap<(u64, &'a str), BTreeSet<(u64, &'a str)>>,
    pub buildings: Vec<Building<'a>>,
    /// Sections: id, by building.
    sections: HashMap<u64, Vec<(&'a str, u64)>>,
    floor_of_section: HashMap<u64, u64>,
    building_of_floor: HashMap<u64, u64>,
    /// Items of the category of cost centers, by name.
    pub cost_centers: HashMap<String, u64>,
    pub user_types: HashMap<String, u64>,
    /// The item "Executive floor" of the category "Access policy".
    pub executive_item: Option<u64>,
    centers: Vec<(u64, &'a str, Vec<u64>)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Room<'a> {
    pub kind: &'a str,
    pub floor: u64,
    pub floor_name: &'a str,
    pub building: u64,
    pub active: bool,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Building<'a> {
    pub id: u64,
    pub name: &'a str,
    pub code: &'a str,
}

pub(super) fn rows(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The id of a record or reference.
pub(super) fn id(value: &Value) -> Option<u64> {
    value["id"].as_u64()
}

pub(super) fn text<'a>(record: &'a Value, field: &str) -> &'a str {
    record[field].as_str().unwrap_or_default()
}

/// Center and role of each permission.
pub(super) fn roles(account: &Value) -> BTreeMap<u64, &str> {
    let entries = rows(&account["permissions"]).iter();
    entries.filter_map(|entry| Some((id(&entry["center"])?, entry["role"].as_str()?))).collect()
}

/// Items beside the default cost center.
pub(super) fn items(account: &Value) -> Vec<u64> {
    rows(&account["costCenters"]).iter().filter_map(id).collect()
}

pub(super) fn is_live(account: &Value) -> bool {
    account["active"] != false
}

/// How much a role allows.
pub(super) fn rank(role: &str) -> usize {
    let all = ["CUSTOMER", "MANAGER", "TECHNICIAN", "OPERATOR", "ADMINISTRATOR"];
    all.iter().position(|known| *known == role).map_or(0, |place| place + 1)
}

impl<'a> SiteSide<'a> {
    pub fn new(index: u16, name: &str, state: &'a Value, journal: &'a Value) -> Self {
        let table = |kind: &str| rows(&state[kind]);
        let building_of_floor: HashMap<u64, u64> =
            table("floors").iter().filter_map(|floor| Some((id(floor)?, id(&floor["building"])?))).collect();
        let rooms = table("rooms").iter().filter_map(|room| {
            let floor = id(&room["floor"])?;
            let found = Room {
                kind: text(&room["type"], "name"),
                floor,
                floor_name: text(&room["floor"], "name"),
                building: building_of_floor.get(&floor).copied()?,
                active: room["active"] != false,
            };
            Some((id(room)?, found))
        });
        let rooms: HashMap<u64, Room<'_>> = rooms.collect();
        let mut floors: HashMap<(u64, &str), BTreeSet<(u64, &str)>> = HashMap::new();
        for room in rooms.values().filter(|room| room.active) {
            floors.entry((room.building, room.kind)).or_default().insert((room.floor, room.floor_name));
        }
        let mut sections: HashMap<u64, Vec<(&str, u64)>> = HashMap::new();
        let mut floor_of_section = HashMap::new();
        for section in table("sections") {
            let (Some(place), Some(floor)) = (id(section), id(&section["floor"])) else { continue };
            floor_of_section.insert(place, floor);
            if let Some(building) = building_of_floor.get(&floor) {
                sections.entry(*building).or_default().push((text(section, "name"), place));
            }
        }
        sections.values_mut().for_each(|list| list.sort_unstable());
        let mut bookings: HashMap<u64, Vec<&Value>> = HashMap::new();
        for booking in table("reservations") {
            if let Some(user) = id(&booking["user"]) {
                bookings.entry(user).or_default().push(booking);
            }
        }
        let named = |row: &'a Value| Some((key::text(text(row, "name"))?, id(row)?));
        let executive = table("items").iter().find(|item| {
            text(item, "name") == "Executive floor" && text(&item["category"], "name") == "Access policy"
        });
        let centers = table("centers").iter().filter_map(|center| {
            let buildings = rows(&center["buildings"]).iter().filter_map(id).collect();
            Some((id(center)?, text(center, "module"), buildings))
        });
        let buildings = table("buildings").iter().filter_map(|row| {
            Some(Building { id: id(row)?, name: text(row, "name"), code: text(row, "code") })
        });
        let cost_centers = table("items").iter().filter(|item| id(&item["category"]) == Some(1));
        Self {
            index,
            name: name.to_owned(),
            service: state["serviceAccount"].as_u64().unwrap_or_default(),
            accounts: table("users").iter().filter_map(|user| Some((id(user)?, user))).collect(),
            bookings,
            visits: table("registrations"),
            visitors: table("visitors")
                .iter()
                .filter_map(|row| Some((id(&row["visitorId"])?, row)))
                .collect(),
            journal: rows(journal),
            rooms,
            floors,
            buildings: buildings.collect(),
            sections,
            floor_of_section,
            cost_centers: cost_centers.filter_map(named).collect(),
            user_types: table("userTypes").iter().filter_map(named).collect(),
            executive_item: executive.and_then(id),
            centers: centers.collect(),
            building_of_floor,
        }
    }

    /// The building that Okta's `officeLocation` names.
    pub fn building(&self, code: &str) -> Option<Building<'a>> {
        self.buildings.iter().find(|building| building.code.eq_ignore_ascii_case(code)).copied()
    }

    /// Where the account's seat or section lies.
    pub fn building_of(&self, account: &Value) -> Option<u64> {
        let room = id(&account["room"]).and_then(|room| self.rooms.get(&room)).map(|room| room.building);
        let section = || {
            let floor = self.floor_of_section.get(&id(&account["neighborhoodSection"])?)?;
            self.building_of_floor.get(floor).copied()
        };
        room.or_else(section)
    }

    /// The sections of a building by name.
    pub fn sections(&self, building: u64) -> &[(&'a str, u64)] {
        self.sections.get(&building).map_or(&[], Vec::as_slice)
    }

    /// How many floors of a building, all or of one name, have active rooms of a kind.
    pub fn floors_with(&self, building: u64, kind: &str, name: Option<&str>) -> usize {
        let floors = self.floors.get(&(building, kind)).into_iter().flatten();
        floors.filter(|(_, floor)| name.is_none_or(|name| *floor == name)).count()
    }

    /// Centers of a module that serve a building.
    pub fn centers(&self, module: &str, building: u64) -> Vec<u64> {
        let serving =
            self.centers.iter().filter(|(_, of, buildings)| *of == module && buildings.contains(&building));
        serving.map(|(center, ..)| *center).collect()
    }

    /// What somebody whose time is over still has: nothing, as it should be, or words for each thing left.
    pub fn left_over(&self, account: u64, at_ms: i64) -> Vec<String> {
        let mut left = Vec::new();
        if let Some(held) = self.accounts.get(&account) {
            if is_live(held) {
                left.push("the account is active".to_owned());
            }
            let count = roles(held).len();
            if count > 0 {
                left.push(format!("{count} permissions"));
            }
            for (field, word) in [("room", "seat"), ("neighborhoodSection", "section")] {
                if id(&held[field]).is_some() {
                    left.push(format!("{word} {}", text(&held[field], "name")));
                }
            }
            let count = items(held).len();
            if count > 0 {
                left.push(format!("{count} category items"));
            }
        }
        let ahead = self.bookings.get(&account).into_iter().flatten().filter(|booking| {
            booking["cancelled"] != true && booking["endDate"].as_i64().is_some_and(|end| end > at_ms)
        });
        match ahead.count() {
            0 => {}
            count => left.push(format!("{count} bookings ahead")),
        }
        left
    }
}
