//! Which desk satisfies a wish. Keeps what already fits, so that nobody moves without a reason.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, FieldName},
    desired::{DeskWait, Team},
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

/// Who sits where in one site, and which desks are free. Built from the catalogue, kept current by what is applied. A copy
/// shares what has one entry a person until one of the two changes it.
#[derive(Debug, Clone, Default)]
pub struct Seating {
    /// Active spaces by floor, each floor by room name. They never change, so copies share them.
    floors: Arc<BTreeMap<FloorId, Vec<Desk>>>,
    /// Floor of each space, and its place there.
    place: Arc<HashMap<RoomId, (FloorId, usize)>>,
    /// How many sit in each space.
    taken: Arc<BTreeMap<RoomId, u32>>,
    seat_of: Arc<BTreeMap<AccountId, RoomId>>,
    /// Chosen for somebody and not yet read back.
    promised: BTreeMap<IdentityId, RoomId>,
    promises: BTreeMap<RoomId, u32>,
    /// Who belongs to which team, as their accounts were last read.
    teams: Arc<BTreeMap<Team, BTreeSet<AccountId>>>,
    team_of: Arc<BTreeMap<AccountId, Vec<Team>>>,
    /// Who found no desk, and for which they wait.
    waiting: BTreeMap<IdentityId, DeskWait>,
    /// The same in the order in which they are served.
    line: BTreeSet<(Timestamp, IdentityId)>,
}

/// Of longer waiting lists, as many are kept desks for.
const LINE_MAX: usize = 1_000;

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
        self.waiting.clone_from(&before.waiting);
        self.line.clone_from(&before.line);
        self.teams.clone_from(&before.teams);
        self.team_of.clone_from(&before.team_of);
        self
    }

    /// Notes which teams an account belongs to, by the fields that the policy asks for.
    pub fn note_teams(&mut self, account: &Account, fields: &BTreeSet<FieldName>) {
        if fields.is_empty() && self.team_of.is_empty() {
            return;
        }
        let id = account.id();
        let value = |field: &FieldName| account.fields.get(field).map(|value| fold::text(value));
        let teams: Vec<Team> = fields
            .iter()
            .filter(|_| account.is_live())
            .filter_map(|field| Some(Team { field: *field, value: value(field)? }))
            .filter(|team| !team.value.is_empty())
            .collect();
        // Nothing new: what is shared with a copy stays shared.
        if self.team_of.get(&id).map_or(&[][..], Vec::as_slice) == teams {
            return;
        }
        let (all, team_of) = (Arc::make_mut(&mut self.teams), Arc::make_mut(&mut self.team_of));
        for team in team_of.remove(&id).into_iter().flatten() {
            if let Some(members) = all.get_mut(&team) {
                members.remove(&id);
            }
        }
        for team in &teams {
            all.entry(team.clone()).or_default().insert(id);
        }
        if !teams.is_empty() {
            team_of.insert(id, teams);
        }
    }

    /// How far a desk is from the nearest one of the team: on another floor than all of them is farthest.
    fn distance(&self, room: RoomId, mates: &BTreeMap<FloorId, Vec<usize>>) -> usize {
        let Some((floor, at)) = self.place.get(&room) else { return usize::MAX };
        let near = mates.get(floor).into_iter().flatten().map(|mate| mate.abs_diff(*at));
        near.min().unwrap_or(usize::MAX)
    }

    /// Places of the team's desks on each floor.
    fn mates(&self, team: &Team) -> BTreeMap<FloorId, Vec<usize>> {
        let mut mates: BTreeMap<FloorId, Vec<usize>> = BTreeMap::new();
        for account in self.teams.get(team).into_iter().flatten() {
            if let Some((floor, at)) = self.seat_of.get(account).and_then(|room| self.place.get(room)) {
                mates.entry(*floor).or_default().push(*at);
            }
        }
        mates
    }

    /// Puts somebody on the waiting list, or, with `None`, takes them off it.
    pub fn wait(&mut self, identity: &IdentityId, wait: Option<&DeskWait>) {
        if let Some(before) = self.waiting.remove(identity) {
            self.line.remove(&(before.since, identity.clone()));
        }
        if let Some(wait) = wait {
            self.line.insert((wait.since, identity.clone()));
            self.waiting.insert(identity.clone(), wait.clone());
        }
    }

    /// Whether somebody is on the waiting list.
    pub fn is_waiting(&self, identity: &IdentityId) -> bool {
        self.waiting.contains_key(identity)
    }

    /// Takes somebody off the waiting list. Answers the desk that was kept for them, if one was.
    pub fn stop_waiting(&mut self, identity: &IdentityId) -> Option<RoomId> {
        let wait = self.waiting.get(identity)?.clone();
        let kept = self.kept_for_others(identity);
        let room = self.free(identity, &wait.floors, &wait.kinds, &wait.rooms, &kept).next();
        self.wait(identity, None);
        room
    }

    /// Who waits and comes before `identity`, in their order. Somebody who does not wait comes after everybody.
    fn ahead(&self, identity: &IdentityId) -> impl Iterator<Item = (&IdentityId, &DeskWait)> {
        let own = self.waiting.get(identity).map(|wait| (wait.since, identity.clone()));
        self.line
            .iter()
            .take(LINE_MAX)
            .take_while(move |place| own.as_ref().is_none_or(|own| *place < own))
            .filter_map(|(_, who)| self.waiting.get_key_value(who))
    }

    /// The place on the waiting list, from 1, among those who wait for any of the same desks.
    pub fn place_in_line(&self, identity: &IdentityId, floors: &[FloorId], rooms: &[RoomId]) -> usize {
        let shares = |wait: &DeskWait| {
            wait.floors.iter().any(|floor| floors.contains(floor))
                || wait.rooms.iter().any(|room| rooms.contains(room))
        };
        self.ahead(identity).filter(|(_, wait)| shares(wait)).count() + 1
    }

    /// Who of those who wait may have this desk, in their order; the first `max` of them.
    pub fn waiting_for(&self, room: RoomId, max: usize) -> Vec<IdentityId> {
        let fits = |who: &&IdentityId| {
            self.waiting.get(*who).is_some_and(|wait| self.fits(room, &wait.floors, &wait.kinds, &wait.rooms))
        };
        self.line.iter().map(|(_, who)| who).filter(fits).take(max).cloned().collect()
    }

    /// Desks that are kept for whoever waits longer than `identity`.
    fn kept_for_others(&self, identity: &IdentityId) -> BTreeMap<RoomId, u32> {
        let mut kept: BTreeMap<RoomId, u32> = BTreeMap::new();
        for (who, wait) in self.ahead(identity) {
            // A promise counts already.
            if self.promised.contains_key(who) {
                continue;
            }
            let room = self.free(who, &wait.floors, &wait.kinds, &wait.rooms, &kept).next();
            if let Some(room) = room {
                *kept.entry(room).or_default() += 1;
            }
        }
        kept
    }

    /// Notes where an account sits, as just read. Answers the room that it no longer sits in.
    pub fn sit(&mut self, account: AccountId, room: Option<RoomId>) -> Option<RoomId> {
        let before = self.seat_of.get(&account).copied();
        // Most people sit where they sat.
        if before == room {
            return None;
        }
        let (taken, seat_of) = (Arc::make_mut(&mut self.taken), Arc::make_mut(&mut self.seat_of));
        if let Some(count) = before.and_then(|before| taken.get_mut(&before)) {
            *count = count.saturating_sub(1);
        }
        match room {
            Some(room) => {
                *taken.entry(room).or_default() += 1;
                seat_of.insert(account, room);
            }
            None => _ = seat_of.remove(&account),
        }
        before
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

    fn has_room(&self, desk: &Desk, identity: &IdentityId, kept: u32) -> bool {
        let mine = u32::from(self.promised.get(identity) == Some(&desk.room));
        let taken = self.taken.get(&desk.room).copied().unwrap_or(0)
            + self.promises.get(&desk.room).copied().unwrap_or(0)
            + kept
            - mine;
        taken < desk.capacity
    }

    /// Whether somebody may sit there: an active desk with room for one more besides them.
    pub fn is_free_for(&self, room: RoomId, identity: &IdentityId) -> bool {
        self.desk(room).is_some_and(|desk| self.has_room(desk, identity, 0))
    }

    /// Whether sitting in `room` satisfies a wish for these floors and kinds, or for one of these rooms.
    pub fn fits(&self, room: RoomId, floors: &[FloorId], kinds: &[String], rooms: &[RoomId]) -> bool {
        if rooms.contains(&room) {
            return true;
        }
        let Some((floor, _)) = self.place.get(&room) else { return false };
        floors.contains(floor) && self.desk(room).is_some_and(|desk| is_kind(desk, kinds))
    }

    /// The first free desk for the wish: named rooms first, then floor by floor in the order given, by room name. Desks that
    /// somebody waits for longer are not free.
    pub fn choose(
        &self,
        identity: &IdentityId,
        floors: &[FloorId],
        kinds: &[String],
        rooms: &[RoomId],
        near: Option<&Team>,
    ) -> Option<RoomId> {
        if let Some(promised) = self.promised.get(identity)
            && self.fits(*promised, floors, kinds, rooms)
        {
            return Some(*promised);
        }
        // Whoever waits only narrows the choice: where nothing is free, nobody else is asked.
        let mut kept = BTreeMap::new();
        if !self.line.is_empty() {
            self.free(identity, floors, kinds, rooms, &kept).next()?;
            kept = self.kept_for_others(identity);
        }
        let mates = near.map(|team| self.mates(team)).unwrap_or_default();
        if mates.is_empty() {
            return self.free(identity, floors, kinds, rooms, &kept).next();
        }
        // The first of those that are equally near.
        self.free(identity, floors, kinds, rooms, &kept).min_by_key(|room| self.distance(*room, &mates))
    }

    fn free<'a>(
        &'a self,
        identity: &'a IdentityId,
        floors: &'a [FloorId],
        kinds: &'a [String],
        rooms: &'a [RoomId],
        kept: &'a BTreeMap<RoomId, u32>,
    ) -> impl Iterator<Item = RoomId> + 'a {
        let named = rooms.iter().filter_map(move |room| self.desk(*room));
        let floors = floors.iter().filter_map(move |floor| self.floors.get(floor)).flatten();
        let by_floor = floors.filter(move |desk| is_kind(desk, kinds));
        let free =
            move |desk: &&Desk| self.has_room(desk, identity, kept.get(&desk.room).copied().unwrap_or(0));
        named.chain(by_floor).filter(free).map(|desk| desk.room)
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
        let taken = desks.iter().filter_map(|d| self.taken.get(&d.room)).map(|count| *count as usize).sum();
        (taken, desks.iter().filter(|d| d.occupiable).map(|d| d.capacity as usize).sum())
    }
}

fn is_kind(desk: &Desk, kinds: &[String]) -> bool {
    if kinds.is_empty() { desk.occupiable } else { kinds.iter().any(|kind| **kind == *desk.kind) }
}

#[cfg(test)]
mod tests {
    use lanyard_model::{
        account::{Account, AccountKind, FieldName},
        desired::{DeskWait, Team},
        id::{AccountId, AccountKey, FloorId, IdentityId, RoomId},
        place::{Catalogue, Room},
    };

    use super::Seating;

    fn seating(desks: i64) -> Seating {
        let mut catalogue = Catalogue::empty("hq".into(), jiff::Timestamp::UNIX_EPOCH);
        for number in 1..=desks {
            let room = Room {
                id: RoomId(number),
                name: format!("{number}").as_str().into(),
                floor: FloorId(1),
                kind: "Desk".into(),
                occupiable: true,
                active: true,
                reservable: false,
                capacity: 1,
                occupants: vec![AccountId(number)],
            };
            catalogue.rooms.insert(room.id, room);
        }
        Seating::new(&catalogue)
    }

    fn who(name: &str) -> IdentityId {
        IdentityId::new("acme".into(), name)
    }

    fn waits(seating: &mut Seating, name: &str, since: i64) {
        let since = jiff::Timestamp::from_second(since).unwrap_or_default();
        let wait = DeskWait { since, floors: vec![FloorId(1)], kinds: vec![], rooms: vec![] };
        seating.wait(&who(name), Some(&wait));
    }

    #[test]
    fn a_free_desk_goes_to_whoever_waits_longest() {
        let mut seating = seating(2);
        let asks = |seating: &Seating, name: &str| seating.choose(&who(name), &[FloorId(1)], &[], &[], None);
        assert_eq!(asks(&seating, "ana"), None);
        waits(&mut seating, "bo", 20);
        waits(&mut seating, "ana", 10);
        assert_eq!(seating.place_in_line(&who("bo"), &[FloorId(1)], &[]), 2);
        assert_eq!(seating.place_in_line(&who("cy"), &[FloorId(1)], &[]), 3, "whoever comes now is last");
        assert_eq!(seating.sit(AccountId(2), None), Some(RoomId(2)));
        assert_eq!(seating.waiting_for(RoomId(2), 9), [who("ana"), who("bo")]);
        for (name, desk) in [("cy", None), ("bo", None), ("ana", Some(RoomId(2)))] {
            assert_eq!(asks(&seating, name), desk, "{name}");
        }
        seating.promise(&who("ana"), RoomId(2));
        assert_eq!(seating.sit(AccountId(1), None), Some(RoomId(1)));
        assert_eq!(asks(&seating, "cy"), None, "a promise is counted once, and bo still waits");
        assert_eq!(asks(&seating, "bo"), Some(RoomId(1)));
        seating.wait(&who("ana"), None);
        seating.wait(&who("bo"), None);
        assert_eq!(asks(&seating, "cy"), Some(RoomId(1)));
    }

    #[test]
    fn a_team_sits_together_as_far_as_there_is_room() {
        let mut seating = seating(6);
        let field = FieldName::new("department").unwrap();
        let fields = [field].into();
        let member = |seating: &mut Seating, id: i64, department: &str| {
            let account = Account {
                key: AccountKey { site: "hq".into(), id: AccountId(id) },
                kind: AccountKind::Person,
                active: Some(true),
                fields: [(field, department.to_owned())].into(),
                user_type: None,
                seat: None,
                section: None,
                seat_class: None,
                cost_center: None,
                items: None,
                roles: None,
                site_admin: None,
                updated_at: None,
                updated_by: None,
                read_at: jiff::Timestamp::UNIX_EPOCH,
            };
            seating.note_teams(&account, &fields);
        };
        for (id, department) in
            [(1, "Sales"), (2, "Sales"), (3, "Legal"), (4, "Legal"), (5, "Legal"), (6, "Sales")]
        {
            member(&mut seating, id, department);
        }
        // Free: desks 1, 3 and 6.
        for gone in [1, 3, 6] {
            seating.sit(AccountId(gone), None);
        }
        let asks = |seating: &Seating, department: &str| {
            let team = Team { field, value: department.into() };
            seating.choose(&who("ana"), &[FloorId(1)], &[], &[], Some(&team))
        };
        assert_eq!(asks(&seating, "legal"), Some(RoomId(3)), "beside 4");
        assert_eq!(asks(&seating, "sales"), Some(RoomId(1)), "beside 2; of 1 and 3 the first");
        assert_eq!(asks(&seating, "design"), Some(RoomId(1)), "nobody of the team sits yet: the first");
        member(&mut seating, 2, "Legal");
        assert_eq!(asks(&seating, "sales"), Some(RoomId(1)), "a team that left is none");
        assert_eq!(asks(&seating, "legal"), Some(RoomId(1)), "beside 2 as well");
    }
}
