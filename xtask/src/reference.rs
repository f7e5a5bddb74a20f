//! The command line's reference and completions, written by the binary itself and committed.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, bail};

use crate::{Root, call::Call, tally::Tally};

const BUILD: Duration = Duration::from_secs(1800);
const PRINT: Duration = Duration::from_secs(30);

/// Generated file → what makes the binary print it.
const FILES: &[(&str, &[&str])] = &[
    ("docs/reference/cli.md", &["reference"]),
    ("docs/reference/completions/lanyard.bash", &["completions", "bash"]),
    ("docs/reference/completions/_lanyard", &["completions", "zsh"]),
    ("docs/reference/completions/lanyard.fish", &["completions", "fish"]),
];

/// Writes them anew.
///
/// # Errors
/// When the binary cannot be built or does not print them.
pub fn write(root: &Root) -> anyhow::Result<()> {
    let lanyard = build(root)?;
    for (file, arguments) in FILES {
        let path = root.path(file);
        fs::create_dir_all(path.parent().context("a generated file has a folder")?)?;
        fs::write(&path, print(root, &lanyard, arguments)?)
            .with_context(|| format!("cannot write {file}"))?;
        println!("wrote {file}");
    }
    Ok(())
}

/// Builds the binary and compares.
///
/// # Errors
/// As [`check`].
pub fn build_and_check(root: &Root) -> anyhow::Result<()> {
    let lanyard = build(root)?;
    check(root, &lanyard).map(|counted| println!("{} files are up to date", counted.passed))
}

/// Compares the committed files with what `lanyard` prints.
///
/// # Errors
/// Names every file that differs.
pub fn check(root: &Root, lanyard: &Path) -> anyhow::Result<Tally> {
    let mut stale = Vec::new();
    for (file, arguments) in FILES {
        let committed = fs::read_to_string(root.path(file)).unwrap_or_default();
        if committed.replace("\r\n", "\n") != print(root, lanyard, arguments)? {
            stale.push(*file);
        }
    }
    if stale.is_empty() {
        return Ok(Tally::passed(FILES.len()));
    }
    bail!("not what the binary prints: {}", stale.join(", "))
}

fn print(root: &Root, lanyard: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let program = lanyard.display().to_string();
    let said = Call::new(&program, root.path("."), PRINT).args(arguments).quiet().run()?;
    let mut text = said.stdout.join("\n");
    text.push('\n');
    Ok(text)
}

fn build(root: &Root) -> anyhow::Result<PathBuf> {
    Call::new("cargo", root.path("."), BUILD).args(["build", "--package", "lanyard"]).run()?;
    Ok(root.target().join("debug").join(format!("lanyard{}", std::env::consts::EXE_SUFFIX)))
}
