//! Whoever leaves loses everything, on time, and nothing is called gone before a read says so.

use std::time::Duration;

use lanyard_engine::{
    late::Answer,
    ports::{PortFailure, Store, Write},
};
use lanyard_model::{
    id::SiteId,
    identity::{Groups, Status},
    signal::Lane,
};

use crate::bench::{APP, World, person, set};

fn down() -> Option<PortFailure> {
    Some(PortFailure::Unavailable { upstream: "iOffice hq".into(), reason: "down".into() })
}

fn account(world: &World) -> i64 {
    world.hq.change(|s| *s.accounts.keys().next().unwrap())
}

async fn employed(world: &mut World) -> lanyard_model::id::IdentityId {
    let ana = person("acme", "ana", "Ana", "0417");
    let id = ana.id.clone();
    world.say(ana).await;
    world.quiet().await;
    id
}

#[tokio::test]
async fn what_was_booked_while_the_calendar_was_read_is_cancelled_too() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let account = account(&world);
    world.hq.book(7, account, 20);
    world.hq.change(|s| s.booked_after_scan = Some(account));
    world.leave(&id).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert!(world.store.leavers(false, 9).await.unwrap()[0].verified_at.is_some());
}

#[tokio::test]
async fn an_account_that_was_closed_by_hand_still_gives_up_its_bookings() {
    for hides in [false, true] {
        let mut world = World::new().await;
        let id = employed(&mut world).await;
        let account = account(&world);
        world.hq.book(7, account, 20);
        world.hq.change(|s| {
            s.hides_inactive = hides;
            let account = s.accounts.get_mut(&account).unwrap();
            (account.active, account.seat, account.roles) = (Some(false), None, Some([].into()));
        });
        world.leave(&id).await;
        world.quiet().await;
        assert_eq!(world.shown(), "ana@acme.example inactive\n", "404 for inactive accounts: {hides}");
        assert!(world.store.leavers(false, 9).await.unwrap()[0].verified_at.is_some());
    }
}

#[tokio::test]
async fn a_sweep_finds_a_leaver_of_whom_nothing_was_heard_though_the_account_is_closed() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let account = account(&world);
    world.hq.book(7, account, 20);
    world.hq.change(|s| s.accounts.get_mut(&account).unwrap().active = Some(false));
    world.acme.change(|s| {
        s.people.get_mut("ana").unwrap().status = lanyard_model::identity::Status::Deprovisioned;
    });
    let found = world.sweep().await;
    assert_eq!(found.differing, 1);
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive seat 11 CUSTOMER in 51\n");
    assert!(world.store.link(&id, &"hq".into()).await.unwrap().unwrap().ended_at.is_some());
    assert_eq!(world.sweep().await.differing, 0, "then it is quiet");
}

#[tokio::test]
async fn a_scope_left_for_a_moment_is_not_left() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let before = world.shown();
    world.alter(&id, |p| p.groups = Groups::new([], true)).await;
    world.quiet_for(Duration::from_secs(30)).await;
    assert_eq!(world.shown(), before, "the settle window");
    world.alter(&id, |p| p.groups = Groups::new([APP.into(), crate::bench::ROOMS.into()], true)).await;
    world.quiet().await;
    assert_eq!(world.shown(), before, "back before it was over");
    world.alter(&id, |p| p.groups = Groups::new([], true)).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n", "left for good");
}

#[tokio::test]
async fn only_a_removal_that_waits_for_the_settle_window_asks_for_another_look() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world.alter(&id, |p| set(p, "title", "Principal")).await;
    world.quiet_for(Duration::from_secs(30)).await;
    assert_eq!(world.store.next_due().await.unwrap(), None, "written, read back, and nothing to take away");
    world.alter(&id, |p| p.groups = Groups::new([], true)).await;
    world.quiet_for(Duration::from_secs(30)).await;
    assert!(world.store.next_due().await.unwrap().is_some(), "the account is to go when it has settled");
}

#[tokio::test]
async fn a_legal_hold_keeps_everything_and_its_end_takes_it() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let before = world.shown();
    world
        .alter(&id, |p| {
            set(p, "legalHold", "yes");
            p.groups = Groups::new([], true);
        })
        .await;
    world.quiet_for(Duration::from_secs(7200)).await;
    assert_eq!(world.shown(), before);
    assert!(world.findings().await.contains(&"blocked:acme/ana:hq".to_owned()));
    world.alter(&id, |p| set(p, "legalHold", "no")).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn an_outage_does_not_hide_a_leaver() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world.hq.change(|s| s.failure = down());
    world.leave(&id).await;
    world.quiet().await;
    world.engine.alarm_late_leavers().await;
    assert!(world.findings().await.contains(&"leaver-late:acme/ana:hq".to_owned()));
    let lines = world.lines("finding").await;
    world.engine.alarm_late_leavers().await;
    assert_eq!(world.lines("finding").await, lines, "told once");
    world.hq.change(|s| s.failure = None);
    world.quiet_for(Duration::from_secs(600)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_alarm_comes_once_at_four_fifths_of_the_bound_and_is_over_when_they_are_out() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world.hq.change(|s| s.failure = down());
    world.leave(&id).await;
    let left_at = world.now();
    world.quiet_for(Duration::from_secs(1)).await;
    let alarms = async |world: &World| {
        let all = world.findings().await;
        all.into_iter().filter(|key| key.starts_with("leaver-late:")).count()
    };
    // Of a bound of 120 seconds.
    for (seconds, alarmed, overdue) in [(95, 0, 0), (96, 1, 0), (120, 1, 0), (121, 1, 1), (600, 1, 1)] {
        world.clock.set(left_at + Duration::from_secs(seconds));
        world.engine.alarm_late_leavers().await;
        let found = (alarms(&world).await, world.engine.leavers_overdue().await.unwrap());
        assert_eq!(found, (alarmed, overdue), "after {seconds} s");
    }
    let lines = world.lines("finding").await;
    world.reborn().await;
    world.engine.alarm_late_leavers().await;
    assert_eq!(world.lines("finding").await, lines, "another process tells it no second time");
    world.hq.change(|s| s.failure = None);
    world.quiet_for(Duration::from_secs(600)).await;
    world.engine.alarm_late_leavers().await;
    assert_eq!((alarms(&world).await, world.engine.leavers_overdue().await.unwrap()), (0, 0), "out");
}

#[tokio::test]
async fn each_of_many_late_leavers_is_alarmed_and_counted_and_asking_again_reads_nothing() {
    let world = World::new().await;
    let since = world.now();
    let seen = |n: usize| Write::LeaverSeen {
        identity: lanyard_model::id::IdentityId::new("acme".into(), format!("u{n:04}").as_str()),
        site: "hq".into(),
        since,
        seen_at: since,
    };
    world.store.write((0..2_100).map(seen).collect()).await.unwrap();
    world.clock.pass(Duration::from_secs(300));
    world.engine.alarm_late_leavers().await;
    let all = world.store.findings(9_999).await.unwrap();
    assert_eq!(all.iter().filter(|finding| finding.kind == "leaver_late").count(), 2_100);
    world.mortal.used();
    assert_eq!(world.engine.leavers_overdue().await.unwrap(), 2_100);
    assert_eq!(world.mortal.used().0, Default::default(), "as the loop counted them");
    world.clock.pass(Duration::from_secs(300));
    assert_eq!(world.engine.leavers_overdue().await.unwrap(), 2_100);
    let reads = world.mortal.used().0;
    assert_eq!(reads.get("leavers_running"), Some(&3), "counted anew where no loop has lately: {reads:?}");
}

#[tokio::test]
async fn a_leaver_whom_no_route_concerns_any_more_still_leaves() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world
        .alter(&id, |p| {
            set(p, "officeLocation", "");
            p.status = lanyard_model::identity::Status::Deprovisioned;
        })
        .await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(world.sweep().await.differing, 0);
}

#[tokio::test]
async fn a_site_administrator_who_leaves_is_an_alarm_and_a_to_do() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let account = account(&world);
    world.hq.change(|s| s.accounts.get_mut(&account).unwrap().site_admin = Some(true));
    world.leave(&id).await;
    world.quiet().await;
    world.engine.alarm_late_leavers().await;
    let findings = world.findings().await;
    assert!(findings.contains(&"todo:acme/ana:hq:site-admin".to_owned()), "{findings:?}");
    assert!(findings.contains(&"leaver-late:acme/ana:hq".to_owned()), "{findings:?}");
    assert_eq!(world.store.leavers(true, 9).await.unwrap().len(), 1, "never called gone");
}

#[tokio::test]
async fn at_the_limit_removals_wait_additions_go_on_and_nothing_piles_up() {
    let mut world = World::new().await;
    world.max_people = 1;
    world.reborn().await;
    let first = employed(&mut world).await;
    let ben = person("acme", "ben", "Ben", "0418");
    let second = ben.id.clone();
    world.say(ben).await;
    world.quiet().await;
    world.leave(&first).await;
    world.quiet().await;
    // A mover at the limit: the role goes nowhere, the new department arrives.
    world
        .alter(&second, |p| {
            set(p, "department", "Facilities");
            p.groups = Groups::new([APP.into()], true);
        })
        .await;
    world.quiet().await;
    let shown = world.shown();
    assert_eq!(shown, "ana@acme.example inactive\nben@acme.example seat 12 CUSTOMER in 51\n");
    let department =
        world.hq.change(|s| s.accounts.values().last().unwrap().field("department").map(str::to_owned));
    assert_eq!(department.as_deref(), Some("Facilities"));
    let finding = world.store.finding("cap:removals:hq").await.unwrap().unwrap();
    assert!(
        finding.detail.contains("1 person waits: Ben Okafor would lose something next"),
        "{}",
        finding.detail
    );
    let fix = finding.fix.unwrap();
    assert!(fix.contains("lanyard approvals list") && fix.contains("/acme/approvals"), "{fix}");
    assert!(!fix.contains("raise"), "{fix}");
    let (plans, lines) = (world.store.plans(None, 99).await.unwrap().len(), world.lines("plan").await);
    world.quiet_for(Duration::from_secs(12 * 3600)).await;
    assert_eq!(world.store.plans(None, 99).await.unwrap().len(), plans);
    assert_eq!(world.lines("plan").await, lines);
    world.quiet_for(Duration::from_secs(13 * 3600)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\nben@acme.example seat 12\n", "the window moved on");
    world.clock.pass(Duration::from_secs(25 * 3600));
    world.engine.clear_caps().await;
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_share_of_people_limits_removals_right_after_a_restart_and_before_any_count() {
    for counted in [false, true] {
        let mut world = World::new().await;
        world.edits = vec![
            ("max_percent = 100", "max_percent = 5"),
            (r#"in = ["PIER"]"#, r#"in = ["PIER", "NOWHERE"]"#),
        ];
        world.reborn().await;
        let mut everybody = Vec::new();
        for number in 0..12 {
            let mut one =
                person("acme", &format!("p{number:02}"), &format!("P{number:02}"), &format!("05{number:02}"));
            // Without a desk each, which this company has not.
            set(&mut one, "officeLocation", "NOWHERE");
            everybody.push(one.id.clone());
            world.say(one).await;
        }
        world.quiet().await;
        if counted {
            world.sweep().await;
            world.quiet().await;
        }
        world.restarted().await;
        assert_eq!(
            world.engine.people_in(&"hq".into()),
            counted.then_some(12),
            "as the last complete list said"
        );
        for id in &everybody {
            world.leave(id).await;
        }
        world.quiet().await;
        let gone = world.shown().lines().filter(|line| line.ends_with("inactive")).count();
        assert_eq!(gone, 10, "five per cent, but not less than ten; counted before: {counted}");
        assert!(world.findings().await.contains(&"cap:removals:hq".to_owned()));
    }
}

#[tokio::test]
async fn a_list_in_doubt_does_not_lift_the_share() {
    let mut world = World::new().await;
    employed(&mut world).await;
    world.sweep().await;
    world.quiet().await;
    let known = world.engine.people_in(&"hq".into());
    assert_eq!(known, Some(1));
    world.hq.change(|s| s.torn = true);
    assert!(!world.sweep().await.certified);
    assert_eq!(world.engine.people_in(&"hq".into()), known);
}

#[tokio::test]
async fn bookings_made_for_whoever_left_long_ago_are_cancelled_though_no_route_concerns_them() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let account = account(&world);
    world
        .alter(&id, |p| {
            set(p, "officeLocation", "");
            p.status = lanyard_model::identity::Status::Deprovisioned;
        })
        .await;
    world.quiet().await;
    assert!(world.store.link(&id, &"hq".into()).await.unwrap().unwrap().ended_at.is_some());
    world.hq.book(9, account, 48);
    world.sweep().await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
    assert_eq!(world.findings().await, Vec::<String>::new());
    let looks = world.lines("decision").await + world.lines("plan").await;
    world.sweep().await;
    world.quiet().await;
    assert_eq!(world.lines("decision").await + world.lines("plan").await, looks, "nobody is looked at again");
}

#[tokio::test]
async fn bookings_left_in_a_site_that_somebody_moved_away_from_are_cancelled() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let account = account(&world);
    world.alter(&id, |p| set(p, "officeLocation", "TANN")).await;
    world.quiet().await;
    world.hq.book(9, account, 48);
    world.sweep().await;
    world.quiet().await;
    assert_eq!(
        world.shown(),
        "ana@acme.example inactive\nana@acme.example seat 11 CUSTOMER in 51\n",
        "gone from the one, and at home in the other"
    );
}

#[tokio::test]
async fn whoever_came_back_without_having_been_out_in_time_is_answered_for_too() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let since = world.now();
    let clock = |since, returned| {
        let (identity, site) = (id.clone(), SiteId::new("hq"));
        let seen =
            Write::LeaverSeen { identity: identity.clone(), site: site.clone(), since, seen_at: since };
        vec![seen, Write::LeaverCancelled { identity, site, at: returned }]
    };
    let days = Duration::from_secs(3 * 86_400);
    // Out for a minute by mistake, long after.
    let later = since + days + days;
    for writes in [clock(since, since + days), clock(later, later + Duration::from_secs(60))] {
        world.store.write(writes).await.unwrap();
    }
    world.clock.pass(3 * days);
    let answer = Answer {
        identity: id.clone(),
        site: "hq".into(),
        owner: "olga".into(),
        compensation: "badge blocked by hand".into(),
    };
    let answered = world.engine.answer_for_late(&answer, "rita").await.unwrap();
    assert_eq!((answered.since, answered.returned_at), (since, Some(since + days)));
    let late = world.engine.late_leavers(since, 9).await.unwrap();
    let [late] = late.as_slice() else { panic!("one: {late:?}") };
    assert!(late.answered.is_some() && late.leaver.ended_at() == Some(since + days));
}

#[tokio::test]
async fn somebody_answers_for_a_late_leaver_and_for_nobody_else() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let answer = |owner: &str| Answer {
        identity: id.clone(),
        site: "hq".into(),
        owner: owner.into(),
        compensation: "badge blocked by hand".into(),
    };
    let refused = async |world: &World, owner: &str| {
        world.engine.answer_for_late(&answer(owner), "rita").await.unwrap_err().to_string()
    };
    assert!(refused(&world, "olga").await.contains("is no leaver of hq"));
    world.hq.change(|s| s.failure = down());
    world.leave(&id).await;
    world.quiet().await;
    world.clock.pass(Duration::from_secs(600));
    assert!(refused(&world, " ").await.contains("an owner and a sentence"));
    for owner in ["oscar", "olga"] {
        world.engine.answer_for_late(&answer(owner), "rita").await.unwrap();
    }
    let since = world.now() - Duration::from_secs(86_400);
    let late = world.engine.late_leavers(since, 9).await.unwrap();
    let [late] = late.as_slice() else { panic!("one: {late:?}") };
    let answered = late.answered.as_ref().expect("somebody answers");
    assert_eq!((answered.owner.as_str(), answered.by.as_str()), ("olga", "rita"), "the last word");
    assert_eq!(late.name, "Ana Okafor");
}

#[tokio::test]
async fn a_leavers_event_that_comes_before_the_read_shows_it_is_followed_up() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world.tell(&id, "user.lifecycle.deactivate", Lane::Leaver, false).await;
    world.quiet_for(Duration::from_secs(1)).await;
    assert!(!world.shown().contains("inactive"), "{}", world.shown());
    // No other event comes.
    world.leave_unheard(&id);
    world.quiet_for(Duration::from_secs(3)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n", "within seconds");
}

/// Okta tells of a leaver by several events in one delivery, and the read may be behind all of them.
#[tokio::test]
async fn a_leavers_event_behind_another_one_is_followed_up_too() {
    let both = ("application.user_membership.remove", "user.lifecycle.deactivate");
    for (first, second) in [both, (both.1, both.0)] {
        let mut world = World::new().await;
        let id = employed(&mut world).await;
        world.tell(&id, "user.account.update_profile", Lane::Normal, false).await;
        world.clock.pass(Duration::from_secs(60));
        world.tell(&id, first, Lane::Leaver, false).await;
        world.tell(&id, second, Lane::Leaver, false).await;
        world.quiet_for(Duration::from_secs(1)).await;
        world.leave_unheard(&id);
        world.quiet_for(Duration::from_secs(3)).await;
        assert_eq!(world.shown(), "ana@acme.example inactive\n", "{first} came first");
    }
}

/// Found by seed 1455 of `dense`: the read that was to come five seconds later came as much later as our clock was ahead.
#[tokio::test]
async fn a_status_that_is_still_changing_is_read_again_in_seconds_whatever_our_clock_says() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world.acme.change(|s| s.ahead = jiff::SignedDuration::from_mins(-40));
    world.alter(&id, |p| p.transitioning = true).await;
    world.quiet_for(Duration::from_secs(1)).await;
    assert!(!world.shown().contains("inactive"), "{}", world.shown());
    world.leave_unheard(&id);
    world.quiet_for(Duration::from_secs(6)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
}

/// Found by seed 252 of `dense`: a comparison between an end and its proof forgot what was ours, and the end went no further.
#[tokio::test]
async fn a_comparison_forgets_nothing_of_an_end_that_is_not_proven_yet() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    world.hq.book(7, account(&world), 20);
    world.hq.change(|s| s.scan_failure = down());
    world.alter(&id, |p| p.groups = Groups::new([], true)).await;
    world.quiet_for(Duration::from_secs(150)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive 1 booked\n", "the calendar cannot be read");
    world.sweep().await;
    world.hq.change(|s| s.scan_failure = None);
    world.quiet_for(Duration::from_secs(3600)).await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
}

#[tokio::test]
async fn what_is_shown_after_three_more_reads_is_believed() {
    let mut world = World::new().await;
    let id = employed(&mut world).await;
    let before = world.shown();
    world.tell(&id, "user.lifecycle.suspend", Lane::Leaver, false).await;
    world.quiet_for(Duration::from_secs(30)).await;
    assert_eq!(world.shown(), before);
    let counts = world.store.work_counts(None, world.now()).await.unwrap();
    assert_eq!((counts.due, counts.dead), (0, 0));
    assert_eq!(world.findings().await, Vec::<String>::new());
}

#[tokio::test]
async fn the_limit_says_how_many_wait_for_room_under_it() {
    let mut world = World::new().await;
    world.max_people = 1;
    world.reborn().await;
    let mut everybody = Vec::new();
    for number in 0..8 {
        let one = person("acme", &format!("p{number}"), &format!("P{number}"), &format!("05{number:02}"));
        everybody.push(one.id.clone());
        world.say(one).await;
        world.quiet().await;
    }
    for id in &everybody {
        world.leave(id).await;
        world.quiet().await;
    }
    let detail = world.store.finding("cap:removals:hq").await.unwrap().unwrap().detail;
    let said = "1 of 1 people in the window already lost something. 7 people wait: P1 Okafor, P2 Okafor, P3 Okafor, \
                P4 Okafor, P5 Okafor and 2 more would lose something next.";
    assert!(detail.starts_with(said), "{detail}");
}

/// Somebody whose first day is tomorrow, with a desk booked for it; and the booking's id.
async fn begins_tomorrow(world: &mut World) -> (lanyard_model::id::IdentityId, i64) {
    let mut ana = person("acme", "ana", "Ana", "0417");
    set(&mut ana, "startDate", "2026-05-05");
    let id = ana.id.clone();
    world.say(ana).await;
    world.engine.work_until_quiet().await;
    assert!(
        world.shown().starts_with("ana@acme.example seat 11 CUSTOMER in 51 1 booked\n"),
        "{}",
        world.shown()
    );
    let booking = world.hq.change(|s| *s.bookings.keys().next().unwrap());
    (id, booking)
}

#[tokio::test]
async fn a_desk_that_we_booked_is_cancelled_though_the_calendar_came_back_short() {
    let mut world = World::new().await;
    let (id, booking) = begins_tomorrow(&mut world).await;
    world.hq.change(|s| {
        s.unscanned.insert(booking);
        s.counts_bookings = true;
    });
    world.leave(&id).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
}

#[tokio::test]
async fn a_desk_that_was_booked_after_the_scan_that_others_share_is_cancelled() {
    let mut world = World::new().await;
    let bo = person("acme", "bo", "Bo", "0418");
    let other = bo.id.clone();
    world.say(bo).await;
    world.quiet().await;
    let raised_at = world.now();
    world.leave(&other).await;
    world.engine.work_until_quiet().await;
    world.clock.pass(Duration::from_secs(5));
    world.hq.change(|s| assert_eq!(s.scans, 1, "the scan for Bo"));
    let (id, _) = begins_tomorrow(&mut world).await;
    // Attention was raised before that scan, and nobody came to it until now.
    world.leave_heard_at(&id, raised_at).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\nbo@acme.example inactive\n");
}

#[tokio::test]
async fn whoever_comes_back_to_a_desk_that_was_left_booked_has_no_second_one() {
    let mut world = World::new().await;
    let (id, booking) = begins_tomorrow(&mut world).await;
    // Nothing gives away that it is missing.
    world.hq.change(|s| s.unscanned.insert(booking));
    world.leave(&id).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive 1 booked\n");
    world.hq.change(|s| s.unscanned.clear());
    world.alter(&id, |ana| ana.status = Status::Active).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example seat 11 CUSTOMER in 51 1 booked\n");
    // It is theirs to lose.
    world.leave(&id).await;
    world.quiet().await;
    assert_eq!(world.shown(), "ana@acme.example inactive\n");
}
