//! Dates that make tests of days hold, or fail: which, in words, and one of them to try.

use jiff::civil::Date;

use super::change::Remedy;
use crate::{
    condition::{Condition, Truth},
    date,
    names::Attribute,
    subject::{Day, Subject},
    test::{Anchor, Bound, Side, Stretch, Test},
};

/// Days from the first to the last, both included; `None`: without end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Span {
    first: Option<Date>,
    last: Option<Date>,
}

impl Span {
    fn meet(self, other: Self) -> Self {
        let later = |a: Option<Date>, b: Option<Date>| a.into_iter().chain(b).max();
        let sooner = |a: Option<Date>, b: Option<Date>| a.into_iter().chain(b).min();
        Self { first: later(self.first, other.first), last: sooner(self.last, other.last) }
    }

    fn is_empty(self) -> bool {
        self.first.zip(self.last).is_some_and(|(first, last)| first > last)
    }

    /// The day of it that is nearest.
    fn nearest(self, day: Date) -> Date {
        let day = self.first.map_or(day, |first| day.max(first));
        self.last.map_or(day, |last| day.min(last))
    }

    fn words(self) -> String {
        match (self.first, self.last) {
            (Some(first), Some(last)) if first == last => format!("the date {first}"),
            (Some(first), Some(last)) => format!("a date from {first} to {last}"),
            (Some(first), None) => format!("a date from {first} on"),
            (None, Some(last)) => format!("a date not after {last}"),
            (None, None) => "a date".to_owned(),
        }
    }
}

/// The change of a date that makes a test of it hold, or fail.
pub(super) fn remedy(
    named: &Attribute,
    test: &Test,
    subject: &Subject<'_>,
    wanted: bool,
) -> Option<Vec<Remedy>> {
    match test {
        Test::Before(bound) | Test::After(bound) => {
            let limit = day_of(*bound, subject);
            let said = match bound {
                Bound::Day(_) => limit.to_string(),
                today @ Bound::Today(_) => format!("{limit} ({today})"),
            };
            let how = match (test, wanted) {
                (Test::Before(_), true) => format!("a date before {said}"),
                (Test::Before(_), false) => format!("a date not before {said}"),
                (_, true) => format!("a date after {said}"),
                (_, false) => format!("a date not after {said}"),
            };
            let span = span(test, subject, wanted)?;
            Some(vec![fit(named, how, span.nearest(own(named, subject)), subject)])
        }
        Test::Within(stretch) if wanted => within(named, stretch, subject),
        Test::Within(stretch) => {
            let span = stretched(stretch, subject)?;
            let (first, last) = span.first.zip(span.last)?;
            let how = format!("a date before {first} or after {last}");
            Some(vec![fit(named, how, date::shift(last, 1), subject)])
        }
        _ => None,
    }
}

/// A date within the stretch. Where the other attribute is empty, it is that one's turn, or both's.
fn within(named: &Attribute, stretch: &Stretch, subject: &Subject<'_>) -> Option<Vec<Remedy>> {
    if let Some(span) = stretched(stretch, subject) {
        return Some(vec![fit(named, span.words(), span.nearest(own(named, subject)), subject)]);
    }
    let Anchor::Attribute(other) = &stretch.of else { return None };
    match subject.day(named) {
        Day::Is(day) => {
            // Seen from the day, the other one lies on the other side.
            let (back, ahead) = reach(stretch);
            let span = Span { first: Some(date::shift(day, -ahead)), last: Some(date::shift(day, back)) };
            Some(vec![fit(other, span.words(), day, subject)])
        }
        _ => {
            let today = subject.today();
            let how = format!("a date within {stretch}");
            Some(vec![fit(other, "a date".into(), today, subject), fit(named, how, today, subject)])
        }
    }
}

/// Dates that several conditions of a list ask for at once: each attribute that more than one of them is about, with its
/// change, if it needs one. `None`: no date meets them all.
pub(super) fn together<'c>(
    list: &'c [Condition],
    subject: &Subject<'_>,
) -> Option<Vec<(&'c Attribute, Option<Remedy>)>> {
    let mut met: Vec<(&Attribute, Option<Remedy>)> = Vec::new();
    let asked: Vec<_> = list.iter().filter_map(|part| asked(part, true)).collect();
    for &(attribute, ..) in &asked {
        let same = || asked.iter().filter(|(other, ..)| other.name == attribute.name);
        if met.iter().any(|(known, _)| known.name == attribute.name) || same().count() < 2 {
            continue;
        }
        // A stretch that is not to hold leaves two: each test is looked at by itself.
        let spans: Option<Vec<Span>> = same().map(|(_, test, wanted)| span(test, subject, *wanted)).collect();
        let Some(spans) = spans else { continue };
        let span = spans.into_iter().fold(Span::default(), Span::meet);
        if span.is_empty() {
            return None;
        }
        let holds =
            list.iter().filter(|part| is_about(part, attribute)).all(|part| part.test(subject) == Truth::Yes);
        let change = || fit(attribute, span.words(), span.nearest(own(attribute, subject)), subject);
        met.push((attribute, (!holds).then(change)));
    }
    Some(met)
}

/// Whether a condition is a test of this date, and nothing else.
pub(super) fn is_about(condition: &Condition, attribute: &Attribute) -> bool {
    asked(condition, true).is_some_and(|(own, ..)| own.name == attribute.name)
}

/// The test of a date that a condition is, and whether it is to hold.
fn asked(condition: &Condition, wanted: bool) -> Option<(&Attribute, &Test, bool)> {
    match condition {
        Condition::Attribute {
            attribute,
            test: test @ (Test::Before(_) | Test::After(_) | Test::Within(_)),
        } => Some((attribute, test, wanted)),
        Condition::Not(inner) => asked(inner, !wanted),
        Condition::All(list) | Condition::Any(list) => match list.as_slice() {
            [one] => asked(one, wanted),
            _ => None,
        },
        _ => None,
    }
}

/// The days on which a test holds, or fails, where they lie together.
fn span(test: &Test, subject: &Subject<'_>, wanted: bool) -> Option<Span> {
    let from = |day: Date| Span { first: Some(day), last: None };
    let until = |day: Date| Span { first: None, last: Some(day) };
    Some(match (test, wanted) {
        (Test::Before(bound), true) => until(date::shift(day_of(*bound, subject), -1)),
        (Test::Before(bound), false) => from(day_of(*bound, subject)),
        (Test::After(bound), true) => from(date::shift(day_of(*bound, subject), 1)),
        (Test::After(bound), false) => until(day_of(*bound, subject)),
        (Test::Within(stretch), true) => stretched(stretch, subject)?,
        _ => return None,
    })
}

fn day_of(bound: Bound, subject: &Subject<'_>) -> Date {
    match bound {
        Bound::Day(day) => day,
        Bound::Today(days) => date::shift(subject.today(), days),
    }
}

/// Days before and after the day that a stretch is counted from.
fn reach(stretch: &Stretch) -> (i64, i64) {
    match stretch.side {
        Side::Around => (stretch.days, stretch.days),
        Side::Before => (stretch.days, 0),
        Side::After => (0, stretch.days),
    }
}

/// `None`: the attribute that it is counted from holds no day.
fn stretched(stretch: &Stretch, subject: &Subject<'_>) -> Option<Span> {
    let anchor = match &stretch.of {
        Anchor::Today => subject.today(),
        Anchor::Day(day) => *day,
        Anchor::Attribute(other) => match subject.day(other) {
            Day::Is(day) => day,
            Day::Absent | Day::Unreadable => return None,
        },
    };
    let (back, ahead) = reach(stretch);
    Some(Span { first: Some(date::shift(anchor, -back)), last: Some(date::shift(anchor, ahead)) })
}

/// The day as it is; of whoever has none, today.
fn own(attribute: &Attribute, subject: &Subject<'_>) -> Date {
    match subject.day(attribute) {
        Day::Is(day) => day,
        Day::Absent | Day::Unreadable => subject.today(),
    }
}

/// A date from today on, as `until` asks for it.
pub(super) fn not_over(attribute: &Attribute, subject: &Subject<'_>) -> Option<Remedy> {
    match subject.day(attribute) {
        Day::Is(day) if day < subject.today() => {
            let today = subject.today();
            let span = Span { first: Some(today), last: None };
            Some(fit(attribute, span.words(), today, subject))
        }
        _ => None,
    }
}

/// In the notation that is read first.
fn fit(attribute: &Attribute, how: String, day: Date, subject: &Subject<'_>) -> Remedy {
    let value = subject.dates.first().map_or_else(|| day.to_string(), |format| format.write(day));
    Remedy::Fit { attribute: attribute.name.clone(), how, value }
}
