//! What the writing side knows without asking the database.
//!
//! One writer has the folder to itself, so what it wrote is what is there. A look ends half a dozen findings that were
//! never raised and appends a few journal lines: asking for each would cost more than writing the rest. What a failed
//! batch changed here is taken back; a lost transaction forgets everything, and it is read anew when it is needed.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use lanyard_model::signal::Lane;

use crate::{
    tables::{journal, notes, work},
    tx::{Answer, Tx},
};

/// Everything remembered between transactions.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) findings: OpenFindings,
    pub(crate) journal: journal::End,
}

impl Memory {
    /// The batch succeeded within its transaction.
    pub(crate) fn keep(&mut self) {
        self.findings.undo.clear();
        self.journal.keep();
    }

    /// The batch was rolled back.
    pub(crate) fn undo(&mut self) {
        self.findings.undo();
        self.journal.undo();
    }

    /// Writes what is written once per transaction.
    pub(crate) fn flush(&mut self, tx: &dyn Tx) -> Answer<()> {
        self.journal.flush(tx)
    }

    /// The transaction was lost.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// Keys of the findings that are not over.
#[derive(Default)]
pub(crate) struct OpenFindings {
    /// `None` until they are needed.
    keys: Option<BTreeSet<String>>,
    /// What the batch under way changed: a key, and whether it was open before.
    undo: Vec<(String, bool)>,
}

impl OpenFindings {
    fn keys(&mut self, tx: &dyn Tx) -> Answer<&mut BTreeSet<String>> {
        let keys = match self.keys.take() {
            Some(keys) => keys,
            None => notes::open_findings(tx)?,
        };
        Ok(self.keys.insert(keys))
    }

    pub(crate) fn contains(&mut self, tx: &dyn Tx, key: &str) -> Answer<bool> {
        Ok(self.keys(tx)?.contains(key))
    }

    /// Open ones whose key begins so, in order.
    pub(crate) fn beginning_with(&mut self, tx: &dyn Tx, prefix: &str) -> Answer<Vec<String>> {
        let keys = self.keys(tx)?;
        let from = keys.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        Ok(from.take_while(|key| key.starts_with(prefix)).cloned().collect())
    }

    pub(crate) fn open(&mut self, tx: &dyn Tx, key: &str) -> Answer<()> {
        if self.keys(tx)?.insert(key.to_owned()) {
            self.undo.push((key.to_owned(), false));
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, tx: &dyn Tx, key: &str) -> Answer<()> {
        if self.keys(tx)?.remove(key) {
            self.undo.push((key.to_owned(), true));
        }
        Ok(())
    }

    fn undo(&mut self) {
        let Some(keys) = &mut self.keys else { return self.undo.clear() };
        for (key, was_open) in self.undo.drain(..).rev() {
            if was_open {
                keys.insert(key);
            } else {
                keys.remove(&key);
            }
        }
    }
}

/// When the next piece of work of each lane is due, as of the last commit: asked for after every look, so it must cost
/// nothing.
#[derive(Clone)]
pub(crate) struct NextDue(Arc<[AtomicI64; LANES]>);

const LANES: usize = work::LANES.len();

/// Nothing waits.
const NEVER: i64 = i64::MAX;

impl NextDue {
    pub(crate) fn load(tx: &dyn Tx) -> Answer<Self> {
        Ok(Self(Arc::new(Self::ask(tx)?.map(AtomicI64::new))))
    }

    /// The values to publish once the transaction that shows them is committed. A lease that runs out frees work of any
    /// lane.
    pub(crate) fn ask(tx: &dyn Tx) -> Answer<[i64; LANES]> {
        let mut due = [NEVER; LANES];
        let lease_ends = work::first_lease_end(tx)?.unwrap_or(NEVER);
        for (due, lane) in due.iter_mut().zip(work::LANES) {
            *due = work::first_due(tx, lane)?.unwrap_or(NEVER).min(lease_ends);
        }
        Ok(due)
    }

    pub(crate) fn publish(&self, due: [i64; LANES]) {
        for (place, due) in self.0.iter().zip(due) {
            place.store(due, Ordering::Release);
        }
    }

    /// The first of any lane no slower than `slowest`. `None`: nothing waits.
    pub(crate) fn get(&self, slowest: Lane) -> Option<Timestamp> {
        let lanes = self.0.iter().zip(work::LANES).filter(|(_, lane)| *lane <= slowest);
        match lanes.map(|(due, _)| due.load(Ordering::Acquire)).min() {
            None | Some(NEVER) => None,
            Some(due) => Timestamp::from_microsecond(due).ok(),
        }
    }
}
