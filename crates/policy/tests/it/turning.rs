//! What flows give when others restrict them or come first, why not, and what would turn it round.

use std::collections::BTreeMap;

use lanyard_model::{
    account::Role,
    desired::{Applied, Desired, SeatWish},
    id::{AccountId, CenterId, GroupId, RoomId, SectionId, SiteId},
    identity::{AttributeValue, Groups, Identity, Status},
};
use lanyard_policy::{Bound, Facts, Policy, PolicyFiles};

use crate::world::{catalogues, now, person};

fn files(rest: &str) -> PolicyFiles {
    let toml = format!(
        "format = 1\n[groups]\nA = \"00gAAAAAAAA\"\nB = \"00gBBBBBBBB\"\nC = \"00gCCCCCCCC\"\n[sites.hq]\ndefault_host = 5000\n\
         [[route]]\nsite = \"hq\"\n[lifecycle]\nzone = \"Europe/London\"\n[lifecycle.start]\n\
         attribute = \"startDate\"\nprepare_days = 14\n\
         [correlation]\nkeys = [{{ kind = \"e-mail\", attribute = \"email\", field = \"email\" }}]\n{rest}"
    );
    let perks = "attribute:title,item\nEngineer,Quiet zone\n";
    PolicyFiles {
        toml: ("policy.toml".into(), toml),
        tables: [("perks".to_owned(), perks.to_owned())].into(),
    }
}

fn bound(rest: &str) -> Bound {
    let policy = Policy::parse(&files(rest)).unwrap_or_else(|problems| panic!("{}", problems.render()));
    policy.bind(&catalogues())
}

fn facts() -> Facts<'static> {
    Facts::unlinked(now() - jiff::SignedDuration::from_hours(48))
}

fn mira(groups: &[&str], attributes: &[(&str, &str)]) -> Identity {
    let mut mira = person("northgate");
    mira.groups = Groups::new(groups.iter().map(|group| GroupId::from(*group)), true);
    for (name, value) in attributes {
        mira.profile.set(*name, AttributeValue::Text((*value).into()));
    }
    mira
}

fn decided(bound: &Bound, person: &Identity) -> Desired {
    bound.evaluate(person, &facts(), now())
}

/// Each way as `rule gives|not: why; change`.
fn ways(bound: &Bound, person: &Identity, thing: &str) -> Vec<String> {
    let ways = bound.ways(person, &facts(), now(), thing).into_iter();
    ways.map(|way| {
        let verb = if way.gives { "gives" } else { "not" };
        assert_eq!(way.tried, way.change.is_some());
        let change: Vec<_> = way.change.iter().flatten().map(ToString::to_string).collect();
        format!("{} {verb}: {}; {}", way.rule, way.why, change.join(" and "))
    })
    .collect()
}

const ROLES: &str = r#"
[[flow]]
id = "book"
if = [{ group = "A" }]
then = [{ role = "customer", center = "Pier House reservation" }]
[[flow]]
id = "manage"
if = [{ group = "B" }]
then = [{ role = "manager", center = "Pier House reservation" }]
[[flow]]
id = "no-managers"
if = [{ group = "C" }]
never = [{ role = "manager", center = "Pier House reservation" }]
"#;

#[test]
fn a_restriction_on_a_strong_role_leaves_the_weak_one() {
    let bound = bound(ROLES);
    let roles = |groups: &[&str]| {
        let desired = decided(&bound, &mira(groups, &[]));
        let denied: Vec<_> =
            desired.not_given.iter().filter(|not| not.because.rule == "no-managers").cloned().collect();
        let roles: Vec<_> = desired.roles.iter().map(|(center, want)| (*center, want.value)).collect();
        let denied: Vec<_> =
            denied.into_iter().map(|not| format!("{}: {}", not.label, not.because.text)).collect();
        (roles, denied)
    };
    let center = CenterId(10_001);
    let said = vec!["role in center 10001: member of C".to_owned()];
    assert_eq!(roles(&["00gAAAAAAAA", "00gBBBBBBBB"]), (vec![(center, Role::Manager)], vec![]));
    assert_eq!(
        roles(&["00gAAAAAAAA", "00gBBBBBBBB", "00gCCCCCCCC"]),
        (vec![(center, Role::Customer)], said.clone())
    );
    assert_eq!(roles(&["00gBBBBBBBB", "00gCCCCCCCC"]), (vec![], said));
    assert_eq!(
        roles(&["00gAAAAAAAA", "00gCCCCCCCC"]),
        (vec![(center, Role::Customer)], vec![]),
        "it keeps nothing away"
    );
}

#[test]
fn what_a_restriction_keeps_away_is_told_with_the_way_out() {
    let bound = bound(ROLES);
    assert_eq!(
        ways(&bound, &mira(&["00gBBBBBBBB", "00gCCCCCCCC"], &[]), "role"),
        [
            "book not: not a member of A; add them to group A (00gAAAAAAAA)",
            "manage not: no-managers keeps it away: member of C; take them out of group C (00gCCCCCCCC)",
        ]
    );
    assert_eq!(
        ways(&bound, &mira(&["00gCCCCCCCC"], &[]), "manage"),
        [
            "manage not: not a member of B; add them to group B (00gBBBBBBBB) and take them out of group C (00gCCCCCCCC)"
        ],
        "all of it, not only what comes first"
    );
}

#[test]
fn what_comes_first_is_named() {
    let desks = |first: i64| {
        format!(
            "[[flow]]\nid = \"some\"\npriority = {first}\nif = [{{ group = \"A\" }}]\n\
             then = [{{ place = \"desk\", building = \"Pier House\", floor = \"Level 2\" }}]\n\
             [[flow]]\nid = \"all\"\npriority = 10\n\
             then = [{{ place = \"desk\", building = \"Pier House\", floor = \"Level 1\" }}]\n"
        )
    };
    let mut mira = mira(&["00gAAAAAAAA"], &[]);
    assert_eq!(
        ways(&bound(&desks(20)), &mira, "seat"),
        [
            "some gives: member of A; take them out of group A (00gAAAAAAAA)",
            "all not: some comes first: its priority is 20, here it is 10; take them out of group A (00gAAAAAAAA)",
        ]
    );
    let equal = &ways(&bound(&desks(10)), &mira, "all")[0];
    assert_eq!(
        equal,
        "all not: some comes first: it has the same priority, and is named first; take them out of group A (00gAAAAAAAA)"
    );
    mira.status = Status::Deprovisioned;
    assert_eq!(
        ways(&bound(&desks(20)), &mira, "all"),
        ["all not: their standing: status is DEPROVISIONED; "],
        "of somebody who left the standing is the reason"
    );
}

#[test]
fn what_two_flows_give_stops_only_when_both_do() {
    let two = ROLES.replace("\"manager\", center", "\"customer\", center");
    let both = "take them out of group A (00gAAAAAAAA) and take them out of group B (00gBBBBBBBB)";
    assert_eq!(
        ways(&bound(&two), &mira(&["00gAAAAAAAA", "00gBBBBBBBB"], &[]), "role"),
        [format!("book gives: member of A; {both}"), format!("manage gives: member of B; {both}")]
    );
    let stronger = ways(&bound(ROLES), &mira(&["00gAAAAAAAA", "00gBBBBBBBB"], &[]), "manage");
    assert_eq!(stronger, ["manage gives: member of B; take them out of group B (00gBBBBBBBB)"]);
}

#[test]
fn the_smallest_change_is_told_of_every_test_that_has_one() {
    let any = "[{ attribute = \"a\", exists = true }, { attribute = \"b\", exists = true }, { attribute = \"c\", exists = true }]";
    for (condition, attributes, change) in [
        ("{ attribute = \"grade\", at_least = 7 }", &[("grade", "3")][..], "set grade to \"7\""),
        ("{ attribute = \"grade\", at_least = 7, at_most = 9 }", &[("grade", "12")], "set grade to \"9\""),
        ("{ attribute = \"grade\", at_most = 7.5 }", &[], "set grade to \"7.5\""),
        ("{ attribute = \"code\", matches = \"FI-*\" }", &[], "give code a value that matches \"FI-*\""),
        ("{ attribute = \"code\", matches = \"FI\" }", &[], "set code to \"FI\""),
        (
            "{ attribute = \"email\", domain = \"acme.example\" }",
            &[],
            "give email an address at acme.example",
        ),
        (
            "{ attribute = \"city\", same_as = \"office\" }",
            &[("city", "Leeds"), ("office", "York")],
            "set city to \"York\"",
        ),
        ("{ attribute = \"city\", same_as = \"office\" }", &[("city", "Leeds")], "set office to \"Leeds\""),
        (&format!("{{ count = 2, of = {any} }}"), &[("c", "1")], "give a a value"),
    ] {
        let bound = bound(&format!(
            "[[flow]]\nid = \"x\"\nif = [{condition}]\nthen = [{{ todo = \"t\", what = \"w\" }}]\n"
        ));
        let told = bound.ways(&mira(&[], attributes), &facts(), now(), "x").remove(0);
        let said: Vec<_> = told.change.iter().flatten().map(ToString::to_string).collect();
        assert_eq!(
            (told.gives, told.tried, said.join(" and ").as_str()),
            (false, true, change),
            "{condition}"
        );
    }
    let most = bound(&format!(
        "[[flow]]\nid = \"x\"\nif = [{{ count = 2, of = {any} }}]\nthen = [{{ todo = \"t\", what = \"w\" }}]\n"
    ));
    let told = ways(&most, &mira(&[], &[("a", "1"), ("b", "1"), ("c", "1")]), "x");
    assert!(told[0].ends_with("; empty a and empty b"), "{told:?}");
}

/// The one flow of a condition, and what of it is told about somebody: whether it gives, and each line of what turns it.
fn told_of(condition: &str, person: &Identity) -> (bool, Vec<String>) {
    let bound = bound(&format!(
        "[[flow]]\nid = \"x\"\nif = [{condition}]\nthen = [{{ todo = \"t\", what = \"w\" }}]\n"
    ));
    let way = bound.ways(person, &facts(), now(), "x").remove(0);
    (way.gives, way.turned_by())
}

#[test]
fn values_are_added_to_lists_and_taken_out_of_them() {
    let has_both = "{ attribute = \"sites\", has_all = [\"A\", \"B\"] }";
    for (condition, sites, turned) in [
        (has_both, "a|C", "it would be given if you add \"B\" to sites"),
        (has_both, "", "it would be given if you add \"A\" and \"B\" to sites"),
        (has_both, "A", "no change of attributes or groups alone turns it round"),
        (has_both, "C", "no change of attributes or groups alone turns it round"),
        (has_both, "B|C|a", "it would stop if you take \"a\" out of sites"),
        ("{ attribute = \"sites\", has_all = [\"A\"] }", "C", "it would be given if you set sites to \"A\""),
        ("{ attribute = \"sites\", has_all = [\"A\"] }", "A", "it would stop if you empty sites"),
        ("{ attribute = \"sites\", is = \"B\" }", "A|C", "it would be given if you add \"B\" to sites"),
        (
            "{ attribute = \"sites\", in = [\"B\", \"C\"] }",
            "A|B|C",
            "it would stop if you take \"B\" and \"C\" out of sites",
        ),
        (
            "{ attribute = \"sites\", only = [\"A\", \"B\"] }",
            "A|C",
            "it would be given if you take \"C\" out of sites",
        ),
        ("{ attribute = \"sites\", only = [\"A\"] }", "C|D", "it would be given if you set sites to \"A\""),
    ] {
        let mut mira = mira(&[], &[]);
        match sites.split_once('|') {
            Some(_) => {
                let list = sites.split('|').map(Into::into).collect();
                mira.profile.set("sites", AttributeValue::List(list));
            }
            None => mira.profile.set("sites", AttributeValue::Text(sites.into())),
        }
        let gives = turned.starts_with("it would stop");
        assert_eq!(told_of(condition, &mira), (gives, vec![turned.to_owned()]), "{condition} of {sites}");
    }
}

#[test]
fn dates_are_told_with_the_day_on_which_they_turn() {
    let of = |test: &str| format!("{{ attribute = \"day\", {test} }}");
    let given = |how: &str| format!("it would be given if you give {how}");
    let stopped = |how: &str| format!("it would stop if you give {how}");
    let turns =
        |word: &str, on: &str| format!("it would {word} by itself on {on}, if nothing changes before");
    let none = "no change of attributes or groups alone turns it round".to_owned();
    let no_longer = "30 days before contractEnd";
    for (condition, attributes, told) in [
        (
            of("before = \"today+14\""),
            &[("day", "2026-06-01")][..],
            vec![given("day a date before 2026-05-18 (today +14 days)"), turns("be given", "2026-05-19")],
        ),
        (
            of("after = \"today\""),
            &[("day", "2026-05-20")],
            vec![stopped("day a date not after 2026-05-04 (today)"), turns("stop", "2026-05-20")],
        ),
        (
            of("before = \"2026-05-01\""),
            &[("day", "2026-05-10")],
            vec![given("day a date before 2026-05-01")],
        ),
        (of("after = \"2026-05-01\""), &[], vec![given("day a date after 2026-05-01")]),
        (
            of("before = \"2026-05-01\""),
            &[("day", "2026-04-30")],
            vec![stopped("day a date not before 2026-05-01")],
        ),
        (of("after = \"2026-05-01\""), &[("day", "soon")], vec![given("day a date after 2026-05-01")]),
        (
            of("within = \"7 days of today\""),
            &[("day", "2026-06-20")],
            vec![given("day a date from 2026-04-27 to 2026-05-11"), turns("be given", "2026-06-13")],
        ),
        (
            format!("{{ not = {} }}", of("within = \"7 days of today\"")),
            &[("day", "2026-05-05")],
            vec![given("day a date before 2026-04-27 or after 2026-05-11"), turns("be given", "2026-05-13")],
        ),
        (
            of(&format!("within = \"{no_longer}\"")),
            &[("day", "2026-01-01"), ("contractEnd", "2026-12-31")],
            vec![given("day a date from 2026-12-01 to 2026-12-31")],
        ),
        (
            of(&format!("within = \"{no_longer}\"")),
            &[("day", "2026-01-01")],
            vec![given("contractEnd a date from 2026-01-01 to 2026-01-31")],
        ),
        (
            of(&format!("within = \"{no_longer}\"")),
            &[],
            vec![given("contractEnd a date and give day a date within 30 days before contractEnd")],
        ),
        // Both at once: one date meets them, or none does.
        (
            format!("{}, {}", of("after = \"2026-05-10\""), of("before = \"2026-05-20\"")),
            &[("day", "2026-04-01")],
            vec![given("day a date from 2026-05-11 to 2026-05-19")],
        ),
        (
            format!("{}, {}", of("after = \"2026-05-20\""), of("before = \"2026-05-10\"")),
            &[("day", "2026-04-01")],
            vec![none.clone()],
        ),
    ] {
        let gives = told[0].starts_with("it would stop");
        assert_eq!(
            told_of(&condition, &mira(&[], attributes)),
            (gives, told),
            "{condition} of {attributes:?}"
        );
    }
    // In the notation that is read first, and with the last day of a flow.
    let american = "[[flow]]\nid = \"x\"\nuntil = \"last\"\nthen = [{ todo = \"t\", what = \"w\" }]\n";
    let american = files(american);
    let toml = american
        .toml
        .1
        .replace("zone = \"Europe/London\"\n", "zone = \"Europe/London\"\ndates = [\"MM/DD/YYYY\"]\n");
    let toml = toml.replace("attribute = \"startDate\"", "attribute = \"begins\"");
    let policy = Policy::parse(&PolicyFiles { toml: (american.toml.0, toml), ..american });
    let bound = policy.unwrap_or_else(|problems| panic!("{}", problems.render())).bind(&catalogues());
    let way = |last: &str| bound.ways(&mira(&[], &[("last", last)]), &facts(), now(), "x").remove(0);
    let over = way("04/30/2026");
    assert_eq!(over.why, "was given until 2026-04-30");
    assert_eq!(over.turned_by(), [given("last a date from 2026-05-04 on")]);
    assert_eq!(
        serde_json::to_value(&over.change).unwrap(),
        serde_json::json!([
            { "do": "fit", "attribute": "last", "how": "a date from 2026-05-04 on", "value": "05/04/2026" }
        ])
    );
    assert_eq!(way("05/10/2026").turned_by(), [none, turns("stop", "2026-05-11")]);
}

#[test]
fn an_expression_is_told_with_what_it_reads_and_not_guessed() {
    let expression = "user.profile.level > 3 && user.status == 'ACTIVE' && groups.exists(g, g.name == 'A')";
    let cel = format!("{{ cel = \"{expression}\" }}");
    let mut mira = mira(&["00gBBBBBBBB"], &[]);
    mira.profile.set("level", AttributeValue::Number(2.0));
    let rests = |read: &str| {
        format!(
            "it rests on \"{expression}\", which is evaluated, so what would turn it is not guessed; it reads {read}"
        )
    };
    let now = "level is \"2\", status is \"ACTIVE\", group A: not a member, groups: in B";
    assert_eq!(told_of(&cel, &mira), (false, vec![rests(now)]));
    // Where something else turns it, that is told; a group that is missing besides is not enough.
    let either = format!("{{ any = [{cel}, {{ group = \"C\" }}] }}");
    let join = "it would be given if you add them to group C (00gCCCCCCCC)";
    assert_eq!(told_of(&either, &mira), (false, vec![join.to_owned()]));
    assert_eq!(told_of(&format!("{cel}, {{ group = \"C\" }}"), &mira), (false, vec![rests(now)]));
    mira.groups = Groups::new(["00gAAAAAAAA".into()], true);
    mira.profile.set("level", AttributeValue::Number(4.0));
    let now = "level is \"4\", status is \"ACTIVE\", group A: a member, groups: in A";
    assert_eq!(told_of(&cel, &mira), (true, vec![rests(now)]));
    // An empty attribute is an input, too.
    let absent = "{ cel = \"has(user.profile.badge)\" }";
    let read = "it rests on \"has(user.profile.badge)\", which is evaluated, so what would turn it is not guessed; it reads badge is empty";
    assert_eq!(told_of(absent, &mira), (false, vec![read.to_owned()]));
}

#[test]
fn what_only_a_table_gives_is_taken_by_leaving_the_row() {
    let bound = bound("[[flow]]\nid = \"perk\"\nlook_up = \"perks\"\nthen = [{ item = \"from table\" }]\n");
    assert_eq!(ways(&bound, &mira(&[], &[]), "item"), ["perk gives: title is \"Engineer\"; empty title"]);
}

#[test]
fn two_flows_that_announce_one_arrival_announce_it_once() {
    let first_day = |id: &str, priority: i64, notes: &str| {
        format!(
            "[[flow]]\nid = \"{id}\"\npriority = {priority}\n\
             then = [{{ visit = \"arrival\", at = \"09:00\", notes = \"{notes}\" }},\n\
             {{ booking = \"day one\", title = \"{notes}\", from = \"09:00\", to = \"17:00\" }}]\n"
        )
    };
    let place = "[[flow]]\nid = \"place\"\nthen = [{ place = \"desk\", building = \"Pier House\" }]\n";
    let decide = |second: i64| {
        let rules = [place, &first_day("one", 10, "One"), &first_day("two", second, "Two")].concat();
        decided(&bound(&rules), &mira(&[], &[("startDate", "2026-05-11")]))
    };
    for (second, says) in [(10, "One"), (20, "Two"), (5, "One")] {
        let desired = decide(second);
        let [visit] = desired.visits.as_slice() else { panic!("{:?}", desired.visits) };
        let [booking] = desired.bookings.as_slice() else { panic!("{:?}", desired.bookings) };
        assert_eq!((visit.value.notes.as_str(), booking.value.title.as_str()), (says, says), "{second}");
        let rules: Vec<_> = visit.because.iter().map(|because| because.rule.as_str()).collect();
        assert_eq!(rules, ["one", "two"], "both are why");
        let told: Vec<_> =
            desired.problems.iter().filter(|problem| problem.contains("visit:2026-05-11")).collect();
        let said = "flows one and two both want visit:2026-05-11 with priority 10: the first counts";
        assert_eq!(told, if second == 10 { vec![said] } else { vec![] });
    }
}

#[test]
fn a_desk_in_a_section_is_one_of_its_spaces() {
    let mut catalogues: BTreeMap<_, _> = catalogues();
    let seat = |catalogues: &BTreeMap<_, _>, place: &str| {
        let rules = format!("[[flow]]\nid = \"zone\"\nthen = [{{ place = \"desk\", {place} }}]\n");
        let bound = Policy::parse(&files(&rules)).expect("a policy").bind(catalogues);
        let desired = decided(&bound, &mira(&[], &[]));
        let rooms = match desired.seat.map(|want| want.value) {
            Some(SeatWish::Desk { rooms, floors, .. }) => Some((rooms, floors.len())),
            _ => None,
        };
        (rooms, desired.problems, bound.problems().to_string())
    };
    let zone_2 = "building = \"Pier House\", section = \"Zone 2\"";
    let inside = BTreeMap::from([(SectionId(10_202), vec![RoomId(11_021), RoomId(11_020), RoomId(11_010)])]);
    catalogues.get_mut(&SiteId::from("hq")).expect("the site").section_rooms = Some(inside);
    let (rooms, problems, _) = seat(&catalogues, zone_2);
    assert_eq!(rooms, Some((vec![RoomId(11_010), RoomId(11_020), RoomId(11_021)], 0)), "{problems:?}");
    let (rooms, ..) = seat(&catalogues, &format!("{zone_2}, floor = \"Level 2\", kind = \"Hot desk\""));
    assert_eq!(rooms, Some((vec![RoomId(11_021)], 0)));
    let (rooms, problems, told) = seat(&catalogues, "building = \"Pier House\", section = \"Zone 1\"");
    assert!(
        rooms.is_some_and(|(_, floors)| floors > 0),
        "nobody loses a desk over a section that was not read"
    );
    assert_eq!(problems, ["zone: the section \"Zone 1\" shows no spaces, so a desk may be outside of it"]);
    assert!(told.contains("draw the section around its spaces in iOffice"), "{told}");
    let (rooms, problems, _) = seat(&catalogues, &format!("{zone_2}, kind = \"Executive\""));
    assert!(rooms.is_some(), "{problems:?}");
    assert_eq!(problems, ["zone: no space in the section \"Zone 2\" is as wanted here"]);
}

#[test]
fn the_managers_account_takes_a_leavers_bookings() {
    let bound = bound(
        "[[lifecycle.bookings]]\nkind = [\"Meeting Room\"]\nthen = \"keep\"\ndays = 14\nhand_over = true\n\
         [[lifecycle.bookings]]\nkind = [\"Desk\"]\nthen = \"keep\"\ndays = 1\n",
    );
    let mut gone = mira(&[], &[]);
    assert!(!bound.may_want_manager(&gone, &facts(), now()), "of somebody who is there it is not asked");
    gone.status = Status::Deprovisioned;
    assert!(bound.may_want_manager(&gone, &facts(), now()));
    let to = |manager: Option<AccountId>| {
        let facts = Facts { manager_account: manager, linked: true, ..facts() };
        let desired = bound.evaluate(&gone, &facts, now());
        desired.keeps.iter().map(|kept| (kept.to, kept.because.text.clone())).collect::<Vec<_>>()
    };
    let begin = "bookings of meeting room that begin within 14 days of the end";
    let desk = (None, "bookings of desk that begin within 1 days of the end are kept".to_owned());
    let manager = Some(AccountId(7));
    assert_eq!(to(manager), [(manager, format!("{begin} go to the manager")), desk.clone()]);
    let by_hand = format!("{begin} are kept, for somebody to hand over: the manager has no account here");
    assert_eq!(to(None), [(None, by_hand), desk]);
}

#[test]
fn whoever_stands_in_takes_a_leavers_bookings_and_the_manager_where_nobody_does() {
    let bound = bound("[[lifecycle.bookings]]\nthen = \"keep\"\ndays = 14\nhand_over_to = \"delegate\"\n");
    let mut gone = mira(&[], &[]);
    assert!(!bound.may_want_delegate(&gone, &facts(), now()), "of somebody who is there it is not asked");
    gone.status = Status::Deprovisioned;
    assert!(bound.may_want_delegate(&gone, &facts(), now()));
    assert!(bound.may_want_manager(&gone, &facts(), now()));
    let (seven, eight) = (Some(AccountId(7)), Some(AccountId(8)));
    let refused = Applied {
        not_handed_over: BTreeMap::from([(AccountId(8), "no role".to_owned())]),
        ..Applied::default()
    };
    let to = |delegate_account, manager_account, applied| {
        let facts = Facts { delegate_account, manager_account, applied, linked: true, ..facts() };
        let [kept] = &bound.evaluate(&gone, &facts, now()).keeps[..] else { panic!("one rule") };
        let text = kept.because.text.strip_prefix("bookings of any that begin within 14 days of the end ");
        (kept.to, kept.to_delegate, text.unwrap_or_default().to_owned())
    };
    let manager = (seven, false, "go to the manager".to_owned());
    assert_eq!(to(eight, seven, None), (eight, true, "go to whoever stands in for them".to_owned()));
    assert_eq!(to(None, seven, None), manager);
    assert_eq!(to(eight, seven, Some(&refused)), manager, "what the site refused is not asked of it again");
    let by_hand = "are kept, for somebody to hand over: the manager has no account here".to_owned();
    assert_eq!(to(None, None, None), (None, false, by_hand));
}

#[test]
fn what_the_site_refused_to_hand_over_is_for_a_person_wherever_it_is_decided() {
    let bound = bound("[[lifecycle.bookings]]\nthen = \"keep\"\ndays = 14\nhand_over = true\n");
    let mut gone = mira(&[], &[]);
    gone.status = Status::Deprovisioned;
    let why = "hq refused account 7: no role in this center";
    let refused =
        Applied { not_handed_over: BTreeMap::from([(AccountId(7), why.to_owned())]), ..Applied::default() };
    let before = Applied::default();
    let on = |applied, manager| Facts { applied, manager_account: manager, linked: true, ..facts() };
    let kept = |facts: &Facts<'_>| {
        let keeps = bound.evaluate(&gone, facts, now()).keeps;
        keeps.into_iter().map(|kept| (kept.to, kept.refused, kept.because.text)).collect::<Vec<_>>()
    };
    let begin = "bookings of any that begin within 14 days of the end";
    let (seven, eight) = (Some(AccountId(7)), Some(AccountId(8)));
    let by_hand =
        format!("{begin} are kept, for somebody to hand over: the site does not give them to the manager");
    assert_eq!(kept(&on(Some(&refused), seven)), [(None, Some(why.to_owned()), by_hand)]);
    let goes = format!("{begin} go to the manager");
    assert_eq!(kept(&on(None, seven)), [(seven, None, goes.clone())]);
    assert_eq!(
        kept(&on(Some(&refused), eight)),
        [(eight, None, goes)],
        "another manager is asked about anew"
    );
    // A decision from before the refusal does not stand for one after it.
    assert_ne!(on(Some(&refused), seven).grounds(), on(Some(&before), seven).grounds());
}
