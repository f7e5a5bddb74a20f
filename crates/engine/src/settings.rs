//! What the loops may be told. Every bound is here.

use std::time::Duration;

use crate::alerts::AlertSettings;

/// Numbers of the loops. Defaults suit a live tenant.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Names this process in leases.
    pub owner: String,
    /// Looks under way at once; a quarter of them is kept for leavers.
    pub looks_max: usize,
    /// A burst of signals about one person becomes one look this long after the first.
    pub coalesce: Duration,
    /// A claim not finished by then may be taken over.
    pub lease: Duration,
    /// Pause between two polls of an idle change feed.
    pub feed_interval: Duration,
    /// How far back the feed begins when its cursor is lost.
    pub feed_overlap: Duration,
    /// Between two checks that the event hook still lives.
    pub hook_check: Duration,
    /// Between two looks at leavers' clocks.
    pub leaver_check: Duration,
    /// A leaver must be verified gone this long after the directory said so; the alarm comes before.
    pub leaver_bound: Duration,
    /// First pause after a failed look; doubles up to `retry_max`.
    pub retry_first: Duration,
    pub retry_max: Duration,
    /// Failures of one look that are ours or the record's (not an outage) before it waits for a person.
    pub attempts_max: u32,
    /// Observe and plan, never write upstream.
    pub observe_only: bool,
    /// Sites that are written to only after somebody signed them off.
    pub sign_off: std::collections::BTreeSet<lanyard_model::id::SiteId>,
    /// Who is told what needs a person.
    pub alerts: AlertSettings,
    /// By which ways messages can leave; `None`: nobody says, and a policy's are not checked.
    pub ways: Option<lanyard_policy::Ways>,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            owner: "lanyard".into(),
            looks_max: 64,
            coalesce: Duration::from_millis(250),
            lease: Duration::from_secs(600),
            feed_interval: Duration::from_secs(10),
            feed_overlap: Duration::from_secs(3600),
            hook_check: Duration::from_secs(3600),
            leaver_check: Duration::from_secs(15),
            leaver_bound: Duration::from_secs(120),
            retry_first: Duration::from_secs(2),
            retry_max: Duration::from_secs(300),
            attempts_max: 6,
            observe_only: false,
            sign_off: Default::default(),
            alerts: AlertSettings::default(),
            ways: None,
        }
    }
}

impl EngineSettings {
    /// The pause before attempt `attempts + 1`: doubling, bounded, spread by the identity so that many failures of
    /// one moment do not come back in one moment.
    pub fn backoff(&self, attempts: u32, spread: &str) -> Duration {
        let doubled = self.retry_first.saturating_mul(1 << attempts.min(12)).min(self.retry_max);
        let salt = spread.bytes().fold(0u32, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b))) % 1000;
        doubled + doubled.mul_f64(f64::from(salt) / 4000.0)
    }
}
