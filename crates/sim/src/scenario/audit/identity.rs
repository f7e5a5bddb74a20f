//! What Okta says about everybody, now and at any moment of the day.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;

use crate::world::{GroupSource, Org};

/// The groups that the demonstration policy names. Groups imported from a directory under the same name are others.
pub(super) const USERS: &str = "APP-iOffice-Users";
pub(super) const ROOMS: &str = "ROOM-Booking";
pub(super) const VISITORS: &str = "VISITOR-Managers";
pub(super) const EXECUTIVES: &str = "EXEC-Floor";
const GROUPS: [&str; 4] = [USERS, ROOMS, VISITORS, EXECUTIVES];

/// One Okta user with the day's history.
pub(super) struct Identity<'a> {
    /// Place of the org.
    pub org: u16,
    pub id: &'a str,
    /// As they are, or as they were when they were deleted.
    present: &'a Value,
    /// When they were deleted.
    gone: Option<Timestamp>,
    /// When the record changed, what it was before, what after; by time.
    versions: Vec<(Timestamp, &'a Value, &'a Value)>,
    groups: BTreeSet<&'static str>,
    /// When somebody was put in a group (true) or taken out; by time.
    moves: Vec<(Timestamp, &'static str, bool)>,
}

/// An Okta user as they were at a moment.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub identity: &'a Identity<'a>,
    pub at: Timestamp,
    user: &'a Value,
}

/// Everybody of one org, in the order of the org's own list, then those who were deleted.
pub(super) fn read<'a>(org: u16, began: &Org, state: &'a Value, journal: &'a Value) -> Vec<Identity<'a>> {
    let rows = |value: &'a Value| value.as_array().map_or(&[][..], Vec::as_slice);
    let mut names: HashMap<&str, &'static str> = HashMap::new();
    for group in rows(&state["groups"]).iter().filter(|group| group["type"] == "OKTA_GROUP") {
        let name = group["name"].as_str().unwrap_or_default();
        if let (Some(name), Some(id)) = (GROUPS.iter().find(|known| **known == name), group["id"].as_str()) {
            names.insert(id, name);
        }
    }
    let users = rows(&state["users"]).iter().filter_map(|user| {
        let groups = rows(&user["groups"]).iter().filter_map(Value::as_str);
        let groups = groups.filter_map(|id| names.get(id).copied()).collect();
        let (versions, moves) = (Vec::new(), Vec::new());
        Some(Identity { org, id: user["id"].as_str()?, present: user, gone: None, versions, groups, moves })
    });
    let mut users: Vec<Identity<'a>> = users.collect();
    users.extend(deleted(org, began, journal));
    let places: HashMap<&str, usize> =
        users.iter().enumerate().map(|(place, user)| (user.id, place)).collect();
    for entry in rows(journal) {
        let (Some(at), Some(id)) = (moment(&entry["at"]), entry["id"].as_str()) else { continue };
        match entry["kind"].as_str() {
            Some("user") => {
                if let Some(place) = places.get(id) {
                    users[*place].versions.push((at, &entry["before"], &entry["after"]));
                }
            }
            Some("membership") => {
                let Some((group, user)) = id.split_once('/') else { continue };
                if let (Some(name), Some(place)) = (names.get(group), places.get(user)) {
                    users[*place].moves.push((at, name, entry["before"].is_null()));
                }
            }
            _ => {}
        }
    }
    users
}

/// Whoever is in no list any more: what was theirs stays theirs. Their groups are those that they had when the day began;
/// moves since then are added like everybody's.
fn deleted<'a>(org: u16, began: &Org, journal: &'a Value) -> Vec<Identity<'a>> {
    let entries = journal.as_array().map_or(&[][..], Vec::as_slice);
    let ends = entries.iter().filter(|entry| entry["kind"] == "user" && entry["after"].is_null());
    let gone = ends.filter_map(|entry| {
        let id = entry["id"].as_str()?;
        let place = began.users.iter().position(|user| user.id.as_str() == id);
        let held = |name: &str| {
            let named =
                |group: &&crate::world::Group| &*group.name == name && group.source == GroupSource::Okta;
            let members = began.groups.iter().find(named).map_or(&[][..], |group| group.members.as_slice());
            place.is_some_and(|place| members.iter().any(|member| *member as usize == place))
        };
        Some(Identity {
            org,
            id,
            present: &entry["before"],
            gone: moment(&entry["at"]),
            versions: Vec::new(),
            groups: GROUPS.into_iter().filter(|name| held(name)).collect(),
            moves: Vec::new(),
        })
    });
    gone.collect()
}

pub(super) fn moment(value: &Value) -> Option<Timestamp> {
    value.as_str().and_then(|text| text.parse().ok())
}

impl<'a> Identity<'a> {
    /// As they are in the state that was read.
    pub fn present(&'a self, now: Timestamp) -> Look<'a> {
        Look { identity: self, at: now, user: self.present }
    }

    /// As they were at `at`; `None` before they were created.
    pub fn at(&'a self, at: Timestamp) -> Option<Look<'a>> {
        let later = self.versions.partition_point(|(changed, ..)| *changed <= at);
        let user = match (later.checked_sub(1), self.versions.get(later)) {
            (Some(last), _) if self.versions[last].2.is_null() => self.versions[last].1,
            (Some(last), _) => self.versions[last].2,
            (None, Some((_, before, _))) if before.is_null() => return None,
            (None, Some((_, before, _))) => before,
            (None, None) => self.present,
        };
        Some(Look { identity: self, at, user })
    }

    /// The moments in `(from, to]` at which anything about them changed.
    pub fn changes(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = Timestamp> {
        let versions = self.versions.iter().map(|(at, ..)| *at);
        versions.chain(self.moves.iter().map(|(at, ..)| *at)).filter(move |at| from < *at && *at <= to)
    }

    /// Whether they were taken out of the group at some moment up to `at`.
    pub fn has_left(&self, group: &str, at: Timestamp) -> bool {
        self.moves.iter().any(|(moved, name, added)| *name == group && !added && *moved <= at)
    }

    /// When Okta deactivated them, if they are deactivated or were deleted.
    pub fn deactivated(&self) -> Option<Timestamp> {
        if let Some(gone) = self.gone {
            let over = |user: &Value| {
                user["status"] == "DEPROVISIONED" || user["transitioningToStatus"] == "DEPROVISIONED"
            };
            let stayed = self.versions.iter().rev().skip(1).take_while(|(.., after)| over(after));
            return Some(stayed.last().map_or(gone, |(at, ..)| *at));
        }
        (self.present["status"] == "DEPROVISIONED").then(|| moment(&self.present["statusChanged"])).flatten()
    }
}

impl<'a> Look<'a> {
    /// Whether they are deleted by now.
    pub fn is_gone(&self) -> bool {
        self.identity.gone.is_some_and(|gone| gone <= self.at)
    }

    /// The status, or the one that Okta is on its way to: the end of the way is in no journal.
    pub fn status(&self) -> &'a str {
        let to = self.user["transitioningToStatus"].as_str();
        to.or_else(|| self.user["status"].as_str()).unwrap_or_default()
    }

    /// A profile attribute without blanks around it or doubled inside; `None` where nothing remains.
    pub fn text(&self, name: &str) -> Option<String> {
        let text = self.user["profile"][name].as_str()?;
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// Whether an attribute says this, whatever the letter case.
    pub fn says(&self, name: &str, wanted: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    }

    pub fn is_in(&self, group: &str) -> bool {
        let moves = || self.identity.moves.iter().filter(|(_, name, _)| *name == group);
        let later = moves().find(|(moved, ..)| *moved > self.at);
        // `groups` are those at the end, or, of somebody deleted, those at the beginning.
        let last = || match self.identity.gone {
            Some(_) => moves().next_back().map(|(.., added)| *added),
            None => None,
        };
        match later {
            Some((.., added)) => !added,
            None => last().unwrap_or_else(|| self.identity.groups.contains(group)),
        }
    }

    pub fn is_contractor(&self) -> bool {
        self.says("userType", "Contractor")
    }

    /// For people: `Ana Okafor (40012)`.
    pub fn name(&self) -> String {
        let part = |name| self.text(name).unwrap_or_default();
        let first = self.text("nickName").unwrap_or_else(|| part("firstName"));
        format!("{first} {} ({})", part("lastName"), part("employeeNumber"))
    }
}
