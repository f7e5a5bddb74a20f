//! Webhooks to receivers that check signatures, to one shaped like Slack's, and to some that misbehave.

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::Timestamp;
use lanyard_engine::ports::{Notifier as _, Route};
use serde_json::{Value, json};

use crate::{
    receivers::{Answer, Came, Receiver, answered},
    servers::{NOW, message, sender, slack_app},
};

const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// As the Standard Webhooks specification tells receivers to check.
fn is_genuine(came: &Came, key: &str, now: Timestamp) -> bool {
    let bytes = BASE64_STANDARD.decode(key.trim_start_matches("whsec_")).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
    let (id, at) = (came.header("webhook-id"), came.header("webhook-timestamp"));
    let Ok(seconds) = at.parse::<i64>() else { return false };
    if (now.as_second() - seconds).abs() > 300 {
        return false;
    }
    came.header("webhook-signature").split(' ').any(|signature| {
        let Some(tag) = signature.strip_prefix("v1,").and_then(|tag| BASE64_STANDARD.decode(tag).ok()) else {
            return false;
        };
        hmac::verify(&key, format!("{id}.{at}.{}", came.body).as_bytes(), &tag).is_ok()
    })
}

fn about() -> Value {
    json!({ "rule": "it", "status": "open", "count": 1, "findings": [{ "severity": "error", "title": "t" }] })
}

#[tokio::test]
async fn a_receiver_that_checks_signatures_takes_ours_and_no_other() {
    let now = NOW.parse().unwrap();
    let receiver = Receiver::start(move |came, _| match is_genuine(came, KEY, now) {
        true => answered("204 No Content", ""),
        false => answered("401 Unauthorized", "bad signature"),
    })
    .await;
    let wrong = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let secrets = [("url", receiver.url("/in")), ("key", KEY.to_owned()), ("wrong", wrong.to_owned())];
    let sender = sender(None, &secrets, false);
    let route = |key: Option<&str>| Route::Webhook { url: "url".into(), key: key.map(str::to_owned) };
    assert_eq!(sender.send(&message(Some(about())), &route(Some("key"))).await, Ok(()));
    let refused = Err("the webhook answered 401 Unauthorized".to_owned());
    assert_eq!(sender.send(&message(None), &route(Some("wrong"))).await, refused);
    assert_eq!(sender.send(&message(None), &route(None)).await, refused, "not signed at all");
    let mut came = receiver.came.lock().unwrap().clone();
    let body: Value = serde_json::from_str(&came[0].body).unwrap();
    assert_eq!((&body["type"], &body["data"]["about"]["count"]), (&json!("alert"), &json!(1)));
    assert_eq!(came[0].header("webhook-id"), "alert:it:1777881600000", "the same at each try");
    assert!(is_genuine(&came[0], KEY, now));
    assert!(
        !is_genuine(&came[0], KEY, now + jiff::SignedDuration::from_mins(6)),
        "too old to be played again"
    );
    came[0].body = came[0].body.replace("alarm", "all is well");
    assert!(!is_genuine(&came[0], KEY, now), "the body is under the signature");
}

/// Slack's incoming webhooks: `ok`, or a word that says what is wrong.
fn slack(came: &Came) -> Answer {
    if !came.line.starts_with("POST /services/T1/B1/planted ") {
        return answered("404 Not Found", "no_service");
    }
    let Ok(body) = serde_json::from_str::<Value>(&came.body) else {
        return answered("400 Bad Request", "invalid_payload");
    };
    if body["text"].as_str().is_none_or(str::is_empty) {
        return answered("400 Bad Request", "no_text");
    }
    for block in body["blocks"].as_array().into_iter().flatten() {
        let long = block["text"]["text"].as_str().is_some_and(|text| text.chars().count() > 3_000);
        let buttons = block["elements"].as_array().into_iter().flatten();
        let sound = buttons.clone().all(|button| {
            button["type"] == "button"
                && button["text"]["type"] == "plain_text"
                && button["text"]["text"].as_str().is_some_and(|text| text.chars().count() <= 75)
                && button["action_id"].is_string()
                && button["value"].as_str().is_none_or(|value| value.chars().count() <= 2_000)
        });
        if long || !sound || !["section", "actions"].contains(&block["type"].as_str().unwrap_or("")) {
            return answered("400 Bad Request", "invalid_blocks");
        }
    }
    answered("200 OK", "ok")
}

#[tokio::test]
async fn slack_takes_alerts_and_requests_and_its_refusals_do_not_show_the_address() {
    let receiver = Receiver::start(|came, _| slack(came)).await;
    let secrets = [
        ("channel", receiver.url("/services/T1/B1/planted")),
        ("gone", receiver.url("/services/T1/B1/planted-gone")),
    ];
    let sender = sender(None, &secrets, true);
    let to = |name: &str| Route::Slack(name.into());
    assert_eq!(sender.send(&message(Some(about())), &to("channel")).await, Ok(()));
    let mut asks = message(Some(json!({ "approval": "clr_1", "link": "https://l.example/approvals" })));
    asks.text = "x".repeat(40_000);
    assert_eq!(sender.send(&asks, &to("channel")).await, Ok(()), "a long request is cut to what Slack takes");
    let body: Value = serde_json::from_str(&receiver.came.lock().unwrap()[1].body).unwrap();
    assert_eq!(body["blocks"][1]["elements"][0]["value"], "clr_1");
    let error = sender.send(&message(None), &to("gone")).await.unwrap_err();
    assert_eq!(error, "the webhook answered 404 Not Found", "the address is a secret");
}

#[tokio::test]
async fn receivers_that_drop_redirect_or_fail_did_not_take_the_message() {
    let receiver = Receiver::start(|_, before| match before {
        0 => None,
        1 => answered("500 Internal Server Error", "planted-inside"),
        2 => Some(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/else\r\ncontent-length: 0\r\n\r\n".into(),
        ),
        3 => answered("429 Too Many Requests", ""),
        _ => answered("200 OK", ""),
    })
    .await;
    let sender = sender(None, &[("url", receiver.url("/in?planted-token=1"))], false);
    let route = Route::Webhook { url: "url".into(), key: None };
    let mut errors = Vec::new();
    for _ in 0..4 {
        errors.push(sender.send(&message(None), &route).await.unwrap_err());
    }
    assert!(errors[1].contains("500") && errors[2].contains("302"), "{errors:?}");
    assert!(errors[3].contains("429"), "{errors:?}");
    assert_eq!(sender.send(&message(None), &route).await, Ok(()));
    assert!(errors.iter().all(|error| !error.contains("planted")), "{errors:?}");
    assert!(receiver.came.lock().unwrap().iter().all(|came| !came.header("x-lanyard-message").is_empty()));
    let unknown = Route::Webhook { url: "nothing".into(), key: None };
    let error = sender.send(&message(None), &unknown).await.unwrap_err();
    assert_eq!(error, "the settings have no secret named nothing; add it under [secrets]");
}

#[tokio::test]
async fn only_full_members_of_our_workspace_have_an_address_that_counts() {
    let receiver = Receiver::start(|came, _| {
        if came.header("authorization") != "Bearer xoxb-planted" {
            return answered("200 OK", r#"{ "ok": false, "error": "invalid_auth" }"#);
        }
        let member = came.line.split(['=', ' ']).nth(2).unwrap_or_default();
        let user = match member {
            "UFULL" => json!({ "team_id": "T1", "profile": { "email": "mia@acme.example" } }),
            "UGUEST" => {
                json!({ "team_id": "T1", "is_restricted": true, "profile": { "email": "mia@acme.example" } })
            }
            "UONECHANNEL" => {
                json!({ "team_id": "T1", "is_ultra_restricted": true, "profile": { "email": "mia@acme.example" } })
            }
            "USTRANGER" => {
                json!({ "team_id": "T1", "is_stranger": true, "profile": { "email": "mia@acme.example" } })
            }
            "UOTHER" => json!({ "team_id": "T2", "profile": { "email": "mia@acme.example" } }),
            "UUNCONFIRMED" => {
                json!({ "team_id": "T1", "is_email_confirmed": false, "profile": { "email": "mia@acme.example" } })
            }
            _ => json!({ "team_id": "T1", "profile": {} }),
        };
        answered("200 OK", &json!({ "ok": true, "user": user }).to_string())
    })
    .await;
    let app = |token: &str| slack_app(&receiver.url("/api"), token);
    let ours = app("xoxb-planted");
    assert_eq!(ours.mail_of("UFULL", "T1").await, Ok("mia@acme.example".into()));
    for member in ["UGUEST", "UONECHANNEL", "USTRANGER", "UOTHER", "UUNCONFIRMED"] {
        let refused = ours.mail_of(member, "T1").await;
        let wanted = "Slack says that this is no full member of our workspace";
        assert_eq!(refused, Err(wanted.to_owned()), "{member}");
    }
    let hidden = ours.mail_of("UHIDDEN", "T1").await.unwrap_err();
    assert!(hidden.contains("give the app the scope users:read.email"), "{hidden}");
    let asked = receiver.came.lock().unwrap().len();
    assert_eq!(ours.mail_of("U1&token=x", "T1").await, Err("Slack named no member".to_owned()));
    assert_eq!(receiver.came.lock().unwrap().len(), asked, "and nobody was asked");
    let error = app("xoxb-other").mail_of("UFULL", "").await.unwrap_err();
    assert!(error.contains("(invalid_auth)") && !error.contains("xoxb"), "{error}");
}

#[tokio::test]
async fn a_paging_service_has_one_incident_from_trigger_to_resolve() {
    let receiver = Receiver::start(|came, _| {
        let event: Value = serde_json::from_str(&came.body).unwrap_or_default();
        let sound = came.line.starts_with("POST /v2/enqueue ") && event["routing_key"] == "planted-key";
        match sound {
            true => answered("202 Accepted", r#"{ "status": "success" }"#),
            false => answered("400 Bad Request", "invalid event"),
        }
    })
    .await;
    let secrets = [("key", "planted-key".to_owned()), ("wrong", "another".to_owned())];
    let sender = sender(None, &secrets, false);
    let route = |key: &str| Route::Pager { key: key.into(), url: Some(receiver.url("/v2/enqueue")) };
    assert_eq!(sender.send(&message(Some(about())), &route("key")).await, Ok(()));
    let over = json!({ "rule": "it", "status": "over", "count": 0, "findings": [] });
    assert_eq!(sender.send(&message(Some(over)), &route("key")).await, Ok(()));
    let came = receiver.came.lock().unwrap().clone();
    let events: Vec<Value> = came.iter().map(|came| serde_json::from_str(&came.body).unwrap()).collect();
    let said: Vec<_> = events.iter().map(|event| (&event["event_action"], &event["dedup_key"])).collect();
    let incident = json!("lanyard:alert:it");
    assert_eq!(said, [(&json!("trigger"), &incident), (&json!("resolve"), &incident)]);
    let refused = sender.send(&message(Some(about())), &route("wrong")).await.unwrap_err();
    assert!(refused.contains("400") && !refused.contains("another"), "{refused}");
}
