//! What somebody does at the product's own pages, and the dump of everything held.
//!
//! A command is an object with `do`:
//!
//! | `do` | else | effect |
//! |---|---|---|
//! | `put` | `kind`, `id`?, `fields` | puts a record in as given, server-set properties included (seeds, hand edits) |
//! | `edit_user` | `user`, `fields` | edits a user as an administrator would, past every refusal of the API |
//! | `deactivate_user`, `reactivate_user` | `user` | the Active switch |
//! | `remove` | `kind`, `id` | removes a record, whatever still points at it |
//! | `book` | `user`, `room`, `center`, `start`, `end`, `name`?, `madeInIoffice`? | books without checks |
//! | `cancel` | `reservation`, `reason`? | cancels, with a reason |
//! | `set_rules` | `center`, `ruleList` | replaces a center's rules |
//! | `service_account` | `siteAdmin`?, `password`?, `active`?, `permissions`? | changes the service account's rights |
//! | `end_tokens` | `user` | ends a user's OAuth tokens |
//! | `call` | `method`, `path`, `body`? | the API call of that name, as a site administrator at a page |
//! | `settings` | `settings` | changes settings: the map is laid over those in force |

use serde_json::{Map, Value, json};

use super::{
    IofficeFace,
    call::Call,
    doc::Doc,
    journal::Origin,
    noun::{Kind, Noun, USER_TEXTS},
    reservations::Reservation,
    routes::{self, Found},
    rules,
    settings::IofficeSettings,
    state::State,
    table::Id,
    users::{Role, Seating, User, lifecycle},
    view::View,
    wire::{self, Answer, Fields, Query, as_id, ref_id},
};

type Done = Result<Value, String>;

impl IofficeFace {
    pub(super) fn run(&mut self, command: &Value, now: i64) -> Done {
        let verb = command.get("do").and_then(Value::as_str).ok_or("an iOffice command needs `do`")?;
        if verb == "settings" {
            return self.change_settings(command);
        }
        let Self { settings, state, journal, cache, .. } = self;
        let mut call = Call {
            state,
            settings,
            journal,
            cache,
            origin: Origin {
                at: now,
                caller: 0,
                caller_name: "(page)".into(),
                method: "COMMAND".into(),
                path: verb.into(),
            },
            query: Query::default(),
            args: Vec::new(),
            body: None,
            count_only: false,
        };
        run(&mut call, verb, command).map_err(|wrong| format!("iOffice command `{verb}`: {wrong}"))
    }

    fn change_settings(&mut self, command: &Value) -> Done {
        let mut map = serde_json::to_value(&self.settings).map_err(|error| error.to_string())?;
        let sent = command
            .get("settings")
            .and_then(Value::as_object)
            .ok_or("iOffice command `settings` needs a map")?;
        if sent.contains_key("preset") {
            map = json!({});
        }
        if let Some(fields) = map.as_object_mut() {
            fields.extend(sent.clone());
        }
        self.set_settings(IofficeSettings::from_value(map)?);
        Ok(json!({"done": true}))
    }
}

fn run(call: &mut Call<'_>, verb: &str, command: &Value) -> Done {
    let id_of = |name: &str| command.get(name).and_then(as_id).ok_or(format!("`{name}` must be an id"));
    match verb {
        "put" => {
            let noun = noun_of(command)?;
            let fields =
                command.get("fields").and_then(Value::as_object).ok_or("`fields` must be an object")?;
            put(call, noun, command.get("id").and_then(as_id), fields)
        }
        "edit_user" => {
            let id = existing_user(call, id_of("user")?)?;
            let fields =
                command.get("fields").and_then(Value::as_object).ok_or("`fields` must be an object")?;
            put(call, Noun::User, Some(id), fields)
        }
        "deactivate_user" => {
            let id = existing_user(call, id_of("user")?)?;
            lifecycle::deactivate(call, id).map_err(|refusal| refusal.text)?;
            Ok(json!({ "id": id }))
        }
        "reactivate_user" => {
            let id = existing_user(call, id_of("user")?)?;
            put(call, Noun::User, Some(id), &Map::from_iter([("active".to_owned(), json!(true))]))
        }
        "remove" => {
            let (noun, id) = (noun_of(command)?, id_of("id")?);
            if !call.state.exists(noun, id) {
                return Err(format!("there is no {} {id}", noun.word()));
            }
            let removed = call.change(noun, id, |call| {
                match noun {
                    Noun::User => call.state.users.erase(id),
                    Noun::Reservation => call.state.reservations.remove(id),
                    noun => call.state.remove_doc(noun, id),
                }
                Ok(())
            });
            removed.map_err(|refusal| refusal.text)?;
            Ok(json!({ "id": id }))
        }
        "book" => book(call, command),
        "cancel" => {
            let id = id_of("reservation")?;
            if call.state.reservations.get(id).is_none() {
                return Err(format!("there is no reservation {id}"));
            }
            let now = call.now();
            let reason = command.get("reason").and_then(Value::as_str).map(Box::from);
            let cancelled = call.change(Noun::Reservation, id, |call| {
                call.state.reservations.edit(id, |row| {
                    row.cancelled = true;
                    row.cancellation_reason = reason;
                    row.updated = now;
                });
                Ok(())
            });
            cancelled.map_err(|refusal| refusal.text)?;
            Ok(json!({ "id": id }))
        }
        "set_rules" => {
            let list =
                command.get("ruleList").and_then(Value::as_array).ok_or("`ruleList` must be a list")?;
            rules::set(call, id_of("center")?, list.clone());
            Ok(json!({"done": true}))
        }
        "service_account" => {
            let mut fields = command.as_object().cloned().unwrap_or_default();
            fields.shift_remove("do");
            let id = call.state.service_account;
            put(call, Noun::User, Some(id), &fields)
        }
        "end_tokens" => {
            call.state.grants.end_of_user(id_of("user")?);
            Ok(json!({"done": true}))
        }
        "call" => api_call(call, command),
        _ => Err("there is no such command".into()),
    }
}

fn existing_user(call: &Call<'_>, id: Id) -> Result<Id, String> {
    if call.state.users.get(id).is_some() { Ok(id) } else { Err(format!("there is no user {id}")) }
}

/// The noun that `kind` names, by its word in error texts (`room`, `user type`, `category item`).
fn noun_of(command: &Value) -> Result<Noun, String> {
    let kind = command.get("kind").and_then(Value::as_str).ok_or("`kind` must name a kind of record")?;
    let found = Noun::ALL.into_iter().find(|noun| noun.word() == kind);
    found.ok_or(format!("there is no kind `{kind}`"))
}

/// Puts or changes a record as given.
fn put(call: &mut Call<'_>, noun: Noun, id: Option<Id>, fields: &Fields) -> Done {
    let now = call.now();
    let id = id.unwrap_or_else(|| match noun {
        Noun::User => call.state.users.table().next_id(),
        noun => call.state.docs(noun).next_id(),
    });
    let done = match noun {
        Noun::Reservation => return Err("use `book`".into()),
        Noun::User => {
            let old = call.state.users.get(id).cloned();
            let user = hand_edited(old.unwrap_or_else(|| User::new(now)), fields, now)?;
            let taken = call.state.users.by_user_name(user.text("userName")).is_some_and(|owner| owner != id);
            if taken {
                return Err(format!("userName {} is taken", user.text("userName")));
            }
            call.change(noun, id, |call| {
                call.state.users.put(id, user);
                Ok(())
            })
        }
        noun => {
            let mut doc = call.state.doc(noun, id).cloned().unwrap_or_else(|| Doc::new(now));
            doc.updated = now;
            for (name, value) in fields {
                set_doc(noun, &mut doc, name, value)?;
            }
            call.replace(noun, id, doc)
        }
    };
    done.map_err(|refusal| refusal.text)?;
    Ok(json!({ "id": id }))
}

fn set_doc(noun: Noun, doc: &mut Doc, name: &str, value: &Value) -> Result<(), String> {
    let Some(field) = noun.schema().field(name) else {
        return if name == "id" { Ok(()) } else { Err(format!("a {} has no {name}", noun.word())) };
    };
    let stored = match field.kind {
        _ if value.is_null() => {
            doc.clear(name);
            return Ok(());
        }
        Kind::Ref(_) => id_or_ref(value).ok_or(format!("{name} must be an id"))?.into(),
        Kind::Refs(_) => {
            let ids: Option<Vec<Id>> = value.as_array().and_then(|list| list.iter().map(id_or_ref).collect());
            ids.ok_or(format!("{name} must be a list of ids"))?.into()
        }
        _ => value.clone(),
    };
    doc.set(field.name, stored);
    Ok(())
}

fn id_or_ref(value: &Value) -> Option<Id> {
    as_id(value).or_else(|| ref_id(value))
}

fn hand_edited(mut user: User, fields: &Fields, now: i64) -> Result<User, String> {
    for (name, value) in fields {
        let reference = || if value.is_null() { Some(0) } else { id_or_ref(value) };
        let wrong = || format!("{name} has the wrong type");
        match name.as_str() {
            "id" => {}
            "active" => user.active = value.as_bool().ok_or_else(wrong)?,
            "siteAdmin" => user.site_admin = value.as_bool().ok_or_else(wrong)?,
            "floorWarden" => user.floor_warden = value.as_bool().ok_or_else(wrong)?,
            "specialNeeds" => user.special_needs = value.as_bool().ok_or_else(wrong)?,
            "password" => user.password = value.as_str().map(Box::from),
            "userType" => user.user_type = reference().ok_or_else(wrong)?,
            "room" => user.room = reference().ok_or_else(wrong)?,
            "neighborhoodSection" => user.section = reference().ok_or_else(wrong)?,
            "mailStop" => user.mail_stop = reference().ok_or_else(wrong)?,
            "costCenter" => user.cost_center = reference().ok_or_else(wrong)?,
            "costCenters" => {
                let ids: Option<Vec<Id>> =
                    value.as_array().and_then(|list| list.iter().map(id_or_ref).collect());
                user.cost_centers = ids.ok_or_else(wrong)?.into();
            }
            "seatClassification" => {
                user.seating = Seating::parse(value.as_str().unwrap_or_default()).ok_or_else(wrong)?;
            }
            "permissions" => {
                let entries = value.as_array().ok_or_else(wrong)?.iter().map(|entry| {
                    let role = entry.get("role").and_then(Value::as_str).and_then(Role::parse)?;
                    Some((entry.get("center").and_then(id_or_ref)?, role))
                });
                user.permissions = entries.collect::<Option<_>>().ok_or_else(wrong)?;
            }
            text if USER_TEXTS.contains(&text) => user.set_text(text, value.as_str().unwrap_or_default()),
            _ => return Err(format!("a user has no {name}")),
        }
    }
    user.updated = now;
    user.updated_by = 0;
    Ok(user)
}

fn book(call: &mut Call<'_>, command: &Value) -> Done {
    let id_of = |name: &str| command.get(name).and_then(as_id).ok_or(format!("`{name}` must be an id"));
    let millis =
        |name: &str| command.get(name).and_then(wire::millis).ok_or(format!("`{name}` must be milliseconds"));
    let row = Reservation {
        name: command.get("name").and_then(Value::as_str).unwrap_or("Meeting").into(),
        notes: None,
        start: millis("start")?,
        end: millis("end")?,
        all_day: false,
        checked_in: false,
        checked_out: false,
        cancelled: false,
        made_in_ioffice: command.get("madeInIoffice").and_then(Value::as_bool).unwrap_or(true),
        checked_in_at: 0,
        user: existing_user(call, id_of("user")?)?,
        room: id_of("room")?,
        center: id_of("center")?,
        people: 1,
        guests: None,
        cancellation_reason: None,
        created: call.now(),
        updated: call.now(),
    };
    let id = call.state.reservations.table().next_id();
    let done = call.change(Noun::Reservation, id, |call| {
        call.state.reservations.put(id, row);
        Ok(())
    });
    done.map_err(|refusal| refusal.text)?;
    Ok(json!({ "id": id }))
}

/// Any API call, made by a site administrator at a page: no sign-in, no load rules, the journal says `(page)`.
fn api_call(call: &mut Call<'_>, command: &Value) -> Done {
    let text =
        |name: &str| command.get(name).and_then(Value::as_str).ok_or(format!("`{name}` must be a text"));
    let (method, target) = (text("method")?, text("path")?);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let segments: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    let Found::Route(route, args) = routes::find(method, &segments) else {
        return Err(format!("there is no call {method} {path}"));
    };
    call.args = args;
    call.query = Query::parse(query);
    call.body = command.get("body").cloned();
    call.count_only = route.is_count();
    call.origin.path = format!("call {method} {path}");
    match (route.handler)(call) {
        Ok(Answer::Json(_, body)) => Ok(body),
        Ok(_) => Ok(Value::Null),
        Err(refusal) => Err(format!("{} {}", refusal.status, refusal.text)),
    }
}

/// Everything held: one object with a list per kind of record. Users carry `active`; references are stubs.
pub(super) fn dump(state: &State, settings: &IofficeSettings) -> Value {
    let view = View { state, settings, caller: 0, now: 0, internal: true, decorated: false };
    let mut dump = Map::new();
    for noun in Noun::ALL {
        let rows: Vec<Value> = match noun {
            Noun::User => state.users.table().iter().map(|(id, _)| view.whole(noun, id)).collect(),
            Noun::Reservation => {
                state.reservations.table().iter().map(|(id, _)| view.whole(noun, id)).collect()
            }
            noun => state.docs(noun).iter().map(|(id, _)| view.whole(noun, id)).collect(),
        };
        dump.insert(dump_key(noun).into(), rows.into());
    }
    let rules = state.rules.iter().map(|(center, list)| json!({"center": center, "ruleList": list}));
    dump.insert("rules".into(), rules.collect());
    for (key, list) in super::visitors::dump(settings, &state.visitors) {
        dump.insert(key.into(), list);
    }
    dump.insert("serviceAccount".into(), state.service_account.into());
    Value::Object(dump)
}

fn dump_key(noun: Noun) -> &'static str {
    match noun {
        Noun::Building => "buildings",
        Noun::Floor => "floors",
        Noun::Room => "rooms",
        Noun::RoomType => "roomTypes",
        Noun::SpaceGroup => "spaceTypeGroups",
        Noun::Center => "centers",
        Noun::Category => "categories",
        Noun::Depth => "depths",
        Noun::Item => "items",
        Noun::Neighborhood => "neighborhoods",
        Noun::Section => "sections",
        Noun::Holiday => "holidays",
        Noun::UserType => "userTypes",
        Noun::FieldDef => "fields",
        Noun::MailStop => "mailStops",
        Noun::MoveRequest => "moveRequests",
        Noun::MoveItem => "moveItems",
        Noun::MoveStatus => "moveStatuses",
        Noun::MoveType => "moveTypes",
        Noun::MoveTask => "moveTasks",
        Noun::SavedSearch => "savedSearches",
        Noun::Contact => "contacts",
        Noun::Agreement => "agreements",
        Noun::Sftp => "sftp",
        Noun::Asset => "assets",
        Noun::Country => "countries",
        Noun::User => "users",
        Noun::Reservation => "reservations",
    }
}
