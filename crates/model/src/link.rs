//! Correlation: whose account it is.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{AccountKey, IdentityId};

/// The remembered answer for one identity in one site. The anchor is the pair of ids; keys that matched once are
/// kept only to explain it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    pub identity: IdentityId,
    pub account: AccountKey,
    pub how: How,
    pub since: Timestamp,
    /// The account was deactivated by us or found gone; the link stays as a tombstone for a return.
    pub ended_at: Option<Timestamp>,
}

/// How a link came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// We created the account for this identity.
    Created,
    /// A key agreed, and only one account and one identity had it (`employeeNumber = employeeId`).
    Key(String),
    /// A person said so.
    Person(String),
}

/// The answer of correlation for one identity in one site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Situation {
    Linked(AccountKey),
    /// No account has any of the keys.
    Unlinked,
    /// No identity has any of the account's keys (seen from the account's side).
    Unmatched,
    /// More than one candidate, or one that belongs to somebody else.
    Disputed {
        why: String,
        candidates: Vec<AccountKey>,
    },
    /// The identity is gone; the account it had.
    Deleted(Option<AccountKey>),
}
