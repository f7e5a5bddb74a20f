//! Steps, plans and outcomes: what will be done, in which order, with what result.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    sync::Arc,
};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    account::{FieldName, Role},
    clearance::GatedLine,
    desired::{Because, Ending, NoticeWish, ToDo, VisitWish},
    door::DoorRights,
    id::{
        AccountId, AccountKey, CenterId, IdentityId, ItemId, PlanId, ReservationId, RoomId, SectionId,
        SiteId, UserTypeId,
    },
    signal::Lane,
};

/// Changes to one account record, sent as one sparse update. An outer `Some` means "change", an inner `None` "clear".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountPatch {
    pub fields: BTreeMap<FieldName, Option<String>>,
    pub user_type: Option<UserTypeId>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub cost_center: Option<Option<ItemId>>,
    /// The whole list of category items besides the cost center.
    pub items: Option<BTreeSet<ItemId>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub seat: Option<Option<RoomId>>,
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub section: Option<Option<SectionId>>,
    /// `assigned`, `hybrid` or `remote`.
    pub seat_class: Option<Arc<str>>,
}

/// What is there is a change, also a null.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(input: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(input).map(Some)
}

impl AccountPatch {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One call on the target. Every variant is safe to plan twice: the second time nothing differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Operation {
    /// Creates the account with everything the create call can carry. Looked up by user name and e-mail before any
    /// repetition.
    Create {
        patch: AccountPatch,
    },
    Update {
        patch: AccountPatch,
    },
    /// Writes the whole list of roles, read just before.
    SetRoles {
        roles: BTreeMap<CenterId, Role>,
    },
    /// By the site's configured method.
    Deactivate,
    Reactivate,
    CancelBooking {
        booking: ReservationId,
    },
    /// Makes a booking somebody else's: the account's as long as it still has it. Nothing else of the booking changes, and
    /// saying it twice does no harm.
    HandOver {
        booking: ReservationId,
        from: AccountId,
        to: AccountId,
        start: Timestamp,
    },
    Book {
        key: String,
        title: String,
        room: RoomId,
        center: CenterId,
        start: Timestamp,
        end: Timestamp,
    },
    /// Never repeated after an unknown outcome: it cannot be looked up.
    Announce {
        visit: VisitWish,
    },
    /// Tells the site's badge system everything that the holder may enter, in place of what it was told before. Goes to the
    /// physical-access feed, never to iOffice; saying it twice does no harm.
    SetDoors {
        holder: String,
        rights: DoorRights,
        /// As last acknowledged.
        had: DoorRights,
    },
}

impl Operation {
    /// A word for logs and counters.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "create",
            Self::Update { .. } => "update",
            Self::SetRoles { .. } => "set_roles",
            Self::Deactivate => "deactivate",
            Self::Reactivate => "reactivate",
            Self::CancelBooking { .. } => "cancel_booking",
            Self::HandOver { .. } => "hand_over",
            Self::Book { .. } => "book",
            Self::Announce { .. } => "announce",
            Self::SetDoors { .. } => "set_doors",
        }
    }
}

/// What undoes one operation, noted before it was sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inverse {
    /// Brings back what was there; compared with today's world before it is planned.
    pub ops: Vec<Operation>,
    /// What cannot come back, in words.
    pub lost: Vec<String>,
    /// What the operation changed: an undo keeps these lines away until it is released.
    pub lines: Vec<GatedLine>,
}

/// What a step means to the person, as a symbol beside its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Add,
    Change,
    Remove,
    Move,
}

impl Effect {
    pub fn symbol(self) -> char {
        match self {
            Self::Add => '+',
            Self::Change => '~',
            Self::Remove => '-',
            Self::Move => '>',
        }
    }
}

/// One readable difference inside a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub effect: Effect,
    /// `seat`, `role in Harborlight Reservations`, `jobTitle`.
    pub what: String,
    pub from: Option<String>,
    pub to: Option<String>,
    pub because: Vec<Because>,
}

/// Why a step does not run now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "gate", rename_all = "snake_case")]
pub enum Gate {
    Open,
    /// Waits by itself.
    Held {
        until: Timestamp,
        why: String,
    },
    /// Waits for somebody's decision, at most until `until`.
    Waiting {
        clearance: String,
        until: Option<Timestamp>,
        why: String,
    },
    /// Waits for proof, a person, or room under a limit.
    Blocked {
        /// Of plans that were made before kinds were kept: [`Block::Other`].
        #[serde(default)]
        kind: Block,
        why: String,
    },
}

/// What kind of reason blocks a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// The person is protected.
    Protected,
    /// The read beneath the decision is not proven complete.
    Unproven,
    /// The policy's reaction to the situation is that a person decides.
    Reaction,
    /// No room under a limit.
    Limit,
    /// Asked of somebody who said no, or did not answer in time; or undone by somebody.
    Refused,
    /// It failed, or something before it did.
    Failed,
    /// It follows as soon as something else is read back.
    Follows,
    #[default]
    Other,
}

impl Gate {
    pub fn blocked(kind: Block, why: impl Into<String>) -> Self {
        Self::Blocked { kind, why: why.into() }
    }

    /// Why the step waits; `None`: it does not.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Open => None,
            Self::Held { why, .. } | Self::Waiting { why, .. } | Self::Blocked { why, .. } => Some(why),
        }
    }

    pub fn is_blocked_by(&self, this: Block) -> bool {
        matches!(self, Self::Blocked { kind, .. } if *kind == this)
    }
}

/// One operation with its meaning, its reasons and its gate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub op: Operation,
    pub differences: Vec<Difference>,
    /// Takes something away: counts against the caps, waits for certificates and settle windows.
    pub destructive: bool,
    pub gate: Gate,
}

/// An immutable proposal for one identity in one site. `id` seals it: equal content, equal id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    pub id: PlanId,
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    /// `None`: to be created by the first step.
    pub account: Option<AccountKey>,
    pub lane: Lane,
    pub steps: Vec<Step>,
    pub todos: Vec<ToDo>,
    pub notices: Vec<NoticeWish>,
    /// Sentences worth showing beside the steps (drift left alone, problems).
    pub notes: Vec<String>,
    /// Set when this plan ends somebody's access: the leaver's clock.
    pub ending: Option<(Ending, Option<Timestamp>)>,
    pub review_at: Option<Timestamp>,
    /// Seal of the policy that wanted it.
    pub policy: String,
    pub made_at: Timestamp,
    /// Lines that go because a clearance lets them, with its id. Spent in the transaction of the intent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub cleared: BTreeMap<String, String>,
}

impl Plan {
    /// Steps that may run now.
    pub fn open_steps(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate().filter(|(_, step)| step.gate == Gate::Open)
    }

    pub fn is_quiet(&self) -> bool {
        self.steps.is_empty()
    }

    /// Differences by effect, held and blocked ones apart.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for step in &self.steps {
            if step.gate != Gate::Open {
                summary.held += step.differences.len();
                continue;
            }
            for difference in &step.differences {
                match difference.effect {
                    Effect::Add => summary.add += 1,
                    Effect::Change => summary.change += 1,
                    Effect::Remove => summary.remove += 1,
                    Effect::Move => summary.r#move += 1,
                }
            }
        }
        summary
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    pub add: usize,
    pub change: usize,
    pub remove: usize,
    pub r#move: usize,
    pub held: usize,
}

impl std::ops::AddAssign for Summary {
    fn add_assign(&mut self, other: Self) {
        self.add += other.add;
        self.change += other.change;
        self.remove += other.remove;
        self.r#move += other.r#move;
        self.held += other.held;
    }
}

impl Summary {
    /// Only what there is: `1 added, 2 changed`; `nothing` for an empty plan.
    pub fn words(&self) -> String {
        let parts: Vec<_> = [
            (self.add, "added"),
            (self.change, "changed"),
            (self.remove, "taken away"),
            (self.r#move, "moved"),
            (self.held, "held"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "+ {} add  ~ {} change  - {} remove  > {} move  = {} held",
            self.add, self.change, self.remove, self.r#move, self.held
        )
    }
}

/// What became of one operation. Different outcomes have different next steps (design §6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// The target accepted it. Not yet read back.
    Done {
        /// The account it made, for [`Operation::Create`].
        account: Option<AccountId>,
        /// The number of the record it made (reservation, registration).
        made: Option<i64>,
    },
    /// It was so already, or gone already.
    Already { note: String, account: Option<AccountId> },
    /// The target said no, and would again. Nothing changed.
    Refused { code: String, text: String, fix: String },
    /// Nothing changed; not before `until`.
    Throttled { until: Timestamp },
    /// Nothing changed: the request did not leave, or the target was plainly unable. May be tried again.
    NotDone { reason: String },
    /// No answer: it may have happened. Must be looked up first.
    Unknown { reason: String },
    /// The API cannot do it on this site. A person must.
    Impossible { capability: String, todo: ToDo },
    /// The credential is refused or lacks a right. Nothing changed; everything for this target waits.
    Denied { reason: String, fix: String },
}

impl Outcome {
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Done { .. } | Self::Already { .. })
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Already { .. } => "already",
            Self::Refused { .. } => "refused",
            Self::Throttled { .. } => "throttled",
            Self::NotDone { .. } => "not done",
            Self::Unknown { .. } => "unknown",
            Self::Impossible { .. } => "impossible",
            Self::Denied { .. } => "denied",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_come_back_from_json_as_they_were() {
        let cleared =
            AccountPatch { seat: Some(None), section: Some(Some(SectionId(4))), ..Default::default() };
        let operations = [
            Operation::SetRoles { roles: [(CenterId(5), Role::Manager)].into() },
            Operation::Update { patch: cleared },
            Operation::HandOver {
                booking: ReservationId(70),
                from: AccountId(5),
                to: AccountId(7),
                start: Timestamp::UNIX_EPOCH,
            },
        ];
        let text = serde_json::to_string(&operations).unwrap();
        assert_eq!(serde_json::from_str::<[Operation; 3]>(&text).unwrap(), operations, "{text}");
        let as_stored_before = r#"{"op":"cancel_booking","booking":70}"#;
        let read: Operation = serde_json::from_str(as_stored_before).unwrap();
        assert_eq!(read, Operation::CancelBooking { booking: ReservationId(70) });
    }
}
