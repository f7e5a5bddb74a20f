//! A mapping table as a spreadsheet sees it: comments kept, cells as typed, nothing understood yet.

use crate::table::{self, header_separator};

/// A table's text, taken apart so that it can be put together again with other rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sheet {
    separator: char,
    /// Lines above the header.
    head: Vec<String>,
    pub columns: Vec<String>,
    pub rows: Vec<SheetRow>,
    /// Lines below the last row.
    tail: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SheetRow {
    /// Comment and blank lines above it.
    above: Vec<String>,
    pub cells: Vec<String>,
}

impl Sheet {
    pub fn read(text: &str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut sheet = Self { separator: header_separator(body), ..Self::default() };
        let mut pending = Vec::new();
        let mut header = false;
        let mut at = 0;
        while at < body.len() {
            let end = body[at..].find('\n').map_or(body.len(), |n| at + n);
            let line = &body[at..end];
            if line.trim().is_empty() || line.starts_with('#') {
                pending.push(line.trim_end().to_owned());
                at = end + 1;
                continue;
            }
            let (cells, next) = table::split_row(body, at, sheet.separator);
            let cells: Vec<String> = cells.into_iter().map(|cell| cell.text).collect();
            let above = std::mem::take(&mut pending);
            if header {
                sheet.rows.push(SheetRow { above, cells });
            } else {
                header = true;
                sheet.head = above;
                sheet.columns = cells;
            }
            at = next;
        }
        sheet.tail = pending;
        sheet
    }

    /// The same table with other columns and rows. A row that stays, or keeps its place, keeps the comments above it.
    pub fn with(&self, columns: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        let mut old: Vec<Option<&SheetRow>> = self.rows.iter().map(Some).collect();
        let mut next = Self { columns, rows: Vec::new(), ..self.clone() };
        let count = rows.len();
        let mut kept: Vec<Option<Vec<String>>> = vec![None; count];
        for (at, cells) in rows.iter().enumerate() {
            let same = old.iter().position(|row| row.is_some_and(|row| row.cells == *cells));
            if let Some(row) = same.and_then(|place| old[place].take()) {
                kept[at] = Some(row.above.clone());
            }
        }
        for (at, cells) in rows.into_iter().enumerate() {
            let above = match kept[at].take() {
                Some(above) => above,
                None => old.get_mut(at).and_then(Option::take).map_or_else(Vec::new, |row| row.above.clone()),
            };
            next.rows.push(SheetRow { above, cells });
        }
        next
    }

    /// As text: cells quoted where they must be, blank ends dropped.
    pub fn write(&self) -> String {
        let mut lines: Vec<String> = Vec::new();
        lines.extend(self.head.iter().cloned());
        lines.push(self.line(&self.columns));
        for row in &self.rows {
            lines.extend(row.above.iter().cloned());
            lines.push(self.line(&row.cells));
        }
        let mut tail = self.tail.clone();
        while tail.last().is_some_and(|line| line.is_empty()) {
            tail.pop();
        }
        lines.extend(tail);
        let mut text = lines.join("\n");
        text.push('\n');
        text
    }

    fn line(&self, cells: &[String]) -> String {
        let separator = if self.separator == '\0' { ',' } else { self.separator };
        let quoted = cells.iter().enumerate().map(|(at, cell)| {
            let needs = cell.contains([separator, '"', '\n', '\r'])
                || (at == 0 && cell.starts_with('#'))
                || cell.trim() != cell;
            if needs { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.clone() }
        });
        let line = quoted.collect::<Vec<_>>().join(&separator.to_string());
        // A row of one empty cell must not look like a blank line.
        if line.is_empty() { "\"\"".to_owned() } else { line }
    }
}

#[cfg(test)]
mod tests {
    use super::Sheet;

    const TEXT: &str = "# where people sit\nsite,building,comment\n# the pier\nhq,Pier House,\"near, the water\"\n\nsouth,Tannery,\n# end\n";

    #[test]
    fn a_table_survives_being_read_and_written() {
        assert_eq!(Sheet::read(TEXT).write(), TEXT);
        assert_eq!(Sheet::read(&Sheet::read(TEXT).write()), Sheet::read(TEXT));
    }

    #[test]
    fn comments_follow_their_rows() {
        let sheet = Sheet::read(TEXT);
        let mut rows: Vec<Vec<String>> = sheet.rows.iter().map(|row| row.cells.clone()).collect();
        rows.swap(0, 1);
        rows.insert(0, vec!["hq".into(), "Annex".into(), String::new()]);
        let text = sheet.with(sheet.columns.clone(), rows).write();
        let pier = text.find("Pier House").unwrap();
        let comment = text.find("# the pier").unwrap();
        assert!(comment < pier && text[comment..pier].lines().count() == 2, "{text}");
        assert!(text.starts_with("# where people sit\nsite,building,comment\n"), "{text}");
        assert!(text.ends_with("# end\n"), "{text}");
    }
}
