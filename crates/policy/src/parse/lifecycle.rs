//! Reads `[lifecycle]`.

use std::collections::BTreeMap;

use lanyard_model::desired::Loses;

use super::{
    failing, known,
    rules::{formats, zone},
    when::conditions,
};
use crate::{
    date::DateFormat,
    document::{BookingRule, Document, EndRule, HandOver, Keep, LeaveRule, Mark, Rules, StartRule},
    reader::Section,
};

pub(super) fn read(root: &Section<'_>, document: &mut Document) {
    let mut rules =
        Rules { dates: DateFormat::parse("YYYY-MM-DD").into_iter().collect(), ..Rules::default() };
    if let Some(section) = root.section("lifecycle") {
        if let Some(zone) = zone(&section, "zone") {
            rules.zone = zone;
        }
        rules.zone_attribute = section.attribute("zone_attribute").map(Into::into);
        if let Some(value) = section.get("dates") {
            rules.dates = formats(&value);
        }
        rules.settle_seconds = section.integer("settle_seconds", 0..86_401).unwrap_or(rules.settle_seconds);
        rules.tell = channels(&section, "tell", &document.channels);
        rules.start = section.section("start").and_then(|section| start(&section));
        rules.end = section.section("end").and_then(|section| end(&section, document));
        for (at, mark) in section.sections("ended").iter().enumerate() {
            let id = mark.string("id").unwrap_or_else(|| format!("ended-{}", at + 1));
            let conditions = needed_conditions(mark, document);
            mark.get("but_first");
            failing::of_rule(&format!("lifecycle.ended.{id}"), mark, document);
            mark.finish();
            rules.ended.push(Mark { id, conditions, spot: mark.spot() });
        }
        for (at, leave) in section.sections("leave").iter().enumerate() {
            let id = leave.string("id").unwrap_or_else(|| format!("leave-{}", at + 1));
            let conditions = needed_conditions(leave, document);
            let loses = loses(leave, "loses");
            leave.get("but_first");
            failing::of_rule(&format!("lifecycle.leave.{id}"), leave, document);
            leave.finish();
            rules.leave.push(LeaveRule { id, conditions, loses, spot: leave.spot() });
        }
        rules.bookings = section.sections("bookings").iter().filter_map(bookings).collect();
        for key in ["deactivated", "deleted", "new_account"] {
            // Nothing is said of these but what is asked first.
            if let Some(section) = section.section(key) {
                section.get("but_first");
                failing::of_rule(&format!("lifecycle.{key}"), &section, document);
                section.finish();
            }
        }
        section.finish();
    }
    document.lifecycle = rules;
}

/// A rule of this kind without conditions would concern everybody: surely a slip.
pub(super) fn needed_conditions(
    section: &Section<'_>,
    document: &Document,
) -> Vec<crate::condition::Condition> {
    let list = conditions(section, "if", &document.groups);
    if list.is_empty() && section.get("if").is_none_or(|value| value.is_list() && value.list().is_empty()) {
        section.error("this rule would concern everybody", Some("add if = [ … ]".into()));
    }
    list
}

pub(super) fn channels(
    section: &Section<'_>,
    key: &'static str,
    known_channels: &BTreeMap<String, crate::guardrail::Channel>,
) -> Vec<String> {
    let mut names = Vec::new();
    for text in section.texts(key) {
        let complain = |message, fix| section.report.error(&text.span, message, fix);
        if known(&text.value, known_channels, "[notify] entry", complain).is_some() {
            names.push(text.value);
        }
    }
    names
}

fn start(section: &Section<'_>) -> Option<StartRule> {
    let attribute = section.needed("attribute").map(|text| super::flow::dated(section, text));
    let rule = StartRule {
        attribute: attribute.unwrap_or_default().into(),
        prepare_days: section.integer("prepare_days", 0..366).unwrap_or(0),
        wait_without_date: section
            .word("without_date", &[("wait", true), ("set aside", false)])
            .unwrap_or(true),
    };
    section.finish();
    (!rule.attribute.name.is_empty()).then_some(rule)
}

fn end(section: &Section<'_>, document: &mut Document) -> Option<EndRule> {
    let attribute = section.needed("attribute").map(|text| super::flow::dated(section, text));
    let rule = EndRule {
        attribute: attribute.unwrap_or_default().into(),
        conditions: conditions(section, "if", &document.groups),
        inclusive: section
            .word("the_day_itself", &[("still counts", true), ("no longer counts", false)])
            .unwrap_or(true),
        warn_days: section.integer("warn_days", 0..366).unwrap_or(0),
        tell: channels(section, "tell", &document.channels),
        spot: section.spot(),
    };
    section.get("but_first");
    failing::of_rule("lifecycle.end", section, document);
    section.finish();
    (!rule.attribute.name.is_empty()).then_some(rule)
}

/// What becomes of bookings of some kind, of a leaver and of somebody on a leave that takes bookings.
fn bookings(section: &Section<'_>) -> Option<BookingRule> {
    let kinds = section.strings("kind").iter().map(|kind| lanyard_model::fold::text(kind)).collect();
    let keep = section.word("then", &[("cancel", false), ("keep", true)]);
    let days = section.integer("days", 0..3_651).map(Keep::Days);
    let until = section.text("until").and_then(|text| {
        let day = text.value.trim().parse().ok();
        if day.is_none() {
            let fix = Some("write it like 2026-09-30".into());
            section.report.error(&text.span, format!("\"{}\" is no day", text.value), fix);
        }
        day.map(Keep::Until)
    });
    let to =
        section.word("hand_over_to", &[("manager", HandOver::Manager), ("delegate", HandOver::Delegate)]);
    let hand_over = match section.boolean("hand_over") {
        Some(false) => None,
        Some(true) => Some(to.unwrap_or(HandOver::Manager)),
        None => to,
    };
    if section.get("then").is_none() {
        section.missing("then");
    }
    let named = |key| section.get(key).is_some();
    if keep == Some(false) && (named("days") || named("until") || hand_over.is_some()) {
        let fix = "write then = \"keep\", or take days, until and hand_over away";
        section.error("what is cancelled is neither kept for days nor handed over", Some(fix.into()));
    }
    if keep == Some(true) && !named("days") && !named("until") {
        let fix = "add days = 14: bookings that begin within two weeks of the end stay, later ones are cancelled; or \
                   until = \"2026-12-31\"";
        section.error("for how many days are they kept?", Some(fix.into()));
    }
    if named("days") && named("until") {
        let fix = "keep one of days and until: the first rule that fits a booking counts";
        section.error("until when are they kept: for days, or until a day?", Some(fix.into()));
    }
    section.finish();
    Some(BookingRule { kinds, keep: days.or(until).filter(|_| keep == Some(true)), hand_over })
}

pub(super) fn loses(section: &Section<'_>, key: &'static str) -> Loses {
    let Some(value) = section.get(key) else { return Loses { roles: true, doors: true, ..Loses::default() } };
    let mut loses = Loses::default();
    for text in value.texts() {
        match text.value.as_str() {
            "permissions" => loses.roles = true,
            "doors" => loses.doors = true,
            "categories" => loses.items = true,
            "seat" => loses.seat = true,
            "bookings" => loses.bookings = true,
            "account" => loses.account = true,
            other => section.report.error(
                &text.span,
                format!("\"{other}\" cannot be taken"),
                Some("known: permissions, doors, categories, seat, bookings, account".into()),
            ),
        }
    }
    loses
}
