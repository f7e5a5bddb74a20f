//! Group commit: many callers' jobs in one transaction, each in its own savepoint, one commit, then the answers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lanyard_engine::ports::StoreFailure;
use rusqlite::Connection;

use crate::{
    salt::Salts,
    sqlite::{SqliteTx, failure},
    tx::{Answer, Tx},
};

/// What a job gets.
pub(crate) struct Access<'a> {
    pub(crate) tx: &'a dyn Tx,
    pub(crate) salts: &'a mut Salts,
}

/// One caller's work. `run` is called once, then `answer` once: with the fate of the whole transaction.
pub(crate) trait Job: Send {
    fn run(&mut self, access: &mut Access<'_>) -> Answer<()>;
    fn answer(self: Box<Self>, fate: Answer<()>);
}

/// Runs the jobs in one transaction and answers each after the commit. A job that fails or panics is rolled back
/// alone; if the transaction itself is lost, everybody is told so.
pub(crate) fn commit(connection: &Connection, salts: &mut Salts, jobs: Vec<Box<dyn Job>>) {
    let mut jobs = jobs;
    let fates = match run_all(connection, salts, &mut jobs) {
        Ok(fates) => fates,
        Err(lost) => {
            if !connection.is_autocommit()
                && let Err(e) = execute(connection, "ROLLBACK")
            {
                tracing::error!(error = %e, "a failed transaction could not be rolled back");
            }
            tracing::warn!(error = %lost, jobs = jobs.len(), "a transaction was lost");
            vec![Err(lost); jobs.len()]
        }
    };
    for (job, fate) in jobs.into_iter().zip(fates) {
        job.answer(fate);
    }
}

/// The fate of each job after a successful commit; an error if nothing at all was committed.
fn run_all(connection: &Connection, salts: &mut Salts, jobs: &mut [Box<dyn Job>]) -> Answer<Vec<Answer<()>>> {
    execute(connection, "BEGIN IMMEDIATE").map_err(unavailable)?;
    let mut fates = Vec::with_capacity(jobs.len());
    for job in jobs {
        execute(connection, "SAVEPOINT job").map_err(unavailable)?;
        let tx = SqliteTx(connection);
        let ran = catch_unwind(AssertUnwindSafe(|| job.run(&mut Access { tx: &tx, salts })));
        let fate = ran.unwrap_or_else(|panic| {
            tracing::error!(panic = %words(&*panic), "a batch panicked");
            Err(StoreFailure::Unavailable(format!("the batch failed inside the store: {}", words(&*panic))))
        });
        // A full disk or an I/O error may end the whole transaction by itself.
        if connection.is_autocommit() {
            let why = fate.err().map_or_else(|| "it ended unexpectedly".to_owned(), |e| e.to_string());
            return Err(StoreFailure::Unavailable(format!("the transaction was lost: {why}")));
        }
        if fate.is_err() {
            execute(connection, "ROLLBACK TO job").map_err(unavailable)?;
        }
        execute(connection, "RELEASE job").map_err(unavailable)?;
        fates.push(fate);
    }
    execute(connection, "COMMIT").map_err(unavailable)?;
    Ok(fates)
}

fn execute(connection: &Connection, sql: &'static str) -> Answer<()> {
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
