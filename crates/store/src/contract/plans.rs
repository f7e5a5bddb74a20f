//! Plans, intents, caps, and what is kept by name.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use lanyard_engine::ports::{
    Charge, Finding, Intent, Leaver, Message, OpenIntent, Severity, Store, StoreFailure, SweepRecord, Swept,
    Write,
};
use lanyard_model::{
    account::Role,
    coverage::{Certificate, Evidence, ReadKind},
    id::{CenterId, PlanId, SiteId, TenantId},
    plan::{AccountPatch, Gate, Operation, Outcome, Step},
};

use super::samples::{at, intent, line, plan, put, site, who};

fn done() -> Outcome {
    Outcome::Done { account: None, made: Some(4) }
}

fn outcome(intent: &str, outcome: Outcome, at: Timestamp) -> Write {
    Write::Outcome { intent: intent.into(), outcome, at }
}

fn finding(key: &str, kind: &str, severity: Severity) -> Write {
    Write::Finding(Box::new(Finding {
        key: key.into(),
        kind: kind.into(),
        severity,
        tenant: None,
        site: Some(site()),
        identity: None,
        title: key.into(),
        detail: String::new(),
        fix: None,
        count: None,
        since: at(1),
    }))
}

pub(super) async fn a_plan_and_its_intents_come_back_as_they_were(store: &dyn Store) {
    let mut first = plan("pln_1", "ana", at(1));
    let patch = AccountPatch { seat: Some(None), ..AccountPatch::default() };
    for op in
        [Operation::SetRoles { roles: [(CenterId(5), Role::Manager)].into() }, Operation::Update { patch }]
    {
        first.steps.push(Step { op, differences: Vec::new(), destructive: true, gate: Gate::Open });
    }
    let again = plan("pln_1", "ana", at(9));
    let second = plan("pln_2", "bo", at(2));
    put(store, [&first, &again, &second].map(|plan| Write::Plan(Arc::new(plan.clone()))).to_vec()).await;
    assert_eq!(store.plan(&first.id).await.unwrap(), Some(first.clone()), "the first of its id stays");
    assert_eq!(store.plans(None, 9).await.unwrap(), [second, first.clone()], "newest first");
    assert_eq!(store.plans(Some(&who("ana")), 9).await.unwrap(), [first.clone()]);
    assert_eq!(store.newest_plan(&who("ana"), &first.site).await.unwrap(), Some(first.clone()));
    assert_eq!(store.newest_plan(&who("ana"), &SiteId::new("elsewhere")).await.unwrap(), None);

    let of_step = |id: &str, step: usize| Intent {
        step,
        operation: first.steps[step].op.clone(),
        ..intent(id, "ana", at(3))
    };
    put(store, vec![Write::Intent(Box::new(of_step("i2", 1))), Write::Intent(Box::new(of_step("i1", 0)))])
        .await;
    put(store, vec![outcome("i1", done(), at(4))]).await;
    put(store, vec![outcome("i1", Outcome::NotDone { reason: "late".into() }, at(5))]).await;
    let kept = store.intents(&first.id).await.unwrap();
    assert_eq!(kept, [(of_step("i1", 0), Some(done())), (of_step("i2", 1), None)]);
    let open = [OpenIntent { intent: of_step("i2", 1) }];
    assert_eq!(store.open_intents(Some(&who("ana"))).await.unwrap(), open);
    assert_eq!(store.open_intents(None).await.unwrap(), open);
    assert_eq!(store.open_intents(Some(&who("bo"))).await.unwrap(), []);
    let twice = store.write(vec![Write::Intent(Box::new(of_step("i1", 0)))]).await;
    assert!(matches!(twice, Err(StoreFailure::Damaged(_))), "an intent's id is used once: {twice:?}");
    put(store, vec![Write::Verified { plan: PlanId::new("pln_1"), at: at(6), open: vec!["seat".into()] }])
        .await;
}

pub(super) async fn what_was_sent_for_one_person_is_found_among_what_was_for_others(store: &dyn Store) {
    let of = |id: &str, of_plan: &str, who: &str, seconds: i64| Intent {
        plan: PlanId::new(of_plan),
        ..intent(id, who, at(seconds))
    };
    let plans = [("pln_1", "ana"), ("pln_2", "ana"), ("pln_3", "bo")];
    put(store, plans.map(|(id, who)| Write::Plan(Arc::new(plan(id, who, at(1))))).to_vec()).await;
    let first = of("i1", "pln_2", "ana", 3);
    let others: Vec<_> = (0..50).map(|n| of(&format!("b{n:02}"), "pln_3", "bo", 4)).collect();
    let (second, third) = (of("i2", "pln_1", "ana", 5), of("i3", "pln_2", "ana", 5));
    let all = [third.clone(), second.clone()].into_iter().chain(others).chain([first.clone()]);
    put(store, all.map(|intent| Write::Intent(Box::new(intent))).collect()).await;
    put(store, vec![outcome("i2", done(), at(6))]).await;
    let found = store.intents_of(&who("ana"), at(0), 9).await.unwrap();
    assert_eq!(found, [(first.clone(), None), (second.clone(), Some(done())), (third.clone(), None)]);
    assert_eq!(store.intents_of(&who("ana"), at(0), 1).await.unwrap(), [(first, None)], "the oldest");
    let later = store.intents_of(&who("ana"), at(5), 9).await.unwrap();
    assert_eq!(later, [(second, Some(done())), (third, None)]);
    assert_eq!(store.intents_of(&who("cy"), at(0), 9).await.unwrap(), []);
}

pub(super) async fn a_cap_counts_each_unit_once_in_every_window(store: &dyn Store) {
    let charged = |id: &str, unit: &str, seconds: i64| {
        let charge =
            Charge { scope: "pier".into(), unit: unit.into(), window_seconds: 100, max: 2, pass: None };
        Write::Intent(Box::new(Intent { charge: Some(charge), ..intent(id, unit, at(seconds)) }))
    };
    let full = Err(StoreFailure::CapReached { scope: "pier".into(), used: 2, max: 2 });
    put(store, vec![charged("1", "ana", 0), charged("2", "bo", 10)]).await;
    assert_eq!(store.write(vec![charged("3", "cy", 20)]).await, full);
    put(store, vec![charged("4", "ana", 50)]).await; // Free: she is in the window already.
    assert_eq!(store.write(vec![charged("5", "cy", 99)]).await, full);
    assert_eq!(store.write(vec![charged("6", "cy", 105)]).await, full, "ana was touched again at 50");
    put(store, vec![charged("7", "cy", 110)]).await; // Bo's charge is exactly one window old.
    let set_back = store.write(vec![charged("8", "dee", 60)]).await;
    assert_eq!(
        set_back,
        Err(StoreFailure::CapReached { scope: "pier".into(), used: 3, max: 2 }),
        "a clock set back makes no room"
    );
    assert_eq!(store.cap_used("pier", at(50)).await, Ok(2));
    assert_eq!(store.cap_used("annex", at(0)).await, Ok(0));
}

pub(super) async fn a_batch_happens_whole_or_not_at_all(store: &dyn Store) {
    let cap = Charge { scope: "none".into(), unit: "ana".into(), window_seconds: 10, max: 0, pass: None };
    let refused = Intent { charge: Some(cap), ..intent("i1", "ana", at(1)) };
    let batch = vec![
        Write::Count { name: "hooks.quarantined".into(), by: 2 },
        Write::Journal(Box::new(line("harborlight", "never happened"))),
        Write::Plan(Arc::new(plan("pln_1", "ana", at(1)))),
        Write::Intent(Box::new(refused)),
    ];
    let answer = store.write(batch).await;
    assert_eq!(answer, Err(StoreFailure::CapReached { scope: "none".into(), used: 0, max: 0 }));
    assert_eq!(store.count("hooks.quarantined").await, Ok(0));
    assert_eq!(store.plans(None, 9).await, Ok(Vec::new()));
    assert_eq!(store.tree_heads().await, Ok(Vec::new()));
}

/// Whatever a store remembers of open findings and of the journal's end, a refused batch leaves it as it was.
pub(super) async fn a_refused_batch_is_forgotten(store: &dyn Store) {
    let finding = |key: &str| finding(key, "orphan", Severity::Warning);
    let over = |key: &str| Write::FindingOver { key: key.into(), at: at(2) };
    let entry = |title: &str| Write::Journal(Box::new(line("harborlight", title)));
    let open = async || {
        let mut keys: Vec<_> = store.findings(9).await.unwrap().into_iter().map(|f| f.key).collect();
        keys.sort();
        keys
    };
    put(store, vec![finding("orphan:a"), finding("orphan:b"), entry("first")]).await;
    let cap = Charge { scope: "none".into(), unit: "ana".into(), window_seconds: 10, max: 0, pass: None };
    let refused = Intent { charge: Some(cap), ..intent("i1", "ana", at(1)) };
    let except = Write::FindingsOverExcept { prefix: "orphan:".into(), keep: Vec::new(), at: at(2) };
    let batch =
        vec![over("orphan:a"), finding("orphan:c"), except, entry("never"), Write::Intent(Box::new(refused))];
    assert!(matches!(store.write(batch).await, Err(StoreFailure::CapReached { .. })));
    assert_eq!(open().await, ["orphan:a", "orphan:b"]);

    put(store, vec![over("orphan:a"), over("orphan:c"), finding("orphan:c"), entry("second")]).await;
    assert_eq!(open().await, ["orphan:b", "orphan:c"]);
    let except =
        Write::FindingsOverExcept { prefix: "orphan:".into(), keep: vec!["orphan:b".into()], at: at(3) };
    put(store, vec![except, entry("third")]).await;
    assert_eq!(open().await, ["orphan:b"]);
    assert_eq!(store.tree_heads().await.unwrap()[0].size, 3);
    assert_eq!(store.verify_journal().await, Ok(None));
}

pub(super) async fn operations_are_counted_by_time(store: &dyn Store) {
    let refused = || Outcome::Refused { code: "400".into(), text: "no".into(), fix: "x".into() };
    for (id, result, seconds) in
        [("a", done(), 5), ("b", refused(), 61), ("c", done(), 119), ("d", done(), 300), ("e", done(), -1)]
    {
        let intent = Write::Intent(Box::new(intent(id, "ana", at(0))));
        put(store, vec![intent, outcome(id, result, at(seconds))]).await;
    }
    let rates = store.operation_rates(None, at(0), Duration::from_secs(60)).await.unwrap();
    assert_eq!(rates, [(at(0), 1, 0), (at(60), 1, 1), (at(300), 1, 0)]);
    let tenant = who("ana").tenant;
    let own = store.operation_rates(Some(&tenant), at(0), Duration::from_secs(60)).await.unwrap();
    assert_eq!(own, rates, "all of it was for people of this tenant");
    let other = TenantId::new("elsewhere");
    let none = store.operation_rates(Some(&other), at(0), Duration::from_secs(60)).await.unwrap();
    assert_eq!(none, [], "nothing of it for those of another");
}

pub(super) async fn leaver_clocks_start_once(store: &dyn Store) {
    let seen = |user: &str, since, seen_at| Write::LeaverSeen {
        identity: who(user),
        site: site(),
        since: at(since),
        seen_at: at(seen_at),
    };
    put(store, vec![seen("ana", 1, 2), seen("bo", 3, 4), seen("cy", 5, 6), seen("ana", 7, 8)]).await;
    put(store, vec![Write::LeaverVerified { identity: who("bo"), site: site(), at: at(9) }]).await;
    put(store, vec![Write::LeaverCancelled { identity: who("cy"), site: site(), at: at(9) }]).await;
    let clock = |user: &str, since, seen_at, verified_at| Leaver {
        identity: who(user),
        site: site(),
        since: at(since),
        seen_at: at(seen_at),
        verified_at,
        returned_at: None,
    };
    assert_eq!(store.leavers(true, 9).await.unwrap(), [clock("ana", 1, 2, None)]);
    let all = store.leavers(false, 9).await.unwrap();
    assert_eq!(all, [clock("bo", 3, 4, Some(at(9))), clock("ana", 1, 2, None)]);
}

pub(super) async fn late_leavers_are_those_not_out_within_the_bound(store: &dyn Store) {
    let seen = |user: &str, since| Write::LeaverSeen {
        identity: who(user),
        site: site(),
        since: at(since),
        seen_at: at(since + 1),
    };
    let verified =
        |user: &str, seconds| Write::LeaverVerified { identity: who(user), site: site(), at: at(seconds) };
    let returned =
        |user: &str, seconds| Write::LeaverCancelled { identity: who(user), site: site(), at: at(seconds) };
    let clock = |user: &str, since, verified_at| Leaver {
        identity: who(user),
        site: site(),
        since: at(since),
        seen_at: at(since + 1),
        verified_at,
        returned_at: None,
    };
    put(store, vec![seen("ana", 10), seen("bo", 20), seen("cy", 30), seen("di", 40), seen("ed", 50)]).await;
    put(store, vec![verified("bo", 25), verified("cy", 90), verified("di", 100)]).await;
    // Di was out late and came back; Ed came back without having been out, 40 s after his right had ended.
    put(store, vec![returned("di", 200), returned("ed", 90)]).await;
    let late = async |since, bound, now| {
        store.late_leavers(at(since), Duration::from_secs(bound), at(now), 9).await.unwrap()
    };
    let (ana, cy) = (clock("ana", 10, None), clock("cy", 30, Some(at(90))));
    let di = Leaver { returned_at: Some(at(200)), ..clock("di", 40, Some(at(100))) };
    let ed = Leaver { returned_at: Some(at(90)), ..clock("ed", 50, None) };
    assert_eq!(late(0, 30, 300).await, [ed.clone(), di.clone(), cy.clone(), ana.clone()]);
    assert_eq!(late(0, 40, 300).await, [di.clone(), cy.clone(), ana.clone()], "back within the bound");
    assert_eq!(late(0, 60, 300).await, std::slice::from_ref(&ana), "just within the bound is in time");
    assert_eq!(
        late(0, 30, 40).await,
        [ed.clone(), di.clone(), cy.clone()],
        "a running clock is late when the bound is over"
    );
    assert_eq!(late(45, 30, 300).await, std::slice::from_ref(&ed));
    assert_eq!(
        store.late_leavers(at(0), Duration::ZERO, at(300), 1).await.unwrap(),
        std::slice::from_ref(&ed)
    );
    put(store, vec![seen("di", 250)]).await;
    let clocks = store.leaver_clocks(&who("di"), &site()).await.unwrap();
    assert_eq!(clocks, [clock("di", 250, None), di]);
    assert_eq!(store.leaver_clocks(&who("ed"), &site()).await.unwrap(), [ed]);
}

pub(super) async fn clocks_that_run_are_read_on_and_on_the_longest_first(store: &dyn Store) {
    let seen = |user: &str, since, seen_at| Write::LeaverSeen {
        identity: who(user),
        site: site(),
        since: at(since),
        seen_at: at(seen_at),
    };
    put(store, vec![seen("ana", 30, 31), seen("bo", 10, 11), seen("cy", 10, 12), seen("di", 20, 90)]).await;
    put(store, vec![seen("ed", 5, 6), seen("flo", 40, 41)]).await;
    put(store, vec![Write::LeaverVerified { identity: who("ed"), site: site(), at: at(50) }]).await;
    let page = async |by: i64, after: Option<&Leaver>| store.leavers_running(at(by), after, 2).await.unwrap();
    let users = |page: &[Leaver]| -> Vec<String> {
        page.iter().map(|leaver| leaver.identity.user.to_string()).collect()
    };
    let first = page(60, None).await;
    assert_eq!(users(&first), ["bo", "cy"], "not who is out");
    let second = page(60, first.last()).await;
    assert_eq!(users(&second), ["ana", "flo"], "nor who was only seen later");
    assert_eq!(users(&page(60, second.last()).await), [""; 0]);
    assert_eq!(users(&page(90, first.last()).await), ["di", "ana"]);
    assert_eq!(users(&page(11, None).await), ["bo"]);
}

pub(super) async fn open_findings_are_counted_as_they_are_after_each_batch(store: &dyn Store) {
    let counted = async || {
        let counts = store.finding_counts().await.unwrap();
        counts
            .into_iter()
            .map(|(kind, severity, count)| format!("{count} {kind} {severity:?}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (warning, error) = (Severity::Warning, Severity::Error);
    assert_eq!(counted().await, "");
    put(store, vec![finding("a", "orphan", warning), finding("b", "orphan", warning)]).await;
    put(
        store,
        vec![finding("a", "orphan", warning), finding("c", "orphan", error), finding("d", "todo", error)],
    )
    .await;
    assert_eq!(counted().await, "2 orphan Warning, 1 orphan Error, 1 todo Error", "each key once");
    let over = |key: &str| Write::FindingOver { key: key.into(), at: at(2) };
    put(store, vec![finding("a", "orphan", error), over("d")]).await;
    assert_eq!(counted().await, "1 orphan Warning, 2 orphan Error", "as grave as it was last said to be");
    // What is refused is not counted, nor what a note about something put away says.
    let cap = Charge { scope: "none".into(), unit: "ana".into(), window_seconds: 10, max: 0, pass: None };
    let refused = Write::Intent(Box::new(Intent { charge: Some(cap), ..intent("i1", "ana", at(1)) }));
    assert!(store.write(vec![finding("e", "todo", error), over("a"), refused]).await.is_err());
    assert_eq!(counted().await, "1 orphan Warning, 2 orphan Error");
    let closed =
        Write::FindingClosed { key: "b".into(), by: "x".into(), reason: "y".into(), at: at(3), until: None };
    put(store, vec![closed]).await;
    assert_eq!(counted().await, "2 orphan Error");
    put(store, vec![over("a"), over("c")]).await;
    assert_eq!(counted().await, "");
}

pub(super) async fn only_findings_that_changed_are_told(store: &dyn Store) {
    let (warning, error) = (Severity::Warning, Severity::Error);
    let over = |key: &str| Write::FindingOver { key: key.into(), at: at(2) };
    let told = async |since: Option<u64>, limit| {
        let changed = store.findings_changed(since, limit).await.unwrap();
        let is_open = |finding: &Option<Finding>| if finding.is_some() { "open" } else { "over" };
        let keys = changed.findings.iter().map(|(key, finding)| format!("{key} {}", is_open(finding)));
        (
            changed.number,
            if changed.whole { "all: " } else { "" }.to_owned() + &keys.collect::<Vec<_>>().join(", "),
        )
    };
    let first =
        vec![finding("a", "orphan", warning), finding("b", "orphan", warning), finding("c", "todo", error)];
    put(store, first.clone()).await;
    let (number, all) = told(None, 9).await;
    assert_eq!(all, "all: c open, b open, a open", "worst first");
    assert_eq!(told(Some(number), 9).await, (number, String::new()));
    put(store, first).await;
    assert_eq!(told(Some(number), 9).await, (number, String::new()), "raised again as they were");
    put(store, vec![over("a"), finding("b", "orphan", error), finding("d", "todo", warning), over("e")])
        .await;
    let (later, changed) = told(Some(number), 9).await;
    assert_eq!(changed, "a over, b open, d open");
    assert_eq!(told(Some(later), 9).await, (later, String::new()));
    assert_eq!(told(Some(number), 2).await.1, "all: c open, b open", "more than were asked for");
    // What begins anew within one batch is another one; what was put away is over.
    let closed =
        Write::FindingClosed { key: "d".into(), by: "x".into(), reason: "y".into(), at: at(3), until: None };
    put(store, vec![over("b"), finding("b", "orphan", error), closed]).await;
    let (last, changed) = told(Some(later), 9).await;
    assert_eq!(changed, "b open, d over");
    let cap = Charge { scope: "none".into(), unit: "ana".into(), window_seconds: 10, max: 0, pass: None };
    let refused = Write::Intent(Box::new(Intent { charge: Some(cap), ..intent("i1", "ana", at(1)) }));
    assert!(store.write(vec![over("b"), refused]).await.is_err());
    assert_eq!(told(Some(last), 9).await, (last, String::new()), "what is refused changes nothing");
    assert_eq!(told(Some(last + 1), 9).await.1, "all: c open, b open", "nobody was told of that number");
}

pub(super) async fn messages_of_one_route_hide_those_of_no_other(store: &dyn Store) {
    let message = |id: &str, route: &str, seconds| {
        Write::Message(Box::new(Message {
            id: id.into(),
            route: route.into(),
            subject: "s".into(),
            text: "t".into(),
            at: at(seconds),
            attempts: 0,
            data: None,
        }))
    };
    put(store, (0..9).map(|n| message(&format!("dead{n}"), "dead", n)).collect()).await;
    put(store, vec![message("live1", "live", 20), message("live2", "live", 21)]).await;
    let due = async |seconds| {
        let due = store.messages_due(at(seconds), 2).await.unwrap();
        due.into_iter().map(|message| format!("{} {}", message.id, message.attempts)).collect::<Vec<_>>()
    };
    assert_eq!(due(30).await, ["dead0 0", "dead1 0", "live1 0", "live2 0"]);
    let held = |id: &str, until: Option<i64>| Write::MessageHeld {
        id: id.into(),
        until: until.map(at),
        why: "it takes nothing".into(),
    };
    put(store, vec![held("dead0", Some(50)), held("dead1", None)]).await;
    assert_eq!(due(30).await, ["dead2 0", "dead3 0", "live1 0", "live2 0"], "what was put off is not due");
    let of = async |id: &str| {
        let all = store.messages(99).await.unwrap();
        let one = all.into_iter().find(|message| message.id == id).unwrap();
        (one.attempts, one.next, one.error)
    };
    let why = Some("it takes nothing".to_owned());
    assert_eq!(of("dead0").await, (0, Some(at(50)), why.clone()), "it counts no try");
    assert_eq!(of("dead1").await, (0, None, why), "given up");
    let sent = Write::MessageTried { id: "live1".into(), at: at(31), result: Ok(()), next: None };
    put(store, vec![sent, held("live1", Some(60))]).await;
    assert_eq!(of("live1").await, (1, None, None), "what was delivered stays so");
    let waiting = async |route: &str| {
        let all = store.messages_waiting(route, 9).await.unwrap();
        all.into_iter().map(|(message, due)| (message.id, due)).collect::<Vec<_>>()
    };
    assert_eq!(waiting("live").await, [("live2".to_owned(), at(21))], "neither delivered nor given up");
    let dead = waiting("dead").await;
    assert_eq!((dead.len(), dead.last()), (8, Some(&("dead0".to_owned(), at(50)))), "due or not");
    assert_eq!((store.messages_open(99).await, store.messages_open(1).await), (Ok(10), Ok(1)));
}

pub(super) async fn findings_messages_certificates_sweeps_and_counters(store: &dyn Store) {
    let finding = |key: &str, severity, seconds| Finding {
        key: key.into(),
        kind: "orphan".into(),
        severity,
        tenant: None,
        site: Some(site()),
        identity: None,
        title: format!("{key} at {seconds}"),
        detail: String::new(),
        fix: None,
        count: None,
        since: at(seconds),
    };
    let find = |key, severity, seconds| Write::Finding(Box::new(finding(key, severity, seconds)));
    let (warning, error) = (Severity::Warning, Severity::Error);
    put(store, vec![find("orphan:1", warning, 1), find("orphan:2", error, 2), find("todo:1", warning, 3)])
        .await;
    put(store, vec![find("orphan:1", warning, 9)]).await;
    let titles = |found: Vec<Finding>| found.into_iter().map(|f| (f.title, f.since)).collect::<Vec<_>>();
    let list = titles(store.findings(9).await.unwrap());
    let expect = |title: &str, since| (title.to_owned(), at(since));
    let expected = [expect("orphan:2 at 2", 2), expect("todo:1 at 3", 3), expect("orphan:1 at 9", 1)];
    assert_eq!(list, expected, "worst first; an update keeps its beginning");
    let over =
        Write::FindingsOverExcept { prefix: "orphan:".into(), keep: vec!["orphan:2".into()], at: at(10) };
    put(store, vec![over, Write::FindingOver { key: "todo:1".into(), at: at(10) }]).await;
    assert_eq!(titles(store.findings(9).await.unwrap()), [expect("orphan:2 at 2", 2)]);
    put(store, vec![find("orphan:1", error, 11)]).await;
    assert_eq!(titles(store.findings(1).await.unwrap()), [expect("orphan:1 at 11", 11)], "it begins anew");

    let message = |id: &str, seconds| Message {
        id: id.into(),
        route: "it".into(),
        subject: "s".into(),
        text: "t".into(),
        at: at(seconds),
        attempts: 0,
        data: None,
    };
    let tried = |id: &str, result, next| Write::MessageTried { id: id.into(), at: at(4), result, next };
    put(store, ["a", "b", "c", "a"].map(|id| Write::Message(Box::new(message(id, 1)))).to_vec()).await;
    put(
        store,
        vec![
            tried("a", Ok(()), None),
            tried("b", Err("no route".into()), Some(at(20))),
            tried("c", Err("gone".into()), None),
        ],
    )
    .await;
    assert_eq!(store.messages_due(at(19), 9).await, Ok(Vec::new()));
    assert_eq!(store.messages_due(at(20), 9).await, Ok(vec![Message { attempts: 1, ..message("b", 1) }]));

    let certificate = |rows, doubts: &[&str]| Certificate {
        evidence: Evidence {
            kind: ReadKind::Accounts,
            started_at: at(0),
            ended_at: at(1),
            pages: 1,
            rows,
            reached_end: true,
            count_before: None,
            count_after: None,
            canary_seen: None,
            overlaps_missed: 0,
            feed_whole: None,
            rights_proven: None,
            schema: None,
        },
        doubts: doubts.iter().map(|d| (*d).to_owned()).collect(),
    };
    let judged = |certificate: &Certificate| Write::Certificate {
        scope: "pier".into(),
        kind: ReadKind::Accounts,
        certificate: Box::new(certificate.clone()),
    };
    let (held, doubted) = (certificate(40, &[]), certificate(9, &["it shrank"]));
    put(store, vec![judged(&held), judged(&doubted)]).await;
    assert_eq!(store.certificate("pier", ReadKind::Accounts).await, Ok(Some(doubted)));
    assert_eq!(store.certified_rows("pier", ReadKind::Accounts).await, Ok(Some(40)));
    assert_eq!(store.certified_rows("pier", ReadKind::Bookings).await, Ok(None));

    let sweep = |id: &str, scope: &str, seconds, people| SweepRecord {
        id: id.into(),
        scope: scope.into(),
        started_at: at(seconds),
        ended_at: None,
        certified: false,
        doubts: Vec::new(),
        people,
        accounts: 0,
        drift: 0,
        findings: 0,
        of: [("acme".into(), Swept { people, accounts: 1, drift: 2, findings: 3 })].into(),
        lists: None,
    };
    let sweeps = [sweep("1", "pier", 1, 0), sweep("2", "annex", 2, 0), sweep("1", "pier", 1, 7)];
    put(store, sweeps.clone().map(|s| Write::Sweep(Box::new(s))).to_vec()).await;
    assert_eq!(store.sweeps(None, 9).await.unwrap(), [sweeps[1].clone(), sweeps[2].clone()]);
    assert_eq!(store.sweeps(Some("pier"), 9).await.unwrap(), [sweeps[2].clone()]);
    let (later, same) = (sweep("3", "annex", 8, 1), sweep("4", "annex", 8, 2));
    put(store, vec![Write::Sweep(Box::new(same.clone())), Write::Sweep(Box::new(later))]).await;
    assert_eq!(store.last_sweeps().await.unwrap(), [same, sweeps[2].clone()], "one of each scope");

    put(store, vec![Write::Count { name: "n".into(), by: 2 }, Write::Count { name: "n".into(), by: 3 }])
        .await;
    assert_eq!(store.count("n").await, Ok(5));
    let meta = |value: &str| Write::Meta { key: "k".into(), value: value.into() };
    put(store, vec![meta("old"), meta("new")]).await;
    assert_eq!((store.meta("k").await, store.meta("other").await), (Ok(Some("new".into())), Ok(None)));
    let named = |key: &str, value: &str| Write::Meta { key: key.into(), value: value.into() };
    put(store, vec![named("k:1", "a"), named("k:2", "b"), named("k:3", "c"), named("l:1", "d")]).await;
    let page = async |after| {
        let page = store.metas("k:", after, 2).await.expect("a read");
        page.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, ["k:1=a", "k:2=b"]);
    assert_eq!(page(Some("k:2")).await, ["k:3=c"]);
    put(store, vec![named("k:1", "")]).await;
    assert_eq!(store.meta("k:1").await, Ok(None), "an empty text forgets the name");
    assert_eq!(page(None).await, ["k:2=b", "k:3=c"]);
}
