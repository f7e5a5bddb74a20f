//! The polled log (contract §9; traps 4, 5, 6).

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::{Directory, FeedCursor, FeedError};
use lanyard_model::signal::Lane;
use serde_json::{Value, json as value};

use crate::script::*;

fn event(uuid: &str, kind: &str) -> Value {
    value!({"uuid": uuid, "eventType": kind, "published": "2026-05-04T09:12:33.417Z", "outcome": {"result": "SUCCESS"},
            "actor": {"id": "0oaclient", "type": "PublicClientApp"}, "target": [{"id": "00u1", "type": "User"}]})
}

const NEXT: &str = "https://northgate.okta.com/api/v1/logs?after=1%2Bb%3D_x&limit=1000&sortOrder=ASCENDING";

fn at(url: &str) -> FeedCursor {
    FeedCursor::At(url.to_owned())
}

#[tokio::test]
async fn the_feed_starts_by_time_and_goes_on_by_the_address_it_is_given() {
    let events = value!([event("u-1", "user.lifecycle.deactivate"), event("u-2", "user.session.start"), {"uuid": null}]);
    let stage = Stage::new([json(200, events).next(NEXT), json(200, value!([])).next(NEXT)]);
    let since = Timestamp::from_second(START - 600).expect("a time stamp");
    let page = stage.client.poll_feed(&FeedCursor::Since(since)).await.expect("a page");
    assert_eq!((page.rows, page.next.clone()), (3, at(NEXT)));
    let shown: Vec<_> = page.events.iter().map(|e| (&*e.uuid, &*e.users[0], e.lane, e.deletion)).collect();
    assert_eq!(shown, [("u-1", "00u1", Lane::Leaver, false)]);

    let page = stage.client.poll_feed(&page.next).await.expect("an empty page");
    assert_eq!((page.rows, page.next), (0, at(NEXT)), "stay and wait");

    let requests = stage.requests();
    let query: Vec<_> =
        url::form_urlencoded::parse(requests[0].uri().query().unwrap_or_default().as_bytes()).collect();
    let names: Vec<&str> = query.iter().map(|(n, _)| &**n).collect();
    assert_eq!(names, ["since", "sortOrder", "limit", "filter"], "until would end the feed");
    assert_eq!((&*query[0].1, &*query[2].1), ("2027-01-15T07:50:00.000Z", "1000"));
    assert_eq!(requests[1].uri().to_string(), NEXT, "byte for byte");
}

#[tokio::test]
async fn a_start_before_the_retention_is_cut_to_it() {
    let stage = Stage::new([json(200, value!([])).next(NEXT)]);
    stage.client.poll_feed(&FeedCursor::Since(Timestamp::UNIX_EPOCH)).await.expect("a page");
    assert!(
        stage.lines()[0].starts_with("GET /api/v1/logs?since=2026-10-17T08%3A00%3A00.000Z&"),
        "{:?}",
        stage.lines()
    );
}

#[tokio::test]
async fn a_refused_cursor_is_dead_but_a_refused_start_is_a_failure() {
    for code in ["E0000001", "E0000031", "E0000053"] {
        let stage = Stage::new([error(400, code)]);
        let dead = stage.client.poll_feed(&at(NEXT)).await.expect_err("dead");
        assert_eq!(dead, FeedError::CursorDead { reason: format!("{code} {code} in words") });

        let stage = Stage::new([error(400, code), error(400, code)]);
        let failed = stage.client.poll_feed(&FeedCursor::Since(Timestamp::UNIX_EPOCH)).await;
        assert!(matches!(failed, Err(FeedError::Failed(_))), "{failed:?}");
        assert_eq!(stage.unused(), 0, "tried once more without a filter");
    }
    let stage = Stage::new([]);
    let dead = stage.client.poll_feed(&at("https://northgate.okta.com/api/v1/users?after=x")).await;
    assert!(matches!(dead, Err(FeedError::CursorDead { .. })), "{dead:?}");
    let stage = Stage::new([json(200, value!([event("u-1", "user.lifecycle.create")]))]);
    let dead = stage.client.poll_feed(&at(NEXT)).await;
    assert!(matches!(dead, Err(FeedError::CursorDead { .. })), "events without a next page: {dead:?}");
}

#[tokio::test]
async fn a_log_that_takes_no_filter_is_read_whole_and_sifted_here() {
    let events = value!([event("u-1", "user.session.start"), event("u-2", "user.lifecycle.suspend")]);
    let stage = Stage::new([error(400, "E0000031"), json(200, events).next(NEXT)]);
    let since = Timestamp::from_second(START - 600).expect("a time stamp");
    let page = stage.client.poll_feed(&FeedCursor::Since(since)).await.expect("a page");
    assert_eq!(page.events.iter().map(|e| &*e.uuid).collect::<Vec<_>>(), ["u-2"]);
    assert_eq!(
        stage.lines()[1],
        "GET /api/v1/logs?since=2027-01-15T07%3A50%3A00.000Z&sortOrder=ASCENDING&limit=1000"
    );
}

#[tokio::test]
async fn a_cursor_on_a_foreign_host_is_never_called() {
    let stage = Stage::new([error(404, "E0000008")]);
    let failed = stage.client.poll_feed(&at("https://evil.example/api/v1/logs?after=x")).await;
    // The place is given up: the org may have had another address when it was kept.
    assert!(matches!(failed, Err(FeedError::CursorDead { .. })), "{failed:?}");
    assert_eq!(stage.lines(), ["GET /.well-known/okta-organization"]);
}

#[tokio::test]
async fn the_log_is_asked_for_less_after_a_500() {
    let slow = || error(500, "E0000009");
    let stage =
        Stage::new([slow(), slow(), json(200, value!([event("u-1", "user.lifecycle.create")])).next(NEXT)]);
    stage.client.poll_feed(&at(NEXT)).await.expect("a page");
    let limits = |stage: &Stage| {
        let of = |r: &String| {
            r.split("limit=").nth(1).and_then(|r| r.split('&').next()).unwrap_or_default().to_owned()
        };
        stage.lines().iter().map(of).collect::<Vec<_>>()
    };
    assert_eq!(limits(&stage), ["1000", "500", "250"]);
    assert_eq!(stage.lines()[2], format!("GET {}", NEXT.trim_start_matches(ORG).replace("1000", "250")));
    stage.queue([json(200, value!([])).next(NEXT), json(200, value!([])).next(NEXT)]);
    stage.client.poll_feed(&at(NEXT)).await.expect("caught up");
    stage.client.poll_feed(&at(NEXT)).await.expect("full again");
    assert_eq!(limits(&stage)[3..], ["250", "1000"]);

    let stage = Stage::new(vec![slow(); 20]);
    stage.client.poll_feed(&at(NEXT)).await.expect_err("down");
    assert_eq!(limits(&stage)[..6], ["1000", "500", "250", "125", "62", "50"]);
    assert_eq!(stage.requests().len(), 11, "five smaller pages, then six tries");
}

#[tokio::test]
async fn a_bounded_query_ends_on_an_empty_page_and_drops_repeats() {
    let page = |n: u32| format!("{ORG}/api/v1/logs?after={n}&since=a&until=b");
    let stage = Stage::new([
        json(200, value!([event("u-1", "user.lifecycle.create"), event("u-2", "user.lifecycle.create")]))
            .next(&page(1)),
        json(200, value!([event("u-2", "user.lifecycle.create")])).next(&page(2)),
        json(200, value!([])).next(&page(3)),
    ]);
    let until = Timestamp::from_second(START).expect("a time stamp");
    let since = until - SignedDuration::from_hours(48);
    let events = stage.client.log_between(since, until).await.expect("events");
    assert_eq!(events.iter().map(|e| e.uuid.as_str()).collect::<Vec<_>>(), ["u-1", "u-2"]);
    assert_eq!(stage.unused(), 0);
}

#[tokio::test]
async fn our_own_events_are_marked() {
    let stage = Stage::with(
        service_app(ec_pem(), lanyard_okta::DpopMode::Never),
        [
            json(200, value!({"token_type": "Bearer", "expires_in": 3600, "access_token": "t"})),
            json(200, value!([event("u-1", "user.lifecycle.create")])).next(NEXT),
        ],
    );
    let page = stage.client.poll_feed(&at(NEXT)).await.expect("a page");
    assert!(page.events[0].ours);
}
