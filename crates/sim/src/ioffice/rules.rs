//! Reservation rules (§8.2): kept verbatim per center, sent as JSON, answered as JSON inside a string, and evaluated.

use serde_json::{Value, json};

use super::{
    call::Call,
    categories,
    noun::Noun,
    reservations::Reservation,
    settings::SilentWrite,
    state::State,
    table::Id,
    users::{Role, User},
    view::View,
    wire::{Answer, Outcome, Refusal, as_id},
};

const PUBLISHED: &[&str] =
    &["OnlyDuringWorkHours", "MaxDuration", "MinimumDuration", "MaxLeadTime", "IncludeAllMembers"];
/// the simulator's spelling.
const MEMBERSHIP: &[&str] = &["IncludeUsers", "ExcludeUsers", "IncludeCategories", "ExcludeCategories"];
const BOOLEAN: &[&str] = &["OnlyDuringWorkHours", "IncludeAllMembers"];
const SCOPES: &[(&str, Noun)] =
    &[("neighborhoodId", Noun::Neighborhood), ("roomTypeId", Noun::RoomType), ("roomId", Noun::Room)];
const RULES_MAX: usize = 2_000;
/// The hours of a center are unpublished: Monday to Friday, 08:00 to 18:00 UTC.
const WORK_HOURS: (i8, i8) = (8, 18);
const MINUTE_MILLIS: i64 = 60_000;

pub(crate) fn put(call: &mut Call<'_>) -> Outcome {
    let body = call.fields()?;
    let center =
        body.get("centerId").and_then(as_id).ok_or_else(|| Refusal::invalid("centerId is required"))?;
    if call.state.center_module(center) != "reservation" {
        return Err(Refusal::invalid("centerId must be a reservation center"));
    }
    let role = call.state.users.get(call.caller()).and_then(|caller| caller.role_in(center));
    if !call.is_site_admin() && role != Some(Role::Administrator) {
        return Err(Refusal::denied("the caller does not administer the center"));
    }
    let sent = body
        .get("ruleList")
        .and_then(Value::as_array)
        .ok_or_else(|| Refusal::invalid("ruleList is required"))?;
    if sent.len() > RULES_MAX {
        return Err(Refusal::invalid("ruleList is too long"));
    }
    let stored = call.state.rules.get(&center).cloned().unwrap_or_default();
    let mut list: Vec<Value> = Vec::with_capacity(sent.len());
    for rule in sent {
        let rule = normal(rule.clone());
        // Rules that are already there come back verbatim from clients that keep what they do not understand.
        if !stored.contains(&rule) && !admitted(call, &rule)? {
            continue;
        }
        if !list.contains(&rule) {
            list.push(rule);
        }
    }
    set(call, center, list);
    let rules = rules_text(&call.view(), Noun::Center, center);
    let name = call.state.doc(Noun::Center, center).map_or("", |center| center.name());
    Answer::ok(json!({"id": center, "name": name, "rules": rules}))
}

pub(crate) fn set(call: &mut Call<'_>, center: Id, list: Vec<Value>) {
    let before = call.state.rules.get(&center).cloned().unwrap_or_default();
    let after = Value::Array(list.clone());
    call.state.rules.insert(center, list);
    if let Some(mut doc) = call.state.doc(Noun::Center, center).cloned() {
        doc.updated = call.now();
        doc.updated_by = call.caller();
        call.state.replace_doc(Noun::Center, center, doc);
    }
    call.record("reservation rules", center.into(), &Value::Array(before), &after);
}

/// Boolean rules lose their `value`.
fn normal(mut rule: Value) -> Value {
    let boolean = rule.get("$type$").and_then(Value::as_str).is_some_and(|kind| BOOLEAN.contains(&kind));
    let truth = rule.get("value").is_some_and(|value| value == "true" || *value == true);
    if let (true, true, Some(object)) = (boolean, truth, rule.as_object_mut()) {
        object.shift_remove("value");
    }
    rule
}

/// Whether a new rule is stored; false leaves it out without an error.
fn admitted(call: &Call<'_>, rule: &Value) -> Result<bool, Refusal> {
    let kind =
        rule.get("$type$").and_then(Value::as_str).ok_or_else(|| Refusal::invalid("a rule needs $type$"))?;
    if MEMBERSHIP.contains(&kind) {
        match call.settings.rule_users_json {
            SilentWrite::Accept => {}
            SilentWrite::Ignore => return Ok(false),
            SilentWrite::Reject400 => return Err(Refusal::invalid(format!("unknown rule {kind}"))),
        }
    } else if !PUBLISHED.contains(&kind) {
        return Err(Refusal::invalid(format!("unknown rule {kind}")));
    }
    if kind.contains("Duration") || kind == "MaxLeadTime" {
        minutes(rule).ok_or_else(|| Refusal::invalid(format!("{kind} needs a value like \"480m\"")))?;
    }
    for (name, noun) in SCOPES {
        if let Some(id) = rule.get(name) {
            let id = as_id(id).filter(|&id| call.state.exists(*noun, id));
            id.ok_or_else(|| Refusal::invalid(format!("{name} names no {}", noun.word())))?;
        }
    }
    Ok(true)
}

/// The text under selector `rules`: of a center its whole list, of a narrower scope the rules about it.
pub(crate) fn rules_text(view: &View<'_>, noun: Noun, id: Id) -> Option<String> {
    let rules = &view.state.rules;
    let scope = SCOPES.iter().find(|(_, scope)| *scope == noun).map(|(name, _)| *name);
    match scope {
        None => rules.get(&id).map(|list| json!({"centerId": id, "ruleList": list}).to_string()),
        Some(name) => {
            let about = |rule: &&Value| rule.get(name).and_then(as_id) == Some(id);
            let list: Vec<&Value> = rules.values().flatten().filter(about).collect();
            (!list.is_empty()).then(|| json!(list).to_string())
        }
    }
}

fn minutes(rule: &Value) -> Option<i64> {
    rule.get("value")?.as_str()?.strip_suffix('m')?.parse().ok().filter(|minutes| *minutes >= 0)
}

/// How narrow a rule is, if it applies to a room at all: center < neighbourhood < space type < space.
fn specificity(state: &State, rule: &Value, room: Id) -> Option<u8> {
    let scoped = |name: &str| rule.get(name).and_then(as_id);
    if let Some(id) = scoped("roomId") {
        return (id == room).then_some(3);
    }
    if let Some(id) = scoped("roomTypeId") {
        let kind = state.doc(Noun::Room, room).map_or(0, |room| room.reference("type"));
        return (id == kind).then_some(2);
    }
    if let Some(id) = scoped("neighborhoodId") {
        let sections = state.children(Noun::Section, id).iter();
        let holds = sections
            .filter_map(|&section| state.doc(Noun::Section, section))
            .any(|section| section.references("rooms").any(|other| other == room));
        return holds.then_some(1);
    }
    Some(0)
}

/// The rules that count for a room: of each type, those of its narrowest applicable scope.
fn applicable(state: &State, center: Id, room: Id) -> Vec<(&str, &Value)> {
    let rules = state.rules.get(&center).map_or(&[][..], Vec::as_slice);
    let scored: Vec<(u8, &str, &Value)> = rules
        .iter()
        .filter_map(|rule| Some((specificity(state, rule, room)?, rule.get("$type$")?.as_str()?, rule)))
        .collect();
    let narrowest =
        |kind: &str| scored.iter().filter(|(_, other, _)| *other == kind).map(|(score, ..)| *score).max();
    scored
        .iter()
        .filter(|(score, kind, _)| narrowest(kind) == Some(*score))
        .map(|&(_, kind, rule)| (kind, rule))
        .collect()
}

/// Refuses a booking that breaks a rule.
pub(crate) fn check_booking(state: &State, row: &Reservation, now: i64) -> Result<(), Refusal> {
    let host = state.users.get(row.user);
    let rules = applicable(state, row.center, row.room);
    let refuse = |kind: &str| {
        Err(Refusal::invalid(format!("the reservation is not allowed ({kind}): contact your administrator")))
    };
    for &(kind, rule) in &rules {
        let limit = || minutes(rule).map_or(i64::MAX, |minutes| minutes.saturating_mul(MINUTE_MILLIS));
        let length = row.taken_until() - row.start;
        let holds = match kind {
            "MaxDuration" => length <= limit(),
            "MinimumDuration" => length >= minutes(rule).unwrap_or(0).saturating_mul(MINUTE_MILLIS),
            "MaxLeadTime" => row.start - now <= limit(),
            "OnlyDuringWorkHours" => in_work_hours(row.start, row.taken_until()),
            _ => true,
        };
        if !holds {
            return refuse(kind);
        }
    }
    match host.and_then(|host| membership_broken(state, &rules, host)) {
        Some(kind) => refuse(kind),
        None => Ok(()),
    }
}

/// The first membership rule that a user does not meet. Several Include rules of one type add up.
fn membership_broken<'a>(state: &State, rules: &[(&'a str, &Value)], user: &User) -> Option<&'a str> {
    let met = |kind: &str, rule: &Value| match kind {
        "IncludeUsers" | "ExcludeUsers" => {
            ids(rule).any(|id| state.users.get(id).is_some_and(|named| std::ptr::eq(named, user)))
        }
        "IncludeCategories" | "ExcludeCategories" => {
            let held: Vec<Id> =
                user.cost_centers.iter().copied().chain([user.cost_center]).filter(|&id| id != 0).collect();
            ids(rule).any(|id| {
                held.iter().any(|&item| item == id || categories::ancestors(state, item).contains(&id))
            })
        }
        "IncludeAllMembers" => {
            let neighborhood = rule.get("neighborhoodId").and_then(as_id);
            let home =
                state.doc(Noun::Section, user.section).map(|section| section.reference("neighborhood"));
            neighborhood.is_none() || home == neighborhood
        }
        _ => true,
    };
    rules.iter().map(|(kind, _)| *kind).find(|kind| {
        let mut same = rules.iter().filter(|(other, _)| other == kind);
        match *kind {
            "ExcludeUsers" | "ExcludeCategories" => same.any(|(kind, rule)| met(kind, rule)),
            kind if kind.starts_with("Include") => !same.any(|(kind, rule)| met(kind, rule)),
            _ => false,
        }
    })
}

fn ids(rule: &Value) -> impl Iterator<Item = Id> {
    rule.get("value")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .split(',')
        .filter_map(|id| id.trim().parse().ok())
}

/// Whether some reservation center's membership rules let a user book a room (`reservableByRules`).
pub(crate) fn membership_allows(state: &State, user: Id, room: Id) -> bool {
    let Some(user) = state.users.get(user) else { return true };
    let building = state.building_of_room(room);
    let centers = state.docs(Noun::Center).iter();
    let mut serving = centers.filter(|(_, center)| {
        center.text("module") == "reservation" && center.references("buildings").any(|id| id == building)
    });
    serving.any(|(center, _)| {
        !state.rules.contains_key(&center)
            || membership_broken(state, &applicable(state, center, room), user).is_none()
    })
}

fn in_work_hours(start: i64, end: i64) -> bool {
    let civil = |millis| {
        jiff::Timestamp::from_millisecond(millis)
            .ok()
            .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).datetime())
    };
    let (Some(start), Some(end)) = (civil(start), civil(end)) else { return false };
    let weekday = start.date().weekday().to_monday_one_offset() <= 5;
    let closing =
        end.hour() < WORK_HOURS.1 || (end.hour() == WORK_HOURS.1 && end.minute() == 0 && end.second() == 0);
    weekday && start.date() == end.date() && start.hour() >= WORK_HOURS.0 && closing
}
