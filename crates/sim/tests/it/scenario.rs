//! The scripted day: complete, deterministic, and about people who exist.

use std::collections::BTreeSet;

use lanyard_sim::{
    host::Vendor,
    scenario::{Act, Check, Day, Topic},
    world::{Company, WorldSettings},
};

fn company(people: u32, orgs: u16, sites: u16) -> Company {
    Company::generate(&WorldSettings { people, orgs, sites, ..WorldSettings::default() })
}

const EVERY_DAY: [Topic; 12] = [
    Topic::Joiner,
    Topic::DepartmentMove,
    Topic::Leave,
    Topic::ReturnFromLeave,
    Topic::Termination,
    Topic::ContractEnd,
    Topic::MergedAccount,
    Topic::Rename,
    Topic::HandEdit,
    Topic::HookOutage,
    Topic::QuotaStorm,
    Topic::ProfileUpdate,
];

#[test]
fn every_part_is_played_in_small_and_large_companies() {
    for (people, orgs, sites) in [(100, 1, 1), (200, 2, 2), (2000, 1, 2), (2000, 2, 2)] {
        let company = company(people, orgs, sites);
        let day = Day::of(&company);
        let mut topics: BTreeSet<Topic> = day.steps.iter().map(|step| step.topic).collect();
        assert_eq!(topics.remove(&Topic::OneOrgTermination), orgs > 1, "{people} people in {orgs} orgs");
        assert_eq!(topics, BTreeSet::from(EVERY_DAY), "{people} people in {orgs} orgs");
        assert!(day.steps.is_sorted_by_key(|step| step.at) && day.steps[0].at >= day.start);
        for act in day.steps.iter().flat_map(|step| &step.acts) {
            let Act::Command { desk, command } = act else { continue };
            let text = |key: &str| command[key].as_str().unwrap_or_default();
            match desk.vendor {
                Vendor::Okta if text("do") == "create_user" => {}
                Vendor::Okta => {
                    let users = &company.orgs[desk.index].users;
                    assert!(users.iter().any(|user| user.id.as_str() == text("user")), "{command}");
                }
                Vendor::Badge => panic!("the day tells no doors"),
                Vendor::Ioffice => {
                    let id = command["user"].as_u64();
                    let accounts = &company.sites[desk.index].accounts;
                    assert!(accounts.iter().any(|account| Some(u64::from(account.id)) == id), "{command}");
                }
            }
        }
        for expected in day.expectations() {
            assert!(!expected.words.is_empty() && !expected.who.name.is_empty());
        }
    }
}

#[test]
fn where_doors_are_told_they_open_and_shut_with_the_story() {
    for people in [200, 2000] {
        let company = company(people, 2, 2);
        let (plain, day) = (Day::of(&company), Day::with_doors(&company, 0));
        assert_eq!((plain.doors, day.doors), (None, Some(0)));
        let of = |day: &Day, is: fn(&Check) -> bool| {
            let told = day.steps.iter().flat_map(|step| step.expect.iter().map(move |one| (step.topic, one)));
            let fitting = told.filter(|(_, one)| is(&one.check));
            fitting.map(|(topic, one)| (topic, one.who.site, one.by.is_some())).collect::<Vec<_>>()
        };
        let opens = of(&day, |check| matches!(check, Check::Entry { .. }));
        let shuts = of(&day, |check| matches!(check, Check::NoEntry { .. }));
        assert!(opens.contains(&(Topic::Joiner, 0, false)), "{people}: {opens:?}");
        assert!(shuts.contains(&(Topic::Termination, 0, true)), "{people}: {shuts:?}");
        assert!(opens.iter().chain(&shuts).all(|(_, site, _)| *site == 0), "only whose doors are told");
        assert_eq!(of(&plain, |check| matches!(check, Check::Entry { .. } | Check::NoEntry { .. })), []);
        // Nobody enters anything where nothing is told, and nothing is taken from an empty badge system.
        let findings = day.verify(&[], None);
        assert_eq!(findings.len(), day.expectations().count());
    }
}

#[test]
fn the_same_company_lives_the_same_day() {
    let told = |seed: u64| {
        let settings = WorldSettings { seed, people: 200, ..WorldSettings::default() };
        serde_json::to_string(&Day::of(&Company::generate(&settings))).expect("JSON")
    };
    assert_eq!(told(1), told(1));
    assert_ne!(told(1), told(2));
}
