//! Finer points of the Okta contract: conditions of hooks, rules that look at groups, attributes that are mapped, unique
//! or required, quotas of sign-in, refusals of the OAuth endpoints.

use http::{Request, StatusCode};
use lanyard_sim::{
    face::Face,
    okta::{OidcApp, OktaSettings, Spread},
};
use serde_json::{Value, json};

use super::{
    description::Description,
    desk::{Desk, HOST},
};

#[test]
fn a_hook_gets_what_its_condition_lets_through() {
    let mut desk = Desk::exact();
    let filter = |event: &str, expression: &str| {
        json!({ "name": "H", "events": { "type": "EVENT_TYPE", "items": ["group.user_membership.add", "user.lifecycle.create"],
            "filter": { "type": "EXPRESSION_LANGUAGE", "eventFilterMap": [{ "event": event, "condition": { "expression": expression } }] } },
            "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": "http://127.0.0.1:9/h" } } })
    };
    for (event, expression) in [
        ("group.user_membership.remove", "true"),
        ("group.user_membership.add", "event.target.?["),
        ("group.user_membership.add", ""),
    ] {
        let told = desk.post("/api/v1/eventHooks", filter(event, expression));
        assert_eq!(told.code(), "400 E0000001", "{event} {expression}");
    }
    let sales = "event.target.?[type eq 'UserGroup' && displayName eq 'Sales'].size()>0";
    let made = desk.post("/api/v1/eventHooks", filter("group.user_membership.add", sales));
    let path = format!("/api/v1/eventHooks/{}", made.id());
    assert_eq!(made.body["events"]["filter"]["eventFilterMap"][0]["condition"]["expression"], sales, "10.1");
    let request =
        desk.request("POST", &format!("{path}/lifecycle/verify"), None).body(Default::default()).unwrap();
    let lanyard_sim::face::Handled::After(challenge) = desk.face.handle(request, desk.now) else {
        panic!("no challenge")
    };
    let echo = challenge.request.headers()["x-okta-verification-challenge"].to_str().unwrap().to_owned();
    desk.answer(challenge.token, 200, &json!({ "verification": echo }).to_string());

    let id = desk.employee("ines");
    for name in ["Legal", "Sales"] {
        let group = desk.group(name);
        desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
    }
    let told: Vec<String> = desk
        .wait(0)
        .iter()
        .flat_map(|delivery| {
            let body: Value = serde_json::from_slice(delivery.request.body()).unwrap();
            let events = body["data"]["events"].as_array().unwrap().clone();
            events.into_iter().map(|event| {
                let last = event["target"].as_array().unwrap().last().unwrap()["displayName"].clone();
                format!("{} {}", event["eventType"].as_str().unwrap(), last.as_str().unwrap())
            })
        })
        .collect();
    assert_eq!(
        told,
        ["user.lifecycle.create ines Lind", "group.user_membership.add Sales"],
        "a type without condition passes"
    );
}

#[test]
fn a_rule_that_looks_at_groups_follows_memberships() {
    let mut desk = Desk::exact();
    let (floor, badge) = (desk.group("FLOOR-9"), desk.group("BADGE-9"));
    let rule = json!({ "type": "group_rule", "name": "By floor", "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": "isMemberOfGroupName(\"FLOOR-9\")" } },
        "actions": { "assignUserToGroups": { "groupIds": [badge] } } });
    let rule = desk.post("/api/v1/groups/rules", rule).id();
    desk.act("POST", &format!("/api/v1/groups/rules/{rule}/lifecycle/activate"));
    let id = desk.employee("ines");
    let own = |desk: &mut Desk| desk.get(&format!("/api/v1/users/{id}/groups")).column("/profile/name");
    desk.act("PUT", &format!("/api/v1/groups/{floor}/users/{id}"));
    desk.wait(1_000);
    assert_eq!(own(&mut desk), ["Everyone", "FLOOR-9", "BADGE-9"]);
    desk.act("DELETE", &format!("/api/v1/groups/{floor}/users/{id}"));
    desk.wait(1_000);
    assert_eq!(own(&mut desk), ["Everyone"]);

    // Rules that chase each other go on for ever, and hold nobody up.
    for (name, value, target) in
        [("a", "isMemberOfGroupName(\"B\")", "A"), ("b", "!isMemberOfGroupName(\"A\")", "B")]
    {
        let target = desk.group(target);
        let rule = json!({ "type": "group_rule", "name": name, "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": value } },
            "actions": { "assignUserToGroups": { "groupIds": [target] } } });
        let rule = desk.post("/api/v1/groups/rules", rule).id();
        desk.act("POST", &format!("/api/v1/groups/rules/{rule}/lifecycle/activate"));
    }
    for _ in 0..50 {
        desk.wait(1_000);
    }
    assert_eq!(desk.get("/api/v1/users?limit=1").status, 200);
}

#[test]
fn a_unique_value_is_free_again_when_nobody_holds_it() {
    let mut desk = Desk::exact();
    let custom = json!({ "badge": { "title": "Badge", "type": "string", "unique": true }, "desk": { "title": "Desk", "type": "integer", "unique": true } });
    let body =
        json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": custom } } });
    assert_eq!(desk.post("/api/v1/meta/schemas/user/default", body).status, 200);
    let other = desk.face.add_user_type("contractor", "Contractor").to_string();
    let mut ids = Vec::new();
    for name in ["ines", "tomas", "mira"] {
        ids.push(desk.employee(name));
    }
    let path = |place: usize| format!("/api/v1/users/{}", ids[place]);
    let mut set =
        |place: usize, profile: Value| desk.post(&path(place), json!({ "profile": profile })).code();
    for (place, profile, expected) in [
        (0, json!({ "badge": "B-1", "desk": 7 }), "200 -"),
        (1, json!({ "badge": "B-1" }), "400 E0000001"),
        (1, json!({ "desk": 7 }), "400 E0000001"),
        (1, json!({ "badge": "b-1", "desk": 8 }), "200 -"),
        (0, json!({ "badge": "B-1", "title": "Its own value is no clash" }), "200 -"),
        (0, json!({ "badge": "B-2" }), "200 -"),
        (2, json!({ "badge": "B-1" }), "200 -"),
        (1, json!({ "badge": "B-1" }), "400 E0000001"),
        (2, json!({ "badge": null }), "200 -"),
        (1, json!({ "badge": "B-1" }), "200 -"),
    ] {
        assert_eq!(set(place, profile.clone()), expected, "{place} {profile}");
    }
    // Another type has a schema of its own; who is gone holds nothing.
    let profile = |name: &str| json!({ "login": format!("{name}@northgate.example"), "email": "x@northgate.example", "firstName": "A", "lastName": "B", "badge": "B-1" });
    let contractor =
        desk.call("PUT", &path(1), Some(json!({ "profile": profile("tomas"), "type": { "id": other } })));
    assert_eq!(contractor.status, 200, "{}", contractor.text);
    let made = desk.post("/api/v1/users", json!({ "profile": profile("ana") }));
    assert_eq!(made.status, 200, "{}", made.text);
    for _ in 0..2 {
        desk.act("DELETE", &format!("/api/v1/users/{}", made.id()));
    }
    assert_eq!(desk.post("/api/v1/users", json!({ "profile": profile("ben") })).status, 200);
}

#[test]
fn attributes_may_be_mapped_unique_required_or_given() {
    let mut desk = Desk::exact();
    let app = desk.face.add_app("scim", "iOffice Workplace");
    let id = desk.employee("ines");
    let held = format!("/api/v1/apps/{app}/users/{id}");
    let email = |text: &str| json!({ "profile": { "email": text } });
    assert_eq!(desk.post(&held, email("other@northgate.example")).code(), "403 E0000075", "[R]");
    assert_eq!(desk.post(&held, email("ines@northgate.example")).status, 200, "its own value is no change");
    desk.order(json!({ "do": "settings", "settings": { "app_pushed_attributes": [] } }));
    assert_eq!(
        desk.post(&held, email("other@northgate.example")).body["profile"]["email"],
        "other@northgate.example"
    );

    let schema = |properties: Value| json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": properties } } });
    let path = "/api/v1/meta/schemas/user/default";
    for odd in [
        json!({ "type": "string", "minLength": "three" }),
        json!({ "type": "string", "unique": 1 }),
        json!({ "type": "string", "format": "date" }),
        json!({ "type": "string", "mutability": "SOMETIMES" }),
        json!({ "type": "string", "title": 7 }),
        json!({ "type": "date" }),
    ] {
        assert_eq!(desk.post(path, schema(json!({ "odd": odd }))).code(), "400 E0000001", "6.1: {odd}");
    }
    for place in 0..6 {
        let told = desk.post(
            path,
            schema(json!({ format!("u{place}"): { "title": "U", "type": "string", "unique": true } })),
        );
        assert_eq!(told.status, if place < 5 { 200 } else { 400 }, "6.1: unique, 5 per schema");
    }
    let badge = json!({ "title": "Badge", "type": "string", "minLength": 2, "oneOf": [{ "const": "B-1", "title": "One" }, { "const": "B-2", "title": "Two" }] });
    let kind = json!({ "title": "Kind", "type": "string", "default": "office" });
    desk.post(path, schema(json!({ "badge": badge, "kind": kind })));
    let mut create = |name: &str, more: Value| {
        let login = format!("{name}@northgate.example");
        let mut profile = json!({ "login": login, "email": login });
        profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        desk.post("/api/v1/users?activate=false", json!({ "profile": profile }))
    };
    assert_eq!(
        create("a1", json!({ "u0": "x" })).body["profile"]["kind"],
        "office",
        "the default of an attribute"
    );
    for (name, more, expected) in [
        ("b1", json!({ "u0": "x" }), "400 E0000001"),
        ("b2", json!({ "u0": "y", "badge": "B-3" }), "400 E0000001"),
        ("b3", json!({ "u0": "z", "badge": "B-1", "kind": "home" }), "200 -"),
    ] {
        assert_eq!(create(name, more.clone()).code(), expected, "6.1: {more}");
    }
    desk.post(path, schema(json!({ "must": { "title": "Must", "type": "string", "required": true } })));
    assert_eq!(desk.get(path).body["definitions"]["custom"]["required"], json!(["must"]));
    let body = json!({ "profile": { "login": "c1@northgate.example", "email": "c1@northgate.example" } });
    assert_eq!(desk.post("/api/v1/users", body).code(), "400 E0000001", "6.1: required");
    // 5.6: only PUT changes the type.
    let kind = json!({ "name": "contractor", "displayName": "Contractor", "description": "Outside" });
    let kind = desk.post("/api/v1/meta/types/user", kind).id();
    let told = desk
        .post(&format!("/api/v1/users/{id}"), json!({ "type": { "id": kind }, "profile": { "must": "x" } }));
    assert_eq!(told.code(), "400 E0000001", "5.6");
}

#[test]
fn a_tag_is_one_of_a_list_weak_or_strong() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    let path = format!("/api/v1/users/{id}");
    let body = json!({ "profile": { "title": "Clerk" } });
    let own = desk.get(&path).header("etag").to_owned();
    assert!(own.starts_with("W/\""), "{own}");
    for (given, expected) in
        [("W/\"other\"".to_owned(), 412), (own.replace("W/\"", "W/\"x"), 412), (own.clone(), 200)]
    {
        let request = desk.request("POST", &path, Some(&body)).header("if-match", &given);
        let told = desk.send(request.body(body.to_string().into()).unwrap());
        assert_eq!(told.status, expected, "{given}: {}", told.text);
    }
    // What changes nothing leaves the tag as it is.
    let own = desk.get(&path).header("etag").to_owned();
    let strong = own.trim_start_matches("W/").to_owned();
    for given in [own.clone(), strong.clone(), format!("\"other\", {strong}"), "*".to_owned()] {
        let request = desk.request("PUT", &path, Some(&body)).header("if-match", &given);
        let whole = desk.get(&path).body["profile"].clone();
        let told = desk.send(request.body(json!({ "profile": whole }).to_string().into()).unwrap());
        assert_eq!((told.status, told.header("etag")), (200, own.as_str()), "{given}: {}", told.text);
    }
}

#[test]
fn what_a_replacement_does_not_name_it_does_not_replace() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    let path = format!("/api/v1/users/{id}");
    let before = desk.get(&path).body;
    desk.wait(1_000);
    let body = json!({ "credentials": { "password": { "value": "N3w-horse!" } } });
    let told = desk.call("PUT", &path, Some(body));
    assert_eq!((told.status, &told.body["profile"]), (200, &before["profile"]), "{}", told.text);
    assert_eq!(told.body["passwordChanged"], "2026-05-04T08:00:01.000Z");
    assert_eq!(desk.call("PUT", &path, Some(json!({}))).code(), "400 E0000001");
}

#[test]
fn what_the_description_does_not_know_is_not_taken() {
    let mut desk = Desk::exact();
    let group = desk.group("Legal");
    let id = desk.employee("ines");
    let user = format!("/api/v1/users/{id}");
    let of_group = format!("/api/v1/groups/{group}");
    let profile = |more: Value| {
        let mut profile = json!({ "login": "ana@northgate.example", "email": "ana@northgate.example" });
        profile.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        profile
    };
    let created = |more: Value| {
        let mut body = json!({ "profile": profile(json!({})) });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    let rule = |place: &str, value: Value| {
        let mut rule = json!({ "type": "group_rule", "name": "R", "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": "user.title==\"A\"" } },
            "actions": { "assignUserToGroups": { "groupIds": [group] } } });
        *rule.pointer_mut(place).unwrap() = value;
        rule
    };
    let far = "\u{1F600}";
    let long = "x".repeat(1025);
    for (method, path, body) in [
        ("POST", "/api/v1/users", created(json!({ "type": { "id": 7 } }))),
        ("POST", "/api/v1/users", created(json!({ "groupIds": [7] }))),
        ("POST", "/api/v1/users", json!({ "profile": profile(json!({ "email": "@northgate" })) })),
        ("POST", "/api/v1/users", json!({ "profile": profile(json!({ "email": "a@b@northgate" })) })),
        ("POST", "/api/v1/users", json!({ "profile": profile(json!({ "secondEmail": "nowhere" })) })),
        ("POST", &user, json!({ "profile": { "secondEmail": "nowhere@" } })),
        ("POST", "/api/v1/groups", json!({ "profile": { "name": "G", "description": long } })),
        ("PUT", &of_group, json!({ "profile": { "name": "Legal", "description": 7 } })),
        ("POST", "/api/v1/groups/rules", rule("/name", json!(far))),
        (
            "POST",
            "/api/v1/groups/rules",
            rule("/conditions/expression/type", json!("urn:okta:expression:2.0")),
        ),
        ("POST", "/api/v1/groups/rules", rule("/actions/assignUserToGroups/groupIds", json!([group, 7]))),
        ("POST", "/api/v1/meta/types/user", json!({ "name": "9th", "displayName": "Ninth" })),
        ("POST", "/api/v1/meta/types/user", json!({ "name": "out side", "displayName": "Outside" })),
        ("POST", "/api/v1/meta/types/user", json!({ "name": "outside" })),
    ] {
        let told = desk.call(method, path, Some(body.clone()));
        assert_eq!(told.code(), "400 E0000001", "{method} {path} {body}: {}", told.text);
    }
    for (path, body) in [
        (user.as_str(), json!({ "profile": { "secondEmail": "i@home.example" } })),
        ("/api/v1/groups", json!({ "profile": { "name": "G", "description": &long[1..] } })),
        ("/api/v1/users", created(json!({ "groupIds": [group], "type": null }))),
    ] {
        let told = desk.post(path, body);
        assert_eq!(told.status, 200, "{path}: {}", told.text);
    }
    // The description lets neither name be an empty text.
    let told = desk.post(&user, json!({ "profile": { "firstName": "", "title": "" } }));
    assert_eq!((told.status, told.body["profile"].get("firstName")), (200, None), "{}", told.text);
    assert_eq!(told.body["profile"]["title"], "");
}

#[test]
fn a_schema_is_taken_as_a_whole_or_not_at_all() {
    let mut desk = Desk::exact();
    let schema = |properties: Value| json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": properties } } });
    let text = json!({ "title": "T", "type": "string" });
    for path in ["/api/v1/meta/schemas/user/default", "/api/v1/meta/schemas/group/default"] {
        assert_eq!(desk.post(path, schema(json!({ "kept": text }))).status, 200, "{path}");
        let before = desk.get(path).body;
        desk.wait(1_000);
        let body = schema(json!({ "another": text, "kept": null, "odd": { "title": "T", "type": "date" } }));
        assert_eq!(desk.post(path, body).code(), "400 E0000001", "{path}");
        assert_eq!(desk.get(path).body, before, "{path}");
    }
    // What a group holds is held against its definition, and its change is named.
    let path = "/api/v1/meta/schemas/group/default";
    let more = json!({ "floor": { "title": "Floor", "type": "integer" }, "tags": { "title": "Tags", "type": "array", "items": { "type": "string" } } });
    assert_eq!(desk.post(path, schema(more)).status, 200);
    let group = desk.group("Legal");
    for (name, value, expected) in [
        ("floor", json!("nine"), "400 E0000001"),
        ("floor", json!(9), "200 -"),
        ("tags", json!([1, 2]), "400 E0000001"),
        ("tags", json!("quiet"), "400 E0000001"),
        ("tags", json!(["quiet"]), "200 -"),
        ("colour", json!("red"), "400 E0000001"),
    ] {
        let profile = json!({ "name": "Legal", "description": "Legal", name: value });
        let told = desk.call("PUT", &format!("/api/v1/groups/{group}"), Some(json!({ "profile": profile })));
        assert_eq!(told.code(), expected, "{profile}: {}", told.text);
    }
    let told = desk.get("/api/v1/logs?filter=eventType eq \"group.profile.update\"");
    let told = told.column("/debugContext/debugData/changedAttributes");
    assert_eq!(told, ["floor", "tags,floor"], "the second replacement takes the floor away");
}

#[test]
fn a_replaced_user_type_keeps_its_name() {
    let mut desk = Desk::exact();
    let whole = json!({ "name": "contractor", "displayName": "Contractor", "description": "Outside staff" });
    let path =
        format!("/api/v1/meta/types/user/{}", desk.post("/api/v1/meta/types/user", whole.clone()).id());
    let with = |name: &str, value: Value| {
        let mut body = whole.clone();
        body[name] = value;
        body
    };
    for (method, body, expected) in [
        ("PUT", with("name", json!("outsider")), "400 E0000001"),
        ("PUT", with("name", Value::Null), "400 E0000001"),
        ("PUT", with("displayName", json!("")), "400 E0000001"),
        ("PUT", with("description", Value::Null), "400 E0000001"),
        ("PUT", with("description", json!("Others")), "200 -"),
        ("POST", json!({ "name": "outsider" }), "400 E0000001"),
        ("POST", json!({ "displayName": "Contractors" }), "200 -"),
    ] {
        let told = desk.call(method, &path, Some(body.clone()));
        assert_eq!(told.code(), expected, "{method} {body}: {}", told.text);
    }
    let kind = desk.get(&path).body;
    let shown = ["name", "displayName", "description"].map(|name| kind[name].clone());
    assert_eq!(shown, ["contractor", "Contractors", "Others"]);
}

#[test]
fn who_has_a_password_that_a_hook_checks_is_active_at_once() {
    let mut desk = Desk::exact();
    let profile = json!({ "login": "ana@northgate.example", "email": "ana@northgate.example", "firstName": "Ana", "lastName": "B" });
    let body =
        json!({ "profile": profile, "credentials": { "password": { "hook": { "type": "default" } } } });
    let told = desk.post("/api/v1/users?activate=true", body);
    assert_eq!((told.status, &told.body["status"]), (200, &json!("ACTIVE")), "{}", told.text);
}

#[test]
fn an_activation_leads_to_the_page_of_identity_engine() {
    let mut desk = Desk::exact();
    let id = desk.person("ines", "activate=false");
    let told = desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/activate?sendEmail=false")).body;
    let token = told["activationToken"].as_str().expect("a token");
    assert_eq!(told["activationUrl"], format!("https://{HOST}/tokens/{token}/verify"));
}

#[test]
fn a_token_that_is_made_is_told() {
    let mut desk = Desk::exact();
    let id = desk.order(json!({ "do": "create_token", "secret": "n3w", "name": "reports" }))["id"].clone();
    let told = desk.get("/api/v1/logs?filter=eventType eq \"system.api_token.create\"").body;
    let target = &told[0]["target"][0];
    assert_eq!(
        (&target["id"], &target["type"], &target["displayName"]),
        (&id, &json!("Token"), &json!("reports"))
    );
    assert!(!told.to_string().contains("n3w"), "{told}");
}

#[test]
fn the_scope_of_an_assignment_is_a_users_or_a_groups() {
    let mut desk = Desk::exact();
    let app = desk.face.add_app("scim", "iOffice Workplace");
    let id = desk.employee("ines");
    let held = format!("/api/v1/apps/{app}/users/{id}");
    for (scope, expected) in [
        (json!("EVERYBODY"), "400 E0000001"),
        (json!(7), "400 E0000001"),
        (Value::Null, "200 -"),
        (json!("USER"), "200 -"),
    ] {
        assert_eq!(desk.post(&held, json!({ "scope": scope })).code(), expected, "{scope}");
    }
}

#[test]
fn a_short_name_is_the_part_before_the_at() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    desk.employee("ines.okafor");
    assert_eq!(desk.get("/api/v1/users/INES").id(), id, "5.5");
    assert_eq!(desk.get("/api/v1/users/ine").code(), "404 E0000007");
    let body = json!({ "profile": { "login": "ines@elsewhere.example", "email": "ines@elsewhere.example" } });
    desk.post("/api/v1/users", body);
    assert_eq!(desk.get("/api/v1/users/ines").code(), "404 E0000007", "two of that name");
}

#[test]
fn sign_in_has_a_quota_of_its_own() {
    let mut desk = Desk::new(OktaSettings { answer_time: Spread::NONE, ..OktaSettings::default() });
    let back = "http://127.0.0.1:1/back";
    let mut app = || {
        desk.face.add_oidc_app(OidcApp {
            secret: Some("x".to_owned()),
            redirect_uris: vec![back.to_owned()],
            ..OidcApp::default()
        })
    };
    let (one, other) = (app(), app());
    let ask = |id: &str| {
        format!(
            "/oauth2/v1/authorize?client_id={id}&response_type=code&scope=openid&redirect_uri={back}&state=s"
        )
    };
    for _ in 0..60 {
        assert_eq!(desk.get(&ask(&one)).status, 200);
    }
    let told = desk.get(&ask(&one));
    assert_eq!((told.status, told.header("x-rate-limit-limit")), (429, "60"), "§4: 60/min for each client");
    assert_eq!(desk.get(&ask(&other)).status, 200);
}

#[test]
fn what_never_reaches_the_face_has_its_headers_too() {
    let mut desk = Desk::exact();
    assert!(desk.face.needs_length());
    for status in [StatusCode::LENGTH_REQUIRED, StatusCode::PAYLOAD_TOO_LARGE] {
        let told = desk.face.turned_away(status, desk.now);
        assert_eq!(told.status(), status);
        assert!(
            told.headers().contains_key("x-okta-request-id") && told.headers().contains_key("date"),
            "2.1"
        );
    }
}

#[test]
fn refusals_of_the_oauth_endpoints_are_in_shape() {
    let mut desk = Desk::exact();
    let mut seen = Vec::new();
    for (method, path, kind, body) in [
        ("POST", "/oauth2/v1/token", "application/x-www-form-urlencoded", "grant_type=client_credentials"),
        ("POST", "/oauth2/v1/token", "application/x-www-form-urlencoded", "grant_type=odd"),
        ("POST", "/oauth2/v1/token", "application/json", "{}"),
        ("POST", "/oauth2/v1/introspect", "application/x-www-form-urlencoded", "token=x"),
        ("POST", "/oauth2/v1/introspect", "text/plain", "x"),
        ("POST", "/oauth2/v1/revoke", "application/x-www-form-urlencoded", "token=x"),
        ("POST", "/oauth2/v1/revoke", "text/plain", "x"),
        ("GET", "/oauth2/v1/userinfo", "", ""),
        ("GET", "/.well-known/openid-configuration?client_id=nobody", "", ""),
    ] {
        let request = Request::builder().method(method).uri(path).header("host", HOST);
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        let told = desk.send(request.body(body.into()).unwrap());
        let pattern = path.split('?').next().unwrap();
        // The desk judges the shape.
        assert!(
            Description::read().knows(method, pattern, told.status),
            "{method} {path}: {} {}",
            told.status,
            told.text
        );
        seen.push(told.status);
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen, [400, 401]);
}

#[test]
fn a_deactivation_is_told_after_what_it_takes_away_or_before() {
    for (first, expected) in [
        (false, ["application.user_membership.remove", "user.lifecycle.deactivate"]),
        (true, ["user.lifecycle.deactivate", "application.user_membership.remove"]),
    ] {
        let mut desk = Desk::new(OktaSettings { deactivation_told_first: first, ..OktaSettings::exact() });
        let app = desk.face.add_app("scim", "iOffice Workplace");
        let id = desk.employee("ines");
        desk.post(&format!("/api/v1/apps/{app}/users/{id}"), json!({}));
        desk.act("POST", &format!("/api/v1/users/{id}/lifecycle/deactivate"));
        let told = desk.get("/api/v1/logs?filter=eventType eq \"user.lifecycle.deactivate\" or eventType sw \"application.user_membership.r\"");
        assert_eq!(told.column("/eventType"), expected, "O-18");
    }
}
