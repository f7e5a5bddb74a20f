//! Whether each tenant's log is still read, and still tells of what happens. Watched from beside the loop that reads it: one that
//! hangs, or ended by a mistake, says nothing of itself; and a log that answers every question with nothing looks like a quiet night.

use std::{
    collections::BTreeMap,
    sync::{MutexGuard, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::id::TenantId;

use crate::{
    Engine,
    ports::{Finding, Ledger, Severity, StoreFailure},
};

/// A log that nobody could read for so long, beside the time between two polls, is told of, whatever its loop says.
const UNREAD_FOR: SignedDuration = SignedDuration::from_mins(5);
/// And found so by so many rounds in a row: a machine that stood still reads again at once.
const UNREAD_ROUNDS: u32 = 2;
/// What a hook brings stands in the log by then: usually within seconds, at worst within an hour (contract O-12).
const LAG_MAX: SignedDuration = SignedDuration::from_hours(1);
/// A page whose newest event is not older has come to the log's present end, though others may be on their way.
pub(crate) const CAUGHT_UP: SignedDuration = SignedDuration::from_secs(60);

/// The last good reads of a log by this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Polled {
    /// Any page.
    pub(crate) answered_at: Timestamp,
    /// One that came to its present end.
    pub(crate) ended_at: Option<Timestamp>,
}

/// What this process has heard of a tenant by either way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    /// Since when its log is followed.
    followed_at: Timestamp,
    /// When the log last brought anything, and how many events had come by the hook alone by then.
    told_at: Option<Timestamp>,
    hook_only: u64,
    /// Since when the hook has brought more.
    hook_since: Option<Timestamp>,
    /// Rounds in a row in which nobody had read it for too long.
    unread_rounds: u32,
}

/// How a tenant's log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedStanding {
    /// When it was last read to its end, by this process or as an earlier one noted; `None`: never.
    pub read_at: Option<Timestamp>,
    /// Since when this process asks for it; `None`: it does not.
    pub followed_at: Option<Timestamp>,
    /// When it last brought anything.
    pub told_at: Option<Timestamp>,
    /// Since when the hook has brought what the log does not, though that is read.
    pub silent_since: Option<Timestamp>,
}

impl FeedStanding {
    /// How long it has not been read to its end: by nobody, if it never was, since this process asks for it.
    pub fn age(&self, now: Timestamp) -> Option<SignedDuration> {
        let since = self.read_at.or(self.followed_at)?;
        Some(now.duration_since(since).max(SignedDuration::ZERO))
    }
}

impl Heard {
    /// Takes in what came by either way until now.
    fn take(&mut self, ledger: &Ledger, now: Timestamp) {
        if self.told_at != ledger.last_feed_at {
            (self.told_at, self.hook_only) = (ledger.last_feed_at, ledger.hook_only);
            self.hook_since = None;
        } else if ledger.hook_only > self.hook_only {
            self.hook_since.get_or_insert(now);
        }
    }

    /// The log was read to its end long after the hook had brought something, and did not bring it.
    fn silent_since(&self, read_at: Option<Timestamp>) -> Option<Timestamp> {
        self.hook_since.filter(|since| read_at.is_some_and(|at| at.duration_since(*since) >= LAG_MAX))
    }
}

fn silent_key(tenant: &TenantId) -> String {
    format!("feed-silent:{tenant}")
}

impl Engine {
    /// How a tenant's log stands.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn feed_standing(&self, tenant: &TenantId) -> Result<FeedStanding, StoreFailure> {
        let read_at = match self.polled_at(tenant) {
            Some(at) => Some(at),
            // While it catches up, every page is a read, and none is one to its end.
            None => self.intake(tenant).await?.map(|chain| chain.ended_at()),
        };
        let heard = self.heard().get(tenant).copied();
        Ok(FeedStanding {
            read_at,
            followed_at: heard.map(|heard| heard.followed_at),
            told_at: self.store.ledger(tenant).await?.last_feed_at,
            silent_since: heard.and_then(|heard| heard.silent_since(read_at)),
        })
    }

    /// Notes that somebody follows this log from now on.
    pub(crate) async fn begin_to_hear(&self, tenant: &TenantId) {
        let now = self.clock.now();
        let ledger = self.store.ledger(tenant).await.unwrap_or_default();
        self.heard().entry(tenant.clone()).or_insert(Heard {
            followed_at: now,
            told_at: ledger.last_feed_at,
            hook_only: ledger.hook_only,
            hook_since: None,
            unread_rounds: 0,
        });
    }

    fn heard(&self) -> MutexGuard<'_, BTreeMap<TenantId, Heard>> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells of each log that nobody reads, or that brings nothing of what the hook brings; and ends what was told when it is
    /// over.
    pub async fn watch_feeds(&self) {
        let followed: Vec<TenantId> = self.heard().keys().cloned().collect();
        for tenant in followed {
            self.watch_unread(&tenant).await;
            if let Err(failure) = self.watch_silent(&tenant).await {
                tracing::warn!(%tenant, %failure, "what the log brings could not be looked at");
            }
        }
    }

    async fn watch_unread(&self, tenant: &TenantId) {
        let now = self.clock.now();
        let Some(heard) = self.heard().get(tenant).copied() else { return };
        let last = self.answered_at(tenant).unwrap_or(heard.followed_at);
        let interval = SignedDuration::try_from(self.settings.feed_interval).unwrap_or(SignedDuration::MAX);
        let unread = now.duration_since(last) > UNREAD_FOR.saturating_add(interval);
        let rounds = if unread { heard.unread_rounds.saturating_add(1) } else { 0 };
        let key = format!("feed:{tenant}");
        if rounds == UNREAD_ROUNDS {
            match self.store.finding(&key).await {
                Ok(None) => self.raise(unread_finding(tenant, key, last, now)).await,
                // Its own loop says why.
                Ok(Some(_)) => {}
                Err(_) => return,
            }
        } else if rounds == 0 && heard.unread_rounds >= UNREAD_ROUNDS {
            self.clear(&key).await;
        }
        if let Some(heard) = self.heard().get_mut(tenant) {
            heard.unread_rounds = rounds;
        }
    }

    async fn watch_silent(&self, tenant: &TenantId) -> Result<(), StoreFailure> {
        let now = self.clock.now();
        let ledger = self.store.ledger(tenant).await?;
        let read_at = self.polled_at(tenant);
        let silent = self.heard().get_mut(tenant).and_then(|heard| {
            heard.take(&ledger, now);
            heard.silent_since(read_at)
        });
        let key = silent_key(tenant);
        match (self.store.finding(&key).await?, silent) {
            (None, Some(since)) => {
                let told_at = ledger.last_feed_at.map_or("it was first read".to_owned(), |at| at.to_string());
                self.raise(Finding {
                    key,
                    kind: "feed".into(),
                    severity: Severity::Warning,
                    tenant: Some(tenant.clone()),
                    site: None,
                    identity: None,
                    title: format!("{tenant}: Okta's log brings nothing of what the hook brings"),
                    detail: format!(
                        "it is read, and has brought nothing since {told_at}; the hook has brought events since {since}. \
                         What the hook misses shows in the next sweep only."
                    ),
                    fix: Some(
                        "run doctor; compare with the System Log in Okta: the credential may see a part of it only".into(),
                    ),
                    count: None,
                    since: now,
                })
                .await;
            }
            // An earlier process may have told of it: over when the log brings something again.
            (Some(told), None) if ledger.last_feed_at.is_some_and(|at| at > told.since) => {
                self.clear(&key).await
            }
            _ => {}
        }
        Ok(())
    }
}

fn unread_finding(tenant: &TenantId, key: String, last: Timestamp, now: Timestamp) -> Finding {
    Finding {
        key,
        kind: "feed".into(),
        severity: Severity::Error,
        tenant: Some(tenant.clone()),
        site: None,
        identity: None,
        title: format!("{tenant}: nobody reads Okta's log"),
        detail: format!(
            "no answer came since {last}, and no error. Hooks still work; what they miss waits for the log or the next sweep."
        ),
        fix: Some("run doctor; if Okta answers it, start the server again".into()),
        count: None,
        since: now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a moment")
    }

    #[test]
    fn a_log_is_silent_that_was_read_an_hour_after_the_hook_and_brought_nothing() {
        let ledger = |feed: i64, hook_only: u64| Ledger {
            hook_only,
            last_feed_at: Some(at(feed)),
            ..Ledger::default()
        };
        let mut heard = Heard {
            followed_at: at(0),
            told_at: Some(at(0)),
            // Events that the log left out long ago say nothing of today.
            hook_only: 3,
            hook_since: None,
            unread_rounds: 0,
        };
        let mut after = |ledger: Ledger, now: i64| {
            heard.take(&ledger, at(now));
            heard.silent_since(Some(at(now)))
        };
        assert_eq!(after(ledger(0, 3), 600), None, "a quiet night");
        assert_eq!(after(ledger(0, 4), 610), None, "it may be on its way");
        assert_eq!(after(ledger(0, 5), 669), None);
        assert_eq!(after(ledger(0, 5), 670), Some(at(610)));
        assert_eq!(after(ledger(671, 0), 671), None, "it came after all");
        assert_eq!(after(ledger(671, 0), 800), None);
        assert_eq!(heard.silent_since(None), None, "a log that is not read is another matter");
    }
}
