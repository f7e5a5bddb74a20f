//! A file as each earlier schema left it, opened by this program.

use jiff::Timestamp;
use lanyard_engine::ports::{Document, Entry, Severity, Store, Write};
use lanyard_model::{
    id::{IdentityId, TenantId},
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
            file.execute_batch(back).unwrap();
            file.execute("DELETE FROM schema_version WHERE version = ?1", [version]).unwrap();
        }
        drop(file);

        let store = SqliteStore::open_inline(folder.path()).unwrap();
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
        // What was on record before rows were put in order is so afterwards; before the fifth step there was no past yet.
        let undid = |version| STEPS_BACK[..undone].iter().any(|(step, _)| *step == version);
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
