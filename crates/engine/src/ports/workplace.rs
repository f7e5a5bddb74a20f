//! The place side: one site.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountRead, FieldName},
    booking::Booking,
    coverage::Evidence,
    id::{AccountId, ItemId, ReservationId, SiteId},
    place::Catalogue,
    plan::{Operation, Outcome},
    signal::Lane,
};
use serde::{Deserialize, Serialize};

use super::{CallCount, Check, PortFailure, Progress, Sink};

/// Rows with what the read observed about its own completeness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    pub rows: Vec<T>,
    pub evidence: Evidence,
}

/// A value to find accounts by. The target's search is fuzzy: the caller compares again with its own folding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchKey {
    pub field: FieldName,
    pub value: String,
}

/// What this site's API turned out, or was configured, to support.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities {
    /// `active` on users can be written.
    pub active_write: Option<bool>,
    /// Accounts may be deleted through the API.
    pub delete_allowed: bool,
    /// Seat classification and neighbourhood section can be written on users.
    pub section_write: Option<bool>,
    /// Category items of a user can be read back by selector.
    pub items_readable: Option<bool>,
    /// Visits can be ended through the API.
    pub visit_end: bool,
}

/// One site. Reads retry within their own bound; writes are never repeated blindly.
#[async_trait]
pub trait Workplace: Send + Sync {
    fn site(&self) -> &SiteId;

    /// Where it is: two sites that bear the same id one after the other are told apart by it.
    fn address(&self) -> String;

    /// One account with roles, seat and items: one call.
    async fn observe_account(&self, id: AccountId, lane: Lane) -> Result<AccountRead, PortFailure>;

    /// Candidates for a key, fresh. At most a few pages; live accounts only (the API shows no others).
    async fn find_accounts(&self, key: &SearchKey, lane: Lane) -> Result<Vec<Account>, PortFailure>;

    /// Fails where a search for this key, which showed so many accounts, is known to have left some out. Asked before
    /// somebody is taken to have no account: a second one would be made for them.
    async fn search_was_whole(&self, key: &SearchKey, shown: usize, lane: Lane) -> Result<(), PortFailure> {
        let _ = (key, shown, lane);
        Ok(())
    }

    /// Whether nobody, live or inactive, has this user name.
    async fn is_user_name_free(&self, user_name: &str, lane: Lane) -> Result<bool, PortFailure>;

    /// Buildings, floors, rooms with occupants, centers, sections, items, user types.
    async fn read_catalogue(&self, progress: &dyn Progress) -> Result<Catalogue, PortFailure>;

    /// All live accounts with roles, seats and items. The answer's `rows` counts each id once.
    async fn list_accounts(
        &self,
        into: &mut dyn Sink<Account>,
        progress: &dyn Progress,
    ) -> Result<Evidence, PortFailure>;

    /// The fields that accounts have, each with the user types that have it and where it is required. Empty: this site does
    /// not tell.
    async fn list_fields(&self) -> Result<BTreeMap<String, String>, PortFailure>;

    /// All live bookings that end after `from`.
    async fn list_bookings(&self, from: Timestamp, lane: Lane) -> Result<Listing<Booking>, PortFailure>;

    /// One booking, cancelled or not. `None`: the site knows none of that id.
    async fn observe_booking(&self, id: ReservationId, lane: Lane) -> Result<Option<Booking>, PortFailure>;

    /// Who holds which category items, for sites whose accounts do not show it themselves: accounts that are not in it
    /// hold none. `None`: this site does not tell.
    async fn item_holders(
        &self,
        lane: Lane,
    ) -> Result<Option<BTreeMap<AccountId, BTreeSet<ItemId>>>, PortFailure>;

    /// Whether the site answers and takes our credential: one cheap read.
    async fn answers(&self, lane: Lane) -> Result<(), PortFailure>;

    /// Carries out one operation once. `account` is `None` for [`Operation::Create`] only.
    async fn apply(&self, operation: &Operation, account: Option<AccountId>, lane: Lane) -> Outcome;

    /// Calls a second that we allow ourselves here; `None`: no bound of ours.
    fn rate_per_second(&self) -> Option<f64> {
        None
    }

    fn capabilities(&self) -> Capabilities;

    /// Credentials, rights, counts, capabilities: each with the fix.
    async fn probe(&self) -> Vec<Check>;

    fn calls(&self) -> Vec<CallCount>;
}
