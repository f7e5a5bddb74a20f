//! What a store is given and gives back: writes, what they are refused for, and the rows of what is remembered.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    booking::Visit,
    clearance::Clearance,
    coverage::{Certificate, ReadKind},
    desired::Applied,
    door::DoorRights,
    id::{AccountId, AccountKey, GroupId, IdentityId, PlanId, SiteId, TenantId},
    identity::{Group, Identity},
    link::Link,
    plan::{Inverse, Operation, Outcome, Plan},
    signal::{Actor, Event, Lane, Source},
};
use serde::{Deserialize, Serialize};

use super::{FeedCursor, Finish, WorkItem};

/// Why a batch or a read failed. Nothing of the batch happened.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum StoreFailure {
    /// An intent would exceed a cap. The batch was refused whole.
    #[error("the cap on {scope} is reached: {used} of {max} used")]
    CapReached { scope: String, used: u64, max: u64 },
    /// Another document of the collection holds this key, which only one may hold. The batch was refused whole.
    #[error("another document of {collection} has this {kind}")]
    KeyTaken { collection: String, kind: String },
    /// The document is not the one that was read before. The batch was refused whole; read again.
    #[error("the document {key} of {collection} has changed meanwhile")]
    DocumentChanged { collection: String, key: String },
    /// A clearance is not the one that was read before. The batch was refused whole; read again.
    #[error("the clearance {0} has changed meanwhile")]
    ClearanceChanged(String),
    /// An operation waits for a clearance that does not let it go (any more). The batch was refused whole.
    #[error("the clearance {clearance} lets nothing go: {why}")]
    NotCleared { clearance: String, why: String },
    /// The lease on a work item is no longer ours (expired, or taken over).
    #[error("the lease on {0} is lost")]
    LeaseLost(IdentityId),
    /// Disk full, locked, I/O error: may pass.
    #[error("the store cannot write now: {0}")]
    Unavailable(String),
    /// The store's content is not what this version can work with.
    #[error("the store is damaged or too new: {0}")]
    Damaged(String),
}

/// Stands before the kind of a key by which an account is found that is no longer listed.
pub const GONE_KIND: &str = "gone:";

/// One change to the store.
#[derive(Debug, Clone)]
pub enum Write {
    /// Records events once per (tenant, uuid), notes which way each was seen, raises attention for their users and,
    /// for group events, for every mirrored member; and moves the feed's cursor, if given. One transaction, so the
    /// cursor never passes an unhandled event. `delivery` names a pushed batch: a repeated one is only counted.
    /// Answers [`Wrote::Signals`].
    Signals {
        tenant: TenantId,
        source: Source,
        delivery: Option<String>,
        events: Vec<Event>,
        cursor: Option<FeedCursor>,
        at: Timestamp,
        /// Looks become due this long after `at` (0 for the leaver lane), so that bursts coalesce.
        coalesce: Duration,
    },
    /// Raises attention: generation + 1, due no later than `due`, lane no slower than `lane`.
    Attend {
        who: Vec<IdentityId>,
        source: Source,
        lane: Lane,
        due: Timestamp,
        why: String,
    },
    /// Mirrors an identity. `keys` are (kind, folded value) pairs to find it by, replacing the old ones. Answers
    /// [`Wrote::Mirrored`].
    Identity {
        identity: Box<Identity>,
        keys: Vec<(String, String)>,
        at: Timestamp,
    },
    /// The identity is gone for good, on this proof. The mirror keeps the last state, marked.
    IdentityGone {
        identity: IdentityId,
        at: Timestamp,
        proof: String,
    },
    /// Replaces the mirrored groups of a tenant.
    Groups {
        tenant: TenantId,
        groups: Vec<Group>,
    },
    /// Mirrors an account, with keys as above.
    Account {
        account: Box<Account>,
        keys: Vec<(String, String)>,
    },
    AccountGone {
        account: AccountKey,
        at: Timestamp,
    },
    /// Remembers or replaces the link of (identity, site).
    Link(Link),
    /// Forgets the link of (identity, site).
    Unlink {
        identity: IdentityId,
        site: SiteId,
        at: Timestamp,
    },
    Applied {
        identity: IdentityId,
        site: SiteId,
        applied: Box<Applied>,
    },
    /// The badge system acknowledged these as everything the person may enter.
    Doors {
        identity: IdentityId,
        site: SiteId,
        rights: DoorRights,
        at: Timestamp,
    },
    Visit {
        identity: IdentityId,
        site: SiteId,
        key: String,
        visit: Visit,
    },
    /// Keeps a plan; the same id twice is one plan.
    Plan(Arc<Plan>),
    /// Must be durable before the operation is sent. `charge` reserves room under a cap in the same transaction:
    /// when used up, the whole batch fails with [`StoreFailure::CapReached`].
    Intent(Box<Intent>),
    /// Keeps a clearance. Fails with [`StoreFailure::ClearanceChanged`] if the kept one has another version.
    Clearance(Box<Clearance>),
    /// Goes with an intent: the operation is sent under these clearances' word. Fails with
    /// [`StoreFailure::NotCleared`], and the intent with it, when one was taken back, ran out or is used up.
    Cleared {
        clearance: String,
        lines: Vec<String>,
        intent: String,
        at: Timestamp,
    },
    /// Exactly one per intent; a second is ignored.
    Outcome {
        intent: String,
        outcome: Outcome,
        at: Timestamp,
    },
    /// The plan was read back at `at`; `open` names what is still different.
    Verified {
        plan: PlanId,
        at: Timestamp,
        open: Vec<String>,
    },
    /// Holds that the claim is still ours. Fails with [`StoreFailure::LeaseLost`], and the batch with it, when it is not: whoever
    /// was too slow writes nothing to a site any more.
    Held {
        item: Box<WorkItem>,
    },
    /// Ends the claim. Fails with [`StoreFailure::LeaseLost`] when the claim is no longer ours.
    Finish {
        item: Box<WorkItem>,
        how: Finish,
    },
    /// Starts (once) the clock of a leaver in a site.
    LeaverSeen {
        identity: IdentityId,
        site: SiteId,
        since: Timestamp,
        seen_at: Timestamp,
    },
    /// Everything the API can take back is verified gone.
    LeaverVerified {
        identity: IdentityId,
        site: SiteId,
        at: Timestamp,
    },
    /// The leaver returned: the clock is dropped, and kept among those of people who returned.
    LeaverCancelled {
        identity: IdentityId,
        site: SiteId,
        at: Timestamp,
    },
    /// Something a person must know or do; the same key again only updates it.
    Finding(Box<Finding>),
    /// What the finding told of is over.
    FindingOver {
        key: String,
        at: Timestamp,
    },
    /// A person put the finding away. The same finding, raised again as it was, stays away until what it told of is over,
    /// or until a moment that they named.
    FindingClosed {
        key: String,
        by: String,
        reason: String,
        at: Timestamp,
        until: Option<Timestamp>,
    },
    /// Clears all findings whose key starts so, except those listed.
    FindingsOverExcept {
        prefix: String,
        keep: Vec<String>,
        at: Timestamp,
    },
    /// A message to be delivered at least once.
    Message(Box<Message>),
    MessageTried {
        id: String,
        at: Timestamp,
        result: Result<(), String>,
        next: Option<Timestamp>,
    },
    /// A message that was not tried, because where it leads takes none at present: it counts no try, and waits until then.
    /// Without `until` it is given up.
    MessageHeld {
        id: String,
        until: Option<Timestamp>,
        why: String,
    },
    Certificate {
        scope: String,
        kind: ReadKind,
        certificate: Box<Certificate>,
    },
    Sweep(Box<SweepRecord>),
    /// Counts something by name, durably (`hooks.quarantined`).
    Count {
        name: String,
        by: u64,
    },
    /// Keeps a text by name. An empty one forgets the name.
    Meta {
        key: String,
        value: String,
    },
    /// Keeps a document, with its keys. Fails with [`StoreFailure::DocumentChanged`] if the kept one has another
    /// version (0: there is none), and with [`StoreFailure::KeyTaken`] if a sole key is held by another one.
    Document(Box<Document>),
    /// Forgets a document and its keys, if it still has this version.
    DocumentGone {
        collection: String,
        key: String,
        version: i64,
    },
    /// Remembers a signed checkpoint of a tenant's journal.
    Checkpoint {
        tenant: TenantId,
        size: u64,
        at: Timestamp,
        note: String,
    },
    /// Lets go of the text of the journal's first `position` lines. Their leaves stay, so that every checkpoint and proof
    /// still holds; `note` is signed over exactly these lines, and shows that nobody else emptied them. A cut does not move
    /// back. Answers [`Wrote::Lines`].
    LetGo {
        tenant: TenantId,
        position: u64,
        at: Timestamp,
        note: String,
    },
    /// Lets go of what is kept beside the journal and is as old as its lines that go: changes of memberships seen before
    /// `before`, and what findings said that were over before it and were seen again. What findings say that are open, or
    /// were last, stays. If anything goes, the journal says so in these lines. Answers [`Wrote::Gone`].
    PastGone {
        before: Timestamp,
        told: Vec<Entry>,
    },
    /// Forgets a person who is gone: the personal text of their journal lines, their mirror, and what plans and
    /// operations say of them. The journal still verifies. It cannot be undone. Answers [`Wrote::Lines`].
    Erase {
        identity: IdentityId,
    },
    Journal(Box<Entry>),
}

/// The collection of what sealed what-ifs showed: lists of people, each found by `person`, whom [`Write::Erase`] empties.
pub const SHOWN_WHATIFS: &str = "whatif:shown";

/// Where lines of reviews are kept, by the person whom they are about.
pub const REVIEW_LINES: &str = "review_lines";

/// Where rights are kept that reviews took and that policy does not give again.
pub const WITHHELD: &str = "withheld";

/// Where what somebody said about late leavers is kept, by the leaver.
pub const LATE_ANSWERS: &str = "late_answers";

/// Where it is kept who may vote in whose place, by either of them.
pub const DELEGATIONS: &str = "delegations";

/// Where undos are kept that waited for something, by the person and by how they stand.
pub const UNDOS: &str = "undos";

/// What [`Write::Meta`] keeps the end of the chain of a tenant's log under: this, and the tenant.
pub const INTAKE: &str = "intake:";

/// What it keeps an org's own id under: this, and the tenant.
pub const ORG: &str = "org:";

/// A small thing that a face of ours keeps for its clients, by name within a collection.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub collection: String,
    pub key: String,
    /// As read; 0 for a new one. Rises by one with each write.
    pub version: i64,
    /// Other ways to find it.
    pub keys: Vec<DocumentKey>,
    pub body: serde_json::Value,
}

/// A way to find a document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct DocumentKey {
    pub kind: String,
    /// Folded by the caller; compared byte by byte.
    pub value: String,
    /// At most one document of the collection may hold it.
    pub sole: bool,
}

/// What a write answered, in the order of the batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrote {
    Done,
    /// Journal lines that a [`Write::LetGo`] or [`Write::Erase`] emptied.
    Lines(u64),
    /// Rows that a [`Write::PastGone`] let go of.
    Gone {
        memberships: u64,
        findings: u64,
    },
    Signals {
        /// Events not known before from any source.
        new: usize,
        repeated: usize,
        /// People whose attention was raised.
        people: Vec<IdentityId>,
    },
    Mirrored {
        /// Since when the content (status, profile, groups) has been as it is now, by our observation.
        since: Timestamp,
        changed: bool,
        /// It was not mirrored before.
        first: bool,
    },
}

/// The durable record that an operation is about to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Unique; also the idempotency handle in logs.
    pub id: String,
    pub plan: PlanId,
    pub step: usize,
    pub identity: IdentityId,
    pub site: SiteId,
    pub account: Option<AccountId>,
    pub operation: Operation,
    pub at: Timestamp,
    pub charge: Option<Charge>,
    /// Room under the cap of one run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_charge: Option<Charge>,
    /// What was there before, as far as the operation touches it: what an undo gives back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inverse: Option<Inverse>,
}

/// Room under a cap: at most `max` charges in `scope` within any `window`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    pub scope: String,
    /// What is counted once, however many of its operations are charged (the person).
    pub unit: String,
    pub window_seconds: u64,
    pub max: u64,
    /// The clearance by which a person let this one through although the limit is reached. It counts all the same, and
    /// makes no room for anything else of the unit's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<String>,
}

/// A mirrored identity.
#[derive(Debug, Clone, PartialEq)]
pub struct Mirrored {
    pub identity: Identity,
    pub since: Timestamp,
    pub gone_at: Option<Timestamp>,
}

/// A mirrored identity with the keys by which it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct MirroredIdentity {
    pub mirrored: Mirrored,
    pub keys: Vec<(String, String)>,
}

/// A mirrored account with the keys by which it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct MirroredAccount {
    pub account: Account,
    /// Those of an account that is gone begin with [`GONE_KIND`].
    pub keys: Vec<(String, String)>,
    /// It is listed no more.
    pub gone: bool,
}

/// What was shown of an identity for a stretch of time.
#[derive(Debug, Clone, PartialEq)]
pub struct IdentityState {
    pub identity: Identity,
    pub from: Timestamp,
    /// `None`: still so.
    pub until: Option<Timestamp>,
}

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Error,
}

/// Something a person must know or do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable: `orphan:{site}:{account}`, `todo:{identity}:{key}`.
    pub key: String,
    /// `orphan`, `aside`, `disputed`, `todo`, `cap`, `certificate`, `hook`, `credential`, `leaver_late`, …
    pub kind: String,
    pub severity: Severity,
    pub tenant: Option<TenantId>,
    pub site: Option<SiteId>,
    pub identity: Option<IdentityId>,
    pub title: String,
    pub detail: String,
    pub fix: Option<String>,
    /// How many it is about, where one finding is about many. `None`: about one thing, or written by a version that did not
    /// keep it; the next comparison does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// First seen; kept on updates.
    pub since: Timestamp,
}

/// Every kind of finding. Each has a page under `docs/errors`.
pub const FINDING_KINDS: [&str; 35] = [
    "aside",
    "beyond_policy",
    "blocked",
    "cap",
    "certificate",
    "checkpoint",
    "credential",
    "dead",
    "disputed",
    "doors",
    "drift",
    "duplicate",
    "feed",
    "fought",
    "hook",
    "leaver_late",
    "left_booking",
    "left_seat",
    "message",
    "not_found",
    "orphan",
    "past_date",
    "policy_folder",
    "policy_names",
    "review_overdue",
    "review_removal",
    "rollout",
    "schema",
    "site_admin",
    "sweep",
    "todo",
    "undead",
    "unread",
    "visits",
    "zombie",
];

/// Kinds of findings whose words tell of the control itself: of a log, a hook, a schedule, a policy.
const OF_THE_CONTROL: [&str; 5] = ["feed", "hook", "policy_folder", "policy_names", "sweep"];

impl Finding {
    /// Whether its words may name people, so that they have no place in the hashed text of the journal.
    pub fn may_name_people(&self) -> bool {
        self.identity.is_some() || !OF_THE_CONTROL.contains(&&*self.kind)
    }
}

/// What became of open findings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangedFindings {
    /// What to ask with next time.
    pub number: u64,
    /// Each key that changed, with what is open under it now; `None`: it is over.
    pub findings: Vec<(String, Option<Finding>)>,
    /// These are all that are open, whatever was known before.
    pub whole: bool,
}

/// A message for people outside the console.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Unique; the same id twice is one message.
    pub id: String,
    /// Route name in the policy.
    pub route: String,
    pub subject: String,
    pub text: String,
    pub at: Timestamp,
    pub attempts: u32,
    /// The same for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<serde_json::Value>,
}

/// How a message fares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageState {
    pub id: String,
    pub route: String,
    pub subject: String,
    pub at: Timestamp,
    pub attempts: u32,
    pub sent_at: Option<Timestamp>,
    /// The next try; neither this nor `sent_at`: it was given up.
    pub next: Option<Timestamp>,
    pub error: Option<String>,
}

/// One sweep.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepRecord {
    pub id: String,
    pub scope: String,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub certified: bool,
    pub doubts: Vec<String>,
    pub people: u64,
    pub accounts: u64,
    /// People whose plan was not quiet.
    pub drift: u64,
    pub findings: u64,
    /// What of it is about each tenant that was read; empty: kept by a version that did not count tenants apart.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub of: BTreeMap<TenantId, Swept>,
    /// Which of its lists were not whole; `None`: kept by a version that did not tell them apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<SweptLists>,
}

/// Lists of a sweep that were not whole, by [`crate::sweep::SweepScope::key`] of their tenant or site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptLists {
    /// Read, and not proven complete.
    pub in_doubt: BTreeSet<String>,
    /// Not read at all, and how it stood before: for whatever is of them, this was no comparison.
    pub unread: BTreeMap<String, Option<Stood>>,
}

/// A comparison that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stood {
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// Every list of it was proven complete.
    pub certified: bool,
    /// People whose plan was not quiet, wherever it looked.
    pub drift: u64,
}

/// What of a sweep is about one tenant's people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    pub people: u64,
    /// Accounts read that are linked to them.
    pub accounts: u64,
    /// Those of them whose plan was not quiet.
    pub drift: u64,
    /// Those of them who are disputed, or set aside.
    pub findings: u64,
}

impl SweepRecord {
    /// When it ended; when it began, if it did not.
    pub fn end(&self) -> Timestamp {
        self.ended_at.unwrap_or(self.started_at)
    }
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    pub tenant: TenantId,
    pub at: Timestamp,
    /// `signal`, `decision`, `plan`, `intent`, `outcome`, `verified`, `finding`, `link`, `hook`, `sweep`, `control`, …
    pub kind: String,
    pub identity: Option<IdentityId>,
    pub site: Option<SiteId>,
    /// Personal: kept beside the tree, committed to by a salted hash, erasable.
    pub person: Option<String>,
    pub severity: Severity,
    pub title: String,
    pub detail: String,
    /// Machine-readable facts (calls, values, ids).
    pub data: serde_json::Value,
}

/// A journal line as kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// Rises over all tenants; for paging.
    pub seq: i64,
    pub entry: Entry,
}

/// The journal tree of one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TreeHead {
    pub tenant: TenantId,
    pub size: u64,
    /// Base64 of the RFC 6962 root.
    pub root: String,
}

/// Which way events were seen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    pub both: u64,
    pub hook_only: u64,
    pub feed_only: u64,
    pub last_hook_at: Option<Timestamp>,
    pub last_feed_at: Option<Timestamp>,
}

/// Somebody joined a group or left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MembershipChange {
    pub group: GroupId,
    /// Otherwise they left.
    pub joined: bool,
    /// By the directory's clock.
    pub at: Timestamp,
    pub by: Actor,
}

/// What the directory's log said of who changed somebody's memberships.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memberships {
    /// Newest first.
    pub changes: Vec<MembershipChange>,
    /// When the first such change of anybody's in the tenant came that is kept. `None`: none is.
    pub since: Option<Timestamp>,
}

/// A leaver's clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaver {
    pub identity: IdentityId,
    pub site: SiteId,
    pub since: Timestamp,
    pub seen_at: Timestamp,
    pub verified_at: Option<Timestamp>,
    /// The clock was dropped: they came back.
    #[serde(default)]
    pub returned_at: Option<Timestamp>,
}

impl Leaver {
    /// When they were out, or came back without having been out; `None`: neither yet.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.verified_at.or(self.returned_at)
    }
}

/// Something an account held for a stretch of time, as reads showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    pub account: AccountKey,
    /// `account` (value `live` or `inactive`), `person` (key `tenant/user`), `role` (key center, value role), `item`
    /// (key item), `cost_center`, `seat` (value room), `section`, `user_type` (value id), `site_admin`, `door` (key area, value from when to when).
    pub kind: String,
    pub key: String,
    pub value: String,
    /// The read that first showed it.
    pub from: Timestamp,
    /// The read that first did not show it; `None`: held now.
    pub to: Option<Timestamp>,
}

/// A claimed-by-nobody intent without an outcome, found after a restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenIntent {
    pub intent: Intent,
}

/// Which end of an order comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The oldest, or A.
    Rising,
    /// The newest, or Z.
    Falling,
}

/// Matches of a search of people are counted up to this many.
pub const COUNTED_MAX: usize = 5_000;

/// Filters of the activity list.
#[derive(Debug, Clone, Default)]
pub struct ActivityFilter {
    pub tenant: Option<TenantId>,
    pub identity: Option<IdentityId>,
    /// Lines before this sequence number, newest first; `None` from the newest.
    pub before: Option<i64>,
    /// Lines after this one, oldest first.
    pub after: Option<i64>,
    /// Only what people and programs did to Lanyard itself, of everybody: `identity` is not looked at.
    pub of_people: bool,
    pub limit: usize,
}

#[cfg(test)]
mod tests {
    use super::SweepRecord;

    #[test]
    fn a_sweep_of_a_version_that_counted_no_tenant_apart_is_read_and_written_as_it_was() {
        let kept = r#"{"id":"swp_1","scope":"all","started_at":"2026-05-01T00:00:00Z","ended_at":null,"certified":true,"doubts":[],"people":7,"accounts":8,"drift":1,"findings":2}"#;
        let sweep: SweepRecord = serde_json::from_str(kept).unwrap();
        assert_eq!((sweep.people, sweep.of.len()), (7, 0));
        assert_eq!(serde_json::to_string(&sweep).unwrap(), kept);
    }
}
