//! Which desk satisfies a wish. Keeps what already fits, so that nobody moves without a reason.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use lanyard_model::{
    fold,
    id::{AccountId, FloorId, IdentityId, RoomId},
    place::Catalogue,
};

/// A desk as the choice sees it.
#[derive(Debug, Clone)]
struct Desk {
    room: RoomId,
    kind: Arc<str>,
    capacity: u32,
    occupiable: bool,
    reservable: bool,
}

/// Who sits where in one site, and which desks are free. Built from the catalogue, kept current by what is applied.
#[derive(Debug, Clone, Default)]
pub struct Seating {
    /// Active spaces by floor, each floor by room name. They never change, so copies share them.
    floors: Arc<BTreeMap<FloorId, Vec<Desk>>>,
    /// Floor of each space, and its place there.
    place: Arc<HashMap<RoomId, (FloorId, usize)>>,
    occupants: BTreeMap<RoomId, Vec<AccountId>>,
    seat_of: BTreeMap<AccountId, RoomId>,
    /// Chosen for somebody and not yet read back.
    promised: BTreeMap<IdentityId, RoomId>,
    promises: BTreeMap<RoomId, u32>,
}

impl Seating {
    pub fn new(catalogue: &Catalogue) -> Self {
        let mut floors: BTreeMap<FloorId, Vec<Desk>> = BTreeMap::new();
        let mut place = HashMap::new();
        let mut kinds: HashMap<&str, Arc<str>> = HashMap::new();
        let mut rooms: Vec<_> = catalogue.rooms.values().filter(|room| room.active).collect();
        rooms.sort_by(|a, b| (&a.name, a.id).cmp(&(&b.name, b.id)));
        for room in rooms {
            let there = floors.entry(room.floor).or_default();
            place.insert(room.id, (room.floor, there.len()));
            let kind = kinds.entry(&room.kind).or_insert_with(|| fold::text(&room.kind).into());
            there.push(Desk {
                room: room.id,
                kind: Arc::clone(kind),
                capacity: room.capacity.max(1),
                occupiable: room.occupiable,
                reservable: room.reservable,
            });
        }
        let mut seating = Self { floors: Arc::new(floors), place: Arc::new(place), ..Self::default() };
        for room in catalogue.rooms.values() {
            for account in &room.occupants {
                seating.sit(*account, Some(room.id));
            }
        }
        seating
    }

    /// Takes over what was promised before the catalogue was read anew.
    #[must_use]
    pub fn with_promises_of(mut self, before: &Self) -> Self {
        self.promised.clone_from(&before.promised);
        self.promises.clone_from(&before.promises);
        self
    }

    /// Notes where an account sits, as just read.
    pub fn sit(&mut self, account: AccountId, room: Option<RoomId>) {
        if let Some(before) = self.seat_of.remove(&account)
            && let Some(there) = self.occupants.get_mut(&before)
        {
            there.retain(|other| *other != account);
        }
        if let Some(room) = room {
            let there = self.occupants.entry(room).or_default();
            if !there.contains(&account) {
                there.push(account);
            }
            self.seat_of.insert(account, room);
        }
    }

    /// Sets a desk aside for somebody until [`Seating::settle`].
    pub fn promise(&mut self, identity: &IdentityId, room: RoomId) {
        self.settle(identity);
        self.promised.insert(identity.clone(), room);
        *self.promises.entry(room).or_default() += 1;
    }

    /// The promise was kept or dropped.
    pub fn settle(&mut self, identity: &IdentityId) {
        if let Some(room) = self.promised.remove(identity)
            && let Some(count) = self.promises.get_mut(&room)
        {
            *count = count.saturating_sub(1);
        }
    }

    fn desk(&self, room: RoomId) -> Option<&Desk> {
        let (floor, at) = self.place.get(&room)?;
        self.floors.get(floor)?.get(*at)
    }

    fn has_room(&self, desk: &Desk, identity: &IdentityId) -> bool {
        let mine = u32::from(self.promised.get(identity) == Some(&desk.room));
        let taken = self.occupants.get(&desk.room).map_or(0, |there| there.len() as u32)
            + self.promises.get(&desk.room).copied().unwrap_or(0)
            - mine;
        taken < desk.capacity
    }

    /// Whether somebody may sit there: an active desk with room for one more besides them.
    pub fn is_free_for(&self, room: RoomId, identity: &IdentityId) -> bool {
        self.desk(room).is_some_and(|desk| self.has_room(desk, identity))
    }

    /// Whether sitting in `room` satisfies a wish for these floors and kinds, or for one of these rooms.
    pub fn fits(&self, room: RoomId, floors: &[FloorId], kinds: &[String], rooms: &[RoomId]) -> bool {
        if rooms.contains(&room) {
            return true;
        }
        let Some((floor, _)) = self.place.get(&room) else { return false };
        floors.contains(floor) && self.desk(room).is_some_and(|desk| is_kind(desk, kinds))
    }

    /// The first free desk for the wish: named rooms first, then floor by floor in the order given, by room name.
    pub fn choose(
        &self,
        identity: &IdentityId,
        floors: &[FloorId],
        kinds: &[String],
        rooms: &[RoomId],
    ) -> Option<RoomId> {
        if let Some(promised) = self.promised.get(identity)
            && self.fits(*promised, floors, kinds, rooms)
        {
            return Some(*promised);
        }
        let named = rooms.iter().filter_map(|room| self.desk(*room));
        let by_floor =
            floors.iter().filter_map(|floor| self.floors.get(floor)).flatten().filter(|d| is_kind(d, kinds));
        named.chain(by_floor).find(|desk| self.has_room(desk, identity)).map(|desk| desk.room)
    }

    /// Reservable desks on these floors, by room name.
    pub fn bookable(&self, floors: &[FloorId], kinds: &[String]) -> Vec<RoomId> {
        floors
            .iter()
            .filter_map(|floor| self.floors.get(floor))
            .flatten()
            .filter(|desk| {
                desk.reservable
                    && (if kinds.is_empty() {
                        desk.occupiable
                    } else {
                        kinds.iter().any(|kind| **kind == *desk.kind)
                    })
            })
            .map(|desk| desk.room)
            .collect()
    }

    /// People sitting on a floor and its desks.
    pub fn load(&self, floor: FloorId) -> (usize, usize) {
        let desks = self.floors.get(&floor).map_or(&[][..], Vec::as_slice);
        let taken = desks.iter().map(|d| self.occupants.get(&d.room).map_or(0, Vec::len)).sum();
        (taken, desks.iter().filter(|d| d.occupiable).map(|d| d.capacity as usize).sum())
    }
}

fn is_kind(desk: &Desk, kinds: &[String]) -> bool {
    if kinds.is_empty() { desk.occupiable } else { kinds.iter().any(|kind| **kind == *desk.kind) }
}
