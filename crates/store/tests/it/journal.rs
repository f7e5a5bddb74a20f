//! What somebody with the file in their hands can do to the journal, and how it shows.

use std::path::Path;

use jiff::Timestamp;
use lanyard_engine::ports::{
    ActivityFilter, DELEGATIONS, Document, DocumentKey, Entry, Finding, Severity, Store, Write, Wrote,
};
use lanyard_model::id::{IdentityId, TenantId};
use lanyard_store::{
    Archive, SqliteStore,
    checkpoint::{CheckpointKey, verify_checkpoint},
    merkle::{CompactRange, leaf_hash},
};
use rusqlite::Connection;

fn tenant() -> TenantId {
    TenantId::new("harborlight")
}

fn line(title: &str) -> Write {
    Write::Journal(Box::new(Entry {
        tenant: tenant(),
        at: Timestamp::UNIX_EPOCH,
        kind: "decision".into(),
        identity: Some(IdentityId::new(tenant(), "ana")),
        site: None,
        person: Some("Ana Silva".into()),
        severity: Severity::Info,
        title: title.to_owned(),
        detail: String::new(),
        data: serde_json::json!({"desk": "2-014"}),
    }))
}

/// Lines 0 to 5 in three batches of two.
async fn written(folder: &Path) -> SqliteStore {
    let store = SqliteStore::open_inline(folder).unwrap();
    for pair in [["l0", "l1"], ["l2", "l3"], ["l4", "l5"]] {
        store.write(pair.map(line).to_vec()).await.unwrap();
    }
    store
}

#[tokio::test]
async fn every_change_by_hand_is_found_and_named() {
    // A rewritten line with its leaf made to fit.
    let forge = |connection: &Connection| {
        let text: String = connection
            .query_row("SELECT line FROM journal WHERE position = 2", [], |row| row.get(0))
            .unwrap();
        let text = text.replace("2-014", "2-015");
        let leaf = leaf_hash(text.as_bytes());
        connection
            .execute("UPDATE journal SET line = ?1, leaf = ?2 WHERE position = 2", (text, leaf))
            .unwrap();
    };
    let run = |sql: &'static str| move |connection: &Connection| connection.execute_batch(sql).unwrap();
    type Change = Box<dyn Fn(&Connection)>;
    let cases: Vec<(Change, &str)> = vec![
        (Box::new(run("SELECT 1")), "whole"),
        (
            Box::new(run("UPDATE journal SET line = replace(line, 'l1', 'l7') WHERE position = 1")),
            "journal of harborlight: line 1 (number 2): its text is not what was written",
        ),
        (
            Box::new(run("UPDATE journal SET leaf = zeroblob(32) WHERE position = 4")),
            "journal of harborlight: line 4 (number 5): its text is not what was written",
        ),
        (
            Box::new(run("DELETE FROM journal WHERE position >= 4")),
            "journal of harborlight: line 4 is missing: the head counts 6 lines, 4 are kept",
        ),
        (
            Box::new(run("DELETE FROM journal")),
            "journal of harborlight: line 0 is missing: the head counts 6 lines, 0 are kept",
        ),
        (
            Box::new(run("DELETE FROM journal WHERE position = 2")),
            "journal of harborlight: line 3 (number 4): line 2 is missing before it",
        ),
        (
            Box::new(run(
                "UPDATE journal SET position = 99 WHERE position = 2; UPDATE journal SET position = 2 WHERE position = 3;
                 UPDATE journal SET position = 3 WHERE position = 99",
            )),
            "journal of harborlight: line 2 (number 4): it stands in another place than it was written",
        ),
        (
            Box::new(run("UPDATE journal SET seq = 99 WHERE seq = 3; UPDATE journal SET seq = 3 WHERE seq = 4;
                 UPDATE journal SET seq = 4 WHERE seq = 99;
                 UPDATE journal_persons SET seq = 99 WHERE seq = 3; UPDATE journal_persons SET seq = 3 WHERE seq = 4;
                 UPDATE journal_persons SET seq = 4 WHERE seq = 99")),
            "journal of harborlight: line 3 (number 3): it is out of order",
        ),
        (
            Box::new(run("UPDATE journal SET who_user = 'bo' WHERE position = 5")),
            "journal of harborlight: line 5 (number 6): it is filed under another person than it tells of",
        ),
        (
            Box::new(run("UPDATE journal_persons SET person = 'Bo' WHERE seq = 3")),
            "journal of harborlight: line 2 (number 3): its personal text is not what was written",
        ),
        (
            Box::new(run("DELETE FROM journal_persons WHERE seq = 3")),
            "journal of harborlight: line 2 (number 3): its personal text is missing, but was not erased",
        ),
        (
            Box::new(forge),
            "journal of harborlight: line 3 (number 4): the root noted here is not the root of the lines up to here: \
             one of them was rewritten",
        ),
        (
            Box::new(run("UPDATE journal_trees SET frontier = zeroblob(64)")),
            "journal of harborlight: the head over 6 lines is not the root of the lines that are kept",
        ),
        (
            Box::new(run("UPDATE journal_trees SET size = 5")),
            "journal of harborlight: line 5 is not in the tree: the head counts 5 lines, 6 are kept",
        ),
    ];
    for (change, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path()).await.close();
        change(&Connection::open(folder.path().join("lanyard.db")).unwrap());
        let store = SqliteStore::open_inline(folder.path()).unwrap();
        let found = store.verify_journal().await.unwrap();
        assert_eq!(found.as_deref().unwrap_or("whole"), expected);
    }
}

#[tokio::test]
async fn erased_names_leave_the_tree_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = written(folder.path()).await;
    let before = store.tree_heads().await.unwrap();
    assert_eq!(store.erase_person(&IdentityId::new(tenant(), "ana")).await, Ok(6));
    let lines = store.activity(&ActivityFilter { limit: 9, ..ActivityFilter::default() }).await.unwrap();
    assert!(lines.iter().all(|kept| kept.entry.person.is_none()));
    assert_eq!((store.tree_heads().await.unwrap(), store.verify_journal().await.unwrap()), (before, None));
}

#[tokio::test]
async fn somebody_who_is_forgotten_leaves_review_lines_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = written(folder.path()).await;
    let ana = IdentityId::new(tenant(), "ana");
    let reviewed = Document {
        collection: "review_lines".into(),
        key: "rev_1:0".into(),
        version: 0,
        keys: vec![DocumentKey { kind: "person".into(), value: ana.to_string(), sole: false }],
        body: serde_json::json!({ "name": "Ana Silva", "own_names": ["ana@hl.example"], "decision": "keep" }),
    };
    store.write(vec![Write::Document(Box::new(reviewed))]).await.unwrap();
    let erased = store.write(vec![Write::Erase { identity: ana.clone() }]).await.unwrap();
    assert_eq!(erased, [Wrote::Lines(6)]);
    let line = store.documents_by_key("review_lines", "person", &ana.to_string()).await.unwrap().remove(0);
    assert_eq!(line.body, serde_json::json!({ "name": "", "own_names": [], "decision": "keep" }));
}

#[tokio::test]
async fn with_somebody_who_is_forgotten_go_the_votes_that_were_delegated() {
    let folder = tempfile::tempdir().unwrap();
    let store = written(folder.path()).await;
    let ana = IdentityId::new(tenant(), "ana");
    let given = |key: &str, people: &[&str]| {
        let keys = people.iter().map(|user| IdentityId::new(tenant(), *user).to_string());
        let keys = keys.map(|value| DocumentKey { kind: "person".into(), value, sole: false });
        Write::Document(Box::new(Document {
            collection: DELEGATIONS.into(),
            key: key.into(),
            version: 0,
            keys: keys.collect(),
            body: serde_json::json!({ "from": "ana@hl.example", "to": "ben@hl.example" }),
        }))
    };
    let all = vec![
        given("by her", &["ana", "ben"]),
        given("to her", &["cat", "ana"]),
        given("others", &["ben", "cat"]),
    ];
    store.write(all).await.unwrap();
    store.write(vec![Write::Erase { identity: ana }]).await.unwrap();
    let left = store.document_page(DELEGATIONS, 0, 9).await.unwrap().0;
    assert_eq!(left.into_iter().map(|document| document.key).collect::<Vec<_>>(), ["others"]);
}

#[tokio::test]
async fn a_checkpoint_kept_elsewhere_shows_what_the_file_hides() {
    let folder = tempfile::tempdir().unwrap();
    let store = written(folder.path()).await;
    let key = CheckpointKey::create("lanyard.example").unwrap();
    let note = store.checkpoint(&tenant(), "lanyard.example/harborlight", &key).await.unwrap();
    let older = verify_checkpoint(&note, &key.verifier()).unwrap();
    assert_eq!((older.origin.as_str(), older.size), ("lanyard.example/harborlight", 6));
    store.write(vec![line("l6")]).await.unwrap();
    assert_eq!(store.check_against(&tenant(), &older).await, Ok(None));

    // A whole other journal, consistent in itself.
    let other = tempfile::tempdir().unwrap();
    let rewritten = SqliteStore::open_inline(other.path()).unwrap();
    rewritten.write(["l0", "l1", "x", "l3", "l4"].map(line).to_vec()).await.unwrap();
    assert_eq!(rewritten.verify_journal().await, Ok(None));
    let shorter = "the journal of harborlight is shorter than the 6 lines of the checkpoint";
    assert_eq!(rewritten.check_against(&tenant(), &older).await.unwrap().as_deref(), Some(shorter));
    rewritten.write(vec![line("l5")]).await.unwrap();
    let differs = "the first 6 lines of the journal of harborlight are not those of the checkpoint";
    assert_eq!(rewritten.check_against(&tenant(), &older).await.unwrap().as_deref(), Some(differs));
}

#[tokio::test]
async fn what_is_let_go_of_is_provably_a_beginning_and_more_than_that_shows() {
    let day = |n: i64| Timestamp::from_second(n * 86_400).unwrap();
    let at = |title: &str, n: i64| {
        let Write::Journal(mut entry) = line(title) else { unreachable!("a line") };
        entry.at = day(n);
        Write::Journal(entry)
    };
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    store.write((0..6).map(|n| at(&format!("l{n}"), n)).collect()).await.unwrap();
    let key = CheckpointKey::create("lanyard.example").unwrap();
    let note = store.checkpoint(&tenant(), "lanyard.example/harborlight", &key).await.unwrap();
    let laid = verify_checkpoint(&note, &key.verifier()).unwrap();

    let older = |n| Archive::open(folder.path()).unwrap().older(&tenant(), day(n)).unwrap();
    let cut = |position| Write::LetGo { tenant: tenant(), position, at: day(10), note: "signed".into() };
    assert_eq!(older(3).0, 3);
    let root = Archive::open(folder.path()).unwrap().root_at(&tenant(), 3).unwrap();
    assert_eq!(root, Some(older(3).1));
    assert_eq!(store.write(vec![cut(3)]).await.unwrap(), [Wrote::Lines(3)]);
    assert_eq!(older(2).0, 3, "what is gone stays gone");
    assert_eq!(store.write(vec![cut(2)]).await.unwrap(), [Wrote::Lines(0)], "a cut does not move back");
    assert_eq!(store.write(vec![cut(99)]).await.unwrap(), [Wrote::Lines(0)], "nor beyond the end");
    let kept = Archive::open(folder.path()).unwrap().cut(&tenant()).unwrap();
    assert_eq!(kept, (3, Some("signed".into())));
    let kept = store.activity(&ActivityFilter { limit: 9, ..ActivityFilter::default() }).await.unwrap();
    let titles: Vec<_> = kept.iter().map(|kept| kept.entry.title.as_str()).collect();
    assert_eq!(titles, ["l5", "l4", "l3"]);
    // Nothing is missing for whoever holds the journal against a checkpoint from before.
    assert_eq!(store.verify_journal().await, Ok(None));
    assert_eq!(store.check_against(&tenant(), &laid).await, Ok(None));
    store.write(vec![at("l6", 11)]).await.unwrap();
    assert_eq!(store.check_against(&tenant(), &laid).await, Ok(None), "and it grows on");
    store.close();

    // One line more emptied by hand is no retention.
    let connection = Connection::open(folder.path().join("lanyard.db")).unwrap();
    connection.execute_batch("UPDATE journal SET line = '' WHERE position = 3").unwrap();
    drop(connection);
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    let found = store.verify_journal().await.unwrap().expect("it shows");
    assert!(found.starts_with("journal of harborlight: line 3 (number 4)"), "{found}");
}

#[tokio::test]
async fn what_a_finding_said_before_goes_with_its_time_and_what_it_says_stays() {
    let day = |n: i64| Timestamp::from_second(n * 86_400).unwrap();
    let raised = |title: &str, n: i64| {
        Write::Finding(Box::new(Finding {
            key: "orphan:pier:7".into(),
            kind: "orphan".into(),
            severity: Severity::Warning,
            tenant: None,
            site: None,
            identity: None,
            title: title.into(),
            detail: String::new(),
            fix: None,
            count: None,
            since: day(n),
        }))
    };
    let over = |n: i64| Write::FindingOver { key: "orphan:pier:7".into(), at: day(n) };
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    for writes in [
        vec![raised("the first time", 1), over(2)],
        vec![raised("the second time", 5), over(6)],
        vec![raised("the third time", 7), over(8)],
    ] {
        store.write(writes).await.unwrap();
    }
    let told = || {
        let mut titles = Vec::new();
        for (finding, _) in Archive::open(folder.path()).unwrap().findings(day(99)).unwrap() {
            titles.push(finding.title);
        }
        titles
    };
    assert_eq!(told(), ["the first time", "the second time", "the third time"]);
    let gone = |n: i64| vec![Write::PastGone { before: day(n), told: Vec::new() }];
    assert_eq!(store.write(gone(2)).await.unwrap(), [Wrote::Gone { memberships: 0, findings: 0 }]);
    assert_eq!(store.write(gone(6)).await.unwrap(), [Wrote::Gone { memberships: 0, findings: 1 }]);
    assert_eq!(told(), ["the second time", "the third time"]);
    // Whatever it said last stays, however long ago that was.
    assert_eq!(store.write(gone(99)).await.unwrap(), [Wrote::Gone { memberships: 0, findings: 1 }]);
    assert_eq!(told(), ["the third time"]);
}

#[tokio::test]
async fn a_clock_that_stood_at_1970_for_a_while_lets_go_of_nothing_newer() {
    let day = |n: i64| Timestamp::from_second(n * 86_400).unwrap();
    let at = |n: i64| {
        let Write::Journal(mut entry) = line("l") else { unreachable!("a line") };
        entry.at = day(n);
        Write::Journal(entry)
    };
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    // Two that are old, two that are not, three by the wrong clock, two more.
    store.write([20_000, 20_001, 20_400, 20_401, 0, 0, 0, 20_402, 20_403].map(at).to_vec()).await.unwrap();
    let older = |n| Archive::open(folder.path()).unwrap().older(&tenant(), day(n)).unwrap().0;
    assert_eq!(older(20_100), 2);
    assert_eq!(older(20_402), 7, "with what was written meanwhile, once what is before it is old");
    assert_eq!(older(30_000), 9);

    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_inline(folder.path()).unwrap();
    store.write((0..2_500).map(|n| at(20_000 + n / 100)).collect()).await.unwrap();
    for (days, lines) in [(20_000, 0), (20_010, 1_000), (20_023, 2_300), (20_025, 2_500)] {
        let (found, root) = Archive::open(folder.path()).unwrap().older(&tenant(), day(days)).unwrap();
        assert_eq!(found, lines);
        assert_eq!(Archive::open(folder.path()).unwrap().root_at(&tenant(), lines).unwrap(), Some(root));
    }
}

#[tokio::test]
async fn many_roots_are_known_after_one_pass_and_more_after_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let store = written(folder.path()).await;
    let archive = Archive::open(folder.path()).unwrap();
    let (size, head) = archive.head(&tenant()).unwrap();
    assert!(size > 2, "{size} lines");
    let mut tree = CompactRange::default();
    let roots = archive.roots(&tenant(), &mut tree, &(0..=size + 1).collect()).unwrap();
    assert_eq!(roots.len() as u64, size + 1, "beyond the end there is none");
    for (size, root) in &roots {
        assert_eq!(archive.root_at(&tenant(), *size).unwrap(), Some(*root));
    }
    assert_eq!(roots[&size], head);

    store.write(vec![line("one more"), line("and another")]).await.unwrap();
    let later = Archive::open(folder.path()).unwrap();
    let fresh = later.roots(&tenant(), &mut tree, &[1, size, size + 2].into()).unwrap();
    let (size_now, head_now) = later.head(&tenant()).unwrap();
    assert_eq!((size_now, fresh.keys().copied().collect::<Vec<_>>()), (size + 2, vec![size, size + 2]));
    assert_eq!(fresh[&(size + 2)], head_now);
}
