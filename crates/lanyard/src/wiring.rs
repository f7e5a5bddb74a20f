//! From settings to a running engine: clients, store, policy.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, anyhow};
use lanyard_doors::{DropFeed, ScimFeed, WebhookFeed};
use lanyard_engine::{
    Engine, EngineSettings, Ports,
    clock::Clock,
    ports::{Directory, DoorFeed, Store, Workplace},
};
use lanyard_ioffice::{
    CapabilityFlags, Credential as SiteCredential, DeactivationMethod, Flag, IofficeClient, IofficeSettings,
    OAuthCredential, Pace, RefreshTokenKeeper, RenewalTurn, SiteUrl,
};
use lanyard_model::id::{SiteId, TenantId};
use lanyard_okta::{
    Credential as OrgCredential, DpopMode, Limits, OktaClient, OktaSettings, OrgUrl, ServiceApp,
};
use lanyard_policy::{Policy, PolicyFiles};
use lanyard_store::SqliteStore;
use lanyard_wire::{HttpsTransport, Transport, TransportSettings};
use rand::RngExt as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    connection::{Credential, Org, Place, PlaceCredential},
    local,
    settings::{Deactivation, DoorSettings, Dpop, Settings, SiteSettings, TenantSettings, read_secret},
};

/// Scopes a service app asks for. Missing ones are named by `doctor`.
pub const SCOPES: &[&str] = &[
    "okta.users.read",
    "okta.groups.read",
    "okta.logs.read",
    "okta.eventHooks.read",
    "okta.eventHooks.manage",
    "okta.schemas.read",
];

/// Tries of one call while somebody waits for a verdict.
const PROBE_ATTEMPTS: u32 = 2;

/// How long a call that gets no answer is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// As long as the adapters think right: the work is to be done.
    Work,
    /// Twice: somebody at a terminal wants to know whether the other side answers.
    Probe,
}

/// Clients of one settings file.
pub struct Clients {
    pub directories: Vec<Arc<dyn Directory>>,
    pub workplaces: Vec<Arc<dyn Workplace>>,
    pub doors: Vec<Arc<dyn DoorFeed>>,
}

/// Builds the clients. Nothing is called yet.
///
/// # Errors
/// The first setting or secret that cannot be used.
pub fn clients(
    dir: &Path,
    settings: &Settings,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
    patience: Patience,
) -> anyhow::Result<Clients> {
    let mut directories: Vec<Arc<dyn Directory>> = Vec::new();
    for tenant in &settings.tenants {
        directories.push(Arc::new(directory(dir, tenant, clock, transport, patience)?));
    }
    let mut workplaces: Vec<Arc<dyn Workplace>> = Vec::new();
    for site in &settings.sites {
        workplaces.push(Arc::new(workplace(dir, site, clock, transport, patience)?));
    }
    let mut doors = Vec::new();
    for site in &settings.sites {
        if let Some(feed) = &site.doors {
            doors.push(door_feed(dir, settings, &site.id, feed, clock, transport)?);
        }
    }
    Ok(Clients { directories, workplaces, doors })
}

/// The physical-access feed of a site.
fn door_feed(
    dir: &Path,
    settings: &Settings,
    site: &str,
    feed: &DoorSettings,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
) -> anyhow::Result<Arc<dyn DoorFeed>> {
    let id = SiteId::new(site);
    let (clock, transport) = (Arc::clone(clock), Arc::clone(transport));
    let secret = |name: &Option<String>| {
        let file = name.as_ref().and_then(|name| settings.secrets.get(name));
        file.map(|file| read_secret(dir, file))
            .with_context(|| format!("site {site}: [secrets] does not name the secret of its doors"))?
    };
    let wrong = |text: String| anyhow!("site {site}: {text}");
    Ok(match (&feed.webhook, &feed.drop, &feed.scim) {
        (Some(url), _, _) => {
            let key = secret(&feed.key)?;
            Arc::new(WebhookFeed::new(id, url, &key, transport, clock).map_err(wrong)?)
        }
        (None, Some(folder), _) => Arc::new(DropFeed::new(id, dir.join(folder), clock)),
        (None, None, Some(url)) => {
            let token = secret(&feed.token)?;
            Arc::new(ScimFeed::new(id, url, token, transport, clock).map_err(wrong)?)
        }
        (None, None, None) => anyhow::bail!("site {site}: [site.doors] names no webhook, drop or scim"),
    })
}

/// The client of one org of the settings, for work.
///
/// # Errors
/// An org that the settings do not name, a secret that cannot be used.
pub fn one_directory(
    dir: &Path,
    settings: &Settings,
    id: &str,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
) -> anyhow::Result<Arc<dyn Directory>> {
    let tenant = settings.tenants.iter().find(|tenant| tenant.id == id);
    let tenant = tenant.with_context(|| format!("the settings name no tenant {id}"))?;
    Ok(Arc::new(directory(dir, tenant, clock, transport, Patience::Work)?))
}

/// The client of one site of the settings, for work, and whether somebody must sign it off first.
///
/// # Errors
/// A site that the settings do not name, a secret that cannot be used.
pub fn one_workplace(
    dir: &Path,
    settings: &Settings,
    id: &str,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
) -> anyhow::Result<(Arc<dyn Workplace>, bool)> {
    let site = settings.sites.iter().find(|site| site.id == id);
    let site = site.with_context(|| format!("the settings name no site {id}"))?;
    Ok((Arc::new(workplace(dir, site, clock, transport, Patience::Work)?), site.sign_off))
}

/// A client for an org that is in no settings yet.
///
/// # Errors
/// An address or key that cannot be used.
pub fn new_directory(
    id: &str,
    org: &Org,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
) -> anyhow::Result<OktaClient> {
    let credential = match &org.credential {
        Credential::Token(token) => OrgCredential::ApiToken(SecretString::from(token.clone())),
        Credential::App { client_id, key, key_id } => OrgCredential::ServiceApp(service_app(
            client_id,
            key_id.as_deref(),
            SecretString::from(key.clone()),
            DpopMode::Auto,
        )),
    };
    okta_client(id, &org.url, credential, clock, transport, Patience::Probe)
}

/// A client for a site that is in no settings yet.
///
/// # Errors
/// An address that cannot be used.
pub fn new_workplace(
    id: &str,
    place: &Place,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
) -> anyhow::Result<IofficeClient> {
    let credential = match &place.credential {
        PlaceCredential::Local { user, password } => SiteCredential::HeaderPair {
            username: user.clone(),
            password: SecretString::from(password.clone()),
        },
        PlaceCredential::OAuth { client_id, secret, redirect_uri, scope, refresh } => {
            SiteCredential::OAuth(OAuthCredential {
                client_id: client_id.clone(),
                client_secret: secret.clone().map(SecretString::from),
                redirect_uri: redirect_uri.clone(),
                scope: scope.clone(),
                refresh_token: SecretString::from(refresh.clone()),
            })
        }
    };
    let access = SiteAccess { id, url: &place.url, credential, keeper: None };
    ioffice_client(access, clock, transport, Patience::Probe, |_| ())
}

/// The real transport, with the settings' extra roots.
///
/// # Errors
/// When no TLS client can be built.
pub fn transport(dir: &Path, settings: &Settings) -> anyhow::Result<Arc<dyn Transport>> {
    let ca_file = settings.ca_file.as_ref().map(|file| dir.join(file));
    let made = HttpsTransport::new(&TransportSettings { ca_file, ..TransportSettings::default() });
    Ok(Arc::new(made.map_err(crate::exit::Unusable)?))
}

fn directory(
    dir: &Path,
    tenant: &TenantSettings,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
    patience: Patience,
) -> anyhow::Result<OktaClient> {
    let credential = match (&tenant.okta_token_file, &tenant.okta_client_id, &tenant.okta_key_file) {
        (Some(file), _, _) => OrgCredential::ApiToken(read_secret(dir, file)?),
        (None, Some(client_id), Some(key)) => {
            let dpop = match tenant.dpop {
                Dpop::Auto => DpopMode::Auto,
                Dpop::Always => DpopMode::Always,
                Dpop::Never => DpopMode::Never,
            };
            let key = read_secret(dir, key)?;
            OrgCredential::ServiceApp(service_app(client_id, tenant.okta_key_id.as_deref(), key, dpop))
        }
        _ => anyhow::bail!("tenant {} has no credential", tenant.id),
    };
    okta_client(&tenant.id, &tenant.okta_url, credential, clock, transport, patience)
}

fn service_app(client_id: &str, key_id: Option<&str>, key_pem: SecretString, dpop: DpopMode) -> ServiceApp {
    ServiceApp {
        client_id: client_id.to_owned(),
        kid: key_id.unwrap_or_default().to_owned(),
        key_pem,
        scopes: SCOPES.iter().map(|&scope| scope.to_owned()).collect(),
        dpop,
    }
}

fn okta_client(
    id: &str,
    url: &str,
    credential: OrgCredential,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
    patience: Patience,
) -> anyhow::Result<OktaClient> {
    let org = OrgUrl::parse(url).with_context(|| format!("tenant {id}"))?;
    let settings = OktaSettings {
        tenant: TenantId::new(id),
        org,
        credential,
        limits: match patience {
            Patience::Work => Limits::default(),
            Patience::Probe => Limits { attempts_max: PROBE_ATTEMPTS, ..Limits::default() },
        },
        canary_user: None,
        api_token_ids: BTreeSet::new(),
    };
    let seed = rand::rng().random();
    OktaClient::new(settings, Arc::clone(transport), Arc::clone(clock), seed)
        .with_context(|| format!("tenant {id}"))
}

fn workplace(
    dir: &Path,
    site: &SiteSettings,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
    patience: Patience,
) -> anyhow::Result<IofficeClient> {
    let (credential, keeper) = site_credential(dir, site)?;
    let access = SiteAccess { id: &site.id, url: &site.ioffice_url, credential, keeper };
    ioffice_client(access, clock, transport, patience, |settings| {
        settings.deactivation = match site.deactivation {
            Deactivation::Auto => DeactivationMethod::Auto,
            Deactivation::PutActive => DeactivationMethod::PutActive,
            Deactivation::Delete => DeactivationMethod::Delete,
        };
        let flag = |said: Option<bool>| match said {
            None => Flag::Auto,
            Some(true) => Flag::Yes,
            Some(false) => Flag::No,
        };
        settings.capabilities = CapabilityFlags {
            delete_allowed: if site.delete_allowed { Flag::Yes } else { Flag::No },
            user_active_write: flag(site.user_active_write),
            neighborhood_write: flag(site.neighborhood_write),
            permissions_semantics: flag(site.permissions_replace),
            ..CapabilityFlags::default()
        };
        settings.pace = pace(site.requests_per_second, settings.pace);
    })
}

/// Where a site is, and how to sign in there.
struct SiteAccess<'a> {
    id: &'a str,
    url: &'a str,
    credential: SiteCredential,
    keeper: Option<Arc<dyn RefreshTokenKeeper>>,
}

fn ioffice_client(
    access: SiteAccess<'_>,
    clock: &Arc<dyn Clock>,
    transport: &Arc<dyn Transport>,
    patience: Patience,
    tune: impl FnOnce(&mut IofficeSettings),
) -> anyhow::Result<IofficeClient> {
    let SiteAccess { id, url, credential, keeper } = access;
    let url = SiteUrl::parse(url).with_context(|| format!("site {id}"))?;
    let mut settings = IofficeSettings::new(SiteId::new(id), url, credential);
    if matches!(patience, Patience::Probe) {
        settings.attempts_max = PROBE_ATTEMPTS;
    }
    settings.jitter_seed = rand::rng().random();
    tune(&mut settings);
    IofficeClient::new(settings, Arc::clone(transport), Arc::clone(clock), keeper)
        .with_context(|| format!("site {id}"))
}

/// How the site's account signs in, and with OAuth the file that keeps what the site hands out.
fn site_credential(
    dir: &Path,
    site: &SiteSettings,
) -> anyhow::Result<(SiteCredential, Option<Arc<dyn RefreshTokenKeeper>>)> {
    if let (Some(user), Some(file)) = (&site.ioffice_user, &site.ioffice_password_file) {
        let password = read_secret(dir, file)?;
        return Ok((SiteCredential::HeaderPair { username: user.clone(), password }, None));
    }
    let (Some(client_id), Some(redirect_uri), Some(file)) =
        (&site.ioffice_client_id, &site.ioffice_redirect_uri, &site.ioffice_refresh_token_file)
    else {
        anyhow::bail!("site {} has no credential", site.id)
    };
    let secret = site.ioffice_client_secret_file.as_ref();
    let credential = SiteCredential::OAuth(OAuthCredential {
        client_id: client_id.clone(),
        client_secret: secret.map(|file| read_secret(dir, file)).transpose()?,
        redirect_uri: redirect_uri.clone(),
        scope: site.ioffice_scope.clone().unwrap_or_else(|| "all".to_owned()),
        refresh_token: read_secret(dir, file)?,
    });
    Ok((credential, Some(Arc::new(TokenFile { path: dir.join(file) }))))
}

/// The file of a refresh token that every process of this folder shares: a server, and the verbs that people run beside it.
struct TokenFile {
    path: PathBuf,
}

/// Longest wait for another process that renews the token: longer than a call and its repetitions take.
const TURN_MAX: Duration = Duration::from_secs(120);

#[async_trait::async_trait]
impl RefreshTokenKeeper for TokenFile {
    async fn turn(&self) -> Result<RenewalTurn, String> {
        let path = self.path.clone();
        let turn = blocking(move || {
            let held = local::turn(&path)?;
            Ok(RenewalTurn { token: read_secret(Path::new(""), &path)?, held: Box::new(held) })
        });
        match tokio::time::timeout(TURN_MAX, turn).await {
            Ok(turn) => turn,
            Err(_) => Err(format!("another process keeps {} to itself", self.path.display())),
        }
    }

    async fn keep(&self, token: &SecretString) -> Result<(), String> {
        let (path, token) = (self.path.clone(), token.clone());
        blocking(move || local::replace_private(&path, &format!("{}\n", token.expose_secret()))).await
    }
}

/// Work with files, off the threads that others wait on.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(|error| format!("{error:#}")),
        Err(error) => Err(error.to_string()),
    }
}

fn pace(per_second: Option<u32>, default: Pace) -> Pace {
    match per_second {
        None => default,
        // Without a rate of ours, only the client's own bound on calls in flight is left.
        Some(0) => Pace { per_second: None, in_flight_max: 32, ..default },
        Some(rate) => Pace { per_second: Some(f64::from(rate)), ..default },
    }
}

/// Reads the policy folder: its one TOML file and its CSV tables.
///
/// # Errors
/// Unreadable files, or every problem of the policy, rendered.
pub fn load_policy(folder: &Path) -> anyhow::Result<Policy> {
    let files = read_policy(folder)?;
    Policy::parse(&files).map_err(|problems| anyhow!("{}", problems.render().trim_end()))
}

/// The folder's policy; one with mistakes never keeps a published one from working.
///
/// # Errors
/// When the folder cannot be used and nothing was published yet.
pub async fn policy_to_start_with(folder: &Path, store: &dyn Store) -> anyhow::Result<Policy> {
    let error = match load_policy(folder) {
        Ok(policy) => return Ok(policy),
        Err(error) => error,
    };
    match crate::verbs::published(store).await? {
        Some(policy) => {
            talk!("{error:#}\nthe policy folder cannot be used; the published policy stays in force");
            Ok(policy)
        }
        None => Err(crate::exit::Unusable(format!("{error:#}")).into()),
    }
}

/// The files of a policy folder.
///
/// # Errors
/// When the folder or a file cannot be read, or holds no or several TOML files.
pub fn read_policy(folder: &Path) -> anyhow::Result<PolicyFiles> {
    let mut toml = None;
    let mut tables = BTreeMap::new();
    let listing = fs::read_dir(folder)
        .with_context(|| format!("cannot read the policy folder {}", folder.display()))?;
    let mut paths: Vec<PathBuf> = listing.filter_map(|entry| entry.ok().map(|e| e.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let read = || fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()));
        match path.extension().and_then(|e| e.to_str()) {
            Some("toml") => {
                anyhow::ensure!(
                    toml.is_none(),
                    "{} holds more than one .toml file; a policy has one",
                    folder.display()
                );
                toml = Some((path.display().to_string(), read()?));
            }
            Some("csv") => {
                tables.insert(name.trim_end_matches(".csv").to_owned(), read()?);
            }
            _ => {}
        }
    }
    let toml = toml.ok_or_else(|| anyhow!("{} holds no .toml file", folder.display()))?;
    Ok(PolicyFiles { toml, tables })
}

/// Writes a policy's files into `folder`.
///
/// # Errors
/// When a file cannot be written.
pub fn write_policy(folder: &Path, files: &PolicyFiles) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    let name = Path::new(&files.toml.0).file_name().unwrap_or_else(|| "policy.toml".as_ref());
    fs::write(folder.join(name), &files.toml.1)?;
    for (name, text) in &files.tables {
        fs::write(folder.join(format!("{name}.csv")), text)?;
    }
    // For editors: what this version of the format knows.
    fs::write(folder.join(lanyard_policy::schema::FILE), lanyard_policy::schema::TEXT)?;
    Ok(())
}

/// Makes a policy folder say exactly this: under the name that its rules have there already, and without the tables that
/// are no part of it.
///
/// # Errors
/// When a file cannot be written or removed.
pub fn keep_policy(folder: &Path, files: &PolicyFiles) -> anyhow::Result<()> {
    let mut kept = files.clone();
    if folder.is_dir()
        && let Ok(there) = read_policy(folder)
    {
        kept.toml.0 = there.toml.0;
    }
    // Tables are named with or without their ending.
    kept.tables = kept
        .tables
        .into_iter()
        .map(|(name, text)| (name.trim_end_matches(".csv").to_owned(), text))
        .collect();
    write_policy(folder, &kept)?;
    // Others would be read as part of it.
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_some_and(|kind| kind == "csv") && !kept.tables.contains_key(name) {
            fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// Where the store lives in a data folder.
pub fn store_folder(dir: &Path) -> PathBuf {
    dir.join("store")
}

/// Opens the store of a data folder; fails when another process has it open.
///
/// # Errors
/// The store's own sentence.
pub fn open_store(dir: &Path) -> anyhow::Result<Arc<SqliteStore>> {
    let folder = store_folder(dir);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(Arc::new(SqliteStore::open(&folder)?))
}

/// The engine of a settings file.
pub fn engine(
    clients: Clients,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    policy: Policy,
    settings: EngineSettings,
) -> Engine {
    let ports = Ports { clock, store, directories: clients.directories, workplaces: clients.workplaces };
    Engine::new(ports, policy, settings).with_doors(clients.doors)
}

/// Engine numbers from the settings.
pub fn engine_settings(settings: &Settings) -> EngineSettings {
    EngineSettings {
        feed_interval: Duration::from_secs(settings.feed_seconds.max(1)),
        leaver_bound: Duration::from_secs(settings.leaver_bound_seconds),
        observe_only: settings.observe_only,
        sign_off: settings
            .sites
            .iter()
            .filter(|site| site.sign_off)
            .map(|site| SiteId::new(site.id.as_str()))
            .collect(),
        owner: format!("{}", std::process::id()),
        ways: Some(crate::known::ways(settings)),
        ..EngineSettings::default()
    }
}

/// The present moment by the machine's clock, for what has no clock port (stand-ins, benches).
pub fn wall_clock() -> jiff::Timestamp {
    SystemClock.now()
}

/// Wall-clock time for the engine.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn steady(&self) -> jiff::Timestamp {
        static BEGAN: std::sync::OnceLock<(jiff::Timestamp, std::time::Instant)> = std::sync::OnceLock::new();
        let (at, began) = BEGAN.get_or_init(|| (jiff::Timestamp::now(), std::time::Instant::now()));
        at.checked_add(began.elapsed()).unwrap_or(*at)
    }

    async fn sleep_until(&self, until: jiff::Timestamp) {
        let wait = until.duration_since(self.now());
        if let Ok(wait) = Duration::try_from(wait) {
            tokio::time::sleep(wait).await;
        }
    }
}
