//! Whose the accounts are that nobody is linked with. Somebody whom no route leads to a site is not looked for there, so whoever
//! has the account's keys is looked for among everybody before it is said that nobody has.

use std::collections::{BTreeMap, HashMap};

use lanyard_model::{
    account::Account,
    id::{IdentityId, SiteId},
    identity::Status,
};

use super::{Everybody, roll::Who};
use crate::{
    engine::Active,
    survey::{Admin, Astray, Decided, Whose},
};

/// Somebody who has a key of an account.
struct Owner {
    /// The key's place among those of the policy: the first is the strongest.
    rank: usize,
    key: String,
    of: IdentityId,
    person: String,
    second: bool,
}

#[derive(Default)]
pub(super) struct Owners {
    wanted: Vec<Account>,
    /// Which accounts have a key, and at which place among theirs.
    by_key: HashMap<(String, String), Vec<(usize, usize)>>,
    found: BTreeMap<usize, Owner>,
    /// Tenant and row up to which people were looked at.
    seen: (usize, u32),
}

impl Owners {
    pub(super) fn want(&mut self, account: Account, active: &Active) {
        let number = self.wanted.len();
        for (rank, key) in active.policy.account_keys(&account).into_iter().enumerate() {
            self.by_key.entry(key).or_default().push((number, rank));
        }
        self.wanted.push(account);
    }

    /// Whether everybody was looked at. `has`: somebody has an account in a site.
    pub(super) fn look_among(
        &mut self,
        active: &Active,
        everybody: &Everybody<'_>,
        most: u32,
        has: &dyn Fn(Who, &SiteId) -> bool,
    ) -> bool {
        if self.by_key.is_empty() {
            return true;
        }
        let (place, from) = self.seen;
        let Some(tenant) = everybody.tenants.get(place) else { return true };
        let people = tenant.identities.len() as u32;
        let end = from.saturating_add(most).min(people);
        for row in from..end {
            let identity = tenant.identities.get(row);
            if identity.status == Status::Deprovisioned {
                continue;
            }
            for term in active.policy.search_terms(&identity) {
                let key = (term.kind, term.folded);
                for (number, rank) in self.by_key.get(&key).into_iter().flatten() {
                    if self.found.get(number).is_some_and(|known| known.rank <= *rank) {
                        continue;
                    }
                    let owner = Owner {
                        rank: *rank,
                        key: key.0.clone(),
                        of: identity.id.clone(),
                        person: identity.display_name(),
                        second: has(everybody.roll.start(place) + row, &self.wanted[*number].key.site),
                    };
                    self.found.insert(*number, owner);
                }
            }
        }
        self.seen = if end == people { (place + 1, 0) } else { (place, end) };
        self.seen.0 == everybody.tenants.len()
    }

    pub(super) fn settle(&mut self, decided: &mut Decided) {
        for (number, account) in std::mem::take(&mut self.wanted).into_iter().enumerate() {
            let is_admin = account.site_admin == Some(true);
            match self.found.remove(&number) {
                None if is_admin => decided.admins.push(Admin { account, whose: Whose::Nobodys }),
                None => decided.orphans.push(account),
                Some(Owner { of, person, key, .. }) if is_admin => {
                    decided.admins.push(Admin { account, whose: Whose::Keyed { of, person, key } });
                }
                Some(Owner { of, person, key, second, .. }) => {
                    decided.astray.push(Astray { account, of, person, key, second });
                }
            }
        }
    }
}
