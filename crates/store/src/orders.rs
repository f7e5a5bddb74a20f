//! The queue of jobs in many orders of its threads: the same source, with the threads, locks and channels of
//! [shuttle](https://docs.rs/shuttle), which runs one thread at a time and draws at each of their steps whose turn it is.

use std::{collections::BTreeSet, sync::PoisonError};

use shuttle::{
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
    sync::{Arc, Mutex, atomic::AtomicUsize, atomic::Ordering, mpsc},
    thread,
};

use self::queue::{Limits, Queue, Refused};

mod sync {
    pub(crate) use std::sync::PoisonError;

    pub(crate) use shuttle::{
        sync::{Arc, Mutex, RwLock, mpsc},
        thread,
    };
}

#[path = "queue.rs"]
mod queue;

/// Orders of each kind in an ordinary run, and in the long one.
const FEW: usize = 2_000;
const MANY: usize = 500_000;

const CALLERS: usize = 3;
const JOBS: usize = 2;
/// As many wait at most: fewer than may be under way, so that some are refused.
const WAITING: usize = 2;
const GROUP: usize = 2;

/// The caller, and the number of its job.
type Name = (usize, usize);

struct Job {
    name: Name,
    answer: mpsc::Sender<()>,
}

/// What a disk would have, and what whoever waits for work is told of it.
#[derive(Default)]
struct Kept {
    durable: Mutex<Vec<Name>>,
    published: AtomicUsize,
}

impl Kept {
    fn durable(&self) -> Vec<Name> {
        self.durable.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn limits() -> Limits {
    Limits { waiting: WAITING, group: GROUP, gather: thread::yield_now }
}

/// As a group commit does it: everything is durable, then it is published, then everybody is answered.
fn writer(kept: &Arc<Kept>) -> impl FnMut(Vec<Job>) + Send + use<> {
    let kept = Arc::clone(kept);
    move |group: Vec<Job>| {
        assert!((1..=GROUP).contains(&group.len()), "a group of {}", group.len());
        let names = group.iter().map(|job| job.name);
        kept.durable.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
        kept.published.fetch_add(group.len(), Ordering::SeqCst);
        for job in group {
            // A caller that went away needs no answer.
            let _ = job.answer.send(());
        }
    }
}

/// Several callers, one of whom does not wait for its last answer, and somebody who closes the queue in the midst of it.
fn callers_and_a_close() {
    let kept = Arc::new(Kept::default());
    let queue = Arc::new(Queue::start("writer", vec![writer(&kept)], limits()).expect("threads"));
    let call = |caller: usize| {
        let (kept, queue) = (Arc::clone(&kept), Arc::clone(&queue));
        thread::spawn(move || {
            let mut taken = Vec::new();
            let mut closed = false;
            for number in 0..JOBS {
                let (answer, answered) = mpsc::channel();
                let name = (caller, number);
                match queue.send(Job { name, answer }) {
                    Ok(()) => {
                        assert!(!closed, "what was closed takes nothing");
                        taken.push(name);
                        if caller == 0 && number + 1 == JOBS {
                            continue;
                        }
                        answered.recv().expect("whoever was taken is answered");
                        let durable = kept.durable();
                        assert!(durable.contains(&name), "answered before it was durable");
                        assert!(
                            kept.published.load(Ordering::SeqCst) > 0,
                            "answered before it was published"
                        );
                        assert_eq!(answered.recv().ok(), None, "answered once");
                    }
                    Err(Refused::Full) => {}
                    Err(Refused::Closed) => closed = true,
                }
            }
            taken
        })
    };
    let callers: Vec<_> = (0..CALLERS).map(call).collect();
    let closer = thread::spawn({
        let queue = Arc::clone(&queue);
        move || queue.close()
    });
    // A second one, which may come first.
    queue.close();
    assert!(!queue.is_open());
    let (late, _answer) = mpsc::channel();
    assert_eq!(queue.send(Job { name: (CALLERS, 0), answer: late }), Err(Refused::Closed));
    closer.join().expect("it closes");
    let taken: Vec<Name> =
        callers.into_iter().flat_map(|caller| caller.join().expect("no caller waits for ever")).collect();
    let durable = kept.durable();
    assert_eq!(durable.iter().collect::<BTreeSet<_>>().len(), durable.len(), "done once");
    assert_eq!(
        durable.iter().collect::<BTreeSet<_>>(),
        taken.iter().collect(),
        "all that was taken, and no more"
    );
    for caller in 0..CALLERS {
        let own: Vec<_> = durable.iter().filter(|name| name.0 == caller).collect();
        assert!(own.is_sorted(), "in the order in which they were handed over: {own:?}");
    }
}

/// Several threads take from one queue: each job is done by one of them.
fn several_threads() {
    let kept = Arc::new(Kept::default());
    let one_by_one = Limits { group: 1, ..limits() };
    let queue = Queue::start("reader", vec![writer(&kept), writer(&kept)], one_by_one).expect("threads");
    let mut taken = BTreeSet::new();
    for number in 0..CALLERS * JOBS {
        let (answer, answered) = mpsc::channel();
        if queue.send(Job { name: (0, number), answer }).is_ok() {
            taken.insert((0, number));
        }
        if number % 2 == 0 {
            let _ = answered.recv();
        }
    }
    queue.close();
    let durable = kept.durable();
    assert_eq!(durable.len(), taken.len(), "done once");
    assert_eq!(durable.into_iter().collect::<BTreeSet<_>>(), taken);
}

fn try_orders(orders: usize, of: fn()) {
    let run = |scheduler: Box<dyn Scheduler + Send>| {
        shuttle::Runner::new(scheduler, shuttle::Config::default()).run(of);
    };
    run(Box::new(RandomScheduler::new(orders)));
    // Orders with few changes of turn, which chance alone would hardly draw.
    run(Box::new(PctScheduler::new(3, orders)));
}

#[test]
fn what_was_taken_is_done_once_and_answered_whatever_the_order() {
    try_orders(FEW, callers_and_a_close);
    try_orders(FEW / 4, several_threads);
}

/// A million of them: minutes. `cargo nextest run --release --workspace --run-ignored only in_a_million_orders`
#[test]
#[ignore = "takes minutes; a release runs it"]
fn what_was_taken_is_done_once_in_a_million_orders() {
    try_orders(MANY, callers_and_a_close);
    try_orders(MANY / 4, several_threads);
}
