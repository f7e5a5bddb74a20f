//! Plays the day: at once for a summary, or chapter by chapter for people who watch; and lets them act.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{Engine, clock::Clock, intake::gap_beyond};
use lanyard_model::{id::TenantId, identity::Status};
use lanyard_sim::{
    face::Inspect,
    host::{Desk, Vendor},
    scenario::{Day, Step, Topic},
};
use lanyard_web::DemoControl;
use serde_json::{Value, json};

use super::clock::{DemoClock, SharedClock};

/// Nothing due for this long on the day's clock counts as quiet.
const QUIET: SignedDuration = SignedDuration::from_mins(4);
/// A day that does not come to rest within this many looks at it is told as it is.
const PATIENCE: u32 = 400;
/// Looks, 5 ms apart, whether the logs were read.
const READ_TRIES: u32 = 100;

/// Plays one day.
pub struct Director {
    day: Arc<Day>,
    desks: Vec<Arc<Desk>>,
    time: Arc<DemoClock>,
    engine: Arc<Engine>,
    /// Tenants in the order of the stand-ins of Okta.
    orgs: Vec<TenantId>,
    played: Mutex<Vec<Played>>,
    acted: AtomicU32,
}

#[derive(Clone)]
struct Played {
    done: bool,
    wrong: Vec<String>,
}

impl Director {
    pub fn new(
        day: Arc<Day>,
        desks: Vec<Arc<Desk>>,
        time: Arc<DemoClock>,
        engine: Arc<Engine>,
        orgs: Vec<TenantId>,
    ) -> Self {
        Self { day, desks, time, engine, orgs, played: Mutex::default(), acted: AtomicU32::new(0) }
    }

    fn clock(&self) -> SharedClock {
        SharedClock(Arc::clone(&self.time))
    }

    fn now(&self) -> Timestamp {
        Clock::now(&self.clock())
    }

    /// Does what the step says; answers what the stand-ins refused.
    fn play(&self, step: &Step) -> Vec<String> {
        let clock = self.clock();
        let _busy = Clock::busy(&clock);
        let wrong: Vec<_> = step.acts.iter().filter_map(|act| act.apply(&self.desks, &clock).err()).collect();
        self.played
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Played { done: false, wrong: wrong.clone() });
        wrong
    }

    /// What went wrong while playing: a story that cannot be told is no proof.
    pub fn refused(&self) -> Vec<String> {
        self.played
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .flat_map(|p| p.wrong.clone())
            .collect()
    }

    /// Plays the whole day on a clock that skips idle time, and waits until everything is at rest.
    pub async fn run_day_at_once(&self, tell: &dyn Fn(&Step)) {
        self.rest().await;
        for step in &self.day.steps {
            Clock::sleep_until(&self.clock(), step.at).await;
            tell(step);
            for wrong in self.play(step) {
                tracing::error!(wrong, "a step of the day could not be played");
            }
        }
        self.rest().await;
        // What only a full comparison can see (somebody leaves, and a dispute about an address with them) is seen now.
        if let Err(error) = self.engine.sweep(None, "the day is over", &lanyard_engine::ports::Silent).await {
            tracing::error!(%error, "the closing comparison failed");
        }
        self.rest().await;
    }

    /// Waits until nothing is due, under way, or about to become due.
    async fn rest(&self) {
        let mut quiet_seen = 0;
        for _ in 0..PATIENCE {
            Clock::sleep(&self.clock(), Duration::from_secs(60)).await;
            if self.is_quiet(QUIET).await && self.has_swept().await {
                quiet_seen += 1;
                if quiet_seen >= 3 {
                    return;
                }
            } else {
                quiet_seen = 0;
            }
        }
    }

    async fn has_swept(&self) -> bool {
        self.engine.store().sweeps(None, 1).await.is_ok_and(|sweeps| !sweeps.is_empty())
    }

    async fn is_quiet(&self, ahead: SignedDuration) -> bool {
        let now = self.now();
        let store = self.engine.store();
        let (Ok(counts), Ok(next)) = (store.work_counts(None, now).await, store.next_due().await) else {
            return false;
        };
        counts.due == 0 && counts.leased == 0 && next.is_none_or(|at| at.duration_since(now) > ahead)
    }

    /// Plays chapter by chapter at real speed: when a chapter is over and seen, the clock moves to the next.
    /// `hurry` skips idle time until the first comparison is worked off. A `still` day is not played at all.
    pub async fn run_day_for_people(
        self: Arc<Self>,
        hurry: tokio::task::JoinHandle<()>,
        begins: Timestamp,
        still: bool,
    ) {
        while !self.has_swept().await || !self.is_quiet(SignedDuration::from_secs(30)).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        hurry.abort();
        // What people do before the stand-ins' own morning would lie in the past of everything that is there.
        self.pass_to(begins).await;
        if still {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(Duration::from_secs(8)).await;
        for step in &self.day.steps {
            loop {
                let now = self.now();
                if now >= step.at {
                    break;
                }
                // What is held until then comes first.
                let held = self.engine.store().next_due().await.ok().flatten();
                let next = held.filter(|at| *at > now).map_or(step.at, |at| at.min(step.at));
                self.pass_to(next).await;
                self.seen().await;
            }
            self.play(step);
            self.seen().await;
            tokio::time::sleep(Duration::from_secs(6)).await;
            if let Some(last) = self.played.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
                last.done = true;
            }
        }
        std::future::pending::<()>().await;
    }

    /// Lets time pass until then, in strides after each of which the logs are read: one leap would be an outage of ours to whoever
    /// asks when they were.
    async fn pass_to(&self, until: Timestamp) {
        let stride = gap_beyond(Duration::ZERO) * 3 / 4;
        while self.now() < until {
            let next = (self.now() + stride).min(until);
            self.time.move_to(next);
            let is_read = |tenant| self.engine.polled_at(tenant).is_some_and(|at| at >= next);
            // An org that answers nothing is not waited for.
            for _ in 0..READ_TRIES {
                if self.orgs.iter().all(is_read) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }

    /// Waits a little for things to settle, at real speed.
    async fn seen(&self) {
        for _ in 0..120 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if self.is_quiet(SignedDuration::from_secs(1)).await {
                return;
            }
        }
    }

    fn desk(&self, vendor: Vendor, index: usize) -> Result<&Arc<Desk>, String> {
        self.desks
            .iter()
            .find(|desk| desk.name().vendor == vendor && desk.name().index == index)
            .ok_or_else(|| "there is no such stand-in".to_owned())
    }

    /// Somebody plainly employed, another one each time.
    async fn somebody(&self) -> Result<(usize, String, String), String> {
        let nth = self.acted.fetch_add(1, Ordering::SeqCst) as usize;
        let turns = self.orgs.iter().enumerate().cycle().skip(nth % self.orgs.len().max(1));
        for (index, tenant) in turns.take(self.orgs.len()) {
            let people =
                self.engine.store().identities(tenant, None, 500).await.map_err(|e| e.to_string())?;
            let active: Vec<_> = people
                .iter()
                .filter(|p| p.identity.status == Status::Active && p.gone_at.is_none())
                .collect();
            if let Some(person) = active.get((nth * 37 + 11) % active.len().max(1)) {
                return Ok((index, person.identity.id.user.to_string(), person.identity.display_name()));
            }
        }
        Err("nobody is left to act on".into())
    }
}

/// What the chapter shows, in a sentence. Nothing is promised of a `prelude`.
fn detail(topic: Topic, prelude: bool) -> &'static str {
    match topic {
        Topic::Termination if prelude => "what somebody books goes when they do",
        Topic::Joiner => "profile, roles, a place and the door are ready before the first day",
        Topic::DepartmentMove => "group rules move them in two halves; nothing is revoked in between",
        Topic::Leave => "leave is not termination: permissions and doors pause, seat and account stay",
        Topic::ReturnFromLeave => "what was paused comes back",
        Topic::Termination => {
            "the doors shut first, access is taken back at once, bookings are cancelled, all of it read back"
        }
        Topic::OneOrgTermination => "they still work for the other company: nothing is taken away",
        Topic::ContractEnd => "nobody does anything; the end date alone ends the access",
        Topic::MergedAccount => "two accounts became one; the remembered link still finds it",
        Topic::Rename => "name, login and e-mail change; the account stays the same",
        Topic::HandEdit => "somebody edits iOffice by hand; what no rule owns survives",
        Topic::HookOutage => "hooks are lost; the log notices",
        Topic::QuotaStorm => "both services refuse calls; the work slows down and nothing is lost",
        Topic::ProfileUpdate => "only the changed value is written",
    }
}

#[async_trait::async_trait]
impl DemoControl for Director {
    fn story(&self) -> Value {
        let played = self.played.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let states = |vendor| -> Vec<Value> {
            let desks = self.desks.iter().filter(|desk| desk.name().vendor == vendor);
            desks.map(|desk| desk.inspect(Inspect::State).unwrap_or_default()).collect()
        };
        let findings = if played.is_empty() {
            Vec::new()
        } else {
            self.day.verify(&states(Vendor::Ioffice), states(Vendor::Badge).first())
        };
        let tenants: Vec<_> = self.engine.directories().keys().collect();
        let story: Vec<_> = self
            .day
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| {
                let state = match played.get(index) {
                    Some(Played { done: true, .. }) => "done",
                    Some(_) => "happening",
                    None => "upcoming",
                };
                let mut people: Vec<Value> = Vec::new();
                for player in step.expect.iter().map(|expectation| &expectation.who) {
                    if let (Some(id), Some(tenant)) = (&player.okta_id, tenants.get(usize::from(player.org)))
                        && !people.iter().any(|known| known["id"] == **id)
                    {
                        people.push(json!({ "tenant": tenant, "id": id, "name": player.name }));
                    }
                }
                let expects: Vec<_> = step
                    .expect
                    .iter()
                    .map(|expectation| {
                        let broken = findings.iter().any(|f| {
                            f.step == step.words
                                && f.expected == expectation.words
                                && f.who == expectation.who.name
                        });
                        let ok = match (state, broken) {
                            ("upcoming", _) | ("happening", true) => Value::Null,
                            (_, broken) => Value::Bool(!broken),
                        };
                        json!({ "text": expectation.words, "ok": ok })
                    })
                    .collect();
                json!({
                    "at": step.at,
                    "title": step.words,
                    "detail": detail(step.topic, step.expect.is_empty()),
                    "people": people,
                    "state": state,
                    "expects": expects,
                })
            })
            .collect();
        json!({ "clock": self.now(), "speed": 1, "story": story })
    }

    async fn act(&self, kind: &str) -> Result<Value, String> {
        let nth = self.acted.load(Ordering::SeqCst);
        match kind {
            "hire" => {
                let tenant = self.orgs.first().ok_or("there is no tenant")?;
                let groups = self.engine.store().groups(tenant).await.map_err(|e| e.to_string())?;
                let group = groups
                    .iter()
                    .find(|g| &*g.name == "APP-iOffice-Users")
                    .ok_or("there is no group of users")?;
                self.acted.fetch_add(1, Ordering::SeqCst);
                let start =
                    self.now().checked_add(SignedDuration::from_hours(48)).map_err(|e| e.to_string())?;
                let login = format!("newcomer{nth}@demo.example");
                let command = json!({
                    "do": "create_user",
                    "activate": true,
                    "groups": [group.id],
                    "profile": {
                        "login": login, "email": login, "firstName": "New", "lastName": format!("Comer {}", nth + 1),
                        "employeeNumber": format!("99{:04}", nth + 100), "department": "Finance", "title": "Analyst",
                        "userType": "Employee", "startDate": start.strftime("%Y-%m-%d").to_string(),
                    },
                });
                let made = self.desk(Vendor::Okta, 0)?.command(&command)?;
                Ok(
                    json!({ "person": { "tenant": tenant, "id": made["id"], "name": format!("New Comer {}", nth + 1) } }),
                )
            }
            "move" | "leave" | "terminate" => {
                let (org, user, name) = self.somebody().await?;
                let command = match kind {
                    "move" => {
                        json!({ "do": "update_profile", "user": user, "profile": { "department": "Legal", "title": "Counsel" } })
                    }
                    "leave" => json!({ "do": "suspend", "user": user }),
                    _ => json!({ "do": "deactivate", "user": user }),
                };
                self.desk(Vendor::Okta, org)?.command(&command)?;
                let tenant = self.orgs.get(org);
                Ok(json!({ "person": { "tenant": tenant, "id": user, "name": name } }))
            }
            "hook_outage" | "storm" => {
                let topic = if kind == "storm" { Topic::QuotaStorm } else { Topic::HookOutage };
                let step = self
                    .day
                    .steps
                    .iter()
                    .find(|step| step.topic == topic && !step.acts.is_empty())
                    .ok_or("the day has no such step")?;
                let clock = self.clock();
                for act in &step.acts {
                    act.apply(&self.desks, &clock)?;
                }
                Ok(json!({}))
            }
            other => Err(format!("{other} is not something the demo can do")),
        }
    }
}
