//! Doors: told, acknowledged or alarmed, taken back before anything else, and part of the leaver's clock.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use lanyard_engine::{
    ports::{Check, DoorFeed, DoorMessage, Store},
    reviews::{Opening, campaign::Decision},
    undo::UndoScope,
};
use lanyard_model::{
    door::DoorRights,
    id::{IdentityId, SiteId},
    identity::Groups,
    plan::Outcome,
};

use crate::bench::{APP, World, files, person, set};

const FLOW: (&str, &str) = (
    "[[flow]]\nid = \"arrival\"",
    "[doors]\nholder = \"employeeNumber\"\n\n[[flow]]\nid = \"house\"\nthen = [{ door = \"building of their seat\" }]\n\n\
     [[flow]]\nid = \"cellar\"\nif = [{ group = \"ROOMS\" }]\nthen = [{ door = \"Cellar\" }]\n\n[[flow]]\nid = \"arrival\"",
);

#[derive(Default)]
struct State {
    rights: BTreeMap<String, DoorRights>,
    messages: usize,
    /// Every message is answered so, and does nothing.
    answer: Option<Outcome>,
    /// Of this holder only, if one is named.
    of: Option<&'static str>,
}

/// A badge system in memory.
struct Badge {
    site: SiteId,
    state: Mutex<State>,
}

impl Badge {
    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn shown(&self) -> String {
        self.with(|state| {
            let row = |(holder, rights): (&String, &DoorRights)| {
                format!("{holder}: {}", rights.keys().cloned().collect::<Vec<_>>().join(", "))
            };
            state
                .rights
                .iter()
                .filter(|(_, rights)| !rights.is_empty())
                .map(row)
                .collect::<Vec<_>>()
                .join("; ")
        })
    }

    fn answers(&self, answer: Option<Outcome>) {
        self.with(|state| state.answer = answer);
    }

    fn messages(&self) -> usize {
        self.with(|state| state.messages)
    }
}

#[async_trait]
impl DoorFeed for Badge {
    fn site(&self) -> &SiteId {
        &self.site
    }

    fn recall(&self, _: Vec<(String, DoorRights)>) {}

    async fn tell(&self, message: &DoorMessage) -> Outcome {
        self.with(|state| {
            state.messages += 1;
            if let Some(outcome) = &state.answer
                && state.of.is_none_or(|holder| holder == message.holder)
            {
                return outcome.clone();
            }
            state.rights.insert(message.holder.clone(), message.rights.clone());
            Outcome::Done { account: None, made: None }
        })
    }

    async fn probe(&self) -> Vec<Check> {
        Vec::new()
    }
}

async fn world() -> (World, Arc<Badge>) {
    let mut world = World::new().await;
    world.edits = vec![FLOW];
    let badge = Arc::new(Badge { site: "hq".into(), state: Mutex::default() });
    world.doors = Some(badge.clone());
    world.reborn().await;
    (world, badge)
}

async fn join(world: &mut World) -> IdentityId {
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    id
}

async fn alarms(world: &World) -> Vec<String> {
    let all = world.store.findings(1000).await.unwrap();
    all.into_iter().filter(|found| found.kind == "doors").map(|found| found.title).collect()
}

#[tokio::test]
async fn doors_are_told_once_follow_the_person_and_go_with_the_leaver() {
    let (mut world, badge) = world().await;
    let ana = join(&mut world).await;
    assert_eq!(badge.shown(), "0417: Cellar, Pier House");
    let told = badge.messages();
    world.signal(&ana, false).await;
    world.quiet().await;
    world.sweep().await;
    world.quiet().await;
    assert_eq!(badge.messages(), told, "nothing is told again that is acknowledged");
    world.alter(&ana, |p| p.groups = Groups::new([APP.into()], true)).await;
    world.quiet().await;
    assert_eq!(badge.shown(), "0417: Pier House", "what policy no longer gives is taken back");
    // Another number is another badge: the old one is closed.
    world.alter(&ana, |p| set(p, "employeeNumber", "0999")).await;
    world.quiet().await;
    assert_eq!(badge.shown(), "0999: Pier House");
    world.leave(&ana).await;
    world.quiet().await;
    assert_eq!(badge.shown(), "");
    let applied = world.store.applied(&ana, &"hq".into()).await.unwrap().unwrap_or_default();
    assert_eq!((applied.doors.len(), applied.door_holder), (0, None));
}

#[tokio::test]
async fn silence_is_alarmed_told_again_and_keeps_nothing_else_back() {
    let (mut world, badge) = world().await;
    let ana = join(&mut world).await;
    badge.answers(Some(Outcome::Unknown { reason: "no answer".into() }));
    world.leave(&ana).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n", "the account goes all the same");
    assert_eq!(alarms(&world).await.len(), 1, "{:?}", world.findings().await);
    let open = world.store.leavers(true, 9).await.unwrap();
    assert_eq!(open.len(), 1, "the clock runs until the doors are acknowledged");
    badge.answers(None);
    world.quiet_for(std::time::Duration::from_secs(3600)).await;
    assert_eq!(badge.shown(), "");
    assert_eq!(alarms(&world).await, Vec::<String>::new());
    assert_eq!(world.store.leavers(true, 9).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_site_without_a_feed_gets_todos() {
    let mut world = World::new().await;
    world.edits = vec![FLOW];
    world.reborn().await;
    join(&mut world).await;
    let all = world.store.findings(1000).await.unwrap();
    let todo = all.iter().find(|found| found.kind == "todo").expect("a to-do");
    assert!(todo.title.starts_with("in the badge system, let Ana Okafor (0417) enter: Cellar"), "{todo:?}");
}

/// The areas that somebody could enter at a moment, as kept.
async fn held(world: &World, who: &IdentityId, at: Timestamp) -> String {
    let all = world.store.held_by(who, at).await.unwrap();
    let doors = all.iter().filter(|held| held.kind == "door").map(|held| held.key.as_str());
    doors.collect::<Vec<_>>().join(", ")
}

#[tokio::test]
async fn doors_are_held_from_when_to_when_and_reviewed_like_any_right() {
    let (mut world, badge) = world().await;
    let ana = join(&mut world).await;
    world.clock.pass(std::time::Duration::from_secs(60));
    let joined = world.now();
    assert_eq!(held(&world, &ana, joined).await, "Cellar, Pier House");
    let opening = Opening {
        title: "Q4 doors".into(),
        tenant: "acme".into(),
        sites: Vec::new(),
        kinds: vec!["door".into()],
        owner: "olga".into(),
        reviewers: vec!["rita".into()],
        provisioners: Vec::new(),
        due_at: joined + std::time::Duration::from_secs(86_400),
    };
    let campaign = world.engine.open_review(opening, "olga").await.unwrap();
    let (_, lines) = world.engine.review(&campaign.id).await.unwrap();
    assert_eq!(lines.iter().map(|line| line.what.as_str()).collect::<Vec<_>>(), ["Cellar", "Pier House"]);
    world.engine.decide_review(&lines[0].id, "rita", Decision::Remove, "no bicycle").await.unwrap();
    world.clock.pass(std::time::Duration::from_secs(600));
    world.quiet().await;
    assert_eq!(badge.shown(), "0417: Pier House");
    assert_eq!(held(&world, &ana, world.now()).await, "Pier House");
    assert_eq!(held(&world, &ana, joined).await, "Cellar, Pier House", "the past stays as it was");
    world.engine.watch_reviews().await;
    let (_, lines) = world.engine.review(&campaign.id).await.unwrap();
    assert!(lines[0].removed_at.is_some(), "{:?}", lines[0]);
    assert_eq!(world.sweep().await.differing, 0, "a sweep leaves it so");
    world.engine.decide_review(&lines[0].id, "rita", Decision::Keep, "a new bicycle").await.unwrap();
    world.quiet().await;
    assert_eq!(badge.shown(), "0417: Cellar, Pier House");
    world.leave(&ana).await;
    world.quiet().await;
    assert_eq!(held(&world, &ana, world.now()).await, "");
}

#[tokio::test]
async fn a_draft_says_which_doors_open_and_which_close() {
    let (mut world, badge) = world().await;
    join(&mut world).await;
    world.sweep().await;
    world.quiet().await;
    let told = badge.messages();
    let mut draft = files(100, &[FLOW]);
    draft.toml.1 = draft.toml.1.replace("door = \"Cellar\"", "door = \"Archive\"");
    let answer = world.whatif(&draft, true).await.unwrap();
    let ana = &answer.people[0];
    assert_eq!((answer.totals.affected, answer.totals.gain, answer.totals.lose), (1, 1, 1), "{ana:?}");
    assert!(ana.gains.iter().all(|line| line.starts_with("+ door Archive")), "{ana:?}");
    assert!(ana.loses.iter().all(|line| line.starts_with("- door Cellar")), "{ana:?}");
    assert!(answer.seal.is_some(), "{:?}", answer.doubts);
    assert_eq!(badge.messages(), told, "nobody was told");
}

#[tokio::test]
async fn what_was_opened_can_be_taken_back() {
    let (mut world, badge) = world().await;
    let ana = join(&mut world).await;
    world.clock.pass(std::time::Duration::from_secs(60));
    let since = world.now();
    world.alter(&ana, |p| p.groups = Groups::new([APP.into()], true)).await;
    world.quiet().await;
    assert_eq!(badge.shown(), "0417: Pier House");
    let undone = world
        .engine
        .apply_undo(&UndoScope::Person(ana.clone(), since), "a person", "a mistake")
        .await
        .unwrap();
    assert_eq!(undone.len(), 1);
    assert_eq!(badge.shown(), "0417: Cellar, Pier House");
    world.quiet().await;
    assert_eq!(badge.shown(), "0417: Cellar, Pier House", "and it stays so");
}

async fn open_to(world: &World, id: &IdentityId) -> usize {
    let applied = world.store.applied(id, &"hq".into()).await.unwrap().unwrap_or_default();
    applied.doors.len() + applied.doors_unsure.len()
}

/// Somebody deactivated in Okta and created anew: the doors go with the person, whether or not they keep their badge.
#[tokio::test]
async fn doors_go_over_to_the_new_id_of_the_same_person() {
    let by_login = ("holder = \"employeeNumber\"", "holder = \"login\"");
    for (edits, old_badge, new_badge) in
        [(vec![FLOW], "0417", "0417"), (vec![FLOW, by_login], "ana@acme.example", "ana.new@acme.example")]
    {
        let mut world = World::new().await;
        world.edits = edits;
        let badge = Arc::new(Badge { site: "hq".into(), state: Mutex::default() });
        world.doors = Some(badge.clone());
        world.reborn().await;
        let old = join(&mut world).await;
        assert_eq!(badge.shown(), format!("{old_badge}: Cellar, Pier House"));
        let mut again = person("acme", "again", "Ana", "0417");
        set(&mut again, "login", "ana.new@acme.example");
        let new = again.id.clone();
        world.say(again).await;
        world.leave(&old).await;
        world.quiet().await;
        assert_eq!(badge.shown(), format!("{new_badge}: Cellar, Pier House"));
        assert_eq!((open_to(&world, &old).await, open_to(&world, &new).await), (0, 2));
        world.alter(&new, |p| p.groups = Groups::new([APP.into()], true)).await;
        world.quiet().await;
        assert_eq!(badge.shown(), format!("{new_badge}: Pier House"));
        world.leave(&new).await;
        world.quiet().await;
        assert_eq!(badge.shown(), "", "nothing is left with either of them");
    }
}

#[tokio::test]
async fn whoever_is_known_by_two_badges_keeps_the_one_of_the_id_that_governs() {
    let (mut world, badge) = world().await;
    world.edits.push(("holder = \"employeeNumber\"", "holder = \"login\""));
    world.reborn().await;
    let mut there = person("beta", "b-ana", "Ana", "417");
    set(&mut there, "login", "ana@beta.example");
    world.say(there).await;
    world.quiet().await;
    assert_eq!(badge.shown(), "ana@beta.example: Cellar, Pier House");
    world.say(person("acme", "ana", "Ana", "0417")).await;
    world.quiet().await;
    assert_eq!(badge.shown(), "ana@acme.example: Cellar, Pier House");
}

#[tokio::test]
async fn a_new_badge_waits_until_the_old_one_is_closed() {
    let (mut world, badge) = world().await;
    let ana = join(&mut world).await;
    badge.answers(Some(Outcome::Unknown { reason: "no answer".into() }));
    badge.with(|state| state.of = Some("0417"));
    world.alter(&ana, |p| set(p, "employeeNumber", "0999")).await;
    world.quiet().await;
    badge.answers(None);
    assert_eq!(badge.shown(), "0417: Cellar, Pier House");
    world.quiet_for(std::time::Duration::from_secs(600)).await;
    assert_eq!(badge.shown(), "0999: Cellar, Pier House", "one badge at a time, and none forgotten");
}

#[tokio::test]
async fn what_was_taken_back_in_silence_and_is_given_again_is_told_again() {
    let (mut world, badge) = world().await;
    let ana = join(&mut world).await;
    let silence = Outcome::Unknown { reason: "no answer".into() };
    // Taken in, and not acknowledged.
    badge.answers(Some(silence));
    world.alter(&ana, |p| p.groups = Groups::new([APP.into()], true)).await;
    // Until it has settled, nothing is told.
    world.quiet_for(std::time::Duration::from_secs(120)).await;
    badge.with(|state| _ = state.rights.get_mut("0417").unwrap().remove("Cellar"));
    world.alter(&ana, |p| p.groups = Groups::new([APP.into(), crate::bench::ROOMS.into()], true)).await;
    badge.answers(None);
    world.quiet_for(std::time::Duration::from_secs(600)).await;
    assert_eq!(badge.shown(), "0417: Cellar, Pier House");
}
