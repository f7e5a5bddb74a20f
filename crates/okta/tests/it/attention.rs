//! Whom an event concerns (contract §9.2, §11; traps 7, 28, 46).

use lanyard_okta::{LogEvent, Ourselves, Warning, affected, feed_filter, hook_event_types};
use serde_json::{Value, json as value};

fn target(kind: &str, id: &str) -> Value {
    value!({"id": id, "type": kind, "alternateId": "unknown", "displayName": null})
}

fn event(kind: &str, outcome: &str, targets: &[Value]) -> LogEvent {
    LogEvent::read(&value!({
        "uuid": "u-1", "eventType": kind, "published": "2026-05-04T09:12:33.417Z",
        "outcome": {"result": outcome}, "actor": {"id": "00uadmin", "type": "User"}, "target": targets,
        "transaction": {"type": "WEB", "detail": {"requestApiTokenId": "00Tother"}}}))
    .expect("an event")
}

#[test]
fn events_point_at_people_or_groups() {
    let (user, group) = (target("User", "00u1"), target("UserGroup", "00g1"));
    let (app_user, app) = (target("AppUser", "0ua1"), target("AppInstance", "0oa1"));
    for (kind, targets, expected) in [
        ("user.lifecycle.deactivate", vec![user.clone()], "users 00u1, urgent"),
        ("user.lifecycle.suspend", vec![user.clone()], "users 00u1, urgent"),
        ("user.lifecycle.unsuspend", vec![user.clone()], "users 00u1"),
        ("user.lifecycle.delete.initiated", vec![user.clone()], "users 00u1, urgent, deletion"),
        ("user.lifecycle.delete.completed", vec![user.clone()], "users 00u1, urgent, deletion"),
        ("user.lifecycle.invented_tomorrow", vec![user.clone()], "users 00u1"),
        ("user.account.update_profile", vec![user.clone()], "users 00u1"),
        ("user.account.update_user_type", vec![user.clone()], "users 00u1"),
        ("group.user_membership.add", vec![user.clone(), group.clone()], "users 00u1"),
        ("group.user_membership.remove", vec![group.clone(), user.clone()], "users 00u1"),
        (
            "application.user_membership.remove",
            vec![app_user, app.clone(), user.clone()],
            "users 00u1, urgent",
        ),
        ("group.lifecycle.delete", vec![group.clone()], "groups 00g1, deletion"),
        ("group.profile.update", vec![group.clone()], "groups 00g1"),
        ("application.user_membership.add", vec![app.clone()], "nothing"),
        ("user.session.start", vec![user.clone()], "nothing"),
        ("app.user_management", vec![group.clone(), target("user", "00u1")], "users 00u1"),
        ("directory.user_profile.update", vec![target("UserSchema", "osc1")], "SchemaChanged"),
        ("system.api_token.revoke", vec![target("Token", "00Tours")], "TokenRevoked { token: \"00Tours\" }"),
        ("event_hook.delivery", vec![], "HookTrouble { event_type: \"event_hook.delivery\" }"),
        ("system.org.rate_limit.violation", vec![], "RateLimited"),
        ("user.account.privilege.revoke", vec![user.clone()], "users 00u1, RightsChanged"),
        ("system.import.complete", vec![app], "Imported"),
    ] {
        let attention = affected(&event(kind, "SUCCESS", &targets), &Ourselves::default());
        let mut parts = Vec::new();
        let joined =
            |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(" ");
        if !attention.users.is_empty() {
            parts.push(format!("users {}", joined(&attention.users)));
        }
        if !attention.groups.is_empty() {
            parts.push(format!("groups {}", joined(&attention.groups)));
        }
        parts.extend(attention.urgent.then(|| "urgent".to_owned()));
        parts.extend(attention.deletion.then(|| "deletion".to_owned()));
        parts.extend(attention.warnings.iter().map(|w: &Warning| format!("{w:?}")));
        let shown = if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") };
        assert_eq!(shown, expected, "{kind}");
        assert_eq!(attention.is_empty(), shown == "nothing");
    }
}

#[test]
fn only_success_in_any_case_counts() {
    let targets = [target("User", "00u1")];
    for (outcome, counts) in [
        ("SUCCESS", true),
        ("Success", true),
        ("FAILURE", false),
        ("SKIPPED", false),
        ("DEFERRED", false),
        ("NEW", false),
    ] {
        let attention =
            affected(&event("user.lifecycle.deactivate", outcome, &targets), &Ourselves::default());
        assert_eq!(!attention.users.is_empty(), counts, "{outcome}");
        assert_eq!(attention.urgent, counts, "{outcome}");
    }
    let bare =
        value!({"uuid": "u-1", "eventType": "user.lifecycle.deactivate", "outcome": null, "target": targets});
    let attention = affected(&LogEvent::read(&bare).expect("an event"), &Ourselves::default());
    assert!(attention.urgent, "a hint without an outcome is still a hint");
}

#[test]
fn our_own_doings_are_recognised() {
    let event = event("user.account.update_profile", "SUCCESS", &[target("User", "00u1")]);
    for (actor, token, ours) in
        [("00uadmin", "x", true), ("x", "00Tother", true), ("0oaclient", "00Tours", false)]
    {
        let ourselves = Ourselves { actors: [actor.to_owned()].into(), tokens: [token.to_owned()].into() };
        assert_eq!(affected(&event, &ourselves).ours, ours);
    }
}

#[test]
fn events_are_read_leniently() {
    let odd = value!({
        "uuid": "u-1", "eventType": "x.y", "published": 12, "actor": null, "client": null, "outcome": {"result": null},
        "target": {"id": "00u1", "type": "User"}, "debugContext": {"debugData": {"changedAttributes": "lastName, department,"}}});
    let read = LogEvent::read(&odd).expect("an event");
    assert_eq!(read.changed, ["lastName", "department"]);
    assert_eq!(read.target_ids("User").collect::<Vec<_>>(), ["00u1"]);
    assert_eq!((read.published, read.actor), (None, None));
    for unreadable in
        [value!(null), value!({"uuid": null, "eventType": "x"}), value!({"uuid": "u"}), value!([])]
    {
        assert_eq!(LogEvent::read(&unreadable), None);
    }
}

#[test]
fn the_feed_covers_every_subscribed_type_and_more() {
    let filter = feed_filter();
    assert!(filter.len() < 2000 && !filter.contains("  "), "{filter}");
    let clause = |operator: &str| {
        let start = format!("eventType {operator} \"");
        filter
            .split(" or ")
            .filter_map(|c| c.strip_prefix(&*start)?.strip_suffix('"'))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let (prefixes, whole) = (clause("sw"), clause("eq"));
    assert_eq!(prefixes.len() + whole.len(), filter.split(" or ").count());
    let unhooked = [
        "user.lifecycle.delete.completed",
        "user.account.update_user_type",
        "user.realm.update",
        "application.user_membership.revoke",
        "scheduled_action.user_suspension.completed",
        "policy.scheduled.execute",
        "event_hook.delivery",
        "directory.user_profile.update",
    ];
    for kind in hook_event_types().iter().chain(&unhooked) {
        let is_covered = prefixes.iter().any(|p| kind.starts_with(&**p)) || whole.iter().any(|w| w == kind);
        assert!(is_covered, "{kind}");
    }
    for kind in unhooked {
        assert!(!hook_event_types().contains(&kind), "{kind} cannot be subscribed to");
    }
    assert!(hook_event_types().len() <= 300);
}
