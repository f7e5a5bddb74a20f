//! The waiting list for desks: told, in order, and served when a desk becomes free; it survives a restart.

use lanyard_engine::ports::Store;

use std::time::Duration;

use lanyard_model::identity::Groups;

use crate::bench::{World, person, set};

#[tokio::test]
async fn who_waits_longest_gets_the_desk_that_becomes_free() {
    let mut world = World::new().await;
    let mut ids = Vec::new();
    for (at, name) in ["Ana", "Bea", "Cem", "Dan", "Eve"].into_iter().enumerate() {
        let somebody = person("acme", &name.to_lowercase(), name, &format!("04{at}7"));
        ids.push(somebody.id.clone());
        world.say(somebody).await;
        world.quiet().await;
        world.clock.pass(std::time::Duration::from_secs(60));
    }
    let seats = |world: &World| -> Vec<String> {
        let shown = world.shown();
        let sits = |line: &&str| line.contains(" seat ") && !line.contains("inactive");
        shown.lines().filter(sits).map(|line| line.split('@').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(seats(&world), ["ana", "bea", "cem"], "three desks");
    let todos = |found: Vec<lanyard_engine::ports::Finding>| -> Vec<String> {
        let mut all: Vec<_> = found.into_iter().filter(|f| f.kind == "todo").filter_map(|f| f.fix).collect();
        all.sort();
        all
    };
    let told = todos(world.store.findings(99).await.unwrap());
    assert!(
        told[0].ends_with("(Dan Okafor is number 1)") && told[1].ends_with("(Eve Okafor is number 2)"),
        "{told:?}"
    );
    world.reborn().await;
    // Eve asks first, and still comes second.
    world.leave(&ids[0]).await;
    world.signal(&ids[4], false).await;
    world.quiet().await;
    assert_eq!(seats(&world), ["bea", "cem", "dan"]);
    world.leave(&ids[1]).await;
    world.quiet().await;
    assert_eq!(seats(&world), ["cem", "dan", "eve"], "nobody had to say anything of Eve");
    assert_eq!(todos(world.store.findings(99).await.unwrap()), Vec::<String>::new());
}

fn seats(world: &World) -> String {
    let shown = world.shown();
    let sits = |line: &&str| line.contains(" seat ") && !line.contains("inactive");
    let names = shown.lines().filter(sits).map(|line| line.split('@').next().unwrap_or_default());
    names.collect::<Vec<_>>().join(" ")
}

/// Dan waits for a desk, and for somebody's word before he gets an account; then he goes, in several ways.
#[tokio::test]
async fn no_desk_is_kept_for_whoever_left_before_they_had_an_account() {
    for (way, restart) in
        [("scope", false), ("route", false), ("deleted", false), ("site", false), ("scope", true)]
    {
        let mut world = World::new().await;
        let asks =
            "[lifecycle.new_account]\nbut_first = { approval = [\"role:approver\"] }\n\n[lifecycle.start]";
        let mut ids = Vec::new();
        for (at, name) in ["Ana", "Bea", "Cem", "Dan", "Eve"].into_iter().enumerate() {
            world.edits = if name == "Dan" { vec![("[lifecycle.start]", asks)] } else { vec![] };
            world.reborn().await;
            let somebody = person("acme", &name.to_lowercase(), name, &format!("04{at}7"));
            ids.push(somebody.id.clone());
            world.say(somebody).await;
            world.quiet().await;
            world.clock.pass(Duration::from_secs(60));
        }
        assert_eq!(seats(&world), "ana bea cem", "three desks");
        let dan = ids[3].clone();
        let waits =
            world.store.applied(&dan, &"hq".into()).await.unwrap().and_then(|applied| applied.waiting);
        assert!(waits.is_some() && world.store.link(&dan, &"hq".into()).await.unwrap().is_none());
        match way {
            "scope" => world.alter(&dan, |p| p.groups = Groups::new([], true)).await,
            "route" => world.alter(&dan, |p| set(p, "officeLocation", "")).await,
            "site" => world.alter(&dan, |p| set(p, "officeLocation", "TANN")).await,
            _ => {
                world.acme.change(|s| drop(s.people.remove("dan")));
                world.signal(&dan, true).await;
            }
        }
        world.quiet().await;
        let waits =
            world.store.applied(&dan, &"hq".into()).await.unwrap().and_then(|applied| applied.waiting);
        assert_eq!(waits, None, "{way}");
        if restart {
            world.reborn().await;
        }
        world.leave(&ids[0]).await;
        world.quiet().await;
        assert_eq!(seats(&world).replace(" dan", ""), "bea cem eve", "{way}: the free desk is Eve's");
    }
}
