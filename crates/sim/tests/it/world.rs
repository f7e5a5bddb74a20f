//! A generated company is the same for the same settings, and contains what the documentation promises.

use std::{collections::BTreeSet, time::Instant};

use lanyard_sim::world::{
    Accounts, Company, Dirt, GroupSource, OktaUser, PersonKind, Stage, UserStatus, WorldSettings, dirt,
};

fn company(people: u32, orgs: u16, sites: u16, accounts: Accounts) -> Company {
    Company::generate(&WorldSettings { people, orgs, sites, accounts, ..WorldSettings::default() })
}

fn fingerprint(company: &Company) -> u64 {
    // FNV-1a: stable across releases, unlike the standard library's hashers.
    let json = serde_json::to_vec(company).expect("a world serialises");
    json.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn same_settings_give_the_same_world_byte_for_byte() {
    let settings = WorldSettings { people: 300, orgs: 2, sites: 2, ..WorldSettings::default() };
    let print = fingerprint(&Company::generate(&settings));
    assert_eq!(print, fingerprint(&Company::generate(&settings)));
    let other = WorldSettings { seed: 2, ..settings };
    assert_ne!(print, fingerprint(&Company::generate(&other)));
}

#[test]
fn a_lived_world_of_two_thousand_contains_every_kind_of_dirt() {
    let company = company(2000, 1, 1, Accounts::Lived);
    let seen: BTreeSet<Dirt> = company
        .sites
        .iter()
        .flat_map(|site| &site.accounts)
        .flat_map(|account| account.dirt.iter())
        .chain(company.orgs.iter().flat_map(|org| &org.users).flat_map(|user| user.dirt.iter()))
        .collect();
    let absent: Vec<Dirt> = dirt::ALL.into_iter().filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(absent, []);
}

#[test]
fn references_inside_a_world_hold() {
    for (people, orgs, sites) in [(1, 1, 1), (10, 1, 2), (60, 2, 1), (700, 2, 2), (700, 3, 2)] {
        let company = company(people, orgs, sites, Accounts::Lived);
        assert_eq!((company.orgs.len(), company.sites.len()), (orgs.into(), sites.into()));
        assert_eq!(company.people.len(), people as usize);
        for org in &company.orgs {
            let logins: BTreeSet<&str> = org.users.iter().map(|user| &*user.login).collect();
            assert_eq!(logins.len(), org.users.len(), "logins are unique in {}", org.name);
            let ids: BTreeSet<&str> = org.users.iter().map(|user| user.id.as_str()).collect();
            assert_eq!(ids.len(), org.users.len(), "ids are unique in {}", org.name);
            for rule in &org.rules {
                let members = &org.groups[rule.group as usize].members;
                let wanted = org
                    .users
                    .iter()
                    .enumerate()
                    .filter(|(_, user)| value(user, rule.attribute) == &*rule.value);
                assert_eq!(members.len(), wanted.count(), "{}", rule.expression);
            }
        }
        for site in &company.sites {
            let rooms: BTreeSet<u32> = site.rooms.iter().map(|room| room.id).collect();
            let centers: BTreeSet<u32> = site.centers.iter().map(|center| center.id).collect();
            let sections: BTreeSet<u32> = site.sections.iter().map(|section| section.id).collect();
            let mut names = BTreeSet::new();
            let mut seats = BTreeSet::new();
            for account in &site.accounts {
                assert!(names.insert(account.user_name.to_lowercase()), "{} repeats", account.user_name);
                assert!(account.room.is_none_or(|room| rooms.contains(&room) && seats.insert(room)));
                assert!(account.section.is_none_or(|section| sections.contains(&section)));
                assert!(account.permissions.iter().all(|(center, _)| centers.contains(center)));
                let held: BTreeSet<u32> = account.permissions.iter().map(|(center, _)| *center).collect();
                assert_eq!(held.len(), account.permissions.len(), "one role per center");
            }
            let ids: BTreeSet<u32> = site.accounts.iter().map(|account| account.id).collect();
            assert_eq!(ids.len(), site.accounts.len());
            for booking in &site.reservations {
                assert!(rooms.contains(&booking.room) && centers.contains(&booking.center));
                assert!(ids.contains(&booking.user) && booking.start < booking.end);
            }
        }
    }
}

fn value<'a>(user: &'a OktaUser, attribute: &str) -> &'a str {
    match attribute {
        "department" => &user.department,
        "officeLocation" => &user.office_location,
        "userType" => &user.label,
        other => panic!("no rule compares {other}"),
    }
}

#[test]
fn a_small_world_still_has_its_cast() {
    let company = company(60, 1, 1, Accounts::Lived);
    for stage in [Stage::PreHire, Stage::OnLeave, Stage::Left, Stage::Rehired] {
        assert!(company.people.iter().any(|person| person.stage == stage), "{stage:?}");
    }
    let today = company.settings.now.to_string()[..10].to_owned();
    let ends_today = |user: &OktaUser| user.contract_end_date.as_deref() == Some(today.as_str());
    assert!(company.orgs[0].users.iter().any(ends_today), "a contract ends today");
    let soon = company.people.iter().filter(|person| person.stage == Stage::PreHire);
    for person in soon {
        let user = &company.orgs[0].users[person.user as usize];
        assert_eq!(user.status, UserStatus::Staged);
        assert!(user.start_date.as_deref() > Some(today.as_str()));
    }
}

#[test]
fn two_orgs_share_a_person_and_write_dates_differently() {
    let company = company(200, 2, 2, Accounts::Lived);
    let (index, person) = company
        .people
        .iter()
        .enumerate()
        .find(|(_, person)| person.second.is_some())
        .expect("one person in both");
    let (org, user) = person.second.expect("checked");
    let (main, second) =
        (company.user_of(index as u32), &company.orgs[usize::from(org)].users[user as usize]);
    assert_eq!(main.employee_number, second.employee_number);
    assert_ne!(main.login, second.login);
    assert_eq!(second.person, index as u32);
    let sites =
        company.sites.iter().filter(|site| site.accounts.iter().any(|a| a.person == Some(index as u32)));
    assert!(sites.count() <= 2);
    let start = |org: usize| company.orgs[org].users[0].start_date.clone().unwrap_or_default();
    assert_eq!((start(0).as_bytes()[4], start(1).as_bytes()[2]), (b'-', b'/'));
}

#[test]
fn group_names_repeat_across_sources() {
    let company = company(100, 1, 1, Accounts::Lived);
    let named: Vec<&GroupSource> =
        company.orgs[0].groups.iter().filter(|g| &*g.name == "ROOM-Booking").map(|g| &g.source).collect();
    assert!(matches!(named.as_slice(), [GroupSource::Okta, GroupSource::Directory(_)]), "{named:?}");
}

#[test]
fn tidy_accounts_equal_okta_and_empty_has_no_person() {
    let tidy = company(300, 1, 1, Accounts::Tidy);
    let employed = tidy.people.iter().filter(|person| person.stage.is_employed()).count();
    let held: Vec<_> = tidy.sites[0].accounts.iter().filter(|account| account.person.is_some()).collect();
    assert_eq!(held.len(), employed);
    for account in held {
        let user = tidy.user_of(account.person.unwrap_or_default());
        assert!(account.dirt.is_clean());
        assert_eq!(account.email.as_ref(), Some(&user.email));
        assert_eq!(account.employee_id.as_ref(), Some(&user.employee_number));
        assert_eq!(account.user_type == 2, tidy.people[user.person as usize].kind == PersonKind::Contractor);
    }
    let empty = company(300, 1, 1, Accounts::Empty);
    assert_eq!(empty.sites[0].accounts.iter().filter(|account| account.person.is_some()).count(), 0);
    assert_eq!(empty.sites[0].reservations.len(), 0);
}

#[test]
fn large_worlds_are_drawn_without_quadratic_work() {
    // No bound on time is asserted: with quadratic work this test would not end.
    let started = Instant::now();
    let company = company(100_000, 1, 1, Accounts::Lived);
    println!("100,000 people in {:?}", started.elapsed());
    assert!(company.sites[0].accounts.len() > 90_000);
}
