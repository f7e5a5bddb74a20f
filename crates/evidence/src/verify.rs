//! Checking a pack offline. Nothing that it says of itself is believed: hashes, rows, figures, samples and proofs are
//! made again from the bytes, and the signatures are checked with a key that should come from somewhere else.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Read as _,
};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::Crc;
use lanyard_tlog::{
    checkpoint::{Checkpoint, verify_checkpoint},
    cut::{CutProblem, cut_root},
    merkle::{Hash, hex, leaf_hash, sha256, unhex},
    note::{NoteProblem, fingerprint},
    proof::{verify_consistency, verify_inclusion},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    cell::{Cell, Table},
    container::{self, ContainerProblem, Entry},
    lines::{self, Lines},
    manifest::{self, Attribute, File, MANIFEST, Manifest, SAMPLE_BY, SIGNATURE},
    tables,
    tally::{self, SAMPLED, Tally},
};

pub use crate::lines::Place;

/// Something that does not hold.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Problem {
    #[error("the archive was changed: {0}")]
    Archive(ContainerProblem),
    #[error("{0} is missing from the archive")]
    Missing(String),
    #[error("{0} is in the archive, but not in the signed manifest")]
    Extra(String),
    /// All files are there, but in another order than they were written in.
    #[error("the files of the archive were put in another order: {found} stands where {wanted} was written")]
    Order { found: String, wanted: String },
    #[error("the manifest cannot be read: {0}")]
    Manifest(String),
    #[error("the manifest is not signed by the key that it names: {0}")]
    Signature(NoteProblem),
    /// Signed by somebody else than the verifier trusts.
    #[error("signed with another key: expected {expected}, found {found}")]
    OtherKey { expected: String, found: String },
    #[error("{file} was changed{}", line.map(|line| format!(" {line}")).unwrap_or_default())]
    Changed { file: String, line: Option<Place> },
    #[error("{file} line {line} is not a row of its table")]
    Row { file: String, line: u64 },
    #[error("{csv} and {json} do not say the same")]
    Forms { csv: String, json: String },
    #[error("the pack says {what} is {said}; its rows make it {counted}")]
    Figure { what: String, said: String, counted: String },
    #[error("the population does not add up: opening + joined + returned - left - closing = {0}, not 0")]
    Totals(i64),
    #[error("the seed draws other people from {population} than the pack holds samples of: {difference}")]
    Sample { population: String, difference: String },
    #[error("{file}: {why}")]
    Dossier { file: String, why: String },
    #[error("checkpoint {number} does not hold: {why}")]
    Checkpoint { number: usize, why: String },
    /// A later checkpoint has fewer lines: the journal was cut.
    #[error("the journal was cut: {earlier} lines at {earlier_at}, only {later} at {later_at}")]
    Cut { earlier: u64, earlier_at: String, later: u64, later_at: String },
    /// A later checkpoint carries an earlier time.
    #[error("the clock went back: the checkpoint of {size} lines is signed at {at}, after one of {before}")]
    Clock { size: u64, at: String, before: String },
    /// Texts of the journal are gone, and not exactly those that somebody signed for.
    #[error("the retention does not hold: {0}")]
    Retention(CutProblem),
    #[error("the journal was rewritten: its first {old} lines at {new} lines are not those signed before")]
    Rewritten { old: u64, new: u64 },
    #[error("the period has no data: nobody, and no change, from {from} to {to}")]
    Empty { from: String, to: String },
}

/// What was checked.
#[derive(Debug)]
pub struct Report {
    pub manifest: Option<Manifest>,
    /// Of the key that signed.
    pub fingerprint: Option<String>,
    /// The key was given from outside.
    pub key_given: bool,
    pub files: usize,
    pub rows: u64,
    /// Inclusion proofs that hold.
    pub proofs: u64,
    pub checkpoints: usize,
    pub dossiers: usize,
    /// In the order in which they were found.
    pub problems: Vec<Problem>,
}

impl Report {
    /// Nothing was found wrong.
    pub fn holds(&self) -> bool {
        self.problems.is_empty()
    }
}

/// Checks an archive. `key`: the verifier's key the pack must be signed with; without it only that it was not changed
/// since somebody signed it is checked.
///
/// # Errors
/// [`ContainerProblem::Foreign`] if it is no pack at all; everything else is in the report.
pub fn check(
    archive: &[u8],
    key: Option<&str>,
    progress: &dyn Fn(&str, u64, u64),
) -> Result<Report, ContainerProblem> {
    let mut checker = Checker {
        archive,
        entries: BTreeMap::new(),
        order: Vec::new(),
        report: Report {
            manifest: None,
            fingerprint: None,
            key_given: key.is_some(),
            files: 0,
            rows: 0,
            proofs: 0,
            checkpoints: 0,
            dossiers: 0,
            problems: Vec::new(),
        },
        progress,
    };
    match container::read(archive) {
        Ok(entries) => {
            checker.order.extend(entries.iter().map(|entry| entry.name.clone()));
            checker.entries.extend(entries.into_iter().map(|entry| (entry.name.clone(), entry)));
        }
        Err(ContainerProblem::Foreign) => return Err(ContainerProblem::Foreign),
        Err(problem) => {
            checker.report.problems.push(Problem::Archive(problem));
            return Ok(checker.report);
        }
    }
    checker.run(key);
    Ok(checker.report)
}

struct Checker<'a> {
    archive: &'a [u8],
    entries: BTreeMap<String, Entry>,
    /// Names as they follow each other in the archive.
    order: Vec<String>,
    report: Report,
    progress: &'a dyn Fn(&str, u64, u64),
}

/// Short hashes of rows, by table: what dossiers may cite.
type Rows = BTreeSet<(&'static str, [u8; 8])>;

impl Checker<'_> {
    fn run(&mut self, key: Option<&str>) {
        let Some(manifest) = self.manifest(key) else { return };
        self.files(&manifest);
        if self.report.problems.is_empty() {
            // What was changed is said already; figures of changed rows would only repeat it.
            let mut rows = Rows::new();
            let (tally, checkpoints) = self.tables(&manifest, &mut rows);
            self.figures(&manifest, &tally);
            if let Some(head) = self.checkpoints(&manifest, &checkpoints) {
                self.dossiers(&manifest, &tally, &rows, &head);
            }
        }
        self.report.manifest = Some(manifest);
    }

    fn found(&mut self, problem: Problem) {
        self.report.problems.push(problem);
    }

    fn content(&mut self, name: &str) -> Option<Vec<u8>> {
        let Some(entry) = self.entries.get(name) else {
            self.found(Problem::Missing(name.to_owned()));
            return None;
        };
        let mut bytes = Vec::new();
        match entry.reader(self.archive).read_to_end(&mut bytes) {
            Ok(_) => Some(bytes),
            Err(_) => {
                self.found(Problem::Changed { file: name.to_owned(), line: None });
                None
            }
        }
    }

    fn manifest(&mut self, key: Option<&str>) -> Option<Manifest> {
        let (text, note) = (self.content(MANIFEST)?, self.content(SIGNATURE)?);
        for (name, bytes) in [(MANIFEST, &text), (SIGNATURE, &note)] {
            let mut crc = Crc::new();
            crc.update(bytes);
            if self.entries.get(name).is_some_and(|entry| entry.crc != crc.sum() || entry.deflated) {
                self.found(Problem::Changed { file: name.to_owned(), line: None });
            }
        }
        if !self.report.problems.is_empty() {
            return None;
        }
        let manifest: Manifest = match serde_json::from_slice(&text) {
            Ok(manifest) => manifest,
            Err(error) => {
                self.found(Problem::Manifest(error.to_string()));
                return None;
            }
        };
        if manifest.format != manifest::FORMAT {
            self.found(Problem::Manifest(format!(
                "its format is {}, not {}",
                manifest.format,
                manifest::FORMAT
            )));
            return None;
        }
        self.report.fingerprint = fingerprint(&manifest.key).ok();
        if let Some(expected) = key.map(str::trim)
            && expected != manifest.key
        {
            let say = |key: &str| fingerprint(key).unwrap_or_else(|_| "no verifier's key".into());
            self.found(Problem::OtherKey { expected: say(expected), found: say(&manifest.key) });
            return None;
        }
        let signed = std::str::from_utf8(&note)
            .map_err(|_| NoteProblem::Form("it is not UTF-8"))
            .and_then(|note| manifest::verify(&text, note, &manifest.key));
        if let Err(problem) = signed {
            self.found(Problem::Signature(problem));
            return None;
        }
        Some(manifest)
    }

    /// Each file's stored bytes, content, length and checksum against the signed manifest.
    fn files(&mut self, manifest: &Manifest) {
        let listed: BTreeSet<&str> = manifest.files.iter().map(|file| file.name.as_str()).collect();
        let extra: Vec<String> = self
            .entries
            .keys()
            .filter(|name| !listed.contains(name.as_str()) && *name != MANIFEST && *name != SIGNATURE)
            .cloned()
            .collect();
        for name in extra {
            self.found(Problem::Extra(name));
        }
        self.order(manifest);
        let total = manifest.files.len() as u64;
        for (done, file) in manifest.files.iter().enumerate() {
            (self.progress)("checking files", done as u64, total);
            let Some(entry) = self.entries.get(&file.name) else {
                self.found(Problem::Missing(file.name.clone()));
                continue;
            };
            let packed = entry.bytes(self.archive);
            let fits = u64::from(entry.packed) == file.packed_bytes
                && hex(&sha256(&[packed])) == file.packed_sha256
                && content_fits(entry, self.archive, file);
            if !fits {
                let line = self.changed_line(manifest, &file.name);
                self.found(Problem::Changed { file: file.name.clone(), line });
            }
            self.report.files += 1;
        }
    }

    /// The first file that stands elsewhere than it was written; what is missing or too many is said otherwise.
    fn order(&mut self, manifest: &Manifest) {
        let own = [MANIFEST, SIGNATURE];
        let wanted: Vec<&str> = manifest.files.iter().map(|file| file.name.as_str()).chain(own).collect();
        let sorted = |names: &[&str]| names.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        let found: Vec<&str> = self.order.iter().map(String::as_str).collect();
        let differs = (0..wanted.len()).find(|at| found.get(*at) != wanted.get(*at));
        if let Some(at) = differs.filter(|_| sorted(&found) == sorted(&wanted)) {
            let name = |names: &[&str]| (*names.get(at).unwrap_or(&"nothing")).to_owned();
            let problem = Problem::Order { found: name(&found), wanted: name(&wanted) };
            self.found(problem);
        }
    }

    /// The first line that is not what was written, where lines are known.
    fn changed_line(&self, manifest: &Manifest, name: &str) -> Option<Place> {
        let known = match name.split_once('/')? {
            ("data" | "ocsf", file) => format!("lines/{file}"),
            _ => return None,
        };
        // Hashes that were changed themselves would name any line.
        let (file, kept) =
            (manifest.files.iter().find(|file| file.name == known)?, self.entries.get(&known)?);
        let mut hashes = Vec::new();
        kept.reader(self.archive).read_to_end(&mut hashes).ok()?;
        if hex(&sha256(&[&hashes])) != file.sha256 {
            return None;
        }
        let content = self.entries.get(name)?.salvaged(self.archive);
        lines::first_changed(Lines::new(content, name), &hashes)
    }

    /// Reads every table: rows, both forms, and what figures are made from.
    fn tables(&mut self, manifest: &Manifest, cited: &mut Rows) -> (Tally, Vec<Vec<Cell>>) {
        let mut tally = Tally::new(manifest.terms.to);
        let mut checkpoints = Vec::new();
        let hashes: BTreeMap<&str, &File> =
            manifest.files.iter().map(|file| (file.name.as_str(), file)).collect();
        for (done, table) in tables::ALL.iter().enumerate() {
            (self.progress)("counting rows", done as u64, tables::ALL.len() as u64);
            let (csv, json) = (format!("data/{}.csv", table.name), format!("data/{}.jsonl", table.name));
            let Some(entry) = self.entries.get(&json).cloned() else {
                self.found(Problem::Missing(json));
                continue;
            };
            let mut as_csv = Context::new(&SHA256);
            as_csv.update(&table.csv_head());
            let mut reader = Lines::new(entry.reader(self.archive), &json);
            let mut rows = 0;
            while let Some(line) = reader.line() {
                rows += 1;
                let row = table.read_json(&line).filter(|row| table.json_row(row) == line);
                let Some(row) = row else {
                    self.report.problems.push(Problem::Row { file: json.clone(), line: rows });
                    break;
                };
                as_csv.update(&table.csv_row(&row));
                self.take(table, row, &line, &mut tally, cited, &mut checkpoints);
            }
            self.report.rows += rows;
            let said = [&csv, &json].map(|name| hashes.get(name.as_str()).and_then(|file| file.rows));
            if said != [Some(rows), Some(rows)] {
                let said = format!("{said:?}");
                self.found(Problem::Figure {
                    what: format!("rows of {}", table.name),
                    said,
                    counted: rows.to_string(),
                });
            }
            if hashes.get(csv.as_str()).is_none_or(|file| file.sha256 != hex(as_csv.finish().as_ref())) {
                self.found(Problem::Forms { csv, json });
            }
        }
        (tally, checkpoints)
    }

    fn take(
        &self,
        table: &'static Table,
        row: Vec<Cell>,
        line: &[u8],
        tally: &mut Tally,
        cited: &mut Rows,
        checkpoints: &mut Vec<Vec<Cell>>,
    ) {
        match tally::DERIVED.contains(&table.name) {
            true => tally.take(table, &[]),
            false => tally.take(table, &row),
        }
        if SAMPLED.contains(&table.name) {
            cited.insert((table.name, short(line)));
        }
        if table.name == "checkpoints" {
            checkpoints.push(row);
        }
    }

    fn figures(&mut self, manifest: &Manifest, tally: &Tally) {
        let (said, counted) = (&manifest.summary, tally.summary());
        if *said != counted {
            let (said, counted) = (to_value(said), to_value(&counted));
            let (what, said, counted) = first_difference("summary", &said, &counted);
            self.found(Problem::Figure { what, said, counted });
        }
        if counted.totals.off_by() != 0 {
            self.found(Problem::Totals(counted.totals.off_by()));
        }
        self.derived(tally);
        let rows = |name: &str| counted.rows.get(name).copied().unwrap_or(0);
        if tally::EMPTY_WITHOUT.iter().all(|name| rows(name) == 0) {
            let (from, to) = (manifest.terms.from.to_string(), manifest.terms.to.to_string());
            self.found(Problem::Empty { from, to });
        }
    }

    /// Tables that only repeat the figures hold exactly the rows that the figures make, and no other: the first that differs.
    fn derived(&mut self, tally: &Tally) {
        let mut wanted: BTreeMap<&str, Vec<Vec<u8>>> = BTreeMap::new();
        for (table, row) in tally.derived() {
            wanted.entry(table.name).or_default().push(table.json_row(&row));
        }
        for table in tally::DERIVED {
            let name = format!("data/{table}.jsonl");
            let Some(entry) = self.entries.get(&name).cloned() else { continue };
            let mut said = Lines::new(entry.reader(self.archive), &name);
            let mut counted = wanted.remove(table).unwrap_or_default().into_iter();
            let mut number = 0;
            loop {
                number += 1;
                let (said, counted) = (said.line(), counted.next());
                if said == counted && said.is_some() {
                    continue;
                }
                if said != counted {
                    let show = |line: Option<Vec<u8>>| {
                        line.map_or_else(
                            || "nothing".into(),
                            |line| String::from_utf8_lossy(&line).trim().to_owned(),
                        )
                    };
                    let what = format!("row {number} of {table}");
                    self.found(Problem::Figure { what, said: show(said), counted: show(counted) });
                }
                break;
            }
        }
    }

    /// Signatures, order and consistency of all checkpoints; the last one, if they hold.
    fn checkpoints(&mut self, manifest: &Manifest, rows: &[Vec<Cell>]) -> Option<Checkpoint> {
        let before = self.report.problems.len();
        let notes: Vec<&str> = rows
            .iter()
            .filter_map(|row| Some(row.get(tables::CHECKPOINTS.at("note")?)?.text()))
            .chain([manifest.terms.checkpoint.as_str()])
            .collect();
        let mut all = Vec::new();
        for (number, note) in notes.iter().enumerate() {
            match verify_checkpoint(note, &manifest.key) {
                Ok(checkpoint) if checkpoint.origin == manifest.terms.origin => all.push(checkpoint),
                Ok(checkpoint) => {
                    let why =
                        format!("it is of the tree {}, not {}", checkpoint.origin, manifest.terms.origin);
                    self.found(Problem::Checkpoint { number: number + 1, why });
                }
                Err(problem) => {
                    self.found(Problem::Checkpoint { number: number + 1, why: problem.to_string() });
                }
            }
        }
        if self.report.problems.len() > before {
            return None;
        }
        self.report.checkpoints = all.len();
        let proofs = self.content("integrity/consistency.json")?;
        let proofs: Vec<Consistency> = serde_json::from_slice(&proofs).unwrap_or_default();
        for pair in all.windows(2) {
            self.check_pair(&pair[0], &pair[1], &proofs);
        }
        if let (1.., Some(head)) = (manifest.terms.journal_kept_from, all.last())
            && let Err(problem) = retained(manifest, head, &proofs)
        {
            self.found(Problem::Retention(problem));
        }
        (self.report.problems.len() == before).then(|| all.pop()).flatten()
    }

    fn check_pair(&mut self, older: &Checkpoint, newer: &Checkpoint, proofs: &[Consistency]) {
        let say =
            |at: Option<jiff::Timestamp>| at.map_or_else(|| "an unknown time".into(), |at| at.to_string());
        if newer.size < older.size {
            self.found(Problem::Cut {
                earlier: older.size,
                earlier_at: say(older.at),
                later: newer.size,
                later_at: say(newer.at),
            });
            return;
        }
        if let (Some(before), Some(at)) = (older.at, newer.at)
            && at < before
        {
            self.found(Problem::Clock { size: newer.size, at: at.to_string(), before: before.to_string() });
        }
        let proof = proofs.iter().find(|proof| proof.old == older.size && proof.new == newer.size);
        let path = match proof {
            Some(proof) => hashes(&proof.path),
            None if older.size == newer.size => Some(Vec::new()),
            None => None,
        };
        let holds = path
            .is_some_and(|path| verify_consistency(older.size, &older.root, newer.size, &newer.root, &path));
        if !holds {
            self.found(Problem::Rewritten { old: older.size, new: newer.size });
        }
    }

    /// Samples drawn again, and each dossier's lines proven to be in the journal.
    fn dossiers(&mut self, manifest: &Manifest, tally: &Tally, cited: &Rows, head: &Checkpoint) {
        let Some(entry) = self.entries.get("data/samples.jsonl").cloned() else { return };
        let mut reader = Lines::new(entry.reader(self.archive), "data/samples.jsonl");
        let mut drawn: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        while let Some(row) = reader.line().and_then(|line| tables::SAMPLES.read_json(&line)) {
            let cell = |name: &str| tables::SAMPLES.at(name).map_or("", |at| row[at].text()).to_owned();
            drawn.entry(cell("population")).or_default().push((cell("person"), cell("dossier")));
        }
        let Some(attribute) = self.attribute(manifest, tally) else { return };
        let values = attribute.as_ref().map(|attribute| &attribute.values);
        for population in SAMPLED {
            let wanted = tally.sample(&manifest.terms.seed, population, manifest.terms.sample, values);
            let found: Vec<String> =
                drawn.get(*population).into_iter().flatten().map(|(person, _)| person.clone()).collect();
            if wanted != found {
                let missing: Vec<_> = wanted.iter().filter(|id| !found.contains(id)).take(3).collect();
                let extra: Vec<_> = found.iter().filter(|id| !wanted.contains(id)).take(3).collect();
                let difference = format!("missing {missing:?}, too many {extra:?}");
                self.found(Problem::Sample { population: (*population).into(), difference });
            }
        }
        let all: BTreeSet<(String, String)> = drawn.into_values().flatten().collect();
        for (done, (person, file)) in all.iter().enumerate() {
            (self.progress)("checking dossiers", done as u64, all.len() as u64);
            if let Err(why) = self.dossier(person, file, cited, head) {
                self.found(Problem::Dossier { file: file.clone(), why });
            }
            self.report.dossiers += 1;
        }
    }

    /// What samples take turns by: `Some(None)` if by nothing, `None` if that cannot be told.
    fn attribute(&mut self, manifest: &Manifest, tally: &Tally) -> Option<Option<Attribute>> {
        let Some(name) = &manifest.terms.sample_by else { return Some(None) };
        let text = self.content(SAMPLE_BY)?;
        let read = serde_json::from_slice::<Attribute>(&text).ok().filter(|read| read.attribute == *name);
        let left_out = |read: &Attribute| {
            tally.sampled_from().find(|person| !read.values.contains_key(*person)).map(str::to_owned)
        };
        let wrong = match &read {
            None => Some(format!("{SAMPLE_BY} does not tell it")),
            Some(read) => left_out(read).map(|person| format!("{SAMPLE_BY} does not tell that of {person}")),
        };
        match wrong {
            None => Some(read),
            Some(difference) => {
                self.found(Problem::Sample { population: name.clone(), difference });
                None
            }
        }
    }

    fn dossier(&mut self, person: &str, file: &str, cited: &Rows, head: &Checkpoint) -> Result<(), String> {
        let bytes = self.content(file).ok_or("it is missing")?;
        let dossier: Dossier =
            serde_json::from_slice(&bytes).map_err(|e| format!("it cannot be read: {e}"))?;
        if dossier.person != person {
            return Err(format!("it is about {}, not {person}", dossier.person));
        }
        for (name, row) in &dossier.rows {
            let table = tables::named(name).ok_or_else(|| format!("there is no table {name}"))?;
            let line = serde_json::to_vec(row).unwrap_or_default();
            let row = table.read_json(&line).ok_or_else(|| format!("its row of {name} is none"))?;
            if !cited.contains(&(table.name, short(&table.json_row(&row)))) {
                return Err(format!("its row of {name} is not in the table"));
            }
        }
        for line in &dossier.lines {
            line.check(person, head).map_err(|why| format!("journal line {}: {why}", line.position))?;
            self.report.proofs += 1;
        }
        Ok(())
    }
}

/// Whether the lines that are gone are a beginning of the journal, and somebody with the key let go of exactly them.
fn retained(manifest: &Manifest, head: &Checkpoint, proofs: &[Consistency]) -> Result<(), CutProblem> {
    let (terms, gone) = (&manifest.terms, manifest.terms.journal_kept_from);
    let root = cut_root(terms.journal_cut.as_deref(), &terms.origin, gone, &manifest.key)?;
    let path = match proofs.iter().find(|proof| proof.old == gone && proof.new == head.size) {
        Some(proof) => hashes(&proof.path),
        None => (gone == head.size).then(Vec::new),
    };
    match path.is_some_and(|path| verify_consistency(gone, &root, head.size, &head.root, &path)) {
        true => Ok(()),
        false => Err(CutProblem::Rewritten(gone)),
    }
}

/// A proof between two checkpoints.
#[derive(Debug, Clone, Default, Deserialize, serde::Serialize)]
pub struct Consistency {
    pub old: u64,
    pub new: u64,
    /// Hex.
    pub path: Vec<String>,
}

/// What a dossier holds that can be checked.
#[derive(Debug, Deserialize)]
struct Dossier {
    person: String,
    /// (table, row).
    rows: Vec<(String, Value)>,
    lines: Vec<DossierLine>,
}

/// A journal line with its way to the signed head.
#[derive(Debug, Clone, Deserialize, serde::Serialize)]
pub struct DossierLine {
    pub position: u64,
    /// Exactly the hashed text; empty: let go of by retention.
    pub text: String,
    /// Hash of the leaf, hex.
    pub leaf: String,
    /// Hex; `None`: no personal text, or erased.
    pub salt: Option<String>,
    pub personal: Option<String>,
    /// Inclusion path, hex, nearest first.
    pub path: Vec<String>,
}

impl DossierLine {
    fn check(&self, person: &str, head: &Checkpoint) -> Result<(), String> {
        let leaf = unhex(&self.leaf).ok_or("its leaf is not a hash")?;
        if !self.text.is_empty() {
            if leaf_hash(self.text.as_bytes()) != leaf {
                return Err("its text is not what was hashed".into());
            }
            self.check_text(person)?;
        }
        let path = hashes(&self.path).ok_or("its path is not one of hashes")?;
        match verify_inclusion(&leaf, self.position, head.size, &path, &head.root) {
            true => Ok(()),
            false => Err("it is not in the journal that was signed".into()),
        }
    }

    fn check_text(&self, person: &str) -> Result<(), String> {
        let text: Value = serde_json::from_str(&self.text).map_err(|e| e.to_string())?;
        if text["position"].as_u64() != Some(self.position) {
            return Err("its text belongs to another place".into());
        }
        let about = &text["identity"];
        let about =
            format!("{}/{}", about["tenant"].as_str().unwrap_or(""), about["user"].as_str().unwrap_or(""));
        if about != person {
            return Err(format!("it is about {about}"));
        }
        if let (Some(salt), Some(personal), Some(committed)) =
            (&self.salt, &self.personal, text["person"].as_str())
        {
            let salt = unhex_bytes(salt).ok_or("its salt is not hex")?;
            if hex(&sha256(&[&salt, personal.as_bytes()])) != committed {
                return Err("the name beside it is not the one it commits to".into());
            }
        }
        Ok(())
    }
}

fn unhex_bytes(text: &str) -> Option<Vec<u8>> {
    text.len().is_multiple_of(2).then_some(())?;
    (0..text.len() / 2).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
}

fn hashes(path: &[String]) -> Option<Vec<Hash>> {
    path.iter().map(|step| unhex(step)).collect()
}

fn short(line: &[u8]) -> [u8; 8] {
    let hash = sha256(&[line]);
    [hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]]
}

fn to_value(summary: &tally::Summary) -> Value {
    serde_json::to_value(summary).unwrap_or_default()
}

/// The first value in which two objects differ: path, said, counted.
fn first_difference(path: &str, said: &Value, counted: &Value) -> (String, String, String) {
    if let (Value::Object(a), Value::Object(b)) = (said, counted) {
        for key in a.keys().chain(b.keys()) {
            let (left, right) = (a.get(key).unwrap_or(&Value::Null), b.get(key).unwrap_or(&Value::Null));
            if left != right {
                return first_difference(&format!("{path}.{key}"), left, right);
            }
        }
    }
    (path.to_owned(), said.to_string(), counted.to_string())
}

fn content_fits(entry: &Entry, archive: &[u8], file: &File) -> bool {
    let mut reader = entry.reader(archive);
    let (mut hash, mut crc) = (Context::new(&SHA256), Crc::new());
    let mut bytes = 0_u64;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hash.update(&buffer[..n]);
                crc.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(_) => return false,
        }
    }
    bytes == file.bytes
        && bytes == u64::from(entry.length)
        && crc.sum() == entry.crc
        && hex(hash.finish().as_ref()) == file.sha256
}
