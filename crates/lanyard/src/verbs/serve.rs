//! `serve`: the engine's loops, the hook endpoint and the console, until stopped.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use clap::Args;
use lanyard_engine::{
    EngineSettings,
    clock::Clock,
    loops::Surroundings,
    ports::{HookWish, Store as _, Write},
};
use lanyard_model::id::TenantId;
use lanyard_notify::{BucketSettings, MailSettings, MailTls, NotifySettings, Sender, SlackApp};
use lanyard_policy::Severity;
use lanyard_web::{Chat, Mode, NoHook, ScimSettings, WebSettings, WebState, access::fresh_token};
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::watch};

use super::{people::Verbs, sim::stopped};
use crate::{
    checkpoints::Places,
    desks, event_hooks, exit, known,
    local::Running,
    settings::{Settings, TenantSettings, read_secret},
    sign_in,
    wiring::{self, Patience, SystemClock},
};

/// Noted in the store at the first start: from then on people sign in by the identity provider, if there is one.
const STARTED_BEFORE: &str = "access:started-before";

#[derive(Debug, Args)]
pub struct ServeArguments {
    /// Data folder: settings, policy, secrets and store
    #[arg(value_name = "DIR", conflicts_with = "data")]
    place: Option<PathBuf>,
    /// The same, as the other verbs take it
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address to listen on, instead of the settings'
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// One line of JSON once it listens: where it is, how to sign in, where each tenant's event hook goes
    #[arg(long)]
    json: bool,
}

/// # Errors
/// Settings or policy that cannot be used (nothing is started), an address in use, a store that is open elsewhere.
pub async fn run(arguments: ServeArguments) -> anyhow::Result<u8> {
    let dir = arguments.place.or(arguments.data).unwrap_or_else(|| ".".into());
    let settings = Settings::load(&dir)?;
    let folder = dir.join(&settings.policy);
    let known = lanyard_policy::Known { ways: Some(known::ways(&settings)), ..Default::default() };
    if !wiring::store_folder(&dir).exists() {
        // Nothing can have been published yet: a folder with mistakes ends it here, before anything is started.
        let first = wiring::load_policy(&folder).map_err(|error| exit::Unusable(format!("{error:#}")))?;
        let problems = first.lint(&known);
        if problems.has_errors() {
            anyhow::bail!(exit::Unusable(problems.render().trim_end().to_owned()));
        }
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport = wiring::transport(&dir, &settings)?;
    let clients = wiring::clients(&dir, &settings, &clock, &transport, Patience::Work)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let alerts = crate::alerts::alert_settings(&dir, &settings)?;
    let own = EngineSettings { alerts, ..wiring::engine_settings(&settings) };
    let hooks = event_hooks::wishes(&dir, &settings).map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let no_hooks = event_hooks::missing(&settings);
    let sender = Sender::new(
        notify_settings(&dir, &settings).map_err(|error| exit::Unusable(format!("{error:#}")))?,
        Arc::clone(&transport),
        Arc::clone(&clock),
    );
    let listen = arguments.listen.as_deref().unwrap_or(&settings.listen);
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!(
            "cannot listen on {listen}; nothing was started. Is another server running there? \
             Choose another `listen` in {}",
            dir.join(crate::settings::FILE).display()
        )
    })?;
    let address = listener.local_addr()?;
    let store = wiring::open_store(&dir)?;
    let policy = wiring::policy_to_start_with(&folder, &*store).await?;
    for problem in policy.lint(&known).iter().filter(|problem| problem.severity == Severity::Error) {
        // What is in force stays so; what it cannot do is told until it is mended.
        talk!("mistake in the policy: {problem}");
    }
    let engine = Arc::new(wiring::engine(clients, store.clone(), Arc::clone(&clock), policy, own));
    let local_token = fresh_token();
    let sign_in = sign_in::of(&dir, &settings, address, &transport, &clock)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let owner_token = sign_in.owner_link(clock.now(), jiff::SignedDuration::from_hours(24));
    let first_start = store.meta(STARTED_BEFORE).await?.is_none();
    store.write(vec![Write::Meta { key: STARTED_BEFORE.into(), value: "yes".into() }]).await?;
    let places = Arc::new(Places::of(&dir, &settings));
    let needs_link = first_start || !sign_in.has_provider();
    let state = Arc::new(WebState {
        engine: Arc::clone(&engine),
        settings: WebSettings {
            mode: Mode::Serve,
            version: env!("CARGO_PKG_VERSION").into(),
            guests: false,
            hook_secrets: secrets(&dir, &settings, |tenant| tenant.hook_secret_file.as_deref())?,
            scim: ScimSettings {
                tokens: secrets(&dir, &settings, |tenant| tenant.scim_token_file.as_deref())?,
                public_url: settings.public_url.clone(),
            },
            tenant_urls: settings.tenants.iter().map(|t| (t.id.clone(), t.okta_url.clone())).collect(),
            site_urls: settings.sites.iter().map(|s| (s.id.clone(), s.ioffice_url.clone())).collect(),
            no_hooks: no_hooks.clone(),
            local_token: SecretString::from(local_token.clone()),
        },
        sign_in,
        demo: None,
        verbs: Some(Arc::new(Verbs {
            engine: Arc::clone(&engine),
            store: Some(store),
            dir: dir.clone(),
            serving: true,
        })),
        chat: slack_app(&dir, &settings, &transport)?,
        desks: desks::of(&dir, &places, &engine, &clock, &transport),
        remembered: lanyard_web::Remembered::default(),
    });
    #[cfg(feature = "otel")]
    let _metrics = crate::logs::otel::Metrics::start(Arc::clone(&state));
    let (stop, stopping) = watch::channel(false);
    engine.note_unbegun(Some("what the last process left is being read".into()));
    // Hooks are answered from the first moment, whatever the upstreams do meanwhile.
    let web = tokio::spawn(lanyard_web::serve(listener, state, stopping.clone()));
    Running { url: format!("http://{address}"), token: local_token, pid: std::process::id() }.leave(&dir)?;
    let link = needs_link.then(|| format!("http://{address}/sign-in?token={owner_token}"));
    announce(&format!("http://{address}"), link.as_deref(), &hooks, &no_hooks, arguments.json);
    let work = {
        let engine = Arc::clone(&engine);
        tokio::spawn(async move {
            load_memory(&engine, stopping.clone()).await;
            engine.run(Surroundings { hooks, notifier: Arc::new(sender) }, stopping).await;
        })
    };
    tokio::spawn(Arc::clone(&places).keep(Arc::clone(&engine), stop.subscribe()));
    stopped().await;
    talk!("stopping; what is under way is finished or repeated after the next start");
    let _ = stop.send(true);
    Running::remove(&dir);
    let _ = tokio::time::timeout(std::time::Duration::from_secs(10), work).await;
    web.abort();
    Ok(exit::DONE)
}

/// Says where the server is: to people on stderr, and to a program as one line on stdout. `link` signs its first user in as
/// owner.
fn announce(
    url: &str,
    link: Option<&str>,
    hooks: &[(TenantId, HookWish)],
    no_hooks: &BTreeMap<TenantId, NoHook>,
    json: bool,
) {
    talk!("listening on {url}");
    if let Some(link) = link {
        talk!("sign in once as owner at {link}");
        talk!("later, `lanyard sign-in` makes another such link");
    }
    for (tenant, wish) in hooks {
        talk!("{tenant}: event hook at {}", wish.url);
    }
    for (tenant, none) in no_hooks {
        talk!("{tenant}: {}", none.why);
        if let Some(fix) = &none.fix {
            talk!("{tenant}: to have a hook, {fix}");
        }
    }
    if json {
        let hooks: BTreeMap<&str, &str> =
            hooks.iter().map(|(tenant, wish)| (tenant.as_str(), wish.url.as_str())).collect();
        let said = serde_json::json!({
            "url": url, "sign_in": link, "hooks": hooks, "no_hooks": no_hooks, "pid": std::process::id(),
        });
        say!("{said}");
    }
}

/// What an earlier process left must be known before anything is decided. Sites are read by the engine's own loops: one
/// that is down keeps nobody else waiting.
async fn load_memory(engine: &lanyard_engine::Engine, stopping: watch::Receiver<bool>) {
    let mut attempts = 0;
    while !*stopping.borrow() {
        match engine.load_memory().await {
            Ok(()) => {
                engine.note_unbegun(None);
                return;
            }
            Err(failure) => {
                tracing::error!(%failure, "the store cannot be read yet");
                engine.note_unbegun(Some(format!("what the last process left cannot be read: {failure}")));
            }
        }
        attempts += 1;
        engine.clock().sleep(engine.settings().backoff(attempts, "load")).await;
    }
}

/// A secret of each tenant that has its file.
fn secrets(
    dir: &Path,
    settings: &Settings,
    file: impl Fn(&TenantSettings) -> Option<&Path>,
) -> anyhow::Result<BTreeMap<TenantId, SecretString>> {
    settings
        .tenants
        .iter()
        .filter_map(|tenant| file(tenant).map(|file| (tenant, file)))
        .map(|(tenant, file)| Ok((TenantId::new(tenant.id.as_str()), read_secret(dir, file)?)))
        .collect()
}

/// The Slack app of the settings, as the web layer asks it.
struct Chatting(SlackApp);

#[async_trait::async_trait]
impl Chat for Chatting {
    fn signing_secret(&self) -> &SecretString {
        self.0.signing_secret()
    }

    async fn mail_of(&self, member: &str, team: &str) -> Result<String, String> {
        self.0.mail_of(member, team).await
    }

    async fn answer(&self, address: &str, text: &str, settled: bool) -> Result<(), String> {
        self.0.answer(address, text, settled).await
    }
}

fn slack_app(
    dir: &Path,
    settings: &Settings,
    transport: &Arc<dyn lanyard_wire::Transport>,
) -> anyhow::Result<Option<Arc<dyn Chat>>> {
    let Some(slack) = &settings.slack else { return Ok(None) };
    let secret = |name: &String| match settings.secrets.get(name) {
        Some(file) => read_secret(dir, file),
        None => anyhow::bail!("there is no secret {name}"),
    };
    let app = SlackApp::new(
        Arc::clone(transport),
        slack.api.clone(),
        secret(&slack.bot_token)?,
        secret(&slack.signing_secret)?,
    );
    Ok(Some(Arc::new(Chatting(app))))
}

/// Mail and named secrets of the settings.
///
/// # Errors
/// A secret that cannot be read, a TLS word that is none.
pub fn notify_settings(dir: &Path, settings: &Settings) -> anyhow::Result<NotifySettings> {
    let mail = match &settings.mail {
        None => None,
        Some(mail) => Some(MailSettings {
            host: mail.host.clone(),
            port: mail.port,
            from: mail.from.clone(),
            tls: match mail.tls.as_str() {
                "starttls" => MailTls::StartTls,
                "tls" => MailTls::Tls,
                "none" => MailTls::None,
                other => anyhow::bail!("mail.tls is {other:?}; use starttls, tls or none"),
            },
            login: match (&mail.user, &mail.password_file) {
                (Some(user), Some(file)) => Some((user.clone(), read_secret(dir, file)?)),
                _ => None,
            },
            trusted: match &settings.ca_file {
                Some(file) => Some(
                    std::fs::read(dir.join(file))
                        .with_context(|| format!("cannot read {}", file.display()))?,
                ),
                None => None,
            },
        }),
    };
    let mut secrets = BTreeMap::new();
    for (name, file) in &settings.secrets {
        secrets.insert(name.clone(), read_secret(dir, file)?);
    }
    let bucket = match settings.checkpoints.as_ref().and_then(|entry| entry.bucket.as_ref()) {
        None => None,
        Some(bucket) => Some(BucketSettings {
            endpoint: bucket.endpoint.parse()?,
            name: bucket.name.clone(),
            region: bucket.region.clone(),
            prefix: bucket.prefix.clone(),
            path_style: bucket.path_style,
            key_id: bucket.key_id.clone(),
            key: match secrets.get(&bucket.key) {
                Some(key) => key.clone(),
                None => anyhow::bail!("there is no secret {}", bucket.key),
            },
        }),
    };
    Ok(NotifySettings { mail, bucket, slack_buttons: settings.slack.is_some(), secrets })
}
