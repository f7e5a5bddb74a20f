//! `name eq literal and name eq literal …`: what filters and PATCH paths have in common.

use serde_json::Value;

const TEXT_BYTES_MAX: usize = 4096;
const COMPARISONS_MAX: usize = 16;

/// One comparison, names as given.
pub(crate) struct Comparison<'t> {
    pub(crate) name: &'t str,
    pub(crate) value: Value,
}

/// Reads a conjunction of equalities.
///
/// # Errors
/// A sentence on the first thing that is not one.
pub(crate) fn read(text: &str) -> Result<Vec<Comparison<'_>>, String> {
    if text.len() > TEXT_BYTES_MAX {
        return Err(format!("an expression has at most {TEXT_BYTES_MAX} bytes"));
    }
    let mut found = Vec::new();
    let mut rest = text.trim();
    loop {
        let (name, after) = word(rest);
        let (operator, after) = word(after);
        if name.is_empty() || name.contains(['(', ')', '[', ']', '"']) {
            return Err(format!("{name:?} is not an attribute"));
        }
        if !operator.eq_ignore_ascii_case("eq") {
            return Err(format!("{operator:?} is not supported: only eq, combined with and"));
        }
        let (value, after) = literal(after)?;
        found.push(Comparison { name, value });
        if found.len() > COMPARISONS_MAX {
            return Err(format!("an expression has at most {COMPARISONS_MAX} comparisons"));
        }
        if after.is_empty() {
            return Ok(found);
        }
        let (and, after) = word(after);
        if !and.eq_ignore_ascii_case("and") {
            return Err(format!("{and:?} is not supported: only eq, combined with and"));
        }
        rest = after;
    }
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    let (head, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (head, rest.trim_start())
}

/// A JSON literal, and what follows it.
fn literal(text: &str) -> Result<(Value, &str), String> {
    let end = if text.starts_with('"') {
        quoted_end(text).ok_or("a quotation mark is not closed")?
    } else {
        text.find(char::is_whitespace).unwrap_or(text.len())
    };
    let (head, rest) = text.split_at(end);
    if !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
        return Err(format!("{rest:?} is not expected here"));
    }
    match serde_json::from_str(head) {
        Ok(value @ (Value::String(_) | Value::Bool(_) | Value::Number(_))) => Ok((value, rest.trim_start())),
        _ => Err(format!("{head:?} is not a value")),
    }
}

/// Where the quoted text at the start ends, mark included.
pub(crate) fn quoted_end(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}
