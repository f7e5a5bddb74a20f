//! Somebody is forgotten: their name is nowhere in the database, and the journal still verifies.

use jiff::Timestamp;
use lanyard_engine::ports::{
    ActivityFilter, Document, DocumentKey, Entry, Finding, Message, Severity, Store, UNDOS, Write, Wrote,
};
use lanyard_model::{
    id::{AccountId, AccountKey, IdentityId, PlanId, SiteId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    link::{How, Link},
    plan::Plan,
    signal::Lane,
};
use lanyard_store::{Archive, SqliteStore};
use rusqlite::Connection;

const NAME: &str = "Ana Silva";

fn at(hours: i64) -> Timestamp {
    Timestamp::from_second(1_777_000_000 + hours * 3600).unwrap()
}

fn tenant() -> TenantId {
    TenantId::new("acme")
}

fn ana() -> IdentityId {
    IdentityId::new(tenant(), "00u1")
}

fn finding(key: &str, about: bool, title: &str) -> Finding {
    Finding {
        key: key.into(),
        kind: key.split(':').next().unwrap().into(),
        severity: Severity::Warning,
        tenant: about.then(tenant),
        site: Some(SiteId::new("hq")),
        identity: about.then(ana),
        title: title.into(),
        detail: format!("{NAME} (ana@acme.example)"),
        fix: Some(format!("ask {NAME}")),
        count: None,
        since: at(1),
    }
}

fn message(id: &str, subject: &str) -> Write {
    Write::Message(Box::new(Message {
        id: id.into(),
        route: "it".into(),
        subject: subject.into(),
        text: format!("{NAME} has now: a desk"),
        at: at(1),
        attempts: 0,
        data: Some(serde_json::json!({ "who": [NAME] })),
    }))
}

/// Keys of findings about her, as the engine makes them.
const ABOUT: [&str; 9] = [
    "visits:acme/00u1:hq:left",
    "fought:acme/00u1:hq:seat",
    "todo:acme/00u1:hq:visit-host:acme/00u7:9",
    "visit-host:acme/00u1:9",
    "undead:hq:7",
    "orphan:hq:7",
    "message:acme/00u1:hq:clr_1:it",
    "message:given:pln_1:rule:it",
    "leaver-late:acme/00u1:hq",
];

fn known() -> Vec<Write> {
    let mut profile = Profile::default();
    for (name, value) in [("displayName", NAME), ("email", "ana@acme.example"), ("login", "ana@acme.example")]
    {
        profile.set(name, AttributeValue::Text(value.into()));
    }
    let identity = Identity {
        id: ana(),
        status: Status::Deprovisioned,
        transitioning: false,
        profile,
        groups: Groups::new([], true),
        created: None,
        activated: None,
        status_changed: None,
        last_updated: None,
        type_id: None,
        read_at: at(0),
    };
    let account = AccountKey { site: SiteId::new("hq"), id: AccountId(7) };
    vec![
        Write::Identity { identity: Box::new(identity), keys: Vec::new(), at: at(0) },
        Write::Link(Link { identity: ana(), account, how: How::Created, since: at(0), ended_at: None }),
        Write::Plan(std::sync::Arc::new(Plan {
            id: PlanId::new("pln_1"),
            identity: ana(),
            person: NAME.into(),
            site: SiteId::new("hq"),
            account: None,
            lane: Lane::Normal,
            steps: Vec::new(),
            todos: Vec::new(),
            notices: Vec::new(),
            notes: vec![format!("{NAME} has a desk")],
            ending: None,
            review_at: None,
            policy: "seal".into(),
            made_at: at(0),
            cleared: Default::default(),
        })),
        Write::Journal(Box::new(Entry {
            tenant: tenant(),
            at: at(1),
            kind: "finding".into(),
            identity: Some(ana()),
            site: None,
            person: Some(format!("{NAME} left\nfor {NAME}")),
            severity: Severity::Info,
            title: "put away: visits visits:acme/00u1:hq:left".into(),
            detail: "by olga: done".into(),
            data: serde_json::json!({ "key": "visits:acme/00u1:hq:left" }),
        })),
    ]
}

/// Every place of the database in which a text stands: `table.column`.
fn places(folder: &std::path::Path, wanted: &str) -> Vec<String> {
    let file = Connection::open(folder.join("lanyard.db")).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut rows = file.prepare(sql).unwrap();
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut found = Vec::new();
    for table in texts("SELECT name FROM sqlite_master WHERE type = 'table'") {
        for column in texts(&format!("SELECT name FROM pragma_table_info('{table}')")) {
            let sql =
                format!("SELECT COUNT(*) FROM \"{table}\" WHERE instr(CAST(\"{column}\" AS TEXT), ?1) > 0");
            let count: i64 = file.query_row(&sql, [wanted], |row| row.get(0)).unwrap();
            if count > 0 {
                found.push(format!("{table}.{column}"));
            }
        }
    }
    found
}

#[tokio::test]
async fn a_name_that_is_erased_is_nowhere_in_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    let mut batch = known();
    for key in ABOUT {
        batch.push(Write::Finding(Box::new(finding(key, key.contains("00u1"), &format!("{NAME}: {key}")))));
        let (key, by, reason) = (key.to_owned(), "olga".to_owned(), "done".to_owned());
        batch.push(Write::FindingClosed { key: key.clone(), by, reason, at: at(2), until: None });
        // Seen again as something else, and over: an earlier stretch is put aside.
        batch.push(Write::Finding(Box::new(finding(&key, key.contains("00u1"), &format!("{NAME} again")))));
        batch.push(Write::FindingOver { key, at: at(3) });
    }
    // One that is open, and two that name her among others: one open, one put away.
    batch.push(Write::Finding(Box::new(finding(
        "todo:acme/00u1:hq:desk",
        true,
        "Ana Silva: clear the desk",
    ))));
    for key in ["zombie:hq:all", "duplicate:hq:3"] {
        batch.push(Write::Finding(Box::new(finding(key, false, "hq: Ana Silva and Bo Berg"))));
    }
    let (by, reason) = ("olga".to_owned(), "known".to_owned());
    batch.push(Write::FindingClosed { key: "duplicate:hq:3".into(), by, reason, at: at(4), until: None });
    batch.push(Write::Meta { key: "fought:acme/00u1:hq:seat".into(), value: "{}".into() });
    // As earlier versions noted what was put away.
    let words = format!("{{\"V1\":[\"{NAME}\",\"\",null,\"warning\"]}}");
    batch.push(Write::Meta { key: "closed:visits:acme/00u1:hq:right".into(), value: words });
    for (id, subject) in [
        ("acme/00u1:hq:clr_1:it", "Lanyard asks: Ana Silva (approval)"),
        ("given:pln_1:desk:it", "Ana Silva: has a desk"),
        ("alert:it:1777000000000", "2 findings, one of them about Ana Silva"),
    ] {
        batch.push(message(id, subject));
    }
    // To her as one who decides, about somebody else.
    if let Write::Message(mut asked) = message("clr_9:mail", "Lanyard asks: Bo Berg (approval)") {
        asked.route = "approval:ana@acme.example".into();
        batch.push(Write::Message(asked));
    }
    // An undo that waits, and what of.
    batch.push(Write::Document(Box::new(Document {
        collection: UNDOS.into(),
        key: "und_1".into(),
        version: 0,
        keys: vec![DocumentKey { kind: "person".into(), value: ana().to_string(), sole: false }],
        body: serde_json::json!({ "waits": [{ "key": "visit+:left", "what": format!("+ visit: {NAME}") }] }),
    })));
    let sent = |id: &str| Write::MessageTried { id: id.into(), at: at(5), result: Ok(()), next: None };
    batch.push(sent("alert:it:1777000000000"));
    store.write(batch).await.unwrap();
    store.close();

    let store = SqliteStore::open_inline(folder.path()).unwrap();
    assert!(places(folder.path(), NAME).len() > 4, "{:?}", places(folder.path(), NAME));
    let erased = store.write(vec![Write::Erase { identity: ana() }]).await.unwrap();
    assert_eq!(erased, [Wrote::Lines(1)]);
    for text in [NAME, "ana@acme.example"] {
        assert_eq!(places(folder.path(), text), Vec::<String>::new(), "{text}");
    }
    let exported = |archive: &Archive| {
        let mut text = String::new();
        let read = archive.lines(&tenant(), |line| {
            text.push_str(line.text);
            Ok(())
        });
        read.unwrap();
        text
    };
    let archive = Archive::open(folder.path()).unwrap();
    assert!(exported(&archive).contains("\"title\":\"put away: ") && !exported(&archive).contains(NAME));
    assert_eq!(store.verify_journal().await, Ok(None));
    let lines = store.activity(&ActivityFilter { limit: 9, ..ActivityFilter::default() }).await.unwrap();
    assert!(lines.iter().all(|kept| kept.entry.person.is_none()));

    // What is still to be done is still there, without the name; what told of others too, as well.
    let mut open: Vec<_> = store.findings(9).await.unwrap().into_iter().map(|f| (f.key, f.title)).collect();
    open.sort();
    assert_eq!(
        open,
        [
            ("todo:acme/00u1:hq:desk".to_owned(), "erased: clear the desk".to_owned()),
            ("zombie:hq:all".to_owned(), "hq: erased and Bo Berg".to_owned()),
        ]
    );
    let told: Vec<_> =
        archive.findings(at(99)).unwrap().into_iter().map(|(finding, _)| finding.key).collect();
    assert_eq!(told, ["duplicate:hq:3", "todo:acme/00u1:hq:desk", "zombie:hq:all"]);
    let messages = store.messages(9).await.unwrap();
    let told: Vec<_> = messages.iter().map(|message| message.subject.as_str()).collect();
    assert_eq!(told, ["2 findings, one of them about erased"]);
}

#[tokio::test]
async fn what_was_put_away_is_remembered_without_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    let orphan = |title: &str| Write::Finding(Box::new(finding("orphan:hq:9", false, title)));
    let (by, reason) = ("olga".to_owned(), "a vendor's".to_owned());
    let closed = Write::FindingClosed { key: "orphan:hq:9".into(), by, reason, at: at(2), until: None };
    store.write(vec![orphan("Ana Silva has an account"), closed]).await.unwrap();
    let note = store.meta("closed:orphan:hq:9").await.unwrap().unwrap();
    assert_eq!((note.len(), note.contains("Ana")), (64, false), "{note}");
    store.write(vec![orphan("Ana Silva has an account")]).await.unwrap();
    assert_eq!(store.findings(9).await.unwrap(), [], "it says the same");
    store.write(vec![orphan("Ana Silva has two accounts")]).await.unwrap();
    assert_eq!(store.findings(9).await.unwrap().len(), 1, "it says something else");
}

#[tokio::test]
async fn what_was_put_away_up_to_a_moment_is_shown_again_after_it_if_it_is_still_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    let orphan = |hours: i64| {
        Write::Finding(Box::new(Finding { since: at(hours), ..finding("orphan:hq:9", false, "nobody's") }))
    };
    let (by, reason) = ("olga".to_owned(), "a vendor's, for a week".to_owned());
    let closed =
        Write::FindingClosed { key: "orphan:hq:9".into(), by, reason, at: at(2), until: Some(at(9)) };
    store.write(vec![orphan(1), closed, orphan(8)]).await.unwrap();
    assert_eq!(store.findings(9).await.unwrap(), []);
    let away = || Archive::open(folder.path()).unwrap().put_away().unwrap().into_iter().collect::<Vec<_>>();
    assert_eq!(away(), ["orphan:hq:9"]);
    // Also for whoever opens the folder later.
    store.close();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    store.write(vec![orphan(9)]).await.unwrap();
    let open = store.findings(9).await.unwrap();
    assert_eq!(
        open.iter().map(|found| (found.key.as_str(), found.since)).collect::<Vec<_>>(),
        [("orphan:hq:9", at(9))]
    );
    assert_eq!(away(), Vec::<String>::new());
}

#[tokio::test]
async fn what_was_put_away_and_ended_by_itself_is_news_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    let orphan = |hours: i64| {
        Write::Finding(Box::new(Finding { since: at(hours), ..finding("orphan:hq:9", false, "nobody's") }))
    };
    let over = |hours: i64| Write::FindingOver { key: "orphan:hq:9".into(), at: at(hours) };
    let closed = |hours: i64| Write::FindingClosed {
        key: "orphan:hq:9".into(),
        by: "olga".into(),
        reason: "a vendor's".into(),
        at: at(hours),
        until: None,
    };
    let away = || Archive::open(folder.path()).unwrap().put_away().unwrap().into_iter().collect::<Vec<_>>();
    store.write(vec![orphan(1), closed(2), orphan(3)]).await.unwrap();
    assert_eq!((store.findings(9).await.unwrap(), away()), (vec![], vec!["orphan:hq:9".to_owned()]));
    store.write(vec![over(4)]).await.unwrap();
    assert_eq!(away(), Vec::<String>::new(), "nothing of it stands");
    store.write(vec![orphan(5)]).await.unwrap();
    assert_eq!(store.findings(9).await.unwrap()[0].since, at(5), "in the same words");
    // Put away once more, and remembered though what is put away ends with it.
    store.write(vec![closed(6), orphan(7)]).await.unwrap();
    assert_eq!((store.findings(9).await.unwrap(), away()), (vec![], vec!["orphan:hq:9".to_owned()]));
}

#[tokio::test]
async fn a_finding_that_is_seen_again_keeps_the_stretch_before() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    let orphan = |hours: i64| {
        let found =
            Finding { since: at(hours), ..finding("orphan:hq:9", false, &format!("seen at {hours}")) };
        Write::Finding(Box::new(found))
    };
    let over = |hours: i64| Write::FindingOver { key: "orphan:hq:9".into(), at: at(hours) };
    for batch in
        [vec![orphan(1)], vec![orphan(2)], vec![over(3)], vec![orphan(10), over(12)], vec![orphan(20)]]
    {
        store.write(batch).await.unwrap();
    }
    let archive = Archive::open(folder.path()).unwrap();
    let told = |to: i64| -> Vec<_> {
        let all = archive.findings(at(to)).unwrap().into_iter();
        all.map(|(finding, over)| (finding.title, finding.since, over)).collect()
    };
    let first = ("seen at 2".to_owned(), at(1), Some(at(3)));
    let second = ("seen at 10".to_owned(), at(10), Some(at(12)));
    assert_eq!(told(5), std::slice::from_ref(&first));
    assert_eq!(told(99), [first, second, ("seen at 20".to_owned(), at(20), None)]);
}
