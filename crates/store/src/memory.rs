//! What the writing side knows without asking the database.
//!
//! One writer has the folder to itself, so what it wrote is what is there. A look ends half a dozen findings that were
//! never raised and appends a few journal lines: asking for each would cost more than writing the rest. What a failed
//! batch changed here is taken back; a lost transaction forgets everything, and it is read anew when it is needed.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use jiff::Timestamp;
use lanyard_model::signal::Lane;

use crate::{
    tables::{
        found, journal,
        notes::{self, Sort},
        work,
    },
    tx::{Answer, Tx},
};

/// Everything remembered between transactions.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) findings: OpenFindings,
    pub(crate) journal: journal::End,
    pub(crate) found: found::Runs,
}

impl Memory {
    /// The batch succeeded within its transaction.
    pub(crate) fn keep(&mut self) {
        self.findings.keep();
        self.journal.keep();
    }

    /// The batch was rolled back.
    pub(crate) fn undo(&mut self) {
        self.findings.undo();
        self.journal.undo();
    }

    /// Writes what is written once per transaction.
    pub(crate) fn flush(&mut self, tx: &dyn Tx) -> Answer<()> {
        self.journal.flush(tx)?;
        self.found.settle(tx)
    }

    /// The transaction was lost.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The findings that are not over: by key, with what each is counted by. Notes of those that a person put away stand among
/// them, and are not counted.
#[derive(Default)]
pub(crate) struct OpenFindings {
    /// `None` until they are needed.
    keys: Option<BTreeMap<String, Option<Sort>>>,
    counts: BTreeMap<Sort, u64>,
    /// Counts differ from those that were last published.
    recounted: bool,
    /// Keys of findings that began, ended or are of another sort since then.
    changed: BTreeSet<String>,
    /// What the batch under way changed: a key, and what stood there before.
    undo: Vec<(String, Option<Option<Sort>>)>,
}

impl OpenFindings {
    fn keys(&mut self, tx: &dyn Tx) -> Answer<&BTreeMap<String, Option<Sort>>> {
        let keys = match self.keys.take() {
            Some(keys) => keys,
            None => {
                let keys = notes::open_findings(tx)?;
                self.counts.clear();
                keys.values().flatten().for_each(|sort| count(&mut self.counts, sort, true));
                self.recounted = true;
                keys
            }
        };
        Ok(self.keys.insert(keys))
    }

    pub(crate) fn contains(&mut self, tx: &dyn Tx, key: &str) -> Answer<bool> {
        Ok(self.keys(tx)?.contains_key(key))
    }

    /// Open ones whose key begins so, in order.
    pub(crate) fn beginning_with(&mut self, tx: &dyn Tx, prefix: &str) -> Answer<Vec<String>> {
        let keys = self.keys(tx)?;
        let from = keys.range::<str, _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        Ok(from.map(|(key, _)| key).take_while(|key| key.starts_with(prefix)).cloned().collect())
    }

    /// `sort` is what a finding is counted by; a note has none.
    pub(crate) fn open(&mut self, tx: &dyn Tx, key: &str, sort: Option<Sort>) -> Answer<()> {
        if self.keys(tx)?.get(key) != Some(&sort) {
            let before = self.put(key, Some(sort));
            self.undo.push((key.to_owned(), before));
        }
        Ok(())
    }

    pub(crate) fn close(&mut self, tx: &dyn Tx, key: &str) -> Answer<()> {
        if self.keys(tx)?.contains_key(key) {
            let before = self.put(key, None);
            self.undo.push((key.to_owned(), before));
        }
        Ok(())
    }

    /// Lets this stand at a key, or nothing; what stood there.
    fn put(&mut self, key: &str, now: Option<Option<Sort>>) -> Option<Option<Sort>> {
        let keys = self.keys.as_mut()?;
        if let Some(Some(sort)) = &now {
            count(&mut self.counts, sort, true);
        }
        let before = match now {
            Some(sort) => keys.insert(key.to_owned(), sort),
            None => keys.remove(key),
        };
        if let Some(Some(sort)) = &before {
            count(&mut self.counts, sort, false);
        }
        self.recounted = true;
        before
    }

    fn keep(&mut self) {
        let changed = self.undo.drain(..).map(|(key, _)| key);
        self.changed.extend(changed.filter(|key| !key.starts_with(notes::CLOSED)));
    }

    fn undo(&mut self) {
        for (key, before) in std::mem::take(&mut self.undo).into_iter().rev() {
            self.put(&key, before);
        }
    }
}

fn count(counts: &mut BTreeMap<Sort, u64>, sort: &Sort, more: bool) {
    let count = counts.entry(sort.clone()).or_default();
    *count = if more { *count + 1 } else { count.saturating_sub(1) };
    if *count == 0 {
        counts.remove(sort);
    }
}

/// How many findings are open of each sort, and which changed, as of the last commit: monitoring and alerts ask again and again,
/// and must not read them all.
#[derive(Clone, Default)]
pub(crate) struct OpenCounts(Arc<Mutex<Published>>);

/// Changes that are remembered; whoever asks for earlier ones reads everything.
const CHANGES_MAX: usize = 10_000;

#[derive(Default)]
struct Published {
    /// `None`: not known, they are to be counted.
    counts: Option<BTreeMap<Sort, u64>>,
    /// Of the last commit that changed any.
    number: u64,
    /// Changes after this number are known.
    known_after: u64,
    changes: VecDeque<(u64, String)>,
}

impl Published {
    fn note(&mut self, keys: BTreeSet<String>) {
        if keys.is_empty() {
            return;
        }
        self.number += 1;
        self.changes.extend(keys.into_iter().map(|key| (self.number, key)));
        while self.changes.len() > CHANGES_MAX
            && let Some((number, _)) = self.changes.pop_front()
        {
            self.known_after = number;
        }
    }
}

impl OpenCounts {
    fn held(&self) -> MutexGuard<'_, Published> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self) -> Option<BTreeMap<Sort, u64>> {
        self.held().counts.clone()
    }

    /// What changed since then, and the number to ask with next time; `None`: not known, or more than `max`.
    pub(crate) fn changed(&self, since: Option<u64>, max: usize) -> (u64, Option<BTreeSet<String>>) {
        let known = self.held();
        let Some(since) = since.filter(|since| (known.known_after..=known.number).contains(since)) else {
            return (known.number, None);
        };
        let newer = known.changes.iter().rev().take_while(|(number, _)| *number > since);
        let keys: BTreeSet<String> = newer.map(|(_, key)| key.clone()).collect();
        (known.number, (keys.len() <= max).then_some(keys))
    }

    /// What was counted is what a commit made durable.
    pub(crate) fn publish(&self, findings: &mut OpenFindings) {
        if findings.keys.is_some() && std::mem::take(&mut findings.recounted) {
            let mut known = self.held();
            known.counts = Some(findings.counts.clone());
            known.note(std::mem::take(&mut findings.changed));
        }
    }

    /// A transaction was lost, and may have happened all the same.
    pub(crate) fn forget(&self) {
        let mut known = self.held();
        known.counts = None;
        known.number += 1;
        known.known_after = known.number;
        known.changes.clear();
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
