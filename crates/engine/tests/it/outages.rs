//! An outage costs its own length and no more, and costs only those whom it concerns.

use std::{collections::VecDeque, sync::Arc, time::Duration};

use lanyard_engine::{
    loops::Surroundings,
    ports::{Message, Notifier, PortFailure, Route, Store},
};
use tokio::sync::watch;

use crate::{
    bench::{World, at, person, set},
    fakes::Fault,
};

fn down(upstream: &str) -> Option<PortFailure> {
    Some(PortFailure::Unavailable { upstream: upstream.into(), reason: "down".into() })
}

#[tokio::test]
async fn whoever_waits_for_a_site_goes_on_when_it_answers() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    world.hq.change(|s| s.failure = down("hq"));
    world.say(person("acme", "ben", "Ben", "0418")).await;
    world.leave(&id).await;
    // Long enough for the pauses to have grown to minutes.
    world.quiet_for(Duration::from_secs(900)).await;
    let due = world.store.next_due().await.unwrap().unwrap();
    assert!(due > world.now() + Duration::from_secs(20), "they wait: {due}");
    world.engine.ask_again().await;
    assert_eq!(world.store.next_due().await.unwrap(), Some(due), "it is still down");
    world.hq.change(|s| s.failure = None);
    world.engine.ask_again().await;
    let engine = Arc::clone(&world.engine);
    engine.work_until_quiet().await;
    assert_eq!(
        world.shown(),
        "ana@acme.example inactive\nben@acme.example seat 11 CUSTOMER in 51\n",
        "without the clock having moved"
    );
    let asked = world.hq.change(|s| s.probes);
    world.engine.ask_again().await;
    assert_eq!(world.hq.change(|s| s.probes), asked, "nobody waits, nobody asks");
}

#[tokio::test]
async fn a_look_that_is_tried_again_was_needed_once() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    let counted = |world: &World| {
        let totals = world.engine.latency.totals();
        (totals.looks, totals.needed, totals.account_looks, totals.changes)
    };
    world.hq.change(|s| s.failure = down("hq"));
    world.say(ana).await;
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (1, 0, 0, 0), "broken off by a site that is down");
    world.hq.change(|s| s.failure = None);
    world.clock.pass(Duration::from_secs(60));
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (2, 1, 1, 1), "looks, needed, accounts read, read-backs");
    let writes = world.engine.latency.totals().writes;
    world.hq.change(|s| s.faults_of.insert("update", VecDeque::from([Fault::NotDone])));
    world.alter(&id, |p| set(p, "department", "Legal")).await;
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (3, 1, 1, 1), "nothing was accepted, so nothing is read back");
    world.clock.pass(Duration::from_secs(60));
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (4, 2, 2, 2));
    assert_eq!(world.engine.latency.totals().writes, writes + 1);
}

#[tokio::test]
async fn a_look_that_was_answered_before_and_finds_nothing_was_not_needed() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let counted = |world: &World| {
        let totals = world.engine.latency.totals();
        (totals.looks, totals.needed, totals.account_looks)
    };
    assert_eq!(counted(&world), (1, 1, 1));
    let heard = world.now();
    world.clock.pass(Duration::from_secs(10));
    world.signal(&id, false).await;
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (2, 2, 2), "an event may tell of anything, also where nothing is to be done");
    // It came while she was being looked at: what was read after it shows what it told of.
    world.signal_heard_at(&id, heard).await;
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (3, 2, 2));
    // Where the read had not shown it yet, the look was needed.
    world.acme.change(|state| set(state.people.get_mut("ana").unwrap(), "department", "Legal"));
    world.signal_heard_at(&id, heard).await;
    Arc::clone(&world.engine).work_until_quiet().await;
    assert_eq!(counted(&world), (4, 3, 3));
}

#[tokio::test]
async fn a_kill_during_an_outage_makes_nobody_wait_longer() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    world.hq.change(|s| s.failure = down("hq"));
    world.say(person("acme", "ben", "Ben", "0418")).await;
    world.leave(&id).await;
    world.quiet_for(Duration::from_secs(900)).await;
    let due = world.store.next_due().await.unwrap().unwrap();
    assert!(due > world.now() + Duration::from_secs(20), "their pauses have grown: {due}");
    // Killed, and started again when the site answers.
    world.hq.change(|s| s.failure = None);
    world.restarted().await;
    let restarted_at = world.now();
    let (stop, stopping) = watch::channel(false);
    let surroundings = Surroundings { hooks: Vec::new(), notifier: Arc::new(Nobody) };
    let running = tokio::spawn(Arc::clone(&world.engine).run(surroundings, stopping));
    let wanted = "ana@acme.example inactive\nben@acme.example seat 11 CUSTOMER in 51\n";
    for _ in 0..1000 {
        if world.shown() == wanted {
            break;
        }
        tokio::task::yield_now().await;
        world.clock.pass(Duration::from_millis(10));
    }
    assert_eq!(world.shown(), wanted);
    let waited = world.now().duration_since(restarted_at);
    assert!(waited < jiff::SignedDuration::from_secs(10), "{waited:?} after the start");
    stop.send(true).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn a_calendar_of_which_we_see_only_our_own_part_proves_nothing() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    world.hq.change(|s| s.rights_in_bookings = Some(false));
    world.leave(&id).await;
    world.quiet_for(Duration::from_secs(200)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n", "access goes all the same");
    assert!(world.findings().await.contains(&"credential:hq".to_owned()), "{:?}", world.findings().await);
    assert!(world.store.leavers(true, 9).await.unwrap().len() == 1, "not verified gone");
    world.hq.change(|s| s.rights_in_bookings = None);
    world.quiet_for(Duration::from_secs(900)).await;
    assert_eq!(world.store.leavers(true, 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_sweep_compares_the_sites_that_answer() {
    let mut world = World::new().await;
    world.acme.change(|s| {
        let ana = person("acme", "ana", "Ana", "0417");
        s.people.insert("ana".into(), ana);
        let mut ben = person("acme", "ben", "Ben", "0418");
        set(&mut ben, "officeLocation", "TANN");
        s.people.insert("ben".into(), ben);
    });
    world.south.change(|s| s.failure = down("south"));
    let report = world.sweep().await;
    assert_eq!(report.unread, ["south".into()]);
    assert!(!report.certified && report.doubts[0].starts_with("south: it could not be read"), "{report:?}");
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n");
    world.hq.change(|s| s.failure = down("hq"));
    let error = world.engine.sweep(None, "test", &lanyard_engine::ports::Silent).await.unwrap_err();
    assert!(error.to_string().contains("down"), "nothing could be read: {error}");
}

#[tokio::test]
async fn a_site_that_did_not_answer_is_waited_for_until_it_does() {
    let mut world = World::new().await;
    assert_eq!(world.engine.sites_waited_for(), []);
    world.hq.change(|s| s.failure = down("hq"));
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet_for(Duration::from_secs(30)).await;
    assert_eq!(world.engine.sites_waited_for(), ["hq".into()]);
    world.hq.change(|s| s.failure = None);
    world.quiet_for(Duration::from_secs(900)).await;
    assert_eq!(world.engine.sites_waited_for(), []);
}

pub struct Nobody;

#[async_trait::async_trait]
impl Notifier for Nobody {
    async fn send(&self, _: &Message, _: &Route) -> Result<(), String> {
        Ok(())
    }
}

#[tokio::test]
async fn a_site_that_is_down_at_the_start_keeps_nobody_else_waiting() {
    let mut world = World::new().await;
    world.south.change(|s| s.failure = down("south"));
    world.restarted().await;
    let (stop, stopping) = watch::channel(false);
    let surroundings = Surroundings { hooks: Vec::new(), notifier: Arc::new(Nobody) };
    let running = tokio::spawn(Arc::clone(&world.engine).run(surroundings, stopping));
    world.say(person("acme", "ana", "Ana", "0417")).await;
    for _ in 0..2000 {
        if world.shown().contains("seat 11") {
            break;
        }
        tokio::task::yield_now().await;
        world.clock.pass(Duration::from_millis(20));
    }
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n");
    assert!(world.now() < at("2026-05-04T08:02:00Z"));
    stop.send(true).unwrap();
    running.await.unwrap();
}

/// Found by the simulation: a long outage, then one answer of another kind, gave the record up.
#[tokio::test]
async fn only_failures_of_the_record_itself_count_against_it() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    world.hq.change(|s| s.failure = down("hq"));
    world.say(ana).await;
    world.quiet_for(Duration::from_secs(3600)).await;
    let malformed = PortFailure::Malformed { upstream: "hq".into(), reason: "a row without an id".into() };
    world.hq.change(|s| s.failure = Some(malformed));
    // Pauses have grown to five minutes: this is one look or two, after many that failed for the outage.
    world.quiet_for(Duration::from_secs(600)).await;
    assert_eq!(world.store.dead_work(9).await.unwrap(), []);
    world.hq.change(|s| s.failure = None);
    world.quiet_for(Duration::from_secs(600)).await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\n");
}

/// Found by the simulation: whoever was given up and no longer differed kept the finding for ever.
#[tokio::test]
async fn a_sweep_looks_again_at_whoever_was_given_up() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let malformed = PortFailure::Malformed { upstream: "hq".into(), reason: "a row without an id".into() };
    world.hq.change(|s| s.failure = Some(malformed));
    world.signal(&id, false).await;
    world.quiet_for(Duration::from_secs(3600)).await;
    assert_eq!(world.store.dead_work(9).await.unwrap().len(), 1, "six answers of the kind give a record up");
    assert!(world.findings().await.contains(&format!("dead:{id}")));
    world.hq.change(|s| s.failure = None);
    let report = world.sweep().await;
    assert_eq!(report.differing, 0);
    world.quiet().await;
    assert_eq!(world.store.dead_work(9).await.unwrap(), []);
    assert!(!world.findings().await.contains(&format!("dead:{id}")), "{:?}", world.findings().await);
}
