//! Deciding for one person in one site, once per look unless something that bears on it has changed.

use std::sync::Arc;

use lanyard_model::{
    desired::{Applied, Desired, Ending},
    id::{AccountId, IdentityId},
};
use lanyard_policy::{Facts, Grounds};

use super::{AccountView, Leaving, Scene, Stop};
use crate::Engine;

/// A decision of this look, and what it rests on.
pub(crate) struct Decided {
    grounds: Grounds,
    /// As policy says it, before anything that is kept from the person is taken out.
    desired: Arc<Desired>,
}

impl Engine {
    /// As [`Engine::decide`], for one pass of a look. Identity, policy and catalogue are the look's own from its
    /// beginning to its end; of what the passes change, only the grounds bear on the decision: while they are the same,
    /// and no date of the person's has come, the decision is the same.
    pub(super) async fn decide_once(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &Applied,
        leaving: Option<Leaving>,
        decided: &mut Option<Decided>,
    ) -> Result<Arc<Desired>, Stop> {
        if let Some(leaving) = leaving {
            return Ok(Arc::new(self.decide_leaving(scene, view, applied, leaving).await?));
        }
        let (manager, delegate) = self.accounts_of_others(scene, view, applied, decided.as_ref()).await?;
        let facts = facts_of(scene, view, applied, manager, delegate);
        let (grounds, now) = (facts.grounds(), scene.person.present.earliest);
        let desired = match decided {
            Some(before)
                if before.grounds == grounds && before.desired.review_at.is_none_or(|at| at > now) =>
            {
                Arc::clone(&before.desired)
            }
            _ => {
                let desired = Arc::new(scene.active.bound.evaluate(&scene.person.identity, &facts, now));
                Arc::clone(&decided.insert(Decided { grounds, desired }).desired)
            }
        };
        Ok(self.withhold(desired, scene.site.id()))
    }

    /// Reads the account evaluation needs, then evaluates.
    pub(crate) async fn decide(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &Applied,
        leaving: Option<Leaving>,
    ) -> Result<Arc<Desired>, Stop> {
        self.decide_once(scene, view, applied, leaving, &mut None).await
    }

    async fn decide_leaving(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &Applied,
        leaving: Leaving,
    ) -> Result<Desired, Stop> {
        let person = scene.person;
        let since = match leaving {
            Leaving::Over(Ending::Deleted) => person.gone.unwrap_or(person.since),
            Leaving::Over(_) => person.identity.status_changed.unwrap_or(person.since),
            Leaving::Moved(_) => person.since,
        };
        let (manager, delegate) = match leaving {
            Leaving::Over(_) => self.accounts_of_others(scene, view, applied, None).await?,
            Leaving::Moved(_) => (None, None),
        };
        let facts = facts_of(scene, view, applied, manager, delegate);
        let now = person.present.earliest;
        Ok(leaving.decide(scene.active, &person.identity, &facts, scene.site.id(), since, now))
    }

    /// The accounts in the site of the person's manager and of whoever stands in for them, for whom policy may want one. Whose
    /// they are does not change while one person is looked at.
    pub(super) async fn accounts_of_others(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &Applied,
        decided: Option<&Decided>,
    ) -> Result<(Option<AccountId>, Option<AccountId>), Stop> {
        if let Some(before) = decided {
            return Ok((before.grounds.manager_account(), before.grounds.delegate_account()));
        }
        let (bound, identity) = (&scene.active.bound, &scene.person.identity);
        let (facts, now) = (facts_of(scene, view, applied, None, None), scene.person.present.earliest);
        let manager = match bound.may_want_manager(identity, &facts, now) {
            true => self.manager_of(identity).await?,
            false => None,
        };
        let stand_ins = match bound.may_want_delegate(identity, &facts, now) {
            true => self.stand_ins_of(&identity.id, now).await?,
            false => Vec::new(),
        };
        Ok((self.first_account(scene, manager).await?, self.first_account(scene, stand_ins).await?))
    }

    /// The account in the site of the first of them who has one.
    async fn first_account(
        &self,
        scene: &Scene<'_>,
        people: impl IntoIterator<Item = IdentityId>,
    ) -> Result<Option<AccountId>, Stop> {
        for other in people {
            let link = self.store.link(&other, scene.site.id()).await?;
            if let Some(link) = link.filter(|link| link.ended_at.is_none()) {
                return Ok(Some(link.account.id));
            }
        }
        Ok(None)
    }
}

pub(super) fn facts_of<'a>(
    scene: &Scene<'_>,
    view: &'a AccountView,
    applied: &'a Applied,
    manager_account: Option<AccountId>,
    delegate_account: Option<AccountId>,
) -> Facts<'a> {
    Facts {
        account: view.account.as_ref(),
        applied: Some(applied),
        gone: scene.person.gone,
        since: scene.person.since,
        manager_account,
        delegate_account,
        linked: view.link.as_ref().is_some_and(|link| link.ended_at.is_none()),
        over: view.account.as_ref().is_none_or(|account| !account.is_live())
            && view
                .link
                .as_ref()
                .is_some_and(|link| link.ended_at.is_some() || applied.ended_since.is_some()),
    }
}
