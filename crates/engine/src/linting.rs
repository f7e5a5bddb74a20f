//! A policy and all that it is held against: gathered first, so that the rest needs neither store nor call and can be done on a
//! thread of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lanyard_model::{
    id::{GroupId, SiteId},
    place::Catalogue,
};
use lanyard_policy::{Known, Policy, Problems};

use crate::Engine;

/// What a policy is held against.
pub(crate) struct Linting {
    policy: Policy,
    known: Known,
    /// Of sites whose names were read.
    catalogues: BTreeMap<SiteId, Arc<Catalogue>>,
    pub(crate) missing: BTreeSet<GroupId>,
}

impl Engine {
    /// Gathers it. What cannot be had is not checked.
    pub(crate) async fn linting(&self, policy: Policy) -> Linting {
        let known = self.known().await;
        let read = self.sites().iter().filter(|(_, site)| site.has_catalogue());
        let catalogues = read.map(|(id, site)| (id.clone(), site.catalogue())).collect();
        let missing = self.missing_of(&policy, known.groups.as_ref());
        Linting { policy, known, catalogues, missing }
    }
}

impl Linting {
    /// The policy, as it takes its groups, and what is wrong with it.
    pub(crate) fn run(self) -> (Policy, Problems) {
        let Self { policy, known, catalogues, missing } = self;
        let mut problems = policy.lint(&known);
        if !catalogues.is_empty() {
            problems = problems.with(policy.bind(&catalogues).problems().clone());
        }
        (policy.with_missing(&missing), problems)
    }
}
