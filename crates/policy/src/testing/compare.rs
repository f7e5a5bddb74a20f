//! What a test expects against what was decided, part by part, in the words of the test.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Timestamp, tz::TimeZone};
use lanyard_model::{
    desired::{Because, Desired, Lifecycle, SeatWish, Want},
    fold,
    id::SiteId,
    place::{COST_CENTER_CATEGORY, Catalogue},
};

use super::{Claim, Difference, PlaceClaim};

/// Reasons told of a test that failed.
const REASONS_MAX: usize = 12;

pub(crate) struct Found<'a> {
    desired: &'a Desired,
    /// Of the person's site, or of any: they name the same things.
    catalogue: Option<&'a Catalogue>,
    zone: TimeZone,
}

impl<'a> Found<'a> {
    pub fn new(desired: &'a Desired, catalogues: &'a BTreeMap<SiteId, Catalogue>, zone: TimeZone) -> Self {
        let own = desired.site.as_ref().and_then(|site| catalogues.get(site));
        Self { desired, catalogue: own.or_else(|| catalogues.values().next()), zone }
    }

    /// `None`: as expected.
    pub fn differs(&self, claim: &Claim) -> Option<Difference> {
        let desired = self.desired;
        let exact = |part: &str, expected: &Option<String>, found: Option<String>| {
            let same = match (expected, &found) {
                (Some(a), Some(b)) => fold::text(a) == fold::text(b),
                (a, b) => a.is_none() && b.is_none(),
            };
            (!same).then(|| Difference {
                part: part.to_owned(),
                expected: expected.clone().into_iter().collect(),
                found: found.into_iter().collect(),
            })
        };
        let set = |part: &str, expected: &[String], found: Vec<String>| {
            let folded = |list: &[String]| list.iter().map(|text| fold::text(text)).collect::<BTreeSet<_>>();
            (folded(expected) != folded(&found)).then(|| Difference {
                part: part.to_owned(),
                expected: expected.to_vec(),
                found,
            })
        };
        match claim {
            Claim::Standing(expected) => {
                exact("standing", &Some(expected.clone()), Some(self.standing().to_owned()))
            }
            Claim::Site(expected) => exact("site", expected, desired.site.as_ref().map(ToString::to_string)),
            Claim::Field(field, expected) => {
                let found = desired
                    .fields
                    .iter()
                    .find(|(name, _)| *name == field)
                    .map(|(_, want)| want.value.clone());
                // A profile value is written as it is spelt.
                (*expected != found).then(|| Difference {
                    part: format!("profile.{field}"),
                    expected: expected.clone().into_iter().collect(),
                    found: found.into_iter().collect(),
                })
            }
            Claim::UserType(expected) => {
                let id = desired.user_type.as_ref().map(|want| want.value);
                let name = id.and_then(|id| self.catalogue?.user_types.get(&id).map(ToString::to_string));
                exact("user_type", expected, name)
            }
            Claim::CostCenter(expected) => {
                let name =
                    desired.cost_center.as_ref().and_then(|want| Some(self.catalogue?.item_name(want.value)));
                exact("cost_center", expected, name)
            }
            Claim::Place(expected) => self.place(expected.as_ref()),
            Claim::Roles(expected) => set("roles", expected, self.roles()),
            Claim::Items(expected) => {
                let bare = |name: &String| name.rsplit(" / ").next().unwrap_or_default().to_owned();
                let named = expected.iter().any(|name| name.contains(" / "));
                let found = self.items();
                let found = if named { found } else { found.iter().map(bare).collect() };
                set("items", expected, found)
            }
            Claim::Doors(expected) => set("doors", expected, desired.doors.keys().cloned().collect()),
            Claim::Has(expected) => {
                let all = self.permissions();
                let lacking: Vec<_> = expected.iter().filter(|text| !contains(&all, text)).cloned().collect();
                (!lacking.is_empty()).then(|| Difference {
                    part: "has".into(),
                    expected: lacking,
                    found: all,
                })
            }
            Claim::Lacks(expected) => {
                let all = self.permissions();
                let held: Vec<_> = all
                    .into_iter()
                    .filter(|known| expected.iter().any(|text| is_part(known, text)))
                    .collect();
                (!held.is_empty()).then(|| Difference {
                    part: "lacks".into(),
                    expected: Vec::new(),
                    found: held,
                })
            }
            Claim::By(expected) => {
                let all = self.rules();
                let idle: Vec<_> = expected.iter().filter(|rule| !all.contains(*rule)).cloned().collect();
                let found = || all.iter().cloned().collect();
                (!idle.is_empty()).then(|| Difference { part: "by".into(), expected: idle, found: found() })
            }
            Claim::NotBy(expected) => {
                let all = self.rules();
                let found: Vec<_> = expected.iter().filter(|rule| all.contains(*rule)).cloned().collect();
                (!found.is_empty()).then(|| Difference { part: "not_by".into(), expected: Vec::new(), found })
            }
            Claim::Loses(expected) => set("loses", expected, self.loses()),
            Claim::Problem(expected) => {
                let mut all = desired.problems.clone();
                if let Lifecycle::Aside { why } = &desired.lifecycle {
                    all.push(why.clone());
                }
                (!contains(&all, expected)).then(|| Difference {
                    part: "problem".into(),
                    expected: vec![expected.clone()],
                    found: all,
                })
            }
            Claim::Booking(expected) => {
                exact("booking", expected, desired.bookings.first().map(|want| self.local(want.value.start)))
            }
            Claim::Visit(expected) => {
                exact("visit", expected, desired.visits.first().map(|want| self.local(want.value.arrival)))
            }
            Claim::Tells(expected) => {
                let all: BTreeSet<_> =
                    desired.notices.iter().flat_map(|want| want.value.to.iter().cloned()).collect();
                set("tells", expected, all.into_iter().collect())
            }
            Claim::ToDo(expected) => {
                set("todo", expected, desired.todos.iter().map(|want| want.value.key.clone()).collect())
            }
        }
    }

    fn standing(&self) -> &'static str {
        match self.desired.lifecycle {
            Lifecycle::OutOfScope => "not governed",
            Lifecycle::NotYet { .. } => "not yet",
            Lifecycle::Active => "active",
            Lifecycle::Paused { .. } => "on leave",
            Lifecycle::Ended { .. } => "ended",
            Lifecycle::Aside { .. } => "set aside",
        }
    }

    fn loses(&self) -> Vec<String> {
        let Lifecycle::Paused { loses } = &self.desired.lifecycle else { return Vec::new() };
        [
            (loses.roles, "permissions"),
            (loses.doors, "doors"),
            (loses.items, "categories"),
            (loses.seat, "seat"),
            (loses.bookings, "bookings"),
            (loses.account, "account"),
        ]
        .into_iter()
        .filter(|(lost, _)| *lost)
        .map(|(_, name)| name.to_owned())
        .collect()
    }

    /// `customer of reservation in Pier House`.
    fn roles(&self) -> Vec<String> {
        let Some(catalogue) = self.catalogue else { return Vec::new() };
        let roles = self.desired.roles.iter();
        roles
            .map(|(center, want)| {
                format!("{} of {}", want.value.as_str().to_lowercase(), catalogue.center_name(*center))
            })
            .collect()
    }

    fn items(&self) -> Vec<String> {
        let items = self.desired.items.keys().filter_map(|id| self.catalogue?.items.get(id));
        items
            .filter(|item| item.category != COST_CENTER_CATEGORY)
            .map(|item| format!("{} / {}", item.category_name, item.name))
            .collect()
    }

    fn permissions(&self) -> Vec<String> {
        self.roles().into_iter().chain(self.items()).collect()
    }

    /// Flows that give something.
    fn rules(&self) -> BTreeSet<String> {
        fn add<T>(all: &mut BTreeSet<String>, want: &Want<T>) {
            all.extend(want.because.iter().map(|because| because.rule.clone()));
        }
        let desired = self.desired;
        let mut all = BTreeSet::new();
        desired.seat.iter().for_each(|want| add(&mut all, want));
        desired.cost_center.iter().for_each(|want| add(&mut all, want));
        desired.roles.values().for_each(|want| add(&mut all, want));
        desired.items.values().for_each(|want| add(&mut all, want));
        desired.doors.values().for_each(|want| add(&mut all, want));
        desired.bookings.iter().for_each(|want| add(&mut all, want));
        desired.visits.iter().for_each(|want| add(&mut all, want));
        desired.todos.iter().for_each(|want| add(&mut all, want));
        all
    }

    fn local(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
    }

    fn place(&self, expected: Option<&PlaceClaim>) -> Option<Difference> {
        let found = self.found_place();
        let same = match (expected, &found) {
            (None, None) => true,
            (Some(expected), Some(found)) => found.fits(expected),
            _ => false,
        };
        (!same).then(|| Difference {
            part: "place".into(),
            expected: expected.map(PlaceClaim::words).into_iter().collect(),
            found: found.as_ref().map(PlaceClaim::words).into_iter().collect(),
        })
    }

    fn found_place(&self) -> Option<PlaceClaim> {
        let catalogue = self.catalogue?;
        let wish = &self.desired.seat.as_ref()?.value;
        let mut place = PlaceClaim::default();
        let on = |place: &mut PlaceClaim, floor| {
            let Some(floor) = catalogue.floors.get(&floor) else { return };
            if !place.floors.contains(&floor.name.to_string()) {
                place.floors.push(floor.name.to_string());
            }
            let building = catalogue.buildings.get(&floor.building).map(|building| building.name.to_string());
            match &place.building {
                None => place.building = building,
                Some(one) if building.as_ref() != Some(one) => {
                    place.building = Some(format!("{one} or {}", building.unwrap_or_default()));
                }
                Some(_) => {}
            }
        };
        match wish {
            SeatWish::Remote => place.seat = "remote".into(),
            SeatWish::Section { section } => {
                let section = catalogue.sections.get(section)?;
                place.seat = "section".into();
                place.section = Some(section.name.to_string());
                on(&mut place, section.floor);
            }
            SeatWish::Desk { floors, kinds, rooms, .. } => {
                place.seat = "desk".into();
                // As people spell them: the wish holds them folded.
                let spelt = |kind: &String| {
                    let known = catalogue.rooms.values().find(|room| fold::text(&room.kind) == *kind);
                    known.map_or_else(|| kind.clone(), |room| room.kind.to_string())
                };
                place.kinds = kinds.iter().map(spelt).collect();
                for room in rooms.iter().filter_map(|room| catalogue.rooms.get(room)) {
                    place.rooms.push(room.name.to_string());
                    on(&mut place, room.floor);
                }
                floors.iter().for_each(|floor| on(&mut place, *floor));
            }
        }
        Some(place)
    }

    /// Reasons, for somebody who wonders.
    pub fn because(&self) -> Vec<String> {
        let line = |because: &Because| match &because.row {
            Some((table, row)) => format!("{}, row {row} of {table}: {}", because.rule, because.text),
            None => format!("{}: {}", because.rule, because.text),
        };
        let desired = self.desired;
        let mut all: Vec<String> = desired.because.iter().map(line).collect();
        all.extend(desired.seat.iter().flat_map(|want| &want.because).map(line));
        all.extend(desired.not_given.iter().map(|not| format!("not {}", line(&not.because))));
        all.extend(desired.problems.iter().map(|problem| format!("problem: {problem}")));
        if all.len() > REASONS_MAX {
            let more = all.len() - REASONS_MAX;
            all.truncate(REASONS_MAX);
            all.push(format!("and {more} more reasons"));
        }
        all
    }
}

fn is_part(known: &str, text: &str) -> bool {
    fold::text(known).contains(&fold::text(text))
}

fn contains(all: &[String], text: &str) -> bool {
    all.iter().any(|known| is_part(known, text))
}

impl PlaceClaim {
    /// Whether a place found has all that is claimed of it.
    fn fits(&self, claim: &Self) -> bool {
        let one = |claim: &Option<String>, found: &Option<String>| {
            claim
                .as_ref()
                .is_none_or(|name| found.as_ref().is_some_and(|found| fold::text(found) == fold::text(name)))
        };
        let all = |claim: &[String], found: &[String]| {
            let folded = |list: &[String]| list.iter().map(|text| fold::text(text)).collect::<BTreeSet<_>>();
            claim.is_empty() || folded(claim) == folded(found)
        };
        let section =
            claim.section.as_ref().map(|name| name.rsplit(" / ").next().unwrap_or_default().to_owned());
        self.seat == claim.seat
            && one(&claim.building, &self.building)
            && all(&claim.floors, &self.floors)
            && all(&claim.kinds, &self.kinds)
            && one(&section, &self.section)
            && all(&claim.rooms, &self.rooms)
    }

    fn words(&self) -> String {
        let mut words = self.seat.clone();
        for (before, list) in [
            (" ", self.rooms.clone()),
            (" of kind ", self.kinds.clone()),
            (" ", self.section.clone().into_iter().collect()),
            (" on ", self.floors.clone()),
            (" in ", self.building.clone().into_iter().collect()),
        ] {
            if !list.is_empty() {
                words += &format!("{before}{}", list.join(" or "));
            }
        }
        words
    }
}
