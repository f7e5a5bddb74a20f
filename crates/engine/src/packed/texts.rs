//! Texts of many rows: what repeats is kept once and numbered, what hardly does stands in its row.

use std::sync::Arc;

use super::{
    code::{Packer, Unpacker},
    names::Names,
};

/// Distinct texts of one column after which it must have shown that they repeat.
const TRIAL: u32 = 1_000;
/// How often a text of a column that passed must have come on average.
const REPEATS: u32 = 4;

/// Texts that rows share, by column: an attribute or a field, numbered by the list itself.
#[derive(Debug, Default, Clone)]
pub(super) struct Texts {
    shared: Names<Arc<str>>,
    columns: Vec<Column>,
}

#[derive(Debug, Default, Clone, Copy)]
struct Column {
    seen: u32,
    distinct: u32,
    /// Nearly every row has its own.
    plain: bool,
}

impl Texts {
    pub(super) fn pack(&mut self, out: &mut Packer<'_>, column: u32, text: &str) {
        match self.number(column, text) {
            Some(number) => out.number(u64::from(number) << 1 | 1),
            None => {
                out.number((text.len() as u64) << 1);
                out.bytes(text.as_bytes());
            }
        }
    }

    /// The number of a text that is kept once.
    fn number(&mut self, column: u32, text: &str) -> Option<u32> {
        let column = column as usize;
        if self.columns.len() <= column {
            self.columns.resize(column + 1, Column::default());
        }
        let known = &mut self.columns[column];
        if known.plain || text.is_empty() {
            return None;
        }
        known.seen = known.seen.saturating_add(1);
        if let Some(number) = self.shared.find(text) {
            return Some(number);
        }
        known.distinct += 1;
        known.plain = known.distinct > TRIAL && known.seen / REPEATS < known.distinct;
        if known.plain { None } else { Some(self.shared.add(text.into())) }
    }

    pub(super) fn unpack<'a>(&'a self, row: &mut Unpacker<'a>) -> Text<'a> {
        let head = row.number();
        match head & 1 {
            1 => Text::Shared(self.shared.known(head >> 1)),
            _ => Text::Own(row.chars((head >> 1) as usize)),
        }
    }
}

/// A text as it was packed.
pub(super) enum Text<'a> {
    Shared(&'a Arc<str>),
    Own(&'a str),
}

impl From<Text<'_>> for Arc<str> {
    fn from(text: Text<'_>) -> Self {
        match text {
            Text::Shared(text) => Arc::clone(text),
            Text::Own(text) => text.into(),
        }
    }
}

impl From<Text<'_>> for String {
    fn from(text: Text<'_>) -> Self {
        match text {
            Text::Shared(text) => text.to_string(),
            Text::Own(text) => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_repeats_is_kept_once_and_what_does_not_stands_in_its_row() {
        let mut texts = Texts::default();
        let mut rows = Vec::new();
        for number in 0..20_000 {
            let mut row = Vec::new();
            let mut out = Packer(&mut row);
            texts.pack(&mut out, 0, &format!("Department {}", number % 60));
            texts.pack(&mut out, 1, &format!("person{number}@harborlight.example"));
            texts.pack(&mut out, 2, "");
            rows.push(row);
        }
        assert_eq!(texts.shared.len(), 60 + TRIAL as usize, "a column gives up after its trial");
        for (number, row) in rows.iter().enumerate() {
            let mut row = Unpacker(row);
            let told: [String; 3] = std::array::from_fn(|_| texts.unpack(&mut row).into());
            let department = format!("Department {}", number % 60);
            assert_eq!(told, [department, format!("person{number}@harborlight.example"), String::new()]);
        }
        assert!(rows[50].len() <= 5 && rows[19_999].len() > 30, "{} {}", rows[50].len(), rows[19_999].len());
    }
}
