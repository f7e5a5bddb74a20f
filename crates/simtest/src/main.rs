//! Lives through seeds and says what came of it. Exit code 1: an invariant was broken, or a seed was not the same twice.

use std::{
    collections::BTreeSet,
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use lanyard_simtest::{
    drive::{Orders, drive},
    enumerate::{Harness, enumerate},
    found::Found,
    hunt::{Plain, Trial, hunt},
    planted,
    progress::Progress,
    script::{PRESETS, Profile, Without},
    shrink::shrink,
};

/// As in the product: what a history does is mostly small values that are made and dropped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Deterministic simulation: the production engine, adapters and store against the stand-ins, in virtual time.
#[derive(Parser)]
#[command(name = "lanyard-simtest")]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    from: u64,
    /// Begin at a seed that nobody has tried: drawn from the time.
    #[arg(long, conflicts_with = "from")]
    fresh: bool,
    /// swarm, calm, storm, weeks, brief, rough or dense.
    #[arg(long, default_value = "swarm")]
    profile: Profile,
    /// Live every seed under this preset of the stand-ins instead of the drawn one.
    #[arg(long, value_parser = PRESETS)]
    preset: Option<String>,
    /// What to leave out of each history, as a shrunk one says: `s3,f0,w1,k,h,g`.
    #[arg(long, default_value = "")]
    without: Without,
    /// Begin no history, no other place of an enumeration, or no trial of another bug, later than so many seconds after the start.
    #[arg(long)]
    within: Option<u64>,
    /// Histories at once.
    #[arg(long)]
    cores: Option<usize>,
    /// Totals as JSON.
    #[arg(long)]
    json: bool,
    /// Tell each failing history whole, with the journal's lines and each request, instead of a shrunk one.
    #[arg(long)]
    journal: bool,
    /// Do not shrink what fails.
    #[arg(long)]
    no_shrink: bool,
    /// Switch this deliberate bug on; `all`: one after another, and say which seed finds each.
    #[arg(long, value_name = "BUG")]
    plant: Option<String>,
    /// With --plant: keep what came of each bug in this file. What is least known is tried first, and on seeds beyond those
    /// that did not find it; a seed that found a bug before is tried before others.
    #[arg(long, value_name = "FILE", requires = "plant")]
    record: Option<PathBuf>,
    /// Go through every place of short histories: crash, lose-answer, fail-step, twice, or all.
    #[arg(long, value_name = "HARNESS")]
    enumerate: Option<String>,
    /// With --enumerate: only every so manieth place.
    #[arg(long, default_value_t = 1)]
    every: u64,
    /// With --enumerate: only scenarios whose name has these words.
    #[arg(long)]
    scenario: Option<String>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let from = if arguments.fresh { fresh() } else { arguments.from };
    let defaults = Orders::default();
    let orders = Orders {
        from,
        seeds: arguments.seeds,
        profile: arguments.profile,
        preset: PRESETS.into_iter().find(|name| arguments.preset.as_deref() == Some(*name)),
        without: arguments.without.clone(),
        within: arguments.within.map(Duration::from_secs),
        cores: arguments.cores.unwrap_or(defaults.cores),
        journal: arguments.journal,
        ..defaults
    };
    if let Some(bug) = &arguments.plant {
        return try_bugs(bug, &orders, arguments.record.as_deref(), arguments.json);
    }
    if let Some(harness) = &arguments.enumerate {
        return go_through(harness, &arguments, orders.cores);
    }
    let progress = Progress::begin();
    let lived = drive(&orders, &|totals| progress.of_seeds(totals));
    progress.end();
    let cpu = cpu_seconds();
    if arguments.json {
        println!("{}", lived.totals.report(lived.seconds, cpu));
    } else {
        print!("{}", lived.totals.told(lived.seconds, cpu));
    }
    for (place, history) in lived.failed.iter().enumerate() {
        // Whoever has little time is told of one in short.
        let late = arguments.within.is_some() && place > 0;
        let short =
            if arguments.no_shrink || arguments.journal || late { None } else { Some(shrink(history)) };
        eprintln!("\n{}", short.as_ref().unwrap_or(history).told());
    }
    if lived.totals.violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Every place in turn. Exit code 1: one of them broke an invariant.
fn go_through(name: &str, arguments: &Arguments, cores: usize) -> ExitCode {
    let harnesses: Vec<Harness> =
        Harness::ALL.into_iter().filter(|harness| name == "all" || name == harness.name()).collect();
    if harnesses.is_empty() {
        eprintln!("error: there is no harness `{name}`: crash, lose-answer, fail-step, twice, all");
        return ExitCode::from(2);
    }
    let mut failed = 0;
    let progress = Progress::begin();
    for harness in harnesses {
        let begun = Instant::now();
        let late = || arguments.within.is_some_and(|within| begun.elapsed() >= Duration::from_secs(within));
        let onlooker = |sums: &_| if late() { ControlFlow::Break(()) } else { progress.of_places(sums) };
        let done = enumerate(harness, arguments.scenario.as_deref(), arguments.every, cores, &onlooker);
        progress.end();
        println!("{}", done.report(harness, begun.elapsed().as_secs_f64()));
        for told in &done.told {
            eprintln!("\n{told}");
        }
        failed += done.failed;
        if done.ended_early && arguments.within.is_none() {
            break;
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Puts the auditor on trial. Exit code 1: a bug lives.
fn try_bugs(bug: &str, orders: &Orders, record: Option<&Path>, json: bool) -> ExitCode {
    let bugs: Vec<&str> =
        planted::NAMES.iter().copied().filter(|name| bug == "all" || bug == *name).collect();
    if bugs.is_empty() {
        eprintln!("error: this build has no deliberate bug `{bug}`\nhint: cargo xtask simtest --planted");
        return ExitCode::from(2);
    }
    let mut found = match record.map(Found::read).transpose() {
        Ok(found) => found.unwrap_or_default(),
        Err(error) => {
            eprintln!("error: {error}\nhint: nothing was tried; mend the file or remove it");
            return ExitCode::from(2);
        }
    };
    // A bug may make the code panic: that is a find, and no news for the terminal.
    std::panic::set_hook(Box::new(|_| {}));
    let (begun, planted) = (Instant::now(), bugs.len());
    let mut plain = Plain::default();
    let mut trials = Vec::new();
    for bug in found.least_known_first(&bugs) {
        if orders.within.is_some_and(|within| begun.elapsed() >= within) {
            break;
        }
        let trial = try_bug(bug, orders, &found, &mut plain);
        found.add(&trial, orders);
        if let Err(error) = found.keep(&planted::NAMES.iter().copied().collect::<BTreeSet<_>>()) {
            eprintln!("error: what came of {bug} could not be kept: {error}");
            return ExitCode::from(2);
        }
        if !json {
            match &trial.caught {
                Some((seed, invariants)) => {
                    println!("found  {bug}: {} by seed {seed}", invariants.join(", "))
                }
                None => println!(
                    "LIVES  {bug}: {} seeds did not find it, {} of them reached it",
                    trial.seeds_tried, trial.reached
                ),
            }
        }
        trials.push(trial);
    }
    let caught = trials.iter().filter(|trial| trial.caught.is_some()).count();
    if json {
        let rows: Vec<_> = trials.iter().map(Trial::report).collect();
        println!("{}", serde_json::json!({ "bugs": trials.len(), "found": caught, "trials": rows }));
    } else {
        let left = planted - trials.len();
        let late = if left == 0 { String::new() } else { format!("; no time for {left} others") };
        println!("{caught} of {} deliberate bugs found{late}", trials.len());
    }
    if caught == trials.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// One bug: first the seed that found it last time, then all others that have not been tried on it.
fn try_bug(bug: &str, orders: &Orders, found: &Found, plain: &mut Plain) -> Trial {
    let orders = Orders { within: None, ..orders.clone() };
    let known = found.known(bug);
    if let Some((profile, seed, _)) = known.caught
        && profile == orders.profile
    {
        let again = hunt(bug, &Orders { from: seed, seeds: 1, ..orders.clone() }, plain);
        if again.caught.is_some() {
            return again;
        }
    }
    let missed = known.missed.get(orders.profile.name()).filter(|_| orders.is_plain());
    let tried = missed.map_or(0, |(seeds, _)| *seeds);
    hunt(bug, &Orders { from: orders.from + tried, ..orders.clone() }, plain)
}

/// A seed that differs from run to run, short enough to be typed.
#[expect(clippy::disallowed_methods, reason = "the only place where chance comes in: which seeds are tried")]
fn fresh() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    now.as_secs() % 100_000_000 * 1000
}

/// Processor time of this process so far, where the system tells it.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / 100.0)
}
