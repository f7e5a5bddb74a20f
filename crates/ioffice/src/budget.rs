//! The site's budget: a token bucket on the clock port's steady time, with lanes.
//!
//! Leavers go first and never stand behind others: one slot and a few tokens are kept back for them. One list
//! request is in flight per site (§1.6). A 429 closes the bucket for a while and slows it down; quiet time speeds
//! it up again. The gate is the stop button: it is asked before every single call.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use lanyard_engine::clock::Clock;
use lanyard_model::signal::Lane;
use tokio::sync::Notify;

use crate::settings::SettingsError;

/// What the gate lets through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// Observe only: writes are not sent.
    ReadsOnly,
    Closed,
}

/// Speed of one site.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Requests per second that is never exceeded; `None` leaves the rate to the site (for benches).
    pub per_second: Option<f64>,
    /// Requests that may go at once after a quiet time.
    pub burst: u32,
    /// Calls in flight, 1 to 64. One of them is kept for leavers when there are two or more.
    pub in_flight_max: u32,
}

impl Default for Pace {
    /// Below the 10/s, burst 20, 4 at once that the contract assumes, so that others keep some room.
    fn default() -> Self {
        Self { per_second: Some(8.0), burst: 10, in_flight_max: 3 }
    }
}

impl Pace {
    pub(crate) fn validate(self) -> Result<(), SettingsError> {
        let bad = |problem: String| {
            Err(SettingsError {
                field: "pace",
                problem,
                fix: "leave it at 8 per second, burst 10, 3 in flight".into(),
            })
        };
        match self {
            Self { per_second: Some(r), .. } if !(r.is_finite() && (0.01..=10_000.0).contains(&r)) => {
                bad(format!("{r} per second is not between 0.01 and 10000"))
            }
            Self { burst: 0, .. } => bad("burst is zero".into()),
            Self { in_flight_max, .. } if !(1..=64).contains(&in_flight_max) => {
                bad(format!("{in_flight_max} calls in flight is not between 1 and 64"))
            }
            _ => Ok(()),
        }
    }
}

/// Why a call was not let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Denied {
    Stopped,
    /// The bucket opens later than the caller is willing to wait.
    TooLate {
        at: Timestamp,
    },
}

/// What a call asks of the budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    pub lane: Lane,
    pub list: bool,
    pub write: bool,
}

/// Waiters beyond this are told to come back: the engine's workers are far fewer, so this only catches a bug.
const WAITERS_MAX: usize = 10_000;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
const SPEED_UP_EVERY: Duration = Duration::from_secs(30);
const SLOWEST_SHARE: f64 = 0.1;

/// Shared by all clones of one site's client.
pub struct Budget {
    clock: Arc<dyn Clock>,
    pace: Pace,
    state: Mutex<State>,
}

struct State {
    tokens: f64,
    /// Learnt requests per second, at most the pace's.
    rate: f64,
    filled_at: Timestamp,
    rate_changed_at: Timestamp,
    closed_until: Option<Timestamp>,
    throttles_in_a_row: u32,
    in_flight: u32,
    in_flight_bulk: u32,
    in_flight_leavers: u32,
    list_in_flight: bool,
    gate: Gate,
    waiting: VecDeque<Waiter>,
    next_ticket: u64,
    jitter: u64,
}

struct Waiter {
    ticket: u64,
    ask: Ask,
    wake: Arc<Notify>,
}

enum Verdict {
    Go,
    Sleep(Timestamp),
    StandBy,
}

impl Budget {
    pub(crate) fn new(clock: Arc<dyn Clock>, pace: Pace, jitter_seed: u64) -> Arc<Self> {
        let now = clock.steady();
        Arc::new(Self {
            clock,
            pace,
            state: Mutex::new(State {
                tokens: f64::from(pace.burst),
                rate: pace.per_second.unwrap_or(f64::INFINITY),
                filled_at: now,
                rate_changed_at: now,
                closed_until: None,
                throttles_in_a_row: 0,
                in_flight: 0,
                in_flight_bulk: 0,
                in_flight_leavers: 0,
                list_in_flight: false,
                gate: Gate::Open,
                waiting: VecDeque::new(),
                next_ticket: 0,
                jitter: jitter_seed,
            }),
        })
    }

    /// Opens or closes the gate. Calls in flight end by themselves; calls waiting are turned away at once.
    pub fn set_gate(&self, gate: Gate) {
        let mut state = lock(&self.state);
        state.gate = gate;
        for waiter in &state.waiting {
            waiter.wake.notify_one();
        }
    }

    pub fn gate(&self) -> Gate {
        lock(&self.state).gate
    }

    /// The learnt rate in requests per second; infinite when the pace is unlimited.
    pub fn rate(&self) -> f64 {
        lock(&self.state).rate
    }

    /// Calls in flight at this moment.
    pub fn in_flight(&self) -> u32 {
        lock(&self.state).in_flight
    }

    /// When the site lets calls through again, if it has asked us to wait.
    pub fn closed_until(&self) -> Option<Timestamp> {
        let now = self.clock.steady();
        let until = lock(&self.state).closed_until.filter(|until| *until > now);
        until.map(|until| self.clock.shown(until))
    }

    /// Waits for a turn. Standing behind others has no limit; waiting for a site that asked us to has `patience`.
    pub(crate) async fn turn(self: &Arc<Self>, ask: Ask, patience: Duration) -> Result<Turn, Denied> {
        let wake = Arc::new(Notify::new());
        let ticket = {
            let mut state = lock(&self.state);
            if state.waiting.len() >= WAITERS_MAX {
                return Err(Denied::TooLate { at: self.clock.now() });
            }
            let ticket = state.next_ticket;
            state.next_ticket += 1;
            state.waiting.push_back(Waiter { ticket, ask, wake: wake.clone() });
            ticket
        };
        let place = Place { budget: self, ticket };
        loop {
            let verdict = {
                let mut state = lock(&self.state);
                match (state.gate, ask.write) {
                    (Gate::Open, _) | (Gate::ReadsOnly, false) => {}
                    _ => return Err(Denied::Stopped),
                }
                let now = self.clock.steady();
                let verdict = state.verdict(ticket, now, self.pace);
                if let Verdict::Go = verdict {
                    state.take(ask);
                }
                verdict
            };
            match verdict {
                Verdict::Go => {
                    drop(place);
                    return Ok(Turn { budget: self.clone(), ask });
                }
                Verdict::Sleep(until) if since(self.clock.steady(), until) > patience => {
                    return Err(Denied::TooLate { at: self.clock.shown(until) });
                }
                Verdict::Sleep(until) => {
                    tokio::select! {
                        biased;
                        () = self.clock.sleep_steady(until) => {}
                        () = wake.notified() => {}
                    }
                }
                Verdict::StandBy => wake.notified().await,
            }
        }
    }

    /// The site answered 429. Closes the bucket, slows down, and returns when to try again.
    pub(crate) fn throttled(&self, retry_after: Option<Duration>) -> Timestamp {
        let now = self.clock.steady();
        let mut state = lock(&self.state);
        // Calls that were in flight together are one lesson, not several.
        let same_lesson = state.closed_until.is_some_and(|until| until > now);
        if !same_lesson {
            state.throttles_in_a_row = state.throttles_in_a_row.saturating_add(1);
            if let Some(top) = self.pace.per_second {
                state.rate = (state.rate * 0.7).max(top * SLOWEST_SHARE);
                state.rate_changed_at = now;
            }
        }
        let pause = match retry_after {
            Some(asked) => asked + state.jittered(FIRST_PAUSE) / 2,
            None => {
                let exponent = state.throttles_in_a_row.saturating_sub(1).min(10);
                state.jittered((FIRST_PAUSE * 2_u32.pow(exponent)).min(LONGEST_PAUSE))
            }
        };
        let until = now.checked_add(pause).unwrap_or(now);
        let until = state.closed_until.map_or(until, |known| known.max(until));
        state.closed_until = Some(until);
        state.tokens = state.tokens.min(1.0);
        self.clock.shown(until)
    }

    /// The site took a call.
    pub(crate) fn welcomed(&self) {
        let mut state = lock(&self.state);
        state.throttles_in_a_row = 0;
    }

    /// A wait before repeating a read that failed: 0.5 s doubling, with jitter, at most 60 s.
    pub(crate) fn pause_before_attempt(&self, failed_attempts: u32) -> Duration {
        let exponent = failed_attempts.saturating_sub(1).min(10);
        lock(&self.state).jittered((FIRST_PAUSE * 2_u32.pow(exponent)).min(LONGEST_PAUSE))
    }
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("pace", &self.pace).finish_non_exhaustive()
    }
}

impl State {
    /// Lets `ticket` go, if nobody in front of it could go instead.
    fn verdict(&mut self, ticket: u64, now: Timestamp, pace: Pace) -> Verdict {
        self.fill(now, pace);
        let Some((chosen, lane)) = self.first_admissible(pace) else { return Verdict::StandBy };
        if chosen != ticket {
            return Verdict::StandBy;
        }
        if let Some(until) = self.closed_until {
            if until > now {
                return Verdict::Sleep(until);
            }
            self.closed_until = None;
        }
        let need = 1.0 + if lane == Lane::Leaver { 0.0 } else { reserve(pace) };
        if self.rate.is_infinite() || self.tokens >= need {
            return Verdict::Go;
        }
        let wait = Duration::from_secs_f64((need - self.tokens) / self.rate) + Duration::from_millis(1);
        Verdict::Sleep(now.checked_add(wait).unwrap_or(now))
    }

    fn first_admissible(&self, pace: Pace) -> Option<(u64, Lane)> {
        // Stable: within a lane, in order of arrival.
        let waiter = self.waiting.iter().filter(|w| self.admits(w.ask, pace)).min_by_key(|w| w.ask.lane)?;
        Some((waiter.ticket, waiter.ask.lane))
    }

    fn admits(&self, ask: Ask, pace: Pace) -> bool {
        if ask.list && self.list_in_flight {
            return false;
        }
        let others = self.in_flight - self.in_flight_leavers;
        let room_for_others = pace.in_flight_max.saturating_sub(1).max(1);
        self.in_flight < pace.in_flight_max
            && match ask.lane {
                Lane::Leaver => true,
                Lane::Normal => others < room_for_others,
                Lane::Bulk => others < room_for_others && self.in_flight_bulk < bulk_max(pace),
            }
    }

    fn take(&mut self, ask: Ask) {
        self.tokens -= 1.0;
        self.in_flight += 1;
        self.list_in_flight |= ask.list;
        match ask.lane {
            Lane::Leaver => self.in_flight_leavers += 1,
            Lane::Normal => {}
            Lane::Bulk => self.in_flight_bulk += 1,
        }
    }

    fn give_back(&mut self, ask: Ask) {
        self.in_flight -= 1;
        if ask.list {
            self.list_in_flight = false;
        }
        match ask.lane {
            Lane::Leaver => self.in_flight_leavers -= 1,
            Lane::Normal => {}
            Lane::Bulk => self.in_flight_bulk -= 1,
        }
    }

    fn fill(&mut self, now: Timestamp, pace: Pace) {
        let Some(top) = pace.per_second else {
            self.tokens = f64::from(pace.burst);
            return;
        };
        // Each quiet half minute counts, also those in which nobody asked.
        while self.rate < top && since(self.rate_changed_at, now) >= SPEED_UP_EVERY {
            self.rate = (self.rate * 1.25).min(top);
            self.rate_changed_at += SPEED_UP_EVERY;
        }
        let passed = since(self.filled_at, now).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(f64::from(pace.burst));
        self.filled_at = now;
    }

    fn wake_chosen(&self, pace: Pace) {
        if let Some((chosen, _)) = self.first_admissible(pace)
            && let Some(waiter) = self.waiting.iter().find(|w| w.ticket == chosen)
        {
            waiter.wake.notify_one();
        }
    }

    /// Between half of `wait` and all of it.
    fn jittered(&mut self, wait: Duration) -> Duration {
        self.jitter = self.jitter.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.jitter;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let share = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        wait.mul_f64(0.5 + share / 2.0)
    }
}

/// Bulk calls in flight at once: one at the usual pace, a third of what a fast site lets through.
fn bulk_max(pace: Pace) -> u32 {
    (pace.in_flight_max / 3).max(1)
}

/// Tokens kept back for leavers.
fn reserve(pace: Pace) -> f64 {
    f64::from((pace.burst / 5).min(2))
}

fn since(earlier: Timestamp, later: Timestamp) -> Duration {
    Duration::try_from(later.duration_since(earlier)).unwrap_or_default()
}

/// A place in the queue; leaves it when dropped, also when the caller gives up.
struct Place<'a> {
    budget: &'a Budget,
    ticket: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut state = lock(&self.budget.state);
        state.waiting.retain(|w| w.ticket != self.ticket);
        state.wake_chosen(self.budget.pace);
    }
}

/// Permission for one exchange; the slot is given back when dropped.
pub(crate) struct Turn {
    budget: Arc<Budget>,
    ask: Ask,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = lock(&self.budget.state);
        state.give_back(self.ask);
        state.wake_chosen(self.budget.pace);
    }
}

/// A poisoned lock means that a thread panicked between two plain assignments; the counters are still usable.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
