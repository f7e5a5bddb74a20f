//! Sign-in of people: every check of an ID token, one broken at a time, and keys that rotate.

use base64::Engine as _;
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use lanyard_okta::{SignInClient, SignInProblem, SignInSettings};
use serde_json::{Value, json};

use crate::script::{ORG, Reply, START, Stage, field, header, json as reply, not_sent, raw, rsa_pem};

const CLIENT: &str = "0oaconsole";
const CALLBACK: &str = "https://lanyard.example.com/sign-in/callback";

struct Key {
    kid: &'static str,
    key: EncodingKey,
}

impl Key {
    fn new(kid: &'static str) -> Self {
        Self { kid, key: EncodingKey::from_rsa_pem(rsa_pem().as_bytes()).unwrap() }
    }

    fn public(&self) -> Value {
        let mut jwk = Jwk::from_encoding_key(&self.key, Algorithm::RS256).unwrap();
        jwk.common.key_id = Some(self.kid.to_owned());
        json!(jwk)
    }

    fn sign(&self, claims: &Value) -> String {
        let mut head = Header::new(Algorithm::RS256);
        head.kid = Some(self.kid.to_owned());
        jsonwebtoken::encode(&head, claims, &self.key).unwrap()
    }
}

fn client(stage: &Stage, secret: Option<&str>) -> SignInClient {
    let settings = SignInSettings {
        issuer: ORG.into(),
        client_id: CLIENT.into(),
        client_secret: secret.map(Into::into),
        redirect_uri: CALLBACK.into(),
    };
    SignInClient::new(settings, stage.transport(), stage.clock.clone())
}

fn discovery(issuer: &str) -> Reply {
    reply(
        200,
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{ORG}/oauth2/v1/authorize"),
            "token_endpoint": format!("{ORG}/oauth2/v1/token"),
            "jwks_uri": format!("{ORG}/oauth2/v1/keys"),
        }),
    )
}

fn claims() -> Value {
    json!({
        "iss": ORG, "aud": CLIENT, "sub": "00uInes", "name": "Ines Okafor", "nonce": "n0nce", "iat": START,
        "exp": START + 3600, "groups": ["Lanyard Owners", "Everyone"],
    })
}

fn keys(keys: &[&Key]) -> Reply {
    reply(200, json!({ "keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>() }))
}

fn token(text: &str) -> Reply {
    reply(200, json!({ "access_token": "opaque", "id_token": text, "token_type": "Bearer" }))
}

#[tokio::test]
async fn the_browser_is_sent_with_all_that_binds_the_answer_to_it() {
    let stage = Stage::new([discovery(ORG)]);
    let url = client(&stage, None).authorize_url("st&te", "n0nce", "ch4llenge").await.unwrap();
    let expected = "https://northgate.okta.com/oauth2/v1/authorize?client_id=0oaconsole&response_type=code\
        &response_mode=query&scope=openid%20profile%20email%20groups\
        &redirect_uri=https%3A%2F%2Flanyard.example.com%2Fsign-in%2Fcallback&state=st%26te&nonce=n0nce\
        &code_challenge=ch4llenge&code_challenge_method=S256";
    assert_eq!(url, expected);
    let stage = Stage::new([discovery("https://evil.example")]);
    let refused = client(&stage, None).authorize_url("s", "n", "c").await.unwrap_err();
    assert!(matches!(&refused, SignInProblem::NotBelieved(why) if why.contains("evil.example")), "{refused}");
}

#[tokio::test]
async fn a_good_answer_names_the_person_and_the_groups() {
    let key = Key::new("k1");
    let stage = Stage::new([discovery(ORG), token(&key.sign(&claims())), keys(&[&key])]);
    let person = client(&stage, Some("s:cret")).finish("c0de", "n0nce", "v3rifier").await.unwrap();
    assert_eq!((person.subject.as_str(), person.name.as_str()), ("00uInes", "Ines Okafor"));
    assert_eq!(person.groups, ["Lanyard Owners", "Everyone"]);
    let asked = &stage.requests()[1];
    for (name, value) in [
        ("grant_type", "authorization_code"),
        ("code", "c0de"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "v3rifier"),
        ("client_id", ""),
    ] {
        assert_eq!(field(asked, name), value, "{name}");
    }
    let basic = base64::prelude::BASE64_STANDARD.encode("0oaconsole:s%3Acret");
    assert_eq!(header(asked, "authorization"), format!("Basic {basic}"));
}

#[tokio::test]
async fn each_claim_alone_can_spoil_the_answer() {
    let key = Key::new("k1");
    for (name, value, why) in [
        ("iss", json!("https://evil.example"), "comes from"),
        ("aud", json!("0oaother"), "another application"),
        ("aud", json!([CLIENT, "0oaother"]), "issued to another"),
        ("azp", json!("0oaother"), "issued to another"),
        ("exp", json!(START - 301), "expired"),
        ("exp", Value::Null, "expired"),
        ("iat", json!(START + 301), "just now"),
        ("iat", json!(START - 601), "just now"),
        ("nonce", json!("other"), "another question"),
        ("nonce", Value::Null, "another question"),
        ("sub", Value::Null, "no subject"),
    ] {
        let mut spoilt = claims();
        spoilt[name] = value.clone();
        let stage = Stage::new([discovery(ORG), token(&key.sign(&spoilt)), keys(&[&key])]);
        let refused = client(&stage, None).finish("c0de", "n0nce", "v").await.unwrap_err();
        assert!(
            matches!(&refused, SignInProblem::NotBelieved(text) if text.contains(why)),
            "{name} {value}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_signature_must_be_the_providers_own() {
    let (key, other) = (Key::new("k1"), Key::new("k1"));
    let body = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(claims().to_string());
    let head =
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "kid": "k1" }).to_string());
    let mac = {
        let mut head = Header::new(Algorithm::HS256);
        head.kid = Some("k1".into());
        jsonwebtoken::encode(&head, &claims(), &EncodingKey::from_secret(key.public().to_string().as_bytes()))
            .unwrap()
    };
    for forged in [other.sign(&claims()), format!("{head}.{body}."), mac, "no token".into()] {
        let stage = Stage::new([discovery(ORG), token(&forged), keys(&[&key])]);
        let refused = client(&stage, None).finish("c0de", "n0nce", "v").await.unwrap_err();
        assert!(matches!(refused, SignInProblem::NotBelieved(_)), "{forged}: {refused}");
    }
}

#[tokio::test]
async fn a_new_key_is_fetched_when_first_seen_and_at_most_once_a_minute() {
    let (old, new) = (Key::new("k1"), Key::new("k2"));
    let stage = Stage::new([discovery(ORG), token(&old.sign(&claims())), keys(&[&old])]);
    let client = client(&stage, None);
    client.finish("c", "n0nce", "v").await.unwrap();
    // Rotated at once: the keys are too fresh to be asked for again.
    stage.queue([token(&new.sign(&claims()))]);
    assert!(client.finish("c", "n0nce", "v").await.is_err());
    stage.clock.advance(60);
    stage.queue([token(&new.sign(&claims())), keys(&[&old, &new])]);
    client.finish("c", "n0nce", "v").await.unwrap();
    // The old one stays good as long as it is published, and nothing is fetched for it.
    stage.queue([token(&old.sign(&claims()))]);
    client.finish("c", "n0nce", "v").await.unwrap();
    assert_eq!(stage.unused(), 0);
    assert_eq!(stage.lines().iter().filter(|line| line.ends_with("/keys")).count(), 2);
}

#[tokio::test]
async fn trouble_is_told_apart() {
    let stage = Stage::new([not_sent()]);
    assert!(matches!(client(&stage, None).finish("c", "n", "v").await, Err(SignInProblem::Unreachable(_))));
    let stage = Stage::new([discovery(ORG), raw(503, "sorry")]);
    assert!(matches!(client(&stage, None).finish("c", "n", "v").await, Err(SignInProblem::Unreachable(_))));
    let denied = json!({ "error": "invalid_grant", "error_description": "PKCE verification failed." });
    let stage = Stage::new([discovery(ORG), reply(400, denied)]);
    let refused = client(&stage, None).finish("c", "n", "v").await.unwrap_err();
    assert_eq!(refused, SignInProblem::Refused("PKCE verification failed.".into()));
}
