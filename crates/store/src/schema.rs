//! The schema and its numbered steps.

use std::{
    sync::mpsc::{self, RecvTimeoutError},
    time::Duration,
};

use lanyard_engine::ports::StoreFailure;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use crate::{
    merkle::{hex, sha256},
    sqlite::failure,
    tx::Answer,
};

/// Steps in order; a step that was released is never edited.
const STEPS: &[(i64, &str)] = &[
    (1, include_str!("../migrations/0001_start.sql")),
    (2, include_str!("../migrations/0002_documents.sql")),
    (5, include_str!("../migrations/0005_past_and_clearances.sql")),
    (7, include_str!("../migrations/0007_evidence.sql")),
    (8, include_str!("../migrations/0008_visits.sql")),
    (9, include_str!("../migrations/0009_clearances_over.sql")),
    (10, include_str!("../migrations/0010_rows_in_order.sql")),
    (11, include_str!("../migrations/0011_cuts_signed.sql")),
    (12, include_str!("../migrations/0012_doors_by_person.sql")),
    (13, include_str!("../migrations/0013_findings_past.sql")),
    (14, include_str!("../migrations/0014_membership_changes.sql")),
    (15, include_str!("../migrations/0015_found_in_runs.sql")),
    (16, include_str!("../migrations/0016_messages_by_route.sql")),
    (17, include_str!("../migrations/0017_lines_of_people.sql")),
];

/// A step that takes longer is told of, and then as often again: until it is done nobody is answered.
const SILENCE: Duration = Duration::from_secs(2);
const EVERY: Duration = Duration::from_secs(10);

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY, checksum TEXT NOT NULL)";

/// Brings the schema to the newest version. All missing steps happen, or none.
///
/// # Errors
/// [`StoreFailure::Damaged`] if the file was made by a newer version, or by one whose steps differ from ours.
pub(crate) fn migrate(connection: &Connection) -> Answer<()> {
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failure)?;
    transaction.execute_batch(VERSIONS).map_err(failure)?;
    let newest = STEPS.last().map_or(0, |(version, _)| *version);
    let found: Option<i64> = transaction
        .query_row("SELECT MAX(version) FROM schema_version", [], |row| row.get(0))
        .map_err(failure)?;
    if let Some(found) = found.filter(|found| *found > newest) {
        return Err(StoreFailure::Damaged(format!(
            "its schema has version {found}, this program knows versions up to {newest}: \
             use the program that wrote it, or a newer one"
        )));
    }
    for (version, sql) in STEPS {
        let checksum = hex(&sha256(&[sql.as_bytes()]));
        let known: Option<String> = transaction
            .query_row("SELECT checksum FROM schema_version WHERE version = $1", [version], |row| row.get(0))
            .optional()
            .map_err(failure)?;
        match known {
            Some(known) if known == checksum => {}
            Some(_) => {
                return Err(StoreFailure::Damaged(format!(
                    "schema step {version} was applied in another form than this program knows"
                )));
            }
            None => {
                let step = || transaction.execute_batch(sql).map_err(failure);
                match found {
                    // There is nothing yet that could take long.
                    None => step()?,
                    Some(found) => told(*version, found, &transaction, step)?,
                }
                transaction
                    .execute(
                        "INSERT INTO schema_version (version, checksum) VALUES ($1, $2)",
                        (version, &checksum),
                    )
                    .map_err(failure)?;
            }
        }
    }
    transaction.commit().map_err(failure)
}

/// Carries a step out, and says so where that takes long.
fn told(version: i64, found: i64, connection: &Connection, step: impl FnOnce() -> Answer<()>) -> Answer<()> {
    let size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    let bytes: i64 = connection.query_row(size, [], |row| row.get(0)).map_err(failure)?;
    let say = |seconds: u64| {
        tracing::warn!(
            from = found,
            to = version,
            megabytes = bytes / 1_000_000,
            seconds,
            "the store is being brought up to this version's schema, which takes minutes for a large one; \
             nothing is answered until it is done, and an interruption loses nothing"
        );
    };
    let mut took = None;
    watched(SILENCE, EVERY, |waited| say(waited.as_secs()), &mut took, step)?;
    if let Some(waited) = took {
        tracing::warn!(to = version, seconds = waited.as_secs(), "the store has been brought up");
    }
    Ok(())
}

/// Does `work`, and meanwhile says how long it has waited: first after `silence`, then after each `every`. `waited` is how
/// long that was when it was last said.
fn watched<T>(
    silence: Duration,
    every: Duration,
    say: impl Fn(Duration) + Send,
    waited: &mut Option<Duration>,
    work: impl FnOnce() -> T,
) -> T {
    let (done, ended) = mpsc::channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut next = silence;
            while ended.recv_timeout(next) == Err(RecvTimeoutError::Timeout) {
                let so_far = waited.unwrap_or_default() + next;
                *waited = Some(so_far);
                say(so_far);
                next = every;
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// Whether somebody who only reads can work with it as it is.
///
/// # Errors
/// [`StoreFailure::Damaged`] if it is older or newer than this program.
pub(crate) fn current(connection: &Connection) -> Answer<()> {
    let newest = STEPS.last().map_or(0, |(version, _)| *version);
    let found: i64 = connection
        .query_row("SELECT MAX(version) FROM schema_version", [], |row| row.get(0))
        .map_err(failure)?;
    if found == newest {
        return Ok(());
    }
    Err(StoreFailure::Damaged(format!(
        "its schema has version {found}, this program reads version {newest}: let the server of this version open it once"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_takes_long_is_told_of_and_told_of_again() {
        let (told, heard) = mpsc::channel();
        let mut waited = None;
        let millisecond = Duration::from_millis(1);
        let say = move |so_far: Duration| _ = told.send(so_far);
        // The work takes as long as it takes until it was told of twice.
        let work = || [heard.recv().unwrap(), heard.recv().unwrap()];
        let said = watched(millisecond * 2, millisecond * 3, say, &mut waited, work);
        assert_eq!(said, [millisecond * 2, millisecond * 5]);
        assert!(waited.is_some_and(|waited| waited >= millisecond * 5), "{waited:?}");
        let mut waited = None;
        watched(Duration::from_secs(3600), millisecond, |_| panic!("it was quick"), &mut waited, || ());
        assert_eq!(waited, None);
    }

    #[test]
    fn a_newer_or_foreign_schema_is_refused_in_plain_words() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection).unwrap();
        migrate(&connection).unwrap();
        connection.execute("UPDATE schema_version SET checksum = 'x'", []).unwrap();
        let foreign = migrate(&connection).unwrap_err().to_string();
        assert!(foreign.contains("schema step 1 was applied in another form"), "{foreign}");
        connection.execute("INSERT INTO schema_version VALUES (99, 'y')", []).unwrap();
        let newer = migrate(&connection).unwrap_err().to_string();
        let newest = STEPS.last().unwrap().0;
        let wanted = format!("its schema has version 99, this program knows versions up to {newest}");
        assert!(newer.contains(&wanted), "{newer}");
    }
}
