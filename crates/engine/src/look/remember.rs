//! The end of a look: what was verified becomes what was applied; to-dos, notices and leavers' clocks follow.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    desired::{Applied, Desired, Lifecycle, SeatWish, ToDo},
    id::PlanId,
    link::Link,
    plan::{Block, Difference, Effect, Gate, Plan},
};
use lanyard_plan::{drift, seating::Seating};
use lanyard_policy::reaction::{Reactions, Situation};

use super::{AccountView, Applying, Scene, Stop, Tail, apply::mark_barred};
use crate::{
    Engine,
    journal::line,
    late::alarm_key,
    ports::{Finding, Message, Severity, Write},
    reactions::toned,
};

impl Engine {
    /// Starts, keeps or drops the leaver's clock.
    pub(super) fn note_leaver(
        &self,
        scene: &Scene<'_>,
        plan: &Plan,
        link: &mut Option<Link>,
        tail: &mut Tail,
    ) {
        let identity = scene.person.identity.id.clone();
        let site = scene.site.id().clone();
        if plan.ending.is_some()
            && !plan.is_quiet()
            && let Some(link) = link.as_mut().filter(|link| link.ended_at.is_some())
        {
            // Verified gone once, and something is there again: the clock starts anew.
            link.ended_at = None;
            tail.writes.push(Write::Link(link.clone()));
            tail.writes.push(Write::LeaverCancelled {
                identity: identity.clone(),
                site: site.clone(),
                at: self.clock.now(),
            });
        }
        let link = link.as_ref();
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
            None if link.is_some() => {
                let at = self.clock.now();
                tail.writes.push(Write::FindingOver { key: alarm_key(&identity, &site), at });
                tail.writes.push(Write::LeaverCancelled { identity, site, at });
            }
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
        let reactions = scene.active.policy.reactions(site);
        let mut plan = plan.clone();
        mark_barred(&mut plan, applying);
        let before = applied.clone();
        let ended = matches!(desired.lifecycle, Lifecycle::Ended { .. });
        let inactive = view.account.as_ref().is_none_or(|account| !account.is_live());
        let over = ended && inactive && plan.steps.is_empty();
        match &desired.lifecycle {
            Lifecycle::Ended { since, .. } => {
                applied.ended_since.get_or_insert(since.unwrap_or(scene.person.since));
            }
            _ => {
                applied.ended_since = None;
                applied.not_handed_over.clear();
            }
        }
        if over || !ended {
            // What still waits to be taken back is still ours.
            let catalogue = scene.site.catalogue();
            let seating = scene.site.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let left = match (reactions.waits(Situation::Linked), &view.account) {
                (Some(_), Some(account)) => drift::drifted(desired, account, applied, &catalogue, &seating),
                _ => Vec::new(),
            };
            // What is had freely while something more waits for a word is ours as well.
            if let Some(base) = applying.asked.base() {
                note_applied(applied, base, view.account.as_ref(), &seating);
            }
            note_applied(applied, desired, view.account.as_ref(), &seating);
            drift::keep(applied, &left);
        }
        self.note_waiting(scene, desired, &plan, view, applied);
        self.forget_failures(scene, desired, &plan, view.account.as_ref(), applied);
        if let Some(account) = &view.account {
            tail.writes.push(Write::Account {
                account: Box::new(account.clone()),
                keys: scene.active.policy.account_keys(account),
            });
        }
        let mut link = link.cloned();
        if let Some(link) = &mut link {
            if over && link.ended_at.is_none() {
                link.ended_at = Some(now);
                tail.writes.push(Write::Link(link.clone()));
            } else if !ended && !inactive && link.ended_at.is_some() {
                link.ended_at = None;
                tail.writes.push(Write::Link(link.clone()));
            }
        }
        if over && link.is_some() {
            tail.writes.push(Write::LeaverVerified { identity: id.clone(), site: site.clone(), at: now });
            tail.writes.push(Write::FindingOver { key: alarm_key(id, site), at: now });
        }
        if !plan.steps.is_empty() {
            tail.writes.push(Write::Plan(std::sync::Arc::new(plan.clone())));
        }
        self.note_gates(&plan, applying, reactions, tail);
        let hosted = match &link {
            Some(link) if ended => self.visits_left(scene, link, applied, now).await?,
            _ => Vec::new(),
        };
        self.note_todos(&plan, hosted, applied, applying, now, tail);
        applied.told_lacking = lacking(&plan);
        self.note_notices(&plan, applied, now, tail);
        if *applied != before {
            tail.writes.push(self.applied_write(scene, applied));
        }
        let person = scene.person.identity.display_name();
        // What earlier looks wrote and did not come to read is read now, unless nobody can say what is wanted.
        let aside = matches!(desired.lifecycle, Lifecycle::Aside { .. });
        let unread = !aside && self.echoes.take_unread(id, site) && !applying.sent_any;
        let mut read = match unread || !aside && scene.item.attempts > 0 {
            true => self.unread_plans(id, site).await?,
            false => Vec::new(),
        };
        for plan in &applying.carried {
            if !read.contains(plan) {
                read.push(plan.clone());
            }
        }
        self.note_given(scene, &read, &plan, tail).await?;
        let open: Vec<String> = plan
            .steps
            .iter()
            .flat_map(|step| step.differences.iter())
            .map(|d| format!("{} {}", d.effect.symbol(), d.what))
            .collect();
        for done in &read {
            let title = match open.len() {
                0 => "read back: as wanted".to_owned(),
                open => format!("read back: done, and {open} left for later"),
            };
            tail.writes.push(Write::Verified { plan: done.clone(), at: now, open: open.clone() });
            tail.writes.push(
                line(&id.tenant, now, "verified", title).about(id, &person).site(site).detail(open.join("; "))
                    .data(serde_json::json!({ "plan": done, "raised_at": scene.item.raised_at, "source": scene.item.source }))
                    .write(),
            );
        }
        if applying.plan.is_none() && read.is_empty() {
            let title = match aside {
                true => "looked at: set aside, nothing is changed",
                false => "looked at: nothing to do",
            };
            tail.writes.push(
                line(&id.tenant, now, "decision", title)
                    .about(id, &person)
                    .site(site)
                    .detail(scene.item.why.clone())
                    .write(),
            );
        }
        tail.review_by(plan.review_at, "a hold ends or a date of theirs arrives");
        Ok(())
    }

    /// Held and blocked steps: when to look again, and what a person is told.
    fn note_gates(&self, plan: &Plan, applying: &Applying, reactions: &Reactions, tail: &mut Tail) {
        let mut blocked = Vec::new();
        let mut asked = true;
        for step in &plan.steps {
            match &step.gate {
                Gate::Held { until, .. } => tail.review_by(Some(*until), "a hold ends"),
                Gate::Waiting { until, .. } => tail.review_by(*until, "a request runs out"),
                Gate::Blocked { kind, why } => {
                    asked &= *kind == Block::Reaction;
                    blocked.push(format!("{}: {why}", step.op.name()));
                }
                Gate::Open => {}
            }
        }
        let key = format!("blocked:{}:{}", plan.identity, plan.site);
        let now = self.clock.now();
        if blocked.is_empty() {
            tail.writes.push(Write::FindingOver { key, at: now });
            return;
        }
        let finding = Finding {
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
            count: None,
            since: now,
        };
        let finding = match asked {
            true => toned(finding, reactions.to(Situation::Deleted)),
            false => finding,
        };
        tail.writes.push(Write::Finding(Box::new(finding)));
        let barred = plan.steps.iter().any(|step| applying.is_barred(step).is_some());
        let pause = match (&applying.capped, barred) {
            (Some(_), _) => 600,
            (None, false) => 3600,
            // Tried and refused: again now and then, in case a person changed something there.
            (None, true) => 6 * 3600,
        };
        let pause = std::time::Duration::from_secs(pause);
        tail.recheck_by(now + pause, "blocked steps are tried again");
    }

    /// What a person must do, and what is no longer to be done.
    fn note_todos(
        &self,
        plan: &Plan,
        hosted: Vec<ToDo>,
        applied: &Applied,
        applying: &Applying,
        now: Timestamp,
        tail: &mut Tail,
    ) {
        let prefix = format!("todo:{}:{}:", plan.identity, plan.site);
        let mut keep: Vec<String> = applying.todos.iter().map(|key| format!("{prefix}{key}")).collect();
        if applied.user_name_instead.is_some() {
            keep.push(format!("{prefix}user-name"));
        }
        let visits =
            plan.todos.iter().filter(|todo| todo.key.starts_with(VISIT_CHECKOUT)).count() + hosted.len();
        for todo in plan.todos.iter().chain(&hosted) {
            keep.push(format!("{prefix}{}", todo.key));
            tail.writes.push(todo_of(plan, todo, now));
        }
        tail.writes.push(Write::FindingsOverExcept { prefix, keep, at: now });
        self.note_visits(plan, visits, now, tail);
    }

    /// The alarm that goes with the to-dos: somebody left, and visits that the API cannot end still stand.
    fn note_visits(&self, plan: &Plan, visits: usize, now: Timestamp, tail: &mut Tail) {
        let prefix = format!("visits:{}:{}:", plan.identity, plan.site);
        let key = format!("{prefix}left");
        let open = plan.ending.is_some() && visits > 0;
        if open {
            tail.writes.push(Write::Finding(Box::new(Finding {
                key: key.clone(),
                kind: "visits".into(),
                severity: Severity::Error,
                tenant: Some(plan.identity.tenant.clone()),
                site: Some(plan.site.clone()),
                identity: Some(plan.identity.clone()),
                title: format!(
                    "{} left, and {visits} announced visit{} cannot be ended through the API",
                    plan.person,
                    if visits == 1 { "" } else { "s" }
                ),
                detail: "the person may still be let in as a visitor, or wait for visitors of theirs".into(),
                fix: Some(
                    "do the to-dos of this person in the visitor center, then put this away with a reason"
                        .into(),
                ),
                count: None,
                since: now,
            })));
        }
        let keep = if open { vec![key] } else { Vec::new() };
        tail.writes.push(Write::FindingsOverExcept { prefix, keep, at: now });
    }

    /// Visits of other people, still to come, whose host is the leaver.
    async fn visits_left(
        &self,
        scene: &Scene<'_>,
        link: &Link,
        applied: &Applied,
        now: Timestamp,
    ) -> Result<Vec<ToDo>, Stop> {
        let all = self.store.visits_of_host(&link.account).await?;
        // An arrival of today may still be in the house.
        let since = now - std::time::Duration::from_secs(86_400);
        let ahead = all.into_iter().filter(|(_, visit)| visit.arrival >= since);
        let ahead = ahead.filter(|(_, visit)| !applied.visits.values().any(|own| *own == visit.registration));
        Ok(ahead
            .map(|(guest, visit)| ToDo {
                key: format!("visit-host:{}:{}", guest, visit.registration),
                what: format!(
                    "give visit {} of {guest} on {} another host",
                    visit.registration,
                    visit.arrival.strftime("%Y-%m-%d")
                ),
                how: format!(
                    "{} hosts it and has left; the API cannot change a visit: change the host, or cancel it, in visitor center {}",
                    scene.person.identity.display_name(),
                    visit.center
                ),
            })
            .collect())
    }

    /// Flows that say whom to tell: once per plan that was carried out and read back, with what of it was sent and is there
    /// now.
    async fn note_given(
        &self,
        scene: &Scene<'_>,
        read: &[PlanId],
        left: &Plan,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let policy = &scene.active.policy;
        if !policy.tells() {
            return Ok(());
        }
        let is_left = |it: &Difference| {
            let mut open = left.steps.iter().flat_map(|step| &step.differences);
            open.any(|other| other.effect == it.effect && other.what == it.what)
        };
        for id in read {
            let Some(plan) = self.store.plan(id).await? else { continue };
            let mut told: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            let intents = self.store.intents(id).await?.into_iter();
            let sent: BTreeSet<_> = intents
                .filter(|(_, outcome)| crate::told::may_be_done(outcome))
                .map(|(intent, _)| intent.step)
                .collect();
            let given =
                plan.open_steps().filter(|(at, _)| sent.contains(at)).flat_map(|(_, step)| &step.differences);
            for given in given.filter(|it| it.effect != Effect::Remove && !is_left(it)) {
                for rule in given.because.iter().map(|because| because.rule.as_str()) {
                    if policy.told(rule).is_some() {
                        let to = given.to.iter().map(|to| format!(": {to}")).collect::<String>();
                        told.entry(rule).or_default().push(format!("{}{to}", given.what));
                    }
                }
            }
            for (rule, mut lines) in told {
                let Some((sentence, routes)) = policy.told(rule) else { continue };
                lines.dedup();
                for route in routes {
                    tail.writes.push(Write::Message(Box::new(Message {
                        id: format!("given:{}:{rule}:{route}", plan.id),
                        route: route.clone(),
                        subject: format!("{}: {sentence}", plan.person),
                        text: format!(
                            "{} has now: {}. A read of the workplace system confirms it. Rule: {rule}.",
                            plan.person,
                            lines.join("; ")
                        ),
                        at: self.clock.now(),
                        attempts: 0,
                        data: None,
                    })));
                }
            }
        }
        Ok(())
    }

    fn note_notices(&self, plan: &Plan, applied: &mut Applied, now: Timestamp, tail: &mut Tail) {
        for notice in &plan.notices {
            let waits = notice.after_verified && !plan.steps.is_empty();
            if waits || !self.may_write(&plan.site) {
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
                    data: None,
                })));
            }
        }
    }
}

/// How the to-dos begin that ask to have a leaver's own visit ended.
const VISIT_CHECKOUT: &str = "visit-checkout:";

/// What must be done before an account can be created, if it cannot.
pub(crate) fn lacking(plan: &Plan) -> Option<String> {
    lanyard_plan::lacking(plan).map(|todo| todo.how.clone())
}

/// A to-do of a plan, as a finding.
fn todo_of(plan: &Plan, todo: &ToDo, now: Timestamp) -> Write {
    Write::Finding(Box::new(Finding {
        key: format!("todo:{}:{}:{}", plan.identity, plan.site, todo.key),
        kind: "todo".into(),
        severity: Severity::Warning,
        tenant: Some(plan.identity.tenant.clone()),
        site: Some(plan.site.clone()),
        identity: Some(plan.identity.clone()),
        title: todo.what.clone(),
        detail: format!("for {}", plan.person),
        fix: Some(todo.how.clone()),
        count: None,
        since: now,
    }))
}

/// What shows as wanted is now ours: given by us, or adopted because policy wants exactly it.
pub(crate) fn note_applied(
    applied: &mut Applied,
    desired: &Desired,
    account: Option<&Account>,
    seating: &Seating,
) {
    let Some(account) = account else { return };
    if applied.user_name_instead.as_ref().is_some_and(|(wanted, _)| account.field("userName") == Some(wanted))
    {
        applied.user_name_instead = None;
    }
    match &desired.lifecycle {
        Lifecycle::Ended { .. } => {
            let kept = std::mem::take(applied);
            *applied = Applied {
                visits: kept.visits,
                notices: kept.notices,
                given_up: kept.given_up,
                user_name_instead: kept.user_name_instead,
                failed: kept.failed,
                not_handed_over: kept.not_handed_over,
                doors: kept.doors,
                doors_unsure: kept.doors_unsure,
                door_holder: kept.door_holder,
                ..Applied::default()
            };
        }
        Lifecycle::Active => {
            for (name, want) in &desired.fields {
                if account.fields.get(name).map(String::as_str) == Some(want.value.trim()) {
                    applied.fields.insert(*name, want.value.trim().to_owned());
                }
            }
            let room = account.seat.map(|seat| seat.room);
            if room != applied.seat {
                applied.seat = None;
            }
            if account.section != applied.section {
                applied.section = None;
            }
            match desired.seat.as_ref().map(|want| &want.value) {
                // A seat that does not satisfy the wish is somebody else's gift.
                Some(SeatWish::Desk { floors, kinds, rooms, .. })
                    if room.is_some_and(|room| seating.fits(room, floors, kinds, rooms)) =>
                {
                    applied.seat = room;
                }
                Some(SeatWish::Section { section }) if account.section == Some(*section) => {
                    applied.section = Some(*section);
                }
                _ => {}
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
