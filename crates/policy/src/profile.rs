//! Profile fields and user type: from attributes to what iOffice holds.

use lanyard_model::{
    desired::{Because, Desired, Want},
    identity::AttributeValue,
};

use crate::{
    bind::Site,
    condition::{Condition, Truth, all, is},
    date,
    document::{Change, Document, FieldRule, Source},
    lifecycle::grounds,
    names::Attribute,
    subject::Subject,
};

/// Fields without which iOffice creates no account.
const REQUIRED: [&str; 3] = ["firstName", "lastName", "email"];

pub(crate) fn add(document: &Document, site: &Site, subject: &Subject<'_>, desired: &mut Desired) {
    for rule in &document.profile {
        if desired.fields.contains_key(&rule.field)
            || !holds(&rule.conditions, subject, desired, rule.field.as_str())
        {
            continue;
        }
        match value(rule, subject) {
            Ok(Some((value, from))) => {
                let because = match from {
                    None => Vec::new(),
                    Some(from) => {
                        let text = if rule.conditions.is_empty() {
                            from
                        } else {
                            format!("{from}; {}", grounds(&rule.conditions, subject))
                        };
                        vec![Because { rule: "profile".to_owned(), row: None, text }]
                    }
                };
                desired.fields.insert(rule.field.clone(), Want { value, because });
            }
            Ok(None) => {}
            Err(why) => desired.problems.push(format!("{}: {why}", rule.field)),
        }
    }
    for name in REQUIRED {
        let mapped = document.profile.iter().any(|rule| rule.field.as_str() == name);
        if mapped && !desired.fields.keys().any(|field| field.as_str() == name) {
            desired.problems.push(format!("{name} has no value, and iOffice creates no account without one"));
        }
    }
    for (rule, id) in document.user_types.iter().zip(&site.user_types) {
        if !holds(&rule.conditions, subject, desired, "user type") {
            continue;
        }
        match id {
            Some(id) => {
                let because = if subject.told {
                    let text = grounds(&rule.conditions, subject);
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

fn holds(conditions: &[Condition], subject: &Subject<'_>, desired: &mut Desired, what: &str) -> bool {
    match all(conditions, subject) {
        Truth::Yes => true,
        Truth::No => false,
        Truth::Unknown => {
            desired.problems.push(format!("{what} is left alone: the list of groups is not whole"));
            false
        }
        Truth::Broken(why) => {
            desired.problems.push(format!("{what} is left alone: {why}"));
            false
        }
    }
}

/// The value and, if anybody is told, where it came from, in words.
fn value(rule: &FieldRule, subject: &Subject<'_>) -> Result<Option<(String, Option<String>)>, String> {
    let told = |from: &dyn Fn() -> String| subject.told.then(from);
    let text = |attribute: &Attribute| {
        let text = match subject.value(attribute)? {
            AttributeValue::Text(text) => trimmed(text),
            other => trimmed(&other.to_text()),
        };
        (!text.is_empty()).then_some(text)
    };
    let (mut value, from) = match &rule.from {
        Source::Constant(text) => (text.clone(), told(&|| "always so".to_owned())),
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
        value = changed(value, *change, subject)?;
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

fn changed(value: String, change: Change, subject: &Subject<'_>) -> Result<String, String> {
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
        Change::Phone => phone(&value),
        Change::IsoDate => day(&value)?.to_string(),
        Change::DateMs => {
            let midnight = date::start_of(day(&value)?, &jiff::tz::TimeZone::UTC);
            midnight.as_millisecond().to_string()
        }
    })
}

/// A phone number in one notation: `+`, digits, and an extension. Numbers without a country prefix keep their digits
/// only; what holds no digit stays as typed.
fn phone(text: &str) -> String {
    if text.strip_prefix('+').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    {
        return text.to_owned();
    }
    let lower = text.to_lowercase();
    let (main, extension) = match lower.find("ext").or_else(|| lower.find('x')).or_else(|| lower.find('#')) {
        Some(at) if at > 0 => lower.split_at(at),
        _ => (lower.as_str(), ""),
    };
    let main = main.trim();
    let international = main.starts_with('+') || main.starts_with("00");
    // "+44 (0) 20 …": the zero in brackets is dialled only at home.
    let bare = if international { main.replacen("(0)", "", 1) } else { main.to_owned() };
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let mut number = digits(&bare);
    if number.is_empty() {
        return text.to_owned();
    }
    if main.starts_with("00") {
        number.drain(..2);
    }
    let plus = if international { "+" } else { "" };
    match digits(extension) {
        extension if extension.is_empty() => format!("{plus}{number}"),
        extension => format!("{plus}{number} ext. {extension}"),
    }
}

#[cfg(test)]
mod tests {
    use super::phone;

    #[test]
    fn phones_come_in_one_notation() {
        for (typed, kept) in [
            ("+44 123 456 7890", "+441234567890"),
            ("+441234567890", "+441234567890"),
            ("0044 123 4567890", "+441234567890"),
            ("+44 (0) 123/456.7890", "+441234567890"),
            ("(123) 456-7890", "1234567890"),
            ("123-456-7890 ext. 42", "1234567890 ext. 42"),
            ("ask reception", "ask reception"),
        ] {
            assert_eq!(phone(typed), kept, "{typed}");
        }
    }
}
