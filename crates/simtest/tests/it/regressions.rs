//! Histories that once went wrong, made on purpose so that they stay what they are.

use std::time::Duration;

use jiff::SignedDuration;
use lanyard_sim::{
    faults::{Effect, Moment, Rule, Target},
    host::Vendor,
    world::{Accounts, Company, Group, GroupSource, WorldSettings},
};
use lanyard_simtest::{
    Options,
    guards::{Guards, plain_people},
    run_plan,
    script::{Deed, Plan, Profile, Step, Without},
    weather::{Front, Mishap},
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
        write_faults: Vec::new(),
        made_faults: Vec::new(),
        lease: None,
        site_waits: 0,
        page_rows: None,
        leaver_check: None,
        steps: Vec::new(),
    }
}

fn holds(plan: Plan) {
    let history = run_plan(plan, Options::default());
    assert!(history.violations.is_empty(), "{}", history.told());
}

/// Whole histories as they were drawn. What each of them found: a role that went over to a new id of the same person as if
/// somebody had given it by hand (034, also in the engine's `people`); a section that a rule once asked for, by a list of
/// groups that came back short (035, the auditor's mistake); more of somebody taken than a decision on a reached limit had
/// named (036, also in the store's contract); everything taken from somebody hired again, whose new id was read while the disk
/// was full (556, also in the engine's `people`); a wait that began when the stop button was released (619, the auditor's mistake).
#[test]
fn seeds_that_nobody_had_tried_hold() {
    for (seed, profile) in [
        (95_962_495_034, Profile::Brief),
        (95_962_495_035, Profile::Swarm),
        (95_962_495_036, Profile::Swarm),
        (556, Profile::Brief),
        (619, Profile::Brief),
    ] {
        holds(Plan::drawn(seed, profile));
    }
}

/// The same of the first thousand short histories: a yes that ran out because a list of groups was empty when it was to be used
/// (380, and after an outage that had used up every try 491; also in the engine's `gates`); what was left on an account that
/// somebody had closed by hand, and a yes that ended with a list of groups that came back short (258, the auditor's mistakes).
#[test]
fn a_word_is_used_though_groups_came_back_empty_and_what_nobody_can_take_is_left() {
    for seed in [258, 380, 491] {
        holds(Plan::drawn(seed, Profile::Brief));
    }
}

/// A calendar that was read while the clock was ahead was taken for one that is read after it was set back: a booking that had
/// been made without an answer was not in it, and a second desk was booked for the first day (22). A search was cut by a torn
/// page, and a second account was made (183; the engine's `people` and the adapter's `accounts` too).
#[test]
fn nothing_is_made_twice_because_a_read_was_older_or_shorter_than_it_seemed() {
    for seed in [22, 183] {
        holds(Plan::drawn(seed, Profile::Brief));
    }
}

/// Found by seed 922: a look that could not tell somebody's groups was remembered as if they were in none, so that the next whole
/// read found nothing changed. Whoever was out of the app's group by then had been out "since long", and the settle window was
/// over before it began. Here the group itself had been deleted, which was heard last.
#[test]
fn what_one_read_did_not_see_is_not_remembered_as_left() {
    holds(Plan::drawn(922, Profile::Brief));
}

/// Somebody was hired again under a new id whose groups came back empty each time it was read: nobody could say whether they go on,
/// and the old id's end took everything (833). A list of hooks came back short after a restart, so that a second one was made, and
/// what the first one delivered was put aside as somebody else's (1218, also in the adapter's `hooks`). A role that was given under
/// a yes was not remembered as ours, since the look died before its end: it came back after a leave without anybody's yes (1482). A
/// clock that jumped ahead ended the wait that a limit of Okta had asked for (521, also in both adapters' `budget`).
#[test]
fn what_was_read_or_given_by_a_look_that_did_not_end_counts() {
    for seed in [521, 833, 1218, 1482] {
        holds(Plan::drawn(seed, Profile::Brief));
    }
}

/// Found by the first seeds of `rough`: the stop button was pressed while an operation was still reading what it needs, and it was
/// begun all the same (104); an account was asked for, and whoever it was for left before anybody had looked whether it was made
/// (306); a role was given as the process died, its reason went before the next look, and it stayed as if somebody else had given
/// it (334); a group ended and nobody told of it (82); a space was booked without an answer, and a torn calendar did not show it
/// (288); a look that another had taken over woke a leaver's account (790).
#[test]
fn what_was_sent_and_never_answered_is_settled() {
    for seed in [82, 104, 288, 306, 334, 790] {
        holds(Plan::drawn(seed, Profile::Rough));
    }
}

/// Found by the first 4,000 seeds of `dense`: a comparison between an end and its proof forgot what was ours, and bookings stayed
/// (252, also in the engine's `leavers`); people waited for an hour to be read again after our role was wide again, and their
/// approvals ran out (292, 1727, also in `standing`); somebody back before their first day had no desk (761, also in
/// `interruptions`); a status that Okta was still changing was read again as late as the clock was ahead (1455, 2875, also in
/// `leavers`); an account that we had woken stayed (2813, also in `by_hand`); a group ended unheard, somebody's
/// title changed after it, and everything of theirs was taken (607, also in `standing`); a look that had begun before its site was
/// read took what no rule seemed to give (1827, also in `standing`); an account with an address alone went to a newcomer who has it
/// too (7598, also in `people`).
#[test]
fn what_dense_histories_found_in_the_product_holds() {
    for seed in [252, 292, 607, 761, 1455, 1727, 1827, 2813, 2875, 7598] {
        holds(Plan::drawn(seed, Profile::Dense));
    }
}

/// Mistakes of the auditor, the twin and of those who make occasions, found by the same: a yes that nobody had heard counted as
/// used (708); a deletion that nobody told of, and a list that waits for a person (915); a seat of before that somebody keeps who
/// was back before anybody heard of it (970); sites that nobody writes to after Okta's credential is revoked (1089); a limit that is
/// a share of people who came meanwhile (1445); an end before a leave (1909); a machine that stands still (2069); an org in which
/// nobody is left to be changed (2830); a clock that ran ahead while an approval was good (2869); people who left before they were
/// known (3564, 3675, 3745); room that was reserved and not used, and claims by a clock that ran ahead (3829); an account that a
/// site's stale search did not show (4720); a section that is left for a desk in two steps (5376); a leave before there was an
/// account (5475); a new id whose read the store did not take while the site was slow (7063); what others gave somebody who left the
/// group and was back before they were known (7145).
#[test]
fn what_dense_histories_found_in_the_auditor_holds() {
    for seed in [
        708, 915, 970, 1089, 1445, 1909, 2069, 2830, 2869, 3564, 3675, 3745, 3829, 4720, 5376, 5475, 7063,
        7145,
    ] {
        holds(Plan::drawn(seed, Profile::Dense));
    }
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

fn command(after: u64, vendor: Vendor, index: usize, command: serde_json::Value) -> Step {
    let words = command["do"].to_string();
    let deed = Deed::Command { vendor, index, command };
    Step { after: Duration::from_secs(after), words, deed, story: None }
}

/// The org of a person, and the app's group there.
fn app_group(company: &Company, person: u32) -> (usize, String) {
    let org = usize::from(company.people[person as usize].org);
    let is_it = |group: &&Group| &*group.name == "APP-iOffice-Users" && group.source == GroupSource::Okta;
    let group = company.orgs[org].groups.iter().find(is_it).expect("the app's group");
    (org, group.id.to_string())
}

/// Found by the rule that a hold survives a jumping clock: a settle window was counted in wall time, so that a machine
/// whose clock jumped ahead took the account of somebody who had left the group for a minute.
#[test]
fn a_clock_that_jumps_ahead_ends_no_wait() {
    let plan = plain(21);
    let company = Company::generate(&plan.world);
    let person = plain_people(&company, plan.seed, "jump")[0];
    let (org, group) = app_group(&company, person);
    let user = company.user_of(person).id.to_string();
    let member = |after, verb: &str| {
        command(after, Vendor::Okta, org, serde_json::json!({"do": verb, "user": &user, "group": group}))
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

/// Found among the first hundred seeds whose policy holds: the first booking that was cancelled used the hold up for all
/// others, and the look was repeated at once, for ever.
#[test]
fn a_leaver_who_was_held_loses_every_booking() {
    let guards = Guards { hold: true, ..Guards::default() };
    let plan = Plan { guards, ..plain(22) };
    let company = Company::generate(&plan.world);
    let seated = |person: &u32| {
        company.sites[0]
            .accounts
            .iter()
            .find(|one| one.person == Some(*person) && one.active && one.dirt.is_clean())
    };
    let people = plain_people(&company, plan.seed, "books");
    let (person, account) = people
        .iter()
        .find_map(|person| Some((*person, seated(person)?.id)))
        .expect("somebody with an account");
    let (org, group) = app_group(&company, person);
    let site = &company.sites[0];
    let center = site.centers.iter().find(|center| center.module == "reservation").expect("a center").id;
    let room = site.rooms.iter().find(|room| room.reservable).expect("a room").id;
    let book = |after, days: i64| {
        let start = company.settings.now.as_millisecond() + 86_400_000 * days;
        let end = start + 3_600_000;
        let book = serde_json::json!({"do": "book", "user": account, "room": room, "center": center, "start": start, "end": end});
        command(after, Vendor::Ioffice, 0, book)
    };
    let user = company.user_of(person).id.to_string();
    let leave = serde_json::json!({"do": "remove_from_group", "user": &user, "group": group});
    let history = run_plan(
        Plan { steps: vec![book(700, 3), book(710, 5), command(1200, Vendor::Okta, org, leave)], ..plan },
        Options { journal: true, ..Options::default() },
    );
    assert!(history.violations.is_empty(), "{}", history.told());
    // Others leave in this history too, and so does this person once more; the two bookings are those of the first leaving.
    let theirs = |words: &str| words.contains(&user) && words.contains("\"rule\":\"scope\"");
    let cancelled = history
        .events
        .iter()
        .filter(|(_, words)| words.contains("cancel_booking: done") && theirs(words))
        .count();
    assert_eq!(cancelled, 2, "{}", history.told());
}

/// Found by seeds 68 and 78, and by six of the storm's: an outage, and then pages in HTML, gave records up at the first such
/// page. Leavers among them (storm 6) kept their accounts until the next pass over everybody.
#[test]
fn pages_in_html_after_an_outage_give_nobody_up() {
    let plan = plain(23);
    let company = Company::generate(&plan.world);
    let person = plain_people(&company, plan.seed, "html")[0];
    let org = usize::from(company.people[person as usize].org);
    let user = company.user_of(person).id.to_string();
    let minutes = |count| Moment::After(SignedDuration::from_mins(count));
    let outage = Rule {
        from: Some(minutes(20)),
        until: Some(minutes(50)),
        ..Rule::new(Target::Ioffice, Effect::Unavailable)
    };
    let html = Front {
        mishap: Mishap::WrongContent,
        from: Duration::from_secs(50 * 60),
        until: Duration::from_secs(70 * 60),
        probability: 1.0,
    };
    let leave = command(25 * 60, Vendor::Okta, org, serde_json::json!({"do": "deactivate", "user": user}));
    holds(Plan { faults: vec![outage], fronts: vec![html], steps: vec![leave], ..plan });
}

/// Found by the second evaluation, once it judged histories with faults (storm 23, swarm 69): the list of sections came back
/// short at a start, and everybody who had one of the others lost it, since "no rule gives it any more".
#[test]
fn a_short_list_of_sections_takes_nobodys_place() {
    let minutes = |count| Moment::After(SignedDuration::from_mins(count));
    let torn = Rule {
        from: Some(minutes(20)),
        until: Some(minutes(60)),
        path: Some("*/neighborhoods/sections".into()),
        ..Rule::new(Target::Ioffice, Effect::TornPage)
    };
    let kill = Step {
        after: Duration::from_secs(25 * 60),
        words: "the process is killed while the list is torn".into(),
        deed: Deed::Kill,
        story: None,
    };
    let plan = plain(24);
    let company = Company::generate(&plan.world);
    let steps =
        plain_people(&company, plan.seed, "torn").into_iter().take(12).zip(0..).map(|(person, place)| {
            let org = usize::from(company.people[person as usize].org);
            let user = company.user_of(person).id.to_string();
            let title = serde_json::json!({ "title": "Looked at" });
            command(
                1700 + place,
                Vendor::Okta,
                org,
                serde_json::json!({"do": "update_profile", "user": user, "profile": title}),
            )
        });
    holds(Plan { faults: vec![torn], steps: std::iter::once(kill).chain(steps).collect(), ..plan });
}

/// Found by seed 131: the event of a group's deletion was not taken for one, so that everybody lost their account ninety
/// seconds after somebody had deleted the app's group, unless a comparison came in between.
#[test]
fn a_deleted_group_takes_nobodys_account() {
    let plan = plain(25);
    let company = Company::generate(&plan.world);
    let (org, group) = app_group(&company, plain_people(&company, plan.seed, "group")[0]);
    let delete = command(1200, Vendor::Okta, org, serde_json::json!({"do": "delete_group", "group": group}));
    holds(Plan { steps: vec![delete], ..plan });
}

/// The auditor counts a booking that goes to somebody else as one that was taken: with a reason, and under the limit.
#[test]
fn what_a_leaver_booked_goes_to_the_manager() {
    let plan = Plan { guards: Guards { hand_over: true, ..Guards::default() }, ..plain(22) };
    let company = Company::generate(&plan.world);
    let site = &company.sites[0];
    let people = plain_people(&company, plan.seed, "books");
    let account_of = |person: u32| {
        let mut held = site.accounts.iter();
        let clean = held.find(|one| one.person == Some(person) && one.active && one.dirt.is_clean());
        clean.filter(|_| people.contains(&person)).map(|one| one.id)
    };
    let found = people.iter().find_map(|person| {
        let manager = company.people[*person as usize].manager?;
        // Who books there has a role there: the manager too.
        let building = |person: u32| company.people[person as usize].building;
        account_of(manager).filter(|_| building(*person) == building(manager))?;
        Some((*person, manager, account_of(*person)?))
    });
    let (person, manager, account) = found.expect("somebody whose manager has an account there");
    let (org, app) = app_group(&company, person);
    let mut groups = company.orgs[org].groups.iter();
    let rooms = groups
        .find(|group| &*group.name == "ROOM-Booking")
        .expect("the group of who may book")
        .id
        .to_string();
    let building = site.buildings[company.people[manager as usize].building as usize].id;
    let mut centers = site.centers.iter().filter(|center| center.buildings.contains(&building));
    let center = centers.find(|center| center.module == "reservation").expect("a center").id;
    let there = |floor: u32| site.floors.iter().any(|one| one.id == floor && one.building == building);
    let room = site.rooms.iter().find(|room| room.reservable && there(room.floor)).expect("a room").id;
    let start = company.settings.now.as_millisecond() + 86_400_000 * 3;
    let book = serde_json::json!({
        "do": "book", "user": account, "room": room, "center": center, "start": start, "end": start + 3_600_000
    });
    let user = |person: u32| company.user_of(person).id.to_string();
    let grant = serde_json::json!({"do": "add_to_group", "user": user(manager), "group": rooms});
    let leave = serde_json::json!({"do": "remove_from_group", "user": user(person), "group": app});
    let steps = vec![
        command(300, Vendor::Okta, org, grant),
        command(700, Vendor::Ioffice, 0, book),
        command(1200, Vendor::Okta, org, leave),
    ];
    let history = run_plan(Plan { steps, ..plan }, Options { journal: true, ..Options::default() });
    assert!(history.violations.is_empty(), "{}", history.told());
    let handed = |words: &str| words.contains("hand_over: done") && words.contains(&user(person));
    assert_eq!(history.events.iter().filter(|(_, words)| handed(words)).count(), 1, "{}", history.told());
}
