//! A clock that people can move: paused, scaled, set. For rehearsals ("what happens on Friday?").

#![expect(clippy::disallowed_methods, reason = "this is a clock")]

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::clock::SimClock;

/// Real time, shifted and scaled. Sleepers wake when the moved clock reaches their moment.
#[derive(Debug)]
pub struct AdjustableClock {
    course: Mutex<Course>,
    moved: Notify,
}

/// `now = shown + (real - anchor) * scale`
#[derive(Debug, Clone, Copy)]
struct Course {
    anchor: Timestamp,
    shown: Timestamp,
    scale: f64,
}

impl Course {
    fn at(&self, real: Timestamp) -> Timestamp {
        let passed = real.duration_since(self.anchor).as_secs_f64() * self.scale;
        let passed = SignedDuration::try_from_secs_f64(passed).unwrap_or(SignedDuration::ZERO);
        self.shown.checked_add(passed).unwrap_or(self.shown)
    }
}

impl AdjustableClock {
    /// Starts at `shown` and runs `scale` times as fast as real time; 0 stands still.
    pub fn starting_at(shown: Timestamp, scale: f64) -> Self {
        Self {
            course: Mutex::new(Course { anchor: Timestamp::now(), shown, scale: scale.max(0.0) }),
            moved: Notify::new(),
        }
    }

    /// Jumps to `shown`, forwards or backwards.
    pub fn set(&self, shown: Timestamp) {
        self.change(|course, _| course.shown = shown);
    }

    /// Jumps by `step`, which may be negative.
    pub fn advance(&self, step: SignedDuration) {
        self.change(|course, now| course.shown = now.checked_add(step).unwrap_or(now));
    }

    /// Changes the speed from now on; 0 stands still.
    pub fn run_at(&self, scale: f64) {
        self.change(|course, _| course.scale = if scale.is_finite() { scale.max(0.0) } else { 1.0 });
    }

    /// Present speed.
    pub fn scale(&self) -> f64 {
        self.course().scale
    }

    fn change(&self, apply: impl FnOnce(&mut Course, Timestamp)) {
        {
            let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
            let real = Timestamp::now();
            let now = course.at(real);
            course.anchor = real;
            course.shown = now;
            apply(&mut course, now);
        }
        self.moved.notify_waiters();
    }

    fn course(&self) -> Course {
        *self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SimClock for AdjustableClock {
    fn now(&self) -> Timestamp {
        self.course().at(Timestamp::now())
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            loop {
                let moved = self.moved.notified();
                tokio::pin!(moved);
                // Registered before the time is read, so that no move between the two is lost.
                moved.as_mut().enable();
                let now = self.now();
                if now >= until {
                    return;
                }
                let scale = self.scale();
                if scale <= 0.0 {
                    moved.await;
                    continue;
                }
                let left = until.duration_since(now).as_secs_f64() / scale;
                let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::from_secs(3600));
                tokio::select! {
                    () = tokio::time::sleep(left) => {}
                    () = moved => {}
                }
            }
        })
    }
}
