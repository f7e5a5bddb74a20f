//! What this site turned out to support, learnt from reads that follow writes (§14.6).

use std::collections::{BTreeMap, BTreeSet};

use lanyard_engine::ports::Capabilities;
use lanyard_model::{
    account::{Account, AccountKind},
    id::{AccountId, CenterId, ItemId, SectionId},
};

use crate::{
    accounts::{OwnAccount, UserRow},
    settings::{CapabilityFlags, Flag},
};

/// Expectations kept for a later read at most; beyond it the oldest accounts teach nothing.
const EXPECTED_MAX: usize = 10_000;

/// Which fields replies of one kind have carried for anybody: so where one is absent, it is empty.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shown {
    pub roles: bool,
    pub items: bool,
    pub active: bool,
}

/// Which kind of reply a row came in. Selectors are documented for both, but attested for neither in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    ById,
    List,
}

/// References that a write set to `null`.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cleared {
    pub seat: bool,
    pub section: bool,
    pub cost_center: bool,
}

impl Cleared {
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// A section that did not stick once may have been changed by somebody; twice in a row, the site ignores it.
const SECTION_MISSES: u8 = 2;

/// Memory of one client. Lost at a restart; everything in it is learnt again.
#[derive(Debug, Default)]
pub(crate) struct Learnt {
    pub own: OwnAccount,
    /// How much of the selector the site accepts: 0 all, 1 documented names only, 2 none.
    pub selector_level: u8,
    pub by_id: Shown,
    pub in_lists: Shown,
    pub active_write: Option<bool>,
    pub section_write: Option<bool>,
    /// A count with a search text counts what the search finds (§1.4); `false`: it counts everybody.
    pub counts_searches: Option<bool>,
    section_misses: u8,
    /// `null` clears a reference.
    pub null_clears: Option<bool>,
    /// A written list of permissions replaced the old one; `false`: entries left out of it survived.
    pub permissions_replace: Option<bool>,
    /// Accounts that must not be written to, and why.
    pub untouchable: BTreeMap<AccountId, &'static str>,
    /// Permission entries that the model has no word for, to be kept by whole-list writes.
    pub foreign_roles: BTreeMap<AccountId, Vec<(CenterId, String)>>,
    pub reservation_centers: BTreeSet<CenterId>,
    /// Category items besides cost centers.
    pub grantable_items: BTreeSet<ItemId>,
    expected_section: BTreeMap<AccountId, SectionId>,
    expected_active: BTreeMap<AccountId, bool>,
    expected_roles: BTreeMap<AccountId, BTreeSet<CenterId>>,
    /// Entries that survived lists without them, and how many lists in a row.
    survived: BTreeMap<AccountId, (BTreeSet<CenterId>, u8)>,
    expected_cleared: BTreeMap<AccountId, Cleared>,
}

impl Learnt {
    pub fn of(own: OwnAccount) -> Self {
        Self { own, ..Self::default() }
    }

    /// Takes in a user as read; completes what absence means by now.
    pub fn take_in(&mut self, row: UserRow, origin: Origin) -> Account {
        let UserRow { mut account, foreign_roles } = row;
        let id = account.id();
        let shown = self.shown(origin);
        shown.roles |= account.roles.is_some();
        shown.items |= account.items.is_some();
        shown.active |= account.active.is_some();
        self.complete(&mut account, origin);
        if foreign_roles.is_empty() {
            self.foreign_roles.remove(&id);
        } else {
            self.foreign_roles.insert(id, foreign_roles);
        }
        let protected = match account.kind {
            AccountKind::Own => Some("it is the account that we sign in with"),
            AccountKind::Vendor => Some("it is the vendor's own account"),
            AccountKind::Device => Some("it is a device's account"),
            AccountKind::Person if account.site_admin == Some(true) => Some("it is a site administrator"),
            AccountKind::Person => None,
        };
        match protected {
            Some(why) => {
                self.untouchable.insert(id, why);
            }
            // Only a plain "no" frees an account: a reply may simply not carry the flag.
            None if account.site_admin == Some(false) => {
                self.untouchable.remove(&id);
            }
            None => {}
        }
        if let Some(wanted) = self.expected_section.remove(&id) {
            self.section_misses =
                if account.section == Some(wanted) { 0 } else { self.section_misses.saturating_add(1) };
            match self.section_misses {
                0 => self.section_write = Some(true),
                SECTION_MISSES.. => self.section_write = Some(false),
                _ => {}
            }
        }
        if let Some(cleared) = self.expected_cleared.remove(&id) {
            let kept = cleared.seat && account.seat.is_some()
                || cleared.section && account.section.is_some()
                || cleared.cost_center && account.cost_center.is_some();
            self.null_clears = Some(!kept);
        }
        if let Some(roles) = &account.roles {
            self.compare_roles(id, roles.keys());
        }
        if let Some(active) = account.active
            && let Some(wanted) = self.expected_active.remove(&id)
        {
            self.active_write = Some(active == wanted);
        }
        account
    }

    /// Absent lists are empty once the site has shown that it sends them (§1.4: empty fields stay absent).
    pub fn complete(&mut self, account: &mut Account, origin: Origin) {
        let shown = *self.shown(origin);
        if shown.roles {
            account.roles.get_or_insert_default();
        }
        if shown.items {
            account.items.get_or_insert_default();
        }
    }

    fn shown(&mut self, origin: Origin) -> &mut Shown {
        match origin {
            Origin::ById => &mut self.by_id,
            Origin::List => &mut self.in_lists,
        }
    }

    pub fn expect_section(&mut self, id: AccountId, section: SectionId) {
        if self.expected_section.len() < EXPECTED_MAX {
            self.expected_section.insert(id, section);
        }
    }

    pub fn expect_cleared(&mut self, id: AccountId, cleared: Cleared) {
        if cleared.any() && self.expected_cleared.len() < EXPECTED_MAX {
            self.expected_cleared.insert(id, cleared);
        }
    }

    pub fn expect_active(&mut self, id: AccountId, active: bool) {
        if self.expected_active.len() < EXPECTED_MAX {
            self.expected_active.insert(id, active);
        }
    }

    /// `held` are the centers of the whole list just written.
    pub fn expect_roles(&mut self, id: AccountId, held: BTreeSet<CenterId>) {
        if self.expected_roles.len() < EXPECTED_MAX {
            self.expected_roles.insert(id, held);
        }
    }

    /// Centers that survived a list without them, if a list was written since the last read.
    pub fn compare_roles<'a>(
        &mut self,
        id: AccountId,
        seen: impl Iterator<Item = &'a CenterId>,
    ) -> Vec<CenterId> {
        let Some(written) = self.expected_roles.remove(&id) else { return Vec::new() };
        let survived: Vec<CenterId> = seen.filter(|center| !written.contains(center)).copied().collect();
        if survived.is_empty() {
            self.survived.remove(&id);
            return survived;
        }
        self.permissions_replace = Some(false);
        let entry = self.survived.entry(id).or_default();
        let all: BTreeSet<CenterId> = survived.iter().copied().collect();
        if entry.0 == all {
            entry.1 = entry.1.saturating_add(1);
        } else {
            *entry = (all, 1);
        }
        survived
    }

    /// Whether lists without these entries are known to leave them to this account, so that sending another one is in vain.
    /// One survival alone may be somebody's edit between our write and the read: the site is taken for one that merges when
    /// the settings say so, or when some account kept the same entries through two lists.
    pub fn keeps_roles(&self, id: AccountId, left: &BTreeSet<CenterId>, flags: &CapabilityFlags) -> bool {
        let merges =
            flags.permissions_semantics == Flag::No || self.survived.values().any(|(_, times)| *times > 1);
        merges && self.survived.get(&id).is_some_and(|(kept, _)| !left.is_empty() && kept == left)
    }

    pub fn permissions_replace(&self, flags: &CapabilityFlags) -> Option<bool> {
        answer(flags.permissions_semantics, self.permissions_replace)
    }

    pub fn may_write_section(&self, flags: &CapabilityFlags) -> bool {
        allowed(flags.neighborhood_write, self.section_write)
    }

    pub fn capabilities(&self, flags: &CapabilityFlags) -> Capabilities {
        Capabilities {
            active_write: answer(flags.user_active_write, self.active_write),
            delete_allowed: flags.delete_allowed == Flag::Yes,
            section_write: answer(flags.neighborhood_write, self.section_write),
            items_readable: (self.by_id.items || self.in_lists.items).then_some(true),
            visit_end: flags.visitor_ext == Flag::Yes,
        }
    }
}

/// A setting outranks what was seen.
fn answer(flag: Flag, seen: Option<bool>) -> Option<bool> {
    match flag {
        Flag::Auto => seen,
        Flag::Yes => Some(true),
        Flag::No => Some(false),
    }
}

fn allowed(flag: Flag, seen: Option<bool>) -> bool {
    answer(flag, seen) != Some(false)
}
