//! People as expressions see them, and what comes back.

use std::collections::HashMap;

use cel::{
    ExecutionError, Value,
    objects::{Key, Map},
};
use lanyard_model::identity::AttributeValue;

use crate::{names::Attribute, subject::Subject};

/// Values of one list, at most: an expression may go through it once for each of its loops.
const LIST_MAX: usize = 500;
/// Characters of one text, at most.
const TEXT_MAX: usize = 10_000;

fn text_value(text: &str) -> Value {
    Value::from(text)
}

fn map(pairs: Vec<(&str, Value)>) -> Value {
    let map: HashMap<Key, Value> =
        pairs.into_iter().map(|(name, value)| (Key::from(name.to_owned()), value)).collect();
    Value::Map(Map { map: map.into() })
}

/// `user`: status, tenant, and of the profile what the expression reads. Blank texts are absent, whole numbers are `int`.
pub(super) fn user(attributes: &[Attribute], subject: &Subject<'_>) -> Result<Value, String> {
    let mut profile = Vec::with_capacity(attributes.len());
    for attribute in attributes {
        let Some(value) = subject.value(attribute) else { continue };
        let name = attribute.name.as_str();
        let long = |text: &str| text.len() > TEXT_MAX && text.chars().count() > TEXT_MAX;
        let value = match value {
            AttributeValue::Text(text) if text.trim().is_empty() => continue,
            AttributeValue::Text(text) if long(text) => {
                return Err(format!("{name} is longer than {TEXT_MAX} characters"));
            }
            AttributeValue::List(items) if items.len() > LIST_MAX => {
                return Err(format!("{name} has {} values, more than {LIST_MAX}", items.len()));
            }
            AttributeValue::List(items) if items.iter().any(|item| long(item)) => {
                return Err(format!("a value of {name} is longer than {TEXT_MAX} characters"));
            }
            AttributeValue::Text(text) => text_value(text),
            AttributeValue::Bool(value) => Value::Bool(*value),
            // Okta's integers and numbers arrive alike.
            AttributeValue::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                Value::Int(*number as i64)
            }
            AttributeValue::Number(number) => Value::Float(*number),
            AttributeValue::List(items) => {
                Value::List(items.iter().map(|item| text_value(item)).collect::<Vec<_>>().into())
            }
        };
        profile.push((name, value));
    }
    let identity = subject.identity;
    Ok(map(vec![
        ("profile", map(profile)),
        ("status", text_value(identity.status.as_str())),
        ("tenant", text_value(identity.id.tenant.as_str())),
    ]))
}

/// `groups`: those of the policy's groups that the person is in, by the policy's name for each.
pub(super) fn groups(subject: &Subject<'_>) -> Result<Value, String> {
    let list: Vec<Value> = subject
        .named_groups()
        .map(|(name, id)| map(vec![("name", text_value(name)), ("id", text_value(id))]))
        .collect();
    match list.len() {
        count if count > LIST_MAX => Err(format!("{count} groups are more than {LIST_MAX}")),
        _ => Ok(Value::List(list.into())),
    }
}

/// What a value is, in words.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::List(_) => "a list",
        Value::Map(_) | Value::Struct(_) => "a map",
        Value::Int(_) | Value::UInt(_) | Value::Float(_) => "a number",
        Value::String(_) => "a text",
        Value::Bytes(_) => "bytes",
        Value::Bool(_) => "true or false",
        Value::Null => "nothing",
        _ => "something else",
    }
}

/// As a field holds it; the error is what it is instead.
pub(super) fn text(value: &Value) -> Result<Option<String>, &'static str> {
    let text = match value {
        Value::Null => return Ok(None),
        Value::String(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Bool(word) => word.to_string(),
        other => return Err(kind(other)),
    };
    Ok((!text.is_empty()).then_some(text))
}

/// Why an evaluation failed, for people.
pub(super) fn why(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => {
            format!("{name} is empty; has(user.profile.{name}) asks for that first")
        }
        ExecutionError::NoSuchOverload(overload) => {
            let types: Vec<&str> = overload.argument_types().iter().map(|name| words(name)).collect();
            format!("{} cannot be applied to {}", sign(overload.function()), types.join(" and "))
        }
        ExecutionError::ValuesNotComparable(a, b) => {
            format!("{} and {} cannot be compared", kind(a), kind(b))
        }
        ExecutionError::UnsupportedBinaryOperator(name, a, b) => {
            format!("{name} cannot be applied to {} and {}", kind(a), kind(b))
        }
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => {
            "it divides by zero".to_owned()
        }
        ExecutionError::Overflow(..) => "the number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "the list has no such place".to_owned(),
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        ExecutionError::UnexpectedType { got, want } => {
            format!("{} was found where {} is needed", words(got), words(want))
        }
        ExecutionError::UndeclaredReference(name) => format!("there is no {name}"),
        other => {
            let mut said = other.to_string();
            if let Some((cut, _)) = said.char_indices().nth(200) {
                said.truncate(cut);
            }
            said
        }
    }
}

/// CEL's names of types, in words.
fn words(name: &str) -> &str {
    match name {
        "string" => "a text",
        "int" | "uint" => "a whole number",
        "double" => "a number with a fraction",
        "bool" => "true or false",
        "list" => "a list",
        "map" => "a map",
        "null_type" => "nothing",
        other => other,
    }
}

/// `_>_` as people write it.
fn sign(function: &str) -> &str {
    if function == "@in" { "in" } else { function.trim_matches('_') }
}
