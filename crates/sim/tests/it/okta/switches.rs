//! Each assumption of the contract's register, read both ways: what a caller sees before and after its switch is turned.

use lanyard_sim::{
    face::{Face as _, Inspect},
    okta::OktaSettings,
};
use serde_json::{Value, json};

use super::{desk::Desk, hooks::verified};

/// Does something at a desk and says in a word what came of it.
type Probe = fn(&mut Desk) -> String;

fn events(desk: &mut Desk, kind: &str) -> usize {
    let told = desk.face.log_summary();
    told.iter().filter(|line| line.split(' ').next() == Some(kind)).count()
}

fn status(desk: &mut Desk, path: &str) -> String {
    desk.get(path).code()
}

/// Whether a field of a resource changes by what is done.
fn moves(desk: &mut Desk, path: &str, field: &str, act: impl FnOnce(&mut Desk)) -> String {
    let before = desk.get(path).body[field].clone();
    desk.wait(5_000);
    act(desk);
    let moved = desk.get(path).body[field] != before;
    if moved { "moves" } else { "stays" }.to_owned()
}

fn member(desk: &mut Desk) -> (String, String) {
    let (user, group) = (desk.employee("ines"), desk.group("G"));
    assert_eq!(desk.act("PUT", &format!("/api/v1/groups/{group}/users/{user}")).status, 204);
    (user, group)
}

fn count(desk: &mut Desk, kind: &str, act: impl FnOnce(&mut Desk)) -> String {
    let before = events(desk, kind);
    act(desk);
    (events(desk, kind) - before).to_string()
}

fn deleted(desk: &mut Desk, user: &str) {
    for _ in 0..2 {
        assert_eq!(desk.act("DELETE", &format!("/api/v1/users/{user}")).status, 204);
    }
}

fn share(desk: &mut Desk, path: &str) -> String {
    desk.get(path).header("x-rate-limit-limit").to_owned()
}

const ADD: &str = "group.user_membership.add";
const REMOVE: &str = "group.user_membership.remove";

#[test]
fn every_switch_changes_what_it_says() {
    let quotas = json!({ "enforced": true, "other": 40, "groups": 60 });
    let limited = |change: Value| {
        let mut all = json!({ "quotas": quotas });
        for (key, value) in change.as_object().expect("a map") {
            all["quotas"][key] = value.clone();
        }
        all
    };
    let rows: Vec<(&str, Value, Value, Probe, &str, &str)> = vec![
        (
            "O-02",
            json!({}),
            json!({ "cursor_life_seconds": 60 }),
            |desk| {
                desk.employee("ines");
                desk.employee("tomas");
                let next = desk.get("/api/v1/users?limit=1").link("next").expect("more");
                desk.wait(61_000);
                status(desk, &next)
            },
            "200 -",
            "400 E0000001",
        ),
        (
            "O-03",
            json!({}),
            json!({ "over_limit_lists": "refuse" }),
            |desk| status(desk, "/api/v1/users?limit=201"),
            "200 -",
            "400 E0000001",
        ),
        (
            "O-03",
            json!({}),
            json!({ "over_limit_logs": "clamp" }),
            |desk| status(desk, "/api/v1/logs?limit=1001"),
            "400 E0000001",
            "200 -",
        ),
        (
            "O-05",
            limited(json!({})),
            limited(json!({ "user_groups_bucket": "groups" })),
            |desk| {
                let user = desk.employee("ines");
                share(desk, &format!("/api/v1/users/{user}/groups"))
            },
            "20",
            "30",
        ),
        (
            "O-05",
            limited(json!({})),
            limited(json!({ "group_users_bucket": "other" })),
            |desk| {
                let group = desk.group("G");
                share(desk, &format!("/api/v1/groups/{group}/users"))
            },
            "30",
            "20",
        ),
        (
            "O-07",
            json!({}),
            json!({ "reactivation_provisions": false }),
            |desk| {
                let user = desk.employee("ines");
                for verb in ["deactivate", "activate"] {
                    desk.act("POST", &format!("/api/v1/users/{user}/lifecycle/{verb}"));
                }
                desk.get(&format!("/api/v1/users/{user}")).body["status"].to_string()
            },
            "\"PROVISIONED\"",
            "\"ACTIVE\"",
        ),
        (
            "O-08",
            json!({}),
            json!({ "sign_in_moves_last_updated": true }),
            |desk| {
                let user = desk.employee("ines");
                let sign_in = json!({ "do": "sign_in", "user": user });
                moves(desk, &format!("/api/v1/users/{user}"), "lastUpdated", |desk| {
                    desk.order(sign_in);
                })
            },
            "stays",
            "moves",
        ),
        (
            "O-09",
            json!({}),
            json!({ "duplicate_group": "conflict" }),
            |desk| {
                desk.group("G");
                desk.post("/api/v1/groups", json!({ "profile": { "name": "G" } })).code()
            },
            "400 E0000001",
            "409 E0000055",
        ),
        (
            "O-09",
            json!({}),
            json!({ "duplicate_group": "allowed" }),
            |desk| {
                desk.group("G");
                desk.post("/api/v1/groups", json!({ "profile": { "name": "G" } })).code()
            },
            "400 E0000001",
            "200 -",
        ),
        (
            "O-10",
            json!({}),
            json!({ "repeat_membership_logged": true }),
            |desk| {
                let (user, group) = member(desk);
                count(desk, ADD, |desk| {
                    desk.act("PUT", &format!("/api/v1/groups/{group}/users/{user}"));
                })
            },
            "0",
            "1",
        ),
        (
            "O-11",
            json!({}),
            json!({ "group_delete_logs_members": true }),
            |desk| {
                let (_, group) = member(desk);
                count(desk, REMOVE, |desk| {
                    desk.act("DELETE", &format!("/api/v1/groups/{group}"));
                })
            },
            "0",
            "1",
        ),
        (
            "O-13",
            json!({}),
            json!({ "log_filter_max": 20 }),
            |desk| desk.get("/api/v1/logs?filter=eventType eq \"user.lifecycle.create\"").status.to_string(),
            "200",
            "400",
        ),
        (
            "O-18",
            json!({}),
            json!({ "delete_logs_memberships": true }),
            |desk| {
                let (user, _) = member(desk);
                count(desk, REMOVE, |desk| deleted(desk, &user))
            },
            "0",
            "1",
        ),
        (
            "O-25",
            json!({}),
            json!({ "deactivation_moves_membership": true }),
            |desk| {
                let (user, group) = member(desk);
                moves(desk, &format!("/api/v1/groups/{group}"), "lastMembershipUpdated", |desk| {
                    desk.act("POST", &format!("/api/v1/users/{user}/lifecycle/deactivate"));
                })
            },
            "stays",
            "moves",
        ),
        (
            "O-25",
            json!({}),
            json!({ "deletion_moves_membership": false }),
            |desk| {
                let (user, group) = member(desk);
                moves(desk, &format!("/api/v1/groups/{group}"), "lastMembershipUpdated", |desk| {
                    deleted(desk, &user)
                })
            },
            "moves",
            "stays",
        ),
        (
            "O-26",
            json!({}),
            json!({ "import_logs_lifecycle": false }),
            |desk| {
                let person = json!({ "do": "import_user", "profile": { "login": "im.port@northgate.example", "email": "im.port@northgate.example", "firstName": "I", "lastName": "M" } });
                count(desk, "user.lifecycle.create", |desk| {
                    desk.order(person);
                })
            },
            "1",
            "0",
        ),
        (
            "O-27",
            json!({}),
            json!({ "delete_completion": { "low_ms": 5000, "high_ms": 5000 } }),
            |desk| {
                let user = desk.employee("ines");
                count(desk, "user.lifecycle.delete.completed", |desk| deleted(desk, &user))
            },
            "1",
            "0",
        ),
        (
            "O-27",
            json!({}),
            json!({ "delete_lag": { "low_ms": 5000, "high_ms": 5000 } }),
            |desk| {
                let user = desk.employee("ines");
                deleted(desk, &user);
                desk.get(&format!("/api/v1/users/{user}")).status.to_string()
            },
            "404",
            "200",
        ),
        (
            "O-28",
            json!({}),
            json!({ "transition": { "low_ms": 5000, "high_ms": 5000 } }),
            |desk| {
                let user = desk.employee("ines");
                desk.act("POST", &format!("/api/v1/users/{user}/lifecycle/deactivate"));
                desk.get(&format!("/api/v1/users/{user}")).body["transitioningToStatus"].to_string()
            },
            "null",
            "\"DEPROVISIONED\"",
        ),
        (
            "O-29",
            json!({}),
            json!({ "everyone_logs_members": true }),
            |desk| {
                count(desk, ADD, |desk| {
                    desk.employee("ines");
                })
            },
            "0",
            "1",
        ),
        (
            "O-30",
            json!({}),
            json!({ "empty_last_page": true }),
            |desk| {
                desk.employee("ines");
                desk.get("/api/v1/users?limit=1").link("next").is_some().to_string()
            },
            "false",
            "true",
        ),
    ];
    for (id, base, change, probe, by_default, switched) in rows {
        for (settings, expected) in [(&base, by_default), (&change, switched)] {
            let mut desk = Desk::exact();
            desk.order(json!({ "do": "settings", "settings": settings }));
            assert_eq!(probe(&mut desk), expected, "{id}: {settings}");
        }
    }
}

#[test]
fn a_hook_that_fails_may_be_turned_off_and_its_redelivery_renamed() {
    for (change, statuses, same) in [
        (json!({}), ["ACTIVE", "ACTIVE"], true),
        (json!({ "hook_failures_max": 2 }), ["ACTIVE", "INACTIVE"], true),
        (json!({ "hook_retry_keeps_id": false }), ["ACTIVE", "ACTIVE"], false),
    ] {
        let mut desk = verified(OktaSettings::exact());
        desk.order(json!({ "do": "settings", "settings": change }));
        for (turn, expected) in statuses.iter().enumerate() {
            desk.employee(&format!("p{turn}"));
            let mut ids = Vec::new();
            for _ in 0..2 {
                let sent = desk.wait(0).remove(0);
                let body: Value = serde_json::from_slice(sent.request.body()).expect("JSON");
                ids.push(body["eventId"].to_string());
                desk.answer(sent.token, 500, "");
            }
            assert_eq!(ids[0] == ids[1], same, "O-16: {change}");
            let hooks = desk.face.inspect(Inspect::State)["hooks"].clone();
            assert_eq!(hooks[0]["status"], *expected, "O-15: {change}, failure {}", turn + 1);
        }
    }
}

#[test]
fn targets_keep_their_order_or_do_not() {
    for (shuffle, mixed) in [(false, false), (true, true)] {
        let mut desk = Desk::exact();
        desk.order(json!({ "do": "settings", "settings": { "shuffle_targets": shuffle } }));
        let (user, group) = member(&mut desk);
        for _ in 0..12 {
            for method in ["DELETE", "PUT"] {
                desk.act(method, &format!("/api/v1/groups/{group}/users/{user}"));
            }
        }
        let first = desk
            .get("/api/v1/logs?filter=eventType eq \"group.user_membership.add\"")
            .column("/target/0/type");
        assert_eq!(first.iter().any(|kind| kind != "User"), mixed, "O-17: {first:?}");
    }
}
