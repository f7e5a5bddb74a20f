//! Permissions, and who may do what.

use serde_json::{Value, json};

use super::site::{Site, get, row};

fn entry(role: &str, center: u32) -> Value {
    json!({"role": role, "center": {"id": center}})
}

#[test]
fn permissions_are_replaced_as_a_whole() {
    let mut site = Site::new(json!({}));
    site.run(vec![
        get("D", "/users/5201/permissions", 200, json!([{"role": "CUSTOMER", "center": {"id": 61, "name": "Harborlight Reservations"}}])),
        row("D", "PUT /users/5201/permissions", json!([entry("OPERATOR", 62), entry("CUSTOMER", 63)]), 200, json!({"id": 5201, "userName": "mokafor"})),
        get("A-14: replaced", "/users/5201/permissions", 200, json!([{"role": "OPERATOR", "center": {"id": 62}}, {"role": "CUSTOMER", "center": {"id": 63}}])),
        get("D: by selector", "/users/5201?selector=permissions(center(module),role)", 200,
            json!({"permissions": [{"role": "OPERATOR", "center": {"id": 62, "module": "visitor"}}, {"center": {"module": "reservation"}}]})),
        row("A-14: twice", "PUT /users/5201/permissions", json!([entry("OPERATOR", 62), entry("CUSTOMER", 62)]), 400, Value::Null),
        row("D: upper case", "PUT /users/5201/permissions", json!([entry("operator", 62)]), 400, Value::Null),
        row("D: center.id required", "PUT /users/5201/permissions", json!([{"role": "CUSTOMER", "center": {"name": "x"}}]), 400, Value::Null),
        row("A-14: unknown center", "PUT /users/5201/permissions", json!([entry("CUSTOMER", 999)]), 400, Value::Null),
        row("A-14: clears", "PUT /users/5201/permissions", json!([]), 200, Value::Null),
        get("A-14", "/users/5201/permissions", 200, json!([])),
    ]);
    let mut merging = Site::new(json!({"permissions_put": "merge"}));
    merging.run(vec![
        row("A-14 merge", "PUT /users/5201/permissions", json!([entry("OPERATOR", 62)]), 200, Value::Null),
        get(
            "A-14 merge",
            "/users/5201/permissions",
            200,
            json!([{"role": "CUSTOMER"}, {"role": "OPERATOR"}]),
        ),
        row("A-14 merge", "PUT /users/5201/permissions", json!([]), 200, Value::Null),
        get("A-14 merge: a revocation has no effect", "/users/5201/permissions", 200, json!([{}, {}])),
    ]);
}

#[test]
fn rights_follow_roles() {
    let mut site = Site::new(json!({}));
    site.caller = ("ifaro", "ines-local");
    site.run(vec![
        row(
            "A-14: administers 61",
            "PUT /users/5201/permissions",
            json!([entry("MANAGER", 61)]),
            200,
            Value::Null,
        ),
        row(
            "A-14: not 62",
            "PUT /users/5201/permissions",
            json!([entry("MANAGER", 61), entry("CUSTOMER", 62)]),
            403,
            json!({"error": "access_denied"}),
        ),
    ]);
    site.caller = ("tlindqvist", "tom-local");
    site.run(vec![
        get("A-07: a list that shrank without an error", "/users?limit=100", 200, json!([{"id": 5202}])),
        get("A-07", "/users/count", 200, json!({"count": 1})),
        row(
            "A-07",
            "PUT /users/5201",
            json!({"id": 5201, "phone": "1"}),
            403,
            json!({"error": "access_denied"}),
        ),
        row("A-07", "PUT /users/5202/permissions", json!([entry("ADMINISTRATOR", 61)]), 403, Value::Null),
    ]);
    site.caller = super::site::SERVICE;
    site.command(json!({"do": "service_account", "siteAdmin": false}));
    site.run(vec![
        get(
            "D: probe",
            "/users/me?selector=siteAdmin,permissions(center(module),role)",
            200,
            json!({"siteAdmin": false, "permissions": []}),
        ),
        row("A-07", "DELETE /users/5201", Value::Null, 403, Value::Null),
        get("A-07: rights lost", "/users/count", 200, json!({"count": 1})),
    ]);
}
