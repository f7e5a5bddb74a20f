//! What another policy would do: said without a call, sealed, done exactly.

use std::time::Duration;

use lanyard_engine::{
    policies::Wish,
    ports::{Finding, PortFailure, Severity, Silent, Store, Write},
    undo::UndoScope,
    whatif::{SealRefused, ShownFilter, WhatIf, WhatIfError, waves},
};
use lanyard_model::{
    account::Role,
    id::{CenterId, IdentityId},
    identity::Identity,
    plan::Gate,
};

use crate::{
    bench::{World, at, files, person, set},
    fakes::Fault,
};

pub const NO_ROOMS: (&str, &str) =
    ("if = [{ group = \"ROOMS\" }]", "if = [{ attribute = \"department\", is = \"Nobody\" }]");

pub async fn company() -> World {
    let mut world = World::new().await;
    for (user, first, number) in [("ana", "Ana", "0417"), ("ben", "Ben", "0418")] {
        world.say(person("acme", user, first, number)).await;
    }
    world.quiet().await;
    world.sweep().await;
    world.quiet().await;
    world
}

#[tokio::test]
async fn a_draft_is_judged_over_everybody_from_the_mirrors() {
    let world = company().await;
    let down = PortFailure::Unavailable { upstream: "all".into(), reason: "no call is made".into() };
    world.hq.change(|s| s.failure = Some(down.clone()));
    world.south.change(|s| s.failure = Some(down.clone()));
    world.acme.change(|s| s.failure = Some(down.clone()));
    let same = world.whatif(&files(100, &[]), false).await.unwrap();
    assert_eq!((same.totals.people, same.totals.affected), (2, 0), "{:?}", same.people);
    let answer = world.whatif(&files(100, &[NO_ROOMS]), false).await.unwrap();
    assert_eq!((answer.totals.affected, answer.totals.lose, answer.totals.gain), (2, 2, 0));
    assert_eq!(answer.people[0].person, "Ana Okafor");
    assert_eq!(answer.people[0].loses, ["- role in reservation: CUSTOMER"]);
    assert_eq!(
        answer.rules.dead,
        ["rooms", "executives", "arrival"],
        "nobody meets the new condition, is in EXEC or a contractor"
    );
    assert_eq!(
        answer.rules.shadowed,
        ["first-day"],
        "it is for everybody, and nobody's first day is to come"
    );
    assert_eq!(answer.cost[0].ioffice_calls, 6, "two reads and one write each");
    assert_eq!(answer.cost[0].removals, 2);
    // Five workstations fewer: nobody has a desk of that kind any more.
    let hot = files(100, &[("protected = [", "protected = [")]);
    let mut hot = hot;
    hot.tables.insert("places".into(), "site,attribute:officeLocation,building,kind\nhq,PIER,Pier House,Standing desk\nsouth,TANN,Tannery,Workstation\n".into());
    let answer = world.whatif(&hot, false).await.unwrap();
    assert_eq!(answer.totals.wait, 0, "they keep the seat they have: {:?}", answer.people);
    let new_group =
        files(100, &[("\"ROOMS\" = { acme = \"00gROOMBOOKING\"", "\"ROOMS\" = { acme = \"00gOTHERGROUP\"")]);
    let refused = world.whatif(&new_group, false).await;
    assert!(matches!(refused, Err(WhatIfError::GroupsUnread { .. })), "{refused:?}");
    // Asked for, and not read whole: it is said, and nothing can be sealed.
    world.acme.change(|state| (state.failure, state.torn_members) = (None, true));
    let torn = world.whatif(&new_group, true).await.unwrap();
    assert_eq!(torn.seal, None);
    let said = "the members of 00gOTHERGROUP could not be read whole: the list did not come to its own end";
    assert!(torn.doubts.iter().any(|doubt| doubt == said), "{:?}", torn.doubts);
    world.acme.change(|state| state.torn_members = false);
    assert!(world.whatif(&new_group, true).await.unwrap().seal.is_some());
}

#[tokio::test]
async fn a_seal_does_exactly_what_was_shown_and_refuses_where_the_world_moved() {
    let mut world = company().await;
    let draft = files(100, &[NO_ROOMS]);
    let shown = world.whatif(&draft, false).await.unwrap();
    let seal = shown.seal.clone().unwrap();
    let again = world.whatif(&draft, false).await.unwrap();
    assert_eq!(again.seal, shown.seal, "the same world, the same seal");
    // Ben's account gets another role that the policy gave once: it is not in the seal.
    world.hq.change(|s| {
        let ben = s.accounts.values_mut().find(|a| a.field("userName") == Some("ben@acme.example")).unwrap();
        ben.roles = Some([(CenterId(51), Role::Manager)].into());
    });
    world.engine.start_seal(&seal, "Olu").await.unwrap();
    world.quiet().await;
    let report = world.engine.finish_seal(&seal, "Olu").await.unwrap();
    assert_eq!(report.people, 2);
    assert_eq!(report.done, 1, "{report:?}");
    assert_eq!(report.refused.len(), 1, "{report:?}");
    assert_eq!(&*report.refused[0].identity.user, "ben");
    let shown = world.shown();
    assert_eq!(shown, "ana@acme.example seat 11\nben@acme.example seat 12 MANAGER in 51\n");
    let twice = world.engine.start_seal(&seal, "Olu").await;
    assert!(matches!(twice, Err(SealRefused::Applied(_))), "{twice:?}");
    assert_eq!(world.store.meta("rollout").await.unwrap(), None);
}

#[tokio::test]
async fn whoever_opens_a_seal_at_once_waits_for_its_people() {
    let world = company().await;
    let tell = |answer: &WhatIf| answer.seal.clone();
    let seal =
        world.engine.whatif_told(&files(100, &[NO_ROOMS]), false, &Silent, tell).await.unwrap().unwrap();
    let kept = world.store.documents("whatif", std::slice::from_ref(&seal)).await.unwrap();
    assert_eq!(kept.len(), 1, "what is told is sealed: it can be applied");
    let page = world.engine.sealed_people(&seal, &ShownFilter::default(), 0, 10).await.unwrap();
    let who: Vec<_> = page.items.iter().map(|one| &*one.identity.user).collect();
    assert_eq!((who, page.next), (vec!["ana", "ben"], None));
    let (_, shown, ..) = world.engine.seal_shown(&seal).await.unwrap();
    assert_eq!(shown.unwrap()["totals"]["lose"], 2);
}

#[tokio::test]
async fn what_is_held_at_the_end_of_a_seal_is_said_to_be_held_and_by_what() {
    let mut world = company().await;
    // 2026-05-04 is a Monday.
    let window =
        "[guardrails]\nremoval_window = { days = [\"tuesday\"], from = \"09:00\", to = \"17:00\" }\n";
    let draft = files(100, &[NO_ROOMS, ("[guardrails]\n", window)]);
    let shown = world.whatif(&draft, false).await.unwrap();
    let seal = shown.seal.clone().unwrap();
    world.engine.start_seal(&seal, "Olu").await.unwrap();
    world.quiet().await;
    let report = world.engine.finish_seal(&seal, "Olu").await.unwrap();
    let fates: Vec<_> = report.refused.iter().map(|one| (one.line.as_str(), one.fate.as_str())).collect();
    assert_eq!(fates, [("role-:51:CUSTOMER", "removals wait for their window"); 2], "{report:?}");
}

#[tokio::test]
async fn what_an_applied_seal_did_is_taken_back_and_nothing_besides() {
    let mut world = company().await;
    let before = world.shown();
    let seal = world.whatif(&files(100, &[NO_ROOMS]), false).await.unwrap().seal.unwrap();
    let scope = UndoScope::Seal(seal.clone());
    let never = world.engine.preview_undo(&scope, "test").await.unwrap_err();
    assert!(never.to_string().contains("was never applied"), "{never}");
    world.engine.start_seal(&seal, "Olu").await.unwrap();
    world.quiet().await;
    world.engine.finish_seal(&seal, "Olu").await.unwrap();
    assert!(!world.shown().contains("CUSTOMER"));
    let shown = world.engine.preview_undo(&scope, "test").await.unwrap();
    let operations: Vec<_> = shown.iter().map(|one| one.operations).collect();
    assert_eq!(operations, [1, 1], "not what was done for them before: {shown:#?}");
    let done = world.engine.apply_undo(&scope, "Olu", "a mistake").await.unwrap();
    assert!(done.iter().all(|one| one.open.as_deref() == Some(&[])), "{done:#?}");
    world.quiet().await;
    assert_eq!(world.shown(), before, "the policy in force leaves it alone");
}

#[tokio::test]
async fn one_line_is_left_out_and_waits_while_the_rest_is_done() {
    let mut world = company().await;
    let draft = files(100, &[NO_ROOMS]);
    let shown = world.whatif(&draft, false).await.unwrap();
    let ben = shown.people.iter().find(|one| &*one.identity.user == "ben").unwrap();
    let lines = ben.lines["- role in reservation: CUSTOMER"].clone();
    assert_eq!(lines.iter().map(String::as_str).collect::<Vec<_>>(), ["role-:51:CUSTOMER"]);
    let out = [((ben.identity.clone(), ben.site.clone()), lines)].into();
    let seal = world.engine.leave_out(&shown.seal.clone().unwrap(), &out).await.unwrap();
    world.engine.start_seal(&seal, "Olu").await.unwrap();
    let begun = world.engine.seal_progress(&seal).await.unwrap();
    assert_eq!((begun.people, begun.left_out, begun.lines, begun.to_look), (1, 1, 1, 2), "{begun:?}");
    // An event comes before anybody was looked at: nobody is looked at any the less.
    world.engine.look_again(ben.identity.clone(), "Olu").await.unwrap();
    assert_eq!(world.engine.seal_progress(&seal).await.unwrap().to_look, 2);
    world.quiet().await;
    assert_eq!(world.engine.seal_progress(&seal).await.unwrap().to_look, 0);
    world.engine.look_again(ben.identity.clone(), "Olu").await.unwrap();
    assert_eq!(
        world.engine.seal_progress(&seal).await.unwrap().to_look,
        0,
        "nobody waits for what is asked afterwards"
    );
    let report = world.engine.finish_seal(&seal, "Olu").await.unwrap();
    assert_eq!((report.people, report.left_out, report.lines, report.done), (1, 1, 1, 1), "{report:?}");
    assert_eq!(report.moved.len(), 1, "{report:?}");
    let shown = world.shown();
    assert_eq!(shown, "ana@acme.example seat 11\nben@acme.example seat 12 CUSTOMER in 51\n");
}

#[tokio::test]
async fn a_seal_against_another_policy_changes_nothing() {
    let mut world = company().await;
    let seal = world.whatif(&files(100, &[NO_ROOMS]), false).await.unwrap().seal.unwrap();
    world.max_people = 99;
    world.reborn().await;
    let refused = world.engine.start_seal(&seal, "Olu").await;
    assert!(matches!(refused, Err(SealRefused::PolicyMoved { .. })), "{refused:?}");
    world.quiet().await;
    assert!(world.shown().contains("CUSTOMER in 51"));
}

/// Measured, not judged: run it alone, in a release build, with `--run-ignored only --no-capture`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn a_hundred_thousand_people_are_judged() {
    use lanyard_engine::ports::Write;
    use lanyard_model::{
        account::{Account, AccountKind, FieldName},
        desired::Applied,
        id::{AccountId, AccountKey},
        link::{How, Link},
    };
    const PEOPLE: i64 = 100_000;
    let no_desk = (
        "sentence = \"Everybody has a desk.\"",
        "sentence = \"Nobody has a desk.\"\nif = [{ attribute = \"department\", is = \"Nobody\" }]",
    );
    let mut world = World::new().await;
    world.edits = vec![no_desk];
    world.reborn().await;
    let now = world.now();
    let mut batch = Vec::new();
    for number in 0..PEOPLE {
        let mut one =
            person("acme", &format!("u{number:06}"), &format!("Name{number}"), &format!("{number:06}"));
        if number % 10 == 0 {
            crate::bench::set(&mut one, "department", "Sales");
        }
        let key = AccountKey { site: "hq".into(), id: AccountId(number + 1) };
        let fields = ["firstName", "lastName", "email", "userName", "employeeId", "department"];
        let from = ["firstName", "lastName", "email", "login", "employeeNumber", "department"];
        let fields: std::collections::BTreeMap<_, _> = fields
            .iter()
            .zip(from)
            .map(|(field, name)| (FieldName::new(field).unwrap(), one.profile.text(name).unwrap().to_owned()))
            .collect();
        let roles: std::collections::BTreeMap<_, _> = [(CenterId(51), Role::Customer)].into();
        let account = Account {
            key: key.clone(),
            kind: AccountKind::Person,
            active: Some(true),
            fields: fields.clone(),
            user_type: None,
            seat: None,
            section: None,
            seat_class: None,
            cost_center: None,
            items: Some(Default::default()),
            roles: Some(roles.clone()),
            site_admin: Some(false),
            updated_at: None,
            updated_by: None,
            read_at: now,
        };
        let id = one.id.clone();
        batch.push(Write::Identity { identity: Box::new(one), keys: vec![], at: now });
        batch.push(Write::Account { account: Box::new(account), keys: vec![] });
        batch.push(Write::Link(Link {
            identity: id.clone(),
            account: key,
            how: How::Key("employee number".into()),
            since: now,
            ended_at: None,
        }));
        let applied = Applied { fields, roles, ..Applied::default() };
        batch.push(Write::Applied { identity: id, site: "hq".into(), applied: Box::new(applied) });
        if batch.len() >= 20_000 {
            world.store.write(std::mem::take(&mut batch)).await.unwrap();
        }
    }
    world.store.write(batch).await.unwrap();
    let sales = (
        "if = [{ group = \"ROOMS\" }]",
        "if = [{ group = \"ROOMS\" }, { not = { attribute = \"department\", is = \"Sales\" } }]",
    );
    let draft = files(100, &[no_desk, sales]);
    for _ in 0..3 {
        let began = std::time::Instant::now();
        let answer = world.whatif(&draft, false).await.unwrap();
        let took = began.elapsed();
        assert_eq!((answer.totals.people, answer.totals.lose), (100_000, 10_000));
        eprintln!("{PEOPLE} people judged by two policies in {took:?}");
    }
}

const OLU: Wish<'_> = Wish { by: "Olu", reason: "a test", expected: None };
const PAUSE: Duration = Duration::from_secs(1800);

/// Somebody in each site, and a draft that takes a role from both of them, site by site.
async fn rolled_out() -> (World, String) {
    rolled_out_where(|_| ()).await
}

async fn rolled_out_where(change: impl Fn(&mut Identity)) -> (World, String) {
    let (mut world, seal) = sealed_where(change).await;
    begin(&mut world, &seal, &[]).await;
    (world, seal)
}

async fn sealed_where(change: impl Fn(&mut Identity)) -> (World, String) {
    let mut world = World::new().await;
    world
        .engine
        .publish_policy(&files(100, &[("max_percent = 100", "max_percent = 99")]), OLU)
        .await
        .unwrap();
    for (user, number, office) in [("ana", "0417", "PIER"), ("ben", "0418", "TANN")] {
        let mut one = person("acme", user, user, number);
        set(&mut one, "officeLocation", office);
        change(&mut one);
        world.say(one).await;
    }
    world.quiet().await;
    world.sweep().await;
    world.quiet().await;
    let answer = world.whatif(&files(100, &[NO_ROOMS]), false).await.unwrap();
    assert_eq!(answer.totals.lose, 2, "{:?}", answer.people);
    (world, answer.seal.unwrap())
}

/// The first wave, although these findings are open.
async fn begin(world: &mut World, seal: &str, accepted: &[Finding]) {
    let sites = world.engine.sites().keys().cloned().collect();
    let waves = waves::parse(&["south".to_owned()], &sites).unwrap();
    let waves = waves::Waves::new(waves, PAUSE, world.now()).accepting(accepted);
    world.engine.start_seal_in_waves(seal, "Olu", Some(waves)).await.unwrap();
    world.quiet_for(Duration::from_secs(60)).await;
}

const FIRST_WAVE: &str = "ana@acme.example seat 11 CUSTOMER in 51\nben@acme.example seat 11\n";

#[tokio::test]
async fn a_seal_goes_out_in_waves_with_a_pause_between_them() {
    let (mut world, seal) = rolled_out().await;
    assert_eq!(world.shown(), FIRST_WAVE);
    world.engine.advance_roll_out().await.unwrap();
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), FIRST_WAVE, "not before the pause is over");
    let ana = IdentityId::new("acme".into(), "ana");
    let plans = world.store.plans(Some(&ana), 1).await.unwrap();
    let Gate::Held { why, .. } = &plans[0].steps[0].gate else { panic!("{:?}", plans[0]) };
    assert_eq!(why, &format!("wave 2 of 2 of {seal} has not begun"));

    world.clock.pass(PAUSE);
    world.engine.advance_roll_out().await.unwrap();
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), "ana@acme.example seat 11\nben@acme.example seat 11\n");
    let known = world.engine.roll_out().await.unwrap().unwrap();
    assert_eq!((known.begun, known.waves.len(), known.halted), (2, 2, None));
    world.clock.pass(PAUSE);
    world.engine.advance_roll_out().await.unwrap();
    assert_eq!(world.engine.rollout(), None, "over");
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_roll_out_is_not_ended_while_its_policy_would_do_the_rest_at_once() {
    let (mut world, seal) = rolled_out().await;
    let refused = world.engine.finish_seal(&seal, "Olu").await;
    assert!(matches!(refused, Err(SealRefused::WavesLeft { .. })), "{refused:?}");
    world.sweep().await;
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), FIRST_WAVE);
}

#[tokio::test]
async fn a_roll_out_halts_by_itself_survives_a_restart_and_goes_on_when_somebody_says_so() {
    let (mut world, seal) = rolled_out().await;
    let torn = Finding {
        key: "certificate:hq:Accounts".into(),
        kind: "certificate".into(),
        severity: Severity::Error,
        tenant: None,
        site: Some("hq".into()),
        identity: None,
        title: "hq: a complete read could not be proven".into(),
        detail: String::new(),
        fix: None,
        count: None,
        since: world.now(),
    };
    world.store.write(vec![Write::Finding(Box::new(torn))]).await.unwrap();
    world.engine.advance_roll_out().await.unwrap();
    world.restarted().await;
    world.engine.load(&Silent).await.unwrap();
    world.clock.pass(PAUSE * 4);
    world.engine.advance_roll_out().await.unwrap();
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), FIRST_WAVE, "no further wave begins");
    let known = world.engine.roll_out().await.unwrap().unwrap();
    assert_eq!((known.begun, known.halted.as_deref()), (1, Some("a finding of the kind certificate began")));
    assert!(world.findings().await.contains(&format!("rollout:{seal}")));

    world.engine.resume_roll_out("Olu").await.unwrap();
    assert!(!world.findings().await.contains(&format!("rollout:{seal}")));
    world.engine.advance_roll_out().await.unwrap();
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), FIRST_WAVE, "after another pause");
    world.clock.pass(PAUSE);
    world.engine.advance_roll_out().await.unwrap();
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), "ana@acme.example seat 11\nben@acme.example seat 11\n");
}

#[tokio::test]
async fn a_roll_out_halts_at_a_limit_and_at_too_many_failures() {
    let (world, _) = rolled_out().await;
    let cap = Finding {
        key: "cap:removals:hq".into(),
        kind: "cap".into(),
        severity: Severity::Error,
        tenant: None,
        site: Some("hq".into()),
        identity: None,
        title: "hq: the limit on removals is reached".into(),
        detail: String::new(),
        fix: None,
        count: None,
        since: world.now(),
    };
    world.store.write(vec![Write::Finding(Box::new(cap))]).await.unwrap();
    world.engine.advance_roll_out().await.unwrap();
    let known = world.engine.roll_out().await.unwrap().unwrap();
    assert_eq!(known.halted.as_deref(), Some("a finding of the kind cap began"));

    let (mut world, _) = rolled_out().await;
    let others = [("eve", "0421"), ("fay", "0422"), ("gus", "0423")];
    for (user, number) in others {
        world.say(person("acme", user, user, number)).await;
    }
    world.quiet_for(Duration::from_secs(30)).await;
    for (user, _) in others {
        world.engine.advance_roll_out().await.unwrap();
        let halted = world.engine.roll_out().await.unwrap().unwrap().halted;
        assert_eq!(halted, None, "a failure or two is none of its");
        world.hq.change(|state| state.faults_of.entry("update").or_default().push_back(Fault::NotDone));
        let who = IdentityId::new("acme".into(), user);
        world.alter(&who, |person| set(person, "department", "Sales")).await;
        world.quiet_for(Duration::from_secs(30)).await;
    }
    world.engine.advance_roll_out().await.unwrap();
    let halted = world.engine.roll_out().await.unwrap().unwrap().halted.unwrap_or_default();
    assert!(halted.starts_with("3 of ") && halted.ends_with(" operations failed"), "{halted}");
}

#[tokio::test]
async fn a_guardrail_that_is_open_already_stands_in_the_way_until_somebody_accepts_it() {
    let (mut world, seal) = sealed_where(|_| ()).await;
    let of = |site: &str, count: u64| Finding {
        key: format!("leaver-late:{site}"),
        kind: "leaver_late".into(),
        severity: Severity::Warning,
        tenant: None,
        site: Some(site.into()),
        identity: None,
        title: format!("{site}: {count} are late"),
        detail: String::new(),
        fix: None,
        count: Some(count),
        since: at("2026-05-01T08:00:00Z"),
    };
    let put = async |world: &World, finding: Finding| {
        world.store.write(vec![Write::Finding(Box::new(finding))]).await.unwrap();
    };
    put(&world, of("elsewhere", 1)).await;
    assert_eq!(world.engine.in_the_way(&seal).await.unwrap(), []);
    put(&world, of("hq", 1)).await;
    let open = world.engine.in_the_way(&seal).await.unwrap();
    assert_eq!(open, [of("hq", 1)]);

    // Whoever begins it without a word finds it halted.
    begin(&mut world, &seal, &[]).await;
    assert_eq!(world.engine.in_the_way(&seal).await.unwrap(), [], "it is under way");
    let halted = async |world: &World| {
        world.engine.advance_roll_out().await.unwrap();
        world.engine.roll_out().await.unwrap().and_then(|known| known.halted)
    };
    assert_eq!(halted(&world).await.as_deref(), Some("a finding of the kind leaver_late is open"));
    world.engine.resume_roll_out("Olu").await.unwrap();
    assert_eq!(halted(&world).await, None, "accepted as it is");
    put(&world, of("hq", 2)).await;
    assert_eq!(halted(&world).await.as_deref(), Some("a finding of the kind leaver_late has grown"));

    let (mut world, seal) = sealed_where(|_| ()).await;
    put(&world, of("hq", 1)).await;
    begin(&mut world, &seal, &[of("hq", 1)]).await;
    assert_eq!(halted(&world).await, None, "accepted when it began");
}

#[tokio::test]
async fn a_leaver_does_not_wait_for_a_wave() {
    let (mut world, _) = rolled_out().await;
    world.leave(&IdentityId::new("acme".into(), "ana")).await;
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\nben@acme.example seat 11\n");
}

#[tokio::test]
async fn a_contract_that_ends_does_not_wait_for_a_wave() {
    let (mut world, seal) = rolled_out_where(|one| {
        set(one, "userType", "Contractor");
        set(one, "contractEndDate", "2026-05-04");
    })
    .await;
    assert_eq!(world.shown(), FIRST_WAVE);
    world.clock.pass(Duration::from_secs(15 * 3600 + 45 * 60));
    assert_eq!(world.now().strftime("%H").to_string(), "23", "nearly midnight");
    world.quiet_for(Duration::from_secs(900)).await;
    assert_eq!(world.engine.rollout(), Some(seal), "still under way");
    assert_eq!(world.shown(), "ana@acme.example inactive\nben@acme.example inactive\n");
}

#[tokio::test]
async fn an_end_that_the_draft_itself_brings_waits_for_its_wave() {
    let mut world = World::new().await;
    for (user, number, office) in [("ana", "0417", "PIER"), ("ben", "0418", "TANN")] {
        let mut one = person("acme", user, user, number);
        set(&mut one, "officeLocation", office);
        set(&mut one, "contractEndDate", "2026-05-01");
        world.say(one).await;
    }
    world.quiet().await;
    world.sweep().await;
    world.quiet().await;
    let draft = ("if = [{ attribute = \"userType\", is = \"Contractor\" }]\nthe_day", "the_day");
    let seal = world.whatif(&files(100, &[draft]), false).await.unwrap().seal.unwrap();
    let sites = world.engine.sites().keys().cloned().collect();
    let waves = waves::parse(&["south".to_owned()], &sites).unwrap();
    let waves = waves::Waves::new(waves, PAUSE, world.now());
    world.engine.start_seal_in_waves(&seal, "Olu", Some(waves)).await.unwrap();
    world.quiet_for(Duration::from_secs(600)).await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51\nben@acme.example inactive\n");
}

#[tokio::test]
async fn a_policy_that_is_taken_back_during_its_roll_out_undoes_it_without_asking() {
    let (mut world, _) = rolled_out().await;
    assert_eq!(world.shown(), FIRST_WAVE);
    let (versions, _) = world.engine.policy_versions(0, 9).await.unwrap();
    let before = versions[1].number;
    world.engine.roll_back_policy(before, OLU).await.unwrap();
    let all = [IdentityId::new("acme".into(), "ana"), IdentityId::new("acme".into(), "ben")];
    for one in &all {
        world.engine.look_again(one.clone(), "a test").await.unwrap();
    }
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(
        world.shown(),
        "ana@acme.example seat 11 CUSTOMER in 51\nben@acme.example seat 11 CUSTOMER in 51\n"
    );
    assert_eq!(world.engine.requests(9).await.unwrap(), []);
}

#[tokio::test]
async fn the_progress_of_a_seal_is_asked_often_and_reads_whom_it_names_once() {
    let (world, seal) = rolled_out().await;
    let mut read = Vec::new();
    for _ in 0..3 {
        let _ = world.mortal.used();
        assert_eq!(world.engine.seal_progress(&seal).await.unwrap().people, 2);
        read.push(world.mortal.used().0["documents"]);
    }
    assert_eq!(read, [2, 1, 1], "the seal, and its list of people the first time");
}
