//! The queue of people who deserve a look, as a store keeps it.

use jiff::Timestamp;
use lanyard_model::{
    id::IdentityId,
    signal::{Lane, Source},
};
use serde::{Deserialize, Serialize};

/// One identity that deserves a look, claimed by us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    pub identity: IdentityId,
    /// Rises with each raise of attention; what was raised after the claim stays due.
    pub generation: i64,
    pub lane: Lane,
    pub attempts: u32,
    /// When attention was first raised since the last finished look.
    pub raised_at: Timestamp,
    pub source: Source,
    pub why: String,
    /// Names this claim; a later claim has another.
    pub fence: i64,
}

impl WorkItem {
    /// It was claimed from the queue; others are made up for one act of somebody's.
    pub fn is_claim(&self) -> bool {
        self.generation > 0
    }
}

/// The next look at somebody, or the one that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Planned {
    /// What is under way counts as due now ([`Timestamp::MIN`]).
    pub due: Timestamp,
    /// When attention was first raised since the last finished look; what was raised while a look is under way counts too.
    pub raised_at: Timestamp,
    pub source: Source,
}

/// How a look ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// Quiet until `review_at`, or until somebody raises attention.
    Done { review_at: Option<(Timestamp, String)> },
    /// Again at `at`.
    Retry { at: Timestamp, error: String },
    /// No more by itself: waits, visibly, for a person or for new attention.
    Dead { error: String, fix: String },
}

/// How much there is of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkCounts {
    pub due: u64,
    pub leased: u64,
    /// Known and not due.
    pub waiting: u64,
    pub dead: u64,
}
