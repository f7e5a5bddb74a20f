//! Requests nobody would write: whatever comes, the answer is the vendor's, never a panic, never a 500 of ours.

use lanyard_sim::ioffice::IofficeSettings;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::site::{SERVICE, Site};

fn segment() -> impl Strategy<Value = String> {
    let words = [
        "users",
        "me",
        "username",
        "quicksearch",
        "types",
        "permissions",
        "fields",
        "categories",
        "items",
        "depths",
        "children",
        "buildings",
        "floors",
        "rooms",
        "countries",
        "centers",
        "holidays",
        "reservations",
        "rules",
        "neighborhoods",
        "sections",
        "Sections",
        "visitors",
        "registrations",
        "preregister",
        "checkin",
        "checkout",
        "stringIcon",
        "move",
        "requests",
        "archived",
        "archive",
        "statuses",
        "contacts",
        "agreements",
        "savedsearches",
        "properties",
        "sftp",
        "create",
        "cancel",
        "checkIn",
        "assets",
        "count",
        "5201",
        "5203",
        "8801",
        "8830",
        "310",
        "741",
        "61",
        "64",
        "1",
        "12",
        "410",
        "231",
    ];
    prop_oneof![
        8 => prop::sample::select(words.to_vec()).prop_map(str::to_owned),
        1 => "-?[0-9]{1,21}",
        1 => "[%0-9a-zA-Z._~-]{0,10}",
    ]
}

fn path() -> impl Strategy<Value = String> {
    let api = prop::collection::vec(segment(), 0..5).prop_map(|parts| format!("/{}", parts.join("/")));
    let other = prop::sample::select(vec![
        "/external/api/oauth2/token",
        "/external/api/oauth2/tokeninfo",
        "/external/api/oauth2/revoke",
        "/login.html",
        "/external",
        "/external/api/rest/v3/users",
    ]);
    prop_oneof![8 => api, 1 => other.prop_map(str::to_owned)]
}

fn query() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "limit",
        "startAt",
        "orderBy",
        "orderByType",
        "selector",
        "search",
        "modifiedOrCreatedAfter",
        "centerId",
        "role",
        "siteAdmin",
        "buildingId",
        "floorId",
        "startDate",
        "endDate",
        "showOnlyMyReservations",
        "requestId",
        "savedSearchId",
        "searchType",
        "category",
        "statusId",
        "response_type",
        "redirect_uri",
        "nobody",
    ]);
    let value = prop_oneof![
        "-?[0-9]{0,21}",
        "[a-zA-Z(),]{0,24}",
        "\\PC{0,12}",
        Just("((((((((((((((((((((((((((((((((".to_owned()),
        prop::sample::select(vec!["true", "false", "asc", "desc", "CUSTOMER", "user"])
            .prop_map(str::to_owned),
    ];
    prop::collection::vec((name, value), 0..4).prop_map(|pairs| {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        out.extend_pairs(pairs);
        out.finish()
    })
}

fn body() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        prop::sample::select(vec![5201, 5202, 8801, 8830, 61, 310, 1])
            .prop_map(|id: i64| json!({ "id": id })),
        "\\PC{0,16}".prop_map(Value::from),
    ];
    let key = prop_oneof![
        6 => prop::sample::select(vec![
            "id", "firstName", "lastName", "email", "userName", "userType", "room", "active", "costCenters", "role",
            "center", "name", "code", "building", "floor", "type", "capacity", "user", "startDate", "endDate",
            "allDay", "numberOfPeople", "ruleList", "centerId", "items", "description", "status", "toRoom", "request",
            "comments", "visitor", "visitorInfo", "arrivalDate", "userId", "neighborhood", "rooms", "category",
            "matchingType", "itemClassName", "availability", "seatClassification", "neighborhoodSection", "date",
        ]).prop_map(str::to_owned),
        1 => "\\PC{0,5}",
    ];
    leaf.prop_recursive(4, 30, 6, move |inner| {
        prop_oneof![
            3 => prop::collection::vec((key.clone(), inner.clone()), 0..7)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            1 => prop::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    })
}

type Call = (&'static str, String, Value, usize);

fn call() -> impl Strategy<Value = Call> {
    let method = prop::sample::select(vec!["GET", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "BREW"]);
    (method, path(), query(), body(), 0..6_usize).prop_map(|(method, path, query, body, who)| {
        let path = if query.is_empty() { path } else { format!("{path}?{query}") };
        (method, path, body, who)
    })
}

/// Says what about an answer is not the vendor's.
pub fn wrong_with(status: u16, body: &Value, path: &str) -> Option<String> {
    // The vendor answers edits of countries with 500 (§1.5).
    if status >= 500 && !(status == 500 && path.starts_with("/countries")) {
        return Some("an error of ours".into());
    }
    if status < 400 {
        return None;
    }
    let visitors = body["status"] == "error" && body["message"].is_string();
    let core = body["status"] == status
        && body["error"].as_str().is_some_and(|code| !code.is_empty())
        && body["errorDescription"].is_string()
        && body["localized"].is_boolean();
    (!visitors && !core).then(|| "no error body of the vendor's".into())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_the_answer_is_the_vendors(
        preset in prop::sample::select(vec!["default", "strict", "lenient", "hostile"]),
        calls in prop::collection::vec(call(), 1..40),
    ) {
        let mut settings = IofficeSettings::preset(preset).unwrap();
        settings.load_limits = false;
        let mut site = Site::with(settings);
        for (method, path, body, who) in &calls {
            let headers: &[(&str, &str)] = match who {
                0 => &[],
                1 => &[("x-auth-username", "ifaro"), ("x-auth-password", "ines-local")],
                2 => &[("x-auth-username", SERVICE.0), ("x-auth-password", "wrong")],
                _ => &[("x-auth-username", SERVICE.0), ("x-auth-password", SERVICE.1)],
            };
            let uri = if path.starts_with("/external") || path.starts_with("/login") {
                path.clone()
            } else {
                format!("/external/api/rest/v2{path}")
            };
            if uri.parse::<http::Uri>().is_err() {
                continue;
            }
            let (status, _, answer) = site.send(method, path, body, headers);
            if let Some(wrong) = wrong_with(status, &answer, path) {
                prop_assert!(false, "{}: {} {} {} answered {} {}", wrong, method, path, body, status, answer);
            }
            site.now += 60_000;
        }
    }
}
