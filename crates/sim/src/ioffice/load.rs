//! Load rules: a token bucket for the whole site, and a bound on requests at once.

use super::settings::IofficeSettings;

#[derive(Debug, Default)]
pub(crate) struct Load {
    tokens: Option<f64>,
    refilled_at: i64,
    /// When the replies under way are due, milliseconds.
    due: Vec<i64>,
    /// What the host said about other requests under way; without it, a request counts until its reply is due.
    told: Option<u32>,
}

impl Load {
    /// Hears from the host how many other requests wait for their answer.
    pub(crate) fn tell(&mut self, others: u32) {
        self.told = Some(others);
    }

    /// Takes one token and one place; false means 429.
    pub(crate) fn admit(&mut self, settings: &IofficeSettings, now: i64) -> bool {
        if !settings.load_limits {
            return true;
        }
        // A clock that was set back must not drain the bucket.
        let elapsed = (now - self.refilled_at).max(0) as f64 / 1000.0;
        let before = self.tokens.unwrap_or(settings.rate_burst);
        let tokens = (before + elapsed * settings.rate_per_second).min(settings.rate_burst);
        self.refilled_at = now;
        self.due.retain(|&due| due > now);
        let others = self.told.map_or(self.due.len(), |others| others as usize);
        if others >= settings.concurrent_max || tokens < 1.0 {
            self.tokens = Some(tokens);
            return false;
        }
        self.tokens = Some(tokens - 1.0);
        if settings.reply_millis > 0 && self.told.is_none() {
            self.due.push(now + i64::try_from(settings.reply_millis).unwrap_or(i64::MAX / 2));
        }
        true
    }

    /// Whole seconds, one at least, until the bucket holds a request again.
    pub(crate) fn wait_seconds(&self, settings: &IofficeSettings) -> u64 {
        let missing = 1.0 - self.tokens.unwrap_or(1.0);
        // No refill, no wait that anybody could name: the cast saturates.
        (missing / settings.rate_per_second).ceil().max(1.0) as u64
    }
}
