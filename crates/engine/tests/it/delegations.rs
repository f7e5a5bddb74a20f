//! Who votes in whose place: from when until when, recorded, never about themselves, and one vote for one person.

use std::time::Duration;

use jiff::SignedDuration;
use lanyard_engine::{
    approvals::{Principal, Say, SayRefused},
    delegations::{DelegateRefused, Delegation, NewDelegation},
    ports::{ActivityFilter, Document, DocumentKey, Route, Store, Write},
};
use lanyard_model::{
    clearance::{Clearance, ClearanceState},
    id::IdentityId,
};
use serde_json::json;

use crate::bench::{World, at, person, set};

const DAY: Duration = Duration::from_secs(86_400);
const ROOM_FLOW: &str = "if = [{ group = \"ROOMS\" }]\nlook_up";
const MANAGER: (&str, &str) = ("[profile]\n", "[manager]\nattribute = \"managerId\"\n\n[profile]\n");
const ASKS: &str = "but_first = { approval = [\"manager\", \"role:approver\"], expires = \"30 days\" }\n\
                    if = [{ group = \"ROOMS\" }]\nlook_up";
const ASKS_TWO: &str = "but_first = { approval = [\"manager\", \"role:approver\"], quorum = 2, expires = \"30 days\" }\n\
                        if = [{ group = \"ROOMS\" }]\nlook_up";

/// Mia manages Ana, Bob and Cat, who each wait for her.
async fn world(asks: &'static str) -> World {
    let mut world = World::new().await;
    world.edits = vec![(ROOM_FLOW, asks), MANAGER];
    world.reborn().await;
    world.say(person("acme", "mia", "Mia", "0100")).await;
    world.quiet().await;
    for (user, first, number) in [("ana", "Ana", "0417"), ("bob", "Bob", "0418"), ("cat", "Cat", "0419")] {
        let mut one = person("acme", user, first, number);
        set(&mut one, "managerId", "mia@acme.example");
        world.say(one).await;
    }
    world.quiet().await;
    world
}

async fn request_of(world: &World, user: &str) -> Clearance {
    let all = world.engine.requests(99).await.unwrap();
    all.into_iter().find(|one| &*one.identity.user == user).expect("a request")
}

fn by(name: &str) -> Principal {
    let emails = vec![format!("{name}@acme.example")];
    Principal { name: name.into(), emails, ..Principal::default() }
}

fn wish(world: &World, from: &str, to: &str) -> NewDelegation {
    NewDelegation {
        from: format!("{from}@acme.example"),
        to: format!("{to}@acme.example"),
        starts: None,
        until: world.now() + DAY,
        reason: "on holiday".into(),
    }
}

/// `granted by bob for mia@acme.example`, `waiting …`, or why not.
async fn say(world: &World, user: &str, who: &Principal) -> String {
    let ids = [request_of(world, user).await.id];
    match world.engine.decide_requests(&ids, Say::Approve, who, "").await {
        Ok(after) => {
            let vote = after[0].votes.last().expect("a vote");
            let instead = vote.instead_of.as_ref().map(|other| format!(" for {other}")).unwrap_or_default();
            format!("{} by {}{instead}", after[0].state.as_str(), vote.by)
        }
        Err(SayRefused::NoSay { why, .. }) => why,
        Err(other) => panic!("{other}"),
    }
}

const NO_SAY: &str = "it takes their manager or a person with the role approver";

#[tokio::test]
async fn it_counts_from_its_beginning_to_its_end_and_no_longer_when_it_is_withdrawn() {
    let world = world(ASKS).await;
    let (starts, until) = (world.now() + DAY, world.now() + 3 * DAY);
    let mut asked = wish(&world, "mia", "bob");
    (asked.starts, asked.until) = (Some(starts), until);
    let given = world.engine.delegate(&asked, "Olu").await.unwrap();
    assert_eq!(
        (given.starts, given.until, given.given_by.as_str(), given.given_at, given.reason.as_str()),
        (Some(starts), until, "Olu", Some(world.now()), "on holiday")
    );
    assert_eq!(say(&world, "ana", &by("bob")).await, NO_SAY, "it has not begun");
    world.clock.pass(DAY);
    assert_eq!(say(&world, "ana", &by("bob")).await, "granted by bob for mia@acme.example");
    world.clock.pass(2 * DAY);
    assert_eq!(say(&world, "cat", &by("bob")).await, NO_SAY, "it is over");
    assert_eq!(world.engine.delegations().await.unwrap(), []);

    let again = world.engine.delegate(&wish(&world, "mia", "bob"), "mia").await.unwrap();
    assert_eq!(world.engine.delegations().await.unwrap(), std::slice::from_ref(&again));
    assert_eq!(
        world.store.documents("delegations", &[given.id]).await,
        Ok(vec![]),
        "what was over is forgotten"
    );
    world.engine.withdraw_delegation(&again.id, "mia").await.unwrap();
    assert_eq!(say(&world, "cat", &by("bob")).await, NO_SAY);
    let gone = world.engine.withdraw_delegation(&again.id, "mia").await;
    assert_eq!(gone, Err(DelegateRefused::Unknown(again.id)));
    let journal = world.store.activity(&ActivityFilter { limit: 500, ..ActivityFilter::default() }).await;
    let told: Vec<_> = journal
        .unwrap()
        .into_iter()
        .filter(|kept| kept.entry.kind == "approval" && kept.entry.title.contains("place"))
        .map(|kept| {
            let entry = kept.entry;
            let (who, person) = (entry.identity.unwrap(), entry.person.unwrap_or_default());
            format!("{who} ({person}) {}: {}", entry.title, entry.detail)
        })
        .collect();
    let both = |detail: String, [from, to]: [&str; 2]| {
        [
            format!("acme/bob (bob@acme.example) {to}: {detail}"),
            format!("acme/mia (mia@acme.example) {from}: {detail}"),
        ]
    };
    let given = ["lets somebody vote in their place", "may vote in somebody's place"];
    let taken = ["lets nobody vote in their place any more", "may not vote in somebody's place any more"];
    let (now, day) = (world.now(), world.now() + DAY);
    let lines = [
        both("withdrawn by mia".to_owned(), taken),
        both(format!("from {now} until {day} by mia: on holiday"), given),
        both(format!("from {starts} until {until} by Olu: on holiday"), given),
    ];
    assert_eq!(told, lines.concat(), "nobody's line names the other");
}

#[tokio::test]
async fn nobody_comes_to_decide_about_themselves_by_it_and_it_is_not_handed_on() {
    let mut world = world(ASKS).await;
    world.engine.delegate(&wish(&world, "mia", "ana"), "Olu").await.unwrap();
    let herself = "it is about yourself: somebody else must decide";
    assert_eq!(say(&world, "ana", &by("ana")).await, herself);
    assert_eq!(say(&world, "bob", &by("ana")).await, "granted by ana for mia@acme.example");
    // Ana gave on what she may do in Mia's place: it is not hers.
    world.engine.delegate(&wish(&world, "ana", "cat"), "ana").await.unwrap();
    assert_eq!(say(&world, "ana", &by("cat")).await, NO_SAY);
    // Whoever left votes in nobody's place.
    world.engine.delegate(&wish(&world, "mia", "bob"), "mia").await.unwrap();
    world.leave(&IdentityId::new("acme".into(), "bob")).await;
    world.quiet().await;
    assert_eq!(say(&world, "cat", &by("bob")).await, "they do not work here any more, or are on leave");
}

/// Somebody who signed in with this user of theirs and may decide.
fn signed_in(tenant: &str, user: &str, roles: &[&str]) -> Principal {
    Principal {
        name: format!("{user} of {tenant}"),
        identities: vec![IdentityId::new(tenant.into(), user)],
        roles: roles.iter().map(ToString::to_string).collect(),
        ..Principal::default()
    }
}

/// A user in the other org who has nothing to do with any site.
async fn second_user(world: &mut World, user: &str, number: &str, mail: &str) {
    let mut one = person("beta", user, user, number);
    one.groups = lanyard_model::identity::Groups::new([], true);
    set(&mut one, "email", mail);
    set(&mut one, "login", mail);
    world.say(one).await;
    world.quiet().await;
}

#[tokio::test]
async fn a_second_user_in_another_org_is_the_same_person() {
    let mut world = world(ASKS).await;
    let herself = "it is about yourself: somebody else must decide";
    // By the key that joins persons, whatever their addresses are.
    second_user(&mut world, "ana2", "417", "okafor@beta.example").await;
    let ana = signed_in("beta", "ana2", &["approver"]);
    assert_eq!(say(&world, "ana", &ana).await, herself);
    assert_eq!(say(&world, "bob", &ana).await, "granted by ana2 of beta");
    // By an address alone, where nothing else joins the two.
    second_user(&mut world, "cat2", "9999", "CAT@acme.example").await;
    assert_eq!(say(&world, "cat", &signed_in("beta", "cat2", &["approver"])).await, herself);
    // What is hers as a manager she may do with either; nobody comes to it by an address.
    second_user(&mut world, "impostor", "8888", "mia@acme.example").await;
    assert_eq!(say(&world, "cat", &signed_in("beta", "impostor", &[])).await, NO_SAY);
    second_user(&mut world, "mia2", "100", "mia@beta.example").await;
    let mia = signed_in("beta", "mia2", &[]);
    let managers = world.engine.identities_of(&mia).await.unwrap();
    assert_eq!(managers, [IdentityId::new("acme".into(), "mia"), IdentityId::new("beta".into(), "mia2")]);
    assert_eq!(say(&world, "cat", &mia).await, "granted by mia2 of beta");
}

#[tokio::test]
async fn two_users_of_one_person_are_one_vote_and_one_delegator() {
    let mut world = world(ASKS_TWO).await;
    second_user(&mut world, "mia2", "100", "mia@beta.example").await;
    assert_eq!(say(&world, "ana", &by("mia")).await, "waiting by mia");
    let counted = "that vote is counted already: it takes one of somebody else";
    assert_eq!(say(&world, "ana", &signed_in("beta", "mia2", &["approver"])).await, counted);
    let to_herself = NewDelegation { to: "mia@beta.example".into(), ..wish(&world, "mia", "bob") };
    assert_eq!(
        world.engine.delegate(&to_herself, "mia").await,
        Err(DelegateRefused::Oneself("mia@acme.example".into()))
    );
    let given = world.engine.delegate(&wish(&world, "mia", "bob"), "mia").await.unwrap();
    let known = world.engine.is_delegation_of(&given.id, &signed_in("beta", "mia2", &[])).await;
    assert_eq!(known, Ok(true));
}

#[tokio::test]
async fn an_address_that_changes_hands_takes_no_vote_along() {
    let mut world = world(ASKS).await;
    let given = world.engine.delegate(&wish(&world, "mia", "bob"), "mia").await.unwrap();
    let bob = IdentityId::new("acme".into(), "bob");
    world
        .alter(&bob, |one| {
            set(one, "email", "robert@acme.example");
            set(one, "login", "robert@acme.example");
        })
        .await;
    world.say(person("acme", "zoe", "Bob", "0500")).await;
    world.quiet().await;
    assert_eq!(say(&world, "ana", &by("bob")).await, NO_SAY, "that is Zoe now");
    let in_console = Principal { name: "Robert".into(), identities: vec![bob], ..Principal::default() };
    assert_eq!(
        world.engine.stands_in_for(&in_console).await.unwrap(),
        [IdentityId::new("acme".into(), "mia")]
    );
    assert_eq!(say(&world, "ana", &in_console).await, "granted by Robert for mia@acme.example");

    // Nor is anything told of it, or taken back, by whoever has the address now.
    let engine = &world.engine;
    let zoe = IdentityId::new("acme".into(), "zoe");
    let zoe = Principal { name: "Zoe".into(), identities: vec![zoe], ..Principal::default() };
    assert_eq!(engine.delegations_of(&zoe).await.unwrap(), []);
    assert_eq!(engine.delegations_of(&in_console).await.unwrap(), std::slice::from_ref(&given));
    for (who, is) in [(&zoe, false), (&in_console, true), (&by("mia"), true), (&by("ana"), false)] {
        assert_eq!(engine.is_delegation_of(&given.id, who).await, Ok(is), "{}", who.name);
    }
    assert!(engine.is_whoever_has("BOB@acme.example", &zoe).await.unwrap(), "it is hers to give now");
    assert!(!engine.is_whoever_has("bob@acme.example", &in_console).await.unwrap());
}

#[tokio::test]
async fn two_votes_are_two_people_whoever_votes_for_whom() {
    let world = world(ASKS_TWO).await;
    world.engine.delegate(&wish(&world, "mia", "bob"), "mia").await.unwrap();
    assert_eq!(say(&world, "ana", &by("bob")).await, "waiting by bob for mia@acme.example");
    let counted = "that vote is counted already: it takes one of somebody else";
    // Bob has the role as well, and is still one person.
    let approver = Principal { name: "Bob Okafor".into(), roles: vec!["approver".into()], ..by("bob") };
    assert_eq!(say(&world, "ana", &approver).await, counted);
    assert_eq!(say(&world, "ana", &by("mia")).await, counted);
    let fay = Principal { name: "Fay".into(), roles: vec!["approver".into()], ..Principal::default() };
    assert_eq!(say(&world, "ana", &fay).await, "granted by Fay");
    // Where Mia voted herself, nothing is left for Bob to do in her place.
    assert_eq!(say(&world, "cat", &by("mia")).await, "waiting by mia");
    assert_eq!(say(&world, "cat", &by("bob")).await, NO_SAY);
    assert_eq!(request_of(&world, "cat").await.state, ClearanceState::Waiting);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_its_reason() {
    let world = world(ASKS).await;
    let now = world.now();
    let usual = || wish(&world, "mia", "bob");
    let hours = |count| now + SignedDuration::from_hours(count);
    let over = format!("it would be over before it begins: it ends at {}, and begins at {now}", hours(-1));
    for (asked, why) in [
        (NewDelegation { to: "bob".into(), ..usual() }, "\"bob\" is no e-mail address"),
        (
            NewDelegation { to: "MIA@acme.example ".into(), ..usual() },
            "mia@acme.example cannot vote in their own place",
        ),
        (wish(&world, "mia", "stranger"), "nobody who works here has the address stranger@acme.example"),
        (wish(&world, "stranger", "bob"), "nobody who works here has the address stranger@acme.example"),
        (NewDelegation { until: hours(-1), ..usual() }, &over),
        (NewDelegation { until: hours(24 * 367), ..usual() }, "it would last longer than 366 days"),
    ] {
        assert_eq!(world.engine.delegate(&asked, "Olu").await.unwrap_err().to_string(), why);
    }
    assert_eq!(world.engine.delegations().await.unwrap(), []);
    for days in 1..=20 {
        let asked = NewDelegation { until: hours(24 * days), ..usual() };
        world.engine.delegate(&asked, "Olu").await.unwrap();
    }
    assert_eq!(
        world.engine.delegate(&usual(), "Olu").await,
        Err(DelegateRefused::TooMany("mia@acme.example".into()))
    );
}

#[tokio::test]
async fn whoever_stands_in_is_told_of_what_waits_when_it_begins() {
    let world = world(ASKS).await;
    let told = async || {
        let all = world.store.messages_due(world.now(), 99).await.unwrap();
        let mut to: Vec<_> = all
            .into_iter()
            .filter(|message| message.route == "approval:bob@acme.example")
            .map(|message| {
                (
                    message.subject,
                    message.text.contains("\nYou may decide in the place of mia@acme.example.\n"),
                )
            })
            .collect();
        to.sort();
        to
    };
    let mut asked = wish(&world, "mia", "bob");
    (asked.starts, asked.until) = (Some(world.now() + DAY), world.now() + 2 * DAY);
    world.engine.delegate(&asked, "mia").await.unwrap();
    world.engine.tell_stand_ins().await;
    assert_eq!(told().await, [], "it has not begun");
    world.clock.pass(DAY);
    world.engine.tell_stand_ins().await;
    world.engine.tell_stand_ins().await;
    let about = |name: &str| (format!("Lanyard asks: {name} Okafor (rooms)"), true);
    assert_eq!(told().await, [about("Ana"), about("Cat")], "of all but himself, once");
}

#[tokio::test]
async fn more_stand_ins_than_are_written_to_one_by_one_hear_of_it_on_the_channels() {
    for (channels, expected) in [(vec![], 19), (vec![Route::Slack("approvals".into())], 0)] {
        let mut world = world(ASKS).await;
        for number in 0..20 {
            let (user, number) = (format!("u{number}"), format!("05{number:02}"));
            world.say(person("acme", &user, &user, &number)).await;
        }
        world.quiet().await;
        world.settings.alerts.asking.channels = channels;
        world.reborn().await;
        for number in 0..20 {
            from_tomorrow(&world, &format!("u{number}")).await;
        }
        world.clock.pass(DAY);
        world.engine.tell_stand_ins().await;
        let told = world.store.messages_due(world.now(), 99).await.unwrap();
        let about_ana = told.iter().filter(|message| {
            message.subject.contains("Ana Okafor")
                && message.text.contains("in the place of mia@acme.example")
        });
        assert_eq!(about_ana.count(), expected, "beside Mia herself");
    }
}

/// From tomorrow on they may vote in Mia's place.
async fn from_tomorrow(world: &World, to: &str) {
    let starts = world.now() + DAY;
    let wish = NewDelegation { starts: Some(starts), until: starts + DAY, ..wish(world, "mia", to) };
    world.engine.delegate(&wish, "mia").await.unwrap();
}

#[tokio::test]
async fn whose_address_it_is_is_asked_once_for_all_that_they_delegated() {
    let mut of = Vec::new();
    for to in [&["bob"][..], &["bob", "cat", "ana"]] {
        let world = world(ASKS).await;
        for to in to {
            from_tomorrow(&world, to).await;
        }
        world.clock.pass(DAY);
        world.mortal.used();
        world.engine.tell_stand_ins().await;
        of.push(world.mortal.used().0["identities_by_key"]);
    }
    // For each of the four who wait, Mia among them, by three keys of their own; and for the three whom she manages, by each
    // key of hers and of each who stands in for her.
    assert_eq!(of, [4 * 3 + 3 * 3 * 2, 4 * 3 + 3 * 3 * 4]);
}

#[tokio::test]
async fn what_an_earlier_version_kept_still_counts() {
    let world = world(ASKS).await;
    let until = at("2026-06-30T00:00:00Z");
    let mail = "mia@acme.example".to_owned();
    let kept = Document {
        collection: "delegations".into(),
        key: mail.clone(),
        version: 0,
        keys: vec![DocumentKey { kind: "to".into(), value: "bob@acme.example".into(), sole: false }],
        body: json!({ "from": mail, "to": "bob@acme.example", "until": until }),
    };
    world.store.write(vec![Write::Document(Box::new(kept))]).await.unwrap();
    let known = Delegation {
        id: mail.clone(),
        from: mail.clone(),
        to: "bob@acme.example".into(),
        starts: None,
        until,
        reason: String::new(),
        given_by: String::new(),
        given_at: None,
    };
    assert_eq!(world.engine.delegations().await.unwrap(), std::slice::from_ref(&known));
    assert_eq!(say(&world, "ana", &by("bob")).await, "granted by bob for mia@acme.example");
    assert_eq!(world.engine.withdraw_delegation(&mail, "mia").await.unwrap(), known);
    assert_eq!(say(&world, "cat", &by("bob")).await, NO_SAY);
}
