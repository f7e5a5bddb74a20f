//! What the vendor's SCIM client sends: every form of the contract's §13, by style.

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};

use super::{Style, Subject, Target, Task, Work};
use crate::okta::{
    apps::PushMapping,
    request::encode,
    state::{EVERYONE, Org},
};

pub const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
const PATCH: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
const TYPE: &str = "application/scim+json; charset=utf-8";
/// Rows of a page, as the vendor asks for them.
pub const PAGE: usize = 100;

/// The request of a task that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A page of users, or of groups, beginning at a place counted from 1.
    Users(usize),
    Groups(usize),
    /// Whether the target has it already.
    Find,
    Create,
    Read,
    Write,
    /// Members of a group just created or linked.
    Members,
    Erase,
}

impl Step {
    pub fn first(work: &Work) -> Self {
        match work {
            Work::Check | Work::Import => Self::Users(1),
            Work::Assign | Work::PushGroup => Self::Find,
            Work::Profile => Self::Read,
            Work::Active(_) | Work::Password(_) | Work::RenameGroup | Work::Member { .. } => Self::Write,
            Work::PushNow => Self::Members,
            Work::DeleteUser | Work::DeleteGroup => Self::Erase,
        }
    }
}

fn patch(operations: Vec<Value>) -> Value {
    json!({ "schemas": [PATCH], "Operations": operations })
}

/// `{"op":"replace"}` of one value, in either spelling.
fn replaced(target: &Target, name: &str, value: Value) -> Value {
    if target.patch_paths {
        return json!({ "op": "replace", "path": name, "value": value });
    }
    let mut inner = Map::new();
    inner.insert(name.to_owned(), value);
    json!({ "op": "replace", "value": inner })
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Org {
    /// `None`: there is nothing to ask any more.
    pub(super) fn step_request(&self, task: &Task) -> Option<Request<Bytes>> {
        let target = self.apps.get(task.app)?.target.as_deref()?;
        let (method, path, body) = match task.subject {
            Subject::App => {
                let (kind, start) = match task.step {
                    Step::Groups(start) => ("Groups", start),
                    Step::Users(start) => ("Users", start),
                    _ => return None,
                };
                let users_first = task.work == Work::Check && kind == "Users";
                let count = if users_first { 2 } else { PAGE };
                ("GET", format!("/{kind}?startIndex={start}&count={count}"), None)
            }
            Subject::User(user) => {
                let id = task.target.clone().or_else(|| self.target_id(task.app, user).map(str::to_owned));
                self.user_request(task, target, id)?
            }
            Subject::Group(mapping) => {
                let push = self.apps[task.app].pushes.iter().find(|push| push.id == mapping);
                let id = task
                    .target
                    .clone()
                    .or_else(|| push.and_then(|push| push.external.clone().map(Into::into)));
                self.group_request(task, target, push, id)?
            }
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", target.base))
            .header("user-agent", "Okta SCIM Client 1.0.0")
            .header("accept", TYPE)
            .header("content-type", TYPE);
        if let Some(authorization) = &target.authorization {
            request = request.header("authorization", authorization.as_str());
        }
        request.body(body.map(|body| body.to_string()).unwrap_or_default().into()).ok()
    }

    fn user_request(
        &self,
        task: &Task,
        target: &Target,
        id: Option<String>,
    ) -> Option<(&'static str, String, Option<Value>)> {
        let person = task.person.as_ref()?;
        let resource = &person.resource;
        if task.step == Step::Find {
            let filter = format!("userName eq {}", quoted(resource["userName"].as_str().unwrap_or_default()));
            let path = format!("/Users?filter={}&startIndex=1&count={PAGE}", encode(&filter));
            return Some(("GET", path, None));
        }
        if task.step == Step::Create {
            let mut body = resource.clone();
            body["groups"] = json!([]);
            body["password"] = Value::from(format!("Aa1!{}", &person.app_user.as_str()[3..17]));
            return Some(("POST", "/Users".to_owned(), Some(body)));
        }
        let path = format!("/Users/{}", encode(&id?));
        match (task.step, &task.work) {
            (Step::Read, _) => Some(("GET", path, None)),
            (Step::Erase, _) => Some(("DELETE", path, None)),
            (_, Work::Active(active)) if target.style == Style::Oin => {
                let body = patch(vec![replaced(target, "active", (*active).into())]);
                Some(("PATCH", path, Some(body)))
            }
            (_, Work::Password(password)) if target.style == Style::Oin => {
                let body = patch(vec![replaced(target, "password", password.as_str().into())]);
                Some(("PATCH", path, Some(body)))
            }
            (_, work) => {
                // The client starts from what it read, lays its own attributes over it and sends the whole.
                let mut body = task.read.clone().filter(Value::is_object).unwrap_or_else(|| json!({}));
                if let (Some(body), Some(own)) = (body.as_object_mut(), resource.as_object()) {
                    body.remove("meta");
                    body.extend(own.clone());
                    body.insert("id".to_owned(), path.rsplit('/').next().unwrap_or_default().into());
                    match work {
                        Work::Active(active) => {
                            body.insert("active".to_owned(), (*active).into());
                        }
                        Work::Password(password) => {
                            body.insert("password".to_owned(), password.as_str().into());
                        }
                        _ => {}
                    }
                }
                Some(("PUT", path, Some(body)))
            }
        }
    }

    fn group_request(
        &self,
        task: &Task,
        target: &Target,
        push: Option<&PushMapping>,
        id: Option<String>,
    ) -> Option<(&'static str, String, Option<Value>)> {
        if task.step == Step::Erase {
            return Some(("DELETE", format!("/Groups/{}", encode(&id?)), None));
        }
        let push = push?;
        let key = *self.group_ids.get(&push.source)?;
        let name = push.name.as_deref().unwrap_or(&self.group_at(key)?.head.name);
        match task.step {
            Step::Find => {
                let filter = format!("displayName eq {}", quoted(name));
                return Some(("GET", format!("/Groups?filter={}", encode(&filter)), None));
            }
            Step::Create => {
                let body = json!({ "schemas": [CORE_GROUP], "displayName": name, "members": [] });
                return Some(("POST", "/Groups".to_owned(), Some(body)));
            }
            _ => {}
        }
        let id = id?;
        let path = format!("/Groups/{}", encode(&id));
        let member = |user: u32| {
            let login = self.user_at(user).map(|user| user.login().to_owned());
            Some(json!({ "value": self.target_id(task.app, user)?, "display": login? }))
        };
        let members = || -> Value {
            let app = &self.apps[task.app];
            let assigned = app.users.keys().copied().filter(|user| {
                key == EVERYONE || self.group_at(key).is_some_and(|group| group.members.contains(user))
            });
            assigned.filter_map(member).collect()
        };
        if target.style == Style::Aiw {
            let body =
                json!({ "schemas": [CORE_GROUP], "id": id, "displayName": name, "members": members() });
            return Some(("PUT", path, Some(body)));
        }
        let named = json!({ "op": "replace", "value": { "id": id, "displayName": name } });
        let operations = match &task.work {
            Work::RenameGroup => vec![named],
            Work::Member { user, add: true } => {
                vec![named, json!({ "op": "add", "path": "members", "value": [member(*user)?] })]
            }
            Work::Member { user, add: false } => {
                let value = self.target_id(task.app, *user)?;
                vec![named, json!({ "op": "remove", "path": format!("members[value eq {}]", quoted(value)) })]
            }
            _ => vec![named, replaced(target, "members", members())],
        };
        Some(("PATCH", path, Some(patch(operations))))
    }
}
