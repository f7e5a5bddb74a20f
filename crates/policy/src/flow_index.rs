//! Which flows may concern somebody, found by what they ask first: most of sixty flows ask for a group or a value that one
//! person does not have, and need not be looked at.

use crate::{condition::Condition, document::Flow, names::Bits, subject::Subject, test::Test};

/// Flows by one condition each that a person must meet.
#[derive(Clone, Debug, Default)]
pub(crate) struct FlowIndex {
    /// Flows that nothing narrows down.
    always: Bits,
    /// By the group's number.
    by_group: Vec<Bits>,
    /// By the attribute's number, then by the value's.
    by_value: Vec<(usize, Vec<(u32, Bits)>)>,
}

/// What a person must have, one of these, or the flow surely does not concern them.
enum Needed {
    Groups(Vec<usize>),
    Values(usize, Vec<u32>),
}

/// Whether the condition's answer cannot change by itself. Only behind such conditions may a flow be
/// passed over: a date that is not looked at could not say when the answer changes.
fn is_plain(condition: &Condition) -> bool {
    match condition {
        Condition::Attribute { test: Test::Is(_), .. }
        | Condition::Group(_)
        | Condition::Tenant(_)
        | Condition::Site(_)
        | Condition::Cel(_)
        | Condition::Status(_) => true,
        Condition::All(list) | Condition::Any(list) => list.iter().all(is_plain),
        Condition::Not(inner) => is_plain(inner),
        Condition::Some(..) | Condition::Today { .. } | Condition::Attribute { .. } => false,
    }
}

fn needed(condition: &Condition) -> Option<Needed> {
    match condition {
        Condition::Group(group) => Some(Needed::Groups(group.at.clone())),
        Condition::Attribute { attribute, test: Test::Is(list) } => {
            Some(Needed::Values(attribute.at, list.iter().map(|wanted| wanted.id).collect()))
        }
        Condition::Any(list) if !list.is_empty() => {
            let mut groups = Vec::new();
            for part in list {
                match needed(part)? {
                    Needed::Groups(mut more) => groups.append(&mut more),
                    Needed::Values(..) => return None,
                }
            }
            Some(Needed::Groups(groups))
        }
        _ => None,
    }
}

impl FlowIndex {
    /// Once conditions have their numbers.
    pub fn of(flows: &[Flow]) -> Self {
        let mut index = Self::default();
        for (at, flow) in flows.iter().enumerate() {
            let before_others = flow.conditions.iter().take_while(|condition| is_plain(condition));
            // A group tells people apart better than a value does.
            let found: Vec<_> = before_others.filter_map(needed).collect();
            let best = found.iter().find(|needed| matches!(needed, Needed::Groups(_))).or(found.first());
            match best {
                None => index.always.set(at),
                Some(Needed::Groups(groups)) => {
                    for group in groups {
                        if index.by_group.len() <= *group {
                            index.by_group.resize(group + 1, Bits::default());
                        }
                        index.by_group[*group].set(at);
                    }
                }
                Some(Needed::Values(attribute, values)) => {
                    let place = index.by_value.iter().position(|(known, _)| known == attribute);
                    let place = place.unwrap_or_else(|| {
                        index.by_value.push((*attribute, Vec::new()));
                        index.by_value.len() - 1
                    });
                    for value in values {
                        let list = &mut index.by_value[place].1;
                        match list.binary_search_by_key(value, |(known, _)| *known) {
                            Ok(known) => list[known].1.set(at),
                            Err(free) => {
                                list.insert(free, (*value, Bits::default()));
                                list[free].1.set(at);
                            }
                        }
                    }
                }
            }
        }
        index
    }

    /// Flows that may concern the person, whose list of groups is whole. All others do not.
    pub fn candidates(&self, subject: &Subject<'_>) -> Bits {
        let mut all = self.always.clone();
        for group in subject.groups().chain(subject.missing_groups()) {
            if let Some(flows) = self.by_group.get(group) {
                all.add(flows);
            }
        }
        for (attribute, by_value) in &self.by_value {
            subject.each_word(*attribute, |number| {
                if let Ok(place) = by_value.binary_search_by_key(&number, |(known, _)| *known) {
                    all.add(&by_value[place].1);
                }
            });
        }
        all
    }
}
