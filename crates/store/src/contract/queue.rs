//! The work queue.

use lanyard_engine::ports::{Finish, Planned, Store, StoreFailure, WorkCounts, WorkItem, Write};
use lanyard_model::{
    id::{IdentityId, TenantId},
    signal::{Lane, Source},
};

use super::samples::{at, attend, claim, put, users, who};

fn finish(item: &WorkItem, how: Finish) -> Write {
    Write::Finish { item: Box::new(item.clone()), how }
}

fn done() -> Finish {
    Finish::Done { review_at: None }
}

pub(super) async fn attention_is_one_row_per_identity(store: &dyn Store) {
    assert_eq!(store.next_due().await, Ok(None));
    put(store, vec![attend("ana", Lane::Bulk, at(50)), attend("ana", Lane::Normal, at(10))]).await;
    put(store, vec![attend("ana", Lane::Bulk, at(30))]).await;
    assert_eq!(store.next_due().await, Ok(Some(at(10))));
    assert!(claim(store, at(9), 9).await.is_empty(), "nothing is due yet");
    let items = claim(store, at(10), 9).await;
    assert_eq!(
        items,
        [WorkItem {
            identity: who("ana"),
            generation: 3,
            lane: Lane::Normal,
            attempts: 0,
            raised_at: at(10),
            source: Source::Person,
            why: format!("ana at {}", at(10)),
            fence: 1,
        }]
    );
    assert!(claim(store, at(10), 9).await.is_empty(), "it is ours");
    let counts = store.work_counts(None, at(10)).await.unwrap();
    assert_eq!(counts, WorkCounts { due: 0, leased: 1, waiting: 0, dead: 0 });
    let own = store.work_counts(Some(&who("ana").tenant), at(10)).await.unwrap();
    assert_eq!(own, counts, "she is the only one");
    let other = store.work_counts(Some(&TenantId::new("elsewhere")), at(10)).await.unwrap();
    assert_eq!(other, WorkCounts { due: 0, leased: 0, waiting: 0, dead: 0 });
    put(store, vec![finish(&items[0], done())]).await;
    assert!(claim(store, at(1_000), 9).await.is_empty(), "it is quiet");
    let counts = store.work_counts(None, at(1_000)).await.unwrap();
    assert_eq!(counts, WorkCounts { due: 0, leased: 0, waiting: 1, dead: 0 });
    let again = store.write(vec![finish(&items[0], done())]).await;
    assert_eq!(again, Err(StoreFailure::LeaseLost(who("ana"))), "a claim ends once");
}

pub(super) async fn what_is_planned_is_told(store: &dyn Store) {
    put(store, vec![attend("due", Lane::Bulk, at(50)), attend("leased", Lane::Normal, at(1))]).await;
    put(store, vec![attend("quiet", Lane::Normal, at(1)), attend("dead", Lane::Normal, at(1))]).await;
    for item in claim(store, at(10), 9).await {
        let how = match &*item.identity.user {
            "quiet" => done(),
            "dead" => Finish::Dead { error: "e".into(), fix: "f".into() },
            _ => continue,
        };
        put(store, vec![finish(&item, how)]).await;
    }
    let all = ["unknown", "due", "leased", "quiet", "dead"].map(who);
    let by_a_person = |due, raised_at| Some(Planned { due, raised_at, source: Source::Person });
    let (later, now) = (by_a_person(at(50), at(50)), by_a_person(jiff::Timestamp::MIN, at(1)));
    assert_eq!(store.planned(&all).await.unwrap(), [None, later, now, None, None]);
    // Whoever asked first still waits: also where the look that is under way began because of somebody else.
    put(store, vec![attend("leased", Lane::Normal, at(0)), attend("due", Lane::Bulk, at(60))]).await;
    let now = by_a_person(jiff::Timestamp::MIN, at(0));
    assert_eq!(store.planned(&all).await.unwrap(), [None, later, now, None, None]);
}

pub(super) async fn leavers_pass_everybody_and_bulk_waits_for_its_lane(store: &dyn Store) {
    put(
        store,
        vec![
            attend("bulk", Lane::Bulk, at(1)),
            attend("late", Lane::Normal, at(3)),
            attend("early", Lane::Normal, at(2)),
            attend("leaver", Lane::Leaver, at(4)),
        ],
    )
    .await;
    let until = at(100);
    let leavers = store.claim("node", at(9), until, Lane::Leaver, 9).await.unwrap();
    assert_eq!(users(&leavers), ["leaver"]);
    put(store, vec![finish(&leavers[0], done()), attend("leaver", Lane::Leaver, at(5))]).await;
    let normal = store.claim("node", at(9), until, Lane::Normal, 2).await.unwrap();
    assert_eq!(users(&normal), ["leaver", "early"]);
    let rest = store.claim("node", at(9), until, Lane::Bulk, 9).await.unwrap();
    assert_eq!(users(&rest), ["bulk", "late"], "behind leavers only time decides");
}

pub(super) async fn attention_during_a_lease_waits_for_its_end(store: &dyn Store) {
    put(store, vec![attend("ana", Lane::Normal, at(0))]).await;
    let first = claim(store, at(0), 1).await.remove(0);
    put(store, vec![attend("ana", Lane::Leaver, at(5)), attend("ana", Lane::Bulk, at(3))]).await;
    assert!(claim(store, at(20), 1).await.is_empty(), "one look at a time for each person");
    put(store, vec![finish(&first, Finish::Done { review_at: Some((at(500), "review".into())) })]).await;
    assert_eq!(store.next_due().await, Ok(Some(at(3))), "what was raised after the claim stays due");
    let second = claim(store, at(20), 1).await.remove(0);
    assert_eq!((second.generation, second.lane, second.fence), (3, Lane::Leaver, 2));
    assert_eq!((second.raised_at, second.attempts), (at(3), 0));
}

pub(super) async fn an_expired_lease_is_free_and_the_old_claim_is_lost(store: &dyn Store) {
    put(store, vec![attend("ana", Lane::Normal, at(0))]).await;
    let old = claim(store, at(0), 1).await.remove(0);
    assert_eq!(store.next_due().await, Ok(Some(at(60))), "when the lease ends");
    assert!(claim(store, at(59), 1).await.is_empty());
    let new = claim(store, at(60), 1).await.remove(0);
    assert_eq!((new.fence, new.attempts, new.raised_at), (2, 1, at(0)));
    let late = store.write(vec![Write::Count { name: "x".into(), by: 1 }, finish(&old, done())]).await;
    assert_eq!(late, Err(StoreFailure::LeaseLost(who("ana"))));
    assert_eq!(store.count("x").await, Ok(0), "nothing of the late batch happened");
    // The same where the claim goes on: whoever was too slow sends nothing.
    let sends = |item: &WorkItem| {
        vec![Write::Held { item: Box::new(item.clone()) }, Write::Count { name: "sent".into(), by: 1 }]
    };
    assert_eq!(store.write(sends(&old)).await, Err(StoreFailure::LeaseLost(who("ana"))));
    assert_eq!(store.count("sent").await, Ok(0));
    put(store, sends(&new)).await;
    assert_eq!(store.count("sent").await, Ok(1));
    put(store, vec![finish(&new, done())]).await;
    assert_eq!(store.write(sends(&new)).await, Err(StoreFailure::LeaseLost(who("ana"))), "it is over");
}

pub(super) async fn a_review_comes_back_by_itself(store: &dyn Store) {
    put(store, vec![attend("ana", Lane::Leaver, at(0))]).await;
    let first = claim(store, at(0), 1).await.remove(0);
    let review = Finish::Done { review_at: Some((at(100), "the hold ends".into())) };
    put(store, vec![finish(&first, review)]).await;
    assert_eq!(store.next_due().await, Ok(Some(at(100))));
    put(store, vec![attend("ana", Lane::Bulk, at(400))]).await;
    let second = claim(store, at(100), 1).await.remove(0);
    assert_eq!(
        (second.generation, second.attempts),
        (2, 0),
        "attention for later does not put the review off"
    );
    put(store, vec![attend("ana", Lane::Bulk, at(900))]).await;
    put(store, vec![finish(&second, Finish::Done { review_at: Some((at(150), "the hold ends".into())) })])
        .await;
    assert_eq!(store.next_due().await, Ok(Some(at(150))), "nor does it if it came during the look");
    let second = claim(store, at(150), 1).await.remove(0);
    put(store, vec![finish(&second, Finish::Done { review_at: Some((at(200), "the hold ends".into())) })])
        .await;
    let third = claim(store, at(200), 1).await.remove(0);
    assert_eq!(
        (third.source, third.lane, third.why.as_str()),
        (Source::Timer, Lane::Normal, "the hold ends")
    );
    assert_eq!(third.raised_at, at(200));
}

pub(super) async fn retries_keep_their_history_and_the_dead_wait_for_attention(store: &dyn Store) {
    put(store, vec![attend("ana", Lane::Normal, at(0))]).await;
    let first = claim(store, at(0), 1).await.remove(0);
    put(store, vec![finish(&first, Finish::Retry { at: at(30), error: "503".into() })]).await;
    assert!(claim(store, at(29), 1).await.is_empty());
    let waits = [(Lane::Normal, who("ana"))];
    assert_eq!(store.retrying(at(1), at(30), 9).await.unwrap(), waits);
    assert_eq!(store.retrying(at(1), at(29), 9).await.unwrap(), [], "their turn comes later");
    assert_eq!(store.retrying(at(30), at(900), 9).await.unwrap(), [], "it is their turn");
    let second = claim(store, at(30), 1).await.remove(0);
    assert_eq!((second.attempts, second.raised_at, second.generation), (1, at(0), 1));
    let dead = Finish::Dead { error: "403".into(), fix: "grant the role".into() };
    put(store, vec![finish(&second, dead)]).await;
    assert!(claim(store, at(9_000), 1).await.is_empty());
    assert_eq!(store.next_due().await, Ok(None));
    let list = store.dead_work(9).await.unwrap();
    assert_eq!(list, [(who("ana"), "403".to_owned(), "grant the role".to_owned())]);
    assert_eq!(store.work_counts(None, at(9_000)).await.unwrap().dead, 1);
    let ana = who("ana");
    let page = async |tenant: Option<&str>, after: Option<&IdentityId>| {
        let tenant = tenant.map(TenantId::new);
        let (page, of) = store.dead_page(tenant.as_ref(), after, 9).await.unwrap();
        (page.into_iter().map(|(id, ..)| id).collect::<Vec<_>>(), of)
    };
    assert_eq!(page(None, None).await, (vec![ana.clone()], 1));
    assert_eq!(page(None, Some(&ana)).await, (vec![], 1), "each once");
    assert_eq!(page(Some(ana.tenant.as_str()), None).await, (vec![ana.clone()], 1));
    assert_eq!(page(Some(ana.tenant.as_str()), Some(&ana)).await, (vec![], 1));
    assert_eq!(page(Some("nobodys"), None).await, (vec![], 0));
    put(store, vec![attend("ana", Lane::Normal, at(40))]).await;
    let third = claim(store, at(40), 1).await.remove(0);
    assert_eq!((third.attempts, third.raised_at, third.fence), (0, at(40), 3));
    assert!(store.dead_work(9).await.unwrap().is_empty());
}
