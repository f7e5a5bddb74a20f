//! Load rules: a token bucket for the whole site, and a bound on requests at once.

use super::settings::IofficeSettings;

/// Put into a request's extensions by a host that knows how many *other* requests are being answered now.
/// Without it, a request counts as under way until its reply is due.
#[derive(Debug, Clone, Copy)]
pub struct InFlight(pub usize);

#[derive(Debug, Default)]
pub(crate) struct Load {
    tokens: Option<f64>,
    refilled_at: i64,
    /// When the replies under way are due, milliseconds.
    due: Vec<i64>,
}

impl Load {
    /// Takes one token and one place; false means 429.
    pub(crate) fn admit(&mut self, settings: &IofficeSettings, now: i64, told: Option<InFlight>) -> bool {
        if !settings.load_limits {
            return true;
        }
        // A clock that was set back must not drain the bucket.
        let elapsed = (now - self.refilled_at).max(0) as f64 / 1000.0;
        let before = self.tokens.unwrap_or(settings.rate_burst);
        let tokens = (before + elapsed * settings.rate_per_second).min(settings.rate_burst);
        self.refilled_at = now;
        self.due.retain(|&due| due > now);
        let others = told.map_or(self.due.len(), |InFlight(count)| count);
        if others >= settings.concurrent_max || tokens < 1.0 {
            self.tokens = Some(tokens);
            return false;
        }
        self.tokens = Some(tokens - 1.0);
        if settings.reply_millis > 0 {
            self.due.push(now + i64::try_from(settings.reply_millis).unwrap_or(i64::MAX / 2));
        }
        true
    }
}
