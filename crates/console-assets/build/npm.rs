//! Runs npm on a copy of the console's sources inside `OUT_DIR`.

use crate::{Stop, WAYS_OUT};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a build of the console reads. Tests, mocks and end-to-end scripts stay out, so that editing them
/// does not rebuild the binary.
const SOURCES: &[&str] = &[
    ".npmrc",
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "tsconfig.json",
    "vite.config.ts",
];
const NODE_MIN: (u32, u32) = (20, 19);

/// Builds the console and returns the folder with its files.
///
/// `npm ci` runs again only when the lockfile, `.npmrc` or the version of Node changed.
pub fn build_console(console: &Path, out_dir: &Path) -> Result<PathBuf, Stop> {
    for name in SOURCES {
        println!("cargo::rerun-if-changed={}", console.join(name).display());
    }
    if !console.join("package.json").is_file() {
        return Err(Stop::new(format!("no sources at {}", console.display()), WAYS_OUT));
    }
    let node = node_version()?;
    let work = out_dir.join("console");
    let failed =
        |e: std::io::Error| Stop::new(format!("cannot copy its sources: {e}"), "check free space and rights");
    fs::create_dir_all(&work).map_err(failed)?;
    for name in SOURCES {
        mirror(&console.join(name), &work.join(name)).map_err(failed)?;
    }

    let read = |name| fs::read_to_string(work.join(name)).unwrap_or_default();
    let wanted = format!("{node}\n{}\n{}", read(".npmrc"), read("package-lock.json"));
    let stamp = work.join("installed.stamp");
    if fs::read_to_string(&stamp).unwrap_or_default() != wanted {
        // A stamp beside half an install would claim that it is whole.
        let _ = fs::remove_file(&stamp);
        // What only tests need is a dev dependency and stays away; it is most of the weight.
        npm(&work, &["ci", "--ignore-scripts", "--omit=dev", "--no-progress"])?;
        fs::write(&stamp, wanted).map_err(failed)?;
    }
    npm(&work, &["run", "build"])?;
    Ok(work.join("dist"))
}

fn node_version() -> Result<String, Stop> {
    let output = Command::new("node").arg("--version").output();
    let Ok(output) = output else { return Err(Stop::new("node is not on PATH", WAYS_OUT)) };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let mut parts = version.trim_start_matches('v').split('.').map(|p| p.parse::<u32>().unwrap_or(0));
    if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < NODE_MIN {
        return Err(Stop::new(format!("Node.js {version} is too old"), WAYS_OUT));
    }
    Ok(version)
}

fn npm(work: &Path, arguments: &[&str]) -> Result<(), Stop> {
    let program = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let line = format!("npm {}", arguments.join(" "));
    let output = Command::new(program).args(arguments).current_dir(work).output();
    let Ok(output) = output else { return Err(Stop::new("npm is not on PATH", WAYS_OUT)) };
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    let tail: Vec<&str> = text.lines().rev().filter(|l| !l.trim().is_empty()).take(25).collect();
    for line in tail.iter().rev() {
        println!("cargo::warning={line}");
    }
    Err(Stop::new(
        format!("`{line}` failed with {} (its last lines are above)", output.status),
        "try the same in console/; CONSOLE_UI=none builds without a console",
    ))
}

/// Makes `to` equal to `from`: changed files are copied, vanished ones removed.
fn mirror(from: &Path, to: &Path) -> std::io::Result<()> {
    if from.is_dir() {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(to)? {
            let old = entry?;
            if !from.join(old.file_name()).exists() {
                if old.file_type()?.is_dir() {
                    fs::remove_dir_all(old.path())?
                } else {
                    fs::remove_file(old.path())?
                }
            }
        }
        for entry in fs::read_dir(from)? {
            let name = entry?.file_name();
            mirror(&from.join(&name), &to.join(&name))?;
        }
        return Ok(());
    }
    if !from.exists() {
        return if to.exists() { fs::remove_file(to) } else { Ok(()) };
    }
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == bytes) { Ok(()) } else { fs::write(to, bytes) }
}
