//! Holds and approvals: changed by one writer at a time, used once.

use lanyard_engine::ports::{Charge, Intent, Store, StoreFailure, Write};
use lanyard_model::{
    clearance::{ALL_BOOKINGS, Clearance, ClearanceKind, ClearanceState, GatedLine, bookings_to},
    id::{AccountId, PlanId},
    plan::Outcome,
};

use super::samples::{at, intent, put, site, who};

fn clearance(id: &str) -> Clearance {
    Clearance {
        id: id.into(),
        version: 0,
        kind: ClearanceKind::Approval,
        identity: who("ana"),
        person: "Ana Silva".into(),
        site: site(),
        rule: "executive-floor".into(),
        lines: vec![GatedLine { key: "role+:5:CUSTOMER".into(), what: "+ role".into() }],
        plan: PlanId::new("pln_1"),
        state: ClearanceState::Waiting,
        asked_at: at(1),
        until: Some(at(100)),
        demand: None,
        manager: None,
        votes: vec![],
        ended: None,
        over: false,
        spent: Default::default(),
    }
}

async fn kept(store: &dyn Store, id: &str) -> Clearance {
    store.clearance(id).await.unwrap().unwrap()
}

async fn granted(store: &dyn Store, id: &str) -> Clearance {
    put(store, vec![Write::Clearance(Box::new(clearance(id)))]).await;
    let waiting = kept(store, id).await;
    let granted = Clearance { state: ClearanceState::Granted, ..waiting };
    put(store, vec![Write::Clearance(Box::new(granted))]).await;
    kept(store, id).await
}

fn sent(id: &str, under: &str, seconds: i64) -> Vec<Write> {
    sent_with(id, under, "role+:5:CUSTOMER", seconds)
}

fn sent_with(id: &str, under: &str, line: &str, seconds: i64) -> Vec<Write> {
    let intent = Intent { id: id.into(), ..intent(id, "ana", at(seconds)) };
    let line = line.to_owned();
    let cleared =
        Write::Cleared { clearance: under.into(), lines: vec![line], intent: id.into(), at: at(seconds) };
    vec![cleared, Write::Intent(Box::new(intent))]
}

fn ended(id: &str, outcome: Outcome) -> Write {
    Write::Outcome { intent: id.into(), outcome, at: at(50) }
}

pub(super) async fn a_clearance_changes_once_per_version(store: &dyn Store) {
    put(store, vec![Write::Clearance(Box::new(clearance("c1")))]).await;
    let first = kept(store, "c1").await;
    assert_eq!(first, Clearance { version: 1, ..clearance("c1") });
    let again = store.write(vec![Write::Clearance(Box::new(clearance("c1")))]).await;
    assert_eq!(again, Err(StoreFailure::ClearanceChanged("c1".into())));
    let cancelled = Clearance { state: ClearanceState::Cancelled, ..first.clone() };
    put(store, vec![Write::Clearance(Box::new(cancelled))]).await;
    let late = Clearance { state: ClearanceState::Granted, ..first };
    let late = store.write(vec![Write::Clearance(Box::new(late))]).await;
    assert_eq!(late, Err(StoreFailure::ClearanceChanged("c1".into())), "cancelling is final");
    let state = async |state| store.clearances(state, 9).await.unwrap().len();
    assert_eq!(state(ClearanceState::Waiting).await, 0);
    assert_eq!(state(ClearanceState::Cancelled).await, 1);
    assert_eq!(store.clearances_of(&who("ana"), Some(&site())).await.unwrap().len(), 1);
    assert_eq!(store.clearances_of(&who("ana"), None).await.unwrap().len(), 1);
    assert_eq!(store.clearances_of(&who("bo"), None).await.unwrap().len(), 0);
}

pub(super) async fn of_what_is_over_the_last_comes_first(store: &dyn Store) {
    for id in ["asked-1", "asked-2", "asked-3", "waits"] {
        put(store, vec![Write::Clearance(Box::new(clearance(id)))]).await;
    }
    for (id, seconds) in [("asked-2", 20), ("asked-1", 30), ("asked-3", 10)] {
        let (state, ended) = (ClearanceState::Declined, Some((at(seconds), "no".into())));
        let declined = Clearance { state, ended, ..kept(store, id).await };
        put(store, vec![Write::Clearance(Box::new(declined))]).await;
    }
    let over = async |limit| -> Vec<String> {
        store.clearances_over(limit).await.unwrap().into_iter().map(|one| one.id).collect()
    };
    assert_eq!(over(9).await, ["asked-1", "asked-2", "asked-3"]);
    assert_eq!(over(1).await, ["asked-1"], "the last one, however many came before");
}

pub(super) async fn what_is_used_up_lets_nothing_go_again(store: &dyn Store) {
    granted(store, "c1").await;
    put(store, sent("i1", "c1", 10)).await;
    // What was not done may be tried again under the same word.
    put(store, vec![ended("i1", Outcome::NotDone { reason: "down".into() })]).await;
    put(store, sent("i2", "c1", 20)).await;
    put(store, vec![ended("i2", Outcome::Done { account: None, made: None })]).await;
    assert_eq!(kept(store, "c1").await.spent.len(), 1);
    let third = store.write(sent("i3", "c1", 30)).await;
    assert!(matches!(third, Err(StoreFailure::NotCleared { .. })), "{third:?}");
    assert_eq!(store.open_intents(None).await.unwrap().len(), 0, "the intent did not happen either");
}

pub(super) async fn a_hold_and_the_line_of_all_bookings_let_more_than_one_go(store: &dyn Store) {
    for (id, kind, key) in [
        ("h1", ClearanceKind::Hold, "deactivate"),
        ("a1", ClearanceKind::Approval, ALL_BOOKINGS),
        ("a2", ClearanceKind::Approval, &bookings_to(AccountId(7))),
    ] {
        let lines = vec![GatedLine { key: key.into(), what: "- it".into() }];
        let given = Clearance { kind, lines, state: ClearanceState::Granted, ..clearance(id) };
        put(store, vec![Write::Clearance(Box::new(given))]).await;
        for (place, seconds) in [10, 20].into_iter().enumerate() {
            let intent = format!("{id}.{place}");
            put(store, sent_with(&intent, id, key, seconds)).await;
            put(store, vec![ended(&intent, Outcome::Done { account: None, made: None })]).await;
        }
        assert!(kept(store, id).await.lets(key, at(30)), "{id}");
    }
}

pub(super) async fn what_was_taken_back_stops_its_intent(store: &dyn Store) {
    let kept = granted(store, "c1").await;
    let late = store.write(sent("i1", "c1", 100)).await;
    assert!(matches!(late, Err(StoreFailure::NotCleared { .. })), "it ran out: {late:?}");
    put(store, vec![Write::Clearance(Box::new(Clearance { state: ClearanceState::Declined, ..kept }))]).await;
    let refused = store.write(sent("i1", "c1", 10)).await;
    assert!(matches!(refused, Err(StoreFailure::NotCleared { .. })), "{refused:?}");
    // A pass lets one through a reached limit, and counts.
    let pass = Clearance { kind: ClearanceKind::Cap, state: ClearanceState::Granted, ..clearance("c2") };
    put(store, vec![Write::Clearance(Box::new(pass))]).await;
    let full = Charge { scope: "s".into(), unit: "ana".into(), window_seconds: 9, max: 0, pass: None };
    let charged = |charge: Charge| {
        let mut batch = sent("i4", "c2", 10);
        batch[1] = Write::Intent(Box::new(Intent { charge: Some(charge), ..intent("i4", "ana", at(10)) }));
        batch
    };
    let stopped = store.write(charged(full.clone())).await;
    assert!(matches!(stopped, Err(StoreFailure::CapReached { .. })), "{stopped:?}");
    put(store, charged(Charge { pass: Some("c2".into()), ..full.clone() })).await;
    assert_eq!(store.cap_used("s", at(1)).await.unwrap(), 1);
    // It lets nothing else of the same person through: only what was granted by the limit itself does.
    let beside = |id: &str, max: u64, seconds: i64| {
        let charge = Some(Charge { max, ..full.clone() });
        vec![Write::Intent(Box::new(Intent { charge, ..intent(id, "ana", at(seconds)) }))]
    };
    let stopped = store.write(beside("i5", 1, 11)).await;
    assert!(matches!(stopped, Err(StoreFailure::CapReached { used: 1, max: 1, .. })), "{stopped:?}");
    put(store, beside("i5", 2, 12)).await;
    put(store, beside("i6", 1, 13)).await;
}
