//! One way to write a policy: spacing, quotes and line breaks; every comment and the order stay. The meaning is the same.

use toml_edit::{Array, Decor, DocumentMut, Formatted, InlineTable, Item, KeyMut, Table, Value};

use crate::{PolicyFiles, sheet::Sheet};

/// Longest line that a list may make.
const WIDTH: usize = 120;

/// The files in the one spelling. Text that is no TOML stays as it is.
#[must_use]
pub fn format(files: &PolicyFiles) -> PolicyFiles {
    let tables = files.tables.iter().map(|(name, text)| (name.clone(), Sheet::read(text).write()));
    PolicyFiles { toml: (files.toml.0.clone(), rules(&files.toml.1)), tables: tables.collect() }
}

fn rules(text: &str) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    table(document.as_table_mut(), true);
    let trailing = comments(document.trailing().as_str().unwrap_or_default());
    document.set_trailing(trailing);
    let text = document.to_string();
    let mut text = text.trim_start_matches('\n').trim_end().to_owned();
    text.push('\n');
    text
}

fn table(table: &mut Table, root: bool) {
    if !root {
        let above = comments(table.decor().prefix().and_then(|raw| raw.as_str()).unwrap_or_default());
        // One blank line before each heading and its comments.
        let above = format!("\n{}", above.trim_start_matches('\n'));
        let beside = beside(table.decor());
        *table.decor_mut() = Decor::new(above, beside);
    }
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Value(value) => pair(&mut key, value),
            Item::Table(inner) => self::table(inner, false),
            Item::ArrayOfTables(list) => list.iter_mut().for_each(|inner| self::table(inner, false)),
            Item::None => {}
        }
    }
}

/// Lines above something: comments trimmed, at most one blank line in a row.
fn comments(raw: &str) -> String {
    let mut out = String::new();
    let mut blank = false;
    let (lines, last) = raw.rsplit_once('\n').map_or((None, raw), |(lines, last)| (Some(lines), last));
    for line in lines.into_iter().flat_map(|lines| lines.split('\n')) {
        let line = line.trim();
        if line.is_empty() {
            if !blank {
                out.push('\n');
            }
            blank = true;
        } else {
            out.push_str(line);
            out.push('\n');
            blank = false;
        }
    }
    if last.trim_start().starts_with('#') {
        out.push_str(last.trim());
        out.push('\n');
    }
    out
}

/// What stands behind something on its line: a comment keeps its column, as far as there is a blank before it.
fn beside(decor: &Decor) -> String {
    let raw = decor.suffix().and_then(|raw| raw.as_str()).unwrap_or_default();
    match raw.find('#') {
        None => String::new(),
        Some(0) => format!(" {}", raw.trim_end()),
        Some(_) => raw.trim_end().replace('\t', " "),
    }
}

fn pair(key: &mut KeyMut<'_>, value: &mut Value) {
    let above = comments(key.leaf_decor().prefix().and_then(|raw| raw.as_str()).unwrap_or_default());
    *key.leaf_decor_mut() = Decor::new(above, " ");
    let behind = beside(value.decor());
    let room = WIDTH.saturating_sub(key.get().len() + 3);
    spell(value, room, 0);
    *value.decor_mut() = Decor::new(" ", behind);
}

/// Rewrites a value, in one line if it fits and holds no comment.
fn spell(value: &mut Value, room: usize, depth: usize) {
    match value {
        Value::Array(list) => array(list, room, depth),
        Value::InlineTable(map) => inline(map, room, depth),
        Value::String(text) => {
            // Literal and multi-line strings were chosen by somebody; plain ones get plain quotes.
            let plain = text
                .as_repr()
                .and_then(|repr| repr.as_raw().as_str())
                .is_some_and(|raw| raw.starts_with('\''));
            if !plain && !text.value().contains(['\n', '"', '\\']) {
                let decor = text.decor().clone();
                *text = Formatted::new(text.value().clone());
                *text.decor_mut() = decor;
            }
        }
        _ => {}
    }
}

fn has_comment(decor: &Decor) -> bool {
    [decor.prefix(), decor.suffix()]
        .into_iter()
        .flatten()
        .any(|raw| raw.as_str().is_some_and(|raw| raw.contains('#')))
}

fn array(list: &mut Array, room: usize, depth: usize) {
    let commented = list.trailing().as_str().is_some_and(|raw| raw.contains('#'))
        || list.iter().any(|value| has_comment(value.decor()));
    for value in list.iter_mut() {
        spell(value, WIDTH.saturating_sub(2 * depth + 3), depth + 1);
    }
    if !commented {
        for (at, value) in list.iter_mut().enumerate() {
            *value.decor_mut() = Decor::new(if at == 0 { "" } else { " " }, "");
        }
        list.set_trailing("");
        list.set_trailing_comma(false);
        let line = list.to_string();
        if line.trim().len() <= room && !line.contains('\n') {
            return;
        }
    }
    let indent = "  ".repeat(depth + 1);
    // What stands behind a comma is told of the part before it, and kept with the part after it.
    let lines = |raw: &str| {
        let (beside, below) = raw.split_once('\n').unwrap_or((raw, ""));
        let beside = if beside.contains('#') { format!(" {}", beside.trim()) } else { String::new() };
        let below = comments(&format!("{below}\n"));
        let below = below.lines().filter(|line| !line.is_empty()).map(|line| format!("\n{indent}{line}"));
        below.fold(beside, |text, line| text + &line)
    };
    for value in list.iter_mut() {
        let above = lines(value.decor().prefix().and_then(|raw| raw.as_str()).unwrap_or_default());
        let behind = value.decor().suffix().and_then(|raw| raw.as_str()).unwrap_or_default();
        let behind =
            if behind.contains('#') { format!("{}\n{indent}", behind.trim_end()) } else { String::new() };
        *value.decor_mut() = Decor::new(format!("{above}\n{indent}"), behind);
    }
    let trailing = lines(list.trailing().as_str().unwrap_or_default());
    list.set_trailing(format!("{trailing}\n{}", "  ".repeat(depth)));
    list.set_trailing_comma(true);
}

fn inline(map: &mut InlineTable, room: usize, depth: usize) {
    let commented = map.iter().any(|(_, value)| has_comment(value.decor()));
    for (mut key, value) in map.iter_mut() {
        spell(value, room, depth);
        if !commented {
            *key.leaf_decor_mut() = Decor::new(" ", " ");
            *value.decor_mut() = Decor::new(" ", "");
        }
    }
    let last = map.iter().last().map(|(key, _)| key.to_owned());
    if !commented && let Some(value) = last.and_then(|key| map.get_mut(&key)) {
        *value.decor_mut() = Decor::new(" ", " ");
    }
}

#[cfg(test)]
mod tests {
    use super::format;
    use crate::PolicyFiles;

    fn formatted(text: &str) -> String {
        let files = PolicyFiles { toml: ("policy.toml".into(), text.into()), ..PolicyFiles::default() };
        let once = format(&files);
        assert_eq!(format(&once), once, "a second time changes nothing");
        once.toml.1
    }

    #[test]
    fn spacing_is_made_even_and_comments_stay() {
        assert_eq!(
            formatted(
                "\n\n# head\nformat=1   # for ever\nname   =  \"x\"\n\n\n\n[scope] # who\nif=[{group=\"A\"},\n  {status='ACTIVE'}]\n# the end"
            ),
            "# head\nformat = 1   # for ever\nname = \"x\"\n\n[scope] # who\nif = [{ group = \"A\" }, { status = 'ACTIVE' }]\n# the end\n"
        );
    }

    #[test]
    fn long_lists_get_a_line_for_each_part() {
        let long = format!("x = [{}]\n", ["\"a text of some length\""; 8].join(","));
        let text = formatted(&long);
        assert_eq!(text.lines().count(), 10, "{text}");
        assert!(text.starts_with("x = [\n  \"a text of some length\",\n"), "{text}");
        let commented = formatted("x = [\n  1, # one\n      # two comes\n  2,\n]\n");
        assert_eq!(commented, "x = [\n  1, # one\n  # two comes\n  2,\n]\n");
    }

    #[test]
    fn text_that_is_no_toml_is_left_alone() {
        assert_eq!(formatted("a = = 1\n"), "a = = 1\n");
    }
}
