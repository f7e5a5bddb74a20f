//! System Log events: the catalogue of types, one event's contents, and how it looks on the wire.

use std::sync::Arc;

use super::{dice::Oid, json::Json, moment::Moment};

/// One row of the vendor's catalogue.
#[derive(Debug)]
pub struct EventKind {
    pub name: &'static str,
    /// Whether event hooks may subscribe to it.
    pub hook: bool,
    pub legacy: &'static str,
    pub message: &'static str,
    pub severity: &'static str,
}

macro_rules! kinds {
    ($($ident:ident $hook:literal $severity:literal $name:literal $legacy:literal $message:literal;)*) => {
        $(pub static $ident: EventKind = EventKind {
            name: $name, hook: $hook, legacy: $legacy, message: $message, severity: $severity,
        };)*
        /// Every event type this org can write.
        pub static CATALOGUE: &[&EventKind] = &[$(&$ident),*];
    };
}

kinds! {
    USER_CREATE true "INFO" "user.lifecycle.create" "core.user.config.user_creation.success" "Create Okta user";
    USER_ACTIVATE true "INFO" "user.lifecycle.activate" "core.user.config.user_activated" "Activate Okta user";
    USER_REACTIVATE true "INFO" "user.lifecycle.reactivate" "core.user.config.user_reactivation.success" "Reactivate Okta user";
    USER_DEACTIVATE true "INFO" "user.lifecycle.deactivate" "core.user.config.user_deactivated" "Deactivate Okta user";
    USER_SUSPEND true "INFO" "user.lifecycle.suspend" "core.user.config.user_status.suspended" "Suspend Okta user";
    USER_UNSUSPEND true "INFO" "user.lifecycle.unsuspend" "core.user.config.user_status.unsuspended" "Unsuspend Okta user";
    USER_DELETE_INITIATED true "INFO" "user.lifecycle.delete.initiated" "core.user.config.user_delete.initiated" "Delete Okta user initiated";
    USER_DELETE_COMPLETED false "INFO" "user.lifecycle.delete.completed" "core.user.config.user_delete.completed" "Delete Okta user completed";
    USER_UPDATE_PROFILE true "INFO" "user.account.update_profile" "core.user.config.profile_update.success" "Update user profile for Okta";
    USER_UPDATE_TYPE false "INFO" "user.account.update_user_type" "core.user.config.user_type_update" "Update user type";
    USER_UPDATE_PRIMARY_EMAIL false "INFO" "user.account.update_primary_email" "core.user.email.primary_update" "Update primary email";
    USER_UPDATE_SECONDARY_EMAIL false "INFO" "user.account.update_secondary_email" "core.user.email.secondary_update" "Update secondary email";
    USER_LOCK true "WARN" "user.account.lock" "core.user_auth.account_locked" "Max sign in attempts exceeded";
    USER_UNLOCK true "INFO" "user.account.unlock" "core.user_auth.account_unlocked" "Unlock user account";
    USER_UNLOCK_BY_ADMIN true "INFO" "user.account.unlock_by_admin" "core.user.config.account_unlocked" "Unlock user account by admin";
    USER_UPDATE_PASSWORD true "INFO" "user.account.update_password" "core.user.config.password_update.success" "User update password for Okta";
    USER_RESET_PASSWORD true "INFO" "user.account.reset_password" "core.user.config.password_reset.success" "User reset password for Okta";
    USER_EXPIRE_PASSWORD false "INFO" "user.account.expire_password" "core.user.config.password_expire.success" "Expire password for Okta user";
    USER_SESSION_CLEAR true "INFO" "user.session.clear" "core.user.sessions.cleared" "Clear user session";
    USER_SESSION_START true "INFO" "user.session.start" "core.user_auth.login_success" "User login to Okta";
    GROUP_CREATE true "INFO" "group.lifecycle.create" "core.group.lifecycle.create" "Create Okta group";
    GROUP_DELETE true "INFO" "group.lifecycle.delete" "core.group.lifecycle.delete" "Delete Okta group";
    GROUP_UPDATE true "INFO" "group.profile.update" "core.group.profile.update" "Update Okta group profile";
    MEMBER_ADD true "INFO" "group.user_membership.add" "core.user_group_member.user_add" "Add user to group membership";
    MEMBER_REMOVE true "INFO" "group.user_membership.remove" "core.user_group_member.user_remove" "Remove user from group membership";
    RULE_TRIGGER false "INFO" "group.user_membership.rule.trigger" "core.group.rule.trigger" "Trigger group rule";
    RULE_EVALUATION false "INFO" "group.user_membership.rule.evaluation" "core.group.rule.evaluation" "Evaluate group rule";
    RULE_INVALIDATE false "WARN" "group.user_membership.rule.invalidate" "core.group.rule.invalidate" "Group rule became invalid";
    RULE_DEACTIVATED false "INFO" "group.user_membership.rule.deactivated" "core.group.rule.deactivated" "Deactivate group rule";
    RULE_EXCLUSION false "INFO" "group.user_membership.rule.add_exclusion" "core.group.rule.exclusion" "Exclude user from group rule";
    GROUP_APP_ADD true "INFO" "group.application_assignment.add" "core.group.application_assignment.add" "Add assigned application to group";
    GROUP_APP_REMOVE true "INFO" "group.application_assignment.remove" "core.group.application_assignment.remove" "Remove assigned application from group";
    APP_USER_ADD true "INFO" "application.user_membership.add" "app.generic.provision.assign_user_to_app" "Add user to application membership";
    APP_USER_REMOVE true "INFO" "application.user_membership.remove" "app.generic.provision.deactivate_user_from_app" "Remove user's application membership";
    APP_USER_UPDATE true "INFO" "application.user_membership.update" "app.generic.provision.update_user_in_app" "Update user's application membership";
    GROUP_PUSH_CREATED false "INFO" "application.provision.group_push.mapping.created" "app.generic.group_push.mapping.created" "Create group push mapping";
    GROUP_PUSH_FAILED true "WARN" "application.provision.group_push.mapping.update.or.delete.failed.with.error" "app.generic.group_push.mapping.update.or.delete.failed" "Update or delete of a group push mapping failed";
    PROVISION_USER_PUSH true "INFO" "application.provision.user.push" "app.user_management.push_new_user" "Push new user to external application";
    PROVISION_USER_PUSH_PROFILE true "INFO" "application.provision.user.push_profile" "app.user_management.push_profile_success" "Push user's profile to external application";
    PROVISION_USER_REACTIVATE true "INFO" "application.provision.user.reactivate" "app.user_management.reactivate_user" "Reactivate user in external application";
    PROVISION_USER_DEACTIVATE false "INFO" "application.provision.user.deactivate" "app.user_management.deactivate_user" "Deactivate user in external application";
    PROVISION_USER_PASSWORD false "INFO" "application.provision.user.password" "app.user_management.push_password_update" "Push user's password to external application";
    PROVISION_USER_DELETE true "INFO" "application.provision.user.delete" "app.user_management.delete_user" "Delete user in external application";
    APP_USER_MANAGEMENT true "INFO" "app.user_management" "app.user_management" "Member of an imported group changed";
    IMPORT_GROUP_CREATE true "INFO" "system.import.group.create" "app.user_import.group.create" "Import group created";
    IMPORT_GROUP_DELETE true "INFO" "system.import.group.delete" "app.user_import.group.delete" "Import group deleted";
    IMPORT_START true "INFO" "system.import.start" "app.user_import.start" "Import started";
    IMPORT_COMPLETE true "INFO" "system.import.complete" "app.user_import.complete" "Import completed";
    IMPORT_USER_CREATE false "INFO" "system.import.user.create" "app.user_import.user.create" "Import user created";
    SUSPENSION_COMPLETED false "INFO" "scheduled_action.user_suspension.completed" "scheduled_action.user_suspension.completed" "Scheduled suspension completed";
    PRIVILEGE_GRANT true "INFO" "user.account.privilege.grant" "core.user.admin_privilege.granted" "Grant user privilege";
    PRIVILEGE_REVOKE true "INFO" "user.account.privilege.revoke" "core.user.admin_privilege.revoked" "Revoke user privilege";
    HOOK_CREATED false "INFO" "event_hook.created" "event_hook.created" "Create event hook";
    HOOK_UPDATED false "INFO" "event_hook.updated" "event_hook.updated" "Update event hook";
    HOOK_VERIFIED false "INFO" "event_hook.verified" "event_hook.verified" "Verify event hook";
    HOOK_ACTIVATED false "INFO" "event_hook.activated" "event_hook.activated" "Activate event hook";
    HOOK_DEACTIVATED false "INFO" "event_hook.deactivated" "event_hook.deactivated" "Deactivate event hook";
    HOOK_DELETED false "INFO" "event_hook.deleted" "event_hook.deleted" "Delete event hook";
    HOOK_DELIVERY false "WARN" "event_hook.delivery" "event_hook.delivery" "Event hook delivery";
    RATE_WARNING true "WARN" "system.org.rate_limit.warning" "core.framework.ratelimit.warning" "Rate limit warning";
    RATE_VIOLATION true "WARN" "system.org.rate_limit.violation" "core.framework.ratelimit.violation" "Rate limit violation";
    CONCURRENCY_VIOLATION false "WARN" "core.concurrency.org.limit.violation" "core.concurrency.org.limit.violation" "Concurrency limit violation";
    API_TOKEN_CREATE true "INFO" "system.api_token.create" "api.token.create" "Create API token";
    API_TOKEN_REVOKE true "INFO" "system.api_token.revoke" "api.token.revoke" "Revoke API token";
    SCHEMA_UPDATE false "INFO" "directory.user_profile.update" "directory.user_profile.update" "Update user profile schema";
    TOKEN_GRANT false "INFO" "app.oauth2.token.grant.access_token" "app.oauth2.token.grant.access_token" "OIDC access token is granted";
}

/// Hook-eligible types that this org never writes by itself, but to which a hook may subscribe.
const SUBSCRIBABLE: &[&str] = &[
    "user.authentication.universal_logout",
    "user.authentication.sso",
    "user.mfa.factor.activate",
    "group.application_assignment.update",
    "group.privilege.grant",
    "group.privilege.revoke",
    "application.provision.user.sync",
    "application.provision.user.import_profile",
    "application.provision.user.delete.schedule",
    "application.provision.user.remove_entitlements",
    "application.provision.user.remove_entitlements.schedule",
    "app.user_management.user_group_import.upsert_success",
    "system.import.roadblock",
];

/// Whether an event hook may subscribe to a type of this name.
pub fn hook_eligible(name: &str) -> bool {
    SUBSCRIBABLE.contains(&name) || CATALOGUE.iter().any(|kind| kind.hook && kind.name == name)
}

pub fn kind_named(name: &str) -> Option<&'static EventKind> {
    CATALOGUE.iter().copied().find(|kind| kind.name == name)
}

/// An actor or target of an event.
#[derive(Debug, Clone)]
pub struct Party {
    pub id: String,
    pub kind: &'static str,
    pub alternate_id: String,
    pub display_name: String,
}

impl Party {
    pub fn system() -> Self {
        Self {
            id: "system".to_owned(),
            kind: "SystemPrincipal",
            alternate_id: "system@okta.com".to_owned(),
            display_name: "Okta System".to_owned(),
        }
    }

    fn write(&self, out: &mut Json) {
        out.open('{');
        out.text("id", &self.id);
        out.text("type", self.kind);
        out.text("alternateId", &self.alternate_id);
        out.text("displayName", &self.display_name);
        out.close('}');
    }
}

/// Who did something, and through which request. Shared by all events of one operation.
#[derive(Debug, Clone)]
pub struct Cause(pub Arc<CauseDetail>);

#[derive(Debug)]
pub struct CauseDetail {
    pub actor: Party,
    /// `WEB` for a request, `JOB` for background work.
    pub transaction: &'static str,
    pub transaction_id: String,
    pub request_uri: Option<String>,
    pub user_agent: Option<String>,
    pub api_token_id: Option<Oid>,
    /// Name in the journal: `token:00T…`, `client:0oa…`, `console`, `system`.
    pub caller: String,
    pub method: String,
}

impl Cause {
    pub fn system(transaction_id: String) -> Self {
        Self(Arc::new(CauseDetail {
            actor: Party::system(),
            transaction: "JOB",
            transaction_id,
            request_uri: None,
            user_agent: None,
            api_token_id: None,
            caller: "system".to_owned(),
            method: "JOB".to_owned(),
        }))
    }
}

/// One event. `published` is when it happened; the log shows it from `persisted` on.
#[derive(Debug)]
pub struct LogEvent {
    pub uuid: String,
    pub published: Moment,
    pub kind: &'static EventKind,
    pub cause: Cause,
    pub outcome: &'static str,
    pub reason: Option<String>,
    pub targets: Vec<Party>,
    pub debug: Vec<(&'static str, String)>,
}

/// Where an event is shown: the log endpoint, or a hook delivery (slightly different members).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Log,
    Hook,
}

impl LogEvent {
    /// A member of `client`, as shown and as filtered by.
    pub fn client(&self, name: &str) -> Option<&str> {
        let agent = self.cause.0.user_agent.as_deref();
        match name {
            _ if self.cause.0.transaction != "WEB" => None,
            "userAgent.rawUserAgent" => agent,
            "userAgent.os" => agent.map(|_| "Unknown"),
            "userAgent.browser" => agent.map(|_| "UNKNOWN"),
            "zone" => Some("null"),
            "device" => Some("Unknown"),
            "ipAddress" => Some("192.0.2.10"),
            _ => None,
        }
    }

    pub fn write(&self, shown: Shown, out: &mut Json) {
        let cause = &*self.cause.0;
        out.open('{');
        out.text("uuid", &self.uuid);
        out.moment("published", self.published);
        out.text("eventType", self.kind.name);
        out.text("version", "0");
        out.text("severity", self.kind.severity);
        out.text("legacyEventType", self.kind.legacy);
        out.text("displayMessage", self.kind.message);
        out.key("actor");
        cause.actor.write(out);
        // Background work has no client.
        if cause.transaction == "WEB" {
            out.key("client");
            out.open('{');
            if cause.user_agent.is_some() {
                out.key("userAgent");
                out.open('{');
                for (name, path) in [
                    ("rawUserAgent", "userAgent.rawUserAgent"),
                    ("os", "userAgent.os"),
                    ("browser", "userAgent.browser"),
                ] {
                    out.text(name, self.client(path).unwrap_or_default());
                }
                out.close('}');
            }
            for name in ["zone", "device", "ipAddress"] {
                out.text(name, self.client(name).unwrap_or_default());
            }
            if shown == Shown::Hook {
                out.key("ipChain");
                out.raw("[]");
            }
            out.close('}');
        } else if shown == Shown::Hook {
            out.key("client");
            out.null();
        }
        out.key("authenticationContext");
        out.open('{');
        out.key("authenticationStep");
        out.raw("0");
        out.text("externalSessionId", &cause.transaction_id);
        out.close('}');
        out.key("outcome");
        out.open('{');
        out.text("result", self.outcome);
        if let Some(reason) = &self.reason {
            out.text("reason", reason);
        }
        out.close('}');
        out.key("securityContext");
        out.raw("{}");
        out.key("debugContext");
        out.open('{');
        out.key("debugData");
        out.open('{');
        out.text("requestId", &cause.transaction_id);
        if let Some(uri) = &cause.request_uri {
            out.text("requestUri", uri);
        }
        for (name, value) in &self.debug {
            out.text(name, value);
        }
        out.close('}');
        out.close('}');
        out.key("transaction");
        out.open('{');
        out.text("type", cause.transaction);
        out.text("id", &cause.transaction_id);
        out.key("detail");
        out.open('{');
        if let Some(token) = &cause.api_token_id {
            out.text("requestApiTokenId", token.as_str());
        }
        out.close('}');
        out.close('}');
        match shown {
            Shown::Log => {
                out.key("request");
                out.raw("{\"ipChain\":[]}");
            }
            Shown::Hook => {
                out.key("insertionTimestamp");
                out.null();
            }
        }
        out.key("target");
        out.open('[');
        for target in &self.targets {
            target.write(out);
        }
        out.close(']');
        out.close('}');
    }
}
