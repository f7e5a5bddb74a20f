//! `if_it_fails`: where it may stand, what is said of mistakes, and what the policy's own tests can ask of it.

use std::collections::BTreeMap;

use lanyard_model::failure::Part;
use lanyard_policy::{Policy, PolicyFiles};

const POLICY: &str = r#"
format = 1
name = "failing"

[[route]]
site = "hq"
tenant = "north"

[correlation]
keys = [{ kind = "e-mail", attribute = "email", field = "email", compare = "email" }]

[lifecycle.deactivated]
LIFECYCLE

[[flow]]
id = "visitors"
FLOW
then = [
  { role = "manager", module = "visitor"ROLE },
  { item = "Access policy / Front desk" },
]

[notify.it]
email = ["it@x.example"]

[person.mira]
tenant = "north"
profile = { officeLocation = "PIER" }

[[flow]]
id = "desk"
priority = 5
then = [{ place = "desk", building = "Pier House", floor = "Level 1", if_it_fails = { instead = [{ place = "section", building = "Pier House", section = "Zone 1" }] } }]

[[test]]
name = "a desk"
given = { like = "mira", account = true }
expect = { place = "desk" }

[[test]]
name = "a section where the site refuses the desk"
given = { like = "mira", account = true, failed = ["desk"] }
expect = { place = "section", section = "Zone 1" }
"#;

fn parse(flow: &str, role: &str, lifecycle: &str) -> Result<Policy, String> {
    let text = POLICY.replace("FLOW", flow).replace("ROLE", role).replace("LIFECYCLE", lifecycle);
    let files = PolicyFiles { toml: ("policy.toml".into(), text), tables: BTreeMap::new() };
    Policy::parse(&files).map_err(|problems| problems.render())
}

#[test]
fn the_branch_of_a_step_goes_before_that_of_its_flow() {
    let role = ", if_it_fails = { retry = 5, every = \"1 hour\" }";
    let flow = "if_it_fails = { retry = 2, todo = \"x\", how = \"y\", alert = [\"it\"], stop = true }";
    let policy = parse(flow, role, "if_it_fails = { retry = 9, every = \"5 minutes\" }").unwrap();
    let role = policy.on_failure("visitors", Part::Role).unwrap();
    assert_eq!((role.retries, role.every_seconds, role.stop), (5, 3600, false));
    let item = policy.on_failure("visitors", Part::Item).unwrap();
    assert_eq!((item.retries, item.every_seconds, item.stop), (2, 600, true));
    assert_eq!(item.alert, ["it"]);
    assert_eq!(item.todo.as_ref().map(|todo| (todo.what.as_str(), todo.how.as_str())), Some(("x", "y")));
    assert_eq!(policy.on_failure("visitors", Part::Place), None);
    let leaver = policy.on_failure("lifecycle.deactivated", Part::Account).unwrap();
    assert_eq!((leaver.retries, leaver.every_seconds), (9, 300));
}

#[test]
fn the_policys_own_tests_can_let_a_step_fail() {
    let report = parse("", "", "").unwrap().run_tests();
    assert_eq!(report.failed(), 0, "{}", report.render(false));
}

#[test]
fn every_mistake_is_said_with_its_fix() {
    for (flow, role, lifecycle, said) in [
        ("if_it_fails = { }", "", "", "this says nothing"),
        ("if_it_fails = { every = \"1 day\" }", "", "", "nothing is tried again"),
        ("if_it_fails = { retry = 2, every = \"soon\" }", "", "", "\"soon\" is no span of time"),
        ("if_it_fails = { alert = [\"ti\"] }", "", "", "there is no [notify] entry \"ti\""),
        ("tell = [\"ti\"]", "", "", "there is no [notify] entry \"ti\""),
        ("if_it_fails = { how = \"by hand\" }", "", "", "how what is done?"),
        ("if_it_fails = { again = 2 }", "", "", "\"again\" is not known in [flow.if_it_fails]"),
        (
            "if_it_fails = { instead = [{ item = \"A / B\", if_it_fails = { retry = 1 } }] }",
            "",
            "",
            "what is given instead has no other way of its own",
        ),
        (
            "",
            "",
            "if_it_fails = { stop = true }",
            "\"stop\" is not known in [lifecycle.deactivated.if_it_fails]",
        ),
        (
            "never = [{ item = \"A / B\", if_it_fails = { stop = true } }]",
            "",
            "",
            "a restriction sends nothing",
        ),
    ] {
        let text = parse(flow, role, lifecycle)
            .err()
            .unwrap_or_else(|| panic!("{flow} {role} {lifecycle} was taken"));
        assert!(text.contains(said), "{flow} {role} {lifecycle}: {text}");
    }
}
