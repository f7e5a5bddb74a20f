//! Sites made of nothing but the names in the policy, so that its tests need no iOffice. Each has the names that the policy
//! may mean there: two sites that both have a "Level 2" do not make one site with two of them.

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

use super::Case;
use crate::{
    bind::merged,
    condition::Condition,
    document::{Centers, CostCenter, Document, Kind, PlaceNames},
    evaluate::{Routed, route},
    lint::{Known, apart, several},
    parameter::{filled, filled_place},
    subject::with_subject,
};

/// The account of a manager who is known.
pub(crate) const MANAGER: AccountId = AccountId(2);

/// Where a floor, section or space lies that is named without its building.
const SOMEWHERE: &str = "somewhere";

/// The floor of a building of which no floor is named.
const ANY_FLOOR: &str = "any floor";

/// Every site that a route leads to, with the policy's names for it.
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
    /// A name means the same thing in every site that has it.
    by_name: HashMap<(&'static str, String), i64>,
    /// What the site has that is being furnished.
    here: BTreeSet<i64>,
}

/// A site, as far as conditions tell it from the others.
struct Ground<'a> {
    /// What each route asks that leads there.
    routes: Vec<Vec<Condition>>,
    several: &'a BTreeSet<String>,
}

impl Ground<'_> {
    fn of<'a>(document: &Document, site: &SiteId, several: &'a BTreeSet<String>) -> Ground<'a> {
        let routes = document.routes.iter().filter(|route| route.site == *site).map(|route| {
            let mut asks = route.conditions.clone();
            asks.push(Condition::Site(vec![site.clone()]));
            asks.extend(route.tenant.clone().map(|tenant| Condition::Tenant(vec![tenant])));
            asks
        });
        Ground { routes: routes.collect(), several }
    }

    /// Whether anybody there may fit all of these lists.
    fn may_fit(&self, lists: &[&[Condition]]) -> bool {
        self.routes.iter().any(|route| lists.iter().all(|list| !apart(route, list, self.several)))
    }
}

pub(crate) fn stage(document: &Document) -> Stage {
    let mut builder = Builder::default();
    let several = several(document, &Known::default());
    let sites: BTreeSet<&SiteId> = document.routes.iter().map(|route| &route.site).collect();
    let sits: Vec<_> = document
        .tests
        .iter()
        .filter_map(|case| Some((home(document, case), case.given.sits.as_ref()?)))
        .collect();
    let mut catalogues = BTreeMap::new();
    for site in sites {
        builder.here.clear();
        let ground = Ground::of(document, site, &several);
        let sits = sits.iter().filter(|(home, _)| home.as_ref().is_none_or(|home| home == site));
        furnish(document, site, &ground, sits.map(|(_, sits)| *sits), &mut builder);
        catalogues.insert(site.clone(), builder.catalogue(site));
    }
    Stage { catalogues, builder }
}

/// The site that the test's person belongs to.
fn home(document: &Document, case: &Case) -> Option<SiteId> {
    with_subject(document, &case.given.identity, case.now, false, |subject| match route(document, subject) {
        Routed::To(site, _) => Some(site.clone()),
        Routed::Nowhere | Routed::Unclear(_) => None,
    })
}

fn furnish<'a>(
    document: &Document,
    site: &SiteId,
    ground: &Ground<'_>,
    sits: impl Iterator<Item = &'a (String, String)>,
    builder: &mut Builder,
) {
    // One set of names per set of values: what one tenant calls its quiet floor, another may call otherwise.
    let mut tenants = vec![None];
    tenants.extend(document.parameters.tenants().into_iter().map(Some));
    let values: BTreeSet<_> = tenants.iter().map(|tenant| document.parameters.of(site, *tenant)).collect();
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
            .filter(|flow| ground.may_fit(&[&flow.conditions]))
            .flat_map(|flow| flow.gives.iter().chain(&flow.never).map(move |outcome| (flow, outcome)))
    };
    let mut places = Vec::new();
    for (flow, outcome) in outcomes() {
        let Kind::Place { place, .. } = &outcome.kind else { continue };
        let mut put =
            |names: &PlaceNames| places.extend(values.iter().map(|values| filled_place(names, values)));
        match &flow.table {
            Some(table) => table
                .rows
                .iter()
                .filter(|row| ground.may_fit(&[&flow.conditions, &row.tests]))
                .for_each(|row| put(&merged(place, &row.out.place))),
            None => put(place),
        }
    }
    // Those with their building first: a bare name may mean one of them.
    places.sort_by_key(|names| names.building.is_none());
    places.iter().for_each(|names| builder.place(names));
    for (building, floor) in sits {
        builder.floor(Some(building), floor);
    }
    if !builder.buildings.keys().any(|building| builder.here.contains(&building.0)) {
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
    let rows = document.tables.values().flat_map(|table| &table.rows);
    for row in rows.filter(|row| ground.may_fit(&[&row.tests])) {
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
    let here = builder.buildings.values().filter(|building| builder.here.contains(&building.id.0));
    let buildings: Vec<_> = here.map(|building| (building.id, building.name.to_string())).collect();
    for module in &modules {
        for (id, name) in &buildings {
            builder.center(&format!("{module} in {name}"), module, vec![*id]);
        }
    }
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
            self.here.insert(known);
            return known;
        }
        self.next += 1;
        let id = self.next;
        self.here.insert(id);
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
            && let Some(floor) = self
                .floors
                .values()
                .find(|floor| self.here.contains(&floor.id.0) && fold::text(&floor.name) == fold::text(name))
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
            self.here.contains(&known.id.0)
                && known.category != COST_CENTER_CATEGORY
                && fold::text(&known.name) == fold::text(item)
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
        let here = |id: i64| self.here.contains(&id);
        Catalogue {
            buildings: only(&self.buildings, |id| here(id.0)),
            floors: only(&self.floors, |id| here(id.0)),
            rooms: only(&self.rooms, |id| here(id.0)),
            centers: only(&self.centers, |id| here(id.0)),
            sections: only(&self.sections, |id| here(id.0)),
            items: only(&self.items, |id| here(id.0)),
            user_types: only(&self.user_types, |id| here(id.0)),
            ..Catalogue::empty(site.clone(), Timestamp::UNIX_EPOCH)
        }
    }
}

fn only<K: Clone + Ord, V: Clone>(all: &BTreeMap<K, V>, here: impl Fn(&K) -> bool) -> BTreeMap<K, V> {
    all.iter().filter(|(id, _)| here(id)).map(|(id, thing)| (id.clone(), thing.clone())).collect()
}
