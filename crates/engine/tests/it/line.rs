//! The waiting list for desks: told, in order, and served when a desk becomes free; it survives a restart.

use lanyard_engine::ports::Store;

use crate::bench::{World, person};

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
