//! Structured conditions: what they mean, in which words they are told, and when their answer may change by itself.

use std::{borrow::Cow, cell::Cell};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_model::{
    fold,
    id::{GroupId, SiteId, TenantId},
    identity::{AttributeValue, Identity, Status},
};

use crate::date::{self, DateFormat};

/// A test of one person.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    Attribute { name: String, test: Test },
    Group(GroupTest),
    Tenant(Vec<TenantId>),
    Site(Vec<SiteId>),
    Status(Vec<Status>),
}

/// A group by the policy's own name for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupTest {
    pub name: String,
    /// `None`: in whichever tenant.
    pub ids: Vec<(Option<TenantId>, GroupId)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(Vec<Wanted>),
    StartsWith(Vec<Wanted>),
    EndsWith(Vec<Wanted>),
    Contains(Vec<Wanted>),
    Exists(bool),
    Before(Bound),
    After(Bound),
}

/// A value to compare with; case and outer white space do not matter.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub text: String,
    pub folded: String,
}

impl Wanted {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), folded: fold::text(text) }
    }
}

/// A day to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Day(Date),
    /// Today, shifted by days.
    Today(i64),
}

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    /// The list of groups is not whole, so a missing group proves nothing.
    Unknown,
    /// Cannot be decided from this data (an unreadable date).
    Broken(String),
}

/// The person under test, with what the conditions need around it.
pub(crate) struct Subject<'a> {
    pub identity: &'a Identity,
    pub site: Option<&'a SiteId>,
    pub zone: &'a TimeZone,
    pub today: Date,
    pub dates: &'a [DateFormat],
    /// The soonest moment at which a date condition changes its answer.
    pub turns: Cell<Option<Timestamp>>,
}

impl Subject<'_> {
    fn turns_on(&self, day: Date) {
        let at = date::start_of(day, self.zone);
        self.turns.set(Some(self.turns.get().map_or(at, |known| known.min(at))));
    }

    /// The attribute's texts: several for a list, none when absent or blank.
    fn any_text(&self, name: &str, holds: impl Fn(&str) -> bool) -> bool {
        match self.identity.profile.get(name) {
            None => false,
            Some(AttributeValue::Text(text)) => !text.trim().is_empty() && holds(text),
            Some(AttributeValue::List(items)) => items.iter().any(|item| holds(item)),
            Some(other) => holds(&other.to_text()),
        }
    }

    fn shown(&self, name: &str) -> Option<Cow<'_, str>> {
        let text = match self.identity.profile.get(name)? {
            AttributeValue::Text(text) => Cow::Borrowed(&**text),
            other => Cow::Owned(other.to_text()),
        };
        (!text.trim().is_empty()).then_some(text)
    }
}

/// A value in quotes. Written by hand because it is on the path of every decision and `{:?}` is slow.
pub(crate) fn quoted(value: &str) -> String {
    phrase("", "", value)
}

/// `name is "value"`.
pub(crate) fn is(name: &str, value: &str) -> String {
    phrase(name, " is ", value)
}

fn phrase(name: &str, verb: &str, value: &str) -> String {
    if value.bytes().any(|b| b == b'"' || b == b'\\' || b.is_ascii_control()) {
        return format!("{name}{verb}{value:?}");
    }
    [name, verb, "\"", value, "\""].concat()
}

/// Several grounds as one sentence.
pub(crate) fn joined(list: &[Condition], subject: &Subject<'_>) -> String {
    match list {
        [one] => one.grounds(subject),
        list => list.iter().map(|part| part.grounds(subject)).collect::<Vec<_>>().join(", "),
    }
}

/// Compares without allocating where both are plain.
pub(crate) fn same_folded(value: &str, folded: &str) -> bool {
    if value.is_ascii() && value.len() == folded.len() {
        return value.eq_ignore_ascii_case(folded) || fold::text(value) == folded;
    }
    let plain = value.is_ascii()
        && folded.is_ascii()
        && !value.contains("  ")
        && !value.bytes().any(|b| b.is_ascii_control())
        && value.trim().len() == value.len();
    !plain && fold::text(value) == folded
}

impl Condition {
    pub fn test(&self, subject: &Subject<'_>) -> Truth {
        match self {
            Self::All(list) => all(list, subject),
            Self::Any(list) => any(list, subject),
            Self::Not(inner) => match inner.test(subject) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                other => other,
            },
            Self::Attribute { name, test } => test.holds(name, subject),
            Self::Group(group) => group.test(subject),
            Self::Tenant(list) => truth(list.contains(&subject.identity.id.tenant)),
            Self::Site(list) => truth(subject.site.is_some_and(|site| list.contains(site))),
            Self::Status(list) => truth(list.contains(&subject.identity.status)),
        }
    }

    /// Why it holds, with the person's own values. Asked only when it does.
    pub fn grounds(&self, subject: &Subject<'_>) -> String {
        match self {
            Self::All(list) => joined(list, subject),
            Self::Any(list) => list
                .iter()
                .find(|part| part.test(subject) == Truth::Yes)
                .map_or_else(String::new, |part| part.grounds(subject)),
            Self::Not(inner) => inner.lack(subject),
            Self::Attribute { name, test } => test.say(name, subject, true),
            Self::Group(group) => ["member of ", &group.name].concat(),
            Self::Tenant(_) => format!("comes from {}", subject.identity.id.tenant),
            Self::Site(_) => format!("belongs to site {}", site_name(subject)),
            Self::Status(_) => format!("status is {}", subject.identity.status),
        }
    }

    /// Why it does not hold: the first part that fails.
    pub fn lack(&self, subject: &Subject<'_>) -> String {
        match self {
            Self::All(list) => list
                .iter()
                .find(|part| part.test(subject) != Truth::Yes)
                .map_or_else(String::new, |part| part.lack(subject)),
            Self::Any(list) => list.iter().map(|part| part.lack(subject)).collect::<Vec<_>>().join(" and "),
            Self::Not(inner) => inner.grounds(subject),
            Self::Attribute { name, test } => test.say(name, subject, false),
            Self::Group(group) if subject.identity.groups.complete => {
                ["not a member of ", &group.name].concat()
            }
            Self::Group(group) => {
                format!("not known to be a member of {}: the list of groups is not whole", group.name)
            }
            Self::Tenant(list) => {
                format!("comes from {}, not from {}", subject.identity.id.tenant, or(list))
            }
            Self::Site(list) => format!("belongs to site {}, not {}", site_name(subject), or(list)),
            Self::Status(list) => format!("status is {}, not {}", subject.identity.status, or(list)),
        }
    }

    /// Calls `see` with every attribute and group named inside.
    pub fn visit(&self, see: &mut dyn FnMut(&Condition)) {
        see(self);
        match self {
            Self::All(list) | Self::Any(list) => list.iter().for_each(|part| part.visit(see)),
            Self::Not(inner) => inner.visit(see),
            _ => {}
        }
    }
}

/// All parts hold. A part that fails decides even when another is not known.
pub(crate) fn all(list: &[Condition], subject: &Subject<'_>) -> Truth {
    let mut answer = Truth::Yes;
    for part in list {
        match part.test(subject) {
            Truth::Yes => {}
            Truth::No => return Truth::No,
            other => {
                if !matches!(answer, Truth::Broken(_)) {
                    answer = other;
                }
            }
        }
    }
    answer
}

/// At least one part holds. A part that holds decides even when another is not known.
pub(crate) fn any(list: &[Condition], subject: &Subject<'_>) -> Truth {
    let mut answer = Truth::No;
    for part in list {
        match part.test(subject) {
            Truth::No => {}
            Truth::Yes => return Truth::Yes,
            other => {
                if !matches!(answer, Truth::Broken(_)) {
                    answer = other;
                }
            }
        }
    }
    answer
}

fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}

fn site_name(subject: &Subject<'_>) -> String {
    subject.site.map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn or<T: ToString>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

impl GroupTest {
    pub fn test(&self, subject: &Subject<'_>) -> Truth {
        let identity = subject.identity;
        let tenant = &identity.id.tenant;
        let own = |(of, id): &(Option<TenantId>, GroupId)| {
            of.as_ref().is_none_or(|of| of == tenant).then(|| id.clone())
        };
        let mut concerned = false;
        for entry in &self.ids {
            let Some(id) = own(entry) else { continue };
            concerned = true;
            if identity.groups.contains(&id) {
                return Truth::Yes;
            }
        }
        // A tenant that has no such group surely has no member of it.
        if concerned && !identity.groups.complete { Truth::Unknown } else { Truth::No }
    }
}

impl Test {
    fn holds(&self, name: &str, subject: &Subject<'_>) -> Truth {
        let folded = |list: &[Wanted], holds: fn(&str, &str) -> bool| {
            truth(subject.any_text(name, |value| {
                let value = fold::text(value);
                list.iter().any(|wanted| holds(&value, &wanted.folded))
            }))
        };
        match self {
            Self::Is(list) => truth(
                subject.any_text(name, |value| list.iter().any(|wanted| same_folded(value, &wanted.folded))),
            ),
            Self::StartsWith(list) => folded(list, |value, wanted| value.starts_with(wanted)),
            Self::EndsWith(list) => folded(list, |value, wanted| value.ends_with(wanted)),
            Self::Contains(list) => folded(list, |value, wanted| value.contains(wanted)),
            Self::Exists(wanted) => truth(subject.any_text(name, |_| true) == *wanted),
            Self::Before(bound) => Self::compare(name, *bound, true, subject),
            Self::After(bound) => Self::compare(name, *bound, false, subject),
        }
    }

    fn compare(name: &str, bound: Bound, before: bool, subject: &Subject<'_>) -> Truth {
        let Some(text) = subject.shown(name) else { return Truth::No };
        let Some(day) = date::read(&text, subject.dates) else {
            return Truth::Broken(format!("{name} is {text:?}, which is no date in a declared notation"));
        };
        let limit = match bound {
            Bound::Day(limit) => limit,
            Bound::Today(days) => date::shift(subject.today, days),
        };
        let holds = if before { day < limit } else { day > limit };
        if let Bound::Today(days) = bound {
            // "Before today + n" becomes true, "after today + n" false, as time goes on; never the other way round.
            if before && !holds {
                subject.turns_on(date::shift(day, 1 - days));
            }
            if !before && holds {
                subject.turns_on(date::shift(day, -days));
            }
        }
        truth(holds)
    }

    fn say(&self, name: &str, subject: &Subject<'_>, holds: bool) -> String {
        let value = subject.shown(name);
        let has = value.as_ref().map_or_else(|| format!("{name} is empty"), |value| is(name, value));
        if holds || (value.is_none() && !matches!(self, Self::Exists(_))) {
            return has;
        }
        let list =
            |list: &[Wanted]| list.iter().map(|wanted| quoted(&wanted.text)).collect::<Vec<_>>().join(" or ");
        match self {
            Self::Is(wanted) => format!("{has}, not {}", list(wanted)),
            Self::StartsWith(wanted) => format!("{has}, which does not start with {}", list(wanted)),
            Self::EndsWith(wanted) => format!("{has}, which does not end with {}", list(wanted)),
            Self::Contains(wanted) => format!("{has}, which does not contain {}", list(wanted)),
            Self::Exists(_) => has,
            Self::Before(bound) => format!("{has}, not before {bound}"),
            Self::After(bound) => format!("{has}, not after {bound}"),
        }
    }
}

impl std::fmt::Display for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Today(0) => f.write_str("today"),
            Self::Today(days) => write!(f, "today {days:+} days"),
        }
    }
}
