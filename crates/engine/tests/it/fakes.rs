//! One tenant and one site in memory, behind the ports, with scripted failures of writes.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{clock::Clock, ports::*};
use lanyard_model::{
    account::{Account, AccountKind, AccountRead, FieldName, Seat},
    booking::Booking,
    coverage::{Evidence, ReadKind},
    desired::ToDo,
    id::*,
    identity::{Group, Identity, IdentityRead},
    place::Catalogue,
    plan::{AccountPatch, Operation, Outcome},
    signal::Lane,
};
use tokio::sync::{Notify, watch};

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A clock that moves when told.
pub struct Manual(watch::Sender<Timestamp>);

impl Manual {
    pub fn new(at: Timestamp) -> Self {
        Self(watch::channel(at).0)
    }

    pub fn set(&self, at: Timestamp) {
        self.0.send_modify(|now| *now = at.max(*now));
    }

    pub fn pass(&self, time: Duration) {
        self.0.send_modify(|now| *now += time);
    }
}

#[async_trait]
impl Clock for Manual {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, until: Timestamp) {
        let mut changes = self.0.subscribe();
        let _ = changes.wait_for(|now| *now >= until).await;
    }
}

fn evidence(kind: ReadKind, rows: usize, now: Timestamp) -> Evidence {
    Evidence {
        kind,
        started_at: now,
        ended_at: now,
        pages: 1,
        rows: rows as u64,
        reached_end: true,
        count_before: None,
        count_after: None,
        canary_seen: Some(true),
        overlaps_missed: 0,
        feed_whole: None,
        rights_proven: None,
        schema: None,
    }
}

/// A directory.
pub struct Okta {
    tenant: TenantId,
    clock: Arc<Manual>,
    pub state: Mutex<OktaState>,
}

#[derive(Default)]
pub struct OktaState {
    pub people: BTreeMap<String, Identity>,
    pub groups: BTreeSet<GroupId>,
    /// Every read fails so.
    pub failure: Option<PortFailure>,
    /// When that is over by itself.
    pub back_at: Option<Timestamp>,
    /// People whom lists leave out.
    pub unlisted: BTreeSet<String>,
    /// Lists end early.
    pub torn: bool,
    /// Whether the list of people shows somebody known to exist; the list of groups always shows its own.
    pub canary: Option<bool>,
    /// Member lists break off.
    pub torn_members: bool,
    /// The user schema; empty: it cannot be read.
    pub attributes: BTreeMap<String, String>,
    /// What it is as soon as a list was read.
    pub attributes_later: Option<BTreeMap<String, String>>,
    /// The next read by id is answered only then.
    pub answers_when: Option<Arc<Notify>>,
    /// How far its clock is ahead of ours.
    pub ahead: SignedDuration,
    /// The feed does not answer at all.
    pub hangs: bool,
    /// What the feed answers next; then it is idle.
    pub pages: VecDeque<Result<FeedPage, FeedError>>,
    /// Where it was asked from last.
    pub asked: Option<FeedCursor>,
    /// How often everybody was listed.
    pub lists: usize,
    /// How often somebody was read by id.
    pub reads: usize,
    /// Calls that would have changed something here.
    pub writes: usize,
}

impl Okta {
    pub fn new(tenant: &str, clock: Arc<Manual>) -> Self {
        Self { tenant: tenant.into(), clock, state: Mutex::default() }
    }

    pub fn change(&self, change: impl FnOnce(&mut OktaState)) {
        change(&mut held(&self.state));
    }

    /// How often somebody was read by id.
    pub fn reads(&self) -> usize {
        held(&self.state).reads
    }

    /// How often everybody was listed.
    pub fn lists(&self) -> usize {
        held(&self.state).lists
    }

    fn read<T>(&self, read: impl FnOnce(&OktaState) -> T) -> Result<T, PortFailure> {
        let state = held(&self.state);
        let back = state.back_at.is_some_and(|at| at <= self.clock.now());
        state.failure.clone().filter(|_| !back).map_or_else(|| Ok(read(&state)), Err)
    }
}

#[async_trait]
impl Directory for Okta {
    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn clock_ahead(&self) -> SignedDuration {
        held(&self.state).ahead
    }

    async fn observe_identity(&self, user: &str, _: Lane) -> Result<IdentityRead, PortFailure> {
        let answers_when = held(&self.state).answers_when.take();
        if let Some(then) = answers_when {
            then.notified().await;
        }
        let at = self.clock.now();
        self.change(|state| state.reads += 1);
        self.read(|state| match state.people.get(user) {
            Some(person) => IdentityRead::Present(Box::new(Identity { read_at: at, ..person.clone() })),
            None => IdentityRead::NotFound { at },
        })
    }

    async fn find_identities(&self, text: &str) -> Result<Vec<Arc<str>>, PortFailure> {
        self.read(|state| {
            let found = state.people.values().filter(|person| person.display_name().contains(text));
            found.map(|person| person.id.user.clone()).collect()
        })
    }

    async fn list_identities(
        &self,
        into: &mut dyn Sink<Identity>,
        _: &dyn Progress,
    ) -> Result<Evidence, PortFailure> {
        let at = self.clock.now();
        self.change(|state| {
            state.lists += 1;
            if let Some(later) = state.attributes_later.take() {
                state.attributes = later;
            }
        });
        self.read(|state| {
            state.people.iter().filter(|(user, _)| !state.unlisted.contains(*user)).for_each(
                |(_, person)| {
                    let groups = lanyard_model::identity::Groups::default();
                    into.take(Identity { read_at: at, groups, ..person.clone() });
                },
            );
            let mut evidence = evidence(ReadKind::Identities, into.count() as usize, at);
            evidence.reached_end = !state.torn;
            evidence.canary_seen = state.canary;
            evidence
        })
    }

    async fn has_group(&self, group: &GroupId, _: Lane) -> Result<bool, PortFailure> {
        self.read(|state| state.groups.contains(group))
    }

    async fn list_groups(&self) -> Result<Listing<Group>, PortFailure> {
        let at = self.clock.now();
        self.read(|state| {
            let rows: Vec<_> = state
                .groups
                .iter()
                .map(|id| Group {
                    id: id.clone(),
                    name: id.as_str().into(),
                    kind: lanyard_model::identity::GroupKind::Native,
                    last_membership_updated: None,
                })
                .collect();
            Listing { evidence: evidence(ReadKind::GroupMembers, rows.len(), at), rows }
        })
    }

    async fn list_members(
        &self,
        group: &GroupId,
        into: &mut dyn Sink<Arc<str>>,
    ) -> Result<Evidence, PortFailure> {
        let at = self.clock.now();
        self.read(|state| {
            let members = state.people.values().filter(|person| person.groups.contains(group));
            members.for_each(|person| into.take(person.id.user.clone()));
            let mut evidence = evidence(ReadKind::GroupMembers, into.count() as usize, at);
            evidence.reached_end = !state.torn_members;
            evidence
        })
    }

    async fn list_attributes(&self) -> Result<Vec<(String, String, String)>, PortFailure> {
        let title = |(name, kind): (&String, &String)| (name.clone(), kind.clone(), name.clone());
        self.read(|state| state.attributes.iter().map(title).collect())
    }

    async fn poll_feed(&self, cursor: &FeedCursor) -> Result<FeedPage, FeedError> {
        let _ = self.read(|_| ())?;
        if held(&self.state).hangs {
            std::future::pending::<()>().await;
        }
        self.change(|state| state.asked = Some(cursor.clone()));
        let scripted = held(&self.state).pages.pop_front();
        scripted.unwrap_or_else(|| Ok(FeedPage { events: Vec::new(), next: cursor.clone(), rows: 0 }))
    }

    async fn ensure_hook(&self, _: &HookWish) -> Result<HookState, PortFailure> {
        self.change(|state| state.writes += 1);
        Ok(HookState::Live { id: "who1".into() })
    }

    async fn hook_state(&self, _: &HookWish) -> Result<HookState, PortFailure> {
        Ok(HookState::Absent)
    }

    fn parse_delivery(&self, _: &[u8]) -> Result<Delivery, DeliveryProblem> {
        Err(DeliveryProblem("not scripted".into()))
    }

    async fn probe(&self) -> Vec<Check> {
        Vec::new()
    }

    fn calls(&self) -> Vec<CallCount> {
        Vec::new()
    }
}

/// What goes wrong with a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It was carried out, and no answer came.
    LostAfter,
    /// The same, and nothing can be read afterwards, until `failure` is taken away.
    LostAndDown,
    /// It was not carried out, and no answer came.
    LostBefore,
    Throttled,
    NotDone,
    Refused,
    Impossible,
    /// Accepted without any effect.
    Ignored,
}

/// A site.
pub struct Office {
    site: SiteId,
    clock: Arc<Manual>,
    pub state: Mutex<OfficeState>,
}

#[derive(Default)]
pub struct OfficeState {
    pub accounts: BTreeMap<i64, Account>,
    pub bookings: BTreeMap<i64, Booking>,
    pub visits: Vec<String>,
    pub catalogue: Option<Catalogue>,
    /// Where it is, if not at its usual address.
    pub address: Option<String>,
    /// Every accepted write, in order.
    pub writes: Vec<String>,
    /// By number of the write from now on.
    pub faults: BTreeMap<usize, Fault>,
    /// By the operation's name, used up in order.
    pub faults_of: BTreeMap<&'static str, VecDeque<Fault>>,
    /// Every read fails so.
    pub failure: Option<PortFailure>,
    /// Happens while the next account is read by id.
    pub meanwhile: Option<Box<dyn FnOnce() + Send>>,
    /// The fields of its user types; empty: they cannot be read.
    pub fields: BTreeMap<String, String>,
    /// How often all accounts were listed.
    pub lists: usize,
    /// How long it takes to list all accounts, until then.
    pub takes: Option<(Duration, Timestamp)>,
    /// Happens while all accounts are listed next.
    pub while_listed: Option<Box<dyn FnOnce() + Send>>,
    /// The list of accounts shows nobody and does not come to its own end.
    pub torn: bool,
    /// Bookings that scans leave out, and whether the site's count gives that away.
    pub unscanned: BTreeSet<i64>,
    pub counts_bookings: bool,
    /// Scans of bookings fail so.
    pub scan_failure: Option<PortFailure>,
    pub scans: usize,
    /// Inactive accounts answer 404.
    pub hides_inactive: bool,
    /// Searches miss accounts made after this many.
    pub search_blind: bool,
    /// Searches show nobody, and counts tell that there is somebody.
    pub search_cut: bool,
    /// Somebody books a room for this account as soon as a scan has ended.
    pub booked_after_scan: Option<i64>,
    /// Accounts do not show their items; this says who has which.
    pub hides_items: bool,
    pub holders: BTreeMap<AccountId, BTreeSet<ItemId>>,
    /// How often it was asked whether it answers, and did.
    pub probes: usize,
    /// Inactive accounts stay so.
    pub reactivates_nobody: bool,
    /// No booking is handed over to them.
    pub hosts_refused: BTreeSet<AccountId>,
    /// What the calendar's evidence says about our rights.
    pub rights_in_bookings: Option<bool>,
    /// Reads by id show the account as it was for so long after a write.
    pub lag: Duration,
    stale: BTreeMap<i64, (Account, Timestamp)>,
    attempts: usize,
    next: i64,
}

impl Office {
    pub fn new(catalogue: Catalogue, clock: Arc<Manual>) -> Self {
        let state = OfficeState { catalogue: Some(catalogue.clone()), next: 100, ..OfficeState::default() };
        Self { site: catalogue.site, clock, state: Mutex::new(state) }
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut OfficeState) -> T) -> T {
        change(&mut held(&self.state))
    }

    pub fn attempts(&self) -> usize {
        self.change(|state| state.attempts)
    }

    /// Puts an account there, as if by hand.
    pub fn seed(&self, id: i64, fields: &[(&str, &str)]) {
        let account = Account {
            key: AccountKey { site: self.site.clone(), id: AccountId(id) },
            kind: AccountKind::Person,
            active: Some(true),
            fields: fields
                .iter()
                .map(|(name, value)| (FieldName::new(name).unwrap(), (*value).to_owned()))
                .collect(),
            user_type: None,
            seat: None,
            section: None,
            seat_class: None,
            cost_center: None,
            items: Some(BTreeSet::new()),
            roles: Some(BTreeMap::new()),
            site_admin: Some(false),
            updated_at: None,
            updated_by: None,
            read_at: self.clock.now(),
        };
        self.change(|state| state.accounts.insert(id, account));
    }

    pub fn book(&self, id: i64, host: i64, hours_ahead: u64) {
        let start = self.clock.now() + Duration::from_secs(hours_ahead * 3600);
        self.change(|state| state.bookings.insert(id, booking(id, host, start)));
    }

    fn read<T>(&self, read: impl FnOnce(&mut OfficeState) -> T) -> Result<T, PortFailure> {
        let mut state = held(&self.state);
        match state.failure.clone() {
            Some(failure) => Err(failure),
            None => Ok(read(&mut state)),
        }
    }
}

fn booking(id: i64, host: i64, start: Timestamp) -> Booking {
    Booking {
        id: ReservationId(id),
        host: AccountId(host),
        room: Some(RoomId(14)),
        center: Some(CenterId(51)),
        start,
        end: start + Duration::from_secs(3600),
        cancelled: false,
        made_here: true,
    }
}

impl OfficeState {
    fn shown(&self, account: &Account, now: Timestamp) -> Account {
        let items = account.items.clone().filter(|_| !self.hides_items);
        Account { read_at: now, items, ..account.clone() }
    }

    fn carry_out(
        &mut self,
        operation: &Operation,
        account: Option<AccountId>,
        site: &SiteId,
        now: Timestamp,
    ) -> Outcome {
        let mut done = Outcome::Done { account, made: None };
        let refused = |text: &str| Outcome::Refused {
            code: "refused".into(),
            text: text.into(),
            fix: "see the test".into(),
        };
        let what = match account {
            Some(id) => format!("{} {id}", operation.name()),
            None => operation.name().to_owned(),
        };
        let mut target = account.and_then(|id| self.accounts.get(&id.0).cloned());
        if target.as_ref().is_some_and(|a| !a.is_live())
            && matches!(operation, Operation::Update { .. } | Operation::SetRoles { .. })
        {
            return refused("an inactive account cannot be edited");
        }
        match operation {
            Operation::Create { patch } => {
                let name = FieldName::new("userName").unwrap();
                let wanted = patch.fields.get(&name).cloned().flatten();
                if self.accounts.values().any(|a| a.fields.get(&name).cloned() == wanted) {
                    return refused("the user name is taken");
                }
                self.next += 1;
                let mut made = Account {
                    key: AccountKey { site: site.clone(), id: AccountId(self.next) },
                    kind: AccountKind::Person,
                    active: Some(true),
                    fields: BTreeMap::new(),
                    user_type: None,
                    seat: None,
                    section: None,
                    seat_class: None,
                    cost_center: None,
                    items: Some(BTreeSet::new()),
                    roles: Some(BTreeMap::new()),
                    site_admin: Some(false),
                    updated_at: Some(now),
                    updated_by: None,
                    read_at: now,
                };
                write_patch(&mut made, patch);
                done = Outcome::Done { account: Some(made.id()), made: None };
                target = Some(made);
            }
            Operation::Update { patch } => match &mut target {
                Some(account) => write_patch(account, patch),
                None => return refused("no such account"),
            },
            Operation::SetRoles { roles } => match &mut target {
                Some(account) => account.roles = Some(roles.clone()),
                None => return refused("no such account"),
            },
            Operation::Deactivate => match &mut target {
                Some(account) => account.active = Some(false),
                None => return refused("no such account"),
            },
            Operation::Reactivate if self.reactivates_nobody => return refused("not through the API"),
            Operation::Reactivate => match &mut target {
                Some(account) => account.active = Some(true),
                None => return refused("no such account"),
            },
            Operation::CancelBooking { booking } => {
                if let Some(booking) = self.bookings.get_mut(&booking.0) {
                    booking.cancelled = true;
                }
            }
            Operation::HandOver { booking, from, to, .. } => {
                if self.hosts_refused.contains(to) {
                    return refused("the user has no role in this center");
                }
                match self.bookings.get_mut(&booking.0) {
                    Some(booking) if booking.host == *from => booking.host = *to,
                    _ => return refused("it is somebody else's"),
                }
            }
            Operation::Book { room, center, start, end, .. } => {
                self.next += 1;
                let made = Booking {
                    id: ReservationId(self.next),
                    host: account.unwrap(),
                    room: Some(*room),
                    center: Some(*center),
                    start: *start,
                    end: *end,
                    cancelled: false,
                    made_here: true,
                };
                done = Outcome::Done { account, made: Some(self.next) };
                self.bookings.insert(self.next, made);
            }
            Operation::SetDoors { .. } => return refused("iOffice opens no doors"),
            Operation::Announce { visit } => {
                self.next += 1;
                self.visits.push(format!("{} {}", visit.first_name, visit.key));
                done = Outcome::Done { account, made: Some(self.next) };
            }
        }
        if let Some(target) = target {
            self.accounts.insert(target.key.id.0, target);
        }
        if self.hides_items
            && let Operation::Update { patch } | Operation::Create { patch } = operation
            && let (Some(items), Some(id)) = (&patch.items, account)
        {
            self.holders.insert(id, items.clone());
        }
        self.writes.push(what);
        done
    }
}

fn write_patch(account: &mut Account, patch: &AccountPatch) {
    for (name, value) in &patch.fields {
        match value {
            Some(value) => account.fields.insert(*name, value.clone()),
            None => account.fields.remove(name),
        };
    }
    if let Some(kind) = patch.user_type {
        account.user_type = Some((kind, "type".into()));
    }
    if let Some(cost_center) = patch.cost_center {
        account.cost_center = cost_center;
    }
    if let Some(items) = &patch.items {
        account.items = Some(items.clone());
    }
    if let Some(seat) = patch.seat {
        account.seat = seat.map(|room| Seat { room, floor: None });
    }
    if let Some(section) = patch.section {
        account.section = section;
    }
    if let Some(class) = &patch.seat_class {
        account.seat_class = Some(class.clone());
    }
}

#[async_trait]
impl Workplace for Office {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn address(&self) -> String {
        self.change(|state| state.address.clone().unwrap_or_else(|| format!("https://{}.example", self.site)))
    }

    async fn observe_account(&self, id: AccountId, _: Lane) -> Result<AccountRead, PortFailure> {
        if let Some(happens) = self.change(|state| state.meanwhile.take()) {
            happens();
        }
        let at = self.clock.now();
        let lagging = |state: &OfficeState| {
            state.stale.get(&id.0).filter(|(_, until)| at < *until).map(|(account, _)| account.clone())
        };
        self.read(|state| match lagging(state).as_ref().or(state.accounts.get(&id.0)) {
            Some(account) if account.is_live() || !state.hides_inactive => {
                AccountRead::Present(Box::new(state.shown(account, at)))
            }
            _ => AccountRead::NotFound { at },
        })
    }

    async fn find_accounts(&self, key: &SearchKey, _: Lane) -> Result<Vec<Account>, PortFailure> {
        let at = self.clock.now();
        self.read(|state| {
            let found = state.accounts.values().filter(|account| {
                account.is_live()
                    && account.fields.get(&key.field).is_some_and(|v| v.eq_ignore_ascii_case(&key.value))
                    && !(state.search_blind && account.id().0 > 100)
                    && !state.search_cut
            });
            found.map(|account| state.shown(account, at)).collect()
        })
    }

    async fn search_was_whole(&self, _: &SearchKey, shown: usize, _: Lane) -> Result<(), PortFailure> {
        if !self.read(|state| state.search_cut)? {
            return Ok(());
        }
        let reason = format!("a search shows {shown} accounts, and 1 are counted");
        Err(PortFailure::Unavailable { upstream: format!("iOffice {}", self.site), reason })
    }

    async fn is_user_name_free(&self, user_name: &str, _: Lane) -> Result<bool, PortFailure> {
        self.read(|state| !state.accounts.values().any(|a| a.field("userName") == Some(user_name)))
    }

    async fn read_catalogue(&self, _: &dyn Progress) -> Result<Catalogue, PortFailure> {
        self.read(|state| {
            let mut catalogue = state.catalogue.clone().unwrap();
            for account in state.accounts.values().filter(|account| account.is_live()) {
                if let Some(seat) = account.seat
                    && let Some(room) = catalogue.rooms.get_mut(&seat.room)
                {
                    room.occupants.push(account.id());
                }
            }
            catalogue
        })
    }

    async fn list_accounts(
        &self,
        into: &mut dyn Sink<Account>,
        _: &dyn Progress,
    ) -> Result<Evidence, PortFailure> {
        let at = self.clock.now();
        if let Some(meanwhile) = self.change(|state| state.while_listed.take()) {
            meanwhile();
        }
        if let Some((takes, until)) = self.change(|state| state.takes)
            && self.clock.now() < until
        {
            self.clock.pass(takes);
        }
        self.read(|state| {
            state.lists += 1;
            for account in state.accounts.values().filter(|a| a.is_live() && !state.torn) {
                into.take(state.shown(account, at));
            }
            let mut evidence = evidence(ReadKind::Accounts, into.count() as usize, at);
            evidence.reached_end = !state.torn;
            evidence
        })
    }

    async fn list_fields(&self) -> Result<BTreeMap<String, String>, PortFailure> {
        self.read(|state| state.fields.clone())
    }

    async fn list_bookings(&self, from: Timestamp, _: Lane) -> Result<Listing<Booking>, PortFailure> {
        let at = self.clock.now();
        if let Some(failure) = self.change(|state| state.scan_failure.clone()) {
            return Err(failure);
        }
        self.read(|state| {
            state.scans += 1;
            let mut rows: Vec<_> =
                state.bookings.values().filter(|b| !b.cancelled && b.end > from).cloned().collect();
            let count = rows.len() as u64;
            rows.retain(|booking| !state.unscanned.contains(&booking.id.0));
            if let Some(host) = state.booked_after_scan.take() {
                state.next += 1;
                let made = booking(state.next, host, at + Duration::from_secs(7200));
                state.bookings.insert(state.next, made);
            }
            let mut evidence = evidence(ReadKind::Bookings, rows.len(), at);
            evidence.rights_proven = state.rights_in_bookings;
            if state.counts_bookings {
                (evidence.count_before, evidence.count_after) = (Some(count), Some(count));
            }
            Listing { evidence, rows }
        })
    }

    async fn observe_booking(&self, id: ReservationId, _: Lane) -> Result<Option<Booking>, PortFailure> {
        self.read(|state| state.bookings.get(&id.0).cloned())
    }

    async fn item_holders(
        &self,
        _: Lane,
    ) -> Result<Option<BTreeMap<AccountId, BTreeSet<ItemId>>>, PortFailure> {
        self.read(|state| Some(state.holders.clone()))
    }

    async fn answers(&self, _: Lane) -> Result<(), PortFailure> {
        self.read(|state| state.probes += 1)
    }

    async fn apply(&self, operation: &Operation, account: Option<AccountId>, _: Lane) -> Outcome {
        let now = self.clock.now();
        let mut state = held(&self.state);
        let number = state.attempts;
        state.attempts += 1;
        let fault = state
            .faults
            .remove(&number)
            .or_else(|| state.faults_of.get_mut(operation.name()).and_then(VecDeque::pop_front));
        let site = self.site.clone();
        if let Some(before) =
            account.filter(|_| !state.lag.is_zero()).and_then(|id| state.accounts.get(&id.0))
        {
            let (before, until) = (before.clone(), now + state.lag);
            state.stale.insert(before.id().0, (before, until));
        }
        match fault {
            None => state.carry_out(operation, account, &site, now),
            Some(Fault::LostAfter) => {
                state.carry_out(operation, account, &site, now);
                Outcome::Unknown { reason: "the answer was lost".into() }
            }
            Some(Fault::LostAndDown) => {
                state.carry_out(operation, account, &site, now);
                let upstream = site.to_string();
                state.failure = Some(PortFailure::Unavailable { upstream, reason: "it is down".into() });
                Outcome::Unknown { reason: "the answer was lost".into() }
            }
            Some(Fault::LostBefore) => Outcome::Unknown { reason: "the call was lost".into() },
            Some(Fault::Throttled) => Outcome::Throttled { until: now + Duration::from_secs(30) },
            Some(Fault::NotDone) => Outcome::NotDone { reason: "the site is down".into() },
            Some(Fault::Refused) => {
                Outcome::Refused { code: "no".into(), text: "refused".into(), fix: "ask".into() }
            }
            Some(Fault::Impossible) => Outcome::Impossible {
                capability: "scripted".into(),
                todo: ToDo {
                    key: format!("by-hand:{}", operation.name()),
                    what: format!("{} by hand", operation.name()),
                    how: "in iOffice".into(),
                },
            },
            Some(Fault::Ignored) => Outcome::Done { account, made: None },
        }
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            active_write: Some(true),
            delete_allowed: false,
            section_write: Some(true),
            items_readable: Some(true),
            visit_end: false,
        }
    }

    async fn probe(&self) -> Vec<Check> {
        Vec::new()
    }

    fn calls(&self) -> Vec<CallCount> {
        Vec::new()
    }
}
