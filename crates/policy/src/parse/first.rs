//! Reads `but_first`: holds, approvals and stages before what a rule gives or takes; and the window for removals.

use jiff::civil::{Time, Weekday};
use lanyard_model::clearance::{ApprovalDemand, Approver, Demand, Stage};

use super::rules::zone;
use crate::{
    date,
    document::{Document, Flow, Window},
    problem::nearest,
    reader::{Section, Text},
};

const DAY: u64 = 86_400;
/// Roles in the console.
const ROLES: [&str; 6] = ["viewer", "operator", "policy_editor", "approver", "auditor", "owner"];
const UNITS: [(&str, u64); 4] = [("day", DAY), ("hour", 3600), ("minute", 60), ("second", 1)];

/// Every rule that asks something first, by its id.
pub(super) fn read(root: &Section<'_>, document: &mut Document) {
    let mut found: Vec<(String, Demand)> = Vec::new();
    let mut note = |rule: String, section: &Section<'_>, ends: bool| {
        if let Some(demand) = demand(section, "but_first", ends, document) {
            found.push((rule, demand));
        }
    };
    for flow in root.sections("flow") {
        if let Some(id) = flow.string("id") {
            let denies = |known: &&Flow| known.id == id && known.gives.is_empty();
            if let Some(first) = flow.get("but_first")
                && document.flows.iter().find(denies).is_some_and(|known| !known.never.is_empty())
            {
                let message = format!("\"{id}\" only denies, and that waits for nobody");
                let fix = "take but_first away: a restriction holds at once";
                first.report.idle(&first.span, message, fix);
            }
            note(id, &flow, false);
        }
    }
    if let Some(lifecycle) = root.section("lifecycle") {
        for (at, mark) in lifecycle.sections("ended").iter().enumerate() {
            let id = mark.string("id").unwrap_or_else(|| format!("ended-{}", at + 1));
            note(format!("lifecycle.ended.{id}"), mark, true);
        }
        for (at, leave) in lifecycle.sections("leave").iter().enumerate() {
            let id = leave.string("id").unwrap_or_else(|| format!("leave-{}", at + 1));
            note(format!("lifecycle.leave.{id}"), leave, false);
        }
        for key in ["end", "deactivated", "deleted", "new_account"] {
            if let Some(section) = lifecycle.section(key) {
                note(format!("lifecycle.{key}"), &section, key != "new_account");
            }
        }
    }
    if let Some(scope) = root.section("scope") {
        note("scope".into(), &scope, true);
    }
    if let Some(guardrails) = root.section("guardrails") {
        if let Some(demand) = demand(&guardrails, "removals_but_first", false, document) {
            found.push(("policy".into(), demand));
        }
        document.window = guardrails.section("removal_window").map(|section| window(&section));
    }
    document.demands = found.into_iter().collect();
}

/// `ends`: whether somebody's standing ends by the rule, so that stages count from that end.
fn demand(section: &Section<'_>, key: &'static str, ends: bool, document: &Document) -> Option<Demand> {
    let first = section.section(key)?;
    let approvers = |key: &'static str| -> Vec<Approver> {
        first.texts(key).iter().flat_map(|text| approver(text, &first, document)).collect()
    };
    let by = approvers("approval");
    let escalate_to = approvers("escalate_to");
    let hold_seconds = first.text("hold").and_then(|text| span(&text, &first));
    let expires_seconds = first.text("expires").and_then(|text| span(&text, &first)).unwrap_or(7 * DAY);
    let escalate_seconds = first.text("escalate_after").and_then(|text| span(&text, &first));
    let quorum = first.integer("quorum", 1..10).map_or(1, |quorum| quorum as u32);
    let stages = first
        .sections("stages")
        .iter()
        .filter_map(|stage| {
            let after = stage.needed("after").and_then(|text| span(&text, stage));
            let takes = super::lifecycle::loses(stage, "takes");
            stage.finish();
            Some(Stage { after_seconds: after?, takes })
        })
        .collect::<Vec<_>>();
    if !ends && let Some(stages) = first.get("stages") {
        let fix = "write hold = \"7 days\" to wait, or put stages under what ends somebody's standing";
        stages.report.idle(
            &stages.span,
            "stages count from somebody's end, and nobody ends by this rule",
            fix,
        );
    }
    first.finish();
    let asks_nobody = by.is_empty() && first.get("approval").is_none();
    if asks_nobody && hold_seconds.is_none() && stages.is_empty() {
        first.error(
            "this asks for nothing",
            Some("write hold = \"3 days\", approval = [\"manager\"], or stages = [ … ]".into()),
        );
        return None;
    }
    if escalate_seconds.is_some() && escalate_to.is_empty() {
        first.error("to whom does it escalate?", Some("add escalate_to = [\"role:owner\"]".into()));
    }
    idle_approval(&first, &by, &escalate_to, quorum, expires_seconds, escalate_seconds);
    let approval = (!by.is_empty()).then_some(ApprovalDemand {
        by,
        quorum,
        expires_seconds,
        escalate_seconds,
        escalate_to,
    });
    Some(Demand { hold_seconds, approval, stages })
}

/// What of an approval can never come about.
fn idle_approval(
    first: &Section<'_>,
    by: &[Approver],
    escalate_to: &[Approver],
    quorum: u32,
    expires: u64,
    escalates: Option<u64>,
) {
    let idle = |key: &'static str, message: String, fix: &str| {
        if let Some(value) = first.get(key) {
            value.report.idle(&value.span, message, fix);
        }
    };
    if escalates.is_none() && !escalate_to.is_empty() {
        let message = "nobody is asked here: it is not said after how long".to_owned();
        idle("escalate_to", message, "add escalate_after = \"1 day\"");
    }
    if escalates.is_some_and(|after| after >= expires) {
        let message = "it escalates when the request has run out".to_owned();
        idle("escalate_after", message, "make it shorter than expires (7 days, where that says nothing)");
    }
    // One person has one vote: a manager, and whoever is named.
    let all: Vec<&Approver> = by.iter().chain(escalate_to.iter().filter(|_| escalates.is_some())).collect();
    let one = |approver: &&Approver| matches!(approver, Approver::Manager | Approver::Person(_));
    let voters: std::collections::BTreeSet<&&Approver> = all.iter().collect();
    if !by.is_empty() && all.iter().all(one) && (voters.len() as u64) < u64::from(quorum) {
        let message = format!("{quorum} must agree, and only {} can", voters.len());
        idle("quorum", message, "lower quorum, or name a role or a group");
    }
}

fn approver(text: &Text, section: &Section<'_>, document: &Document) -> Vec<Approver> {
    let value = text.value.as_str();
    match value.split_once(':') {
        None if value == "manager" => vec![Approver::Manager],
        Some(("role", role)) if !role.trim().is_empty() => {
            let role = role.trim();
            if !ROLES.contains(&role) {
                let fix = nearest(role, ROLES).unwrap_or_else(|| format!("known: {}", ROLES.join(", ")));
                section.report.idle(
                    &text.span,
                    format!("nobody has the role \"{role}\" in the console"),
                    fix,
                );
            }
            vec![Approver::Role(role.to_owned())]
        }
        Some(("person", mail)) if mail.contains('@') => vec![Approver::Person(mail.trim().to_owned())],
        Some(("group", name)) => match document.groups.get(name.trim()) {
            Some(group) => group.test.ids.iter().map(|(_, id)| Approver::Group(id.clone())).collect(),
            None => {
                let message = format!("there is no group \"{}\" in [groups]", name.trim());
                section.report.error(&text.span, message, None);
                vec![]
            }
        },
        _ => {
            let fix = "known: manager, role:NAME, group:NAME, person:ADDRESS";
            section.report.error(&text.span, format!("\"{value}\" cannot approve"), Some(fix.into()));
            vec![]
        }
    }
}

/// `3 days`, `4 hours`, `30 minutes`.
pub(super) fn span(text: &Text, section: &Section<'_>) -> Option<u64> {
    let read = || {
        let (count, unit) = text.value.trim().split_once(' ')?;
        let unit = unit.trim().trim_end_matches('s');
        let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        count.parse::<u64>().ok()?.checked_mul(*seconds).filter(|all| *all <= 3650 * DAY)
    };
    let found = read();
    if found.is_none() {
        let fix = "write it like \"3 days\", \"4 hours\" or \"30 minutes\"";
        section.report.error(&text.span, format!("\"{}\" is no span of time", text.value), Some(fix.into()));
    }
    found
}

fn window(section: &Section<'_>) -> Window {
    let clock = |key: &'static str, default: Time| {
        let Some(text) = section.text(key) else { return default };
        date::clock(&text.value).unwrap_or_else(|| {
            let message = format!("\"{}\" is no time of day", text.value);
            section.report.error(&text.span, message, Some("write it like 09:00".into()));
            default
        })
    };
    let from = clock("from", Time::constant(0, 0, 0, 0));
    let to = clock("to", Time::constant(23, 59, 59, 0));
    let names = [
        ("monday", Weekday::Monday),
        ("tuesday", Weekday::Tuesday),
        ("wednesday", Weekday::Wednesday),
        ("thursday", Weekday::Thursday),
        ("friday", Weekday::Friday),
        ("saturday", Weekday::Saturday),
        ("sunday", Weekday::Sunday),
    ];
    let mut days = Vec::new();
    for text in section.texts("days") {
        match names.iter().find(|(name, _)| *name == text.value.to_lowercase()) {
            Some((_, day)) => days.push(*day),
            None => section.report.error(
                &text.span,
                format!("\"{}\" is no day of the week", text.value),
                Some("monday to sunday".into()),
            ),
        }
    }
    let zone = zone(section, "zone").unwrap_or(jiff::tz::TimeZone::UTC);
    section.finish();
    if from >= to {
        section.error("the window is never open", Some("from must be before to".into()));
    }
    Window { from, to, days, zone }
}
