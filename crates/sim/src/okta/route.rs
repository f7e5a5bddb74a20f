//! Paths to operations, in the vendor's order of checks: path, method, credential, quota, scope, operation.

use http::Method;

use super::{
    auth::{Reach, demand_scope},
    errors::{ApiError, ApiResult},
    lifecycle::Verb,
    request::{Answer, Call},
    state::Org,
};

/// The pattern of a path, for call counts; `None` for an unknown path.
pub fn pattern(segments: &[&str]) -> Option<&'static str> {
    Some(match segments {
        [".well-known", "okta-organization"] => "/.well-known/okta-organization",
        [".well-known", "openid-configuration"] => "/.well-known/openid-configuration",
        ["oauth2", "v1", "authorize"] => "/oauth2/v1/authorize",
        ["oauth2", "v1", "token"] => "/oauth2/v1/token",
        ["oauth2", "v1", "keys"] => "/oauth2/v1/keys",
        ["oauth2", "v1", "userinfo"] => "/oauth2/v1/userinfo",
        ["oauth2", "v1", "introspect"] => "/oauth2/v1/introspect",
        ["oauth2", "v1", "revoke"] => "/oauth2/v1/revoke",
        ["oauth2", "v1", "logout"] => "/oauth2/v1/logout",
        ["api", "v1", rest @ ..] => match rest {
            ["users"] => "/api/v1/users",
            ["users", _] => "/api/v1/users/{id}",
            ["users", _, "groups"] => "/api/v1/users/{id}/groups",
            ["users", _, "sessions"] => "/api/v1/users/{id}/sessions",
            ["users", _, "lifecycle", verb] => match *verb {
                "activate" => "/api/v1/users/{id}/lifecycle/activate",
                "reactivate" => "/api/v1/users/{id}/lifecycle/reactivate",
                "deactivate" => "/api/v1/users/{id}/lifecycle/deactivate",
                "suspend" => "/api/v1/users/{id}/lifecycle/suspend",
                "unsuspend" => "/api/v1/users/{id}/lifecycle/unsuspend",
                "unlock" => "/api/v1/users/{id}/lifecycle/unlock",
                "expire_password" => "/api/v1/users/{id}/lifecycle/expire_password",
                "reset_password" => "/api/v1/users/{id}/lifecycle/reset_password",
                _ => return None,
            },
            ["groups"] => "/api/v1/groups",
            ["groups", "rules"] => "/api/v1/groups/rules",
            ["groups", "rules", _] => "/api/v1/groups/rules/{groupRuleId}",
            ["groups", "rules", _, "lifecycle", "activate"] => {
                "/api/v1/groups/rules/{groupRuleId}/lifecycle/activate"
            }
            ["groups", "rules", _, "lifecycle", "deactivate"] => {
                "/api/v1/groups/rules/{groupRuleId}/lifecycle/deactivate"
            }
            ["groups", _] => "/api/v1/groups/{groupId}",
            ["groups", _, "apps"] => "/api/v1/groups/{groupId}/apps",
            ["groups", _, "users"] => "/api/v1/groups/{groupId}/users",
            ["groups", _, "users", _] => "/api/v1/groups/{groupId}/users/{userId}",
            ["logs"] => "/api/v1/logs",
            ["eventHooks"] => "/api/v1/eventHooks",
            ["eventHooks", _] => "/api/v1/eventHooks/{eventHookId}",
            ["eventHooks", _, "lifecycle", "activate"] => {
                "/api/v1/eventHooks/{eventHookId}/lifecycle/activate"
            }
            ["eventHooks", _, "lifecycle", "deactivate"] => {
                "/api/v1/eventHooks/{eventHookId}/lifecycle/deactivate"
            }
            ["eventHooks", _, "lifecycle", "verify"] => "/api/v1/eventHooks/{eventHookId}/lifecycle/verify",
            ["apps"] => "/api/v1/apps",
            ["apps", _] => "/api/v1/apps/{appId}",
            ["apps", _, "users"] => "/api/v1/apps/{appId}/users",
            ["apps", _, "users", _] => "/api/v1/apps/{appId}/users/{userId}",
            ["apps", _, "groups"] => "/api/v1/apps/{appId}/groups",
            ["apps", _, "groups", _] => "/api/v1/apps/{appId}/groups/{groupId}",
            ["apps", _, "group-push", "mappings"] => "/api/v1/apps/{appId}/group-push/mappings",
            ["apps", _, "group-push", "mappings", _] => {
                "/api/v1/apps/{appId}/group-push/mappings/{mappingId}"
            }
            ["meta", "schemas", "user", _] => "/api/v1/meta/schemas/user/{schemaId}",
            ["meta", "schemas", "group", "default"] => "/api/v1/meta/schemas/group/default",
            ["meta", "types", "user"] => "/api/v1/meta/types/user",
            ["meta", "types", "user", _] => "/api/v1/meta/types/user/{typeId}",
            ["principal-rate-limits"] => "/api/v1/principal-rate-limits",
            _ => return None,
        },
        _ => return None,
    })
}

impl Org {
    /// Whether an authenticated call under `/api/v1` may go on: scope, then read-only mode.
    pub fn permit(&self, call: &Call<'_>, rest: &[&str]) -> ApiResult<()> {
        let read = *call.method == Method::GET;
        let family = match rest {
            ["users", ..] => "users",
            ["groups", ..] => "groups",
            ["logs"] => "logs",
            ["eventHooks", ..] => "eventHooks",
            ["apps", ..] => "apps",
            ["meta", "schemas", ..] => "schemas",
            ["meta", "types", ..] => "userTypes",
            _ => "principalRateLimits",
        };
        demand_scope(call, family, !read)?;
        // A mapping is about groups as much as about the app.
        if matches!(rest, ["apps", _, "group-push", ..]) {
            demand_scope(call, "groups", !read)?;
        }
        // Without a role, lists are merely empty; the log, hooks and every write are refused.
        let needs_role = !read || matches!(rest, ["logs"] | ["eventHooks", ..]);
        if needs_role && matches!(call.who.reach, Reach::Nothing) {
            return Err(ApiError::of("E0000006"));
        }
        if !read && call.now < self.read_only_until {
            return Err(ApiError::of("E0000010"));
        }
        Ok(())
    }

    /// The operation of an authenticated call under `/api/v1`.
    pub fn dispatch(&mut self, call: &Call<'_>, rest: &[&str]) -> ApiResult<Answer> {
        self.permit(call, rest)?;
        let bodiless = matches!((call.method.as_str(), rest), ("POST", [_])) && call.body.is_empty();
        if bodiless && !matches!(rest, ["logs" | "apps"]) {
            return Err(ApiError::of("E0000003"));
        }
        match (call.method.as_str(), rest) {
            ("GET", ["users"]) => self.list_users(call),
            ("POST", ["users"]) => self.create_user(call),
            ("GET", ["users", id]) => self.get_user(call, id),
            ("POST", ["users", id]) => self.update_user(call, id, false),
            ("PUT", ["users", id]) => self.update_user(call, id, true),
            ("DELETE", ["users", id]) => self.delete_user(call, id),
            ("GET", ["users", id, "groups"]) => self.list_user_groups(call, id),
            ("DELETE", ["users", id, "sessions"]) => self.clear_sessions(call, id),
            ("POST", ["users", id, "lifecycle", verb]) => match Verb::named(verb) {
                Some(verb) => self.lifecycle(call, id, verb),
                None => Err(ApiError::of("E0000008")),
            },
            ("GET", ["groups", "rules"]) => self.list_rules(call),
            ("POST", ["groups", "rules"]) => self.post_rule(call),
            (_, ["groups", "rules"]) => Err(ApiError::of("E0000022")),
            ("GET", ["groups", "rules", id]) => self.get_rule(call, id),
            ("PUT", ["groups", "rules", id]) => self.put_rule(call, id),
            ("DELETE", ["groups", "rules", id]) => self.delete_rule(call, id),
            ("POST", ["groups", "rules", id, "lifecycle", verb @ ("activate" | "deactivate")]) => {
                self.turn_rule(call, id, *verb == "activate")
            }
            ("GET", ["groups"]) => self.list_groups(call),
            ("POST", ["groups"]) => self.post_group(call),
            ("GET", ["groups", id]) => self.get_group(call, id),
            ("PUT", ["groups", id]) => self.put_group(call, id),
            ("DELETE", ["groups", id]) => self.delete_group(call, id),
            ("GET", ["groups", id, "apps"]) => self.list_group_apps(call, id),
            ("GET", ["groups", id, "users"]) => self.list_members(call, id),
            ("PUT", ["groups", id, "users", user]) => self.put_member(call, id, user, true),
            ("DELETE", ["groups", id, "users", user]) => self.put_member(call, id, user, false),
            ("GET", ["logs"]) => self.list_logs(call),
            ("GET", ["eventHooks"]) => self.list_hooks(call),
            ("POST", ["eventHooks"]) => self.post_hook(call),
            ("GET", ["eventHooks", id]) => self.get_hook(call, id),
            ("PUT", ["eventHooks", id]) => self.put_hook(call, id),
            ("DELETE", ["eventHooks", id]) => self.delete_hook(call, id),
            ("POST", ["eventHooks", id, "lifecycle", "activate"]) => self.turn_hook(call, id, true),
            ("POST", ["eventHooks", id, "lifecycle", "deactivate"]) => self.turn_hook(call, id, false),
            ("GET", ["principal-rate-limits"]) => self.list_principal_limits(call),
            ("POST", ["principal-rate-limits"]) => self.post_principal_limit(call),
            ("GET", ["apps"]) => self.list_apps(call),
            ("GET", ["apps", id]) => self.get_app(call, id),
            ("GET", ["apps", id, "users"]) => self.list_app_users(call, id),
            ("POST", ["apps", id, "users"]) => self.post_app_user(call, id, None),
            ("GET", ["apps", id, "users", user]) => self.get_app_user(call, id, user),
            ("POST", ["apps", id, "users", user]) => self.post_app_user(call, id, Some(user)),
            ("DELETE", ["apps", id, "users", user]) => self.delete_app_user(call, id, user),
            ("GET", ["apps", id, "groups"]) => self.list_app_groups(call, id),
            ("GET", ["apps", id, "groups", group]) => self.get_app_group(call, id, group),
            ("GET", ["apps", id, "group-push", "mappings"]) => self.list_pushes(call, id),
            ("POST", ["apps", id, "group-push", "mappings"]) => self.post_push(call, id),
            ("GET", ["apps", id, "group-push", "mappings", push]) => self.get_push(call, id, push),
            ("PATCH", ["apps", id, "group-push", "mappings", push]) => self.patch_push(call, id, push),
            ("DELETE", ["apps", id, "group-push", "mappings", push]) => self.delete_push(call, id, push),
            ("GET", ["meta", "schemas", "user", id]) => self.get_user_schema(call, id),
            ("POST", ["meta", "schemas", "user", id]) => self.post_user_schema(call, id),
            ("GET", ["meta", "schemas", "group", "default"]) => self.get_group_schema(call),
            ("POST", ["meta", "schemas", "group", "default"]) => self.post_group_schema(call),
            ("GET", ["meta", "types", "user"]) => self.list_types(call),
            ("POST", ["meta", "types", "user"]) => self.post_type(call),
            ("GET", ["meta", "types", "user", id]) => self.get_type(call, id),
            ("POST" | "PUT", ["meta", "types", "user", id]) => self.change_type(call, id),
            ("DELETE", ["meta", "types", "user", id]) => self.delete_type(call, id),
            _ => Err(ApiError::of("E0000022")),
        }
    }

    /// `GET /.well-known/okta-organization`
    pub fn organization(&self, call: &Call<'_>) -> Answer {
        let (scheme, host) = call.base.split_once("://").unwrap_or(("https", &call.base));
        // Who comes by the custom domain learns the org's own.
        let by_alias =
            self.settings.alias_host.as_deref().is_some_and(|alias| alias.eq_ignore_ascii_case(host));
        let own = if by_alias { self.public_base() } else { call.base.to_string() };
        let mut links = serde_json::json!({ "organization": { "href": own } });
        if let Some(alias) = &self.settings.alias_host {
            links["alternate"] = serde_json::json!({ "href": format!("{scheme}://{alias}") });
        }
        Answer::value(&serde_json::json!({ "id": self.id.as_str(), "pipeline": "idx", "_links": links }))
    }
}
