//! People (contract §5): one by id with all groups, and the listing over all statuses.

use std::sync::Arc;

use jiff::Timestamp;
use lanyard_engine::ports::{Progress, Silent, Sink};
use lanyard_model::coverage::{Evidence, ReadKind};
use lanyard_model::id::IdentityId;
use lanyard_model::identity::{AttributeValue, GroupKind, Groups, Identity, IdentityRead, Profile, Status};
use lanyard_model::signal::Lane;
use serde_json::Value;
use tracing::warn;

use crate::client::{Call, Core, OktaClient, Route, lock};
use crate::group::{group, is_everyone};
use crate::json;
use crate::listing::{Pages, Step};
use crate::problem::Problem;

const USER: Route = Route { endpoint: "GET /users/{id}", bucket: "users/{id}" };
const USERS: Route = Route { endpoint: "GET /users", bucket: "users" };
/// Its quota is not documented (O-05), so it has a limiter of its own.
const USER_GROUPS: Route = Route { endpoint: "GET /users/{id}/groups", bucket: "users/{id}/groups" };

impl OktaClient {
    /// One person by id, with all groups: two calls, and one more per further page of groups.
    ///
    /// Lookup by id is not subject to the index lag of lists. A person who vanishes between the two calls is not found.
    ///
    /// # Errors
    /// Any [`Problem`] but [`Problem::NotFound`], which is an answer here.
    pub async fn user(&self, id: &str, lane: Lane) -> Result<IdentityRead, Problem> {
        let core = &*self.core;
        let what = format!("user {id}");
        // Ids come from events too. These would change the path instead of naming somebody.
        if matches!(id, "" | "." | "..") {
            return Err(Problem::Malformed { what, reason: "this is no id".to_owned() });
        }
        let url = core.address(&["api", "v1", "users", id], &[]);
        let answer = match core.call(&Call::read(USER, url, lane, &what)).await {
            Ok(answer) => answer,
            Err(problem) => return self.absent(problem, &what),
        };
        let malformed = |reason: String| Problem::Malformed { what: what.clone(), reason };
        let mut identity = identity(core, &answer.plain(&what)?, answer.at)
            .ok_or_else(|| malformed("it has no id".to_owned()))?;
        // Okta also takes logins here; an answer about another id would move one person's state to another.
        if &*identity.id.user != id {
            return Err(malformed(format!("it is about {}", identity.id.user)));
        }
        match self.groups_of(id, lane).await {
            Ok(groups) => identity.groups = groups,
            Err(problem) => return self.absent(problem, &what),
        }
        lock(&core.memory).canary.get_or_insert_with(|| id.to_owned());
        Ok(IdentityRead::Present(Box::new(identity)))
    }

    /// Ids of the people with this login or e-mail address, whatever its case: the first page of a search.
    ///
    /// # Errors
    /// Any [`Problem`].
    pub async fn users_named(&self, login_or_email: &str) -> Result<Vec<Arc<str>>, Problem> {
        let quoted = Value::from(login_or_email).to_string();
        let search = format!("profile.login eq {quoted} or profile.email eq {quoted}");
        let url = self.core.address(&["api", "v1", "users"], &[("search", &search), ("limit", "20")]);
        let answer = self.core.call(&Call::read(USERS, url, Lane::Normal, "people by name")).await?;
        let rows = answer.rows("people by name")?;
        Ok(rows.iter().filter_map(|row| json::text(row, "id")).map(Arc::from).collect())
    }

    /// Absence, if Okta itself says so: a 404 without its code may come from a proxy and says nothing about anybody.
    fn absent(&self, problem: Problem, what: &str) -> Result<IdentityRead, Problem> {
        match problem {
            Problem::NotFound { code, .. } if matches!(code.as_str(), "E0000007" | "E0000048") => {
                Ok(IdentityRead::NotFound { at: self.core.clock().now() })
            }
            Problem::NotFound { code, .. } => Err(Problem::Malformed {
                what: what.to_owned(),
                reason: format!("it is a 404 with code `{code}` instead of E0000007"),
            }),
            problem => Err(problem),
        }
    }

    /// All groups of one person, all pages. Complete if `Everyone` was among them (contract §5.5, trap 3).
    ///
    /// # Errors
    /// Any [`Problem`]; [`Problem::NotFound`] if there is no such person.
    pub async fn groups_of(&self, id: &str, lane: Lane) -> Result<Groups, Problem> {
        let core = &*self.core;
        let what = format!("groups of user {id}");
        let pages = Pages {
            route: USER_GROUPS,
            first: core.address(&["api", "v1", "users", id, "groups"], &[]),
            limit: None,
            lane,
            what: &what,
            keep: None,
            ends_when_empty: false,
            links: false,
            progress: &Silent,
        };
        let walked = core.walk(pages, |row, _| group(row)).await?;
        let mut everyone = false;
        for row in walked.rows.iter().filter(|g| g.kind == GroupKind::BuiltIn) {
            everyone |= core.note_everyone(row);
        }
        let complete = everyone && walked.spoiled == 0;
        Ok(Groups::new(walked.rows.into_iter().map(|g| g.id), complete))
    }

    /// Everybody, deactivated people included: the plain list would hide them (trap 1). Rows carry no groups.
    ///
    /// The evidence's canary is a person read by id earlier, if there is one; `rights_proven` says whether `Everyone`
    /// is visible, which a narrowed admin role hides while lists still answer 200 (trap 19).
    ///
    /// # Errors
    /// Any [`Problem`]; a listing that did not end gives no rows.
    pub async fn users(
        &self,
        into: &mut dyn Sink<Identity>,
        progress: &dyn Progress,
    ) -> Result<Evidence, Problem> {
        let core = &*self.core;
        let rows = core.limits().page_rows.to_string();
        let pages = |how: &[(&str, &str)]| {
            let query: Vec<_> = how.iter().copied().chain([("limit", rows.as_str())]).collect();
            Pages {
                route: USERS,
                first: core.address(&["api", "v1", "users"], &query),
                limit: Some(core.limits().page_rows),
                lane: Lane::Bulk,
                what: "identities",
                keep: None,
                ends_when_empty: false,
                links: false,
                progress,
            }
        };
        let canary = lock(&core.memory).canary.clone();
        let mut seen = false;
        let mut first: Option<Arc<str>> = None;
        // The second part of a list that is read in two follows the first.
        let mut part = |into: &mut dyn Sink<Identity>, step: Step<'_>, anew: bool| match step {
            Step::Again => {
                if anew {
                    (seen, first) = (false, None);
                    into.restart();
                }
                true
            }
            Step::Row(row, at) => {
                let Some(identity) = identity(core, row, at) else { return false };
                seen |= canary.as_deref() == Some(&*identity.id.user);
                first.get_or_insert_with(|| identity.id.user.clone());
                into.take(identity);
                true
            }
        };
        let searched =
            core.walk_each(pages(&[("search", "status pr")]), &mut |step| part(&mut *into, step, true)).await;
        let walked = match searched {
            Err(problem) if is_search_trouble(&problem) => {
                warn!(tenant = %core.tenant(), %problem, "users cannot be searched; listing them in two parts");
                let listed = core.walk_each(pages(&[]), &mut |step| part(&mut *into, step, true)).await?;
                let left = pages(&[("filter", "status eq \"DEPROVISIONED\"")]);
                listed.and(core.walk_each(left, &mut |step| part(&mut *into, step, false)).await?)
            }
            walked => walked?,
        };
        let mut evidence = walked.evidence(ReadKind::Identities);
        evidence.rows = into.count();
        evidence.canary_seen = core.note_canary(canary.is_some().then_some(seen), first);
        // After the list, so that a role narrowed meanwhile is noticed.
        evidence.rights_proven = match self.sees_everyone().await {
            Ok(seen) => Some(seen),
            Err(Problem::Forbidden { .. }) => Some(false),
            Err(problem) => return Err(problem),
        };
        Ok(evidence)
    }
}

/// The search index is away, or this org does not take the expression; the plain list still answers (contract §14).
fn is_search_trouble(problem: &Problem) -> bool {
    match problem {
        Problem::Refused { status: 400, code, .. } => {
            ["E0000031", "E0000053", "E0000094"].contains(&code.as_str())
        }
        Problem::Unavailable { code, .. } => code == "E0000100",
        _ => false,
    }
}

impl Core {
    /// One shared copy of an attribute's name: a hundred thousand people have the same thirty.
    fn name(&self, name: &str) -> Arc<str> {
        const NAMES_MAX: usize = 10_000;
        let names = &mut lock(&self.memory).names;
        if let Some(shared) = names.get(name) {
            return shared.clone();
        }
        let fresh: Arc<str> = name.into();
        if names.len() < NAMES_MAX {
            names.insert(fresh.clone());
        }
        fresh
    }

    /// Whether the person known to exist was seen in a list; `None` if none was known. One who was missing is replaced, so
    /// that a deletion nobody told of costs one certificate and not all that follow.
    fn note_canary(&self, seen: Option<bool>, first: Option<Arc<str>>) -> Option<bool> {
        if seen != Some(true) {
            lock(&self.memory).canary = first.map(|user| user.to_string());
        }
        seen
    }

    /// Takes note of a deletion: the canary may have been the one.
    pub(crate) fn note_deletion(&self, user: &str) {
        let memory = &mut lock(&self.memory);
        if memory.canary.as_deref() == Some(user) {
            memory.canary = None;
        }
    }

    /// Remembers which group is `Everyone`. Returns whether this one is.
    pub(crate) fn note_everyone(&self, row: &lanyard_model::identity::Group) -> bool {
        let mut memory = lock(&self.memory);
        if is_everyone(row) {
            memory.everyone = Some(row.id.to_string());
        }
        memory.everyone.as_deref() == Some(row.id.as_str())
    }
}

/// One user object; `None` without an id. An unknown or missing status survives as itself and changes nothing later.
pub(crate) fn identity(core: &Core, value: &Value, read_at: Timestamp) -> Option<Identity> {
    let id: Arc<str> = json::text(value, "id")?.into();
    let profile = json::object(value, "profile");
    Some(Identity {
        id: IdentityId::new(core.tenant().clone(), id),
        status: Status::parse(&json::text(value, "status").unwrap_or_default()),
        transitioning: json::text(value, "transitioningToStatus").is_some(),
        profile: profile
            .into_iter()
            .filter_map(|(name, v)| Some((core.name(&name), attribute(v)?)))
            .collect::<Profile>(),
        groups: Groups::default(),
        created: json::time(value, "created"),
        activated: json::time(value, "activated"),
        status_changed: json::time(value, "statusChanged"),
        last_updated: json::time(value, "lastUpdated"),
        type_id: json::text_at(value, &["type", "id"]).map(Into::into),
        read_at,
    })
}

/// A profile value; null is absence, and objects are no profile values in any schema.
fn attribute(value: Value) -> Option<AttributeValue> {
    match value {
        Value::String(s) => Some(AttributeValue::Text(s.into())),
        Value::Bool(b) => Some(AttributeValue::Bool(b)),
        Value::Number(n) => n.as_f64().map(AttributeValue::Number),
        Value::Array(items) => Some(AttributeValue::List(
            items
                .iter()
                .filter_map(|v| match v {
                    Value::String(s) => Some(s.as_str().into()),
                    Value::Number(_) | Value::Bool(_) => Some(v.to_string().into()),
                    _ => None,
                })
                .collect(),
        )),
        Value::Null | Value::Object(_) => None,
    }
}
