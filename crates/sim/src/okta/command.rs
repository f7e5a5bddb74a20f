//! The admin at the vendor's console, and the weather: changes that do not come through the API.
//!
//! A command is an object with `do`. People are named by id or login (`user`), groups by id or name (`group`), apps
//! by id or label (`app`), credentials by id, name or client id (`principal`). Times are ISO 8601, or `for_seconds`.
//!
//! | `do` | further members | answer |
//! |---|---|---|
//! | `create_user` | `profile`, `activate` (true), `groups` (ids or names), `type` | `{"id"}` |
//! | `import_user` | the same, as an import brings it | `{"id"}` |
//! | `update_profile` | `user`, `profile` (null clears) | |
//! | `change_type` | `user`, `type` (id or name) | |
//! | `activate`, `reactivate`, `deactivate`, `suspend`, `unsuspend`, `unlock`, `expire_password`, `reset_password` | `user` | |
//! | `lock`, `finish_password` | `user`: LOCKED_OUT; ACTIVE after a welcome or reset | |
//! | `delete_user` | `user`: deactivated first if need be, then gone | |
//! | `sign_in` | `user` | |
//! | `create_group` | `name`, `description` | `{"id"}` |
//! | `rename_group` | `group`, `name` | |
//! | `delete_group` | `group` | |
//! | `add_to_group`, `remove_from_group` | `user`, `group` (imported groups too) | |
//! | `assign_group_to_app`, `unassign_group_from_app` | `app`, `group` | |
//! | `connect_scim` | `app`, `url`, `authorization` (the whole header), `style` (`oin`, `aiw`), `enterprise`, `passwords`, `patch_paths`: checks the SCIM server, then provisions to it | |
//! | `provision_everybody` | `app`: who was assigned before the server was connected | `{"people"}` |
//! | `push_now` | `app`, `group`: all members of a pushed group | |
//! | `import_from_scim` | `app` | |
//! | `delete_in_scim` | `app`, `user` | |
//! | `retry_provisioning` | `app`: what failed, again | `{"tasks"}` |
//! | `preset_hook` | `uri`, `secret`, `events`, `name`: verified at once | `{"id"}` |
//! | `drop_next_hooks`, `duplicate_next_hooks` | `count` | |
//! | `hook_outage` | `until` or `for_seconds` | |
//! | `hook_delay`, `log_delay` | `seconds`, added to each; 0 ends it | |
//! | `shuffle_hooks` | `on` | |
//! | `preview_hooks` | sends each active hook the console's sample, with nulls | |
//! | `drop_next_log_events` | `count` (hooks still get them) | |
//! | `duplicate_next_log_events` | `count`: each is in the log twice | |
//! | `log_page_max` | `events`: larger pages answer 500; null ends it | |
//! | `kill_cursors` | | |
//! | `read_only` | `until` or `for_seconds` | |
//! | `concurrency_429` | `count` of next answers | |
//! | `exhaust_bucket` | `bucket` (a name of the quota settings), `until` or `for_seconds` | |
//! | `create_token` | `secret`, `name`, `owner` (a user) | `{"id"}` |
//! | `create_oidc_app` | `label`, `redirect_uris`, `post_logout_uris`, `secret` (made up; `public` true: none), `keys` (public JWKs instead of a secret), `groups_prefix` | `{"client_id","client_secret"}` |
//! | `create_service_app` | `label`, `keys` (public JWKs), `scopes`, `dpop` (true) | `{"client_id"}` |
//! | `revoke_credential` | `principal` | `{"revoked"}` |
//! | `withdraw_scope`, `grant_scope` | `principal`, `scope` | |
//! | `narrow_role` | `principal`, `groups` (ids or names); `null`: the whole org; `[]`: nothing | |
//! | `rotate_signing_key` | | |
//! | `settings` | `settings`: members to change, by the names of [`OktaSettings`](super::OktaSettings) | |

use std::sync::Arc;

use serde_json::{Value, json};

use super::{
    auth::{Role, ServiceApp},
    dice::Oid,
    errors::ApiError,
    event::{self, Cause, CauseDetail, Party},
    lifecycle::Verb,
    limits::Limits,
    moment::Moment,
    oidc::OidcApp,
    state::{GroupKey, Org, Status, UserKey},
};

type Done = Result<Value, String>;

/// The texts of a list member; absent is empty.
fn texts(command: &Value, name: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{name}` must be a list of texts");
    match command.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

impl Org {
    pub fn command(&mut self, command: &Value) -> Done {
        let verb = command.get("do").and_then(Value::as_str).ok_or("an Okta command needs `do`")?;
        let cause = self.console(verb);
        self.obey(verb, command, &cause).map_err(|wrong| format!("Okta command `{verb}`: {wrong}"))
    }

    fn console(&mut self, verb: &str) -> Cause {
        let transaction_id = self.dice.text(24);
        Cause(Arc::new(CauseDetail {
            actor: Party {
                id: "00uconsole0admin0000".to_owned(),
                kind: "User",
                alternate_id: format!("admin@{}", self.settings.host),
                display_name: "Console Admin".to_owned(),
            },
            transaction: "WEB",
            transaction_id,
            request_uri: Some(format!("/admin/{verb}")),
            user_agent: Some("Console".to_owned()),
            api_token_id: None,
            caller: "console".to_owned(),
            method: "COMMAND".to_owned(),
        }))
    }

    fn obey(&mut self, verb: &str, command: &Value, cause: &Cause) -> Done {
        let nothing = Ok(json!({}));
        let text = |name: &str| {
            command.get(name).and_then(Value::as_str).ok_or_else(|| format!("`{name}` must be a text"))
        };
        let count = || command.get("count").and_then(Value::as_u64).ok_or("`count` must be a whole number");
        let told = |refusal: ApiError| match refusal.causes.first() {
            Some(cause) => format!("{} ({cause})", refusal.summary),
            None => refusal.summary,
        };
        if let Some(turn) = Verb::named(verb) {
            let user = self.named_user(command)?;
            self.turn_user(user, turn, cause).map_err(told)?;
            return nothing;
        }
        match verb {
            "create_user" | "import_user" => {
                let mut body = json!({ "profile": command.get("profile").cloned().unwrap_or(json!({})) });
                if let Some(kind) = command.get("type").and_then(Value::as_str) {
                    body["type"] = json!({ "id": self.named_type(kind)?.as_str() });
                }
                let activate = command.get("activate").and_then(Value::as_bool).unwrap_or(true);
                let mut groups = Vec::new();
                for name in command.get("groups").and_then(Value::as_array).into_iter().flatten() {
                    groups.push(self.group_by(name.as_str().unwrap_or_default())?);
                }
                let mut new = self.new_user(&body, activate, false, false).map_err(told)?;
                new.groups = groups;
                let key = match verb {
                    "import_user" => self.import_user(new, cause),
                    _ => self.add_user(new, cause),
                };
                Ok(json!({ "id": self.user_at(key).map(|user| user.id.to_string()) }))
            }
            "update_profile" => {
                let user = self.named_user(command)?;
                let body = json!({ "profile": command.get("profile").cloned().unwrap_or(json!({})) });
                self.change_user(user, &body, false, cause).map_err(told)?;
                nothing
            }
            "change_type" => {
                let user = self.named_user(command)?;
                let kind = self.named_type(text("type")?)?;
                let held =
                    self.user_at(user).map(|user| user.profile.to_value(&self.names)).unwrap_or_default();
                let body = json!({ "type": { "id": kind.as_str() }, "profile": held });
                self.change_user(user, &body, true, cause).map_err(told)?;
                nothing
            }
            "lock" | "finish_password" => {
                let user = self.named_user(command)?;
                let to = if verb == "lock" { Status::LockedOut } else { Status::Active };
                self.console_status(user, to, cause).map_err(told)?;
                nothing
            }
            "delete_user" => {
                let user = self.named_user(command)?;
                if self.user_at(user).is_some_and(|user| user.status != Status::Deprovisioned) {
                    self.remove_user(user, cause).map_err(told)?;
                    self.finish_transition(user, cause);
                }
                self.remove_user(user, cause).map_err(told)?;
                nothing
            }
            "sign_in" => {
                let user = self.named_user(command)?;
                self.signed_in(user, cause);
                nothing
            }
            "create_group" => {
                let mut profile = json!({ "name": text("name")? });
                if let Some(description) = command.get("description") {
                    profile["description"] = description.clone();
                }
                let key = self.create_group(&json!({ "profile": profile }), cause).map_err(told)?;
                Ok(json!({ "id": self.group_at(key).map(|group| group.head.id.to_string()) }))
            }
            "rename_group" => {
                let group = self.named_group(command)?;
                let head = self.group_at(group).map(|group| group.head.clone()).ok_or("no such group")?;
                let mut profile = head.extra.clone();
                profile.insert("name".to_owned(), Value::from(text("name")?));
                if let Some(description) = &head.description {
                    profile.insert("description".to_owned(), Value::from(&**description));
                }
                self.change_group(group, &json!({ "profile": profile }), cause).map_err(told)?;
                nothing
            }
            "delete_group" => {
                let group = self.named_group(command)?;
                if group == super::state::EVERYONE {
                    return Err("Everyone cannot be deleted".to_owned());
                }
                self.remove_group(group, cause);
                nothing
            }
            "add_to_group" | "remove_from_group" => {
                let (user, group) = (self.named_user(command)?, self.named_group(command)?);
                let changed = if verb == "add_to_group" {
                    self.join(group, user, cause)
                } else {
                    self.leave(group, user, cause)
                };
                Ok(json!({ "changed": changed }))
            }
            "assign_group_to_app" | "unassign_group_from_app" => {
                let group = self.named_group(command)?;
                let app = self.named_app(text("app")?)?;
                if verb == "assign_group_to_app" {
                    self.assign_group(app, group, cause);
                } else {
                    self.unassign_group(app, group, cause);
                }
                nothing
            }
            "connect_scim"
            | "provision_everybody"
            | "push_now"
            | "import_from_scim"
            | "delete_in_scim"
            | "retry_provisioning" => {
                let app = self.named_app(text("app")?)?;
                self.provisioning_command(verb, app, command)
            }
            "preset_hook" => {
                let events = command.get("events").and_then(Value::as_array).into_iter().flatten();
                let events: Vec<&str> = events.filter_map(Value::as_str).collect();
                let name = command.get("name").and_then(Value::as_str).unwrap_or("Preset");
                let id = self.preset_hook(name, text("uri")?, text("secret")?, &events)?;
                Ok(json!({ "id": id.as_str() }))
            }
            "settings" => self.change_settings(command),
            "create_token" => {
                let owner = match command.get("owner").and_then(Value::as_str) {
                    Some(name) => {
                        Some(self.find_user(name).ok_or_else(|| format!("there is no user `{name}`"))?)
                    }
                    None => None,
                };
                let (secret, name) = (text("secret")?, text("name")?);
                let id = self.add_api_token(secret, name, owner, Role::Super);
                let token = Party {
                    id: id.to_string(),
                    kind: "Token",
                    alternate_id: "unknown".to_owned(),
                    display_name: name.to_owned(),
                };
                self.emit(&event::API_TOKEN_CREATE, cause, vec![token], Vec::new());
                Ok(json!({ "id": id.as_str() }))
            }
            "create_oidc_app" => {
                let list = |name: &str| texts(command, name);
                let keys = command.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
                let public =
                    command.get("public").and_then(Value::as_bool).unwrap_or(false) || !keys.is_empty();
                let given = command.get("secret").and_then(Value::as_str).map(str::to_owned);
                let app = OidcApp {
                    client_id: self.fresh_id("0oa").to_string(),
                    label: command.get("label").and_then(Value::as_str).unwrap_or("Web app").to_owned(),
                    secret: (!public).then(|| given.unwrap_or_else(|| self.dice.text(64))),
                    keys,
                    redirect_uris: list("redirect_uris")?,
                    post_logout_uris: list("post_logout_uris")?,
                    groups_prefix: command.get("groups_prefix").and_then(Value::as_str).map(str::to_owned),
                };
                if app.redirect_uris.is_empty() {
                    return Err("`redirect_uris` must name one at least".to_owned());
                }
                let answer = json!({ "client_id": app.client_id, "client_secret": app.secret });
                self.sign_ins.apps.push(app);
                Ok(answer)
            }
            "create_service_app" => {
                let keys = command.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
                if keys.is_empty() {
                    return Err("`keys` must hold one public JWK at least".to_owned());
                }
                let id = self.add_service_app(ServiceApp {
                    client_id: String::new(),
                    label: command.get("label").and_then(Value::as_str).unwrap_or("Service app").to_owned(),
                    keys,
                    scopes: texts(command, "scopes")?,
                    role: Role::Super,
                    dpop_required: command.get("dpop").and_then(Value::as_bool).unwrap_or(true),
                    active: true,
                });
                Ok(json!({ "client_id": id }))
            }
            "revoke_credential" => {
                Ok(json!({ "revoked": self.revoke_credential(text("principal")?, cause) }))
            }
            "withdraw_scope" => match self.withdraw_scope(text("principal")?, text("scope")?, true) {
                true => nothing,
                false => Err("there is no such service app".to_owned()),
            },
            "grant_scope" => {
                let app =
                    self.access.service_app_mut(text("principal")?).ok_or("there is no such service app")?;
                app.scopes.push(text("scope")?.to_owned());
                nothing
            }
            "narrow_role" => {
                let role = match command.get("groups") {
                    None | Some(Value::Null) => Role::Super,
                    Some(Value::Array(names)) if names.is_empty() => Role::None,
                    Some(Value::Array(names)) => {
                        let mut ids = Vec::new();
                        for name in names {
                            let key = self.group_by(name.as_str().unwrap_or_default())?;
                            ids.extend(self.group_at(key).map(|group| group.head.id));
                        }
                        Role::Groups(ids)
                    }
                    Some(_) => return Err("`groups` must be a list or null".to_owned()),
                };
                if self.set_role(text("principal")?, &role) {
                    nothing
                } else {
                    Err("no such principal".to_owned())
                }
            }
            "rotate_signing_key" => {
                self.sign_ins.rotate();
                nothing
            }
            _ => self.weather(verb, command, count),
        }
    }

    /// Commands about how the org behaves, not about what it holds.
    fn weather(
        &mut self,
        verb: &str,
        command: &Value,
        count: impl Fn() -> Result<u64, &'static str>,
    ) -> Done {
        let now = self.now;
        let until = || {
            let seconds = command.get("for_seconds").and_then(Value::as_i64);
            let named = command.get("until").and_then(Value::as_str).and_then(Moment::parse);
            let until = named.or_else(|| seconds.map(|s| now.plus_ms(s.saturating_mul(1000))));
            until.ok_or("`until` must be a time, or `for_seconds` a number")
        };
        let extra_ms = || {
            let seconds = command.get("seconds").and_then(Value::as_i64).filter(|s| (0..=86_400).contains(s));
            seconds.map(|seconds| seconds * 1000).ok_or("`seconds` must be between 0 and 86400")
        };
        match verb {
            "drop_next_hooks" => self.hooks.drop_next = count()?,
            "duplicate_next_hooks" => self.hooks.duplicate_next = count()?,
            "hook_outage" => self.hooks.outage_until = Some(until()?),
            "hook_delay" => self.hooks.extra_delay_ms = extra_ms()?,
            "preview_hooks" => self.preview_hooks(),
            "shuffle_hooks" => {
                self.hooks.shuffle = command.get("on").and_then(Value::as_bool).unwrap_or(true)
            }
            "log_delay" => self.log.extra_delay_ms = extra_ms()?,
            "drop_next_log_events" => self.log.drop_next = count()?,
            "duplicate_next_log_events" => self.log.duplicate_next = count()?,
            "log_page_max" => {
                self.log.page_max = command.get("events").and_then(Value::as_u64).map(|n| n as usize)
            }
            "kill_cursors" => self.cursors.not_before = now.plus_ms(1),
            "read_only" => self.read_only_until = until()?,
            "concurrency_429" => self.limits.forced_concurrency = count()?,
            "exhaust_bucket" => {
                let name = command.get("bucket").and_then(Value::as_str).ok_or("`bucket` must be a text")?;
                self.limits.exhausted.insert(Limits::bucket_named(name), until()?);
            }
            _ => return Err("there is no such command".to_owned()),
        }
        Ok(json!({}))
    }

    fn change_settings(&mut self, command: &Value) -> Done {
        let given =
            command.get("settings").and_then(Value::as_object).ok_or("`settings` must be an object")?;
        let mut whole = serde_json::to_value(&self.settings).map_err(|e| e.to_string())?;
        for (name, value) in given {
            let place = whole.get_mut(name).ok_or_else(|| format!("there is no setting `{name}`"))?;
            match (place, value) {
                (Value::Object(held), Value::Object(value)) => held.extend(value.clone()),
                (place, value) => *place = value.clone(),
            }
        }
        self.settings = serde_json::from_value(whole).map_err(|e| e.to_string())?;
        self.cursors.life_ms = self.settings.cursor_life_seconds as i64 * 1000;
        Ok(json!({}))
    }

    fn named_app(&self, name: &str) -> Result<usize, String> {
        let app = self.apps.iter().position(|app| app.id.as_str() == name || app.label == name);
        app.ok_or_else(|| format!("there is no app `{name}`"))
    }

    pub fn named_user(&self, command: &Value) -> Result<UserKey, String> {
        let name = command.get("user").and_then(Value::as_str).ok_or("`user` must be an id or login")?;
        self.find_user(name).ok_or_else(|| format!("there is no user `{name}`"))
    }

    pub fn named_group(&self, command: &Value) -> Result<GroupKey, String> {
        self.group_by(command.get("group").and_then(Value::as_str).ok_or("`group` must be an id or name")?)
    }

    fn group_by(&self, name: &str) -> Result<GroupKey, String> {
        if let Some(key) = Oid::parse(name).and_then(|id| self.group_ids.get(&id)) {
            return Ok(*key);
        }
        let named = |group: &Option<super::state::Group>| {
            group.as_ref().is_some_and(|group| *group.head.name == *name)
        };
        let found = (0..).zip(&self.groups).find(|(_, group)| named(group)).map(|(key, _)| key);
        found.ok_or_else(|| format!("there is no group `{name}`"))
    }

    fn named_type(&self, name: &str) -> Result<Oid, String> {
        let found =
            self.types.iter().find(|kind| !kind.deleted && (kind.id.as_str() == name || kind.name == name));
        found.map(|kind| kind.id).ok_or_else(|| format!("there is no user type `{name}`"))
    }
}
