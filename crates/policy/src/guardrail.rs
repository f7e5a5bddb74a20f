//! Limits, schedules and notification channels: the policy's word to the rest of the engine.

use serde::{Deserialize, Serialize};

/// Limits on taking away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guardrails {
    /// People who may lose something within the window.
    pub max_people: Option<u32>,
    /// The same as a share of the people in scope.
    pub max_percent: Option<u32>,
    pub window_seconds: u32,
    /// A list shorter by more than this than the last certified one is in doubt.
    pub shrink_percent_max: u32,
    /// Absence needs proof. Cannot be switched off for leavers found by a list.
    pub certificate_required: bool,
    /// Whoever wants a policy published needs somebody else to agree.
    #[serde(default)]
    pub second_person: bool,
}

impl Default for Guardrails {
    fn default() -> Self {
        Self {
            max_people: Some(25),
            max_percent: Some(5),
            window_seconds: 86_400,
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
}

/// Where notices go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Addresses.
    pub email: Vec<String>,
    /// Name of the secret that holds the Slack webhook's URL.
    pub slack_secret: Option<String>,
}
