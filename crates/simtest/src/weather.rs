//! What goes wrong beside the stand-ins' own faults: below the store, in answers that lie, and to the process itself.
//! Everything that struck is counted under one name per kind.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_sim::world::Dice;
use lanyard_store::{Disk, DiskStep, DiskTrouble};

use crate::clock::VirtualTime;

/// Something that may strike at each occasion within its window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mishap {
    DiskLocked,
    DiskFull,
    DiskUnreadable,
    /// The flush of a commit fails and nothing of it is kept.
    FlushLost,
    /// The flush of a commit fails and all of it is kept.
    FlushKept,
    /// An answer of success whose body is something else.
    WrongContent,
    /// A list that shows nothing, as to somebody without rights.
    EmptyList,
}

impl Mishap {
    pub const ALL: [Self; 7] = [
        Self::DiskLocked,
        Self::DiskFull,
        Self::DiskUnreadable,
        Self::FlushLost,
        Self::FlushKept,
        Self::WrongContent,
        Self::EmptyList,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::DiskLocked => "database locked",
            Self::DiskFull => "disk full",
            Self::DiskUnreadable => "disk unreadable",
            Self::FlushLost => "flush failed, nothing kept",
            Self::FlushKept => "flush failed, all kept",
            Self::WrongContent => "wrong content",
            Self::EmptyList => "empty list",
        }
    }
}

/// A mishap with its window and rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Front {
    pub mishap: Mishap,
    pub from: Duration,
    pub until: Duration,
    pub probability: f64,
}

/// All fronts of one history, and what struck.
pub struct Weather {
    time: VirtualTime,
    start: Timestamp,
    inner: Mutex<Inner>,
    /// How far the process's clock is off, in milliseconds.
    skew: AtomicI64,
    /// The clock is right again, and stays so: an error that was to end later has ended.
    righted: AtomicBool,
    machine: Mutex<Machine>,
    hushed: AtomicBool,
}

/// What was done to the machine under the process, for those who judge waits and bounds by its clock.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// From when on its clock was off by how much.
    skews: Vec<(Timestamp, SignedDuration)>,
    /// When it stood still.
    pauses: Vec<(Timestamp, Timestamp)>,
}

impl Machine {
    /// What its clock showed.
    pub fn clock(&self, at: Timestamp) -> Timestamp {
        let known = self.skews.partition_point(|(since, _)| *since <= at);
        let off = known.checked_sub(1).map_or(SignedDuration::ZERO, |place| self.skews[place].1);
        at.checked_add(off).unwrap_or(at)
    }

    /// The first moment at which its clock showed that; `None`: it never did.
    pub fn first_shown(&self, shown: Timestamp) -> Option<Timestamp> {
        let offs = [SignedDuration::ZERO].into_iter().chain(self.skews.iter().map(|(_, off)| *off));
        let moments = offs.filter_map(|off| shown.checked_sub(off).ok());
        moments.filter(|at| self.clock(*at) == shown).min()
    }

    /// For how long it stood still within `[from, to]`.
    pub fn stood_still(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let within = self.pauses.iter().map(|(since, until)| {
            let (since, until) = ((*since).max(from), (*until).min(to));
            if until > since { until.duration_since(since) } else { SignedDuration::ZERO }
        });
        within.sum()
    }

    /// The farthest that its clock was off, either way.
    pub fn most_off(&self) -> SignedDuration {
        self.skews.iter().map(|(_, off)| off.abs()).max().unwrap_or_default()
    }

    /// The farthest that its clock was ahead of the time.
    pub fn most_ahead(&self) -> SignedDuration {
        self.skews.iter().map(|(_, off)| *off).max().unwrap_or_default().max(SignedDuration::ZERO)
    }
}

/// See [`Weather::hush`].
pub struct Hushed<'a>(&'a Weather);

impl Drop for Hushed<'_> {
    fn drop(&mut self) {
        self.0.hushed.store(false, Ordering::SeqCst);
    }
}

struct Inner {
    fronts: Vec<Front>,
    dice: Dice,
    hits: BTreeMap<&'static str, u64>,
}

impl Weather {
    pub fn new(time: VirtualTime, fronts: Vec<Front>, seed: u64) -> Arc<Self> {
        let inner = Inner { fronts, dice: Dice::new(seed, "weather"), hits: BTreeMap::new() };
        Arc::new(Self {
            time,
            start: time.now(),
            inner: Mutex::new(inner),
            skew: AtomicI64::new(0),
            righted: AtomicBool::new(false),
            machine: Mutex::default(),
            hushed: AtomicBool::new(false),
        })
    }

    /// Whether it strikes on this occasion. Counted if so.
    pub fn strikes(&self, mishap: Mishap) -> bool {
        let strikes = self.threatens(mishap);
        if strikes {
            self.note(mishap.name());
        }
        strikes
    }

    /// The same, not counted yet.
    fn threatens(&self, mishap: Mishap) -> bool {
        let mut inner = self.lock();
        if inner.fronts.is_empty() || self.hushed.load(Ordering::SeqCst) {
            return false;
        }
        let passed = Duration::try_from(self.time.now().duration_since(self.start)).unwrap_or_default();
        let Inner { fronts, dice, .. } = &mut *inner;
        fronts
            .iter()
            .filter(|front| front.mishap == mishap && front.from <= passed && passed < front.until)
            .any(|front| dice.probability(front.probability))
    }

    /// Nothing strikes while somebody who only watches reads, until the answer is dropped.
    pub fn hush(&self) -> Hushed<'_> {
        self.hushed.store(true, Ordering::SeqCst);
        Hushed(self)
    }

    /// Counts something that was done on purpose.
    pub fn note(&self, name: &'static str) {
        *self.lock().hits.entry(name).or_default() += 1;
    }

    pub fn has_struck(&self, name: &str) -> bool {
        self.lock().hits.contains_key(name)
    }

    /// Lets a mishap strike at the next occasion, until [`Weather::clear`].
    pub fn insist(&self, mishap: Mishap) {
        let front = Front { mishap, from: Duration::ZERO, until: Duration::MAX, probability: 1.0 };
        self.lock().fronts.push(front);
    }

    /// Nothing strikes any more.
    pub fn clear(&self) {
        self.lock().fronts.clear();
    }

    pub fn hits(&self) -> BTreeMap<&'static str, u64> {
        self.lock().hits.clone()
    }

    /// Puts the clock off by `by`, beside what it is off by already, unless it was put right for good.
    pub fn push_clock(&self, by: SignedDuration) {
        if !self.righted.load(Ordering::SeqCst) {
            self.set_skew(self.skew() + by);
        }
    }

    /// The clock is right from now on, whatever was to end later.
    pub fn right_clock(&self) {
        self.righted.store(true, Ordering::SeqCst);
        self.set_skew(SignedDuration::ZERO);
    }

    fn set_skew(&self, skew: SignedDuration) {
        self.skew.store(i64::try_from(skew.as_millis()).unwrap_or(0), Ordering::SeqCst);
        let now = self.time.now();
        self.machine.lock().unwrap_or_else(PoisonError::into_inner).skews.push((now, skew));
    }

    /// The machine stood still from `since` until now.
    pub fn stood_still_since(&self, since: Timestamp) {
        let mut machine = self.machine.lock().unwrap_or_else(PoisonError::into_inner);
        // It went on when everything was put right.
        let righted = machine.skews.last().filter(|_| self.righted.load(Ordering::SeqCst));
        let until = righted.map_or(self.time.now(), |(at, _)| *at);
        machine.pauses.push((since, until));
    }

    pub fn machine(&self) -> Machine {
        self.machine.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn skew(&self) -> SignedDuration {
        SignedDuration::from_millis(self.skew.load(Ordering::SeqCst))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The weather as a store's disk.
pub struct StormyDisk(pub Arc<Weather>);

impl Disk for StormyDisk {
    fn trouble(&mut self, step: DiskStep) -> Option<DiskTrouble> {
        let strikes = |mishap| self.0.strikes(mishap);
        match step {
            DiskStep::Read => strikes(Mishap::DiskUnreadable).then_some(DiskTrouble::Broken),
            DiskStep::Begin if strikes(Mishap::DiskLocked) => Some(DiskTrouble::Locked),
            DiskStep::Begin => self.0.threatens(Mishap::DiskFull).then_some(DiskTrouble::Full),
            DiskStep::Commit if strikes(Mishap::FlushKept) => Some(DiskTrouble::Unflushed { kept: true }),
            DiskStep::Commit => strikes(Mishap::FlushLost).then_some(DiskTrouble::Unflushed { kept: false }),
        }
    }

    fn was_full(&mut self) {
        self.0.note(Mishap::DiskFull.name());
    }
}
