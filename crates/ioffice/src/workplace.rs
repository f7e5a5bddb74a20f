//! The engine's port, by delegation.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::ports::{
    CallCount, Capabilities, Check, Listing, PortFailure, Progress, SearchKey, Silent, Sink, Workplace,
};
use lanyard_model::{
    account::{Account, AccountRead},
    booking::Booking,
    coverage::Evidence,
    id::{AccountId, ItemId, ReservationId, SiteId},
    place::Catalogue,
    plan::{Operation, Outcome},
    signal::Lane,
};

use crate::{
    apply::{RIGHTS_FIX, credential_fix},
    client::IofficeClient,
    outcome::ReadError,
};

/// Properties that the plain search covers (§1.4): documented for `employeeId`, seen for names and e-mail.
const SEARCHED: &[&str] = &["userName", "email", "employeeId", "firstName", "lastName"];

#[async_trait]
impl Workplace for IofficeClient {
    fn site(&self) -> &SiteId {
        self.site_id()
    }

    fn address(&self) -> String {
        self.session().settings.url.to_string()
    }

    async fn observe_account(&self, id: AccountId, lane: Lane) -> Result<AccountRead, PortFailure> {
        self.read_account(id, lane).await.map_err(|e| self.failure(e))
    }

    async fn find_accounts(&self, key: &SearchKey, lane: Lane) -> Result<Vec<Account>, PortFailure> {
        let value = key.value.trim();
        if value.is_empty() {
            return Ok(Vec::new());
        }
        let found = if SEARCHED.contains(&key.field.as_str()) {
            self.search_accounts(value, lane).await
        } else {
            self.quick_search(&key.field, value, lane).await
        };
        found.map_err(|e| self.failure(e))
    }

    async fn search_was_whole(&self, key: &SearchKey, shown: usize, lane: Lane) -> Result<(), PortFailure> {
        if !SEARCHED.contains(&key.field.as_str()) {
            return Ok(());
        }
        self.compare_search(key.value.trim(), shown, lane).await.map_err(|e| self.failure(e))
    }

    async fn is_user_name_free(&self, user_name: &str, lane: Lane) -> Result<bool, PortFailure> {
        self.user_name_is_free(user_name, lane).await.map_err(|e| self.failure(e))
    }

    async fn read_catalogue(&self, progress: &dyn Progress) -> Result<Catalogue, PortFailure> {
        self.scan_catalogue(progress).await.map_err(|e| self.failure(e))
    }

    async fn list_accounts(
        &self,
        into: &mut dyn Sink<Account>,
        progress: &dyn Progress,
    ) -> Result<Evidence, PortFailure> {
        self.scan_accounts(into, progress).await.map_err(|e| self.failure(e))
    }

    async fn list_fields(&self) -> Result<BTreeMap<String, String>, PortFailure> {
        self.scan_fields().await.map_err(|e| self.failure(e))
    }

    async fn list_bookings(&self, from: Timestamp, lane: Lane) -> Result<Listing<Booking>, PortFailure> {
        self.scan_bookings(from, lane, &Silent).await.map_err(|e| self.failure(e))
    }

    async fn observe_booking(&self, id: ReservationId, lane: Lane) -> Result<Option<Booking>, PortFailure> {
        match self.read_reservation(id, lane).await {
            Ok(booking) => Ok(Some(booking)),
            Err(ReadError::NotFound) => Ok(None),
            Err(error) => Err(self.failure(error)),
        }
    }

    async fn item_holders(
        &self,
        lane: Lane,
    ) -> Result<Option<BTreeMap<AccountId, BTreeSet<ItemId>>>, PortFailure> {
        self.scan_holders(lane).await.map_err(|e| self.failure(e))
    }

    async fn answers(&self, lane: Lane) -> Result<(), PortFailure> {
        self.me(lane).await.map(|_| ()).map_err(|e| self.failure(e))
    }

    async fn apply(&self, operation: &Operation, account: Option<AccountId>, lane: Lane) -> Outcome {
        self.apply_operation(operation, account, lane).await
    }

    fn rate_per_second(&self) -> Option<f64> {
        self.session().settings.pace.per_second
    }

    fn capabilities(&self) -> Capabilities {
        self.learnt().capabilities(&self.session().settings.capabilities)
    }

    async fn probe(&self) -> Vec<Check> {
        self.probe_site().await
    }

    fn calls(&self) -> Vec<CallCount> {
        self.session().counters.snapshot()
    }
}

impl IofficeClient {
    fn failure(&self, error: ReadError) -> PortFailure {
        let upstream = format!("iOffice {}", self.site_id());
        match error {
            ReadError::Throttled { retry_at } => PortFailure::Throttled { upstream, until: retry_at },
            ReadError::Unavailable { reason } => PortFailure::Unavailable { upstream, reason },
            ReadError::Stopped => {
                PortFailure::Unavailable { upstream, reason: "calls to the site are stopped".into() }
            }
            ReadError::Unauthorized { reason } => PortFailure::Denied {
                upstream,
                reason,
                fix: credential_fix(&self.session().settings.credential).to_owned(),
            },
            ReadError::Forbidden { reason } => {
                PortFailure::Denied { upstream, reason, fix: RIGHTS_FIX.to_owned() }
            }
            ReadError::NotFound => {
                PortFailure::Refused { upstream, reason: "the site does not know the resource".into() }
            }
            ReadError::Refused(refusal) => PortFailure::Refused { upstream, reason: refusal.to_string() },
            ReadError::Malformed { reason } => PortFailure::Malformed { upstream, reason },
        }
    }
}
