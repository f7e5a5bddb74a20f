//! The flows of the demonstration company, and how they are merged.

use std::collections::BTreeMap;

use lanyard_policy::PolicyFiles;

use crate::{scenario::check, world};

#[test]
fn places_follow_the_way_somebody_works() {
    check(
        &world::bound(&world::demo()),
        &[
            (
                "own desk",
                "",
                &[
                    "seat on 10101, 10102 (workstation) by own-desk",
                    "note custom03 = Pier House",
                    "no problem",
                ],
            ),
            (
                "nothing said about the way of work",
                "workMode =",
                &["seat on 10101, 10102 (workstation) by own-desk"],
            ),
            (
                "engineers' zone",
                "workMode = Hybrid",
                &["section 10202 by zone", "note custom03 = Pier House / Zone 2"],
            ),
            ("everybody else's zone", "workMode = hybrid; division = Corporate", &["section 10201 by zone"]),
            ("remote", "workMode = remote", &["remote by remote", "no note"]),
            (
                "executives sit on their floor",
                "in EXECUTIVES",
                &[
                    "seat on 10109 (executive) by executive-desk",
                    "item 520",
                    "note custom03 = Pier House / Level 9",
                ],
            ),
            (
                "remote executives do not",
                "in EXECUTIVES; workMode = remote",
                &["remote by remote", "item 520"],
            ),
            (
                "another office",
                "officeLocation = TANN",
                &["no seat", "not own-desk: no row of the table places fits"],
            ),
            (
                "another org",
                "from harborlight; officeLocation = TANN",
                &["site south", "seat on 20101, 20102 (workstation) by own-desk"],
            ),
            ("cost center", "", &["cost center 416"]),
            (
                "a department without one",
                "department = Poetry",
                &["no cost center", "not cost-center: there is no cost center \"Poetry\""],
            ),
        ],
    );
}

#[test]
fn groups_give_and_deny() {
    check(
        &world::bound(&world::demo()),
        &[
            ("room booking in the seat's building", "in ROOMS", &["CUSTOMER in 10001"]),
            ("not a member", "", &["no CUSTOMER", "not room-booking: not a member of ROOM-Booking"]),
            ("remote people book in their building", "in ROOMS; workMode = remote", &["CUSTOMER in 10001"]),
            ("visitors", "in VISITORS", &["OPERATOR in 10003"]),
            (
                "no wish: the seat as it is decides",
                "in ROOMS; officeLocation = X; seat in 21010 on 10102",
                &["CUSTOMER in 10001"],
            ),
            (
                "neither wish nor seat",
                "in ROOMS; officeLocation = X",
                &[
                    "no CUSTOMER",
                    "not room-booking: there is neither a seat nor a wish for one, so no building to serve",
                ],
            ),
            (
                "a restriction beats a grant",
                "in EXECUTIVES; userType = Contractor",
                &["no item", "not contractors-not-executive: userType is \"Contractor\""],
            ),
            (
                "a group that may be there",
                "groups not whole",
                &[
                    "not room-booking: not known to be a member of ROOM-Booking: the list of groups is not whole",
                ],
            ),
        ],
    );
}

#[test]
fn contractors_are_announced() {
    let joins = "userType = Contractor; startDate = 2026-05-11; status STAGED; contractEndDate = 2026-12-31";
    check(
        &world::bound(&world::demo()),
        &[
            (
                "to their manager",
                &format!("{joins}; manager is 77"),
                &["announce visit:2026-05-11 2026-05-11T08:00:00Z to 77 in 10003"],
            ),
            (
                "else to the site's host",
                joins,
                &["announce visit:2026-05-11 2026-05-11T08:00:00Z to 5000 in 10003"],
            ),
            (
                "not while on leave",
                &format!("{joins}; status SUSPENDED; in ROOMS"),
                &["no announce", "no book", "not first-day: is on leave"],
            ),
            (
                "only while the day lies ahead",
                &format!("{joins}; status ACTIVE; now 2026-05-11T08:00:00Z"),
                &["no announce"],
            ),
        ],
    );
}

#[test]
fn an_arrival_that_cannot_be_announced_is_to_be_announced_by_hand() {
    let mut files = world::demo();
    let before = files.toml.1.lines().count();
    let rest = files.toml.1.lines().filter(|line| !line.starts_with("default_host"));
    files.toml.1 = rest.collect::<Vec<_>>().join("\n");
    assert!(files.toml.1.lines().count() < before, "there were hosts to take away");
    let joins = "userType = Contractor; startDate = 2026-05-11; status STAGED; contractEndDate = 2026-12-31";
    check(
        &world::bound(&files),
        &[
            (
                "without a host",
                joins,
                &[
                    "no announce",
                    "by hand announce:2026-05-11",
                    "not contractor-arrival: neither the manager nor the site's default host has an account",
                ],
            ),
            (
                "until the day is over where they are",
                &format!("{joins}; status ACTIVE; now 2026-05-11T22:59:00Z"),
                &["by hand announce:2026-05-11", "review 2026-05-11T23:00:00Z"],
            ),
            ("and no longer", &format!("{joins}; status ACTIVE; now 2026-05-11T23:00:00Z"), &["no by hand"]),
            (
                "whoever joins when the hour has passed",
                &format!("{joins}; manager is 77; status ACTIVE; now 2026-05-11T08:00:00Z"),
                &["no announce", "by hand announce:2026-05-11"],
            ),
            (
                "but not who was announced before it",
                "userType = Contractor; startDate = 2026-05-01; manager is 77; status ACTIVE; now 2026-05-01T12:00:00Z; \
                 visit announced",
                &["no announce", "no by hand"],
            ),
            (
                "whoever began long ago is there",
                "userType = Contractor; startDate = 2024-05-01; status ACTIVE",
                &["no announce", "no by hand"],
            ),
            (
                "nobody knows when a newcomer begins",
                "userType = Contractor; startDate =; activated never; created 2026-05-01T08:00:00Z",
                &["no announce", "by hand announce", "review 2026-05-31T08:00:00Z"],
            ),
            (
                "nor of somebody who is long there",
                "userType = Contractor; startDate =; activated never; created 2024-05-01T08:00:00Z",
                &["no announce", "no by hand"],
            ),
        ],
    );
}

#[test]
fn whoever_has_no_start_date_begins_when_they_are_activated() {
    let joins = "userType = Contractor; startDate =; contractEndDate = 2026-12-31; manager is 77";
    let at = |activated: &str, now: &str| format!("{joins}; activated {activated}; now {now}");
    check(
        &world::bound(&world::demo()),
        &[
            (
                "early in the day: for the hour of arrivals",
                &at("2026-05-04T07:50:00Z", "2026-05-04T07:51:00Z"),
                &[
                    "active",
                    "announce visit:2026-05-04 2026-05-04T08:00:00Z to 77 in 10003",
                    "review 2026-05-05T07:50:00Z",
                ],
            ),
            (
                "later: for the moment itself",
                &at("2026-05-04T09:30:00Z", "2026-05-04T09:31:00Z"),
                &["announce visit:2026-05-04 2026-05-04T09:30:00Z to 77 in 10003"],
            ),
            (
                "a night without us is made up for, and the day is theirs",
                &at("2026-05-03T23:30:00Z", "2026-05-04T09:00:00Z"),
                &["announce visit:2026-05-04 2026-05-04T08:00:00Z to 77 in 10003"],
            ),
            (
                "a day later there is no use in it",
                &at("2026-05-03T08:00:00Z", "2026-05-04T08:00:00Z"),
                &[
                    "no announce",
                    "not contractor-arrival: there is no start date, and they began when they were activated, on 2026-05-03",
                ],
            ),
            (
                "a desk, while its hour lies ahead",
                &format!("{}; in ROOMS", at("2026-05-04T06:00:00Z", "2026-05-04T07:00:00Z")),
                &["book day-one:2026-05-04 2026-05-04T08:00:00Z to 2026-05-04T16:00:00Z on 2 floors"],
            ),
            ("not activated yet", &format!("{joins}; status STAGED"), &["not yet", "no announce"]),
            (
                "nobody knows since when",
                &format!("{joins}; activated never"),
                &[
                    "no announce",
                    "not contractor-arrival: there is no start date, and Okta does not say when they were activated",
                ],
            ),
            (
                "a date that nobody can read is not none",
                &format!("{}; startDate = soon", at("2026-05-04T07:50:00Z", "2026-05-04T07:51:00Z")),
                &[
                    "no announce",
                    "not contractor-arrival: startDate is \"soon\", which is no date in a declared notation",
                ],
            ),
        ],
    );
}

const HEAD: &str = r#"
format = 1
[groups]
a = "00gAAAAAAAA"
[[route]]
site = "hq"
[correlation]
keys = [{ kind = "number", attribute = "employeeNumber", field = "employeeId", compare = "number" }]
"#;

fn policy(body: &str, table: &str) -> PolicyFiles {
    let tables =
        if table.is_empty() { BTreeMap::new() } else { BTreeMap::from([("t".to_owned(), table.to_owned())]) };
    PolicyFiles { toml: ("policy.toml".into(), format!("{HEAD}{body}")), tables }
}

#[test]
fn priority_decides_and_a_tie_is_told() {
    let two = |first: i64, second: i64| {
        policy(
            &format!(
                "[[flow]]\nid = \"one\"\npriority = {first}\nthen = [{{ cost_center = \"Facilities\" }}]\n\
                 [[flow]]\nid = \"two\"\npriority = {second}\nthen = [{{ cost_center = \"CC-310\" }}]\n"
            ),
            "",
        )
    };
    check(&world::bound(&two(1, 2)), &[("the higher one", "", &["cost center 416", "no problem"])]);
    check(&world::bound(&two(2, 1)), &[("in any order", "", &["cost center 411", "no problem"])]);
    check(
        &world::bound(&two(1, 1)),
        &[(
            "the first of the file",
            "",
            &[
                "cost center 411",
                "problem flows one and two both name a cost center with priority 1: the first counts",
            ],
        )],
    );
}

#[test]
fn tables_give_the_first_row_that_fits() {
    let table = "\u{feff}# a comment\nattribute:department;attribute:city;building;floor;customer;item;cost_center;comment\n\
                 IT|Platform Engineering;Leeds;Pier House;Level 2;Pier House reservation;;;\n\
                 platform  engineering;;PIER;\"Level 2|Level 1\";;Quiet zone;Facilities;\"quoted; \"\"text\"\"\"\n\
                 ;;Nowhere;;;;;\n";
    let body = r#"
[[flow]]
id = "all"
look_up = "t"
then = [{ place = "desk" }, { roles = "from table" }, { item = "from table" }, { cost_center = "from table" }]
"#;
    let bound = world::bound(&policy(body, table));
    check(
        &bound,
        &[
            ("both columns", "city = LEEDS", &["seat on 10102 () by all", "CUSTOMER in 10001", "no item"]),
            (
                "the next row",
                "city = York",
                &["seat on 10102, 10101 () by all", "item 521", "cost center 411"],
            ),
            (
                "the last row names nothing that exists",
                "department = Other",
                &["no seat", "problem all: row 3 of t: there is no building \"Nowhere\""],
            ),
        ],
    );
    // The center exists in one of the two sites: that is no mistake.
    assert_eq!(bound.problems().to_string(), "t.csv:5:1: there is no building \"Nowhere\" (site hq, south)");
}

#[test]
fn dates_in_conditions_say_when_they_turn() {
    let body = r#"
[[flow]]
id = "veterans"
if = [{ attribute = "startDate", before = "today-30" }]
then = [{ item = "Quiet zone" }]
[[flow]]
id = "guests"
until = "contractEndDate"
then = [{ item = "Executive floor" }]
"#;
    check(
        &world::bound(&policy(body, "")),
        &[
            ("long ago", "", &["item 521", "item 520"]),
            ("not yet", "startDate = 2026-04-20", &["no item 521", "review 2026-05-21T00:00:00Z"]),
            (
                "unreadable",
                "startDate = soon",
                &["aside: startDate is \"soon\", which is no date in a declared notation", "no item"],
            ),
            (
                "a temporary grant",
                "contractEndDate = 2026-05-10",
                &["item 520", "review 2026-05-11T00:00:00Z"],
            ),
            (
                "a grant that ran out",
                "contractEndDate = 2026-05-03",
                &["no item 520", "not guests: was given until 2026-05-03"],
            ),
        ],
    );
}

#[test]
fn deactivated_people_are_ended_by_scope_as_the_policy_says() {
    let scope = |extra: &str| {
        policy(
            &format!(
                "[scope]\nif = [{{ group = \"a\" }}, {{ attribute = \"userType\", is_not = \"Service\" }}]\n{extra}\n"
            ),
            "",
        )
    };
    check(
        &world::bound(&scope("")),
        &[
            ("groups do not count", "status DEPROVISIONED", &["ended, deactivated 2026-05-04T07:30:00Z"]),
            ("the rest of the scope does", "status DEPROVISIONED; userType = Service", &["out of scope"]),
            ("while active, groups count", "", &["out of scope"]),
        ],
    );
    check(
        &world::bound(&scope("deactivated = \"only in scope\"")),
        &[
            ("a stranger", "status DEPROVISIONED", &["out of scope"]),
            ("one of ours", "status DEPROVISIONED; linked", &["ended, deactivated 2026-05-04T07:30:00Z"]),
        ],
    );
    check(
        &world::bound(&scope("on_leaving = \"ignore\"")),
        &[
            ("may leave in peace", "governed", &["out of scope"]),
            ("and is left so", "over", &["out of scope"]),
        ],
    );
}

#[test]
fn seats_can_be_left_to_those_who_have_one() {
    let body = r#"
[[flow]]
id = "place"
then = [{ place = "desk", building = "Tannery", only = "people without a seat" }]
[[flow]]
id = "rooms"
then = [{ role = "customer", module = "Reservation" }]
"#;
    let files = policy(&body.replace("Tannery", "Pier House"), "");
    check(
        &world::bound(&files),
        &[
            ("without", "", &["seat on 10101, 10102, 10109 () by place"]),
            ("with", "seat in 11090 on 10109", &["seat 11090 by place", "CUSTOMER in 10001"]),
        ],
    );
}
