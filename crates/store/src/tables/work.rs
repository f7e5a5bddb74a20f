//! The work queue: one row per identity. The rules stand in [`Item`], as plain state changes; the statements only
//! load and keep rows.
//!
//! On an engine with several writers, [`FIND`] and the two statements that list rows to claim need a row lock
//! (`FOR UPDATE`, `SKIP LOCKED`); SQLite has one writer and needs none.

#[cfg(test)]
mod model;

use jiff::Timestamp;
use lanyard_engine::ports::{Finish, Planned, StoreFailure, WorkCounts, WorkItem};
use lanyard_model::{
    id::{IdentityId, TenantId},
    signal::{Lane, Source, tells_of_leaving},
};

use crate::tx::{self, Answer, Param, Row, Tx, micros, rows_max, statements, with};

macro_rules! columns {
    () => {
        "tenant, user_id, state, lane, due, generation, done_generation, attempts, raised_at, source, why, fence, \
         owner, lease_until, next_due, next_lane, next_raised_at, next_source, next_why, error, fix"
    };
}

statements! {
    FIND = concat!("SELECT ", columns!(), " FROM work WHERE tenant = $1 AND user_id = $2");
    EXPIRED = concat!("SELECT ", columns!(), " FROM work WHERE state = 1 AND lease_until <= $1
                       ORDER BY lease_until, tenant, user_id");
    DUE = concat!("SELECT ", columns!(), " FROM work WHERE state = 0 AND due IS NOT NULL AND lane = $1
                   AND due <= $2 ORDER BY due, tenant, user_id LIMIT $3");
    KEEP = concat!("INSERT INTO work (", columns!(), ")
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
            ON CONFLICT (tenant, user_id) DO UPDATE SET state = excluded.state, lane = excluded.lane, due = excluded.due, generation = excluded.generation,
            done_generation = excluded.done_generation, attempts = excluded.attempts,
            raised_at = excluded.raised_at, source = excluded.source, why = excluded.why, fence = excluded.fence,
            owner = excluded.owner, lease_until = excluded.lease_until, next_due = excluded.next_due,
            next_lane = excluded.next_lane, next_raised_at = excluded.next_raised_at,
            next_source = excluded.next_source, next_why = excluded.next_why, error = excluded.error,
            fix = excluded.fix");
    FIRST_DUE = "SELECT due FROM work WHERE state = 0 AND due IS NOT NULL AND lane = $1 ORDER BY due LIMIT 1";
    FIRST_LEASE_END = "SELECT lease_until FROM work WHERE state = 1 ORDER BY lease_until LIMIT 1";
    COUNT_DUE = "SELECT COUNT(*) FROM work WHERE state = 0 AND due IS NOT NULL AND lane = $1 AND due <= $2";
    COUNT_LEASED = "SELECT COUNT(*) FROM work WHERE state = 1 AND lease_until > $1";
    COUNT_EXPIRED = "SELECT COUNT(*) FROM work WHERE state = 1 AND lease_until <= $1";
    COUNT_DEAD = "SELECT COUNT(*) FROM work WHERE state = 2";
    COUNT_ALL = "SELECT COUNT(*) FROM work";
    COUNT_DUE_OF = "SELECT COUNT(*) FROM work WHERE state = 0 AND due IS NOT NULL AND lane = $1 AND due <= $2
                    AND tenant = $3";
    COUNT_LEASED_OF = "SELECT COUNT(*) FROM work WHERE state = 1 AND lease_until > $1 AND tenant = $2";
    COUNT_EXPIRED_OF = "SELECT COUNT(*) FROM work WHERE state = 1 AND lease_until <= $1 AND tenant = $2";
    COUNT_ALL_OF = "SELECT COUNT(*) FROM work WHERE tenant = $1";
    RETRYING = "SELECT tenant, user_id FROM work WHERE state = 0 AND due IS NOT NULL AND lane = $1
                AND due > $2 AND due <= $3 AND attempts > 0 ORDER BY due, tenant, user_id LIMIT $4";
    COUNT_DEAD_OF = "SELECT COUNT(*) FROM work WHERE state = 2 AND tenant = $1";
    DEAD_AFTER = "SELECT tenant, user_id, error, fix FROM work WHERE state = 2 AND (tenant, user_id) > ($1, $2)
                  ORDER BY tenant, user_id LIMIT $3";
    DEAD_OF_AFTER = "SELECT tenant, user_id, error, fix FROM work WHERE state = 2 AND tenant = $1 AND user_id > $2
                     ORDER BY user_id LIMIT $3";
}

pub(crate) const LANES: [Lane; 3] = [Lane::Leaver, Lane::Normal, Lane::Bulk];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Waiting,
    Leased,
    Dead,
}

/// Attention: when, how urgent, since when, from where.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Call {
    pub(crate) due: Timestamp,
    pub(crate) lane: Lane,
    pub(crate) raised_at: Timestamp,
    pub(crate) source: Source,
    pub(crate) why: String,
}

impl Call {
    /// Two calls answered by one look: the sooner, the more urgent; since the first, for the first reason. A reason
    /// that is more urgent takes the place of the first. So does an event that somebody's status went down: what is read may be
    /// behind it, and how far is counted from when it was heard.
    pub(crate) fn join(&mut self, other: Call) {
        self.due = self.due.min(other.due);
        if other.lane <= self.lane && tells_of_leaving(&other.why) {
            let due = self.due;
            *self = Self { due, ..other };
            return;
        }
        if other.lane < self.lane {
            self.lane = other.lane;
            self.source = other.source;
            self.why = other.why;
        }
        self.raised_at = self.raised_at.min(other.raised_at);
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Lease {
    owner: String,
    until: Timestamp,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Item {
    id: IdentityId,
    state: State,
    /// What the next look, or the one under lease, answers. `quiet`: nothing asks for a look.
    call: Call,
    quiet: bool,
    /// Raised during the lease.
    next: Option<Call>,
    generation: i64,
    done_generation: i64,
    attempts: i64,
    fence: i64,
    lease: Option<Lease>,
    error: Option<String>,
    fix: Option<String>,
}

impl Item {
    fn new(id: IdentityId, call: Call) -> Self {
        Self {
            id,
            state: State::Waiting,
            call,
            quiet: false,
            next: None,
            generation: 1,
            done_generation: 0,
            attempts: 0,
            fence: 0,
            lease: None,
            error: None,
            fix: None,
        }
    }

    /// Nobody asked for the planned look, and it has not begun: a call takes its place, no later than planned.
    fn is_only_review(&self) -> bool {
        self.done_generation == self.generation && self.attempts == 0
    }

    fn raise(&mut self, call: Call) {
        match self.state {
            State::Leased => match &mut self.next {
                Some(next) => next.join(call),
                None => self.next = Some(call),
            },
            State::Waiting if self.quiet => {
                self.call = call;
                self.quiet = false;
            }
            State::Waiting if self.is_only_review() => {
                self.call = Call { due: call.due.min(self.call.due), ..call };
            }
            State::Waiting => self.call.join(call),
            State::Dead => {
                self.state = State::Waiting;
                self.call = call;
                self.quiet = false;
                self.attempts = 0;
                self.error = None;
                self.fix = None;
            }
        }
        self.generation += 1;
    }

    fn claim(&mut self, owner: &str, until: Timestamp) -> WorkItem {
        self.state = State::Leased;
        self.fence += 1;
        // Counted when it begins, so that a look that ends the process counts too.
        let before = self.attempts;
        self.attempts += 1;
        self.lease = Some(Lease { owner: owner.to_owned(), until });
        WorkItem {
            identity: self.id.clone(),
            generation: self.generation,
            lane: self.call.lane,
            attempts: u32::try_from(before).unwrap_or(u32::MAX),
            raised_at: self.call.raised_at,
            source: self.call.source,
            why: self.call.why.clone(),
            fence: self.fence,
        }
    }

    /// Whether this claim is the one in force.
    fn is_held_by(&self, fence: i64) -> bool {
        self.state == State::Leased && self.fence == fence
    }

    /// The lease ran out: everything is due as it was, with what came since.
    fn expire(&mut self) {
        self.state = State::Waiting;
        self.lease = None;
        if let Some(next) = self.next.take() {
            self.call.join(next);
        }
    }

    fn finish(&mut self, claimed: i64, how: &Finish) {
        self.state = State::Waiting;
        self.lease = None;
        let next = self.next.take();
        match how {
            Finish::Done { review_at } => {
                self.done_generation = claimed;
                self.attempts = 0;
                self.error = None;
                self.fix = None;
                match (next, review_at) {
                    // Attention for later does not put the review off, whichever came first.
                    (Some(next), review) => {
                        let due = review.as_ref().map_or(next.due, |(at, _)| next.due.min(*at));
                        self.call = Call { due, ..next };
                    }
                    (None, Some((at, why))) => {
                        self.call = Call {
                            due: *at,
                            lane: Lane::Normal,
                            raised_at: *at,
                            source: Source::Timer,
                            why: why.clone(),
                        };
                    }
                    (None, None) => self.quiet = true,
                }
            }
            Finish::Retry { at, error } => {
                self.call.due = *at;
                self.error = Some(error.clone());
                if let Some(next) = next {
                    self.call.join(next);
                }
            }
            Finish::Dead { error, fix } => match next {
                // Attention came after the claim: it deserves its own look.
                Some(next) => {
                    self.call = next;
                    self.attempts = 0;
                }
                None => {
                    self.state = State::Dead;
                    self.quiet = true;
                    self.error = Some(error.clone());
                    self.fix = Some(fix.clone());
                }
            },
        }
    }
}

/// Raises attention for one identity.
pub(crate) fn raise(tx: &dyn Tx, id: &IdentityId, call: Call) -> Answer<()> {
    let item = match tx::first(tx, FIND, with![id.tenant.as_str(), &*id.user], item)? {
        Some(mut item) => {
            item.raise(call);
            item
        }
        None => Item::new(id.clone(), call),
    };
    keep(tx, &item)
}

/// The next look at somebody; one that is under way is due now.
pub(crate) fn planned(tx: &dyn Tx, id: &IdentityId) -> Answer<Option<Planned>> {
    let known = tx::first(tx, FIND, with![id.tenant.as_str(), &*id.user], item)?;
    Ok(known.and_then(|Item { state, quiet, call, next, .. }| {
        let next_raised_at = next.map_or(call.raised_at, |next| next.raised_at);
        let planned = Planned {
            due: if state == State::Leased { Timestamp::MIN } else { call.due },
            raised_at: call.raised_at.min(next_raised_at),
            source: call.source,
        };
        (state == State::Leased || (state == State::Waiting && !quiet)).then_some(planned)
    }))
}

/// Holds that a claim is still its owner's.
pub(crate) fn hold(tx: &dyn Tx, claimed: &WorkItem) -> Answer<()> {
    held(tx, claimed).map(drop)
}

/// Ends a claim.
pub(crate) fn finish(tx: &dyn Tx, claimed: &WorkItem, how: &Finish) -> Answer<()> {
    let mut item = held(tx, claimed)?;
    item.finish(claimed.generation, how);
    keep(tx, &item)
}

/// What was claimed, if nobody else has claimed it since.
fn held(tx: &dyn Tx, claimed: &WorkItem) -> Answer<Item> {
    let id = &claimed.identity;
    let found = tx::first(tx, FIND, with![id.tenant.as_str(), &*id.user], item)?;
    found.filter(|item| item.is_held_by(claimed.fence)).ok_or_else(|| StoreFailure::LeaseLost(id.clone()))
}

/// Frees every claim. For whoever has the whole store for itself and has claimed nothing yet: the owners are gone.
pub(crate) fn release(tx: &dyn Tx) -> Answer<()> {
    for mut item in tx::all(tx, EXPIRED, with![Timestamp::MAX], item)? {
        item.expire();
        keep(tx, &item)?;
    }
    Ok(())
}

/// Claims up to `max` due items no slower than `slowest`: the leaver lane first, then by due time. Expired leases
/// are free.
pub(crate) fn claim(
    tx: &dyn Tx,
    owner: &str,
    now: Timestamp,
    until: Timestamp,
    slowest: Lane,
    max: usize,
) -> Answer<Vec<WorkItem>> {
    for mut item in tx::all(tx, EXPIRED, with![now], item)? {
        item.expire();
        keep(tx, &item)?;
    }
    let due = |lane: Lane, room: usize| -> Answer<Vec<Item>> {
        if lane > slowest {
            Ok(Vec::new())
        } else {
            tx::all(tx, DUE, with![lane.rank(), now, rows_max(room)], item)
        }
    };
    let mut items = due(Lane::Leaver, max)?;
    let room = max - items.len();
    if room > 0 {
        let mut others = due(Lane::Normal, room)?;
        others.extend(due(Lane::Bulk, room)?);
        others.sort_by(|a, b| (a.call.due, &a.id).cmp(&(b.call.due, &b.id)));
        items.extend(others.into_iter().take(room));
    }
    let mut claimed = Vec::with_capacity(items.len());
    for mut item in items {
        claimed.push(item.claim(owner, until));
        keep(tx, &item)?;
    }
    Ok(claimed)
}

/// When the first piece of waiting work of this lane is due, in microseconds.
pub(crate) fn first_due(tx: &dyn Tx, lane: Lane) -> Answer<Option<i64>> {
    tx::first(tx, FIRST_DUE, with![lane.rank()], |row| row.int(0))
}

/// When the first lease runs out, in microseconds.
pub(crate) fn first_lease_end(tx: &dyn Tx) -> Answer<Option<i64>> {
    tx::first(tx, FIRST_LEASE_END, &[], |row| row.int(0))
}

/// Of a tenant's people, or of everybody. Items whose lease is over count as due.
pub(crate) fn counts(tx: &dyn Tx, tenant: Option<&TenantId>, now: Timestamp) -> Answer<WorkCounts> {
    // Statements about one tenant take it last.
    let count = |of_all: &'static str, of_one: &'static str, with: &[Param<'_>]| match tenant {
        None => tx::count(tx, of_all, with),
        Some(tenant) => tx::count(tx, of_one, &[with, with![tenant.as_str()]].concat()),
    };
    let mut due = count(COUNT_EXPIRED, COUNT_EXPIRED_OF, with![now])?;
    for lane in LANES {
        due += count(COUNT_DUE, COUNT_DUE_OF, with![lane.rank(), now])?;
    }
    let leased = count(COUNT_LEASED, COUNT_LEASED_OF, with![now])?;
    let dead = count(COUNT_DEAD, COUNT_DEAD_OF, &[])?;
    let all = count(COUNT_ALL, COUNT_ALL_OF, &[])?;
    Ok(WorkCounts { due, leased, waiting: all.saturating_sub(due + leased + dead), dead })
}

/// Who failed before and waits for another try within a time, by lane and due time.
pub(crate) fn retrying(
    tx: &dyn Tx,
    from: Timestamp,
    until: Timestamp,
    limit: usize,
) -> Answer<Vec<(Lane, IdentityId)>> {
    let mut found = Vec::new();
    for lane in LANES {
        let room = rows_max(limit.saturating_sub(found.len()));
        found.extend(tx::all(tx, RETRYING, with![lane.rank(), from, until, room], |row| {
            Ok((lane, IdentityId::new(TenantId::new(row.text(0)?), row.text(1)?)))
        })?);
    }
    Ok(found)
}

type Dead = (IdentityId, String, String);

pub(crate) fn dead(tx: &dyn Tx, limit: usize) -> Answer<Vec<Dead>> {
    tx::all(tx, DEAD_AFTER, with!["", "", rows_max(limit)], dead_row)
}

fn dead_row(row: &dyn Row) -> Answer<Dead> {
    let id = IdentityId::new(TenantId::new(row.text(0)?), row.text(1)?);
    let text = |column| Ok(row.text_or_null(column)?.unwrap_or_default().to_owned());
    Ok((id, text(2)?, text(3)?))
}

/// Those of a tenant, or of all, after `after`; and how many there are of them.
pub(crate) fn dead_page(
    tx: &dyn Tx,
    tenant: Option<&TenantId>,
    after: Option<&IdentityId>,
    limit: usize,
) -> Answer<(Vec<Dead>, u64)> {
    let user = after.map(|id| &*id.user).unwrap_or_default();
    let Some(tenant) = tenant else {
        let name = after.map(|id| id.tenant.as_str()).unwrap_or_default();
        let page = tx::all(tx, DEAD_AFTER, with![name, user, rows_max(limit)], dead_row)?;
        return Ok((page, tx::count(tx, COUNT_DEAD, &[])?));
    };
    // Another tenant's last row says nothing of where this one's begin.
    let user = if after.is_some_and(|id| id.tenant == *tenant) { user } else { "" };
    let page = tx::all(tx, DEAD_OF_AFTER, with![tenant.as_str(), user, rows_max(limit)], dead_row)?;
    Ok((page, tx::count(tx, COUNT_DEAD_OF, with![tenant.as_str()])?))
}

fn source(text: &str) -> Answer<Source> {
    [Source::Hook, Source::Feed, Source::Scim, Source::Timer, Source::Sweep, Source::Person]
        .into_iter()
        .find(|source| source.as_str() == text)
        .ok_or_else(|| StoreFailure::Damaged(format!("`{text}` is not a source of attention")))
}

fn item(row: &dyn Row) -> Answer<Item> {
    let own = |text: Option<&str>| text.map(str::to_owned);
    let due = row.int_or_null(4)?;
    let raised_at = tx::time(row.int(8)?)?;
    let next = match row.int_or_null(14)? {
        None => None,
        Some(due) => Some(Call {
            due: tx::time(due)?,
            lane: Lane::from_rank(row.int(15)?),
            raised_at: tx::time(row.int(16)?)?,
            source: source(row.text(17)?)?,
            why: row.text(18)?.to_owned(),
        }),
    };
    let lease = match (row.text_or_null(12)?, row.int_or_null(13)?) {
        (Some(owner), Some(until)) => Some(Lease { owner: owner.to_owned(), until: tx::time(until)? }),
        _ => None,
    };
    Ok(Item {
        id: IdentityId::new(TenantId::new(row.text(0)?), row.text(1)?),
        state: match row.int(2)? {
            0 => State::Waiting,
            1 => State::Leased,
            2 => State::Dead,
            other => return Err(StoreFailure::Damaged(format!("{other} is not a state of work"))),
        },
        call: Call {
            due: due.map_or(Ok(raised_at), tx::time)?,
            lane: Lane::from_rank(row.int(3)?),
            raised_at,
            source: source(row.text(9)?)?,
            why: row.text(10)?.to_owned(),
        },
        quiet: due.is_none(),
        next,
        generation: row.int(5)?,
        done_generation: row.int(6)?,
        attempts: row.int(7)?,
        fence: row.int(11)?,
        lease,
        error: own(row.text_or_null(19)?),
        fix: own(row.text_or_null(20)?),
    })
}

fn keep(tx: &dyn Tx, item: &Item) -> Answer<()> {
    let state: i64 = match item.state {
        State::Waiting => 0,
        State::Leased => 1,
        State::Dead => 2,
    };
    let due = (!item.quiet).then(|| micros(item.call.due));
    let next = item.next.as_ref();
    tx.run(
        KEEP,
        with![
            item.id.tenant.as_str(),
            &*item.id.user,
            state,
            item.call.lane.rank(),
            due,
            item.generation,
            item.done_generation,
            item.attempts,
            item.call.raised_at,
            item.call.source.as_str(),
            &item.call.why,
            item.fence,
            item.lease.as_ref().map(|lease| &lease.owner),
            item.lease.as_ref().map(|lease| lease.until),
            next.map(|call| call.due),
            next.map(|call| call.lane.rank()),
            next.map(|call| call.raised_at),
            next.map(|call| call.source.as_str()),
            next.map(|call| &call.why),
            item.error.as_ref(),
            item.fix.as_ref(),
        ],
    )?;
    Ok(())
}
