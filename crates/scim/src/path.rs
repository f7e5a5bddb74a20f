//! PATCH paths: `active`, `name.givenName`, `members[value eq "…"]`, `emails[type eq "work"].value`, with or without URN.

use serde_json::Value;

use crate::{
    Kind, Refusal, comparison,
    schema::{self, Attribute, Shape},
};

/// Where a change goes.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    At(Path),
    /// The whole schema extension.
    Extension(&'static Attribute),
    /// Set by the server.
    ReadOnly(String),
    /// A secret, which is not kept.
    Secret,
}

#[derive(Debug, Clone)]
pub(crate) struct Path {
    /// The extension that the attribute belongs to; `None`: the core schema.
    pub(crate) extension: Option<&'static Attribute>,
    pub(crate) attribute: &'static Attribute,
    /// Which entries of a list; all of these must hold.
    pub(crate) select: Option<Vec<(&'static Attribute, Value)>>,
    /// A part of a complex value.
    pub(crate) part: Option<&'static Attribute>,
}

impl Path {
    /// Whether a list entry is meant.
    pub(crate) fn selects(&self, entry: &Value) -> bool {
        self.select.iter().flatten().all(|(part, wanted)| match (entry.get(part.name), wanted) {
            (Some(Value::String(has)), Value::String(wanted)) if !part.exact => {
                has.to_lowercase() == wanted.to_lowercase()
            }
            (Some(has), wanted) => has == wanted,
            // What is not said is not so.
            (None, Value::Bool(false)) => true,
            (None, _) => false,
        })
    }
}

impl Target {
    /// Reads a path.
    ///
    /// # Errors
    /// [`Refusal::InvalidPath`]; [`Refusal::InvalidFilter`] for what stands in brackets.
    pub(crate) fn parse(kind: Kind, text: &str) -> Result<Self, Refusal> {
        let text = text.trim();
        let unknown = || Refusal::InvalidPath(format!("{text:?} names no attribute of a {}", kind.name()));
        if let Some(extension) = kind.extension()
            && let Some(rest) = schema::after_urn(text, extension.name)
        {
            return match rest.strip_prefix([':', '.']) {
                Some(rest) => within(rest, Some(extension), |name| extension.part(name))?.ok_or_else(unknown),
                None if rest.is_empty() => Ok(Self::Extension(extension)),
                None => Err(unknown()),
            };
        }
        let rest = schema::after_urn(text, kind.schema()).and_then(|rest| rest.strip_prefix(':'));
        within(rest.unwrap_or(text), None, |name| kind.attribute(name))?.ok_or_else(unknown)
    }
}

/// Reads `name`, `name.part`, `name[…]`, `name[…].part`; `None` if a name is not known.
fn within(
    text: &str,
    extension: Option<&'static Attribute>,
    find: impl Fn(&str) -> Option<&'static Attribute>,
) -> Result<Option<Target>, Refusal> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    if schema::is_secret(name) {
        return Ok(Some(Target::Secret));
    }
    if extension.is_none() && schema::is_read_only(name) {
        return Ok(Some(Target::ReadOnly(name.to_owned())));
    }
    let Some(attribute) = find(name) else { return Ok(None) };
    let (select, rest) = match rest.strip_prefix('[') {
        None => (None, rest),
        Some(inside) => {
            let Some(end) = closing(inside) else {
                return Err(Refusal::InvalidPath(format!("{text:?} has no closing bracket")));
            };
            if !attribute.many {
                return Err(Refusal::InvalidPath(format!("{} is not a list", attribute.name)));
            }
            (Some(selection(attribute, &inside[..end])?), &inside[end + 1..])
        }
    };
    let part = match (rest.strip_prefix('.'), rest.is_empty()) {
        (Some(part), _) => match attribute.part(part) {
            Some(part) => Some(part),
            None => return Ok(None),
        },
        (None, true) => None,
        (None, false) => return Ok(None),
    };
    Ok(Some(Target::At(Path { extension, attribute, select, part })))
}

/// Where the bracket closes, quoted texts skipped.
fn closing(text: &str) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text[at..].find([']', '"']) {
        at += found;
        if text[at..].starts_with(']') {
            return Some(at);
        }
        at += comparison::quoted_end(&text[at..])?;
    }
    None
}

fn selection(attribute: &'static Attribute, text: &str) -> Result<Vec<(&'static Attribute, Value)>, Refusal> {
    let mut conditions = Vec::new();
    for comparison in comparison::read(text).map_err(Refusal::InvalidFilter)? {
        let Some(part) = attribute.part(comparison.name) else {
            let (of, name) = (attribute.name, comparison.name);
            return Err(Refusal::InvalidFilter(format!("{of} has no part {name}")));
        };
        let value = match (part.shape, comparison.value) {
            (Shape::Flag, Value::String(text)) => Value::Bool(text.eq_ignore_ascii_case("true")),
            (_, value) => value,
        };
        conditions.push((part, value));
    }
    Ok(conditions)
}
