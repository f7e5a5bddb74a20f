//! Events in OCSF 1.8 (Open Cybersecurity Schema Framework). `type_uid = class_uid * 100 + activity_id`, times in
//! milliseconds.

use jiff::Timestamp;
use serde_json::{Value, json};

pub const VERSION: &str = "1.8.0";

/// What happened to somebody's access.
#[derive(Debug, Clone)]
pub struct Event<'a> {
    /// `create`, `update`, `set_roles`, `deactivate`, `reactivate`, `cancel_booking`, `hand_over`, `book`, `announce`.
    pub operation: &'a str,
    /// It takes something away.
    pub removes: bool,
    pub succeeded: bool,
    pub outcome: &'a str,
    pub at: Timestamp,
    pub id: &'a str,
    pub tenant: &'a str,
    /// Okta user id.
    pub user: &'a str,
    pub name: &'a str,
    pub site: &'a str,
    pub account: Option<i64>,
    pub what: &'a str,
    pub program: &'a str,
}

/// Class and activity of an operation.
///
/// 3001 account change: 1 create, 2 enable, 5 disable, 99 other · 3005 user access: 1 assign, 2 revoke ·
/// 3004 entity management: 1 create, 3 update, 4 delete.
fn class(event: &Event<'_>) -> (u32, &'static str, u32, &'static str) {
    match event.operation {
        "create" => (3001, "Account Change", 1, "Create"),
        "reactivate" => (3001, "Account Change", 2, "Enable"),
        "deactivate" => (3001, "Account Change", 5, "Disable"),
        "update" => (3001, "Account Change", 99, "Other"),
        "set_roles" if event.removes => (3005, "User Access Management", 2, "Revoke Privileges"),
        "set_roles" => (3005, "User Access Management", 1, "Assign Privileges"),
        "cancel_booking" => (3004, "Entity Management", 4, "Delete"),
        "hand_over" => (3004, "Entity Management", 3, "Update"),
        _ => (3004, "Entity Management", 1, "Create"),
    }
}

/// One event per operation.
pub fn event(event: &Event<'_>) -> Value {
    let (class, class_name, activity, activity_name) = class(event);
    let (status, status_name) = if event.succeeded { (1, "Success") } else { (2, "Failure") };
    let mut out = json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": 3,
        "category_name": "Identity & Access Management",
        "class_uid": class,
        "class_name": class_name,
        "type_uid": class * 100 + activity,
        "type_name": format!("{class_name}: {activity_name}"),
        "severity_id": if event.succeeded { 1 } else { 3 },
        "severity": if event.succeeded { "Informational" } else { "Medium" },
        "status_id": status,
        "status": status_name,
        "status_detail": event.outcome,
        "time": event.at.as_millisecond(),
        "metadata": metadata(event.tenant, event.program, event.id),
        "message": format!("{}: {}", event.operation, event.what),
    });
    let user = json!({
        "uid": event.account.map_or_else(|| event.user.to_owned(), |id| id.to_string()),
        "uid_alt": event.user,
        "name": event.name,
        "type_id": 1,
        "org": { "uid": event.site },
    });
    match class {
        3004 => {
            out["entity"] = json!({ "uid": event.what, "name": event.what, "type": event.operation });
            out["actor"] = json!({ "app_name": event.program });
        }
        3005 => {
            out["user"] = user;
            out["privileges"] = json!([event.what]);
        }
        _ => out["user"] = user,
    }
    out
}

/// Parts that every event has.
fn base(class: (u32, &str), category: (u32, &str), activity: (u32, &str), at: Timestamp) -> Value {
    let ((class, class_name), (category, category_name), (activity, activity_name)) =
        (class, category, activity);
    json!({
        "activity_id": activity,
        "activity_name": activity_name,
        "category_uid": category,
        "category_name": category_name,
        "class_uid": class,
        "class_name": class_name,
        "type_uid": class * 100 + activity,
        "type_name": format!("{class_name}: {activity_name}"),
        "severity_id": 1,
        "severity": "Informational",
        "time": at.as_millisecond(),
    })
}

/// Somebody came to be among those who hold an item, or left them: class 3006, group management.
#[derive(Debug, Clone)]
pub struct Membership<'a> {
    pub given: bool,
    pub at: Timestamp,
    pub tenant: &'a str,
    /// `tenant/user`; empty: nobody's account.
    pub person: &'a str,
    pub name: &'a str,
    pub site: &'a str,
    pub account: i64,
    /// `item`, `section`, `cost_center`.
    pub kind: &'a str,
    pub what: &'a str,
    pub program: &'a str,
}

/// One event per change.
pub fn membership(change: &Membership<'_>) -> Value {
    let activity = if change.given { (3, "Add User") } else { (4, "Remove User") };
    let iam = (3, "Identity & Access Management");
    let mut out = base((3006, "Group Management"), iam, activity, change.at);
    let uid = format!("{}:{}:{}:{}", change.site, change.account, change.what, change.at);
    out["metadata"] = metadata(change.tenant, change.program, &uid);
    out["group"] = json!({ "name": change.what, "type": change.kind, "domain": change.site });
    out["user"] = user(change.person, change.name, change.site, change.account);
    out
}

/// An account as it is at the end of the period: class 5003, user inventory.
#[derive(Debug, Clone)]
pub struct Stock<'a> {
    pub at: Timestamp,
    pub tenant: &'a str,
    pub person: &'a str,
    pub name: &'a str,
    pub site: &'a str,
    pub account: i64,
    /// What it holds: kind, and what.
    pub holds: Vec<(&'a str, String)>,
    pub program: &'a str,
}

/// One event per live account.
pub fn stock(stock: &Stock<'_>) -> Value {
    let mut out = base((5003, "User Inventory Info"), (5, "Discovery"), (2, "Collect"), stock.at);
    let uid = format!("{}:{}", stock.site, stock.account);
    out["metadata"] = metadata(stock.tenant, stock.program, &uid);
    out["user"] = user(stock.person, stock.name, stock.site, stock.account);
    let group = |(kind, what): &(&str, String)| json!({ "name": what, "type": kind });
    if !stock.holds.is_empty() {
        out["user"]["groups"] = stock.holds.iter().map(group).collect();
    }
    out
}

/// Somebody did something to the control itself: class 6003, API activity.
#[derive(Debug, Clone)]
pub struct Administration<'a> {
    pub at: Timestamp,
    pub tenant: &'a str,
    /// Kind of the journal's line.
    pub kind: &'a str,
    pub title: &'a str,
    pub detail: &'a str,
    /// Line of the journal.
    pub position: u64,
    pub program: &'a str,
}

/// One event per line about the control.
pub fn administration(act: &Administration<'_>) -> Value {
    let activity = match act.kind {
        "erasure" | "retention" => (4, "Delete"),
        "control" | "policy" => (3, "Update"),
        _ => (99, "Other"),
    };
    let mut out = base((6003, "API Activity"), (6, "Application Activity"), activity, act.at);
    out["metadata"] = metadata(act.tenant, act.program, &format!("journal:{}", act.position));
    out["api"] = json!({ "operation": act.kind, "service": { "name": "Lanyard" } });
    out["actor"] = json!({ "app_name": act.program });
    out["src_endpoint"] = json!({ "name": "Lanyard" });
    out["message"] = act.title.into();
    if !act.detail.is_empty() {
        out["status_detail"] = act.detail.into();
    }
    out
}

fn user(person: &str, name: &str, site: &str, account: i64) -> Value {
    let mut user = json!({
        "uid": account.to_string(),
        "type_id": 1,
        "org": { "uid": site },
    });
    if let Some((_, id)) = person.split_once('/') {
        user["uid_alt"] = id.into();
    }
    if !name.is_empty() {
        user["name"] = name.into();
    }
    user
}

/// Something found: class 2003, compliance finding.
#[expect(clippy::too_many_arguments, reason = "one call site; the parts of one event")]
pub fn finding(
    key: &str,
    title: &str,
    detail: &str,
    control: &str,
    since: Timestamp,
    over: Option<Timestamp>,
    tenant: &str,
    program: &str,
) -> Value {
    // 1 create; 3 close.
    let (activity, name) = if over.is_some() { (3, "Close") } else { (1, "Create") };
    json!({
        "activity_id": activity,
        "activity_name": name,
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2003,
        "class_name": "Compliance Finding",
        "type_uid": 200_300 + activity,
        "type_name": format!("Compliance Finding: {name}"),
        "severity_id": 3,
        "severity": "Medium",
        "status_id": if over.is_some() { 4 } else { 1 },
        "status": if over.is_some() { "Resolved" } else { "New" },
        "time": over.unwrap_or(since).as_millisecond(),
        // The same finding may be there again for another time.
        "metadata": metadata(tenant, program, &format!("{key}@{since}")),
        "compliance": { "control": control, "standards": ["NIST SP 800-53 Rev 5"], "status_id": 3, "status": "Fail" },
        "finding_info": { "uid": key, "title": title, "desc": detail, "created_time": since.as_millisecond() },
    })
}

fn metadata(tenant: &str, program: &str, uid: &str) -> Value {
    json!({
        "version": VERSION,
        "uid": uid,
        "tenant_uid": tenant,
        "product": { "name": "Lanyard", "vendor_name": "Lanyard", "version": program.trim_start_matches("lanyard ") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(operation: &str, removes: bool) -> Value {
        event(&Event {
            operation,
            removes,
            succeeded: true,
            outcome: "done",
            at: "2026-11-28T10:00:00Z".parse().unwrap(),
            id: "x",
            tenant: "acme",
            user: "00u1",
            name: "Ana",
            site: "pier",
            account: Some(7),
            what: "role in Reservations",
            program: "lanyard 0.1.0",
        })
    }

    /// Required attributes of each class by the published 1.8 dictionary: base event, and each class's own.
    #[test]
    fn each_event_has_what_its_class_requires() {
        let base =
            ["activity_id", "category_uid", "class_uid", "metadata", "severity_id", "time", "type_uid"];
        let cases = [
            ("create", false, 300_101, "user"),
            ("reactivate", false, 300_102, "user"),
            ("deactivate", true, 300_105, "user"),
            ("update", false, 300_199, "user"),
            ("set_roles", false, 300_501, "privileges"),
            ("set_roles", true, 300_502, "privileges"),
            ("book", false, 300_401, "entity"),
            ("cancel_booking", true, 300_404, "entity"),
            ("hand_over", false, 300_403, "entity"),
        ];
        for (operation, removes, type_uid, own) in cases {
            let event = of(operation, removes);
            for name in base {
                assert!(!event[name].is_null(), "{operation}: {name}");
            }
            assert_eq!(event["type_uid"], type_uid, "{operation}");
            assert_eq!(
                event["type_uid"].as_u64().unwrap(),
                event["class_uid"].as_u64().unwrap() * 100 + event["activity_id"].as_u64().unwrap()
            );
            assert!(!event[own].is_null(), "{operation}: {own}");
            assert_eq!(event["time"], 1_795_860_000_000_i64);
            assert_eq!(event["metadata"]["version"], "1.8.0");
            assert_eq!(event["metadata"]["product"]["vendor_name"], "Lanyard");
        }
        let mut others = Vec::new();
        let member = Membership {
            given: false,
            at: Timestamp::UNIX_EPOCH,
            tenant: "acme",
            person: "acme/00u1",
            name: "Ana",
            site: "pier",
            account: 7,
            kind: "item",
            what: "Parking",
            program: "lanyard 1",
        };
        others.push((membership(&member), 300_604, "group"));
        let held = Stock {
            at: Timestamp::UNIX_EPOCH,
            tenant: "acme",
            person: "",
            name: "",
            site: "pier",
            account: 7,
            holds: vec![("item", "Parking".into())],
            program: "lanyard 1",
        };
        others.push((stock(&held), 500_302, "user"));
        let act = Administration {
            at: Timestamp::UNIX_EPOCH,
            tenant: "acme",
            kind: "policy",
            title: "published",
            detail: "by Ana",
            position: 4,
            program: "lanyard 1",
        };
        others.push((administration(&act), 600_303, "api"));
        for (event, type_uid, own) in others {
            for name in base {
                assert!(!event[name].is_null(), "{type_uid}: {name}");
            }
            assert_eq!(event["type_uid"], type_uid);
            assert!(!event[own].is_null(), "{type_uid}: {own}");
        }
        let found = finding("k", "t", "d", "AC-2(3)", Timestamp::UNIX_EPOCH, None, "acme", "lanyard 1");
        assert_eq!(found["type_uid"], 200_301);
        assert!(found["compliance"]["standards"].is_array() && found["finding_info"]["uid"] == "k");
    }
}
