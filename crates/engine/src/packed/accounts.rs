//! All accounts of one site.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard_model::{
    account::{Account, AccountKind, FieldName, Role, Seat},
    id::{AccountId, AccountKey, CenterId, FloorId, ItemId, RoomId, SectionId, SiteId, UserTypeId},
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

/// Accounts by id, packed. Rows are numbered in that order once the list is complete.
#[derive(Debug, Clone)]
pub struct Accounts {
    site: SiteId,
    arena: Arena,
    rows: Vec<(i64, Place)>,
    sorted: bool,
    fields: Names<FieldName>,
    names: Names<Arc<str>>,
    texts: Texts,
    scratch: Vec<u8>,
}

impl Accounts {
    pub fn new(site: SiteId) -> Self {
        Self {
            site,
            arena: Arena::default(),
            rows: Vec::new(),
            sorted: true,
            fields: Names::default(),
            names: Names::default(),
            texts: Texts::default(),
            scratch: Vec::new(),
        }
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(crate) fn id(&self, row: u32) -> AccountId {
        AccountId(self.rows[row as usize].0)
    }

    /// The row of an account. Only of a complete list.
    pub(crate) fn find(&self, id: AccountId) -> Option<u32> {
        let at = self.rows.binary_search_by_key(&id.0, |(id, _)| *id).ok()?;
        u32::try_from(at).ok()
    }

    pub(crate) fn row(&self, row: u32) -> Account {
        self.unpack(self.rows[row as usize].1)
    }

    pub fn get(&self, id: AccountId) -> Option<Account> {
        self.find(id).map(|row| self.row(row))
    }

    /// All of them, by id.
    pub fn iter(&self) -> impl Iterator<Item = Account> {
        self.rows.iter().map(|(_, place)| self.unpack(*place))
    }

    /// What is read again takes the place of what was there. Only of a complete list.
    pub(crate) fn update(&mut self, changed: Changed<Account, AccountId>) -> Renewed {
        let mut new: BTreeMap<i64, Place> = BTreeMap::new();
        let mut ids = Vec::new();
        for account in &changed.there {
            let place = self.pack(account);
            ids.push(account.id());
            match self.find(account.id()) {
                Some(row) => self.rows[row as usize].1 = place,
                None => _ = new.insert(account.id().0, place),
            }
        }
        let gone: BTreeSet<u32> = changed.gone.iter().filter_map(|id| self.find(*id)).collect();
        let moved = (!new.is_empty() || !gone.is_empty()).then(|| {
            let before = |id: i64| self.rows.partition_point(|(other, _)| *other < id);
            let new: Vec<_> = new.into_iter().map(|(id, place)| (before(id), (id, place))).collect();
            splice(&mut self.rows, |row| gone.contains(&(row as u32)), new)
        });
        Renewed { moved, rows: ids.into_iter().filter_map(|id| self.find(id)).collect() }
    }

    fn sort(&mut self) {
        if self.sorted {
            return;
        }
        self.rows.sort_by_key(|(id, _)| *id);
        self.rows.reverse();
        self.rows.dedup_by_key(|(id, _)| *id);
        self.rows.reverse();
        self.sorted = true;
    }

    fn pack(&mut self, account: &Account) -> Place {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        let mut out = Packer(&mut scratch);
        out.signed(account.key.id.0);
        out.byte(match account.kind {
            AccountKind::Person => 0,
            AccountKind::Own => 1,
            AccountKind::Vendor => 2,
            AccountKind::Device => 3,
        });
        out.maybe(account.active);
        out.number(account.fields.len() as u64);
        for (name, value) in &account.fields {
            let column = self.fields.number(name);
            out.number(u64::from(column));
            self.texts.pack(&mut out, column, value);
        }
        out.optional(account.user_type.as_ref().map(|(id, _)| id.0));
        if let Some((_, name)) = &account.user_type {
            out.number(u64::from(self.names.number(name)));
        }
        out.optional(account.seat.map(|seat| seat.room.0));
        if let Some(seat) = account.seat {
            out.optional(seat.floor.map(|floor| floor.0));
        }
        out.optional(account.section.map(|section| section.0));
        out.number(account.seat_class.as_ref().map_or(0, |class| u64::from(self.names.number(class)) + 1));
        out.optional(account.cost_center.map(|item| item.0));
        out.number(account.items.as_ref().map_or(0, |items| items.len() as u64 + 1));
        for item in account.items.iter().flatten() {
            out.signed(item.0);
        }
        out.number(account.roles.as_ref().map_or(0, |roles| roles.len() as u64 + 1));
        for (center, role) in account.roles.iter().flatten() {
            out.signed(center.0);
            out.byte(match role {
                Role::Customer => 0,
                Role::Manager => 1,
                Role::Operator => 2,
                Role::Administrator => 3,
                Role::Technician => 4,
            });
        }
        out.maybe(account.site_admin);
        out.moment(account.updated_at);
        out.optional(account.updated_by.map(|by| by.0));
        out.moment(Some(account.read_at));
        let place = self.arena.push(&scratch);
        self.scratch = scratch;
        place
    }

    fn unpack(&self, place: Place) -> Account {
        let mut row = Unpacker(self.arena.get(place));
        let id = AccountId(row.signed());
        let kind = match row.byte() {
            0 => AccountKind::Person,
            1 => AccountKind::Own,
            2 => AccountKind::Vendor,
            _ => AccountKind::Device,
        };
        let active = row.maybe();
        let fields = row.number();
        let one = |_| (self.fields.get(row.number()), self.texts.unpack(&mut row).into());
        let fields: BTreeMap<_, String> = (0..fields).map(one).collect();
        let user_type = row.optional().map(|id| (UserTypeId(id), self.names.get(row.number())));
        let seat = row.optional().map(|room| Seat { room: RoomId(room), floor: row.optional().map(FloorId) });
        let section = row.optional().map(SectionId);
        let seat_class = row.number().checked_sub(1).map(|number| self.names.get(number));
        let cost_center = row.optional().map(ItemId);
        let items = row.number().checked_sub(1);
        let items = items.map(|count| (0..count).map(|_| ItemId(row.signed())).collect::<BTreeSet<_>>());
        let roles = row.number().checked_sub(1);
        let roles = roles.map(|count| {
            let one = |_| {
                let center = CenterId(row.signed());
                let role = match row.byte() {
                    0 => Role::Customer,
                    1 => Role::Manager,
                    2 => Role::Operator,
                    4 => Role::Technician,
                    _ => Role::Administrator,
                };
                (center, role)
            };
            (0..count).map(one).collect::<BTreeMap<_, _>>()
        });
        let site_admin = row.maybe();
        let updated_at = row.moment();
        let updated_by = row.optional().map(AccountId);
        let read_at = row.moment().unwrap_or_default();
        Account {
            key: AccountKey { site: self.site.clone(), id },
            kind,
            active,
            fields,
            user_type,
            seat,
            section,
            seat_class,
            cost_center,
            items,
            roles,
            site_admin,
            updated_at,
            updated_by,
            read_at,
        }
    }
}

impl Sink<Account> for Accounts {
    fn take(&mut self, row: Account) {
        let place = self.pack(&row);
        self.sorted &= self.rows.last().is_none_or(|(last, _)| *last < row.key.id.0);
        self.rows.push((row.key.id.0, place));
    }

    fn restart(&mut self) {
        self.arena.clear();
        self.rows.clear();
        self.sorted = true;
    }

    fn revise(&mut self, change: &mut dyn FnMut(&mut Account)) {
        for at in 0..self.rows.len() {
            let mut account = self.unpack(self.rows[at].1);
            change(&mut account);
            self.rows[at].1 = self.pack(&account);
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
    use super::*;

    fn account(id: i64, name: &str) -> Account {
        Account {
            key: AccountKey { site: "hq".into(), id: AccountId(id) },
            kind: AccountKind::Person,
            active: None,
            fields: [("userName", name), ("custom07", "x")]
                .into_iter()
                .filter_map(|(field, value)| Some((FieldName::new(field)?, value.to_owned())))
                .collect(),
            user_type: Some((UserTypeId(3), "Employee".into())),
            seat: Some(Seat { room: RoomId(14), floor: None }),
            section: None,
            seat_class: Some("hybrid".into()),
            cost_center: Some(ItemId(-1)),
            items: Some(BTreeSet::from([ItemId(5), ItemId(9)])),
            roles: Some(BTreeMap::from([(CenterId(51), Role::Operator), (CenterId(52), Role::Customer)])),
            site_admin: Some(false),
            updated_at: "2026-05-04T08:00:00.001Z".parse().ok(),
            updated_by: Some(AccountId(2)),
            read_at: "2026-05-04T08:00:00.123456789Z".parse().unwrap(),
        }
    }

    #[test]
    fn what_is_packed_comes_back_as_it_was() {
        let bare = Account {
            kind: AccountKind::Device,
            active: Some(false),
            fields: BTreeMap::new(),
            user_type: None,
            seat: Some(Seat { room: RoomId(1), floor: Some(FloorId(2)) }),
            seat_class: None,
            cost_center: None,
            items: None,
            roles: Some(BTreeMap::new()),
            site_admin: None,
            updated_at: None,
            updated_by: None,
            ..account(9, "")
        };
        let mut accounts = Accounts::new("hq".into());
        for one in [account(7, "old"), bare.clone(), account(2, "bo"), account(7, "new")] {
            accounts.take(one);
        }
        assert_eq!(accounts.count(), 3);
        assert_eq!(accounts.iter().collect::<Vec<_>>(), [account(2, "bo"), account(7, "new"), bare]);
        assert_eq!(accounts.get(AccountId(3)), None);
        accounts.revise(&mut |one| one.items.get_or_insert_default().clear());
        assert_eq!(accounts.get(AccountId(9)).and_then(|one| one.items), Some(BTreeSet::new()));
    }
}
