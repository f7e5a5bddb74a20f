//! `sim`: the stand-ins alone, until stopped; `sim doc` and `sim import` beside it.

mod doc;
mod import;
mod settings;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use lanyard_sim::{
    faults::FaultScript,
    host::{AdjustableClock, DeskName, Host, HostSettings, IofficeStand, OktaStand, Replay, Running, Vendor},
    okta::{KeyKind, KeyPair},
    world::{Accounts, Company, Export, WorldSettings},
};

use self::settings::Assumed;
use super::loopback;
use crate::{
    exit,
    stand_ins::{Service, not_started, ports},
};

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct SimArguments {
    #[command(subcommand)]
    verb: Option<SimVerb>,
    #[command(flatten)]
    serve: ServeStandIns,
}

#[derive(Debug, Subcommand)]
enum SimVerb {
    /// Print what is simulated, what is assumed (each with its setting), and what is left out
    Doc(doc::DocArguments),
    /// Make a company for `sim --world` from CSV files of people, groups and places, under other names
    Import(import::ImportArguments),
}

#[derive(Debug, Args)]
struct ServeStandIns {
    /// Where the Okta stand-in listens; further orgs take the next ports
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = loopback)]
    okta: SocketAddr,
    /// Where the iOffice stand-in listens; further sites take the next ports
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0", value_parser = loopback)]
    ioffice: SocketAddr,
    /// People in the company
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    people: u32,
    /// The same seed makes the same company
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Okta orgs
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=8))]
    orgs: u16,
    /// iOffice sites
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=8))]
    sites: u16,
    /// What iOffice holds at the start: a site in use for years, everything in order, or nobody
    #[arg(long, value_enum, default_value = "lived")]
    accounts: AccountsAtStart,
    /// A company from `sim import` instead of an invented one
    #[arg(long, value_name = "DIR", conflicts_with_all = ["people", "orgs", "sites"])]
    world: Option<PathBuf>,
    /// Faults to inject (TOML)
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Which reading of the contracts' silences: default, strict, lenient, hostile
    #[arg(long, default_value = "default")]
    preset: String,
    /// Single assumptions, over the preset (TOML, tables `okta` and `ioffice`; see `sim doc`)
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Switch the stand-ins' own rate limits off
    #[arg(long)]
    no_limits: bool,
    /// The announced service apps demand DPoP proofs, as new ones at Okta do
    #[arg(long)]
    dpop: bool,
    /// Redirect URI of a console: people sign in to it with the public web app 0oaconsole00000000aa
    #[arg(long, value_name = "URL", value_parser = web_address)]
    console: Option<String>,
    /// Answer on https with a certificate made at the start
    #[arg(long)]
    tls: bool,
    /// With --tls: write the certificate here, for clients to trust
    #[arg(long, value_name = "FILE", requires = "tls")]
    certificate: Option<PathBuf>,
    /// Write every exchange to this file, credentials left out
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Answer from such a file instead of simulating
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "people", "seed", "orgs", "sites", "accounts", "world", "preset", "settings", "no_limits", "dpop", "console", "badge",
    ])]
    replay: Option<PathBuf>,
    /// Serve a badge system too (signed webhook, SCIM groups, CSV drop), at this address or on a free port
    #[arg(long, value_name = "ADDR", num_args = 0..=1, default_missing_value = "127.0.0.1:0", value_parser = loopback)]
    badge: Option<SocketAddr>,
    /// With --badge: a folder in which dropped lists are looked for each second
    #[arg(long, value_name = "DIR", requires = "badge")]
    badge_drop: Option<PathBuf>,
    /// Begin at this moment instead of now (RFC 3339)
    #[arg(long, value_name = "TIME")]
    at: Option<jiff::Timestamp>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
pub enum AccountsAtStart {
    Lived,
    Tidy,
    Empty,
}

impl From<AccountsAtStart> for Accounts {
    fn from(accounts: AccountsAtStart) -> Self {
        match accounts {
            AccountsAtStart::Lived => Self::Lived,
            AccountsAtStart::Tidy => Self::Tidy,
            AccountsAtStart::Empty => Self::Empty,
        }
    }
}

/// A redirect URI that a browser can be sent to.
fn web_address(text: &str) -> Result<String, String> {
    let web =
        url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let wrong = || format!("{text} is not an address like http://127.0.0.1:8480/signin/callback");
    web.then(|| text.to_owned()).ok_or_else(wrong)
}

/// A faults file for these faces, or an error with file, line and column.
fn read_faults(file: Option<&PathBuf>, desks: &[DeskName]) -> anyhow::Result<FaultScript> {
    let Some(file) = file else { return Ok(FaultScript::default()) };
    let (name, text) = read(file)?;
    FaultScript::parse_for(desks, &name, &text).map_err(|error| exit::Unusable(error.to_string()).into())
}

/// Name and text of a file that somebody named.
fn read(file: &Path) -> anyhow::Result<(String, String)> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| exit::Unusable(format!("cannot read {name}: {error}")))?;
    Ok((name, text))
}

/// # Errors
/// Unusable files, addresses in use.
pub async fn run(arguments: SimArguments) -> anyhow::Result<u8> {
    match arguments.verb {
        None => serve(arguments.serve).await,
        Some(SimVerb::Doc(arguments)) => doc::run(&arguments),
        Some(SimVerb::Import(arguments)) => import::run(&arguments),
    }
}

async fn serve(arguments: ServeStandIns) -> anyhow::Result<u8> {
    let (certificate, json) = (arguments.certificate.clone(), arguments.json);
    let running = match arguments.replay.clone() {
        Some(tape) => replay(arguments, &tape).await?,
        None => rehearse(arguments).await?,
    };
    if let (Some(file), Some(made)) = (certificate, running.certificate()) {
        std::fs::write(&file, &made.pem)
            .map_err(|error| exit::Unusable(format!("cannot write {}: {error}", file.display())))?;
    }
    let announcement = running.announcement();
    if json {
        say!("{}", serde_json::to_string(announcement)?);
    } else {
        say!("{}", serde_json::to_string_pretty(announcement)?);
        talk!("running until stopped (Ctrl-C)");
    }
    stopped().await;
    Ok(exit::DONE)
}

async fn rehearse(arguments: ServeStandIns) -> anyhow::Result<Running> {
    let counts = [
        (Vendor::Okta, usize::from(arguments.orgs)),
        (Vendor::Ioffice, usize::from(arguments.sites)),
        (Vendor::Badge, usize::from(arguments.badge.is_some())),
    ];
    let desks = |(vendor, count)| (0..count).map(move |index| DeskName { vendor, index });
    let desks: Vec<DeskName> = counts.into_iter().flat_map(desks).collect();
    let faults = read_faults(arguments.faults.as_ref(), &desks)?;
    if let Some(folder) = arguments.badge_drop.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(exit::Unusable(format!("{} is no folder; make it first", folder.display())).into());
    }
    let assumed = Assumed::read(&arguments.preset, arguments.settings.as_deref())?;
    let now = arguments.at.unwrap_or_else(crate::wiring::wall_clock);
    let world = WorldSettings {
        people: arguments.people,
        seed: arguments.seed,
        orgs: arguments.orgs,
        sites: arguments.sites,
        accounts: arguments.accounts.into(),
        // As the day began: what is started twice on one day is the same company, to the last byte.
        now: now.to_zoned(jiff::tz::TimeZone::UTC).start_of_day().map_or(now, |day| day.timestamp()),
    };
    let company = match &arguments.world {
        Some(dir) => Export::read(dir)
            .and_then(|export| export.company(&world))
            .map_err(|error| exit::Unusable(error.to_string()))?,
        None => Company::generate(&world),
    };
    let clock = Arc::new(AdjustableClock::starting_at(now, 1.0));
    Service {
        okta: assumed.okta,
        ioffice: assumed.ioffice,
        limits: !arguments.no_limits,
        okta_first: arguments.okta,
        ioffice_first: arguments.ioffice,
        clock: clock.clone(),
        adjustable: Some(clock),
        dpop: arguments.dpop,
        tls: arguments.tls,
        faults,
        record: arguments.record,
        badge: arguments.badge,
        badge_drop: arguments.badge_drop,
        console: arguments.console,
    }
    .serve_alone(company)
    .await
}

/// The faces of a tape. Credentials are not on it, so any are taken; the announced ones only have the right form.
async fn replay(arguments: ServeStandIns, tape: &Path) -> anyhow::Result<Running> {
    let unusable = |error: std::io::Error| exit::Unusable(format!("cannot replay: {error}"));
    let faces = Replay::faces(tape).map_err(unusable)?;
    // A face that was never called keeps its place, so that the others keep their numbers.
    let named = |vendor| {
        let places = faces.iter().filter(|face| face.vendor == vendor).map(|face| face.index + 1);
        (0..places.max().unwrap_or(0)).map(move |index| DeskName { vendor, index })
    };
    let key = KeyPair::generate(KeyKind::Rsa2048).map_err(|text| anyhow!(text))?;
    let mut okta = Vec::new();
    for (face, address) in named(Vendor::Okta).zip(ports(arguments.okta, named(Vendor::Okta).count())?) {
        okta.push(OktaStand {
            address,
            face: Box::new(Replay::read(tape, face).map_err(unusable)?),
            ssws: "00replayed".into(),
            client_id: "0oareplayed".into(),
            private_key_pem: key.private_pem.clone(),
            kid: key.kid.clone(),
        });
    }
    let mut ioffice = Vec::new();
    for (face, address) in
        named(Vendor::Ioffice).zip(ports(arguments.ioffice, named(Vendor::Ioffice).count())?)
    {
        ioffice.push(IofficeStand {
            address,
            face: Box::new(Replay::read(tape, face).map_err(unusable)?),
            username: "replayed".into(),
            password: "replayed".into(),
        });
    }
    if okta.is_empty() && ioffice.is_empty() {
        return Err(exit::Unusable(format!("cannot replay: {} holds no exchange", tape.display())).into());
    }
    let desks: Vec<DeskName> = named(Vendor::Okta).chain(named(Vendor::Ioffice)).collect();
    let faults = read_faults(arguments.faults.as_ref(), &desks)?;
    let now = arguments.at.unwrap_or_else(crate::wiring::wall_clock);
    let clock = Arc::new(AdjustableClock::starting_at(now, 1.0));
    let settings = HostSettings {
        okta,
        ioffice,
        clock: clock.clone(),
        adjustable: Some(clock),
        tls: arguments.tls,
        faults,
        ..HostSettings::default()
    };
    Host::start(settings).await.map_err(not_started)
}

/// Resolves when the process is asked to end.
pub async fn stopped() {
    #[cfg(unix)]
    {
        let mut terminate = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(terminate) => terminate,
            Err(_) => return std::future::pending().await,
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = tokio::signal::ctrl_c().await;
}
