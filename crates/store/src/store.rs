//! [`SqliteStore`]: opening, threads, and how calls reach a connection.
//!
//! Threaded: one thread writes, a few read, each with its own connection. Inline: one connection, and every call
//! runs to its end on the caller's thread, so that a seeded simulation decides the order of everything.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
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
    writer: RwLock<Option<SyncSender<Box<dyn Job>>>>,
    readers: RwLock<Option<SyncSender<Read>>>,
    handles: Mutex<Vec<JoinHandle<()>>>,
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
            Engine::Threaded(threads) => threads.send_write(job)?,
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
            Engine::Threaded(threads) => {
                threads.writer.read().unwrap_or_else(PoisonError::into_inner).is_some()
            }
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
                threads.send_read(Box::new(move |connection| drop(reply.send(work(connection)))))?;
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
    fn start(connection: Connection, writing: Writer, file: &Path) -> Answer<Self> {
        let mut handles = Vec::new();
        let (writer, jobs) = sync_channel::<Box<dyn Job>>(WAITING_MAX);
        handles.push(spawn("store-writer", move || write_loop(&connection, writing, &jobs))?);
        let (readers, reads) = sync_channel::<Read>(WAITING_MAX);
        let reads = Arc::new(Mutex::new(reads));
        for number in 1..=READERS {
            let connection = sqlite::open_reader(file)?;
            let reads = Arc::clone(&reads);
            handles.push(spawn(&format!("store-reader-{number}"), move || read_loop(&connection, &reads))?);
        }
        Ok(Self {
            glances: Glances::open(file)?,
            writer: RwLock::new(Some(writer)),
            readers: RwLock::new(Some(readers)),
            handles: Mutex::new(handles),
        })
    }

    fn send_write(&self, job: Box<dyn Job>) -> Answer<()> {
        send(&self.writer, job)
    }

    fn send_read(&self, read: Read) -> Answer<()> {
        send(&self.readers, read)
    }

    fn stop(&self) {
        drop(self.writer.write().unwrap_or_else(PoisonError::into_inner).take());
        drop(self.readers.write().unwrap_or_else(PoisonError::into_inner).take());
        self.glances.close();
        for handle in held(&self.handles).drain(..) {
            if handle.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

fn send<M>(to: &RwLock<Option<SyncSender<M>>>, message: M) -> Answer<()> {
    match &*to.read().unwrap_or_else(PoisonError::into_inner) {
        None => Err(closed()),
        Some(sender) => sender.try_send(message).map_err(|e| match e {
            TrySendError::Full(_) => {
                StoreFailure::Unavailable(format!("{WAITING_MAX} calls are waiting for the store already"))
            }
            TrySendError::Disconnected(_) => closed(),
        }),
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Answer<JoinHandle<()>> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(|e| StoreFailure::Unavailable(format!("the thread {name} cannot be started: {e}")))
}

/// Waits for a job, takes what else is waiting, commits all of it together. While several callers write at once, a
/// group is gathered for a moment first: a commit costs the same for one batch as for twenty, and its callers would only
/// queue behind one commit each.
fn write_loop(connection: &Connection, mut writer: Writer, jobs: &Receiver<Box<dyn Job>>) {
    let mut several = false;
    while let Ok(first) = jobs.recv() {
        if several {
            gather();
        }
        let mut group = vec![first];
        while group.len() < GROUP_MAX {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        several = group.len() > 1;
        group::commit(connection, &mut writer, group);
    }
}

#[expect(clippy::disallowed_methods, reason = "the writer's own thread, which has nothing else to do")]
fn gather() {
    std::thread::sleep(GATHER);
}

fn read_loop(connection: &Connection, reads: &Mutex<Receiver<Read>>) {
    loop {
        let next = held(reads).recv();
        let Ok(read) = next else { return };
        // The caller sees its reply channel dropped.
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(connection)));
        if ran.is_err() {
            tracing::error!("a read panicked");
        }
    }
}
