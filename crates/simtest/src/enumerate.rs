//! Every point of a short history in turn: the process dies there, and once more while it recovers; or an answer is
//! lost there, or the store fails there. Nothing is sampled.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use lanyard_sim::faults::{Effect, Rule, Target};
use serde_json::{Value, json};

use crate::{
    history::History,
    network::WriteFault,
    run::{Options, run_plan},
    script::{PRESETS, Plan, STORIES},
};

/// Lives of one story that differ in who and what.
const VARIANTS: u64 = 2;
/// Failing cases that are told.
const TOLD_MAX: usize = 5;

/// What goes wrong at each place in turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harness {
    /// The process dies at each point; and again at a point of its recovery, another one each time.
    Crash,
    /// Each answer of a site to a write is lost after the write was done.
    LoseAnswer,
    /// Each write at a site fails before it is done.
    FailStep,
    /// Every hook is delivered twice, beside the feed that tells the same once more.
    Twice,
}

impl Harness {
    pub const ALL: [Self; 4] = [Self::Crash, Self::LoseAnswer, Self::FailStep, Self::Twice];

    pub fn name(self) -> &'static str {
        match self {
            Self::Crash => "crash",
            Self::LoseAnswer => "lose-answer",
            Self::FailStep => "fail-step",
            Self::Twice => "twice",
        }
    }
}

/// One short history.
#[derive(Debug, Clone)]
pub struct Scenario {
    pub name: String,
    pub plan: Plan,
}

/// All of them: each story under each preset, in more than one variant.
pub fn scenarios() -> Vec<Scenario> {
    let mut all = Vec::new();
    for (story, words) in STORIES.iter().enumerate() {
        for preset in PRESETS {
            for variant in 0..VARIANTS {
                let seed = 1 + variant + 10 * story as u64;
                let name = format!("somebody {words} ({preset}, {variant})");
                all.push(Scenario { name, plan: Plan::of_story(story, preset, seed) });
            }
        }
    }
    all
}

/// What an enumeration came to.
#[derive(Debug, Default)]
pub struct Enumerated {
    pub scenarios: usize,
    /// Places at which something went wrong, one history each.
    pub places: u64,
    /// Places that there are: as many, unless only every so manieth was tried.
    pub of: u64,
    /// Deaths of the process, second ones included.
    pub deaths: u64,
    pub failed: u64,
    pub told: Vec<String>,
}

impl Enumerated {
    pub fn report(&self, harness: Harness, seconds: f64) -> Value {
        json!({
            "harness": harness.name(),
            "scenarios": self.scenarios,
            "places": self.places,
            "of": self.of,
            "deaths": self.deaths,
            "failed": self.failed,
            "clean_percent": if self.places == 0 { 0.0 } else { (self.places - self.failed) as f64 * 100.0 / self.places as f64 },
            "seconds": (seconds * 10.0).round() / 10.0,
        })
    }
}

/// Goes through every place of every scenario; with `every` above 1 only through every so manieth, beginning with
/// another one in each scenario.
pub fn enumerate(harness: Harness, only: Option<&str>, every: u64, cores: usize) -> Enumerated {
    let scenarios: Vec<Scenario> =
        scenarios().into_iter().filter(|one| only.is_none_or(|only| one.name.contains(only))).collect();
    let next = AtomicUsize::new(0);
    let (places, deaths, of) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let told: Mutex<(u64, Vec<String>)> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..cores.max(1) {
            scope.spawn(|| {
                while let Some((at, scenario)) = {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    scenarios.get(at).map(|scenario| (at as u64, scenario))
                } {
                    let plain = run_plan(scenario.plan.clone(), Options::default());
                    let note = |what: String, history: &History| {
                        if history.violations.is_empty() {
                            return;
                        }
                        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
                        told.0 += 1;
                        if told.1.len() < TOLD_MAX {
                            told.1.push(format!("{}: {what}\n{}", scenario.name, history.told()));
                        }
                    };
                    note("nothing went wrong".into(), &plain);
                    of.fetch_add(places_of(harness, &plain), Ordering::SeqCst);
                    for (what, plan) in cases(harness, &scenario.plan, &plain, every, at) {
                        let history = run_plan(plan, Options::default());
                        places.fetch_add(1, Ordering::SeqCst);
                        deaths.fetch_add(history.points.len() as u64, Ordering::SeqCst);
                        note(what, &history);
                    }
                }
            });
        }
    });
    let (failed, told) = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    Enumerated {
        scenarios: scenarios.len(),
        places: places.into_inner(),
        of: of.into_inner(),
        deaths: deaths.into_inner(),
        failed,
        told,
    }
}

/// How many places there are.
fn places_of(harness: Harness, plain: &History) -> u64 {
    match harness {
        Harness::Crash => plain.span.1.saturating_sub(plain.span.0),
        Harness::LoseAnswer | Harness::FailStep => plain.writes as u64,
        Harness::Twice => 1,
    }
}

/// The histories in which something goes wrong at one place.
fn cases(harness: Harness, plan: &Plan, plain: &History, every: u64, shift: u64) -> Vec<(String, Plan)> {
    let every = every.max(1);
    let turn = |place: &u64| (place + shift).is_multiple_of(every);
    let with = |fault: WriteFault| -> Vec<(String, Plan)> {
        let places = (0..plain.writes as u64).filter(turn);
        let case = |place: u64| {
            let write_faults = vec![(place as usize, fault)];
            (format!("write {place}: {fault:?}"), Plan { write_faults, ..plan.clone() })
        };
        places.map(case).collect()
    };
    match harness {
        Harness::Crash => {
            let (from, to) = plain.span;
            let length = to.saturating_sub(from).max(1);
            (from..to)
                .filter(turn)
                .map(|point| {
                    // A second death somewhere in the recovery, another place each time.
                    let second = 1 + (point * 7) % length.min(400);
                    (
                        format!("dies at point {point}, and again at {second}"),
                        Plan { deaths: vec![point, second], ..plan.clone() },
                    )
                })
                .collect()
        }
        Harness::LoseAnswer => with(WriteFault::AnswerLost),
        Harness::FailStep => with(WriteFault::NotDone),
        Harness::Twice => {
            let faults = vec![Rule::new(Target::Hook, Effect::Duplicate)];
            vec![("every hook twice".to_owned(), Plan { faults, ..plan.clone() })]
        }
    }
}
