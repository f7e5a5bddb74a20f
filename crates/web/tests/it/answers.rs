//! What holds for every answer: refusals are problem documents that name the field, whoever made them; answers have tags;
//! lists have pages.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{StatusCode, header};
use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::{Entry, Finding, Finish, Message, Severity, Store as _, Write};
use lanyard_model::{
    id::IdentityId,
    signal::{Lane, Source},
};
use lanyard_web::{
    VerbRunner,
    access::{
        Grant, Role,
        token::{self, NewToken},
    },
};
use serde_json::{Value, json};

use crate::{hooks::Sender, house::House};

const OWNER: &str = "Bearer local";

#[tokio::test]
async fn every_refusal_is_a_problem_document_that_names_the_field() {
    let house = House::new();
    for (method, path, body, status, code, field) in [
        ("GET", "/api/v1/nowhere", Value::Null, 404, "not_found", None),
        ("DELETE", "/api/v1/overview", Value::Null, 405, "method", None),
        ("GET", "/api/v1/people?limit=many", Value::Null, 400, "request", Some("limit")),
        ("GET", "/api/v1/tokens?cursor=7", Value::Null, 422, "field", Some("cursor")),
        ("POST", "/api/v1/approvals", json!({ "ids": "one" }), 422, "body", Some("ids")),
        ("POST", "/api/v1/policy/rollback", json!({ "to": "yesterday" }), 422, "body", Some("to")),
        (
            "POST",
            "/api/v1/tokens",
            json!({ "name": "a", "days": 1, "grants": [{ "role": "king" }] }),
            422,
            "body",
            Some("grants[0].role"),
        ),
    ] {
        let reply = house.call(method, path, OWNER, body).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["code"]),
            (status, &json!(code)),
            "{path}: {}",
            reply.body
        );
        assert_eq!(reply.headers[header::CONTENT_TYPE], "application/problem+json", "{path}");
        assert!(reply.body["fix"].is_string(), "{path}: {}", reply.body);
        assert_eq!(reply.body["errors"][0]["path"].as_str(), field, "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_rule_that_is_broken_names_the_field_that_it_is_about() {
    let house = House::new();
    let orphan = Finding {
        key: "orphan:hq:9".into(),
        kind: "orphan".into(),
        severity: Severity::Warning,
        tenant: None,
        site: None,
        identity: None,
        title: "an account of nobody".into(),
        detail: String::new(),
        fix: None,
        count: None,
        since: house.now(),
    };
    house.put(vec![Write::Finding(Box::new(orphan))]).await;
    let close = |reason: &str, until: &str| json!({ "key": "orphan:hq:9", "reason": reason, "until": until });
    let review = |title: &str, owner: &str, provisioner: &str, due: &str| {
        json!({
            "title": title, "tenant": "northgate", "sites": ["hq"], "owner": owner,
            "reviewers": ["command line", "demo"], "provisioners": [provisioner], "due_at": due,
        })
    };
    let late = |owner: &str, words: &str| json!({ "person": "northgate/ana", "site": "hq", "owner": owner, "compensation": words });
    let (soon, past) = ("2026-11-30T00:00:00Z", "2026-11-01T00:00:00Z");
    for (path, body, code, fields) in [
        ("/findings/close", close(" ", soon), "no_reason", vec!["reason"]),
        ("/findings/close", close("known", past), "over", vec!["until"]),
        ("/reviews", review("", " ", "", soon), "review_rule", vec!["title", "owner"]),
        ("/reviews", review("Q4", "demo", "", soon), "review_rule", vec!["owner"]),
        ("/reviews", review("Q4", "owner", "demo", soon), "review_rule", vec!["reviewers[1]"]),
        ("/reviews", review("Q4", "owner", "", past), "review_rule", vec!["due_at"]),
        ("/evidence/late", late("", " "), "incomplete", vec!["owner", "compensation"]),
        ("/evidence/late", late("Ana", " "), "incomplete", vec!["compensation"]),
        ("/policy/drafts/Spring!", json!({}), "policy_draft", vec!["id"]),
    ] {
        let method = if path.contains("drafts") { "PUT" } else { "POST" };
        let reply = house.call(method, &format!("/api/v1{path}"), OWNER, body).await;
        let named: Vec<_> =
            reply.body["errors"].as_array().unwrap().iter().map(|one| one["path"].clone()).collect();
        assert_eq!(
            (&reply.body["code"], named),
            (&json!(code), fields.into_iter().map(Value::from).collect()),
            "{path}"
        );
        assert!(reply.body["fix"].is_string(), "{path}: {}", reply.body);
    }
}

#[tokio::test]
async fn what_nothing_would_show_again_is_not_put_away_until_a_day() {
    let house = House::new();
    let keys = ["by-hand:northgate/ana:hq:reactivation", "message:m1", "review:rev_1:000001", "orphan:hq:9"];
    let finding = |key: &str| match key.starts_with("message") {
        true => Finding { kind: "message".into(), ..todo(key, house.now()) },
        false => todo(key, house.now()),
    };
    house.put(keys.iter().map(|key| Write::Finding(Box::new(finding(key)))).collect()).await;
    let until = house.now() + SignedDuration::from_hours(24);
    for key in keys {
        let terms = json!({ "key": key, "reason": "later", "until": until });
        let reply = house.call("POST", "/api/v1/findings/close", OWNER, terms).await;
        if key == "orphan:hq:9" {
            assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
            continue;
        }
        let title = format!(
            "about {key} cannot be put away until a moment, because nothing would show it again then: nothing was put away"
        );
        let told = (reply.status.as_u16(), &reply.body["code"], &reply.body["title"]);
        assert_eq!(told, (422, &json!("not_shown_again"), &json!(title)));
        let plain = json!({ "key": key, "reason": "it is done" });
        let reply = house.call("POST", "/api/v1/findings/close", OWNER, plain).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    }
}

#[tokio::test]
async fn findings_are_read_page_by_page_whatever_goes_in_between() {
    let house = House::new();
    let finding = |key: &str, severity, hours| Finding {
        severity,
        ..todo(key, house.now() - SignedDuration::from_hours(hours))
    };
    let all = [
        finding("mild", Severity::Info, 1),
        finding("old", Severity::Warning, 9),
        finding("new", Severity::Warning, 2),
        finding("worst", Severity::Error, 5),
    ];
    house.put(all.into_iter().map(|one| Write::Finding(Box::new(one))).collect()).await;
    let page = async |sort: &str, cursor: &str| {
        let path = format!("/api/v1/findings?limit=2&sort={sort}{cursor}");
        let reply = house.call("GET", &path, OWNER, Value::Null).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
        let keys =
            reply.body["items"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap().to_owned());
        (
            keys.collect::<Vec<_>>(),
            reply.body["next"]
                .as_str()
                .map(|next| format!("&cursor={}", next.replace('|', "%7C").replace(' ', "%20"))),
        )
    };
    for (sort, order) in [
        ("severity", ["worst", "new", "old", "mild"]),
        ("newest", ["mild", "new", "worst", "old"]),
        ("oldest", ["old", "worst", "new", "mild"]),
        ("title", ["mild", "new", "old", "worst"]),
    ] {
        let (first, next) = page(sort, "").await;
        let (rest, end) = page(sort, &next.unwrap()).await;
        assert_eq!(
            (first, rest, end),
            (
                order[..2].to_owned().iter().map(|s| (*s).to_owned()).collect(),
                order[2..].iter().map(|s| (*s).to_owned()).collect(),
                None
            ),
            "{sort}"
        );
    }
    let (_, next) = page("severity", "").await;
    house.put(vec![Write::FindingOver { key: "worst".into(), at: house.now() }]).await;
    assert_eq!(
        page("severity", &next.unwrap()).await.0,
        ["old", "mild"],
        "one before it is over: nobody is passed over"
    );
    let reply = house.call("GET", "/api/v1/findings?cursor=2", OWNER, Value::Null).await;
    assert_eq!(
        (reply.status.as_u16(), &reply.body["errors"][0]["path"]),
        (422, &json!("cursor")),
        "{}",
        reply.body
    );
}

#[tokio::test]
async fn an_answer_has_a_tag_and_is_not_sent_again_to_whoever_knows_it() {
    let house = House::new();
    let first = house.call("GET", "/api/v1/roles", OWNER, Value::Null).await;
    let tag = first.headers[header::ETAG].to_str().unwrap().to_owned();
    let headers = [("authorization", OWNER), ("if-none-match", tag.as_str())];
    let again = house.visit("GET", "/api/v1/roles", "lanyard.example.com", &headers, Value::Null).await;
    assert_eq!((again.status, &again.body), (StatusCode::NOT_MODIFIED, &Value::Null));
    let other = [("authorization", OWNER), ("if-none-match", "\"another\"")];
    let whole = house.visit("GET", "/api/v1/roles", "lanyard.example.com", &other, Value::Null).await;
    assert_eq!((whole.status, whole.body), (StatusCode::OK, first.body));
}

#[tokio::test]
async fn a_list_is_paged_to_its_end_without_gaps() {
    let house = House::new();
    for number in 0..7 {
        let wish = NewToken {
            name: format!("token {number}"),
            grants: vec![Grant::everywhere(Role::Viewer)],
            days: 1,
        };
        token::make(house.store.as_ref(), house.now(), "test", wish).await.unwrap();
    }
    let (mut names, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/tokens?limit=3{cursor}");
        let page = house.call("GET", &path, OWNER, Value::Null).await.body;
        assert_eq!(page["total"], 7, "{page}");
        names.extend(page["items"].as_array().unwrap().iter().map(|token| token["name"].to_string()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={}", next.replace('|', "%7C").replace(':', "%3A").replace('+', "%2B"));
    }
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 7, "{names:?}");
}

#[tokio::test]
async fn the_audit_log_is_found_behind_more_looks_than_one_answer_reads() {
    let house = House::new();
    let line = |kind: &str, title: String, data: Value| {
        Write::Journal(Box::new(Entry {
            tenant: "northgate".into(),
            at: house.now(),
            kind: kind.into(),
            identity: None,
            site: None,
            person: None,
            severity: Severity::Info,
            title,
            detail: String::new(),
            data,
        }))
    };
    house
        .put(vec![
            line("control", "stopped: nothing is written to any site".into(), Value::Null),
            line("finding", "put away: orphan".into(), json!({ "by": "olga" })),
        ])
        .await;
    house.put((0..4_100).map(|n| line("operation", format!("call {n}"), Value::Null)).collect()).await;
    let reply = house.call("GET", "/api/v1/activity?people=true", OWNER, Value::Null).await;
    let titles: Vec<_> = reply.body["items"].as_array().unwrap().iter().map(|item| &item["title"]).collect();
    assert_eq!(titles, ["put away: orphan", "stopped: nothing is written to any site"]);
    assert_eq!(reply.body["next"], Value::Null);
}

#[tokio::test]
async fn dead_letters_are_paged_and_of_one_tenant_if_asked_so() {
    let house = House::new();
    let mut all = Vec::new();
    for n in 0..5 {
        let who = IdentityId::new(if n < 2 { "beta" } else { "northgate" }.into(), format!("u{n}"));
        let attend = Write::Attend {
            who: vec![who.clone()],
            source: Source::Person,
            lane: Lane::Normal,
            due: house.now(),
            why: "asked".into(),
        };
        house.put(vec![attend]).await;
        all.push(who.to_string());
    }
    let lease = house.now() + SignedDuration::from_hours(1);
    for item in house.store.claim("test", house.now(), lease, Lane::Bulk, 9).await.unwrap() {
        let how = Finish::Dead { error: "403".into(), fix: "grant the role".into() };
        house.put(vec![Write::Finish { item: Box::new(item), how }]).await;
    }
    let page = async |query: &str| {
        let reply = house.call("GET", &format!("/api/v1/dead-letters?{query}"), OWNER, Value::Null).await;
        let id = |item: &Value| {
            let part = |name: &str| item["identity"][name].as_str().unwrap().to_owned();
            format!("{}/{}", part("tenant"), part("id"))
        };
        let ids: Vec<String> = reply.body["items"].as_array().unwrap().iter().map(id).collect();
        (ids, reply.body["next"].as_str().map(str::to_owned), reply.body["total"].as_u64().unwrap())
    };
    let (first, next, total) = page("limit=3").await;
    assert_eq!((&first[..], total), (&all[..3], 5));
    let (rest, end, _) = page(&format!("limit=3&cursor={}", next.unwrap())).await;
    assert_eq!((&rest[..], end), (&all[3..], None));
    assert_eq!(page("tenant=northgate").await, (all[2..].to_vec(), None, 3));
}

#[tokio::test]
async fn what_was_given_up_is_sent_again_and_the_journal_says_who_asked() {
    let house = House::reading(Arc::new(Sender("northgate".into())));
    let at = house.now();
    let message = Message {
        id: "digest:1".into(),
        route: "nowhere".into(),
        subject: "the day".into(),
        text: String::new(),
        at,
        attempts: 0,
        data: None,
    };
    let tried = Write::MessageTried { id: "digest:1".into(), at, result: Err("refused".into()), next: None };
    house.put(vec![Write::Message(Box::new(message)), tried]).await;
    let list =
        async || house.call("GET", "/api/v1/messages", OWNER, Value::Null).await.body["items"][0].clone();
    assert_eq!((&list().await["error"], &list().await["next"]), (&json!("refused"), &Value::Null));
    let reply = house.call("POST", "/api/v1/messages/again", OWNER, Value::Null).await;
    assert_eq!(reply.body, json!({ "again": 1 }));
    assert!(list().await["next"].is_string(), "it is due again");
    let reply = house.call("GET", "/api/v1/activity?people=true", OWNER, Value::Null).await;
    let line = &reply.body["items"][0];
    let told = (&line["title"], &line["detail"]);
    assert_eq!(told, (&json!("messages that were given up are tried again: 1"), &json!("by command line")));
}

/// Takes two hours for each verb, and counts those that it came to the end of.
#[derive(Default)]
struct Slow(AtomicUsize);

#[async_trait::async_trait]
impl VerbRunner for Slow {
    async fn run(&self, _: Value) -> Value {
        tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
        self.0.fetch_add(1, Ordering::Relaxed);
        json!({ "exit": 0, "text": "swept", "json": {} })
    }
}

#[tokio::test(start_paused = true)]
async fn a_verb_takes_as_long_as_it_takes_and_is_carried_out_without_whoever_asked() {
    let slow = Arc::new(Slow::default());
    let house = House::running(slow.clone());
    let ask = || house.call("POST", "/api/v1/verbs", OWNER, json!({ "verb": "sweep", "site": null }));
    let reply = ask().await;
    assert_eq!((reply.status, &reply.body["text"]), (StatusCode::OK, &json!("swept")), "{}", reply.body);

    let hung_up = tokio::time::timeout(Duration::from_secs(60), ask()).await;
    assert!(hung_up.is_err(), "nobody waits any more");
    tokio::time::sleep(Duration::from_secs(3 * 3600)).await;
    assert_eq!(slow.0.load(Ordering::Relaxed), 2, "and still it was carried out");
}

#[tokio::test]
async fn one_tenant_is_looked_at_alone_by_whoever_sees_it_whole() {
    let house = House::reading(Arc::new(Sender("northgate".into())));
    let at = house.now();
    let finding = |key: &str, tenant: Option<&str>| {
        Write::Finding(Box::new(Finding {
            key: key.into(),
            kind: key.into(),
            severity: Severity::Warning,
            title: key.into(),
            detail: String::new(),
            fix: None,
            tenant: tenant.map(Into::into),
            site: None,
            identity: None,
            count: None,
            since: at,
        }))
    };
    let others = finding("theirs", Some("other"));
    house.put(vec![finding("own", Some("northgate")), others, finding("everybody", None)]).await;
    let needs = async |path: &str, bearer: &str| {
        let reply = house.call("GET", path, bearer, Value::Null).await;
        let items = reply.body["needs_person"].as_array().cloned().unwrap_or_default();
        let mut kinds: Vec<_> =
            items.iter().filter_map(|item| item["kind"].as_str().map(str::to_owned)).collect();
        kinds.sort();
        (kinds, reply.body["rates"]["applied_24h"].clone())
    };
    let (all, _) = needs("/api/v1/overview", OWNER).await;
    assert_eq!(all, ["everybody", "own", "theirs"]);
    let (own, applied) = needs("/api/v1/overview?tenant=northgate", OWNER).await;
    assert_eq!((own.as_slice(), applied), (&["everybody".to_owned(), "own".to_owned()][..], json!(0)));
    let grant = Grant { role: Role::Viewer, tenants: vec!["northgate".into()], sites: vec![] };
    let wish = NewToken { name: "north".into(), grants: vec![grant], days: 1 };
    let bearer = format!("Bearer {}", token::make(house.store.as_ref(), at, "test", wish).await.unwrap().1);
    let (_, part) = needs("/api/v1/overview", &bearer).await;
    assert_eq!(part, Value::Null, "numbers of everybody are not for a part");
    let (_, whole) = needs("/api/v1/overview?tenant=northgate", &bearer).await;
    assert_eq!(whole, json!(0), "its own are");
}

fn todo(key: &str, since: Timestamp) -> Finding {
    Finding {
        key: key.into(),
        kind: "todo".into(),
        severity: Severity::Warning,
        tenant: None,
        site: None,
        identity: None,
        title: format!("about {key}"),
        detail: String::new(),
        fix: None,
        count: None,
        since,
    }
}
