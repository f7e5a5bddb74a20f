//! Reads everything but lifecycle and flows: tenants, sites, routes, correlation, scope, profile, guardrails, channels.

use std::str::FromStr as _;

use jiff::tz::TimeZone;
use lanyard_model::{
    account::{FIELDS, FieldName},
    id::{AccountId, SiteId, TenantId, is_slug},
};

use super::{lifecycle::needed_conditions, when::conditions};
use crate::{
    date::DateFormat,
    document::{
        Change, ChannelSpots, Correlation, Document, FieldRule, Fold, Key, ManagerKind, ManagerRule,
        OnLeaving, PhoneRule, Route, Scope, SiteSettings, Source, TenantSettings, UserTypeRule, Whose,
    },
    expression::{self, Purpose},
    guardrail::{Channel, Guardrails, Schedule},
    names::Attribute,
    phone::Country,
    problem::nearest,
    protection::Protected,
    reader::{Section, Text, Value},
};

pub(super) fn read(root: &Section<'_>, document: &mut Document) {
    tenants(root, document);
    sites(root, document);
    document.routes = root.sections("route").iter().filter_map(|section| route(section, document)).collect();
    if let Some(section) = root.section("correlation") {
        document.correlation = correlation(&section);
    }
    if let Some(section) = root.section("scope") {
        section.get("but_first");
        document.scope = Scope {
            conditions: conditions(&section, "if", &document.groups),
            on_leaving: section
                .word("on_leaving", &[("end", OnLeaving::End), ("ignore", OnLeaving::Ignore)])
                .unwrap_or_default(),
            leavers_keep_scope: section
                .word("deactivated", &[("whatever their groups", true), ("only in scope", false)])
                .unwrap_or(true),
        };
        section.finish();
    }
    if let Some(section) = root.section("profile") {
        document.profile =
            section.entries().iter().filter_map(|(name, value)| field(name, value, document)).collect();
    }
    if let Some(section) = root.section("doors") {
        document.door_holder = section.needed_attribute("holder").map(Into::into);
        section.finish();
    }
    if let Some(section) = root.section("phone") {
        document.phone = PhoneRule {
            country: country(&section),
            attribute: section.attribute("attribute").map(Into::into),
        };
        section.finish();
    }
    document.user_types =
        root.sections("user_type").iter().filter_map(|section| user_type(section, document)).collect();
    document.manager = root.section("manager").and_then(|section| manager(&section));
    if let Some(section) = root.section("guardrails") {
        document.guardrails = guardrails(&section);
        document.protected = conditions(&section, "protected", &document.groups);
        for entry in section.sections("protection") {
            let entry = protection(&entry, document);
            document.protections.extend(entry);
        }
        // Read with what rules ask first.
        section.get("removals_but_first");
        section.get("removal_window");
        section.finish();
    }
    document.schedule = root.sections("schedule").iter().filter_map(schedule).collect();
    if let Some(section) = root.section("notify") {
        for (name, value) in section.entries() {
            let Some(channel) = value.section() else { continue };
            let secret = channel.text("slack_secret");
            let known = Channel {
                email: channel.strings("email"),
                slack_secret: secret.as_ref().map(|text| text.value.clone()),
            };
            if known == Channel::default() {
                channel.error(
                    format!("nobody is told by \"{}\"", name.value),
                    Some("add email = [\"…\"] or slack_secret = \"…\"".into()),
                );
            }
            let addresses = channel.texts("email");
            for text in &addresses {
                if lanyard_model::fold::email(&text.value).is_none() {
                    channel.report.error(
                        &text.span,
                        format!("\"{}\" is no e-mail address", text.value),
                        None,
                    );
                }
            }
            let spot = |text: Option<&Text>| {
                text.map(|text| channel.report.spot(text.span.clone())).unwrap_or_default()
            };
            let spots = ChannelSpots { email: spot(addresses.first()), slack_secret: spot(secret.as_ref()) };
            channel.finish();
            document.channel_spots.insert(name.value.clone(), spots);
            document.channels.insert(name.value, known);
        }
    }
}

fn slug(text: &Text, section: &Section<'_>) {
    if !is_slug(&text.value) {
        let message = format!("\"{}\" cannot be the name of a tenant or site", text.value);
        section.report.error(&text.span, message, Some("small letters, digits and hyphens".into()));
    }
}

fn tenants(root: &Section<'_>, document: &mut Document) {
    let Some(section) = root.section("tenants") else { return };
    for (name, value) in section.entries() {
        slug(&name, &section);
        section.report.names(Whose::Tenant, &name);
        let Some(tenant) = value.section() else { continue };
        let settings = TenantSettings {
            zone: zone(&tenant, "zone"),
            dates: tenant.get("dates").map(|value| formats(&value)),
            start_attribute: tenant.attribute("start_attribute").map(Into::into),
            end_attribute: tenant.attribute("end_attribute").map(Into::into),
            country: country(&tenant),
        };
        tenant.finish();
        document.tenants.insert(TenantId::new(name.value.as_str()), settings);
    }
}

fn country(section: &Section<'_>) -> Option<Country> {
    let text = section.text("country")?;
    let found = Country::find(&text.value);
    if found.is_none() {
        let fix = format!("two letters, one of {}", Country::codes().collect::<Vec<_>>().join(", "));
        let message = format!("phone numbers of \"{}\" are not known", text.value);
        section.report.error(&text.span, message, Some(fix));
    }
    found
}

fn sites(root: &Section<'_>, document: &mut Document) {
    let Some(section) = root.section("sites") else { return };
    for (name, value) in section.entries() {
        slug(&name, &section);
        section.report.names(Whose::Site, &name);
        let Some(site) = value.section() else { continue };
        let settings = SiteSettings {
            default_host: site.integer("default_host", 1..i64::MAX).map(AccountId),
            doors_without_times: site
                .word("doors", &[("with times", false), ("without times", true)])
                .unwrap_or(false),
        };
        site.finish();
        document.sites.insert(SiteId::new(name.value.as_str()), settings);
    }
}

/// An IANA zone by name.
pub(super) fn zone(section: &Section<'_>, key: &'static str) -> Option<TimeZone> {
    let text = section.text(key)?;
    let found = TimeZone::get(&text.value).ok();
    if found.is_none() {
        let message = format!("\"{}\" is no time zone", text.value);
        section.report.error(&text.span, message, Some("write an IANA name such as Europe/London".into()));
    }
    found
}

pub(super) fn formats(value: &Value<'_>) -> Vec<DateFormat> {
    let texts = value.texts();
    texts
        .iter()
        .filter_map(|text| {
            let format = DateFormat::parse(&text.value);
            if format.is_none() {
                let fix = "write it like YYYY-MM-DD, MM/DD/YYYY, D.M.YYYY, or date-time";
                value.report.error(
                    &text.span,
                    format!("\"{}\" is no date notation", text.value),
                    Some(fix.into()),
                );
            }
            format
        })
        .collect()
}

fn route(section: &Section<'_>, document: &Document) -> Option<Route> {
    let tenant = section.text("tenant");
    let site = section.needed("site");
    tenant.iter().chain(&site).for_each(|text| slug(text, section));
    let conditions = conditions(section, "if", &document.groups);
    section.finish();
    let site = SiteId::new(site?.value.as_str());
    let tenant = tenant.map(|text| TenantId::new(text.value.as_str()));
    Some(Route { tenant, site, conditions, spot: section.spot() })
}

fn correlation(section: &Section<'_>) -> Correlation {
    let mut keys = Vec::new();
    for key in section.sections("keys") {
        let kind = key.needed("kind");
        let attribute = key.needed_attribute("attribute");
        let field = key.needed("field").and_then(|text| field_name(&text, &key));
        let fold = key
            .word(
                "compare",
                &[
                    ("number", Fold::Number),
                    ("email", Fold::Email),
                    ("email without tag", Fold::EmailWithoutTag),
                    ("text", Fold::Text),
                ],
            )
            .unwrap_or(Fold::Text);
        key.finish();
        if let (Some(kind), Some(attribute), Some(field)) = (kind, attribute, field) {
            keys.push(Key { kind: kind.value, attribute, field, fold });
        }
    }
    if section.get("keys").is_none_or(|value| value.is_list() && value.list().is_empty()) {
        section.error(
            "accounts cannot be found without a key",
            Some("add keys = [{ kind = \"employee number\", attribute = \"employeeNumber\", field = \"employeeId\", compare = \"number\" }]".into()),
        );
    }
    let person = section.text("person").and_then(|text| {
        let at = keys.iter().position(|key| key.kind == text.value);
        if at.is_none() {
            let fix = nearest(&text.value, keys.iter().map(|key| key.kind.as_str()));
            section.report.error(&text.span, format!("there is no key \"{}\"", text.value), fix);
        }
        at
    });
    section.finish();
    Correlation { keys, person }
}

pub(super) fn field_name(text: &Text, section: &Section<'_>) -> Option<FieldName> {
    let field = FieldName::new(&text.value);
    if field.is_none() {
        let fix = nearest(&text.value, FIELDS.iter().copied())
            .unwrap_or_else(|| format!("known: custom01 to custom30, {}", FIELDS.join(", ")));
        section.report.error(&text.span, format!("iOffice has no field \"{}\"", text.value), Some(fix));
    }
    field
}

fn field(name: &Text, value: &Value<'_>, document: &Document) -> Option<FieldRule> {
    let field = FieldName::new(&name.value);
    if field.is_none() {
        let fix = nearest(&name.value, FIELDS.iter().copied())
            .unwrap_or_else(|| format!("known: custom01 to custom30, {}", FIELDS.join(", ")));
        value.report.error(&name.span, format!("iOffice has no field \"{}\"", name.value), Some(fix));
    }
    if value.is_text() || value.is_list() {
        let texts = value.texts();
        texts.iter().for_each(|text| value.report.mention(text));
        let from = Source::First(texts.into_iter().map(|text| text.value.into()).collect());
        let spot = value.report.spot(name.span.clone());
        return Some(FieldRule { field: field?, from, change: Vec::new(), conditions: Vec::new(), spot });
    }
    let section = value.section()?;
    let mut from = Vec::new();
    if section.get("from").is_some() {
        from.push(Source::First(numbered(section.attributes("from"))));
    }
    if section.get("join").is_some() {
        from.push(Source::Join(
            numbered(section.attributes("join")),
            section.string("with").unwrap_or_else(|| " ".into()),
        ));
    }
    if let Some(text) = section.string("text") {
        from.push(Source::Constant(text));
    }
    let mut broken = false;
    if let Some(text) = section.text("cel") {
        let read = expression::read(section.report, &text, Purpose::Value);
        broken = read.is_none();
        from.extend(read.map(Source::Cel));
    }
    if let Some(text) = section.text("look_up") {
        let complain = |message, fix: Option<String>| {
            let fix = fix.or_else(|| Some(format!("add the file {}.csv with a column value", text.value)));
            section.report.error(&text.span, message, fix);
        };
        if let Some(table) = super::known(&text.value, &document.tables, "table", complain)
            && !table.columns.contains("value")
        {
            let message = format!("the table \"{}\" has no column value", text.value);
            section.report.error(
                &text.span,
                message,
                Some("add the column: what the field is to hold".into()),
            );
        }
        from.push(Source::Table { name: text.value, table: None });
    }
    let change = section
        .get("as")
        .map(|value| value.texts().iter().filter_map(|text| change(text, &section)).collect())
        .unwrap_or_default();
    let conditions = conditions(&section, "if", &document.groups);
    section.get("with");
    section.finish();
    if from.len() != 1 && !broken {
        section.error(
            "where does the value come from?",
            Some("use one of from = …, join = […], text = …, look_up = …, cel = …".into()),
        );
        return None;
    }
    let spot = value.report.spot(name.span.clone());
    Some(FieldRule { field: field?, from: from.pop()?, change, conditions, spot })
}

fn numbered(names: Vec<String>) -> Vec<Attribute> {
    names.into_iter().map(Into::into).collect()
}

fn change(text: &Text, section: &Section<'_>) -> Option<Change> {
    const KNOWN: [(&str, Change); 9] = [
        ("lower case", Change::Lower),
        ("upper case", Change::Upper),
        ("phone", Change::Phone),
        ("email", Change::Email),
        ("email without tag", Change::EmailWithoutTag),
        ("digits", Change::Digits),
        ("without leading zeros", Change::WithoutZeros),
        ("date-ms", Change::DateMs),
        ("date", Change::IsoDate),
    ];
    let notation = text.value.strip_prefix("date ").and_then(|format| DateFormat::parse(format.trim()));
    let found = KNOWN
        .iter()
        .find(|(name, _)| *name == text.value)
        .map(|(_, change)| change.clone())
        .or(notation.map(Change::Date));
    if found.is_none() {
        let names: Vec<_> = KNOWN.iter().map(|(name, _)| *name).collect();
        let fix = nearest(&text.value, names.iter().copied())
            .unwrap_or_else(|| format!("known: {}, date DD.MM.YYYY", names.join(", ")));
        section.report.error(&text.span, format!("there is no transform \"{}\"", text.value), Some(fix));
    }
    found
}

fn user_type(section: &Section<'_>, document: &Document) -> Option<UserTypeRule> {
    let name = section.needed("is")?;
    let conditions = conditions(section, "if", &document.groups);
    section.finish();
    Some(UserTypeRule { spot: section.report.spot(name.span.clone()), name: name.value, conditions })
}

fn manager(section: &Section<'_>) -> Option<ManagerRule> {
    const KNOWN: [(&str, ManagerKind); 4] = [
        ("okta id", ManagerKind::OktaId),
        ("employee number", ManagerKind::EmployeeNumber),
        ("email", ManagerKind::Email),
        ("login", ManagerKind::Login),
    ];
    let attribute = section.needed_attribute("attribute");
    let mut order = Vec::new();
    for text in section.texts("order") {
        match KNOWN.iter().find(|(name, _)| *name == text.value) {
            Some((_, kind)) => order.push(*kind),
            None => section.report.error(
                &text.span,
                format!("a manager cannot be found by \"{}\"", text.value),
                Some("known: okta id, employee number, email, login".into()),
            ),
        }
    }
    if order.is_empty() {
        order = KNOWN.iter().map(|(_, kind)| *kind).collect();
    }
    section.finish();
    Some(ManagerRule { attribute: attribute?, order })
}

fn guardrails(section: &Section<'_>) -> Guardrails {
    let default = Guardrails::default();
    let number = |key, range| section.integer(key, range).map(|number| number as u32);
    Guardrails {
        max_people: number("max_people", 0..1_000_001).or(default.max_people),
        max_percent: number("max_percent", 0..101).or(default.max_percent),
        window_seconds: number("window_hours", 1..24 * 31)
            .map_or(default.window_seconds, |hours| hours * 3600),
        max_people_per_run: number("max_people_per_run", 0..1_000_001),
        shrink_percent_max: number("shrink_percent_max", 0..101).unwrap_or(default.shrink_percent_max),
        certificate_required: section.boolean("certificate_required").unwrap_or(true),
        second_person: section.boolean("second_person").unwrap_or(false),
    }
}

/// A named exception: nothing is taken from whom it fits.
fn protection(section: &Section<'_>, document: &Document) -> Option<Protected> {
    let id = section.needed("id");
    let conditions = needed_conditions(section, document);
    let reason = section.string("reason");
    section.string("owner");
    if let Some(text) = section.text("until")
        && text.value.parse::<jiff::civil::Date>().is_err()
    {
        let message = format!("\"{}\" is no day", text.value);
        section.report.error(&text.span, message, Some("write it like \"2026-12-31\"".into()));
    }
    section.finish();
    let id = id?;
    if document.protections.iter().any(|known| known.id == id.value) {
        let message = format!("there are two protections \"{}\"", id.value);
        section.report.error(&id.span, message, Some("give one of them another id".into()));
    }
    Some(Protected { id: id.value, reason, conditions })
}

fn schedule(section: &Section<'_>) -> Option<Schedule> {
    let id = section.needed("id");
    let cron = section.needed("cron");
    if let Some(cron) = &cron
        && (cron.value.split_whitespace().count() != 5 || croner::Cron::from_str(&cron.value).is_err())
    {
        let fix = "five fields: minute hour day month weekday, such as \"0 2 * * *\" for two at night";
        section.report.error(&cron.span, format!("\"{}\" is no schedule", cron.value), Some(fix.into()));
    } else if let Some(cron) = &cron
        && !ever_comes(&cron.value)
    {
        let fix = "no day has that date: correct the day or the month";
        section.report.error(&cron.span, format!("\"{}\" never comes", cron.value), Some(fix.into()));
    }
    let zone_name = section.string("zone").unwrap_or_else(|| "UTC".to_owned());
    zone(section, "zone");
    let (site, tenant) = (section.text("site"), section.text("tenant"));
    site.iter().for_each(|text| section.report.names(Whose::Site, text));
    tenant.iter().for_each(|text| section.report.names(Whose::Tenant, text));
    let site = site.map(|text| SiteId::new(text.value.as_str()));
    let tenant = tenant.map(|text| TenantId::new(text.value.as_str()));
    let spread = section.integer("spread_minutes", 0..720).and_then(|n| u32::try_from(n).ok());
    section.finish();
    Some(Schedule {
        id: id?.value,
        cron: cron?.value,
        zone: zone_name,
        site,
        tenant,
        spread_minutes: spread.unwrap_or(0),
    })
}

/// Whether any day fits. The answer is the same whenever it is asked: the search begins at a fixed day.
fn ever_comes(cron: &str) -> bool {
    let Ok(cron) = croner::Cron::from_str(cron) else { return false };
    let first = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    cron.find_next_occurrence(&first, true).is_ok()
}
