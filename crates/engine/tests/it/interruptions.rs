//! Each scenario once as it should be, once per lost answer and once per death of the process: the same end.

use std::time::Duration;

use crate::{
    bench::{World, person, set},
    fakes::Fault,
    mortal::Death,
};

#[derive(Debug, Clone, Copy)]
enum Story {
    Join,
    Contractor,
    Leave,
    LeaveScope,
    Move,
    MoveSite,
    Pause,
    Return,
    BackInTime,
    Renamed,
}

const STORIES: [Story; 10] = [
    Story::Join,
    Story::Contractor,
    Story::Leave,
    Story::LeaveScope,
    Story::Move,
    Story::MoveSite,
    Story::Pause,
    Story::Return,
    Story::BackInTime,
    Story::Renamed,
];

async fn play(world: &mut World, story: Story) {
    let mut ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    match story {
        Story::Join => {
            set(&mut ana, "startDate", "2026-05-06");
            world.say(ana).await;
        }
        Story::Contractor => {
            set(&mut ana, "userType", "Contractor");
            set(&mut ana, "startDate", "2026-05-06");
            set(&mut ana, "contractEndDate", "2026-08-06");
            world.hq.seed(1000, &[("userName", "host@acme.example"), ("email", "host@acme.example")]);
            world.say(ana).await;
        }
        Story::Leave | Story::LeaveScope | Story::Return => {
            world.say(ana).await;
            world.quiet().await;
            let account = world.hq.change(|s| *s.accounts.keys().next().unwrap());
            world.hq.book(7, account, 20);
            world.hq.book(8, account, 30);
            match story {
                Story::LeaveScope => {
                    world
                        .alter(&id, |p| {
                            p.groups = lanyard_model::identity::Groups::new(["00gOTHERGROUP".into()], true);
                        })
                        .await;
                }
                _ => world.leave(&id).await,
            }
            world.quiet().await;
            if let Story::Return = story {
                world.alter(&id, |p| p.status = lanyard_model::identity::Status::Active).await;
            }
        }
        Story::BackInTime => {
            set(&mut ana, "startDate", "2026-05-06");
            let groups = ana.groups.clone();
            world.say(ana).await;
            world.quiet().await;
            world
                .alter(&id, |p| {
                    p.groups = lanyard_model::identity::Groups::new(["00gOTHERGROUP".into()], true);
                })
                .await;
            // Long enough for the end, and not for the second look at one that broke off.
            world.quiet_for(Duration::from_secs(95)).await;
            world.alter(&id, |p| p.groups = groups).await;
        }
        Story::Move => {
            world.say(ana).await;
            world.quiet().await;
            world
                .alter(&id, |p| {
                    set(p, "department", "Facilities");
                    p.groups = lanyard_model::identity::Groups::new([crate::bench::APP.into()], true);
                })
                .await;
        }
        Story::MoveSite => {
            world.say(ana).await;
            world.quiet().await;
            let account = world.hq.change(|s| *s.accounts.keys().next().unwrap());
            world.hq.book(7, account, 20);
            world.alter(&id, |p| set(p, "officeLocation", "TANN")).await;
        }
        Story::Pause => {
            world.say(ana).await;
            world.quiet().await;
            world.hq.change(|s| {
                let account = s.accounts.values_mut().next().unwrap();
                let roles = account.roles.as_mut().unwrap();
                roles.insert(lanyard_model::id::CenterId(53), lanyard_model::account::Role::Manager);
            });
            world.alter(&id, |p| p.status = lanyard_model::identity::Status::Suspended).await;
            world.quiet().await;
            world.alter(&id, |p| p.status = lanyard_model::identity::Status::Active).await;
        }
        Story::Renamed => {
            // An inactive account of somebody else holds the user name.
            world.hq.seed(9, &[("userName", "ana@acme.example"), ("email", "old@acme.example")]);
            world.hq.change(|s| s.accounts.get_mut(&9).unwrap().active = Some(false));
            world.say(ana).await;
        }
    }
    world.quiet_for(Duration::from_secs(1500)).await;
}

/// What must be the same, however often we were interrupted.
async fn end(world: &World) -> String {
    format!("{}open intents {}\n", world.shown(), world.open_intents().await)
}

async fn plain(story: Story) -> (String, usize, usize) {
    let mut world = World::new().await;
    play(&mut world, story).await;
    let calls = world.hq.attempts() + world.south.attempts();
    (end(&world).await, world.mortal.writes(), calls)
}

#[tokio::test]
async fn every_story_ends_as_told() {
    let mut text = String::new();
    for story in STORIES {
        let (end, _, _) = plain(story).await;
        text += &format!("{story:?}\n{end}");
    }
    let wanted = "\
Join
ana@acme.example seat 11 CUSTOMER in 51 1 booked
open intents 0
Contractor
ana@acme.example seat 11 CUSTOMER in 51 1 booked
host@acme.example
visit Ana visit:2026-05-06
open intents 0
Leave
ana@acme.example inactive
open intents 0
LeaveScope
ana@acme.example inactive
open intents 0
Move
ana@acme.example seat 11
open intents 0
MoveSite
ana@acme.example inactive
ana@acme.example seat 11 CUSTOMER in 51
open intents 0
Pause
ana@acme.example seat 11 CUSTOMER in 51 MANAGER in 53
open intents 0
Return
ana@acme.example seat 11 CUSTOMER in 51
open intents 0
BackInTime
ana@acme.example seat 11 CUSTOMER in 51 1 booked
open intents 0
Renamed
ana.2@acme.example seat 11 CUSTOMER in 51
ana@acme.example inactive
open intents 0
";
    assert_eq!(text, wanted);
}

#[tokio::test]
async fn a_lost_answer_changes_nothing_and_repeats_nothing() {
    for story in STORIES {
        let (wanted, _, calls) = plain(story).await;
        for fault in [Fault::LostAfter, Fault::LostBefore, Fault::NotDone, Fault::Throttled] {
            for number in 0..calls {
                let mut world = World::new().await;
                // Both sites count their own calls; a fault beyond a site's last call does nothing.
                world.hq.change(|s| s.faults.insert(number, fault));
                world.south.change(|s| s.faults.insert(number, fault));
                play(&mut world, story).await;
                let mut expected = wanted.clone();
                if fault == Fault::LostBefore && end(&world).await != wanted {
                    // The one thing that cannot be looked up is not repeated, but told.
                    expected = expected.replace("visit Ana visit:2026-05-06\n", "");
                    assert!(
                        world.findings().await.iter().any(|key| key.contains("visit-unknown")),
                        "{story:?}, {fault:?} of call {number}: {}",
                        end(&world).await
                    );
                }
                assert_eq!(end(&world).await, expected, "{story:?}, {fault:?} of call {number}");
            }
        }
    }
}

#[tokio::test]
async fn a_death_at_any_write_changes_nothing_and_repeats_nothing() {
    for story in STORIES {
        let (wanted, writes, _) = plain(story).await;
        for number in 0..writes {
            for death in [Death::BeforeWrite(number), Death::AfterWrite(number)] {
                let mut world = World::dying(Some(death)).await;
                play(&mut world, story).await;
                let mut expected = wanted.clone();
                if end(&world).await != wanted {
                    expected = expected.replace("visit Ana visit:2026-05-06\n", "");
                    assert!(
                        world.findings().await.iter().any(|key| key.contains("visit-unknown")),
                        "{story:?}, {death:?}: {}",
                        end(&world).await
                    );
                }
                assert_eq!(end(&world).await, expected, "{story:?}, {death:?}");
            }
        }
    }
}
