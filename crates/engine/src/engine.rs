//! The engine itself: ports, policy in force, shared state. The loops live in their own modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::Timestamp;
use lanyard_model::{
    account::FieldName,
    desired::{Desired, Ending, Lifecycle},
    fold,
    id::{GroupId, IdentityId, SiteId, TenantId},
    identity::{Identity, Profile},
    place::Catalogue,
};
use lanyard_policy::{Bound, ManagerKey, Policy};
use tokio::sync::{Notify, watch};

use crate::{
    EngineSettings,
    clock::Clock,
    feeds::{Heard, Polled},
    grown::Grown,
    journal::line,
    latency::Latency,
    look::GroupsMissed,
    outages::Outages,
    ports::{
        Directory, DoorFeed, HookWish, PortFailure, Progress, Store, StoreFailure, Workplace, Write, Wrote,
    },
    reviews::WithheldRights,
    site::SiteState,
    whatif::Pictures,
};

/// Everything from outside.
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub store: Arc<dyn Store>,
    pub directories: Vec<Arc<dyn Directory>>,
    pub workplaces: Vec<Arc<dyn Workplace>>,
}

/// A policy with its names resolved against the catalogues.
pub struct Active {
    pub policy: Arc<Policy>,
    pub bound: Bound,
    /// Profile attributes worth keeping: what policy uses, and what people need to recognise somebody.
    kept: BTreeSet<String>,
    /// Groups that any rule names.
    pub(crate) groups: BTreeSet<GroupId>,
    /// Groups that no directory has any more: who was in one of them is not known of anybody.
    pub(crate) missing: BTreeSet<GroupId>,
    /// Fields of accounts by which desks are chosen near a team.
    pub(crate) team_fields: BTreeSet<FieldName>,
    /// Sites that had been read when the names were resolved. Of any other it says nothing, not even what nobody gets there.
    read: BTreeSet<SiteId>,
}

impl Active {
    pub(crate) fn new(
        policy: &Policy,
        missing: BTreeSet<GroupId>,
        catalogues: &BTreeMap<SiteId, Arc<Catalogue>>,
    ) -> Self {
        let policy = Arc::new(policy.with_missing(&missing));
        let bound = policy.bind(catalogues);
        let shown = [
            "displayName",
            "firstName",
            "lastName",
            "login",
            "email",
            "employeeNumber",
            "department",
            "title",
        ];
        let kept = policy.attributes().into_iter().chain(shown.map(str::to_owned)).collect();
        let groups = policy.groups();
        let team_fields = policy.team_fields();
        Self { policy, bound, kept, groups, missing, team_fields, read: BTreeSet::new() }
    }

    /// Whether anything can be decided by it in the site.
    pub(crate) fn has_read(&self, site: &SiteId) -> bool {
        self.read.contains(site)
    }

    /// Keys to find an identity by: the policy's own, and those that manager attributes may refer to.
    pub(crate) fn identity_keys(&self, identity: &Identity) -> Vec<(String, String)> {
        let mut keys = self.policy.identity_keys(identity);
        keys.extend(self.manager_keys(identity));
        keys
    }

    /// Keys by which somebody's manager attribute may name this person.
    pub(crate) fn manager_keys(&self, identity: &Identity) -> Vec<(String, String)> {
        let text = |name| identity.profile.text(name);
        let mut keys = Vec::with_capacity(3);
        keys.extend(text("employeeNumber").and_then(fold::number).map(|v| (MANAGER_NUMBER.to_owned(), v)));
        keys.extend(text("email").and_then(fold::email).map(|v| (MANAGER_EMAIL.to_owned(), v)));
        keys.extend(text("login").map(|v| (MANAGER_LOGIN.to_owned(), fold::text(v))));
        keys
    }

    /// Attributes that another policy reads and the mirrors do not keep under this one.
    pub(crate) fn lacks(&self, other: &Self) -> Vec<String> {
        other.policy.attributes().difference(&self.kept).cloned().collect()
    }

    /// Drops profile attributes that nobody here needs: what is not kept cannot leak.
    pub(crate) fn trim(&self, identity: &mut Identity) {
        let profile = std::mem::take(&mut identity.profile);
        identity.profile = profile
            .iter()
            .filter(|(name, _)| self.kept.contains(&***name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Profile>();
    }
}

/// One running engine. Shared by reference between loops, web and command line.
pub struct Engine {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) directories: Grown<BTreeMap<TenantId, Arc<dyn Directory>>>,
    pub(crate) sites: Grown<BTreeMap<SiteId, Arc<SiteState>>>,
    /// Hooks of orgs that joined, until the loops take them.
    pub(crate) joined_hooks: Mutex<Vec<(TenantId, HookWish)>>,
    /// Rises when an org or a site joins.
    pub(crate) joined: watch::Sender<u64>,
    /// Signalled when somebody joined whom no sweep has seen.
    pub(crate) to_sweep: Notify,
    active: RwLock<Arc<Active>>,
    /// The policy that this process was started with; what was published may differ.
    pub(crate) folder: Arc<Policy>,
    /// Attributes of all tenants' schemas with their types, as last read.
    pub(crate) schema: tokio::sync::Mutex<Option<(Timestamp, Schema)>>,
    /// Signalled when another policy was put in force: everybody is looked at.
    pub(crate) policy_changed: Notify,
    /// Groups that policy names and no directory has: what rests on them is not taken away.
    missing_groups: RwLock<BTreeSet<GroupId>>,
    /// Groups whose deletion this process heard: Okta gives an id once.
    ended_groups: Mutex<BTreeSet<GroupId>>,
    /// When groups were last seen to be there, by id.
    pub(crate) seen_groups: Mutex<BTreeMap<GroupId, Timestamp>>,
    /// Live people accounts per site as last counted, for caps in percent.
    people: RwLock<BTreeMap<SiteId, u64>>,
    /// When each feed was last read.
    polled: RwLock<BTreeMap<TenantId, Polled>>,
    /// What was heard of each tenant whose feed is followed.
    pub(crate) heard: Mutex<BTreeMap<TenantId, Heard>>,
    /// Keys of findings about upstreams and limits that a good turn ends; read from the store at start.
    troubles: Mutex<BTreeSet<String>>,
    /// What access reviews took away and policy shall not give again.
    pub(crate) withheld: RwLock<WithheldRights>,
    /// What the watch over reviews looks at; `None` until it was read.
    pub(crate) watched: Mutex<Option<crate::reviews::Watched>>,
    pub(crate) settings: EngineSettings,
    /// Whether the next sweep may take up what an earlier process left unfinished: the first one only.
    pub(crate) may_take_up: AtomicBool,
    /// Sites that are not written to before somebody signed them off.
    barred: RwLock<BTreeSet<SiteId>>,
    /// Sites that somebody signed off.
    signed_off: RwLock<BTreeSet<SiteId>>,
    /// A sealed what-if that is being applied.
    rollout: RwLock<Option<String>>,
    /// The run that each site is in: its last comparison, by when it began.
    runs: RwLock<BTreeMap<SiteId, String>>,
    stopped: AtomicBool,
    pub(crate) outages: Outages,
    pub(crate) echoes: crate::look::Echoes,
    /// What alert rules know of what is open; `None`: to be read.
    pub(crate) watched_alerts: tokio::sync::Mutex<Option<crate::alerts::WatchedAlerts>>,
    /// The last comparison of places, and what it rests on.
    pub(crate) known_apart: tokio::sync::Mutex<Option<(crate::apart::Ground, Arc<crate::apart::Apart>)>>,
    /// Requests whose next approvers this process has told. Forgotten with it: telling them again is the same message by
    /// its id, and the outbox keeps it once.
    pub(crate) escalated: Mutex<BTreeSet<String>>,
    /// Delegations of whose stand-ins the same holds.
    pub(crate) stood_in: Mutex<BTreeSet<String>>,
    /// Leavers over the bound, as last counted.
    pub(crate) overdue: Mutex<Option<crate::late::Overdue>>,
    /// Loops that ended without being asked to.
    pub(crate) dead_loops: Mutex<BTreeSet<String>>,
    /// Why nothing has begun yet: what an earlier process left is not read.
    pub(crate) unbegun: Mutex<Option<String>>,
    /// Failures of looks that are ours or the record's, since the last look that came to an end.
    pub(crate) strikes: Mutex<BTreeMap<IdentityId, u32>>,
    /// Whose groups could not be read whole.
    pub(crate) groups_missed: Mutex<BTreeMap<IdentityId, GroupsMissed>>,
    /// What looks read of people and could not record with their end, until a look at them is on record.
    pub(crate) unrecorded: Mutex<BTreeMap<IdentityId, Write>>,
    /// Of whom something is to be taken back as soon as somebody agrees, or a time has come.
    pub(crate) to_take_back: Mutex<BTreeSet<IdentityId>>,
    /// Whom the seal that was last asked about names.
    pub(crate) sealed_people: Mutex<Option<(String, Arc<BTreeSet<IdentityId>>)>>,
    /// Held while pages of a sealed what-if are being kept.
    pub(crate) showing: Arc<tokio::sync::RwLock<()>>,
    /// Everybody as the last what-if saw them.
    pub(crate) pictures: Pictures,
    /// Signalled when something may have become due.
    pub(crate) wake: Notify,
    /// What is known of where messages lead.
    pub(crate) post: crate::outbox::Post,
    /// Signalled when a message was put into the outbox.
    pub(crate) mail: Notify,
    /// Rises when something happened that a watcher may want to see.
    news: watch::Sender<u64>,
    pub latency: Latency,
    pub(crate) environments: tokio::sync::Mutex<Option<crate::environments::Read>>,
}

pub(crate) const MANAGER_NUMBER: &str = "@number";
pub(crate) const MANAGER_EMAIL: &str = "@email";
pub(crate) const MANAGER_LOGIN: &str = "@login";

/// Attributes by name, with the types that tenants give them.
pub(crate) type Schema = BTreeMap<String, BTreeSet<String>>;

/// How a manager's key is looked up: `Err` is an id within the tenant, `Ok` a (kind, folded value) key.
pub(crate) fn manager_key(key: &ManagerKey) -> Result<(&'static str, &str), &str> {
    match key {
        ManagerKey::OktaId(id) => Err(id),
        ManagerKey::EmployeeNumber(value) => Ok((MANAGER_NUMBER, value)),
        ManagerKey::Email(value) => Ok((MANAGER_EMAIL, value)),
        ManagerKey::Login(value) => Ok((MANAGER_LOGIN, value)),
    }
}

/// The store's mark of a pressed stop button.
const STOPPED: &str = "stopped";

/// The store's mark of a sealed what-if that is being applied.
pub(crate) const ROLLOUT: &str = "rollout";

/// The store's mark of the last comparison of a site begins so.
const RUN: &str = "run:";

/// The store's list of groups that policy names and no directory has.
const MISSING_GROUPS: &str = "missing_groups";

fn missing_groups_write(missing: &BTreeSet<GroupId>) -> Write {
    Write::Meta {
        key: MISSING_GROUPS.into(),
        value: serde_json::to_string(missing).unwrap_or_else(|_| "[]".into()),
    }
}

impl Engine {
    /// Puts an engine together. Nothing is read or started yet: see [`Engine::load`].
    pub fn new(ports: Ports, policy: Policy, settings: EngineSettings) -> Self {
        let now = ports.clock.now();
        let sites: BTreeMap<_, _> = ports
            .workplaces
            .into_iter()
            .map(|port| (port.site().clone(), Arc::new(SiteState::new(port, now))))
            .collect();
        let policy = Arc::new(policy);
        let active = Active::new(&policy, BTreeSet::new(), &catalogues(&sites));
        Self {
            folder: policy,
            schema: tokio::sync::Mutex::default(),
            policy_changed: Notify::new(),
            clock: ports.clock,
            store: ports.store,
            directories: Grown::new(ports.directories.into_iter().map(|d| (d.tenant().clone(), d)).collect()),
            sites: Grown::new(sites),
            joined_hooks: Mutex::default(),
            joined: watch::channel(0).0,
            to_sweep: Notify::new(),
            barred: RwLock::new(settings.sign_off.clone()),
            active: RwLock::new(Arc::new(active)),
            missing_groups: RwLock::default(),
            ended_groups: Mutex::default(),
            seen_groups: Mutex::default(),
            people: RwLock::default(),
            polled: RwLock::default(),
            heard: Mutex::default(),
            troubles: Mutex::default(),
            withheld: RwLock::default(),
            watched: Mutex::default(),
            settings,
            may_take_up: AtomicBool::new(true),
            signed_off: RwLock::default(),
            rollout: RwLock::default(),
            runs: RwLock::default(),
            stopped: AtomicBool::new(false),
            outages: Outages::default(),
            echoes: Default::default(),
            watched_alerts: tokio::sync::Mutex::default(),
            known_apart: tokio::sync::Mutex::default(),
            escalated: Mutex::default(),
            stood_in: Mutex::default(),
            overdue: Mutex::default(),
            dead_loops: Mutex::default(),
            unbegun: Mutex::default(),
            strikes: Mutex::default(),
            groups_missed: Mutex::default(),
            unrecorded: Mutex::default(),
            to_take_back: Mutex::default(),
            sealed_people: Mutex::default(),
            showing: Arc::default(),
            pictures: Pictures::default(),
            wake: Notify::new(),
            post: Default::default(),
            mail: Notify::new(),
            news: watch::channel(0).0,
            latency: Latency::default(),
            environments: tokio::sync::Mutex::default(),
        }
    }

    /// Gives sites their physical-access feeds, before anything is loaded.
    #[must_use]
    pub fn with_doors(self, feeds: Vec<Arc<dyn DoorFeed>>) -> Self {
        for feed in feeds {
            if let Some(site) = self.sites().get(feed.site()) {
                site.set_doors(feed);
            }
        }
        self
    }

    /// Reads what must be in memory before work begins, and each site's catalogue. A site that cannot be read is reported
    /// and tried again by the loops; the others go on.
    ///
    /// # Errors
    /// Only when the store cannot be read.
    pub async fn load(&self, progress: &dyn Progress) -> Result<Vec<(SiteId, PortFailure)>, StoreFailure> {
        self.load_memory().await?;
        Ok(self.refresh_catalogues(progress).await)
    }

    /// Reads what an earlier process left: the stop mark, missing groups, open troubles. Nobody is called but for a policy
    /// folder that was edited meanwhile: the orgs are asked for their attributes, which its names are held against. Catalogues
    /// are read by the loops, and by the first look that needs one.
    ///
    /// # Errors
    /// Only when the store cannot be read.
    pub async fn load_memory(&self) -> Result<(), StoreFailure> {
        self.stopped.store(self.store.meta(STOPPED).await?.as_deref() == Some("yes"), Ordering::SeqCst);
        self.settle_policy().await?;
        self.set_rollout(self.store.meta(ROLLOUT).await?.filter(|seal| !seal.is_empty()));
        self.load_runs().await?;
        self.load_sign_offs().await?;
        self.load_missing_groups().await?;
        self.load_withheld().await?;
        self.load_people().await?;
        self.load_undos().await?;
        // What the first read lacks of them is not gone by that.
        self.recall_catalogues().await?;
        self.load_applied().await?;
        let open = self.store.findings(100_000).await?;
        self.folder_is_fine(&open).await?;
        let troubles = open.into_iter().filter(|f| f.kind == "credential" || f.kind == "cap").map(|f| f.key);
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).extend(troubles);
        Ok(())
    }

    /// As [`Engine::load`], with the catalogues of the last sweep: no call is made. For what only reads the mirrors.
    ///
    /// # Errors
    /// When the store cannot be read. Sites that were never swept are answered.
    pub async fn load_remembered(&self) -> Result<Vec<SiteId>, StoreFailure> {
        self.set_rollout(self.store.meta(ROLLOUT).await?.filter(|seal| !seal.is_empty()));
        self.load_withheld().await?;
        self.load_people().await?;
        let published = crate::policies::in_force(&*self.store).await?;
        if let Some(policy) = published.and_then(|version| Policy::parse(&version.source).ok()) {
            self.rebind(Some(Arc::new(policy)));
        }
        self.load_missing_groups().await?;
        self.recall_catalogues().await
    }

    /// Takes the catalogues of the last sweep. Sites that were never swept are answered.
    async fn recall_catalogues(&self) -> Result<Vec<SiteId>, StoreFailure> {
        let mut unknown = Vec::new();
        for (id, site) in self.sites() {
            match self.recall_catalogue(id).await? {
                Some(catalogue) => site.recall(catalogue),
                None => unknown.push(id.clone()),
            }
        }
        self.rebind(None);
        Ok(unknown)
    }

    /// Reads every site's catalogue anew and resolves the policy's names against them.
    pub async fn refresh_catalogues(&self, progress: &dyn Progress) -> Vec<(SiteId, PortFailure)> {
        let mut failures = Vec::new();
        for (id, site) in self.sites() {
            match site.refresh(progress).await {
                Ok(()) => self.remember_names(id, &site.catalogue()).await,
                Err(failure) => failures.push((id.clone(), failure)),
            }
        }
        self.rebind(None);
        failures
    }

    /// Puts another policy in force.
    pub fn publish(&self, policy: Policy) {
        self.rebind(Some(Arc::new(policy)));
    }

    /// Resolves the policy's names against the catalogues that are in memory now.
    pub(crate) fn rebind(&self, policy: Option<Arc<Policy>>) {
        let policy = policy.unwrap_or_else(|| Arc::clone(&self.active().policy));
        // First: a site that is read in this moment is not taken for one whose names were resolved.
        let read = self.sites().iter().filter(|(_, site)| site.has_catalogue()).map(|(id, _)| id.clone());
        let read = read.collect();
        let active =
            Active { read, ..Active::new(&policy, self.missing_groups(), &catalogues(self.sites())) };
        *self.active.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(active);
    }

    pub fn active(&self) -> Arc<Active> {
        Arc::clone(&self.active.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    pub fn directories(&self) -> &BTreeMap<TenantId, Arc<dyn Directory>> {
        self.directories.newest()
    }

    pub fn sites(&self) -> &BTreeMap<SiteId, Arc<SiteState>> {
        self.sites.newest()
    }

    pub(crate) fn is_signed_off(&self, site: &SiteId) -> bool {
        self.signed_off.read().unwrap_or_else(PoisonError::into_inner).contains(site)
    }

    /// Sites that need somebody's sign-off.
    pub(crate) fn barred(&self) -> BTreeSet<SiteId> {
        self.barred.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn is_barred(&self, site: &SiteId) -> bool {
        self.barred.read().unwrap_or_else(PoisonError::into_inner).contains(site)
    }

    pub(crate) fn note_barred(&self, site: SiteId) {
        self.barred.write().unwrap_or_else(PoisonError::into_inner).insert(site);
    }

    pub(crate) fn note_signed_off(&self, site: SiteId) {
        self.signed_off.write().unwrap_or_else(PoisonError::into_inner).insert(site);
    }

    /// The sealed what-if that is being applied, if one is.
    pub fn rollout(&self) -> Option<String> {
        self.rollout.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What the site is in the middle of, as far as limits count by run: a sealed what-if that is being applied, else what
    /// its last comparison found. `None`: it was never compared.
    pub(crate) fn run_in(&self, site: &SiteId) -> Option<String> {
        let compared = || self.runs.read().unwrap_or_else(PoisonError::into_inner).get(site).cloned();
        self.rollout().or_else(compared)
    }

    /// A comparison of the site begins, or goes on that began then.
    pub(crate) async fn begin_run(&self, sites: &[SiteId], began: Timestamp) -> Result<(), StoreFailure> {
        let run = began.as_millisecond().to_string();
        if self.run_removals_max().is_some() {
            let kept = |site: &SiteId| Write::Meta { key: format!("{RUN}{site}"), value: run.clone() };
            self.write(sites.iter().map(kept).collect()).await?;
        }
        let mut runs = self.runs.write().unwrap_or_else(PoisonError::into_inner);
        runs.extend(sites.iter().map(|site| (site.clone(), run.clone())));
        Ok(())
    }

    async fn load_runs(&self) -> Result<(), StoreFailure> {
        let mut known = BTreeMap::new();
        for site in self.sites().keys() {
            if let Some(run) = self.store.meta(&format!("{RUN}{site}")).await? {
                known.insert(site.clone(), run);
            }
        }
        *self.runs.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    pub(crate) fn set_rollout(&self, seal: Option<String>) {
        *self.rollout.write().unwrap_or_else(PoisonError::into_inner) = seal;
    }

    /// Whether the stop button is pressed: nothing is written upstream.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Presses (or releases) the stop button. It takes hold before the next operation of any look.
    ///
    /// # Errors
    /// When the mark cannot be made durable; in memory a stop holds all the same.
    pub async fn set_stopped(&self, stopped: bool, by: &str) -> Result<(), StoreFailure> {
        if stopped {
            self.stopped.store(true, Ordering::SeqCst);
        }
        let now = self.clock.now();
        let mut batch =
            vec![Write::Meta { key: STOPPED.into(), value: if stopped { "yes" } else { "no" }.into() }];
        for tenant in self.directories().keys() {
            let title = if stopped { "stopped: nothing is written to any site" } else { "resumed" };
            batch.push(line(tenant, now, "control", title).detail(format!("by {by}")).write());
        }
        self.write(batch).await?;
        if !stopped {
            self.stopped.store(false, Ordering::SeqCst);
            // With a permit: a worker that has just seen the mark is not waiting yet.
            self.wake.notify_one();
        }
        Ok(())
    }

    /// Takes groups for gone that a policy names which is about to be in force: the next comparison is not waited for.
    pub(crate) fn expect_missing_groups(&self, missing: BTreeSet<GroupId>) {
        self.missing_groups.write().unwrap_or_else(PoisonError::into_inner).extend(missing);
    }

    /// By a list. Groups whose end was heard stay gone, whatever a list shows: it may have been read before.
    pub(crate) fn set_missing_groups(&self, mut missing: BTreeSet<GroupId>) {
        let ended = self.ended_groups.lock().unwrap_or_else(PoisonError::into_inner);
        missing.extend(self.active().groups.intersection(&ended).cloned());
        drop(ended);
        let mut known = self.missing_groups.write().unwrap_or_else(PoisonError::into_inner);
        let news = *known != missing;
        *known = missing;
        drop(known);
        if news {
            // Decisions rest on it.
            self.rebind(None);
        }
    }

    /// Adds groups that were just deleted. Answers the write that makes a restart remember them, if any is new.
    pub(crate) fn add_missing_groups(&self, deleted: impl IntoIterator<Item = GroupId>) -> Option<Write> {
        let deleted: BTreeSet<_> = deleted.into_iter().collect();
        self.ended_groups.lock().unwrap_or_else(PoisonError::into_inner).extend(deleted.iter().cloned());
        self.add_unseen_groups(deleted)
    }

    /// The same of groups that one read did not find: the next list of all of them knows better.
    pub(crate) fn add_unseen_groups(&self, unseen: impl IntoIterator<Item = GroupId>) -> Option<Write> {
        let active = self.active();
        let mut known = self.missing_groups.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.len();
        known.extend(unseen.into_iter().filter(|group| active.groups.contains(group)));
        let write = (known.len() > before).then(|| missing_groups_write(&known));
        drop(known);
        if write.is_some() {
            self.rebind(None);
        }
        write
    }

    /// What is missing, to be kept with the sweep that found it; `None`: it is kept so already.
    pub(crate) async fn missing_groups_news(&self) -> Result<Option<Write>, StoreFailure> {
        let missing = self.missing_groups();
        let kept = self.store.meta(MISSING_GROUPS).await?;
        let write = missing_groups_write(&missing);
        let same = matches!(&write, Write::Meta { value, .. } if kept.as_ref() == Some(value));
        Ok((!same).then_some(write))
    }

    /// What an earlier process knew to be missing, and what this policy names and no tenant's last list has.
    async fn load_missing_groups(&self) -> Result<(), StoreFailure> {
        let mut missing: BTreeSet<GroupId> = self
            .store
            .meta(MISSING_GROUPS)
            .await?
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let mut listed = BTreeSet::new();
        for tenant in self.directories().keys() {
            let groups = self.store.groups(tenant).await?;
            if groups.is_empty() {
                // Never swept: nothing can be said about what is missing.
                self.set_missing_groups(missing);
                return Ok(());
            }
            listed.extend(groups.into_iter().map(|group| group.id));
        }
        missing.extend(self.active().groups.difference(&listed).cloned());
        self.set_missing_groups(missing);
        Ok(())
    }

    /// A policy that names a deleted group says nothing about its former members.
    pub(crate) fn missing_groups_doubt(&self, desired: &Desired) -> Option<String> {
        let missing = self.missing_groups.read().unwrap_or_else(PoisonError::into_inner);
        doubt_of_missing(&missing, &self.active(), desired)
    }

    /// Groups that policy names and no directory has.
    pub(crate) fn missing_groups(&self) -> BTreeSet<GroupId> {
        self.missing_groups.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn note_trouble(&self, key: String) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
    }

    /// Ends what was said about the credentials of a tenant and of sites that have just answered.
    pub(crate) fn troubles_over(&self, tenant: &TenantId, sites: &[SiteId], at: Timestamp) -> Vec<Write> {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if troubles.is_empty() || sites.is_empty() {
            return Vec::new();
        }
        let answered = |key: &str| {
            is_credential_of(key, tenant.as_str())
                || sites.iter().any(|site| is_credential_of(key, site.as_str()))
        };
        let over: Vec<_> = troubles.iter().filter(|key| answered(key)).cloned().collect();
        for key in &over {
            troubles.remove(key);
        }
        over.into_iter().map(|key| Write::FindingOver { key, at }).collect()
    }

    /// Limits on removals that were reached.
    pub(crate) fn caps_reached(&self) -> Vec<String> {
        let troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        troubles.iter().filter(|key| key.starts_with("cap:")).cloned().collect()
    }

    pub(crate) fn forget_trouble(&self, key: &str) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }

    pub(crate) fn note_polled(&self, tenant: &TenantId, at: Timestamp, to_its_end: bool) {
        let mut all = self.polled.write().unwrap_or_else(PoisonError::into_inner);
        let polled = all.entry(tenant.clone()).or_insert(Polled { answered_at: at, ended_at: None });
        polled.answered_at = at;
        if to_its_end {
            polled.ended_at = Some(at);
        }
    }

    /// When this tenant's feed was last read to its present end, since the engine started.
    pub fn polled_at(&self, tenant: &TenantId) -> Option<Timestamp> {
        self.polled(tenant)?.ended_at
    }

    /// When it last answered with any page.
    pub(crate) fn answered_at(&self, tenant: &TenantId) -> Option<Timestamp> {
        Some(self.polled(tenant)?.answered_at)
    }

    fn polled(&self, tenant: &TenantId) -> Option<Polled> {
        self.polled.read().unwrap_or_else(PoisonError::into_inner).get(tenant).copied()
    }

    /// What the next process is told of [`Engine::people_in`].
    pub(crate) fn people_write(&self, site: &SiteId) -> Option<Write> {
        let people = self.people_in(site)?;
        Some(Write::Meta { key: people_key(site), value: people.to_string() })
    }

    /// What badge systems acknowledged, and who waits for a desk.
    async fn load_applied(&self) -> Result<(), StoreFailure> {
        for (id, site) in self.sites() {
            let all = self.store.applied_to_recall(id).await?;
            {
                let mut seating = site.seating.lock().unwrap_or_else(PoisonError::into_inner);
                for (who, applied) in all.iter().filter(|(_, applied)| applied.waiting.is_some()) {
                    seating.wait(who, applied.waiting.as_ref());
                }
            }
            let Some(feed) = site.doors() else { continue };
            let known =
                all.into_iter().filter_map(|(_, applied)| Some((applied.door_holder?, applied.doors)));
            feed.recall(known.filter(|(_, doors)| !doors.is_empty()).collect());
        }
        Ok(())
    }

    async fn load_people(&self) -> Result<(), StoreFailure> {
        for site in self.sites().keys() {
            let known = self.store.meta(&people_key(site)).await?;
            if let Some(people) = known.and_then(|text| text.parse().ok()) {
                self.note_people(site, people);
            }
        }
        Ok(())
    }

    pub(crate) fn note_people(&self, site: &SiteId, people: u64) {
        self.people.write().unwrap_or_else(PoisonError::into_inner).insert(site.clone(), people);
    }

    /// Live people accounts of a site as a complete list last showed them, also to an earlier process; `None` before the
    /// first one.
    pub fn people_in(&self, site: &SiteId) -> Option<u64> {
        self.people.read().unwrap_or_else(PoisonError::into_inner).get(site).copied()
    }

    /// Rises with each change a watcher may want to see.
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// Writes a batch, and wakes whoever waits for what is in it: the sender of messages, open consoles.
    ///
    /// # Errors
    /// The store's; nothing of the batch was written then.
    pub async fn write(&self, batch: Vec<Write>) -> Result<Vec<Wrote>, StoreFailure> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let _busy = self.clock.busy();
        let mail = batch.iter().any(|write| matches!(write, Write::Message(_)));
        let noted = self.pictures.note(&batch, self.clock.now());
        let wrote = self.store.write(batch).await;
        drop(noted);
        let wrote = wrote?;
        if mail {
            self.mail.notify_one();
        }
        self.news.send_modify(|n| *n = n.wrapping_add(1));
        Ok(wrote)
    }
}

fn people_key(site: &SiteId) -> String {
    format!("people:{site}")
}

/// Why nothing is taken away that rests on groups, if one that policy names is missing.
pub(crate) fn doubt_of_missing(
    missing: &BTreeSet<GroupId>,
    active: &Active,
    desired: &Desired,
) -> Option<String> {
    let concerned =
        matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Ended { how: Ending::LeftScope, .. });
    if missing.is_empty() || !concerned {
        return None;
    }
    let first = missing.iter().find(|group| active.groups.contains(*group))?;
    let name = active.policy.group_name(first).map_or_else(String::new, |name| format!("{name} "));
    Some(format!(
        "the policy names the group {name}({first}), which no longer exists in Okta: correct the policy first"
    ))
}

pub(crate) fn catalogues(sites: &BTreeMap<SiteId, Arc<SiteState>>) -> BTreeMap<SiteId, Arc<Catalogue>> {
    sites.iter().map(|(id, site)| (id.clone(), site.catalogue())).collect()
}

/// Whether the finding of this key says that the credential of a tenant or site of this name is refused.
pub fn is_credential_of(key: &str, name: &str) -> bool {
    let Some(upstream) = key.strip_prefix("credential:") else { return false };
    upstream.split(|c: char| !c.is_alphanumeric() && c != '-').any(|word| word == name)
}
