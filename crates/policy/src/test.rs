//! Tests of one attribute: what they mean, in which words they are told, and when their answer may change by itself.

use jiff::civil::Date;
use lanyard_model::fold;

use crate::{
    condition::{Truth, Wanted, is, quoted, truth},
    date,
    names::Attribute,
    pattern::Pattern,
    subject::{Day, Subject},
};

/// A test of one attribute.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Is(Vec<Wanted>),
    StartsWith(Vec<Wanted>),
    EndsWith(Vec<Wanted>),
    Contains(Vec<Wanted>),
    /// `*` and `?` stand for any text and any character.
    Matches(Vec<(Wanted, Pattern)>),
    /// The domain of an e-mail address.
    Domain(Vec<Wanted>),
    /// Every value of a list is one of these, and there is one.
    Only(Vec<Wanted>),
    /// The values of a list hold all of these.
    HasAll(Vec<Wanted>),
    SameAs(Attribute),
    /// As a number, both ends included.
    Number {
        at_least: Option<f64>,
        at_most: Option<f64>,
    },
    Exists(bool),
    Before(Bound),
    After(Bound),
    Within(Stretch),
}

/// So many days around, before or after a day.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stretch {
    pub days: i64,
    pub side: Side,
    pub of: Anchor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Around,
    Before,
    After,
}

/// The day that a stretch is counted from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Anchor {
    Today,
    Day(Date),
    Attribute(Attribute),
}

/// A day to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    Day(Date),
    /// Today, shifted by days.
    Today(i64),
}

impl Test {
    /// Calls `see` with the attributes that the test compares with.
    pub fn others_mut(&mut self, see: &mut dyn FnMut(&mut Attribute)) {
        match self {
            Self::SameAs(other) | Self::Within(Stretch { of: Anchor::Attribute(other), .. }) => see(other),
            _ => {}
        }
    }

    pub fn holds(&self, attribute: &Attribute, subject: &Subject<'_>) -> Truth {
        let folded = |list: &[Wanted], holds: fn(&str, &str) -> bool| {
            truth(subject.any_text(attribute, |value| {
                let value = fold::text(value);
                list.iter().any(|wanted| holds(&value, &wanted.folded))
            }))
        };
        match self {
            Self::Is(list) => {
                truth(subject.is_one_of(attribute.at, |number| list.iter().any(|wanted| wanted.id == number)))
            }
            Self::StartsWith(list) => folded(list, |value, wanted| value.starts_with(wanted)),
            Self::EndsWith(list) => folded(list, |value, wanted| value.ends_with(wanted)),
            Self::Contains(list) => folded(list, |value, wanted| value.contains(wanted)),
            Self::Exists(wanted) => truth(subject.any_text(attribute, |_| true) == *wanted),
            Self::Matches(list) => truth(subject.any_text(attribute, |value| {
                let value = fold::text(value);
                list.iter().any(|(_, pattern)| pattern.fits(&value))
            })),
            Self::Domain(list) => truth(subject.any_text(attribute, |value| {
                let Some(mail) = fold::email(value) else { return false };
                let domain = mail.split_once('@').map_or("", |(_, domain)| domain);
                list.iter().any(|wanted| wanted.folded == domain)
            })),
            Self::Only(list) => {
                let one = |value: &str| list.iter().any(|wanted| wanted.folded == fold::text(value));
                truth(
                    subject.any_text(attribute, |_| true)
                        && !subject.any_text(attribute, |value| !one(value)),
                )
            }
            Self::HasAll(list) => truth(
                list.iter()
                    .all(|wanted| subject.any_text(attribute, |value| fold::text(value) == wanted.folded)),
            ),
            Self::SameAs(other) => truth(subject.any_text(attribute, |value| {
                subject.any_text(other, |theirs| fold::text(theirs) == fold::text(value))
            })),
            Self::Number { at_least, at_most } => match subject.number(attribute) {
                None => Truth::No,
                Some(Err(text)) => {
                    Truth::Broken(format!("{} is {text:?}, which is no number", attribute.name))
                }
                Some(Ok(number)) => truth(
                    at_least.is_none_or(|limit| number >= limit)
                        && at_most.is_none_or(|limit| number <= limit),
                ),
            },
            Self::Within(stretch) => stretch.holds(attribute, subject),
            Self::Before(bound) => Self::compare(attribute, *bound, true, subject),
            Self::After(bound) => Self::compare(attribute, *bound, false, subject),
        }
    }

    fn compare(attribute: &Attribute, bound: Bound, before: bool, subject: &Subject<'_>) -> Truth {
        let day = match subject.day(attribute) {
            Day::Absent => return Truth::No,
            Day::Unreadable => return Truth::Broken(subject.no_day(attribute)),
            Day::Is(day) => day,
        };
        let limit = match bound {
            Bound::Day(limit) => limit,
            Bound::Today(days) => date::shift(subject.today(), days),
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

    /// In words, as part of a sentence about a person.
    pub fn say(&self, attribute: &Attribute, subject: &Subject<'_>, holds: bool) -> String {
        let value = subject.shown(attribute);
        let name = attribute.name.as_str();
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
            Self::Matches(wanted) => {
                let shown: Vec<_> = wanted.iter().map(|(wanted, _)| quoted(&wanted.text)).collect();
                format!("{has}, which does not match {}", shown.join(" or "))
            }
            Self::Domain(wanted) => format!("{has}, which is no address at {}", list(wanted)),
            Self::Only(wanted) => format!("{has}, which is not only {}", list(wanted)),
            Self::HasAll(wanted) => {
                let shown: Vec<_> = wanted.iter().map(|wanted| quoted(&wanted.text)).collect();
                format!("{has}, not all of {}", shown.join(" and "))
            }
            Self::SameAs(other) => {
                let theirs = subject.shown(other).map_or_else(|| "empty".to_owned(), |value| quoted(&value));
                format!("{has}, and {} is {theirs}", other.name)
            }
            Self::Number { at_least, at_most } => {
                let mut limits = Vec::new();
                limits.extend(at_least.map(|limit| format!("at least {limit}")));
                limits.extend(at_most.map(|limit| format!("at most {limit}")));
                format!("{has}, not {}", limits.join(" and "))
            }
            Self::Within(stretch) => format!("{has}, not within {stretch}"),
            Self::Before(bound) => format!("{has}, not before {bound}"),
            Self::After(bound) => format!("{has}, not after {bound}"),
        }
    }
}

impl Stretch {
    fn holds(&self, attribute: &Attribute, subject: &Subject<'_>) -> Truth {
        let read = |attribute: &Attribute| match subject.day(attribute) {
            Day::Absent => Err(Truth::No),
            Day::Unreadable => Err(Truth::Broken(subject.no_day(attribute))),
            Day::Is(day) => Ok(day),
        };
        let day = match read(attribute) {
            Ok(day) => day,
            Err(answer) => return answer,
        };
        let anchor = match &self.of {
            Anchor::Today => subject.today(),
            Anchor::Day(day) => *day,
            Anchor::Attribute(other) => match read(other) {
                Ok(day) => day,
                Err(answer) => return answer,
            },
        };
        let (back, ahead) = match self.side {
            Side::Around => (self.days, self.days),
            Side::Before => (self.days, 0),
            Side::After => (0, self.days),
        };
        let holds = date::shift(anchor, -back) <= day && day <= date::shift(anchor, ahead);
        if self.of == Anchor::Today {
            // Seen from the day, today is in a stretch that begins once and ends once.
            let (from, over) = (date::shift(day, -ahead), date::shift(day, back + 1));
            if anchor < from {
                subject.turns_on(from);
            } else if anchor < over {
                subject.turns_on(over);
            }
        }
        truth(holds)
    }
}

impl std::fmt::Display for Stretch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let side = match self.side {
            Side::Around => "of",
            Side::Before => "before",
            Side::After => "after",
        };
        let of = match &self.of {
            Anchor::Today => "today".to_owned(),
            Anchor::Day(day) => day.to_string(),
            Anchor::Attribute(attribute) => attribute.name.clone(),
        };
        write!(f, "{} days {side} {of}", self.days)
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
