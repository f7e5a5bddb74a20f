//! What a draft means to each person: two plans for each, compared, in words.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashMap, HashSet};
use lanyard_model::{
    clearance::{GatedLine, bookings_to},
    desired::Because,
    id::{AccountId, IdentityId, SiteId},
    plan::{Effect, Gate, Plan},
};
use lanyard_plan::{lines, render::render_because};
use serde::Serialize;

use super::{
    Population,
    outlook::{HandedOver, Outlook, Place, Told},
};
use crate::cores::on_all_cores;

/// What the draft means to one person in one site, beyond what is open anyway.
#[derive(Debug, Clone, Serialize)]
pub struct PersonEffect {
    pub identity: IdentityId,
    pub person: String,
    pub site: SiteId,
    pub gains: Vec<String>,
    pub loses: Vec<String>,
    pub moves: Vec<String>,
    pub changes: Vec<String>,
    /// Held, asked about, or without a free desk.
    pub waits: Vec<String>,
    /// Open under the policy in force, and no longer under the draft.
    pub no_longer: Vec<String>,
    /// Names of the changes that each text of gains, loses, moves and changes tells of: what can be left out of a seal.
    pub lines: BTreeMap<String, BTreeSet<String>>,
    /// Why, by the same texts (those of waits and `no_longer` too): places in [`WhatIf::reasons`].
    pub because: BTreeMap<String, Vec<usize>>,
    #[serde(skip)]
    pub(super) keys: BTreeSet<String>,
}

/// Reasons, each told once: thousands of people have the same.
#[derive(Default)]
pub(super) struct Reasons {
    pub(super) texts: Vec<String>,
    known: HashMap<String, usize>,
}

impl Reasons {
    fn of(&mut self, because: &[Because]) -> Vec<usize> {
        let mut places: Vec<usize> = because.iter().map(|one| self.place(render_because(one))).collect();
        places.dedup();
        places
    }

    /// Those of a part of the people, numbered anew.
    fn take_over(&mut self, mut effects: Vec<PersonEffect>, part: Self) -> Vec<PersonEffect> {
        let places: Vec<_> = part.texts.into_iter().map(|text| self.place(text)).collect();
        for place in effects.iter_mut().flat_map(|one| one.because.values_mut()).flatten() {
            *place = places[*place];
        }
        effects
    }

    fn place(&mut self, text: String) -> usize {
        let next = self.texts.len();
        *self.known.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            next
        })
    }
}

/// What becomes of future bookings, in words.
struct Said<'o> {
    text: String,
    of: &'o HandedOver,
}

impl Population {
    /// What becomes of somebody's future bookings in a site, with the name of whoever gets them.
    fn say_handed_over<'o>(&self, outlook: &'o Outlook, key: &Place) -> Vec<Said<'o>> {
        let name_of = |id: AccountId| {
            let of_site = self.sites.iter().find(|site| site.site == key.1)?;
            Some(format!("{}, account {id}", of_site.accounts.get(id)?.display_name()))
        };
        let say = |one: &'o HandedOver| {
            let whose = one.to.map(|id| name_of(id).unwrap_or_else(|| format!("account {id}")));
            let text = match whose {
                Some(whose) => format!("{} {}: {whose}", Effect::Move.symbol(), one.what),
                None => format!("{} {}", Effect::Move.symbol(), one.what),
            };
            Said { text, of: one }
        };
        outlook.handed_over.get(key).into_iter().flatten().map(say).collect()
    }
}

/// People that a thread compares at a time.
const CHUNK: usize = 4_096;

/// What the draft adds for everybody to what is open anyway, by person and site; reasons are numbered in that order, so that
/// equal answers number them alike.
pub(super) fn effects(
    today: &Outlook,
    then: &Outlook,
    population: &Population,
) -> (Vec<PersonEffect>, Reasons) {
    let pairs = pairs(today, then);
    let chunks: Vec<_> = pairs.chunks(CHUNK).collect();
    let of_chunk = |pairs: &[Pair<'_>]| {
        let mut reasons = Reasons::default();
        let effects = pairs.iter().filter_map(|pair| effect_on(*pair, today, then, population, &mut reasons));
        (effects.collect::<Vec<_>>(), reasons)
    };
    let parts = on_all_cores(chunks.len() as u32, 1, Vec::new, |part, some| {
        part.extend(some.map(|at| (at, of_chunk(chunks[at as usize]))));
    });
    let mut parts: Vec<_> = parts.into_iter().flatten().collect();
    parts.sort_unstable_by_key(|(at, _)| *at);
    let (mut people, mut reasons) = (Vec::new(), Reasons::default());
    for (_, (effects, of_part)) in parts {
        people.extend(reasons.take_over(effects, of_part));
    }
    (people, reasons)
}

/// Somebody in a site, with the plan under the policy in force and under the draft.
type Pair<'o> = (&'o Place, Option<&'o Plan>, Option<&'o Told>);

/// Whoever is not in step under either, in order.
fn pairs<'o>(today: &'o Outlook, then: &'o Outlook) -> Vec<Pair<'o>> {
    let mut pairs = Vec::with_capacity(today.plans.len().max(then.plans.len()));
    let mut before = today.plans.iter().peekable();
    for (place, told) in &then.plans {
        while let Some((other, (plan, _))) = before.next_if(|(other, _)| other < place) {
            pairs.push((other, Some(plan), None));
        }
        let same = before.next_if(|(other, _)| other == place);
        pairs.push((place, same.map(|(_, (plan, _))| plan), Some(told)));
    }
    pairs.extend(before.map(|(place, (plan, _))| (place, Some(plan), None)));
    pairs
}

fn effect_on(
    (key, before, told): Pair<'_>,
    today: &Outlook,
    then: &Outlook,
    population: &Population,
    reasons: &mut Reasons,
) -> Option<PersonEffect> {
    let bookings = [today, then].map(|outlook| population.say_handed_over(outlook, key));
    match (told, before) {
        (Some((plan, told)), _) => {
            let no_desk = then.no_desk.contains(key) && !today.no_desk.contains(key);
            effect_of(plan, told, before, no_desk, &bookings, reasons)
        }
        (None, Some(plan)) => {
            let quiet = Plan { steps: Vec::new(), ..plan.clone() };
            effect_of(&quiet, &[], before, false, &bookings, reasons)
        }
        (None, None) => None,
    }
}

/// What the draft adds to what is open anyway.
fn effect_of(
    plan: &Plan,
    told: &[Vec<GatedLine>],
    before: Option<&Plan>,
    no_desk: bool,
    [bookings_today, bookings_then]: &[Vec<Said<'_>>; 2],
    reasons: &mut Reasons,
) -> Option<PersonEffect> {
    let said = |plan: &Plan| -> HashSet<String> {
        plan.steps.iter().flat_map(|step| &step.differences).map(lines::sentence).collect()
    };
    let known = before.map(said).unwrap_or_default();
    let mut effect = PersonEffect {
        identity: plan.identity.clone(),
        person: plan.person.clone(),
        site: plan.site.clone(),
        gains: Vec::new(),
        loses: Vec::new(),
        moves: Vec::new(),
        changes: Vec::new(),
        waits: Vec::new(),
        no_longer: Vec::new(),
        lines: BTreeMap::new(),
        because: BTreeMap::new(),
        keys: BTreeSet::new(),
    };
    let mut any = false;
    for (at, step) in plan.steps.iter().enumerate() {
        for difference in &step.differences {
            let text = lines::sentence(difference);
            if known.contains(&text) {
                continue;
            }
            any = true;
            if let Some(why) = step.gate.why() {
                let text = format!("{text} ({why})");
                effect.because.insert(text.clone(), reasons.of(&difference.because));
                effect.waits.push(text);
                continue;
            }
            effect.because.insert(text.clone(), reasons.of(&difference.because));
            match difference.effect {
                Effect::Add => effect.gains.push(text),
                Effect::Remove => effect.loses.push(text),
                Effect::Move => effect.moves.push(text),
                Effect::Change => effect.changes.push(text),
            }
        }
        if step.gate == Gate::Open {
            for line in told.get(at).into_iter().flatten() {
                effect.keys.insert(line.key.clone());
                if !known.contains(&line.what) {
                    effect.lines.entry(line.what.clone()).or_default().insert(line.key.clone());
                }
            }
        }
    }
    if no_desk {
        any = true;
        effect.waits.push("a free desk".into());
    }
    let lacks = |known: &[Said<'_>], one: &Said<'_>| known.iter().all(|other| other.text != one.text);
    for one in bookings_then.iter().filter(|one| lacks(bookings_today, one)) {
        any = true;
        let (text, list) = match &one.of.waits {
            Some(why) => (format!("{} ({why})", one.text), &mut effect.waits),
            None if one.of.to.is_none() => (one.text.clone(), &mut effect.waits),
            None => (one.text.clone(), &mut effect.moves),
        };
        list.push(text.clone());
        if let Some(to) = one.of.to.filter(|_| one.of.waits.is_none()) {
            // Whose they become is sealed: to anybody else they go only once somebody agrees.
            effect.keys.insert(bookings_to(to));
            effect.lines.entry(text.clone()).or_default().insert(bookings_to(to));
        }
        effect.because.insert(text, reasons.of(&one.of.because));
    }
    let before = before.filter(|plan| !plan.is_quiet());
    let now = if before.is_some() { said(plan) } else { HashSet::default() };
    for difference in before.into_iter().flat_map(|plan| &plan.steps).flat_map(|step| &step.differences) {
        let text = lines::sentence(difference);
        if !now.contains(&text) && !effect.no_longer.contains(&text) {
            effect.because.insert(text.clone(), reasons.of(&difference.because));
            effect.no_longer.push(text);
        }
    }
    for one in bookings_today.iter().filter(|one| lacks(bookings_then, one)) {
        effect.because.insert(one.text.clone(), reasons.of(&one.of.because));
        effect.no_longer.push(one.text.clone());
    }
    effect.no_longer.sort();
    (any || !effect.no_longer.is_empty()).then_some(effect)
}
