//! Lines of a packed file, and which of them is the first that is not what was written.

use std::{
    fmt,
    io::{BufRead as _, BufReader, Read},
};

use lanyard_tlog::merkle::sha256;

/// Where a file begins to differ from what was written; the first line is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// This line is another one, is missing, or is one too many; all before it are as they were written.
    At(u64),
    /// All lines before this one are as they were written. From within it on nothing can be unpacked, so whether it is
    /// this one or a later one that was changed is not known.
    From(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(line) => write!(f, "at line {line}"),
            Self::From(line) => write!(f, "at or after line {line}"),
        }
    }
}

/// Lines of a file with their ends; of a CSV file, records, so that a line feed inside quotes does not count.
pub(crate) struct Lines<'a> {
    reader: BufReader<Box<dyn Read + 'a>>,
    csv: bool,
    /// It could not be read to its end.
    pub broken: bool,
}

impl<'a> Lines<'a> {
    pub fn new(reader: Box<dyn Read + 'a>, name: &str) -> Self {
        let reader = BufReader::with_capacity(1 << 16, reader);
        Self { reader, csv: name.ends_with(".csv"), broken: false }
    }

    /// The next line; the last one may have been read in part only, see `broken`.
    pub fn line(&mut self) -> Option<Vec<u8>> {
        let mut line = Vec::new();
        let (mut quotes, mut seen) = (0, 0);
        loop {
            let more = self.reader.read_until(b'\n', &mut line).unwrap_or_else(|_| {
                self.broken = true;
                0
            });
            // Only what was read just now: a quote too many may make the whole rest one record.
            quotes += if self.csv { line[seen..].iter().filter(|byte| **byte == b'"').count() } else { 0 };
            seen = line.len();
            let open = quotes % 2 == 1;
            if more == 0 || !open {
                return (!line.is_empty()).then_some(line);
            }
        }
    }
}

/// The first line that does not fit; `hashes` holds the first four bytes of each line's SHA-256. `None`: all fit, so that what
/// differs is not in a line.
pub(crate) fn first_changed(mut lines: Lines<'_>, hashes: &[u8]) -> Option<Place> {
    let mut wanted = hashes.chunks_exact(4);
    let mut number = 0;
    loop {
        number += 1;
        let line = lines.line();
        match (line, wanted.next()) {
            (None, None) => return None,
            (_, Some(_)) if lines.broken => return Some(Place::From(number)),
            (Some(line), Some(hash)) if sha256(&[&line])[..4] == *hash => {}
            _ => return Some(Place::At(number)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::{Packing, Writer, read};

    /// The archive of one file, and the file.
    fn packed(name: &str) -> (Vec<u8>, Vec<u8>) {
        // Longer than what is read at once, so that much is unpacked before most breaks.
        let row = |n: u64| match name.ends_with(".csv") {
            true => format!("{n},\"Person, {}\",{}\r\n", n * 7919 % 10_007, n * n % 997),
            false => format!("{{\"n\":{n},\"name\":\"Person {}\"}}\n", n * 7919 % 10_007),
        };
        let text = (0..3_000).map(row).collect::<String>().into_bytes();
        let mut writer = Writer::default();
        let mut packing = Packing::deflated(name);
        packing.write(&text);
        writer.add(packing);
        (writer.finish().unwrap(), text)
    }

    fn hashes(text: &[u8]) -> Vec<u8> {
        text.split_inclusive(|byte| *byte == b'\n').flat_map(|line| sha256(&[line])[..4].to_vec()).collect()
    }

    /// What comes out of packed bytes before they break, one packed byte after another.
    fn unpacked(bytes: &[u8]) -> (Vec<u8>, bool) {
        use flate2::{Decompress, FlushDecompress, Status};
        let (mut state, mut out, mut room) = (Decompress::new(false), Vec::new(), vec![0; 1 << 16]);
        for at in 0..bytes.len() {
            let before = state.total_out();
            let result = state.decompress(&bytes[at..=at], &mut room, FlushDecompress::None);
            out.extend_from_slice(&room[..(state.total_out() - before) as usize]);
            match result {
                Ok(Status::StreamEnd) => return (out, false),
                Ok(_) => {}
                Err(_) => return (out, true),
            }
        }
        (out, true)
    }

    #[test]
    fn a_flipped_bit_is_named_by_the_first_line_that_differs() {
        for name in ["data/a.csv", "data/a.jsonl"] {
            let (archive, text) = packed(name);
            let (hashes, entry) = (hashes(&text), read(&archive).unwrap().remove(0));
            let (mut at, mut from) = (0, 0);
            let step = entry.packed as usize / 120;
            for (round, place) in (0..entry.packed as usize).step_by(step).enumerate() {
                let mut changed = archive.clone();
                changed[entry.start + place] ^= 1 << (round % 8);
                let (left, broken) = unpacked(entry.bytes(&changed));
                let same = left.iter().zip(&text).take_while(|(a, b)| a == b).count();
                let intact = text[..same].iter().filter(|byte| **byte == b'\n').count() as u64;
                let named = first_changed(Lines::new(entry.salvaged(&changed), name), &hashes);
                let told = format!("{name} byte {place} bit {}: {named:?} after {intact}", round % 8);
                match named {
                    Some(Place::At(line)) => {
                        at += 1;
                        assert_eq!(line, intact + 1, "{told}");
                    }
                    Some(Place::From(line)) => {
                        from += 1;
                        assert!(broken && line == intact + 1, "{told}");
                    }
                    None => assert_eq!(left, text, "{told}"),
                }
            }
            assert!(at > 10 && from > 2, "both happen in {name}: {at} and {from}");
        }
    }

    #[test]
    fn places_say_how_exact_they_are() {
        assert_eq!(Place::At(5).to_string(), "at line 5");
        assert_eq!(Place::From(5).to_string(), "at or after line 5");
    }
}
