//! What would change a decision: the smallest change in Okta that makes a rule give something, or stop giving it.
//! Each answer is tried on the person before it is told.

mod change;
mod dates;

use jiff::{Timestamp, civil::Date};
use lanyard_model::{
    account::Role,
    desired::{Because, Desired, Lifecycle, SeatWish},
    fold,
    id::{CenterId, GroupId, IdentityId, ItemId, TenantId},
    identity::{Groups, Identity, Profile, Status},
};
use serde::Serialize;

pub use self::change::Remedy;
use self::change::{after, all_of, and, joined};
pub use crate::expression::Input;
use crate::{
    bind::{Bound, Ids},
    condition::{Condition, Truth, all},
    document::{Centers, CostCenter, Document, Flow, Kind, Outcome},
    evaluate::{Facts, route},
    lifecycle::{grounds, lack},
    merge,
    subject::{Subject, with_subject},
    table::Found,
};

/// Rules that one change turns round, at most.
const ROUNDS_MAX: usize = 4;
/// Moments at which the answer may change by itself that are looked at, at most.
const MOMENTS_MAX: usize = 16;

/// One rule that could give, or gives, what was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    pub rule: String,
    pub sentence: String,
    /// It gives it now.
    pub gives: bool,
    /// Why it does, or the first condition that fails.
    pub why: String,
    /// The smallest change that turns it round; `None`: no change of one attribute or group does.
    pub change: Option<Vec<Remedy>>,
    /// The change was tried on the person and does what is said.
    pub tried: bool,
    /// When time alone turns it round, if nothing else changes before.
    pub by_itself: Option<ByItself>,
    /// Expressions (CEL) that stand in the way of a change: they are evaluated, and what they would take is not guessed.
    pub rests_on: Vec<Evaluated>,
}

/// A moment at which an answer changes without anybody's doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct ByItself {
    pub at: Timestamp,
    /// The day where the person is.
    pub on: Date,
}

/// An expression, and what it reads of the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Evaluated {
    pub expression: String,
    pub inputs: Vec<Input>,
}

impl Way {
    /// What would turn it round, for people, one sentence a line: the change, the day on which it turns by itself, and
    /// what an expression in the way reads.
    pub fn turned_by(&self) -> Vec<String> {
        let turned = if self.gives { "it would stop" } else { "it would be given" };
        let mut said = Vec::new();
        match &self.change {
            Some(change) if self.tried => {
                let list: Vec<_> = change.iter().map(ToString::to_string).collect();
                said.push(format!("{turned} if you {}", list.join(" and ")));
            }
            _ if self.rests_on.is_empty() => {
                said.push("no change of attributes or groups alone turns it round".to_owned());
            }
            _ => {}
        }
        for evaluated in &self.rests_on {
            let read: Vec<_> = evaluated.inputs.iter().map(ToString::to_string).collect();
            let read = if read.is_empty() { "nothing of the person".to_owned() } else { read.join(", ") };
            said.push(format!(
                "it rests on \"{}\", which is evaluated, so what would turn it is not guessed; it reads {read}",
                evaluated.expression
            ));
        }
        if let Some(by_itself) = &self.by_itself {
            said.push(format!("{turned} by itself on {}, if nothing changes before", by_itself.on));
        }
        said
    }
}

impl Bound {
    /// Every rule that could give `thing` (`seat`, `role`, `role:Reservations`, `item:NAME`, `cost center`, `booking`,
    /// `visit`, or a rule's id): whether it does, why, and what would turn it round. Those that give it come first,
    /// then by the size of the change.
    pub fn ways(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp, thing: &str) -> Vec<Way> {
        let flows: Vec<&Flow> = self.document.flows.iter().filter(|flow| could_give(flow, thing)).collect();
        if flows.is_empty() {
            return Vec::new();
        }
        let desired = self.evaluate(identity, facts, now);
        let later = self.later(&desired, identity, facts);
        let mut ways: Vec<Way> =
            flows.into_iter().map(|flow| self.way(flow, &desired, &later, identity, facts, now)).collect();
        ways.sort_by_key(|way| {
            (!way.gives, !way.tried, way.change.as_ref().map_or(usize::MAX, Vec::len), way.rule.clone())
        });
        ways
    }

    /// Groups on which a flow rests for this person: its conditions name them, and they are in them. Each by the policy's
    /// name for it.
    pub fn groups_behind(&self, identity: &Identity, now: Timestamp, rule: &str) -> Vec<(String, GroupId)> {
        let document = &*self.document;
        let Some(flow) = document.flows.iter().find(|flow| flow.id == rule) else { return Vec::new() };
        self.with_subject(identity, now, false, |subject| {
            let _ = route(document, subject);
            let mut groups = Vec::new();
            let mut see = |condition: &Condition| {
                if let Condition::Group(group) = condition
                    && let Some(id) = group.held(subject)
                    && !groups.iter().any(|(_, known)| known == id)
                {
                    groups.push((group.name.clone(), id.clone()));
                }
            };
            flow.conditions.iter().for_each(|condition| condition.visit(&mut see));
            if let Some(table) = flow.table.as_deref()
                && let Found::Row(row) = subject.found(table)
            {
                table.rows[*row].tests.iter().for_each(|test| test.visit(&mut see));
            }
            groups
        })
    }

    fn way(
        &self,
        flow: &Flow,
        desired: &Desired,
        later: &[(Timestamp, Desired)],
        identity: &Identity,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> Way {
        let document = &*self.document;
        let gives = is_given_by(desired, &flow.id);
        let why = self.with_subject(identity, now, true, |subject| {
            // Conditions may rest on where somebody belongs.
            let _ = route(document, subject);
            match gives {
                true if flow.conditions.is_empty() => {
                    reason_of(desired, &flow.id).unwrap_or_else(|| grounds(&flow.conditions, subject))
                }
                true => grounds(&flow.conditions, subject),
                false => self.why_not(flow, desired, subject),
            }
        });
        let change = self.turned(flow, desired, identity, facts, now);
        let tried = change.is_some();
        let by_itself = self.by_itself(flow, desired, later, identity);
        let rests_on = match tried {
            true => Vec::new(),
            false => self.rests_on(flow, desired, identity, now),
        };
        Way {
            rule: flow.id.clone(),
            sentence: flow.sentence.clone(),
            gives,
            why,
            change,
            tried,
            by_itself,
            rests_on,
        }
    }

    /// The decisions to come if nothing changes: each at the moment that the one before it names.
    fn later(&self, desired: &Desired, identity: &Identity, facts: &Facts<'_>) -> Vec<(Timestamp, Desired)> {
        let mut later = Vec::new();
        let mut next = desired.review_at;
        while let Some(at) = next.filter(|_| later.len() < MOMENTS_MAX) {
            let then = self.evaluate(identity, facts, at);
            next = then.review_at.filter(|next| *next > at);
            later.push((at, then));
        }
        later
    }

    /// When the decision turns round by itself.
    fn by_itself(
        &self,
        flow: &Flow,
        desired: &Desired,
        later: &[(Timestamp, Desired)],
        identity: &Identity,
    ) -> Option<ByItself> {
        let is_done = turned_round(desired, &flow.id);
        let (at, _) = later.iter().find(|(_, then)| is_done(then))?;
        let on = self.with_subject(identity, *at, false, |subject| subject.today());
        Some(ByItself { at: *at, on })
    }

    /// The expressions among the conditions of a rule, of the one that stands in its way, and of those that give the same.
    fn rests_on(
        &self,
        flow: &Flow,
        desired: &Desired,
        identity: &Identity,
        now: Timestamp,
    ) -> Vec<Evaluated> {
        let document = &*self.document;
        let mine = lines_of(desired, &flow.id);
        self.with_subject(identity, now, false, |subject| {
            let _ = route(document, subject);
            let rival = match self.rival(flow, desired, subject) {
                Some(Rival::Denies(other) | Rival::Outdoes(other)) if mine.is_empty() => Some(&other.id),
                _ => None,
            };
            let gives_it = |other: &Flow| {
                mine.iter().filter_map(|line| line.held(desired)).any(|because| names(because, &other.id))
            };
            let concerned = document
                .flows
                .iter()
                .filter(|other| other.id == flow.id || Some(&other.id) == rival || gives_it(other));
            let mut list: Vec<Evaluated> = Vec::new();
            let mut see = |condition: &Condition| {
                if let Condition::Cel(cel) = condition {
                    let evaluated = Evaluated { expression: cel.to_string(), inputs: cel.inputs(subject) };
                    if !list.contains(&evaluated) {
                        list.push(evaluated);
                    }
                }
            };
            concerned.flat_map(|other| &other.conditions).for_each(|condition| condition.visit(&mut see));
            list
        })
    }

    fn why_not(&self, flow: &Flow, desired: &Desired, subject: &Subject<'_>) -> String {
        if let Some(not) = desired.not_given.iter().find(|not| not.because.rule == flow.id) {
            return not.because.text.clone();
        }
        let lacks = lack(&flow.conditions, subject);
        if !lacks.is_empty() {
            return lacks;
        }
        if !matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. }) {
            return standing_of(desired);
        }
        if let Some(rival) = self.rival(flow, desired, subject) {
            return rival.say(flow, subject);
        }
        let prefix = format!("{}: ", flow.id);
        let problem = desired.problems.iter().find_map(|problem| problem.strip_prefix(&prefix));
        problem
            .map_or_else(|| "its conditions hold, and nothing of it can be given here".into(), str::to_owned)
    }

    /// The rule that keeps away what `flow` would give, where its own conditions hold.
    fn rival(&self, flow: &Flow, desired: &Desired, subject: &Subject<'_>) -> Option<Rival<'_>> {
        let flows = &self.document.flows;
        let site = self.site(desired.site.as_ref()?, &subject.identity.id.tenant)?;
        let at = flows.iter().position(|other| other.id == flow.id)?;
        let ids = site.flows.get(at)?;
        let mine: Vec<(&Outcome, &Ids)> = flow.gives.iter().zip(&ids.gives).collect();
        for (at, other) in flows.iter().enumerate().filter(|(_, other)| !other.never.is_empty()) {
            if matches!(all(&other.conditions, subject), Truth::No | Truth::Broken(_)) {
                continue;
            }
            let Some(ids) = site.flows.get(at) else { continue };
            let kept = |not: (&Outcome, &Ids)| mine.iter().any(|give| merge::keeps_away(not, *give, site));
            if other.never.iter().zip(&ids.never).any(kept) {
                return Some(Rival::Denies(other));
            }
        }
        let winner = |because: &[Because]| {
            let rule = &because.first()?.rule;
            flows.iter().find(|other| other.id == *rule && other.id != flow.id)
        };
        flow.gives.iter().find_map(|outcome| match outcome.kind {
            Kind::Place { .. } => winner(&desired.seat.as_ref()?.because).map(Rival::Outdoes),
            Kind::CostCenter(_) => winner(&desired.cost_center.as_ref()?.because).map(Rival::Outdoes),
            _ => None,
        })
    }

    /// The smallest change that was tried on the person: nothing of what the rule gives now is left, whoever else gives
    /// it; or it gives something, whoever stood in its way.
    fn turned(
        &self,
        flow: &Flow,
        desired: &Desired,
        identity: &Identity,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> Option<Vec<Remedy>> {
        let document = &*self.document;
        let mine = lines_of(desired, &flow.id);
        let gives = !mine.is_empty();
        let is_done = turned_round(desired, &flow.id);
        let mut person = identity.clone();
        let mut then = desired.clone();
        let mut change = Vec::new();
        for round in 0..ROUNDS_MAX {
            let more = self.with_subject(&person, now, false, |subject| {
                let _ = route(document, subject);
                if round == 0 && (gives || all(&flow.conditions, subject) != Truth::Yes) {
                    return turn(flow, subject, !gives);
                }
                if gives {
                    // Somebody else gives it as well.
                    let left = mine.iter().filter_map(|line| line.held(&then)).flatten();
                    let rules: Vec<_> = left.map(|because| &because.rule).collect();
                    let mut others = document.flows.iter().filter(|other| rules.contains(&&other.id));
                    return others.find_map(|other| turn(other, subject, false));
                }
                match self.rival(flow, &then, subject) {
                    Some(Rival::Denies(other) | Rival::Outdoes(other)) => turn(other, subject, false),
                    None if round == 0 => turn(flow, subject, true),
                    None => None,
                }
            })?;
            if more.is_empty() {
                return None;
            }
            person = after(&person, &more);
            change = joined(change, more);
            then = self.evaluate(&person, facts, now);
            if is_done(&then) {
                break;
            }
        }
        // All of it at once, as it is told.
        is_done(&self.evaluate(&after(identity, &change), facts, now)).then_some(change)
    }
}

/// Why a rule whose conditions hold gives nothing.
enum Rival<'a> {
    /// A restriction.
    Denies(&'a Flow),
    /// There is one of it, and another flow comes first.
    Outdoes(&'a Flow),
}

impl Rival<'_> {
    fn say(&self, flow: &Flow, subject: &Subject<'_>) -> String {
        match self {
            Self::Denies(other) => {
                let lacks = lack(&other.conditions, subject);
                let why = if lacks.is_empty() { grounds(&other.conditions, subject) } else { lacks };
                format!("{} keeps it away: {why}", other.id)
            }
            Self::Outdoes(other) if other.priority > flow.priority => {
                format!(
                    "{} comes first: its priority is {}, here it is {}",
                    other.id, other.priority, flow.priority
                )
            }
            Self::Outdoes(other) => {
                format!("{} comes first: it has the same priority, and is named first", other.id)
            }
        }
    }
}

/// One thing that somebody is to have.
enum Line {
    Seat(SeatWish),
    PlaceNote,
    CostCenter(ItemId),
    /// And every stronger one.
    Role(CenterId, Role),
    Item(ItemId),
    Door(String),
    Booking(String),
    Visit(String),
    ToDo(String),
}

impl Line {
    /// Why it is wanted, if it is.
    fn held<'d>(&self, desired: &'d Desired) -> Option<&'d [Because]> {
        match self {
            Self::Seat(wish) => {
                desired.seat.as_ref().filter(|want| want.value == *wish).map(|want| &*want.because)
            }
            Self::PlaceNote => desired.place_note.as_ref().map(|want| &*want.because),
            Self::CostCenter(item) => {
                desired.cost_center.as_ref().filter(|want| want.value == *item).map(|want| &*want.because)
            }
            Self::Role(center, role) => {
                desired.roles.get(center).filter(|want| want.value >= *role).map(|want| &*want.because)
            }
            Self::Item(item) => desired.items.get(item).map(|want| &*want.because),
            Self::Door(area) => desired.doors.get(area).map(|want| &*want.because),
            Self::Booking(key) => {
                desired.bookings.iter().find(|want| want.value.key == *key).map(|want| &*want.because)
            }
            Self::Visit(key) => {
                desired.visits.iter().find(|want| want.value.key == *key).map(|want| &*want.because)
            }
            Self::ToDo(key) => {
                desired.todos.iter().find(|want| want.value.key == *key).map(|want| &*want.because)
            }
        }
    }
}

/// Everything that flows give somebody, and why.
fn lines(desired: &Desired) -> impl Iterator<Item = (Line, &[Because])> {
    let seat = desired.seat.iter().map(|want| (Line::Seat(want.value.clone()), &*want.because));
    let note = desired.place_note.iter().map(|want| (Line::PlaceNote, &*want.because));
    let cost = desired.cost_center.iter().map(|want| (Line::CostCenter(want.value), &*want.because));
    let roles = desired.roles.iter().map(|(center, want)| (Line::Role(*center, want.value), &*want.because));
    let items = desired.items.iter().map(|(item, want)| (Line::Item(*item), &*want.because));
    let doors = desired.doors.iter().map(|(area, want)| (Line::Door(area.clone()), &*want.because));
    let bookings =
        desired.bookings.iter().map(|want| (Line::Booking(want.value.key.clone()), &*want.because));
    let visits = desired.visits.iter().map(|want| (Line::Visit(want.value.key.clone()), &*want.because));
    let todos = desired.todos.iter().map(|want| (Line::ToDo(want.value.key.clone()), &*want.because));
    seat.chain(note)
        .chain(cost)
        .chain(roles)
        .chain(items)
        .chain(doors)
        .chain(bookings)
        .chain(visits)
        .chain(todos)
}

/// What a rule gives, alone or with others.
fn lines_of(desired: &Desired, rule: &str) -> Vec<Line> {
    lines(desired).filter(|(_, because)| names(because, rule)).map(|(line, _)| line).collect()
}

/// Whether a later decision is the other way round: nothing is left of what the rule gives in `desired`, whoever gives it;
/// or where it gives nothing, it does.
fn turned_round(desired: &Desired, rule: &str) -> impl Fn(&Desired) -> bool {
    let mine = lines_of(desired, rule);
    let rule = rule.to_owned();
    move |then| match mine.is_empty() {
        false => mine.iter().all(|line| line.held(then).is_none()),
        true => is_given_by(then, &rule),
    }
}

fn names(because: &[Because], rule: &str) -> bool {
    because.iter().any(|because| because.rule == rule)
}

fn is_given_by(desired: &Desired, rule: &str) -> bool {
    lines(desired).any(|(_, because)| names(because, rule))
}

/// On what grounds a rule gives what it gives.
fn reason_of(desired: &Desired, rule: &str) -> Option<String> {
    let mut all = lines(desired).flat_map(|(_, because)| because);
    all.find(|because| because.rule == rule).map(|because| because.text.clone())
}

fn standing_of(desired: &Desired) -> String {
    desired.because.last().map_or_else(
        || "their standing gives nothing".to_owned(),
        |because| format!("their standing: {}", because.text),
    )
}

fn could_give(flow: &Flow, thing: &str) -> bool {
    let (kind, name) = thing.split_once(':').map_or((thing, ""), |(kind, name)| (kind, name.trim()));
    let name = fold::text(name);
    let about = |text: &str| name.is_empty() || fold::text(text).contains(&name);
    if flow.id == thing {
        return true;
    }
    flow.gives.iter().any(|outcome| match (&outcome.kind, fold::text(kind).as_str()) {
        (Kind::Place { .. }, "seat" | "desk" | "place") => true,
        (Kind::TableRoles, "role" | "permission") => true,
        (Kind::Role { role, centers, .. }, "role" | "permission") => {
            about(role.as_str())
                || match centers {
                    Centers::Named(names) => names.iter().any(|center| about(center)),
                    Centers::Serving(module) | Centers::Everywhere(module) => about(module),
                }
        }
        (Kind::TableItems, "item") => true,
        (Kind::Door(areas), "door" | "entry") => areas.iter().any(|area| match area {
            crate::document::DoorArea::Named(name) => about(name),
            _ => true,
        }),
        (Kind::Item { name, .. }, "item") => about(name),
        (Kind::CostCenter(CostCenter::Named(name)), "cost center") => about(name),
        (Kind::CostCenter(_), "cost center") => true,
        (Kind::Booking { .. }, "booking") | (Kind::Visit { .. }, "visit") | (Kind::ToDo { .. }, "todo") => {
            true
        }
        _ => false,
    })
}

/// Somebody who meets all of these lists, in words: what they must have, and nothing else. `None`: nobody was found.
pub(crate) fn example(document: &Document, lists: &[&[Condition]]) -> Option<String> {
    let tenant = document.routes.iter().find_map(|route| route.tenant.clone());
    let tenant = tenant.or_else(|| document.tenants.keys().next().cloned());
    let mut person = Identity {
        id: IdentityId::new(tenant.unwrap_or_else(|| TenantId::new("tenant")), "example"),
        status: Status::Active,
        transitioning: false,
        profile: Profile::default(),
        groups: Groups::new([], true),
        created: None,
        activated: None,
        status_changed: None,
        last_updated: None,
        type_id: None,
        read_at: Timestamp::UNIX_EPOCH,
    };
    let mut changes = Vec::new();
    for list in lists {
        let more = with_subject(document, &person, Timestamp::UNIX_EPOCH, false, |subject| {
            let _ = route(document, subject);
            all_of(list, subject, true)
        })?;
        person = after(&person, &more);
        changes = joined(changes, more);
    }
    // What one list asks for may undo what another did.
    let fits = with_subject(document, &person, Timestamp::UNIX_EPOCH, false, |subject| {
        let _ = route(document, subject);
        lists.iter().all(|list| all(list, subject) == Truth::Yes)
    });
    let words = changes.iter().map(|change| match change {
        Remedy::Join { name, .. } => format!("in {name}"),
        Remedy::Leave { name, .. } => format!("not in {name}"),
        Remedy::Set { attribute, value } => format!("with {attribute} \"{value}\""),
        Remedy::Add { attribute, values } => format!("with {} in {attribute}", and(values)),
        Remedy::Drop { attribute, values } => format!("without {} in {attribute}", and(values)),
        Remedy::Fill { attribute } => format!("with some {attribute}"),
        Remedy::Fit { attribute, how, .. } => format!("with {how} in {attribute}"),
        Remedy::Clear { attribute } => format!("without {attribute}"),
        Remedy::Status { to } => format!("with the status {to}"),
    });
    let words: Vec<_> = words.collect();
    fits.then(|| match words.is_empty() {
        true => "anybody".to_owned(),
        false => format!("somebody {}", words.join(", ")),
    })
}

/// Turns a flow round: its own conditions, its last day, and for one that looks up, a row of its table.
fn turn(flow: &Flow, subject: &Subject<'_>, wanted: bool) -> Option<Vec<Remedy>> {
    let own = all_of(&flow.conditions, subject, wanted);
    let over = flow.until.as_ref().filter(|_| wanted).and_then(|until| dates::not_over(until, subject));
    let own = own.map(|own| joined(own, over.into_iter().collect()));
    let Some(table) = &flow.table else { return own };
    let rows = table.rows.iter().map(|row| all_of(&row.tests, subject, true));
    if wanted {
        let row = rows.flatten().min_by_key(Vec::len)?;
        return own.map(|own| joined(own, row));
    }
    // No row may fit any more.
    let mut fitting = table.rows.iter().filter(|row| all(&row.tests, subject) == Truth::Yes);
    let none =
        fitting.try_fold(Vec::new(), |all, row| Some(joined(all, all_of(&row.tests, subject, false)?)));
    own.into_iter().chain(none).min_by_key(Vec::len)
}
