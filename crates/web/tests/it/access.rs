//! Who gets in where: every route of the OpenAPI document with every role, and the edges of sessions and tokens.

use std::collections::BTreeMap;

use http::{StatusCode, header};
use jiff::SignedDuration;
use lanyard_engine::ports::Write;
use lanyard_model::{
    account::{Account, AccountKind, Role as Held},
    id::{AccountId, AccountKey, CenterId, IdentityId, SiteId, TenantId},
    link::{How, Link},
};
use lanyard_web::access::{
    Grant, Role,
    token::{self, NewToken},
};
use serde_json::{Value, json};

use crate::house::House;

/// Which roles each route lets in, by hand, apart from the code's own table. `v` viewer, `o` operator, `e` policy
/// editor, `a` approver, `u` auditor, `W` owner, `m` metrics. A new route needs a line here.
const WHO: &[(&str, &str)] = &[
    ("get /api/v1/sign-in", "public"),
    ("get /api/v1/session", "voeauWm"),
    ("post /api/v1/session/end", "voeauWm"),
    ("get /api/v1/openapi.json", "voeauWm"),
    ("get /api/v1/tokens", "W"),
    ("post /api/v1/tokens", "W"),
    ("delete /api/v1/tokens/{id}", "W"),
    ("post /api/v1/owner-links", "W"),
    ("get /api/v1/roles", "W"),
    ("get /api/v1/overview", "voeauW"),
    ("get /api/v1/activity", "voeauW"),
    ("get /api/v1/activity/{tenant}/{seq}", "voeauW"),
    ("get /api/v1/people", "voeauW"),
    ("get /api/v1/people/{tenant}/{id}", "voeauW"),
    ("get /api/v1/people/{tenant}/{id}/explain", "voeauW"),
    ("get /api/v1/people/{tenant}/{id}/plan", "voeauW"),
    ("post /api/v1/people/{tenant}/{id}/look", "oW"),
    ("get /api/v1/plans", "voeauW"),
    ("get /api/v1/plans/reach", "voeauW"),
    ("get /api/v1/plans/{id}", "voeauW"),
    ("get /api/v1/approvals", "voeauWm"),
    ("post /api/v1/approvals", "voeauWm"),
    ("get /api/v1/approvals/{id}", "voeauWm"),
    ("get /api/v1/approvals/{id}/context", "voeauWm"),
    ("get /api/v1/delegations", "voeauWm"),
    ("post /api/v1/delegations", "voeauWm"),
    ("delete /api/v1/delegations/{id}", "voeauWm"),
    ("post /api/v1/whatif", "eW"),
    ("get /api/v1/whatif", "voeauW"),
    ("get /api/v1/whatif/{seal}/plan", "voeauW"),
    ("get /api/v1/whatif/{seal}/people", "voeauW"),
    ("get /api/v1/whatif/{seal}", "voeauW"),
    ("post /api/v1/whatif/{seal}/apply", "eW"),
    ("post /api/v1/whatif/{seal}/finish", "eW"),
    ("post /api/v1/undo", "W"),
    ("get /api/v1/findings", "voeauW"),
    ("post /api/v1/findings/close", "oW"),
    ("get /api/v1/messages", "voeauW"),
    ("post /api/v1/messages/again", "oW"),
    ("get /api/v1/drift", "voeauW"),
    ("post /api/v1/rollout/resume", "eW"),
    ("post /api/v1/rollout/end", "eW"),
    ("post /api/v1/alerts/preview", "oW"),
    ("get /api/v1/sweeps", "voeauW"),
    ("get /api/v1/places", "voeauW"),
    ("get /api/v1/places/{site}/floors/{floor}", "voeauW"),
    ("get /api/v1/journal", "uW"),
    ("get /api/v1/health", "voeauW"),
    ("post /api/v1/stop", "oW"),
    ("post /api/v1/resume", "oW"),
    ("post /api/v1/verbs", "W"),
    ("get /api/v1/people/{tenant}/{id}/access", "voeauW"),
    ("get /api/v1/sites/{site}/access", "uW"),
    ("get /api/v1/reviews", "voeauW"),
    ("post /api/v1/reviews", "aW"),
    ("get /api/v1/reviews/{id}", "voeauW"),
    ("post /api/v1/reviews/{id}/sign", "aW"),
    ("post /api/v1/reviews/lines/{line}/decision", "aW"),
    ("get /api/v1/evidence", "uW"),
    ("post /api/v1/evidence/packs", "uW"),
    ("get /api/v1/evidence/packs/{id}", "uW"),
    ("get /api/v1/evidence/packs/{id}/file", "uW"),
    ("post /api/v1/evidence/packs/{id}/verify", "uW"),
    ("post /api/v1/evidence/late", "oW"),
    ("post /api/v1/evidence/checkpoints", "uW"),
    ("post /api/v1/connections/probe", "W"),
    ("post /api/v1/connections/sample", "W"),
    ("post /api/v1/connections", "W"),
    ("get /api/v1/sites/{site}/match", "uW"),
    ("post /api/v1/sites/{site}/sign-off", "W"),
    ("get /api/v1/dead-letters", "voeauW"),
    ("post /api/v1/policy/try", "eW"),
    ("post /api/v1/policy/reach", "eW"),
    ("get /api/v1/policy", "voeauW"),
    ("get /api/v1/policy/versions", "voeauW"),
    ("get /api/v1/policy/versions/{version}", "voeauW"),
    ("get /api/v1/policy/drafts/{id}", "voeauW"),
    ("put /api/v1/policy/drafts/{id}", "eW"),
    ("delete /api/v1/policy/drafts/{id}", "eW"),
    ("post /api/v1/policy/drafts/{id}/publish", "eW"),
    ("post /api/v1/policy/rollback", "eW"),
    ("post /api/v1/policy/lint", "eW"),
    ("post /api/v1/policy/format", "eW"),
    ("get /api/v1/policy/diff", "voeauW"),
    ("get /api/v1/policy/schema", "voeauW"),
    ("get /api/v1/policy/vocabulary", "eW"),
    ("get /api/v1/demo", "voeauW"),
    ("post /api/v1/demo/act", "oW"),
    ("get /api/v1/events", "voeauW"),
    ("get /metrics", "oWm"),
];

const LETTERS: [(char, Role); 7] = [
    ('v', Role::Viewer),
    ('o', Role::Operator),
    ('e', Role::PolicyEditor),
    ('a', Role::Approver),
    ('u', Role::Auditor),
    ('W', Role::Owner),
    ('m', Role::Metrics),
];

async fn token_of(house: &House, name: &str, grants: Vec<Grant>) -> String {
    let wish = NewToken { name: name.into(), grants, days: 1 };
    token::make(house.store.as_ref(), house.now(), "test", wish).await.unwrap().1
}

fn filled(path: &str) -> String {
    path.replace("{tenant}", "northgate")
        .replace("{id}", "nobody")
        .replace("{site}", "nowhere")
        .replace("{floor}", "1")
        .replace("{", "")
        .replace("}", "")
}

#[tokio::test]
async fn every_route_lets_in_its_roles_and_nobody_else() {
    let house = House::new();
    let mut routes: Vec<(String, String)> = Vec::new();
    let document = lanyard_web::openapi::document();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.push((method.clone(), path.clone()));
        }
    }
    routes.push(("get".into(), "/metrics".into()));
    let who: BTreeMap<&str, &str> = WHO.iter().copied().collect();
    let listed: Vec<String> = routes.iter().map(|(method, path)| format!("{method} {path}")).collect();
    for line in who.keys() {
        assert!(listed.iter().any(|route| route == line), "{line} is not a route any more");
    }
    let mut refused = 0;
    for (method, path) in &routes {
        let route = format!("{method} {path}");
        let allowed = *who.get(route.as_str()).unwrap_or_else(|| panic!("say in WHO whom {route} lets in"));
        let method = method.to_uppercase();
        let url = filled(path);
        let stranger = house.call(&method, &url, "", json!({})).await;
        let forged = house.call(&method, &url, "Bearer lanyard_forged", json!({})).await;
        if allowed == "public" {
            assert_eq!(stranger.status, StatusCode::OK, "{route}");
            continue;
        }
        for reply in [stranger, forged] {
            assert_eq!(
                (reply.status, &reply.body["code"]),
                (StatusCode::UNAUTHORIZED, &json!("sign_in")),
                "{route}"
            );
        }
        for (letter, role) in LETTERS {
            // Fresh each time: some routes end what they are called with.
            let text = token_of(&house, &format!("{route} {letter}"), vec![Grant::everywhere(role)]).await;
            let reply = house.call(&method, &url, &format!("Bearer {text}"), json!({})).await;
            if allowed.contains(letter) {
                assert_ne!(reply.status, StatusCode::UNAUTHORIZED, "{route} as {role:?}: {}", reply.body);
                assert_ne!(reply.body["code"], "role", "{route} as {role:?}: {}", reply.body);
            } else {
                assert_eq!(
                    (reply.status, &reply.body["code"]),
                    (StatusCode::FORBIDDEN, &json!("role")),
                    "{route} as {role:?}"
                );
                refused += 1;
            }
            token::revoke(house.store.as_ref(), &format!("{route} {letter}")).await.unwrap();
        }
    }
    assert!(refused > 60, "only {refused} refusals were seen");
}

#[tokio::test]
async fn a_role_for_one_tenant_opens_nothing_elsewhere() {
    let house = House::new();
    let north = Grant { role: Role::Operator, tenants: vec!["northgate".into()], sites: vec![] };
    let bearer = format!("Bearer {}", token_of(&house, "north", vec![north]).await);
    for (method, path, status, code) in [
        ("POST", "/api/v1/people/northgate/x/look", 200, Value::Null),
        ("POST", "/api/v1/people/other/x/look", 403, json!("role")),
        ("GET", "/api/v1/people/northgate/x", 404, json!("not_found")),
        ("GET", "/api/v1/people/other/x", 403, json!("role")),
        ("POST", "/api/v1/stop", 403, json!("role")),
        ("GET", "/metrics", 403, json!("role")),
        ("GET", "/api/v1/overview", 200, Value::Null),
    ] {
        let reply = house.call(method, path, &bearer, json!({})).await;
        assert_eq!((reply.status.as_u16(), reply.body["code"].clone()), (status, code), "{method} {path}");
    }
    let overview = house.call("GET", "/api/v1/overview", &bearer, Value::Null).await.body;
    assert_eq!(overview["rates"]["applied_24h"], Value::Null, "numbers of everybody are not for a part");
    let other = house.call("GET", "/api/v1/overview?tenant=other", &bearer, Value::Null).await;
    assert_eq!(other.status, StatusCode::NOT_FOUND, "of another tenant not even that it is there");
    let london = Grant { role: Role::Operator, tenants: vec![], sites: vec!["london".into()] };
    let bearer = format!("Bearer {}", token_of(&house, "london", vec![london]).await);
    let look = house.call("POST", "/api/v1/people/northgate/x/look", &bearer, json!({})).await;
    assert_eq!(look.status, StatusCode::FORBIDDEN, "a look works on all sites of a person");
}

/// Somebody's account in a site, with a role there since now.
fn holds(house: &House, user: &str, site: &str, id: i64) -> Vec<Write> {
    let key = AccountKey { site: SiteId::new(site), id: AccountId(id) };
    let account = Account {
        key: key.clone(),
        kind: AccountKind::Person,
        active: None,
        fields: BTreeMap::new(),
        user_type: None,
        seat: None,
        section: None,
        seat_class: None,
        cost_center: None,
        items: None,
        roles: Some(BTreeMap::from([(CenterId(5), Held::Manager)])),
        site_admin: None,
        updated_at: None,
        updated_by: None,
        read_at: house.now(),
    };
    let link = Link {
        identity: IdentityId::new(TenantId::new("northgate"), user),
        account: key,
        how: How::Created,
        since: house.now(),
        ended_at: None,
    };
    vec![Write::Account { account: Box::new(account), keys: Vec::new() }, Write::Link(link)]
}

#[tokio::test]
async fn a_role_for_one_site_tells_of_nobody_and_nothing_in_another() {
    let house = House::new();
    for (user, site, id) in [("ana", "london", 1), ("ana", "paris", 2), ("bob", "paris", 3)] {
        house.put(holds(&house, user, site, id)).await;
    }
    let held = async |bearer: &str, user: &str| {
        let path = format!("/api/v1/people/northgate/{user}/access");
        let reply = house.call("GET", &path, bearer, Value::Null).await;
        let mut sites: Vec<_> = reply.body["held"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| one["account"]["site"].clone())
            .collect();
        sites.dedup();
        (reply.status.as_u16(), sites)
    };
    let london = Grant { role: Role::Viewer, tenants: vec![], sites: vec!["london".into()] };
    let bearer = format!("Bearer {}", token_of(&house, "london", vec![london]).await);
    assert_eq!(held(&bearer, "ana").await, (200, vec![json!("london")]), "her account in paris is not shown");
    assert_eq!(held(&bearer, "bob").await, (404, vec![]), "nobody in london");
    assert_eq!(held(&bearer, "nobody").await.0, 404, "as somebody whom nobody knows");
    let both = vec![json!("london"), json!("paris")];
    assert_eq!(held("Bearer local", "ana").await, (200, both));
    assert_eq!(held("Bearer local", "bob").await, (200, vec![json!("paris")]));
}

#[tokio::test]
async fn a_token_ends_when_it_says_or_is_revoked() {
    let house = House::new();
    let text = token_of(&house, "ci", vec![Grant::everywhere(Role::Viewer)]).await;
    let bearer = format!("Bearer {text}");
    assert_eq!(house.call("GET", "/api/v1/session", &bearer, Value::Null).await.body["user"], "token ci");
    let listed = token::list(house.store.as_ref()).await.unwrap();
    assert_eq!(listed[0].last_used_at, Some(house.now()));
    assert!(!house.everything_in("access:tokens").await.contains(&text), "the text itself is not kept");
    house.pass(SignedDuration::from_hours(24));
    assert_eq!(
        house.call("GET", "/api/v1/session", &bearer, Value::Null).await.status,
        StatusCode::UNAUTHORIZED
    );
    let text = token_of(&house, "cd", vec![Grant::everywhere(Role::Viewer)]).await;
    token::revoke(house.store.as_ref(), "cd").await.unwrap().expect("a token of this name");
    let reply = house.call("GET", "/api/v1/session", &format!("Bearer {text}"), Value::Null).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_bad_token_wish_names_the_field() {
    let house = House::new();
    let owner = "Bearer local";
    let grant = json!([{ "role": "viewer" }]);
    for (wish, path) in [
        (json!({ "name": " ", "grants": grant, "days": 1 }), "name"),
        (json!({ "name": "x", "grants": [], "days": 1 }), "grants"),
        (json!({ "name": "x", "grants": grant, "days": 0 }), "days"),
        (json!({ "name": "x", "grants": grant, "days": 367 }), "days"),
        (
            json!({ "name": "x", "grants": [{ "role": "viewer", "sites": ["atlantis"] }], "days": 1 }),
            "grants[0].sites",
        ),
    ] {
        let reply = house.call("POST", "/api/v1/tokens", owner, wish.clone()).await;
        assert_eq!((reply.status.as_u16(), &reply.body["errors"][0]["path"]), (422, &json!(path)), "{wish}");
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json");
    }
    let unknown = house
        .call(
            "POST",
            "/api/v1/tokens",
            owner,
            json!({ "name": "x", "grants": [{ "role": "root" }], "days": 1 }),
        )
        .await;
    assert_eq!((unknown.status.as_u16(), &unknown.body["code"]), (422, &json!("body")));
    let made =
        house.call("POST", "/api/v1/tokens", owner, json!({ "name": "x", "grants": grant, "days": 1 })).await;
    assert_eq!(made.status, StatusCode::OK);
    let text = made.body["text"].as_str().unwrap();
    assert_eq!(
        house.call("GET", "/api/v1/session", &format!("Bearer {text}"), Value::Null).await.body["permits"],
        json!(["see"])
    );
    let list = house.call("GET", "/api/v1/tokens", owner, Value::Null).await;
    assert!(!list.body.to_string().contains(text));
    let again =
        house.call("POST", "/api/v1/tokens", owner, json!({ "name": "x", "grants": grant, "days": 1 })).await;
    assert_eq!(again.body["errors"][0]["path"], "name");
    let id = made.body["token"]["id"].as_str().unwrap();
    let gone = house.call("DELETE", &format!("/api/v1/tokens/{id}"), owner, Value::Null).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(
        house.call("DELETE", &format!("/api/v1/tokens/{id}"), owner, Value::Null).await.status,
        StatusCode::NOT_FOUND
    );
}
