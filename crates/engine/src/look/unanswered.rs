//! What was sent and perhaps never answered: it is looked up before anything is repeated, and what cannot be looked up is
//! not repeated.

use jiff::Timestamp;
use lanyard_model::{
    account::FieldName,
    desired::{Applied, Before},
    id::{AccountId, ReservationId, RoomId},
    plan::{AccountPatch, Operation, Outcome},
};

use super::{AccountView, Scene, Stop, Tail, booked::just_after};
use crate::{Engine, ports::Write};

impl Engine {
    /// Closes intents that a crash left without an outcome: what can be looked up is looked up by this look's own
    /// reads; what cannot be is never repeated. What it may have given shows by the next read: see [`Engine::settle`].
    pub(super) async fn resolve_open_intents(
        &self,
        scene: &Scene<'_>,
        applied: &mut Applied,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let open = self.store.open_intents(Some(&scene.person.identity.id)).await?;
        for open in open.into_iter().filter(|open| &open.intent.site == scene.site.id()) {
            let at = self.clock.now();
            let intent = open.intent;
            let mut note = "found by reading after an interruption".to_owned();
            match &intent.operation {
                Operation::Announce { visit } => {
                    applied.visits.insert(visit.key.clone(), 0);
                    note = "interrupted; a visit cannot be looked up and is not repeated".into();
                    tail.writes.push(self.told(
                        scene,
                        &format!("visit-unknown:{}", visit.key),
                        &format!("check whether the visit of {} {} was announced", visit.first_name, visit.last_name),
                        "we were interrupted while announcing it, and the iOffice API cannot list visits: look in the visitor center",
                        at,
                    ));
                    tail.writes.push(self.applied_write(scene, applied));
                }
                Operation::Book { key, room, start, .. } => {
                    if let Some(found) = self.find_booking(scene, intent.account, *room, *start).await? {
                        applied.bookings.insert(key.clone(), found.0);
                    } else {
                        applied.note_unsure(&intent.operation, Before::default());
                    }
                    tail.writes.push(self.applied_write(scene, applied));
                }
                Operation::CancelBooking { booking } => {
                    let gone = self.forget_cancelled(scene, *booking, applied).await?;
                    tail.writes.extend(gone.then(|| self.applied_write(scene, applied)));
                }
                op @ (Operation::Create { .. }
                | Operation::Update { .. }
                | Operation::SetRoles { .. }
                | Operation::Reactivate) => {
                    let mut before = Before::default();
                    for undo in intent.inverse.iter().flat_map(|inverse| &inverse.ops) {
                        match undo {
                            Operation::SetRoles { roles } => before.roles = Some(roles),
                            Operation::Update { patch } => {
                                before.items = patch.items.as_ref().or(before.items)
                            }
                            _ => {}
                        }
                    }
                    applied.note_unsure(op, before);
                    tail.writes.push(self.applied_write(scene, applied));
                }
                _ => {}
            }
            tail.writes.push(Write::Outcome {
                intent: intent.id,
                outcome: Outcome::Unknown { reason: note },
                at,
            });
        }
        Ok(())
    }

    /// What was written without an answer and shows now was given by us; an account was made by us if it is as it was sent.
    pub(super) async fn settle(
        &self,
        scene: &Scene<'_>,
        view: &AccountView,
        applied: &mut Applied,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let Some(account) = view.account.as_ref().filter(|_| !applied.unsure.is_nothing()) else {
            return Ok(());
        };
        let known = applied.clone();
        if applied.unsure.made && !applied.made {
            let is_as_sent = |patch: &AccountPatch| {
                patch.fields.iter().all(|(name, value)| account.fields.get(name) == value.as_ref())
            };
            let sent = self.unanswered_creates(scene).await?;
            applied.made = sent.iter().any(|(_, patch)| is_as_sent(patch));
        }
        applied.settle(account);
        if *applied != known {
            tail.writes.push(self.applied_write(scene, applied));
        }
        Ok(())
    }

    /// Forgets a desk that we booked and that was to be cancelled, if it is. Whether it was ours, and is.
    pub(super) async fn forget_cancelled(
        &self,
        scene: &Scene<'_>,
        booking: ReservationId,
        applied: &mut Applied,
    ) -> Result<bool, Stop> {
        if !applied.bookings.values().any(|id| *id == booking.0) {
            return Ok(false);
        }
        let stands = scene.site.port().observe_booking(booking, scene.item.lane).await?;
        Ok(stands.is_none_or(|known| known.cancelled) && applied.forget_booking(booking))
    }

    /// A booking of this account for this room and start, from a fresh scan.
    pub(super) async fn find_booking(
        &self,
        scene: &Scene<'_>,
        account: Option<AccountId>,
        room: RoomId,
        start: Timestamp,
    ) -> Result<Option<ReservationId>, Stop> {
        let Some(account) = account else { return Ok(None) };
        let since = just_after(self.clock.now());
        let bookings = scene.site.bookings_of(account, since, || self.clock.now(), scene.item.lane).await?;
        Ok(bookings
            .rows
            .iter()
            .find(|b| b.room == Some(room) && b.start == start && !b.cancelled)
            .map(|b| b.id))
    }

    /// A user name that somebody (an inactive account, most likely) already has is replaced by a numbered one.
    pub(super) async fn choose_free_name(
        &self,
        scene: &Scene<'_>,
        patch: &mut AccountPatch,
        applied: &mut Applied,
        pending: &mut Vec<Write>,
    ) -> Result<(), Stop> {
        let Some(name) = FieldName::new("userName") else { return Ok(()) };
        let Some(Some(wanted)) = patch.fields.get(&name).cloned() else { return Ok(()) };
        let port = scene.site.port();
        if port.is_user_name_free(&wanted, scene.item.lane).await? {
            return Ok(());
        }
        if self.may_have_made(scene, &wanted).await? {
            let error =
                format!("an account {wanted} may have been made without an answer; it cannot be found yet");
            if !self.strike(&scene.item.identity) {
                let pause = self.settings.backoff(scene.item.attempts, &scene.item.identity.user);
                return Err(Stop::Again { at: self.clock.now() + pause, error });
            }
            return Err(Stop::Dead {
                error,
                fix: "look for the account in iOffice and correct its employee number or e-mail address: the next look finds it"
                    .into(),
            });
        }
        for number in 2..20 {
            let other = match wanted.split_once('@') {
                Some((local, domain)) => format!("{local}.{number}@{domain}"),
                None => format!("{wanted}.{number}"),
            };
            if port.is_user_name_free(&other, scene.item.lane).await? {
                let at = self.clock.now();
                pending.push(self.todo(
                    scene,
                    "user-name",
                    &format!("the user name {wanted} is taken; {other} is used instead"),
                    "an inactive account holds the name: rename it in iOffice, then correct this account's user name",
                    at,
                ));
                applied.user_name_instead = Some((wanted, other.clone()));
                pending.push(self.applied_write(scene, applied));
                patch.fields.insert(name, Some(other));
                return Ok(());
            }
        }
        Err(Stop::Dead {
            error: format!(
                "the user name {wanted} and its numbered variants are all taken in {}",
                scene.site.id()
            ),
            fix: "free the user name in iOffice, or change the login in Okta".into(),
        })
    }

    /// Whether a create with this user name was sent lately and never answered.
    async fn may_have_made(&self, scene: &Scene<'_>, user_name: &str) -> Result<bool, Stop> {
        let since = self.clock.now() - std::time::Duration::from_secs(86_400);
        let named = |patch: &AccountPatch| {
            patch
                .fields
                .iter()
                .any(|(name, value)| name.as_str() == "userName" && value.as_deref() == Some(user_name))
        };
        let sent = self.unanswered_creates(scene).await?;
        Ok(sent.iter().any(|(at, patch)| *at > since && named(patch)))
    }

    /// Accounts that were asked for in this site for this person, of which no answer said whom it made.
    pub(super) async fn unanswered_creates(
        &self,
        scene: &Scene<'_>,
    ) -> Result<Vec<(Timestamp, AccountPatch)>, Stop> {
        let mut creates = Vec::new();
        for plan in self.store.plans(Some(&scene.person.identity.id), 10).await? {
            for (intent, outcome) in self.store.intents(&plan.id).await? {
                let unanswered = matches!(
                    outcome,
                    None | Some(Outcome::Unknown { .. } | Outcome::Done { account: None, .. })
                );
                if let Operation::Create { patch } = intent.operation
                    && intent.site == *scene.site.id()
                    && unanswered
                {
                    creates.push((intent.at, patch));
                }
            }
        }
        Ok(creates)
    }
}
