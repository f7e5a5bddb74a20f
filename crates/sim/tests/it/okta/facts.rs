//! Facts of the Okta contract, a row each with its evidence: a call, and the status and code that it answers.

use http::Request;
use lanyard_sim::{
    face::{Face, Handled},
    okta::{OktaSettings, Spread},
};
use serde_json::{Value, json};

use super::desk::{Desk, HOST, Seen, seen};

/// A call with its own headers; `-` leaves one out.
fn call(desk: &mut Desk, call: &str, headers: &[(&str, &str)], body: Option<Value>) -> Seen {
    let (method, path) = call.split_once(' ').expect("a method and a path");
    let path = path.replace(' ', "%20").replace('"', "%22");
    let mut request = Request::builder().method(method).uri(path).header("host", HOST);
    let mut all = vec![("authorization", desk.authorization.as_str()), ("accept", "application/json")];
    if body.is_some() {
        all.push(("content-type", "application/json"));
    }
    all.retain(|(name, _)| headers.iter().all(|(other, _)| other != name));
    all.extend(headers);
    for (name, value) in all.into_iter().filter(|(_, value)| *value != "-") {
        request = request.header(name, value);
    }
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let request = request.body(body.into()).expect("a request");
    desk.send(request)
}

#[test]
fn what_is_wrong_answers_with_the_vendors_code() {
    let mut desk = Desk::exact();
    let user = desk.employee("ines");
    let group = desk.group("DEPT-Legal");
    desk.face.add_imported_group("AD-Legal");
    let everyone = desk.get("/api/v1/groups?search=type eq \"BUILT_IN\"").column("/id").remove(0);
    let imported = desk.get("/api/v1/groups?search=type eq \"APP_GROUP\"").column("/id").remove(0);
    let person = json!({ "profile": { "login": "new@northgate.example", "email": "new@northgate.example" } });
    let no_type = [("content-type", "-")];
    let xml = [("content-type", "text/xml")];
    let none: [(&str, &str); 0] = [];
    let named = |text: &str| {
        text.replace("{user}", &user)
            .replace("{group}", &group)
            .replace("{everyone}", &everyone)
            .replace("{imported}", &imported)
    };
    for (tag, line, headers, body, expected) in [
        // Headers.
        ("[D] 2.1", "POST /api/v1/users", &no_type[..], Some(person.clone()), "400 E0000019"),
        ("[D] 2.1", "POST /api/v1/users", &xml[..], Some(person.clone()), "400 E0000020"),
        ("[D] 2.1", "GET /api/v1/users", &[("accept", "text/html")][..], None, "400 E0000021"),
        ("[D] 2.1", "GET /api/v1/users", &[("accept", "text/html, */*;q=0.1")][..], None, "200 -"),
        // Credentials, paths, verbs.
        ("[R]", "GET /api/v1/users", &[("authorization", "-")][..], None, "401 E0000011"),
        ("[R]", "GET /api/v1/users", &[("authorization", "SSWS nobody")][..], None, "401 E0000011"),
        ("[R]", "GET /api/v1/users", &[("authorization", "Bearer eyJ")][..], None, "401 E0000011"),
        ("3.3 [D], 18", "GET /api/v1/users", &[("authorization", "SSWSt0p")][..], None, "200 -"),
        ("[R]", "GET /api/v1/nothing", &none[..], None, "404 E0000008"),
        ("[R]", "PATCH /api/v1/users/{user}", &none[..], Some(json!({})), "405 E0000022"),
        ("[R]", "GET /api/v1/users/{user}/lifecycle/suspend", &none[..], None, "405 E0000022"),
        ("[S] 5.2", "GET /api/v1/users/00u0000000000000none", &none[..], None, "404 E0000007"),
        ("[S] 7.2", "GET /api/v1/groups/00g0000000000000none", &none[..], None, "404 E0000007"),
        ("[D] 5.5", "GET /api/v1/users/ines", &none[..], None, "200 -"),
        ("[D] 5.5", "GET /api/v1/users/INES@northgate.example", &none[..], None, "200 -"),
        ("[D] 5.5", "GET /api/v1/users/me", &none[..], None, "404 E0000007"),
        // Bodies.
        ("[R]", "POST /api/v1/users", &none[..], Some(json!([])), "400 E0000003"),
        ("[S] 5.6", "POST /api/v1/users", &none[..], Some(json!({})), "400 E0000001"),
        (
            "[R]",
            "POST /api/v1/users?activate=false&nextLogin=changePassword",
            &none[..],
            Some(person.clone()),
            "400 E0000125",
        ),
        (
            "[R]",
            "POST /api/v1/users?nextLogin=changePassword",
            &none[..],
            Some(person.clone()),
            "400 E0000124",
        ),
        ("[S] 5.6", "POST /api/v1/users?activate=perhaps", &none[..], Some(person.clone()), "400 E0000001"),
        ("[S] 5.2", "POST /api/v1/users/{user}/lifecycle/unsuspend", &none[..], None, "400 E0000001"),
        ("[S] 5.2", "POST /api/v1/users/{user}/lifecycle/activate", &none[..], None, "403 E0000016"),
        ("[S] 5.2", "POST /api/v1/users/{user}/lifecycle/unlock", &none[..], None, "403 E0000038"),
        ("[S] 5.2", "POST /api/v1/users/{user}/lifecycle/reset_password", &none[..], None, "400 E0000028"),
        ("[S] 7.2", "PUT /api/v1/groups/{everyone}/users/{user}", &none[..], None, "403 E0000006"),
        ("[S] 7.2", "DELETE /api/v1/groups/{imported}", &none[..], None, "403 E0000006"),
        ("[S] 7.2", "PUT /api/v1/groups/{imported}/users/{user}", &none[..], None, "403 E0000006"),
        ("O-10", "PUT /api/v1/groups/{group}/users/{user}", &none[..], None, "204 -"),
        ("O-10", "PUT /api/v1/groups/{group}/users/{user}", &none[..], None, "204 -"),
        // Filters, searches, paging.
        ("[S] 5.4", "GET /api/v1/users?search=profile.login eq", &none[..], None, "400 E0000031"),
        ("[S] 5.4", "GET /api/v1/users?search=status ne \"ACTIVE\"", &none[..], None, "400 E0000031"),
        ("[S] 5.4", "GET /api/v1/users?search=profile.department co \"eg\"", &none[..], None, "400 E0000031"),
        ("[S] 5.4", "GET /api/v1/users?search=profile.lastName co \"in\"", &none[..], None, "200 -"),
        (
            "[S] 5.4",
            "GET /api/v1/users?search=profile.Department eq \"Legal\"",
            &none[..],
            None,
            "400 E0000031",
        ),
        ("[S] 5.4", "GET /api/v1/users?search=STATUS EQ \"ACTIVE\"", &none[..], None, "400 E0000031"),
        (
            "[S] 5.4",
            "GET /api/v1/users?search=status EQ \"active\" AND profile.department SW \"LEG\"",
            &none[..],
            None,
            "200 -",
        ),
        (
            "[S] 5.4",
            "GET /api/v1/users?filter=profile.department eq \"Legal\"",
            &none[..],
            None,
            "400 E0000094",
        ),
        ("[S] 5.4", "GET /api/v1/users?filter=status eq", &none[..], None, "400 E0000053"),
        ("[S] 7.2", "GET /api/v1/groups?filter=type eq", &none[..], None, "400 E0000053"),
        ("[S] 7.2", "GET /api/v1/groups?filter=profile.name eq \"x\"", &none[..], None, "400 E0000094"),
        ("[S] 7.2", "GET /api/v1/groups?search=profile.name co \"egal\"", &none[..], None, "200 -"),
        ("O-02", "GET /api/v1/users?after=rubbish", &none[..], None, "400 E0000001"),
        ("O-02", "GET /api/v1/groups/{group}/users?after=bm93aGVyZQ", &none[..], None, "400 E0000001"),
        ("O-03", "GET /api/v1/users?limit=5000", &none[..], None, "200 -"),
        ("O-03", "GET /api/v1/logs?limit=1001", &none[..], None, "400 E0000001"),
        // The log.
        ("[S] 9.1", "GET /api/v1/logs?limit=-1", &none[..], None, "400 E0000001"),
        ("[S] 9.1", "GET /api/v1/logs?since=2025-01-01T00:00:00.000Z", &none[..], None, "400 E0000053"),
        (
            "[R]",
            "GET /api/v1/logs?since=2026-05-04T07:00:00Z&until=2026-05-03T07:00:00Z",
            &none[..],
            None,
            "400 E0000053",
        ),
        ("[R]", "GET /api/v1/logs?since=yesterday", &none[..], None, "400 E0000030"),
        ("[S] 9.1", "GET /api/v1/logs?filter=eventType eq", &none[..], None, "400 E0000031"),
        (
            "[S] 9.1",
            "GET /api/v1/logs?filter=published gt \"2026-05-04T07:00:00Z\"",
            &none[..],
            None,
            "400 E0000031",
        ),
        (
            "[S] 9.1",
            "GET /api/v1/logs?filter=eventType ew \"create\" and target.displayName co \"ines\"",
            &none[..],
            None,
            "200 -",
        ),
        ("[S] 9.1", "GET /api/v1/logs?sortOrder=UPWARDS", &none[..], None, "400 E0000001"),
        ("[S] 9.1", "GET /api/v1/logs?q=a b c d e f g h i j k", &none[..], None, "400 E0000001"),
        // Sign-in.
        ("[S] oauth2", "OPTIONS /oauth2/v1/token", &none[..], None, "204 -"),
        (
            "[S] 4",
            "POST /api/v1/principal-rate-limits",
            &none[..],
            Some(json!({ "principalId": "x", "principalType": "SSWS_TOKEN" })),
            "404 E0000007",
        ),
        ("[S] 4", "GET /api/v1/principal-rate-limits", &none[..], None, "400 E0000001"),
        (
            "[S] oauth2",
            "GET /.well-known/openid-configuration?client_id=nobody",
            &none[..],
            None,
            "400 invalid_client",
        ),
    ] {
        let told = call(&mut desk, &named(line), headers, body);
        assert_eq!(told.code(), expected, "{tag}: {line}: {}", told.text);
        assert!(!told.header("x-okta-request-id").is_empty() && !told.header("date").is_empty(), "{line}");
        // [D] 4: discovery documents are not limited.
        let limited = !line.contains(".well-known");
        for name in ["limit", "remaining", "reset"].into_iter().filter(|_| limited) {
            assert!(
                told.header(&format!("x-rate-limit-{name}")).parse::<i64>().is_ok(),
                "[D] 4: {line}: {name}"
            );
        }
        if told.status >= 400 {
            assert!(told.body["errorSummary"].is_string() && told.body["errorId"].is_string(), "{line}");
            assert_eq!(told.body["errorLink"], told.body["errorCode"], "{line}");
            assert!(told.body["errorCauses"].is_array(), "{line}");
        }
    }
}

#[test]
fn oauth_errors_have_their_own_form() {
    let mut desk = Desk::exact();
    let form = [("content-type", "application/x-www-form-urlencoded"), ("authorization", "-")];
    for (tag, path, body, expected) in [
        ("3 [D]", "token", "", "400 invalid_request"),
        ("3 [D]", "token", "grant_type=password", "400 unsupported_grant_type"),
        ("3 [D]", "token", "grant_type=client_credentials", "401 invalid_client"),
        (
            "3.1 [D]",
            "token",
            "grant_type=client_credentials&client_id=x&client_secret=y",
            "401 invalid_client",
        ),
        (
            "3 [D]",
            "token",
            "grant_type=client_credentials&client_secret=y&client_assertion=z",
            "400 invalid_request",
        ),
        ("[S]", "introspect", "token=x", "401 invalid_client"),
        ("[S]", "revoke", "token=x", "401 invalid_client"),
        (
            "[S]",
            "token",
            "grant_type=client_credentials&client_assertion=z&client_assertion_type=odd",
            "400 invalid_request",
        ),
    ] {
        let mut request =
            Request::builder().method("POST").uri(format!("/oauth2/v1/{path}")).header("host", HOST);
        for (name, value) in form.iter().filter(|(_, value)| *value != "-") {
            request = request.header(*name, *value);
        }
        let told = desk.send(request.body(body.into()).expect("a request"));
        assert_eq!(told.code(), expected, "{tag}: {path} {body}: {}", told.text);
        assert!(told.body["error_description"].is_string() && told.body.get("errorCode").is_none(), "{body}");
    }
}

#[test]
fn an_activation_under_way_is_409_and_by_id_tells() {
    // [R] E0000112 is what a client may retry on activation; 5.1: transitioningToStatus is non-null only meanwhile.
    let slow = OktaSettings { transition: Spread::between(2_000, 2_000), ..OktaSettings::exact() };
    let mut desk = Desk::new(slow);
    let id = desk.person("tomas", "activate=false");
    let path = format!("/api/v1/users/{id}");
    assert_eq!(desk.act("POST", &format!("{path}/lifecycle/activate")).status, 200);
    let meanwhile = desk.get(&path);
    assert_eq!(
        (&meanwhile.body["status"], &meanwhile.body["transitioningToStatus"]),
        (&json!("STAGED"), &json!("PROVISIONED"))
    );
    for verb in ["activate", "deactivate", "reactivate", "suspend"] {
        let told = desk.act("POST", &format!("{path}/lifecycle/{verb}"));
        assert_eq!(told.code(), "409 E0000112", "{verb}");
    }
    desk.wait(2_000);
    assert_eq!(desk.get(&path).body["status"], "PROVISIONED");
    assert_eq!(desk.act("POST", &format!("{path}/lifecycle/deactivate")).status, 200);
    assert_eq!(desk.act("POST", &format!("{path}/lifecycle/activate")).code(), "403 E0000038");
    assert_eq!(desk.act("DELETE", &path).status, 204, "deleting what is being deactivated is no error");
}

#[test]
fn a_login_with_a_slash_works_by_id_only() {
    let mut desk = Desk::exact();
    let body = json!({ "profile": { "login": "a/b@northgate.example", "email": "a.b@northgate.example" } });
    let id = desk.post("/api/v1/users", body).id();
    assert_eq!(desk.get("/api/v1/users/a%2Fb@northgate.example").code(), "404 E0000007", "[D] 5.5");
    assert_eq!(desk.get(&format!("/api/v1/users/{id}")).status, 200);
}

#[test]
fn what_another_source_owns_survives_a_replacement() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    desk.face.master_elsewhere(&["department"]);
    let path = format!("/api/v1/users/{id}");
    let mut profile =
        json!({ "login": "ines@northgate.example", "email": "ines@northgate.example", "title": "Clerk" });
    let told = desk.call("PUT", &path, Some(json!({ "profile": profile })));
    assert_eq!(
        (&told.body["profile"]["department"], &told.body["profile"]["title"]),
        (&json!("Legal"), &json!("Clerk"))
    );
    assert_eq!(told.body["profile"].get("lastName"), None, "[S] 5.6: PUT deletes what is absent");
    profile["department"] = json!("Sales");
    assert_eq!(
        desk.call("PUT", &path, Some(json!({ "profile": profile }))).code(),
        "403 E0000023",
        "[S] 5.6"
    );
    assert_eq!(desk.post(&path, json!({ "profile": { "department": "Sales" } })).code(), "403 E0000023");
}

#[test]
fn a_rule_is_invalid_once_its_attribute_is_gone() {
    let mut desk = Desk::exact();
    let group = desk.group("Floor 9");
    desk.face.define_attribute(None, "badge", json!({ "title": "Badge", "type": "string" }));
    let rule = |name: &str, value: &str| {
        json!({ "type": "group_rule", "name": name, "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": value } },
        "actions": { "assignUserToGroups": { "groupIds": [group] } } })
    };
    let mut rules = Vec::new();
    for (name, value) in [
        ("by attribute", "user.badge==\"gold\""),
        ("by group", "isMemberOfGroupName(\"Floor 8\") OR isMemberOfGroupNameStartsWith(\"Exec\")"),
    ] {
        let told = desk.post("/api/v1/groups/rules", rule(name, value));
        assert_eq!(told.body["status"], "INACTIVE", "[S] 7.2: {}", told.text);
        rules.push(told.id());
    }
    assert_eq!(desk.post("/api/v1/groups/rules", rule("odd", "user.badge")).code(), "400 E0000001");
    let gone = json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": { "badge": null } } } });
    assert_eq!(desk.post("/api/v1/meta/schemas/user/default", gone).status, 200);
    let status =
        |desk: &mut Desk, id: &str| desk.get(&format!("/api/v1/groups/rules/{id}")).body["status"].clone();
    assert_eq!(status(&mut desk, &rules[0]), "INVALID", "[S] 7.2");
    assert_eq!(status(&mut desk, &rules[1]), "INACTIVE");
    assert_eq!(
        desk.act("POST", &format!("/api/v1/groups/rules/{}/lifecycle/activate", rules[0])).code(),
        "400 E0000001"
    );
}

#[test]
fn every_switch_of_this_file_works_both_ways() {
    // O-22
    let mut desk = Desk::exact();
    desk.face.define_attribute(None, "ends", json!({ "title": "Ends", "type": "string" }));
    let id = desk.employee("ines");
    desk.post(&format!("/api/v1/users/{id}"), json!({ "profile": { "ends": "2026-09-30" } }));
    let search = "/api/v1/users?search=profile.ends lt \"2027\"";
    assert_eq!(desk.get(search).column("/id"), [id.as_str()]);
    desk.order(json!({ "do": "settings", "settings": { "custom_order": "refuse" } }));
    assert_eq!(desk.get(search).code(), "400 E0000031");
    assert_eq!(
        desk.get("/api/v1/users?search=profile.lastName gt \"A\"").status,
        200,
        "base attributes have an order"
    );

    // O-24: a member who leaves between two pages.
    let group = desk.group("Pages");
    let people: Vec<String> = ["a1", "b2", "c3", "d4"].map(|name| desk.employee(name)).into();
    for id in &people {
        desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
    }
    for (frozen, expected) in [(false, 3), (true, 4)] {
        desk.order(json!({ "do": "settings", "settings": { "member_snapshot": frozen } }));
        desk.act("PUT", &format!("/api/v1/groups/{group}/users/{}", people[3]));
        let first = desk.get(&format!("/api/v1/groups/{group}/users?limit=2"));
        desk.act("DELETE", &format!("/api/v1/groups/{group}/users/{}", people[3]));
        let rest = desk.walk(&first.link("next").expect("a next page"), "/id");
        assert_eq!(first.column("/id").len() + rest.len(), expected, "frozen: {frozen}");
    }

    // O-25: a rule's change of a member.
    for moves in [true, false] {
        desk.order(json!({ "do": "settings", "settings": { "background_moves_membership": moves } }));
        let name = format!("Rule {moves}");
        let group = desk.group(&name);
        let rule = json!({ "type": "group_rule", "name": name, "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": format!("user.title==\"{name}\"") } },
            "actions": { "assignUserToGroups": { "groupIds": [group] } } });
        let rule = desk.post("/api/v1/groups/rules", rule).id();
        desk.act("POST", &format!("/api/v1/groups/rules/{rule}/lifecycle/activate"));
        let path = format!("/api/v1/groups/{group}");
        let before = desk.get(&path).body["lastMembershipUpdated"].clone();
        desk.wait(5_000);
        desk.post(&format!("/api/v1/users/{id}"), json!({ "profile": { "title": name } }));
        assert_eq!(desk.get(&format!("{path}/users")).column("/id"), [id.as_str()]);
        assert_eq!(desk.get(&path).body["lastMembershipUpdated"] != before, moves, "moves: {moves}");
    }

    // O-27
    for lag in [0, 3_000] {
        let spread = json!({ "low_ms": lag, "high_ms": lag, "rare_ms": lag, "rare_per_mille": 0 });
        desk.order(json!({ "do": "settings", "settings": { "delete_lag": spread } }));
        let id = desk.employee(&format!("gone{lag}"));
        let path = format!("/api/v1/users/{id}");
        for _ in 0..2 {
            assert_eq!(desk.act("DELETE", &path).status, 204);
        }
        assert_eq!(desk.get(&path).status, if lag == 0 { 404 } else { 200 }, "lag {lag}");
        assert_eq!(desk.act("DELETE", &path).status, if lag == 0 { 404 } else { 204 });
        desk.wait(lag);
        assert_eq!(desk.get(&path).code(), "404 E0000007");
        let told = desk.get(&format!("/api/v1/logs?filter=target.id eq \"{id}\"")).column("/eventType");
        let ends = told.iter().filter(|kind| kind.starts_with("user.lifecycle.delete")).count();
        assert_eq!(ends, 2, "{told:?}");
    }

    // Twice in the log, with one uuid.
    desk.order(json!({ "do": "duplicate_next_log_events", "count": 1 }));
    let id = desk.person("twice", "activate=false");
    let told = desk.get(&format!("/api/v1/logs?filter=target.id eq \"{id}\"")).column("/uuid");
    assert_eq!((told.len(), &told[0]), (2, &told[1]));

    // Headers as the field has seen them: a client takes the first that is a number.
    desk.order(json!({ "do": "settings", "settings": { "doubled_headers": true, "bogus_headers": true } }));
    let told = desk.get("/api/v1/users?limit=1");
    let lines: Vec<&str> =
        told.headers.get_all("x-rate-limit-remaining").iter().map(|v| v.to_str().unwrap()).collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].parse::<u64>().is_err() && lines[1] == lines[2], "{lines:?}");
}

#[test]
fn more_in_flight_than_the_org_may_have_is_the_other_429() {
    let mut desk = Desk::new(OktaSettings::default());
    desk.face.in_flight(74);
    assert_eq!(desk.get("/api/v1/users?limit=1").status, 200);
    desk.face.in_flight(75);
    let told = desk.get("/api/v1/users?limit=1");
    assert_eq!(
        (told.code().as_str(), told.header("x-rate-limit-limit"), told.header("x-rate-limit-remaining")),
        ("429 E0000047", "0", "0"),
        "[D] 4"
    );
}

#[test]
fn deliveries_are_repeated_once_and_only_after_5xx_or_silence() {
    for (status, again) in [(500, true), (501, true), (503, true), (400, false), (404, false), (204, false)] {
        let mut desk = Desk::exact();
        let uri = "http://127.0.0.1:9/hook";
        desk.order(
            json!({ "do": "preset_hook", "uri": uri, "secret": "s", "events": ["user.lifecycle.create"] }),
        );
        desk.person("ines", "activate=false");
        let first = desk.wait(0);
        assert_eq!(first.len(), 1, "{status}");
        assert!(desk.answer(first[0].token, status, "").is_none());
        let second = desk.wait(0);
        assert_eq!(second.len(), usize::from(again), "[D] 10.3: {status}");
        if let Some(second) = second.first() {
            assert_eq!(second.request.body(), first[0].request.body(), "O-16: the same ids");
            desk.answer(second.token, status, "");
            assert!(desk.wait(60_000).is_empty(), "one retry, no more");
            let told = desk.get("/api/v1/logs?filter=eventType eq \"event_hook.delivery\"");
            assert_eq!(told.body[0]["outcome"]["result"], "FAILURE");
        }
    }
}

#[test]
fn a_web_app_registered_at_run_time_signs_people_in() {
    let mut desk = Desk::exact();
    desk.employee("ines");
    let app = desk.order(
        json!({ "do": "create_oidc_app", "label": "Console", "redirect_uris": ["http://127.0.0.1:1/back"] }),
    );
    let (client, secret) = (app["client_id"].as_str().unwrap(), app["client_secret"].as_str().unwrap());
    assert_eq!((client.len(), secret.len()), (20, 64));
    let ask = format!(
        "/oauth2/v1/authorize?client_id={client}&response_type=code&scope=openid&redirect_uri=http://127.0.0.1:1/back&state=s&login_hint=ines@northgate.example"
    );
    let there = desk.get(&ask);
    assert!(there.status == 302 && there.header("location").contains("code="), "{}", there.text);
    let no_state = desk.get(&ask.replace("&state=s", ""));
    assert!(no_state.header("location").contains("error=invalid_request"), "12 [D]: state is mandatory");
    // Keys that no longer sign stay readable for a while.
    let keys = |desk: &mut Desk| {
        desk.get("/oauth2/v1/keys").body["keys"]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key["kid"].clone())
            .collect::<Vec<_>>()
    };
    let before = keys(&mut desk);
    desk.order(json!({ "do": "rotate_signing_key" }));
    let after = keys(&mut desk);
    assert!(after.len() == 2 && after[0] != before[0] && after[1] == before[0]);
}

#[test]
fn verification_answers_only_after_the_challenge() {
    let mut desk = Desk::exact();
    let hook = json!({ "name": "H", "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"] },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": "https://sync.northgate.example/" } } });
    let id = desk.post("/api/v1/eventHooks", hook).id();
    let request = desk.request("POST", &format!("/api/v1/eventHooks/{id}/lifecycle/verify"), None);
    let Handled::After(first) = desk.face.handle(request.body(Default::default()).unwrap(), desk.now) else {
        panic!("at once")
    };
    let Some(Handled::After(second)) = desk.answer(first.token, 401, "") else {
        panic!("[D] 10.2: one retry")
    };
    let Some(Handled::Reply(reply)) = desk.answer(second.token, 200, "not JSON") else { panic!("no answer") };
    assert_eq!(seen(reply).code(), "400 E0000001", "[H] 10.1");
}

#[test]
fn apps_are_listed_in_pages_too() {
    let mut desk = Desk::exact();
    for label in ["One", "Two", "Three"] {
        desk.face.add_app("scim", label);
    }
    let page = desk.get("/api/v1/apps?limit=2");
    assert_eq!(page.column("/label"), ["One", "Two"]);
    let next = page.link("next").expect("a third one");
    let last = desk.get(&next);
    assert_eq!((last.column("/label"), last.link("next")), (vec!["Three".to_owned()], None));
    assert_eq!(desk.get("/api/v1/apps?q=tw").column("/label"), ["Two"]);
}
