//! A site's journal, read once: what the service account wrote, what anybody took away, what it gave.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{
    identity,
    site::{self, SiteSide, id, items, rank, roles, text},
};

/// Properties of a user that some rule of the demonstration policy owns.
const OWNED: [&str; 19] = [
    "firstName",
    "lastName",
    "knownAs",
    "userName",
    "email",
    "employeeId",
    "jobTitle",
    "department",
    "company",
    "phone",
    "custom01",
    "custom02",
    "custom03",
    "userType",
    "room",
    "neighborhoodSection",
    "seatClassification",
    "costCenter",
    "costCenters",
];
/// Judged by themselves.
const JUDGED: [&str; 2] = ["permissions", "active"];
/// Follow from others, or are set by the server.
const DERIVED: [&str; 6] = ["id", "name", "dateUpdated", "dateCreated", "lastUpdatedBy", "color"];

/// One thing that somebody lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Taken {
    Account,
    /// The role before, and what is left of it.
    Role {
        center: u64,
        before: String,
        after: Option<String>,
    },
    /// The seat before, and the one instead.
    Seat {
        room: u64,
        instead: Option<u64>,
    },
    Section {
        section: u64,
        instead: Option<u64>,
    },
    Item(u64),
    Booking {
        title: String,
    },
}

/// Things taken from one account in one write.
#[derive(Debug)]
pub(super) struct Removal {
    pub account: u64,
    pub at: Timestamp,
    pub by_service: bool,
    pub taken: Vec<Taken>,
}

/// Something that the service account gave.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Gift {
    Role(u64),
    Seat(u64),
    Section(u64),
    Item(u64),
}

/// A write of the service account to something that is none of its business.
#[derive(Debug)]
pub(super) struct Strange {
    pub account: Option<u64>,
    pub what: String,
}

#[derive(Debug, Default)]
pub(super) struct Writes {
    /// Of the service account, by what was done.
    pub by_kind: BTreeMap<&'static str, usize>,
    /// Writes that repeat the one before on the same record and change nothing.
    pub repeated: usize,
    pub removals: Vec<Removal>,
    /// What the service account gave to whom, ever.
    pub given: HashMap<u64, HashSet<Gift>>,
    /// Accounts that it wrote to.
    pub written: BTreeSet<u64>,
    /// Accounts that it made.
    pub made: BTreeSet<u64>,
    pub strange: Vec<Strange>,
    /// Accounts whose seat somebody set by hand, last of all.
    pub seated_by_hand: BTreeSet<u64>,
}

impl Writes {
    pub fn read(site: &SiteSide<'_>) -> Self {
        let mut writes = Self::default();
        let mut last: HashMap<(&str, String), (&str, &str, bool)> = HashMap::new();
        for entry in site.journal {
            let Some(at) = identity::moment(&entry["at"]) else { continue };
            let by_service = id(&entry["caller"]) == Some(site.service);
            let (kind, method, path) = (text(entry, "kind"), text(entry, "method"), text(entry, "path"));
            let (before, after) = (&entry["before"], &entry["after"]);
            let changes = if by_service { changed(before, after) } else { Vec::new() };
            if by_service {
                let idle = changes.is_empty();
                let previous = last.get(&(kind, entry["id"].to_string()));
                writes.repeated += usize::from(idle && previous == Some(&(method, path, true)));
                *writes.by_kind.entry(deed(kind, before, after)).or_default() += 1;
            }
            last.insert((kind, entry["id"].to_string()), (method, path, by_service));
            match kind {
                "user" => {
                    let account = entry["id"].as_u64().unwrap_or_default();
                    writes.taken_and_seated(account, at, by_service, before, after);
                    if by_service {
                        writes.written(account, &changes, before, after);
                    }
                }
                "reservation" => writes.booking(at, by_service, before, after),
                "visitor" | "registration" => {}
                other if by_service => {
                    let what = format!("{method} of a {other}");
                    writes.strange.push(Strange { account: None, what });
                }
                _ => {}
            }
        }
        writes
    }

    fn taken_and_seated(
        &mut self,
        account: u64,
        at: Timestamp,
        by_service: bool,
        before: &Value,
        after: &Value,
    ) {
        let taken = taken(before, after);
        if !taken.is_empty() {
            self.removals.push(Removal { account, at, by_service, taken });
        }
        if id(&before["room"]) != id(&after["room"]) {
            if by_service {
                self.seated_by_hand.remove(&account);
            } else {
                self.seated_by_hand.insert(account);
            }
        }
    }

    /// What the service account did to a user.
    fn written(&mut self, account: u64, changes: &[&str], before: &Value, after: &Value) {
        if !changes.is_empty() {
            self.written.insert(account);
        }
        if before.is_null() {
            self.made.insert(account);
        } else if !after.is_null() {
            for field in changes.iter().filter(|name| !OWNED.contains(name) && !JUDGED.contains(name)) {
                self.strange.push(Strange { account: Some(account), what: format!("wrote {field}") });
            }
        }
        let given = self.given.entry(account).or_default();
        let had = roles(before);
        let new = roles(after).into_iter().filter(|(center, role)| had.get(center) != Some(role));
        given.extend(new.map(|(center, _)| Gift::Role(center)));
        let had = items(before);
        given.extend(items(after).into_iter().filter(|item| !had.contains(item)).map(Gift::Item));
        for (field, gift) in [
            ("room", Gift::Seat as fn(u64) -> Gift),
            ("neighborhoodSection", Gift::Section as fn(u64) -> Gift),
        ] {
            given.extend(id(&after[field]).filter(|new| Some(*new) != id(&before[field])).map(gift));
        }
    }

    fn booking(&mut self, at: Timestamp, by_service: bool, before: &Value, after: &Value) {
        let was_live = !before.is_null() && before["cancelled"] != true;
        let is_live = !after.is_null() && after["cancelled"] != true;
        if let (true, false, Some(account)) = (was_live, is_live, id(&before["user"])) {
            let taken = vec![Taken::Booking { title: text(before, "name").to_owned() }];
            self.removals.push(Removal { account, at, by_service, taken });
        }
        if by_service && let Some(account) = id(&after["user"]).or_else(|| id(&before["user"])) {
            self.written.insert(account);
        }
    }
}

/// Names of properties that differ, server marks aside.
fn changed<'v>(before: &'v Value, after: &'v Value) -> Vec<&'v str> {
    let fields = |value: &'v Value| value.as_object().into_iter().flatten();
    let differ = fields(before).filter(|(name, old)| after.get(name.as_str()) != Some(old));
    let appear = fields(after).filter(|(name, _)| before.get(name.as_str()).is_none());
    let names = differ.chain(appear).map(|(name, _)| name.as_str());
    let computed =
        |name: &str| name.strip_prefix("costCenter").is_some_and(|level| level.parse::<u8>().is_ok());
    names.filter(|name| !DERIVED.contains(name) && !computed(name)).collect()
}

/// In one word, for counting.
fn deed(kind: &str, before: &Value, after: &Value) -> &'static str {
    match kind {
        "user" if before.is_null() => "account made",
        "user" if after.is_null() || site::is_live(before) && !site::is_live(after) => "account deactivated",
        "user" if !site::is_live(before) && site::is_live(after) => "account reactivated",
        "user" if before["permissions"] != after["permissions"] => "permissions set",
        "user" => "account updated",
        "reservation" if before.is_null() => "booked",
        "reservation" if after.is_null() || after["cancelled"] == true => "booking cancelled",
        "reservation" => "booking changed",
        "registration" | "visitor" => "visit announced",
        _ => "other",
    }
}

fn taken(before: &Value, after: &Value) -> Vec<Taken> {
    let mut taken = Vec::new();
    if before.is_null() || !site::is_live(before) {
        return taken;
    }
    if after.is_null() || !site::is_live(after) {
        taken.push(Taken::Account);
    }
    let left = roles(after);
    for (center, role) in roles(before) {
        let now = left.get(&center);
        if now.is_none_or(|now| rank(now) < rank(role)) {
            let after = now.map(|now| (*now).to_owned());
            taken.push(Taken::Role { center, before: role.to_owned(), after });
        }
    }
    let moved = |field: &str| {
        let (old, new) = (id(&before[field])?, id(&after[field]));
        (new != Some(old)).then_some((old, new))
    };
    taken.extend(moved("room").map(|(room, instead)| Taken::Seat { room, instead }));
    taken.extend(moved("neighborhoodSection").map(|(section, instead)| Taken::Section { section, instead }));
    let left = items(after);
    taken.extend(items(before).into_iter().filter(|item| !left.contains(item)).map(Taken::Item));
    taken
}
