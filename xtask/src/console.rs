//! The console's packages, types, tests, browser pass, and dev server.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, ensure};

use crate::{
    Root,
    call::{self, Call, first_line},
    demo::Living,
    step::Failure,
    tally::{self, Tally},
    tools,
};

const NPM: Duration = Duration::from_secs(600);
const PASS: Duration = Duration::from_secs(900);
const FOLDER: &str = "console";

fn npm(root: &Root, arguments: &[&str]) -> Call {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    Call::new(program, root.path(FOLDER), NPM).args(arguments)
}

/// Installs what the lockfile names, unless that was done already. The lockfile stays as it is.
///
/// # Errors
/// npm's, or a lockfile that npm wants to change.
pub fn install(root: &Root) -> anyhow::Result<Tally> {
    let lockfile = root.path("console/package-lock.json");
    let locked = fs::read_to_string(&lockfile).context("cannot read console/package-lock.json")?;
    let wanted = format!("{}\n{locked}", first_line("node", &["--version"]).unwrap_or_default());
    let stamp = root.scratch()?.join("console-packages.stamp");
    let whole = fs::read_to_string(&stamp).is_ok_and(|done| done == wanted);
    if whole && root.path("console/node_modules").is_dir() {
        call::show("    console/node_modules is what the lockfile says");
        return Ok(Tally::ONE);
    }
    // A stamp beside half an install would claim that it is whole.
    let _ = fs::remove_file(&stamp);
    npm(root, &["ci", "--ignore-scripts", "--no-progress"]).run()?;
    ensure!(
        fs::read_to_string(&lockfile).is_ok_and(|after| after == locked),
        "npm ci changed console/package-lock.json"
    );
    fs::write(&stamp, wanted)?;
    Ok(Tally::ONE)
}

/// The type checker.
///
/// # Errors
/// What it found.
pub fn types(root: &Root) -> anyhow::Result<Tally> {
    npm(root, &["run", "typecheck"]).run()?;
    Ok(Tally::ONE)
}

/// Builds the console and holds its parts to their budgets in bytes.
///
/// # Errors
/// Which part is too big.
pub fn sizes(root: &Root) -> anyhow::Result<Tally> {
    npm(root, &["run", "build"]).run()?;
    npm(root, &["run", "size"]).run()?;
    Ok(Tally::ONE)
}

/// The component tests.
///
/// # Errors
/// With the counts, when one fails.
pub fn tests(root: &Root) -> Result<Tally, Failure> {
    let (said, failure) = npm(root, &["test"]).run_to_end()?;
    let counted = tally::read(said.lines());
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}

/// A browser looks at every screen of a living demonstration, in both colour schemes.
///
/// # Errors
/// With the counts, when a screen has a problem; when there is no browser, or the demonstration does not come up.
pub fn browser_pass(root: &Root, lanyard: &Path) -> Result<Tally, Failure> {
    let browser = tools::browser(root)?;
    let living = Living::start(root, lanyard)?;
    let pictures = root.scratch()?.join("screens");
    let (said, failure) = Call::new("node", root.path(FOLDER), PASS)
        .args(["e2e/pass.mjs"])
        .args([&pictures])
        .env("BASE_URL", &living.address)
        .env("CHROMIUM", &browser)
        .run_to_end()?;
    let beginning = |word: &str| said.stdout.iter().filter(|line| line.starts_with(word)).count() as u64;
    let counted = Tally { passed: beginning("ok "), failed: beginning("FAIL ") };
    call::show(&format!("    pictures: {}", pictures.display()));
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}

/// Whole journeys through the console of a living demonstration in which nothing happens by itself.
///
/// # Errors
/// With the counts, when a journey fails or all take too long; when there is no browser, or no demonstration.
pub fn journeys(root: &Root, lanyard: &Path) -> Result<Tally, Failure> {
    let browser = tools::browser(root)?;
    let data = root.scratch()?.join("journeys");
    // What an earlier run left would be in the way.
    let _ = fs::remove_dir_all(&data);
    let living = Living::start_still(root, lanyard, &data)?;
    let (said, failure) = Call::new("node", root.path(FOLDER), PASS)
        .args(["e2e/journeys.mjs"])
        .env("BASE_URL", &living.address)
        .env("DEMO_DATA", &data)
        .env("LANYARD", lanyard)
        .env("CHROMIUM", &browser)
        .run_to_end()?;
    let beginning = |word: &str| said.stdout.iter().filter(|line| line.starts_with(word)).count() as u64;
    let counted = Tally { passed: beginning("ok "), failed: beginning("FAIL ") };
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}

/// A store of a hundred thousand people behind the console of a real browser: lists stay instant.
///
/// # Errors
/// With the counts, when a figure is beyond what a busy machine explains; when there is no browser.
pub fn large(root: &Root, lanyard: &Path) -> Result<Tally, Failure> {
    large_with(root, lanyard, "")
}

/// Of that the lists alone, for a machine that has other work to do at the same time.
///
/// # Errors
/// As [`large`].
pub fn large_lists(root: &Root, lanyard: &Path) -> Result<Tally, Failure> {
    large_with(root, lanyard, "lists")
}

fn large_with(root: &Root, lanyard: &Path, only: &str) -> Result<Tally, Failure> {
    let browser = tools::browser(root)?;
    let (said, failure) = Call::new("node", root.path(FOLDER), PASS)
        .args(["e2e/large.mjs"])
        .env("ONLY", only)
        .env("LANYARD", lanyard)
        .env("CHROMIUM", &browser)
        .run_to_end()?;
    let beginning = |words: &[&str]| {
        said.stdout.iter().filter(|line| words.iter().any(|word| line.starts_with(word))).count() as u64
    };
    let counted = Tally { passed: beginning(&["ok ", "slow "]), failed: beginning(&["FAIL "]) };
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}

/// The dev server, until it is interrupted.
///
/// # Errors
/// npm's.
pub fn serve(root: &Root) -> anyhow::Result<()> {
    install(root)?;
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let status = Command::new(program)
        .args(["run", "dev"])
        .current_dir(root.path(FOLDER))
        .stdin(Stdio::inherit())
        .status()
        .context("cannot start npm")?;
    ensure!(status.success(), "npm run dev ended with {status}");
    Ok(())
}
