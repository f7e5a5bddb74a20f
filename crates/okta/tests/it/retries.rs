//! When a call is repeated, how long it waits, and when it gives up (contract §2.4, §4; traps 13, 14, 38).

use lanyard_engine::ports::{CallCount, Directory, PortFailure};
use lanyard_model::signal::Lane;
use lanyard_okta::{Problem, ThrottleKind};
use serde_json::json as value;

use crate::script::*;

fn quota(limit: u32, remaining: u32, reset: i64, reply: Reply) -> Reply {
    reply
        .header("x-rate-limit-limit", limit)
        .header("x-rate-limit-remaining", remaining)
        .header("x-rate-limit-reset", START + reset)
}

fn done() -> Reply {
    json(200, value!([everyone()]))
}

#[tokio::test]
async fn passing_faults_are_waited_out() {
    for (name, fault, shortest, longest) in [
        ("quota", quota(600, 0, 40, error(429, "E0000047")), 41, 41),
        ("concurrency", quota(0, 0, 3000, error(429, "E0000047")), 1, 5),
        ("429 without headers", error(429, "E0000047"), 1, 5),
        ("500", error(500, "E0000009"), 0, 1),
        ("503 as html", raw(503, "<html>busy</html>"), 0, 1),
        ("cut", no_answer(), 0, 1),
        ("not sent", not_sent(), 0, 1),
    ] {
        let stage = Stage::new([fault, done()]);
        stage.client.groups_of("00u1", Lane::Normal).await.expect(name);
        let waited = stage.clock.elapsed_seconds();
        assert!((shortest..=longest).contains(&waited), "{name}: waited {waited} s");
    }
}

#[tokio::test]
async fn the_servers_date_decides_how_long_to_wait() {
    let there = jiff::Timestamp::from_second(START + 3600).expect("a time stamp");
    let date =
        jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&there).expect("a date");
    let stage = Stage::new([quota(600, 0, 3625, error(429, "E0000047")).header("date", date), done()]);
    stage.client.groups_of("00u1", Lane::Normal).await.expect("groups");
    assert_eq!(stage.clock.elapsed_seconds(), 26, "Reset minus Date and one second");
}

#[tokio::test]
async fn the_reserve_is_left_to_leavers() {
    // 20 of 100 calls are left, which is the reserve: normal work waits for the next window, a leaver does not.
    for (lane, waited) in [(Lane::Leaver, 0), (Lane::Normal, 31), (Lane::Bulk, 31)] {
        let stage = Stage::new([quota(100, 20, 30, done()), done()]);
        stage.client.groups_of("00u1", lane).await.expect("groups");
        stage.client.groups_of("00u2", lane).await.expect("groups");
        assert_eq!(stage.clock.elapsed_seconds(), waited, "{lane:?}");
    }
}

#[tokio::test]
async fn patience_is_bounded_and_the_failure_typed() {
    let stage = Stage::new(vec![error(500, "E0000009"); 6]);
    let problem = stage.client.groups_of("00u1", Lane::Normal).await.expect_err("down");
    assert!(matches!(problem, Problem::Unavailable { status: 500, .. }), "{problem}");
    assert_eq!(stage.requests().len(), 6);

    let stage = Stage::new(vec![quota(600, 0, 10, error(429, "E0000047")); 6]);
    let problem = stage.client.groups_of("00u1", Lane::Normal).await.expect_err("throttled");
    assert!(matches!(problem, Problem::Throttled { kind: ThrottleKind::Quota, .. }), "{problem}");

    let stage = Stage::new(vec![no_answer(); 6]);
    let failure = stage.client.observe_identity("00u1", Lane::Normal).await.expect_err("cut");
    let expected = "Okta (northgate) did not answer usefully: no complete answer from Okta: cut";
    assert_eq!(failure.to_string(), expected);
}

#[tokio::test]
async fn refusals_are_final_and_secrets_stay_out_of_them() {
    for (reply, starts) in [
        (error(400, "E0000031"), "Okta (northgate) refused: Okta refused (400 E0000031)"),
        (
            error(401, "E0000011"),
            "Okta (northgate) refused our credential: Okta does not accept the credential (E0000011)",
        ),
        (
            error(403, "E0000006"),
            "Okta (northgate) refused our credential: Okta does not allow this (E0000006)",
        ),
        (
            raw(200, "<html>sign in to the proxy</html>"),
            "Okta (northgate) did not answer usefully: no complete answer from Okta: the answer to user 00u1 is no JSON",
        ),
        (raw(302, ""), "Okta (northgate) answered in a way we cannot read"),
    ] {
        let stage = Stage::new([reply]);
        let failure: PortFailure =
            stage.client.observe_identity("00u1", Lane::Normal).await.expect_err(starts);
        assert!(failure.to_string().starts_with(starts), "{failure}");
        assert_eq!(stage.requests().len(), 1);
        let request = &stage.requests()[0];
        assert_eq!(header(request, "authorization"), format!("SSWS {SSWS}"));
        for shown in [format!("{failure:?}"), format!("{:?}", stage.client), format!("{request:?}")] {
            assert!(!shown.contains("planted"), "{shown}");
        }
    }
}

#[tokio::test]
async fn calls_are_counted_by_endpoint_and_outcome() {
    let stage = Stage::new([
        error(429, "E0000047"),
        no_answer(),
        json(200, user("00u1")),
        done(),
        error(404, "E0000007"),
    ]);
    stage.client.user("00u1", Lane::Normal).await.expect("a person");
    stage.client.user("00u2", Lane::Normal).await.expect("nobody");
    let row = |endpoint: &str, answered, throttled, faulted, whole| CallCount {
        endpoint: endpoint.into(),
        answered,
        throttled,
        faulted,
        whole,
    };
    assert_eq!(
        stage.client.calls(),
        [row("GET /users/{id}", 2, 1, 1, 0), row("GET /users/{id}/groups", 1, 0, 0, 1)]
    );
}
