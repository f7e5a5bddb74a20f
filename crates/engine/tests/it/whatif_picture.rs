//! What is kept of everybody between two what-ifs: true whatever was written in between. After each of them everybody is read
//! anew and compared.

use std::time::Duration;

use lanyard_engine::ports::{Store, Write};
use lanyard_model::id::IdentityId;

use crate::{
    bench::{World, files, person, set},
    whatif::{NO_ROOMS, company},
};

#[tokio::test]
async fn what_is_known_of_everybody_is_not_used_once_something_was_written_about_somebody() {
    let mut world = company().await;
    let draft = files(100, &[NO_ROOMS]);
    let affected = async |world: &World| {
        let answer = world.whatif(&draft, false).await.unwrap();
        (answer.totals.people, answer.totals.lose, answer.at)
    };
    let (people, lose, at) = affected(&world).await;
    assert_eq!((people, lose), (2, 2));
    world.clock.pass(Duration::from_secs(1));
    assert_eq!(
        affected(&world).await,
        (2, 2, at),
        "nothing was written: the same picture, of the same moment"
    );
    // Somebody joins.
    world.say(person("acme", "cem", "Cem", "0419")).await;
    world.quiet().await;
    let (people, lose, then) = affected(&world).await;
    assert_eq!((people, lose), (3, 3));
    assert!(then > at);
    // What is old is read anew, whatever was written.
    world.clock.pass(Duration::from_secs(120));
    let (people, lose, last) = affected(&world).await;
    assert_eq!((people, lose), (3, 3));
    assert!(last > then);
}

/// Who would lose rooms, of how many people.
async fn losers(world: &World) -> (Vec<String>, usize) {
    let answer = world.whatif(&files(100, &[NO_ROOMS]), false).await.unwrap();
    #[cfg(debug_assertions)]
    world.engine.check_everybody().await.unwrap();
    let losers = answer.people.iter().filter(|one| !one.loses.is_empty());
    (losers.map(|one| one.person.clone()).collect(), answer.totals.people)
}

#[tokio::test]
async fn whatever_happens_between_two_what_ifs_is_in_the_second() {
    let mut world = company().await;
    let (ana, ben) = (IdentityId::new("acme".into(), "ana"), IdentityId::new("acme".into(), "ben"));
    let both = vec!["Ana Okafor".to_owned(), "Ben Okafor".to_owned()];
    assert_eq!(losers(&world).await, (both.clone(), 2));

    world.alter(&ana, |ana| set(ana, "firstName", "Anabel")).await;
    world.quiet_for(Duration::from_secs(20)).await;
    assert_eq!(losers(&world).await.0, ["Anabel Okafor", "Ben Okafor"], "a row that says something else");

    // A row before all others: everybody has another number.
    world.say(person("acme", "adi", "Adi", "0400")).await;
    world.quiet_for(Duration::from_secs(20)).await;
    let three = vec!["Adi Okafor".to_owned(), "Anabel Okafor".to_owned(), "Ben Okafor".to_owned()];
    assert_eq!(losers(&world).await, (three.clone(), 3), "somebody is hired");

    // By hand: what Lanyard gave is gone, and the site says so.
    let account = world.store.link(&ben, &"hq".into()).await.unwrap().unwrap().account;
    world.hq.change(|site| site.accounts.get_mut(&account.id.0).unwrap().roles.as_mut().unwrap().clear());
    world.sweep().await;
    let swept = losers(&world).await.0;
    assert_eq!(swept, ["Adi Okafor", "Anabel Okafor"], "what Ben has no longer, he cannot lose");

    world.leave(&ana).await;
    world.quiet().await;
    assert_eq!(losers(&world).await.0, ["Adi Okafor", "Ben Okafor"], "one left, and the other has it again");

    // Deleted in Okta.
    world.acme.change(|okta| _ = okta.people.remove("ana"));
    world.signal(&ana, true).await;
    world.quiet().await;
    assert_eq!(losers(&world).await, (vec!["Adi Okafor".into(), "Ben Okafor".into()], 2));

    // Their link is forgotten; their account is found by its key.
    let now = world.now();
    world
        .engine
        .write(vec![Write::Unlink { identity: ben.clone(), site: "hq".into(), at: now }])
        .await
        .unwrap();
    assert_eq!(losers(&world).await.0, ["Adi Okafor", "Ben Okafor"]);

    // Their account is gone, and then there again.
    let known = world.store.account(&account).await.unwrap().unwrap();
    world.engine.write(vec![Write::AccountGone { account: account.clone(), at: now }]).await.unwrap();
    assert_eq!(losers(&world).await.0, ["Adi Okafor"]);
    world.engine.write(vec![Write::Account { account: Box::new(known), keys: Vec::new() }]).await.unwrap();
    assert_eq!(losers(&world).await.0, ["Adi Okafor", "Ben Okafor"]);
}
