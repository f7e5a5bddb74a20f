//! From the start of the program to its first `ready`, on a store that is in use.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Args;
use lanyard_engine::ports::Silent;
use lanyard_wire::{HttpsTransport, Transport as _, TransportSettings};
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    table::{mebibytes, round, tell},
};
use crate::{exit, local::Running};

#[derive(Debug, Args)]
pub struct StartArguments {
    /// People in the store
    #[arg(long, default_value_t = 100_000)]
    people: u32,
    /// Starts, each ended by a kill
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    store_bytes: u64,
    /// In the order they were made; the first may find the store in no cache of ours.
    ready_ms: Vec<f64>,
    worst_ms: f64,
    rss_bytes_when_ready: u64,
}

/// # Errors
/// When something cannot be started, or is not ready within a minute.
pub async fn run(arguments: StartArguments) -> anyhow::Result<u8> {
    let rig = Rig::open(arguments.people, None).await?;
    rig.engine.sweep(None, "before the bench", &Silent).await?;
    let (_other, folder) = rig.close().await;
    let transport = HttpsTransport::new(&TransportSettings::default()).map_err(anyhow::Error::msg)?;
    let mut ready_ms = Vec::new();
    let mut rss = 0;
    for _ in 0..arguments.times {
        Running::remove(&folder.path);
        let begun = Instant::now();
        let mut child = std::process::Command::new(std::env::current_exe()?)
            .arg("serve")
            .arg(&folder.path)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("the server could not be started")?;
        loop {
            if begun.elapsed() > Duration::from_secs(60) {
                child.kill()?;
                anyhow::bail!("the server was not ready within a minute");
            }
            if let Some(ended) = child.try_wait()? {
                anyhow::bail!("the server ended with {ended}");
            }
            if let Some(running) = Running::find(&folder.path) {
                let ask = http::Request::get(format!("{}/readyz", running.url)).body(bytes::Bytes::new())?;
                let answer = transport.exchange(ask, Duration::from_secs(2)).await;
                if answer.is_ok_and(|answer| answer.status().is_success()) {
                    break;
                }
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        ready_ms.push(round(begun.elapsed().as_secs_f64() * 1000.0));
        rss = Usage::of(child.id()).rss_bytes;
        child.kill()?;
        child.wait()?;
    }
    let report = Report {
        bench: "start",
        machine: Machine::read(&folder.path),
        people: arguments.people,
        store_bytes: std::fs::metadata(crate::wiring::store_folder(&folder.path).join("lanyard.db"))
            .map_or(0, |file| file.len()),
        worst_ms: ready_ms.iter().copied().fold(0.0, f64::max),
        ready_ms,
        rss_bytes_when_ready: rss,
    };
    let row = vec![
        report.people.to_string(),
        mebibytes(report.store_bytes),
        report.worst_ms.to_string(),
        mebibytes(report.rss_bytes_when_ready),
    ];
    tell(&report, &["people", "store", "worst ms to ready", "RSS"], vec![row])?;
    Ok(exit::DONE)
}
