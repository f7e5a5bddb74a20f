//! Conditions and outcomes of a policy file in words, whether or not the policy as a whole can be used.

use serde_json::{Map, Value as Json};

/// `"Leeds" or "York"`.
fn either(value: &Json) -> String {
    match value {
        Json::Array(list) => list.iter().map(either).collect::<Vec<_>>().join(" or "),
        Json::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    }
}

/// A list of conditions, all of which must hold.
pub(crate) fn conditions(value: &Json) -> String {
    match value {
        Json::Array(list) if list.is_empty() => "everybody".to_owned(),
        Json::Array(list) => list.iter().map(condition).collect::<Vec<_>>().join(" and "),
        other => condition(other),
    }
}

pub(crate) fn condition(value: &Json) -> String {
    let Some(map) = value.as_object() else { return value.to_string() };
    let list = |value: &Json, word: &str| match value {
        Json::Array(parts) if parts.len() == 1 => condition(&parts[0]),
        Json::Array(parts) => format!("({})", parts.iter().map(condition).collect::<Vec<_>>().join(word)),
        one => condition(one),
    };
    let mut said = Vec::new();
    for (key, value) in map {
        let text = match key.as_str() {
            "all" => list(value, " and "),
            "any" => list(value, " or "),
            "not" => format!("not {}", list(value, " and ")),
            "group" => format!("member of {}", either(value)),
            "cel" => format!("such that {}", value.as_str().unwrap_or("?")),
            "tenant" => format!("comes from {}", either(value)),
            "site" => format!("belongs to site {}", either(value)),
            "status" => format!("status is {}", either(value)),
            "of" => {
                let count = map.get("count").map_or_else(|| "?".to_owned(), ToString::to_string);
                format!("at least {count} of {}", list(value, ", "))
            }
            "attribute" => attribute(value.as_str().unwrap_or("?"), map),
            _ => continue,
        };
        said.push(text);
    }
    if said.is_empty() { value.to_string() } else { said.join(" and ") }
}

fn attribute(name: &str, map: &Map<String, Json>) -> String {
    let tests = map.iter().filter_map(|(key, value)| {
        let words = match key.as_str() {
            "is" | "in" => "is",
            "is_not" | "not_in" => "is not",
            "starts_with" => "starts with",
            "ends_with" => "ends with",
            "contains" => "contains",
            "before" => "is before",
            "after" => "is after",
            "within" => "is within",
            "matches" => "matches",
            "domain" => "is an address at",
            "only" => "is only",
            "has_all" => "has all of",
            "same_as" => "is the same as",
            "at_least" => "is at least",
            "at_most" => "is at most",
            "exists" if *value == Json::Bool(false) => return Some(format!("{name} is empty")),
            "exists" => return Some(format!("{name} is filled in")),
            _ => return None,
        };
        Some(format!("{name} {words} {}", either(value)))
    });
    let tests: Vec<_> = tests.collect();
    if tests.is_empty() { name.to_owned() } else { tests.join(" and ") }
}

/// One outcome of a flow: `customer in the reservation centers of the seat`.
pub(crate) fn outcome(value: &Json) -> String {
    let Some(map) = value.as_object() else { return value.to_string() };
    let text =
        |key: &str| map.get(key).map(|value| value.as_str().map_or_else(|| either(value), str::to_owned));
    let place = || {
        let parts = ["building", "floor", "section", "room", "kind"];
        let named: Vec<_> = parts.iter().filter_map(|key| text(key)).collect();
        if named.is_empty() { String::new() } else { format!(" at {}", named.join(", ")) }
    };
    if let Some(kind) = text("place") {
        return match kind.as_str() {
            "remote" => "no seat (remote)".to_owned(),
            "from table" => "the place that the table names".to_owned(),
            kind => format!("a {kind}{}", place()),
        };
    }
    if let Some(role) = text("role") {
        let whole = map.get("serving").and_then(Json::as_str) == Some("whole site");
        return match (text("module"), text("center")) {
            (Some(module), _) if whole => format!("the role {role} in every {module} center of the site"),
            (Some(module), _) => format!("the role {role} in the {module} center of their building"),
            (None, Some(center)) => format!("the role {role} in {center}"),
            (None, None) => format!("the role {role}"),
        };
    }
    if let Some(item) = text("item") {
        return if item == "from table" {
            "the category items of the table".into()
        } else {
            format!("the item {item}")
        };
    }
    if text("roles").is_some() {
        return "the roles of the table".into();
    }
    if let Some(name) = text("cost_center") {
        return if name == "from table" {
            "the cost center of the table".into()
        } else {
            format!("the cost center {name}")
        };
    }
    if let Some(name) = text("cost_center_from") {
        return format!("the cost center called like {name}");
    }
    if text("booking").is_some() {
        return "a booked desk on the first day".into();
    }
    if text("visit").is_some() {
        return "an announced visit on the first day".into();
    }
    if let Some(areas) = map.get("door") {
        let list = match areas {
            Json::Array(list) => list.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" and "),
            one => one.as_str().unwrap_or("?").to_owned(),
        };
        return format!("entry to {list}");
    }
    if text("todo").is_some() {
        return format!("a to-do: {}", text("what").unwrap_or_default());
    }
    value.to_string()
}

/// One name, or several with commas.
pub(crate) fn names(value: &Json) -> String {
    match value {
        Json::Array(list) => list.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(", "),
        one => one.as_str().unwrap_or("?").to_owned(),
    }
}

/// What becomes of a step that fails: `tried 3 more times, every 10 minutes; then the role customer in …, and it is told`.
pub(crate) fn failure(value: &Json) -> String {
    let Some(map) = value.as_object() else { return value.to_string() };
    let mut said = Vec::new();
    if let Some(count) = map.get("retry") {
        let every = map.get("every").and_then(Json::as_str).unwrap_or("10 minutes");
        said.push(format!("it is tried {count} more times, {every} apart"));
    }
    if let Some(list) = map.get("instead").and_then(Json::as_array) {
        let list: Vec<_> = list.iter().map(outcome).collect();
        said.push(format!("{} instead", list.join(" and ")));
    }
    if let Some(what) = map.get("todo").and_then(Json::as_str) {
        said.push(format!("a to-do: {what}"));
    }
    if let Some(list) = map.get("alert") {
        said.push(format!("{} is told", names(list)));
    }
    if map.get("stop") == Some(&Json::Bool(true)) {
        said.push("nothing more is given".to_owned());
    }
    if said.is_empty() { "nothing".to_owned() } else { said.join("; ") }
}
