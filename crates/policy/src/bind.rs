//! Names to ids, once per catalogue, so that deciding about a person looks nothing up by name.

mod called;
mod places;
mod renamed;

use std::{
    borrow::Borrow,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashMap},
    ops::Range,
    sync::Arc,
};

use lanyard_model::{
    account::{FieldName, Role},
    desired::{Owned, PlaceNote},
    fold,
    id::{BuildingId, CenterId, FloorId, ItemId, RoomId, SectionId, SiteId, TenantId, UserTypeId},
    place::{COST_CENTER_CATEGORY, Catalogue, ThingKind},
};

use self::called::Called;
use crate::{
    PolicyFiles,
    document::{Centers, CostCenter, Document, DoorArea, Flow, Kind, PlaceNames, SeatKind},
    names::{Bits, Words},
    parameter::{Values, filled, is_named_in, is_named_in_row},
    place,
    problem::{Findings, Problems, Spot, nearest},
    table::{Row, named_sites},
};

/// A policy with its names resolved in each site.
#[derive(Clone, Debug)]
pub struct Bound {
    pub(crate) document: Arc<Document>,
    pub(crate) sites: BTreeMap<SiteId, Site>,
    /// The same for people of tenants that have values of their own for parameters.
    own: BTreeMap<(SiteId, TenantId), Site>,
    /// Groups that the policy names and no directory has any more.
    pub(crate) missing: Arc<Bits>,
    problems: Problems,
}

impl Bound {
    /// The ids of a site, as they are named for people of this tenant.
    pub(crate) fn site(&self, site: &SiteId, tenant: &TenantId) -> Option<&Site> {
        if !self.own.is_empty()
            && let Some(own) = self.own.get(&(site.clone(), tenant.clone()))
        {
            return Some(own);
        }
        self.sites.get(site)
    }

    /// Names that exist in none of the sites they are meant for.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// One site's ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct Site {
    /// By place in the document's lists.
    pub user_types: Vec<Option<UserTypeId>>,
    pub flows: Vec<FlowIds>,
    /// By the table's place among the document's.
    pub rows: Vec<Vec<RowIds>>,
    pub cost_centers: CostCenters,
    pub floors: HashMap<FloorId, BuildingId>,
    pub sections: HashMap<SectionId, FloorId>,
    /// What parameters stand for here.
    pub values: Values,
    /// For doors: what buildings, and floors with their building, are called.
    pub building_names: HashMap<BuildingId, String>,
    pub floor_names: HashMap<FloorId, String>,
    /// Centers by module (folded), then by the building that they serve.
    pub serving: BTreeMap<String, Serving>,
    /// Centers by module (folded).
    pub modules: BTreeMap<String, BTreeSet<CenterId>>,
    pub owned: Arc<Owned>,
    /// Centers and category items that rules name, and that are called so here.
    pub named_centers: Arc<BTreeSet<CenterId>>,
    pub named_items: Arc<BTreeSet<ItemId>>,
    /// What is said of names that were meant here and are not known, or are not clear: what a rule gave under them is somewhere.
    pub lost: Arc<BTreeSet<String>>,
}

/// Centers of one module by the building that they serve.
pub(crate) type Serving = BTreeMap<BuildingId, BTreeSet<CenterId>>;

/// Cost centers by code and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct CostCenters {
    names: Words,
    items: Vec<ItemId>,
}

impl CostCenters {
    fn insert(&mut self, name: &str, item: ItemId, over: bool) {
        let at = self.names.add(&fold::text(name)) as usize;
        if at == self.items.len() {
            self.items.push(item);
        } else if over {
            self.items[at] = item;
        }
    }

    /// However it is spelt.
    pub fn get(&self, name: &str) -> Option<ItemId> {
        self.names.folded(name).map(|at| self.items[at as usize])
    }
}

impl Site {
    pub fn building_of(&self, spot: place::Spot) -> Option<BuildingId> {
        self.floors.get(&self.floor_of(spot)?).copied()
    }

    pub fn floor_of(&self, spot: place::Spot) -> Option<FloorId> {
        match spot {
            place::Spot::Floor(floor) => Some(floor),
            place::Spot::Section(section) => self.sections.get(&section).copied(),
        }
    }
}

/// Ids of a flow's outcomes, in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowIds {
    pub gives: Vec<Ids>,
    pub never: Vec<Ids>,
}

#[derive(Clone, Debug)]
pub(crate) enum Ids {
    Nothing,
    /// One for the flow, or one per row of its table.
    Places(Arc<Vec<PlaceIds>>),
    Serving(Serving),
    Centers(BTreeSet<CenterId>, Vec<String>),
    Item(Result<ItemId, String>),
    /// Every item of the name, for a restriction.
    Items(BTreeSet<ItemId>),
    /// Names of areas, in the outcome's order.
    Doors(Vec<String>),
}

#[derive(Clone, Debug, Default)]
pub(crate) struct RowIds {
    pub roles: Vec<(CenterId, Role)>,
    pub items: Vec<ItemId>,
    pub cost_center: Option<ItemId>,
    pub doors: Vec<String>,
    pub missing: Vec<String>,
    /// Those of `missing` that are about centers, and about items.
    pub missing_centers: Vec<String>,
    pub missing_items: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PlaceIds {
    pub buildings: Vec<BuildingId>,
    pub floors: Vec<FloorId>,
    pub kinds: Vec<String>,
    pub rooms: Vec<RoomId>,
    pub section: Option<SectionId>,
    pub missing: Vec<String>,
    pub names: PlaceNames,
    /// What is noted where there is no seat.
    pub note: Option<PlaceNote>,
}

/// How many names are looked for among how many others, so that a table of thousands of wrong names is told of in no time.
const FIXES_MAX: usize = 100;
const NAMES_MAX: usize = 5_000;

/// Where something missing is named, from and to which byte, and what is said of it.
type Told = (String, usize, usize, String);

/// A name that is missing in one site.
struct Missing {
    spot: Spot,
    message: String,
    /// A parameter is named there: then it is meant here, and nowhere else.
    own: bool,
    /// A restriction names it.
    restricts: bool,
    /// It is no name that is missing, but what the section of the name is to hold.
    empty: bool,
    /// Something was called so here, and has this name now.
    renamed: Option<String>,
}

impl Missing {
    /// A rule gives something by that name.
    fn given(spot: &Spot, message: String, own: bool) -> Self {
        Self { spot: spot.clone(), message, own, restricts: false, empty: false, renamed: None }
    }
}

/// What is known of a name that sites lack.
#[derive(Default)]
struct Lacking<'a> {
    without: BTreeSet<&'a SiteId>,
    /// It is surely meant in one of them.
    own: bool,
    /// A restriction names it.
    restricts: bool,
    /// The name itself is there.
    empty: bool,
    /// Sites in which something was called so, and what that is called now.
    renamed: BTreeMap<&'a SiteId, String>,
}

/// Begins what is said of a name that is there, and more than once: it is meant wherever that is so.
const SEVERAL: &str = "several ";

/// Table, what is taken from it under which condition on a column, and what that is here.
type KnownPlaces = (usize, PlaceNames, Option<(FieldName, String)>, Arc<Vec<PlaceIds>>);

struct Binder<'a> {
    catalogue: &'a Catalogue,
    document: &'a Document,
    /// The site's values of parameters.
    values: Values,
    called: &'a Called,
    missing: Vec<Missing>,
    /// What rules name that is called so here.
    named: RefCell<(BTreeSet<CenterId>, BTreeSet<ItemId>)>,
    /// Places, sections, cost centers likewise.
    named_too: RefCell<BTreeSet<(ThingKind, i64)>>,
    /// What was perhaps meant, by what is said to be missing.
    fixes: RefCell<BTreeMap<String, String>>,
    /// Which name is missing, by what is said of it.
    lacks: RefCell<BTreeMap<String, (ThingKind, String)>>,
    /// Places that several flows take from one table in the same way are resolved once.
    known: Vec<KnownPlaces>,
}

pub(crate) fn bind<C: Borrow<Catalogue>>(
    document: Arc<Document>,
    missing_groups: Arc<Bits>,
    files: &PolicyFiles,
    catalogues: &BTreeMap<SiteId, C>,
) -> Bound {
    let mut sites = BTreeMap::new();
    // A name need not exist in every site; it is a mistake if it exists in none.
    let mut missing: BTreeMap<Told, Lacking<'_>> = BTreeMap::new();
    let mut fixes: BTreeMap<String, String> = BTreeMap::new();
    let mut own_sites = BTreeMap::new();
    let tenants: Vec<Option<&TenantId>> =
        std::iter::once(None).chain(document.parameters.tenants().into_iter().map(Some)).collect();
    for (id, catalogue) in catalogues {
        let called = Called::of(catalogue.borrow());
        for tenant in &tenants {
            let mut binder = Binder::new(catalogue.borrow(), &called, &document, *tenant);
            let site = binder.site(id);
            match tenant {
                None => _ = sites.insert(id.clone(), site),
                Some(tenant) => _ = own_sites.insert((id.clone(), (*tenant).clone()), site),
            }
            for (message, fix) in binder.fixes.take() {
                fixes.entry(message).or_insert(fix);
            }
            for Missing { spot, message, own, restricts, empty, renamed } in binder.missing {
                let told = (spot.file, spot.span.start, spot.span.end, message);
                let entry = missing.entry(told).or_default();
                entry.without.insert(id);
                entry.own |= own;
                entry.restricts |= restricts;
                entry.empty |= empty;
                entry.renamed.extend(renamed.map(|now| (id, now)));
            }
        }
    }
    let mut findings = Findings::default();
    findings.source(&files.toml.0, &files.toml.1);
    for (name, text) in &files.tables {
        findings.source(&format!("{}.csv", name.trim_end_matches(".csv")), text);
    }
    let mut lost = BTreeSet::new();
    let mut lost_in: BTreeMap<&SiteId, BTreeSet<String>> = BTreeMap::new();
    for ((file, start, end, message), lacking) in missing {
        let Lacking { without, own, restricts, empty, mut renamed } = lacking;
        let unclear = message.starts_with(SEVERAL);
        let limited = limits(&document, &file, start..end);
        let mut meant =
            catalogues.keys().filter(|site| limited.is_empty() || limited.contains(site)).peekable();
        let meant_there = own || meant.peek().is_some() && meant.all(|site| without.contains(site));
        renamed.retain(|site, _| limited.is_empty() || limited.contains(site));
        if (meant_there || unclear) && !empty {
            lost.insert(message.clone());
        } else if !empty {
            // Other sites call something so still. Where that has another name since, it is meant all the same.
            for site in renamed.keys().copied() {
                lost_in.entry(site).or_default().insert(message.clone());
            }
        }
        if meant_there || unclear && restricts {
            let names: Vec<_> = without.iter().map(ToString::to_string).collect();
            let spot = Spot { file, span: start..end };
            let fix = fixes.get(&message).cloned();
            let message = format!("{message} (site {})", names.join(", "));
            match (restricts, unclear) {
                (true, false) if without.iter().all(|site| renamed.contains_key(site)) => {
                    findings.error(&spot, format!("{message}: what was called so is kept away"), fix);
                }
                (true, false) => findings.error(&spot, format!("{message}: it keeps nobody away"), fix),
                (true, true) => findings.error(&spot, format!("{message}: all of them are kept away"), fix),
                (false, _) => findings.warning(&spot, message, fix),
            }
        } else if !renamed.is_empty() {
            let names = renamed.iter().map(|(site, now)| format!("site {site}, where it is \"{now}\" now"));
            let holds = if restricts { ": that is kept away" } else { "" };
            let message = format!("{message} ({}){holds}", names.collect::<Vec<_>>().join("; "));
            let fix = "name that too, or limit this to the sites that have the other name";
            findings.warning(&Spot { file, span: start..end }, message, Some(fix.to_owned()));
        }
    }
    let lost = Arc::new(lost);
    let own = own_sites.iter_mut().map(|((id, _), site)| (id, site));
    for (id, site) in sites.iter_mut().chain(own) {
        site.lost = match lost_in.get(id) {
            None => Arc::clone(&lost),
            Some(more) => Arc::new(lost.union(more).cloned().collect()),
        };
    }
    Bound { document, sites, own: own_sites, missing: missing_groups, problems: findings.finish() }
}

/// Sites to which the row or the flow that stands there is limited; empty: any.
fn limits<'d>(document: &'d Document, file: &str, span: Range<usize>) -> Vec<&'d SiteId> {
    let is_there = |spot: &Spot| spot.file == file && spot.span == span;
    let mut rows = document.tables.values().flat_map(|table| &table.rows);
    if let Some(row) = rows.find(|row| is_there(&row.spot)) {
        return row.sites();
    }
    let names = |flow: &&Flow| flow.gives.iter().chain(&flow.never).any(|outcome| is_there(&outcome.spot));
    document.flows.iter().find(names).map(|flow| named_sites(&flow.conditions)).unwrap_or_default()
}

impl<'a> Binder<'a> {
    fn new(
        catalogue: &'a Catalogue,
        called: &'a Called,
        document: &'a Document,
        tenant: Option<&TenantId>,
    ) -> Self {
        Self {
            catalogue,
            document,
            values: document.parameters.of(&catalogue.site, tenant),
            called,
            missing: Vec::new(),
            named: RefCell::default(),
            named_too: RefCell::default(),
            fixes: RefCell::default(),
            lacks: RefCell::default(),
            known: Vec::new(),
        }
    }

    fn site(&mut self, id: &SiteId) -> Site {
        let catalogue = self.catalogue;
        let mut site = Site { values: self.values.clone(), ..Site::default() };
        for center in catalogue.centers.values() {
            site.modules.entry(fold::text(&center.module)).or_default().insert(center.id);
        }
        for module in site.modules.keys() {
            let all = catalogue.buildings.keys();
            let serving = all.map(|building| (*building, catalogue.centers_serving(*building, module)));
            site.serving.insert(module.clone(), serving.collect());
        }
        for item in catalogue.items.values().filter(|item| item.category == COST_CENTER_CATEGORY) {
            // A code may equal another item's name: names are entered last and win.
            site.cost_centers.insert(&item.code, item.id, false);
        }
        for item in catalogue.items.values().rev().filter(|item| item.category == COST_CENTER_CATEGORY) {
            site.cost_centers.insert(&item.name, item.id, true);
        }
        site.floors = catalogue.floors.values().map(|floor| (floor.id, floor.building)).collect();
        let buildings = catalogue.buildings.values();
        site.building_names = buildings.map(|building| (building.id, building.name.to_string())).collect();
        site.floor_names =
            catalogue.floors.keys().map(|floor| (*floor, catalogue.floor_path(*floor))).collect();
        site.sections = catalogue.sections.values().map(|section| (section.id, section.floor)).collect();
        for rule in &self.document.user_types {
            let name = filled(&rule.name, &self.values).into_owned();
            let wanted = fold::text(&name);
            let found = catalogue.user_types.iter().find(|(_, name)| fold::text(name) == wanted);
            if found.is_none() {
                let known = catalogue.user_types.values().map(|name| &**name);
                let why = format!("there is no user type \"{name}\"");
                let own = name != rule.name;
                let message = self.unknown(why, &name, known);
                self.missing.push(Missing::given(&rule.spot, message, own));
            }
            site.user_types.push(found.map(|(id, _)| *id));
        }
        for table in self.document.tables.values() {
            let rows = table.rows.iter().map(|row| self.row(row, id, &site)).collect();
            site.rows.push(rows);
        }
        for flow in &self.document.flows {
            let ids = self.flow(flow, id, &mut site);
            site.flows.push(ids);
        }
        self.note_renamed();
        let (centers, items) = self.named.take();
        (site.named_centers, site.named_items) = (Arc::new(centers), Arc::new(items));
        site
    }

    fn row(&mut self, row: &Row, site_id: &SiteId, site: &Site) -> RowIds {
        let mut ids = RowIds::default();
        let sites = row.sites();
        if !sites.is_empty() && !sites.contains(&site_id) {
            return ids;
        }
        if let Some(name) = &row.out.cost_center {
            match self.cost_center(site, name) {
                Ok(item) => ids.cost_center = Some(item),
                Err(why) => ids.missing.push(why),
            }
        }
        for name in &row.out.items {
            match self.item(name) {
                Ok(item) => ids.items.push(item),
                Err(why) => {
                    ids.missing_items.push(why.clone());
                    ids.missing.push(why);
                }
            }
        }
        ids.doors = row.out.doors.iter().map(|name| filled(name, &self.values).into_owned()).collect();
        for (role, names) in &row.out.roles {
            let (centers, missing) = self.centers(names);
            ids.roles.extend(centers.into_iter().map(|center| (center, *role)));
            ids.missing_centers.extend(missing.iter().cloned());
            ids.missing.extend(missing);
        }
        let own = is_named_in_row(&row.out);
        self.missing.extend(ids.missing.iter().map(|why| Missing::given(&row.spot, why.clone(), own)));
        ids
    }

    fn flow(&mut self, flow: &Flow, site_id: &SiteId, site: &mut Site) -> FlowIds {
        let rows: &[Row] = flow.table.as_ref().map_or(&[], |table| table.rows.as_slice());
        let mut ids = FlowIds::default();
        for (list, out) in [(&flow.gives, true), (&flow.never, false)] {
            for outcome in list {
                let named = |why: &String| Missing {
                    restricts: !out,
                    ..Missing::given(&outcome.spot, why.clone(), is_named_in(outcome))
                };
                let (found, owns_all) = match &outcome.kind {
                    Kind::Place { place, .. } => (self.places(place, rows, flow, outcome, site_id), false),
                    Kind::Role { centers: Centers::Named(names), owns_all, .. } => {
                        let (mut centers, missing) = self.centers(names);
                        if !out {
                            centers.extend(self.centers_called(names));
                        }
                        for why in &missing {
                            self.missing.push(named(why));
                        }
                        (Ids::Centers(centers, missing), *owns_all)
                    }
                    Kind::Role { centers: Centers::Everywhere(module), owns_all, .. } => {
                        let centers = self.module(site, module, outcome);
                        (Ids::Centers(centers, Vec::new()), *owns_all)
                    }
                    Kind::Role { centers: Centers::Serving(module), owns_all, .. } => {
                        let centers = self.module(site, module, outcome);
                        if *owns_all {
                            Arc::make_mut(&mut site.owned).centers.extend(centers);
                        }
                        (
                            Ids::Serving(
                                site.serving
                                    .get(&fold::text(&filled(module, &self.values)))
                                    .cloned()
                                    .unwrap_or_default(),
                            ),
                            false,
                        )
                    }
                    Kind::Item { name, owns_all } => {
                        let item = self.item(name);
                        if let Err(why) = &item {
                            self.missing.push(named(why));
                        }
                        let ids = if out { Ids::Item(item) } else { Ids::Items(self.items_called(name)) };
                        (ids, *owns_all)
                    }
                    Kind::CostCenter(CostCenter::Named(name)) => {
                        let item = self.cost_center(site, name);
                        if let Err(why) = &item {
                            self.missing.push(Missing::given(
                                &outcome.spot,
                                why.clone(),
                                is_named_in(outcome),
                            ));
                        }
                        (Ids::Item(item), false)
                    }
                    Kind::Door(areas) => {
                        let name = |area: &DoorArea| match area {
                            DoorArea::Named(name) => filled(name, &self.values).into_owned(),
                            _ => String::new(),
                        };
                        (Ids::Doors(areas.iter().map(name).collect()), false)
                    }
                    _ => (Ids::Nothing, false),
                };
                if owns_all {
                    match &found {
                        Ids::Centers(centers, _) => Arc::make_mut(&mut site.owned).centers.extend(centers),
                        Ids::Item(Ok(item)) => {
                            Arc::make_mut(&mut site.owned).items.insert(*item);
                        }
                        Ids::Items(items) => Arc::make_mut(&mut site.owned).items.extend(items),
                        _ => {}
                    }
                }
                if out { ids.gives.push(found) } else { ids.never.push(found) }
            }
        }
        ids
    }

    fn module(
        &mut self,
        site: &Site,
        module: &str,
        outcome: &crate::document::Outcome,
    ) -> BTreeSet<CenterId> {
        let named = filled(module, &self.values).into_owned();
        let found = site.modules.get(&fold::text(&named)).cloned().unwrap_or_default();
        if found.is_empty() {
            let why = format!("there is no center of module \"{named}\"");
            self.missing.push(Missing::given(&outcome.spot, why, named != module));
        }
        found
    }

    fn places(
        &mut self,
        fixed: &PlaceNames,
        rows: &[Row],
        flow: &Flow,
        outcome: &crate::document::Outcome,
        site_id: &SiteId,
    ) -> Ids {
        let otherwise = match &outcome.kind {
            Kind::Place { otherwise, .. } => otherwise.as_ref(),
            _ => None,
        };
        let values = &self.values;
        let noted = |mut place: PlaceIds| {
            place.note =
                otherwise.and_then(|(field, text)| place::note(&place, field, &filled(text, values)));
            place
        };
        // A table names sections for whoever sits in one, beside the floors of whoever has a desk: only what the outcome itself
        // says of a desk narrows it down.
        let zone =
            matches!(&outcome.kind, Kind::Place { seat: SeatKind::Desk, .. }) && fixed.section.is_some();
        if flow.table.is_none() {
            let mut place = self.place(fixed);
            let named = place.missing.len();
            if zone {
                self.within_section(&mut place);
            }
            let place = noted(place);
            // Another site cannot make up for a section without spaces, nor for a floor of a building that is here.
            let here = place.names.building.is_some() && !place.buildings.is_empty();
            let own = |at: usize| at >= named || here || is_named_in(outcome);
            let missing = place.missing.iter().enumerate();
            self.missing.extend(missing.map(|(at, why)| Missing {
                empty: at >= named,
                ..Missing::given(&outcome.spot, why.clone(), own(at))
            }));
            return Ids::Places(Arc::new(vec![place]));
        }
        let table = flow.table.as_ref().map_or(0, |table| table.at);
        let known = self
            .known
            .iter()
            .find(|(at, names, note, _)| *at == table && names == fixed && note.as_ref() == otherwise)
            .filter(|_| !zone);
        if let Some((_, _, _, places)) = known {
            return Ids::Places(Arc::clone(places));
        }
        let mut places = Vec::with_capacity(rows.len());
        for row in rows {
            let sites = row.sites();
            if !sites.is_empty() && !sites.contains(&site_id) {
                places.push(PlaceIds::default());
                continue;
            }
            let mut place = self.place(&merged(fixed, &row.out.place));
            let named = place.missing.len();
            if zone {
                self.within_section(&mut place);
            }
            let place = noted(place);
            let here = place.names.building.is_some() && !place.buildings.is_empty();
            let own = |at: usize| at >= named || here || is_named_in_row(&row.out) || is_named_in(outcome);
            let missing = place.missing.iter().enumerate();
            self.missing.extend(missing.map(|(at, why)| Missing {
                empty: at >= named,
                ..Missing::given(&row.spot, why.clone(), own(at))
            }));
            places.push(place);
        }
        let places = Arc::new(places);
        if !zone {
            self.known.push((table, fixed.clone(), otherwise.cloned(), Arc::clone(&places)));
        }
        Ids::Places(places)
    }

    /// The message, with the nearest of the known names noted as its fix.
    fn unknown<'n>(&self, message: String, name: &str, known: impl Iterator<Item = &'n str>) -> String {
        let mut fixes = self.fixes.borrow_mut();
        if fixes.len() < FIXES_MAX
            && !fixes.contains_key(&message)
            && let Some(fix) = nearest(name, known.take(NAMES_MAX))
        {
            fixes.insert(message.clone(), fix);
        }
        message
    }

    fn cost_center(&self, site: &Site, name: &str) -> Result<ItemId, String> {
        let name = &*filled(name, &self.values);
        let found = site.cost_centers.get(name);
        found.inspect(|item| self.note_named(ThingKind::Item, item.0)).ok_or_else(|| {
            let known = self.catalogue.items.values().filter(|item| item.category == COST_CENTER_CATEGORY);
            let why = format!("there is no cost center \"{name}\"");
            self.lacking(ThingKind::Item, why, name, known.map(|item| &*item.name))
        })
    }

    /// Every category item of the name. Cost centers are held apart: a person has exactly one.
    fn plain_items(&self, name: &str) -> Vec<ItemId> {
        let found = self.called.items.get(&fold::text(name)).map_or(&[][..], Vec::as_slice);
        let plain = |id: &&ItemId| {
            self.catalogue.items.get(*id).is_some_and(|item| item.category != COST_CENTER_CATEGORY)
        };
        found.iter().filter(plain).copied().collect()
    }

    /// What a restriction keeps away: where a name is not clear, whatever is called so.
    fn items_called(&self, name: &str) -> BTreeSet<ItemId> {
        let name = filled(name, &self.values);
        let all = self.plain_items(&name);
        self.named.borrow_mut().1.extend(&all);
        // A new name frees nobody of it.
        let before = self.formerly(ThingKind::Item, &name).map(ItemId).filter(|_| all.is_empty());
        all.iter().copied().chain(before).collect()
    }

    fn centers_called(&self, names: &[String]) -> Vec<CenterId> {
        let mut all = Vec::new();
        for name in names {
            let name = filled(name, &self.values);
            match self.called.centers.get(&fold::text(&name)) {
                Some(found) => {
                    self.named.borrow_mut().0.extend(found);
                    all.extend(found);
                }
                // A new name frees nobody of it.
                None => all.extend(self.formerly(ThingKind::Center, &name).map(CenterId)),
            }
        }
        all
    }

    fn item(&self, name: &str) -> Result<ItemId, String> {
        let name = &*filled(name, &self.values);
        match self.plain_items(name).as_slice() {
            [item] => {
                self.named.borrow_mut().1.insert(*item);
                Ok(*item)
            }
            [] => {
                let all = self.catalogue.items.values().filter(|item| item.category != COST_CENTER_CATEGORY);
                let bare = name.rsplit(" / ").next().unwrap_or(name);
                let why = format!("there is no category item \"{name}\"");
                self.lacks.borrow_mut().insert(why.clone(), (ThingKind::Item, name.to_owned()));
                Err(self.unknown(why, bare, all.map(|item| &*item.name)))
            }
            _ => Err(format!("several items are called \"{name}\": write \"Category / Item\"")),
        }
    }

    fn centers(&self, names: &[String]) -> (BTreeSet<CenterId>, Vec<String>) {
        let mut found = BTreeSet::new();
        let mut missing = Vec::new();
        for name in names {
            let name = &*filled(name, &self.values);
            match self.called.centers.get(&fold::text(name)).map(Vec::as_slice) {
                Some([center]) => {
                    found.insert(*center);
                    self.named.borrow_mut().0.insert(*center);
                }
                Some(several) if !several.is_empty() => {
                    missing.push(format!("several centers are called \"{name}\""));
                }
                _ => {
                    let known = self.catalogue.centers.values().map(|center| &*center.name);
                    let why = format!("there is no center \"{name}\"");
                    missing.push(self.lacking(ThingKind::Center, why, name, known));
                }
            }
        }
        (found, missing)
    }
}

/// What the outcome itself names, completed by the row.
pub(crate) fn merged(fixed: &PlaceNames, row: &PlaceNames) -> PlaceNames {
    let list =
        |own: &Vec<String>, other: &Vec<String>| if own.is_empty() { other.clone() } else { own.clone() };
    PlaceNames {
        building: fixed.building.clone().or_else(|| row.building.clone()),
        floors: list(&fixed.floors, &row.floors),
        kinds: list(&fixed.kinds, &row.kinds),
        section: fixed.section.clone().or_else(|| row.section.clone()),
        rooms: list(&fixed.rooms, &row.rooms),
    }
}
