//! How calls end: what is repeated, what is not, and in which words.

use lanyard_engine::ports::{PortFailure, Workplace};
use lanyard_ioffice::Gate;
use lanyard_model::{
    account::{AccountRead, FieldName},
    desired::VisitWish,
    id::{AccountId, CenterId},
    plan::{AccountPatch, Operation, Outcome},
    signal::Lane,
};
use serde_json::json;

use crate::site::{PASSWORD, Reply, START_MS, ok, settings, stage, stage_with};

fn rename() -> Operation {
    let mut patch = AccountPatch::default();
    patch.fields.insert(FieldName::new("jobTitle").unwrap(), Some("Planner".into()));
    Operation::Update { patch }
}

fn error(status: u16, code: &str) -> Reply {
    Reply::Json(
        status,
        json!({"status": status, "error": code, "errorDescription": "no", "localized": false}),
    )
}

#[tokio::test]
async fn writes_are_repeated_only_when_they_certainly_did_not_happen() {
    use Reply::{NoAnswer, NotSent};
    let busy = error(429, "too_many_requests");
    let done = || ok(json!({"id": 7}));
    for (name, replies, outcome, calls) in [
        ("done", vec![done()], "done", 1),
        ("empty body", vec![Reply::Text(200, "")], "done", 1),
        ("not sent, then done", vec![NotSent, done()], "done", 2),
        ("throttled, then done", vec![busy.clone(), busy.clone(), done()], "done", 3),
        ("throttled for good", vec![busy; 4], "throttled", 4),
        ("never sent", vec![NotSent; 4], "not done", 4),
        ("no answer", vec![NoAnswer, done()], "unknown", 1),
        ("server error", vec![error(500, "server_error"), done()], "unknown", 1),
        ("not JSON", vec![Reply::Text(200, "<html>"), done()], "unknown", 1),
        ("refused", vec![error(400, "invalid_request")], "refused", 1),
        ("error inside a 200", vec![ok(json!({"status": 400, "error": "invalid_request"}))], "refused", 1),
        (
            "server error inside a 200",
            vec![ok(json!({"status": 500, "error": "server_error"}))],
            "unknown",
            1,
        ),
        ("redirect", vec![Reply::WithHeader(302, "location", "/login.html")], "refused", 1),
        ("bad credential", vec![error(401, "unauthorized"), done()], "denied", 1),
        ("missing right", vec![error(403, "access_denied"), done()], "denied", 1),
    ] {
        let s = stage();
        s.site.then(replies);
        let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Normal).await;
        assert_eq!((got.name(), s.site.seen().len()), (outcome, calls), "{name}: {got:?}");
    }
}

#[tokio::test]
async fn reads_are_repeated_within_a_bound() {
    use Reply::{NoAnswer, NotSent};
    let user = || ok(json!({"id": 7, "active": true, "permissions": []}));
    for (name, replies, good, calls) in [
        ("after a server error", vec![error(500, "server_error"), user()], true, 2),
        ("after silence", vec![NoAnswer, NotSent, user()], true, 3),
        ("never", vec![NoAnswer; 4], false, 4),
        ("bad credential", vec![error(401, "unauthorized"), user()], false, 1),
        ("another record", vec![ok(json!({"id": 8}))], false, 1),
    ] {
        let s = stage();
        s.site.then(replies);
        let got = s.client.observe_account(AccountId(7), Lane::Normal).await;
        assert_eq!((got.is_ok(), s.site.seen().len()), (good, calls), "{name}: {got:?}");
    }
}

#[tokio::test]
async fn not_found_by_id_is_an_answer() {
    let s = stage();
    let got = s.client.observe_account(AccountId(7), Lane::Normal).await.unwrap();
    assert!(matches!(got, AccountRead::NotFound { .. }));
}

#[tokio::test]
async fn a_wait_that_the_site_asks_for_is_kept_or_handed_on() {
    let s = stage();
    s.site.then([Reply::WithHeader(429, "retry-after", "20"), ok(json!({"id": 7}))]);
    let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Normal).await;
    assert_eq!(got.name(), "done");
    assert!((20_000..21_500).contains(&s.clock.elapsed_ms()), "{}", s.clock.elapsed_ms());

    // Longer than one call's patience: the caller is told when.
    s.site.then([Reply::WithHeader(429, "retry-after", "600")]);
    let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Normal).await;
    let Outcome::Throttled { until } = got else { panic!("{got:?}") };
    assert!(until.as_millisecond() - START_MS > 600_000);
    assert_eq!(s.site.seen().len(), 3);
}

#[tokio::test]
async fn the_gate_stops_writes_and_then_everything() {
    let s = stage();
    s.site.answer(|_| Some(ok(json!({"id": 7, "active": true, "permissions": []}))));
    s.client.budget().set_gate(Gate::ReadsOnly);
    assert!(s.client.observe_account(AccountId(7), Lane::Leaver).await.is_ok());
    let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Leaver).await;
    assert_eq!(got, Outcome::NotDone { reason: "calls to the site are stopped".into() });
    s.client.budget().set_gate(Gate::Closed);
    let got = s.client.observe_account(AccountId(7), Lane::Leaver).await;
    assert!(matches!(got, Err(PortFailure::Unavailable { .. })));
    assert_eq!(s.site.seen().len(), 1);
}

#[tokio::test]
async fn a_credential_refused_three_times_is_not_tried_on_and_on() {
    let s = stage();
    let refused = || error(401, "unauthorized");
    s.site.then([refused(), refused(), refused()]);
    for _ in 0..10 {
        let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Leaver).await;
        assert_eq!(got.name(), "denied");
    }
    assert_eq!(s.site.seen().len(), 3, "nothing is sent meanwhile: it would lock the account");
    // One try when the pause is over; the next pause is longer.
    s.clock.advance(31);
    s.site.then([refused()]);
    for _ in 0..3 {
        let _ = s.client.apply(&rename(), Some(AccountId(7)), Lane::Leaver).await;
    }
    s.clock.advance(31);
    let _ = s.client.apply(&rename(), Some(AccountId(7)), Lane::Leaver).await;
    assert_eq!(s.site.seen().len(), 4);
    s.clock.advance(31);
    s.site.then([ok(json!({"id": 7})), refused(), ok(json!({"id": 7}))]);
    for (outcome, calls) in [("done", 5), ("denied", 6), ("done", 7)] {
        let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Leaver).await;
        assert_eq!((got.name(), s.site.seen().len()), (outcome, calls), "one refusal alone stops nothing");
    }
}

#[tokio::test]
async fn every_call_is_signed_and_no_answer_can_give_the_secret_away() {
    let s = stage();
    let echo = format!("bad x-auth-password {PASSWORD} given");
    s.site.then([Reply::Json(401, json!({"error": "unauthorized", "errorDescription": echo}))]);
    let got = s.client.apply(&rename(), Some(AccountId(7)), Lane::Normal).await;
    let seen = &s.site.seen()[0];
    assert_eq!(seen.header("x-auth-username"), Some("lanyard-svc"));
    assert_eq!(seen.header("x-auth-password"), Some(PASSWORD));
    let text = format!("{got:?} {:?} {:?}", s.client, settings());
    assert!(text.contains("[secret]") && !text.contains(PASSWORD), "{text}");
}

#[tokio::test]
async fn calls_are_counted_by_endpoint_and_ending() {
    let s = stage();
    s.site.then([Reply::NoAnswer, error(429, "too_many_requests"), error(404, "not_found")]);
    let _ = s.client.observe_account(AccountId(7), Lane::Normal).await;
    let calls = s.client.calls();
    let told: Vec<_> =
        calls.iter().map(|c| (c.endpoint.as_str(), c.answered, c.throttled, c.faulted)).collect();
    assert_eq!(told, [("GET /users/{id}", 1, 1, 1)]);
}

#[tokio::test]
async fn a_visit_is_announced_once_whatever_happens() {
    let visit = VisitWish {
        key: "v1".into(),
        first_name: "Iris".into(),
        last_name: "Valdane".into(),
        email: Some("iris@northquay.example".into()),
        company: None,
        notes: "Switchroom survey".into(),
        visitor_type: Some("Contractor".into()),
        host: AccountId(5201),
        center: CenterId(62),
        arrival: jiff::Timestamp::from_millisecond(1_767_261_600_000).unwrap(),
    };
    let operation = Operation::Announce { visit };
    let registered = ok(json!({"status": "ok", "response": {"id": {"id": 3374}, "visitorId": {"id": 90}}}));
    for (reply, outcome) in [
        (registered, Outcome::Done { account: None, made: Some(3374) }),
        (Reply::NoAnswer, Outcome::Unknown { reason: "cut".into() }),
        (
            Reply::Json(400, json!({"status": "error", "message": "no such host"})),
            Outcome::Refused {
                code: "invalid_request".into(),
                text: "no such host".into(),
                fix: "check the host, the visitor center and the visitor type".into(),
            },
        ),
    ] {
        let s = stage();
        s.site.then([ok(json!({"id": 5000, "siteAdmin": "true"})), reply]);
        let got = s.client.apply(&operation, Some(AccountId(5201)), Lane::Normal).await;
        assert_eq!(got, outcome);
        let seen = s.site.seen();
        assert_eq!(s.site.lines(), ["GET /users/me", "POST /visitors/registrations/preregister"]);
        assert_eq!(
            seen[1].body,
            json!({
                "arrivalDate": 1767261600000_i64, "userId": 5201, "visitorTypeName": "Contractor", "centerId": 62,
                "deviceName": "Desktop", "submittedByUser": {"id": 5000},
                "visitor": {
                    "visitorInfo": {
                        "visitorAlertId": 0, "firstName": "Iris", "lastName": "Valdane",
                        "email": "iris@northquay.example", "visitorType": "Contractor", "notes": "Switchroom survey",
                        "dateCreated": seen[1].body["visitor"]["visitorInfo"]["dateCreated"], "createdBy": 5000,
                        "active": true
                    },
                    "visitorAddress": {}, "visitorIdentification": {}, "visitorCustomFields": {}
                }
            })
        );
    }
}

#[tokio::test]
async fn ending_a_visit_is_said_to_be_impossible() {
    let s = stage_with(settings());
    let got = s.client.check_out_visit(3374, Lane::Normal).await;
    let lanyard_ioffice::WriteOutcome::Impossible(what) = got else { panic!("{got:?}") };
    assert_eq!(what.capability, "visitor_ext");
    assert!(what.by_hand.contains("registration 3374"));
    assert!(s.site.seen().is_empty());
}
