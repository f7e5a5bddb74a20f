//! `plan`, `apply`, `sweep`, `explain`: verbs about people. They run here when nobody has the folder open, and
//! inside the running server when one has.

use std::{path::Path, sync::Arc, time::Duration};

use anyhow::Context;
use jiff::Timestamp;
use lanyard_engine::{
    Engine, EngineSettings,
    clock::Clock,
    explain::PreviewError,
    late::Answer,
    ports::{Order, Progress, Silent},
    put_away::Terms,
    reviews::ReviewError,
    survey::SurveyError,
};
use lanyard_model::{
    id::{IdentityId, SiteId, TenantId},
    plan::{Plan, Summary},
};
use lanyard_plan::render::{render_because, render_plan, render_plans};
use lanyard_web::{
    VerbRunner,
    api::people::{lifecycle_word, preview_view},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Data,
    adopt::Adopt,
    change::{DraftFiles, UndoAsked},
    review::ReviewVerb,
};
use crate::{
    exit,
    local::Running,
    progress::Bars,
    settings::Settings,
    wiring::{self, Patience, SystemClock},
};

/// What is asked; also how it travels to a running server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    Plan {
        person: Option<String>,
        site: Option<String>,
    },
    Apply {
        person: Option<String>,
        site: Option<String>,
    },
    Sweep {
        site: Option<String>,
    },
    Explain {
        person: String,
    },
    Tell {
        person: String,
        thing: Option<String>,
        as_of: Option<jiff::Timestamp>,
    },
    WhatIf {
        draft: DraftFiles,
        read_groups: bool,
        /// Which form is printed: there may be a line for everybody, and the other one is not made. `None`: whoever asks is
        /// of an earlier version, and gets both.
        #[serde(default)]
        as_json: Option<bool>,
    },
    Replay {
        draft: DraftFiles,
        from: jiff::Timestamp,
        to: Option<jiff::Timestamp>,
    },
    ApplySeal {
        seal: String,
        /// Empty: everybody at once.
        #[serde(default)]
        waves: Vec<String>,
        #[serde(default)]
        pause_minutes: u32,
        #[serde(default)]
        accept_open: bool,
    },
    Drift,
    RollOut {
        what: super::drift::RollOutWish,
    },
    Undo(UndoAsked),
    Adopt(Adopt),
    Stop,
    Resume,
    Findings,
    Messages {
        /// Those that were given up are tried once more.
        #[serde(default)]
        again: bool,
    },
    Alerts {
        #[serde(default)]
        rule: Option<String>,
        /// Text of a template to try.
        #[serde(default)]
        template: Option<String>,
    },
    /// The database of the store, to a new file of this machine.
    Copy {
        to: std::path::PathBuf,
    },
    Close {
        key: String,
        reason: String,
        by: String,
        #[serde(default)]
        owner: Option<String>,
        #[serde(default)]
        until: Option<Timestamp>,
    },
    /// Who answers for a leaver's being late.
    AnswerFor {
        person: String,
        site: String,
        owner: String,
        compensation: String,
        by: String,
    },
    Erase {
        person: String,
        reason: String,
    },
    Retain {
        days: u32,
    },
    Review {
        ask: ReviewVerb,
    },
    Policy(super::policy::PolicyVerb),
}

impl Verb {
    /// Whether it has to know what there is in the sites.
    fn calls_sites(&self) -> bool {
        !matches!(
            self,
            Self::Stop
                | Self::Resume
                | Self::Findings
                | Self::Messages { .. }
                | Self::RollOut { .. }
                | Self::Alerts { .. }
                | Self::Copy { .. }
                | Self::Close { .. }
                | Self::AnswerFor { .. }
                | Self::Erase { .. }
                | Self::Retain { .. }
                | Self::Review { .. }
        )
    }

    /// Whether it cannot do without this site.
    fn needs(&self, id: &str) -> bool {
        match self {
            Self::Plan { person: None, site } | Self::Apply { person: None, site } | Self::Sweep { site } => {
                site.as_ref().is_some_and(|site| site == id)
            }
            _ => false,
        }
    }
}

/// An answer: what to print, and the code to leave with.
#[derive(Debug, Serialize, Deserialize)]
pub struct Said {
    pub exit: u8,
    pub text: String,
    pub json: Value,
}

/// Runs a verb and prints its answer.
///
/// # Errors
/// Settings, upstream or store problems.
pub async fn run(data: &Data, verb: Verb, as_json: bool) -> anyhow::Result<u8> {
    let (said, done_by) = answered(&data.dir, verb, as_json).await?;
    let refused = said.text.starts_with("error:");
    if refused {
        // A running server's refusal: talk, not data.
        crate::out::aside(&said.text);
    }
    if as_json {
        say!("{}", said.json);
    } else if !refused {
        crate::out::data(&said.text);
    }
    if let Some(engine) = done_by {
        engine.pages_kept().await;
    }
    Ok(said.exit)
}

/// Asks the running server if there is one, else does it here.
///
/// # Errors
/// As [`run`].
pub async fn ask(dir: &Path, verb: Verb, quiet: bool) -> anyhow::Result<Said> {
    let (said, done_by) = answered(dir, verb, quiet).await?;
    if let Some(engine) = done_by {
        engine.pages_kept().await;
    }
    Ok(said)
}

/// The answer; and the engine that gave it, where there is no server. It may still be keeping what it has answered.
async fn answered(dir: &Path, verb: Verb, quiet: bool) -> anyhow::Result<(Said, Option<Arc<Engine>>)> {
    let settings = Settings::load(dir)?;
    if let Some(server) = Running::find(dir) {
        match server.run(&serde_json::to_value(&verb)?).await {
            Ok(answer) => {
                let said = serde_json::from_value(answer).context("the server's answer cannot be read")?;
                return Ok((said, None));
            }
            // The note may be a dead server's: then the store is free.
            Err(error) => error.or_alone()?,
        }
    }
    let policy = wiring::load_policy(&dir.join(&settings.policy))
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport = wiring::transport(dir, &settings)?;
    let clients = wiring::clients(dir, &settings, &clock, &transport, Patience::Work)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let store = wiring::open_store(dir)?;
    let alerts = crate::alerts::alert_settings(dir, &settings)?;
    let own = EngineSettings { alerts, ..wiring::engine_settings(&settings) };
    let engine = Arc::new(wiring::engine(clients, store.clone(), clock, policy, own));
    let bars = Bars::new(quiet);
    if matches!(verb, Verb::WhatIf { .. } | Verb::Tell { .. } | Verb::Replay { .. } | Verb::Drift) {
        // Only the mirrors are read.
        if let Some(site) = engine.load_remembered().await?.into_iter().next() {
            anyhow::bail!(exit::Unusable(format!(
                "nothing is mirrored of {site} yet: run `lanyard sweep` first"
            )));
        }
    } else if verb.calls_sites() {
        // About one person, another site that is down does not matter: their own is read by the look itself.
        let failures = engine.load(&bars).await?;
        if let Some((site, failure)) = failures.into_iter().find(|(site, _)| verb.needs(site.as_str())) {
            anyhow::bail!(exit::Upstream(format!("{site}: {failure}")));
        }
    } else {
        engine.load_memory().await?;
    }
    let verbs =
        Verbs { engine: Arc::clone(&engine), store: Some(store), dir: dir.to_owned(), serving: false };
    let said = verbs.answer(verb, &bars).await;
    bars.clear();
    Ok((said?, Some(engine)))
}

/// Copies the database of a data folder to a new file, through the server that has it open or by itself. The policy and the
/// upstreams play no part.
///
/// # Errors
/// The server's or the store's.
pub async fn copy_store(dir: &Path, to: &Path) -> anyhow::Result<()> {
    if let Some(server) = Running::find(dir) {
        match server.run(&serde_json::to_value(Verb::Copy { to: to.to_owned() })?).await {
            Ok(answer) => {
                let said: Said =
                    serde_json::from_value(answer).context("the server's answer cannot be read")?;
                anyhow::ensure!(
                    said.exit == exit::DONE,
                    "{}",
                    said.text.trim_start_matches("error: ").trim_end()
                );
                return Ok(());
            }
            Err(error) => error.or_alone()?,
        }
    }
    let store = wiring::open_store(dir)?;
    Ok(store.backup_to(to).await?)
}

/// Runs verbs on an engine.
pub struct Verbs {
    pub engine: Arc<Engine>,
    /// For copies of it; a demonstration makes none.
    pub store: Option<Arc<lanyard_store::SqliteStore>>,
    /// The data folder: the journals' keys are in it.
    pub dir: std::path::PathBuf,
    /// The engine's own loops are running: work is done by them.
    pub serving: bool,
}

#[async_trait::async_trait]
impl VerbRunner for Verbs {
    async fn run(&self, verb: Value) -> Value {
        let said = match serde_json::from_value(verb) {
            Ok(verb) => self.answer(verb, &Silent).await,
            Err(error) => Err(anyhow::Error::new(exit::Unusable(format!("not a verb: {error}")))),
        };
        let said = said.unwrap_or_else(|error| Said {
            exit: exit::of(&error),
            text: format!("error: {error:#}\n"),
            json: json!({ "error": format!("{error:#}") }),
        });
        serde_json::to_value(said).unwrap_or_default()
    }
}

impl Verbs {
    async fn answer(&self, verb: Verb, progress: &dyn Progress) -> anyhow::Result<Said> {
        match verb {
            Verb::Plan { person: Some(person), site } => self.plan_person(&person, site.as_deref()).await,
            Verb::Plan { person: None, site } => self.plan_everybody(site.as_deref(), progress).await,
            Verb::Apply { person: Some(_), site: Some(site) } => Err(exit::Unusable(format!(
                "a person is brought up to date in all of their sites at once, and so not in {site} alone; \
                 nothing was changed: leave out --site"
            ))
            .into()),
            Verb::Apply { person: Some(person), site: None } => self.apply_person(&person).await,
            Verb::Apply { person: None, site } => self.sweep(site.as_deref(), "apply", progress).await,
            Verb::Sweep { site } => self.sweep(site.as_deref(), "on demand", progress).await,
            Verb::Explain { person } => self.explain(&person).await,
            Verb::Policy(verb) => super::policy::answer(&self.engine, verb).await,
            Verb::Tell { person, thing, as_of } => self.tell(&person, thing.as_deref(), as_of).await,
            Verb::WhatIf { draft, read_groups, as_json } => {
                self.whatif(draft, read_groups, as_json, progress).await
            }
            Verb::Replay { draft, from, to } => self.replay(draft, from, to).await,
            Verb::ApplySeal { seal, waves, pause_minutes, accept_open } => {
                self.apply_seal(&seal, &waves, pause_minutes, accept_open).await
            }
            Verb::Drift => self.drift().await,
            Verb::RollOut { what } => self.roll_out(what).await,
            Verb::Undo(asked) => self.undo(asked).await,
            Verb::Adopt(asked) => self.adopt(asked, progress).await,
            Verb::Stop => self.stop(true).await,
            Verb::Resume => self.stop(false).await,
            Verb::Findings => self.findings().await,
            Verb::Copy { to } => self.copy(&to).await,
            Verb::Messages { again } => self.messages(again).await,
            Verb::Alerts { rule, template } => self.alerts(rule.as_deref(), template).await,
            Verb::Close { key, reason, by, owner, until } => {
                self.close(&key, Terms { reason, owner, until }, &by).await
            }
            Verb::AnswerFor { person, site, owner, compensation, by } => {
                let identity = self.find(&person).await?;
                self.answer_for(Answer { identity, site: site.as_str().into(), owner, compensation }, &by)
                    .await
            }
            Verb::Erase { person, reason } => self.erase(&person, &reason).await,
            Verb::Retain { days } => self.retain(days).await,
            Verb::Review { ask } => self.review(ask).await.map_err(|error| match error {
                ReviewError::Rule(rule) => exit::Unusable(rule.to_string()).into(),
                ReviewError::Store(failure) => failure.into(),
            }),
        }
    }

    /// TENANT/ID, an id, a login or an e-mail address.
    pub(super) async fn find(&self, text: &str) -> anyhow::Result<IdentityId> {
        if let Some((tenant, id)) = text.split_once('/')
            && self.engine.directories().contains_key(&TenantId::new(tenant))
        {
            return Ok(IdentityId::new(TenantId::new(tenant), id));
        }
        let store = self.engine.store();
        let mut found = Vec::new();
        for tenant in self.engine.directories().keys() {
            let id = IdentityId::new(tenant.clone(), text);
            if store.identity(&id).await?.is_some() {
                return Ok(id);
            }
            let (people, _, _) = store.search_people(Some(tenant), text, Order::Rising, None, 20).await?;
            found.extend(
                people
                    .into_iter()
                    .filter(|known| {
                        ["login", "email"].iter().any(|name| {
                            known
                                .identity
                                .profile
                                .text(name)
                                .is_some_and(|value| value.eq_ignore_ascii_case(text))
                        })
                    })
                    .map(|known| known.identity.id),
            );
        }
        if found.is_empty() {
            // Not mirrored yet: Okta is asked.
            for (tenant, directory) in self.engine.directories() {
                let named = directory
                    .find_identities(text)
                    .await
                    .map_err(|failure| upstream(PreviewError::Port(failure)))?;
                found.extend(named.into_iter().map(|user| IdentityId::new(tenant.clone(), user)));
            }
        }
        match found.as_slice() {
            [one] => return Ok(one.clone()),
            [] => {}
            several => {
                let list: Vec<_> = several.iter().map(ToString::to_string).collect();
                anyhow::bail!(exit::Unusable(format!(
                    "{text} is several people: {}; say which",
                    list.join(", ")
                )));
            }
        }
        anyhow::bail!(exit::Unusable(format!(
            "nobody is known as {text}; give TENANT/ID, an Okta id, a login or an e-mail address"
        )))
    }

    /// What would be done about one person, in all of their sites or in one.
    async fn plan_person(&self, person: &str, site: Option<&str>) -> anyhow::Result<Said> {
        let id = self.find(person).await?;
        if let Some(site) = site.filter(|site| !self.engine.sites().contains_key(&SiteId::new(*site))) {
            let known: Vec<_> = self.engine.sites().keys().map(ToString::to_string).collect();
            anyhow::bail!(exit::Unusable(format!("no site is called {site}; there is {}", known.join(", "))));
        }
        let mut preview = self.engine.preview(&id).await.map_err(upstream)?;
        preview.sites.retain(|found| site.is_none_or(|site| found.site.as_str() == site));
        let plans: Vec<&Plan> = preview.sites.iter().filter_map(|site| site.plan.as_ref()).collect();
        let mut text = String::new();
        for site in &preview.sites {
            if let Some(why) = &site.disputed {
                text.push_str(&format!("{}: {why}. Nothing is planned.\n", site.site));
            }
            if let Some(other) = &site.governed_by {
                text.push_str(&format!(
                    "{}: governed by {other}; nothing is planned for this identity.\n",
                    site.site
                ));
            }
        }
        let quiet = plans.iter().all(|plan| plan.is_quiet());
        text.push_str(&render_plans(plans.iter().copied(), usize::from(quiet)));
        if quiet {
            text.push_str(&format!(
                "{} is {}: nothing to do\n",
                preview.identity.display_name(),
                lifecycle_word(&preview.desired.lifecycle)
            ));
        }
        Ok(Said {
            exit: if quiet { exit::DONE } else { exit::OPEN },
            text,
            json: json!({
                "person": id,
                "lifecycle": lifecycle_word(&preview.desired.lifecycle),
                "plans": plans,
                "disputed": preview.sites.iter().find_map(|s| s.disputed.clone()),
            }),
        })
    }

    async fn plan_everybody(&self, site: Option<&str>, progress: &dyn Progress) -> anyhow::Result<Said> {
        let site = site.map(SiteId::new);
        let survey = self.engine.survey(site.as_ref(), progress).await.map_err(survey_error)?;
        let decided = &survey.decided;
        let plans: Vec<&Plan> = decided.differing.iter().map(|finding| &finding.plan).collect();
        let mut text = render_plans(plans.iter().copied(), decided.unchanged);
        let mut doubts = Vec::new();
        for (scope, certificate) in survey
            .tenants
            .iter()
            .map(|t| (t.tenant.to_string(), &t.certificate))
            .chain(survey.sites.iter().map(|s| (s.site.to_string(), &s.certificate)))
        {
            if certificate.holds() {
                let evidence = &certificate.evidence;
                let schema = evidence.schema.as_ref().map_or_else(String::new, |schema| {
                    format!(", under the definitions {} of {} fields", schema.after, schema.fields)
                });
                text.push_str(&format!(
                    "{scope}: {} rows in {} pages, proven complete{schema}\n",
                    evidence.rows, evidence.pages
                ));
            } else {
                text.push_str(&format!("{scope}: NOT proven complete: {}\n", certificate.doubts.join("; ")));
                doubts.extend(certificate.doubts.iter().map(|doubt| format!("{scope}: {doubt}")));
            }
        }
        for (site, failure) in &survey.unread {
            let hint = failure.hint().map(|hint| format!(" (hint: {hint})")).unwrap_or_default();
            text.push_str(&format!(
                "{site}: NOT read, so nothing is planned there for anybody: {failure}{hint}\n"
            ));
            doubts.push(format!("{site}: it could not be read: {failure}"));
        }
        let unread =
            !survey.unread.is_empty() || survey.tenants.iter().any(|tenant| tenant.failure().is_some());
        for (id, person, why) in &decided.aside {
            text.push_str(&format!("set aside: {person} ({id}): {why}\n"));
        }
        for (id, site, person, why) in decided.disputes() {
            text.push_str(&format!("disputed: {person} ({id}) in {site}: {why}\n"));
        }
        for account in &decided.orphans {
            text.push_str(&format!(
                "orphan: account {} ({}) belongs to nobody in Okta\n",
                account.key,
                account.display_name()
            ));
        }
        for one in &decided.astray {
            text.push_str(&format!(
                "astray: account {} ({}) is linked with nobody and has the same {} as {} ({})\n",
                one.account.key,
                one.account.display_name(),
                one.key,
                one.person,
                one.of
            ));
        }
        for admin in &decided.admins {
            text.push_str(&format!(
                "site administrator: account {} ({}) is held by nobody in a list of Okta\n",
                admin.account.key,
                admin.account.display_name()
            ));
        }
        let mut summary = Summary::default();
        for plan in &plans {
            summary += plan.summary();
        }
        Ok(Said {
            exit: match (plans.is_empty(), unread) {
                (false, _) => exit::OPEN,
                // Nothing to do, as far as anybody could see.
                (true, true) => exit::UPSTREAM,
                (true, false) => exit::DONE,
            },
            json: json!({
                "summary": summary,
                "people": decided.people,
                "unchanged": decided.unchanged,
                "plans": plans,
                "aside": decided.aside.iter().map(|(id, person, why)| json!({"identity": id, "person": person, "why": why})).collect::<Vec<_>>(),
                "disputed": decided.disputes().map(|(id, site, person, why)| json!({"identity": id, "site": site, "person": person, "why": why})).collect::<Vec<_>>(),
                "orphans": decided.orphans.iter().map(|a| json!({"account": a.key, "name": a.display_name(), "user_name": a.field("userName"), "email": a.field("email")})).collect::<Vec<_>>(),
                "astray": decided.astray.iter().map(|one| json!({"account": one.account.key, "name": one.account.display_name(), "identity": one.of, "person": one.person, "key": one.key})).collect::<Vec<_>>(),
                "site_admins": decided.admins.iter().map(|one| json!({"account": one.account.key, "name": one.account.display_name()})).collect::<Vec<_>>(),
                "certified": doubts.is_empty(),
                "doubts": doubts,
            }),
            text,
        })
    }

    async fn apply_person(&self, person: &str) -> anyhow::Result<Said> {
        let id = self.find(person).await?;
        self.engine.look_again(id.clone(), "the command line").await?;
        self.settle().await;
        self.plan_person(&id.to_string(), None).await
    }

    async fn sweep(&self, site: Option<&str>, why: &str, progress: &dyn Progress) -> anyhow::Result<Said> {
        let site = site.map(SiteId::new);
        let before = self.engine.latency.totals();
        let report = self.engine.sweep(site.as_ref(), why, progress).await.map_err(survey_error)?;
        self.settle().await;
        let now = self.engine.clock().now();
        let counts = self.engine.store().work_counts(None, now).await?;
        let retries = self.engine.store().retrying(now, Timestamp::MAX, RETRIES_COUNTED).await?.len();
        let totals = self.engine.latency.totals().since(before);
        let left = left_over(&Left {
            stopped: self.engine.is_stopped(),
            observing: self.engine.settings().observe_only,
            differing: report.differing,
            waiting: report.waiting,
            due: counts.due,
            dead: counts.dead,
            retries,
        });
        let mut text = format!(
            "{} people and {} accounts compared\n{} differed, {} unchanged, {} newly linked\n{} orphaned accounts, {} disputed, {} set aside\n",
            report.people,
            report.accounts,
            report.differing,
            report.unchanged,
            report.linked,
            report.orphans,
            report.disputed,
            report.aside
        );
        if report.certified {
            text.push_str("every list is proven complete\n");
        } else {
            text.push_str(&format!(
                "NOT proven complete, so nobody was taken for gone: {}\n",
                report.doubts.join("; ")
            ));
        }
        text.push_str(&format!(
            "{} operations accepted, {} failed since this began\n",
            totals.writes + totals.doors,
            totals.failed
        ));
        match left.is_empty() {
            true => text.push_str("nobody waits for anything\n"),
            false => left.iter().for_each(|what| text.push_str(&format!("still open: {what}\n"))),
        }
        Ok(Said {
            exit: if left.is_empty() && report.certified { exit::DONE } else { exit::OPEN },
            text,
            json: json!({ "report": report, "operations": totals, "work": counts, "open": left }),
        })
    }

    /// Waits until nothing is due or under way. Held steps and retries in the future do not keep anybody waiting.
    pub(super) async fn settle(&self) {
        if !self.serving {
            self.engine.work_until_quiet().await;
            return;
        }
        loop {
            match self.engine.store().work_counts(None, self.engine.clock().now()).await {
                Ok(counts) if counts.due + counts.leased > 0 && !self.engine.is_stopped() => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                _ => return,
            }
        }
    }

    async fn explain(&self, person: &str) -> anyhow::Result<Said> {
        let id = self.find(person).await?;
        let preview = self.engine.preview(&id).await.map_err(upstream)?;
        let catalogue = |site: &SiteId| self.engine.sites().get(site).map(|site| site.catalogue());
        let view = preview_view(&preview, catalogue);
        let mut text =
            format!("{}  {}  is {} in Okta\n", preview.identity.display_name(), id, preview.identity.status);
        text.push_str(&format!("standing: {}\n", lifecycle_word(&preview.desired.lifecycle)));
        for because in &preview.desired.because {
            text.push_str(&format!("  because {}\n", render_because(because)));
        }
        let shown = view["sites"].as_array().cloned().unwrap_or_default();
        for (site, shown) in preview.sites.iter().zip(&shown) {
            text.push_str(&format!("\nin {}", site.site));
            match &site.link {
                Some(link) => text.push_str(&format!(
                    ": account {} since {}\n",
                    link.account.id,
                    link.since.strftime("%Y-%m-%d")
                )),
                None => text.push_str(": no account yet\n"),
            }
            if let Some(why) = &site.disputed {
                text.push_str(&format!("  disputed: {why}\n"));
            }
            if let Some(other) = &site.governed_by {
                text.push_str(&format!("  governed by {other}\n"));
            }
            for item in shown["desired"]["items"].as_array().into_iter().flatten() {
                text.push_str(&format!(
                    "  + {}: {}\n",
                    item["label"].as_str().unwrap_or(""),
                    item["value"].as_str().unwrap_or("")
                ));
                for because in item["because"].as_array().into_iter().flatten() {
                    text.push_str(&format!("      because {}\n", because.as_str().unwrap_or("")));
                }
            }
            for item in shown["desired"]["not_given"].as_array().into_iter().flatten() {
                text.push_str(&format!(
                    "  - not {}\n      because {}\n",
                    item["label"].as_str().unwrap_or(""),
                    item["because"].as_str().unwrap_or("")
                ));
            }
            for problem in &site.desired.problems {
                text.push_str(&format!("  ! {problem}\n"));
            }
            if let Some(plan) = &site.plan {
                let block = render_plan(plan);
                if block.is_empty() {
                    text.push_str("  nothing to do now\n");
                } else {
                    text.push_str("  now to do:\n");
                    text.push_str(&block);
                }
            }
        }
        if let Some(at) = preview.desired.review_at {
            text.push_str(&format!("\nthe answer may change by itself at {at}\n"));
        }
        Ok(Said { exit: exit::DONE, text, json: view })
    }
}

/// People counted who are tried again later; of more it is said that there are at least so many.
const RETRIES_COUNTED: usize = 10_000;

/// What a sweep and the work after it may leave behind.
#[derive(Clone, Copy)]
struct Left {
    stopped: bool,
    observing: bool,
    differing: usize,
    waiting: usize,
    due: u64,
    dead: u64,
    retries: usize,
}

/// Each thing that is still open, in a sentence with its way out; empty: all is done.
fn left_over(left: &Left) -> Vec<String> {
    let mut open = Vec::new();
    let people = |count: u64| match count {
        1 => "1 person".to_owned(),
        count => format!("{count} people"),
    };
    let unwritten = left.differing > 0 || left.due > 0;
    if left.stopped && unwritten {
        open.push("the stop button is pressed, so nothing is written; `lanyard resume` releases it".into());
    }
    if left.observing && unwritten {
        let fix = "set observe_only = false in lanyard.toml to have it done";
        open.push(format!("observe_only is on, so nothing is written; {fix}"));
    }
    if left.due > 0 {
        open.push(format!("due and not done: {}", people(left.due)));
    }
    if left.waiting > 0 {
        let count = people(left.waiting as u64);
        open.push(format!(
            "for a hold, somebody's word or room under a limit: {count}; `lanyard plan` shows what each waits for"
        ));
    }
    if left.retries > 0 {
        let least = if left.retries < RETRIES_COUNTED { "" } else { "at least " };
        let count = people(left.retries as u64);
        open.push(format!("failed and to be tried again by itself: {least}{count}"));
    }
    if left.dead > 0 {
        open.push(format!(
            "given up, for somebody to see to: {}; `lanyard findings` names them",
            people(left.dead)
        ));
    }
    open
}

pub(super) fn upstream(error: PreviewError) -> anyhow::Error {
    match error {
        PreviewError::Nobody(_) | PreviewError::NoTenant(_) => exit::Unusable(error.to_string()).into(),
        PreviewError::Port(failure) => exit::Upstream(failure.to_string()).into(),
        other => other.into(),
    }
}

pub(super) fn survey_error(error: SurveyError) -> anyhow::Error {
    match error {
        SurveyError::Port(failure) => {
            let hint = failure.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            exit::Upstream(format!("{failure}{hint}")).into()
        }
        SurveyError::NoSite(_) => exit::Unusable(error.to_string()).into(),
        SurveyError::Store(failure) => failure.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_sweep_leaves_is_named_with_its_way_out() {
        let done =
            Left { stopped: false, observing: false, differing: 7, waiting: 0, due: 0, dead: 0, retries: 0 };
        assert_eq!(left_over(&done), Vec::<String>::new(), "they differed, and were seen to");
        let idle = Left { differing: 0, ..done };
        assert_eq!(left_over(&Left { stopped: true, observing: true, ..idle }), Vec::<String>::new());
        for (left, part) in [
            (Left { stopped: true, ..done }, "the stop button is pressed"),
            (Left { observing: true, ..done }, "observe_only is on"),
            (Left { due: 1, ..done }, "due and not done: 1 person"),
            (Left { waiting: 2, ..done }, "room under a limit: 2 people; `lanyard plan`"),
            (Left { retries: 3, ..done }, "tried again by itself: 3 people"),
            (Left { retries: RETRIES_COUNTED, ..done }, "at least 10000 people"),
            (Left { dead: 4, ..done }, "given up, for somebody to see to: 4 people"),
        ] {
            let open = left_over(&left);
            assert!(open.len() == 1 && open[0].contains(part), "{part}: {open:?}");
        }
    }
}
