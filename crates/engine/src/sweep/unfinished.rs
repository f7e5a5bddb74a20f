//! A sweep that was cut short. Its lists are taken up by the next process, not read again: whatever was read whole, was
//! proven complete and is remembered stands, for a while.
//!
//! Nothing weaker counts: a list in doubt, one that was still being read or written down, or one under another policy is
//! read again. Decisions are made anew for everybody, from the mirrors, in which later looks have put what they read.

use std::{collections::BTreeMap, sync::atomic::Ordering, time::Duration};

use jiff::Timestamp;
use lanyard_model::{
    coverage::ReadKind,
    id::{SiteId, TenantId},
};
use serde::{Deserialize, Serialize};

use super::SweepScope;
use crate::{
    Engine,
    ports::{Progress, Store, StoreFailure, Write},
    survey::{SiteSurvey, SurveyError, TenantSurvey},
};

/// How old a remembered list may be.
const TAKEN_UP_MAX: Duration = Duration::from_secs(30 * 60);

const KEY: &str = "sweep:unfinished";
/// Keeps the seal of the policy by which everybody was compared last.
pub(crate) const COMPARED_BY: &str = "sweep:policy";

/// The scope of the sweep whose mark this is, if it has not ended.
pub(crate) async fn left_unfinished(store: &dyn Store) -> Result<Option<SweepScope>, StoreFailure> {
    let left = store.meta(KEY).await?;
    Ok(left.and_then(|text| serde_json::from_str::<Unfinished>(&text).ok()).map(|left| left.scope))
}

/// What a sweep that has not ended has done so far.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Unfinished {
    started_at: Timestamp,
    scope: SweepScope,
    /// The policy by which rows were trimmed.
    policy: String,
    /// Lists that are remembered whole, with the moment at which their read ended.
    tenants: BTreeMap<TenantId, Timestamp>,
    sites: BTreeMap<SiteId, Timestamp>,
    #[serde(skip)]
    taken_up: Vec<String>,
}

impl Unfinished {
    pub(super) fn started_at(&self) -> Timestamp {
        self.started_at
    }

    pub(super) fn resumed(&self) -> Vec<String> {
        self.taken_up.clone()
    }

    pub(super) fn holds_site(&self, site: &SiteId) -> bool {
        self.sites.contains_key(site)
    }

    /// The tenant's list is remembered whole.
    pub(super) fn tenant_done(&mut self, tenant: &TenantId, ended_at: Timestamp) -> Write {
        self.tenants.insert(tenant.clone(), ended_at);
        self.write()
    }

    /// The site's list is remembered whole.
    pub(super) fn site_done(&mut self, site: &SiteId, ended_at: Timestamp) -> Write {
        self.sites.insert(site.clone(), ended_at);
        self.write()
    }

    fn write(&self) -> Write {
        Write::Meta { key: KEY.into(), value: serde_json::to_string(self).unwrap_or_default() }
    }

    /// The sweep has compared everybody by this policy.
    pub(super) fn compared_by(&self) -> Write {
        Write::Meta { key: COMPARED_BY.into(), value: self.policy.clone() }
    }

    /// The sweep has ended.
    pub(super) fn over() -> Write {
        Write::Meta { key: KEY.into(), value: String::new() }
    }
}

impl Engine {
    /// What an earlier process left unfinished, for the first sweep of this one; else a fresh beginning. Each list stands
    /// alone: whatever the earlier sweep was to compare, this one takes up those that it reads too.
    pub(super) async fn take_up(&self, scope: &SweepScope) -> Result<Unfinished, StoreFailure> {
        let now = self.clock.now();
        let policy = self.active().policy.seal().to_owned();
        let first = self.may_take_up.swap(false, Ordering::SeqCst);
        let left = if first { self.store.meta(KEY).await? } else { None };
        let left: Option<Unfinished> = left.and_then(|text| serde_json::from_str(&text).ok());
        let Some(mut left) = left.filter(|left| left.policy == policy) else {
            return Ok(Unfinished {
                started_at: now,
                scope: scope.clone(),
                policy,
                tenants: BTreeMap::new(),
                sites: BTreeMap::new(),
                taken_up: Vec::new(),
            });
        };
        let since = now - TAKEN_UP_MAX;
        left.tenants.retain(|_, read| *read >= since && *read <= now);
        left.sites.retain(|_, read| *read >= since && *read <= now);
        left.scope = scope.clone();
        if left.tenants.is_empty() && left.sites.is_empty() {
            left.started_at = now;
        }
        Ok(left)
    }

    /// The tenant's list as an interrupted sweep remembered it.
    pub(super) async fn taken_up_tenant(
        &self,
        mark: &mut Unfinished,
        tenant: &TenantId,
    ) -> Result<Option<TenantSurvey>, StoreFailure> {
        let Some(read) = mark.tenants.get(tenant) else { return Ok(None) };
        let people = self.store.certificate(tenant.as_str(), ReadKind::Identities).await?;
        let members = self.store.certificate(tenant.as_str(), ReadKind::GroupMembers).await?;
        let same = people.filter(|known| known.holds() && known.evidence.ended_at == *read);
        let (Some(people), Some(members)) = (same, members.filter(|known| known.holds())) else {
            mark.tenants.remove(tenant);
            return Ok(None);
        };
        let mut known = self.recall_tenant(tenant, &mut |_, _| ()).await?;
        known.identities.joined(true);
        (known.certificate, known.members) = (people, members);
        mark.taken_up.push(tenant.to_string());
        Ok(Some(known))
    }

    /// The site's list as an interrupted sweep remembered it. Its catalogue is read afresh.
    pub(super) async fn taken_up_site(
        &self,
        mark: &mut Unfinished,
        site: &SiteId,
        progress: &dyn Progress,
    ) -> Result<Option<SiteSurvey>, SurveyError> {
        let Some(read) = mark.sites.get(site) else { return Ok(None) };
        let kept = self.store.certificate(site.as_str(), ReadKind::Accounts).await?;
        let Some(kept) = kept.filter(|known| known.holds() && known.evidence.ended_at == *read) else {
            mark.sites.remove(site);
            return Ok(None);
        };
        self.sites()[site].refresh(progress).await?;
        let mut known = self.recall_site(site, &mut |_, _| ()).await?;
        known.certificate = kept;
        self.heed_accounts(site, &known.accounts, &known.certificate);
        mark.taken_up.push(site.to_string());
        Ok(Some(known))
    }
}
