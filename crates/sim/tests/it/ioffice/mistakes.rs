//! One mistake at a time, at every resource that the contract publishes: the answer is the one of §1.5 and A-08 for that
//! mistake, not just any refusal.

use lanyard_sim::ioffice::IofficeSettings;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    fuzz::wrong_with,
    site::{HOUR, NOW, SERVICE, Site},
};

/// Paths with the verbs that they know (§1.7, §3.2, §4 to §12), `#` before an id. A query makes the list readable.
const PATHS: &[(&str, &str)] = &[
    ("/users", "GET POST"),
    ("/users/count", "GET"),
    ("/users/me", "GET PUT DELETE"),
    ("/users/quicksearch", "POST GET PUT DELETE"),
    ("/users/#5201", "GET PUT DELETE"),
    ("/users/#5201/permissions", "GET PUT"),
    ("/users/#5201/resetPassword", "PUT"),
    ("/users/types", "GET POST PUT DELETE"),
    ("/users/types/#1", "GET PUT"),
    ("/fields", "GET PUT"),
    ("/categories", "GET POST"),
    ("/categories/#12", "GET PUT DELETE"),
    ("/categories/depths", "GET POST PUT DELETE"),
    ("/categories/depths/#90", "GET PUT DELETE"),
    ("/categories/depth/#90", "GET PUT DELETE"),
    ("/categories/items", "GET POST PUT DELETE"),
    ("/categories/items/#520", "GET PUT DELETE"),
    ("/categories/items/#520/children", "GET"),
    ("/categories/items/#520/users", "GET"),
    ("/categories/items/#520/rooms", "GET"),
    ("/buildings", "GET POST"),
    ("/buildings/count", "GET PUT DELETE"),
    ("/buildings/#310", "GET PUT DELETE"),
    ("/floors", "GET POST"),
    ("/floors/#741", "GET PUT DELETE"),
    ("/rooms", "GET POST"),
    ("/rooms/#8830", "GET PUT DELETE"),
    ("/rooms/types", "GET POST PUT DELETE"),
    ("/rooms/types/#22", "GET DELETE"),
    ("/centers/#61", "GET"),
    ("/centers/reservations/rules", "PUT"),
    ("/neighborhoods/#41", "DELETE"),
    ("/neighborhoods/sections", "GET POST PUT DELETE"),
    ("/neighborhoods/Sections/#231", "DELETE"),
    ("/reservations", "GET POST"),
    ("/reservations/#BOOKING", "GET PUT DELETE"),
    ("/reservations/#BOOKING/cancel", "PUT"),
    ("/reservations/#BOOKING/checkIn", "PUT"),
    ("/reservations/#BOOKING/checkOut", "PUT"),
    ("/move/requests", "GET POST PUT"),
    ("/move/requests/#MOVE", "GET DELETE"),
    ("/move/requests/#MOVE/archive", "POST"),
    ("/move/requests/items", "GET POST DELETE"),
    ("/move/statuses", "GET"),
    ("/move/requestTypes", "GET"),
    ("/savedsearches", "GET POST"),
    ("/visitors/registrations/preregister", "POST"),
    ("/visitors/registrations/#VISIT/checkin", "POST"),
    ("/visitors/types/stringIcon/", "GET POST PUT"),
];

/// Lists that page (§1.4), with what makes them readable.
const LISTS: &[&str] = &[
    "/users?x=y",
    "/users/types?x=y",
    "/categories?x=y",
    "/categories/items?category=12",
    "/buildings?x=y",
    "/floors?buildingId=310",
    "/rooms?floorId=741",
    "/rooms/types?x=y",
    "/centers?module=reservation",
    "/neighborhoods?centerId=64",
    "/neighborhoods/sections?x=y",
    "/reservations?showOnlyMyReservations=false",
    "/move/requests?x=y",
];

struct Place {
    site: Site,
    preset: &'static str,
    booking: String,
    request: String,
    visit: String,
}

impl Place {
    fn new(preset: &'static str) -> Self {
        let mut settings = IofficeSettings::preset(preset).expect("a preset");
        settings.load_limits = false;
        let mut site = Site::with(settings);
        let made = |site: &mut Site, path: &str, body: Value| {
            let (status, answer) = site.call("POST", path, &body);
            assert!(status < 300, "{path}: {answer}");
            answer
        };
        let start = NOW + 24 * HOUR;
        let booking = json!({ "startDate": start, "endDate": start + HOUR, "allDay": false, "user": { "id": 5201 }, "room": { "id": 8830 }, "center": { "id": 61 } });
        let booking = made(&mut site, "/reservations", booking)["id"].to_string();
        let request = made(&mut site, "/move/requests", json!({ "description": "x", "status": { "id": 9 } }));
        let visitor = json!({ "visitorInfo": { "firstName": "Iris", "lastName": "Valdane" } });
        let visit = json!({ "arrivalDate": start, "userId": 5201, "centerId": 62, "visitor": visitor });
        let visit = made(&mut site, "/visitors/registrations/preregister", visit);
        let visit = visit["response"]["id"]["id"].to_string();
        Self { site, preset, booking, request: request["id"].to_string(), visit }
    }

    fn path(&self, path: &str) -> String {
        let named = [("#BOOKING", &self.booking), ("#MOVE", &self.request), ("#VISIT", &self.visit)];
        named.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id)).replace('#', "")
    }

    /// The answer must have one of these statuses, with the code that belongs to it and the vendor's own body.
    fn must(
        &mut self,
        method: &str,
        path: &str,
        body: Sent<'_>,
        expected: &[u16],
        mistake: &str,
    ) -> Result<(), String> {
        let mut headers = vec![("x-auth-username", SERVICE.0), ("x-auth-password", SERVICE.1)];
        let none = Value::Null;
        let (status, body) = match body {
            Sent::Json(value) => {
                self.ask(method, path, value.to_string().as_bytes(), "application/json", &headers)
            }
            Sent::Text(bytes, kind) => self.ask(method, path, bytes, kind, &headers),
            Sent::As(pairs) => {
                headers = pairs.to_vec();
                self.ask(method, path, none.to_string().as_bytes(), "application/json", &headers)
            }
        };
        let what = || format!("{}: {method} {path} with {mistake}: {status} {body}", self.preset);
        if !expected.contains(&status) {
            return Err(format!("{} instead of {expected:?}", what()));
        }
        let code = match status {
            400 => "invalid_request",
            401 => "unauthorized",
            403 => "access_denied",
            404 => "not_found",
            405 => "method_not_allowed",
            415 => "unsupported_media_type",
            _ => return Ok(()),
        };
        if let Some(wrong) = wrong_with(status, &body, path) {
            return Err(format!("{}: {wrong}", what()));
        }
        let of_visitors = body["status"] == "error";
        (of_visitors || body["error"] == code).then_some(()).ok_or_else(|| format!("{}, not {code}", what()))
    }

    fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: &[u8],
        kind: &str,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let mut headers = headers.to_vec();
        if !kind.is_empty() {
            headers.push(("content-type", kind));
        }
        self.site.send_bytes(method, path, body, &headers)
    }
}

enum Sent<'a> {
    Json(&'a Value),
    /// Bytes under a content type.
    Text(&'a [u8], &'a str),
    /// Nothing, with other credentials.
    As(&'a [(&'static str, &'a str)]),
}

fn every_mistake(preset: &'static str, word: &str, number: u32, bytes: &[u8]) -> Result<(), String> {
    let mut place = Place::new(preset);
    for (pattern, verbs) in PATHS {
        let path = place.path(pattern);
        let verbs: Vec<&str> = verbs.split(' ').collect();
        let method = verbs[0];
        let nothing = json!({});
        for wrong in ["GET", "POST", "PUT", "DELETE", "PATCH", "BREW"] {
            if !verbs.contains(&wrong) {
                place.must(wrong, &path, Sent::Json(&nothing), &[405], "a wrong verb")?;
            }
        }
        place.must(
            method,
            &format!("{path}/no/such/{word}"),
            Sent::Json(&nothing),
            &[404],
            "a longer path",
        )?;
        place.must(method, &format!("/{word}{path}"), Sent::Json(&nothing), &[404], "another path")?;
        for pairs in [
            &[][..],
            &[("x-auth-username", SERVICE.0), ("x-auth-password", word)],
            &[("x-auth-username", word), ("x-auth-password", SERVICE.1)],
            &[("x-auth-username", SERVICE.0)],
            &[("x-access-token", word)],
            &[("x-auth-token", word)],
            &[("cookie", "ACTID=1")],
        ] {
            place.must(method, &path, Sent::As(pairs), &[401], &format!("credentials {pairs:?}"))?;
        }
        if let Some((before, rest)) = pattern.split_once('#') {
            let tail = rest.find('/').map_or("", |at| &rest[at..]);
            let own: Value =
                serde_json::from_str(&place.path(&pattern[before.len()..pattern.len() - tail.len()]))
                    .unwrap_or_default();
            for verb in &verbs {
                for id in [number.to_string(), word.to_owned(), "-1".into(), "99999999999999999999".into()] {
                    let path = place.path(&format!("{before}{id}{tail}"));
                    let body = if tail == "/permissions" && *verb == "PUT" {
                        json!([])
                    } else {
                        json!({ "id": id.parse::<u32>().unwrap_or(number) })
                    };
                    place.must(verb, &path, Sent::Json(&body), &[404], "an unknown id")?;
                }
                if *verb == "PUT" && tail.is_empty() {
                    let other = json!({ "id": own.as_u64().unwrap_or_default() + 1 });
                    place.must(verb, &path, Sent::Json(&other), &[400], "A-12: another id in the body")?;
                }
            }
        }
        for verb in verbs.iter().filter(|verb| matches!(**verb, "POST" | "PUT")) {
            // Actions take no body.
            let action = ["cancel", "checkIn", "checkOut", "checkin", "archive", "resetPassword"];
            let unknown = matches!(
                *pattern,
                "/users/me"
                    | "/users/quicksearch"
                    | "/users/types"
                    | "/categories/depths"
                    | "/categories/items"
                    | "/buildings/count"
            );
            if action.iter().any(|name| path.ends_with(name)) || unknown && *verb == "PUT" {
                continue;
            }
            for body in [bytes, b"{\"id\":", b"7", b"\"x\""] {
                if !body.is_empty()
                    && serde_json::from_slice::<Value>(body)
                        .is_ok_and(|value| value.is_object() || value.is_array())
                {
                    continue;
                }
                if !body.is_empty() {
                    let sent = Sent::Text(body, "application/json");
                    place.must(verb, &path, sent, &[400], &format!("body {body:?}"))?;
                }
            }
            let whole = if path.ends_with("permissions") { json!({}) } else { json!([]) };
            place.must(verb, &path, Sent::Json(&whole), &[400], "a list for an object, or the reverse")?;
            place.must(verb, &path, Sent::Text(b"{}", "text/xml"), &[415], "text/xml")?;
            place.must(verb, &path, Sent::Text(b"{}", ""), &[415], "no content type")?;
        }
    }
    lists(&mut place, word)?;
    fields(&mut place, number)
}

fn lists(place: &mut Place, word: &str) -> Result<(), String> {
    let strict = place.preset == "strict";
    let unknown = if matches!(place.preset, "strict" | "hostile") { 400 } else { 200 };
    for list in LISTS {
        for (parameter, expected) in [
            ("limit=100", 200),
            ("limit=101", if strict { 400 } else { 200 }),
            ("limit=-1", 400),
            ("limit=1.5", 400),
            ("startAt=-1", 400),
            ("startAt=x", 400),
            ("orderByType=up", 400),
            ("orderByType=desc", 200),
            ("modifiedOrCreatedAfter=yesterday", 400),
            ("modifiedOrCreatedAfter=1767607200000", 200),
            ("selector=((", 400),
            ("selector=name,", 400),
            ("selector=id,name", 200),
        ] {
            let path = format!("{list}&{parameter}");
            place.must("GET", &path, Sent::Text(b"", ""), &[expected], parameter)?;
        }
        let path = format!("{list}&selector={word}");
        place.must("GET", &path, Sent::Text(b"", ""), &[unknown], "an unknown name in the selector")?;
    }
    for query in [
        "/users?centerId=61",
        "/users?role=customer",
        "/users?centerId=61&role=king",
        "/users?siteAdmin=perhaps",
        "/users?userTypeId=x",
        "/users?hasRoom=2",
        "/users?savedSearchId=999",
        "/floors?buildingId=x",
        "/centers",
        "/centers?module=nothing",
        "/neighborhoods",
        "/reservations?startDate=x",
        "/reservations?includePastReservations=7",
        "/rooms?numberOfPeople=many",
    ] {
        place.must("GET", query, Sent::Text(b"", ""), &[400], "a wrong filter")?;
    }
    Ok(())
}

/// Bodies that lack something, or name what is not there (A-08: 400).
fn fields(place: &mut Place, number: u32) -> Result<(), String> {
    let nobody = json!({ "id": number });
    let start = NOW + 48 * HOUR;
    for (call, body) in [
        ("POST /users", json!({ "lastName": "B", "email": "b@x.example" })),
        ("POST /users", json!({ "firstName": "A", "lastName": "B" })),
        (
            "POST /users",
            json!({ "firstName": "A", "lastName": "B", "email": "b@x.example", "userName": "MOKAFOR" }),
        ),
        (
            "POST /users",
            json!({ "firstName": "A", "lastName": "B", "email": "b@x.example", "userType": nobody }),
        ),
        ("PUT /users/5201", json!({ "id": 5201, "room": nobody })),
        ("PUT /users/5201", json!({ "id": 5201, "room": "8801" })),
        ("PUT /users/5201", json!({ "id": 5201, "costCenter": nobody })),
        ("PUT /users/5201", json!({ "id": 5201, "userName": "ifaro" })),
        ("PUT /users/5201/permissions", json!([{ "role": "KING", "center": { "id": 61 } }])),
        ("PUT /users/5201/permissions", json!([{ "role": "CUSTOMER", "center": nobody }])),
        ("PUT /users/5201/permissions", json!([{ "role": "CUSTOMER" }])),
        (
            "PUT /users/5201/permissions",
            json!([{ "role": "CUSTOMER", "center": { "id": 61 } }, { "role": "MANAGER", "center": { "id": 61 } }]),
        ),
        ("POST /buildings", json!({ "code": "X" })),
        ("POST /floors", json!({ "name": "1" })),
        ("POST /floors", json!({ "name": "Level 1", "building": nobody })),
        ("POST /rooms", json!({ "name": "1", "floor": { "id": 741 } })),
        ("POST /rooms", json!({ "name": "1", "floor": nobody, "type": { "id": 21 } })),
        (
            "POST /reservations",
            json!({ "startDate": start, "endDate": start + HOUR, "allDay": false, "user": nobody, "room": { "id": 8830 }, "center": { "id": 61 } }),
        ),
        (
            "POST /reservations",
            json!({ "startDate": start + HOUR, "endDate": start, "allDay": false, "user": { "id": 5201 }, "room": { "id": 8830 }, "center": { "id": 61 } }),
        ),
        (
            "POST /reservations",
            json!({ "startDate": "now", "endDate": start, "allDay": false, "user": { "id": 5201 }, "room": { "id": 8830 }, "center": { "id": 61 } }),
        ),
        (
            "POST /reservations",
            json!({ "startDate": start, "endDate": start + HOUR, "user": { "id": 5201 }, "room": { "id": 8830 }, "center": { "id": 61 } }),
        ),
        (
            "POST /reservations",
            json!({ "startDate": start, "endDate": start + HOUR, "allDay": false, "user": { "id": 5201 }, "room": { "id": 8830 }, "center": { "id": 62 } }),
        ),
        ("PUT /centers/reservations/rules", json!({ "centerId": number, "ruleList": [] })),
        ("PUT /centers/reservations/rules", json!({ "centerId": 62, "ruleList": [] })),
        ("PUT /centers/reservations/rules", json!({ "centerId": 61, "ruleList": [{ "$type$": "Nothing" }] })),
        (
            "PUT /centers/reservations/rules",
            json!({ "centerId": 61, "ruleList": [{ "$type$": "MaxDuration", "value": "8h" }] }),
        ),
        (
            "PUT /centers/reservations/rules",
            json!({ "centerId": 61, "ruleList": [{ "$type$": "MaxDuration", "value": "60m", "roomId": number }] }),
        ),
        ("POST /move/requests", json!({ "description": "x" })),
        ("POST /move/requests", json!({ "description": "x", "status": nobody })),
        ("POST /categories/items", json!({ "name": "x" })),
        ("POST /categories/items", json!({ "name": "x", "category": nobody })),
        ("PUT /neighborhoods", json!({ "name": "x" })),
        ("POST /savedsearches", json!({ "name": "x" })),
        ("DELETE /buildings/310", Value::Null),
        ("DELETE /floors/741", Value::Null),
        ("DELETE /categories/items/410", Value::Null),
    ] {
        let (method, path) = call.split_once(' ').ok_or("METHOD path")?;
        place.must(method, path, Sent::Json(&body), &[400], &format!("body {body}"))?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn each_mistake_has_its_own_answer(
        preset in prop::sample::select(vec!["default", "strict", "lenient", "hostile"]),
        word in "z[a-z]{3,20}q",
        number in 100_000_u32..4_000_000_000,
        bytes in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        if let Err(wrong) = every_mistake(preset, &word, number, &bytes) {
            prop_assert!(false, "{}", wrong);
        }
    }
}

#[test]
fn each_mistake_has_its_own_answer_under_every_preset() {
    for preset in ["default", "strict", "lenient", "hostile"] {
        every_mistake(preset, "zznobodyq", 999_999, b"{]").unwrap_or_else(|wrong| panic!("{wrong}"));
    }
}
