//! From a place in the text to the part of the document it belongs to, so that a builder can mark it.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::table;

/// The parts of one file with their spans, read once for many questions.
pub(crate) enum Map {
    /// (span, pointer), in no order.
    Rules(Vec<(Range<usize>, String)>),
    /// Name, and the cells' spans by line; the header is line 0.
    Table(String, Vec<Vec<Range<usize>>>),
}

impl Map {
    /// `file` tells by its ending whether it is a table.
    pub fn of(file: &str, text: &str) -> Self {
        if let Some(name) = file.strip_suffix(".csv") {
            let lines = table::split(text).into_iter();
            let spans = lines.map(|cells| cells.into_iter().map(|cell| cell.span).collect());
            return Self::Table(name.to_owned(), spans.collect());
        }
        let (root, _) = DeTable::parse_recoverable(text);
        let mut parts = Vec::new();
        walk(root.get_ref(), "/rules", &mut parts);
        Self::Rules(parts)
    }

    /// The JSON pointer, into the value of [`crate::structured::to_json`], of what stands at `offset`.
    pub fn pointer(&self, offset: usize) -> String {
        match self {
            Self::Rules(parts) => parts
                .iter()
                .filter(|(span, _)| span.contains(&offset))
                // The smallest span around the offset is meant; of equal ones the deeper part.
                .min_by_key(|(span, pointer)| (span.len(), std::cmp::Reverse(pointer.len())))
                .map_or_else(|| "/rules".to_owned(), |(_, pointer)| pointer.clone()),
            Self::Table(name, lines) => {
                let around = |cells: &Vec<Range<usize>>| match (cells.first(), cells.last()) {
                    (Some(first), Some(last)) => (first.start..=last.end).contains(&offset),
                    _ => false,
                };
                let Some(line) = lines.iter().position(around) else { return format!("/tables/{name}") };
                let row = match line {
                    0 => format!("/tables/{name}/columns"),
                    line => format!("/tables/{name}/rows/{}", line - 1),
                };
                // A finding about the whole row begins where its first cell does; so does one about that cell.
                match lines[line].iter().position(|cell| (cell.start..=cell.end).contains(&offset)) {
                    Some(cell) if cell > 0 || line == 0 => format!("{row}/{cell}"),
                    _ => row,
                }
            }
        }
    }
}

fn walk(table: &DeTable<'_>, path: &str, parts: &mut Vec<(Range<usize>, String)>) {
    for (key, value) in table.iter() {
        let name: &str = key.get_ref();
        let path = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        parts.push((key.span(), path.clone()));
        walk_value(value, &path, parts);
    }
}

fn walk_value(value: &Spanned<DeValue<'_>>, path: &str, parts: &mut Vec<(Range<usize>, String)>) {
    parts.push((value.span(), path.to_owned()));
    match value.get_ref() {
        DeValue::Table(table) => walk(table, path, parts),
        DeValue::Array(list) => {
            for (at, item) in list.iter().enumerate() {
                walk_value(item, &format!("{path}/{at}"), parts);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn places_in_the_text_are_parts_of_the_document() {
        let text = "format = 1\n[[flow]]\nid = \"a\"\nif = [{ group = \"X\" }, { not = { status = \"ODD\" } }]\n[[flow]]\nid = \"b\"\n";
        let map = Map::of("policy.toml", text);
        let path = |needle: &str| map.pointer(text.find(needle).unwrap());
        assert_eq!(path("1\n"), "/rules/format");
        assert_eq!(path("\"X\""), "/rules/flow/0/if/0/group");
        assert_eq!(path("\"ODD\""), "/rules/flow/0/if/1/not/status");
        assert_eq!(path("\"b\""), "/rules/flow/1/id");
        let table = "# c\nsite,floor\nhq,Level 1\nhq,\"Level, 2\"\n";
        let map = Map::of("places.csv", table);
        let path = |needle: &str| map.pointer(table.find(needle).unwrap());
        assert_eq!(path("floor"), "/tables/places/columns/1");
        assert_eq!(path("Level 1"), "/tables/places/rows/0/1");
        assert_eq!(path("\"Level, 2"), "/tables/places/rows/1/1");
        assert_eq!(path("hq,Level"), "/tables/places/rows/0");
    }
}
