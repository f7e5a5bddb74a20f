//! Who may call when: one limiter per bucket, fed by the headers of each answer (contract §4).
//!
//! A bucket here is a path pattern. Okta may put several patterns into one quota (O-05); each limiter then sees the
//! shared `Remaining` after its own calls, so a wrong guess costs an occasional 429 and nothing else. One budget
//! serves one principal of one tenant.

use std::collections::BTreeMap;
use std::time::Duration;

use http::HeaderMap;
use jiff::Timestamp;
use lanyard_engine::ports::Quota;
use lanyard_model::signal::Lane;

/// The two kinds of 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThrottleKind {
    /// The window's quota is spent: wait for its reset.
    Quota,
    /// Too many calls in flight: its `Reset` misleads, a short wait is right.
    Concurrency,
}

/// The present, by a clock that nobody sets and as the machine shows it. All moments that a budget keeps are of the first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment {
    pub steady: Timestamp,
    pub shown: Timestamp,
}

/// The answer to "may I call now?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Yes, and the call is counted as in flight.
    Go,
    /// Not before this moment.
    Wait(Timestamp),
    /// Not before some call of the same quota is answered.
    WaitForAnswer,
    /// Not before some call in flight ends, whichever.
    WaitForPlace,
}

#[derive(Debug, Default, Clone)]
struct Bucket {
    limit: Option<u32>,
    remaining: u32,
    in_flight: u32,
    /// The header's own value: tells windows apart.
    reset_epoch: i64,
    /// When the window ends, a second of grace included.
    reset_at: Option<Timestamp>,
    blocked_until: Option<Timestamp>,
}

/// The limiter's state. Time comes as an argument; nothing here waits.
#[derive(Debug)]
pub(crate) struct Budget {
    buckets: BTreeMap<String, Bucket>,
    reserve_percent: u32,
    in_flight_max: u32,
    in_flight: u32,
    /// Set by a concurrency 429; holds for the whole principal.
    blocked_until: Option<Timestamp>,
}

/// What the headers of one answer say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QuotaHeaders {
    pub limit: u32,
    pub remaining: u32,
    /// Seconds since 1970, server time.
    pub reset: i64,
}

impl QuotaHeaders {
    /// The first parseable value of each header: they may appear doubled, or be joined by commas.
    pub(crate) fn read(headers: &HeaderMap) -> Option<Self> {
        let number = |name: &str| {
            headers
                .get_all(name)
                .iter()
                .filter_map(|v| v.to_str().ok())
                .flat_map(|v| v.split(','))
                .find_map(|v| v.trim().parse::<i64>().ok().filter(|n| *n >= 0))
        };
        let small = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
        Some(Self {
            limit: small(number("x-rate-limit-limit")?),
            remaining: small(number("x-rate-limit-remaining")?),
            reset: number("x-rate-limit-reset")?,
        })
    }
}

/// The server's clock as the `Date` header shows it.
pub(crate) fn server_time(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    zoned.ok()
}

/// Longest wait taken from a `Reset` header, in seconds; windows last about a minute.
const QUOTA_WAIT_SECONDS_MAX: i64 = 120;

impl Budget {
    pub(crate) fn new(reserve_percent: u32, in_flight_max: u32) -> Self {
        Self {
            buckets: BTreeMap::new(),
            reserve_percent: reserve_percent.min(90),
            in_flight_max: in_flight_max.max(2),
            in_flight: 0,
            blocked_until: None,
        }
    }

    /// Asks for one call. On [`Admission::Go`] the caller must end it with [`Budget::abandon`], whether or not an answer came.
    pub(crate) fn admit(&mut self, name: &str, lane: Lane, now: Timestamp) -> Admission {
        if let Some(until) = self.blocked_until.filter(|t| *t > now) {
            return Admission::Wait(until);
        }
        let in_flight_cap = match lane {
            Lane::Leaver => self.in_flight_max,
            Lane::Normal => (self.in_flight_max * 3 / 4).max(1),
            Lane::Bulk => (self.in_flight_max / 2).max(1),
        };
        let reserve_percent = self.reserve_percent;
        let bucket = self.buckets.entry(name.to_owned()).or_default();
        if let Some(until) = bucket.blocked_until.filter(|t| *t > now) {
            return Admission::Wait(until);
        }
        if bucket.reset_at.is_some_and(|t| t <= now) {
            // A new window has begun; until its first answer we believe in a full one.
            bucket.reset_at = None;
            bucket.remaining = bucket.limit.unwrap_or(0);
        }
        if let Some(limit) = bucket.limit {
            let reserve = (u64::from(limit) * u64::from(reserve_percent)).div_ceil(100) as u32;
            let floor = match lane {
                Lane::Leaver => 0,
                Lane::Normal => reserve,
                // Sweeps stop earlier, so that a busy hour of changes does not wait for them.
                Lane::Bulk => reserve + reserve / 2,
            }
            .min(limit.saturating_sub(1));
            if bucket.remaining.saturating_sub(bucket.in_flight) <= floor {
                match bucket.reset_at {
                    Some(at) => return Admission::Wait(at),
                    None if bucket.in_flight > 0 => return Admission::WaitForAnswer,
                    None => {}
                }
            }
        }
        if self.in_flight >= in_flight_cap {
            return Admission::WaitForPlace;
        }
        bucket.in_flight += 1;
        self.in_flight += 1;
        Admission::Go
    }

    /// Takes in what an answer says about the quota. The call still counts as in flight.
    pub(crate) fn learn(&mut self, name: &str, headers: &HeaderMap, now: Moment) {
        let (Some(said), Some(bucket)) = (QuotaHeaders::read(headers), self.buckets.get_mut(name)) else {
            return;
        };
        // Limit 0 is a concurrency refusal and tells nothing about the window; an earlier Reset is a late answer, unless
        // our window is over, when the server's clock was set back.
        let is_late = said.reset < bucket.reset_epoch && bucket.reset_at.is_some_and(|t| t > now.steady);
        if said.limit == 0 || is_late {
            return;
        }
        let same_window = said.reset == bucket.reset_epoch && bucket.reset_at.is_some();
        bucket.remaining = if same_window { bucket.remaining.min(said.remaining) } else { said.remaining };
        bucket.limit = Some(said.limit);
        bucket.reset_epoch = said.reset;
        bucket.reset_at = Some(after(now.steady, quota_wait_seconds(&said, headers, now.shown) * 1000));
    }

    /// Ends a call: its place is free again.
    pub(crate) fn abandon(&mut self, name: &str) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if let Some(bucket) = self.buckets.get_mut(name) {
            bucket.in_flight = bucket.in_flight.saturating_sub(1);
        }
    }

    /// What the last answers said of each quota. One whose window ended is whole again.
    pub(crate) fn quotas(&self, now: Timestamp) -> Vec<Quota> {
        let told = |(name, bucket): (&String, &Bucket)| {
            let limit = bucket.limit?;
            let resets_at = bucket.reset_at.filter(|at| *at > now);
            let remaining = if resets_at.is_some() { bucket.remaining } else { limit };
            Some(Quota { bucket: name.clone(), limit, remaining, resets_at })
        };
        self.buckets.iter().filter_map(told).collect()
    }

    /// Records a 429. `dice` is uniform in 0..1 and spreads the short waits. Returns until when and of which kind.
    pub(crate) fn throttled(
        &mut self,
        name: &str,
        headers: &HeaderMap,
        now: Moment,
        dice: f64,
    ) -> (Timestamp, ThrottleKind) {
        let read = QuotaHeaders::read(headers);
        // Not documented; but who names a time means it, where the quota's own headers are missing.
        let asked = headers
            .get(http::header::RETRY_AFTER)
            .filter(|_| read.is_none())
            .and_then(|v| v.to_str().ok()?.trim().parse::<i64>().ok())
            .map(|seconds| seconds.clamp(1, QUOTA_WAIT_SECONDS_MAX));
        let quota = read.filter(|q| q.limit > 0).map(|said| quota_wait_seconds(&said, headers, now.shown));
        match quota.or(asked) {
            Some(seconds) => {
                let until = after(now.steady, seconds * 1000);
                let bucket = self.buckets.entry(name.to_owned()).or_default();
                bucket.blocked_until = Some(until);
                (until, ThrottleKind::Quota)
            }
            None => {
                let until = after(now.steady, 1000 + (dice * 4000.0) as i64);
                self.blocked_until = Some(until);
                (until, ThrottleKind::Concurrency)
            }
        }
    }
}

/// `Reset` − `Date` + 1, never by the local clock when the answer carries a date; 1 to 120 seconds.
fn quota_wait_seconds(said: &QuotaHeaders, headers: &HeaderMap, now: Timestamp) -> i64 {
    let server_now = server_time(headers).unwrap_or(now).as_second();
    said.reset.saturating_sub(server_now).saturating_add(1).clamp(1, QUOTA_WAIT_SECONDS_MAX)
}

fn after(now: Timestamp, milliseconds: i64) -> Timestamp {
    let wait = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(NOW + seconds).expect("a time stamp")
    }

    fn moment(seconds: i64) -> Moment {
        Moment { steady: at(seconds), shown: at(seconds) }
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in lines {
            map.append(*name, value.parse().expect("a header"));
        }
        map
    }

    /// Answers the one call in flight.
    fn settle(budget: &mut Budget, name: &str, headers: &HeaderMap) {
        budget.learn(name, headers, moment(0));
        budget.abandon(name);
    }

    fn quota(limit: u32, remaining: u32, reset: i64) -> HeaderMap {
        headers(&[
            ("x-rate-limit-limit", &limit.to_string()),
            ("x-rate-limit-remaining", &remaining.to_string()),
            ("x-rate-limit-reset", &(NOW + reset).to_string()),
        ])
    }

    #[test]
    fn lanes_stop_at_their_floors() {
        for (remaining, leavers, normal, bulk) in [
            (31, Admission::Go, Admission::Go, Admission::Go),
            (30, Admission::Go, Admission::Go, Admission::Wait(at(31))),
            (20, Admission::Go, Admission::Wait(at(31)), Admission::Wait(at(31))),
            (1, Admission::Go, Admission::Wait(at(31)), Admission::Wait(at(31))),
            (0, Admission::Wait(at(31)), Admission::Wait(at(31)), Admission::Wait(at(31))),
        ] {
            for (lane, expected) in [(Lane::Leaver, leavers), (Lane::Normal, normal), (Lane::Bulk, bulk)] {
                let mut budget = Budget::new(20, 16);
                assert_eq!(budget.admit("users", lane, at(0)), Admission::Go);
                settle(&mut budget, "users", &quota(100, remaining, 30));
                assert_eq!(budget.admit("users", lane, at(0)), expected, "{lane:?} with {remaining} left");
                assert_eq!(budget.admit("groups", lane, at(0)), Admission::Go, "another bucket is free");
            }
        }
    }

    #[test]
    fn quotas_are_told_as_the_last_answer_left_them_and_whole_after_their_window() {
        let mut budget = Budget::new(20, 16);
        assert_eq!(budget.quotas(at(0)), []);
        assert_eq!(budget.admit("users", Lane::Normal, at(0)), Admission::Go);
        settle(&mut budget, "users", &quota(100, 40, 30));
        let told = |remaining, resets_at| Quota { bucket: "users".into(), limit: 100, remaining, resets_at };
        assert_eq!(budget.quotas(at(5)), [told(40, Some(at(31)))]);
        assert_eq!(budget.quotas(at(31)), [told(100, None)]);
    }

    #[test]
    fn a_new_window_opens_by_itself() {
        let mut budget = Budget::new(20, 16);
        assert_eq!(budget.admit("logs", Lane::Normal, at(0)), Admission::Go);
        settle(&mut budget, "logs", &quota(10, 0, 30));
        assert_eq!(budget.admit("logs", Lane::Normal, at(30)), Admission::Wait(at(31)));
        assert_eq!(budget.admit("logs", Lane::Normal, at(31)), Admission::Go);
    }

    #[test]
    fn waits_follow_the_servers_clock() {
        // The server is an hour ahead: Reset - Date is 20 s, whatever our clock says.
        let mut said = quota(60, 0, 3620);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new();
        let text = date.timestamp_to_rfc9110_string(&at(3600)).expect("a date");
        said.insert("date", text.parse().expect("a header"));
        let mut budget = Budget::new(20, 16);
        assert_eq!(budget.throttled("users", &said, moment(0), 0.5), (at(21), ThrottleKind::Quota));
        assert_eq!(budget.admit("users", Lane::Leaver, at(20)), Admission::Wait(at(21)));
        assert_eq!(budget.admit("users", Lane::Leaver, at(21)), Admission::Go);
    }

    #[test]
    fn a_clock_that_is_set_makes_no_wait_shorter_and_none_longer() {
        // Without a date of the server ours tells how long a window lasts, as it shows the time then.
        for ahead in [3600, -3600] {
            let now = Moment { steady: at(0), shown: at(ahead) };
            let mut budget = Budget::new(20, 16);
            assert_eq!(budget.admit("users", Lane::Leaver, now.steady), Admission::Go);
            budget.learn("users", &quota(100, 0, ahead + 30), now);
            budget.abandon("users");
            assert_eq!(budget.admit("users", Lane::Leaver, at(30)), Admission::Wait(at(31)));
            assert_eq!(budget.throttled("logs", &quota(60, 0, ahead + 30), now, 0.5).0, at(31));
            assert_eq!(budget.admit("logs", Lane::Leaver, at(30)), Admission::Wait(at(31)));
            assert_eq!(budget.admit("logs", Lane::Leaver, at(31)), Admission::Go);
        }
    }

    #[test]
    fn concurrency_refusals_ignore_reset() {
        for (dice, wait) in [(0.0, 1), (0.5, 3), (1.0, 5)] {
            let mut budget = Budget::new(20, 16);
            let until = budget.throttled("users", &quota(0, 0, 3000), moment(0), dice);
            assert_eq!(until, (at(wait), ThrottleKind::Concurrency));
            assert_eq!(
                budget.admit("groups", Lane::Leaver, at(0)),
                Admission::Wait(at(wait)),
                "all buckets wait"
            );
        }
    }

    #[test]
    fn a_retry_after_counts_where_the_quota_is_not_told() {
        let mut budget = Budget::new(20, 16);
        let said = headers(&[("retry-after", "17")]);
        assert_eq!(budget.throttled("users", &said, moment(0), 0.5), (at(17), ThrottleKind::Quota));
        assert_eq!(budget.admit("users", Lane::Leaver, at(16)), Admission::Wait(at(17)));
        assert_eq!(budget.admit("groups", Lane::Leaver, at(16)), Admission::Go, "another bucket is free");
        let mut both = quota(100, 0, 30);
        both.insert("retry-after", "900".parse().expect("a header"));
        assert_eq!(
            Budget::new(20, 16).throttled("users", &both, moment(0), 0.5).0,
            at(31),
            "the quota's own time"
        );
    }

    #[test]
    fn doubled_headers_are_read_once() {
        let said = headers(&[
            ("x-rate-limit-limit", "oops"),
            ("x-rate-limit-limit", "600, 600"),
            ("x-rate-limit-remaining", "599"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1800000030"),
        ]);
        let read = QuotaHeaders { limit: 600, remaining: 599, reset: NOW + 30 };
        assert_eq!(QuotaHeaders::read(&said), Some(read));
        assert_eq!(QuotaHeaders::read(&headers(&[("x-rate-limit-limit", "600")])), None);
    }

    #[test]
    fn calls_in_flight_are_bounded_and_leavers_keep_room() {
        let mut budget = Budget::new(20, 4);
        let mut ask = |lane| budget.admit("users", lane, at(0));
        assert_eq!(ask(Lane::Bulk), Admission::Go);
        assert_eq!(ask(Lane::Bulk), Admission::Go);
        assert_eq!(ask(Lane::Bulk), Admission::WaitForPlace);
        assert_eq!(ask(Lane::Normal), Admission::Go);
        assert_eq!(ask(Lane::Normal), Admission::WaitForPlace);
        assert_eq!(ask(Lane::Leaver), Admission::Go);
        assert_eq!(ask(Lane::Leaver), Admission::WaitForPlace);
        budget.abandon("users");
        assert_eq!(budget.admit("users", Lane::Leaver, at(0)), Admission::Go);
    }

    #[test]
    fn late_answers_do_not_refill_a_window() {
        let mut budget = Budget::new(0, 16);
        for _ in 0..3 {
            assert_eq!(budget.admit("users", Lane::Normal, at(0)), Admission::Go);
        }
        settle(&mut budget, "users", &quota(10, 1, 30));
        settle(&mut budget, "users", &quota(10, 9, 30));
        settle(&mut budget, "users", &quota(10, 8, -30));
        assert_eq!(budget.admit("users", Lane::Normal, at(0)), Admission::Go);
        assert_eq!(budget.admit("users", Lane::Normal, at(0)), Admission::Wait(at(31)));
    }
}
