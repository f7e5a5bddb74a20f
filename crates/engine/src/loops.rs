//! The loops that run beside the work: feeds, hooks, sweeps by schedule, leavers' clocks, messages.

use std::{
    collections::{BTreeSet, HashSet},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, stream};
use jiff::{Timestamp, tz::TimeZone};
use lanyard_model::{
    id::{IdentityId, PlanId, SiteId, TenantId},
    plan::{Block, Gate},
    signal::Source,
};
use lanyard_policy::Schedule;
use sha2::{Digest as _, Sha256};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Engine,
    joining::{Followed, Newcomers},
    journal::{finding_line, line},
    outages::Upstream,
    ports::{Finding, HookState, HookWish, Message, Notifier, ORG, Severity, Silent, Write},
    sweep::SweepScope,
};

/// What the loops need beside the engine's ports.
pub struct Surroundings {
    /// The hook to keep alive per tenant; tenants without one live from the feed alone.
    pub hooks: Vec<(TenantId, HookWish)>,
    pub notifier: Arc<dyn Notifier>,
}

/// Longest pause between two tries of a feed that cannot be read.
const FEED_PAUSE_MAX: Duration = Duration::from_secs(20);

/// Messages tried this often before they wait for a person.
const MESSAGE_ATTEMPTS_MAX: u32 = 12;
/// Messages on their way at one time.
const MESSAGES_AT_ONCE: usize = 8;

impl Engine {
    /// Runs everything until `stop` turns true. Answers after all loops ended; looks under way end by themselves.
    pub async fn run(self: Arc<Self>, surroundings: Surroundings, stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let surroundings = Arc::new(surroundings);
        {
            let (engine, stop) = (Arc::clone(&self), stop.clone());
            tasks.spawn(async move { engine.work(stopped(stop)).await });
        }
        let (mut joined, mut followed) = (self.joined.subscribe(), Followed::default());
        self.joined_hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(surroundings.hooks.iter().cloned());
        self.begin_following(followed.newcomers(&self), &mut tasks, &stop);
        {
            let engine = Arc::clone(&self);
            tasks.spawn(until(stop.clone(), async move { engine.watch_outages().await }));
        }
        {
            let engine = Arc::clone(&self);
            tasks.spawn(until(stop.clone(), async move { engine.sweep_by_schedule().await }));
        }
        {
            let engine = Arc::clone(&self);
            tasks.spawn(until(stop.clone(), async move { engine.watch_leavers().await }));
        }
        {
            let engine = Arc::clone(&self);
            tasks.spawn(until(stop.clone(), async move { engine.watch_alerts().await }));
        }
        {
            let engine = Arc::clone(&self);
            tasks.spawn(until(stop.clone(), async move { engine.send_digests().await }));
        }
        {
            let (engine, surroundings) = (Arc::clone(&self), Arc::clone(&surroundings));
            tasks.spawn(until(
                stop.clone(),
                async move { engine.send_messages(&*surroundings.notifier).await },
            ));
        }
        loop {
            tokio::select! {
                ended = tasks.join_next() => if ended.is_none() { break },
                Ok(()) = joined.changed() => self.begin_following(followed.newcomers(&self), &mut tasks, &stop),
            }
        }
    }

    /// Starts what runs for each org and site by itself.
    fn begin_following(
        self: &Arc<Self>,
        newcomers: Newcomers,
        tasks: &mut JoinSet<()>,
        stop: &watch::Receiver<bool>,
    ) {
        for tenant in newcomers.tenants {
            let engine = Arc::clone(self);
            tasks.spawn(until(stop.clone(), async move { engine.follow_feed(&tenant).await }));
        }
        for (tenant, wish) in newcomers.hooks {
            let engine = Arc::clone(self);
            tasks.spawn(until(stop.clone(), async move { engine.keep_hook(&tenant, &wish).await }));
        }
        for site in newcomers.sites {
            let engine = Arc::clone(self);
            tasks.spawn(until(stop.clone(), async move { engine.read_site(&site).await }));
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
    /// off while it fails. A feed that stays silent is a finding.
    async fn follow_feed(&self, tenant: &TenantId) {
        let mut failures = 0u32;
        // What an earlier process said about the feed ends with the first good poll.
        let mut alarmed = true;
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

    /// Registers and verifies the hook, and checks now and then that it still lives.
    async fn keep_hook(&self, tenant: &TenantId, wish: &HookWish) {
        let mut known: Option<HookState> = None;
        let mut alarmed = false;
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
                        let batch = vec![
                            Write::FindingOver { key, at: now },
                            Write::Meta { key: format!("hook-state:{tenant}"), value: "live".into() },
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

    /// A sweep at once when there never was one, or when one was missed or cut short while nothing ran; then by the
    /// policy's schedules. Sites that could not be read are compared when they answer again.
    async fn sweep_by_schedule(&self) {
        self.note_dead_schedules().await;
        let mut failures = 0;
        // Sites that the last sweep could not read.
        let mut behind: BTreeSet<SiteId> = BTreeSet::new();
        if let Some(why) = self.sweep_owed().await {
            self.sweep_once(&SweepScope::default(), why, &mut failures, &mut behind).await;
        }
        loop {
            let now = self.clock.now();
            let planned = self.next_sweep(now).unwrap_or(now + Duration::from_secs(86_400));
            let again = now + self.settings.backoff(failures, "sweep");
            let next = if failures > 0 || !behind.is_empty() { again.min(planned) } else { planned };
            let news = tokio::select! {
                biased;
                () = self.policy_changed.notified() => Some("another policy was published"),
                () = self.to_sweep.notified() => Some("an org or a site joined"),
                () = self.clock.sleep_until(next) => None,
            };
            if news.is_some() || failures > 0 && behind.is_empty() && next < planned {
                let why = news.unwrap_or("it could not be made whole before");
                self.sweep_once(&SweepScope::default(), why, &mut failures, &mut behind).await;
                continue;
            }
            if next == planned {
                for scope in self.scopes_due(now, planned) {
                    self.sweep_once(&scope, "by schedule", &mut failures, &mut behind).await;
                }
                continue;
            }
            for site in behind.clone() {
                let scope = SweepScope { site: Some(site), tenant: None };
                self.sweep_once(&scope, "it could not be read before", &mut failures, &mut behind).await;
            }
        }
    }

    /// Why a sweep is due at the start, if one is. A sweep is on record only when it came to its end.
    async fn sweep_owed(&self) -> Option<&'static str> {
        let sweeps = self.store.sweeps(Some("all"), 1).await.ok()?;
        let Some(last) = sweeps.first() else { return Some("the first sweep") };
        let due = self.next_sweep(last.started_at)?;
        (due <= self.clock.now()).then_some("one was missed, or cut short")
    }

    /// A schedule that no day fits is a mistake that nobody would see otherwise.
    async fn note_dead_schedules(&self) {
        let now = self.clock.now();
        let active = self.active();
        for schedule in active.policy.schedules() {
            let key = format!("schedule:{}", schedule.id);
            let unknown = match (&schedule.site, &schedule.tenant) {
                (Some(site), _) if !self.sites().contains_key(site) => Some(format!("site {site}")),
                (_, Some(tenant)) if !self.directories().contains_key(tenant) => {
                    Some(format!("tenant {tenant}"))
                }
                _ => None,
            };
            if unknown.is_none() && occurrence(schedule, now).is_some() {
                self.clear(&key).await;
                continue;
            }
            let detail = match unknown {
                Some(what) => format!("the settings have no {what}"),
                None => format!("\"{}\" in {} fits no day", schedule.cron, schedule.zone),
            };
            self.raise(Finding {
                key,
                kind: "sweep".into(),
                severity: Severity::Warning,
                tenant: None,
                site: None,
                identity: None,
                title: format!("the schedule {} never comes", schedule.id),
                detail,
                fix: Some("correct the schedule in the policy".into()),
                since: now,
            })
            .await;
        }
    }

    /// One sweep, of one site or of all. `behind` keeps the sites that could not be read.
    async fn sweep_once(
        &self,
        scope: &SweepScope,
        why: &str,
        failures: &mut u32,
        behind: &mut BTreeSet<SiteId>,
    ) {
        let error = match self.sweep_within(scope, why, &Silent).await {
            Ok(report) => {
                match &scope.site {
                    Some(site) => {
                        behind.remove(site);
                    }
                    None => *behind = report.unread.iter().cloned().collect(),
                }
                // A tenant that was not read has an alarm of its own, and is asked again like a sweep that failed.
                let whole = behind.is_empty() && report.unread_tenants.is_empty();
                *failures = if whole { 0 } else { *failures + 1 };
                tracing::info!(
                    people = report.people,
                    differing = report.differing,
                    certified = report.certified,
                    "swept"
                );
                if behind.is_empty() {
                    self.clear("sweep").await;
                    return;
                }
                let sites: Vec<_> = behind.iter().map(ToString::to_string).collect();
                format!("not compared yet, because they could not be read: {}", sites.join(", "))
            }
            Err(error) => {
                *failures += 1;
                error.to_string()
            }
        };
        tracing::warn!(error, "the sweep could not be made whole");
        self.raise(Finding {
            key: "sweep".into(),
            kind: "sweep".into(),
            severity: Severity::Error,
            tenant: None,
            site: None,
            identity: None,
            title: "the full comparison could not be made".into(),
            detail: format!("{error}. Events are still followed. It is tried again by itself."),
            fix: Some("run doctor".into()),
            since: self.clock.now(),
        })
        .await;
    }

    /// The next moment of any schedule of the policy.
    pub fn next_sweep(&self, now: Timestamp) -> Option<Timestamp> {
        let active = self.active();
        active.policy.schedules().iter().filter_map(|schedule| occurrence(schedule, now)).min()
    }

    /// What the schedules ask for whose next moment after `now` is `planned`: everything, if one of them asks for that.
    fn scopes_due(&self, now: Timestamp, planned: Timestamp) -> Vec<SweepScope> {
        let active = self.active();
        let due = active.policy.schedules().iter().filter(|one| occurrence(one, now) == Some(planned));
        let mut scopes: Vec<_> =
            due.map(|one| SweepScope { site: one.site.clone(), tenant: one.tenant.clone() }).collect();
        // No schedule at all: once a day everything.
        if scopes.is_empty() || scopes.contains(&SweepScope::default()) {
            return vec![SweepScope::default()];
        }
        scopes.dedup();
        scopes
    }

    /// Alarms before a leaver's bound ends, not after; and ends what was said about limits that have room again.
    async fn watch_leavers(&self) {
        loop {
            self.clock.sleep(self.settings.leaver_check).await;
            self.alarm_late_leavers().await;
            self.clear_caps().await;
            self.watch_reviews().await;
            self.tell_escalated().await;
            if let Err(error) = self.advance_roll_out().await {
                tracing::warn!(%error, "the roll-out could not be moved on");
            }
        }
    }

    /// Raises an alarm for each leaver whose clock has nearly run out, once.
    pub async fn alarm_late_leavers(&self) {
        // The moment first: a list that is older than it would make somebody late who was verified in between.
        let now = self.clock.now();
        let Ok(open) = self.store.leavers(true, 1000).await else { return };
        let alarm_after = self.settings.leaver_bound.mul_f64(0.8);
        let alarm_after = jiff::SignedDuration::try_from(alarm_after).unwrap_or(jiff::SignedDuration::MAX);
        let late: Vec<_> = open
            .into_iter()
            .filter(|leaver| now.duration_since(leaver.seen_at.max(leaver.since)) >= alarm_after)
            .collect();
        if late.is_empty() {
            return;
        }
        let Ok(known) = self.store.findings(100_000).await else { return };
        let known: BTreeSet<String> = known.into_iter().map(|finding| finding.key).collect();
        let key_of =
            |leaver: &crate::ports::Leaver| format!("leaver-late:{}:{}", leaver.identity, leaver.site);
        let mut raised = Vec::new();
        for leaver in late {
            let key = key_of(&leaver);
            if known.contains(&key) || self.waits_on_purpose(&leaver).await {
                continue;
            }
            self.raise(Finding {
                key,
                kind: "leaver_late".into(),
                severity: Severity::Error,
                tenant: Some(leaver.identity.tenant.clone()),
                site: Some(leaver.site.clone()),
                identity: Some(leaver.identity.clone()),
                title: format!("{} left and is not yet verified gone from {}", leaver.identity, leaver.site),
                detail: format!("seen to have left at {}", leaver.seen_at),
                fix: Some("open the person's plan: it says which step is open and why".into()),
                since: now,
            })
            .await;
            raised.push(key_of(&leaver));
        }
        if raised.is_empty() {
            return;
        }
        // Whoever was read back as gone meanwhile ended an alarm that was not there yet; it is ended now.
        let Ok(open) = self.store.leavers(true, 1000).await else { return };
        let open: BTreeSet<String> = open.iter().map(key_of).collect();
        for key in raised.iter().filter(|key| !open.contains(*key)) {
            self.clear(key).await;
        }
    }

    /// Whether all that is left to take waits for what the policy itself asks: a hold, a stage, somebody's word.
    async fn waits_on_purpose(&self, leaver: &crate::ports::Leaver) -> bool {
        let Ok(plans) = self.store.plans(Some(&leaver.identity), 5).await else { return false };
        let Some(newest) = plans.into_iter().find(|plan| plan.site == leaver.site) else { return false };
        !newest.steps.is_empty()
            && newest.ending.is_some()
            && newest.steps.iter().all(|step| match &step.gate {
                Gate::Held { .. } | Gate::Waiting { .. } => true,
                // Told as the policy's reaction says.
                Gate::Blocked { kind, .. } => *kind == Block::Reaction,
                Gate::Open => false,
            })
    }

    /// Ends what was said about limits that have room again.
    pub async fn clear_caps(&self) {
        for key in self.caps_reached() {
            let Some(scope) = key.strip_prefix("cap:") else { continue };
            let sites = self.sites();
            let site = sites.keys().find(|site| scope == crate::look::removals_scope(site));
            let over = match site.and_then(|site| Some((site, self.removals_max(site)?))) {
                None => true,
                Some((site, limit)) => {
                    let Ok(used) = self.removals_used(site).await else { continue };
                    used < limit
                }
            };
            if over {
                self.forget_trouble(&key);
                self.clear(&key).await;
            }
        }
    }

    /// Delivers messages at least once, with pauses that grow. Several at a time: a receiver that takes long to answer, or
    /// never does, keeps no other message waiting.
    async fn send_messages(&self, notifier: &dyn Notifier) {
        // When tries of what failed are due; and now and then a look for what was left by an earlier process.
        let mut retries = BTreeSet::new();
        let taken = Mutex::new(HashSet::new());
        loop {
            let now = self.clock.now();
            retries.retain(|at| *at > now);
            let due = self.store.messages_due(now, 100).await.unwrap_or_default();
            let none = due.is_empty();
            let tries = due.into_iter().map(|message| self.send_message(notifier, message, &taken));
            let nexts: Vec<_> = stream::iter(tries).buffer_unordered(MESSAGES_AT_ONCE).collect().await;
            retries.extend(nexts.into_iter().flatten());
            if none {
                let pause = self.clock.now() + Duration::from_secs(300);
                let until = retries.first().map_or(pause, |at| pause.min(*at));
                tokio::select! {
                    biased;
                    () = self.mail.notified() => {}
                    () = self.clock.sleep_until(until) => {}
                }
            }
        }
    }

    /// One try of one message on all its routes; when the next one is due. A route that took it is not asked again because
    /// another one did not: `taken` remembers those of this process.
    async fn send_message(
        &self,
        notifier: &dyn Notifier,
        message: Message,
        taken: &Mutex<HashSet<(String, usize)>>,
    ) -> Option<Timestamp> {
        let routes = self.routes(&message.route);
        let mut result = match routes.is_empty() {
            true => Err(format!("nothing says where {} leads", message.route)),
            false => Ok(()),
        };
        let takers = || taken.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (number, route) in routes.iter().enumerate() {
            let key = (message.id.clone(), number);
            if takers().contains(&key) {
                continue;
            }
            let sent = {
                let _busy = self.clock.busy();
                notifier.send(&message, route).await
            };
            if sent.is_ok() && routes.len() > 1 {
                takers().insert(key);
            }
            result = result.and(sent);
        }
        let at = self.clock.now();
        let next = match &result {
            Ok(()) => None,
            Err(_) if message.attempts + 1 >= MESSAGE_ATTEMPTS_MAX => None,
            Err(_) => Some(at + self.settings.backoff(message.attempts, &message.id)),
        };
        if next.is_none() {
            takers().retain(|(id, _)| *id != message.id);
        }
        if let (Err(why), None) = (&result, next) {
            let about = self.message_about(&message.id).await;
            self.raise(Finding {
                key: format!("message:{}", message.id),
                kind: "message".into(),
                severity: Severity::Warning,
                tenant: about.as_ref().map(|about| about.tenant.clone()),
                site: None,
                identity: about,
                title: format!("a message to {} could not be delivered", message.route),
                detail: format!("{}: {why}", message.subject),
                fix: Some("correct the route in the policy or the settings; the text is kept here".into()),
                since: at,
            })
            .await;
        }
        let _ = self.write(vec![Write::MessageTried { id: message.id.clone(), at, result, next }]).await;
        next
    }

    /// Whom a message is about: its id begins with them, or names their plan.
    async fn message_about(&self, id: &str) -> Option<IdentityId> {
        let mut parts = id.split(':');
        let first = parts.next()?;
        if first == "given" {
            let plan = self.store.plan(&PlanId::new(parts.next()?)).await.ok()??;
            return Some(plan.identity);
        }
        let (tenant, user) = first.split_once('/')?;
        let tenant = TenantId::new(tenant);
        self.directories().contains_key(&tenant).then(|| IdentityId::new(tenant, user))
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

    async fn clear(&self, key: &str) {
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
    ) -> Result<(), crate::ports::StoreFailure> {
        self.attend(
            vec![identity],
            Source::Person,
            lanyard_model::signal::Lane::Normal,
            &format!("{by} asked"),
        )
        .await
    }
}

/// The next moment of one schedule; `None` if it never comes.
fn occurrence(schedule: &Schedule, after: Timestamp) -> Option<Timestamp> {
    let zone = TimeZone::get(&schedule.zone).ok()?;
    let cron = croner::Cron::from_str(&schedule.cron).ok()?;
    let later = spread(schedule);
    let next = cron.find_next_occurrence(&(after - later).to_zoned(zone), false).ok()?;
    Some(next.timestamp() + later)
}

/// How much later than its moment a schedule begins: the same each time, and another for another schedule.
fn spread(schedule: &Schedule) -> Duration {
    let digest = Sha256::digest(format!("{}/{:?}/{:?}", schedule.id, schedule.tenant, schedule.site));
    let number = digest.iter().take(8).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    let seconds = u64::from(schedule.spread_minutes) * 60;
    Duration::from_secs(if seconds == 0 { 0 } else { number % seconds })
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
        since,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_follow_their_zone_and_some_never_come() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let schedule = |cron: &str, zone: &str| Schedule {
            id: "s".into(),
            cron: cron.into(),
            zone: zone.into(),
            site: None,
            tenant: None,
            spread_minutes: 0,
        };
        for (cron, zone, after, next) in [
            ("0 2 * * *", "UTC", "2026-05-04T08:00:00Z", Some("2026-05-05T02:00:00Z")),
            ("0 2 * * *", "Europe/Berlin", "2026-05-04T08:00:00Z", Some("2026-05-05T00:00:00Z")),
            ("0 2 * * *", "Asia/Tokyo", "2026-05-04T08:00:00Z", Some("2026-05-04T17:00:00Z")),
            ("0 2 30 2 *", "UTC", "2026-05-04T08:00:00Z", None),
            ("0 2 * * *", "Europe/Nowhere", "2026-05-04T08:00:00Z", None),
        ] {
            assert_eq!(occurrence(&schedule(cron, zone), at(after)), next.map(at), "{cron} {zone}");
        }
    }

    #[test]
    fn a_spread_schedule_begins_later_and_each_time_as_much() {
        let at = |text: &str| text.parse::<Timestamp>().expect("a moment");
        let of = |site: &str| Schedule {
            id: "nightly".into(),
            cron: "0 2 * * *".into(),
            zone: "UTC".into(),
            site: Some(site.into()),
            tenant: None,
            spread_minutes: 90,
        };
        let first = occurrence(&of("hq"), at("2026-05-04T00:00:00Z")).expect("a moment");
        let second = occurrence(&of("hq"), first).expect("a moment");
        assert_eq!(second.duration_since(first), jiff::SignedDuration::from_hours(24));
        assert!(first >= at("2026-05-04T02:00:00Z") && first < at("2026-05-04T03:30:00Z"), "{first}");
        let elsewhere = occurrence(&of("south"), at("2026-05-04T00:00:00Z")).expect("a moment");
        assert_ne!(first, elsewhere, "not all sites at once");
        // Asked between the moment itself and its spread: it is still to come.
        assert_eq!(occurrence(&of("hq"), at("2026-05-04T02:00:00Z")), Some(first));
    }
}
