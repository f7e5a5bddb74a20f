//! Everybody from the mirrors: read whole, or brought up to date where something was written since.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, PoisonError},
};

use futures_util::{TryFutureExt as _, future::try_join_all};
use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    clearance::ClearanceState,
    coverage::ReadKind,
    desired::Applied,
    id::{AccountId, IdentityId, SiteId, TenantId},
    identity::Identity,
    link::Link,
    place::Catalogue,
};
use lanyard_plan::seating::Seating;

use super::{WhatIfError, picture::Touched};
use crate::{
    Engine,
    cores::joined,
    delegations::StandIns,
    engine::Active,
    judge::{Desks, Keys, KeysTaken, Linked, Memory, OnRecord, Roll, Who},
    packed::Changed,
    pages::walk,
    ports::StoreFailure,
    reviews::WithheldRights,
    survey::{CHUNK, SiteSurvey, TenantSurvey},
};

/// What is known to be applied, by person: asked for everybody.
type AppliedTo = foldhash::HashMap<IdentityId, Applied>;

/// Everybody, from the mirrors.
#[derive(Clone)]
pub(crate) struct Population {
    pub(crate) tenants: Vec<TenantSurvey>,
    pub(crate) sites: Vec<SiteSurvey>,
    pub(crate) keys: Keys,
    /// By whose keys accounts are found.
    pub(crate) keys_of: Arc<Active>,
    pub(crate) roll: Roll,
    pub(crate) memory: BTreeMap<SiteId, Memory>,
    pub(crate) applied: HashMap<SiteId, AppliedTo>,
    pub(crate) asked: OnRecord,
    pub(crate) desks: Desks,
    /// What access reviews removed.
    pub(crate) withheld: WithheldRights,
    /// Who takes a leaver's bookings over, where a rule says so.
    pub(crate) stand_ins: StandIns,
    pub(crate) now: Timestamp,
}

impl Engine {
    /// Reads everybody. What is looked up later is taken in while a record is at hand, so that none is unpacked for it.
    pub(super) async fn population(&self, in_force: &Arc<Active>) -> Result<Population, WhatIfError> {
        let now = self.clock.now();
        let tenants = try_join_all(self.directories().keys().map(|id| self.read_tenant_whole(id, in_force)));
        let mut desks = self.desks(self.sites().keys());
        let sites = self.sites().keys().map(|id| self.read_site_whole(id, desks.remove(id), in_force));
        let sites = try_join_all(sites.collect::<Vec<_>>());
        let applied = try_join_all(self.sites().keys().map(|id| self.applied_whole(id)));
        let linked = try_join_all(self.sites().keys().map(|id| self.linked(id)));
        let (tenants, sites, applied, linked, asked, stand_ins) = tokio::try_join!(
            tenants.map_err(WhatIfError::from),
            sites.map_err(WhatIfError::from),
            applied,
            linked.map_err(WhatIfError::from),
            self.on_record().map_err(WhatIfError::from),
            self.all_stand_ins(now).map_err(WhatIfError::from)
        )?;
        let never =
            |(tenant, _): &&(TenantSurvey, _)| tenant.identities.is_empty() && tenant.groups.is_empty();
        if let Some((unknown, _)) = tenants.iter().find(never) {
            return Err(WhatIfError::NeverSwept(unknown.tenant.to_string()));
        }
        let withheld = self.withheld.read().unwrap_or_else(PoisonError::into_inner).clone();
        let keys_of = Arc::clone(in_force);
        let told = tokio::task::spawn_blocking(move || {
            let (tenants, people): (Vec<_>, Vec<_>) = tenants.into_iter().unzip();
            let (mut surveys, mut accounts, mut desks) = (Vec::new(), Vec::new(), Desks::new());
            for SiteRead { survey, keys, desk } in sites {
                accounts.push((survey.site.clone(), keys));
                desks.extend(desk.map(|desk| (survey.site.clone(), desk)));
                surveys.push(survey);
            }
            let mut roll = Roll::of(&tenants);
            let (keys, memory) = std::thread::scope(|scope| {
                let keys = scope.spawn(|| Keys::of(people, accounts));
                let linked = surveys.iter().map(|survey| survey.site.clone()).zip(linked);
                let memory = roll.tie_all(&tenants, linked).into_iter();
                let memory =
                    memory.map(|(site, ties)| (site, Memory { ties, ..Memory::default() })).collect();
                (joined(keys), memory)
            });
            Population {
                tenants,
                sites: surveys,
                keys,
                keys_of,
                roll,
                memory,
                applied: applied.into_iter().collect(),
                asked,
                desks,
                withheld,
                stand_ins,
                now,
            }
        });
        let mut everybody = told.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
        let Population { sites, memory, .. } = &mut everybody;
        for site in sites.iter().filter(|site| site.certificate.holds()) {
            if let Some(known) = memory.get_mut(&site.site) {
                self.recall_unlisted(site, known).await?;
            }
        }
        Ok(everybody)
    }

    async fn read_tenant_whole(
        &self,
        id: &TenantId,
        active: &Active,
    ) -> Result<(TenantSurvey, KeysTaken), StoreFailure> {
        let mut keys = KeysTaken::default();
        let tenant = self.recall_tenant(id, &mut |row, one| keys.of_person(active, row, one)).await?;
        Ok((tenant, keys))
    }

    /// With who sits where, by the accounts.
    async fn read_site_whole(
        &self,
        id: &SiteId,
        mut desk: Option<(Arc<Catalogue>, Seating)>,
        active: &Active,
    ) -> Result<SiteRead, StoreFailure> {
        let mut keys = KeysTaken::default();
        let fields = active.policy.team_fields();
        let mut see = |row: u32, account: &Account| {
            keys.of_account(active, row, account);
            if let Some((_, seating)) = &mut desk {
                seating.sit(account.id(), account.seat.map(|seat| seat.room));
                seating.note_teams(account, &fields);
            }
        };
        let survey = self.recall_site(id, &mut see).await?;
        Ok(SiteRead { survey, keys, desk })
    }

    /// What is known to be applied in a site, by person: put in order while others are still being read.
    async fn applied_whole(&self, site: &SiteId) -> Result<(SiteId, AppliedTo), WhatIfError> {
        let all = self.store.applied_all(site).await?;
        let by_person = tokio::task::spawn_blocking(move || all.into_iter().collect());
        let by_person = by_person.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
        Ok((site.clone(), by_person))
    }

    /// Who is linked with which account of a site, and whether that has ended.
    async fn linked(&self, site: &SiteId) -> Result<Vec<Linked>, StoreFailure> {
        let mut linked: Vec<Linked> = Vec::new();
        let read = |after: Option<(AccountId, IdentityId)>| async move {
            self.store.links_page(site, after.as_ref(), CHUNK).await
        };
        let end = |last: &Link| (last.account.id, last.identity.clone());
        walk(read, end, |page| {
            linked.extend(
                page.into_iter().map(|link| (link.identity, link.account.id, link.ended_at.is_some())),
            );
        })
        .await?;
        Ok(linked)
    }

    /// The same, resting on what was read before: only that is read again of which something was written since. `None`: it
    /// must be read whole.
    pub(super) async fn up_to_date(
        &self,
        mut known: Population,
        touched: &Touched,
    ) -> Result<Option<Population>, WhatIfError> {
        let now = self.clock.now();
        let tenants = known.tenants.iter().map(|tenant| &tenant.tenant);
        let sites = known.sites.iter().map(|site| &site.site);
        if touched.all || !tenants.eq(self.directories().keys()) || !sites.eq(self.sites().keys()) {
            return Ok(None);
        }
        let read = self.read_again(&known, touched).await?;
        for (identity, site) in &touched.memories {
            let of_site = known.applied.entry(site.clone()).or_default();
            match self.store.applied(identity, site).await? {
                Some(applied) => _ = of_site.insert(identity.clone(), applied),
                None => _ = of_site.remove(identity),
            }
        }
        for tenant in &mut known.tenants {
            tenant.groups = self.store.groups(&tenant.tenant).await?;
        }
        known.asked = self.on_record().await?;
        known.stand_ins = self.all_stand_ins(now).await?;
        let desks = self.desks(self.sites().keys());
        known.withheld.clone_from(&self.withheld.read().unwrap_or_else(PoisonError::into_inner));
        known.now = now;
        let updated = tokio::task::spawn_blocking(move || {
            known.take_in(read, desks);
            known
        });
        let mut known = updated.await.map_err(|error| WhatIfError::Failed(error.to_string()))?;
        for tenant in &mut known.tenants {
            let rows = tenant.identities.len() as u64;
            tenant.certificate = self.recalled(ReadKind::Identities, rows);
            tenant.members = self.recalled(ReadKind::GroupMembers, rows);
        }
        for site in &mut known.sites {
            site.certificate = self.recalled(ReadKind::Accounts, site.accounts.len() as u64);
        }
        self.renew_links(&mut known, touched).await?;
        Ok(Some(known))
    }

    /// People and accounts of whom something was written.
    async fn read_again(&self, known: &Population, touched: &Touched) -> Result<Again, StoreFailure> {
        let mut again = Again {
            people: known.tenants.iter().map(|_| Changed::default()).collect(),
            accounts: known.sites.iter().map(|_| Changed::default()).collect(),
        };
        for id in &touched.people {
            let Some(place) = known.tenants.iter().position(|tenant| tenant.tenant == id.tenant) else {
                continue;
            };
            match self.store.identity(id).await?.filter(|one| one.gone_at.is_none()) {
                Some(one) => again.people[place].there.push(one.identity),
                None => _ = again.people[place].gone.insert(id.user.to_string()),
            }
        }
        for key in &touched.accounts {
            let Some(place) = known.sites.iter().position(|site| site.site == key.site) else { continue };
            // The page that begins with it tells whether it is gone.
            let before = AccountId(key.id.0.saturating_sub(1));
            let page = self.store.mirrored_accounts(&key.site, Some(before), 1).await?;
            match page.into_iter().find(|one| one.account.id() == key.id && !one.gone) {
                Some(one) => again.accounts[place].there.push(one.account),
                None => _ = again.accounts[place].gone.insert(key.id),
            }
        }
        Ok(again)
    }

    /// Whose account is whose, where that was written about; and linked accounts that came to a list or left it.
    async fn renew_links(&self, known: &mut Population, touched: &Touched) -> Result<(), StoreFailure> {
        let Population { tenants, sites, roll, memory, .. } = known;
        let mut concerned: BTreeMap<&SiteId, BTreeSet<AccountId>> = BTreeMap::new();
        for key in &touched.accounts {
            concerned.entry(&key.site).or_default().insert(key.id);
        }
        for (identity, site) in &touched.links {
            let Some(known) = memory.get_mut(site) else { continue };
            let who = roll.number(tenants, identity);
            let concerned = concerned.entry(site).or_default();
            concerned.extend(known.ties.of(who).map(|tie| tie.account));
            known.ties.remove(who);
            if let Some(link) = self.store.link(identity, site).await? {
                concerned.insert(link.account.id);
                known.ties.add(who, &link);
            }
        }
        for (site, accounts) in concerned {
            let Some(known) = memory.get_mut(site) else { continue };
            let Some(survey) = sites.iter().find(|survey| survey.site == *site) else { continue };
            known.ties.complete();
            let unlisted = accounts.into_iter().filter(|id| {
                known.asleep.remove(id);
                survey.accounts.find(*id).is_none() && known.ties.holders(*id).next().is_some()
            });
            let unlisted: Vec<_> = unlisted.collect();
            self.recall_asleep(survey, &unlisted, known).await?;
        }
        Ok(())
    }

    /// For tests, while nothing is being written: what is kept of everybody is what would be read.
    ///
    /// # Errors
    /// Nobody was read yet, or the store cannot be.
    ///
    /// # Panics
    /// Where the two differ.
    #[cfg(debug_assertions)]
    pub async fn check_everybody(&self) -> Result<(), WhatIfError> {
        let kept = self.picture(&self.active()).await?.population;
        let mut whole = self.population(&kept.keys_of).await?;
        whole.now = kept.now;
        kept.assert_same(&whole);
        Ok(())
    }

    /// What was asked about people's lines, and still counts.
    async fn on_record(&self) -> Result<OnRecord, StoreFailure> {
        use ClearanceState::{Cancelled, Declined, Expired, Granted, Waiting};
        let mut asked = OnRecord::new();
        for state in [Waiting, Granted, Declined, Expired, Cancelled] {
            let known = self.store.clearances(state, usize::MAX).await?;
            for one in known.into_iter().filter(|one| !one.over) {
                let of_site = asked.entry(one.site.clone()).or_default();
                of_site.entry(one.identity.clone()).or_default().push(one);
            }
        }
        // A later word counts more than an earlier one.
        for list in asked.values_mut().flat_map(HashMap::values_mut) {
            list.sort_by(|a, b| (a.asked_at, &a.id).cmp(&(b.asked_at, &b.id)));
        }
        Ok(asked)
    }
}

/// One site, read whole.
struct SiteRead {
    survey: SiteSurvey,
    keys: KeysTaken,
    desk: Option<(Arc<Catalogue>, Seating)>,
}

/// What was read again, by tenant and by site.
struct Again {
    people: Vec<Changed<Identity, String>>,
    accounts: Vec<Changed<Account, AccountId>>,
}

impl Population {
    /// Takes in what was read again.
    fn take_in(&mut self, again: Again, desks: Desks) {
        let Self { tenants, sites, keys, keys_of, roll, memory, .. } = self;
        let leaving = again.people.iter().zip(&*tenants).flat_map(|(changed, tenant)| {
            let id = |user: &String| IdentityId::new(tenant.tenant.clone(), user.as_str());
            changed.gone.iter().map(id)
        });
        let leaving: HashMap<Who, IdentityId> =
            leaving.filter_map(|id| Some((roll.find(tenants, &id)?, id))).collect();
        let people = tenants.iter_mut().zip(again.people);
        let people: Vec<_> = people.map(|(tenant, changed)| tenant.identities.update(changed)).collect();
        let accounts = sites.iter_mut().zip(again.accounts);
        let accounts: Vec<_> = accounts.map(|(site, changed)| site.accounts.update(changed)).collect();
        self.desks = std::thread::scope(|scope| {
            let seated = scope.spawn(|| seated(desks, sites, keys_of));
            let of_people: Vec<_> = tenants.iter().zip(&people).collect();
            let of_accounts: Vec<_> = sites.iter().zip(&accounts).collect();
            keys.renew(keys_of, &of_people, &of_accounts);
            joined(seated)
        });
        if people.iter().all(|renewed| renewed.moved.is_none()) {
            return;
        }
        // Somebody came or went: everybody behind them has another number.
        let before = std::mem::replace(roll, Roll::of(tenants));
        for known in memory.values_mut() {
            known.ties.renumber(|who| match before.place(who) {
                Some((tenant, row)) => match people[tenant].place(row) {
                    Some(row) => roll.start(tenant) + row,
                    None => roll.number(tenants, &leaving[&who]),
                },
                None => roll.number(tenants, before.stranger(who)),
            });
        }
    }
}

#[cfg(debug_assertions)]
impl Population {
    fn assert_same(&self, whole: &Self) {
        for (ours, theirs) in self.tenants.iter().zip(&whole.tenants) {
            assert!(ours.identities.iter().eq(theirs.identities.iter()), "people of {}", ours.tenant);
            assert_eq!(ours.groups, theirs.groups, "groups of {}", ours.tenant);
        }
        for (ours, theirs) in self.sites.iter().zip(&whole.sites) {
            assert!(ours.accounts.iter().eq(theirs.accounts.iter()), "accounts of {}", ours.site);
        }
        let known = |population: &Self| {
            let people =
                population.applied.iter().flat_map(|(site, all)| all.iter().map(move |one| (site, one)));
            people
                .map(|(site, (id, applied))| ((site.clone(), id.clone()), applied.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        assert_eq!(known(self), known(whole), "what is remembered of people");
        assert_eq!(self.asked, whole.asked, "what was asked");
        let ties = |population: &Self| {
            let ties = population
                .memory
                .iter()
                .flat_map(|(site, known)| known.ties.all().iter().map(move |tie| (site, tie)));
            let id = |who| population.roll.id(&population.tenants, who);
            ties.map(|(site, tie)| (site.clone(), id(tie.who), tie.account, tie.ended))
                .collect::<BTreeSet<_>>()
        };
        assert_eq!(ties(self), ties(whole), "whose accounts are whose");
        let asleep = |population: &Self| {
            let all = population
                .memory
                .iter()
                .flat_map(|(site, known)| known.asleep.keys().map(move |id| (site, id)));
            all.map(|(site, id)| (site.clone(), *id)).collect::<BTreeSet<_>>()
        };
        assert_eq!(asleep(self), asleep(whole), "accounts that no list shows");
        let side = |population: &Self| {
            let (active, lapsed) = (&population.keys_of, BTreeSet::new());
            let side = super::Side { active, lapsed: &lapsed, reasons: true };
            super::outlooks(&[side], population)
        };
        assert_eq!(side(self), side(whole), "what everybody would get");
    }
}

/// Who sits where, by the accounts.
fn seated(mut desks: Desks, sites: &[SiteSurvey], active: &Active) -> Desks {
    let fields = active.policy.team_fields();
    for site in sites {
        if let Some((_, seating)) = desks.get_mut(&site.site) {
            for account in site.accounts.iter() {
                seating.sit(account.id(), account.seat.map(|seat| seat.room));
                seating.note_teams(&account, &fields);
            }
        }
    }
    desks
}
