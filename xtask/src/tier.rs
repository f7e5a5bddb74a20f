//! `cargo xtask test`: the steps of the CI tier. Cheap ones first; nothing is compiled twice that need not be.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use crate::{
    Root,
    call::Call,
    console, demo, lockfiles, packs, pages, presets, proofs, reference, simtest,
    step::{Failure, Steps},
    tally::{self, Tally},
    tools,
};

/// A build or a test run that takes longer has hung.
const LONG: Duration = Duration::from_secs(2400);

/// The one Cargo profile of the tier: every dependency is compiled once, for tests and for programs.
const PROFILE: &str = "ci";

/// The program of the tier has traces and metrics to a collector in it, so that they are compiled and tested. They do nothing
/// where no collector is named; a release is built without (`cargo xtask long` builds one).
const FEATURES: [&str; 2] = ["--features", "lanyard/otel"];

/// Runs the tier; prints the list of steps and, as the last line, `N passed, N failed`.
pub fn run(root: &Root) -> ExitCode {
    let mut steps = Steps::begin();
    steps.run("tools", "the message names the command that installs what is missing", || {
        Ok(tools::check(root)?)
    });
    steps.run("lockfiles", "commit the lockfile that belongs to the manifests", || {
        Ok(lockfiles::check(root)?)
    });
    steps.run("format", "run: cargo fmt --all", || one(cargo(root, &["fmt", "--all", "--check"])));
    steps.run("walls", "remove the arrow, or write down why it is right", || Ok(crate::walls(root)?));
    steps.run("pages", "correct the link, or write the page", || Ok(pages::check(root)?));
    // The compiler does not always use both cores, and npm hardly one.
    steps.beside(
        "console | ",
        |aside| console_steps(root, aside),
        |steps| {
            steps.run(
                "lints and build",
                "run: cargo clippy --workspace --all-targets --features lanyard/otel; CONSOLE_UI=none builds without the console",
                || one(tier_cargo(root, &["build", "--workspace", "--all-targets"])),
            );
        },
    );
    let lanyard = program(root, "lanyard");
    // A browser and the servers behind it wait for each other, and so do most tests; the rest has the time that they leave.
    steps.beside(
        "browser | ",
        |aside| browser_steps(root, &lanyard, aside),
        |steps| {
            steps.run(
                "tests",
                "run the failed test alone: cargo nextest run --workspace --features lanyard/otel NAME",
                || tests(root),
            );
            program_steps(root, &lanyard, steps);
        },
    );
    if steps.close() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// What holds beside the tests: other readings of the contracts, histories, documents, clients and readers of others.
fn program_steps(root: &Root, lanyard: &Path, steps: &mut Steps) {
    steps.run(
        "tests: other presets",
        "run the failed test alone: LANYARD_PRESET=NAME cargo nextest run --workspace NAME",
        || presets::essential(root),
    );
    steps.run("examples in docs", "run: cargo test --workspace --doc", || {
        runner(tier_cargo(root, &["test", "--workspace", "--doc"]))
    });
    steps.run("simulation", "run the printed replay line: the same seed is the same history", || {
        simtest::check(root, &program(root, "lanyard-simtest"))
    });
    steps.run("simulation: fresh seeds", "run the printed replay line", || {
        simtest::fresh(root, &program(root, "lanyard-simtest"))
    });
    steps.run("generated docs", "run: cargo xtask gen, and commit what it writes", || {
        Ok(reference::check(root, lanyard)?)
    });
    steps.run("official clients", "run: cargo xtask proofs, and read the lines that say FAIL", || {
        proofs::run(root, lanyard)
    });
    steps.run(
        "evidence, by other programs",
        "run: cargo xtask packs, and read the lines that say FAIL",
        || packs::run(root, lanyard),
    );
    steps.run("demonstration", "run: cargo run --release -- demo --once --people 300", || {
        Ok(demo::check(root, lanyard)?)
    });
}

/// What a real browser sees of living demonstrations.
fn browser_steps(root: &Root, lanyard: &Path, steps: &mut Steps) {
    steps.run("browser pass", "look at the pictures in target/xtask/screens", || {
        console::browser_pass(root, lanyard)
    });
    steps.run("journeys", "run: cargo xtask journeys, and read the lines that say FAIL", || {
        console::journeys(root, lanyard)
    });
    steps.run("lists of 100,000", "run: cargo xtask large, and read the lines that say FAIL", || {
        console::large_lists(root, lanyard)
    });
}

/// What can be said of the console without a server.
fn console_steps(root: &Root, steps: &mut Steps) {
    steps.run("console: packages", "run: npm ci in console/ and read what it says", || {
        Ok(console::install(root)?)
    });
    steps.run("console: types", "run: npm run typecheck in console/", || Ok(console::types(root)?));
    steps.run("console: sizes", "run: npm run build && npm run size in console/", || {
        Ok(console::sizes(root)?)
    });
    steps.run("console: tests", "run: npm test in console/", || console::tests(root));
}

/// The binary of a release build.
pub fn release(root: &Root) -> PathBuf {
    root.target().join("release").join(format!("lanyard{}", std::env::consts::EXE_SUFFIX))
}

/// A program of the tier's own build.
fn program(root: &Root, name: &str) -> PathBuf {
    root.target().join(PROFILE).join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// The dice of the property tests in this tier: a landing judges the change, the same way each time. Whoever wants other cases
/// sets the variable, or runs `cargo nextest run`, which throws anew each time.
const DICE: (&str, &str) = ("PROPTEST_RNG_SEED", "2026");

pub fn cargo(root: &Root, arguments: &[&str]) -> Call {
    Call::new("cargo", root.path("."), LONG).args(arguments)
}

/// Cargo with the tier's profile, the crates of the workspace compiled by Clippy's driver: it is the compiler with the lints in
/// it, so that one pass finds what is wrong and builds what is run (docs/decisions/0013). Every call of the tier must say
/// the same, or Cargo compiles anew.
pub fn tier_cargo(root: &Root, arguments: &[&str]) -> Call {
    let profile = if arguments.first() == Some(&"nextest") { "--cargo-profile" } else { "--profile" };
    cargo(root, arguments)
        .args(["--locked", profile, PROFILE])
        .args(FEATURES)
        .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
        .env("CLIPPY_ARGS", "-Dwarnings")
}

fn tests(root: &Root) -> Result<Tally, Failure> {
    let (name, seed) = DICE;
    let seed = std::env::var(name).unwrap_or_else(|_| seed.into());
    let runs: &[&str] = match tools::nextest() {
        Some(_) => &["nextest", "run", "--workspace", "--no-fail-fast"],
        None => &["test", "--workspace", "--all-targets", "--no-fail-fast"],
    };
    runner(tier_cargo(root, runs).env(name, &seed))
}

/// The tests of the program itself, all of them or those whose names have one of the words, with a variable set.
pub fn program_tests(root: &Root, variable: (&str, &str), words: &[&str]) -> Result<Tally, Failure> {
    let call = match tools::nextest() {
        Some(_) => {
            let named: Vec<String> = words.iter().map(|word| format!("test({word})")).collect();
            let named = if words.is_empty() { "all()".to_owned() } else { named.join(" | ") };
            let filter = format!("package(lanyard) & kind(test) & ({named})");
            tier_cargo(root, &["nextest", "run", "--workspace", "--no-fail-fast"])
                .args(["-E".to_owned(), filter])
        }
        None => tier_cargo(root, &["test", "--workspace", "--test", "it", "--no-fail-fast"])
            .args(["--"])
            .args(words),
    };
    runner(call.env(variable.0, variable.1))
}

fn one(call: Call) -> Result<Tally, Failure> {
    call.run()?;
    Ok(Tally::ONE)
}

/// A call whose closing lines are counted.
fn runner(call: Call) -> Result<Tally, Failure> {
    let (said, failure) = call.run_to_end()?;
    let counted = tally::read(said.lines());
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}
