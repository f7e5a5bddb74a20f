//! Small print: verbs that differ, paths that others have invented, bodies and parameters that are wrong.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, SERVICE, Site, get, row};

#[test]
fn verbs_are_as_irregular_as_published() {
    let mut site = Site::new(json!({}));
    let kind = json!({"id": 21, "name": "Desk", "contentFlag": 3, "typeCode": "D", "defaultRoomType": true, "cost": 0, "spaceTypeGroup": {"id": 1}});
    let nothing = || Value::Null;
    site.run(vec![
        row(
            "D: the id is in the body",
            "PUT /rooms/types/21",
            kind.clone(),
            405,
            json!({"error": "method_not_allowed"}),
        ),
        row("D", "PUT /rooms/types", kind, 200, json!({"id": 21, "name": "Desk"})),
        row(
            "D: all fields are needed",
            "PUT /rooms/types",
            json!({"id": 21, "name": "Desk"}),
            400,
            json!({"error": "invalid_request"}),
        ),
        row(
            "D: PUT creates",
            "PUT /neighborhoods",
            json!({"name": "Quay", "center": {"id": 64}}),
            201,
            json!({"name": "Quay"}),
        ),
        row(
            "D: POST edits",
            "POST /neighborhoods",
            json!({"id": 41, "name": "Harbour front"}),
            200,
            json!({"id": 41, "name": "Harbour front"}),
        ),
        row("D: POST needs an id", "POST /neighborhoods", json!({"name": "x"}), 400, nothing()),
        row(
            "D: a section's edit is not sparse",
            "POST /neighborhoods/sections",
            json!({"id": 231, "name": "x"}),
            400,
            nothing(),
        ),
        row(
            "D: capital S",
            "DELETE /neighborhoods/Sections/231",
            nothing(),
            200,
            json!({"response": "Successfully removed"}),
        ),
        row("D: no DELETE", "DELETE /users/types/3", nothing(), 405, nothing()),
        row("D: removed by PUT", "PUT /users/types/3", json!({"id": 3, "active": false}), 200, nothing()),
        get("D", "/users/types?search=Visitor", 200, json!([])),
        row("D: in the body only", "PUT /move/requests/7", json!({}), 405, nothing()),
        row(
            "D: no edits of countries",
            "POST /countries",
            json!({"name": "x"}),
            500,
            json!({"error": "server_error"}),
        ),
        row(
            "D: no edits of countries",
            "PUT /countries/223",
            json!({"name": "x"}),
            500,
            json!({"error": "server_error"}),
        ),
        row("D: 204, alone", "PUT /assets/1/verify", nothing(), 204, nothing()),
        row("D: centers are read only", "POST /centers", json!({"name": "x"}), 405, nothing()),
        row("D: centers are read only", "PUT /centers/61", json!({"name": "x"}), 405, nothing()),
        row(
            "D: categories answer 200",
            "POST /categories",
            json!({"name": "Visas", "code": "V"}),
            200,
            json!({"name": "Visas"}),
        ),
        row(
            "D: items answer 201",
            "POST /categories/items",
            json!({"name": "B1", "category": {"id": 12}}),
            201,
            json!({"costCenterParent": {}}),
        ),
        get("D: singular", "/categories/depth/90", 200, json!({"level": 0, "name": "Policy"})),
        get("C: plural", "/categories/depths/90", 200, json!({"level": 0})),
    ]);
}

#[test]
fn what_others_have_invented_is_not_there() {
    let mut site = Site::new(json!({}));
    let nothing = || Value::Null;
    site.run(vec![
        row(
            "T is no evidence",
            "GET /spaces",
            nothing(),
            404,
            json!({"status": 404, "error": "not_found", "localized": false}),
        ),
        row("T is no evidence", "GET /buildings/310/floors", nothing(), 404, nothing()),
        row("T is no evidence", "POST /visitors", json!({}), 405, json!({"status": "error"})),
        row("T is no evidence", "POST /reservations/1/checkIn", nothing(), 405, nothing()),
        row("T is no evidence", "GET /reservations/1/checkIn", nothing(), 405, nothing()),
        row("K: no other's sessions", "DELETE /users/5201/sessions", nothing(), 404, nothing()),
        row("D", "PATCH /users/5201", json!({}), 405, nothing()),
    ]);
    let answered = site.call("DELETE", "/users/5202", &Value::Null);
    assert_eq!(answered, (200, json!({"response": "Successfully removed"})), "[D], where [T] says 204");
}

#[test]
fn wrong_bodies_and_parameters_change_nothing() {
    let mut site = Site::new(json!({}));
    let before = site.journal().len();
    let bad = |tag, call, body| {
        row(tag, call, body, 400, json!({"status": 400, "error": "invalid_request", "localized": false}))
    };
    site.run(vec![
        bad("D: required", "POST /users", json!({"firstName": "A", "lastName": "B"})),
        bad("D: required", "POST /users", json!({"firstName": " ", "lastName": "B", "email": "a@b.example"})),
        bad("A-08", "POST /users", json!([1])),
        bad("D: unique", "POST /users", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "userName": "MOKAFOR"})),
        bad("D: references are objects", "PUT /users/5201", json!({"id": 5201, "room": 8802})),
        bad("A-12", "PUT /users/5201", json!({"id": 5202, "jobTitle": "x"})),
        bad("A-30", "PUT /users/5201", json!({"id": 5201, "room": {"id": 1}})),
        bad("A-20", "GET /users?centerId=61", Value::Null),
        bad("D: lower case in the filter", "GET /users?centerId=61&role=CUSTOMER", Value::Null),
        bad("D: upper case in the body", "PUT /users/5201/permissions", json!([{"role": "customer", "center": {"id": 61}}])),
        bad("A-14", "PUT /users/5201/permissions", json!([{"role": "CUSTOMER", "center": {"id": 61}}, {"role": "MANAGER", "center": {"id": 61}}])),
        bad("D", "PUT /users/5201/permissions", json!({"role": "CUSTOMER"})),
        bad("D", "GET /users?limit=ten", Value::Null),
        bad("D", "GET /users?startAt=-1", Value::Null),
        bad("D", "GET /users?orderByType=sideways", Value::Null),
        bad("D", "GET /users?selector=room(floor", Value::Null),
        bad("D: module is required", "GET /centers", Value::Null),
        bad("D: centerId is required", "GET /neighborhoods", Value::Null),
        bad("D: both need type", "GET /rooms?includeOccupiable=true", Value::Null),
        bad("D: required", "POST /reservations", json!({"startDate": NOW})),
        bad("D: CONTAINS alone", "POST /users/quicksearch", json!({"itemClassName": "com.iofficeconnect.user.User", "filters": [{"propertyPath": "email", "qualifier": "EQUALS", "valueString": "x"}]})),
        bad("D: an object", "PUT /buildings/310", json!({"id": 310, "address": "4 Quay Street"})),
        bad("D: YYYY-MM-DD", "POST /centers/holidays", json!({"name": "UK", "holidayItems": [{"date": 1_798_156_800_000_i64}]})),
        bad("D: YYYY-MM-DD", "POST /centers/holidays", json!({"name": "UK", "holidayItems": [{"date": "2026-02-30"}]})),
        bad("D", "POST /centers/holidays", json!({"name": "UK", "holidayItems": [{}]})),
        bad("D: minutes", "PUT /centers/reservations/rules", json!({"centerId": 61, "ruleList": [{"$type$": "MaxDuration", "value": "-5m"}]})),
        bad("A-29", "DELETE /buildings/310", Value::Null),
        bad("A-28", "DELETE /categories/items/410", Value::Null),
        row("D", "GET /users/999999", Value::Null, 404, json!({"error": "not_found"})),
        row("D", "GET /users/abc", Value::Null, 404, json!({"error": "not_found"})),
        row("D: decimal", "GET /users/+5201", Value::Null, 404, json!({"error": "not_found"})),
        row("D: decimal", "GET /visitors/+3400", Value::Null, 404, json!({"status": "error"})),
        row("D", "PUT /users/999999", json!({"id": 999_999}), 404, Value::Null),
    ]);
    assert_eq!(site.journal().len(), before);
    let plain = [("x-auth-username", SERVICE.0), ("x-auth-password", SERVICE.1)];
    let with = |kind| [plain[0], plain[1], ("content-type", kind)];
    // The face sees the first content type that is sent.
    assert_eq!(site.send("POST", "/users", &Value::Null, &plain).0, 400, "no body is an empty one");
    for (kind, status) in [
        ("text/xml", 415),
        ("application/jsonlines", 415),
        ("application/json;charset=UTF-8", 400),
        ("Application/JSON ; charset=utf-8", 400),
    ] {
        let answered = site.send("POST", "/users", &json!({}), &with(kind));
        assert_eq!(answered.0, status, "A-08: {kind}");
        assert_eq!(answered.1["content-type"], "application/json;charset=UTF-8");
    }
    for (headers, status) in
        [(&plain[..1], 401), (&[("x-auth-token", "x")][..], 401), (&[("x-access-token", "x")][..], 401)]
    {
        let (got, _, body) = site.send("GET", "/users/me", &Value::Null, headers);
        assert_eq!((got, &body["status"]), (status, &json!(401)), "[L] {headers:?}");
    }
}

#[test]
fn counts_and_selected_fields() {
    let mut site = Site::new(json!({}));
    let booking = json!({"name": "Review", "startDate": NOW + HOUR, "endDate": NOW + 2 * HOUR, "allDay": false,
        "user": {"id": 5201}, "room": {"id": 8830}, "center": {"id": 61}});
    let (status, made) = site.call("POST", "/reservations", &booking);
    assert_eq!(status, 201, "{made}");
    let plain: &'static str = Box::leak(format!("/reservations/{}", made["id"]).into_boxed_str());
    let chosen: &'static str =
        Box::leak(format!("{plain}?selector=notes,cancellationReason,user").into_boxed_str());
    site.run(vec![
        get("D: empty texts print", plain, 200, json!({"notes": "", "cancellationReason": ""})),
        get("D: and stay absent under a selector", chosen, 200, json!({"name": "Review", "notes": "<absent>", "cancellationReason": "<absent>", "user": {"id": 5201, "name": "Mira Okafor"}})),
        get("D", "/reservations/count?showOnlyMyReservations=false", 200, json!({"count": 1})),
        get("D: mine by default", "/reservations/count", 200, json!({"count": 0})),
        get("D", "/neighborhoods/count?centerId=64", 200, json!({"count": 1})),
        get("D", "/assets/count?owner=5201", 200, json!({"count": 1})),
        get("D", "/countries/count", 200, json!({"count": 3})),
        get("D", "/categories/depths/count", 200, json!({"count": 1})),
        get("D: id, name and code at every level", "/rooms/8830?selector=floor(building)", 200, json!({"id": 8830, "name": "Lighthouse", "capacity": "<absent>",
            "floor": {"id": 741, "name": "Level 2", "building": {"id": 310, "code": "PIER", "name": "Pier House", "metric": "<absent>"}}})),
        get("D: a reference that is not expanded", "/rooms/8830?selector=floor", 200, json!({"floor": {"id": 741, "name": "Level 2", "building": "<absent>"}})),
        get("A-05: unknown names are left aside", "/users/5201?selector=email,shoeSize", 200, json!({"email": "mira.okafor@harborlight.example"})),
        get("D: spaces after commas", "/users/5201?selector=email,%20userName", 200, json!({"userName": "mokafor"})),
    ]);
}
