//! How a port says no, what it counts, and how it reports progress.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Why a read (or a set-up call) brought nothing. Writes answer with [`lanyard_model::plan::Outcome`] instead.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum PortFailure {
    /// The upstream asked us to wait, and the port's own patience is used up.
    #[error("{upstream} asked us to wait until {until}")]
    Throttled { upstream: String, until: Timestamp },
    /// Upstream is down, slow or unreachable; may be tried again.
    #[error("{upstream} did not answer usefully: {reason}")]
    Unavailable { upstream: String, reason: String },
    /// The credential is not accepted, or lacks a right.
    #[error("{upstream} refused our credential: {reason}")]
    Denied { upstream: String, reason: String, fix: String },
    /// The upstream refused this request and would again.
    #[error("{upstream} refused: {reason}")]
    Refused { upstream: String, reason: String },
    /// The answer could not be read.
    #[error("{upstream} answered in a way we cannot read: {reason}")]
    Malformed { upstream: String, reason: String },
}

impl PortFailure {
    /// What a person can do about it.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Denied { fix, .. } => Some(fix),
            _ => None,
        }
    }
}

/// One finding of a probe.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Stable name (`okta.scope.okta.users.read`).
    pub name: String,
    pub ok: bool,
    /// Not fatal: something works less well.
    #[serde(default)]
    pub warning: bool,
    pub detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// Calls made since start, by endpoint pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallCount {
    /// `GET /users/{id}`.
    pub endpoint: String,
    /// Answered usefully (2xx, and 404 where that is an answer).
    pub answered: u64,
    /// Throttled (429).
    pub throttled: u64,
    /// Cut, timed out, 5xx, refused credentials.
    pub faulted: u64,
    /// Of those answered: pages of lists that were read whole, and the counts that prove it.
    #[serde(default)]
    pub whole: u64,
}

/// What an upstream said of one of its quotas with its last answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    pub bucket: String,
    /// Calls of a whole window, for all clients that share it.
    pub limit: u32,
    pub remaining: u32,
    /// When the window ends; `None`: it has ended, and the next call begins another.
    pub resets_at: Option<Timestamp>,
}

/// Receives progress of long reads.
pub trait Progress: Send + Sync {
    /// `done` of `total` (if known) rows of `what`.
    fn report(&self, what: &str, done: u64, total: Option<u64>);
}

/// Discards progress.
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _what: &str, _done: u64, _total: Option<u64>) {}
}
