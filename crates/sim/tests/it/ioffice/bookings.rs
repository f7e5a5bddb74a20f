//! Reservations: list defaults, conflicts, rules, cancelling.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, Site, get, row};

fn booking(user: u32, room: u32, from: i64, hours: i64) -> Value {
    json!({
        "name": "Review", "startDate": NOW + from * HOUR, "endDate": NOW + (from + hours) * HOUR, "allDay": false,
        "user": {"id": user}, "room": {"id": room}, "center": {"id": 61}, "numberOfPeople": 4,
    })
}

#[test]
fn book_change_cancel() {
    let mut site = Site::new(json!({}));
    let mut body = booking(5201, 8830, 1, 1);
    body["guests"] =
        json!([{"id": 5202}, {"email": "g@x.example", "name": "Guest"}, {"email": "h@x.example"}]);
    let mut odd = booking(5201, 8831, 1, 1);
    odd["guests"] = json!([{"email": "g@x.example", "name": 7}]);
    site.run(vec![
        row("D: 201", "POST /reservations", body, 201, json!({"id": 60000, "cancelled": false, "madeInIoffice": true, "guests": "<absent>", "user": {"id": 5201}})),
        get("A-32", "/reservations/60000?selector=guests", 200,
            json!({"guests": [{"id": 5202}, {"email": "g@x.example", "name": "Guest"}, {"email": "h@x.example", "name": "<absent>"}]})),
        row("A-32", "POST /reservations", odd, 400, json!({"error": "invalid_request"})),
        row("D: conflict", "POST /reservations", booking(5202, 8830, 1, 1), 400, json!({"error": "invalid_request"})),
        row("A-16: no role in the center", "POST /reservations", booking(5202, 8831, 1, 1), 400, Value::Null),
        row("D: required", "POST /reservations", json!({"startDate": NOW}), 400, Value::Null),
        row("D: not reservable", "POST /reservations", booking(5201, 8801, 1, 1), 400, Value::Null),
        get("D: own rows only by default", "/reservations", 200, json!([])),
        get("D", "/reservations?showOnlyMyReservations=false", 200, json!([{"id": 60000, "room": {"name": "Lighthouse", "floor": {"id": 741}}}])),
        row("D: reassign", "PUT /reservations/60000", json!({"id": 60000, "user": {"id": 5203}}), 200, json!({"user": {"id": 5203}})),
        row("D", "PUT /reservations/60000/checkIn", Value::Null, 200, json!({"checkedIn": true, "checkedInDate": NOW})),
        row("D: PUT, not POST", "POST /reservations/60000/checkOut", Value::Null, 405, Value::Null),
        row("D", "PUT /reservations/60000/checkOut", Value::Null, 200, json!({"checkedOut": true})),
        row("C: page is optional", "PUT /reservations/60000/cancel/?page=ReservationDetailsPage", Value::Null, 200, json!({"cancelled": true})),
        row("A-35: again", "PUT /reservations/60000/cancel", Value::Null, 200, json!({"cancelled": true})),
        get("D: cancelled ones are left out", "/reservations/count?showOnlyMyReservations=false", 200, json!({"count": 0})),
        get("D", "/reservations/count?showOnlyMyReservations=false&includeCancelled=true", 200, json!({"count": 1})),
        row("a cancelled slot is free", "POST /reservations", booking(5201, 8830, 1, 1), 201, json!({"id": 60001})),
    ]);
    site.now += 3 * HOUR;
    site.run(vec![
        get("A-33: past", "/reservations?showOnlyMyReservations=false", 200, json!([])),
        get(
            "D",
            "/reservations?showOnlyMyReservations=false&includePastReservations=true",
            200,
            json!([{"id": 60001}]),
        ),
        row("A-35: past", "PUT /reservations/60001/cancel", Value::Null, 400, Value::Null),
        row(
            "D: erases",
            "DELETE /reservations/60001",
            Value::Null,
            200,
            json!({"response": "Successfully removed"}),
        ),
        get("D", "/reservations/60001", 404, Value::Null),
    ]);
    site.caller = ("tlindqvist", "tom-local");
    site.run(vec![get(
        "A-34: others' rows silently missing",
        "/reservations?showOnlyMyReservations=false&includePastReservations=true&includeCancelled=true",
        200,
        json!([]),
    )]);
}

#[test]
fn window_overlap_and_expiry_without_a_write() {
    let mut site = Site::new(json!({}));
    for (from, hours) in [(1, 1), (2, 2), (30, 1)] {
        let (status, body) = site.call("POST", "/reservations", &booking(5201, 8830, from, hours));
        assert_eq!(status, 201, "{body}");
    }
    let mut ids = |from: i64, to: i64, now: i64| -> Vec<u64> {
        site.now = now;
        let path = format!(
            "/reservations?showOnlyMyReservations=false&startDate={}&endDate={}",
            NOW + from * HOUR,
            NOW + to * HOUR
        );
        let (_, body) = site.call("GET", &path, &Value::Null);
        body.as_array().unwrap().iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ids(2, 3, NOW), [60001], "[A-33] ends are open");
    assert_eq!(ids(0, 24, NOW), [60000, 60001]);
    assert_eq!(ids(0, 24, NOW + 2 * HOUR), [60001], "[A-33] the first has ended, though nothing was written");
}

#[test]
fn rules_refuse_by_the_narrowest_scope() {
    let mut site = Site::new(json!({}));
    let mut check = |tag: &str, rules: Value, room: u32, from: i64, hours: i64, status: u16| {
        site.command(json!({"do": "set_rules", "center": 61, "ruleList": rules}));
        let (got, body) = site.call("POST", "/reservations", &booking(5201, room, from, hours));
        assert_eq!(got, status, "[{tag}] {rules}: {body}");
        if status == 201 {
            let path = format!("/reservations/{}", body["id"]);
            assert_eq!(site.call("DELETE", &path, &Value::Null).0, 200);
        }
    };
    let max = |value: &str| json!({"$type$": "MaxDuration", "value": value});
    check("D", json!([max("60m")]), 8830, 1, 1, 201);
    check("A-31", json!([max("60m")]), 8830, 1, 2, 400);
    check(
        "K: narrower wins",
        json!([max("60m"), {"$type$": "MaxDuration", "value": "240m", "roomId": 8830}]),
        8830,
        1,
        2,
        201,
    );
    check(
        "K: elsewhere the center's",
        json!([max("60m"), {"$type$": "MaxDuration", "value": "240m", "roomId": 8830}]),
        8831,
        1,
        2,
        400,
    );
    check("D", json!([{"$type$": "MaxLeadTime", "value": "60m"}]), 8830, 2, 1, 400);
    check("D", json!([{"$type$": "MinimumDuration", "value": "90m"}]), 8830, 2, 1, 400);
    check("K: 10:00 on a Monday", json!([{"$type$": "OnlyDuringWorkHours"}]), 8830, 1, 2, 201);
    check("K: until 20:00", json!([{"$type$": "OnlyDuringWorkHours"}]), 8830, 8, 2, 400);
    check("A-23", json!([{"$type$": "IncludeUsers", "value": "5203, 5202"}]), 8830, 1, 1, 400);
    check("A-23", json!([{"$type$": "IncludeUsers", "value": "5203, 5201"}]), 8830, 1, 1, 201);
    check("A-23", json!([{"$type$": "ExcludeUsers", "value": "5201"}]), 8830, 1, 1, 400);
    check(
        "A-23: executive floor",
        json!([{"$type$": "IncludeCategories", "value": "520", "roomId": 8831}]),
        8831,
        1,
        1,
        400,
    );
    check(
        "A-23: elsewhere free",
        json!([{"$type$": "IncludeCategories", "value": "520", "roomId": 8831}]),
        8830,
        1,
        1,
        201,
    );
    check(
        "A-23: parent item counts",
        json!([{"$type$": "IncludeCategories", "value": "400"}]),
        8830,
        1,
        1,
        201,
    );
    check("D: members only", json!([{"$type$": "IncludeAllMembers", "neighborhoodId": 41}]), 8830, 1, 1, 201);
    site.call("PUT", "/users/5201", &json!({"id": 5201, "costCenters": [{"id": 520}]}));
    site.command(json!({"do": "set_rules", "center": 61, "ruleList": [{"$type$": "IncludeCategories", "value": "520", "roomId": 8831}]}));
    let (status, body) = site.call("POST", "/reservations", &booking(5201, 8831, 1, 1));
    assert_eq!(status, 201, "[A-23] membership opens the room: {body}");
}
