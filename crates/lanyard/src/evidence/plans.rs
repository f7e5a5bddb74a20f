//! Plans and operations: why, when decided, when sent, when answered. Kept small: one note per plan.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use lanyard_engine::ports::{Holding, Progress};
use lanyard_evidence::{cell::Cell, ocsf, pack::Pack, tables};
use lanyard_model::{
    desired::Ending,
    id::SiteId,
    plan::{Difference, Effect, Operation, Outcome, Plan},
};

use super::{Scope, configuration::Versions, people::Known};

/// What a plan gives or takes, as holdings call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    Account,
    Role,
    Item,
    CostCenter,
    Seat,
    Section,
    UserType,
    Door,
    Other,
}

impl Right {
    /// Of a holding's kind.
    pub fn of(kind: &str) -> Self {
        match kind {
            "account" => Self::Account,
            "role" => Self::Role,
            "item" => Self::Item,
            "cost_center" => Self::CostCenter,
            "seat" => Self::Seat,
            "section" => Self::Section,
            "user_type" => Self::UserType,
            "door" => Self::Door,
            _ => Self::Other,
        }
    }

    /// Of a difference's subject.
    fn named(what: &str) -> Self {
        match what {
            "account" => Self::Account,
            "category item" => Self::Item,
            "cost center" => Self::CostCenter,
            "seat" => Self::Seat,
            "section" => Self::Section,
            "user type" => Self::UserType,
            what if what.starts_with("door ") => Self::Door,
            what if what.starts_with("role in ") => Self::Role,
            _ => Self::Other,
        }
    }
}

/// Something that somebody holds by a plan, in the words of the plan; words and reason by their numbers.
#[derive(Debug, Clone, Copy)]
struct Give {
    right: Right,
    /// As [`Known::what`] calls it.
    what: u32,
    /// A role, or when a door opens.
    value: u32,
    because: u32,
}

/// One plan.
#[derive(Debug, Clone)]
pub struct Note {
    /// The hex digits of its id.
    id: u64,
    made: i64,
    /// 0: not read back.
    verified: i64,
    pub ending: Option<Ending>,
    creates: bool,
    gives: Box<[Give]>,
    reason: u32,
}

impl Note {
    pub fn made_at(&self) -> Timestamp {
        Timestamp::from_microsecond(self.made).unwrap_or_default()
    }

    pub fn verified_at(&self) -> Option<Timestamp> {
        (self.verified != 0).then(|| Timestamp::from_microsecond(self.verified).ok()).flatten()
    }

    pub fn name(&self) -> String {
        format!("pln_{:016x}", self.id)
    }
}

/// When a plan's operations were sent and accepted, in microseconds; 0: not.
#[derive(Debug, Clone, Copy, Default)]
struct Times {
    first_sent: i64,
    last_answered: i64,
}

/// A mover's plan, waiting for the times of its operations.
struct Mover {
    person: String,
    site: SiteId,
    account: Option<i64>,
    because: String,
    leave: bool,
    taken: String,
    given: String,
    /// Steps that take something, and steps that give something.
    taking: Vec<usize>,
    giving: Vec<usize>,
    note: Note,
    open: String,
}

/// What a difference leaves somebody with, as a holding's words have it, and its value where that is a part of it.
fn words_of<'d>(right: Right, what: &'d str, to: &'d str) -> (&'d str, &'d str) {
    match right {
        Right::Role => (what.strip_prefix("role in ").unwrap_or(what), to),
        Right::Door => (what.strip_prefix("door ").unwrap_or(what), to),
        // Whatever its user name became, there is one.
        Right::Account => ("", ""),
        _ => (to, ""),
    }
}

/// All plans in scope.
#[derive(Default)]
pub struct Plans {
    /// By person and site, oldest first.
    of: HashMap<(String, SiteId), Vec<Note>>,
    words: Vec<String>,
    numbers: HashMap<String, u32>,
    times: HashMap<u64, Times>,
    /// Of movers' plans: when each step's last operation was accepted, in microseconds.
    steps: HashMap<u64, HashMap<usize, i64>>,
    /// Moments of accepted operations by site and account, in microseconds, in order, with their plans.
    touched: HashMap<(SiteId, i64), Vec<(i64, u64)>>,
    movers: Vec<Mover>,
    policies: HashMap<u32, (i64, i64, i64)>,
}

fn number(id: &str) -> u64 {
    u64::from_str_radix(id.trim_start_matches("pln_"), 16).unwrap_or_default()
}

/// All grounds of the first difference that has any: the rule alone ("comes from here") authorises nobody.
fn reason(plan: &Plan) -> String {
    let mut differences = plan.steps.iter().flat_map(|step| &step.differences);
    differences.find(|d| !d.because.is_empty()).map(grounds).unwrap_or_default()
}

fn grounds(difference: &Difference) -> String {
    let all: Vec<String> = difference.because.iter().map(lanyard_plan::render::render_because).collect();
    all.join("; ")
}

/// Differences about rights, as against those about a profile.
fn rights(plan: &Plan) -> impl Iterator<Item = &Difference> {
    plan.steps.iter().flat_map(|step| &step.differences).filter(|d| Right::named(&d.what) != Right::Other)
}

/// What a plan takes away: where somebody leaves one place for another, the former.
fn taken(plan: &Plan) -> Vec<&Difference> {
    rights(plan).filter(|difference| is_taken(difference)).collect()
}

fn is_taken(difference: &Difference) -> bool {
    matches!(difference.effect, Effect::Remove | Effect::Move) && difference.from.is_some()
}

fn given(plan: &Plan) -> Vec<&Difference> {
    rights(plan).filter(|difference| is_given(difference)).collect()
}

fn is_given(difference: &Difference) -> bool {
    matches!(difference.effect, Effect::Add | Effect::Move) && difference.to.is_some()
}

/// Steps with a difference about a right that is of this kind.
fn steps(plan: &Plan, of: fn(&Difference) -> bool) -> Vec<usize> {
    let differs = |d: &Difference| Right::named(&d.what) != Right::Other && of(d);
    let all = plan.steps.iter().enumerate();
    all.filter(|(_, step)| step.differences.iter().any(differs)).map(|(number, _)| number).collect()
}

fn named(differences: &[&Difference], side: fn(&Difference) -> &Option<String>) -> String {
    let all: Vec<String> = differences
        .iter()
        .map(|d| match side(d) {
            Some(value) => format!("{} {value}", d.what),
            None => d.what.clone(),
        })
        .collect();
    all.join("; ")
}

/// Why somebody moves: the grounds of what is given, or of what is taken; not those of a new telephone number in the same
/// plan.
fn moving(taken: &[&Difference], given: &[&Difference]) -> Option<String> {
    given.iter().chain(taken).find(|d| !d.because.is_empty()).map(|d| grounds(d))
}

/// Whether a leave takes it, for the time being.
fn is_leave(taken: &[&Difference]) -> bool {
    let mut because = taken.iter().flat_map(|d| &d.because);
    because.any(|because| because.rule.starts_with("lifecycle.leave"))
}

impl Plans {
    pub fn read(scope: &Scope<'_>, progress: &dyn Progress) -> anyhow::Result<Self> {
        let mut plans = Self::default();
        let mut done = 0;
        scope.archive.plans(Timestamp::MIN, scope.ask.to, |kept| {
            done += 1;
            if done % 4096 == 0 {
                progress.report("reading plans", done, None);
            }
            let plan = kept.plan;
            if plan.identity.tenant == scope.ask.tenant && scope.site(&plan.site) {
                plans.take(scope, plan, kept.verified_at, &kept.open);
            }
            Ok(())
        })?;
        Ok(plans)
    }

    fn word(&mut self, text: String) -> u32 {
        if let Some(known) = self.numbers.get(&text) {
            return *known;
        }
        let next = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.words.push(text.clone());
        self.numbers.insert(text, next);
        next
    }

    fn take(&mut self, scope: &Scope<'_>, plan: Plan, verified: Option<Timestamp>, open: &[String]) {
        // What was read back later was not read back when the period ended.
        let verified = verified.filter(|at| *at < scope.ask.to);
        let open: &[String] = if verified.is_some() { open } else { &[] };
        let mut gives = Vec::new();
        for difference in plan.steps.iter().flat_map(|step| &step.differences) {
            let right = Right::named(&difference.what);
            // Also what takes something away may leave less of it: a lower role, a shorter time.
            let ends = right == Right::Account && difference.effect == Effect::Remove;
            let Some(to) = difference.to.as_deref().filter(|_| right != Right::Other && !ends) else {
                continue;
            };
            let (what, value) = words_of(right, &difference.what, to);
            let because = difference.because.first().map(lanyard_plan::render::render_because);
            gives.push(Give {
                right,
                what: self.word(what.to_owned()),
                value: self.word(value.to_owned()),
                because: self.word(because.unwrap_or_default()),
            });
        }
        let because = reason(&plan);
        let policy = self.word(plan.policy.clone());
        let note = Note {
            id: number(plan.id.as_str()),
            made: plan.made_at.as_microsecond(),
            verified: verified.map_or(0, Timestamp::as_microsecond),
            ending: plan.ending.as_ref().map(|(how, _)| *how),
            creates: plan.steps.iter().any(|step| matches!(step.op, Operation::Create { .. })),
            gives: gives.into(),
            reason: self.word(because.clone()),
        };
        if scope.in_period(plan.made_at) {
            let seen = self.policies.entry(policy).or_insert((note.made, note.made, 0));
            *seen = (seen.0.min(note.made), seen.1.max(note.made), seen.2 + 1);
            let (taken, given) = (taken(&plan), given(&plan));
            if note.ending.is_none() && !note.creates && !taken.is_empty() {
                self.steps.entry(note.id).or_default();
                self.movers.push(Mover {
                    person: plan.identity.to_string(),
                    site: plan.site.clone(),
                    account: plan.account.as_ref().map(|key| key.id.0),
                    because: moving(&taken, &given).unwrap_or(because),
                    leave: is_leave(&taken),
                    taken: named(&taken, |d| &d.from),
                    given: named(&given, |d| &d.to),
                    taking: steps(&plan, is_taken),
                    giving: steps(&plan, is_given),
                    note: note.clone(),
                    open: open.join("; "),
                });
            }
        }
        self.of.entry((plan.identity.to_string(), plan.site)).or_default().push(note);
    }

    /// Operations that ended in the period: times by plan, failures, events.
    pub fn operations(
        &mut self,
        scope: &Scope<'_>,
        known: &Known,
        pack: &mut Pack,
        progress: &dyn Progress,
    ) -> anyhow::Result<()> {
        let mut failed: Vec<(Timestamp, String, SiteId, &'static str, &'static str, String, String)> =
            Vec::new();
        let mut later: HashMap<(String, SiteId, &'static str), i64> = HashMap::new();
        let mut done = 0;
        scope.archive.operations(Timestamp::MIN, scope.ask.to, |ended| {
            done += 1;
            if done % 4096 == 0 {
                progress.report("reading operations", done, None);
            }
            let intent = ended.intent;
            if intent.identity.tenant != scope.ask.tenant
                || !scope.site(&intent.site)
                || intent.at >= scope.ask.to
            {
                return Ok(());
            }
            let person = intent.identity.to_string();
            let plan = number(intent.plan.as_str());
            let times = self.times.entry(plan).or_default();
            let sent = intent.at.as_microsecond();
            times.first_sent = if times.first_sent == 0 { sent } else { times.first_sent.min(sent) };
            let name = intent.operation.name();
            let Some((outcome, at)) = ended.outcome else {
                failed.push((
                    intent.at,
                    person,
                    intent.site,
                    name,
                    "open",
                    "no outcome yet".into(),
                    intent.plan.to_string(),
                ));
                return Ok(());
            };
            let success = outcome.is_success();
            let mut account = intent.account.map(|id| id.0);
            if success {
                times.last_answered = times.last_answered.max(at.as_microsecond());
                if let Some(steps) = self.steps.get_mut(&plan) {
                    let last = steps.entry(intent.step).or_default();
                    *last = at.as_microsecond().max(*last);
                }
                later.insert((person.clone(), intent.site.clone(), name), at.as_microsecond());
                if let Outcome::Done { account: Some(made), .. }
                | Outcome::Already { account: Some(made), .. } = &outcome
                {
                    account = account.or(Some(made.0));
                }
                if let Some(account) = account {
                    self.touched
                        .entry((intent.site.clone(), account))
                        .or_default()
                        .push((at.as_microsecond(), plan));
                }
            }
            if !scope.in_period(at) {
                return Ok(());
            }
            let removes = removes(&intent.operation);
            let display = known.name(&person);
            pack.event(&ocsf::event(&ocsf::Event {
                operation: name,
                removes,
                succeeded: success,
                outcome: outcome.name(),
                at,
                id: &intent.id,
                tenant: scope.ask.tenant.as_str(),
                user: &intent.identity.user,
                name: &display,
                site: intent.site.as_str(),
                account,
                what: subject(&intent.operation),
                program: &scope.program,
            }));
            if !success {
                failed.push((
                    at,
                    person,
                    intent.site,
                    name,
                    outcome.name(),
                    words(&outcome),
                    intent.plan.to_string(),
                ));
            }
            Ok(())
        })?;
        for moments in self.touched.values_mut() {
            moments.sort_unstable();
        }
        for (at, person, site, operation, outcome, why, plan) in failed {
            let done = later.get(&(person.clone(), site.clone(), operation));
            let done = done.is_some_and(|done| *done > at.as_microsecond());
            pack.row(
                &tables::FAILED,
                vec![
                    at.into(),
                    person.into(),
                    site.as_str().into(),
                    operation.into(),
                    outcome.into(),
                    why.into(),
                    done.into(),
                    plan.into(),
                ],
            );
        }
        Ok(())
    }

    /// Whether an operation of ours was accepted on the account at most `seconds` before the read.
    pub fn touched(&self, site: &SiteId, account: i64, read_at: Timestamp, seconds: i64) -> bool {
        let Some(moments) = self.touched.get(&(site.clone(), account)) else { return false };
        let read_at = read_at.as_microsecond();
        let next = moments.partition_point(|(at, _)| *at <= read_at);
        next > 0 && read_at - moments[next - 1].0 <= seconds * 1_000_000
    }

    /// Somebody's plans of which an operation was accepted on the account at most `seconds` before the read, the last first.
    pub fn touching(
        &self,
        person: &str,
        site: &SiteId,
        account: i64,
        read_at: Timestamp,
        seconds: i64,
    ) -> Vec<&Note> {
        let Some(moments) = self.touched.get(&(site.clone(), account)) else { return Vec::new() };
        let read_at = read_at.as_microsecond();
        let next = moments.partition_point(|(at, _)| *at <= read_at);
        let before = moments[..next].iter().rev();
        let near: HashSet<u64> =
            before.take_while(|(at, _)| read_at - at <= seconds * 1_000_000).map(|(_, plan)| *plan).collect();
        self.notes(person, site).iter().rev().filter(|note| near.contains(&note.id)).collect()
    }

    pub fn notes(&self, person: &str, site: &SiteId) -> &[Note] {
        self.of.get(&(person.to_owned(), site.clone())).map(Vec::as_slice).unwrap_or_default()
    }

    /// The first plan that was made for somebody in any site at or after `from`, and by `until`.
    pub fn first_after(
        &self,
        person: &str,
        from: Timestamp,
        until: Timestamp,
        sites: &[(SiteId, String)],
    ) -> Option<String> {
        let (from, until) = (from.as_microsecond(), until.as_microsecond());
        let all = sites.iter().flat_map(|(site, _)| self.notes(person, site));
        all.filter(|note| note.made >= from && note.made <= until)
            .min_by_key(|note| note.made)
            .map(Note::name)
    }

    /// The plan that made the account which a read first showed at `from`.
    pub fn creation(&self, person: &str, site: &SiteId, from: Timestamp) -> Option<&Note> {
        let from = from.as_microsecond();
        self.notes(person, site).iter().rev().find(|note| note.creates && note.made <= from)
    }

    /// The first of these plans that gives just this, with the reason. `what`: what the holding is, in words.
    pub fn giver<'n>(&self, of: &[&'n Note], holding: &Holding, what: &str) -> Option<(&'n Note, String)> {
        let right = Right::of(&holding.kind);
        let same = |give: &&Give| {
            give.right == right
                && match right {
                    Right::Account => holding.value == "live",
                    Right::Role | Right::Door => {
                        self.text(give.what) == what && self.text(give.value) == holding.value
                    }
                    _ => self.text(give.what) == what,
                }
        };
        of.iter().find_map(|note| {
            let give = note.gives.iter().find(same)?;
            Some((*note, self.text(give.because).to_owned()))
        })
    }

    fn text(&self, word: u32) -> &str {
        self.words.get(word as usize).map_or("", String::as_str)
    }

    pub fn reason(&self, note: &Note) -> String {
        self.text(note.reason).to_owned()
    }

    pub fn sent(&self, note: &Note) -> Option<Timestamp> {
        let at = self.times.get(&note.id)?.first_sent;
        (at != 0).then(|| Timestamp::from_microsecond(at).ok()).flatten()
    }

    pub fn answered(&self, note: &Note) -> Option<Timestamp> {
        let at = self.times.get(&note.id)?.last_answered;
        (at != 0).then(|| Timestamp::from_microsecond(at).ok()).flatten()
    }

    /// When the last operation of any of a plan's steps was accepted.
    fn accepted(&self, note: &Note, of: &[usize]) -> Option<Timestamp> {
        let steps = self.steps.get(&note.id)?;
        let last = of.iter().filter_map(|step| steps.get(step)).max()?;
        Timestamp::from_microsecond(*last).ok()
    }

    /// Whether something of a plan was sent, or it was read back.
    fn begun(&self, note: &Note) -> bool {
        note.verified != 0 || self.sent(note).is_some()
    }

    /// Whether a move stands for itself: it was read back; or it was begun, and no later plan took its place. A plan of which
    /// nothing was sent moved nobody: its reasons to wait are told elsewhere.
    fn counts(&self, mover: &Mover) -> bool {
        let later = |note: &&Note| note.id != mover.note.id && note.made > mover.note.made;
        let replaced = || self.notes(&mover.person, &mover.site).iter().filter(later).any(|n| self.begun(n));
        mover.note.verified != 0 || self.begun(&mover.note) && !replaced()
    }

    pub fn movers(&mut self, known: &Known, pack: &mut Pack) {
        for mover in std::mem::take(&mut self.movers) {
            if !self.counts(&mover) {
                continue;
            }
            let taken = self.accepted(&mover.note, &mover.taking);
            let given = self.accepted(&mover.note, &mover.giving);
            let (made, verified) = (mover.note.made_at(), mover.note.verified_at());
            let name = known.name(&mover.person);
            if mover.leave {
                pack.row(
                    &tables::LEAVES,
                    vec![
                        mover.person.into(),
                        name.into(),
                        mover.site.as_str().into(),
                        mover.because.into(),
                        mover.taken.into(),
                        made.into(),
                        verified.into(),
                        mover.note.name().into(),
                    ],
                );
                continue;
            }
            pack.row(
                &tables::MOVERS,
                vec![
                    mover.person.into(),
                    name.into(),
                    mover.site.as_str().into(),
                    mover.account.into(),
                    mover.because.into(),
                    mover.taken.into(),
                    mover.given.into(),
                    made.into(),
                    taken.into(),
                    given.into(),
                    verified.into(),
                    verified.map(|at| at.duration_since(made).as_secs()).into(),
                    mover.open.into(),
                    mover.note.name().into(),
                ],
            );
        }
    }

    /// Versions in force, with what they decided; and what decided something without being a version.
    pub fn policies(&self, scope: &Scope<'_>, versions: &Versions, pack: &mut Pack) {
        let mut decided: BTreeMap<String, (i64, i64, i64)> = self
            .policies
            .iter()
            .map(|(seal, seen)| (self.words.get(*seal as usize).cloned().unwrap_or_default(), *seen))
            .collect();
        let time = |at: i64| Cell::from(Timestamp::from_microsecond(at).ok());
        let mut put = |version: Vec<Cell>, seen: Option<(i64, i64, i64)>| {
            let (first, last, count) = match seen {
                Some((first, last, count)) => (time(first), time(last), count),
                None => (Cell::Null, Cell::Null, 0),
            };
            pack.row(&tables::POLICIES, [version, vec![first, last, count.into()]].concat());
        };
        for (version, replaced) in versions.in_force(scope) {
            let row = vec![
                version.number.into(),
                version.name.as_str().into(),
                version.seal.as_str().into(),
                version.at.into(),
                replaced.filter(|at| *at < scope.ask.to).into(),
                version.author.as_str().into(),
                version.approved_by.as_deref().into(),
                version.reason.as_str().into(),
                version.changes.join("; ").into(),
            ];
            put(row, decided.remove(&version.seal));
        }
        for (seal, seen) in decided {
            let mut row = vec![Cell::Null; 9];
            row[2] = seal.into();
            put(row, Some(seen));
        }
    }
}

fn removes(operation: &Operation) -> bool {
    match operation {
        Operation::Deactivate | Operation::CancelBooking { .. } => true,
        Operation::SetRoles { roles } => roles.is_empty(),
        Operation::SetDoors { rights, .. } => rights.is_empty(),
        _ => false,
    }
}

fn subject(operation: &Operation) -> &'static str {
    match operation {
        Operation::Create { .. } => "account",
        Operation::Update { .. } => "account's fields and places",
        Operation::SetRoles { .. } => "roles",
        Operation::Deactivate | Operation::Reactivate => "account",
        Operation::CancelBooking { .. } | Operation::HandOver { .. } | Operation::Book { .. } => "booking",
        Operation::Announce { .. } => "visit",
        Operation::SetDoors { .. } => "doors",
    }
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done { .. } => String::new(),
        Outcome::Already { note, .. } => note.clone(),
        Outcome::Refused { code, text, .. } => format!("{code}: {text}"),
        Outcome::Throttled { until } => format!("not before {until}"),
        Outcome::NotDone { reason } | Outcome::Unknown { reason } | Outcome::Denied { reason, .. } => {
            reason.clone()
        }
        Outcome::Impossible { capability, .. } => format!("the API cannot ({capability})"),
    }
}
