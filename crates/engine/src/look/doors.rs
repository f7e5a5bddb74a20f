//! Telling a site's badge system, and what becomes of silence: the rest goes on, it is told again, and a person hears of it.

use jiff::Timestamp;
use lanyard_model::{
    desired::ToDo,
    door::DoorRights,
    plan::{Operation, Outcome, Plan, Step},
};

use super::{Applying, Scene, Tail};
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
            since: at,
        })));
        applying.doors_wait = Some(why);
        None
    }

    /// What was said about the badge system is over once nothing waits for it.
    pub(super) fn note_doors(&self, scene: &Scene<'_>, plan: &Plan, tail: &mut Tail) {
        let open = plan.steps.iter().any(|step| matches!(step.op, Operation::SetDoors { .. }));
        if scene.site.doors().is_some() && !open {
            tail.writes.push(Write::FindingOver { key: doors_key(scene), at: self.clock.now() });
        }
    }
}

fn doors_key(scene: &Scene<'_>) -> String {
    format!("doors:{}:{}", scene.person.identity.id, scene.site.id())
}
