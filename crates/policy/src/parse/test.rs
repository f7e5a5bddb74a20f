//! Reads `[person.NAME]` and `[[test]]`.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lanyard_model::{
    failure::Part,
    fold,
    id::{GroupId, IdentityId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
};

use super::{known, rules::field_name, when};
use crate::{
    condition::GroupTest,
    date::DateFormat,
    document::Document,
    problem::nearest,
    reader::{Section, Text},
    testing::{Case, Claim, DEFAULT_MOMENT, Given, PlaceClaim},
};

const STANDINGS: [&str; 6] = ["active", "not yet", "on leave", "ended", "set aside", "not governed"];

/// Somebody as the policy's tests describe them, before the moment is known.
#[derive(Clone, Debug)]
struct Person {
    tenant: Option<Text>,
    status: Status,
    groups: Vec<(Text, GroupTest)>,
    whole: bool,
    profile: BTreeMap<String, AttributeValue>,
    since: Option<Timestamp>,
    activated: Option<Timestamp>,
    account: bool,
    governed: bool,
    sits: Option<(String, String)>,
    manager: bool,
    failed: Vec<(String, Option<Part>)>,
    gone: Option<Timestamp>,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            tenant: None,
            status: Status::Active,
            groups: Vec::new(),
            whole: true,
            profile: BTreeMap::new(),
            since: None,
            activated: None,
            account: false,
            governed: false,
            sits: None,
            manager: false,
            failed: Vec::new(),
            gone: None,
        }
    }
}

/// What was read of one file after another.
#[derive(Default)]
pub(super) struct Tests {
    people: BTreeMap<String, Person>,
    names: BTreeSet<String>,
    pub(super) cases: Vec<Case>,
}

impl Tests {
    pub(super) fn add(&mut self, root: &Section<'_>, document: &Document) {
        if let Some(section) = root.section("person") {
            for (name, value) in section.entries() {
                if let Some(section) = value.section() {
                    let person = person(&section, &self.people, document);
                    section.finish();
                    if self.people.insert(name.value.clone(), person).is_some() {
                        let message = format!("there are two people \"{}\"", name.value);
                        section.report.error(&name.span, message, Some("give one another name".into()));
                    }
                }
            }
        }
        for section in root.sections("test") {
            let name = section.needed("name");
            if let Some(name) = &name
                && !self.names.insert(name.value.clone())
            {
                let message = format!("there are two tests \"{}\"", name.value);
                section.report.error(&name.span, message, Some("give one another name".into()));
            }
            self.cases.extend(case(&section, name, &self.people, document));
        }
    }
}

fn case(
    section: &Section<'_>,
    name: Option<Text>,
    people: &BTreeMap<String, Person>,
    document: &Document,
) -> Option<Case> {
    let now = moment(section, "at").or_else(|| DEFAULT_MOMENT.parse().ok()).unwrap_or_default();
    let given = section.section("given");
    let expect = section.section("expect");
    for (key, found) in [("given", given.is_some()), ("expect", expect.is_some())] {
        if !found && section.get(key).is_none() {
            section.missing(key);
        }
    }
    section.finish();
    let (Some(name), Some(given), Some(expect)) = (name, given, expect) else { return None };
    let person = person(&given, people, document);
    let identity = identity(&given, &person, now, document);
    given.finish();
    let claims = claims(&expect, document);
    expect.finish();
    let given = Given {
        identity: identity?,
        account: person.account,
        governed: person.governed,
        sits: person.sits,
        manager: person.manager,
        failed: person.failed,
        gone: person.gone,
    };
    let spot = section.report.spot(name.span.clone());
    Some(Case { name: name.value, now, given, claims, spot })
}

fn person(section: &Section<'_>, people: &BTreeMap<String, Person>, document: &Document) -> Person {
    let mut person = section
        .text("like")
        .and_then(|text| {
            known(&text.value, people, "[person] above this", |message, fix| {
                section.report.error(&text.span, message, fix);
            })
        })
        .cloned()
        .unwrap_or_else(|| Person {
            // Whoever is like nobody was told so already: their tenant is not asked for as well.
            tenant: section.text("like").and_then(|text| {
                document.tenants_named().first().map(|tenant| Text { value: tenant.to_string(), ..text })
            }),
            ..Person::default()
        });
    if let Some(text) = section.text("tenant") {
        person.tenant = Some(text);
    }
    if let Some(text) = section.text("status")
        && let Some(status) = when::status(section, &text)
    {
        person.status = status;
    }
    let named = |key: &'static str| -> Vec<(Text, GroupTest)> {
        let texts = section.texts(key).into_iter();
        texts
            .filter_map(|text| match when::group_named(&text.value, &document.groups) {
                Ok(test) => Some((text, test)),
                Err(fix) => {
                    let message = format!("there is no group \"{}\" in [groups]", text.value);
                    section.report.error(&text.span, message, Some(fix));
                    None
                }
            })
            .collect()
    };
    let groups = named("groups");
    if section.get("groups").is_some() {
        person.groups = groups;
    }
    person.groups.extend(named("also_in"));
    for (_, out) in named("not_in") {
        person.groups.retain(|(_, test)| test.name != out.name);
    }
    person.whole = section.boolean("groups_whole").unwrap_or(person.whole);
    if let Some(profile) = section.section("profile") {
        for (name, value) in profile.entries() {
            profile.report.mention(&name);
            match value.attribute_value() {
                Some(Some(found)) => _ = person.profile.insert(name.value, found),
                Some(None) => _ = person.profile.remove(&name.value),
                None => {}
            }
        }
    }
    person.since = moment(section, "status_since").or(person.since);
    person.activated = moment(section, "activated").or(person.activated);
    person.gone = moment(section, "deleted").or(person.gone);
    person.account = section.boolean("account").unwrap_or(person.account);
    person.governed = section.boolean("governed").unwrap_or(person.governed);
    person.manager = section.boolean("manager_known").unwrap_or(person.manager);
    if section.get("failed").is_some() {
        person.failed =
            section.texts("failed").iter().filter_map(|text| failed(text, section, document)).collect();
    }
    if let Some(text) = section.text("sits") {
        match text.value.split_once(" / ") {
            Some((building, floor)) => person.sits = Some((building.trim().into(), floor.trim().into())),
            None => section.report.error(
                &text.span,
                format!("\"{}\" is no place to sit", text.value),
                Some("write \"Building / Floor\"".into()),
            ),
        }
    }
    person
}

/// `FLOW`, or `FLOW: PART`: what the site refused.
fn failed(text: &Text, section: &Section<'_>, document: &Document) -> Option<(String, Option<Part>)> {
    let (rule, part) = match text.value.split_once(": ") {
        Some((rule, part)) => (rule.trim(), Some(part.trim())),
        None => (text.value.trim(), None),
    };
    let complain = |message: String, fix: Option<String>| section.report.error(&text.span, message, fix);
    let branches = known(rule, &document.failures, "rule with if_it_fails called", complain)?;
    let Some(word) = part else { return Some((rule.to_owned(), None)) };
    let found = branches.keys().find(|part| part.as_str() == word).copied();
    if found.is_none() {
        let all: Vec<_> = branches.keys().map(|part| part.as_str()).collect();
        let message = format!("nothing is said of a {word} of \"{rule}\" that fails");
        section.report.error(&text.span, message, Some(format!("known: {}", all.join(", "))));
    }
    found.map(|part| (rule.to_owned(), Some(part)))
}

fn identity(section: &Section<'_>, person: &Person, now: Timestamp, document: &Document) -> Option<Identity> {
    let all = document.tenants_named();
    let tenant = match &person.tenant {
        Some(text) => TenantId::new(text.value.as_str()),
        None if all.len() <= 1 => all.first().map_or_else(|| TenantId::new("tenant"), TenantId::clone),
        None => {
            let names: Vec<_> = all.iter().map(|tenant| format!("\"{tenant}\"")).collect();
            let fix = format!("add tenant = \"…\", one of {}", names.join(", "));
            section.error("from which tenant is this person?", Some(fix));
            return None;
        }
    };
    let mut ids: Vec<GroupId> = Vec::new();
    for (text, group) in &person.groups {
        let own: Vec<_> = group
            .ids
            .iter()
            .filter(|(of, _)| of.as_ref().is_none_or(|of| *of == tenant))
            .map(|(_, id)| id.clone())
            .collect();
        if own.is_empty() {
            let message = format!("\"{}\" is no group of tenant {tenant}", group.name);
            section.report.error(
                &text.span,
                message,
                Some("give it an id in [groups], or leave it out".into()),
            );
        }
        ids.extend(own);
    }
    let profile = person.profile.iter().map(|(name, value)| (name.as_str().into(), value.clone()));
    let long_ago = now.checked_sub(jiff::SignedDuration::from_hours(24 * 60)).unwrap_or(now);
    Some(Identity {
        id: IdentityId::new(tenant, "00utest"),
        status: person.status.clone(),
        transitioning: false,
        profile: profile.collect::<Profile>(),
        groups: Groups::new(ids, person.whole),
        created: Some(long_ago),
        activated: Some(person.activated.unwrap_or(long_ago)),
        status_changed: Some(person.since.unwrap_or(long_ago)),
        last_updated: Some(long_ago),
        type_id: None,
        read_at: now,
    })
}

fn claims(section: &Section<'_>, document: &Document) -> Vec<Claim> {
    let mut claims = Vec::new();
    if let Some(text) = section.text("standing") {
        if STANDINGS.contains(&text.value.as_str()) {
            claims.push(Claim::Standing(text.value));
        } else {
            let fix =
                nearest(&text.value, STANDINGS).unwrap_or_else(|| format!("known: {}", STANDINGS.join(", ")));
            section.report.error(&text.span, format!("there is no standing \"{}\"", text.value), Some(fix));
        }
    }
    if let Some(site) = section.text_or_none("site") {
        if let Some(text) = &site {
            let sites: BTreeSet<_> = document.routes.iter().map(|route| route.site.as_str()).collect();
            if !sites.contains(text.value.as_str()) {
                let fix = nearest(&text.value, sites);
                section.report.error(&text.span, format!("no route leads to \"{}\"", text.value), fix);
            }
        }
        claims.push(Claim::Site(site.map(|text| text.value)));
    }
    if let Some(profile) = section.section("profile") {
        for (name, value) in profile.entries() {
            let Some(field) = field_name(&name, &profile) else { continue };
            match value.is_false() {
                true => claims.push(Claim::Field(field, None)),
                false => claims.extend(value.text().map(|text| Claim::Field(field, Some(text.value)))),
            }
        }
    }
    let value = |found: Option<Text>| found.map(|text| text.value);
    if let Some(found) = section.text_or_none("user_type") {
        if let Some(text) = &found
            && !document.user_types.iter().any(|rule| fold::text(&rule.name) == fold::text(&text.value))
        {
            let fix = nearest(&text.value, document.user_types.iter().map(|rule| rule.name.as_str()));
            section.report.error(&text.span, format!("no rule gives the user type \"{}\"", text.value), fix);
        }
        claims.push(Claim::UserType(value(found)));
    }
    if let Some(found) = section.text_or_none("cost_center") {
        claims.push(Claim::CostCenter(value(found)));
    }
    claims.extend(place(section));
    for (key, make) in [
        ("roles", Claim::Roles as fn(Vec<String>) -> Claim),
        ("items", Claim::Items),
        ("doors", Claim::Doors),
        ("has", Claim::Has),
        ("lacks", Claim::Lacks),
        ("tells", Claim::Tells),
        ("todo", Claim::ToDo),
    ] {
        let list = section.strings(key);
        if section.get(key).is_some() {
            claims.push(make(list));
        }
    }
    for (key, make) in [("by", Claim::By as fn(Vec<String>) -> Claim), ("not_by", Claim::NotBy)] {
        let texts = section.texts(key);
        for text in &texts {
            if !document.flows.iter().any(|flow| flow.id == text.value) {
                let fix = nearest(&text.value, document.flows.iter().map(|flow| flow.id.as_str()));
                section.report.error(&text.span, format!("there is no flow \"{}\"", text.value), fix);
            }
        }
        if !texts.is_empty() {
            claims.push(make(texts.into_iter().map(|text| text.value).collect()));
        }
    }
    if section.get("loses").is_some() {
        super::lifecycle::loses(section, "loses");
        claims.push(Claim::Loses(section.strings("loses")));
    }
    claims.extend(section.string("problem").map(Claim::Problem));
    for (key, make) in [("booking", Claim::Booking as fn(Option<String>) -> Claim), ("visit", Claim::Visit)] {
        if let Some(found) = section.text_or_none(key) {
            claims.push(make(value(found)));
        }
    }
    if claims.is_empty() {
        section.error("the test expects nothing", Some("add standing, place, roles, profile, …".into()));
    }
    claims
}

fn place(section: &Section<'_>) -> Option<Claim> {
    const KNOWN: [&str; 3] = ["desk", "section", "remote"];
    let parts = PlaceClaim {
        seat: String::new(),
        building: section.string("building"),
        floors: section.strings("floor"),
        kinds: section.strings("kind"),
        section: section.string("section"),
        rooms: section.strings("room"),
    };
    let Some(found) = section.text_or_none("place") else {
        if parts != PlaceClaim::default() {
            section.error("what kind of place?", Some("add place = \"desk\" or \"section\"".into()));
        }
        return None;
    };
    let Some(text) = found else { return Some(Claim::Place(None)) };
    if !KNOWN.contains(&text.value.as_str()) {
        let fix =
            nearest(&text.value, KNOWN).unwrap_or_else(|| "known: desk, section, remote, or false".into());
        section.report.error(&text.span, format!("a place cannot be \"{}\"", text.value), Some(fix));
    }
    Some(Claim::Place(Some(PlaceClaim { seat: text.value, ..parts })))
}

/// `2026-06-01`, nine o'clock UTC, or `2026-06-01T09:00:00Z`.
fn moment(section: &Section<'_>, key: &'static str) -> Option<Timestamp> {
    let text = section.text(key)?;
    let day = DateFormat::parse("YYYY-MM-DD").and_then(|format| format.read(&text.value));
    let found = match day {
        Some(day) => {
            crate::date::clock("09:00").map(|time| crate::date::at(day, time, &jiff::tz::TimeZone::UTC))
        }
        None => text.value.parse().ok(),
    };
    if found.is_none() {
        section.report.error(
            &text.span,
            format!("\"{}\" is no moment", text.value),
            Some("write 2026-06-01 (nine o'clock UTC) or 2026-06-01T09:00:00Z".into()),
        );
    }
    found
}
