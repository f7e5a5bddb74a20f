//! Users: create, read, update, and how one looks on the wire. Lists live in `user_list`, status changes in `lifecycle`.

use std::ops::Bound;

use serde_json::{Map, Value};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event::{self, Cause, Party},
    json::Json,
    moment::Moment,
    paging,
    profile::{AttributeKey, EMAIL, FIRST_NAME, Field, LAST_NAME, LOGIN, Profile, SECOND_EMAIL},
    request::{Answer, Call},
    settings::OverLimit,
    state::{EVERYONE, Group, GroupKey, GroupType, Org, Provider, Status, User, UserKey, folded},
};

pub const LIST_MAX: usize = 200;
const GROUP_IDS_MAX: usize = 20;

/// Which members of a user an answer shows.
#[derive(Debug, Default)]
pub struct View {
    /// Lifecycle links, as in a single read.
    pub full: bool,
    pub omit_credentials: bool,
    /// Without the links that reset a password or unlock.
    pub omit_credentials_links: bool,
    pub omit_transition: bool,
    /// From `fields`: top-level members, and profile attributes if narrowed.
    pub fields: Option<(Vec<String>, Option<Vec<String>>)>,
}

impl View {
    pub fn of(call: &Call<'_>, full: bool) -> Self {
        Self {
            full,
            omit_credentials: call.omits("omitCredentials"),
            omit_credentials_links: call.omits("omitCredentialsLinks"),
            omit_transition: call.omits("omitTransitioningToStatus"),
            fields: call.given("fields").map(fields),
        }
    }

    fn shows(&self, name: &str) -> bool {
        self.fields.as_ref().is_none_or(|(top, _)| top.iter().any(|field| field == name))
    }
}

/// `id,status,profile:(login,department)`
fn fields(text: &str) -> (Vec<String>, Option<Vec<String>>) {
    let mut attributes = None;
    let mut rest = text.to_owned();
    if let Some(start) = text.find("profile:(") {
        let inner = &text[start + 9..];
        let end = inner.find(')').unwrap_or(inner.len());
        attributes = Some(inner[..end].split(',').map(|name| name.trim().to_owned()).collect());
        rest = format!("{}profile{}", &text[..start], inner.get(end + 1..).unwrap_or_default());
    }
    let top = rest.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    (top, attributes)
}

impl Org {
    // ---- reading ---------------------------------------------------------------------------------------------

    /// A user by id, login, or the part of the login before `@`.
    pub fn find_user(&self, name: &str) -> Option<UserKey> {
        if let Some(id) = Oid::parse(name)
            && let Some(key) = self.user_ids.get(&id)
        {
            return Some(*key);
        }
        if let Some(key) = self.user_logins.get(folded(name).as_str()) {
            return Some(*key);
        }
        // Only what looks neither like an id nor like a whole login can be a short name.
        if name.contains('@') || name.starts_with("00u") || name.is_empty() {
            return None;
        }
        let start = format!("{}@", folded(name));
        let from = (Bound::Included(start.as_str()), Bound::Unbounded);
        let mut found =
            self.user_logins.range::<str, _>(from).take_while(|(login, _)| login.starts_with(&start));
        match (found.next(), found.next()) {
            (Some((_, key)), None) => Some(*key),
            _ => None,
        }
    }

    /// The user a path names, if the caller may see it.
    ///
    /// # Errors
    /// 404 E0000007; 403 E0000006 outside the caller's resource set.
    pub fn user_for(&self, call: &Call<'_>, name: &str) -> ApiResult<UserKey> {
        let missing = || ApiError::missing(name, "User");
        // A login with a slash in it works by id only.
        if name.contains('/') {
            return Err(missing());
        }
        let key = if name == "me" { call.who.owner } else { self.find_user(name) }.ok_or_else(missing)?;
        let user = self.user_at(key).ok_or_else(missing)?;
        if call.who.sees_user(user) { Ok(key) } else { Err(ApiError::of("E0000006")) }
    }

    /// `GET /api/v1/users/{id}`
    pub fn get_user(&mut self, call: &Call<'_>, name: &str) -> ApiResult<Answer> {
        let key = self.user_for(call, name)?;
        self.user_answer(call, key)
    }

    pub fn user_answer(&self, call: &Call<'_>, key: UserKey) -> ApiResult<Answer> {
        let user = self.user_at(key).ok_or_else(|| ApiError::missing("", "User"))?;
        let mut out = Json::with_capacity(1536);
        self.write_user(user, &call.link_base, &View::of(call, true), &mut out);
        Ok(Answer::json(out.into_string()).header("etag", etag(user)))
    }

    pub fn write_user(&self, user: &User, base: &str, view: &View, out: &mut Json) {
        out.open('{');
        out.text("id", user.id.as_str());
        if view.shows("status") {
            out.text("status", user.status.as_str());
        }
        for (name, at) in [
            ("created", user.created),
            ("activated", user.activated),
            ("statusChanged", user.status_changed),
            ("lastLogin", user.last_login),
            ("lastUpdated", user.last_updated),
            ("passwordChanged", user.password_changed),
        ] {
            if view.shows(name) {
                out.moment(name, at);
            }
        }
        if let Some(target) = user.transition.filter(|_| !view.omit_transition) {
            out.text("transitioningToStatus", target.as_str());
        }
        if view.shows("type") {
            out.key("type");
            out.open('{');
            out.text("id", self.types[usize::from(user.type_place)].id.as_str());
            out.close('}');
        }
        if view.shows("profile") {
            out.key("profile");
            let only = view.fields.as_ref().and_then(|(_, attributes)| attributes.as_deref());
            user.profile.write(&self.names, only, out);
        }
        if !view.omit_credentials && view.shows("credentials") {
            out.key("credentials");
            out.open('{');
            if user.password {
                out.key("password");
                out.raw("{}");
            }
            out.key("provider");
            out.open('{');
            out.text("type", user.provider.as_str());
            out.text("name", user.provider.as_str());
            out.close('}');
            out.close('}');
        }
        if view.shows("_links") {
            out.key("_links");
            out.open('{');
            let here = [base, "/api/v1/users/", user.id.as_str()];
            if view.full {
                let omitted = |name: &str| view.omit_credentials_links && CREDENTIALS_LINKS.contains(&name);
                for (name, path) in possible_now(user).iter().filter(|(name, _)| !omitted(name)) {
                    out.key(name);
                    out.open('{');
                    out.text("href", &format!("{}{path}", here.concat()));
                    out.text("method", "POST");
                    out.close('}');
                }
            }
            out.href("self", &here);
            out.close('}');
        }
        out.close('}');
    }

    /// A user as the journal and inspection show it: no links.
    pub fn user_text(&self, key: UserKey) -> Option<String> {
        let user = self.user_at(key)?;
        let mut out = Json::with_capacity(1024);
        let top = ["status", "profile", "type", "lastUpdated", "transitioningToStatus"];
        let fields = Some((top.iter().map(|name| (*name).to_owned()).collect(), None));
        self.write_user(user, "", &View { fields, ..View::default() }, &mut out);
        Some(out.into_string())
    }

    // ---- creating --------------------------------------------------------------------------------------------

    /// `POST /api/v1/users`
    pub fn create_user(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let body = call.json()?;
        let activate = call.flag("activate", true)?;
        let federated = call.flag("provider", false)?;
        let expire = match call.param("nextLogin") {
            None | Some("") => false,
            Some("changePassword") => true,
            Some(_) => return Err(ApiError::invalid("nextLogin", "must be changePassword")),
        };
        let new = self.new_user(&body, activate, federated, expire)?;
        let key = self.add_user(new, &call.cause.clone());
        self.user_answer(call, key)
    }

    /// Checks a creation request.
    pub fn new_user(
        &mut self,
        body: &Value,
        activate: bool,
        federated: bool,
        expire: bool,
    ) -> ApiResult<NewUser> {
        let named = body.pointer("/type/id").filter(|id| !id.is_null());
        let type_place = match named.map(|id| id.as_str().unwrap_or_default()) {
            None => 0,
            Some(id) => self
                .types
                .iter()
                .position(|kind| kind.id.as_str() == id && !kind.deleted)
                .ok_or_else(|| ApiError::invalid("type", "The user type does not exist"))?
                as u16,
        };
        let given = body.get("profile").and_then(Value::as_object);
        let given = given.ok_or_else(|| ApiError::invalid("profile", "The field cannot be left blank"))?;
        let mut profile = Profile::default();
        let defaults = self.defaults(given, type_place);
        self.apply_attributes(&mut profile, &defaults, type_place)?;
        self.apply_attributes(&mut profile, given, type_place)?;
        self.check_identity(&profile, None)?;
        self.check_whole(&profile, None, type_place)?;
        let password = body
            .pointer("/credentials/password")
            .is_some_and(|p| ["value", "hash", "hook"].iter().any(|form| p.get(form).is_some()));
        let wanted = body.pointer("/credentials/provider/type").and_then(Value::as_str);
        let provider = match wanted {
            Some("FEDERATION") => Provider::Federation,
            Some("ACTIVE_DIRECTORY") => Provider::ActiveDirectory,
            Some("IMPORT") => Provider::Import,
            _ if federated => Provider::Federation,
            _ => Provider::Okta,
        };
        for (broken, code) in [(expire && !activate, "E0000125"), (expire && !password, "E0000124")] {
            if broken {
                let refusal = ApiError::of(code);
                let cause = refusal.summary.clone();
                return Err(refusal.because(cause));
            }
        }
        let wrong = || ApiError::invalid("groupIds", "must be an array of ids");
        let ids: Vec<&str> = match body.get("groupIds") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(ids)) => {
                ids.iter().map(|id| id.as_str().ok_or_else(wrong)).collect::<ApiResult<_>>()?
            }
            Some(_) => return Err(wrong()),
        };
        if ids.len() > GROUP_IDS_MAX {
            return Err(ApiError::of("E0000093").because("The number of group targets is too large"));
        }
        let mut groups = Vec::new();
        for id in ids {
            let key = Oid::parse(id).and_then(|id| self.group_ids.get(&id).copied());
            let key = key.ok_or_else(|| ApiError::missing(id, "UserGroup"))?;
            let kind = self.group_at(key).map(|group| group.head.kind);
            if kind != Some(GroupType::Okta) {
                return Err(ApiError::of("E0000006"));
            }
            groups.push(key);
        }
        let status = if !activate {
            Status::Staged
        } else if expire {
            Status::PasswordExpired
        } else if password || provider != Provider::Okta || self.settings.optional_passwords {
            Status::Active
        } else {
            Status::Provisioned
        };
        Ok(NewUser { profile, status, password, provider, type_place, groups })
    }

    /// Puts a checked user in place, with events.
    pub fn add_user(&mut self, new: NewUser, cause: &Cause) -> UserKey {
        self.put_user(new, cause, false)
    }

    /// A user as an import brings it: `system.import.user.create`, and the lifecycle events by setting (O-26).
    pub fn import_user(&mut self, new: NewUser, cause: &Cause) -> UserKey {
        self.put_user(NewUser { provider: Provider::Import, ..new }, cause, true)
    }

    pub fn log_everyone(&mut self, key: UserKey, kind: &'static event::EventKind, cause: &Cause) {
        let user = self.user_at(key).map(User::party);
        let group = self.group_at(EVERYONE).map(|group| group.head.party());
        self.emit(kind, cause, user.into_iter().chain(group).collect(), Vec::new());
    }

    fn put_user(&mut self, new: NewUser, cause: &Cause, imported: bool) -> UserKey {
        let status = new.status;
        let groups = new.groups.clone();
        let id = self.fresh_id("00u");
        let user = User {
            id,
            status,
            transition: None,
            created: self.now,
            activated: if status == Status::Staged { Moment::NEVER } else { self.now },
            status_changed: if status == Status::Staged { Moment::NEVER } else { self.now },
            last_login: Moment::NEVER,
            last_updated: self.now,
            password_changed: if new.password { self.now } else { Moment::NEVER },
            type_place: new.type_place,
            version: 1,
            password: new.password,
            deleting: false,
            provider: new.provider,
            profile: new.profile,
            groups: Vec::new(),
        };
        let key = self.users.len() as UserKey;
        self.begin_user_change(key);
        let key = self.place_user(user);
        self.end_user_change(key);
        self.record(cause, "user", id.as_str(), None, self.user_text(key));
        let party = self.user_at(key).map(User::party);
        let target: Vec<Party> = party.into_iter().collect();
        if imported {
            self.emit(&event::IMPORT_USER_CREATE, cause, target.clone(), Vec::new());
        }
        let lifecycle = !imported || self.settings.import_logs_lifecycle;
        if lifecycle {
            self.emit(&event::USER_CREATE, cause, target.clone(), Vec::new());
        }
        if lifecycle && status != Status::Staged {
            self.emit(&event::USER_ACTIVATE, cause, target, Vec::new());
        }
        if self.settings.everyone_logs_members {
            self.log_everyone(key, &event::MEMBER_ADD, cause);
        }
        for group in groups {
            self.join(group, key, cause);
        }
        self.rules_after_change(key);
        key
    }

    /// Stores a user and its look-ups; no events, no index lag.
    pub fn place_user(&mut self, user: User) -> UserKey {
        let key = self.users.len() as UserKey;
        self.user_ids.insert(user.id, key);
        let folded = folded(user.login());
        // Most logins are folded already; then their text is shared.
        let login = user.profile.shared(LOGIN).filter(|login| **login == *folded);
        self.user_logins.insert(login.unwrap_or_else(|| folded.into()), key);
        self.users.push(Some(user));
        self.live_users += 1;
        key
    }

    // ---- updating --------------------------------------------------------------------------------------------

    /// `POST /api/v1/users/{id}`: partial; `PUT`: full replacement.
    pub fn update_user(&mut self, call: &Call<'_>, name: &str, replace: bool) -> ApiResult<Answer> {
        let key = self.user_for(call, name)?;
        if let (Some(wanted), Some(user)) = (call.header("if-match"), self.user_at(key))
            && !is_match(wanted, user)
        {
            let mut refusal = ApiError::invalid("If-Match", "The user was changed since it was read");
            refusal.status = http::StatusCode::PRECONDITION_FAILED;
            return Err(refusal);
        }
        let body = call.json()?;
        self.change_user(key, &body, replace, &call.cause.clone())?;
        self.user_answer(call, key)
    }

    /// Changes profile, type or password of a user, with events.
    pub fn change_user(&mut self, key: UserKey, body: &Value, replace: bool, cause: &Cause) -> ApiResult<()> {
        let user = self.user_at(key).ok_or_else(|| ApiError::missing("", "User"))?;
        let retired = user.status == Status::Deprovisioned;
        if (retired && !self.settings.edit_deactivated) || user.deleting {
            return Err(ApiError::of("E0000038"));
        }
        let old_type = user.type_place;
        let own_type = self.types[usize::from(old_type)].id;
        if !replace && body.pointer("/type/id").is_some_and(|id| id != own_type.as_str()) {
            return Err(ApiError::invalid("type", "The user type can only be changed by a full replacement"));
        }
        let mut profile = user.profile.clone();
        let mut type_place = old_type;
        // A replacement may be of the profile, of credentials, or of both: what is not sent is not replaced.
        let with_profile = body.get("profile").is_some();
        if replace && with_profile {
            if let Some(id) = body.pointer("/type/id").and_then(Value::as_str) {
                let place = self.types.iter().position(|kind| kind.id.as_str() == id && !kind.deleted);
                type_place =
                    place.ok_or_else(|| ApiError::invalid("type", "The user type does not exist"))? as u16;
            }
            let schema =
                self.user_schemas.iter().find(|schema| schema.id == self.types[usize::from(old_type)].schema);
            let kept: Vec<(AttributeKey, Field)> = (schema.into_iter().flat_map(|schema| &schema.mastered))
                .filter_map(|name| self.names.key(name))
                .filter_map(|key| Some((key, profile.get(key)?.clone())))
                .collect();
            profile.clear();
            // What another source owns, a replacement does not delete.
            for (key, field) in kept {
                profile.set(key, Some(field));
            }
        }
        match body.get("profile") {
            Some(Value::Object(given)) => {
                self.check_sources(key, given, replace)?;
                self.apply_attributes(&mut profile, given, type_place)?;
            }
            None if !replace || body.get("credentials").is_some() => {}
            None => return Err(ApiError::invalid("profile", "The field cannot be left blank")),
            Some(_) => return Err(ApiError::of("E0000003")),
        }
        self.check_identity(&profile, Some(key))?;
        self.check_whole(&profile, Some(key), type_place)?;
        let new_password = body.pointer("/credentials/password/value").is_some();

        let Some(user) = self.user_at(key) else { return Ok(()) };
        let changed: Vec<AttributeKey> = profile.changed(&user.profile);
        if changed.is_empty() && type_place == old_type && !new_password {
            return Ok(());
        }
        let before = self.user_text(key);
        let old_login = folded(user.login());
        self.begin_user_change(key);
        let now = self.now;
        if let Some(user) = self.user_mut(key) {
            user.profile = profile;
            user.profile.pack();
            user.type_place = type_place;
            user.last_updated = now;
            user.version += 1;
            if new_password {
                user.password = true;
                user.password_changed = now;
            }
        }
        let new_login = self.user_at(key).map(|user| folded(user.login())).unwrap_or_default();
        if new_login != old_login {
            self.user_logins.remove(old_login.as_str());
            self.user_logins.insert(new_login.into(), key);
        }
        self.end_user_change(key);
        let (id, target) = match self.user_at(key) {
            Some(user) => (user.id, vec![user.party()]),
            None => return Ok(()),
        };
        let after = self.user_text(key);
        self.record(cause, "user", id.as_str(), before, after);
        if type_place != old_type {
            let id_of = |place: u16| self.types[usize::from(place)].id.to_string();
            let debug = vec![("oldTypeId", id_of(old_type)), ("newTypeId", id_of(type_place))];
            self.emit(&event::USER_UPDATE_TYPE, cause, target.clone(), debug);
        }
        // Edits of deactivated people are not written to the log: a trap of the vendor's.
        if !changed.is_empty() && !retired {
            let names: Vec<&str> = changed.iter().map(|key| self.names.name(*key)).collect();
            let debug = vec![("changedAttributes", names.join(","))];
            self.emit(&event::USER_UPDATE_PROFILE, cause, target.clone(), debug);
            for (key, kind) in [
                (EMAIL, &event::USER_UPDATE_PRIMARY_EMAIL),
                (SECOND_EMAIL, &event::USER_UPDATE_SECONDARY_EMAIL),
            ] {
                if changed.contains(&key) {
                    self.emit(kind, cause, target.clone(), Vec::new());
                }
            }
        }
        if !changed.is_empty() {
            self.provision_profile(key);
        }
        if new_password {
            self.emit(&event::USER_UPDATE_PASSWORD, cause, target, Vec::new());
            let password = body.pointer("/credentials/password/value").and_then(Value::as_str);
            self.provision_password(key, password.unwrap_or_default());
        }
        self.rules_after_change(key);
        Ok(())
    }

    /// Applies given attributes to a profile; null clears.
    fn apply_attributes(
        &mut self,
        profile: &mut Profile,
        given: &Map<String, Value>,
        type_place: u16,
    ) -> ApiResult<()> {
        for (name, value) in given {
            self.check_attribute(name, value, type_place)?;
            let key = self.names.intern(name);
            let field = match (key, value) {
                // The vendor's description lets neither name be an empty text.
                (FIRST_NAME | LAST_NAME, Value::String(text)) if text.is_empty() => None,
                // What is one person's own is not worth sharing.
                (LOGIN | EMAIL | FIRST_NAME | LAST_NAME, Value::String(text)) => {
                    Some(Field::Text(text.as_str().into()))
                }
                _ => Field::of(value, &mut self.texts),
            };
            profile.set(key, field);
        }
        profile.pack();
        Ok(())
    }

    fn check_identity(&self, profile: &Profile, own: Option<UserKey>) -> ApiResult<()> {
        for (key, name) in [(LOGIN, "login"), (EMAIL, "email")] {
            let length = profile.text(key).chars().count();
            if length == 0 {
                return Err(ApiError::invalid(name, "The field cannot be left blank"));
            }
            if !(5..=100).contains(&length) {
                return Err(ApiError::invalid(name, "The field must be between 5 and 100 characters"));
            }
        }
        let holder = self.user_logins.get(folded(profile.text(LOGIN)).as_str());
        if holder.is_some() && holder.copied() != own {
            let why = "An object with this field already exists in the current organization";
            return Err(ApiError::invalid("login", why));
        }
        Ok(())
    }

    // ---- a user's groups -------------------------------------------------------------------------------------

    /// `GET /api/v1/users/{id}/groups`: pages at 200 although the reference does not say so.
    pub fn list_user_groups(&mut self, call: &Call<'_>, name: &str) -> ApiResult<Answer> {
        let key = self.user_for(call, name)?;
        let clamp = self.settings.over_limit_lists == OverLimit::Clamp;
        let limit = paging::limit(call, LIST_MAX, LIST_MAX, clamp)?;
        let place = call.given("after").map(|after| self.cursors.open(after, call.now)).transpose()?;
        let start = match place {
            None => 0,
            Some(place) => match place.strip_prefix("m").and_then(|group| group.parse::<u32>().ok()) {
                Some(group) => group + 1,
                None => return Err(ApiError::refused("after", "Invalid pagination cursor")),
            },
        };
        let user = self.user_at(key).ok_or_else(|| ApiError::missing(name, "User"))?;
        let shown = self.stale_user_groups.range((key, 0)..=(key, GroupKey::MAX));
        let shown: Vec<(GroupKey, bool)> = shown.map(|((_, group), was)| (*group, *was)).collect();
        let mut groups: Vec<GroupKey> =
            std::iter::once(EVERYONE).chain(user.groups.iter().copied()).collect();
        groups.retain(|group| !shown.contains(&(*group, false)));
        groups.extend(
            shown.iter().filter(|(group, was)| *was && !user.groups.contains(group)).map(|(g, _)| *g),
        );
        groups.sort_unstable();
        let visible = groups.into_iter().filter(|group| *group >= start && call.who.sees_group(*group));
        let mut found: Vec<(GroupKey, &Group)> =
            visible.filter_map(|key| self.group_at(key).map(|group| (key, group))).take(limit + 1).collect();
        let more = found.len() > limit || (found.len() == limit && self.settings.empty_last_page);
        found.truncate(limit);
        let mut out = Json::with_capacity(found.len() * 512 + 16);
        out.open('[');
        for (_, group) in &found {
            self.write_group(&group.head, &call.link_base, None, &mut out);
        }
        out.close(']');
        let cursor =
            found.last().filter(|_| more).map(|(key, _)| self.cursors.seal(&format!("m{key}"), call.now));
        Ok(Answer::json(out.into_string()).linked(paging::links(call, cursor.as_deref(), limit, &[])))
    }
}

/// A user to be created, already checked.
#[derive(Debug)]
pub struct NewUser {
    pub profile: Profile,
    pub status: Status,
    pub password: bool,
    pub provider: Provider,
    pub type_place: u16,
    pub groups: Vec<GroupKey>,
}

pub fn etag(user: &User) -> String {
    format!("W/\"{}-{}\"", &user.id.as_str()[13..], user.version)
}

/// Whether an `If-Match` names the user as they are now: `*`, or a list of tags, weak or strong.
fn is_match(wanted: &str, user: &User) -> bool {
    let own = etag(user);
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    wanted.trim() == "*" || wanted.split(',').any(|tag| strong(tag) == strong(&own))
}

/// Those of our links that the vendor counts among the credentials'.
const CREDENTIALS_LINKS: [&str; 2] = ["resetPassword", "unlock"];

/// Lifecycle links of a single read.
fn possible_now(user: &User) -> &'static [(&'static str, &'static str)] {
    const SUSPEND: (&str, &str) = ("suspend", "/lifecycle/suspend");
    const DEACTIVATE: (&str, &str) = ("deactivate", "/lifecycle/deactivate");
    const RESET: (&str, &str) = ("resetPassword", "/lifecycle/reset_password");
    const EXPIRE: (&str, &str) = ("expirePassword", "/lifecycle/expire_password");
    match user.status {
        Status::Staged | Status::Deprovisioned => &[("activate", "/lifecycle/activate")],
        Status::Provisioned => &[("reactivate", "/lifecycle/reactivate"), DEACTIVATE, RESET],
        Status::Active => &[SUSPEND, RESET, EXPIRE, DEACTIVATE],
        Status::Recovery => &[("reactivate", "/lifecycle/reactivate"), RESET, DEACTIVATE],
        Status::PasswordExpired => &[RESET, DEACTIVATE],
        Status::LockedOut => &[("unlock", "/lifecycle/unlock"), RESET, DEACTIVATE],
        Status::Suspended => &[("unsuspend", "/lifecycle/unsuspend"), DEACTIVATE],
    }
}
