//! Pages: links between them lead somewhere, and every kind of finding has one.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};

use crate::{Root, tally::Tally};

/// Folders and files with pages of ours. The contracts are other people's text.
const PLACES: &[&str] = &["README.md", "CHANGELOG.md", "docs", "policies", "console/README.md"];
const NOT_OURS: &str = "docs/contracts";
/// Where kinds of findings are named in code.
const FINDINGS: &str = "crates/engine/src";

/// Checks links and findings.
///
/// # Errors
/// Every link that leads nowhere, and every kind without a page.
pub fn check(root: &Root) -> anyhow::Result<Tally> {
    let mut pages = Vec::new();
    for place in PLACES {
        gather(&root.path(place), "md", &mut pages)?;
    }
    pages.retain(|page| !page.starts_with(root.path(NOT_OURS)));
    let mut held = 0;
    let mut wrong = Vec::new();
    for page in &pages {
        let text = fs::read_to_string(page).with_context(|| format!("cannot read {}", page.display()))?;
        let folder = page.parent().unwrap_or(page);
        for link in links(&text) {
            if folder.join(link).exists() {
                held += 1;
            } else {
                let shown = page.strip_prefix(root.path("")).unwrap_or(page);
                wrong.push(format!("{}: the link to {link} leads nowhere", shown.display()));
            }
        }
    }
    for kind in kinds(&root.path(FINDINGS))? {
        if root.path(&format!("docs/errors/{kind}.md")).is_file() {
            held += 1;
        } else {
            wrong.push(format!("the finding `{kind}` has no page docs/errors/{kind}.md"));
        }
    }
    if wrong.is_empty() {
        return Ok(Tally::passed(held));
    }
    bail!(wrong.join("\n"))
}

/// Targets of links to other files, without fragments. Code blocks do not count.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut in_code = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let Some(end) = rest.find(')') else { continue };
            let target = rest[..end].split('#').next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push(target);
            }
        }
    }
    found
}

fn kinds(code: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut files = Vec::new();
    gather(code, "rs", &mut files)?;
    let mut kinds = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        // Other things have a kind too: only what stands in a finding counts.
        for finding in text.split("Finding {").skip(1) {
            let fields = finding.split_once("title:").map_or("", |(before, _)| before);
            let kind = fields.split_once("kind: \"").and_then(|(_, rest)| rest.split_once("\".into()"));
            kinds.extend(kind.map(|(kind, _)| kind.to_owned()));
        }
    }
    anyhow::ensure!(!kinds.is_empty(), "no kind of finding was seen in {}", code.display());
    Ok(kinds)
}

fn gather(place: &Path, extension: &str, into: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if place.is_file() {
        if place.extension().is_some_and(|found| found == extension) {
            into.push(place.to_path_buf());
        }
        return Ok(());
    }
    let listing = fs::read_dir(place).with_context(|| format!("cannot read {}", place.display()))?;
    let mut inside = listing.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>()?;
    inside.sort();
    inside.iter().try_for_each(|path| gather(path, extension, into))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_are_found() {
        let text = "See [a](errors/cap.md#fix), ![p](images/p.png) and [b](https://example.test/x).\n\
                    [here](#below)\n```\n[not](this.md)\n```\n[c](../README.md)";
        assert_eq!(links(text), ["errors/cap.md", "images/p.png", "../README.md"]);
    }
}
