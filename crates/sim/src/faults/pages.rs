//! Lists that lie: torn, shifted, stale, or leading elsewhere.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use serde_json::Value;

use super::rule::Effect;

/// First answers remembered for [`Effect::StaleList`]; further lists stay truthful.
const REMEMBERED_MAX: usize = 512;
/// Where a foreign `next` link points.
const FOREIGN: &str = "https://attacker.example";

/// What [`Effect::StaleList`] needs to remember.
#[derive(Debug, Default)]
pub(super) struct FirstAnswers(BTreeMap<String, (http::HeaderMap, Bytes)>);

impl FirstAnswers {
    /// Keeps the first whole list answer to each request.
    pub(super) fn remember<B>(&mut self, request: &Asked, response: &Response<B>)
    where
        B: Clone + Into<Bytes>,
    {
        if request.is_get && response.status().is_success() && self.0.len() < REMEMBERED_MAX {
            let body: Bytes = response.body().clone().into();
            if body.first() == Some(&b'[') {
                let key = request.uri.clone();
                self.0.entry(key).or_insert_with(|| (response.headers().clone(), body));
            }
        }
    }

    fn recall(&self, uri: &str) -> Option<&(http::HeaderMap, Bytes)> {
        self.0.get(uri)
    }
}

/// What the disturbances below need to know of a request that the face has consumed.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    uri: String,
    is_get: bool,
    is_follow_up: bool,
}

impl Asked {
    pub(super) fn of<B>(request: &Request<B>) -> Self {
        let query = request.uri().query().unwrap_or_default();
        let is_follow_up = query.split('&').any(|pair| match pair.split_once('=') {
            Some(("after", cursor)) => !cursor.is_empty(),
            Some(("startAt", offset)) => offset.parse::<u64>().is_ok_and(|offset| offset > 0),
            _ => false,
        });
        Self { uri: request.uri().to_string(), is_get: request.method() == Method::GET, is_follow_up }
    }
}

/// Applies a list effect to an answer. Answers that are no lists, and other effects, change nothing.
/// Says whether anything changed.
pub(super) fn disturb(
    effect: Effect,
    asked: &Asked,
    response: &mut Response<Bytes>,
    first: &FirstAnswers,
) -> bool {
    if !asked.is_get || !response.status().is_success() {
        return false;
    }
    match effect {
        Effect::TornPage => rows(response, |rows| {
            let lost = rows.len().div_ceil(3);
            rows.truncate(rows.len() - lost);
            lost > 0
        }),
        Effect::ShiftingPage if asked.is_follow_up => rows(response, |rows| {
            let any = !rows.is_empty();
            if any {
                rows.remove(0);
            }
            any
        }),
        Effect::StaleList => match first.recall(&asked.uri) {
            Some((headers, body)) if body != response.body() => {
                for name in [header::LINK, header::CONTENT_TYPE, header::CONTENT_LENGTH] {
                    response.headers_mut().remove(&name);
                    for value in headers.get_all(&name) {
                        response.headers_mut().append(&name, value.clone());
                    }
                }
                *response.body_mut() = body.clone();
                true
            }
            _ => false,
        },
        Effect::ForeignNext => foreign(response),
        _ => false,
    }
}

fn rows(response: &mut Response<Bytes>, change: impl FnOnce(&mut Vec<Value>) -> bool) -> bool {
    let Ok(Value::Array(mut list)) = serde_json::from_slice(response.body()) else { return false };
    if !change(&mut list) {
        return false;
    }
    *response.body_mut() = Bytes::from(Value::Array(list).to_string());
    response.headers_mut().remove(header::CONTENT_LENGTH);
    true
}

/// Rewrites `<https://host/path>; rel="next"` in each `Link` line, leaving `self` alone.
fn foreign(response: &mut Response<Bytes>) -> bool {
    let lines: Vec<HeaderValue> = response.headers().get_all(header::LINK).iter().cloned().collect();
    let mut changed = false;
    response.headers_mut().remove(header::LINK);
    for line in lines {
        let text = line.to_str().unwrap_or_default();
        let rewritten: Vec<String> = text
            .split(", <")
            .enumerate()
            .map(|(place, link)| if place == 0 { link.to_owned() } else { format!("<{link}") })
            .map(|link| {
                let path =
                    link.trim_start_matches('<').split_once("://").and_then(|(_, rest)| rest.split_once('/'));
                match path {
                    Some((_, path)) if link.contains("rel=\"next\"") => {
                        changed = true;
                        format!("<{FOREIGN}/{path}")
                    }
                    _ => link,
                }
            })
            .collect();
        let value = HeaderValue::try_from(rewritten.join(", ")).unwrap_or(line);
        response.headers_mut().append(header::LINK, value);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> Response<Bytes> {
        let mut response = Response::new(Bytes::copy_from_slice(body.as_bytes()));
        for link in [
            "<https://a.okta.com/api/v1/users?limit=2>; rel=\"self\"",
            "<https://a.okta.com/api/v1/users?after=x>; rel=\"next\"",
        ] {
            response.headers_mut().append(header::LINK, HeaderValue::from_static(link));
        }
        response
    }

    #[test]
    fn lists_lie_as_told() {
        for (effect, uri, expected) in [
            (Effect::TornPage, "/users", "[1,2]"),
            (Effect::ShiftingPage, "/users?startAt=0", "[1,2,3,4]"),
            (Effect::ShiftingPage, "/users?limit=4&startAt=4", "[2,3,4]"),
            (Effect::ShiftingPage, "/users?after=00u", "[2,3,4]"),
            (Effect::Delay, "/users", "[1,2,3,4]"),
        ] {
            let asked = Asked::of(&Request::get(uri).body(()).expect("a request"));
            let mut response = answer("[1,2,3,4]");
            disturb(effect, &asked, &mut response, &FirstAnswers::default());
            assert_eq!(response.body(), expected, "{effect:?} {uri}");
        }
    }

    #[test]
    fn a_stale_list_repeats_its_first_answer() {
        let asked = Asked::of(&Request::get("/users").body(()).expect("a request"));
        let mut first = FirstAnswers::default();
        first.remember(&asked, &answer("[1]"));
        first.remember(&asked, &answer("[1,2]"));
        let mut response = answer("[1,2,3]");
        assert!(disturb(Effect::StaleList, &asked, &mut response, &first));
        assert_eq!(response.body(), "[1]");
    }

    #[test]
    fn only_next_leads_elsewhere() {
        let asked = Asked::of(&Request::get("/users").body(()).expect("a request"));
        let mut response = answer("[]");
        assert!(disturb(Effect::ForeignNext, &asked, &mut response, &FirstAnswers::default()));
        let links: Vec<_> =
            response.headers().get_all(header::LINK).iter().map(|v| v.to_str().unwrap_or("")).collect();
        assert_eq!(
            links,
            [
                "<https://a.okta.com/api/v1/users?limit=2>; rel=\"self\"",
                "<https://attacker.example/api/v1/users?after=x>; rel=\"next\"",
            ]
        );
    }
}
