//! Cookies. Over https they are `__Host-` cookies: bound to this host, secure, never readable by scripts. A browser
//! keeps no secure cookie from plain http, so on this machine alone (a loopback address) they go without.

use axum::http::{HeaderMap, HeaderValue, header};

/// Names differ, so that a cookie that came over plain http is never taken for the other.
fn name(base: &str, plain: bool) -> String {
    if plain { base.to_owned() } else { format!("__Host-{base}") }
}

/// Whether the browser reached us by a loopback address, without a proxy before us.
pub(crate) fn is_loopback(headers: &HeaderMap) -> bool {
    let forwarded = ["forwarded", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-for"];
    if forwarded.iter().any(|name| headers.contains_key(*name)) {
        return false;
    }
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let bare = match host.rsplit_once(':') {
        Some((bare, port)) if port.bytes().all(|b| b.is_ascii_digit()) => bare,
        _ => host,
    };
    let bare = bare.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The value of our cookie `base`.
pub(crate) fn read(headers: &HeaderMap, base: &str) -> Option<String> {
    let wanted = name(base, is_loopback(headers));
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(';'))
        .find_map(|pair| {
            pair.trim().split_once('=').filter(|(name, _)| *name == wanted).map(|(_, value)| value.to_owned())
        })
}

/// Sets the cookie; `same_site` is `Strict` or `Lax`, an age of 0 takes it away.
pub(crate) fn set(to: &mut HeaderMap, plain: bool, base: &str, value: &str, same_site: &str, seconds: u64) {
    let secure = if plain { "" } else { "; Secure" };
    let text = format!(
        "{}={value}; HttpOnly{secure}; SameSite={same_site}; Path=/; Max-Age={seconds}",
        name(base, plain)
    );
    if let Ok(value) = HeaderValue::from_str(&text) {
        to.append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_direct_visit_by_loopback_goes_without_secure() {
        for (host, more, plain) in [
            ("127.0.0.1:8480", None, true),
            ("localhost", None, true),
            ("[::1]:8480", None, true),
            ("lanyard.example.com", None, false),
            ("127.0.0.1.evil.example", None, false),
            ("localhost:8480", Some("x-forwarded-proto"), false),
            ("", None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(more) = more {
                headers.insert(more, "https".parse().unwrap());
            }
            assert_eq!(is_loopback(&headers), plain, "{host}");
            headers.insert(header::COOKIE, "lanyard=plain; __Host-lanyard=secure".parse().unwrap());
            let read = read(&headers, "lanyard");
            assert_eq!(read.as_deref(), Some(if plain { "plain" } else { "secure" }), "{host}");
        }
    }
}
