//! Limits, schedules and notification channels: the policy's word to the rest of the engine.

use lanyard_model::id::{SiteId, TenantId};
use serde::{Deserialize, Serialize};

/// Limits on taking away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardrails {
    /// People who may lose something within the window.
    pub max_people: Option<u32>,
    /// The same as a share of the people in scope.
    pub max_percent: Option<u32>,
    pub window_seconds: u32,
    /// People who may lose something in one run: from one comparison of a site to the next, or while a sealed what-if is
    /// applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_people_per_run: Option<u32>,
    /// A list shorter by more than this than the last certified one is in doubt.
    pub shrink_percent_max: u32,
    /// Absence needs proof. Cannot be switched off for leavers found by a list.
    pub certificate_required: bool,
    /// Whoever wants a policy published needs somebody else to agree.
    #[serde(default)]
    pub second_person: bool,
}

/// However few people there are, a share of them is not less than this.
const SHARE_MIN: u64 = 10;

impl Guardrails {
    /// How many people may lose something within the window, where there are so many people; `None`: as many as like.
    /// While nobody has counted them, the share is the least that it can be.
    pub fn removals_max(&self, people: Option<u64>) -> Option<u64> {
        let share = self.max_percent.map(|percent| {
            people.map_or(SHARE_MIN, |people| (people * u64::from(percent)).div_ceil(100).max(SHARE_MIN))
        });
        self.max_people.map(u64::from).into_iter().chain(share).min()
    }
}

impl Default for Guardrails {
    fn default() -> Self {
        Self {
            max_people: Some(25),
            max_percent: Some(5),
            window_seconds: 86_400,
            max_people_per_run: None,
            shrink_percent_max: 5,
            certificate_required: true,
            second_person: false,
        }
    }
}

/// When everybody is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    pub id: String,
    /// Five cron fields.
    pub cron: String,
    /// IANA name.
    pub zone: String,
    /// Only this site's accounts are compared; `None`: all sites'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Only this tenant's people are compared; `None`: all tenants'.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<TenantId>,
    /// It begins up to so many minutes later, always the same for one schedule, so that many do not begin at once.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub spread_minutes: u32,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Where notices go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Addresses.
    pub email: Vec<String>,
    /// Name of the secret that holds the Slack webhook's URL.
    pub slack_secret: Option<String>,
}
