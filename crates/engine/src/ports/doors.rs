//! The badge side: one site's physical-access feed.

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_model::{door::DoorRights, id::SiteId, plan::Outcome};

use super::Check;

/// Everything that a holder may enter, in place of what was told before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoorMessage {
    /// The intent's: unique, and the same in logs.
    pub id: String,
    /// Who the person is to the badge system.
    pub holder: String,
    pub rights: DoorRights,
    /// What they might enter before, as acknowledged.
    pub had: DoorRights,
    pub at: Timestamp,
}

/// Tells a site's badge system. It cannot be read back: its own acknowledgement is the proof.
#[async_trait]
pub trait DoorFeed: Send + Sync {
    fn site(&self) -> &SiteId;

    /// What was acknowledged by now, of everybody: told once, before the first message. Feeds that hand over whole lists start
    /// from it.
    fn recall(&self, known: Vec<(String, DoorRights)>);

    /// Tells it once. Only an acknowledgement is [`Outcome::Done`]; what may have arrived is [`Outcome::Unknown`], and told again.
    async fn tell(&self, message: &DoorMessage) -> Outcome;

    /// Whether it can be reached, with the fix.
    async fn probe(&self) -> Vec<Check>;
}
