//! Keys of everybody: taken in while lists are read, and renewed where something was written since.

use std::{collections::BTreeMap, sync::Arc};

use lanyard_model::{account::Account, id::SiteId, identity::Identity};

use super::site;
use crate::{
    cores::joined,
    engine::Active,
    packed::{KeyIndex, Renewed},
    survey::{SiteSurvey, TenantSurvey},
};

/// Keys of everybody, by which managers are named and accounts are found.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(super) people: Vec<Arc<KeyIndex>>,
    pub(super) accounts: BTreeMap<SiteId, Arc<KeyIndex>>,
}

/// Keys of one tenant's people or of one site's accounts, while these are being read.
#[derive(Default)]
pub(crate) struct KeysTaken(KeyIndex);

impl KeysTaken {
    pub(crate) fn of_person(&mut self, active: &Active, row: u32, identity: &Identity) {
        self.0.add(row, &active.manager_keys(identity));
    }

    pub(crate) fn of_account(&mut self, active: &Active, row: u32, account: &Account) {
        site::add_keys_of(&mut self.0, active, row, account);
    }

    fn complete(mut self) -> Arc<KeyIndex> {
        self.0.complete();
        Arc::new(self.0)
    }
}

impl Keys {
    /// Those that were taken in while everybody was read: by tenant, and by site.
    pub(crate) fn of(people: Vec<KeysTaken>, accounts: Vec<(SiteId, KeysTaken)>) -> Self {
        std::thread::scope(|scope| {
            let people = scope.spawn(|| people.into_iter().map(KeysTaken::complete).collect());
            let accounts = accounts.into_iter().map(|(site, keys)| (site, keys.complete())).collect();
            Self { people: joined(people), accounts }
        })
    }

    /// Takes in the keys of rows that say something else now, of each tenant's people and of each site's accounts. What they
    /// said before may still lead to them, and is never taken for theirs.
    pub(crate) fn renew(
        &mut self,
        active: &Active,
        people: &[(&TenantSurvey, &Renewed)],
        accounts: &[(&SiteSurvey, &Renewed)],
    ) {
        let is_news = |renewed: &Renewed| renewed.moved.is_some() || !renewed.rows.is_empty();
        for (index, (tenant, renewed)) in self.people.iter_mut().zip(people) {
            if is_news(renewed) {
                let index = Arc::make_mut(index);
                index.renumber(renewed);
                for row in &renewed.rows {
                    index.add(*row, &active.manager_keys(&tenant.identities.get(*row)));
                }
                index.complete();
            }
        }
        for (site, renewed) in accounts.iter().filter(|(_, renewed)| is_news(renewed)) {
            let index = Arc::make_mut(self.accounts.entry(site.site.clone()).or_default());
            index.renumber(renewed);
            site::add_keys(index, active, site, renewed.rows.iter().copied());
            index.complete();
        }
    }
}
