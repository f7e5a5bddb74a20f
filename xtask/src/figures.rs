//! Measured results: `bench` passes through, `long` writes the dated page of a release.

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use serde_json::Value;

use crate::{
    Root,
    call::{Call, first_line},
    demo, tier,
};

/// People of the day that is timed.
const PEOPLE: &str = "2000";
/// What a release is measured by, in the order of the page.
const MEASURES: &[&[&str]] = &[
    &["signals", "--saturate"],
    &["hooks"],
    &["sweep", "--people", "2000,100000"],
    &["decide", "--people", "100000"],
    &["decide", "--people", "1000000"],
    &["whatif", "--people", "100000"],
    &["idle"],
    &["start"],
    &["sim", "--people", "100000"],
    &["sim", "--people", "1000000", "--seconds", "2"],
    &["report", "--people", "100000"],
    &["console", "--people", "100000"],
];
/// How often a release's server is killed.
const KILLS: &str = "300";
const MEASURE: Duration = Duration::from_secs(3600);

/// `lanyard bench` of a release build, with whatever is asked of it.
///
/// # Errors
/// When the build or the bench fails.
pub fn bench(root: &Root, arguments: &[String]) -> anyhow::Result<()> {
    tier::cargo(root, &["build", "--release", "--locked"]).run()?;
    let status = Command::new(tier::release(root))
        .arg("bench")
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .context("cannot start lanyard bench")?;
    ensure!(status.success(), "lanyard bench ended with {status}");
    Ok(())
}

/// Measures everything and writes `docs/results/DATE-release.md`. What is measured so far is in `target/xtask/results.md` meanwhile.
///
/// # Errors
/// When something fails; the page of results is not written then.
pub fn long(root: &Root) -> anyhow::Result<()> {
    tier::cargo(root, &["build", "--release", "--locked"]).run()?;
    let lanyard = tier::release(root);
    let program = lanyard.display().to_string();
    let Some(date) = first_line("date", &["-u", "+%F"]) else { bail!("`date` does not say what day it is") };
    let mut page = format!("# Results of {date}\n\n{}\n", machine());
    let so_far = root.scratch()?.join("results.md");
    for measure in MEASURES {
        let call =
            Call::new(&program, root.path("."), MEASURE).args(["bench"]).args(*measure).args(["--json"]);
        let said = call.run()?;
        let _ = writeln!(page, "## `lanyard bench {} --json`\n", measure.join(" "));
        let mut results =
            said.stdout.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok()).peekable();
        ensure!(results.peek().is_some(), "`lanyard bench {}` printed no JSON", measure.join(" "));
        for mut result in results {
            // The same for all: it stands at the top.
            if let Some(fields) = result.as_object_mut() {
                fields.shift_remove("machine");
            }
            let _ = writeln!(page, "{}", rows(&result));
        }
        // An hour's figures are not lost to the last minute's mistake.
        fs::write(&so_far, &page)?;
    }
    let begun = Instant::now();
    let day = demo::once(root, &lanyard, PEOPLE)?;
    let seconds = begun.elapsed().as_secs_f64();
    let _ = writeln!(
        page,
        "## `lanyard demo --once --people {PEOPLE} --json`\n\nThe day took {seconds:.1} s.\n\n{}",
        rows(&day)
    );
    let begun = Instant::now();
    kills(root)?;
    let seconds = begun.elapsed().as_secs_f64();
    let _ = writeln!(
        page,
        "\n## Killed {KILLS} times\n\n`LANYARD_KILLS={KILLS} cargo test --release -p lanyard --test it killed_at_random_moments`: nothing lost, nothing \
         repeated; the run took {seconds:.0} s."
    );
    let folder = root.path("docs/results");
    fs::create_dir_all(&folder)?;
    let file = folder.join(format!("{date}-release.md"));
    fs::write(&file, page.trim_end().to_owned() + "\n")?;
    println!("wrote {}", file.display());
    Ok(())
}

/// Kills a running server many times while changes flow. The same test as in the CI tier, which kills it a few times.
fn kills(root: &Root) -> anyhow::Result<()> {
    tier::cargo(
        root,
        &[
            "test",
            "--release",
            "-p",
            "lanyard",
            "--test",
            "it",
            "--locked",
            "--",
            "killed_at_random_moments",
            "--nocapture",
        ],
    )
    .env("LANYARD_KILLS", KILLS)
    .run()?;
    Ok(())
}

/// What the figures were measured on.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        line.map(|rest| rest.trim_start_matches([':', ' ', '\t']).trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = after(&read("/proc/cpuinfo"), "model name").unwrap_or_else(|| "unknown processor".into());
    let memory = after(&read("/proc/meminfo"), "MemTotal")
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or_else(|| "unknown".into(), |kib| format!("{} GiB", kib.div_ceil(1 << 20)));
    let rustc = first_line("rustc", &["--version"]).unwrap_or_default();
    let commit = first_line("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_default();
    format!(
        "| | |\n|---|---|\n| command | `cargo xtask long` |\n| commit | {commit} |\n| machine | {cores} cores ({processor}), {memory} of memory |\n\
         | operating system | {} {} |\n| compiler | {rustc}, release profile |\n",
        std::env::consts::OS,
        std::env::consts::ARCH
    )
}

/// A table of every number and text in `value`, named by the path to it.
fn rows(value: &Value) -> String {
    let mut out = String::from("| what | value |\n|---|---|\n");
    flatten("", value, &mut out);
    out
}

fn flatten(name: &str, value: &Value, out: &mut String) {
    let deeper = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name} / {key}") };
    match value {
        Value::Object(fields) => fields.iter().for_each(|(key, value)| flatten(&deeper(key), value, out)),
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                let key = item
                    .get("name")
                    .and_then(Value::as_str)
                    .map_or_else(|| (at + 1).to_string(), str::to_owned);
                flatten(&deeper(&key), item, out);
            }
        }
        Value::String(text) => {
            let _ = writeln!(out, "| {name} | {text} |");
        }
        plain => {
            let _ = writeln!(out, "| {name} | {plain} |");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_become_rows() {
        let value = serde_json::json!({ "converged": true, "hooks": [{ "name": "50/s", "p99_ms": 12.5 }] });
        assert_eq!(
            rows(&value),
            "| what | value |\n|---|---|\n| converged | true |\n| hooks / 50/s / name | 50/s |\n| hooks / 50/s / p99_ms | 12.5 |\n"
        );
    }
}
