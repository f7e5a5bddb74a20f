//! Changes in Okta: in words, made on a person, and the smallest that make conditions hold or not.

use std::{collections::BTreeSet, fmt, sync::Arc};

use lanyard_model::{
    fold,
    id::GroupId,
    identity::{AttributeValue, Groups, Identity, Profile, Status},
};
use serde::Serialize;

use super::dates;
use crate::{
    condition::{Condition, Truth, Wanted, quoted},
    names::Attribute,
    subject::Subject,
    test::Test,
};

/// One change in Okta.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Remedy {
    Join {
        group: GroupId,
        name: String,
    },
    Leave {
        group: GroupId,
        name: String,
    },
    Set {
        attribute: String,
        value: String,
    },
    /// To a list, beside the values that it has.
    Add {
        attribute: String,
        values: Vec<String>,
    },
    /// From a list, of which the others stay.
    Drop {
        attribute: String,
        values: Vec<String>,
    },
    /// Any value will do.
    Fill {
        attribute: String,
    },
    /// Any of many values will do; it was tried with this one.
    Fit {
        attribute: String,
        /// `a value that matches "FI-*"`.
        how: String,
        value: String,
    },
    Clear {
        attribute: String,
    },
    Status {
        to: String,
    },
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Join { group, name } => write!(f, "add them to group {name} ({group})"),
            Self::Leave { group, name } => write!(f, "take them out of group {name} ({group})"),
            Self::Set { attribute, value } => write!(f, "set {attribute} to \"{value}\""),
            Self::Add { attribute, values } => write!(f, "add {} to {attribute}", and(values)),
            Self::Drop { attribute, values } => write!(f, "take {} out of {attribute}", and(values)),
            Self::Fill { attribute } => write!(f, "give {attribute} a value"),
            Self::Fit { attribute, how, .. } => write!(f, "give {attribute} {how}"),
            Self::Clear { attribute } => write!(f, "empty {attribute}"),
            Self::Status { to } => write!(f, "bring their status to {to}"),
        }
    }
}

/// `"A" and "B"`.
pub(super) fn and(values: &[String]) -> String {
    values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(" and ")
}

/// The person with these changes made.
pub(super) fn after(identity: &Identity, changes: &[Remedy]) -> Identity {
    let mut then = identity.clone();
    let mut groups: BTreeSet<GroupId> = identity.groups.ids().iter().cloned().collect();
    for change in changes {
        match change {
            Remedy::Join { group, .. } => {
                groups.insert(group.clone());
            }
            Remedy::Leave { group, .. } => {
                groups.remove(group);
            }
            Remedy::Set { attribute, value } | Remedy::Fit { attribute, value, .. } => {
                then.profile.set(attribute.as_str(), AttributeValue::Text(value.as_str().into()));
            }
            Remedy::Add { attribute, values } => {
                let mut list = listed(&then.profile, attribute);
                list.extend(values.iter().map(|value| Arc::from(value.as_str())));
                then.profile.set(attribute.as_str(), AttributeValue::List(list));
            }
            Remedy::Drop { attribute, values } => {
                let mut list = listed(&then.profile, attribute);
                list.retain(|own| !values.iter().any(|value| fold::text(value) == fold::text(own)));
                then.profile.set(attribute.as_str(), AttributeValue::List(list));
            }
            Remedy::Fill { attribute } => {
                then.profile.set(attribute.as_str(), AttributeValue::Text("x".into()))
            }
            Remedy::Clear { attribute } => {
                then.profile = then
                    .profile
                    .iter()
                    .filter(|(name, _)| ***name != **attribute)
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect::<Profile>();
            }
            Remedy::Status { to } => then.status = Status::parse(to),
        }
    }
    then.groups = Groups::new(groups, identity.groups.complete);
    then
}

/// The values of an attribute, as a list.
fn listed(profile: &Profile, attribute: &str) -> Vec<Arc<str>> {
    match profile.get(attribute) {
        Some(AttributeValue::List(items)) => items.clone(),
        Some(other) => {
            Some(other.to_text()).filter(|text| !text.trim().is_empty()).map(Into::into).into_iter().collect()
        }
        None => Vec::new(),
    }
}

/// The smallest change that makes all of the list hold, or not all of it.
pub(super) fn all_of(list: &[Condition], subject: &Subject<'_>, wanted: bool) -> Option<Vec<Remedy>> {
    if !wanted {
        return list.iter().filter_map(|part| remedy(part, subject, false)).min_by_key(Vec::len);
    }
    // Several tests of one date are met by one date.
    let met = dates::together(list, subject)?;
    let others =
        list.iter().filter(|part| !met.iter().any(|(attribute, _)| dates::is_about(part, attribute)));
    let dated: Vec<Remedy> = met.iter().filter_map(|(_, change)| change.clone()).collect();
    others
        .map(|part| remedy(part, subject, true))
        .try_fold(dated, |all, part| part.map(|part| joined(all, part)))
}

pub(super) fn joined(mut all: Vec<Remedy>, more: Vec<Remedy>) -> Vec<Remedy> {
    all.extend(more);
    all.sort();
    all.dedup();
    all
}

fn remedy(condition: &Condition, subject: &Subject<'_>, wanted: bool) -> Option<Vec<Remedy>> {
    match (condition.test(subject), wanted) {
        (Truth::Yes, true) | (Truth::No, false) => return Some(Vec::new()),
        _ => {}
    }
    match condition {
        Condition::All(list) => all_of(list, subject, wanted),
        Condition::Any(list) if wanted => {
            list.iter().filter_map(|part| remedy(part, subject, true)).min_by_key(Vec::len)
        }
        Condition::Any(list) => list
            .iter()
            .map(|part| remedy(part, subject, false))
            .try_fold(Vec::new(), |all, part| part.map(|part| joined(all, part))),
        Condition::Not(inner) => remedy(inner, subject, !wanted),
        Condition::Some(count, list) => {
            let held = list.iter().filter(|part| part.test(subject) == Truth::Yes).count();
            let turned = match wanted {
                true => count.saturating_sub(held),
                false => (held + 1).saturating_sub(*count),
            };
            let mut parts: Vec<_> = list
                .iter()
                .filter(|part| (part.test(subject) == Truth::Yes) != wanted)
                .filter_map(|part| remedy(part, subject, wanted))
                .collect();
            parts.sort_by_key(Vec::len);
            (parts.len() >= turned).then(|| parts.into_iter().take(turned).fold(Vec::new(), joined))
        }
        Condition::Group(group) => {
            let tenant = &subject.identity.id.tenant;
            let own = group.ids.iter().filter(|(of, _)| of.as_ref().is_none_or(|of| of == tenant));
            let name = || group.name.clone();
            if wanted {
                own.map(|(_, id)| vec![Remedy::Join { group: id.clone(), name: name() }]).next()
            } else {
                let held = own.filter(|(_, id)| subject.identity.groups.contains(id));
                Some(held.map(|(_, id)| Remedy::Leave { group: id.clone(), name: name() }).collect())
            }
        }
        Condition::Status(list) if wanted => {
            list.first().map(|status| vec![Remedy::Status { to: status.to_string() }])
        }
        Condition::Attribute { attribute, test } => of_attribute(attribute, test, subject, wanted),
        // What an expression would take is anybody's guess: it is told what it reads.
        Condition::Cel(_) => None,
        Condition::Tenant(_) | Condition::Site(_) | Condition::Status(_) | Condition::Today { .. } => None,
    }
}

/// The change of one attribute that makes its test hold, or fail; asked only where it does not already.
fn of_attribute(named: &Attribute, test: &Test, subject: &Subject<'_>, wanted: bool) -> Option<Vec<Remedy>> {
    let attribute = named.name.clone();
    match (test, wanted) {
        (Test::Before(_) | Test::After(_) | Test::Within(_), _) => {
            dates::remedy(named, test, subject, wanted)
        }
        (Test::Is(list) | Test::StartsWith(list) | Test::EndsWith(list) | Test::Contains(list), true) => {
            let value = list.first()?.text.clone();
            Some(vec![match items(named, subject) {
                Some(_) => Remedy::Add { attribute, values: vec![value] },
                None => Remedy::Set { attribute, value },
            }])
        }
        (Test::Exists(exists), _) if *exists == wanted => Some(vec![Remedy::Fill { attribute }]),
        (Test::Only(list), true) => only(named, list, subject),
        (Test::HasAll(list), true) => has_all(named, list, subject),
        (Test::HasAll(list) | Test::Is(list), false) => {
            let all = !matches!(test, Test::HasAll(_));
            Some(vec![fewer(named, list, all, subject)])
        }
        (Test::Domain(list), true) => {
            let domain = list.first()?.text.trim().trim_start_matches('@').to_owned();
            let mail = subject.shown(named);
            let own = mail.as_deref().and_then(|mail| mail.trim().split_once('@')).map(|(own, _)| own);
            let value = format!("{}@{domain}", own.filter(|own| !own.is_empty()).unwrap_or("name"));
            Some(vec![Remedy::Fit { attribute, how: format!("an address at {domain}"), value }])
        }
        (Test::Matches(list), true) => {
            let pattern = list.first()?.0.text.trim();
            let value = pattern.replace('*', "").replace('?', "x");
            let value = if value.trim().is_empty() { "x".to_owned() } else { value };
            Some(vec![match value == pattern {
                true => Remedy::Set { attribute, value },
                false => {
                    Remedy::Fit { attribute, how: format!("a value that matches {}", quoted(pattern)), value }
                }
            }])
        }
        (Test::SameAs(other), true) => match (subject.shown(other), subject.shown(named)) {
            (Some(theirs), _) => Some(vec![Remedy::Set { attribute, value: theirs.trim().to_owned() }]),
            (None, Some(own)) => {
                Some(vec![Remedy::Set { attribute: other.name.clone(), value: own.trim().to_owned() }])
            }
            (None, None) => None,
        },
        (Test::Number { at_least, at_most }, true) => {
            let now = subject.number(named).and_then(Result::ok);
            // The end of the range that is nearer.
            let over = now.zip(*at_most).is_some_and(|(now, most)| now > most);
            let limit = if over { *at_most } else { at_least.or(*at_most) };
            limit.map(|limit| vec![Remedy::Set { attribute, value: limit.to_string() }])
        }
        _ => Some(vec![Remedy::Clear { attribute }]),
    }
}

/// The values of an attribute that is a list.
fn items<'a>(attribute: &Attribute, subject: &Subject<'a>) -> Option<&'a [Arc<str>]> {
    match subject.value(attribute) {
        Some(AttributeValue::List(items)) => Some(items),
        _ => None,
    }
}

fn is_among(value: &str, list: &[Wanted]) -> bool {
    let value = fold::text(value);
    list.iter().any(|wanted| wanted.folded == value)
}

/// Adds what is missing. An attribute of one value can hold one only; where it has none, nothing says which it is.
fn has_all(named: &Attribute, list: &[Wanted], subject: &Subject<'_>) -> Option<Vec<Remedy>> {
    let attribute = named.name.clone();
    if items(named, subject).is_none() {
        let first = list.first()?;
        if list.iter().all(|wanted| wanted.folded == first.folded) {
            return Some(vec![Remedy::Set { attribute, value: first.text.clone() }]);
        }
        if subject.shown(named).is_some() {
            return None;
        }
    }
    let is_there = |wanted: &Wanted| subject.any_text(named, |value| fold::text(value) == wanted.folded);
    let mut values: Vec<String> = Vec::new();
    for wanted in list.iter().filter(|wanted| !is_there(wanted)) {
        if !values.iter().any(|known| fold::text(known) == wanted.folded) {
            values.push(wanted.text.clone());
        }
    }
    Some(vec![Remedy::Add { attribute, values }])
}

/// Takes out what is not allowed; where nothing would be left, the first that is allowed takes its place.
fn only(named: &Attribute, list: &[Wanted], subject: &Subject<'_>) -> Option<Vec<Remedy>> {
    let attribute = named.name.clone();
    let own = items(named, subject).unwrap_or_default();
    let (allowed, others): (Vec<_>, Vec<_>) = own.iter().partition(|value| is_among(value, list));
    if allowed.is_empty() {
        return Some(vec![Remedy::Set { attribute, value: list.first()?.text.clone() }]);
    }
    let values = others.into_iter().map(|value| value.to_string()).collect();
    Some(vec![Remedy::Drop { attribute, values }])
}

/// Takes these values out of a list, or the first of them; anything else is emptied.
fn fewer(named: &Attribute, list: &[Wanted], all: bool, subject: &Subject<'_>) -> Remedy {
    let attribute = named.name.clone();
    let own = items(named, subject).unwrap_or_default();
    let gone = if all { list } else { list.get(..1).unwrap_or_default() };
    let (out, left): (Vec<_>, Vec<_>) = own.iter().partition(|value| is_among(value, gone));
    match out.is_empty() || left.is_empty() {
        true => Remedy::Clear { attribute },
        false => Remedy::Drop { attribute, values: out.into_iter().map(|value| value.to_string()).collect() },
    }
}
