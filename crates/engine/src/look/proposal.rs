//! What a look proposes for one person in one site: the decision beside what was read, what stands in the way of removals, and
//! the gates of it all. Decides nothing and sends nothing.

use jiff::Timestamp;
use lanyard_model::{
    booking::Booking,
    desired::{Applied, Desired, Ending, Lifecycle},
    id::AccountKey,
    identity::{Identity, Status},
    link::Link,
};
use lanyard_plan::{Observation, Removal, Seen, Setting, clearing::Gated, drift::plan_leaving};
use lanyard_policy::reaction::{Reactions, Situation};

use super::{AccountView, Applying, Scene, Stop, apply};
use crate::Engine;

impl Engine {
    /// Compares and seals. Future bookings are read by a scan of the whole calendar, which takes time: unless `whole`
    /// is asked for, a leaver's access is taken back before the scan, and the bookings follow in the next pass.
    #[expect(clippy::too_many_arguments, reason = "two call sites, all of them facts of the same look")]
    pub(crate) async fn propose(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        view: &AccountView,
        link: Option<&Link>,
        applied: &Applied,
        applying: &Applying,
        whole: bool,
    ) -> Result<Gated, Stop> {
        let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let loses_bookings =
            matches!(&desired.lifecycle, Lifecycle::Paused { loses } if loses.bookings || loses.account);
        let account_key =
            view.account.as_ref().map(|account| account.key.clone()).or(link.map(|l| l.account.clone()));
        let compare = |bookings| {
            self.compare(scene, desired, view, account_key.as_ref(), applied, applying, bookings, !whole)
        };
        let Some(key) = account_key.as_ref().filter(|_| ended || loses_bookings) else {
            return Ok(compare(None));
        };
        if !whole {
            let access = compare(None);
            if access.plan.open_steps().next().is_some() {
                return Ok(access);
            }
        }
        let lane = apply::lane_of(ended, scene.item.lane);
        let bookings = self.future_bookings(scene, key.id, applied, applying.bookings_since, lane).await?;
        Ok(compare(Some(bookings.as_slice())))
    }

    /// Whole reads of a site that began then or later may be shared by this look. A look that is repeated trusts none from
    /// before it.
    pub(super) fn trusted_since(&self, scene: &Scene<'_>) -> Timestamp {
        if scene.item.attempts == 0 { scene.item.raised_at } else { self.clock.now() }
    }

    /// The comparison itself. With `promise`, desks chosen here are set aside until the look ends.
    #[expect(clippy::too_many_arguments, reason = "two callers; all of them facts of the same look")]
    pub(super) fn compare(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        view: &AccountView,
        account_key: Option<&AccountKey>,
        applied: &Applied,
        applying: &Applying,
        bookings: Option<&[Booking]>,
        promise: bool,
    ) -> Gated {
        let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let catalogue = scene.site.catalogue();
        let now = scene.person.present.earliest;
        let reactions = scene.active.policy.reactions(scene.site.id());
        let removal = Removal {
            protected: scene
                .active
                .policy
                .protects(&scene.person.identity, Some(scene.site.id()))
                .map(|because| because.text),
            doubt: doubt_of(&scene.person.identity, desired).or_else(|| self.missing_groups_doubt(desired)),
            reaction: reaction_to_end(desired, &scene.person.identity, reactions),
            limit: applying.capped.clone(),
            settle_until: desired.settle_until,
        };
        let mut seating = scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(account) = &view.account {
            seating.sit(account.id(), account.seat.map(|seat| seat.room));
        }
        if promise {
            self.keep_asked_desk(&mut seating, &desired.identity, applying);
        }
        let person = scene.person.identity.display_name();
        let seen = Observation {
            account: match &view.account {
                Some(account) => Seen::Present(account),
                None => Seen::Absent,
            },
            link: account_key,
            bookings,
            applied,
        };
        let leaves = reactions.waits(Situation::Linked);
        let plan_of = |wish: &Desired| {
            let setting = Setting {
                site: scene.site.id(),
                catalogue: &catalogue,
                seating: &seating,
                removal: &removal,
                policy: scene.active.policy.seal(),
                now,
                lane: apply::lane_of(ended, scene.item.lane),
                attempt: applying.bookings_refused,
                person: &person,
                nameless: false,
            };
            plan_leaving(wish, &seen, &setting, leaves.as_deref()).0
        };
        let mut gated = self.gate(scene, desired, &plan_of, view.account.as_ref(), &catalogue, applying);
        self.set_failures(
            scene,
            &mut gated,
            desired,
            view.account.as_ref(),
            &catalogue,
            applied,
            applying,
            now,
        );
        let plan = &mut gated.plan;
        apply::mark_barred(plan, applying);
        for (_, step) in plan.open_steps().filter(|_| promise) {
            use lanyard_model::plan::Operation::{Create, Update};
            if let Create { patch } | Update { patch } = &step.op
                && let Some(Some(room)) = patch.seat
            {
                seating.promise(&desired.identity, room);
            }
        }
        gated
    }
}

/// Why what somebody had is not taken back by itself although they were deleted, if policy says so. Whoever was seen
/// deactivated before is a leaver: their end is finished.
pub(crate) fn reaction_to_end(
    desired: &Desired,
    identity: &Identity,
    reactions: &Reactions,
) -> Option<String> {
    let deleted = matches!(desired.lifecycle, Lifecycle::Ended { how: Ending::Deleted, .. });
    let leaver = identity.status == Status::Deprovisioned;
    reactions.waits(Situation::Deleted).filter(|_| deleted && !leaver)
}

/// One person is proven by a fresh read by id; what rests on groups needs the whole list of them.
pub(crate) fn doubt_of(identity: &Identity, desired: &Desired) -> Option<String> {
    match &desired.lifecycle {
        Lifecycle::Ended { how: Ending::LeftScope, .. } | Lifecycle::Active if !identity.groups.complete => {
            Some("not all of their groups could be read".into())
        }
        _ => None,
    }
}
