//! Walls: which crate may use which, and what may not be anywhere beneath it. Read from what cargo resolved, so a
//! dependency that comes in through another one is seen too.

mod graph;
mod rooms;

use std::time::Duration;

use anyhow::{Context, bail};

use crate::{Root, call::Call, lockfiles, tally::Tally, third_party};

pub use self::rooms::table;
use self::{
    graph::Graph,
    rooms::{OWNERS, ROOMS},
};

/// Holds the workspace against the rules.
///
/// # Errors
/// Every arrow and dependency that is not allowed, one line each.
pub fn check(root: &Root) -> anyhow::Result<Tally> {
    let host = lockfiles::host()?;
    let arguments =
        ["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform", &host];
    let output = std::process::Command::new("cargo")
        .args(arguments)
        .current_dir(root.path("."))
        .output()
        .context("cannot start cargo")?;
    if !output.status.success() {
        bail!(
            "cargo {} failed:\n{}\nhint: `cargo fetch` brings what is missing",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr).trim_end()
        );
    }
    let graph = Graph::read(&serde_json::from_slice(&output.stdout).context("cargo metadata is not JSON")?)?;
    let (held, mut refusals) = judge(&graph);
    let tree = Call::new("cargo", root.path("."), Duration::from_secs(120))
        .args(["tree", "--workspace", "--offline", "--locked", "--prefix", "none", "--format", "{p}|{l}"])
        .quiet()
        .run()?;
    let (licensed, more) = third_party::judge(root, &tree.stdout)?;
    refusals.extend(more);
    if refusals.is_empty() {
        return Ok(Tally::passed(held + licensed));
    }
    bail!(
        "{}\nThe arrows stand in docs/ARCHITECTURE.md and xtask/src/walls/rooms.rs; a new one needs a reason in docs/decisions.",
        refusals.join("\n")
    )
}

/// How many rules held, and a sentence for each that did not.
fn judge(graph: &Graph) -> (usize, Vec<String>) {
    let mut held = 0;
    let mut refusals = Vec::new();
    for member in graph.members() {
        let Some(room) = ROOMS.iter().find(|room| room.name == member) else {
            refusals.push(format!("{member} is not in the table of crates: say there what it may use"));
            continue;
        };
        for used in graph.uses(member) {
            let ours = ROOMS.iter().any(|room| room.name == used.name);
            if !ours {
                continue;
            }
            // Tests may look further than the code, but nobody may lend a hand to the stand-ins.
            let allowed = if used.only_for_tests { !room.alone } else { room.may_use.contains(&&*used.name) };
            if allowed {
                held += 1;
            } else {
                refusals.push(format!("{member} may not use {}{}", used.name, used.manner()));
            }
        }
        for (found, path) in graph.beneath(member) {
            if room.never_beneath.iter().any(|set| set.contains(&&*found)) {
                refusals.push(format!("{member} may not have {found} beneath it: {}", path.join(" -> ")));
            }
        }
        held += room.never_beneath.len();
    }
    for (dependency, owners) in OWNERS {
        held += 1;
        for member in graph.members() {
            let used = graph.uses(member).find(|used| used.name == *dependency && !used.only_for_tests);
            if used.is_some() && !owners.contains(&member) {
                refusals.push(format!("{member} may not use {dependency}: only {} may", owners.join(", ")));
            }
        }
    }
    (held, refusals)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// What cargo would say of these crates, of which the first letters name ours, and these arrows
    /// (`dev` marks one for tests).
    fn metadata(arrows: &[(&str, &str, &str)]) -> Value {
        let mut names: Vec<&str> = arrows.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        names.sort_unstable();
        names.dedup();
        let ours = |name: &&&str| name.starts_with("lanyard");
        let uses = |name: &str| -> Vec<Value> {
            let from_here = arrows.iter().filter(|(from, _, _)| *from == name);
            from_here
                .map(|(_, to, kind)| {
                    let kind = if kind.is_empty() { Value::Null } else { json!(kind) };
                    json!({ "name": to.replace('-', "_"), "pkg": to, "dep_kinds": [{ "kind": kind, "target": null }] })
                })
                .collect()
        };
        json!({
            "packages": names.iter().map(|name| json!({ "id": name, "name": name })).collect::<Vec<_>>(),
            "workspace_members": names.iter().filter(ours).collect::<Vec<_>>(),
            "resolve": { "nodes": names.iter().map(|name| json!({ "id": name, "deps": uses(name) })).collect::<Vec<_>>() },
        })
    }

    fn refusals(arrows: &[(&str, &str, &str)]) -> Vec<String> {
        judge(&Graph::read(&metadata(arrows)).expect("the form of cargo metadata")).1
    }

    #[test]
    fn arrows_inward_are_allowed() {
        let nobody: Vec<String> = Vec::new();
        let allowed = [
            ("lanyard-engine", "lanyard-plan", ""),
            ("lanyard-okta", "lanyard-engine", ""),
            ("lanyard-okta", "lanyard-wire", ""),
            ("lanyard-wire", "reqwest", ""),
            ("lanyard", "lanyard-sim", ""),
            ("lanyard-store", "rusqlite", ""),
            ("lanyard-okta", "lanyard-sim", "dev"),
        ];
        assert_eq!(refusals(&allowed), nobody);
    }

    #[test]
    fn forbidden_arrows_are_refused() {
        let check = |arrow: (&str, &str, &str), sentence: &str| {
            assert_eq!(refusals(&[arrow]), [sentence], "{arrow:?}");
        };
        check(("lanyard-engine", "lanyard-store", ""), "lanyard-engine may not use lanyard-store");
        check(("lanyard-okta", "lanyard-ioffice", ""), "lanyard-okta may not use lanyard-ioffice");
        check(("lanyard-model", "lanyard-policy", ""), "lanyard-model may not use lanyard-policy");
        check(("lanyard-sim", "lanyard-model", ""), "lanyard-sim may not use lanyard-model");
        check(
            ("lanyard-sim", "lanyard-model", "dev"),
            "lanyard-sim may not use lanyard-model (for its tests)",
        );
        check(
            ("lanyard-sim", "lanyard-model", "build"),
            "lanyard-sim may not use lanyard-model (for its build)",
        );
        check(("lanyard-web", "lettre", ""), "lanyard-web may not use lettre: only lanyard-notify may");
        check(
            ("lanyard-attic", "serde", ""),
            "lanyard-attic is not in the table of crates: say there what it may use",
        );
    }

    #[test]
    fn what_comes_in_through_another_crate_is_seen() {
        assert_eq!(
            refusals(&[("lanyard-policy", "croner", ""), ("croner", "tokio", "")]),
            ["lanyard-policy may not have tokio beneath it: lanyard-policy -> croner -> tokio"],
        );
        assert_eq!(
            refusals(&[("lanyard-engine", "url-maker", ""), ("url-maker", "http", "")]),
            ["lanyard-engine may not have http beneath it: lanyard-engine -> url-maker -> http"],
        );
        let for_tests = [("lanyard-policy", "proptest", "dev"), ("proptest", "tokio", "")];
        assert_eq!(refusals(&for_tests), Vec::<String>::new());
    }
}
