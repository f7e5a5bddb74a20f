//! Reads `[groups]` and conditions.

use std::collections::BTreeMap;

use lanyard_model::{
    fold,
    id::{GroupId, SiteId, TenantId, is_slug},
    identity::Status,
};

use crate::{
    condition::{Condition, GroupTest, Wanted},
    date::DateFormat,
    document::{Named, Whose},
    expression::{self, Purpose},
    pattern::Pattern,
    problem::nearest,
    reader::{Section, Text, Value},
    test::{Anchor, Bound, Side, Stretch, Test},
    typing::Usage,
};

/// `[groups]`: the policy's name for a group → its id, or one per tenant.
pub(super) fn read_groups(root: &Section<'_>) -> BTreeMap<String, Named> {
    let Some(section) = root.section("groups") else { return BTreeMap::new() };
    let mut groups = BTreeMap::new();
    for (name, value) in section.entries() {
        let mut test = GroupTest { name: name.value.clone(), ..GroupTest::default() };
        if value.is_section() {
            for (tenant, value) in value.section().iter().flat_map(Section::entries) {
                if !is_slug(&tenant.value) {
                    section.report.error(&tenant.span, format!("\"{}\" is no tenant", tenant.value), None);
                }
                section.report.names(Whose::Tenant, &tenant);
                for id in value.texts() {
                    push_id(&section, &mut test, Some(TenantId::new(tenant.value.as_str())), &id);
                }
            }
        } else {
            for id in value.texts() {
                push_id(&section, &mut test, None, &id);
            }
        }
        let spot = section.report.spot(name.span.clone());
        groups.insert(name.value, Named { test, spot });
    }
    groups
}

fn push_id(section: &Section<'_>, test: &mut GroupTest, tenant: Option<TenantId>, text: &Text) {
    let (id, beside) = id_and_name(&text.value);
    if is_group_id(id) {
        let id = GroupId::new(id);
        test.beside.extend(beside.map(|name| (id.clone(), name.to_owned())));
        test.ids.push((tenant, id));
    } else {
        section.report.error(
            &text.span,
            format!("\"{id}\" is no group id"),
            Some("a group is named by its id (00g…): a rename then changes nothing".into()),
        );
    }
}

fn is_group_id(text: &str) -> bool {
    text.len() >= 8 && text.starts_with("00g") && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// An id, and the name that is written beside it.
fn id_and_name(text: &str) -> (&str, Option<&str>) {
    let (id, name) = text.split_once('#').unwrap_or((text, ""));
    (id.trim(), Some(name.trim()).filter(|name| !name.is_empty()))
}

/// A group by its name in `[groups]`, or an id (`00g… # name`). The error is the fix.
pub(crate) fn group_named(text: &str, groups: &BTreeMap<String, Named>) -> Result<GroupTest, String> {
    if let Some(named) = groups.get(text) {
        return Ok(named.test.clone());
    }
    let (id, beside) = id_and_name(text);
    if is_group_id(id) {
        return Ok(GroupTest {
            name: beside.unwrap_or(id).to_owned(),
            ids: vec![(None, GroupId::new(id))],
            ..GroupTest::default()
        });
    }
    Err(nearest(text, groups.keys().map(String::as_str))
        .unwrap_or_else(|| "add it to [groups] with its id, or write the id itself (00g…)".to_owned()))
}

/// `if = [ … ]`: all must hold.
pub(super) fn conditions(
    section: &Section<'_>,
    key: &'static str,
    groups: &BTreeMap<String, Named>,
) -> Vec<Condition> {
    section.get(key).map(|value| list(&value, groups)).unwrap_or_default()
}

/// Tests that can have a slip of their own.
const TESTS: [&str; 5] = ["within", "before", "after", "at_least", "at_most"];

/// Conditions in conditions, at most. Nobody reads deeper nests, and every part costs each person.
const DEPTH_MAX: usize = 8;

fn list(value: &Value<'_>, groups: &BTreeMap<String, Named>) -> Vec<Condition> {
    // `any`, `all`, `not` and `of` in the path: names of one's own, such as a profile field's, cannot contain the dot.
    let nests = value.name.split('.').filter(|part| matches!(*part, "any" | "all" | "not" | "of")).count();
    if nests > DEPTH_MAX {
        let fix = "split the rule into several flows, or put the cases into a table";
        value.error(format!("conditions stand more than {DEPTH_MAX} deep in each other"), Some(fix.into()));
        return Vec::new();
    }
    // A single condition need not stand in a list.
    if value.is_section() {
        return value.section().and_then(|section| condition(&section, groups)).into_iter().collect();
    }
    value.list().iter().filter_map(Value::section).filter_map(|section| condition(&section, groups)).collect()
}

fn condition(section: &Section<'_>, groups: &BTreeMap<String, Named>) -> Option<Condition> {
    let mut found = Vec::new();
    if let Some(value) = section.get("all") {
        found.push(Condition::All(list(&value, groups)));
    }
    if let Some(value) = section.get("any") {
        found.push(Condition::Any(list(&value, groups)));
    }
    if let Some(value) = section.get("not") {
        let inner = list(&value, groups);
        found.push(Condition::Not(Box::new(Condition::All(inner))));
    }
    if let Some(value) = section.get("of") {
        let inner = list(&value, groups);
        let count = section.integer("count", 1..1_000).unwrap_or(1);
        if section.get("count").is_none() {
            section.error("how many of these?", Some("add count = 2".into()));
        } else if count as usize > inner.len() && value.is_list() && value.list().len() == inner.len() {
            let message = format!("{count} of {} conditions can never hold", inner.len());
            section.error(message, Some("lower count, or add conditions to of".into()));
        }
        found.push(Condition::Some(count as usize, inner));
    } else if section.get("count").is_some() {
        section.error("of what?", Some("add of = [ … ], the conditions that are counted".into()));
    }
    if let Some(value) = section.get("group") {
        let tests: Vec<_> = value
            .texts()
            .into_iter()
            .filter_map(|text| match group_named(&text.value, groups) {
                Ok(test) => {
                    if !groups.contains_key(&text.value) {
                        section.report.inline_group(&test, &text.span);
                    }
                    Some(Condition::Group(test))
                }
                Err(fix) => {
                    let message = format!("there is no group \"{}\" in [groups]", text.value);
                    section.report.error(&text.span, message, Some(fix));
                    None
                }
            })
            .collect();
        found.push(if tests.len() == 1 { tests.into_iter().next()? } else { Condition::Any(tests) });
    }
    if let Some(text) = section.text("cel") {
        found.extend(expression::read(section.report, &text, Purpose::Condition).map(Condition::Cel));
    }
    if let Some(value) = section.get("tenant") {
        let names = slugs(&value, Whose::Tenant);
        found.push(Condition::Tenant(names.iter().map(|text| TenantId::new(text.as_str())).collect()));
    }
    if let Some(value) = section.get("site") {
        let names = slugs(&value, Whose::Site);
        found.push(Condition::Site(names.iter().map(|text| SiteId::new(text.as_str())).collect()));
    }
    if let Some(value) = section.get("status") {
        found
            .push(Condition::Status(value.texts().iter().filter_map(|text| status(section, text)).collect()));
    }
    let name = section.attribute("attribute");
    let tests = attribute_tests(section);
    match (name, tests) {
        // A test with a slip in it was told already.
        (Some(_), tests) if tests.is_empty() && TESTS.iter().any(|key| section.get(key).is_some()) => {}
        (Some(name), tests) if tests.is_empty() => {
            section
                .error(format!("what about {name}?"), Some("add is = …, in = […], exists = true, …".into()));
        }
        (Some(name), tests) => {
            for (test, negated) in tests {
                section.report.compare(&name, Usage::of(&test), &section.span);
                let plain = Condition::Attribute { attribute: name.clone().into(), test };
                found.push(if negated { Condition::Not(Box::new(plain)) } else { plain });
            }
        }
        (None, tests) if !tests.is_empty() => {
            section.error("which attribute?", Some("add attribute = \"…\"".into()));
        }
        _ => {}
    }
    section.finish();
    match found.len() {
        // An attribute without a test, and an expression that is none, were told already.
        0 if ["attribute", "count", "cel"].iter().any(|key| section.get(key).is_some()) => None,
        0 => {
            let fix = "name a group, an attribute, a tenant, a site or a status, or use all, any, not, cel";
            section.error("a condition that says nothing", Some(fix.into()));
            None
        }
        1 => found.pop(),
        _ => Some(Condition::All(found)),
    }
}

fn slugs(value: &Value<'_>, what: Whose) -> Vec<String> {
    let texts = value.texts();
    texts.iter().for_each(|text| value.report.names(what, text));
    for text in texts.iter().filter(|text| !is_slug(&text.value)) {
        let message = format!("\"{}\" cannot be the name of a tenant or site", text.value);
        value.report.error(&text.span, message, Some("small letters, digits and hyphens".into()));
    }
    texts.into_iter().map(|text| text.value).collect()
}

pub(super) fn status(section: &Section<'_>, text: &Text) -> Option<Status> {
    const KNOWN: [&str; 8] = [
        "STAGED",
        "PROVISIONED",
        "ACTIVE",
        "PASSWORD_EXPIRED",
        "RECOVERY",
        "LOCKED_OUT",
        "SUSPENDED",
        "DEPROVISIONED",
    ];
    match Status::parse(&text.value) {
        Status::Unknown(_) => {
            let fix = nearest(&text.value, KNOWN).unwrap_or_else(|| format!("known: {}", KNOWN.join(", ")));
            section.report.error(&text.span, format!("\"{}\" is no status of Okta", text.value), Some(fix));
            None
        }
        known => Some(known),
    }
}

/// Tests with whether each is to be negated.
fn attribute_tests(section: &Section<'_>) -> Vec<(Test, bool)> {
    let mut tests = Vec::new();
    let wanted = |key| {
        section
            .get(key)
            .map(|value| value.texts().iter().map(|text| Wanted::new(&text.value)).collect::<Vec<_>>())
    };
    for (key, make, negated) in [
        ("is", Test::Is as fn(Vec<Wanted>) -> Test, false),
        ("in", Test::Is, false),
        ("is_not", Test::Is, true),
        ("not_in", Test::Is, true),
        ("starts_with", Test::StartsWith, false),
        ("ends_with", Test::EndsWith, false),
        ("contains", Test::Contains, false),
    ] {
        if let Some(list) = wanted(key) {
            if list.iter().any(|wanted| wanted.folded.is_empty()) {
                section
                    .error(format!("{key} compares with an empty text"), Some("use exists = false".into()));
            }
            tests.push((make(list), negated));
        }
    }
    for (key, make) in
        [("domain", Test::Domain as fn(Vec<Wanted>) -> Test), ("only", Test::Only), ("has_all", Test::HasAll)]
    {
        if let Some(mut list) = wanted(key) {
            if key == "domain" {
                // Compared as addresses are: `münchen.example` is `xn--mnchen-3ya.example`.
                for wanted in &mut list {
                    let bare = wanted.folded.trim_start_matches('@').to_owned();
                    wanted.folded = fold::domain(&bare);
                }
            }
            if list.is_empty() || list.iter().any(|wanted| wanted.folded.is_empty()) {
                section.error(format!("{key} compares with nothing"), Some(format!("write {key} = [\"…\"]")));
            }
            tests.push((make(list), false));
        }
    }
    if let Some(list) = wanted("matches") {
        if list.iter().any(|wanted| wanted.folded.is_empty()) {
            section.error("matches compares with an empty text", Some("use exists = false".into()));
        }
        let list = list.into_iter().map(|wanted| {
            let pattern = Pattern::new(&wanted.folded);
            (wanted, pattern)
        });
        tests.push((Test::Matches(list.collect()), false));
    }
    if let Some(other) = section.attribute("same_as") {
        tests.push((Test::SameAs(other.into()), false));
    }
    let limit = |key| section.get(key).and_then(|value| value.number());
    let (at_least, at_most) = (limit("at_least"), limit("at_most"));
    if let (Some(least), Some(most)) = (at_least, at_most)
        && least > most
    {
        section.error(format!("no number is at least {least} and at most {most}"), Some("swap them".into()));
    }
    if at_least.is_some() || at_most.is_some() {
        tests.push((Test::Number { at_least, at_most }, false));
    }
    if let Some(text) = section.text("within") {
        match stretch(&text.value) {
            Some(stretch) => {
                if let Anchor::Attribute(other) = &stretch.of {
                    section.report.mention(&Text { value: other.name.clone(), span: text.span.clone() });
                }
                tests.push((Test::Within(stretch), false));
            }
            None => section.report.error(
                &text.span,
                format!("\"{}\" is no stretch of days", text.value),
                Some("write it like \"14 days of today\", \"30 days before contractEndDate\" or \"7 days after 2026-09-30\"".into()),
            ),
        }
    }
    if let Some(exists) = section.boolean("exists") {
        tests.push((Test::Exists(exists), false));
    }
    for (key, make) in [("before", Test::Before as fn(Bound) -> Test), ("after", Test::After)] {
        if let Some(text) = section.text(key) {
            match bound(&text.value) {
                Some(bound) => tests.push((make(bound), false)),
                None => section.report.error(
                    &text.span,
                    format!("\"{}\" is no day", text.value),
                    Some("write 2026-09-30, today, today+14 or today-7".into()),
                ),
            }
        }
    }
    tests
}

/// `14 days of today`, `30 days before contractEndDate`.
fn stretch(text: &str) -> Option<Stretch> {
    let mut words = text.split_whitespace();
    let days: i64 = words.next()?.parse().ok().filter(|days| (0..=36_500).contains(days))?;
    let unit = words.next()?;
    let side = match words.next()? {
        "of" => Side::Around,
        "before" => Side::Before,
        "after" => Side::After,
        _ => return None,
    };
    let anchor = words.next()?;
    let of = match DateFormat::parse("YYYY-MM-DD").and_then(|format| format.read(anchor)) {
        Some(day) => Anchor::Day(day),
        None if anchor == "today" => Anchor::Today,
        None => {
            let named = anchor.starts_with(|c: char| c.is_alphabetic() || c == '_');
            named.then(|| Anchor::Attribute(anchor.to_owned().into()))?
        }
    };
    (matches!(unit, "day" | "days") && words.next().is_none()).then_some(Stretch { days, side, of })
}

fn bound(text: &str) -> Option<Bound> {
    let text = fold::text(text).replace(' ', "");
    if let Some(rest) = text.strip_prefix("today") {
        return match rest {
            "" => Some(Bound::Today(0)),
            _ => rest.parse().ok().filter(|days: &i64| days.abs() <= 36_500).map(Bound::Today),
        };
    }
    DateFormat::parse("YYYY-MM-DD").and_then(|format| format.read(&text)).map(Bound::Day)
}
