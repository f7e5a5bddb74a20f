//! The policy as one JSON value, for builders that edit it, and back into the files without losing a comment.
//!
//! `{"rules": …, "tables": {"places": {"columns": […], "rows": [[…], …]}}}`: `rules` is `policy.toml` as it stands, key for
//! key; a table's cells are texts. What did not change keeps its text, its place and its comments.

use serde_json::{Map, Value as Json};
use toml_edit::{
    Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value as Toml,
    value as toml_value,
};

use crate::{PolicyFiles, sheet::Sheet};

/// Whether a table's column says whom a row is for, and when, rather than what it gives.
pub fn asks_by(column: &str) -> bool {
    crate::table::asks_by(column)
}

/// Lists that stand as `[[headings]]` of their own rather than in brackets.
const HEADINGS: &[&str] = &[
    "route",
    "flow",
    "schedule",
    "user_type",
    "ended",
    "leave",
    "bookings",
    "protection",
    "test",
    "overlay",
];

/// The policy's files as JSON. `None` while `policy.toml` is no TOML at all: then only its text can be edited.
pub fn to_json(files: &PolicyFiles) -> Option<Json> {
    let document: DocumentMut = files.toml.1.parse().ok()?;
    let tables = files.tables.iter().map(|(name, text)| {
        let sheet = Sheet::read(text);
        let rows: Vec<Json> =
            sheet.rows.iter().map(|row| Json::from(filled(row.cells.clone(), sheet.columns.len()))).collect();
        (
            name.trim_end_matches(".csv").to_owned(),
            serde_json::json!({ "columns": sheet.columns, "rows": rows }),
        )
    });
    Some(
        serde_json::json!({ "rules": table_json(document.as_table()), "tables": tables.collect::<Map<_, _>>() }),
    )
}

/// The files with `wanted` in them; `files` lends comments, order and spelling.
///
/// # Errors
/// A sentence, when `wanted` has another shape than [`to_json`] gives.
pub fn with_json(files: &PolicyFiles, wanted: &Json) -> Result<PolicyFiles, String> {
    let rules = wanted.get("rules").and_then(Json::as_object).ok_or("\"rules\" must be an object")?;
    let mut document: DocumentMut = files.toml.1.parse().unwrap_or_default();
    let before = order_of(document.as_table());
    merge(document.as_table_mut(), rules, true);
    if order_of(document.as_table()) != before {
        // Positions in the old file would put moved rules back.
        forget_positions(document.as_table_mut());
    }
    let mut next =
        PolicyFiles { toml: (files.toml.0.clone(), document.to_string()), ..PolicyFiles::default() };
    let none = Map::new();
    let tables = match wanted.get("tables") {
        None => &none,
        Some(tables) => tables.as_object().ok_or("\"tables\" must be an object")?,
    };
    for (name, table) in tables {
        let lines = |key: &str| {
            table.get(key).and_then(Json::as_array).ok_or(format!("table {name} lacks \"{key}\""))
        };
        let columns = cells(lines("columns")?, name)?;
        let mut rows = Vec::new();
        for row in lines("rows")? {
            let row = cells(row.as_array().ok_or(format!("a row of table {name} is no list"))?, name)?;
            rows.push(filled(row, columns.len()));
        }
        let old = files.tables.iter().find(|(known, _)| known.trim_end_matches(".csv") == name);
        let (key, text) = match old {
            Some((key, text)) => (key.clone(), text.as_str()),
            None => (name.clone(), ""),
        };
        let sheet = Sheet::read(text);
        let shown = sheet.rows.iter().map(|row| filled(row.cells.clone(), columns.len()));
        let same = sheet.columns == columns && shown.eq(rows.iter().cloned());
        let text = if same { text.to_owned() } else { sheet.with(columns, rows).write() };
        next.tables.insert(key, text);
    }
    Ok(next)
}

/// A row as the columns show it: cells that a short line leaves out are empty.
fn filled(mut cells: Vec<String>, columns: usize) -> Vec<String> {
    cells.resize(columns.max(cells.len()), String::new());
    cells
}

fn cells(list: &[Json], table: &str) -> Result<Vec<String>, String> {
    list.iter()
        .map(|cell| match cell {
            Json::String(text) => Ok(text.clone()),
            Json::Null => Ok(String::new()),
            Json::Number(number) => Ok(number.to_string()),
            other => Err(format!("a cell of table {table} is {other}, not a text")),
        })
        .collect()
}

fn table_json(table: &dyn TableLike) -> Json {
    Json::Object(table.iter().map(|(key, item)| (key.to_owned(), item_json(item))).collect())
}

fn item_json(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Value(value) => value_json(value),
        Item::Table(table) => table_json(table),
        Item::ArrayOfTables(list) => list.iter().map(|table| table_json(table)).collect(),
    }
}

fn value_json(value: &Toml) -> Json {
    match value {
        Toml::String(text) => Json::from(text.value().as_str()),
        Toml::Integer(number) => Json::from(*number.value()),
        Toml::Float(number) => Json::from(*number.value()),
        Toml::Boolean(word) => Json::from(*word.value()),
        Toml::Datetime(moment) => Json::from(moment.value().to_string()),
        Toml::Array(list) => list.iter().map(value_json).collect(),
        Toml::InlineTable(table) => table_json(table),
    }
}

/// Ids of headed lists and top-level keys, in their order: what positions in the file are about.
fn order_of(table: &Table) -> Vec<String> {
    let mut order = Vec::new();
    for (key, item) in table.iter() {
        match item {
            Item::ArrayOfTables(list) => {
                order.extend(list.iter().map(|part| format!("{key} {}", name_of(part))))
            }
            Item::Table(inner) => {
                order.push(key.to_owned());
                order.extend(order_of(inner).into_iter().map(|inner| format!("{key}.{inner}")));
            }
            _ => {}
        }
    }
    order
}

fn name_of(table: &Table) -> String {
    table
        .get("id")
        .or_else(|| table.get("name"))
        .map_or_else(|| item_json(&Item::Table(table.clone())).to_string(), |id| item_json(id).to_string())
}

fn forget_positions(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => forget_positions(inner),
            Item::ArrayOfTables(list) => list.iter_mut().for_each(forget_positions),
            _ => {}
        }
    }
}

fn merge(table: &mut dyn TableLike, wanted: &Map<String, Json>, headed: bool) {
    let gone: Vec<String> =
        table.iter().map(|(key, _)| key.to_owned()).filter(|key| !wanted.contains_key(key)).collect();
    gone.iter().for_each(|key| drop(table.remove(key)));
    for (key, value) in wanted.iter().filter(|(_, value)| !value.is_null()) {
        match table.get_mut(key) {
            Some(item) => merge_item(item, key, value, headed),
            None => drop(table.insert(key, fresh(key, value, headed))),
        }
    }
}

fn merge_item(item: &mut Item, key: &str, wanted: &Json, headed: bool) {
    if item_json(item) == *wanted {
        return;
    }
    match (&mut *item, wanted) {
        (Item::Table(table), Json::Object(map)) => merge(table, map, headed),
        (Item::Value(Toml::InlineTable(table)), Json::Object(map)) => merge(table, map, false),
        (Item::ArrayOfTables(list), Json::Array(parts))
            if parts.iter().all(Json::is_object) && !parts.is_empty() =>
        {
            merge_list(list, parts);
        }
        (Item::Value(old), _) if !headed || !as_headings(key, wanted) => {
            let mut next = plain(wanted);
            *next.decor_mut() = old.decor().clone();
            *old = next;
        }
        _ => *item = fresh(key, wanted, headed),
    }
}

fn as_headings(key: &str, value: &Json) -> bool {
    HEADINGS.contains(&key)
        && value.as_array().is_some_and(|list| !list.is_empty() && list.iter().all(Json::is_object))
}

/// Matches old and new parts by id, by content, and at last by place.
fn merge_list(list: &mut ArrayOfTables, wanted: &[Json]) {
    let mut old: Vec<Option<Table>> = list.iter().cloned().map(Some).collect();
    let mut found: Vec<Option<Table>> = vec![None; wanted.len()];
    let id = |value: &Json| value.get("id").cloned();
    for (slot, part) in found.iter_mut().zip(wanted) {
        let same = |table: &Table| {
            let json = table_json(table);
            json == *part || id(part).is_some_and(|wanted| json.get("id") == Some(&wanted))
        };
        let place = old.iter().position(|table| table.as_ref().is_some_and(same));
        *slot = place.and_then(|place| old[place].take());
    }
    for (at, slot) in found.iter_mut().enumerate() {
        if slot.is_none() && id(&wanted[at]).is_none() {
            *slot = old.get_mut(at).and_then(Option::take);
        }
    }
    let mut next = ArrayOfTables::new();
    for (table, part) in found.into_iter().zip(wanted) {
        let map = part.as_object().cloned().unwrap_or_default();
        let mut table = table.unwrap_or_else(|| headed_table(&Map::new()));
        merge(&mut table, &map, true);
        next.push(table);
    }
    *list = next;
}

fn headed_table(map: &Map<String, Json>) -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    merge(&mut table, map, true);
    table
}

fn fresh(key: &str, value: &Json, headed: bool) -> Item {
    match value {
        Json::Object(map) if headed => Item::Table(headed_table(map)),
        Json::Array(list) if headed && as_headings(key, value) => {
            let mut tables = ArrayOfTables::new();
            list.iter().filter_map(Json::as_object).for_each(|map| tables.push(headed_table(map)));
            Item::ArrayOfTables(tables)
        }
        value => toml_value(plain(value)),
    }
}

fn plain(value: &Json) -> Toml {
    match value {
        Json::Null => Toml::from(""),
        Json::Bool(word) => Toml::from(*word),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Toml::from(whole),
            None => Toml::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Toml::from(text.as_str()),
        Json::Array(list) => Toml::Array(list.iter().map(plain).collect::<Array>()),
        Json::Object(map) => {
            let pairs = map.iter().filter(|(_, value)| !value.is_null());
            Toml::InlineTable(pairs.map(|(key, value)| (key.as_str(), plain(value))).collect::<InlineTable>())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{to_json, with_json};
    use crate::PolicyFiles;

    const RULES: &str = "# the head\nformat = 1 # for ever\n\n# sites\n[[route]]\ntenant = \"a\"\nsite = \"hq\"\n\n# first\n[[flow]]\nid = \"one\"\npriority = 1 # low\nthen = [{ place = \"remote\" }]\n\n# second\n[[flow]]\nid = \"two\"\nthen = []\n";

    fn files() -> PolicyFiles {
        PolicyFiles {
            toml: ("policy.toml".into(), RULES.into()),
            tables: [("places".to_owned(), "site,building\nhq,Pier House\n".to_owned())].into(),
        }
    }

    #[test]
    fn what_is_not_edited_keeps_its_text() {
        let json = to_json(&files()).unwrap();
        assert_eq!(json["rules"]["flow"][0]["priority"], 1);
        assert_eq!(json["tables"]["places"]["rows"][0][1], "Pier House");
        assert_eq!(with_json(&files(), &json).unwrap(), files());
    }

    #[test]
    fn an_edited_value_keeps_its_comment() {
        let mut json = to_json(&files()).unwrap();
        json["rules"]["flow"][0]["priority"] = 7.into();
        json["tables"]["places"]["rows"][0][1] = "Tannery".into();
        let edited = with_json(&files(), &json).unwrap();
        assert_eq!(edited.toml.1, RULES.replace("priority = 1 # low", "priority = 7 # low"));
        assert_eq!(edited.tables["places"], "site,building\nhq,Tannery\n");
    }

    #[test]
    fn moved_added_and_removed_rules_are_written_in_the_new_order() {
        let mut json = to_json(&files()).unwrap();
        let flows = json["rules"]["flow"].as_array_mut().unwrap();
        flows.swap(0, 1);
        flows.push(
            serde_json::json!({ "id": "three", "if": [{ "group": "X" }], "then": [{ "item": "A / B" }] }),
        );
        let edited = with_json(&files(), &json).unwrap();
        assert_eq!(to_json(&edited).unwrap(), json, "{}", edited.toml.1);
        let at = |needle: &str| {
            edited.toml.1.find(needle).unwrap_or_else(|| panic!("{needle} in {}", edited.toml.1))
        };
        assert!(
            at("# second") < at("id = \"two\"") && at("id = \"two\"") < at("# first"),
            "{}",
            edited.toml.1
        );
        json["rules"]["flow"].as_array_mut().unwrap().remove(1);
        let fewer = with_json(&edited, &json).unwrap();
        assert_eq!(to_json(&fewer).unwrap(), json);
        assert!(!fewer.toml.1.contains("id = \"one\""));
    }

    #[test]
    fn shapes_that_make_no_sense_are_refused_in_words() {
        for (json, says) in [
            ("{}", "\"rules\" must be an object"),
            (r#"{"rules":{},"tables":[]}"#, "\"tables\" must be an object"),
            (r#"{"rules":{},"tables":{"t":{"columns":["a"]}}}"#, "table t lacks \"rows\""),
            (
                r#"{"rules":{},"tables":{"t":{"columns":[{}],"rows":[]}}}"#,
                "a cell of table t is {}, not a text",
            ),
        ] {
            let json = serde_json::from_str(json).unwrap();
            assert_eq!(with_json(&files(), &json).unwrap_err(), says);
        }
    }
}
