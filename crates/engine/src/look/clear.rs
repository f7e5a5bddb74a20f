//! What must let a plan's lines go first, as one look sees it: what the policy asks, what is on record, and what is
//! written down when the look ends.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    clearance::{Clearance, ClearanceKind, ClearanceState},
    desired::{Applied, Desired},
    id::IdentityId,
    identity::Identity,
    place::Catalogue,
    plan::{Plan, Step},
};
use lanyard_plan::{
    clearing::{self, Asked, Gated, Gating},
    lines,
    seating::Seating,
};

use super::{
    AccountView, Applying, Leaving, Person, Scene, Stop,
    decide::{Decided, facts_of},
};
use crate::{
    Engine,
    engine::{Active, manager_key},
    journal::line,
    ports::{Severity, StoreFailure, Write},
    site::SiteState,
};

impl Engine {
    /// What is on record about the person in the site, for one look.
    pub(crate) async fn applying(
        &self,
        active: &Active,
        site: &SiteState,
        person: &Person,
    ) -> Result<Applying, Stop> {
        let id = &person.identity.id;
        let known = self.store.clearances_of(id, Some(site.id())).await?;
        let in_force = active.policy.seal();
        let sealed = match self.rollout() {
            Some(seal) => self.sealed_lines(&seal, in_force, id, site.id()).await?,
            None => None,
        };
        let rules: BTreeSet<&String> =
            known.iter().filter(|known| !known.over).map(|known| &known.rule).collect();
        let mut lapsed = BTreeSet::new();
        for rule in rules {
            if let Some(seal) = rule.strip_prefix(clearing::WHATIF)
                && self.is_taken_back(seal, in_force).await?
            {
                lapsed.insert(rule.clone());
            }
        }
        let manager = match active.policy.demands().is_empty() {
            true => None,
            false => self.manager_of(&person.identity).await?,
        };
        Ok(Applying::new(known, sealed, lapsed, manager))
    }

    /// The manager's identity, as the policy finds managers.
    pub(crate) async fn manager_of(&self, identity: &Identity) -> Result<Option<IdentityId>, StoreFailure> {
        let Some(reference) = self.active().bound.manager_reference(identity) else {
            return Ok(None);
        };
        let tenant = &identity.id.tenant;
        for key in &reference.keys {
            let found = match manager_key(key) {
                Err(id) => vec![IdentityId::new(tenant.clone(), id)],
                Ok((kind, value)) => self.store.identities_by_key(kind, value).await?,
            };
            let mut here = found.into_iter().filter(|id| &id.tenant == tenant);
            if let (Some(manager), None) = (here.next(), here.next()) {
                return Ok(Some(manager));
            }
        }
        Ok(None)
    }

    /// What of the decision the policy asks something about before it is given. `decided`: as this look decided.
    pub(crate) async fn asked(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &Applied,
        leaving: Option<Leaving>,
        desired: &Desired,
        decided: Option<&Decided>,
    ) -> Result<Asked, Stop> {
        let demands = scene.active.policy.demands();
        if demands.is_empty() || leaving.is_some() {
            return Ok(Asked::default());
        }
        let (manager, delegate) = self.accounts_of_others(scene, view, applied, decided).await?;
        let facts = facts_of(scene, view, applied, manager, delegate);
        let base = scene.active.bound.evaluate_unasked(
            &scene.person.identity,
            &facts,
            scene.person.present.earliest,
        );
        let base = self.withhold(std::sync::Arc::new(base), scene.site.id());
        Ok(Asked::new(desired, &base, demands))
    }

    /// A desk that somebody was asked about is kept for the person as long as it is free: otherwise each look would ask
    /// about another one.
    pub(super) fn keep_asked_desk(&self, seating: &mut Seating, id: &IdentityId, applying: &Applying) {
        let asked = applying
            .known
            .iter()
            .filter(|known| !known.over && known.state.is_open())
            .flat_map(|known| &known.lines)
            .find_map(|line| line.key.strip_prefix("seat+:")?.parse().ok());
        if let Some(room) = asked.map(lanyard_model::id::RoomId)
            && seating.is_free_for(room, id)
        {
            seating.promise(id, room);
        }
    }

    /// Sets the gates of the plan of what is wanted. What is free in place of what waits goes meanwhile.
    pub(super) fn gate(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        plan_of: &dyn Fn(&Desired) -> Plan,
        before: Option<&Account>,
        catalogue: &Catalogue,
        applying: &Applying,
    ) -> Gated {
        let now = scene.person.present.earliest;
        let policy = &scene.active.policy;
        let window = policy.removals_open_at(now).map(|at| (at, "removals wait for their window"));
        let sealed = applying.sealed.as_ref().map(|sealed| clearing::Sealed {
            name: &sealed.seal,
            at: sealed.at,
            lines: &sealed.keys,
            later: sealed.later.as_ref().map(|(until, why)| (*until, why.as_str())),
        });
        let gating = Gating {
            asked: &applying.asked,
            demands: policy.demands(),
            known: &applying.known,
            before,
            catalogue,
            now,
            begins: scene.person.present.latest,
            manager: applying.manager.as_ref(),
            capped: applying.capped.is_some(),
            sealed,
            lapsed: &applying.lapsed,
            window,
        };
        clearing::meanwhile(clearing::gate(plan_of(desired), &gating), desired, &gating, plan_of)
    }

    /// What is asked for the first time, and what ends. Durable before the look ends: whoever is asked can answer at
    /// once, whatever becomes of this process.
    pub(super) async fn record_clearances(
        &self,
        desired: &Desired,
        gated: &Gated,
        applying: &Applying,
        scene: &Scene<'_>,
    ) -> Result<(), Stop> {
        let present = scene.person.present;
        let now = self.clock.now();
        let mut wanted = gated.wanted.clone();
        if applying.known.iter().any(|known| known.kind == ClearanceKind::Undone && !known.over) {
            wanted.extend(self.kept_by_waiting_undos(&scene.person.identity.id).await?);
        }
        let ended = clearing::settle(&applying.known, &wanted, &desired.lifecycle, present.earliest);
        if gated.new.is_empty() && ended.is_empty() {
            return Ok(());
        }
        let mut batch = self.asked_anew(&gated.new, &gated.plan, now).await?;
        for (clearance, said) in ended {
            if !said.is_empty() {
                batch.push(self.clearance_line(&clearance, "clearance", said, now));
            }
            batch.push(Write::Clearance(Box::new(clearance)));
        }
        match self.write(batch).await {
            Ok(_) => Ok(()),
            // Somebody decided in this very moment: look again at what they said.
            Err(StoreFailure::ClearanceChanged(id)) => {
                let pause = self.settings.backoff(scene.item.attempts, &scene.item.identity.user);
                Err(Stop::Again { at: now + pause, error: format!("{id} was decided meanwhile") })
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// What is asked for the first time, as it goes on record and to whoever is asked.
    pub(crate) async fn asked_anew(
        &self,
        all: &[Clearance],
        plan: &Plan,
        now: Timestamp,
    ) -> Result<Vec<Write>, StoreFailure> {
        let mut batch = Vec::new();
        if !all.is_empty() {
            // Whoever is asked can look at the plan that asks.
            batch.push(Write::Plan(std::sync::Arc::new(plan.clone())));
        }
        for new in all {
            let title = match new.kind {
                ClearanceKind::Hold => "hold begins".to_owned(),
                ClearanceKind::Cap => "waits for room under the limit, or for a decision".to_owned(),
                _ => format!("approval asked: {}", new.rule),
            };
            batch.push(self.clearance_line(new, "clearance", title, now));
            batch.push(Write::Clearance(Box::new(new.clone())));
            batch.extend(self.ask_about(new, now).await?);
        }
        Ok(batch)
    }

    /// Sets the gates of an undo: what the policy asks before something is given counts for it, and what it asks before
    /// that is taken which no rule gives. What an earlier undo keeps away from the policy it keeps from nobody's word.
    pub(crate) fn gate_undo(
        &self,
        active: &Active,
        person: &Person,
        plan: Plan,
        before: Option<&Account>,
        catalogue: &Catalogue,
        applying: &Applying,
    ) -> Gated {
        let policy = &active.policy;
        let mut demands = policy.demands().clone();
        if let Some(demand) = demands.get(clearing::NO_RULE).cloned() {
            demands.insert(clearing::UNDO.into(), demand);
        }
        let known: Vec<Clearance> =
            applying.known.iter().filter(|known| known.kind != ClearanceKind::Undone).cloned().collect();
        let now = person.present.earliest;
        let window = policy.removals_open_at(now).map(|at| (at, "removals wait for their window"));
        clearing::gate(
            plan,
            &Gating {
                asked: &applying.asked,
                demands: &demands,
                known: &known,
                before,
                catalogue,
                now,
                begins: person.present.latest,
                manager: applying.manager.as_ref(),
                capped: false,
                sealed: None,
                lapsed: &applying.lapsed,
                window,
            },
        )
    }

    pub(crate) fn clearance_line(
        &self,
        clearance: &Clearance,
        kind: &str,
        title: impl Into<String>,
        now: Timestamp,
    ) -> Write {
        let what: Vec<_> = clearance.lines.iter().map(|line| line.what.as_str()).collect();
        line(&clearance.identity.tenant, now, kind, title)
            .about(&clearance.identity, &clearance.person)
            .site(&clearance.site)
            .severity(Severity::Info)
            .detail(what.join("; "))
            .data(serde_json::json!({
                "clearance": clearance.id,
                "kind": clearance.kind,
                "rule": clearance.rule,
                "state": clearance.state,
                "plan": clearance.plan,
                "until": clearance.until,
                "lines": clearance.lines.iter().map(|line| &line.key).collect::<Vec<_>>(),
            }))
            .write()
    }
}

/// What an operation is sent under: each clearance with its lines, and the pass through a reached limit, if one covers
/// all that the step takes away.
pub(super) fn sent_under(
    step: &Step,
    plan: &Plan,
    before: Option<&Account>,
    known: &[Clearance],
    now: Timestamp,
) -> (BTreeMap<String, Vec<String>>, Option<String>) {
    let keys = lines::keys(&step.op, before);
    let mut under: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in &keys {
        if let Some(id) = plan.cleared.get(key) {
            under.entry(id.clone()).or_default().push(key.clone());
        }
    }
    let pass = known.iter().find(|known| {
        known.kind == ClearanceKind::Cap
            && known.state == ClearanceState::Granted
            && keys.iter().all(|key| known.lets(key, now))
    });
    let pass = pass.filter(|_| step.destructive).map(|pass| pass.id.clone());
    if let Some(pass) = &pass {
        under.entry(pass.clone()).or_default().extend(keys.iter().cloned());
    }
    (under, pass)
}

/// Keys of a sealed list, as kept.
pub(crate) fn key_set(lines: &serde_json::Value) -> BTreeSet<String> {
    lines.as_array().into_iter().flatten().filter_map(|key| key.as_str().map(str::to_owned)).collect()
}
