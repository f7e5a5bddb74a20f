//! The journal as others see it.

use lanyard_engine::ports::{ActivityFilter, Entry, Kept, Store, Write};
use lanyard_model::id::IdentityId;

use super::samples::{line, put, who};

fn titles(lines: &[Kept]) -> Vec<&str> {
    lines.iter().map(|kept| kept.entry.title.as_str()).collect()
}

pub(super) async fn lines_come_back_in_order_and_the_tree_grows(store: &dyn Store) {
    assert_eq!(store.verify_journal().await, Ok(None), "an empty journal is whole");
    let about_ana = Entry {
        identity: Some(who("ana")),
        site: Some("pier".into()),
        person: Some("Ana Silva".into()),
        detail: "desk 2-014".into(),
        data: serde_json::json!({"call": "PUT /users/7", "b": [1, 2.5, null], "a": true}),
        ..line("harborlight", "b")
    };
    let write = |entry: &Entry| Write::Journal(Box::new(entry.clone()));
    put(store, vec![write(&line("harborlight", "a")), write(&about_ana), write(&line("other", "c"))]).await;
    put(store, vec![write(&line("harborlight", "d"))]).await;

    let list = async |filter: ActivityFilter| store.activity(&filter).await.unwrap();
    let all = ActivityFilter { limit: 9, ..ActivityFilter::default() };
    let newest = list(all.clone()).await;
    assert_eq!(titles(&newest), ["d", "c", "b", "a"]);
    assert_eq!(newest[2].entry, about_ana);
    let (d, b) = (newest[0].seq, newest[2].seq);
    let before = list(ActivityFilter { before: Some(d), limit: 2, ..all.clone() }).await;
    assert_eq!(titles(&before), ["c", "b"]);
    let after = list(ActivityFilter { after: Some(b), ..all.clone() }).await;
    assert_eq!(titles(&after), ["c", "d"]);
    let ours = list(ActivityFilter { tenant: Some("harborlight".into()), ..all.clone() }).await;
    assert_eq!(titles(&ours), ["d", "b", "a"]);
    let hers = list(ActivityFilter { identity: Some(who("ana")), ..all.clone() }).await;
    assert_eq!(titles(&hers), ["b"]);
    let nobody = IdentityId::new("other".into(), "ana");
    assert!(list(ActivityFilter { identity: Some(nobody), ..all }).await.is_empty());

    let heads = store.tree_heads().await.unwrap();
    let sizes: Vec<_> = heads.iter().map(|head| (head.tenant.as_str(), head.size)).collect();
    assert_eq!(sizes, [("harborlight", 3), ("other", 1)]);
    assert_eq!(store.verify_journal().await, Ok(None));
}

pub(super) async fn what_people_did_is_found_among_what_the_engine_did(store: &dyn Store) {
    let of = |tenant: &str, kind: &str, title: &str, data: serde_json::Value| {
        let entry = Entry { kind: kind.into(), data, ..line(tenant, title) };
        Write::Journal(Box::new(entry))
    };
    let by = serde_json::json!({ "by": "olga" });
    put(
        store,
        vec![
            of("harborlight", "access", "olga signed in", serde_json::Value::Null),
            of(
                "harborlight",
                "finding",
                "an orphan was found",
                serde_json::json!({ "key": "orphan:pier:9" }),
            ),
            of("harborlight", "finding", "put away: orphan", by.clone()),
            of("harborlight", "link", "Ana Silva and account pier/7", serde_json::Value::Null),
            of("other", "link", "olga says that account 7 is theirs", serde_json::Value::Null),
            of("harborlight", "breach", "account verified gone too late", serde_json::Value::Null),
            of("harborlight", "breach", "olga answers for a late leaver", by),
        ],
    )
    .await;
    // More than are read for one answer.
    put(
        store,
        (0..5_000)
            .map(|n| of("harborlight", "decision", &format!("look {n}"), serde_json::Value::Null))
            .collect(),
    )
    .await;
    let people = ActivityFilter { of_people: true, limit: 9, ..ActivityFilter::default() };
    let newest = store.activity(&people).await.unwrap();
    let answers = [
        "olga answers for a late leaver",
        "olga says that account 7 is theirs",
        "put away: orphan",
        "olga signed in",
    ];
    assert_eq!(titles(&newest), answers);
    let next = ActivityFilter { before: Some(newest[1].seq), ..people.clone() };
    assert_eq!(titles(&store.activity(&next).await.unwrap()), answers[2..]);
    let oldest = ActivityFilter { after: Some(0), tenant: Some("harborlight".into()), ..people };
    assert_eq!(
        titles(&store.activity(&oldest).await.unwrap()),
        ["olga signed in", "put away: orphan", "olga answers for a late leaver"]
    );
}
