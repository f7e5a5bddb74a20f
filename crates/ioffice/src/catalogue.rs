//! The long read of everything in one site that a policy can name.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use lanyard_engine::ports::{Progress, Silent};
use lanyard_model::{
    coverage::ReadKind,
    id::{BuildingId, CategoryId, RoomId},
    place::{Catalogue, Center, Room},
    signal::Lane,
};
use serde_json::Value;

use crate::{
    client::IofficeClient,
    fields::Fields,
    listing::Collection,
    outcome::ReadError,
    places::{
        read_building, read_center, read_floor, read_item, read_room, read_room_type, read_section,
        read_section_rooms, read_user_type,
    },
};

/// Modules asked for by name: `GET /centers` requires one. The first four are seen on the wire, the others are
/// the contract's guesses. Modules that buildings mention are asked for as well.
const MODULES: &[&str] = &["reservation", "space", "move", "maintenance", "visitor"];

/// The category whose items are cost centers: a field of its own on users (§4).
const COST_CENTERS: CategoryId = CategoryId(1);

/// A list read again when it is not whole; then the read fails.
const ATTEMPTS: u32 = 3;

fn list(
    endpoint: &'static str,
    segments: &[&str],
    selector: Option<&str>,
    count_endpoint: Option<&'static str>,
) -> Collection {
    Collection {
        endpoint,
        segments: segments.iter().map(|s| (*s).to_owned()).collect(),
        filters: Vec::new(),
        selector: selector.map(str::to_owned),
        lane: Lane::Bulk,
        count_endpoint,
    }
}

impl IofficeClient {
    /// Reads the catalogue: about a dozen lists, one after the other.
    pub(crate) async fn scan_catalogue(&self, progress: &dyn Progress) -> Result<Catalogue, ReadError> {
        let mut all = Catalogue::empty(self.site_id().clone(), self.session().clock.now());

        let buildings = list(
            "GET /buildings",
            &["buildings"],
            Some("name,code,centers(module)"),
            Some("GET /buildings/count"),
        );
        let mut serving: BTreeMap<_, (Center, Vec<BuildingId>)> = BTreeMap::new();
        for row in self.whole(&buildings, "buildings", progress).await? {
            let Some((building, centers)) = read_building(&row) else { continue };
            for center in centers {
                serving.entry(center.id).or_insert_with(|| (center, Vec::new())).1.push(building.id);
            }
            all.buildings.insert(building.id, building);
        }

        let floors = list("GET /floors", &["floors"], Some("name,building"), Some("GET /floors/count"));
        let rows = self.whole(&floors, "floors", progress).await?;
        all.floors = rows.iter().filter_map(read_floor).map(|f| (f.id, f)).collect();

        let types = list("GET /rooms/types", &["rooms", "types"], None, None);
        let rows = self.if_known(&types, "space types", progress).await?;
        let occupiable: BTreeMap<i64, bool> = rows.iter().filter_map(read_room_type).collect();
        let selector = "name,active,capacity,reservable,users,type(occupiable),floor";
        let rooms = list("GET /rooms", &["rooms"], Some(selector), Some("GET /rooms/count"));
        let known = |kind: i64| occupiable.get(&kind).copied();
        all.rooms =
            self.whole_rooms(&rooms, progress, known).await.map_err(|error| error.of(rooms.endpoint))?;

        self.scan_centers(&mut all, serving, progress).await?;
        self.scan_sections(&mut all, progress).await?;
        self.scan_items(&mut all, progress).await?;

        let types = list("GET /users/types", &["users", "types"], Some("id,name"), None);
        let rows = self.if_known(&types, "user types", progress).await?;
        all.user_types = rows.iter().filter_map(read_user_type).collect();

        let mut learnt = self.learnt();
        learnt.reservation_centers =
            all.centers.values().filter(|c| &*c.module == "reservation").map(|c| c.id).collect();
        learnt.grantable_items =
            all.items.values().filter(|item| item.category != COST_CENTERS).map(|item| item.id).collect();
        drop(learnt);
        Ok(all)
    }

    /// The fields that the site's user types have (§3.3), by the property that holds each: which types have it, and where it
    /// is required. One short list.
    pub(crate) async fn scan_fields(&self) -> Result<BTreeMap<String, String>, ReadError> {
        let selector = "id,name,fields(id,code,name,required)";
        let types = list("GET /users/types", &["users", "types"], Some(selector), None);
        let mut having: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for row in self.whole(&types, "user types", &Silent).await? {
            let kind = Fields::of(&row);
            let name = kind.text("name").unwrap_or_default();
            for field in kind.list("fields").into_iter().flatten() {
                let field = Fields::of(field);
                let Some(code) = field.text("code") else { continue };
                let required = if field.flag("required") == Some(true) { "required of " } else { "of " };
                having.entry(code).or_default().insert(format!("{required}{name}"));
            }
        }
        let one = |(code, types): (String, BTreeSet<String>)| {
            (code, types.into_iter().collect::<Vec<_>>().join(", "))
        };
        Ok(having.into_iter().map(one).collect())
    }

    /// The spaces, which are as many as people: kept once, as they come.
    async fn whole_rooms(
        &self,
        collection: &Collection,
        progress: &dyn Progress,
        occupiable: impl Fn(i64) -> Option<bool> + Sync,
    ) -> Result<BTreeMap<RoomId, Room>, ReadError> {
        let mut doubts = Vec::new();
        for _ in 0..ATTEMPTS {
            let mut rooms = BTreeMap::new();
            let mut kinds: HashSet<Arc<str>> = HashSet::new();
            let mut each = |id: i64, row: &Value| {
                match read_room(row, &occupiable) {
                    Some(mut room) => {
                        // A few kinds name many thousands of rooms.
                        match kinds.get(&room.kind) {
                            Some(shared) => room.kind = Arc::clone(shared),
                            None => drop(kinds.insert(Arc::clone(&room.kind))),
                        }
                        room.occupants.shrink_to_fit();
                        rooms.insert(room.id, room);
                    }
                    // As it is now: what an earlier page showed of it counts no longer.
                    None => drop(rooms.remove(&RoomId(id))),
                }
                true
            };
            let scan = self.session().scan_each(collection, "spaces", progress, &mut each).await?;
            doubts = scan.evidence(ReadKind::Accounts, None, None).certify(None, 0).doubts;
            if doubts.is_empty() {
                return Ok(rooms);
            }
        }
        Err(ReadError::Unavailable { reason: format!("spaces cannot be read whole: {}", doubts.join("; ")) })
    }

    async fn scan_centers(
        &self,
        all: &mut Catalogue,
        serving: BTreeMap<lanyard_model::id::CenterId, (Center, Vec<BuildingId>)>,
        progress: &dyn Progress,
    ) -> Result<(), ReadError> {
        let mut modules: Vec<Arc<str>> = MODULES.iter().map(|m| Arc::from(*m)).collect();
        for (center, _) in serving.values() {
            if !center.module.is_empty() && !modules.contains(&center.module) {
                modules.push(center.module.clone());
            }
        }
        for module in modules {
            let mut centers = list("GET /centers", &["centers"], Some("module,buildings"), None);
            centers.filters.push(("module", module.to_string()));
            for row in self.optional(&centers, "centers", progress).await? {
                let Some(mut center) = read_center(&row) else { continue };
                if center.module.is_empty() {
                    center.module = module.clone();
                }
                all.centers.insert(center.id, center);
            }
        }
        for (id, (center, buildings)) in serving {
            let known = all.centers.entry(id).or_insert(center);
            for building in buildings {
                if !known.buildings.contains(&building) {
                    known.buildings.push(building);
                }
            }
            known.buildings.sort_unstable();
        }
        Ok(())
    }

    async fn scan_sections(&self, all: &mut Catalogue, progress: &dyn Progress) -> Result<(), ReadError> {
        let mut names: BTreeMap<i64, Arc<str>> = BTreeMap::new();
        let spaces: Vec<_> = all.centers.values().filter(|c| &*c.module == "space").map(|c| c.id).collect();
        for center in spaces {
            let mut homes = list("GET /neighborhoods", &["neighborhoods"], None, None);
            homes.filters.push(("centerId", center.to_string()));
            for row in self.optional(&homes, "neighborhoods", progress).await? {
                let f = Fields::of(&row);
                if let (Some(id), Some(name)) = (f.id(), f.text("name")) {
                    names.insert(id, name.into());
                }
            }
        }
        let sections = list(
            "GET /neighborhoods/sections",
            &["neighborhoods", "sections"],
            Some("name,neighborhood,floor,rooms"),
            None,
        );
        let rows = self.optional(&sections, "sections", progress).await?;
        let known = |id: i64| names.get(&id).cloned();
        all.sections = rows.iter().filter_map(|row| read_section(row, known)).map(|s| (s.id, s)).collect();
        let drawn: BTreeMap<_, _> = rows.iter().filter_map(read_section_rooms).collect();
        // A site that shows the spaces of none says nothing about any.
        all.section_rooms = Some(drawn).filter(|drawn| !drawn.is_empty());
        Ok(())
    }

    async fn scan_items(&self, all: &mut Catalogue, progress: &dyn Progress) -> Result<(), ReadError> {
        let categories = list("GET /categories", &["categories"], Some("name,code"), None);
        let rows = self.if_known(&categories, "categories", progress).await?;
        let names: BTreeMap<i64, Arc<str>> =
            rows.iter().map(Fields::of).filter_map(|f| Some((f.id()?, Arc::from(f.text("name")?)))).collect();
        for id in names.keys() {
            let mut items = list(
                "GET /categories/items",
                &["categories", "items"],
                Some("name,code,category,costCenterParent"),
                None,
            );
            items.filters.push(("category", id.to_string()));
            let rows = self.if_known(&items, "category items", progress).await?;
            let known = |id: i64| names.get(&id).cloned();
            all.items.extend(rows.iter().filter_map(|row| read_item(row, *id, known)).map(|i| (i.id, i)));
        }
        Ok(())
    }

    /// A list that must be whole: half a catalogue would make policies name places that are not there.
    async fn whole(
        &self,
        collection: &Collection,
        what: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Value>, ReadError> {
        self.attempted(collection, what, progress).await.map_err(|error| error.of(collection.endpoint))
    }

    /// A list that some sites do not have: none of it there. Any other trouble is trouble.
    async fn if_known(
        &self,
        collection: &Collection,
        what: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Value>, ReadError> {
        match self.attempted(collection, what, progress).await {
            Err(ReadError::NotFound) => Ok(Vec::new()),
            other => other.map_err(|error| error.of(collection.endpoint)),
        }
    }

    /// A list of a module that the site may not have, or that the service account may not see.
    async fn optional(
        &self,
        collection: &Collection,
        what: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Value>, ReadError> {
        match self.attempted(collection, what, progress).await {
            Err(ReadError::NotFound | ReadError::Refused(_) | ReadError::Forbidden { .. }) => Ok(Vec::new()),
            other => other.map_err(|error| error.of(collection.endpoint)),
        }
    }

    /// Reads a list until it is whole.
    async fn attempted(
        &self,
        collection: &Collection,
        what: &str,
        progress: &dyn Progress,
    ) -> Result<Vec<Value>, ReadError> {
        let mut doubts = Vec::new();
        for _ in 0..ATTEMPTS {
            let scan = self.session().scan(collection, what, progress, |row| Some(row.clone())).await?;
            doubts = scan.evidence(ReadKind::Accounts, None, None).certify(None, 0).doubts;
            if doubts.is_empty() {
                return Ok(scan.rows);
            }
        }
        Err(ReadError::Unavailable { reason: format!("{what} cannot be read whole: {}", doubts.join("; ")) })
    }
}
