//! The policy's own tests: they pass where the policy is right, say what differs where it is not, and know what they miss.

use lanyard_policy::{Known, Policy, PolicyFiles, StarterFacts, TestReport, starter};

use crate::world;

const HEAD: &str = r#"
format = 1
[groups]
"Rooms" = { north = "00gROOMSnorth", south = "00gROOMSsouth" }
[[route]]
tenant = "north"
site = "hq"
[[route]]
tenant = "south"
site = "hq"
[correlation]
keys = [{ kind = "e-mail", attribute = "email", field = "email" }]
[[flow]]
id = "desk"
look_up = "places"
then = [{ place = "desk" }]
[[flow]]
id = "rooms"
if = [{ group = "Rooms" }, { not = { attribute = "userType", is = "Contractor" } }]
then = [{ role = "customer", module = "reservation" }, { item = "Access / Tower" }]
[person.ana]
tenant = "north"
profile = { firstName = "Ana", lastName = "Ruiz", email = "ana@x.example", city = "Leeds" }
"#;

fn files(tests: &str) -> PolicyFiles {
    let places = "attribute:city,building,floor,kind\nLeeds,Mill,Level 2,Desk\nYork,Abbey,,\n";
    PolicyFiles {
        toml: ("policy.toml".into(), format!("{HEAD}{tests}")),
        tables: [("places".to_owned(), places.to_owned())].into(),
    }
}

fn run(tests: &str) -> TestReport {
    match Policy::parse(&files(tests)) {
        Ok(policy) => policy.run_tests(),
        Err(problems) => panic!("{}", problems.render()),
    }
}

fn mistakes(tests: &str) -> String {
    Policy::parse(&files(tests)).expect_err("a mistake").to_string()
}

#[test]
fn what_holds_passes() {
    let report = run(r#"
[[test]]
name = "a desk in the mill"
given = { like = "ana" }
expect = { standing = "active", site = "hq", place = "desk", building = "mill", floor = "Level 2", kind = "Desk", roles = [], by = ["desk"], not_by = ["rooms"] }
[[test]]
name = "rooms for the group"
given = { like = "ana", tenant = "south", groups = ["Rooms"], profile = { city = "York" } }
expect = { building = "Abbey", place = "desk", roles = ["customer of reservation in Abbey"], items = ["Tower"], has = ["Tower"] }
[[test]]
name = "but not for contractors"
given = { like = "ana", groups = ["Rooms"], profile = { userType = "Contractor", city = "" } }
expect = { place = false, lacks = ["Tower", "customer"] }
"#);
    assert_eq!(report.failed(), 0, "{}", report.render(true));
    insta::assert_snapshot!(report.render(true), @"3 tests pass; reached: 4 of 4 rules, 2 of 2 table rows, 4 of 4 conditions both ways (100 %)");
}

#[test]
fn what_does_not_hold_is_told_as_a_difference() {
    let report = run(r#"
[[test]]
name = "everybody has rooms"
given = { like = "ana" }
expect = { place = "section", roles = ["customer of reservation in Mill"], profile = { phone = "1" }, standing = "ended" }
"#);
    insta::assert_snapshot!(report.render(false), @r#"
    FAIL  everybody has rooms  (policy.toml:26)
          standing
            - ended
            + active
          profile.phone
            - 1
            + nothing
          place
            - section
            + desk of kind Desk on Level 2 in Mill
          roles
            - customer of reservation in Mill
            + nothing
          route 1: comes from north
          scope: applies to everybody in scope
          lifecycle.active: status is ACTIVE
          desk, row 1 of places: city is "Leeds"
          not rooms: not a member of Rooms

    1 of 1 tests fail (- expected, + found); reached: 2 of 4 rules, 1 of 2 table rows, 2 of 4 conditions both ways (50 %)
    "#);
    let json = serde_json::to_value(&report).expect("JSON");
    assert_eq!(json["tests"][0]["differences"][0]["part"], "standing");
    assert_eq!(json["tests"][0]["line"], 26);
    // A failing test is also a warning of the linter, at the same place.
    let policy = Policy::parse(&files(
        "\n[[test]]\nname = \"no\"\ngiven = { like = \"ana\" }\nexpect = { place = \"remote\" }\n",
    ));
    let found = policy.expect("a policy").lint(&Known::default());
    let text = found.to_string();
    assert!(
        text.contains(
            "policy.toml:26:8: the test \"no\" fails: place should be remote, and is desk of kind Desk"
        ),
        "{text}"
    );
    assert!(!found.has_errors());
}

#[test]
fn slips_in_tests_are_found_with_their_place() {
    let text = mistakes(
        r#"
[[test]]
name = "a"
given = { like = "anna", also_in = ["Room"], status = "ACTIV" }
expect = { standing = "activ", by = ["dsk"], place = "chair", site = "hp" }
[[test]]
name = "a"
given = { profile = { firstName = "X" }, at = "noon" }
expect = {}
[[test]]
name = "b"
at = "soon"
given = { tenant = "west", groups = ["Rooms"] }
expect = { profile = { fone = "1" }, floor = "Level 2" }
"#,
    );
    insta::assert_snapshot!(text, @r#"
    policy.toml:27:18: there is no [person] above this "anna" (did you mean "ana"?)
    policy.toml:27:37: there is no group "Room" in [groups] (did you mean "Rooms"?)
    policy.toml:27:55: "ACTIV" is no status of Okta (did you mean "ACTIVE"?)
    policy.toml:28:23: there is no standing "activ" (did you mean "active"?)
    policy.toml:28:38: there is no flow "dsk" (did you mean "desk"?)
    policy.toml:28:54: a place cannot be "chair" (known: desk, section, remote, or false)
    policy.toml:28:70: no route leads to "hp" (did you mean "hq"?)
    policy.toml:30:8: there are two tests "a" (give one another name)
    policy.toml:31:9: from which tenant is this person? (add tenant = "…", one of "north", "south")
    policy.toml:31:42: "at" is not known in [test.given] (known here: account, activated, also_in, deleted, failed, governed, groups, groups_whole, like, manager_known, not_in, profile, sits, status, status_since, tenant)
    policy.toml:32:10: the test expects nothing (add standing, place, roles, profile, …)
    policy.toml:35:6: "soon" is no moment (write 2026-06-01 (nine o'clock UTC) or 2026-06-01T09:00:00Z)
    policy.toml:36:38: "Rooms" is no group of tenant west (give it an id in [groups], or leave it out)
    policy.toml:37:10: the test expects nothing (add standing, place, roles, profile, …)
    policy.toml:37:10: what kind of place? (add place = "desk" or "section")
    policy.toml:37:24: iOffice has no field "fone" (known: custom01 to custom30, address, alternateDelivery, assistantName, city, comments, company, department, email, employeeId, extension, fax, firstName, jobTitle, knownAs, lastName, middleName, mobile, phone, postalCode, state, userName)
    "#);
}

#[test]
fn the_demonstration_policy_passes_its_own_tests() {
    let policy = Policy::parse(&world::demo()).expect("a policy");
    let report = policy.run_tests();
    assert!(report.tests.len() >= 20, "only {} tests", report.tests.len());
    assert_eq!(report.failed(), 0, "{}", report.render(true));
    let missed: Vec<_> = report.coverage.rules.missed.iter().map(|missed| missed.what.as_str()).collect();
    assert_eq!(missed, Vec::<&str>::new());
    assert!(report.coverage.percent() >= 90, "{}", report.render(true));
}

#[test]
fn a_broken_rule_fails_the_demonstration_policys_tests() {
    let mut files = world::demo();
    files.toml.1 =
        files.toml.1.replace("never = [{ item = \"Access policy / Executive floor\" }]", "then = []");
    let report = Policy::parse(&files).expect("a policy").run_tests();
    let failed: Vec<_> = report
        .tests
        .iter()
        .filter(|test| !test.differences.is_empty())
        .map(|test| test.name.as_str())
        .collect();
    assert_eq!(failed, ["contractors never get the executive floor, whatever their groups"]);
}

#[test]
fn starters_pass_their_own_tests() {
    let mut facts = world::facts();
    let check = |facts: &StarterFacts, at_least: usize| {
        let files = starter(facts);
        let policy = Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()));
        let report = policy.run_tests();
        assert_eq!(report.failed(), 0, "{}\n{}", report.render(true), files.toml.1);
        assert!(report.tests.len() >= at_least, "only {} tests", report.tests.len());
    };
    check(&facts, 8);
    for tenant in &mut facts.tenants {
        tenant.values.insert("userType".into(), ["Employee", "Contractor"].map(str::to_owned).into());
        tenant.dates = vec!["DD.MM.YYYY".into()];
    }
    check(&facts, 11);
    facts.tenants[0].groups.clear();
    facts.sites.truncate(1);
    check(&facts, 8);
}

#[test]
fn rows_that_a_profile_field_is_taken_from_are_reached() {
    let tests = r#"
[profile]
jobTitle = { look_up = "titles" }
[[test]]
name = "a title by the city"
given = { like = "ana" }
expect = { profile = { jobTitle = "Miller" } }
"#;
    // Sections cannot follow people: the profile goes before them.
    let (profile, tests) = tests.split_once("[[test]]").expect("both");
    let mut own = files(&format!("[[test]]{tests}"));
    own.toml.1 = own.toml.1.replace("[person.ana]", &format!("{profile}[person.ana]"));
    own.tables.insert("titles".into(), "attribute:city,value\nLeeds,Miller\nYork,Monk\n".into());
    let policy = Policy::parse(&own).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let report = policy.run_tests();
    assert_eq!(report.failed(), 0, "{}", report.render(true));
    let missed: Vec<_> = report.coverage.rows.missed.iter().map(|missed| missed.what.as_str()).collect();
    assert_eq!(missed, ["row 2 of places", "row 2 of titles"]);
}

#[test]
fn each_site_is_stood_up_from_the_names_that_may_be_meant_there() {
    let policy = |rules: &str, places: &str| {
        let toml = format!(
            r#"
format = 1
[[route]]
site = "hq"
if = [{{ attribute = "city", is = "Leeds" }}]
[[route]]
site = "south"
if = [{{ attribute = "city", is = "York" }}]
[correlation]
keys = [{{ kind = "e-mail", attribute = "email", field = "email" }}]
{rules}
[[test]]
name = "in Leeds"
given = {{ profile = {{ city = "Leeds", team = "quiet" }} }}
expect = {{ site = "hq", place = "desk", building = "Mill", floor = "Level 2" }}
[[test]]
name = "in York"
given = {{ profile = {{ city = "York", team = "quiet" }} }}
expect = {{ site = "south", place = "desk", building = "Abbey", floor = "Level 2" }}
"#
        );
        let tables = match places {
            "" => [].into(),
            text => [("places".to_owned(), text.to_owned())].into(),
        };
        let files = PolicyFiles { toml: ("policy.toml".into(), toml), tables };
        Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()))
    };
    let quiet = r#"
[[flow]]
id = "quiet"
priority = 5
if = [{ attribute = "team", is = "quiet" }]
then = [{ place = "desk", floor = "Level 2" }]
"#;
    // By the site, and by what the routes to the sites ask.
    let by_site = format!(
        r#"{quiet}
[[flow]]
id = "mill"
if = [{{ site = "hq" }}]
then = [{{ place = "desk", building = "Mill", floor = ["Level 1", "Level 2"] }}]
[[flow]]
id = "abbey"
if = [{{ site = "south" }}]
then = [{{ place = "desk", building = "Abbey", floor = ["Level 1", "Level 2"] }}]
"#
    );
    let by_city =
        format!("{quiet}\n[[flow]]\nid = \"usual\"\nlook_up = \"places\"\nthen = [{{ place = \"desk\" }}]\n");
    let places = "attribute:city,building,floor\nLeeds,Mill,Level 1|Level 2\nYork,Abbey,Level 1|Level 2\n";
    for policy in [policy(&by_site, ""), policy(&by_city, places)] {
        let report = policy.run_tests();
        assert_eq!(report.failed(), 0, "{}", report.render(true));
    }
}

#[test]
fn tests_can_stand_in_files_of_their_own() {
    let more = |text: &str| Policy::parse_with_tests(&files(""), &[("more/rooms.toml".into(), text.into())]);
    let policy = more(
        r#"
[person.bo]
like = "ana"
groups = ["Rooms"]
[[test]]
name = "rooms for Bo"
given = { like = "bo" }
expect = { by = ["rooms"] }
[[test]]
name = "no rooms for Ana"
given = { like = "ana" }
expect = { by = ["rooms"] }
"#,
    );
    let policy = policy.unwrap_or_else(|problems| panic!("{}", problems.render()));
    assert_eq!(policy.seal(), Policy::parse(&files("")).expect("a policy").seal(), "no part of the policy");
    let report = policy.run_tests();
    let told: Vec<_> = report
        .tests
        .iter()
        .map(|test| format!("{} {}:{} {}", test.name, test.file, test.line, test.differences.len()))
        .collect();
    assert_eq!(told, ["rooms for Bo more/rooms.toml:6 0", "no rooms for Ana more/rooms.toml:10 1"]);

    let slips = more(
        "[[test]]\nname = \"a\"\ngiven = { like = \"anna\" }\nexpect = { place = false }\n[[flow]]\nid = \"x\"\n",
    );
    insta::assert_snapshot!(slips.expect_err("mistakes").to_string(), @r#"
    more/rooms.toml:3:18: there is no [person] above this "anna" (did you mean "ana"?)
    more/rooms.toml:5:3: "flow" is not known here (known here: person, test)
    "#);
    let torn = more("[[test]\n").expect_err("no TOML").to_string();
    assert!(torn.starts_with("more/rooms.toml:1:"), "{torn}");
    let twice = more("[person.ana]\ntenant = \"north\"\n").expect_err("two of one name").to_string();
    assert_eq!(twice, "more/rooms.toml:1:9: there are two people \"ana\" (give one another name)");
}
