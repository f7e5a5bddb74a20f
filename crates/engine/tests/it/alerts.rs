//! Alerts and digest on the real store: told once, also by another process.

use std::time::Duration;

use lanyard_engine::{
    alerts::{AlertRule, AlertSettings},
    ports::{Finding, Route, Severity, Store, Write},
};

use crate::bench::World;

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
