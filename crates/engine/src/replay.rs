//! A past period under another policy: every content that was recorded in it, and every moment of it at which an answer
//! changes by itself, decided by the policy in force now and by the draft, and where they part. Nothing is called, nothing is
//! written.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{desired::Desired, id::IdentityId, identity::Identity, place::Catalogue};
use lanyard_policy::{Bound, Facts, Part, PolicyFiles};
use serde::Serialize;

use crate::{Engine, whatif::WhatIfError};

/// Moments within one content at which it is decided again.
const STEPS_MAX: usize = 1000;

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
    /// Contents that were decided on, each as often as an answer changed by itself.
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
        let in_force = self.active();
        let draft = self.draft(files).await?;
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
                let over = state.until.map_or(until, |end| end.min(until));
                let id = &state.identity.id;
                let mut next = Some(state.from.max(from));
                let mut steps = 0;
                while let Some(at) = next {
                    let said = |bound: &Bound| self.said(bound, &state.identity, state.from, at);
                    let ((now, now_until), (then, then_until)) = (said(&in_force.bound), said(&draft.bound));
                    let only: Vec<_> = then.difference(&now).cloned().collect();
                    let gone: Vec<_> = now.difference(&then).cloned().collect();
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
                    next = now_until.into_iter().chain(then_until).min();
                    next = next.filter(|next| *next > at && *next < over);
                    steps += 1;
                    if next.is_some() && steps == STEPS_MAX {
                        replay.doubts.push(format!(
                            "{}: decided {STEPS_MAX} times on one content, not any more after {at}",
                            state.identity.display_name()
                        ));
                        break;
                    }
                }
            }
        }
        replay.people = people.len();
        replay.partings.sort_by(|a, b| (a.at, &a.identity).cmp(&(b.at, &b.identity)));
        Ok(replay)
    }

    /// What a policy gives and says, line by line, and until when. Only reasons are left out.
    fn said(
        &self,
        bound: &Bound,
        identity: &Identity,
        since: Timestamp,
        at: Timestamp,
    ) -> (BTreeSet<String>, Option<Timestamp>) {
        // As somebody who has an account: what ends must show.
        let facts = Facts { linked: true, ..Facts::unlinked(since) };
        let desired: Desired = bound.evaluate(identity, &facts, at);
        let site = desired.site.as_ref().and_then(|site| self.sites().get(site));
        let catalogue = site.map(|site| site.catalogue());
        let empty = Catalogue::empty("none".into(), at);
        let told = lanyard_policy::explain(&desired, catalogue.as_deref().unwrap_or(&empty));
        let lines = told.lines.into_iter().filter(|line| line.part != Part::NotGiven);
        (lines.map(|line| line.what).collect(), desired.review_at)
    }
}
