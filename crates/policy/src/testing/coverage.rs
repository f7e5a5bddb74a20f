//! What the policy's tests reach: rules that ever applied, rows that were ever found, conditions that were ever true, and
//! ever false. A condition that is always one of the two might as well not be there, as far as the tests know.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use lanyard_model::{
    desired::{Desired, Lifecycle},
    identity::Identity,
};
use serde::Serialize;

use super::place;
use crate::{
    condition::{Condition, Truth, all},
    document::Source,
    evaluate::{Routed, route},
    policy::Policy,
    problem::Spot,
    subject::{Subject, with_subject},
    table::Found,
    test::Test,
};

/// How much of the policy its tests reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Routes, marks of leaving and leave, flows: applied to somebody.
    pub rules: Reach,
    /// Rows of tables: found for somebody.
    pub rows: Reach,
    /// Conditions: true of somebody, and false of somebody; each counts twice.
    pub conditions: Reach,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reach {
    pub reached: usize,
    pub total: usize,
    pub missed: Vec<Missed>,
}

/// Something that no test reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    pub what: String,
    pub file: String,
    /// 1-based.
    pub line: usize,
}

impl Coverage {
    /// Of everything together, in whole percent, rounded down.
    pub fn percent(&self) -> usize {
        let all = [&self.rules, &self.rows, &self.conditions];
        let total: usize = all.iter().map(|reach| reach.total).sum();
        all.iter().map(|reach| reach.reached).sum::<usize>() * 100 / total.max(1)
    }

    pub fn missed(&self) -> impl Iterator<Item = &Missed> {
        [&self.rules, &self.rows, &self.conditions].into_iter().flat_map(|reach| &reach.missed)
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |reach: &Reach| format!("{} of {}", reach.reached, reach.total);
        write!(
            f,
            "{} rules, {} table rows, {} conditions both ways ({} %)",
            part(&self.rules),
            part(&self.rows),
            part(&self.conditions),
            self.percent()
        )
    }
}

/// When the conditions of a list are asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Always,
    /// Only of people who may have something.
    Present,
}

struct Leaf<'a> {
    owner: String,
    spot: Spot,
    condition: &'a Condition,
    asked: Asked,
    yes: bool,
    no: bool,
}

/// Watches tests go by.
pub(crate) struct Tracker<'a> {
    policy: &'a Policy,
    leaves: Vec<Leaf<'a>>,
    rules: Vec<(String, Spot)>,
    reached: BTreeSet<String>,
    rows: BTreeSet<(usize, usize)>,
}

impl<'a> Tracker<'a> {
    pub fn new(policy: &'a Policy) -> Self {
        let document = policy.document();
        let top = Spot { file: policy.files().toml.0.clone(), span: 0..0 };
        let mut tracker = Self {
            policy,
            leaves: Vec::new(),
            rules: Vec::new(),
            reached: BTreeSet::new(),
            rows: BTreeSet::new(),
        };
        let rules = &document.lifecycle;
        for (at, route) in document.routes.iter().enumerate() {
            let name = format!("route {}", at + 1);
            tracker.rules.push((name.clone(), route.spot.clone()));
            tracker.leaves(&name, &route.spot, &route.conditions, Asked::Always);
        }
        tracker.leaves("scope", &top, &document.scope.conditions, Asked::Always);
        for (kind, id, conditions, spot) in rules
            .ended
            .iter()
            .map(|mark| ("ended", &mark.id, &mark.conditions, &mark.spot))
            .chain(rules.leave.iter().map(|rule| ("leave", &rule.id, &rule.conditions, &rule.spot)))
        {
            let name = format!("lifecycle.{kind}.{id}");
            tracker.rules.push((name.clone(), spot.clone()));
            tracker.leaves(&name, spot, conditions, Asked::Always);
        }
        if let Some(end) = &rules.end {
            tracker.rules.push(("lifecycle.end".into(), end.spot.clone()));
            tracker.leaves("lifecycle.end", &end.spot, &end.conditions, Asked::Always);
        }
        for rule in &document.user_types {
            tracker.leaves(&format!("user type {}", rule.name), &rule.spot, &rule.conditions, Asked::Present);
        }
        for flow in &document.flows {
            tracker.rules.push((flow.id.clone(), flow.spot.clone()));
            tracker.leaves(&flow.id, &flow.spot, &flow.conditions, Asked::Present);
        }
        tracker
    }

    fn leaves(&mut self, owner: &str, spot: &Spot, list: &'a [Condition], asked: Asked) {
        for condition in list {
            match condition {
                Condition::All(inner) | Condition::Any(inner) | Condition::Some(_, inner) => {
                    self.leaves(owner, spot, inner, asked);
                }
                Condition::Not(inner) => self.leaves(owner, spot, std::slice::from_ref(inner), asked),
                condition => self.leaves.push(Leaf {
                    owner: owner.to_owned(),
                    spot: spot.clone(),
                    condition,
                    asked,
                    yes: false,
                    no: false,
                }),
            }
        }
    }

    /// Notes what one person reached.
    pub fn see(&mut self, identity: &Identity, desired: &Desired, now: Timestamp) {
        let document = self.policy.document();
        self.reached.extend(desired.because.iter().map(|because| because.rule.clone()));
        let present = matches!(desired.lifecycle, Lifecycle::Active | Lifecycle::Paused { .. });
        with_subject(document, identity, now, true, |subject| {
            let routed = matches!(route(document, subject), Routed::To(..));
            for leaf in &mut self.leaves {
                if leaf.asked == Asked::Always || (present && routed) {
                    match leaf.condition.test(subject) {
                        Truth::Yes => leaf.yes = true,
                        Truth::No => leaf.no = true,
                        Truth::Unknown | Truth::Broken(_) => {}
                    }
                }
            }
            if present {
                self.flows(subject);
                self.profile(subject);
            }
        });
    }

    fn flows(&mut self, subject: &Subject<'_>) {
        for flow in &self.policy.document().flows {
            if all(&flow.conditions, subject) != Truth::Yes {
                continue;
            }
            match &flow.table {
                None => _ = self.reached.insert(flow.id.clone()),
                Some(table) => {
                    if let Found::Row(at) = subject.found(table) {
                        self.reached.insert(flow.id.clone());
                        self.rows.insert((table.at, *at));
                    }
                }
            }
        }
    }

    /// Rows that profile fields are taken from.
    fn profile(&mut self, subject: &Subject<'_>) {
        for rule in &self.policy.document().profile {
            if let Source::Table { table: Some(table), .. } = &rule.from
                && all(&rule.conditions, subject) == Truth::Yes
                && let Found::Row(at) = subject.found(table)
            {
                self.rows.insert((table.at, *at));
            }
        }
    }

    pub fn finish(self) -> Coverage {
        let missed = |what: String, spot: &Spot| {
            let (file, line) = place(self.policy, spot);
            Missed { what, file, line }
        };
        let mut all = Coverage::default();
        for (name, spot) in &self.rules {
            all.rules.count(self.reached.contains(name), || missed(format!("rule {name}"), spot));
        }
        let document = self.policy.document();
        for table in document.tables.values() {
            for (at, row) in table.rows.iter().enumerate() {
                all.rows.count(self.rows.contains(&(table.at, at)), || {
                    missed(format!("row {} of {}", row.number, table.name), &row.spot)
                });
            }
        }
        for leaf in &self.leaves {
            for (seen, word) in [(leaf.yes, "true"), (leaf.no, "false")] {
                all.conditions.count(seen, || {
                    missed(format!("{}: {} is never {word}", leaf.owner, words(leaf.condition)), &leaf.spot)
                });
            }
        }
        all
    }
}

impl Reach {
    fn count(&mut self, reached: bool, missed: impl FnOnce() -> Missed) {
        self.total += 1;
        if reached {
            self.reached += 1;
        } else {
            self.missed.push(missed());
        }
    }
}

/// A condition without parts, in words.
pub(crate) fn words(condition: &Condition) -> String {
    let or = |list: Vec<String>| list.join(" or ");
    match condition {
        Condition::Group(group) => format!("member of {}", group.name),
        Condition::Cel(cel) => format!("\"{cel}\""),
        Condition::Tenant(list) => format!("from {}", or(list.iter().map(ToString::to_string).collect())),
        Condition::Today { from, until } => match (from, until) {
            (Some(from), Some(until)) => format!("today is from {from} to {until}"),
            (Some(from), None) => format!("today is {from} or later"),
            (_, until) => {
                format!("today is {} or earlier", until.map(|day| day.to_string()).unwrap_or_default())
            }
        },
        Condition::Site(list) => format!("of site {}", or(list.iter().map(ToString::to_string).collect())),
        Condition::Status(list) => format!("status {}", or(list.iter().map(ToString::to_string).collect())),
        Condition::Attribute { attribute, test } => {
            let quoted = |list: &[crate::condition::Wanted]| {
                or(list.iter().take(4).map(|wanted| format!("\"{}\"", wanted.text)).collect())
            };
            let name = &attribute.name;
            match test {
                Test::Is(list) => format!("{name} is {}", quoted(list)),
                Test::StartsWith(list) => format!("{name} starts with {}", quoted(list)),
                Test::EndsWith(list) => format!("{name} ends with {}", quoted(list)),
                Test::Contains(list) => format!("{name} contains {}", quoted(list)),
                Test::Exists(true) => format!("{name} is filled in"),
                Test::Exists(false) => format!("{name} is empty"),
                Test::Matches(list) => {
                    let list: Vec<_> = list.iter().map(|(wanted, _)| wanted.clone()).collect();
                    format!("{name} matches {}", quoted(&list))
                }
                Test::Domain(list) => format!("{name} is an address at {}", quoted(list)),
                Test::Only(list) => format!("{name} is only {}", quoted(list)),
                Test::HasAll(list) => format!("{name} has all of {}", quoted(list)),
                Test::SameAs(other) => format!("{name} is the same as {}", other.name),
                Test::Number { at_least, at_most } => {
                    let mut limits = Vec::new();
                    limits.extend(at_least.map(|limit| format!("at least {limit}")));
                    limits.extend(at_most.map(|limit| format!("at most {limit}")));
                    format!("{name} is {}", limits.join(" and "))
                }
                Test::Within(stretch) => format!("{name} is within {stretch}"),
                Test::Before(bound) => format!("{name} is before {bound}"),
                Test::After(bound) => format!("{name} is after {bound}"),
            }
        }
        Condition::Some(count, list) => {
            format!("at least {count} of {}", list.iter().map(words).collect::<Vec<_>>().join(", "))
        }
        Condition::All(list) => list.iter().map(words).collect::<Vec<_>>().join(" and "),
        Condition::Any(list) => or(list.iter().map(words).collect()),
        Condition::Not(inner) => format!("not {}", words(inner)),
    }
}
