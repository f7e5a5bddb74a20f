//! What is on record of reading the log.

use std::{sync::Arc, time::Duration};

use lanyard_engine::{
    alerts::AlertSettings,
    loops::Surroundings,
    ports::{ActivityFilter, FeedCursor, FeedError, FeedPage, Severity, Store as _, Write},
};
use lanyard_model::signal::{Event, Lane, Source};
use tokio::sync::watch;

use crate::{
    alerts::{Post, pass, rule, run, settle},
    bench::{World, at},
    outages::Nobody,
};

fn event(uuid: &str) -> Event {
    Event {
        tenant: "acme".into(),
        uuid: uuid.into(),
        kind: "user.account.update_profile".into(),
        published: None,
        users: vec!["ana".into()],
        groups: Vec::new(),
        lane: Lane::Normal,
        deletion: false,
        ours: false,
        membership: None,
    }
}

fn page(uuid: &str, next: &str) -> Result<FeedPage, FeedError> {
    Ok(FeedPage { events: vec![event(uuid)], next: FeedCursor::At(next.into()), rows: 1 })
}

#[tokio::test]
async fn why_a_page_does_not_go_on_where_the_last_one_ended_stands_before_it() {
    let world = World::new().await;
    let dead = || Err(FeedError::CursorDead { reason: "410".into() });
    world.acme.change(|okta| okta.pages = [page("u1", "a"), dead(), page("u2", "b")].into());
    let acme = "acme".into();
    world.engine.poll_feed(&acme).await.unwrap();
    world.clock.pass(Duration::from_secs(10));
    world.engine.poll_feed(&acme).await.unwrap();
    let filter = ActivityFilter { after: Some(0), limit: 99, ..ActivityFilter::default() };
    let lines = world.store.activity(&filter).await.unwrap();
    let told: Vec<&str> = lines
        .iter()
        .filter(|line| matches!(line.entry.kind.as_str(), "intake" | "signal"))
        .map(|line| line.entry.title.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "Okta's log is read from here on",
            "1 event in the feed",
            "the chain of Okta's log was broken",
            "1 event in the feed"
        ]
    );
}

#[tokio::test]
async fn a_hook_that_nobody_keeps_any_more_is_not_called_live() {
    let world = World::new().await;
    let state = async |tenant: &str| world.store.meta(&format!("hook-state:{tenant}")).await.unwrap();
    // As an earlier process left it, whose settings named an address.
    let said = Write::Meta { key: "hook-state:acme".into(), value: "live".into() };
    world.store.write(vec![said]).await.unwrap();
    let (stop, stopping) = watch::channel(false);
    let surroundings = Surroundings { hooks: Vec::new(), notifier: Arc::new(Nobody) };
    let running = tokio::spawn(Arc::clone(&world.engine).run(surroundings, stopping));
    for _ in 0..1000 {
        if state("acme").await.as_deref() != Some("live") {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(state("acme").await.as_deref(), Some("none"));
    assert_eq!(state("beta").await, None, "of whose hook nobody ever said anything");
    stop.send(true).unwrap();
    running.await.unwrap();
}

#[tokio::test]
async fn a_log_is_read_to_its_end_when_nothing_is_left_or_what_is_left_is_new() {
    let world = World::new().await;
    let acme = "acme".into();
    let old = |uuid: &str, next: &str, published: &str| {
        let event = Event { published: Some(at(published)), ..event(uuid) };
        Ok(FeedPage { events: vec![event], next: FeedCursor::At(next.into()), rows: 1 })
    };
    world.acme.change(|okta| {
        okta.pages = [
            old("u1", "a", "2026-05-01T08:00:00Z"),
            old("u2", "b", "2026-05-03T08:00:00Z"),
            old("u3", "c", "2026-05-04T07:59:30Z"),
        ]
        .into();
    });
    for expected in [None, None, Some(world.now())] {
        world.engine.poll_feed(&acme).await.unwrap();
        assert_eq!(world.engine.polled_at(&acme), expected, "three days are made up page by page");
    }
    world.clock.pass(Duration::from_secs(10));
    world.engine.poll_feed(&acme).await.unwrap();
    assert_eq!(world.engine.polled_at(&acme), Some(world.now()), "and nothing is left");
}

#[tokio::test]
async fn a_log_that_is_being_caught_up_is_as_old_as_its_last_read_to_the_end() {
    let mut world = World::new().await;
    let acme = "acme".into();
    let old = |uuid: &str, next: &str, published: &str| {
        let event = Event { published: Some(at(published)), ..event(uuid) };
        Ok(FeedPage { events: vec![event], next: FeedCursor::At(next.into()), rows: 1 })
    };
    world.engine.poll_feed(&acme).await.unwrap();
    let whole = world.now();
    world.clock.pass(Duration::from_secs(3 * 86_400));
    world.acme.change(|okta| {
        okta.pages = [
            old("u1", "a", "2026-05-04T09:00:00Z"),
            old("u2", "b", "2026-05-05T09:00:00Z"),
            Err(FeedError::CursorDead { reason: "410".into() }),
            old("u2", "b", "2026-05-05T09:00:00Z"),
            old("u3", "c", "2026-05-07T07:59:30Z"),
        ]
        .into();
    });
    let standing = async |world: &World| world.engine.feed_standing(&"acme".into()).await.unwrap();
    for page in 1..=2 {
        // Also where the process that catches up is not the one that began to.
        world.restarted().await;
        world.engine.poll_feed(&acme).await.unwrap();
        assert_eq!(standing(&world).await.read_at, Some(whole), "after page {page}");
    }
    assert_eq!(standing(&world).await.age(world.now()).unwrap().as_secs(), 3 * 86_400);
    // The place is refused meanwhile: nothing between it and now is passed over.
    world.engine.poll_feed(&acme).await.unwrap();
    let asked = world.acme.state.lock().unwrap().asked.clone();
    assert_eq!(asked, Some(FeedCursor::Since(whole - Duration::from_secs(3600))));
    assert_eq!(standing(&world).await.read_at, Some(whole));
    world.engine.poll_feed(&acme).await.unwrap();
    assert_eq!(standing(&world).await.read_at, Some(world.now()));
}

#[tokio::test]
async fn a_log_that_nobody_reads_any_more_is_told_of_and_over_when_it_is_read() {
    let mut world = World::new().await;
    let log = lanyard_engine::alerts::AlertRule {
        kinds: ["feed".to_owned()].into(),
        at_least: Severity::Error,
        ..rule("log", "chat")
    };
    world.settings.alerts = AlertSettings { rules: vec![log], ..AlertSettings::default() };
    world.restarted().await;
    let post = Arc::new(Post::default());
    let stop = run(&world, &post);
    settle().await;
    pass(&world, 3).await;
    assert_eq!(world.engine.polled_at(&"acme".into()), Some(world.now()));
    let last = world.now();
    world.acme.change(|okta| okta.hangs = true);
    pass(&world, 5).await;
    assert_eq!(post.taken(), [""; 0], "not yet");
    pass(&world, 6).await;
    assert_eq!(post.taken(), ["chat: Lanyard: acme: nobody reads Okta's log"], "told once, and only of acme");
    let told = world.store.finding("feed:acme").await.unwrap().expect("a finding");
    assert!(told.detail.starts_with(&format!("no answer came since {last}")), "{}", told.detail);
    let standing = world.engine.feed_standing(&"acme".into()).await.unwrap();
    assert_eq!(standing.age(world.now()).unwrap().as_secs(), 11 * 60);
    pass(&world, 30).await;
    assert_eq!(post.taken(), [""; 0]);

    // The next process reads it again.
    drop(stop);
    settle().await;
    world.acme.change(|okta| okta.hangs = false);
    world.restarted().await;
    let age = world.engine.feed_standing(&"acme".into()).await.unwrap().age(world.now());
    assert!(age.unwrap().as_secs() >= 41 * 60, "what an earlier process read last is on record: {age:?}");
    let _stop = run(&world, &post);
    settle().await;
    pass(&world, 2).await;
    assert_eq!(world.store.finding("feed:acme").await.unwrap(), None);
}

#[tokio::test]
async fn a_log_that_is_read_and_brings_nothing_of_what_the_hook_brings_is_told_of() {
    let world = World::new().await;
    let post = Arc::new(Post::default());
    let _stop = run(&world, &post);
    settle().await;
    world.acme.change(|okta| okta.pages = [page("u1", "a")].into());
    pass(&world, 2).await;
    let by_hook = |uuid: &str| Write::Signals {
        tenant: "acme".into(),
        source: Source::Hook,
        delivery: Some(format!("delivery of {uuid}")),
        events: vec![event(uuid)],
        cursor: None,
        at: world.now(),
        coalesce: Duration::ZERO,
    };
    // What the log brought first is no news by the hook.
    world.store.write(vec![by_hook("u1")]).await.unwrap();
    pass(&world, 300).await;
    assert_eq!(world.store.finding("feed-silent:acme").await.unwrap(), None, "a quiet night");
    world.store.write(vec![by_hook("u2")]).await.unwrap();
    pass(&world, 50).await;
    assert_eq!(world.store.finding("feed-silent:acme").await.unwrap(), None, "it may be on its way");
    pass(&world, 15).await;
    let told = world.store.finding("feed-silent:acme").await.unwrap().expect("a finding");
    assert_eq!(
        (told.kind.as_str(), told.severity, told.title.as_str()),
        ("feed", Severity::Warning, "acme: Okta's log brings nothing of what the hook brings")
    );
    let standing = world.engine.feed_standing(&"acme".into()).await.unwrap();
    assert_eq!(standing.age(world.now()).unwrap().as_secs(), 0, "it is read");
    assert!(standing.silent_since.is_some() && standing.told_at.is_some(), "{standing:?}");
    pass(&world, 200).await;
    let still = world.store.finding("feed-silent:acme").await.unwrap();
    assert_eq!(still, Some(told), "told once");
    world.acme.change(|okta| okta.pages = [page("u2", "b")].into());
    pass(&world, 2).await;
    assert_eq!(world.store.finding("feed-silent:acme").await.unwrap(), None);
    assert_eq!(world.engine.feed_standing(&"acme".into()).await.unwrap().silent_since, None);
}
