//! Histories that once went wrong, made on purpose so that they stay what they are.

use std::time::Duration;

use jiff::SignedDuration;
use lanyard_sim::{
    faults::{Effect, Moment, Rule, Target},
    host::Vendor,
    world::{Accounts, Company, GroupSource, WorldSettings},
};
use lanyard_simtest::{
    Options,
    guards::{Guards, plain_people},
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

/// Found by the rule that a hold survives a jumping clock: a settle window was counted in wall time, so that a machine
/// whose clock jumped ahead took the account of somebody who had left the group for a minute.
#[test]
fn a_clock_that_jumps_ahead_ends_no_wait() {
    let plan = plain(21);
    let company = Company::generate(&plan.world);
    let person = plain_people(&company, plan.seed, "jump")[0];
    let org = usize::from(company.people[person as usize].org);
    let groups = &company.orgs[org].groups;
    let group =
        groups.iter().find(|group| &*group.name == "APP-iOffice-Users" && group.source == GroupSource::Okta);
    let group = group.expect("the app's group").id.to_string();
    let user = company.user_of(person).id.to_string();
    let member = |after: u64, verb: &str| Step {
        after: Duration::from_secs(after),
        words: verb.to_owned(),
        deed: Deed::Command {
            vendor: Vendor::Okta,
            index: org,
            command: serde_json::json!({"do": verb, "user": user, "group": group}),
        },
        story: None,
    };
    let jump = Step {
        after: Duration::from_secs(1205),
        words: "the clock jumps two hours ahead".into(),
        deed: Deed::Jump { by: SignedDuration::from_hours(2), lasts: Duration::from_secs(1200) },
        story: None,
    };
    holds(Plan {
        steps: vec![member(1200, "remove_from_group"), jump, member(1270, "add_to_group")],
        ..plan
    });
}
