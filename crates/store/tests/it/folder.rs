//! Opening, closing, backing up.

use std::sync::Arc;

use jiff::Timestamp;
use lanyard_engine::ports::{Store, StoreFailure, Write};
use lanyard_model::{
    id::{IdentityId, TenantId},
    signal::{Lane, Source},
};
use lanyard_store::SqliteStore;

fn count(name: &str) -> Vec<Write> {
    vec![Write::Count { name: name.to_owned(), by: 1 }]
}

#[tokio::test]
async fn one_process_per_folder() {
    let folder = tempfile::tempdir().unwrap();
    let first = SqliteStore::open(folder.path()).unwrap();
    let second = SqliteStore::open(folder.path()).err().unwrap().to_string();
    let expected = format!("is in use by process {} (", std::process::id());
    assert!(second.contains(&expected), "{second}");

    first.write(count("n")).await.unwrap();
    first.close();
    let closed = StoreFailure::Unavailable("the store is closed".into());
    assert_eq!(first.write(count("n")).await, Err(closed.clone()));
    assert_eq!(first.count("n").await, Err(closed));
    let again = SqliteStore::open_inline(folder.path()).unwrap();
    assert_eq!(again.count("n").await, Ok(1));
}

#[tokio::test]
async fn claims_of_a_process_that_is_gone_are_free_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let ana = IdentityId::new(TenantId::new("main"), "ana");
    let (now, long) = (Timestamp::UNIX_EPOCH, Timestamp::from_second(600).unwrap());
    let dead = SqliteStore::open(folder.path()).unwrap();
    let (who, source, lane, why) = (vec![ana.clone()], Source::Hook, Lane::Leaver, "left".to_owned());
    dead.write(vec![Write::Attend { who, source, lane, due: now, why }]).await.unwrap();
    let old = dead.claim("dead", now, long, Lane::Bulk, 9).await.unwrap();
    assert_eq!(old.len(), 1);
    drop(dead);

    let store = SqliteStore::open(folder.path()).unwrap();
    let new = store.claim("alive", now, long, Lane::Bulk, 9).await.unwrap();
    assert_eq!((&new[0].identity, new[0].lane, new[0].fence), (&ana, Lane::Leaver, old[0].fence + 1));
}

#[test]
fn a_file_that_is_no_store_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("lanyard.db"),
        "not a database, but long enough to be looked at\n".repeat(99),
    )
    .unwrap();
    let refused = SqliteStore::open(folder.path()).err().unwrap();
    assert_eq!(refused, StoreFailure::Damaged("file is not a database".into()));
}

#[tokio::test]
async fn a_locked_database_refuses_writes_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path()).unwrap();
    let other = rusqlite::Connection::open(folder.path().join("lanyard.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.write(count("n")).await, Err(StoreFailure::Unavailable("database is locked".into())));
    assert_eq!(store.count("n").await, Ok(0), "reading goes on");
    other.execute_batch("ROLLBACK").unwrap();
    store.write(count("n")).await.unwrap();
    assert_eq!(store.count("n").await, Ok(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_see_what_was_acknowledged_and_a_backup_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(folder.path().join("live")).unwrap());
    let mut tasks = Vec::new();
    for task in 0..16 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for n in 1..=20 {
                let name = format!("task {task}");
                store.write(count(&name)).await.unwrap();
                assert_eq!(store.count(&name).await, Ok(n), "each read sees every batch acknowledged before");
            }
        }));
    }
    store.write(count("before")).await.unwrap();
    let copy = folder.path().join("copy");
    std::fs::create_dir(&copy).unwrap();
    store.backup_to(copy.join("lanyard.db")).await.unwrap();
    for task in tasks {
        task.await.unwrap();
    }
    let repeated = store.backup_to(copy.join("lanyard.db")).await.unwrap_err().to_string();
    assert!(repeated.contains("lanyard.db exists already"), "{repeated}");
    let copy = SqliteStore::open(&copy).unwrap();
    assert_eq!(copy.count("before").await, Ok(1));
    assert_eq!(copy.verify_journal().await, Ok(None));
}
