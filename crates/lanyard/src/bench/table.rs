//! What a bench says: JSON for programs on stdout, a table for people on stderr.

use comfy_table::{Table, presets::ASCII_MARKDOWN};
use serde::Serialize;

/// Prints the table to stderr and the object, as one line, to stdout.
///
/// # Errors
/// When the object cannot be written as JSON.
pub fn tell(object: &impl Serialize, head: &[&str], rows: Vec<Vec<String>>) -> anyhow::Result<()> {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN);
    table.set_header(head.to_vec());
    for row in rows {
        table.add_row(row);
    }
    talk!("{table}");
    say!("{}", serde_json::to_string(object)?);
    Ok(())
}

/// The value below which `q` (0 to 1) of the sorted values lie; 0 without any.
pub fn quantile(sorted: &[f64], q: f64) -> f64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * q).round() as usize).copied().unwrap_or(0.0)
}

/// Rounded for reading: three digits after the point.
pub fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Mebibytes, for tables.
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.0} MiB", bytes as f64 / f64::from(1 << 20))
}
