//! PATCH (RFC 7644 §3.5.2) in every form that clients are known to send: with and without path, operations in any case,
//! flags as texts, members by filter or by value, replacement by an empty list.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::{
    Kind, Refusal, Resource,
    path::{Path, Target},
    resource::{canonical, is_ignored},
    schema::Attribute,
};

/// More in one request are refused.
const OPERATIONS_MAX: usize = 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Add,
    Replace,
    Remove,
}

#[derive(Debug, Clone)]
struct Operation {
    verb: Verb,
    target: Option<Target>,
    value: Value,
}

/// The changes of one request, in order.
#[derive(Debug, Clone)]
pub struct Patch {
    operations: Vec<Operation>,
}

impl Patch {
    /// Reads a PatchOp body for a resource of this kind.
    ///
    /// # Errors
    /// [`Refusal::InvalidSyntax`] for what is not a list of operations, [`Refusal::InvalidPath`] and
    /// [`Refusal::InvalidFilter`] for paths, [`Refusal::NoTarget`] for a removal of nothing named.
    pub fn parse(kind: Kind, body: &Value) -> Result<Self, Refusal> {
        let syntax = |text: &str| Refusal::InvalidSyntax(text.to_owned());
        let given = field(body, "Operations").and_then(Value::as_array);
        let given = given.ok_or_else(|| syntax("a PATCH has a list of Operations"))?;
        if given.len() > OPERATIONS_MAX {
            return Err(Refusal::InvalidSyntax(format!("a PATCH has at most {OPERATIONS_MAX} operations")));
        }
        let mut operations = Vec::with_capacity(given.len());
        for operation in given {
            let verb = field(operation, "op").and_then(Value::as_str).unwrap_or_default();
            let verb = match verb.to_ascii_lowercase().as_str() {
                "add" => Verb::Add,
                "replace" => Verb::Replace,
                "remove" => Verb::Remove,
                _ => return Err(syntax("op is add, replace or remove")),
            };
            let target = match field(operation, "path") {
                None | Some(Value::Null) => None,
                Some(Value::String(path)) if path.trim().is_empty() => None,
                Some(Value::String(path)) => Some(Target::parse(kind, path)?),
                Some(_) => return Err(Refusal::InvalidPath("a path is a text".into())),
            };
            if verb == Verb::Remove && target.is_none() {
                return Err(Refusal::NoTarget("remove needs a path".into()));
            }
            let value = field(operation, "value").cloned().unwrap_or_default();
            operations.push(Operation { verb, target, value });
        }
        Ok(Self { operations })
    }

    /// What the resource becomes. Changes of secrets have no effect; removing what is not there is fine.
    ///
    /// # Errors
    /// The first change that cannot be done; then none is.
    pub fn apply(&self, resource: &Resource) -> Result<Resource, Refusal> {
        let kind = resource.kind();
        let mut attributes = resource.attributes().clone();
        for operation in &self.operations {
            let Operation { verb, target, value } = operation;
            match target {
                Some(Target::Secret) => {}
                Some(Target::ReadOnly(name)) => {
                    return Err(Refusal::Mutability(format!("{name} is set by the server")));
                }
                Some(Target::At(path)) => change(&mut attributes, *verb, path, value)?,
                Some(Target::Extension(extension)) if *verb == Verb::Remove => {
                    attributes.remove(extension.name);
                }
                Some(Target::Extension(extension)) => {
                    change_each(&mut attributes, kind, *verb, Some(extension), value)?;
                }
                None => change_each(&mut attributes, kind, *verb, None, value)?,
            }
        }
        Resource::checked(kind, attributes)
    }
}

/// A field of an object by its name in any case.
fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// A change without path: its value names the attributes. What is unknown or read-only has no effect here, because
/// clients send back what they read.
fn change_each(
    attributes: &mut Map<String, Value>,
    kind: Kind,
    verb: Verb,
    extension: Option<&'static Attribute>,
    value: &Value,
) -> Result<(), Refusal> {
    let Value::Object(given) = value else {
        return Err(Refusal::InvalidValue(
            "a change without path has an object of attributes as value".into(),
        ));
    };
    for (name, value) in given {
        if is_ignored(name) {
            continue;
        }
        let named = match extension {
            None => Target::parse(kind, name),
            Some(extension) => Target::parse(kind, &format!("{}:{name}", extension.name)),
        };
        match named {
            Ok(Target::At(path)) => change(attributes, verb, &path, value)?,
            Ok(Target::Extension(found)) if extension.is_none() => {
                change_each(attributes, kind, verb, Some(found), value)?;
            }
            Ok(_) | Err(_) => {}
        }
    }
    Ok(())
}

/// One change at a path.
fn change(
    attributes: &mut Map<String, Value>,
    verb: Verb,
    path: &Path,
    value: &Value,
) -> Result<(), Refusal> {
    if path.attribute.name == "active" && (verb == Verb::Remove || value.is_null()) {
        // Whether somebody is active is always said: not saying it again changes nothing.
        return Ok(());
    }
    match path.extension {
        None => change_in(attributes, verb, path, value),
        Some(extension) => {
            let mut parts = match attributes.remove(extension.name) {
                Some(Value::Object(parts)) => parts,
                _ => Map::new(),
            };
            change_in(&mut parts, verb, path, value)?;
            if !parts.is_empty() {
                attributes.insert(extension.name.to_owned(), Value::Object(parts));
            }
            Ok(())
        }
    }
}

fn change_in(map: &mut Map<String, Value>, verb: Verb, path: &Path, value: &Value) -> Result<(), Refusal> {
    let name = path.attribute.name;
    let mut held = map.remove(name);
    if path.attribute.many {
        let mut entries = match held.take() {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        };
        change_list(&mut entries, verb, path, value)?;
        if !entries.is_empty() {
            map.insert(name.to_owned(), Value::Array(entries));
        }
        return Ok(());
    }
    let changed = match (verb, path.part) {
        (Verb::Remove, None) => None,
        (Verb::Add | Verb::Replace, None) => {
            // Null says: nothing to add; or: replace by nothing.
            let given = canonical(path.attribute, value)?;
            match (verb, held, given) {
                (Verb::Add, held, None) => held,
                (_, Some(Value::Object(mut parts)), Some(Value::Object(given))) => {
                    parts.extend(given);
                    Some(Value::Object(parts))
                }
                (_, _, given) => given,
            }
        }
        (_, Some(part)) => {
            let mut entry = held.unwrap_or_else(|| Value::Object(Map::new()));
            change_part(&mut entry, verb, part, value)?;
            Some(entry).filter(|entry| entry.as_object().is_none_or(|parts| !parts.is_empty()))
        }
    };
    if let Some(changed) = changed {
        map.insert(name.to_owned(), changed);
    }
    Ok(())
}

/// Changes a list of entries as a whole, or those that the path selects.
fn change_list(entries: &mut Vec<Value>, verb: Verb, path: &Path, value: &Value) -> Result<(), Refusal> {
    let given = |value| match canonical(path.attribute, value) {
        Ok(Some(Value::Array(list))) => Ok(list),
        Ok(_) => Ok(Vec::new()),
        Err(refusal) => Err(refusal),
    };
    match (verb, path.part, &path.select) {
        (Verb::Remove, None, None) if value.is_null() => entries.clear(),
        // Some clients name the entries to remove in the value instead of in the path.
        (Verb::Remove, None, None) => {
            let gone = given(value)?;
            let ids: BTreeSet<&str> = gone.iter().filter_map(entry_value).collect();
            entries.retain(|entry| match entry_value(entry) {
                Some(id) => !ids.contains(id),
                None => !gone.contains(entry),
            });
        }
        (Verb::Remove, None, Some(_)) => entries.retain(|entry| !path.selects(entry)),
        (Verb::Remove, Some(part), _) => {
            for entry in entries.iter_mut().filter(|entry| path.selects(entry)) {
                change_part(entry, verb, part, value)?;
            }
            entries.retain(|entry| entry.as_object().is_some_and(|parts| !parts.is_empty()));
        }
        (Verb::Replace, None, None) => *entries = given(value)?,
        (Verb::Add, None, None) => add(entries, given(value)?),
        (Verb::Add | Verb::Replace, part, select) => {
            let mut found = false;
            for entry in entries.iter_mut().filter(|entry| path.selects(entry)) {
                found = true;
                change_entry(entry, verb, part, path.attribute, value)?;
            }
            if !found && verb == Verb::Replace && select.is_some() {
                return Err(Refusal::NoTarget(format!("no entry of {} is selected", path.attribute.name)));
            }
            if !found {
                let conditions = select.iter().flatten();
                let mut entry = Value::Object(
                    conditions.map(|(part, value)| (part.name.to_owned(), value.clone())).collect(),
                );
                change_entry(&mut entry, verb, part, path.attribute, value)?;
                add(entries, given(&entry)?);
            }
        }
    }
    Ok(())
}

fn change_entry(
    entry: &mut Value,
    verb: Verb,
    part: Option<&'static Attribute>,
    attribute: &'static Attribute,
    value: &Value,
) -> Result<(), Refusal> {
    if let Some(part) = part {
        return change_part(entry, verb, part, value);
    }
    if let (Some(Value::Array(given)), Value::Object(parts)) = (canonical(attribute, value)?, entry) {
        for given in given {
            if let Value::Object(given) = given {
                parts.extend(given);
            }
        }
    }
    Ok(())
}

fn change_part(entry: &mut Value, verb: Verb, part: &Attribute, value: &Value) -> Result<(), Refusal> {
    let Value::Object(parts) = entry else { return Ok(()) };
    let given = if verb == Verb::Remove { None } else { canonical(part, value)? };
    match (verb, given) {
        (_, Some(given)) => {
            parts.insert(part.name.to_owned(), given);
        }
        (Verb::Add, None) => {}
        (Verb::Remove | Verb::Replace, None) => {
            parts.remove(part.name);
        }
    }
    Ok(())
}

fn entry_value(entry: &Value) -> Option<&str> {
    entry.get("value").and_then(Value::as_str)
}

/// Appends what is not there yet. A new primary entry takes over from the old one.
fn add(entries: &mut Vec<Value>, given: Vec<Value>) {
    let primary = |entry: &Value| entry.get("primary") == Some(&Value::Bool(true));
    if given.iter().any(primary) {
        for entry in entries.iter_mut().filter(|entry| primary(entry)) {
            entry["primary"] = Value::Bool(false);
        }
    }
    // Entries are few, but for members: those are made a set, by id, when all is done.
    let few = entries.len() < 100;
    for entry in given {
        if !few || !entries.contains(&entry) {
            entries.push(entry);
        }
    }
}
