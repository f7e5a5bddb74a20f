//! What monitoring asks for is what `/metrics` gives out.

use std::collections::BTreeSet;

use lanyard_engine::ports::{SweepRecord, Write};

use crate::house::House;

const ALERTS: &str = include_str!("../../../../docs/operations/alerts.yml");
const DASHBOARD: &str = include_str!("../../../../docs/operations/dashboard.json");
const GUIDE: &str = include_str!("../../../../docs/guides/operator.md");

/// Names of series in a text.
fn named(text: &str) -> BTreeSet<&str> {
    let of_a_name = |c: char| c.is_ascii_lowercase() || c == '_';
    text.match_indices("lanyard_")
        .filter(|(at, _)| !text[..*at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_'))
        .map(|(at, _)| {
            let rest = &text[at..];
            &rest[..rest.find(|c| !of_a_name(c)).unwrap_or(rest.len())]
        })
        .collect()
}

#[tokio::test]
async fn alert_rules_and_dashboard_name_series_that_there_are() {
    let house = House::new();
    let now = house.now();
    let sweep = SweepRecord {
        id: "swp_1".into(),
        scope: "all".into(),
        started_at: now - jiff::SignedDuration::from_mins(70),
        ended_at: Some(now - jiff::SignedDuration::from_hours(1)),
        certified: true,
        doubts: Vec::new(),
        people: 2_000,
        accounts: 2_010,
        drift: 7,
        findings: 0,
    };
    house.put(vec![Write::Sweep(Box::new(sweep))]).await;
    let (_, headers, text) = house.form("GET", "/metrics", &[("authorization", "Bearer local")], "").await;
    assert_eq!(headers["content-type"], "text/plain; version=0.0.4");
    for line in ["lanyard_sweep_age_seconds 3600", "lanyard_sweep_seconds 600", "lanyard_sweep_differing 7"] {
        assert!(text.lines().any(|known| known == line), "{line}: {text}");
    }
    let given: BTreeSet<&str> =
        text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
    for (what, wanted) in [("alerts.yml", ALERTS), ("dashboard.json", DASHBOARD), ("operator.md", GUIDE)] {
        let wanted = named(wanted);
        assert!(wanted.len() > 2, "{what} names {wanted:?}");
        let missing: Vec<_> = wanted.difference(&given).collect();
        assert!(missing.is_empty(), "{what} names {missing:?}, and /metrics gives {given:?}");
    }
    // Every series says what it is.
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        assert!(given.contains(name), "{line}");
    }
}
