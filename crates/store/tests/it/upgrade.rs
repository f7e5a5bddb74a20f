//! A file as each earlier schema left it, opened by this program.

use jiff::Timestamp;
use lanyard_engine::ports::{Document, Entry, Order, Severity, Store, Write};
use lanyard_model::{
    id::{AccountKey, IdentityId, SiteId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
    signal::{Lane, Source},
};
use lanyard_store::SqliteStore;
use rusqlite::Connection;

/// Newest first: the version, and what takes its step back. A new step comes with its line here.
const STEPS_BACK: &[(i64, &str)] = &[
    (17, "DROP INDEX journal_of_people; ALTER TABLE journal DROP COLUMN of_people;"),
    (
        16,
        "DROP INDEX messages_due_of; ALTER TABLE messages DROP COLUMN route;
         CREATE INDEX messages_due ON messages (due, id) WHERE due IS NOT NULL;
         INSERT INTO meta VALUES ('closed:by-hand:acme/ana:hq:reactivation', 'x'), ('closed:review:rev_1:1', 'x'),
             ('closed:fought:acme/ana:hq:seat', 'x'), ('closed:fought:acme/bo:hq:seat', 'x'), ('fought:acme/bo:hq:seat', '{}'),
             ('closed:orphan:hq:9', 'x');",
    ),
    (
        15,
        "DROP TABLE found_young; DROP TABLE found_grown; DROP TABLE found_old; DROP TABLE identities;
         CREATE TABLE identities (tenant TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL, record TEXT NOT NULL,
             content BLOB NOT NULL, groups TEXT NOT NULL, keys TEXT NOT NULL, words TEXT NOT NULL, since BIGINT NOT NULL,
             gone_at BIGINT, gone_proof TEXT, PRIMARY KEY (tenant, user_id));
         CREATE INDEX identities_by_name ON identities (name, tenant, user_id);
         CREATE INDEX identities_of_tenant ON identities (tenant, name, user_id);
         CREATE TABLE identity_keys (kind TEXT NOT NULL, value TEXT NOT NULL, tenant TEXT NOT NULL, user_id TEXT NOT NULL,
             PRIMARY KEY (kind, value, tenant, user_id)) WITHOUT ROWID;
         CREATE TABLE identity_words (word TEXT NOT NULL, tenant TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL,
             PRIMARY KEY (word, tenant, user_id)) WITHOUT ROWID;
         CREATE TABLE account_keys (site TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, account_id BIGINT NOT NULL,
             PRIMARY KEY (site, kind, value, account_id)) WITHOUT ROWID;
         INSERT INTO account_keys VALUES ('hq', 'login', 'cy@x', 8), ('hq', 'mail', 'cy@x', 8), ('hq', 'mail', 'cy@x', 3);
         INSERT INTO identities VALUES ('acme', 'cy', 'cy reyes', RECORD, x'00', '[]',
             '[[\"login\",\"cy@x\"],[\"mail\",\"cy@x\"],[\"number\",\"7\"]]', '[\"cy\",\"cy@x\",\"reyes\"]', 5, NULL, NULL);
         INSERT INTO identity_keys VALUES ('login', 'cy@x', 'acme', 'cy'), ('mail', 'cy@x', 'acme', 'cy'),
             ('number', '7', 'acme', 'cy');
         INSERT INTO identity_words VALUES ('cy', 'acme', 'cy', 'cy reyes'), ('cy@x', 'acme', 'cy', 'cy reyes'),
             ('reyes', 'acme', 'cy', 'cy reyes');",
    ),
    (14, "DROP TABLE membership_changes;"),
    (13, "DROP TABLE findings_past;"),
    (
        12,
        "INSERT INTO held VALUES ('hq', 1, 'person', 'acme/ana', 3, 9223372036854775807, '');
         INSERT INTO held VALUES ('hq', 1, 'door', 'Pier House', 4, 9223372036854775807, 'always');
         INSERT INTO held VALUES ('hq', 2, 'door', 'Cellar', 4, 9223372036854775807, 'always');",
    ),
    (11, "ALTER TABLE journal_cuts DROP COLUMN note;"),
    (
        10,
        "DROP TABLE signals; DROP TABLE past;
         CREATE TABLE signals (tenant TEXT NOT NULL, uuid TEXT NOT NULL, kind TEXT NOT NULL, record TEXT NOT NULL,
             seen_at BIGINT NOT NULL, seen_hook_at BIGINT, seen_feed_at BIGINT, PRIMARY KEY (tenant, uuid)) WITHOUT ROWID;
         CREATE TABLE past (kind TEXT NOT NULL, scope TEXT NOT NULL, subject TEXT NOT NULL, until_at BIGINT NOT NULL,
             from_at BIGINT NOT NULL, record TEXT NOT NULL, PRIMARY KEY (kind, scope, subject, until_at)) WITHOUT ROWID;
         CREATE INDEX past_by_time ON past (kind, scope, until_at, from_at);
         INSERT INTO signals VALUES ('acme', 'u1', 'k', '{}', 5, 5, NULL);
         INSERT INTO past VALUES ('identity', 'acme', 'bo', 7, 3, '{}');",
    ),
    (9, "DROP INDEX clearances_over; ALTER TABLE clearances DROP COLUMN changed_at;"),
    (8, "DROP INDEX visits_of_site; DROP INDEX messages_by_time;"),
    (
        7,
        "DROP INDEX held_by_person; DROP TABLE held; ALTER TABLE accounts DROP COLUMN held;
         DROP TABLE leavers_returned; DROP TABLE checkpoints; DROP TABLE journal_cuts;",
    ),
    (5, "DROP TABLE past; DROP TABLE clearances; DROP TABLE clearance_uses; DROP INDEX intents_by_time;"),
    (2, "DROP TABLE documents; DROP TABLE document_keys;"),
];

fn ana() -> IdentityId {
    IdentityId::new(TenantId::new("acme"), "ana")
}

/// A person's record as a literal.
fn cy_reyes() -> String {
    format!("'{}'", serde_json::json!({ "V1": cy() }))
}

fn cy() -> Identity {
    let mut profile = Profile::default();
    profile.set("displayName", AttributeValue::Text("Cy Reyes".into()));
    Identity {
        id: IdentityId::new(TenantId::new("acme"), "cy"),
        status: Status::Active,
        transitioning: false,
        profile,
        groups: Groups::new([], true),
        created: None,
        activated: None,
        status_changed: None,
        last_updated: None,
        type_id: None,
        read_at: Timestamp::UNIX_EPOCH,
    }
}

/// Whoever was found before this version is found by the same, and by nothing that they have no more.
async fn people_are_found_as_before(store: &SqliteStore) {
    let cys = vec![cy().id];
    for (kind, value) in [("login", "cy@x"), ("mail", "cy@x"), ("number", "7")] {
        assert_eq!(store.identities_by_key(kind, value).await.unwrap(), cys, "{kind}");
    }
    assert_eq!(store.identities_by_key("number", "cy@x").await.unwrap(), []);
    let hq = SiteId::new("hq");
    let ids = |found: Vec<AccountKey>| found.into_iter().map(|key| key.id.0).collect::<Vec<_>>();
    assert_eq!(ids(store.accounts_by_key(&hq, "mail", "cy@x").await.unwrap()), [3, 8]);
    assert_eq!(ids(store.accounts_by_key(&hq, "login", "cy@x").await.unwrap()), [8]);
    for (text, found) in [("cy", 1), ("cy@", 1), ("re cy", 1), ("", 1), ("eyes", 0)] {
        let (people, _, total) = store.search_people(None, text, Order::Rising, None, 9).await.unwrap();
        assert_eq!((people.len(), total), (found, Some(found as u64)), "{text}");
    }
    let mut renamed = cy();
    renamed.profile.set("displayName", AttributeValue::Text("Cyra Lund".into()));
    let keys = vec![("number".to_owned(), "7".to_owned())];
    let at = Timestamp::from_second(9).unwrap();
    store.write(vec![Write::Identity { identity: Box::new(renamed), keys, at }]).await.unwrap();
    for (text, found) in [("cy", 1), ("cy@", 0), ("reyes", 0), ("lund", 1), ("", 1)] {
        let (people, ..) = store.search_people(None, text, Order::Falling, None, 9).await.unwrap();
        assert_eq!(people.len(), found, "{text}");
    }
    assert_eq!(store.identities_by_key("mail", "cy@x").await.unwrap(), []);
    store.write(vec![Write::Erase { identity: cy().id }]).await.unwrap();
}

fn content() -> Vec<Write> {
    let at = Timestamp::UNIX_EPOCH;
    let line = |title: &str| {
        Write::Journal(Box::new(Entry {
            tenant: "acme".into(),
            at,
            kind: "decision".into(),
            identity: Some(ana()),
            site: None,
            person: Some("Ana Silva".into()),
            severity: Severity::Info,
            title: title.to_owned(),
            detail: String::new(),
            data: serde_json::json!({ "desk": "2-014" }),
        }))
    };
    vec![
        Write::Attend {
            who: vec![ana()],
            source: Source::Hook,
            lane: Lane::Leaver,
            due: at,
            why: "left".to_owned(),
        },
        Write::Meta { key: "kept".into(), value: "yes".into() },
        Write::Count { name: "n".into(), by: 3 },
        line("first"),
        line("second"),
    ]
}

#[tokio::test]
async fn a_store_of_every_earlier_version_is_brought_up_and_loses_nothing() {
    for undone in 0..=STEPS_BACK.len() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open_inline(folder.path()).unwrap();
        store.write(content()).await.unwrap();
        let heads = store.tree_heads().await.unwrap();
        store.close();
        let file = Connection::open(folder.path().join("lanyard.db")).unwrap();
        let newest: i64 =
            file.query_row("SELECT MAX(version) FROM schema_version", [], |row| row.get(0)).unwrap();
        assert_eq!(newest, STEPS_BACK[0].0, "the newest step has no line in STEPS_BACK");
        for (version, back) in &STEPS_BACK[..undone] {
            file.execute_batch(&back.replace("RECORD", &cy_reyes())).unwrap();
            file.execute("DELETE FROM schema_version WHERE version = ?1", [version]).unwrap();
        }
        drop(file);

        let undid = |version| STEPS_BACK[..undone].iter().any(|(step, _)| *step == version);
        let store = SqliteStore::open_inline(folder.path()).unwrap();
        if undid(15) {
            people_are_found_as_before(&store).await;
        }
        assert_eq!(store.tree_heads().await.unwrap(), heads, "{undone} steps back");
        assert_eq!(store.verify_journal().await, Ok(None), "{undone} steps back");
        assert_eq!(store.meta("kept").await.unwrap().as_deref(), Some("yes"));
        assert_eq!(store.count("n").await, Ok(3));
        let long = Timestamp::from_second(600).unwrap();
        let work = store.claim("w", Timestamp::UNIX_EPOCH, long, Lane::Bulk, 9).await.unwrap();
        assert_eq!((work.len(), &work[0].identity), (1, &ana()), "attention waits on");
        // What later steps brought is there to be written.
        let document = Document {
            collection: "reviews".into(),
            key: "one".into(),
            version: 0,
            keys: Vec::new(),
            body: serde_json::json!({}),
        };
        store.write(vec![Write::Document(Box::new(document))]).await.unwrap();
        store.close();
        let file = Connection::open(folder.path().join("lanyard.db")).unwrap();
        let number = |sql: &str| file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT MAX(version) FROM schema_version"), newest);
        assert_eq!(
            number("SELECT COUNT(*) FROM found_old WHERE what <> 'account hq'"),
            0,
            "{undone}: they were erased"
        );
        // What was on record before rows were put in order is so afterwards; before the fifth step there was no past yet.
        let (signals, past) = (i64::from(undid(10)), i64::from(undid(10) && !undid(5)));
        assert_eq!(number("SELECT COUNT(*) FROM signals WHERE uuid = 'u1' AND seen_hook_at = 5"), signals);
        assert_eq!(number("SELECT COUNT(*) FROM past WHERE subject = 'bo' AND from_at = 3"), past);
        // Doors are somebody's: theirs whose account it was. Rows of nobody stay as they were.
        let owned = i64::from(undid(12) && !undid(7));
        let doors =
            "SELECT COUNT(*) FROM held WHERE kind = 'door' AND key IN ('acme/ana Pier House', 'Cellar')";
        assert_eq!(number(doors), owned * 2);
        // What is put away stays so, but for what is over.
        let away = "SELECT group_concat(key, ' ') FROM (SELECT key FROM meta WHERE key LIKE 'closed:%' ORDER BY key)";
        let away: Option<String> = file.query_row(away, [], |row| row.get(0)).unwrap();
        let kept = "closed:fought:acme/bo:hq:seat closed:orphan:hq:9";
        assert_eq!(away.as_deref(), undid(16).then_some(kept), "{undone} steps back");
    }
}
