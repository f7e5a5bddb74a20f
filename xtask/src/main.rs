//! Developer chores: `cargo xtask VERB`. The one door for tests, walls, generated docs and figures.
//!
//! | module | job |
//! |---|---|
//! | [`tier`] | `test`: the steps of the CI tier, in order |
//! | [`step`] | one step after another, timed, counted, stopping at the first failure |
//! | [`call`] | runs a program, shows its output as it comes, bounds its time |
//! | [`tally`] | what a test runner says it ran |
//! | [`tools`] | what this machine must have, and how to get it |
//! | [`lockfiles`] | lockfiles that are current and name no download host |
//! | [`walls`] | which crate may use which |
//! | [`third_party`] | bans and licences of `deny.toml` |
//! | [`pages`] | links between pages, and a page for every finding |
//! | [`console`] | the console's packages, types, tests, browser pass, dev server |
//! | [`packs`] | an evidence pack opened by other people's programs |
//! | [`presets`] | the program's tests with the stand-ins under every preset |
//! | [`proofs`] | Okta's own SDKs against the stand-in |
//! | [`demo`] | a demonstration run once, or kept alive for a browser |
//! | [`reference`] | the command line's reference and completions |
//! | [`simtest`], [`planted`] | seeds lived through; the copy with deliberate bugs |
//! | [`figures`] | `long` and `bench`: measured results |

mod call;
mod console;
mod demo;
mod figures;
mod lockfiles;
mod packs;
mod pages;
mod planted;
mod presets;
mod proofs;
mod reference;
mod simtest;
mod step;
mod tally;
mod third_party;
mod tier;
mod tools;
mod walls;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

const USAGE: &str = "\
usage: cargo xtask VERB

  test            everything CI runs: format, walls, lints, tests, simulation, official clients, demonstration, browser
  walls           which crate may use which, bans and licences; `--print` shows the table
  pages           links between pages, a page for every finding
  proofs          Okta's own SDKs against a release build's stand-in
  presets [NAME]  the program's own tests with the stand-ins under every preset, or under one; the tier runs the essential ones
  packs           an evidence pack of a release build's demonstration, opened by other people's programs
  gen             writes the command line's reference and the shell completions; `--check` only compares
  simtest [ARGS]  seeds lived through in virtual time and judged; `--planted`: with deliberate bugs, which it must find
  screens         a browser looks at every screen of a release build's demonstration
  journeys        a browser goes through whole tasks in a release build's demonstration in which nothing happens by itself
  large           a browser pages through the lists of a hundred thousand people, served by a release build
  console         the console's dev server (LANYARD_URL names a running Lanyard)
  bench [ARGS]    `lanyard bench ARGS` in a release build
  long            measures a release build and writes docs/results/DATE-release.md
";

/// The folder of the workspace.
pub struct Root(PathBuf);

impl Root {
    fn find() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        Self(here.parent().unwrap_or(here).to_path_buf())
    }

    pub fn path(&self, inside: &str) -> PathBuf {
        self.0.join(inside)
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.path("target"), |dir| self.0.join(dir))
    }

    /// A place for chores' own files; made if it is missing.
    pub fn scratch(&self) -> anyhow::Result<PathBuf> {
        let dir = self.target().join("xtask");
        std::fs::create_dir_all(&dir)?;
        Ok(dir)
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let root = Root::find();
    let (verb, rest) = match arguments.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("", &[][..]),
    };
    let result = match (verb, rest) {
        ("test", []) => return tier::run(&root),
        ("walls", []) => walls(&root).map(|counted| println!("{} rules hold", counted.passed)),
        ("walls", [flag]) if flag == "--print" => {
            print!("{}", walls::table());
            Ok(())
        }
        ("pages", []) => pages::check(&root).map(|counted| println!("{} pages hold", counted.passed)),
        ("proofs", []) => on_release(&root, "proofs", proofs::run),
        ("presets", []) => presets::all(&root, None),
        ("presets", [name]) => presets::all(&root, Some(name)),
        ("packs", []) => on_release(&root, "checks", packs::run),
        ("gen", []) => reference::write(&root),
        ("gen", [flag]) if flag == "--check" => reference::build_and_check(&root),
        ("simtest", rest) => simtest::run(&root, rest),
        ("screens", []) => in_browser(&root, "screens", console::browser_pass),
        ("journeys", []) => in_browser(&root, "journeys", console::journeys),
        ("large", []) => in_browser(&root, "figures", console::large),
        ("console", []) => console::serve(&root),
        ("bench", rest) => figures::bench(&root, rest),
        ("long", []) => figures::long(&root),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Does one check on a release build, and says how many of it hold.
fn on_release(
    root: &Root,
    what: &str,
    check: fn(&Root, &Path) -> Result<tally::Tally, step::Failure>,
) -> anyhow::Result<()> {
    tier::cargo(root, &["build", "--release", "--locked"]).run()?;
    let counted = check(root, &tier::release(root)).map_err(|failure| failure.error)?;
    println!("{} {what} hold", counted.passed);
    Ok(())
}

/// The same with a browser in front of it.
fn in_browser(
    root: &Root,
    what: &str,
    check: fn(&Root, &Path) -> Result<tally::Tally, step::Failure>,
) -> anyhow::Result<()> {
    console::install(root)?;
    on_release(root, what, check)
}

/// Arrows, licences, and deliberate bugs that stay where they belong.
fn walls(root: &Root) -> anyhow::Result<tally::Tally> {
    let mut all = walls::check(root)?;
    all.add(planted::check(root)?);
    Ok(all)
}
