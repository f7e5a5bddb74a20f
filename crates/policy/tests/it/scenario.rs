//! Scenarios as sentences: who somebody is on the left, what policy wants on the right.

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    account::{Account, AccountKind, Seat},
    desired::{Applied, Desired, Ending, Lifecycle, SeatWish},
    id::{AccountId, AccountKey, FloorId, GroupId, RoomId, SiteId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
};
use lanyard_policy::{Bound, Facts};

use crate::world;

/// A person with what is known about them. The words, separated by `;`:
///
/// `status X` · `attribute = value` (empty: removed) · `in GROUP` / `not in GROUP` · `groups not whole` ·
/// `from TENANT` · `linked` · `governed` (linked, and something was applied) · `visit announced` ·
/// `seat in ROOM on FLOOR` · `manager is N` · `now TIME` · `deleted TIME` · `since TIME` (of the status) ·
/// `activated TIME` (or `never`) · `created TIME` · `changed N s ago` · `transitioning`
pub struct Given {
    pub identity: Identity,
    pub applied: Option<Applied>,
    pub account: Option<Account>,
    pub gone: Option<Timestamp>,
    pub since: Option<SignedDuration>,
    pub manager: Option<AccountId>,
    pub linked: bool,
    pub over: bool,
    pub now: Timestamp,
}

impl Given {
    pub fn read(text: &str) -> Self {
        let mut given = Self {
            identity: world::person("northgate"),
            applied: None,
            account: None,
            gone: None,
            since: None,
            manager: None,
            linked: false,
            over: false,
            now: world::now(),
        };
        for word in text.split(';').map(str::trim).filter(|word| !word.is_empty()) {
            given.word(word);
        }
        given
    }

    fn word(&mut self, word: &str) {
        let identity = &mut self.identity;
        if let Some((name, value)) = word.split_once('=') {
            let (name, value) = (name.trim(), value.trim());
            let kept = identity.profile.iter().filter(|(n, _)| &***n != name);
            let mut profile: Profile = kept.map(|(n, v)| (n.clone(), v.clone())).collect();
            if !value.is_empty() {
                profile.set(name, AttributeValue::Text(value.into()));
            }
            identity.profile = profile;
        } else if let Some(status) = word.strip_prefix("status ") {
            identity.status = Status::parse(status);
        } else if let Some(tenant) = word.strip_prefix("from ") {
            *identity = world::person(tenant);
        } else if let Some(group) = word.strip_prefix("not in ") {
            let id = group_id(group);
            let kept = identity.groups.ids().iter().filter(|known| **known != id).cloned();
            identity.groups = Groups::new(kept.collect::<Vec<_>>(), identity.groups.complete);
        } else if let Some(group) = word.strip_prefix("in ") {
            let all = identity.groups.ids().iter().cloned().chain([group_id(group)]);
            identity.groups = Groups::new(all.collect::<Vec<_>>(), identity.groups.complete);
        } else if let Some(at) = word.strip_prefix("now ") {
            self.now = world::at(at);
        } else if let Some(at) = word.strip_prefix("since ") {
            identity.status_changed = Some(world::at(at));
        } else if let Some(at) = word.strip_prefix("activated ") {
            identity.activated = (at != "never").then(|| world::at(at));
        } else if let Some(at) = word.strip_prefix("created ") {
            identity.created = Some(world::at(at));
        } else if let Some(at) = word.strip_prefix("deleted ") {
            self.gone = Some(world::at(at));
        } else if let Some(id) = word.strip_prefix("manager is ") {
            self.manager = Some(AccountId(id.parse().expect("a number")));
        } else if let Some(seconds) =
            word.strip_prefix("changed ").and_then(|rest| rest.strip_suffix(" s ago"))
        {
            self.since = Some(SignedDuration::from_secs(seconds.parse().expect("seconds")));
        } else if let Some((room, floor)) =
            word.strip_prefix("seat in ").and_then(|rest| rest.split_once(" on "))
        {
            let seat = Seat {
                room: RoomId(room.parse().expect("a room")),
                floor: Some(FloorId(floor.parse().expect("a floor"))),
            };
            self.account = Some(account(seat));
        } else {
            match word {
                "linked" => self.linked = true,
                "over" => self.over = true,
                "governed" => {
                    self.linked = true;
                    self.applied.get_or_insert_default().seat = Some(RoomId(11_010));
                }
                "visit announced" => {
                    self.applied.get_or_insert_default().visits.insert("visit:2026-05-01".into(), 3374);
                }
                "groups not whole" => identity.groups = Groups::new(identity.groups.ids().to_vec(), false),
                "transitioning" => identity.transitioning = true,
                other => panic!("what is {other:?}?"),
            }
        }
    }

    pub fn evaluate(&self, bound: &Bound) -> Desired {
        let facts = Facts {
            account: self.account.as_ref(),
            applied: self.applied.as_ref(),
            gone: self.gone,
            since: self.now - self.since.unwrap_or(SignedDuration::from_hours(5)),
            manager_account: self.manager,
            delegate_account: None,
            linked: self.linked,
            over: self.over,
        };
        bound.evaluate(&self.identity, &facts, self.now)
    }
}

fn group_id(name: &str) -> GroupId {
    let id = match name {
        "APP" => world::APP,
        "ROOMS" => world::ROOMS,
        "VISITORS" => world::VISITORS,
        "EXECUTIVES" => world::EXECUTIVES,
        other => panic!("no group {other}"),
    };
    GroupId::from(format!("{id}n").as_str())
}

fn account(seat: Seat) -> Account {
    Account {
        key: AccountKey { site: SiteId::from("hq"), id: AccountId(7) },
        kind: AccountKind::Person,
        active: Some(true),
        fields: [].into(),
        user_type: None,
        seat: Some(seat),
        section: None,
        seat_class: None,
        cost_center: None,
        items: None,
        roles: None,
        site_admin: None,
        updated_at: None,
        updated_by: None,
        read_at: world::now(),
    }
}

/// The decision in short lines.
pub fn lines(desired: &Desired) -> Vec<String> {
    let mut out = Vec::new();
    let time = |at: &Timestamp| at.to_string();
    out.push(match &desired.lifecycle {
        Lifecycle::OutOfScope => "out of scope".into(),
        Lifecycle::NotYet { prepare_at } if *prepare_at == Timestamp::MAX => "not yet".into(),
        Lifecycle::NotYet { prepare_at } => format!("not yet, prepared {}", time(prepare_at)),
        Lifecycle::Active => "active".into(),
        Lifecycle::Paused { loses } => format!("paused, loses {}", lost(loses)),
        Lifecycle::Ended { since, how } => {
            let how = match how {
                Ending::Deactivated => "deactivated",
                Ending::Deleted => "deleted",
                Ending::Expired => "expired",
                Ending::LeftScope => "left scope",
            };
            format!("ended, {how} {}", since.as_ref().map_or("some time".into(), time))
        }
        Lifecycle::Aside { why } => format!("aside: {why}"),
    });
    out.extend(desired.site.iter().map(|site| format!("site {site}")));
    out.extend(desired.fields.iter().map(|(field, want)| format!("{field} = {}", want.value)));
    out.extend(desired.user_type.iter().map(|want| format!("user type {}", want.value)));
    out.extend(desired.cost_center.iter().map(|want| format!("cost center {}", want.value)));
    out.extend(desired.seat.iter().map(|want| {
        let by = &want.because[0].rule;
        match &want.value {
            SeatWish::Desk { floors, kinds, rooms, .. } if rooms.is_empty() => {
                let floors: Vec<_> = floors.iter().map(ToString::to_string).collect();
                format!("seat on {} ({}) by {by}", floors.join(", "), kinds.join(", "))
            }
            SeatWish::Desk { rooms, .. } => format!("seat {} by {by}", rooms[0]),
            SeatWish::Section { section } => format!("section {section} by {by}"),
            SeatWish::Remote => format!("remote by {by}"),
        }
    }));
    out.extend(
        desired.place_note.iter().map(|want| format!("note {} = {}", want.value.field, want.value.text)),
    );
    out.extend(desired.roles.iter().map(|(center, want)| format!("{} in {center}", want.value.as_str())));
    out.extend(desired.items.keys().map(|item| format!("item {item}")));
    for want in &desired.bookings {
        let (wish, floors) = (&want.value, want.value.floors.len());
        out.push(format!("book {} {} to {} on {floors} floors", wish.key, wish.start, wish.end));
    }
    for want in &desired.visits {
        let wish = &want.value;
        out.push(format!("announce {} {} to {} in {}", wish.key, wish.arrival, wish.host, wish.center));
    }
    for want in &desired.notices {
        let verified = if want.value.after_verified { " once verified" } else { "" };
        out.push(format!("tell {}{verified}: {}", want.value.to.join(", "), want.value.key));
    }
    out.extend(desired.todos.iter().map(|want| format!("by hand {}", want.value.key)));
    out.extend(desired.not_given.iter().map(|not| format!("not {}: {}", not.because.rule, not.because.text)));
    out.extend(desired.problems.iter().map(|problem| format!("problem {problem}")));
    out.extend(desired.settle_until.iter().map(|at| format!("settles {at}")));
    out.extend(desired.review_at.iter().map(|at| format!("review {at}")));
    out
}

fn lost(loses: &lanyard_model::desired::Loses) -> String {
    let all = [
        (loses.roles, "permissions"),
        (loses.items, "categories"),
        (loses.seat, "seat"),
        (loses.bookings, "bookings"),
        (loses.account, "account"),
    ];
    all.into_iter().filter(|(lost, _)| *lost).map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// Checks scenarios: each expected line must be there; `no …` means that no line begins so.
pub fn check(bound: &Bound, cases: &[(&str, &str, &[&str])]) {
    for (name, given, expected) in cases {
        let lines = lines(&Given::read(given).evaluate(bound));
        for line in *expected {
            let holds = match line.strip_prefix("no ") {
                Some(start) => !lines.iter().any(|line| line.starts_with(start)),
                None => lines.iter().any(|known| known == line),
            };
            assert!(holds, "{name}\n  given  {given}\n  wanted {line}\n  got\n    {}", lines.join("\n    "));
        }
    }
}
