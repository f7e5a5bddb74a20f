//! Short reads on the caller's own thread.
//!
//! A look asks for a dozen single rows. Handing each to another thread and back costs more than the read itself, so
//! reads that touch a few rows by key happen where they are asked for, on one of a few connections. In WAL mode a
//! reader never waits for the writer. Scans stay with the reading threads: they would hold up whoever shares ours.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{Mutex, PoisonError, TryLockError},
};

use lanyard_engine::ports::StoreFailure;
use rusqlite::Connection;

use crate::{sqlite, tx::Answer};

/// Connections; more callers than that at once wait for microseconds.
const CONNECTIONS: usize = 4;

/// Connections for short reads, the first free one for each: every commit makes all of them read their pages again, so the fewer
/// are in use, the less is read twice. `None` in a slot: closed.
pub(crate) struct Glances {
    slots: Vec<Mutex<Option<Connection>>>,
}

impl Glances {
    pub(crate) fn open(file: &Path) -> Answer<Self> {
        let open = |_| Ok(Mutex::new(Some(sqlite::open_reader(file)?)));
        Ok(Self { slots: (0..CONNECTIONS).map(open).collect::<Answer<_>>()? })
    }

    /// Runs `work` on a free connection, now.
    pub(crate) fn with<T>(&self, work: impl FnOnce(&Connection) -> Answer<T>) -> Answer<T> {
        let free = self.slots.iter().find_map(|slot| match slot.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let held = free.unwrap_or_else(|| self.slots[0].lock().unwrap_or_else(PoisonError::into_inner));
        let Some(connection) = &*held else {
            return Err(StoreFailure::Unavailable("the store is closed".into()));
        };
        catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or_else(|_| {
            tracing::error!("a read panicked");
            Err(StoreFailure::Unavailable("the read failed inside the store".into()))
        })
    }

    pub(crate) fn close(&self) {
        for slot in &self.slots {
            drop(slot.lock().unwrap_or_else(PoisonError::into_inner).take());
        }
    }
}
