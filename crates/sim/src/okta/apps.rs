//! Applications as far as assignments go: who is assigned, by whom, and group push mappings.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event::{self, Cause, Party},
    json::Json,
    moment::Moment,
    paging,
    profile::{EMAIL, FIRST_NAME, LAST_NAME},
    provisioning::Target,
    request::{Answer, Call},
    search::{Case, Fact, Literal, Operator},
    settings::OverLimit,
    state::{EVERYONE, GroupKey, Job, Org, Status, UserKey},
    users::View,
};

/// Fewer groups of an app than this cannot be asked for at a time.
const GROUPS_MIN: usize = 20;

/// One application integration.
#[derive(Debug, Clone)]
pub struct App {
    pub id: Oid,
    /// The vendor's technical name: `scim2testapp`.
    pub name: String,
    pub label: String,
    pub active: bool,
    /// Whether assigned people are provisioned to the target.
    pub provisioning: bool,
    /// The SCIM server people are provisioned to; without one the target is merely imagined.
    pub target: Option<Box<Target>>,
    pub users: BTreeMap<UserKey, AppUser>,
    /// Assigned groups with their priority and time of assignment.
    pub groups: BTreeMap<GroupKey, (u32, Moment)>,
    pub pushes: Vec<PushMapping>,
}

#[derive(Debug, Clone)]
pub struct AppUser {
    /// Assigned by hand; otherwise through a group.
    pub individual: bool,
    /// Id in the target, once provisioned.
    pub external_id: Option<Box<str>>,
    pub status: &'static str,
    pub sync_state: &'static str,
    pub created: Moment,
    pub last_updated: Moment,
    /// `None`: the login.
    pub user_name: Option<Box<str>>,
    /// `None`: just the e-mail address.
    pub profile: Option<Box<serde_json::Map<String, Value>>>,
    /// Place of the app user in events.
    pub id: Oid,
}

#[derive(Debug, Clone)]
pub struct PushMapping {
    pub id: Oid,
    pub source: Oid,
    pub target: Oid,
    /// What the group is called in the target, where that is not the source group's own name: this one does not follow
    /// when the source group is renamed.
    pub name: Option<Box<str>>,
    pub status: String,
    pub created: Moment,
    pub last_updated: Moment,
    pub last_push: Moment,
    /// Id of the group in the SCIM server, once pushed.
    pub external: Option<Box<str>>,
    /// Why the latest push failed.
    pub error: Option<Box<str>>,
}

impl App {
    pub fn party(&self) -> Party {
        Party {
            id: self.id.to_string(),
            kind: "AppInstance",
            alternate_id: self.label.clone(),
            display_name: self.label.clone(),
        }
    }
}

impl Org {
    /// Adds an application, for seeding and the console.
    pub fn add_app(&mut self, name: &str, label: &str, provisioning: bool) -> usize {
        let id = self.fresh_id("0oa");
        self.apps.push(App {
            id,
            name: name.to_owned(),
            label: label.to_owned(),
            active: true,
            provisioning,
            target: None,
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            pushes: Vec::new(),
        });
        self.apps.len() - 1
    }

    /// Assigns a group to an app: its members follow in the background.
    pub fn assign_group(&mut self, app: usize, group: GroupKey, cause: &Cause) {
        let now = self.now;
        let Some(held) = self.apps.get_mut(app) else { return };
        let priority = held.groups.len() as u32;
        if held.groups.insert(group, (priority, now)).is_some() {
            return;
        }
        let target = held.party();
        let Some(party) = self.group_at(group).map(|group| group.head.party()) else { return };
        self.record(cause, "app_group", &party.id, None, Some(format!("{{\"app\":\"{}\"}}", target.id)));
        self.emit(&event::GROUP_APP_ADD, cause, vec![party, target], Vec::new());
        self.settle_members(app, group);
    }

    pub fn unassign_group(&mut self, app: usize, group: GroupKey, cause: &Cause) {
        let Some(held) = self.apps.get_mut(app) else { return };
        if held.groups.remove(&group).is_none() {
            return;
        }
        let target = held.party();
        let Some(party) = self.group_at(group).map(|group| group.head.party()) else { return };
        self.record(cause, "app_group", &party.id, Some(format!("{{\"app\":\"{}\"}}", target.id)), None);
        self.emit(&event::GROUP_APP_REMOVE, cause, vec![party, target], Vec::new());
        self.settle_members(app, group);
    }

    fn settle_members(&mut self, app: usize, group: GroupKey) {
        let members: Vec<UserKey> = if group == EVERYONE {
            (0..self.users.len() as u32).filter(|key| self.user_at(*key).is_some()).collect()
        } else {
            self.group_at(group).map(|group| group.members.iter().copied().collect()).unwrap_or_default()
        };
        for user in members {
            self.settle_later(app, user);
        }
    }

    fn settle_later(&mut self, app: usize, user: UserKey) {
        let delay = self.draw(|s| s.app_delay);
        self.later(delay, Job::AppByGroup { app, user });
    }

    /// A membership changed, or a group is gone: app access follows in the background.
    pub fn apps_after_group(&mut self, group: GroupKey, users: &[UserKey]) {
        for app in 0..self.apps.len() {
            if self.apps[app].groups.contains_key(&group) {
                if self.group_at(group).is_none() {
                    self.apps[app].groups.remove(&group);
                }
                for user in users {
                    self.settle_later(app, *user);
                }
            }
        }
    }

    /// Makes a group-derived assignment agree with present memberships.
    pub fn settle_app_user(&mut self, app: usize, user: UserKey) {
        let Some(held) = self.apps.get(app) else { return };
        let entitled = self.effective_groups(user).iter().any(|group| held.groups.contains_key(group));
        let assigned = held.users.get(&user).map(|assigned| assigned.individual);
        let transaction = self.dice.text(24);
        let cause = Cause::system(transaction);
        match (entitled, assigned) {
            (true, None) => self.assign(app, user, false, &cause),
            (false, Some(false)) => self.unassign(app, user, &cause),
            _ => {}
        }
    }

    /// App access by group returns when a deactivated user is activated again; individual access does not.
    pub fn regain_apps(&mut self, user: UserKey) {
        for app in 0..self.apps.len() {
            self.settle_later(app, user);
        }
    }

    fn assign(&mut self, app: usize, user: UserKey, individual: bool, cause: &Cause) {
        let Some(person) = self.user_at(user) else { return };
        let id = person.id;
        let app_user_id = self.fresh_id("0ua");
        let external_id = self.dice.uuid();
        let now = self.now;
        let awaited = self.has_target(app);
        let held = &mut self.apps[app];
        let provisioned = held.provisioning && !awaited;
        held.users.insert(
            user,
            AppUser {
                individual,
                external_id: provisioned.then_some(external_id.into()),
                status: match (awaited, provisioned) {
                    (true, _) => "STAGED",
                    (_, true) => "PROVISIONED",
                    _ => "ACTIVE",
                },
                sync_state: match (awaited, provisioned) {
                    (true, _) => "SYNCING",
                    (_, true) => "SYNCHRONIZED",
                    _ => "DISABLED",
                },
                created: now,
                last_updated: now,
                user_name: None,
                profile: None,
                id: app_user_id,
            },
        );
        let app_id = held.id;
        let after = self.app_user_text(app, user);
        self.record(cause, "app_user", &format!("{app_id}/{id}"), None, after);
        self.log_app_user(app, user, app_user_id, &event::APP_USER_ADD, cause);
        self.provision_assigned(app, user);
    }

    fn unassign(&mut self, app: usize, user: UserKey, cause: &Cause) {
        let before = self.app_user_text(app, user);
        let Some(gone) = self.apps[app].users.remove(&user) else { return };
        let id = self.user_at(user).map(|user| user.id.to_string()).unwrap_or_default();
        let app_id = self.apps[app].id;
        self.record(cause, "app_user", &format!("{app_id}/{id}"), before, None);
        self.log_app_user(app, user, gone.id, &event::APP_USER_REMOVE, cause);
        self.provision_unassigned(app, user, gone.id);
    }

    /// An assignment as the journal and inspection show it.
    pub fn app_user_value(&self, app: usize, user: UserKey) -> Option<Value> {
        let (held, person) = (self.apps.get(app)?.users.get(&user)?, self.user_at(user)?);
        Some(json!({
            "id": person.id.as_str(), "scope": if held.individual { "USER" } else { "GROUP" },
            "status": held.status, "syncState": held.sync_state, "externalId": held.external_id,
            "userName": held.user_name.as_deref().unwrap_or_else(|| person.login()), "profile": held.profile,
            "created": held.created.iso(), "lastUpdated": held.last_updated.iso(),
        }))
    }

    fn app_user_text(&self, app: usize, user: UserKey) -> Option<String> {
        self.app_user_value(app, user).map(|value| value.to_string())
    }

    fn log_app_user(
        &mut self,
        app: usize,
        user: UserKey,
        app_user: Oid,
        kind: &'static event::EventKind,
        cause: &Cause,
    ) {
        let Some(person) = self.user_at(user).map(|user| user.party()) else { return };
        let of_app = Party {
            id: app_user.to_string(),
            kind: "AppUser",
            alternate_id: person.alternate_id.clone(),
            display_name: person.display_name.clone(),
        };
        let targets = vec![of_app, self.apps[app].party(), person];
        self.emit(kind, cause, targets, Vec::new());
    }

    /// Deactivation destroys every assignment.
    pub fn drop_all_app_users(&mut self, user: UserKey, cause: &Cause) {
        for app in 0..self.apps.len() {
            if self.apps[app].users.contains_key(&user) {
                self.unassign(app, user, cause);
            }
        }
    }

    // ---- /api/v1/apps ----------------------------------------------------------------------------------------

    fn app_for(&self, id: &str) -> ApiResult<usize> {
        let place = self.apps.iter().position(|app| app.id.as_str() == id);
        place.ok_or_else(|| ApiError::missing(id, "AppInstance"))
    }

    pub fn list_apps(&self, call: &Call<'_>) -> ApiResult<Answer> {
        let q = call.param("q").unwrap_or_default().to_lowercase();
        let named = |app: &App| app.label.to_lowercase().starts_with(&q) || app.name.starts_with(&q);
        self.page_of_apps(call, "d", &named)
    }

    /// `GET /groups/{id}/apps`: where a group's `apps` link leads.
    pub fn list_group_apps(&self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let group = self.group_for(call, id)?;
        self.page_of_apps(call, "e", &|app| app.groups.contains_key(&group))
    }

    fn page_of_apps(
        &self,
        call: &Call<'_>,
        prefix: &str,
        wanted: &dyn Fn(&App) -> bool,
    ) -> ApiResult<Answer> {
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        let limit = paging::limit(call, 20, 200, clamp)?;
        let start = self.place_after(call, prefix)? as usize;
        let left = self.apps.iter().enumerate().skip(start).filter(|(_, app)| wanted(app));
        let mut found: Vec<_> = left.take(limit + 1).collect();
        let more = found.len() > limit || (found.len() == limit && self.settings.empty_last_page);
        found.truncate(limit);
        let cursor = (found.last().filter(|_| more))
            .map(|(at, _)| self.cursors.seal(&format!("{prefix}{at}"), call.now));
        let rows: Vec<Value> = found.iter().map(|(_, app)| app_value(app, &call.link_base)).collect();
        Ok(Answer::value(&Value::from(rows)).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    pub fn get_app(&self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        Ok(Answer::value(&app_value(&self.apps[self.app_for(id)?], &call.link_base)))
    }

    fn write_app_user(&self, call: &Call<'_>, app: &App, key: UserKey, held: &AppUser, out: &mut Json) {
        let Some(user) = self.user_at(key) else { return };
        out.open('{');
        out.text("id", user.id.as_str());
        if let Some(external) = &held.external_id {
            out.text("externalId", external);
            out.moment("lastSync", held.last_updated);
        }
        out.text("scope", if held.individual { "USER" } else { "GROUP" });
        out.text("status", held.status);
        out.text("syncState", held.sync_state);
        out.moment("created", held.created);
        out.moment("lastUpdated", held.last_updated);
        out.moment("statusChanged", held.created);
        out.key("credentials");
        out.open('{');
        out.text("userName", held.user_name.as_deref().unwrap_or_else(|| user.login()));
        out.close('}');
        out.key("profile");
        match &held.profile {
            Some(profile) => out.raw(&Value::Object((**profile).clone()).to_string()),
            None => {
                out.open('{');
                out.text("email", user.profile.text(EMAIL));
                out.close('}');
            }
        }
        if call.param("expand") == Some("user") {
            out.key("_embedded");
            out.open('{');
            out.key("user");
            self.write_user(user, &call.link_base, &View::default(), out);
            out.close('}');
        }
        out.key("_links");
        out.open('{');
        out.href("app", &[&call.link_base, "/api/v1/apps/", app.id.as_str()]);
        out.href("user", &[&call.link_base, "/api/v1/users/", user.id.as_str()]);
        out.close('}');
        out.close('}');
    }

    /// `GET /apps/{id}/users`
    pub fn list_app_users(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let app = &self.apps[self.app_for(id)?];
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        let limit = paging::limit(call, 50, 500, clamp)?;
        let start = self.place_after(call, "a")?;
        let q = call.given("q").map(|q| Literal::Text(q.to_owned()));
        let keep = |key: UserKey, held: &AppUser| {
            self.user_at(key).is_some_and(|user| {
                let starts = |q: &Literal| {
                    let user_name = held.user_name.as_deref().unwrap_or_else(|| user.login());
                    let own = [FIRST_NAME, LAST_NAME, EMAIL].map(|field| user.profile.text(field));
                    own.into_iter()
                        .chain([user_name])
                        .any(|text| Operator::StartsWith.holds(Some(Fact::Text(text)), q, Case::Ignored))
                };
                call.who.sees_user(user) && q.as_ref().is_none_or(starts)
            })
        };
        let mut found: Vec<(UserKey, &AppUser)> = app
            .users
            .range(start..)
            .filter(|(key, held)| keep(**key, held))
            .map(|(key, held)| (*key, held))
            .take(limit + 1)
            .collect();
        let more = found.len() > limit || (found.len() == limit && self.settings.empty_last_page);
        found.truncate(limit);
        let mut out = Json::with_capacity(found.len() * 512 + 16);
        out.open('[');
        for (key, held) in &found {
            self.write_app_user(call, app, *key, held, &mut out);
        }
        out.close(']');
        let cursor =
            found.last().filter(|_| more).map(|(key, _)| self.cursors.seal(&format!("a{key}"), call.now));
        let dropped: &[&str] = if self.settings.app_users_next_loses_expand { &["expand"] } else { &[] };
        Ok(Answer::json(out.into_string()).linked(paging::links(call, cursor.as_deref(), limit, dropped)))
    }

    fn place_after(&self, call: &Call<'_>, prefix: &str) -> ApiResult<u32> {
        let Some(after) = call.given("after") else { return Ok(0) };
        let place = self.cursors.open(after, call.now)?;
        let key = place.strip_prefix(prefix).and_then(|key| key.parse::<u32>().ok());
        Ok(key.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))? + 1)
    }

    pub fn get_app_user(&mut self, call: &Call<'_>, id: &str, user: &str) -> ApiResult<Answer> {
        let place = self.app_for(id)?;
        let key = self.user_for(call, user)?;
        let app = &self.apps[place];
        let held = app.users.get(&key).ok_or_else(|| ApiError::missing(user, "AppUser"))?;
        let mut out = Json::default();
        self.write_app_user(call, app, key, held, &mut out);
        Ok(Answer::json(out.into_string()))
    }

    /// `POST /apps/{id}/users` (assign) and `POST /apps/{id}/users/{uid}` (assign or update).
    pub fn post_app_user(&mut self, call: &Call<'_>, id: &str, user: Option<&str>) -> ApiResult<Answer> {
        let body = call.json_or_empty()?;
        let app = self.app_for(id)?;
        let named = user.or_else(|| body.get("id").and_then(Value::as_str));
        let named =
            named.ok_or_else(|| ApiError::invalid("id", "The field cannot be left blank"))?.to_owned();
        let key = self.user_for(call, &named)?;
        let Some(person) = self.user_at(key) else { return Err(ApiError::missing(&named, "User")) };
        if person.status == Status::Deprovisioned {
            return Err(ApiError::refused("id", "A deactivated user cannot be assigned"));
        }
        let scope = body.get("scope").filter(|scope| !scope.is_null());
        if scope.is_some_and(|scope| scope != "USER" && scope != "GROUP") {
            return Err(ApiError::invalid("scope", "must be USER or GROUP"));
        }
        let cause = call.cause.clone();
        let fresh = !self.apps[app].users.contains_key(&key);
        self.check_pushed(app, key, &body)?;
        if fresh {
            self.assign(app, key, true, &cause);
        }
        let (now, before) = (self.now, self.app_user_text(app, key));
        let mut touched = false;
        if let Some(held) = self.apps[app].users.get_mut(&key) {
            held.individual |= body.get("scope").and_then(Value::as_str) != Some("GROUP");
            if let Some(given) = body.get("profile").and_then(Value::as_object) {
                held.profile.get_or_insert_default().extend(given.clone());
                touched = true;
            }
            if let Some(name) = body.pointer("/credentials/userName").and_then(Value::as_str) {
                held.user_name = Some(name.into());
                touched = true;
            }
            held.last_updated = now;
        }
        let after = self.app_user_text(app, key);
        if before != after {
            let of_app =
                format!("{}/{}", self.apps[app].id, self.user_at(key).map_or("", |user| user.id.as_str()));
            self.record(&cause, "app_user", &of_app, before, after);
        }
        if !fresh
            && touched
            && let Some(app_user) = self.apps[app].users.get(&key).map(|held| held.id)
        {
            self.log_app_user(app, key, app_user, &event::APP_USER_UPDATE, &cause);
        }
        self.get_app_user(call, id, &named)
    }

    /// What is mapped from the Okta profile and pushed cannot be set on the app user.
    fn check_pushed(&self, app: usize, key: UserKey, body: &Value) -> ApiResult<()> {
        let given = body.get("profile").and_then(Value::as_object);
        let Some((given, user)) = given.zip(self.user_at(key)).filter(|_| self.apps[app].provisioning) else {
            return Ok(());
        };
        for name in &self.settings.app_pushed_attributes {
            let own = self.names.key(name).map(|key| user.profile.text(key)).unwrap_or_default();
            if given.get(name).is_some_and(|value| value.as_str() != Some(own)) {
                let why = format!("{name}: mapped from the user's profile and pushed to the app");
                return Err(ApiError::of("E0000075").because(why));
            }
        }
        Ok(())
    }

    pub fn delete_app_user(&mut self, call: &Call<'_>, id: &str, user: &str) -> ApiResult<Answer> {
        let app = self.app_for(id)?;
        let key = self.user_for(call, user)?;
        if !self.apps[app].users.contains_key(&key) {
            return Err(ApiError::missing(user, "AppUser"));
        }
        self.unassign(app, key, &call.cause.clone());
        Ok(Answer::no_content())
    }

    /// `GET /apps/{id}/groups`
    pub fn list_app_groups(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let app = &self.apps[self.app_for(id)?];
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        let limit = paging::limit(call, GROUPS_MIN, 200, clamp)?;
        if limit < GROUPS_MIN {
            return Err(ApiError::invalid("limit", "'limit' must be between 20 and 200"));
        }
        let start = self.place_after(call, "b")?;
        let q = call.param("q").unwrap_or_default().to_lowercase();
        let named = |key: GroupKey| {
            q.is_empty()
                || self.group_at(key).is_some_and(|group| group.head.name.to_lowercase().starts_with(&q))
        };
        let visible = app.groups.range(start..).filter(|(key, _)| call.who.sees_group(**key) && named(**key));
        let mut found: Vec<_> = visible.take(limit + 1).collect();
        let more = found.len() > limit || (found.len() == limit && self.settings.empty_last_page);
        found.truncate(limit);
        let rows: Vec<Value> = found
            .iter()
            .filter_map(|(key, (priority, since))| self.app_group(call, app, **key, *priority, *since))
            .collect();
        let cursor =
            found.last().filter(|_| more).map(|(key, _)| self.cursors.seal(&format!("b{key}"), call.now));
        Ok(Answer::value(&Value::from(rows)).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    /// `GET /apps/{id}/groups/{gid}`: where an assignment's own link leads.
    pub fn get_app_group(&self, call: &Call<'_>, id: &str, group: &str) -> ApiResult<Answer> {
        let app = &self.apps[self.app_for(id)?];
        let key = self.group_for(call, group)?;
        let missing = || ApiError::missing(group, "ApplicationGroupAssignment");
        let (priority, since) = app.groups.get(&key).copied().ok_or_else(missing)?;
        Ok(Answer::value(&self.app_group(call, app, key, priority, since).ok_or_else(missing)?))
    }

    fn app_group(
        &self,
        call: &Call<'_>,
        app: &App,
        key: GroupKey,
        priority: u32,
        since: Moment,
    ) -> Option<Value> {
        let group = self.group_at(key)?;
        let mut row = json!({
            "id": group.head.id.as_str(), "lastUpdated": since.iso(), "priority": priority, "profile": {},
            "_links": {
                "app": { "href": format!("{}/api/v1/apps/{}", call.link_base, app.id) },
                "self": { "href": format!("{}/api/v1/apps/{}/groups/{}", call.link_base, app.id, group.head.id) },
                "group": { "href": format!("{}/api/v1/groups/{}", call.link_base, group.head.id) },
            },
        });
        match call.param("expand") {
            Some("group") => {
                let mut text = Json::default();
                self.write_group(&group.head, &call.link_base, None, &mut text);
                let shown: Value = serde_json::from_str(&text.into_string()).unwrap_or_default();
                row["_embedded"] = json!({ "group": shown });
            }
            // What the vendor puts there is unpublished.
            Some("metadata") => row["_embedded"] = json!({ "metadata": {} }),
            _ => {}
        }
        Some(row)
    }

    // ---- group push mappings ---------------------------------------------------------------------------------

    pub fn push_value(&self, app: &App, push: &PushMapping, base: &str) -> Value {
        let href = |tail: String| json!({ "href": format!("{base}/api/v1/{tail}") });
        let mut out = json!({
            "id": push.id.as_str(), "status": push.status, "sourceGroupId": push.source.as_str(),
            "targetGroupId": push.target.as_str(), "created": push.created.iso(),
            "lastUpdated": push.last_updated.iso(), "lastPush": push.last_push.iso(),
            "_links": {
                "app": href(format!("apps/{}", app.id)),
                "sourceGroup": href(format!("groups/{}", push.source)),
                "targetGroup": href(format!("groups/{}", push.target)),
            },
        });
        if let Some(error) = &push.error {
            out["errorSummary"] = json!(&**error);
        }
        out
    }

    pub fn list_pushes(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let app = &self.apps[self.app_for(id)?];
        let limit = paging::limit(call, 100, 1000, self.settings.over_limit_lists == OverLimit::Clamp)?;
        let start = self.place_after(call, "c")? as usize;
        let (source, status) = (call.param("sourceGroupId"), call.param("status"));
        let since = match call.given("lastUpdated") {
            None => Moment::NEVER,
            Some(text) => Moment::parse(text).ok_or_else(|| ApiError::of("E0000030"))?,
        };
        let wanted = |push: &PushMapping| {
            source.is_none_or(|id| push.source.as_str() == id)
                && status.is_none_or(|status| push.status == status)
                && push.last_updated >= since
        };
        let rows: Vec<(usize, &PushMapping)> =
            app.pushes.iter().enumerate().skip(start).filter(|(_, push)| wanted(push)).collect();
        let shown = &rows[..rows.len().min(limit)];
        let more = rows.len() > limit || (rows.len() == limit && self.settings.empty_last_page);
        let cursor =
            shown.last().filter(|_| more).map(|(at, _)| self.cursors.seal(&format!("c{at}"), call.now));
        let rows = shown.iter().map(|(_, push)| self.push_value(app, push, &call.link_base)).collect();
        Ok(Answer::value(&rows).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    pub fn post_push(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let body = call.json()?;
        let app = self.app_for(id)?;
        let source = body.get("sourceGroupId").and_then(Value::as_str).filter(|id| !id.is_empty());
        let source =
            source.ok_or_else(|| ApiError::invalid("sourceGroupId", "The field cannot be left blank"))?;
        let key = self.group_for(call, source)?;
        let missing = || ApiError::missing(source, "UserGroup");
        let (source, own) =
            self.group_at(key).map(|group| (group.head.id, group.head.name.clone())).ok_or_else(missing)?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let (target, name) = match (text("targetGroupId"), text("targetGroupName")) {
            (Some(target), None) => {
                let linked = self.group_at(self.group_for(call, target)?).map(|group| &group.head);
                let linked = linked.ok_or_else(|| ApiError::missing(target, "UserGroup"))?;
                (linked.id, linked.name.to_string())
            }
            (None, Some(name)) => (self.fresh_id("00g"), name.to_owned()),
            _ => {
                return Err(ApiError::invalid("targetGroupId", "either it or targetGroupName is required"));
            }
        };
        let status = text("status").unwrap_or("ACTIVE");
        if !matches!(status, "ACTIVE" | "INACTIVE") {
            return Err(ApiError::invalid("status", "must be ACTIVE or INACTIVE"));
        }
        let push = PushMapping {
            id: self.fresh_id("gPm"),
            source,
            target,
            name: (*name != *own).then(|| name.into()),
            status: status.to_owned(),
            created: self.now,
            last_updated: self.now,
            last_push: self.now,
            external: None,
            error: None,
        };
        let answer = self.push_value(&self.apps[app], &push, &call.link_base);
        let target = Party {
            id: push.id.to_string(),
            kind: "GroupPushMapping",
            alternate_id: "unknown".to_owned(),
            display_name: "Group push mapping".to_owned(),
        };
        let cause = call.cause.clone();
        self.record(&cause, "group_push", push.id.as_str(), None, Some(answer.to_string()));
        let (mapping, active) = (push.id, push.status != "INACTIVE");
        self.apps[app].pushes.push(push);
        if active {
            self.push_group(app, mapping);
        }
        self.emit(&event::GROUP_PUSH_CREATED, &cause, vec![target], Vec::new());
        Ok(Answer { status: StatusCode::CREATED, ..Answer::value(&answer) })
    }

    fn push_place(&self, app: usize, id: &str) -> ApiResult<usize> {
        let place = self.apps[app].pushes.iter().position(|push| push.id.as_str() == id);
        place.ok_or_else(|| ApiError::missing(id, "GroupPushMapping"))
    }

    pub fn get_push(&mut self, call: &Call<'_>, id: &str, push: &str) -> ApiResult<Answer> {
        let app = self.app_for(id)?;
        let place = self.push_place(app, push)?;
        let app = &self.apps[app];
        Ok(Answer::value(&self.push_value(app, &app.pushes[place], &call.link_base)))
    }

    pub fn patch_push(&mut self, call: &Call<'_>, id: &str, push: &str) -> ApiResult<Answer> {
        let body = call.json()?;
        let app = self.app_for(id)?;
        let place = self.push_place(app, push)?;
        let status = body.get("status").and_then(Value::as_str).unwrap_or_default();
        if !matches!(status, "ACTIVE" | "INACTIVE") {
            return Err(ApiError::invalid("status", "must be ACTIVE or INACTIVE"));
        }
        let now = self.now;
        let before = self.push_value(&self.apps[app], &self.apps[app].pushes[place], "").to_string();
        let held = &mut self.apps[app].pushes[place];
        held.status = status.to_owned();
        held.last_updated = now;
        let mapping = held.id;
        let after = self.push_value(&self.apps[app], &self.apps[app].pushes[place], "").to_string();
        self.record(&call.cause.clone(), "group_push", push, Some(before), Some(after));
        if status == "ACTIVE" {
            self.push_group(app, mapping);
        }
        self.get_push(call, id, push)
    }

    pub fn delete_push(&mut self, call: &Call<'_>, id: &str, push: &str) -> ApiResult<Answer> {
        let app = self.app_for(id)?;
        let place = self.push_place(app, push)?;
        let with_target = call.flag("deleteTargetGroup", false)?;
        if self.apps[app].pushes[place].status == "ACTIVE" {
            return Err(ApiError::refused("status", "Only an inactive mapping can be deleted"));
        }
        let before = self.push_value(&self.apps[app], &self.apps[app].pushes[place], "").to_string();
        let gone = self.apps[app].pushes.remove(place);
        if with_target {
            self.push_unlinked(app, gone.id, gone.external.map(Into::into));
        }
        self.record(&call.cause.clone(), "group_push", push, Some(before), None);
        Ok(Answer::no_content())
    }
}

fn app_value(app: &App, base: &str) -> Value {
    json!({
        "id": app.id.as_str(), "name": app.name, "label": app.label, "signOnMode": "AUTO_LOGIN",
        "status": if app.active { "ACTIVE" } else { "INACTIVE" },
        "_links": {
            "users": { "href": format!("{base}/api/v1/apps/{}/users", app.id) },
            "groups": { "href": format!("{base}/api/v1/apps/{}/groups", app.id) },
        },
    })
}
