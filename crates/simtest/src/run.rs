//! Lives through one seed's history: the busy time with its faults and deaths, then quiet, then judgement.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use lanyard_engine::{
    Engine,
    loops::Surroundings,
    policies::{PolicyRefusal, Wish},
    ports::{ActivityFilter, Finding, Intent, Kept, Message, Notifier, Route, Silent, Store as _},
};
use lanyard_policy::PolicyFiles;
use lanyard_sim::{
    face::{Face as _, Inspect},
    faults::{Effect, Rule, Target},
    host::Vendor,
    scenario::audit::Record,
    world::Dice,
};
use lanyard_store::SqliteStore;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

mod occasions;

use crate::{
    auditor::{Evidence, Violation, judge},
    badge::Badges,
    company::Sides,
    folder,
    guards::{self, Ballots},
    history::{History, Steps},
    life::{Fences, Life, Outside},
    script::{Deed, MADE_UP, Plan, Script, Step},
    twin,
};

/// What to do with a history beside living it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Keep the journal's lines and each request among the events.
    pub journal: bool,
    /// Mark the points of the last life.
    pub marks: bool,
}

/// Lives through one seed.
pub fn run(seed: u64, options: Options) -> History {
    run_plan(Plan::of(seed), options)
}

/// Lives through a history made on purpose.
pub fn run_plan(plan: Plan, options: Options) -> History {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(live(plan, options))
}

struct Mailbox;

#[async_trait::async_trait]
impl Notifier for Mailbox {
    async fn send(&self, _message: &Message, _route: &Route) -> Result<(), String> {
        Ok(())
    }
}

/// The process that runs at the moment.
#[derive(Clone)]
struct Present {
    engine: Arc<Engine>,
    store: Arc<SqliteStore>,
    life: Arc<Life>,
}

struct Stage {
    sides: Sides,
    plan: Plan,
    options: Options,
    policy: PolicyFiles,
    /// What the running process works in; a death leaves it behind as a crash would.
    folder: Mutex<tempfile::TempDir>,
    present: Mutex<Option<Present>>,
    kills_left: Mutex<u32>,
    lives: Mutex<u32>,
    /// Points that each finished life passed; and when the first step began, in the first life.
    points: Mutex<Vec<u64>>,
    first_step: Mutex<u64>,
    commits: Mutex<u64>,
    deeds: Mutex<u64>,
    fences: Arc<Fences>,
    ballots: Ballots,
    /// When which policy was known to be in force: the edited one, or the first.
    published: Mutex<Vec<(Timestamp, bool)>>,
    events: Mutex<Vec<(Timestamp, String)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Longer than the longest pause between two attempts, and than any claim.
const CAUGHT_UP: jiff::SignedDuration = jiff::SignedDuration::from_mins(30);

impl Stage {
    fn tell(&self, words: String) {
        let now = self.sides.time.now();
        self.events.lock().unwrap_or_else(PoisonError::into_inner).push((now, words));
    }

    fn present(&self) -> Option<Present> {
        self.present.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The process that runs, waiting for one to be started.
    async fn present_soon(&self) -> Present {
        loop {
            if let Some(present) = self.present() {
                return present;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// Starts the process, and starts it again whenever it dies.
    async fn supervise(self: Arc<Self>) {
        let mut dice = Dice::new(self.plan.seed, "kills");
        loop {
            let number = {
                let mut lives = self.lives.lock().unwrap_or_else(PoisonError::into_inner);
                *lives += 1;
                *lives
            };
            let planned = self.plan.deaths.get(number as usize - 1).copied();
            let ends = planned.or_else(|| {
                let mut left = lock(&self.kills_left);
                let dies = *left > 0;
                *left = left.saturating_sub(1);
                // Early deaths hit the first sweep and recoveries, late ones the work between.
                let most = [150, 1500, 8000][dice.below(3) as usize];
                dies.then(|| u64::from(10 + dice.below(most)))
            });
            let outside = self.options.marks.then(|| {
                let network = Arc::clone(&self.sides.network);
                Box::new(move || network.progress()) as Outside
            });
            let life = Life::beside(ends, Arc::clone(&self.fences), outside);
            let store = self.sides.open_store(lock(&self.folder).path());
            let seed = self.plan.seed.wrapping_add(u64::from(number) << 32);
            let engine = self.sides.engine(&life, &store, &self.policy, &self.plan, seed);
            let present =
                Present { engine: Arc::clone(&engine), store: Arc::clone(&store), life: Arc::clone(&life) };
            *self.present.lock().unwrap_or_else(PoisonError::into_inner) = Some(present);
            self.sides.network.receive_with(Some((Arc::clone(&engine), Arc::clone(&life))));
            let hooks = if self.plan.hooks { self.sides.hooks() } else { Vec::new() };
            let (keep, stop) = watch::channel(false);
            let task = tokio::spawn(async move {
                // As the service does: nothing begins before what an earlier process left is known.
                let mut attempts = 0;
                while engine.load_memory().await.is_err() {
                    attempts += 1;
                    engine.clock().sleep(engine.settings().backoff(attempts, "load")).await;
                }
                engine.run(Surroundings { hooks, notifier: Arc::new(Mailbox) }, stop).await;
            });
            life.over().await;
            self.sides.network.receive_with(None);
            *self.present.lock().unwrap_or_else(PoisonError::into_inner) = None;
            let torn = dice.chance(300);
            self.leave_as_crashed(&store, torn.then(|| dice.bits()));
            task.abort();
            drop(keep);
            *lock(&self.commits) += life.commits();
            self.sides.weather.note("kill");
            let words = format!("the process is killed at its point {}", life.calls());
            self.tell(if torn { format!("{words}, in the middle of a write") } else { words });
            lock(&self.points).push(life.calls());
            tokio::time::sleep(Duration::from_secs(1 + u64::from(dice.below(120)))).await;
            self.tell("the process is started again".into());
        }
    }

    /// Puts the folder aside as it is at this moment, before the store can close in an orderly way.
    fn leave_as_crashed(&self, store: &SqliteStore, torn: Option<u64>) {
        let mut folder = lock(&self.folder);
        let next = folder::in_memory();
        if let Err(error) = folder::copy(folder.path(), next.path(), torn) {
            self.tell(format!("the folder could not be copied: {error}"));
        }
        store.close();
        *folder = next;
        if torn.is_some() {
            self.sides.weather.note("torn write");
        }
    }

    /// A life goes round in circles: the history cannot come to an end.
    fn gave_up(&self, start: Timestamp) -> History {
        let at = self.sides.time.now();
        self.sides.network.receive_with(None);
        let words = "the process does the same for ever, and time does not get on".to_owned();
        History {
            seed: self.plan.seed,
            plan: self.plan.clone(),
            events: std::mem::take(&mut *lock(&self.events)),
            hash: String::new(),
            violations: vec![Violation { invariant: "L4", at, words }],
            hits: BTreeMap::new(),
            missed: Vec::new(),
            checks: BTreeMap::new(),
            steps: Steps::default(),
            span: (0, 0),
            marks: Vec::new(),
            points: lock(&self.points).clone(),
            lives: *lock(&self.lives),
            writes: self.sides.network.sent().len(),
            simulated: Duration::try_from(at.duration_since(start)).unwrap_or_default(),
            ends: Default::default(),
            well_from: at,
            removals: Default::default(),
            strangers: Default::default(),
            away: Default::default(),
        }
    }

    /// People come and look what waits for their decision, at moments that the seed decides.
    async fn vote_for_ever(self: Arc<Self>) {
        let mut dice = Dice::new(self.plan.seed, "votes");
        loop {
            tokio::time::sleep(guards::pause(&mut dice)).await;
            let engine = self.present_soon().await.engine;
            self.ballots.vote(&engine, &mut dice, self.sides.time).await;
        }
    }

    async fn act(&self, deed: &Deed) -> Result<(), String> {
        *lock(&self.deeds) += 1;
        match deed {
            Deed::Pause(lasts) => {
                let life = self.present_soon().await.life;
                life.pause(true);
                self.sides.weather.note("pause");
                let (lasts, weather) = (*lasts, Arc::clone(&self.sides.weather));
                let since = self.sides.time.now();
                tokio::spawn(async move {
                    tokio::time::sleep(lasts).await;
                    life.pause(false);
                    weather.stood_still_since(since);
                });
                Ok(())
            }
            Deed::Jump { by, lasts } => {
                let weather = Arc::clone(&self.sides.weather);
                weather.note(if by.is_negative() { "clock back" } else { "clock ahead" });
                weather.push_clock(*by);
                let (by, lasts) = (*by, *lasts);
                tokio::spawn(async move {
                    tokio::time::sleep(lasts).await;
                    weather.push_clock(-by);
                });
                Ok(())
            }
            Deed::Blow { name, index, command, end } => {
                self.sides.command(Vendor::Okta, *index, command)?;
                self.sides.weather.note(name);
                if let Some((lasts, command)) = end.clone() {
                    let (network, time) = (Arc::clone(&self.sides.network), self.sides.time);
                    let index = *index;
                    tokio::spawn(async move {
                        tokio::time::sleep(lasts).await;
                        let desk = network.desk(Vendor::Okta, index);
                        // It may have been ended before: then there is nothing to end.
                        let _ = desk.with(|face| face.command(&command, time.now()));
                    });
                }
                Ok(())
            }
            Deed::Command { vendor, index, command } => {
                self.sides.command(*vendor, *index, command).map(|_| ())
            }
            Deed::Publish { edited } => {
                let files = if *edited { guards::edited(&self.policy) } else { self.policy.clone() };
                // The editor tries until it holds, and is told when it does already.
                loop {
                    let engine = self.present_soon().await.engine;
                    let wish = Wish { by: "an editor", reason: "simulated", expected: None };
                    let publish = engine.publish_policy(&files, wish);
                    match tokio::time::timeout(Duration::from_secs(30), publish).await {
                        Ok(Ok(_) | Err(PolicyRefusal::Same(_))) => break,
                        Ok(Err(PolicyRefusal::Mistakes(problems))) => return Err(problems.render()),
                        Ok(Err(_)) | Err(_) => tokio::time::sleep(Duration::from_secs(5)).await,
                    }
                }
                lock(&self.published).push((self.sides.time.now(), *edited));
                Ok(())
            }
            Deed::Kill => {
                self.present_soon().await.life.end();
                Ok(())
            }
            Deed::Sweep => {
                let engine = self.present_soon().await.engine;
                tokio::spawn(async move {
                    let _ = engine.sweep(None, "somebody asked for it", &Silent).await;
                });
                Ok(())
            }
            Deed::Stop | Deed::Resume => {
                let pressed = matches!(deed, Deed::Stop);
                if !pressed {
                    self.sides.network.note_stopped(None);
                }
                // The presser tries until it holds.
                loop {
                    let engine = self.present_soon().await.engine;
                    let press = engine.set_stopped(pressed, "somebody");
                    if let Ok(Ok(())) = tokio::time::timeout(Duration::from_secs(5), press).await {
                        break;
                    }
                }
                if pressed {
                    self.sides.network.note_stopped(Some(self.sides.time.now()));
                }
                Ok(())
            }
        }
    }

    /// A sweep of everything that must succeed.
    async fn sweep(&self, why: &str) -> Result<(), String> {
        let engine = self.present_soon().await.engine;
        let sweep = tokio::time::timeout(Duration::from_secs(7200), engine.sweep(None, why, &Silent)).await;
        match sweep {
            Ok(Ok(report)) => {
                let differing = report.differing;
                self.tell(format!(
                    "swept ({why}): {differing} differ, certified {}, {}",
                    report.certified,
                    report.doubts.join("; ")
                ));
                Ok(())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("it did not end within two hours".into()),
        }
    }
}

async fn live(plan: Plan, options: Options) -> History {
    let mut sides = Sides::open(&plan.world, plan.preset, plan.seed, plan.fronts.clone());
    sides.badges = plan.guards.doors.then(|| Badges::new(plan.seed, !plan.is_calm()));
    for desk in sides.network.desks() {
        tokio::spawn(Arc::clone(&sides.network).pump(desk));
    }
    let script = Script::of(&plan, &sides.company);
    let policy = {
        let _hushed = sides.weather.hush();
        sides.draw_policy(&plan, &script).await
    };
    let start = sides.time.now();
    let stage = Arc::new(Stage {
        kills_left: Mutex::new(plan.kills),
        sides,
        policy,
        options,
        folder: Mutex::new(folder::in_memory()),
        plan,
        present: Mutex::new(None),
        lives: Mutex::new(0),
        points: Mutex::default(),
        first_step: Mutex::new(0),
        commits: Mutex::new(0),
        deeds: Mutex::new(0),
        fences: Arc::default(),
        ballots: Ballots::default(),
        published: Mutex::default(),
        events: Mutex::default(),
    });
    let fences = Arc::clone(&stage.fences);
    tokio::select! {
        biased;
        history = play(Arc::clone(&stage), script, start) => history,
        () = fences.ran_away() => stage.gave_up(start),
    }
}

async fn play(stage: Arc<Stage>, script: Script, start: Timestamp) -> History {
    let options = stage.options;
    if options.journal {
        stage.sides.network.tell_requests();
    }
    for rule in &stage.plan.faults {
        stage.tell(format!("to go wrong: {}", rule.name));
    }
    for front in &stage.plan.fronts {
        let (from, until) = (front.from.as_secs(), front.until.as_secs());
        stage.tell(format!("to go wrong: {} p={} {from}s-{until}s", front.mishap.name(), front.probability));
    }
    let desks = stage.sides.network.desks();
    for desk in &desks {
        desk.with(|face| face.add(&stage.plan.faults, start));
    }
    stage.sides.network.let_sites_ask_for(stage.plan.site_waits);
    stage.sides.network.fail_writes(stage.plan.write_faults.iter().copied());
    stage.sides.network.fail_made(stage.plan.made_faults.iter().copied());
    let poison: Vec<Rule> = script.poisoned.iter().map(|(_, rule)| rule.clone()).collect();
    for desk in &desks {
        desk.with(|face| face.add(&poison, start));
    }
    let supervisor = tokio::spawn(Arc::clone(&stage).supervise());
    let voters = stage.plan.guards.approval.then(|| tokio::spawn(Arc::clone(&stage).vote_for_ever()));
    for step in &script.steps {
        stage.sides.time.sleep_until(start + step.after).await;
        let is_first = *lock(&stage.first_step) == 0;
        if let (true, Some(present)) = (is_first, stage.present()) {
            *lock(&stage.first_step) = present.life.calls();
        }
        stage.do_step(step).await;
    }
    stage.sides.time.sleep_until(start + stage.plan.busy_for).await;
    let missed = stage.insist().await;

    // Faults stop.
    *lock(&stage.kills_left) = 0;
    stage.sides.network.let_sites_ask_for(0);
    stage.sides.network.fail_writes([]);
    stage.sides.network.fail_made([]);
    let (at_end, marks) =
        stage.present().map_or((0, Vec::new()), |present| (present.life.calls(), present.life.marks()));
    let mut hits: BTreeMap<String, u64> = BTreeMap::new();
    for desk in &desks {
        let now = stage.sides.time.now();
        for report in desk.with(|face| face.report(now)) {
            let kind = kind_of(report.target, report.effect);
            *hits.entry(kind).or_default() += report.hits;
        }
        desk.with(|face| {
            face.remove(None);
            face.add(&poison, now);
        });
    }
    // Whoever agreed to something later would make writes where none are awaited. They go on looking.
    stage.ballots.vote_no_more();
    stage.sides.badges.iter().for_each(|badges| badges.calm_down());
    hits.retain(|_, count| *count > 0);
    stage.end_blows(&script);
    if let Some(present) = stage.present() {
        present.life.spare();
        present.life.pause(false);
    }
    // Whoever is dead at this moment lives again soon.
    stage.present_soon().await.life.spare();
    let resumed = stage.act(&Deed::Resume).await;
    debug_assert!(resumed.is_ok());
    let faults_ended = stage.sides.time.now();
    stage.tell("nothing goes wrong any more".into());
    let mut problems = Vec::new();
    // What was to be tried again by a clock that ran ahead is as much later now that it is right.
    let quiet_for = jiff::SignedDuration::try_from(stage.plan.quiet_for).unwrap_or_default();
    let ahead = stage.sides.weather.machine().most_ahead();
    let quiet_until = faults_ended + quiet_for.max(ahead + CAUGHT_UP);
    for step in &script.afterwards {
        let at = faults_ended + jiff::SignedDuration::try_from(step.after).unwrap_or_default();
        // A history of one story is quiet for a shorter time.
        if at < quiet_until {
            stage.sides.time.sleep_until(at).await;
            stage.do_step(step).await;
        }
    }
    stage.sides.time.sleep_until(quiet_until).await;
    for why in ["first full pass", "second full pass"] {
        problems.extend(stage.sweep(why).await.err().map(|error| format!("{why}: {error}")));
        tokio::time::sleep(PASS.min(stage.plan.quiet_for)).await;
    }
    // Days begin on full and half hours: nothing changes by itself in the window that is watched for writes.
    to_minute(&stage.sides, 32).await;
    let before = stage.sides.network.sent().len();
    problems.extend(stage.sweep("idle pass").await.err().map(|error| format!("idle pass: {error}")));
    to_minute(&stage.sides, 58).await;
    let idle_writes: Vec<_> = stage.sides.network.sent().split_off(before);

    let present = stage.present_soon().await;
    let findings: Vec<Finding> = present.store.findings(10_000).await.unwrap_or_default();
    let records: Vec<Record> = desks
        .iter()
        .map(|desk| Record {
            desk: desk.name,
            state: desk.inspect(Inspect::State),
            journal: desk.inspect(Inspect::Journal),
            calls: desk.inspect(Inspect::Calls),
        })
        .collect();
    let now = stage.sides.time.now();
    let sent = stage.sides.network.sent();
    let (reads, lies) = (stage.sides.network.reads(), stage.sides.network.lies());
    let heard = stage.sides.network.heard();
    let lines = all_lines(&present.store).await;
    let watch = &stage.sides.network.watch;
    let doors = stage.sides.badges.as_ref().map(|badges| badges.told()).unwrap_or_default();
    let open = present.store.open_intents(None).await.unwrap_or_default();
    let evidence = Evidence {
        company: &stage.sides.company,
        plan: &stage.plan,
        script: &script,
        records: &records,
        sent: &sent,
        reads: &reads,
        lies: &lies,
        heard: &heard,
        idle_writes: &idle_writes,
        findings: &findings,
        problems: &problems,
        start,
        faults_ended,
        now,
        damaged_journal: present
            .store
            .verify_journal()
            .await
            .unwrap_or_else(|failure| Some(failure.to_string())),
        open_intents: open.iter().map(|open| told_intent(&open.intent)).collect(),
        lines: &lines,
        watch,
        fences: stage.fences.told(),
        ballots: &stage.ballots,
        doors: &doors,
        machine: stage.sides.weather.machine(),
        published: lock(&stage.published).clone(),
        kept: folder::bytes(lock(&stage.folder).path()),
    };
    let verdict = judge(&evidence);
    let mut violations = verdict.violations;
    for kind in &missed {
        violations.push(Violation {
            invariant: "swarm",
            at: faults_ended,
            words: format!("{kind} was meant to strike and did not"),
        });
    }
    if options.journal {
        stage.tell_journal(&lines, &records);
    }
    let hash = hash(&present.store, &records).await;
    supervisor.abort();
    if let Some(voters) = voters {
        voters.abort();
    }
    // The network answers hooks with an engine that calls through the network: neither would ever be freed.
    stage.sides.network.receive_with(None);
    for (name, count) in stage.sides.weather.hits() {
        *hits.entry(name.to_owned()).or_default() += count;
    }
    let events = std::mem::take(&mut *lock(&stage.events));
    let lives = *lock(&stage.lives);
    let (exchanges, deliveries) = stage.sides.network.traffic();
    let commits = *lock(&stage.commits) + present.life.commits();
    let deeds = *lock(&stage.deeds);
    History {
        seed: stage.plan.seed,
        plan: stage.plan.clone(),
        events,
        hash,
        violations,
        hits,
        missed,
        checks: verdict.checks,
        steps: Steps { exchanges, deliveries, commits, deeds },
        span: (*lock(&stage.first_step), at_end),
        marks,
        points: lock(&stage.points).clone(),
        lives,
        writes: sent.len(),
        simulated: Duration::try_from(now.duration_since(start)).unwrap_or_default(),
        ends: twin::ends(&records),
        well_from: faults_ended + MADE_UP,
        removals: verdict.removals,
        strangers: verdict.strangers,
        away: verdict.away,
    }
}

fn told_intent(intent: &Intent) -> (String, String) {
    let words =
        format!("{} {} in {} since {}", intent.operation.name(), intent.identity, intent.site, intent.at);
    (intent.identity.user.to_string(), words)
}

/// A kind of fault in words, the same for every place where it is counted.
fn kind_of(target: Target, effect: Effect) -> String {
    let side = match target {
        Target::Okta => "okta",
        Target::Ioffice => "ioffice",
        Target::Badge => "badge",
        Target::Hook => "hook",
        Target::Scim => "scim",
    };
    format!("{side} {effect:?}").to_lowercase()
}

impl Stage {
    async fn do_step(&self, step: &Step) {
        let refused = self.act(&step.deed).await.err();
        self.tell(format!(
            "{}{}",
            step.words,
            refused.map(|why| format!(": refused: {why}")).unwrap_or_default()
        ));
    }

    /// What was done to rights, clock and log is over.
    fn end_blows(&self, script: &Script) {
        self.sides.weather.clear();
        self.sides.weather.right_clock();
        for step in &script.steps {
            if let Deed::Blow { index, command, end, .. } = &step.deed {
                let over = match (end, command["do"].as_str()) {
                    (Some((_, end)), _) => end.clone(),
                    (None, Some("read_only" | "exhaust_bucket")) => {
                        let mut over = command.clone();
                        over["for_seconds"] = 0.into();
                        over
                    }
                    _ => continue,
                };
                let _ = self.sides.command(Vendor::Okta, *index, &over);
            }
        }
    }
}

/// Between two full passes.
const PASS: Duration = Duration::from_secs(15 * 60);

/// The whole journal, oldest first.
async fn all_lines(store: &SqliteStore) -> Vec<Kept> {
    let mut lines = Vec::new();
    let mut after = 0;
    loop {
        let filter = ActivityFilter { after: Some(after), limit: 1000, ..Default::default() };
        let Ok(kept) = store.activity(&filter).await else { return lines };
        let Some(last) = kept.last() else { return lines };
        after = last.seq;
        lines.extend(kept);
    }
}

impl Stage {
    /// Adds the engine's journal, its requests and the sites' writes to the events.
    fn tell_journal(&self, kept: &[Kept], records: &[Record]) {
        let mut lines: Vec<_> = self.sides.network.told_requests();
        for (_, words) in &mut lines {
            *words = format!("        {words}");
        }
        for line in kept {
            let entry = &line.entry;
            let who = entry.identity.as_ref().map(ToString::to_string).unwrap_or_default();
            let person = entry.person.as_deref().unwrap_or_default();
            lines.push((
                entry.at,
                format!("    {} {who} {person} {} {} {}", entry.kind, entry.title, entry.detail, entry.data),
            ));
        }
        for record in records.iter().filter(|record| record.desk.vendor == Vendor::Ioffice) {
            for entry in record.journal.as_array().into_iter().flatten() {
                let at = entry["at"].as_str().and_then(|at| at.parse().ok()).unwrap_or_default();
                let words = format!(
                    "      {} {} {} {}",
                    record.desk, entry["caller"]["name"], entry["method"], entry["path"]
                );
                lines.push((at, format!("{words} {}", changed(&entry["before"], &entry["after"]))));
            }
        }
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        events.extend(lines);
        events.sort_by_key(|(at, _)| *at);
    }
}

/// The members that differ.
fn changed(before: &serde_json::Value, after: &serde_json::Value) -> String {
    let none = serde_json::Map::new();
    let (old, new) = (before.as_object().unwrap_or(&none), after.as_object().unwrap_or(&none));
    let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differ = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let text = |value: Option<&serde_json::Value>| value.map_or_else(|| "-".to_owned(), ToString::to_string);
    differ
        .map(|name| format!("{name}: {} -> {}", text(old.get(name)), text(new.get(name))))
        .collect::<Vec<_>>()
        .join(", ")
}

async fn to_minute(sides: &Sides, minute: i8) {
    let now = sides.time.now().to_zoned(TimeZone::UTC);
    let ahead = (i64::from(minute) - i64::from(now.minute())).rem_euclid(60);
    tokio::time::sleep(Duration::from_secs(60 * ahead as u64)).await;
}

async fn hash(store: &SqliteStore, records: &[Record]) -> String {
    let mut hasher = Sha256::new();
    for head in store.tree_heads().await.unwrap_or_default() {
        hasher.update(format!("{} {} {}\n", head.tenant, head.size, head.root));
    }
    for record in records {
        hasher.update(record.journal.to_string());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
