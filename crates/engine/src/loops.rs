//! The loops that run beside the work: feeds, hooks, sweeps by schedule, leavers' clocks, messages.

use std::{collections::BTreeSet, str::FromStr, sync::Arc, time::Duration};

use jiff::{Timestamp, tz::TimeZone};
use lanyard_model::{id::TenantId, plan::Gate, signal::Source};
use tokio::{sync::watch, task::JoinSet};

use crate::{
    Engine,
    journal::line,
    ports::{Finding, HookState, HookWish, Notifier, Route, Severity, Silent, Write},
};

/// What the loops need beside the engine's ports.
pub struct Surroundings {
    /// The hook to keep alive per tenant; tenants without one live from the feed alone.
    pub hooks: Vec<(TenantId, HookWish)>,
    pub notifier: Arc<dyn Notifier>,
}

/// Messages tried this often before they wait for a person.
const MESSAGE_ATTEMPTS_MAX: u32 = 12;

impl Engine {
    /// Runs everything until `stop` turns true. Answers after all loops ended; looks under way end by themselves.
    pub async fn run(self: Arc<Self>, surroundings: Surroundings, stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        let surroundings = Arc::new(surroundings);
        {
            let (engine, stop) = (Arc::clone(&self), stop.clone());
            tasks.spawn(async move { engine.work(stopped(stop)).await });
        }
        for tenant in self.directories().keys() {
            let (engine, tenant) = (Arc::clone(&self), tenant.clone());
            tasks.spawn(until(stop.clone(), async move { engine.follow_feed(&tenant).await }));
        }
        for (tenant, wish) in &surroundings.hooks {
            let (engine, tenant, wish) = (Arc::clone(&self), tenant.clone(), wish.clone());
            tasks.spawn(until(stop.clone(), async move { engine.keep_hook(&tenant, &wish).await }));
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
            let (engine, surroundings) = (Arc::clone(&self), Arc::clone(&surroundings));
            tasks.spawn(until(
                stop.clone(),
                async move { engine.send_messages(&*surroundings.notifier).await },
            ));
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Reads one tenant's change feed for ever: at once while pages bring rows, at the interval when idle, backing
    /// off while it fails. A feed that stays silent is a finding.
    async fn follow_feed(&self, tenant: &TenantId) {
        let mut failures = 0u32;
        // What an earlier process said about the feed ends with the first good poll.
        let mut alarmed = true;
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
                    self.clock.sleep(self.settings.backoff(failures, tenant.as_str())).await;
                }
            }
        }
    }

    async fn clear_feed_failure(&self, tenant: &TenantId, failures: &mut u32, alarmed: &mut bool) {
        if std::mem::take(alarmed) {
            self.clear(&format!("feed:{tenant}")).await;
        }
        *failures = 0;
    }

    /// Registers and verifies the hook, and checks now and then that it still lives.
    async fn keep_hook(&self, tenant: &TenantId, wish: &HookWish) {
        let mut known: Option<HookState> = None;
        let mut alarmed = false;
        let mut failures = 0;
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
                    failures = 0;
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
                        self.raise(hook_finding(tenant, key, detail, fix, now)).await;
                    }
                    known = Some(other);
                    self.clock.sleep(self.settings.retry_max).await;
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

    /// The first sweep at once when there never was one, then by the policy's schedules.
    async fn sweep_by_schedule(&self) {
        let mut failures = 0;
        if self.store.sweeps(None, 1).await.is_ok_and(|sweeps| sweeps.is_empty()) {
            self.sweep_once("the first sweep", &mut failures).await;
        }
        loop {
            let now = self.clock.now();
            let next = if failures > 0 {
                now + self.settings.backoff(failures, "sweep")
            } else {
                self.next_sweep(now).unwrap_or(now + Duration::from_secs(86_400))
            };
            let why = tokio::select! {
                biased;
                () = self.policy_changed.notified() => "another policy was published",
                () = self.clock.sleep_until(next) => "by schedule",
            };
            self.sweep_once(why, &mut failures).await;
        }
    }

    async fn sweep_once(&self, why: &str, failures: &mut u32) {
        match self.sweep(None, why, &Silent).await {
            Ok(report) => {
                *failures = 0;
                self.clear("sweep").await;
                tracing::info!(
                    people = report.people,
                    differing = report.differing,
                    certified = report.certified,
                    "swept"
                );
            }
            Err(error) => {
                *failures += 1;
                tracing::warn!(%error, "the sweep could not be made");
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
        }
    }

    /// The next moment of any schedule of the policy.
    pub fn next_sweep(&self, now: Timestamp) -> Option<Timestamp> {
        let active = self.active();
        active
            .policy
            .schedules()
            .iter()
            .filter_map(|schedule| {
                let zone = TimeZone::get(&schedule.zone).ok()?;
                let cron = croner::Cron::from_str(&schedule.cron).ok()?;
                cron.find_next_occurrence(&now.to_zoned(zone), false).ok().map(|at| at.timestamp())
            })
            .min()
    }

    /// Alarms before a leaver's bound ends, not after; and ends what was said about limits that have room again.
    async fn watch_leavers(&self) {
        loop {
            self.clock.sleep(self.settings.leaver_check).await;
            self.alarm_late_leavers().await;
            self.clear_caps().await;
            self.watch_reviews().await;
        }
    }

    /// Raises an alarm for each leaver whose clock has nearly run out, once.
    pub async fn alarm_late_leavers(&self) {
        let Ok(open) = self.store.leavers(true, 1000).await else { return };
        let now = self.clock.now();
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
        for leaver in late {
            let key = format!("leaver-late:{}:{}", leaver.identity, leaver.site);
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
        }
    }

    /// Whether all that is left to take waits for what the policy itself asks: a hold, a stage, somebody's word.
    async fn waits_on_purpose(&self, leaver: &crate::ports::Leaver) -> bool {
        let Ok(plans) = self.store.plans(Some(&leaver.identity), 5).await else { return false };
        let Some(newest) = plans.into_iter().find(|plan| plan.site == leaver.site) else { return false };
        !newest.steps.is_empty()
            && newest.ending.is_some()
            && newest.steps.iter().all(|step| matches!(step.gate, Gate::Held { .. } | Gate::Waiting { .. }))
    }

    /// Ends what was said about limits that have room again.
    pub async fn clear_caps(&self) {
        for key in self.caps_reached() {
            let Some(scope) = key.strip_prefix("cap:") else { continue };
            let site = self.sites().keys().find(|site| scope == format!("removals:{site}"));
            let limit = site.and_then(|site| self.removals_max(site));
            let window = u64::from(self.active().policy.guardrails().window_seconds);
            let since = self.clock.now() - Duration::from_secs(window);
            let Ok(used) = self.store.cap_used(scope, since).await else { continue };
            if limit.is_none_or(|limit| used < limit) {
                self.forget_trouble(&key);
                self.clear(&key).await;
            }
        }
    }

    /// Delivers messages at least once, with pauses that grow.
    async fn send_messages(&self, notifier: &dyn Notifier) {
        // The next try of whatever failed last, and now and then for what was left by an earlier process.
        let mut retry = None::<Timestamp>;
        loop {
            let now = self.clock.now();
            retry = retry.filter(|at| *at > now);
            let due = self.store.messages_due(now, 100).await.unwrap_or_default();
            for message in &due {
                let mut result = Ok(());
                for route in self.routes(&message.route) {
                    let sent = {
                        let _busy = self.clock.busy();
                        notifier.send(message, &route).await
                    };
                    result = result.and(sent);
                }
                let at = self.clock.now();
                let next = match &result {
                    Ok(()) => None,
                    Err(_) if message.attempts + 1 >= MESSAGE_ATTEMPTS_MAX => None,
                    Err(_) => Some(at + self.settings.backoff(message.attempts, &message.id)),
                };
                if let (Err(why), None) = (&result, next) {
                    self.raise(Finding {
                        key: format!("message:{}", message.id),
                        kind: "message".into(),
                        severity: Severity::Warning,
                        tenant: None,
                        site: None,
                        identity: None,
                        title: format!("a message to {} could not be delivered", message.route),
                        detail: format!("{}: {why}", message.subject),
                        fix: Some(
                            "correct the route in the policy or the settings; the text is kept here".into(),
                        ),
                        since: at,
                    })
                    .await;
                }
                retry = retry.into_iter().chain(next).min();
                let _ =
                    self.write(vec![Write::MessageTried { id: message.id.clone(), at, result, next }]).await;
            }
            if due.is_empty() {
                let pause = self.clock.now() + Duration::from_secs(300);
                let until = retry.map_or(pause, |at| at.min(pause));
                tokio::select! {
                    biased;
                    () = self.mail.notified() => {}
                    () = self.clock.sleep_until(until) => {}
                }
            }
        }
    }

    fn routes(&self, name: &str) -> Vec<Route> {
        let active = self.active();
        let Some(channel) = active.policy.routes().get(name) else { return Vec::new() };
        let mut routes = Vec::new();
        if !channel.email.is_empty() {
            routes.push(Route::Email(channel.email.clone()));
        }
        routes.extend(channel.slack_secret.clone().map(Route::Slack));
        routes
    }

    pub(crate) async fn raise(&self, finding: Finding) {
        let mut batch = Vec::new();
        if let Some(tenant) = finding.tenant.clone().or_else(|| self.directories().keys().next().cloned()) {
            let mut entry = line(&tenant, finding.since, "finding", finding.title.clone())
                .severity(finding.severity)
                .detail(finding.detail.clone());
            if let Some(identity) = &finding.identity {
                entry = entry.about(identity, "");
            }
            let known =
                self.store.findings(10_000).await.is_ok_and(|all| all.iter().any(|f| f.key == finding.key));
            if !known {
                batch.push(entry.write());
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
