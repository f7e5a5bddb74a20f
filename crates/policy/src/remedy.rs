//! What would change a decision: the smallest change in Okta that makes a rule give something, or stop giving it.
//! Each answer is tried on the person before it is told.

use std::{collections::BTreeSet, fmt};

use jiff::Timestamp;
use lanyard_model::{
    desired::{Because, Desired},
    fold,
    id::{GroupId, IdentityId, TenantId},
    identity::{AttributeValue, Groups, Identity, Profile, Status},
};
use serde::Serialize;

use crate::{
    bind::Bound,
    condition::{Condition, Truth},
    document::{Centers, CostCenter, Document, Flow, Kind},
    evaluate::{Facts, route},
    lifecycle::{grounds, lack},
    subject::{Subject, with_subject},
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
    /// Any value will do.
    Fill {
        attribute: String,
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
            Self::Fill { attribute } => write!(f, "give {attribute} a value"),
            Self::Clear { attribute } => write!(f, "empty {attribute}"),
            Self::Status { to } => write!(f, "bring their status to {to}"),
        }
    }
}

/// One rule that could give, or gives, what was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Way {
    pub rule: String,
    pub sentence: String,
    /// It gives it now.
    pub gives: bool,
    /// Why it does, or the first condition that fails.
    pub why: String,
    /// The smallest change that turns it round; `None`: no change of one attribute or group does.
    pub change: Option<Vec<Remedy>>,
    /// The change was tried on the person and does what is said.
    pub tried: bool,
}

impl Bound {
    /// Every rule that could give `thing` (`seat`, `role`, `role:Reservations`, `item:NAME`, `cost center`, `booking`,
    /// `visit`, or a rule's id): whether it does, why, and what would turn it round. Those that give it come first,
    /// then by the size of the change.
    pub fn ways(&self, identity: &Identity, facts: &Facts<'_>, now: Timestamp, thing: &str) -> Vec<Way> {
        let document = &*self.document;
        let desired = self.evaluate(identity, facts, now);
        let mut ways: Vec<Way> = document
            .flows
            .iter()
            .filter(|flow| could_give(flow, thing))
            .map(|flow| self.way(flow, &desired, identity, facts, now))
            .collect();
        ways.sort_by_key(|way| {
            (!way.gives, !way.tried, way.change.as_ref().map_or(usize::MAX, Vec::len), way.rule.clone())
        });
        ways
    }

    fn way(
        &self,
        flow: &Flow,
        desired: &Desired,
        identity: &Identity,
        facts: &Facts<'_>,
        now: Timestamp,
    ) -> Way {
        let document = &*self.document;
        let gives = is_given_by(desired, &flow.id);
        let (why, change) = with_subject(document, identity, now, true, |subject| {
            // Conditions may rest on where somebody belongs.
            let _ = route(document, subject);
            let change = turn(flow, subject, !gives);
            let failing = desired.not_given.iter().find(|not| not.because.rule == flow.id);
            let why = match (gives, failing) {
                (true, _) => grounds(&flow.conditions, subject),
                (false, Some(not)) => not.because.text.clone(),
                (false, None) => {
                    let text = lack(&flow.conditions, subject);
                    if text.is_empty() { standing_of(desired) } else { text }
                }
            };
            (why, change)
        });
        let tried = change.as_ref().is_some_and(|change| {
            let then = self.evaluate(&after(identity, change), facts, now);
            is_given_by(&then, &flow.id) != gives
        });
        Way { rule: flow.id.clone(), sentence: flow.sentence.clone(), gives, why, change, tried }
    }
}

fn standing_of(desired: &Desired) -> String {
    desired.because.last().map_or_else(
        || "their standing gives nothing".to_owned(),
        |because| format!("their standing: {}", because.text),
    )
}

fn could_give(flow: &Flow, thing: &str) -> bool {
    let (kind, name) = thing.split_once(':').map_or((thing, ""), |(kind, name)| (kind, name.trim()));
    let name = fold::text(name);
    let about = |text: &str| name.is_empty() || fold::text(text).contains(&name);
    if flow.id == thing {
        return true;
    }
    flow.gives.iter().any(|outcome| match (&outcome.kind, fold::text(kind).as_str()) {
        (Kind::Place { .. }, "seat" | "desk" | "place") => true,
        (Kind::TableRoles, "role" | "permission") => true,
        (Kind::Role { role, centers, .. }, "role" | "permission") => {
            about(role.as_str())
                || match centers {
                    Centers::Named(names) => names.iter().any(|center| about(center)),
                    Centers::Serving(module) | Centers::Everywhere(module) => about(module),
                }
        }
        (Kind::TableItems, "item") => true,
        (Kind::Door(areas), "door" | "entry") => areas.iter().any(|area| match area {
            crate::document::DoorArea::Named(name) => about(name),
            _ => true,
        }),
        (Kind::Item { name, .. }, "item") => about(name),
        (Kind::CostCenter(CostCenter::Named(name)), "cost center") => about(name),
        (Kind::CostCenter(_), "cost center") => true,
        (Kind::Booking { .. }, "booking") | (Kind::Visit { .. }, "visit") | (Kind::ToDo { .. }, "todo") => {
            true
        }
        _ => false,
    })
}

fn is_given_by(desired: &Desired, rule: &str) -> bool {
    let lists: [&mut dyn Iterator<Item = &Because>; 9] = [
        &mut desired.seat.iter().flat_map(|want| &want.because),
        &mut desired.place_note.iter().flat_map(|want| &want.because),
        &mut desired.roles.values().flat_map(|want| &want.because),
        &mut desired.items.values().flat_map(|want| &want.because),
        &mut desired.doors.values().flat_map(|want| &want.because),
        &mut desired.cost_center.iter().flat_map(|want| &want.because),
        &mut desired.bookings.iter().flat_map(|want| &want.because),
        &mut desired.visits.iter().flat_map(|want| &want.because),
        &mut desired.todos.iter().flat_map(|want| &want.because),
    ];
    lists.into_iter().flatten().any(|because| because.rule == rule)
}

/// The person with these changes made.
fn after(identity: &Identity, changes: &[Remedy]) -> Identity {
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
            Remedy::Set { attribute, value } => {
                then.profile.set(attribute.as_str(), AttributeValue::Text(value.as_str().into()));
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

/// Somebody who meets all of these lists, in words: what they must have, and nothing else. `None`: nobody was found.
pub(crate) fn example(document: &Document, lists: &[&[Condition]]) -> Option<String> {
    let tenant = document.routes.iter().find_map(|route| route.tenant.clone());
    let tenant = tenant.or_else(|| document.tenants.keys().next().cloned());
    let mut person = Identity {
        id: IdentityId::new(tenant.unwrap_or_else(|| TenantId::new("tenant")), "example"),
        status: Status::Active,
        transitioning: false,
        profile: Profile::default(),
        groups: Groups::new([], true),
        created: None,
        activated: None,
        status_changed: None,
        last_updated: None,
        type_id: None,
        read_at: Timestamp::UNIX_EPOCH,
    };
    let mut changes = Vec::new();
    for list in lists {
        let more = with_subject(document, &person, Timestamp::UNIX_EPOCH, false, |subject| {
            let _ = route(document, subject);
            all_of(list, subject, true)
        })?;
        person = after(&person, &more);
        changes = joined(changes, more);
    }
    // What one list asks for may undo what another did.
    let fits = with_subject(document, &person, Timestamp::UNIX_EPOCH, false, |subject| {
        let _ = route(document, subject);
        lists.iter().all(|list| crate::condition::all(list, subject) == Truth::Yes)
    });
    let words = changes.iter().map(|change| match change {
        Remedy::Join { name, .. } => format!("in {name}"),
        Remedy::Leave { name, .. } => format!("not in {name}"),
        Remedy::Set { attribute, value } => format!("with {attribute} \"{value}\""),
        Remedy::Fill { attribute } => format!("with some {attribute}"),
        Remedy::Clear { attribute } => format!("without {attribute}"),
        Remedy::Status { to } => format!("with the status {to}"),
    });
    let words: Vec<_> = words.collect();
    fits.then(|| match words.is_empty() {
        true => "anybody".to_owned(),
        false => format!("somebody {}", words.join(", ")),
    })
}

/// Turns a flow round: its own conditions, and for one that looks up, a row of its table.
fn turn(flow: &Flow, subject: &Subject<'_>, wanted: bool) -> Option<Vec<Remedy>> {
    let own = all_of(&flow.conditions, subject, wanted);
    let Some(table) = &flow.table else { return own };
    let rows = table.rows.iter().map(|row| all_of(&row.tests, subject, true));
    if wanted {
        let row = rows.flatten().min_by_key(Vec::len)?;
        return own.map(|own| joined(own, row));
    }
    own
}

/// The smallest change that makes all of the list hold, or not all of it.
fn all_of(list: &[Condition], subject: &Subject<'_>, wanted: bool) -> Option<Vec<Remedy>> {
    let mut parts = list.iter().map(|part| remedy(part, subject, wanted));
    if wanted {
        parts.try_fold(Vec::new(), |all, part| part.map(|part| joined(all, part)))
    } else {
        parts.flatten().min_by_key(Vec::len)
    }
}

fn joined(mut all: Vec<Remedy>, more: Vec<Remedy>) -> Vec<Remedy> {
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
        // Which of them is cheapest is no question of one person.
        Condition::Some(..) => None,
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
        Condition::Attribute { attribute: named, test } => {
            let name = named.name.to_string();
            let attribute = name.clone();
            let set = |list: &[crate::condition::Wanted]| {
                let value = list.first()?.text.clone();
                Some(vec![Remedy::Set { attribute: name.clone(), value }])
            };
            match (test, wanted) {
                (
                    Test::Is(list) | Test::StartsWith(list) | Test::EndsWith(list) | Test::Contains(list),
                    true,
                ) => set(list),
                (Test::Exists(exists), _) if *exists == wanted => Some(vec![Remedy::Fill { attribute }]),
                (Test::Only(list), true) => set(list),
                (Test::Before(_) | Test::After(_) | Test::Within(_), true) => None,
                (Test::Domain(_) | Test::Matches(_) | Test::HasAll(_), true) => None,
                (Test::Number { .. } | Test::SameAs(_), true) => None,
                _ => Some(vec![Remedy::Clear { attribute }]),
            }
        }
        // What an expression would take is anybody's guess.
        Condition::Cel(_) => None,
        Condition::Tenant(_) | Condition::Site(_) | Condition::Status(_) | Condition::Today { .. } => None,
    }
}
