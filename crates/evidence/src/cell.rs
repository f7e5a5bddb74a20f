//! Values, columns and rows, and their three spellings: CSV, JSON Lines, JSON Schema.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// One value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Not known, or does not apply.
    Null,
    Text(String),
    Int(i64),
    Bool(bool),
    Time(Timestamp),
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Int,
    Bool,
    /// UTC, ISO 8601.
    Time,
}

/// A column: name, kind, meaning.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub kind: Kind,
    pub doc: &'static str,
}

/// A table of the pack.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// Also the name of its files: `data/NAME.csv`, `data/NAME.jsonl`, `schemas/NAME.schema.json`.
    pub name: &'static str,
    pub title: &'static str,
    pub columns: &'static [Column],
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<u64> for Cell {
    fn from(value: u64) -> Self {
        Self::Int(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Cell {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Timestamp> for Cell {
    fn from(at: Timestamp) -> Self {
        Self::Time(at)
    }
}

impl<T: Into<Cell>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl Cell {
    /// As people and spreadsheets read it; empty for null.
    pub fn to_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Text(text) => text.clone(),
            Self::Int(value) => value.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Time(at) => at.to_string(),
        }
    }

    pub fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    pub fn int(&self) -> Option<i64> {
        if let Self::Int(value) = self { Some(*value) } else { None }
    }

    pub fn time(&self) -> Option<Timestamp> {
        if let Self::Time(at) = self { Some(*at) } else { None }
    }

    pub fn is_true(&self) -> bool {
        *self == Self::Bool(true)
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::String(text.clone()),
            Self::Int(value) => (*value).into(),
            Self::Bool(value) => (*value).into(),
            Self::Time(at) => at.to_string().into(),
        }
    }

    fn from_json(kind: Kind, value: &Value) -> Option<Self> {
        match (kind, value) {
            (_, Value::Null) => Some(Self::Null),
            (Kind::Text, Value::String(text)) => Some(Self::Text(text.clone())),
            (Kind::Int, value) => value.as_i64().map(Self::Int),
            (Kind::Bool, Value::Bool(value)) => Some(Self::Bool(*value)),
            (Kind::Time, Value::String(text)) => text.parse().ok().map(Self::Time),
            _ => None,
        }
    }
}

/// A text that no spreadsheet takes for a formula: one that begins like a formula gets an apostrophe before it, which
/// spreadsheets do not show. (OWASP, CSV injection; also the full-width forms that some programs fold.)
pub fn harmless(text: &str) -> String {
    let begins = text.trim_start_matches([' ', '\u{a0}', '\u{feff}']).chars().next();
    match begins {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => {
            format!("'{text}")
        }
        _ => text.to_owned(),
    }
}

impl Table {
    /// Place of a column; panics in tests only, where every name is checked.
    pub fn at(&self, column: &str) -> Option<usize> {
        self.columns.iter().position(|known| known.name == column)
    }

    /// The first line of the CSV file.
    pub fn csv_head(&self) -> Vec<u8> {
        record(self.columns.iter().map(|column| column.name.to_owned()))
    }

    /// One line of the CSV file (RFC 4180, UTF-8).
    pub fn csv_row(&self, row: &[Cell]) -> Vec<u8> {
        record(row.iter().map(|cell| match cell {
            // A number or a moment cannot begin a formula; a negative number is meant as one.
            Cell::Text(text) => harmless(text),
            other => other.to_text(),
        }))
    }

    /// One line of the JSON Lines file.
    pub fn json_row(&self, row: &[Cell]) -> Vec<u8> {
        let object: Map<String, Value> = self
            .columns
            .iter()
            .zip(row)
            .map(|(column, cell)| (column.name.to_owned(), cell.to_json()))
            .collect();
        let mut line = serde_json::to_vec(&object).unwrap_or_default();
        line.push(b'\n');
        line
    }

    /// Reads a line of the JSON Lines file; `None` if it is not one, in exactly our spelling of names.
    pub fn read_json(&self, line: &[u8]) -> Option<Vec<Cell>> {
        let object: Map<String, Value> = serde_json::from_slice(line).ok()?;
        if object.len() != self.columns.len() {
            return None;
        }
        self.columns.iter().map(|column| Cell::from_json(column.kind, object.get(column.name)?)).collect()
    }

    /// The JSON Schema of one line.
    pub fn schema(&self) -> Value {
        let properties: Map<String, Value> = self
            .columns
            .iter()
            .map(|column| {
                let mut shape = match column.kind {
                    Kind::Text => json!({ "type": ["string", "null"] }),
                    Kind::Int => json!({ "type": ["integer", "null"] }),
                    Kind::Bool => json!({ "type": ["boolean", "null"] }),
                    Kind::Time => json!({ "type": ["string", "null"], "format": "date-time" }),
                };
                shape["description"] = column.doc.into();
                (column.name.to_owned(), shape)
            })
            .collect();
        let required: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.title,
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": false,
        })
    }
}

fn record(fields: impl Iterator<Item = String>) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Writing to memory cannot fail.
    let _ = writer.write_record(fields);
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        name: "t",
        title: "T",
        columns: &[
            Column { name: "a", kind: Kind::Text, doc: "" },
            Column { name: "n", kind: Kind::Int, doc: "" },
            Column { name: "at", kind: Kind::Time, doc: "" },
            Column { name: "ok", kind: Kind::Bool, doc: "" },
        ],
    };

    #[test]
    fn rows_come_back_from_json_and_csv_quotes_what_it_must() {
        let at: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        let row = vec![Cell::from("a \"b\", c\nd"), Cell::Int(-5), Cell::Time(at), Cell::Bool(false)];
        assert_eq!(TABLE.read_json(&TABLE.json_row(&row)), Some(row.clone()));
        let line = String::from_utf8(TABLE.csv_row(&row)).unwrap();
        assert_eq!(line, "\"a \"\"b\"\", c\nd\",-5,2026-11-28T10:00:00Z,false\r\n");
        assert_eq!(TABLE.read_json(b"{\"a\":1,\"n\":1,\"at\":null,\"ok\":true}"), None);
        assert_eq!(TABLE.read_json(b"{\"a\":\"x\",\"n\":1,\"at\":null}"), None);
    }

    #[test]
    fn no_text_begins_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", " =1", "＝1", "\u{feff}=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        for text in ["Ana", "a=b", "", "7", "(x)"] {
            assert_eq!(harmless(text), text);
        }
    }
}
