//! The workbook: the same tables as sheets. Texts are written as texts, so no cell is a formula.

use jiff::Timestamp;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use crate::{
    cell::{Cell, Kind, Table},
    manifest::{Manifest, Terms},
    pack::Kept,
    tables,
    tally::Summary,
};

/// A cell's text has at most this many characters in the format.
const TEXT_MAX: usize = 32_767;

/// The workbook as bytes.
///
/// # Errors
/// The writer's sentence.
pub fn workbook(manifest: &Manifest, rows: &Kept) -> Result<Vec<u8>, String> {
    build(manifest, rows).map_err(|error| error.to_string())
}

fn build(manifest: &Manifest, rows: &Kept) -> Result<Vec<u8>, XlsxError> {
    let terms = &manifest.terms;
    let mut book = Workbook::new();
    // The moment of making comes from outside: equal facts, equal bytes.
    let made = ExcelDateTime::parse_from_str(&terms.made_at.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    let mut properties = DocProperties::new().set_title("Evidence").set_company(&terms.tenant);
    if let Ok(made) = &made {
        properties = properties.set_creation_datetime(made);
    }
    book.set_properties(&properties);
    let head = Format::new().set_bold().set_background_color(0x00E7_EDF8);
    let moment = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
    let cover = book.add_worksheet().set_name("cover")?;
    cover.set_column_width(0, 34)?.set_column_width(1, 90)?;
    for (line, (what, value)) in facts(manifest).iter().enumerate() {
        let line = line as u32;
        cover.write_string_with_format(line, 0, *what, &head)?;
        cover.write_string(line, 1, value)?;
    }
    for table in tables::ALL {
        let kept = rows.get(table.name).map(Vec::as_slice).unwrap_or_default();
        let sheet = book.add_worksheet().set_name(table.name)?;
        write(
            sheet,
            table,
            kept,
            manifest.summary.rows.get(table.name).copied().unwrap_or(0),
            &head,
            &moment,
        )?;
    }
    book.save_to_buffer()
}

fn write(
    sheet: &mut Worksheet,
    table: &Table,
    rows: &[Vec<Cell>],
    total: u64,
    head: &Format,
    moment: &Format,
) -> Result<(), XlsxError> {
    for (column, known) in table.columns.iter().enumerate() {
        let width = match known.kind {
            Kind::Time => 19,
            Kind::Text => 26,
            Kind::Int | Kind::Bool => 12,
        };
        sheet.set_column_width(column as u16, width)?;
        sheet.write_string_with_format(0, column as u16, known.name, head)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    for (at, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            let (at, column) = (at as u32 + 1, column as u16);
            match cell {
                Cell::Null => {}
                #[expect(clippy::cast_precision_loss, reason = "counts and seconds are far below 2^53")]
                Cell::Int(value) => drop(sheet.write_number(at, column, *value as f64)?),
                Cell::Bool(value) => drop(sheet.write_boolean(at, column, *value)?),
                Cell::Time(time) => match day_of(*time) {
                    Some(day) => drop(sheet.write_datetime_with_format(at, column, &day, moment)?),
                    None => drop(sheet.write_string(at, column, cell.to_text())?),
                },
                other => {
                    let text: String = other.to_text().chars().take(TEXT_MAX).collect();
                    sheet.write_string(at, column, text)?;
                }
            }
        }
    }
    let shown = rows.len() as u64;
    if shown < total {
        let note = format!("the first {shown} of {total} rows; all of them are in data/{}.csv", table.name);
        sheet.write_string_with_format(shown as u32 + 2, 0, note, head)?;
    }
    sheet.autofilter(0, 0, (shown as u32).max(1), table.columns.len() as u16 - 1)?;
    Ok(())
}

/// A moment as spreadsheets count it, so that they can calculate with it: days since 1900, UTC, to the millisecond.
fn day_of(at: Timestamp) -> Option<ExcelDateTime> {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of these centuries are below 2^53")]
    let days = at.as_millisecond() as f64 / 86_400_000.0 + 25_569.0;
    ExcelDateTime::from_serial_datetime(days).ok()
}

/// The cover's lines.
pub fn facts(manifest: &Manifest) -> Vec<(&'static str, String)> {
    let (terms, summary) = (&manifest.terms, &manifest.summary);
    let totals = &summary.totals;
    let sites: Vec<String> = terms.sites.iter().map(|(id, url)| format!("{id} ({url})")).collect();
    let org = terms.okta_org.as_deref().unwrap_or("id not told");
    let policies: Vec<String> =
        terms.policies.iter().map(|(number, seal)| format!("version {number}, seal {seal}")).collect();
    vec![
        ("Tenant", format!("{} ({}, org {})", terms.tenant, terms.okta_url, org)),
        ("Sites", sites.join(", ")),
        ("Period", format!("{} up to {} ({})", second(terms.from), second(terms.to), terms.zone)),
        ("First complete comparison", known_since(terms)),
        ("Made", format!("{} by {}, {}", second(terms.made_at), terms.made_by, terms.program)),
        ("Made from", terms.query.clone()),
        ("Policies in force", policies.join("; ")),
        (
            "Okta's log",
            format!(
                "{} times not read, {} s in all; {} breaks of its chain",
                summary.intake_gaps, summary.intake_gap_seconds, summary.intake_breaks
            ),
        ),
        (
            "Control totals",
            format!(
                "{} opening + {} joined + {} returned - {} left = {} closing (off by {})",
                totals.opening,
                totals.joined,
                totals.returned,
                totals.left,
                totals.closing,
                totals.off_by()
            ),
        ),
        (
            "Leavers in time",
            format!(
                "{} of {} verified gone within {} s",
                summary.leavers_in_time,
                summary.leavers_in_time + summary.leavers_late,
                terms.leaver_bound_seconds
            ),
        ),
        ("Of the late ones", late(summary)),
        (
            "Joiners authorised before access",
            format!(
                "{} of {}",
                summary.joiners_authorised_before,
                summary.joiners_authorised_before + summary.joiners_not_authorised_before
            ),
        ),
        ("Open findings", format!("{} (orphans {})", summary.exceptions_open, summary.orphans_open)),
        (
            "Open exceptions",
            format!(
                "{}: {} without an owner, {} without a stated end, {} past their end",
                summary.rows("open_exceptions"),
                summary.exceptions_unowned,
                summary.exceptions_endless,
                summary.exceptions_past_end
            ),
        ),
        ("Seed of the samples", seed(terms)),
        ("Verifier key", manifest.key.clone()),
    ]
}

/// Since when who is where is known: not the first read of anything, but the end of the first comparison that was complete.
fn known_since(terms: &Terms) -> String {
    let told = terms.known_since.iter().map(|(site, first)| match first {
        Some(at) => format!("{site}: ended {}; who is where is known since then", second(*at)),
        None => format!("{site}: there was none"),
    });
    told.collect::<Vec<_>>().join(". ")
}

fn seed(terms: &Terms) -> String {
    match &terms.sample_by {
        None => terms.seed.clone(),
        Some(attribute) => format!("{}; the values of {attribute} take turns", terms.seed),
    }
}

fn late(summary: &Summary) -> String {
    let told = summary.late_told();
    if told.is_empty() { "there are none".into() } else { told }
}

/// A moment to the second.
pub fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
