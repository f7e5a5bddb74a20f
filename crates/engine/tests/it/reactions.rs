//! What is done about accounts and people that do not fit, as the policy says for each site.

use std::time::Duration;

use lanyard_engine::ports::{Finding, PortFailure, Severity, Store};
use lanyard_model::{
    account::FieldName,
    id::{AccountId, IdentityId},
};

use crate::{
    bench::{World, person},
    fakes::Fault,
};

const HERE: &str = "ana@acme.example seat 11 CUSTOMER in 51\n";

async fn world(reactions: &'static str) -> World {
    let mut world = World::new().await;
    world.edits = vec![("[notify.it]", reactions)];
    world.reborn().await;
    world
}

async fn employed(world: &mut World) -> IdentityId {
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    assert_eq!(world.shown(), HERE);
    id
}

async fn finding(world: &World, key: &str) -> Finding {
    let found = world.store.finding(key).await.unwrap();
    found.unwrap_or_else(|| panic!("no finding {key}"))
}

fn department(world: &World) -> String {
    world.hq.change(|s| s.accounts.values().next().unwrap().field("department").unwrap_or("").to_owned())
}

#[tokio::test]
async fn what_somebody_changed_is_left_as_it_is_where_policy_says_so_and_repaired_where_it_does_not() {
    let mut world = world("[reactions.sites.hq]\nlinked = \"report\"\n\n[notify.it]").await;
    let id = employed(&mut world).await;
    let set = department(&world);
    world.clock.pass(Duration::from_secs(3600));
    world.hq.change(|s| {
        let account = s.accounts.values_mut().next().unwrap();
        account.fields.insert(FieldName::new("department").unwrap(), "By hand".into());
        account.roles.as_mut().unwrap().clear();
    });
    for _ in 0..4 {
        assert_eq!(world.sweep().await.differing, 0, "nothing is to be done");
        world.engine.look_again(id.clone(), "a test").await.unwrap();
        world.quiet_for(Duration::from_secs(86_400)).await;
    }
    assert_eq!(department(&world), "By hand");
    assert_eq!(world.shown(), "ana@acme.example seat 11\n", "the role is not given again");
    let told = finding(&world, "drift:hq:acme/ana").await;
    assert_eq!((told.kind.as_str(), told.severity), ("drift", Severity::Warning));
    assert!(
        told.detail.contains("role in reservation shows \"none\", policy wants \"CUSTOMER\""),
        "{}",
        told.detail
    );
    assert!(told.detail.contains("[reactions] linked = \"report\""), "{}", told.detail);
    assert!(!world.findings().await.iter().any(|key| key.starts_with("fought:")), "nobody sets it again");
    let preview = world.engine.preview(&id).await.unwrap();
    let notes = &preview.sites[0].plan.as_ref().unwrap().notes;
    let note = format!("department stays \"By hand\", although policy wants \"{set}\"");
    assert!(notes.iter().any(|said| said.starts_with(&note)), "{notes:?}");

    // What policy itself wants otherwise now is done all the same.
    world.alter(&id, |p| crate::bench::set(p, "department", "Facilities")).await;
    world.quiet().await;
    assert_eq!(department(&world), "Facilities");
    assert_eq!(world.shown(), "ana@acme.example seat 11\n");

    world.edits.clear();
    world.reborn().await;
    world.sweep().await;
    world.quiet().await;
    assert_eq!(world.shown(), HERE, "under another policy it is repaired");
    world.sweep().await;
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_account_that_nobody_has_is_taken_for_theirs_only_when_a_person_says_so() {
    let mut world = world("[reactions]\nunlinked = \"hold\"\n\n[notify.it]").await;
    let own = [("userName", "ana.old"), ("email", "ana@acme.example"), ("employeeId", "0417")];
    world.hq.seed(7, &own);
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana.old\n", "neither adopted nor doubled");
    let report = world.sweep().await;
    assert_eq!((report.disputed, report.orphans, report.linked), (1, 0, 0), "{report:?}");
    let told = finding(&world, "disputed:acme/ana:hq").await;
    assert_eq!(told.severity, Severity::Info);
    assert!(
        told.detail.contains("an account that nobody has yet has the same employee number"),
        "{}",
        told.detail
    );
    let fix = "say whose it is: lanyard adopt link acme/ana ACCOUNT --site hq";
    assert_eq!(told.fix.as_deref(), Some(fix));
    let preview = world.engine.preview(&id).await.unwrap();
    let said = preview.sites[0].disputed.as_deref().unwrap_or_default().to_owned();
    assert!(said.ends_with("[reactions] unlinked = \"hold\": a person decides"), "{said}");

    world.engine.decide_pair(&id, &"hq".into(), AccountId(7), "Olu", "asked her").await.unwrap();
    world.quiet().await;
    assert_eq!(world.shown(), HERE, "theirs from now on");
    // Accounts that we make are ours from the beginning.
    world.say(person("acme", "ben", "Ben", "0418")).await;
    world.quiet().await;
    assert!(world.shown().contains("ben@acme.example seat 12 CUSTOMER in 51"), "{}", world.shown());
    assert_eq!(world.sweep().await.disputed, 0);
}

#[tokio::test]
async fn an_account_that_we_made_ourselves_is_not_one_that_nobody_has() {
    // The answer to its creation was lost, and another look finds it: nothing is to be asked of a person.
    for blind in [false, true] {
        let mut world = world("[reactions]\nunlinked = \"hold\"\n\n[notify.it]").await;
        world.hq.change(|s| {
            s.faults_of.insert("create", [Fault::LostAfter].into());
            s.search_blind = blind;
        });
        world.say(person("acme", "ana", "Ana", "0417")).await;
        world.quiet_for(Duration::from_secs(10)).await;
        world.hq.change(|s| s.search_blind = false);
        world.quiet().await;
        assert_eq!(world.shown(), HERE, "found at once: {}", !blind);
        assert_eq!(world.findings().await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn accounts_of_nobody_are_told_as_loudly_as_the_site_wants_it() {
    let reactions =
        "[reactions]\nunmatched = \"to-do\"\n[reactions.sites.south]\nunmatched = \"alarm\"\n\n[notify.it]";
    let world = world(reactions).await;
    world.hq.seed(7, &[("userName", "nobody"), ("email", "n@acme.example")]);
    world.south.seed(8, &[("userName", "nobody"), ("email", "m@acme.example")]);
    assert_eq!(world.sweep().await.orphans, 2);
    let (here, there) = (finding(&world, "orphan:hq:7").await, finding(&world, "orphan:south:8").await);
    assert_eq!((here.kind.as_str(), here.severity), ("todo", Severity::Warning));
    assert_eq!((there.kind.as_str(), there.severity), ("orphan", Severity::Error));
    // Somebody whose account it is turns up.
    let nob = person("acme", "nob", "N", "0999");
    world.acme.change(|s| drop(s.people.insert("nob".into(), nob)));
    world.sweep().await;
    assert_eq!(world.findings().await, ["orphan:south:8"], "each ends with its cause");
}

#[tokio::test]
async fn whoever_is_deleted_loses_nothing_where_a_person_decides_about_it() {
    let mut world = world("[reactions]\ndeleted = \"alarm\"\n\n[notify.it]").await;
    let id = employed(&mut world).await;
    world.acme.change(|s| drop(s.people.remove("ana")));
    world.signal(&id, true).await;
    world.quiet().await;
    assert_eq!(world.shown(), HERE);
    let told = finding(&world, "blocked:acme/ana:hq").await;
    assert_eq!(told.severity, Severity::Error);
    assert!(told.detail.contains("[reactions] deleted = \"alarm\": a person decides"), "{}", told.detail);
    world.engine.alarm_late_leavers().await;
    assert!(!world.findings().await.iter().any(|key| key.starts_with("leaver-late")), "one alarm is enough");
    world.sweep().await;
    world.quiet().await;
    assert_eq!(world.shown(), HERE, "a sweep does not take it either");

    world.edits.clear();
    world.reborn().await;
    world.engine.look_again(id.clone(), "a test").await.unwrap();
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_was_seen_deactivated_before_they_were_deleted_leaves_like_anybody() {
    let mut world = world("[reactions]\ndeleted = \"hold\"\n\n[notify.it]").await;
    let id = employed(&mut world).await;
    world.hq.change(|s| {
        s.failure = Some(PortFailure::Unavailable { upstream: "iOffice hq".into(), reason: "down".into() });
    });
    world.leave(&id).await;
    world.quiet_for(Duration::from_secs(30)).await;
    world.acme.change(|s| drop(s.people.remove("ana")));
    world.signal(&id, true).await;
    world.quiet_for(Duration::from_secs(30)).await;
    world.hq.change(|s| s.failure = None);
    world.quiet_for(Duration::from_secs(600)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n", "half an end is no end");
    assert_eq!(world.findings().await, Vec::<String>::new());
    assert_eq!(world.store.leavers(true, 9).await.unwrap(), []);
}
