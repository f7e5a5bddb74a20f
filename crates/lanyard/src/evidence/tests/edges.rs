//! The edges of a period: what began before it, ended after it, or was said of it afterwards; and samples by an attribute.

use lanyard_engine::ports::INTAKE;

use super::*;

fn gap(from: i64, until: i64) -> Write {
    let data = json!({
        "what": "gap", "from": at(from), "to": at(until), "seconds": (until - from) * 3600, "ended": "p1", "place": "p1",
    });
    line("intake", None, at(until), "Okta's log was not read", data)
}

fn read_at(at: Timestamp) -> Write {
    let kept = json!({ "read_at": at, "end": "p9", "told": "p9", "quiet": 0 });
    Write::Meta { key: format!("{INTAKE}acme"), value: kept.to_string() }
}

/// The intake as rows: kind, hours after the beginning, seconds, why.
fn intake(made: &Made) -> Vec<String> {
    let hour = |value: &Value| {
        let moment: Timestamp = value.as_str().unwrap().parse().unwrap();
        moment.duration_since(at(0)).as_secs_f64() / 3600.0
    };
    let all = made.rows("intake");
    all.iter()
        .map(|row| {
            let why = row["cause"].as_str().unwrap_or_default();
            let (from, to) = (hour(&row["from_at"]), hour(&row["to_at"]));
            format!("{} {from}..{to} {} {why}", row["kind"].as_str().unwrap(), row["seconds"])
                .trim()
                .to_owned()
        })
        .collect()
}

/// A tenant with one person and nothing else.
pub(super) fn quiet() -> Vec<Write> {
    let mut all = vec![
        person("old", "Employee", Status::Active, at(-50)),
        account(1, true, &[], at(-50)),
        link("old", 1, at(-50)),
    ];
    all.extend(sweep(at(-49), true));
    all
}

#[tokio::test]
async fn a_time_without_reading_is_told_as_far_as_it_lies_in_the_period() {
    let mut all = quiet();
    all.extend([gap(-9, -7), gap(-3, 2), gap(5, 6), gap(20, 30), gap(32, 33), read_at(at(33))]);
    let made = made_of(all, |ask| ask.made_at = at(40)).await;
    assert_eq!(intake(&made), ["gap 0..2 7200", "gap 5..6 3600", "gap 20..24 14400"]);
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    assert_eq!(manifest["summary"]["intake_gap_seconds"], 7_200 + 3_600 + 14_400);
}

#[tokio::test]
async fn a_period_in_which_nobody_read_is_one_gap() {
    let mut all = quiet();
    all.push(read_at(at(-30)));
    let why = "it was not read again before the period ended";
    assert_eq!(intake(&made_of(all, |_| {}).await), [format!("gap 0..24 86400 {why}")]);

    // It was read again long after the period.
    let mut all = quiet();
    all.extend([gap(-30, 60), read_at(at(60))]);
    assert_eq!(intake(&made_of(all, |ask| ask.made_at = at(61)).await), ["gap 0..24 86400"]);
}

#[tokio::test]
async fn as_long_as_the_engine_calls_no_gap_is_none_when_the_period_ends() {
    let silent = async |seconds: i64, interval: u64| {
        let mut all = quiet();
        all.push(read_at(at(24) - SignedDuration::from_secs(seconds)));
        let interval = std::time::Duration::from_secs(interval);
        intake(&made_of(all, |ask| ask.feed_interval = interval).await).len()
    };
    assert_eq!((silent(130, 10).await, silent(131, 10).await), (0, 1));
    assert_eq!((silent(420, 300).await, silent(421, 300).await), (0, 1));
}

#[tokio::test]
async fn a_break_is_one_whichever_line_came_first() {
    let why = "Okta refused the place up to which its log was read: 410";
    let broken = || {
        let data = json!({
            "what": "break", "from": at(3), "to": at(9), "seconds": 6 * 3600, "ended": "p1", "place": "q0", "why": why,
        });
        line("intake", None, at(9), "the chain of Okta's log was broken", data)
    };
    let fresh = || page(at(9), "q0", "q1", 1);
    let orders = [vec![broken(), fresh()], vec![fresh(), broken()]];
    for (number, order) in orders.into_iter().enumerate() {
        let mut all = quiet();
        all.push(page(at(3), "p0", "p1", 1));
        all.extend(order);
        all.push(page(at(10), "q1", "q2", 1));
        let made = made_of(all, |_| {}).await;
        let mut told = intake(&made);
        told.sort();
        assert_eq!(
            told,
            [format!("break 3..9 21600 {why}"), "chain 3..3 0".into(), "chain 9..10 3600".into()],
            "{number}"
        );
        let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
        let count = |name: &str| manifest["summary"][name].as_i64().unwrap();
        assert_eq!((count("intake_breaks"), count("intake_gap_seconds")), (1, 21_600), "{number}");
    }
}

fn leaves(user: &str, since: i64) -> Write {
    Write::LeaverSeen { identity: who(user), site: site(), since: at(since), seen_at: at(since) }
}

fn comes_back(user: &str, when: Timestamp) -> Write {
    Write::LeaverCancelled { identity: who(user), site: site(), at: when }
}

#[tokio::test]
async fn whoever_was_never_out_in_time_is_late_though_they_came_back() {
    let mut all = quiet();
    all.extend([leaves("stuck", 2), comes_back("stuck", at(20))]);
    all.extend([leaves("quick", 3), comes_back("quick", at(3) + SignedDuration::from_secs(60))]);
    // After the period: open when it ended.
    all.extend([leaves("later", 22), comes_back("later", at(30))]);
    all.extend([leaves("out", 4), Write::LeaverVerified { identity: who("out"), site: site(), at: at(26) }]);
    let made = made_of(all, |ask| ask.made_at = at(40)).await;
    let told = |table: &str| -> Vec<String> {
        let mut all: Vec<String> = made
            .rows(table)
            .iter()
            .map(|row| {
                format!(
                    "{} {} {}",
                    row["person"].as_str().unwrap(),
                    row["seconds_total"],
                    row["cause"].as_str().unwrap_or_default()
                )
            })
            .collect();
        all.sort();
        all
    };
    let late = ["acme/later 7200 open", "acme/out 72000 open", "acme/stuck 64800 never_out"];
    assert_eq!(told("leavers"), late);
    assert_eq!(told("breaches"), late);
    let returned: Vec<Value> = made.rows("leavers").iter().map(|row| row["returned_at"].clone()).collect();
    let stuck = json!(at(20));
    assert_eq!(returned.iter().filter(|at| !at.is_null()).collect::<Vec<_>>(), [&stuck]);
}

#[tokio::test]
async fn whoever_left_just_before_the_period_ended_is_under_way_and_not_late() {
    let mut all = quiet();
    let since = at(24) - SignedDuration::from_secs(10);
    all.push(Write::LeaverSeen { identity: who("soon"), site: site(), since, seen_at: since });
    all.extend([leaves("stuck", 2), comes_back("stuck", at(20)), leaves("open", 3)]);
    all.extend([leaves("out", 4), Write::LeaverVerified { identity: who("out"), site: site(), at: at(5) }]);
    let made = made_of(all, |_| {}).await;
    let rows = made.rows("leavers");
    let soon = rows.iter().find(|row| row["person"] == "acme/soon").unwrap();
    assert_eq!(
        (&soon["in_time"], &soon["cause"], &soon["seconds_total"]),
        (&Value::Null, &Value::Null, &json!(10))
    );
    assert_eq!(rows.len(), 4);
    let breaches = made.rows("breaches");
    assert!(breaches.len() == 3 && breaches.iter().all(|row| row["person"] != "acme/soon"), "{breaches:?}");
    // Only who was out took some time to be out.
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    let summary = &manifest["summary"];
    assert_eq!(
        (&summary["leavers_late"], &summary["late_by_cause"]["open"], &summary["late_by_cause"]["never_out"]),
        (&json!(3), &json!(1), &json!(1))
    );
    let total = &summary["stages"]["leavers: event to verified"];
    assert_eq!((&total["count"], &total["max"]), (&json!(1), &json!(3600)));
    let bars = summary["histogram"].as_array().unwrap().iter().filter_map(Value::as_u64).sum::<u64>();
    assert_eq!(bars, 1);
}

#[tokio::test]
async fn whoever_was_gone_long_before_the_period_is_among_the_returns() {
    let mut all = quiet();
    all.extend([
        leaves("again", -40),
        Write::LeaverVerified { identity: who("again"), site: site(), at: at(-39) },
        comes_back("again", at(5)),
    ]);
    // Back before the period, and after it.
    all.extend([leaves("before", -30), comes_back("before", at(-20))]);
    all.extend([leaves("after", -30), comes_back("after", at(30))]);
    let made = made_of(all, |ask| ask.made_at = at(40)).await;
    let row = made.row("returns");
    assert_eq!((&row["person"], &row["verified_gone_at"]), (&json!("acme/again"), &json!(at(-39))));
    assert_eq!((&row["left_at"], &row["returned_at"]), (&json!(at(-40)), &json!(at(5))));
    let left = made.row("leavers");
    assert_eq!(left["person"], "acme/after", "who was out before the period is none of its leavers");
}

#[tokio::test]
async fn who_answers_may_be_said_after_the_period() {
    let answer = |when: i64, owner: &str| {
        let data = json!({ "since": at(23), "owner": owner, "compensation": "badge blocked", "by": "rita" });
        line("breach", Some("old"), at(when), "somebody answers for a late leaver", data)
    };
    let mut all = quiet();
    all.extend([leaves("old", 23), answer(23, "oscar"), answer(25, "olga")]);
    let made = made_of(all, |ask| ask.made_at = at(26)).await;
    let breach = made.row("breaches");
    assert_eq!((&breach["owner"], &breach["answered_at"]), (&json!("olga"), &json!(at(25))));
}

#[tokio::test]
async fn the_values_of_an_attribute_take_turns_in_the_samples() {
    let people = || {
        let mut all = quiet();
        for n in 0..9 {
            let kind = if n == 4 { "Contractor" } else { "Employee" };
            all.extend([
                person(&format!("p{n}"), kind, Status::Deprovisioned, at(1)),
                leaves(&format!("p{n}"), 1),
            ]);
        }
        all
    };
    let made = made_of(people(), |ask| {
        (ask.sample, ask.sample_by) = (Some(2), Some("userType".into()));
    })
    .await;
    let samples = made.rows("samples");
    let drawn: Vec<&str> = samples.iter().map(|row| row["person"].as_str().unwrap()).collect();
    assert!(
        drawn.len() == 2 && drawn.contains(&"acme/p4"),
        "the only contractor has the first turn: {drawn:?}"
    );
    let dossier: Value = serde_json::from_slice(&made.file("dossiers/acme-p4.json")).unwrap();
    assert_eq!(dossier["sampled_by"], json!({ "userType": "Contractor" }));
    let told: Value = serde_json::from_slice(&made.file("integrity/sample_by.json")).unwrap();
    let count = told["values"].as_object().unwrap().values().filter(|value| *value == "Employee").count();
    assert_eq!((&told["attribute"], count), (&json!("userType"), 8));

    let folder = tempfile::tempdir().unwrap();
    let wrong = tried(folder.path(), people(), |ask| ask.sample_by = Some("departmant".into())).await;
    assert_eq!(
        wrong.err().unwrap().to_string(),
        "nobody in acme has an attribute departmant to sample by\nhint: there are displayName, userType"
    );
}

#[tokio::test]
async fn a_pack_says_that_events_are_as_lanyard_read_them() {
    let made = made().await;
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    let limits = manifest["terms"]["limits"].to_string();
    assert!(limits.contains("Dossiers hold Okta's events as Lanyard read them"), "{limits}");
}
