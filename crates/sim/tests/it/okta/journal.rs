//! What the journal and the state say, besides people, groups and members.

use lanyard_sim::{
    face::{Face, Inspect},
    okta::{Oid, Role, ServiceApp},
};
use serde_json::{Value, json};

use super::desk::Desk;

fn journal(desk: &Desk) -> Vec<Value> {
    desk.face.inspect(Inspect::Journal).as_array().cloned().unwrap()
}

/// Kind of the latest row, and what was at `pointer` before and after.
fn last(desk: &Desk, pointer: &str) -> (String, Value, Value) {
    let row = journal(desk).pop().unwrap();
    let at = |side: &str| row[side].pointer(pointer).cloned().unwrap_or(Value::Null);
    (row["kind"].as_str().unwrap().to_owned(), at("before"), at("after"))
}

#[test]
fn a_change_is_journaled_with_what_was_before() {
    let mut desk = Desk::exact();
    let (user, group) = (desk.employee("ines"), desk.group("Floor 9"));
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    let custom = |name: &str, kind: &str| {
        json!({ "definitions": { "custom": { "id": "#custom", "type": "object",
            "properties": { (name): { "title": name, "type": kind } } } } })
    };
    let rule = |name: &str| {
        json!({ "type": "group_rule", "name": name,
            "conditions": { "expression": { "type": "urn:okta:expression:1.0", "value": "user.department==\"Nowhere\"" } },
            "actions": { "assignUserToGroups": { "groupIds": [group] } } })
    };
    let hook = |name: &str| {
        json!({ "name": name, "events": { "type": "EVENT_TYPE", "items": ["user.lifecycle.create"] },
            "channel": { "type": "HTTP", "version": "1.0.0", "config": { "uri": "https://h.example/h" } } })
    };
    let push = json!({ "sourceGroupId": group, "targetGroupName": "Pushed" });
    let rules = desk.post("/api/v1/groups/rules", rule("A")).id();
    let rules = format!("/api/v1/groups/rules/{rules}");
    let hooks = format!("/api/v1/eventHooks/{}", desk.post("/api/v1/eventHooks", hook("A")).id());
    let types = json!({ "name": "guest", "displayName": "Guest" });
    let types = format!("/api/v1/meta/types/user/{}", desk.post("/api/v1/meta/types/user", types).id());
    let mappings = format!("/api/v1/apps/{app}/group-push/mappings");
    let mapping = format!("{mappings}/{}", desk.post(&mappings, push).id());
    let assigned = format!("/api/v1/apps/{app}/users/{user}");
    let none = Value::Null;
    for (method, path, body, pointer, kind, before, after) in [
        ("PUT", rules.clone(), Some(rule("B")), "/name", "group_rule", json!("A"), json!("B")),
        (
            "POST",
            format!("{rules}/lifecycle/activate"),
            None,
            "/status",
            "group_rule",
            json!("INACTIVE"),
            json!("ACTIVE"),
        ),
        (
            "POST",
            format!("{rules}/lifecycle/deactivate"),
            None,
            "/status",
            "group_rule",
            json!("ACTIVE"),
            json!("INACTIVE"),
        ),
        ("DELETE", rules, None, "/name", "group_rule", json!("B"), none.clone()),
        ("PUT", hooks.clone(), Some(hook("B")), "/name", "event_hook", json!("A"), json!("B")),
        (
            "POST",
            format!("{hooks}/lifecycle/deactivate"),
            None,
            "/status",
            "event_hook",
            json!("ACTIVE"),
            json!("INACTIVE"),
        ),
        ("DELETE", hooks, None, "/status", "event_hook", json!("INACTIVE"), none.clone()),
        (
            "POST",
            "/api/v1/meta/schemas/user/default".to_owned(),
            Some(custom("badge", "string")),
            "/custom/badge/type",
            "user_schema",
            none.clone(),
            json!("string"),
        ),
        (
            "POST",
            "/api/v1/meta/schemas/group/default".to_owned(),
            Some(custom("floor", "integer")),
            "/custom/floor/type",
            "group_schema",
            none.clone(),
            json!("integer"),
        ),
        (
            "POST",
            types.clone(),
            Some(json!({ "displayName": "Visitor" })),
            "/displayName",
            "user_type",
            json!("Guest"),
            json!("Visitor"),
        ),
        ("DELETE", types, None, "/displayName", "user_type", json!("Visitor"), none.clone()),
        (
            "PATCH",
            mapping,
            Some(json!({ "status": "INACTIVE" })),
            "/status",
            "group_push",
            json!("ACTIVE"),
            json!("INACTIVE"),
        ),
        ("POST", assigned.clone(), Some(json!({})), "/scope", "app_user", none.clone(), json!("USER")),
        (
            "POST",
            assigned.clone(),
            Some(json!({ "profile": { "seat": "9-1" } })),
            "/profile/seat",
            "app_user",
            none.clone(),
            json!("9-1"),
        ),
        (
            "POST",
            assigned.clone(),
            Some(json!({ "profile": { "seat": "9-2" } })),
            "/profile/seat",
            "app_user",
            json!("9-1"),
            json!("9-2"),
        ),
        ("DELETE", assigned, None, "/profile/seat", "app_user", json!("9-2"), none.clone()),
        (
            "DELETE",
            format!("/api/v1/users/{user}/sessions?oauthTokens=true"),
            None,
            "/oauthTokens",
            "user_session",
            none,
            json!(true),
        ),
    ] {
        let rows = journal(&desk).len();
        let told = desk.call(method, &path, body);
        assert!(told.status < 300, "{method} {path}: {} {}", told.status, told.text);
        assert!(journal(&desk).len() > rows, "{method} {path} is not journaled");
        assert_eq!(last(&desk, pointer), (kind.to_owned(), before, after), "{method} {path}");
    }
    // A rule that lost its group is changed too, by nobody in particular.
    desk.post("/api/v1/groups/rules", rule("C"));
    desk.act("DELETE", &format!("/api/v1/groups/{group}"));
    assert_eq!(last(&desk, "/status"), ("group_rule".to_owned(), json!("INACTIVE"), json!("INVALID")));
}

#[test]
fn the_state_holds_what_administrators_set_up() {
    let mut desk = Desk::exact();
    let (user, group) = (desk.employee("ines"), desk.group("Floor 9"));
    let app = desk.face.add_app("scim", "iOffice Workplace").to_string();
    desk.face.define_attribute(None, "badge", json!({ "title": "Badge", "type": "string" }));
    desk.face.add_user_type("guest", "Guest");
    desk.face.add_service_app(ServiceApp {
        client_id: "0oasync".to_owned(),
        label: "Sync".to_owned(),
        keys: Vec::new(),
        scopes: vec!["okta.users.read".to_owned()],
        role: Role::Groups(Oid::parse(&group).into_iter().collect()),
        dpop_required: true,
        active: true,
    });
    let rule = json!({ "type": "group_rule", "name": "A",
        "conditions": { "people": { "users": { "exclude": [user] } },
            "expression": { "type": "urn:okta:expression:1.0", "value": "user.department==\"Legal\"" } },
        "actions": { "assignUserToGroups": { "groupIds": [group] } } });
    desk.post("/api/v1/groups/rules", rule);
    desk.post(&format!("/api/v1/apps/{app}/users/{user}"), json!({ "profile": { "seat": "9-1" } }));
    desk.order(json!({ "do": "assign_group_to_app", "app": app, "group": group }));
    let push = json!({ "sourceGroupId": group, "targetGroupName": "Pushed" });
    desk.post(&format!("/api/v1/apps/{app}/group-push/mappings"), push);
    let state = desk.face.inspect(Inspect::State);
    for (pointer, expected) in [
        ("/groups/1/description", json!("Floor 9")),
        ("/groups/1/custom", json!({})),
        ("/rules/0/status", json!("INACTIVE")),
        ("/rules/0/excluded", json!([user])),
        ("/types/0/name", json!("user")),
        ("/types/1/displayName", json!("Guest")),
        ("/userSchemas/0/custom/badge/title", json!("Badge")),
        ("/groupSchema/custom", json!({})),
        ("/apps/0/users", json!(1)),
        ("/apps/0/assignments/0/id", json!(user)),
        ("/apps/0/assignments/0/scope", json!("USER")),
        ("/apps/0/assignments/0/profile", json!({ "seat": "9-1" })),
        ("/apps/0/groups/0/id", json!(group)),
        ("/apps/0/groupPush/0/sourceGroupId", json!(group)),
        ("/apps/0/groupPush/0/status", json!("ACTIVE")),
        ("/serviceApps/0/clientId", json!("0oasync")),
        ("/serviceApps/0/scopes", json!(["okta.users.read"])),
        ("/serviceApps/0/role", json!({ "groups": [group] })),
        ("/serviceApps/0/dpopRequired", json!(true)),
    ] {
        assert_eq!(state.pointer(pointer), Some(&expected), "{pointer}");
    }
}
