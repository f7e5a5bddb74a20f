//! Every point of a short history in turn: the process dies there, and once more while it recovers; or an answer is
//! lost there, or the store fails there. Nothing is sampled.

use std::{
    ops::ControlFlow,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
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
const VARIANTS: u64 = 3;
/// Failing cases that are told.
const TOLD_MAX: usize = 5;
/// Failing cases that are named.
const NAMED_MAX: usize = 50;

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
    /// Places at which something went wrong.
    pub places: u64,
    /// Places that there are: as many, unless only every so manieth was tried.
    pub of: u64,
    /// Histories lived for them: one for all points in a row between which nothing happened outside of the process.
    pub lived: u64,
    /// Deaths of the process, second ones included.
    pub deaths: u64,
    pub failed: u64,
    /// The first failing cases, and what each broke first.
    pub named: Vec<String>,
    pub told: Vec<String>,
    /// Somebody ended it before every place was tried.
    pub ended_early: bool,
}

impl Enumerated {
    pub fn report(&self, harness: Harness, seconds: f64) -> Value {
        json!({
            "harness": harness.name(),
            "scenarios": self.scenarios,
            "places": self.places,
            "of": self.of,
            "lived": self.lived,
            "deaths": self.deaths,
            "failed": self.failed,
            "clean_percent": if self.places == 0 { 0.0 } else { (self.places - self.failed) as f64 * 100.0 / self.places as f64 },
            "first_failures": self.named,
            "ended_early": self.ended_early,
            "seconds": (seconds * 10.0).round() / 10.0,
        })
    }
}

/// Goes through every place of every scenario; with `every` above 1 only through every so manieth, beginning with
/// another one in each scenario. `onlooker` is told the sums so far after each place, and answers whether it goes on.
pub fn enumerate(
    harness: Harness,
    only: Option<&str>,
    every: u64,
    cores: usize,
    onlooker: &(dyn Fn(&Enumerated) -> ControlFlow<()> + Sync),
) -> Enumerated {
    let scenarios: Vec<Scenario> =
        scenarios().into_iter().filter(|one| only.is_none_or(|only| one.name.contains(only))).collect();
    let next = AtomicUsize::new(0);
    let stop = AtomicBool::new(false);
    let sums = Mutex::new(Enumerated { scenarios: scenarios.len(), ..Enumerated::default() });
    let sums_now = || sums.lock().unwrap_or_else(PoisonError::into_inner);
    std::thread::scope(|scope| {
        for _ in 0..cores.max(1) {
            scope.spawn(|| {
                while let Some((at, scenario)) = {
                    let at = next.fetch_add(1, Ordering::SeqCst);
                    scenarios.get(at).map(|scenario| (at as u64, scenario))
                } {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let marked = Options { marks: true, ..Options::default() };
                    let plain = run_plan(scenario.plan.clone(), marked);
                    {
                        let mut sums = sums_now();
                        sums.note(scenario, "nothing went wrong", &plain);
                        sums.of += places_of(harness, &plain);
                    }
                    for Case { what, plan, places } in cases(harness, &scenario.plan, &plain, every, at) {
                        let history = run_plan(plan, Options::default());
                        let mut sums = sums_now();
                        sums.places += places;
                        sums.lived += 1;
                        sums.deaths += history.points.len() as u64;
                        sums.note(scenario, &what, &history);
                        if onlooker(&sums).is_break() {
                            stop.store(true, Ordering::SeqCst);
                        }
                        if stop.load(Ordering::SeqCst) {
                            sums.ended_early = true;
                            return;
                        }
                    }
                }
            });
        }
    });
    sums.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Enumerated {
    fn note(&mut self, scenario: &Scenario, what: &str, history: &History) {
        let Some(first) = history.violations.first() else { return };
        self.failed += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push(format!("{}: {what}: {first}", scenario.name));
        }
        if self.told.len() < TOLD_MAX {
            self.told.push(format!("{}: {what}\n{}", scenario.name, history.told()));
        }
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

/// A history in which something goes wrong at one place, and how many places end like it.
struct Case {
    what: String,
    plan: Plan,
    places: u64,
}

fn cases(harness: Harness, plan: &Plan, plain: &History, every: u64, shift: u64) -> Vec<Case> {
    let every = every.max(1);
    let turn = |place: u64| (place + shift).is_multiple_of(every);
    let with = |fault: WriteFault| -> Vec<Case> {
        let places = (0..plain.writes as u64).filter(|place| turn(*place));
        let case = |place: u64| {
            let write_faults = vec![(place as usize, fault)];
            let plan = Plan { write_faults, ..plan.clone() };
            Case { what: format!("write {place}: {fault:?}"), plan, places: 1 }
        };
        places.map(case).collect()
    };
    match harness {
        Harness::Crash => {
            let (from, to) = plain.span;
            let length = to.saturating_sub(from).max(1);
            let classes = classes(plain).into_iter().zip(0..).filter(|(_, at)| turn(*at));
            classes
                .map(|((point, places), _)| {
                    // A second death somewhere in the recovery, another place each time.
                    let second = 1 + (point * 7) % length.min(400);
                    Case {
                        what: format!("dies at point {point}, and again at {second}"),
                        plan: Plan { deaths: vec![point, second], ..plan.clone() },
                        places,
                    }
                })
                .collect()
        }
        Harness::LoseAnswer => with(WriteFault::AnswerLost),
        Harness::FailStep => with(WriteFault::NotDone),
        Harness::Twice => {
            let faults = vec![Rule::new(Target::Hook, Effect::Duplicate)];
            let plan = Plan { faults, ..plan.clone() };
            vec![Case { what: "every hook twice".to_owned(), plan, places: 1 }]
        }
    }
}

/// The points of a history between its first step and its end at which the process can die, those that end alike as one: the
/// first of them, and how many they are.
pub fn classes(plain: &History) -> Vec<(u64, u64)> {
    let (from, to) = plain.span;
    let mut classes: Vec<(u64, u64)> = Vec::new();
    for point in from..to {
        let mark = |point: u64| plain.marks.get(point as usize);
        match classes.last_mut() {
            Some((first, count)) if mark(*first).is_some() && mark(*first) == mark(point) => *count += 1,
            _ => classes.push((point, 1)),
        }
    }
    classes
}
