//! Reads `[[flow]]` and what flows give.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Time;
use lanyard_model::account::Role;

use super::{failing::Branches, known, lifecycle::channels, rules::field_name, when::conditions};
use crate::{
    date,
    document::{Centers, CostCenter, Document, DoorArea, Flow, Kind, Outcome, PlaceNames, SeatKind},
    guardrail::Channel,
    problem::nearest,
    reader::Section,
    table::{Table, seat_kind},
    typing::Usage,
};

/// The six templates, by the name a flow carries.
pub(crate) const TEMPLATES: [&str; 6] =
    ["new-user", "deactivation", "group-change", "reconciliation", "contractor-expiry", "profile-update"];

const FROM_TABLE: &str = "from table";

pub(super) fn read(root: &Section<'_>, document: &mut Document) -> Vec<Flow> {
    let mut flows = Vec::new();
    let mut failures = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for section in root.sections("flow") {
        let Some(id) = section.needed("id") else { continue };
        if !ids.insert(id.value.clone()) {
            let message = format!("there are two flows \"{}\"", id.value);
            section.report.error(&id.span, message, Some("give one another id".into()));
        }
        let template = section.word("template", &TEMPLATES.map(|name| (name, name)));
        let sentence = section.string("sentence");
        let table_name = section.text("look_up");
        let table = table_name.as_ref().and_then(|text| {
            known(&text.value, &document.tables, "table", |message, fix| {
                let fix = fix.or_else(|| Some(format!("add the file {}.csv", text.value)));
                section.report.error(&text.span, message, fix);
            })
        });
        let table = table.map(|table| &**table);
        let read = |outcome: &Section<'_>| read_outcome(outcome, table, table_name.is_some());
        let denials = section.sections("never");
        for denial in denials.iter().filter(|denial| denial.get("if_it_fails").is_some()) {
            denial.error("a restriction sends nothing that could fail", Some("take if_it_fails away".into()));
        }
        let never: Vec<Outcome> = denials.iter().filter_map(&read).collect();
        let mut branches = Branches::new(&read, &document.channels);
        let own: Vec<Outcome> =
            section.sections("then").iter().filter_map(|part| branches.outcome(part)).collect();
        let (gives, branches) = branches.finish(&section, own);
        if !branches.is_empty() {
            failures.insert(id.value.clone(), branches);
        }
        for denial in &never {
            let named = |area: &DoorArea| matches!(area, DoorArea::Named(_));
            let deniable = match &denial.kind {
                Kind::Role { .. } | Kind::Item { .. } => true,
                Kind::Door(areas) => areas.iter().all(named),
                _ => false,
            };
            if !deniable {
                let fix = "name a role, an item or an area";
                section.report.error(
                    &denial.spot.span,
                    "only roles, items and areas by name can be denied",
                    Some(fix.into()),
                );
            }
        }
        if gives.is_empty() && never.is_empty() && section.get("then").is_none() {
            section.error(format!("flow \"{}\" gives nothing", id.value), Some("add then = [ … ]".into()));
        }
        let is_door = |outcome: &&Outcome| matches!(outcome.kind, Kind::Door(_));
        if let Some(door) = gives.iter().find(is_door).filter(|_| document.door_holder.is_none()) {
            section.report.error(
                &door.spot.span,
                "who are people to the badge system?",
                Some("add [doors] with holder = \"employeeNumber\", the attribute it knows them by".into()),
            );
        }
        flows.push(Flow {
            template,
            sentence: sentence.unwrap_or_else(|| id.value.replace('-', " ")),
            priority: section.integer("priority", -1_000_000..1_000_001).unwrap_or(0),
            conditions: conditions(&section, "if", &document.groups),
            look_up: table.map(|table| table.name.clone()),
            table: None,
            never,
            until: {
                // What is asked first is read with everybody else's.
                section.get("but_first");
                section.text("until").map(|text| dated(&section, text).into())
            },
            tell: told(&section, &gives, &document.channels),
            spot: section.report.spot(id.span.clone()),
            gives,
            id: id.value,
        });
        section.finish();
    }
    document.failures.extend(failures);
    flows
}

/// Who is told of what a flow gave.
fn told(section: &Section<'_>, gives: &[Outcome], known: &BTreeMap<String, Channel>) -> Vec<String> {
    let tell = channels(section, "tell", known);
    if !tell.is_empty() && gives.is_empty() {
        section.error("there is nothing to tell: the flow gives nothing", Some("take tell away".into()));
    }
    tell
}

fn read_outcome(section: &Section<'_>, table: Option<&Table>, named: bool) -> Option<Outcome> {
    let mut kinds = Vec::new();
    if let Some(text) = section.text("place") {
        kinds.push(place(section, &text.value, &text.span));
    }
    if let Some(text) = section.text("role") {
        kinds.push(role(section, &text.value, &text.span));
    }
    if let Some(text) = section.text("roles") {
        kinds.push(only_from_table(section, "roles", &text.value).then_some(Kind::TableRoles));
    }
    if let Some(text) = section.text("item") {
        let kind = if text.value == FROM_TABLE {
            Kind::TableItems
        } else {
            Kind::Item { name: text.value, owns_all: owns_all(section) }
        };
        kinds.push(Some(kind));
    }
    if let Some(text) = section.text("cost_center") {
        let from = if text.value == FROM_TABLE { CostCenter::Table } else { CostCenter::Named(text.value) };
        kinds.push(Some(Kind::CostCenter(from)));
    }
    if let Some(text) = section.attribute("cost_center_from") {
        kinds.push(Some(Kind::CostCenter(CostCenter::Attribute(text.into()))));
    }
    if section.word("booking", &[("day one", ())]).is_some() {
        kinds.push(Some(Kind::Booking {
            title: section.string("title").unwrap_or_else(|| "First day".into()),
            kinds: section.strings("kind"),
            from: clock(section, "from", 9),
            to: clock(section, "to", 17),
        }));
    }
    if section.word("visit", &[("arrival", ())]).is_some() {
        kinds.push(Some(Kind::Visit {
            visitor_type: section.string("visitor_type"),
            notes: section.string("notes").unwrap_or_default(),
            at: clock(section, "at", 9),
        }));
    }
    let doors = section.texts("door");
    if !doors.is_empty() {
        let area = |text: crate::reader::Text| match text.value.as_str() {
            "building of their seat" => DoorArea::Building,
            "floor of their seat" => DoorArea::Floor,
            FROM_TABLE => DoorArea::Table,
            _ => DoorArea::Named(text.value),
        };
        kinds.push(Some(Kind::Door(doors.into_iter().map(area).collect())));
    }
    if let Some(key) = section.string("todo") {
        let what = section.needed("what").map(|text| text.value).unwrap_or_default();
        kinds.push(Some(Kind::ToDo { key, what, how: section.string("how").unwrap_or_default() }));
    }
    // What becomes of a failure is read beside this.
    section.get("if_it_fails");
    section.finish();
    let count = kinds.len();
    let kind = kinds.pop().filter(|_| count == 1);
    if count != 1 {
        let fix =
            "one each: place, role, roles, item, cost_center, cost_center_from, booking, visit, door or todo";
        section.error("an outcome gives exactly one thing", Some(fix.into()));
    }
    let kind = kind.flatten()?;
    check_table(section, &kind, table, named);
    Some(Outcome { kind, instead_of: Vec::new(), spot: section.spot() })
}

/// What the table is asked for must be among its columns.
fn check_table(section: &Section<'_>, kind: &Kind, table: Option<&Table>, named: bool) {
    let wanted: &[&str] = match kind {
        Kind::TableRoles => &["customer", "manager", "operator", "administrator"],
        Kind::TableItems => &["item"],
        Kind::Door(areas) if areas.contains(&DoorArea::Table) => &["door"],
        Kind::CostCenter(CostCenter::Table) => &["cost_center"],
        Kind::Place { seat: SeatKind::Table, .. } => &["seat"],
        Kind::Place { seat: SeatKind::Section, place, .. } if place.section.is_none() => &["section"],
        Kind::Place { seat: SeatKind::Desk, place, .. } if *place == PlaceNames::default() => {
            &["building", "floor", "room"]
        }
        _ => return,
    };
    match table {
        Some(table) if wanted.iter().any(|column| table.columns.contains(*column)) => {}
        Some(table) => section.error(
            format!("the table \"{}\" has no column {}", table.name, wanted.join(" or ")),
            Some("add the column, or write the value here".into()),
        ),
        None if named => {}
        None => section
            .error("there is no table to take this from", Some("add look_up = \"…\" to the flow".into())),
    }
}

fn only_from_table(section: &Section<'_>, key: &str, text: &str) -> bool {
    if text != FROM_TABLE {
        section.error(
            format!("{key} can only be \"{FROM_TABLE}\""),
            Some("for a single role write role = \"customer\", module = \"reservation\"".into()),
        );
    }
    text == FROM_TABLE
}

/// An attribute that holds a day.
pub(super) fn dated(section: &Section<'_>, text: crate::reader::Text) -> String {
    section.report.mention(&text);
    section.report.compare(&text.value, Usage::Day, &text.span);
    text.value
}

fn owns_all(section: &Section<'_>) -> bool {
    section.word("owns", &[("given", false), ("all", true)]).unwrap_or(false)
}

fn clock(section: &Section<'_>, key: &'static str, hour: i8) -> Time {
    let default = Time::constant(hour, 0, 0, 0);
    let Some(text) = section.text(key) else { return default };
    date::clock(&text.value).unwrap_or_else(|| {
        section.report.error(
            &text.span,
            format!("\"{}\" is no time of day", text.value),
            Some("write 09:00".into()),
        );
        default
    })
}

fn place(section: &Section<'_>, text: &str, span: &std::ops::Range<usize>) -> Option<Kind> {
    let seat = match text {
        FROM_TABLE => Some(SeatKind::Table),
        other => seat_kind(other),
    };
    if seat.is_none() {
        let fix = nearest(text, ["desk", "section", "remote", FROM_TABLE])
            .unwrap_or_else(|| "known: desk, section, remote, from table".into());
        section.report.error(span, format!("a place cannot be \"{text}\""), Some(fix));
    }
    let place = PlaceNames {
        building: section.string("building"),
        floors: section.strings("floor"),
        kinds: section.strings("kind"),
        section: section.string("section"),
        rooms: section.strings("room"),
    };
    let otherwise = section.section("otherwise").and_then(|note| {
        let field = note.needed("field").and_then(|text| field_name(&text, &note));
        let text = note.string("text").unwrap_or_else(|| "{building} / {floor}".into());
        note.finish();
        field.map(|field| (field, text))
    });
    let only_without = section.word("only", &[("people without a seat", true)]).unwrap_or(false);
    let near = section.text("near").and_then(|text| field_name(&text, section));
    Some(Kind::Place { seat: seat?, place, otherwise, only_without, near })
}

fn role(section: &Section<'_>, text: &str, span: &std::ops::Range<usize>) -> Option<Kind> {
    let role = Role::parse(text);
    if role.is_none() {
        let known = ["customer", "manager", "operator", "administrator"];
        let fix = nearest(text, known).unwrap_or_else(|| format!("known: {}", known.join(", ")));
        section.report.error(span, format!("there is no role \"{text}\""), Some(fix));
    }
    let everywhere = section.word("serving", &[("seat", false), ("whole site", true)]).unwrap_or(false);
    let module = section.string("module");
    let named = section.strings("center");
    let centers = match (module, named.is_empty()) {
        (Some(module), true) if everywhere => Centers::Everywhere(module),
        (Some(module), true) => Centers::Serving(module),
        (None, false) => Centers::Named(named),
        _ => {
            let fix =
                "add module = \"reservation\" (the centers serving the seat's building) or center = \"…\"";
            section.error("in which center?", Some(fix.into()));
            return None;
        }
    };
    Some(Kind::Role { role: role?, centers, owns_all: owns_all(section) })
}
