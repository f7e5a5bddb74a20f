//! Sites compared with each other, in people.

use lanyard_engine::ports::{PortFailure, Store};

use crate::bench::{World, person, set};

/// Two people here and one there, whom the rules cannot tell apart but by where they are.
async fn company(edits: &[(&'static str, &'static str)]) -> World {
    let mut world = World::new().await;
    world.edits = edits.to_vec();
    world.reborn().await;
    for (user, number, office) in [("ana", "0417", "PIER"), ("ben", "0418", "PIER"), ("cy", "0419", "TANN")] {
        let mut one = person("acme", user, user, number);
        set(&mut one, "officeLocation", office);
        world.say(one).await;
    }
    world.quiet().await;
    world.sweep().await;
    world
}

#[tokio::test]
async fn what_one_kind_of_person_gets_in_one_site_and_not_in_another_is_told_in_people_with_the_reason() {
    let rooms_here_only = ("if = [{ group = \"ROOMS\" }]", "if = [{ group = \"ROOMS\" }, { site = \"hq\" }]");
    let world = company(&[rooms_here_only]).await;
    let down = PortFailure::Unavailable { upstream: "all".into(), reason: "no call is made".into() };
    world.hq.change(|s| s.failure = Some(down.clone()));
    world.acme.change(|s| s.failure = Some(down.clone()));
    let told = world.engine.apart().await.unwrap();
    assert_eq!((told.people, told.kinds, told.not_compared), (3, 1, 0));
    let [one] = &told.differences[..] else { panic!("{:#?}", told.differences) };
    assert_eq!(
        (one.kind.join(", "), one.what.as_str(), one.people),
        ("in ROOMS".into(), "CUSTOMER in reservation", 1)
    );
    let [here] = &one.have[..] else { panic!("{one:?}") };
    assert_eq!((here.place.site.as_str(), here.people, here.have), ("hq", 2, 2));
    assert!(
        here.because.starts_with("reservation: rooms") && here.because.contains("ROOMS"),
        "{}",
        here.because
    );
    let [there] = &one.lack[..] else { panic!("{one:?}") };
    assert_eq!((there.place.site.as_str(), there.people, there.have), ("south", 1, 0));
    assert_eq!(&*there.example.user, "cy");
    assert!(there.because.starts_with("rooms") && there.because.contains("site"), "{}", there.because);
    let places: Vec<_> = told.in_force.iter().map(|one| (one.place.site.as_str(), one.people)).collect();
    assert_eq!(places, [("hq", 2), ("south", 1)]);

    // Asked again, the answer is the same one until something has changed.
    let (first, again) =
        (world.engine.apart_as_known().await.unwrap(), world.engine.apart_as_known().await.unwrap());
    assert!(std::sync::Arc::ptr_eq(&first, &again));
}

#[tokio::test]
async fn sites_under_the_same_rules_do_not_differ_and_their_parameters_and_reactions_are_shown() {
    let own = (
        "[guardrails]",
        "[parameters]\n\"modules\" = \"Reservation\"\n\"hours\" = \"9 to 5\"\n\n\
         [[overlay]]\nsite = \"south\"\nset = { \"modules\" = \"Rooms\" }\n\n\
         [[overlay]]\ntenant = \"acme\"\nset = { \"hours\" = \"8 to 6\" }\n\n\
         [reactions.sites.south]\nunmatched = \"alarm\"\n\n[guardrails]",
    );
    let world = company(&[own]).await;
    let told = world.engine.apart().await.unwrap();
    assert_eq!((told.found, told.differences.len()), (0, 0), "{:#?}", told.differences);
    let south = told.in_force.iter().find(|one| one.place.site.as_str() == "south").unwrap();
    assert_eq!(south.place.tenant.as_str(), "acme");
    assert_eq!(south.parameters["modules"], "Rooms");
    assert_eq!(south.parameters["hours"], "8 to 6", "what counts for the tenant's people there");
    assert_eq!(south.own.iter().collect::<Vec<_>>(), ["hours", "modules"]);
    let hq = told.in_force.iter().find(|one| one.place.site.as_str() == "hq").unwrap();
    assert_eq!((&*hq.parameters["modules"], &*hq.parameters["hours"]), ("Reservation", "8 to 6"));
    assert_eq!(hq.own.iter().collect::<Vec<_>>(), ["hours"]);
    let shown = serde_json::to_value(&south.reactions).unwrap();
    assert_eq!((shown["unmatched"].as_str(), shown["linked"].as_str()), (Some("alarm"), Some("repair")));
    let seal = world.engine.active().policy.seal().to_owned();
    assert!(told.in_force.iter().all(|one| one.seal == seal));
    assert_eq!(world.store.sweeps(None, 9).await.unwrap().len(), 1);
}
