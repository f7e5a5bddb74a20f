//! What table modules may do with a database: run a statement, read rows. One transaction's view; no engine's name.
//!
//! Statements are portable between SQLite and PostgreSQL: parameters `$1..$n`, numbered in the order of their first
//! appearance (SQLite counts them so), columns only BIGINT, TEXT and BLOB, times in microseconds since 1970, JSON in
//! TEXT. Each table module keeps its statements in one [`statements!`] block, and a test prepares them all.

use jiff::Timestamp;
use lanyard_engine::ports::StoreFailure;

/// Answers of this crate's inner functions.
pub(crate) type Answer<T> = Result<T, StoreFailure>;

/// A value handed to a statement.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Param<'a> {
    Null,
    Int(i64),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// One row of an answer, columns counted from 0. An unexpected type is [`StoreFailure::Damaged`].
pub(crate) trait Row {
    fn int(&self, column: usize) -> Answer<i64>;
    fn int_or_null(&self, column: usize) -> Answer<Option<i64>>;
    fn text(&self, column: usize) -> Answer<&str>;
    fn text_or_null(&self, column: usize) -> Answer<Option<&str>>;
    fn blob(&self, column: usize) -> Answer<&[u8]>;
    fn blob_or_null(&self, column: usize) -> Answer<Option<&[u8]>>;
}

/// What receives the rows of an answer.
pub(crate) type EachRow<'a> = &'a mut dyn FnMut(&dyn Row) -> Answer<()>;

/// A transaction in progress.
pub(crate) trait Tx {
    /// Runs a statement that answers no rows; how many rows it changed.
    fn run(&self, sql: &'static str, with: &[Param<'_>]) -> Answer<u64>;
    /// Hands each row of the answer to `row`, in order.
    fn each(&self, sql: &'static str, with: &[Param<'_>], row: EachRow<'_>) -> Answer<()>;
}

/// The first row, if any.
pub(crate) fn first<T>(
    tx: &dyn Tx,
    sql: &'static str,
    with: &[Param<'_>],
    read: impl Fn(&dyn Row) -> Answer<T>,
) -> Answer<Option<T>> {
    let mut found = None;
    tx.each(sql, with, &mut |row| {
        if found.is_none() {
            found = Some(read(row)?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// All rows.
pub(crate) fn all<T>(
    tx: &dyn Tx,
    sql: &'static str,
    with: &[Param<'_>],
    read: impl Fn(&dyn Row) -> Answer<T>,
) -> Answer<Vec<T>> {
    let mut rows = Vec::new();
    tx.each(sql, with, &mut |row| {
        rows.push(read(row)?);
        Ok(())
    })?;
    Ok(rows)
}

/// A count; 0 without a row.
pub(crate) fn count(tx: &dyn Tx, sql: &'static str, with: &[Param<'_>]) -> Answer<u64> {
    Ok(first(tx, sql, with, |row| row.int(0))?.map_or(0, unsigned))
}

/// Microseconds since 1970.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(crate) fn time(micros: i64) -> Answer<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| StoreFailure::Damaged(format!("{micros} is not a time")))
}

pub(crate) fn time_or_null(micros: Option<i64>) -> Answer<Option<Timestamp>> {
    micros.map(time).transpose()
}

/// A number kept as BIGINT. Negative values do not occur.
pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// A number to keep as BIGINT; saturates.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A row limit as BIGINT; saturates.
pub(crate) fn rows_max(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// The first text after all texts that begin with `prefix`, in byte order.
pub(crate) fn after_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(value: &'a [u8]) -> Self {
        Self::Blob(value)
    }
}

impl<'a> From<&'a Vec<u8>> for Param<'a> {
    fn from(value: &'a Vec<u8>) -> Self {
        Self::Blob(value)
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for Param<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        Self::Blob(value)
    }
}

impl From<Timestamp> for Param<'_> {
    fn from(value: Timestamp) -> Self {
        Self::Int(micros(value))
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A list of parameters from plain values.
macro_rules! with {
    ($($value:expr),* $(,)?) => { &[$($crate::tx::Param::from($value)),*] };
}

/// Names the statements of a table module, and lists them for the test that prepares them all.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)*) => {
        $($(#[$doc])* const $name: &str = $sql;)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),*];
    };
}

pub(crate) use {statements, with};
