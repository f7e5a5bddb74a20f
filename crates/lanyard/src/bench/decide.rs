//! Decisions and plans alone: no sockets, no store, nothing remembered.
//!
//! People come from a survey of stand-ins after everything was brought into step, so that they are what the clients
//! really read and most plans are empty, as on any night. A company of at most 5,000 is decided again and again until
//! the wanted number is reached: what a decision costs does not depend on whom the last one was about.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use clap::Args;
use jiff::Timestamp;
use lanyard_engine::{Engine, ports::Silent};
use lanyard_model::{
    account::Account,
    desired::{Applied, Lifecycle},
    id::IdentityId,
    identity::Identity,
    place::Catalogue,
    signal::Lane,
};
use lanyard_plan::{Observation, Removal, Seen, Setting, plan_identity, seating::Seating};
use lanyard_policy::Facts;
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    rig::Rig,
    table::{mebibytes, round, tell},
};
use crate::exit;

/// People who are really different.
const DISTINCT_MAX: u32 = 5_000;

#[derive(Debug, Args)]
pub struct DecideArguments {
    /// People to decide and plan for
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    people: u32,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: usize,
    people_distinct: usize,
    policy: &'static str,
    active: usize,
    plans_with_steps: usize,
    decide_cpu_seconds: f64,
    wall_seconds: f64,
    peak_rss_bytes: u64,
    p50_decision_us: f64,
    p99_decision_us: f64,
}

struct Case {
    identity: Identity,
    account: Option<Account>,
    applied: Applied,
}

#[derive(Default)]
struct Sum {
    active: usize,
    with_steps: usize,
    /// Decisions by whole microseconds, the last slot for all longer ones.
    took: Vec<u32>,
}

const SLOTS: usize = 20_000;

/// # Errors
/// When the stand-ins cannot be started or read.
pub async fn run(arguments: DecideArguments) -> anyhow::Result<u8> {
    let rig = Rig::open(arguments.people.min(DISTINCT_MAX), None).await?;
    let (cases, catalogue, seating) = gather(&rig.engine).await?;
    let machine = Machine::read(&rig.folder.path);
    let engine = Arc::clone(&rig.engine);
    let people = arguments.people as usize;
    let distinct = cases.len();
    let before = Usage::own();
    let begun = Instant::now();
    let sum = tokio::task::spawn_blocking(move || decide_all(&engine, &cases, &catalogue, &seating, people))
        .await?;
    let wall_seconds = begun.elapsed().as_secs_f64();
    let after = Usage::own();
    let report = Report {
        bench: "decide",
        machine,
        people,
        people_distinct: distinct,
        policy: "demo",
        active: sum.active,
        plans_with_steps: sum.with_steps,
        decide_cpu_seconds: round(after.cpu_seconds - before.cpu_seconds),
        wall_seconds: round(wall_seconds),
        peak_rss_bytes: after.peak_rss_bytes,
        p50_decision_us: sum.quantile(0.5),
        p99_decision_us: sum.quantile(0.99),
    };
    let row = vec![
        report.people.to_string(),
        report.decide_cpu_seconds.to_string(),
        report.wall_seconds.to_string(),
        report.p50_decision_us.to_string(),
        report.p99_decision_us.to_string(),
        mebibytes(report.peak_rss_bytes),
    ];
    tell(&report, &["people", "CPU s", "wall s", "p50 µs", "p99 µs", "peak RSS"], vec![row])?;
    rig.close().await;
    Ok(exit::DONE)
}

/// People with their accounts and what is remembered of them, once everything is in step.
async fn gather(engine: &Arc<Engine>) -> anyhow::Result<(Vec<Case>, Arc<Catalogue>, Seating)> {
    engine.sweep(None, "before the bench", &Silent).await?;
    engine.work_until_quiet().await;
    let survey = engine.survey(None, &Silent).await?;
    let site = engine.sites().values().next().ok_or_else(|| anyhow::anyhow!("there is no site"))?;
    let mut accounts: HashMap<_, Account> =
        survey.sites.into_iter().flat_map(|site| site.accounts).map(|a| (a.key.clone(), a)).collect();
    let links: HashMap<IdentityId, _> = engine
        .store()
        .links(site.id())
        .await?
        .into_iter()
        .map(|link| (link.identity, link.account))
        .collect();
    let mut applied: HashMap<IdentityId, Applied> =
        engine.store().applied_all(site.id()).await?.into_iter().collect();
    let identities = survey.tenants.into_iter().flat_map(|tenant| tenant.identities);
    let cases: Vec<Case> = identities
        .map(|identity| {
            let account = links.get(&identity.id).and_then(|key| accounts.remove(key));
            let applied = applied.remove(&identity.id).unwrap_or_default();
            Case { identity, account, applied }
        })
        .collect();
    let catalogue = site.catalogue();
    let mut seating = Seating::new(&catalogue);
    for account in cases.iter().filter_map(|case| case.account.as_ref()) {
        seating.sit(account.id(), account.seat.map(|seat| seat.room));
    }
    Ok((cases, catalogue, seating))
}

fn decide_all(
    engine: &Engine,
    cases: &[Case],
    catalogue: &Catalogue,
    seating: &Seating,
    people: usize,
) -> Sum {
    let active = engine.active();
    let now = engine.clock().now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all = Mutex::new(Sum { took: vec![0; SLOTS], ..Sum::default() });
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (active, all) = (&active, &all);
            scope.spawn(move || {
                let mut sum = Sum { took: vec![0; SLOTS], ..Sum::default() };
                for at in (thread..people).step_by(threads) {
                    let case = &cases[at % cases.len()];
                    let begun = Instant::now();
                    let steps = decide_one(active, case, catalogue, seating, now, &mut sum);
                    sum.with_steps += usize::from(steps);
                    sum.took[(begun.elapsed().as_micros() as usize).min(SLOTS - 1)] += 1;
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).add(&sum);
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What a sweep does for one person after reading; whether the plan has steps.
fn decide_one(
    active: &lanyard_engine::engine::Active,
    case: &Case,
    catalogue: &Catalogue,
    seating: &Seating,
    now: Timestamp,
    sum: &mut Sum,
) -> bool {
    let facts = Facts {
        account: case.account.as_ref(),
        applied: Some(&case.applied),
        gone: None,
        since: case.identity.last_updated.unwrap_or(Timestamp::UNIX_EPOCH),
        manager_account: None,
        linked: case.account.is_some(),
    };
    let desired = active.bound.evaluate(&case.identity, &facts, now);
    sum.active += usize::from(desired.lifecycle == Lifecycle::Active);
    let Some(site) = desired.site.clone() else { return false };
    let removal = Removal {
        protected: active.policy.protects(&case.identity).map(|because| because.text),
        doubt: None,
        settle_until: desired.settle_until,
        limit: None,
    };
    let person = case.identity.display_name();
    let key = case.account.as_ref().map(|account| account.key.clone());
    let plan = plan_identity(
        &desired,
        &Observation {
            account: case.account.as_ref().map_or(Seen::Absent, Seen::Present),
            link: key.as_ref(),
            bookings: None,
            applied: &case.applied,
        },
        &Setting {
            site: &site,
            catalogue,
            seating,
            removal: &removal,
            policy: active.policy.seal(),
            now,
            lane: Lane::Bulk,
            attempt: 0,
            person: &person,
        },
    );
    !plan.steps.is_empty()
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.active += other.active;
        self.with_steps += other.with_steps;
        for (mine, theirs) in self.took.iter_mut().zip(&other.took) {
            *mine += theirs;
        }
    }

    /// In microseconds, rounded up to whole ones.
    fn quantile(&self, q: f64) -> f64 {
        let all: u64 = self.took.iter().map(|n| u64::from(*n)).sum();
        let mut left = (all as f64 * q) as u64;
        for (slot, count) in self.took.iter().enumerate() {
            if left < u64::from(*count) {
                return (slot + 1) as f64;
            }
            left -= u64::from(*count);
        }
        SLOTS as f64
    }
}
