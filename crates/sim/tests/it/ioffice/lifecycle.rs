//! Users: create, sparse update, deactivation, reactivation.

use serde_json::{Value, json};

use super::site::{HOUR, NOW, Site, get, row};

#[test]
fn create_and_sparse_update() {
    let mut site = Site::new(json!({}));
    let person =
        json!({"firstName": "Noor", "lastName": "Haddad", "email": "Noor.Haddad@harborlight.example"});
    site.run(vec![
        get("D", "/users/username/noor.haddad", 200, json!({"available": "true"})),
        row("D: 201; A-18, A-19", "POST /users", person.clone(), 201,
            json!({"id": 5204, "name": "Noor Haddad", "userName": "noor.haddad", "userType": {"id": 1, "name": "Employee"}, "floorWarden": false})),
        row("A-18: suffix; A-24: same e-mail", "POST /users", person, 201, json!({"id": 5205, "userName": "noor.haddad2"})),
        get("C: taken, any letter case", "/users/username/NOOR.haddad", 200, json!({"available": "false"})),
        row("D: required", "POST /users", json!({"firstName": "A", "lastName": "B"}), 400, Value::Null),
        row("D: unique userName", "POST /users", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "userName": "MOkafor"}), 400,
            json!({"error": "invalid_request", "errorDescription": "userName is already in use"})),
        row("A-21", "POST /users", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "userType": {"id": 2}}), 400, Value::Null),
        row("A-21", "POST /users", json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "userType": {"id": 2}, "company": "Quay"}), 201, Value::Null),
        row("D: sparse", "PUT /users/5201", json!({"id": 5201, "jobTitle": "Lead", "custom07": "x"}), 200, json!({"jobTitle": "Lead", "employeeId": "HL-00417", "custom07": "x"})),
        row("D: knownAs makes the name", "PUT /users/5201", json!({"id": 5201, "knownAs": "Mo"}), 200, json!({"name": "Mo Okafor"})),
        row("A-10: null clears; empty text clears", "PUT /users/5201", json!({"id": 5201, "room": null, "jobTitle": null, "knownAs": ""}), 200,
            json!({"name": "Mira Okafor", "jobTitle": "<absent>"})),
        row("D: {} is no value", "PUT /users/5201", json!({"id": 5201, "costCenter": {}}), 200, json!({"costCenter": {"id": 410}})),
        row("A-10", "PUT /users/5201", json!({"id": 5201, "email": null}), 400, Value::Null),
        row("A-30: unknown room", "PUT /users/5201", json!({"id": 5201, "room": {"id": 1}}), 400, Value::Null),
        row("Dh: room", "PUT /users/5201", json!({"id": 5201, "room": {"id": 8801}}), 200, json!({"room": {"name": "2-014", "floor": {"building": {"code": "PIER"}}}})),
        row("A-30: over capacity", "PUT /users/5202", json!({"id": 5202, "room": {"id": 8801}}), 200, Value::Null),
        row("D", "PUT /users/5201", json!({"id": 5201, "costCenters": [{"id": 520}, {"id": 521}]}), 200, json!({"costCenters": "<absent>"})),
        row("A-11: replaces", "PUT /users/5201", json!({"id": 5201, "costCenters": [{"id": 521}]}), 200, Value::Null),
        get("A-42", "/users/5201?selector=costCenters", 200, json!({"costCenters": [{"id": 521, "name": "Labs", "code": "POL-LABS"}]})),
        get("D: membership", "/categories/items/520/users", 200, json!([])),
        row("D: default category only", "PUT /users/5201", json!({"id": 5201, "costCenter": {"id": 520}}), 400, Value::Null),
        row("D: other categories only", "PUT /users/5201", json!({"id": 5201, "costCenters": [{"id": 410}]}), 400, Value::Null),
        row("A-17", "PUT /users/5201", json!({"id": 5201, "seatClassification": "hybrid"}), 400, Value::Null),
        row("A-17", "PUT /users/5201", json!({"id": 5201, "seatClassification": "hybrid", "neighborhoodSection": {"id": 231}}), 200, Value::Null),
        get("A-17", "/users/5201?selector=seatClassification,neighborhoodSection(neighborhood)", 200,
            json!({"seatClassification": "hybrid", "neighborhoodSection": {"id": 231, "neighborhood": {"id": 41}}})),
    ]);
    site.run(vec![row(
        "D",
        "PUT /users/5201/resetPassword",
        Value::Null,
        200,
        json!({"passwordResetEmailSentAt": NOW}),
    )]);
    let journal = site.journal();
    let last = journal.last().unwrap();
    assert_eq!(
        (last["kind"].as_str(), last["id"].as_u64(), last["caller"]["name"].as_str()),
        (Some("user"), Some(5201), Some("lanyard.sync"))
    );
    assert_eq!(last["path"], "/external/api/rest/v2/users/5201/resetPassword");
    let created = journal.iter().find(|entry| entry["id"] == 5204).unwrap();
    assert_eq!((&created["before"], &created["after"]["userName"]), (&Value::Null, &json!("noor.haddad")));
    assert_eq!(created["after"]["lastUpdatedBy"]["id"], 5000);
    let refused = journal.iter().filter(|entry| entry["method"] == "POST").count();
    assert_eq!(refused, 3, "refused writes are not in the journal");
}

#[test]
fn hostile_readings_of_writes() {
    let mut site = Site::new(json!({"preset": "hostile", "put_user_body": true}));
    site.run(vec![
        row(
            "A-10 ignore",
            "PUT /users/5201",
            json!({"id": 5201, "room": null}),
            200,
            json!({"room": {"id": 8801}}),
        ),
        row(
            "A-13 ignore",
            "PUT /users/5201",
            json!({"id": 5201, "active": false}),
            200,
            json!({"active": "<absent>"}),
        ),
        get("A-13 ignore: still there", "/users?search=mokafor", 200, json!([{"id": 5201}])),
        row(
            "A-24 reject",
            "PUT /users/5202",
            json!({"id": 5202, "email": "MIRA.okafor@harborlight.example"}),
            400,
            Value::Null,
        ),
        row("A-30 reject", "PUT /users/5202", json!({"id": 5202, "room": {"id": 8801}}), 400, Value::Null),
        row(
            "A-17 ignore",
            "PUT /users/5201",
            json!({"id": 5201, "seatClassification": "remote"}),
            200,
            Value::Null,
        ),
        get(
            "A-17 ignore",
            "/users/5201?selector=seatClassification",
            200,
            json!({"seatClassification": "<absent>"}),
        ),
        get("A-42 off", "/users/5201?selector=costCenters", 200, json!({"costCenters": "<absent>"})),
        row("A-13 hard", "DELETE /users/5201", Value::Null, 200, json!({"response": "Successfully removed"})),
        get("A-13 hard", "/users/5201", 404, Value::Null),
        get(
            "A-13 hard: the userName stays taken",
            "/users/username/mokafor",
            200,
            json!({"available": "false"}),
        ),
        row("A-13 hard", "DELETE /users/5201", Value::Null, 404, Value::Null),
    ]);
}

#[test]
fn a_leaver_step_by_step() {
    let mut site = Site::new(json!({}));
    site.command(json!({"do": "book", "user": 5201, "room": 8830, "center": 61, "start": NOW + HOUR, "end": NOW + 2 * HOUR}));
    site.now += 1000;
    site.run(vec![
        row("D", "DELETE /users/5201", Value::Null, 200, json!({"response": "Successfully removed"})),
        get("A-13: vanished", "/users?search=mokafor", 200, json!([])),
        get("A-13: vanished", "/users/count?search=mokafor", 200, json!({"count": 0})),
        get(
            "A-13: by id",
            "/users/5201",
            200,
            json!({"active": false, "userName": "mokafor", "dateUpdated": NOW + 1000}),
        ),
        get("A-13: by id, with a selector", "/users/5201?selector=email", 200, json!({"active": false})),
        get("A-25: seat stays", "/users/5201?selector=room", 200, json!({"room": {"id": 8801}})),
        get("A-25: permissions stay", "/users/5201/permissions", 200, json!([{"role": "CUSTOMER"}])),
        get(
            "A-25: bookings stay",
            "/reservations?showOnlyMyReservations=false",
            200,
            json!([{"user": {"id": 5201, "name": "Mira Okafor"}, "cancelled": false}]),
        ),
        get("A-13: out of rooms too", "/rooms/8801?selector=users", 200, json!({"users": []})),
        row("A-26", "PUT /users/5201", json!({"id": 5201, "room": null}), 400, Value::Null),
        row("A-26", "PUT /users/5201/permissions", json!([]), 400, Value::Null),
        row("A-13: again changes nothing", "DELETE /users/5201", Value::Null, 200, Value::Null),
        row(
            "A-13: userName stays taken",
            "POST /users",
            json!({"firstName": "A", "lastName": "B", "email": "a@b.example", "userName": "mokafor"}),
            400,
            Value::Null,
        ),
        row(
            "A-13: reactivation",
            "PUT /users/5201",
            json!({"id": 5201, "active": true, "phone": "+1"}),
            200,
            json!({"active": "<absent>", "phone": "+1"}),
        ),
        get("A-13", "/users?search=mokafor", 200, json!([{"id": 5201}])),
        row(
            "A-13: by PUT",
            "PUT /users/5201",
            json!({"id": 5201, "active": false}),
            200,
            json!({"active": false}),
        ),
        get("D: assets of a leaver", "/assets?owner=5201", 200, json!([{"name": "Laptop 3"}])),
    ]);
    let mut site = Site::new(json!({"inactive_by_id": "404", "cascade": "full"}));
    site.command(json!({"do": "book", "user": 5201, "room": 8830, "center": 61, "start": NOW + HOUR, "end": NOW + 2 * HOUR}));
    site.run(vec![
        row("D", "DELETE /users/5201", Value::Null, 200, Value::Null),
        get("A-13 404", "/users/5201", 404, Value::Null),
        get("A-25 full", "/reservations?showOnlyMyReservations=false", 200, json!([])),
        get(
            "A-25 full",
            "/reservations?showOnlyMyReservations=false&includeCancelled=true",
            200,
            json!([{"cancelled": true}]),
        ),
    ]);
}

#[test]
fn user_types_end_by_put() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        get("D", "/users/types?selector=id,name,fields(id,required,sortOrder,baseField(id))", 200,
            json!([{"id": 1}, {"id": 2, "name": "Contractors", "fields": [{}, {"code": "company", "required": true, "baseField": {"id": 9}}]}, {}])),
        row("D: 201", "POST /users/types", json!({"name": "Client", "fields": []}), 201, json!({"id": 4})),
        row("D: no DELETE", "DELETE /users/types/4", Value::Null, 405, Value::Null),
        row("D", "PUT /users/types/4", json!({"id": 4, "name": "Client", "fields": [], "active": false}), 200, Value::Null),
        get("D", "/users/types", 200, json!([{}, {}, {}])),
        get("D", "/fields?mappingCode=building", 200, json!([{"code": "leaseArea", "dataType": "TEXT"}])),
    ]);
}
