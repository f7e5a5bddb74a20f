//! Provisioning: the org as SCIM 2.0 client of an app's target (contract §13).
//!
//! An assignment, a changed profile, a pushed group each become a [`Task`]: a few requests in a row, made through the
//! host, and what becomes of them shown on the app user, on the mapping and in the System Log. Tasks of one person run
//! one after another; those of one group at once, as the vendor's do, unless the settings say otherwise (O-20).
//!
//! [`requests`] writes what is sent, [`answers`] reads what comes back.

mod answers;
mod command;
mod requests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::{Value, json};

use self::requests::Step;
use super::{
    dice::Oid,
    event::{self, Cause, EventKind, Party},
    profile::{EMAIL, FIRST_NAME, LAST_NAME},
    state::{GroupKey, Org, Status, User, UserKey},
};

/// How many failed tasks are remembered; the oldest go first.
const FAILED_MAX: usize = 10_000;

/// The two personalities of the vendor's client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Apps of the integration catalogue: PATCH for activation and groups.
    Oin,
    /// Apps built with the wizard: PUT for everything.
    Aiw,
}

/// The SCIM server of an app.
#[derive(Debug, Clone)]
pub struct Target {
    /// Without a slash at the end.
    pub base: String,
    /// The whole `Authorization` header.
    pub authorization: Option<String>,
    pub style: Style,
    /// Whether department, cost center, manager and employee number are mapped.
    pub enterprise: bool,
    /// Whether a new password is sent on.
    pub passwords: bool,
    /// Of the two spellings of a PATCH that replaces a value: with `path`, or with the value's own name inside.
    pub patch_paths: bool,
    /// What the last check of the credentials said.
    pub checked: Option<Result<(), String>>,
    /// Tasks that ended well.
    done: u64,
    /// Rows read by the last import: users, groups.
    pub imported: [usize; 2],
    /// Ids in the target of everybody who ever was provisioned, assigned now or not.
    known: HashMap<UserKey, Box<str>>,
}

/// What is to be done in the target.
#[derive(Debug, Clone, PartialEq)]
enum Work {
    /// Credentials were saved: one page of users, one of groups.
    Check,
    Assign,
    Profile,
    Active(bool),
    Password(String),
    DeleteUser,
    Import,
    PushGroup,
    RenameGroup,
    Member {
        user: UserKey,
        add: bool,
    },
    /// All members at once, also none.
    PushNow,
    DeleteGroup,
}

/// Whom a task is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Subject {
    App,
    User(UserKey),
    /// A group push mapping.
    Group(Oid),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    /// Until its own job wakes it.
    Paused,
    Failed,
}

/// A few requests in a row.
#[derive(Debug)]
struct Task {
    app: usize,
    subject: Subject,
    work: Work,
    stage: Stage,
    step: Step,
    /// Who is meant, as the task was made: the person may be gone when it runs.
    person: Option<Person>,
    /// Id in the target, once known.
    target: Option<String>,
    /// What was read from the target, from which a PUT starts.
    read: Option<Value>,
    throttled: u32,
    failures: u64,
    why: Option<String>,
}

/// An app, and whom of it tasks are about.
type Line = (usize, Subject);

/// Tasks about one subject that have not ended, by number, which is their order.
#[derive(Debug, Default)]
struct Queue {
    waiting: BTreeSet<u64>,
    /// Under way, or paused.
    begun: BTreeSet<u64>,
    /// Those of `begun` that make the group which the others need.
    pushes: BTreeSet<u64>,
}

/// Of a user, what events and requests need after the user is gone.
#[derive(Debug, Clone)]
struct Person {
    party: Party,
    app_user: Oid,
    resource: Value,
}

/// Tasks of all apps.
#[derive(Debug, Default)]
pub struct Provisioning {
    tasks: BTreeMap<u64, Task>,
    lines: HashMap<Line, Queue>,
    /// Tasks that wait for an administrator; the oldest first.
    failed: BTreeSet<u64>,
    last: u64,
    /// Tasks by the token of their request under way.
    under_way: HashMap<u64, u64>,
}

impl Org {
    // ---- what happens in the org -----------------------------------------------------------------------------

    /// Sets an app's target, and checks it as saving credentials does.
    pub fn connect_target(&mut self, app: usize, target: Target) {
        let Some(held) = self.apps.get_mut(app) else { return };
        held.provisioning = true;
        held.target = Some(Box::new(target));
        self.provision(app, Subject::App, Work::Check);
    }

    /// Whether an app provisions to a server of its own, rather than to one that is merely imagined.
    pub fn has_target(&self, app: usize) -> bool {
        self.apps.get(app).is_some_and(|app| app.target.is_some())
    }

    /// Somebody was assigned. Who was provisioned before is only made active again.
    pub fn provision_assigned(&mut self, app: usize, user: UserKey) {
        let Some(target) = self.apps.get(app).and_then(|app| app.target.as_ref()) else { return };
        let known = target.known.contains_key(&user);
        self.provision(app, Subject::User(user), if known { Work::Active(true) } else { Work::Assign });
    }

    /// Somebody's assignment ended: the account is made inactive, and where the settings say so, deleted (O-21).
    pub fn provision_unassigned(&mut self, app: usize, user: UserKey, app_user: Oid) {
        if !self.has_target(app) {
            return;
        }
        let person = self.person_of(app, user, Some(app_user));
        self.enqueue(app, Subject::User(user), Work::Active(false), person.clone());
        if self.settings.scim_deletes {
            self.enqueue(app, Subject::User(user), Work::DeleteUser, person);
        }
        self.start_line((app, Subject::User(user)));
    }

    /// Deletes somebody's account in the target, whether they are assigned or not.
    ///
    /// # Errors
    /// When the target does not know them.
    pub fn provision_deletion(&mut self, app: usize, user: UserKey) -> Result<(), String> {
        if self.target_id(app, user).is_none() {
            return Err("the SCIM server does not know this user".to_owned());
        }
        let assigned = self.apps[app].users.get(&user).map(|held| held.id);
        let person = self.person_of(app, user, Some(assigned.unwrap_or(self.apps[app].id)));
        self.enqueue(app, Subject::User(user), Work::DeleteUser, person);
        self.start_line((app, Subject::User(user)));
        Ok(())
    }

    /// A profile changed: every app with a target that holds the person is told.
    pub fn provision_profile(&mut self, user: UserKey) {
        for app in self.targets_holding(user) {
            self.provision(app, Subject::User(user), Work::Profile);
        }
    }

    pub fn provision_password(&mut self, user: UserKey, password: &str) {
        for app in self.targets_holding(user) {
            if self.apps[app].target.as_ref().is_some_and(|target| target.passwords) {
                self.provision(app, Subject::User(user), Work::Password(password.to_owned()));
            }
        }
    }

    fn targets_holding(&self, user: UserKey) -> Vec<usize> {
        let holds = |app: &usize| self.has_target(*app) && self.apps[*app].users.contains_key(&user);
        (0..self.apps.len()).filter(holds).collect()
    }

    /// Assigns anew everybody whom the target does not know yet: people assigned before the target was connected.
    pub fn provision_everybody(&mut self, app: usize) -> usize {
        let Some(target) = self.apps.get(app).and_then(|app| app.target.as_ref()) else { return 0 };
        let unknown: Vec<UserKey> =
            self.apps[app].users.keys().copied().filter(|user| !target.known.contains_key(user)).collect();
        for user in &unknown {
            let person = self.person_of(app, *user, None);
            self.enqueue(app, Subject::User(*user), Work::Assign, person);
            self.start_line((app, Subject::User(*user)));
        }
        unknown.len()
    }

    pub fn provision_import(&mut self, app: usize) {
        if let Some(target) = self.apps.get_mut(app).and_then(|app| app.target.as_mut()) {
            target.imported = [0, 0];
        }
        self.provision(app, Subject::App, Work::Import);
    }

    // ---- group push ------------------------------------------------------------------------------------------

    pub fn push_group(&mut self, app: usize, mapping: Oid) {
        self.provision(app, Subject::Group(mapping), Work::PushGroup);
    }

    /// All members of a mapping's group, now.
    pub fn push_now(&mut self, app: usize, group: Oid) -> bool {
        let mut pushes = self.apps[app].pushes.iter();
        let found = pushes.find(|push| push.source == group && push.status != "INACTIVE");
        let found = found.map(|push| (push.id, push.external.is_some()));
        if let Some((mapping, known)) = found {
            let work = if known { Work::PushNow } else { Work::PushGroup };
            self.provision(app, Subject::Group(mapping), work);
        }
        found.is_some()
    }

    /// A source group was renamed: groups that were pushed under a name of their own keep it.
    pub fn push_rename(&mut self, group: Oid) {
        for (app, mapping) in self.mappings_of(group) {
            let own = self.apps[app].pushes.iter().any(|push| push.id == mapping && push.name.is_some());
            if !own {
                self.provision(app, Subject::Group(mapping), Work::RenameGroup);
            }
        }
    }

    /// Only people who are assigned to the app are pushed, and nobody who is not activated yet is taken out.
    pub fn push_member(&mut self, group: GroupKey, user: UserKey, add: bool) {
        let Some(id) = self.group_at(group).map(|group| group.head.id) else { return };
        if !add && self.user_at(user).is_some_and(|user| user.status == Status::Staged) {
            return;
        }
        for (app, mapping) in self.mappings_of(id) {
            if self.apps[app].users.contains_key(&user) && self.target_id(app, user).is_some() {
                self.provision(app, Subject::Group(mapping), Work::Member { user, add });
            }
        }
    }

    /// A mapping was removed: the group in the target is left, or deleted.
    pub fn push_unlinked(&mut self, app: usize, mapping: Oid, group: Option<String>) {
        if !self.has_target(app) || group.is_none() {
            return;
        }
        let id = self.enqueue(app, Subject::Group(mapping), Work::DeleteGroup, None);
        if let Some(task) = self.provisioning.tasks.get_mut(&id) {
            task.target = group;
        }
        self.start_line((app, Subject::Group(mapping)));
    }

    /// A new account's groups are pushed with it; those of one that was made active again are not.
    fn push_groups_of(&mut self, app: usize, user: UserKey) {
        let groups = self.user_at(user).map(|user| user.groups.clone()).unwrap_or_default();
        for group in groups {
            let Some(id) = self.group_at(group).map(|group| group.head.id) else { continue };
            for (of, mapping) in self.mappings_of(id) {
                if of == app {
                    self.provision(app, Subject::Group(mapping), Work::Member { user, add: true });
                }
            }
        }
    }

    fn mappings_of(&self, group: Oid) -> Vec<(usize, Oid)> {
        let apps = self.apps.iter().enumerate().filter(|(_, app)| app.target.is_some());
        apps.flat_map(|(at, app)| {
            let active = app.pushes.iter().filter(|push| push.source == group && push.status == "ACTIVE");
            active.map(move |push| (at, push.id))
        })
        .collect()
    }

    fn target_id(&self, app: usize, user: UserKey) -> Option<&str> {
        self.apps.get(app)?.target.as_ref()?.known.get(&user).map(|id| &**id)
    }

    // ---- tasks -----------------------------------------------------------------------------------------------

    fn provision(&mut self, app: usize, subject: Subject, work: Work) {
        if !self.has_target(app) {
            return;
        }
        let person = match subject {
            Subject::User(user) => self.person_of(app, user, None),
            _ => None,
        };
        self.enqueue(app, subject, work, person);
        self.start_line((app, subject));
    }

    fn enqueue(&mut self, app: usize, subject: Subject, work: Work, person: Option<Person>) -> u64 {
        let step = Step::first(&work);
        let task = Task {
            app,
            subject,
            work,
            stage: Stage::Waiting,
            step,
            person,
            target: None,
            read: None,
            throttled: 0,
            failures: 0,
            why: None,
        };
        self.provisioning.last += 1;
        let id = self.provisioning.last;
        self.provisioning.lines.entry(task.line()).or_default().waiting.insert(id);
        self.provisioning.tasks.insert(id, task);
        id
    }

    fn person_of(&self, app: usize, user: UserKey, app_user: Option<Oid>) -> Option<Person> {
        let held = self.apps.get(app)?;
        let app_user = app_user.or_else(|| held.users.get(&user).map(|held| held.id))?;
        let person = self.user_at(user)?;
        let enterprise = held.target.as_ref().is_some_and(|target| target.enterprise);
        let user_name = held.users.get(&user).and_then(|held| held.user_name.clone());
        let resource = self.scim_user(person, user_name.as_deref(), enterprise);
        Some(Person { party: person.party(), app_user, resource })
    }

    /// A user as the default mapping of the vendor's client shows it.
    fn scim_user(&self, user: &User, user_name: Option<&str>, enterprise: bool) -> Value {
        let text = |name: &str| self.names.key(name).map(|key| user.profile.text(key)).unwrap_or_default();
        let mut schemas = vec![requests::CORE_USER];
        let mut resource = json!({
            "userName": user_name.unwrap_or_else(|| user.login()),
            "name": { "givenName": user.profile.text(FIRST_NAME), "familyName": user.profile.text(LAST_NAME) },
            "emails": [{ "primary": true, "value": user.profile.text(EMAIL), "type": "work" }],
            "displayName": user.display_name(),
            "externalId": user.id.as_str(),
            "active": true,
        });
        if !text("locale").is_empty() {
            resource["locale"] = text("locale").replace('_', "-").into();
        }
        let mut extension = serde_json::Map::new();
        for (name, attribute) in [
            ("employeeNumber", "employeeNumber"),
            ("costCenter", "costCenter"),
            ("organization", "organization"),
            ("division", "division"),
            ("department", "department"),
        ] {
            if enterprise && !text(attribute).is_empty() {
                extension.insert(name.to_owned(), text(attribute).into());
            }
        }
        if enterprise && !text("managerId").is_empty() {
            extension.insert("manager".to_owned(), json!({ "value": text("managerId") }));
        }
        if !extension.is_empty() {
            schemas.push(requests::ENTERPRISE_USER);
            resource[requests::ENTERPRISE_USER] = extension.into();
        }
        resource["schemas"] = schemas.into();
        resource
    }

    /// Starts what nothing holds back among the tasks about one subject.
    fn start_line(&mut self, line: Line) {
        while let Some(id) = self.startable(line) {
            if !self.send_step(id) {
                // The mapping is gone, or the account was never made: nothing to do.
                self.provisioning.tasks.remove(&id);
                self.leave_line(line, id);
            }
        }
    }

    fn startable(&self, line: Line) -> Option<u64> {
        let queue = self.provisioning.lines.get(&line)?;
        let next = queue.waiting.first().copied()?;
        // Only changes of members meet each other on the way (O-20): whole lists out of order would leave the older one.
        let whole_lists = self.apps[line.0].target.as_ref().is_some_and(|target| target.style == Style::Aiw);
        let parallel = matches!(line.1, Subject::App)
            || matches!(line.1, Subject::Group(_)) && self.settings.scim_parallel && !whole_lists;
        // What changes members in parallel still needs the group to be there.
        let free = if parallel {
            queue.pushes.first() > Some(&next) || queue.pushes.is_empty()
        } else {
            queue.begun.is_empty()
        };
        free.then_some(next)
    }

    fn leave_line(&mut self, line: Line, id: u64) {
        if let Some(queue) = self.provisioning.lines.get_mut(&line) {
            for ids in [&mut queue.waiting, &mut queue.begun, &mut queue.pushes] {
                ids.remove(&id);
            }
            if queue.waiting.is_empty() && queue.begun.is_empty() {
                self.provisioning.lines.remove(&line);
            }
        }
    }

    /// Makes the request of a task's present step; `false`: there is none to make.
    fn send_step(&mut self, id: u64) -> bool {
        let Some(task) = self.provisioning.tasks.get(&id) else { return false };
        let Some(request) = self.step_request(task) else { return false };
        self.hooks.last_token += 1;
        let token = self.hooks.last_token;
        self.provisioning.under_way.insert(token, id);
        let timeout = std::time::Duration::from_secs(60);
        self.hooks.outbox.push(crate::face::Outgoing { token, request, timeout });
        if let Some(task) = self.provisioning.tasks.get_mut(&id) {
            task.stage = Stage::Running;
            let queue = self.provisioning.lines.entry(task.line()).or_default();
            queue.waiting.remove(&id);
            queue.begun.insert(id);
            if task.work == Work::PushGroup {
                queue.pushes.insert(id);
            }
        }
        true
    }

    /// A throttled or failed request is made once more.
    pub fn resume_task(&mut self, id: u64) {
        if let Some(task) = self.provisioning.tasks.get_mut(&id) {
            task.stage = Stage::Waiting;
            let line = task.line();
            let queue = self.provisioning.lines.entry(line).or_default();
            queue.begun.remove(&id);
            queue.pushes.remove(&id);
            queue.waiting.insert(id);
            self.start_line(line);
        }
    }

    /// Failed tasks of an app, once more from their start.
    pub fn retry_tasks(&mut self, app: usize) -> usize {
        let mut again = Vec::new();
        for id in &self.provisioning.failed {
            let Some(task) = self.provisioning.tasks.get_mut(id).filter(|task| task.app == app) else {
                continue;
            };
            task.stage = Stage::Waiting;
            task.step = Step::first(&task.work);
            (task.throttled, task.failures, task.why, task.read) = (0, 0, None, None);
            again.push((*id, task.line()));
        }
        for (id, line) in &again {
            self.provisioning.failed.remove(id);
            self.provisioning.lines.entry(*line).or_default().waiting.insert(*id);
        }
        for (_, line) in &again {
            self.start_line(*line);
        }
        again.len()
    }

    /// How an app's provisioning stands, for inspection.
    pub fn provisioning_value(&self, app: usize) -> Value {
        let Some(target) = self.apps.get(app).and_then(|app| app.target.as_ref()) else { return Value::Null };
        let own = || self.provisioning.tasks.values().filter(|task| task.app == app);
        let failed: Vec<Value> = own()
            .filter(|task| task.stage == Stage::Failed)
            .map(|task| json!({ "work": task.name(), "about": self.about(task), "why": task.why }))
            .collect();
        json!({
            "url": target.base,
            "style": if target.style == Style::Oin { "oin" } else { "aiw" },
            "checked": match &target.checked {
                None => Value::Null,
                Some(Ok(())) => "ok".into(),
                Some(Err(why)) => why.as_str().into(),
            },
            "provisioned": target.known.len(),
            "imported": { "users": target.imported[0], "groups": target.imported[1] },
            "open": own().filter(|task| task.stage != Stage::Failed).count(),
            "failed": failed,
            "done": target.done,
        })
    }

    fn about(&self, task: &Task) -> String {
        match task.subject {
            Subject::App => String::new(),
            Subject::User(_) => {
                task.person.as_ref().map_or_else(String::new, |p| p.party.alternate_id.clone())
            }
            Subject::Group(mapping) => mapping.to_string(),
        }
    }

    fn log_task(
        &mut self,
        kind: &'static EventKind,
        person: &Person,
        app: usize,
        why: Option<&str>,
        debug: Vec<(&'static str, String)>,
    ) {
        let Some(held) = self.apps.get(app) else { return };
        let of_app = Party { id: person.app_user.to_string(), kind: "AppUser", ..person.party.clone() };
        let targets = vec![of_app, held.party(), person.party.clone()];
        let cause = Cause::system(self.dice.text(24));
        let outcome = if why.is_some() { "FAILURE" } else { "SUCCESS" };
        let reason = why.map(|why| why.chars().take(255).collect());
        self.emit_with(kind, &cause, targets, debug, outcome, reason);
    }
}

impl Task {
    fn line(&self) -> Line {
        (self.app, self.subject)
    }

    fn name(&self) -> &'static str {
        match self.work {
            Work::Check => "check",
            Work::Assign => "assign",
            Work::Profile => "profile",
            Work::Active(true) => "reactivate",
            Work::Active(false) => "deactivate",
            Work::Password(_) => "password",
            Work::DeleteUser => "delete user",
            Work::Import => "import",
            Work::PushGroup => "push group",
            Work::RenameGroup => "rename group",
            Work::Member { add: true, .. } => "add member",
            Work::Member { add: false, .. } => "remove member",
            Work::PushNow => "push now",
            Work::DeleteGroup => "delete group",
        }
    }

    fn event(&self) -> Option<&'static EventKind> {
        Some(match self.work {
            Work::Assign => &event::PROVISION_USER_PUSH,
            Work::Profile => &event::PROVISION_USER_PUSH_PROFILE,
            Work::Active(true) => &event::PROVISION_USER_REACTIVATE,
            Work::Active(false) => &event::PROVISION_USER_DEACTIVATE,
            Work::Password(_) => &event::PROVISION_USER_PASSWORD,
            Work::DeleteUser => &event::PROVISION_USER_DELETE,
            _ => return None,
        })
    }
}
