//! What things of a site are called: looked up for every name that a policy has.

use std::collections::{BTreeSet, HashMap};

use lanyard_model::{
    fold,
    id::{BuildingId, CenterId, FloorId, ItemId, RoomId, SectionId},
    place::Catalogue,
};

/// Things by their folded names; several may have one name.
pub(super) struct Called {
    pub(super) buildings: HashMap<String, Vec<BuildingId>>,
    pub(super) floors: HashMap<String, Vec<FloorId>>,
    pub(super) items: HashMap<String, Vec<ItemId>>,
    pub(super) centers: HashMap<String, Vec<CenterId>>,
    pub(super) rooms: HashMap<String, Vec<(RoomId, FloorId)>>,
    /// By name, and by neighborhood and name.
    pub(super) sections: HashMap<String, Vec<(SectionId, FloorId)>>,
    /// Floors with seats, by kind (folded) and, under the empty name, of any kind; of each building.
    pub(super) seats: HashMap<String, HashMap<BuildingId, BTreeSet<FloorId>>>,
}

impl Called {
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let mut buildings = HashMap::new();
        for building in catalogue.buildings.values() {
            push(&mut buildings, &building.name, building.id);
            push(&mut buildings, &building.code, building.id);
        }
        let mut floors = HashMap::new();
        for floor in catalogue.floors.values() {
            push(&mut floors, &floor.name, floor.id);
        }
        let mut items = HashMap::new();
        for item in catalogue.items.values() {
            push(&mut items, &item.name, item.id);
            push(&mut items, &item.code, item.id);
            push(&mut items, &format!("{} / {}", item.category_name, item.name), item.id);
        }
        let mut centers = HashMap::new();
        for center in catalogue.centers.values() {
            push(&mut centers, &center.name, center.id);
        }
        let mut rooms: HashMap<String, Vec<(RoomId, FloorId)>> = HashMap::new();
        let mut seats: HashMap<String, HashMap<BuildingId, BTreeSet<FloorId>>> = HashMap::new();
        for room in catalogue.rooms.values().filter(|room| room.active) {
            rooms.entry(fold::text(&room.name)).or_default().push((room.id, room.floor));
            if room.occupiable
                && room.capacity > 0
                && let Some(floor) = catalogue.floors.get(&room.floor)
            {
                for kind in [fold::text(&room.kind), String::new()] {
                    seats.entry(kind).or_default().entry(floor.building).or_default().insert(room.floor);
                }
            }
        }
        let mut sections: HashMap<String, Vec<(SectionId, FloorId)>> = HashMap::new();
        for section in catalogue.sections.values() {
            let whole = fold::text(&format!("{} / {}", section.neighborhood_name, section.name));
            let name = fold::text(&section.name);
            if whole != name {
                sections.entry(whole).or_default().push((section.id, section.floor));
            }
            sections.entry(name).or_default().push((section.id, section.floor));
        }
        Self { buildings, floors, items, centers, rooms, sections, seats }
    }
}

fn push<T>(map: &mut HashMap<String, Vec<T>>, name: &str, id: T)
where
    T: PartialEq,
{
    let list = map.entry(fold::text(name)).or_default();
    if !name.trim().is_empty() && !list.contains(&id) {
        list.push(id);
    }
}
