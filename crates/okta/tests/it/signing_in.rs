//! Tokens, assertions, proofs (contract §3; traps 16, 17, 18).

use std::collections::BTreeSet;

use lanyard_model::signal::Lane;
use lanyard_okta::{DpopMode, Problem};
use serde_json::{Value, json as value};

use crate::script::*;

fn token(kind: &str, text: &str) -> Reply {
    json(
        200,
        value!({"token_type": kind, "expires_in": 3600, "access_token": text,
                      "scope": "okta.users.read okta.logs.read"}),
    )
}

fn oauth_error(error: &str) -> Reply {
    json(400, value!({"error": error, "error_description": "in words"}))
}

fn person() -> [Reply; 2] {
    [json(200, user("00u1")), json(200, value!([everyone()]))]
}

fn app(key: String, dpop: DpopMode, replies: Vec<Reply>) -> Stage {
    Stage::with(service_app(key, dpop), replies)
}

async fn read_person(stage: &Stage) -> Result<(), Problem> {
    stage.client.user("00u1", Lane::Normal).await.map(drop)
}

#[tokio::test]
async fn the_assertion_is_for_the_token_url_and_signed_by_the_keys_kind() {
    for (key, algorithm) in [(ec_pem(), "ES256"), (rsa_pem(), "RS256")] {
        let [a, b] = person();
        let stage = app(key, DpopMode::Never, vec![token("Bearer", "tok-1"), a, b]);
        read_person(&stage).await.expect("a person");
        let requests = stage.requests();
        assert_eq!(requests[0].uri().to_string(), "https://northgate.okta.com/oauth2/v1/token");
        assert_eq!(field(&requests[0], "grant_type"), "client_credentials");
        assert_eq!(field(&requests[0], "scope"), "okta.logs.read okta.users.read");
        let (head, claims) = decoded(&field(&requests[0], "client_assertion"));
        assert_eq!((&head["alg"], &head["kid"]), (&value!(algorithm), &value!("key-1")));
        assert_eq!((&claims["iss"], &claims["sub"]), (&value!("0oaclient"), &value!("0oaclient")));
        assert_eq!(claims["aud"], "https://northgate.okta.com/oauth2/v1/token");
        assert_eq!(claims["exp"], START + 300);
        assert_eq!(claims["jti"].as_str().map(str::len), Some(32));
        assert_eq!(header(&requests[1], "authorization"), "Bearer tok-1");
        assert_eq!(header(&requests[1], "dpop"), "");
    }
}

#[tokio::test]
async fn a_token_is_renewed_at_four_fifths_of_its_life() {
    let [a, b] = person();
    let stage = app(ec_pem(), DpopMode::Never, vec![token("Bearer", "tok-1"), a, b]);
    read_person(&stage).await.expect("a person");
    for (seconds, authorization) in [(2879, "Bearer tok-1"), (1, "Bearer tok-2")] {
        stage.clock.advance(seconds);
        if authorization.ends_with('2') {
            stage.queue([token("Bearer", "tok-2")]);
        }
        stage.queue(person());
        read_person(&stage).await.expect("a person");
        assert_eq!(header(stage.requests().last().expect("requests"), "authorization"), authorization);
    }
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let [a, b] = person();
    let stage = app(
        ec_pem(),
        DpopMode::Never,
        vec![token("Bearer", "tok-1"), error(401, "E0000011"), token("Bearer", "tok-2"), a, b],
    );
    read_person(&stage).await.expect("a person");
    let assertions: BTreeSet<String> = stage
        .requests()
        .iter()
        .filter(|r| r.method() == "POST")
        .map(|r| decoded(&field(r, "client_assertion")).1["jti"].to_string())
        .collect();
    assert_eq!(assertions.len(), 2, "each assertion has a jti of its own");

    stage.queue([error(401, "E0000011"), token("Bearer", "tok-3"), error(401, "E0000011")]);
    let problem = read_person(&stage).await.expect_err("still refused");
    assert!(matches!(&problem, Problem::Unauthorized { code, .. } if code == "E0000011"), "{problem}");
    assert_eq!(stage.unused(), 0);
}

#[tokio::test]
async fn a_token_that_runs_out_while_its_call_waits_is_not_sent() {
    let short = json(200, value!({"token_type": "Bearer", "expires_in": 100, "access_token": "tok-1"}));
    let throttled = error(429, "E0000047")
        .header("x-rate-limit-limit", 600)
        .header("x-rate-limit-remaining", 0)
        .header("x-rate-limit-reset", START + 110);
    let [a, b] = person();
    let stage = app(ec_pem(), DpopMode::Never, vec![short, throttled, token("Bearer", "tok-2"), a, b]);
    read_person(&stage).await.expect("a person");
    let sent: Vec<String> = stage.requests().iter().map(|r| header(r, "authorization").to_owned()).collect();
    assert_eq!(sent, ["", "Bearer tok-1", "", "Bearer tok-2", "Bearer tok-2"]);
}

#[tokio::test]
async fn the_client_learns_that_proofs_are_demanded() {
    let [a, b] = person();
    let stage = app(
        ec_pem(),
        DpopMode::Auto,
        vec![
            oauth_error("invalid_dpop_proof"),
            oauth_error("use_dpop_nonce").header("dpop-nonce", "nonce-1"),
            token("DPoP", "tok-1"),
            a,
            b,
        ],
    );
    read_person(&stage).await.expect("a person");
    let requests = stage.requests();
    assert_eq!(header(&requests[0], "dpop"), "", "first without a proof");

    let proofs: Vec<(Value, Value)> = requests[1..].iter().map(|r| decoded(header(r, "dpop"))).collect();
    for (head, claims) in &proofs {
        assert_eq!((&head["typ"], &head["alg"]), (&value!("dpop+jwt"), &value!("ES256")));
        assert_eq!(head["jwk"], proofs[0].0["jwk"], "one proof key for the life of the token");
        assert!(head["jwk"].get("d").is_none(), "the private part stays here");
        assert_eq!(claims["iat"], START);
    }
    let claim = |n: usize, name: &str| proofs[n].1[name].clone();
    assert_eq!((claim(0, "nonce"), claim(1, "nonce")), (Value::Null, value!("nonce-1")));
    assert_eq!(
        (claim(1, "htm"), claim(1, "htu")),
        (value!("POST"), value!("https://northgate.okta.com/oauth2/v1/token"))
    );
    assert_eq!(
        (claim(2, "htm"), claim(2, "htu")),
        (value!("GET"), value!("https://northgate.okta.com/api/v1/users/00u1"))
    );
    // base64url(SHA-256("tok-1")), computed apart.
    assert_eq!(
        (claim(1, "ath"), claim(2, "ath")),
        (Value::Null, value!("ZdzxbqPfpJBpYoCJ60p1SDBw9VhLKiHuZJErX2IfEto"))
    );
    assert_eq!(header(&requests[3], "authorization"), "DPoP tok-1");

    let jtis: BTreeSet<String> = proofs.iter().map(|(_, c)| c["jti"].to_string()).collect();
    assert_eq!(jtis.len(), proofs.len(), "no proof is used twice");
    let assertions: BTreeSet<String> = requests[..3].iter().map(|r| field(r, "client_assertion")).collect();
    assert_eq!(assertions.len(), 3, "no assertion is used twice");
}

#[tokio::test]
async fn every_retry_at_a_resource_has_a_fresh_proof() {
    let [a, b] = person();
    let stage = app(
        ec_pem(),
        DpopMode::Always,
        vec![
            token("DPoP", "tok-1"),
            error(429, "E0000047"),
            error(500, "E0000009"),
            json(401, value!({"error": "use_dpop_nonce"})).header("dpop-nonce", "nonce-2"),
            oauth_error("invalid_dpop_proof"),
            a,
            b,
        ],
    );
    read_person(&stage).await.expect("a person");
    let proofs: Vec<Value> = stage.requests()[1..].iter().map(|r| decoded(header(r, "dpop")).1).collect();
    let jtis: BTreeSet<String> = proofs.iter().map(|c| c["jti"].to_string()).collect();
    assert_eq!(jtis.len(), 6);
    let nonces: Vec<&Value> = proofs.iter().map(|c| &c["nonce"]).collect();
    assert_eq!(nonces[2], &Value::Null);
    assert_eq!(nonces[3], "nonce-2");
    assert!(proofs[1]["iat"].as_i64() > proofs[0]["iat"].as_i64(), "the time is fresh too");
}

#[tokio::test]
async fn waiting_calls_share_one_token_request() {
    let replies = vec![token("Bearer", "tok-1"), json(200, value!([])), json(200, value!([]))];
    let stage = app(ec_pem(), DpopMode::Never, replies);
    let (a, b) = tokio::join!(stage.client.groups(), stage.client.groups());
    assert!(a.is_ok() && b.is_ok());
    assert_eq!(stage.requests().iter().filter(|r| r.method() == "POST").count(), 1);
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_by_the_date_of_the_refusal() {
    // The server is ten minutes ahead: the first assertion had expired when it arrived.
    let there = jiff::Timestamp::from_second(START + 600).expect("a time stamp");
    let date =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&there).expect("a date");
    let refusal =
        json(401, value!({"error": "invalid_client", "error_description": "expired"})).header("date", date);
    let [a, b] = person();
    let stage = app(ec_pem(), DpopMode::Never, vec![refusal, token("Bearer", "tok-1"), a, b]);
    read_person(&stage).await.expect("a person");
    let (_, claims) = decoded(&field(&stage.requests()[1], "client_assertion"));
    assert_eq!(claims["exp"], START + 900);
}

#[tokio::test]
async fn sign_in_refusals_name_the_fix_and_are_not_repeated() {
    for (status, name, calls, fix) in [
        (
            401,
            "invalid_client",
            1,
            "check client id, key id and key against the app's public keys, and this machine's clock",
        ),
        // Each of the two scopes is asked for alone as well.
        (400, "invalid_scope", 3, "grant the app each scope it asks for"),
        (403, "access_denied", 1, "the network zone of the app does not allow this host"),
    ] {
        let refusal = json(status, value!({"error": name, "error_description": "in words"}));
        let stage = app(ec_pem(), DpopMode::Never, vec![refusal; 3]);
        let problem = read_person(&stage).await.expect_err(name);
        assert_eq!(problem.hint(), fix);
        assert_eq!(stage.requests().len(), calls, "{name}");
    }
}

#[tokio::test]
async fn a_scope_that_is_not_granted_does_not_take_the_others_along() {
    let partial = json(
        200,
        value!({"token_type": "Bearer", "expires_in": 3600, "access_token": "tok-2", "scope": "okta.users.read"}),
    );
    let [a, b] = person();
    // The whole request is refused; then each scope alone, in order of name: logs is refused, users is granted.
    let stage = app(
        ec_pem(),
        DpopMode::Never,
        vec![
            oauth_error("invalid_scope"),
            oauth_error("invalid_scope"),
            token("Bearer", "tok-1"),
            partial,
            a,
            b,
        ],
    );
    read_person(&stage).await.expect("a person");
    let requests = stage.requests();
    let asked: Vec<String> = requests[..4].iter().map(|r| field(r, "scope")).collect();
    assert_eq!(
        asked,
        ["okta.logs.read okta.users.read", "okta.logs.read", "okta.users.read", "okta.users.read"]
    );
    assert_eq!(header(&requests[4], "authorization"), "Bearer tok-2");
    assert_eq!(stage.unused(), 0);
}

#[tokio::test]
async fn passing_faults_of_the_token_endpoint_are_waited_out() {
    let [a, b] = person();
    let replies = vec![no_answer(), raw(503, ""), error(429, "E0000047"), token("Bearer", "tok-1"), a, b];
    let stage = app(ec_pem(), DpopMode::Never, replies);
    read_person(&stage).await.expect("a person");
    assert_eq!(stage.unused(), 0);
}

#[test]
fn unusable_keys_are_found_at_start() {
    let settings = |pem: &str| lanyard_okta::OktaSettings {
        tenant: "northgate".into(),
        org: lanyard_okta::OrgUrl::parse(ORG).expect("an address"),
        credential: service_app(pem.to_owned(), DpopMode::Auto),
        limits: lanyard_okta::Limits::default(),
        canary_user: None,
        api_token_ids: BTreeSet::new(),
    };
    for pem in ["", "planted-not-a-pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"] {
        let stage = Stage::new([]);
        let transport: std::sync::Arc<dyn lanyard_wire::Transport> = std::sync::Arc::new(Nobody);
        let problem =
            lanyard_okta::OktaClient::new(settings(pem), transport, stage.clock.clone(), 1).expect_err(pem);
        assert!(problem.to_string().contains("hint: give an unencrypted PKCS#8 PEM"), "{problem}");
        assert!(!problem.to_string().contains("planted"));
    }
}

struct Nobody;

#[async_trait::async_trait]
impl lanyard_wire::Transport for Nobody {
    async fn exchange(
        &self,
        _: lanyard_wire::Request,
        _: std::time::Duration,
    ) -> Result<lanyard_wire::Response, lanyard_wire::TransportError> {
        Err(lanyard_wire::TransportError::NotSent { host: String::new(), reason: "nobody is there".into() })
    }
}
