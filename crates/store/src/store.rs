//! [`SqliteStore`]: opening, threads, and how calls reach a connection.
//!
//! Threaded: one thread writes, a few read, each with its own connection. Inline: one connection, and every call
//! runs to its end on the caller's thread, so that a seeded simulation decides the order of everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;
use lanyard_engine::ports::StoreFailure;
use lanyard_model::signal::Lane;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use crate::{
    disk::{self, Disk, DiskStep, Sound},
    glance::Glances,
    group::{self, Access, Job, Writer},
    lock::{self, FolderLock},
    memory::{Memory, NextDue, OpenCounts},
    queue::{Limits, Queue, Refused},
    salt::Salts,
    schema,
    sqlite::{self, SqliteTx, failure},
    tables::{notes::Sort, work},
    tx::{Answer, Tx},
};

/// Callers whose batches share one commit.
const GROUP_MAX: usize = 128;
/// How long a group is gathered while several callers write at once. Short beside a flush of the disk.
const GATHER: std::time::Duration = std::time::Duration::from_millis(2);
/// Calls that may wait for a thread; more are refused.
const WAITING_MAX: usize = 16_384;
const READERS: usize = 3;
/// The database inside its folder.
const FILE: &str = "lanyard.db";

/// The store on SQLite. Dropping it closes it.
///
/// A caller that stops waiting does not take its batch back: what was handed over happens.
pub struct SqliteStore {
    engine: Engine,
    due: NextDue,
    counts: OpenCounts,
    /// `None` in memory.
    file: Option<PathBuf>,
    /// Let go of after the connections are closed.
    lock: Mutex<Option<FolderLock>>,
}

enum Engine {
    Inline(Box<Mutex<Option<Inline>>>),
    Threaded(Threads),
}

struct Inline {
    connection: Connection,
    writer: Writer,
}

impl Inline {
    /// The connection, unless the disk cannot be read now.
    fn readable(&mut self) -> Answer<&Connection> {
        match self.writer.disk.trouble(DiskStep::Read) {
            None => Ok(&self.connection),
            Some(trouble) => Err(disk::told(trouble)),
        }
    }
}

struct Threads {
    glances: Glances,
    writer: Queue<Box<dyn Job>>,
    readers: Queue<Read>,
}

type Read = Box<dyn FnOnce(&Connection) + Send>;

impl SqliteStore {
    /// Opens the store in `folder` (made if missing) with its threads.
    ///
    /// # Errors
    /// [`StoreFailure::Unavailable`] if the folder cannot be used or another process uses it;
    /// [`StoreFailure::Damaged`] if its content is not what this version can work with.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, StoreFailure> {
        let (lock, file, connection) = open_folder(folder.as_ref())?;
        let writer = writer(&connection, Salts::random())?;
        let (due, counts) = (writer.due.clone(), writer.counts.clone());
        let threads = Threads::start(connection, writer, &file)?;
        let lock = Mutex::new(Some(lock));
        Ok(Self { engine: Engine::Threaded(threads), due, counts, file: Some(file), lock })
    }

    /// Like [`Self::open`], without threads: calls run on the caller's thread, and journal salts are predictable.
    /// For deterministic simulation, never for a service. Also the right one under a paused tokio clock, which would
    /// run ahead while a thread of [`Self::open`] works.
    pub fn open_inline(folder: impl AsRef<Path>) -> Result<Self, StoreFailure> {
        let (lock, file, connection) = open_folder(folder.as_ref())?;
        Self::inline(connection, Some(file), Some(lock))
    }

    /// An inline store that lives in memory only.
    pub fn in_memory() -> Result<Self, StoreFailure> {
        let connection = sqlite::open_memory()?;
        schema::migrate(&connection)?;
        Self::inline(connection, None, None)
    }

    fn inline(connection: Connection, file: Option<PathBuf>, lock: Option<FolderLock>) -> Answer<Self> {
        let writer = writer(&connection, Salts::Counted(0))?;
        let (due, counts) = (writer.due.clone(), writer.counts.clone());
        let engine = Engine::Inline(Box::new(Mutex::new(Some(Inline { connection, writer }))));
        Ok(Self { engine, due, counts, file, lock: Mutex::new(lock) })
    }

    /// Ends the threads after what they were given before, and lets go of the folder. Later calls are refused as
    /// [`StoreFailure::Unavailable`]. A second call does nothing.
    pub fn close(&self) {
        match &self.engine {
            Engine::Inline(inline) => drop(held(inline).take()),
            Engine::Threaded(threads) => threads.stop(),
        }
        drop(held(&self.lock).take());
    }

    /// Lets `disk` decide from now on what goes wrong below an inline store. A store with threads has a real disk and
    /// takes no notice.
    pub fn set_disk(&self, disk: Box<dyn Disk>) {
        if let Engine::Inline(inline) = &self.engine
            && let Some(inline) = &mut *held(inline)
        {
            inline.writer.disk = disk;
        }
    }

    /// The database file; `None` in memory.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// Runs `work` in a transaction that is durable when this returns `Ok`. It may run a second time after all that it
    /// did was rolled back.
    pub(crate) async fn change<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnMut(&mut Access<'_>) -> Answer<T> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Call { work, got: None, reply });
        match &self.engine {
            Engine::Inline(inline) => match &mut *held(inline) {
                Some(Inline { connection, writer }) => group::commit(connection, writer, vec![job]),
                None => return Err(closed()),
            },
            Engine::Threaded(threads) => threads.writer.send(job).map_err(told)?,
        }
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Runs `work` over one unchanging view of everything acknowledged so far.
    pub(crate) async fn read<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&dyn Tx) -> Answer<T> + Send + 'static,
    {
        self.with_connection(|connection| view(connection, work)).await
    }

    /// When work no slower than `slowest` is due next, as of everything acknowledged so far; without asking the database.
    pub(crate) fn due(&self, slowest: Lane) -> Answer<Option<Timestamp>> {
        let open = match &self.engine {
            Engine::Inline(inline) => held(inline).is_some(),
            Engine::Threaded(threads) => threads.writer.is_open(),
        };
        if open { Ok(self.due.get(slowest)) } else { Err(closed()) }
    }

    /// How many findings are open of each sort, if that is known without asking the database.
    pub(crate) fn open_counts(&self) -> Option<BTreeMap<Sort, u64>> {
        self.counts.get()
    }

    /// Keys of findings that began, ended or are of another sort since then, and the number to ask with next time; `None`: not
    /// known, or more than `max`.
    pub(crate) fn changed_findings(&self, since: Option<u64>, max: usize) -> (u64, Option<BTreeSet<String>>) {
        self.counts.changed(since, max)
    }

    /// Like [`Self::read`] for a few rows found by key: on the caller's own thread, without waiting for another.
    /// `work` runs one statement, which is a transaction by itself.
    pub(crate) fn glance<T>(&self, work: impl FnOnce(&dyn Tx) -> Answer<T>) -> Answer<T> {
        let one = |connection: &Connection| work(&SqliteTx(connection));
        match &self.engine {
            Engine::Inline(inline) => match &mut *held(inline) {
                Some(inline) => one(inline.readable()?),
                None => Err(closed()),
            },
            Engine::Threaded(threads) => threads.glances.with(one),
        }
    }

    /// Runs `work` on a reading connection, outside of any transaction.
    pub(crate) async fn with_connection<T, F>(&self, work: F) -> Answer<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Answer<T> + Send + 'static,
    {
        match &self.engine {
            Engine::Inline(inline) => match &mut *held(inline) {
                Some(inline) => work(inline.readable()?),
                None => Err(closed()),
            },
            Engine::Threaded(threads) => {
                let (reply, answer) = oneshot::channel();
                // A caller that went away needs no answer.
                let read: Read = Box::new(move |connection| drop(reply.send(work(connection))));
                threads.readers.send(read).map_err(told)?;
                answer.await.unwrap_or_else(|_| {
                    Err(StoreFailure::Unavailable("the read failed inside the store".into()))
                })
            }
        }
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.close();
    }
}

fn open_folder(folder: &Path) -> Answer<(FolderLock, PathBuf, Connection)> {
    std::fs::create_dir_all(folder)
        .map_err(|e| StoreFailure::Unavailable(format!("{} cannot be made: {e}", folder.display())))?;
    let lock = lock::hold(folder)?;
    let file = folder.join(FILE);
    let connection = sqlite::open_writer(&file)?;
    schema::migrate(&connection)?;
    free_claims(&connection)?;
    Ok((lock, file, connection))
}

fn writer(connection: &Connection, salts: Salts) -> Answer<Writer> {
    let due = NextDue::load(&SqliteTx(connection))?;
    let counts = OpenCounts::default();
    Ok(Writer { salts, memory: Memory::default(), due, counts, disk: Box::new(Sound) })
}

/// The folder is ours alone, so whoever claimed work before is gone: nobody waits for a dead process's leases.
fn free_claims(connection: &Connection) -> Answer<()> {
    let transaction =
        rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failure)?;
    work::release(&SqliteTx(&transaction))?;
    transaction.commit().map_err(failure)
}

/// Runs `work` in a reading transaction.
fn view<T>(connection: &Connection, work: impl FnOnce(&dyn Tx) -> Answer<T>) -> Answer<T> {
    /// Nothing was written: how the transaction ends does not matter, but it must end, also after a panic.
    struct Ends<'c>(&'c Connection);
    impl Drop for Ends<'_> {
        fn drop(&mut self) {
            if let Err(error) = group::execute(self.0, "ROLLBACK") {
                tracing::error!(%error, "a reading transaction could not be ended");
            }
        }
    }
    group::execute(connection, "BEGIN")?;
    let _ends = Ends(connection);
    work(&SqliteTx(connection))
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn closed() -> StoreFailure {
    StoreFailure::Unavailable("the store is closed".into())
}

/// A job that hands its value back.
struct Call<F, T> {
    work: F,
    got: Option<T>,
    reply: oneshot::Sender<Answer<T>>,
}

impl<F, T> Job for Call<F, T>
where
    T: Send,
    F: FnMut(&mut Access<'_>) -> Answer<T> + Send,
{
    fn run(&mut self, access: &mut Access<'_>) -> Answer<()> {
        self.got = Some((self.work)(access)?);
        Ok(())
    }

    fn answer(self: Box<Self>, fate: Answer<()>) {
        let Self { got, reply, .. } = *self;
        // A caller that went away needs no answer; what it asked for has happened all the same.
        drop(reply.send(fate.and_then(|()| got.ok_or_else(closed))));
    }
}

impl Threads {
    fn start(connection: Connection, mut writing: Writer, file: &Path) -> Answer<Self> {
        let unstarted = |e: std::io::Error| {
            StoreFailure::Unavailable(format!("a thread of the store cannot be started: {e}"))
        };
        let write = move |group: Vec<Box<dyn Job>>| group::commit(&connection, &mut writing, group);
        let limits = Limits { waiting: WAITING_MAX, group: GROUP_MAX, gather };
        let writer = Queue::start("store-writer", vec![write], limits).map_err(unstarted)?;
        let reader = |_| {
            let connection = sqlite::open_reader(file)?;
            Ok(move |group: Vec<Read>| group.into_iter().for_each(|read| run_read(&connection, read)))
        };
        let reading = (0..READERS).map(reader).collect::<Answer<Vec<_>>>()?;
        let limits = Limits { group: 1, ..limits };
        let readers = Queue::start("store-reader", reading, limits).map_err(unstarted)?;
        Ok(Self { glances: Glances::open(file)?, writer, readers })
    }

    fn stop(&self) {
        self.writer.close();
        self.readers.close();
        self.glances.close();
    }
}

/// Why a queue took nothing, in words.
fn told(refused: Refused) -> StoreFailure {
    match refused {
        Refused::Closed => closed(),
        Refused::Full => {
            StoreFailure::Unavailable(format!("{WAITING_MAX} calls are waiting for the store already"))
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the writer's own thread, which has nothing else to do")]
fn gather() {
    std::thread::sleep(GATHER);
}

fn run_read(connection: &Connection, read: Read) {
    // The caller sees its reply channel dropped.
    let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(connection)));
    if ran.is_err() {
        tracing::error!("a read panicked");
    }
}
