//! Mapping tables: comma-separated files that facilities can open in a spreadsheet. The first row that fits wins.

use std::collections::{BTreeSet, HashMap};

use lanyard_model::{
    account::Role,
    fold,
    id::{GroupId, SiteId, TenantId, is_slug},
};

use crate::{
    condition::{Condition, Subject, Test, Truth, Wanted, all, joined},
    document::{Named, PlaceNames, SeatKind},
    parse::group_named,
    problem::{Findings, Spot, nearest},
};

#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub name: String,
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

/// Rows by one value that a person must have to match them, so that a look-up touches few rows.
#[derive(Clone, Debug, Default)]
struct Index {
    always: Vec<usize>,
    by_group: HashMap<GroupId, Vec<usize>>,
    by_attribute: Vec<(String, HashMap<String, Vec<usize>>)>,
}

impl Row {
    /// Sites that the row is limited to; empty: any.
    pub fn sites(&self) -> Vec<&SiteId> {
        self.tests
            .iter()
            .filter_map(|test| if let Condition::Site(list) = test { Some(list) } else { None })
            .flatten()
            .collect()
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
        let index = Index::of(&rows);
        Self { name, rows, columns, index }
    }

    /// The first row whose conditions all hold.
    pub fn look_up(&self, subject: &Subject<'_>) -> Found {
        if !subject.identity.groups.complete {
            return self.scan(subject);
        }
        let mut best = self.rows.len();
        let mut broken = None;
        let mut consider = |list: &[usize]| {
            for &at in list.iter().take_while(|at| **at < best) {
                match all(&self.rows[at].tests, subject) {
                    Truth::Yes => {
                        best = at;
                        return;
                    }
                    Truth::Broken(why) => broken = broken.take().or(Some((at, why))),
                    Truth::No | Truth::Unknown => {}
                }
            }
        };
        consider(&self.index.always);
        if !self.index.by_group.is_empty() {
            for id in subject.identity.groups.ids() {
                if let Some(list) = self.index.by_group.get(id) {
                    consider(list);
                }
            }
        }
        for (name, values) in &self.index.by_attribute {
            match subject.identity.profile.get(name) {
                None => {}
                Some(lanyard_model::identity::AttributeValue::List(items)) => {
                    items
                        .iter()
                        .filter_map(|item| values.get(&fold::text(item)))
                        .for_each(|list| consider(list));
                }
                Some(value) => {
                    if let Some(list) = values.get(&fold::text(&value.to_text())) {
                        consider(list);
                    }
                }
            }
        }
        match broken {
            Some((at, why)) if at < best => Found::Broken(why),
            _ if best < self.rows.len() => Found::Row(best),
            _ => Found::Nothing,
        }
    }

    /// Row by row, for people whose list of groups is not whole: an earlier row that may fit hides the later ones.
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

impl Index {
    fn of(rows: &[Row]) -> Self {
        let mut distinct: HashMap<&str, BTreeSet<&str>> = HashMap::new();
        for test in rows.iter().flat_map(|row| &row.tests) {
            if let Condition::Attribute { name, test: Test::Is(list) } = test {
                distinct.entry(name).or_default().extend(list.iter().map(|wanted| wanted.folded.as_str()));
            }
        }
        let mut index = Self::default();
        for (at, row) in rows.iter().enumerate() {
            let group = row.tests.iter().find_map(|test| match test {
                Condition::Group(group) => Some(group),
                _ => None,
            });
            let attribute = row
                .tests
                .iter()
                .filter_map(|test| match test {
                    Condition::Attribute { name, test: Test::Is(list) } => Some((name, list)),
                    _ => None,
                })
                .max_by_key(|(name, _)| (distinct[name.as_str()].len(), std::cmp::Reverse(*name)));
            if let Some(group) = group {
                let ids: BTreeSet<_> = group.ids.iter().map(|(_, id)| id).collect();
                ids.into_iter().for_each(|id| index.by_group.entry(id.clone()).or_default().push(at));
            } else if let Some((name, list)) = attribute {
                let place =
                    index.by_attribute.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
                        index.by_attribute.push((name.clone(), HashMap::new()));
                        index.by_attribute.len() - 1
                    });
                let values: BTreeSet<_> = list.iter().map(|wanted| &wanted.folded).collect();
                for value in values {
                    index.by_attribute[place].1.entry(value.clone()).or_default().push(at);
                }
            } else {
                index.always.push(at);
            }
        }
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
    ("comment", Column::Comment),
];

/// Reads one table. `file` is the name findings are reported under.
pub(crate) fn read(
    name: &str,
    file: &str,
    text: &str,
    groups: &std::collections::BTreeMap<String, Named>,
    findings: &mut Findings,
) -> (Table, Vec<(String, Spot)>) {
    let spot = |span: &std::ops::Range<usize>| Spot { file: file.to_owned(), span: span.clone() };
    let mut lines = split(text).into_iter();
    let Some(header) = lines.next() else {
        findings.error(&spot(&(0..0)), "the table is empty", Some("its first line names the columns".into()));
        return (Table::new(name.to_owned(), Vec::new(), BTreeSet::new()), Vec::new());
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
                fill(&mut row, column, cell, &spot(&cell.span), groups, findings);
            }
        }
        rows.push(row);
    }
    let given = header.iter().map(|cell| cell.text.clone()).collect();
    let mentions = columns.iter().zip(&header).filter_map(|(column, cell)| match column {
        Some(Column::Attribute(name)) => Some((name.clone(), spot(&cell.span))),
        _ => None,
    });
    let mentions = mentions.collect();
    (Table::new(name.to_owned(), rows, given), mentions)
}

fn fill(
    row: &mut Row,
    column: &Column,
    cell: &Cell,
    spot: &Spot,
    groups: &std::collections::BTreeMap<String, Named>,
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
                Ok(test) => Some(Condition::Group(test)),
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
            name: name.clone(),
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
