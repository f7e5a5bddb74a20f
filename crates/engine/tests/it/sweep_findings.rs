//! What comparisons find of accounts and people, and tell somebody.

use std::time::Duration;

use lanyard_engine::{
    ports::{Finding, PortFailure, Severity, Store as _, Write},
    put_away::Terms,
};
use lanyard_model::{
    account::{AccountKind, FieldName},
    id::{AccountId, RoomId},
    identity::Status,
};

use crate::{
    bench::{World, person, set},
    sweeps::{hire, in_step},
};

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
async fn whoever_was_there_before_us_and_cannot_have_an_account_yet_is_told_of_once() {
    let mut world = World::new().await;
    hire(&world, "acme", 1);
    let mail = |world: &World, mail: &str| {
        world.acme.change(|state| set(state.people.get_mut("acme0000").unwrap(), "email", mail));
    };
    mail(&world, "");
    let key = "todo:acme/acme0000:hq:create";
    assert_eq!(world.sweep().await.differing, 1);
    world.quiet().await;
    let found = world.store.finding(key).await.unwrap().expect("a finding");
    assert_eq!(found.title, "complete acme0000 Okafor in Okta: there is no account yet");
    // Told once, it is no difference any more; nor where somebody put it away.
    let looks = world.engine.latency.totals().looks;
    for put_away in [false, true] {
        if put_away {
            let terms = Terms { reason: "HR is asked".into(), ..Terms::default() };
            world.engine.put_away(key, "Ola", terms).await.unwrap();
        }
        world.clock.pass(Duration::from_secs(3600));
        let report = world.sweep().await;
        assert_eq!((report.differing, report.unchanged), (0, 1), "{report:?}");
        world.quiet().await;
        assert_eq!(world.engine.latency.totals().looks, looks, "nobody is looked at");
    }
    assert_eq!(world.hq.change(|state| state.writes.clone()), Vec::<String>::new());
    mail(&world, "ana@acme.example");
    assert_eq!(world.sweep().await.differing, 1);
    world.quiet().await;
    assert!(world.shown().starts_with("acme0000@acme.example"), "{}", world.shown());
    assert_eq!(world.store.finding(key).await.unwrap(), None);
    assert_eq!(world.sweep().await.differing, 0);
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
    // A list that is in doubt is enough to look again at somebody whose end was verified.
    world.clock.pass(Duration::from_secs(3600));
    world.hq.book(903, hers, 20);
    world.hq.book(904, 7, 20);
    world.hq.change(|state| state.torn = true);
    assert!(!world.sweep().await.certified);
    world.quiet().await;
    let open = world
        .hq
        .change(|state| state.bookings.values().filter(|b| !b.cancelled).map(|b| b.id.0).collect::<Vec<_>>());
    assert_eq!(open, [904]);
    assert_eq!(
        world.store.finding("left_booking:hq:all").await.unwrap(),
        None,
        "of accounts it says nothing"
    );
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
        account.fields.insert(department, "By hand".into());
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
            account.fields.insert(name, "ANA@acme.example".into());
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
