//! Work that is done on all cores at once.

use std::{
    num::NonZero,
    ops::Range,
    sync::atomic::{AtomicU32, Ordering},
    thread::ScopedJoinHandle,
};

/// Hands rows out, so many at a time, to as many threads as there are cores. Answers what each thread made of its rows. Which
/// thread has which rows is chance: what is made of all of them together must not depend on it.
pub(crate) fn on_all_cores<P: Send>(
    rows: u32,
    at_a_time: u32,
    begin: impl Fn() -> P + Sync,
    take: impl Fn(&mut P, Range<u32>) + Sync,
) -> Vec<P> {
    let given = AtomicU32::new(0);
    let work = || {
        let mut part = begin();
        loop {
            let from = given.fetch_add(at_a_time, Ordering::Relaxed);
            if from >= rows {
                return part;
            }
            take(&mut part, from..from.saturating_add(at_a_time).min(rows));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut parts = vec![work()];
        parts.extend(others.into_iter().map(joined));
        parts
    })
}

/// What a thread answers; its panic goes on here.
pub(crate) fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

#[cfg(test)]
mod tests {
    use super::on_all_cores;

    #[test]
    fn each_row_is_handed_out_once() {
        for (rows, at_a_time) in [(0, 7), (1, 7), (7, 7), (1_000, 7), (1_000, 2_000)] {
            let parts = on_all_cores(rows, at_a_time, Vec::new, |part, some| part.extend(some));
            let mut all: Vec<u32> = parts.into_iter().flatten().collect();
            all.sort_unstable();
            assert!(all.into_iter().eq(0..rows), "{rows} rows, {at_a_time} at a time");
        }
    }
}
