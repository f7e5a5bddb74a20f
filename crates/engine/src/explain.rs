//! What would be done for one person now, and why: the first half of a look, without writing anything.

use std::sync::Arc;

use lanyard_model::{
    account::Account,
    desired::{Applied, Desired, Lifecycle},
    id::{IdentityId, SiteId},
    identity::{Identity, IdentityRead},
    link::Link,
    plan::Plan,
    signal::{Lane, Source},
};
use lanyard_policy::Facts;

use crate::{
    Engine,
    look::{Leaving, Present, Scene, Stop, Tail, over_everywhere, person::Person},
    ports::{PortFailure, StoreFailure, WorkItem},
};

/// One person as policy sees them now.
#[derive(Debug)]
pub struct Preview {
    pub identity: Identity,
    /// One per site concerned; empty when policy touches none.
    pub sites: Vec<SitePreview>,
    /// The standing, also when no site is concerned.
    pub desired: Desired,
}

/// The same in one site.
#[derive(Debug)]
pub struct SitePreview {
    pub site: SiteId,
    pub desired: Desired,
    pub account: Option<Account>,
    pub link: Option<Link>,
    pub applied: Applied,
    pub plan: Option<Plan>,
    pub disputed: Option<String>,
    /// The other identity of the same person that governs the account.
    pub governed_by: Option<IdentityId>,
}

/// Why nothing can be shown.
#[derive(Debug, thiserror::Error)]
pub enum PreviewError {
    #[error("{0} is not in Okta, and nothing is known of them")]
    Nobody(IdentityId),
    #[error("no tenant named {0} in the settings")]
    NoTenant(lanyard_model::id::TenantId),
    #[error(transparent)]
    Port(PortFailure),
    #[error(transparent)]
    Store(StoreFailure),
    #[error("{0}")]
    Other(String),
}

impl From<Stop> for PreviewError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Port(failure) => Self::Port(failure),
            Stop::Store(failure) => Self::Store(failure),
            Stop::Dead { error, .. } | Stop::Again { error, .. } => Self::Other(error),
        }
    }
}

impl Engine {
    /// Reads the person and their accounts afresh, decides and plans. Writes nothing, here or upstream.
    ///
    /// # Errors
    /// See [`PreviewError`].
    pub async fn preview(&self, id: &IdentityId) -> Result<Preview, PreviewError> {
        let directory =
            self.directories().get(&id.tenant).ok_or_else(|| PreviewError::NoTenant(id.tenant.clone()))?;
        let active = self.active();
        let known = self.store.identity(id).await.map_err(PreviewError::Store)?;
        let read = directory.observe_identity(&id.user, Lane::Normal).await.map_err(PreviewError::Port)?;
        let now = self.clock.now();
        let (identity, gone, since) = match (read, known) {
            (IdentityRead::Present(mut identity), known) => {
                active.trim(&mut identity);
                let since = known.map_or(now, |known| known.since);
                (*identity, None, since)
            }
            (IdentityRead::NotFound { .. }, Some(known)) => (known.identity, known.gone_at, known.since),
            (IdentityRead::NotFound { .. }, None) => return Err(PreviewError::Nobody(id.clone())),
        };
        let links = self.store.links_of(id).await.map_err(PreviewError::Store)?;
        let facts = Facts {
            account: None,
            applied: None,
            gone,
            since,
            manager_account: None,
            delegate_account: None,
            linked: links.iter().any(|link| link.ended_at.is_none()),
            over: false,
        };
        let desired = active.bound.evaluate(&identity, &facts, now);
        let present = Present::of(now, directory.clock_ahead());
        let person = Person { identity, gone, since, present };
        let item = WorkItem {
            identity: id.clone(),
            generation: 0,
            lane: Lane::Normal,
            attempts: 0,
            raised_at: now,
            source: Source::Person,
            why: "somebody asks".into(),
            fence: 0,
        };
        let mut sites = Vec::new();
        let mut concerned: Vec<SiteId> = desired.site.iter().cloned().collect();
        concerned.extend(links.iter().filter(|l| l.ended_at.is_none()).map(|l| l.account.site.clone()));
        concerned.sort();
        concerned.dedup();
        for id in concerned {
            let Some(site) = self.sites().get(&id) else { continue };
            let untouched = matches!(
                desired.lifecycle,
                Lifecycle::OutOfScope | Lifecycle::NotYet { .. } | Lifecycle::Aside { .. }
            );
            let link = links.iter().find(|link| link.account.site == id).cloned();
            if untouched && link.is_none() {
                continue;
            }
            let leaving = match over_everywhere(&person.identity, person.gone, &desired) {
                Some(how) => Some(Leaving::Over(how)),
                None => desired
                    .site
                    .as_ref()
                    .filter(|home| **home != id)
                    .map(|_| Leaving::Moved(desired.settle_until)),
            };
            let scene = Scene { active: &active, person: &person, site, item: &item };
            let mut discarded = Tail::default();
            let applied = self
                .store
                .applied(&person.identity.id, &id)
                .await
                .map_err(PreviewError::Store)?
                .unwrap_or_default();
            let mut view =
                self.observe_in_site(&scene, link.as_ref(), &applied, false, &mut discarded).await?;
            let link = view.link.clone().or(link);
            let mut shown = SitePreview {
                site: id.clone(),
                desired: desired.clone(),
                account: view.account.clone(),
                link: link.clone(),
                applied: applied.clone(),
                plan: None,
                disputed: view.disputed.as_ref().map(|unclear| unclear.why.clone()),
                governed_by: None,
            };
            if shown.disputed.is_none() {
                shown.desired = Arc::unwrap_or_clone(self.decide(&scene, &view, &applied, leaving).await?);
                self.complete_items(&scene, &mut view, &shown.desired, &applied, now).await?;
                shown.governed_by = self.governor(&scene, &shown.desired, link.as_ref()).await?;
                if shown.governed_by.is_none() {
                    let mut applying = self.applying(&active, site, &person).await?;
                    applying.asked =
                        self.asked(&scene, &view, &applied, leaving, &shown.desired, None).await?;
                    let gated = self
                        .propose(&scene, &shown.desired, &view, link.as_ref(), &applied, &applying, true)
                        .await?;
                    shown.plan = Some(gated.plan);
                }
            }
            sites.push(shown);
        }
        Ok(Preview { identity: person.identity, sites, desired })
    }
}
