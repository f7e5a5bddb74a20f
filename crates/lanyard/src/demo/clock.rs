//! One clock for engine, stand-ins and budgets. It runs at real speed; somebody may move it forward, and in a hurry
//! it skips idle time by itself: whenever nothing is under way, to the next moment that anybody waits for.

use std::{
    collections::BTreeMap,
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::clock::{BusyGuard, Clock};
use lanyard_sim::clock::SimClock;
use tokio::sync::Notify;

/// Shared by everything in the process that asks for the time.
pub struct DemoClock {
    course: Mutex<Course>,
    sleepers: Mutex<BTreeMap<(Timestamp, u64), ()>>,
    next_sleeper: AtomicU64,
    busy: AtomicUsize,
    /// Rises whenever something begins, ends or falls asleep.
    pulse: AtomicU64,
    moved: Notify,
}

#[derive(Clone, Copy)]
struct Course {
    anchor: Instant,
    shown: Timestamp,
}

/// Nothing must begin or end for this long before idle time is skipped: longer than a hop over loopback takes.
const QUIET: Duration = Duration::from_millis(2);

/// Moments this close count as one when idle time is skipped.
const TOGETHER: SignedDuration = SignedDuration::from_millis(100);

impl DemoClock {
    pub fn starting_at(shown: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            course: Mutex::new(Course { anchor: Instant::now(), shown }),
            sleepers: Mutex::default(),
            next_sleeper: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            pulse: AtomicU64::new(0),
            moved: Notify::new(),
        })
    }

    fn present(&self) -> Timestamp {
        let course = *self.course.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = SignedDuration::try_from(course.anchor.elapsed()).unwrap_or(SignedDuration::ZERO);
        course.shown.checked_add(passed).unwrap_or(course.shown)
    }

    /// Moves the clock forward to `to`; never back.
    pub fn move_to(&self, to: Timestamp) {
        {
            let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
            let passed = SignedDuration::try_from(course.anchor.elapsed()).unwrap_or(SignedDuration::ZERO);
            let now = course.shown.checked_add(passed).unwrap_or(course.shown);
            if to <= now {
                return;
            }
            *course = Course { anchor: Instant::now(), shown: to };
        }
        self.beat();
        self.moved.notify_waiters();
    }

    fn beat(&self) {
        self.pulse.fetch_add(1, Ordering::SeqCst);
    }

    /// Skips idle time until dropped by its task.
    pub async fn skip_idle_time(self: Arc<Self>) {
        let mut seen = self.pulse.load(Ordering::SeqCst);
        let mut since = Instant::now();
        loop {
            tokio::time::sleep(Duration::from_micros(500)).await;
            let pulse = self.pulse.load(Ordering::SeqCst);
            if pulse != seen || self.busy.load(Ordering::SeqCst) > 0 {
                seen = pulse;
                since = Instant::now();
                continue;
            }
            if since.elapsed() < QUIET {
                continue;
            }
            let next = self.next_stop();
            if let Some(next) = next {
                self.move_to(next);
            }
            since = Instant::now();
        }
    }

    /// The last of the moments that lie close after the next one: who waits for nearly the same is woken together.
    fn next_stop(&self) -> Option<Timestamp> {
        let sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let first = sleepers.keys().next().map(|(at, _)| *at)?;
        let close = first.checked_add(TOGETHER).unwrap_or(first);
        sleepers.range(..=(close, u64::MAX)).next_back().map(|((at, _), ())| *at)
    }

    async fn wait_until(&self, until: Timestamp) {
        if self.present() >= until {
            return;
        }
        let key = (until, self.next_sleeper.fetch_add(1, Ordering::SeqCst));
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner).insert(key, ());
        let _asleep = Asleep { clock: self, key };
        self.beat();
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            // Registered before the time is read, so that no move between the two is lost.
            moved.as_mut().enable();
            let now = self.present();
            if now >= until {
                return;
            }
            let left = Duration::try_from(until.duration_since(now)).unwrap_or(Duration::ZERO);
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = moved => {}
            }
        }
    }

    fn hold(self: &Arc<Self>) -> Held {
        self.busy.fetch_add(1, Ordering::SeqCst);
        self.beat();
        Held(Arc::clone(self))
    }
}

struct Asleep<'a> {
    clock: &'a DemoClock,
    key: (Timestamp, u64),
}

impl Drop for Asleep<'_> {
    fn drop(&mut self) {
        self.clock.sleepers.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
        self.clock.beat();
    }
}

struct Held(Arc<DemoClock>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::SeqCst);
        self.0.beat();
    }
}

/// A transport that marks each exchange as work under way, so that no idle time is skipped while an answer travels. A
/// stand-in that takes its time over an answer therefore takes it at real speed.
pub struct MarkedTransport {
    pub inner: Arc<dyn lanyard_wire::Transport>,
    pub clock: SharedClock,
}

#[async_trait::async_trait]
impl lanyard_wire::Transport for MarkedTransport {
    async fn exchange(
        &self,
        request: lanyard_wire::Request,
        timeout: Duration,
    ) -> Result<lanyard_wire::Response, lanyard_wire::TransportError> {
        let _held = self.clock.0.hold();
        self.inner.exchange(request, timeout).await
    }
}

/// The clock as engine and stand-ins see it.
#[derive(Clone)]
pub struct SharedClock(pub Arc<DemoClock>);

#[async_trait::async_trait]
impl Clock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.present()
    }

    async fn sleep_until(&self, until: Timestamp) {
        self.0.wait_until(until).await;
    }

    fn busy(&self) -> BusyGuard {
        let held = self.0.hold();
        BusyGuard(Some(Box::new(move || drop(held))))
    }
}

impl SimClock for SharedClock {
    fn now(&self) -> Timestamp {
        self.0.present()
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(self.0.wait_until(until))
    }

    fn busy(&self) -> Box<dyn Send> {
        Box::new(self.0.hold())
    }
}
