//! Taking in hints. A hint is acknowledged only once it is durable; what it asks for is attention, never work.

use jiff::Timestamp;
use lanyard_model::{
    id::{GroupId, IdentityId, TenantId},
    signal::{Event, Lane, Source},
};

use crate::{
    Engine,
    feeds::CAUGHT_UP,
    intake::Read,
    journal::line,
    ports::{DeliveryProblem, FeedCursor, FeedError, Finding, Severity, StoreFailure, Write, Wrote},
};

/// What became of a pushed batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// Durable. `new` events were not known before.
    Stored { new: usize, repeated: usize },
    /// A sample or preview: counted, not acted on.
    Preview,
    /// From a source that is not this tenant's: counted, alarmed, not acted on.
    Quarantined { why: String },
}

/// Why a pushed batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    #[error("no tenant named {0}")]
    NoTenant(TenantId),
    #[error(transparent)]
    Unreadable(#[from] DeliveryProblem),
    /// Passing: the sender should try again.
    #[error(transparent)]
    Store(#[from] StoreFailure),
}

/// A delivery that is understood, and not acted on.
enum Strange<'a> {
    /// From another org, or from a hook that is not ours: why.
    Foreign(&'a str),
    /// Made up by an administrator's console.
    Preview,
}

impl Engine {
    /// Takes in one event hook delivery. `Ok` means durable.
    ///
    /// # Errors
    /// See [`ReceiveError`]; nothing was stored.
    pub async fn receive(&self, tenant: &TenantId, body: &[u8]) -> Result<Received, ReceiveError> {
        let directory =
            self.directories().get(tenant).ok_or_else(|| ReceiveError::NoTenant(tenant.clone()))?;
        let delivery = directory.parse_delivery(body)?;
        let now = self.clock.now();
        if delivery.preview {
            self.quarantine(tenant, Strange::Preview, now).await?;
            return Ok(Received::Preview);
        }
        if let Err(why) = delivery.hook {
            self.quarantine(tenant, Strange::Foreign(&why), now).await?;
            return Ok(Received::Quarantined { why });
        }
        let uuids: Vec<_> = delivery.events.iter().map(|event| event.uuid.to_string()).collect();
        let title = format!("{} event{} by hook", uuids.len(), if uuids.len() == 1 { "" } else { "s" });
        let deleted = deleted_groups(&delivery.events, now);
        let gone = self.note_deleted_groups(tenant, &deleted).await?;
        let missing = self.add_missing_groups(deleted.into_iter().map(|(group, _)| group));
        let kinds: Vec<_> = delivery.events.iter().map(|event| event.kind.to_string()).collect();
        let wrote = self
            .write(
                [Write::Signals {
                    tenant: tenant.clone(),
                    source: Source::Hook,
                    delivery: Some(delivery.delivery_id),
                    events: delivery.events,
                    cursor: None,
                    at: now,
                    coalesce: self.settings.coalesce,
                }]
                .into_iter()
                .chain([line(tenant, now, "signal", title)
                    .detail(kinds.join(", "))
                    .data(serde_json::json!({ "uuids": uuids }))
                    .write()])
                .chain(missing)
                .chain(gone)
                .collect(),
            )
            .await?;
        self.wake.notify_one();
        match wrote.into_iter().next() {
            Some(Wrote::Signals { new, repeated, .. }) => Ok(Received::Stored { new, repeated }),
            _ => Ok(Received::Stored { new: 0, repeated: 0 }),
        }
    }

    /// Counts it, tells somebody, and acts on nothing of it.
    async fn quarantine(
        &self,
        tenant: &TenantId,
        strange: Strange<'_>,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        let (counter, key, title, detail, fix) = match strange {
            Strange::Foreign(why) => (
                "quarantined",
                "hook-foreign",
                format!("{tenant}: an event hook delivery came from a source that is not this tenant's"),
                why,
                "if the hook is yours, run doctor so that it is registered anew; otherwise change the hook secret",
            ),
            Strange::Preview => (
                "preview",
                "hook-preview",
                format!("{tenant}: somebody sent a preview of an event hook"),
                "a preview is made up by Okta's console; nothing was done with what it says",
                "nothing needs to be done if an administrator tried the hook out; otherwise ask who did, or change the hook secret",
            ),
        };
        self.write(vec![
            Write::Count { name: format!("hooks.{counter}:{tenant}"), by: 1 },
            Write::Finding(Box::new(Finding {
                key: format!("{key}:{tenant}"),
                kind: "hook".into(),
                severity: Severity::Warning,
                tenant: Some(tenant.clone()),
                site: None,
                identity: None,
                title,
                detail: detail.to_owned(),
                fix: Some(fix.into()),
                count: None,
                since: now,
            })),
            line(tenant, now, "signal", "a hook delivery was quarantined")
                .severity(Severity::Warning)
                .detail(detail)
                .write(),
        ])
        .await
        .map(|_| ())
    }

    /// Counts a delivery that was refused before it could be read (wrong secret, unparsable, too large).
    pub async fn count_refused_delivery(&self, tenant: &TenantId, why: &str) {
        let counted =
            self.write(vec![Write::Count { name: format!("hooks.refused.{why}:{tenant}"), by: 1 }]).await;
        if let Err(failure) = counted {
            tracing::warn!(%tenant, why, %failure, "a refused delivery could not be counted");
        }
    }

    /// Reads the change feed once. Answers how many rows the page had; 0 means the feed is idle.
    ///
    /// # Errors
    /// The port's failure, or the store's; the cursor has not moved.
    pub async fn poll_feed(&self, tenant: &TenantId) -> Result<usize, FeedStop> {
        let Some(directory) = self.directories().get(tenant) else { return Ok(0) };
        let now = self.clock.now();
        let stored = self.store.feed_cursor(tenant).await.map_err(FeedStop::Store)?;
        let mut kept = stored.is_some();
        let cursor = match stored {
            Some(cursor) => cursor,
            None => FeedCursor::Since(back(now, self.settings.feed_overlap)),
        };
        let before = self.intake(tenant).await.map_err(FeedStop::Store)?;
        let (mut from, mut restart) = (cursor, None);
        let page = match directory.poll_feed(&from).await {
            Ok(page) => page,
            Err(FeedError::CursorDead { reason }) => {
                tracing::warn!(%tenant, reason, "the feed begins again with an overlap");
                // However long nobody has read it to its end: what happened since then is told nowhere else.
                let last = before.as_ref().map_or(now, |before| before.ended_at().min(now));
                from = FeedCursor::Since(back(last, self.settings.feed_overlap));
                (kept, restart) = (false, Some(reason));
                directory.poll_feed(&from).await.map_err(FeedStop::Feed)?
            }
            Err(error) => return Err(FeedStop::Feed(error)),
        };
        let (rows, interval) = (page.rows, self.settings.feed_interval);
        let newest = page.events.iter().filter_map(|event| event.published).max();
        let to_its_end = rows == 0 || newest.is_some_and(|at| now.duration_since(at) <= CAUGHT_UP);
        let read =
            Read { tenant, now, before: &before, from: &from, kept, to: &page.next, to_its_end, restart };
        // Where it began again is kept, whatever it found: the dead place would be refused once more.
        if page.events.is_empty() && page.next == from && read.restart.is_none() {
            let noted = read.idle(interval);
            if !noted.is_empty() {
                self.write(noted).await.map_err(FeedStop::Store)?;
            }
            self.note_polled(tenant, now, to_its_end);
            return Ok(rows);
        }
        let uuids: Vec<_> = page.events.iter().map(|event| event.uuid.to_string()).collect();
        let (chain, data) = read.page(&uuids, interval);
        let deleted = deleted_groups(&page.events, now);
        let gone = self.note_deleted_groups(tenant, &deleted).await.map_err(FeedStop::Store)?;
        let missing = self.add_missing_groups(deleted.into_iter().map(|(group, _)| group));
        let mut batch = vec![Write::Signals {
            tenant: tenant.clone(),
            source: Source::Feed,
            delivery: None,
            events: page.events,
            cursor: Some(page.next),
            at: now,
            coalesce: self.settings.coalesce,
        }];
        // Why the page does not go on where the last one ended stands before the page.
        batch.extend(chain);
        if !uuids.is_empty() {
            let title =
                format!("{} event{} in the feed", uuids.len(), if uuids.len() == 1 { "" } else { "s" });
            batch.push(line(tenant, now, "signal", title).data(data).write());
        }
        batch.extend(missing.into_iter().chain(gone));
        self.write(batch).await.map_err(FeedStop::Store)?;
        self.note_polled(tenant, now, to_its_end);
        self.wake.notify_one();
        Ok(rows)
    }

    /// Asks for a look at these people now.
    ///
    /// # Errors
    /// The store's failure: nothing was raised.
    pub async fn attend(
        &self,
        who: Vec<IdentityId>,
        source: Source,
        lane: Lane,
        why: &str,
    ) -> Result<(), StoreFailure> {
        if who.is_empty() {
            return Ok(());
        }
        let due = self.clock.now();
        self.write(vec![Write::Attend { who, source, lane, due, why: why.to_owned() }]).await?;
        self.wake.notify_one();
        Ok(())
    }
}

/// Why a poll stopped.
#[derive(Debug, thiserror::Error)]
pub enum FeedStop {
    #[error(transparent)]
    Feed(FeedError),
    #[error(transparent)]
    Store(StoreFailure),
}

/// Groups that were deleted, and when by Okta's clock.
fn deleted_groups(events: &[Event], now: Timestamp) -> Vec<(GroupId, Timestamp)> {
    let deletions = events.iter().filter(|event| event.deletion && event.users.is_empty());
    let of = |event: &Event| {
        let at = event.published.unwrap_or(now);
        event.groups.iter().map(|group| (group.clone(), at)).collect::<Vec<_>>()
    };
    deletions.flat_map(of).collect()
}

fn back(now: Timestamp, by: std::time::Duration) -> Timestamp {
    now.checked_sub(by).unwrap_or(Timestamp::UNIX_EPOCH)
}
