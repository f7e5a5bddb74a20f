//! What one policy makes of everybody.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lanyard_model::{
    clearance::GatedLine,
    desired::{Because, Desired, Lifecycle, SeatWish, Want},
    id::{FloorId, GroupId, IdentityId, SiteId},
    plan::{Operation, Plan},
};
use lanyard_plan::lines;

use super::Population;
use crate::{
    engine::Active,
    judge::{Judge, Sight},
    reactions::Unclear,
};

/// A plan, and which rules each of its lines comes from.
pub(super) type Told = (Plan, Vec<Vec<GatedLine>>);

/// What one policy makes of everybody.
#[derive(Default)]
pub(super) struct Outlook {
    pub(super) plans: HashMap<(IdentityId, SiteId), Told>,
    pub(super) no_desk: HashSet<(IdentityId, SiteId)>,
    pub(super) matched: HashMap<IdentityId, String>,
    /// Whose future bookings are cancelled, and how many of them we made.
    pub(super) cancelled: HashMap<(IdentityId, SiteId), usize>,
    /// Whose future bookings are kept for a while.
    pub(super) kept: HashSet<(IdentityId, SiteId)>,
    /// Rules that ask somebody anew.
    pub(super) asks: HashMap<(IdentityId, SiteId), BTreeSet<String>>,
    pub(super) out_of_scope: HashMap<IdentityId, String>,
    pub(super) aside: Vec<(IdentityId, String, String)>,
    pub(super) disputed: Vec<(IdentityId, SiteId, String, Unclear)>,
    pub(super) considered: u32,
    pub(super) used: HashMap<String, u32>,
    /// Flows that only restrict, and concern somebody.
    pub(super) restrict: HashSet<String>,
    pub(super) rows: HashMap<String, HashSet<u32>>,
    pub(super) failed: HashMap<String, u32>,
    pub(super) floors: BTreeMap<(SiteId, FloorId), (usize, usize)>,
}

/// Judges everybody by one policy.
pub(super) fn outlook(
    active: &Active,
    missing: &BTreeSet<GroupId>,
    lapsed: &BTreeSet<String>,
    population: &Population,
    reasons: bool,
) -> Outlook {
    let mut outlook = Outlook::default();
    let mut judge = Judge::new(
        active,
        missing,
        &population.withheld,
        &population.tenants,
        &population.sites,
        population.roll.clone(),
        population.memory.clone(),
        population.desks.clone(),
        population.now,
    )
    .with_gates(&population.asked, lapsed);
    if reasons {
        // Which rules decide is asked of the draft only.
        judge = judge.with_reasons();
    }
    while !judge.prepare() {}
    for (place, tenant) in population.tenants.iter().enumerate() {
        for (row, identity) in (0..).zip(tenant.identities.iter()) {
            let known = |site: &SiteId| population.applied.get(site)?.get(&identity.id).cloned();
            let who = population.roll.start(place) + row;
            judge.judge(who, &identity, &mut |site| known(site).unwrap_or_default(), &mut |sight| {
                outlook.note(sight, population.now, reasons.then_some(active));
            });
            // What a comparison needs was noted; whole plans of everybody are not kept.
            judge.decided.differing.clear();
            judge.decided.adopted.clear();
            judge.decided.reverted.clear();
            judge.decided.reviews.clear();
        }
    }
    outlook.aside = judge.decided.aside;
    outlook.disputed = judge.decided.disputed;
    outlook
}

impl Outlook {
    /// With `restricting`, also which of its restrictions concern the person.
    fn note(&mut self, sight: Sight<'_>, now: Timestamp, restricting: Option<&Active>) {
        match sight {
            Sight::Standing { identity, first } => {
                if matches!(first.lifecycle, Lifecycle::OutOfScope) {
                    self.out_of_scope.insert(identity.id.clone(), identity.display_name());
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
                let key = || (identity.id.clone(), plan.site.clone());
                if linked {
                    self.matched.insert(identity.id.clone(), identity.display_name());
                }
                if matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. }) {
                    self.considered += 1;
                    self.note_rules(desired);
                    for rule in restricting.iter().flat_map(|by| by.bound.restricted_by(identity, now)) {
                        if !self.restrict.contains(rule) {
                            self.restrict.insert(rule.to_owned());
                        }
                    }
                }
                if !asks.is_empty() {
                    self.asks.insert(key(), asks.clone());
                }
                match future_bookings(desired, plan, bookings, now) {
                    Future::Theirs => {}
                    Future::Kept => _ = self.kept.insert(key()),
                    Future::Cancelled(ours) => _ = self.cancelled.insert(key(), ours),
                }
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
                            self.floors.entry((plan.site.clone(), room.floor)).or_default().0 += 1;
                        }
                    }
                    None => {
                        if let Some(Want { value: SeatWish::Desk { floors, .. }, .. }) = &desired.seat
                            && let Some(floor) = floors.first()
                        {
                            self.floors.entry((plan.site.clone(), *floor)).or_default().1 += 1;
                            self.no_desk.insert(key());
                        }
                    }
                }
                let _ = seating;
                if !plan.is_quiet() || self.no_desk.contains(&key()) {
                    let told = plan.steps.iter().map(|step| lines::lines(step, account, catalogue)).collect();
                    self.plans.insert(key(), (plan.clone(), told));
                }
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
                        self.rows.insert(table.clone(), HashSet::from([*row]));
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
    let kept = match desired.lifecycle {
        Lifecycle::Ended { .. } => desired.keeps.first().filter(|rule| rule.kinds.is_empty()),
        _ => None,
    };
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
