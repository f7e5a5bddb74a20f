//! Calendar days as organisations type them, and days in zones.

use jiff::{Timestamp, ToSpan, civil::Date, civil::Time, tz::TimeZone};

/// One notation, written with `YYYY`, `MM`, `DD` (two digits) or `M`, `D` (one or two), or the word `date-time`
/// (RFC 3339, of which the calendar day counts as written, whatever its offset).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DateFormat {
    DateTime,
    Pattern(Vec<Part>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Year,
    /// Shortest and longest number of digits.
    Month(usize, usize),
    Day(usize, usize),
    Literal(char),
}

impl DateFormat {
    /// `None` unless year, month and day each appear once.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "date-time" {
            return Some(Self::DateTime);
        }
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let (part, length) = match first {
                'Y' if rest.starts_with("YYYY") => (Part::Year, 4),
                'M' if rest.starts_with("MM") => (Part::Month(2, 2), 2),
                'D' if rest.starts_with("DD") => (Part::Day(2, 2), 2),
                'M' => (Part::Month(1, 2), 1),
                'D' => (Part::Day(1, 2), 1),
                'Y' => return None,
                other => (Part::Literal(other), other.len_utf8()),
            };
            parts.push(part);
            rest = &rest[length..];
        }
        let count = |wanted: fn(&Part) -> bool| parts.iter().filter(|part| wanted(part)).count() == 1;
        (count(|part| matches!(part, Part::Year))
            && count(|part| matches!(part, Part::Month(..)))
            && count(|part| matches!(part, Part::Day(..))))
        .then_some(Self::Pattern(parts))
    }

    /// The day in this notation.
    pub fn write(&self, day: Date) -> String {
        let Self::Pattern(parts) = self else { return format!("{day}T00:00:00Z") };
        let number = |value: i8, least: usize| format!("{value:0least$}");
        parts
            .iter()
            .map(|part| match part {
                Part::Year => format!("{:04}", day.year()),
                Part::Month(least, _) => number(day.month(), *least),
                Part::Day(least, _) => number(day.day(), *least),
                Part::Literal(literal) => literal.to_string(),
            })
            .collect()
    }

    pub fn read(&self, text: &str) -> Option<Date> {
        match self {
            Self::DateTime => {
                let (day, rest) = text.split_at_checked(10)?;
                let midnight_or_later = rest.starts_with(['T', 't', ' ']) && rest.len() >= 6;
                midnight_or_later.then(|| iso(day)).flatten()
            }
            Self::Pattern(parts) => {
                let mut rest = text;
                let (mut year, mut month, mut day) = (0, 0, 0);
                for part in parts {
                    match part {
                        Part::Year => year = digits(&mut rest, 4, 4)?,
                        Part::Month(min, max) => month = digits(&mut rest, *min, *max)?,
                        Part::Day(min, max) => day = digits(&mut rest, *min, *max)?,
                        Part::Literal(literal) => rest = rest.strip_prefix(*literal)?,
                    }
                }
                rest.is_empty().then(|| Date::new(year, month as i8, day as i8).ok()).flatten()
            }
        }
    }
}

fn iso(text: &str) -> Option<Date> {
    let mut rest = text;
    let year = digits(&mut rest, 4, 4)?;
    rest = rest.strip_prefix('-')?;
    let month = digits(&mut rest, 2, 2)?;
    rest = rest.strip_prefix('-')?;
    let day = digits(&mut rest, 2, 2)?;
    Date::new(year, month as i8, day as i8).ok()
}

/// Takes as many digits as there are, from `min` to `max`.
fn digits(rest: &mut &str, min: usize, max: usize) -> Option<i16> {
    let length = rest.bytes().take(max).take_while(u8::is_ascii_digit).count();
    if length < min {
        return None;
    }
    let (number, tail) = rest.split_at(length);
    *rest = tail;
    number.parse().ok()
}

/// The first format that reads the text.
pub(crate) fn read(text: &str, formats: &[DateFormat]) -> Option<Date> {
    let text = text.trim();
    formats.iter().find_map(|format| format.read(text))
}

/// The moment a day begins in a zone (after midnight where a clock change swallows it).
pub(crate) fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    at(day, Time::midnight(), zone)
}

/// A wall-clock time on a day in a zone.
pub(crate) fn at(day: Date, time: Time, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().unwrap_or(if day.year() < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// `days` later, clamped to the calendar.
pub(crate) fn shift(day: Date, days: i64) -> Date {
    day.saturating_add(days.clamp(-200_000, 200_000).days())
}

/// Whole days from one day to another; negative if it is earlier.
pub(crate) fn days_between(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days())
}

/// `09:00`.
pub(crate) fn clock(text: &str) -> Option<Time> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |part: &str| (part.len() == 2).then(|| part.parse::<i8>().ok()).flatten();
    Time::new(number(hours)?, number(minutes)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_declared_and_no_other_way() {
        let read = |format: &str, text: &str| {
            DateFormat::parse(format).and_then(|format| format.read(text)).map(|day| day.to_string())
        };
        for (format, text, day) in [
            ("YYYY-MM-DD", "2026-09-30", Some("2026-09-30")),
            ("YYYY-MM-DD", "2026-02-30", None),
            ("YYYY-MM-DD", "26-09-30", None),
            ("YYYY-MM-DD", "2026-09-30T00:00:00Z", None),
            ("MM/DD/YYYY", "09/30/2026", Some("2026-09-30")),
            ("MM/DD/YYYY", "9/30/2026", None),
            ("M/D/YYYY", "9/3/2026", Some("2026-09-03")),
            ("DD.MM.YYYY", "30.09.2026", Some("2026-09-30")),
            ("date-time", "2026-09-30T00:00:00.000Z", Some("2026-09-30")),
            ("date-time", "2026-09-30T23:00:00-08:00", Some("2026-09-30")),
            ("date-time", "2026-09-30", None),
            ("YYYY-MM-DD", "end of Q3", None),
            ("YYYY-MM-DD", "２０２６-09-30", None),
        ] {
            assert_eq!(read(format, text).as_deref(), day, "{text} as {format}");
        }
        let day = Date::new(2026, 9, 3).unwrap();
        for (format, text) in
            [("DD.MM.YYYY", "03.09.2026"), ("M/D/YYYY", "9/3/2026"), ("date-time", "2026-09-03T00:00:00Z")]
        {
            let format = DateFormat::parse(format).unwrap();
            assert_eq!(format.write(day), text);
            assert_eq!(format.read(text), Some(day));
        }
        assert_eq!(DateFormat::parse("YYYY-MM"), None);
        assert_eq!(DateFormat::parse("YY-MM-DD"), None);
    }
}
