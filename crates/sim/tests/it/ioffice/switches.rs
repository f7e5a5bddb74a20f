//! Each assumption of the contract's register, read both ways: what a caller sees before and after its switch is turned.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, SERVICE, Site};

/// Does something at a site and says in a word what came of it.
type Probe = fn(&mut Site) -> String;

/// Somebody without any role.
const PLAIN: (&str, &str) = ("tlindqvist", "tom-local");

fn status(site: &mut Site, call: &str, body: Value) -> String {
    let (method, path) = call.split_once(' ').expect("METHOD path");
    site.call(method, path, &body).0.to_string()
}

/// A field after a write.
fn after(site: &mut Site, call: &str, body: Value, read: &str, pointer: &str) -> String {
    let status = status(site, call, body);
    let (_, answer) = site.call("GET", read, &Value::Null);
    format!("{status} {}", answer.pointer(pointer).unwrap_or(&Value::Null))
}

fn booking(user: u32) -> Value {
    json!({ "startDate": NOW + HOUR, "endDate": NOW + 2 * HOUR, "allDay": false, "user": { "id": user }, "room": { "id": 8830 }, "center": { "id": 61 } })
}

fn visit(more: Value) -> Value {
    let mut body = json!({ "arrivalDate": NOW + HOUR, "userId": 5201, "centerId": 62, "visitor": { "visitorInfo": { "firstName": "Iris", "lastName": "Valdane" } } });
    for (key, value) in more.as_object().expect("a map") {
        body[key] = value.clone();
    }
    body
}

#[test]
fn every_switch_changes_what_it_says() {
    let rows: Vec<(&str, Value, Probe, &str, &str)> = vec![
        (
            "A-03",
            json!({ "over_limit": "reject400" }),
            |site| status(site, "GET /users?limit=101", Value::Null),
            "200",
            "400",
        ),
        (
            "A-05",
            json!({ "unknown_selector": "reject400" }),
            |site| status(site, "GET /users?selector=shoeSize", Value::Null),
            "200",
            "400",
        ),
        (
            "A-07",
            json!({ "rights_checked": false }),
            |site| {
                site.caller = PLAIN;
                status(site, "PUT /users/5201", json!({ "id": 5201, "jobTitle": "x" }))
            },
            "403",
            "200",
        ),
        (
            "A-07",
            json!({ "unprivileged_list": "forbidden" }),
            |site| {
                site.caller = PLAIN;
                status(site, "GET /users", Value::Null)
            },
            "200",
            "403",
        ),
        (
            "A-10",
            json!({ "null_clears": "ignore" }),
            |site| {
                after(
                    site,
                    "PUT /users/5201",
                    json!({ "id": 5201, "room": null }),
                    "/users/5201?selector=room",
                    "/room/id",
                )
            },
            "200 null",
            "200 8801",
        ),
        (
            "A-10",
            json!({ "null_clears": "reject400" }),
            |site| status(site, "PUT /users/5201", json!({ "id": 5201, "room": null })),
            "200",
            "400",
        ),
        (
            "A-13",
            json!({ "user_active_write": "ignore" }),
            |site| {
                after(
                    site,
                    "PUT /users/5201",
                    json!({ "id": 5201, "active": false }),
                    "/users/count?search=mokafor",
                    "/count",
                )
            },
            "200 0",
            "200 1",
        ),
        (
            "A-13",
            json!({ "user_active_write": "reject400" }),
            |site| {
                after(
                    site,
                    "PUT /users/5201",
                    json!({ "id": 5201, "active": false }),
                    "/users/count?search=mokafor",
                    "/count",
                )
            },
            "200 0",
            "400 1",
        ),
        (
            // A-26 lets it pass: the body sets `active:true`. Whether anything comes of it is A-13's.
            "A-13",
            json!({ "user_active_write": "ignore" }),
            |site| {
                site.command(json!({ "do": "deactivate_user", "user": 5202 }));
                after(
                    site,
                    "PUT /users/5202",
                    json!({ "id": 5202, "active": true }),
                    "/users/5202",
                    "/active",
                )
            },
            "200 null",
            "200 false",
        ),
        (
            "A-16",
            json!({ "implicit_customer_modules": ["reservation"] }),
            |site| {
                site.caller = PLAIN;
                status(site, "POST /reservations", booking(5202))
            },
            "400",
            "201",
        ),
        (
            "A-16",
            json!({ "implicit_customer_centers": [61] }),
            |site| {
                site.caller = PLAIN;
                status(site, "POST /reservations", booking(5202))
            },
            "400",
            "201",
        ),
        (
            "A-17",
            json!({ "neighborhood_write": "ignore" }),
            |site| {
                let body = json!({ "id": 5202, "seatClassification": "hybrid", "neighborhoodSection": { "id": 231 } });
                after(
                    site,
                    "PUT /users/5202",
                    body,
                    "/users/5202?selector=neighborhoodSection",
                    "/neighborhoodSection/id",
                )
            },
            "200 231",
            "200 null",
        ),
        (
            "A-17",
            json!({ "neighborhood_write": "reject400" }),
            |site| {
                status(
                    site,
                    "PUT /users/5202",
                    json!({ "id": 5202, "seatClassification": "hybrid", "neighborhoodSection": { "id": 231 } }),
                )
            },
            "200",
            "400",
        ),
        (
            "A-21",
            json!({ "type_required_checked": false }),
            |site| {
                status(
                    site,
                    "POST /users",
                    json!({ "firstName": "A", "lastName": "B", "email": "a@b.example", "userType": { "id": 2 } }),
                )
            },
            "400",
            "201",
        ),
        (
            "A-23",
            json!({ "rule_users_json": "reject400" }),
            |site| {
                let rule = json!({ "$type$": "IncludeUsers", "value": "5201" });
                status(site, "PUT /centers/reservations/rules", json!({ "centerId": 61, "ruleList": [rule] }))
            },
            "200",
            "400",
        ),
        (
            "A-24",
            json!({ "duplicate_email": "reject400" }),
            |site| {
                status(
                    site,
                    "POST /users",
                    json!({ "firstName": "A", "lastName": "B", "email": "ines.faro@harborlight.example", "userName": "ab" }),
                )
            },
            "201",
            "400",
        ),
        (
            "A-26",
            json!({ "inactive_edit_refused": false }),
            |site| {
                site.command(json!({ "do": "deactivate_user", "user": 5202 }));
                status(site, "PUT /users/5202", json!({ "id": 5202, "jobTitle": "x" }))
            },
            "400",
            "200",
        ),
        (
            "A-30",
            json!({ "seat_check": "reject_over_capacity" }),
            |site| status(site, "PUT /users/5202", json!({ "id": 5202, "room": { "id": 8801 } })),
            "200",
            "400",
        ),
        (
            "A-34",
            json!({ "bookings_need_staff": false }),
            |site| {
                assert_eq!(status(site, "POST /reservations", booking(5201)), "201");
                site.caller = PLAIN;
                let (_, answer) =
                    site.call("GET", "/reservations/count?showOnlyMyReservations=false", &Value::Null);
                answer["count"].to_string()
            },
            "0",
            "1",
        ),
        (
            "A-37",
            json!({ "visit_status_ids": [7, 8, 9, 10] }),
            |site| {
                let (_, answer) = site.call("POST", "/visitors/registrations/preregister", &visit(json!({})));
                answer["response"]["statusId"].to_string()
            },
            "1",
            "7",
        ),
        (
            "A-38",
            json!({ "visit_required_checked": false }),
            |site| {
                status(
                    site,
                    "POST /visitors/registrations/preregister",
                    visit(json!({ "visitor": { "visitorInfo": {} } })),
                )
            },
            "400",
            "200",
        ),
        (
            "A-39",
            json!({ "visitor_extensions": true }),
            |site| status(site, "GET /visitors?limit=1", Value::Null),
            "404",
            "200",
        ),
        (
            "A-40",
            json!({ "visitor_flip_by_preregister": true }),
            |site| {
                let (_, made) = site.call("POST", "/visitors/registrations/preregister", &visit(json!({})));
                let id = made["response"]["visitorId"]["id"].to_string();
                let known: u64 = id.parse().expect("an id");
                let again = json!({ "visitor": { "visitorId": { "id": known }, "visitorInfo": { "firstName": "Iris", "lastName": "Valdane", "active": false } } });
                site.call("POST", "/visitors/registrations/preregister", &visit(again));
                let (_, visitor) = site.call("GET", &format!("/visitors/{id}"), &Value::Null);
                visitor["response"]["visitorInfo"]["active"].to_string()
            },
            "true",
            "false",
        ),
        (
            "A-42",
            json!({ "cost_centers_readable": false }),
            |site| {
                let body = json!({ "id": 5201, "costCenters": [{ "id": 520 }] });
                after(site, "PUT /users/5201", body, "/users/5201?selector=costCenters", "/costCenters/0/id")
            },
            "200 520",
            "200 null",
        ),
    ];
    for (id, change, probe, by_default, switched) in rows {
        for (settings, expected) in [(json!({}), by_default), (change, switched)] {
            let mut site = Site::new(settings.clone());
            assert_eq!(site.caller, SERVICE);
            assert_eq!(probe(&mut site), expected, "{id}: {settings}");
        }
    }
}
