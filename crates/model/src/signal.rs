//! Hints that an identity deserves another look. They carry attention, never work.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{GroupId, TenantId};

/// Where a hint came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Hook,
    Feed,
    Scim,
    Timer,
    Sweep,
    Person,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Feed => "feed",
            Self::Scim => "scim",
            Self::Timer => "timer",
            Self::Sweep => "sweep",
            Self::Person => "person",
        }
    }
}

/// How urgent the look is. Leavers pass everything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    Leaver,
    Normal,
    Bulk,
}

impl Lane {
    /// 0 first.
    pub fn rank(self) -> i64 {
        match self {
            Self::Leaver => 0,
            Self::Normal => 1,
            Self::Bulk => 2,
        }
    }

    pub fn from_rank(rank: i64) -> Self {
        match rank {
            0 => Self::Leaver,
            1 => Self::Normal,
            _ => Self::Bulk,
        }
    }
}

/// Whether an event of this kind tells that somebody's status went down, which a read may not show at once (contract
/// okta.md 10.4).
pub fn tells_of_leaving(kind: &str) -> bool {
    matches!(kind, "user.lifecycle.deactivate" | "user.lifecycle.suspend")
}

/// One event of the directory, whichever way it reached us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    pub tenant: TenantId,
    /// Unique within the tenant; the same from hook and feed.
    pub uuid: Arc<str>,
    pub kind: Arc<str>,
    /// When it happened by the directory's clock; for display, never for order.
    pub published: Option<Timestamp>,
    /// Okta ids of the users it concerns.
    pub users: Vec<Arc<str>>,
    /// Groups whose members it concerns (deletion, rename).
    pub groups: Vec<GroupId>,
    pub lane: Lane,
    /// Says that something was deleted for good: with a 404 by id it proves that the person is gone.
    pub deletion: bool,
    /// Caused by our own credential.
    pub ours: bool,
    /// Who let them into a group or took them out of it. Kept beside the event, where it can be found by person.
    #[serde(skip)]
    pub membership: Option<Membership>,
}

/// A change of a membership, by the directory's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub group: GroupId,
    /// They joined; otherwise they left.
    pub joined: bool,
    pub by: Actor,
}

/// Who did something in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    pub id: Arc<str>,
    pub name: Arc<str>,
    /// As the directory calls it: `User`, `PublicClientApp`, `SystemPrincipal`.
    pub kind: Arc<str>,
}
