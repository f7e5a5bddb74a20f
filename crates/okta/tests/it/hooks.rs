//! Keeping the hook and reading what it delivers (contract §10; traps 7, 9, 12).

use lanyard_engine::ports::{Directory, HookState, HookWish};
use lanyard_okta::{hook_event_types, parse_delivery};
use serde_json::{Value, json as value};

use crate::script::*;

const URL: &str = "https://sync.northgate.example/hooks/okta/northgate";

fn wish() -> HookWish {
    HookWish {
        name: "Lanyard".into(),
        url: URL.into(),
        secret: "planted-secret".into(),
        secret_is: "the text in hook-main".into(),
    }
}

fn hook(id: &str, uri: &str, status: &str, verification: &str) -> Value {
    value!({"id": id, "name": "Lanyard", "status": status, "verificationStatus": verification,
            "events": {"type": "EVENT_TYPE", "items": hook_event_types()},
            "channel": {"config": {"uri": uri, "headers": [{"key": "X-Site", "value": "1"}],
                                   "authScheme": {"type": "HEADER", "key": "authorization"}}}})
}

/// A stage whose client has already asked which hosts the org has.
async fn introduced(replies: impl IntoIterator<Item = Reply>) -> Stage {
    let stage = Stage::new([json(
        200,
        value!({"id": "00o1", "_links": {
        "organization": {"href": ORG}, "alternate": {"href": "https://id.northgate.example"}}}),
    )]);
    stage.client.organization().await.expect("an org");
    stage.forget_requests();
    stage.queue(replies);
    stage
}

fn body(request: &lanyard_wire::Request) -> Value {
    serde_json::from_slice(request.body()).expect("a JSON body")
}

#[tokio::test]
async fn a_missing_hook_is_made_and_verified() {
    let new = || hook("who1", URL, "ACTIVE", "UNVERIFIED");
    let live = || hook("who1", URL, "ACTIVE", "VERIFIED");
    let stage = introduced([json(200, value!([])), json(200, new()), json(200, live())]).await;
    let state = stage.client.ensure_hook(&wish()).await.expect("a state");
    assert_eq!(state, HookState::Live { id: "who1".into() });
    assert_eq!(
        stage.lines(),
        [
            "GET /api/v1/eventHooks",
            "POST /api/v1/eventHooks",
            "POST /api/v1/eventHooks/who1/lifecycle/verify"
        ]
    );
    let requests = stage.requests();
    let sent = body(&requests[1]);
    assert_eq!(sent["channel"]["config"]["uri"], URL);
    let scheme = value!({"type": "HEADER", "key": "Authorization", "value": "planted-secret"});
    assert_eq!(sent["channel"]["config"]["authScheme"], scheme);
    assert_eq!(sent["events"]["items"], value!(hook_event_types()));
    assert_eq!(header(&requests[2], "content-length"), "0", "a POST without body needs it");
}

#[tokio::test]
async fn a_hook_that_a_cut_list_does_not_show_is_read_by_its_id() {
    let live = || hook("who1", URL, "ACTIVE", "VERIFIED");
    let stage = introduced([json(200, value!([])), json(200, live()), raw(200, "")]).await;
    stage.client.remember_hooks(&["who1".into()]);
    assert_eq!(stage.client.ensure_hook(&wish()).await, Ok(HookState::Live { id: "who1".into() }));
    assert_eq!(
        stage.lines()[1..],
        ["GET /api/v1/eventHooks/who1", "POST /api/v1/eventHooks/who1/lifecycle/verify"]
    );
    // One that somebody deleted is made anew.
    let stage =
        introduced([json(200, value!([])), error(404, "E0000007"), json(200, live()), raw(200, "")]).await;
    stage.client.remember_hooks(&["who0".into()]);
    assert_eq!(stage.client.ensure_hook(&wish()).await, Ok(HookState::Live { id: "who1".into() }));
    assert_eq!(stage.lines()[1..3], ["GET /api/v1/eventHooks/who0", "POST /api/v1/eventHooks"]);
}

#[tokio::test]
async fn every_hook_that_delivers_to_our_address_is_ours() {
    let two = value!([hook("who1", URL, "ACTIVE", "VERIFIED"), hook("who9", URL, "ACTIVE", "VERIFIED")]);
    let stage = introduced([json(200, two)]).await;
    stage.client.hook_state(&wish()).await.expect("a state");
    let source = "https://northgate.okta.com/api/v1/eventHooks/who9";
    let read = stage.client.parse_delivery(&delivery(source, value!([membership("u-1", "00u1")])));
    assert_eq!(read.expect("a delivery").hook, Ok("who9".to_owned()));
}

#[tokio::test]
async fn a_fitting_hook_is_proved_by_verification_alone() {
    let other = value!({"id": "who0", "name": "somebody else's", "status": "ACTIVE"});
    let list = value!([other, hook("who1", URL, "ACTIVE", "VERIFIED")]);
    let stage = introduced([json(200, list), raw(200, "")]).await;
    assert_eq!(stage.client.ensure_hook(&wish()).await, Ok(HookState::Live { id: "who1".into() }));
    assert_eq!(stage.lines()[1..], ["POST /api/v1/eventHooks/who1/lifecycle/verify"]);
}

#[tokio::test]
async fn a_hook_that_differs_is_written_whole_with_its_secret() {
    let moved = hook("who1", "https://old.northgate.example/x", "ACTIVE", "VERIFIED");
    let mut fewer = hook("who1", URL, "ACTIVE", "VERIFIED");
    fewer["events"]["items"] = value!(["user.lifecycle.create", "user.session.clear"]);
    for (old, extra) in [(moved, None), (fewer, Some("user.session.clear"))] {
        let live = || hook("who1", URL, "ACTIVE", "VERIFIED");
        let stage = introduced([
            json(200, value!([old])),
            json(200, live()),
            raw(200, "{}"),
            json(200, value!([live()])),
        ])
        .await;
        assert_eq!(stage.client.ensure_hook(&wish()).await, Ok(HookState::Live { id: "who1".into() }));
        assert_eq!(stage.lines()[1], "PUT /api/v1/eventHooks/who1");
        let sent = body(&stage.requests()[1]);
        assert_eq!(sent["channel"]["config"]["authScheme"]["value"], "planted-secret");
        assert_eq!(sent["channel"]["config"]["headers"], value!([{"key": "X-Site", "value": "1"}]));
        let items = sent["events"]["items"].as_array().expect("types");
        assert_eq!(
            items.len(),
            hook_event_types().len() + usize::from(extra.is_some()),
            "types that others added stay"
        );
    }
}

#[tokio::test]
async fn a_hook_that_cannot_be_verified_is_broken_and_says_why() {
    let old = || hook("who1", URL, "INACTIVE", "UNVERIFIED");
    let stage = introduced([
        json(200, value!([old()])),
        json(200, hook("who1", URL, "ACTIVE", "UNVERIFIED")),
        error(400, "E0000001"),
        json(200, hook("who1", URL, "ACTIVE", "UNVERIFIED")),
        error(400, "E0000001"),
    ])
    .await;
    let state = stage.client.ensure_hook(&wish()).await.expect("a state");
    let HookState::Broken { id, why } = state else { panic!("{state:?}") };
    assert_eq!(id, "who1");
    assert!(why.contains("E0000001") && why.contains("intermediates included"), "{why}");
    assert!(!why.contains("planted"));
    assert_eq!(stage.lines()[1], "POST /api/v1/eventHooks/who1/lifecycle/activate");
}

#[tokio::test]
async fn without_the_right_a_person_is_told_what_to_paste() {
    for create_only in [false, true] {
        let mut replies = vec![error(403, "E0000006")];
        if create_only {
            replies.insert(0, json(200, value!([])));
        }
        let stage = introduced(replies).await;
        let state = stage.client.ensure_hook(&wish()).await.expect("a state");
        let HookState::Manual { paste, .. } = state else { panic!("{state:?}") };
        let field =
            "authentication field Authorization, authentication secret the text in hook-main, events ";
        assert!(paste.contains(&format!("URL {URL}, {field}")), "{paste}");
        assert!(paste.contains("user.lifecycle.deactivate") && !paste.contains("planted"), "{paste}");
    }
}

#[tokio::test]
async fn an_uncertain_creation_is_looked_up_before_anything_is_repeated() {
    let found = value!([hook("who1", URL, "ACTIVE", "UNVERIFIED")]);
    let live = hook("who1", URL, "ACTIVE", "VERIFIED");
    let stage = introduced([json(200, value!([])), no_answer(), json(200, found), json(200, live)]).await;
    assert_eq!(stage.client.ensure_hook(&wish()).await, Ok(HookState::Live { id: "who1".into() }));
    assert_eq!(stage.lines().iter().filter(|l| *l == "POST /api/v1/eventHooks").count(), 1);
}

#[tokio::test]
async fn the_hourly_look_changes_nothing() {
    for (list, expected) in [
        (value!([]), "Absent"),
        (value!([hook("who1", URL, "ACTIVE", "VERIFIED")]), "Live"),
        (value!([hook("who1", URL, "INACTIVE", "VERIFIED")]), "Broken"),
        (value!([hook("who1", URL, "ACTIVE", "UNVERIFIED")]), "Broken"),
        (value!([hook("who1", "https://x.example", "ACTIVE", "VERIFIED")]), "Broken"),
    ] {
        let stage = introduced([json(200, list)]).await;
        let state = stage.client.hook_state(&wish()).await.expect("a state");
        assert!(format!("{state:?}").starts_with(expected), "{state:?}");
        assert_eq!(stage.lines(), ["GET /api/v1/eventHooks"]);
    }
}

fn delivery(source: &str, events: Value) -> Vec<u8> {
    value!({"eventType": "com.okta.event_hook", "source": source, "eventId": "b7c1", "data": {"events": events}})
        .to_string()
        .into_bytes()
}

fn membership(uuid: &str, user: &str) -> Value {
    value!({"uuid": uuid, "eventType": "group.user_membership.add", "outcome": {"result": "SUCCESS"},
            "actor": {"id": "00uadmin", "type": "User", "displayName": "Dana Reyes", "alternateId": "dana@northgate.example"},
            "insertionTimestamp": null,
            "target": [{"id": "00g1", "type": "UserGroup"}, {"id": user, "type": "User"}]})
}

const SOURCE: &str = "https://northgate.okta.com/api/v1/eventHooks/who1";

#[tokio::test]
async fn all_events_of_a_delivery_are_taken() {
    let stage = Stage::new([]);
    let body =
        delivery(SOURCE, value!([membership("u-1", "00u1"), membership("u-2", "00u2"), {"uuid": null}]));
    let read = stage.client.parse_delivery(&body).expect("a delivery");
    assert_eq!(
        (read.delivery_id.as_str(), read.hook.clone(), read.preview),
        ("b7c1", Ok("who1".to_owned()), false)
    );
    let users: Vec<&str> = read.events.iter().flat_map(|e| e.users.iter().map(|u| &**u)).collect();
    assert_eq!(users, ["00u1", "00u2"]);
    assert!(read.events.iter().all(|e| e.groups.is_empty()), "the event names the person");
    let change = read.events[0].membership.clone().expect("who did it");
    assert_eq!((change.group.as_str(), change.joined), ("00g1", true));
    assert_eq!((&*change.by.id, &*change.by.name, &*change.by.kind), ("00uadmin", "Dana Reyes", "User"));
}

#[tokio::test]
async fn who_changed_a_membership_is_called_by_the_best_name_there_is() {
    let stage = Stage::new([]);
    let by = |kind: &str, actor: Value| {
        let mut event = membership("u-1", "00u1");
        event["eventType"] = kind.into();
        event["actor"] = actor;
        let read = stage.client.parse_delivery(&delivery(SOURCE, value!([event]))).expect("a delivery");
        read.events[0].membership.as_ref().map(|change| (change.joined, change.by.name.to_string()))
    };
    let (joins, leaves) = ("group.user_membership.add", "group.user_membership.remove");
    let named =
        value!({"id": "00u9", "type": "User", "displayName": " ", "alternateId": "dana@northgate.example"});
    assert_eq!(by(leaves, named), Some((false, "dana@northgate.example".to_owned())));
    let unknown = value!({"id": "0oa9", "type": "PublicClientApp", "alternateId": "unknown"});
    assert_eq!(by(joins, unknown.clone()), Some((true, "0oa9".to_owned())));
    assert_eq!(by(joins, Value::Null), None);
    assert_eq!(by("user.account.update_profile", unknown), None, "only of memberships");
}

#[tokio::test]
async fn foreign_sources_and_unknown_hooks_are_told_apart_from_ours() {
    let stage = introduced([json(200, value!([hook("who1", URL, "ACTIVE", "VERIFIED")]))]).await;
    stage.client.hook_state(&wish()).await.expect("a state");
    for (source, hook) in [
        (SOURCE, Ok("who1".to_owned())),
        ("https://Northgate.Okta.com:443/api/v1/eventHooks/who1", Ok("who1".to_owned())),
        ("https://id.northgate.example/api/v1/eventHooks/who1", Ok("who1".to_owned())),
        ("https://northgate.okta.com/api/v1/eventHooks/who9", Err("hook who9 is not ours".to_owned())),
        (
            "https://evil.example/api/v1/eventHooks/who1",
            Err("it comes from evil.example, which is not of this org".to_owned()),
        ),
        ("https://northgate.okta.com/", Err("its source names no hook".to_owned())),
        ("nonsense", Err("it names no source".to_owned())),
    ] {
        let read = stage
            .client
            .parse_delivery(&delivery(source, value!([membership("u-1", "00u1")])))
            .expect(source);
        assert_eq!(read.hook, hook);
    }
}

#[test]
fn previews_are_seen_as_such() {
    let sample = value!({"uuid": "x", "eventType": "user.lifecycle.deactivate", "outcome": {"result": "Success"},
                         "actor": null, "target": null});
    let hollow = value!({"uuid": "x", "eventType": "user.lifecycle.deactivate",
                         "actor": {"id": null}, "target": [{"id": null, "type": "User"}]});
    let nameless = value!({"uuid": null, "eventType": "user.lifecycle.deactivate", "target": [{"id": "00u1", "type": "User"}]});
    for events in [value!([sample]), value!([hollow]), value!([nameless]), value!([])] {
        let read = parse_delivery(&delivery(SOURCE, events.clone())).expect("a delivery");
        assert!(read.preview, "{events}");
        assert!(
            Stage::new([]).client.parse_delivery(&delivery(SOURCE, events)).expect("one").events.is_empty()
        );
    }
    let without_id =
        value!({"source": SOURCE, "eventId": null, "data": {"events": [membership("u-1", "00u1")]}});
    assert!(parse_delivery(without_id.to_string().as_bytes()).expect("a delivery").preview);
}

#[test]
fn bodies_that_are_no_delivery_are_errors() {
    for (body, problem) in [
        ("", "the body is no JSON"),
        ("{\"data\":", "the body is no JSON"),
        ("[]", "the body has no data.events list"),
        ("{\"data\":{\"events\":null}}", "the body has no data.events list"),
        (
            "{\"eventType\":\"com.okta.telephony\",\"data\":{\"events\":[]}}",
            "the body is of type com.okta.telephony",
        ),
    ] {
        let shown = parse_delivery(body.as_bytes()).expect_err(body).to_string();
        assert!(shown.starts_with(problem), "{shown}");
    }
}
