//! Putting a pack together: rows in, one signed archive out.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    io::{BufRead as _, BufReader},
};

use aws_lc_rs::digest::{Context, SHA256};
use lanyard_tlog::{
    merkle::{hex, sha256},
    note::{CheckpointKey, fingerprint},
};
use serde_json::Value;

use crate::{
    cell::{Cell, Table},
    container::{ContainerProblem, Packing, Writer},
    dossiers::Dossiers,
    manifest::{self, Attribute, File, MANIFEST, Manifest, SAMPLE_BY, SIGNATURE, Terms},
    oscal, pdf, tables,
    tally::{self, Tally},
    xlsx,
};

/// Why no pack was made. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum PackProblem {
    #[error("the pack cannot be put together")]
    Container(#[source] ContainerProblem),
    #[error("the report could not be drawn: {0}")]
    Document(String),
}

/// Rows kept in memory for the report and the workbook; longer tables are complete in their own files only.
const KEPT_MAX: usize = 50_000;
/// Tables with a row per person or more: the report shows their beginning.
const LONG: &[&str] = &["access", "access_changes", "population", "rules"];
const LONG_KEPT_MAX: usize = 1_000;

/// A file under way.
struct Open {
    packing: Packing,
    hash: Context,
    bytes: u64,
    rows: u64,
    /// Four bytes of each line's hash: enough to say which line was changed.
    lines: Vec<u8>,
}

impl Open {
    fn new(name: &str) -> Self {
        let packing = Packing::deflated(name);
        Self { packing, hash: Context::new(&SHA256), bytes: 0, rows: 0, lines: Vec::new() }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.packing.write(bytes);
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn line(&mut self, bytes: &[u8]) {
        self.write(bytes);
        self.lines.extend_from_slice(&sha256(&[bytes])[..4]);
    }
}

/// A pack under way.
pub struct Pack {
    terms: Terms,
    writer: Writer,
    files: Vec<File>,
    tally: Tally,
    /// CSV and JSON Lines of each table.
    open: BTreeMap<&'static str, (Open, Open)>,
    events: Open,
    kept: Kept,
    /// Rows of a table that are kept; [`KEPT_MAX`].
    kept_max: usize,
    /// By person: the attribute whose values take turns in the samples.
    values: Option<BTreeMap<String, String>>,
    /// The samples as a document; `None` before the first one.
    dossiers: Option<Result<Dossiers, String>>,
}

/// Rows for the report and the workbook.
pub type Kept = BTreeMap<&'static str, Vec<Vec<Cell>>>;

impl Pack {
    pub fn new(terms: Terms) -> Self {
        let mut open = BTreeMap::new();
        for table in tables::ALL {
            let (csv, json) = (format!("data/{}.csv", table.name), format!("data/{}.jsonl", table.name));
            let (mut csv, json) = (Open::new(&csv), Open::new(&json));
            csv.line(&table.csv_head());
            open.insert(table.name, (csv, json));
        }
        let tally = Tally::new(terms.to);
        Self {
            terms,
            writer: Writer::default(),
            files: Vec::new(),
            tally,
            open,
            events: Open::new("ocsf/events.jsonl"),
            kept: Kept::new(),
            kept_max: KEPT_MAX,
            values: None,
            dossiers: None,
        }
    }

    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Changes the terms while the pack is under way.
    pub fn note(&mut self, change: impl FnOnce(&mut Terms)) {
        change(&mut self.terms);
    }

    /// Nobody, and no change: a period without data.
    pub fn is_empty(&self) -> bool {
        let rows = |name: &str| self.open.get(name).map_or(0, |(csv, _)| csv.rows);
        tally::EMPTY_WITHOUT.iter().all(|name| rows(name) == 0)
    }

    /// The rows that samples of these people rest on: table and row. Those of a table that is longer than what is kept of it
    /// are read from what was packed of it.
    pub fn rows_of(&mut self, people: &BTreeSet<String>) -> HashMap<String, Vec<(&'static str, Value)>> {
        let mut found: HashMap<String, Vec<(&'static str, Value)>> = HashMap::new();
        for name in tally::SAMPLED {
            let Some(table) = tables::named(name) else { continue };
            let mut take = |line: &[u8]| {
                let row: Value = serde_json::from_slice(line).unwrap_or_default();
                let person = row["person"].as_str().filter(|person| people.contains(*person));
                if let Some(person) = person.map(str::to_owned) {
                    found.entry(person).or_default().push((table.name, row));
                }
            };
            let kept = self.kept.get(name).map(Vec::as_slice).unwrap_or_default();
            let Some((_, json)) = self.open.get_mut(table.name) else { continue };
            if json.rows == kept.len() as u64 {
                let who = |row: &&Vec<Cell>| row.first().is_some_and(|cell| people.contains(cell.text()));
                kept.iter().filter(who).for_each(|row| take(&table.json_row(row)));
                continue;
            }
            let lines = BufReader::new(json.packing.so_far()).split(b'\n');
            lines.map_while(Result::ok).for_each(|line| take(&line));
        }
        found
    }

    /// Lets the values of an attribute take turns in the samples; `values`: by person.
    pub fn sample_by(&mut self, values: BTreeMap<String, String>) {
        self.values = Some(values);
    }

    /// Adds a row, one cell for each column.
    pub fn row(&mut self, table: &'static Table, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), table.columns.len(), "columns of {}", table.name);
        self.tally.take(table, &row);
        self.put(table, row);
    }

    fn put(&mut self, table: &'static Table, row: Vec<Cell>) {
        if let Some((csv, json)) = self.open.get_mut(table.name) {
            csv.line(&table.csv_row(&row));
            json.line(&table.json_row(&row));
            csv.rows += 1;
            json.rows += 1;
        }
        let kept = self.kept.entry(table.name).or_default();
        let max = if LONG.contains(&table.name) { LONG_KEPT_MAX } else { self.kept_max };
        if kept.len() < max {
            kept.push(row);
        }
    }

    /// Adds an OCSF event.
    pub fn event(&mut self, event: &Value) {
        let mut line = serde_json::to_vec(event).unwrap_or_default();
        line.push(b'\n');
        self.events.line(&line);
        self.events.rows += 1;
    }

    /// Who the seed draws from a population, of the rows so far.
    pub fn sample(&self, population: &str) -> Vec<String> {
        self.tally.sample(&self.terms.seed, population, self.terms.sample, self.values.as_ref())
    }

    /// Adds a sample's dossier: its own file, and its pages of `dossiers.pdf`.
    pub fn dossier(&mut self, name: &str, body: &Value) {
        let terms = &self.terms;
        let document = self.dossiers.get_or_insert_with(|| Dossiers::new(&terms.tenant, terms.made_at));
        if let Ok(document) = document {
            document.draw(name, body);
        }
        self.file(name, &serde_json::to_vec_pretty(body).unwrap_or_default());
    }

    /// Adds a file.
    pub fn file(&mut self, name: &str, bytes: &[u8]) {
        let mut open = Open::new(name);
        open.write(bytes);
        self.close(name, open, None);
    }

    fn close(&mut self, name: &str, open: Open, rows: Option<u64>) {
        let Open { packing, hash, bytes, .. } = open;
        let (entry, packed) = self.writer.add(packing);
        self.files.push(File {
            name: name.to_owned(),
            rows,
            bytes,
            sha256: hex(hash.finish().as_ref()),
            packed_bytes: u64::from(entry.packed),
            packed_sha256: hex(&sha256(&[packed])),
        });
    }

    /// Adds derived tables, documents and manifest, signs, and answers the archive.
    ///
    /// # Errors
    /// [`PackProblem`]; nothing was written anywhere.
    pub fn finish(mut self, key: &CheckpointKey) -> Result<Vec<u8>, PackProblem> {
        for (table, row) in self.tally.derived() {
            self.tally_derived(table);
            self.put(table, row);
        }
        let summary = self.tally.summary();
        let mut manifest = Manifest {
            format: manifest::FORMAT.into(),
            terms: self.terms.clone(),
            key: key.verifier(),
            summary,
            files: Vec::new(),
        };
        for table in tables::ALL {
            if let Some((csv, json)) = self.open.remove(table.name) {
                for (open, ending) in [(csv, "csv"), (json, "jsonl")] {
                    let name = format!("data/{}.{ending}", table.name);
                    let (lines, rows) = (open.lines.clone(), open.rows);
                    self.close(&name, open, Some(rows));
                    self.file(&format!("lines/{}.{ending}", table.name), &lines);
                }
            }
            let schema = serde_json::to_vec_pretty(&table.schema()).unwrap_or_default();
            self.file(&format!("schemas/{}.schema.json", table.name), &schema);
        }
        let events = std::mem::replace(&mut self.events, Open::new(""));
        let (lines, rows) = (events.lines.clone(), events.rows);
        self.close("ocsf/events.jsonl", events, Some(rows));
        self.file("lines/events.jsonl", &lines);
        let oscal = serde_json::to_vec_pretty(&oscal::results(&manifest)).unwrap_or_default();
        self.file("oscal/assessment-results.json", &oscal);
        if let (Some(name), Some(values)) = (&self.terms.sample_by, &self.values) {
            let value = |person: &str| values.get(person).cloned().unwrap_or_default();
            let of = self.tally.sampled_from().map(|person| (person.to_owned(), value(person))).collect();
            let told = Attribute { attribute: name.clone(), values: of };
            self.file(SAMPLE_BY, &serde_json::to_vec_pretty(&told).unwrap_or_default());
        }
        let finger = fingerprint(&key.verifier()).unwrap_or_default();
        self.file("report.pdf", &pdf::report(&manifest, &self.kept, &finger).map_err(PackProblem::Document)?);
        self.file("report.xlsx", &xlsx::workbook(&manifest, &self.kept).map_err(PackProblem::Document)?);
        if let Some(document) = self.dossiers.take()
            && let Some(bytes) = document.and_then(Dossiers::finish).map_err(PackProblem::Document)?
        {
            self.file("dossiers.pdf", &bytes);
        }
        self.file("verifier.txt", format!("{}\n{finger}\n", key.verifier()).as_bytes());
        self.file("README.txt", readme(&manifest, &finger).as_bytes());
        manifest.files = std::mem::take(&mut self.files);
        let text = serde_json::to_vec_pretty(&manifest).unwrap_or_default();
        let note = manifest::sign(&text, key);
        for (name, bytes) in [(MANIFEST, text.as_slice()), (SIGNATURE, note.as_bytes())] {
            let mut packing = Packing::stored(name);
            packing.write(bytes);
            self.writer.add(packing);
        }
        self.writer.finish().map_err(PackProblem::Container)
    }

    /// Derived rows count as rows, but no figure is made from them.
    fn tally_derived(&mut self, table: &'static Table) {
        self.tally.take(table, &[]);
    }
}

fn readme(manifest: &Manifest, finger: &str) -> String {
    let terms = &manifest.terms;
    format!(
        "Evidence of {} from {} to {} (UTC)\n\n\
         Begin with report.pdf. Every table is there three times: data/*.csv for spreadsheets, data/*.jsonl with\n\
         schemas/*.schema.json for programs, report.xlsx as one workbook. dossiers.pdf\n\
         tells of each sample; dossiers/ holds one file per sample, with proofs.\n\
         oscal/ and ocsf/ hold the same facts for compliance tools.\n\n\
         Check it, offline:    lanyard verify PACK.zip --key '<verifier key you were given on another way>'\n\
         Verifier key:         {}\n\
         Its fingerprint:      {finger}\n\n\
         A pack proves that it was not changed since it was signed with this key. That the key is the right one\n\
         you must learn from somewhere else: compare the fingerprint with the one you were given.\n",
        terms.tenant, terms.from, terms.to, manifest.key
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        let at: jiff::Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
        Terms {
            tenant: "acme".into(),
            okta_url: String::new(),
            okta_org: None,
            sites: Vec::new(),
            from: at,
            to: at,
            known_since: Vec::new(),
            zone: "UTC".into(),
            made_at: at,
            made_by: String::new(),
            program: String::new(),
            query: String::new(),
            seed: "1".into(),
            sample: None,
            sample_by: None,
            named: Vec::new(),
            leaver_bound_seconds: 120,
            origin: String::new(),
            checkpoint: String::new(),
            clock_went_back: Vec::new(),
            policies: Vec::new(),
            journal_kept_from: 0,
            journal_cut: None,
            limits: Vec::new(),
        }
    }

    #[test]
    fn rows_that_are_no_longer_kept_are_found_in_what_was_packed() {
        let mut pack = Pack::new(terms());
        pack.kept_max = 3;
        let row = |n: i64| {
            let table = &tables::MOVERS;
            let cell = |name: &str| match name {
                "person" => format!("acme/00u{n}").into(),
                "account" => Cell::Int(n),
                _ => Cell::Null,
            };
            table.columns.iter().map(|column| cell(column.name)).collect::<Vec<_>>()
        };
        (0..2_000).for_each(|n| pack.row(&tables::MOVERS, row(n)));
        let wanted = ["acme/00u1", "acme/00u1999", "acme/nobody"].map(str::to_owned);
        let found = pack.rows_of(&wanted.into());
        let account =
            |person: &str| found[person].iter().map(|(_, row)| row["account"].clone()).collect::<Vec<_>>();
        assert_eq!(found.len(), 2);
        assert_eq!((account("acme/00u1"), account("acme/00u1999")), (vec![1.into()], vec![1_999.into()]));
        // It goes on where it was read.
        pack.row(&tables::MOVERS, row(2_000));
        let again = pack.rows_of(&["acme/00u2000".to_owned()].into());
        assert_eq!(again["acme/00u2000"].len(), 1);
    }
}
