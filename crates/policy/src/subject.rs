//! The person under test, as conditions see them: values by number, days read once, the zone found once.

use std::{
    borrow::Cow,
    cell::{Cell, OnceCell},
    collections::HashMap,
    sync::{LazyLock, OnceLock},
};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_model::{
    id::SiteId,
    identity::{AttributeValue, Identity},
};

use crate::{
    condition::GroupTest,
    date::{self, DateFormat},
    document::Document,
    names::{Attribute, Bits, Names},
    phone::Country,
    table::{Found, Table},
};

/// What is known of one attribute's value, found out when it is first asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Word {
    #[default]
    Unasked,
    /// No condition compares with it: absent, blank or another word.
    None,
    Is(u32),
    /// A list: each part is a word of its own.
    Several,
}

/// An attribute read as a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    Absent,
    Is(Date),
    Unreadable,
}

/// The person under test, with what the conditions need around it.
pub(crate) struct Subject<'a> {
    pub identity: &'a Identity,
    /// Place of the route that leads to the person's site, once it is found.
    pub route: Cell<Option<usize>>,
    pub zone: &'a TimeZone,
    pub dates: &'a [DateFormat],
    /// The soonest moment at which a date condition changes its answer.
    pub turns: Cell<Option<Timestamp>>,
    /// How many expressions (CEL) were evaluated about the person.
    pub expressions: Cell<u32>,
    telling: Telling,
    pub now: Timestamp,
    today: Cell<Option<Date>>,
    document: &'a Document,
    names: &'a Names,
    slots: Vec<Slot<'a>>,
    groups: Bits,
    /// Groups that the document names and no directory has any more, if there are such.
    missing: Option<&'a Bits>,
    found: Vec<OnceCell<Found>>,
}

/// One attribute of the person, and what was found out about it. Attributes behind the last that the person has need none.
#[derive(Default)]
struct Slot<'a> {
    value: Option<&'a AttributeValue>,
    word: Cell<Word>,
    day: Cell<Option<Day>>,
}

const TORN: &str = "the list of groups is not whole";
const GONE: &str = "a group that the policy names no longer exists in Okta";

/// Zones by name, each loaded when somebody is first found to live there.
static ZONES: LazyLock<HashMap<String, OnceLock<Option<TimeZone>>>> = LazyLock::new(|| {
    jiff::tz::db().available().map(|name| (name.as_str().to_owned(), OnceLock::new())).collect()
});

/// Calls `then` with the zone of that name, or with `None`.
fn with_zone<T>(name: &str, then: impl FnOnce(Option<&TimeZone>) -> T) -> T {
    match ZONES.get(name) {
        Some(kept) => then(kept.get_or_init(|| TimeZone::get(name).ok()).as_ref()),
        None => then(TimeZone::get(name).ok().as_ref()),
    }
}

/// What is told of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Telling {
    Nothing,
    /// Which rules decide, and by which rows of tables: reasons without a text.
    Rules,
    Words,
}

impl From<bool> for Telling {
    fn from(told: bool) -> Self {
        if told { Self::Words } else { Self::Nothing }
    }
}

/// Runs `then` with the person as conditions see them, where every group that the document names is there.
pub(crate) fn with_subject<T>(
    document: &Document,
    identity: &Identity,
    now: Timestamp,
    told: impl Into<Telling>,
    then: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    without_groups(document, None, identity, now, told, then)
}

/// The same where these groups are gone: nobody can tell who was in them.
pub(crate) fn without_groups<T>(
    document: &Document,
    missing: Option<&Bits>,
    identity: &Identity,
    now: Timestamp,
    told: impl Into<Telling>,
    then: impl FnOnce(&Subject<'_>) -> T,
) -> T {
    let tenant = document.tenants.get(&identity.id.tenant);
    let mut slots: Vec<Slot<'_>> = Vec::with_capacity(document.names.attributes());
    document.names.each_value(&identity.profile, |at, value| {
        slots.resize_with(at, Slot::default);
        slots.push(Slot { value: Some(value), ..Slot::default() });
    });
    let own = document.lifecycle.zone_attribute.as_ref().and_then(|attribute| {
        match slots.get(attribute.at)?.value {
            Some(AttributeValue::Text(text)) if !text.trim().is_empty() => Some(text.trim()),
            _ => None,
        }
    });
    let usual = tenant.and_then(|tenant| tenant.zone.as_ref()).unwrap_or(&document.lifecycle.zone);
    let dates = tenant.and_then(|tenant| tenant.dates.as_ref()).unwrap_or(&document.lifecycle.dates);
    // Once: the slots move into the subject.
    let run = move |zone: &TimeZone| {
        then(&Subject {
            identity,
            route: Cell::new(None),
            document,
            zone,
            dates,
            turns: Cell::new(None),
            expressions: Cell::new(0),
            telling: told.into(),
            now,
            today: Cell::new(None),
            names: &document.names,
            slots,
            groups: document.names.groups_of(&identity.groups),
            missing,
            found: vec![OnceCell::new(); document.tables.len()],
        })
    };
    match own {
        Some(name) => with_zone(name, |own| run(own.unwrap_or(usual))),
        None => run(usual),
    }
}

impl<'a> Subject<'a> {
    pub fn site(&self) -> Option<&'a SiteId> {
        self.route.get().map(|at| &self.document.routes[at].site)
    }

    /// Whether anybody will ask for the reasons. Without them the answer is the same, only mute.
    pub fn told(&self) -> bool {
        self.telling != Telling::Nothing
    }

    /// A reason's text, if anybody reads it.
    pub fn say(&self, text: impl FnOnce() -> String) -> String {
        if self.telling == Telling::Words { text() } else { String::new() }
    }

    pub fn today(&self) -> Date {
        if let Some(day) = self.today.get() {
            return day;
        }
        let day = self.zone.to_datetime(self.now).date();
        self.today.set(Some(day));
        day
    }

    pub fn turns_on(&self, day: Date) {
        let at = date::start_of(day, self.zone);
        self.turns.set(Some(self.turns.get().map_or(at, |known| known.min(at))));
    }

    pub fn value(&self, attribute: &Attribute) -> Option<&'a AttributeValue> {
        self.slots.get(attribute.at)?.value
    }

    /// The text of an attribute; `None` if absent, not a text, or only white space.
    pub fn text(&self, attribute: &Attribute) -> Option<&'a str> {
        match self.value(attribute) {
            Some(AttributeValue::Text(text)) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The value as people would write it; `None` when absent or blank.
    pub fn shown(&self, attribute: &Attribute) -> Option<Cow<'a, str>> {
        let text = match self.value(attribute)? {
            AttributeValue::Text(text) => Cow::Borrowed(&**text),
            other => Cow::Owned(other.to_text()),
        };
        (!text.trim().is_empty()).then_some(text)
    }

    /// Whether any of the attribute's texts fits: several for a list, none when absent or blank.
    pub fn any_text(&self, attribute: &Attribute, holds: impl Fn(&str) -> bool) -> bool {
        match self.value(attribute) {
            None => false,
            Some(AttributeValue::Text(text)) => !text.trim().is_empty() && holds(text),
            Some(AttributeValue::List(items)) => items.iter().any(|item| holds(item)),
            Some(other) => holds(&other.to_text()),
        }
    }

    fn word(&self, at: usize) -> Word {
        let Some(Slot { word: cell, value, .. }) = self.slots.get(at) else { return Word::None };
        match cell.get() {
            Word::Unasked => {}
            known => return known,
        }
        let number = |text: &str| self.names.value(at, text).map_or(Word::None, Word::Is);
        let word = match value {
            None => Word::None,
            Some(AttributeValue::Text(text)) => number(text),
            Some(AttributeValue::List(_)) => Word::Several,
            Some(other) => number(&other.to_text()),
        };
        cell.set(word);
        word
    }

    /// Whether the attribute has one of the values with these numbers.
    pub fn is_one_of(&self, at: usize, mut wanted: impl FnMut(u32) -> bool) -> bool {
        match self.word(at) {
            Word::Unasked | Word::None => false,
            Word::Is(number) => wanted(number),
            Word::Several => {
                let mut found = false;
                self.each_word(at, |number| found = found || wanted(number));
                found
            }
        }
    }

    /// Calls `see` with the number of each value that the attribute has and the document knows.
    pub fn each_word(&self, at: usize, mut see: impl FnMut(u32)) {
        match self.word(at) {
            Word::Unasked | Word::None => {}
            Word::Is(number) => see(number),
            Word::Several => {
                if let Some(AttributeValue::List(items)) = self.slots[at].value {
                    items.iter().filter_map(|item| self.names.value(at, item)).for_each(see);
                }
            }
        }
    }

    /// The attribute as a day.
    pub fn day(&self, attribute: &Attribute) -> Day {
        let Some(Slot { day: cell, .. }) = self.slots.get(attribute.at) else { return Day::Absent };
        if let Some(known) = cell.get() {
            return known;
        }
        let day = match self.shown(attribute) {
            None => Day::Absent,
            Some(text) => date::read(&text, self.dates).map_or(Day::Unreadable, Day::Is),
        };
        cell.set(Some(day));
        day
    }

    /// The attribute as a number; the error is its text. `None`: absent or blank.
    pub fn number(&self, attribute: &Attribute) -> Option<Result<f64, String>> {
        if let AttributeValue::Number(number) = self.value(attribute)? {
            return Some(Ok(*number));
        }
        let text = self.shown(attribute)?;
        let text = text.trim();
        // "inf" and "nan" are no numbers that people type.
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        Some(number.ok_or_else(|| text.to_owned()))
    }

    /// Where phone numbers without a country code are at home.
    pub fn country(&self) -> Option<Country> {
        let rule = &self.document.phone;
        let own = rule.attribute.as_ref().and_then(|attribute| self.shown(attribute));
        own.and_then(|code| Country::find(&code))
            .or_else(|| self.document.tenants.get(&self.identity.id.tenant).and_then(|tenant| tenant.country))
            .or(rule.country)
    }

    /// Why an attribute is no day.
    pub fn no_day(&self, attribute: &Attribute) -> String {
        let text = self.shown(attribute).unwrap_or_default();
        format!("{} is {text:?}, which is no date in a declared notation", attribute.name)
    }

    /// The person's row of a table. Looked up once, however many flows ask.
    pub fn found(&self, table: &Table) -> &Found {
        self.found[table.at].get_or_init(|| table.look_up(self))
    }

    pub fn in_group(&self, at: usize) -> bool {
        self.groups.has(at)
    }

    /// Whether any group that the document names is gone.
    pub fn misses_groups(&self) -> bool {
        self.missing.is_some()
    }

    /// Whether nobody can tell any more who was in the group.
    pub fn misses_group(&self, at: usize) -> bool {
        self.missing.is_some_and(|missing| missing.has(at))
    }

    /// Whether one of these groups is gone.
    pub fn misses_any(&self, groups: &Bits) -> bool {
        self.missing.is_some_and(|missing| missing.meets(groups))
    }

    /// Numbers of the groups that are gone.
    pub fn missing_groups(&self) -> impl Iterator<Item = usize> {
        self.missing.into_iter().flat_map(Bits::iter)
    }

    /// Whether an expression that asks for groups cannot be decided, and why: it sees the groups that the policy names.
    pub fn groups_in_doubt(&self) -> Option<&'static str> {
        let tenant = &self.identity.id.tenant;
        let gone = |test: &GroupTest| test.missing(self, tenant).is_some();
        if !self.identity.groups.complete {
            Some(TORN)
        } else if self.missing.is_some() && self.document.groups.values().any(|named| gone(&named.test)) {
            Some(GONE)
        } else {
            None
        }
    }

    /// Why a test of groups has no answer.
    pub fn why_unknown(&self) -> &'static str {
        if self.identity.groups.complete { GONE } else { TORN }
    }

    /// The policy's names for the groups that the person is seen to be in, in order, each with the id of that group.
    pub fn named_groups(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let groups = self.document.groups.iter();
        groups.filter_map(|(name, named)| Some((name.as_str(), named.test.held(self)?.as_str())))
    }

    /// Numbers of the document's groups that the person is in.
    pub fn groups(&self) -> impl Iterator<Item = usize> {
        self.groups.iter()
    }
}
