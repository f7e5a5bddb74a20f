//! The catalogue of one site: everything a policy can name. Read whole, kept in memory, refreshed by sweeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{
    AccountId, BuildingId, CategoryId, CenterId, FloorId, ItemId, NeighborhoodId, RoomId, SectionId, SiteId,
    UserTypeId,
};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Building {
    pub id: BuildingId,
    pub name: Arc<str>,
    pub code: Arc<str>,
    pub centers: Vec<CenterId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Floor {
    pub id: FloorId,
    pub name: Arc<str>,
    pub building: BuildingId,
}

/// A space. Names repeat across buildings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    pub id: RoomId,
    pub name: Arc<str>,
    pub floor: FloorId,
    pub kind: Arc<str>,
    /// People may be assigned to spaces of this type.
    pub occupiable: bool,
    pub active: bool,
    pub reservable: bool,
    pub capacity: u32,
    /// Assigned people as last read.
    pub occupants: Vec<AccountId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Center {
    pub id: CenterId,
    pub name: Arc<str>,
    /// `reservation`, `visitor`, `space`, `move`, …
    pub module: Arc<str>,
    pub buildings: Vec<BuildingId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Section {
    pub id: SectionId,
    pub name: Arc<str>,
    pub neighborhood: NeighborhoodId,
    pub neighborhood_name: Arc<str>,
    pub floor: FloorId,
}

/// A node of a category. Items of category 1 are cost centers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    pub id: ItemId,
    pub name: Arc<str>,
    pub code: Arc<str>,
    pub category: CategoryId,
    pub category_name: Arc<str>,
    pub parent: Option<ItemId>,
}

/// The default category, whose items are a user's one cost center.
pub const COST_CENTER_CATEGORY: CategoryId = CategoryId(1);

/// Everything of one site that a policy can name, as read at `read_at`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Catalogue {
    pub site: SiteId,
    pub read_at: Timestamp,
    pub buildings: BTreeMap<BuildingId, Building>,
    pub floors: BTreeMap<FloorId, Floor>,
    pub rooms: BTreeMap<RoomId, Room>,
    pub centers: BTreeMap<CenterId, Center>,
    pub sections: BTreeMap<SectionId, Section>,
    /// Spaces inside each section that has any. `None`: not read, as by versions that did not ask for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub section_rooms: Option<BTreeMap<SectionId, Vec<RoomId>>>,
    pub items: BTreeMap<ItemId, Item>,
    pub user_types: BTreeMap<UserTypeId, Arc<str>>,
}

impl Catalogue {
    pub fn empty(site: SiteId, read_at: Timestamp) -> Self {
        Self {
            site,
            read_at,
            buildings: BTreeMap::new(),
            floors: BTreeMap::new(),
            rooms: BTreeMap::new(),
            centers: BTreeMap::new(),
            sections: BTreeMap::new(),
            section_rooms: None,
            items: BTreeMap::new(),
            user_types: BTreeMap::new(),
        }
    }

    /// Names by kind and number, for those who have only the numbers: `{"center": {"5": "Harborlight Reservations"}}`.
    pub fn names(&self) -> serde_json::Value {
        serde_json::from_str(&self.names_text()).unwrap_or_default()
    }

    /// The same as text, made name by name: a large site has many.
    pub fn names_text(&self) -> String {
        let mut text = String::from("{");
        let mut all = |kind: &str, rows: &mut dyn Iterator<Item = (i64, String)>| {
            let before = if text.len() > 1 { "," } else { "" };
            text.push_str(&format!("{before}\"{kind}\":{{"));
            for (at, (id, name)) in rows.enumerate() {
                let between = if at > 0 { "," } else { "" };
                text.push_str(&format!("{between}\"{id}\":{}", serde_json::Value::from(name)));
            }
            text.push('}');
        };
        all("center", &mut self.centers.keys().map(|id| (id.0, self.center_name(*id))));
        all("room", &mut self.rooms.keys().map(|id| (id.0, self.room_path(*id))));
        all("section", &mut self.sections.keys().map(|id| (id.0, self.section_name(*id))));
        all("item", &mut self.items.keys().map(|id| (id.0, self.item_name(*id))));
        all("user_type", &mut self.user_types.iter().map(|(id, name)| (id.0, name.to_string())));
        text.push('}');
        text
    }

    pub fn building_of_floor(&self, floor: FloorId) -> Option<&Building> {
        self.floors.get(&floor).and_then(|f| self.buildings.get(&f.building))
    }

    /// `Pier House / Level 2 / 2-014`, as far as known.
    pub fn room_path(&self, room: RoomId) -> String {
        let Some(room) = self.rooms.get(&room) else { return format!("room {room}") };
        format!("{} / {}", self.floor_path(room.floor), room.name)
    }

    /// `Pier House / Level 2`, as far as known.
    pub fn floor_path(&self, floor: FloorId) -> String {
        let Some(f) = self.floors.get(&floor) else { return format!("floor {floor}") };
        match self.buildings.get(&f.building) {
            Some(building) => format!("{} / {}", building.name, f.name),
            None => f.name.to_string(),
        }
    }

    pub fn center_name(&self, center: CenterId) -> String {
        self.centers.get(&center).map_or_else(|| format!("center {center}"), |c| c.name.to_string())
    }

    pub fn item_name(&self, item: ItemId) -> String {
        self.items.get(&item).map_or_else(|| format!("item {item}"), |i| i.name.to_string())
    }

    pub fn section_name(&self, section: SectionId) -> String {
        self.sections.get(&section).map_or_else(
            || format!("section {section}"),
            |s| format!("{} / {} ({})", s.neighborhood_name, s.name, self.floor_path(s.floor)),
        )
    }

    /// Centers of `module` that serve the building, by id.
    pub fn centers_serving(&self, building: BuildingId, module: &str) -> BTreeSet<CenterId> {
        self.centers
            .values()
            .filter(|c| c.module.eq_ignore_ascii_case(module))
            .filter(|c| {
                c.buildings.contains(&building)
                    || self.buildings.get(&building).is_some_and(|b| b.centers.contains(&c.id))
            })
            .map(|c| c.id)
            .collect()
    }
}
