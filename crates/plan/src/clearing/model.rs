//! Holds and approvals of one person at one site, checked exhaustively: a reason that comes and goes, looks that die
//! between any two of their steps, people who vote on what they read a moment ago, and time that passes anywhere. What
//! is asked, decided, ended and let go is the code's own; the store's part (a version per row, a use per line) is
//! written down here as its statements say it.

use std::{
    collections::{BTreeMap, BTreeSet},
    hash::{Hash, Hasher},
    sync::LazyLock,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_model::{
    clearance::{ApprovalDemand, Approver, Clearance, ClearanceKind, ClearanceState, Demand, Vote},
    desired::{Because, Lifecycle},
    id::{IdentityId, PlanId, SiteId, TenantId},
    place::Catalogue,
    plan::{Difference, Effect, Gate, Operation, Plan, Step},
    signal::Lane,
};
use stateright::{Checker, Model, Property, report::WriteReporter};

use super::{Asked, Gating, Voter, capacity, decidable, gate, settle, voted};

/// What the rule asks: so long a wait, and so many votes within so long.
const HOLD: u8 = 1;
const EXPIRES: u8 = 2;
const QUORUM: u32 = 2;

const RULE: &str = "executive-floor";
const LINE: &str = "deactivate";
/// Everybody has the role that may vote; the last one is the person whom it is about.
const VOTERS: [&str; 3] = ["ana", "ben", "the person"];
const THEMSELVES: usize = 2;

static WHO: LazyLock<[IdentityId; 3]> =
    LazyLock::new(|| VOTERS.map(|name| IdentityId::new(TenantId::new("t"), name)));
static SITE: LazyLock<SiteId> = LazyLock::new(|| SiteId::new("s"));
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::empty(SITE.clone(), moment(0)));
static DEMANDS: LazyLock<BTreeMap<String, Demand>> = LazyLock::new(|| {
    let approval = ApprovalDemand {
        by: vec![Approver::Role("approver".into())],
        quorum: QUORUM,
        expires_seconds: EXPIRES.into(),
        escalate_seconds: None,
        escalate_to: Vec::new(),
    };
    let demand = Demand { hold_seconds: Some(HOLD.into()), approval: Some(approval), ..Demand::default() };
    BTreeMap::from([(RULE.to_owned(), demand)])
});

fn moment(second: u8) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second.into())
}

/// A look between two of its steps.
#[derive(Clone, Debug, PartialEq)]
enum Look {
    /// It has read the person and what is on record.
    Read { wanted: bool, known: Vec<Clearance> },
    /// The operation left under these; its intent is durable.
    Sent { under: Vec<String> },
}

#[derive(Clone, Debug, PartialEq)]
struct World {
    now: u8,
    /// There is a reason to take the account.
    wanted: bool,
    turns: u8,
    looks: u8,
    votes: u8,
    /// What the store keeps, oldest first.
    kept: Vec<Clearance>,
    look: Option<Look>,
    /// Decisions under way: the request as it was read, and when.
    calls: [Option<(Clearance, u8)>; 3],
    /// Since when each look that was recorded saw the reason.
    seen_since: Option<u8>,
    /// Accepted operations by the clearance they were sent under.
    uses: BTreeMap<String, u8>,
    /// Something went that should not have, in words.
    wrong: Option<String>,
    changed_meanwhile: bool,
}

// Clearances cannot be hashed; what they print says everything about them.
impl Hash for World {
    fn hash<H: Hasher>(&self, state: &mut H) {
        format!("{self:?}").hash(state);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Deed {
    Tick,
    /// The reason comes or goes.
    Turn,
    Look,
    /// The look goes on: it asks and ends what there is to ask and to end, or sends.
    GoOn,
    Accepted,
    /// It was plainly not done.
    NotDone,
    /// The process ends. What was sent and not answered was not done; what was done is [`Deed::Accepted`].
    Die,
    Open(usize),
    Vote(usize, bool),
}

/// Seconds that pass at most, and how often what may happen.
#[derive(Clone, Copy)]
struct Protocol {
    ticks: u8,
    looks: u8,
    votes: u8,
    turns: u8,
}

/// Everything that the properties speak of happens in it.
const SHORT: Protocol = Protocol { ticks: 3, looks: 4, votes: 2, turns: 2 };
const LONG: Protocol = Protocol { ticks: 4, looks: 5, votes: 3, turns: 2 };

fn plan(wanted: bool, now: u8) -> Plan {
    let because = Because { rule: RULE.into(), row: None, text: String::new() };
    let difference = Difference {
        effect: Effect::Remove,
        what: "account".into(),
        from: None,
        to: None,
        because: vec![because],
    };
    let step = Step {
        op: Operation::Deactivate,
        differences: vec![difference],
        destructive: true,
        gate: Gate::Open,
    };
    Plan {
        id: PlanId::new("plan"),
        identity: WHO[THEMSELVES].clone(),
        person: VOTERS[THEMSELVES].into(),
        site: SITE.clone(),
        account: None,
        lane: Lane::Normal,
        steps: if wanted { vec![step] } else { Vec::new() },
        todos: Vec::new(),
        notices: Vec::new(),
        notes: Vec::new(),
        ending: None,
        review_at: None,
        policy: String::new(),
        made_at: moment(now),
        cleared: BTreeMap::new(),
    }
}

impl World {
    /// As the store keeps a row: only if it still has the version that was read. `false`: nothing was written.
    fn keep(&mut self, rows: &[Clearance]) -> bool {
        let mut kept = self.kept.clone();
        for row in rows {
            let known = kept.iter_mut().find(|known| known.id == row.id);
            let next = Clearance { version: row.version + 1, ..row.clone() };
            match known {
                None if row.version == 0 => kept.push(next),
                Some(known) if known.version == row.version && row.version > 0 => *known = next,
                _ => {
                    self.changed_meanwhile = true;
                    return false;
                }
            }
        }
        self.kept = kept;
        true
    }

    fn go_on(&mut self) -> Option<()> {
        let Some(Look::Read { wanted, known }) = self.look.take() else { return None };
        let gating = Gating {
            asked: &Asked::default(),
            demands: &DEMANDS,
            known: &known,
            before: None,
            catalogue: &CATALOGUE,
            now: moment(self.now),
            begins: moment(self.now),
            manager: None,
            capped: false,
            sealed: None,
            lapsed: &BTreeSet::new(),
            window: None,
        };
        let gated = gate(plan(wanted, self.now), &gating);
        if gated.plan.open_steps().next().is_some() {
            self.send(gated.plan.cleared.get(LINE).cloned());
            return Some(());
        }
        let ended = settle(&known, &gated.wanted, &Lifecycle::Active, moment(self.now));
        let rows: Vec<Clearance> =
            gated.new.into_iter().chain(ended.into_iter().map(|(row, _)| row)).collect();
        if self.keep(&rows) {
            self.seen_since = if wanted { self.seen_since.or(Some(self.now)) } else { None };
        }
        Some(())
    }

    /// The intent's transaction, and with it the judgement whether this may go.
    fn send(&mut self, under: Option<String>) {
        let now = moment(self.now);
        let Some(id) = under else {
            self.wrong = Some("it was sent under nothing".into());
            return;
        };
        let Some(clearance) = self.kept.iter().find(|kept| kept.id == id) else {
            self.wrong = Some(format!("{id} is not on record"));
            return;
        };
        if !clearance.lets(LINE, now) {
            return; // Refused: nothing is sent, and the next look sees why.
        }
        let mut names: Vec<&str> =
            clearance.votes.iter().filter(|vote| vote.yes).map(|vote| vote.by.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        let said_no = clearance.votes.iter().any(|vote| !vote.yes);
        let held = self.seen_since.is_some_and(|since| since + HOLD <= self.now);
        self.wrong = match () {
            () if clearance.kind != ClearanceKind::Approval => Some("no approval".into()),
            () if names.len() < QUORUM as usize => Some(format!("{} votes", names.len())),
            () if names.contains(&VOTERS[THEMSELVES]) => Some("their own vote".into()),
            () if said_no => Some("somebody said no".into()),
            () if now >= clearance.asked_at + SignedDuration::from_secs(EXPIRES.into()) => {
                Some("too late".into())
            }
            () if !held => Some("the hold was not kept".into()),
            () => None,
        };
        self.look = Some(Look::Sent { under: vec![id] });
    }

    fn accepted(&mut self) -> Option<()> {
        let Some(Look::Sent { under }) = self.look.take() else { return None };
        for id in under {
            *self.uses.entry(id.clone()).or_default() += 1;
            if let Some(kept) = self.kept.iter_mut().find(|kept| kept.id == id) {
                kept.spent.insert(LINE.into());
            }
        }
        self.wanted = false;
        Some(())
    }

    /// The decision rests on the request as it was read; a look may have written it since.
    fn vote(&mut self, voter: usize, yes: bool) -> Option<()> {
        let (found, at) = self.calls[voter].take()?;
        let name = VOTERS[voter];
        let who = Voter {
            identities: &WHO[voter..=voter],
            emails: &[],
            roles: &["approver".to_owned()],
            groups: &BTreeSet::new(),
        };
        let at = moment(at);
        if decidable(&found, at).is_err() || capacity(&found, &who, at).is_err() {
            return Some(());
        }
        let vote = Vote {
            by: name.into(),
            instead_of: None,
            whose: BTreeSet::new(),
            at,
            yes,
            reason: String::new(),
            capacity: String::new(),
        };
        self.keep(&[voted(found, vote)]);
        self.votes += 1;
        Some(())
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Deed;

    fn init_states(&self) -> Vec<World> {
        vec![World {
            now: 0,
            wanted: true,
            turns: 0,
            looks: 0,
            votes: 0,
            kept: Vec::new(),
            look: None,
            calls: [None, None, None],
            seen_since: None,
            uses: BTreeMap::new(),
            wrong: None,
            changed_meanwhile: false,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Deed>) {
        if world.now < self.ticks {
            actions.push(Deed::Tick);
        }
        if world.turns < self.turns {
            actions.push(Deed::Turn);
        }
        match &world.look {
            None if world.looks < self.looks => actions.push(Deed::Look),
            None => {}
            Some(Look::Read { .. }) => actions.extend([Deed::GoOn, Deed::Die]),
            Some(Look::Sent { .. }) => actions.extend([Deed::Accepted, Deed::NotDone, Deed::Die]),
        }
        for voter in 0..VOTERS.len() {
            match &world.calls[voter] {
                None if world.votes < self.votes && world.kept.iter().any(is_asked) => {
                    actions.push(Deed::Open(voter))
                }
                None => {}
                Some(_) => actions.extend([Deed::Vote(voter, true), Deed::Vote(voter, false)]),
            }
        }
    }

    fn next_state(&self, before: &World, deed: Deed) -> Option<World> {
        let mut world = before.clone();
        match deed {
            Deed::Tick => world.now += 1,
            Deed::Turn => {
                world.wanted = !world.wanted;
                world.turns += 1;
            }
            Deed::Look => {
                world.looks += 1;
                world.look = Some(Look::Read { wanted: world.wanted, known: world.kept.clone() });
            }
            Deed::GoOn => world.go_on()?,
            Deed::Accepted => world.accepted()?,
            Deed::NotDone | Deed::Die => world.look = None,
            Deed::Open(voter) => {
                let asked = world.kept.iter().rfind(|kept| is_asked(kept)).cloned();
                world.calls[voter] = asked.map(|asked| (asked, world.now));
            }
            Deed::Vote(voter, yes) => world.vote(voter, yes)?,
        }
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        fn any(world: &World, what: impl Fn(&Clearance) -> bool) -> bool {
            world.kept.iter().any(what)
        }
        vec![
            Property::always(
                "nothing goes but under enough votes of others, in time, after the hold",
                |_, world: &World| world.wrong.is_none(),
            ),
            Property::always("a decision lets one operation go, once", |_, world: &World| {
                world.uses.values().all(|uses| *uses == 1)
            }),
            Property::always("nobody decides about themselves", |_, world: &World| {
                !any(world, |kept| kept.votes.iter().any(|vote| vote.by == VOTERS[THEMSELVES]))
            }),
            Property::always("of one kind only one is open", |_, world: &World| {
                [ClearanceKind::Hold, ClearanceKind::Approval].into_iter().all(|kind| {
                    let live = world.kept.iter().filter(|kept| {
                        kept.kind == kind && !kept.over && kept.state.is_open() && kept.spent.is_empty()
                    });
                    live.count() <= 1
                })
            }),
            Property::always("what ended stays ended", |_, world: &World| {
                !any(world, |kept| {
                    let no = kept.votes.iter().any(|vote| !vote.yes);
                    (no && kept.state == ClearanceState::Granted)
                        || (kept.over && kept.lets(LINE, moment(world.now)))
                })
            }),
            // The checker must have seen the hard cases, or it has shown nothing.
            Property::sometimes("it is done", |_, world: &World| !world.uses.is_empty()),
            Property::sometimes("a no is kept", |_, world: &World| {
                any(world, |kept| kept.state == ClearanceState::Declined)
            }),
            Property::sometimes("a request runs out", |_, world: &World| {
                any(world, |kept| kept.state == ClearanceState::Expired)
            }),
            Property::sometimes("a hold is called off and another begins", |_, world: &World| {
                world.kept.iter().filter(|kept| kept.kind == ClearanceKind::Hold).count() > 1
            }),
            Property::sometimes("somebody decided while a look was under way", |_, world: &World| {
                world.changed_meanwhile
            }),
            Property::sometimes("an approval that was given ends unused", |_, world: &World| {
                any(world, |kept| {
                    kept.kind == ClearanceKind::Approval
                        && kept.over
                        && kept.spent.is_empty()
                        && kept.ayes() > 1
                })
            }),
        ]
    }
}

fn is_asked(kept: &Clearance) -> bool {
    kept.kind == ClearanceKind::Approval && !kept.over
}

/// The first orders of a long story, breadth first: what goes wrong soon is found in seconds.
#[test]
fn holds_and_approvals_hold_in_the_first_orders() {
    let checker = LONG.checker().threads(2).target_state_count(60_000).spawn_bfs().join();
    for property in LONG.properties() {
        if matches!(property.expectation, stateright::Expectation::Always) {
            let found = checker.discovery(property.name);
            assert!(found.is_none(), "{}: {:?}", property.name, found.map(stateright::Path::into_actions));
        }
    }
    assert!(checker.unique_state_count() > 25_000, "{} states", checker.unique_state_count());
}

/// Every order of a short one, with nothing left out. In depth first, which keeps no more than one way at a time in memory.
#[test]
fn holds_and_approvals_hold_in_every_order_of_a_short_story() {
    let states = holds_in_every_order(SHORT);
    assert!(states > 10_000, "the model is too small to show anything: {states} states");
}

/// Of the long one: a long while.
/// `cargo test --release --workspace every_order_of_a_long -- --ignored --nocapture`
#[test]
#[ignore = "takes long; a release runs it"]
fn holds_and_approvals_hold_in_every_order_of_a_long_story() {
    holds_in_every_order(LONG);
}

/// Answers how many states there are.
fn holds_in_every_order(story: Protocol) -> usize {
    let all = story.checker().threads(2).spawn_dfs();
    let checker = all.join_and_report(&mut WriteReporter::new(&mut std::io::stdout()));
    checker.assert_properties();
    let states = checker.unique_state_count();
    println!("{states} different states, {} in all", checker.state_count());
    states
}
