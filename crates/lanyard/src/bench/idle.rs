//! What a server uses that has nothing to do.

use std::time::Duration;

use clap::Args;
use lanyard_engine::ports::Silent;
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    table::{mebibytes, round, tell},
};
use crate::exit;

#[derive(Debug, Args)]
pub struct IdleArguments {
    /// How long to watch
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// People in the company
    #[arg(long, default_value_t = 2000)]
    people: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    seconds: u64,
    cpu_percent: f64,
    rss_bytes: u64,
    peak_rss_bytes: u64,
    upstream_calls: u64,
}

/// # Errors
/// When something cannot be started.
pub async fn run(arguments: IdleArguments) -> anyhow::Result<u8> {
    let mut rig = Rig::open(arguments.people, None).await?;
    rig.engine.sweep(None, "before the bench", &Silent).await?;
    rig.run().await?;
    rig.rest().await?;
    let (calls, _) = rig.upstream.read();
    let before = Usage::own();
    tokio::time::sleep(Duration::from_secs(arguments.seconds)).await;
    let after = Usage::own();
    let report = Report {
        bench: "idle",
        machine: Machine::read(&rig.folder.path),
        people: arguments.people,
        seconds: arguments.seconds,
        cpu_percent: round((after.cpu_seconds - before.cpu_seconds) * 100.0 / arguments.seconds as f64),
        rss_bytes: after.rss_bytes,
        peak_rss_bytes: after.peak_rss_bytes,
        upstream_calls: rig.upstream.read().0 - calls,
    };
    let row = vec![
        report.people.to_string(),
        format!("{} %", report.cpu_percent),
        mebibytes(report.rss_bytes),
        mebibytes(report.peak_rss_bytes),
        report.upstream_calls.to_string(),
    ];
    tell(&report, &["people", "CPU", "RSS", "peak RSS", "calls"], vec![row])?;
    rig.close().await;
    Ok(exit::DONE)
}
