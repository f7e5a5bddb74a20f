//! Desks that become free, and who waits for one.

use std::collections::BTreeSet;

use lanyard_model::{
    desired::{Applied, Desired, DeskWait, Lifecycle, SeatWish},
    id::{IdentityId, SiteId},
    plan::{Operation, Plan},
    signal::{Lane, Source},
};

use super::{AccountView, Scene, Tail};
use crate::{
    Engine,
    ports::{StoreFailure, Write},
};

/// Looks at so many of those who wait for a desk that becomes free: the first may not want it any more.
const CALLED: usize = 3;

impl Engine {
    /// Takes over where the person sits, as just read. A desk that became free is offered to whoever waits for it.
    pub(super) fn note_seat(&self, scene: &Scene<'_>, view: &AccountView, tail: &mut Tail) {
        let Some(account) = &view.account else { return };
        let waiting = {
            let mut seating = scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            seating.note_teams(account, &scene.active.team_fields);
            let freed = seating.sit(account.id(), account.seat.map(|seat| seat.room));
            freed.map(|room| seating.waiting_for(room, CALLED)).unwrap_or_default()
        };
        self.offer_desk(waiting, tail);
    }

    /// Takes the person off the waiting lists of sites in which nobody decides anything for them: they left before they had
    /// an account there, or belong elsewhere now. A desk that was kept for them is offered to whoever waits next.
    pub(super) async fn leave_lines(
        &self,
        id: &IdentityId,
        looked_at: &BTreeSet<SiteId>,
        tail: &mut Tail,
    ) -> Result<(), StoreFailure> {
        for (name, site) in self.sites().iter().filter(|(name, _)| !looked_at.contains(*name)) {
            let seating = || site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if !seating().is_waiting(id) {
                continue;
            }
            if let Some(applied) = self.store.applied(id, name).await? {
                // Durable first: what is forgotten in memory alone would be back with the next start.
                let applied = Box::new(Applied { waiting: None, ..applied });
                let left = Write::Applied { identity: id.clone(), site: name.clone(), applied };
                self.write(vec![left]).await?;
            }
            let next = {
                let mut seating = seating();
                let room = seating.stop_waiting(id);
                room.map(|room| seating.waiting_for(room, CALLED)).unwrap_or_default()
            };
            self.offer_desk(next, tail);
        }
        Ok(())
    }

    /// Another identity of the same person has the desk, or waits for it.
    pub(super) fn stop_waiting(&self, scene: &Scene<'_>, applied: &mut Applied, tail: &mut Tail) {
        if applied.waiting.take().is_none() {
            return;
        }
        tail.writes.push(self.applied_write(scene, applied));
        let next = {
            let mut seating = scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let room = seating.stop_waiting(&scene.person.identity.id);
            room.map(|room| seating.waiting_for(room, CALLED)).unwrap_or_default()
        };
        self.offer_desk(next, tail);
    }

    fn offer_desk(&self, waiting: Vec<IdentityId>, tail: &mut Tail) {
        if !waiting.is_empty() {
            tail.writes.push(Write::Attend {
                who: waiting,
                source: Source::Timer,
                lane: Lane::Normal,
                due: self.clock.now(),
                why: "a desk that they wait for became free".into(),
            });
        }
    }

    /// Whether the person waits for a desk when the look ends, and since when.
    pub(super) fn note_waiting(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        plan: &Plan,
        view: &AccountView,
        applied: &mut Applied,
    ) {
        let given = plan.steps.iter().any(|step| match &step.op {
            Operation::Create { patch } | Operation::Update { patch } => matches!(patch.seat, Some(Some(_))),
            _ => false,
        });
        let seat = view.account.as_ref().and_then(|account| account.seat).map(|seat| seat.room);
        let mut seating = scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let wait = match (&desired.lifecycle, desired.seat.as_ref().map(|want| &want.value)) {
            (Lifecycle::Active, Some(SeatWish::Desk { floors, kinds, rooms, .. }))
                if !given && !seat.is_some_and(|seat| seating.fits(seat, floors, kinds, rooms)) =>
            {
                let since = applied.waiting.as_ref().map_or_else(|| self.clock.now(), |wait| wait.since);
                Some(DeskWait { since, floors: floors.clone(), kinds: kinds.clone(), rooms: rooms.clone() })
            }
            _ => None,
        };
        seating.wait(&scene.person.identity.id, wait.as_ref());
        applied.waiting = wait;
    }
}
