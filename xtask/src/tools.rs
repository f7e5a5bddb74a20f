//! What this machine must have. What a package manager can bring is installed where that is allowed; for the rest
//! the message says exactly how to get it.

use std::{path::PathBuf, time::Duration};

use anyhow::{bail, ensure};

use crate::{
    Root,
    call::{Call, first_line},
    tally::Tally,
};

const NODE_MIN: (u32, u32) = (20, 19);
const INSTALL: Duration = Duration::from_secs(600);
const BROWSERS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// Checks every tool the tier needs, installing what it may.
///
/// # Errors
/// The first tool that is missing, with the command that installs it.
pub fn check(root: &Root) -> anyhow::Result<Tally> {
    let mut found = 0;
    let mut say = |name: &str, version: &str| {
        println!("    {name}: {version}");
        found += 1;
    };
    for part in ["fmt", "clippy"] {
        match first_line("cargo", &[part, "--version"]) {
            Some(version) => say(&format!("cargo {part}"), &version),
            None => bail!("cargo {part} is missing; install it: rustup component add rustfmt clippy"),
        }
    }
    say("node", &node()?);
    match first_line("npm", &["--version"]) {
        Some(version) => say("npm", &version),
        None => bail!("npm is missing; it comes with Node.js {}.{} or newer", NODE_MIN.0, NODE_MIN.1),
    }
    say("browser", &browser(root)?.display().to_string());
    say("pdftotext", &poppler(root)?);
    match nextest() {
        Some(version) => say("cargo-nextest", &version),
        None => println!("    cargo-nextest: not installed; cargo test is used instead"),
    }
    Ok(Tally::passed(found))
}

/// The version of cargo-nextest, if it is installed.
pub fn nextest() -> Option<String> {
    first_line("cargo", &["nextest", "--version"])
}

fn node() -> anyhow::Result<String> {
    let wanted = format!("install Node.js {}.{} or newer and put it on PATH", NODE_MIN.0, NODE_MIN.1);
    let Some(version) = first_line("node", &["--version"]) else { bail!("node is missing; {wanted}") };
    let mut parts = version.trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    let have = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    ensure!(have >= NODE_MIN, "Node.js {version} is too old; {wanted}");
    Ok(version)
}

/// The browser for the pass over the console's screens: `CHROMIUM`, or where it usually is.
///
/// # Errors
/// When there is none and it cannot be installed here.
pub fn browser(root: &Root) -> anyhow::Result<PathBuf> {
    if let Some(named) = std::env::var_os("CHROMIUM") {
        let named = PathBuf::from(named);
        ensure!(named.is_file(), "CHROMIUM={} is not a file", named.display());
        return Ok(named);
    }
    let present = || BROWSERS.iter().map(PathBuf::from).find(|path| path.is_file());
    if let Some(browser) = present() {
        return Ok(browser);
    }
    let by_hand = "install Chromium (Debian: apt-get install chromium), or set CHROMIUM to the path of one";
    println!("    no Chromium found: installing Debian's package");
    debian_package(root, "chromium", by_hand)?;
    present().ok_or_else(|| anyhow::anyhow!("the chromium package brought no browser; {by_hand}"))
}

/// Poppler's `pdftotext`, which opens the reports of evidence packs.
///
/// # Errors
/// When it is missing and cannot be installed here.
pub fn poppler(root: &Root) -> anyhow::Result<String> {
    let by_hand =
        "install Poppler's tools (Debian: apt-get install poppler-utils), so that pdftotext is on PATH";
    let present = || said_first("pdftotext", "-v");
    if let Some(version) = present() {
        return Ok(version);
    }
    println!("    no pdftotext found: installing Debian's package");
    debian_package(root, "poppler-utils", by_hand)?;
    present().ok_or_else(|| anyhow::anyhow!("the poppler-utils package brought no pdftotext; {by_hand}"))
}

/// The first line that a program says, on whichever stream.
fn said_first(program: &str, argument: &str) -> Option<String> {
    let said = std::process::Command::new(program).arg(argument).output().ok()?;
    let all = [said.stdout, said.stderr].concat();
    String::from_utf8_lossy(&all).lines().next().map(str::to_owned)
}

fn debian_package(root: &Root, name: &str, by_hand: &str) -> anyhow::Result<()> {
    let root_user = first_line("id", &["-u"]).is_some_and(|id| id == "0");
    let apt = first_line("apt-get", &["--version"]).is_some();
    ensure!(root_user && apt, "{name} is missing; {by_hand}");
    let apt_get = |arguments: &[&str]| {
        Call::new("apt-get", root.path("."), INSTALL)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments)
            .run()
    };
    apt_get(&["update", "--quiet"])?;
    apt_get(&["install", "--quiet", "--yes", "--no-install-recommends", name])?;
    Ok(())
}
