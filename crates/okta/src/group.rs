//! Groups and their members (contract §7).

use std::sync::Arc;

use lanyard_engine::ports::{Listing, Silent, Sink};
use lanyard_model::coverage::{Evidence, ReadKind};
use lanyard_model::id::GroupId;
use lanyard_model::identity::{Group, GroupKind};
use lanyard_model::signal::Lane;
use serde_json::Value;

use crate::client::{Call, OktaClient, Route};
use crate::json;
use crate::listing::{Pages, Step};
use crate::problem::Problem;

const GROUPS: Route = Route { endpoint: "GET /groups", bucket: "groups" };
const GROUP: Route = Route { endpoint: "GET /groups/{id}", bucket: "groups" };
const MEMBERS: Route = Route { endpoint: "GET /groups/{id}/users", bucket: "groups" };

impl OktaClient {
    /// All groups, by pages of 200. The evidence's canary is the built-in `Everyone`.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn groups(&self) -> Result<Listing<Group>, Problem> {
        let core = &*self.core;
        let rows = core.limits().page_rows.to_string();
        let pages = Pages {
            route: GROUPS,
            first: core.address(&["api", "v1", "groups"], &[("limit", &rows)]),
            limit: Some(core.limits().page_rows),
            lane: Lane::Bulk,
            what: "groups",
            keep: None,
            ends_when_empty: false,
            links: false,
            progress: &Silent,
        };
        let walked = core.walk(pages, |row, _| group(row)).await?;
        let walked = walked.without_doubles(|g| g.id.as_str().into());
        let mut evidence = walked.evidence(ReadKind::GroupMembers);
        let everyone = walked.rows.iter().filter(|g| core.note_everyone(g)).count() > 0;
        evidence.canary_seen = Some(everyone);
        Ok(Listing { rows: walked.rows, evidence })
    }

    /// Whether the group is there: 404 says no, whoever else may have said yes before.
    ///
    /// # Errors
    /// Any [`Problem`] but [`Problem::NotFound`].
    pub async fn has_group(&self, id: &GroupId, lane: Lane) -> Result<bool, Problem> {
        let core = &*self.core;
        let url = core.address(&["api", "v1", "groups", id.as_str()], &[]);
        match core.call(&Call::read(GROUP, url, lane, "the group")).await {
            Ok(_) => Ok(true),
            Err(Problem::NotFound { .. }) => Ok(false),
            Err(problem) => Err(problem),
        }
    }

    /// Ids of a group's members in any status, deactivated people included: whoever uses them must look at the
    /// status too (trap 1). A group that is gone has no rows and evidence that proves nothing (trap 29).
    ///
    /// # Errors
    /// Any [`Problem`] but [`Problem::NotFound`].
    pub async fn members(&self, id: &GroupId, into: &mut dyn Sink<Arc<str>>) -> Result<Evidence, Problem> {
        let core = &*self.core;
        let what = format!("members of group {id}");
        let rows = core.limits().page_rows.to_string();
        let pages = Pages {
            route: MEMBERS,
            first: core.address(&["api", "v1", "groups", id.as_str(), "users"], &[("limit", &rows)]),
            limit: Some(core.limits().page_rows),
            lane: Lane::Bulk,
            what: &what,
            keep: None,
            ends_when_empty: false,
            links: false,
            progress: &Silent,
        };
        let started_at = core.clock().now();
        let mut each = |step: Step<'_>| match step {
            Step::Again => {
                into.restart();
                true
            }
            Step::Row(row, _) => {
                let Some(user) = json::text(row, "id") else { return false };
                into.take(user.into());
                true
            }
        };
        match core.walk_each(pages, &mut each).await {
            Ok(walked) => {
                let mut evidence = walked.evidence(ReadKind::GroupMembers);
                evidence.rows = into.count();
                Ok(evidence)
            }
            // What its first pages said is nobody's membership any more.
            Err(Problem::NotFound { .. }) => Ok({
                into.restart();
                Evidence {
                    kind: ReadKind::GroupMembers,
                    started_at,
                    ended_at: core.clock().now(),
                    pages: 0,
                    rows: 0,
                    reached_end: false,
                    count_before: None,
                    count_after: None,
                    canary_seen: None,
                    overlaps_missed: 0,
                    feed_whole: None,
                    rights_proven: None,
                    schema: None,
                }
            }),
            Err(problem) => Err(problem),
        }
    }

    /// Whether the built-in group of everybody is visible: the sign of a role that covers all groups.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn sees_everyone(&self) -> Result<bool, Problem> {
        Ok(self.everyone(false).await?.is_some())
    }

    /// The built-in group of everybody, if visible; with `counted`, how many users Okta says it has, if it says so.
    pub(crate) async fn everyone(&self, counted: bool) -> Result<Option<Option<u64>>, Problem> {
        let core = &*self.core;
        let mut query = vec![("filter", "type eq \"BUILT_IN\""), ("limit", "200")];
        if counted {
            query.push(("expand", "stats"));
        }
        let url = core.address(&["api", "v1", "groups"], &query);
        let answer = core.call(&Call::read(GROUPS, url, Lane::Bulk, "built-in groups")).await?;
        let rows = answer.rows("built-in groups")?;
        core.note_whole(GROUPS, 1);
        let is_everyone = |row: &&Value| group(row).is_some_and(|g| core.note_everyone(&g));
        let count = |row: &Value| row.pointer("/_embedded/stats/usersCount").and_then(Value::as_u64);
        Ok(rows.iter().find(is_everyone).map(count))
    }
}

/// One group object; `None` without an id.
pub(crate) fn group(value: &Value) -> Option<Group> {
    Some(Group {
        id: GroupId::new(json::text(value, "id")?),
        name: json::text_at(value, &["profile", "name"]).unwrap_or_default().into(),
        kind: match json::text(value, "type").as_deref() {
            Some("OKTA_GROUP") => GroupKind::Native,
            Some("APP_GROUP") => GroupKind::Imported,
            Some("BUILT_IN") => GroupKind::BuiltIn,
            _ => GroupKind::Unknown,
        },
        last_membership_updated: json::time(value, "lastMembershipUpdated"),
    })
}

/// The built-in group whose members are all users. Its name is Okta's and cannot be edited.
pub(crate) fn is_everyone(group: &Group) -> bool {
    group.kind == GroupKind::BuiltIn && &*group.name == "Everyone"
}
