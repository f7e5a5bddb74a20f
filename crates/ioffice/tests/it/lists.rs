//! Whole lists and what they prove.

use lanyard_engine::ports::{Listing, Silent, Workplace};
use lanyard_model::{
    account::{Account, Role},
    coverage::Certificate,
};
use serde_json::{Value, json};

use crate::site::{Reply, Stage, ok, serve_list, stage};

fn people(n: i64) -> Vec<Value> {
    (1..=n).map(|id| json!({"id": id, "userName": format!("u{id}"), "permissions": []})).collect()
}

fn serve_me(s: &Stage, me: Value) {
    s.site.answer(move |seen| (seen.line == "GET /users/me").then(|| ok(me.clone())));
}

async fn listed(s: &Stage) -> Listing<Account> {
    let mut rows = Vec::new();
    let evidence = s.client.list_accounts(&mut rows, &Silent).await.unwrap();
    Listing { rows, evidence }
}

async fn certificate(s: &Stage) -> (usize, Certificate) {
    let listing = listed(s).await;
    (listing.rows.len(), listing.evidence.certify(None, 0))
}

#[tokio::test]
async fn a_whole_list_is_certified_at_the_least_number_of_calls() {
    let s = stage();
    serve_me(&s, json!({"id": 17, "siteAdmin": true}));
    serve_list(&s.site, "/users", people(250));
    let (rows, certificate) = certificate(&s).await;
    assert_eq!((rows, certificate.doubts.clone()), (250, vec![]));
    let evidence = certificate.evidence;
    assert_eq!((evidence.pages, evidence.count_before, evidence.count_after), (3, Some(250), Some(250)));
    assert_eq!((evidence.canary_seen, evidence.rights_proven), (Some(true), Some(true)));
    // Who am I, count, three pages that overlap by a row, count.
    assert_eq!(s.site.seen().len(), 6);
    let starts: Vec<_> = s.site.seen().iter().filter_map(|c| c.param("startAt").map(str::to_owned)).collect();
    assert_eq!(starts, ["0", "99", "198"]);
    assert_eq!(read_whole(&s), [("GET /users".to_owned(), 3), ("GET /users/count".to_owned(), 2)]);
    // A list that breaks off was no whole one, however many of its pages were answered.
    let me = ok(json!({"id": 17, "siteAdmin": true}));
    let gone = Reply::Json(404, json!({"status": 404, "error": "not_found"}));
    s.site.then([me, ok(json!({"count": 250})), ok(json!(people(100))), gone]);
    let mut cut: Vec<Account> = Vec::new();
    assert!(s.client.list_accounts(&mut cut, &Silent).await.is_err());
    assert_eq!(read_whole(&s)[0].1, 3);
}

/// Calls for lists that were read whole, by endpoint.
fn read_whole(s: &Stage) -> Vec<(String, u64)> {
    let calls = s.client.calls().into_iter();
    calls.filter(|call| call.whole > 0).map(|call| (call.endpoint, call.whole)).collect()
}

#[tokio::test]
async fn lists_that_prove_nothing_say_why() {
    type Twist = fn(&Stage);
    let cases: [(&str, Twist, &str); 4] = [
        (
            "empty",
            |s| {
                serve_me(s, json!({"id": 17, "siteAdmin": true}));
                serve_list(&s.site, "/users", vec![]);
            },
            "a row known to exist was missing from the list",
        ),
        (
            "no rights",
            |s| {
                serve_me(
                    s,
                    json!({"id": 17, "siteAdmin": false, "permissions": [{"role": "CUSTOMER", "center": {"id": 1}}]}),
                );
                serve_list(&s.site, "/users", people(20));
            },
            "the credential lacks the rights to see everybody",
        ),
        (
            "fewer rows than counted",
            |s| {
                serve_me(s, json!({"id": 17, "siteAdmin": true}));
                s.site.answer(|seen| (seen.line == "GET /users/count").then(|| ok(json!({"count": "25"}))));
                serve_list(&s.site, "/users", people(20));
            },
            "20 rows were read, but the target counted 25 before and 25 after",
        ),
        (
            "a row that cannot be read",
            |s| {
                serve_me(s, json!({"id": 17, "siteAdmin": true}));
                let mut rows = people(20);
                rows[4] = json!({"userName": "nobody"});
                serve_list(&s.site, "/users", rows);
            },
            "19 rows were read, but the target counted 20 before and 20 after",
        ),
    ];
    for (name, twist, doubt) in cases {
        let s = stage();
        twist(&s);
        let (_, certificate) = certificate(&s).await;
        assert_eq!(certificate.doubts, [doubt], "{name}");
    }
}

#[tokio::test]
async fn roles_are_read_one_by_one_where_lists_do_not_show_them() {
    let s = stage();
    serve_me(&s, json!({"id": 2, "siteAdmin": true}));
    serve_list(&s.site, "/users", vec![json!({"id": 2}), json!({"id": 3})]);
    s.site.answer(|seen| {
        (seen.line == "GET /users/3/permissions")
            .then(|| ok(json!([{"role": "operator", "center": {"id": 62}}])))
    });
    let listing = listed(&s).await;
    let roles = listing.rows[1].roles.clone().unwrap();
    assert_eq!(roles.into_values().collect::<Vec<_>>(), [Role::Operator]);
    // 404 there: not readable, which is not the same as none.
    assert_eq!(listing.rows[0].roles, None);
}

/// Every fault that passes is ridden out, and people who leave meanwhile do not hide others.
#[tokio::test]
async fn a_scan_through_faults_and_departures_misses_nobody() {
    use std::sync::atomic::{AtomicI64, Ordering::SeqCst};

    use crate::site::Reply;

    let s = stage();
    serve_me(&s, json!({"id": 600, "siteAdmin": true}));
    let calls = AtomicI64::new(0);
    let gone = AtomicI64::new(0);
    s.site.answer(move |seen| {
        match calls.fetch_add(1, SeqCst) % 5 {
            1 => return Some(Reply::NoAnswer),
            2 => return Some(Reply::Json(429, json!({"error": "too_many_requests"}))),
            3 => return Some(Reply::Json(500, json!({"error": "server_error"}))),
            _ => {}
        }
        // Before each answer the two people with the lowest ids leave.
        let first = gone.fetch_add(2, SeqCst) + 1;
        if seen.line == "GET /users/count" {
            return Some(ok(json!({"count": 601 - first})));
        }
        let start: i64 = seen.param("startAt")?.parse().ok()?;
        let page = (first + start..=600).take(100);
        Some(ok(page.map(|id| json!({"id": id, "permissions": []})).collect()))
    });
    let listing = listed(&s).await;
    let ids: std::collections::BTreeSet<i64> = listing.rows.iter().map(|a| a.id().0).collect();
    let missing: Vec<i64> = (100..=600).filter(|id| !ids.contains(id)).collect();
    assert_eq!(missing, Vec::<i64>::new());
    assert!(listing.evidence.overlaps_missed > 0);
    assert!(listing.evidence.certify(None, 0).holds());
}
