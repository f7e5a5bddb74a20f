//! What a target's answers mean: the next request, the end, a wait, or a task for an administrator.

use http::{Response, StatusCode};
use serde_json::Value;

use super::{
    FAILED_MAX, Person, Stage, Style, Subject, Target, Work,
    requests::{PAGE, Step},
};
use crate::{
    face::OutgoingOutcome,
    okta::{
        dice::Oid,
        event::{self, Cause, Party},
        state::{Job, Org, UserKey},
    },
};

/// A throttled request is repeated so often before it becomes a task for an administrator.
const THROTTLED_MAX: u32 = 10;
/// Where `Retry-After` says nothing useful.
const WAIT_SECONDS: u64 = 300;

enum Next {
    Step(Step),
    Done,
    Wait(i64),
    Failed(String),
}

impl Org {
    /// Whether the token was of a provisioning request; its outcome is dealt with then.
    pub fn provisioning_finished(&mut self, token: u64, outcome: &OutgoingOutcome) -> bool {
        let Some(id) = self.provisioning.under_way.remove(&token) else { return false };
        let Some(line) = self.provisioning.tasks.get(&id).map(super::Task::line) else { return true };
        match self.judge(id, outcome) {
            Next::Step(step) => {
                if let Some(task) = self.provisioning.tasks.get_mut(&id) {
                    task.step = step;
                }
                if self.send_step(id) {
                    return true;
                }
                self.provisioning.tasks.remove(&id);
            }
            Next::Wait(milliseconds) => {
                if let Some(task) = self.provisioning.tasks.get_mut(&id) {
                    task.stage = Stage::Paused;
                }
                self.later(milliseconds, Job::Provision(id));
                return true;
            }
            Next::Done => self.task_done(id),
            Next::Failed(why) => self.task_failed(id, why),
        }
        self.leave_line(line, id);
        self.start_line(line);
        true
    }

    fn judge(&mut self, id: u64, outcome: &OutgoingOutcome) -> Next {
        let retries = self.settings.scim_retries;
        let Some(task) = self.provisioning.tasks.get_mut(&id) else { return Next::Done };
        let response = match outcome {
            OutgoingOutcome::Answered(response) if !response.status().is_server_error() => response,
            silent => {
                let why = match silent {
                    OutgoingOutcome::Answered(response) => refusal(response),
                    OutgoingOutcome::TimedOut => "no answer within 60 seconds".to_owned(),
                    OutgoingOutcome::Failed(why) => format!("connection failed: {why}"),
                };
                task.failures += 1;
                return if task.failures <= retries { Next::Wait(0) } else { Next::Failed(why) };
            }
        };
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            task.throttled += 1;
            if task.throttled > THROTTLED_MAX {
                return Next::Failed(format!("throttled {THROTTLED_MAX} times"));
            }
            let told = response.headers().get("retry-after").and_then(|value| value.to_str().ok());
            let seconds = told.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(WAIT_SECONDS);
            let doubled = seconds.min(86_400) << (task.throttled - 1);
            return Next::Wait(i64::try_from(doubled).unwrap_or(86_400) * 1000);
        }
        let body: Option<Value> = serde_json::from_slice(response.body()).ok();
        // Bodies are parsed as JSON, whatever their type says; HTML is a failure.
        if !response.body().is_empty() && body.is_none() {
            return Next::Failed(format!("HTTP {}: the body is not JSON", response.status().as_u16()));
        }
        self.understand(id, response, body.as_ref())
    }

    fn understand(&mut self, id: u64, response: &Response<bytes::Bytes>, body: Option<&Value>) -> Next {
        let Some(task) = self.provisioning.tasks.get_mut(&id) else { return Next::Done };
        let ok = response.status().is_success();
        let id_of = |value: &Value| value.get("id").and_then(Value::as_str).map(str::to_owned);
        match task.step {
            Step::Users(start) | Step::Groups(start) => {
                let Some(rows) = body.filter(|_| ok).and_then(|body| body.get("Resources")?.as_array())
                else {
                    return Next::Failed(refusal(response));
                };
                let users = matches!(task.step, Step::Users(_));
                let total = body.and_then(|body| body.get("totalResults")?.as_u64()).unwrap_or_default();
                let read = start - 1 + rows.len();
                if task.work == Work::Import {
                    let (app, count) = (task.app, rows.len());
                    if let Some(target) = self.apps.get_mut(app).and_then(|app| app.target.as_mut()) {
                        target.imported[usize::from(!users)] += count;
                    }
                    if count > 0 && (read as u64) < total && count <= PAGE {
                        return Next::Step(if users {
                            Step::Users(read + 1)
                        } else {
                            Step::Groups(read + 1)
                        });
                    }
                }
                if users { Next::Step(Step::Groups(1)) } else { Next::Done }
            }
            Step::Find => {
                let Some(body) = body.filter(|_| ok) else { return Next::Failed(refusal(response)) };
                match body.pointer("/Resources/0") {
                    Some(found) => {
                        task.target = id_of(found);
                        if task.target.is_none() {
                            return Next::Failed("the resource found has no id".to_owned());
                        }
                        Next::Step(if task.work == Work::PushGroup { Step::Members } else { Step::Write })
                    }
                    None => Next::Step(Step::Create),
                }
            }
            Step::Create => {
                if !ok {
                    return Next::Failed(refusal(response));
                }
                // An empty body counts as a failure: without an id there is nothing to go on with.
                let Some(made) = body.and_then(id_of) else {
                    return Next::Failed("the answer to the creation has no id".to_owned());
                };
                task.target = Some(made);
                if task.work == Work::PushGroup { Next::Step(Step::Members) } else { Next::Done }
            }
            Step::Read => match body.filter(|_| ok) {
                Some(body) => {
                    task.read = Some(body.clone());
                    Next::Step(Step::Write)
                }
                None => Next::Failed(refusal(response)),
            },
            Step::Erase if ok || response.status() == StatusCode::NOT_FOUND => Next::Done,
            Step::Write | Step::Members if ok => Next::Done,
            Step::Write | Step::Members | Step::Erase => Next::Failed(refusal(response)),
        }
    }

    fn task_done(&mut self, id: u64) {
        let Some(task) = self.provisioning.tasks.remove(&id) else { return };
        if let Some(target) = self.apps.get_mut(task.app).and_then(|app| app.target.as_mut()) {
            target.done += 1;
        }
        let now = self.now;
        match task.subject {
            Subject::App => self.checked(task.app, Ok(())),
            Subject::User(user) => {
                let linked = task.work == Work::Assign;
                let Some(app) = self.apps.get_mut(task.app) else { return };
                let deleted = task.work == Work::DeleteUser;
                if let Some(target) = app.target.as_mut() {
                    if let (true, Some(external)) = (linked, &task.target) {
                        target.known.insert(user, external.as_str().into());
                    }
                    if deleted {
                        target.known.remove(&user);
                    }
                }
                let external = app.target.as_ref().and_then(|target| target.known.get(&user).cloned());
                if let Some(held) = app.users.get_mut(&user) {
                    held.external_id = external;
                    held.status = "PROVISIONED";
                    held.sync_state = "SYNCHRONIZED";
                    held.last_updated = now;
                }
                if let (Some(kind), Some(person)) = (task.event(), &task.person) {
                    let debug = deleted.then(|| {
                        vec![
                            ("deprovisioning_action", "delete".to_owned()),
                            ("is_delayed", "false".to_owned()),
                        ]
                    });
                    self.log_task(kind, person, task.app, None, debug.unwrap_or_default());
                }
                if linked {
                    self.push_groups_of(task.app, user);
                }
            }
            Subject::Group(mapping) => {
                let push = self
                    .apps
                    .get_mut(task.app)
                    .and_then(|app| app.pushes.iter_mut().find(|push| push.id == mapping));
                if let Some(push) = push {
                    push.last_push = now;
                    push.error = None;
                    if push.status == "ERROR" {
                        push.status = "ACTIVE".to_owned();
                    }
                    if let Some(target) = task.target {
                        push.external = Some(target.into());
                    }
                }
            }
        }
    }

    fn checked(&mut self, app: usize, result: Result<(), String>) {
        if let Some(target) = self.apps.get_mut(app).and_then(|app| app.target.as_mut()) {
            target.checked = Some(result);
        }
    }

    /// The task waits for an administrator, and everybody can see why.
    fn task_failed(&mut self, id: u64, why: String) {
        let Some(task) = self.provisioning.tasks.get_mut(&id) else { return };
        task.stage = Stage::Failed;
        task.why = Some(why.clone());
        let (app, subject) = (task.app, task.subject);
        let (kind, person): (_, Option<Person>) = (task.event(), task.person.clone());
        match subject {
            // A refused check is no task that waits: it shows where the server is shown, and is made again by connecting.
            Subject::App => {
                self.checked(app, Err(why));
                self.provisioning.tasks.remove(&id);
            }
            Subject::User(user) => {
                self.mark_failed(app, user);
                if let (Some(kind), Some(person)) = (kind, person) {
                    self.log_task(kind, &person, app, Some(&why), Vec::new());
                }
            }
            Subject::Group(mapping) => self.push_failed(app, mapping, &why),
        }
        if self.provisioning.tasks.contains_key(&id) {
            self.provisioning.failed.insert(id);
        }
        if self.provisioning.failed.len() > FAILED_MAX
            && let Some(oldest) = self.provisioning.failed.pop_first()
        {
            self.provisioning.tasks.remove(&oldest);
        }
    }

    fn mark_failed(&mut self, app: usize, user: UserKey) {
        if let Some(held) = self.apps.get_mut(app).and_then(|app| app.users.get_mut(&user)) {
            held.sync_state = "ERROR";
        }
    }

    fn push_failed(&mut self, app: usize, mapping: Oid, why: &str) {
        let push = self.apps.get_mut(app).and_then(|app| app.pushes.iter_mut().find(|p| p.id == mapping));
        let Some(push) = push else { return };
        push.status = "ERROR".to_owned();
        push.error = Some(why.into());
        let source = push.source;
        let group = self.group_ids.get(&source).and_then(|key| self.group_at(*key));
        let group = group.map(|group| group.head.party());
        let app = self.apps.get(app).map(|app| app.party());
        let targets: Vec<Party> = group.into_iter().chain(app).collect();
        let cause = Cause::system(self.dice.text(24));
        let reason = Some(why.chars().take(255).collect());
        self.emit_with(&event::GROUP_PUSH_FAILED, &cause, targets, Vec::new(), "FAILURE", reason);
    }
}

/// What a refusal says, in a line.
fn refusal(response: &Response<bytes::Bytes>) -> String {
    let body: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let detail = body.get("detail").and_then(Value::as_str).unwrap_or("no detail");
    format!("HTTP {}: {detail}", response.status().as_u16())
}

impl Target {
    pub fn new(base: &str, style: Style) -> Self {
        Self {
            base: base.trim_end_matches('/').to_owned(),
            authorization: None,
            style,
            enterprise: false,
            passwords: false,
            patch_paths: false,
            checked: None,
            done: 0,
            imported: [0, 0],
            known: std::collections::HashMap::new(),
        }
    }
}
