//! Groups and their members.

use std::{collections::BTreeSet, sync::Arc};

use serde_json::{Map, Value};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event::{self, Cause},
    json::Json,
    moment::Moment,
    paging,
    request::{Answer, Call, unsupported},
    search::{self, Case, Fact, Filter, Literal, Operator},
    settings::{DuplicateGroup, OverLimit},
    state::{EVERYONE, Group, GroupHead, GroupKey, GroupType, Job, Org, Status, User, UserKey},
    users::View,
};

const GROUPS_MAX: usize = 10_000;
const MEMBERS_MAX: usize = 1000;
/// As the groups' schema has it.
const DESCRIPTION_MAX: usize = 1024;

impl Org {
    // ---- reading ---------------------------------------------------------------------------------------------

    /// The group a path names, if the caller may see it.
    ///
    /// # Errors
    /// 404 E0000007; 403 E0000006 outside the caller's resource set.
    pub fn group_for(&self, call: &Call<'_>, id: &str) -> ApiResult<GroupKey> {
        let key = Oid::parse(id).and_then(|id| self.group_ids.get(&id).copied());
        let key = key.ok_or_else(|| ApiError::missing(id, "UserGroup"))?;
        if call.who.sees_group(key) { Ok(key) } else { Err(ApiError::of("E0000006")) }
    }

    pub fn write_group(&self, head: &GroupHead, base: &str, stats: Option<&str>, out: &mut Json) {
        out.open('{');
        out.text("id", head.id.as_str());
        out.moment("created", head.created);
        out.moment("lastUpdated", head.last_updated);
        out.moment("lastMembershipUpdated", head.last_membership_updated);
        out.key("objectClass");
        out.raw(match (head.kind, head.extra.contains_key("samAccountName")) {
            (GroupType::App, true) => r#"["okta:windows_security_principal"]"#,
            _ => r#"["okta:user_group"]"#,
        });
        out.text("type", head.kind.as_str());
        out.key("profile");
        out.open('{');
        out.text("name", &head.name);
        if let Some(description) = &head.description {
            out.text("description", description);
        }
        for (name, value) in &head.extra {
            out.key(name);
            out.raw(&value.to_string());
        }
        out.close('}');
        if let Some(stats) = stats {
            out.key("_embedded");
            out.raw(stats);
        }
        out.key("_links");
        out.open('{');
        let here = [base, "/api/v1/groups/", head.id.as_str()];
        out.href("self", &here);
        for name in ["users", "apps"] {
            out.href(name, &[base, "/api/v1/groups/", head.id.as_str(), "/", name]);
        }
        if let Some(app) = &head.source {
            out.href("source", &[base, "/api/v1/apps/", app.as_str()]);
        }
        out.close('}');
        out.close('}');
    }

    pub fn group_text(&self, key: GroupKey) -> Option<String> {
        let group = self.group_at(key)?;
        let mut out = Json::default();
        self.write_group(&group.head, "", None, &mut out);
        Some(out.into_string())
    }

    fn group_answer(&self, call: &Call<'_>, key: GroupKey) -> ApiResult<Answer> {
        let group = self.group_at(key).ok_or_else(|| ApiError::missing("", "UserGroup"))?;
        let mut out = Json::default();
        self.write_group(&group.head, &call.link_base, self.expanded(call, key).as_deref(), &mut out);
        Ok(Answer::json(out.into_string()))
    }

    fn expanded(&self, call: &Call<'_>, key: GroupKey) -> Option<String> {
        let head = &self.group_at(key)?.head;
        match call.param("expand")? {
            "stats" => {
                let apps = self.apps.iter().filter(|app| app.groups.contains_key(&key)).count();
                let pushes =
                    self.apps.iter().flat_map(|app| &app.pushes).filter(|p| p.source == head.id).count();
                let stats = serde_json::json!({ "stats": {
                    "usersCount": self.member_count(key),
                    "appsCount": apps,
                    "groupPushMappingsCount": pushes,
                    "hasAdminPrivlege": false,
                }});
                Some(stats.to_string())
            }
            "app" => {
                let app = self.apps.iter().find(|app| Some(app.id) == head.source)?;
                let app = serde_json::json!({ "app": { "id": app.id.as_str(), "name": app.name, "label": app.label } });
                Some(app.to_string())
            }
            _ => None,
        }
    }

    pub fn member_count(&self, key: GroupKey) -> usize {
        if key == EVERYONE {
            return self.live_users;
        }
        self.group_at(key).map_or(0, |group| group.members.len())
    }

    /// `GET /api/v1/groups/{id}`
    pub fn get_group(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let key = self.group_for(call, id)?;
        self.group_answer(call, key)
    }

    /// `GET /api/v1/groups`
    pub fn list_groups(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        let q = call.given("q");
        let limit = match q {
            Some(_) => paging::limit(call, 300, 300, clamp)?,
            None => paging::limit(call, GROUPS_MAX, GROUPS_MAX, clamp)?,
        };
        let is_time =
            |name: &String| matches!(name.as_str(), "created" | "lastUpdated" | "lastMembershipUpdated");
        let filter = match (call.given("search"), call.given("filter")) {
            (Some(text), _) => {
                let parsed = search::parse(text, &search_attribute)
                    .map_err(|why| ApiError::of("E0000031").because(why))?;
                search::check_times(&parsed, &is_time, "E0000031")?;
                Some((parsed, Case::Ignored))
            }
            (None, Some(text)) => {
                let unsupported = std::cell::Cell::new(false);
                let resolve = |name: &str, operator: Operator| {
                    filter_attribute(name, operator).inspect_err(|_| unsupported.set(true))
                };
                let code = || if unsupported.get() { "E0000094" } else { "E0000053" };
                let parsed =
                    search::parse(text, &resolve).map_err(|why| ApiError::of(code()).because(why))?;
                search::check_times(&parsed, &is_time, "E0000053")?;
                Some((parsed, Case::Exact))
            }
            (None, None) => None,
        };
        let sort = match (call.given("search"), call.given("sortBy")) {
            (Some(_), Some(name)) => Some(
                search_attribute(name, Operator::Eq)
                    .map_err(|why| ApiError::of("E0000031").because(format!("sortBy: {why}")))?,
            ),
            // For search queries only.
            _ => None,
        };
        let descending = sort.is_some() && paging::descending(call)?;
        let keep = |key: GroupKey, head: &GroupHead| {
            call.who.sees_group(key)
                && filter.as_ref().is_none_or(|(filter, case)| group_matches(head, filter, *case))
                && q.is_none_or(|q| {
                    Operator::StartsWith.holds(
                        Some(Fact::Text(&head.name)),
                        &Literal::Text(q.to_owned()),
                        Case::Ignored,
                    )
                })
        };
        let place = call.given("after").filter(|_| q.is_none());
        let place = place.map(|after| self.cursors.open(after, call.now)).transpose()?;
        let mut rows: Vec<(String, Oid, GroupKey)> = (0..self.groups.len() as u32)
            .filter_map(|key| self.listed_group(key).filter(|head| keep(key, head)).map(|head| (key, head)))
            .map(|(key, head)| (group_sort_text(head, sort.as_deref(), key), head.id, key))
            .collect();
        rows.sort();
        if descending {
            rows.reverse();
        }
        if let Some(place) = place {
            let parsed = place.strip_prefix("g").and_then(|place| place.split_once('_'));
            let parsed = parsed.and_then(|(id, text)| Some((text.to_owned(), Oid::parse(id)?)));
            let (text, id) = parsed.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))?;
            rows.retain(|row| {
                if descending { (&row.0, row.1) < (&text, id) } else { (&row.0, row.1) > (&text, id) }
            });
        }
        let more = rows.len() > limit || (rows.len() == limit && self.settings.empty_last_page);
        rows.truncate(limit);
        let mut out = Json::with_capacity(rows.len() * 512 + 16);
        out.open('[');
        for (_, _, key) in &rows {
            if let Some(head) = self.listed_group(*key) {
                self.write_group(head, &call.link_base, self.expanded(call, *key).as_deref(), &mut out);
            }
        }
        out.close(']');
        let last = rows.last().filter(|_| more && q.is_none());
        let cursor = last.map(|(text, id, _)| self.cursors.seal(&format!("g{id}_{text}"), call.now));
        Ok(Answer::json(out.into_string()).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    /// `GET /api/v1/groups/{id}/users`: all statuses. Each page is current at its own call.
    pub fn list_members(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let key = self.group_for(call, id)?;
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        let limit = paging::limit(call, MEMBERS_MAX, MEMBERS_MAX, clamp)?;
        let place = call.given("after").map(|after| self.cursors.open(after, call.now)).transpose()?;
        let (found, next) = if self.settings.member_snapshot {
            self.frozen_page(key, place.as_deref(), limit)?
        } else {
            self.live_page(key, place.as_deref(), limit)?
        };
        let view = View::of(call, false);
        let mut out = Json::with_capacity(found.len() * 1024 + 16);
        out.open('[');
        for key in &found {
            if let Some(user) = self.user_at(*key) {
                self.write_user(user, &call.link_base, &view, &mut out);
            }
        }
        out.close(']');
        let cursor = next.map(|place| self.cursors.seal(&place, call.now));
        Ok(Answer::json(out.into_string()).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }

    /// A page of members as they are now, and the place of the next.
    fn live_page(
        &self,
        key: GroupKey,
        place: Option<&str>,
        limit: usize,
    ) -> ApiResult<(Vec<UserKey>, Option<String>)> {
        let start = match place {
            None => 0,
            Some(place) => match place.strip_prefix('n').and_then(|user| user.parse::<u32>().ok()) {
                Some(user) => user + 1,
                None => return Err(ApiError::refused("after", "Invalid pagination cursor")),
            },
        };
        let mut found = self.listed_members(key, start, limit + 1);
        let more = found.len() > limit || (found.len() == limit && self.settings.empty_last_page);
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|key| format!("n{key}"));
        Ok((found, next))
    }

    /// A page of members as they were when the first page was read (O-24). What was frozen long ago is forgotten, and
    /// its cursor dead.
    fn frozen_page(
        &mut self,
        key: GroupKey,
        place: Option<&str>,
        limit: usize,
    ) -> ApiResult<(Vec<UserKey>, Option<String>)> {
        const FROZEN_MAX: usize = 64;
        let (number, from) = match place {
            None => {
                let members: Arc<[UserKey]> = self.listed_members(key, 0, usize::MAX).into();
                let number = self.frozen_members.back().map_or(0, |(number, _)| number + 1);
                if self.frozen_members.len() >= FROZEN_MAX {
                    self.frozen_members.pop_front();
                }
                self.frozen_members.push_back((number, members));
                (number, 0)
            }
            Some(place) => {
                let parsed = place.strip_prefix('k').and_then(|place| place.split_once('_'));
                let parsed = parsed.and_then(|(number, from)| {
                    Some((number.parse::<u64>().ok()?, from.parse::<usize>().ok()?))
                });
                parsed.ok_or_else(|| ApiError::refused("after", "Invalid pagination cursor"))?
            }
        };
        let frozen = self.frozen_members.iter().find(|(known, _)| *known == number);
        let (_, frozen) =
            frozen.ok_or_else(|| ApiError::refused("after", "Invalid or expired pagination cursor"))?;
        let to = from.saturating_add(limit).min(frozen.len());
        let found = frozen.get(from..to).unwrap_or_default();
        let more = to < frozen.len() || (found.len() == limit && self.settings.empty_last_page);
        let next = (more && !found.is_empty()).then(|| format!("k{number}_{to}"));
        Ok((found.iter().copied().filter(|key| self.user_at(*key).is_some()).collect(), next))
    }

    /// Members as the list shows them now, from a place on.
    fn listed_members(&self, key: GroupKey, start: UserKey, wanted: usize) -> Vec<UserKey> {
        if key == EVERYONE {
            let keys = start..self.users.len() as u32;
            return keys.filter(|key| self.user_at(*key).is_some()).take(wanted).collect();
        }
        let Some(group) = self.group_at(key) else { return Vec::new() };
        let shown = self.stale_members.range((key, start)..=(key, UserKey::MAX));
        let (mut hidden, mut ghosts) = (BTreeSet::new(), BTreeSet::new());
        for ((_, user), was) in shown {
            if *was {
                ghosts.insert(*user)
            } else {
                hidden.insert(*user)
            };
        }
        let live = group.members.range(start..).copied().filter(|user| !hidden.contains(user));
        if ghosts.is_empty() {
            return live.take(wanted).collect();
        }
        let ghosts =
            ghosts.into_iter().filter(|user| !group.members.contains(user) && self.user_at(*user).is_some());
        let mut all: Vec<UserKey> = live.take(wanted).chain(ghosts).collect();
        all.sort_unstable();
        all.truncate(wanted);
        all
    }

    // ---- writing ---------------------------------------------------------------------------------------------

    /// Puts a group in place; no events.
    pub fn insert_group(&mut self, name: &str, description: Option<&str>, kind: GroupType) -> GroupKey {
        let key = self.groups.len() as GroupKey;
        let head = GroupHead {
            id: self.fresh_id("00g"),
            kind,
            name: name.into(),
            description: description.map(Into::into),
            created: self.now,
            last_updated: self.now,
            last_membership_updated: self.now,
            extra: Map::new(),
            source: None,
        };
        self.group_ids.insert(head.id, key);
        self.groups.push(Some(Group { head, members: BTreeSet::new() }));
        key
    }

    /// Makes a user a member; no events. `Everyone` needs none.
    pub fn place_member(&mut self, group: GroupKey, user: UserKey) {
        if group == EVERYONE {
            return;
        }
        if let Some(user) = self.user_mut(user)
            && let Err(at) = user.groups.binary_search(&group)
        {
            user.groups.insert(at, group);
        }
        if let Some(group) = self.group_mut(group) {
            group.members.insert(user);
        }
    }

    fn check_group_profile(
        &self,
        body: &Value,
        own: Option<GroupKey>,
    ) -> ApiResult<(String, Option<String>, Map<String, Value>)> {
        let profile = body.get("profile").and_then(Value::as_object);
        let profile =
            profile.ok_or_else(|| ApiError::invalid("profile", "The field cannot be left blank"))?;
        let text = |name: &str| profile.get(name).and_then(Value::as_str);
        let name = text("name").filter(|name| !name.trim().is_empty());
        let name = name.ok_or_else(|| ApiError::invalid("name", "The field cannot be left blank"))?;
        if name.chars().count() > 255 {
            return Err(ApiError::invalid("name", "The field is too long"));
        }
        if profile.get("description").is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err(ApiError::invalid("description", "The value must be a string"));
        }
        if text("description").is_some_and(|text| text.chars().count() > DESCRIPTION_MAX) {
            return Err(ApiError::invalid("description", "The field is too long"));
        }
        if let Some(field) = unsupported(&body["profile"], "profile") {
            return Err(ApiError::invalid(field, "Characters of four UTF-8 bytes are not supported"));
        }
        let taken = (0..).zip(&self.groups).any(|(key, group)| {
            Some(key) != own
                && group.as_ref().is_some_and(|group| {
                    group.head.kind != GroupType::App && group.head.name.eq_ignore_ascii_case(name)
                })
        });
        if taken {
            match self.settings.duplicate_group {
                DuplicateGroup::Allowed => {}
                DuplicateGroup::Conflict => return Err(ApiError::of("E0000055")),
                DuplicateGroup::Validation => {
                    let why = "An object with this field already exists in the current organization";
                    return Err(ApiError::invalid("name", why));
                }
            }
        }
        let mut extra = Map::new();
        for (field, value) in profile {
            if field == "name" || field == "description" || value.is_null() {
                continue;
            }
            self.check_group_attribute(field, value)?;
            extra.insert(field.clone(), value.clone());
        }
        Ok((name.to_owned(), text("description").map(str::to_owned), extra))
    }

    /// `POST /api/v1/groups`
    pub fn post_group(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let key = self.create_group(&call.json()?, &call.cause.clone())?;
        self.group_answer(call, key)
    }

    pub fn create_group(&mut self, body: &Value, cause: &Cause) -> ApiResult<GroupKey> {
        let (name, description, extra) = self.check_group_profile(body, None)?;
        let key = self.groups.len() as GroupKey;
        self.begin_group_change(key);
        let key = self.insert_group(&name, description.as_deref(), GroupType::Okta);
        if let Some(group) = self.group_mut(key) {
            group.head.extra = extra;
        }
        self.log_group(key, &event::GROUP_CREATE, cause, None, Vec::new());
        Ok(key)
    }

    fn log_group(
        &mut self,
        key: GroupKey,
        kind: &'static event::EventKind,
        cause: &Cause,
        before: Option<String>,
        debug: Vec<(&'static str, String)>,
    ) {
        let Some(party) = self.group_at(key).map(|group| group.head.party()) else { return };
        let after = self.group_text(key);
        self.record(cause, "group", &party.id, before, after);
        self.emit(kind, cause, vec![party], debug);
    }

    fn changeable(&self, key: GroupKey) -> ApiResult<()> {
        match self.group_at(key).map(|group| group.head.kind) {
            Some(GroupType::Okta) => Ok(()),
            _ => Err(ApiError::of("E0000006").because("This group is not managed by Okta")),
        }
    }

    /// `PUT /api/v1/groups/{id}`: replaces the whole profile.
    pub fn put_group(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let key = self.group_for(call, id)?;
        self.change_group(key, &call.json()?, &call.cause.clone())?;
        self.group_answer(call, key)
    }

    pub fn change_group(&mut self, key: GroupKey, body: &Value, cause: &Cause) -> ApiResult<()> {
        self.changeable(key)?;
        let (name, description, extra) = self.check_group_profile(body, Some(key))?;
        let before = self.group_text(key);
        let Some(head) = self.group_at(key).map(|group| &group.head) else { return Ok(()) };
        let mut changed = Vec::new();
        let renamed = *head.name != *name;
        if renamed {
            changed.push("name");
        }
        if head.description.as_deref() != description.as_deref() {
            changed.push("description");
        }
        let gone = head.extra.keys().filter(|field| !extra.contains_key(*field));
        let own = extra.iter().filter(|(field, value)| head.extra.get(*field) != Some(*value));
        changed.extend(own.map(|(field, _)| field.as_str()).chain(gone.map(String::as_str)));
        if changed.is_empty() {
            return Ok(());
        }
        let debug = vec![("changedAttributes", changed.join(","))];
        self.begin_group_change(key);
        let now = self.now;
        if let Some(group) = self.group_mut(key) {
            group.head.name = name.into();
            group.head.description = description.map(Into::into);
            group.head.extra = extra;
            group.head.last_updated = now;
        }
        self.log_group(key, &event::GROUP_UPDATE, cause, before, debug);
        if let (true, Some(id)) = (renamed, self.group_at(key).map(|group| group.head.id)) {
            self.push_rename(id);
        }
        Ok(())
    }

    /// `DELETE /api/v1/groups/{id}`
    pub fn delete_group(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let key = self.group_for(call, id)?;
        self.changeable(key)?;
        self.remove_group(key, &call.cause.clone());
        Ok(Answer::no_content())
    }

    pub fn remove_group(&mut self, key: GroupKey, cause: &Cause) {
        let before = self.group_text(key);
        let Some(group) = self.group_at(key) else { return };
        let party = group.head.party();
        let id = group.head.id;
        let members: Vec<UserKey> = group.members.iter().copied().collect();
        self.begin_group_change(key);
        for user in &members {
            if self.settings.group_delete_logs_members
                && let Some(user) = self.user_at(*user).map(User::party)
            {
                self.emit(&event::MEMBER_REMOVE, cause, vec![user, party.clone()], Vec::new());
            }
            if let Some(user) = self.user_mut(*user) {
                user.groups.retain(|group| *group != key);
            }
        }
        self.groups[key as usize] = None;
        self.group_ids.remove(&id);
        self.record(cause, "group", id.as_str(), before, None);
        self.emit(&event::GROUP_DELETE, cause, vec![party], Vec::new());
        self.apps_after_group(key, &members);
        self.rules_without_group(id);
    }

    // ---- members ---------------------------------------------------------------------------------------------

    /// `PUT` or `DELETE /api/v1/groups/{id}/users/{uid}`
    pub fn put_member(&mut self, call: &Call<'_>, id: &str, user: &str, add: bool) -> ApiResult<Answer> {
        let group = self.group_for(call, id)?;
        // Only ids here: this endpoint takes no logins.
        let user = Oid::parse(user)
            .and_then(|id| self.user_ids.get(&id).copied())
            .ok_or_else(|| ApiError::missing(user, "User"))?;
        if !self.user_at(user).is_some_and(|user| call.who.sees_user(user)) {
            return Err(ApiError::of("E0000006"));
        }
        self.changeable(group)?;
        let cause = call.cause.clone();
        if add {
            self.join(group, user, &cause)
        } else {
            self.leave(group, user, &cause)
        };
        Ok(Answer::no_content())
    }

    /// Adds a member with event and follow-ups; `false` if already one.
    pub fn join(&mut self, group: GroupKey, user: UserKey, cause: &Cause) -> bool {
        self.change_member(group, user, true, cause)
    }

    /// Takes a member out; `false` if none.
    pub fn leave(&mut self, group: GroupKey, user: UserKey, cause: &Cause) -> bool {
        self.change_member(group, user, false, cause)
    }

    fn change_member(&mut self, group: GroupKey, user: UserKey, add: bool, cause: &Cause) -> bool {
        let (Some(held), Some(person)) = (self.group_at(group), self.user_at(user)) else { return false };
        if group == EVERYONE {
            return false;
        }
        let was = held.members.contains(&user);
        let targets = vec![person.party(), held.head.party()];
        let kind = if add { &event::MEMBER_ADD } else { &event::MEMBER_REMOVE };
        let id = held.head.id;
        let imported = held.head.kind == GroupType::App;
        if was == add {
            if self.settings.repeat_membership_logged {
                self.touch_membership(group);
                self.emit(kind, cause, targets, Vec::new());
            }
            return false;
        }
        let lag = self.draw(|s| s.member_lag);
        if lag > 0 && !self.stale_members.contains_key(&(group, user)) {
            self.stale_members.insert((group, user), was);
            self.later(lag, Job::ShowMember(group, user));
        }
        let lag = self.draw(|s| s.user_groups_lag);
        if lag > 0 && !self.stale_user_groups.contains_key(&(user, group)) {
            self.stale_user_groups.insert((user, group), was);
            self.later(lag, Job::ShowUserGroup(user, group));
        }
        if add {
            self.place_member(group, user);
        } else {
            if let Some(group) = self.group_mut(group) {
                group.members.remove(&user);
            }
            if let Some(user) = self.user_mut(user) {
                user.groups.retain(|held| *held != group);
            }
        }
        let behind = imported || cause.0.transaction == "JOB";
        if self.settings.background_moves_membership || !behind {
            self.touch_membership(group);
        }
        let record = format!("{{\"group\":\"{id}\",\"user\":\"{}\"}}", targets[0].id);
        let (before, after) = if add { (None, Some(record)) } else { (Some(record), None) };
        self.record(cause, "membership", &format!("{id}/{}", targets[0].id), before, after);
        if imported {
            self.emit(&event::APP_USER_MANAGEMENT, cause, targets.clone(), Vec::new());
        }
        if !imported || self.settings.imported_members_logged {
            self.emit(kind, cause, targets, Vec::new());
        }
        self.apps_after_group(group, &[user]);
        self.push_member(group, user, add);
        self.rules_after_membership(user);
        true
    }

    pub fn touch_membership(&mut self, key: GroupKey) {
        self.begin_group_change(key);
        let now = self.now;
        if let Some(group) = self.group_mut(key) {
            group.head.last_membership_updated = now;
        }
    }

    /// The groups of a user that count for app access and rules: none once deactivated.
    pub fn effective_groups(&self, key: UserKey) -> Vec<GroupKey> {
        match self.user_at(key) {
            Some(user)
                if user.status != Status::Deprovisioned && user.transition != Some(Status::Deprovisioned) =>
            {
                std::iter::once(EVERYONE).chain(user.groups.iter().copied()).collect()
            }
            _ => Vec::new(),
        }
    }
}

fn search_attribute(name: &str, operator: Operator) -> Result<String, String> {
    let known =
        matches!(name, "id" | "created" | "lastUpdated" | "lastMembershipUpdated" | "type" | "source.id")
            || name.starts_with("profile.");
    match operator {
        _ if !known => Err(format!("unknown attribute '{name}'")),
        Operator::Contains if !matches!(name, "profile.name" | "profile.description") => {
            Err(format!("'co' is not supported on '{name}'"))
        }
        Operator::EndsWith => Err("'ew' is not supported".to_owned()),
        _ => Ok(name.to_owned()),
    }
}

fn filter_attribute(name: &str, operator: Operator) -> Result<String, String> {
    match (name, operator) {
        ("id" | "type", Operator::Eq) => Ok(name.to_owned()),
        (
            "lastUpdated" | "lastMembershipUpdated",
            Operator::Eq | Operator::Gt | Operator::Ge | Operator::Lt | Operator::Le,
        ) => Ok(name.to_owned()),
        _ => Err(format!("'{name}' is not supported by filter with this operator")),
    }
}

fn group_matches(head: &GroupHead, filter: &Filter<String>, case: Case) -> bool {
    filter.holds(&mut |name, operator, literal| {
        let time = |at: Moment| operator.holds(Some(Fact::Time(at)), literal, case);
        let text = |value: Option<&str>| operator.holds(value.map(Fact::Text), literal, case);
        match name.as_str() {
            "id" => operator.holds(Some(Fact::Text(head.id.as_str())), literal, Case::Exact),
            "type" => text(Some(head.kind.as_str())),
            "created" => time(head.created),
            "lastUpdated" => time(head.last_updated),
            "lastMembershipUpdated" => time(head.last_membership_updated),
            "source.id" => text(head.source.as_ref().map(|id| id.as_str())),
            "profile.name" => text(Some(&head.name)),
            "profile.description" => text(head.description.as_deref()),
            name => text(name.strip_prefix("profile.").and_then(|field| head.extra.get(field)?.as_str())),
        }
    })
}

/// What a group sorts by; without an order, by its creation. Equal texts leave the order to the id.
fn group_sort_text(head: &GroupHead, by: Option<&str>, key: GroupKey) -> String {
    let Some(by) = by else { return format!("{key:010}") };
    match by {
        "profile.name" => head.name.to_lowercase(),
        "profile.description" => head.description.as_deref().unwrap_or_default().to_lowercase(),
        "lastUpdated" => head.last_updated.iso(),
        "lastMembershipUpdated" => head.last_membership_updated.iso(),
        "created" => head.created.iso(),
        "type" => head.kind.as_str().to_owned(),
        "source.id" => head.source.map(|id| id.to_string()).unwrap_or_default(),
        name => match name.strip_prefix("profile.").and_then(|field| head.extra.get(field)) {
            None => String::new(),
            Some(Value::String(text)) => text.to_lowercase(),
            Some(value) => match value.as_i64() {
                Some(number) => format!("{:020}", i128::from(number) + (1 << 63)),
                None => value.to_string(),
            },
        },
    }
}
