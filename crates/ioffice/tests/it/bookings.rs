//! Reservations: the one scan of the calendar, and cancelling.

use lanyard_engine::ports::Workplace;
use lanyard_model::{
    id::{AccountId, CenterId, ReservationId, RoomId},
    plan::{Operation, Outcome},
    signal::Lane,
};
use serde_json::{Value, json};

use crate::site::{Reply, START_MS, ok, serve_list, stage};

const HOUR: i64 = 3_600_000;

fn row(id: i64, start: i64, cancelled: bool) -> Value {
    json!({
        "id": id, "startDate": START_MS + start * HOUR, "endDate": START_MS + (start + 1) * HOUR,
        "cancelled": cancelled, "user": {"id": 5201}, "room": {"id": 8830}, "center": {"id": 61}
    })
}

#[tokio::test]
async fn all_live_bookings_of_the_site_come_from_one_scan() {
    let s = stage();
    s.site.answer(|seen| (seen.line == "GET /users/me").then(|| ok(json!({"id": 2, "siteAdmin": true}))));
    serve_list(
        &s.site,
        "/reservations",
        vec![row(1, 5, false), row(2, -9, false), row(3, 6, true), row(4, -0, false)],
    );
    let now = jiff::Timestamp::from_millisecond(START_MS).unwrap();
    let listing = s.client.list_bookings(now, Lane::Leaver).await.unwrap();
    assert_eq!(listing.rows.iter().map(|b| b.id.0).collect::<Vec<_>>(), [1, 4]);
    assert_eq!(listing.rows[0].host, AccountId(5201));
    assert!(listing.evidence.certify(None, 0).holds());
    let page = s.site.seen().into_iter().find(|c| c.line == "GET /reservations").unwrap();
    for (name, value) in [
        ("showOnlyMyReservations", "false"),
        ("includePastReservations", "false"),
        ("includeCancelled", "false"),
        ("startDate", "1767225600000"),
        ("limit", "100"),
    ] {
        assert_eq!(page.param(name), Some(value), "{name}");
    }
}

#[tokio::test]
async fn rights_decide_what_an_empty_calendar_proves() {
    for (me, proven) in [
        (json!({"id": 2, "siteAdmin": true}), Some(true)),
        (json!({"id": 2}), None),
        (json!({"id": 2, "permissions": [{"role": "CUSTOMER", "center": {"id": 61}}]}), Some(false)),
        (json!({"id": 2, "permissions": [{"role": "OPERATOR", "center": {"id": 61}}]}), None),
    ] {
        let s = stage();
        s.site.then([ok(me.clone())]);
        serve_list(&s.site, "/reservations", vec![]);
        let now = jiff::Timestamp::from_millisecond(START_MS).unwrap();
        let listing = s.client.list_bookings(now, Lane::Leaver).await.unwrap();
        assert_eq!(listing.evidence.rights_proven, proven, "{me}");
    }
}

#[tokio::test]
async fn cancelling_what_is_cancelled_past_or_gone_is_already() {
    let refused = || Reply::Json(400, json!({"error": "invalid_request"}));
    for (name, replies, outcome) in [
        ("live", vec![ok(row(9, 5, true))], "done"),
        ("cancelled", vec![refused(), ok(row(9, 5, true))], "already"),
        ("past", vec![refused(), ok(row(9, -5, false))], "already"),
        ("gone", vec![Reply::Json(404, json!({})), Reply::Json(404, json!({}))], "already"),
        ("still there", vec![refused(), ok(row(9, 5, false))], "refused"),
        ("cut", vec![Reply::NoAnswer], "unknown"),
    ] {
        let s = stage();
        s.site.then(replies);
        let operation = Operation::CancelBooking { booking: ReservationId(9) };
        let got = s.client.apply(&operation, Some(AccountId(5201)), Lane::Leaver).await;
        assert_eq!(got.name(), outcome, "{name}: {got:?}");
        assert_eq!(
            (s.site.lines()[0].as_str(), &s.site.seen()[0].body),
            ("PUT /reservations/9/cancel", &Value::Null)
        );
    }
}

#[tokio::test]
async fn a_booking_is_made_for_its_host() {
    let s = stage();
    s.site.then([Reply::Json(201, json!({"id": 68610}))]);
    let at = |h: i64| jiff::Timestamp::from_millisecond(START_MS + h * HOUR).unwrap();
    let operation = Operation::Book {
        key: "day-one".into(),
        title: "Day one".into(),
        room: RoomId(8801),
        center: CenterId(61),
        start: at(8),
        end: at(17),
    };
    let got = s.client.apply(&operation, Some(AccountId(5201)), Lane::Normal).await;
    assert_eq!(got, Outcome::Done { account: None, made: Some(68610) });
    assert_eq!(
        s.site.seen()[0].body,
        json!({
            "name": "Day one", "startDate": START_MS + 8 * HOUR, "endDate": START_MS + 17 * HOUR, "allDay": false,
            "numberOfPeople": 1, "user": {"id": 5201}, "room": {"id": 8801}, "center": {"id": 61}
        })
    );
}

#[tokio::test]
async fn a_booking_is_handed_over_as_long_as_it_is_whose_it_was() {
    let of = |host: i64| {
        let mut row = row(9, 5, false);
        row["user"]["id"] = host.into();
        row
    };
    for (name, replies, outcome, lines) in [
        ("theirs", vec![ok(of(5201)), ok(of(7))], "done", 2),
        ("handed over before", vec![ok(of(7))], "already", 1),
        ("somebody else's", vec![ok(of(88))], "refused", 1),
        ("cancelled", vec![ok(row(9, 5, true))], "already", 1),
        ("past", vec![ok(row(9, -5, false))], "already", 1),
        ("gone", vec![Reply::Json(404, json!({}))], "already", 1),
        (
            "not to them",
            vec![ok(of(5201)), Reply::Json(400, json!({"error": "invalid_request"}))],
            "refused",
            2,
        ),
        ("cut", vec![ok(of(5201)), Reply::NoAnswer], "unknown", 2),
    ] {
        let s = stage();
        s.site.then(replies);
        let at = jiff::Timestamp::from_millisecond(START_MS + 5 * HOUR).unwrap();
        let (booking, from, to) = (ReservationId(9), AccountId(5201), AccountId(7));
        let operation = Operation::HandOver { booking, from, to, start: at };
        let got = s.client.apply(&operation, Some(from), Lane::Leaver).await;
        assert_eq!((got.name(), s.site.lines().len()), (outcome, lines), "{name}: {got:?}");
        assert_eq!(s.site.lines()[0], "GET /reservations/9");
        if lines == 2 {
            assert_eq!(
                (s.site.lines()[1].as_str(), &s.site.seen()[1].body),
                ("PUT /reservations/9", &json!({"id": 9, "user": {"id": 7}}))
            );
        }
    }
}
