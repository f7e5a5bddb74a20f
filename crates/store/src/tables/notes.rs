//! What people read and what is kept by name: findings, messages, certificates, sweeps, counters, settings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_engine::ports::{Finding, Message, MessageState, Severity, SweepRecord};
use lanyard_model::coverage::{Certificate, ReadKind};

use crate::{
    memory::OpenFindings,
    merkle::{hex, sha256},
    record,
    tx::{self, Answer, Row, Tx, after_prefix, rows_max, signed, statements, unsigned, with},
};

statements! {
    FINDING = "INSERT INTO findings (key, severity, since, record) VALUES ($1, $2, $3, $4)
               ON CONFLICT (key) DO UPDATE SET severity = excluded.severity, record = excluded.record,
               since = CASE WHEN findings.over_at IS NULL THEN findings.since ELSE excluded.since END,
               over_at = NULL";
    /// What was over is put aside before the same key begins anew.
    KEEP_PAST = "INSERT INTO findings_past (key, since, over_at, record)
                 SELECT key, since, over_at, record FROM findings WHERE key = $1 AND over_at IS NOT NULL
                 ON CONFLICT DO NOTHING";
    PAST_GONE = "DELETE FROM findings_past WHERE over_at < $1";
    FINDING_OVER = "UPDATE findings SET over_at = $1 WHERE key = $2 AND over_at IS NULL";
    OPEN_FINDINGS = "SELECT key, record FROM findings WHERE over_at IS NULL";
    CLOSED_KEYS = "SELECT key FROM meta WHERE key >= $1 AND key < $2 AND value <> ''";
    FINDING_OPEN = "SELECT record, since FROM findings WHERE key = $1 AND over_at IS NULL";
    FINDINGS = "SELECT record, since FROM findings WHERE over_at IS NULL
                ORDER BY severity DESC, since DESC, key DESC LIMIT $1";
    MESSAGE = "INSERT INTO messages (id, record, attempts, due) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING";
    MESSAGE_SENT = "UPDATE messages SET attempts = attempts + 1, due = NULL, error = NULL, tried_at = $1,
                    sent_at = $1 WHERE id = $2 AND sent_at IS NULL";
    MESSAGE_FAILED = "UPDATE messages SET attempts = attempts + 1, tried_at = $1, error = $2, due = $3
                      WHERE id = $4 AND sent_at IS NULL";
    MESSAGE_HELD = "UPDATE messages SET error = $1, due = $2 WHERE id = $3 AND sent_at IS NULL";
    /// From route to route along the index, and of each its first: however many wait, no more is read than answered.
    MESSAGES_DUE = "WITH RECURSIVE routes (route) AS (
                    SELECT MIN(messages.route) FROM messages WHERE due IS NOT NULL
                    UNION ALL SELECT (SELECT MIN(messages.route) FROM messages
                    WHERE due IS NOT NULL AND messages.route > routes.route)
                    FROM routes WHERE routes.route IS NOT NULL)
                    SELECT record, attempts, due FROM routes CROSS JOIN messages WHERE messages.id IN (
                    SELECT own.id FROM messages AS own WHERE own.route = routes.route AND own.due IS NOT NULL
                    AND own.due <= $1 ORDER BY own.due, own.id LIMIT $2)";
    MESSAGES_WAITING = "SELECT record, attempts, due FROM messages
                        WHERE messages.route = $1 AND due IS NOT NULL ORDER BY due, id LIMIT $2";
    MESSAGES = "SELECT record, attempts, due, sent_at, error FROM messages
                ORDER BY COALESCE(sent_at, tried_at, due, 0) DESC, id DESC LIMIT $1";
    MESSAGES_OPEN = "SELECT COUNT(*) FROM (SELECT sent_at FROM messages
                     ORDER BY COALESCE(sent_at, tried_at, due, 0) DESC, id DESC LIMIT $1) AS newest
                     WHERE sent_at IS NULL";
    CERTIFICATE = "INSERT INTO certificates (scope, kind, record, held_rows) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (scope, kind) DO UPDATE SET record = excluded.record,
                   held_rows = COALESCE(excluded.held_rows, certificates.held_rows)";
    LOAD_CERTIFICATE = "SELECT record FROM certificates WHERE scope = $1 AND kind = $2";
    HELD_ROWS = "SELECT held_rows FROM certificates WHERE scope = $1 AND kind = $2";
    SWEEP = "INSERT INTO sweeps (id, scope, started_at, record) VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET scope = excluded.scope, started_at = excluded.started_at,
             record = excluded.record";
    SWEEPS = "SELECT record FROM sweeps ORDER BY started_at DESC, id DESC LIMIT $1";
    SWEEPS_OF = "SELECT record FROM sweeps WHERE scope = $1 ORDER BY started_at DESC, id DESC LIMIT $2";
    /// From scope to scope along the index: sweeps are kept for ever, scopes are few.
    LAST_SWEEPS = "WITH RECURSIVE scopes (scope) AS (
                   SELECT MIN(sweeps.scope) FROM sweeps
                   UNION ALL SELECT (SELECT MIN(sweeps.scope) FROM sweeps WHERE sweeps.scope > scopes.scope)
                   FROM scopes WHERE scopes.scope IS NOT NULL)
                   SELECT (SELECT record FROM sweeps WHERE sweeps.scope = scopes.scope
                   ORDER BY started_at DESC, id DESC LIMIT 1) FROM scopes WHERE scopes.scope IS NOT NULL";
    COUNT = "INSERT INTO counters (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = counters.value + excluded.value";
    COUNTED = "SELECT value FROM counters WHERE name = $1";
    META = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    FORGET_META = "DELETE FROM meta WHERE key = $1";
    LOAD_META = "SELECT value FROM meta WHERE key = $1";
    LOAD_METAS = "SELECT key, value FROM meta WHERE key > $1 AND key < $2 AND value <> '' ORDER BY key LIMIT $3";
}

/// Before the key of a finding that a person put away, in `meta` and in memory. The note's value is the hash of what the
/// finding said, because that may name people; earlier versions kept the words. Empty: no longer.
pub(crate) const CLOSED: &str = "closed:";

/// Between that hash and the moment (microseconds) up to which it stays away, where a person named one.
const UNTIL: char = '@';

/// What findings are counted by.
pub(crate) type Sort = (String, Severity);

pub(crate) fn sort_of(finding: &Finding) -> Sort {
    (finding.kind.clone(), finding.severity)
}

/// As much of a kept finding as it takes to count it.
#[derive(serde::Deserialize)]
struct Sorted {
    kind: String,
    severity: Severity,
}

/// Keys of the findings that are not over, with what each is counted by; and notes of those that a person put away.
pub(crate) fn open_findings(tx: &dyn Tx) -> Answer<BTreeMap<String, Option<Sort>>> {
    let mut open = BTreeMap::new();
    tx.each(OPEN_FINDINGS, &[], &mut |row| {
        let Sorted { kind, severity } = record::read("finding", row.text(1)?)?;
        open.insert(row.text(0)?.to_owned(), Some((kind, severity)));
        Ok(())
    })?;
    tx.each(CLOSED_KEYS, with![CLOSED, &after_prefix(CLOSED)], &mut |row| {
        open.insert(row.text(0)?.to_owned(), None);
        Ok(())
    })?;
    Ok(open)
}

/// How many findings are open of each sort.
pub(crate) fn finding_counts(tx: &dyn Tx) -> Answer<BTreeMap<Sort, u64>> {
    let mut counts = BTreeMap::new();
    for sort in open_findings(tx)?.into_values().flatten() {
        *counts.entry(sort).or_default() += 1;
    }
    Ok(counts)
}

/// Lets go of what findings said that were over before then and were seen again; how many.
pub(crate) fn past_gone(tx: &dyn Tx, before: Timestamp) -> Answer<u64> {
    tx.run(PAST_GONE, with![before])
}

/// What a finding says, apart from since when.
fn words(finding: &Finding) -> Answer<String> {
    record::write(&(&finding.title, &finding.detail, &finding.fix, finding.severity))
}

/// Whether what a person put away stays away: it says the same, and the time that they gave it is not over.
fn stays_away(note: &str, finding: &Finding) -> Answer<bool> {
    let words = words(finding)?;
    let hash = hash(&words);
    match note.strip_prefix(hash.as_str()).and_then(|rest| rest.strip_prefix(UNTIL)) {
        // Whatever raises a finding does so with its own moment.
        Some(until) => Ok(until.parse().is_ok_and(|until| finding.since.as_microsecond() < until)),
        None => Ok(note == hash || note == words),
    }
}

fn hash(words: &str) -> String {
    hex(&sha256(&[words.as_bytes()]))
}

pub(crate) fn forget_closure(tx: &dyn Tx, open: &mut OpenFindings, note: &str) -> Answer<()> {
    set_meta(tx, note, "")?;
    open.close(tx, note)
}

/// Keys of findings that a person put away and that are not over.
pub(crate) fn put_away(tx: &dyn Tx) -> Answer<BTreeSet<String>> {
    let key = |row: &dyn Row| Ok(row.text(0)?.trim_start_matches(CLOSED).to_owned());
    Ok(tx::all(tx, CLOSED_KEYS, with![CLOSED, &after_prefix(CLOSED)], key)?.into_iter().collect())
}

/// A person puts a finding away.
pub(crate) fn finding_closed(
    tx: &dyn Tx,
    open: &mut OpenFindings,
    key: &str,
    at: Timestamp,
    until: Option<Timestamp>,
) -> Answer<()> {
    let Some(finding) = open_finding(tx, key)? else { return Ok(()) };
    let note = format!("{CLOSED}{key}");
    let hash = hash(&words(&finding)?);
    let kept = match until {
        None => hash,
        Some(until) => format!("{hash}{UNTIL}{}", until.as_microsecond()),
    };
    // First: what ends takes its note along.
    finding_over(tx, open, key, at)?;
    set_meta(tx, &note, &kept)?;
    open.open(tx, &note, None)
}

fn read_finding(row: &dyn Row) -> Answer<Finding> {
    let finding: Finding = record::read("finding", row.text(0)?)?;
    Ok(Finding { since: tx::time(row.int(1)?)?, ..finding })
}

pub(crate) fn open_finding(tx: &dyn Tx, key: &str) -> Answer<Option<Finding>> {
    tx::first(tx, FINDING_OPEN, with![key], read_finding)
}

/// Keeps a finding. One that was over begins anew, and what it said then is put aside; one that a person put away stays away while it says the same, and
/// no longer than they said.
pub(crate) fn finding(tx: &dyn Tx, open: &mut OpenFindings, finding: &Finding) -> Answer<()> {
    let note = format!("{CLOSED}{}", finding.key);
    if open.contains(tx, &note)? {
        if meta(tx, &note)?.map(|note| stays_away(&note, finding)).transpose()? == Some(true) {
            return Ok(());
        }
        forget_closure(tx, open, &note)?;
    }
    if !open.contains(tx, &finding.key)? {
        tx.run(KEEP_PAST, with![&finding.key])?;
    }
    let severity: i64 = match finding.severity {
        Severity::Info => 0,
        Severity::Warning => 1,
        Severity::Error => 2,
    };
    tx.run(FINDING, with![&finding.key, severity, finding.since, &record::write(finding)?])?;
    open.open(tx, &finding.key, Some(sort_of(finding)))
}

/// Ends a finding, and what a person said of it: that would be news again. Nothing is asked of the database for one that is
/// neither open nor put away.
pub(crate) fn finding_over(tx: &dyn Tx, open: &mut OpenFindings, key: &str, at: Timestamp) -> Answer<()> {
    if open.contains(tx, key)? {
        tx.run(FINDING_OVER, with![at, key])?;
        open.close(tx, key)?;
    }
    let note = format!("{CLOSED}{key}");
    if open.contains(tx, &note)? {
        forget_closure(tx, open, &note)?;
    }
    Ok(())
}

pub(crate) fn findings_over_except(
    tx: &dyn Tx,
    open: &mut OpenFindings,
    prefix: &str,
    keep: &[String],
    at: Timestamp,
) -> Answer<()> {
    let keep: BTreeSet<&str> = keep.iter().map(String::as_str).collect();
    let put_away = open.beginning_with(tx, &format!("{CLOSED}{prefix}"))?;
    let put_away = put_away.iter().map(|note| &note[CLOSED.len()..]);
    let open_ones = open.beginning_with(tx, prefix)?;
    for key in open_ones.iter().map(String::as_str).chain(put_away).filter(|key| !keep.contains(key)) {
        finding_over(tx, open, key, at)?;
    }
    Ok(())
}

/// Open findings, worst first, newest first among equals.
pub(crate) fn findings(tx: &dyn Tx, limit: usize) -> Answer<Vec<Finding>> {
    tx::all(tx, FINDINGS, with![rows_max(limit)], read_finding)
}

/// Puts a message into the outbox, due at its own time.
pub(crate) fn message(tx: &dyn Tx, message: &Message) -> Answer<()> {
    let kept = record::write(message)?;
    tx.run(MESSAGE, with![&message.id, &kept, i64::from(message.attempts), message.at])?;
    Ok(())
}

/// Notes a try. A failed one without `next` is given up.
pub(crate) fn message_tried(
    tx: &dyn Tx,
    id: &str,
    at: Timestamp,
    result: &Result<(), String>,
    next: Option<Timestamp>,
) -> Answer<()> {
    match result {
        Ok(()) => tx.run(MESSAGE_SENT, with![at, id])?,
        Err(error) => tx.run(MESSAGE_FAILED, with![at, error, next, id])?,
    };
    Ok(())
}

/// Notes why a message was not tried, and until when it waits; without `until` it is given up.
pub(crate) fn message_held(tx: &dyn Tx, id: &str, until: Option<Timestamp>, why: &str) -> Answer<()> {
    tx.run(MESSAGE_HELD, with![why, until, id])?;
    Ok(())
}

/// The longest due first, of each route no more than `limit`. What waits for a route that takes nothing is put off, and is not
/// due.
pub(crate) fn messages_due(tx: &dyn Tx, now: Timestamp, limit: usize) -> Answer<Vec<Message>> {
    let mut due = tx::all(tx, MESSAGES_DUE, with![now, rows_max(limit)], |row| {
        let message: Message = record::read("message", row.text(0)?)?;
        let attempts = u32::try_from(row.int(1)?).unwrap_or(u32::MAX);
        Ok((row.int(2)?, Message { attempts, ..message }))
    })?;
    due.sort_by(|(a, one), (b, other)| (a, &one.id).cmp(&(b, &other.id)));
    Ok(due.into_iter().map(|(_, message)| message).collect())
}

/// What waits of one route, due or not, and when it is due.
pub(crate) fn messages_waiting(tx: &dyn Tx, route: &str, limit: usize) -> Answer<Vec<(Message, Timestamp)>> {
    tx::all(tx, MESSAGES_WAITING, with![route, rows_max(limit)], |row| {
        let message: Message = record::read("message", row.text(0)?)?;
        let attempts = u32::try_from(row.int(1)?).unwrap_or(u32::MAX);
        Ok((Message { attempts, ..message }, tx::time(row.int(2)?)?))
    })
}

/// How many of the newest `among` were not delivered.
pub(crate) fn messages_open(tx: &dyn Tx, among: usize) -> Answer<u64> {
    tx::count(tx, MESSAGES_OPEN, with![rows_max(among)])
}

/// Newest first.
pub(crate) fn messages(tx: &dyn Tx, limit: usize) -> Answer<Vec<MessageState>> {
    tx::all(tx, MESSAGES, with![rows_max(limit)], |row| {
        let message: Message = record::read("message", row.text(0)?)?;
        Ok(MessageState {
            id: message.id,
            route: message.route,
            subject: message.subject,
            at: message.at,
            attempts: u32::try_from(row.int(1)?).unwrap_or(u32::MAX),
            next: tx::time_or_null(row.int_or_null(2)?)?,
            sent_at: tx::time_or_null(row.int_or_null(3)?)?,
            error: row.text_or_null(4)?.map(str::to_owned),
        })
    })
}

fn kind_name(kind: ReadKind) -> &'static str {
    match kind {
        ReadKind::Identities => "identities",
        ReadKind::GroupMembers => "group_members",
        ReadKind::Accounts => "accounts",
        ReadKind::Bookings => "bookings",
    }
}

pub(crate) fn certify(tx: &dyn Tx, scope: &str, kind: ReadKind, certificate: &Certificate) -> Answer<()> {
    let held = certificate.holds().then(|| signed(certificate.evidence.rows));
    tx.run(CERTIFICATE, with![scope, kind_name(kind), &record::write(certificate)?, held])?;
    Ok(())
}

pub(crate) fn certificate(tx: &dyn Tx, scope: &str, kind: ReadKind) -> Answer<Option<Certificate>> {
    tx::first(tx, LOAD_CERTIFICATE, with![scope, kind_name(kind)], |row| {
        record::read("certificate", row.text(0)?)
    })
}

pub(crate) fn certified_rows(tx: &dyn Tx, scope: &str, kind: ReadKind) -> Answer<Option<u64>> {
    let rows = tx::first(tx, HELD_ROWS, with![scope, kind_name(kind)], |row| row.int_or_null(0))?;
    Ok(rows.flatten().map(unsigned))
}

pub(crate) fn sweep(tx: &dyn Tx, sweep: &SweepRecord) -> Answer<()> {
    tx.run(SWEEP, with![&sweep.id, &sweep.scope, sweep.started_at, &record::write(sweep)?])?;
    Ok(())
}

/// Newest first.
pub(crate) fn sweeps(tx: &dyn Tx, scope: Option<&str>, limit: usize) -> Answer<Vec<SweepRecord>> {
    let read = |row: &dyn Row| record::read("sweep", row.text(0)?);
    match scope {
        None => tx::all(tx, SWEEPS, with![rows_max(limit)], read),
        Some(scope) => tx::all(tx, SWEEPS_OF, with![scope, rows_max(limit)], read),
    }
}

/// The last one of each scope.
pub(crate) fn last_sweeps(tx: &dyn Tx) -> Answer<Vec<SweepRecord>> {
    tx::all(tx, LAST_SWEEPS, &[], |row| record::read("sweep", row.text(0)?))
}

pub(crate) fn count(tx: &dyn Tx, name: &str, by: u64) -> Answer<()> {
    tx.run(COUNT, with![name, signed(by)])?;
    Ok(())
}

pub(crate) fn counted(tx: &dyn Tx, name: &str) -> Answer<u64> {
    tx::count(tx, COUNTED, with![name])
}

pub(crate) fn set_meta(tx: &dyn Tx, key: &str, value: &str) -> Answer<()> {
    match value {
        "" => tx.run(FORGET_META, with![key])?,
        value => tx.run(META, with![key, value])?,
    };
    Ok(())
}

/// By key, after `after`. Earlier versions kept empty texts for what was over.
pub(crate) fn metas(
    tx: &dyn Tx,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Answer<Vec<(String, String)>> {
    let end = after_prefix(prefix);
    tx::all(tx, LOAD_METAS, with![after.unwrap_or(prefix), &end, rows_max(limit)], |row| {
        Ok((row.text(0)?.to_owned(), row.text(1)?.to_owned()))
    })
}

pub(crate) fn meta(tx: &dyn Tx, key: &str) -> Answer<Option<String>> {
    tx::first(tx, LOAD_META, with![key], |row| Ok(row.text(0)?.to_owned()))
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, StatementStatus, params};

    use super::MESSAGES_DUE;
    use crate::{schema, sqlite};

    /// What it costs to read two due messages of each route, in steps of SQLite's machine.
    fn steps(connection: &Connection) -> i32 {
        let mut statement = connection.prepare(MESSAGES_DUE).unwrap();
        let rows = statement.query_map(params![i64::MAX, 2], |row| row.get::<_, i64>(2));
        let due: Vec<i64> = rows.unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(due, [0, 1, 1_000_000]);
        statement.get_status(StatementStatus::VmStep)
    }

    #[test]
    fn a_turn_of_the_outbox_costs_the_same_however_many_messages_wait() {
        let connection = sqlite::open_memory().unwrap();
        schema::migrate(&connection).unwrap();
        let put = |from: i64, to: i64, route: &str| {
            let mut statement = connection
                .prepare(
                    "WITH RECURSIVE n (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ?2)
                     INSERT INTO messages (id, record, attempts, due)
                     SELECT 'm' || n, json_object('V1', json_object('route', ?3)), 0, n FROM n",
                )
                .unwrap();
            statement.execute(params![from, to, route]).unwrap();
        };
        put(0, 10, "dead");
        put(1_000_000, 1_000_001, "live");
        let few = steps(&connection);
        put(10, 20_000, "dead");
        assert_eq!(steps(&connection), few);
    }
}
