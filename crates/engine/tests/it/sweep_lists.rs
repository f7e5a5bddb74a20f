//! Which lists are proof of what they do not show, and what of a site's spaces and definitions is remembered.

use std::time::Duration;

use lanyard_engine::ports::{Severity, Store as _};
use lanyard_model::{
    coverage::ReadKind,
    id::{FloorId, NeighborhoodId, RoomId, SectionId, SiteId, TenantId},
    identity::{Groups, Status},
    place::{Room, Section},
};

use crate::{
    bench::{APP, EXEC, World, person},
    sweeps::hire,
};

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
