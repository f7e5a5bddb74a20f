use lanyard_scim::{Kind, Patch, Resource};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{facilities, ines, user};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn patched(resource: &Resource, operations: Value) -> Result<Resource, String> {
    let body =
        json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations });
    Patch::parse(resource.kind(), &body)
        .and_then(|patch| patch.apply(resource))
        .map_err(|refusal| format!("{}: {refusal}", refusal.scim_type()))
}

#[test]
fn activation_in_every_form() {
    for (operation, expected) in [
        (json!({ "op": "replace", "value": { "active": false } }), false),
        (json!({ "op": "replace", "path": "active", "value": false }), false),
        (json!({ "op": "Replace", "path": "active", "value": "False" }), false),
        (json!({ "op": "REPLACE", "value": { "Active": "FALSE" } }), false),
        (json!({ "op": "add", "path": "active", "value": false }), false),
        (json!({ "OP": "replace", "PATH": "", "VALUE": { "active": "false" } }), false),
        (json!({ "op": "replace", "value": { "active": true } }), true),
        (json!({ "op": "replace", "path": "password", "value": "hunter2" }), true),
        (json!({ "op": "replace", "value": { "password": "hunter2" } }), true),
        (json!({ "op": "replace", "value": { "active": null } }), true),
        (json!({ "op": "remove", "path": "active" }), true),
    ] {
        let after = patched(&ines(), json!([operation])).unwrap();
        assert_eq!(after, ines().with_active(expected), "{operation}");
    }
}

#[test]
fn members_in_every_form() {
    for (operations, expected) in [
        (json!([{ "op": "add", "path": "members", "value": [{ "value": "c", "display": "c@x" }] }]), "a b c"),
        (json!([{ "op": "add", "path": "members", "value": [{ "value": "a" }, { "value": "c" }] }]), "a b c"),
        (json!([{ "op": "add", "path": "members", "value": { "value": "c" } }]), "a b c"),
        (json!([{ "op": "add", "value": { "members": [{ "value": "c" }] } }]), "a b c"),
        (json!([{ "op": "remove", "path": "members[value eq \"a\"]" }]), "b"),
        (json!([{ "op": "Remove", "path": "members[value eq \"nobody\"]" }]), "a b"),
        (json!([{ "op": "remove", "path": "members", "value": [{ "value": "b" }] }]), "a"),
        (json!([{ "op": "remove", "path": "members" }]), ""),
        (
            json!([{ "op": "replace", "path": "members", "value": [{ "value": "c" }, { "value": "d" }] }]),
            "c d",
        ),
        (json!([{ "op": "replace", "path": "members", "value": [] }]), ""),
        (json!([{ "op": "replace", "value": { "members": [{ "value": "d" }] } }]), "d"),
        (json!([{ "op": "replace", "value": { "members": [] } }]), ""),
        (
            json!([
                { "op": "replace", "value": { "id": "7d41", "displayName": "DEPT-Facilities" } },
                { "op": "add", "path": "members", "value": [{ "value": "c" }] },
                { "op": "remove", "path": "members[value eq \"b\"]" },
            ]),
            "a c",
        ),
    ] {
        let after = patched(&facilities(&["a", "b"]), operations.clone()).unwrap();
        assert_eq!(after.members().collect::<Vec<_>>().join(" "), expected, "{operations}");
        assert_eq!(after.text("displayName"), Some("DEPT-Facilities"), "{operations}");
    }
}

#[test]
fn a_group_is_renamed_with_and_without_path() {
    for operation in [
        json!({ "op": "replace", "value": { "id": "7d41", "displayName": "DEPT-Estates" } }),
        json!({ "op": "replace", "path": "displayName", "value": "DEPT-Estates" }),
    ] {
        let after = patched(&facilities(&["a"]), json!([operation])).unwrap();
        assert_eq!((after.text("displayName"), after.members().count()), (Some("DEPT-Estates"), 1));
    }
}

#[test]
fn profile_changes_of_other_clients() {
    let with = |change: Value| {
        let mut all = Value::Object(ines().attributes().clone());
        for (name, value) in change.as_object().unwrap() {
            all[name] = value.clone();
        }
        user(&all)
    };
    let work = json!({ "primary": true, "value": "ines.okafor@northgate.example", "type": "work" });
    let cases = [
        (
            json!({ "op": "replace", "path": "name.givenName", "value": "Inés" }),
            json!({ "name": { "givenName": "Inés", "familyName": "Okafor" } }),
        ),
        (
            json!({ "op": "replace", "value": { "name.givenName": "Inés", "title": "Lead", "unknown": 1 } }),
            json!({ "name": { "givenName": "Inés", "familyName": "Okafor" }, "title": "Lead" }),
        ),
        (
            json!({ "op": "replace", "path": "name", "value": { "givenName": "Inés" } }),
            json!({ "name": { "givenName": "Inés", "familyName": "Okafor" } }),
        ),
        (json!({ "op": "remove", "path": "name.givenName" }), json!({ "name": { "familyName": "Okafor" } })),
        (
            json!({ "op": "add", "path": "emails[type eq \"home\"].value", "value": "i@home.example" }),
            json!({ "emails": [work, { "type": "home", "value": "i@home.example" }] }),
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"Work\"].value", "value": "ines@new.example" }),
            json!({ "emails": [{ "primary": true, "value": "ines@new.example", "type": "work" }] }),
        ),
        (
            json!({ "op": "add", "path": "emails", "value": [{ "value": "i@new.example", "primary": true }] }),
            json!({ "emails": [
                { "primary": false, "value": "ines.okafor@northgate.example", "type": "work" },
                { "value": "i@new.example", "primary": true },
            ] }),
        ),
        (
            json!({ "op": "add", "path": format!("{ENTERPRISE}:department"), "value": "Ops" }),
            json!({ ENTERPRISE: { "department": "Ops" } }),
        ),
        (
            json!({ "op": "add", "value": { format!("{ENTERPRISE}:manager"): "m1" } }),
            json!({ ENTERPRISE: { "manager": { "value": "m1" } } }),
        ),
        (
            json!({ "op": "replace", "value": { ENTERPRISE: { "costCenter": 42, "manager.value": "m2" } } }),
            json!({ ENTERPRISE: { "costCenter": "42", "manager": { "value": "m2" } } }),
        ),
        (json!({ "op": "remove", "path": ENTERPRISE }), json!({})),
    ];
    for (operation, expected) in cases {
        assert_eq!(patched(&ines(), json!([operation])), Ok(with(expected)), "{operation}");
    }
}

#[test]
fn what_cannot_be_done_is_named_and_nothing_happens() {
    for (operations, expected) in [
        (json!({}), "invalidSyntax: a PATCH has a list of Operations"),
        (json!([{ "op": "move", "path": "title" }]), "invalidSyntax: op is add, replace or remove"),
        (json!([{ "op": "remove" }]), "noTarget: remove needs a path"),
        (
            json!([{ "op": "replace", "value": "x" }]),
            "invalidValue: a change without path has an object of attributes as value",
        ),
        (
            json!([{ "op": "replace", "path": "shoe", "value": 1 }]),
            "invalidPath: \"shoe\" names no attribute of a User",
        ),
        (
            json!([{ "op": "replace", "path": "title[x eq 1]", "value": 1 }]),
            "invalidPath: title is not a list",
        ),
        (
            json!([{ "op": "remove", "path": "emails[type eq \"work\"" }]),
            "invalidPath: \"emails[type eq \\\"work\\\"\" has no closing bracket",
        ),
        (json!([{ "op": "remove", "path": "emails[shoe eq 1]" }]), "invalidFilter: emails has no part shoe"),
        (json!([{ "op": "replace", "path": "id", "value": "x" }]), "mutability: id is set by the server"),
        (json!([{ "op": "remove", "path": "userName" }]), "invalidValue: userName is required"),
        (
            json!([{ "op": "replace", "path": "emails[type eq \"home\"].value", "value": "x" }]),
            "noTarget: no entry of emails is selected",
        ),
        (json!([{ "op": "replace", "path": "active", "value": 1 }]), "invalidValue: active is true or false"),
    ] {
        assert_eq!(patched(&ines(), operations), Err(expected.to_owned()));
    }
}

fn texts(pattern: &str) -> impl Strategy<Value = String> + Clone + use<> {
    std::sync::Arc::new(proptest::string::string_regex(pattern).unwrap())
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts("False|a|work|.*").prop_map(Value::from),
    ];
    let name = texts(&format!(
        "value|members|emails|active|primary|name|name\\.givenName|userName|manager|{}|.*",
        ENTERPRISE.replace('.', "\\.")
    ));
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_path() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        texts("(members|emails|name|active|userName|displayName|id)(\\[(value|type|primary) eq (\"[a-c\"\\\\\\]é]*\"|true)\\]?)?(\\.(value|givenName|type))?").prop_map(Value::from),
        texts(&format!("{}:(manager|department|shoe)(\\.value)?", ENTERPRISE.replace('.', "\\.")))
            .prop_map(Value::from),
        texts(".*").prop_map(Value::from),
    ]
}

proptest! {
    /// Nothing that can be sent makes it panic, and what comes out is a resource that reads back as itself.
    #[test]
    fn any_patch_ends_in_a_resource_or_a_refusal(
        group: bool,
        operations in prop::collection::vec(
            (texts("add|Replace|REMOVE|.*"), any_path(), any_json()), 0..5),
    ) {
        let resource = if group { facilities(&["a", "b"]) } else { ines() };
        let operations: Vec<_> = operations
            .into_iter()
            .map(|(op, path, value)| json!({ "op": op, "path": path, "value": value }))
            .collect();
        if let Ok(after) = patched(&resource, operations.into()) {
            let again = Resource::read(after.kind(), &Value::Object(after.attributes().clone()));
            prop_assert_eq!(again, Ok(after));
        }
    }

    #[test]
    fn any_body_and_filter_end_in_an_answer(body in any_json(), text: String) {
        for kind in [Kind::User, Kind::Group] {
            let _ = (Resource::read(kind, &body), Patch::parse(kind, &body), lanyard_scim::Filter::parse(kind, &text));
        }
    }
}
