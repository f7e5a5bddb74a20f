//! Leavers are judged by the bound that was in force, and not by what the settings file says when somebody makes the pack.

use super::*;

/// A start of the server that noted another bound.
fn noted(hour: i64, before: Option<i64>, after: i64) -> Write {
    let force = |seconds: i64| json!({ "version": "0.1.0", "leaver_bound_seconds": seconds });
    let data = json!({ "before": before.map(force), "after": force(after) });
    line("control", None, at(hour), "in force: policy p, lanyard 0.1.0", data)
}

/// A history whose only leaver took two hours: the bound that the pack says, how many were late, and limits about the bound.
async fn judged(noted: Vec<Write>, settings: i64) -> (i64, usize, Vec<String>) {
    let mut all = history();
    for write in noted {
        // Lines stand in the order of time.
        let later = |other: &Write| match (other, &write) {
            (Write::Journal(other), Write::Journal(own)) => other.at > own.at,
            _ => false,
        };
        let place = all.iter().position(later).unwrap_or(0);
        all.insert(place, write);
    }
    let made = made_of(all, |ask| ask.leaver_bound_seconds = settings).await;
    let manifest: Value = serde_json::from_slice(&made.file("manifest.json")).unwrap();
    let limits = manifest["terms"]["limits"].as_array().unwrap().iter();
    let limits = limits.map(|limit| limit.as_str().unwrap().to_owned());
    let limits = limits.filter(|limit| limit.contains("bound")).collect();
    (manifest["terms"]["leaver_bound_seconds"].as_i64().unwrap(), made.rows("breaches").len(), limits)
}

#[tokio::test]
async fn settings_that_were_changed_for_the_pack_excuse_nobody() {
    let (bound, late, limits) = judged(vec![noted(-3, None, 120)], 86_400).await;
    assert_eq!((bound, late), (120, 1));
    assert_eq!(
        limits,
        [
            "Leavers are judged by the bound that was in force by the journal, 120 s. The settings said 86400 s when the pack was made; \
          nobody is judged by that."
        ]
    );
    assert_eq!(judged(vec![noted(-3, None, 120)], 120).await, (120, 1, vec![]));
    // What somebody tightens afterwards was not promised then.
    let (bound, late, limits) = judged(vec![noted(-3, None, 86_400)], 120).await;
    assert_eq!((bound, late, limits.len()), (86_400, 0, 1));
}

#[tokio::test]
async fn of_several_bounds_in_force_the_strictest_counts_and_each_is_named() {
    let all = vec![noted(-3, None, 120), noted(5, Some(120), 86_400), noted(20, Some(86_400), 900)];
    let (bound, late, limits) = judged(all, 900).await;
    assert_eq!((bound, late), (120, 1));
    let told = format!(
        "The bound for leavers changed: 120 s from {}, 86400 s from {}, 900 s from {}. All of the period are judged by the strictest, \
         120 s.",
        at(-3),
        at(5),
        at(20)
    );
    assert!(matches!(limits.as_slice(), [one] if one.starts_with(&told)), "{limits:?}");

    // The first line's text was let go of: the next one says what it replaced.
    let (bound, late, limits) = judged(vec![noted(5, Some(120), 86_400)], 86_400).await;
    assert_eq!((bound, late), (120, 1));
    assert!(limits[0].contains("120 s at first, 86400 s from"), "{limits:?}");
}

#[tokio::test]
async fn a_bound_that_no_start_noted_is_said_to_be_the_settings_own() {
    let (bound, late, limits) = judged(Vec::new(), 86_400).await;
    assert_eq!((bound, late), (86_400, 0));
    assert!(limits[0].starts_with("No start of the server noted"), "{limits:?}");
    let kept = json!({ "leaver_bound_seconds": 120 }).to_string();
    let kept = Write::Meta { key: "in-force:acme".into(), value: kept };
    assert_eq!(judged(vec![kept], 86_400).await.0, 120);
}
