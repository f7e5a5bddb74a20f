//! Lanes and waits on a clock that is stepped by hand.

use std::{
    future::Future,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use jiff::SignedDuration;

use super::*;

/// Moves only when told to.
struct SteppedClock {
    steady: Mutex<Timestamp>,
    /// How far what it shows is ahead of that.
    ahead: Mutex<SignedDuration>,
    moved: Notify,
}

#[async_trait]
impl Clock for SteppedClock {
    fn now(&self) -> Timestamp {
        self.steady() + *lock(&self.ahead)
    }

    fn steady(&self) -> Timestamp {
        *lock(&self.steady)
    }

    async fn sleep_until(&self, until: Timestamp) {
        let until = until - *lock(&self.ahead);
        while self.steady() < until {
            self.moved.notified().await;
        }
    }
}

impl SteppedClock {
    fn step_ms(&self, ms: i64) {
        *lock(&self.steady) += SignedDuration::from_millis(ms);
        self.moved.notify_waiters();
    }

    /// Somebody sets the clock.
    fn set_ahead_ms(&self, ms: i64) {
        *lock(&self.ahead) = SignedDuration::from_millis(ms);
    }
}

const PATIENCE: Duration = Duration::from_secs(60);

fn budget(per_second: f64, burst: u32, in_flight_max: u32) -> (Arc<SteppedClock>, Arc<Budget>) {
    let clock = Arc::new(SteppedClock {
        steady: Mutex::new(Timestamp::UNIX_EPOCH),
        ahead: Mutex::default(),
        moved: Notify::new(),
    });
    let pace = Pace { per_second: Some(per_second), burst, in_flight_max };
    (clock.clone(), Budget::new(clock, pace, 1))
}

fn ask(lane: Lane, list: bool) -> Ask {
    Ask { lane, list, write: false }
}

type Waiting = Pin<Box<dyn Future<Output = Result<Turn, Denied>>>>;

/// Callers that wait side by side, polled by hand.
struct Queue {
    waiting: Vec<(&'static str, Waiting)>,
    held: Vec<(&'static str, Turn)>,
}

impl Queue {
    fn new() -> Self {
        Self { waiting: Vec::new(), held: Vec::new() }
    }

    fn join(&mut self, name: &'static str, budget: &Arc<Budget>, ask: Ask) {
        let budget = budget.clone();
        self.waiting.push((name, Box::pin(async move { budget.turn(ask, PATIENCE).await })));
        self.poll();
    }

    /// Lets everybody look until nothing moves; returns who was let through, in order.
    fn poll(&mut self) -> Vec<&'static str> {
        let mut through = Vec::new();
        let mut quiet = 0;
        while quiet < 2 {
            quiet += 1;
            let mut still = Vec::new();
            for (name, mut future) in std::mem::take(&mut self.waiting) {
                match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                    Poll::Ready(Ok(turn)) => {
                        through.push(name);
                        self.held.push((name, turn));
                        quiet = 0;
                    }
                    Poll::Ready(Err(_)) => quiet = 0,
                    Poll::Pending => still.push((name, future)),
                }
            }
            self.waiting = still;
        }
        through
    }

    fn finish(&mut self, name: &str) -> Vec<&'static str> {
        self.held.retain(|(n, _)| *n != name);
        self.poll()
    }

    fn in_flight(&self) -> Vec<&'static str> {
        self.held.iter().map(|(n, _)| *n).collect()
    }
}

#[test]
fn leavers_find_a_free_slot_and_others_keep_their_order() {
    let (_clock, budget) = budget(1000.0, 100, 3);
    let mut q = Queue::new();
    for (name, lane) in [("b1", Lane::Bulk), ("b2", Lane::Bulk), ("n1", Lane::Normal), ("n2", Lane::Normal)] {
        q.join(name, &budget, ask(lane, false));
    }
    // Bulk has one place, others two; the third is kept free.
    assert_eq!(q.in_flight(), ["b1", "n1"]);
    q.join("l1", &budget, ask(Lane::Leaver, false));
    assert_eq!(q.in_flight(), ["b1", "n1", "l1"]);
    q.join("l2", &budget, ask(Lane::Leaver, false));
    assert_eq!(q.finish("n1"), ["l2"]);
    assert_eq!(q.finish("l1"), ["n2"]);
    assert_eq!(q.finish("l2"), Vec::<&str>::new(), "the free slot is not for bulk");
    assert_eq!(q.finish("b1"), ["b2"]);
}

#[test]
fn one_list_is_in_flight_and_does_not_block_single_reads() {
    let (_clock, budget) = budget(1000.0, 100, 4);
    let mut q = Queue::new();
    q.join("page", &budget, ask(Lane::Bulk, true));
    q.join("search", &budget, ask(Lane::Leaver, true));
    q.join("read", &budget, ask(Lane::Normal, false));
    assert_eq!(q.in_flight(), ["page", "read"]);
    q.join("next page", &budget, ask(Lane::Bulk, true));
    assert_eq!(q.finish("page"), ["search"]);
    assert_eq!(q.finish("search"), ["next page"]);
}

#[test]
fn the_last_tokens_are_for_leavers() {
    let (clock, budget) = budget(1.0, 10, 20);
    let mut q = Queue::new();
    for name in ["1", "2", "3", "4", "5", "6", "7", "8", "9", "10"] {
        q.join(name, &budget, ask(Lane::Normal, false));
    }
    assert_eq!(q.in_flight().len(), 8);
    q.join("leaver", &budget, ask(Lane::Leaver, false));
    assert_eq!(q.in_flight().last(), Some(&"leaver"));
    clock.step_ms(2_100);
    assert_eq!(q.poll(), ["9"]);
    clock.step_ms(1_000);
    assert_eq!(q.poll(), ["10"]);
}

#[test]
fn throttling_closes_slows_down_and_recovers() {
    let (clock, budget) = budget(10.0, 10, 3);
    let closed_ms = |until: Timestamp| until.duration_since(clock.now()).as_millis();
    let first = closed_ms(budget.throttled(None));
    assert!((250..=500).contains(&first), "{first}");
    // Calls that were in flight together are one lesson.
    budget.throttled(None);
    assert_eq!(budget.rate(), 7.0);
    clock.step_ms(1_000);
    let second = closed_ms(budget.throttled(None));
    assert!((500..=1000).contains(&second), "{second}");
    assert!((budget.rate() - 4.9).abs() < 1e-9);

    let mut q = Queue::new();
    q.join("waits", &budget, ask(Lane::Leaver, false));
    assert_eq!(q.in_flight(), Vec::<&str>::new());
    clock.step_ms(1_001);
    assert_eq!(q.poll(), ["waits"]);
    q.finish("waits");
    budget.welcomed();

    clock.step_ms(200_000);
    q.join("later", &budget, ask(Lane::Normal, false));
    assert_eq!(budget.rate(), 10.0);
    let again = closed_ms(budget.throttled(Some(Duration::from_secs(7))));
    assert!((7_000..=7_250).contains(&again), "{again}");
}

#[test]
fn a_clock_that_is_set_makes_no_wait_shorter_and_none_longer() {
    for ahead in [3_600_000, -3_600_000] {
        let (clock, budget) = budget(1.0, 1, 3);
        let mut q = Queue::new();
        q.join("first", &budget, ask(Lane::Leaver, false));
        q.finish("first");
        clock.set_ahead_ms(ahead);
        q.join("second", &budget, ask(Lane::Leaver, false));
        assert_eq!(q.in_flight(), Vec::<&str>::new(), "nothing is given for the way");
        clock.step_ms(1_001);
        assert_eq!(q.poll(), ["second"]);
        q.finish("second");

        // What a site asked for is kept whole, and no longer than that.
        clock.set_ahead_ms(0);
        budget.throttled(Some(Duration::from_secs(7)));
        q.join("asked to wait", &budget, ask(Lane::Leaver, false));
        clock.set_ahead_ms(ahead);
        clock.step_ms(6_900);
        assert_eq!(q.poll(), Vec::<&str>::new());
        clock.step_ms(400);
        assert_eq!(q.poll(), ["asked to wait"]);
    }
}

#[test]
fn a_wait_beyond_patience_is_refused_at_once() {
    let (clock, budget) = budget(10.0, 10, 3);
    let until = budget.throttled(Some(Duration::from_secs(600)));
    let mut turn = pin!(budget.turn(ask(Lane::Leaver, false), PATIENCE));
    let Poll::Ready(Err(denied)) = turn.as_mut().poll(&mut Context::from_waker(Waker::noop())) else {
        panic!("it waits")
    };
    assert_eq!(denied, Denied::TooLate { at: until });
    assert_eq!(budget.closed_until(), Some(until));
    clock.step_ms(700_000);
    assert_eq!(budget.closed_until(), None);
}

#[test]
fn closing_the_gate_turns_the_waiting_away_and_giving_up_frees_the_place() {
    let (_clock, budget) = budget(1000.0, 100, 1);
    let mut q = Queue::new();
    q.join("first", &budget, ask(Lane::Normal, false));
    q.join("second", &budget, ask(Lane::Normal, false));
    q.join("third", &budget, ask(Lane::Normal, false));
    drop(q.waiting.remove(0));
    assert_eq!(q.finish("first"), ["third"]);
    q.join("fourth", &budget, ask(Lane::Normal, false));
    budget.set_gate(Gate::Closed);
    q.poll();
    assert!(q.waiting.is_empty());
    assert_eq!((budget.in_flight(), budget.gate()), (1, Gate::Closed));
}
