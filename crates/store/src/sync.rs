//! Threads, locks and channels of the queue of jobs, in one place: its tests compile it with others ([`crate::queue`]).

pub(crate) use std::{
    sync::{Arc, Mutex, PoisonError, RwLock, mpsc},
    thread,
};
