//! Ways in for people: the owner link, and an identity provider that the test plays itself.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{StatusCode, header};
use jiff::SignedDuration;
use lanyard_engine::ports::Write;
use lanyard_model::{
    id::{IdentityId, TenantId},
    identity::{Groups, Identity, Profile, Status},
};
use lanyard_web::access::{Ask, Grant, IdentityProvider, Person, ProviderFailure, Role, RoleRule, SignIn};
use serde_json::{Value, json};

use crate::house::{House, Reply};

pub(crate) const HERE: &str = "127.0.0.1:8480";
const AWAY: &str = "lanyard.example.com";

struct Provider(Mutex<Result<Person, ProviderFailure>>);

#[async_trait]
impl IdentityProvider for Provider {
    async fn begin(&self, ask: &Ask) -> Result<String, ProviderFailure> {
        Ok(format!("https://idp.example/authorize?state={}&challenge={}", ask.state, ask.challenge()))
    }

    async fn finish(&self, code: &str, _: &Ask) -> Result<Person, ProviderFailure> {
        assert_eq!(code, "c0de");
        self.0.lock().unwrap().clone()
    }

    fn label(&self) -> String {
        "idp.example".into()
    }
}

pub(crate) fn with_provider(answer: Result<Person, ProviderFailure>) -> House {
    let rule = |group: &str, role| RoleRule { group: group.into(), grant: Grant::everywhere(role) };
    let rules = vec![rule("Lanyard Viewers", Role::Viewer), rule("Lanyard Operators", Role::Operator)];
    let provider = Arc::new(Provider(Mutex::new(answer)));
    House::with(SignIn::with_provider(provider, TenantId::new("northgate"), rules))
}

pub(crate) fn person(groups: &[&str]) -> Person {
    let groups = groups.iter().map(|group| (*group).to_owned()).collect();
    Person { subject: "00uInes".into(), name: "Ines Okafor".into(), groups }
}

/// Name=value pairs of the cookies that a reply sets, and their attributes.
pub(crate) fn cookies(reply: &Reply) -> Vec<(String, String)> {
    reply
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .map(|value| value.to_str().unwrap().split_once(';').unwrap())
        .map(|(pair, attributes)| (pair.to_owned(), attributes.to_owned()))
        .collect()
}

fn location(reply: &Reply) -> &str {
    reply.headers[header::LOCATION].to_str().unwrap()
}

async fn link(house: &House) -> String {
    let made = house.call("POST", "/api/v1/owner-links", "Bearer local", json!({})).await;
    made.body["path"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_owner_link_opens_one_session_whose_writes_need_their_proof() {
    let house = House::new();
    let path = link(&house).await;
    let first = house.visit("GET", &path, HERE, &[], Value::Null).await;
    assert_eq!((first.status, location(&first)), (StatusCode::SEE_OTHER, "/"));
    let (pair, attributes) = cookies(&first).remove(0);
    assert!(pair.starts_with("lanyard="), "{pair}");
    assert_eq!(attributes, " HttpOnly; SameSite=Strict; Path=/; Max-Age=28800");
    let second = house.visit("GET", &path, HERE, &[], Value::Null).await;
    assert_eq!((second.status, &second.body["code"]), (StatusCode::FORBIDDEN, &json!("owner_link")), "once");
    let cookie = ("cookie", pair.as_str());
    let session = house.visit("GET", "/api/v1/session", HERE, &[cookie], Value::Null).await.body;
    assert_eq!((&session["user"], &session["grants"][0]["role"]), (&json!("owner"), &json!("owner")));
    let csrf = session["csrf"].as_str().unwrap();
    for (more, status) in [
        (vec![], 403),
        (vec![("x-lanyard-csrf", "guess")], 403),
        (vec![("x-lanyard-csrf", csrf), ("sec-fetch-site", "cross-site")], 403),
        (vec![("x-lanyard-csrf", csrf), ("sec-fetch-site", "same-site")], 403),
        (vec![("x-lanyard-csrf", csrf), ("sec-fetch-site", "same-origin")], 200),
    ] {
        let headers = [vec![cookie], more.clone()].concat();
        let reply = house.visit("POST", "/api/v1/stop", HERE, &headers, json!({})).await;
        assert_eq!(reply.status.as_u16(), status, "{more:?}");
    }
    let out = house
        .visit("POST", "/api/v1/session/end", HERE, &[cookie, ("x-lanyard-csrf", csrf)], json!({}))
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(house.visit("GET", "/api/v1/session", HERE, &[cookie], Value::Null).await.status, 401);
}

#[tokio::test]
async fn a_session_ends_idle_and_ends_old() {
    let house = House::new();
    let reply = house.visit("GET", &link(&house).await, HERE, &[], Value::Null).await;
    let cookie = cookies(&reply).remove(0).0;
    let mut hours = 0.0;
    let mut status = StatusCode::OK;
    while status == StatusCode::OK {
        house.pass(SignedDuration::from_mins(90));
        hours += 1.5;
        status =
            house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await.status;
    }
    assert_eq!((hours, status), (9.0, StatusCode::UNAUTHORIZED), "eight hours, however busy");
    let reply = house.visit("GET", &link(&house).await, HERE, &[], Value::Null).await;
    let cookie = cookies(&reply).remove(0).0;
    house.pass(SignedDuration::from_hours(2));
    let idle = house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await;
    assert_eq!(idle.status, StatusCode::UNAUTHORIZED, "two hours without a request");
}

#[tokio::test]
async fn a_shorter_idle_time_ends_a_session_that_is_not_used_and_none_that_is() {
    let house = House::with(SignIn::default().with_idle_max(SignedDuration::from_secs(20)));
    let reply = house.visit("GET", &link(&house).await, HERE, &[], Value::Null).await;
    let (cookie, _) = cookies(&reply).remove(0);
    let asked = async || {
        house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await.status
    };
    for _ in 0..6 {
        house.pass(SignedDuration::from_secs(12));
        assert_eq!(asked().await, StatusCode::OK, "in use for longer than the idle time, never idle for it");
    }
    house.pass(SignedDuration::from_secs(20));
    assert_eq!(asked().await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_a_page_asks_by_itself_keeps_no_session_open() {
    let house = House::with(SignIn::default().with_idle_max(SignedDuration::from_mins(30)));
    let reply = house.visit("GET", &link(&house).await, HERE, &[], Value::Null).await;
    let (cookie, _) = cookies(&reply).remove(0);
    let session = house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await.body;
    let proof = session["csrf"].as_str().unwrap().to_owned();
    let ask = async |method: &str, path: &str, unattended: bool| {
        let mut headers = vec![("cookie", cookie.as_str()), ("x-lanyard-csrf", proof.as_str())];
        headers.extend(unattended.then_some(("x-lanyard-unattended", "1")));
        house.visit(method, path, HERE, &headers, Value::Null).await.status.as_u16()
    };
    // The page's own clocks, its stream opened anew, and then somebody who stops all writes: that is use, whatever it says.
    for _ in 0..2 {
        house.pass(SignedDuration::from_mins(10));
        assert_eq!(ask("GET", "/api/v1/overview", true).await, 200);
        assert_eq!(ask("GET", "/api/v1/events", false).await, 200);
    }
    assert_eq!(ask("POST", "/api/v1/stop", true).await, 200);
    for _ in 0..2 {
        house.pass(SignedDuration::from_mins(10));
        assert_eq!(ask("GET", "/api/v1/overview", true).await, 200);
    }
    house.pass(SignedDuration::from_mins(10));
    assert_eq!(ask("GET", "/api/v1/overview", true).await, 401, "half an hour after the last use");
}

#[tokio::test]
async fn over_a_network_cookies_are_secure_and_bound_to_the_host() {
    let house = House::new();
    let path = link(&house).await;
    let clear = house.visit("GET", &path, AWAY, &[], Value::Null).await;
    assert_eq!((clear.status, &clear.body["code"]), (StatusCode::FORBIDDEN, &json!("plain_http")));
    let tls = [("x-forwarded-proto", "https")];
    let reply = house.visit("GET", &path, AWAY, &tls, Value::Null).await;
    let (pair, attributes) = cookies(&reply).remove(0);
    assert!(pair.starts_with("__Host-lanyard="), "{pair}");
    assert_eq!(attributes, " HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=28800");
    let value = pair.split_once('=').unwrap().1;
    let planted = format!("lanyard={value}");
    let reply =
        house.visit("GET", "/api/v1/session", AWAY, &[tls[0], ("cookie", &planted)], Value::Null).await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "a cookie that plain http could have set is not read");
    let reply = house.visit("GET", "/api/v1/session", AWAY, &[tls[0], ("cookie", &pair)], Value::Null).await;
    assert_eq!(reply.status, StatusCode::OK);
}

pub(crate) async fn sign_in(house: &House) -> Reply {
    let begun = house.visit("GET", "/sign-in/provider?to=/all/people", HERE, &[], Value::Null).await;
    let (pair, attributes) = cookies(&begun).remove(0);
    assert_eq!(attributes, " HttpOnly; SameSite=Lax; Path=/; Max-Age=600");
    let state = location(&begun).split("state=").nth(1).unwrap().split('&').next().unwrap();
    let back = format!("/sign-in/callback?code=c0de&state={state}");
    // Without the browser's own memory of having asked, the code is somebody else's.
    for (path, cookie) in [(back.as_str(), ""), ("/sign-in/callback?code=c0de&state=other", pair.as_str())] {
        let reply = house.visit("GET", path, HERE, &[("cookie", cookie)], Value::Null).await;
        assert_eq!(location(&reply), "/sign-in?problem=stale");
        assert!(cookies(&reply).is_empty());
    }
    house.visit("GET", &back, HERE, &[("cookie", &pair)], Value::Null).await
}

#[tokio::test]
async fn groups_give_roles_and_the_end_in_okta_ends_the_session() {
    let house = with_provider(Ok(person(&["Everyone", "Lanyard Operators"])));
    let ways = house.visit("GET", "/api/v1/sign-in", HERE, &[], Value::Null).await.body;
    assert_eq!(ways, json!({ "provider": "idp.example", "signed_in": false }));
    let reply = sign_in(&house).await;
    assert_eq!(location(&reply), "/all/people");
    let cookie = cookies(&reply).remove(0).0;
    let ask = async || house.visit("GET", "/api/v1/session", HERE, &[("cookie", &cookie)], Value::Null).await;
    let session = ask().await.body;
    assert_eq!(
        (&session["user"], &session["subject"]),
        (&json!("Ines Okafor"), &json!("okta:northgate/00uInes"))
    );
    assert_eq!(session["permits"], json!(["see", "operate", "metrics"]));
    for (status, code) in
        [(Status::Active, 200), (Status::PasswordExpired, 200), (Status::Deprovisioned, 401)]
    {
        let identity = Identity {
            id: IdentityId::new(TenantId::new("northgate"), "00uInes"),
            status: status.clone(),
            transitioning: false,
            profile: Profile::default(),
            groups: Groups::new([], true),
            created: None,
            activated: None,
            status_changed: None,
            last_updated: None,
            type_id: None,
            read_at: house.now(),
        };
        let mirror = Write::Identity { identity: Box::new(identity), keys: vec![], at: house.now() };
        house.put(vec![mirror]).await;
        assert_eq!(ask().await.status.as_u16(), code, "{status:?}");
    }
}

#[tokio::test]
async fn who_is_not_vouched_for_or_has_no_role_is_turned_away() {
    for (answer, problem) in [
        (Ok(person(&["Everyone"])), "no_role"),
        (Err(ProviderFailure::NotBelieved("nonce".into())), "not_believed"),
        (Err(ProviderFailure::Refused("no".into())), "refused"),
        (Err(ProviderFailure::Unreachable("down".into())), "unreachable"),
    ] {
        let reply = sign_in(&with_provider(answer)).await;
        assert_eq!(location(&reply), format!("/sign-in?problem={problem}"));
        assert!(cookies(&reply).is_empty());
    }
    let house = with_provider(Ok(person(&["Lanyard Viewers"])));
    let begun = house.visit("GET", "/sign-in/provider", HERE, &[], Value::Null).await;
    let state = location(&begun).split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let (pair, _) = cookies(&begun).remove(0);
    house.pass(SignedDuration::from_mins(10));
    let late = format!("/sign-in/callback?code=c0de&state={state}");
    let reply = house.visit("GET", &late, HERE, &[("cookie", &pair)], Value::Null).await;
    assert_eq!(location(&reply), "/sign-in?problem=stale");
}
