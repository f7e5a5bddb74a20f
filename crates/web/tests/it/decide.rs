//! Decisions by signed link and by button in Slack.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    asking::DecisionLinks,
    ports::{Store as _, Write},
};
use lanyard_model::{
    clearance::{ApprovalDemand, Approver, Clearance, ClearanceKind, ClearanceState, GatedLine},
    id::{IdentityId, PlanId},
};
use lanyard_web::Chat;
use secrecy::SecretString;
use serde_json::json;

use crate::house::House;

const SECRET: &str = "8f742231b10e8888abcd99yyyzzz85a5";

/// Tokens that name their meaning: the signature is the binary's to test.
#[derive(Debug)]
struct Plain;

impl DecisionLinks for Plain {
    fn decide(&self, request: &str, mail: &str, _: Timestamp) -> Option<String> {
        Some(format!("/decide?t={request}~{mail}"))
    }

    fn read(&self, token: &str, _: Timestamp) -> Option<(String, String)> {
        token.split_once('~').map(|(request, mail)| (request.to_owned(), mail.to_owned()))
    }

    fn console(&self) -> Option<String> {
        None
    }
}

struct Slack {
    secret: SecretString,
    said: Mutex<Vec<(String, String)>>,
}

#[async_trait]
impl Chat for Slack {
    fn signing_secret(&self) -> &SecretString {
        &self.secret
    }

    async fn mail_of(&self, member: &str, team: &str) -> Result<String, String> {
        assert_eq!(team, "T1", "the workspace that the signed request names");
        match member {
            "U1" => Ok("boss@acme.example".into()),
            "U2" => Ok("else@acme.example".into()),
            _ => Err("Slack does not say who pressed".into()),
        }
    }

    async fn answer(&self, address: &str, text: &str, settled: bool) -> Result<(), String> {
        let to = if settled { "everybody: " } else { "them alone: " };
        self.said.lock().unwrap().push((address.to_owned(), format!("{to}{text}")));
        Ok(())
    }
}

async fn house() -> (House, Arc<Slack>) {
    let slack = Arc::new(Slack { secret: SecretString::from(SECRET.to_owned()), said: Mutex::default() });
    let house = House::asking(Arc::new(Plain), Arc::clone(&slack) as Arc<dyn Chat>);
    for id in ["one", "two"] {
        let clearance = Clearance {
            id: id.into(),
            version: 0,
            kind: ClearanceKind::Approval,
            identity: IdentityId::new("northgate".into(), "ana"),
            person: "Ana <b>Silva</b>".into(),
            site: "hq".into(),
            rule: "executive-floor".into(),
            lines: vec![GatedLine {
                key: "role+:51:CUSTOMER".into(),
                what: "+ role in Tower: CUSTOMER".into(),
            }],
            plan: PlanId::from("pln_1"),
            state: ClearanceState::Waiting,
            asked_at: house.now(),
            until: Some(house.now() + SignedDuration::from_hours(24)),
            demand: Some(ApprovalDemand {
                by: vec![Approver::Person("boss@acme.example".into())],
                quorum: 1,
                expires_seconds: 86_400,
                escalate_seconds: None,
                escalate_to: vec![],
            }),
            manager: None,
            votes: vec![],
            ended: None,
            over: false,
            spent: Default::default(),
        };
        house.put(vec![Write::Clearance(Box::new(clearance))]).await;
    }
    (house, slack)
}

async fn state(house: &House, id: &str) -> ClearanceState {
    house.store.clearance(id).await.unwrap().unwrap().state
}

#[tokio::test]
async fn a_link_shows_and_only_its_form_decides_in_the_name_it_was_made_for() {
    let (house, _) = house().await;
    let (status, headers, page) = house.form("GET", "/decide?t=one~boss@acme.example", &[], "").await;
    assert_eq!(status, StatusCode::OK);
    for part in
        ["Ana &lt;b&gt;Silva&lt;/b&gt;", "executive-floor", "+ role in Tower: CUSTOMER", "boss@acme.example"]
    {
        assert!(page.contains(part), "{part}: {page}");
    }
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");
    assert_eq!(state(&house, "one").await, ClearanceState::Waiting, "a mail scanner opens it too");

    let said = async |body: &str| {
        let (status, _, page) = house.form("POST", "/decide", &[], body).await;
        (status, page)
    };
    let (status, page) = said("t=one~else%40acme.example&say=approve&reason=").await;
    assert_eq!(status, StatusCode::FORBIDDEN, "{page}");
    assert!(page.contains("has no say in one: it takes boss@acme.example"), "{page}");
    let (status, _) = said("t=one~boss%40acme.example&say=decline&reason=").await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "declined without a reason");
    let (status, page) = said("t=one~boss%40acme.example&say=approve&reason=ok").await;
    assert_eq!((status, page.contains("Approved by boss@acme.example")), (StatusCode::OK, true), "{page}");
    assert_eq!(state(&house, "one").await, ClearanceState::Granted);
    let (status, page) = said("t=one~boss%40acme.example&say=decline&reason=no").await;
    assert_eq!((status, page.contains("granted")), (StatusCode::CONFLICT, true), "used once: {page}");
    let (_, _, page) = house.form("GET", "/decide?t=one~boss@acme.example", &[], "").await;
    assert!(page.contains("It is granted already") && !page.contains("<form"), "{page}");

    for path in ["/decide?t=forged", "/decide?t=none~boss@acme.example"] {
        let (status, _, page) = house.form("GET", path, &[], "").await;
        assert_eq!((status, page.contains("does not work")), (StatusCode::NOT_FOUND, true), "{path}");
    }
}

fn signature(secret: &str, time: i64, body: &str) -> String {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    let tag = aws_lc_rs::hmac::sign(&key, format!("v0:{time}:{body}").as_bytes());
    tag.as_ref().iter().fold("v0=".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[test]
fn signatures_are_those_of_slacks_own_example() {
    let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c";
    let wanted = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    assert_eq!(signature(SECRET, 1_531_420_618, body), wanted);
}

#[tokio::test]
async fn a_button_decides_for_the_member_who_pressed_it_if_slack_signed_it() {
    let (house, slack) = house().await;
    let now = house.now().as_second();
    let press = |member: &str, action: &str, request: &str| {
        let payload = json!({
            "type": "block_actions",
            "user": { "id": member },
            "team": { "id": "T1" },
            "response_url": "https://hooks.slack.com/actions/1",
            "actions": [{ "action_id": action, "value": request }],
        });
        serde_urlencoded::to_string([("payload", payload.to_string())]).unwrap()
    };
    let send = async |body: &str, time: i64, secret: &str| {
        let (time, tag) = (time.to_string(), signature(secret, time, body));
        let headers = [("x-slack-request-timestamp", time.as_str()), ("x-slack-signature", tag.as_str())];
        house.form("POST", "/slack/actions", &headers, body).await.0
    };
    let approve = press("U1", "approve", "one");
    assert_eq!(send(&approve, now, "another").await, StatusCode::UNAUTHORIZED);
    assert_eq!(send(&approve, now - 301, SECRET).await, StatusCode::UNAUTHORIZED, "a recording");
    assert_eq!(house.form("POST", "/slack/actions", &[], &approve).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(send("payload=%7B", now, SECRET).await, StatusCode::BAD_REQUEST);
    assert_eq!(
        send(&press("U1", "open", "one"), now, SECRET).await,
        StatusCode::OK,
        "a link is a button too"
    );
    let far = [("x-slack-request-timestamp", "-9223372036854775808"), ("x-slack-signature", "v0=00")];
    assert_eq!(house.form("POST", "/slack/actions", &far, &approve).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(state(&house, "one").await, ClearanceState::Waiting);

    let answered = async |member: &str, action: &str, request: &str, nth: usize| {
        assert_eq!(send(&press(member, action, request), now, SECRET).await, StatusCode::OK);
        for _ in 0..500 {
            if let Some((at, text)) = slack.said.lock().unwrap().get(nth).cloned() {
                assert_eq!(at, "https://hooks.slack.com/actions/1");
                return text;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no answer");
    };
    assert_eq!(
        answered("U2", "approve", "one", 0).await,
        "them alone: Nothing was decided: else@acme.example has no say in one: it takes boss@acme.example"
    );
    assert_eq!(
        answered("U9", "approve", "one", 1).await,
        "them alone: Nothing was decided: Slack does not say who pressed"
    );
    let text = answered("U1", "approve", "one", 2).await;
    assert_eq!(text, "everybody: Approved by boss@acme.example. It is being done for Ana <b>Silva</b> now.");
    assert_eq!(state(&house, "one").await, ClearanceState::Granted);
    answered("U1", "decline", "two", 3).await;
    assert_eq!(state(&house, "two").await, ClearanceState::Declined);
}
