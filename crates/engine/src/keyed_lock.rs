//! One at a time per key: an account, or a person about to get one.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Locks by name. Unused names are forgotten.
#[derive(Default)]
pub(crate) struct KeyedLock {
    locks: Mutex<HashMap<String, Arc<AsyncMutex<()>>>>,
}

/// Held names; released on drop.
pub(crate) struct Held {
    owner: Arc<KeyedLock>,
    names: Vec<String>,
    guards: Vec<OwnedMutexGuard<()>>,
}

impl KeyedLock {
    /// Waits for all names. Taken in sorted order, so that two callers never wait for each other.
    pub(crate) async fn lock(self: &Arc<Self>, names: BTreeSet<String>) -> Held {
        let mut held = Held { owner: Arc::clone(self), names: Vec::new(), guards: Vec::new() };
        for name in names {
            let lock = {
                let mut locks = self.locks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                Arc::clone(locks.entry(name.clone()).or_default())
            };
            held.guards.push(lock.lock_owned().await);
            held.names.push(name);
        }
        held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.guards.clear();
        let mut locks = self.owner.locks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for name in &self.names {
            if locks.get(name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
                locks.remove(name);
            }
        }
    }
}
