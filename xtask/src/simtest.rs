//! `cargo xtask simtest`: builds the simulation for speed and hands its arguments on; with `--planted`, the copy that has
//! deliberate bugs.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{Root, call::Call, planted, step::Failure, tally::Tally, tier};

/// Seeds of the CI tier: always the same ones, until every known failing seed is mended (docs/reliability.md lists them).
const CI_SEEDS: &str = "10";

const USAGE: &str = "\
usage: cargo xtask simtest [--seeds N] [--from S | --fresh] [--profile swarm|calm|storm|weeks|brief] [--preset default|strict|lenient|hostile] [--json]
       cargo xtask simtest --planted [BUG] [--seeds N] [--json]
";

/// # Errors
/// When it cannot be built, or an invariant was broken.
pub fn run(root: &Root, arguments: &[String]) -> anyhow::Result<()> {
    if arguments.iter().any(|word| word == "--help" || word == "-h") {
        print!("{USAGE}");
    }
    match arguments.split_first() {
        Some((first, rest)) if first == "--planted" => {
            let (bug, rest) = match rest.split_first() {
                Some((bug, rest)) if !bug.starts_with("--") => (bug.as_str(), rest),
                _ => ("all", rest),
            };
            let program = build_planted(root)?;
            let mut all = vec!["--plant".to_owned(), bug.to_owned()];
            if !rest.iter().any(|word| word == "--seeds") {
                all.extend(["--seeds".to_owned(), "1000".to_owned()]);
            }
            all.extend(rest.iter().cloned());
            hand_on(root, program, &all)
        }
        _ => hand_on(root, build(root)?, arguments),
    }
}

/// A short run of the tier's own seeds.
///
/// # Errors
/// When one of them breaks an invariant: the seed is printed.
pub fn check(root: &Root, program: &Path) -> Result<Tally, Failure> {
    let program = program.display().to_string();
    let call = Call::new(&program, root.path("."), Duration::from_secs(600))
        .args(["--from", "1", "--seeds", CI_SEEDS, "--json"]);
    let (said, failure) = call.quiet().run_to_end()?;
    let totals = said.stdout.iter().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let number = |name: &str| totals.as_ref().and_then(|totals| totals[name].as_u64()).unwrap_or(0);
    println!(
        "    {} histories, {} steps, {} faults, {} checks, {} violations",
        number("histories"),
        number("steps"),
        number("faults"),
        number("checks"),
        number("violations")
    );
    let failing = number("failing_seeds") as usize;
    let counted = Tally {
        failed: failing as u64,
        ..Tally::passed((number("histories") as usize).saturating_sub(failing))
    };
    match failure {
        None => Ok(counted),
        Some(why) => {
            let seeds = totals.map(|totals| totals["first_failing_seeds"].to_string()).unwrap_or_default();
            Err(Failure { error: anyhow::anyhow!("{why}; failing seeds: {seeds}"), counted })
        }
    }
}

fn build(root: &Root) -> anyhow::Result<PathBuf> {
    tier::cargo(root, &["build", "--release", "--locked", "--package", "lanyard-simtest"]).run()?;
    Ok(root.target().join("release").join(format!("lanyard-simtest{}", std::env::consts::EXE_SUFFIX)))
}

fn build_planted(root: &Root) -> anyhow::Result<PathBuf> {
    let copy = planted::copy(root)?;
    let target = root.target();
    let manifest = copy.join("Cargo.toml").display().to_string();
    tier::cargo(
        root,
        &["build", "--release", "--locked", "--package", "lanyard-simtest", "--manifest-path", &manifest],
    )
    .env("CARGO_TARGET_DIR", &target)
    .run()?;
    Ok(target.join("release").join(format!("lanyard-simtest-planted{}", std::env::consts::EXE_SUFFIX)))
}

fn hand_on(root: &Root, program: PathBuf, arguments: &[String]) -> anyhow::Result<()> {
    let status = Command::new(&program)
        .args(arguments)
        .current_dir(root.path("."))
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(1) => bail!("something does not hold: see above"),
        _ => bail!("the simulation ended with {status}"),
    }
}
