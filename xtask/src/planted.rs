//! Deliberate bugs for the auditor's trial: edits of a copy of the source, each behind a switch that only the copy has.
//! `crates/simtest/planted.toml` lists them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use crate::{Root, tally::Tally};

const LIST: &str = "crates/simtest/planted.toml";
/// What the versions of the copy's packages end in.
const SUFFIX: &str = "planted";
/// What the copy's switch is called; nothing of it may be in the source.
const SWITCH: &str = "planted::on";

/// One edit of a bug.
struct Edit {
    bug: String,
    file: String,
    find: String,
    put: String,
}

/// Every edit still applies, and no switch is in the source.
///
/// # Errors
/// One line for each that does not hold.
pub fn check(root: &Root) -> anyhow::Result<Tally> {
    let edits = read(root)?;
    let mut held = edits.len();
    edited(root, &edits)?;
    for file in sources(&root.path("crates"))? {
        let text = fs::read_to_string(&file)?;
        ensure!(
            !text.contains(SWITCH),
            "{} has a switch for deliberate bugs: they belong into {LIST}",
            file.display()
        );
        held += 1;
    }
    Ok(Tally::passed(held))
}

/// Makes the copy, or brings it up to date: only files that differ are written, so that little is built anew. Answers
/// its folder.
///
/// # Errors
/// When an edit does not apply, or a file cannot be copied.
pub fn copy(root: &Root) -> anyhow::Result<PathBuf> {
    let edits = read(root)?;
    let to = root.scratch()?.join("planted");
    let version = version_of(&fs::read_to_string(root.path("Cargo.toml"))?)?;
    for name in ["Cargo.toml", "Cargo.lock"] {
        let text = fs::read_to_string(root.path(name))?;
        write(&to.join(name), of_its_own(&text, &version).as_bytes())?;
    }
    for room in ["crates", "xtask"] {
        copy_folder(&root.path(room), &to.join(room), &edited(root, &edits)?, &root.path("."))?;
    }
    let mut names: Vec<&str> = edits.iter().map(|edit| edit.bug.as_str()).collect();
    names.dedup();
    write(&to.join("crates/model/src/planted.rs"), switches().as_bytes())?;
    write(&to.join("crates/simtest/src/planted.rs"), stand_in(&names).as_bytes())?;
    let lib = to.join("crates/model/src/lib.rs");
    let text = fs::read_to_string(root.path("crates/model/src/lib.rs"))?;
    write(&lib, format!("{text}\npub mod planted;\n").as_bytes())?;
    let manifest = fs::read_to_string(root.path("crates/simtest/Cargo.toml"))?;
    let renamed = manifest
        .replace("[[bin]]\nname = \"lanyard-simtest\"", "[[bin]]\nname = \"lanyard-simtest-planted\"");
    ensure!(
        renamed != manifest,
        "the binary of crates/simtest/Cargo.toml has another name than this chore expects"
    );
    write(&to.join("crates/simtest/Cargo.toml"), renamed.as_bytes())?;
    Ok(to)
}

fn read(root: &Root) -> anyhow::Result<Vec<Edit>> {
    let text = fs::read_to_string(root.path(LIST)).with_context(|| format!("cannot read {LIST}"))?;
    let list: toml::Table = text.parse().with_context(|| format!("{LIST} is not TOML"))?;
    let mut edits = Vec::new();
    for bug in list.get("bug").and_then(toml::Value::as_array).into_iter().flatten() {
        let word = |value: &toml::Value, name: &str| {
            let text = value.get(name).and_then(toml::Value::as_str).map(str::to_owned);
            text.with_context(|| format!("{LIST}: a `{name}` is missing"))
        };
        let name = word(bug, "name")?;
        word(bug, "what")?;
        ensure!(edits.iter().all(|edit: &Edit| edit.bug != name), "{LIST}: {name} is there twice");
        for edit in bug.get("edit").and_then(toml::Value::as_array).into_iter().flatten() {
            let (file, find, put) = (word(edit, "file")?, word(edit, "find")?, word(edit, "put")?);
            edits.push(Edit { bug: name.clone(), file, find, put });
        }
    }
    Ok(edits)
}

/// The files that differ in the copy, by their path in the workspace.
fn edited(root: &Root, edits: &[Edit]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut wrong = Vec::new();
    for edit in edits {
        let text = match files.get(&edit.file) {
            Some(text) => text.clone(),
            None => fs::read_to_string(root.path(&edit.file))
                .with_context(|| format!("{LIST}: {} cannot be read", edit.file))?,
        };
        let found = text.matches(&edit.find).count();
        if found != 1 {
            wrong.push(format!(
                "{LIST}: {}: its text occurs {found} times in {}, not once",
                edit.bug, edit.file
            ));
            continue;
        }
        let home = if edit.file.starts_with("crates/model/") { "crate" } else { "lanyard_model" };
        let put = edit.put.replace("{on}", &format!("{home}::{SWITCH}({:?})", edit.bug));
        files.insert(edit.file.clone(), text.replacen(&edit.find, &put, 1));
    }
    if wrong.is_empty() {
        return Ok(files);
    }
    bail!(
        "{}\nThe code has changed: change the edit with it, so that the same bug is made.",
        wrong.join("\n")
    )
}

fn copy_folder(from: &Path, to: &Path, edited: &BTreeMap<String, String>, top: &Path) -> anyhow::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let path = entry?.path();
        let Some(name) = path.file_name() else { continue };
        kept.push(name.to_owned());
        if path.is_dir() {
            copy_folder(&path, &to.join(name), edited, top)?;
            continue;
        }
        let inside = path.strip_prefix(top).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        match edited.get(&inside) {
            Some(text) => write(&to.join(name), text.as_bytes())?,
            None => write(&to.join(name), &fs::read(&path)?)?,
        }
    }
    // What is gone from the workspace must not linger in the copy.
    for entry in fs::read_dir(to).into_iter().flatten().flatten() {
        if !kept.contains(&entry.file_name()) && entry.file_name() != "planted.rs" && entry.path().is_file() {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What the members of the workspace are versions of.
fn version_of(manifest: &str) -> anyhow::Result<String> {
    let manifest: toml::Table = manifest.parse().context("Cargo.toml is not TOML")?;
    let version = manifest.get("workspace").and_then(|one| one.get("package")?.get("version")?.as_str());
    Ok(version.context("Cargo.toml: the workspace has no version")?.to_owned())
}

/// Cargo.toml or Cargo.lock, with a version of the copy's own for the workspace's members. Both share a target folder for
/// what others wrote, and cargo tells two builds of a member apart by name, version and place in the workspace only: with the
/// same version, it would take the copy's artefacts for the workspace's, newer sources or not.
fn of_its_own(text: &str, version: &str) -> String {
    let (line, own) =
        (format!("\nversion = \"{version}\"\n"), format!("\nversion = \"{version}+{SUFFIX}\"\n"));
    let (mark, mut whole) = ("\n[[package]]\n", Vec::new());
    for block in text.split(mark) {
        // What others wrote has a source; in a manifest nothing but the workspace has a line of this form.
        let theirs = block.lines().any(|line| line.starts_with("source = "));
        whole.push(if theirs { block.to_owned() } else { block.replacen(&line, &own, 1) });
    }
    whole.join(mark)
}

/// Leaves a file alone that is as it should be.
fn write(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(file).is_ok_and(|known| known == bytes) {
        return Ok(());
    }
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, bytes).with_context(|| file.display().to_string())
}

fn sources(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(sources(&path)?);
        } else if path.extension().is_some_and(|kind| kind == "rs") {
            found.push(path);
        }
    }
    Ok(found)
}

/// The copy's switches: one bug per thread.
fn switches() -> &'static str {
    r#"//! Which deliberate bug is switched on in this thread.

use std::cell::Cell;

thread_local! {
    static BUG: Cell<Option<&'static str>> = const { Cell::new(None) };
    static REACHED: Cell<bool> = const { Cell::new(false) };
}

pub fn plant(bug: Option<&'static str>) {
    BUG.set(bug);
    REACHED.set(false);
}

pub fn was_reached() -> bool {
    REACHED.get()
}

#[inline]
pub fn on(name: &str) -> bool {
    let on = BUG.get() == Some(name);
    if on {
        REACHED.set(true);
    }
    on
}
"#
}

/// The copy's side of `crates/simtest/src/planted.rs`.
fn stand_in(names: &[&str]) -> String {
    format!(
        "//! Deliberate bugs, switched on one at a time.\n\npub const NAMES: &[&str] = &{names:?};\n\n\
         pub fn plant(bug: Option<&str>) {{\n    let known = bug.and_then(|bug| NAMES.iter().find(|name| **name == bug));\n    \
         lanyard_model::planted::plant(known.copied());\n}}\n\n\
         pub fn was_reached() -> bool {{\n    lanyard_model::planted::was_reached()\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_members_get_a_version_of_the_copys_own() {
        let manifest = "[workspace.package]\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace.dependencies]\nx = { version = \"0.1.0\" }\n";
        let version = version_of(manifest).unwrap_or_default();
        assert_eq!(version, "0.1.0");
        assert!(
            of_its_own(manifest, &version).starts_with("[workspace.package]\nversion = \"0.1.0+planted\"\n")
        );
        let ours = "[[package]]\nname = \"ours\"\nversion = \"0.1.0\"\ndependencies = [\n \"theirs\",\n]\n";
        let theirs = "[[package]]\nname = \"theirs\"\nversion = \"0.1.0\"\nsource = \"registry\"\n";
        let lock = format!("version = 4\n\n{ours}\n{theirs}");
        let wanted = lock.replacen("version = \"0.1.0\"", "version = \"0.1.0+planted\"", 1);
        assert_eq!(of_its_own(&lock, &version), wanted);
    }
}
