//! What somebody's status, dates and marks ask for under the demonstration policy.

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
    tz::TimeZone,
};

use super::identity::{Look, USERS};

/// How long before the first day everything is to be ready.
const PREPARE_DAYS: i64 = 7;

/// What somebody should have. Declared from the strongest claim on the account to none: of several Okta users of one
/// person, the first here decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// Everything that the rules give.
    Active,
    /// On leave: account and seat, no permissions.
    Paused,
    /// The data cannot be judged: nothing may change.
    Aside(String),
    /// Nothing any more.
    Ended,
    /// Nothing yet.
    NotYet,
    /// Not governed.
    Out,
}

impl Standing {
    pub fn of(look: &Look<'_>) -> Self {
        let status = look.status();
        if look.is_gone() || status == "DEPROVISIONED" {
            return Self::Ended;
        }
        let known =
            ["STAGED", "PROVISIONED", "ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "SUSPENDED"];
        if !known.contains(&status) {
            return Self::Aside(format!("the status {status} is not known"));
        }
        if !look.is_in(USERS) {
            return if look.identity.has_left(USERS, look.at) { Self::Ended } else { Self::Out };
        }
        if status == "SUSPENDED" && look.says("employeeStatus", "Terminated") {
            return Self::Ended;
        }
        match contract_end(look) {
            Err(text) => return Self::Aside(format!("contractEndDate is {text:?}, which is no date")),
            Ok(Some(last)) if moment(shift(last, 1), Time::midnight(), look) <= look.at => {
                return Self::Ended;
            }
            Ok(_) => {}
        }
        if status == "STAGED" {
            return match start(look) {
                Err(text) => Self::Aside(format!("startDate is {text:?}, which is no date")),
                Ok(Some(day)) if moment(shift(day, -PREPARE_DAYS), Time::midnight(), look) <= look.at => {
                    Self::Active
                }
                Ok(_) => Self::NotYet,
            };
        }
        if status == "SUSPENDED" || look.says("employeeStatus", "Leave") {
            Self::Paused
        } else {
            Self::Active
        }
    }
}

/// The first working day; the text where it is no date.
pub(super) fn start(look: &Look<'_>) -> Result<Option<Date>, String> {
    day_of(look, "startDate")
}

/// The last day that counts, of contractors; the text where it is no date.
pub(super) fn contract_end(look: &Look<'_>) -> Result<Option<Date>, String> {
    if look.is_contractor() { day_of(look, "contractEndDate") } else { Ok(None) }
}

fn day_of(look: &Look<'_>, name: &str) -> Result<Option<Date>, String> {
    look.text(name).map(|text| day(&text).ok_or(text)).transpose()
}

/// A wall-clock time on a day where the person works.
pub(super) fn moment(day: Date, time: Time, look: &Look<'_>) -> Timestamp {
    let zone = look.text("timezone").and_then(|name| TimeZone::get(&name).ok()).unwrap_or(TimeZone::UTC);
    zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().unwrap_or(Timestamp::MAX)
}

pub(super) fn shift(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}

/// A day in one of the four notations that the policy declares.
fn day(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    let part = |from: usize, length: usize| -> Option<i16> {
        let digits = text.get(from..from + length)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
    };
    let at = |place: usize| bytes.get(place).copied();
    let (year, month, day) = match (at(2), at(4), at(5)) {
        (_, Some(b'-'), _) if at(7) == Some(b'-') => {
            let rest = text.get(10..)?;
            if !(rest.is_empty() || rest.starts_with(['T', 't', ' ']) && rest.len() >= 6) {
                return None;
            }
            (part(0, 4)?, part(5, 2)?, part(8, 2)?)
        }
        (Some(b'/'), _, Some(b'/')) if bytes.len() == 10 => (part(6, 4)?, part(0, 2)?, part(3, 2)?),
        (Some(b'.'), _, Some(b'.')) if bytes.len() == 10 => (part(6, 4)?, part(3, 2)?, part(0, 2)?),
        _ => return None,
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::day;

    #[test]
    fn days_are_read_in_every_declared_notation() {
        for (text, read) in [
            ("2026-09-30", Some("2026-09-30")),
            ("09/30/2026", Some("2026-09-30")),
            ("30.09.2026", Some("2026-09-30")),
            ("2026-09-30T00:00:00.000Z", Some("2026-09-30")),
            ("2026-02-30", None),
            ("2026-09-30x", None),
            ("9/3/2026", None),
            ("TBD", None),
            ("end of Q3", None),
            ("", None),
        ] {
            assert_eq!(day(text).map(|day| day.to_string()).as_deref(), read, "{text}");
        }
    }
}
