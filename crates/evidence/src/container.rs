//! The archive: a ZIP that every tool opens, of which every byte follows from its files.
//!
//! Ordinary ZIP files have room that nobody checks: times, flags, extra fields, comments, gaps. Here all of that is
//! fixed, so whoever knows names, lengths and checksums can write the same headers again and compare: no byte before the
//! first file, between two, or after the end, no name twice, no length that is not the file's. What is left is the packed
//! bytes themselves, whose hashes the manifest holds, and the order of the files, which is the manifest's.

use std::{
    collections::BTreeSet,
    io::{self, Read, Write as _},
};

use flate2::{
    Compression, Crc, Decompress, FlushDecompress, Status, bufread::DeflateDecoder, write::DeflateEncoder,
};

/// Why a file is not taken for an archive of ours, or not for a whole one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContainerProblem {
    #[error("it is not an evidence pack")]
    Foreign,
    #[error("its end is damaged or missing: {0}")]
    End(&'static str),
    #[error("its directory was changed at byte {0}")]
    Directory(usize),
    /// Which of the two is unpacked is each tool's own choice.
    #[error("{0} is in it twice")]
    Twice(String),
    #[error("the header of {name} was changed at byte {at}")]
    Header { name: String, at: usize },
    #[error("it would be too large for this archive form")]
    TooLarge,
}

/// One file of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub name: String,
    /// CRC-32 of the content.
    pub crc: u32,
    /// Length of the content.
    pub length: u32,
    /// Length of what is stored.
    pub packed: u32,
    pub deflated: bool,
    /// Where the stored bytes begin.
    pub start: usize,
}

impl Entry {
    pub fn bytes<'a>(&self, archive: &'a [u8]) -> &'a [u8] {
        &archive[self.start..self.start + self.packed as usize]
    }

    /// The content, as far as it can be unpacked; an error ends it early.
    pub fn reader<'a>(&self, archive: &'a [u8]) -> Box<dyn Read + 'a> {
        let bytes = self.bytes(archive);
        match self.deflated {
            true => Box::new(DeflateDecoder::new(bytes)),
            false => Box::new(bytes),
        }
    }

    /// The content up to the very byte at which it breaks, where it does; slower than [`Self::reader`], which gives up
    /// what it unpacked in the step that failed.
    pub fn salvaged<'a>(&self, archive: &'a [u8]) -> Box<dyn Read + 'a> {
        let bytes = self.bytes(archive);
        match self.deflated {
            true => Box::new(Salvage::new(bytes)),
            false => Box::new(bytes),
        }
    }
}

/// Packed bytes that are unpacked at a time: so few that what they unpack to always fits into [`ROOM`], because nothing
/// is packed to less than a thousandth.
const STEP: usize = 64;
const ROOM: usize = 128 * 1024;

/// Unpacks in small steps, and hands out everything before an error.
struct Salvage<'a> {
    packed: &'a [u8],
    state: Decompress,
    room: Vec<u8>,
    /// Of `room`, what is still to be handed out.
    from: usize,
    to: usize,
    ended: Option<io::Result<()>>,
}

impl<'a> Salvage<'a> {
    fn new(packed: &'a [u8]) -> Self {
        let state = Decompress::new(false);
        Self { packed, state, room: vec![0; ROOM], from: 0, to: 0, ended: None }
    }

    fn step(&mut self) {
        let packed = &self.packed[..self.packed.len().min(STEP)];
        let before = (self.state.total_in(), self.state.total_out());
        let result = self.state.decompress(packed, &mut self.room, FlushDecompress::None);
        // Counted on also by a step that fails.
        let took = (self.state.total_in() - before.0) as usize;
        let gave = (self.state.total_out() - before.1) as usize;
        (self.from, self.to) = (0, gave.min(self.room.len()));
        self.packed = self.packed.get(took..).unwrap_or_default();
        self.ended = match result {
            Ok(Status::StreamEnd) => Some(Ok(())),
            Ok(_) if took == 0 && gave == 0 => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            Ok(_) => None,
            Err(error) => Some(Err(error.into())),
        };
    }
}

impl Read for Salvage<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.from == self.to {
            match &self.ended {
                Some(Ok(())) => return Ok(0),
                Some(Err(error)) => return Err(error.kind().into()),
                None => self.step(),
            }
        }
        let length = buffer.len().min(self.to - self.from);
        buffer[..length].copy_from_slice(&self.room[self.from..self.from + length]);
        self.from += length;
        Ok(length)
    }
}

const LOCAL: [u8; 4] = *b"PK\x03\x04";
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const END: [u8; 4] = *b"PK\x05\x06";
const END_LENGTH: usize = 22;
/// 1980-01-01, the zero of ZIP's calendar: no time of making leaks into equal packs.
const DATE: u16 = 0x21;
/// Names are UTF-8.
const FLAGS: u16 = 1 << 11;

fn common(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::with_capacity(26);
    out.extend(20_u16.to_le_bytes());
    out.extend(FLAGS.to_le_bytes());
    out.extend((if entry.deflated { 8_u16 } else { 0 }).to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out.extend(DATE.to_le_bytes());
    out.extend(entry.crc.to_le_bytes());
    out.extend(entry.packed.to_le_bytes());
    out.extend(entry.length.to_le_bytes());
    out.extend((entry.name.len() as u16).to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}

fn local(entry: &Entry) -> Vec<u8> {
    [&LOCAL[..], &common(entry), entry.name.as_bytes()].concat()
}

fn central(entry: &Entry) -> Vec<u8> {
    let offset = (entry.start - local_length(entry)) as u32;
    let mut out = [&CENTRAL[..], &[20, 3], &common(entry)].concat();
    out.extend([0; 2]); // comment
    out.extend([0; 2]); // disk
    out.extend([0; 2]); // internal attributes
    out.extend(0o100_644_u32.wrapping_shl(16).to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend(entry.name.as_bytes());
    out
}

fn local_length(entry: &Entry) -> usize {
    30 + entry.name.len()
}

fn end(entries: usize, at: usize, length: usize) -> Vec<u8> {
    let mut out = END.to_vec();
    out.extend([0; 4]);
    out.extend((entries as u16).to_le_bytes());
    out.extend((entries as u16).to_le_bytes());
    out.extend((length as u32).to_le_bytes());
    out.extend((at as u32).to_le_bytes());
    out.extend(0_u16.to_le_bytes());
    out
}

/// A file being packed. Several may be open at once; each takes its place when it is added.
pub struct Packing {
    name: String,
    crc: Crc,
    encoder: Option<DeflateEncoder<Vec<u8>>>,
    stored: Vec<u8>,
}

impl Packing {
    pub fn deflated(name: &str) -> Self {
        let encoder = DeflateEncoder::new(Vec::new(), Compression::new(3));
        Self { name: name.to_owned(), crc: Crc::new(), encoder: Some(encoder), stored: Vec::new() }
    }

    pub fn stored(name: &str) -> Self {
        Self { name: name.to_owned(), crc: Crc::new(), encoder: None, stored: Vec::new() }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.crc.update(bytes);
        match &mut self.encoder {
            // Packing into memory cannot fail.
            Some(encoder) => drop(encoder.write_all(bytes)),
            None => self.stored.extend_from_slice(bytes),
        }
    }

    /// The content so far.
    pub fn so_far(&mut self) -> Box<dyn std::io::Read + '_> {
        match &mut self.encoder {
            Some(encoder) => {
                // What is still in the packer goes out; packing into memory cannot fail.
                drop(encoder.flush());
                Box::new(DeflateDecoder::new(encoder.get_ref().as_slice()))
            }
            None => Box::new(self.stored.as_slice()),
        }
    }

    fn finish(self) -> (Entry, Vec<u8>) {
        let deflated = self.encoder.is_some();
        let bytes = match self.encoder {
            Some(encoder) => encoder.finish().unwrap_or_default(),
            None => self.stored,
        };
        let entry = Entry {
            name: self.name,
            crc: self.crc.sum(),
            length: self.crc.amount(),
            packed: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            deflated,
            start: 0,
        };
        (entry, bytes)
    }
}

/// An archive being written to memory.
#[derive(Default)]
pub struct Writer {
    out: Vec<u8>,
    entries: Vec<Entry>,
}

impl Writer {
    /// Adds a packed file; its entry and its stored bytes.
    pub fn add(&mut self, packing: Packing) -> (&Entry, &[u8]) {
        let (mut entry, bytes) = packing.finish();
        entry.start = self.out.len() + local_length(&entry);
        self.out.extend(local(&entry));
        self.out.extend(bytes);
        self.entries.push(entry);
        let entry = &self.entries[self.entries.len() - 1];
        (entry, &self.out[entry.start..])
    }

    /// The whole archive.
    ///
    /// # Errors
    /// [`ContainerProblem::TooLarge`] beyond 4 GiB or 65,535 files.
    pub fn finish(mut self) -> Result<Vec<u8>, ContainerProblem> {
        let at = self.out.len();
        for entry in &self.entries {
            self.out.extend(central(entry));
        }
        let length = self.out.len() - at;
        if self.entries.len() > usize::from(u16::MAX) || u32::try_from(self.out.len()).is_err() {
            return Err(ContainerProblem::TooLarge);
        }
        self.out.extend(end(self.entries.len(), at, length));
        Ok(self.out)
    }
}

/// Reads the directory of an archive. Everything but the stored bytes is compared with what we would have written.
///
/// # Errors
/// [`ContainerProblem`], naming the place.
pub fn read(archive: &[u8]) -> Result<Vec<Entry>, ContainerProblem> {
    let looks = archive.starts_with(&LOCAL) || archive.len() >= END_LENGTH && find_end(archive).is_some();
    if !looks {
        return Err(ContainerProblem::Foreign);
    }
    let tail = archive.len().checked_sub(END_LENGTH).ok_or(ContainerProblem::End("it is too short"))?;
    let last = &archive[tail..];
    let number =
        |at: usize| u32::from_le_bytes([last[at], last[at + 1], last[at + 2], last[at + 3]]) as usize;
    let (length, at) = (number(12), number(16));
    let count = usize::from(u16::from_le_bytes([last[10], last[11]]));
    if at.checked_add(length) != Some(tail) || end(count, at, length) != last {
        return Err(ContainerProblem::End("the last 22 bytes are not those of a whole archive"));
    }
    let (mut entries, mut names) = (Vec::new(), BTreeSet::new());
    let (mut here, mut data) = (at, 0);
    for _ in 0..count {
        let entry = parse(archive, here, tail, data).ok_or(ContainerProblem::Directory(here))?;
        compare(&central(&entry), archive, here).map_err(ContainerProblem::Directory)?;
        here += 46 + entry.name.len();
        compare(&local(&entry), archive, data)
            .map_err(|at| ContainerProblem::Header { name: entry.name.clone(), at })?;
        data = entry.start + entry.packed as usize;
        if data > at {
            return Err(ContainerProblem::Directory(here));
        }
        if !names.insert(entry.name.clone()) {
            return Err(ContainerProblem::Twice(entry.name));
        }
        entries.push(entry);
    }
    if here != tail || data != at {
        return Err(ContainerProblem::Directory(here));
    }
    Ok(entries)
}

/// Reads one line of the directory; `data` is where its file's header must begin.
fn parse(archive: &[u8], at: usize, to: usize, data: usize) -> Option<Entry> {
    let fixed = archive.get(at..at + 46).filter(|_| at + 46 <= to)?;
    let number = |at: usize| u32::from_le_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
    let name_length = usize::from(u16::from_le_bytes([fixed[28], fixed[29]]));
    let name = archive.get(at + 46..at + 46 + name_length).filter(|_| at + 46 + name_length <= to)?;
    let entry = Entry {
        name: String::from_utf8(name.to_vec()).ok()?,
        crc: number(16),
        packed: number(20),
        length: number(24),
        deflated: match u16::from_le_bytes([fixed[10], fixed[11]]) {
            0 => false,
            8 => true,
            _ => return None,
        },
        start: data + 30 + name_length,
    };
    // What is stored as it is has one length, said twice.
    let fits = entry.deflated || entry.packed == entry.length;
    (fits && entry.start.checked_add(entry.packed as usize)? <= archive.len()).then_some(entry)
}

fn compare(wanted: &[u8], archive: &[u8], at: usize) -> Result<(), usize> {
    for (place, byte) in wanted.iter().enumerate() {
        if archive.get(at + place) != Some(byte) {
            return Err(at + place);
        }
    }
    Ok(())
}

fn find_end(archive: &[u8]) -> Option<usize> {
    let from = archive.len().saturating_sub(64 * 1024);
    archive[from..].windows(4).rposition(|bytes| bytes == END).map(|at| from + at)
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn sample() -> Vec<u8> {
        let mut writer = Writer::default();
        let mut first = Packing::deflated("data/a.csv");
        first.write("a,b\r\n1,2\r\n".repeat(50).as_bytes());
        let mut second = Packing::stored("manifest.json");
        second.write(b"{}");
        writer.add(first);
        writer.add(second);
        writer.finish().unwrap()
    }

    #[test]
    fn files_come_back() {
        let archive = sample();
        let entries = read(&archive).unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        assert_eq!(names, ["data/a.csv", "manifest.json"]);
        let mut text = String::new();
        entries[0].reader(&archive).read_to_string(&mut text).unwrap();
        assert_eq!(text, "a,b\r\n1,2\r\n".repeat(50));
    }

    #[test]
    fn every_byte_outside_the_stored_ones_is_fixed() {
        let archive = sample();
        let stored: Vec<_> =
            read(&archive).unwrap().iter().map(|e| e.start..e.start + e.packed as usize).collect();
        for at in 0..archive.len() {
            for bit in 0..8 {
                let mut changed = archive.clone();
                changed[at] ^= 1 << bit;
                let inside = stored.iter().any(|range| range.contains(&at));
                assert_eq!(read(&changed).is_ok(), inside, "byte {at} bit {bit}");
            }
        }
        for length in 0..archive.len() {
            assert!(read(&archive[..length]).is_err(), "cut at {length}");
        }
        assert!(read(&[&archive[..], b"x"].concat()).is_err());
        assert!(read(&[b"x", &archive[..]].concat()).is_err());
        assert_eq!(read(b"hello"), Err(ContainerProblem::Foreign));
    }

    /// Archives as a careful forger writes them: every header fits what it says.
    #[test]
    fn names_are_there_once_and_stored_files_have_one_length() {
        let mut writer = Writer::default();
        for text in ["the signed one", "another"] {
            let mut packing = Packing::stored("data/a.csv");
            packing.write(text.as_bytes());
            writer.add(packing);
        }
        let twice = writer.finish().unwrap();
        assert_eq!(read(&twice), Err(ContainerProblem::Twice("data/a.csv".into())));

        let mut writer = Writer::default();
        let mut packing = Packing::stored("manifest.json");
        packing.write(b"{}");
        writer.add(packing);
        writer.entries[0].length = 1;
        writer.out = [local(&writer.entries[0]), b"{}".to_vec()].concat();
        let shortened = writer.finish().unwrap();
        assert!(matches!(read(&shortened), Err(ContainerProblem::Directory(_))), "{:?}", read(&shortened));
    }

    #[test]
    fn what_was_unpacked_before_a_break_is_kept() {
        let text: String = (0..20_000).map(|n| format!("{n},{}\r\n", n * 7919 % 10_007)).collect();
        let mut writer = Writer::default();
        let mut packing = Packing::deflated("data/a.csv");
        packing.write(text.as_bytes());
        writer.add(packing);
        let archive = writer.finish().unwrap();
        let entry = read(&archive).unwrap().remove(0);
        let mut whole = Vec::new();
        entry.salvaged(&archive).read_to_end(&mut whole).unwrap();
        assert!(whole == text.as_bytes(), "whole, it is the same");

        // Cut in the middle: everything up to there is read, and then it is said to be broken.
        let half = Entry { packed: entry.packed / 2, ..entry };
        let mut kept = Vec::new();
        let error = half.salvaged(&archive).read_to_end(&mut kept).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::UnexpectedEof);
        assert!(kept.len() > text.len() / 3 && text.as_bytes().starts_with(&kept), "{}", kept.len());
    }
}
