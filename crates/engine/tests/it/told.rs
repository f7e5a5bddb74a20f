//! Why, why not, what would change it; now and then.

use lanyard_engine::{
    policies::Wish,
    ports::{Store, Write},
};
use lanyard_model::{
    account::Role,
    id::IdentityId,
    identity::Groups,
    signal::{Actor, Event, Lane, Membership, Source},
};
use lanyard_policy::Remedy;

use crate::{
    bench::{APP, ROOMS, World, person},
    fakes::Fault,
};

#[tokio::test]
async fn each_rule_says_why_and_the_smallest_change_that_turns_it_round() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let first = world.now() - std::time::Duration::from_secs(1);
    let told = world.engine.tell(&id, None, Some("role")).await.unwrap();
    assert_eq!(told.ways.len(), 1);
    assert!(told.ways[0].gives && told.ways[0].tried, "{:?}", told.ways);
    let leave = Remedy::Leave { group: ROOMS.into(), name: "ROOMS".into() };
    assert_eq!(told.ways[0].change.as_deref(), Some(&[leave][..]));
    let role = told.made.iter().find(|made| made.line == "role+:51:CUSTOMER").expect("the write is told");
    assert!(role.read_back_at.is_some(), "{role:?}");
    world.alter(&id, |p| p.groups = Groups::new([APP.into()], true)).await;
    world.quiet().await;
    let told = world.engine.tell(&id, None, Some("role:reservation")).await.unwrap();
    assert!(!told.ways[0].gives && told.ways[0].tried);
    assert_eq!(told.ways[0].why, "not a member of ROOMS");
    let join = Remedy::Join { group: ROOMS.into(), name: "ROOMS".into() };
    assert_eq!(told.ways[0].change.as_deref(), Some(&[join][..]));
    // As it was: memory answers, whatever is so now.
    let then = world.engine.tell(&id, Some(first), Some("role")).await.unwrap();
    assert!(then.ways[0].gives, "{:?}", then.ways);
    assert!(then.known.identity.groups.contains(&ROOMS.into()));
    let before = first - std::time::Duration::from_secs(86_400);
    assert!(world.engine.tell(&id, Some(before), None).await.is_err(), "nothing was known then");
    assert_eq!(world.engine.tell(&id, None, Some("item:Gold")).await.unwrap().ways, []);
}

#[tokio::test]
async fn what_a_look_wrote_before_it_was_stopped_is_read_back_by_the_next() {
    for fault in [Fault::Throttled, Fault::NotDone, Fault::LostAfter] {
        for number in 0..4 {
            let mut world = World::new().await;
            let ana = person("acme", "ana", "Ana", "0417");
            let id = ana.id.clone();
            world.hq.change(|s| s.faults.insert(number, fault));
            world.say(ana).await;
            world.quiet().await;
            let told = world.engine.tell(&id, None, None).await.unwrap();
            let unread: Vec<_> = told.made.iter().filter(|made| made.read_back_at.is_none()).collect();
            assert!(!told.made.is_empty() && unread.is_empty(), "{fault:?} of call {number}: {unread:?}");
        }
    }
}

#[tokio::test]
async fn a_past_period_is_decided_by_another_policy() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    let began = world.now();
    world.say(ana).await;
    world.quiet().await;
    world.alter(&id, |p| crate::bench::set(p, "department", "Sales")).await;
    world.quiet().await;
    world.alter(&id, |p| crate::bench::set(p, "department", "Design")).await;
    world.quiet().await;
    let sales = (
        "if = [{ group = \"ROOMS\" }]",
        "if = [{ group = \"ROOMS\" }, { not = { attribute = \"department\", is = \"Sales\" } }]",
    );
    let same = world.engine.replay(&crate::bench::files(100, &[]), began, world.now()).await.unwrap();
    assert_eq!((same.people, same.states, same.partings.len()), (1, 3, 0));
    let other = world.engine.replay(&crate::bench::files(100, &[sales]), began, world.now()).await.unwrap();
    let partings: Vec<_> = other.partings.iter().map(|p| (p.draft.len(), p.in_force.clone())).collect();
    assert_eq!(partings, [(0, vec!["CUSTOMER in reservation".to_owned()]), (0, vec![])]);
}

/// An event of Okta's log: who let somebody into ROOMS, or took them out.
async fn member_event(world: &World, id: &IdentityId, joined: bool, name: &str, kind: &str) {
    let at = world.now();
    let by = Actor { id: "00uadmin".into(), name: name.into(), kind: kind.into() };
    let event = Event {
        tenant: id.tenant.clone(),
        uuid: format!("{at}{joined}").as_str().into(),
        kind: "group.user_membership.add".into(),
        published: Some(at),
        users: vec![id.user.clone()],
        groups: vec![],
        lane: Lane::Normal,
        deletion: false,
        ours: false,
        membership: Some(Membership { group: ROOMS.into(), joined, by }),
    };
    let write = Write::Signals {
        tenant: id.tenant.clone(),
        source: Source::Hook,
        delivery: None,
        events: vec![event],
        cursor: None,
        at,
        coalesce: std::time::Duration::ZERO,
    };
    world.store.write(vec![write]).await.unwrap();
}

#[tokio::test]
async fn who_let_somebody_into_the_group_is_told_or_that_it_is_not_on_record() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let why = async |world: &World, at: Option<jiff::Timestamp>| {
        let told = world.engine.tell(&id, at, Some("role")).await.unwrap();
        let reason = told.desired.roles.values().next().unwrap().because[0].text.clone();
        let why = told.ways[0].why.strip_prefix("member of ROOMS").unwrap_or_default().to_owned();
        assert!(reason.ends_with(&why), "the decision says it too: {reason}");
        why
    };
    let minute = |world: &World| world.now().strftime("%Y-%m-%d %H:%M UTC").to_string();
    let nowhere = "; who added them to ROOMS is not on record";
    let untold = format!("{nowhere}: nothing is kept of what Okta's log told of memberships");
    assert_eq!(why(&world, None).await, untold);
    let before = world.now();
    world.clock.pass(std::time::Duration::from_secs(3600));
    let joined = minute(&world);
    member_event(&world, &id, true, "Dana Reyes", "User").await;
    assert_eq!(why(&world, None).await, format!("; Dana Reyes added them to ROOMS on {joined}"));
    let since = format!("{nowhere}: that is kept from Okta's log since {joined}");
    assert_eq!(why(&world, Some(before)).await, since);
    world.clock.pass(std::time::Duration::from_secs(3600));
    member_event(&world, &id, false, "Dana Reyes", "User").await;
    assert_eq!(why(&world, None).await, since, "she was taken out, and is there again");
    world.clock.pass(std::time::Duration::from_secs(3600));
    let again = minute(&world);
    member_event(&world, &id, true, "HR feed", "PublicClientApp").await;
    let told = format!("; HR feed (PublicClientApp) added them to ROOMS on {again}");
    assert_eq!(why(&world, None).await, told);
}

#[tokio::test]
async fn a_past_moment_is_told_by_the_policy_of_that_moment() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let publish = async |world: &World, edits: &[(&str, &str)]| {
        let wish = Wish { by: "Olu", reason: "a trial", expected: None };
        world.engine.publish_policy(&crate::bench::files(100, edits), wish).await.unwrap();
    };
    let manager = ("then = [{ role = \"customer\"", "then = [{ role = \"manager\"");
    publish(&world, &[("sentence = \"Everybody has a desk.\"", "sentence = \"A desk for everybody.\"")])
        .await;
    world.clock.pass(std::time::Duration::from_secs(3600));
    let then = world.now();
    world.clock.pass(std::time::Duration::from_secs(3600));
    publish(&world, &[manager]).await;
    let told = async |at: Option<jiff::Timestamp>| {
        let told = world.engine.tell(&id, at, Some("role")).await.unwrap();
        let by = told.desired.because.iter().find(|because| because.rule == "policy");
        let role = told.desired.roles.values().next().unwrap().value;
        (role, by.map(|because| because.text.clone()), told.ways.len())
    };
    assert_eq!(told(None).await, (Role::Manager, None, 1));
    let (role, by, ways) = told(Some(then)).await;
    assert_eq!((role, ways), (Role::Customer, 1));
    assert!(by.as_ref().is_some_and(|by| by.ends_with(", which was in force then")), "{by:?}");
}

#[tokio::test]
async fn a_group_that_went_later_was_there_then_and_the_linter_knows_its_name() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let mut ben = person("acme", "ben", "Ben", "0418");
    ben.groups = Groups::new([APP.into()], true);
    let ids = [ana.id.clone(), ben.id.clone()];
    world.say(ana).await;
    world.say(ben).await;
    world.sweep().await;
    world.quiet().await;
    let wish = Wish { by: "Olu", reason: "a trial", expected: None };
    world.engine.publish_policy(&crate::bench::files(99, &[]), wish).await.unwrap();
    world.clock.pass(std::time::Duration::from_secs(3600));
    let then = world.now();
    world.clock.pass(std::time::Duration::from_secs(3600));
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| state.groups.retain(|group| group.as_str() != ROOMS));
    }
    let since = world.now().strftime("%Y-%m-%d %H:%M UTC").to_string();
    world.sweep().await;
    world.quiet().await;
    world.clock.pass(std::time::Duration::from_secs(3600));
    let later = world.now();
    let why = async |world: &World, at: jiff::Timestamp| {
        let mut told = Vec::new();
        for id in &ids {
            let one = world.engine.tell(id, Some(at), Some("role")).await.unwrap();
            told.push((one.ways[0].gives, one.ways[0].why.split(';').next().unwrap_or_default().to_owned()));
        }
        told
    };
    let said = |gives: bool, why: &str| (gives, why.to_owned());
    assert_eq!(
        why(&world, then).await,
        [said(true, "member of ROOMS"), said(false, "not a member of ROOMS")]
    );
    let unknown = format!("not known to be a member of ROOMS: the group {ROOMS} no longer exists in Okta");
    assert_eq!(why(&world, later).await[1], said(false, &unknown));
    let (_, problems) = world.engine.lint_policy(&crate::bench::files(99, &[])).await;
    let told = problems.iter().map(ToString::to_string).find(|text| text.contains("no tenant has"));
    let name = format!(": Okta called it \"{ROOMS}\", and it is gone since {since}");
    assert!(told.as_ref().is_some_and(|text| text.contains(&name)), "{told:?}");
    // It is there again, and nothing is gone.
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| state.groups.extend([ROOMS.into()]));
    }
    world.sweep().await;
    assert_eq!(world.engine.known().await.gone, Default::default());
}

#[tokio::test]
async fn a_visit_that_the_manager_hosts_is_no_riddle() {
    let mut world = World::new().await;
    world.edits = vec![
        ("[sites.hq]\ndefault_host = 1000\n", ""),
        ("[profile]\n", "[manager]\nattribute = \"managerId\"\n\n[profile]\n"),
    ];
    world.reborn().await;
    world.say(person("acme", "mia", "Mia", "0001")).await;
    world.quiet().await;
    let mut ana = person("acme", "ana", "Ana", "0417");
    for (name, value) in
        [("userType", "Contractor"), ("startDate", "2026-05-08"), ("managerId", "mia@acme.example")]
    {
        crate::bench::set(&mut ana, name, value);
    }
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    assert!(world.shown().contains("visit Ana visit:2026-05-08"), "{}", world.shown());
    let now = world.now();
    for at in [None, Some(now)] {
        let told = world.engine.tell(&id, at, Some("visit")).await.unwrap();
        assert!(told.ways[0].gives, "{:?}", told.ways);
        let host = told.desired.visits[0].value.host;
        let mia = world.store.link(&IdentityId::new("acme".into(), "mia"), &"hq".into()).await.unwrap();
        assert_eq!(host, mia.unwrap().account.id);
    }
}

#[tokio::test]
async fn a_past_period_is_compared_in_every_part_and_whenever_an_answer_turns() {
    let mut world = World::new().await;
    let began = world.now();
    let mut cleo = person("acme", "cleo", "Cleo", "0512");
    crate::bench::set(&mut cleo, "userType", "Contractor");
    crate::bench::set(&mut cleo, "contractEndDate", "2026-05-06");
    world.say(cleo).await;
    world.quiet_for(std::time::Duration::from_secs(4 * 86_400)).await;
    let replay = async |edit: (&'static str, &'static str)| {
        let files = crate::bench::files(100, &[edit]);
        world.engine.replay(&files, began, world.now()).await.unwrap().partings
    };
    let profile = replay(("department = \"department\"", "department = \"officeLocation\"")).await;
    assert_eq!(
        (profile[0].draft.clone(), profile[0].in_force.clone()),
        (vec!["department = PIER".to_owned()], vec!["department = Design".to_owned()])
    );
    let ends = replay(("the_day_itself = \"still counts\"", "the_day_itself = \"no longer counts\"")).await;
    let midnight = "2026-05-06T00:00:00Z".parse().unwrap();
    let parting = ends.iter().find(|parting| parting.at == midnight);
    let parting = parting.unwrap_or_else(|| panic!("nothing happened to her that night, and yet: {ends:?}"));
    assert!(parting.draft.iter().any(|line| line.starts_with("ended: contract expired")), "{parting:?}");
    assert!(parting.in_force.iter().any(|line| line.starts_with("active")), "{parting:?}");
}

/// Subjects and texts of messages that wait to be sent.
async fn messages(world: &World) -> Vec<(String, String)> {
    let all = world.store.messages_due(jiff::Timestamp::MAX, 100).await.unwrap();
    all.into_iter().map(|message| (message.subject, message.text)).collect()
}

#[tokio::test]
async fn a_flow_tells_once_what_it_gave_when_a_read_shows_it() {
    let mut world = World::new().await;
    world.edits = vec![(
        "then = [{ role = \"customer\", module = \"reservation\" }]",
        "tell = \"it\"\nthen = [{ role = \"customer\", module = \"reservation\" }]",
    )];
    world.reborn().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let told = messages(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0].0, "Ana Okafor: Members of ROOMS may book rooms.", "{told:?}");
    assert!(told[0].1.starts_with("Ana Okafor has now: role in reservation: CUSTOMER."), "{told:?}");
    world.signal(&id, false).await;
    world.quiet_for(std::time::Duration::from_secs(7 * 86_400)).await;
    assert_eq!(messages(&world).await.len(), 1, "once");
}
