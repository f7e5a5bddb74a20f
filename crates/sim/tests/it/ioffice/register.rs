//! Every tagged fact of the iOffice contract, and the test that holds the stand-in against it, or why none can. A fact
//! that the contract gains fails here until it has its line.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, SERVICE, Site, get, row};

/// A piece of a line of the contract with a tag, and the tests that check its fact: `file::test (words in it)`.
const CHECKED: &[(&str, &str)] = &[
    (
        "`room`/`rooms` [D]",
        "facts::what_others_have_invented_is_not_there (GET /spaces); places::buildings_floors_rooms",
    ),
    (
        "before `?` (`/users?..`, `/users/?..`) [C]",
        "transport::urls_errors_and_encoding (C: with slash before ?)",
    ),
    ("| Header pair |", "transport::header_pair_sign_in (C: any active local account)"),
    (
        "| OAuth 2.0 code |",
        "transport::oauth_code_refresh_expiry_revocation ([L] parameters travel as headers)",
    ),
    ("| Browser session |", "register::sign_in_facts_that_no_other_file_checks (ACTID=1234)"),
    (
        "The header pair works only for a local (non-SSO) account [C]",
        "transport::header_pair_sign_in (C: SSO people have no password)",
    ),
    (
        "**parameters travel as request headers, not a body** [L]",
        "register::sign_in_facts_that_no_other_file_checks ([L] a body is not read)",
    ),
    (
        "Reply: `{\"token_type\",\"access_token\",\"expires_in\"}` always",
        "register::sign_in_facts_that_no_other_file_checks ([L] always)",
    ),
    ("4. Refresh: same URL", "transport::oauth_code_refresh_expiry_revocation (x-refresh-token)"),
    (
        "5. `GET /external/api/oauth2/tokeninfo`",
        "transport::oauth_code_refresh_expiry_revocation (oauth2/tokeninfo)",
    ),
    (
        "PUT actions without input take an empty body [C]",
        "bookings::book_change_cancel (PUT /reservations/60000/checkIn)",
    ),
    ("* Ids: JSON integers in bodies", "visits_and_moves::visitors_have_their_own_envelope (D: 200)"),
    (
        "* Times: integers, **milliseconds**",
        "bookings::book_change_cancel (checkedInDate); register::facts_that_no_other_file_checks (D: YYYY-MM-DD)",
    ),
    ("* Booleans are real JSON booleans [C]", "places::buildings_floors_rooms (C: occupied)"),
    (
        "* Null/empty: absent values are normally **omitted**",
        "facts::counts_and_selected_fields (D: empty texts print); transport::urls_errors_and_encoding (D: empty reference)",
    ),
    ("* Two envelopes exist.", "visits_and_moves::visitors_have_their_own_envelope (D: 200)"),
    (
        "| `search` | free text",
        "transport::lists_page_sort_count_and_search; register::facts_that_no_other_file_checks (C: by e-mail)",
    ),
    ("Paging ends when a page is shorter", "transport::lists_page_sort_count_and_search (startAt)"),
    (
        "`GET {collection}/count` with the same filters",
        "facts::counts_and_selected_fields (/neighborhoods/count?centerId=64)",
    ),
    (
        "expanded shrink to that stub; empty fields stay absent [D]",
        "facts::counts_and_selected_fields (D: a reference that is not expanded); register::facts_that_no_other_file_checks (D: image(…))",
    ),
    ("| 401 | bad credentials", "transport::header_pair_sign_in (L: bad credentials)"),
    ("| 403 | expired OAuth token", "transport::oauth_code_refresh_expiry_revocation (403)"),
    ("| 429 | too many requests", "transport::load_rules (429)"),
    ("| 500 | transient, retry", "facts::verbs_are_as_irregular_as_published (D: no edits of countries)"),
    ("Delete reply: 200", "facts::verbs_are_as_irregular_as_published (Successfully removed)"),
    (
        "Error body: the four keys",
        "transport::urls_errors_and_encoding (C: error body); register::sign_in_facts_that_no_other_file_checks ([L] on OAuth too)",
    ),
    ("**PUT is a sparse merge**", "lifecycle::create_and_sparse_update (D: sparse)"),
    ("| 3 | **one role per center**", "access::permissions_are_replaced_as_a_whole (D: by selector)"),
    ("| 5 | seat: room", "lifecycle::create_and_sparse_update (Dh: room)"),
    ("| 6 | category (cost-center) membership", "lifecycle::create_and_sparse_update (D: membership)"),
    ("| 7 | reservation rules", "places::centers_rules_and_neighbourhoods (D: whole list)"),
    (
        "`technician` is a fifth accepted *filter* value [D]",
        "register::facts_that_no_other_file_checks (D: technician)",
    ),
    ("`req` = needed on create [D]", "lifecycle::create_and_sparse_update (D: required)"),
    ("| `lastUpdatedBy` | ref | RO | [C] |", "register::facts_that_no_other_file_checks (C: lastUpdatedBy)"),
    (
        "| GET `/users/{id}` | – | User | `?selector` works [C] |",
        "transport::urls_errors_and_encoding (C: with slash before ?)",
    ),
    ("| PUT `/users/{id}` | `{\"id\":n, …changes}`", "lifecycle::create_and_sparse_update (D: sparse)"),
    (
        "| GET `/users/username/{username}` |",
        "lifecycle::create_and_sparse_update (C: taken, any letter case)",
    ),
    ("`GET /users` filters [D]", "register::facts_that_no_other_file_checks (D: userTypeId)"),
    (
        "userName starts with `$@` and ends with `@$`",
        "register::facts_that_no_other_file_checks (D: kiosks have no e-mail)",
    ),
    ("* Uniqueness: **userName is unique**", "lifecycle::create_and_sparse_update (D: unique userName)"),
    (
        "GET returns the array; PUT takes the array",
        "access::permissions_are_replaced_as_a_whole (D: upper case)",
    ),
    ("User assignment: default category", "lifecycle::create_and_sparse_update (D: default category only)"),
    (
        "name = drawing number; **repeats across buildings** [C]",
        "places::buildings_floors_rooms (C: names repeat across buildings)",
    ),
    ("| `reservableByRules` | bool RO |", "register::facts_that_no_other_file_checks (reservableByRules)"),
    ("| `occupied` | bool RO | [C]", "places::buildings_floors_rooms (C: occupied)"),
    (
        "**Whole-list replace: any rule left out is deleted** [D]",
        "places::centers_rules_and_neighbourhoods (D: whole list); register::facts_that_no_other_file_checks (Dh: the same again is no error)",
    ),
    ("| `checkedIn`, `checkedOut` | bool RO |", "bookings::book_change_cancel (checkedInDate)"),
    ("| PUT `/reservations/{id}/cancel", "bookings::book_change_cancel (C: page is optional)"),
    ("| PUT `/reservations/{id}/checkIn`, `/checkOut` |", "bookings::book_change_cancel (D: PUT, not POST)"),
    ("| assign workspace", "lifecycle::create_and_sparse_update (Dh: room)"),
];

/// The files that hold the tests named above.
const FILES: &[(&str, &str)] = &[
    ("access", include_str!("access.rs")),
    ("bookings", include_str!("bookings.rs")),
    ("facts", include_str!("facts.rs")),
    ("lifecycle", include_str!("lifecycle.rs")),
    ("places", include_str!("places.rs")),
    ("register", include_str!("register.rs")),
    ("transport", include_str!("transport.rs")),
    ("visits_and_moves", include_str!("visits_and_moves.rs")),
];

/// What a test consists of, if there is one of that name.
fn body(file: &str, test: &str) -> Option<&'static str> {
    let text = FILES.iter().find(|(name, _)| *name == file)?.1;
    let start = text.find(&format!("#[test]\nfn {test}() {{"))?;
    let rest = &text[start..];
    Some(&rest[..rest.find("\n}\n")?])
}

/// Tagged lines without a test, with the reason.
const NOT_CHECKED: &[(&str, &str)] = &[
    (
        "usually `https://{tenant}.iofficeconnect.com` [C]",
        "the stand-in answers under any host; https with --tls",
    ),
    ("Vendor guidance [D]", "advice to clients, nothing that a server does"),
    (
        "per-endpoint strict mode",
        "speaks of the tags themselves; transport: strict_answers_only_what_is_published",
    ),
    // The table that says what the tags mean.
    ("| [D] |", "legend"),
    ("| [Dh] |", "legend"),
    ("| [L] |", "legend"),
    ("| [C] |", "legend"),
    ("| [T] |", "legend"),
];

#[test]
fn every_tagged_fact_is_checked_or_has_its_reason() {
    let contract = include_str!("../../../../../docs/contracts/ioffice.md");
    let tags = ["[D]", "[Dh]", "[C]", "[L]"];
    let tagged: Vec<&str> =
        contract.lines().filter(|line| tags.iter().any(|tag| line.contains(tag))).collect();
    let known = || CHECKED.iter().chain(NOT_CHECKED);
    for line in &tagged {
        assert!(known().any(|(piece, _)| line.contains(piece)), "no test is named for: {line}");
    }
    for (piece, place) in known() {
        assert!(tagged.iter().any(|line| line.contains(piece)), "not in the contract: {piece} ({place})");
    }
    let count: usize = tags.iter().map(|tag| contract.matches(tag).count()).sum();
    assert_eq!((tagged.len(), count, NOT_CHECKED.len()), (58, 74, 8), "told in the guide");
}

#[test]
fn every_test_that_is_named_is_there_and_speaks_of_such_evidence() {
    let contract = include_str!("../../../../../docs/contracts/ioffice.md");
    for (piece, places) in CHECKED {
        let line = contract.lines().find(|line| line.contains(piece)).expect("a line of the contract");
        let mut tagged = false;
        for place in places.split("; ") {
            let (name, words) = place.split_once(" (").map_or((place, ""), |(name, rest)| {
                (name, rest.strip_suffix(')').expect("words in parentheses"))
            });
            let (file, test) = name.split_once("::").expect("file::test");
            let body = body(file, test).unwrap_or_else(|| panic!("{piece}: there is no test {name}"));
            assert!(body.contains(words), "{piece}: {name} does not say {words:?}");
            tagged |= ["D", "Dh", "C", "L"].iter().any(|tag| {
                let shown = [format!("\"{tag}:"), format!("\"{tag}\""), format!("[{tag}]")];
                line.contains(&format!("[{tag}]")) && shown.iter().any(|shown| body.contains(shown))
            });
        }
        assert!(tagged, "{piece}: no test names the evidence that the line has");
    }
}

#[test]
fn facts_that_no_other_file_checks() {
    let mut site = Site::new(json!({}));
    let rules = json!({"centerId": 61, "ruleList": [{"$type$": "MaxDuration", "value": "480m"}]});
    let nothing = || Value::Null;
    site.command(json!({"do": "edit_user", "user": 5202, "fields": {"permissions": [{"role": "TECHNICIAN", "center": 61}]}}));
    site.run(vec![
        get("D: technician", "/users?centerId=61&role=technician", 200, json!([{"id": 5202}])),
        row("D: upper case in bodies", "PUT /users/5202/permissions", json!([{"role": "TECHNICIAN", "center": {"id": 61}}]), 200, nothing()),
        get("D: userTypeId", "/users?userTypeId=2", 200, json!([])),
        get("D: hasDefaultVisitorCenter", "/users/count?hasDefaultVisitorCenter=true", 200, json!({"count": 0})),
        get("D: hasRoom", "/users?hasRoom=false&search=faro", 200, json!([{"id": 5203}])),
        get("C: by name", "/users?search=okafor", 200, json!([{"id": 5201}])),
        get("C: by e-mail", "/users?search=ines.faro@harborlight", 200, json!([{"id": 5203}])),
        row("C: lastUpdatedBy", "PUT /users/5201", json!({"id": 5201, "fax": "1"}), 200, json!({"lastUpdatedBy": {"id": 5000}})),
        // Accounts that are no people.
        get("D: the vendor's own", "/users/1", 200, json!({"userName": "ioffice", "name": "Customer Service"})),
        get("D: kiosks have no e-mail", "/users?search=$@spacepaneldeviceuser@$&selector=userName,email", 200,
            json!([{"userName": "$@spacepaneldeviceuser@$", "email": "<absent>"}])),
        get("D", "/users?search=$@wayfindingdeviceuser@$", 200, json!([{}])),
        get("D", "/users?search=$@visitorpaneldeviceuser@$", 200, json!([{}])),
        // What only selectors show.
        row("D: a picture", "POST /users/5201/attachAvatar", json!({"image": "iVBORw0KGgo=", "fileName": "m.png"}), 200, json!({"image": "<absent>"})),
        get("D: image(…)", "/users/5201?selector=image(small)", 200, json!({"image": {"small": "/images/users/5201/small.png", "large": "<absent>"}})),
        get("D: centers", "/centers/61", 200, json!({"module": "<absent>", "buildings": "<absent>", "rules": "<absent>"})),
        get("D: buildings(centers(module))", "/centers/61?selector=module,buildings(centers(module)),rules", 200,
            json!({"module": "reservation", "buildings": [{"id": 310, "centers": [{"module": "reservation"}, {}, {}, {}]}]})),
        get("D: rooms", "/rooms/8830", 200, json!({"active": "<absent>", "anonymousReservations": "<absent>", "nameWithDescription": "<absent>"})),
        // Rules: what is there may be sent again, what is missing may be left out again.
        row("D", "PUT /centers/reservations/rules", rules.clone(), 200, nothing()),
        row("Dh: the same again is no error", "PUT /centers/reservations/rules", rules, 200, nothing()),
        row("Dh: nor is removing what is gone", "PUT /centers/reservations/rules", json!({"centerId": 61, "ruleList": []}), 200, nothing()),
        row("Dh", "PUT /centers/reservations/rules", json!({"centerId": 61, "ruleList": []}), 200, nothing()),
        // Holidays: dates, updated on the collection, items replaced and numbered anew.
        row("D: YYYY-MM-DD", "POST /centers/holidays", json!({"name": "UK", "holidayItems": [{"date": "2026-12-25"}]}), 201,
            json!({"id": 1, "holidayItems": [{"date": "2026-12-25"}]})),
        row("D: PUT on the collection", "PUT /centers/holidays", json!({"id": 1, "name": "UK", "holidayItems": [{"date": "2026-12-26"}]}), 200,
            json!({"holidayItems": [{"date": "2026-12-26"}]})),
        get("D", "/centers/holidays", 200, json!([{"id": 1}])),
        row("D", "DELETE /centers/holidays/1", nothing(), 200, json!({"response": "Successfully removed"})),
    ]);
    // [C] derived for the calling user: a room that only others may book.
    for center in [61, 63] {
        let rule = json!({"$type$": "IncludeUsers", "value": "5203", "roomId": 8830});
        site.command(json!({"do": "set_rules", "center": center, "ruleList": [rule]}));
    }
    for (caller, expected) in [(("tlindqvist", "tom-local"), false), (("ifaro", "ines-local"), true)] {
        site.caller = caller;
        let (_, body) = site.call("GET", "/rooms/8830", &Value::Null);
        assert_eq!(body["reservableByRules"], expected, "[C] {caller:?}: {body}");
    }
    site.caller = SERVICE;
    let start = NOW + HOUR;
    site.command(
        json!({"do": "book", "user": 5203, "room": 8831, "center": 61, "start": start, "end": start + HOUR}),
    );
    let (_, body) = site.call("GET", "/rooms/8831?selector=anonymousReservations", &Value::Null);
    assert_eq!(body["anonymousReservations"][0]["startDate"], start, "[D] {body}");
}

#[test]
fn sign_in_facts_that_no_other_file_checks() {
    let mut site = Site::new(json!({}));
    assert_eq!(
        site.send("GET", "/users/me", &Value::Null, &[("cookie", "ACTID=1234")]).0,
        401,
        "[C] never from the engine"
    );
    let pair = [("x-auth-username", "tlindqvist"), ("x-auth-password", "tom-local")];
    let login = "/login.html?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fx.example%2Fcb&scope=all&state=s";
    let (_, headers, _) = site.send("GET", login, &Value::Null, &pair);
    let location = headers["location"].to_str().unwrap().to_owned();
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let token = "/external/api/oauth2/token";
    let in_body = json!({"x-grant-type": "authorization_code", "x-redirect-uri": "https://x.example/cb", "x-client-id": "app", "x-auth-code": code});
    let (status, _, body) = site.send("POST", token, &in_body, &[]);
    assert_eq!(status, 400, "[L] a body is not read: {body}");
    assert!(body["error"].is_string() && body["errorDescription"].is_string(), "[L] on OAuth too: {body}");
    let ask = [
        ("x-grant-type", "authorization_code"),
        ("x-redirect-uri", "https://x.example/cb"),
        ("x-client-id", "app"),
        ("x-scope", "all"),
        ("x-auth-code", &code),
    ];
    let (status, _, body) = site.send("POST", token, &Value::Null, &ask);
    assert_eq!((status, &body["scope"]), (200, &json!("all")), "[L]");
    assert!(
        body["token_type"].is_string() && body["access_token"].is_string() && body["expires_in"].is_u64(),
        "[L] always: {body}"
    );
    // A-02, the other way: a client with a secret must send it.
    let mut site = Site::new(json!({
        "oauth_clients": [{"client_id": "app", "client_secret": "s3cret"}], "oauth_secret_required": true,
    }));
    for secret in [None, Some("wrong"), Some("s3cret")] {
        let mut headers =
            vec![("x-grant-type", "refresh_token"), ("x-refresh-token", "none"), ("x-client-id", "app")];
        headers.extend(secret.map(|secret| ("x-client-secret", secret)));
        let (status, _, answer) = site.send("POST", token, &Value::Null, &headers);
        let of_client = answer["errorDescription"] == "unknown client";
        assert_eq!((status, of_client), (401, secret != Some("s3cret")), "[A-02] {secret:?}: {answer}");
    }
}
