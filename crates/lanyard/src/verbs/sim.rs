//! `sim`: the stand-ins alone, until stopped.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use clap::Args;
use lanyard_sim::{faults::FaultScript, host::AdjustableClock, world::Accounts};

use super::loopback;
use crate::{exit, stand_ins::StandIns};

#[derive(Debug, Args)]
pub struct SimArguments {
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
    /// Faults to inject (TOML)
    #[arg(long, value_name = "FILE")]
    faults: Option<PathBuf>,
    /// Which reading of the contract's silences: default, strict, lenient, hostile
    #[arg(long, default_value = "default")]
    preset: String,
    /// Switch the stand-ins' own rate limits off
    #[arg(long)]
    no_limits: bool,
    /// Answer on https with a certificate made at the start
    #[arg(long)]
    tls: bool,
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

/// A faults file, or an error with file, line and column.
///
/// # Errors
/// [`exit::Unusable`]
pub fn read_faults(file: Option<&PathBuf>) -> anyhow::Result<FaultScript> {
    let Some(file) = file else { return Ok(FaultScript::default()) };
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file)
        .map_err(|error| exit::Unusable(format!("cannot read {name}: {error}")))?;
    FaultScript::parse(&name, &text).map_err(|error| exit::Unusable(error.to_string()).into())
}

/// # Errors
/// Unusable faults, addresses in use.
pub async fn run(arguments: SimArguments) -> anyhow::Result<u8> {
    let faults = read_faults(arguments.faults.as_ref())?;
    let now = arguments.at.unwrap_or_else(jiff::Timestamp::now);
    let clock = Arc::new(AdjustableClock::starting_at(now, 1.0));
    let started = StandIns {
        people: arguments.people,
        seed: arguments.seed,
        orgs: arguments.orgs,
        sites: arguments.sites,
        accounts: arguments.accounts.into(),
        now,
        okta: arguments.okta,
        ioffice: arguments.ioffice,
        faults,
        tls: arguments.tls,
        clock: clock.clone(),
        adjustable: Some(clock),
        limits: !arguments.no_limits,
        preset: arguments.preset,
    }
    .start()
    .await?;
    let announcement = started.running.announcement();
    if arguments.json {
        println!("{}", serde_json::to_string(announcement)?);
    } else {
        println!("{}", serde_json::to_string_pretty(announcement)?);
        eprintln!("running until stopped (Ctrl-C)");
    }
    drop(started.company);
    stopped().await;
    Ok(exit::DONE)
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
