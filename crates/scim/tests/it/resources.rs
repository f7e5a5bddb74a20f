use lanyard_scim::{Kind, Refusal, Resource, body, discovery};
use serde_json::{Value, json};

use crate::{facilities, ines, shown, user};

#[test]
fn a_user_comes_back_as_sent_but_for_the_password() {
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": "2c9f",
        "userName": "Ines.Okafor@northgate.example",
        "name": { "givenName": "Ines", "familyName": "Okafor" },
        "emails": [{ "primary": true, "value": "ines.okafor@northgate.example", "type": "work" }],
        "displayName": "Ines Okafor", "locale": "en-GB", "externalId": "00u7k2m9xQpLr4TnW1d8", "active": true,
        "meta": { "resourceType": "User", "created": "then", "lastModified": "now", "location": "/Users/2c9f" },
    });
    assert_eq!(shown(&ines()), expected);
    assert_eq!(user(&expected), ines(), "what was read can be sent back");
}

#[test]
fn names_and_shapes_are_read_kindly() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let read = user(&json!({
        "USERNAME": "ana", "Active": "False", "emails": "ana@northgate.example", "Name": { "GIVENNAME": "Ana" },
        "phoneNumbers": [{ "value": 4711, "primary": "true" }, { "value": "4712", "primary": true }, null],
        "title": null, "roles": [], "nonsense": { "deep": [] }, "x509Certificates": [{ "value": "MII" }],
        enterprise.to_uppercase(): { "manager": "m1", "department": "Ops", "password": "secret" },
    }));
    let attributes = Value::Object(read.attributes().clone());
    let expected = json!({
        "userName": "ana", "active": false, "emails": [{ "value": "ana@northgate.example" }],
        "name": { "givenName": "Ana" },
        "phoneNumbers": [{ "value": "4711", "primary": true }, { "value": "4712", "primary": false }],
        enterprise: { "manager": { "value": "m1" }, "department": "Ops" },
    });
    assert_eq!(attributes, expected);
    assert_eq!(shown(&read)["schemas"], json!(["urn:ietf:params:scim:schemas:core:2.0:User", enterprise]));
}

#[test]
fn what_cannot_be_a_resource_is_refused() {
    for (kind, body, expected) in [
        (Kind::User, json!([]), "a User is a JSON object"),
        (Kind::User, json!({}), "userName is required"),
        (Kind::User, json!({ "userName": "  " }), "userName is required"),
        (Kind::User, json!({ "userName": { "a": 1 } }), "userName is a text"),
        (Kind::User, json!({ "userName": "a", "active": "maybe" }), "active is true or false"),
        (Kind::User, json!({ "userName": "a", "name": "Ana" }), "name is an object"),
        (Kind::User, json!({ "userName": "a", "title": "x".repeat(9000) }), "title is too long"),
        (Kind::Group, json!({ "userName": "a" }), "displayName is required"),
    ] {
        assert_eq!(Resource::read(kind, &body).unwrap_err().to_string(), expected);
    }
}

#[test]
fn put_replaces_but_keeps_what_absence_does_not_mean() {
    let inactive = ines().with_active(false);
    let replaced = inactive.replaced_by(user(&json!({ "userName": "ines", "name": { "givenName": "Ina" } })));
    let expected = json!({
        "userName": "ines", "name": { "givenName": "Ina" }, "active": false, "externalId": "00u7k2m9xQpLr4TnW1d8",
    });
    assert_eq!(Value::Object(replaced.attributes().clone()), expected);
}

#[test]
fn a_group_is_a_set_of_members() {
    let mut group = facilities(&["b", "a", "b", ""]);
    assert_eq!(group.members().collect::<Vec<_>>(), ["b", "a"]);
    assert!(group.retain_members(|id| id == "c"));
    assert_eq!(shown(&group)["members"], json!([]), "an empty group says so");
}

#[test]
fn lists_count_in_numbers_and_errors_tell_their_status_as_text() {
    let page = body::Page::parse(Some("0"), Some("-3")).unwrap();
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": 7, "startIndex": 1, "itemsPerPage": 0, "Resources": [],
    });
    assert_eq!(body::list(7, page, Vec::new()), expected);
    assert_eq!(body::Page::parse(None, None).unwrap(), body::Page { start: 1, count: 100 });
    assert_eq!(body::Page::parse(Some("3"), Some("9999")).unwrap(), body::Page { start: 3, count: 500 });
    assert!(matches!(body::Page::parse(Some("x"), None), Err(Refusal::InvalidValue(_))));
    let error = body::error(409, Some("uniqueness"), "userName already in use");
    let expected = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
        "status": "409", "scimType": "uniqueness", "detail": "userName already in use",
    });
    assert_eq!(error, expected);
}

#[test]
fn no_schema_has_a_password() {
    let all = json!([
        discovery::service_provider_config("/s"),
        discovery::resource_types("/s"),
        discovery::schemas("/s")
    ]);
    assert!(!all.to_string().contains("\"password\""));
    assert_eq!(all[2][0]["attributes"][0]["name"], "userName");
    assert_eq!(all[1][0]["endpoint"], "/Users");
}
