//! Lockfiles: current, and without the address of any download host.

use std::{fs, time::Duration};

use anyhow::{Context, ensure};

use crate::{Root, call::Call, tally::Tally};

const FETCH: Duration = Duration::from_secs(900);
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Fetches what Cargo.lock names and reads both lockfiles.
///
/// # Errors
/// A lockfile that is out of date, or that names another source.
pub fn check(root: &Root) -> anyhow::Result<Tally> {
    let target = host()?;
    Call::new("cargo", root.path("."), FETCH).args(["fetch", "--locked", "--target", &target]).run()?;
    let cargo = read(root, "Cargo.lock")?;
    for (number, line) in cargo.lines().enumerate() {
        if let Some(source) = line.strip_prefix("source = ") {
            ensure!(
                source.trim_matches('"') == CRATES_IO,
                "Cargo.lock, line {}: {source} is not crates.io",
                number + 1
            );
        }
    }
    let npm = read(root, "console/package-lock.json")?;
    ensure!(
        !npm.contains("\"resolved\""),
        "console/package-lock.json names download hosts; console/.npmrc has omit-lockfile-registry-resolved=true: \
         delete the lockfile and run npm install in console/"
    );
    Ok(Tally::passed(3))
}

fn read(root: &Root, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(root.path(file)).with_context(|| format!("cannot read {file}"))
}

/// The platform this machine builds for.
///
/// # Errors
/// When rustc does not say.
pub fn host() -> anyhow::Result<String> {
    let output = std::process::Command::new("rustc").arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc -vV names no host")
}
