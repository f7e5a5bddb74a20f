//! The identity side: one tenant.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    coverage::Evidence,
    id::{GroupId, TenantId},
    identity::{Group, Identity, IdentityRead},
    signal::{Event, Lane},
};
use serde::{Deserialize, Serialize};

use super::{CallCount, Check, Listing, PortFailure, Progress, Quota, Sink};

/// A place in the change feed, opaque to everybody but the adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum FeedCursor {
    /// No cursor yet, or it is lost: begin with events persisted since this moment.
    Since(Timestamp),
    /// The adapter's own text, kept verbatim.
    At(String),
}

/// One page of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPage {
    pub events: Vec<Event>,
    /// Where to go on; store it in the transaction that stores the events.
    pub next: FeedCursor,
    /// Rows on the page, relevant or not: an empty page means "wait, then ask again with the same cursor".
    pub rows: usize,
}

#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum FeedError {
    /// The cursor is no longer accepted: begin again with an overlap.
    #[error("the feed's cursor is no longer accepted: {reason}")]
    CursorDead { reason: String },
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// A pushed batch, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Names the batch; the same on redelivery.
    pub delivery_id: String,
    /// The hook that sent it, if it is one of this tenant's; otherwise quarantine.
    pub hook: Result<String, String>,
    /// A console preview or sample: counted, never acted on.
    pub preview: bool,
    pub events: Vec<Event>,
}

/// The body is not a delivery at all (HTTP 400).
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("not an event hook delivery: {0}")]
pub struct DeliveryProblem(pub String);

/// The hook we want to exist.
#[derive(Debug, Clone)]
pub struct HookWish {
    pub name: String,
    pub url: String,
    /// Sent by the directory in the `Authorization` header of every request.
    pub secret: String,
    /// Where people find the secret, in words: they make the hook where we lack the right to.
    pub secret_is: String,
}

/// The hook as the directory shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum HookState {
    /// Exists, is verified and delivers.
    Live {
        id: String,
    },
    /// Exists, but does not deliver.
    Broken {
        id: String,
        why: String,
    },
    Absent,
    /// We lack the right to see or make hooks: the text says what to paste where.
    Manual {
        why: String,
        paste: String,
    },
}

/// One tenant's directory. Every call is a fresh read unless it says otherwise; reads retry within their own bound.
#[async_trait]
pub trait Directory: Send + Sync {
    fn tenant(&self) -> &TenantId;

    /// The whole person, with all groups: two calls (more for many groups). Not found is an answer.
    async fn observe_identity(&self, user: &str, lane: Lane) -> Result<IdentityRead, PortFailure>;

    /// How far the directory's clock was ahead of ours when it last answered; zero while that is not known.
    fn clock_ahead(&self) -> SignedDuration {
        SignedDuration::ZERO
    }

    /// The directory's own immutable id, where it has one.
    async fn org_id(&self) -> Result<Option<String>, PortFailure> {
        Ok(None)
    }

    /// Ids of the people with this login or e-mail address, deactivated ones included; a list index may lag. For
    /// people who ask by name; nothing is decided on it.
    async fn find_identities(&self, login_or_email: &str) -> Result<Vec<Arc<str>>, PortFailure>;

    /// Everybody, deactivated people included. `groups` of the rows is empty and incomplete. The answer's `rows` counts
    /// each id once.
    async fn list_identities(
        &self,
        into: &mut dyn Sink<Identity>,
        progress: &dyn Progress,
    ) -> Result<Evidence, PortFailure>;

    /// All groups; the evidence's canary is the built-in group of everybody.
    async fn list_groups(&self) -> Result<Listing<Group>, PortFailure>;

    /// Whether the group is there, by its id: one call. `true` where nobody can say.
    async fn has_group(&self, group: &GroupId, lane: Lane) -> Result<bool, PortFailure> {
        let _ = (group, lane);
        Ok(true)
    }

    /// User ids of the members, deactivated ones included.
    async fn list_members(
        &self,
        group: &GroupId,
        into: &mut dyn Sink<Arc<str>>,
    ) -> Result<Evidence, PortFailure>;

    /// Attribute names of the user schema, base and custom, with type and title (for `init` and the linter).
    async fn list_attributes(&self) -> Result<Vec<(String, String, String)>, PortFailure>;

    /// The next page of the feed.
    async fn poll_feed(&self, cursor: &FeedCursor) -> Result<FeedPage, FeedError>;

    /// Hooks that were ours before this process began: what they deliver is ours, and none is made beside one that is there.
    fn remember_hooks(&self, ids: &[String]) {
        let _ = ids;
    }

    /// Creates, repairs and verifies the hook until it is [`HookState::Live`], or says why not.
    async fn ensure_hook(&self, wish: &HookWish) -> Result<HookState, PortFailure>;

    async fn hook_state(&self, wish: &HookWish) -> Result<HookState, PortFailure>;

    /// Reads a pushed body. Never calls out.
    fn parse_delivery(&self, body: &[u8]) -> Result<Delivery, DeliveryProblem>;

    /// Credentials, scopes, roles: each with the fix.
    async fn probe(&self) -> Vec<Check>;

    fn calls(&self) -> Vec<CallCount>;

    /// Quotas as last told of; one that says nothing of them has none.
    fn quotas(&self) -> Vec<Quota> {
        Vec::new()
    }
}
