//! The client of one site and its reads of accounts.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use lanyard_engine::{
    clock::Clock,
    ports::{Progress, Sink},
};
use lanyard_model::{
    account::{Account, AccountRead, FieldName, Role},
    coverage::{Evidence, ReadKind},
    id::{AccountId, CenterId, SiteId},
    signal::Lane,
};
use lanyard_wire::Transport;
use serde_json::{Value, json};

use crate::{
    accounts::{self, OwnAccount, UserRow},
    budget::{Budget, lock},
    capabilities::{Learnt, Origin},
    listing::Collection,
    oauth::RefreshTokenKeeper,
    outcome::{ReadError, Refusal},
    session::{Call, Session},
    settings::{Credential, IofficeSettings, SettingsError},
};

/// Pages of a search at most: a key that matches more is no key.
const SEARCH_PAGES_MAX: u32 = 5;
/// A text that nobody has: whether a count takes notice of texts at all is seen by it.
const NOBODY: &str = "lanyard-nobody-has-this";
/// Hits of a quick search at most; each costs a call.
const QUICK_HITS_MAX: usize = 10;

/// The narrowest selector of users: none.
const SELECTOR_LEVEL_MAX: u8 = 2;

/// Names in the selector that the contract does not document on users.
const UNDOCUMENTED: &[&str] = &["active", "lastUpdatedBy", "costCenters(category)"];

/// One site's client. Cloning is cheap and shares budget, counters and what was learnt.
#[derive(Clone)]
pub struct IofficeClient {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub session: Session,
    pub learnt: Mutex<Learnt>,
    /// Whole-list writes of reservation rules go one at a time: the API has no guard.
    pub rules_turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for IofficeClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IofficeClient").field("site", self.site_id()).finish_non_exhaustive()
    }
}

/// The service account as the site sees it.
#[derive(Debug, Clone)]
pub(crate) struct Me {
    pub account: Account,
    pub rights_in_bookings: Option<bool>,
}

impl Me {
    /// Site administrator, or `role` or more in some center; `None` where the site shows neither.
    pub fn is_at_least(&self, role: Role) -> Option<bool> {
        if self.account.site_admin == Some(true) {
            return Some(true);
        }
        let roles = self.account.roles.as_ref()?;
        Some(roles.values().any(|held| *held >= role))
    }
}

impl IofficeClient {
    /// `keeper` stores refresh tokens that the site rotates; only needed with OAuth.
    ///
    /// # Errors
    /// A setting out of its bounds.
    pub fn new(
        settings: IofficeSettings,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        keeper: Option<Arc<dyn RefreshTokenKeeper>>,
    ) -> Result<Self, SettingsError> {
        settings.validate()?;
        let user_name = match &settings.credential {
            Credential::HeaderPair { username, .. } => Some(username.clone()),
            Credential::OAuth(_) => None,
        };
        let learnt = Learnt::of(OwnAccount { id: None, user_name });
        let session = Session::new(settings, transport, clock, keeper);
        let shared = Shared { session, learnt: Mutex::new(learnt), rules_turn: tokio::sync::Mutex::new(()) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Budget and stop gate of this site.
    pub fn budget(&self) -> &Arc<Budget> {
        &self.session().budget
    }

    pub(crate) fn site_id(&self) -> &SiteId {
        &self.session().settings.site
    }

    pub(crate) fn session(&self) -> &Session {
        &self.shared.session
    }

    pub(crate) fn learnt(&self) -> MutexGuard<'_, Learnt> {
        lock(&self.shared.learnt)
    }

    /// Levels that are tried when one is refused, from the one that the site is known to accept on.
    fn levels(&self) -> std::ops::RangeInclusive<u8> {
        self.learnt().selector_level..=SELECTOR_LEVEL_MAX
    }

    /// A narrower selector was accepted where a wider one was refused: that one is not asked for again.
    fn accepted(&self, level: u8) {
        let mut learnt = self.learnt();
        learnt.selector_level = learnt.selector_level.max(level);
    }

    /// The selector of users at a level: 0 asks for everything, the last one for nothing in particular.
    fn selector_at(level: u8) -> Option<String> {
        match level {
            0 => Some(accounts::selector().to_owned()),
            1 => {
                let all = accounts::selector().to_owned();
                Some(UNDOCUMENTED.iter().fold(all, |text, name| text.replace(&format!(",{name}"), "")))
            }
            _ => None,
        }
    }

    /// Reads a user or users, with a narrower selector when the site refuses the wider one.
    async fn read_with_selector(&self, call: Call) -> Result<Value, ReadError> {
        let mut refused = None;
        for level in self.levels() {
            let mut attempt = call.clone();
            if let Some(selector) = Self::selector_at(level) {
                attempt = attempt.with("selector", selector);
            }
            match self.session().read(&attempt).await {
                Err(error) if error.is_bad_request() => refused = refused.or(Some(error)),
                result => {
                    if matches!(result, Ok(_) | Err(ReadError::NotFound)) {
                        self.accepted(level);
                    }
                    return result;
                }
            }
        }
        Err(refused.unwrap_or_else(never_asked))
    }

    fn read_row(&self, row: &Value) -> Option<UserRow> {
        let own = self.learnt().own.clone();
        accounts::read_user(row, self.site_id(), &own, self.session().clock.now())
    }

    /// `GET /users/me` with rights: the credential probe (§3.2).
    pub(crate) async fn me(&self, lane: Lane) -> Result<Me, ReadError> {
        let call = Call::get("GET /users/me", &["users", "me"], lane)
            .with("selector", "email,userName,siteAdmin,permissions(center(module),role)");
        let value = self.session().read(&call).await?;
        let now = self.session().clock.now();
        let row = accounts::read_user(&value, self.site_id(), &OwnAccount::default(), now)
            .ok_or_else(|| ReadError::Malformed { reason: "GET /users/me holds no id".into() })?;
        let account = row.account;
        let mut learnt = self.learnt();
        learnt.own.id = Some(account.id());
        learnt.untouchable.insert(account.id(), "it is the account that we sign in with");
        let rights_in_bookings = match (&account.roles, account.site_admin) {
            (_, Some(true)) => Some(true),
            (None, _) => None,
            (Some(roles), _) => {
                let centers = &learnt.reservation_centers;
                let covers = |center| roles.get(center).is_some_and(|role| *role >= Role::Operator);
                if centers.is_empty() {
                    // Which centers take reservations is not known yet; no role anywhere is certainly too little.
                    roles.values().all(|role| *role < Role::Operator).then_some(false)
                } else {
                    Some(centers.iter().all(covers))
                }
            }
        };
        Ok(Me { account, rights_in_bookings })
    }

    pub(crate) async fn read_account(&self, id: AccountId, lane: Lane) -> Result<AccountRead, ReadError> {
        let call = Call::get("GET /users/{id}", &["users", &id.to_string()], lane);
        let value = match self.read_with_selector(call).await {
            Ok(value) => value,
            Err(ReadError::NotFound) => return Ok(AccountRead::NotFound { at: self.session().clock.now() }),
            Err(e) => return Err(e),
        };
        let row = self.read_row(&value).filter(|row| row.account.id() == id).ok_or_else(|| {
            ReadError::Malformed { reason: format!("GET /users/{id} answered with another record, or none") }
        })?;
        let mut account = self.learnt().take_in(row, Origin::ById);
        if account.roles.is_none() {
            account.roles = self.read_roles(id, lane).await?;
        }
        if account.active.is_none() && !self.learnt().by_id.active && is_husk(&account) {
            account.active = Some(self.is_listed(&account, lane).await?);
        }
        Ok(AccountRead::Present(Box::new(account)))
    }

    /// `GET /users/{id}/permissions`: where the selector brings none.
    pub(crate) async fn read_roles(
        &self,
        id: AccountId,
        lane: Lane,
    ) -> Result<Option<BTreeMap<CenterId, Role>>, ReadError> {
        let call = Call::get("GET /users/{id}/permissions", &["users", &id.to_string(), "permissions"], lane);
        let value = match self.session().read(&call).await {
            Ok(value) => value,
            Err(ReadError::NotFound | ReadError::Refused(_)) => return Ok(None),
            Err(e) => return Err(e),
        };
        let Some(list) = value.as_array() else { return Ok(None) };
        let (known, foreign) = accounts::read_roles(list);
        if !foreign.is_empty() {
            self.learnt().foreign_roles.insert(id, foreign);
        }
        Ok(Some(known))
    }

    /// Whether a search by user name still shows the account: the list shows live accounts only (§3.6).
    pub(crate) async fn is_listed(&self, account: &Account, lane: Lane) -> Result<bool, ReadError> {
        let Some(text) = account.field("userName").or(account.field("email")) else { return Ok(true) };
        let found = self.search_accounts(text, lane).await?;
        Ok(found.iter().any(|other| other.id() == account.id()))
    }

    /// `GET /users?search=`: fuzzy; the caller compares again.
    pub(crate) async fn search_accounts(&self, text: &str, lane: Lane) -> Result<Vec<Account>, ReadError> {
        let mut refused = None;
        for level in self.levels() {
            let mut collection = self.users(level, lane);
            collection.filters.push(("search", text.to_owned()));
            match self.session().search(&collection, SEARCH_PAGES_MAX, |row| self.read_row(row)).await {
                Ok(found) => {
                    self.accepted(level);
                    return found.map(|rows| self.take_in_all(rows)).ok_or_else(too_many_matches);
                }
                Err(error) if error.is_bad_request() => refused = refused.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(refused.unwrap_or_else(never_asked))
    }

    /// Fails where a search showed so many accounts and `GET /users/count` with the same text (§1.4) says that there are
    /// more. Where this site's count takes no notice of a text, nothing is known of it.
    pub(crate) async fn compare_search(&self, text: &str, shown: usize, lane: Lane) -> Result<(), ReadError> {
        if self.learnt().counts_searches == Some(false) {
            return Ok(());
        }
        let searched = |text: &str| {
            let mut collection = self.users(SELECTOR_LEVEL_MAX, lane);
            collection.filters.push(("search", text.to_owned()));
            collection
        };
        let collection = searched(text);
        let Some(count) = self.session().count(&collection).await? else { return Ok(()) };
        if count <= shown as u64 {
            return Ok(());
        }
        // Rows that could not be understood were not shown; they are there all the same.
        let rows = self.session().search(&collection, SEARCH_PAGES_MAX, |_| Some(())).await?;
        if rows.is_none_or(|rows| rows.len() as u64 >= count) {
            return Ok(());
        }
        if self.learnt().counts_searches.is_none() {
            let nobody = self.session().count(&searched(NOBODY)).await?;
            self.learnt().counts_searches = Some(nobody == Some(0));
        }
        if self.learnt().counts_searches == Some(true) {
            return Err(search_was_cut(shown, count));
        }
        Ok(())
    }

    /// `POST /users/quicksearch` by one property (§3.4), for properties that the plain search does not cover.
    pub(crate) async fn quick_search(
        &self,
        field: &FieldName,
        value: &str,
        lane: Lane,
    ) -> Result<Vec<Account>, ReadError> {
        let body = json!({
            "itemClassName": "com.iofficeconnect.user.User", "availability": "EVERYONE", "matchingType": true,
            "name": "",
            "filters": [{"propertyPath": field.as_str(), "qualifier": "CONTAINS", "valueString": value, "name": ""}],
        });
        let call = Call::post("POST /users/quicksearch", &["users", "quicksearch"], body, lane)
            .with("limit", self.session().settings.page_rows.to_string())
            .reading()
            .listing();
        let answer = self.session().read(&call).await?;
        let rows = answer.as_array().ok_or_else(|| ReadError::Malformed {
            reason: "POST /users/quicksearch did not answer with a list".into(),
        })?;
        // The reply takes no selector, so each hit is read by id.
        let ids: Vec<AccountId> = rows.iter().filter_map(accounts::created_id).collect();
        if ids.len() > QUICK_HITS_MAX {
            return Err(too_many_matches());
        }
        let mut found = Vec::new();
        for id in ids {
            if let AccountRead::Present(account) = self.read_account(id, lane).await? {
                found.push(*account);
            }
        }
        Ok(found)
    }

    fn users(&self, level: u8, lane: Lane) -> Collection {
        Collection {
            endpoint: "GET /users",
            segments: vec!["users".into()],
            filters: Vec::new(),
            selector: Self::selector_at(level),
            lane,
            count_endpoint: Some("GET /users/count"),
        }
    }

    fn take_in_all(&self, rows: Vec<UserRow>) -> Vec<Account> {
        let mut learnt = self.learnt();
        let mut accounts: Vec<Account> =
            rows.into_iter().map(|row| learnt.take_in(row, Origin::List)).collect();
        // A later row may have taught what absence in an earlier one means.
        for account in &mut accounts {
            learnt.complete(account, Origin::List);
        }
        accounts
    }

    /// Hands over all live accounts as their pages arrive. The evidence: counts, overlap, our own account as the row
    /// known to exist, rights.
    pub(crate) async fn scan_accounts(
        &self,
        into: &mut dyn Sink<Account>,
        progress: &dyn Progress,
    ) -> Result<Evidence, ReadError> {
        let me = self.me(Lane::Bulk).await?;
        let known_before = self.learnt().in_lists;
        let mut refused = None;
        let mut read = None;
        for level in self.levels() {
            let mut canary = false;
            let mut each = |_: i64, row: &Value| {
                let Some(row) = self.read_row(row) else { return false };
                canary |= row.account.id() == me.account.id();
                into.take(self.learnt().take_in(row, Origin::List));
                true
            };
            match self
                .session()
                .scan_each(&self.users(level, Lane::Bulk), "accounts", progress, &mut each)
                .await
            {
                Err(error) if error.is_bad_request() => {
                    into.restart();
                    refused = refused.or(Some(error));
                }
                result => {
                    read = Some((result?, canary));
                    self.accepted(level);
                    break;
                }
            }
        }
        let (scan, canary) = read.ok_or_else(|| refused.unwrap_or_else(never_asked))?;
        let rights = me.is_at_least(Role::Administrator);
        let mut evidence = scan.evidence(ReadKind::Accounts, Some(canary), rights);
        // Each page repeats a row of the one before; one that could not be understood is no row.
        evidence.rows = into.count().min(evidence.rows);
        if self.learnt().in_lists != known_before {
            // A later row taught what absence in an earlier one means.
            into.revise(&mut |account| self.learnt().complete(account, Origin::List));
        }
        if !self.learnt().in_lists.roles {
            self.read_roles_one_by_one(into, progress).await?;
        }
        Ok(evidence)
    }

    /// The list brought no permissions at all: one call each (§16).
    async fn read_roles_one_by_one(
        &self,
        into: &mut dyn Sink<Account>,
        progress: &dyn Progress,
    ) -> Result<(), ReadError> {
        let total = into.count();
        let mut ids = Vec::new();
        into.revise(&mut |account| ids.push(account.id()));
        let mut read = BTreeMap::new();
        for id in ids {
            read.insert(id, self.read_roles(id, Lane::Bulk).await?);
            progress.report("permissions", read.len() as u64, Some(total));
        }
        into.revise(&mut |account| account.roles = read.remove(&account.id()).flatten());
        Ok(())
    }

    pub(crate) async fn user_name_is_free(&self, user_name: &str, lane: Lane) -> Result<bool, ReadError> {
        let call = Call::get("GET /users/username/{username}", &["users", "username", user_name], lane);
        let value = self.session().read(&call).await?;
        accounts::read_available(&value).ok_or_else(|| ReadError::Malformed {
            reason: "GET /users/username/{username} does not say whether it is available".into(),
        })
    }
}

/// The narrowest selector is always tried, so something was asked and refused.
fn never_asked() -> ReadError {
    ReadError::Malformed { reason: "users were asked for with no selector at all".into() }
}

/// Asked again, it may be whole.
fn search_was_cut(shown: usize, count: u64) -> ReadError {
    ReadError::Unavailable { reason: format!("a search shows {shown} accounts, and {count} are counted") }
}

fn too_many_matches() -> ReadError {
    ReadError::Refused(Refusal {
        status: 0,
        code: "too_many_matches".into(),
        text: "the search matches too many accounts to be a key".into(),
    })
}

/// Nothing is left of it but the record: what a leaver looks like where `active` is not shown.
fn is_husk(account: &Account) -> bool {
    account.roles.as_ref().is_none_or(BTreeMap::is_empty)
        && account.seat.is_none()
        && account.section.is_none()
}
