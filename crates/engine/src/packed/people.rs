//! Everybody of one tenant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard_model::{
    id::{GroupId, IdentityId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
};

use super::{
    Changed, Renewed,
    arena::{Arena, Place},
    code::{Packer, Unpacker},
    names::Names,
    splice,
    texts::Texts,
};
use crate::ports::Sink;

/// Identities by user id, packed. Rows are numbered in that order once the list is complete.
#[derive(Debug, Clone)]
pub struct People {
    tenant: TenantId,
    arena: Arena,
    rows: Vec<Place>,
    sorted: bool,
    names: Names<Arc<str>>,
    texts: Texts,
    groups: Names<GroupId>,
    /// Row and group, from member lists; sorted.
    memberships: Vec<(u32, u32)>,
    /// Whether all member lists were read to their end; `None`: each row says for itself.
    complete: Option<bool>,
    scratch: Vec<u8>,
}

impl People {
    pub fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            arena: Arena::default(),
            rows: Vec::new(),
            sorted: true,
            names: Names::default(),
            texts: Texts::default(),
            groups: Names::default(),
            memberships: Vec::new(),
            complete: None,
            scratch: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Notes that the person is a member of the group; somebody who is not listed is nobody.
    pub(crate) fn join(&mut self, user: &str, group: &GroupId) {
        if let Some(row) = self.find(user) {
            let number = self.groups.number(group);
            self.memberships.push((row, number));
        }
    }

    /// Ends joining: the member lists were read to their end, or not.
    pub(crate) fn joined(&mut self, complete: bool) {
        self.memberships.sort_unstable();
        self.memberships.dedup();
        self.memberships.shrink_to_fit();
        self.complete = Some(complete);
    }

    /// Ends joining further groups of people whose rows tell their own.
    pub(crate) fn joined_more(&mut self) {
        self.memberships.sort_unstable();
        self.memberships.dedup();
    }

    pub(crate) fn user(&self, row: u32) -> &str {
        user(self.arena.get(self.rows[row as usize]))
    }

    pub(crate) fn id(&self, row: u32) -> IdentityId {
        IdentityId::new(self.tenant.clone(), self.user(row))
    }

    /// The row of somebody. Only of a complete list.
    pub(crate) fn find(&self, user: &str) -> Option<u32> {
        let at = self.rows.binary_search_by(|place| self::user(self.arena.get(*place)).cmp(user)).ok()?;
        u32::try_from(at).ok()
    }

    pub fn get(&self, row: u32) -> Identity {
        let mut identity = self.unpack(self.rows[row as usize]);
        let from = self.memberships.partition_point(|(of, _)| *of < row);
        let joined = self.memberships[from..].iter().take_while(|(of, _)| *of == row);
        let joined = joined.map(|(_, group)| self.groups.get(u64::from(*group)));
        let complete = self.complete.unwrap_or(identity.groups.complete);
        let all: Vec<_> = identity.groups.ids().iter().cloned().chain(joined).collect();
        identity.groups = Groups::new(all, complete);
        identity
    }

    /// The person with this id.
    pub fn by_user(&self, user: &str) -> Option<Identity> {
        self.find(user).map(|row| self.get(row))
    }

    /// Everybody, by user id.
    pub fn iter(&self) -> impl Iterator<Item = Identity> {
        (0..self.rows.len()).map(|row| self.get(row as u32))
    }

    /// What is read again takes the place of what was there. Only of a complete list whose rows tell their own groups.
    pub(crate) fn update(&mut self, changed: Changed<Identity, String>) -> Renewed {
        let mut new: BTreeMap<String, Place> = BTreeMap::new();
        for identity in &changed.there {
            let place = self.pack(identity);
            match self.find(&identity.id.user) {
                Some(row) => self.rows[row as usize] = place,
                None => _ = new.insert(identity.id.user.to_string(), place),
            }
        }
        let gone: BTreeSet<u32> = changed.gone.iter().filter_map(|user| self.find(user)).collect();
        let moved = (!new.is_empty() || !gone.is_empty()).then(|| {
            let before =
                |user: &str| self.rows.partition_point(|place| self::user(self.arena.get(*place)) < user);
            let new: Vec<_> = new.into_iter().map(|(user, place)| (before(&user), place)).collect();
            splice(&mut self.rows, |row| gone.contains(&(row as u32)), new)
        });
        let users = changed.there.iter().map(|identity| &*identity.id.user);
        Renewed { moved, rows: users.filter_map(|user| self.find(user)).collect() }
    }

    fn sort(&mut self) {
        if self.sorted {
            return;
        }
        let arena = &self.arena;
        // Stable: of two rows of one person the later one stays behind the earlier.
        self.rows.sort_by(|a, b| user(arena.get(*a)).cmp(user(arena.get(*b))));
        self.rows.reverse();
        self.rows.dedup_by(|a, b| user(arena.get(*a)) == user(arena.get(*b)));
        self.rows.reverse();
        self.sorted = true;
    }

    fn pack(&mut self, identity: &Identity) -> Place {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let mut out = Packer(&mut scratch);
        out.text(&identity.id.user);
        let plain = match &identity.status {
            Status::Staged => 0,
            Status::Provisioned => 1,
            Status::Active => 2,
            Status::PasswordExpired => 3,
            Status::Recovery => 4,
            Status::LockedOut => 5,
            Status::Suspended => 6,
            Status::Deprovisioned => 7,
            Status::Unknown(_) => UNKNOWN,
        };
        out.byte(plain);
        if let Status::Unknown(text) = &identity.status {
            out.text(text);
        }
        out.byte(u8::from(identity.transitioning) | u8::from(identity.groups.complete) << 1);
        out.moment(identity.created);
        out.moment(identity.activated);
        out.moment(identity.status_changed);
        out.moment(identity.last_updated);
        out.moment(Some(identity.read_at));
        out.number(identity.type_id.as_ref().map_or(0, |id| u64::from(self.names.number(id)) + 1));
        out.number(identity.profile.iter().count() as u64);
        for (name, value) in identity.profile.iter() {
            let column = self.names.number(name);
            out.number(u64::from(column));
            match value {
                AttributeValue::Text(text) => {
                    out.byte(0);
                    self.texts.pack(&mut out, column, text);
                }
                AttributeValue::Bool(value) => out.byte(1 + u8::from(*value)),
                AttributeValue::Number(value) => {
                    out.byte(3);
                    out.0.extend_from_slice(&value.to_bits().to_le_bytes());
                }
                AttributeValue::List(items) => {
                    out.byte(4);
                    out.number(items.len() as u64);
                    items.iter().for_each(|item| out.text(item));
                }
            }
        }
        out.number(identity.groups.ids().len() as u64);
        for group in identity.groups.ids() {
            out.number(u64::from(self.groups.number(group)));
        }
        let place = self.arena.push(&scratch);
        self.scratch = scratch;
        place
    }

    fn unpack(&self, place: Place) -> Identity {
        let mut row = Unpacker(self.arena.get(place));
        let id = IdentityId::new(self.tenant.clone(), row.text());
        let status = match row.byte() {
            0 => Status::Staged,
            1 => Status::Provisioned,
            2 => Status::Active,
            3 => Status::PasswordExpired,
            4 => Status::Recovery,
            5 => Status::LockedOut,
            6 => Status::Suspended,
            7 => Status::Deprovisioned,
            _ => Status::Unknown(row.text().into()),
        };
        let flags = row.byte();
        let created = row.moment();
        let activated = row.moment();
        let status_changed = row.moment();
        let last_updated = row.moment();
        let read_at = row.moment().unwrap_or_default();
        let type_id = row.number().checked_sub(1).map(|number| self.names.get(number));
        let attributes = row.number();
        let profile = (0..attributes)
            .map(|_| {
                let name = self.names.get(row.number());
                let value = match row.byte() {
                    0 => AttributeValue::Text(self.texts.unpack(&mut row).into()),
                    1 => AttributeValue::Bool(false),
                    2 => AttributeValue::Bool(true),
                    3 => {
                        let mut bits = [0; 8];
                        bits.iter_mut().for_each(|byte| *byte = row.byte());
                        AttributeValue::Number(f64::from_bits(u64::from_le_bytes(bits)))
                    }
                    _ => {
                        let items = row.number();
                        AttributeValue::List((0..items).map(|_| row.text().into()).collect())
                    }
                };
                (name, value)
            })
            .collect::<Profile>();
        let groups = row.number();
        let ids: Vec<GroupId> = (0..groups).map(|_| self.groups.get(row.number())).collect();
        Identity {
            id,
            status,
            transitioning: flags & 1 != 0,
            profile,
            groups: Groups::new(ids, flags & 2 != 0),
            created,
            activated,
            status_changed,
            last_updated,
            type_id,
            read_at,
        }
    }
}

const UNKNOWN: u8 = 8;

fn user(row: &[u8]) -> &str {
    Unpacker(row).text()
}

impl Sink<Identity> for People {
    fn take(&mut self, row: Identity) {
        let place = self.pack(&row);
        let follows = self.rows.last().is_none_or(|last| user(self.arena.get(*last)) < &*row.id.user);
        self.sorted &= follows;
        self.rows.push(place);
    }

    fn restart(&mut self) {
        self.arena.clear();
        self.rows.clear();
        self.memberships.clear();
        self.sorted = true;
    }

    fn revise(&mut self, change: &mut dyn FnMut(&mut Identity)) {
        for at in 0..self.rows.len() {
            let mut identity = self.unpack(self.rows[at]);
            change(&mut identity);
            self.rows[at] = self.pack(&identity);
        }
    }

    fn count(&mut self) -> u64 {
        self.sort();
        self.rows.shrink_to_fit();
        self.rows.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn identity(user: &str, name: &str) -> Identity {
        let mut profile = Profile::default();
        profile.set("login", AttributeValue::Text(name.into()));
        profile.set("level", AttributeValue::Number(3.5));
        profile.set("remote", AttributeValue::Bool(true));
        profile.set("skills", AttributeValue::List(vec!["a".into(), "ü".into()]));
        Identity {
            id: IdentityId::new("acme".into(), user),
            status: Status::Unknown("NEW_STATUS".into()),
            transitioning: true,
            profile,
            groups: Groups::new(["g2".into(), "g1".into()], true),
            created: "1965-02-03T04:05:06.7Z".parse().ok(),
            activated: None,
            status_changed: "2026-05-04T08:00:00.000000001Z".parse().ok(),
            last_updated: Some(Timestamp::UNIX_EPOCH),
            type_id: Some("oty1".into()),
            read_at: "2026-05-04T08:00:00.123456789Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_is_packed_comes_back_as_it_was() {
        let mut people = People::new("acme".into());
        let all = [identity("00u1", "ana"), identity("00u2", "bo")];
        all.iter().for_each(|one| people.take(one.clone()));
        assert_eq!(people.count(), 2);
        assert_eq!(people.iter().collect::<Vec<_>>(), all);
    }

    #[test]
    fn rows_are_in_order_and_the_later_of_two_counts() {
        let mut people = People::new("acme".into());
        for (user, name) in [("00u3", "cy"), ("00u1", "ana"), ("00u3", "cy again"), ("00u2", "bo")] {
            people.take(identity(user, name));
        }
        assert_eq!(people.count(), 3);
        let login = |one: Identity| one.profile.text("login").unwrap_or_default().to_owned();
        assert_eq!(people.iter().map(login).collect::<Vec<_>>(), ["ana", "bo", "cy again"]);
        people.join("00u2", &"g9".into());
        people.join("00unobody", &"g9".into());
        people.joined(false);
        let bo = people.by_user("00u2").unwrap();
        assert_eq!(bo.groups, Groups::new(["g1".into(), "g2".into(), "g9".into()], false));
        assert_eq!(people.find("00u4"), None);
    }
}
