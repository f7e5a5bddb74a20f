//! Writes `table.rs`: one row for each file of the built console, sorted by path, with its bytes included.

use crate::Stop;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Node's own zlib at full effort; reads `from<TAB>to` lines from its arguments' file.
const COMPRESS: &str = "
const fs = require('fs'), zlib = require('zlib');
for (const line of fs.readFileSync(process.argv[1], 'utf8').split('\\n').filter(Boolean)) {
  const [from, to] = line.split('\\t');
  const raw = fs.readFileSync(from);
  const small = zlib.brotliCompressSync(raw, { params: {
    [zlib.constants.BROTLI_PARAM_QUALITY]: 11, [zlib.constants.BROTLI_PARAM_SIZE_HINT]: raw.length } });
  if (small.length < raw.length * 0.9) fs.writeFileSync(to, small);
}";

struct Row {
    path: String,
    file: PathBuf,
    content_type: &'static str,
    brotli: PathBuf,
}

/// Writes the table for `dist`, or an empty one.
pub fn write(dist: Option<&Path>, out_dir: &Path) -> Result<(), Stop> {
    let failed =
        |e: std::io::Error| Stop::new(format!("cannot read its files: {e}"), "check free space and rights");
    let mut source = String::new();
    let mut index = String::from("None");
    let mut rows = Vec::new();
    if let Some(dist) = dist {
        let dist = dist.canonicalize().map_err(failed)?;
        let brotli_dir = out_dir.join("brotli");
        let _ = fs::remove_dir_all(&brotli_dir);
        fs::create_dir_all(&brotli_dir).map_err(failed)?;
        collect(&dist, "", &brotli_dir, &mut rows).map_err(failed)?;
        rows.sort_by(|a, b| a.path.cmp(&b.path));
        compress(&rows, out_dir);
        index = format!("Some(include_str!({:?}))", dist.join("index.html"));
    }
    writeln!(source, "pub(crate) const INDEX: Option<&str> = {index};").expect("a string takes all");
    writeln!(source, "pub(crate) const TABLE: &[(&str, Asset)] = &[").expect("a string takes all");
    for row in &rows {
        let bytes = fs::read(&row.file).map_err(failed)?;
        let brotli = if row.brotli.is_file() {
            format!("Some(include_bytes!({:?}))", row.brotli)
        } else {
            "None".to_owned()
        };
        writeln!(
            source,
            "    ({:?}, Asset {{ bytes: include_bytes!({:?}), brotli: {brotli}, content_type: {:?}, etag: \"\\\"{:016x}\\\"\", immutable: {} }}),",
            row.path,
            row.file,
            row.content_type,
            fnv1a(&bytes),
            row.path.starts_with("assets/"),
        )
        .expect("a string takes all");
    }
    writeln!(source, "];").expect("a string takes all");
    fs::write(out_dir.join("table.rs"), source).map_err(failed)
}

fn collect(dir: &Path, prefix: &str, brotli_dir: &Path, rows: &mut Vec<Row>) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), &format!("{path}/"), brotli_dir, rows)?;
        } else if path != "index.html" {
            let brotli = brotli_dir.join(format!("{}.br", rows.len()));
            rows.push(Row { content_type: content_type(&path), file: entry.path(), brotli, path });
        }
    }
    Ok(())
}

/// Without Node (a console given by path) nothing is compressed: the files are then served as they are.
fn compress(rows: &[Row], out_dir: &Path) {
    let list: String = rows
        .iter()
        .filter(|row| row.content_type != "font/woff2")
        .map(|row| format!("{}\t{}\n", row.file.display(), row.brotli.display()))
        .collect();
    let list_file = out_dir.join("compress.list");
    let done = fs::write(&list_file, list).is_ok()
        && Command::new("node").args(["-e", COMPRESS]).arg(&list_file).status().is_ok_and(|s| s.success());
    if !done {
        println!("cargo::warning=console files are embedded uncompressed: node could not be run");
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" | "map" => "application/json",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// FNV-1a, 64 bits: tells versions of one file apart for caches; it guards nothing.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
