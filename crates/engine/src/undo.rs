//! Taking back what was done: a plan, a person, a stretch of time. Planned against today's world, shown, gated, applied,
//! and kept away from the policy until somebody releases it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::{Account, AccountRead},
    clearance::{Clearance, ClearanceState, GatedLine},
    desired::Applied,
    id::{IdentityId, PlanId, SiteId},
    link::Link,
    plan::{Gate, Operation, Outcome, Plan, Step},
    signal::{Lane, Source},
};
use lanyard_plan::{
    Removal,
    clearing::{self, Asked, Gated, UNDO_PLAN as UNDO},
    seal,
    undo::{Done, Left, Today, Undo, plan_undo},
};
use lanyard_policy::Facts;
use serde::Serialize;

use crate::{
    Engine,
    explain::PreviewError,
    journal::line,
    keyed_lock::Held,
    look::{Applying, Person, Present, Scene, Stop, Tail},
    ports::{Intent, StoreFailure, WorkItem, Write},
    site::SiteState,
    whatif::SealRefused,
};

mod away;
mod waiting;

pub use waiting::{LineLeft, UndoStanding, UndoState};

/// Operations one undo may span; more are taken back in parts.
const INTENTS_MAX: usize = 20_000;

/// What is to be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoScope {
    Plan(PlanId),
    /// One step of a plan, counted from 1 as it was sent.
    Step(PlanId, usize),
    /// Everything done for one person since then.
    Person(IdentityId, Timestamp),
    /// Everything done for anybody between the two.
    Between(Timestamp, Timestamp),
    /// What an applied what-if named, and while it was applied.
    Seal(String),
}

/// What taking back means for one person in one site.
#[derive(Debug, Clone, Serialize)]
pub struct UndoFor {
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    /// The steps back, gated like any others.
    pub plan: Plan,
    /// Cannot come back.
    pub lost: Vec<String>,
    /// Changed by somebody since: left alone.
    pub moved: Vec<String>,
    /// Is so already.
    pub already: Vec<String>,
    pub keep_away: Vec<GatedLine>,
    /// Operations it takes back.
    pub operations: usize,
    /// After it was applied: what is still different, when read back, and what that waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<Vec<String>>,
    /// What was taken back of it before and waited for something: how that stands, or what became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<UndoStanding>,
}

impl Engine {
    /// What an undo would do now. Reads accounts afresh, writes nothing.
    ///
    /// # Errors
    /// See [`PreviewError`].
    pub async fn preview_undo(&self, scope: &UndoScope, because: &str) -> Result<Vec<UndoFor>, PreviewError> {
        let mut all = Vec::new();
        for ((identity, site), done) in self.undoable(scope).await? {
            let standing = self.standing_of(&identity, &site, &done).await.map_err(PreviewError::Store)?;
            let shown = self.undo_for(&identity, &site, &done, because).await?.shown;
            all.push(UndoFor { standing, ..shown });
        }
        Ok(all)
    }

    /// Takes it back: what is kept away is durable before the first operation is sent. Every operation has its intent,
    /// its charge and its line in the journal like any other.
    ///
    /// # Errors
    /// See [`PreviewError`]. People taken back before the error stay taken back.
    pub async fn apply_undo(
        &self,
        scope: &UndoScope,
        by: &str,
        reason: &str,
    ) -> Result<Vec<UndoFor>, PreviewError> {
        if self.settings.observe_only {
            return Err(PreviewError::Other("this installation only observes: nothing is written".into()));
        }
        let because = because(by, reason);
        let mut all = Vec::new();
        for ((identity, site), done) in self.undoable(scope).await? {
            all.push(self.apply_undo_for(&identity, &site, &done, &because).await?);
        }
        Ok(all)
    }

    /// Accepted operations of the scope by person and site, each in the order it was done.
    async fn undoable(
        &self,
        scope: &UndoScope,
    ) -> Result<BTreeMap<(IdentityId, SiteId), Vec<(Intent, Outcome)>>, PreviewError> {
        let now = self.clock.now() + std::time::Duration::from_secs(1);
        let found = match scope {
            UndoScope::Plan(plan) | UndoScope::Step(plan, _) => {
                let mut all = self.store.intents(plan).await.map_err(PreviewError::Store)?;
                if all.is_empty() {
                    return Err(PreviewError::Other(format!("nothing was ever sent for plan {plan}")));
                }
                all.sort_by(|a, b| (a.0.at, &a.0.id).cmp(&(b.0.at, &b.0.id)));
                match scope {
                    UndoScope::Step(_, number) => {
                        all.into_iter().skip(number.saturating_sub(1)).take(1).collect()
                    }
                    _ => all,
                }
            }
            UndoScope::Person(who, since) => {
                self.store.intents_of(who, *since, INTENTS_MAX + 1).await.map_err(PreviewError::Store)?
            }
            UndoScope::Between(from, until) => self.sent_between(*from, *until, |_| true).await?,
            UndoScope::Seal(seal) => {
                let said = |refused: SealRefused| match refused {
                    SealRefused::Store(failure) => PreviewError::Store(failure),
                    other => PreviewError::Other(other.to_string()),
                };
                let Some(applied) = self.applied_seal(seal).await.map_err(said)? else {
                    let never = format!("{seal} was never applied: there is nothing to take back");
                    return Err(PreviewError::Other(never));
                };
                // What became of each line is told the same way.
                let is_of_it = |intent: &Intent| {
                    let lines = applied.named.get(&(intent.identity.clone(), intent.site.clone()));
                    let mut did = intent.inverse.iter().flat_map(|inverse| &inverse.lines);
                    lines.is_some_and(|lines| did.any(|line| lines.contains(&line.key)))
                };
                let until = applied.until.map_or(now, |at| at + std::time::Duration::from_secs(1));
                self.sent_between(applied.since, until, is_of_it).await?
            }
        };
        if found.len() > INTENTS_MAX {
            return Err(PreviewError::Other(format!(
                "more than {INTENTS_MAX} operations: take a shorter time, and the rest after it"
            )));
        }
        let mut by_person: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (intent, outcome) in found {
            // What is taken back already is no reason to do it again the other way round.
            let undo_of_ours = intent.plan.as_str().starts_with(UNDO);
            match outcome.filter(Outcome::is_success) {
                Some(outcome) if !undo_of_ours => {
                    by_person
                        .entry((intent.identity.clone(), intent.site.clone()))
                        .or_default()
                        .push((intent, outcome));
                }
                _ => {}
            }
        }
        Ok(by_person)
    }

    /// What was sent within a time, of what is wanted; as soon as it is more than one undo may span, no more is read.
    async fn sent_between(
        &self,
        from: Timestamp,
        until: Timestamp,
        wanted: impl Fn(&Intent) -> bool,
    ) -> Result<Vec<(Intent, Option<Outcome>)>, PreviewError> {
        let (mut from, mut found, mut at_from) = (from, Vec::new(), BTreeSet::new());
        loop {
            let page = self.store.intents_between(from, until, INTENTS_MAX + 1).await;
            let page = page.map_err(PreviewError::Store)?;
            let whole = page.len() <= INTENTS_MAX;
            let last = page.last().map(|(intent, _)| intent.at);
            let fresh: Vec<_> =
                page.into_iter().filter(|(intent, _)| !at_from.contains(&intent.id)).collect();
            if let Some(last) = last {
                // The next page begins with whatever was sent at the same moment.
                if last > from {
                    at_from.clear();
                }
                at_from.extend(
                    fresh.iter().filter(|(intent, _)| intent.at == last).map(|(one, _)| one.id.clone()),
                );
                from = last;
            }
            let nothing_new = fresh.is_empty();
            found.extend(fresh.into_iter().filter(|(intent, _)| wanted(intent)));
            if whole || nothing_new || found.len() > INTENTS_MAX {
                return Ok(found);
            }
        }
    }

    async fn undo_for(
        &self,
        identity: &IdentityId,
        site: &SiteId,
        done: &[(Intent, Outcome)],
        because: &str,
    ) -> Result<Planned, PreviewError> {
        let state = self.site_of_undo(site)?;
        let known = self.store.identity(identity).await.map_err(PreviewError::Store)?;
        let known = known.ok_or_else(|| PreviewError::Nobody(identity.clone()))?;
        let link = self.store.link(identity, site).await.map_err(PreviewError::Store)?;
        let account = match &link {
            None => None,
            Some(link) => match state.port().observe_account(link.account.id, Lane::Normal).await {
                Ok(AccountRead::Present(account)) => Some(*account),
                // An inactive account may read as not there; what we remember of it says what to bring back.
                Ok(AccountRead::NotFound { .. }) => self
                    .store
                    .account(&link.account)
                    .await
                    .map_err(PreviewError::Store)?
                    .map(|account| Account { active: Some(false), ..account }),
                Err(failure) => return Err(PreviewError::Port(failure)),
            },
        };
        let active = self.active();
        let now = self.clock.now();
        let removal = Removal {
            protected: active.policy.protects(&known.identity, Some(site)).map(|because| because.text),
            ..Removal::default()
        };
        let catalogue = state.catalogue();
        let all: Vec<_> = done
            .iter()
            .map(|(intent, outcome)| Done {
                operation: &intent.operation,
                outcome,
                inverse: intent.inverse.as_ref(),
                at: intent.at,
            })
            .collect();
        let calendar = |op: &Operation| {
            use Operation::{Book, CancelBooking, HandOver};
            matches!(op, CancelBooking { .. } | HandOver { .. } | Book { .. })
        };
        let bookings = match &link {
            Some(link) if done.iter().any(|(intent, _)| calendar(&intent.operation)) => {
                // Never an earlier scan: an operation of ours may be the last thing that happened.
                let since = now + std::time::Duration::from_millis(1);
                let read = state.bookings_of(link.account.id, since, || self.clock.now(), Lane::Normal).await;
                Some(read.map_err(PreviewError::Port)?.rows)
            }
            _ => None,
        };
        let applied =
            self.store.applied(identity, site).await.map_err(PreviewError::Store)?.unwrap_or_default();
        let undo = {
            let seating = state.seating.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            plan_undo(
                &all,
                &Today {
                    identity,
                    account: account.as_ref(),
                    doors: (&applied.doors, applied.door_holder.as_deref()),
                    bookings: bookings.as_deref(),
                    catalogue: &catalogue,
                    seating: &seating,
                    removal: &removal,
                    now,
                    because,
                },
            )
        };
        let present = Present::of(now, jiff::SignedDuration::ZERO);
        let somebody = Person { identity: known.identity, gone: known.gone_at, since: known.since, present };
        let mut applying = self.applying(&active, state, &somebody).await?;
        let demands = active.policy.demands();
        if !demands.is_empty() {
            let facts = Facts {
                account: account.as_ref(),
                applied: Some(&applied),
                gone: somebody.gone,
                since: somebody.since,
                manager_account: None,
                delegate_account: None,
                linked: link.as_ref().is_some_and(|link| link.ended_at.is_none()),
                over: false,
            };
            let full = active.bound.evaluate(&somebody.identity, &facts, now);
            let base = active.bound.evaluate_unasked(&somebody.identity, &facts, now);
            applying.asked = Asked::new(&full, &base, demands);
        }
        let person = somebody.identity.display_name();
        let Undo { steps, lost, moved, already, keep_away } = undo;
        let plan = seal::seal(Plan {
            id: PlanId::new(""),
            identity: identity.clone(),
            person: person.clone(),
            site: site.clone(),
            account: link.as_ref().map(|link| link.account.clone()),
            lane: Lane::Normal,
            steps,
            todos: Vec::new(),
            notices: Vec::new(),
            notes: Vec::new(),
            ending: None,
            review_at: None,
            policy: active.policy.seal().to_owned(),
            made_at: now,
            cleared: BTreeMap::new(),
        });
        let Gated { plan, new, .. } =
            self.gate_undo(&active, &somebody, plan, account.as_ref(), &catalogue, &applying);
        let plan = named(plan);
        let new = new.into_iter().map(|asked| Clearance { plan: plan.id.clone(), ..asked }).collect();
        let shown = UndoFor {
            identity: identity.clone(),
            person,
            site: site.clone(),
            plan,
            lost: texts(&lost),
            moved: texts(&moved),
            already,
            keep_away,
            operations: done.len(),
            open: None,
            standing: None,
        };
        Ok(Planned { shown, lost, moved, account, person: somebody, new, applying })
    }

    fn site_of_undo(&self, site: &SiteId) -> Result<&std::sync::Arc<SiteState>, PreviewError> {
        self.sites()
            .get(site)
            .ok_or_else(|| PreviewError::Other(format!("the settings have no site {site} any more")))
    }

    async fn apply_undo_for(
        &self,
        identity: &IdentityId,
        site: &SiteId,
        done: &[(Intent, Outcome)],
        because: &str,
    ) -> Result<UndoFor, PreviewError> {
        let state = self.site_of_undo(site)?;
        if !self.may_write(site) {
            return Err(PreviewError::Other(format!(
                "{site} is not signed off yet: nothing is written to it"
            )));
        }
        let (held, link) = self.hold(state, identity).await.map_err(PreviewError::Store)?;
        let mut planned = self.undo_for(identity, site, done, because).await?;
        let now = self.clock.now();
        let kept = self.keep_away(&planned.shown, &planned.applying.known, because, now).await?;
        let asked = self.asked_anew(&planned.new, &planned.shown.plan, now).await;
        self.write(asked.map_err(PreviewError::Store)?).await.map_err(PreviewError::Store)?;
        let plan = &planned.shown.plan;
        let waiting = plan.steps.len() - plan.open_steps().count();
        let title = match waiting {
            0 => format!("{} operations taken back", done.len()),
            _ => format!(
                "{} operations to take back: {waiting} of {} steps wait",
                done.len(),
                plan.steps.len()
            ),
        };
        let (sent, mut tail) = self.send(state, &mut planned, link, because, now).await?;
        let undo = planned.shown;
        let mut batch = std::mem::take(&mut tail.writes);
        batch.push(
            line(&identity.tenant, self.clock.now(), "undo", title)
                .about(identity, &undo.person)
                .site(site)
                .detail(because)
                .data(serde_json::json!({
                    "plan": undo.plan.id,
                    "clearance": kept,
                    "of": done.iter().map(|(intent, _)| &intent.id).collect::<Vec<_>>(),
                    "lost": undo.lost,
                    "moved": undo.moved,
                }))
                .write(),
        );
        self.write(batch).await.map_err(PreviewError::Store)?;
        let read_back = match sent {
            Ok(()) => self.read_back(undo, done, because, kept, now).await,
            Err(Stop::Again { error, .. } | Stop::Dead { error, .. }) => {
                Ok(UndoFor { open: Some(vec![error]), ..undo })
            }
            Err(stop) => Err(stop.into()),
        };
        // Only now: the look is to know what waits.
        let attend = Write::Attend {
            who: vec![identity.clone()],
            source: Source::Person,
            lane: Lane::Normal,
            due: now,
            why: because.to_owned(),
        };
        self.write(vec![attend]).await.map_err(PreviewError::Store)?;
        drop((held, tail));
        self.wake.notify_one();
        read_back
    }

    /// Says what became of it, by a read, and keeps what of it waits.
    async fn read_back(
        &self,
        mut undo: UndoFor,
        done: &[(Intent, Outcome)],
        because: &str,
        kept: Option<String>,
        now: Timestamp,
    ) -> Result<UndoFor, PreviewError> {
        let after = self.undo_for(&undo.identity, &undo.site, done, because).await?;
        undo.open = Some(after.shown.plan.steps.iter().flat_map(still_open).collect());
        let standing = self.keep_waiting(done, because, kept.clone(), &after).await;
        undo.standing = standing.map_err(PreviewError::Store)?;
        if undo.standing.as_ref().is_none_or(|standing| standing.state != UndoState::Waiting) {
            let left = away::not_taken_back(&after);
            let ended = self.keep_no_longer(kept.as_deref(), &left, now).await;
            ended.map_err(PreviewError::Store)?;
        }
        if after.shown.plan.steps.is_empty() {
            self.end_asked(&after.applying.known, because, now).await.map_err(PreviewError::Store)?;
        }
        Ok(undo)
    }

    /// No look of ours works on the same account meanwhile.
    async fn hold(
        &self,
        state: &SiteState,
        identity: &IdentityId,
    ) -> Result<(Held, Option<Link>), StoreFailure> {
        let link = self.store.link(identity, state.id()).await?;
        let mut names = BTreeSet::from([format!("identity {identity}")]);
        names.extend(link.as_ref().map(|link| format!("account {}", link.account.id)));
        Ok((state.lock(names).await, link))
    }

    /// Sends the steps that are open. Answers how that ended, and what is still to be written of it.
    async fn send(
        &self,
        state: &SiteState,
        planned: &mut Planned,
        mut link: Option<Link>,
        because: &str,
        now: Timestamp,
    ) -> Result<(Result<(), Stop>, Tail), PreviewError> {
        let Planned { shown: UndoFor { identity, plan, .. }, account, person, applying, .. } = planned;
        let item = WorkItem {
            identity: identity.clone(),
            generation: 0,
            lane: Lane::Normal,
            attempts: 0,
            raised_at: now,
            source: Source::Person,
            why: because.to_owned(),
            // Names this undo among all that were ever made of the same plan.
            fence: now.as_microsecond(),
        };
        let active = self.active();
        let scene = Scene { active: &active, person, site: state, item: &item };
        let mut applied: Applied =
            self.store.applied(identity, state.id()).await.map_err(PreviewError::Store)?.unwrap_or_default();
        let mut tail = Tail::default();
        let sent =
            self.apply(&scene, plan, account.as_ref(), &mut link, &mut applied, applying, &mut tail).await;
        Ok((sent, tail))
    }

    /// What an undo asked ends once all of it is taken back.
    async fn end_asked(
        &self,
        known: &[Clearance],
        because: &str,
        now: Timestamp,
    ) -> Result<(), StoreFailure> {
        for clearance in known.iter().filter(|known| !known.over && clearing::is_asked_by_undo(known)) {
            let open = clearance.state.is_open();
            let ended = Clearance {
                over: true,
                state: if open { ClearanceState::Cancelled } else { clearance.state },
                ended: if open { Some((now, because.to_owned())) } else { clearance.ended.clone() },
                ..clearance.clone()
            };
            match self.write(vec![Write::Clearance(Box::new(ended))]).await {
                // Somebody decided in this very moment: it stays as they left it.
                Ok(_) | Err(StoreFailure::ClearanceChanged(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        Ok(())
    }
}

/// An undo of one person in one site, planned and gated.
struct Planned {
    shown: UndoFor,
    /// Cannot come back, and changed by somebody since: as `shown` tells it, with the lines.
    lost: Vec<Left>,
    moved: Vec<Left>,
    account: Option<Account>,
    person: Person,
    /// Asked for the first time.
    new: Vec<Clearance>,
    applying: Applying,
}

fn texts(left: &[Left]) -> Vec<String> {
    left.iter().map(|one| one.what.clone()).collect()
}

/// What is still different, and what it waits for.
fn still_open(step: &Step) -> impl Iterator<Item = String> {
    let waits = match &step.gate {
        Gate::Open => String::new(),
        Gate::Held { until, why } => {
            format!(" ({why}: it goes on by itself from {} on)", until.strftime("%Y-%m-%d %H:%M UTC"))
        }
        Gate::Waiting { why, .. } => format!(" ({why}: it goes on by itself once that is decided)"),
        Gate::Blocked { why, .. } => format!(" ({why})"),
    };
    step.differences.iter().map(move |one| format!("{}{waits}", lanyard_plan::lines::sentence(one)))
}

/// The plan under the name of an undo.
fn named(plan: Plan) -> Plan {
    Plan { id: PlanId::new(format!("{UNDO}{}", plan.id).as_str()), ..plan }
}

/// Why lines are kept away, as a clearance says it.
fn because(by: &str, reason: &str) -> String {
    match reason {
        "" => format!("{UNDONE_BY}{by}"),
        reason => format!("{UNDONE_BY}{by}: {reason}"),
    }
}

const UNDONE_BY: &str = "undone by ";

/// Who took something back, and why, by what the clearance says that keeps it away.
pub fn undone_by(because: &str) -> Option<(&str, Option<&str>)> {
    let rest = because.strip_prefix(UNDONE_BY)?;
    Some(rest.split_once(": ").map_or((rest, None), |(by, reason)| (by, Some(reason))))
}

#[cfg(test)]
mod tests {
    use super::{because, undone_by};

    #[test]
    fn who_took_something_back_is_read_from_what_keeps_it_away() {
        assert_eq!(undone_by(&because("Olga", "")), Some(("Olga", None)));
        assert_eq!(undone_by(&because("Olga", "wrong floor: 9")), Some(("Olga", Some("wrong floor: 9"))));
        assert_eq!(undone_by("released by Rita"), None);
    }
}
