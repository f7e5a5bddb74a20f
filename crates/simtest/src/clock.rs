//! One virtual time for engine, adapters, stand-ins and network: tokio's paused clock, which moves when nothing can run.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::clock::Clock;
use tokio::time::Instant;

use crate::{life::Life, weather::Weather};

/// Farther than any history goes; longer sleeps end here.
const FAR: std::time::Duration = std::time::Duration::from_secs(400 * 86_400);

/// Virtual time.
#[derive(Debug, Clone, Copy)]
pub struct VirtualTime {
    base: Timestamp,
    origin: Instant,
}

impl VirtualTime {
    /// Time that shows `base` now. Only inside a runtime whose clock is paused.
    pub fn starting_at(base: Timestamp) -> Self {
        Self { base, origin: Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        let passed = SignedDuration::try_from(self.origin.elapsed()).unwrap_or(SignedDuration::ZERO);
        self.base.checked_add(passed).unwrap_or(self.base)
    }

    pub async fn sleep_until(&self, until: Timestamp) {
        let wait = std::time::Duration::try_from(until.duration_since(self.now())).unwrap_or_default();
        if !wait.is_zero() {
            tokio::time::sleep(wait.min(FAR)).await;
        }
    }
}

/// The clock as one life of the process sees it: off by what the weather says, and whoever sleeps when the process
/// dies never wakes. A sleeper sleeps for a length of time: a clock that jumps meanwhile does not wake it.
pub struct LifeClock {
    pub time: VirtualTime,
    pub weather: Arc<Weather>,
    pub life: Arc<Life>,
}

#[async_trait]
impl Clock for LifeClock {
    fn now(&self) -> Timestamp {
        let now = self.time.now();
        now.checked_add(self.weather.skew()).unwrap_or(now)
    }

    fn steady(&self) -> Timestamp {
        self.time.now()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let until = until.checked_sub(self.weather.skew()).unwrap_or(until);
        self.time.sleep_until(until).await;
        self.life.point().await;
    }
}
