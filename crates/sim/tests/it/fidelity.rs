//! What the stand-ins say about themselves, held against the contracts and the settings.

use std::collections::BTreeSet;

use lanyard_sim::{
    fidelity::{Assumption, BESIDE, IOFFICE, OKTA},
    ioffice::IofficeSettings,
    okta::OktaSettings,
};
use serde_json::{Value, json};

/// `A-18, A-19` and `A-32 … A-36` of a register's first column, one by one.
fn register(contract: &str, letter: &str) -> BTreeSet<String> {
    let number = |text: &str| text.trim().strip_prefix(letter)?.strip_prefix('-')?.parse::<u32>().ok();
    let mut out = BTreeSet::new();
    for line in contract.lines().filter(|line| line.starts_with(&format!("| {letter}-"))) {
        let ids = line.split('|').nth(1).expect("a first column");
        let numbers: Vec<u32> = match ids.split_once('…') {
            Some((from, to)) => (number(from).expect("from")..=number(to).expect("to")).collect(),
            None => ids.split(',').map(|id| number(id).expect("an id")).collect(),
        };
        out.extend(numbers.into_iter().map(|number| format!("{letter}-{number:02}")));
    }
    out
}

fn check(rows: &[Assumption], contract: &str, letter: &str, vendor: &str, settings: &Value) {
    let told: BTreeSet<String> = rows.iter().map(|row| row.id.to_owned()).collect();
    assert_eq!(told, register(contract, letter), "{vendor}");
    let mut known = BTreeSet::new();
    let beside = BESIDE.iter().filter(|(of, _)| *of == vendor).flat_map(|(_, keys)| keys.iter());
    for key in rows.iter().flat_map(|row| row.settings).chain(beside) {
        let pointer = format!("/{}", key.replace('.', "/"));
        assert!(settings.pointer(&pointer).is_some(), "{vendor} has no setting {key}");
        known.insert(key.split('.').next().expect("a key").to_owned());
    }
    let all: BTreeSet<String> = settings.as_object().expect("a map").keys().cloned().collect();
    assert_eq!(known, all, "{vendor}: every setting is described");
}

#[test]
fn every_assumption_and_every_setting_is_told() {
    let okta = serde_json::to_value(OktaSettings::default()).expect("JSON");
    check(OKTA, include_str!("../../../../docs/contracts/okta.md"), "O", "okta", &okta);
    let ioffice = serde_json::to_value(IofficeSettings::default()).expect("JSON");
    check(IOFFICE, include_str!("../../../../docs/contracts/ioffice.md"), "A", "ioffice", &ioffice);
}

/// Ids of a register whose last column has the sign of a switch: `⚙` for the whole line, `⚙ (A-10)` for one of it.
fn switched(contract: &str, letter: &str) -> BTreeSet<String> {
    let lines = contract.lines().filter(|line| line.starts_with(&format!("| {letter}-")));
    let mut out = BTreeSet::new();
    for line in lines {
        let columns: Vec<&str> = line.split('|').map(str::trim).collect();
        let Some(sign) = columns[columns.len() - 2].strip_prefix('⚙') else { continue };
        let named = sign.trim().trim_matches(['(', ')']);
        let ids = if named.starts_with(&format!("{letter}-")) { named } else { columns[1] };
        out.extend(register(&format!("| {ids} |"), letter));
    }
    out
}

#[test]
fn every_assumption_with_the_sign_of_a_switch_has_one() {
    let okta = include_str!("../../../../docs/contracts/okta.md");
    let ioffice = include_str!("../../../../docs/contracts/ioffice.md");
    for (rows, contract, letter, count) in [(OKTA, okta, "O", 29), (IOFFICE, ioffice, "A", 22)] {
        let switched = switched(contract, letter);
        assert_eq!(switched.len(), count, "{switched:?}");
        for id in &switched {
            let row = rows.iter().find(|row| row.id == id).expect("a row");
            assert!(!row.settings.is_empty(), "{id} ({}) cannot be switched", row.subject);
        }
    }
}

#[test]
fn okta_settings_start_from_a_preset_and_override_single_keys() {
    let read = |map: Value| OktaSettings::from_value(map);
    assert_eq!(read(json!({})), Ok(OktaSettings::default()));
    let mixed = read(json!({
        "preset": "hostile", "empty_last_page": false, "quotas": {"users": 7}, "index_lag": {"high_ms": 9},
    }))
    .expect("settings");
    let hostile = OktaSettings::preset("hostile").expect("a preset");
    assert!(!mixed.empty_last_page && mixed.doubled_headers && mixed.quotas.count_refused);
    assert_eq!((mixed.quotas.users, mixed.quotas.groups), (7, hostile.quotas.groups));
    assert_eq!((mixed.index_lag.low_ms, mixed.index_lag.high_ms), (0, 9));
    for (map, wrong) in [
        (json!({"preset": "friendly"}), "unknown Okta preset `friendly`"),
        (json!({"hook_batch": 3}), "unknown field `hook_batch`"),
        (json!({"quotas": {"user": "many"}}), "invalid type: string \"many\""),
        (
            json!({"empty_last_page": true, "index_lag": 5}),
            "Okta setting `index_lag`: invalid type: integer `5`",
        ),
        (json!({"index_lag": "long"}), "expected a table such as { low_ms = 0, high_ms = 2000 }"),
        (json!({"quotas": 5}), "Okta setting `quotas`: invalid type: integer `5`"),
        (json!([]), "must be a map"),
    ] {
        let said = read(map).expect_err("refused");
        assert!(said.contains(wrong), "{said}");
    }
}

#[test]
fn an_ioffice_setting_that_cannot_be_is_named() {
    for (map, wrong) in [
        (
            json!({"user_delete": "hard", "over_limit": "cut"}),
            "iOffice setting `over_limit`: unknown variant `cut`",
        ),
        (json!({"colour": 1}), "iOffice setting `colour`: unknown field `colour`"),
        (json!({"preset": 7}), "iOffice setting `preset` must be a text"),
    ] {
        let said = IofficeSettings::from_value(map).expect_err("refused");
        assert!(said.contains(wrong), "{said}");
    }
}
