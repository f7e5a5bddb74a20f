//! The loops that run beside the work: feeds, hooks, leavers' clocks; and those of other rooms.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use lanyard_model::{
    id::{SiteId, TenantId},
    signal::Source,
};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Engine,
    joining::{Followed, Newcomers},
    journal::{finding_line, line},
    look::removals_scope,
    outages::Upstream,
    ports::{Finding, HookState, HookWish, Notifier, ORG, Severity, StoreFailure, Write},
};

/// What the loops need beside the engine's ports.
pub struct Surroundings {
    /// The hook to keep alive per tenant; tenants without one live from the feed alone.
    pub hooks: Vec<(TenantId, HookWish)>,
    pub notifier: Arc<dyn Notifier>,
}

/// Longest pause between two tries of a feed that cannot be read.
const FEED_PAUSE_MAX: Duration = Duration::from_secs(20);

/// The state of a hook that nobody keeps.
const NO_HOOK: &str = "none";

/// Hooks of a tenant that were ours, with blanks between them.
const HOOKS: &str = "hooks-ours:";

impl Engine {
    /// Runs everything until `stop` turns true. Answers after all loops ended; looks under way end by themselves.
    pub async fn run(self: Arc<Self>, surroundings: Surroundings, stop: watch::Receiver<bool>) {
        let surroundings = Arc::new(surroundings);
        let mut tasks = Loops { set: JoinSet::new(), names: HashMap::new(), stop: stop.clone() };
        let engine = Arc::clone(&self);
        tasks.begin_whole("looks", async move { engine.work(stopped(stop)).await });
        let (mut joined, mut followed) = (self.joined.subscribe(), Followed::default());
        self.joined_hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(surroundings.hooks.iter().cloned());
        self.begin_following(followed.newcomers(&self), &mut tasks);
        let engine = Arc::clone(&self);
        tasks.begin("outages", async move { engine.watch_outages().await });
        let engine = Arc::clone(&self);
        tasks.begin("sweeps", async move { engine.sweep_by_schedule().await });
        let engine = Arc::clone(&self);
        tasks.begin("leavers", async move { engine.watch_leavers().await });
        let engine = Arc::clone(&self);
        tasks.begin("alerts", async move { engine.watch_alerts().await });
        let engine = Arc::clone(&self);
        tasks.begin("digests", async move { engine.send_digests().await });
        let (engine, around) = (Arc::clone(&self), Arc::clone(&surroundings));
        tasks.begin("messages", async move { engine.send_messages(&*around.notifier).await });
        loop {
            tokio::select! {
                ended = tasks.set.join_next() => match ended {
                    None => break,
                    Some(Ok(())) => {}
                    Some(Err(error)) => {
                        let name = tasks.name(&error);
                        tracing::error!(name, %error, "a part of the engine ended; start the process again");
                        self.note_dead_loop(&name);
                    }
                },
                Ok(()) = joined.changed() => self.begin_following(followed.newcomers(&self), &mut tasks),
            }
        }
    }

    /// Nothing of the engine runs before what an earlier process left is read; `None`: it is.
    pub fn note_unbegun(&self, why: Option<String>) {
        *self.unbegun.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Why nothing of the engine has begun, if it has not.
    pub fn unbegun(&self) -> Option<String> {
        self.unbegun.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A loop that panicked is a mistake of this program, and does not come back by itself: the process says that it is not
    /// well, so that it is looked at and started again.
    pub fn note_dead_loop(&self, name: &str) {
        self.dead_loops.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned());
    }

    /// Loops that ended without being asked to.
    pub fn dead_loops(&self) -> Vec<String> {
        self.dead_loops.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Starts what runs for each org and site by itself.
    fn begin_following(self: &Arc<Self>, newcomers: Newcomers, tasks: &mut Loops) {
        for tenant in newcomers.tenants {
            if newcomers.hooks.iter().all(|(kept, _)| *kept != tenant) {
                let (engine, tenant) = (Arc::clone(self), tenant.clone());
                tasks.begin(&format!("hook of {tenant}"), async move { engine.forget_hook(&tenant).await });
            }
            let engine = Arc::clone(self);
            tasks.begin(&format!("log of {tenant}"), async move { engine.follow_feed(&tenant).await });
        }
        for (tenant, wish) in newcomers.hooks {
            let engine = Arc::clone(self);
            tasks.begin(&format!("hook of {tenant}"), async move { engine.keep_hook(&tenant, &wish).await });
        }
        for site in newcomers.sites {
            let engine = Arc::clone(self);
            tasks.begin(&format!("places of {site}"), async move { engine.read_site(&site).await });
        }
    }

    /// Reads a site's catalogue if nobody has yet, waiting for a site that is down without keeping anybody else.
    async fn read_site(&self, id: &SiteId) {
        let Some(site) = self.sites().get(id) else { return };
        let mut failures = 0;
        while !site.has_catalogue() {
            match site.read_first().await {
                Ok(()) => self.rebind(None),
                Err(failure) => {
                    failures += 1;
                    tracing::warn!(site = %id, %failure, "the site cannot be read yet");
                    let pause = self.settings.backoff(failures, id.as_str()).min(Duration::from_secs(30));
                    self.clock.sleep(pause).await;
                }
            }
        }
        self.note_answer(&Upstream::Site(id.clone())).await;
    }

    /// Reads one tenant's change feed for ever: at once while pages bring rows, at the interval when idle, backing
    /// off while it fails. Whether it is read at all, and brings anything, is watched by [`Self::watch_feeds`].
    async fn follow_feed(&self, tenant: &TenantId) {
        let mut failures = 0u32;
        // What an earlier process said about the feed ends with the first good poll.
        let mut alarmed = true;
        self.begin_to_hear(tenant).await;
        self.note_org(tenant).await;
        loop {
            match self.poll_feed(tenant).await {
                Ok(0) => {
                    self.clear_feed_failure(tenant, &mut failures, &mut alarmed).await;
                    self.clock.sleep(self.settings.feed_interval).await;
                }
                Ok(_) => self.clear_feed_failure(tenant, &mut failures, &mut alarmed).await,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%tenant, %error, failures, "the change feed could not be read");
                    if failures == 3 {
                        alarmed = true;
                        self.raise(Finding {
                            key: format!("feed:{tenant}"),
                            kind: "feed".into(),
                            severity: Severity::Error,
                            tenant: Some(tenant.clone()),
                            site: None,
                            identity: None,
                            title: format!("{tenant}: Okta's log cannot be read"),
                            detail: format!("{error}. Hooks still work; what they miss waits for the log or the next sweep."),
                            fix: Some("run doctor: it names the missing scope or the refused credential".into()),
                            count: None,
                            since: self.clock.now(),
                        })
                        .await;
                    }
                    // Not for minutes: the feed is also how we learn that the tenant answers again.
                    let pause = self.settings.backoff(failures, tenant.as_str()).min(FEED_PAUSE_MAX);
                    self.clock.sleep(pause).await;
                }
            }
        }
    }

    /// Asks once for the org's own id: evidence names it. Not being told keeps nothing from going on.
    async fn note_org(&self, tenant: &TenantId) {
        let key = format!("{ORG}{tenant}");
        if self.store.meta(&key).await.is_ok_and(|known| known.is_some()) {
            return;
        }
        match self.directories()[tenant].org_id().await {
            Ok(Some(id)) => drop(self.write(vec![Write::Meta { key, value: id }]).await),
            Ok(None) => {}
            Err(failure) => tracing::info!(%tenant, %failure, "the org does not tell its id yet"),
        }
    }

    async fn clear_feed_failure(&self, tenant: &TenantId, failures: &mut u32, alarmed: &mut bool) {
        if std::mem::take(alarmed) {
            self.clear(&format!("feed:{tenant}")).await;
        }
        *failures = 0;
        self.note_answer(&Upstream::Tenant(tenant.clone())).await;
    }

    /// No hook is kept for the tenant: what an earlier process said of one is over.
    async fn forget_hook(&self, tenant: &TenantId) {
        let key = format!("hook-state:{tenant}");
        if self.store.meta(&key).await.is_ok_and(|said| said.is_some_and(|state| state != NO_HOOK)) {
            let over = Write::FindingOver { key: format!("hook:{tenant}"), at: self.clock.now() };
            let _ = self.write(vec![over, Write::Meta { key, value: NO_HOOK.into() }]).await;
        }
    }

    /// Hooks that this and earlier processes verified. A store that cannot be read is asked until it can.
    async fn our_hooks(&self, tenant: &TenantId) -> Vec<String> {
        let mut failures = 0;
        loop {
            match self.store.meta(&format!("{HOOKS}{tenant}")).await {
                Ok(kept) => return kept.unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
                Err(failure) => {
                    failures += 1;
                    tracing::warn!(%tenant, %failure, "which event hooks are ours could not be read");
                    self.clock.sleep(self.settings.backoff(failures, tenant.as_str())).await;
                }
            }
        }
    }

    /// Registers and verifies the hook, and checks now and then that it still lives.
    async fn keep_hook(&self, tenant: &TenantId, wish: &HookWish) {
        let mut known: Option<HookState> = None;
        let mut alarmed = false;
        let mut ours = self.our_hooks(tenant).await;
        self.directories()[tenant].remember_hooks(&ours);
        let (mut failures, mut unwell) = (0, 0);
        loop {
            let directory = &self.directories()[tenant];
            // To register or repair a hook is a write.
            let state = match self.settings.observe_only || self.is_stopped() {
                true => directory.hook_state(wish).await,
                false => directory.ensure_hook(wish).await,
            };
            let now = self.clock.now();
            let key = format!("hook:{tenant}");
            match state {
                Ok(HookState::Live { id }) => {
                    (failures, unwell) = (0, 0);
                    let live = HookState::Live { id: id.clone() };
                    if known.as_ref() != Some(&live) || alarmed {
                        alarmed = false;
                        if !ours.contains(&id) {
                            ours.push(id.clone());
                        }
                        let batch = vec![
                            Write::FindingOver { key, at: now },
                            Write::Meta { key: format!("hook-state:{tenant}"), value: "live".into() },
                            Write::Meta { key: format!("{HOOKS}{tenant}"), value: ours.join(" ") },
                            line(tenant, now, "hook", "the event hook is verified and delivers")
                                .detail(id)
                                .write(),
                        ];
                        let _ = self.write(batch).await;
                        known = Some(live);
                    }
                    self.clock.sleep(self.settings.hook_check).await;
                }
                Ok(other) => {
                    let (detail, fix) = match &other {
                        HookState::Manual { why, paste } => (why.clone(), paste.clone()),
                        HookState::Broken { why, .. } => {
                            (why.clone(), "check that Okta can reach the public URL, then run doctor".into())
                        }
                        _ => ("there is no event hook".to_owned(), "run doctor".to_owned()),
                    };
                    if known.as_ref() != Some(&other) {
                        let _ = self
                            .write(vec![Write::Meta {
                                key: format!("hook-state:{tenant}"),
                                value: "missing".into(),
                            }])
                            .await;
                        if let HookState::Manual { why, paste } = &other {
                            tracing::warn!(%tenant, "{why}: {paste}");
                        }
                        self.raise(hook_finding(tenant, key, detail, fix, now)).await;
                    }
                    known = Some(other);
                    // A hook that is only late in being verified is not left alone for minutes.
                    unwell += 1;
                    self.clock.sleep(self.settings.backoff(unwell, tenant.as_str())).await;
                }
                Err(failure) => {
                    failures += 1;
                    tracing::warn!(%tenant, %failure, "the event hook could not be checked");
                    if failures == 3 {
                        alarmed = true;
                        let fix = failure.hint().unwrap_or("run doctor").to_owned();
                        self.raise(hook_finding(tenant, key, failure.to_string(), fix, now)).await;
                    }
                    self.clock.sleep(self.settings.backoff(failures, tenant.as_str())).await;
                }
            }
        }
    }

    /// Alarms before a leaver's bound ends, not after, and where a log is not read; and ends what was said about limits that have
    /// room again.
    async fn watch_leavers(&self) {
        loop {
            self.clock.sleep(self.settings.leaver_check).await;
            self.alarm_late_leavers().await;
            self.watch_feeds().await;
            self.clear_caps().await;
            self.watch_reviews().await;
            self.tell_escalated().await;
            self.tell_stand_ins().await;
            if let Err(error) = self.advance_roll_out().await {
                tracing::warn!(%error, "the roll-out could not be moved on");
            }
        }
    }

    /// Ends what was said about limits that have room again.
    pub async fn clear_caps(&self) {
        for key in self.caps_reached() {
            let Some(scope) = key.strip_prefix("cap:") else { continue };
            let Ok(over) = self.has_room(scope).await else { continue };
            if over {
                self.forget_trouble(&key);
                self.clear(&key).await;
            }
        }
    }

    /// Whether a limit that was reached has room again, or is none any more.
    async fn has_room(&self, scope: &str) -> Result<bool, StoreFailure> {
        let sites = self.sites();
        for site in sites.keys() {
            let Some(rest) = scope.strip_prefix(&removals_scope(site)) else { continue };
            if rest.starts_with(":run:") {
                return self.has_room_in_run(site, scope).await;
            }
            if rest.is_empty() {
                return Ok(match self.removals_max(site) {
                    Some(limit) => self.removals_used(site).await? < limit,
                    None => true,
                });
            }
        }
        Ok(true)
    }

    pub(crate) async fn raise(&self, finding: Finding) {
        let mut batch = Vec::new();
        if let Some(tenant) = finding.tenant.clone().or_else(|| self.directories().keys().next().cloned()) {
            let known = self.store.finding(&finding.key).await.is_ok_and(|known| known.is_some());
            if !known {
                let mut entry = finding_line(&tenant, finding.since, "", &finding);
                if !finding.may_name_people() {
                    entry = entry.detail(finding.detail.clone());
                }
                let named = serde_json::json!({ "key": finding.key, "kind": finding.kind });
                batch.push(entry.data(named).write());
            }
        }
        batch.push(Write::Finding(Box::new(finding)));
        if let Err(failure) = self.write(batch).await {
            tracing::error!(%failure, "a finding could not be recorded");
        }
    }

    pub(crate) async fn clear(&self, key: &str) {
        let at = self.clock.now();
        let _ = self.write(vec![Write::FindingOver { key: key.to_owned(), at }]).await;
    }

    /// Asks for a look at somebody on a person's behalf.
    ///
    /// # Errors
    /// The store's failure.
    pub async fn look_again(
        &self,
        identity: lanyard_model::id::IdentityId,
        by: &str,
    ) -> Result<(), StoreFailure> {
        self.attend(
            vec![identity],
            Source::Person,
            lanyard_model::signal::Lane::Normal,
            &format!("{by} asked"),
        )
        .await
    }
}

fn hook_finding(tenant: &TenantId, key: String, detail: String, fix: String, since: Timestamp) -> Finding {
    Finding {
        key,
        kind: "hook".into(),
        severity: Severity::Warning,
        tenant: Some(tenant.clone()),
        site: None,
        identity: None,
        title: format!("{tenant}: no event hook delivers; changes arrive by the log, some seconds later"),
        detail,
        fix: Some(fix),
        count: None,
        since,
    }
}

/// Loops under way, by name.
struct Loops {
    set: JoinSet<()>,
    names: HashMap<tokio::task::Id, String>,
    stop: watch::Receiver<bool>,
}

impl Loops {
    /// Runs until it is to stop.
    fn begin(&mut self, name: &str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.begin_whole(name, until(stop, work));
    }

    /// Runs until it ends by itself.
    fn begin_whole(&mut self, name: &str, work: impl Future<Output = ()> + Send + 'static) {
        let id = self.set.spawn(work).id();
        self.names.insert(id, name.to_owned());
    }

    fn name(&self, error: &tokio::task::JoinError) -> String {
        self.names.get(&error.id()).cloned().unwrap_or_default()
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    while !*stop.borrow_and_update() {
        if stop.changed().await.is_err() {
            return;
        }
    }
}

async fn until(stop: watch::Receiver<bool>, work: impl Future<Output = ()>) {
    tokio::select! {
        biased;
        () = stopped(stop) => {}
        () = work => {}
    }
}
