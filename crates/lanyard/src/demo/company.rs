//! The engine's side of a demo: settings and policy written to a folder as `init` would, then the real wiring.

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc};

use anyhow::Context;
use lanyard_engine::{
    Engine, EngineSettings,
    clock::Clock,
    loops::Surroundings,
    ports::{HookWish, Message, Notifier, Route, Silent},
};
use lanyard_model::id::{AccountId, TenantId};
use lanyard_policy::{Policy, demo_policy};
use lanyard_sim::host::{CONSOLE_CLIENT, IofficePlace, More, OktaPlace};
use lanyard_web::{
    DemoControl, Desks, Mode, VerbRunner, WebSettings, WebState,
    access::{SignIn, fresh_token},
};
use lanyard_wire::Transport;
use secrecy::SecretString;
use tokio::{
    net::TcpListener,
    sync::{Mutex, watch},
    task::JoinHandle,
};

use super::clock::{MarkedTransport, SharedClock};
use crate::{
    checkpoints::Places,
    desks, event_hooks, exit,
    local::{Running, write_private},
    progress::Bars,
    settings::{self, Settings},
    sign_in,
    stand_ins::Started,
    verbs,
    wiring::{self, Patience},
};

/// The site whose badge system is told who may enter, by its place.
pub const DOORS: u16 = 0;

/// What the office is opened with.
pub struct OfficeSettings<'a> {
    pub dir: &'a Path,
    pub started: &'a Started,
    pub clock: SharedClock,
    pub listen: SocketAddr,
    pub engine: EngineSettings,
    /// Our own limit towards iOffice; `Some(0)` switches it off.
    pub requests_per_second: Option<u32>,
    /// Nobody is let in without signing in, and is signed out after so many idle seconds.
    pub sign_in: Option<u32>,
}

/// An engine with its web server, on stand-ins.
pub struct Office {
    pub engine: Arc<Engine>,
    pub address: SocketAddr,
    pub mailbox: Arc<Mailbox>,
    dir: std::path::PathBuf,
    hooks: Vec<(TenantId, HookWish)>,
    web: std::sync::Mutex<Option<(TcpListener, WebSettings, SignIn, Desks)>>,
    stop: watch::Sender<bool>,
    places: Arc<Places>,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

/// Keeps messages instead of sending them.
#[derive(Default)]
pub struct Mailbox(Mutex<Vec<(Message, Route)>>);

impl Mailbox {
    pub async fn count(&self) -> usize {
        self.0.lock().await.len()
    }
}

#[async_trait::async_trait]
impl Notifier for Mailbox {
    async fn send(&self, message: &Message, route: &Route) -> Result<(), String> {
        self.0.lock().await.push((message.clone(), route.clone()));
        Ok(())
    }
}

/// How the settings of a demo begin. Settings that begin otherwise are somebody's own.
const MARK: &str = "# Written by the demo.";

/// Whether a demo may write its settings and policy into the folder: it is new, or an earlier demo's.
///
/// # Errors
/// A folder that holds somebody's own settings, policy or store: nothing of it was changed.
pub fn claim(dir: &Path) -> anyhow::Result<()> {
    let file = dir.join(settings::FILE);
    let theirs = match std::fs::read_to_string(&file) {
        Ok(text) if text.starts_with(MARK) => return Ok(()),
        Ok(_) => format!("{} was not written by a demo", file.display()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let held =
                [settings::POLICY, "store", "secrets"].into_iter().find(|name| dir.join(name).exists());
            let Some(held) = held else { return Ok(()) };
            format!("{} holds no {}, and a folder {held} all the same", dir.display(), settings::FILE)
        }
        Err(error) => format!("{} cannot be read: {error}", file.display()),
    };
    anyhow::bail!(exit::Unusable(format!(
        "{theirs}; a demo writes settings, secrets and policy of its own, so nothing was started and nothing in {} was \
         changed\nhint: name a folder that is not there yet, or leave out --data for a temporary one",
        dir.display()
    )))
}

impl Office {
    /// Writes the folder, reads both sides, draws the demo policy and puts the engine together. Nothing runs yet.
    ///
    /// # Errors
    /// A folder in use, stand-ins that do not answer, an address in use.
    pub async fn open(given: OfficeSettings<'_>) -> anyhow::Result<Self> {
        let dir = given.dir;
        let listener = TcpListener::bind(given.listen)
            .await
            .with_context(|| format!("cannot listen on {}", given.listen))?;
        let address = listener.local_addr()?;
        // Whoever works in the folder already keeps its settings.
        let store = wiring::open_store(dir)?;
        write_settings(dir, given.started, address, given.requests_per_second, given.sign_in)?;
        let settings = Settings::load(dir)?;
        let transport: Arc<dyn Transport> = Arc::new(MarkedTransport {
            inner: wiring::transport(dir, &settings)?,
            clock: given.clock.clone(),
        });
        let clock: Arc<dyn Clock> = Arc::new(given.clock);
        let clients = wiring::clients(dir, &settings, &clock, &transport, Patience::Work)?;
        let bars = Bars::new(false);
        let mut facts = verbs::gather(&clients, &bars).await?;
        bars.clear();
        for (site, known) in facts.sites.iter_mut().zip(&given.started.company.sites) {
            site.doors = known.index == DOORS && given.started.running.announcement().badge.is_some();
            site.default_host = known
                .accounts
                .iter()
                .find(|a| a.active && a.employee_id.is_some())
                .map(|a| AccountId(i64::from(a.id)));
        }
        let files = demo_policy(&facts);
        wiring::write_policy(&dir.join("policy"), &files)?;
        let policy = Policy::parse(&files).map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
        let hooks = event_hooks::wishes(dir, &settings)?;
        let engine = Arc::new(wiring::engine(clients, store, Arc::clone(&clock), policy, given.engine));
        if let Some((site, failure)) = engine.load(&Silent).await?.into_iter().next() {
            anyhow::bail!("{site}: {failure}");
        }
        let web = WebSettings {
            mode: Mode::Demo,
            version: env!("CARGO_PKG_VERSION").into(),
            guests: given.sign_in.is_none(),
            hook_secrets: hooks
                .iter()
                .map(|(tenant, wish)| (tenant.clone(), SecretString::from(wish.secret.clone())))
                .collect(),
            scim: lanyard_web::ScimSettings::default(),
            tenant_urls: settings.tenants.iter().map(|t| (t.id.clone(), t.okta_url.clone())).collect(),
            site_urls: settings.sites.iter().map(|s| (s.id.clone(), s.ioffice_url.clone())).collect(),
            no_hooks: BTreeMap::new(),
            local_token: SecretString::from(fresh_token()),
        };
        let sign_in = sign_in::of(dir, &settings, address, &transport, &clock)?;
        let places = Arc::new(Places::of(dir, &settings));
        let desks = desks::of(dir, &places, &engine, &clock, &transport);
        Ok(Self {
            engine,
            address,
            places,
            mailbox: Arc::default(),
            dir: dir.to_owned(),
            hooks,
            web: std::sync::Mutex::new(Some((listener, web, sign_in, desks))),
            stop: watch::channel(false).0,
            tasks: std::sync::Mutex::default(),
        })
    }

    fn keep(&self, task: JoinHandle<()>) {
        self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(task);
    }

    /// Starts the web server: hooks are answered from now on.
    pub fn serve(&self, demo: Option<Arc<dyn DemoControl>>, verbs: Option<Arc<dyn VerbRunner>>) {
        let Some((listener, settings, sign_in, desks)) =
            self.web.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
        else {
            return;
        };
        let token = secrecy::ExposeSecret::expose_secret(&settings.local_token).to_owned();
        let note = Running { url: format!("http://{}", self.address), token, pid: std::process::id() };
        if let Err(error) = note.leave(&self.dir) {
            tracing::warn!(%error, "other verbs will not find this server");
        }
        let state = WebState {
            engine: Arc::clone(&self.engine),
            settings,
            sign_in,
            demo,
            verbs,
            chat: None,
            desks,
            remembered: Default::default(),
        };
        let stop = self.stop.subscribe();
        self.keep(tokio::spawn(async move {
            if let Err(error) = lanyard_web::serve(listener, Arc::new(state), stop).await {
                tracing::error!(%error, "the web server ended");
            }
        }));
    }

    /// Starts the engine's loops.
    pub fn run(&self) {
        let surroundings = Surroundings { hooks: self.hooks.clone(), notifier: self.mailbox.clone() };
        let engine = Arc::clone(&self.engine);
        let stop = self.stop.subscribe();
        self.keep(tokio::spawn(engine.run(surroundings, stop)));
        let (places, engine) = (Arc::clone(&self.places), Arc::clone(&self.engine));
        self.keep(tokio::spawn(places.keep(engine, self.stop.subscribe())));
    }

    /// Stops everything that was started.
    pub async fn close(&self) {
        let _ = self.stop.send(true);
        Running::remove(&self.dir);
        let tasks =
            std::mem::take(&mut *self.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
        for task in tasks {
            if tokio::time::timeout(std::time::Duration::from_secs(3), task).await.is_err() {
                tracing::debug!("a loop did not end in time");
            }
        }
    }
}

/// Groups of the company that give a role in the demo.
const ROLES: [(&str, &str); 4] = [
    ("APP-iOffice-Users", "viewer"),
    ("VISITOR-Managers", "operator"),
    ("EXEC-Floor", "approver"),
    ("DEPT-Facilities", "policy_editor"),
];

/// The folder as `init` would write it: the first org by service app, further ones by token.
fn write_settings(
    dir: &Path,
    started: &Started,
    address: SocketAddr,
    rate: Option<u32>,
    idle_seconds: Option<u32>,
) -> anyhow::Result<()> {
    let announcement = started.running.announcement();
    let mut orgs: Vec<&OktaPlace> = announcement.okta.iter().collect();
    let mut sites: Vec<&IofficePlace> = announcement.ioffice.iter().collect();
    for more in &announcement.more {
        match more {
            More::Okta(place) => orgs.push(place),
            More::Ioffice(place) => sites.push(place),
        }
    }
    std::fs::create_dir_all(dir.join("secrets")).with_context(|| format!("cannot make {}", dir.display()))?;
    let secret = |name: &str, text: &str| write_private(&dir.join("secrets").join(name), text);
    let mut text = format!("{MARK}\nlisten = \"{address}\"\npublic_url = \"http://{address}\"\n");
    for (index, (place, org)) in orgs.into_iter().zip(&started.company.orgs).enumerate() {
        let id = &org.subdomain;
        secret(&format!("hook-{id}"), &fresh_token())?;
        text.push_str(&format!(
            "\n[[tenant]]\nid = \"{id}\"\nokta_url = \"{}\"\nhook_secret_file = \"secrets/hook-{id}\"\n",
            place.url
        ));
        if index == 0 {
            secret(&format!("okta-{id}-key.pem"), &place.private_key_pem)?;
            text.push_str(&format!(
                "okta_client_id = \"{}\"\nokta_key_file = \"secrets/okta-{id}-key.pem\"\nokta_key_id = \"{}\"\n",
                place.client_id, place.kid
            ));
        } else {
            secret(&format!("okta-{id}-token"), &place.ssws)?;
            text.push_str(&format!("okta_token_file = \"secrets/okta-{id}-token\"\n"));
        }
    }
    for (place, site) in sites.into_iter().zip(&started.company.sites) {
        let id = &site.subdomain;
        secret(&format!("ioffice-{id}-password"), &place.password)?;
        text.push_str(&format!(
            "\n[[site]]\nid = \"{id}\"\nioffice_url = \"{}\"\nioffice_user = \"{}\"\nioffice_password_file = \"secrets/ioffice-{id}-password\"\n",
            place.url, place.username
        ));
        if let Some(rate) = rate {
            text.push_str(&format!("requests_per_second = {rate}\n"));
        }
        if let Some(badge) = announcement.badge.as_ref().filter(|_| site.index == DOORS) {
            text.push_str(&format!(
                "\n[site.doors]\nwebhook = \"{}/webhook\"\nkey = \"badge-key\"\n",
                badge.url
            ));
        }
    }
    if let Some(badge) = &announcement.badge {
        secret("badge-key", &badge.webhook_secret)?;
        text.push_str("\n[secrets]\nbadge-key = \"secrets/badge-key\"\n");
    }
    // Whoever opens the demo is its owner; signing in as somebody of the company shows what the roles are like.
    text.push_str(&format!(
        "\n[sign_in]\ntenant = \"{}\"\nclient_id = \"{CONSOLE_CLIENT}\"\n",
        started.company.orgs[0].subdomain
    ));
    if let Some(seconds) = idle_seconds {
        text.push_str(&format!("idle_seconds = {seconds}\n"));
    }
    for (group, role) in ROLES {
        text.push_str(&format!("\n[[sign_in.role]]\ngroup = \"{group}\"\nrole = \"{role}\"\n"));
    }
    std::fs::write(dir.join(settings::FILE), text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_demo_takes_new_folders_and_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("demo");
        claim(&dir).unwrap();
        fs::create_dir_all(&dir).unwrap();
        claim(&dir).unwrap();
        fs::write(dir.join(settings::FILE), format!("{MARK}\nlisten = \"127.0.0.1:1\"\n")).unwrap();
        fs::create_dir_all(dir.join(settings::POLICY)).unwrap();
        claim(&dir).unwrap();

        fs::write(dir.join(settings::FILE), "# Lanyard's settings: who and where.\n").unwrap();
        let error = claim(&dir).unwrap_err();
        assert_eq!(exit::of(&error), exit::UNUSABLE);
        assert!(error.to_string().contains("was not written by a demo"), "{error}");
        fs::remove_file(dir.join(settings::FILE)).unwrap();
        let error = claim(&dir).unwrap_err().to_string();
        assert!(error.contains("holds no lanyard.toml, and a folder policy all the same"), "{error}");
    }
}
