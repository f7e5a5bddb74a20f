//! The schema and its numbered steps.

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
];

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
                transaction.execute_batch(sql).map_err(failure)?;
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
