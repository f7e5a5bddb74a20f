//! The end of a look: what was verified becomes what was applied; to-dos, notices and leavers' clocks follow.

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    desired::{Applied, Desired, Lifecycle, SeatWish, Want},
    link::Link,
    plan::{Gate, Plan},
};

use super::{AccountView, Applying, Scene, Stop, Tail, apply::mark_barred};
use crate::{
    Engine,
    journal::line,
    ports::{Message, Severity, Write},
};

impl Engine {
    /// Starts, keeps or drops the leaver's clock.
    pub(super) fn note_leaver(&self, scene: &Scene<'_>, plan: &Plan, link: Option<&Link>, tail: &mut Tail) {
        let identity = scene.person.identity.id.clone();
        let site = scene.site.id().clone();
        match plan.ending {
            Some((_, since)) if link.is_some_and(|link| link.ended_at.is_none()) || !plan.is_quiet() => {
                tail.writes.push(Write::LeaverSeen {
                    identity,
                    site,
                    since: since.unwrap_or(scene.person.since),
                    seen_at: scene.item.raised_at,
                });
            }
            Some(_) => {}
            None if link.is_some() => tail.writes.push(Write::LeaverCancelled { identity, site }),
            None => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; the whole end of a look")]
    pub(super) async fn remember(
        &self,
        scene: &Scene<'_>,
        desired: &Desired,
        view: &AccountView,
        link: Option<&Link>,
        applied: &mut Applied,
        plan: &Plan,
        applying: &Applying,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let id = &scene.person.identity.id;
        let site = scene.site.id();
        let now = self.clock.now();
        let mut plan = plan.clone();
        mark_barred(&mut plan, applying);
        let before = applied.clone();
        note_applied(applied, desired, view.account.as_ref());
        if let Some(account) = &view.account {
            tail.writes.push(Write::Account {
                account: Box::new(account.clone()),
                keys: scene.active.policy.account_keys(account),
            });
        }
        let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let mut link = link.cloned();
        if let Some(link) = &mut link {
            let inactive = view.account.as_ref().is_none_or(|account| !account.is_live());
            if ended && inactive && link.ended_at.is_none() {
                link.ended_at = Some(now);
                tail.writes.push(Write::Link(link.clone()));
            } else if !ended && !inactive && link.ended_at.is_some() {
                link.ended_at = None;
                tail.writes.push(Write::Link(link.clone()));
            }
        }
        if ended && plan.steps.is_empty() && link.is_some() {
            tail.writes.push(Write::LeaverVerified { identity: id.clone(), site: site.clone(), at: now });
        }
        if !plan.steps.is_empty() {
            tail.writes.push(Write::Plan(std::sync::Arc::new(plan.clone())));
        }
        self.note_gates(scene, &plan, tail);
        self.note_todos(scene, &plan, now, tail);
        self.note_notices(scene, &plan, applied, now, tail);
        if *applied != before {
            tail.writes.push(self.applied_write(scene, applied));
        }
        let person = scene.person.identity.display_name();
        if let Some(done) = &applying.plan {
            if applying.sent_any {
                tail.writes.push(Write::Verified { plan: done.id.clone(), at: now, open: Vec::new() });
                tail.writes.push(
                    line(&id.tenant, now, "verified", "read back: as wanted").about(id, &person).site(site)
                        .data(serde_json::json!({ "plan": done.id, "raised_at": scene.item.raised_at, "source": scene.item.source }))
                        .write(),
                );
            }
        } else {
            tail.writes.push(
                line(&id.tenant, now, "decision", "looked at: nothing to do")
                    .about(id, &person)
                    .site(site)
                    .detail(scene.item.why.clone())
                    .write(),
            );
        }
        tail.review_by(plan.review_at, "a hold ends or a date of theirs arrives");
        scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner).settle(id);
        Ok(())
    }

    /// Held and blocked steps: when to look again, and what a person is told.
    fn note_gates(&self, scene: &Scene<'_>, plan: &Plan, tail: &mut Tail) {
        let mut blocked = Vec::new();
        for step in &plan.steps {
            match &step.gate {
                Gate::Held { until, .. } => tail.review_by(Some(*until), "a hold ends"),
                Gate::Blocked { why } => blocked.push(format!("{}: {why}", step.op.name())),
                Gate::Open => {}
            }
        }
        let key = format!("blocked:{}:{}", plan.identity, plan.site);
        let now = self.clock.now();
        if blocked.is_empty() {
            tail.writes.push(Write::FindingOver { key, at: now });
            return;
        }
        tail.writes.push(Write::Finding(Box::new(crate::ports::Finding {
            key,
            kind: "blocked".into(),
            severity: Severity::Warning,
            tenant: Some(plan.identity.tenant.clone()),
            site: Some(plan.site.clone()),
            identity: Some(plan.identity.clone()),
            title: format!(
                "{}: {} step{} cannot go on",
                plan.person,
                blocked.len(),
                if blocked.len() == 1 { "" } else { "s" }
            ),
            detail: blocked.join("; "),
            fix: Some("open the person's plan: each line says what it waits for".into()),
            since: now,
        })));
        tail.review_by(Some(now + std::time::Duration::from_secs(3600)), "blocked steps are tried again");
        let _ = scene;
    }

    fn note_todos(&self, scene: &Scene<'_>, plan: &Plan, now: Timestamp, tail: &mut Tail) {
        for todo in &plan.todos {
            tail.writes.push(self.todo(scene, &todo.key, &todo.what, &todo.how, now));
        }
    }

    fn note_notices(
        &self,
        scene: &Scene<'_>,
        plan: &Plan,
        applied: &mut Applied,
        now: Timestamp,
        tail: &mut Tail,
    ) {
        for notice in &plan.notices {
            if notice.after_verified && !plan.steps.is_empty() {
                continue;
            }
            applied.notices.insert(notice.key.clone());
            for route in &notice.to {
                tail.writes.push(Write::Message(Box::new(Message {
                    id: format!("{}:{}:{}:{route}", plan.identity, plan.site, notice.key),
                    route: route.clone(),
                    subject: notice.subject.clone(),
                    text: notice.text.clone(),
                    at: now,
                    attempts: 0,
                })));
            }
        }
        let _ = scene;
    }
}

/// What shows as wanted is now ours: given by us, or adopted because policy wants exactly it.
pub(crate) fn note_applied(applied: &mut Applied, desired: &Desired, account: Option<&Account>) {
    let Some(account) = account else { return };
    match &desired.lifecycle {
        Lifecycle::Ended { .. } => {
            let kept = std::mem::take(applied);
            *applied = Applied {
                visits: kept.visits,
                notices: kept.notices,
                user_name_instead: kept.user_name_instead,
                ..Applied::default()
            };
        }
        Lifecycle::Active => {
            for (name, want) in &desired.fields {
                if account.fields.get(name).map(String::as_str) == Some(want.value.trim()) {
                    applied.fields.insert(name.clone(), want.value.trim().to_owned());
                }
            }
            match &desired.seat {
                Some(Want { value: SeatWish::Desk { .. }, .. }) => {
                    applied.seat = account.seat.map(|seat| seat.room)
                }
                Some(Want { value: SeatWish::Section { section }, .. })
                    if account.section == Some(*section) =>
                {
                    applied.section = Some(*section);
                }
                _ => {
                    if account.seat.map(|seat| seat.room) != applied.seat {
                        applied.seat = None;
                    }
                }
            }
            if let Some(want) = &desired.cost_center
                && account.cost_center == Some(want.value)
            {
                applied.cost_center = Some(want.value);
            }
            if let Some(roles) = &account.roles {
                applied.roles.retain(|center, _| roles.contains_key(center));
                for (center, want) in &desired.roles {
                    if roles.get(center) == Some(&want.value) {
                        applied.roles.insert(*center, want.value);
                    }
                }
                applied
                    .set_aside
                    .retain(|center, _| !roles.contains_key(center) && !desired.roles.contains_key(center));
            }
            if let Some(items) = &account.items {
                applied.items.retain(|item| items.contains(item));
                applied.items.extend(desired.items.keys().filter(|item| items.contains(item)));
            }
        }
        Lifecycle::Paused { .. } => {}
        _ => {}
    }
}
