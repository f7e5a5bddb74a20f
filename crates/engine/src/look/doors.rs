//! Telling a site's badge system, and what becomes of silence: the rest goes on, it is told again, and a person hears of it.

use jiff::Timestamp;
use lanyard_model::{
    desired::{Applied, Because, Desired, Ending, Lifecycle, ToDo},
    door::DoorRights,
    id::IdentityId,
    plan::{Operation, Outcome, Plan, Step},
    signal::Source,
};

use super::{AccountView, Applying, Scene, Stop, Tail};
use crate::{
    Engine,
    ports::{DoorMessage, Finding, Severity, Write},
};

impl Engine {
    pub(super) async fn tell_doors(
        &self,
        scene: &Scene<'_>,
        id: &str,
        holder: &str,
        (rights, had): (&DoorRights, &DoorRights),
        at: Timestamp,
    ) -> Outcome {
        let Some(feed) = scene.site.doors() else {
            let list: Vec<_> = rights.iter().map(|(area, span)| format!("{area} {span}")).collect();
            let may = if list.is_empty() { "nothing".to_owned() } else { list.join(", ") };
            let person = scene.person.identity.display_name();
            return Outcome::Impossible {
                capability: "physical access".into(),
                todo: ToDo {
                    key: "doors".into(),
                    what: format!("in the badge system, let {person} ({holder}) enter: {may}"),
                    how: format!(
                        "{} has no physical-access feed: do it by hand, or set one up in the settings ([site.doors])",
                        scene.site.id()
                    ),
                },
            };
        };
        let (rights, had) = (rights.clone(), had.clone());
        let message = DoorMessage { id: id.to_owned(), holder: holder.to_owned(), rights, had, at };
        feed.tell(&message).await
    }

    /// An answer of the badge system that is none of the site's own. `None`: it was dealt with, and the next step may go.
    #[expect(clippy::too_many_arguments, reason = "one call site; everything an outcome may touch")]
    pub(super) fn follow_doors(
        &self,
        scene: &Scene<'_>,
        op: &Operation,
        step: &Step,
        outcome: Outcome,
        applying: &mut Applying,
        pending: &mut Vec<Write>,
        at: Timestamp,
    ) -> Option<Outcome> {
        if !matches!(op, Operation::SetDoors { .. }) {
            return Some(outcome);
        }
        let key = doors_key(scene);
        let (why, fix) = match outcome {
            Outcome::Done { .. } | Outcome::Already { .. } => {
                pending.push(Write::FindingOver { key, at });
                return Some(outcome);
            }
            Outcome::Unknown { reason } => (reason, None),
            Outcome::NotDone { reason } => (reason, None),
            Outcome::Throttled { until } => (format!("it asks us to wait until {until}"), None),
            Outcome::Denied { reason, fix } => (reason, Some(fix)),
            Outcome::Refused { .. } | Outcome::Impossible { .. } => return Some(outcome),
        };
        applying.bar(step, format!("not acknowledged by the badge system: {why}"));
        let person = scene.person.identity.display_name();
        let what = if step.destructive { "that access is taken back" } else { "what they may enter" };
        pending.push(Write::Finding(Box::new(Finding {
            key,
            kind: "doors".into(),
            severity: if step.destructive { Severity::Error } else { Severity::Warning },
            tenant: Some(scene.person.identity.id.tenant.clone()),
            site: Some(scene.site.id().clone()),
            identity: Some(scene.person.identity.id.clone()),
            title: format!("the badge system of {} has not acknowledged {what}: {person}", scene.site.id()),
            detail: why.clone(),
            fix: Some(fix.unwrap_or_else(|| {
                "it is told again by itself; where that takes too long, change it in the badge system by hand".into()
            })),
            count: None,
            since: at,
        })));
        applying.doors_wait = Some(why);
        None
    }

    /// Another identity of the same person decides from now on what this one may enter: what the badge system was told of
    /// this one becomes that one's to keep or take back. Where that one is told of under a name of its own already, this
    /// one's entry is taken back here.
    pub(super) async fn hand_doors_over(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        applied: &mut Applied,
        applying: &mut Applying,
        governor: &IdentityId,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let nothing = applied.doors.is_empty() && applied.doors_unsure.is_empty();
        if nothing || !self.may_write(scene.site.id()) || matches!(desired.lifecycle, Lifecycle::Aside { .. })
        {
            return Ok(());
        }
        let site = scene.site.id();
        let mut theirs = self.store.applied(governor, site).await?.unwrap_or_default();
        if !take_over(&mut theirs, applied) {
            return self.close_doors(scene, desired, applied, applying, tail).await;
        }
        let now = self.clock.now();
        let why = format!("what {} may enter is theirs to decide now", scene.person.identity.id);
        // Durable at once, and both together: nobody's entry is ever two people's, or nobody's. What was learnt before goes
        // first: it may tell of the doors as they were.
        let mut batch = tail.writes.clone();
        batch.extend([
            self.applied_write(scene, applied),
            Write::Applied { identity: governor.clone(), site: site.clone(), applied: Box::new(theirs) },
            Write::Attend {
                who: vec![governor.clone()],
                source: Source::Timer,
                lane: scene.item.lane,
                due: now,
                why,
            },
        ]);
        self.write(batch).await?;
        tail.writes.clear();
        Ok(())
    }

    /// Takes back everything that the badge system was told of this identity, and nothing else of theirs.
    async fn close_doors(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        applied: &mut Applied,
        applying: &mut Applying,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let how = Lifecycle::Ended { since: Some(scene.person.since), how: Ending::LeftScope };
        let mut gone = Desired::nothing(desired.identity.clone(), how);
        let text = "another identity of the same person is told of instead".to_owned();
        gone.because = vec![Because { rule: "doors".into(), row: None, text }];
        let gated = self.compare(scene, &gone, &AccountView::default(), None, applied, applying, None, false);
        self.apply(scene, &gated.plan, None, &mut None, applied, applying, tail).await?;
        match applying.doors_wait.take() {
            Some(why) => {
                let pause = self.settings.backoff(scene.item.attempts, &scene.item.identity.user);
                let error = format!("the badge system of {} has not acknowledged: {why}", scene.site.id());
                Err(Stop::Again { at: self.clock.now() + pause, error })
            }
            None => {
                if !(applied.doors.is_empty() && applied.doors_unsure.is_empty()) {
                    let again = self.clock.now() + std::time::Duration::from_secs(3600);
                    tail.recheck_by(again, "what the badge system was told of them is still open");
                }
                Ok(())
            }
        }
    }

    /// What was said about the badge system is over once nothing waits for it.
    pub(super) fn note_doors(&self, scene: &Scene<'_>, plan: &Plan, tail: &mut Tail) {
        let open = plan.steps.iter().any(|step| matches!(step.op, Operation::SetDoors { .. }));
        if scene.site.doors().is_some() && !open {
            tail.writes.push(Write::FindingOver { key: doors_key(scene), at: self.clock.now() });
        }
    }
}

/// Moves what the badge system was told of `ours` to `theirs`. `false`: they are somebody else to it, and both were told
/// of; nothing was moved.
fn take_over(theirs: &mut Applied, ours: &mut Applied) -> bool {
    let told_of_them = !(theirs.doors.is_empty() && theirs.doors_unsure.is_empty());
    if told_of_them && theirs.door_holder != ours.door_holder {
        return false;
    }
    theirs.door_holder = ours.door_holder.take();
    let (known, unsure) = (std::mem::take(&mut ours.doors), std::mem::take(&mut ours.doors_unsure));
    if !told_of_them {
        (theirs.doors, theirs.doors_unsure) = (known, unsure);
        return true;
    }
    // Which of the two was told last is not known: what only one of them says may be so.
    for (area, span) in known.into_iter().chain(unsure) {
        if theirs.doors.get(&area) != Some(&span) {
            theirs.doors_unsure.entry(area).or_insert(span);
        }
    }
    true
}

/// Who else the person still is to the badge system, where a step tells of them under a new name.
pub(super) fn other_holder<'a>(step: &Step, applied: &'a Applied) -> Option<&'a String> {
    let Operation::SetDoors { holder, .. } = &step.op else { return None };
    let told = !(applied.doors.is_empty() && applied.doors_unsure.is_empty());
    applied.door_holder.as_ref().filter(|old| told && *old != holder)
}

/// Until the badge system acknowledges it, what is told anew may be so or not, and so may what is taken back. `None`:
/// nothing is.
pub(super) fn unsure_of(applied: &Applied, holder: &str, rights: &DoorRights) -> Option<Applied> {
    let mut after = applied.clone();
    let new = rights.iter().filter(|(area, span)| applied.doors.get(*area) != Some(span));
    let mut unsure: DoorRights = new.map(|(area, span)| (area.clone(), *span)).collect();
    unsure.extend(after.doors.extract_if(.., |area, _| !rights.contains_key(area)));
    if unsure.is_empty() {
        return None;
    }
    after.doors_unsure.extend(unsure);
    after.door_holder.get_or_insert_with(|| holder.to_owned());
    Some(after)
}

fn doors_key(scene: &Scene<'_>) -> String {
    format!("doors:{}:{}", scene.person.identity.id, scene.site.id())
}
