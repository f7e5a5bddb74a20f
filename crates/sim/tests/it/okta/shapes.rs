//! Every operation of the vendor's description, answered and held against its schema.

use std::collections::BTreeSet;

use http::Request;
use lanyard_sim::{
    face::{Face, Handled},
    okta::{KeyKind, KeyPair, OidcApp, OktaFace, OktaSettings, Role, ServiceApp, Spread},
    world::{Company, WorldSettings},
};
use serde_json::{Value, json};

use super::{
    description::Description,
    desk::{Desk, HOST, PRESETS, Seen, seen},
};

/// Operations that answered as described.
#[derive(Default)]
struct Covered(BTreeSet<String>);

impl Covered {
    /// Holds an answer against its operation; the document itself must know the status.
    fn check(&mut self, method: &str, pattern: &str, seen: &Seen) {
        let api = Description::read();
        assert!(
            api.knows(method, pattern, seen.status),
            "{method} {pattern}: {}: {}",
            seen.status,
            seen.text
        );
        let wrong = api.mistakes(method, pattern, seen);
        assert!(wrong.is_empty(), "{method} {pattern}: {wrong:#?}\n{}", seen.text);
        self.0.insert(format!("{method} {pattern}"));
    }
}

/// Calls `path` and holds the answer against `pattern`.
fn try_it(
    desk: &mut Desk,
    api: &mut Covered,
    method: &str,
    pattern: &str,
    path: &str,
    body: Option<Value>,
) -> Seen {
    let seen = desk.call(method, path, body);
    assert!(seen.status < 400, "{method} {path}: {}", seen.text);
    api.check(method, pattern, &seen);
    seen
}

/// `{id}` and its like, filled in.
fn filled(pattern: &str, with: &str) -> String {
    let mut out = String::new();
    for part in pattern.split('/').skip(1) {
        out.push('/');
        out.push_str(if part.starts_with('{') { with } else { part });
    }
    out
}

#[test]
fn every_refusal_is_described_and_in_shape() {
    for preset in PRESETS {
        every_refusal(preset);
    }
}

fn every_refusal(preset: &str) {
    let api = Description::read();
    let mut desk = Desk::prompt(preset);
    let pair = KeyPair::generate(KeyKind::P256).unwrap();
    let narrow = desk.face.add_service_app(ServiceApp {
        client_id: String::new(),
        label: "Narrow".to_owned(),
        keys: vec![pair.public_jwk.clone()],
        scopes: vec!["okta.domains.read".to_owned()],
        role: Role::Super,
        dpop_required: false,
        active: true,
    });
    let claims = json!({ "iss": narrow, "sub": narrow, "aud": "https://northgate.okta.com/oauth2/v1/token", "exp": desk.now.as_second() + 60 });
    let assertion = pair.sign(&claims).unwrap();
    let form = format!(
        "grant_type=client_credentials&scope=okta.domains.read&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={assertion}"
    );
    let request = Request::builder().method("POST").uri("/oauth2/v1/token").header("host", HOST);
    let request =
        request.header("content-type", "application/x-www-form-urlencoded").body(form.into()).unwrap();
    let token = desk.send(request).body["access_token"].as_str().unwrap().to_owned();

    let operations = api.operations().into_iter().filter(|(_, pattern)| pattern.starts_with("/api/v1/"));
    let mut seen = BTreeSet::new();
    let mut undescribed = BTreeSet::new();
    for (method, pattern) in operations {
        let path = filled(&pattern, "nobody0000000000none");
        let body = (method != "GET" && method != "DELETE").then(|| json!({ "odd": true }));
        for (credential, only) in [
            ("", Some(401)),
            ("SSWS none", Some(401)),
            (&*format!("Bearer {token}"), Some(403)),
            ("SSWS t0p", None),
        ] {
            desk.authorization = credential.to_owned();
            let answer = desk.call(&method, &path, body.clone());
            let told = format!("{method} {path} as {credential:?}: {}", answer.text);
            if answer.status < 400 {
                assert_eq!(only, None, "{told}");
                continue;
            }
            assert!(only.is_none_or(|only| only == answer.status), "{told}");
            // 401 comes before any operation and is described for few.
            if answer.status != 401 && !api.knows(&method, &pattern, answer.status) {
                undescribed.insert(format!("{method} {pattern} {}", answer.status));
            }
            seen.insert(answer.code());
        }
    }
    // An app that does not exist: the description forgets it here and names it one level deeper.
    let mappings = "/api/v1/apps/{appId}/group-push/mappings 404";
    let forgotten = [format!("GET {mappings}"), format!("POST {mappings}")];
    assert_eq!(undescribed.into_iter().collect::<Vec<_>>(), forgotten);
    for code in ["400 E0000001", "401 E0000011", "403 E0000006", "404 E0000007"] {
        assert!(seen.contains(code), "{code} is missing in {seen:?}");
    }
}

/// One refusal of each status that the contract's text knows (§2.4, §4): their bodies and headers are judged by the desk.
#[test]
fn refusals_of_every_status_are_in_shape() {
    for preset in PRESETS {
        let mut settings = OktaSettings::preset(preset).unwrap();
        settings.quotas.enforced = true;
        settings.transition = Spread::between(5_000, 5_000);
        let mut desk = Desk::new(settings);
        let staged = desk.person("staged", "activate=false");
        let lifecycle = format!("/api/v1/users/{staged}/lifecycle");
        let mut met: Vec<String> = Vec::new();
        met.push(desk.act("POST", &format!("{lifecycle}/suspend")).code());
        met.push(desk.act("POST", &format!("{lifecycle}/activate?sendEmail=false")).code());
        met.push(desk.act("POST", &format!("{lifecycle}/activate?sendEmail=false")).code());
        desk.wait(6_000);
        met.push(desk.act("POST", &format!("{lifecycle}/unlock")).code());
        met.push(desk.get("/api/v1/users/nobody").code());
        met.push(desk.act("PATCH", "/api/v1/users").code());
        met.push(desk.act("POST", "/oauth2/v1/token").code());
        desk.order(json!({ "do": "log_page_max", "events": 10 }));
        met.push(desk.get("/api/v1/logs").code());
        desk.order(json!({ "do": "read_only", "for_seconds": 60 }));
        met.push(desk.post("/api/v1/groups", json!({ "profile": { "name": "G" } })).code());
        desk.order(json!({ "do": "concurrency_429", "count": 1 }));
        let crowded = desk.get("/api/v1/groups");
        desk.order(json!({ "do": "exhaust_bucket", "bucket": "groups", "for_seconds": 60 }));
        let spent = desk.get("/api/v1/groups");
        for (seen, is_zero) in [(&crowded, true), (&spent, false)] {
            // The first that is a number, as a client must read it.
            let read = |name: &str| -> Option<u64> {
                seen.headers.get_all(name).iter().find_map(|value| value.to_str().ok()?.parse().ok())
            };
            assert_eq!(read("x-rate-limit-limit").map(|limit| limit == 0), Some(is_zero), "{preset}");
            assert_eq!(read("x-rate-limit-remaining"), Some(0), "{preset}");
            assert!(read("x-rate-limit-reset") >= Some(desk.now.as_second().unsigned_abs()), "{preset}");
            met.push(seen.code());
        }
        desk.authorization = "SSWS wrong".to_owned();
        met.push(desk.get("/api/v1/users").code());
        let expected = [
            "400 E0000001",
            "200 -",
            "409 E0000112",
            "403 E0000038",
            "404 E0000007",
            "405 E0000022",
            "400 invalid_request",
            "500 E0000009",
            "503 E0000010",
            "429 E0000047",
            "429 E0000047",
            "401 E0000011",
        ];
        assert_eq!(met, expected, "{preset}");
    }
}

/// What people have typed over the years is in shape too, under every reading of the contract.
#[test]
fn every_row_of_a_world_is_in_shape() {
    let world = WorldSettings { people: 240, ..WorldSettings::default() };
    let company = Company::generate(&world);
    for preset in PRESETS {
        let mut settings = OktaSettings::preset(preset).unwrap();
        settings.quotas.enforced = false;
        let mut desk = Desk::over(OktaFace::from_world(settings, &company.orgs[0], world.now));
        let mut api = Covered::default();
        for (pattern, path) in [
            ("/api/v1/users", "/api/v1/users?search=status pr"),
            ("/api/v1/groups", "/api/v1/groups?expand=stats"),
            ("/api/v1/groups/rules", "/api/v1/groups/rules?expand=groupIdToGroupNameMap"),
            ("/api/v1/meta/types/user", "/api/v1/meta/types/user"),
        ] {
            let mut next = Some(path.to_owned());
            let mut rows = 0;
            while let Some(url) = next {
                let seen = try_it(&mut desk, &mut api, "GET", pattern, &url, None);
                let page = seen.body.as_array().unwrap();
                rows += page.len();
                next = seen.link("next").filter(|_| !page.is_empty());
                let users = page.iter().filter(|_| pattern.ends_with("/users")).take(40);
                let ids: Vec<String> =
                    users.filter_map(|row| row["id"].as_str().map(str::to_owned)).collect();
                for id in ids {
                    try_it(
                        &mut desk,
                        &mut api,
                        "GET",
                        "/api/v1/users/{id}",
                        &format!("/api/v1/users/{id}"),
                        None,
                    );
                    let groups = format!("/api/v1/users/{id}/groups");
                    try_it(&mut desk, &mut api, "GET", "/api/v1/users/{id}/groups", &groups, None);
                }
                for row in page.iter().filter(|_| pattern.ends_with("/groups")) {
                    let path = format!("/api/v1/groups/{}", row["id"].as_str().unwrap());
                    try_it(&mut desk, &mut api, "GET", "/api/v1/groups/{groupId}", &path, None);
                    let members = format!("{path}/users?limit=200");
                    try_it(&mut desk, &mut api, "GET", "/api/v1/groups/{groupId}/users", &members, None);
                }
            }
            assert!(rows > 0, "{preset} {path}");
        }
        for kind in desk.get("/api/v1/meta/types/user").column("/_links/schema/href") {
            let path = kind.split_once(HOST).unwrap().1.to_owned();
            try_it(&mut desk, &mut api, "GET", "/api/v1/meta/schemas/user/{schemaId}", &path, None);
        }
        let app = desk.get("/api/v1/apps").column("/id").pop().unwrap();
        let path = format!("/api/v1/apps/{app}/users?limit=500&expand=user");
        try_it(&mut desk, &mut api, "GET", "/api/v1/apps/{appId}/users", &path, None);
        try_it(
            &mut desk,
            &mut api,
            "GET",
            "/api/v1/apps/{appId}/groups",
            &format!("/api/v1/apps/{app}/groups"),
            None,
        );
    }
}

#[test]
fn every_described_operation_answers_in_shape() {
    for preset in PRESETS {
        every_operation(preset);
    }
}

fn every_operation(preset: &str) {
    let mut api = Covered::default();
    let mut desk = Desk::prompt(preset);
    desk.face.define_attribute(None, "contractEndDate", json!({ "title": "Contract end", "type": "string" }));
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    let mut ok = |desk: &mut Desk, method: &str, pattern: &str, path: &str, body: Option<Value>| {
        try_it(desk, &mut api, method, pattern, path, body)
    };
    let v1 = |tail: &str| format!("/api/v1/{tail}");

    // Users.
    let profile = json!({ "login": "ines@northgate.example", "email": "ines@northgate.example", "firstName": "Ines", "lastName": "Okafor", "contractEndDate": "2026-09-30" });
    let id = ok(
        &mut desk,
        "POST",
        "/api/v1/users",
        "/api/v1/users?activate=false",
        Some(json!({ "profile": profile })),
    )
    .id();
    let user = v1(&format!("users/{id}"));
    ok(&mut desk, "GET", "/api/v1/users", "/api/v1/users", None);
    ok(&mut desk, "GET", "/api/v1/users/{id}", &user, None);
    ok(&mut desk, "POST", "/api/v1/users/{id}", &user, Some(json!({ "profile": { "title": "Clerk" } })));
    ok(&mut desk, "PUT", "/api/v1/users/{id}", &user, Some(json!({ "profile": profile })));
    ok(&mut desk, "GET", "/api/v1/users/{id}/groups", &format!("{user}/groups"), None);
    desk.employee("spare");
    for verb in [
        "activate?sendEmail=false",
        "reactivate",
        "reset_password?sendEmail=false",
        "reactivate?sendEmail=false",
    ] {
        let pattern = format!("/api/v1/users/{{id}}/lifecycle/{}", verb.split('?').next().unwrap());
        ok(&mut desk, "POST", &pattern, &format!("{user}/lifecycle/{verb}"), None);
    }
    desk.order(json!({ "do": "finish_password", "user": id }));
    for verb in ["suspend", "unsuspend", "expire_password"] {
        ok(
            &mut desk,
            "POST",
            &format!("/api/v1/users/{{id}}/lifecycle/{verb}"),
            &format!("{user}/lifecycle/{verb}"),
            None,
        );
    }
    desk.order(json!({ "do": "lock", "user": id }));
    ok(&mut desk, "POST", "/api/v1/users/{id}/lifecycle/unlock", &format!("{user}/lifecycle/unlock"), None);
    ok(&mut desk, "DELETE", "/api/v1/users/{userId}/sessions", &format!("{user}/sessions"), None);

    // Groups and rules.
    let group = ok(
        &mut desk,
        "POST",
        "/api/v1/groups",
        "/api/v1/groups",
        Some(json!({ "profile": { "name": "G" } })),
    )
    .id();
    let held = v1(&format!("groups/{group}"));
    ok(
        &mut desk,
        "PUT",
        "/api/v1/groups/{groupId}",
        &held,
        Some(json!({ "profile": { "name": "G2", "description": "Two" } })),
    );
    ok(&mut desk, "PUT", "/api/v1/groups/{groupId}/users/{userId}", &format!("{held}/users/{id}"), None);
    ok(&mut desk, "GET", "/api/v1/groups/{groupId}", &held, None);
    ok(&mut desk, "GET", "/api/v1/groups", "/api/v1/groups?expand=stats", None);
    ok(&mut desk, "GET", "/api/v1/groups/{groupId}/users", &format!("{held}/users"), None);
    let mut rule = json!({ "type": "group_rule", "name": "Rule", "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": "user.title==\"Clerk\"" } },
        "actions": { "assignUserToGroups": { "groupIds": [group] } } });
    let rule_id =
        ok(&mut desk, "POST", "/api/v1/groups/rules", "/api/v1/groups/rules", Some(rule.clone())).id();
    let path = v1(&format!("groups/rules/{rule_id}"));
    let pattern = "/api/v1/groups/rules/{groupRuleId}";
    rule["name"] = json!("Renamed");
    ok(&mut desk, "PUT", pattern, &path, Some(rule));
    ok(&mut desk, "GET", pattern, &format!("{path}?expand=groupIdToGroupNameMap"), None);
    ok(&mut desk, "GET", "/api/v1/groups/rules", "/api/v1/groups/rules", None);
    for verb in ["activate", "deactivate"] {
        ok(
            &mut desk,
            "POST",
            &format!("{pattern}/lifecycle/{verb}"),
            &format!("{path}/lifecycle/{verb}"),
            None,
        );
    }
    ok(&mut desk, "DELETE", pattern, &format!("{path}?removeUsers=true"), None);

    // The app.
    let apps = v1(&format!("apps/{app}"));
    ok(
        &mut desk,
        "POST",
        "/api/v1/apps/{appId}/users",
        &format!("{apps}/users"),
        Some(json!({ "id": id, "scope": "USER" })),
    );
    let pattern = "/api/v1/apps/{appId}/users/{userId}";
    ok(
        &mut desk,
        "POST",
        pattern,
        &format!("{apps}/users/{id}"),
        Some(json!({ "profile": { "role": "Admin" } })),
    );
    ok(&mut desk, "GET", pattern, &format!("{apps}/users/{id}?expand=user"), None);
    ok(&mut desk, "GET", "/api/v1/apps/{appId}/users", &format!("{apps}/users"), None);
    desk.order(json!({ "do": "assign_group_to_app", "app": app, "group": group }));
    ok(&mut desk, "GET", "/api/v1/apps/{appId}/groups", &format!("{apps}/groups"), None);
    ok(&mut desk, "DELETE", pattern, &format!("{apps}/users/{id}"), None);
    let (path, pattern) = (format!("{apps}/group-push/mappings"), "/api/v1/apps/{appId}/group-push/mappings");
    let push = ok(
        &mut desk,
        "POST",
        pattern,
        &path,
        Some(json!({ "sourceGroupId": group, "targetGroupName": "G2" })),
    )
    .id();
    ok(&mut desk, "GET", pattern, &path, None);
    let (one, pattern) = (format!("{path}/{push}"), "/api/v1/apps/{appId}/group-push/mappings/{mappingId}");
    ok(&mut desk, "GET", pattern, &one, None);
    ok(&mut desk, "PATCH", pattern, &one, Some(json!({ "status": "INACTIVE" })));
    ok(&mut desk, "DELETE", pattern, &format!("{one}?deleteTargetGroup=false"), None);

    // Schemas and types.
    let schema = json!({ "definitions": { "custom": { "id": "#custom", "type": "object", "properties": { "badge": { "title": "Badge", "type": "string" } } } } });
    for (pattern, path) in [
        ("/api/v1/meta/schemas/user/{schemaId}", "/api/v1/meta/schemas/user/default"),
        ("/api/v1/meta/schemas/group/default", "/api/v1/meta/schemas/group/default"),
    ] {
        ok(&mut desk, "POST", pattern, path, Some(schema.clone()));
        ok(&mut desk, "GET", pattern, path, None);
    }
    let contractor =
        json!({ "name": "contractor", "displayName": "Contractor", "description": "Outside staff" });
    let kind =
        ok(&mut desk, "POST", "/api/v1/meta/types/user", "/api/v1/meta/types/user", Some(contractor.clone()))
            .id();
    ok(&mut desk, "GET", "/api/v1/meta/types/user", "/api/v1/meta/types/user", None);
    let (path, pattern) = (v1(&format!("meta/types/user/{kind}")), "/api/v1/meta/types/user/{typeId}");
    ok(&mut desk, "GET", pattern, &path, None);
    ok(&mut desk, "POST", pattern, &path, Some(json!({ "displayName": "Contractors" })));
    ok(&mut desk, "PUT", pattern, &path, Some(contractor));
    ok(&mut desk, "DELETE", pattern, &path, None);

    // Hooks.
    let hook = json!({ "name": "H", "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"] },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": "https://sync.northgate.example/", "authScheme": { "type": "HEADER", "key": "Authorization", "value": "x" } } } });
    let hook_id = ok(&mut desk, "POST", "/api/v1/eventHooks", "/api/v1/eventHooks", Some(hook.clone())).id();
    let (path, pattern) = (v1(&format!("eventHooks/{hook_id}")), "/api/v1/eventHooks/{eventHookId}");
    ok(&mut desk, "GET", "/api/v1/eventHooks", "/api/v1/eventHooks", None);
    ok(&mut desk, "GET", pattern, &path, None);
    ok(&mut desk, "PUT", pattern, &path, Some(hook));
    for verb in ["deactivate", "activate"] {
        ok(
            &mut desk,
            "POST",
            &format!("{pattern}/lifecycle/{verb}"),
            &format!("{path}/lifecycle/{verb}"),
            None,
        );
    }

    // What needs no credential of the API, and the log of all this.
    let (pattern, filtered) = (
        "/api/v1/principal-rate-limits",
        "/api/v1/principal-rate-limits?filter=principalType eq \"SSWS_TOKEN\"",
    );
    let mut share = ok(&mut desk, "GET", pattern, filtered, None).body[0].clone();
    share["defaultPercentage"] = json!(20);
    ok(&mut desk, "POST", pattern, pattern, Some(share));
    assert_eq!(ok(&mut desk, "GET", pattern, filtered, None).body[0]["defaultPercentage"], 20);
    ok(&mut desk, "GET", "/.well-known/okta-organization", "/.well-known/okta-organization", None);
    ok(&mut desk, "GET", "/.well-known/openid-configuration", "/.well-known/openid-configuration", None);
    ok(&mut desk, "GET", "/oauth2/v1/keys", "/oauth2/v1/keys", None);
    let log = ok(&mut desk, "GET", "/api/v1/logs", "/api/v1/logs?limit=1000", None);
    assert!(log.body.as_array().unwrap().len() > 30);
    ok(
        &mut desk,
        "POST",
        "/api/v1/users/{id}/lifecycle/deactivate",
        &format!("{user}/lifecycle/deactivate"),
        None,
    );
    ok(&mut desk, "DELETE", "/api/v1/groups/{groupId}/users/{userId}", &format!("{held}/users/{id}"), None);
    ok(&mut desk, "DELETE", "/api/v1/users/{id}", &user, None);
    ok(&mut desk, "DELETE", "/api/v1/groups/{groupId}", &held, None);
    desk.act("POST", &format!("{path}/lifecycle/deactivate"));

    let request =
        desk.request("POST", &format!("{path}/lifecycle/verify"), None).body(Default::default()).unwrap();
    let Handled::After(challenge) = desk.face.handle(request, desk.now) else { panic!("no challenge") };
    let echo = json!({ "verification": challenge.request.headers()["x-okta-verification-challenge"].to_str().unwrap() });
    let Some(Handled::Reply(reply)) = desk.answer(challenge.token, 200, &echo.to_string()) else {
        panic!("no answer")
    };
    api.check("POST", "/api/v1/eventHooks/{eventHookId}/lifecycle/verify", &seen(reply));
    let mut ok = |desk: &mut Desk, method: &str, pattern: &str, path: &str| {
        try_it(desk, &mut api, method, pattern, path, None)
    };
    ok(&mut desk, "DELETE", "/api/v1/eventHooks/{eventHookId}", &path);

    sign_in(&mut desk, &mut api);

    let described = Description::read().operations().into_iter();
    let described = described.map(|(method, pattern)| format!("{method} {pattern}"));
    let left: Vec<String> = described.filter(|operation| !api.0.contains(operation)).collect();
    assert!(left.is_empty(), "{preset}: {left:?}");
}

fn sign_in(desk: &mut Desk, api: &mut Covered) {
    let pair = KeyPair::generate(KeyKind::P256).unwrap();
    let service = desk.face.add_service_app(ServiceApp {
        client_id: String::new(),
        label: "Sync".to_owned(),
        keys: vec![pair.public_jwk.clone()],
        scopes: vec!["okta.users.read".to_owned()],
        role: Role::Super,
        dpop_required: false,
        active: true,
    });
    let back = "http://127.0.0.1:1/back".to_owned();
    let web = desk.face.add_oidc_app(OidcApp {
        secret: Some("x".to_owned()),
        redirect_uris: vec![back.clone()],
        post_logout_uris: vec![back.clone()],
        ..OidcApp::default()
    });
    let form = |desk: &mut Desk, path: &str, form: String| {
        let request = Request::builder().method("POST").uri(path).header("host", HOST);
        desk.send(
            request.header("content-type", "application/x-www-form-urlencoded").body(form.into()).unwrap(),
        )
    };
    let now = desk.now.as_second();
    let claims = json!({ "iss": service, "sub": service, "aud": "https://northgate.okta.com/oauth2/v1/token", "exp": now + 60 });
    let assertion = pair.sign(&claims).unwrap();
    let tokens = form(
        desk,
        "/oauth2/v1/token",
        format!(
            "grant_type=client_credentials&scope=okta.users.read&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={assertion}"
        ),
    );
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    api.check("POST", "/oauth2/v1/token", &tokens);
    let token = tokens.body["access_token"].as_str().unwrap().to_owned();
    let seen = desk.call("OPTIONS", "/oauth2/v1/token", None);
    api.check("OPTIONS", "/oauth2/v1/token", &seen);
    let proof = |jti: &str| {
        let mut claims = claims.clone();
        claims["jti"] = json!(jti);
        let assertion = pair.sign(&claims).unwrap();
        format!(
            "token={token}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion={assertion}"
        )
    };
    let seen = form(desk, "/oauth2/v1/introspect", proof("a"));
    assert_eq!(seen.body["active"], true);
    api.check("POST", "/oauth2/v1/introspect", &seen);
    let seen = form(desk, "/oauth2/v1/revoke", proof("b"));
    api.check("POST", "/oauth2/v1/revoke", &seen);
    let seen = form(desk, "/oauth2/v1/introspect", proof("c"));
    assert_eq!(seen.body["active"], false);

    let ask = format!(
        "client_id={web}&response_type=code&scope=openid&redirect_uri={back}&state=s&login_hint=spare@northgate.example"
    );
    let first = desk.get(&format!("/oauth2/v1/authorize?{ask}"));
    let second = form(desk, "/oauth2/v1/authorize", ask);
    for (method, seen) in [("GET", &first), ("POST", &second)] {
        assert_eq!(seen.status, 302, "{}", seen.text);
        api.0.insert(format!("{method} /oauth2/v1/authorize"));
    }
    let code = first.header("location").split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let tokens = form(
        desk,
        "/oauth2/v1/token",
        format!(
            "grant_type=authorization_code&code={code}&redirect_uri={back}&client_id={web}&client_secret=x"
        ),
    );
    api.check("POST", "/oauth2/v1/token", &tokens);
    desk.authorization = format!("Bearer {}", tokens.body["access_token"].as_str().unwrap());
    let seen = desk.get("/oauth2/v1/userinfo");
    api.check("GET", "/oauth2/v1/userinfo", &seen);
    let hint = tokens.body["id_token"].as_str().unwrap();
    let leave = format!("id_token_hint={hint}&post_logout_redirect_uri={back}");
    for method in ["GET", "POST"] {
        let seen = if method == "GET" {
            desk.get(&format!("/oauth2/v1/logout?{leave}"))
        } else {
            form(desk, "/oauth2/v1/logout", leave.clone())
        };
        assert_eq!((seen.status, seen.header("location")), (302, back.as_str()));
        api.0.insert(format!("{method} /oauth2/v1/logout"));
    }
}
