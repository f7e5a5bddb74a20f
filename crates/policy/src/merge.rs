//! What flows give, merged: restrictions beat grants, priority decides where there can be one, the rest is united.

mod doors;
mod restrictions;

use std::{borrow::Cow, collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use lanyard_model::{
    account::Role,
    clearance::{door_given, item_given, role_given},
    desired::{Because, Desired, Lifecycle, NotGiven, SeatWish, Team, ToDo, Want},
    door::DoorSpan,
    fold,
    id::{BuildingId, CenterId, FloorId, ItemId, SiteId},
};
use restrictions::Bar;

pub(crate) use restrictions::keeps_away;

use crate::{
    bind::{Ids, PlaceIds, RowIds, Site},
    condition::{Truth, all},
    date,
    document::{Centers, CostCenter, Document, Flow, Kind, Outcome, SeatKind},
    evaluate::Facts,
    failing::Failures,
    lifecycle::{grounds, lack},
    names::Bits,
    parameter::filled,
    place,
    subject::{Day, Subject},
    table::{Found, Table},
    visit::{self, Begin},
};

/// A flow that applies to the person, with its reason and table row.
struct Hit<'a> {
    at: usize,
    flow: &'a Flow,
    /// One reason, or none where nobody is told.
    because: Vec<Because>,
    row: Option<(usize, &'a RowIds, &'a Table)>,
}

impl Hit<'_> {
    /// A problem with the rule it belongs to.
    fn said(&self, why: &str) -> String {
        match self.row {
            Some((row, _, table)) => {
                format!("{}: row {} of {}: {why}", self.flow.id, table.rows[row].number, table.name)
            }
            None => format!("{}: {why}", self.flow.id),
        }
    }
}

/// A candidate for something of which there is one.
struct Bid<T> {
    priority: i64,
    value: T,
    /// Place among the hits.
    hit: usize,
}

/// What is decided from.
pub(crate) struct Scene<'a> {
    pub document: &'a Document,
    pub site: &'a Site,
    pub site_id: &'a SiteId,
    pub subject: &'a Subject<'a>,
    pub facts: &'a Facts<'a>,
    pub now: Timestamp,
    pub begin: Begin,
    /// When their right ends by itself, if that is known.
    pub end_at: Option<Timestamp>,
    /// Flows that ask something first count as well.
    pub asking_flows: bool,
}

/// Adds to `desired` what the flows give. A rule that cannot be decided is the error: its id, and why.
pub(crate) fn add<'a>(scene: &Scene<'a>, desired: &mut Desired) -> Result<(), (String, String)> {
    let mut merge = Merge {
        scene,
        desired,
        seats: Vec::new(),
        costs: Vec::new(),
        buildings: Cow::Borrowed(&[]),
        denied: Vec::new(),
        bars: Vec::new(),
        barred: BTreeSet::new(),
        firsts: Vec::new(),
        broken: None,
        failures: Failures::of(scene.document, scene.facts),
        role_shares: Vec::new(),
        door_shares: Vec::new(),
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
    buildings: Cow<'a, [BuildingId]>,
    denied: Vec<(usize, Option<Because>)>,
    /// Roles that restrictions keep away.
    bars: Vec<Bar>,
    /// Roles that one did keep away.
    barred: BTreeSet<((usize, usize), CenterId)>,
    /// Keys of what is given once, with the priority of the flow that named it and its place.
    firsts: Vec<(String, i64, usize)>,
    broken: Option<(String, String)>,
    failures: Failures<'a>,
    /// What each flow gives of roles and entry, with its place, where somebody is asked first: several may give a line.
    role_shares: Vec<(CenterId, Role, usize)>,
    door_shares: Vec<(String, DoorSpan, usize)>,
}

impl<'a> Merge<'_, 'a> {
    fn run(&mut self) {
        let hits = self.hits();
        self.bars = self.bars();
        for (at, hit) in hits.iter().enumerate() {
            self.bid(at, hit);
        }
        self.settle_seat(&hits);
        self.settle_cost_center(&hits);
        for hit in &hits {
            self.give(hit);
        }
        self.deny();
        self.settle_doors();
        self.note_lesser();
        if !self.desired.left_alone.is_nothing() {
            let left = self.desired.left_alone.words();
            let said = format!("nothing of theirs is taken away until these names are known: {left}");
            self.desired.problems.push(said);
        }
        if !self.failures.is_empty() {
            let flows: Vec<&Flow> = hits.iter().map(|hit| hit.flow).collect();
            let name = self.scene.subject.identity.display_name();
            self.failures.note(&flows, &name, self.scene.subject.told(), self.scene.now, self.desired);
        }
    }

    /// Flows that apply. The others leave their first failing condition.
    fn hits(&mut self) -> Vec<Hit<'a>> {
        let document = self.scene.document;
        let subject = self.scene.subject;
        // Whoever is told hears of every flow why not. Without a whole list of groups, every flow may concern somebody.
        let candidates = (!subject.told() && subject.identity.groups.complete)
            .then(|| document.flow_index.candidates(subject));
        let mut hits = Vec::with_capacity(candidates.as_ref().map_or(16, Bits::len));
        for (at, flow) in document.flows.iter().enumerate() {
            if candidates.as_ref().is_some_and(|flows| !flows.has(at)) {
                continue;
            }
            // What is asked first is not given yet; what such a flow denies is denied at once.
            let asks = !self.scene.asking_flows && document.demands.contains_key(&flow.id);
            if asks && flow.never.is_empty() {
                continue;
            }
            let answer = all(&flow.conditions, subject);
            match answer {
                Truth::Yes => {}
                Truth::No => {
                    self.not_given(flow, true, || lack(&flow.conditions, subject));
                    continue;
                }
                Truth::Unknown => {
                    let text = || lack(&flow.conditions, subject);
                    if !flow.never.is_empty() {
                        // A restriction that may concern the person holds; taking away waits for proof anyway.
                        self.denied.push((at, subject.told().then(|| because(&flow.id, subject.say(text)))));
                    }
                    self.not_given(flow, true, text);
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
            let mut row = None;
            if let Some(table) = flow.table.as_deref() {
                match subject.found(table) {
                    Found::Row(place) => {
                        let ids = self.scene.site.rows.get(table.at).and_then(|rows| rows.get(*place));
                        row = ids.map(|ids| (*place, ids, table));
                    }
                    Found::Nothing => {
                        self.not_given(flow, true, || format!("no row of the table {} fits", table.name));
                        continue;
                    }
                    Found::Unknown(place) => {
                        let text = || {
                            let lacks = lack(&table.rows[*place].tests, subject);
                            format!("row {} of {}: {lacks}", place + 1, table.name)
                        };
                        if !flow.never.is_empty() {
                            self.denied
                                .push((at, subject.told().then(|| because(&flow.id, subject.say(text)))));
                        }
                        self.not_given(flow, true, text);
                        continue;
                    }
                    Found::Broken(why) => {
                        self.broken.get_or_insert((flow.id.clone(), why.clone()));
                        continue;
                    }
                }
            }
            let reason = subject.told().then(|| self.reason(flow, row));
            if !flow.never.is_empty() {
                self.denied.push((at, reason.clone()));
            }
            if asks {
                continue;
            }
            hits.push(Hit { at, flow, because: reason.into_iter().collect(), row });
        }
        hits
    }

    /// Why the flow applies.
    fn reason(&self, flow: &Flow, row: Option<(usize, &RowIds, &Table)>) -> Because {
        let subject = self.scene.subject;
        let mut reason = because(&flow.id, String::new());
        let Some((place, _, table)) = row else {
            reason.text = subject.say(|| grounds(&flow.conditions, subject));
            return reason;
        };
        let found = &table.rows[place];
        reason.row = Some((table.name.clone(), found.number));
        reason.text = subject.say(|| {
            let text = found.grounds(subject);
            match flow.conditions.as_slice() {
                [] => text,
                list => format!("{}; {text}", grounds(list, subject)),
            }
        });
        reason
    }

    /// Whether a flow with an end date still gives.
    fn is_in_time(&mut self, flow: &Flow) -> bool {
        let Some(attribute) = &flow.until else { return true };
        let day = match self.scene.subject.day(attribute) {
            Day::Absent => return true,
            Day::Unreadable => {
                let why = self.scene.subject.no_day(attribute);
                self.broken.get_or_insert((flow.id.clone(), why));
                return false;
            }
            Day::Is(day) => day,
        };
        let over = date::start_of(date::shift(day, 1), self.scene.subject.zone);
        if over <= self.scene.now {
            self.not_given(flow, false, || format!("was given until {day}"));
            return false;
        }
        self.desired.review_by(over);
        true
    }

    fn not_given(&mut self, flow: &Flow, unmet: bool, text: impl FnOnce() -> String) {
        // A restriction that does not apply keeps nothing from anybody.
        if self.scene.subject.told() && !flow.gives.is_empty() {
            let subject = self.scene.subject;
            let because = because(&flow.id, subject.say(text));
            let label = subject.say(|| flow.sentence.clone());
            self.desired.not_given.push(NotGiven { label, because, unmet });
        }
    }

    fn lacking(&mut self, hit: &Hit<'_>, text: String) {
        let Some(mut reason) = hit.because.first().cloned() else { return };
        reason.text = text;
        self.desired.not_given.push(NotGiven {
            label: hit.flow.sentence.clone(),
            because: reason,
            unmet: false,
        });
    }

    /// Collects candidates for seat and cost center.
    fn bid(&mut self, at: usize, hit: &Hit<'a>) {
        let Some(ids) = self.scene.site.flows.get(hit.at) else { return };
        for (outcome, ids) in hit.flow.gives.iter().zip(&ids.gives) {
            if !self.failures.lets(hit.flow, outcome) {
                continue;
            }
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
                    self.seats.push(Bid { priority: hit.flow.priority, value, hit: at });
                }
                (Kind::CostCenter(from), ids) => match self.cost_center(from, ids, hit) {
                    Ok(Some(value)) => self.costs.push(Bid { priority: hit.flow.priority, value, hit: at }),
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
            (CostCenter::Attribute(attribute), _) => {
                let Some(text) = self.scene.subject.text(attribute) else {
                    return Err(format!("{} is empty", attribute.name));
                };
                match self.scene.site.cost_centers.get(text) {
                    Some(item) => Ok(Some(item)),
                    None => Err(format!("there is no cost center \"{}\"", text.trim())),
                }
            }
            (CostCenter::Table, _) => Ok(hit.row.and_then(|(_, ids, _)| ids.cost_center)),
            _ => Ok(None),
        }
    }

    fn settle_seat(&mut self, hits: &[Hit<'a>]) {
        let seats = std::mem::take(&mut self.seats);
        if let Some(bid) = best(seats, "seat", hits, self.desired) {
            let hit = &hits[bid.hit];
            let (ids, seat, outcome) = bid.value;
            if matches!(outcome.kind, Kind::Place { only_without: true, .. })
                && let Some((wish, floor)) = self.scene.facts.account.and_then(place::held)
            {
                let mut because = hit.because.clone();
                because.iter_mut().for_each(|because| because.text += "; keeps the place already held");
                self.buildings =
                    floor.and_then(|floor| self.scene.site.building_of(floor)).into_iter().collect();
                self.desired.seat = Some(Want { value: wish, because });
                return;
            }
            self.desired.problems.extend(ids.missing.iter().map(|why| hit.said(why)));
            let wish = place::wish(ids, seat, self.team(outcome));
            if !ids.missing.is_empty()
                && seat != SeatKind::Remote
                && (wish.is_none() || self.lost(&ids.missing))
            {
                self.desired.left_alone.seat = true;
            }
            if wish.is_none() && ids.missing.is_empty() {
                self.desired.problems.push(hit.said("the place names no floor, section or space"));
            }
            if wish.is_some() {
                self.buildings = Cow::Borrowed(&ids.buildings);
            }
            self.desired.place_note =
                ids.note.clone().map(|value| Want { value, because: hit.because.clone() });
            self.desired.seat = wish.map(|value| Want { value, because: hit.because.clone() });
        }
        if self.buildings.is_empty() {
            let floor = self.scene.facts.account.and_then(place::held).and_then(|(_, floor)| floor);
            self.buildings = floor.and_then(|floor| self.scene.site.building_of(floor)).into_iter().collect();
        }
    }

    /// Whether something is meant here that goes by another name, or by one that is not clear.
    fn lost(&self, missing: &[String]) -> bool {
        missing.iter().any(|why| self.scene.site.lost.contains(why))
    }

    fn leave_roles(&mut self) {
        self.desired.left_alone.roles_but = Some(Arc::clone(&self.scene.site.named_centers));
    }

    fn leave_items(&mut self) {
        self.desired.left_alone.items_but = Some(Arc::clone(&self.scene.site.named_items));
    }

    /// Whom they are to sit near: by the value that their own account is to have, or has.
    fn team(&self, outcome: &Outcome) -> Option<Team> {
        let Kind::Place { near: Some(field), .. } = &outcome.kind else { return None };
        let wanted = self.desired.fields.get(field).map(|want| want.value.as_str());
        let held =
            || self.scene.facts.account.and_then(|account| account.fields.get(field)).map(String::as_str);
        let value = fold::text(wanted.or_else(held)?);
        (!value.is_empty()).then_some(Team { field: *field, value })
    }

    fn settle_cost_center(&mut self, hits: &[Hit<'a>]) {
        let costs = std::mem::take(&mut self.costs);
        self.desired.cost_center = best(costs, "cost center", hits, self.desired)
            .map(|bid| Want { value: bid.value, because: hits[bid.hit].because.clone() });
    }

    /// Everything that people may have several of.
    fn give(&mut self, hit: &Hit<'a>) {
        let Some(ids) = self.scene.site.flows.get(hit.at) else { return };
        for (outcome, ids) in hit.flow.gives.iter().zip(&ids.gives) {
            if !self.failures.lets(hit.flow, outcome) {
                continue;
            }
            match (&outcome.kind, ids) {
                (Kind::Role { role, centers, .. }, ids) => self.roles(*role, centers, ids, hit, outcome),
                (Kind::TableRoles, _) => {
                    for (center, role) in hit.row.iter().flat_map(|(_, ids, _)| &ids.roles) {
                        self.role(*center, *role, hit, outcome);
                    }
                    if hit.row.is_some_and(|(_, ids, _)| self.lost(&ids.missing_centers)) {
                        self.leave_roles();
                    }
                }
                (Kind::Item { .. }, Ids::Item(item)) => match item {
                    Ok(item) => self.item(*item, hit, outcome),
                    Err(why) => {
                        self.desired.problems.push(hit.said(why));
                        if self.lost(std::slice::from_ref(why)) {
                            self.leave_items();
                        }
                    }
                },
                (Kind::TableItems, _) => {
                    for item in hit.row.iter().flat_map(|(_, ids, _)| &ids.items) {
                        self.item(*item, hit, outcome);
                    }
                    if hit.row.is_some_and(|(_, ids, _)| self.lost(&ids.missing_items)) {
                        self.leave_items();
                    }
                }
                (Kind::Booking { .. } | Kind::Visit { .. }, _)
                    if self.desired.lifecycle != Lifecycle::Active =>
                {
                    self.lacking(hit, "is on leave".into());
                }
                (Kind::Booking { title, kinds, from, to }, _) => {
                    let spec = visit::FirstDay {
                        begin: &self.scene.begin,
                        now: self.scene.now,
                        zone: self.scene.subject.zone,
                        because: &hit.because,
                    };
                    let values = &self.scene.site.values;
                    let what = || visit::FirstDesk {
                        title: filled(title, values).into_owned(),
                        kinds: kinds.iter().map(|kind| fold::text(&filled(kind, values))).collect(),
                        floors: self.floors(),
                    };
                    match visit::booking(&spec, (*from, *to), what) {
                        Ok((wish, start)) => {
                            self.desired.bookings.push(wish);
                            self.desired.review_by(start);
                            self.once(
                                hit,
                                "booking+:",
                                |desired| &mut desired.bookings,
                                |wish| wish.key.as_str(),
                            );
                        }
                        Err(why) => self.lacking(hit, why),
                    }
                }
                (Kind::Visit { visitor_type, notes, at }, _) => {
                    let host = self.scene.facts.manager_account.or_else(|| {
                        self.scene.document.sites.get(self.scene.site_id).and_then(|site| site.default_host)
                    });
                    let center = self.visitor_center();
                    let spec = visit::FirstDay {
                        begin: &self.scene.begin,
                        now: self.scene.now,
                        zone: self.scene.subject.zone,
                        because: &hit.because,
                    };
                    let values = &self.scene.site.values;
                    let visitor_type = visitor_type.as_ref().map(|text| filled(text, values));
                    let notes = filled(notes, values);
                    let kind = (visitor_type.as_deref(), &*notes, *at);
                    let identity = self.scene.subject.identity;
                    match visit::add_visit(&spec, identity, kind, host, center, self.desired) {
                        Ok(()) => {
                            self.once(hit, "visit+:", |desired| &mut desired.visits, |wish| wish.key.as_str())
                        }
                        Err(why) => {
                            visit::add_announcement(&spec, identity, &why, self.scene.facts, self.desired);
                            self.lacking(hit, why);
                        }
                    }
                }
                (Kind::Door(areas), Ids::Doors(names)) => self.doors(areas, names, hit, outcome),
                (Kind::ToDo { key, what, how }, _) => {
                    let name = self.scene.subject.identity.display_name();
                    let value = ToDo {
                        key: key.clone(),
                        what: filled(what, &self.scene.site.values).replace("{name}", &name),
                        how: filled(how, &self.scene.site.values).replace("{name}", &name),
                    };
                    self.desired.todos.push(Want { value, because: hit.because.clone() });
                }
                _ => {}
            }
        }
        if let Some((_, ids, _)) = hit.row {
            let seat_names = hit.flow.gives.iter().any(|outcome| !matches!(outcome.kind, Kind::Place { .. }));
            if seat_names {
                self.desired.problems.extend(ids.missing.iter().map(|why| hit.said(why)));
            }
        }
    }

    /// What was added last is wanted once per key: of two flows the one with the higher priority says how, and both are
    /// why.
    fn once<T: PartialEq>(
        &mut self,
        hit: &Hit<'_>,
        line: &str,
        list: fn(&mut Desired) -> &mut Vec<Want<T>>,
        key: fn(&T) -> &str,
    ) {
        let weighs = self.weighs();
        let all = list(self.desired);
        let Some(new) = all.pop() else { return };
        let name = key(&new.value).to_owned();
        let priority = hit.flow.priority;
        let Some(same) = all.iter_mut().find(|want| key(&want.value) == name) else {
            all.push(new);
            self.firsts.push((name, priority, hit.at));
            return;
        };
        let earlier: Vec<String> = same.because.iter().map(|because| because.rule.clone()).collect();
        same.because.extend(new.because);
        let Some(first) = self.firsts.iter_mut().find(|first| first.0 == name) else { return };
        let differ = same.value != new.value;
        let outdone = if priority > first.1 { earlier } else { vec![hit.flow.id.clone()] };
        if priority > first.1 {
            same.value = new.value;
            (first.1, first.2) = (priority, hit.at);
        } else if priority == first.1 && differ {
            let other = &self.scene.document.flows[first.2].id;
            self.desired.problems.push(format!(
                "flows {other} and {} both want {name} with priority {priority}: the first counts",
                hit.flow.id
            ));
        }
        if weighs && differ {
            self.desired.lesser.entry(format!("{line}{name}")).or_default().extend(outdone);
        }
    }

    /// Whether it matters who gives how much of something: rules ask first, and somebody reads who.
    fn weighs(&self) -> bool {
        self.scene.subject.told() && !self.scene.document.demands.is_empty()
    }

    /// Which flows give less than all of a role or of the time behind a door.
    fn note_lesser(&mut self) {
        if self.role_shares.len() + self.door_shares.len() < 2 {
            return;
        }
        let now = self.scene.now;
        let site = self.scene.document.sites.get(self.scene.site_id);
        let timeless = site.is_some_and(|site| site.doors_without_times);
        let roles = self.role_shares.iter().filter_map(|(center, role, at)| {
            let want = self.desired.roles.get(center)?.value;
            Some((role_given(*center, want), *role == want, *at))
        });
        let doors = self.door_shares.iter().filter_map(|(area, span, at)| {
            let want = self.desired.doors.get(area)?.value;
            let all = if timeless { span.holds(now) } else { !span.is_less_than(&want) };
            Some((door_given(area), all, *at))
        });
        let (whole, part): (Vec<_>, Vec<_>) = roles.chain(doors).partition(|(_, all, _)| *all);
        // One flow may give both.
        let gives_all = |line: &str, at: usize| whole.iter().any(|(known, _, by)| known == line && *by == at);
        for (line, _, at) in part.into_iter().filter(|(line, _, at)| !gives_all(line, *at)) {
            let rule = self.scene.document.flows[at].id.clone();
            self.desired.lesser.entry(line).or_default().insert(rule);
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
            .filter_map(|building| self.scene.site.serving.get("visitor")?.get(building))
            .find_map(|centers| centers.first().copied())
    }

    /// Gives a role in the centers that the outcome names.
    fn roles(&mut self, role: Role, centers: &Centers, ids: &Ids, hit: &Hit<'_>, outcome: &Outcome) {
        match (centers, ids) {
            (Centers::Serving(module), Ids::Serving(serving)) => {
                if self.buildings.is_empty() {
                    if self.desired.left_alone.seat {
                        self.leave_roles();
                    }
                    self.lacking(
                        hit,
                        "there is neither a seat nor a wish for one, so no building to serve".into(),
                    );
                    return;
                }
                let mut some = false;
                for at in 0..self.buildings.len() {
                    for center in serving.get(&self.buildings[at]).into_iter().flatten() {
                        some = true;
                        // One center may serve several of the buildings.
                        let again = at > 0
                            && self.buildings[..at]
                                .iter()
                                .any(|before| serving.get(before).is_some_and(|list| list.contains(center)));
                        if !again {
                            self.role(*center, role, hit, outcome);
                        }
                    }
                }
                if !some {
                    self.lacking(
                        hit,
                        format!("no center of module {} serves the building", fold::text(module)),
                    );
                }
            }
            (_, Ids::Centers(found, missing)) => {
                self.desired.problems.extend(missing.iter().map(|why| hit.said(why)));
                if self.lost(missing) {
                    self.leave_roles();
                }
                found.iter().for_each(|center| self.role(*center, role, hit, outcome));
            }
            _ => {}
        }
    }

    /// Two flows may give roles in one center: the stronger counts that no restriction keeps away.
    fn role(&mut self, center: CenterId, role: Role, hit: &Hit<'_>, outcome: &Outcome) {
        let line = || role_given(center, role);
        if self.failures.leaves_out(hit.flow, outcome, line) {
            return;
        }
        if let Some(bar) = self.bars.iter().find(|bar| role >= bar.role && bar.centers.contains(&center)) {
            self.barred.insert((bar.at, center));
            return;
        }
        if self.weighs() {
            self.role_shares.push((center, role, hit.at));
        }
        let want =
            self.desired.roles.entry(center).or_insert_with(|| Want { value: role, because: Vec::new() });
        want.value = want.value.max(role);
        want.because.extend_from_slice(&hit.because);
    }

    fn item(&mut self, item: ItemId, hit: &Hit<'_>, outcome: &Outcome) {
        if self.failures.leaves_out(hit.flow, outcome, || item_given(item)) {
            return;
        }
        let want = self.desired.items.entry(item).or_insert_with(|| Want { value: (), because: Vec::new() });
        want.because.extend_from_slice(&hit.because);
    }
}

fn because(rule: &str, text: String) -> Because {
    Because { rule: rule.to_owned(), row: None, text }
}

/// The candidate with the highest priority; among equals the first of the file, and a problem that says so.
fn best<T>(bids: Vec<Bid<T>>, what: &str, hits: &[Hit<'_>], desired: &mut Desired) -> Option<Bid<T>> {
    let mut winner: Option<Bid<T>> = None;
    for bid in bids {
        match &winner {
            Some(best) if best.priority == bid.priority => desired.problems.push(format!(
                "flows {} and {} both name a {what} with priority {}: the first counts",
                hits[best.hit].flow.id, hits[bid.hit].flow.id, bid.priority
            )),
            Some(best) if best.priority > bid.priority => {}
            _ => winner = Some(bid),
        }
    }
    winner
}
