//! An evidence pack opened by other people's programs: `proofs/packs/read.py`, whose packages are installed into
//! `target/proofs/packs`. The pack is of a demonstration's folder, with a review in it whose words try to be formulas.

use std::{fs, path::Path, time::Duration};

use anyhow::{Context as _, ensure};

use crate::{
    Root,
    call::{Call, first_line},
    step::Failure,
    tally::{self, Tally},
    tools,
};

/// Installing included.
const BOUND: Duration = Duration::from_secs(600);
const PEOPLE: &str = "100";
const TENANT: &str = "northgate";
/// People of the demonstration's other tenant; none of them is in the pack.
const OTHER: &str = "harborlight/00u";
/// What a spreadsheet would calculate, and a title that a campaign may well have.
const TITLE: &str = "=HYPERLINK(\"http://198.51.100.7\",\"Q4\")";
const REASON: &str = "@SUM(1+1)*cmd|' /C calc'!A0";
/// Tables that a pack of this story cannot be without.
const EXPECTED: &[&str] = &[
    "population",
    "joiners",
    "movers",
    "leavers",
    "leaves",
    "breaches",
    "access",
    "access_changes",
    "privileged",
    "controls",
    "configuration",
    "policies",
    "reviews",
    "exceptions",
    "open_exceptions",
    "rules",
    "certificates",
    "sweeps",
    "reconciliation",
    "samples",
    "checkpoints",
    "control_changes",
];

/// Makes a pack and has it read.
///
/// # Errors
/// When a check failed, or the packages could not be installed: the text says what to do.
pub fn run(root: &Root, lanyard: &Path) -> Result<Tally, Failure> {
    tools::poppler(root)?;
    let python = python(root)?;
    let data = root.scratch()?.join("pack-demo");
    // What an earlier run left would be in the way.
    let _ = fs::remove_dir_all(&data);
    let pack = root.scratch()?.join("pack.zip");
    let _ = fs::remove_file(&pack);
    let (program, data, pack) =
        (lanyard.display().to_string(), data.display().to_string(), pack.display().to_string());
    let said = |arguments: &[&str]| -> anyhow::Result<Vec<String>> {
        Ok(Call::new(&program, root.path("."), BOUND).quiet().args(arguments).run()?.stdout)
    };
    said(&["demo", "--once", "--people", PEOPLE, "--data", &data])?;
    review(&said, &data)?;
    let seed = ["--seed", "2026", "--from", "2026-01-01", "--tenant", TENANT];
    said(&[&["report", "--data", &data, "--out", &pack][..], &seed].concat())?;
    let script = root.path("proofs/packs/read.py").display().to_string();
    let expected = EXPECTED.iter().flat_map(|table| ["--expect", table]);
    let words = ["--absent", OTHER, "--formula", TITLE, "--formula", REASON];
    let (said, failure) = Call::new(&python, root.path("."), BOUND)
        .args([script.as_str(), &pack, "--lanyard", &program])
        .args(expected)
        .args(words)
        .run_to_end()?;
    let counted = said.stdout.iter().rev().find_map(|line| tally::closing(line)).unwrap_or_default();
    match failure {
        None => Ok(counted),
        Some(why) => Err(Failure { error: anyhow::anyhow!(why), counted }),
    }
}

/// A review with one line taken away and one kept, in words that no spreadsheet may believe.
fn review(said: &dyn Fn(&[&str]) -> anyhow::Result<Vec<String>>, data: &str) -> anyhow::Result<()> {
    let ask = |arguments: &[&str]| -> anyhow::Result<serde_json::Value> {
        let lines = said(&[&["review", "--data", data, "--json"][..], arguments].concat())?;
        let last = lines.iter().rfind(|line| !line.trim().is_empty()).context("it printed nothing")?;
        serde_json::from_str(last).context("its last line is not JSON")
    };
    let people = ["--owner", "olga", "--reviewer", "rita", "--due", "2090-01-01"];
    let opened = ask(&[&["open", TITLE, "--tenant", TENANT][..], &people].concat())?;
    let id = opened["review"]["id"].as_str().context("the review has no id")?.to_owned();
    let shown = ask(&["show", &id])?;
    let lines = shown["lines"].as_array().context("the review has no lines")?;
    ensure!(lines.len() > 10, "the review has {} lines", lines.len());
    // A role of somebody's that is taken away is withheld from then on: an exception that stands.
    let theirs = |line: &&serde_json::Value| line["kind"] == "role" && line["person"] != "";
    let role = lines.iter().find(theirs).context("the review has no role of anybody's")?;
    let others = lines.iter().filter(|line| line["id"] != role["id"]);
    for (line, word) in [role].into_iter().chain(others).zip(["remove", "keep", "ask"]) {
        let line = line["id"].as_str().context("a line has no id")?;
        ask(&["decide", line, word, "--reason", REASON, "--by", "rita"])?;
    }
    Ok(())
}

/// The interpreter of an environment that has the pinned packages.
fn python(root: &Root) -> anyhow::Result<String> {
    let folder = root.target().join("proofs/packs");
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let pinned = root.path("proofs/packs/requirements.txt");
    let version = first_line("python3", &["--version"]);
    let version =
        version.context("there is no python3; install it with its venv module (Debian: python3-venv)")?;
    let wanted = format!(
        "{version}\n{}",
        fs::read_to_string(&pinned).context("cannot read proofs/packs/requirements.txt")?
    );
    let stamp = folder.join("installed.stamp");
    if fs::read_to_string(&stamp).is_ok_and(|done| done == wanted) && python.is_file() {
        return Ok(python.display().to_string());
    }
    let to = folder.display().to_string();
    Call::new("python3", root.path("."), BOUND)
        .args(["-m", "venv", "--clear", &to])
        .run()
        .context("install python3's venv module (Debian: python3-venv)")?;
    // Each package is named with its version, so none brings another: one of them would bring forty that are not used.
    Call::new(&python.display().to_string(), root.path("."), BOUND)
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r"])
        .args([pinned.display().to_string()])
        .run()
        .context(
            "this needs the package registry (PyPI) once; later runs use what is kept in target/proofs",
        )?;
    fs::write(&stamp, wanted)?;
    Ok(python.display().to_string())
}
