//! What a history's policy asks beyond the demonstration's: a vote before somebody receives visitors, a hold before
//! whoever left the app's group loses anything, people from whom nothing may be taken; and one record that Okta never
//! answers for. And who votes: soon, late, never, and about themselves.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use lanyard_engine::{
    Engine,
    approvals::{Principal, Say, SayRefused},
};
use lanyard_model::{
    clearance::{Clearance, ClearanceKind},
    id::SiteId,
};
use lanyard_policy::PolicyFiles;
use lanyard_sim::{
    faults::{Effect, Rule, Target},
    world::{Company, Dice, Stage, UserStatus},
};

use crate::{badge, clock::VirtualTime};

/// Members of this group receive visitors, once somebody agreed.
pub const ASKED_GROUP: &str = "VISITOR-Managers";
/// An approval that was not used by then is none.
pub const EXPIRES: SignedDuration = SignedDuration::from_hours(1);
/// How long whoever left the app's group keeps everything, where the policy holds.
pub const HOLD: SignedDuration = SignedDuration::from_mins(10);
/// Longer than any request stays undecided by those who decide at all.
const VOTES_EVERY: (u32, u32) = (30, 600);
/// A voter gives up on an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Which of them a history has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guards {
    pub approval: bool,
    pub hold: bool,
    /// People from whom nothing may be taken.
    pub protected: u32,
    /// Okta answers 500 for one person, always.
    pub poisoned: bool,
    /// Somebody publishes another policy, and takes it back later.
    pub edited: bool,
    /// Badge systems are told who may enter which building.
    pub doors: bool,
    /// A leaver's bookings go to the manager. Never drawn: what nobody can take over stays with the leaver until a person acts,
    /// and the auditor calls that left behind.
    pub hand_over: bool,
}

impl Guards {
    /// By chances of their own, so that the rest of a seed's history is the same with and without them.
    pub fn drawn(seed: u64) -> Self {
        let mut dice = Dice::new(seed, "guards");
        Self {
            approval: dice.chance(300),
            hold: dice.chance(200),
            protected: if dice.chance(300) { 1 + dice.below(3) } else { 0 },
            poisoned: dice.chance(150),
            edited: dice.chance(200),
            doors: Dice::new(seed, "doors").chance(300),
            hand_over: false,
        }
    }

    /// Writes them into the demonstration's policy.
    pub fn put_into(self, policy: &mut String, protected: &BTreeSet<String>) {
        let mut after = |line: &str, more: String| {
            let found = policy.matches(line).count();
            assert_eq!(found, 1, "the demonstration's policy has the line {line:?} {found} times");
            *policy = policy.replacen(line, &format!("{line}{more}"), 1);
        };
        if self.approval {
            let asks = "but_first = { approval = [\"role:approver\"], expires = \"1 hour\" }\n";
            after(
                "\"Members of VISITOR-Managers receive visitors in the building of their seat.\"\n",
                asks.into(),
            );
        }
        if self.hold {
            after("on_leaving = \"end\"\n", "but_first = { hold = \"10 minutes\" }\n".into());
        }
        if !protected.is_empty() {
            let numbers: Vec<String> = protected.iter().map(|number| format!("{number:?}")).collect();
            let list = numbers.join(", ");
            after(
                "certificate_required = true\n",
                format!("protected = [{{ attribute = \"employeeNumber\", in = [{list}] }}]\n"),
            );
        }
        if self.hand_over {
            policy.push_str("\n[[lifecycle.bookings]]\nthen = \"keep\"\ndays = 14\nhand_over = true\n");
        }
        if self.doors {
            policy.push_str(badge::RULES);
        }
    }
}

/// The policy without the rule that lets people book rooms: who could, can no more while it is in force.
pub fn edited(policy: &PolicyFiles) -> PolicyFiles {
    let mut policy = policy.clone();
    let text = &mut policy.toml.1;
    let from =
        text.find("[[flow]]\nid = \"room-booking\"").expect("the demonstration's rule for room booking");
    let length = text[from + 1..].find("[[flow]]").expect("another rule after it") + 1;
    text.replace_range(from..from + length, "");
    policy
}

/// People at work about whom nothing is doubtful, in an order that the seed decides.
pub fn plain_people(company: &Company, seed: u64, stream: &str) -> Vec<u32> {
    let mut dice = Dice::new(seed, stream);
    let is_plain = |index: &u32| {
        let (person, user) = (&company.people[*index as usize], company.user_of(*index));
        matches!(person.stage, Stage::Working | Stage::Rehired)
            && user.status == UserStatus::Active
            && user.dirt.is_clean()
    };
    let mut left: Vec<u32> = (0..company.people.len() as u32).filter(is_plain).collect();
    let mut mixed = Vec::with_capacity(left.len());
    while !left.is_empty() {
        mixed.push(left.swap_remove(dice.below(left.len() as u32) as usize));
    }
    mixed
}

/// The person for whom Okta answers 500 by id, and the rule that does it.
pub fn poison(company: &Company, seed: u64) -> Option<(u32, Rule)> {
    let index = plain_people(company, seed, "poisoned").first().copied()?;
    let mut rule = Rule::new(Target::Okta, Effect::ServerError);
    rule.index = Some(usize::from(company.people[index as usize].org));
    rule.path = Some(format!("/api/v1/users/{}", company.user_of(index).id));
    "one person cannot be read".clone_into(&mut rule.name);
    Some((index, rule))
}

/// Somebody with a say said yes.
#[derive(Debug, Clone)]
pub struct Yes {
    pub at: Timestamp,
    pub kind: ClearanceKind,
    /// Id of the person in Okta.
    pub user: String,
    pub site: SiteId,
    /// When the request runs out, as it says, by the process's clock.
    pub until: Option<Timestamp>,
    /// Keys of the lines that were agreed to.
    pub lines: Vec<String>,
    /// The request.
    pub request: String,
    /// The store took nothing just then, and the request was seen to wait still: nobody heard it.
    pub unheard: bool,
}

/// A line that somebody was asked about: the person's id in Okta, the site, the line's key.
pub type AskedLine = (String, SiteId, String);

/// What was said, and what should not have been heard.
#[derive(Default)]
pub struct Ballots {
    yes: Mutex<Vec<Yes>>,
    /// Every line about which a vote was seen to be awaited.
    asked: Mutex<BTreeSet<AskedLine>>,
    /// They only look from now on.
    done: AtomicBool,
    /// Votes of people without a say.
    tried: Mutex<u64>,
    wrong: Mutex<Vec<(Timestamp, String)>>,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ballots {
    pub fn yes(&self) -> Vec<Yes> {
        lock(&self.yes).clone()
    }

    /// From now on they look what waits for them, and say nothing.
    pub fn vote_no_more(&self) {
        self.done.store(true, Ordering::SeqCst);
    }

    pub fn asked(&self) -> BTreeSet<AskedLine> {
        lock(&self.asked).clone()
    }

    /// Votes that had to be refused, and what was wrong with some of them.
    pub fn refused(&self) -> (u64, Vec<(Timestamp, String)>) {
        (*lock(&self.tried), lock(&self.wrong).clone())
    }

    /// Everybody looks at what waits for them, and says what they will.
    pub async fn vote(&self, engine: &Arc<Engine>, dice: &mut Dice, time: VirtualTime) {
        let Ok(Ok(asked)) = tokio::time::timeout(PATIENCE, engine.requests(100)).await else { return };
        // Whoever may decide may also let a hold go early: these voters leave holds to their time, which is what is tried.
        for request in asked.into_iter().filter(|request| request.kind != ClearanceKind::Hold) {
            let user = request.identity.user.to_string();
            let line = |key: &str| (user.clone(), request.site.clone(), key.to_owned());
            lock(&self.asked).extend(request.lines.iter().map(|asked| line(&asked.key)));
            // One yes is enough: what waits has none.
            lock(&self.yes)
                .iter_mut()
                .filter(|yes| yes.request == request.id)
                .for_each(|yes| yes.unheard = true);
            if self.done.load(Ordering::SeqCst) {
                continue;
            }
            match dice.weighted(&[4, 1, 4, 2, 2]) {
                0 => self.say(engine, &request, Say::Approve, time).await,
                1 => self.say(engine, &request, Say::Decline, time).await,
                2 => {}
                3 => {
                    let identities = vec![request.identity.clone()];
                    let roles = vec!["approver".into(), "owner".into()];
                    let who =
                        Principal { name: "the person".into(), roles, identities, ..Principal::default() };
                    self.must_not_count(engine, &request, who, time).await;
                }
                _ => {
                    let roles = vec!["viewer".into()];
                    let who = Principal { name: "somebody".into(), roles, ..Principal::default() };
                    self.must_not_count(engine, &request, who, time).await;
                }
            }
        }
    }

    async fn say(&self, engine: &Arc<Engine>, request: &Clearance, say: Say, time: VirtualTime) {
        if say == Say::Approve {
            // Noted before it is known whether it was heard: a process that dies may have kept it.
            lock(&self.yes).push(Yes {
                at: time.now(),
                kind: request.kind,
                user: request.identity.user.to_string(),
                site: request.site.clone(),
                until: request.until,
                lines: request.lines.iter().map(|line| line.key.clone()).collect(),
                request: request.id.clone(),
                unheard: false,
            });
        }
        let noted = lock(&self.yes).len();
        let roles = vec!["approver".to_owned()];
        let who = Principal { name: "an approver".into(), roles, ..Principal::default() };
        let ids = [request.id.clone()];
        let said = engine.decide_requests(&ids, say, &who, "simulated");
        // It may have been decided, or have run out, in this moment: then nobody agreed.
        if let Ok(Err(SayRefused::Over { .. } | SayRefused::Changed(_) | SayRefused::Unknown(_))) =
            tokio::time::timeout(PATIENCE, said).await
            && say == Say::Approve
        {
            lock(&self.yes).remove(noted - 1);
        }
    }

    async fn must_not_count(
        &self,
        engine: &Arc<Engine>,
        request: &Clearance,
        who: Principal,
        time: VirtualTime,
    ) {
        let ids = [request.id.clone()];
        let said = engine.decide_requests(&ids, Say::Approve, &who, "simulated");
        match tokio::time::timeout(PATIENCE, said).await {
            Ok(Ok(_)) => {
                let words = format!("{} approved {} of {}", who.name, request.rule, request.identity);
                lock(&self.wrong).push((time.now(), words));
            }
            Ok(Err(SayRefused::NoSay { .. })) => *lock(&self.tried) += 1,
            // Over, or the store failed: nothing was decided.
            Ok(Err(_)) | Err(_) => {}
        }
    }
}

/// How long the voters wait until they look again.
pub fn pause(dice: &mut Dice) -> Duration {
    let (least, most) = VOTES_EVERY;
    Duration::from_secs(u64::from(least + dice.below(most - least)))
}
