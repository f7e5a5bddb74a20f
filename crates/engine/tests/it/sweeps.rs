//! Full comparisons: what they cost, what they leave out, and how they go on after an interruption.

use std::time::Duration;

use lanyard_engine::{
    ports::{ActivityFilter, Finding, PortFailure, Severity, Store, Swept, Write},
    put_away::Terms,
};
use lanyard_model::{
    account::{AccountKind, FieldName},
    coverage::ReadKind,
    id::{AccountId, FloorId, NeighborhoodId, RoomId, SectionId, SiteId, TenantId},
    identity::{Groups, Status},
    place::{Room, Section},
};

use crate::{
    bench::{APP, EXEC, World, at, person, set},
    mortal::Death,
};

/// Puts people into Okta who were never signalled: only a sweep finds them.
fn hire(world: &World, tenant: &str, count: usize) {
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

async fn in_step(count: usize) -> World {
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

#[tokio::test]
async fn a_person_known_to_exist_who_is_missing_from_the_list_puts_it_in_doubt() {
    let mut world = World::new().await;
    hire(&world, "acme", 4);
    world.sweep().await;
    world.quiet().await;
    world.clock.pass(Duration::from_secs(3600));
    // An answer that leaves people out, the person known to exist among them, and nothing else says so.
    world.acme.change(|state| {
        state.canary = Some(false);
        state.unlisted.insert("acme0001".into());
        state.people.remove("acme0001");
    });
    let report = world.sweep().await;
    assert_eq!(report.doubts, ["acme: a row known to exist was missing from the list"]);
    world.quiet().await;
    assert_eq!(
        world.shown().lines().filter(|line| line.contains("inactive")).count(),
        0,
        "{}",
        world.shown()
    );
    assert!(world.findings().await.contains(&"certificate:acme:Identities".to_owned()));

    world.acme.change(|state| state.canary = Some(true));
    let report = world.sweep().await;
    assert_eq!((report.certified, report.doubts.len()), (true, 0), "{report:?}");
    world.quiet().await;
    assert_eq!(
        world.shown().lines().filter(|line| line.contains("inactive")).count(),
        1,
        "{}",
        world.shown()
    );
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
async fn accounts_that_share_a_key_are_told_once() {
    let mut world = World::new().await;
    for (id, name) in [(7, "first"), (8, "second")] {
        let mail = format!("{name}@acme.example");
        world.hq.seed(id, &[("userName", name), ("email", &mail), ("employeeId", "0555")]);
    }
    let report = world.sweep().await;
    assert_eq!(report.duplicates, 1);
    let found = world.store.finding("duplicate:hq:7").await.unwrap().expect("a finding");
    assert!(found.title.contains("2 live accounts"), "{}", found.title);
    assert!(found.detail.contains('7') && found.detail.contains('8'), "{}", found.detail);
    world.hq.change(|state| state.accounts.get_mut(&8).unwrap().active = Some(false));
    assert_eq!(world.sweep().await.duplicates, 0);
    assert_eq!(world.store.finding("duplicate:hq:7").await.unwrap(), None);
    world.quiet().await;
}

#[tokio::test]
async fn a_leavers_account_that_lives_again_is_told_and_taken_back() {
    let mut world = World::new().await;
    for id in 7..11 {
        // So many others that one more or less does not put the list in doubt.
        world.hq.seed(id, &[("userName", &format!("u{id}")), ("email", &format!("u{id}@acme.example"))]);
    }
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    world.leave(&id).await;
    world.quiet().await;
    let account = world.hq.change(|state| *state.accounts.keys().last().unwrap());
    world.clock.pass(Duration::from_secs(86_400));
    world.hq.change(|state| state.accounts.get_mut(&account).unwrap().active = Some(true));
    let report = world.sweep().await;
    assert_eq!(report.differing, 1);
    let key = format!("undead:hq:{account}");
    assert!(world.findings().await.contains(&key), "{:?}", world.findings().await);
    world.quiet().await;
    assert!(world.shown().contains("inactive"), "{}", world.shown());
    world.sweep().await;
    assert!(!world.findings().await.contains(&key));
}

#[tokio::test]
async fn accounts_of_vendor_devices_and_ourselves_are_no_orphans() {
    let mut world = in_step(2).await;
    let kinds =
        [(1, AccountKind::Vendor), (2, AccountKind::Device), (3, AccountKind::Own), (4, AccountKind::Person)];
    for (id, kind) in kinds {
        world.hq.seed(id, &[("userName", &format!("machine{id}"))]);
        world.hq.change(|state| state.accounts.get_mut(&id).unwrap().kind = kind);
    }
    assert_eq!(world.sweep().await.orphans, 1);
    world.quiet().await;
    let found = world.findings().await;
    let orphans: Vec<_> = found.iter().filter(|key| key.starts_with("orphan:")).collect();
    assert_eq!(orphans, ["orphan:hq:4"]);
    let live = world.hq.change(|state| kinds.map(|(id, _)| state.accounts[&id].is_live()));
    assert_eq!(live, [true; 4], "nothing is done to any of them");
}

#[tokio::test]
async fn people_past_their_date_or_gone_whose_accounts_live_on_are_told_with_what_they_wait_for() {
    let mut world = World::new().await;
    for id in 7..11 {
        // So many others that two more or less do not put the list in doubt.
        world.hq.seed(id, &[("userName", &format!("u{id}")), ("email", &format!("u{id}@acme.example"))]);
    }
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "userType", "Contractor");
    set(&mut ana, "contractEndDate", "2026-05-08");
    set(&mut ana, "legalHold", "yes");
    let mut ben = person("acme", "ben", "Ben", "0418");
    set(&mut ben, "legalHold", "yes");
    let (ana_id, ben_id) = (ana.id.clone(), ben.id.clone());
    world.say(ana).await;
    world.say(ben).await;
    world.quiet().await;
    world.leave(&ben_id).await;
    world.quiet().await;
    world.sweep().await;
    let store = std::sync::Arc::clone(&world.store);
    let told = async |key: &str| store.finding(key).await.unwrap();
    assert_eq!(told("zombie:hq:acme").await, None, "whoever has just left is being seen to");
    world.quiet_for(Duration::from_secs(5 * 86_400)).await;
    world.sweep().await;
    let past = told("past_date:hq:acme").await.expect("a finding");
    assert_eq!(past.title, "hq: 1 person is past their end date and has a live account (acme)");
    assert!(
        past.detail.starts_with("Ana Okafor (account ") && past.detail.contains("since 2026-05-0"),
        "{}",
        past.detail
    );
    assert!(past.detail.contains("waits: ") && past.detail.contains("legalHold"), "{}", past.detail);
    let gone = told("zombie:hq:acme").await.expect("a finding");
    assert_eq!(gone.title, "hq: 1 live account belongs to somebody who is gone (acme)");
    assert!(gone.detail.starts_with("Ben Okafor (account "), "{}", gone.detail);

    for id in [&ana_id, &ben_id] {
        world.alter(id, |person| set(person, "legalHold", "no")).await;
    }
    world.quiet().await;
    world.sweep().await;
    let found = world.findings().await;
    assert!(!found.iter().any(|key| key.contains(":hq:acme")), "{found:?}");
}

#[tokio::test]
async fn a_site_administrators_account_is_told_as_ungoverned_and_left_alone() {
    let mut world = World::new().await;
    let id = person("acme", "ana", "Ana", "0417").id;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    let account = world.hq.change(|state| {
        let (id, ana) = state.accounts.iter_mut().next().unwrap();
        (ana.site_admin, ana.roles) = (Some(true), Some(Default::default()));
        *id
    });
    let writes = world.hq.change(|state| state.writes.len());
    world.sweep().await;
    world.quiet().await;
    let key = format!("site-admin:hq/{account}");
    let told = world.store.finding(&key).await.unwrap().expect("a finding");
    assert_eq!((told.kind.as_str(), told.identity), ("site_admin", Some(id)));
    assert_eq!(told.title, format!("account hq/{account} is a site administrator's"));
    assert_eq!(world.hq.change(|state| state.writes.len()), writes, "nothing was given back or taken");
    world.hq.change(|state| state.accounts.get_mut(&account).unwrap().site_admin = Some(false));
    world.sweep().await;
    assert!(!world.findings().await.contains(&key), "over, with the right");
}

#[tokio::test]
async fn a_site_administrator_whom_nobody_in_okta_holds_is_told_of_and_is_no_orphan() {
    let world = in_step(4).await;
    world.hq.seed(7, &[("userName", "root"), ("firstName", "Ines"), ("lastName", "Root")]);
    let of_acme0003 = world.hq.change(|state| {
        state.accounts.get_mut(&7).unwrap().site_admin = Some(true);
        let of = |account: &&mut lanyard_model::account::Account| {
            account.field("email") == Some("acme0003@acme.example")
        };
        let account = state.accounts.values_mut().find(of).unwrap();
        account.site_admin = Some(true);
        account.id().0
    });
    world.acme.change(|state| {
        state.unlisted.insert("acme0003".into());
    });
    for _ in 0..2 {
        let report = world.sweep().await;
        assert_eq!((report.orphans, report.certified), (0, true), "{report:?}");
        let told = world.store.finding("site-admin:hq/7").await.unwrap().expect("a finding, and it stays");
        assert_eq!((told.kind.as_str(), told.severity), ("site_admin", Severity::Warning));
        assert_eq!(told.title, "Ines Root is a site administrator of hq and nobody in Okta");
        let key = format!("site-admin:hq/{of_acme0003}");
        let told = world.store.finding(&key).await.unwrap().expect("a finding");
        assert_eq!(told.identity, Some(person("acme", "acme0003", "", "").id));
        assert!(told.title.ends_with("is a site administrator of hq and in no list of Okta any more"));
    }
    world.hq.change(|state| state.accounts.get_mut(&7).unwrap().site_admin = Some(false));
    world.sweep().await;
    let found = world.findings().await;
    assert!(!found.contains(&"site-admin:hq/7".to_owned()), "over, with the right: {found:?}");
    assert!(found.contains(&"orphan:hq:7".to_owned()), "{found:?}");
}

#[tokio::test]
async fn an_account_with_somebodys_keys_is_not_said_to_be_of_nobody() {
    let mut world = World::new().await;
    let ben = person("acme", "ben", "Ben", "0418");
    let id = ben.id.clone();
    world.say(ben).await;
    world.quiet().await;
    // Where no route leads him; beside his own; and of nobody at all.
    let keys = [("userName", "b.okafor"), ("email", "ben@acme.example")];
    world.south.seed(7, &keys);
    world.south.seed(8, &[("userName", "nobody"), ("email", "nobody@acme.example")]);
    world.hq.seed(9, &keys);
    let report = world.sweep().await;
    assert_eq!(report.orphans, 1, "{report:?}");
    let store = std::sync::Arc::clone(&world.store);
    let told = async |key: &str| store.finding(key).await.unwrap().expect("a finding");
    let elsewhere = told("orphan:south:7").await;
    assert_eq!(elsewhere.title, "Ben Okafor has an account in south, where policy has no place for them");
    assert_eq!(
        (elsewhere.kind.as_str(), &elsewhere.identity, &elsewhere.site),
        ("orphan", &Some(id.clone()), &Some("south".into()))
    );
    assert!(elsewhere.detail.contains("has the same e-mail as acme/ben"), "{}", elsewhere.detail);
    assert_eq!(told("orphan:hq:9").await.title, "Ben Okafor has a second account in hq");
    assert!(told("orphan:south:8").await.title.ends_with("has an account in south and nobody in Okta"));

    // Whoever has left is nobody to whom it belongs.
    world.leave(&id).await;
    world.quiet().await;
    world.sweep().await;
    assert!(told("orphan:south:7").await.title.ends_with("has an account in south and nobody in Okta"));
}

#[tokio::test]
async fn seats_of_accounts_that_are_gone_and_roles_of_nobodys_giving_are_told() {
    let mut world = World::new().await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    world.hq.change(|state| {
        let catalogue = state.catalogue.as_mut().unwrap();
        catalogue.rooms.get_mut(&RoomId(13)).unwrap().occupants.push(AccountId(4711));
        let ana = state.accounts.values_mut().next().unwrap();
        assert_eq!(ana.kind, AccountKind::Person);
        ana.roles
            .as_mut()
            .unwrap()
            .insert(lanyard_model::id::CenterId(53), lanyard_model::account::Role::Manager);
    });
    world.sweep().await;
    let seat = world.store.finding("left_seat:hq:all").await.unwrap().expect("a finding");
    assert_eq!(seat.detail, "1-013 (account 4711)");
    let roles = world.store.finding("beyond_policy:hq:acme").await.unwrap().expect("a finding");
    assert!(roles.detail.contains("Ana") && roles.detail.contains("MANAGER in space"), "{}", roles.detail);
    world.hq.change(|state| {
        state.catalogue.as_mut().unwrap().rooms.get_mut(&RoomId(13)).unwrap().occupants.clear();
    });
    world.sweep().await;
    assert_eq!(world.store.finding("left_seat:hq:all").await.unwrap(), None);
}

#[tokio::test]
async fn a_booking_that_comes_back_during_a_leave_that_takes_them_is_cancelled_again() {
    let mut world = World::new().await;
    world.edits = vec![("loses = [\"permissions\"]", "loses = [\"permissions\", \"bookings\"]")];
    world.reborn().await;
    let ana = person("acme", "ana", "Ana", "0417");
    let ben = person("acme", "ben", "Ben", "0418");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    let hers = world.hq.change(|state| *state.accounts.keys().last().unwrap());
    world.say(ben).await;
    world.quiet().await;
    let his = world.hq.change(|state| *state.accounts.keys().last().unwrap());
    world.hq.book(901, hers, 48);
    world.hq.book(902, his, 48);
    world.hq.change(|state| state.bookings.get_mut(&901).unwrap().made_here = false);
    world.alter(&id, |person| person.status = Status::Suspended).await;
    world.quiet().await;
    let open = |world: &World| {
        let booked = |state: &mut crate::fakes::OfficeState| {
            state.bookings.values().filter(|b| !b.cancelled).map(|b| b.id.0).collect::<Vec<_>>()
        };
        world.hq.change(booked)
    };
    assert_eq!(open(&world), [902]);
    // Her calendar brings it back.
    world.clock.pass(Duration::from_secs(3600));
    world.hq.change(|state| state.bookings.get_mut(&901).unwrap().cancelled = false);
    world.sweep().await;
    world.quiet().await;
    assert_eq!(open(&world), [902], "nobody else's is touched");
    let plans = world.store.plans(Some(&id), 9).await.unwrap();
    let notes: Vec<_> = plans.iter().flat_map(|plan| &plan.notes).collect();
    assert!(notes.iter().any(|note| note.contains("comes from a calendar")), "{notes:?}");
}

#[tokio::test]
async fn bookings_of_people_who_left_are_cancelled_and_those_of_nobody_are_told() {
    let mut world = World::new().await;
    for id in 7..11 {
        world.hq.seed(id, &[("userName", &format!("u{id}")), ("email", &format!("u{id}@acme.example"))]);
    }
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    world.sweep().await;
    let hers = world.hq.change(|state| *state.accounts.keys().last().unwrap());
    world.leave(&id).await;
    world.quiet().await;
    // Somebody books for her after she was verified gone; and an account that nobody has is switched off with a booking.
    world.clock.pass(Duration::from_secs(3600));
    world.hq.book(901, hers, 20);
    world.hq.book(902, 7, 20);
    world.hq.change(|state| state.accounts.get_mut(&7).unwrap().active = Some(false));
    world.sweep().await;
    world.quiet().await;
    let open = world
        .hq
        .change(|state| state.bookings.values().filter(|b| !b.cancelled).map(|b| b.id.0).collect::<Vec<_>>());
    assert_eq!(open, [902], "hers is cancelled");
    let told = world.store.finding("left_booking:hq:all").await.unwrap().expect("a finding");
    assert_eq!(told.title, "hq: 1 future booking is held by accounts that are no longer live");
    assert!(told.detail.contains("(booking 902, account 7)"), "{}", told.detail);
    world.hq.change(|state| state.bookings.get_mut(&902).unwrap().cancelled = true);
    world.sweep().await;
    assert_eq!(world.store.finding("left_booking:hq:all").await.unwrap(), None);
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
async fn a_value_that_somebody_changes_back_three_times_is_a_fight() {
    let mut world = World::new().await;
    let ana = person("acme", "ana", "Ana", "0417");
    world.say(ana).await;
    world.quiet().await;
    let key = "fought:acme/ana:hq:role in reservation";
    for time in 1..=3 {
        world.clock.pass(Duration::from_secs(86_400));
        world.hq.change(|state| state.accounts.values_mut().next().unwrap().roles.as_mut().unwrap().clear());
        world.sweep().await;
        assert_eq!(world.findings().await.contains(&key.to_owned()), time == 3, "time {time}");
        world.quiet().await;
        assert!(world.shown().contains("CUSTOMER in 51"), "it is set again: {}", world.shown());
    }
    let found = world.store.finding(key).await.unwrap().expect("a finding");
    assert!(found.detail.contains("\"none\" 3 times"), "{}", found.detail);
    world.clock.pass(Duration::from_secs(6 * 86_400));
    world.sweep().await;
    assert!(world.findings().await.contains(&key.to_owned()), "not yet over");
    world.clock.pass(Duration::from_secs(2 * 86_400));
    world.sweep().await;
    assert!(!world.findings().await.contains(&key.to_owned()));
    assert_eq!(world.store.metas("fought:", None, 9).await.unwrap(), [], "nothing is kept of it");
}

#[tokio::test]
async fn a_fight_that_was_put_away_and_is_over_is_told_when_it_begins_again() {
    let mut world = World::new().await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    let key = "fought:acme/ana:hq:role in reservation";
    let fight = async |world: &mut World| {
        for _ in 1..=3 {
            world.clock.pass(Duration::from_secs(86_400));
            let roles = |state: &mut crate::fakes::OfficeState| {
                state.accounts.values_mut().next().unwrap().roles.as_mut().unwrap().clear();
            };
            world.hq.change(roles);
            world.sweep().await;
            world.quiet().await;
        }
        world.findings().await.contains(&key.to_owned())
    };
    assert!(fight(&mut world).await);
    world
        .engine
        .put_away(key, "Ola", Terms { reason: "the importer is told".into(), ..Terms::default() })
        .await
        .unwrap();
    world.clock.pass(Duration::from_secs(8 * 86_400));
    world.sweep().await;
    assert_eq!(world.store.metas("closed:", None, 9).await.unwrap(), [], "nothing is put away any more");
    assert!(fight(&mut world).await, "in the same words, and another fight");
}

#[tokio::test]
async fn a_change_that_was_not_repaired_yet_is_counted_once_and_a_seat_can_be_fought_about() {
    let mut world = World::new().await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    let number = world.hq.change(|state| *state.accounts.keys().next().unwrap());
    let key = "fought:acme/ana:hq:department";
    let department = FieldName::new("department").unwrap();
    world.hq.change(|state| {
        let account = state.accounts.get_mut(&number).unwrap();
        account.fields.insert(department.clone(), "By hand".into());
    });
    world.engine.set_stopped(true, "a test").await.unwrap();
    for _ in 0..4 {
        world.clock.pass(Duration::from_secs(86_400));
        world.sweep().await;
    }
    assert!(!world.findings().await.contains(&key.to_owned()), "nobody has set it since");
    world.engine.set_stopped(false, "a test").await.unwrap();
    world.sweep().await;
    world.quiet().await;

    // Only the spelling of the name they sign in with: no difference to anybody.
    let name = FieldName::new("userName").unwrap();
    for _ in 0..4 {
        world.clock.pass(Duration::from_secs(3600));
        world.hq.change(|state| {
            let account = state.accounts.get_mut(&number).unwrap();
            account.fields.insert(name.clone(), "ANA@acme.example".into());
            account.seat = None;
        });
        world.sweep().await;
        world.quiet().await;
    }
    let found = world.findings().await;
    let fought: Vec<_> = found.iter().filter(|key| key.starts_with("fought:")).collect();
    assert_eq!(fought, ["fought:acme/ana:hq:seat"]);
}

#[tokio::test]
async fn whoever_was_deleted_and_whose_account_lives_on_is_told_with_those_who_are_gone() {
    let mut world = World::new().await;
    for id in 7..11 {
        world.hq.seed(id, &[("userName", &format!("u{id}")), ("email", &format!("u{id}@acme.example"))]);
    }
    hire(&world, "acme", 4);
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "legalHold", "yes");
    let id = ana.id.clone();
    world.say(ana).await;
    world.sweep().await;
    world.quiet().await;
    world.acme.change(|state| drop(state.people.remove("ana")));
    world.signal(&id, true).await;
    world.quiet().await;
    world.sweep().await;
    assert_eq!(world.store.finding("zombie:hq:acme").await.unwrap(), None, "they have just gone");
    world.quiet_for(Duration::from_secs(2 * 86_400)).await;
    world.sweep().await;
    let told = world.store.finding("zombie:hq:acme").await.unwrap().expect("a finding");
    assert_eq!(told.title, "hq: 1 live account belongs to somebody who is gone (acme)");
    assert!(
        told.detail.starts_with("Ana Okafor (account ") && told.detail.contains("waits: "),
        "{}",
        told.detail
    );
}

#[tokio::test]
async fn what_was_told_of_a_site_under_its_plain_name_ends_unless_it_is_a_tenants() {
    let world = World::new().await;
    let told = |key: &str| {
        Write::Finding(Box::new(Finding {
            key: key.into(),
            kind: "unread".into(),
            severity: Severity::Error,
            tenant: None,
            site: None,
            identity: None,
            title: "it could not be read".into(),
            detail: String::new(),
            fix: None,
            count: None,
            since: world.now(),
        }))
    };
    // Kept by earlier versions; no site is named acme.
    let kept = ["unread:hq", "schema:south", "unread:acme"].map(told);
    world.store.write(kept.into()).await.unwrap();
    world.beta.change(|state| {
        state.failure = Some(PortFailure::Unavailable { upstream: "beta".into(), reason: "down".into() });
    });
    world.hq.change(|state| {
        state.failure = Some(PortFailure::Unavailable { upstream: "hq".into(), reason: "down".into() });
    });
    world.sweep().await;
    assert_eq!(world.findings().await, ["unread:beta", "unread:site:hq"], "acme was read itself");
}

#[tokio::test]
async fn what_one_list_says_of_the_missing_is_forgotten_with_the_next() {
    let mut world = World::new().await;
    for (user, number) in [("ana", "0417"), ("ben", "0418"), ("cy", "0419")] {
        world.say(person("acme", user, user, number)).await;
    }
    world.quiet().await;
    world.sweep().await;
    world.acme.change(|state| state.unlisted.extend(["ana".into()]));
    world.sweep().await;
    let marked = world.store.metas("absent:", None, 9).await.unwrap();
    assert_eq!(marked.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["absent:acme/ana"]);
    world.quiet().await;
    world.acme.change(|state| state.unlisted.clear());
    world.clock.pass(Duration::from_secs(3600));
    world.sweep().await;
    assert_eq!(world.store.metas("absent:", None, 9).await.unwrap(), []);
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

#[tokio::test]
async fn a_list_that_shrank_by_half_is_in_doubt_and_nobody_counts_as_gone() {
    let mut world = World::new().await;
    world.edits = vec![("shrink_percent_max = 50", "shrink_percent_max = 20")];
    world.reborn().await;
    hire(&world, "acme", 10);
    for id in 10..20 {
        world.hq.seed(id, &[("userName", &format!("u{id}")), ("email", &format!("u{id}@acme.example"))]);
    }
    world.sweep().await;
    world.quiet().await;
    world.sweep().await;
    world.quiet().await;
    let before = world.shown();
    world.clock.pass(Duration::from_secs(3600));
    world.acme.change(|state| state.unlisted.extend((0..5).map(|number| format!("acme{number:04}"))));
    world.hq.change(|state| state.accounts.retain(|id, _| !(10..20).contains(id)));
    let report = world.sweep().await;
    assert!(!report.certified);
    assert_eq!(report.doubts.len(), 2, "each list for itself: {:?}", report.doubts);
    assert!(report.doubts.iter().all(|doubt| doubt.contains("the list shrank from")), "{:?}", report.doubts);
    assert_eq!(report.orphans, 0);
    assert_eq!(world.store.metas("absent:", None, 9).await.unwrap(), []);
    let found = world.findings().await;
    for key in ["certificate:acme:Identities", "certificate:hq:Accounts"] {
        assert!(found.contains(&key.to_owned()), "{found:?}");
    }
    for (key, tenant, site) in
        [("certificate:acme:Identities", Some("acme"), None), ("certificate:hq:Accounts", None, Some("hq"))]
    {
        let told = world.store.finding(key).await.unwrap().unwrap();
        let of = (tenant.map(TenantId::from), site.map(SiteId::from));
        assert_eq!((told.tenant, told.site), of, "alert rules choose by it");
    }
    world.quiet().await;
    let gone = |text: &str| text.lines().filter(|line| !line.starts_with('u')).collect::<Vec<_>>().join("\n");
    assert_eq!(gone(&world.shown()), gone(&before), "nothing was taken from anybody");
}

#[tokio::test]
async fn a_catalogue_comes_back_from_the_store_as_it_was() {
    let mut world = World::new().await;
    world.hq.change(|state| {
        let rooms = &mut state.catalogue.as_mut().unwrap().rooms;
        let one = rooms[&RoomId(15)].clone();
        rooms.extend((1_000..5_000).map(|id| (RoomId(id), Room { id: RoomId(id), ..one.clone() })));
    });
    let catalogue = |world: &World| world.engine.sites()[&SiteId::new("hq")].catalogue();
    world.sweep().await;
    let before = catalogue(&world);
    assert_eq!(before.rooms.len(), 4_005);
    world.restarted().await;
    assert_eq!(world.engine.load_remembered().await.unwrap(), []);
    assert_eq!(*catalogue(&world), *before, "in several pieces");
    // A site with fewer spaces leaves none of the others behind.
    world.hq.change(|state| state.catalogue.as_mut().unwrap().rooms.retain(|id, _| id.0 < 1_000));
    world.sweep().await;
    world.restarted().await;
    world.engine.load_remembered().await.unwrap();
    assert_eq!(catalogue(&world).rooms.len(), 5);
    assert_eq!(world.store.metas("catalogue-spaces:hq:", None, 9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn spaces_of_a_section_that_a_read_leaves_out_stay_known() {
    let world = World::new().await;
    let id = SectionId(31);
    let drawn = |world: &World, rooms: Option<Vec<RoomId>>| {
        world.hq.change(|state| {
            let catalogue = state.catalogue.as_mut().unwrap();
            let (neighborhood, neighborhood_name) = (NeighborhoodId(3), "Harbour".into());
            let section =
                Section { id, name: "Zone 1".into(), neighborhood, neighborhood_name, floor: FloorId(2) };
            catalogue.sections.insert(id, section);
            catalogue.section_rooms = rooms.map(|rooms| [(id, rooms)].into());
        });
    };
    let known = |world: &World| {
        let catalogue = world.engine.sites()[&SiteId::new("hq")].catalogue();
        catalogue.section_rooms.as_ref().and_then(|all| all.get(&id).cloned())
    };
    drawn(&world, None);
    world.sweep().await;
    assert_eq!(known(&world), None);
    drawn(&world, Some(vec![RoomId(11), RoomId(12)]));
    world.sweep().await;
    drawn(&world, None);
    world.sweep().await;
    assert_eq!(known(&world), Some(vec![RoomId(11), RoomId(12)]));
    drawn(&world, Some(vec![RoomId(13)]));
    world.sweep().await;
    assert_eq!(known(&world), Some(vec![RoomId(13)]));
}

fn fields(all: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    all.iter().map(|(name, kind)| ((*name).to_owned(), (*kind).to_owned())).collect()
}

#[tokio::test]
async fn the_definitions_stand_in_the_certificate_and_a_change_is_told_until_they_stay_the_same() {
    let world = World::new().await;
    hire(&world, "acme", 2);
    world.acme.change(|state| state.attributes = fields(&[("grade", "string"), ("department", "string")]));
    world.hq.change(|state| state.fields = fields(&[("department", "of Employee")]));
    assert!(world.sweep().await.certified);
    let certificate = async |kind, scope: &str| {
        world.store.certificate(scope, kind).await.unwrap().unwrap().evidence.schema
    };
    let first = certificate(ReadKind::Identities, "acme").await.expect("a schema");
    assert_eq!((first.fields, &first.before), (2, &first.after));
    assert_eq!(certificate(ReadKind::Accounts, "hq").await.expect("a schema").fields, 1);
    assert_eq!(certificate(ReadKind::Identities, "beta").await, None, "it does not tell");
    assert!(!world.findings().await.iter().any(|key| key.starts_with("schema:")));

    world.acme.change(|state| state.attributes = fields(&[("badge", "string"), ("department", "array")]));
    world.hq.change(|state| {
        state.fields = fields(&[("department", "of Employee"), ("custom01", "of Employee")]);
    });
    assert!(world.sweep().await.certified, "it was read under one set of definitions");
    let told = async |key: &str| world.store.finding(key).await.unwrap();
    let acme = told("schema:acme").await.expect("a finding");
    assert_eq!(
        acme.detail,
        "came: badge; went: grade; department was string and is array. Policy names department."
    );
    assert_eq!((acme.severity, acme.tenant), (Severity::Warning, Some("acme".into())));
    let hq = told("schema:site:hq").await.expect("a finding");
    assert_eq!((hq.detail.as_str(), hq.severity), ("came: custom01", Severity::Info));
    assert_ne!(certificate(ReadKind::Identities, "acme").await.expect("a schema").after, first.after);

    world.sweep().await;
    assert_eq!(
        (told("schema:acme").await, told("schema:site:hq").await),
        (None, None),
        "nothing changed since"
    );
}

#[tokio::test]
async fn definitions_that_change_while_a_list_is_read_put_it_in_doubt() {
    let world = World::new().await;
    hire(&world, "acme", 2);
    world.acme.change(|state| {
        state.attributes = fields(&[("grade", "string")]);
        state.attributes_later = Some(fields(&[("grade", "integer")]));
    });
    let report = world.sweep().await;
    assert_eq!(report.doubts, ["acme: the definitions of its fields changed while the list was read"]);
    assert!(world.findings().await.contains(&"certificate:acme:Identities".to_owned()));
    assert!(world.sweep().await.certified, "the next read is under one set of them");
}

#[tokio::test]
async fn a_building_that_is_renamed_takes_no_seat_and_is_told() {
    let mut world = World::new().await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    let call = |world: &World, name: &str| {
        world.hq.change(|state| {
            let building = state
                .catalogue
                .as_mut()
                .unwrap()
                .buildings
                .get_mut(&lanyard_model::id::BuildingId(1))
                .unwrap();
            (building.name, building.code) = (name.into(), name.into());
        });
    };
    let seat = |world: &World| {
        world
            .hq
            .change(|state| state.accounts.values().find_map(|account| account.seat.map(|seat| seat.room)))
    };
    let held = seat(&world);
    assert!(held.is_some());
    call(&world, "Pier Hall");
    for _ in 0..2 {
        world.sweep().await;
        world.clock.pass(Duration::from_secs(3600));
        world.quiet().await;
    }
    assert_eq!(seat(&world), held);
    let told = world.store.finding("policy_names").await.unwrap().expect("a finding");
    assert_eq!(told.title, "the policy in force names 1 thing that iOffice does not know, or not as one");
    assert!(told.detail.contains("there is no building \"Pier House\" (site hq)"), "{}", told.detail);
    call(&world, "Pier House");
    world.sweep().await;
    world.quiet().await;
    assert_eq!(world.store.finding("policy_names").await.unwrap(), None);
    assert_eq!(seat(&world), held);
}

#[tokio::test]
async fn an_item_that_is_renamed_in_one_of_two_sites_stays_with_whoever_has_it_there() {
    let mut world = World::new().await;
    let mut ana = person("acme", "ana", "Ana", "0417");
    ana.groups = Groups::new([APP.into(), EXEC.into()], true);
    world.say(ana).await;
    world.quiet().await;
    world.sweep().await;
    let item = lanyard_model::id::ItemId(520);
    let holds = |world: &World| {
        let items = |account: &lanyard_model::account::Account| {
            account.items.clone().is_some_and(|all| all.contains(&item))
        };
        world.hq.change(|state| state.accounts.values().any(items))
    };
    assert!(holds(&world));
    world.hq.change(|state| {
        state.catalogue.as_mut().unwrap().items.get_mut(&item).unwrap().name = "Top floor".into();
    });
    for turn in 0..3 {
        world.sweep().await;
        world.clock.pass(Duration::from_secs(3600));
        world.quiet().await;
        assert!(holds(&world), "{turn}");
        let told = world.store.finding("policy_names").await.unwrap().expect("a finding");
        let says = "there is no category item \"Access policy / Executive floor\" (site hq, where it is \"Top floor\" now)";
        assert!(told.detail.contains(says), "{turn}: {}", told.detail);
        // Another process knows it from the catalogue that a sweep kept.
        world.reborn().await;
    }
    let both = "then = [{ item = \"Access policy / Executive floor\" }, { item = \"Top floor\" }]";
    world.edits = vec![("then = [{ item = \"Access policy / Executive floor\" }]", both)];
    world.reborn().await;
    world.sweep().await;
    world.quiet().await;
    assert!(holds(&world));
    assert_eq!(world.store.finding("policy_names").await.unwrap(), None);
}

#[tokio::test]
async fn a_legal_hold_by_a_group_that_was_deleted_holds() {
    let mut world = World::new().await;
    world.edits.push((
        "protected = [{ attribute = \"legalHold\", is = \"yes\" }]",
        "protected = [{ group = \"EXEC\" }]",
    ));
    world.reborn().await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| state.groups.retain(|group| group.as_str() != EXEC));
    }
    world.sweep().await;
    world.quiet().await;
    let mut gone = person("acme", "ana", "Ana", "0417");
    gone.status = Status::Deprovisioned;
    gone.groups = Groups::new([], true);
    world.say(gone).await;
    world.quiet().await;
    let active = |world: &World| world.hq.change(|state| state.accounts.values().next().unwrap().active);
    assert_eq!(active(&world), Some(true));
    let id = person("acme", "ana", "Ana", "0417").id;
    let plans = world.store.plans(Some(&id), 1).await.unwrap();
    let why: Vec<_> = plans[0].steps.iter().filter_map(|step| step.gate.why()).collect();
    let said = "protected: not known to be a member of EXEC: the group 00gEXECFLOOR no longer exists in Okta";
    assert!(!why.is_empty() && why.iter().all(|why| *why == said), "{why:?}");
    // The group is there again: nobody is in it.
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| state.groups.extend([EXEC.into()]));
    }
    world.sweep().await;
    world.quiet().await;
    assert_eq!(active(&world), Some(false));
}
