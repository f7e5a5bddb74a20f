//! Many seeds on all cores: lived, judged, some of them twice, summed up.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    history::History,
    planted,
    run::{Options, run_plan},
    script::{Plan, Profile, Without},
    totals::Totals,
    twin,
};

/// One in so many seeds is lived twice.
const TWICE_EVERY: u64 = 100;
/// One in so many is lived once more without anything that goes wrong.
const TWIN_EVERY: u64 = 5;

/// What to live.
#[derive(Debug, Clone)]
pub struct Orders {
    pub from: u64,
    pub seeds: u64,
    pub profile: Profile,
    /// A preset of the stand-ins for every seed, in place of the drawn one.
    pub preset: Option<&'static str>,
    pub without: Without,
    /// No new history begins later than this after the start.
    pub within: Option<Duration>,
    pub cores: usize,
    /// Steps that a history should have.
    pub steps_wanted: u64,
    /// Failing histories that are kept whole, the first ones by seed.
    pub keep: usize,
    pub journal: bool,
    /// No new history begins after one that failed.
    pub stop_at_first: bool,
    /// A deliberate bug, switched on.
    pub bug: Option<String>,
    /// Some seeds are lived twice, and must be the same.
    pub twice: bool,
}

impl Orders {
    /// Whether its seeds are those that a count of seeds speaks of: from the first one on, as they are drawn.
    pub fn is_plain(&self) -> bool {
        self.from == 1 && self.preset.is_none() && self.without == Without::default()
    }
}

impl Default for Orders {
    fn default() -> Self {
        Self {
            from: 1,
            seeds: 1,
            profile: Profile::Swarm,
            preset: None,
            without: Without::default(),
            within: None,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            steps_wanted: 1000,
            keep: 3,
            journal: false,
            stop_at_first: false,
            bug: None,
            twice: true,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub struct Lived {
    pub totals: Totals,
    /// Failing histories, by seed.
    pub failed: Vec<History>,
    /// Histories in which the code of the deliberate bug was passed.
    pub reached: u64,
    pub seconds: f64,
}

/// One seed's history, or what kept it from being one.
enum Fate {
    History(Box<History>, bool),
    Panicked,
    /// The second life of the same seed was another one.
    Unlike(Box<History>),
}

/// What is told after each history: the sums so far. It answers whether another one begins.
pub type Onlooker<'a> = dyn Fn(&Totals) -> ControlFlow<()> + Sync + 'a;

/// Lives through all of them, or until the onlooker has seen enough: those that are being lived then are lived to their end.
pub fn drive(orders: &Orders, onlooker: &Onlooker<'_>) -> Lived {
    let begun = Instant::now();
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let reached = AtomicU64::new(0);
    // Histories are large: summed up in the order of their seeds as they come, so that the sums are the same each time.
    let sums =
        Mutex::new((Totals::default(), Vec::<History>::new(), BTreeMap::<u64, Fate>::new(), orders.from));
    std::thread::scope(|scope| {
        for _ in 0..orders.cores.max(1) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::SeqCst) as u64;
                    let late = orders.within.is_some_and(|within| begun.elapsed() >= within);
                    if at >= orders.seeds || late || stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let seed = orders.from + at;
                    planted::plant(orders.bug.as_deref());
                    let fate = live(orders, seed);
                    reached.fetch_add(u64::from(planted::was_reached()), Ordering::SeqCst);
                    let bad = match &fate {
                        Fate::History(history, _) => !history.violations.is_empty(),
                        Fate::Panicked | Fate::Unlike(_) => true,
                    };
                    if bad && orders.stop_at_first {
                        stop.store(true, Ordering::SeqCst);
                    }
                    let mut sums = sums.lock().unwrap_or_else(PoisonError::into_inner);
                    let (totals, failed, waiting, due) = &mut *sums;
                    waiting.insert(seed, fate);
                    while let Some(fate) = waiting.remove(due) {
                        sum(totals, failed, *due, fate, orders);
                        *due += 1;
                    }
                    if onlooker(totals).is_break() {
                        stop.store(true, Ordering::SeqCst);
                    }
                }
            });
        }
    });
    let (mut totals, mut failed, waiting, _) = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (seed, fate) in waiting {
        sum(&mut totals, &mut failed, seed, fate, orders);
    }
    Lived { totals, failed, reached: reached.into_inner(), seconds: begun.elapsed().as_secs_f64() }
}

fn live(orders: &Orders, seed: u64) -> Fate {
    let plan = || {
        let drawn = Plan::drawn(seed, orders.profile);
        let preset = orders.preset.unwrap_or(drawn.preset);
        Plan { preset, ..drawn }.leaving_out(&orders.without)
    };
    let once =
        || catch_unwind(|| run_plan(plan(), Options { journal: orders.journal, ..Options::default() })).ok();
    let Some(mut history) = once() else { return Fate::Panicked };
    if seed.is_multiple_of(TWIN_EVERY)
        && twin::has_one_end(&history.plan)
        && let Some(found) = catch_unwind(AssertUnwindSafe(|| twin::differs(&history))).ok().flatten()
    {
        *history.checks.entry("twin").or_default() += 1;
        history.violations.extend(found);
    }
    // The first one too, so that a short run shows it as well.
    let twice = orders.twice && (seed.is_multiple_of(TWICE_EVERY) || seed == orders.from);
    if !twice {
        return Fate::History(Box::new(history), false);
    }
    match once() {
        Some(again) if again.hash == history.hash && again.events == history.events => {
            Fate::History(Box::new(history), true)
        }
        _ => Fate::Unlike(Box::new(history)),
    }
}

fn sum(totals: &mut Totals, failed: &mut Vec<History>, seed: u64, fate: Fate, orders: &Orders) {
    let (history, broken) = match fate {
        Fate::Panicked => {
            totals.add_broken(seed, "panicked");
            return;
        }
        Fate::History(history, twice) => {
            totals.repeated += u64::from(twice);
            (history, false)
        }
        Fate::Unlike(history) => (history, true),
    };
    totals.add(&history, orders.steps_wanted);
    if broken {
        totals.add_broken(seed, "not the same twice");
    }
    if (broken || !history.violations.is_empty()) && failed.len() < orders.keep {
        failed.push(*history);
    }
}
