//! What is on record of reading the log.

use std::{sync::Arc, time::Duration};

use lanyard_engine::{
    loops::Surroundings,
    ports::{ActivityFilter, FeedCursor, FeedError, FeedPage, Store as _, Write},
};
use lanyard_model::signal::{Event, Lane};
use tokio::sync::watch;

use crate::{bench::World, outages::Nobody};

fn page(uuid: &str, next: &str) -> Result<FeedPage, FeedError> {
    let event = Event {
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
    };
    Ok(FeedPage { events: vec![event], next: FeedCursor::At(next.into()), rows: 1 })
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
