//! Profile fields and user type: from attributes to what iOffice holds.

use lanyard_model::{
    desired::{Because, Desired, Want},
    fold,
    identity::AttributeValue,
};

use crate::{
    bind::Site,
    condition::{Condition, Truth, all, is},
    date,
    document::{Change, Document, FieldRule, Source},
    lifecycle::grounds,
    names::Attribute,
    parameter::filled,
    phone::phone,
    subject::Subject,
    table::Found,
};

/// Fields without which iOffice creates no account.
const REQUIRED: [&str; 3] = ["firstName", "lastName", "email"];

pub(crate) fn add(document: &Document, site: &Site, subject: &Subject<'_>, desired: &mut Desired) {
    // In the order of the fields, so that the map is built in one go; problems come in the order of the file.
    let mut fields = Vec::with_capacity(document.profile.len());
    let mut problems: Vec<(usize, String)> = Vec::new();
    for at in &document.profile_order {
        let rule = &document.profile[*at];
        match holds(&rule.conditions, subject, rule.field.as_str()) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(problem) => {
                problems.push((*at, problem));
                continue;
            }
        }
        match value(rule, site, subject) {
            Ok(Some((value, from))) => {
                let because = match from {
                    None => Vec::new(),
                    Some((from, row)) => {
                        let text = subject.say(|| match rule.conditions.as_slice() {
                            [] => from,
                            list => format!("{from}; {}", grounds(list, subject)),
                        });
                        vec![Because { rule: "profile".to_owned(), row, text }]
                    }
                };
                fields.push((rule.field, Want { value, because }));
            }
            Ok(None) => {}
            Err(why) => problems.push((*at, format!("{}: {why}", rule.field))),
        }
    }
    let mapped =
        REQUIRED.iter().filter(|name| document.profile.iter().any(|rule| rule.field.as_str() == **name));
    let lacking = mapped.filter(|name| !fields.iter().any(|(field, _)| field.as_str() == **name));
    let lacking: Vec<_> = if fields.len() == document.profile.len() { Vec::new() } else { lacking.collect() };
    desired.fields = fields.into_iter().collect();
    problems.sort_by_key(|(at, _)| *at);
    desired.problems.extend(problems.into_iter().map(|(_, problem)| problem));
    for name in lacking {
        desired.problems.push(format!("{name} has no value, and iOffice creates no account without one"));
    }
    for (rule, id) in document.user_types.iter().zip(&site.user_types) {
        match holds(&rule.conditions, subject, "user type") {
            Ok(true) => {}
            Ok(false) => continue,
            // Another rule's type could be the wrong one: it stays as it is.
            Err(problem) => {
                desired.problems.push(problem);
                break;
            }
        }
        match id {
            Some(id) => {
                let because = if subject.told() {
                    let text = subject.say(|| grounds(&rule.conditions, subject));
                    vec![Because { rule: "user_type".to_owned(), row: None, text }]
                } else {
                    Vec::new()
                };
                desired.user_type = Some(Want { value: *id, because });
            }
            None => desired.problems.push(format!("there is no user type \"{}\" in this site", rule.name)),
        }
        break;
    }
}

/// The error is a problem of the person: it cannot be told.
fn holds(conditions: &[Condition], subject: &Subject<'_>, what: &str) -> Result<bool, String> {
    match all(conditions, subject) {
        Truth::Yes => Ok(true),
        Truth::No => Ok(false),
        Truth::Unknown => Err(format!("{what} is left alone: {}", subject.why_unknown())),
        Truth::Broken(why) => Err(format!("{what} is left alone: {why}")),
    }
}

/// Where a value came from, in words, and the row of a table that says it.
type Origin = (String, Option<(String, u32)>);

/// The value and, if anybody is told, where it came from.
fn value(
    rule: &FieldRule,
    site: &Site,
    subject: &Subject<'_>,
) -> Result<Option<(String, Option<Origin>)>, String> {
    let told = |from: &dyn Fn() -> String| subject.told().then(|| (subject.say(from), None));
    let text = |attribute: &Attribute| {
        let text = match subject.value(attribute)? {
            AttributeValue::Text(text) => trimmed(text),
            other => trimmed(&other.to_text()),
        };
        (!text.is_empty()).then_some(text)
    };
    let (mut value, from) = match &rule.from {
        Source::Constant(text) => (filled(text, &site.values).into_owned(), told(&|| "always so".to_owned())),
        Source::Cel(cel) => {
            let Some(value) = cel.text(subject)? else { return Ok(None) };
            let from = || match cel.told(subject) {
                told if told.is_empty() => format!("from {cel}"),
                told => format!("from {cel}: {told}"),
            };
            (value, told(&from))
        }
        Source::Table { table, .. } => {
            let Some(table) = table else { return Ok(None) };
            let row = match subject.found(table) {
                Found::Row(at) => &table.rows[*at],
                Found::Nothing => return Ok(None),
                Found::Unknown(_) => return Err(subject.why_unknown().to_owned()),
                Found::Broken(why) => return Err(why.clone()),
            };
            let Some(value) = &row.out.value else { return Ok(None) };
            let from = || (subject.say(|| row.grounds(subject)), Some((table.name.clone(), row.number)));
            (filled(value, &site.values).into_owned(), subject.told().then(from))
        }
        Source::First(list) => match list.iter().find_map(|name| text(name).map(|value| (name, value))) {
            Some((attribute, value)) => {
                let from = told(&|| is(&attribute.name, &value));
                (value, from)
            }
            None => return Ok(None),
        },
        Source::Join(list, with) => {
            let parts: Vec<_> = list.iter().filter_map(text).collect();
            if parts.is_empty() {
                return Ok(None);
            }
            let names =
                || list.iter().map(|attribute| attribute.name.as_str()).collect::<Vec<_>>().join(" and ");
            (parts.join(with), told(&|| format!("from {}", names())))
        }
    };
    for change in &rule.change {
        value = changed(value, change, subject)?;
    }
    Ok((!value.is_empty()).then_some((value, from)))
}

/// White space at the ends dropped, runs inside as one blank.
fn trimmed(text: &str) -> String {
    if crate::names::is_plain(text) {
        return text.to_owned();
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn changed(value: String, change: &Change, subject: &Subject<'_>) -> Result<String, String> {
    let day = |value: &str| {
        date::read(value, subject.dates).ok_or_else(|| format!("{value:?} is no date in a declared notation"))
    };
    Ok(match change {
        Change::Lower if value.is_ascii() => {
            let mut value = value;
            value.make_ascii_lowercase();
            value
        }
        Change::Upper if value.is_ascii() => {
            let mut value = value;
            value.make_ascii_uppercase();
            value
        }
        Change::Lower => value.to_lowercase(),
        Change::Upper => value.to_uppercase(),
        Change::Phone => phone(&value, subject.country())?,
        Change::Email => fold::email(&value).ok_or_else(|| format!("{value:?} is no e-mail address"))?,
        Change::EmailWithoutTag => {
            fold::email_without_tag(&value).ok_or_else(|| format!("{value:?} is no e-mail address"))?
        }
        Change::Digits => value.chars().filter(char::is_ascii_digit).collect(),
        Change::WithoutZeros => fold::number(&value).unwrap_or_default(),
        Change::Date(format) => format.write(day(&value)?),
        Change::IsoDate => day(&value)?.to_string(),
        Change::DateMs => {
            let midnight = date::start_of(day(&value)?, &jiff::tz::TimeZone::UTC);
            midnight.as_millisecond().to_string()
        }
    })
}
