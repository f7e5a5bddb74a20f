//! What stands between a plan's lines and the site: a hold, an approval, a decision on a reached limit, an undo.
//!
//! A clearance names the lines it is about, word for word. It says nothing about any other line, and nothing about
//! the same line for another person or site.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::account::Role;
use crate::desired::Loses;
use crate::id::{AccountId, CenterId, GroupId, IdentityId, ItemId, PlanId, SiteId};

/// What a rule asks for before what it gives, or takes, may happen (`but_first`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Demand {
    /// Waits this long from when it is first wanted.
    pub hold_seconds: Option<u64>,
    pub approval: Option<ApprovalDemand>,
    /// What is taken later than at once, of somebody whose standing ended. What no stage names goes at once.
    pub stages: Vec<Stage>,
}

/// A part of what a leaver loses, and how long after the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub after_seconds: u64,
    pub takes: Loses,
}

impl Demand {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Who must agree, and within what time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalDemand {
    /// Anybody of these may vote.
    pub by: Vec<Approver>,
    /// Votes needed, each by somebody else.
    pub quorum: u32,
    /// An approval not used by then is none.
    pub expires_seconds: u64,
    /// Others may vote as well, this long after the request.
    pub escalate_seconds: Option<u64>,
    pub escalate_to: Vec<Approver>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of", rename_all = "snake_case")]
pub enum Approver {
    /// The person's manager, as the policy finds managers.
    Manager,
    /// A role in the console (`approver`, `owner`).
    Role(String),
    /// Members of a group, as the mirror knows them.
    Group(GroupId),
    /// One person, by e-mail address.
    Person(String),
}

impl std::fmt::Display for Approver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Manager => f.write_str("their manager"),
            Self::Role(role) => write!(f, "a person with the role {role}"),
            Self::Group(group) => write!(f, "a member of group {group}"),
            Self::Person(mail) => f.write_str(mail),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClearanceKind {
    /// Waits by itself until `until`.
    Hold,
    /// Waits for people.
    Approval,
    /// A limit was reached: waits for a decision, or for room under the limit.
    Cap,
    /// A person took these lines back: they stay away until the undo is released.
    Undone,
}

impl ClearanceKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Approval => "approval",
            Self::Cap => "cap",
            Self::Undone => "undone",
        }
    }
}

/// How far it is. Every state but `Waiting` and `Granted` is final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClearanceState {
    Waiting,
    Granted,
    /// Somebody who may decide said no.
    Declined,
    /// Nobody decided, or nothing happened, in time.
    Expired,
    /// The reason went away, or a person called it off.
    Cancelled,
}

impl ClearanceState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Granted => "granted",
            Self::Declined => "declined",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Granted)
    }
}

/// The line under which somebody's future bookings are cancelled, all that are.
pub const ALL_BOOKINGS: &str = "bookings-";

/// The line under which somebody's future bookings go over to an account, all that do.
pub fn bookings_to(account: AccountId) -> String {
    format!("{ALL_BOOKINGS}:to:{account}")
}

/// Whether a line is about somebody's bookings: cancelled, or handed over.
pub fn is_about_bookings(key: &str) -> bool {
    key.strip_prefix(ALL_BOOKINGS).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
}

/// The line that gives entry to an area.
pub fn door_given(area: &str) -> String {
    format!("door+:{area}")
}

/// The line that gives a role in a center.
pub fn role_given(center: CenterId, role: Role) -> String {
    format!("role+:{center}:{}", role.as_str())
}

/// The line that gives a category item.
pub fn item_given(item: ItemId) -> String {
    format!("item+:{item}")
}

/// One change of one thing, named so that the same change always has the same name (`role+:51:CUSTOMER`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct GatedLine {
    pub key: String,
    /// For people (`+ role in Harborlight Reservations: CUSTOMER`).
    pub what: String,
}

/// One vote.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Name of the account that voted, as the journal shows it.
    pub by: String,
    /// In whose place, if somebody delegated to the voter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// Identities and addresses of whose vote it is, and of who cast it in their place: whichever way they came in, one of
    /// them is the same.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub whose: BTreeSet<String>,
    pub at: Timestamp,
    pub yes: bool,
    pub reason: String,
    /// What gave them a say at that time (`a person with the role approver`); empty: not kept by that version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub capacity: String,
}

impl Vote {
    /// Whether one person stands behind both votes: it is theirs, or they cast it in another's place.
    pub fn is_same_persons(&self, other: &Self) -> bool {
        let names = |vote: &Self| -> BTreeSet<String> {
            [Some(&vote.by), vote.instead_of.as_ref()]
                .into_iter()
                .flatten()
                .map(|name| name.to_lowercase())
                .collect()
        };
        !self.whose.is_disjoint(&other.whose) || !names(self).is_disjoint(&names(other))
    }
}

/// One thing that stands between lines of a plan and the site.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clearance {
    pub id: String,
    /// As read; 0 for a new one. Rises by one with each write.
    #[serde(default)]
    pub version: i64,
    pub kind: ClearanceKind,
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    /// The rule that asks (`executive-floor`, `lifecycle.end`, `guardrails.cap`).
    pub rule: String,
    /// By key.
    pub lines: Vec<GatedLine>,
    /// The plan that asked.
    pub plan: PlanId,
    pub state: ClearanceState,
    pub asked_at: Timestamp,
    /// A hold's end; the moment from which an approval is none.
    pub until: Option<Timestamp>,
    pub demand: Option<ApprovalDemand>,
    pub manager: Option<IdentityId>,
    #[serde(default)]
    pub votes: Vec<Vote>,
    /// When and why it was decided or ended.
    #[serde(default)]
    pub ended: Option<(Timestamp, String)>,
    /// Its reason went away: it no longer counts, whatever was decided. Should the reason come back, it is asked anew.
    #[serde(default)]
    pub over: bool,
    /// Keys of lines whose operation was accepted under it. Filled by the store.
    #[serde(default)]
    pub spent: BTreeSet<String>,
}

impl Clearance {
    /// When something last became of it: its end, else the last vote, else the request itself.
    pub fn changed_at(&self) -> Timestamp {
        let voted = self.votes.iter().map(|vote| vote.at).max();
        self.ended.as_ref().map(|(at, _)| *at).or(voted).unwrap_or(self.asked_at)
    }

    /// Every one of these lines is named.
    pub fn covers<'a>(&self, mut keys: impl Iterator<Item = &'a str>) -> bool {
        keys.all(|key| self.names(key))
    }

    pub fn names(&self, key: &str) -> bool {
        self.lines.binary_search_by(|line| line.key.as_str().cmp(key)).is_ok()
    }

    /// Whether it bears on a line: it names it. What was undone of somebody's bookings stays undone whichever way they
    /// would go now.
    pub fn concerns(&self, key: &str) -> bool {
        self.names(key)
            || self.kind == ClearanceKind::Undone
                && is_about_bookings(key)
                && self.lines.iter().any(|line| is_about_bookings(&line.key))
    }

    /// Votes for it, each voter counted once.
    pub fn ayes(&self) -> usize {
        let yes: Vec<&Vote> = self.votes.iter().filter(|vote| vote.yes).collect();
        let is_new = |at: &usize| !yes[..*at].iter().any(|earlier| earlier.is_same_persons(yes[*at]));
        (0..yes.len()).filter(is_new).count()
    }

    /// Whether one accepted operation uses a line up. A hold only waits; and all of somebody's bookings are one line, though
    /// each is an operation of its own.
    pub fn is_used_up_by_one(&self, key: &str) -> bool {
        matches!(self.kind, ClearanceKind::Approval | ClearanceKind::Cap) && !is_about_bookings(key)
    }

    /// Lets `key` go at `now`: granted, in time, and not used up.
    pub fn lets(&self, key: &str, now: Timestamp) -> bool {
        let in_time = match self.kind {
            ClearanceKind::Hold => {
                self.state == ClearanceState::Granted
                    || self.state == ClearanceState::Waiting && self.until.is_some_and(|until| until <= now)
            }
            ClearanceKind::Approval | ClearanceKind::Cap => {
                self.state == ClearanceState::Granted && self.until.is_none_or(|until| now < until)
            }
            ClearanceKind::Undone => false,
        };
        in_time && !self.over && self.names(key) && !self.spent.contains(key)
    }
}
