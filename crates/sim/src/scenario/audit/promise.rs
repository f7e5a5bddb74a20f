//! What the demonstration policy promises somebody who works, written down once more, and how an account compares.

use std::collections::BTreeMap;

use jiff::{Timestamp, civil::Time, tz::TimeZone};
use serde_json::Value;

use super::{
    identity::{EXECUTIVES, Look, ROOMS, VISITORS},
    key,
    site::{self, Building, SiteSide, id, items, rank, roles, text},
    standing,
    writes::{Gift, Writes},
};

/// Title of the booking for the first day.
pub(super) const FIRST_DAY: &str = "First day";

/// iOffice on the left, Okta on the right.
const FIELDS: [(&str, &str); 9] = [
    ("firstName", "firstName"),
    ("lastName", "lastName"),
    ("knownAs", "nickName"),
    ("email", "email"),
    ("userName", "login"),
    ("employeeId", "employeeNumber"),
    ("jobTitle", "title"),
    ("department", "department"),
    ("company", "organization"),
];

/// Where somebody is to sit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seat {
    /// A desk of this kind, on this floor if one is named; where none is free, this text in `custom03` instead.
    Desk {
        kind: &'static str,
        floor: Option<&'static str>,
        note: String,
    },
    Section {
        name: String,
        section: u64,
    },
    Remote,
    /// The place cannot be told: nothing is promised.
    Open,
}

/// Everything that the rules give somebody who works.
#[derive(Debug)]
pub(super) struct Promise<'a> {
    pub fields: Vec<(&'static str, String)>,
    pub user_type: &'static str,
    pub cost_center: Option<u64>,
    pub building: Option<Building<'a>>,
    /// Where they are at home: the building that the rules name, or the one in which they sit.
    pub home: Option<u64>,
    pub seat: Seat,
    /// At least this role in each of these centers.
    pub roles: BTreeMap<u64, &'static str>,
    pub executive_item: bool,
    /// Where a desk is booked for the first day, from when (milliseconds).
    pub first_day_ms: Option<i64>,
    /// When a contractor's arrival is announced.
    pub arrival_ms: Option<i64>,
}

/// What differs: what, expected, found.
pub(super) type Differences = Vec<(String, String, String)>;

impl<'a> Promise<'a> {
    pub fn of(look: &Look<'_>, site: &SiteSide<'a>, account: Option<&Value>) -> Self {
        let contractor = look.is_contractor();
        let office = look.text("officeLocation").and_then(|code| site.building(&code));
        let seat = office.map_or(Seat::Open, |building| seat(look, site, building));
        let held = || account.and_then(|account| site.building_of(account));
        let building = if seat == Seat::Open { held() } else { office.map(|building| building.id) };
        let mut roles = BTreeMap::new();
        for (group, module, role) in [(ROOMS, "reservation", "CUSTOMER"), (VISITORS, "visitor", "OPERATOR")] {
            if let (true, Some(building)) = (look.is_in(group), building) {
                roles.extend(site.centers(module, building).into_iter().map(|center| (center, role)));
            }
        }
        let at_nine = first_morning(look).filter(|at| *at > look.at).map(Timestamp::as_millisecond);
        let bookable = match (&seat, building) {
            (Seat::Open, _) | (_, None) => false,
            (Seat::Desk { floor: Some(_), .. }, _) => false, // No hot desk on the executive floor.
            (_, Some(building)) => {
                site.floors_with(building, "Hot desk", None) > 0
                    && !site.centers("reservation", building).is_empty()
            }
        };
        let announced =
            contractor && building.is_some_and(|building| !site.centers("visitor", building).is_empty());
        Self {
            fields: fields(look, contractor),
            user_type: if contractor { "contractors" } else { "employee" },
            cost_center: look
                .text("department")
                .and_then(|name| site.cost_centers.get(&key::text(&name)?).copied()),
            building: office,
            home: building,
            seat,
            roles,
            executive_item: look.is_in(EXECUTIVES) && !contractor,
            first_day_ms: at_nine.filter(|_| bookable && look.is_in(ROOMS)),
            arrival_ms: at_nine.filter(|_| announced),
        }
    }

    /// Whether sitting in `room` is what the rules ask.
    pub fn fits(&self, site: &SiteSide<'_>, room: u64) -> bool {
        let (Seat::Desk { kind, floor, .. }, Some(building)) = (&self.seat, &self.building) else {
            return false;
        };
        site.rooms.get(&room).is_some_and(|room| {
            room.active
                && room.building == building.id
                && room.kind == *kind
                && floor.is_none_or(|floor| room.floor_name == floor)
        })
    }

    /// How a live account differs from the promise.
    pub fn compare(&self, site: &SiteSide<'_>, account: u64, held: &Value, writes: &Writes) -> Differences {
        let mut out = Differences::new();
        let mut differs =
            |what: &str, expected: String, found: String| out.push((what.to_owned(), expected, found));
        for (field, expected) in &self.fields {
            let found = text(held, field);
            let same = match *field {
                "userName" => key::text(found) == key::text(expected),
                _ => found == expected,
            };
            if !same {
                differs(field, expected.clone(), found.to_owned());
            }
        }
        if site.user_types.get(self.user_type).copied() != id(&held["userType"]) {
            differs("user type", self.user_type.to_owned(), text(&held["userType"], "name").to_owned());
        }
        if let Some(item) = self.cost_center
            && id(&held["costCenter"]) != Some(item)
        {
            let expected = format!("item {item}");
            differs("cost center", expected, text(&held["costCenter"], "name").to_owned());
        }
        self.compare_seat(site, account, held, writes, &mut differs);
        self.compare_grants(site, account, held, writes, &mut differs);
        self.compare_first_day(site, account, &mut differs);
        out
    }

    fn compare_seat(
        &self,
        site: &SiteSide<'_>,
        account: u64,
        held: &Value,
        writes: &Writes,
        differs: &mut impl FnMut(&str, String, String),
    ) {
        match &self.seat {
            Seat::Open => {}
            Seat::Desk { kind, floor, note } => {
                let room = id(&held["room"]);
                let fits = room.is_some_and(|room| self.fits(site, room));
                let by_hand = room.is_some() && writes.seated_by_hand.contains(&account);
                if !fits && !by_hand && text(held, "custom03") != note {
                    let place = self.building.map_or("", |building| building.name);
                    let expected = format!("{kind} in {place} {}", floor.unwrap_or_default());
                    differs("seat", expected.trim_end().to_owned(), text(&held["room"], "name").to_owned());
                }
            }
            Seat::Section { name, section } => {
                if id(&held["neighborhoodSection"]) != Some(*section) {
                    let found = text(&held["neighborhoodSection"], "name").to_owned();
                    differs("section", name.clone(), found);
                }
            }
            Seat::Remote => {
                let found = text(held, "seatClassification");
                if found != "remote" {
                    differs("seat classification", "remote".to_owned(), found.to_owned());
                }
            }
        }
    }

    fn compare_grants(
        &self,
        site: &SiteSide<'_>,
        account: u64,
        held: &Value,
        writes: &Writes,
        differs: &mut impl FnMut(&str, String, String),
    ) {
        let given = |gift: Gift| writes.given.get(&account).is_some_and(|gifts| gifts.contains(&gift));
        let found = roles(held);
        for (center, role) in &self.roles {
            let has = found.get(center).copied().unwrap_or_default();
            if rank(has) < rank(role) {
                differs(&format!("role in center {center}"), (*role).to_owned(), has.to_owned());
            }
        }
        for (center, role) in found.iter().filter(|(center, _)| !self.roles.contains_key(center)) {
            // Given by hand it may stay; given by the engine it must go with its reason. What was set aside during a
            // leave comes back with it, and is then both: the removal before it shows that somebody had it.
            let came_back = writes.removals.iter().any(|removal| {
                removal.account == account
                    && removal.taken.iter().any(|taken| {
                        matches!(taken, super::writes::Taken::Role { center: lost, .. } if lost == center)
                    })
            });
            if given(Gift::Role(*center)) && !came_back {
                differs(&format!("role in center {center}"), String::new(), (*role).to_owned());
            }
        }
        if let Some(item) = site.executive_item {
            let has = items(held).contains(&item);
            if self.executive_item && !has {
                differs("category item", "Executive floor".to_owned(), String::new());
            }
            if !self.executive_item && has && given(Gift::Item(item)) {
                differs("category item", String::new(), "Executive floor".to_owned());
            }
        }
    }

    fn compare_first_day(
        &self,
        site: &SiteSide<'_>,
        account: u64,
        differs: &mut impl FnMut(&str, String, String),
    ) {
        let Some(start) = self.first_day_ms else { return };
        let bookings = site.bookings.get(&account).into_iter().flatten();
        let booked = bookings
            .filter(|row| {
                row["cancelled"] != true && row["startDate"] == start && text(row, "name") == FIRST_DAY
            })
            .count();
        if booked != 1 {
            differs("desk for the first day", "booked once".to_owned(), format!("booked {booked} times"));
        }
    }

    /// How the announcements of a contractor's arrival differ from one.
    pub fn compare_arrival(&self, look: &Look<'_>, site: &SiteSide<'_>, host_known: bool) -> Differences {
        let Some(arrival) = self.arrival_ms else { return Vec::new() };
        let names = [look.text("firstName"), look.text("lastName")];
        let is_theirs = |visit: &&Value| {
            let visitor = visit["visitorId"].as_u64().and_then(|id| site.visitors.get(&id));
            let info = visitor.map_or(&Value::Null, |visitor| &visitor["visitorInfo"]);
            let named = [info["firstName"].as_str(), info["lastName"].as_str()];
            visit["arrivalDate"] == arrival
                && names.iter().zip(named).all(|(name, shown)| name.as_deref() == shown)
        };
        let announced = site.visits.iter().filter(is_theirs).count();
        if announced == 1 || announced == 0 && !host_known {
            return Vec::new();
        }
        vec![("visit".to_owned(), "announced once".to_owned(), format!("announced {announced} times"))]
    }
}

fn fields(look: &Look<'_>, contractor: bool) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&'static str, String)> =
        FIELDS.iter().filter_map(|(field, attribute)| Some((*field, look.text(attribute)?))).collect();
    fields.extend(look.text("mobilePhone").map(|typed| ("phone", key::phone(&typed))));
    let end = standing::contract_end(look).ok().flatten().filter(|_| contractor);
    let midnight = end.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    fields.extend(midnight.map(|at| ("custom02", at.timestamp().as_millisecond().to_string())));
    fields
}

fn seat(look: &Look<'_>, site: &SiteSide<'_>, building: Building<'_>) -> Seat {
    let desk = |kind, floor: Option<&'static str>| {
        let floors = site.floors_with(building.id, kind, floor);
        // Two floors of one name cannot be told apart, and where there is no such desk none is promised.
        if floors == 0 || floor.is_some() && floors > 1 {
            return Seat::Open;
        }
        let note =
            floor.map_or_else(|| building.name.to_owned(), |floor| format!("{} / {floor}", building.name));
        Seat::Desk { kind, floor, note }
    };
    let mode = look.text("workMode").unwrap_or_default().to_lowercase();
    match mode.as_str() {
        "remote" => Seat::Remote,
        _ if look.is_in(EXECUTIVES) => desk("Executive", Some("Level 9")),
        "hybrid" => {
            let sections = site.sections(building.id);
            let second = usize::from(look.says("division", "Engineering"));
            let chosen = sections.get(second).or(sections.first());
            chosen.map_or(Seat::Open, |(name, section)| Seat::Section {
                name: (*name).to_owned(),
                section: *section,
            })
        }
        _ => desk("Workstation", None),
    }
}

/// Nine in the morning of the first day where the person works.
fn first_morning(look: &Look<'_>) -> Option<Timestamp> {
    let day = standing::start(look).ok().flatten()?;
    Some(standing::moment(day, Time::constant(9, 0, 0, 0), look))
}

/// How an account differs from one on leave: there are no permissions.
pub(super) fn compare_paused(held: &Value) -> Differences {
    let count = roles(held).len();
    let mut out = Differences::new();
    if !site::is_live(held) {
        out.push(("account".to_owned(), "kept during the leave".to_owned(), "inactive".to_owned()));
    } else if count > 0 {
        out.push(("permissions".to_owned(), "paused".to_owned(), format!("{count} permissions")));
    }
    out
}
