//! Service apps, DPoP, roles, quotas, and sign-in of people.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::Request;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use lanyard_sim::okta::{
    KeyKind, KeyPair, OidcApp, OktaSettings, Quotas, Role, ServiceApp, Spread, keys::Unverified,
};
use serde_json::{Value, json};

use super::desk::{Desk, HOST, Seen};

const TOKEN_URL: &str = "https://northgate.okta.com/oauth2/v1/token";

struct Client {
    desk: Desk,
    pair: KeyPair,
    proof: KeyPair,
    id: String,
    number: u32,
}

fn client(dpop_required: bool, role: Role) -> Client {
    client_with(&["okta.users.read", "okta.groups.read"], dpop_required, role)
}

fn client_with(scopes: &[&str], dpop_required: bool, role: Role) -> Client {
    let mut desk = Desk::exact();
    let pair = KeyPair::generate(KeyKind::P256).unwrap();
    let id = desk.face.add_service_app(ServiceApp {
        client_id: String::new(),
        label: "Sync".to_owned(),
        keys: vec![pair.public_jwk.clone()],
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        role,
        dpop_required,
        active: true,
    });
    Client { desk, pair, proof: KeyPair::generate(KeyKind::P256).unwrap(), id, number: 0 }
}

impl Client {
    fn claims(&mut self) -> Value {
        self.number += 1;
        let now = self.desk.now.as_second();
        json!({ "iss": self.id, "sub": self.id, "aud": TOKEN_URL, "iat": now, "exp": now + 300, "jti": format!("j{}", self.number) })
    }

    fn token(&mut self, claims: &Value, scope: &str, proof: Option<String>) -> Seen {
        let assertion = self.pair.sign(claims).unwrap();
        let form = format!(
            "grant_type=client_credentials&scope={}&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}",
            scope.replace(' ', "+")
        );
        let mut request = Request::builder().method("POST").uri("/oauth2/v1/token").header("host", HOST);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        if let Some(proof) = proof {
            request = request.header("dpop", proof);
        }
        self.desk.send(request.body(form.into()).unwrap())
    }

    fn proof(&mut self, method: &str, url: &str, extra: Value) -> String {
        self.number += 1;
        let mut claims = json!({ "htm": method, "htu": url, "iat": self.desk.now.as_second(), "jti": format!("p{}", self.number) });
        claims.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some("dpop+jwt".to_owned());
        header.jwk = serde_json::from_value(self.proof.public_jwk.clone()).ok();
        let key = EncodingKey::from_ec_pem(self.proof.private_pem.as_bytes()).unwrap();
        jsonwebtoken::encode(&header, &claims, &key).unwrap()
    }
}

#[test]
fn assertions_are_checked_and_used_once() {
    let mut client = client(false, Role::Super);
    let good = client.claims();
    let seen = client.token(&good, "okta.users.read okta.groups.read", None);
    assert_eq!(
        (seen.status, &seen.body["token_type"], &seen.body["expires_in"]),
        (200, &json!("Bearer"), &json!(3600)),
        "{}",
        seen.text
    );
    assert_eq!(seen.body["scope"], "okta.users.read okta.groups.read");
    assert_eq!(
        client.token(&good, "okta.users.read", None).code(),
        "401 invalid_client",
        "the jti is used up"
    );
    let now = client.desk.now.as_second();
    for (claim, value) in [
        ("aud", json!("https://northgate.okta.com")),
        ("exp", json!(now - 301)),
        ("exp", json!(now + 3901)),
        ("iat", json!(now + 301)),
        ("sub", json!("0oaother")),
    ] {
        let mut claims = client.claims();
        claims[claim] = value;
        assert_eq!(client.token(&claims, "okta.users.read", None).code(), "401 invalid_client", "{claim}");
    }
    let claims = client.claims();
    assert_eq!(client.token(&claims, "okta.users.read okta.logs.read", None).code(), "400 invalid_scope");

    client.desk.authorization = format!("Bearer {}", seen.body["access_token"].as_str().unwrap());
    assert_eq!(client.desk.get("/api/v1/users").status, 200);
    let refused = client.desk.get("/api/v1/logs");
    assert_eq!(refused.code(), "403 E0000006");
    assert!(
        refused.header("www-authenticate").contains("scope=\"okta.logs.read\",error=\"insufficient_scope\"")
    );
    assert_eq!(
        client.desk.post("/api/v1/groups", json!({ "profile": { "name": "G" } })).code(),
        "403 E0000006"
    );
    client.desk.wait(3_600_001);
    assert_eq!(client.desk.get("/api/v1/users").code(), "401 E0000011");
}

#[test]
fn dpop_asks_for_a_nonce_and_refuses_replays() {
    let mut client = client(true, Role::Super);
    let claims = client.claims();
    let bare = client.token(&claims, "okta.users.read", None);
    assert_eq!(
        bare.body,
        json!({ "error": "invalid_dpop_proof", "error_description": "The DPoP proof JWT header is missing." })
    );
    let (claims, proof) = (client.claims(), client.proof("POST", TOKEN_URL, json!({})));
    let dance = client.token(&claims, "okta.users.read", Some(proof));
    assert_eq!(dance.code(), "400 use_dpop_nonce");
    let nonce = json!({ "nonce": dance.header("dpop-nonce") });
    let (claims, proof) = (client.claims(), client.proof("POST", TOKEN_URL, nonce));
    let seen = client.token(&claims, "okta.users.read", Some(proof.clone()));
    assert_eq!((seen.status, &seen.body["token_type"]), (200, &json!("DPoP")), "{}", seen.text);
    let claims = client.claims();
    let replay = client.token(&claims, "okta.users.read", Some(proof));
    assert_eq!(replay.body["error_description"], "The DPoP proof JWT has already been used.");

    let token = seen.body["access_token"].as_str().unwrap().to_owned();
    client.desk.authorization = format!("Bearer {token}");
    assert_eq!(client.desk.get("/api/v1/users").code(), "401 E0000011", "bound to a key");
    client.desk.authorization = format!("DPoP {token}");
    let bare = client.desk.get("/api/v1/users");
    assert_eq!(bare.code(), "400 invalid_dpop_proof");
    assert!(bare.header("www-authenticate").starts_with("DPoP algs=\"RS256 "), "{:?}", bare.headers);
    assert_eq!(bare.body["errorSummary"], "The DPoP proof JWT header is missing.", "in the form of the API");
    let ath = lanyard_sim::okta::keys::sha256_base64url(token.as_bytes());
    let url = "https://northgate.okta.com/api/v1/users";
    for (url, ath, expected) in [
        (url, ath.as_str(), "200 -"),
        ("https://northgate.okta.com/api/v1/users?limit=1", &ath, "400 invalid_dpop_proof"),
        ("https://northgate.okta.com//api/v1/users", &ath, "400 invalid_dpop_proof"),
        (url, "other", "400 invalid_dpop_proof"),
    ] {
        let proof = client.proof("GET", url, json!({ "ath": ath }));
        let request = client.desk.request("GET", "/api/v1/users?limit=1", None).header("dpop", proof);
        assert_eq!(client.desk.send(request.body(Default::default()).unwrap()).code(), expected, "{url}");
    }
}

#[test]
fn push_mappings_ask_for_the_scopes_of_both() {
    let scopes = ["okta.apps.read", "okta.apps.manage", "okta.groups.read", "okta.groups.manage"];
    let mut client = client_with(&scopes, false, Role::Super);
    let app = client.desk.face.add_app("scim", "iOffice Workplace").to_string();
    let group = client.desk.group("Floor 9");
    let mappings = format!("/api/v1/apps/{app}/group-push/mappings");
    for (scope, read, write) in [
        ("okta.apps.manage", "okta.groups.read", "okta.groups.manage"),
        ("okta.groups.manage", "okta.apps.read", "okta.apps.manage"),
        ("okta.apps.read okta.groups.read", "", "okta.apps.manage"),
        ("okta.apps.manage okta.groups.read", "", "okta.groups.manage"),
        ("okta.apps.manage okta.groups.manage", "", ""),
    ] {
        let claims = client.claims();
        let seen = client.token(&claims, scope, None);
        client.desk.authorization = format!("Bearer {}", seen.body["access_token"].as_str().unwrap());
        let push = json!({ "sourceGroupId": group, "targetGroupName": "Pushed" });
        let told = [(client.desk.get(&mappings), read, 200), (client.desk.post(&mappings, push), write, 201)];
        for (told, missing, done) in told {
            let expected = if missing.is_empty() { done } else { 403 };
            assert_eq!(told.status, expected, "3.1: {scope}: {}", told.text);
            let named = told.header("www-authenticate").contains(&format!("scope=\"{missing}\""));
            assert_eq!(named, !missing.is_empty(), "{scope}: {:?}", told.headers);
        }
    }
    assert_eq!(client.desk.get(&format!("/api/v1/apps/{app}")).status, 200, "the app alone asks for one");
}

/// A code for somebody who signs in to `app`, and the form that turns it into tokens.
fn code_grant(desk: &mut Desk, client_id: &str, back: &str) -> String {
    let ask = format!(
        "/oauth2/v1/authorize?client_id={client_id}&response_type=code&scope=openid&redirect_uri={back}&state=s&login_hint=ines@northgate.example"
    );
    let sent = desk.get(&ask);
    let code = sent.header("location").split("code=").nth(1).expect("a code").split('&').next().unwrap();
    format!("grant_type=authorization_code&code={code}&redirect_uri={back}&client_id={client_id}")
}

fn form(desk: &mut Desk, path: &str, body: &str, headers: &[(&str, &str)]) -> Seen {
    let mut request =
        Request::builder().method("POST").uri(format!("/oauth2/v1/{path}")).header("host", HOST);
    request = request.header("content-type", "application/x-www-form-urlencoded");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    desk.send(request.body(body.to_owned().into()).unwrap())
}

#[test]
fn one_credential_at_a_time() {
    let mut desk = Desk::exact();
    let client_id = desk.face.add_oidc_app(OidcApp {
        secret: Some("web-secret".to_owned()),
        redirect_uris: vec!["http://127.0.0.1:8080/".to_owned()],
        ..OidcApp::default()
    });
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{client_id}:web-secret"));
    let basic = format!("Basic {pair}");
    let secret = format!("client_id={client_id}&client_secret=web-secret");
    let assertion = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=x";
    for (path, more) in
        [("token", "grant_type=authorization_code&code=x"), ("introspect", "token=x"), ("revoke", "token=x")]
    {
        for (header, shown) in [
            (Some(basic.as_str()), secret.clone()),
            (Some(basic.as_str()), assertion.to_owned()),
            (None, format!("{secret}&{assertion}")),
        ] {
            let headers: Vec<(&str, &str)> =
                header.map(|header| ("authorization", header)).into_iter().collect();
            let told = form(&mut desk, path, &format!("{more}&{shown}"), &headers);
            assert_eq!(told.code(), "400 invalid_request", "3.1: {path} {shown}: {}", told.text);
        }
    }
    for (header, shown) in [(Some(basic.as_str()), String::new()), (None, secret)] {
        let headers: Vec<(&str, &str)> = header.map(|header| ("authorization", header)).into_iter().collect();
        let told = form(&mut desk, "introspect", &format!("token=x&{shown}"), &headers);
        assert_eq!((told.status, &told.body["active"]), (200, &json!(false)), "one is enough: {}", told.text);
    }
}

#[test]
fn who_leaves_shows_what_they_signed_in_with() {
    let mut desk = Desk::exact();
    desk.employee("ines");
    let back = "http://127.0.0.1:8080/";
    let mut app = |after: &str| {
        desk.face.add_oidc_app(OidcApp {
            secret: Some("web-secret".to_owned()),
            redirect_uris: vec![back.to_owned()],
            post_logout_uris: vec![after.to_owned()],
            ..OidcApp::default()
        })
    };
    let (own, _other) = (app("http://127.0.0.1:8080/out"), app("http://127.0.0.1:8080/others"));
    let grant = format!("{}&client_secret=web-secret", code_grant(&mut desk, &own, back));
    let tokens = form(&mut desk, "token", &grant, &[]);
    let hint = tokens.body["id_token"].as_str().expect("an ID token").to_owned();
    let access = tokens.body["access_token"].as_str().expect("an access token").to_owned();
    let out = "http://127.0.0.1:8080/out";
    // Old tokens will do: who leaves late leaves all the same.
    desk.wait(3 * 3_600_000);
    for (given, expected) in [
        (
            format!("id_token_hint={hint}&post_logout_redirect_uri={out}&state=s1"),
            format!("302 {out}?state=s1"),
        ),
        (format!("id_token_hint={hint}"), "200 ".to_owned()),
        (format!("post_logout_redirect_uri={out}"), "400 ".to_owned()),
        (format!("id_token_hint=&post_logout_redirect_uri={out}"), "400 ".to_owned()),
        (format!("id_token_hint={hint}x&post_logout_redirect_uri={out}"), "400 ".to_owned()),
        (format!("id_token_hint={access}&post_logout_redirect_uri={out}"), "400 ".to_owned()),
        (format!("id_token_hint={hint}&post_logout_redirect_uri={out}s"), "400 ".to_owned()),
        (
            format!("id_token_hint={hint}&post_logout_redirect_uri=http://127.0.0.1:8080/others"),
            "400 ".to_owned(),
        ),
    ] {
        let by_get = desk.get(&format!("/oauth2/v1/logout?{given}"));
        let by_post = form(&mut desk, "logout", &given, &[]);
        for told in [by_get, by_post] {
            assert_eq!(format!("{} {}", told.status, told.header("location")), expected, "{given}");
        }
    }
}

#[test]
fn a_sign_in_says_what_browsers_go_by() {
    let mut desk = Desk::exact();
    desk.employee("ines");
    let back = "http://127.0.0.1:8080/";
    let app = OidcApp { redirect_uris: vec![back.to_owned()], ..OidcApp::default() };
    let app = desk.face.add_oidc_app(app);
    let ask = format!(
        "/oauth2/v1/authorize?client_id={app}&response_type=code&scope=openid&redirect_uri={back}&state=s"
    );
    for path in [ask.clone(), format!("{ask}&login_hint=ines@northgate.example")] {
        let told = desk.get(&path);
        assert_eq!(told.header("referrer-policy"), "no-referrer", "{} {path}", told.status);
    }
    let request =
        Request::options("/oauth2/v1/token").header("host", HOST).header("origin", "https://app.example");
    let told = desk.send(request.body(Default::default()).unwrap());
    assert_eq!(told.header("access-control-allow-origin"), "https://app.example");
    assert_eq!(told.header("vary"), "Origin");
    // A public client has no secret to put into a form: its name stands in the address.
    let told = form(&mut desk, &format!("introspect?client_id={app}"), "token=x", &[]);
    assert_eq!((told.status, &told.body), (200, &json!({ "active": false })), "{}", told.text);
    let told = form(&mut desk, "introspect?client_id=nobody", "token=x", &[]);
    assert_eq!(told.code(), "401 invalid_client");
}

#[test]
fn a_code_survives_the_nonce_dance() {
    let mut client = client(false, Role::Super);
    client.desk.employee("ines");
    let back = "http://127.0.0.1:8080/";
    let web = client.desk.face.add_oidc_app(OidcApp {
        secret: Some("web-secret".to_owned()),
        redirect_uris: vec![back.to_owned()],
        ..OidcApp::default()
    });
    let grant = format!("{}&client_secret=web-secret", code_grant(&mut client.desk, &web, back));
    let proof = client.proof("POST", TOKEN_URL, json!({}));
    let dance = form(&mut client.desk, "token", &grant, &[("dpop", &proof)]);
    assert_eq!(dance.code(), "400 use_dpop_nonce", "3.2: {}", dance.text);
    let nonce = json!({ "nonce": dance.header("dpop-nonce") });
    let proof = client.proof("POST", TOKEN_URL, nonce.clone());
    let tokens = form(&mut client.desk, "token", &grant, &[("dpop", &proof)]);
    assert_eq!((tokens.status, &tokens.body["token_type"]), (200, &json!("DPoP")), "{}", tokens.text);
    let proof = client.proof("POST", TOKEN_URL, nonce);
    let again = form(&mut client.desk, "token", &grant, &[("dpop", &proof)]);
    assert_eq!(again.code(), "400 invalid_grant", "a code still works once");
}

#[test]
fn a_narrow_role_sees_fewer_rows() {
    let mut client = client(false, Role::Super);
    let people: Vec<String> = ["ann", "ben", "cid"].map(|name| client.desk.employee(name)).to_vec();
    for (group, member) in [("North", 0), ("South", 1)] {
        let id = client.desk.group(group);
        client.desk.act("PUT", &format!("/api/v1/groups/{id}/users/{}", people[member]));
    }
    let claims = client.claims();
    let seen = client.token(&claims, "okta.users.read okta.groups.read", None);
    client.desk.authorization = format!("Bearer {}", seen.body["access_token"].as_str().unwrap());
    for (groups, users, named) in [
        (json!(null), 3, vec!["Everyone", "North", "South"]),
        (json!(["South"]), 1, vec!["South"]),
        (json!([]), 0, vec![]),
    ] {
        let id = client.id.clone();
        client.desk.order(json!({ "do": "narrow_role", "principal": id, "groups": groups }));
        assert_eq!(client.desk.get("/api/v1/users").column("/id").len(), users);
        assert_eq!(client.desk.get("/api/v1/groups").column("/profile/name"), named);
    }
    assert_eq!(client.desk.get(&format!("/api/v1/users/{}", people[1])).code(), "403 E0000006");
}

#[test]
fn both_kinds_of_429() {
    let quotas = Quotas { users: 10, ..Quotas::default() };
    let mut desk = Desk::new(OktaSettings { quotas, ..OktaSettings::exact() });
    let standing = |seen: &Seen| {
        ["x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"]
            .map(|name| seen.header(name).parse::<i64>().unwrap())
    };
    let reset = desk.now.as_second() + 60;
    for left in (0..5).rev() {
        let seen = desk.get("/api/v1/users");
        assert_eq!((seen.status, standing(&seen)), (200, [5, left, reset]), "half of the bucket is ours");
    }
    let refused = desk.get("/api/v1/users");
    assert_eq!((refused.code().as_str(), standing(&refused)), ("429 E0000047", [5, 0, reset]));
    assert_eq!(refused.body["errorSummary"], "API call exceeded rate limit due to too many requests.");
    assert_eq!(desk.get("/api/v1/groups").status, 200, "another bucket");
    desk.wait(60_000);
    assert_eq!(desk.get("/api/v1/users").status, 200);
    assert!(desk.face.log_summary().iter().any(|line| line.starts_with("system.org.rate_limit.violation")));
    desk.order(json!({ "do": "concurrency_429", "count": 1 }));
    let refused = desk.get("/api/v1/groups");
    let [limit, remaining, guess] = standing(&refused);
    assert_eq!((refused.status, limit, remaining), (429, 0, 0));
    assert!(guess >= desk.now.as_second() + 60, "the reset of this kind is only a guess");
    assert_eq!(desk.get("/api/v1/groups").status, 200);
}

#[test]
fn requests_at_once_are_bounded_for_the_org_a_principal_and_a_sign_in() {
    // Answers that take a second are still under way when the next request comes.
    let second = Spread { low_ms: 1_000, high_ms: 1_000, ..Spread::NONE };
    let quotas = Quotas { concurrency: 10, ..Quotas::default() };
    let mut desk = Desk::new(OktaSettings { answer_time: second, quotas, ..OktaSettings::exact() });
    desk.face.add_api_token("0ther", "others", None, Role::Super);
    let client = OidcApp { redirect_uris: vec!["http://127.0.0.1:8080/".to_owned()], ..OidcApp::default() };
    let client = desk.face.add_oidc_app(client);
    let sign_in = format!(
        "/oauth2/v1/authorize?client_id={client}&response_type=code&scope=openid&redirect_uri=http://127.0.0.1:8080/&state=s"
    );
    let burst = |desk: &mut Desk, secret: &str, path: &str, count: usize| -> Vec<u16> {
        desk.authorization = format!("SSWS {secret}");
        (0..count).map(|_| desk.get(path).status).collect()
    };
    let passed = |statuses: &[u16]| statuses.iter().filter(|status| **status != 429).count();
    let own = burst(&mut desk, "t0p", "/api/v1/users?limit=1", 7);
    assert_eq!(own, [200, 200, 200, 200, 200, 429, 429], "half of 10 for one token");
    let refused = desk.get("/api/v1/users?limit=1");
    let told = ["x-rate-limit-limit", "x-rate-limit-remaining"].map(|name| refused.header(name).to_owned());
    assert_eq!(told, ["0", "0"], "the kind without a quota");
    assert_eq!(passed(&burst(&mut desk, "0ther", "/api/v1/groups", 7)), 5, "the other half for another");
    desk.wait(1_001);
    assert_eq!(passed(&burst(&mut desk, "t0p", &sign_in, 9)), 5, "5 sign-ins of one client");
    assert_eq!(passed(&burst(&mut desk, "t0p", "/api/v1/users", 9)), 5, "which are nobody's API calls");
    assert_eq!(burst(&mut desk, "0ther", "/api/v1/users", 1), [429], "10 for the org");
    desk.wait(1_001);
    assert_eq!(burst(&mut desk, "0ther", "/api/v1/users", 1), [200]);
    let told = desk.face.log_summary();
    assert!(told.iter().any(|line| line.starts_with("core.concurrency.org.limit.violation")), "{told:?}");
}

#[test]
fn people_sign_in_with_a_code() {
    let mut desk = Desk::exact();
    let id = desk.employee("ines");
    let group = desk.group("Lanyard-Admins");
    desk.act("PUT", &format!("/api/v1/groups/{group}/users/{id}"));
    let back = "http://127.0.0.1:8080/callback";
    let client_id = desk.face.add_oidc_app(OidcApp {
        label: "Lanyard console".to_owned(),
        secret: Some("web-secret".to_owned()),
        redirect_uris: vec![back.to_owned()],
        post_logout_uris: vec![back.to_owned()],
        groups_prefix: Some("Lanyard-".to_owned()),
        ..OidcApp::default()
    });
    let verifier = "v".repeat(43);
    let challenge = lanyard_sim::okta::keys::sha256_base64url(verifier.as_bytes());
    let ask = format!(
        "/oauth2/v1/authorize?client_id={client_id}&response_type=code&scope=openid%20profile%20groups&redirect_uri={back}&state=s1&nonce=n1&code_challenge={challenge}&code_challenge_method=S256"
    );
    let page = desk.get(&ask);
    assert!(page.text.contains("login_hint=ines%40northgate.example"), "{}", page.text);
    assert!(desk.get(&ask.replace("state=s1&", "")).header("location").contains("error=invalid_request"));
    assert_eq!(desk.get(&ask.replace("callback", "elsewhere")).status, 400);
    let sent = desk.get(&format!("{ask}&login_hint=ines@northgate.example"));
    let location = sent.header("location").to_owned();
    assert!(location.ends_with("&state=s1"), "{location}");
    let code = location.split("code=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let exchange = |desk: &mut Desk, verifier: &str| {
        let form = format!(
            "grant_type=authorization_code&code={code}&redirect_uri={back}&code_verifier={verifier}&client_id={client_id}&client_secret=web-secret"
        );
        let request = Request::builder().method("POST").uri("/oauth2/v1/token").header("host", HOST);
        desk.send(
            request.header("content-type", "application/x-www-form-urlencoded").body(form.into()).unwrap(),
        )
    };
    let tokens = exchange(&mut desk, &verifier);
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    assert_eq!(exchange(&mut desk, &verifier).code(), "400 invalid_grant", "codes are used once");
    let id_token = Unverified::parse(tokens.body["id_token"].as_str().unwrap()).unwrap();
    let keys = desk.get("/oauth2/v1/keys");
    assert!(id_token.signed_by(&keys.body["keys"][0]));
    assert_eq!(
        (id_token.text("sub"), id_token.text("nonce"), id_token.text("iss")),
        (Some(id.as_str()), Some("n1"), Some("https://northgate.okta.com"))
    );
    assert_eq!(id_token.claims["groups"], json!(["Lanyard-Admins"]));
    assert_eq!(id_token.header["alg"], "RS256");
    desk.authorization = format!("Bearer {}", tokens.body["access_token"].as_str().unwrap());
    assert_eq!(desk.get("/oauth2/v1/userinfo").body["name"], "ines Lind");
    assert_eq!(desk.get("/api/v1/users").code(), "403 E0000006", "no API scope");
    desk.order(json!({ "do": "suspend", "user": "ines@northgate.example" }));
    assert!(
        desk.get(&format!("{ask}&login_hint=ines@northgate.example"))
            .header("location")
            .contains("error=access_denied")
    );
    assert_eq!(URL_SAFE_NO_PAD.decode(challenge).unwrap().len(), 32);
}
