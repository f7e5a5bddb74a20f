//! What an event means for us: whom to look at again, how soon, and what else to know (contract §11).
//!
//! Events carry attention, never work. Only ids are taken from them, and those by the type of a target.

use std::collections::BTreeSet;

use lanyard_model::id::{GroupId, TenantId};
use lanyard_model::signal::{Actor, Event, Lane, Membership};

use crate::log::LogEvent;

/// Something an event tells about our own means of seeing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// Attributes were added, changed or removed: mappings may point at nothing.
    SchemaChanged,
    /// An API token was revoked, perhaps ours.
    TokenRevoked { token: String },
    /// An event hook was changed, switched off or failed to deliver.
    HookTrouble { event_type: String },
    /// The org runs into its rate limits.
    RateLimited,
    /// Admin rights of a user or group changed: ours may be narrower now.
    RightsChanged,
    /// An import ran; it may have changed people without an event for each.
    Imported,
    /// A group rule broke or changed.
    RulesChanged,
}

/// Whom an event concerns.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attention {
    /// Okta user ids.
    pub users: BTreeSet<String>,
    /// Groups all of whose members are concerned. Empty where the event names the person.
    pub groups: BTreeSet<String>,
    /// A leaver, most likely: look at once.
    pub urgent: bool,
    /// Says that a user, or a group, was deleted for good.
    pub deletion: bool,
    /// Caused by our own credential.
    pub ours: bool,
    pub warnings: BTreeSet<Warning>,
}

impl Attention {
    /// Nothing to look at and nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.groups.is_empty() && self.warnings.is_empty()
    }
}

/// By what our own doings are recognised in the log (trap 46).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ourselves {
    /// The service app's client id, which the log shows as actor.
    pub actors: BTreeSet<String>,
    /// Ids of our API tokens; the token itself does not reveal its id, so this comes from settings.
    pub tokens: BTreeSet<String>,
}

impl Ourselves {
    fn did(&self, event: &LogEvent) -> bool {
        event.actor.as_ref().is_some_and(|a| self.actors.contains(&a.id))
            || event.api_token.as_ref().is_some_and(|t| self.tokens.contains(t))
    }
}

/// Whom `event` concerns. An event that reports a failure concerns nobody.
pub fn affected(event: &LogEvent, ourselves: &Ourselves) -> Attention {
    let kind = event.event_type.as_str();
    let mut attention = Attention { ours: ourselves.did(event), ..Attention::default() };
    attention.warnings.extend(warning(event));
    if !event.succeeded() || !FAMILIES.iter().any(|f| kind.starts_with(f)) {
        return attention;
    }
    attention.users.extend(event.target_ids("User").map(str::to_owned));
    if attention.users.is_empty() {
        attention.groups.extend(event.target_ids("UserGroup").map(str::to_owned));
    }
    attention.urgent = URGENT.contains(&kind) && !attention.users.is_empty();
    attention.deletion = kind.starts_with("user.lifecycle.delete.") || kind == "group.lifecycle.delete";
    attention
}

/// Families of events whose targets deserve a look; the rest only warns.
const FAMILIES: [&str; 10] = [
    "user.lifecycle.",
    "user.account.",
    "user.realm.update",
    "group.user_membership.",
    "group.lifecycle.",
    "group.profile.",
    "application.user_membership.",
    "app.user_management",
    "system.import.user.",
    "scheduled_action.user_suspension.",
];

/// Events of leaving (contract §10.4 step 5). Losing a group is not among them: it is half of a move as often.
const URGENT: [&str; 9] = [
    "user.lifecycle.deactivate",
    "user.lifecycle.suspend",
    "user.lifecycle.delete.initiated",
    "user.lifecycle.delete.completed",
    "application.user_membership.remove",
    "application.user_membership.revoke",
    "application.user_membership.deprovision",
    "system.import.user.suspend",
    "scheduled_action.user_suspension.completed",
];

fn warning(event: &LogEvent) -> Option<Warning> {
    match event.event_type.as_str() {
        "directory.user_profile.update" | "directory.app_user_profile.update" => Some(Warning::SchemaChanged),
        "system.api_token.revoke" => {
            let token = event.targets.first().map(|t| t.id.clone()).unwrap_or_default();
            Some(Warning::TokenRevoked { token })
        }
        kind if kind.starts_with("event_hook.") => {
            // A delivery is only written down when it failed.
            Some(Warning::HookTrouble { event_type: kind.to_owned() })
        }
        kind if kind.starts_with("system.org.rate_limit.")
            || kind.starts_with("core.concurrency.")
            || kind.starts_with("system.operation.rate_limit.") =>
        {
            Some(Warning::RateLimited)
        }
        kind if kind.starts_with("user.account.privilege.") || kind.starts_with("group.privilege.") => {
            Some(Warning::RightsChanged)
        }
        "system.import.complete" | "system.import.roadblock" => Some(Warning::Imported),
        kind if kind.starts_with("group.user_membership.rule.") => Some(Warning::RulesChanged),
        _ => None,
    }
}

/// The event in the engine's words; `None` if it concerns nobody and warns of nothing.
pub(crate) fn event(tenant: &TenantId, from: &LogEvent, ourselves: &Ourselves) -> Option<Event> {
    let attention = affected(from, ourselves);
    if attention.is_empty() {
        return None;
    }
    Some(Event {
        tenant: tenant.clone(),
        uuid: from.uuid.as_str().into(),
        kind: from.event_type.as_str().into(),
        published: from.published,
        users: attention.users.iter().map(|u| u.as_str().into()).collect(),
        groups: attention.groups.iter().map(|g| GroupId::new(g.as_str())).collect(),
        lane: if attention.urgent { Lane::Leaver } else { Lane::Normal },
        deletion: attention.deletion,
        ours: attention.ours,
        membership: membership(from),
    })
}

/// Who changed a membership, and which; nothing of other events.
fn membership(from: &LogEvent) -> Option<Membership> {
    let joined = match from.event_type.as_str() {
        "group.user_membership.add" => true,
        "group.user_membership.remove" => false,
        _ => return None,
    };
    let group = GroupId::new(from.target_ids("UserGroup").next()?);
    let actor = from.actor.as_ref()?;
    let said =
        |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty() && text != "unknown");
    let name = said(&actor.display_name).or_else(|| said(&actor.alternate_id));
    let by = Actor {
        id: actor.id.as_str().into(),
        name: name.unwrap_or_else(|| actor.id.clone()).into(),
        kind: actor.kind.as_str().into(),
    };
    Some(Membership { group, joined, by })
}

/// The filter of the polled feed: all families of §11, by prefix, so that types no hook may carry are caught too.
/// Okta does not say how long a filter may be; this stays under 2,000 characters (O-13).
pub fn feed_filter() -> &'static str {
    "eventType sw \"user.lifecycle\" or eventType sw \"user.account\" or eventType eq \"user.realm.update\" \
     or eventType sw \"group.\" or eventType sw \"application.user_membership\" \
     or eventType sw \"app.user_management\" or eventType sw \"system.import\" \
     or eventType sw \"scheduled_action.user_suspension\" or eventType eq \"policy.scheduled.execute\" \
     or eventType sw \"event_hook\" or eventType sw \"system.org.rate_limit\" \
     or eventType sw \"core.concurrency\" or eventType sw \"system.operation.rate_limit\" \
     or eventType sw \"system.api_token\" or eventType sw \"directory.user_profile\" \
     or eventType sw \"directory.app_user_profile\""
}

/// The event types our hook subscribes to: every hook-eligible one of the families in §11. An ineligible type would
/// make the registration fail, so the list is closed; the feed brings the others.
pub fn hook_event_types() -> &'static [&'static str] {
    &[
        "user.lifecycle.create",
        "user.lifecycle.activate",
        "user.lifecycle.reactivate",
        "user.lifecycle.deactivate",
        "user.lifecycle.suspend",
        "user.lifecycle.unsuspend",
        "user.lifecycle.delete.initiated",
        "user.account.update_profile",
        "user.account.lock",
        "user.account.unlock",
        "user.account.unlock_by_admin",
        "user.account.privilege.grant",
        "user.account.privilege.revoke",
        "group.lifecycle.create",
        "group.lifecycle.delete",
        "group.profile.update",
        "group.user_membership.add",
        "group.user_membership.remove",
        "group.application_assignment.add",
        "group.application_assignment.remove",
        "group.application_assignment.update",
        "group.privilege.grant",
        "group.privilege.revoke",
        "application.user_membership.add",
        "application.user_membership.remove",
        "application.user_membership.update",
        "app.user_management",
        "app.user_management.user_group_import.upsert_success",
        "system.import.group.create",
        "system.import.group.delete",
        "system.import.start",
        "system.import.complete",
        "system.import.roadblock",
        "system.org.rate_limit.warning",
        "system.org.rate_limit.violation",
        "system.api_token.create",
        "system.api_token.revoke",
    ]
}
