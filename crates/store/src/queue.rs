//! How callers' jobs reach the threads that do them: first come, first served, in groups.
//!
//! This file is compiled a second time by its tests, with the threads, locks and channels of a scheduler that tries orders
//! (`orders.rs`); hence `super::sync` in place of `std`.

use super::sync::{
    Arc, Mutex, PoisonError, RwLock,
    mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread::{Builder, JoinHandle},
};

/// Jobs that wait for threads of their own.
pub(crate) struct Queue<J> {
    /// `None`: closed.
    jobs: RwLock<Option<SyncSender<J>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// How many jobs there are at once.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// That wait; more are refused.
    pub(crate) waiting: usize,
    /// That a thread does together.
    pub(crate) group: usize,
    /// Called before a group is taken while several callers come at once: a group costs about the same for one job as for
    /// twenty, and its callers would only queue behind one group each.
    pub(crate) gather: fn(),
}

/// Why a job was not taken. It is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    Closed,
    Full,
}

impl<J: Send + 'static> Queue<J> {
    /// One thread for each of `workers`.
    ///
    /// # Errors
    /// When a thread cannot be started.
    pub(crate) fn start<W>(name: &str, workers: Vec<W>, limits: Limits) -> std::io::Result<Self>
    where
        W: FnMut(Vec<J>) + Send + 'static,
    {
        let (sender, receiver) = sync_channel(limits.waiting);
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |(number, work): (usize, W)| {
            let receiver = Arc::clone(&receiver);
            let thread = Builder::new().name(format!("{name}-{}", number + 1));
            thread.spawn(move || serve(&receiver, limits, work))
        };
        let threads = workers.into_iter().enumerate().map(start).collect::<std::io::Result<_>>()?;
        Ok(Self { jobs: RwLock::new(Some(sender)), threads: Mutex::new(threads) })
    }

    /// Hands a job over. What was taken is done, also when the queue is closed meanwhile.
    pub(crate) fn send(&self, job: J) -> Result<(), Refused> {
        match &*self.jobs.read().unwrap_or_else(PoisonError::into_inner) {
            None => Err(Refused::Closed),
            Some(jobs) => jobs.try_send(job).map_err(|refused| match refused {
                TrySendError::Full(_) => Refused::Full,
                TrySendError::Disconnected(_) => Refused::Closed,
            }),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.jobs.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// Takes no more, and waits until everything that was taken is done. A second call does nothing.
    pub(crate) fn close(&self) {
        drop(self.jobs.write().unwrap_or_else(PoisonError::into_inner).take());
        for thread in self.threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

/// Does jobs until the queue is closed and empty.
fn serve<J>(jobs: &Mutex<Receiver<J>>, limits: Limits, mut work: impl FnMut(Vec<J>)) {
    let mut several = false;
    loop {
        let group = {
            let jobs = jobs.lock().unwrap_or_else(PoisonError::into_inner);
            let Ok(first) = jobs.recv() else { return };
            if several {
                (limits.gather)();
            }
            let mut group = vec![first];
            while group.len() < limits.group {
                match jobs.try_recv() {
                    Ok(job) => group.push(job),
                    Err(_) => break,
                }
            }
            group
        };
        several = group.len() > 1;
        work(group);
    }
}
