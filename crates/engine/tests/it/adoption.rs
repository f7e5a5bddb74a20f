//! First contact: nothing is written before the sign-off, what is there is adopted, disputes are decided by people.

use lanyard_engine::{
    adoption::PairRefused,
    ports::{Silent, Store, Write},
};
use lanyard_model::{
    account::{Role, Seat},
    id::{AccountId, CenterId, RoomId},
    link::How,
};

use crate::bench::{World, person};

#[tokio::test]
async fn nothing_is_written_before_the_sign_off_and_what_is_there_is_adopted() {
    let mut world = World::new().await;
    world.settings.sign_off = ["hq".into()].into();
    world.reborn().await;
    for (user, first, number) in [("ana", "Ana", "0417"), ("ben", "Ben", "0418"), ("cat", "Cat", "0419")] {
        let one = person("acme", user, first, number);
        world.acme.change(|state| {
            state.people.insert(user.into(), one);
        });
    }
    let fields = |mail: &'static str, number: &'static str, first: &'static str| {
        vec![
            ("userName", mail),
            ("email", mail),
            ("employeeId", number),
            ("firstName", first),
            ("lastName", "Okafor"),
            ("department", "Design"),
        ]
    };
    world.hq.seed(5, &fields("ana@acme.example", "0417", "Ana"));
    // Two accounts have Ben's address, and neither his number.
    world.hq.seed(
        6,
        &[("userName", "ben"), ("email", "ben@acme.example"), ("firstName", "Ben"), ("lastName", "Okafor")],
    );
    world.hq.seed(
        7,
        &[
            ("userName", "ben2"),
            ("email", "ben@acme.example"),
            ("firstName", "Benjamin"),
            ("lastName", "Okafor"),
        ],
    );
    world.hq.seed(8, &[("userName", "old"), ("email", "old@acme.example")]);
    world.hq.change(|s| {
        let ana = s.accounts.get_mut(&5).unwrap();
        ana.seat = Some(Seat { room: RoomId(12), floor: None });
        ana.roles = Some([(CenterId(51), Role::Customer)].into());
    });
    let report = world.engine.match_report(&"hq".into(), &Silent).await.unwrap();
    assert!(!report.signed_off);
    assert_eq!(report.matched.len(), 1);
    assert_eq!(
        (report.matched[0].confidence, report.matched[0].against.len()),
        (100, 0),
        "{:?}",
        report.matched
    );
    assert_eq!(report.disputed.len(), 1);
    let sure: Vec<_> = report.disputed[0].candidates.iter().map(|c| (c.account.id.0, c.confidence)).collect();
    assert_eq!(sure, [(6, 60), (7, 50)], "the same name counts");
    assert_eq!(report.unlinked, ["Cat Okafor (acme/cat)"]);
    assert_eq!(report.orphans.len(), 3, "{:?}", report.orphans);
    let first = report.first_writes;
    assert_eq!(
        (first.accounts_made, first.seats_kept, first.seats_moved, first.roles_kept, first.roles_taken),
        (1, 1, 0, 1, 0)
    );
    world.sweep().await;
    world.quiet().await;
    assert_eq!(world.hq.attempts(), 0, "observed, not written");
    let no =
        world.engine.decide_pair(&report.disputed[0].identity, &"hq".into(), AccountId(5), "Olu", "x").await;
    assert!(matches!(no, Err(PairRefused::Held { .. })), "{no:?}");
    let link = world
        .engine
        .decide_pair(&report.disputed[0].identity, &"hq".into(), AccountId(6), "Olu", "asked him")
        .await
        .unwrap();
    assert_eq!(link.how, How::Person("Olu: asked him".into()));
    world.quiet().await;
    assert_eq!(world.hq.attempts(), 0);
    world.engine.sign_off(&"hq".into(), "Olu", "looked at").await.unwrap();
    world.reborn().await;
    world.sweep().await;
    world.quiet().await;
    let shown = world.shown();
    assert!(shown.contains("ana@acme.example seat 12 CUSTOMER in 51\n"), "adopted as it is: {shown}");
    assert!(shown.contains("cat@acme.example seat"), "{shown}");
    assert!(shown.contains("ben2\n"), "the other account is nobody's and left alone: {shown}");
    let ben = world.store.link(&report.disputed[0].identity, &"hq".into()).await.unwrap().unwrap();
    assert_eq!(ben.account.id, AccountId(6));
}

#[tokio::test]
async fn a_sign_off_is_for_the_site_at_its_address_not_for_its_name() {
    let mut world = World::new().await;
    world.settings.sign_off = ["hq".into()].into();
    world.reborn().await;
    let hq = "hq".into();
    assert!(!world.engine.may_write(&hq));
    world.engine.sign_off(&hq, "Olu", "looked at").await.unwrap();
    world.reborn().await;
    assert!(world.engine.may_write(&hq), "it outlives a restart");
    // Taken out of the settings, and another site added under the same id.
    world.hq.change(|s| s.address = Some("https://other.example".into()));
    world.reborn().await;
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    assert_eq!((world.engine.may_write(&hq), world.hq.attempts()), (false, 0));
    world.engine.sign_off(&hq, "Olu", "looked at this one").await.unwrap();
    world.reborn().await;
    assert!(world.engine.may_write(&hq));
    // A sign-off of before addresses were noted stands for the site that is there.
    let key = "signed-off-address:hq".to_owned();
    world.store.write(vec![Write::Meta { key, value: String::new() }]).await.unwrap();
    world.reborn().await;
    assert!(world.engine.may_write(&hq));
    world.hq.change(|s| s.address = None);
    world.reborn().await;
    assert!(!world.engine.may_write(&hq), "and for no other from then on");
}
