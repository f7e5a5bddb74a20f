//! Points in time as the wire shows them: whole milliseconds, UTC.

use jiff::Timestamp;

/// Milliseconds since 1970-01-01T00:00:00Z. Smaller than a `Timestamp`, and what an org keeps by the million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

impl Moment {
    pub const NEVER: Moment = Moment(i64::MIN);

    pub fn of(at: Timestamp) -> Self {
        Self(at.as_millisecond())
    }

    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// `None` for [`Moment::NEVER`].
    pub fn known(self) -> Option<Self> {
        (self != Self::NEVER).then_some(self)
    }

    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// `2026-05-04T09:12:33.417Z`.
    pub fn iso(self) -> String {
        let mut out = String::with_capacity(24);
        self.write_iso(&mut out);
        out
    }

    pub fn write_iso(self, out: &mut String) {
        let (year, month, day, hour, minute, second) = self.civil();
        digits(out, year.clamp(0, 9999) as u32, 4);
        out.push('-');
        digits(out, month, 2);
        out.push('-');
        digits(out, day, 2);
        out.push('T');
        digits(out, hour, 2);
        out.push(':');
        digits(out, minute, 2);
        out.push(':');
        digits(out, second, 2);
        out.push('.');
        digits(out, self.0.rem_euclid(1000) as u32, 3);
        out.push('Z');
    }

    /// `Mon, 04 May 2026 09:12:33 GMT`, for the `Date` header.
    pub fn http_date(self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] =
            ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (year, month, day, hour, minute, second) = self.civil();
        let weekday = DAYS[self.seconds().div_euclid(86_400).rem_euclid(7) as usize];
        let month = MONTHS[(month - 1) as usize];
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// Reads an ISO 8601 date-time with offset, or a bare date (midnight UTC).
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self::of(at));
        }
        let date: jiff::civil::Date = text.parse().ok()?;
        (text.len() == 10).then_some(())?;
        let midnight = date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self::of(midnight.timestamp()))
    }

    /// Year, month, day, hour, minute, second; the calendar arithmetic of the proleptic Gregorian calendar.
    fn civil(self) -> (i64, u32, u32, u32, u32, u32) {
        let seconds = self.seconds();
        let days = seconds.div_euclid(86_400);
        let of_day = seconds.rem_euclid(86_400);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (
            year,
            month as u32,
            day as u32,
            (of_day / 3600) as u32,
            (of_day / 60 % 60) as u32,
            (of_day % 60) as u32,
        )
    }
}

fn digits(out: &mut String, value: u32, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from(b'0' + (value / 10u32.pow(place) % 10) as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_form_and_date_header() {
        for (text, header) in [
            ("2026-05-04T09:12:33.417Z", "Mon, 04 May 2026 09:12:33 GMT"),
            ("2024-02-29T23:59:59.999Z", "Thu, 29 Feb 2024 23:59:59 GMT"),
            ("1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            let at = Moment::parse(text).expect(text);
            assert_eq!((at.iso().as_str(), at.http_date().as_str()), (text, header));
        }
        assert_eq!(Moment::parse("2026-05-04").map(Moment::iso).as_deref(), Some("2026-05-04T00:00:00.000Z"));
        assert_eq!(Moment::parse("yesterday"), None);
    }
}
