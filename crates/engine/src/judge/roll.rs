//! Everybody by number: small enough to remember who has which account for a million people.

use std::collections::{BTreeMap, HashMap};

use lanyard_model::{
    id::{AccountId, IdentityId, SiteId, TenantId},
    identity::Identity,
    link::Link,
};

use crate::survey::TenantSurvey;

/// Who is linked with which account, and whether that has ended.
pub(crate) type Linked = (IdentityId, AccountId, bool);

/// Somebody, by number within one survey.
pub(crate) type Who = u32;

/// Numbers of everybody: the listed people of each tenant in their order, then people who are linked and in no list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Roll {
    starts: Vec<Who>,
    listed: Who,
    strangers: Vec<IdentityId>,
    known: HashMap<IdentityId, Who>,
}

impl Roll {
    pub(crate) fn of(tenants: &[TenantSurvey]) -> Self {
        let mut roll = Self::default();
        for tenant in tenants {
            roll.starts.push(roll.listed);
            roll.listed += tenant.identities.len() as Who;
        }
        roll
    }

    /// The number of the first person of a tenant, by the tenant's place among them.
    pub(crate) fn start(&self, tenant: usize) -> Who {
        self.starts[tenant]
    }

    /// Somebody in a list.
    pub(crate) fn find(&self, tenants: &[TenantSurvey], id: &IdentityId) -> Option<Who> {
        let place = tenants.iter().position(|tenant| tenant.tenant == id.tenant)?;
        Some(self.starts[place] + tenants[place].identities.find(&id.user)?)
    }

    /// How many are in a list.
    pub(crate) fn listed(&self) -> Who {
        self.listed
    }

    /// Whether somebody is in a list.
    pub(crate) fn is_listed(&self, who: Who) -> bool {
        who < self.listed
    }

    /// Anybody: who is in no list gets a number of their own.
    pub(crate) fn number(&mut self, tenants: &[TenantSurvey], id: &IdentityId) -> Who {
        if let Some(listed) = self.find(tenants, id) {
            return listed;
        }
        let next = self.listed + self.strangers.len() as Who;
        let Self { strangers, known, .. } = self;
        *known.entry(id.clone()).or_insert_with(|| {
            strangers.push(id.clone());
            next
        })
    }

    /// The links of each site, by number. Everybody's number is looked up in one index of all: to search the lists again and again
    /// takes several times as long.
    pub(crate) fn tie_all(
        &mut self,
        tenants: &[TenantSurvey],
        linked: impl IntoIterator<Item = (SiteId, Vec<Linked>)>,
    ) -> BTreeMap<SiteId, Ties> {
        let mut rows: foldhash::HashMap<(&TenantId, &str), Who> = HashMap::default();
        rows.reserve(self.listed as usize);
        for (tenant, start) in tenants.iter().zip(&self.starts) {
            let people = &tenant.identities;
            rows.extend(
                (0..people.len() as u32).map(|row| ((&tenant.tenant, people.user(row)), start + row)),
            );
        }
        let ties = linked.into_iter().map(|(site, linked)| {
            let mut ties = Ties::default();
            for (id, account, ended) in linked {
                let listed = rows.get(&(&id.tenant, &*id.user)).copied();
                ties.tie(listed.unwrap_or_else(|| self.number(tenants, &id)), account, ended);
            }
            ties.complete();
            (site, ties)
        });
        ties.collect()
    }

    /// The tenant, by its place among them, and the row of somebody in a list.
    pub(crate) fn place(&self, who: Who) -> Option<(usize, u32)> {
        let tenant = self.starts.partition_point(|start| *start <= who).checked_sub(1)?;
        (who < self.listed).then(|| (tenant, who - self.starts[tenant]))
    }

    pub(crate) fn id(&self, tenants: &[TenantSurvey], who: Who) -> IdentityId {
        match self.place(who) {
            Some((tenant, row)) => tenants[tenant].identities.id(row),
            None => self.stranger(who).clone(),
        }
    }

    /// Somebody in no list.
    pub(crate) fn stranger(&self, who: Who) -> &IdentityId {
        &self.strangers[(who - self.listed) as usize]
    }

    /// As listed; `None` for somebody in no list.
    pub(crate) fn identity(&self, tenants: &[TenantSurvey], who: Who) -> Option<Identity> {
        self.place(who).map(|(tenant, row)| tenants[tenant].identities.get(row))
    }
}

/// Whose account: the part of a link that decisions rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tie {
    pub(crate) who: Who,
    pub(crate) ended: bool,
    pub(crate) account: AccountId,
}

/// The links of one site.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ties {
    by_person: Vec<Tie>,
    /// Account and person, of links that have not ended.
    by_account: Vec<(AccountId, Who)>,
}

impl Ties {
    pub(crate) fn add(&mut self, who: Who, link: &Link) {
        self.tie(who, link.account.id, link.ended_at.is_some());
    }

    pub(crate) fn tie(&mut self, who: Who, account: AccountId, ended: bool) {
        self.by_person.push(Tie { who, ended, account });
        if !ended {
            self.by_account.push((account, who));
        }
    }

    /// Gives everybody the number that `number` tells.
    pub(crate) fn renumber(&mut self, mut number: impl FnMut(Who) -> Who) {
        self.by_person.iter_mut().for_each(|tie| tie.who = number(tie.who));
        let open = self.by_person.iter().filter(|tie| !tie.ended);
        self.by_account = open.map(|tie| (tie.account, tie.who)).collect();
        self.complete();
    }

    /// Forgets whatever somebody is linked with.
    pub(crate) fn remove(&mut self, who: Who) {
        self.by_person.retain(|tie| tie.who != who);
        self.by_account.retain(|(_, other)| *other != who);
    }

    /// Ends adding.
    pub(crate) fn complete(&mut self) {
        self.by_person.sort_unstable();
        self.by_account.sort_unstable();
        self.by_person.shrink_to_fit();
        self.by_account.shrink_to_fit();
    }

    pub(crate) fn of(&self, who: Who) -> Option<Tie> {
        self.by_person.binary_search_by_key(&who, |tie| tie.who).ok().map(|at| self.by_person[at])
    }

    /// Whose the account is, by links that have not ended.
    pub(crate) fn holders(&self, account: AccountId) -> impl Iterator<Item = Who> {
        let from = self.by_account.partition_point(|(id, _)| *id < account);
        self.by_account[from..].iter().take_while(move |(id, _)| *id == account).map(|(_, who)| *who)
    }

    /// Everybody's links.
    #[cfg(debug_assertions)]
    pub(crate) fn all(&self) -> &[Tie] {
        &self.by_person
    }

    /// Accounts of links that have not ended, each once.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        let repeats = |at: usize| at > 0 && self.by_account[at - 1].0 == self.by_account[at].0;
        (0..self.by_account.len()).filter(move |at| !repeats(*at)).map(|at| self.by_account[at].0)
    }
}
