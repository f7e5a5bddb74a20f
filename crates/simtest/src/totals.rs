//! What a run of many seeds amounted to.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};

use crate::history::{History, Steps};

/// Seeds of failed histories that are named one by one.
const NAMED_MAX: usize = 50;

/// Sums over histories.
#[derive(Debug, Default)]
pub struct Totals {
    pub histories: u64,
    pub steps: Steps,
    pub least_steps: Option<u64>,
    pub lives: u64,
    pub seconds_simulated: u64,
    pub writes: u64,
    pub faults_by_kind: BTreeMap<String, u64>,
    /// Histories in which both of two kinds struck.
    pub fault_pairs: BTreeMap<String, u64>,
    pub checks: BTreeMap<&'static str, u64>,
    pub violations: u64,
    pub violations_by_invariant: BTreeMap<String, u64>,
    pub failed: Vec<u64>,
    /// What the first ones of them broke first.
    pub told_of: BTreeMap<u64, String>,
    /// Histories that were lived twice with equal hashes of their traces.
    pub repeated: u64,
    pub shorter_than_wanted: u64,
}

impl Totals {
    /// `wanted`: steps that a history should have.
    pub fn add(&mut self, history: &History, wanted: u64) {
        self.histories += 1;
        self.steps.exchanges += history.steps.exchanges;
        self.steps.deliveries += history.steps.deliveries;
        self.steps.commits += history.steps.commits;
        self.steps.deeds += history.steps.deeds;
        let steps = history.steps.all();
        self.least_steps = Some(self.least_steps.map_or(steps, |least| least.min(steps)));
        self.shorter_than_wanted += u64::from(steps < wanted);
        self.lives += u64::from(history.lives);
        self.seconds_simulated += history.simulated.as_secs();
        self.writes += history.writes as u64;
        for (kind, hits) in &history.hits {
            *self.faults_by_kind.entry(kind.clone()).or_default() += hits;
        }
        let kinds: Vec<&String> = history.hits.keys().collect();
        for (at, first) in kinds.iter().enumerate() {
            for second in &kinds[at + 1..] {
                *self.fault_pairs.entry(format!("{first} + {second}")).or_default() += 1;
            }
        }
        for (invariant, count) in &history.checks {
            *self.checks.entry(invariant).or_default() += count;
        }
        self.violations += history.violations.len() as u64;
        for violation in &history.violations {
            *self.violations_by_invariant.entry(violation.invariant.to_owned()).or_default() += 1;
        }
        if let Some(first) = history.violations.first() {
            self.failed.push(history.seed);
            self.tell(history.seed, first.to_string());
        }
    }

    /// A history that could not be judged: it panicked, or its second life was another one.
    pub fn add_broken(&mut self, seed: u64, what: &str) {
        self.violations += 1;
        *self.violations_by_invariant.entry(what.to_owned()).or_default() += 1;
        if !self.failed.contains(&seed) {
            self.failed.push(seed);
        }
        self.tell(seed, what.to_owned());
    }

    fn tell(&mut self, seed: u64, what: String) {
        if self.told_of.len() < NAMED_MAX {
            self.told_of.entry(seed).or_insert(what);
        }
    }

    pub fn faults(&self) -> u64 {
        self.faults_by_kind.values().sum()
    }

    pub fn report(&self, seconds: f64, cpu_seconds: Option<f64>) -> Value {
        let steps = self.steps.all();
        json!({
            "histories": self.histories,
            "steps": steps,
            "steps_by_kind": {
                "exchanges": self.steps.exchanges,
                "deliveries": self.steps.deliveries,
                "commits": self.steps.commits,
                "deeds": self.steps.deeds,
            },
            "least_steps_of_a_history": self.least_steps,
            "histories_shorter_than_wanted": self.shorter_than_wanted,
            "simulated_days": (self.seconds_simulated as f64 / 86_400.0 * 10.0).round() / 10.0,
            "lives": self.lives,
            "writes": self.writes,
            "faults": self.faults(),
            "faults_by_kind": self.faults_by_kind,
            "fault_pairs": { "different": self.fault_pairs.len(), "histories": self.fault_pairs },
            "checks": self.checks.values().sum::<u64>(),
            "checks_by_invariant": self.checks,
            "violations": self.violations,
            "violations_by_invariant": self.violations_by_invariant,
            "failing_seeds": self.failed.len(),
            "first_failing_seeds": self.failed.iter().take(NAMED_MAX).collect::<Vec<_>>(),
            "first_failures": self.told_of,
            "lived_twice": self.repeated,
            "seconds": (seconds * 10.0).round() / 10.0,
            "cpu_seconds": cpu_seconds,
            "steps_per_second": if seconds > 0.0 { (steps as f64 / seconds).round() } else { 0.0 },
        })
    }

    /// The same for people: without the pairs one by one.
    pub fn told(&self, seconds: f64, cpu_seconds: Option<f64>) -> String {
        let mut out = String::new();
        let steps = self.steps.all();
        let _ = writeln!(
            out,
            "{} histories, {steps} steps ({} exchanges, {} deliveries, {} commits, {} deeds), {:.1} simulated days, {} lives of the process, {} writes",
            self.histories,
            self.steps.exchanges,
            self.steps.deliveries,
            self.steps.commits,
            self.steps.deeds,
            self.seconds_simulated as f64 / 86_400.0,
            self.lives,
            self.writes,
        );
        let _ = writeln!(
            out,
            "{} faults of {} kinds in {} pairs:",
            self.faults(),
            self.faults_by_kind.len(),
            self.fault_pairs.len()
        );
        for (kind, count) in &self.faults_by_kind {
            let _ = writeln!(out, "  {count:>9}  {kind}");
        }
        let checks: Vec<String> = self.checks.iter().map(|(name, count)| format!("{name} {count}")).collect();
        let _ = writeln!(out, "{} checks: {}", self.checks.values().sum::<u64>(), checks.join(", "));
        let cpu = cpu_seconds.map(|cpu| format!(", {cpu:.1} s of CPU")).unwrap_or_default();
        let _ = writeln!(
            out,
            "{} lived twice; {seconds:.1} s{cpu}, {:.0} steps/s",
            self.repeated,
            steps as f64 / seconds.max(0.001)
        );
        let _ = writeln!(out, "{} violations in {} seeds", self.violations, self.failed.len());
        for (seed, what) in &self.told_of {
            let _ = writeln!(out, "  {seed:>9}  {what}");
        }
        out
    }
}
