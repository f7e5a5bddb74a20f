//! What flows give, merged: restrictions beat grants, priority decides where there can be one, the rest is united.

use std::collections::BTreeSet;

use jiff::{Timestamp, civil::Date};
use lanyard_model::{
    account::Role,
    desired::{Because, Desired, Lifecycle, NotGiven, SeatWish, ToDo, Want},
    fold,
    id::{BuildingId, CenterId, FloorId, ItemId, SiteId},
};

use crate::{
    bind::{Ids, PlaceIds, RowIds, Site},
    condition::{Subject, Truth, all},
    date,
    document::{Centers, CostCenter, Document, Flow, Kind, Outcome, SeatKind},
    evaluate::Facts,
    lifecycle::{grounds, lack},
    place,
    table::{Found, Table},
    visit,
};

/// A flow that applies to the person, with its reason and table row.
struct Hit<'a> {
    at: usize,
    flow: &'a Flow,
    because: Because,
    row: Option<(usize, &'a RowIds, &'a Table)>,
}

/// A candidate for something of which there is one.
struct Bid<T> {
    priority: i64,
    value: T,
    because: Because,
}

/// What is decided from.
pub(crate) struct Scene<'a> {
    pub document: &'a Document,
    pub site: &'a Site,
    pub site_id: &'a SiteId,
    pub subject: &'a Subject<'a>,
    pub facts: &'a Facts<'a>,
    pub now: Timestamp,
    /// First working day, if known.
    pub start: Option<Date>,
}

/// Adds to `desired` what the flows give. A rule that cannot be decided is the error: its id, and why.
pub(crate) fn add<'a>(scene: &Scene<'a>, desired: &mut Desired) -> Result<(), (String, String)> {
    let mut merge = Merge {
        scene,
        desired,
        seats: Vec::new(),
        costs: Vec::new(),
        buildings: Vec::new(),
        denied: Vec::new(),
        broken: None,
    };
    merge.run();
    merge.broken.map_or(Ok(()), Err)
}

struct Merge<'s, 'a> {
    scene: &'s Scene<'a>,
    desired: &'s mut Desired,
    seats: Vec<Bid<(&'a PlaceIds, SeatKind, &'a Outcome)>>,
    costs: Vec<Bid<ItemId>>,
    /// Buildings of the seat: wished, else as it is.
    buildings: Vec<BuildingId>,
    denied: Vec<(usize, Because)>,
    broken: Option<(String, String)>,
}

impl<'a> Merge<'_, 'a> {
    fn run(&mut self) {
        let hits = self.hits();
        for hit in &hits {
            self.bid(hit);
        }
        self.settle_seat();
        self.settle_cost_center();
        for hit in &hits {
            self.give(hit);
        }
        self.deny();
    }

    /// Flows that apply. The others leave their first failing condition.
    fn hits(&mut self) -> Vec<Hit<'a>> {
        let mut hits = Vec::new();
        let document = self.scene.document;
        for (at, flow) in document.flows.iter().enumerate() {
            let answer = all(&flow.conditions, self.scene.subject);
            match answer {
                Truth::Yes => {}
                Truth::No => {
                    self.not_given(flow, lack(&flow.conditions, self.scene.subject));
                    continue;
                }
                Truth::Unknown => {
                    let text = lack(&flow.conditions, self.scene.subject);
                    if !flow.never.is_empty() {
                        // A restriction that may concern the person holds; taking away waits for proof anyway.
                        self.denied.push((at, because(&flow.id, text.clone())));
                    }
                    self.not_given(flow, text);
                    continue;
                }
                Truth::Broken(why) => {
                    self.broken.get_or_insert((flow.id.clone(), why));
                    continue;
                }
            }
            if !self.is_in_time(flow) {
                continue;
            }
            let mut reason = because(&flow.id, grounds(&flow.conditions, self.scene.subject));
            let mut row = None;
            if let Some(table) = flow.table.as_ref().and_then(|name| document.tables.get(name)) {
                match table.look_up(self.scene.subject) {
                    Found::Row(place) => {
                        let found = &table.rows[place];
                        reason.row = Some((table.name.clone(), found.number));
                        let text = found.grounds(self.scene.subject);
                        reason.text = if flow.conditions.is_empty() {
                            text
                        } else {
                            format!("{}; {text}", reason.text)
                        };
                        row = self
                            .scene
                            .site
                            .rows
                            .get(&table.name)
                            .and_then(|rows| rows.get(place))
                            .map(|ids| (place, ids, table));
                    }
                    Found::Nothing => {
                        self.not_given(flow, format!("no row of the table {} fits", table.name));
                        continue;
                    }
                    Found::Unknown(place) => {
                        let lacks = lack(&table.rows[place].tests, self.scene.subject);
                        self.not_given(flow, format!("row {} of {}: {lacks}", place + 1, table.name));
                        continue;
                    }
                    Found::Broken(why) => {
                        self.broken.get_or_insert((flow.id.clone(), why));
                        continue;
                    }
                }
            }
            if !flow.never.is_empty() {
                self.denied.push((at, reason.clone()));
            }
            hits.push(Hit { at, flow, because: reason, row });
        }
        hits
    }

    /// Whether a flow with an end date still gives.
    fn is_in_time(&mut self, flow: &Flow) -> bool {
        let Some(name) = &flow.until else { return true };
        let Some(text) = self.scene.subject.identity.profile.text(name) else { return true };
        let Some(day) = date::read(text, self.scene.subject.dates) else {
            let why = format!("{name} is {text:?}, which is no date in a declared notation");
            self.broken.get_or_insert((flow.id.clone(), why));
            return false;
        };
        let over = date::start_of(date::shift(day, 1), self.scene.subject.zone);
        if over <= self.scene.now {
            self.not_given(flow, format!("was given until {day}"));
            return false;
        }
        self.desired.review_by(over);
        true
    }

    fn not_given(&mut self, flow: &Flow, text: String) {
        if flow.gives.is_empty() {
            // A restriction that does not apply keeps nothing from anybody.
            return;
        }
        self.desired
            .not_given
            .push(NotGiven { label: flow.sentence.clone(), because: because(&flow.id, text) });
    }

    fn lacking(&mut self, hit: &Hit<'_>, text: String) {
        let mut reason = hit.because.clone();
        reason.text = text;
        self.desired.not_given.push(NotGiven { label: hit.flow.sentence.clone(), because: reason });
    }

    /// Collects candidates for seat and cost center.
    fn bid(&mut self, hit: &Hit<'a>) {
        let Some(ids) = self.scene.site.flows.get(hit.at) else { return };
        for (outcome, ids) in hit.flow.gives.iter().zip(&ids.gives) {
            match (&outcome.kind, ids) {
                (Kind::Place { seat, .. }, Ids::Places(places)) => {
                    let Some(place) = places.get(hit.row.map_or(0, |(row, _, _)| row)) else { continue };
                    let seat = match (seat, hit.row) {
                        (SeatKind::Table, Some((row, _, table))) => {
                            table.rows[row].out.seat.unwrap_or(SeatKind::Desk)
                        }
                        (seat, _) => *seat,
                    };
                    let value = (place, seat, outcome);
                    self.seats.push(Bid { priority: hit.flow.priority, value, because: hit.because.clone() });
                }
                (Kind::CostCenter(from), ids) => match self.cost_center(from, ids, hit) {
                    Ok(Some(value)) => {
                        self.costs.push(Bid {
                            priority: hit.flow.priority,
                            value,
                            because: hit.because.clone(),
                        });
                    }
                    Ok(None) => {}
                    Err(why) => self.lacking(hit, why),
                },
                _ => {}
            }
        }
    }

    fn cost_center(&self, from: &CostCenter, ids: &Ids, hit: &Hit<'_>) -> Result<Option<ItemId>, String> {
        match (from, ids) {
            (CostCenter::Named(_), Ids::Item(item)) => item.clone().map(Some),
            (CostCenter::Attribute(name), _) => {
                let Some(text) = self.scene.subject.identity.profile.text(name) else {
                    return Err(format!("{name} is empty"));
                };
                match self.scene.site.cost_centers.get(&fold::text(text)) {
                    Some(item) => Ok(Some(*item)),
                    None => Err(format!("there is no cost center \"{}\"", text.trim())),
                }
            }
            (CostCenter::Table, _) => Ok(hit.row.and_then(|(_, ids, _)| ids.cost_center)),
            _ => Ok(None),
        }
    }

    fn settle_seat(&mut self) {
        let seats = std::mem::take(&mut self.seats);
        if let Some(bid) = best(seats, "seat", self.desired) {
            let (ids, seat, outcome) = bid.value;
            if matches!(outcome.kind, Kind::Place { only_without: true, .. })
                && let Some((wish, floor)) = self.scene.facts.account.and_then(place::held)
            {
                let mut because = bid.because;
                because.text = format!("{}; keeps the place already held", because.text);
                self.buildings =
                    floor.and_then(|floor| self.scene.site.building_of(floor)).into_iter().collect();
                self.desired.seat = Some(Want { value: wish, because: vec![because] });
                return;
            }
            self.desired.problems.extend(ids.missing.iter().map(|why| said(&bid.because, why)));
            let wish = place::wish(ids, seat);
            if wish.is_none() && ids.missing.is_empty() {
                self.desired.problems.push(said(&bid.because, "the place names no floor, section or space"));
            }
            if wish.is_some() {
                self.buildings.clone_from(&ids.buildings);
            }
            self.desired.place_note =
                ids.note.clone().map(|value| Want { value, because: vec![bid.because.clone()] });
            self.desired.seat = wish.map(|value| Want { value, because: vec![bid.because] });
        }
        if self.buildings.is_empty() {
            let floor = self.scene.facts.account.and_then(place::held).and_then(|(_, floor)| floor);
            self.buildings = floor.and_then(|floor| self.scene.site.building_of(floor)).into_iter().collect();
        }
    }

    fn settle_cost_center(&mut self) {
        let costs = std::mem::take(&mut self.costs);
        self.desired.cost_center = best(costs, "cost center", self.desired)
            .map(|bid| Want { value: bid.value, because: vec![bid.because] });
    }

    /// Everything that people may have several of.
    fn give(&mut self, hit: &Hit<'a>) {
        let Some(ids) = self.scene.site.flows.get(hit.at) else { return };
        for (outcome, ids) in hit.flow.gives.iter().zip(&ids.gives) {
            match (&outcome.kind, ids) {
                (Kind::Role { role, centers, .. }, ids) => {
                    let found = self.centers(centers, ids, hit);
                    found.into_iter().for_each(|center| self.role(center, *role, &hit.because));
                }
                (Kind::TableRoles, _) => {
                    for (center, role) in hit.row.iter().flat_map(|(_, ids, _)| &ids.roles) {
                        self.role(*center, *role, &hit.because);
                    }
                }
                (Kind::Item { .. }, Ids::Item(item)) => match item {
                    Ok(item) => self.item(*item, &hit.because),
                    Err(why) => self.desired.problems.push(said(&hit.because, why)),
                },
                (Kind::TableItems, _) => {
                    for item in hit.row.iter().flat_map(|(_, ids, _)| &ids.items) {
                        self.item(*item, &hit.because);
                    }
                }
                (Kind::Booking { .. } | Kind::Visit { .. }, _)
                    if self.desired.lifecycle != Lifecycle::Active =>
                {
                    self.lacking(hit, "is on leave".into());
                }
                (Kind::Booking { title, kinds, from, to }, _) => {
                    let floors = self.floors();
                    let spec = visit::FirstDay {
                        start: self.scene.start,
                        now: self.scene.now,
                        zone: self.scene.subject.zone,
                        because: &hit.because,
                    };
                    if let Err(why) =
                        visit::add_booking(&spec, title, kinds, (*from, *to), floors, self.desired)
                    {
                        self.lacking(hit, why);
                    }
                }
                (Kind::Visit { visitor_type, notes, at }, _) => {
                    let host = self.scene.facts.manager_account.or_else(|| {
                        self.scene.document.sites.get(self.scene.site_id).and_then(|site| site.default_host)
                    });
                    let center = self.visitor_center();
                    let spec = visit::FirstDay {
                        start: self.scene.start,
                        now: self.scene.now,
                        zone: self.scene.subject.zone,
                        because: &hit.because,
                    };
                    let kind = (visitor_type.as_deref(), notes.as_str(), *at);
                    if let Err(why) =
                        visit::add_visit(&spec, self.scene.subject.identity, kind, host, center, self.desired)
                    {
                        self.lacking(hit, why);
                    }
                }
                (Kind::ToDo { key, what, how }, _) => {
                    let name = self.scene.subject.identity.display_name();
                    let value = ToDo {
                        key: key.clone(),
                        what: what.replace("{name}", &name),
                        how: how.replace("{name}", &name),
                    };
                    self.desired.todos.push(Want { value, because: vec![hit.because.clone()] });
                }
                _ => {}
            }
        }
        if let Some((_, ids, _)) = hit.row {
            let seat_names = hit.flow.gives.iter().any(|outcome| !matches!(outcome.kind, Kind::Place { .. }));
            if seat_names {
                self.desired.problems.extend(ids.missing.iter().map(|why| said(&hit.because, why)));
            }
        }
    }

    /// Floors of the wished seat, else of its buildings.
    fn floors(&self) -> Vec<FloorId> {
        if let Some(Want { value: SeatWish::Desk { floors, .. }, .. }) = &self.desired.seat
            && !floors.is_empty()
        {
            return floors.clone();
        }
        let mut floors: Vec<_> = self
            .scene
            .site
            .floors
            .iter()
            .filter(|(_, building)| self.buildings.contains(building))
            .map(|(floor, _)| *floor)
            .collect();
        floors.sort_unstable();
        floors
    }

    fn visitor_center(&self) -> Option<CenterId> {
        self.buildings
            .iter()
            .filter_map(|building| self.scene.site.serving.get(&(*building, "visitor".to_owned())))
            .find_map(|centers| centers.first().copied())
    }

    fn centers(&mut self, centers: &Centers, ids: &Ids, hit: &Hit<'_>) -> BTreeSet<CenterId> {
        match (centers, ids) {
            (Centers::Serving(module), _) => {
                if self.buildings.is_empty() {
                    self.lacking(
                        hit,
                        "there is neither a seat nor a wish for one, so no building to serve".into(),
                    );
                    return BTreeSet::new();
                }
                let module = fold::text(module);
                let found: BTreeSet<_> = self
                    .buildings
                    .iter()
                    .filter_map(|building| self.scene.site.serving.get(&(*building, module.clone())))
                    .flatten()
                    .copied()
                    .collect();
                if found.is_empty() {
                    self.lacking(hit, format!("no center of module {module} serves the building"));
                }
                found
            }
            (_, Ids::Centers(found, missing)) => {
                self.desired.problems.extend(missing.iter().map(|why| said(&hit.because, why)));
                found.clone()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Two flows may give roles in one center: the stronger counts.
    fn role(&mut self, center: CenterId, role: Role, because: &Because) {
        let want =
            self.desired.roles.entry(center).or_insert_with(|| Want { value: role, because: Vec::new() });
        want.value = want.value.max(role);
        want.because.push(because.clone());
    }

    fn item(&mut self, item: ItemId, because: &Because) {
        let want = self.desired.items.entry(item).or_insert_with(|| Want { value: (), because: Vec::new() });
        want.because.push(because.clone());
    }

    /// Restrictions beat grants.
    fn deny(&mut self) {
        for (at, reason) in std::mem::take(&mut self.denied) {
            let flow = &self.scene.document.flows[at];
            let Some(ids) = self.scene.site.flows.get(at) else { continue };
            for (outcome, ids) in flow.never.iter().zip(&ids.never) {
                match (&outcome.kind, ids) {
                    (Kind::Role { role, centers, .. }, ids) => {
                        let concerned: BTreeSet<CenterId> = match (centers, ids) {
                            (Centers::Serving(module), _) => {
                                self.scene.site.modules.get(&fold::text(module)).cloned().unwrap_or_default()
                            }
                            (_, Ids::Centers(found, _)) => found.clone(),
                            _ => BTreeSet::new(),
                        };
                        let denied: Vec<_> = self
                            .desired
                            .roles
                            .iter()
                            .filter(|(center, want)| concerned.contains(center) && want.value >= *role)
                            .map(|(center, _)| *center)
                            .collect();
                        for center in denied {
                            self.desired.roles.remove(&center);
                            let label = format!("role in center {center}");
                            self.desired.not_given.push(NotGiven { label, because: reason.clone() });
                        }
                    }
                    (Kind::Item { name, .. }, Ids::Item(Ok(item)))
                        if self.desired.items.remove(item).is_some() =>
                    {
                        self.desired
                            .not_given
                            .push(NotGiven { label: name.clone(), because: reason.clone() });
                    }
                    _ => {}
                }
            }
        }
    }
}

fn because(rule: &str, text: String) -> Because {
    Because { rule: rule.to_owned(), row: None, text }
}

/// A problem with the rule it belongs to.
fn said(because: &Because, why: &str) -> String {
    match &because.row {
        Some((table, row)) => format!("{}: row {row} of {table}: {why}", because.rule),
        None => format!("{}: {why}", because.rule),
    }
}

/// The candidate with the highest priority; among equals the first of the file, and a problem that says so.
fn best<T>(bids: Vec<Bid<T>>, what: &str, desired: &mut Desired) -> Option<Bid<T>> {
    let mut winner: Option<Bid<T>> = None;
    for bid in bids {
        match &winner {
            Some(best) if best.priority == bid.priority => desired.problems.push(format!(
                "flows {} and {} both name a {what} with priority {}: the first counts",
                best.because.rule, bid.because.rule, bid.priority
            )),
            Some(best) if best.priority > bid.priority => {}
            _ => winner = Some(bid),
        }
    }
    winner
}
