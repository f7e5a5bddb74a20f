//! `Link` headers (contract §2.2): the address of the next page, taken as it is.

use http::HeaderMap;
use url::Url;

/// The target of the first `rel="next"` over all `Link` lines, joined or not.
pub(crate) fn next_link(headers: &HeaderMap) -> Option<String> {
    headers
        .get_all(http::header::LINK)
        .iter()
        .find_map(|line| next_in(&String::from_utf8_lossy(line.as_bytes())))
}

fn next_in(line: &str) -> Option<String> {
    let mut rest = line;
    while let Some((_, after)) = rest.split_once('<') {
        let (target, after) = after.split_once('>')?;
        // Parameters run to the next comma outside quotes; a comma inside <…> was passed above.
        let mut quoted = false;
        let end = after
            .char_indices()
            .find(|(_, c)| {
                quoted ^= *c == '"';
                *c == ',' && !quoted
            })
            .map_or(after.len(), |(at, _)| at);
        if after[..end].split(';').any(is_next) {
            return Some(target.trim().to_owned());
        }
        rest = &after[end..];
    }
    None
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    name.trim().eq_ignore_ascii_case("rel")
        && value.trim().trim_matches('"').split_whitespace().any(|rel| rel.eq_ignore_ascii_case("next"))
}

/// `url` with its `limit` parameter replaced, everything else byte for byte as it came; `None` if it has none.
pub(crate) fn with_limit(url: &str, limit: u32) -> Option<String> {
    let (head, query) = url.split_once('?')?;
    let mut found = false;
    let parts: Vec<String> = query
        .split('&')
        .map(|part| {
            if part.starts_with("limit=") {
                found = true;
                format!("limit={limit}")
            } else {
                part.to_owned()
            }
        })
        .collect();
    found.then(|| format!("{head}?{}", parts.join("&")))
}

/// `url` with `name=value` added unless some `name` is there already (contract §8: `expand` gets lost).
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    match url.split_once('?') {
        Some((_, query)) if query.split('&').any(|p| p.split('=').next() == Some(name)) => url.to_owned(),
        Some(_) => format!("{url}&{name}={value}"),
        None => format!("{url}?{name}={value}"),
    }
}

/// `url` without its parameter `name`.
pub(crate) fn without_parameter(url: &Url, name: &str) -> Url {
    let kept: Vec<(String, String)> =
        url.query_pairs().filter(|(n, _)| n != name).map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_is_found_in_every_form() {
        let page = "https://n.okta.com/api/v1/users?after=00u7,x&limit=200";
        let own = r#"<https://n.okta.com/api/v1/users?limit=200>; rel="self""#;
        for lines in [
            vec![own.to_owned(), format!("<{page}>; rel=\"next\"")],
            vec![format!("<{page}>; rel=\"next\""), own.to_owned()],
            vec![format!("{own}, <{page}>; rel=\"next\"")],
            vec![format!("{own},<{page}>;rel=next;title=\"a, b\"")],
            vec![format!("<{page}>; title=\"x, <y>\"; REL=\"last NEXT\"")],
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append("link", line.parse().expect("a header"));
            }
            assert_eq!(next_link(&headers).as_deref(), Some(page), "{lines:?}");
        }
        for line in [own, "<broken", "", r#"<https://n.okta.com/x>; rel="nextish""#] {
            assert_eq!(next_in(line), None, "{line}");
        }
    }

    #[test]
    fn only_the_limit_changes() {
        let url = "https://n.okta.com/api/v1/logs?after=a%2Fb%3D&limit=1000&since=2026-05-04T08%3A00Z";
        assert_eq!(
            with_limit(url, 500).as_deref(),
            Some("https://n.okta.com/api/v1/logs?after=a%2Fb%3D&limit=500&since=2026-05-04T08%3A00Z")
        );
        assert_eq!(with_limit("https://n.okta.com/api/v1/logs", 500), None);
    }

    #[test]
    fn a_lost_expand_returns() {
        let lost = "https://n.okta.com/api/v1/apps/0oa1/users?after=x&limit=500";
        assert_eq!(with_parameter(lost, "expand", "user"), format!("{lost}&expand=user"));
        let kept = format!("{lost}&expand=user");
        assert_eq!(with_parameter(&kept, "expand", "user"), kept);
    }
}
