//! URLs, sign-in, errors, lists, selectors, load rules, strict mode.

use lanyard_sim::{
    face::{Face, Inspect},
    ioffice::{IofficeFace, IofficeSettings},
};
use serde_json::{Value, json};

use super::site::{NOW, Row, SERVICE, Site, at, get, part_of, row};

#[test]
fn urls_errors_and_encoding() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        get("C: without slash", "/users/5201", 200, json!({"id": 5201, "name": "Mira Okafor"})),
        get("C: with slash before ?", "/users/5201/?selector=email", 200, json!({"email": "mira.okafor@harborlight.example"})),
        get("C: error body", "/users/99999", 404, json!({"status": 404, "error": "not_found", "localized": false})),
        get("A-08", "/spaces", 404, json!({"error": "not_found"})),
        row("A-08", "DELETE /centers/61", Value::Null, 405, json!({"error": "method_not_allowed"})),
        row("A-12", "PUT /users/5201", json!({"id": 5202, "phone": "1"}), 400, json!({"error": "invalid_request"})),
        row("D", "POST /countries", json!({"name": "X"}), 500, json!({"error": "server_error"})),
        get("D: selector keeps id and name", "/users/5201?selector=room(floor(building))", 200, json!({
            "id": 5201, "name": "Mira Okafor", "email": "<absent>",
            "room": {"id": 8801, "name": "2-014", "capacity": "<absent>",
                "floor": {"id": 741, "name": "Level 2", "area": "<absent>",
                    "building": {"id": 310, "name": "Pier House", "code": "PIER", "address": "<absent>"}}},
        })),
        get("D: unexpanded reference is a stub", "/users/5201?selector=room,%20userType", 200,
            json!({"room": {"id": 8801, "name": "2-014", "floor": "<absent>"}, "userType": {"id": 1, "name": "Employee"}})),
        get("A-05", "/users/5201?selector=email,shoeSize", 200, json!({"shoeSize": "<absent>"})),
        get("D: S fields only by selector", "/users/5201", 200,
            json!({"permissions": "<absent>", "siteAdmin": "<absent>", "seatClassification": "<absent>", "active": "<absent>"})),
        get("D: empty reference", "/categories/items/520", 200, json!({"costCenterParent": {}, "depth": {"id": 90, "level": 0}})),
        get("D: costCenter names by depth", "/users/5201", 200,
            json!({"costCenter1": "Engineering", "costCenter2": "Platform Engineering", "costCenter": {"code": "ENG-PLAT"}})),
    ]);
    let headers =
        [("x-auth-username", SERVICE.0), ("x-auth-password", SERVICE.1), ("content-type", "text/plain")];
    let mut plain = Site::new(json!({}));
    let (status, _, body) = plain.send("POST", "/external/api/rest/v2/users", &Value::Null, &headers);
    assert_eq!(
        (status, body["error"].as_str()),
        (400, Some("invalid_request")),
        "[A-08] an empty body is no user"
    );
}

#[test]
fn header_pair_sign_in() {
    let mut site = Site::new(json!({}));
    for (tag, caller, status) in [
        ("C: any active local account", ("tlindqvist", "tom-local"), 200),
        ("letter case of user names", ("TLindqvist", "tom-local"), 200),
        ("L: bad credentials", ("tlindqvist", "wrong"), 401),
        ("C: SSO people have no password", ("mokafor", ""), 401),
    ] {
        site.caller = caller;
        let (got, body) = site.call("GET", "/users/me", &Value::Null);
        assert_eq!(got, status, "[{tag}] {body}");
    }
    site.command(json!({"do": "deactivate_user", "user": 5202}));
    site.caller = ("tlindqvist", "tom-local");
    assert_eq!(site.call("GET", "/users/me", &Value::Null).0, 401, "[A-13] inactive accounts cannot sign in");
    let token = [("x-auth-token", "s3cret")];
    assert_eq!(site.send("GET", "/users/me", &Value::Null, &token).0, 401, "[A-01] off by default");
    let mut site = Site::new(json!({"auth_token": "s3cret"}));
    let (status, _, me) = site.send("GET", "/users/me?selector=userName,siteAdmin", &Value::Null, &token);
    assert_eq!((status, &me["userName"], &me["siteAdmin"]), (200, &json!(SERVICE.0), &json!(true)), "[A-01]");
}

#[test]
fn oauth_code_refresh_expiry_revocation() {
    let mut site = Site::new(json!({"oauth_access_seconds": 600}));
    let pair = [("x-auth-username", "tlindqvist"), ("x-auth-password", "tom-local")];
    let login = "/login.html?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fx.example%2Fcb&scope=all&state=s";
    assert_eq!(
        site.send("GET", "/login.html?client_id=app", &Value::Null, &pair).0,
        400,
        "[K] all five parameters"
    );
    let (status, headers, _) = site.send("GET", login, &Value::Null, &pair);
    let location = headers["location"].to_str().unwrap().to_owned();
    assert_eq!(status, 302);
    let code =
        location.strip_prefix("https://x.example/cb#code=").unwrap().split('&').next().unwrap().to_owned();
    assert!(location.contains("&appCode="), "[K] code in the fragment: {location}");

    let token = "/external/api/oauth2/token";
    let ask = [
        ("x-grant-type", "authorization_code"),
        ("x-redirect-uri", "https://x.example/cb"),
        ("x-client-id", "app"),
        ("x-scope", "all"),
        ("x-auth-code", &code),
    ];
    let (status, _, first) = site.send("POST", token, &Value::Null, &ask);
    assert_eq!(
        (status, &first["expires_in"]),
        (200, &json!(600)),
        "[L] parameters travel as headers: {first}"
    );
    assert_eq!(site.send("POST", token, &Value::Null, &ask).0, 401, "a code works once");
    let text = |body: &Value, key: &str| body[key].as_str().unwrap_or_default().to_owned();
    let (access, refresh) = (text(&first, "access_token"), text(&first, "refresh_token"));
    let me = |site: &mut Site, access: &str| {
        let (status, _, body) =
            site.send("GET", "/users/me?selector=userName", &Value::Null, &[("x-access-token", access)]);
        (status, body)
    };
    assert_eq!(
        me(&mut site, &access),
        (200, json!({"id": 5202, "name": "Tom Lindqvist", "userName": "tlindqvist"}))
    );
    site.now += 601_000;
    assert_eq!(me(&mut site, &access).0, 403, "[L] expired token is 403, not 401");

    let again = [
        ("x-grant-type", "refresh_token"),
        ("x-refresh-token", &*refresh),
        ("x-redirect-uri", "https://x.example/cb"),
        ("x-client-id", "app"),
        ("x-scope", "all"),
    ];
    let (status, _, second) = site.send("POST", token, &Value::Null, &again);
    assert_eq!(status, 200, "[L] {second}");
    assert_ne!(text(&second, "refresh_token"), refresh, "[A-02] rotates");
    assert_eq!(site.send("POST", token, &Value::Null, &again).0, 401, "[A-02] the old one is gone");
    let access = text(&second, "access_token");
    let info = [("x-token", &*access)];
    assert_eq!(site.send("GET", "/external/api/oauth2/tokeninfo", &Value::Null, &info).0, 200, "[L]");
    site.command(json!({"do": "deactivate_user", "user": 5202}));
    assert_eq!(me(&mut site, &access).0, 200, "[A-25] deactivation does not end tokens");
    assert_eq!(site.send("GET", "/external/api/oauth2/revoke", &Value::Null, &info).0, 200, "[L]");
    assert_eq!(me(&mut site, &access).0, 401);
}

#[test]
fn a_token_ends_with_an_account_that_is_gone() {
    let mut site = Site::new(json!({"user_delete": "hard"}));
    let pair = [("x-auth-username", "tlindqvist"), ("x-auth-password", "tom-local")];
    let login =
        "/login.html?response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fx.example&scope=all&state=s";
    let (_, headers, _) = site.send("GET", login, &Value::Null, &pair);
    let location = headers["location"].to_str().expect("text").to_owned();
    let code = location.split(['=', '&']).nth(1).expect("a code").to_owned();
    let ask = [
        ("x-grant-type", "authorization_code"),
        ("x-redirect-uri", "https://x.example"),
        ("x-client-id", "app"),
        ("x-scope", "all"),
        ("x-auth-code", &code),
    ];
    let (_, _, tokens) = site.send("POST", "/external/api/oauth2/token", &Value::Null, &ask);
    let bearer = [("x-access-token", tokens["access_token"].as_str().expect("a token"))];
    assert_eq!(site.send("GET", "/users/me", &Value::Null, &bearer).0, 200);
    assert_eq!(site.call("DELETE", "/users/5202", &Value::Null).0, 200);
    let (status, _, body) = site.send("GET", "/users/me", &Value::Null, &bearer);
    assert_eq!(
        (status, &body["error"]),
        (401, &json!("unauthorized")),
        "A-13 hard: nobody is left to act as"
    );
}

fn ids(body: &Value) -> Vec<u64> {
    body.as_array()
        .unwrap_or_else(|| panic!("a list: {body}"))
        .iter()
        .map(|row| row["id"].as_u64().unwrap())
        .collect()
}

#[test]
fn lists_page_sort_count_and_search() {
    let mut site = Site::new(json!({}));
    for n in 0..150 {
        let fields = json!({"firstName": "Person", "lastName": format!("Number{n:03}"), "userName": format!("p{n:03}"), "email": "shared@harborlight.example"});
        site.command(json!({"do": "put", "kind": "user", "id": 6000 + n, "fields": fields}));
    }
    let mut list = |path: &str| {
        let (status, body) = site.call("GET", path, &Value::Null);
        assert_eq!(status, 200, "{path}: {body}");
        body
    };
    assert_eq!(list("/users/count"), json!({"count": 158}), "[D] count with the same filters");
    assert_eq!(ids(&list("/users")).len(), 50, "[D] default page");
    assert_eq!(ids(&list("/users?limit=1000")).len(), 100, "[A-03] clamps");
    assert_eq!(ids(&list("/users?limit=100&startAt=100")).len(), 58, "[D] short last page");
    assert_eq!(ids(&list("/users?limit=100&startAt=158")), [0_u64; 0]);
    assert_eq!(ids(&list("/users?limit=3&orderBy=id&orderByType=desc")), [6149, 6148, 6147], "[D]");
    assert_eq!(
        ids(&list("/users?limit=2&orderBy=lastName&orderByType=asc&startAt=1&search=harborlight")),
        [5202, 6000],
        "[D]"
    );
    assert_eq!(ids(&list("/users?search=HL-00417")), [5201], "[D] search finds employee ids");
    assert_eq!(
        ids(&list("/users?search=p01&limit=100")).len(),
        10,
        "search is fuzzy: more than the exact row"
    );
    assert_eq!(
        list("/users/count?search=shared@harborlight.example"),
        json!({"count": 150}),
        "[A-24] duplicates allowed"
    );
    assert_eq!(ids(&list("/users?siteAdmin=true")), [1, 5000], "[D]");
    assert_eq!(ids(&list("/users?centerId=61&role=customer")), [5201], "[D] lower case in the filter");
    assert_eq!(ids(&list("/users?hasRoom=true")), [5201], "[D]");
    assert_eq!(ids(&list("/categories/items/410/users")), [5201], "[D] membership list");
    assert_eq!(
        list(&format!("/users/count?modifiedOrCreatedAfter={NOW}")),
        json!({"count": 153}),
        "[A-06] inclusive"
    );
    assert_eq!(list(&format!("/users/count?modifiedOrCreatedAfter={}", NOW + 1)), json!({"count": 0}));
    // a row that leaves shifts later rows up.
    let before = ids(&list("/users?limit=5&startAt=20"));
    site.call("DELETE", "/users/6000", &Value::Null);
    let (_, after) = site.call("GET", "/users?limit=5&startAt=20", &Value::Null);
    assert_eq!(ids(&after)[..4], before[1..], "[A-04] live offsets");
    site.run(vec![
        get("A-20", "/users?centerId=61", 400, json!({"error": "invalid_request"})),
        get("A-20", "/users?role=customer", 400, Value::Null),
        get("A-08", "/users?limit=many", 400, Value::Null),
    ]);
    let search = |filters: Value, all: bool| json!({"itemClassName": "com.iofficeconnect.user.User", "availability": "EVERYONE", "matchingType": all, "name": "", "filters": filters});
    let contains = |path: &str, text: &str| json!({"propertyPath": path, "qualifier": "CONTAINS", "valueString": text, "name": ""});
    let mira = contains("email", "mira.okafor@harborlight.example");
    site.run(vec![
        row("D", "POST /users/quicksearch", search(json!([mira]), true), 200, json!([{"id": 5201}])),
        row(
            "D: all",
            "POST /users/quicksearch",
            search(json!([mira, contains("lastName", "faro")]), true),
            200,
            json!([]),
        ),
        row(
            "D: any",
            "POST /users/quicksearch",
            search(json!([mira, contains("lastName", "faro")]), false),
            200,
            json!([{"id": 5201}, {"id": 5203}]),
        ),
        row(
            "A-22",
            "POST /users/quicksearch?limit=1&startAt=1",
            search(json!([mira, contains("lastName", "faro")]), false),
            200,
            json!([{"id": 5203}]),
        ),
    ]);
}

#[test]
fn load_rules() {
    let mut site = Site { face: IofficeFace::empty(IofficeSettings::default()), now: NOW, caller: SERVICE };
    let answers = |site: &mut Site, n: usize| -> Vec<u16> {
        (0..n).map(|_| site.call("GET", "/users/me", &Value::Null).0).collect()
    };
    let burst = answers(&mut site, 22);
    assert_eq!(
        burst.iter().filter(|&&status| status == 429).count(),
        2,
        "[D] 429; [A-09] burst of 20: {burst:?}"
    );
    site.now += 300;
    assert_eq!(answers(&mut site, 4), [200, 200, 200, 429], "[A-09] refills 10 a second");
    let headers = [("x-auth-username", SERVICE.0), ("x-auth-password", SERVICE.1)];
    let (status, head, body) = site.send("GET", "/users/me", &Value::Null, &headers);
    assert_eq!((status, head.contains_key("retry-after")), (429, false), "[A-09] no Retry-After: {body}");
    for (settings, wait) in [
        (json!({ "retry_after": true }), "1"),
        (json!({ "retry_after": true, "rate_per_second": 0.1 }), "10"),
        (json!({ "retry_after": false, "rate_per_second": 10.0 }), "-"),
    ] {
        site.face.command(&json!({ "do": "settings", "settings": settings }), at(NOW)).unwrap();
        let (status, head, _) = site.send("GET", "/users/me", &Value::Null, &headers);
        let told = head.get("retry-after").map_or("-", |value| value.to_str().unwrap());
        assert_eq!((status, told), (429, wait), "[A-09] {settings}");
    }
    site.now += 60_000;
    site.face.in_flight(4);
    assert_eq!(answers(&mut site, 1), [429], "[A-09] more than four at once");
    site.face.in_flight(3);
    assert_eq!(answers(&mut site, 1), [200]);
    let calls = site.face.inspect(Inspect::Calls);
    assert_eq!(calls["GET users/me"], json!({"accepted": 24, "refused": 0, "throttled": 8, "faulted": 0}));
    site.face.command(&json!({"do": "settings", "settings": {"load_limits": false}}), at(NOW)).unwrap();
    assert_eq!(answers(&mut site, 50), [200; 50], "[A-09] off-switch");
}

#[test]
fn strict_answers_only_what_is_published() {
    let mut site = Site::new(json!({"preset": "strict"}));
    let refused = |tag, call, body| -> Row { row(tag, call, body, 400, json!({"error": "invalid_request"})) };
    site.run(vec![
        get("D", "/users?limit=100&orderBy=id&selector=userName,email", 200, Value::Null),
        get("T: unpublished filter", "/users?includeInactive=true", 400, Value::Null),
        get("T: unpublished filter", "/reservations?userId=5201", 400, Value::Null),
        get("A-03", "/users?limit=101", 400, Value::Null),
        get("A-05", "/users?selector=shoeSize", 400, Value::Null),
        get("A-05: nested", "/users?selector=room(shoeSize)", 400, Value::Null),
        refused("A-13", "PUT /users/5201", json!({"id": 5201, "active": false})),
        refused("A-17", "PUT /users/5201", json!({"id": 5201, "seatClassification": "remote"})),
        refused("D: read-only", "PUT /users/5201", json!({"id": 5201, "name": "M"})),
        refused(
            "A-23",
            "PUT /centers/reservations/rules",
            json!({"centerId": 61, "ruleList": [{"$type$": "IncludeUsers", "value": "5201"}]}),
        ),
        row("A-39", "GET /visitors", Value::Null, 404, json!({"status": "error"})),
        row("D", "PUT /users/5201", json!({"id": 5201, "department": "Platform"}), 200, Value::Null),
        // One published body of each kind passes.
        row("D", "POST /users", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "userName": "ab", "userType": {"id": 1}}), 201, Value::Null),
        row("D", "POST /buildings", json!({"name": "Annex", "city": "Salem", "state": {"id": 33}}), 201, Value::Null),
        row("D", "POST /floors", json!({"name": "L3", "building": {"id": 310}}), 201, Value::Null),
        row("D", "POST /rooms", json!({"name": "R", "floor": {"id": 741}, "type": {"id": 21}}), 201, Value::Null),
        row("D", "POST /categories/items", json!({"name": "Z", "code": "Z", "category": {"id": 12}}), 201, Value::Null),
        row("D", "PUT /neighborhoods", json!({"name": "Bay", "center": {"id": 64}, "description": ""}), 201, Value::Null),
        row("D", "POST /move/requests", json!({"description": "d", "status": {"id": 10}, "approved": true, "comments": [{"content": "c"}],
            "items": [{"type": {"id": 2}, "user": {"id": 5201}, "toRoom": {"id": 8802}}]}), 201, Value::Null),
        row("D", "POST /savedsearches", json!({"name": "n", "availability": "EVERYONE", "matchingType": false, "itemClassName": "com.iofficeconnect.user.User"}), 201, json!({"matchingType": "ANY"})),
        row("D", "PUT /centers/reservations/rules?selector=rules", json!({"centerId": 61, "ruleList": []}), 200, Value::Null),
        get("T: unpublished parameter", "/users/5201?expand=all", 400, Value::Null),
        get("T: unpublished parameter", "/users/me?expand=all", 400, Value::Null),
        get("T: unpublished parameter", "/categories/items/users?active=true", 400, Value::Null),
        get("T: unpublished parameter", "/centers/holidays?year=2026", 400, Value::Null),
        get("T: unpublished parameter", "/move/statuses?active=true", 400, Value::Null),
        get("T: unpublished parameter", "/move/requestTypes?active=true", 400, Value::Null),
        get("T: unpublished parameter", "/sftp/enabled?x=y", 400, Value::Null),
        get("T: unpublished parameter", "/savedsearches/properties?of=user", 400, Value::Null),
        get("D", "/savedsearches/properties/?searchType=move", 200, json!([{"pathString": "description"}, {"pathString": "date"}])),
        get("list selector of permissions is unattested", "/users?search=mokafor&selector=permissions(role)", 200, json!([{"permissions": "<absent>"}])),
        get("D: the endpoint is there", "/users/5201/permissions", 200, json!([{"role": "CUSTOMER"}])),
        get("D", "/users/5201?selector=department", 200, json!({"department": "Platform"})),
        row("D", "DELETE /users/5201", Value::Null, 200, json!({"response": "Successfully removed"})),
    ]);
}

#[test]
fn presets_and_overrides_parse() {
    for name in ["default", "strict", "lenient", "hostile"] {
        let settings = IofficeSettings::preset(name).unwrap();
        let back: IofficeSettings = serde_json::from_value(serde_json::to_value(&settings).unwrap()).unwrap();
        assert_eq!(back, settings, "{name} survives being written and read");
    }
    let table = "preset = \"hostile\"\nuser_delete = \"soft\"\ninactive_by_id = \"200inactive\"\n";
    let settings: IofficeSettings = toml::from_str(table).unwrap();
    assert_eq!(serde_json::to_value(&settings).unwrap()["permissions_put"], "merge");
    assert_eq!(serde_json::to_value(&settings).unwrap()["user_delete"], "soft");
    assert!(IofficeSettings::from_value(json!({"preset": "kind"})).unwrap_err().contains("kind"));
    assert!(IofficeSettings::from_value(json!({"a13": 1})).unwrap_err().contains("a13"));
    assert!(part_of(&json!([1]), &json!([]), "").is_err(), "the comparison itself can fail");
}
