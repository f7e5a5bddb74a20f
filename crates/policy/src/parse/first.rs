//! Reads `but_first`: holds, approvals and stages before what a rule gives or takes; and the window for removals.

use jiff::civil::{Time, Weekday};
use lanyard_model::clearance::{ApprovalDemand, Approver, Demand, Stage};

use super::rules::zone;
use crate::{
    date,
    document::{Document, Window},
    reader::{Section, Text},
};

const DAY: u64 = 86_400;
const UNITS: [(&str, u64); 4] = [("day", DAY), ("hour", 3600), ("minute", 60), ("second", 1)];

/// Every rule that asks something first, by its id.
pub(super) fn read(root: &Section<'_>, document: &mut Document) {
    let mut found: Vec<(String, Demand)> = Vec::new();
    let mut note = |rule: String, section: &Section<'_>, document: &Document| {
        if let Some(demand) = demand(section, "but_first", document) {
            found.push((rule, demand));
        }
    };
    for flow in root.sections("flow") {
        if let Some(id) = flow.string("id") {
            note(id, &flow, document);
        }
    }
    if let Some(lifecycle) = root.section("lifecycle") {
        for (at, mark) in lifecycle.sections("ended").iter().enumerate() {
            let id = mark.string("id").unwrap_or_else(|| format!("ended-{}", at + 1));
            note(format!("lifecycle.ended.{id}"), mark, document);
        }
        for (at, leave) in lifecycle.sections("leave").iter().enumerate() {
            let id = leave.string("id").unwrap_or_else(|| format!("leave-{}", at + 1));
            note(format!("lifecycle.leave.{id}"), leave, document);
        }
        for key in ["end", "deactivated", "deleted", "new_account"] {
            if let Some(section) = lifecycle.section(key) {
                note(format!("lifecycle.{key}"), &section, document);
            }
        }
    }
    if let Some(scope) = root.section("scope") {
        note("scope".into(), &scope, document);
    }
    if let Some(guardrails) = root.section("guardrails") {
        if let Some(demand) = demand(&guardrails, "removals_but_first", document) {
            found.push(("policy".into(), demand));
        }
        document.window = guardrails.section("removal_window").map(|section| window(&section));
    }
    document.demands = found.into_iter().collect();
}

fn demand(section: &Section<'_>, key: &'static str, document: &Document) -> Option<Demand> {
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
    let approval = (!by.is_empty()).then_some(ApprovalDemand {
        by,
        quorum,
        expires_seconds,
        escalate_seconds,
        escalate_to,
    });
    Some(Demand { hold_seconds, approval, stages })
}

fn approver(text: &Text, section: &Section<'_>, document: &Document) -> Vec<Approver> {
    let value = text.value.as_str();
    match value.split_once(':') {
        None if value == "manager" => vec![Approver::Manager],
        Some(("role", role)) if !role.trim().is_empty() => vec![Approver::Role(role.trim().to_owned())],
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
