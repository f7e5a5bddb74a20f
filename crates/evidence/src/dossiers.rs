//! Samples for people: what happened to each of them, from Okta's event to the proof, as one document.

use jiff::Timestamp;
use serde_json::Value;

use crate::sheet::{ACCENT, DIM, INK, MARGIN, Sheet};

/// Lines of a list at most; all of them are in the dossier's own file.
const SHOWN_MAX: usize = 30;
const BESIDE: f32 = 110.0;

/// Draws one sample after another, each from a page of its own on.
pub(crate) struct Dossiers {
    sheet: Sheet,
}

impl Dossiers {
    /// # Errors
    /// A sentence about the report's fonts.
    pub(crate) fn new(tenant: &str, made_at: Timestamp) -> Result<Self, String> {
        Ok(Self { sheet: Sheet::new(format!("Dossiers of {tenant}"), made_at)? })
    }

    /// A dossier as it lies in `file`.
    pub(crate) fn draw(&mut self, file: &str, body: &Value) {
        let sheet = &mut self.sheet;
        sheet.page();
        let name = text(&body["name"]);
        let title = if name.is_empty() { text(&body["person"]) } else { name };
        sheet.text(MARGIN, sheet.y + 4.0, 14.0, true, ACCENT, &title);
        sheet.y += 20.0;
        sheet.paragraph(&format!("{}; everything, with proofs, in {file}", text(&body["person"])), DIM);
        for (attribute, value) in body["sampled_by"].as_object().into_iter().flatten() {
            sheet.fact(attribute, &text(value), 8.5, BESIDE);
        }
        facts(sheet, body);
        timeline(sheet, body);
        plans(sheet, body);
        approvals(sheet, body);
        held(sheet, body);
        proof(sheet, body);
    }

    /// The document; `None` if there are no samples.
    ///
    /// # Errors
    /// A sentence of the PDF writer.
    pub(crate) fn finish(self) -> Result<Option<Vec<u8>>, String> {
        if self.sheet.is_empty() { Ok(None) } else { self.sheet.finish().map(Some) }
    }
}

/// What the tables say.
fn facts(sheet: &mut Sheet, body: &Value) {
    for row in list(&body["rows"]) {
        let (table, cells) = (text(&row[0]), &row[1]);
        sheet.section(&format!("In the table {table}"));
        let told: Vec<String> = cells
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, value)| !text(value).is_empty() && !matches!(name.as_str(), "person" | "name"))
            .map(|(name, value)| format!("{}: {}", name.replace('_', " "), moment(&text(value))))
            .collect();
        sheet.paragraph(&told.join(" · "), INK);
    }
}

/// Everything that happened, by time: Okta's events, and what the journal says.
fn timeline(sheet: &mut Sheet, body: &Value) {
    let mut all: Vec<(Option<Timestamp>, Vec<String>)> = Vec::new();
    for event in list(&body["events"]) {
        let came = format!("seen {}", moment(&text(&event["seen_at"])));
        let at = text(&event["published"]);
        all.push((
            at.parse().ok(),
            vec![
                moment(&at),
                "Okta".into(),
                text(&event["kind"]),
                format!("{} · {came}", text(&event["uuid"])),
            ],
        ));
    }
    for line in list(&body["lines"]) {
        let Ok(told) = serde_json::from_str::<Value>(&text(&line["text"])) else { continue };
        let at = told["at"].as_i64().and_then(|at| Timestamp::from_microsecond(at).ok());
        let shown = at.map(|at| at.to_string()).unwrap_or_default();
        let what = format!("{} · journal line {}", text(&told["detail"]), text(&line["position"]));
        all.push((
            at,
            vec![
                moment(&shown),
                text(&told["kind"]),
                text(&told["title"]),
                what.trim_start_matches(" · ").to_owned(),
            ],
        ));
    }
    all.sort_by_key(|(at, _)| *at);
    let rows: Vec<Vec<String>> = all.into_iter().map(|(_, row)| row).collect();
    grid(sheet, "What happened", &["at", "who says so", "what", "more"], rows);
}

/// What was decided and why, what was sent, and what came back.
fn plans(sheet: &mut Sheet, body: &Value) {
    let (mut decided, mut sent) = (Vec::new(), Vec::new());
    for plan in list(&body["plans"]) {
        let open: Vec<String> = list(&plan["still_open"]).iter().map(text).collect();
        for difference in list(&plan["steps"]).iter().flat_map(|step| list(&step["differences"])) {
            let because: Vec<String> = list(&difference["because"])
                .iter()
                .map(|because| format!("{}: {}", text(&because["rule"]), text(&because["text"])))
                .collect();
            let (from, to) = (text(&difference["from"]), text(&difference["to"]));
            decided.push(vec![
                text(&plan["plan"]),
                moment(&text(&plan["decided_at"])),
                text(&difference["what"]),
                format!("{from} → {to}"),
                because.join("; "),
                match open.is_empty() {
                    true => moment(&text(&plan["verified_at"])),
                    false => {
                        format!("{}, still open: {}", moment(&text(&plan["verified_at"])), open.join("; "))
                    }
                },
            ]);
        }
        for operation in list(&plan["operations"]) {
            sent.push(vec![
                text(&operation["name"]),
                moment(&text(&operation["sent_at"])),
                short(&text(&operation["request_sha256"])),
                moment(&text(&operation["answered_at"])),
                text(&operation["outcome_name"]),
                short(&text(&operation["answer_sha256"])),
            ]);
        }
    }
    grid(
        sheet,
        "What was decided, by which rule",
        &["plan", "sealed", "what", "change", "because", "read back"],
        decided,
    );
    grid(sheet, "What was sent", &["operation", "sent", "request", "answered", "outcome", "answer"], sent);
}

fn approvals(sheet: &mut Sheet, body: &Value) {
    let mut rows = Vec::new();
    for request in list(&body["approvals"]) {
        let lines: Vec<String> = list(&request["lines"]).iter().map(|line| text(&line["what"])).collect();
        let votes: Vec<String> = list(&request["votes"])
            .iter()
            .map(|vote| {
                let word = if vote["yes"] == true { "yes" } else { "no" };
                format!(
                    "{word} by {} ({}): {}",
                    text(&vote["by"]),
                    text(&vote["capacity"]),
                    text(&vote["reason"])
                )
            })
            .collect();
        rows.push(vec![
            moment(&text(&request["asked_at"])),
            text(&request["kind"]),
            text(&request["rule"]),
            lines.join("; "),
            text(&request["state"]),
            votes.join("; "),
        ]);
    }
    grid(
        sheet,
        "What was asked, and who decided",
        &["asked", "kind", "rule", "what", "state", "votes"],
        rows,
    );
}

fn held(sheet: &mut Sheet, body: &Value) {
    let rows = list(&body["held"])
        .iter()
        .map(|held| {
            let what = [text(&held["what"]), text(&held["value"])].join(" ");
            let to = match text(&held["to"]).as_str() {
                "" => "still".to_owned(),
                to => moment(to),
            };
            vec![
                text(&held["site"]),
                text(&held["kind"]),
                what.trim().to_owned(),
                moment(&text(&held["from"])),
                to,
            ]
        })
        .collect();
    grid(sheet, "What the account held", &["site", "kind", "what", "from", "until"], rows);
}

fn proof(sheet: &mut Sheet, body: &Value) {
    let positions: Vec<String> = list(&body["lines"]).iter().map(|line| text(&line["position"])).collect();
    sheet.section("Proof");
    let left_out = body["lines_left_out"].as_u64().unwrap_or(0);
    let rest = if left_out > 0 { format!("; {left_out} older ones are left out") } else { String::new() };
    sheet.fact(
        "Journal lines",
        &format!("{}, each proven to stand in the journal that was signed{rest}", positions.join(", ")),
        8.5,
        BESIDE,
    );
}

fn grid(sheet: &mut Sheet, title: &str, names: &[&str], mut rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    let count = rows.len();
    rows.truncate(SHOWN_MAX);
    sheet.section(title);
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    sheet.grid(&names, &rows);
    if count > SHOWN_MAX {
        sheet.paragraph(&format!("the first {SHOWN_MAX} of {count}"), DIM);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// As a person reads it; empty for nothing.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.replace(['\n', '\r', '\t'], " "),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        other => other.to_string(),
    }
}

/// A moment without fractions; any other text as it is.
fn moment(text: &str) -> String {
    match text.parse::<Timestamp>() {
        Ok(at) => at.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => text.to_owned(),
    }
}

/// The beginning of a hash.
fn short(hash: &str) -> String {
    hash.chars().take(16).collect()
}
