//! When everybody is compared: by schedule, after a kill, after an outage, with another policy.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use lanyard_engine::{
    policies::Wish,
    ports::{PortFailure, Silent, Store},
    sweep::SweepScope,
};
use lanyard_model::id::{SiteId, TenantId};
use tokio::task::JoinHandle;

use crate::{
    bench::{World, at, files, person},
    mortal::Death,
};

const OLU: Wish<'static> = Wish { by: "Olu", reason: "a test", expected: None };

const BY_SITE: (&str, &str) = (
    "[guardrails]\n",
    "[[schedule]]\nid = \"hq\"\ncron = \"0 2 * * *\"\nsite = \"hq\"\n\n\
     [[schedule]]\nid = \"south\"\ncron = \"30 2 * * *\"\nsite = \"south\"\n\n[guardrails]\n",
);
const FIVE_MINUTES: Duration = Duration::from_secs(300);
const EVERY_MINUTE: (&str, &str) = (
    "[guardrails]\n",
    "[[schedule]]\nid = \"hq\"\ncron = \"* * * * *\"\nsite = \"hq\"\n\n\
     [[schedule]]\nid = \"south\"\ncron = \"10 8 * * *\"\nsite = \"south\"\n\n[guardrails]\n",
);
const NO_TIME_BETWEEN: (&str, &str) = (
    "[guardrails]\n",
    "[[schedule]]\nid = \"hq\"\ncron = \"* * * * *\"\nsite = \"hq\"\n\n\
     [[schedule]]\nid = \"south\"\ncron = \"* * * * *\"\nsite = \"south\"\n\n\
     [[schedule]]\nid = \"beta\"\ncron = \"5 8 * * *\"\ntenant = \"beta\"\n\n[guardrails]\n",
);
const GHOST: (&str, &str) = (
    "[guardrails]\n",
    "[[schedule]]\nid = \"ghost\"\ncron = \"0 2 * * *\"\nsite = \"nowhere\"\n\n[guardrails]\n",
);

/// The loop of one world.
struct Loop(JoinHandle<()>);

impl Drop for Loop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn run(world: &World) -> Loop {
    let engine = Arc::clone(&world.engine);
    Loop(tokio::spawn(async move { engine.sweep_by_schedule().await }))
}

/// Lets everything happen that happens at this moment.
async fn settle() {
    for _ in 0..2_000 {
        tokio::task::yield_now().await;
    }
}

async fn at_moment(world: &World, moment: &str) {
    world.clock.set(at(moment));
    settle().await;
}

/// When the sweeps of this scope began, oldest first.
async fn began(world: &World, scope: &str) -> Vec<Timestamp> {
    let all = world.store.sweeps(Some(scope), 99).await.unwrap();
    let mut began: Vec<_> = all.into_iter().map(|sweep| sweep.started_at).collect();
    began.sort();
    began
}

fn down(upstream: &str) -> Option<PortFailure> {
    Some(PortFailure::Unavailable { upstream: upstream.into(), reason: "down".into() })
}

/// A world that was compared whole by this policy.
async fn compared(edits: &[(&'static str, &'static str)]) -> World {
    let mut world = World::new().await;
    world.edits = edits.to_vec();
    world.reborn().await;
    world.sweep().await;
    world.restarted().await;
    world
}

#[tokio::test]
async fn a_schedule_whose_moment_comes_during_another_sweep_is_seen_to_after_it() {
    let world = compared(&[BY_SITE]).await;
    let _run = run(&world);
    settle().await;
    assert_eq!(began(&world, "all").await.len(), 1, "nothing is owed");
    // The sweep of hq takes longer than the moment of south is away.
    let clock = Arc::clone(&world.clock);
    world.hq.change(|state| {
        state.while_listed = Some(Box::new(move || clock.pass(Duration::from_secs(45 * 60))));
    });
    at_moment(&world, "2026-05-05T02:00:00Z").await;
    assert_eq!(began(&world, "site:hq").await, [at("2026-05-05T02:00:00Z")]);
    assert_eq!(began(&world, "site:south").await, [at("2026-05-05T02:45:00Z")]);
    // The next day each comes at its own moment.
    at_moment(&world, "2026-05-06T02:00:00Z").await;
    at_moment(&world, "2026-05-06T02:30:00Z").await;
    assert_eq!(began(&world, "site:hq").await[1..], [at("2026-05-06T02:00:00Z")]);
    assert_eq!(began(&world, "site:south").await[1..], [at("2026-05-06T02:30:00Z")]);
    assert_eq!(began(&world, "all").await.len(), 1);
}

/// The moments on the first day, as `08:01:00`.
fn clock_times(moments: &[Timestamp]) -> Vec<String> {
    moments.iter().map(|at| at.strftime("%H:%M:%S").to_string()).collect()
}

#[tokio::test]
async fn a_schedule_that_comes_again_before_its_sweep_has_ended_piles_nothing_up_and_is_told_once() {
    let mut world = compared(&[EVERY_MINUTE]).await;
    let first = run(&world);
    settle().await;
    world.hq.change(|state| state.takes = Some((FIVE_MINUTES, Timestamp::MAX)));
    let key = "outlasted:hq".to_owned();
    while world.now() < at("2026-05-04T08:30:00Z") {
        world.clock.pass(Duration::from_secs(30));
        settle().await;
    }
    // Each begins when the one before it has ended and rested for half a minute, and none for a moment that has passed.
    let hq = began(&world, "site:hq").await;
    assert_eq!(
        clock_times(&hq),
        ["08:01:00", "08:06:30", "08:12:00", "08:17:30", "08:23:00", "08:28:30"],
        "a sweep takes five minutes"
    );
    assert_eq!(
        clock_times(&began(&world, "site:south").await),
        ["08:11:30"],
        "it has its turn: it was due at ten past"
    );
    let told = world.store.finding(&key).await.unwrap().expect("a finding");
    assert_eq!(told.title, "the schedule hq comes again before its comparison has ended");
    assert_eq!(
        told.detail,
        "\"* * * * *\" in UTC, comparing hq: moments that come during its own comparison are passed over"
    );
    assert!(told.fix.unwrap().starts_with("let it come less often, in the policy"));
    assert_eq!(world.lines("finding").await, 1, "told once");

    // The next process knows; and it is over when a sweep fits.
    drop(first);
    world.restarted().await;
    let _again = run(&world);
    settle().await;
    assert!(world.findings().await.contains(&key));
    world.hq.change(|state| state.takes = Some((Duration::from_secs(20), Timestamp::MAX)));
    world.clock.pass(Duration::from_secs(60));
    settle().await;
    assert_eq!(world.store.finding(&key).await.unwrap(), None);
}

#[tokio::test]
async fn schedules_that_leave_no_time_between_keep_nobody_waiting_who_could_not_be_read() {
    let world = compared(&[NO_TIME_BETWEEN]).await;
    let _run = run(&world);
    settle().await;
    // For two hours each of the two sites takes longer than its schedule leaves, and one of them is always due.
    for office in [&world.hq, &world.south] {
        office.change(|state| state.takes = Some((FIVE_MINUTES, at("2026-05-04T10:00:00Z"))));
    }
    world.beta.change(|state| {
        state.failure = down("Okta (beta)");
        state.back_at = Some(at("2026-05-04T08:30:00Z"));
    });
    at_moment(&world, "2026-05-04T08:01:00Z").await;
    assert!(world.now() >= at("2026-05-04T10:00:00Z"), "{}", world.now());
    assert_eq!(clock_times(&began(&world, "beta").await), ["08:31:00"], "its own moment was five past eight");
    let by_turns: Vec<_> =
        began(&world, "site:hq").await.into_iter().zip(began(&world, "site:south").await).collect();
    assert!(
        by_turns.len() > 6 && by_turns.iter().all(|(hq, south)| *south == *hq + FIVE_MINUTES),
        "{by_turns:?}"
    );
}

#[tokio::test]
async fn what_was_told_of_a_schedule_is_over_when_it_is_published_otherwise() {
    let world = compared(&[EVERY_MINUTE]).await;
    let _run = run(&world);
    settle().await;
    world.hq.change(|state| state.takes = Some((FIVE_MINUTES, Timestamp::MAX)));
    world.clock.pass(Duration::from_secs(60));
    settle().await;
    let key = "outlasted:hq".to_owned();
    assert!(world.findings().await.contains(&key), "{:?}", world.findings().await);
    world
        .engine
        .publish_policy(&files(100, &[EVERY_MINUTE, ("max_percent = 100", "max_percent = 99")]), OLU)
        .await
        .unwrap();
    settle().await;
    assert!(world.findings().await.contains(&key), "it comes as often as before");
    world.engine.publish_policy(&files(100, &[BY_SITE]), OLU).await.unwrap();
    settle().await;
    assert!(!world.findings().await.contains(&key), "{:?}", world.findings().await);
}

#[tokio::test]
async fn the_last_sweeps_of_all_scopes_are_one_question() {
    let world = compared(&[BY_SITE]).await;
    for scope in [(Some("hq"), None), (None, Some("beta")), (Some("south"), Some("acme"))] {
        let scope = SweepScope { site: scope.0.map(SiteId::from), tenant: scope.1.map(TenantId::from) };
        world.clock.pass(Duration::from_secs(60));
        world.engine.sweep_within(&scope, "test", &Silent).await.unwrap();
    }
    world.mortal.used();
    let last = world.engine.last_sweeps().await.unwrap();
    let (reads, _) = world.mortal.used();
    assert_eq!(reads.into_iter().collect::<Vec<_>>(), [("last_sweeps", 1)]);
    let scopes: Vec<String> = last
        .iter()
        .map(|(scope, record)| {
            assert_eq!(scope.key(), record.scope);
            record.scope.clone()
        })
        .collect();
    assert_eq!(scopes, ["all", "beta", "site:hq", "acme in south"]);
}

#[tokio::test]
async fn without_any_schedule_everybody_is_compared_once_a_day() {
    let world = compared(&[]).await;
    let _run = run(&world);
    for hour in 0..50 {
        settle().await;
        let days = hour / 24;
        assert_eq!(began(&world, "all").await.len(), 1 + days, "after {hour} hours");
        world.clock.pass(Duration::from_secs(3600));
    }
}

#[tokio::test]
async fn a_night_in_which_the_clocks_change_has_one_sweep() {
    let nightly = (
        "[guardrails]\n",
        "[[schedule]]\nid = \"nightly\"\ncron = \"30 2 * * *\"\nzone = \"Europe/Berlin\"\n\n[guardrails]\n",
    );
    let world = compared(&[nightly]).await;
    // Half past two comes twice on 2026-10-25, and not at all on 2027-03-28.
    for (from, hours, days) in [("2026-10-23T22:00:00Z", 73, 3), ("2027-03-26T23:00:00Z", 71, 3)] {
        world.clock.set(at(from));
        world.sweep().await;
        let before = began(&world, "all").await.len();
        let _run = run(&world);
        for _ in 0..=hours * 2 {
            settle().await;
            world.clock.pass(Duration::from_secs(1800));
        }
        let made = began(&world, "all").await;
        assert_eq!(made.len() - before, days, "{:?}", &made[before..]);
    }
}

#[tokio::test]
async fn a_restart_owes_no_full_sweep_where_each_site_was_compared_by_its_own_schedule() {
    let mut world = compared(&[BY_SITE]).await;
    {
        let _run = run(&world);
        at_moment(&world, "2026-05-20T02:00:00Z").await;
        at_moment(&world, "2026-05-20T02:30:00Z").await;
    }
    world.restarted().await;
    let again = run(&world);
    at_moment(&world, "2026-05-20T08:00:00Z").await;
    assert_eq!(began(&world, "all").await.len(), 1);
    let last = world.engine.last_sweeps().await.unwrap();
    let stands: Vec<_> = world.engine.sites_compared(&last).into_iter().map(|s| (s.site, s.last)).collect();
    let moment = |text| Some((at(text), at(text)));
    assert_eq!(
        stands,
        [
            (SiteId::from("hq"), moment("2026-05-20T02:00:00Z")),
            (SiteId::from("south"), moment("2026-05-20T02:30:00Z"))
        ]
    );
    drop(again);

    // Down over the next night: what was missed is made up, for its part alone.
    world.clock.set(at("2026-05-21T02:10:00Z"));
    world.restarted().await;
    let _run = run(&world);
    settle().await;
    assert_eq!(began(&world, "site:hq").await.last(), Some(&at("2026-05-21T02:10:00Z")));
    assert_eq!(
        began(&world, "site:south").await.last(),
        Some(&at("2026-05-20T02:30:00Z")),
        "its moment is to come"
    );
    assert_eq!(began(&world, "all").await.len(), 1);
}

#[tokio::test]
async fn a_site_that_could_not_be_read_stands_as_it_stood_and_puts_no_other_in_doubt() {
    let mut world = compared(&[]).await;
    let first = world.now();
    let stands = async |world: &World| {
        let last = world.engine.last_sweeps().await.unwrap();
        let all = world.engine.sites_compared(&last).into_iter();
        all.map(|one| (one.site.to_string(), one.last.map(|(began, _)| began), one.certified))
            .collect::<Vec<_>>()
    };
    world.hq.change(|state| state.failure = down("hq"));
    for _ in 0..2 {
        world.clock.pass(Duration::from_secs(86_400));
        world.sweep().await;
    }
    let hq = ("hq".to_owned(), Some(first), true);
    assert_eq!(stands(&world).await, [hq.clone(), ("south".to_owned(), Some(world.now()), true)]);
    world.restarted().await;
    assert_eq!(stands(&world).await[0], hq);

    // One tenant that could not be read was not compared in either site; a list in doubt is the site's own.
    world.hq.change(|state| state.failure = None);
    world.sweep().await;
    let before = world.now();
    world.clock.pass(Duration::from_secs(86_400));
    world.beta.change(|state| state.failure = down("Okta"));
    world.sweep().await;
    let of_both = |hq: bool| [("hq".to_owned(), Some(before), hq), ("south".to_owned(), Some(before), true)];
    assert_eq!(stands(&world).await, of_both(true));
    world.beta.change(|state| state.failure = None);
    world.clock.pass(Duration::from_secs(3600));
    world.hq.change(|state| state.torn = true);
    let report = world.sweep().await;
    assert!(!report.certified, "{report:?}");
    let now = world.now();
    let both = [("hq".to_owned(), Some(now), false), ("south".to_owned(), Some(now), true)];
    assert_eq!(stands(&world).await, both);
}

/// A sweep of one site by schedule dies as soon as the lists of both tenants were read whole.
async fn killed_after_lists(world: &mut World) {
    let hq = SweepScope { site: Some("hq".into()), tenant: None };
    for number in 0..100 {
        world.mortal_reborn(Some(Death::AfterWrite(number))).await;
        let engine = Arc::clone(&world.engine);
        tokio::select! {
            _ = engine.sweep_within(&hq, "by schedule", &Silent) => {}
            () = world.mortal.died.notified() => {}
        }
        if world.store.meta("sweep:unfinished").await.unwrap().unwrap_or_default().contains("\"beta\":") {
            break;
        }
    }
}

#[tokio::test]
async fn a_killed_sweep_of_one_site_goes_on_after_the_restart_with_what_was_read() {
    let mut world = compared(&[]).await;
    world.acme.change(|state| drop(state.people.insert("ana".into(), person("acme", "ana", "Ana", "0417"))));
    killed_after_lists(&mut world).await;
    let lists = (world.acme.lists(), world.beta.lists());
    let ended = began(&world, "site:hq").await.len();
    world.clock.pass(Duration::from_secs(60));
    // Whichever sweep comes first takes up the lists that it would read too.
    world.restarted().await;
    let _run = run(&world);
    settle().await;
    assert_eq!(began(&world, "site:hq").await.len(), ended + 1);
    assert_eq!(began(&world, "all").await.len(), 1, "nothing else is owed");
    assert_eq!((world.acme.lists(), world.beta.lists()), lists, "what was read whole is not read again");
}

#[tokio::test]
async fn lists_of_a_killed_sweep_are_taken_up_by_one_of_everything() {
    let mut world = compared(&[]).await;
    killed_after_lists(&mut world).await;
    world.clock.pass(Duration::from_secs(60));
    world.reborn().await;
    assert_eq!(world.sweep().await.resumed, ["acme", "beta"]);
}

#[tokio::test]
async fn what_a_published_policy_asked_for_is_made_up_after_a_kill() {
    let mut world = compared(&[]).await;
    let published = files(100, &[("max_percent = 100", "max_percent = 99")]);
    world.engine.publish_policy(&published, OLU).await.unwrap();
    // Killed before the sweep that comes of it ended; the next process starts with the published policy.
    world.clock.pass(Duration::from_secs(60));
    world.restarted().await;
    let run_again = run(&world);
    settle().await;
    assert_eq!(began(&world, "all").await.len(), 2);
    drop(run_again);
    world.restarted().await;
    let _run = run(&world);
    settle().await;
    assert_eq!(began(&world, "all").await.len(), 2, "once");
}

#[tokio::test]
async fn what_cannot_be_read_is_asked_for_and_nothing_else_is_read_meanwhile() {
    let world = compared(&[]).await;
    let _run = run(&world);
    settle().await;
    world.beta.change(|state| state.failure = down("Okta (beta)"));
    at_moment(&world, "2026-05-05T08:00:00Z").await;
    let lists = (world.acme.lists(), world.hq.change(|state| state.lists));
    for _ in 0..120 {
        world.clock.pass(Duration::from_secs(60));
        settle().await;
    }
    assert_eq!((world.acme.lists(), world.hq.change(|state| state.lists)), lists, "two hours long");
    let beta = world.beta.lists();
    world.beta.change(|state| state.failure = None);
    for _ in 0..7 {
        world.clock.pass(Duration::from_secs(60));
        settle().await;
    }
    assert_eq!((world.acme.lists(), world.beta.lists()), (lists.0, beta + 1), "only what was behind");
    assert_eq!(began(&world, "beta").await.len(), 1);

    world.hq.change(|state| state.failure = down("hq"));
    at_moment(&world, "2026-05-06T08:00:00Z").await;
    assert!(world.findings().await.contains(&"sweep".to_owned()), "{:?}", world.findings().await);
    assert_eq!(world.store.finding("sweep").await.unwrap().unwrap().site, Some("hq".into()), "of one site");
    let lists = (world.acme.lists(), world.beta.lists());
    for _ in 0..120 {
        world.clock.pass(Duration::from_secs(60));
        settle().await;
    }
    assert_eq!((world.acme.lists(), world.beta.lists()), lists, "nor Okta for a site that is down");
    world.hq.change(|state| state.failure = None);
    for _ in 0..7 {
        world.clock.pass(Duration::from_secs(60));
        settle().await;
    }
    assert_eq!(began(&world, "site:hq").await.len(), 1);
    assert!(!world.findings().await.contains(&"sweep".to_owned()));
}

#[tokio::test]
async fn a_site_that_a_killed_process_could_not_read_is_compared_when_it_answers() {
    let mut world = compared(&[]).await;
    world.hq.change(|state| state.failure = down("hq"));
    world.sweep().await;
    world.restarted().await;
    let _run = run(&world);
    settle().await;
    assert_eq!(began(&world, "site:hq").await, []);
    world.hq.change(|state| state.failure = None);
    for _ in 0..7 {
        world.clock.pass(Duration::from_secs(60));
        settle().await;
    }
    assert_eq!(began(&world, "site:hq").await.len(), 1);
}

#[tokio::test]
async fn a_comparison_that_could_not_be_made_is_told_until_it_is() {
    let world = compared(&[]).await;
    let _run = run(&world);
    settle().await;
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| state.failure = down("Okta"));
    }
    at_moment(&world, "2026-05-05T08:00:00Z").await;
    let told = world.store.finding("sweep").await.unwrap().expect("a finding");
    assert_eq!(told.title, "the full comparison could not be made");
    assert!(
        told.detail.contains("down") && told.detail.contains("Events are still followed"),
        "{}",
        told.detail
    );
    for okta in [&world.acme, &world.beta] {
        okta.change(|state| state.failure = None);
    }
    for _ in 0..7 {
        world.clock.pass(Duration::from_secs(60));
        settle().await;
    }
    assert_eq!(world.store.finding("sweep").await.unwrap(), None);
    assert_eq!(began(&world, "all").await.len(), 2);
}

#[tokio::test]
async fn a_schedule_that_never_comes_is_told_when_it_is_published_and_over_when_it_is_gone() {
    let world = compared(&[]).await;
    let _run = run(&world);
    settle().await;
    let key = "schedule:ghost".to_owned();
    assert!(!world.findings().await.contains(&key));
    world.engine.publish_policy(&files(100, &[GHOST]), OLU).await.unwrap();
    settle().await;
    let told = world.store.finding(&key).await.unwrap().expect("a finding");
    assert_eq!(told.title, "the schedule ghost never comes");
    assert_eq!(told.detail, "the settings have no site nowhere");
    assert_eq!((told.tenant, told.site), (None, Some("nowhere".into())), "alert rules choose by it");
    // Where no schedule comes, everybody is compared once a day.
    let before = began(&world, "all").await.len();
    world.clock.pass(Duration::from_secs(86_400));
    settle().await;
    assert_eq!(began(&world, "all").await.len(), before + 1);
    world.engine.publish_policy(&files(100, &[]), OLU).await.unwrap();
    settle().await;
    assert!(!world.findings().await.contains(&key), "{:?}", world.findings().await);
}

const BY_TENANT: (&str, &str) = (
    "[guardrails]\n",
    "[[schedule]]\nid = \"acme\"\ncron = \"0 2 * * *\"\ntenant = \"acme\"\n\n\
     [[schedule]]\nid = \"beta\"\ncron = \"30 2 * * *\"\ntenant = \"beta\"\n\n\
     [[schedule]]\nid = \"south\"\ncron = \"0 3 * * *\"\nsite = \"south\"\n\n[guardrails]\n",
);

#[tokio::test]
async fn schedules_that_never_compare_everybody_together_are_told_of() {
    let world = compared(&[BY_TENANT]).await;
    let _run = run(&world);
    settle().await;
    let told = world.store.finding("schedules:apart").await.unwrap().expect("a finding");
    assert_eq!(told.title, "no schedule compares the people of all tenants together");
    assert!(told.detail.starts_with("In hq each comparison is of one tenant."), "{}", told.detail);
    world.engine.publish_policy(&files(100, &[BY_SITE]), OLU).await.unwrap();
    settle().await;
    assert!(!world.findings().await.contains(&"schedules:apart".to_owned()));
}

#[test]
fn scopes_are_kept_apart_though_a_tenant_and_a_site_have_one_name() {
    let scope = |site: Option<&str>, tenant: Option<&str>| SweepScope {
        site: site.map(SiteId::from),
        tenant: tenant.map(TenantId::from),
    };
    let is_tenant = |name: &str| ["acme", "main"].contains(&name);
    for (scope, key, shown) in [
        (scope(None, None), "all", "all"),
        (scope(None, Some("main")), "main", "main"),
        (scope(Some("main"), None), "site:main", "main"),
        (scope(Some("hq"), Some("acme")), "acme in hq", "acme in hq"),
    ] {
        assert_eq!((scope.key().as_str(), scope.to_string().as_str()), (key, shown));
        assert_eq!(SweepScope::of_key(key, is_tenant), scope);
    }
    assert_eq!(SweepScope::of_key("hq", is_tenant), scope(Some("hq"), None), "as earlier versions kept it");
}
