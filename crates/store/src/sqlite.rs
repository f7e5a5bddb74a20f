//! [`Tx`] over one SQLite connection, its settings, and what its errors mean.

use std::path::Path;

use lanyard_engine::ports::StoreFailure;
use rusqlite::{
    Connection, ErrorCode, OpenFlags, ToSql, config::DbConfig, types::ToSqlOutput, types::Value,
    types::ValueRef,
};

use crate::tx::{Answer, EachRow, Param, Row, Tx};

/// More than all statements there are, so that none is ever prepared twice on a connection.
const STATEMENTS_MAX: usize = 512;
/// How long a statement waits for another program's lock before it fails. Two groups in a row must stay below the
/// three seconds in which a hook is answered.
const BUSY_MILLISECONDS: u64 = 1_000;

/// Pages that the writing connection keeps, in SQLite's words: negative is KiB.
const WRITER_CACHE: i64 = -32_000;
/// The same of each reading one. There are several, each commit makes them read their pages again, and the pages are in the
/// system's own cache all the same.
const READER_CACHE: i64 = -2_000;

/// Opens the connection that writes, and makes the file durable: WAL, every commit flushed to disk.
pub(crate) fn open_writer(file: &Path) -> Answer<Connection> {
    let connection = Connection::open(file).map_err(failure)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(failure)?;
    if mode != "wal" {
        return Err(StoreFailure::Unavailable(format!("{} does not allow WAL: {mode}", file.display())));
    }
    prepare_connection(&connection, WRITER_CACHE)?;
    Ok(connection)
}

/// Opens a connection that only reads.
pub(crate) fn open_reader(file: &Path) -> Answer<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(failure)?;
    prepare_connection(&connection, READER_CACHE)?;
    Ok(connection)
}

pub(crate) fn open_memory() -> Answer<Connection> {
    let connection = Connection::open_in_memory().map_err(failure)?;
    prepare_connection(&connection, WRITER_CACHE)?;
    Ok(connection)
}

/// `cache` as SQLite's `cache_size`: negative is KiB.
fn prepare_connection(connection: &Connection, cache: i64) -> Answer<()> {
    connection.busy_timeout(std::time::Duration::from_millis(BUSY_MILLISECONDS)).map_err(failure)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    // Plans do not depend on bound values. Without this, SQLite parses a statement over a table with a partial index, or
    // statistics, anew whenever another value is bound: that was a sixth of all its work.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(failure)?;
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = FULL;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = {cache};
             PRAGMA wal_autocheckpoint = 8000;
             PRAGMA journal_size_limit = 67108864;"
        ))
        .map_err(failure)
}

/// Sorts an error into "may pass" and "is wrong for good".
pub(crate) fn failure(error: rusqlite::Error) -> StoreFailure {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DiskFull
            | ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::OutOfMemory
            | ErrorCode::PermissionDenied
            | ErrorCode::OperationInterrupted
            | ErrorCode::OperationAborted,
        ) => StoreFailure::Unavailable(text),
        _ => StoreFailure::Damaged(text),
    }
}

/// One connection, inside a transaction that somebody else begins and ends.
pub(crate) struct SqliteTx<'c>(pub(crate) &'c Connection);

impl Tx for SqliteTx<'_> {
    fn run(&self, sql: &'static str, with: &[Param<'_>]) -> Answer<u64> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        for (at, value) in with.iter().enumerate() {
            statement.raw_bind_parameter(at + 1, value).map_err(failure)?;
        }
        Ok(statement.raw_execute().map_err(failure)? as u64)
    }

    fn each(&self, sql: &'static str, with: &[Param<'_>], each: EachRow<'_>) -> Answer<()> {
        let mut statement = self.0.prepare_cached(sql).map_err(failure)?;
        for (at, value) in with.iter().enumerate() {
            statement.raw_bind_parameter(at + 1, value).map_err(failure)?;
        }
        let mut rows = statement.raw_query();
        while let Some(row) = rows.next().map_err(failure)? {
            each(&SqliteRow(row))?;
        }
        Ok(())
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Param::Null => ToSqlOutput::Owned(Value::Null),
            Param::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Param::Text(value) => ToSqlOutput::Borrowed(ValueRef::Text(value.as_bytes())),
            Param::Blob(value) => ToSqlOutput::Borrowed(ValueRef::Blob(value)),
        })
    }
}

struct SqliteRow<'r, 's>(&'r rusqlite::Row<'s>);

impl SqliteRow<'_, '_> {
    fn value(&self, column: usize) -> Answer<ValueRef<'_>> {
        self.0.get_ref(column).map_err(failure)
    }
}

fn wrong(column: usize, wanted: &str, found: ValueRef<'_>) -> StoreFailure {
    StoreFailure::Damaged(format!("column {column} should be {wanted}, but is {}", found.data_type()))
}

impl Row for SqliteRow<'_, '_> {
    fn int(&self, column: usize) -> Answer<i64> {
        match self.value(column)? {
            ValueRef::Integer(value) => Ok(value),
            other => Err(wrong(column, "a number", other)),
        }
    }

    fn int_or_null(&self, column: usize) -> Answer<Option<i64>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            _ => self.int(column).map(Some),
        }
    }

    fn text(&self, column: usize) -> Answer<&str> {
        match self.value(column)? {
            ValueRef::Text(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| StoreFailure::Damaged(format!("column {column} is not UTF-8"))),
            other => Err(wrong(column, "text", other)),
        }
    }

    fn text_or_null(&self, column: usize) -> Answer<Option<&str>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    fn blob(&self, column: usize) -> Answer<&[u8]> {
        match self.value(column)? {
            ValueRef::Blob(bytes) => Ok(bytes),
            other => Err(wrong(column, "bytes", other)),
        }
    }

    fn blob_or_null(&self, column: usize) -> Answer<Option<&[u8]>> {
        match self.value(column)? {
            ValueRef::Null => Ok(None),
            _ => self.blob(column).map(Some),
        }
    }
}
