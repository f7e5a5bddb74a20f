//! Alerts and digest on the real store: told once, also by another process.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use lanyard_engine::{
    alerts::{AlertRule, AlertSettings, Digest},
    loops::Surroundings,
    ports::{Finding, Message, Notifier, Route, Severity, Store, Write},
};
use tokio::sync::watch;

use crate::bench::{World, at};

fn finding(world: &World, n: usize) -> Write {
    Write::Finding(Box::new(Finding {
        key: format!("blocked:{n}"),
        kind: "blocked".into(),
        severity: Severity::Error,
        tenant: None,
        site: Some("hq".into()),
        identity: None,
        title: format!("number {n} is blocked"),
        detail: String::new(),
        fix: None,
        count: None,
        since: world.now(),
    }))
}

#[tokio::test]
async fn a_storm_is_told_once_also_across_a_restart() {
    let mut world = World::new().await;
    world.settings.alerts = AlertSettings {
        rules: vec![AlertRule {
            id: "it".into(),
            kinds: Default::default(),
            sites: Default::default(),
            tenants: Default::default(),
            at_least: Severity::Warning,
            to: vec![Route::Slack("it".into())],
            gather: Duration::from_secs(30),
            every: Duration::from_secs(600),
            template: None,
        }],
        digest: None,
        ..AlertSettings::default()
    };
    world.restarted().await;
    let storm: Vec<_> = (0..300).map(|n| finding(&world, n)).collect();
    world.store.write(storm).await.unwrap();
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 0, "gathering");
    world.clock.pass(Duration::from_secs(31));
    world.restarted().await;
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 1);
    let due = world.store.messages_due(world.now(), 9).await.unwrap();
    assert_eq!(due.len(), 1);
    assert!(due[0].subject.ends_with("is blocked, and 299 more"), "{}", due[0].subject);
    assert_eq!(due[0].data.as_ref().unwrap()["count"], 300);
    world.restarted().await;
    world.clock.pass(Duration::from_secs(3600));
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 0, "told before");
    let over = Write::FindingsOverExcept { prefix: "blocked:".into(), keep: vec![], at: world.now() };
    world.store.write(vec![over]).await.unwrap();
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 1, "and that it is over");
    let last = world.store.messages(9).await.unwrap();
    assert!(last.iter().any(|message| message.subject == "Lanyard: all of it is over"), "{last:?}");

    let digest = world.engine.digest(world.now()).await.unwrap();
    assert!(digest.text.contains("0 findings are open."), "{}", digest.text);
}

#[tokio::test]
async fn a_round_reads_what_changed_and_no_finding_while_nothing_did() {
    let mut world = World::new().await;
    world.settings.alerts = AlertSettings {
        rules: vec![AlertRule {
            kinds: Default::default(),
            gather: Duration::ZERO,
            every: Duration::ZERO,
            ..rule("it", "it")
        }],
        ..AlertSettings::default()
    };
    world.restarted().await;
    world.store.write((0..300).map(|n| finding(&world, n)).collect()).await.unwrap();
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 1);
    world.mortal.used();
    // Raised again as they were, they are no news.
    world.store.write((0..300).map(|n| finding(&world, n)).collect()).await.unwrap();
    for _ in 0..3 {
        world.clock.pass(Duration::from_secs(5));
        assert_eq!(world.engine.tell_alerts().await.unwrap(), 0);
    }
    assert_eq!(world.mortal.used(), ([("findings_changed", 3)].into(), vec![]));
    // One that is new is read to be told, and what is shown is all that is read of the open ones.
    world.store.write(vec![finding(&world, 300)]).await.unwrap();
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 1);
    assert_eq!(world.mortal.used().0, [("finding", 1), ("findings_changed", 1)].into());
    let due = world.store.messages_due(world.now(), 9).await.unwrap();
    assert_eq!(due.last().unwrap().subject, "Lanyard: number 300 is blocked");

    // Where the store failed, nothing is taken to be told.
    world.store.write(vec![finding(&world, 301)]).await.unwrap();
    world.clock.pass(Duration::from_secs(5));
    world.mortal.full.store(true, std::sync::atomic::Ordering::SeqCst);
    assert!(world.engine.tell_alerts().await.is_err());
    world.mortal.full.store(false, std::sync::atomic::Ordering::SeqCst);
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 1);
    assert_eq!(world.engine.tell_alerts().await.unwrap(), 0);
}

/// Takes nothing on the routes that it refuses, and never answers on those where it is mute.
#[derive(Default)]
pub struct Post {
    pub refused: Mutex<BTreeSet<String>>,
    pub mute: Mutex<BTreeSet<String>>,
    taken: Mutex<Vec<String>>,
    tried: Mutex<BTreeMap<String, usize>>,
}

impl Post {
    pub fn refuse(&self, slack: &str) {
        self.refused.lock().unwrap().insert(slack.into());
    }

    pub fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }

    /// How often something was sent there since the last time, taken or not.
    pub fn tried(&self, slack: &str) -> usize {
        self.tried.lock().unwrap().remove(slack).unwrap_or_default()
    }
}

#[async_trait::async_trait]
impl Notifier for Post {
    async fn send(&self, message: &Message, route: &Route) -> Result<(), String> {
        let Route::Slack(name) = route else { return Ok(()) };
        assert!(!message.subject.contains("make it panic"), "as a mistake of ours would");
        *self.tried.lock().unwrap().entry(name.clone()).or_default() += 1;
        if self.mute.lock().unwrap().contains(name) {
            std::future::pending::<()>().await;
        }
        if self.refused.lock().unwrap().contains(name) {
            return Err("the mail is down".into());
        }
        if message.subject.contains("nobody takes it") {
            return Err("too long".into());
        }
        self.taken.lock().unwrap().push(format!("{name}: {}", message.subject));
        Ok(())
    }
}

pub fn rule(id: &str, to: &str) -> AlertRule {
    AlertRule {
        id: id.into(),
        kinds: ["message".to_owned()].into(),
        sites: Default::default(),
        tenants: Default::default(),
        at_least: Severity::Warning,
        to: vec![Route::Slack(to.into())],
        gather: Duration::from_secs(30),
        every: Duration::from_secs(600),
        template: None,
    }
}

pub async fn settle() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

pub async fn pass(world: &World, minutes: usize) {
    for _ in 0..minutes {
        world.clock.pass(Duration::from_secs(60));
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }
}

/// All loops of the world, until the sender is dropped or told.
pub fn run(world: &World, post: &Arc<Post>) -> watch::Sender<bool> {
    let (stop, stopping) = watch::channel(false);
    let surroundings = Surroundings { hooks: Vec::new(), notifier: Arc::clone(post) as Arc<dyn Notifier> };
    tokio::spawn(Arc::clone(&world.engine).run(surroundings, stopping));
    stop
}

fn message(world: &World, id: &str, subject: &str) -> Write {
    Write::Message(Box::new(Message {
        id: id.into(),
        route: "alert:mail".into(),
        subject: subject.into(),
        text: "text".into(),
        at: world.now(),
        attempts: 0,
        data: None,
    }))
}

#[tokio::test]
async fn a_message_outlives_a_night_and_one_that_was_given_up_is_told_elsewhere_and_can_be_sent_again() {
    let mut world = World::new().await;
    world.settings.alerts =
        AlertSettings { rules: vec![rule("mail", "mail"), rule("chat", "chat")], ..AlertSettings::default() };
    world.restarted().await;
    let post = Arc::new(Post::default());
    post.refuse("mail");
    let _stop = run(&world, &post);
    settle().await;
    world.store.write(vec![message(&world, "m1", "first")]).await.unwrap();
    pass(&world, 10 * 60).await;
    let state = async |id: &str| {
        let all = world.store.messages(99).await.unwrap();
        all.into_iter().find(|message| message.id == id).unwrap()
    };
    assert!(state("m1").await.next.is_some(), "it is still tried: {:?}", state("m1").await);
    post.refused.lock().unwrap().clear();
    pass(&world, 10).await;
    let told = "chat: Lanyard: a message to alert:mail could not be delivered";
    assert_eq!(
        post.taken(),
        [told, "mail: first", "chat: Lanyard: all of it is over"],
        "told by another way meanwhile"
    );

    post.refuse("mail");
    world.store.write(vec![message(&world, "m2", "second")]).await.unwrap();
    world.clock.pass(Duration::from_secs(70 * 3600));
    pass(&world, 90).await;
    assert!(state("m2").await.next.is_some(), "not yet three days");
    pass(&world, 90).await;
    let given_up = state("m2").await;
    assert_eq!((given_up.next, given_up.sent_at), (None, None));
    let told = world.store.finding("message:m2").await.unwrap().expect("a finding");
    assert_eq!(told.title, "a message to alert:mail could not be delivered");
    assert!(told.detail.contains("second: the mail is down"), "{}", told.detail);
    let said = post.taken();
    assert!(
        said.contains(&"chat: Lanyard: a message to alert:mail could not be delivered".to_owned()),
        "{said:?}"
    );
    let to_mail = world.store.messages(99).await.unwrap();
    let about: Vec<_> =
        to_mail.iter().filter(|m| m.route == "alert:mail" && m.subject.contains("could not be")).collect();
    assert!(about.is_empty(), "not on the route that failed: {about:?}");

    // Mended, and sent again.
    post.refused.lock().unwrap().clear();
    assert_eq!(world.engine.send_given_up().await.unwrap(), 1);
    pass(&world, 2).await;
    assert!(post.taken().contains(&"mail: second".to_owned()));
    assert_eq!(world.store.finding("message:m2").await.unwrap(), None, "its delivery ends the finding");
    assert_eq!(world.engine.send_given_up().await.unwrap(), 0);
}

#[tokio::test]
async fn a_part_of_the_engine_that_ends_by_a_mistake_is_named() {
    let mut world = World::new().await;
    world.settings.alerts = AlertSettings { rules: vec![rule("mail", "mail")], ..AlertSettings::default() };
    world.restarted().await;
    let post = Arc::new(Post::default());
    let _stop = run(&world, &post);
    settle().await;
    assert_eq!(world.engine.dead_loops(), [""; 0]);
    world.store.write(vec![message(&world, "m1", "make it panic")]).await.unwrap();
    pass(&world, 6).await;
    assert_eq!(world.engine.dead_loops(), ["messages"]);
}

/// The digests of a world, by id and subject.
async fn digests(world: &World) -> Vec<String> {
    settle().await;
    let all = world.store.messages(99).await.unwrap();
    let mut all: Vec<_> = all.into_iter().filter(|m| m.route == "digest").map(|m| m.subject).collect();
    all.sort();
    all
}

async fn with_digest(at_time: &str, zone: &str) -> World {
    let mut world = World::new().await;
    world.settings.alerts.digest = Some(Digest {
        at: at_time.parse().unwrap(),
        zone: jiff::tz::TimeZone::get(zone).unwrap(),
        to: vec![Route::Slack("it".into())],
    });
    world.restarted().await;
    world
}

#[tokio::test]
async fn each_day_has_its_digest_also_when_the_clocks_change_and_one_that_was_missed_is_made_up_once() {
    let mut world = with_digest("00:30", "Europe/London").await;
    world.clock.set(at("2027-03-27T12:00:00Z"));
    let start = |world: &World| {
        let engine = Arc::clone(&world.engine);
        tokio::spawn(async move { engine.send_digests().await })
    };
    let running = start(&world);
    assert_eq!(digests(&world).await, [""; 0], "the first start owes none");
    // Half past twelve in winter, and half past twelve in summer: one day by UTC.
    world.clock.set(at("2027-03-28T00:30:00Z"));
    assert_eq!(digests(&world).await, ["Lanyard: the day until 2027-03-28"]);
    world.clock.set(at("2027-03-28T23:30:00Z"));
    let both = ["Lanyard: the day until 2027-03-28", "Lanyard: the day until 2027-03-29"];
    assert_eq!(digests(&world).await, both);
    running.abort();

    // Two nights without a process: the last one is made up.
    world.clock.set(at("2027-03-31T09:00:00Z"));
    world.restarted().await;
    let running = start(&world);
    assert_eq!(digests(&world).await[2..], ["Lanyard: the day until 2027-03-31"]);
    running.abort();
    world.restarted().await;
    let running = start(&world);
    assert_eq!(digests(&world).await.len(), 3, "once");
    running.abort();
}

#[tokio::test]
async fn a_digest_names_the_day_of_those_who_read_it() {
    let world = with_digest("08:00", "Asia/Tokyo").await;
    let digest = world.engine.digest(at("2026-05-05T23:00:00Z")).await.unwrap();
    assert_eq!(digest.subject, "Lanyard: the day until 2026-05-06");
}

#[tokio::test]
async fn a_digest_says_of_each_site_when_it_was_compared() {
    let world = with_digest("08:00", "UTC").await;
    let text = async |world: &World| world.engine.digest(world.now()).await.unwrap().text;
    assert!(text(&world).await.contains("Every site: not compared with everybody yet.\n"));
    world.sweep().await;
    let all = "Every site: last compared from 2026-05-04 08:00 UTC on, 0 people differed; every list was proven complete.\n";
    assert!(text(&world).await.contains(all), "{}", text(&world).await);
    world.clock.pass(Duration::from_secs(3600));
    world.engine.sweep(Some(&"south".into()), "test", &lanyard_engine::ports::Silent).await.unwrap();
    let said = text(&world).await;
    for line in [
        "hq: last compared from 2026-05-04 08:00 UTC on, ",
        "south: last compared from 2026-05-04 09:00 UTC on, ",
    ] {
        assert!(said.contains(line), "{said}");
    }
}
