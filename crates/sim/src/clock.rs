//! Where a stand-in's time comes from: the host decides whether it is real, scaled, stepped or shared with an engine.

use std::{future::Future, pin::Pin, time::Duration};

use jiff::Timestamp;

/// The stand-ins' only source of time. Shared by both faces, hook delivery and rate limits.
pub trait SimClock: Send + Sync {
    /// The present moment, UTC.
    fn now(&self) -> Timestamp;

    /// Resolves when `now()` is at or past `until`; at once if it already is.
    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

    /// Tells a clock that can skip idle time that work is under way until the guard drops. Real clocks ignore it.
    fn busy(&self) -> Box<dyn Send> {
        Box::new(())
    }
}

/// Wall-clock time.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealClock;

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
impl SimClock for RealClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let wait = until.duration_since(Timestamp::now());
            tokio::time::sleep(Duration::try_from(wait).unwrap_or(Duration::ZERO)).await;
        })
    }
}
