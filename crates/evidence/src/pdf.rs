//! The report for people, as PDF/A-2b: first each control as a chapter that can be read, then tables that fit a page, the
//! rest by reference to the pack's files.

use crate::{
    chapters::{self, Chapter},
    manifest::Manifest,
    pack::Kept,
    sheet::{ACCENT, ALARM, DIM, INK, MARGIN, ROW, SIZE, Sheet, WIDTH},
    stats, tables, xlsx,
};

/// Rows of a table that the report shows.
const SHOWN_MAX: usize = 40;

/// What the report shows of a table: its columns, and a sentence before it.
const SECTIONS: &[(&str, &[&str], &str)] = &[
    (
        "controls",
        &["soc2", "iso27001", "nist", "question", "state", "files"],
        "Counted again by whoever verifies this pack. Documented: it is written down, and yours to judge.",
    ),
    (
        "reconciliation",
        &["site", "figure", "value", "source"],
        "Three counts of the same people, taken independently.",
    ),
    (
        "certificates",
        &[
            "moment",
            "scope",
            "list",
            "ended_at",
            "pages",
            "rows",
            "count_before",
            "count_after",
            "complete",
            "doubts",
        ],
        "A list counts as complete when its paging ended by itself, the target's own counts agree, and known rows were seen.",
    ),
    (
        "sweeps",
        &[
            "scope",
            "started_at",
            "ended_at",
            "people",
            "accounts",
            "differences",
            "counted",
            "complete",
            "doubts",
        ],
        "Comparisons in the period. The first of all, since which it is known who is where, is on the cover, site by site.",
    ),
    (
        "intake",
        &["kind", "from_at", "to_at", "seconds", "pages", "events", "from_place", "to_place", "cause"],
        "Pages of Okta's log: each begins where the one before it ended, but for the gaps and breaks named here.",
    ),
    (
        "timeliness",
        &["population", "stage", "count", "p50", "p95", "p99", "max"],
        "Seconds. Measured over whole populations, by nearest rank.",
    ),
    (
        "bounds",
        &["control", "requirement", "measured", "seconds_bound", "within", "beyond"],
        "Whole populations are held against each bound.",
    ),
    (
        "histogram",
        &[],
        "Leavers verified gone, by seconds since their right ended. Whoever was not out is not measured: see the breaches.",
    ),
    (
        "breaches",
        &[
            "person",
            "name",
            "site",
            "event_at",
            "verified_at",
            "seconds_at_risk",
            "cause",
            "owner",
            "compensation",
        ],
        "Every leaver who was not verified gone within the configured bound, and who answers for it.",
    ),
    (
        "leavers",
        &["person", "name", "site", "how", "event_at", "seen_at", "verified_at", "seconds_total", "in_time"],
        "",
    ),
    (
        "joiners",
        &[
            "person",
            "name",
            "site",
            "how",
            "event_at",
            "decided_at",
            "granted_at",
            "authorised_before",
            "authorised_by",
            "approved_by",
        ],
        "",
    ),
    ("movers", &["person", "name", "site", "taken", "given", "decided_at", "verified_at", "left_open"], ""),
    ("leaves", &["person", "name", "site", "because", "taken", "verified_at"], ""),
    ("returns", &["person", "name", "site", "left_at", "verified_gone_at", "returned_at"], ""),
    ("conversions", &["person", "name", "attribute", "before", "after", "seen_at", "plan"], ""),
    (
        "overrides",
        &["person", "name", "site", "seen_at", "change", "kind", "what"],
        "Found by comparing reads; Lanyard sent nothing to these accounts shortly before.",
    ),
    ("failed", &["at", "person", "site", "operation", "outcome", "reason", "done_later"], ""),
    (
        "approvals",
        &[
            "kind",
            "person",
            "what",
            "rule",
            "asked_at",
            "state",
            "voted_by",
            "capacity",
            "seconds_taken",
            "reason",
        ],
        "",
    ),
    ("gates", &["at", "person", "kind", "title", "detail"], ""),
    (
        "access",
        &["site", "person", "name", "kind", "what", "value", "since", "because"],
        "Each right with the rule that gave it, or how it came about otherwise. Since: the read that first showed it, which for \
         what was there before Lanyard is no beginning.",
    ),
    (
        "access_changes",
        &["at", "change", "site", "person", "name", "kind", "what", "value", "because"],
        "Opening list and these changes make the list above.",
    ),
    ("privileged", &["system", "site", "person", "name", "account_name", "what", "value", "because"], ""),
    (
        "reviews",
        &[
            "title",
            "owner",
            "name",
            "site",
            "kind",
            "what",
            "reviewer",
            "decision",
            "reason",
            "removed_at",
            "flags",
        ],
        "",
    ),
    (
        "exceptions",
        &[
            "kind",
            "severity",
            "site",
            "person",
            "title",
            "since",
            "over_at",
            "closed_by",
            "closed_because",
            "owner",
            "until",
        ],
        "Findings: what a person had to see.",
    ),
    (
        "open_exceptions",
        &["kind", "person", "name", "what", "owner", "reason", "since", "until", "ends", "state"],
        "An empty until: no end is stated, and ends says what ends it.",
    ),
    (
        "rules",
        &["rule", "effect", "right", "whom", "asks", "until"],
        "Rule by rule, as the policy said when the period ended. A person who fits gets it unless another rule never gives it.",
    ),
    (
        "policies",
        &[
            "version",
            "name",
            "published_at",
            "replaced_at",
            "published_by",
            "approved_by",
            "reason",
            "seal",
            "plans",
        ],
        "",
    ),
    ("configuration", &["part", "setting", "value"], ""),
    ("control_changes", &["at", "kind", "title", "detail"], ""),
    (
        "samples",
        &["population", "number", "person", "name", "dossier", "lines"],
        "Drawn by the seed on the cover; anybody can draw them again from the tables.",
    ),
    ("checkpoints", &["at", "size", "root"], "Each is proven to be a beginning of the next."),
];

/// The report as bytes.
///
/// # Errors
/// A sentence of the PDF writer.
pub fn report(manifest: &Manifest, rows: &Kept, fingerprint: &str) -> Result<Vec<u8>, String> {
    let title = format!("Evidence of {}", manifest.terms.tenant);
    let mut sheet = Sheet::new(title, manifest.terms.made_at)?;
    cover(&mut sheet, manifest, fingerprint);
    sheet.page();
    sheet.section("Control by control");
    for one in chapters::chapters(&manifest.summary, rows, manifest.terms.to) {
        chapter(&mut sheet, &one);
    }
    sheet.page();
    for (name, columns, sentence) in SECTIONS {
        let Some(table) = tables::named(name) else { continue };
        let kept = rows.get(name).map(Vec::as_slice).unwrap_or_default();
        let total = manifest.summary.rows(name);
        if *name == "histogram" {
            // Its bars stay with its heading.
            sheet.room(ROW * (stats::BARS.len() as f32 + 5.0));
        }
        sheet.section(table.title);
        if !sentence.is_empty() {
            sheet.paragraph(sentence, DIM);
        }
        if *name == "histogram" {
            histogram(&mut sheet, manifest);
            continue;
        }
        sheet.table(table, columns, &kept[..kept.len().min(SHOWN_MAX)], total);
    }
    sheet.section("What is not covered");
    for limit in &manifest.terms.limits {
        sheet.paragraph(&format!("• {limit}"), INK);
    }
    sheet.finish()
}

/// One control: what is asked, what was tested, what came of it, who does not fit, and where the rows are.
fn chapter(sheet: &mut Sheet, chapter: &Chapter) {
    const BESIDE: f32 = 90.0;
    sheet.y += 6.0;
    sheet.room(ROW * 6.0);
    sheet.text(MARGIN, sheet.y, 9.5, true, ACCENT, &chapter.names);
    sheet.y += 14.0;
    sheet.text(MARGIN, sheet.y, 9.5, true, INK, &chapter.question);
    sheet.y += 14.0;
    sheet.fact("Tested", &chapter.tested, 8.5, BESIDE);
    sheet.fact("Result", &format!("{}: {}", chapter.state, chapter.answer), 8.5, BESIDE);
    if !chapter.exceptions.is_empty() {
        let color = if chapter.alarming { ALARM } else { INK };
        sheet.fact("Exceptions", &chapter.counted, 8.5, BESIDE);
        for exception in &chapter.exceptions {
            sheet.room(ROW);
            for line in sheet.wrap(exception, 8.0, WIDTH - 2.0 * MARGIN - BESIDE) {
                sheet.room(ROW);
                sheet.text(MARGIN + BESIDE, sheet.y, 8.0, false, color, &line);
                sheet.y += ROW;
            }
        }
    } else if let Some(none) = chapter.none {
        sheet.fact("Exceptions", none, 8.5, BESIDE);
    }
    if !chapter.files.is_empty() {
        sheet.fact("Rows in", &chapter.files, 8.5, BESIDE);
    }
    sheet.y += 4.0;
}

fn cover(sheet: &mut Sheet, manifest: &Manifest, fingerprint: &str) {
    let terms = &manifest.terms;
    sheet.text(MARGIN, sheet.y + 10.0, 20.0, true, ACCENT, "Evidence");
    sheet.y += 34.0;
    let line = format!(
        "{}: joiners, movers, leavers and physical access, {} up to {}",
        terms.tenant,
        day(terms.from),
        day(terms.to)
    );
    sheet.text(MARGIN, sheet.y, 11.0, false, INK, &line);
    sheet.y += 24.0;
    let mut facts = xlsx::facts(manifest);
    facts.push(("Its fingerprint", fingerprint.to_owned()));
    for (what, value) in &facts {
        sheet.fact(what, value, 9.0, 170.0);
        sheet.y += 2.0;
    }
    let off = manifest.summary.totals.off_by();
    if off != 0 {
        sheet.paragraph(&format!("The population does not add up: it is off by {off}."), ALARM);
    }
    for (position, seconds) in &terms.clock_went_back {
        sheet.paragraph(
            &format!(
                "The clock went back by {seconds} s at journal line {position}: times around it need care."
            ),
            ALARM,
        );
    }
    sheet.y += 6.0;
    sheet.paragraph(
        "Read on control by control: what was tested, the result, and whoever does not fit by name; the tables follow, and the \
         samples are a document of their own, dossiers.pdf.",
        INK,
    );
    sheet.paragraph(
        "Check this pack offline with `lanyard verify PACK.zip --key '<verifier key>'`. Compare the fingerprint above with the one you were given on another way.",
        DIM,
    );
}

fn histogram(sheet: &mut Sheet, manifest: &Manifest) {
    let bars = &manifest.summary.histogram;
    let most = bars.iter().copied().max().unwrap_or(0);
    if most == 0 {
        sheet.paragraph("None in this period.", DIM);
        return;
    }
    sheet.room(ROW * (bars.len() as f32 + 1.0));
    for (at, count) in bars.iter().enumerate() {
        let label = match stats::BARS.get(at) {
            Some(end) => format!("up to {} s", end),
            None => format!("over {} s", stats::BARS.last().copied().unwrap_or(0)),
        };
        sheet.text(MARGIN, sheet.y, SIZE, false, DIM, &label);
        let length = 420.0 * (*count as f32) / (most as f32);
        sheet.rect(MARGIN + 80.0, sheet.y - 7.0, length.max(0.5), 8.0, ACCENT);
        sheet.text(MARGIN + 86.0 + length, sheet.y, SIZE, false, INK, &format!("{count} leavers"));
        sheet.y += ROW;
    }
    sheet.y += 4.0;
}

fn day(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
