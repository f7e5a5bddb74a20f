//! A decision in sentences: what somebody should have and why, what not and why not.

use std::fmt;

use jiff::Timestamp;
use lanyard_model::{
    desired::{Because, Desired, Ending, Lifecycle, Loses, SeatWish, Want},
    place::Catalogue,
};
use serde::Serialize;

/// Which part of the decision a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Route and lifecycle.
    Standing,
    Profile,
    Place,
    Permission,
    /// Physical access.
    Door,
    FirstDay,
    /// What becomes of bookings when somebody leaves.
    Booking,
    Message,
    /// For a person to do by hand.
    ToDo,
    /// Not given, with the first failing condition.
    NotGiven,
    /// Could not be decided.
    Problem,
}

impl Part {
    fn title(self) -> &'static str {
        match self {
            Self::Standing => "standing",
            Self::Profile => "profile",
            Self::Place => "place",
            Self::Permission => "permissions",
            Self::Door => "doors",
            Self::FirstDay => "first day",
            Self::Booking => "bookings",
            Self::Message => "messages",
            Self::ToDo => "by hand",
            Self::NotGiven => "not given",
            Self::Problem => "problems",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub part: Part,
    pub what: String,
    /// The reasons, one sentence each.
    pub why: Vec<String>,
}

/// Lines in order of [`Part`]. `Display` is the text for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    pub lines: Vec<Line>,
    /// Nothing is taken away before this moment.
    pub settle_until: Option<Timestamp>,
    /// The answer may change by itself then.
    pub review_at: Option<Timestamp>,
}

/// `own-desk, row 3 of places: …`.
pub fn reason(because: &Because) -> String {
    match &because.row {
        Some((table, row)) => format!("{}, row {row} of {table}: {}", because.rule, because.text),
        None => format!("{}: {}", because.rule, because.text),
    }
}

fn standing(lifecycle: &Lifecycle) -> String {
    match lifecycle {
        Lifecycle::OutOfScope => "not governed: nothing is touched".into(),
        Lifecycle::NotYet { prepare_at } if *prepare_at == Timestamp::MAX => {
            "hired, waits for activation".into()
        }
        Lifecycle::NotYet { prepare_at } => format!("hired, prepared from {prepare_at}"),
        Lifecycle::Active => "active".into(),
        Lifecycle::Paused { loses } => format!("on leave, without {}", lost(*loses)),
        Lifecycle::Ended { since, how } => {
            let how = match how {
                Ending::Deactivated => "deactivated in Okta",
                Ending::Deleted => "deleted in Okta",
                Ending::Expired => "contract expired",
                Ending::LeftScope => "left the scope of the policy",
            };
            match since {
                Some(at) => format!("ended: {how}, since {at}"),
                None => format!("ended: {how}"),
            }
        }
        Lifecycle::Aside { why } => format!("set aside, nothing is changed: {why}"),
    }
}

fn lost(loses: Loses) -> String {
    let all = [
        (loses.roles, "permissions"),
        (loses.doors, "doors"),
        (loses.items, "categories"),
        (loses.seat, "seat"),
        (loses.bookings, "bookings"),
        (loses.account, "account"),
    ];
    let list: Vec<_> = all.into_iter().filter(|(lost, _)| *lost).map(|(_, name)| name).collect();
    if list.is_empty() { "any loss".into() } else { list.join(", ") }
}

/// Puts a decision into words, with the site's names.
pub fn explain(desired: &Desired, catalogue: &Catalogue) -> Explanation {
    let mut lines = Vec::new();
    let mut add = |part, what: String, because: &[Because]| {
        lines.push(Line { part, what, why: because.iter().map(reason).collect() });
    };
    let site = desired.site.as_ref().map_or_else(String::new, |site| format!(", site {site}"));
    add(Part::Standing, format!("{}{site}", standing(&desired.lifecycle)), &desired.because);
    for (field, want) in &desired.fields {
        add(Part::Profile, format!("{field} = {}", want.value), &want.because);
    }
    if let Some(want) = &desired.user_type {
        let name = catalogue.user_types.get(&want.value).map_or("?", |name| name);
        add(Part::Profile, format!("user type {name}"), &want.because);
    }
    if let Some(want) = &desired.cost_center {
        add(Part::Profile, format!("cost center {}", catalogue.item_name(want.value)), &want.because);
    }
    if let Some(want) = &desired.seat {
        add(Part::Place, seat(&want.value, catalogue), &want.because);
    }
    if let Some(want) = &desired.place_note {
        let text = format!("failing that, {} = {}", want.value.field, want.value.text);
        add(Part::Place, text, &want.because);
    }
    for (center, want) in &desired.roles {
        let text = format!("{} in {}", want.value.as_str(), catalogue.center_name(*center));
        add(Part::Permission, text, &want.because);
    }
    for (item, want) in &desired.items {
        add(Part::Permission, catalogue.item_name(*item), &want.because);
    }
    for (area, want) in &desired.doors {
        add(Part::Door, format!("{area}, {}", want.value), &want.because);
    }
    for Want { value, because } in &desired.bookings {
        let text = format!(
            "desk on {} from {} to {} [{}]",
            floors(&value.floors, catalogue),
            value.start,
            value.end,
            value.key
        );
        add(Part::FirstDay, text, because);
    }
    for Want { value, because } in &desired.visits {
        let text = format!(
            "visit to account {} in {} at {} [{}]",
            value.host,
            catalogue.center_name(value.center),
            value.arrival,
            value.key
        );
        add(Part::FirstDay, text, because);
    }
    for kept in &desired.keeps {
        let to = kept.to.map_or_else(String::new, |to| format!(" (account {to})"));
        add(Part::Booking, format!("{}{to}", kept.because.text), &[]);
    }
    for Want { value, because } in &desired.notices {
        let when = if value.after_verified { ", once verified" } else { "" };
        let text = format!("to {}{when}: {} [{}]", value.to.join(", "), value.subject, value.key);
        add(Part::Message, text, because);
    }
    for Want { value, because } in &desired.todos {
        add(Part::ToDo, format!("{} [{}]", value.what, value.key), because);
    }
    for not in &desired.not_given {
        add(Part::NotGiven, not.label.clone(), std::slice::from_ref(&not.because));
    }
    for problem in &desired.problems {
        add(Part::Problem, problem.clone(), &[]);
    }
    Explanation { lines, settle_until: desired.settle_until, review_at: desired.review_at }
}

fn floors(list: &[lanyard_model::id::FloorId], catalogue: &Catalogue) -> String {
    list.iter().map(|floor| catalogue.floor_path(*floor)).collect::<Vec<_>>().join(" or ")
}

fn seat(wish: &SeatWish, catalogue: &Catalogue) -> String {
    match wish {
        SeatWish::Desk { rooms, .. } if !rooms.is_empty() => {
            rooms.iter().map(|room| catalogue.room_path(*room)).collect::<Vec<_>>().join(" or ")
        }
        SeatWish::Desk { floors: list, kinds, near, .. } => {
            let kind = if kinds.is_empty() { "space".to_owned() } else { kinds.join(" or ") };
            let near =
                near.as_ref().map(|team| format!(", near people whose {} is {}", team.field, team.value));
            format!("a free {kind} on {}{}", floors(list, catalogue), near.unwrap_or_default())
        }
        SeatWish::Section { section } => catalogue.section_name(*section),
        SeatWish::Remote => "no seat: works remotely".into(),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut part = None;
        for line in &self.lines {
            if part != Some(line.part) {
                writeln!(f, "{}", line.part.title())?;
                part = Some(line.part);
            }
            writeln!(f, "  {}", line.what)?;
            for why in &line.why {
                writeln!(f, "      {why}")?;
            }
        }
        if let Some(at) = self.settle_until {
            writeln!(f, "nothing is taken away before {at}")?;
        }
        if let Some(at) = self.review_at {
            writeln!(f, "looked at again by itself at {at}")?;
        }
        Ok(())
    }
}
