//! Decisions and plans alone: no sockets, no store, nothing remembered.
//!
//! Everybody is another person: made from the seed in batches, given the account of somebody in step, decided and
//! planned as a nightly comparison does it, and dropped. Only deciding and planning is counted; what it costs to make
//! people up is told beside it. The policy is as big companies have them: see [`super::population`].

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use jiff::Timestamp;
use lanyard_model::{desired::Lifecycle, id::SiteId, place::Catalogue, signal::Lane};
use lanyard_plan::{Observation, Removal, Seen, Setting, plan_identity, seating::Seating};
use lanyard_policy::{Bound, Facts, Policy};
use serde::Serialize;

use super::{
    machine::{Machine, Usage},
    population::{self, SharedNames},
    table::{mebibytes, round, tell},
};
use crate::{exit, wiring::wall_clock};

/// People made, decided and dropped together.
const BATCH: u64 = 4_000;

#[derive(Debug, Args)]
pub struct DecideArguments {
    /// People to decide and plan for
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(10..=10_000_000))]
    people: u32,
    /// Tell every reason of everybody, as `explain` does, not only of those who differ
    #[arg(long)]
    explain: bool,
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    bench: &'static str,
    machine: Machine,
    people: u64,
    people_distinct: u64,
    policy: PolicySize,
    explained: bool,
    active: u64,
    plans_with_steps: u64,
    /// People for whose decision an expression (CEL) was evaluated.
    cel_people: u64,
    /// Deciding and planning, all threads together.
    decide_cpu_seconds: f64,
    /// All of the process, with making the people up.
    process_cpu_seconds: f64,
    wall_seconds: f64,
    peak_rss_bytes: u64,
    p50_decision_us: f64,
    p99_decision_us: f64,
}

#[derive(Debug, Serialize)]
struct PolicySize {
    groups: usize,
    flows: usize,
    table_rows: usize,
    bind_seconds: f64,
}

#[derive(Default)]
struct Sum {
    active: u64,
    with_steps: u64,
    met_cel: u64,
    cpu: Duration,
    /// Decisions by tenths of a microsecond, the last slot for all longer ones.
    took: Vec<u32>,
}

const SLOTS: usize = 20_000;

struct Office {
    policy: Policy,
    bound: Bound,
    catalogue: Catalogue,
    seating: Seating,
    now: Timestamp,
    explain: bool,
}

impl Office {
    /// With the seconds that it took to bind the policy.
    fn open(explain: bool) -> anyhow::Result<(Self, f64)> {
        let catalogue = population::catalogue();
        let policy = Policy::parse(&population::policy())
            .map_err(|problems| anyhow::anyhow!("{}", problems.render()))?;
        let begun = Instant::now();
        let bound = policy.bind(&[(SiteId::new("hq"), catalogue.clone())].into());
        anyhow::ensure!(bound.problems().is_empty(), "{}", bound.problems().render());
        let bind_seconds = round(begun.elapsed().as_secs_f64());
        let seating = Seating::new(&catalogue);
        Ok((Self { policy, bound, catalogue, seating, now: wall_clock(), explain }, bind_seconds))
    }
}

/// # Errors
/// When the bench's own policy has mistakes.
pub async fn run(arguments: DecideArguments) -> anyhow::Result<u8> {
    let machine = Machine::read(&std::env::temp_dir());
    let (office, bind_seconds) = Office::open(arguments.explain)?;
    let policy = &office.policy;
    let rows = policy.files().tables.values().map(|text| text.lines().count() - 1).sum();
    let size = PolicySize {
        groups: policy.groups().len(),
        flows: policy.flows().len(),
        table_rows: rows,
        bind_seconds,
    };
    let people = u64::from(arguments.people);
    let before = Usage::own();
    let begun = Instant::now();
    let sum = tokio::task::spawn_blocking(move || decide_all(&office, people)).await?;
    let wall_seconds = begun.elapsed().as_secs_f64();
    let after = Usage::own();
    let report = Report {
        bench: "decide",
        machine,
        people,
        people_distinct: people,
        policy: size,
        explained: arguments.explain,
        active: sum.active,
        plans_with_steps: sum.with_steps,
        cel_people: sum.met_cel,
        decide_cpu_seconds: round(sum.cpu.as_secs_f64()),
        process_cpu_seconds: round(after.cpu_seconds - before.cpu_seconds),
        wall_seconds: round(wall_seconds),
        peak_rss_bytes: after.peak_rss_bytes,
        p50_decision_us: sum.quantile(0.5),
        p99_decision_us: sum.quantile(0.99),
    };
    let row = vec![
        report.people.to_string(),
        report.cel_people.to_string(),
        report.decide_cpu_seconds.to_string(),
        report.wall_seconds.to_string(),
        report.p50_decision_us.to_string(),
        report.p99_decision_us.to_string(),
        mebibytes(report.peak_rss_bytes),
    ];
    tell(&report, &["people", "met CEL", "CPU s", "wall s", "p50 µs", "p99 µs", "peak RSS"], vec![row])?;
    Ok(exit::DONE)
}

/// CPU time of this thread, as the scheduler counts it; `None` where the system does not tell.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

fn decide_all(office: &Office, people: u64) -> Sum {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all = Mutex::new(Sum { took: vec![0; SLOTS], ..Sum::default() });
    let next = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let names = SharedNames::new();
                let mut sum = Sum { took: vec![0; SLOTS], ..Sum::default() };
                loop {
                    let from = next.fetch_add(BATCH, Ordering::Relaxed);
                    if from >= people {
                        break;
                    }
                    batch(office, &names, from..people.min(from + BATCH), &mut sum);
                }
                all.lock().unwrap_or_else(PoisonError::into_inner).add(&sum);
            });
        }
    });
    all.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn batch(office: &Office, names: &SharedNames, people: std::ops::Range<u64>, sum: &mut Sum) {
    let since = office.now - jiff::SignedDuration::from_hours(24);
    let cases: Vec<_> = people
        .map(|n| {
            let identity = population::identity(n, office.now, names);
            let wants = office.bound.evaluate_mute(&identity, &Facts::unlinked(since), office.now);
            let (account, applied) = population::account(n, &wants, names, office.now);
            (identity, account, applied)
        })
        .collect();
    let (cpu, wall) = (thread_cpu(), Instant::now());
    for (identity, account, applied) in &cases {
        let begun = Instant::now();
        let facts = Facts {
            account: Some(account),
            applied: Some(applied),
            gone: None,
            since,
            manager_account: None,
            delegate_account: None,
            linked: true,
            over: false,
        };
        let person = identity.display_name();
        let removal = Removal {
            protected: office.policy.protects(identity, None).map(|because| because.text),
            ..Removal::default()
        };
        let setting = Setting {
            site: &names.site,
            catalogue: &office.catalogue,
            seating: &office.seating,
            removal: &removal,
            policy: office.policy.seal(),
            now: office.now,
            lane: Lane::Bulk,
            attempt: 0,
            person: &person,
            nameless: false,
        };
        let seen = Observation {
            account: Seen::Present(account),
            link: Some(&account.key),
            bookings: None,
            applied,
        };
        let (mut desired, expressions) =
            office.bound.evaluate_counting(identity, &facts, office.now, office.explain);
        let mut plan = plan_identity(&desired, &seen, &setting);
        if !office.explain && (!plan.is_quiet() || !plan.notices.is_empty()) {
            // Whoever differs is told why, exactly as a sweep does it.
            desired = office.bound.evaluate(identity, &facts, office.now);
            plan = plan_identity(&desired, &seen, &setting);
        }
        sum.active += u64::from(desired.lifecycle == Lifecycle::Active);
        sum.with_steps += u64::from(!plan.steps.is_empty());
        sum.met_cel += u64::from(expressions > 0);
        drop((desired, plan));
        sum.took[((begun.elapsed().as_nanos() / 100) as usize).min(SLOTS - 1)] += 1;
    }
    sum.cpu += match (cpu, thread_cpu()) {
        (Some(before), Some(after)) => after.saturating_sub(before),
        _ => wall.elapsed(),
    };
}

impl Sum {
    fn add(&mut self, other: &Self) {
        self.active += other.active;
        self.with_steps += other.with_steps;
        self.met_cel += other.met_cel;
        self.cpu += other.cpu;
        for (mine, theirs) in self.took.iter_mut().zip(&other.took) {
            *mine += theirs;
        }
    }

    /// In microseconds, rounded up to tenths.
    fn quantile(&self, q: f64) -> f64 {
        let all: u64 = self.took.iter().map(|n| u64::from(*n)).sum();
        let mut left = (all as f64 * q) as u64;
        for (slot, count) in self.took.iter().enumerate() {
            if left < u64::from(*count) {
                return (slot + 1) as f64 / 10.0;
            }
            left -= u64::from(*count);
        }
        SLOTS as f64 / 10.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_is_met_by_somebody_and_by_fewer_than_one_in_a_hundred() {
        let (office, _) = Office::open(false).expect("the policy");
        for people in [78, 1_000, 10_000] {
            let met = decide_all(&office, people).met_cel;
            assert!((1..=people.div_ceil(100)).contains(&met), "{met} of {people} met an expression");
        }
    }
}
