//! The queue of one identity, checked exhaustively: attention, claims, leases that run out, processes that die, and
//! processes that stood still and come back with a claim that is no longer theirs. The transitions are the code's own.

use std::sync::LazyLock;

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::ports::Finish;
use lanyard_model::{
    id::{IdentityId, TenantId},
    signal::{Lane, Source},
};
use stateright::{Checker, Model, Property};

use super::{Call, Item, State as Row};

/// Attention raised at most so often, and claims given out.
const RAISES_MAX: u8 = 3;
const CLAIMS_MAX: u8 = 4;
const WORKERS: usize = 2;

static ID: LazyLock<IdentityId> = LazyLock::new(|| IdentityId::new(TenantId::new("t"), "u"));

/// What a worker believes to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Held {
    fence: i64,
    generation: i64,
    /// How much attention there was when its look began.
    covers: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    row: Item,
    workers: [Option<Held>; WORKERS],
    raised: u8,
    claimed: u8,
    /// Attention that a look, begun after it, has answered.
    answered: u8,
    /// Attention that was there when a look gave up.
    given_up: u8,
    last_fence: i64,
    /// A claim ended the row although a later one had been given out.
    stale_end: bool,
    /// Two workers believed to hold the row at once.
    contested: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Deed {
    Raise(Lane),
    Claim(usize),
    /// The lease ran out. The worker may not know.
    Expire,
    Done(usize),
    DoneUntilReview(usize),
    Retry(usize),
    Dead(usize),
    /// The worker's process ends.
    Die(usize),
}

struct Queue;

fn moment(second: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
}

fn call(second: u8, lane: Lane) -> Call {
    let at = moment(i64::from(second));
    Call { due: at, lane, raised_at: at, source: Source::Hook, why: String::new() }
}

impl World {
    fn end(&mut self, worker: usize, how: &Finish) -> Option<()> {
        let held = self.workers[worker].take()?;
        if !self.row.is_held_by(held.fence) {
            return Some(()); // Refused: the look is repeated by whoever holds it now.
        }
        self.stale_end |= held.fence != self.last_fence;
        self.row.finish(held.generation, how);
        match how {
            Finish::Done { .. } => self.answered = self.answered.max(held.covers),
            Finish::Dead { .. } => self.given_up = self.given_up.max(held.covers),
            Finish::Retry { .. } => {}
        }
        Some(())
    }

    /// Attention that nobody has answered is on its way to a look.
    fn keeps_attention(&self) -> bool {
        let open = self.raised > self.answered;
        match self.row.state {
            _ if !open => true,
            Row::Waiting => !self.row.quiet,
            Row::Dead => self.given_up >= self.raised,
            Row::Leased => {
                // Whoever has the last claim began late enough, or another look follows theirs.
                let holder = self.workers.iter().flatten().find(|held| held.fence == self.last_fence);
                holder.is_none_or(|held| held.covers >= self.raised) || self.row.next.is_some()
            }
        }
    }
}

impl Model for Queue {
    type State = World;
    type Action = Deed;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            row: Item::new(ID.clone(), call(0, Lane::Normal)),
            workers: [None; WORKERS],
            raised: 1,
            claimed: 0,
            answered: 0,
            given_up: 0,
            last_fence: 0,
            stale_end: false,
            contested: false,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Deed>) {
        if world.raised < RAISES_MAX {
            actions.extend([Deed::Raise(Lane::Leaver), Deed::Raise(Lane::Bulk)]);
        }
        if world.row.state == Row::Leased {
            actions.push(Deed::Expire);
        }
        for worker in 0..WORKERS {
            if world.workers[worker].is_some() {
                let ends = [Deed::Done, Deed::DoneUntilReview, Deed::Retry, Deed::Dead, Deed::Die];
                actions.extend(ends.map(|end: fn(usize) -> Deed| end(worker)));
            } else if world.row.state == Row::Waiting && !world.row.quiet && world.claimed < CLAIMS_MAX {
                actions.push(Deed::Claim(worker));
            }
        }
    }

    fn next_state(&self, before: &World, deed: Deed) -> Option<World> {
        let mut world = before.clone();
        match deed {
            Deed::Raise(lane) => {
                world.row.raise(call(world.raised, lane));
                world.raised += 1;
            }
            Deed::Claim(worker) => {
                let item = world.row.claim("worker", moment(600));
                world.contested |= world.workers.iter().flatten().count() > 0;
                world.last_fence = item.fence;
                world.claimed += 1;
                let covers = world.raised;
                world.workers[worker] = Some(Held { fence: item.fence, generation: item.generation, covers });
            }
            Deed::Expire => world.row.expire(),
            Deed::Done(worker) => world.end(worker, &Finish::Done { review_at: None })?,
            Deed::DoneUntilReview(worker) => {
                let review_at = Some((moment(900), String::new()));
                world.end(worker, &Finish::Done { review_at })?;
            }
            Deed::Retry(worker) => {
                world.end(worker, &Finish::Retry { at: moment(30), error: String::new() })?;
            }
            Deed::Dead(worker) => {
                world.end(worker, &Finish::Dead { error: String::new(), fix: String::new() })?;
            }
            Deed::Die(worker) => world.workers[worker] = None,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("a claim that was given to another ends nothing", |_, world: &World| {
                !world.stale_end
            }),
            Property::always(
                "attention is answered by a look that began after it, or waits for one",
                |_, world: &World| world.keeps_attention(),
            ),
            Property::always("at most one claim is in force", |_, world: &World| {
                let in_force = world.workers.iter().flatten().filter(|held| world.row.is_held_by(held.fence));
                in_force.count() <= 1
            }),
            Property::always("what is done was raised", |_, world: &World| {
                world.row.done_generation <= world.row.generation
            }),
            Property::always("a row under lease names its holder, any other none", |_, world: &World| {
                (world.row.state == Row::Leased) == world.row.lease.is_some()
            }),
            // The checker must have seen the hard cases, or it has shown nothing.
            Property::sometimes("two workers believe to hold it", |_, world: &World| world.contested),
            Property::sometimes("all attention is answered", |_, world: &World| {
                world.answered == RAISES_MAX && world.row.quiet
            }),
            Property::sometimes("somebody gives up", |_, world: &World| world.row.state == Row::Dead),
        ]
    }
}

#[test]
fn leases_and_fences_hold_in_every_order() {
    let checker = Queue.checker().spawn_bfs().join();
    checker.assert_properties();
    let states = checker.unique_state_count();
    println!("{states} different states, {} in all", checker.state_count());
    assert!(states > 10_000, "the model is too small to show anything: {states} states");
}
