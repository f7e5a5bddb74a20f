//! What cargo resolved, as far as walls need it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Context;
use serde_json::Value;

/// Packages and who uses whom.
pub struct Graph {
    /// Package id → name.
    names: BTreeMap<String, String>,
    /// Package id → what it uses.
    uses: BTreeMap<String, Vec<Edge>>,
    /// Names of the workspace's crates → id.
    members: BTreeMap<String, String>,
}

struct Edge {
    to: String,
    code: bool,
    build: bool,
}

/// One crate that another names in its manifest.
pub struct Used {
    pub name: String,
    pub only_for_tests: bool,
    only_for_build: bool,
}

impl Used {
    /// Why it is used, where that is not the code itself.
    pub fn manner(&self) -> &'static str {
        match (self.only_for_tests, self.only_for_build) {
            (true, _) => " (for its tests)",
            (_, true) => " (for its build)",
            _ => "",
        }
    }
}

impl Graph {
    /// Reads the answer of `cargo metadata`, format 1.
    ///
    /// # Errors
    /// When it has another form.
    pub fn read(metadata: &Value) -> anyhow::Result<Self> {
        let text =
            |value: &Value| value.as_str().map(str::to_owned).context("cargo metadata: a text is missing");
        let list = |value: &Value, what: &str| {
            value.as_array().cloned().with_context(|| format!("cargo metadata: no {what}"))
        };
        let mut names = BTreeMap::new();
        for package in list(&metadata["packages"], "packages")? {
            names.insert(text(&package["id"])?, text(&package["name"])?);
        }
        let mut uses = BTreeMap::new();
        for node in list(&metadata["resolve"]["nodes"], "resolve.nodes")? {
            let mut edges = Vec::new();
            for dep in list(&node["deps"], "deps")? {
                let kinds = list(&dep["dep_kinds"], "dep_kinds")?;
                let any = |wanted: Option<&str>| kinds.iter().any(|kind| kind["kind"].as_str() == wanted);
                edges.push(Edge { to: text(&dep["pkg"])?, code: any(None), build: any(Some("build")) });
            }
            uses.insert(text(&node["id"])?, edges);
        }
        let mut members = BTreeMap::new();
        for id in list(&metadata["workspace_members"], "workspace_members")? {
            let id = text(&id)?;
            let name = names.get(&id).cloned().context("cargo metadata: an unknown member")?;
            members.insert(name, id);
        }
        Ok(Self { names, uses, members })
    }

    /// The workspace's crates by name.
    pub fn members(&self) -> impl Iterator<Item = &str> {
        self.members.keys().map(String::as_str)
    }

    /// What a member's manifest names.
    pub fn uses(&self, member: &str) -> impl Iterator<Item = Used> {
        let edges = self.members.get(member).and_then(|id| self.uses.get(id)).into_iter().flatten();
        edges.map(|edge| Used {
            name: self.names.get(&edge.to).cloned().unwrap_or_default(),
            only_for_tests: !edge.code && !edge.build,
            only_for_build: !edge.code && edge.build,
        })
    }

    /// Every crate beneath a member's code, directly or not, each with one shortest way to it. Build scripts and
    /// procedural macros run on the developer's machine and are not part of the code.
    pub fn beneath(&self, member: &str) -> Vec<(String, Vec<String>)> {
        let Some(start) = self.members.get(member) else { return Vec::new() };
        let mut seen = BTreeSet::from([start.clone()]);
        let mut found = Vec::new();
        let mut queue = VecDeque::from([(start.clone(), vec![member.to_owned()])]);
        while let Some((id, path)) = queue.pop_front() {
            for edge in self.uses.get(&id).into_iter().flatten().filter(|edge| edge.code) {
                if !seen.insert(edge.to.clone()) {
                    continue;
                }
                let name = self.names.get(&edge.to).cloned().unwrap_or_default();
                let mut path = path.clone();
                path.push(name.clone());
                found.push((name, path.clone()));
                queue.push_back((edge.to.clone(), path));
            }
        }
        found
    }
}
