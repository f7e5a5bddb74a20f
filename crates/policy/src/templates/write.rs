//! Quoting for TOML and CSV.

use std::fmt::Write as _;

/// A TOML basic string.
pub(super) fn text(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    out.push('"');
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A TOML list of strings.
pub(super) fn texts<S: AsRef<str>>(values: impl IntoIterator<Item = S>) -> String {
    let list: Vec<_> = values.into_iter().map(|value| text(value.as_ref())).collect();
    format!("[{}]", list.join(", "))
}

/// A TOML comment holds one line.
pub(super) fn comment(value: &str) -> String {
    value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// One line of a table.
pub(super) fn row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let cells: Vec<_> = cells.into_iter().map(|value| cell(value.as_ref())).collect();
    format!("{}\n", cells.join(","))
}

fn cell(value: &str) -> String {
    let value = comment(value);
    if value.contains([',', '"', ';']) || value.starts_with('#') {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value
    }
}
