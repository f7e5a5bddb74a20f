//! Full comparisons: what they cost, what they leave out, and how they go on after an interruption.

use std::time::Duration;

use lanyard_engine::ports::{ActivityFilter, PortFailure, Store as _, Swept};
use lanyard_model::{
    id::TenantId,
    identity::{Groups, Status},
};

use crate::{
    bench::{APP, World, at, person, set},
    mortal::Death,
};

/// Puts people into Okta who were never signalled: only a sweep finds them.
pub fn hire(world: &World, tenant: &str, count: usize) {
    world.okta(tenant).change(|state| {
        for number in 0..count {
            let user = format!("{tenant}{number:04}");
            let place = if tenant == "acme" { 10_000 } else { 20_000 };
            let mut one = person(tenant, &user, &user, &(place + number).to_string());
            one.groups = Groups::new([APP.into()], true);
            state.people.insert(user, one);
        }
    });
}

/// So many people whom a comparison brought into step.
pub async fn in_step(count: usize) -> World {
    let mut world = World::new().await;
    hire(&world, "acme", count);
    world.sweep().await;
    world.quiet().await;
    world.clock.pass(Duration::from_secs(3600));
    world
}

#[tokio::test]
async fn a_sweep_of_a_company_in_step_writes_only_that_it_was_made() {
    let mut asked = Vec::new();
    for count in [3, 40] {
        let mut world = in_step(count).await;
        // What looks read by id is mirrored as the list shows it.
        world.sweep().await;
        world.quiet().await;
        world.clock.pass(Duration::from_secs(3600));
        world.mortal.used();
        let report = world.sweep().await;
        assert_eq!((report.people, report.differing, report.certified), (count, 0, true), "{report:?}");
        let (reads, batches) = world.mortal.used();
        let certificates = |of: usize| -> Vec<String> {
            let mut all = vec!["FindingOver".to_owned()];
            (0..of).for_each(|_| all.extend(["Certificate".to_owned(), "FindingOver".to_owned()]));
            all
        };
        let mark = || vec!["Meta".to_owned()];
        let mut expected = Vec::new();
        for _tenant in 0..2 {
            expected.extend([certificates(2), mark()]);
        }
        // With a site's certificate goes how many people it counted.
        for _site in 0..2 {
            expected.extend([[certificates(1), mark()].concat(), mark()]);
        }
        let (ends, others): (Vec<_>, Vec<_>) =
            batches.into_iter().partition(|batch| batch.contains(&"Sweep".into()));
        // The feed apart, which each tenant's list waits for: its page with its place in the chain, or that nobody read it
        // for the hour that went by.
        let feed = |batch: &Vec<String>| batch[0] == "Signals" || *batch == ["Journal", "Meta"];
        let others: Vec<_> = others.into_iter().filter(|batch| !feed(batch)).collect();
        assert_eq!(others, expected);
        let [end] = &ends[..] else { panic!("{ends:?}") };
        assert!(
            end.iter()
                .all(|kind| ["FindingsOverExcept", "FindingOver", "Sweep", "Journal", "Meta"]
                    .contains(&&**kind)),
            "{end:?}"
        );
        assert_eq!(end.iter().filter(|kind| *kind == "Journal").count(), 2, "a line for each tenant");
        asked.push(reads);
    }
    assert_eq!(asked[0], asked[1], "questions do not grow with people, but by page");
    for one_by_one in ["identity", "account", "link", "applied", "links_of", "links_to"] {
        assert!(!asked[0].contains_key(one_by_one), "{one_by_one}: {:?}", asked[0]);
    }
}

#[tokio::test]
async fn a_tenant_that_cannot_be_read_keeps_nobody_else_waiting_and_loses_nobody() {
    let mut world = World::new().await;
    hire(&world, "acme", 2);
    hire(&world, "beta", 1);
    world.beta.change(|state| {
        // Somebody with an account in hq, and not linked yet.
        let mut cleo = person("beta", "cleo", "Cleo", "0777");
        cleo.groups = Groups::new([APP.into()], true);
        state.people.insert("cleo".into(), cleo);
    });
    world.hq.seed(7, &[("userName", "nobody"), ("email", "nobody@acme.example"), ("employeeId", "0999")]);
    let down = PortFailure::Unavailable { upstream: "Okta (beta)".into(), reason: "down".into() };
    world.beta.change(|state| state.failure = Some(down));
    let report = world.sweep().await;
    assert_eq!(report.unread_tenants, ["beta".into()]);
    assert_eq!(
        (report.people, report.differing, report.orphans),
        (2, 2, 0),
        "no orphan is claimed: {report:?}"
    );
    assert!(!report.certified && report.doubts[0].starts_with("beta: it could not be read"), "{report:?}");
    world.quiet().await;
    assert!(world.findings().await.contains(&"unread:beta".to_owned()));
    assert_eq!(world.shown().lines().filter(|line| line.contains("acme000")).count(), 2, "{}", world.shown());

    world.beta.change(|state| state.failure = None);
    let report = world.sweep().await;
    assert_eq!((report.unread_tenants.len(), report.orphans), (0, 1), "{report:?}");
    world.quiet().await;
    assert!(!world.findings().await.contains(&"unread:beta".to_owned()));
    assert!(world.findings().await.contains(&"orphan:hq:7".to_owned()));

    // Known people of a tenant that does not answer are nobody's leavers, and their accounts no orphans.
    let before = world.shown();
    world.clock.pass(Duration::from_secs(86_400));
    let down = PortFailure::Unavailable { upstream: "Okta (beta)".into(), reason: "down".into() };
    world.beta.change(|state| state.failure = Some(down));
    let report = world.sweep().await;
    assert_eq!((report.people, report.differing), (2, 0), "{report:?}");
    assert_eq!(world.store.meta("absent:beta/cleo").await.unwrap(), None);
    world.quiet_for(Duration::from_secs(60)).await;
    assert_eq!(world.shown(), before);
    assert!(world.findings().await.contains(&"orphan:hq:7".to_owned()), "what was proven stays so");

    world.acme.change(|state| {
        let down = PortFailure::Unavailable { upstream: "Okta (acme)".into(), reason: "down too".into() };
        state.failure = Some(down);
    });
    let error = world.engine.sweep(None, "test", &lanyard_engine::ports::Silent).await.unwrap_err();
    assert!(error.to_string().contains("down"), "nobody could be read: {error}");
}

#[tokio::test]
async fn a_sweep_counts_each_tenants_people_and_accounts_apart() {
    let mut world = World::new().await;
    hire(&world, "acme", 3);
    hire(&world, "beta", 2);
    world.hq.seed(7, &[("userName", "nobody"), ("email", "nobody@acme.example"), ("employeeId", "0999")]);
    world.sweep().await;
    world.quiet().await;
    world.beta.change(|state| {
        state.people.values_mut().take(1).for_each(|one| set(one, "department", "Legal"));
    });
    let report = world.sweep().await;
    let record = world.store.sweeps(None, 1).await.unwrap().remove(0);
    assert_eq!((record.people, record.drift, record.findings), (5, 1, 1), "{report:?}");
    let of = |tenant: &str| record.of[&TenantId::from(tenant)];
    assert_eq!(of("acme"), Swept { people: 3, accounts: 3, drift: 0, findings: 0 });
    assert_eq!(of("beta"), Swept { people: 2, accounts: 2, drift: 1, findings: 0 });
    assert_eq!(record.accounts, 6, "one is nobody's");
    let filter = ActivityFilter { tenant: Some("beta".into()), limit: 50, ..ActivityFilter::default() };
    let lines = world.store.activity(&filter).await.unwrap();
    let line = lines.into_iter().find(|kept| kept.entry.kind == "sweep").unwrap();
    assert_eq!(line.entry.data["of_tenant"]["accounts"], 2, "the journal says so too");
}

/// A sweep that dies at each of its writes in turn is ended by the next process; lists that were remembered whole are
/// not read again.
#[tokio::test]
async fn an_interrupted_sweep_is_taken_up_where_it_was() {
    let mut resumed = Vec::new();
    let mut end = String::new();
    for number in 0..200 {
        let mut world = World::new().await;
        hire(&world, "acme", 2);
        world.hq.seed(7, &[("userName", "nobody"), ("email", "nobody@acme.example"), ("employeeId", "0999")]);
        world.mortal_reborn(Some(Death::AfterWrite(number))).await;
        let engine = std::sync::Arc::clone(&world.engine);
        let whole = tokio::select! {
            report = engine.sweep(None, "test", &lanyard_engine::ports::Silent) => Some(report.unwrap()),
            () = world.mortal.died.notified() => None,
        };
        if let Some(report) = whole {
            assert_eq!(report.resumed, [""; 0]);
            world.quiet().await;
            if end.is_empty() {
                end = world.shown();
            }
            assert_eq!(world.shown(), end, "{number}");
            if !resumed.is_empty() {
                break;
            }
            continue;
        }
        if !world.store.sweeps(None, 9).await.unwrap().is_empty() {
            // It died after its last write.
            break;
        }
        world.clock.pass(Duration::from_secs(60));
        world.reborn().await;
        let report = world.sweep().await;
        assert!(report.certified, "{number}: {report:?}");
        assert_eq!((report.people, report.orphans), (2, 1), "{number}: {report:?}");
        for (name, lists) in [
            ("acme", world.acme.lists()),
            ("beta", world.beta.lists()),
            ("hq", world.hq.change(|state| state.lists)),
            ("south", world.south.change(|state| state.lists)),
        ] {
            let again = usize::from(!report.resumed.contains(&name.to_owned()));
            assert!(lists <= 1 + again, "{number}: {name} was listed {lists} times: {report:?}");
        }
        resumed.push(report.resumed.len());
        world.quiet().await;
        assert_eq!(world.lines("sweep").await, 2, "{number}: it is on record once for each tenant");
        let shown = world.shown();
        if end.is_empty() {
            end.clone_from(&shown);
        }
        assert_eq!(shown, end, "{number}");
    }
    assert!(resumed.contains(&0) && resumed.contains(&2) && resumed.contains(&4), "{resumed:?}");
    assert!(resumed.is_sorted(), "{resumed:?}");
}

/// Lets a sweep die as soon as the last site's list is remembered.
async fn cut_short(world: &mut World) {
    for number in 0..100 {
        world.mortal_reborn(Some(Death::AfterWrite(number))).await;
        let engine = std::sync::Arc::clone(&world.engine);
        tokio::select! {
            _ = engine.sweep(None, "test", &lanyard_engine::ports::Silent) => {}
            () = world.mortal.died.notified() => {}
        }
        let mark = world.store.meta("sweep:unfinished").await.unwrap().unwrap_or_default();
        if mark.contains("south") {
            return;
        }
    }
    panic!("it is never cut short");
}

#[tokio::test]
async fn an_interrupted_sweep_of_another_day_or_in_doubt_begins_anew() {
    let mut world = World::new().await;
    hire(&world, "acme", 2);
    world.acme.change(|state| state.torn = true);
    cut_short(&mut world).await;
    world.reborn().await;
    let report = world.sweep().await;
    assert_eq!(report.resumed, ["beta", "hq", "south"], "a list in doubt is read again: {report:?}");
    assert!(!report.certified);

    cut_short(&mut world).await;
    world.clock.pass(Duration::from_secs(31 * 60));
    world.reborn().await;
    assert_eq!(world.sweep().await.resumed, [""; 0], "half an hour later everything is read again");
}

#[tokio::test]
async fn people_who_wait_for_room_under_a_limit_are_counted_apart() {
    let mut world = World::new().await;
    world.max_people = 1;
    world.reborn().await;
    for (user, number) in [("ana", "0417"), ("ben", "0418")] {
        world.say(person("acme", user, user, number)).await;
    }
    world.quiet().await;
    let left = at("2026-05-04T08:30:00Z");
    world.acme.change(|state| {
        for one in state.people.values_mut() {
            (one.status, one.status_changed) = (Status::Deprovisioned, Some(left));
        }
    });
    assert_eq!(world.sweep().await.waiting, 0);
    world.quiet_for(Duration::from_secs(30)).await;
    let report = world.sweep().await;
    assert_eq!((report.differing, report.waiting), (1, 1), "{report:?}");
}

#[tokio::test]
async fn a_sweep_of_one_tenant_asks_no_other_and_claims_no_orphan() {
    let mut world = World::new().await;
    hire(&world, "acme", 2);
    hire(&world, "beta", 1);
    world.hq.seed(7, &[("userName", "nobody"), ("email", "nobody@acme.example"), ("employeeId", "0999")]);
    let scope = lanyard_engine::sweep::SweepScope { site: None, tenant: Some("acme".into()) };
    let report = world.engine.sweep_within(&scope, "test", &lanyard_engine::ports::Silent).await.unwrap();
    assert_eq!(
        (report.people, report.differing, report.orphans, report.certified),
        (2, 2, 0, true),
        "{report:?}"
    );
    assert_eq!((world.acme.lists(), world.beta.lists()), (1, 0));
    world.quiet().await;
    assert_eq!(world.store.sweeps(Some("acme"), 9).await.unwrap().len(), 1);
    assert_eq!(world.sweep().await.orphans, 1);
}

#[tokio::test]
async fn sweeps_of_one_tenant_at_a_time_tell_of_that_tenant_and_end_what_is_over() {
    let mut world = World::new().await;
    for id in 7..12 {
        world.hq.seed(id, &[("userName", &format!("u{id}")), ("email", &format!("u{id}@acme.example"))]);
    }
    let mut held = Vec::new();
    for (tenant, name, number) in [("acme", "Ana", "0417"), ("beta", "Bea", "0517")] {
        let mut one = person(tenant, &name.to_lowercase(), name, number);
        set(&mut one, "userType", "Contractor");
        set(&mut one, "contractEndDate", "2026-05-08");
        set(&mut one, "legalHold", "yes");
        held.push(one.id.clone());
        world.say(one).await;
    }
    let zed = person("acme", "zed", "Zed", "0419");
    let zed_id = zed.id.clone();
    world.say(zed).await;
    world.quiet().await;
    let zeds = world.hq.change(|state| {
        let zed = state.accounts.values_mut().find(|one| one.field("email") == Some("zed@acme.example"));
        let zed = zed.unwrap();
        zed.site_admin = Some(true);
        zed.id().0
    });
    world.quiet_for(Duration::from_secs(6 * 86_400)).await;
    let admin = format!("site-admin:hq/{zeds}");
    let only = |tenant: &str| lanyard_engine::sweep::SweepScope { site: None, tenant: Some(tenant.into()) };
    let silent = lanyard_engine::ports::Silent;
    let open = async |world: &World| {
        let all = world.findings().await.into_iter();
        all.filter(|key| key.starts_with("past_date:") || key.starts_with("site-admin:")).collect::<Vec<_>>()
    };
    world.engine.sweep_within(&only("acme"), "test", &silent).await.unwrap();
    assert_eq!(open(&world).await, ["past_date:hq:acme".to_owned(), admin.clone()]);
    let told = world.store.finding("past_date:hq:acme").await.unwrap().unwrap();
    assert_eq!((told.tenant, told.site), (Some("acme".into()), Some("hq".into())));
    world.engine.sweep_within(&only("beta"), "test", &silent).await.unwrap();
    let all = ["past_date:hq:acme".to_owned(), "past_date:hq:beta".to_owned(), admin.clone()];
    assert_eq!(open(&world).await, all, "what is of another tenant stays");

    for id in &held {
        world.alter(id, |person| set(person, "legalHold", "no")).await;
    }
    world.hq.change(|state| state.accounts.get_mut(&zeds).unwrap().site_admin = Some(false));
    world.signal(&zed_id, false).await;
    world.quiet().await;
    world.engine.sweep_within(&only("beta"), "test", &silent).await.unwrap();
    assert_eq!(open(&world).await, ["past_date:hq:acme"], "a right that is gone is gone for everybody");
    world.engine.sweep_within(&only("acme"), "test", &silent).await.unwrap();
    assert_eq!(open(&world).await, [""; 0]);
}
