//! `cargo xtask simtest`: builds the simulation for speed and hands its arguments on; with `--planted`, the copy that has
//! deliberate bugs.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{Root, call::Call, planted, step::Failure, tally::Tally, tier};

/// Seeds of the CI tier that judge a landing: always the same ones.
const CI_SEEDS: &str = "20";
/// For so many seconds the tier tries seeds that nobody has tried.
const FRESH_SECONDS: &str = "20";
/// Where seeds that failed are published.
const FOUND: &str = "failing-seeds.json";
/// Set to this, a fresh seed that fails fails the step.
const STRICT: (&str, &str) = ("LANYARD_FRESH_SEEDS", "strict");

/// Where what came of each deliberate bug is kept.
const RECORD: &str = "crates/simtest/found.json";

const USAGE: &str = "\
usage: cargo xtask simtest [--quick] [--seeds N] [--from S | --fresh] [--profile swarm|calm|storm|weeks|brief|rough|dense]
                           [--preset default|strict|lenient|hostile] [--json]
       cargo xtask simtest [--quick] --enumerate crash|lose-answer|fail-step|twice|all [--every N] [--scenario WORDS]
       cargo xtask simtest --planted [BUG] [--quick] [--seeds N] [--within SECONDS] [--json]
--quick: the tier's build instead of a release's
--planted: what is least known is tried first; what came of it is kept in crates/simtest/found.json, or in --record FILE
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
            let (build, rest) = Build::taken(rest);
            let manifest = planted::copy(root)?.join("Cargo.toml");
            let program = build.make(root, "lanyard-simtest-planted", Some(&manifest))?;
            let mut all = vec!["--plant".to_owned(), bug.to_owned()];
            if !rest.iter().any(|word| word == "--seeds") {
                all.extend(["--seeds".to_owned(), "1000".to_owned()]);
            }
            if !rest.iter().any(|word| word == "--record") {
                all.extend(["--record".to_owned(), RECORD.to_owned()]);
            }
            all.extend(rest);
            hand_on(root, program, &all)
        }
        _ => {
            let (build, rest) = Build::taken(arguments);
            hand_on(root, build.make(root, "lanyard-simtest", None)?, &rest)
        }
    }
}

/// A short run of the tier's own seeds.
///
/// # Errors
/// When one of them breaks an invariant: the seed is printed.
pub fn check(root: &Root, program: &Path) -> Result<Tally, Failure> {
    let (totals, failure) = lived(root, program, &["--from", "1", "--seeds", CI_SEEDS])?;
    match failure {
        None => Ok(totals.tally()),
        Some(why) => Err(Failure {
            error: anyhow::anyhow!("{why}; failing seeds: {}", totals.0["first_failing_seeds"]),
            counted: totals.tally(),
        }),
    }
}

/// Seeds that nobody has tried, for a fixed time. One that fails is told with the line that replays it, and published
/// among the tier's files; it says something about the product and nothing about the change, so that it does not fail the
/// step (docs/decisions/0015) unless it is asked to.
///
/// # Errors
/// When no history was lived, or a seed failed and `LANYARD_FRESH_SEEDS=strict`.
pub fn fresh(root: &Root, program: &Path) -> Result<Tally, Failure> {
    let asked = ["--fresh", "--seeds", "1000000", "--within", FRESH_SECONDS];
    let (totals, failure) = lived(root, program, &asked)?;
    let Some(why) = failure else { return Ok(totals.tally()) };
    let held = totals.tally();
    if totals.number("failing_seeds") == 0 {
        return Err(anyhow::anyhow!(why).into());
    }
    let seeds = &totals.0["first_failing_seeds"];
    let file = root.scratch()?.join(FOUND);
    std::fs::write(&file, totals.0.to_string())?;
    println!("    FOUND by fresh seeds, not by this change alone: {}", totals.0["violations_by_invariant"]);
    for seed in seeds.as_array().into_iter().flatten() {
        println!("    replay: cargo xtask simtest --from {seed} --seeds 1");
    }
    println!("    told again in {}; known ones belong into docs/reliability.md", file.display());
    let (name, strict) = STRICT;
    if std::env::var(name).is_ok_and(|value| value == strict) {
        return Err(Failure { error: anyhow::anyhow!("{why}; failing seeds: {seeds}"), counted: held });
    }
    Ok(Tally { failed: 0, ..held })
}

/// What a run says at its end.
struct Totals(serde_json::Value);

impl Totals {
    fn number(&self, name: &str) -> u64 {
        self.0[name].as_u64().unwrap_or(0)
    }

    fn tally(&self) -> Tally {
        let failing = self.number("failing_seeds");
        let held = self.number("histories").saturating_sub(failing);
        Tally { failed: failing, ..Tally::passed(held as usize) }
    }
}

fn lived(root: &Root, program: &Path, arguments: &[&str]) -> Result<(Totals, Option<String>), Failure> {
    let program = program.display().to_string();
    let call = Call::new(&program, root.path("."), Duration::from_secs(600)).args(arguments).args(["--json"]);
    let (said, failure) = call.quiet().run_to_end()?;
    let totals = said.stdout.iter().find_map(|line| serde_json::from_str(line).ok());
    let totals = Totals(totals.unwrap_or_default());
    println!(
        "    {} histories, {} steps, {} faults, {} checks, {} violations",
        totals.number("histories"),
        totals.number("steps"),
        totals.number("faults"),
        totals.number("checks"),
        totals.number("violations")
    );
    Ok((totals, failure))
}

/// A build: a release's, or, with `--quick`, the tier's, of which most is there already.
#[derive(Clone, Copy)]
enum Build {
    Release,
    Quick,
}

impl Build {
    /// Takes the word that chooses it out of the arguments.
    fn taken(arguments: &[String]) -> (Self, Vec<String>) {
        let rest: Vec<String> = arguments.iter().filter(|word| *word != "--quick").cloned().collect();
        (if rest.len() == arguments.len() { Self::Release } else { Self::Quick }, rest)
    }

    /// Builds the program of this name, of the workspace or of the copy behind `manifest`.
    fn make(self, root: &Root, name: &str, manifest: Option<&Path>) -> anyhow::Result<PathBuf> {
        let (mut call, folder) = match self {
            Self::Release => {
                let words = ["build", "--release", "--locked", "--package", "lanyard-simtest"];
                (tier::cargo(root, &words), "release")
            }
            Self::Quick => (tier::tier_cargo(root, &["build", "--workspace", "--bin", name]), "ci"),
        };
        if let Some(manifest) = manifest {
            call = call.args(["--manifest-path", &manifest.display().to_string()]);
            // The deliberate bugs are there to be found by the simulation, not by lints.
            call = call.env("CARGO_TARGET_DIR", root.target()).env("CLIPPY_ARGS", "");
        }
        call.run()?;
        Ok(root.target().join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
    }
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
