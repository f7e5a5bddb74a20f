//! What auditors and tests may see: everything, without the vendor's API in between. Secrets stay out.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{auth::Role, dice::Oid, moment::Moment, schema::Schema, state::Org};

impl Org {
    pub fn inspect_state(&self) -> Value {
        let time = |at: Moment| at.known().map(Moment::iso);
        let users: Vec<Value> = (0..)
            .zip(&self.users)
            .filter_map(|(key, user)| user.as_ref().map(|user| (key, user)))
            .map(|(key, user): (u32, _)| {
                let groups: Vec<&str> = user
                    .groups
                    .iter()
                    .filter_map(|group| self.group_at(*group))
                    .map(|group| group.head.id.as_str())
                    .collect();
                let apps: Vec<&str> = self
                    .apps
                    .iter()
                    .filter(|app| app.users.contains_key(&key))
                    .map(|app| app.id.as_str())
                    .collect();
                json!({
                    "id": user.id.as_str(), "status": user.status.as_str(),
                    "transitioningToStatus": user.transition.map(|status| status.as_str()),
                    "created": time(user.created), "statusChanged": time(user.status_changed),
                    "lastUpdated": time(user.last_updated),
                    "type": self.types[usize::from(user.type_place)].id.as_str(),
                    "profile": user.profile.to_value(&self.names), "groups": groups, "apps": apps,
                })
            })
            .collect();
        let groups: Vec<Value> = (0..)
            .zip(&self.groups)
            .filter_map(|(key, group)| group.as_ref().map(|group| (key, group)))
            .map(|(key, group): (u32, _)| {
                let members: Vec<&str> = group
                    .members
                    .iter()
                    .filter_map(|user| self.user_at(*user))
                    .map(|user| user.id.as_str())
                    .collect();
                json!({
                    "id": group.head.id.as_str(), "name": &*group.head.name, "type": group.head.kind.as_str(),
                    "description": group.head.description.as_deref(), "custom": group.head.extra,
                    "source": group.head.source.as_ref().map(Oid::as_str),
                    "lastUpdated": time(group.head.last_updated), "lastMembershipUpdated": time(group.head.last_membership_updated),
                    "memberCount": self.member_count(key), "members": members,
                })
            })
            .collect();
        let rules: Vec<Value> = self
            .rules
            .iter()
            .map(|rule| {
                let groups: Vec<&str> = rule.groups.iter().map(Oid::as_str).collect();
                let excluded: Vec<&str> = rule.excluded.iter().map(Oid::as_str).collect();
                json!({
                    "id": rule.id.as_str(), "name": rule.name, "status": rule.status.as_str(),
                    "expression": rule.expression, "groups": groups, "excluded": excluded,
                })
            })
            .collect();
        let apps: Vec<Value> = self
            .apps
            .iter()
            .enumerate()
            .map(|(at, app)| {
                let groups = app.groups.iter().filter_map(|(key, (priority, since))| {
                    let id = self.group_at(*key)?.head.id;
                    Some(json!({ "id": id.as_str(), "priority": priority, "lastUpdated": since.iso() }))
                });
                let assigned = app.users.keys().filter_map(|key| self.app_user_value(at, *key));
                let mut out = json!({
                    "id": app.id.as_str(), "label": app.label, "users": app.users.len(),
                    "assignments": assigned.collect::<Vec<_>>(), "groups": groups.collect::<Vec<_>>(),
                    "groupPush": app.pushes.iter().map(|push| self.push_value(app, push, "")).collect::<Vec<_>>(),
                });
                if app.target.is_some() {
                    out["scim"] = self.provisioning_value(at);
                }
                out
            })
            .collect();
        let live = self.types.iter().filter(|kind| !kind.deleted);
        let services: Vec<Value> = (self.access.service_apps.iter())
            .map(|app| {
                let role = match &app.role {
                    Role::Super => json!("super"),
                    Role::None => json!("none"),
                    Role::Groups(ids) => json!({ "groups": ids.iter().map(Oid::as_str).collect::<Vec<_>>() }),
                };
                json!({
                    "clientId": app.client_id, "label": app.label, "active": app.active, "scopes": app.scopes,
                    "role": role, "dpopRequired": app.dpop_required, "keys": app.keys,
                })
            })
            .collect();
        json!({
            "types": live.map(|kind| kind.value("")).collect::<Vec<_>>(),
            "userSchemas": self.user_schemas.iter().map(Schema::own).collect::<Vec<_>>(),
            "groupSchema": self.group_schema.own(), "serviceApps": services,
            "org": self.id.as_str(), "host": self.settings.host, "now": self.now.iso(),
            "users": users, "groups": groups, "rules": rules, "apps": apps,
            "hooks": self.hook_values(), "logEvents": self.log.len(),
        })
    }

    pub fn inspect_calls(&self) -> Value {
        let calls = self.calls.iter().flat_map(|(pattern, methods)| {
            methods.iter().map(move |(method, count)| (format!("{method} {pattern}"), count))
        });
        let rows: BTreeMap<String, Value> = calls
            .map(|(label, count)| {
                let row = json!({
                    "accepted": count.accepted, "refused": count.refused,
                    "throttled": count.throttled, "faulted": 0,
                });
                (label, row)
            })
            .collect();
        rows.into_iter().collect::<Map<_, _>>().into()
    }
}
