//! Whether a credential is good enough, said with the fix (traps 19, 20).

use lanyard_engine::ports::{Check, Directory};
use lanyard_okta::DpopMode;
use serde_json::json as value;

use crate::script::*;

fn found(checks: &[Check]) -> Vec<String> {
    checks
        .iter()
        .map(|c| {
            format!(
                "{}{}{}",
                c.name,
                if c.ok { "" } else { " FAILED" },
                if c.warning { " warning" } else { "" }
            )
        })
        .collect()
}

fn organization() -> Reply {
    json(200, value!({"id": "00o1", "pipeline": "idx", "_links": {}}))
}

fn schema() -> [Reply; 2] {
    [json(200, value!([])), json(200, value!({"definitions": {}}))]
}

fn log() -> Reply {
    json(200, value!([])).next("https://northgate.okta.com/api/v1/logs?after=x")
}

#[tokio::test]
async fn a_good_credential_passes_and_an_api_token_is_warned_of() {
    let [types, default] = schema();
    let stage = Stage::new([
        organization(),
        json(200, value!([user("00u1")])),
        json(200, value!([everyone()])),
        log(),
        json(200, value!([])),
        types,
        default,
    ]);
    let checks = stage.client.probe().await;
    assert_eq!(
        found(&checks),
        [
            "okta.organization",
            "okta.credential warning",
            "okta.users",
            "okta.groups.everyone",
            "okta.logs",
            "okta.hooks",
            "okta.schema"
        ]
    );
    assert_eq!(checks[1].fix.as_deref(), Some("use a service app with a key instead"));
    assert!(stage.requests().iter().all(|r| r.method() == "GET"), "a probe changes nothing");
}

#[tokio::test]
async fn missing_scopes_and_roles_are_named_with_their_fix() {
    let token = json(
        200,
        value!({"token_type": "Bearer", "expires_in": 3600, "access_token": "t", "scope": "okta.users.read"}),
    );
    let challenge = "Bearer scope=\"okta.logs.read\",error=\"insufficient_scope\"";
    let [types, default] = schema();
    let stage = Stage::with(
        service_app(ec_pem(), DpopMode::Never),
        [
            organization(),
            token,
            json(200, value!([])),
            json(200, value!([])),
            error(403, "E0000006").header("www-authenticate", challenge),
            error(403, "E0000006"),
            types,
            default,
        ],
    );
    let checks = stage.client.probe().await;
    assert_eq!(
        found(&checks),
        [
            "okta.organization",
            "okta.credential",
            "okta.scope.okta.logs.read FAILED",
            "okta.users FAILED",
            "okta.groups.everyone FAILED",
            "okta.logs FAILED",
            "okta.hooks FAILED warning",
            "okta.schema"
        ]
    );
    let fixes: Vec<&str> = checks.iter().filter_map(|c| c.fix.as_deref()).collect();
    assert_eq!(fixes[0], "grant okta.logs.read to the service app");
    assert_eq!(fixes[2], "give the credential an admin role whose resource set covers all users and groups");
    assert_eq!(fixes[3], "grant okta.logs.read to the service app");
}

#[tokio::test]
async fn a_list_much_shorter_than_everyone_fails() {
    for (listed, count, ok) in
        [(2, value!(2), true), (19, value!(20), true), (2, value!(40), false), (2, value!(null), true)]
    {
        let rows: Vec<_> = (0..listed).map(|n| user(&format!("00u{n}"))).collect();
        let mut group = everyone();
        group["_embedded"] = value!({"stats": {"usersCount": count}});
        let [types, default] = schema();
        let stage = Stage::new([
            organization(),
            json(200, value!(rows)),
            json(200, value!([group])),
            log(),
            json(200, value!([])),
            types,
            default,
        ]);
        let checks = stage.client.probe().await;
        let check = checks.iter().find(|c| c.name == "okta.groups.everyone").expect("the check");
        assert_eq!(check.ok, ok, "{listed} of {count}: {}", check.detail);
    }
}

#[tokio::test]
async fn without_a_token_nothing_else_is_tried() {
    let refusal = json(401, value!({"error": "invalid_client", "error_description": "unknown key"}));
    let stage = Stage::with(service_app(ec_pem(), DpopMode::Auto), [organization(), refusal]);
    let checks = stage.client.probe().await;
    assert_eq!(found(&checks), ["okta.organization", "okta.credential FAILED"]);
    assert!(checks[1].detail.contains("unknown key"));
}
