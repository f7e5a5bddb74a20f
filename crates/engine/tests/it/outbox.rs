//! Messages of one route that nobody takes keep those of no other waiting.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use lanyard_engine::{
    alerts::{AlertRule, AlertSettings},
    policies::{PolicyRefusal, Publication, Wish},
    ports::{Message, MessageState, Route, Store, Write},
};

use lanyard_policy::Ways;

use crate::{
    alerts::{Post, pass, rule, run, settle},
    bench::{World, files},
};

/// A world of three routes: to the mail, to the chat, and to both.
async fn world() -> World {
    let mut world = World::new().await;
    let both = AlertRule {
        to: vec![Route::Slack("mail".into()), Route::Slack("chat".into())],
        kinds: ["none".to_owned()].into(),
        ..rule("both", "mail")
    };
    let rules = vec![rule("mail", "mail"), rule("chat", "chat"), both];
    world.settings.alerts = AlertSettings { rules, ..AlertSettings::default() };
    world.restarted().await;
    world
}

/// So many messages to this rule, by id and subject.
async fn write(world: &World, rule: &str, name: &str, count: usize) {
    let message = |n: usize| {
        Write::Message(Box::new(Message {
            id: format!("{name}{n:03}"),
            route: format!("alert:{rule}"),
            subject: format!("{name} {n}"),
            text: "text".into(),
            at: world.now(),
            attempts: 0,
            data: None,
        }))
    };
    world.engine.write((0..count).map(message).collect()).await.unwrap();
}

async fn messages(world: &World, name: &str) -> Vec<MessageState> {
    let all = world.store.messages(9_999).await.unwrap();
    all.into_iter().filter(|message| message.id.starts_with(name)).collect()
}

/// Those that were neither delivered nor given up.
async fn waiting(world: &World, name: &str) -> usize {
    messages(world, name).await.iter().filter(|message| message.next.is_some()).count()
}

/// Keys of findings about messages.
async fn told(world: &World) -> Vec<String> {
    let all = world.findings().await;
    all.into_iter().filter(|key| key.starts_with("message:")).collect()
}

#[tokio::test]
async fn a_dead_route_is_tried_by_one_message_and_the_others_go_on_at_once() {
    let world = world().await;
    let post = Arc::new(Post::default());
    post.refuse("mail");
    write(&world, "mail", "dead", 300).await;
    write(&world, "chat", "live", 5).await;
    let _stop = run(&world, &post);
    settle().await;
    assert_eq!(post.taken(), (0..5).map(|n| format!("chat: live {n}")).collect::<Vec<_>>());
    assert_eq!(post.tried("mail"), 1, "one message found out for all of them");
    assert_eq!(waiting(&world, "dead").await, 300, "all of them wait");
    let untried = messages(&world, "dead").await.into_iter().filter(|message| message.attempts == 0);
    let why = "not tried, because its route takes nothing: the mail is down";
    let untried: Vec<_> = untried.map(|message| message.error.unwrap_or_default()).collect();
    assert_eq!((untried.len(), untried.iter().all(|said| said == why)), (299, true), "{:?}", untried.first());

    // Whatever comes meanwhile, too, by either way.
    write(&world, "mail", "more", 20).await;
    write(&world, "chat", "again", 1).await;
    settle().await;
    assert_eq!((post.taken(), post.tried("mail")), (vec!["chat: again 0".to_owned()], 0));

    // Each minute one at most, with pauses that grow.
    let mut tries = 0;
    for _ in 0..30 {
        pass(&world, 1).await;
        let more = post.tried("mail");
        assert!(more <= 1, "{more} in a minute");
        tries += more;
    }
    assert!((8..=16).contains(&tries), "{tries} in half an hour");

    post.refused.lock().unwrap().clear();
    pass(&world, 8).await;
    let taken = post.taken();
    let once: BTreeSet<_> = taken.iter().filter(|said| said.starts_with("mail: ")).collect();
    assert_eq!((once.len(), post.tried("mail")), (320, 320), "each once, as soon as one was taken");
    assert_eq!((waiting(&world, "dead").await, waiting(&world, "more").await), (0, 0));
}

#[tokio::test]
async fn a_receiver_that_never_answers_holds_up_its_own_route_alone() {
    let world = world().await;
    let post = Arc::new(Post::default());
    post.mute.lock().unwrap().insert("mail".into());
    write(&world, "mail", "mute", 40).await;
    write(&world, "chat", "live", 3).await;
    let _stop = run(&world, &post);
    settle().await;
    assert_eq!((post.taken().len(), post.tried("mail")), (3, 1));
    write(&world, "chat", "later", 200).await;
    settle().await;
    assert_eq!((post.taken().len(), post.tried("mail")), (200, 0), "more than are read at a time");
}

#[tokio::test]
async fn a_message_for_two_receivers_reaches_the_one_that_takes_it() {
    let world = world().await;
    let post = Arc::new(Post::default());
    post.refuse("mail");
    write(&world, "both", "two", 20).await;
    let _stop = run(&world, &post);
    settle().await;
    assert_eq!((post.taken().len(), post.tried("chat"), post.tried("mail")), (20, 20, 1));
    assert_eq!(waiting(&world, "two").await, 20, "not delivered before both have it");
    post.refused.lock().unwrap().clear();
    pass(&world, 1).await;
    assert_eq!((post.taken().len(), post.tried("chat"), post.tried("mail")), (20, 0, 20));
    assert_eq!(waiting(&world, "two").await, 0);
}

#[tokio::test]
async fn one_message_that_is_refused_for_its_own_sake_keeps_no_other_of_its_route_waiting() {
    let world = world().await;
    let post = Arc::new(Post::default());
    write(&world, "mail", "a: nobody takes it", 1).await;
    write(&world, "mail", "b", 5).await;
    let _stop = run(&world, &post);
    settle().await;
    assert_eq!((post.taken().len(), post.tried("mail")), (0, 1), "who refuses one may refuse all");
    world.clock.pass(Duration::from_secs(3));
    settle().await;
    assert_eq!(post.taken(), (0..5).map(|n| format!("mail: b {n}")).collect::<Vec<_>>());
    pass(&world, 120).await;
    let refused = &messages(&world, "a: ").await[0];
    assert!(refused.attempts >= 12 && refused.next.is_some(), "{refused:?}");
    assert_eq!(told(&world).await, ["message:a: nobody takes it000"]);
}

#[tokio::test]
async fn a_dead_route_is_told_of_once_and_what_waited_for_it_three_days_is_given_up() {
    let world = world().await;
    let post = Arc::new(Post::default());
    post.refuse("mail");
    write(&world, "mail", "dead", 50).await;
    let _stop = run(&world, &post);
    settle().await;
    pass(&world, 120).await;
    assert_eq!(told(&world).await.len(), 1, "{:?}", told(&world).await);
    world.clock.pass(Duration::from_secs(68 * 3600));
    pass(&world, 60).await;
    assert_eq!((waiting(&world, "dead").await, told(&world).await.len()), (50, 1), "not yet three days");
    world.clock.pass(Duration::from_secs(2 * 3600));
    pass(&world, 30).await;
    assert_eq!((waiting(&world, "dead").await, told(&world).await.len()), (0, 50), "each is told of");

    post.refused.lock().unwrap().clear();
    post.taken();
    assert_eq!(world.engine.send_given_up().await.unwrap(), 50);
    settle().await;
    pass(&world, 1).await;
    let taken = post.taken().into_iter().filter(|said| said.starts_with("mail: dead")).count();
    assert_eq!((taken, told(&world).await), (50, Vec::new()), "at once, and its delivery ends what was told");
}

/// A message of this rule that says how its alarm stands.
async fn tell(world: &World, rule: &str, name: &str, status: &str) {
    let message = Message {
        id: name.into(),
        route: format!("alert:{rule}"),
        subject: name.into(),
        text: "text".into(),
        at: world.now(),
        attempts: 0,
        data: Some(serde_json::json!({ "status": status })),
    };
    world.engine.write(vec![Write::Message(Box::new(message))]).await.unwrap();
    settle().await;
}

#[tokio::test]
async fn after_an_outage_an_alarm_is_told_in_its_order() {
    let mut world = world().await;
    let post = Arc::new(Post::default());
    post.refuse("mail");
    let stop = run(&world, &post);
    settle().await;
    tell(&world, "mail", "m1 opens", "open").await;
    world.clock.pass(Duration::from_secs(1));
    tell(&world, "mail", "m2 is over", "over").await;
    // Longer than it takes until somebody is told of it; and another process, which knows nothing of receivers.
    pass(&world, 60).await;
    stop.send(true).unwrap();
    settle().await;
    world.restarted().await;
    let _stop = run(&world, &post);
    tell(&world, "mail", "m3 opens", "open").await;
    pass(&world, 60).await;
    assert_eq!(waiting(&world, "m").await, 3);
    post.taken();
    post.refused.lock().unwrap().clear();
    pass(&world, 20).await;
    let mail: Vec<_> = post.taken().into_iter().filter(|said| said.starts_with("mail: m")).collect();
    assert_eq!(mail, ["mail: m1 opens", "mail: m2 is over", "mail: m3 opens"]);
    assert_eq!(waiting(&world, "m").await, 0);
}

#[tokio::test]
async fn the_order_of_an_alarm_is_kept_with_each_receiver_by_itself() {
    let world = world().await;
    let post = Arc::new(Post::default());
    post.refuse("mail");
    let _stop = run(&world, &post);
    settle().await;
    tell(&world, "both", "m1 opens", "open").await;
    world.clock.pass(Duration::from_secs(1));
    tell(&world, "both", "m2 is over", "over").await;
    assert_eq!(post.taken(), ["chat: m1 opens", "chat: m2 is over"], "it takes what it is sent at once");
    pass(&world, 10).await;
    post.refused.lock().unwrap().clear();
    pass(&world, 20).await;
    assert_eq!(post.taken(), ["mail: m1 opens", "mail: m2 is over"]);
}

#[tokio::test]
async fn a_message_that_nobody_takes_does_not_keep_its_alarm_from_being_over() {
    let world = world().await;
    let post = Arc::new(Post::default());
    let _stop = run(&world, &post);
    settle().await;
    tell(&world, "mail", "m1: nobody takes it", "open").await;
    world.clock.pass(Duration::from_secs(1));
    tell(&world, "mail", "m2 is over", "over").await;
    pass(&world, 10).await;
    assert_eq!(post.taken(), [""; 0], "it may be the receiver");
    pass(&world, 90).await;
    assert!(post.taken().contains(&"mail: m2 is over".to_owned()));
    let refused = &messages(&world, "m1").await[0];
    assert_eq!((refused.next, refused.sent_at), (None, None), "given up");
    assert_eq!(told(&world).await, ["message:m1: nobody takes it"]);
}

#[tokio::test]
async fn a_policy_whose_messages_would_go_nowhere_is_not_published() {
    let mut world = World::new().await;
    let draft = files(100, &[("max_percent = 100", "max_percent = 99")]);
    let wish = Wish { by: "Olu", reason: "a test", expected: None };
    world.settings.ways = Some(Ways::default());
    world.restarted().await;
    match world.engine.publish_policy(&draft, wish.clone()).await {
        Err(PolicyRefusal::Mistakes(problems)) => {
            let told = problems.to_string();
            assert!(told.contains("\"it\" tells by e-mail, and the settings have no [mail]"), "{told}");
        }
        other => panic!("{other:?}"),
    }
    world.settings.ways = Some(Ways { mail: true, ..Ways::default() });
    world.restarted().await;
    let published = world.engine.publish_policy(&draft, wish).await;
    assert!(matches!(published, Ok(Publication::Done(_))), "{published:?}");
}
