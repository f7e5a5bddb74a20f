//! User types and schemas: which attributes exist, and what a value must be like.

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    dice::Oid,
    errors::{ApiError, ApiResult},
    event,
    moment::Moment,
    profile::{AttributeKey, BASE_ATTRIBUTES, Field, Profile},
    request::{Answer, Call, unsupported},
    state::{Org, User, UserKey},
};

#[derive(Debug, Clone)]
pub struct UserType {
    pub id: Oid,
    pub schema: Oid,
    pub name: String,
    pub display_name: String,
    pub description: String,
    pub default: bool,
    pub created: Moment,
    pub last_updated: Moment,
    pub deleted: bool,
}

impl UserType {
    pub fn default_type(id: Oid, schema: Oid) -> Self {
        Self {
            id,
            schema,
            name: "user".to_owned(),
            display_name: "User".to_owned(),
            description: "Okta user profile template with default permission settings".to_owned(),
            default: true,
            created: Moment(0),
            last_updated: Moment(0),
            deleted: false,
        }
    }

    pub fn value(&self, base: &str) -> Value {
        json!({
            "id": self.id.as_str(), "name": self.name, "displayName": self.display_name,
            "description": self.description, "default": self.default,
            "created": self.created.iso(), "lastUpdated": self.last_updated.iso(),
            "createdBy": "sprz9fj1ycBcsgopy1d6", "lastUpdatedBy": "sprz9fj1ycBcsgopy1d6",
            "_links": {
                "self": { "rel": "self", "href": format!("{base}/api/v1/meta/types/user/{}", self.id), "method": "GET" },
                "schema": { "rel": "schema", "href": format!("{base}/api/v1/meta/schemas/user/{}", self.schema), "method": "GET" },
            },
        })
    }
}

/// Attributes of one user type, or of groups.
#[derive(Debug, Clone)]
pub struct Schema {
    pub id: Oid,
    pub of_users: bool,
    pub custom: Map<String, Value>,
    /// Base attributes that another source masters: writes answer 403 E0000023.
    pub mastered: Vec<String>,
    pub created: Moment,
    pub last_updated: Moment,
}

impl Schema {
    pub fn user(id: Oid) -> Self {
        let (custom, mastered) = (Map::new(), Vec::new());
        Self { id, of_users: true, custom, mastered, created: Moment(0), last_updated: Moment(0) }
    }

    pub fn group(id: Oid) -> Self {
        Self { of_users: false, ..Self::user(id) }
    }

    pub fn has_custom(&self, name: &str) -> bool {
        self.custom.contains_key(name)
    }

    /// What may differ from one schema to another, for the journal and inspection.
    pub fn own(&self) -> Value {
        json!({
            "id": self.id.as_str(), "custom": self.custom, "mastered": self.mastered,
            "lastUpdated": self.last_updated.iso(),
        })
    }

    fn text(&self) -> String {
        self.own().to_string()
    }

    pub fn add_custom(&mut self, name: &str, definition: Value) {
        self.custom.insert(name.to_owned(), definition);
    }

    fn value(&self, base: &str) -> Value {
        let (kind, path) =
            if self.of_users { ("user", self.id.to_string()) } else { ("group", "default".to_owned()) };
        let base_properties: Map<String, Value> = if self.of_users {
            BASE_ATTRIBUTES.iter().map(|name| ((*name).to_owned(), self.base_attribute(name))).collect()
        } else {
            let text = |title: &str, max: u32| {
                json!({ "title": title, "type": "string", "maxLength": max, "mutability": "READ_WRITE", "scope": "NONE",
                        "master": { "type": "PROFILE_MASTER" } })
            };
            [("name", text("Name", 255)), ("description", text("Description", 1024))]
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect()
        };
        let required: Vec<&str> = if self.of_users { vec!["login", "email"] } else { vec!["name"] };
        let demanded = |definition: &Value| definition.get("required") == Some(&Value::Bool(true));
        let custom_required: Vec<&String> =
            self.custom.iter().filter(|(_, definition)| demanded(definition)).map(|(name, _)| name).collect();
        let refer = |name: &str| json!({ "allOf": [{ "$ref": format!("#/definitions/{name}") }] });
        json!({
            "id": format!("{base}/meta/schemas/{kind}/{path}"),
            "$schema": "http://json-schema.org/draft-04/schema#",
            "name": kind, "title": if self.of_users { "User" } else { "Okta group" }, "type": "object",
            "created": self.created.iso(), "lastUpdated": self.last_updated.iso(),
            "definitions": {
                "custom": { "id": "#custom", "type": "object", "properties": self.custom, "required": custom_required },
                "base": { "id": "#base", "type": "object", "properties": base_properties, "required": required },
            },
            "properties": { "profile": { "allOf": [refer("custom")["allOf"][0], refer("base")["allOf"][0]] } },
            "_links": { "self": { "rel": "self", "method": "GET",
                                  "href": format!("{base}/api/v1/meta/schemas/{kind}/{path}") } },
        })
    }

    fn base_attribute(&self, name: &str) -> Value {
        let mut title = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() {
                title.push(' ');
            }
            title.push(if title.is_empty() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() });
        }
        let source = if self.mastered.iter().any(|m| m == name) { "OVERRIDE" } else { "PROFILE_MASTER" };
        let mut out = json!({
            "title": title, "type": "string", "mutability": "READ_WRITE", "scope": "NONE",
            "permissions": [{ "principal": "SELF", "action": "READ_ONLY" }],
            "master": { "type": source },
        });
        match name {
            "login" | "email" => {
                out["required"] = json!(true);
                out["minLength"] = json!(5);
                out["maxLength"] = json!(100);
            }
            "firstName" | "lastName" => {
                out["minLength"] = json!(1);
                out["maxLength"] = json!(50);
            }
            _ => {}
        }
        match name {
            "email" | "secondEmail" => out["format"] = json!("email"),
            "locale" => out["format"] = json!("locale"),
            "timezone" => out["format"] = json!("timezone"),
            "countryCode" => out["format"] = json!("country-code"),
            "preferredLanguage" => out["format"] = json!("language-code"),
            "profileUrl" => out["format"] = json!("uri"),
            _ => {}
        }
        out
    }
}

impl Org {
    fn schema_of(&self, type_place: u16) -> Option<&Schema> {
        let kind = self.types.get(usize::from(type_place))?;
        self.user_schemas.iter().find(|schema| schema.id == kind.schema)
    }

    /// Refuses an attribute that the type's schema lacks, or a value unlike its definition.
    pub fn check_attribute(&self, name: &str, value: &Value, type_place: u16) -> ApiResult<()> {
        if unsupported(value, name).is_some() {
            return Err(ApiError::invalid(name, "Characters of four UTF-8 bytes are not supported"));
        }
        if BASE_ATTRIBUTES.contains(&name) {
            let max = match name {
                "firstName" | "lastName" | "zipCode" => 50,
                "countryCode" => 2,
                "mobilePhone" | "primaryPhone" | "secondEmail" | "login" | "email" => 100,
                "city" | "state" => 128,
                "streetAddress" => 1024,
                _ => 4096,
            };
            return match value {
                Value::Null => Ok(()),
                Value::String(text) if text.chars().count() > max => {
                    Err(ApiError::invalid(name, &format!("The field is too long, at most {max} characters")))
                }
                Value::String(text)
                    if matches!(name, "email" | "secondEmail") && !text.is_empty() && !is_address(text) =>
                {
                    Err(ApiError::invalid(name, "Does not match required pattern"))
                }
                Value::String(_) => Ok(()),
                _ => Err(ApiError::invalid(name, "The value must be a string")),
            };
        }
        let definition = self.schema_of(type_place).and_then(|schema| schema.custom.get(name));
        let definition = definition.ok_or_else(|| {
            ApiError::invalid(name, &format!("Property name '{name}' is not defined in the schema"))
        })?;
        check_value(name, value, definition)
    }

    /// Refuses an attribute that the groups' schema lacks, or a value unlike its definition.
    pub fn check_group_attribute(&self, name: &str, value: &Value) -> ApiResult<()> {
        let definition = self.group_schema.custom.get(name);
        let unknown = || ApiError::invalid(name, "Property name is not defined in the group schema");
        check_value(name, value, definition.ok_or_else(unknown)?)
    }

    /// Values that a creation does not give and the type's schema has defaults for.
    pub fn defaults(&self, given: &Map<String, Value>, type_place: u16) -> Map<String, Value> {
        let custom = self.schema_of(type_place).into_iter().flat_map(|schema| &schema.custom);
        let absent = custom.filter(|(name, _)| !given.contains_key(*name));
        let told = |definition: &Value| definition.get("default").filter(|value| !value.is_null()).cloned();
        absent.filter_map(|(name, definition)| Some((name.clone(), told(definition)?))).collect()
    }

    /// Refuses a profile that lacks what its type requires, or repeats what its schema wants unique.
    pub fn check_whole(&mut self, profile: &Profile, own: Option<UserKey>, type_place: u16) -> ApiResult<()> {
        let Some(schema) = self.schema_of(type_place) else { return Ok(()) };
        let mut unique = Vec::new();
        for (name, definition) in &schema.custom {
            let Some(key) = self.names.key(name) else { continue };
            let held = profile.get(key);
            if definition.get("required") == Some(&Value::Bool(true)) && held.is_none() {
                return Err(ApiError::invalid(name, "The field cannot be left blank"));
            }
            if let (true, Some(held)) = (is_unique(definition), held) {
                unique.push((name.clone(), key, held));
            }
        }
        for (name, key, held) in unique {
            if self.is_taken(key, held, own, type_place) {
                let why = "An object with this field already exists in the current organization";
                return Err(ApiError::invalid(&name, why));
            }
        }
        Ok(())
    }

    /// Whether another user of the type holds a value. What is looked for once is kept in an index from then on.
    fn is_taken(&mut self, key: AttributeKey, held: &Field, own: Option<UserKey>, type_place: u16) -> bool {
        let users = &self.users;
        let index = self.unique.entry((type_place, key)).or_insert_with(|| {
            let holding = (0..).zip(users).filter_map(|(other, user)| {
                let user = user.as_ref().filter(|user| user.type_place == type_place)?;
                Some((user.profile.get(key)?.mark(), other))
            });
            holding.collect()
        });
        let mark = held.mark();
        let mut likely = index.range((mark, 0)..=(mark, UserKey::MAX)).map(|(_, other)| *other);
        likely.any(|other| {
            let holds = |user: &User| user.type_place == type_place && user.profile.get(key) == Some(held);
            Some(other) != own && users.get(other as usize).and_then(Option::as_ref).is_some_and(holds)
        })
    }

    /// Refuses writes to attributes that another source masters.
    pub fn check_sources(&self, key: UserKey, given: &Map<String, Value>, _replace: bool) -> ApiResult<()> {
        let Some(user) = self.user_at(key) else { return Ok(()) };
        let Some(schema) = self.schema_of(user.type_place) else { return Ok(()) };
        for name in &schema.mastered {
            let new = given.get(name.as_str());
            let old =
                self.names.key(name).and_then(|key| user.profile.get(key)).map(|field| field.to_value());
            if new.is_some_and(|new| *new != old.clone().unwrap_or(Value::Null)) {
                return Err(ApiError::of("E0000023").because(format!("{name}: mastered by another source")));
            }
        }
        Ok(())
    }

    // ---- /api/v1/meta ----------------------------------------------------------------------------------------

    pub fn get_user_schema(&self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let schema = self.user_schema_place(id).map(|place| &self.user_schemas[place]);
        let schema = schema.ok_or_else(|| ApiError::missing(id, "UserSchema"))?;
        Ok(Answer::value(&schema.value(&call.link_base)))
    }

    fn user_schema_place(&self, id: &str) -> Option<usize> {
        if id == "default" {
            return Some(0);
        }
        self.user_schemas.iter().position(|schema| schema.id.as_str() == id)
    }

    /// `POST /meta/schemas/user/{id}`: adds, changes (or, with null, removes) custom attributes.
    pub fn post_user_schema(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let body = call.json()?;
        let place = self.user_schema_place(id).ok_or_else(|| ApiError::missing(id, "UserSchema"))?;
        let schema = &self.user_schemas[place];
        let before = schema.text();
        let names: Vec<String> = schema.custom.keys().cloned().collect();
        self.user_schemas[place] = merged(schema, &body, self.now)?;
        for name in names {
            if !self.user_schemas.iter().any(|schema| schema.has_custom(&name)) {
                self.rules_without_attribute(&name);
            }
        }
        for name in self.user_schemas[place].custom.keys() {
            self.names.intern(name);
        }
        let id = self.user_schemas[place].id.to_string();
        let after = self.user_schemas[place].text();
        self.record(&call.cause.clone(), "user_schema", &id, Some(before), Some(after));
        self.emit(&event::SCHEMA_UPDATE, &call.cause.clone(), Vec::new(), Vec::new());
        self.get_user_schema(call, &id)
    }

    pub fn get_group_schema(&self, call: &Call<'_>) -> ApiResult<Answer> {
        Ok(Answer::value(&self.group_schema.value(&call.link_base)))
    }

    pub fn post_group_schema(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let body = call.json()?;
        let before = self.group_schema.text();
        self.group_schema = merged(&self.group_schema, &body, self.now)?;
        let after = self.group_schema.text();
        self.record(&call.cause.clone(), "group_schema", "default", Some(before), Some(after));
        self.get_group_schema(call)
    }

    /// Defines a custom user attribute of the default type (or another), for seeding.
    pub fn define_attribute(&mut self, type_place: usize, name: &str, definition: Value) {
        let schema = self.types.get(type_place).map(|kind| kind.schema);
        if let Some(schema) = self.user_schemas.iter_mut().find(|known| Some(known.id) == schema) {
            schema.add_custom(name, definition);
            self.names.intern(name);
        }
    }

    pub fn list_types(&self, call: &Call<'_>) -> ApiResult<Answer> {
        let types = self.types.iter().filter(|kind| !kind.deleted);
        Ok(Answer::value(&types.map(|kind| kind.value(&call.link_base)).collect()))
    }

    fn type_place(&self, id: &str) -> ApiResult<usize> {
        let wanted =
            |kind: &UserType| !kind.deleted && (kind.id.as_str() == id || (id == "default" && kind.default));
        self.types.iter().position(wanted).ok_or_else(|| ApiError::missing(id, "UserType"))
    }

    pub fn get_type(&self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        Ok(Answer::value(&self.types[self.type_place(id)?].value(&call.link_base)))
    }

    /// Adds a user type with a schema that copies the default one's custom attributes.
    pub fn add_type(&mut self, name: &str, display_name: &str, description: &str) -> usize {
        let (id, schema_id) = (self.fresh_id("oty"), self.fresh_id("osc"));
        let mut schema = Schema::user(schema_id);
        schema.custom = self.user_schemas[0].custom.clone();
        schema.created = self.now;
        schema.last_updated = self.now;
        self.user_schemas.push(schema);
        self.types.push(UserType {
            id,
            schema: schema_id,
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            description: description.to_owned(),
            default: false,
            created: self.now,
            last_updated: self.now,
            deleted: false,
        });
        self.types.len() - 1
    }

    pub fn post_type(&mut self, call: &Call<'_>) -> ApiResult<Answer> {
        let body = call.json()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
        for name in ["name", "displayName"] {
            if text(name).is_empty() {
                return Err(ApiError::invalid(name, "The field cannot be left blank"));
            }
        }
        if !is_type_name(text("name")) {
            let why = "The name must start with a letter and hold only letters, digits and underscores";
            return Err(ApiError::invalid("name", why));
        }
        if self.types.iter().any(|kind| !kind.deleted && kind.name == text("name")) {
            return Err(ApiError::invalid(
                "name",
                "An object with this field already exists in the current organization",
            ));
        }
        if self.types.iter().filter(|kind| !kind.deleted).count() >= 10 {
            return Err(ApiError::refused("name", "The maximum number of user types has been reached"));
        }
        let place = self.add_type(text("name"), text("displayName"), text("description"));
        let id = self.types[place].id.to_string();
        let after = self.types[place].value("").to_string();
        self.record(&call.cause.clone(), "user_type", &id, None, Some(after));
        self.get_type(call, &id)
    }

    /// `POST`: what is sent changes. `PUT`: name, display name and description must all be sent; the name is the old one.
    pub fn change_type(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let body = call.json()?;
        let place = self.type_place(id)?;
        let now = self.now;
        let kind = &mut self.types[place];
        for name in ["name", "displayName", "description"] {
            let sent = body.get(name).filter(|value| !value.is_null());
            let needed = *call.method == Method::PUT && name != "description";
            let blank = sent.is_some_and(|value| value.as_str().is_none_or(|text| text.is_empty() && needed));
            if blank || (sent.is_none() && *call.method == Method::PUT) {
                return Err(ApiError::invalid(name, "The field cannot be left blank"));
            }
        }
        if body.get("name").and_then(Value::as_str).is_some_and(|name| name != kind.name) {
            return Err(ApiError::invalid("name", "The name of a user type cannot be changed"));
        }
        let before = kind.value("").to_string();
        if let Some(name) = body.get("displayName").and_then(Value::as_str) {
            kind.display_name = name.to_owned();
        }
        if let Some(text) = body.get("description").and_then(Value::as_str) {
            kind.description = text.to_owned();
        }
        kind.last_updated = now;
        let (own, after) = (kind.id, kind.value("").to_string());
        self.record(&call.cause.clone(), "user_type", own.as_str(), Some(before), Some(after));
        self.get_type(call, id)
    }

    pub fn delete_type(&mut self, call: &Call<'_>, id: &str) -> ApiResult<Answer> {
        let place = self.type_place(id)?;
        let used = |user: &User| usize::from(user.type_place) == place;
        if self.types[place].default || self.users.iter().flatten().any(used) {
            return Err(ApiError::refused("type", "The user type is the default one or still in use"));
        }
        let before = self.types[place].value("").to_string();
        self.types[place].deleted = true;
        self.record(&call.cause.clone(), "user_type", id, Some(before), None);
        Ok(Answer::no_content())
    }
}

/// A letter, then letters, digits and underscores, as the reference has names of user types.
fn is_type_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A mail address as far as the vendor's description tells: something on either side of one `@`.
pub(crate) fn is_address(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !domain.contains('@'))
}

/// Whether a value is of a type as definitions name it.
fn is_of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64(),
        "number" => value.is_number(),
        _ => value.is_string(),
    }
}

/// Refuses a value unlike its attribute's definition; `null` is always one.
fn check_value(name: &str, value: &Value, definition: &Value) -> ApiResult<()> {
    if value.is_null() {
        return Ok(());
    }
    let fits = match definition.get("type").and_then(Value::as_str) {
        Some("array") => value.as_array().is_some_and(|items| {
            let kind = definition.pointer("/items/type").and_then(Value::as_str);
            let scalar = |item: &Value| item.is_string() || item.is_number() || item.is_boolean();
            items.iter().all(|item| kind.map_or_else(|| scalar(item), |kind| is_of_type(item, kind)))
        }),
        kind => is_of_type(value, kind.unwrap_or("string")),
    };
    if !fits {
        return Err(ApiError::invalid(name, "The value is not of the attribute's type"));
    }
    if definition.get("enum").and_then(Value::as_array).is_some_and(|allowed| !allowed.contains(value)) {
        return Err(ApiError::invalid(name, "The value is not in the enumeration"));
    }
    if let Some(choices) = definition.get("oneOf").and_then(Value::as_array)
        && !choices.iter().any(|choice| choice.get("const") == Some(value))
    {
        return Err(ApiError::invalid(name, "The value is not one of the choices"));
    }
    let length = value.as_str().map(|text| text.chars().count() as u64);
    let bound = |name: &str| definition.get(name).and_then(Value::as_u64);
    if length.zip(bound("maxLength")).is_some_and(|(length, max)| length > max) {
        return Err(ApiError::invalid(name, "The field is too long"));
    }
    if length.zip(bound("minLength")).is_some_and(|(length, min)| length < min) {
        return Err(ApiError::invalid(name, "The field is too short"));
    }
    Ok(())
}

/// Refuses a definition whose members are not what the reference says, so that none is ever answered.
fn check_definition(name: &str, definition: &mut Value) -> ApiResult<()> {
    let wrong = |member: &str| Err(ApiError::invalid(name, &format!("{member} is not of its type")));
    if definition.get("unique").is_some_and(Value::is_string) {
        definition["unique"] = is_unique(definition).into();
    }
    let fits = |member: &str, fit: fn(&Value) -> bool| {
        definition.get(member).is_none_or(|value| value.is_null() || fit(value))
    };
    for member in ["title", "description", "externalName", "externalNamespace", "pattern"] {
        if definition.get(member).is_some_and(|value| !value.is_string()) {
            return wrong(member);
        }
    }
    for (member, fit) in [
        ("minLength", Value::is_u64 as fn(&Value) -> bool),
        ("maxLength", Value::is_u64),
        ("enum", Value::is_array),
        ("oneOf", Value::is_array),
        ("required", Value::is_boolean),
        ("unique", Value::is_boolean),
    ] {
        if !fits(member, fit) {
            return wrong(member);
        }
    }
    for (member, fit) in [
        ("items", Value::is_object as fn(&Value) -> bool),
        ("master", Value::is_object),
        ("permissions", Value::is_array),
    ] {
        if definition.get(member).is_some_and(|value| !fit(value)) {
            return wrong(member);
        }
    }
    // What is stored is answered, so elements are looked at too.
    let is_text = |value: &Value| value.is_string();
    let is_value = |value: &Value| value.is_string() || value.is_i64() || value.is_u64();
    let texts = |value: &Value, members: &[&str]| {
        value.is_object() && members.iter().all(|name| value.get(name).is_none_or(is_text))
    };
    let is_choice = |value: &Value| texts(value, &["const", "title"]);
    let all = |value: Option<&Value>, fit: &dyn Fn(&Value) -> bool| {
        value.and_then(Value::as_array).is_none_or(|list| list.iter().all(fit))
    };
    let items = definition.get("items");
    let of_items = |name: &str| items.and_then(|items| items.get(name));
    let master = definition.get("master");
    let priority = master.and_then(|master| master.get("priority"));
    for (member, fits) in [
        ("enum", all(definition.get("enum"), &is_value)),
        ("oneOf", all(definition.get("oneOf"), &is_choice)),
        (
            "items",
            of_items("type").is_none_or(is_text)
                && ["enum", "oneOf"].iter().all(|name| of_items(name).is_none_or(Value::is_array))
                && all(of_items("enum"), &is_text)
                && all(of_items("oneOf"), &is_choice),
        ),
        (
            "master",
            priority
                .is_none_or(|list| list.is_array() && all(Some(list), &|one| texts(one, &["type", "value"]))),
        ),
        ("permissions", all(definition.get("permissions"), &|one| texts(one, &["principal", "action"]))),
        ("default", definition.get("default").is_none_or(|value| !value.is_null())),
    ] {
        if !fits {
            return wrong(member);
        }
    }
    let master_type = master.and_then(|master| master.get("type"));
    if master_type
        .is_some_and(|value| !["OKTA", "OVERRIDE", "PROFILE_MASTER"].iter().any(|word| value == word))
    {
        return wrong("master");
    }
    for (member, known) in [
        ("mutability", &["READ_ONLY", "READ_WRITE", "IMMUTABLE", "WRITE_ONLY"][..]),
        ("scope", &["NONE", "SELF"]),
        (
            "format",
            &[
                "country-code",
                "date-time",
                "email",
                "encrypted",
                "hashed",
                "language-code",
                "locale",
                "ref-id",
                "timezone",
                "uri",
            ],
        ),
    ] {
        if definition.get(member).is_some_and(|value| !known.iter().any(|word| value == word)) {
            return wrong(member);
        }
    }
    Ok(())
}

/// Attributes of a schema that may be unique.
const UNIQUE_MAX: usize = 5;

fn is_unique(definition: &Value) -> bool {
    match definition.get("unique") {
        Some(Value::Bool(unique)) => *unique,
        // The reference says boolean; the vendor's own answers have a text.
        Some(Value::String(text)) => text.starts_with("UNIQUE"),
        _ => false,
    }
}

/// The schema as a body wants it. It is taken as a whole, or not at all.
fn merged(old: &Schema, body: &Value, now: Moment) -> ApiResult<Schema> {
    let mut schema = Schema { last_updated: now, ..old.clone() };
    let given = body.pointer("/definitions/custom/properties").and_then(Value::as_object);
    for (name, definition) in given.into_iter().flatten() {
        if definition.is_null() {
            schema.custom.remove(name);
            continue;
        }
        if BASE_ATTRIBUTES.contains(&name.as_str()) && schema.of_users {
            return Err(ApiError::invalid(name, "A base attribute of this name exists"));
        }
        let known = ["string", "boolean", "number", "integer", "array"];
        let kind = definition.get("type").and_then(Value::as_str).unwrap_or_default();
        if !known.contains(&kind) {
            return Err(ApiError::invalid(name, "type must be string, boolean, number, integer or array"));
        }
        let mut definition = definition.clone();
        check_definition(name, &mut definition)?;
        for (field, value) in [("mutability", json!("READ_WRITE")), ("scope", json!("NONE"))] {
            if definition.get(field).is_none() {
                definition[field] = value;
            }
        }
        let unique = schema.custom.iter().filter(|(other, held)| *other != name && is_unique(held)).count();
        if is_unique(&definition) && unique >= UNIQUE_MAX {
            return Err(ApiError::invalid(name, "at most 5 attributes of a schema can be unique"));
        }
        schema.custom.insert(name.clone(), definition);
    }
    Ok(schema)
}
