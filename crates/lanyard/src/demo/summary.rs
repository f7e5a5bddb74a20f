//! What came of the day, judged by what the stand-ins hold, not by what the engine says.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use lanyard_sim::scenario::{Day, audit::audit};
use serde::Serialize;

use super::{calls, company::Office, director::Director};
use crate::stand_ins::Started;

/// The last line of `demo --once`.
#[derive(Debug, Serialize)]
pub struct Summary {
    pub converged: bool,
    pub people: u32,
    pub expectations: usize,
    pub broken: Vec<Broken>,
    pub duplicates: usize,
    pub wrongful_removals: usize,
    /// Left alone because their data leaves no other choice, with a finding for a person.
    pub aside: usize,
    pub untouched_foreign: bool,
    pub repeated_writes: usize,
    /// From Okta's status change to the last of it gone, for everybody deactivated during the day.
    pub leaver_seconds_p99: f64,
    pub leavers: usize,
    pub calls_used: u64,
    pub calls_minimum: u64,
    pub calls_faulted: u64,
    pub calls_polls: u64,
    pub events_hook_only: u64,
    pub events_feed_only: u64,
    pub events_both: u64,
    /// People whom a door is to open to, by the auditor's own reckoning.
    pub may_enter: usize,
    /// What the badge system was told. No call to Okta or iOffice, and in none of the counts of calls.
    pub doors_told: u64,
    pub operations: u64,
    pub operations_failed: u64,
    pub dead: u64,
    /// Operations of a sweep after everything came to rest.
    pub second_sweep_differences: usize,
    pub messages: usize,
    pub journal_lines: u64,
    pub journal_damage: Option<String>,
    pub day_seconds: i64,
    pub wall_seconds: f64,
    pub refused_by_stand_ins: Vec<String>,
}

/// Something that should be and is not.
#[derive(Debug, Serialize)]
pub struct Broken {
    pub who: String,
    pub what: String,
    pub expected: String,
    pub found: String,
}

impl Broken {
    fn new(who: &str, what: &str, expected: &str, found: &str) -> Self {
        Self { who: who.into(), what: what.into(), expected: expected.into(), found: found.into() }
    }
}

impl Summary {
    /// Asks the engine to sweep once more, then compares what the stand-ins hold with what the day promised.
    ///
    /// # Errors
    /// When store or stand-ins cannot be read.
    pub async fn gather(
        office: &Office,
        started: &Started,
        day: &Arc<Day>,
        director: &Director,
        now: Timestamp,
        wall: Duration,
    ) -> anyhow::Result<Self> {
        let engine = &office.engine;
        let store = engine.store();
        let counted = calls::count(engine);
        let totals = engine.latency.totals();
        let again = engine.survey(None, &lanyard_engine::ports::Silent).await?;
        let verdict = audit(&started.company, day, started.running.desks(), now);
        let mut broken: Vec<Broken> = verdict
            .expectations
            .iter()
            .filter(|expected| !expected.ok)
            .map(|e| Broken::new(&e.who, "", &e.words, &e.why))
            .chain(verdict.differences.iter().map(|d| Broken::new(&d.who, &d.what, &d.expected, &d.found)))
            .chain(
                verdict
                    .wrongful_removal_list
                    .iter()
                    .map(|w| Broken::new(&w.who, "taken away", "kept", &w.what)),
            )
            .chain(
                verdict.duplicate_list.iter().map(|d| {
                    Broken::new(&d.key, "accounts", "one", &format!("{:?} in {}", d.accounts, d.site))
                }),
            )
            .chain(verdict.touched.iter().map(|t| Broken::new(&t.whose, "not ours", "untouched", &t.what)))
            .chain(
                verdict
                    .problems
                    .iter()
                    .map(|problem| Broken::new("stand-ins", "record", "readable", problem)),
            )
            .collect();
        let (mut hook_only, mut feed_only, mut both) = (0, 0, 0);
        for tenant in engine.directories().keys() {
            let ledger = store.ledger(tenant).await?;
            hook_only += ledger.hook_only;
            feed_only += ledger.feed_only;
            both += ledger.both;
        }
        for open in store.leavers(true, 1000).await? {
            broken.push(Broken::new(&open.identity.to_string(), "left", "verified gone", "still open"));
        }
        let differences =
            again.decided.differing.iter().filter(|f| f.plan.open_steps().next().is_some()).count();
        for finding in again.decided.differing.iter().filter(|f| f.plan.open_steps().next().is_some()) {
            let text = lanyard_plan::render::render_plan(&finding.plan);
            broken.push(Broken::new(
                &finding.plan.person,
                "a sweep afterwards",
                "nothing to do",
                text.trim(),
            ));
        }
        let work = store.work_counts(None, now).await?;
        let heads = store.tree_heads().await?;
        Ok(Self {
            converged: broken.is_empty() && differences == 0 && work.dead == 0,
            people: started.company.settings.people,
            expectations: day.expectations().count(),
            broken,
            duplicates: verdict.duplicates,
            wrongful_removals: verdict.wrongful_removals,
            aside: verdict.aside.len(),
            untouched_foreign: verdict.untouched_foreign,
            repeated_writes: verdict.repeated_writes,
            leaver_seconds_p99: verdict.leaver_seconds_p99,
            leavers: verdict.leavers.len(),
            calls_used: counted.used,
            calls_minimum: counted.minimum,
            calls_faulted: counted.faulted,
            calls_polls: counted.polls,
            events_hook_only: hook_only,
            events_feed_only: feed_only,
            events_both: both,
            may_enter: verdict.may_enter,
            doors_told: totals.doors,
            operations: totals.writes,
            operations_failed: totals.failed,
            dead: work.dead,
            second_sweep_differences: differences,
            messages: office.mailbox.count().await,
            journal_lines: heads.iter().map(|head| head.size).sum(),
            journal_damage: store.verify_journal().await?,
            day_seconds: now.duration_since(day.start).as_secs(),
            wall_seconds: wall.as_secs_f64(),
            refused_by_stand_ins: director.refused(),
        })
    }

    /// Whether every invariant held.
    pub fn is_sound(&self) -> bool {
        self.converged
            && self.duplicates == 0
            && self.wrongful_removals == 0
            && self.untouched_foreign
            && self.repeated_writes == 0
            && self.journal_damage.is_none()
            && self.refused_by_stand_ins.is_empty()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text);
        for broken in &self.broken {
            let _ = writeln!(
                text,
                "BROKEN  {}: {} (expected: {}; found: {})",
                broken.who, broken.what, broken.expected, broken.found
            );
        }
        let _ = writeln!(
            text,
            "{} of {} promises kept",
            self.expectations.saturating_sub(self.broken.len()),
            self.expectations
        );
        let _ = writeln!(
            text,
            "{} operations accepted, {} failed and were followed up, {} people wait for somebody",
            self.operations, self.operations_failed, self.dead
        );
        let _ = writeln!(
            text,
            "the badge system was told {} times: {} people may enter, nobody else",
            self.doors_told, self.may_enter
        );
        let _ = writeln!(
            text,
            "{} leavers out, 99 % within {:.1} s of leaving in Okta",
            self.leavers, self.leaver_seconds_p99
        );
        let _ = writeln!(
            text,
            "{} calls used, {} needed at least, {} refused or cut by faults, {} polls",
            self.calls_used, self.calls_minimum, self.calls_faulted, self.calls_polls
        );
        let _ = writeln!(
            text,
            "{} events by hook and log, {} by hook only, {} by log only",
            self.events_both, self.events_hook_only, self.events_feed_only
        );
        let _ = writeln!(
            text,
            "a sweep afterwards finds {} differences; {} journal lines verify",
            self.second_sweep_differences, self.journal_lines
        );
        let _ = writeln!(
            text,
            "{} hours in {:.1} seconds: {}",
            self.day_seconds / 3600,
            self.wall_seconds,
            if self.is_sound() { "converged" } else { "NOT converged" }
        );
        text
    }
}
