//! What can go wrong below a store that runs inline. A seeded simulation decides it; a service never does.

use lanyard_engine::ports::StoreFailure;
use rusqlite::Connection;

use crate::{sqlite::failure, tx::Answer};

/// A moment at which the disk is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskStep {
    Read,
    Begin,
    Commit,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTrouble {
    /// Another program holds the lock. Nothing happened.
    Locked,
    /// The bytes could not be read or written. Nothing happened.
    Broken,
    /// No room: SQLite itself finds that the file cannot grow. Only at [`DiskStep::Begin`].
    Full,
    /// The flush failed after everything was written: the caller is told so, and after a crash it may be there or
    /// not. Only at [`DiskStep::Commit`].
    Unflushed { kept: bool },
}

/// Decides what goes wrong.
pub trait Disk: Send {
    fn trouble(&mut self, step: DiskStep) -> Option<DiskTrouble>;

    /// A full disk was felt: a change did not fit. The others are felt whenever they are decided.
    fn was_full(&mut self) {}
}

/// A disk that never fails by decision.
pub(crate) struct Sound;

impl Disk for Sound {
    fn trouble(&mut self, _step: DiskStep) -> Option<DiskTrouble> {
        None
    }
}

pub(crate) fn told(trouble: DiskTrouble) -> StoreFailure {
    let words = match trouble {
        DiskTrouble::Locked => "database is locked",
        DiskTrouble::Broken => "disk I/O error",
        DiskTrouble::Full => "database or disk is full",
        DiskTrouble::Unflushed { .. } => "disk I/O error while flushing",
    };
    StoreFailure::Unavailable(words.into())
}

/// Keeps the file from growing, until [`make_room`].
pub(crate) fn fill(connection: &Connection) -> Answer<()> {
    let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).map_err(failure)?;
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).map_err(failure)
}

/// SQLite's own limit.
const PAGES_MAX: u32 = 4_294_967_294;

pub(crate) fn make_room(connection: &Connection) {
    let made = connection.query_row(&format!("PRAGMA max_page_count = {PAGES_MAX}"), [], |_| Ok(()));
    if let Err(error) = made {
        tracing::error!(%error, "the room of a full disk could not be given back");
    }
}
