//! The contract suite on both ways to run SQLite.

use lanyard_store::{SqliteStore, contract};

#[tokio::test]
async fn holds_inline() {
    contract::holds(|| SqliteStore::in_memory().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_with_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut number = 0;
    contract::holds(|| {
        number += 1;
        SqliteStore::open(folder.path().join(number.to_string())).unwrap()
    })
    .await;
}
