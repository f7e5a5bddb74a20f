//! Group commit: many callers' jobs in one transaction, one commit, then the answers.
//!
//! Nearly every job succeeds, so a group is first tried without savepoints: each would make SQLite copy every page that
//! the job touches. Only if one of them fails is everything rolled back and done again, each job in a savepoint of its own.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lanyard_engine::ports::StoreFailure;
use rusqlite::Connection;

use crate::{
    disk::{self, Disk, DiskStep, DiskTrouble},
    memory::{Memory, NextDue, OpenCounts},
    salt::Salts,
    sqlite::{SqliteTx, failure},
    tx::{Answer, Tx},
};

/// What a job gets.
pub(crate) struct Access<'a> {
    pub(crate) tx: &'a dyn Tx,
    pub(crate) salts: &'a mut Salts,
    pub(crate) memory: &'a mut Memory,
}

/// What the writing side holds from one transaction to the next.
pub(crate) struct Writer {
    pub(crate) salts: Salts,
    pub(crate) memory: Memory,
    pub(crate) due: NextDue,
    pub(crate) counts: OpenCounts,
    /// Decides in a simulation what goes wrong.
    pub(crate) disk: Box<dyn Disk>,
}

/// One caller's work. `run` is called once, or again after what it did was rolled back; then `answer` once, with the fate of
/// the whole transaction.
pub(crate) trait Job: Send {
    fn run(&mut self, access: &mut Access<'_>) -> Answer<()>;
    fn answer(self: Box<Self>, fate: Answer<()>);
}

/// Runs the jobs in one transaction and answers each after the commit. A job that fails or panics is rolled back
/// alone; if the transaction itself is lost, everybody is told so.
pub(crate) fn commit(connection: &Connection, writer: &mut Writer, jobs: Vec<Box<dyn Job>>) {
    let mut jobs = jobs;
    let begun = writer.disk.trouble(DiskStep::Begin);
    let full = begun == Some(DiskTrouble::Full);
    let ran = match begun {
        Some(trouble) if !full => Err(disk::told(trouble)),
        _ if full => disk::fill(connection).and_then(|()| run_all(connection, writer, &mut jobs)),
        _ => run_all(connection, writer, &mut jobs),
    };
    let fates = match ran {
        Ok(fates) => fates,
        Err(lost) => {
            writer.memory.forget();
            if !connection.is_autocommit()
                && let Err(e) = execute(connection, "ROLLBACK")
            {
                tracing::error!(error = %e, "a failed transaction could not be rolled back");
            }
            tracing::warn!(error = %lost, jobs = jobs.len(), "a transaction was lost");
            writer.counts.forget();
            // A commit that failed may have happened all the same.
            if let Ok(next) = NextDue::ask(&SqliteTx(connection)) {
                writer.due.publish(next);
            }
            vec![Err(lost); jobs.len()]
        }
    };
    if full {
        disk::make_room(connection);
        if fates.iter().any(|fate| matches!(fate, Err(StoreFailure::Unavailable(_)))) {
            writer.disk.was_full();
        }
    }
    for (job, fate) in jobs.into_iter().zip(fates) {
        job.answer(fate);
    }
}

/// The fate of each job after a successful commit; an error if nothing at all was committed.
fn run_all(
    connection: &Connection,
    writer: &mut Writer,
    jobs: &mut [Box<dyn Job>],
) -> Answer<Vec<Answer<()>>> {
    execute(connection, "BEGIN IMMEDIATE").map_err(unavailable)?;
    let fates = match run_together(connection, writer, jobs)? {
        true => vec![Ok(()); jobs.len()],
        false => {
            execute(connection, "ROLLBACK").map_err(unavailable)?;
            writer.memory.forget();
            execute(connection, "BEGIN IMMEDIATE").map_err(unavailable)?;
            run_apart(connection, writer, jobs)?
        }
    };
    let Writer { memory, due, counts, disk, .. } = writer;
    let tx = SqliteTx(connection);
    memory.flush(&tx).map_err(unavailable)?;
    let next = NextDue::ask(&tx).map_err(unavailable)?;
    match disk.trouble(DiskStep::Commit) {
        None => execute(connection, "COMMIT").map_err(unavailable)?,
        Some(trouble) => {
            if trouble == (DiskTrouble::Unflushed { kept: true }) {
                execute(connection, "COMMIT").map_err(unavailable)?;
            }
            return Err(disk::told(trouble));
        }
    }
    // Before anybody is answered: whoever was told of new work must find it due.
    due.publish(next);
    counts.publish(&mut memory.findings);
    Ok(fates)
}

/// Runs all jobs without savepoints, up to the first that fails. Whether all succeeded.
fn run_together(connection: &Connection, writer: &mut Writer, jobs: &mut [Box<dyn Job>]) -> Answer<bool> {
    for job in jobs {
        if run_one(connection, writer, &mut **job)?.is_err() {
            return Ok(false);
        }
        writer.memory.keep();
    }
    Ok(true)
}

/// Runs each job in its own savepoint: one that fails falls alone.
fn run_apart(
    connection: &Connection,
    writer: &mut Writer,
    jobs: &mut [Box<dyn Job>],
) -> Answer<Vec<Answer<()>>> {
    let mut fates = Vec::with_capacity(jobs.len());
    for job in jobs {
        execute(connection, "SAVEPOINT job").map_err(unavailable)?;
        let fate = run_one(connection, writer, &mut **job)?;
        if fate.is_err() {
            execute(connection, "ROLLBACK TO job").map_err(unavailable)?;
            writer.memory.undo();
        } else {
            writer.memory.keep();
        }
        execute(connection, "RELEASE job").map_err(unavailable)?;
        fates.push(fate);
    }
    Ok(fates)
}

/// The fate of one job; an error if the transaction itself was lost with it.
fn run_one(connection: &Connection, writer: &mut Writer, job: &mut dyn Job) -> Answer<Answer<()>> {
    let tx = SqliteTx(connection);
    let mut access = Access { tx: &tx, salts: &mut writer.salts, memory: &mut writer.memory };
    let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut access)));
    let fate = ran.unwrap_or_else(|panic| {
        tracing::error!(panic = %words(&*panic), "a batch panicked");
        Err(StoreFailure::Unavailable(format!("the batch failed inside the store: {}", words(&*panic))))
    });
    // A full disk or an I/O error may end the whole transaction by itself.
    if connection.is_autocommit() {
        let why = fate.err().map_or_else(|| "it ended unexpectedly".to_owned(), |e| e.to_string());
        return Err(StoreFailure::Unavailable(format!("the transaction was lost: {why}")));
    }
    Ok(fate)
}

pub(crate) fn execute(connection: &Connection, sql: &'static str) -> Answer<()> {
    connection.prepare_cached(sql).and_then(|mut statement| statement.execute([])).map(drop).map_err(failure)
}

/// Whatever stopped a transaction, its callers may try again.
fn unavailable(error: StoreFailure) -> StoreFailure {
    match error {
        StoreFailure::Unavailable(_) => error,
        other => StoreFailure::Unavailable(other.to_string()),
    }
}

fn words(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;
    use crate::{schema, sqlite, tx::with};

    const PUT: &str = "INSERT INTO notes (text) VALUES ($1)";

    struct Probe {
        work: fn(&dyn Tx) -> Answer<()>,
        fates: Arc<Mutex<Vec<Answer<()>>>>,
    }

    impl Job for Probe {
        fn run(&mut self, access: &mut Access<'_>) -> Answer<()> {
            (self.work)(access.tx)
        }

        fn answer(self: Box<Self>, fate: Answer<()>) {
            self.fates.lock().unwrap().push(fate);
        }
    }

    /// Runs the works as one group: the fate of each, and how many notes there are afterwards.
    fn fates(connection: &Connection, works: &[fn(&dyn Tx) -> Answer<()>]) -> (Vec<Answer<()>>, i64) {
        let fates = Arc::new(Mutex::new(Vec::new()));
        let job = |work: &fn(&dyn Tx) -> Answer<()>| -> Box<dyn Job> {
            Box::new(Probe { work: *work, fates: Arc::clone(&fates) })
        };
        let due = NextDue::load(&SqliteTx(connection)).unwrap();
        let disk = Box::new(crate::disk::Sound);
        let counts = OpenCounts::default();
        let mut writer = Writer { salts: Salts::Counted(0), memory: Memory::default(), due, counts, disk };
        commit(connection, &mut writer, works.iter().map(job).collect());
        assert!(connection.is_autocommit(), "no transaction is left open");
        let notes = connection.query_row("SELECT COUNT(*) FROM notes", [], |row| row.get(0)).unwrap();
        (fates.lock().unwrap().clone(), notes)
    }

    fn notes() -> Connection {
        let connection = sqlite::open_memory().unwrap();
        schema::migrate(&connection).unwrap();
        connection.execute_batch("CREATE TABLE notes (text TEXT)").unwrap();
        connection
    }

    fn put(tx: &dyn Tx) -> Answer<()> {
        tx.run(PUT, with!["x"]).map(drop)
    }

    fn put_much(tx: &dyn Tx) -> Answer<()> {
        tx.run(PUT, with![&"x".repeat(400_000)]).map(drop)
    }

    fn put_then_fail(tx: &dyn Tx) -> Answer<()> {
        put(tx)?;
        Err(StoreFailure::Damaged("asked to fail".into()))
    }

    fn put_then_panic(tx: &dyn Tx) -> Answer<()> {
        put(tx)?;
        panic!("asked to panic")
    }

    #[test]
    fn a_failing_or_panicking_batch_falls_alone() {
        let connection = notes();
        let (fates, notes) = fates(&connection, &[put, put_then_fail, put_then_panic, put]);
        let panicked = StoreFailure::Unavailable("the batch failed inside the store: asked to panic".into());
        let failed = StoreFailure::Damaged("asked to fail".into());
        assert_eq!(fates, [Ok(()), Err(failed), Err(panicked), Ok(())]);
        assert_eq!(notes, 2);
    }

    static RUNS: AtomicUsize = AtomicUsize::new(0);

    fn put_counted(tx: &dyn Tx) -> Answer<()> {
        RUNS.fetch_add(1, Ordering::SeqCst);
        put(tx)
    }

    #[test]
    fn only_a_group_with_a_failure_is_done_again() {
        let connection = notes();
        let (_, notes) = fates(&connection, &[put_counted, put_counted]);
        assert_eq!((notes, RUNS.swap(0, Ordering::SeqCst)), (2, 2));
        let (told, notes) = fates(&connection, &[put_counted, put_then_fail, put_counted]);
        assert_eq!(told.iter().filter(|fate| fate.is_ok()).count(), 2);
        assert_eq!((notes, RUNS.load(Ordering::SeqCst)), (4, 3), "one before the failure, then both");
    }

    #[test]
    fn a_failed_commit_is_everybodys_answer() {
        let connection = notes();
        connection
            .execute_batch("PRAGMA foreign_keys = ON; CREATE UNIQUE INDEX one ON notes (text)")
            .unwrap();
        let orphan: fn(&dyn Tx) -> Answer<()> = |tx| {
            tx.run("UPDATE notes SET text = 'y' WHERE text = $1", with!["x"])?;
            tx.run("INSERT INTO orphans (of) VALUES ($1)", with!["nobody"]).map(drop)
        };
        connection
            .execute_batch(
                "CREATE TABLE orphans (of TEXT REFERENCES notes (text) DEFERRABLE INITIALLY DEFERRED)",
            )
            .unwrap();
        let (fates_lost, count) = fates(&connection, &[put, orphan]);
        assert!(fates_lost.iter().all(|f| matches!(f, Err(StoreFailure::Unavailable(_)))), "{fates_lost:?}");
        assert_eq!((fates_lost.len(), count), (2, 0));
        assert_eq!(fates(&connection, &[put]), (vec![Ok(())], 1), "the next group is unharmed");
    }

    #[test]
    fn a_full_disk_passes() {
        let connection = notes();
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.execute_batch(&format!("PRAGMA max_page_count = {}", pages + 20)).unwrap();
        let (full, count) = fates(&connection, &[put_much]);
        assert!(
            matches!(&full[..], [Err(StoreFailure::Unavailable(why))] if why.contains("full")),
            "{full:?}"
        );
        assert_eq!(count, 0);
        connection.execute_batch("PRAGMA max_page_count = 100000").unwrap();
        assert_eq!(fates(&connection, &[put_much, put]), (vec![Ok(()), Ok(())], 2));
    }
}
