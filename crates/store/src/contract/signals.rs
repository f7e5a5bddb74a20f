//! Events from hook and feed.

use std::time::Duration;

use jiff::Timestamp;
use lanyard_engine::ports::{
    Charge, FeedCursor, Intent, Ledger, Memberships, Store, StoreFailure, Write, Wrote,
};
use lanyard_model::{
    id::{GroupId, IdentityId},
    signal::{Actor, Event, Lane, Membership, Source},
};

use super::samples::{at, claim, event, intent, line, person, put, tenant, users, who};

fn signals(source: Source, events: Vec<Event>, now: Timestamp) -> Write {
    Write::Signals {
        tenant: tenant(),
        source,
        delivery: None,
        events,
        cursor: None,
        at: now,
        coalesce: Duration::from_secs(2),
    }
}

fn seen(new: usize, repeated: usize, people: &[&str]) -> Wrote {
    let people: Vec<IdentityId> = people.iter().map(|user| who(user)).collect();
    Wrote::Signals { new, repeated, people }
}

pub(super) async fn the_same_event_counts_once_whichever_way_it_comes(store: &dyn Store) {
    let (a, b) = (event("a", &["ana"], Lane::Normal), event("b", &["bo"], Lane::Normal));
    let hook = put(store, vec![signals(Source::Hook, vec![a.clone(), a.clone()], at(1))]).await;
    assert_eq!(hook, [seen(1, 1, &["ana"])]);
    let feed = put(store, vec![signals(Source::Feed, vec![a.clone(), b.clone()], at(2))]).await;
    assert_eq!(feed, [seen(1, 1, &["bo"])], "a known event raises nobody again");
    put(store, vec![signals(Source::Feed, vec![a, b], at(3))]).await;
    let ledger = store.ledger(&tenant()).await.unwrap();
    let expected =
        Ledger { both: 1, hook_only: 0, feed_only: 1, last_hook_at: Some(at(1)), last_feed_at: Some(at(3)) };
    assert_eq!(ledger, expected);
    assert_eq!(users(&claim(store, at(9), 9).await), ["ana", "bo"]);
}

pub(super) async fn a_repeated_delivery_is_only_counted(store: &dyn Store) {
    let pushed = |uuid: &str, now| Write::Signals {
        tenant: tenant(),
        source: Source::Hook,
        delivery: Some("dlv1".into()),
        events: vec![event(uuid, &["ana"], Lane::Normal)],
        cursor: None,
        at: now,
        coalesce: Duration::ZERO,
    };
    assert_eq!(put(store, vec![pushed("a", at(1))]).await, [seen(1, 0, &["ana"])]);
    assert_eq!(put(store, vec![pushed("a", at(5))]).await, [seen(0, 1, &[])]);
    let ledger = store.ledger(&tenant()).await.unwrap();
    assert_eq!((ledger.hook_only, ledger.last_hook_at), (1, Some(at(5))));
}

pub(super) async fn a_group_event_concerns_its_mirrored_members(store: &dyn Store) {
    let mirror = |user: &str, groups: &[&str]| Write::Identity {
        identity: Box::new(person(user, user, groups)),
        keys: Vec::new(),
        at: at(0),
    };
    put(store, vec![mirror("ana", &["g1", "g2"]), mirror("bo", &["g2"]), mirror("cy", &["g1"])]).await;
    let renamed = Event { groups: vec![GroupId::new("g1")], ..event("a", &["dee"], Lane::Bulk) };
    let wrote = put(store, vec![signals(Source::Feed, vec![renamed], at(1))]).await;
    assert_eq!(wrote, [seen(1, 0, &["ana", "cy", "dee"])]);
}

pub(super) async fn bursts_coalesce_but_leavers_do_not_wait(store: &dyn Store) {
    let burst = vec![event("a", &["ana"], Lane::Normal), event("b", &["ana", "bo"], Lane::Normal)];
    put(store, vec![signals(Source::Hook, burst, at(10))]).await;
    assert_eq!(store.next_due().await, Ok(Some(at(12))));
    put(store, vec![signals(Source::Hook, vec![event("c", &["bo"], Lane::Leaver)], at(11))]).await;
    let leaver = claim(store, at(11), 9).await;
    assert_eq!(users(&leaver), ["bo"]);
    // A read may be behind the event of a leave, and how far is counted from when that one was heard.
    assert_eq!((leaver[0].lane, leaver[0].raised_at, leaver[0].generation), (Lane::Leaver, at(11), 2));
    let ana = claim(store, at(12), 9).await;
    assert_eq!((users(&ana), ana[0].generation), (vec!["ana"], 1), "a burst in one batch is one call");
    assert_eq!((ana[0].source, ana[0].why.as_str()), (Source::Hook, "user.lifecycle.deactivate"));
}

pub(super) async fn the_cursor_moves_with_its_events(store: &dyn Store) {
    assert_eq!(store.feed_cursor(&tenant()).await, Ok(None));
    let deleted = Event { deletion: true, ..event("a", &["ana"], Lane::Leaver) };
    let page = |cursor: &str| Write::Signals {
        tenant: tenant(),
        source: Source::Feed,
        delivery: None,
        events: vec![deleted.clone()],
        cursor: Some(FeedCursor::At(cursor.into())),
        at: at(1),
        coalesce: Duration::ZERO,
    };
    let refused = Write::Outcome {
        intent: "nobody knows it".into(),
        outcome: lanyard_model::plan::Outcome::NotDone { reason: "x".into() },
        at: at(1),
    };
    assert!(store.write(vec![page("n1"), refused]).await.is_err());
    assert_eq!(store.feed_cursor(&tenant()).await, Ok(None), "the cursor falls with its batch");
    assert_eq!(store.deletion_seen(&who("ana")).await, Ok(false));
    put(store, vec![page("n2")]).await;
    assert_eq!(store.feed_cursor(&tenant()).await, Ok(Some(FeedCursor::At("n2".into()))));
    assert_eq!(store.deletion_seen(&who("ana")).await, Ok(true));
    assert_eq!(store.deletion_seen(&who("bo")).await, Ok(false));
}

pub(super) async fn changes_of_memberships_go_with_their_time(store: &dyn Store) {
    let change = |uuid: &str, seconds: i64| {
        let by = Actor { id: "bo".into(), name: "BO".into(), kind: "User".into() };
        let joined = Event {
            membership: Some(Membership { group: GroupId::new(uuid), joined: true, by }),
            ..event(uuid, &["ana"], Lane::Normal)
        };
        signals(Source::Feed, vec![joined], at(seconds))
    };
    put(store, vec![change("g1", 1), change("g2", 5), change("g3", 9)]).await;
    let gone = |seconds| {
        let told = vec![line("harborlight", "let go of"), line("annex", "let go of")];
        vec![Write::PastGone { before: at(seconds), told }]
    };
    let lines = async || store.tree_heads().await.unwrap().iter().map(|head| head.size).collect::<Vec<_>>();
    assert_eq!(put(store, gone(5)).await, [Wrote::Gone { memberships: 1, findings: 0 }]);
    let left = store.memberships(&who("ana")).await.unwrap();
    let groups: Vec<_> = left.changes.iter().map(|change| change.group.as_str()).collect();
    assert_eq!((groups, left.since), (vec!["g3", "g2"], Some(at(5))), "kept since then");
    assert_eq!(lines().await, [1, 1], "each journal says so");
    assert_eq!(put(store, gone(5)).await, [Wrote::Gone { memberships: 0, findings: 0 }]);
    assert_eq!(lines().await, [1, 1], "nothing went, nothing is said");
    // What becomes of the batch becomes of both: what goes and what is said of it.
    let cap = Charge { scope: "none".into(), unit: "ana".into(), window_seconds: 10, max: 0, pass: None };
    let refused = Intent { charge: Some(cap), ..intent("i1", "ana", at(1)) };
    let batch = gone(99).into_iter().chain([Write::Intent(Box::new(refused))]).collect();
    assert!(matches!(store.write(batch).await, Err(StoreFailure::CapReached { .. })));
    assert_eq!((store.memberships(&who("ana")).await.unwrap().changes.len(), lines().await), (2, vec![1, 1]));
    assert_eq!(put(store, gone(99)).await, [Wrote::Gone { memberships: 2, findings: 0 }]);
    assert_eq!(store.memberships(&who("ana")).await, Ok(Memberships::default()));
}

pub(super) async fn who_changed_a_membership_is_found_by_person_and_erased_with_them(store: &dyn Store) {
    let none = Memberships::default();
    assert_eq!(store.memberships(&who("ana")).await, Ok(none.clone()));
    let by = |id: &str| Actor { id: id.into(), name: id.to_uppercase().as_str().into(), kind: "User".into() };
    let change = |uuid: &str, joined: bool, actor: &str| Event {
        membership: Some(Membership { group: GroupId::new("g1"), joined, by: by(actor) }),
        ..event(uuid, &["ana"], Lane::Normal)
    };
    put(store, vec![signals(Source::Hook, vec![change("a", true, "bo")], at(1))]).await;
    let more = vec![change("a", true, "bo"), change("b", false, "dee")];
    put(store, vec![signals(Source::Feed, more, at(2))]).await;
    let found = store.memberships(&who("ana")).await.unwrap();
    let said: Vec<_> =
        found.changes.iter().map(|change| (change.joined, change.by.name.to_string(), change.at)).collect();
    assert_eq!(said, [(false, "DEE".to_owned(), at(-1)), (true, "BO".to_owned(), at(-1))], "once each");
    assert_eq!(found.since, Some(at(1)));
    let other = store.memberships(&who("bo")).await.unwrap();
    assert_eq!((other.changes.len(), other.since), (0, Some(at(1))));
    put(store, vec![Write::Erase { identity: who("bo") }]).await;
    let left = store.memberships(&who("ana")).await.unwrap().changes;
    assert_eq!((&*left[0].by.name, &*left[1].by.name), ("DEE", "erased"));
    put(store, vec![Write::Erase { identity: who("ana") }]).await;
    assert_eq!(store.memberships(&who("ana")).await, Ok(none));
}
