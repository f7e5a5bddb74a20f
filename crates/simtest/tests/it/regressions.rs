//! Histories that once went wrong, made on purpose so that they stay what they are.

use std::time::Duration;

use jiff::SignedDuration;
use lanyard_sim::{
    faults::{Effect, Moment, Rule, Target},
    world::{Accounts, WorldSettings},
};
use lanyard_simtest::{
    Options,
    guards::Guards,
    run_plan,
    script::{Deed, Plan, Profile, Step, Without},
};

/// Thirty people, two hours, nothing that goes wrong by chance.
fn plain(seed: u64) -> Plan {
    Plan {
        seed,
        profile: Profile::Swarm,
        world: WorldSettings { seed, people: 30, accounts: Accounts::Lived, ..WorldSettings::default() },
        preset: "default",
        busy_for: Duration::from_secs(7200),
        feed_interval: Duration::from_secs(30),
        hooks: true,
        observe_only: false,
        percent_max: 100,
        kills: 0,
        guards: Guards::default(),
        faults: Vec::new(),
        fronts: Vec::new(),
        blows: 0,
        without: Without::default(),
        only: None,
        quiet_for: Duration::from_secs(75 * 60),
        deaths: Vec::new(),
        write_fault: None,
        steps: Vec::new(),
    }
}

fn holds(plan: Plan) {
    let history = run_plan(plan, Options::default());
    assert!(history.violations.is_empty(), "{}", history.told());
}

/// Found by seed 12: a process that was started while the site could not be read bound its policy against nothing,
/// and took from everybody what "no rule gives any more".
#[test]
fn a_start_during_an_outage_of_the_site_takes_nothing_away() {
    let minutes = |count| Moment::After(SignedDuration::from_mins(count));
    let outage = Rule {
        from: Some(minutes(20)),
        until: Some(minutes(60)),
        ..Rule::new(Target::Ioffice, Effect::Unavailable)
    };
    let kill = Step {
        after: Duration::from_secs(25 * 60),
        words: "the process is killed during the outage".into(),
        deed: Deed::Kill,
        story: None,
    };
    holds(Plan { faults: vec![outage], steps: vec![kill], ..plain(12) });
}
