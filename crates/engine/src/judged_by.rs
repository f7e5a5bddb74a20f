//! A draft as people are judged by it. Whoever tries, counts, rehearses or replays one asks here, so that it says the same of
//! somebody wherever it is asked, and the same as once it is in force.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::id::GroupId;
use lanyard_policy::{Policy, PolicyFiles, Problems};

use crate::{
    Engine,
    engine::{Active, catalogues},
    ports::StoreFailure,
    whatif::WhatIfError,
};

impl Engine {
    /// A draft against the sites' names as they are in memory, and the groups as they are known. No call is made.
    ///
    /// # Errors
    /// A draft with mistakes; a store that cannot be read.
    pub(crate) async fn draft(&self, files: &PolicyFiles) -> Result<Active, WhatIfError> {
        let policy = Policy::parse(files).map_err(|problems| WhatIfError::Mistakes(Box::new(problems)))?;
        Ok(self.judged_by(&policy).await?)
    }

    /// The same of a draft that was read already.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(crate) async fn judged_by(&self, policy: &Policy) -> Result<Active, StoreFailure> {
        let missing = self.missing_of(policy, self.listed_groups().await?.as_ref());
        Ok(Active::new(policy, missing, &catalogues(self.sites())))
    }

    /// The same, and what the linter says of it; on a thread of its own.
    ///
    /// # Errors
    /// The thread was lost.
    pub(crate) async fn linted(&self, policy: Policy) -> Result<(Active, Problems), WhatIfError> {
        let linting = self.linting(policy).await;
        let catalogues = catalogues(self.sites());
        let linted = tokio::task::spawn_blocking(move || {
            let missing = linting.missing.clone();
            let (policy, problems) = linting.run();
            (Active::new(&policy, missing, &catalogues), problems)
        });
        linted.await.map_err(|error| WhatIfError::Failed(error.to_string()))
    }

    /// The same of a policy as it was in force at a past moment: groups that went later were there then. `there` are some that
    /// are known to have been.
    ///
    /// # Errors
    /// A store that cannot be read.
    pub(crate) async fn judged_then(
        &self,
        policy: &Policy,
        there: &[GroupId],
        moment: Timestamp,
    ) -> Result<Active, StoreFailure> {
        let gone = self.gone_groups().await?;
        let mut missing = self.missing_of(policy, self.listed_groups().await?.as_ref());
        missing.retain(|group| {
            !there.contains(group) && gone.get(group).is_none_or(|gone| gone.since <= moment)
        });
        Ok(Active::new(policy, missing, &catalogues(self.sites())))
    }

    /// Groups that a policy names and no directory has any more. Where not every tenant was listed, only those are known that
    /// were heard of.
    pub(crate) fn missing_of(
        &self,
        policy: &Policy,
        listed: Option<&BTreeMap<GroupId, String>>,
    ) -> BTreeSet<GroupId> {
        let named = policy.groups();
        match listed {
            Some(listed) => named.into_iter().filter(|group| !listed.contains_key(group)).collect(),
            None => named.intersection(&self.missing_groups()).cloned().collect(),
        }
    }

    /// Every tenant's groups with their names by its last list, but for those that are known to be deleted since; `None`: a
    /// tenant was never listed.
    pub(crate) async fn listed_groups(&self) -> Result<Option<BTreeMap<GroupId, String>>, StoreFailure> {
        let mut listed = BTreeMap::new();
        for tenant in self.directories().keys() {
            let groups = self.store.groups(tenant).await?;
            if groups.is_empty() {
                return Ok(None);
            }
            listed.extend(groups.into_iter().map(|group| (group.id, group.name.to_string())));
        }
        let deleted = self.missing_groups();
        listed.retain(|group, _| !deleted.contains(group));
        Ok((!self.directories().is_empty()).then_some(listed))
    }
}
