//! What the engine keeps in memory of one site: its catalogue, who sits where, and a shared scan of bookings.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex, OnceLock, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    booking::Booking,
    id::{AccountId, ItemId, ReservationId, SiteId},
    place::Catalogue,
    signal::Lane,
};
use lanyard_plan::seating::Seating;
use tokio::sync::Mutex as AsyncMutex;

use crate::{
    keyed_lock::{Held, KeyedLock},
    ports::{DoorFeed, Listing, PortFailure, Progress, Silent, Workplace},
};

/// One site.
pub struct SiteState {
    pub(crate) port: Arc<dyn Workplace>,
    /// Where its badge system is told, if it is.
    doors: OnceLock<Arc<dyn DoorFeed>>,
    catalogue: RwLock<Arc<Catalogue>>,
    /// Until it is read once, nothing may be decided here: every name would look gone.
    catalogue_read: AtomicBool,
    first_read: AsyncMutex<()>,
    /// What reads lacked that is still believed in, and since when.
    missing: Mutex<BTreeMap<String, Timestamp>>,
    pub(crate) seating: Mutex<Seating>,
    locks: Arc<KeyedLock>,
    bookings: AsyncMutex<Option<Scan>>,
    holders: AsyncMutex<Option<(Timestamp, Option<Holders>)>>,
}

/// Who holds which category items.
pub(crate) type Holders = BTreeMap<AccountId, BTreeSet<ItemId>>;

/// Tries to read the calendar whole.
const CALENDAR_READS: u32 = 3;

/// Something that no list shows any more is gone after this long, and not before another read.
const GONE_AFTER: SignedDuration = SignedDuration::from_mins(10);

struct Keeping<'a> {
    missing: &'a mut BTreeMap<String, Timestamp>,
    at: Timestamp,
}

impl Keeping<'_> {
    /// Puts back what is not there any more and not long enough. What came in its place under the same name takes it.
    fn keep<K: Ord + Copy + std::fmt::Debug, V: Clone>(
        &mut self,
        kind: &str,
        known: &BTreeMap<K, V>,
        fresh: &mut BTreeMap<K, V>,
        same: impl Fn(&V, &V) -> bool,
    ) {
        for (id, value) in known {
            if fresh.contains_key(id) && self.missing.is_empty() {
                continue;
            }
            let name = format!("{kind} {id:?}");
            if fresh.contains_key(id) || fresh.values().any(|new| same(new, value)) {
                self.missing.remove(&name);
                continue;
            }
            let since = *self.missing.entry(name.clone()).or_insert(self.at);
            if self.at.duration_since(since) < GONE_AFTER {
                fresh.insert(*id, value.clone());
            } else {
                self.missing.remove(&name);
            }
        }
    }
}

/// Future bookings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bookings {
    pub(crate) rows: Vec<Booking>,
    /// The list that they are from is proven whole. Otherwise two reads agree on it, which one fault may bring about twice.
    pub(crate) proven: bool,
}

/// A whole read of future bookings, by host.
struct Scan {
    began: Timestamp,
    by_host: Arc<HashMap<AccountId, Vec<Booking>>>,
    proven: bool,
}

impl SiteState {
    pub(crate) fn new(port: Arc<dyn Workplace>, now: Timestamp) -> Self {
        let catalogue = Catalogue::empty(port.site().clone(), now);
        Self {
            port,
            doors: OnceLock::new(),
            seating: Mutex::new(Seating::new(&catalogue)),
            catalogue: RwLock::new(Arc::new(catalogue)),
            catalogue_read: AtomicBool::new(false),
            first_read: AsyncMutex::new(()),
            missing: Mutex::default(),
            locks: Arc::default(),
            bookings: AsyncMutex::new(None),
            holders: AsyncMutex::new(None),
        }
    }

    pub fn id(&self) -> &SiteId {
        self.port.site()
    }

    pub fn port(&self) -> &Arc<dyn Workplace> {
        &self.port
    }

    /// The site's physical-access feed, if the settings name one.
    pub fn doors(&self) -> Option<&Arc<dyn DoorFeed>> {
        self.doors.get()
    }

    pub(crate) fn set_doors(&self, feed: Arc<dyn DoorFeed>) {
        // A site has one feed from its start on.
        let _ = self.doors.set(feed);
    }

    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the catalogue anew and rebuilds the seating from it.
    pub(crate) async fn refresh(&self, progress: &dyn Progress) -> Result<(), PortFailure> {
        let mut fresh = self.port.read_catalogue(progress).await?;
        self.keep_unproven(&mut fresh);
        fresh.note_renamed(&self.catalogue());
        {
            let mut seating = self.seating.lock().unwrap_or_else(PoisonError::into_inner);
            *seating = Seating::new(&fresh).with_promises_of(&seating);
        }
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
        self.catalogue_read.store(true, Ordering::SeqCst);
        Ok(())
    }

    /// Centers, sections, items and types are lists without a count: nothing proves a page of them whole. What a read no
    /// longer has is gone only when a read some time later has it not either; until then it stays as it was known.
    fn keep_unproven(&self, fresh: &mut Catalogue) {
        let known = self.catalogue();
        let at = fresh.read_at;
        let mut missing = self.missing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut keeping = Keeping { missing: &mut missing, at };
        keeping.keep("center", &known.centers, &mut fresh.centers, |a, b| a.name == b.name);
        keeping.keep("section", &known.sections, &mut fresh.sections, |a, b| {
            (&a.name, a.neighborhood) == (&b.name, b.neighborhood)
        });
        keeping.keep("item", &known.items, &mut fresh.items, |a, b| {
            (&a.name, a.category) == (&b.name, b.category)
        });
        keeping.keep("user type", &known.user_types, &mut fresh.user_types, |a, b| a == b);
        // Spaces of a section that a read leaves out are not taken for gone: desks rest on them.
        if let Some(known) = &known.section_rooms {
            let drawn = fresh.section_rooms.get_or_insert_default();
            for (id, rooms) in known.iter().filter(|(id, _)| fresh.sections.contains_key(id)) {
                drawn.entry(*id).or_insert_with(|| rooms.clone());
            }
        }
        // The neighborhood's name comes from a list of its own.
        for (id, section) in &mut fresh.sections {
            if let (true, Some(known)) = (section.neighborhood_name.is_empty(), known.sections.get(id)) {
                section.neighborhood_name = Arc::clone(&known.neighborhood_name);
            }
        }
    }

    /// Takes a catalogue that was read before, for what needs no fresh one.
    pub(crate) fn recall(&self, remembered: Catalogue) {
        {
            let mut seating = self.seating.lock().unwrap_or_else(PoisonError::into_inner);
            *seating = Seating::new(&remembered).with_promises_of(&seating);
        }
        *self.catalogue.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(remembered);
    }

    /// Whether the catalogue was ever read.
    pub(crate) fn has_catalogue(&self) -> bool {
        self.catalogue_read.load(Ordering::SeqCst)
    }

    /// Reads the catalogue if it never was; callers that come together share one read.
    pub(crate) async fn read_first(&self) -> Result<(), PortFailure> {
        let _one = self.first_read.lock().await;
        if self.has_catalogue() { Ok(()) } else { self.refresh(&Silent).await }
    }

    /// Held while one account, or one person without an account yet, is being worked on.
    pub(crate) async fn lock(&self, names: BTreeSet<String>) -> Held {
        self.locks.lock(names).await
    }

    /// All future bookings, from a read that may be believed: whoever sees only their own rows, or a torn page, would take
    /// somebody's bookings for cancelled.
    pub(crate) async fn whole_calendar(&self, from: Timestamp, lane: Lane) -> Result<Bookings, PortFailure> {
        let mut before: Option<Vec<ReservationId>> = None;
        let mut doubts = Vec::new();
        for _ in 0..CALENDAR_READS {
            let Listing { rows, evidence } = self.port.list_bookings(from, lane).await?;
            if evidence.rights_proven == Some(false) {
                return Err(PortFailure::Denied {
                    upstream: self.id().to_string(),
                    reason:
                        "our account sees only some of the bookings, so nobody's can be cancelled for certain"
                            .into(),
                    fix: "give our account the right to see everybody's bookings: doctor names it".into(),
                });
            }
            let whole = evidence.reached_end;
            doubts = evidence.certify(None, 0).doubts;
            let ids: Vec<_> = rows.iter().map(|booking| booking.id).collect();
            // A count may be about something else than the list. What two whole reads agree on is so.
            let proven = doubts.is_empty();
            if proven || whole && before.as_ref() == Some(&ids) {
                return Ok(Bookings { rows, proven });
            }
            before = whole.then_some(ids);
        }
        Err(PortFailure::Unavailable {
            upstream: self.id().to_string(),
            reason: format!("the list of future bookings cannot be read whole: {}", doubts.join("; ")),
        })
    }

    /// The category items of one account, for a site whose accounts do not show them: from a read that began at or after
    /// `since`, shared by callers that wait together. `None`: the site does not tell.
    pub(crate) async fn items_of(
        &self,
        account: AccountId,
        since: Timestamp,
        now: impl Fn() -> Timestamp,
        lane: Lane,
    ) -> Result<Option<BTreeSet<ItemId>>, PortFailure> {
        let mut read = self.holders.lock().await;
        if !read.as_ref().is_some_and(|(began, _)| serves(*began, since, now())) {
            let began = now();
            *read = Some((began, self.port.item_holders(lane).await?));
        }
        let held = read.as_ref().and_then(|(_, held)| held.as_ref());
        Ok(held.map(|held| held.get(&account).cloned().unwrap_or_default()))
    }

    /// Lets go of whole reads that looks shared: a comparison needs the room, and a look that still wants one makes another.
    pub(crate) fn forget_scans(&self) {
        if let Ok(mut bookings) = self.bookings.try_lock() {
            *bookings = None;
        }
        if let Ok(mut holders) = self.holders.try_lock() {
            *holders = None;
        }
    }

    /// The future bookings of one account, from a whole scan that began at or after `since`. Callers that wait
    /// together share one scan: the API has no filter by person.
    pub(crate) async fn bookings_of(
        &self,
        account: AccountId,
        since: Timestamp,
        now: impl Fn() -> Timestamp,
        lane: Lane,
    ) -> Result<Bookings, PortFailure> {
        let mut scan = self.bookings.lock().await;
        if !scan.as_ref().is_some_and(|scan| serves(scan.began, since, now())) {
            let began = now();
            let Bookings { rows, proven } = self.whole_calendar(began, lane).await?;
            let mut by_host: HashMap<AccountId, Vec<Booking>> = HashMap::new();
            for booking in rows {
                by_host.entry(booking.host).or_default().push(booking);
            }
            *scan = Some(Scan { began, by_host: Arc::new(by_host), proven });
        }
        let found = scan.as_ref().map(|scan| (Arc::clone(&scan.by_host), scan.proven));
        drop(scan);
        let Some((by_host, proven)) = found else { return Ok(Bookings::default()) };
        Ok(Bookings { rows: by_host.get(&account).cloned().unwrap_or_default(), proven })
    }
}

/// Whether a whole read that began then serves somebody who asks for one since a moment. One that has yet to begin was made
/// while the clock was ahead: nobody can say when that was.
fn serves(began: Timestamp, since: Timestamp, now: Timestamp) -> bool {
    (since..=now).contains(&began)
}
