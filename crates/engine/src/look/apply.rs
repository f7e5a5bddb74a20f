//! Carrying a plan out: intent first, one operation after another, each outcome with its own next step.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    booking::Visit,
    clearance::Clearance,
    desired::{Applied, Before, ToDo},
    id::{AccountId, AccountKey, IdentityId, PlanId},
    link::{How, Link},
    plan::{Block, Gate, Inverse, Operation, Outcome, Plan, Step},
    signal::Lane,
};

use lanyard_plan::{clearing::Asked, lines};

use super::{
    Scene, Stop, Tail,
    clear::sent_under,
    doors::{other_holder, unsure_of},
    echo::text,
};
use crate::{
    Engine,
    journal::line,
    ports::{Finding, Intent, PortFailure, Severity, StoreFailure, Write},
    put_away::BY_HAND_ONCE,
    whatif::SealedLines,
};

/// Desks tried for one look's bookings before a person is told.
pub(super) const BOOKINGS_REFUSED_MAX: u32 = 8;

/// What happened so far in this look.
#[derive(Default)]
pub(crate) struct Applying {
    /// Operations that were accepted, as text: planned again, they are not effective.
    accepted: BTreeSet<String>,
    /// Operations that must not be tried again in this look, with the reason.
    barred: BTreeMap<String, String>,
    pub(super) sent_any: bool,
    /// The answer to an operation was lost, and reading it up showed that it had not happened, or not yet.
    pub(super) answers_lost: bool,
    sent: u32,
    /// The account was made by this look: nothing is booked for it yet.
    made: bool,
    pub(super) bookings_refused: u32,
    booking_refusal: Option<String>,
    /// Bookings must be scanned anew: some were cancelled after the last scan began.
    pub(super) bookings_since: Option<Timestamp>,
    /// The first plan that had anything to do.
    pub(super) plan: Option<Plan>,
    /// Plans of which something was sent, in their order.
    pub(super) carried: Vec<PlanId>,
    /// The badge system has not acknowledged something: it is told again, and the rest goes on.
    pub(super) doors_wait: Option<String>,
    /// Errors of steps that were refused while the others went on.
    pub(super) refused: Option<(String, String)>,
    /// The limit on removals was reached in this look: additions go on.
    pub(crate) capped: Option<String>,
    /// Keys of to-dos raised while applying.
    pub(super) todos: BTreeSet<String>,
    /// Everything on record that stands, or stood, between the person's lines and the site.
    pub(crate) known: Vec<Clearance>,
    /// What the policy asks about before it is given.
    pub(crate) asked: Asked,
    pub(super) manager: Option<IdentityId>,
    /// A refused operation held changes of several rules that say what becomes of a failure: each goes on its own.
    pub(super) apart: bool,
    /// A sealed what-if is being applied: the only lines that go by themselves.
    pub(super) sealed: Option<SealedLines>,
    /// Rules of sealed what-ifs that were taken back: the policy before them is in force again.
    pub(super) lapsed: BTreeSet<String>,
}

impl Applying {
    pub(super) fn new(
        known: Vec<Clearance>,
        sealed: Option<SealedLines>,
        lapsed: BTreeSet<String>,
        manager: Option<IdentityId>,
    ) -> Self {
        Self { known, sealed, lapsed, manager, ..Self::default() }
    }

    /// Operations that were accepted in this look, as text.
    pub(super) fn accepted(&self) -> &BTreeSet<String> {
        &self.accepted
    }

    pub(super) fn has_made(&self) -> bool {
        self.made
    }

    /// Whether an open step of `plan` was accepted before in this look.
    pub(super) fn repeats(&self, plan: &Plan) -> bool {
        plan.open_steps().any(|(_, step)| self.accepted.contains(&text(&step.op)))
    }

    pub(super) fn note_effects(&mut self, plan: &Plan) {
        if self.plan.is_none() && !plan.is_quiet() {
            self.plan = Some(plan.clone());
        }
    }

    pub(super) fn bar(&mut self, step: &Step, why: String) {
        self.barred.insert(text(&step.op), why);
    }

    /// Why a step is not tried again in this look. After a few refused desks no other desk is tried.
    pub(super) fn is_barred(&self, step: &Step) -> Option<&String> {
        if matches!(step.op, Operation::Book { .. }) && self.bookings_refused >= BOOKINGS_REFUSED_MAX {
            return self.booking_refusal.as_ref();
        }
        self.barred.get(&text(&step.op))
    }
}

impl Engine {
    /// Carries out the open steps in order. `before` is the account that the plan was made on.
    #[expect(clippy::too_many_arguments, reason = "one call site; everything an operation may touch")]
    pub(crate) async fn apply(
        &self,
        scene: &Scene<'_>,
        plan: &Plan,
        before: Option<&Account>,
        link: &mut Option<Link>,
        applied: &mut Applied,
        applying: &mut Applying,
        tail: &mut Tail,
    ) -> Result<(), Stop> {
        let identity = &scene.person.identity.id;
        let tenant = &identity.tenant;
        let now = self.clock.now();
        // What was learnt stays in the tail, also when the look ends early: it is written with the end of the claim.
        let pending = &mut tail.writes;
        // The plan is on record from its first intent on; a plan that sends nothing leaves no line.
        let mut opening = vec![
            Write::Plan(std::sync::Arc::new(plan.clone())),
            line(tenant, now, "plan", format!("planned: {}", plan.summary().words()))
                .about(identity, &plan.person)
                .site(scene.site.id())
                .data(serde_json::json!({ "plan": plan.id }))
                .write(),
        ];
        for (index, step) in plan.open_steps() {
            if applying.is_barred(step).is_some() {
                continue;
            }
            if let Some(old) = other_holder(step, applied) {
                // Two badges at once would be one too many.
                applying.bar(step, format!("what was told of them as {old} is not taken back yet"));
                continue;
            }
            if self.is_booked_already(scene, step, link.as_ref(), applied, applying, pending).await? {
                continue;
            }
            let mut op = step.op.clone();
            if let Operation::Create { patch } = &mut op {
                self.choose_free_name(scene, patch, applied, pending).await?;
            }
            let account = match op {
                Operation::Create { .. } => None,
                Operation::SetDoors { .. } => link.as_ref().map(|link| link.account.id),
                _ => match link.as_ref() {
                    Some(link) => Some(link.account.id),
                    None => break, // The account was not made: the next pass plans again.
                },
            };
            applying.sent += 1;
            let inverse = self.inverse(scene, step, before, account).await?;
            // Reading takes time: what was stopped meanwhile is not begun.
            if self.is_stopped() {
                let at = self.clock.now() + std::time::Duration::from_secs(30);
                return Err(Stop::Again { at, error: "stopped by a person".into() });
            }
            let at = self.clock.now();
            let (under, pass) = sent_under(step, plan, before, &applying.known, at);
            let intent = Intent {
                id: format!("{}.{}.{}", plan.id, scene.item.fence, applying.sent),
                plan: plan.id.clone(),
                step: index,
                identity: identity.clone(),
                site: scene.site.id().clone(),
                account,
                operation: op.clone(),
                at,
                run_charge: self.run_charge(scene, pass.clone()).filter(|_| step.destructive),
                charge: step.destructive.then(|| self.charge(scene, pass)),
                inverse: Some(inverse),
            };
            let id = intent.id.clone();
            let mut batch = Vec::new();
            if scene.item.is_claim() {
                batch.push(Write::Held { item: Box::new(scene.item.clone()) });
            }
            batch.extend(pending.iter().cloned());
            batch.extend(opening.iter().cloned());
            for (clearance, lines) in under {
                batch.push(Write::Cleared { clearance, lines, intent: id.clone(), at });
            }
            let unsure = match &op {
                Operation::SetDoors { holder, rights, .. } if scene.site.doors().is_some() => {
                    unsure_of(applied, holder, rights)
                }
                _ => None,
            };
            batch.extend(unsure.iter().map(|unsure| self.applied_write(scene, unsure)));
            batch.push(Write::Intent(Box::new(intent)));
            match self.write(batch).await {
                Ok(_) => {
                    pending.clear();
                    opening.clear();
                    if let Some(unsure) = unsure {
                        *applied = unsure;
                    }
                }
                Err(StoreFailure::CapReached { scope, used, max }) => {
                    pending.push(self.cap_finding(scene, plan, &scope, used, max).await?);
                    self.note_trouble(format!("cap:{scope}"));
                    applying.capped =
                        Some(format!("the limit on removals in {} is reached", scene.site.id()));
                    return Ok(());
                }
                // Taken back, run out or used up meanwhile: nothing was sent, and the next look sees why.
                Err(failure @ StoreFailure::NotCleared { .. }) => {
                    let pause = self.settings.backoff(scene.item.attempts, &scene.item.identity.user);
                    return Err(Stop::Again { at: at + pause, error: failure.to_string() });
                }
                // Somebody else looks at them by now, with fresher eyes.
                Err(failure @ StoreFailure::LeaseLost(_)) => {
                    return Err(Stop::Again { at, error: failure.to_string() });
                }
                Err(failure) => return Err(failure.into()),
            }
            let sent_at = self.clock.now();
            let outcome = match &op {
                Operation::SetDoors { holder, rights, had } => {
                    self.tell_doors(scene, &id, holder, (rights, had), sent_at).await
                }
                _ => scene.site.port().apply(&op, account, plan.lane).await,
            };
            let at = self.clock.now();
            applying.sent_any = true;
            if applying.carried.last() != Some(&plan.id) {
                applying.carried.push(plan.id.clone());
            }
            tail.accepted |= outcome.is_success();
            let told = matches!(op, Operation::SetDoors { .. });
            self.latency.count(|totals| {
                *(if told { &mut totals.doors } else { &mut totals.writes }) +=
                    u64::from(outcome.is_success());
                totals.failed += u64::from(!outcome.is_success());
            });
            let known = applied.clone();
            let had = before.map_or_else(Before::default, |account| Before {
                roles: account.roles.as_ref(),
                items: account.items.as_ref(),
            });
            match &outcome {
                Outcome::Unknown { .. } => applied.note_unsure(&op, had),
                outcome if outcome.is_success() => applied.note_given(&op, had),
                _ => {}
            }
            if let (Outcome::Unknown { .. }, Operation::Book { key, room, start, .. }) = (&outcome, &op)
                && let Some(found) = self.find_booking(scene, account, *room, *start).await?
            {
                // A look-up that fails leaves the intent open, for the next look to answer.
                applied.unsure.bookings.remove(key);
                applied.bookings.insert(key.clone(), found.0);
            }
            if let Operation::CancelBooking { booking } = &op {
                let gone = match &outcome {
                    Outcome::Unknown { .. } => self.forget_cancelled(scene, *booking, applied).await?,
                    outcome => outcome.is_success() && applied.forget_booking(*booking),
                };
                // The end goes on all the same, also where nothing else of theirs was ours.
                if let (true, Some((_, since))) = (gone, plan.ending) {
                    applied.ended_since.get_or_insert(since.unwrap_or(scene.person.since));
                }
            }
            if *applied != known {
                pending.push(self.applied_write(scene, applied));
            }
            pending.push(Write::Outcome { intent: id.clone(), outcome: outcome.clone(), at });
            pending.push(self.outcome_line(scene, plan, step, &id, &outcome, sent_at, at));
            if op == Operation::Reactivate
                && let Outcome::Refused { fix, .. } | Outcome::Impossible { todo: ToDo { how: fix, .. }, .. } =
                    &outcome
                && let Some(account) = link.as_ref().filter(|link| link.ended_at.is_none())
                && !self.is_gone_for_good(scene, &account.account).await?
            {
                // Not a return of ours to undo: somebody switched it off, and a second account would be worse.
                return Err(Stop::Dead {
                    error: format!(
                        "account {} was deactivated in {}, and cannot be reactivated through the API",
                        account.account.id,
                        scene.site.id()
                    ),
                    fix: fix.clone(),
                });
            }
            if let Some(on) = self.failed(scene, step, before, &outcome, applied, applying, pending, at) {
                if on {
                    continue;
                }
                return Ok(());
            }
            if !self.follow(scene, step, &op, outcome, link, applied, applying, pending, at)? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// What undoes the step, noted before it is sent.
    async fn inverse(
        &self,
        scene: &Scene<'_>,
        step: &Step,
        before: Option<&Account>,
        account: Option<AccountId>,
    ) -> Result<Inverse, Stop> {
        let booking = match (&step.op, account) {
            (Operation::CancelBooking { booking }, Some(account)) => {
                // The scan that found it is still in memory.
                let now = || self.clock.now();
                let known =
                    scene.site.bookings_of(account, Timestamp::UNIX_EPOCH, now, scene.item.lane).await?;
                known.rows.into_iter().find(|known| known.id == *booking)
            }
            _ => None,
        };
        Ok(lines::invert(step, before, booking.as_ref(), &scene.site.catalogue()))
    }

    /// What an outcome means for the rest. `Ok(true)`: next step. `Ok(false)`: read again first.
    #[expect(clippy::too_many_arguments, reason = "one call site; everything an outcome may touch")]
    fn follow(
        &self,
        scene: &Scene<'_>,
        step: &Step,
        op: &Operation,
        outcome: Outcome,
        link: &mut Option<Link>,
        applied: &mut Applied,
        applying: &mut Applying,
        pending: &mut Vec<Write>,
        at: Timestamp,
    ) -> Result<bool, Stop> {
        let identity = &scene.person.identity.id;
        let outcome = match self.follow_doors(scene, op, step, outcome, applying, pending, at) {
            Some(outcome) => outcome,
            None => return Ok(true),
        };
        match outcome {
            Outcome::Done { account, made } => {
                applying.accepted.insert(text(&step.op));
                self.note_done(
                    scene,
                    op,
                    account.map(|id| AccountKey { site: scene.site.id().clone(), id }),
                    made,
                    link,
                    applied,
                    applying,
                    pending,
                    at,
                );
                // A create that does not say whom it made is found by reading.
                Ok(!matches!(op, Operation::Create { .. }) || link.is_some())
            }
            Outcome::Already { account, .. } => {
                applying.accepted.insert(text(&step.op));
                self.note_done(
                    scene,
                    op,
                    account.map(|id| AccountKey { site: scene.site.id().clone(), id }),
                    None,
                    link,
                    applied,
                    applying,
                    pending,
                    at,
                );
                Ok(!matches!(op, Operation::Create { .. }) || link.is_some())
            }
            Outcome::Throttled { until } => {
                Err(Stop::Again { at: until.max(at), error: format!("{} asked us to wait", scene.site.id()) })
            }
            Outcome::NotDone { reason } => {
                let upstream = scene.site.id().to_string();
                Err(Stop::Port(PortFailure::Unavailable { upstream, reason }))
            }
            Outcome::Denied { reason, fix } => {
                pending.push(Write::Finding(Box::new(Finding {
                    key: format!("credential:{}", scene.site.id()),
                    kind: "credential".into(),
                    severity: Severity::Error,
                    tenant: None,
                    site: Some(scene.site.id().clone()),
                    identity: None,
                    title: format!("{} denies us {}", scene.site.id(), op.name()),
                    detail: reason.clone(),
                    fix: Some(fix),
                    count: None,
                    since: at,
                })));
                self.note_trouble(format!("credential:{}", scene.site.id()));
                let pause = self.settings.backoff(scene.item.attempts, &scene.item.identity.user);
                Err(Stop::Again { at: at + pause.max(std::time::Duration::from_secs(60)), error: reason })
            }
            Outcome::Unknown { reason } => {
                if let Operation::Announce { visit } = op {
                    // It cannot be looked up, so it is never repeated.
                    applied.visits.insert(visit.key.clone(), 0);
                    pending.push(self.applied_write(scene, applied));
                    pending.push(self.told(
                        scene,
                        &format!("visit-unknown:{}", visit.key),
                        &format!("check whether the visit of {} {} was announced", visit.first_name, visit.last_name),
                        "no answer came back, and the iOffice API cannot list visits: look in the visitor center, and announce it there if it is missing",
                        at,
                    ));
                    return Ok(true);
                }
                if matches!(
                    op,
                    Operation::CancelBooking { .. } | Operation::HandOver { .. } | Operation::Deactivate
                ) {
                    applying.bookings_since = Some(at);
                }
                applying.answers_lost = true;
                tracing::info!(%identity, operation = op.name(), reason, "outcome unknown: reading before anything is repeated");
                Ok(false)
            }
            Outcome::Impossible { .. } if *op == Operation::Reactivate => {
                self.give_up_account(scene, link, applied, pending, at);
                Ok(false)
            }
            Outcome::Impossible { capability, todo } => {
                if let Operation::HandOver { to, .. } = op {
                    let why = format!("the API cannot on this site ({capability})");
                    applied.not_handed_over.insert(*to, why);
                    pending.push(self.applied_write(scene, applied));
                    return Ok(true);
                }
                applying.todos.insert(todo.key.clone());
                applying.bar(step, format!("cannot be done via the API on this site ({capability})"));
                pending.push(self.todo(scene, &todo.key, &todo.what, &todo.how, at));
                Ok(true)
            }
            Outcome::Refused { code, text: why, fix } => match op {
                Operation::Book { .. } => {
                    applying.bookings_refused += 1;
                    applying.booking_refusal = Some(why.clone());
                    applying.bar(step, format!("refused: {why}"));
                    Ok(true)
                }
                Operation::Reactivate => {
                    self.give_up_account(scene, link, applied, pending, at);
                    Ok(false)
                }
                Operation::HandOver { to, .. } => {
                    let why = format!("{} refused account {to}: {why}", scene.site.id());
                    applied.not_handed_over.insert(*to, why);
                    pending.push(self.applied_write(scene, applied));
                    applying.bookings_since = Some(at);
                    Ok(true)
                }
                _ => {
                    applying.bar(step, format!("refused: {why}"));
                    applying.refused.get_or_insert((
                        format!("{} refused {}: {code} {why}", scene.site.id(), op.name()),
                        fix,
                    ));
                    // One refused step does not keep a leaver's other access alive.
                    Ok(step.destructive)
                }
            },
        }
    }

    /// Whether nothing is left of an account that we did not end: an inactive one keeps its user name, a deleted one does
    /// not.
    async fn is_gone_for_good(&self, scene: &Scene<'_>, account: &AccountKey) -> Result<bool, Stop> {
        let remembered = self.store.account(account).await?;
        match remembered.as_ref().and_then(|account| account.field("userName")) {
            Some(name) => Ok(scene.site.port().is_user_name_free(name, scene.item.lane).await?),
            None => Ok(false),
        }
    }

    /// Where a site does not reactivate, a new account is made under another user name (contract §3.6).
    fn give_up_account(
        &self,
        scene: &Scene<'_>,
        link: &mut Option<Link>,
        applied: &mut Applied,
        pending: &mut Vec<Write>,
        at: Timestamp,
    ) {
        let account = link.as_ref().map(|link| link.account.id);
        if let Some(old) = link.take() {
            pending.push(Write::Unlink {
                identity: scene.person.identity.id.clone(),
                site: scene.site.id().clone(),
                at,
            });
            pending.push(self.told(
                scene,
                "reactivation",
                &format!("account {} could not be reactivated; a new one is made", old.account),
                "merge the old account's history in iOffice if it is needed",
                at,
            ));
        }
        let mut given_up = std::mem::take(&mut applied.given_up);
        given_up.extend(account);
        // What was announced and told stays so, whosever account it was.
        *applied = Applied {
            given_up,
            visits: std::mem::take(&mut applied.visits),
            notices: std::mem::take(&mut applied.notices),
            doors: std::mem::take(&mut applied.doors),
            doors_unsure: std::mem::take(&mut applied.doors_unsure),
            door_holder: applied.door_holder.take(),
            ..Applied::default()
        };
        pending.push(self.applied_write(scene, applied));
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; what an accepted operation changes")]
    fn note_done(
        &self,
        scene: &Scene<'_>,
        op: &Operation,
        account: Option<AccountKey>,
        made: Option<i64>,
        link: &mut Option<Link>,
        applied: &mut Applied,
        applying: &mut Applying,
        pending: &mut Vec<Write>,
        at: Timestamp,
    ) {
        let identity = &scene.person.identity.id;
        match op {
            Operation::Create { .. } => {
                if let Some(account) = account {
                    let made = Link {
                        identity: identity.clone(),
                        account,
                        how: How::Created,
                        since: at,
                        ended_at: None,
                    };
                    pending.push(Write::Link(made.clone()));
                    *link = Some(made);
                    applying.made = true;
                }
            }
            Operation::Reactivate => {
                if let Some(link) = link {
                    link.ended_at = None;
                    pending.push(Write::Link(link.clone()));
                }
            }
            // Whatever they booked until now must be seen by the scan that follows. The link ends when everything is
            // read back gone, not before: until then nobody forgets the rest.
            Operation::Deactivate | Operation::CancelBooking { .. } | Operation::HandOver { .. } => {
                applying.bookings_since = Some(at);
            }
            Operation::Book { key, .. } => {
                applied.bookings.insert(key.clone(), made.unwrap_or(0));
                pending.push(self.applied_write(scene, applied));
            }
            Operation::Announce { visit } => {
                applied.visits.insert(visit.key.clone(), made.unwrap_or(0));
                pending.push(self.applied_write(scene, applied));
                pending.push(Write::Visit {
                    identity: identity.clone(),
                    site: scene.site.id().clone(),
                    key: visit.key.clone(),
                    visit: Visit {
                        registration: made.unwrap_or(0),
                        visitor: None,
                        host: visit.host,
                        center: visit.center,
                        arrival: visit.arrival,
                    },
                });
            }
            Operation::SetDoors { holder, rights, .. } => {
                applied.door_holder = (!rights.is_empty()).then(|| holder.clone());
                applied.doors.clone_from(rights);
                applied.doors_unsure.clear();
                pending.push(self.applied_write(scene, applied));
                pending.push(Write::Doors {
                    identity: identity.clone(),
                    site: scene.site.id().clone(),
                    rights: rights.clone(),
                    at,
                });
            }
            Operation::Update { .. } | Operation::SetRoles { .. } => {}
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one call site; everything a line tells")]
    fn outcome_line(
        &self,
        scene: &Scene<'_>,
        plan: &Plan,
        step: &Step,
        intent: &str,
        outcome: &Outcome,
        sent_at: Timestamp,
        at: Timestamp,
    ) -> Write {
        let what: Vec<_> = step
            .differences
            .iter()
            .map(|d| match (&d.from, &d.to) {
                (Some(from), Some(to)) => format!("{} {}: {from} -> {to}", d.effect.symbol(), d.what),
                (None, Some(to)) => format!("{} {}: {to}", d.effect.symbol(), d.what),
                (Some(from), None) => format!("{} {}: {from}", d.effect.symbol(), d.what),
                (None, None) => format!("{} {}", d.effect.symbol(), d.what),
            })
            .collect();
        let severity = if outcome.is_success() { Severity::Info } else { Severity::Warning };
        line(
            &scene.person.identity.id.tenant,
            at,
            "operation",
            format!("{}: {}", step.op.name(), outcome.name()),
        )
        .about(&scene.person.identity.id, &plan.person)
        .site(scene.site.id())
        .severity(severity)
        .detail(what.join("; "))
        .data(serde_json::json!({
            "intent": intent,
            "plan": plan.id,
            "outcome": outcome,
            "ms": at.duration_since(sent_at).as_millis(),
            "because": step.differences.first().map(|d| &d.because),
        }))
        .write()
    }

    pub(super) fn applied_write(&self, scene: &Scene<'_>, applied: &Applied) -> Write {
        Write::Applied {
            identity: scene.person.identity.id.clone(),
            site: scene.site.id().clone(),
            applied: Box::new(applied.clone()),
        }
    }

    /// A to-do of which no later read can say that it was done: it stays until a person closes it.
    pub(super) fn told(&self, scene: &Scene<'_>, key: &str, what: &str, how: &str, at: Timestamp) -> Write {
        match self.todo(scene, key, what, how, at) {
            Write::Finding(mut finding) => {
                finding.key = finding.key.replacen("todo:", BY_HAND_ONCE, 1);
                Write::Finding(finding)
            }
            other => other,
        }
    }

    pub(super) fn todo(&self, scene: &Scene<'_>, key: &str, what: &str, how: &str, at: Timestamp) -> Write {
        let identity = &scene.person.identity;
        Write::Finding(Box::new(Finding {
            key: format!("todo:{}:{}:{key}", identity.id, scene.site.id()),
            kind: "todo".into(),
            severity: Severity::Warning,
            tenant: Some(identity.id.tenant.clone()),
            site: Some(scene.site.id().clone()),
            identity: Some(identity.id.clone()),
            title: what.to_owned(),
            detail: format!("for {}", identity.display_name()),
            fix: Some(how.to_owned()),
            count: None,
            since: at,
        }))
    }
}

/// Marks barred steps in a plan, so that people see why they stay.
pub(super) fn mark_barred(plan: &mut Plan, applying: &Applying) {
    for step in &mut plan.steps {
        if let (Gate::Open, Some(why)) = (&step.gate, applying.is_barred(step)) {
            step.gate = Gate::blocked(Block::Failed, why.clone());
        }
    }
}

/// The lane of a plan that ends somebody's access.
pub(super) fn lane_of(ended: bool, lane: Lane) -> Lane {
    if ended { Lane::Leaver } else { lane }
}
