//! The parts of a place that an outcome names, as they are in one site.

use std::collections::BTreeSet;

use lanyard_model::{
    fold,
    id::{BuildingId, FloorId},
    place::ThingKind,
};

use super::{Binder, PlaceIds};
use crate::{document::PlaceNames, parameter::filled_place};

impl Binder<'_> {
    /// Leaves only the desks inside the section. Where nobody says which those are, it is told, and the rest of the place
    /// decides: nobody loses a desk over a section that could not be read.
    pub(super) fn within_section(&self, ids: &mut PlaceIds) {
        let Some(all) = &self.catalogue.section_rooms else { return };
        let Some(section) = ids.section else { return };
        let name = ids.names.section.clone().unwrap_or_default();
        let Some(inside) = all.get(&section) else {
            let message = format!("the section \"{name}\" shows no spaces, so a desk may be outside of it");
            let fix = "draw the section around its spaces in iOffice, or name floor or space here instead";
            self.fixes.borrow_mut().insert(message.clone(), fix.to_owned());
            ids.missing.push(message);
            return;
        };
        let floors = if ids.names.floors.is_empty() { None } else { Some(&ids.floors) };
        let named = if ids.names.rooms.is_empty() { None } else { Some(&ids.rooms) };
        let mut desks: Vec<_> = inside.iter().filter_map(|room| self.catalogue.rooms.get(room)).collect();
        desks.retain(|room| {
            room.active
                && floors.is_none_or(|floors| floors.contains(&room.floor))
                && named.is_none_or(|rooms| rooms.contains(&room.id))
                && match ids.kinds.as_slice() {
                    [] => room.occupiable,
                    kinds => kinds.contains(&fold::text(&room.kind)),
                }
        });
        desks.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        let desks: Vec<_> = desks.into_iter().map(|room| room.id).collect();
        if desks.is_empty() {
            let message = format!("no space in the section \"{name}\" is as wanted here");
            let fix = "correct kind, floor or space here, or the section's spaces in iOffice";
            self.fixes.borrow_mut().insert(message.clone(), fix.to_owned());
            ids.missing.push(message);
            return;
        }
        ids.floors.clear();
        ids.rooms = desks;
    }

    /// Resolves the parts that are named. A part that does not exist is reported, the others stand.
    pub(super) fn place(&self, names: &PlaceNames) -> PlaceIds {
        let names = &filled_place(names, &self.values);
        let mut ids = PlaceIds {
            kinds: names.kinds.iter().map(|kind| fold::text(kind)).collect(),
            names: names.clone(),
            ..PlaceIds::default()
        };
        if let Some(name) = &names.building {
            match self.called.buildings.get(&fold::text(name)).map(Vec::as_slice) {
                Some([building]) => {
                    ids.buildings.push(*building);
                    self.note_named(ThingKind::Building, building.0);
                }
                Some(several) if !several.is_empty() => {
                    ids.missing.push(format!("several buildings are called \"{name}\""));
                }
                _ => {
                    let known = self.catalogue.buildings.values().map(|building| &*building.name);
                    let why = format!("there is no building \"{name}\"");
                    ids.missing.push(self.lacking(ThingKind::Building, why, name, known));
                }
            }
            if ids.buildings.is_empty() {
                return ids;
            }
        }
        for name in &names.floors {
            let found = self.called.floors.get(&fold::text(name)).map_or(&[][..], Vec::as_slice);
            let here: Vec<_> =
                found.iter().copied().filter(|floor| self.is_in(*floor, &ids.buildings)).collect();
            match (here.as_slice(), &names.building) {
                ([floor], _) => {
                    ids.floors.push(*floor);
                    self.note_named(ThingKind::Floor, floor.0);
                }
                ([], building) => {
                    let all = self.catalogue.floors.values();
                    let known =
                        all.filter(|floor| self.is_in(floor.id, &ids.buildings)).map(|floor| &*floor.name);
                    let why = match building {
                        Some(building) => format!("{building} has no floor \"{name}\""),
                        None => format!("there is no floor \"{name}\""),
                    };
                    ids.missing.push(self.lacking(ThingKind::Floor, why, name, known));
                }
                _ => ids.missing.push(format!("several floors are called \"{name}\": name the building too")),
            }
        }
        if names.floors.is_empty() && names.building.is_some() {
            let kinds = if ids.kinds.is_empty() { vec![String::new()] } else { ids.kinds.clone() };
            let seats = kinds.iter().filter_map(|kind| self.called.seats.get(kind));
            let here = seats.flat_map(|seats| ids.buildings.iter().filter_map(|id| seats.get(id)));
            let all: BTreeSet<_> = here.flatten().copied().collect();
            ids.floors = all.into_iter().collect();
        }
        self.rooms(names, &mut ids);
        self.section(names, &mut ids);
        if ids.buildings.is_empty() {
            let floors = ids.floors.iter().copied();
            let rooms =
                ids.rooms.iter().filter_map(|room| self.catalogue.rooms.get(room)).map(|room| room.floor);
            let section =
                ids.section.and_then(|id| self.catalogue.sections.get(&id)).map(|section| section.floor);
            let all: BTreeSet<_> = floors
                .chain(rooms)
                .chain(section)
                .filter_map(|floor| self.catalogue.floors.get(&floor))
                .map(|floor| floor.building)
                .collect();
            ids.buildings = all.into_iter().collect();
        }
        ids
    }

    fn is_in(&self, floor: FloorId, buildings: &[BuildingId]) -> bool {
        buildings.is_empty()
            || self.catalogue.floors.get(&floor).is_some_and(|floor| buildings.contains(&floor.building))
    }

    fn rooms(&self, names: &PlaceNames, ids: &mut PlaceIds) {
        for name in &names.rooms {
            let named = self.called.rooms.get(&fold::text(name)).map_or(&[][..], Vec::as_slice);
            let found: Vec<_> = named
                .iter()
                .filter(|(_, floor)| self.is_in(*floor, &ids.buildings))
                .filter(|(_, floor)| names.floors.is_empty() || ids.floors.contains(floor))
                .map(|(room, _)| *room)
                .collect();
            match found.as_slice() {
                [room] => {
                    ids.rooms.push(*room);
                    self.note_named(ThingKind::Room, room.0);
                }
                [] => {
                    let all =
                        self.catalogue.rooms.values().filter(|room| self.is_in(room.floor, &ids.buildings));
                    let why = format!("there is no space \"{name}\"");
                    ids.missing.push(self.lacking(ThingKind::Room, why, name, all.map(|room| &*room.name)));
                }
                _ => ids
                    .missing
                    .push(format!("several spaces are called \"{name}\": name building and floor too")),
            }
        }
    }

    fn section(&self, names: &PlaceNames, ids: &mut PlaceIds) {
        let Some(name) = &names.section else { return };
        let wanted = fold::text(name);
        let named = self.called.sections.get(&wanted).map_or(&[][..], Vec::as_slice);
        let found: Vec<_> =
            named.iter().copied().filter(|(_, floor)| self.is_in(*floor, &ids.buildings)).collect();
        // The floors of the row are about desks; they only help where the name alone is not enough.
        let narrowed: Vec<_> = found.iter().filter(|(_, floor)| ids.floors.contains(floor)).collect();
        match (found.as_slice(), narrowed.as_slice()) {
            ([(section, _)], _) | (_, [(section, _)]) => {
                ids.section = Some(*section);
                self.note_named(ThingKind::Section, section.0);
            }
            ([], _) => {
                let known = self.catalogue.sections.values().map(|section| &*section.name);
                let why = format!("there is no neighborhood section \"{name}\"");
                ids.missing.push(self.lacking(ThingKind::Section, why, name, known));
            }
            _ => ids.missing.push(format!(
                "several sections are called \"{name}\": write \"Neighborhood / Section\" or name the building"
            )),
        }
    }
}
