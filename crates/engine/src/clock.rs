//! The one clock port. Engine loops, adapters' budgets, timers and expiry all ask it; nothing else reads the time.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

/// Time as the engine sees it: real, or shared with the stand-ins in a demo, or stepped by a simulation.
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;

    /// Returns when `now()` is at or past `until`; at once if it already is.
    async fn sleep_until(&self, until: Timestamp);

    /// Returns after `wait` has passed on this clock.
    async fn sleep(&self, wait: Duration) {
        let until = self.now().checked_add(wait).unwrap_or(Timestamp::MAX);
        self.sleep_until(until).await;
    }

    /// A moment by a clock that nobody sets: it tells how much time has passed, and is compared with nothing but itself. Waits
    /// that somebody asked us for are counted by it.
    fn steady(&self) -> Timestamp {
        self.now()
    }

    /// Returns when `steady()` is at or past `until`.
    async fn sleep_steady(&self, until: Timestamp) {
        // A sleeper may be woken early by a clock that is set.
        while let Some(wait) =
            Duration::try_from(until.duration_since(self.steady())).ok().filter(|wait| !wait.is_zero())
        {
            self.sleep(wait).await;
        }
    }

    /// A steady moment as `now()` will show it then, if it is not set meanwhile.
    fn shown(&self, steady: Timestamp) -> Timestamp {
        let now = self.now();
        now.checked_add(steady.duration_since(self.steady())).unwrap_or(now)
    }

    /// Marks work under way until the guard drops, so that a clock which skips idle time does not skip over it.
    /// Real clocks ignore it.
    fn busy(&self) -> BusyGuard {
        BusyGuard(None)
    }
}

/// See [`Clock::busy`].
pub struct BusyGuard(pub Option<Box<dyn FnOnce() + Send>>);

impl Drop for BusyGuard {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done();
        }
    }
}
