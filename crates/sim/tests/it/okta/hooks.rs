//! Event hooks: challenge, delivery, retry, loss.

use lanyard_sim::{
    face::{Face, Handled, Outgoing, OutgoingOutcome},
    okta::OktaSettings,
};
use serde_json::{Value, json};

use super::desk::{Desk, seen};

fn hook(uri: &str) -> Value {
    json!({
        "name": "iOffice sync",
        "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.deactivate", "user.lifecycle.create"] },
        "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": uri,
            "headers": [{ "key": "X-Sync-Tenant", "value": "northgate" }],
            "authScheme": { "type": "HEADER", "key": "Authorization", "value": "s3cr3t" } } },
    })
}

fn verify(desk: &mut Desk, id: &str) -> Outgoing {
    let request = desk.request("POST", &format!("/api/v1/eventHooks/{id}/lifecycle/verify"), None);
    match desk.face.handle(request.body(Default::default()).unwrap(), desk.now) {
        Handled::After(outgoing) => outgoing,
        Handled::Reply(reply) => panic!("{}", seen(reply).text),
    }
}

/// A desk with one verified hook.
pub(super) fn verified(settings: OktaSettings) -> Desk {
    let mut desk = Desk::new(settings);
    let id = desk.post("/api/v1/eventHooks", hook("http://127.0.0.1:9/hooks/okta/t")).id();
    let challenge = verify(&mut desk, &id);
    let echo = json!({ "verification": challenge.request.headers()["x-okta-verification-challenge"].to_str().unwrap() });
    match desk.answer(challenge.token, 200, &echo.to_string()) {
        Some(Handled::Reply(reply)) => assert_eq!(seen(reply).body["verificationStatus"], "VERIFIED"),
        other => panic!("{other:?}"),
    }
    desk
}

#[test]
fn registration_and_challenge() {
    let mut desk = Desk::exact();
    let ineligible = json!({ "type": "EVENT_TYPE", "items": ["user.account.update_user_type"] });
    for (place, value) in [
        ("/events", ineligible),
        ("/events/items", json!(["user.lifecycle.create", 7])),
        ("/channel/version", json!("2.0.0")),
        ("/channel/version", json!("")),
        ("/name", json!("Sync \u{1F600}")),
        ("/channel/config/uri", json!("http://sync.northgate.example/")),
    ] {
        let mut body = hook("https://sync.northgate.example/hooks");
        *body.pointer_mut(place).unwrap() = value;
        assert_eq!(desk.post("/api/v1/eventHooks", body).code(), "400 E0000001", "{place}");
    }
    let created = desk.post("/api/v1/eventHooks", hook("https://sync.northgate.example/hooks"));
    assert_eq!(created.body["verificationStatus"], "UNVERIFIED");
    assert_eq!(
        created.body["channel"]["config"]["authScheme"],
        json!({ "type": "HEADER", "key": "authorization" })
    );
    assert!(!created.text.contains("s3cr3t"));
    desk.employee("unseen");
    assert_eq!(desk.wait(0).len(), 0, "an unverified hook gets nothing");

    let first = verify(&mut desk, &created.id());
    assert_eq!((first.request.method().as_str(), first.timeout.as_secs()), ("GET", 3));
    assert_eq!(first.request.headers()["authorization"], "s3cr3t");
    assert_eq!(first.request.headers()["x-sync-tenant"], "northgate");
    let Some(Handled::After(second)) =
        desk.face.outgoing_done(first.token, OutgoingOutcome::TimedOut, desk.now)
    else {
        panic!("one more try was expected");
    };
    let Some(Handled::Reply(reply)) = desk.answer(second.token, 200, "{\"verification\":\"wrong\"}") else {
        panic!("an answer was expected");
    };
    let refusal = seen(reply);
    assert_eq!(refusal.code(), "400 E0000001");
    assert_eq!(
        refusal.body["errorCauses"][0]["errorSummary"],
        "Unable to verify event hook. Hook iOffice sync execution failed"
    );
    assert!(!refusal.header("x-rate-limit-limit").is_empty() || !refusal.header("date").is_empty());
    let path = format!("/api/v1/eventHooks/{}", created.id());
    assert_eq!(desk.act("DELETE", &path).code(), "403 E0000038", "active");
    desk.act("POST", &format!("{path}/lifecycle/deactivate"));
    assert_eq!(desk.act("DELETE", &path).status, 204);
}

#[test]
fn deliveries_retry_once_and_then_are_lost() {
    let mut desk = verified(OktaSettings::exact());
    let id = desk.employee("ines");
    let sent = desk.wait(0);
    assert_eq!(sent.len(), 1);
    let body: Value = serde_json::from_slice(sent[0].request.body()).unwrap();
    assert_eq!(body["eventType"], "com.okta.event_hook");
    assert!(body["source"].as_str().unwrap().starts_with("https://northgate.okta.com/api/v1/eventHooks/who"));
    assert_eq!(body["data"]["events"].as_array().unwrap().len(), 1);
    assert_eq!(body["data"]["events"][0]["target"][0]["id"], id);
    assert!(desk.answer(sent[0].token, 204, "").is_none());
    assert_eq!(desk.wait(0).len(), 0);

    // How the receiver answers twice; how many requests go out; what the log says.
    let failures = |desk: &mut Desk| {
        desk.get("/api/v1/logs?filter=eventType eq \"event_hook.delivery\"").column("/outcome/reason")
    };
    for (number, (outcomes, requests, logged)) in
        [(vec![500, 200], 2, 0), (vec![503, 500], 2, 1), (vec![401], 1, 2)].into_iter().enumerate()
    {
        desk.employee(&format!("p{number}"));
        let mut ids = Vec::new();
        for status in outcomes {
            let sent = desk.wait(0);
            assert_eq!(sent.len(), 1, "{number}");
            let body: Value = serde_json::from_slice(sent[0].request.body()).unwrap();
            ids.push(body["eventId"].as_str().unwrap().to_owned());
            desk.answer(sent[0].token, status, "");
        }
        assert_eq!(desk.wait(0).len(), 0, "{number}");
        assert_eq!(ids.len(), requests);
        ids.dedup();
        assert_eq!(ids.len(), 1, "a redelivery keeps its id");
        assert_eq!(failures(&mut desk).len(), logged);
    }
    assert_eq!(failures(&mut desk), ["HTTP 500", "HTTP 401"]);
}

#[test]
fn events_get_lost_doubled_and_batched() {
    let mut desk = verified(OktaSettings { hook_daily_cap: 6, hook_batch_max: 2, ..OktaSettings::exact() });
    let counts = |desk: &mut Desk, order: Value, people: usize| {
        desk.order(order);
        for number in 0..people {
            let name = format!("n{}x{number}", desk.face.log_summary().len());
            desk.order(json!({ "do": "create_user", "profile": { "login": format!("{name}@x.example"), "email": "a@x.example", "firstName": "A", "lastName": "B" } }));
        }
        let sent = desk.wait(10_000);
        let sizes = sent.iter().map(|sent| serde_json::from_slice::<Value>(sent.request.body()).unwrap());
        sizes.map(|body| body["data"]["events"].as_array().unwrap().len()).collect::<Vec<_>>()
    };
    assert_eq!(counts(&mut desk, json!({ "do": "drop_next_hooks", "count": 1 }), 2), [1]);
    assert_eq!(counts(&mut desk, json!({ "do": "duplicate_next_hooks", "count": 1 }), 1), [1, 1]);
    assert_eq!(counts(&mut desk, json!({ "do": "hook_outage", "for_seconds": 5 }), 2), [0; 0]);
    assert_eq!(counts(&mut desk, json!({ "do": "hook_delay", "seconds": 3 }), 3), [2, 1]);
    assert_eq!(
        counts(&mut desk, json!({ "do": "hook_delay", "seconds": 0 }), 3),
        [1],
        "the daily cap is six"
    );
    assert_eq!(
        desk.face.log_summary().iter().filter(|line| line.starts_with("user.lifecycle.create")).count(),
        11
    );
}
