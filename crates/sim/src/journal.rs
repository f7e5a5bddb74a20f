//! Accepted writes in order, as auditors and tests read them. No API call can.
//!
//! A journal is whole unless a setting bounds it; one that is not whole says so in its first row, so that nobody takes a
//! part for everything. Rows are kept as text, the older ones packed: a hundred thousand writes to users take some ten
//! megabytes.

use std::{
    collections::VecDeque,
    io::{Read as _, Write as _},
};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde_json::{Value, json};

/// Text that is packed at a time.
const BLOCK_BYTES: usize = 128 * 1024;

/// A run of rows, packed.
#[derive(Debug)]
struct Block {
    rows: u64,
    bytes: Box<[u8]>,
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    packed: VecDeque<Block>,
    /// The latest rows, each a JSON object on a line of its own.
    open: String,
    open_rows: u64,
    written: u64,
    /// The oldest rows, as far as a bound let them go.
    forgotten: u64,
}

impl Journal {
    /// How many writes were ever accepted.
    pub(crate) fn written(&self) -> u64 {
        self.written
    }

    /// Adds what `row` makes of its number, the first being 1. `kept_max` of 0 keeps everything; otherwise at least so
    /// many of the latest rows stay.
    pub(crate) fn record(&mut self, kept_max: usize, row: impl FnOnce(u64) -> Value) {
        self.record_text(kept_max, |seq| row(seq).to_string());
    }

    /// The same for a row that is text already: one JSON object without a line break.
    pub(crate) fn record_text(&mut self, kept_max: usize, row: impl FnOnce(u64) -> String) {
        self.written += 1;
        let row = row(self.written);
        debug_assert!(!row.contains('\n'), "{row}");
        self.open.push_str(&row);
        self.open.push('\n');
        self.open_rows += 1;
        if self.open.len() >= BLOCK_BYTES {
            self.pack();
        }
        while kept_max > 0
            && let Some(block) = self.packed.front()
            && self.written - self.forgotten - block.rows >= kept_max as u64
        {
            self.forgotten += block.rows;
            self.packed.pop_front();
        }
    }

    fn pack(&mut self) {
        let mut packer = DeflateEncoder::new(Vec::with_capacity(BLOCK_BYTES / 8), Compression::fast());
        // Writing into memory does not fail; if it did, the rows would stay as they are.
        let Ok(bytes) = packer.write_all(self.open.as_bytes()).and_then(|()| packer.finish()) else { return };
        self.packed.push_back(Block { rows: self.open_rows, bytes: bytes.into() });
        self.open = String::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 8);
        self.open_rows = 0;
    }

    /// The rows after number `after`, `limit` at most. If some of them are gone, the first row says how many:
    /// `{"kind":"forgotten","forgotten":…,"first":…}`.
    pub(crate) fn to_value(&self, after: u64, limit: usize) -> Value {
        let mut rows = Vec::new();
        if after < self.forgotten {
            let words = "older writes are gone, because journal_max bounds this journal";
            rows.push(json!({
                "seq": self.forgotten, "kind": "forgotten", "forgotten": self.forgotten,
                "first": self.forgotten + 1, "why": words,
            }));
        }
        let room = limit.saturating_add(rows.len());
        let mut before = self.forgotten;
        for block in &self.packed {
            if rows.len() >= room {
                return rows.into();
            }
            if before + block.rows > after {
                let mut text = String::new();
                let unpacked = DeflateDecoder::new(&*block.bytes).read_to_string(&mut text);
                debug_assert!(unpacked.is_ok(), "{unpacked:?}");
                take(&text, before, after, room, &mut rows);
            }
            before += block.rows;
        }
        take(&self.open, before, after, room, &mut rows);
        rows.into()
    }
}

fn take(text: &str, before: u64, after: u64, room: usize, rows: &mut Vec<Value>) {
    let skipped = usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX);
    for line in text.lines().skip(skipped) {
        if rows.len() >= room {
            return;
        }
        rows.extend(serde_json::from_str::<Value>(line).ok());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Journal;

    fn written(count: u64, kept_max: usize) -> Journal {
        let mut journal = Journal::default();
        for _ in 0..count {
            journal.record(kept_max, |seq| json!({ "seq": seq, "after": "x".repeat(1_000) }));
        }
        journal
    }

    fn numbers(rows: &Value) -> Vec<u64> {
        rows.as_array().expect("rows").iter().map(|row| row["seq"].as_u64().expect("a number")).collect()
    }

    #[test]
    fn everything_is_kept_and_read_from_any_row() {
        let journal = written(1_000, 0);
        assert!(journal.packed.len() > 5, "several blocks");
        assert_eq!(numbers(&journal.to_value(0, usize::MAX)), (1..=1_000).collect::<Vec<_>>());
        for (after, limit, expected) in [
            (0, 3, vec![1, 2, 3]),
            (130, 2, vec![131, 132]),
            (998, 10, vec![999, 1_000]),
            (1_000, 10, vec![]),
            (u64::MAX, 1, vec![]),
            (5, 0, vec![]),
        ] {
            assert_eq!(numbers(&journal.to_value(after, limit)), expected, "{after} {limit}");
        }
    }

    #[test]
    fn a_bounded_journal_says_what_is_gone() {
        let journal = written(1_000, 300);
        let rows = journal.to_value(0, usize::MAX);
        let gone = rows[0]["forgotten"].as_u64().expect("said first");
        assert_eq!((&rows[0]["kind"], rows[0]["first"].as_u64()), (&json!("forgotten"), Some(gone + 1)));
        assert!((1..=700).contains(&gone), "at least 300 are kept: {gone}");
        assert_eq!(numbers(&rows)[1..], (gone + 1..=1_000).collect::<Vec<_>>());
        assert_eq!(numbers(&journal.to_value(gone, 1)), [gone + 1], "who read those has missed nothing");
    }
}
