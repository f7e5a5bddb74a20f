//! The one page of the console, and the policy under which a browser may run it.

use crate::INDEX;

/// The place in `index.html` that receives the nonce.
const NONCE_PLACE: &str = "__CSP_NONCE__";

const NO_CONSOLE: &str = include_str!("no_console.html");

/// The page for every screen of the console, with `nonce` in its place; or, if this build has no console, a plain page
/// that says so and names the ways to get one.
///
/// `nonce` must be fresh and unguessable for each request (16 random bytes in base64) and must be the one given to
/// [`content_security_policy`].
#[must_use]
pub fn index_html(nonce: &str) -> String {
    page(INDEX, nonce)
}

/// Value of the `Content-Security-Policy` header under which [`index_html`] works: scripts, fonts and connections from
/// this server alone, no inline script, and inline style only with `nonce`.
#[must_use]
pub fn content_security_policy(nonce: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; \
         font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn page(index: Option<&str>, nonce: &str) -> String {
    index.unwrap_or(NO_CONSOLE).replace(NONCE_PLACE, nonce)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_of_the_nonce_is_filled() {
        let index = "<meta name=\"csp-nonce\" content=\"__CSP_NONCE__\"><style nonce=\"__CSP_NONCE__\">";
        assert_eq!(
            page(Some(index), "q0w1"),
            "<meta name=\"csp-nonce\" content=\"q0w1\"><style nonce=\"q0w1\">"
        );
    }

    #[test]
    fn without_a_console_the_page_names_the_ways_out_and_obeys_the_policy() {
        let page = page(None, "q0w1");
        assert!(page.contains("cargo build --release") && page.contains("CONSOLE_UI=build"));
        assert!(page.contains("<style nonce=\"q0w1\">") && !page.contains("<script"));
        assert!(content_security_policy("q0w1").contains("style-src 'self' 'nonce-q0w1';"));
    }
}
