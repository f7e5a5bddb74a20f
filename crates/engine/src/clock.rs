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
