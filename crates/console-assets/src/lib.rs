//! The web console's files, embedded at build time. See `build/main.rs` for when and how they are built.
//!
//! This crate knows bytes and headers' values; routing and status codes are chosen in `lanyard-web`:
//! `/api/*` never comes here; a path for which [`asset`] answers is served with it; an unknown `assets/*` is a 404;
//! every other path is a screen of the console and gets [`index_html`] with [`content_security_policy`], `no-store`.

mod page;

pub use page::{content_security_policy, index_html};

include!(concat!(env!("OUT_DIR"), "/table.rs"));

/// One embedded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    pub bytes: &'static [u8],
    /// The same file compressed with brotli, where that saves at least a tenth.
    pub brotli: Option<&'static [u8]>,
    /// Value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Value of the `ETag` header of the uncompressed form, quotes included. It names the content, not the encoding:
    /// a server that sends brotli answers with `Vary: Accept-Encoding`, and may weaken the tag by a `W/`.
    pub etag: &'static str,
    /// Whether the file's name changes with its content, so that it may be cached for ever.
    pub immutable: bool,
}

/// The file at `path`, written without a leading slash (`assets/index-4f2a.js`). `index.html` is not among them: it is
/// made anew for each request by [`index_html`].
#[must_use]
pub fn asset(path: &str) -> Option<Asset> {
    find(TABLE, path)
}

/// Whether this build holds a console. Without one, [`index_html`] gives a plain page that says so.
#[must_use]
pub fn is_built() -> bool {
    INDEX.is_some()
}

fn find(table: &[(&str, Asset)], path: &str) -> Option<Asset> {
    let row = table.binary_search_by(|(name, _)| (*name).cmp(path)).ok()?;
    Some(table[row].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn file(bytes: &'static [u8]) -> Asset {
        Asset { bytes, brotli: None, content_type: "text/plain", etag: "\"0\"", immutable: false }
    }

    #[test]
    fn a_file_is_found_by_its_exact_path_only() {
        let table = [("assets/a.js", file(b"a")), ("assets/b.js", file(b"b")), ("favicon.svg", file(b"f"))];
        for (path, expected) in [
            ("assets/b.js", Some(b"b".as_slice())),
            ("favicon.svg", Some(b"f")),
            ("/favicon.svg", None),
            ("assets/", None),
            ("assets/../favicon.svg", None),
            ("", None),
        ] {
            assert_eq!(find(&table, path).map(|a| a.bytes), expected, "{path}");
        }
    }

    #[test]
    fn the_generated_table_is_sorted_and_leaves_the_index_out() {
        assert!(TABLE.is_sorted_by(|(a, _), (b, _)| a < b));
        assert_eq!(asset("index.html"), None);
    }
}
