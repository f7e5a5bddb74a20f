//! A dropped list: every right there is, a line each. It replaces what earlier lists told.
//!
//! Columns by name, in any order: `holder` and `area` (both needed), `from` and `until` (instants; empty: no end). Other
//! columns are left aside. A list with a line that cannot be read is refused as a whole: half a list would lock people out.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    BadgeFace,
    rights::{Span, Way},
};

/// Columns that are read.
pub const COLUMNS: [&str; 4] = ["holder", "area", "from", "until"];
const PROBLEMS_MAX: usize = 100;

/// Applies a list; the acknowledgement: `{"name","rows","applied","problems":[{"line","why"}]}`.
pub(super) fn apply(face: &mut BadgeFace, name: &str, text: &[u8], now: Timestamp) -> Value {
    let (wanted, problems) = read(text);
    let rows = wanted.len();
    let mut applied = 0;
    if problems.is_empty() {
        let by = format!("{name}.csv");
        for (holder, area) in face.rights.all(Way::Csv) {
            if !wanted.contains_key(&(holder.clone(), area.clone())) {
                applied += usize::from(face.rights.set(Way::Csv, &by, &holder, &area, None, now));
            }
        }
        for ((holder, area), span) in wanted {
            applied += usize::from(face.rights.set(Way::Csv, &by, &holder, &area, Some(span), now));
        }
    }
    json!({ "name": name, "rows": rows, "applied": applied, "problems": problems })
}

fn read(text: &[u8]) -> (BTreeMap<(String, String), Span>, Vec<Value>) {
    let mut reader = ::csv::ReaderBuilder::new().flexible(true).trim(::csv::Trim::All).from_reader(text);
    let problem = |line: u64, why: String| json!({ "line": line, "why": why });
    let headers = match reader.headers() {
        Ok(headers) => headers.clone(),
        Err(error) => return (BTreeMap::new(), vec![problem(1, error.to_string())]),
    };
    let place = |name: &str| headers.iter().position(|known| known.trim_start_matches('\u{feff}') == name);
    let (Some(holder), Some(area)) = (place(COLUMNS[0]), place(COLUMNS[1])) else {
        return (BTreeMap::new(), vec![problem(1, "the columns holder and area are needed".to_owned())]);
    };
    let (from, until) = (place(COLUMNS[2]), place(COLUMNS[3]));
    let (mut wanted, mut problems) = (BTreeMap::new(), Vec::new());
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                problems.push(problem(error.position().map_or(0, ::csv::Position::line), error.to_string()));
                break;
            }
        };
        let line = record.position().map_or(0, ::csv::Position::line);
        let cell = |place: usize| record.get(place).unwrap_or_default();
        let moment = |place: Option<usize>| match place.map(cell).unwrap_or_default() {
            "" => Ok(None),
            text => text.parse::<Timestamp>().map(Some).map_err(|_| format!("{text:?} is no instant")),
        };
        match (moment(from), moment(until)) {
            _ if cell(holder).is_empty() || cell(area).is_empty() => {
                problems.push(problem(line, "holder and area must not be empty".to_owned()));
            }
            (Ok(from), Ok(until)) => {
                wanted.insert((cell(holder).to_owned(), cell(area).to_owned()), Span { from, until });
            }
            (Err(why), _) | (_, Err(why)) => problems.push(problem(line, why)),
        }
        if problems.len() >= PROBLEMS_MAX {
            break;
        }
    }
    (wanted, problems)
}
