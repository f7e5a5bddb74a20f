//! Sets gates for what people, time and limits must let go first. Pure: what is asked, what is known, and the clock
//! come as arguments; what must be kept or ended is answered.

mod meanwhile;
#[cfg(test)]
mod model;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    account::Account,
    clearance::{
        ALL_BOOKINGS, Approver, Clearance, ClearanceKind, ClearanceState, Demand, GatedLine, Vote,
        door_given, item_given, role_given,
    },
    desired::{Because, Desired, Ending, Lifecycle},
    id::{IdentityId, PlanId},
    place::Catalogue,
    plan::{Block, Difference, Effect, Gate, Operation, Plan, Step},
};
use sha2::{Digest, Sha256};

pub use self::meanwhile::meanwhile;
use crate::{lines, seal};

/// The rule under which account creation and reactivation may be asked about.
pub const NEW_ACCOUNT: &str = "lifecycle.new_account";
/// The rule under which everything may be asked about that no rule gives any more.
pub const NO_RULE: &str = "policy";
/// The rule of a decision on a reached limit.
pub const CAP: &str = "guardrails.cap";
/// The rule of whatever an undo asks.
pub const UNDO: &str = "undo";
/// What the plans of undos are called by.
pub const UNDO_PLAN: &str = "undo_";
/// A decision on a reached limit is good for this long.
const CAP_GRANT_SECONDS: i64 = 7 * 86_400;
/// Rules that begin so are asked about whenever they are on record, without the policy's word.
pub const WHATIF: &str = "whatif:";

/// What must be answered for one line, by rule: all of it.
type Asks = Vec<(String, Demand)>;

/// Lines that rules ask something about before they are given.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Asked {
    by_line: BTreeMap<String, Asks>,
    /// Seat, section and classification come as one wish, whichever desk it becomes.
    place: Asks,
    new_account: Asks,
    /// What is wanted without the rules that ask, where they ask about any line.
    base: Option<Box<Desired>>,
}

impl Asked {
    /// `full` is what policy wants, `base` what it wants without the rules that ask. What both give needs no asking.
    pub fn new(full: &Desired, base: &Desired, demands: &BTreeMap<String, Demand>) -> Self {
        let new_account = demands.get(NEW_ACCOUNT).map(|demand| (NEW_ACCOUNT.to_owned(), demand.clone()));
        let mut asked = Self { new_account: new_account.into_iter().collect(), ..Self::default() };
        let mut ask = |line: String, because: &[Because]| {
            let asks = asks_of(because, full.lesser.get(&line), demands);
            if !asks.is_empty() {
                asked.by_line.insert(line, asks);
            }
        };
        for (center, want) in &full.roles {
            if base.roles.get(center).is_none_or(|free| free.value < want.value) {
                ask(role_given(*center, want.value), &want.because);
            }
        }
        for (item, want) in full.items.iter().filter(|(item, _)| !base.items.contains_key(item)) {
            ask(item_given(*item), &want.because);
        }
        if let Some(want) = &full.cost_center
            && base.cost_center.as_ref().is_none_or(|free| free.value != want.value)
        {
            ask(format!("cost:{}", want.value), &want.because);
        }
        // What several flows want under one key is as one of them says.
        for want in full.bookings.iter().filter(|want| !base.bookings.iter().any(|b| b.value == want.value)) {
            ask(format!("booking+:{}", want.value.key), &want.because);
        }
        for want in full.visits.iter().filter(|want| !base.visits.iter().any(|b| b.value == want.value)) {
            ask(format!("visit+:{}", want.value.key), &want.because);
        }
        for (area, want) in &full.doors {
            if base.doors.get(area).is_none_or(|free| free.value.is_less_than(&want.value)) {
                ask(door_given(area), &want.because);
            }
        }
        if let Some(want) = &full.seat
            && base.seat.as_ref().is_none_or(|free| free.value != want.value)
        {
            asked.place = asks_of(&want.because, None, demands);
        }
        if !(asked.by_line.is_empty() && asked.place.is_empty()) {
            asked.base = Some(Box::new(base.clone()));
        }
        asked
    }

    /// What is wanted without the rules that ask; `None`: they ask about nothing of it.
    pub fn base(&self) -> Option<&Desired> {
        self.base.as_deref()
    }

    fn about(&self, key: &str) -> &[(String, Demand)] {
        if let Some(asks) = self.by_line.get(key) {
            return asks;
        }
        if key.starts_with("seat+:") || key.starts_with("section+:") || key.starts_with("class:") {
            return &self.place;
        }
        if key == "create" || key == "reactivate" {
            return &self.new_account;
        }
        &[]
    }

    /// The policy asks nothing about anything of this person.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What is asked about a line with these reasons, of which `lesser` give less than all of it. One rule that gives all of it is
/// enough; where only several do together, each of them is asked.
fn asks_of(
    because: &[Because],
    lesser: Option<&BTreeSet<String>>,
    demands: &BTreeMap<String, Demand>,
) -> Asks {
    let gives_all = |reason: &&Because| lesser.is_none_or(|rules| !rules.contains(&reason.rule));
    let mut asks = Asks::new();
    let together = !because.iter().any(|reason| gives_all(&reason));
    for reason in because.iter().filter(|reason| together || gives_all(reason)) {
        if let Some(demand) = demands.get(&reason.rule)
            && (together || asks.is_empty())
            && !asks.iter().any(|(rule, _)| *rule == reason.rule)
        {
            asks.push((reason.rule.clone(), demand.clone()));
        }
    }
    asks
}

/// What the gates depend on.
pub struct Gating<'a> {
    pub asked: &'a Asked,
    /// What rules ask before they take something away, by rule.
    pub demands: &'a BTreeMap<String, Demand>,
    /// Everything on record about the person in the site.
    pub known: &'a [Clearance],
    pub before: Option<&'a Account>,
    pub catalogue: &'a Catalogue,
    pub now: Timestamp,
    /// From when a wait counts that begins now: not before `now`, later where two clocks differ.
    pub begins: Timestamp,
    pub manager: Option<&'a IdentityId>,
    /// A limit was reached: what waits for room under it.
    pub capped: bool,
    /// A sealed what-if: of all lines only its own go by themselves.
    pub sealed: Option<Sealed<'a>>,
    /// Rules of what-ifs whose policy was taken back: what was asked by them is asked no more.
    pub lapsed: &'a BTreeSet<String>,
    /// Removals other than a leaver's wait until then.
    pub window: Option<(Timestamp, &'a str)>,
}

/// A sealed what-if as it concerns one person.
#[derive(Debug, Clone, Copy)]
pub struct Sealed<'a> {
    pub name: &'a str,
    /// When it was made.
    pub at: Timestamp,
    /// Any other line waits for somebody.
    pub lines: &'a BTreeSet<String>,
    /// Their wave has not begun: until when these lines are held, and why.
    pub later: Option<(Timestamp, &'a str)>,
}

/// A gated plan, and what must be kept with it.
#[derive(Debug, Clone)]
pub struct Gated {
    pub plan: Plan,
    /// Asked for the first time.
    pub new: Vec<Clearance>,
    /// Known ones that some line of the plan still rests on.
    pub wanted: BTreeSet<String>,
}

/// How one line stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Free,
    /// Free because these let it: clearance ids.
    Cleared(Vec<String>),
    Held(String, Timestamp, String),
    Waiting(String, Option<Timestamp>, String),
    Refused(String, String),
    /// Asked for the first time: kind, rule.
    Ask(ClearanceKind, String),
}

/// Cuts every open step along what is asked about, and sets the gates.
pub fn gate(plan: Plan, gating: &Gating<'_>) -> Gated {
    let mut gated = Gated { plan, new: Vec::new(), wanted: BTreeSet::new() };
    let steps = std::mem::take(&mut gated.plan.steps);
    let mut asks: BTreeMap<(ClearanceKind, String), (Demand, Vec<GatedLine>)> = BTreeMap::new();
    let mut cut: Vec<(Step, Option<(ClearanceKind, String)>)> = Vec::new();
    for step in steps {
        note_cap(&step, gating, &mut gated, &mut asks);
        if step.gate != Gate::Open {
            gated.wanted.extend(resting(&step, gating));
            cut.push((step, None));
            continue;
        }
        let mut left = Some(step);
        while let Some(step) = left.take() {
            let all = lines::lines(&step, gating.before, gating.catalogue);
            let verdicts: BTreeMap<String, Verdict> = all
                .iter()
                .map(|line| (line.key.clone(), verdict(line, &step, &gated.plan, gating, &mut asks)))
                .collect();
            gated.wanted.extend(resting(&step, gating));
            for (key, verdict) in &verdicts {
                if let Verdict::Cleared(ids) = verdict {
                    // One word is enough to spend; where a hold and an approval were asked, the approval is it.
                    if let Some(id) = ids.last() {
                        gated.plan.cleared.insert(key.clone(), id.clone());
                    }
                }
            }
            let stops = |verdict: &Verdict| !matches!(verdict, Verdict::Free | Verdict::Cleared(_));
            let Some(stop) = verdicts.values().find(|verdict| stops(verdict)).cloned() else {
                cut.push((step, None));
                continue;
            };
            let same = |key: &str| verdicts.get(key) == Some(&stop);
            let (free, mut apart) = lines::split(step, gating.before, gating.catalogue, &same);
            if let Some(apart) = &mut apart {
                apart.gate = stand_in(&stop, gating);
            }
            let ask = match stop {
                Verdict::Ask(kind, rule) => Some((kind, rule)),
                _ => None,
            };
            cut.extend(apart.map(|apart| (apart, ask)));
            left = free;
        }
    }
    for ((kind, rule), (demand, about)) in asks {
        let about = by_key(about);
        let asked = ask(kind, &rule, &demand, about, &gated.plan, gating);
        for (step, wants) in &mut cut {
            if wants.as_ref() == Some(&(kind, rule.clone())) {
                step.gate = waits_for(&asked, gating);
            }
        }
        gated.new.push(asked);
    }
    let mut steps: Vec<Step> = cut.into_iter().map(|(step, _)| step).collect();
    // Nothing can be given to an account that is not there yet.
    if let Some(shut) = steps
        .iter()
        .find(|step| {
            matches!(step.op, Operation::Create { .. } | Operation::Reactivate) && step.gate != Gate::Open
        })
        .map(|step| step.gate.clone())
    {
        steps.iter_mut().filter(|step| step.gate == Gate::Open).for_each(|step| step.gate = shut.clone());
    }
    gated.plan.steps = steps;
    if let Some(at) = gated.plan.steps.iter().filter_map(|step| next_look(&step.gate)).min() {
        gated.plan.review_at = Some(gated.plan.review_at.map_or(at, |known| known.min(at)));
    }
    gated.plan = seal::seal_again(gated.plan);
    let id: PlanId = gated.plan.id.clone();
    gated.new.iter_mut().for_each(|clearance| clearance.plan = id.clone());
    gated
}

/// Things of one line that are told one by one.
const TOLD_MAX: usize = 5;

/// Each line once, with all that goes under it: several bookings are one line.
fn by_key(lines: Vec<GatedLine>) -> Vec<GatedLine> {
    let mut by_key: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in lines {
        by_key.entry(line.key).or_default().insert(line.what);
    }
    let told = |list: BTreeSet<String>| {
        let more = list.len().saturating_sub(TOLD_MAX);
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        list.into_iter().take(TOLD_MAX).collect::<Vec<_>>().join("; ") + &more
    };
    by_key.into_iter().map(|(key, list)| GatedLine { key, what: told(list) }).collect()
}

fn next_look(gate: &Gate) -> Option<Timestamp> {
    match gate {
        Gate::Held { until, .. } => Some(*until),
        Gate::Waiting { until, .. } => *until,
        _ => None,
    }
}

/// What waits for room under a limit is asked about, so that one decision can let exactly it through.
fn note_cap(
    step: &Step,
    gating: &Gating<'_>,
    gated: &mut Gated,
    asks: &mut BTreeMap<(ClearanceKind, String), (Demand, Vec<GatedLine>)>,
) {
    if !gating.capped || !step.destructive || !step.gate.is_blocked_by(Block::Limit) {
        return;
    }
    for line in lines::lines(step, gating.before, gating.catalogue) {
        let on_record = gating.known.iter().find(|known| {
            known.kind == ClearanceKind::Cap
                && !known.over
                && known.names(&line.key)
                && !known.spent.contains(&line.key)
        });
        match on_record {
            Some(known) => {
                gated.wanted.insert(known.id.clone());
            }
            None => {
                asks.entry((ClearanceKind::Cap, CAP.to_owned())).or_default().1.push(line);
            }
        }
    }
}

/// Clearances on record that are about lines of this step: their reason has not gone away.
fn resting(step: &Step, gating: &Gating<'_>) -> BTreeSet<String> {
    let keys = lines::keys(&step.op, gating.before);
    let about = |known: &&Clearance| !known.over && keys.iter().any(|key| known.concerns(key));
    gating.known.iter().filter(about).map(|known| known.id.clone()).collect()
}

fn verdict(
    line: &GatedLine,
    step: &Step,
    plan: &Plan,
    gating: &Gating<'_>,
    asks: &mut BTreeMap<(ClearanceKind, String), (Demand, Vec<GatedLine>)>,
) -> Verdict {
    let key = line.key.as_str();
    let live = || gating.known.iter().filter(move |known| !known.over && known.names(key));
    let undone =
        |known: &&Clearance| known.kind == ClearanceKind::Undone && !known.over && known.concerns(key);
    if let Some(undone) = gating.known.iter().find(undone) {
        let (at, why) = undone.ended.clone().unwrap_or((undone.asked_at, "undone by a person".into()));
        return Verdict::Refused(undone.id.clone(), format!("{why}, {}", at.strftime("%Y-%m-%d %H:%M UTC")));
    }
    let mut demands: Asks = gating.asked.about(key).to_vec();
    if step.destructive
        && takes(key)
        && let Some((rule, demand)) = removal_rule(step, gating.demands)
    {
        demands.push((rule, demand));
    }
    if let Some(sealed) = gating.sealed.filter(|sealed| !left_since(plan, sealed.at)) {
        if !sealed.lines.contains(key) {
            demands.push((format!("{WHATIF}{}", sealed.name), moved()));
        } else if let Some((until, why)) = sealed.later {
            return Verdict::Held(String::new(), until, why.to_owned());
        }
    }
    let asks_still = |known: &&Clearance| {
        known.rule.starts_with(WHATIF)
            && !gating.lapsed.contains(&known.rule)
            && !left_since(plan, known.asked_at)
    };
    for known in live().filter(asks_still) {
        if !demands.iter().any(|(rule, _)| *rule == known.rule) {
            demands.push((known.rule.clone(), moved()));
        }
    }
    let mut cleared = Vec::new();
    for (rule, demand) in demands {
        if let (Some((_, Some(since))), Some(after)) = (plan.ending, staged(key, &demand))
            && let Ok(until) = since.checked_add(jiff::SignedDuration::from_secs(after))
            && until > gating.now
        {
            return Verdict::Held(String::new(), until, format!("{rule} takes it in stages"));
        }
        if let Some(seconds) = demand.hold_seconds.filter(|seconds| *seconds > 0) {
            let mut held = live().filter(|known| known.kind == ClearanceKind::Hold && known.rule == rule);
            match held.next_back() {
                Some(hold) if hold.lets(key, gating.now) => cleared.push(hold.id.clone()),
                Some(hold) if hold.state == ClearanceState::Waiting => {
                    let until = hold.until.unwrap_or(gating.now);
                    return Verdict::Held(
                        hold.id.clone(),
                        until,
                        format!("{rule} asks for {} first", span(seconds)),
                    );
                }
                Some(hold) => return Verdict::Refused(hold.id.clone(), refusal(hold)),
                None => {
                    let one = Demand { hold_seconds: Some(seconds), ..Demand::default() };
                    asks.entry((ClearanceKind::Hold, rule.clone()))
                        .or_insert((one, vec![]))
                        .1
                        .push(line.clone());
                    return Verdict::Ask(ClearanceKind::Hold, rule);
                }
            }
        }
        let Some(approval) = &demand.approval else { continue };
        let mut on_record = live()
            .filter(|known| known.kind == ClearanceKind::Approval && known.rule == rule)
            .filter(|known| !known.spent.contains(key));
        match on_record.next_back() {
            Some(known) if known.lets(key, gating.now) => cleared.push(known.id.clone()),
            Some(known)
                if known.state == ClearanceState::Waiting
                    && known.until.is_none_or(|until| gating.now < until) =>
            {
                return Verdict::Waiting(known.id.clone(), known.until, asks_whom(&rule, &approval.by));
            }
            Some(known) => return Verdict::Refused(known.id.clone(), refusal(known)),
            None => {
                let one = Demand { approval: Some(approval.clone()), ..Demand::default() };
                asks.entry((ClearanceKind::Approval, rule.clone()))
                    .or_insert((one, vec![]))
                    .1
                    .push(line.clone());
                return Verdict::Ask(ClearanceKind::Approval, rule);
            }
        }
    }
    if step.destructive
        && takes(key)
        && plan.ending.is_none()
        && let Some((until, why)) = gating.window
        && until > gating.now
    {
        return Verdict::Held(String::new(), until, why.to_owned());
    }
    if cleared.is_empty() { Verdict::Free } else { Verdict::Cleared(cleared) }
}

/// Whether somebody leaves like anybody, whatever policy is being put in force: deactivated or deleted in Okta, or their
/// contract ended since `then`. An end of before may be the policy's own doing.
fn left_since(plan: &Plan, then: Timestamp) -> bool {
    match plan.ending {
        Some((Ending::Deactivated | Ending::Deleted, _)) => true,
        Some((Ending::Expired, Some(at))) => at >= then,
        _ => false,
    }
}

/// How long after the end a line goes, if a stage names what it takes.
fn staged(key: &str, demand: &Demand) -> Option<i64> {
    let verb = key.split(':').next().unwrap_or_default();
    let stage = demand.stages.iter().find(|stage| match verb {
        "role-" | "roles-" => stage.takes.roles,
        "item-" => stage.takes.items,
        "door-" => stage.takes.doors,
        "seat-" | "section-" => stage.takes.seat,
        ALL_BOOKINGS => stage.takes.bookings,
        "deactivate" => stage.takes.account,
        _ => false,
    })?;
    i64::try_from(stage.after_seconds).ok()
}

/// What lines that were not in a sealed what-if ask for.
fn moved() -> Demand {
    let by = vec![Approver::Role("approver".into()), Approver::Role("owner".into())];
    Demand {
        approval: Some(lanyard_model::clearance::ApprovalDemand {
            by,
            quorum: 1,
            expires_seconds: 30 * 86_400,
            escalate_seconds: None,
            escalate_to: vec![],
        }),
        ..Demand::default()
    }
}

/// Whether a line takes something away.
fn takes(key: &str) -> bool {
    key == "deactivate" || key.split(':').next().is_some_and(|verb| verb.ends_with('-'))
}

/// The rule that takes something away in this step, if it asks something first.
fn removal_rule(step: &Step, demands: &BTreeMap<String, Demand>) -> Option<(String, Demand)> {
    // What is handed over is gone from the person, too.
    let takes = |difference: &&Difference| {
        difference.effect == Effect::Remove || matches!(step.op, Operation::HandOver { .. })
    };
    step.differences
        .iter()
        .filter(takes)
        .flat_map(|difference| &difference.because)
        .find_map(|because| demands.get(&because.rule).map(|demand| (because.rule.clone(), demand.clone())))
}

fn refusal(known: &Clearance) -> String {
    let said = known.ended.as_ref().map_or_else(String::new, |(_, why)| format!(": {why}"));
    match known.state {
        ClearanceState::Declined => format!("declined{said} ({})", known.id),
        ClearanceState::Granted | ClearanceState::Expired | ClearanceState::Waiting => {
            format!("the request ran out; ask again with `lanyard approvals renew {}`", known.id)
        }
        ClearanceState::Cancelled => format!("called off{said} ({})", known.id),
    }
}

fn asks_whom(rule: &str, by: &[Approver]) -> String {
    let names: Vec<_> = by.iter().map(ToString::to_string).collect();
    format!("{rule} asks {}", names.join(" or "))
}

/// The gate of a part that stops; one that is asked for the first time gets its clearance's name afterwards.
fn stand_in(stop: &Verdict, gating: &Gating<'_>) -> Gate {
    match stop {
        Verdict::Held(_, until, why) => Gate::Held { until: *until, why: why.clone() },
        Verdict::Waiting(id, until, why) => {
            Gate::Waiting { clearance: id.clone(), until: *until, why: why.clone() }
        }
        Verdict::Refused(_, why) => Gate::blocked(Block::Refused, why.clone()),
        Verdict::Ask(_, rule) => Gate::Held { until: gating.now, why: rule.clone() },
        Verdict::Free | Verdict::Cleared(_) => Gate::Open,
    }
}

fn waits_for(asked: &Clearance, gating: &Gating<'_>) -> Gate {
    match asked.kind {
        ClearanceKind::Hold => {
            let until = asked.until.unwrap_or(gating.now);
            let seconds = u64::try_from(until.as_second() - asked.asked_at.as_second()).unwrap_or(0);
            Gate::Held { until, why: format!("{} asks for {} first", asked.rule, span(seconds)) }
        }
        _ => Gate::Waiting {
            clearance: asked.id.clone(),
            until: asked.until,
            why: asks_whom(&asked.rule, asked.demand.as_ref().map_or(&[], |demand| &demand.by)),
        },
    }
}

fn ask(
    kind: ClearanceKind,
    rule: &str,
    demand: &Demand,
    lines: Vec<GatedLine>,
    plan: &Plan,
    gating: &Gating<'_>,
) -> Clearance {
    let seconds = match kind {
        ClearanceKind::Hold => demand.hold_seconds,
        _ => demand.approval.as_ref().map(|approval| approval.expires_seconds),
    };
    let until = seconds
        .map(|seconds| jiff::SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX)))
        .and_then(|span| gating.begins.checked_add(span).ok());
    let mut hash = Sha256::new();
    for part in
        [kind.as_str(), &plan.identity.to_string(), plan.site.as_str(), rule, &gating.begins.to_string()]
    {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    for line in &lines {
        hash.update((line.key.len() as u64).to_be_bytes());
        hash.update(line.key.as_bytes());
    }
    let hex: String = hash.finalize()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    Clearance {
        id: format!("clr_{hex}"),
        version: 0,
        kind,
        identity: plan.identity.clone(),
        person: plan.person.clone(),
        site: plan.site.clone(),
        rule: rule.to_owned(),
        lines,
        plan: plan.id.clone(),
        state: ClearanceState::Waiting,
        asked_at: gating.begins,
        until,
        demand: demand.approval.clone(),
        manager: gating.manager.cloned(),
        votes: Vec::new(),
        ended: None,
        over: false,
        spent: BTreeSet::new(),
    }
}

/// `3 days`, `4 hours`, `90 seconds`.
pub fn span(seconds: u64) -> String {
    let (count, unit) = match seconds {
        s if s >= 86_400 && s % 86_400 == 0 => (s / 86_400, "day"),
        s if s >= 3600 && s % 3600 == 0 => (s / 3600, "hour"),
        s if s >= 60 && s % 60 == 0 => (s / 60, "minute"),
        s => (s, "second"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

/// What ends because its reason went away, and holds and approvals whose time is over: the changed clearances, each with
/// the sentence for the journal. `wanted` names those that still have a reason.
///
/// Nothing is concluded from a decision that sets the person aside: it says nothing about any reason. What an undo asked
/// has its reason in whoever takes something back, and ends with that.
pub fn settle(
    known: &[Clearance],
    wanted: &BTreeSet<String>,
    lifecycle: &Lifecycle,
    now: Timestamp,
) -> Vec<(Clearance, String)> {
    if matches!(lifecycle, Lifecycle::Aside { .. }) {
        return Vec::new();
    }
    let mut changed = Vec::new();
    for clearance in known.iter().filter(|known| !known.over) {
        let mut after = clearance.clone();
        if !is_asked_by_undo(clearance) && !wanted.contains(&clearance.id) {
            after.over = true;
            if after.state.is_open() && !all_spent(clearance) {
                after.state = ClearanceState::Cancelled;
                after.ended = Some((now, "the reason went away".into()));
                changed.push((after, format!("{} ended: its reason went away", clearance.kind.as_str())));
            } else {
                changed.push((after, String::new()));
            }
            continue;
        }
        let due = clearance.until.is_some_and(|until| until <= now);
        match (clearance.kind, clearance.state) {
            (ClearanceKind::Hold, ClearanceState::Waiting) if due => {
                after.state = ClearanceState::Granted;
                after.ended = Some((now, "the time is over".into()));
                changed.push((after, "hold is over".into()));
            }
            (ClearanceKind::Approval, ClearanceState::Waiting) if due => {
                after.state = ClearanceState::Expired;
                after.ended = Some((now, "nobody decided in time".into()));
                changed.push((after, "request ran out: nobody decided in time".into()));
            }
            _ => {}
        }
    }
    changed
}

/// Whether an undo asked it, under a rule of its own or under another.
pub fn is_asked_by_undo(clearance: &Clearance) -> bool {
    clearance.kind != ClearanceKind::Undone
        && (clearance.rule == UNDO || clearance.plan.as_str().starts_with(UNDO_PLAN))
}

fn all_spent(clearance: &Clearance) -> bool {
    !clearance.lines.is_empty() && clearance.lines.iter().all(|line| clearance.spent.contains(&line.key))
}

/// Whether a request can be decided at `now`.
///
/// # Errors
/// The word for what it is instead: decided, run out, or over.
pub fn decidable(clearance: &Clearance, now: Timestamp) -> Result<(), &'static str> {
    let in_time = clearance.kind == ClearanceKind::Hold || clearance.until.is_none_or(|until| now < until);
    match clearance.state {
        _ if clearance.over => Err("over"),
        ClearanceState::Waiting if in_time => Ok(()),
        ClearanceState::Waiting => Err("run out"),
        state => Err(state.as_str()),
    }
}

/// The request after one more vote by somebody who has a say in it. One no decides; yeses decide once there are as many
/// as were asked for, each by somebody else.
pub fn voted(mut clearance: Clearance, vote: Vote) -> Clearance {
    let (at, yes) = (vote.at, vote.yes);
    let words = |what: &str| said(what, &vote.by, &vote.reason);
    let (approved, declined, released) = (words("approved"), words("declined"), words("released"));
    clearance.votes.push(vote);
    let quorum = clearance.demand.as_ref().map_or(1, |demand| demand.quorum as usize);
    match (clearance.kind, yes) {
        (ClearanceKind::Undone, false) => {}
        (_, false) => {
            clearance.state = ClearanceState::Declined;
            clearance.ended = Some((at, declined));
        }
        // An undo is released: what it kept away may come again.
        (ClearanceKind::Undone, true) => {
            clearance.state = ClearanceState::Cancelled;
            clearance.over = true;
            clearance.ended = Some((at, released));
        }
        (kind, true) if clearance.ayes() >= quorum => {
            clearance.state = ClearanceState::Granted;
            clearance.ended = Some((at, approved));
            if kind == ClearanceKind::Cap {
                clearance.until = at.checked_add(jiff::SignedDuration::from_secs(CAP_GRANT_SECONDS)).ok();
            }
        }
        _ => {}
    }
    clearance
}

/// Who said what, and why if they told: `approved by Ana: she moves in today`.
pub fn said(what: &str, by: &str, reason: &str) -> String {
    match reason {
        "" => format!("{what} by {by}"),
        reason => format!("{what} by {by}: {reason}"),
    }
}

/// Why nobody decides about themselves.
pub const ABOUT_ONESELF: &str = "it is about yourself: somebody else must decide";

/// Why somebody may not vote on a request; `None`: they may.
pub struct Voter<'a> {
    /// Every identity that is them.
    pub identities: &'a [IdentityId],
    pub emails: &'a [String],
    pub roles: &'a [String],
    /// Groups one of their identities is in.
    pub groups: &'a BTreeSet<lanyard_model::id::GroupId>,
}

/// What gives this voter a say in a request.
///
/// # Errors
/// Why they have none.
pub fn capacity(clearance: &Clearance, voter: &Voter<'_>, now: Timestamp) -> Result<String, String> {
    if voter.identities.contains(&clearance.identity) {
        return Err(ABOUT_ONESELF.into());
    }
    let late = clearance.demand.as_ref().and_then(|demand| {
        let after = i64::try_from(demand.escalate_seconds?).ok()?;
        clearance.asked_at.checked_add(jiff::SignedDuration::from_secs(after)).ok()
    });
    let escalated = late.is_some_and(|at| at <= now);
    let owners = [Approver::Role("owner".into()), Approver::Role("approver".into())];
    let mut may: Vec<&Approver> = match (&clearance.demand, clearance.kind) {
        (Some(demand), _) => demand.by.iter().collect(),
        // Limits, holds and undos are decided by whoever may decide anything.
        (None, _) => owners.iter().collect(),
    };
    if let (Some(demand), true) = (&clearance.demand, escalated) {
        may.extend(&demand.escalate_to);
    }
    let is = |approver: &&Approver| match approver {
        Approver::Manager => {
            clearance.manager.as_ref().is_some_and(|manager| voter.identities.contains(manager))
        }
        Approver::Role(role) => voter.roles.contains(role),
        Approver::Group(group) => voter.groups.contains(group),
        Approver::Person(mail) => voter.emails.iter().any(|own| own.eq_ignore_ascii_case(mail)),
    };
    if let Some(by) = may.iter().find(|approver| is(approver)) {
        return Ok(by.to_string());
    }
    let names: Vec<_> = may.iter().map(ToString::to_string).collect();
    Err(format!("it takes {}", names.join(" or ")))
}
