//! What the mirrors showed before. A row is written when a content ends; the present is never copied.
//!
//! Retention: rows that ended before the period somebody may still ask about can go; the mirrors do not need them.

use jiff::Timestamp;

use crate::tx::{self, Answer, Row, Tx, micros, statements, with};

statements! {
    ADD = "INSERT INTO past (kind, scope, subject, until_at, from_at, record) VALUES ($1, $2, $3, $4, $5, $6)
           ON CONFLICT DO NOTHING";
    AT = "SELECT record, from_at FROM past WHERE kind = $1 AND scope = $2 AND subject = $3 AND until_at > $4
          ORDER BY until_at LIMIT 1";
    ALL_AT = "SELECT subject, record, from_at FROM past
              WHERE kind = $1 AND scope = $2 AND until_at > $3 AND from_at <= $3";
    WITHIN = "SELECT record, from_at, until_at FROM past
              WHERE kind = $1 AND scope = $2 AND until_at > $3 AND from_at < $4";
}

/// What a row is about.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Identity,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
        }
    }
}

/// Keeps what was shown from `from` until `until`. What was shown for no time at all is not kept.
pub(crate) fn keep(
    tx: &dyn Tx,
    kind: Kind,
    scope: &str,
    subject: &str,
    (from, until): (Timestamp, Timestamp),
    record: &str,
) -> Answer<()> {
    if from < until {
        tx.run(ADD, with![kind.name(), scope, subject, until, from, record])?;
    }
    Ok(())
}

/// What was shown of one subject at a moment that the present does not cover, and since when.
pub(crate) fn at<T>(
    tx: &dyn Tx,
    kind: Kind,
    (scope, subject): (&str, &str),
    moment: Timestamp,
    read: impl Fn(&dyn Row) -> Answer<T>,
) -> Answer<Option<(T, Timestamp)>> {
    let found = tx::first(tx, AT, with![kind.name(), scope, subject, moment], |row| {
        Ok((read(row)?, tx::time(row.int(1)?)?))
    })?;
    Ok(found.filter(|(_, from)| micros(*from) <= micros(moment)))
}

/// Everything that was shown in the scope within a time and ended since: value, from when, until when.
pub(crate) fn within<T>(
    tx: &dyn Tx,
    kind: Kind,
    scope: &str,
    (from, until): (Timestamp, Timestamp),
    read: impl Fn(&str) -> Answer<T>,
) -> Answer<Vec<(T, Timestamp, Timestamp)>> {
    tx::all(tx, WITHIN, with![kind.name(), scope, from, until], |row| {
        Ok((read(row.text(0)?)?, tx::time(row.int(1)?)?, tx::time(row.int(2)?)?))
    })
}

/// What was shown of everybody in the scope at a moment, as far as it ended since: subject, value, since when.
pub(crate) fn all_at<T>(
    tx: &dyn Tx,
    kind: Kind,
    scope: &str,
    moment: Timestamp,
    read: impl Fn(&str) -> Answer<T>,
) -> Answer<Vec<(String, T, Timestamp)>> {
    tx::all(tx, ALL_AT, with![kind.name(), scope, moment], |row| {
        Ok((row.text(0)?.to_owned(), read(row.text(1)?)?, tx::time(row.int(2)?)?))
    })
}
