//! Doors that flows open: which areas, from when until when.

use lanyard_model::{clearance::door_given, desired::Want, door::DoorSpan, id::BuildingId};

use super::{Hit, Merge};
use crate::{
    date,
    document::{DoorArea, Outcome},
    place,
    subject::Day,
    visit::Begin,
};

impl Merge<'_, '_> {
    /// Entry to each area, from the first day to the last one that is known.
    pub(super) fn doors(&mut self, areas: &[DoorArea], names: &[String], hit: &Hit<'_>, outcome: &Outcome) {
        let mut all: Vec<String> = Vec::new();
        for (area, name) in areas.iter().zip(names) {
            match area {
                DoorArea::Named(_) => all.push(name.clone()),
                DoorArea::Table => all.extend(hit.row.iter().flat_map(|(_, ids, _)| ids.doors.clone())),
                DoorArea::Building => match self.seat_building() {
                    Some(building) => all.extend(self.scene.site.building_names.get(&building).cloned()),
                    None => self.no_door(hit, "it is not known yet in which building they sit"),
                },
                DoorArea::Floor => {
                    let held = self.scene.facts.account.and_then(place::held).and_then(|(_, spot)| spot);
                    let floor = held.and_then(|spot| self.scene.site.floor_of(spot));
                    match floor.and_then(|floor| self.scene.site.floor_names.get(&floor)) {
                        Some(name) => all.push(name.clone()),
                        None => self.no_door(hit, "it is not known yet on which floor they sit"),
                    }
                }
            }
        }
        let zone = self.scene.subject.zone;
        let last = hit.flow.until.as_ref().and_then(|attribute| match self.scene.subject.day(attribute) {
            Day::Is(day) => Some(date::start_of(date::shift(day, 1), zone)),
            _ => None,
        });
        let span = DoorSpan {
            from: match self.scene.begin {
                Begin::On(day) => Some(date::start_of(day, zone)),
                _ => None,
            },
            until: last.into_iter().chain(self.scene.end_at).min(),
        };
        for area in all {
            if self.failures.leaves_out(hit.flow, outcome, || door_given(&area)) {
                continue;
            }
            if self.weighs() {
                self.door_shares.push((area.clone(), span, hit.at));
            }
            match self.desired.doors.get_mut(&area) {
                Some(want) => {
                    want.value = want.value.joined(span);
                    want.because.extend_from_slice(&hit.because);
                }
                None => {
                    _ = self.desired.doors.insert(area, Want { value: span, because: hit.because.clone() });
                }
            }
        }
    }

    /// Where they sit is not known: because of a name, then nothing is taken for it.
    fn no_door(&mut self, hit: &Hit<'_>, why: &str) {
        if self.desired.left_alone.seat {
            self.desired.left_alone.doors = true;
        }
        self.lacking(hit, why.into());
    }

    /// The building of the seat they have, or of the only one they may get.
    fn seat_building(&self) -> Option<BuildingId> {
        let held = self.scene.facts.account.and_then(place::held).and_then(|(_, spot)| spot);
        let held = held.and_then(|spot| self.scene.site.building_of(spot));
        match (held, &*self.buildings) {
            (Some(held), wished) if wished.is_empty() || wished.contains(&held) => Some(held),
            (_, [only]) => Some(*only),
            _ => None,
        }
    }

    /// Who they are to the badge system; and, where that knows no times, what counts now.
    pub(super) fn settle_doors(&mut self) {
        let Some(holder) = &self.scene.document.door_holder else { return };
        self.desired.door_holder = self.scene.subject.shown(holder).map(|text| text.trim().to_owned());
        if self.desired.doors.is_empty() {
            return;
        }
        let known = self.scene.facts.applied.is_some_and(|applied| applied.door_holder.is_some());
        if self.desired.door_holder.is_none() && !known {
            let why =
                format!("no door opens: {} is empty, by which the badge system knows them", holder.name);
            self.desired.problems.push(why);
        }
        let now = self.scene.now;
        let site = self.scene.document.sites.get(self.scene.site_id);
        let timeless = site.is_some_and(|site| site.doors_without_times);
        let mut turns = Vec::new();
        self.desired.doors.retain(|_, want| {
            let span = want.value;
            if timeless {
                turns.extend([span.from, span.until].into_iter().flatten().filter(|at| *at > now));
                want.value = DoorSpan::default();
                return span.holds(now);
            }
            span.until.is_none_or(|until| now < until)
        });
        turns.into_iter().for_each(|at| self.desired.review_by(at));
    }
}
