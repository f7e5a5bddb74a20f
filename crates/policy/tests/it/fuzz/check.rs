//! What must be true of any bytes that claim to be a policy. Shared by the fuzzer and by ordinary test runs.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    id::{IdentityId, SiteId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    place::Catalogue,
};
use lanyard_policy::{Facts, Known, Policy, PolicyFiles, diff, explain, structured};

/// Rules, then a line of three dashes, then one mapping table.
pub fn files(bytes: &[u8]) -> PolicyFiles {
    let text = String::from_utf8_lossy(bytes);
    let (rules, table) = match text.split_once("\n---\n") {
        Some((rules, table)) => (rules, Some(table)),
        None => (&*text, None),
    };
    // Whatever table is asked for, it is there.
    let names = ["table", "places", "labs"];
    let tables = table.iter().flat_map(|table| names.map(|name| (name.to_owned(), (*table).to_owned())));
    PolicyFiles { toml: ("policy.toml".into(), rules.to_owned()), tables: tables.collect() }
}

/// Nothing panics; every mistake has its place inside the file; a policy that loads says the same through JSON and back; and
/// deciding is total and does not waver.
pub fn check(bytes: &[u8]) {
    let files = files(bytes);
    if let Some(json) = structured::to_json(&files) {
        let again = structured::with_json(&files, &json).expect("its own JSON");
        assert_eq!(structured::to_json(&again), Some(json), "through JSON and back");
    }
    let _ = diff::diff(&files, &PolicyFiles::default());
    let policy = match Policy::parse(&files) {
        Ok(policy) => policy,
        Err(problems) => {
            assert!(problems.has_errors());
            let _ = (problems.render(), problems.to_json());
            for problem in problems.iter() {
                assert!(problem.line > 0 && problem.column > 0, "{problem}");
            }
            return;
        }
    };
    let known = Known { attributes: Some(["city".to_owned()].into()), ..Known::default() };
    let _ = policy.lint(&known).render();
    let now: Timestamp = "2026-05-04T08:00:00Z".parse().expect("an instant");
    let sites: BTreeMap<SiteId, Catalogue> =
        ["hq", "south"].map(|site| (SiteId::from(site), Catalogue::empty(site.into(), now))).into();
    let bound = policy.bind(&sites);
    let _ = bound.problems().render();
    for person in people(&policy, now) {
        let facts = Facts::unlinked(now - SignedDuration::from_hours(1));
        let first = bound.evaluate(&person, &facts, now);
        assert_eq!(first, bound.evaluate(&person, &facts, now), "the same twice");
        let _ = explain(&first, &sites[&SiteId::from("hq")]).to_string();
        let mut mute = first.clone();
        mute.because.clear();
        assert_eq!(bound.evaluate_mute(&person, &facts, now).lifecycle, mute.lifecycle, "told or not");
        let _ =
            (policy.protects(&person, None), bound.manager_reference(&person), policy.identity_keys(&person));
    }
}

/// Any bytes as the one expression of a policy, as a condition and as a value.
pub fn check_expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let escaped: String = text.chars().map(|c| format!("\\U{:08X}", u32::from(c))).collect();
    let head = "format = 1\n[groups]\nA = \"00gAAAAAAAA\"\n[[route]]\nsite = \"hq\"\n[correlation]\n\
                keys = [{ kind = \"k\", attribute = \"email\", field = \"email\" }]\n";
    let condition = format!(
        "{head}[[flow]]\nid = \"a\"\nif = [{{ cel = \"{escaped}\" }}]\nthen = [{{ todo = \"x\", what = \"y\" }}]\n"
    );
    check(condition.as_bytes());
    check(format!("{head}[profile]\ncustom01 = {{ cel = \"{escaped}\" }}\n").as_bytes());
}

/// Somebody with a value of every kind for whatever the policy asks, as each of the usual standings.
fn people(policy: &Policy, now: Timestamp) -> Vec<Identity> {
    let values = [
        AttributeValue::Text("Leeds".into()),
        AttributeValue::Text("2026-05-08".into()),
        AttributeValue::Text("é, 0044 20 7946 0000".into()),
        AttributeValue::Number(7.5),
        AttributeValue::Bool(true),
        AttributeValue::List(vec!["A".into(), "B".into()]),
    ];
    let names = policy.attributes();
    let groups: Vec<_> = policy.groups().into_iter().collect();
    let one = |at: usize, status: &str, whole: bool| {
        let profile: Profile = names
            .iter()
            .enumerate()
            .map(|(n, name)| (name.as_str().into(), values[(n + at) % values.len()].clone()))
            .collect();
        Identity {
            id: IdentityId::new("north".into(), "00u1"),
            status: Status::parse(status),
            transitioning: false,
            profile,
            groups: Groups::new(groups.iter().take(at % 3).cloned(), whole),
            created: None,
            activated: None,
            status_changed: Some(now),
            last_updated: None,
            type_id: None,
            read_at: now,
        }
    };
    let standings = ["ACTIVE", "STAGED", "SUSPENDED", "DEPROVISIONED", "ELSE", "ACTIVE"];
    standings.iter().enumerate().map(|(at, status)| one(at, status, at != 5)).collect()
}
