//! `init`: settings, secrets and a starter policy drawn from what Okta and iOffice hold.

use std::{
    fs,
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use clap::Args;
use lanyard_engine::{
    clock::Clock,
    ports::{PortFailure, Progress as _, Sample},
};
use lanyard_policy::{Policy, SiteFacts, StarterFacts, TenantFacts, starter};

use crate::{
    connection::{Credential, Org, Place, PlaceCredential, Written, quoted},
    exit,
    progress::Bars,
    settings::{self, Settings},
    wiring::{self, Patience, SystemClock},
};

#[derive(Debug, Args)]
pub struct InitArguments {
    /// Folder to make
    #[arg(value_name = "DIR", required_unless_present = "data", conflicts_with = "data")]
    dir: Option<PathBuf>,
    /// The same, as the other verbs take it
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Ask nothing: everything comes from flags
    #[arg(long)]
    yes: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
    /// Okta org, https://example.okta.com
    #[arg(long, value_name = "URL")]
    okta: Option<String>,
    /// File with an API token (SSWS)
    #[arg(long, value_name = "FILE")]
    okta_token_file: Option<PathBuf>,
    /// Client id of a service app (better than a token)
    #[arg(long, value_name = "ID")]
    okta_client_id: Option<String>,
    /// File with the service app's private key, PEM
    #[arg(long, value_name = "FILE")]
    okta_key_file: Option<PathBuf>,
    /// Name of that key among the app's public keys
    #[arg(long, value_name = "KID")]
    okta_key_id: Option<String>,
    /// iOffice site, https://example.iofficeconnect.com
    #[arg(long, value_name = "URL")]
    ioffice: Option<String>,
    /// User name of a local service account with site administrator rights
    #[arg(long, value_name = "USER")]
    ioffice_user: Option<String>,
    /// File with its password
    #[arg(long, value_name = "FILE")]
    ioffice_password_file: Option<PathBuf>,
    /// Client id for OAuth, instead of a local account
    #[arg(long, value_name = "ID")]
    ioffice_client_id: Option<String>,
    /// File with the OAuth client's secret, if it has one
    #[arg(long, value_name = "FILE")]
    ioffice_client_secret_file: Option<PathBuf>,
    /// Redirect address of the sign-in that gave the refresh token
    #[arg(long, value_name = "URL")]
    ioffice_redirect_uri: Option<String>,
    /// Scope of that sign-in
    #[arg(long, value_name = "TEXT")]
    ioffice_scope: Option<String>,
    /// File with the refresh token
    #[arg(long, value_name = "FILE")]
    ioffice_refresh_token_file: Option<PathBuf>,
    /// Address to listen on
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Address under which Okta reaches this server
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Name of the Okta org in settings and policy
    #[arg(long, value_name = "ID", default_value = "main")]
    tenant: String,
    /// Name of the iOffice site in settings and policy
    #[arg(long, value_name = "ID", default_value = "main")]
    site: String,
    /// Add the org or the site, or both, to a folder that has settings already
    #[arg(long)]
    add: bool,
}

impl InitArguments {
    /// One of the two is given.
    fn folder(&self) -> &Path {
        self.dir.as_deref().or(self.data.as_deref()).unwrap_or(Path::new("."))
    }
}

/// # Errors
/// A folder that holds settings or a policy already, answers that are missing, upstreams that refuse.
pub async fn run(arguments: InitArguments) -> anyhow::Result<u8> {
    let dir = arguments.folder();
    if dir.join(settings::FILE).exists() {
        if arguments.add {
            return add(&arguments).await;
        }
        anyhow::bail!(exit::Unusable(format!(
            "{} holds a {} already; nothing was changed\nhint: --add adds another org or site to it",
            dir.display(),
            settings::FILE
        )));
    }
    let policy = dir.join(settings::POLICY);
    if fs::read_dir(&policy).is_ok_and(|mut held| held.next().is_some()) {
        anyhow::bail!(exit::Unusable(format!(
            "{} holds a policy already, and a starter would take its place; nothing was changed\nhint: put {} back \
             beside it, or move the policy away first",
            policy.display(),
            settings::FILE
        )));
    }
    let (org, place) = (gather_org(&arguments)?, gather_place(&arguments)?);
    let listen =
        ask(&arguments, "--listen", &arguments.listen, "Address to listen on", Some("127.0.0.1:8480"))?;
    let public_url = match &arguments.public_url {
        Some(url) => Some(url.clone()),
        None => {
            let question = "Address under which Okta reaches this server (- for none)";
            Some(ask(&arguments, "--public-url", &None, question, Some("-"))?).filter(|answer| answer != "-")
        }
    };
    fs::create_dir_all(dir.join("secrets")).with_context(|| format!("cannot make {}", dir.display()))?;
    let (org, place) = (org.write(dir, &arguments.tenant)?, place.write(dir, &arguments.site)?);
    let text = settings_text(&listen, public_url.as_deref(), &org.block, &place.block);
    fs::write(dir.join(settings::FILE), text)?;
    let drawn = async { draw_policy(dir, &Settings::load(dir)?, None).await }.await;
    if let Err(error) = drawn {
        // Half a folder would only stand in the way of the next try.
        let _ = fs::remove_file(dir.join(settings::FILE));
        let _ = fs::remove_dir_all(policy);
        [org, place].into_iter().for_each(|written| written.discard(dir));
        return Err(error.context("no policy could be drawn, so no settings were kept"));
    }
    if arguments.json {
        say!("{}", serde_json::json!({ "settings": dir.join(settings::FILE), "policy": policy }));
    }
    talk!("wrote {}", dir.join(settings::FILE).display());
    talk!("wrote {}", policy.display());
    talk!("next: lanyard doctor --data {0}; lanyard plan --data {0}; lanyard serve {0}", dir.display());
    Ok(exit::DONE)
}

/// Where a policy is drawn that must not take the place of the one people have worked on.
const DRAWN: &str = "policy-drawn";

/// Adds an org, a site, or both, to settings that are in use. Their policy is left alone.
async fn add(arguments: &InitArguments) -> anyhow::Result<u8> {
    let dir = arguments.folder();
    let before = Settings::load(dir)?;
    let wants_org = arguments.okta.is_some();
    let wants_place = arguments.ioffice.is_some();
    ensure!(
        wants_org || wants_place,
        exit::Unusable("--add needs --okta with its credential, or --ioffice with its own, or both".into())
    );
    let taken = |kind: &str, id: &str, flag: &str| {
        exit::Unusable(format!(
            "there is a {kind} {id} already; nothing was changed\nhint: name it with {flag}"
        ))
    };
    if wants_org && before.tenants.iter().any(|tenant| tenant.id == arguments.tenant) {
        anyhow::bail!(taken("tenant", &arguments.tenant, "--tenant"));
    }
    if wants_place && before.sites.iter().any(|site| site.id == arguments.site) {
        anyhow::bail!(taken("site", &arguments.site, "--site"));
    }
    let org = wants_org.then(|| gather_org(arguments)).transpose()?;
    let place = wants_place.then(|| gather_place(arguments)).transpose()?;
    let mut written: Vec<Written> = Vec::new();
    if let Some(org) = &org {
        written.push(org.write(dir, &arguments.tenant)?);
    }
    if let Some(place) = &place {
        written.push(place.write(dir, &arguments.site)?);
    }
    let block = written.iter().map(|written| written.block.as_str()).collect::<Vec<_>>().join("\n");
    let drawn = async {
        draw_policy(dir, &settings::with_block(dir, &block)?.1, Some(DRAWN)).await?;
        settings::append(dir, &block)
    };
    if let Err(error) = drawn.await {
        // What came between may have been another connection of the same name: its secrets are its own.
        written.into_iter().for_each(|written| written.discard(dir));
        return Err(error.context("the settings are as they were"));
    }
    if arguments.json {
        let drawn = dir.join(DRAWN);
        say!("{}", serde_json::json!({ "settings": dir.join(settings::FILE), "policy_drawn": drawn }));
    }
    talk!("added to {}", dir.join(settings::FILE).display());
    talk!(
        "the policy in use is as it was; one drawn from all orgs and sites is in {}",
        dir.join(DRAWN).display()
    );
    talk!(
        "next: take over what you need from it, then lanyard check --data {0}; restart lanyard serve {0}",
        dir.display()
    );
    Ok(exit::DONE)
}

/// The flag's value, or the answer to a question, or the default.
fn ask(
    a: &InitArguments,
    flag: &str,
    given: &Option<String>,
    question: &str,
    default: Option<&str>,
) -> anyhow::Result<String> {
    if let Some(given) = given {
        return Ok(given.clone());
    }
    if a.yes || !std::io::stdin().is_terminal() {
        return default.map(str::to_owned).ok_or_else(|| {
            exit::Unusable(format!("{flag} is missing; with --yes everything comes from flags")).into()
        });
    }
    crate::out::aside(format_args!("{question}{}: ", default.map(|d| format!(" [{d}]")).unwrap_or_default()));
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    match (line.trim(), default) {
        ("", Some(default)) => Ok(default.to_owned()),
        ("", None) => anyhow::bail!(exit::Unusable(format!("no answer for {flag}"))),
        (answer, _) => Ok(answer.to_owned()),
    }
}

fn path(file: &Option<PathBuf>) -> Option<String> {
    file.as_ref().map(|file| file.display().to_string())
}

fn gather_org(a: &InitArguments) -> anyhow::Result<Org> {
    let url = ask(a, "--okta", &a.okta, "Okta org (https://example.okta.com)", None)?;
    let url = lanyard_okta::OrgUrl::parse(&url)
        .map_err(|problem| exit::Unusable(format!("--okta: {problem}")))?
        .to_string();
    let app = a.okta_client_id.is_some() || a.okta_key_file.is_some();
    ensure!(
        !(app && a.okta_token_file.is_some()),
        exit::Unusable("give either --okta-token-file, or --okta-client-id with --okta-key-file".into())
    );
    let credential = if let Some(file) = &a.okta_token_file {
        Credential::Token(read(file)?)
    } else if app || a.yes {
        let client_id = ask(a, "--okta-client-id", &a.okta_client_id, "Client id of the service app", None)?;
        let file = ask(a, "--okta-key-file", &path(&a.okta_key_file), "File with its private key", None)?;
        Credential::App { client_id, key: read(Path::new(&file))?, key_id: a.okta_key_id.clone() }
    } else {
        let file = ask(a, "--okta-token-file", &None, "File with an Okta API token", None)?;
        Credential::Token(read(Path::new(&file))?)
    };
    Ok(Org { url, credential })
}

fn gather_place(a: &InitArguments) -> anyhow::Result<Place> {
    let url = ask(a, "--ioffice", &a.ioffice, "iOffice site (https://example.iofficeconnect.com)", None)?;
    let url = lanyard_ioffice::SiteUrl::parse(&url)
        .map_err(|problem| exit::Unusable(format!("--ioffice: {problem}")))?
        .to_string();
    let local = a.ioffice_user.is_some() || a.ioffice_password_file.is_some();
    ensure!(
        !(local && a.ioffice_client_id.is_some()),
        exit::Unusable(
            "give either --ioffice-user with --ioffice-password-file, or the OAuth client's flags".into()
        )
    );
    let credential = match &a.ioffice_client_id {
        Some(client_id) => {
            let flag = "--ioffice-redirect-uri";
            let question = "Redirect address of the sign-in";
            let redirect_uri = ask(a, flag, &a.ioffice_redirect_uri, question, None)?;
            let flag = "--ioffice-refresh-token-file";
            let question = "File with the refresh token";
            let refresh = ask(a, flag, &path(&a.ioffice_refresh_token_file), question, None)?;
            PlaceCredential::OAuth {
                client_id: client_id.clone(),
                secret: a.ioffice_client_secret_file.as_deref().map(read).transpose()?,
                redirect_uri,
                scope: a.ioffice_scope.clone().unwrap_or_else(|| "all".into()),
                refresh: read(Path::new(&refresh))?,
            }
        }
        None => {
            let user = ask(a, "--ioffice-user", &a.ioffice_user, "User name of its service account", None)?;
            let flag = "--ioffice-password-file";
            let file = ask(a, flag, &path(&a.ioffice_password_file), "File with its password", None)?;
            PlaceCredential::Local { user, password: read(Path::new(&file))? }
        }
    };
    Ok(Place { url, credential })
}

fn settings_text(listen: &str, public_url: Option<&str>, org: &str, place: &str) -> String {
    let public = match public_url {
        Some(url) => format!("public_url = {}\n", quoted(url)),
        None => "# public_url = \"https://lanyard.example.com\"\n".to_owned(),
    };
    format!(
        "# Lanyard's settings: who and where. What people should have is in the policy folder.\n\
         # Paths are relative to this file. Secrets stay in files of their own, readable by their owner only.\n\n\
         listen = {}\n\
         # The address under which Okta reaches this server. Event hooks go to {{public_url}}/hooks/okta/{{tenant}}.\n\
         {public}\
         policy = \"policy\"\n\
         # true: observe and plan, write nothing to iOffice.\n\
         observe_only = false\n\
         # Seconds between two looks at Okta's log, which catches what hooks miss.\n\
         feed_seconds = 10\n\
         # Seconds within which a leaver must be verified gone. The alarm comes at four fifths of it.\n\
         leaver_bound_seconds = 120\n\n\
         {org}\n\
         {place}\n\
         # Where e-mail goes out, for notices and alarms.\n\
         # [mail]\n\
         # host = \"smtp.example.com\"\n\
         # port = 587\n\
         # from = \"Lanyard <lanyard@example.com>\"\n\
         # tls = \"starttls\"\n\
         # user = \"lanyard\"\n\
         # password_file = \"secrets/mail-password\"\n\n\
         # Secrets that the policy names, such as the address of a Slack incoming webhook.\n\
         # [secrets]\n\
         # slack_it = \"secrets/slack-it\"\n\n\
         # Who is told what needs a person: which kinds, sites and severity, gathered into one message, and where to.\n\
         # [[alert]]\n\
         # id = \"it\"\n\
         # at_least = \"error\"\n\
         # slack = \"slack_it\"\n\n\
         # [digest]\n\
         # at = \"08:00\"\n\
         # zone = \"Europe/London\"\n\
         # slack = \"slack_it\"\n",
        quoted(listen),
    )
}

fn read(file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file)
        .map_err(|error| exit::Unusable(format!("cannot read {}: {error}", file.display())))?;
    ensure!(!text.trim().is_empty(), exit::Unusable(format!("{} is empty", file.display())));
    Ok(text.trim().to_owned())
}

/// Probes both sides, reads them and writes the starter policy, into the settings' policy folder or another one.
async fn draw_policy(dir: &Path, settings: &Settings, folder: Option<&str>) -> anyhow::Result<()> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let transport = wiring::transport(dir, settings)?;
    let hasty = wiring::clients(dir, settings, &clock, &transport, Patience::Probe)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    super::doctor::try_out(&hasty).await?;
    let clients = wiring::clients(dir, settings, &clock, &transport, Patience::Work)
        .map_err(|error| exit::Unusable(format!("{error:#}")))?;
    let bars = Bars::new(false);
    let facts = gather(&clients, &bars).await.map_err(|failure| {
        let hint = failure.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        exit::Upstream(format!("{failure}{hint}"))
    })?;
    bars.clear();
    let files = starter(&facts);
    let checked = Policy::parse(&files);
    let folder = folder.map_or(settings.policy.as_path(), Path::new);
    wiring::write_policy(&dir.join(folder), &files)?;
    if let Err(problems) = checked {
        anyhow::bail!("the starter policy has mistakes, which is a bug:\n{}", problems.render());
    }
    Ok(())
}

/// People held in memory to draw a policy from.
const PEOPLE_SAMPLED: usize = 5_000;

/// What the starter policy is drawn from.
///
/// # Errors
/// The first upstream that cannot be read.
pub async fn gather(clients: &wiring::Clients, bars: &Bars) -> Result<StarterFacts, PortFailure> {
    let mut tenants = Vec::new();
    for directory in &clients.directories {
        bars.report("okta", 0, Some(3));
        let groups = directory.list_groups().await?;
        bars.report("okta", 1, Some(3));
        let schema = directory.list_attributes().await.unwrap_or_default();
        bars.report("okta", 2, Some(3));
        // A starter is drawn from what people have in common: some thousands of them show that.
        let mut people = Sample::of(PEOPLE_SAMPLED);
        directory.list_identities(&mut people, bars).await?;
        bars.report("okta", 3, Some(3));
        tenants.push(TenantFacts::gather(
            directory.tenant().clone(),
            groups.rows,
            schema.into_iter().map(|(name, _, _)| name),
            &people.rows,
        ));
    }
    let mut sites = Vec::new();
    for workplace in &clients.workplaces {
        let catalogue = workplace.read_catalogue(bars).await?;
        sites.push(SiteFacts { id: workplace.site().clone(), catalogue, default_host: None, doors: false });
    }
    Ok(StarterFacts { tenants, sites })
}
