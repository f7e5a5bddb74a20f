//! Sites made of nothing but the names in the policy, so that its tests need no iOffice.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use lanyard_model::{
    fold,
    id::{
        AccountId, BuildingId, CategoryId, CenterId, FloorId, ItemId, NeighborhoodId, RoomId, SectionId,
        SiteId, UserTypeId,
    },
    place::{Building, COST_CENTER_CATEGORY, Catalogue, Center, Floor, Item, Room, Section},
};

use crate::{
    bind::merged,
    document::{Centers, CostCenter, Document, Kind, PlaceNames},
    parameter::{filled, filled_place},
};

/// The account of a manager who is known.
pub(crate) const MANAGER: AccountId = AccountId(2);

/// Where a floor, section or space lies that is named without its building.
const SOMEWHERE: &str = "somewhere";

/// The floor of a building of which no floor is named.
const ANY_FLOOR: &str = "any floor";

/// Every site that a route leads to, with all of the policy's names in each.
pub(crate) struct Stage {
    pub catalogues: BTreeMap<SiteId, Catalogue>,
    builder: Builder,
}

#[derive(Default)]
struct Builder {
    next: i64,
    buildings: BTreeMap<BuildingId, Building>,
    floors: BTreeMap<FloorId, Floor>,
    rooms: BTreeMap<RoomId, Room>,
    centers: BTreeMap<CenterId, Center>,
    sections: BTreeMap<SectionId, Section>,
    items: BTreeMap<ItemId, Item>,
    user_types: BTreeMap<UserTypeId, std::sync::Arc<str>>,
    by_name: HashMap<(&'static str, String), i64>,
}

pub(crate) fn stage(document: &Document) -> Stage {
    let mut builder = Builder::default();
    // One set of names per set of values: what one site calls its quiet floor, another may call otherwise.
    let sites: BTreeSet<&SiteId> = document.routes.iter().map(|route| &route.site).collect();
    let mut tenants = vec![None];
    tenants.extend(document.parameters.tenants().into_iter().map(Some));
    let values: BTreeSet<_> = sites
        .into_iter()
        .flat_map(|site| tenants.iter().map(move |tenant| document.parameters.of(site, *tenant)))
        .collect();
    let each = |text: &str| values.iter().map(|values| filled(text, values).into_owned()).collect::<Vec<_>>();
    for name in document.user_types.iter().flat_map(|rule| each(&rule.name)) {
        builder.once("user type", &name, |builder, id| {
            builder.user_types.insert(UserTypeId(id), name.as_str().into());
        });
    }
    let outcomes = || {
        document
            .flows
            .iter()
            .flat_map(|flow| flow.gives.iter().chain(&flow.never).map(move |outcome| (flow, outcome)))
    };
    for (flow, outcome) in outcomes() {
        if let Kind::Place { place, .. } = &outcome.kind {
            for values in &values {
                match &flow.table {
                    Some(table) => table
                        .rows
                        .iter()
                        .for_each(|row| builder.place(&filled_place(&merged(place, &row.out.place), values))),
                    None => builder.place(&filled_place(place, values)),
                }
            }
        }
    }
    for case in &document.tests {
        if let Some((building, floor)) = &case.given.sits {
            builder.floor(Some(building), floor);
        }
    }
    if builder.buildings.is_empty() {
        builder.building(SOMEWHERE);
    }
    let mut modules = vec!["visitor".to_owned()];
    let mut items = Vec::new();
    for (_, outcome) in outcomes() {
        match &outcome.kind {
            Kind::Role { centers: Centers::Serving(module) | Centers::Everywhere(module), .. } => {
                modules.extend(each(module).iter().map(|module| fold::text(module)));
            }
            Kind::Role { centers: Centers::Named(names), .. } => {
                for name in names.iter().flat_map(|name| each(name)) {
                    builder.center(&name, "named", Vec::new());
                }
            }
            Kind::Item { name, .. } => items.extend(each(name)),
            Kind::CostCenter(CostCenter::Named(name)) => {
                each(name).iter().for_each(|name| builder.cost_center(name));
            }
            Kind::CostCenter(CostCenter::Attribute(attribute)) => {
                for case in &document.tests {
                    if let Some(text) = case.given.identity.profile.text(&attribute.name) {
                        builder.cost_center(text.trim());
                    }
                }
            }
            _ => {}
        }
    }
    for row in document.tables.values().flat_map(|table| &table.rows) {
        row.out.cost_center.iter().flat_map(|name| each(name)).for_each(|name| builder.cost_center(&name));
        items.extend(row.out.items.iter().flat_map(|name| each(name)));
        for name in row.out.roles.iter().flat_map(|(_, names)| names).flat_map(|name| each(name)) {
            builder.center(&name, "named", Vec::new());
        }
    }
    // Those with their category first: a bare name may mean one of them.
    items.sort_by_key(|name| !name.contains(" / "));
    items.iter().for_each(|name| builder.item(name));
    modules.sort();
    modules.dedup();
    let buildings: Vec<_> =
        builder.buildings.values().map(|building| (building.id, building.name.to_string())).collect();
    for module in &modules {
        for (id, name) in &buildings {
            builder.center(&format!("{module} in {name}"), module, vec![*id]);
        }
    }
    let catalogues = document.routes.iter().map(|route| (route.site.clone(), builder.catalogue(&route.site)));
    Stage { catalogues: catalogues.collect(), builder }
}

impl Stage {
    /// A seat on that floor.
    pub fn seat(&self, building: &str, floor: &str) -> Option<(RoomId, FloorId)> {
        let building = self.builder.known("building", building)?;
        let floor = self.builder.known("floor", &format!("{building}/{floor}")).map(FloorId)?;
        let room = self.builder.rooms.values().find(|room| room.floor == floor)?;
        Some((room.id, floor))
    }
}

impl Builder {
    fn known(&self, what: &'static str, name: &str) -> Option<i64> {
        self.by_name.get(&(what, fold::text(name))).copied()
    }

    /// The thing of that name, made if it is new.
    fn once(&mut self, what: &'static str, name: &str, make: impl FnOnce(&mut Self, i64)) -> i64 {
        if let Some(known) = self.known(what, name) {
            return known;
        }
        self.next += 1;
        let id = self.next;
        self.by_name.insert((what, fold::text(name)), id);
        make(self, id);
        id
    }

    fn building(&mut self, name: &str) -> BuildingId {
        BuildingId(self.once("building", name, |builder, id| {
            let building =
                Building { id: BuildingId(id), name: name.into(), code: "".into(), centers: Vec::new() };
            builder.buildings.insert(BuildingId(id), building);
        }))
    }

    /// A floor, with one seat of no particular kind.
    fn floor(&mut self, building: Option<&str>, name: &str) -> FloorId {
        if building.is_none()
            && let Some(floor) =
                self.floors.values().find(|floor| fold::text(&floor.name) == fold::text(name))
        {
            return floor.id;
        }
        let building = self.building(building.unwrap_or(SOMEWHERE));
        let floor = FloorId(self.once("floor", &format!("{building}/{name}"), |builder, id| {
            builder.floors.insert(FloorId(id), Floor { id: FloorId(id), name: name.into(), building });
        }));
        self.room(floor, "a seat", "");
        floor
    }

    fn room(&mut self, floor: FloorId, name: &str, kind: &str) {
        self.once("room", &format!("{floor}/{name}/{kind}"), |builder, id| {
            let room = Room {
                id: RoomId(id),
                name: name.into(),
                floor,
                kind: kind.into(),
                occupiable: true,
                active: true,
                reservable: true,
                capacity: 1,
                occupants: Vec::new(),
            };
            builder.rooms.insert(RoomId(id), room);
        });
    }

    fn place(&mut self, names: &PlaceNames) {
        let building = names.building.as_deref();
        if *names == PlaceNames::default() {
            return;
        }
        let mut floors: Vec<FloorId> = names.floors.iter().map(|floor| self.floor(building, floor)).collect();
        if floors.is_empty() && (building.is_some() || !names.rooms.is_empty() || names.section.is_some()) {
            floors.push(self.floor(building, ANY_FLOOR));
        }
        for floor in &floors {
            names.kinds.iter().for_each(|kind| self.room(*floor, &format!("a {kind}"), kind));
        }
        let Some(floor) = floors.first().copied() else { return };
        for room in &names.rooms {
            let kind = names.kinds.first().map_or("", String::as_str);
            self.room(floor, room, kind);
        }
        if let Some(name) = &names.section {
            let (neighborhood, section) = name.split_once(" / ").unwrap_or(("Neighborhood", name));
            let of = self.floors.get(&floor).map_or(0, |floor| floor.building.0);
            self.once("section", &format!("{of}/{name}"), |builder, id| {
                let section = Section {
                    id: SectionId(id),
                    name: section.into(),
                    neighborhood: NeighborhoodId(id),
                    neighborhood_name: neighborhood.into(),
                    floor,
                };
                builder.sections.insert(SectionId(id), section);
            });
        }
    }

    fn center(&mut self, name: &str, module: &str, buildings: Vec<BuildingId>) {
        self.once("center", name, |builder, id| {
            let center = Center { id: CenterId(id), name: name.into(), module: module.into(), buildings };
            builder.centers.insert(CenterId(id), center);
        });
    }

    fn cost_center(&mut self, name: &str) {
        self.once("cost center", name, |builder, id| {
            builder.add_item(id, name, COST_CENTER_CATEGORY, "Cost center")
        });
    }

    fn item(&mut self, name: &str) {
        let (category, item) = name.split_once(" / ").unwrap_or(("Category", name));
        let same = |known: &Item| {
            known.category != COST_CENTER_CATEGORY && fold::text(&known.name) == fold::text(item)
        };
        if !name.contains(" / ") && self.items.values().any(same) {
            return;
        }
        self.once("item", name, |builder, id| builder.add_item(id, item, CategoryId(100 + id), category));
    }

    fn add_item(&mut self, id: i64, name: &str, category: CategoryId, category_name: &str) {
        let id = ItemId(id);
        let code = format!("code {id}").into();
        let item =
            Item { id, name: name.into(), code, category, category_name: category_name.into(), parent: None };
        self.items.insert(id, item);
    }

    fn catalogue(&self, site: &SiteId) -> Catalogue {
        Catalogue {
            buildings: self.buildings.clone(),
            floors: self.floors.clone(),
            rooms: self.rooms.clone(),
            centers: self.centers.clone(),
            sections: self.sections.clone(),
            items: self.items.clone(),
            user_types: self.user_types.clone(),
            ..Catalogue::empty(site.clone(), Timestamp::UNIX_EPOCH)
        }
    }
}
