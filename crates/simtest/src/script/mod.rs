//! What a seed has in store: the company, what happens to its people, what goes wrong and when.

mod extras;
mod parts;
mod writer;

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};
use lanyard_sim::{
    faults::{Effect, Moment, Rule, Target},
    host::Vendor,
    world::{Accounts, Dice, WorldSettings},
};
use serde_json::Value;

pub use self::parts::{Profile, Without};
use crate::{
    guards::Guards,
    network::{Made, WriteFault},
    weather::{Front, Mishap},
};

/// One seed's history before it is lived.
#[derive(Debug, Clone)]
pub struct Plan {
    pub seed: u64,
    pub profile: Profile,
    pub world: WorldSettings,
    pub preset: &'static str,
    /// Things happen and go wrong for so long.
    pub busy_for: Duration,
    pub feed_interval: Duration,
    pub hooks: bool,
    pub observe_only: bool,
    /// People who may lose something in a day, as a share.
    pub percent_max: u32,
    pub kills: u32,
    pub faults: Vec<Rule>,
    pub fronts: Vec<Front>,
    /// What the policy asks beyond the demonstration's.
    pub guards: Guards,
    /// How many things are done to the process and to its rights, beside its deaths.
    pub blows: u32,
    pub without: Without,
    /// One story, told by its number in [`STORIES`], in place of those that the seed draws.
    pub only: Option<usize>,
    /// After the faults: how long until the first full pass. A short one is for histories of one story.
    pub quiet_for: Duration,
    /// At which points the first lives die, one number per life, before any death that is drawn.
    pub deaths: Vec<u64>,
    /// Writes to the sites, counted from 0, that go wrong.
    pub write_faults: Vec<(usize, WriteFault)>,
    /// The same, counted among what is made of one kind.
    pub made_faults: Vec<(Made, usize, WriteFault)>,
    /// A claim that is not finished by then may be taken over; `None`: as in the product.
    pub lease: Option<Duration>,
    /// How many seconds a site asks for when it refuses for want of room, while things go wrong; 0: it does not say.
    pub site_waits: u32,
    /// Rows per page that Okta is asked for: few make lists of many pages in a small company. `None`: as in the product.
    pub page_rows: Option<u32>,
    /// Between two looks at leavers' clocks; `None`: as in the product.
    pub leaver_check: Option<Duration>,
    /// Steps beside those that the seed draws, for histories made on purpose.
    pub steps: Vec<Step>,
}

/// Something that somebody does.
#[derive(Debug, Clone)]
pub enum Deed {
    Command {
        vendor: Vendor,
        index: usize,
        command: Value,
    },
    Stop,
    Resume,
    /// Somebody asks for a comparison of everybody.
    Sweep,
    /// Somebody publishes another policy, or takes it back.
    Publish {
        edited: bool,
    },
    /// The process dies, and is started again some time later.
    Kill,
    /// The machine stands still for so long.
    Pause(Duration),
    /// The machine's clock is off by so much, for so long.
    Jump {
        by: SignedDuration,
        lasts: Duration,
    },
    /// A command at the directory that is a fault; the second one ends it. Named for the count.
    Blow {
        name: &'static str,
        index: usize,
        command: Value,
        end: Option<(Duration, Value)>,
    },
}

#[derive(Debug, Clone)]
pub struct Step {
    pub after: Duration,
    pub words: String,
    pub deed: Deed,
    /// Steps of one number belong together; `None`: made on purpose.
    pub story: Option<u32>,
}

/// A hand-written note in a field that no rule owns, which must be there at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    pub story: u32,
    pub site: usize,
    pub account: u64,
    pub text: String,
}

/// The steps in order, and what the auditor must know of them.
#[derive(Debug, Clone, Default)]
pub struct Script {
    pub steps: Vec<Step>,
    /// What happens once nothing goes wrong any more, counted from then: it is noticed at once, as on any good day.
    pub afterwards: Vec<Step>,
    pub notes: Vec<Note>,
    /// A group that the policy names was deleted: what rests on it cannot be judged.
    pub group_deleted: bool,
    /// Employee numbers of people who had one address after another: by address nobody can tell them apart.
    pub shared_address: Vec<String>,
    /// Employee numbers, as Okta has them, of people from whom the policy lets nothing be taken.
    pub protected: BTreeSet<String>,
    /// The person for whom Okta never answers, `Name (number)`, and the rule that does it.
    pub poisoned: Option<(String, Rule)>,
}

/// Nobody else's field in the demonstration policy.
pub const NOTE_FIELD: &str = "custom09";

/// After the faults, what they held up is made up for by then.
pub const MADE_UP: SignedDuration = SignedDuration::from_mins(20);

/// Longer than any pause between two attempts.
const QUIET: Duration = Duration::from_secs(75 * 60);

/// What can happen to somebody, by the words that name it.
pub const STORIES: [&str; 19] = [
    "moves to another department",
    "is suspended and comes back",
    "goes on leave",
    "is terminated",
    "is renamed, with a new address",
    "has a password trouble",
    "leaves the app's group",
    "has another contract end",
    "works another way",
    "leaves or joins a group",
    "is edited by hand",
    "is deleted",
    "has a new title",
    "is hired",
    "is hired again under the old number",
    "gets the address of somebody who left",
    "leaves with many others",
    "is there while somebody stops and resumes",
    "is in a group that is deleted",
];

/// Presets of the stand-ins.
pub const PRESETS: [&str; 4] = ["default", "strict", "lenient", "hostile"];

/// How likely a seed draws each of those that are one person's.
const WEIGHTS: [u32; 13] = [5, 3, 3, 6, 2, 2, 3, 3, 2, 2, 3, 2, 2];
const TERMINATED: usize = 3;
const HIRED: usize = 13;
const HIRED_AGAIN: usize = 14;
const ADDRESS: usize = 15;
const MANY: usize = 16;
const STOP: usize = 17;
const GROUP: usize = 18;

impl Plan {
    /// A short history of one story in a small company, in which nothing goes wrong.
    pub fn of_story(story: usize, preset: &'static str, seed: u64) -> Self {
        let quiet = Self::drawn(seed, Profile::Calm);
        Self {
            world: WorldSettings {
                seed,
                people: if story == MANY { 16 } else { 6 },
                orgs: 1,
                sites: 1,
                accounts: Accounts::Tidy,
                ..WorldSettings::default()
            },
            preset,
            busy_for: Duration::from_secs(900),
            feed_interval: Duration::from_secs(30),
            hooks: true,
            observe_only: false,
            percent_max: 100,
            only: Some(story),
            quiet_for: Duration::from_secs(900),
            guards: Guards::default(),
            ..quiet
        }
    }

    pub fn of(seed: u64) -> Self {
        Self::drawn(seed, Profile::Swarm)
    }

    pub fn drawn(seed: u64, profile: Profile) -> Self {
        let mut dice = Dice::new(seed, "plan");
        let several = dice.chance(150);
        let mut world = WorldSettings {
            seed,
            people: 10 + dice.below(31),
            orgs: if several { 2 } else { 1 },
            sites: if several { 2 } else { 1 },
            accounts: [Accounts::Tidy, Accounts::Lived, Accounts::Empty][dice.weighted(&[5, 3, 2])],
            ..WorldSettings::default()
        };
        let mut busy_for = Duration::from_secs(3600 * u64::from(2 + dice.below(7)));
        let mut feed_interval = Duration::from_secs([10, 30, 60, 120][dice.weighted(&[1, 3, 4, 2])]);
        let mut calm = dice.chance(200);
        match profile {
            Profile::Swarm => {}
            Profile::Calm => calm = true,
            Profile::Storm => calm = false,
            Profile::Weeks => {
                busy_for = Duration::from_secs(86_400 * u64::from(7 + dice.below(22)));
                feed_interval = Duration::from_secs(900);
            }
            Profile::Brief => {
                world.people = 8 + dice.below(9);
                busy_for = Duration::from_secs(3600 + 60 * u64::from(dice.below(60)));
            }
            Profile::Rough => {
                // A limit of ten is reached by more than ten.
                world.people = if dice.chance(150) { 20 + dice.below(6) } else { 8 + dice.below(9) };
                busy_for = Duration::from_secs(3600 + 60 * u64::from(dice.below(60)));
                calm = false;
            }
            Profile::Dense => {
                world.people = if dice.chance(100) { 20 } else { 5 + dice.below(6) };
                busy_for = Duration::from_secs(2400 + 60 * u64::from(dice.below(30)));
                feed_interval = Duration::from_secs([30, 60, 120][dice.weighted(&[1, 2, 4])]);
                calm = false;
            }
        }
        let rough = profile.is_rough();
        let storm = profile == Profile::Storm;
        let mut plan = Self {
            seed,
            profile,
            world,
            preset: ["default", "hostile", "strict", "lenient"][dice.weighted(&[5, 1, 2, 2])],
            busy_for,
            feed_interval,
            hooks: dice.chance(750),
            observe_only: dice.chance(40),
            percent_max: if dice.chance(if rough { 300 } else { 150 }) { 5 } else { 100 },
            kills: if calm { 0 } else { dice.below(5) + if storm { 4 } else { 0 } },
            faults: Vec::new(),
            fronts: Vec::new(),
            guards: Guards::drawn(seed),
            blows: 0,
            without: Without::default(),
            only: None,
            quiet_for: QUIET,
            deaths: Vec::new(),
            write_faults: Vec::new(),
            made_faults: Vec::new(),
            lease: None,
            site_waits: 0,
            page_rows: None,
            leaver_check: None,
            steps: Vec::new(),
        };
        if profile == Profile::Dense {
            // It only raises alarms, and reads much of the store for them.
            plan.leaver_check = Some(Duration::from_secs(60));
            plan.page_rows = (seed % 4 == 3).then_some(4);
            // A hostile site refuses so much by itself that nothing would ever get on.
            plan.site_waits = if plan.preset == "hostile" { 0 } else { 2 + (seed % 8) as u32 };
        }
        if !calm {
            let count = match profile {
                Profile::Storm => 8 + dice.below(8),
                Profile::Rough => 3 + dice.below(8),
                Profile::Dense => 3 + dice.below(5),
                _ => 1 + dice.below(7),
            };
            for _ in 0..count {
                plan.faults.push(fault(&mut dice, busy_for, plan.hooks, profile));
            }
            let count = match profile {
                Profile::Storm => 3 + dice.below(4),
                Profile::Rough => 1 + dice.below(4),
                Profile::Dense => 1 + dice.below(3),
                _ => dice.below(4),
            };
            for _ in 0..count {
                plan.fronts.push(front(&mut dice, busy_for, profile.storms()));
            }
            // Whoever only observes has no hook made for itself: nothing of hooks can go wrong.
            plan.faults.retain(|rule| !plan.observe_only || rule.target != Target::Hook);
            plan.blows = if storm { 2 + dice.below(4) } else { dice.below(3) };
            plan.write_faults = write_faults(seed, storm || rough);
            if rough {
                plan.blows += 1;
                extras::draw(&mut plan);
            }
        }
        plan
    }

    /// The same history with something left out.
    #[must_use]
    pub fn leaving_out(mut self, without: &Without) -> Self {
        let mut at = 0..;
        self.faults.retain(|_| at.next().is_none_or(|at| !without.faults.contains(&at)));
        let mut at = 0..;
        self.fronts.retain(|_| at.next().is_none_or(|at| !without.fronts.contains(&at)));
        if without.kills {
            self.kills = 0;
            self.write_faults.clear();
            self.made_faults.clear();
        }
        if without.hooks {
            self.hooks = false;
            self.faults.retain(|rule| rule.target != Target::Hook);
        }
        if without.guards {
            self.guards = Guards::default();
        }
        self.without = without.clone();
        self
    }

    pub fn is_calm(&self) -> bool {
        self.faults.is_empty()
            && self.fronts.is_empty()
            && self.blows == 0
            && self.kills == 0
            && self.deaths.is_empty()
            && self.write_faults.is_empty()
            && self.made_faults.is_empty()
            && self.steps.is_empty()
    }
}

/// Writes that are lost on the way back, or on the way there, or at which the process dies: what is hardest to get right,
/// and what windows of other faults seldom hit. By chances of their own.
fn write_faults(seed: u64, storm: bool) -> Vec<(usize, WriteFault)> {
    let mut dice = Dice::new(seed, "writes");
    let count = match (storm, dice.chance(600)) {
        (true, _) => 4 + dice.below(8),
        (false, true) => 1 + dice.below(5),
        (false, false) => 0,
    };
    let kinds = [WriteFault::AnswerLost, WriteFault::NotDone, WriteFault::Dies];
    (0..count).map(|_| (dice.below(80) as usize, kinds[dice.weighted(&[3, 1, 2])])).collect()
}

/// One kind of weather in a window of its own. Disks recover sooner than networks: a store that never works is no
/// history.
fn front(dice: &mut Dice, busy_for: Duration, storm: bool) -> Front {
    let mishap = *dice.pick(&Mishap::ALL);
    let all = busy_for.as_secs();
    let from = dice.between(0, (all * 3 / 4) as i64) as u64;
    let length = dice.between(60, 1800) as u64;
    let rates = if storm { [0.1, 0.3, 0.6] } else { [0.02, 0.1, 0.4] };
    Front {
        mishap,
        from: Duration::from_secs(from),
        until: Duration::from_secs((from + length).min(all)),
        probability: rates[dice.weighted(&[4, 3, 1])],
    }
}

/// One fault in a window of its own.
fn fault(dice: &mut Dice, busy_for: Duration, hooks: bool, profile: Profile) -> Rule {
    use Effect as E;
    const BOTH: [Effect; 14] = [
        E::ForeignNext,
        E::Quota,
        E::Concurrency,
        E::ServerError,
        E::Unavailable,
        E::TimeoutBefore,
        E::TimeoutAfter,
        E::Refuse,
        E::Cut,
        E::CutMidBody,
        E::Delay,
        E::Unauthorized,
        E::Forbidden,
        E::RevokeCredential,
    ];
    const LISTS: [Effect; 3] = [E::StaleList, E::TornPage, E::ShiftingPage];
    const HOOKS: [Effect; 5] = [E::Drop, E::Unreachable, E::Duplicate, E::Late, E::Reorder];
    let side = |dice: &mut Dice| if dice.chance(500) { Target::Okta } else { Target::Ioffice };
    let mut rule = match dice.weighted(&[6, 2, if hooks { 3 } else { 0 }]) {
        0 => Rule::new(side(dice), *dice.pick(&BOTH)),
        1 => Rule { method: Some("GET".into()), ..Rule::new(side(dice), *dice.pick(&LISTS)) },
        _ => Rule::new(Target::Hook, *dice.pick(&HOOKS)),
    };
    let all = busy_for.as_secs() as i64;
    let from = dice.between(0, all * 3 / 4);
    // A dense one is short: many kinds meet, and all of it is over before the next pass.
    let longest = if profile == Profile::Dense { 1200 } else { 5400 };
    let length = dice.between(120, longest).min(all - from);
    rule.from = Some(Moment::After(SignedDuration::from_secs(from)));
    rule.until = Some(Moment::After(SignedDuration::from_secs(from + length)));
    rule.probability =
        [0.05, 0.2, 0.5, 1.0][dice.weighted(if profile.storms() { &[1, 2, 3, 2] } else { &[3, 4, 2, 1] })];
    rule.name = format!("{:?} {:?} p={} {}+{}s", rule.target, rule.effect, rule.probability, from, length);
    rule
}

impl Script {
    /// `at`, or the moment at which the stop button was released that was held down then.
    pub fn running_from(&self, start: Timestamp, at: Timestamp) -> Timestamp {
        let mut stopped = false;
        for step in &self.steps {
            let when = start + step.after;
            match step.deed {
                Deed::Stop if when <= at => stopped = true,
                Deed::Resume if when <= at => stopped = false,
                Deed::Resume if stopped => return when,
                _ => {}
            }
        }
        at
    }
}
