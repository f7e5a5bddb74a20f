//! The catalogue of one site: everything a policy can name. Read whole, kept in memory, refreshed by sweeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fold;
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
    /// Names that things had when they were read before: see [`Catalogue::note_renamed`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub formerly: Vec<Renamed>,
}

/// What a policy can name and somebody can rename.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThingKind {
    Building,
    Floor,
    Section,
    Center,
    Item,
    /// The last: there are the most of them.
    Room,
}

/// Something that was called so, and is called otherwise now.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Renamed {
    pub kind: ThingKind,
    pub id: i64,
    pub name: Arc<str>,
}

/// Earlier names that are remembered of a site. A policy names few things, and nobody renames so many one by one.
const RENAMED_MAX: usize = 10_000;

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
            formerly: Vec::new(),
        }
    }

    /// Remembers how things were called that are called otherwise since `before`, and what was remembered there. Forgets what is
    /// gone, or has its name again.
    pub fn note_renamed(&mut self, before: &Self) {
        let mut formerly: BTreeSet<Renamed> = before.formerly.iter().cloned().collect();
        let mut see = |kind: ThingKind, id: i64, before: &[&str], now: &[&str]| {
            let is_new = |name: &&&str| !name.trim().is_empty() && !now.contains(*name);
            let renamed = before.iter().filter(is_new);
            formerly.extend(renamed.map(|name| Renamed { kind, id, name: Arc::from(*name) }));
        };
        for (id, was) in &before.buildings {
            if let Some(now) = self.buildings.get(id) {
                see(ThingKind::Building, id.0, &[&was.name, &was.code], &[&now.name, &now.code]);
            }
        }
        for (id, was) in &before.floors {
            if let Some(now) = self.floors.get(id) {
                see(ThingKind::Floor, id.0, &[&was.name], &[&now.name]);
            }
        }
        for (id, was) in &before.rooms {
            if let Some(now) = self.rooms.get(id) {
                see(ThingKind::Room, id.0, &[&was.name], &[&now.name]);
            }
        }
        for (id, was) in &before.sections {
            if let Some(now) = self.sections.get(id).filter(|now| *now != was) {
                let whole = |section: &Section| format!("{} / {}", section.neighborhood_name, section.name);
                see(ThingKind::Section, id.0, &[&was.name, &whole(was)], &[&now.name, &whole(now)]);
            }
        }
        for (id, was) in &before.centers {
            if let Some(now) = self.centers.get(id) {
                see(ThingKind::Center, id.0, &[&was.name], &[&now.name]);
            }
        }
        for (id, was) in &before.items {
            if let Some(now) = self.items.get(id).filter(|now| *now != was) {
                let whole = |item: &Item| format!("{} / {}", item.category_name, item.name);
                let (old, new) = (whole(was), whole(now));
                see(ThingKind::Item, id.0, &[&was.name, &was.code, &old], &[&now.name, &now.code, &new]);
            }
        }
        let stands = |one: &Renamed| {
            let now = self.names_of(one.kind, one.id);
            !now.is_empty() && !now.iter().any(|now| fold::text(now) == fold::text(&one.name))
        };
        self.formerly = formerly.into_iter().filter(stands).take(RENAMED_MAX).collect();
    }

    /// All names by which a policy may mean it, the plainest first; none: it is not there.
    pub fn names_of(&self, kind: ThingKind, id: i64) -> Vec<String> {
        let names = match kind {
            ThingKind::Building => self
                .buildings
                .get(&BuildingId(id))
                .map(|building| vec![building.name.to_string(), building.code.to_string()]),
            ThingKind::Floor => self.floors.get(&FloorId(id)).map(|floor| vec![floor.name.to_string()]),
            ThingKind::Room => self.rooms.get(&RoomId(id)).map(|room| vec![room.name.to_string()]),
            ThingKind::Section => self.sections.get(&SectionId(id)).map(|section| {
                vec![section.name.to_string(), format!("{} / {}", section.neighborhood_name, section.name)]
            }),
            ThingKind::Center => self.centers.get(&CenterId(id)).map(|center| vec![center.name.to_string()]),
            ThingKind::Item => self.items.get(&ItemId(id)).map(|item| {
                let whole = format!("{} / {}", item.category_name, item.name);
                vec![item.name.to_string(), item.code.to_string(), whole]
            }),
        };
        names.unwrap_or_default()
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
