//! A first full comparison of a company, and a second one that should find nothing to do.
//!
//! The limit on removals is out of the way, as the stand-ins' rate limits are: a company that is made up with years of
//! leavers in it would wait for days before it is in step.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use clap::Args;
use lanyard_engine::ports::Progress;
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    stand_in::Counted,
    table::{mebibytes, round, tell},
};
use crate::exit;

#[derive(Debug, Args)]
pub struct SweepArguments {
    /// People in the company; several sizes are measured one after another, each in a process of its own
    #[arg(long, value_delimiter = ',', default_value = "2000")]
    people: Vec<u32>,
    /// Fresh data folder to use and keep (one size only)
    #[arg(long = "data", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Leave the looks between the two comparisons out: the second one finds the same differences again
    #[arg(long)]
    no_looks: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

/// Notes what each step costs, by what is reported of it.
struct Steps(Mutex<Noted>);

struct Noted {
    /// What was used when something was reported last.
    before: (Instant, f64),
    steps: BTreeMap<String, Step>,
}

/// One step of a sweep, until the next one said how far it was.
#[derive(Debug, Clone, Copy, Default, Serialize)]
struct Step {
    seconds: f64,
    cpu_seconds: f64,
    /// The most that was resident while it said so.
    rss_bytes: u64,
}

impl Steps {
    fn begin() -> Self {
        let before = (Instant::now(), Usage::own().cpu_seconds);
        Self(Mutex::new(Noted { before, steps: BTreeMap::new() }))
    }

    fn end(self) -> BTreeMap<String, Step> {
        self.report("the rest", 0, None);
        let mut steps = self.0.into_inner().unwrap_or_else(PoisonError::into_inner).steps;
        for step in steps.values_mut() {
            (step.seconds, step.cpu_seconds) = (round(step.seconds), round(step.cpu_seconds));
        }
        steps
    }
}

impl Progress for Steps {
    fn report(&self, what: &str, _: u64, _: Option<u64>) {
        let used = Usage::own();
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, cpu) = std::mem::replace(&mut noted.before, (Instant::now(), used.cpu_seconds));
        let step = match noted.steps.get_mut(what) {
            Some(step) => step,
            None => noted.steps.entry(what.to_owned()).or_default(),
        };
        step.seconds += at.elapsed().as_secs_f64();
        step.cpu_seconds += used.cpu_seconds - cpu;
        step.rss_bytes = step.rss_bytes.max(used.rss_bytes);
    }
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u32,
    identities: usize,
    accounts: usize,
    first: Sweep,
    /// Looks that the first sweep asked for were worked off before the second.
    looks: bool,
    settled_seconds: f64,
    settled_looks: u64,
    second: Sweep,
    peak_rss_bytes: u64,
    store_bytes: u64,
}

#[derive(Debug, Serialize)]
struct Sweep {
    seconds: f64,
    cpu_seconds: f64,
    calls: u64,
    /// What the certified lists need: full pages, counts, who we are, members of the groups that policy names, the
    /// catalogue.
    calls_minimum: u64,
    writes: u64,
    calls_by_endpoint: BTreeMap<String, u64>,
    differing: usize,
    /// Of those: people for whom everything waits.
    waiting: usize,
    certified: bool,
    doubts: Vec<String>,
    /// Of this sweep alone.
    peak_rss_bytes: u64,
    /// Before it began.
    rss_bytes: u64,
    by_step: BTreeMap<String, Step>,
}

/// # Errors
/// When something cannot be started or read.
pub async fn run(arguments: SweepArguments) -> anyhow::Result<u8> {
    if let [people] = arguments.people[..] {
        return one(people, arguments.data, !arguments.no_looks).await;
    }
    // Peaks of memory are a process's own: each size gets a fresh one.
    for people in &arguments.people {
        let program = std::env::current_exe()?;
        let ended = std::process::Command::new(program)
            .args(["bench", "sweep", "--json", "--people", &people.to_string()])
            .args(arguments.no_looks.then_some("--no-looks"))
            .status()?;
        anyhow::ensure!(ended.success(), "the bench of {people} people ended with {ended}");
    }
    Ok(exit::DONE)
}

async fn one(people: u32, data: Option<PathBuf>, looks: bool) -> anyhow::Result<u8> {
    let mut rig = Rig::open_without_limits(people, data.as_deref()).await?;
    let at_start = Usage::own().peak_rss_bytes;
    let (first, identities, accounts) = sweep(&mut rig, "the first").await?;
    rig.engine.latency.reset();
    let begun = Instant::now();
    if looks {
        rig.engine.work_until_quiet().await;
    }
    let settled_seconds = round(begun.elapsed().as_secs_f64());
    let settled_looks = rig.engine.latency.totals().looks;
    let before_second = Usage::own().peak_rss_bytes;
    let (second, ..) = sweep(&mut rig, "the second").await?;
    let report = Report {
        bench: "sweep",
        machine: Machine::read(&rig.folder.path),
        people,
        identities,
        accounts,
        first,
        looks,
        settled_seconds,
        settled_looks,
        peak_rss_bytes: at_start.max(before_second).max(second.peak_rss_bytes),
        second,
        store_bytes: std::fs::metadata(crate::wiring::store_folder(&rig.folder.path).join("lanyard.db"))
            .map_or(0, |file| file.len()),
    };
    let row = |name: &str, sweep: &Sweep| {
        vec![
            people.to_string(),
            name.to_owned(),
            sweep.seconds.to_string(),
            sweep.cpu_seconds.to_string(),
            format!("{} (at least {})", sweep.calls, sweep.calls_minimum),
            sweep.writes.to_string(),
            sweep.differing.to_string(),
            mebibytes(sweep.peak_rss_bytes),
        ]
    };
    let rows = vec![row("first", &report.first), row("second", &report.second)];
    let head = ["people", "sweep", "seconds", "CPU s", "calls", "writes", "differ", "peak RSS"];
    let sound = report.second.writes == 0;
    tell(&report, &head, rows)?;
    rig.close().await;
    Ok(if sound { exit::DONE } else { exit::FAILED })
}

async fn sweep(rig: &mut Rig, why: &str) -> anyhow::Result<(Sweep, usize, usize)> {
    let before = rig.other.calls().await?;
    let used = Usage::fresh();
    let steps = Steps::begin();
    let begun = Instant::now();
    let report = rig.engine.sweep(None, why, &steps).await?;
    let seconds = round(begun.elapsed().as_secs_f64());
    let by_step = steps.end();
    let after = Usage::own();
    let made = rig.other.calls().await?;
    let grew = growth(&before, &made);
    let calls: u64 = grew.iter().map(|(_, calls)| calls).sum();
    let writes = grew.iter().filter(|(endpoint, _)| !endpoint.contains(" GET ")).map(|(_, n)| n).sum();
    let minimum = minimum(rig, &report, &grew).await?;
    let result = Sweep {
        seconds,
        cpu_seconds: round(after.cpu_seconds - used.cpu_seconds),
        calls,
        calls_minimum: minimum,
        writes,
        calls_by_endpoint: grew.into_iter().collect(),
        differing: report.differing,
        waiting: report.waiting,
        certified: report.certified,
        doubts: report.doubts.clone(),
        peak_rss_bytes: after.peak_rss_bytes,
        rss_bytes: used.rss_bytes,
        by_step,
    };
    Ok((result, report.people, report.accounts))
}

/// Calls by endpoint between two counts, polls of the log, sign-in and hooks apart.
fn growth(before: &Counted, after: &Counted) -> Vec<(String, u64)> {
    let apart = |endpoint: &str| ["/logs", "oauth2", "eventHooks"].iter().any(|part| endpoint.contains(part));
    after
        .by_endpoint
        .iter()
        .filter(|(endpoint, _)| !apart(endpoint))
        .map(|(endpoint, calls)| {
            (endpoint.clone(), calls - before.by_endpoint.get(endpoint).copied().unwrap_or(0))
        })
        .filter(|(_, calls)| *calls > 0)
        .collect()
}

/// Rows per page that the contracts allow: 200 in Okta, 100 in iOffice.
const OKTA_ROWS: u64 = 200;
const IOFFICE_ROWS: u64 = 100;

/// People, groups and members in full pages of Okta, and whether we see everybody; accounts in full pages of iOffice,
/// with who we are and a count before and after; the definitions of people's and accounts' fields; everything else of iOffice
/// (the catalogue, which decisions need) as it was read.
async fn minimum(
    rig: &Rig,
    report: &lanyard_engine::sweep::SweepReport,
    grew: &[(String, u64)],
) -> anyhow::Result<u64> {
    let pages = |rows: u64, of: u64| rows.div_ceil(of).max(1);
    let mut calls = 0;
    let named = rig.engine.active().policy.groups();
    for tenant in rig.engine.directories().keys() {
        let groups = rig.engine.store().groups(tenant).await?;
        calls += pages(groups.len() as u64, OKTA_ROWS) + 1;
        for group in groups.iter().filter(|group| named.contains(&group.id)) {
            let members = rig.engine.store().members(tenant, &group.id).await?;
            calls += pages(members.len() as u64, OKTA_ROWS);
        }
    }
    calls += pages(report.people as u64, OKTA_ROWS);
    calls += pages(report.accounts as u64, IOFFICE_ROWS) + 3;
    let definitions = grew.iter().filter(|(endpoint, _)| endpoint.contains("/meta/"));
    calls += definitions.map(|(_, calls)| calls).sum::<u64>();
    let of_accounts = ["ioffice GET users", "ioffice GET users/count", "ioffice GET users/me"];
    let catalogue = grew.iter().filter(|(endpoint, _)| {
        endpoint.starts_with("ioffice GET ") && !of_accounts.contains(&endpoint.as_str())
    });
    Ok(calls + catalogue.map(|(_, calls)| calls).sum::<u64>())
}
