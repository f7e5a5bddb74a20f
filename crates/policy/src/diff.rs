//! What an edit changes, in sentences. Works on any two sets of files, also on drafts that cannot be used yet.

use serde_json::{Map, Value as Json};

use crate::{PolicyFiles, say, structured};

/// Sentences, in the order of the document; empty if both say the same.
pub fn diff(before: &PolicyFiles, after: &PolicyFiles) -> Vec<String> {
    let (Some(old), Some(new)) = (structured::to_json(before), structured::to_json(after)) else {
        return match before == after {
            true => Vec::new(),
            false => vec![
                "The text differs, and one of the two is no TOML: only the files themselves can be compared."
                    .into(),
            ],
        };
    };
    let mut said = Vec::new();
    rules(&old["rules"], &new["rules"], &mut said);
    tables(&old["tables"], &new["tables"], &mut said);
    said
}

const EMPTY: &Json = &Json::Null;

fn keys<'a>(old: &'a Json, new: &'a Json) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for map in [old, new].into_iter().filter_map(Json::as_object) {
        all.extend(map.keys().map(String::as_str).filter(|key| !all.contains(key)).collect::<Vec<_>>());
    }
    all
}

fn rules(old: &Json, new: &Json, said: &mut Vec<String>) {
    for key in keys(old, new) {
        let (a, b) = (old.get(key).unwrap_or(EMPTY), new.get(key).unwrap_or(EMPTY));
        if a == b {
            continue;
        }
        match key {
            "flow" => flows(a, b, said),
            "groups" => groups(a, b, said),
            "profile" => {
                for field in keys(a, b) {
                    change(&format!("The profile field {field}"), a.get(field), b.get(field), said);
                }
            }
            "route" => listed("route", a, b, said),
            "user_type" => listed("user type rule", a, b, said),
            "schedule" => listed("schedule", a, b, said),
            "test" => listed("test", a, b, said),
            "overlay" => listed("overlay", a, b, said),
            other => nested(&format!("[{other}]"), a, b, said),
        }
    }
}

/// `what` names the thing that has the two values.
fn change(what: &str, old: Option<&Json>, new: Option<&Json>, said: &mut Vec<String>) {
    match (old, new) {
        (Some(old), Some(new)) if old == new => {}
        (Some(old), Some(new)) => said.push(format!("{what} is now {}, it was {}.", short(new), short(old))),
        (None, Some(new)) => said.push(format!("{what} is new: {}.", short(new))),
        (Some(old), None) => said.push(format!("{what} is gone; it was {}.", short(old))),
        (None, None) => {}
    }
}

fn nested(name: &str, old: &Json, new: &Json, said: &mut Vec<String>) {
    if old.is_object() && new.is_object() {
        for key in keys(old, new) {
            let (a, b) = (old.get(key), new.get(key));
            match (a, b) {
                (Some(a), Some(b)) if a.is_object() && b.is_object() => {
                    nested(&format!("{name} {key}"), a, b, said)
                }
                (Some(a), Some(b)) if is_records(a) && is_records(b) => {
                    listed(&format!("{name} {key} rule"), a, b, said)
                }
                (a, b) => change(&format!("{name} {key}"), a, b, said),
            }
        }
        return;
    }
    let real = |value: &'_ Json| (!value.is_null()).then(|| value.clone());
    change(name, real(old).as_ref(), real(new).as_ref(), said);
}

fn is_records(value: &Json) -> bool {
    value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(|part| part.get("id").is_some()))
}

/// A value as one readable piece.
fn short(value: &Json) -> String {
    match value {
        Json::String(text) => format!("\"{text}\""),
        Json::Array(list) if list.iter().all(|part| part.is_object()) && !list.is_empty() => {
            say::conditions(value)
        }
        Json::Array(list) => list.iter().map(short).collect::<Vec<_>>().join(", "),
        Json::Object(map) => {
            let pairs: Vec<_> = map.iter().map(|(key, value)| format!("{key} {}", short(value))).collect();
            pairs.join(", ")
        }
        Json::Null => "nothing".into(),
        other => other.to_string(),
    }
}

fn id(value: &Json) -> Option<&str> {
    value.get("id").and_then(Json::as_str)
}

/// Parts of two lists, matched by id, else by content, else by place.
fn pairs<'a>(old: &'a Json, new: &'a Json) -> Vec<(Option<&'a Json>, Option<&'a Json>)> {
    let list = |value: &'a Json| value.as_array().map_or(&[][..], Vec::as_slice);
    let (a, b) = (list(old), list(new));
    let mut left: Vec<Option<&Json>> = a.iter().map(Some).collect();
    let mut out: Vec<(Option<&Json>, Option<&Json>)> = Vec::new();
    for part in b {
        let same = |known: &&Json| *known == part || (id(part).is_some() && id(known) == id(part));
        let found = left.iter().position(|known| known.as_ref().is_some_and(same));
        out.push((found.and_then(|at| left[at].take()), Some(part)));
    }
    // Without ids a changed part is told by its place.
    for (at, (before, after)) in out.iter_mut().enumerate() {
        if before.is_none() && after.is_some_and(|part| id(part).is_none()) {
            *before = left.get_mut(at).and_then(|slot| {
                if slot.is_some_and(|part| id(part).is_none()) { slot.take() } else { None }
            });
        }
    }
    out.extend(left.into_iter().flatten().map(|gone| (Some(gone), None)));
    out
}

fn listed(what: &str, old: &Json, new: &Json, said: &mut Vec<String>) {
    for (at, (a, b)) in pairs(old, new).into_iter().enumerate() {
        let name = b.or(a).and_then(id).map_or_else(|| format!("{}", at + 1), str::to_owned);
        match (a, b) {
            (Some(a), Some(b)) if a != b => {
                for key in keys(a, b) {
                    change(&format!("The {key} of {what} {name}"), a.get(key), b.get(key), said);
                }
            }
            (None, Some(b)) => said.push(format!("New {what} {name}: {}.", short(b))),
            (Some(a), None) => said.push(format!("The {what} {name} is gone; it said {}.", short(a))),
            _ => {}
        }
    }
    moved(what, old, new, said);
}

fn moved(what: &str, old: &Json, new: &Json, said: &mut Vec<String>) {
    let none = Vec::new();
    let names = |list: &Json| -> Vec<String> {
        list.as_array().unwrap_or(&none).iter().filter_map(|part| id(part).map(str::to_owned)).collect()
    };
    let (a, b) = (names(old), names(new));
    let (kept_a, kept_b): (Vec<_>, Vec<_>) = (
        a.iter().filter(|name| b.contains(name)).collect(),
        b.iter().filter(|name| a.contains(name)).collect(),
    );
    if kept_a != kept_b {
        let order: Vec<_> = kept_b.into_iter().map(String::as_str).collect();
        said.push(format!("The order of the {what}s is now {}.", order.join(", ")));
    }
}

fn sentence(flow: &Json) -> String {
    flow.get("sentence").and_then(Json::as_str).map_or_else(String::new, |text| format!(" \"{text}\""))
}

fn flows(old: &Json, new: &Json, said: &mut Vec<String>) {
    for (a, b) in pairs(old, new) {
        match (a, b) {
            (None, Some(flow)) => said.push(format!(
                "New rule {}{}: {} {}.",
                id(flow).unwrap_or("?"),
                sentence(flow),
                who(flow),
                gets(flow)
            )),
            (Some(flow), None) => said.push(format!(
                "Rule {}{} is gone: {} no longer {}.",
                id(flow).unwrap_or("?"),
                sentence(flow),
                who(flow),
                gets(flow).replacen("gets", "get", 1).replacen("never gets", "are kept from", 1)
            )),
            (Some(a), Some(b)) if a != b => flow(a, b, said),
            _ => {}
        }
    }
    moved("rule", old, new, said);
}

fn who(flow: &Json) -> String {
    match flow.get("if") {
        Some(list) if list.as_array().is_none_or(|list| !list.is_empty()) => {
            format!("whoever is {}", say::conditions(list))
        }
        _ => "everybody in scope".to_owned(),
    }
}

fn gets(flow: &Json) -> String {
    let list = |key: &str| flow.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    let words = |list: &[Json]| list.iter().map(say::outcome).collect::<Vec<_>>().join(", ");
    match (list("then"), list("never")) {
        (then, never) if never.is_empty() => format!("gets {}", words(&then)),
        (then, never) if then.is_empty() => format!("never gets {}", words(&never)),
        (then, never) => format!("gets {} and never {}", words(&then), words(&never)),
    }
}

fn flow(old: &Json, new: &Json, said: &mut Vec<String>) {
    let name = id(new).unwrap_or("?");
    for key in keys(old, new) {
        let (a, b) = (old.get(key), new.get(key));
        if a == b {
            continue;
        }
        match key {
            "if" => {
                let none = Json::Array(Vec::new());
                let (a, b) = (a.unwrap_or(&none), b.unwrap_or(&none));
                said.push(format!(
                    "Rule {name} now concerns {}; it was {}.",
                    say::conditions(b),
                    say::conditions(a)
                ));
            }
            "then" | "never" => {
                let none = Vec::new();
                let parts = |side: Option<&Json>| -> Vec<String> {
                    side.and_then(Json::as_array).unwrap_or(&none).iter().map(say::outcome).collect()
                };
                let (before, after) = (parts(a), parts(b));
                let word = if key == "then" { "gives" } else { "denies" };
                let added: Vec<_> = after.iter().filter(|part| !before.contains(part)).cloned().collect();
                let gone: Vec<_> = before.iter().filter(|part| !after.contains(part)).cloned().collect();
                if !added.is_empty() {
                    said.push(format!("Rule {name} now also {word} {}.", added.join(", ")));
                }
                if !gone.is_empty() {
                    said.push(format!("Rule {name} no longer {word} {}.", gone.join(", ")));
                }
                if added.is_empty() && gone.is_empty() {
                    said.push(format!(
                        "Rule {name} {word} the same with other details: {}.",
                        after.join(", ")
                    ));
                }
            }
            "look_up" => change(&format!("The table of rule {name}"), a, b, said),
            "if_it_fails" => said.push(match b {
                Some(now) => format!("If a step of rule {name} fails: {}.", say::failure(now)),
                None => format!("Of steps of rule {name} that fail, nothing special is said any more."),
            }),
            "tell" => said.push(match b {
                Some(now) => format!("Of what rule {name} gives, {} is told.", say::names(now)),
                None => format!("Of what rule {name} gives, nobody is told any more."),
            }),
            "until" => change(&format!("The end date of rule {name}"), a, b, said),
            key => change(&format!("The {key} of rule {name}"), a, b, said),
        }
    }
}

fn groups(old: &Json, new: &Json, said: &mut Vec<String>) {
    for name in keys(old, new) {
        match (old.get(name), new.get(name)) {
            (Some(a), Some(b)) if a != b => said.push(format!(
                "The group \"{name}\" is now {}; it was {}. Who its members are may differ.",
                short(b),
                short(a)
            )),
            (None, Some(b)) => said.push(format!("The group \"{name}\" is known now: {}.", short(b))),
            (Some(_), None) => said.push(format!("The group \"{name}\" is no longer known.")),
            _ => {}
        }
    }
}

fn tables(old: &Json, new: &Json, said: &mut Vec<String>) {
    for name in keys(old, new) {
        match (old.get(name), new.get(name)) {
            (None, Some(b)) => said.push(format!("New table {name} with {} rows.", rows(b).len())),
            (Some(a), None) => said.push(format!("The table {name} with {} rows is gone.", rows(a).len())),
            (Some(a), Some(b)) if a != b => table(name, a, b, said),
            _ => {}
        }
    }
}

fn rows(table: &Json) -> Vec<Map<String, Json>> {
    let none = Vec::new();
    let columns = table["columns"].as_array().unwrap_or(&none);
    let named = |row: &Json| {
        let cells = row.as_array().unwrap_or(&none);
        columns
            .iter()
            .zip(cells)
            .filter(|(column, cell)| {
                *column != "comment" && cell.as_str().is_some_and(|cell| !cell.is_empty())
            })
            .map(|(column, cell)| (column.as_str().unwrap_or_default().to_owned(), cell.clone()))
            .collect()
    };
    table["rows"].as_array().unwrap_or(&none).iter().map(named).collect()
}

fn row_words(row: &Map<String, Json>) -> String {
    let cells: Vec<_> = row
        .iter()
        .map(|(column, cell)| {
            format!("{} {}", column.trim_start_matches("attribute:"), cell.as_str().unwrap_or_default())
        })
        .collect();
    if cells.is_empty() { "everybody, nothing".to_owned() } else { cells.join(", ") }
}

/// More differing rows than this are only counted.
const ROWS_MAX: usize = 40;

fn table(name: &str, old: &Json, new: &Json, said: &mut Vec<String>) {
    let (a, b) = (rows(old), rows(new));
    // Rows at both ends that stay are no news; between them rows are matched by what they ask for.
    let start = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let end = a[start..].iter().rev().zip(b[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[start..a.len() - end], &b[start..b.len() - end]);
    if a.is_empty() && b.is_empty() {
        said.push(format!("Table {name}: only comments or columns differ."));
        return;
    }
    if a.len() + b.len() > 2 * ROWS_MAX {
        said.push(format!(
            "Table {name}: {} rows from row {} on take the place of {}.",
            b.len(),
            start + 1,
            a.len()
        ));
        return;
    }
    let asks = |row: &Map<String, Json>| -> Vec<(String, Json)> {
        let asking = |key: &str| ["site", "tenant", "group"].contains(&key) || key.starts_with("attribute:");
        row.iter().filter(|(key, _)| asking(key)).map(|(key, cell)| (key.clone(), cell.clone())).collect()
    };
    let mut left: Vec<Option<&Map<String, Json>>> = a.iter().map(Some).collect();
    for (at, row) in b.iter().enumerate() {
        let number = start + at + 1;
        let found = left
            .iter()
            .position(|known| known.is_some_and(|known| known == row))
            .or_else(|| left.iter().position(|known| known.is_some_and(|known| asks(known) == asks(row))));
        match found.and_then(|place| left[place].take()) {
            Some(before) if before == row => {}
            Some(before) => {
                said.push(format!(
                    "Table {name}, row {number}: {}; it was {}.",
                    row_words(row),
                    row_words(before)
                ));
            }
            None => said.push(format!("Table {name}, new row {number}: {}.", row_words(row))),
        }
    }
    for (at, gone) in left.iter().enumerate().filter_map(|(at, row)| row.map(|row| (at, row))) {
        said.push(format!("Table {name}: row {} is gone: {}.", start + at + 1, row_words(gone)));
    }
    let kept = |list: &[Map<String, Json>], other: &[Map<String, Json>]| -> Vec<Map<String, Json>> {
        list.iter().filter(|row| other.contains(row)).cloned().collect()
    };
    if kept(a, b) != kept(b, a) {
        said.push(format!("Table {name}: rows {} to {} stand in another order.", start + 1, start + b.len()));
    }
}
