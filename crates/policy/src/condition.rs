//! Structured conditions: what they mean, in which words they are told, and when their answer may change by itself.

use std::collections::BTreeMap;

use jiff::civil::Date;
use lanyard_model::{
    fold,
    id::{GroupId, SiteId, TenantId},
    identity::Status,
};

use crate::{date, expression::Cel, names::Attribute, subject::Subject, test::Test};

/// A test of one person.
#[derive(Clone, Debug)]
pub(crate) enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// So many of these, or more.
    Some(usize, Vec<Condition>),
    Attribute {
        attribute: Attribute,
        test: Test,
    },
    Group(GroupTest),
    /// What the others cannot say.
    Cel(Cel),
    Tenant(Vec<TenantId>),
    Site(Vec<SiteId>),
    Status(Vec<Status>),
    /// From the first to the last of these days, where the person is.
    Today {
        from: Option<Date>,
        until: Option<Date>,
    },
}

/// A group by the policy's own name for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct GroupTest {
    pub name: String,
    /// `None`: in whichever tenant.
    pub ids: Vec<(Option<TenantId>, GroupId)>,
    /// The names that are written beside them (`00g… # name`).
    pub beside: BTreeMap<GroupId, String>,
    /// Their numbers in the document.
    pub at: Vec<usize>,
}

/// A value to compare with; case and outer white space do not matter.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub text: String,
    pub folded: String,
    /// Number of the folded text among the attribute's values; one that nobody has, until it is given.
    pub id: u32,
}

impl Wanted {
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), folded: fold::text(text), id: u32::MAX }
    }
}

/// Whether a condition holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Truth {
    Yes,
    No,
    /// The list of groups is not whole, so a missing group proves nothing.
    Unknown,
    /// Cannot be decided from this data (an unreadable date).
    Broken(String),
}

/// A value in quotes. Written by hand because it is on the path of every decision and `{:?}` is slow.
pub(crate) fn quoted(value: &str) -> String {
    phrase("", "", value)
}

/// `name is "value"`.
pub(crate) fn is(name: &str, value: &str) -> String {
    phrase(name, " is ", value)
}

fn phrase(name: &str, verb: &str, value: &str) -> String {
    if value.bytes().any(|b| b == b'"' || b == b'\\' || b.is_ascii_control()) {
        return format!("{name}{verb}{value:?}");
    }
    [name, verb, "\"", value, "\""].concat()
}

/// Several grounds as one sentence.
pub(crate) fn joined(list: &[Condition], subject: &Subject<'_>) -> String {
    match list {
        [one] => one.grounds(subject),
        list => list.iter().map(|part| part.grounds(subject)).collect::<Vec<_>>().join(", "),
    }
}

impl Condition {
    pub fn test(&self, subject: &Subject<'_>) -> Truth {
        match self {
            Self::All(list) => all(list, subject),
            Self::Any(list) => any(list, subject),
            Self::Not(inner) => match inner.test(subject) {
                Truth::Yes => Truth::No,
                Truth::No => Truth::Yes,
                other => other,
            },
            Self::Some(count, list) => at_least(*count, list, subject),
            Self::Attribute { attribute, test } => test.holds(attribute, subject),
            Self::Group(group) => group.test(subject),
            Self::Cel(cel) => cel.test(subject),
            Self::Tenant(list) => truth(list.contains(&subject.identity.id.tenant)),
            Self::Site(list) => truth(subject.site().is_some_and(|site| list.contains(site))),
            Self::Status(list) => truth(list.contains(&subject.identity.status)),
            Self::Today { from, until } => today(*from, *until, subject),
        }
    }

    /// The answer of the tests that are asked most, where it is a plain yes or no; [`Condition::test`] knows the rest.
    fn plain(&self, subject: &Subject<'_>) -> Option<bool> {
        match self {
            Self::Attribute { attribute, test: Test::Is(list) } => {
                Some(subject.is_one_of(attribute.at, |number| list.iter().any(|wanted| wanted.id == number)))
            }
            Self::Group(group) if subject.identity.groups.complete => {
                let has = group.has(subject);
                (has || group.missing(subject, &subject.identity.id.tenant).is_none()).then_some(has)
            }
            Self::Any(list) => {
                let mut sure = true;
                for part in list {
                    match part.plain(subject) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => sure = false,
                    }
                }
                sure.then_some(false)
            }
            Self::All(list) => {
                let mut sure = true;
                for part in list {
                    match part.plain(subject) {
                        Some(true) => {}
                        Some(false) => return Some(false),
                        None => sure = false,
                    }
                }
                sure.then_some(true)
            }
            Self::Not(inner) => inner.plain(subject).map(|holds| !holds),
            Self::Tenant(list) => Some(list.contains(&subject.identity.id.tenant)),
            Self::Status(list) => Some(list.contains(&subject.identity.status)),
            _ => None,
        }
    }

    /// Why it holds, with the person's own values. Asked only when it does.
    pub fn grounds(&self, subject: &Subject<'_>) -> String {
        match self {
            Self::All(list) => joined(list, subject),
            Self::Any(list) => list
                .iter()
                .find(|part| part.test(subject) == Truth::Yes)
                .map_or_else(String::new, |part| part.grounds(subject)),
            Self::Not(inner) => inner.lack(subject),
            Self::Some(_, list) => {
                let held = list.iter().filter(|part| part.test(subject) == Truth::Yes);
                held.map(|part| part.grounds(subject)).collect::<Vec<_>>().join(", ")
            }
            Self::Attribute { attribute, test } => test.say(attribute, subject, true),
            Self::Group(group) => ["member of ", &group.name].concat(),
            Self::Cel(cel) => cel.say(subject, true),
            Self::Tenant(_) => format!("comes from {}", subject.identity.id.tenant),
            Self::Site(_) => format!("belongs to site {}", site_name(subject)),
            Self::Status(_) => format!("status is {}", subject.identity.status),
            Self::Today { .. } => format!("today is {}", subject.today()),
        }
    }

    /// Why it does not hold: the first part that fails.
    pub fn lack(&self, subject: &Subject<'_>) -> String {
        match self {
            Self::All(list) => list
                .iter()
                .find(|part| part.test(subject) != Truth::Yes)
                .map_or_else(String::new, |part| part.lack(subject)),
            Self::Any(list) => list.iter().map(|part| part.lack(subject)).collect::<Vec<_>>().join(" and "),
            Self::Not(inner) => inner.grounds(subject),
            Self::Some(count, list) => {
                let lacks: Vec<_> = list.iter().filter(|part| part.test(subject) != Truth::Yes).collect();
                let said: Vec<_> = lacks.iter().map(|part| part.lack(subject)).collect();
                format!(
                    "only {} of the {count} that are needed: {}",
                    list.len() - lacks.len(),
                    said.join(" and ")
                )
            }
            Self::Attribute { attribute, test } => test.say(attribute, subject, false),
            Self::Group(group) if subject.identity.groups.complete => {
                match group.missing(subject, &subject.identity.id.tenant) {
                    None => ["not a member of ", &group.name].concat(),
                    Some(id) => format!(
                        "not known to be a member of {}: the group {id} no longer exists in Okta",
                        group.name
                    ),
                }
            }
            Self::Group(group) => {
                format!("not known to be a member of {}: the list of groups is not whole", group.name)
            }
            Self::Cel(cel) => cel.say(subject, false),
            Self::Tenant(list) => {
                format!("comes from {}, not from {}", subject.identity.id.tenant, or(list))
            }
            Self::Site(list) => format!("belongs to site {}, not {}", site_name(subject), or(list)),
            Self::Status(list) => format!("status is {}, not {}", subject.identity.status, or(list)),
            Self::Today { from, until } => match (from, until) {
                (Some(from), _) if subject.today() < *from => format!("it begins on {from}"),
                (_, Some(until)) => format!("it ended on {until}"),
                _ => String::new(),
            },
        }
    }

    /// Calls `see` with every attribute that this condition itself names.
    pub fn attributes_mut(&mut self, see: &mut dyn FnMut(&mut Attribute)) {
        match self {
            Self::Attribute { attribute, test } => {
                see(attribute);
                test.others_mut(see);
            }
            Self::Cel(cel) => cel.attributes.iter_mut().for_each(see),
            _ => {}
        }
    }

    /// Calls `see` with this condition and all inside it.
    pub fn visit_mut(&mut self, see: &mut dyn FnMut(&mut Condition)) {
        see(self);
        match self {
            Self::All(list) | Self::Any(list) | Self::Some(_, list) => {
                list.iter_mut().for_each(|part| part.visit_mut(see));
            }
            Self::Not(inner) => inner.visit_mut(see),
            _ => {}
        }
    }

    /// Calls `see` with every attribute and group named inside.
    pub fn visit(&self, see: &mut dyn FnMut(&Condition)) {
        see(self);
        match self {
            Self::All(list) | Self::Any(list) | Self::Some(_, list) => {
                list.iter().for_each(|part| part.visit(see));
            }
            Self::Not(inner) => inner.visit(see),
            _ => {}
        }
    }
}

/// All parts hold. A part that fails decides even when another is not known.
pub(crate) fn all(list: &[Condition], subject: &Subject<'_>) -> Truth {
    let mut answer = Truth::Yes;
    for part in list {
        match part.plain(subject) {
            Some(true) => continue,
            Some(false) => return Truth::No,
            None => {}
        }
        match part.test(subject) {
            Truth::Yes => {}
            Truth::No => return Truth::No,
            other => {
                if !matches!(answer, Truth::Broken(_)) {
                    answer = other;
                }
            }
        }
    }
    answer
}

/// At least one part holds. A part that holds decides even when another is not known.
pub(crate) fn any(list: &[Condition], subject: &Subject<'_>) -> Truth {
    let mut answer = Truth::No;
    for part in list {
        match part.test(subject) {
            Truth::No => {}
            Truth::Yes => return Truth::Yes,
            other => {
                if !matches!(answer, Truth::Broken(_)) {
                    answer = other;
                }
            }
        }
    }
    answer
}

/// Whether today lies between two days, both included.
fn today(from: Option<Date>, until: Option<Date>, subject: &Subject<'_>) -> Truth {
    let today = subject.today();
    if let Some(from) = from.filter(|from| today < *from) {
        subject.turns_on(from);
        return Truth::No;
    }
    match until {
        Some(until) if today > until => Truth::No,
        Some(until) => {
            subject.turns_on(date::shift(until, 1));
            Truth::Yes
        }
        None => Truth::Yes,
    }
}

/// Enough parts hold. Parts that are not known count only as long as they could still decide.
fn at_least(count: usize, list: &[Condition], subject: &Subject<'_>) -> Truth {
    let (mut held, mut open) = (0, 0);
    let mut answer = Truth::No;
    for part in list {
        match part.test(subject) {
            Truth::Yes => held += 1,
            Truth::No => {}
            other => {
                open += 1;
                if !matches!(answer, Truth::Broken(_)) {
                    answer = other;
                }
            }
        }
    }
    match (held >= count, held + open >= count) {
        (true, _) => Truth::Yes,
        (false, true) => answer,
        (false, false) => Truth::No,
    }
}

pub(crate) fn truth(holds: bool) -> Truth {
    if holds { Truth::Yes } else { Truth::No }
}

fn site_name(subject: &Subject<'_>) -> String {
    subject.site().map_or_else(|| "none".to_owned(), ToString::to_string)
}

fn or<T: ToString>(list: &[T]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

impl GroupTest {
    /// Whether the person is seen to be a member.
    fn has(&self, subject: &Subject<'_>) -> bool {
        self.held(subject).is_some()
    }

    /// The id by which the person is seen to be a member.
    pub fn held(&self, subject: &Subject<'_>) -> Option<&GroupId> {
        let tenant = &subject.identity.id.tenant;
        let here = |of: &Option<TenantId>| of.as_ref().is_none_or(|of| of == tenant);
        let mut ids = self.ids.iter().zip(&self.at);
        ids.find(|((of, _), at)| subject.in_group(**at) && here(of)).map(|((_, id), _)| id)
    }

    pub fn test(&self, subject: &Subject<'_>) -> Truth {
        let tenant = &subject.identity.id.tenant;
        let mut concerned = false;
        for ((of, _), at) in self.ids.iter().zip(&self.at) {
            if of.as_ref().is_some_and(|of| of != tenant) {
                continue;
            }
            concerned = true;
            if subject.in_group(*at) {
                return Truth::Yes;
            }
        }
        // A tenant that has no such group surely has no member of it. One that had it, and lost it, says nothing of who was.
        let unknown = concerned && !subject.identity.groups.complete;
        if unknown || self.missing(subject, tenant).is_some() { Truth::Unknown } else { Truth::No }
    }

    /// One of the tenant's ids that no directory has any more.
    pub fn missing(&self, subject: &Subject<'_>, tenant: &TenantId) -> Option<&GroupId> {
        if !subject.misses_groups() {
            return None;
        }
        let here = |of: &Option<TenantId>| of.as_ref().is_none_or(|of| of == tenant);
        let mut ids = self.ids.iter().zip(&self.at);
        ids.find(|((of, _), at)| subject.misses_group(**at) && here(of)).map(|((_, id), _)| id)
    }
}
