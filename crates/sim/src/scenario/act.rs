//! What is done in a step: a command to a face, or things starting to go wrong.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{
    faults::Rule,
    host::{DeskName, Vendor},
};

/// One deed.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// For [`Face::command`](crate::face::Face::command) of the face `desk`.
    Command { desk: DeskName, command: Value },
    /// For [`Faulty::add`](crate::faults::Faulty::add) of every face; windows count from the step's moment.
    Faults(Vec<Rule>),
}

impl Serialize for Act {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Command { desk, command } => json!({"face": desk.to_string(), "command": command}),
            Self::Faults(rules) => {
                let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
                json!({ "faults": names })
            }
        }
        .serialize(serializer)
    }
}

fn okta(org: u16, command: Value) -> Act {
    Act::Command { desk: DeskName { vendor: Vendor::Okta, index: org.into() }, command }
}

fn ioffice(site: u16, command: Value) -> Act {
    Act::Command { desk: DeskName { vendor: Vendor::Ioffice, index: site.into() }, command }
}

/// A new Okta user, STAGED, member of the groups with these ids.
pub(super) fn create_user(org: u16, profile: Map<String, Value>, groups: &[&str]) -> Act {
    okta(org, json!({"do": "create_user", "profile": profile, "activate": false, "groups": groups}))
}

/// A lifecycle call on an Okta user: `activate`, `suspend`, `unsuspend`, `deactivate`.
pub(super) fn lifecycle(org: u16, user: &str, verb: &str) -> Act {
    okta(org, json!({"do": verb, "user": user}))
}

/// A partial edit of an Okta profile.
pub(super) fn edit_profile(org: u16, user: &str, profile: Value) -> Act {
    okta(org, json!({"do": "update_profile", "user": user, "profile": profile}))
}

/// Puts an Okta user in a group.
pub(super) fn add_member(org: u16, group: &str, user: &str) -> Act {
    okta(org, json!({"do": "add_to_group", "group": group, "user": user}))
}

/// An edit of an iOffice user at its own page.
pub(super) fn edit_account(site: u16, account: u32, fields: Value) -> Act {
    ioffice(site, json!({"do": "edit_user", "user": account, "fields": fields}))
}

/// A booking made at the iOffice page. Times are milliseconds since the epoch.
pub(super) fn book(site: u16, account: u32, room: u32, center: u32, start_ms: i64, end_ms: i64) -> Act {
    ioffice(
        site,
        json!({"do": "book", "user": account, "room": room, "center": center, "start": start_ms, "end": end_ms, "name": "Quarterly review"}),
    )
}
