//! What a seed has in store: the company, what happens to its people, what goes wrong and when.

use std::{collections::BTreeSet, fmt, str::FromStr, time::Duration};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lanyard_sim::{
    faults::{Effect, Moment, Rule, Target},
    host::Vendor,
    world::{Accounts, Company, Dice, GroupSource, OktaUser, PersonKind, Stage, UserStatus, WorldSettings},
};
use serde_json::{Value, json};

use crate::{
    company::PRINCIPAL,
    network::WriteFault,
    weather::{Front, Mishap},
};

/// What kind of histories are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// A random subset of everything, some histories without any fault.
    #[default]
    Swarm,
    /// No fault ever.
    Calm,
    /// Many kinds at once, at high rates.
    Storm,
    /// Weeks in which little goes wrong.
    Weeks,
}

impl Profile {
    pub const ALL: [Self; 4] = [Self::Swarm, Self::Calm, Self::Storm, Self::Weeks];

    pub fn name(self) -> &'static str {
        match self {
            Self::Swarm => "swarm",
            Self::Calm => "calm",
            Self::Storm => "storm",
            Self::Weeks => "weeks",
        }
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|profile| profile.name() == text);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|profile| profile.name()).collect();
            format!("there is no profile `{text}`: {}", names.join(", "))
        })
    }
}

/// What is left out of a history: it was tried without, and went wrong all the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Without {
    /// Stories by number, `s3`.
    pub stories: BTreeSet<u32>,
    /// Faults of the stand-ins by number, `f0`.
    pub faults: BTreeSet<usize>,
    /// Fronts of the weather by number, `w0`.
    pub fronts: BTreeSet<usize>,
    /// Deaths at a drawn call, `k`.
    pub kills: bool,
    /// Hooks, `h`.
    pub hooks: bool,
}

impl Without {
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Without {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self.stories.iter().map(|at| format!("s{at}")).collect();
        words.extend(self.faults.iter().map(|at| format!("f{at}")));
        words.extend(self.fronts.iter().map(|at| format!("w{at}")));
        words.extend(self.kills.then(|| "k".to_owned()));
        words.extend(self.hooks.then(|| "h".to_owned()));
        f.write_str(&words.join(","))
    }
}

impl FromStr for Without {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut without = Self::default();
        for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let wrong = || format!("`{word}` is none of s3 (a story), f0 (a fault), w0 (a front), k, h");
            let (kind, number) = word.split_at(1);
            match (kind, number) {
                ("k", "") => without.kills = true,
                ("h", "") => without.hooks = true,
                (_, "") => return Err(wrong()),
                (kind, number) => {
                    let at: u32 = number.parse().map_err(|_| wrong())?;
                    match kind {
                        "s" => without.stories.insert(at),
                        "f" => without.faults.insert(at as usize),
                        "w" => without.fronts.insert(at as usize),
                        _ => return Err(wrong()),
                    };
                }
            }
        }
        Ok(without)
    }
}

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
    /// How many things are done to the process and to its rights, beside its deaths.
    pub blows: u32,
    pub without: Without,
    /// One story, told by its number in [`STORIES`], in place of those that the seed draws.
    pub only: Option<usize>,
    /// After the faults: how long until the first full pass. A short one is for histories of one story.
    pub quiet_for: Duration,
    /// At which points the first lives die, one number per life, before any death that is drawn.
    pub deaths: Vec<u64>,
    /// One write to a site, counted from 0, that goes wrong.
    pub write_fault: Option<(usize, WriteFault)>,
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
    pub notes: Vec<Note>,
    /// A group that the policy names was deleted: what rests on it cannot be judged.
    pub group_deleted: bool,
    /// Employee numbers of people who had one address after another: by address nobody can tell them apart.
    pub shared_address: Vec<String>,
}

/// Nobody else's field in the demonstration policy.
pub const NOTE_FIELD: &str = "custom09";

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
            ..quiet
        }
    }

    pub fn of(seed: u64) -> Self {
        Self::drawn(seed, Profile::Swarm)
    }

    pub fn drawn(seed: u64, profile: Profile) -> Self {
        let mut dice = Dice::new(seed, "plan");
        let several = dice.chance(150);
        let world = WorldSettings {
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
        }
        let storm = profile == Profile::Storm;
        let mut plan = Self {
            seed,
            profile,
            world,
            preset: ["default", "strict", "lenient"][dice.weighted(&[6, 2, 2])],
            busy_for,
            feed_interval,
            hooks: dice.chance(750),
            observe_only: dice.chance(40),
            percent_max: if dice.chance(150) { 5 } else { 100 },
            kills: if calm { 0 } else { dice.below(5) + if storm { 4 } else { 0 } },
            faults: Vec::new(),
            fronts: Vec::new(),
            blows: 0,
            without: Without::default(),
            only: None,
            quiet_for: QUIET,
            deaths: Vec::new(),
            write_fault: None,
            steps: Vec::new(),
        };
        if !calm {
            let count = if storm { 8 + dice.below(8) } else { 1 + dice.below(7) };
            for _ in 0..count {
                plan.faults.push(fault(&mut dice, busy_for, plan.hooks, storm));
            }
            let count = if storm { 3 + dice.below(4) } else { dice.below(4) };
            for _ in 0..count {
                plan.fronts.push(front(&mut dice, busy_for, storm));
            }
            plan.blows = if storm { 2 + dice.below(4) } else { dice.below(3) };
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
        }
        self.hooks &= !without.hooks;
        self.without = without.clone();
        self
    }

    pub fn is_calm(&self) -> bool {
        self.faults.is_empty()
            && self.fronts.is_empty()
            && self.blows == 0
            && self.kills == 0
            && self.deaths.is_empty()
            && self.write_fault.is_none()
            && self.steps.is_empty()
    }
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
fn fault(dice: &mut Dice, busy_for: Duration, hooks: bool, storm: bool) -> Rule {
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
    let length = dice.between(120, 5400).min(all - from);
    rule.from = Some(Moment::After(SignedDuration::from_secs(from)));
    rule.until = Some(Moment::After(SignedDuration::from_secs(from + length)));
    rule.probability =
        [0.05, 0.2, 0.5, 1.0][dice.weighted(if storm { &[1, 2, 3, 2] } else { &[3, 4, 2, 1] })];
    rule.name = format!("{:?} {:?} p={} {}+{}s", rule.target, rule.effect, rule.probability, from, length);
    rule
}

struct Writer<'a> {
    company: &'a Company,
    dice: Dice,
    busy: i64,
    script: Script,
    hires: u32,
    /// Which story is being written.
    story: u32,
    plan: &'a Plan,
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

    pub fn of(plan: &Plan, company: &Company) -> Self {
        let mut writer = Writer {
            company,
            dice: Dice::new(plan.seed, "script"),
            busy: plan.busy_for.as_secs() as i64,
            script: Self::default(),
            hires: 0,
            story: 0,
            plan,
        };
        writer.stories();
        writer.blows();
        let mut script = writer.script;
        let gone = |story: Option<u32>| story.is_some_and(|story| plan.without.stories.contains(&story));
        script.steps.retain(|step| !gone(step.story));
        script.notes.retain(|note| !gone(Some(note.story)));
        script.steps.extend(plan.steps.iter().cloned());
        script.steps.sort_by_key(|step| step.after);
        script
    }
}

impl<'a> Writer<'a> {
    fn stories(&mut self) {
        let mut free: Vec<u32> = (0..self.company.people.len() as u32)
            .filter(|person| self.company.user_of(*person).dirt.is_clean())
            .collect();
        if let Some(story) = self.plan.only {
            self.story += 1;
            // Somebody at work: to the others little can happen.
            free.retain(|person| self.is_working(*person));
            let at = self.dice.between(420, 540);
            self.happens(story, at, &mut free);
            return;
        }
        let count = match self.plan.profile {
            Profile::Weeks => 20 + self.dice.below(40),
            _ => 4 + self.dice.below(16),
        };
        for _ in 0..count {
            self.story += 1;
            let at = self.dice.between(60, self.busy - 60);
            let story = match self.dice.weighted(&[8, 24, 2, 1]) {
                0 => HIRED,
                1 => self.dice.weighted(&WEIGHTS),
                2 => STOP,
                _ => MANY,
            };
            self.happens(story, at, &mut free);
        }
        self.story += 1;
        if self.dice.chance(60) {
            let at = self.dice.between(60, self.busy - 60);
            self.happens(GROUP, at, &mut free);
        }
    }

    fn is_working(&self, index: u32) -> bool {
        let (person, user) = (&self.company.people[index as usize], self.company.user_of(index));
        matches!(person.stage, Stage::Working | Stage::Rehired) && user.status == UserStatus::Active
    }

    /// One of [`STORIES`], to somebody of `free`, who is free no longer.
    fn happens(&mut self, story: usize, at: i64, free: &mut Vec<u32>) {
        let person = match free.len() {
            0 => None,
            count => Some(free.swap_remove(self.dice.below(count as u32) as usize)),
        };
        match (story, person) {
            (STOP, _) => {
                self.push(at, "the stop button is pressed".into(), Deed::Stop);
                let later = self.later(at, 1800);
                self.push(later, "the stop button is released".into(), Deed::Resume);
            }
            (GROUP, _) => {
                let name = ["APP-iOffice-Users", "ROOM-Booking"][self.dice.weighted(&[1, 2])];
                let Some(id) = self.group(0, name) else { return };
                self.script.group_deleted = true;
                let delete = json!({"do": "delete_group", "group": id});
                self.okta(at, 0, format!("the group {name} is deleted"), delete);
                let create = json!({"do": "create_group", "name": name});
                self.okta(at + 40, 0, format!("a new group is called {name}"), create);
            }
            (MANY, _) => {
                let working: Vec<u32> = free.iter().copied().filter(|one| self.is_working(*one)).collect();
                let count = (11 + self.dice.below(5)).min(working.len() as u32);
                for (place, one) in working.into_iter().take(count as usize).enumerate() {
                    free.retain(|other| *other != one);
                    let (user, org) = self.user(one);
                    let words = format!("{} leaves with many others", user.display_name());
                    let leave = json!({"do": "deactivate", "user": user.id.to_string()});
                    self.okta(at + place as i64, org, words, leave);
                }
            }
            (HIRED, _) | (_, None) => self.hire(at, None, None),
            (HIRED_AGAIN | ADDRESS, Some(person)) => {
                let (user, org) = self.user(person);
                let words = format!("{} is terminated", user.display_name());
                let leave = json!({"do": "deactivate", "user": user.id.to_string()});
                self.okta(at, org, words, leave);
                let later = self.later(at + 60, 300);
                match story {
                    HIRED_AGAIN => self.hire(later, Some((user, org)), None),
                    _ => self.hire(later, None, Some((user, org))),
                }
            }
            (story, Some(person)) => self.personal(story, at, person),
        }
    }

    fn user(&self, index: u32) -> (&'a OktaUser, usize) {
        (self.company.user_of(index), usize::from(self.company.people[index as usize].org))
    }

    /// What is done to the machine, and to our rights.
    fn blows(&mut self) {
        for _ in 0..self.plan.blows {
            self.story += 1;
            let at = self.dice.between(60, self.busy * 3 / 4);
            let org = self.dice.below(self.company.orgs.len() as u32) as usize;
            let lasts = Duration::from_secs(self.dice.between(30, 1800) as u64);
            let blow = |name, command, end: Option<Value>| Deed::Blow {
                name,
                index: org,
                command,
                end: end.map(|end| (lasts, end)),
            };
            let (words, deed) = match self.dice.below(9) {
                0 => ("the machine stands still".to_owned(), Deed::Pause(lasts)),
                1 | 2 => {
                    let by = SignedDuration::from_secs(self.dice.between(-5400, 5400));
                    (format!("the machine's clock jumps by {by:#}"), Deed::Jump { by, lasts })
                }
                3 => (
                    "the org forgets its log cursors".to_owned(),
                    blow("log cursors dead", json!({"do": "kill_cursors"}), None),
                ),
                4 => {
                    let seconds = self.dice.between(20, 240);
                    let slow = json!({"do": "log_delay", "seconds": seconds});
                    let end = json!({"do": "log_delay", "seconds": 0});
                    (format!("the org's log is {seconds} s late"), blow("log late", slow, Some(end)))
                }
                5 => {
                    let count = 1 + self.dice.below(4);
                    let heavy = json!({"do": "log_page_max", "events": count});
                    let end = json!({"do": "log_page_max", "events": null});
                    (
                        "the org's log answers 500 to large pages".to_owned(),
                        blow("log pages too large", heavy, Some(end)),
                    )
                }
                6 => {
                    let read_only = json!({"do": "read_only", "for_seconds": lasts.as_secs()});
                    ("the org is read-only".to_owned(), blow("read-only", read_only, None))
                }
                7 => {
                    let blind =
                        json!({"do": "narrow_role", "principal": PRINCIPAL, "groups": ["EXEC-Floor"]});
                    let end = json!({"do": "narrow_role", "principal": PRINCIPAL, "groups": null});
                    (
                        "our role in the org is narrowed to a group".to_owned(),
                        blow("role narrowed", blind, Some(end)),
                    )
                }
                _ => {
                    let buckets = ["users", "user", "groups", "logs", "other"];
                    let bucket = buckets[self.dice.below(5) as usize];
                    let spent = json!({"do": "exhaust_bucket", "bucket": bucket, "for_seconds": lasts.as_secs().min(300)});
                    (
                        format!("somebody else uses up the org's {bucket} quota"),
                        blow("quota used up", spent, None),
                    )
                }
            };
            self.push(at, words, deed);
        }
    }

    /// What happens to one person who is there already.
    fn personal(&mut self, story: usize, at: i64, index: u32) {
        let (company, person) = (self.company, &self.company.people[index as usize]);
        let user = company.user_of(index);
        let (org, id) = (usize::from(person.org), user.id.to_string());
        let name = user.display_name();
        let site = usize::from(person.site);
        let account = company.sites[site]
            .accounts
            .iter()
            .find(|account| account.person == Some(index) && account.active)
            .map(|account| u64::from(account.id));
        let does = |verb: &str| json!({"do": verb, "user": id});
        if person.stage == Stage::PreHire {
            self.okta(at, org, format!("{name}, a pre-hire, is activated"), does("activate"));
            return;
        }
        if !self.is_working(index) {
            return;
        }
        let later = self.later(at, 14_400);
        match story {
            0 => {
                let change =
                    json!({"department": "Finance", "costCenter": "CC-220", "division": "Corporate"});
                self.edit(at, org, format!("{name} moves to Finance"), &id, change);
            }
            1 => {
                self.okta(at, org, format!("{name} is suspended for a leave"), does("suspend"));
                self.okta(later, org, format!("{name} is back"), does("unsuspend"));
            }
            2 => {
                let status = |text: &str| json!({"employeeStatus": text});
                self.edit(at, org, format!("{name} goes on leave"), &id, status("Leave"));
                if self.dice.chance(700) {
                    self.edit(later, org, format!("{name} returns from leave"), &id, status("Active"));
                }
            }
            TERMINATED => self.terminate(at, later, user, org, site, account),
            4 => {
                let email = format!("renamed.{}", user.email.to_lowercase());
                let change = json!({"lastName": "Newname", "email": email, "login": email});
                self.edit(at, org, format!("{name} is renamed, with a new address"), &id, change);
            }
            5 => {
                let verb = ["expire_password", "reset_password", "lock"][self.dice.below(3) as usize];
                self.okta(at, org, format!("{name}: {verb}"), does(verb));
            }
            6 => {
                let Some(group) = self.group(org, "APP-iOffice-Users") else { return };
                let member = |verb: &str| json!({"do": verb, "user": id, "group": group});
                self.okta(at, org, format!("{name} leaves the app's group"), member("remove_from_group"));
                // At once, as a rule that is being edited does it: nothing may be lost by that. Or later, or never.
                let back = match self.dice.weighted(&[1, 1, 2]) {
                    0 => at + self.dice.between(2, 60),
                    1 => later,
                    _ => return,
                };
                self.okta(back, org, format!("{name} rejoins the app's group"), member("add_to_group"));
            }
            7 if person.kind == PersonKind::Contractor => {
                let days = self.dice.between(-2, 40);
                let end = company.orgs[org].date_notation.write(self.date(at, days));
                self.edit(
                    at,
                    org,
                    format!("{name}'s contract now ends on {end}"),
                    &id,
                    json!({"contractEndDate": end}),
                );
            }
            8 => {
                let mode = ["hybrid", "remote", "assigned"][self.dice.below(3) as usize];
                self.edit(at, org, format!("{name} works {mode}"), &id, json!({"workMode": mode}));
            }
            9 => {
                let Some(group) = self.group(org, "ROOM-Booking") else { return };
                let verb = ["remove_from_group", "add_to_group"][self.dice.below(2) as usize];
                self.okta(
                    at,
                    org,
                    format!("{name}: {verb} ROOM-Booking"),
                    json!({"do": verb, "user": id, "group": group}),
                );
            }
            10 => self.by_hand(at, site, account, &name),
            11 => self.okta(at, org, format!("{name} is deleted"), does("delete_user")),
            _ => {
                let title = json!({"title": format!("Analyst {}", self.dice.below(100))});
                self.edit(at, org, format!("{name} has a new title"), &id, title);
            }
        }
    }

    fn terminate(
        &mut self,
        at: i64,
        later: i64,
        user: &OktaUser,
        org: usize,
        site: usize,
        account: Option<u64>,
    ) {
        let (id, name) = (user.id.to_string(), user.display_name());
        if let (Some(account), true) = (account, self.dice.chance(500)) {
            self.book(at - 30, site, account, &name);
        }
        match self.dice.weighted(&[6, 2, 2]) {
            0 => {}
            1 => {
                if let Some(group) = self.group(org, "APP-iOffice-Users") {
                    let leave = json!({"do": "remove_from_group", "user": id, "group": group});
                    self.okta(at - 20, org, format!("{name} leaves the app's group"), leave);
                }
            }
            _ => {
                let status = json!({"employeeStatus": "Terminated"});
                self.edit(at - 20, org, format!("{name} is marked as terminated"), &id, status);
            }
        }
        self.okta(at, org, format!("{name} is terminated"), json!({"do": "deactivate", "user": id}));
        match self.dice.weighted(&[5, 2, 2, 2]) {
            0 => {}
            1 => {
                self.okta(later, org, format!("{name} is reactivated"), json!({"do": "activate", "user": id}))
            }
            2 => self.hire(later, Some((user, org)), None),
            _ => self.hire(later, None, Some((user, org))),
        }
    }

    /// Somebody new; or `again`, under their old number; or with the address of somebody who left.
    fn hire(&mut self, at: i64, again: Option<(&OktaUser, usize)>, address_of: Option<(&OktaUser, usize)>) {
        self.hires += 1;
        let org = again
            .or(address_of)
            .map_or_else(|| self.dice.below(self.company.orgs.len() as u32) as usize, |(_, org)| org);
        let home = &self.company.orgs[org];
        let site = &self.company.sites[org % self.company.sites.len()];
        let number = format!("99{:04}", self.hires);
        let email = format!("new.person{}@{}", self.hires, home.domain);
        let contractor = again.is_none() && self.dice.chance(300);
        let days = self.dice.between(-3, 5);
        let office = self.dice.pick(&site.buildings).code.to_string();
        let mode = *self.dice.pick(&["assigned", "hybrid", "remote"]);
        let mut profile = json!({
            "login": email, "email": email, "firstName": format!("New{}", self.hires), "lastName": "Person",
            "employeeNumber": number, "department": "Finance", "costCenter": "CC-220", "division": "Corporate",
            "organization": &*home.name, "title": "Analyst", "officeLocation": office, "timezone": "UTC",
            "userType": if contractor { "Contractor" } else { "Employee" },
            "startDate": home.date_notation.write(self.date(at, days)),
            "employeeStatus": "Active", "workMode": mode,
        });
        if contractor {
            let end = self.dice.between(10, 200);
            profile["contractEndDate"] = home.date_notation.write(self.date(at, end)).into();
        }
        let mut words = format!("New{} Person ({number}) is hired, starting in {days} days", self.hires);
        if let Some((user, _)) = again {
            profile["employeeNumber"] = Value::from(&*user.employee_number);
            profile["firstName"] = Value::from(&*user.first_name);
            profile["lastName"] = Value::from(&*user.last_name);
            words = format!("{} is rehired as a new user", user.display_name());
        }
        if let Some((user, _)) = address_of {
            profile["email"] = Value::from(&*user.email);
            self.script.shared_address.extend([number.clone(), user.employee_number.to_string()]);
            words = format!("{words}, and gets the address of {}", user.display_name());
        }
        let groups: Vec<String> =
            ["APP-iOffice-Users", "ROOM-Booking"].iter().filter_map(|name| self.group(org, name)).collect();
        let staged = self.dice.chance(400);
        let mut command =
            json!({"do": "create_user", "profile": profile, "activate": !staged, "groups": groups});
        if contractor {
            command["type"] = "contractor".into();
        }
        self.okta(at, org, words, command);
        if staged {
            let later = self.later(at, 7200);
            self.okta(later, org, format!("{email} is activated"), json!({"do": "activate", "user": email}));
        }
    }

    fn by_hand(&mut self, at: i64, site: usize, account: Option<u64>, name: &str) {
        let Some(account) = account else { return };
        let (words, fields) = match self.dice.below(4) {
            0 => ("changes the title of", json!({"jobTitle": "By hand"})),
            1 => ("unseats", json!({"room": null})),
            2 => {
                let command = json!({"do": "deactivate_user", "user": account});
                let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
                self.push(at, format!("somebody deactivates {name} by hand"), deed);
                return;
            }
            _ => {
                let text = format!("note {at}");
                self.script.notes.push(Note { story: self.story, site, account, text: text.clone() });
                ("leaves a note on", json!({ NOTE_FIELD: text }))
            }
        };
        let command = json!({"do": "edit_user", "user": account, "fields": fields});
        let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
        self.push(at, format!("somebody {words} {name} by hand"), deed);
    }

    fn book(&mut self, at: i64, site: usize, account: u64, name: &str) {
        let home = &self.company.sites[site];
        let Some(center) = home.centers.iter().find(|center| center.module == "reservation") else { return };
        let Some(room) = home.rooms.iter().find(|room| room.reservable) else { return };
        let start = self.moment(at).as_millisecond() + 86_400_000 * self.dice.between(1, 60);
        let command = json!({"do": "book", "user": account, "room": room.id, "center": center.id, "start": start, "end": start + 3_600_000});
        let deed = Deed::Command { vendor: Vendor::Ioffice, index: site, command };
        self.push(at, format!("{name} books a room"), deed);
    }

    fn group(&self, org: usize, name: &str) -> Option<String> {
        let groups = &self.company.orgs[org].groups;
        let found = groups.iter().find(|group| &*group.name == name && group.source == GroupSource::Okta);
        found.map(|group| group.id.to_string())
    }

    fn moment(&self, at: i64) -> Timestamp {
        self.company.settings.now + SignedDuration::from_secs(at)
    }

    fn date(&self, at: i64, days: i64) -> jiff::civil::Date {
        (self.moment(at) + SignedDuration::from_hours(24 * days)).to_zoned(TimeZone::UTC).date()
    }

    /// Some time after `at`, within the busy time.
    fn later(&mut self, at: i64, most: i64) -> i64 {
        (at + self.dice.between(5, most)).min(self.busy - 1)
    }

    fn edit(&mut self, at: i64, org: usize, words: String, user: &str, profile: Value) {
        self.okta(at, org, words, json!({"do": "update_profile", "user": user, "profile": profile}));
    }

    fn okta(&mut self, at: i64, org: usize, words: String, command: Value) {
        self.push(at, words, Deed::Command { vendor: Vendor::Okta, index: org, command });
    }

    fn push(&mut self, at: i64, words: String, deed: Deed) {
        let after = Duration::from_secs(at.clamp(1, self.busy - 1) as u64);
        self.script.steps.push(Step { after, words, deed, story: Some(self.story) });
    }
}
