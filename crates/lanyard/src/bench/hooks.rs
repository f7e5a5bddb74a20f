//! How long a sender waits for the answer to a pushed event, which comes only once the event is durable.

use std::path::PathBuf;

use anyhow::ensure;
use clap::Args;
use lanyard_engine::ports::{HookState, Silent};
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    stand_in::{Delivered, Wish},
    table::{mebibytes, round, tell},
};
use crate::exit;

#[derive(Debug, Args)]
pub struct HookArguments {
    /// Deliveries per second, one event each
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: u32,
    /// For how long
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// People in the company
    #[arg(long, default_value_t = 2000)]
    people: u32,
    /// Let the engine work on what arrives, instead of only taking it in
    #[arg(long)]
    working: bool,
    /// Fresh data folder to use and keep
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    rate: u32,
    people: u32,
    working: bool,
    #[serde(flatten)]
    delivered: Delivered,
    /// Events on record afterwards.
    durable: u64,
    cpu_ms_per_delivery: f64,
    peak_rss_bytes: u64,
}

/// # Errors
/// When something cannot be started.
pub async fn run(arguments: HookArguments) -> anyhow::Result<u8> {
    let mut rig = Rig::open(arguments.people, arguments.data.as_deref()).await?;
    rig.engine.sweep(None, "before the bench", &Silent).await?;
    if arguments.working {
        rig.run().await?;
        rig.rest().await?;
    }
    let Some((tenant, wish)) = rig.hooks.first().cloned() else { anyhow::bail!("no tenant has a hook") };
    let state = rig.engine.directories()[&tenant].ensure_hook(&wish).await?;
    let HookState::Live { id } = state else { anyhow::bail!("the hook does not live: {state:?}") };
    let users: Vec<String> = rig.subjects().await?.into_iter().map(|subject| subject.user).collect();
    ensure!(!users.is_empty(), "nobody is in scope");
    let org = rig.other.hello.announcement.okta.as_ref().map(|place| place.url.clone()).unwrap_or_default();
    let ledger = rig.engine.store().ledger(&tenant).await?;
    let before = Usage::own();
    let deliver = Wish::Deliver {
        url: wish.url.clone(),
        secret: wish.secret.clone(),
        source: format!("{org}/api/v1/eventHooks/{id}"),
        users,
        rate: f64::from(arguments.rate),
        count: usize::try_from(u64::from(arguments.rate) * arguments.seconds)?,
    };
    let delivered: Delivered = rig.other.ask(&deliver).await?;
    let after = Usage::own();
    let now = rig.engine.store().ledger(&tenant).await?;
    let report = Report {
        bench: "hooks",
        machine: Machine::read(&rig.folder.path),
        rate: arguments.rate,
        people: arguments.people,
        working: arguments.working,
        durable: (now.hook_only + now.both) - (ledger.hook_only + ledger.both),
        cpu_ms_per_delivery: round(
            (after.cpu_seconds - before.cpu_seconds) * 1000.0 / delivered.sent.max(1) as f64,
        ),
        peak_rss_bytes: after.peak_rss_bytes,
        delivered,
    };
    let row = vec![
        report.rate.to_string(),
        report.delivered.p50_ms.to_string(),
        report.delivered.p99_ms.to_string(),
        report.delivered.max_ms.to_string(),
        format!("{} of {}", report.delivered.answered_204, report.delivered.sent),
        report.cpu_ms_per_delivery.to_string(),
        mebibytes(report.peak_rss_bytes),
    ];
    let head = ["hooks/s", "p50 ms", "p99 ms", "max ms", "answered 204", "CPU ms each", "peak RSS"];
    let sound = report.delivered.answered_204 == report.delivered.sent
        && report.durable == report.delivered.sent as u64;
    tell(&report, &head, vec![row])?;
    rig.close().await;
    Ok(if sound { exit::DONE } else { exit::FAILED })
}
