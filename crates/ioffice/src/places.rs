//! Buildings, floors, spaces, centers, neighbourhood sections, category items: rows into the model's words (§4 to §8).

use std::sync::Arc;

use lanyard_model::{
    id::{
        AccountId, BuildingId, CategoryId, CenterId, FloorId, ItemId, NeighborhoodId, RoomId, SectionId,
        UserTypeId,
    },
    place::{Building, Center, Floor, Item, Room, Section},
};
use serde_json::Value;

use crate::fields::Fields;

fn name_of(f: Fields<'_>) -> Arc<str> {
    f.text("name").unwrap_or_default().into()
}

/// A building with the centers that serve it; their modules come along in `centers(module)`.
pub(crate) fn read_building(row: &Value) -> Option<(Building, Vec<Center>)> {
    let f = Fields::of(row);
    let id = BuildingId(f.id()?);
    let centers: Vec<Center> = f.list("centers").unwrap_or_default().iter().filter_map(read_center).collect();
    let building = Building {
        id,
        name: name_of(f),
        code: f.text("code").unwrap_or_default().into(),
        centers: centers.iter().map(|c| c.id).collect(),
    };
    Some((building, centers))
}

pub(crate) fn read_floor(row: &Value) -> Option<Floor> {
    let f = Fields::of(row);
    Some(Floor { id: FloorId(f.id()?), name: name_of(f), building: BuildingId(f.reference("building")?.id) })
}

/// A space. `occupiable` may come with its type; otherwise the caller knows it from the list of types.
pub(crate) fn read_room(row: &Value, occupiable_type: impl Fn(i64) -> Option<bool>) -> Option<Room> {
    let f = Fields::of(row);
    let kind = f.inside("type");
    let occupiable = kind.flag("occupiable").or_else(|| kind.id().and_then(occupiable_type)).unwrap_or(false);
    Some(Room {
        id: RoomId(f.id()?),
        name: name_of(f),
        floor: FloorId(f.reference("floor")?.id),
        kind: name_of(kind),
        occupiable,
        active: f.flag("active").unwrap_or(true),
        reservable: f.flag("reservable").unwrap_or(false),
        capacity: f.number("capacity").and_then(|n| u32::try_from(n).ok()).unwrap_or(1),
        occupants: f.references("users").unwrap_or_default().into_iter().map(|r| AccountId(r.id)).collect(),
    })
}

/// Id and whether people may sit there.
pub(crate) fn read_room_type(row: &Value) -> Option<(i64, bool)> {
    let f = Fields::of(row);
    Some((f.id()?, f.flag("occupiable")?))
}

pub(crate) fn read_center(row: &Value) -> Option<Center> {
    let f = Fields::of(row);
    Some(Center {
        id: CenterId(f.id()?),
        name: name_of(f),
        module: f.text("module").unwrap_or_default().to_lowercase().into(),
        buildings: f
            .references("buildings")
            .unwrap_or_default()
            .into_iter()
            .map(|r| BuildingId(r.id))
            .collect(),
    })
}

/// A section; sections may not carry their neighbourhood's name.
pub(crate) fn read_section(row: &Value, neighborhood: impl Fn(i64) -> Option<Arc<str>>) -> Option<Section> {
    let f = Fields::of(row);
    let home = f.reference("neighborhood")?;
    Some(Section {
        id: SectionId(f.id()?),
        name: name_of(f),
        neighborhood: NeighborhoodId(home.id),
        neighborhood_name: home.name.map(Into::into).or_else(|| neighborhood(home.id)).unwrap_or_default(),
        floor: FloorId(f.reference("floor")?.id),
    })
}

/// The spaces inside a section; nothing of one without any.
pub(crate) fn read_section_rooms(row: &Value) -> Option<(SectionId, Vec<RoomId>)> {
    let f = Fields::of(row);
    let rooms: Vec<_> = f.references("rooms")?.into_iter().map(|room| RoomId(room.id)).collect();
    (!rooms.is_empty()).then_some((SectionId(f.id()?), rooms))
}

/// An item out of the list of category `asked`; rows may not say again whose they are.
pub(crate) fn read_item(
    row: &Value,
    asked: i64,
    category_name: impl Fn(i64) -> Option<Arc<str>>,
) -> Option<Item> {
    let f = Fields::of(row);
    let category = f.reference("category");
    let id = category.as_ref().map_or(asked, |category| category.id);
    Some(Item {
        id: ItemId(f.id()?),
        name: name_of(f),
        code: f.text("code").unwrap_or_default().into(),
        category: CategoryId(id),
        category_name: category
            .and_then(|category| category.name)
            .map(Into::into)
            .or_else(|| category_name(id))
            .unwrap_or_default(),
        parent: f.reference("costCenterParent").map(|r| ItemId(r.id)),
    })
}

pub(crate) fn read_user_type(row: &Value) -> Option<(UserTypeId, Arc<str>)> {
    let f = Fields::of(row);
    Some((UserTypeId(f.id()?), name_of(f)))
}
