//! From a pushed change to the verified state, at steady rates and as fast as it goes.

use std::{path::PathBuf, time::Instant};

use clap::Args;
use lanyard_engine::ports::Silent;
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    stand_in::{Counted, Driven, Judgement, Wish},
    table::{mebibytes, round, tell},
};
use crate::exit;

#[derive(Debug, Args)]
pub struct SignalArguments {
    /// People in the company
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    people: u32,
    /// Signals per second, one measured stretch each
    #[arg(long, value_delimiter = ',', default_value = "50,200,400")]
    rates: Vec<u32>,
    /// Length of each stretch
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Also: everybody at once, again and again, for the same time
    #[arg(long)]
    saturate: bool,
    /// Fresh data folder to use and keep
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// One JSON object on stdout (always; the flag is for symmetry with other verbs)
    #[arg(long)]
    json: bool,
}

/// Everything measured.
#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    subjects: usize,
    /// Burst window before a look begins; part of every time below.
    coalesce_ms: u64,
    stretches: Vec<Stretch>,
    saturation: Option<Saturation>,
    peak_rss_bytes: u64,
    journal_damage: Option<String>,
}

/// One steady rate. Times run from the received hook to the read-back that shows the change, waiting for the
/// stand-ins (which share the cores) included: upper bounds of our own time.
#[derive(Debug, Serialize)]
struct Stretch {
    rate: u32,
    seconds: f64,
    signals: usize,
    looks: u64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    /// Mean waiting for upstream answers per look; the rest is ours.
    upstream_ms_per_look: f64,
    drained_after_ms: f64,
    cpu_ms_per_signal: f64,
    rss_bytes: u64,
    calls_per_change: f64,
    calls_per_change_minimum: f64,
    judged: Judgement,
}

/// Everybody changed at once, round after round.
#[derive(Debug, Serialize)]
struct Saturation {
    rounds: u32,
    signals: usize,
    seconds: f64,
    signals_per_second: f64,
    cpu_ms_per_signal: f64,
    stand_in_cpu_ms_per_signal: f64,
    judged: Judgement,
}

/// Two Okta reads and one iOffice read to decide, one write, one read-back.
const CALLS_MINIMUM: f64 = 5.0;

/// # Errors
/// When something cannot be started, or changes were lost or doubled.
pub async fn run(arguments: SignalArguments) -> anyhow::Result<u8> {
    let mut rig = Rig::open(arguments.people, arguments.data.as_deref()).await?;
    rig.engine.sweep(None, "before the bench", &Silent).await?;
    rig.run().await?;
    rig.rest().await?;
    let who = rig.subjects().await?;
    let subjects = who.len();
    let _: serde_json::Value = rig.other.ask(&Wish::Subjects { who }).await?;
    let mut next = 0;
    let mut stretches = Vec::new();
    for &rate in &arguments.rates {
        let count = usize::try_from(u64::from(rate) * arguments.seconds)?;
        stretches.push(stretch(&mut rig, rate, next, count).await?);
        next += count;
    }
    let saturation = match arguments.saturate {
        true => Some(saturate(&mut rig, subjects, arguments.seconds).await?),
        false => None,
    };
    let report = Report {
        bench: "signals",
        machine: Machine::read(&rig.folder.path),
        people: arguments.people,
        subjects,
        coalesce_ms: u64::try_from(rig.engine.settings().coalesce.as_millis())?,
        stretches,
        saturation,
        peak_rss_bytes: Usage::own().peak_rss_bytes,
        journal_damage: rig.engine.store().verify_journal().await?,
    };
    let sound = report.is_sound();
    tell(&report, HEAD, report.rows())?;
    rig.close().await;
    Ok(if sound { exit::DONE } else { exit::FAILED })
}

async fn stretch(rig: &mut Rig, rate: u32, from: usize, count: usize) -> anyhow::Result<Stretch> {
    rig.engine.latency.reset();
    let calls = rig.other.calls().await?;
    let (_, waited) = rig.upstream.read();
    let heard = rig.heard().await?;
    let before = Usage::own();
    let drive = Wish::Drive { from, count, rate: Some(f64::from(rate)) };
    let driven: Driven = rig.other.ask(&drive).await?;
    let drained = rig.rest_after(heard + driven.sent as u64).await?;
    let after = Usage::own();
    let judged: Judgement = rig.other.ask(&Wish::Judge).await?;
    let made = rig.other.calls().await?;
    let totals = rig.engine.latency.totals();
    let quantiles = rig.engine.latency.quantiles(&[0.5, 0.9, 0.99]).unwrap_or_default();
    let ms = |at: usize| quantiles.get(at).map_or(0.0, |time| round(time.as_secs_f64() * 1000.0));
    let (_, waited_after) = rig.upstream.read();
    let result = Stretch {
        rate,
        seconds: round(driven.seconds),
        signals: driven.sent,
        looks: totals.looks,
        p50_ms: ms(0),
        p90_ms: ms(1),
        p99_ms: ms(2),
        upstream_ms_per_look: round((waited_after - waited) * 1000.0 / totals.looks.max(1) as f64),
        drained_after_ms: round(drained.as_secs_f64() * 1000.0),
        cpu_ms_per_signal: per(before, after, driven.sent),
        rss_bytes: after.rss_bytes,
        calls_per_change: round(between(&calls, &made) as f64 / judged.writes.max(1) as f64),
        calls_per_change_minimum: CALLS_MINIMUM,
        judged,
    };
    talk!("{rate}/s: p50 {} ms, p99 {} ms", result.p50_ms, result.p99_ms);
    Ok(result)
}

async fn saturate(rig: &mut Rig, subjects: usize, seconds: u64) -> anyhow::Result<Saturation> {
    let before = (Usage::own(), Usage::of(rig.other.pid()));
    let begun = Instant::now();
    let (mut rounds, mut idle) = (0, 0.0);
    while begun.elapsed().as_secs() < seconds {
        // Each person once a round: nothing coalesces, every signal costs a whole look.
        let drive = Wish::Drive { from: 0, count: subjects, rate: None };
        let heard = rig.heard().await?;
        let driven: Driven = rig.other.ask(&drive).await?;
        rig.rest_after(heard + driven.sent as u64).await?;
        // Three quiet looks at the queue, 20 ms apart, are the bench's own.
        idle += 0.06;
        rounds += 1;
    }
    let took = begun.elapsed().as_secs_f64() - idle;
    let after = (Usage::own(), Usage::of(rig.other.pid()));
    let signals = rounds as usize * subjects;
    Ok(Saturation {
        rounds,
        signals,
        seconds: round(took),
        signals_per_second: round(signals as f64 / took),
        cpu_ms_per_signal: per(before.0, after.0, signals),
        stand_in_cpu_ms_per_signal: per(before.1, after.1, signals),
        judged: rig.other.ask(&Wish::Judge).await?,
    })
}

fn per(before: Usage, after: Usage, signals: usize) -> f64 {
    round((after.cpu_seconds - before.cpu_seconds) * 1000.0 / signals.max(1) as f64)
}

fn between(before: &Counted, after: &Counted) -> u64 {
    (after.okta + after.ioffice) - (before.okta + before.ioffice)
}

const HEAD: &[&str] =
    &["signals/s", "p50 ms", "p99 ms", "CPU ms/signal", "calls/change", "lost", "doubled", "RSS"];

impl Report {
    fn rows(&self) -> Vec<Vec<String>> {
        let steady = self.stretches.iter().map(|s| {
            vec![
                s.rate.to_string(),
                s.p50_ms.to_string(),
                s.p99_ms.to_string(),
                s.cpu_ms_per_signal.to_string(),
                format!("{} (at least {})", s.calls_per_change, s.calls_per_change_minimum),
                s.judged.lost.to_string(),
                s.judged.doubled.to_string(),
                mebibytes(s.rss_bytes),
            ]
        });
        let full = self.saturation.iter().map(|s| {
            vec![
                format!("{} (saturated)", s.signals_per_second),
                String::new(),
                String::new(),
                s.cpu_ms_per_signal.to_string(),
                String::new(),
                s.judged.lost.to_string(),
                s.judged.doubled.to_string(),
                mebibytes(self.peak_rss_bytes),
            ]
        });
        steady.chain(full).collect()
    }

    fn is_sound(&self) -> bool {
        let judged =
            self.stretches.iter().map(|s| &s.judged).chain(self.saturation.iter().map(|s| &s.judged));
        self.journal_damage.is_none() && judged.into_iter().all(|j| j.lost == 0 && j.doubled == 0)
    }
}
