//! A process that writes is killed at any moment: what it was told is done is done, and nothing is half done.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use lanyard_engine::ports::{Entry, Severity, Store, Write};
use lanyard_model::{
    id::TenantId,
    signal::{Event, Lane, Source},
};
use lanyard_store::SqliteStore;

const FOLDER: &str = "LANYARD_STORE_CRASH_FOLDER";
const KILLS: u64 = 24;

fn tenant() -> TenantId {
    TenantId::new("harborlight")
}

/// One batch that leaves a trace in four places.
fn batch(id: &str) -> Vec<Write> {
    let event = Event {
        tenant: tenant(),
        uuid: id.into(),
        kind: "user.lifecycle.create".into(),
        published: None,
        users: vec![id.into()],
        groups: Vec::new(),
        lane: Lane::Normal,
        deletion: false,
        ours: false,
        membership: None,
    };
    let line = Entry {
        tenant: tenant(),
        at: Timestamp::UNIX_EPOCH,
        kind: "signal".into(),
        identity: None,
        site: None,
        person: Some(id.to_owned()),
        severity: Severity::Info,
        title: id.to_owned(),
        detail: String::new(),
        data: serde_json::Value::Null,
    };
    vec![
        Write::Meta { key: id.to_owned(), value: "there".into() },
        Write::Journal(Box::new(line)),
        Write::Signals {
            tenant: tenant(),
            source: Source::Hook,
            delivery: Some(id.to_owned()),
            events: vec![event],
            cursor: None,
            at: Timestamp::UNIX_EPOCH,
            coalesce: Duration::ZERO,
        },
        Write::Count { name: "batches".into(), by: 1 },
    ]
}

/// Not a test by itself: the process to be killed. It writes from several tasks and says what was acknowledged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_writes_until_killed() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let store = Arc::new(SqliteStore::open(Path::new(&folder)).unwrap());
    let run = store.count("runs").await.unwrap();
    store.write(vec![Write::Count { name: "runs".into(), by: 1 }]).await.unwrap();
    let mut tasks = Vec::new();
    for task in 0..8 {
        let store = Arc::clone(&store);
        tasks.push(tokio::spawn(async move {
            for n in 0..100_000 {
                let id = format!("{run}-{task}-{n}");
                store.write(batch(&id)).await.unwrap();
                // Not print!, which the test harness captures.
                std::io::stdout().lock().write_all(format!("done {id}\n").as_bytes()).unwrap();
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}

/// Starts the child, kills it after it said `words` things, and collects all that it said.
fn run_and_kill(folder: &Path, words: u64, said: &mut BTreeSet<String>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["crash::child_writes_until_killed", "--exact", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut note = |line: String| line.strip_prefix("done ").map(|id| said.insert(id.to_owned())).is_some();
    let mut heard = 0;
    while heard < words {
        let line = lines.next().expect("the child goes on until killed").unwrap();
        heard += u64::from(note(line));
    }
    child.kill().unwrap();
    // What it still said before it died was acknowledged too; a last torn line was not heard whole.
    let mut rest: Vec<String> = lines.map_while(Result::ok).collect();
    rest.pop();
    for line in rest {
        note(line);
    }
    child.wait().unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut said = BTreeSet::new();
    let mut random = 88_172_645_463_325_252_u64;
    for _ in 0..KILLS {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        run_and_kill(folder.path(), random % 120, &mut said);
    }

    let store = SqliteStore::open_inline(folder.path()).unwrap();
    for id in &said {
        assert_eq!(store.meta(id).await.unwrap().as_deref(), Some("there"), "{id} was acknowledged");
    }
    let batches = store.count("batches").await.unwrap();
    assert!(batches >= said.len() as u64, "{batches} batches, {} acknowledged", said.len());
    assert_eq!(store.tree_heads().await.unwrap()[0].size, batches);
    assert_eq!(store.ledger(&tenant()).await.unwrap().hook_only, batches);
    assert_eq!(store.work_counts(None, Timestamp::UNIX_EPOCH).await.unwrap().due, batches);
    assert_eq!(store.verify_journal().await.unwrap(), None);
}
