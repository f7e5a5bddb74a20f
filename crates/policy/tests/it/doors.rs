//! Physical access: who may enter what, from when to when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lanyard_model::{
    desired::{Applied, Desired, Lifecycle},
    identity::{AttributeValue, Identity},
};
use lanyard_policy::{Bound, Facts, Policy, PolicyFiles, explain};

use crate::world::{at, catalogue, catalogues, now, person};

const POLICY: &str = r#"
format = 1
name = "doors"

[[route]]
site = "hq"

[sites.hq]
SITE

[correlation]
keys = [{ kind = "e-mail", attribute = "email", field = "email", compare = "email" }]

[lifecycle]
zone = "Europe/London"

[lifecycle.start]
attribute = "startDate"
prepare_days = 14

[lifecycle.end]
attribute = "contractEndDate"

[[lifecycle.leave]]
if = [{ status = "SUSPENDED" }]

[doors]
holder = "employeeNumber"

[parameters]
cellar = "Cellar"

[[overlay]]
site = "hq"
set = { cellar = "Bicycle cellar" }

[[flow]]
id = "place"
then = [{ place = "desk", building = "Pier House", floor = "Level 1" }]

[[flow]]
id = "house"
then = [{ door = ["building of their seat", "${cellar}"] }]

[[flow]]
id = "lab"
if = [{ attribute = "division", is = "Engineering" }]
look_up = "labs"
until = "labUntil"
then = [{ door = "from table" }]

[[flow]]
id = "not-the-vault"
never = [{ door = "vault" }]
"#;

const LABS: &str = "attribute:division,door\nEngineering,Lab|Vault\n";

fn bound(site: &str) -> Bound {
    let files = PolicyFiles {
        toml: ("policy.toml".into(), POLICY.replace("SITE", site)),
        tables: BTreeMap::from([("labs".to_owned(), LABS.to_owned())]),
    };
    match Policy::parse(&files) {
        Ok(policy) => policy.bind(&catalogues()),
        Err(problems) => panic!("{}", problems.render()),
    }
}

fn decided(bound: &Bound, person: &Identity, now: Timestamp) -> Desired {
    bound.evaluate(person, &Facts::unlinked(now - jiff::SignedDuration::from_hours(48)), now)
}

fn areas(desired: &Desired) -> Vec<String> {
    desired.doors.iter().map(|(area, want)| format!("{area} {}", want.value)).collect()
}

fn with(name: &str, value: &str) -> Identity {
    let mut person = person("northgate");
    person.profile.set(name, AttributeValue::Text(value.into()));
    person
}

#[test]
fn doors_open_from_the_first_day_to_the_last_one_known() {
    let bound = bound("");
    let desired = decided(&bound, &with("labUntil", "2026-05-29"), now());
    assert_eq!(
        areas(&desired),
        [
            "Bicycle cellar from 2024-03-01 00:00 UTC",
            "Lab from 2024-03-01 00:00 UTC until 2026-05-29 23:00 UTC",
            "Pier House from 2024-03-01 00:00 UTC",
        ],
        "the vault is denied, whatever the table says, and however it is spelt"
    );
    assert_eq!(desired.door_holder.as_deref(), Some("40417"));
    let told = explain(&desired, &catalogue("hq", 10_000, "Pier House", "PIER")).to_string();
    assert!(told.contains("doors\n  Bicycle cellar, from 2024-03-01 00:00 UTC\n      house: "), "{told}");
    assert!(told.contains("entry to Vault"), "{told}");
    // A contract's end is told ahead.
    let leaving = decided(&bound, &with("contractEndDate", "2026-05-08"), now());
    assert_eq!(areas(&leaving)[0], "Bicycle cellar from 2024-03-01 00:00 UTC until 2026-05-08 23:00 UTC");
    assert!(
        areas(&decided(&bound, &with("labUntil", "2026-05-01"), now())).iter().all(|a| !a.starts_with("Lab"))
    );
}

#[test]
fn a_badge_system_without_times_is_told_at_each_turn() {
    let bound = bound("doors = \"without times\"");
    let before = decided(&bound, &with("startDate", "2026-05-11"), now());
    assert_eq!(areas(&before), Vec::<String>::new(), "not before the first day");
    assert_eq!(before.review_at, Some(at("2026-05-10T23:00:00Z")), "midnight in London");
    let begun = decided(&bound, &with("startDate", "2026-05-11"), at("2026-05-10T23:00:00Z"));
    assert_eq!(areas(&begun), ["Bicycle cellar always", "Lab always", "Pier House always"]);
}

#[test]
fn without_a_number_no_door_opens_and_a_leave_takes_doors() {
    let bound = bound("");
    let mut nobody = person("northgate");
    nobody.profile.set("employeeNumber", AttributeValue::Text(" ".into()));
    let desired = decided(&bound, &nobody, now());
    assert_eq!(desired.door_holder, None);
    assert!(
        desired.problems.iter().any(|why| why.starts_with("no door opens: employeeNumber")),
        "{desired:?}"
    );
    let mut away = person("northgate");
    away.status = lanyard_model::identity::Status::parse("SUSPENDED");
    let applied = Applied { door_holder: Some("40417".into()), ..Applied::default() };
    let facts = Facts { applied: Some(&applied), linked: true, ..Facts::unlinked(now()) };
    let desired = bound.evaluate(&away, &facts, now());
    assert!(
        matches!(desired.lifecycle, Lifecycle::Paused { loses } if loses.doors && loses.roles && !loses.seat)
    );
}

#[test]
fn why_somebody_may_enter_and_what_would_change_it() {
    let bound = bound("");
    let facts = Facts::unlinked(now() - jiff::SignedDuration::from_hours(48));
    let ways = |person: &Identity, thing: &str| {
        let ways = bound.ways(person, &facts, now(), thing).into_iter();
        ways.map(|way| {
            let change: Vec<_> = way.change.iter().flatten().map(ToString::to_string).collect();
            (way.rule, way.gives, way.why, change.join(", "), way.tried)
        })
        .collect::<Vec<_>>()
    };
    let told = |rule: &str, gives: bool, why: &str, change: &str, tried: bool| {
        (rule.to_owned(), gives, why.to_owned(), change.to_owned(), tried)
    };
    assert_eq!(
        ways(&with("labUntil", "2026-12-31"), "door"),
        [
            told("lab", true, "division is \"Engineering\"", "empty division", true),
            told("house", true, "applies to everybody in scope", "", false),
        ]
    );
    assert_eq!(
        ways(&with("division", "Finance"), "lab"),
        [told(
            "lab",
            false,
            "division is \"Finance\", not \"Engineering\"",
            "set division to \"Engineering\"",
            true
        )]
    );
}
