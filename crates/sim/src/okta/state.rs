//! Everything one org holds, and the few primitives through which the nouns' files change it: background jobs,
//! the lagging index, events, the journal. No endpoint lives here.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::Arc,
};

use http::{HeaderValue, Method};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::{
    apps::App,
    auth::Access,
    dice::{Dice, Oid},
    event::{Cause, EventKind, LogEvent, Party},
    hooks::Hooks,
    limits::Limits,
    log::SystemLog,
    moment::Moment,
    oidc::SignIns,
    paging::Cursors,
    profile::{AttributeKey, AttributeNames, DISPLAY_NAME, FIRST_NAME, LAST_NAME, LOGIN, Profile, Texts},
    provisioning::Provisioning,
    rules::Rule,
    schema::{Schema, UserType},
    settings::{OktaSettings, Spread},
};
use crate::journal::Journal;

/// Place of a user in [`Org::users`]; never reused.
pub type UserKey = u32;
/// Place of a group in [`Org::groups`]; never reused.
pub type GroupKey = u32;
/// `Everyone` is always the first group. Its members are not stored: they are all users.
pub const EVERYONE: GroupKey = 0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Staged,
    Provisioned,
    Active,
    PasswordExpired,
    Recovery,
    LockedOut,
    Suspended,
    Deprovisioned,
}

impl Status {
    pub const ALL: [Status; 8] = [
        Self::Staged,
        Self::Provisioned,
        Self::Active,
        Self::PasswordExpired,
        Self::Recovery,
        Self::LockedOut,
        Self::Suspended,
        Self::Deprovisioned,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Staged => "STAGED",
            Self::Provisioned => "PROVISIONED",
            Self::Active => "ACTIVE",
            Self::PasswordExpired => "PASSWORD_EXPIRED",
            Self::Recovery => "RECOVERY",
            Self::LockedOut => "LOCKED_OUT",
            Self::Suspended => "SUSPENDED",
            Self::Deprovisioned => "DEPROVISIONED",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Who vouches for a user's password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    Okta,
    Federation,
    ActiveDirectory,
    Import,
}

impl Provider {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Okta => "OKTA",
            Self::Federation => "FEDERATION",
            Self::ActiveDirectory => "ACTIVE_DIRECTORY",
            Self::Import => "IMPORT",
        }
    }
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: Oid,
    pub status: Status,
    /// Set while an asynchronous change is under way; `status` is still the old one.
    pub transition: Option<Status>,
    pub created: Moment,
    pub activated: Moment,
    pub status_changed: Moment,
    pub last_login: Moment,
    pub last_updated: Moment,
    pub password_changed: Moment,
    pub type_place: u16,
    /// Rises on each change; the ETag.
    pub version: u32,
    pub password: bool,
    /// Deleted, but not gone yet (O-27).
    pub deleting: bool,
    pub provider: Provider,
    pub profile: Profile,
    /// Sorted; without `Everyone`.
    pub groups: Vec<GroupKey>,
}

impl User {
    pub fn login(&self) -> &str {
        self.profile.text(LOGIN)
    }

    pub fn display_name(&self) -> String {
        let shown = self.profile.text(DISPLAY_NAME);
        if !shown.is_empty() {
            return shown.to_owned();
        }
        format!("{} {}", self.profile.text(FIRST_NAME), self.profile.text(LAST_NAME)).trim().to_owned()
    }

    pub fn party(&self) -> Party {
        Party {
            id: self.id.to_string(),
            kind: "User",
            alternate_id: self.login().to_owned(),
            display_name: self.display_name(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupType {
    Okta,
    App,
    BuiltIn,
}

impl GroupType {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Okta => "OKTA_GROUP",
            Self::App => "APP_GROUP",
            Self::BuiltIn => "BUILT_IN",
        }
    }
}

/// A group without its members: what lists and searches show.
#[derive(Debug, Clone)]
pub struct GroupHead {
    pub id: Oid,
    pub kind: GroupType,
    pub name: Arc<str>,
    pub description: Option<Arc<str>>,
    pub created: Moment,
    pub last_updated: Moment,
    pub last_membership_updated: Moment,
    /// Further profile fields of an imported group (`samAccountName`, `dn`, …), and custom ones.
    pub extra: serde_json::Map<String, Value>,
    /// The app an imported group comes from.
    pub source: Option<Oid>,
}

impl GroupHead {
    pub fn party(&self) -> Party {
        Party {
            id: self.id.to_string(),
            kind: "UserGroup",
            alternate_id: "unknown".to_owned(),
            display_name: self.name.to_string(),
        }
    }
}

#[derive(Debug)]
pub struct Group {
    pub head: GroupHead,
    pub members: BTreeSet<UserKey>,
}

/// Background work, due at a time.
#[derive(Debug)]
pub enum Job {
    IndexUser(UserKey),
    IndexGroup(GroupKey),
    /// The member list of a group starts to show the truth about one user.
    ShowMember(GroupKey, UserKey),
    ShowUserGroup(UserKey, GroupKey),
    Persist(Arc<LogEvent>),
    FinishTransition(UserKey, Cause),
    EraseUser(UserKey, Cause),
    DeleteCompleted(Party, Cause),
    /// One half of a rule's move.
    RuleMove {
        user: UserKey,
        group: GroupKey,
        add: bool,
        transaction: String,
    },
    /// App access that a membership gives or takes.
    AppByGroup {
        app: usize,
        user: UserKey,
    },
    HookFlush(Oid),
    HookEffective(Oid),
    HookRetry(u64),
    /// A provisioning task whose wait is over.
    Provision(u64),
}

/// Calls of one `METHOD pattern`.
#[derive(Debug, Default, Clone, Copy)]
pub struct CallCount {
    pub accepted: u64,
    pub refused: u64,
    pub throttled: u64,
}

/// One org's whole state.
#[derive(Debug)]
pub struct Org {
    pub settings: OktaSettings,
    pub id: Oid,
    /// The present, as of the latest entry through the face.
    pub now: Moment,
    pub dice: Dice,
    pub suffix: [u8; 3],
    pub names: AttributeNames,
    pub texts: Texts,
    pub users: Vec<Option<User>>,
    pub user_ids: HashMap<Oid, UserKey>,
    /// By login without case and diacritics; ordered, so that the part before `@` finds its logins.
    pub user_logins: BTreeMap<Arc<str>, UserKey>,
    /// By type and attribute: marks of values with who holds them, or once did. Only for unique attributes that were asked for.
    pub unique: BTreeMap<(u16, AttributeKey), BTreeSet<(u64, UserKey)>>,
    pub groups: Vec<Option<Group>>,
    pub group_ids: HashMap<Oid, GroupKey>,
    pub live_users: usize,
    pub types: Vec<UserType>,
    pub user_schemas: Vec<Schema>,
    pub group_schema: Schema,
    pub apps: Vec<App>,
    pub rules: Vec<Rule>,
    pub hooks: Hooks,
    pub provisioning: Provisioning,
    pub log: SystemLog,
    pub access: Access,
    pub sign_ins: SignIns,
    pub limits: Limits,
    pub cursors: Cursors,
    agenda: BTreeMap<(Moment, u64), Job>,
    agenda_seq: u64,
    /// What lists still show of users changed just now; `None`: not shown yet.
    pub stale_users: HashMap<UserKey, Option<Box<User>>>,
    pub stale_groups: HashMap<GroupKey, Option<Box<GroupHead>>>,
    /// Memberships as a group's member list still shows them.
    pub stale_members: BTreeMap<(GroupKey, UserKey), bool>,
    /// Memberships as a person's group list still shows them.
    pub stale_user_groups: BTreeMap<(UserKey, GroupKey), bool>,
    /// Member lists as they were when somebody began to read them (O-24), by number.
    pub frozen_members: VecDeque<(u64, Arc<[UserKey]>)>,
    /// Users by `lastUpdated` as the index knows it.
    pub by_updated: BTreeSet<(Moment, UserKey)>,
    indexed: Vec<Moment>,
    pub journal: Journal,
    /// By pattern and method.
    pub calls: HashMap<&'static str, Vec<(Method, CallCount)>>,
    /// The cause of what nobody in particular did.
    pub nobody: Cause,
    /// The last caller's `Host` with the base that it means.
    pub last_base: Option<(Box<str>, Arc<str>)>,
    /// The last second and its `Date`.
    pub last_date: Option<(i64, HeaderValue)>,
    /// Writes answer 503 until then.
    pub read_only_until: Moment,
}

impl Org {
    pub fn new(settings: OktaSettings) -> Self {
        let mut dice = Dice::new(settings.seed);
        let tail = dice.text(2);
        // Ids of one org end alike, as the vendor's do.
        let suffix = [tail.as_bytes()[0], b'd', tail.as_bytes()[1]];
        let id = dice.oid("00o", suffix);
        let cursors = Cursors::new(dice.draw(), settings.cursor_life_seconds as i64 * 1000);
        let type_id = dice.oid("oty", suffix);
        let schema_id = dice.oid("osc", suffix);
        let group_schema_id = dice.oid("osc", suffix);
        let mut org = Self {
            id,
            now: Moment(0),
            suffix,
            names: AttributeNames::new(),
            texts: Texts::default(),
            users: Vec::new(),
            user_ids: HashMap::new(),
            user_logins: BTreeMap::new(),
            unique: BTreeMap::new(),
            groups: Vec::new(),
            group_ids: HashMap::new(),
            live_users: 0,
            types: vec![UserType::default_type(type_id, schema_id)],
            user_schemas: vec![Schema::user(schema_id)],
            group_schema: Schema::group(group_schema_id),
            apps: Vec::new(),
            rules: Vec::new(),
            hooks: Hooks::default(),
            provisioning: Provisioning::default(),
            log: SystemLog::default(),
            access: Access::new(dice.draw()),
            sign_ins: SignIns::default(),
            limits: Limits::new(),
            cursors,
            agenda: BTreeMap::new(),
            agenda_seq: 0,
            stale_users: HashMap::new(),
            stale_groups: HashMap::new(),
            stale_members: BTreeMap::new(),
            stale_user_groups: BTreeMap::new(),
            frozen_members: VecDeque::new(),
            by_updated: BTreeSet::new(),
            indexed: Vec::new(),
            journal: Journal::default(),
            calls: HashMap::new(),
            nobody: Cause::system(String::new()),
            last_base: None,
            last_date: None,
            read_only_until: Moment::NEVER,
            dice,
            settings,
        };
        org.insert_group("Everyone", Some("All users in your organization"), GroupType::BuiltIn);
        org
    }

    pub fn fresh_id(&mut self, prefix: &str) -> Oid {
        self.dice.oid(prefix, self.suffix)
    }

    pub fn draw(&mut self, pick: impl Fn(&OktaSettings) -> Spread) -> i64 {
        pick(&self.settings).draw(&mut self.dice)
    }

    // ---- background work -------------------------------------------------------------------------------------

    pub fn later(&mut self, delay_ms: i64, job: Job) {
        self.agenda_seq += 1;
        self.agenda.insert((self.now.plus_ms(delay_ms), self.agenda_seq), job);
    }

    pub fn next_due(&self) -> Option<Moment> {
        let hooks = (!self.hooks.outbox.is_empty()).then_some(self.now);
        hooks.or_else(|| self.agenda.keys().next().map(|(due, _)| *due))
    }

    /// Does all work due by `now`, in order of time.
    pub fn run_until(&mut self, now: Moment) {
        let reached = self.now.max(now);
        // A bound against work that schedules itself without delay; what is left runs at the next entry.
        for _ in 0..2_000_000 {
            let Some(entry) = self.agenda.first_entry() else { break };
            if entry.key().0 > reached {
                break;
            }
            let ((due, _), job) = entry.remove_entry();
            self.now = self.now.max(due);
            self.run(job);
        }
        self.now = reached;
    }

    fn run(&mut self, job: Job) {
        match job {
            Job::IndexUser(key) => {
                self.stale_users.remove(&key);
                self.reindex_user(key);
            }
            Job::IndexGroup(key) => {
                self.stale_groups.remove(&key);
            }
            Job::ShowMember(group, user) => {
                self.stale_members.remove(&(group, user));
            }
            Job::ShowUserGroup(user, group) => {
                self.stale_user_groups.remove(&(user, group));
            }
            Job::Persist(event) => self.persist(event),
            Job::FinishTransition(key, cause) => self.finish_transition(key, &cause),
            Job::EraseUser(key, cause) => self.erase_user(key, &cause),
            Job::DeleteCompleted(party, cause) => {
                self.emit(&super::event::USER_DELETE_COMPLETED, &cause, vec![party], Vec::new());
            }
            Job::RuleMove { user, group, add, transaction } => self.rule_move(user, group, add, transaction),
            Job::AppByGroup { app, user } => self.settle_app_user(app, user),
            Job::HookFlush(hook) => self.flush_hook(hook),
            Job::HookEffective(hook) => self.hook_effective(hook),
            Job::HookRetry(delivery) => self.send_delivery(delivery),
            Job::Provision(task) => self.resume_task(task),
        }
    }

    // ---- the lagging index -----------------------------------------------------------------------------------

    /// Call before a user changes, or before a new one is put in its place.
    pub fn begin_user_change(&mut self, key: UserKey) {
        let lag = self.draw(|s| s.index_lag);
        if lag > 0 && !self.stale_users.contains_key(&key) {
            let old = self.user_at(key).map(|user| Box::new(user.clone()));
            self.stale_users.insert(key, old);
            self.later(lag, Job::IndexUser(key));
        }
    }

    /// Call after a user changed.
    pub fn end_user_change(&mut self, key: UserKey) {
        if let Some(user) = self.users.get(key as usize).and_then(Option::as_ref) {
            let own = self.unique.iter_mut().filter(|((of_type, _), _)| *of_type == user.type_place);
            for ((_, attribute), index) in own {
                index.extend(user.profile.get(*attribute).map(|field| (field.mark(), key)));
            }
        }
        if !self.stale_users.contains_key(&key) {
            self.reindex_user(key);
        }
    }

    fn reindex_user(&mut self, key: UserKey) {
        let at = key as usize;
        if self.indexed.len() <= at {
            self.indexed.resize(at + 1, Moment::NEVER);
        }
        let known =
            self.users.get(at).and_then(Option::as_ref).map_or(Moment::NEVER, |user| user.last_updated);
        if self.indexed[at] != known {
            self.by_updated.remove(&(self.indexed[at], key));
            if known != Moment::NEVER {
                self.by_updated.insert((known, key));
            }
            self.indexed[at] = known;
        }
    }

    /// The user as lists and searches show it now.
    pub fn listed_user(&self, key: UserKey) -> Option<&User> {
        if !self.stale_users.is_empty()
            && let Some(old) = self.stale_users.get(&key)
        {
            return old.as_deref();
        }
        self.user_at(key)
    }

    pub fn begin_group_change(&mut self, key: GroupKey) {
        let lag = self.draw(|s| s.index_lag);
        if lag > 0 && !self.stale_groups.contains_key(&key) {
            let old = self.group_at(key).map(|group| Box::new(group.head.clone()));
            self.stale_groups.insert(key, old);
            self.later(lag, Job::IndexGroup(key));
        }
    }

    pub fn listed_group(&self, key: GroupKey) -> Option<&GroupHead> {
        match self.stale_groups.get(&key) {
            Some(old) => old.as_deref(),
            None => self.group_at(key).map(|group| &group.head),
        }
    }

    // ---- look-ups --------------------------------------------------------------------------------------------

    pub fn user_at(&self, key: UserKey) -> Option<&User> {
        self.users.get(key as usize)?.as_ref()
    }

    pub fn user_mut(&mut self, key: UserKey) -> Option<&mut User> {
        self.users.get_mut(key as usize)?.as_mut()
    }

    pub fn group_at(&self, key: GroupKey) -> Option<&Group> {
        self.groups.get(key as usize)?.as_ref()
    }

    pub fn group_mut(&mut self, key: GroupKey) -> Option<&mut Group> {
        self.groups.get_mut(key as usize)?.as_mut()
    }

    // ---- events and journal ----------------------------------------------------------------------------------

    /// Writes one event: hooks get it at once (less their own delay), the log shows it after its delay.
    pub fn emit(
        &mut self,
        kind: &'static EventKind,
        cause: &Cause,
        targets: Vec<Party>,
        debug: Vec<(&'static str, String)>,
    ) {
        self.emit_with(kind, cause, targets, debug, "SUCCESS", None);
    }

    pub fn emit_with(
        &mut self,
        kind: &'static EventKind,
        cause: &Cause,
        mut targets: Vec<Party>,
        debug: Vec<(&'static str, String)>,
        outcome: &'static str,
        reason: Option<String>,
    ) {
        if self.settings.shuffle_targets {
            self.dice.shuffle(&mut targets);
        }
        let event = Arc::new(LogEvent {
            uuid: self.dice.uuid(),
            published: self.now,
            kind,
            cause: cause.clone(),
            outcome,
            reason,
            targets,
            debug,
        });
        self.offer_to_hooks(&event);
        if self.log.drop_next > 0 {
            self.log.drop_next -= 1;
            return;
        }
        let per_mille = self.settings.log_duplicates_per_mille;
        let twice = self.log.duplicate_next > 0 || (per_mille > 0 && self.dice.below(1000) < per_mille);
        self.log.duplicate_next = self.log.duplicate_next.saturating_sub(1);
        for event in std::iter::repeat_n(event, if twice { 2 } else { 1 }) {
            let delay = self.draw(|s| s.log_delay) + self.log.extra_delay_ms;
            if delay == 0 { self.persist(event) } else { self.later(delay, Job::Persist(event)) }
        }
    }

    pub fn record(
        &mut self,
        cause: &Cause,
        kind: &'static str,
        id: &str,
        before: Option<String>,
        after: Option<String>,
    ) {
        // What is no JSON is shown as the text that it is.
        let shown = |text: Option<String>| match text {
            Some(text) if serde_json::from_str::<IgnoredAny>(&text).is_ok() => text,
            Some(text) => Value::from(text).to_string(),
            None => "null".to_owned(),
        };
        let quoted = |text: &str| Value::from(text).to_string();
        let (before, after) = (shown(before), shown(after));
        let path = quoted(cause.0.request_uri.as_deref().unwrap_or_default());
        let (caller, method, id) = (quoted(&cause.0.caller), quoted(&cause.0.method), quoted(id));
        let at = self.now.iso();
        self.journal.record_text(self.settings.journal_max, |seq| {
            format!(
                "{{\"seq\":{seq},\"at\":\"{at}\",\"caller\":{caller},\"method\":{method},\"path\":{path},\
                 \"kind\":\"{kind}\",\"id\":{id},\"before\":{before},\"after\":{after}}}"
            )
        });
    }
}

/// A login as it is compared: without case and diacritics.
pub fn folded(login: &str) -> String {
    use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
    if login.is_ascii() {
        return login.to_ascii_lowercase();
    }
    login.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect()
}
