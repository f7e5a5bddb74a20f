//! A few histories of each profile. Many are lived by `cargo xtask simtest`, in a build made for speed.

use std::ops::ControlFlow;

use lanyard_sim::faults::Target;
use lanyard_simtest::{
    Options,
    drive::{Lived, Orders, drive},
    enumerate::classes,
    run_plan,
    script::{Plan, Profile, Without},
    shrink::shrink,
    twin,
};

fn lived(profile: Profile, from: u64, seeds: u64) -> Lived {
    drive(&Orders { from, seeds, profile, ..Orders::default() }, &|_| ControlFlow::Continue(()))
}

/// Panics with the failing histories, told whole.
fn holds(lived: &Lived) {
    let told: Vec<String> = lived.failed.iter().map(|history| history.told()).collect();
    assert_eq!(lived.totals.violations, 0, "seeds {:?}\n{}", lived.totals.failed, told.join("\n\n"));
}

#[test]
fn seeds_hold_every_invariant_and_are_the_same_twice() {
    let lived = lived(Profile::Swarm, 1, 6);
    holds(&lived);
    assert_eq!((lived.totals.histories, lived.totals.repeated), (6, 1));
    assert!(lived.totals.faults_by_kind.len() > 10, "{:?}", lived.totals.faults_by_kind);
    for invariant in
        ["S1", "S2", "S3", "S8", "S9", "S10", "S12", "S14", "S15", "S16", "S17", "S19", "L1", "L2"]
    {
        assert!(
            lived.totals.checks.get(invariant).is_some_and(|count| *count > 0),
            "{invariant} was never judged"
        );
    }
}

/// Whoever ends a long run loses nothing of what it has shown.
#[test]
fn a_run_that_is_ended_keeps_what_was_lived() {
    let orders = Orders { from: 1, seeds: 1000, profile: Profile::Brief, cores: 1, ..Orders::default() };
    let lived = drive(&orders, &|totals| match totals.histories {
        3 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!((lived.totals.histories, lived.totals.violations), (3, 0));
    assert!(lived.totals.steps.all() > 1000);
}

#[test]
fn without_faults_nothing_strikes_and_everything_holds() {
    let lived = lived(Profile::Calm, 1, 2);
    holds(&lived);
    assert_eq!(lived.totals.faults_by_kind, [].into());
}

#[test]
fn storms_hold_too() {
    holds(&lived(Profile::Storm, 1, 2));
}

#[test]
fn what_is_left_out_stays_out_and_its_name_is_read_back() {
    let without: Without = "s3,f0,k".parse().expect("a list of parts");
    assert_eq!(without.to_string(), "s3,f0,k");
    assert_eq!(
        "s".parse::<Without>().unwrap_err(),
        "`s` is none of s3 (a story), f0 (a fault), w0 (a front), k, h, g"
    );
    let whole = Plan::of(3);
    let less = whole.clone().leaving_out(&without);
    assert_eq!((less.faults.len(), less.kills), (whole.faults.len() - 1, 0));
    let history = run_plan(less, Options::default());
    assert!(history.told().contains("--without s3,f0,k"), "{}", history.told());
}

/// Shrinking tries to break the same invariants with less: where none is broken, nothing may be left out.
#[test]
fn a_history_that_holds_is_not_made_short() {
    let history = run_plan(Plan::of_story(12, "default", 1), Options::default());
    assert_eq!(history.violations, [], "the story itself holds");
    let short = shrink(&history);
    assert!(short.plan.without.is_nothing(), "{}", short.plan.without);
}

/// Seeds 85 and 88 drew faults of hooks for a process that only observes, which makes no hook for itself.
#[test]
fn nothing_of_hooks_is_drawn_where_there_are_none() {
    let hooks = |plan: &Plan| plan.faults.iter().filter(|rule| rule.target == Target::Hook).count();
    for plan in (1..=200).map(Plan::of).filter(|plan| plan.observe_only) {
        assert_eq!(hooks(&plan), 0, "seed {}", plan.seed);
    }
    let without: Without = "h".parse().expect("a list of parts");
    let seed = (1..=200).find(|seed| hooks(&Plan::of(*seed)) > 0).expect("a seed with faults of hooks");
    assert_eq!(hooks(&Plan::of(seed).leaving_out(&without)), 0);
}

/// The same history without anything that goes wrong ends in the same state.
#[test]
fn faults_change_the_way_and_not_the_end() {
    let judged: Vec<_> = (1..=60)
        .map(|seed| Plan::drawn(5 * seed, Profile::Brief))
        .filter(twin::has_one_end)
        .filter_map(|plan| twin::differs(&run_plan(plan, Options::default())))
        .take(2)
        .collect();
    assert_eq!(judged, [vec![], vec![]]);
}

/// What the enumeration of deaths rests on: it lives one history for all points that have one mark.
#[test]
fn deaths_at_points_with_one_mark_end_alike() {
    let plan = Plan::of_story(3, "default", 31);
    let plain = run_plan(plan.clone(), Options { marks: true, ..Options::default() });
    let classes = classes(&plain);
    let points: u64 = classes.iter().map(|(_, count)| count).sum();
    assert_eq!(points, plain.span.1 - plain.span.0);
    assert!(classes.len() as u64 * 2 < points, "{} of {points}", classes.len());
    let several: Vec<_> = classes.iter().filter(|(_, count)| *count > 1).collect();
    for (first, count) in several.iter().step_by((several.len() / 8).max(1)) {
        let [one, other] = [*first, first + count - 1].map(|point| {
            let history = run_plan(Plan { deaths: vec![point], ..plan.clone() }, Options::default());
            (history.points.len(), history.hash, history.steps)
        });
        assert_eq!(one.0, 1, "it died");
        assert_eq!(one, other, "at {first} and {count} points");
    }
}
