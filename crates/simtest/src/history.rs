//! What one history came to, and how it is told.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    time::Duration,
};

use jiff::Timestamp;
use lanyard_sim::host::DeskName;

use crate::{
    auditor::{Removals, Violation},
    guards::Guards,
    script::Plan,
    twin::Ends,
};

/// One history, lived and judged.
#[derive(Debug)]
pub struct History {
    pub seed: u64,
    pub plan: Plan,
    /// What happened, by virtual time.
    pub events: Vec<(Timestamp, String)>,
    /// Over the journal's trees and the stand-ins' own journals.
    pub hash: String,
    pub violations: Vec<Violation>,
    /// How often each fault struck, by kind.
    pub hits: BTreeMap<String, u64>,
    /// Kinds that were meant to strike and did not.
    pub missed: Vec<String>,
    /// How often each invariant was judged.
    pub checks: BTreeMap<&'static str, u64>,
    pub steps: Steps,
    /// In the life that ran at the end of the busy time: points before the first step, if it ran then, and at the end.
    pub span: (u64, u64),
    /// Its points' marks, by number, where they were asked for ([`crate::Options`]): a death ends the same at points with
    /// the same.
    pub marks: Vec<u64>,
    /// Points that each finished life passed.
    pub points: Vec<u64>,
    pub lives: u32,
    /// Writes that reached a site.
    pub writes: usize,
    pub simulated: Duration,
    /// What everybody has in the end.
    pub ends: Ends,
    /// From when on nothing was late any more.
    pub well_from: Timestamp,
    /// How each site's limit on removals stands in the end.
    pub removals: BTreeMap<DeskName, Removals>,
    /// Numbers of people who keep what they had, since they left before they were known.
    pub strangers: BTreeSet<String>,
    /// Numbers of people who are on leave in the end.
    pub away: BTreeSet<String>,
}

/// Things that happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Steps {
    /// Requests of the process.
    pub exchanges: u64,
    /// Hook deliveries that reached it.
    pub deliveries: u64,
    /// Batches and claims that it made durable.
    pub commits: u64,
    /// What people did, and what was done to the process.
    pub deeds: u64,
}

impl Steps {
    pub fn all(self) -> u64 {
        self.exchanges + self.deliveries + self.commits + self.deeds
    }
}

impl History {
    /// A short readable history of what went wrong, and how to see it again.
    pub fn told(&self) -> String {
        let plan = &self.plan;
        let mut out = format!(
            "seed {}: {} people, {:?} accounts, {} org(s), preset {}, busy for {} h, feed every {} s, hooks {}, cap {} %, {} kills{}{}\n",
            self.seed,
            plan.world.people,
            plan.world.accounts,
            plan.world.orgs,
            plan.preset,
            plan.busy_for.as_secs() / 3600,
            plan.feed_interval.as_secs(),
            plan.hooks,
            plan.percent_max,
            plan.kills,
            if plan.observe_only { ", observing only" } else { "" },
            if plan.guards == Guards::default() { String::new() } else { format!(", {:?}", plan.guards) },
        );
        for (at, words) in &self.events {
            let _ = writeln!(out, "  {} {words}", at.strftime("%d %H:%M:%S%.3f"));
        }
        for violation in &self.violations {
            let _ = writeln!(out, "VIOLATION {violation}");
        }
        let without = match plan.without.is_nothing() {
            true => String::new(),
            false => format!(" --without {}", plan.without),
        };
        let profile = plan.profile.name();
        let _ = write!(
            out,
            "replay: cargo xtask simtest --from {} --seeds 1 --profile {profile} --preset {}{without}",
            self.seed, plan.preset
        );
        out
    }
}
