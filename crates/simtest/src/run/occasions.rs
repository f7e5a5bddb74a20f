//! Whatever was drawn strikes at least once: where nobody gave it an occasion, one is made.

use std::{collections::BTreeMap, time::Duration};

use lanyard_engine::ports::Silent;
use lanyard_sim::{
    faults::{Effect, Rule, Target},
    host::Vendor,
};

use super::{Stage, kind_of};
use crate::weather::Mishap;

/// Rounds of making occasions for faults that have not struck.
const ROUNDS_TO_STRIKE: u32 = 8;
/// In the first ones, a few people are changed.
const ROUNDS_OF_A_FEW: u32 = 3;

/// A machine that stands still goes on by then.
const STANDS_STILL_MAX: Duration = Duration::from_secs(35 * 60);

impl Stage {
    /// Kinds that were drawn and have not struck yet strike now, at the first occasion; occasions are made. Answers
    /// what still did not.
    pub(super) async fn insist(&self) -> Vec<String> {
        let still = || {
            let now = self.sides.time.now();
            let mut wanting: Vec<(String, Option<Rule>, Option<Mishap>)> = Vec::new();
            let mut struck: BTreeMap<String, u64> = BTreeMap::new();
            for desk in self.sides.network.desks() {
                for report in desk.with(|face| face.report(now)) {
                    *struck.entry(kind_of(report.target, report.effect)).or_default() += report.hits;
                }
            }
            for rule in &self.plan.faults {
                let kind = kind_of(rule.target, rule.effect);
                // A jump of a face's clock is no occasion that is counted.
                if struck.get(&kind).is_none_or(|count| *count == 0) {
                    wanting.push((kind, Some(rule.clone()), None));
                }
            }
            for front in &self.plan.fronts {
                if !self.sides.weather.has_struck(front.mishap.name()) {
                    wanting.push((front.mishap.name().to_owned(), None, Some(front.mishap)));
                }
            }
            wanting.sort_by(|a, b| a.0.cmp(&b.0));
            wanting.dedup_by(|a, b| a.0 == b.0);
            wanting
        };
        let first = still();
        if first.is_empty() {
            return Vec::new();
        }
        // Kills and pauses would take the occasions away again.
        if let Some(present) = self.present() {
            present.life.spare();
            let _ = tokio::time::timeout(STANDS_STILL_MAX, present.life.live()).await;
        }
        let demand = |(kind, rule, mishap): &(String, Option<Rule>, Option<Mishap>)| {
            let now = self.sides.time.now();
            self.tell(format!("to go wrong now: {kind}"));
            if let Some(rule) = rule {
                let at_once = Rule {
                    from: None,
                    until: None,
                    probability: 1.0,
                    count: 1,
                    skip: 0,
                    every: 1,
                    ..rule.clone()
                };
                for desk in self.sides.network.desks() {
                    desk.with(|face| face.add(std::slice::from_ref(&at_once), now));
                }
            }
            if let Some(mishap) = mishap {
                self.sides.weather.insist(*mishap);
            }
        };
        // After a credential is revoked nothing else of that side can strike: it comes last; and that of Okta after that of a
        // site, which nobody is written to who cannot be read.
        let stage_of = |wanted: &(String, Option<Rule>, Option<Mishap>)| match &wanted.1 {
            Some(rule) if rule.effect != Effect::RevokeCredential => 0,
            Some(rule) if rule.target == Target::Okta => 2,
            Some(_) => 1,
            None => 0,
        };
        let demand_all = |stage| first.iter().filter(|wanted| stage_of(wanted) == stage).for_each(&demand);
        let mut stage = 0;
        demand_all(stage);
        for round in 0..ROUNDS_TO_STRIKE {
            self.make_occasions(round).await;
            tokio::time::sleep(Duration::from_secs(120)).await;
            // What has struck once is enough; a front would go on for ever.
            let left = still();
            self.sides.weather.clear();
            if left.is_empty() {
                return Vec::new();
            }
            if let Some(next) = left.iter().map(stage_of).min().filter(|next| *next > stage) {
                stage = next;
                demand_all(stage);
            }
            for (_, _, mishap) in &left {
                if let Some(mishap) = mishap {
                    self.sides.weather.insist(*mishap);
                }
            }
        }
        self.sides.weather.clear();
        still().into_iter().map(|(kind, _, _)| kind).collect()
    }

    /// Lists are read, people change, hooks leave.
    async fn make_occasions(&self, round: u32) {
        let engine = self.present_soon().await.engine;
        tokio::spawn(async move {
            let _ = engine.sweep(None, "an occasion", &Silent).await;
        });
        for (index, org) in self.sides.company.orgs.iter().enumerate() {
            // People who left since cannot be changed; somebody else can. Where all about whom nothing is doubtful have left,
            // anybody will do.
            let (clean, others): (Vec<_>, Vec<_>) = org.users.iter().partition(|user| user.dirt.is_clean());
            let people = clean.into_iter().skip(round as usize % 3).chain(others);
            // Under a role that was narrowed only some of them are told of: in the end everybody is changed.
            let most = if round < ROUNDS_OF_A_FEW { 3 } else { usize::MAX };
            let (mut changed, mut refused) = (0, None);
            for user in people {
                let profile = serde_json::json!({ "title": format!("Occasion {round}") });
                let change = serde_json::json!({"do": "update_profile", "user": user.id.to_string(), "profile": profile});
                match self.sides.command(Vendor::Okta, index, &change) {
                    Ok(_) => changed += 1,
                    Err(why) => refused = Some(why),
                }
                if changed == most {
                    break;
                }
            }
            if changed == 0 {
                self.tell(format!("nobody of org {index} can be changed: {}", refused.unwrap_or_default()));
                // Where everybody has left, somebody comes, whom the app's group does not have.
                let email = format!("occasion.{round}@{}", org.domain);
                let profile = serde_json::json!({ "login": email, "email": email, "firstName": "Occasion", "lastName": "Person" });
                let comes = serde_json::json!({"do": "create_user", "profile": profile, "activate": true, "groups": []});
                if let Err(why) = self.sides.command(Vendor::Okta, index, &comes) {
                    self.tell(format!("nobody can come to org {index}: {why}"));
                }
            }
        }
    }
}
