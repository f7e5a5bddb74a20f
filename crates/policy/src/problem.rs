//! What is wrong with a policy, where, and how to mend it. All findings at once.

use std::{collections::BTreeMap, fmt, ops::Range};

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;

use crate::whereabouts::Map;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The policy cannot be used.
    Error,
    /// The policy works, but says something it hardly means.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub severity: Severity,
    pub file: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    pub message: String,
    pub fix: Option<String>,
    /// Bytes of the file's text.
    #[serde(skip)]
    pub span: Range<usize>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.message)?;
        match &self.fix {
            Some(fix) => write!(f, " ({fix})"),
            None => Ok(()),
        }
    }
}

/// Findings with the texts they are about, in order of file and place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems {
    list: Vec<Problem>,
    texts: BTreeMap<String, String>,
}

impl Problems {
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub fn len(&self) -> usize {
        self.list.len()
    }

    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// For programs: each finding with `severity`, `file`, `line`, `column`, `message`, `fix`, and `path`, the JSON pointer of
    /// what it is about in [`crate::structured::to_json`].
    pub fn to_json(&self) -> serde_json::Value {
        let mut maps: BTreeMap<&str, Map> = BTreeMap::new();
        let mut list = Vec::new();
        for problem in &self.list {
            let text = self.texts.get(&problem.file).map_or("", String::as_str);
            let map = maps.entry(&problem.file).or_insert_with(|| Map::of(&problem.file, text));
            list.push(serde_json::json!({
                "severity": problem.severity, "file": problem.file, "line": problem.line, "column": problem.column,
                "path": map.pointer(problem.span.start), "message": problem.message, "fix": problem.fix,
            }));
        }
        list.into()
    }

    /// Findings of both, in order.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        for problem in other.list {
            if !self.list.contains(&problem) {
                self.list.push(problem);
            }
        }
        self.texts.extend(other.texts);
        self.list.sort_by(|a, b| order(a).cmp(&order(b)));
        self
    }

    pub fn errors(&self) -> usize {
        self.list.iter().filter(|problem| problem.severity == Severity::Error).count()
    }

    /// Every finding with its line of the file, as plain text.
    pub fn render(&self) -> String {
        let renderer = Renderer::plain();
        let mut out = String::new();
        for problem in &self.list {
            let level = match problem.severity {
                Severity::Error => Level::ERROR,
                Severity::Warning => Level::WARNING,
            };
            let mut group = level.primary_title(problem.message.as_str()).element(
                Snippet::source(self.texts.get(&problem.file).map_or("", String::as_str))
                    .path(problem.file.as_str())
                    .annotation(AnnotationKind::Primary.span(problem.span.clone())),
            );
            if let Some(fix) = &problem.fix {
                group = group.element(Level::HELP.message(fix.as_str()));
            }
            out.push_str(&renderer.render(&[group]));
            out.push_str("\n\n");
        }
        out
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.list.iter().enumerate() {
            write!(f, "{}{problem}", if at == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// A place in one of the files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spot {
    pub file: String,
    pub span: Range<usize>,
}

/// Collects findings.
#[derive(Default)]
pub(crate) struct Findings {
    list: Vec<Problem>,
    texts: BTreeMap<String, String>,
}

impl Findings {
    pub fn source(&mut self, file: &str, text: &str) {
        self.texts.insert(file.to_owned(), text.to_owned());
    }

    pub fn error(&mut self, spot: &Spot, message: impl Into<String>, fix: Option<String>) {
        self.add(Severity::Error, spot, message.into(), fix);
    }

    pub fn warning(&mut self, spot: &Spot, message: impl Into<String>, fix: Option<String>) {
        self.add(Severity::Warning, spot, message.into(), fix);
    }

    /// The place of a part of a quoted text whose place is `spot`.
    pub fn inside(&self, spot: &Spot, part: Range<usize>) -> Spot {
        let written =
            self.texts.get(&spot.file).and_then(|text| text.get(spot.span.clone())).unwrap_or_default();
        let at = |offset| (spot.span.start + quoted_offset(written, offset)).min(spot.span.end);
        Spot { file: spot.file.clone(), span: at(part.start)..at(part.end) }
    }

    fn add(&mut self, severity: Severity, spot: &Spot, message: String, fix: Option<String>) {
        let text = self.texts.get(&spot.file).map_or("", String::as_str);
        let end = spot.span.end.min(text.len());
        let start = spot.span.start.min(end);
        let before = text.get(..start).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let problem =
            Problem { severity, file: spot.file.clone(), line, column, message, fix, span: start..end };
        if !self.list.contains(&problem) {
            self.list.push(problem);
        }
    }

    pub fn finish(mut self) -> Problems {
        self.list.sort_by(|a, b| order(a).cmp(&order(b)));
        Problems { list: self.list, texts: self.texts }
    }
}

/// Where a byte of a TOML string's value stands in the string as it is written.
fn quoted_offset(written: &str, offset: usize) -> usize {
    let quote =
        ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| written.starts_with(quote)).unwrap_or("");
    let mut at = quote.len();
    if quote.len() == 3 {
        // A line break right behind the quotes does not count.
        let rest = &written[at..];
        at += if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) };
    }
    let mut value = 0;
    while value < offset {
        let rest = &written[at..];
        let Some(first) = rest.chars().next() else { break };
        let (wrote, meant) = match rest.chars().nth(1) {
            Some(escape) if first == '\\' && quote.starts_with('"') => match escape {
                'u' | 'U' | 'x' => {
                    let digits = match escape {
                        'u' => 4,
                        'U' => 8,
                        _ => 2,
                    };
                    let code = rest.get(2..2 + digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                    (2 + digits, code.and_then(char::from_u32).map_or(1, char::len_utf8))
                }
                escape if escape.is_whitespace() => (1 + rest[1..].len() - rest[1..].trim_start().len(), 0),
                escape => (1 + escape.len_utf8(), 1),
            },
            _ => (first.len_utf8(), first.len_utf8()),
        };
        at = (at + wrote).min(written.len());
        value += meant;
    }
    at
}

fn order(problem: &Problem) -> (&str, usize, Severity, &str) {
    (&problem.file, problem.span.start, problem.severity, &problem.message)
}

/// `did you mean …?` for a misspelt name.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let folded = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (distance(&folded, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count().max(3) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| format!("did you mean \"{candidate}\"?"))
}

/// Edit distance (insert, delete, replace, swap of neighbours) of their first 64 characters.
pub fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(64).collect();
    let b: Vec<char> = b.chars().take(64).collect();
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for (i, row) in rows.iter_mut().enumerate() {
        row[0] = i;
    }
    for (j, cell) in rows[0].iter_mut().enumerate() {
        *cell = j;
    }
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let differs = usize::from(a[i - 1] != b[j - 1]);
            let mut best = (rows[i - 1][j] + 1).min(rows[i][j - 1] + 1).min(rows[i - 1][j - 1] + differs);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}
