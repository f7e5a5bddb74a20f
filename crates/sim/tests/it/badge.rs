//! The badge system: three ways of telling it, repetitions, refusals, lost acknowledgements.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use lanyard_sim::{
    badge::{BadgeFace, BadgeSettings},
    face::{Ending, Face, Handled, Inspect, Reply},
    faults::{FaultScript, Faulty},
    host::{DeskName, Vendor},
};
use proptest::prelude::*;
use serde_json::{Value, json};

const KEY: &[u8] = b"twenty-four bytes or so!";

struct Desk {
    face: Box<dyn Face>,
    now: Timestamp,
}

impl Desk {
    fn new(faults: &str) -> Self {
        let now = "2026-05-04T08:00:00Z".parse().expect("an instant");
        let face = Box::new(BadgeFace::new(BadgeSettings::with_key(KEY, "t0ken")));
        let script = FaultScript::parse("faults.toml", faults).expect("a script");
        let face = Faulty::new(face, DeskName { vendor: Vendor::Badge, index: 0 }, &script, now);
        Self { face: Box::new(face), now }
    }

    fn send(&mut self, request: Request<bytes::Bytes>) -> (Ending, u16, Value) {
        let Handled::Reply(Reply { response, ending, .. }) = self.face.handle(request, self.now) else {
            panic!("waits")
        };
        (ending, response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
    }

    fn message(&mut self, id: &str, key: &[u8], late: i64, message: &Value) -> (Ending, u16, Value) {
        let (body, at) = (message.to_string(), self.now.as_second() - late);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), format!("{id}.{at}.{body}").as_bytes());
        let request = Request::post("/webhook")
            .header("webhook-id", id)
            .header("webhook-timestamp", at)
            // A second signature of another version, as while a secret changes.
            .header("webhook-signature", format!("v1a,AAAA v1,{}", STANDARD.encode(tag)));
        self.send(request.body(body.into()).expect("a request"))
    }

    fn call(&mut self, method: &str, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path).header("authorization", "Bearer t0ken");
        let (_, status, body) = self.send(request.body(body.to_owned().into()).expect("a request"));
        (status, body)
    }

    fn opens(&mut self, holder: &str, area: &str) -> bool {
        let command = json!({ "do": "swipe", "holder": holder, "area": area });
        self.face.command(&command, self.now).expect("a swipe")["opens"] == true
    }

    fn journal(&self) -> Vec<Value> {
        self.face.inspect(Inspect::Journal).as_array().expect("a list").clone()
    }
}

fn granted(holder: &str, area: &str, until: Value) -> Value {
    json!({ "type": "access.granted", "timestamp": "2026-05-04T08:00:00Z", "data": { "holder": { "id": holder, "name": "Ines" }, "area": { "id": area }, "from": null, "until": until } })
}

#[test]
fn a_signed_message_opens_a_door_once_and_until_its_end() {
    let mut desk = Desk::new("");
    let message = granted("40117", "PIER/9", json!("2026-05-04T18:00:00Z"));
    assert_eq!(
        desk.message("msg_1", KEY, 0, &message).2,
        json!({ "id": "msg_1", "applied": 1, "repeated": false })
    );
    assert!(
        desk.opens("40117", "PIER/9") && !desk.opens("40117", "PIER/8") && !desk.opens("40118", "PIER/9")
    );
    let (_, status, told) = desk.message("msg_1", KEY, 10, &message);
    assert_eq!(
        (status, &told["repeated"], desk.journal().len()),
        (200, &json!(true), 1),
        "twice changes nothing"
    );
    desk.now += SignedDuration::from_hours(10);
    assert!(!desk.opens("40117", "PIER/9"), "until is the first moment without");

    let set = json!({ "type": "access.set", "data": { "holder": "40117", "rights": [{ "area": "PIER/1" }, { "area": "PIER/2", "from": "2027-01-01T00:00:00Z" }] } });
    assert_eq!(desk.message("msg_2", KEY, 0, &set).2["applied"], 3, "two given, one taken");
    assert!(desk.opens("40117", "PIER/1") && !desk.opens("40117", "PIER/2"));
    let revoked = json!({ "type": "access.revoked", "data": { "holder": "40117" } });
    assert_eq!(desk.message("msg_3", KEY, 0, &revoked).2["applied"], 2, "all of them");
    assert_eq!(desk.face.inspect(Inspect::State)["rights"], json!([]));
}

#[test]
fn what_cannot_be_believed_or_read_changes_nothing() {
    let mut desk = Desk::new("");
    let good = granted("1", "a", Value::Null);
    for (key, late, message, expected) in [
        (&b"another secret of some length"[..], 0, good.clone(), 401),
        (KEY, 301, good.clone(), 401),
        (KEY, -301, good.clone(), 401),
        (KEY, 0, json!({ "type": "access.granted", "data": {} }), 400),
        (KEY, 0, json!({ "type": "door.painted", "data": { "holder": "1", "area": "a" } }), 400),
        (KEY, 0, granted("1", "a", json!("soon")), 400),
        (KEY, 0, granted("", "a", Value::Null), 400),
    ] {
        let (_, status, told) = desk.message("msg", key, late, &message);
        assert_eq!(status, expected, "{message}: {told}");
        assert!(told["error"].is_string(), "{told}");
    }
    let bare = Request::post("/webhook").body(bytes::Bytes::new()).expect("a request");
    assert_eq!(desk.send(bare).1, 400, "no headers");
    let wrong =
        Request::get("/scim/v2/Users").header("authorization", "Bearer wrong").body(bytes::Bytes::new());
    assert_eq!(desk.send(wrong.expect("a request")).1, 401);
    assert!(desk.journal().is_empty());
}

#[test]
fn refusals_slowness_and_lost_acknowledgements_are_fault_rules() {
    let mut desk = Desk::new(
        "[[fault]]\ntarget = \"badge\"\neffect = \"unavailable\"\ncount = 1\n\
         [[fault]]\ntarget = \"badge\"\neffect = \"timeout_after\"\nby = \"30s\"\ncount = 1\n\
         [[fault]]\ntarget = \"badge\"\neffect = \"delay\"\nby = \"5s\"\ncount = 1\n",
    );
    let message = granted("1", "a", Value::Null);
    assert_eq!(desk.message("msg", KEY, 0, &message).1, 503);
    assert!(!desk.opens("1", "a"), "refused is not done");
    assert_eq!(desk.message("msg", KEY, 0, &message).0, Ending::Cut);
    assert!(desk.opens("1", "a"), "done, and the acknowledgement lost");
    let (ending, status, told) = desk.message("msg", KEY, 0, &message);
    assert_eq!((ending, status, &told["repeated"]), (Ending::Whole, 200, &json!(true)));
    assert_eq!(desk.journal().len(), 1);
}

#[test]
fn group_push_opens_doors_to_active_members() {
    let mut desk = Desk::new("");
    let (status, user) = desk.call(
        "POST",
        "/scim/v2/Users",
        &json!({ "userName": "ines@northgate.example", "password": "x", "active": true }).to_string(),
    );
    let user = user["id"].as_str().map(str::to_owned).expect("an id");
    assert_eq!(status, 201);
    assert_eq!(desk.call("POST", "/scim/v2/Users", "{\"userName\":\"INES@northgate.example\"}").0, 409);
    let found = desk
        .call(
            "GET",
            "/scim/v2/Users?filter=userName%20eq%20%22INES@northgate.example%22&startIndex=1&count=2",
            "",
        )
        .1;
    assert_eq!((&found["totalResults"], found["Resources"][0].get("password")), (&json!(1), None));
    let group = json!({ "displayName": "PIER/9", "members": [{ "value": user }] });
    let (status, group) = desk.call("POST", "/scim/v2/Groups", &group.to_string());
    let path = format!("/scim/v2/Groups/{}", group["id"].as_str().expect("an id"));
    assert!(status == 201 && desk.opens("ines@northgate.example", "PIER/9"));
    let patch = |op: Value| {
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [op] })
            .to_string()
    };
    for (operation, open) in [
        (json!({ "op": "remove", "path": format!("members[value eq \"{user}\"]") }), false),
        (json!({ "op": "add", "path": "members", "value": [{ "value": user }] }), true),
        (json!({ "op": "replace", "path": "members", "value": [] }), false),
        (json!({ "op": "Replace", "value": { "members": [{ "value": user }] } }), true),
    ] {
        assert_eq!(desk.call("PATCH", &path, &patch(operation.clone())).0, 200, "{operation}");
        assert_eq!(desk.opens("ines@northgate.example", "PIER/9"), open, "{operation}");
    }
    desk.call(
        "PATCH",
        &format!("/scim/v2/Users/{user}"),
        &patch(json!({ "op": "replace", "value": { "active": false } })),
    );
    assert!(!desk.opens("ines@northgate.example", "PIER/9"), "a deactivated person opens nothing");
    assert_eq!(desk.call("DELETE", &path, "").0, 204);
    assert_eq!(desk.call("GET", &path, "").1["status"], "404");
}

#[test]
fn a_dropped_list_replaces_the_one_before_or_is_refused_whole() {
    let mut desk = Desk::new("");
    let list = "holder,area,until\n40117,PIER/9,2026-05-04T18:00:00Z\n40118,PIER/9,\n";
    assert_eq!(
        desk.call("PUT", "/drop/monday.csv", list).1,
        json!({ "name": "monday", "rows": 2, "applied": 2, "problems": [] })
    );
    assert!(desk.opens("40117", "PIER/9") && desk.opens("40118", "PIER/9"));
    let told = desk.call("PUT", "/drop/broken.csv", "holder,area,until\n40117,PIER/9,tomorrow\n").1;
    assert_eq!((&told["applied"], &told["problems"][0]["line"]), (&json!(0), &json!(2)));
    assert!(desk.opens("40118", "PIER/9"), "half a list locks nobody out");
    desk.call("PUT", "/drop/tuesday.csv", "area,holder\nPIER/9,40117\n");
    assert!(desk.opens("40117", "PIER/9") && !desk.opens("40118", "PIER/9"));
    assert_eq!(desk.call("GET", "/drop/tuesday.ack", "").1["applied"], 2, "one changed its end, one went");
    assert_eq!(desk.call("GET", "/drop/friday.ack", "").0, 404);
    let calls = desk.face.inspect(Inspect::Calls);
    assert_eq!(calls["PUT /drop/{name}"]["accepted"], 3, "{calls}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 80, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_is_answered_and_is_no_error_of_ours(
        calls in prop::collection::vec(
            (
                prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "BREW"]),
                prop::sample::select(vec!["/webhook", "/drop/a.csv", "/drop/a.ack", "/drop/", "/scim/v2/Users", "/scim/v2/Groups", "/scim/v2/Groups/00000001", "/scim/v2/Users/00000002", "/scim", "/"]),
                prop::sample::select(vec!["", "?filter=userName%20eq%20%22a%22", "?filter=rubbish", "?startIndex=0&count=99999", "?count=-1"]),
                prop_oneof![
                    "\\PC{0,60}",
                    Just("{\"userName\":\"a\",\"displayName\":\"b\",\"members\":[{\"value\":\"00000001\"},3]}".to_owned()),
                    Just("{\"Operations\":[{\"op\":\"remove\",\"path\":\"members[value eq \\\"\\\"]\"},{\"op\":\"add\",\"value\":7}]}".to_owned()),
                    Just("holder,area\n\"1,2\n".to_owned()),
                ],
            ),
            1..30,
        ),
    ) {
        let mut desk = Desk::new("");
        for (method, path, query, body) in calls {
            let (status, _) = desk.call(method, &format!("{path}{query}"), &body);
            prop_assert!(status < 500, "{method} {path}{query} {body}: {status}");
        }
    }
}
