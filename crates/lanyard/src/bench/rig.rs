//! What benches share: the stand-ins' process, a data folder on disk, and an engine with its web server in this one.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Lines, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use async_trait::async_trait;
use lanyard_engine::{
    Engine, EngineSettings,
    clock::Clock,
    loops::Surroundings,
    ports::{HookState, HookWish, Message, Notifier, Route, Silent},
};
use lanyard_model::id::{AccountId, TenantId};
use lanyard_policy::{Policy, demo_policy};
use lanyard_web::{
    Mode, WebSettings, WebState,
    access::{SignIn, fresh_token},
};
use lanyard_wire::{Request, Response, Transport, TransportError};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use super::stand_in::{Counted, Hello, Subject, Wish};
use crate::{
    event_hooks,
    local::write_private,
    progress::Bars,
    settings::{self, Settings},
    verbs,
    wiring::{self, Patience, SystemClock},
};

/// Longest wait for an engine to come to rest.
const REST_MAX: Duration = Duration::from_secs(900);

/// The stand-ins' process. It ends with this value.
pub struct Other {
    child: Child,
    /// Away while a question is being answered.
    pipes: Option<Pipes>,
    pub hello: Hello,
}

struct Pipes {
    asks: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Pipes {
    fn answer(&mut self) -> anyhow::Result<String> {
        Ok(self.answers.next().context("the stand-ins ended")??)
    }

    fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        self.asks.write_all(line.as_bytes()).context("the stand-ins ended")?;
        self.asks.flush()?;
        self.answer()
    }
}

impl Other {
    /// Starts the stand-ins with a tidy company.
    ///
    /// # Errors
    /// When this program cannot be started again.
    pub async fn start(people: u32) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe().context("this program's own path is unknown")?)
            .args(["bench", "stand-ins", "--people", &people.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("the stand-ins could not be started")?;
        let asks = child.stdin.take().context("no input to the stand-ins")?;
        let answers = BufReader::new(child.stdout.take().context("no output of the stand-ins")?).lines();
        let mut pipes = Pipes { asks, answers };
        let (pipes, line) = tokio::task::spawn_blocking(move || {
            let line = pipes.answer();
            (pipes, line)
        })
        .await?;
        let hello = serde_json::from_str(&line?).context("the stand-ins said something else")?;
        Ok(Self { child, pipes: Some(pipes), hello })
    }

    /// Asks for one thing and waits for the answer.
    ///
    /// # Errors
    /// When the other process ended, or answered something else.
    pub async fn ask<T: DeserializeOwned>(&mut self, wish: &Wish) -> anyhow::Result<T> {
        let line = format!("{}\n", serde_json::to_string(wish)?);
        let mut pipes = self.pipes.take().context("an earlier question was left unanswered")?;
        let (pipes, answer) = tokio::task::spawn_blocking(move || {
            let answer = pipes.ask(&line);
            (pipes, answer)
        })
        .await?;
        self.pipes = Some(pipes);
        let answer = answer?;
        serde_json::from_str(&answer).with_context(|| format!("the stand-ins answered {answer}"))
    }

    /// Calls accepted so far.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub async fn calls(&mut self) -> anyhow::Result<Counted> {
        self.ask(&Wish::Calls).await
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A data folder that goes with this value, unless it was named by a person.
pub struct Folder {
    pub path: PathBuf,
    temporary: bool,
}

impl Folder {
    /// # Errors
    /// When it cannot be made, or a named one is in use already.
    pub fn make(named: Option<&Path>) -> anyhow::Result<Self> {
        let (path, temporary) = match named {
            Some(path) => (path.to_owned(), false),
            None => {
                let name = format!(
                    "lanyard-bench-{}-{}",
                    std::process::id(),
                    lanyard_engine::clock::Clock::now(&SystemClock).as_microsecond()
                );
                (std::env::temp_dir().join(name), true)
            }
        };
        ensure!(
            !path.join(settings::FILE).exists(),
            "{} holds a data folder already; a bench needs a fresh one",
            path.display()
        );
        std::fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self { path, temporary })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// Time spent waiting for the stand-ins, summed over all calls.
#[derive(Default)]
pub struct Upstream {
    calls: AtomicU64,
    nanoseconds: AtomicU64,
}

impl Upstream {
    /// Calls, and their summed seconds.
    pub fn read(&self) -> (u64, f64) {
        let seconds = self.nanoseconds.load(Ordering::Relaxed) as f64 / 1e9;
        (self.calls.load(Ordering::Relaxed), seconds)
    }
}

struct Timed {
    inner: Arc<dyn Transport>,
    upstream: Arc<Upstream>,
}

#[async_trait]
impl Transport for Timed {
    async fn exchange(&self, request: Request, timeout: Duration) -> Result<Response, TransportError> {
        let begun = Instant::now();
        let answer = self.inner.exchange(request, timeout).await;
        self.upstream.calls.fetch_add(1, Ordering::Relaxed);
        let took = u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.upstream.nanoseconds.fetch_add(took, Ordering::Relaxed);
        answer
    }
}

/// Nobody is told anything.
struct Nobody;

#[async_trait]
impl Notifier for Nobody {
    async fn send(&self, _: &Message, _: &Route) -> Result<(), String> {
        Ok(())
    }
}

/// An engine on the stand-ins, with its web server.
pub struct Rig {
    pub other: Other,
    pub folder: Folder,
    pub engine: Arc<Engine>,
    pub hooks: Vec<(TenantId, HookWish)>,
    pub upstream: Arc<Upstream>,
    /// Where its web server is.
    pub url: String,
    /// Lets a client in as the command line.
    pub token: String,
    /// Signs a browser in as owner, once.
    pub link: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Rig {
    /// Stand-ins, folder, policy, engine and web server; no loop runs yet.
    ///
    /// # Errors
    /// Whatever cannot be started.
    pub async fn open(people: u32, data: Option<&Path>) -> anyhow::Result<Self> {
        Self::open_with(people, data, |_| ()).await
    }

    /// The same, without the policy's limits on how many people may lose something, and without mistakes: nobody in this
    /// company has a contract that ends, so that its schema has no attribute for it, and one that nobody fills stands in.
    ///
    /// # Errors
    /// Whatever cannot be started.
    pub async fn open_without_limits(people: u32, data: Option<&Path>) -> anyhow::Result<Self> {
        Self::open_with(people, data, |policy| {
            let freed = policy.lines().map(|line| match line.split_once(" =").map(|(name, _)| name) {
                Some("max_people") => "max_people = 1000000",
                Some("max_percent") => "max_percent = 100",
                _ => line,
            });
            *policy = freed.map(|line| format!("{line}\n")).collect::<String>();
            *policy = policy.replace("contractEndDate", "honorificSuffix");
        })
        .await
    }

    async fn open_with(
        people: u32,
        data: Option<&Path>,
        edit: impl FnOnce(&mut String),
    ) -> anyhow::Result<Self> {
        let folder = Folder::make(data)?;
        let dir = &folder.path;
        let other = Other::start(people).await?;
        let listener = TcpListener::bind("127.0.0.1:0").await.context("cannot listen on loopback")?;
        write_settings(dir, &other.hello, &listener.local_addr()?.to_string())?;
        let settings = Settings::load(dir)?;
        let upstream = Arc::<Upstream>::default();
        let transport: Arc<dyn Transport> =
            Arc::new(Timed { inner: wiring::transport(dir, &settings)?, upstream: Arc::clone(&upstream) });
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let clients = wiring::clients(dir, &settings, &clock, &transport, Patience::Work)?;
        let bars = Bars::new(false);
        let mut facts = verbs::gather(&clients, &bars).await?;
        bars.clear();
        for (site, (_, host)) in facts.sites.iter_mut().zip(&other.hello.sites) {
            site.default_host = host.map(AccountId);
        }
        let mut files = demo_policy(&facts);
        drop(facts);
        edit(&mut files.toml.1);
        wiring::write_policy(&dir.join("policy"), &files)?;
        let policy = Policy::parse(&files).map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
        let hooks = event_hooks::wishes(dir, &settings)?;
        let store = wiring::open_store(dir)?;
        // Nothing leaves a bench: where the policy's messages lead is not asked.
        let own = EngineSettings { owner: "bench".into(), ways: None, ..wiring::engine_settings(&settings) };
        let engine = Arc::new(wiring::engine(clients, store, clock, policy, own));
        if let Some((site, failure)) = engine.load(&Silent).await?.into_iter().next() {
            anyhow::bail!("{site}: {failure}");
        }
        let (stop, stopping) = watch::channel(false);
        let (url, token) = (format!("http://{}", listener.local_addr()?), fresh_token());
        let sign_in = SignIn::default();
        let now = engine.clock().now();
        let link =
            format!("{url}/sign-in?token={}", sign_in.owner_link(now, jiff::SignedDuration::from_hours(24)));
        let secrets = hooks.iter().map(|(t, wish)| (t.clone(), SecretString::from(wish.secret.clone())));
        let state = WebState {
            engine: Arc::clone(&engine),
            settings: WebSettings {
                mode: Mode::Serve,
                version: env!("CARGO_PKG_VERSION").into(),
                guests: false,
                hook_secrets: secrets.collect(),
                scim: lanyard_web::ScimSettings::default(),
                tenant_urls: BTreeMap::new(),
                site_urls: BTreeMap::new(),
                no_hooks: BTreeMap::new(),
                local_token: SecretString::from(token.clone()),
            },
            sign_in,
            demo: None,
            verbs: None,
            chat: None,
            desks: lanyard_web::Desks::default(),
            remembered: lanyard_web::Remembered::default(),
        };
        let web = tokio::spawn(async move {
            if let Err(error) = lanyard_web::serve(listener, Arc::new(state), stopping).await {
                tracing::error!(%error, "the web server ended");
            }
        });
        Ok(Self { other, folder, engine, hooks, upstream, url, token, link, stop, tasks: vec![web] })
    }

    /// Starts the engine's loops and waits until every hook delivers.
    ///
    /// # Errors
    /// A hook that cannot be made to deliver.
    pub async fn run(&mut self) -> anyhow::Result<()> {
        for (tenant, wish) in &self.hooks {
            let state = self.engine.directories()[tenant].ensure_hook(wish).await?;
            ensure!(matches!(state, HookState::Live { .. }), "{tenant}: no hook delivers: {state:?}");
        }
        let surroundings = Surroundings { hooks: self.hooks.clone(), notifier: Arc::new(Nobody) };
        self.tasks.push(tokio::spawn(Arc::clone(&self.engine).run(surroundings, self.stop.subscribe())));
        Ok(())
    }

    /// Events on record, by hook or by log.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn heard(&self) -> anyhow::Result<u64> {
        let mut heard = 0;
        for tenant in self.engine.directories().keys() {
            let ledger = self.engine.store().ledger(tenant).await?;
            heard += ledger.both + ledger.hook_only + ledger.feed_only;
        }
        Ok(heard)
    }

    /// Waits until `heard` events are on record, then until all work is done: a hook that is still on its way looks
    /// like rest.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn rest_after(&self, heard: u64) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        while self.heard().await? < heard {
            ensure!(begun.elapsed() < REST_MAX, "signals are missing after {REST_MAX:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.rest().await?;
        Ok(begun.elapsed())
    }

    /// Waits until nothing is due or under way; how long that took.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn rest(&self) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            ensure!(begun.elapsed() < REST_MAX, "no rest within {REST_MAX:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = self.engine.clock().now();
            // What waits for coalescing is due within a moment; reviews of later dates are not work.
            let soon = now + self.engine.settings().coalesce;
            let work = self.engine.store().work_counts(None, soon).await?;
            quiet = if work.due + work.leased == 0 { quiet + 1 } else { 0 };
        }
        Ok(begun.elapsed())
    }

    /// People whose changes concern them alone: active, in scope, linked to a live account.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn subjects(&self) -> anyhow::Result<Vec<Subject>> {
        let store = self.engine.store();
        let active = self.engine.active();
        let now = self.engine.clock().now();
        let orgs: Vec<&TenantId> = self.engine.directories().keys().collect();
        let mut subjects = Vec::new();
        for (place, site) in self.engine.sites().keys().enumerate() {
            for link in store.links(site).await?.into_iter().filter(|link| link.ended_at.is_none()) {
                let Some(known) = store.identity(&link.identity).await? else { continue };
                let account = store.account(&link.account).await?;
                let facts = lanyard_policy::Facts {
                    linked: true,
                    account: account.as_ref(),
                    ..lanyard_policy::Facts::unlinked(known.since)
                };
                let desired = active.bound.evaluate(&known.identity, &facts, now);
                let governed = account.as_ref().is_some_and(|a| a.site_admin != Some(true) && a.is_live());
                if desired.lifecycle == lanyard_model::desired::Lifecycle::Active && governed {
                    subjects.push(Subject {
                        org: orgs.iter().position(|org| **org == link.identity.tenant).unwrap_or(0),
                        user: link.identity.user.to_string(),
                        site: place,
                        account: link.account.id.0,
                    });
                }
            }
        }
        Ok(subjects)
    }

    /// Stops loops and web server. The store is closed when the last task lets go of the engine.
    pub async fn close(self) -> (Other, Folder) {
        let _ = self.stop.send(true);
        for task in self.tasks {
            let _ = tokio::time::timeout(Duration::from_secs(5), task).await;
        }
        drop(self.engine);
        (self.other, self.folder)
    }
}

/// The folder as `init` would write it, without a rate limit of ours.
fn write_settings(dir: &Path, hello: &Hello, address: &str) -> anyhow::Result<()> {
    std::fs::create_dir_all(dir.join("secrets"))?;
    let secret = |name: &str, text: &str| write_private(&dir.join("secrets").join(name), text);
    let mut text =
        format!("# Written by the bench.\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\n");
    for (place, id) in hello.announcement.orgs().zip(&hello.orgs) {
        secret(&format!("hook-{id}"), &fresh_token())?;
        secret(&format!("okta-{id}-key.pem"), &place.private_key_pem)?;
        text.push_str(&format!(
            "\n[[tenant]]\nid = \"{id}\"\nokta_url = \"{}\"\nhook_secret_file = \"secrets/hook-{id}\"\n\
             okta_client_id = \"{}\"\nokta_key_file = \"secrets/okta-{id}-key.pem\"\nokta_key_id = \"{}\"\n",
            place.url, place.client_id, place.kid
        ));
    }
    for (place, (id, _)) in hello.announcement.sites().zip(&hello.sites) {
        secret(&format!("ioffice-{id}-password"), &place.password)?;
        text.push_str(&format!(
            "\n[[site]]\nid = \"{id}\"\nioffice_url = \"{}\"\nioffice_user = \"{}\"\n\
             ioffice_password_file = \"secrets/ioffice-{id}-password\"\nrequests_per_second = 0\n",
            place.url, place.username
        ));
    }
    std::fs::write(dir.join(settings::FILE), text)?;
    Ok(())
}
