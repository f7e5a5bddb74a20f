//! Room under the limits on removals: what is charged against them, and what is told where one is reached.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_model::{
    clearance::{ClearanceKind, ClearanceState},
    id::{IdentityId, SiteId},
    plan::Plan,
};

use super::{Scene, Stop};
use crate::{
    Engine,
    ports::{Charge, Finding, Severity, StoreFailure, Write},
};

/// Waiting requests read to say who waits for room under a limit. A crowd is not counted anew for each of them.
const WAITING_READ_MAX: usize = 100;
/// People that a finding names; the others are counted.
const WAITING_NAMED_MAX: usize = 5;

/// Longer than any run.
const RUN_SECONDS: u64 = 10 * 366 * 86_400;

impl Engine {
    /// Room under the site's cap on removals. Charged where policy sets none, too: a limit that is set later counts what
    /// was taken within its window.
    pub(super) fn charge(&self, scene: &Scene<'_>, pass: Option<String>) -> Charge {
        let guardrails = scene.active.policy.guardrails();
        Charge {
            scope: removals_scope(scene.site.id()),
            unit: scene.person.identity.id.to_string(),
            window_seconds: u64::from(guardrails.window_seconds),
            max: self.removals_max(scene.site.id()).unwrap_or(u64::MAX),
            pass,
        }
    }

    /// Room under the site's cap for one run, where policy sets one.
    pub(super) fn run_charge(&self, scene: &Scene<'_>, pass: Option<String>) -> Option<Charge> {
        let site = scene.site.id();
        Some(Charge {
            scope: self.run_scope(site)?,
            unit: scene.person.identity.id.to_string(),
            window_seconds: RUN_SECONDS,
            max: self.run_removals_max()?,
            pass,
        })
    }

    /// What removals in a site are counted under during the run that it is in.
    pub(crate) fn run_scope(&self, site: &SiteId) -> Option<String> {
        self.run_in(site).map(|run| format!("{}:run:{run}", removals_scope(site)))
    }

    /// How many people of a site may lose something in one run.
    pub(crate) fn run_removals_max(&self) -> Option<u64> {
        self.active().policy.guardrails().max_people_per_run.map(u64::from)
    }

    /// Whether a limit by run that was reached has room again: another run has begun since, or the limit is another.
    pub(crate) async fn has_room_in_run(&self, site: &SiteId, scope: &str) -> Result<bool, StoreFailure> {
        match (self.run_scope(site), self.run_removals_max()) {
            (Some(now), Some(max)) if now == scope => {
                Ok(self.store.cap_used(scope, Timestamp::UNIX_EPOCH).await? < max)
            }
            _ => Ok(true),
        }
    }

    /// How many people of a site may lose something within the window.
    pub fn removals_max(&self, site: &SiteId) -> Option<u64> {
        self.active().policy.guardrails().removals_max(self.people_in(site))
    }

    /// How many people of a site lost something within the window that ends now.
    ///
    /// # Errors
    /// The store's.
    pub async fn removals_used(&self, site: &SiteId) -> Result<u64, StoreFailure> {
        let window = u64::from(self.active().policy.guardrails().window_seconds);
        let since = self.clock.now() - std::time::Duration::from_secs(window);
        self.store.cap_used(&removals_scope(site), since).await
    }

    pub(super) async fn cap_finding(
        &self,
        scene: &Scene<'_>,
        plan: &Plan,
        scope: &str,
        used: u64,
        max: u64,
    ) -> Result<Write, Stop> {
        let site = scene.site.id();
        let waiting = self.store.clearances(ClearanceState::Waiting, WAITING_READ_MAX).await?;
        let cut_off = waiting.len() == WAITING_READ_MAX;
        let waiting = waiting.into_iter().filter(|it| it.kind == ClearanceKind::Cap && it.site == *site);
        let mut people: BTreeMap<IdentityId, String> = waiting.map(|it| (it.identity, it.person)).collect();
        people.insert(plan.identity.clone(), plan.person.clone());
        let named: Vec<&str> = people.values().take(WAITING_NAMED_MAX).map(String::as_str).collect();
        let more = match people.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let who = format!("{}{more} would lose something next", named.join(", "));
        let count = wait_said(people.len(), cut_off);
        let (span, until) = match scope == removals_scope(site) {
            true => ("window", "window moves on"),
            false => ("run", "next comparison of everybody begins"),
        };
        Ok(Write::Finding(Box::new(Finding {
            key: format!("cap:{scope}"),
            kind: "cap".into(),
            severity: Severity::Error,
            tenant: None,
            site: Some(scene.site.id().clone()),
            identity: None,
            title: format!("the limit on removals in {} is reached", scene.site.id()),
            detail: format!(
                "{used} of {max} people in the {span} already lost something. {count}: {who}. They and whoever \
                 follows keep what they have until the {until}. Additions go on."
            ),
            fix: Some(format!(
                "see who would lose what, and decide on them: lanyard approvals list, or Approvals in the console \
                 (/{}/approvals). A yes lets exactly these people through, and the limit stays. If it is wrong, \
                 correct what made so many people leave",
                plan.identity.tenant
            )),
            count: None,
            since: self.clock.now(),
        })))
    }
}

/// How many people wait, in words; where what was read of those who wait was cut off, there may be more.
fn wait_said(people: usize, cut_off: bool) -> String {
    let at_least = if cut_off { "at least " } else { "" };
    match people {
        1 => format!("{at_least}1 person waits"),
        people => format!("{at_least}{people} people wait"),
    }
}

/// What removals in a site are counted under.
pub(crate) fn removals_scope(site: &SiteId) -> String {
    format!("removals:{site}")
}

#[cfg(test)]
mod tests {
    use super::wait_said;

    #[test]
    fn whoever_waits_is_counted_as_far_as_was_read() {
        let said = [(1, false), (1, true), (3, false), (3, true)].map(|(people, cut)| wait_said(people, cut));
        assert_eq!(
            said,
            ["1 person waits", "at least 1 person waits", "3 people wait", "at least 3 people wait"]
        );
    }
}
