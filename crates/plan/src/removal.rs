//! Whether something may be taken away now (design §5). Additions never ask.

use jiff::Timestamp;
use lanyard_model::plan::{Block, Gate};

/// What stands between a plan and its removals. The first that applies decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Removal {
    /// The person is protected by policy (legal hold, listed name): why.
    pub protected: Option<String>,
    /// The read beneath the decision is not proven complete: why.
    pub doubt: Option<String>,
    /// Policy has a person decide instead of ending what somebody had: why.
    pub reaction: Option<String>,
    /// No room under a limit: which.
    pub limit: Option<String>,
    /// The data just moved and may be half-arrived.
    pub settle_until: Option<Timestamp>,
}

impl Removal {
    /// The gate of a removal decided at `now`.
    pub fn gate(&self, now: Timestamp) -> Gate {
        if let Some(why) = &self.protected {
            return Gate::blocked(Block::Protected, format!("protected: {why}"));
        }
        if let Some(why) = &self.doubt {
            return Gate::blocked(Block::Unproven, format!("no proof that the read was complete: {why}"));
        }
        if let Some(why) = &self.reaction {
            return Gate::blocked(Block::Reaction, why.clone());
        }
        if let Some(why) = &self.limit {
            return Gate::blocked(Block::Limit, why.clone());
        }
        match self.settle_until {
            Some(until) if until > now => {
                Gate::Held { until, why: "their data moved a moment ago and may be half-arrived".into() }
            }
            _ => Gate::Open,
        }
    }

    /// Whether nothing may be taken away at all, for now: a person is protected, or the read is in doubt. Settling and
    /// limits are no reason to keep somebody from moving.
    pub fn forbids(&self) -> bool {
        self.protected.is_some() || self.doubt.is_some() || self.reaction.is_some()
    }

    /// The same for somebody whose standing itself ended: settling does not apply.
    pub fn gate_for_leaver(&self, now: Timestamp) -> Gate {
        Self { settle_until: None, ..self.clone() }.gate(now)
    }
}
