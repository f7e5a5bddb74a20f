//! The queue against a model that remembers every call by itself.

use futures_util::FutureExt;
use jiff::Timestamp;
use lanyard_engine::ports::{Finish, Store, StoreFailure, WorkItem, Write};
use lanyard_model::{
    id::{IdentityId, TenantId},
    signal::{Lane, Source},
};
use lanyard_store::SqliteStore;
use proptest::prelude::*;

const PEOPLE: usize = 3;
const LEASE: i64 = 10;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_000_000 + seconds).unwrap()
}

fn who(person: usize) -> IdentityId {
    IdentityId::new(TenantId::new("t"), format!("u{person}"))
}

/// What happens. Times are relative to now.
#[derive(Debug, Clone)]
enum Act {
    Attend {
        person: usize,
        lane: Lane,
        after: i64,
    },
    Claim {
        slowest: Lane,
        max: usize,
    },
    /// Ends the claim made `back` claims ago, which may be long lost.
    Finish {
        back: usize,
        how: End,
    },
    Pass {
        seconds: i64,
    },
}

#[derive(Debug, Clone)]
enum End {
    Done { review_after: Option<i64> },
    Retry { after: i64 },
    Dead,
}

#[derive(Debug, Clone, Copy)]
struct Call {
    generation: i64,
    due: i64,
    lane: Lane,
    raised_at: i64,
}

#[derive(Debug, Clone, Copy)]
struct Lease {
    generation: i64,
    until: i64,
}

/// One identity: every unanswered call, each by itself.
#[derive(Debug, Clone, Default)]
struct Person {
    calls: Vec<Call>,
    review: Option<i64>,
    lease: Option<Lease>,
    dead: bool,
    known: bool,
    generation: i64,
    attempts: u32,
    fence: i64,
}

impl Person {
    fn due(&self) -> Option<i64> {
        self.calls.iter().map(|call| call.due).chain(self.review).min()
    }

    fn lane(&self) -> Lane {
        self.calls.iter().map(|call| call.lane).min().unwrap_or(Lane::Normal)
    }

    fn raised_at(&self) -> Option<i64> {
        self.calls.iter().map(|call| call.raised_at).min().or(self.review)
    }

    fn attend(&mut self, lane: Lane, due: i64) {
        self.known = true;
        self.generation += 1;
        self.calls.push(Call { generation: self.generation, due, lane, raised_at: due });
        if std::mem::take(&mut self.dead) {
            self.attempts = 0;
        }
    }

    fn claim(&mut self, now: i64) -> (Lane, Option<i64>) {
        let answer = (self.lane(), self.raised_at());
        // What was called for later is answered by this look as well.
        let due = self.due().unwrap_or(now);
        // A review that is being looked at is a call like any other.
        if let (Some(at), true) = (self.review.take(), self.calls.is_empty()) {
            self.calls.push(Call { generation: self.generation, due: at, lane: Lane::Normal, raised_at: at });
        }
        self.calls.iter_mut().for_each(|call| call.due = call.due.min(due));
        self.fence += 1;
        self.attempts += 1;
        self.lease = Some(Lease { generation: self.generation, until: now + LEASE });
        answer
    }

    fn finish(&mut self, lease: Lease, now: i64, how: &End) {
        self.lease = None;
        let (looked_at, later): (Vec<Call>, Vec<Call>) =
            self.calls.iter().partition(|call| call.generation <= lease.generation);
        match how {
            End::Done { review_after } => {
                self.attempts = 0;
                self.review = review_after.map(|after| now + after);
                self.calls = later;
            }
            End::Retry { after } => {
                self.calls = looked_at.into_iter().map(|call| Call { due: now + after, ..call }).collect();
                self.calls.extend(later);
            }
            End::Dead => {
                self.dead = later.is_empty();
                if !self.dead {
                    self.attempts = 0;
                }
                self.calls = later;
            }
        }
    }
}

/// The order of claiming.
fn claimable(people: &[Person], now: i64, slowest: Lane, max: usize) -> Vec<usize> {
    let mut due: Vec<usize> = (0..people.len())
        .filter(|n| people[*n].lease.is_none() && people[*n].lane() <= slowest)
        .filter(|n| people[*n].due().is_some_and(|due| due <= now))
        .collect();
    due.sort_by_key(|n| (people[*n].lane() != Lane::Leaver, people[*n].due(), *n));
    due.truncate(max);
    due
}

fn lane() -> impl Strategy<Value = Lane> {
    prop_oneof![Just(Lane::Leaver), Just(Lane::Normal), Just(Lane::Bulk)]
}

fn act() -> impl Strategy<Value = Act> {
    let end = prop_oneof![
        3 => proptest::option::of(0..20_i64).prop_map(|review_after| End::Done { review_after }),
        2 => (0..8_i64).prop_map(|after| End::Retry { after }),
        1 => Just(End::Dead),
    ];
    prop_oneof![
        3 => (0..PEOPLE, lane(), -2..8_i64).prop_map(|(person, lane, after)| Act::Attend { person, lane, after }),
        3 => (lane(), 0..4_usize).prop_map(|(slowest, max)| Act::Claim { slowest, max }),
        3 => (0..3_usize, end).prop_map(|(back, how)| Act::Finish { back, how }),
        2 => (0..7_i64).prop_map(|seconds| Act::Pass { seconds }),
    ]
}

/// The inline store answers at once.
fn now_or_never<T>(answer: impl Future<Output = T>) -> T {
    answer.now_or_never().expect("the inline store does not wait")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_queue_does_what_the_model_does(acts in proptest::collection::vec(act(), 1..60)) {
        let store = SqliteStore::in_memory().unwrap();
        let mut people = vec![Person::default(); PEOPLE];
        let mut claims: Vec<(usize, WorkItem)> = Vec::new();
        let mut now = 0;
        for act in acts {
            match act {
                Act::Pass { seconds } => now += seconds,
                Act::Attend { person, lane, after } => {
                    people[person].attend(lane, now + after);
                    let due = at(now + after);
                    let who = vec![who(person)];
                    let write = Write::Attend { who, source: Source::Person, lane, due, why: "x".into() };
                    now_or_never(store.write(vec![write])).unwrap();
                }
                Act::Claim { slowest, max } => {
                    for person in &mut people {
                        person.lease = person.lease.filter(|lease| lease.until > now);
                    }
                    let items = now_or_never(store.claim("n", at(now), at(now + LEASE), slowest, max)).unwrap();
                    let expected = claimable(&people, now, slowest, max);
                    prop_assert_eq!(items.len(), expected.len());
                    for (n, item) in expected.into_iter().zip(items) {
                        let (lane, raised_at) = people[n].claim(now);
                        prop_assert_eq!((&item.identity, item.lane), (&who(n), lane));
                        prop_assert_eq!(Some(item.raised_at), raised_at.map(at));
                        let counts = (item.generation, item.attempts, item.fence);
                        prop_assert_eq!(counts, (people[n].generation, people[n].attempts - 1, people[n].fence));
                        claims.push((n, item));
                    }
                }
                Act::Finish { back, how } => {
                    let Some((n, item)) = claims.iter().rev().nth(back).cloned() else { continue };
                    let lease = people[n].lease.filter(|_| people[n].fence == item.fence);
                    let finish = match &how {
                        End::Done { review_after } => Finish::Done {
                            review_at: review_after.map(|after| (at(now + after), "review".to_owned())),
                        },
                        End::Retry { after } => Finish::Retry { at: at(now + after), error: "e".into() },
                        End::Dead => Finish::Dead { error: "e".into(), fix: "f".into() },
                    };
                    let answer = now_or_never(store.write(vec![Write::Finish { item: Box::new(item), how: finish }]));
                    match lease {
                        Some(lease) => {
                            prop_assert!(answer.is_ok(), "{answer:?}");
                            people[n].finish(lease, now, &how);
                        }
                        None => prop_assert_eq!(answer, Err(StoreFailure::LeaseLost(who(n)))),
                    }
                }
            }
            let next = people.iter().filter_map(|p| p.lease.map_or(p.due(), |lease| Some(lease.until))).min();
            prop_assert_eq!(now_or_never(store.next_due()).unwrap(), next.map(at));
            let counts = now_or_never(store.work_counts(None, at(now))).unwrap();
            let leased = people.iter().filter(|p| p.lease.is_some_and(|lease| lease.until > now)).count();
            let dead = people.iter().filter(|p| p.dead).count();
            let all = people.iter().filter(|p| p.known).count();
            prop_assert_eq!((counts.leased, counts.dead), (leased as u64, dead as u64));
            prop_assert_eq!(counts.due + counts.leased + counts.waiting + counts.dead, all as u64);
        }
    }
}
