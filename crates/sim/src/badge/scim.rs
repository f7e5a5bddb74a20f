//! SCIM 2.0 group push: people come as Users, areas as Groups, and a member may enter at once and without end.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    BadgeFace, Outcome, Refusal, refuse,
    rights::{Span, Way},
};

const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";
const PAGE_MAX: usize = 1_000;

#[derive(Debug, Clone)]
struct Person {
    user_name: String,
    active: bool,
    whole: Value,
}

#[derive(Debug, Clone, Default)]
struct Area {
    name: String,
    members: BTreeSet<String>,
}

/// People and areas as SCIM told them.
#[derive(Debug, Default)]
pub(super) struct Directory {
    people: BTreeMap<String, Person>,
    areas: BTreeMap<String, Area>,
    last: u64,
}

impl Directory {
    fn fresh(&mut self) -> String {
        self.last += 1;
        format!("{:08}", self.last)
    }

    pub(super) fn people_value(&self) -> Value {
        self.people.iter().map(|(id, person)| shown_person(id, person)).collect()
    }

    pub(super) fn areas_value(&self) -> Value {
        self.areas.iter().map(|(id, area)| shown_area(id, area)).collect()
    }
}

pub(super) fn error(status: u16, why: &str) -> Value {
    let mut body = json!({ "schemas": [ERROR], "status": status.to_string(), "detail": why });
    if status == 409 {
        body["scimType"] = json!("uniqueness");
    }
    body
}

fn shown_person(id: &str, person: &Person) -> Value {
    let mut whole = person.whole.clone();
    for (name, value) in [
        ("schemas", json!([USER])),
        ("id", json!(id)),
        ("userName", json!(person.user_name)),
        ("active", json!(person.active)),
        ("meta", json!({ "resourceType": "User", "location": format!("/scim/v2/Users/{id}") })),
    ] {
        whole[name] = value;
    }
    whole
}

fn shown_area(id: &str, area: &Area) -> Value {
    let members: Value = area.members.iter().map(|member| json!({ "value": member })).collect();
    json!({
        "schemas": [GROUP], "id": id, "displayName": area.name, "members": members,
        "meta": { "resourceType": "Group", "location": format!("/scim/v2/Groups/{id}") },
    })
}

pub(super) fn answer(
    face: &mut BadgeFace,
    request: &Request<Bytes>,
    kind: &str,
    id: Option<&str>,
    now: Timestamp,
) -> Outcome {
    let method = request.method().as_str();
    let users = kind == "Users";
    let body = match method {
        "POST" | "PUT" | "PATCH" => {
            let body: Value = serde_json::from_slice(request.body())
                .map_err(|error| Refusal(400, format!("the body is not JSON: {error}")))?;
            if !body.is_object() {
                return refuse(400, "the body must be an object");
            }
            body
        }
        _ => Value::Null,
    };
    let missing = |id: &str| refuse(404, format!("there is no {} {id}", kind.trim_end_matches('s')));
    let outcome = match (method, id) {
        ("GET", None) => list(face, users, request.uri().query().unwrap_or_default()),
        ("POST", None) if users => create_person(face, body),
        ("POST", None) => create_area(face, &body),
        ("GET", Some(id)) => match shown(face, users, id) {
            Some(shown) => Ok((200, shown)),
            None => missing(id),
        },
        ("PUT" | "PATCH", Some(id)) if shown(face, users, id).is_none() => missing(id),
        ("PUT", Some(id)) if users => change_person(face, id, body),
        ("PUT", Some(id)) => change_area(face, id, &body),
        ("PATCH", Some(id)) => patch(face, users, id, &body),
        ("DELETE", Some(id)) if users => match face.directory.people.remove(id) {
            Some(_) => {
                for area in face.directory.areas.values_mut() {
                    area.members.remove(id);
                }
                Ok((204, Value::Null))
            }
            None => missing(id),
        },
        ("DELETE", Some(id)) => match face.directory.areas.remove(id) {
            Some(_) => Ok((204, Value::Null)),
            None => missing(id),
        },
        _ => refuse(405, "this resource does not know that verb"),
    };
    settle(face, &format!("{method} {}", request.uri().path()), now);
    outcome
}

fn shown(face: &BadgeFace, users: bool, id: &str) -> Option<Value> {
    if users {
        face.directory.people.get(id).map(|person| shown_person(id, person))
    } else {
        face.directory.areas.get(id).map(|area| shown_area(id, area))
    }
}

/// Makes the table of rights agree with the directory: active members of each area.
fn settle(face: &mut BadgeFace, by: &str, now: Timestamp) {
    let directory = &face.directory;
    let mut wanted = BTreeSet::new();
    for area in directory.areas.values() {
        let members =
            area.members.iter().filter_map(|id| directory.people.get(id)).filter(|person| person.active);
        wanted.extend(members.map(|person| (person.user_name.clone(), area.name.clone())));
    }
    for (holder, area) in face.rights.all(Way::Scim) {
        if !wanted.contains(&(holder.clone(), area.clone())) {
            face.rights.set(Way::Scim, by, &holder, &area, None, now);
        }
    }
    for (holder, area) in wanted {
        face.rights.set(Way::Scim, by, &holder, &area, Some(Span::default()), now);
    }
}

fn list(face: &BadgeFace, users: bool, query: &str) -> Outcome {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let wanted = match get("filter") {
        None => None,
        Some(filter) => {
            let parts = filter.split_once(" eq ").and_then(|(name, value)| {
                Some((name.trim(), value.trim().strip_prefix('"')?.strip_suffix('"')?))
            });
            let known = ["userName", "displayName", "externalId", "id"];
            match parts.filter(|(name, _)| known.contains(name)) {
                Some(parts) => Some(parts),
                None => return refuse(400, "filter: send userName, displayName, externalId or id eq \"…\""),
            }
        }
    };
    let all = if users { face.directory.people_value() } else { face.directory.areas_value() };
    let fits = |row: &&Value| {
        wanted.is_none_or(|(name, value)| {
            row[name].as_str().is_some_and(|held| held.eq_ignore_ascii_case(value))
        })
    };
    let found: Vec<&Value> = all.as_array().into_iter().flatten().filter(fits).collect();
    let number =
        |name: &str, default: usize| get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or(default);
    let (start, count) = (number("startIndex", 1).max(1), number("count", 100).min(PAGE_MAX));
    let page: Vec<&Value> = found.iter().skip(start - 1).take(count).copied().collect();
    Ok((
        200,
        json!({
            "schemas": [LIST], "totalResults": found.len(), "startIndex": start, "itemsPerPage": page.len(), "Resources": page,
        }),
    ))
}

fn create_person(face: &mut BadgeFace, body: Value) -> Outcome {
    let name = user_name(&body)?;
    if face.directory.people.values().any(|person| person.user_name.eq_ignore_ascii_case(&name)) {
        return refuse(409, "userName already in use");
    }
    let id = face.directory.fresh();
    let person = Person {
        user_name: name,
        active: body["active"].as_bool().unwrap_or(true),
        whole: without_password(body),
    };
    let shown = shown_person(&id, &person);
    face.directory.people.insert(id, person);
    Ok((201, shown))
}

fn change_person(face: &mut BadgeFace, id: &str, body: Value) -> Outcome {
    let name = user_name(&body)?;
    let taken = face
        .directory
        .people
        .iter()
        .any(|(other, person)| other != id && person.user_name.eq_ignore_ascii_case(&name));
    if taken {
        return refuse(409, "userName already in use");
    }
    let person = Person {
        user_name: name,
        active: body["active"].as_bool().unwrap_or(true),
        whole: without_password(body),
    };
    let shown = shown_person(id, &person);
    face.directory.people.insert(id.to_owned(), person);
    Ok((200, shown))
}

fn user_name(body: &Value) -> Result<String, Refusal> {
    let name = body["userName"].as_str().map(str::trim).filter(|name| !name.is_empty());
    name.map(str::to_owned).ok_or_else(|| Refusal(400, "userName is required".to_owned()))
}

fn without_password(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.shift_remove("password");
    }
    body
}

fn create_area(face: &mut BadgeFace, body: &Value) -> Outcome {
    let area = sent_area(body)?;
    if face.directory.areas.values().any(|known| known.name == area.name) {
        return refuse(409, "displayName already in use");
    }
    let id = face.directory.fresh();
    let shown = shown_area(&id, &area);
    face.directory.areas.insert(id, area);
    Ok((201, shown))
}

fn change_area(face: &mut BadgeFace, id: &str, body: &Value) -> Outcome {
    let area = sent_area(body)?;
    let shown = shown_area(id, &area);
    face.directory.areas.insert(id.to_owned(), area);
    Ok((200, shown))
}

fn sent_area(body: &Value) -> Result<Area, Refusal> {
    let name = body["displayName"].as_str().map(str::trim).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal(400, "displayName is required".to_owned()))?.to_owned();
    Ok(Area { name, members: members(&body["members"]).into_iter().collect() })
}

/// The values of a member list, or of one member.
fn members(value: &Value) -> Vec<String> {
    let one = |member: &Value| member.get("value").and_then(Value::as_str).map(str::to_owned);
    match value {
        Value::Array(list) => list.iter().filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

fn patch(face: &mut BadgeFace, users: bool, id: &str, body: &Value) -> Outcome {
    let operations = body["Operations"].as_array().cloned();
    let operations = operations.ok_or_else(|| Refusal(400, "Operations must be a list".to_owned()))?;
    for operation in &operations {
        let verb = operation["op"].as_str().unwrap_or_default().to_ascii_lowercase();
        let (path, value) = (operation["path"].as_str().unwrap_or_default(), &operation["value"]);
        if !matches!(&*verb, "add" | "replace" | "remove") {
            return refuse(400, "op must be add, replace or remove");
        }
        if users {
            patch_person(face, id, path, value);
        } else {
            patch_area(face, id, &verb, path, value)?;
        }
    }
    match shown(face, users, id) {
        Some(shown) => Ok((200, shown)),
        None => refuse(404, "gone"),
    }
}

fn patch_person(face: &mut BadgeFace, id: &str, path: &str, value: &Value) {
    let Some(person) = face.directory.people.get_mut(id) else { return };
    let flag = |value: &Value| {
        value.as_bool().or_else(|| value.as_str().map(|text| text.eq_ignore_ascii_case("true")))
    };
    if path.is_empty() {
        for (name, value) in value.as_object().into_iter().flatten() {
            match (name.as_str(), flag(value)) {
                ("active", Some(active)) => person.active = active,
                ("userName", _) => person.user_name = value.as_str().unwrap_or(&person.user_name).to_owned(),
                _ => person.whole[name.as_str()] = value.clone(),
            }
        }
    } else if path == "active" {
        person.active = flag(value).unwrap_or(person.active);
    } else if path == "userName" {
        person.user_name = value.as_str().unwrap_or(&person.user_name).to_owned();
    } else {
        person.whole[path] = value.clone();
    }
}

fn patch_area(face: &mut BadgeFace, id: &str, verb: &str, path: &str, value: &Value) -> Result<(), Refusal> {
    let Some(area) = face.directory.areas.get_mut(id) else { return Ok(()) };
    let one = path.strip_prefix("members[value eq \"").and_then(|rest| rest.strip_suffix("\"]"));
    match (verb, path) {
        ("add", "members") => area.members.extend(members(value)),
        ("remove", "members") => match value {
            Value::Null => area.members.clear(),
            value => {
                for gone in members(value) {
                    area.members.remove(&gone);
                }
            }
        },
        ("replace", "members") => area.members = members(value).into_iter().collect(),
        ("remove", _) if one.is_some() => {
            area.members.remove(one.unwrap_or_default());
        }
        ("replace" | "add", "displayName") => area.name = value.as_str().unwrap_or(&area.name).to_owned(),
        ("replace" | "add", "") => {
            if let Some(name) = value["displayName"].as_str() {
                name.clone_into(&mut area.name);
            }
            if let Some(list) = value.get("members") {
                let list = members(list);
                if verb == "replace" {
                    area.members = list.into_iter().collect();
                } else {
                    area.members.extend(list);
                }
            }
        }
        _ => return refuse(400, format!("path {path:?} is not known")),
    }
    Ok(())
}
