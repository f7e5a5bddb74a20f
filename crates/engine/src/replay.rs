//! A past period under another policy: every content that was recorded in it, decided by the policy in force now and by
//! the draft, and where they part. Nothing is called, nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{desired::Desired, id::IdentityId, identity::Identity, place::Catalogue};
use lanyard_policy::{Bound, Facts, Part, Policy, PolicyFiles};
use serde::Serialize;

use crate::{
    Engine,
    engine::{Active, catalogues},
    whatif::WhatIfError,
};

/// A moment from which the two policies part over somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parting {
    pub at: Timestamp,
    pub identity: IdentityId,
    pub person: String,
    /// Only the draft gives or says it.
    pub draft: Vec<String>,
    /// Only the policy in force does.
    pub in_force: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    pub from: Timestamp,
    pub until: Timestamp,
    /// Contents that were decided on.
    pub states: usize,
    pub people: usize,
    pub partings: Vec<Parting>,
    pub doubts: Vec<String>,
}

impl Engine {
    /// Decides on everything that was recorded between `from` and `until`.
    ///
    /// # Errors
    /// A draft with mistakes, or the store's failure.
    pub async fn replay(
        &self,
        files: &PolicyFiles,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Replay, WhatIfError> {
        let draft = Policy::parse(files).map_err(|problems| WhatIfError::Mistakes(Box::new(problems)))?;
        let in_force = self.active();
        let draft = Active::new(std::sync::Arc::new(draft), &catalogues(self.sites()));
        let mut doubts = Vec::new();
        let unread = in_force.lacks(&draft);
        if !unread.is_empty() {
            doubts.push(format!("attributes that were not recorded count as empty: {}", unread.join(", ")));
        }
        let new: Vec<_> = draft.groups.difference(&in_force.groups).map(ToString::to_string).collect();
        if !new.is_empty() {
            doubts.push(format!("groups whose members were not recorded count as empty: {}", new.join(", ")));
        }
        let mut replay = Replay { from, until, states: 0, people: 0, partings: Vec::new(), doubts };
        let mut people = BTreeSet::new();
        let mut last: BTreeMap<IdentityId, (Vec<String>, Vec<String>)> = BTreeMap::new();
        for tenant in self.directories().keys() {
            for state in self.store.identity_states(tenant, from, until).await? {
                if replay.states.is_multiple_of(2000) {
                    tokio::task::yield_now().await;
                }
                replay.states += 1;
                people.insert(state.identity.id.clone());
                let at = state.from.max(from);
                let said = |bound: &Bound| self.said(bound, &state.identity, at);
                let (now, then) = (said(&in_force.bound), said(&draft.bound));
                let only: Vec<_> = then.difference(&now).cloned().collect();
                let gone: Vec<_> = now.difference(&then).cloned().collect();
                let id = &state.identity.id;
                let known = last.get(id).cloned().unwrap_or_default();
                if known != (only.clone(), gone.clone()) {
                    last.insert(id.clone(), (only.clone(), gone.clone()));
                    replay.partings.push(Parting {
                        at,
                        identity: id.clone(),
                        person: state.identity.display_name(),
                        draft: only,
                        in_force: gone,
                    });
                }
            }
        }
        replay.people = people.len();
        replay.partings.sort_by(|a, b| (a.at, &a.identity).cmp(&(b.at, &b.identity)));
        Ok(replay)
    }

    /// What a policy gives and says, line by line.
    fn said(&self, bound: &Bound, identity: &Identity, at: Timestamp) -> BTreeSet<String> {
        // As somebody who has an account: what ends must show.
        let facts = Facts { linked: true, ..Facts::unlinked(at) };
        let desired: Desired = bound.evaluate(identity, &facts, at);
        let site = desired.site.as_ref().and_then(|site| self.sites().get(site));
        let catalogue = site.map(|site| site.catalogue());
        let empty = Catalogue::empty("none".into(), at);
        let told = lanyard_policy::explain(&desired, catalogue.as_deref().unwrap_or(&empty));
        told.lines
            .into_iter()
            .filter(|line| {
                matches!(line.part, Part::Standing | Part::Place | Part::Permission | Part::FirstDay)
            })
            .map(|line| line.what)
            .collect()
    }
}
