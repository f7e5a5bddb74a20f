//! `but_first`: what is asked before a rule gives or takes, and the mistakes people make with it.

use std::collections::BTreeMap;

use lanyard_model::clearance::{Approver, Demand};
use lanyard_policy::{Known, Policy, PolicyFiles};

const POLICY: &str = r#"
format = 1
name = "first"

[groups]
"BOSSES" = "00gBOSSES0001"

[[route]]
site = "hq"

[correlation]
keys = [{ kind = "e-mail", attribute = "email", field = "email", compare = "email" }]

[scope]
if = [{ status = "ACTIVE" }]
but_first = { hold = "2 hours" }

[lifecycle.deactivated]
but_first = { stages = [{ after = "7 days", takes = ["seat", "account"] }] }

[[flow]]
id = "floor"
but_first = { FLOOR }
then = [{ role = "customer", module = "reservation" }]

[guardrails]
max_people = 5
removals_but_first = { approval = ["role:owner"] }
removal_window = { WINDOW }
"#;

fn parse(floor: &str, window: &str) -> Result<Policy, String> {
    let text = POLICY.replace("FLOOR", floor).replace("WINDOW", window);
    let files = PolicyFiles { toml: ("policy.toml".into(), text), tables: BTreeMap::new() };
    Policy::parse(&files).map_err(|problems| problems.render())
}

const WINDOW: &str = "days = [\"tuesday\"], from = \"09:00\", to = \"17:00\", zone = \"Europe/London\"";

#[test]
fn what_is_asked_is_read_from_every_place_it_may_stand() {
    let floor = "hold = \"3 days\", approval = [\"manager\", \"group:BOSSES\", \"person:olu@x.example\"], quorum = 2, \
                 expires = \"1 day\", escalate_after = \"4 hours\", escalate_to = [\"role:owner\"]";
    let policy = parse(floor, WINDOW).unwrap();
    let demands = policy.demands();
    let rules: Vec<_> = demands.keys().map(String::as_str).collect();
    assert_eq!(rules, ["floor", "lifecycle.deactivated", "policy", "scope"]);
    let Demand { hold_seconds, approval: Some(approval), .. } = &demands["floor"] else {
        panic!("{:?}", demands["floor"])
    };
    assert_eq!(*hold_seconds, Some(3 * 86_400));
    let by = [
        Approver::Manager,
        Approver::Group("00gBOSSES0001".into()),
        Approver::Person("olu@x.example".into()),
    ];
    assert_eq!(approval.by, by);
    assert_eq!((approval.quorum, approval.expires_seconds), (2, 86_400));
    assert_eq!(approval.escalate_seconds, Some(4 * 3600));
    assert_eq!(approval.escalate_to, [Approver::Role("owner".into())]);
    let stage = &demands["lifecycle.deactivated"].stages[0];
    assert_eq!(stage.after_seconds, 7 * 86_400);
    assert!(stage.takes.seat && stage.takes.account && !stage.takes.roles);
}

#[test]
fn the_window_opens_by_the_clock_of_its_zone() {
    let policy = parse("hold = \"1 day\"", WINDOW).unwrap();
    let opens = |text: &str| policy.removals_open_at(text.parse().unwrap()).map(|at| at.to_string());
    // London is an hour ahead of UTC in May; 2026-05-05 is a Tuesday.
    assert_eq!(opens("2026-05-04T12:00:00Z").as_deref(), Some("2026-05-05T08:00:00Z"));
    assert_eq!(opens("2026-05-05T08:00:00Z"), None);
    assert_eq!(opens("2026-05-05T15:59:59Z"), None);
    assert_eq!(opens("2026-05-05T16:00:00Z").as_deref(), Some("2026-05-12T08:00:00Z"));
    // And not in winter: the last Tuesday before the clocks go back, and the one after.
    assert_eq!(opens("2026-10-20T17:00:00Z").as_deref(), Some("2026-10-27T09:00:00Z"));
}

#[test]
fn every_mistake_is_said_with_its_fix() {
    for (floor, window, said) in [
        ("hold = \"soon\"", WINDOW, "\"soon\" is no span of time"),
        ("approval = [\"boss\"]", WINDOW, "\"boss\" cannot approve"),
        ("approval = [\"group:NOBODY\"]", WINDOW, "there is no group \"NOBODY\" in [groups]"),
        ("", WINDOW, "this asks for nothing"),
        ("approval = [\"manager\"], escalate_after = \"1 day\"", WINDOW, "to whom does it escalate?"),
        (
            "hold = \"1 day\", stages = [{ after = \"1 day\", takes = [\"badge\"] }]",
            WINDOW,
            "\"badge\" cannot be taken",
        ),
        ("hold = \"1 day\"", "days = [\"caturday\"]", "\"caturday\" is no day of the week"),
        ("hold = \"1 day\"", "from = \"17:00\", to = \"09:00\"", "the window is never open"),
    ] {
        let text = parse(floor, window).err().unwrap_or_else(|| panic!("{floor} {window} was taken"));
        assert!(text.contains(said), "{floor} {window}: {text}");
    }
}

/// What the linter says of a flow or of the rest that asks so, besides its tests.
fn linted(floor: &str, more: &str) -> Vec<String> {
    let text = POLICY.replace("FLOOR", floor).replace("WINDOW", WINDOW) + more;
    let files = PolicyFiles { toml: ("policy.toml".into(), text), tables: BTreeMap::new() };
    let policy = Policy::parse(&files).unwrap_or_else(|problems| panic!("{}", problems.render()));
    let found = policy.lint(&Known::default());
    let of_groups = |message: &String| message.starts_with("no rule asks for the group");
    found.iter().map(|problem| problem.message.clone()).filter(|message| !of_groups(message)).collect()
}

#[test]
fn what_can_never_come_about_is_said_by_the_linter() {
    let asks = "approval = [\"group:BOSSES\"]";
    assert_eq!(linted(asks, ""), Vec::<String>::new());
    for (floor, more, said) in [
        ("approval = [\"role:aprover\"]", "", "nobody has the role \"aprover\" in the console"),
        ("approval = [\"role:policy-editor\"]", "", "nobody has the role \"policy-editor\" in the console"),
        (
            "approval = [\"person:olu@x.example\", \"manager\"], quorum = 3",
            "",
            "3 must agree, and only 2 can",
        ),
        (
            "approval = [\"role:owner\"], escalate_to = [\"role:approver\"]",
            "",
            "nobody is asked here: it is not said after how long",
        ),
        (
            "approval = [\"role:owner\"], expires = \"1 day\", escalate_to = [\"role:approver\"], escalate_after = \"2 days\"",
            "",
            "it escalates when the request has run out",
        ),
        (
            "hold = \"1 day\", stages = [{ after = \"1 day\", takes = [\"seat\"] }]",
            "",
            "stages count from somebody's end, and nobody ends by this rule",
        ),
        (
            asks,
            "[[lifecycle.leave]]\nid = \"away\"\nif = [{ status = \"SUSPENDED\" }]\nbut_first = { stages = [{ after = \"1 day\" }] }\n",
            "stages count from somebody's end, and nobody ends by this rule",
        ),
        (
            asks,
            "[[flow]]\nid = \"no\"\nbut_first = { hold = \"1 day\" }\nnever = [{ item = \"Safe\" }]\n",
            "\"no\" only denies, and that waits for nobody",
        ),
    ] {
        assert_eq!(linted(floor, more), [said], "{floor} {more}");
    }
    // Enough people besides, or a role of whom nobody knows how many have it.
    for fine in [
        "approval = [\"person:olu@x.example\", \"role:owner\"], quorum = 3",
        "approval = [\"person:olu@x.example\"], quorum = 2, escalate_to = [\"manager\"], escalate_after = \"1 day\"",
    ] {
        assert_eq!(linted(fine, ""), Vec::<String>::new(), "{fine}");
    }
}
