//! Events, pushed batches, the feed's cursor, and which way events were seen.
//!
//! Retention: `signals` and `deliveries` grow with the directory's traffic. Rows older than the feed's own
//! retention can never be repeated and may go; `deletions` must stay as long as the identity's mirror;
//! `membership_changes` go with the journal's lines of their time.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use lanyard_engine::ports::{FeedCursor, Ledger, MembershipChange, Memberships, Wrote};
use lanyard_model::{
    id::{GroupId, IdentityId, TenantId},
    signal::{Actor, Event, Lane, Source},
};

use super::{
    identities,
    work::{self, Call},
};
use crate::{
    record,
    tx::{self, Answer, Tx, statements, unsigned, with},
};

statements! {
    DELIVERED = "INSERT INTO deliveries (tenant, delivery, at, times) VALUES ($1, $2, $3, 1)
                 ON CONFLICT (tenant, delivery) DO UPDATE SET times = deliveries.times + 1 RETURNING times";
    INSERT = "INSERT INTO signals (tenant, uuid, kind, record, seen_at, seen_hook_at, seen_feed_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    SEEN = "SELECT seq, seen_hook_at, seen_feed_at FROM signals WHERE tenant = $1 AND uuid = $2";
    MARK_HOOK = "UPDATE signals SET seen_hook_at = $1 WHERE seq = $2";
    MARK_FEED = "UPDATE signals SET seen_feed_at = $1 WHERE seq = $2";
    DELETION = "INSERT INTO deletions (tenant, user_id, uuid, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    MEMBERSHIP = "INSERT INTO membership_changes (tenant, user_id, group_id, uuid, joined, at, seen_at, by_id, by_name, by_kind)
                  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    MEMBERSHIPS_OF = "SELECT group_id, joined, at, by_id, by_name, by_kind FROM membership_changes
                      WHERE tenant = $1 AND user_id = $2 ORDER BY seq DESC LIMIT 1000";
    MEMBERSHIPS_SINCE = "SELECT seen_at FROM membership_changes WHERE tenant = $1 ORDER BY seq LIMIT 1";
    MEMBERSHIPS_GONE = "DELETE FROM membership_changes WHERE seen_at < $1";
    DELETION_SEEN = "SELECT COUNT(*) FROM deletions WHERE tenant = $1 AND user_id = $2";
    KEEP_CURSOR = "INSERT INTO feed_cursors (tenant, record) VALUES ($1, $2)
                   ON CONFLICT (tenant) DO UPDATE SET record = excluded.record";
    CURSOR = "SELECT record FROM feed_cursors WHERE tenant = $1";
    TALLY = "INSERT INTO ledgers (tenant, both_ways, hook_only, feed_only, last_hook_at, last_feed_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (tenant) DO UPDATE SET
             both_ways = ledgers.both_ways + excluded.both_ways,
             hook_only = ledgers.hook_only + excluded.hook_only,
             feed_only = ledgers.feed_only + excluded.feed_only,
             last_hook_at = COALESCE(excluded.last_hook_at, ledgers.last_hook_at),
             last_feed_at = COALESCE(excluded.last_feed_at, ledgers.last_feed_at)";
    LEDGER = "SELECT both_ways, hook_only, feed_only, last_hook_at, last_feed_at FROM ledgers WHERE tenant = $1";
}

/// A batch of events from one source.
pub(crate) struct Batch<'b> {
    pub(crate) tenant: &'b TenantId,
    pub(crate) source: Source,
    pub(crate) delivery: Option<&'b str>,
    pub(crate) events: &'b [Event],
    pub(crate) cursor: Option<&'b FeedCursor>,
    pub(crate) at: Timestamp,
    pub(crate) coalesce: Duration,
}

/// Changes of the counters.
#[derive(Default)]
struct Tally {
    both: i64,
    hook_only: i64,
    feed_only: i64,
}

/// Records a batch. Only events not known before raise attention: for a known one it was raised when it came first.
pub(crate) fn record(tx: &dyn Tx, batch: &Batch<'_>) -> Answer<Wrote> {
    let tenant = batch.tenant.as_str();
    if let Some(cursor) = batch.cursor {
        tx.run(KEEP_CURSOR, with![tenant, &record::write(cursor)?])?;
    }
    let repeated_delivery = match batch.delivery {
        None => false,
        Some(delivery) => tx::count(tx, DELIVERED, with![tenant, delivery, batch.at])? > 1,
    };
    if repeated_delivery {
        count(tx, batch, &Tally::default())?;
        return Ok(Wrote::Signals { new: 0, repeated: batch.events.len(), people: Vec::new() });
    }
    let (mut new, mut tally) = (0, Tally::default());
    let mut calls: BTreeMap<IdentityId, Call> = BTreeMap::new();
    for event in batch.events {
        if record_event(tx, batch, event, &mut tally)? {
            new += 1;
            call_people(tx, batch, event, &mut calls)?;
        }
    }
    count(tx, batch, &tally)?;
    for (id, call) in &calls {
        work::raise(tx, id, call.clone())?;
    }
    Ok(Wrote::Signals { new, repeated: batch.events.len() - new, people: calls.into_keys().collect() })
}

/// Whether it is new.
fn record_event(tx: &dyn Tx, batch: &Batch<'_>, event: &Event, tally: &mut Tally) -> Answer<bool> {
    let tenant = batch.tenant.as_str();
    let hook = (batch.source == Source::Hook).then_some(batch.at);
    let feed = (batch.source == Source::Feed).then_some(batch.at);
    // A push nearly always tells of something new, the feed of what a push told before: the likelier question first.
    let known = if hook.is_some() { None } else { seen(tx, tenant, event)? };
    let is_new = known.is_none() && {
        let kept = record::write(event)?;
        tx.run(INSERT, with![tenant, &*event.uuid, &*event.kind, &kept, batch.at, hook, feed])? == 1
    };
    if is_new {
        tally.hook_only += i64::from(hook.is_some());
        tally.feed_only += i64::from(feed.is_some());
        if let Some(change) = &event.membership {
            let (when, group, by) = (event.published.unwrap_or(batch.at), change.group.as_str(), &change.by);
            for user in &event.users {
                tx.run(
                    MEMBERSHIP,
                    with![
                        tenant,
                        &**user,
                        group,
                        &*event.uuid,
                        i64::from(change.joined),
                        when,
                        batch.at,
                        &*by.id,
                        &*by.name,
                        &*by.kind
                    ],
                )?;
            }
        }
        if event.deletion {
            for user in &event.users {
                tx.run(DELETION, with![tenant, &**user, &*event.uuid, batch.at])?;
            }
        }
        return Ok(true);
    }
    let known = match known {
        Some(known) => Some(known),
        None => seen(tx, tenant, event)?,
    };
    let Some(Seen { seq, by_hook, by_feed }) = known else { return Ok(false) };
    if hook.is_some() && !by_hook {
        tx.run(MARK_HOOK, with![hook, seq])?;
        if by_feed {
            tally.both += 1;
            tally.feed_only -= 1;
        } else {
            tally.hook_only += 1;
        }
    }
    if feed.is_some() && !by_feed {
        tx.run(MARK_FEED, with![feed, seq])?;
        if by_hook {
            tally.both += 1;
            tally.hook_only -= 1;
        } else {
            tally.feed_only += 1;
        }
    }
    Ok(false)
}

/// An event that is on record, and which ways it came.
struct Seen {
    seq: i64,
    by_hook: bool,
    by_feed: bool,
}

fn seen(tx: &dyn Tx, tenant: &str, event: &Event) -> Answer<Option<Seen>> {
    tx::first(tx, SEEN, with![tenant, &*event.uuid], |row| {
        let (by_hook, by_feed) = (row.int_or_null(1)?.is_some(), row.int_or_null(2)?.is_some());
        Ok(Seen { seq: row.int(0)?, by_hook, by_feed })
    })
}

fn count(tx: &dyn Tx, batch: &Batch<'_>, tally: &Tally) -> Answer<()> {
    let hook = (batch.source == Source::Hook).then_some(batch.at);
    let feed = (batch.source == Source::Feed).then_some(batch.at);
    if hook.is_some() || feed.is_some() {
        let tenant = batch.tenant.as_str();
        tx.run(TALLY, with![tenant, tally.both, tally.hook_only, tally.feed_only, hook, feed])?;
    }
    Ok(())
}

/// Gathers whom an event concerns: its users, and every mirrored member of its groups.
fn call_people(
    tx: &dyn Tx,
    batch: &Batch<'_>,
    event: &Event,
    calls: &mut BTreeMap<IdentityId, Call>,
) -> Answer<()> {
    let due = match event.lane {
        Lane::Leaver => batch.at,
        Lane::Normal | Lane::Bulk => {
            let coalesce =
                jiff::SignedDuration::try_from(batch.coalesce).unwrap_or(jiff::SignedDuration::MAX);
            batch.at.saturating_add(coalesce).unwrap_or(Timestamp::MAX)
        }
    };
    let call = Call {
        due,
        lane: event.lane,
        raised_at: batch.at,
        source: batch.source,
        why: event.kind.to_string(),
    };
    let mut people: Vec<IdentityId> =
        event.users.iter().map(|user| IdentityId::new(batch.tenant.clone(), user.clone())).collect();
    for group in &event.groups {
        people.extend(identities::members(tx, batch.tenant, group)?);
    }
    for id in people {
        calls.entry(id).and_modify(|known| known.join(call.clone())).or_insert_with(|| call.clone());
    }
    Ok(())
}

pub(crate) fn cursor(tx: &dyn Tx, tenant: &TenantId) -> Answer<Option<FeedCursor>> {
    tx::first(tx, CURSOR, with![tenant.as_str()], |row| record::read("feed cursor", row.text(0)?))
}

pub(crate) fn ledger(tx: &dyn Tx, tenant: &TenantId) -> Answer<Ledger> {
    let found = tx::first(tx, LEDGER, with![tenant.as_str()], |row| {
        Ok(Ledger {
            both: unsigned(row.int(0)?),
            hook_only: unsigned(row.int(1)?),
            feed_only: unsigned(row.int(2)?),
            last_hook_at: tx::time_or_null(row.int_or_null(3)?)?,
            last_feed_at: tx::time_or_null(row.int_or_null(4)?)?,
        })
    })?;
    Ok(found.unwrap_or_default())
}

/// What is on record of who changed somebody's memberships.
pub(crate) fn memberships(tx: &dyn Tx, id: &IdentityId) -> Answer<Memberships> {
    let tenant = id.tenant.as_str();
    let changes = tx::all(tx, MEMBERSHIPS_OF, with![tenant, &*id.user], |row| {
        Ok(MembershipChange {
            group: GroupId::new(row.text(0)?),
            joined: row.int(1)? != 0,
            at: tx::time(row.int(2)?)?,
            by: Actor { id: row.text(3)?.into(), name: row.text(4)?.into(), kind: row.text(5)?.into() },
        })
    })?;
    let since = tx::first(tx, MEMBERSHIPS_SINCE, with![tenant], |row| tx::time(row.int(0)?))?;
    Ok(Memberships { changes, since })
}

/// Lets go of changes that were seen before then; how many.
pub(crate) fn memberships_gone(tx: &dyn Tx, before: Timestamp) -> Answer<u64> {
    tx.run(MEMBERSHIPS_GONE, with![before])
}

pub(crate) fn deletion_seen(tx: &dyn Tx, id: &IdentityId) -> Answer<bool> {
    Ok(tx::count(tx, DELETION_SEEN, with![id.tenant.as_str(), &*id.user])? > 0)
}
