//! Mapping tables: comma-separated files that facilities can open in a spreadsheet. The first row that fits wins.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    hash::{BuildHasherDefault, Hasher},
};

use lanyard_model::{
    account::Role,
    id::{SiteId, TenantId, is_slug},
};

use crate::{
    condition::{Condition, GroupTest, Truth, Wanted, all, joined},
    date::DateFormat,
    document::{Named, PlaceNames, SeatKind},
    names::Bits,
    parse::group_named,
    problem::{Findings, Spot, nearest},
    subject::Subject,
    test::Test,
};

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub name: String,
    /// Its place among the document's tables.
    pub at: usize,
    pub rows: Vec<Row>,
    /// Outcome columns that the header names.
    pub columns: BTreeSet<String>,
    index: Index,
}

#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// 1-based, comments and header not counted.
    pub number: u32,
    pub tests: Vec<Condition>,
    pub out: RowOut,
    pub spot: Spot,
}

/// What a row gives, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowOut {
    pub place: PlaceNames,
    pub seat: Option<SeatKind>,
    pub cost_center: Option<String>,
    /// Role and the centers it is given in.
    pub roles: Vec<(Role, Vec<String>)>,
    pub items: Vec<String>,
    /// Areas of the badge system.
    pub doors: Vec<String>,
    /// For a profile field.
    pub value: Option<String>,
}

/// The answer of a look-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Place in [`Table::rows`].
    Row(usize),
    Nothing,
    Unknown(usize),
    Broken(String),
}

/// Rows by what a person must have to match them, so that a look-up touches few rows.
#[derive(Clone, Debug, Default)]
struct Index {
    /// Rows that no equality narrows down.
    always: Vec<Entry>,
    /// By the group's number.
    by_group: Vec<Vec<Entry>>,
    /// Every group that a row asks for.
    groups: Bits,
    by_values: Vec<Compound>,
}

/// A row in the index: its place, and whether the key is all that it asks for.
#[derive(Clone, Copy, Debug)]
struct Entry {
    at: u32,
    exact: bool,
}

/// Rows that ask for values of the same attributes.
#[derive(Clone, Debug)]
struct Compound {
    /// Numbers of the attributes, at most [`COLUMNS_MAX`].
    attributes: Vec<usize>,
    rows: HashMap<Key, Vec<Entry>, BuildHasherDefault<Mix>>,
}

/// Numbers of the values, in the order of the attributes; unused ones are 0.
type Key = [u32; COLUMNS_MAX];

const COLUMNS_MAX: usize = 4;

/// A row with more combinations of values is entered by fewer attributes.
const COMBINATIONS_MAX: usize = 64;

/// Small keys of small numbers that nobody outside chooses: one multiplication each.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let word = chunk.iter().rev().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
            self.0 = (self.0.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        }
    }

    fn finish(&self) -> u64 {
        self.0 ^ self.0 >> 32
    }
}

/// Sites that must be one's own for all of these to hold; empty: any.
pub(crate) fn named_sites(conditions: &[Condition]) -> Vec<&SiteId> {
    conditions
        .iter()
        .filter_map(|test| if let Condition::Site(list) = test { Some(list) } else { None })
        .flatten()
        .collect()
}

impl Row {
    /// Sites that the row is limited to; empty: any.
    pub fn sites(&self) -> Vec<&SiteId> {
        named_sites(&self.tests)
    }

    /// The row as an object of a sentence.
    pub fn grounds(&self, subject: &Subject<'_>) -> String {
        if self.tests.is_empty() {
            return "the row for everybody else".to_owned();
        }
        joined(&self.tests, subject)
    }
}

impl Table {
    pub fn new(name: String, rows: Vec<Row>, columns: BTreeSet<String>) -> Self {
        Self { name, at: 0, rows, columns, index: Index::default() }
    }

    /// Once conditions have their numbers.
    pub fn index(&mut self) {
        self.index = Index::of(&self.rows);
    }

    /// The first row whose conditions all hold.
    pub fn look_up(&self, subject: &Subject<'_>) -> Found {
        if !subject.identity.groups.complete || subject.misses_any(&self.index.groups) {
            return self.scan(subject);
        }
        let mut best = self.rows.len();
        let mut broken = None;
        let mut consider = |list: &[Entry]| {
            for entry in list {
                let at = entry.at as usize;
                if at >= best {
                    return;
                }
                if entry.exact {
                    best = at;
                    return;
                }
                match all(&self.rows[at].tests, subject) {
                    Truth::Yes => {
                        best = at;
                        return;
                    }
                    Truth::Broken(why) => {
                        if broken.as_ref().is_none_or(|(before, _)| at < *before) {
                            broken = Some((at, why));
                        }
                    }
                    Truth::No | Truth::Unknown => {}
                }
            }
        };
        consider(&self.index.always);
        if !self.index.by_group.is_empty() {
            subject.groups().filter_map(|at| self.index.by_group.get(at)).for_each(|list| consider(list));
        }
        for compound in &self.index.by_values {
            compound.each(subject, 0, [0; COLUMNS_MAX], &mut consider);
        }
        match broken {
            Some((at, why)) if at < best => Found::Broken(why),
            _ if best < self.rows.len() => Found::Row(best),
            _ => Found::Nothing,
        }
    }

    /// Row by row, where the answer of a test of groups is not known: an earlier row that may fit hides the later ones.
    fn scan(&self, subject: &Subject<'_>) -> Found {
        for (at, row) in self.rows.iter().enumerate() {
            match all(&row.tests, subject) {
                Truth::Yes => return Found::Row(at),
                Truth::No => {}
                Truth::Unknown => return Found::Unknown(at),
                Truth::Broken(why) => return Found::Broken(why),
            }
        }
        Found::Nothing
    }
}

impl Compound {
    /// Calls `see` with the rows of every combination of the person's values.
    fn each(&self, subject: &Subject<'_>, depth: usize, key: Key, see: &mut dyn FnMut(&[Entry])) {
        let Some(attribute) = self.attributes.get(depth) else {
            if let Some(list) = self.rows.get(&key) {
                see(list);
            }
            return;
        };
        subject.each_word(*attribute, |number| {
            let mut key = key;
            key[depth] = number;
            self.each(subject, depth + 1, key, see);
        });
    }
}

/// The numbers of the groups of which a person must be in one to pass the test.
fn groups_of(test: &Condition) -> Option<Vec<usize>> {
    match test {
        Condition::Group(group) => Some(group.at.clone()),
        Condition::Any(list) if !list.is_empty() => {
            list.iter().map(groups_of).collect::<Option<Vec<_>>>().map(|lists| lists.concat())
        }
        _ => None,
    }
}

impl Index {
    fn of(rows: &[Row]) -> Self {
        let mut distinct: HashMap<usize, BTreeSet<u32>> = HashMap::new();
        let mut groups: BTreeSet<usize> = BTreeSet::new();
        for test in rows.iter().flat_map(|row| &row.tests) {
            match test {
                Condition::Attribute { attribute, test: Test::Is(list) } => {
                    distinct.entry(attribute.at).or_default().extend(list.iter().map(|wanted| wanted.id));
                }
                other => groups.extend(groups_of(other).into_iter().flatten()),
            }
        }
        let mut index = Self::default();
        for test in rows.iter().flat_map(|row| &row.tests) {
            test.visit(&mut |part| {
                if let Condition::Group(group) = part {
                    group.at.iter().for_each(|at| index.groups.set(*at));
                }
            });
        }
        let mut compounds: BTreeMap<Vec<usize>, Compound> = BTreeMap::new();
        for (at, row) in rows.iter().enumerate() {
            let entry = |exact: bool| Entry { at: at as u32, exact };
            let mut equal: Vec<(usize, &[Wanted])> = Vec::new();
            for test in &row.tests {
                if let Condition::Attribute { attribute, test: Test::Is(list) } = test
                    && !equal.iter().any(|(known, _)| *known == attribute.at)
                {
                    equal.push((attribute.at, list));
                }
            }
            // Those that tell people apart best come first, and must.
            equal.sort_by_key(|(attribute, _)| (std::cmp::Reverse(distinct[attribute].len()), *attribute));
            let mut combinations = 1;
            equal.retain(|(_, list)| {
                let fits = combinations * list.len() <= COMBINATIONS_MAX;
                combinations *= if fits { list.len() } else { 1 };
                fits
            });
            equal.truncate(COLUMNS_MAX);
            let kinds: usize = equal.iter().map(|(attribute, _)| distinct[attribute].len()).product();
            let in_groups = row.tests.iter().find_map(groups_of);
            match in_groups {
                Some(list) if equal.is_empty() || groups.len() > 4 * kinds => {
                    for group in list.into_iter().collect::<BTreeSet<_>>() {
                        if index.by_group.len() <= group {
                            index.by_group.resize(group + 1, Vec::new());
                        }
                        index.by_group[group].push(entry(false));
                    }
                }
                _ if equal.is_empty() => index.always.push(entry(row.tests.is_empty())),
                _ => {
                    let attributes: Vec<usize> = equal.iter().map(|(attribute, _)| *attribute).collect();
                    let compound = compounds
                        .entry(attributes.clone())
                        .or_insert_with(|| Compound { attributes, rows: HashMap::default() });
                    let mut keys: BTreeSet<Key> = BTreeSet::from([[0; COLUMNS_MAX]]);
                    for (depth, (_, list)) in equal.iter().enumerate() {
                        keys = keys
                            .iter()
                            .flat_map(|key| {
                                list.iter().map(|wanted| {
                                    let mut key = *key;
                                    key[depth] = wanted.id;
                                    key
                                })
                            })
                            .collect();
                    }
                    // Each test is about an attribute of its own, and all of them are in the key.
                    let exact = equal.len() == row.tests.len();
                    for key in keys {
                        compound.rows.entry(key).or_default().push(entry(exact));
                    }
                }
            }
        }
        index.by_values = compounds.into_values().collect();
        index
    }
}

/// One cell with its place in the file.
pub(crate) struct Cell {
    pub text: String,
    pub span: std::ops::Range<usize>,
}

/// Splits a file into rows of cells. Quotes as in RFC 4180; lines that begin with `#` and blank lines are skipped; the
/// separator is `,`, or `;` where the header has no comma (spreadsheets of many countries write that).
pub(crate) fn split(text: &str) -> Vec<Vec<Cell>> {
    let start = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let separator = header_separator(&text[start..]);
    let mut rows = Vec::new();
    let mut at = start;
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |n| at + n);
        let line = &text[at..line_end];
        if line.trim().is_empty() || line.starts_with('#') {
            at = line_end + 1;
            continue;
        }
        let (row, next) = split_row(text, at, separator);
        rows.push(row);
        at = next;
    }
    rows
}

pub(crate) fn header_separator(text: &str) -> char {
    let header = text.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    match header {
        Some(header) if header.contains(';') && !header.contains(',') => ';',
        _ => ',',
    }
}

/// One record from `at`; returns where the next begins.
pub(crate) fn split_row(text: &str, mut at: usize, separator: char) -> (Vec<Cell>, usize) {
    let mut row = Vec::new();
    loop {
        let start = at;
        let mut value = String::new();
        let mut quoted = false;
        let mut end = text.len();
        let mut done = true;
        let mut chars = text[at..].char_indices().peekable();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' if quoted && chars.peek().is_some_and(|(_, next)| *next == '"') => {
                    value.push('"');
                    chars.next();
                }
                '"' if quoted || value.trim().is_empty() => quoted = !quoted,
                '\n' if !quoted => {
                    end = start + offset;
                    at = end + 1;
                    break;
                }
                c if c == separator && !quoted => {
                    end = start + offset;
                    at = end + 1;
                    done = false;
                    break;
                }
                c => value.push(c),
            }
        }
        if end == text.len() {
            at = end + 1;
        }
        let span = start..end.max(start);
        row.push(Cell { text: value.trim().to_owned(), span });
        if done {
            return (row, at);
        }
    }
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    Group,
    Tenant,
    Site,
    Attribute(String),
    Building,
    Floor,
    Kind,
    Section,
    Room,
    Seat,
    CostCenter,
    Role(Role),
    Item,
    Door,
    Value,
    /// The row counts from this day on, or up to it.
    Day {
        last: bool,
    },
    Comment,
}

const COLUMNS: &[(&str, Column)] = &[
    ("group", Column::Group),
    ("tenant", Column::Tenant),
    ("site", Column::Site),
    ("building", Column::Building),
    ("floor", Column::Floor),
    ("kind", Column::Kind),
    ("section", Column::Section),
    ("room", Column::Room),
    ("seat", Column::Seat),
    ("cost_center", Column::CostCenter),
    ("customer", Column::Role(Role::Customer)),
    ("manager", Column::Role(Role::Manager)),
    ("operator", Column::Role(Role::Operator)),
    ("administrator", Column::Role(Role::Administrator)),
    ("item", Column::Item),
    ("door", Column::Door),
    ("value", Column::Value),
    ("from", Column::Day { last: false }),
    ("until", Column::Day { last: true }),
    ("comment", Column::Comment),
];

/// Columns that say whom a row is for, and when; the others say what it gives.
pub(crate) fn asks_by(column: &str) -> bool {
    let asks =
        |kind: &Column| matches!(kind, Column::Group | Column::Tenant | Column::Site | Column::Day { .. });
    column.starts_with("attribute:") || COLUMNS.iter().any(|(known, kind)| *known == column && asks(kind))
}

/// A table as it was read.
pub(crate) struct Read {
    pub table: Table,
    /// Attributes that its columns name.
    pub mentions: Vec<(String, Spot)>,
    /// Groups that its cells name by their id alone.
    pub inline_groups: Vec<(GroupTest, Spot)>,
}

/// Reads one table. `file` is the name findings are reported under.
pub(crate) fn read(
    name: &str,
    file: &str,
    text: &str,
    groups: &std::collections::BTreeMap<String, Named>,
    findings: &mut Findings,
) -> Read {
    let spot = |span: &std::ops::Range<usize>| Spot { file: file.to_owned(), span: span.clone() };
    let mut lines = split(text).into_iter();
    let Some(header) = lines.next() else {
        findings.error(&spot(&(0..0)), "the table is empty", Some("its first line names the columns".into()));
        let table = Table::new(name.to_owned(), Vec::new(), BTreeSet::new());
        return Read { table, mentions: Vec::new(), inline_groups: Vec::new() };
    };
    let mut columns: Vec<Option<Column>> = Vec::new();
    for cell in &header {
        let column = match cell.text.strip_prefix("attribute:") {
            Some(attribute) if !attribute.trim().is_empty() => {
                Some(Column::Attribute(attribute.trim().to_owned()))
            }
            _ => COLUMNS.iter().find(|(known, _)| *known == cell.text).map(|(_, column)| column.clone()),
        };
        if column.is_none() {
            let fix = nearest(&cell.text, COLUMNS.iter().map(|(known, _)| *known)).unwrap_or_else(|| {
                let known: Vec<_> = COLUMNS.iter().map(|(known, _)| *known).collect();
                format!("known: attribute:NAME, {}", known.join(", "))
            });
            findings.error(&spot(&cell.span), format!("there is no column \"{}\"", cell.text), Some(fix));
        } else if column != Some(Column::Comment) && columns.contains(&column) {
            findings.error(&spot(&cell.span), format!("the column \"{}\" is there twice", cell.text), None);
        }
        columns.push(column);
    }
    let mut rows = Vec::new();
    let mut inline_groups = Vec::new();
    for (at, cells) in lines.enumerate() {
        let span =
            cells.first().map_or(0, |cell| cell.span.start)..cells.last().map_or(0, |cell| cell.span.end);
        if cells.len() != columns.len() {
            findings.error(
                &spot(&span),
                format!("the row has {} cells, the header {}", cells.len(), columns.len()),
                Some("leave cells empty that do not matter, but keep their commas".into()),
            );
            continue;
        }
        let mut row =
            Row { number: at as u32 + 1, tests: Vec::new(), out: RowOut::default(), spot: spot(&span) };
        for (column, cell) in columns.iter().zip(&cells) {
            let Some(column) = column else { continue };
            if !cell.text.is_empty() && cell.text != "*" {
                fill(&mut row, column, cell, &spot(&cell.span), groups, &mut inline_groups, findings);
            }
        }
        // Days come last: whoever a row does not concern anyway need not be looked at again for its sake.
        row.tests.sort_by_key(|test| matches!(test, Condition::Today { .. }));
        rows.push(row);
    }
    let given = header.iter().map(|cell| cell.text.clone()).collect();
    let mentions = columns.iter().zip(&header).filter_map(|(column, cell)| match column {
        Some(Column::Attribute(name)) => Some((name.clone(), spot(&cell.span))),
        _ => None,
    });
    let mentions = mentions.collect();
    Read { table: Table::new(name.to_owned(), rows, given), mentions, inline_groups }
}

fn fill(
    row: &mut Row,
    column: &Column,
    cell: &Cell,
    spot: &Spot,
    groups: &std::collections::BTreeMap<String, Named>,
    inline_groups: &mut Vec<(GroupTest, Spot)>,
    findings: &mut Findings,
) {
    let parts: Vec<&str> = cell.text.split('|').map(str::trim).filter(|part| !part.is_empty()).collect();
    let texts = || parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
    let slugs = |findings: &mut Findings| {
        for part in parts.iter().filter(|part| !is_slug(part)) {
            findings.error(spot, format!("\"{part}\" cannot be the name of a tenant or site"), None);
        }
    };
    match column {
        Column::Group => {
            let tests = parts.iter().filter_map(|part| match group_named(part, groups) {
                Ok(test) => {
                    if !groups.contains_key(*part) {
                        inline_groups.push((test.clone(), spot.clone()));
                    }
                    Some(Condition::Group(test))
                }
                Err(fix) => {
                    findings.error(spot, format!("there is no group \"{part}\" in [groups]"), Some(fix));
                    None
                }
            });
            let mut tests: Vec<_> = tests.collect();
            match tests.len() {
                0 => {}
                1 => row.tests.append(&mut tests),
                _ => row.tests.push(Condition::Any(tests)),
            }
        }
        Column::Tenant => {
            slugs(findings);
            row.tests.push(Condition::Tenant(parts.iter().map(|part| TenantId::new(*part)).collect()));
        }
        Column::Site => {
            slugs(findings);
            row.tests.push(Condition::Site(parts.iter().map(|part| SiteId::new(*part)).collect()));
        }
        Column::Attribute(name) => row.tests.push(Condition::Attribute {
            attribute: name.clone().into(),
            test: Test::Is(parts.iter().map(|part| Wanted::new(part)).collect()),
        }),
        Column::Building => row.out.place.building = Some(cell.text.clone()),
        Column::Floor => row.out.place.floors = texts(),
        Column::Kind => row.out.place.kinds = texts(),
        Column::Section => row.out.place.section = Some(cell.text.clone()),
        Column::Room => row.out.place.rooms = texts(),
        Column::Seat => match seat_kind(&cell.text) {
            Some(kind) => row.out.seat = Some(kind),
            None => findings.error(
                spot,
                format!("a seat cannot be \"{}\"", cell.text),
                Some("use desk, section or remote".into()),
            ),
        },
        Column::CostCenter => row.out.cost_center = Some(cell.text.clone()),
        Column::Role(role) => row.out.roles.push((*role, texts())),
        Column::Item => row.out.items = texts(),
        Column::Door => row.out.doors = texts(),
        Column::Day { last } => {
            match DateFormat::parse("YYYY-MM-DD").and_then(|format| format.read(&cell.text)) {
                Some(day) if *last => row.tests.push(Condition::Today { from: None, until: Some(day) }),
                Some(day) => row.tests.push(Condition::Today { from: Some(day), until: None }),
                None => findings.error(
                    spot,
                    format!("\"{}\" is no day", cell.text),
                    Some("write it like 2026-09-30".into()),
                ),
            }
        }
        Column::Value => row.out.value = Some(cell.text.clone()),
        Column::Comment => {}
    }
}

pub(crate) fn seat_kind(text: &str) -> Option<SeatKind> {
    match text {
        "desk" => Some(SeatKind::Desk),
        "section" => Some(SeatKind::Section),
        "remote" => Some(SeatKind::Remote),
        _ => None,
    }
}
