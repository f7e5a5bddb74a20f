//! A few histories of each profile. Many are lived by `cargo xtask simtest`, in a build made for speed.

use lanyard_simtest::{
    Options,
    drive::{Lived, Orders, drive},
    run_plan,
    script::{Plan, Profile, Without},
    shrink::shrink,
};

fn lived(profile: Profile, from: u64, seeds: u64) -> Lived {
    drive(&Orders { from, seeds, profile, ..Orders::default() }, &|_, _| {})
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
