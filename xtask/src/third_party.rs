//! Holds other people's crates against `deny.toml`, whose form is cargo-deny's: bans, licences, sources are kept in
//! one file, and a machine without cargo-deny checks the first two all the same.

use std::{collections::BTreeSet, fs};

use anyhow::{Context, ensure};

use crate::Root;

/// The part of `deny.toml` that is read here.
struct Rules {
    denied: Vec<String>,
    allowed: BTreeSet<String>,
}

impl Rules {
    fn read(text: &str) -> anyhow::Result<Self> {
        let file: toml::Table = text.parse().context("deny.toml")?;
        let list = |table: &str, key: &str| -> anyhow::Result<Vec<toml::Value>> {
            let found = file.get(table).and_then(|t| t.get(key)).and_then(toml::Value::as_array);
            found.cloned().with_context(|| format!("deny.toml has no list {table}.{key}"))
        };
        let name = |value: &toml::Value| {
            let name = value.as_str().or_else(|| value.get("crate").and_then(toml::Value::as_str));
            name.map(str::to_owned).context("deny.toml: a name is missing")
        };
        Ok(Self {
            denied: list("bans", "deny")?.iter().map(name).collect::<anyhow::Result<_>>()?,
            allowed: list("licenses", "allow")?.iter().map(name).collect::<anyhow::Result<_>>()?,
        })
    }

    /// Why a crate may not be used.
    fn refusal(&self, name: &str, licence: &str) -> Option<String> {
        if self.denied.iter().any(|denied| denied == name) {
            return Some(format!("{name} is banned by deny.toml"));
        }
        if licence.is_empty() {
            return Some(format!("{name} names no licence"));
        }
        let fits = Expression::new(licence).alternatives(&self.allowed);
        (fits != Some(true)).then(|| format!("{name}: its licence `{licence}` is not allowed by deny.toml"))
    }
}

/// Judges the lines `NAME vVERSION …|LICENCE` of `cargo tree`: how many crates hold, and a sentence for each that
/// does not.
///
/// # Errors
/// When `deny.toml` cannot be read.
pub fn judge(root: &Root, tree: &[String]) -> anyhow::Result<(usize, Vec<String>)> {
    let rules = Rules::read(&fs::read_to_string(root.path("deny.toml")).context("cannot read deny.toml")?)?;
    let crates: BTreeSet<(&str, &str)> = tree
        .iter()
        .filter_map(|line| line.trim_end_matches(" (*)").split_once('|'))
        .filter_map(|(package, licence)| Some((package.split_whitespace().next()?, licence.trim())))
        .collect();
    ensure!(!crates.is_empty(), "cargo tree named no crates");
    let refused: Vec<_> = crates.iter().filter_map(|(name, licence)| rules.refusal(name, licence)).collect();
    Ok((crates.len() - refused.len(), refused))
}

/// A licence expression: `MIT OR (Apache-2.0 AND ISC)`, and the older `MIT/Apache-2.0`.
struct Expression {
    words: Vec<String>,
    at: usize,
}

impl Expression {
    fn new(text: &str) -> Self {
        let spaced = text.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
        let spaced = spaced.replace(" WITH ", "\u{0}");
        Self { words: spaced.split_whitespace().map(|word| word.replace('\u{0}', " WITH ")).collect(), at: 0 }
    }

    /// Whether one of the choices is allowed; `None` if the expression cannot be read.
    fn alternatives(&mut self, allowed: &BTreeSet<String>) -> Option<bool> {
        let mut any = self.together(allowed)?;
        while self.word() == Some("OR") {
            self.at += 1;
            any |= self.together(allowed)?;
        }
        Some(any)
    }

    fn together(&mut self, allowed: &BTreeSet<String>) -> Option<bool> {
        let mut all = self.one(allowed)?;
        while self.word() == Some("AND") {
            self.at += 1;
            all &= self.one(allowed)?;
        }
        Some(all)
    }

    fn one(&mut self, allowed: &BTreeSet<String>) -> Option<bool> {
        let word = self.word()?.to_owned();
        self.at += 1;
        if word != "(" {
            return Some(allowed.contains(&word));
        }
        let inner = self.alternatives(allowed);
        let closed = self.word() == Some(")");
        self.at += 1;
        inner.filter(|_| closed)
    }

    fn word(&self) -> Option<&str> {
        self.words.get(self.at).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn licences_and_bans_are_judged() {
        let rules = Rules::read(
            "[bans]\ndeny = [{ crate = \"ring\", reason = \"another\" }]\n[licenses]\nallow = [\"MIT\", \"ISC\"]\n",
        )
        .expect("the form of deny.toml");
        let check = |licence: &str, allowed: bool| {
            assert_eq!(rules.refusal("some", licence).is_none(), allowed, "{licence}");
        };
        check("MIT", true);
        check("MIT OR GPL-3.0", true);
        check("GPL-3.0/MIT", true);
        check("MIT AND ISC", true);
        check("MIT AND GPL-3.0", false);
        check("(GPL-3.0 OR ISC) AND MIT", true);
        check("(GPL-3.0 OR ISC", false);
        check("MIT WITH some-exception", false);
        check("GPL-3.0", false);
        check("", false);
        assert_eq!(rules.refusal("ring", "MIT").as_deref(), Some("ring is banned by deny.toml"));
    }
}
