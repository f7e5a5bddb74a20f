//! What one policy makes of everybody.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_model::{
    clearance::GatedLine,
    desired::{Applied, Because, Desired, Lifecycle, SeatWish, Want},
    id::{AccountId, FloorId, IdentityId, SiteId},
    identity::Identity,
    plan::{Operation, Plan},
};
use lanyard_plan::lines;

use super::population::Population;
use crate::{
    cores::on_all_cores,
    engine::Active,
    judge::{Before, Judge, Sight, Who},
    reactions::Unclear,
};

/// Somebody in one site. In the order of [`IdentityId`] and site, since that is how everybody is numbered.
pub(super) type Place = (Who, SiteId);

/// A plan, and the lines of each of its steps, where reasons are told.
pub(super) type Told = (Plan, Vec<Vec<GatedLine>>);

/// What one policy makes of everybody.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Outlook {
    /// Of whoever is not in step; each once, in order.
    pub(super) plans: Vec<(Place, Told)>,
    pub(super) no_desk: HashSet<Place>,
    pub(super) matched: HashSet<Who>,
    /// Whose future bookings are cancelled, and how many of them we made.
    pub(super) cancelled: HashMap<Place, usize>,
    /// Whose future bookings are kept for a while.
    pub(super) kept: HashSet<Place>,
    /// What rules hand over of their future bookings.
    pub(super) handed_over: HashMap<Place, Vec<HandedOver>>,
    /// Rules that ask somebody anew.
    pub(super) asks: HashMap<Place, BTreeSet<String>>,
    pub(super) out_of_scope: HashSet<Who>,
    pub(super) aside: Vec<(IdentityId, String, String)>,
    pub(super) disputed: Vec<(IdentityId, SiteId, String, Unclear)>,
    pub(super) considered: u32,
    pub(super) used: HashMap<String, u32>,
    /// Flows that only restrict, and concern somebody.
    pub(super) restrict: HashSet<String>,
    pub(super) rows: HashMap<String, HashSet<u32>>,
    pub(super) failed: HashMap<String, u32>,
    /// People who sit there, and people who find no desk.
    pub(super) floors: BTreeMap<SiteId, BTreeMap<FloorId, (usize, usize)>>,
}

/// By what everybody is judged.
pub(super) struct Side<'a> {
    pub(super) active: &'a Active,
    /// Rules of what-ifs that were taken back.
    pub(super) lapsed: &'a BTreeSet<String>,
    /// Which rules decide is asked too.
    pub(super) reasons: bool,
}

/// In builds with checks, so many people are judged in both ways.
const CHECKED_MAX: Who = 2_000;
/// People whom a thread takes at a time.
const CHUNK: u32 = 256;

/// Judges everybody by each of these policies. Whoever can be judged alone is, on all cores and under all policies at once;
/// the others after that, in their order, under each policy by itself.
pub(super) fn outlooks(sides: &[Side<'_>], population: &Population) -> Vec<Outlook> {
    let mut judges = judges_of(sides, population);
    let (mut outlooks, left) = alone(sides, &judges, population);
    in_order(sides, &mut judges, population, &mut outlooks, &left);
    outlooks.iter_mut().for_each(Outlook::put_in_order);
    if judges.iter().any(Judge::found_what_others_hold) {
        // Rare: an account that somebody holds turned out to be another one's too.
        return outlooks_in_order(sides, population);
    }
    if cfg!(debug_assertions) && population.roll.listed() <= CHECKED_MAX {
        // Builds with checks see at every what-if that judging people alone is no other judging.
        assert_eq!(outlooks, outlooks_in_order(sides, population), "judged alone, and in order");
    }
    outlooks
}

/// The same, everybody after everybody else.
fn outlooks_in_order(sides: &[Side<'_>], population: &Population) -> Vec<Outlook> {
    let everybody: Vec<Who> = (0..population.roll.listed()).collect();
    let mut outlooks: Vec<_> = sides.iter().map(|_| Outlook::default()).collect();
    let mut judges = judges_of(sides, population);
    let left: Vec<_> = sides.iter().map(|_| everybody.clone()).collect();
    in_order(sides, &mut judges, population, &mut outlooks, &left);
    outlooks.iter_mut().for_each(Outlook::put_in_order);
    outlooks
}

fn judges_of<'a>(sides: &[Side<'a>], population: &'a Population) -> Vec<Judge<'a>> {
    let judge_of = |side: &Side<'a>| {
        let mut judge = Judge::new(
            side.active,
            &side.active.missing,
            &population.withheld,
            &population.tenants,
            &population.sites,
            population.roll.clone(),
            population.memory.clone(),
            population.desks.clone(),
            population.now,
        )
        .with_gates(&population.asked, side.lapsed)
        .with_stand_ins(&population.stand_ins)
        .without_names();
        judge.know(&population.keys, &population.keys_of);
        if side.reasons { judge.with_reasons() } else { judge }
    };
    sides.iter().map(judge_of).collect()
}

/// What is known to be applied for somebody in a site.
fn applied<'p>(population: &'p Population, identity: &Identity, site: &SiteId) -> Option<&'p Applied> {
    population.applied.get(site)?.get(&identity.id)
}

/// Judges whoever can be judged alone. Answers who is left under each policy, in order.
fn alone(sides: &[Side<'_>], judges: &[Judge<'_>], population: &Population) -> (Vec<Outlook>, Vec<Vec<Who>>) {
    let begin = || -> (Vec<(Outlook, Vec<Who>)>, _) {
        (sides.iter().map(|_| Default::default()).collect(), Before::default())
    };
    let judged = on_all_cores(population.roll.listed(), CHUNK, begin, |(parts, before), some| {
        for who in some {
            let Some(identity) = population.roll.identity(&population.tenants, who) else { continue };
            for ((side, judge), (outlook, left)) in sides.iter().zip(judges).zip(parts.iter_mut()) {
                let applied = |site: &SiteId| applied(population, &identity, site);
                let done = judge.judge_alone(who, &identity, before, &applied, &mut |sight| {
                    outlook.note(who, sight, population.now, side.restricting());
                });
                if !done {
                    left.push(who);
                }
            }
        }
    });
    let mut judged = judged.into_iter().map(|(parts, _)| parts);
    let mut parts = judged.next().unwrap_or_default();
    for more in judged {
        for ((outlook, left), (also, behind)) in parts.iter_mut().zip(more) {
            outlook.add(also);
            left.extend(behind);
        }
    }
    parts.iter_mut().for_each(|(_, left)| left.sort_unstable());
    parts.into_iter().unzip()
}

/// Judges these people one after another.
fn in_order(
    sides: &[Side<'_>],
    judges: &mut [Judge<'_>],
    population: &Population,
    outlooks: &mut [Outlook],
    left: &[Vec<Who>],
) {
    std::thread::scope(|scope| {
        for (((side, judge), outlook), left) in sides.iter().zip(judges).zip(outlooks).zip(left) {
            scope.spawn(move || {
                for &who in left {
                    let Some(identity) = population.roll.identity(&population.tenants, who) else { continue };
                    let mut known =
                        |site: &SiteId| applied(population, &identity, site).cloned().unwrap_or_default();
                    judge.judge(who, &identity, &mut known, &mut |sight| {
                        outlook.note(who, sight, population.now, side.restricting());
                    });
                    // What a comparison needs was noted; whole plans of everybody are not kept.
                    judge.decided.differing.clear();
                    judge.decided.adopted.clear();
                    judge.decided.reverted.clear();
                    judge.decided.reviews.clear();
                }
                outlook.aside = std::mem::take(&mut judge.decided.aside);
                outlook.disputed = std::mem::take(&mut judge.decided.disputed);
            });
        }
    });
}

impl<'a> Side<'a> {
    /// Whose restrictions are noted, if anybody asks for the rules.
    fn restricting(&self) -> Option<&'a Active> {
        self.reasons.then_some(self.active)
    }
}

impl Outlook {
    /// Takes in what was made of others.
    fn add(&mut self, more: Self) {
        self.plans.extend(more.plans);
        self.no_desk.extend(more.no_desk);
        self.matched.extend(more.matched);
        self.cancelled.extend(more.cancelled);
        self.kept.extend(more.kept);
        self.handed_over.extend(more.handed_over);
        self.asks.extend(more.asks);
        self.out_of_scope.extend(more.out_of_scope);
        self.aside.extend(more.aside);
        self.disputed.extend(more.disputed);
        self.considered += more.considered;
        self.restrict.extend(more.restrict);
        for (rule, count) in more.used {
            *self.used.entry(rule).or_default() += count;
        }
        for (rule, count) in more.failed {
            *self.failed.entry(rule).or_default() += count;
        }
        for (table, rows) in more.rows {
            self.rows.entry(table).or_default().extend(rows);
        }
        for (site, floors) in more.floors {
            let known = self.floors.entry(site).or_default();
            for (floor, (people, short)) in floors {
                let sum = known.entry(floor).or_default();
                *sum = (sum.0 + people, sum.1 + short);
            }
        }
    }

    /// Ends taking in.
    fn put_in_order(&mut self) {
        self.plans.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    }

    /// Counts people of a floor: who sits there, and who finds no desk there.
    fn count(&mut self, site: &SiteId, floor: FloorId, (people, short): (usize, usize)) {
        let add = |floors: &mut BTreeMap<FloorId, (usize, usize)>| {
            let sum = floors.entry(floor).or_default();
            *sum = (sum.0 + people, sum.1 + short);
        };
        match self.floors.get_mut(site) {
            Some(floors) => add(floors),
            None => add(self.floors.entry(site.clone()).or_default()),
        }
    }

    /// With `restricting`, also which of its restrictions concern the person.
    fn note(&mut self, who: Who, sight: Sight<'_>, now: Timestamp, restricting: Option<&Active>) {
        match sight {
            Sight::Standing { first } => {
                if matches!(first.lifecycle, Lifecycle::OutOfScope) {
                    self.out_of_scope.insert(who);
                }
            }
            Sight::Planned {
                identity,
                desired,
                plan,
                account,
                catalogue,
                seating,
                linked,
                asks,
                bookings,
            } => {
                let key = || (who, plan.site.clone());
                if linked {
                    self.matched.insert(who);
                }
                if matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. }) {
                    self.considered += 1;
                    if let Some(by) = restricting {
                        self.note_rules(desired);
                        self.note_restrictions(by, identity, now);
                    }
                }
                if !asks.is_empty() {
                    self.asks.insert(key(), asks.clone());
                }
                match future_bookings(desired, &plan, bookings, now) {
                    Future::Theirs => {}
                    Future::Kept => _ = self.kept.insert(key()),
                    Future::Cancelled(ours) => _ = self.cancelled.insert(key(), ours),
                }
                let handed_over = handed_over(desired, &plan, now);
                if !handed_over.is_empty() {
                    self.handed_over.insert(key(), handed_over);
                }
                let mut no_desk = false;
                let mut room = account.and_then(|account| account.seat).map(|seat| seat.room);
                for step in &plan.steps {
                    if let Operation::Create { patch } | Operation::Update { patch } = &step.op
                        && let Some(seat) = patch.seat
                    {
                        room = seat;
                    }
                }
                match room {
                    Some(room) => {
                        if let Some(room) = catalogue.rooms.get(&room) {
                            self.count(&plan.site, room.floor, (1, 0));
                        }
                    }
                    None => {
                        if let Some(Want { value: SeatWish::Desk { floors, .. }, .. }) = &desired.seat
                            && let Some(floor) = floors.first()
                        {
                            self.count(&plan.site, *floor, (0, 1));
                            self.no_desk.insert(key());
                            no_desk = true;
                        }
                    }
                }
                let _ = seating;
                if !plan.is_quiet() || no_desk {
                    let told = match restricting {
                        Some(_) => {
                            plan.steps.iter().map(|step| lines::lines(step, account, catalogue)).collect()
                        }
                        // Whoever compares with it needs the plans alone.
                        None => Vec::new(),
                    };
                    self.plans.push((key(), (plan.into_owned(), told)));
                }
            }
        }
    }

    /// Which restrictions concern somebody, until each concerned somebody once.
    fn note_restrictions(&mut self, by: &Active, identity: &Identity, now: Timestamp) {
        if self.restrict.len() == by.bound.restrictions() {
            return;
        }
        for rule in by.bound.restricted_by(identity, now) {
            if !self.restrict.contains(rule) {
                self.restrict.insert(rule.to_owned());
            }
        }
    }

    fn note_rules(&mut self, desired: &Desired) {
        for because in reasons(desired) {
            match self.used.get_mut(&because.rule) {
                Some(count) => *count += 1,
                None => {
                    self.used.insert(because.rule.clone(), 1);
                }
            }
            if let Some((table, row)) = &because.row {
                match self.rows.get_mut(table) {
                    Some(rows) => {
                        rows.insert(*row);
                    }
                    None => {
                        self.rows.insert(table.clone(), HashSet::from_iter([*row]));
                    }
                }
            }
        }
        for not in desired.not_given.iter().filter(|not| not.unmet) {
            match self.failed.get_mut(&not.because.rule) {
                Some(count) => *count += 1,
                None => {
                    self.failed.insert(not.because.rule.clone(), 1);
                }
            }
        }
    }
}

/// What becomes of somebody's future bookings.
enum Future {
    Theirs,
    /// All that begin within the time that a rule says.
    Kept,
    /// With how many of those we made.
    Cancelled(usize),
}

fn future_bookings(
    desired: &Desired,
    plan: &Plan,
    bookings: &BTreeMap<String, i64>,
    now: Timestamp,
) -> Future {
    match desired.lifecycle {
        Lifecycle::Ended { .. } if plan.ending.is_some() => {}
        Lifecycle::Paused { loses } if loses.bookings => {}
        _ => return Future::Theirs,
    }
    // Which space a booking of ours is of is not remembered: only a rule about every kind surely concerns it.
    let kept = desired.keeps.first().filter(|rule| rule.kinds.is_empty());
    let until = kept.map(|rule| rule.until).filter(|until| *until > now);
    let today = now.to_zoned(TimeZone::UTC).date();
    let days = bookings.keys().filter_map(|key| key.strip_prefix("day-one:")?.parse::<Date>().ok());
    let ahead = days.filter(|day| *day >= today);
    let ours = match until {
        None => ahead.count(),
        Some(until) => ahead.filter(|day| *day >= until.to_zoned(TimeZone::UTC).date()).count(),
    };
    if until.is_some() && ours == 0 { Future::Kept } else { Future::Cancelled(ours) }
}

/// Future bookings that another one shall have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HandedOver {
    /// Which, and whose they become, as the rule says it.
    pub(super) what: String,
    /// The account that gets them. `None`: somebody hands them over by hand.
    pub(super) to: Option<AccountId>,
    pub(super) because: Vec<Because>,
    /// What nothing is taken from the person before.
    pub(super) waits: Option<String>,
}

/// Where somebody's access ends, or a leave takes bookings, by the rules that hand those over; whether they have any is not
/// known.
fn handed_over(desired: &Desired, plan: &Plan, now: Timestamp) -> Vec<HandedOver> {
    let loses = match desired.lifecycle {
        Lifecycle::Ended { .. } => plan.ending.is_some(),
        Lifecycle::Paused { loses } => loses.bookings,
        _ => false,
    };
    if !loses || plan.is_quiet() {
        return Vec::new();
    }
    let waits = match plan.open_steps().next() {
        Some(_) => None,
        None => plan.steps.iter().find_map(|step| step.gate.why()).map(str::to_owned),
    };
    // No booking comes to the rules after one about every kind.
    let last = desired.keeps.iter().position(|rule| rule.kinds.is_empty());
    let rules = desired.keeps.iter().take(last.map_or(usize::MAX, |at| at + 1));
    rules
        .filter(|rule| rule.hand_over && rule.until > now)
        .map(|rule| HandedOver {
            what: rule.because.text.clone(),
            to: rule.to,
            // And why they lose them at all.
            because: std::iter::once(&rule.because).chain(&desired.because).cloned().collect(),
            waits: waits.clone(),
        })
        .collect()
}

pub(crate) fn reasons(desired: &Desired) -> impl Iterator<Item = &Because> {
    let fields = desired.fields.values().flat_map(|want| &want.because);
    let places = desired.seat.iter().flat_map(|want| &want.because);
    let roles = desired.roles.values().flat_map(|want| &want.because);
    let items = desired.items.values().flat_map(|want| &want.because);
    let doors = desired.doors.values().flat_map(|want| &want.because);
    let costs = desired.cost_center.iter().flat_map(|want| &want.because);
    let notes = desired.place_note.iter().flat_map(|want| &want.because);
    let bookings = desired.bookings.iter().flat_map(|want| &want.because);
    let visits = desired.visits.iter().flat_map(|want| &want.because);
    let todos = desired.todos.iter().flat_map(|want| &want.because);
    fields
        .chain(places)
        .chain(notes)
        .chain(roles)
        .chain(items)
        .chain(doors)
        .chain(costs)
        .chain(bookings)
        .chain(visits)
        .chain(todos)
}
